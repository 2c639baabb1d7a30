"""Write a run whole or not at all, change a draft, freeze it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from siteplan.cache import sha256_of
from siteplan.errors import NoSpaceError, Problem, UsageError
from siteplan.raster import Raster
from siteplan.runs.archive import swap_in
from siteplan.runs.files import (
    UNREADABLE,
    stamp_files,
    with_words,
    write_geopackage,
    write_geotiff,
    write_json,
    write_problems,
)
from siteplan.runs.run import MANIFEST, WHAT_IFS, Run
from siteplan.tables import BACKGROUND, INPUTS, RESULTS, conform, empty

# further columns that background layers carry for those who read a map
_BACKGROUND_EXTRA: Mapping[str, tuple[str, ...]] = {
    "plan_zones": ("title", "plan_kind", "decision_no", "decision_date", "authority", "status", "year_to"),
}


@dataclass(frozen=True)
class RunContent:
    """All that goes into a run folder.

    Parameters
    ----------
    tables
        One frame per result table (``tables.RESULTS``); those left out are written empty.
    background
        One GeoDataFrame per role of ``tables.BACKGROUND``, in the province's CRS; or what puts their file at a path.
    rasters
        ``hillshade``, ``eligible``: uint8 grids in the province's CRS.
    manifest
        What the run rests on; see DESIGN. ``date`` is the scenario's date, which stamps the files.
    problems
        What the check found.
    log
        Lines of the log.
    """

    tables: Mapping[str, pd.DataFrame]
    background: Mapping[str, gpd.GeoDataFrame] | Callable[[Path], None]
    rasters: Mapping[str, Raster]
    manifest: Mapping[str, Any]
    problems: Sequence[Problem]
    log: Sequence[str]


def write_run(folder: Path, content: RunContent) -> Run:
    """Write a run as ``<folder>.new`` and swap it in.

    Returns
    -------
    Run
        In `folder`, or ``<folder>.new`` where a file of the run before is held open by another program; with its
        tables at hand.

    Raises
    ------
    NoSpaceError
        Where the disk is full or the folder cannot be written; the run before is untouched.
    """
    new = folder.with_name(folder.name + ".new")
    epsg = int(content.manifest["province"]["epsg"])
    try:
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(parents=True)
        date = dt.date.fromisoformat(str(content.manifest["date"]))
        stamp_files(date)
        tables = {}
        for name, table in RESULTS.items():
            frame = content.tables.get(name)
            tables[name] = empty(table, f"EPSG:{epsg}") if frame is None else conform(frame, table, f"EPSG:{epsg}")
        worded = {name: with_words(frame.copy(deep=False), RESULTS[name]) for name, frame in tables.items()}
        write_geopackage(new / "results.gpkg", worded)
        if callable(content.background):
            content.background(new / "background.gpkg")
        else:
            write_background(new / "background.gpkg", content.background, date)
        (new / "rasters").mkdir()
        for name, raster in content.rasters.items():
            write_geotiff(new / "rasters" / f"{name}.tif", raster, epsg)
        write_problems(new, content.problems)
        (new / "log.txt").write_text("\n".join(content.log) + "\n", "utf-8")
        manifest = dict(content.manifest)
        manifest["files"] = {
            str(p.relative_to(new).as_posix()): sha256_of(p) for p in sorted(new.rglob("*")) if p.is_file()
        }
        write_json(new / MANIFEST, manifest)
    except (OSError, *UNREADABLE) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(new), value=str(error))) from None
    return Run(swap_in(folder), tables)


def write_background(path: Path, frames: Mapping[str, gpd.GeoDataFrame], date: dt.date) -> None:
    """Write the layers of the background, one per role of ``tables.BACKGROUND``; no file where all are empty.

    Parameters
    ----------
    path
        The GeoPackage.
    frames
        In the province's CRS; columns of their schemas, of zones also those of their plan.
    date
        Stamps the file.
    """
    layers = {}
    for role in BACKGROUND:
        if role in frames and len(frames[role]):
            frame = frames[role]
            extra = [c for c in _BACKGROUND_EXTRA.get(role, ()) if c in frame.columns]
            layers[role] = frame[[*INPUTS[role].names, *extra, "geometry"]].reset_index(drop=True)
    if layers:
        stamp_files(date)
        write_geopackage(path, layers)


def write_what_ifs(run: Run, found: Mapping[str, Any]) -> Path:
    """Keep what was found about a run beside its tables; written whole or not at all."""
    path = run.folder / WHAT_IFS
    write_json(path, found)
    return path


def replace_table(run: Run, name: str, frame: Any) -> None:
    """Put a result table of a draft in the place of the one it has; the file is replaced as a whole.

    Raises
    ------
    UsageError
        Where the run is frozen.
    NoSpaceError
        Where the file cannot be written, for instance because another program holds it open.
    """
    if run.frozen is not None:
        raise UsageError(Problem("run_frozen", file=str(run.folder), params=dict(run.frozen)))
    path = run.folder / "results.gpkg"
    part = path.with_name(".results.new.gpkg")
    table = RESULTS[name]
    try:
        stamp_files(dt.date.fromisoformat(str(run.manifest["date"])))
        shutil.copyfile(path, part)
        pyogrio.write_dataframe(with_words(conform(frame, table, f"EPSG:{run.epsg}"), table), part, layer=name)
        part.replace(path)
        manifest = dict(run.manifest)
        manifest["files"] = {**manifest.get("files", {}), "results.gpkg": sha256_of(path)}
        write_json(run.folder / MANIFEST, manifest)
    except (OSError, *UNREADABLE) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(path), value=str(error))) from None
    finally:
        part.unlink(missing_ok=True)


def freeze(run: Run, version: str, date: dt.date) -> Run:
    """Protect a run for good: write version and date into its manifest.

    Raises
    ------
    UsageError
        Where it is frozen already.
    """
    if run.frozen is not None:
        raise UsageError(Problem("run_frozen", file=str(run.folder), params=dict(run.frozen)))
    manifest = dict(run.manifest)
    manifest["frozen"] = {"version": version, "date": date.isoformat()}
    write_json(run.folder / MANIFEST, manifest)
    return Run(run.folder)
