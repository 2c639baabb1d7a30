"""Measure the whole road and its stages; write `benchmarks/results.md`.

The embedded data are generated into an empty cache for the first run, so "first run" holds what a new user waits for.
Where `../shared/data` is there, the real boundaries are measured too. Timings are told, never tested: machines differ.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import decide
from benchmarks.forms import fill_forms
from benchmarks.measure import Measured, machine, measure

ROOT = Path(__file__).resolve().parent.parent
MIRROR = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results.md"
KEPT = "<!-- below: measured by programs of their own, kept when this file is written again -->"
SCENARIOS = ["scenarios/phuong_an_1.toml", "scenarios/phuong_an_2.toml"]


def _workspace(folder: Path) -> Path:
    place = folder / "workspace"
    for name in ("layers", "scenarios"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("open"))
    (place / "maps").mkdir()
    shutil.copy2(ROOT / "maps" / "style.toml", place / "maps")
    return place


def main() -> int:
    """Measure everything; return 1 where a command failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results.md")
    arguments = parser.parse_args()
    siteplan = [sys.executable, "-m", "siteplan"]
    rows: list[tuple[str, Measured]] = []
    stages: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = _workspace(folder)
        cache = {"SITEPLAN_CACHE_DIR": str(folder / "cache")}

        def step(label: str, *words: str) -> None:
            rows.append((label, measure([*siteplan, *words], place, cache)))
            print(
                f"{label}: {rows[-1][1].seconds:.1f} s, {rows[-1][1].peak_mb:.0f} MB, exit {rows[-1][1].code}",
                flush=True,
            )

        def keep(label: str, run: str) -> None:
            manifest = place / "runs" / run / "manifest.json"
            if manifest.is_file():
                stages[label] = json.loads(manifest.read_text("utf-8"))["timings_s"]

        step("siteplan --help", "--help")
        step("first run of both options, compared (embedded data generated)", "run", "--compare", *SCENARIOS)
        step("second run of option 1", "run", SCENARIOS[0])
        keep("embedded", "phuong_an_1")
        step("second run of option 1, --jobs 2", "run", SCENARIOS[0], "--jobs", "2")
        step("compare", "compare", "phuong_an_1", "phuong_an_2")
        step("check", "check")
        step("survey new: 65 forms", "survey", "new")
        fill_forms(place / "khao_sat" / "gui_di", place / "tra_loi")
        step("survey import of 65 forms", "survey", "import", "tra_loi")
        if MIRROR.is_dir():
            step("data pull", "data", "pull", "--from", str(MIRROR))
            step("check, real boundaries", "check", "--catalog", "layers/open.toml")
            step("run of option 1, real boundaries", "run", SCENARIOS[0], "--catalog", "layers/open.toml")
            keep("real", "open/phuong_an_1")
    text = _report(rows, stages, decide.figures())
    print(text)
    if arguments.write:
        below = RESULTS.read_text("utf-8").partition(KEPT)[2] if RESULTS.is_file() else ""
        RESULTS.write_text(f"{text}\n{KEPT}{below or chr(10)}", "utf-8")
    return int(any(measured.code != 0 for _, measured in rows))


def _report(
    rows: list[tuple[str, Measured]], stages: dict[str, dict[str, float]], decisions: list[tuple[str, str]]
) -> str:
    lines = [
        "# Measured",
        "",
        f"Machine: {machine()}.",
        f"Measured {dt.date.today().isoformat()} by `python -m benchmarks --write`; memory: peak of the process tree.",
        "",
        "| What | s | MB |",
        "|---|---:|---:|",
        *(f"| {label} | {m.seconds:.1f} | {m.peak_mb:.0f} |" for label, m in rows),
    ]
    for label, seconds in stages.items():
        lines += ["", f"Stages of one run, {label} data:", "", "| Stage | s |", "|---|---:|"]
        lines += [f"| {stage} | {value:.2f} |" for stage, value in seconds.items()]
    lines += ["", "Decisions alone (`python -m benchmarks.decide`):", "", "| What | Time |", "|---|---|"]
    lines += [f"| {label} | {words} |" for label, words in decisions]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
