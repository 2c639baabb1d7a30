"""Measured figures of this program: `python -m benchmarks` measures and writes `benchmarks/results.md`."""
