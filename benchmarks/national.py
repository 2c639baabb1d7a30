"""Every commune of the country: need, eligible land and search, province after province, each in its own CRS.

Run ``python -m benchmarks.national --out FILE.json --jobs 1`` and again with ``--jobs 2``; ``--table`` prints what the
file holds. Each province is kept in the file as it is finished: a run that was broken off goes on from there.

Real are the boundaries, areas and populations of ``vietnam_communes.gpkg`` and the CRS of each province. Generated are
terrain (90 m, wider where the box of an archipelago is mostly sea; four times as steep as a new workspace's, so that
about a tenth of the land is too steep, as in the embedded data) and roads; all other layers (water, land use, plans,
buildings, people in space, facilities) are absent, so that a province with all its layers takes more: ``--embedded``
measures the same stages on the embedded data, which have them all. Nothing is taken from the cache of searches.

Provinces follow one another, so the first 65 communes and the first 1,000 of the country's run are its beginning: the
order is such that each size ends where a province ends.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psutil
import rasterio
import shapely

from benchmarks.measure import machine
from siteplan import need_stage, pipeline
from siteplan.layers.founding import OWN_FOLDER, communes_of, found_workspace, known_provinces
from siteplan.layers.provinces import ProvinceEntry
from siteplan.report import SILENT
from siteplan.site_inputs import prepared_sites
from siteplan.sites import assess
from siteplan.work import Workers, for_each
from siteplan.workspace import Workspace, init_workspace

ROOT = Path(__file__).resolve().parent.parent
MIRROR = ROOT.parent / "shared" / "data"
NATIONAL = "vietnam_communes.gpkg"
SCENARIO = "phuong_an_1.toml"
FIRST = "20"  # its 65 communes are the smallest size
SIZES = (65, 1000, 3321)
WATCH_SECONDS = 0.2
STEEPER = 4
MODULES = ("siteplan.sites.assess",)  # what the workers of a command import while layers are read


def cpu_seconds() -> float:
    """Processor time of this process and all its children, ended ones included."""
    me = psutil.Process()
    own = me.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in me.children(recursive=True):
        try:
            spent = child.cpu_times()
        except psutil.Error:
            continue
        total += spent.user + spent.system
    return float(total)


class Peak:
    """Highest summed resident memory of the process tree since it was last asked, in MB."""

    def __init__(self) -> None:
        self._highest, self._over = 0.0, threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._over.wait(WATCH_SECONDS):
            total = 0
            for one in (me, *me.children(recursive=True)):
                try:
                    total += one.memory_info().rss
                except psutil.Error:
                    continue
            self._highest = max(self._highest, total / 1e6)

    def take(self) -> float:
        """Return the highest value and begin anew."""
        found, self._highest = self._highest, 0.0
        return round(found)

    def stop(self) -> None:
        """End the watching."""
        self._over.set()
        self._watcher.join()


class Laps:
    """Wall and processor seconds of stages that follow one another."""

    def __init__(self) -> None:
        self.seconds: dict[str, dict[str, float]] = {}
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()

    def lap(self, name: str) -> None:
        """Close a stage."""
        wall, cpu = time.perf_counter(), cpu_seconds()
        self.seconds[name] = {"wall_s": round(wall - self._wall, 2), "cpu_s": round(cpu - self._cpu, 2)}
        self._wall, self._cpu = wall, cpu


def ordered(counts: dict[str, int], sizes: Sequence[int] = SIZES) -> list[str]:
    """Codes of provinces such that each size is reached where a province ends (the first is :data:`FIRST`)."""
    done = [FIRST]
    for size in sizes:
        left = size - sum(counts[code] for code in done)
        # sum -> the codes that make it, first found in the order of codes
        made: dict[int, tuple[str, ...]] = {0: ()}
        for code in sorted(set(counts) - set(done)):
            for total, chosen in list(made.items()):
                made.setdefault(total + counts[code], (*chosen, code))
        done += made[left]
    return done


def assessed(place: Workspace, workers: Workers | None, laps: Laps) -> dict[str, Any]:
    """Need, eligible land and search of a workspace by the program's own stages, and what came of them."""
    (inputs,) = pipeline.read_inputs([place.scenarios / SCENARIO], place, None, SILENT)
    laps.lap("read_and_check")
    stage = need_stage.compute(inputs.layers, inputs.scenario, inputs.norms)
    laps.lap("need")
    prepared = prepared_sites(inputs.layers, inputs.scenario, inputs.rules, stage.communes, stage.need.communes)
    laps.lap("prepare")
    # the largest first, as the program does
    by_area = stage.communes.area.sort_values(ascending=False, kind="stable").index
    largest = stage.communes.loc[by_area, "code"].tolist()
    by_code = dict(zip(largest, for_each(assess.assess_commune, prepared, largest, executor=workers), strict=True))
    found = [by_code[code] for code in sorted(by_code)]
    laps.lap("search")
    digest = hashlib.sha256()
    for one in found:
        digest.update("".join(one.sites["site_id"]).encode())
        digest.update(b"".join(shapely.to_wkb(one.sites.geometry.to_numpy())))
        for window in one.eligible:
            digest.update(window.values.tobytes())
    dem = inputs.layers.raster("dem")
    return {
        "communes": len(found),
        "with_need": int((stage.need.communes["required_land_area_m2"] > 0).sum()),
        "with_sites": sum(len(one.sites) > 0 for one in found),
        "sites": sum(len(one.sites) for one in found),
        "eligible_km2": round(sum(one.eligible_area_m2 for one in found) / 1e6, 1),
        "cells": sum(int(window.values.size) for one in found for window in one.eligible),
        "terrain_m": None if dem is None else dem.cell_m,
        "sha256": digest.hexdigest(),
    }


def _steepen(path: Path) -> None:
    """Multiply the heights of a generated terrain: a new workspace has rolling hills, below any limit of slope."""
    with rasterio.open(path, "r+") as terrain:
        terrain.write(terrain.read(1) * STEEPER, 1)


def province(entry: ProvinceEntry, mirror: Path, workers: Workers | None, peak: Peak) -> dict[str, Any]:
    """Found a workspace for a province and assess it."""
    with tempfile.TemporaryDirectory(prefix="siteplan-nation-") as name:
        peak.take()
        laps = Laps()
        made = found_workspace(Path(name) / "tinh", entry.code, str(mirror))
        _steepen(made.workspace.layers / OWN_FOLDER / "dem.tif")
        laps.lap("generate")
        result = assessed(made.workspace, workers, laps)
        size = sum(path.stat().st_size for path in made.workspace.layers.rglob("*") if path.is_file())
    return {
        "code": entry.code,
        "name": entry.name,
        "epsg": entry.epsg,
        **result,
        "stages": laps.seconds,
        "peak_mb": peak.take(),
        "layers_mb": round(size / 1e6, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def embedded(workers: Workers | None, peak: Peak) -> dict[str, Any]:
    """Assess the embedded data set, which has every layer."""
    with tempfile.TemporaryDirectory(prefix="siteplan-nation-") as name:
        place = init_workspace(Path(name) / "tinh")
        pipeline.read_inputs([place.scenarios / SCENARIO], place, None, SILENT)  # generated where it is not there yet
        peak.take()
        laps = Laps()
        result = assessed(place, workers, laps)
    return {**result, "stages": laps.seconds, "peak_mb": peak.take(), "load": round(os.getloadavg()[0], 1)}


@contextmanager
def national_mirror() -> Iterator[Path]:
    """Make a mirror that holds the national boundaries alone, so that no province has better layers than another."""
    with tempfile.TemporaryDirectory(prefix="siteplan-mirror-") as name:
        shutil.copy2(MIRROR / NATIONAL, name)
        yield Path(name)


def kept(path: Path) -> dict[str, Any]:
    """Return what was measured so far."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else {"machine": machine(), "runs": {}}


def _keep(path: Path, found: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    part.replace(path)


def run(path: Path, jobs: int, most: int) -> None:
    """Measure the provinces that are not in the file yet, up to a number of communes."""
    found = kept(path)
    rows = found["runs"].setdefault(str(jobs), {})
    entries = {entry.code: entry for entry in known_provinces()}
    counts = {code: len(communes_of(MIRROR / NATIONAL, entry)) for code, entry in entries.items()}
    peak = Peak()
    with national_mirror() as mirror, Workers(jobs, MODULES) if jobs > 1 else nullcontext() as workers:
        for code in ordered(counts):
            if sum(row["communes"] for row in rows.values()) >= most:
                break
            if code in rows:
                continue
            rows[code] = province(entries[code], mirror, workers, peak)
            _keep(path, found)
            spent = rows[code]["stages"]
            print(code, rows[code]["communes"], {name: s["cpu_s"] for name, s in spent.items()}, flush=True)
    peak.stop()


def spent(rows: Sequence[dict[str, Any]], kind: str, *stages: str) -> float:
    """Seconds of stages over provinces."""
    return float(sum(row["stages"][stage][kind] for row in rows for stage in stages))


WORK = ("read_and_check", "need", "prepare", "search")


def table(found: dict[str, Any]) -> str:
    """Table in Markdown: size and workers against seconds of a commune, processor time and memory."""
    lines = [
        "| Communes | Provinces | Workers | Wall s | CPU s | CPU s a commune | of it search | Peak MB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size in SIZES:
        for jobs, rows in sorted(found["runs"].items()):
            taken: list[dict[str, Any]] = []
            for row in rows.values():  # in the order they were done
                if sum(one["communes"] for one in taken) < size:
                    taken.append(row)
            count = sum(row["communes"] for row in taken)
            if count != size:
                lines.append(f"| {size} | – | {jobs} | not finished: {count} communes | | | | |")
                continue
            cpu, search = spent(taken, "cpu_s", *WORK), spent(taken, "cpu_s", "search")
            wall, peak = spent(taken, "wall_s", *WORK), max(row["peak_mb"] for row in taken)
            lines.append(
                f"| {size} | {len(taken)} | {jobs} | {wall:.0f} | {cpu:.0f} | {cpu / size:.3f} | {search / size:.3f}"
                f" | {peak} |"
            )
    return "\n".join(lines)


def main() -> int:
    """Measure, or print the table of what was measured; 1 where results depend on the number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("national.json"), help="where measured figures are kept")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--communes", type=int, default=SIZES[-1], help="stop when so many are done")
    parser.add_argument("--embedded", action="store_true", help="the embedded data set instead")
    parser.add_argument("--table", action="store_true", help="only print the table")
    arguments = parser.parse_args()
    if arguments.embedded:
        peak = Peak()
        with Workers(arguments.jobs, MODULES) if arguments.jobs > 1 else nullcontext() as workers:
            print(json.dumps(embedded(workers, peak), indent=1))
        peak.stop()
        return 0
    if not arguments.table:
        run(arguments.out, arguments.jobs, arguments.communes)
    found = kept(arguments.out)
    print(found["machine"])
    print(table(found))
    digests: dict[str, set[str]] = {}
    for rows in found["runs"].values():
        for code, row in rows.items():
            digests.setdefault(code, set()).add(row["sha256"])
    differing = sorted(code for code, known in digests.items() if len(known) > 1)
    print("differs with the number of workers: " + (", ".join(differing) or "no province"))
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
