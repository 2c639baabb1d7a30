"""Time and peak memory of a command with all its child processes."""

from __future__ import annotations

import os
import platform
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Measured:
    """Seconds of wall clock, peak of the summed resident memory of the process tree in MB, and the exit code."""

    seconds: float
    peak_mb: float
    code: int


def measure(command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command and watch its process tree every 50 ms."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0

    def watch() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while process.poll() is None:
            total = 0
            try:
                for member in (root, *root.children(recursive=True)):
                    total += member.memory_info().rss
            except psutil.Error:
                continue
            peak = max(peak, total)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    watcher.join()
    return Measured(time.perf_counter() - started, peak / 1e6, code)


def machine() -> str:
    """Name the machine: processor, cores, memory, system, Python."""
    cpu = Path("/proc/cpuinfo")
    model = platform.processor() or "?"
    if cpu.is_file():
        lines = [line for line in cpu.read_text("utf-8").splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{model}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {system}, Python {platform.python_version()}"
