"""A run folder: written as a whole or not at all, archived, frozen, and read back.

A run X is written as ``X.new``. Its manifest is written last, so a folder without one is the rest of a failed run. Then
X moves to ``_luu/<name>/<NN>`` beside it and ``X.new`` becomes X. Where a file in X is held open, the finished
``X.new`` stays and swaps in when the next command starts (:func:`finish_swaps`).
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pyogrio.errors
import rasterio
import rasterio.errors
import xlsxwriter

from siteplan.errors import InputError, NoSpaceError, Problem, UsageError
from siteplan.locale import problem_row, render
from siteplan.raster import Raster
from siteplan.tables import BACKGROUND, INPUTS, RESULTS, Table, conform, empty
from siteplan.tabular import guarded

ARCHIVE = "_luu"
KEPT_IN_ARCHIVE = 5
MANIFEST = "manifest.json"
WHAT_IFS = "why.json"
UNREADABLE = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, rasterio.errors.RasterioError)
_PROBLEM_COLUMNS = ("severity", "file", "layer", "feature", "column", "value", "what", "cause", "remedy")

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
        One GeoDataFrame per role of ``tables.BACKGROUND``, in the province's CRS.
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
    background: Mapping[str, gpd.GeoDataFrame]
    rasters: Mapping[str, Raster]
    manifest: Mapping[str, Any]
    problems: Sequence[Problem]
    log: Sequence[str]


def opened(folder: Path) -> Run:
    """Return a run by its folder; of views that one process makes of the same run, the tables are read once."""
    path = folder / MANIFEST
    return _opened(folder, path.stat().st_mtime_ns) if path.is_file() else Run(folder)


@lru_cache(maxsize=4)
def _opened(folder: Path, _written: int) -> Run:
    return Run(folder)


class Run:
    """A finished run, read from its folder; tables are read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        path = folder / MANIFEST
        try:
            self.manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(Problem("run_missing", file=str(folder))) from None
        except ValueError as error:
            raise InputError(Problem("run_broken", file=str(path), value=str(error))) from None
        self.folder = folder
        self._tables: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.manifest["scenario"]["name"])

    @property
    def title(self) -> str:
        """Title of the scenario as people know it."""
        return str(self.manifest["scenario"]["title"])

    @property
    def epsg(self) -> int:
        """The province's CRS."""
        return int(self.manifest["province"]["epsg"])

    @property
    def frozen(self) -> dict[str, str] | None:
        """``version`` and ``date`` of a frozen run, None for a draft."""
        found: dict[str, str] | None = self.manifest.get("frozen")
        return found

    def table(self, name: str) -> Any:
        """Return a result table as its schema says; an empty one where the run wrote no rows."""
        if name not in self._tables:
            self._tables[name] = read_table(self.folder / "results.gpkg", RESULTS[name], self.epsg)
        return self._tables[name].copy()

    def __getattr__(self, name: str) -> Any:
        if name in RESULTS:
            return self.table(name)
        raise AttributeError(name)

    def background(self, role: str) -> gpd.GeoDataFrame:
        """Return a background layer (columns of the role's input schema) in the province's CRS; empty where none."""
        path = self.folder / "background.gpkg"
        if role in _layers_of(path):
            return pyogrio.read_dataframe(path, layer=role)
        return empty(INPUTS[role], f"EPSG:{self.epsg}")

    def raster(self, name: str) -> Raster | None:
        """Return a raster of the run, None where it has none of that name."""
        path = self.folder / "rasters" / f"{name}.tif"
        return read_geotiff(path) if path.is_file() else None

    @cached_property
    def what_ifs(self) -> dict[str, Any]:
        """What ``siteplan why`` found: ``communes`` (code to messages), ``programme``, ``frontier``; empty if nothing.

        Raises
        ------
        InputError
            Where the file cannot be read.
        """
        path = self.folder / WHAT_IFS
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise InputError(Problem("run_broken", file=str(path), value=str(error))) from None
        return found

    @cached_property
    def problems(self) -> list[dict[str, str]]:
        """Rows of ``problems.csv``."""
        with (self.folder / "problems.csv").open(encoding="utf-8-sig", newline="") as handle:
            return list(csv.DictReader(handle))


def _layers_of(path: Path) -> set[str]:
    return {str(row[0]) for row in pyogrio.list_layers(path)} if path.is_file() else set()


def read_table(path: Path, table: Table, epsg: int) -> Any:
    """Read one result table back as its schema says."""
    if table.name not in _layers_of(path):
        return empty(table, f"EPSG:{epsg}")
    frame = pyogrio.read_dataframe(path, layer=table.name)
    for column in table.columns:
        if column.kind == "bool" and column.name in frame.columns:
            frame[column.name] = frame[column.name].astype("Float64").astype("boolean")
    return conform(frame, table, f"EPSG:{epsg}")


def _stamp_files(date: dt.date) -> None:
    """Fix the date that GDAL writes into GeoPackage and DBF files: same inputs, same bytes."""
    pyogrio.set_gdal_config_options(
        {"OGR_CURRENT_DATE": f"{date.isoformat()}T00:00:00.000Z", "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    )


def _with_words(frame: Any, table: Table) -> Any:
    """Add beside each ``messages`` column its Vietnamese words, for those who open the file in a GIS."""
    for column in table.columns:
        if column.kind == "messages":
            frame[f"{column.name}_vi"] = [render(cell) for cell in frame[column.name]]
    return frame


def write_geopackage(path: Path, layers: Mapping[str, Any]) -> None:
    """Write frames as layers of a new GeoPackage; those without geometry as plain tables."""
    written = False
    for name, frame in layers.items():
        options = {"layer": name, "driver": "GPKG", "append": written}
        if isinstance(frame, gpd.GeoDataFrame):
            kinds = set(frame.geometry.geom_type.unique()) if len(frame) else set()
            kind = kinds.pop() if len(kinds) == 1 else "Unknown"
            pyogrio.write_dataframe(frame, path, geometry_type=kind, **options)
        else:
            pyogrio.write_dataframe(frame, path, **options)
        written = True


def write_geotiff(path: Path, raster: Raster, epsg: int) -> None:
    """Write a grid as a compressed GeoTIFF."""
    rows, columns = raster.values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype=raster.values.dtype,
        crs=f"EPSG:{epsg}",
        transform=raster.transform,
        nodata=raster.nodata,
        compress="deflate",
        tiled=True,
    ) as target:
        target.write(raster.values, 1)
        target.update_tags(source_resolution_m=f"{raster.source_resolution_m:g}")


def read_geotiff(path: Path) -> Raster:
    """Read a grid that :func:`write_geotiff` wrote."""
    with rasterio.open(path, driver="GTiff") as source:
        resolution = float(source.tags().get("source_resolution_m", 0))
        return Raster(source.read(1), source.transform, source.nodata, resolution)


def write_problems(folder: Path, problems: Sequence[Problem], lang: str = "vi") -> None:
    """Write ``problems.csv`` and its twin ``problems.xlsx``; text stays text in both."""
    rows = [problem_row(problem, lang) for problem in problems]
    with (folder / "problems.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, _PROBLEM_COLUMNS)
        writer.writeheader()
        writer.writerows({k: guarded(v) for k, v in row.items()} for row in rows)
    book = xlsxwriter.Workbook(folder / "problems.xlsx", {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)})
    sheet = book.add_worksheet("problems")
    for column, name in enumerate(_PROBLEM_COLUMNS):
        sheet.write_string(0, column, name)
        for line, row in enumerate(rows, start=1):
            sheet.write_string(line, column, row[name][:32_000])
    sheet.freeze_panes(1, 0)
    book.close()


def write_run(folder: Path, content: RunContent) -> Path:
    """Write a run as ``<folder>.new`` and swap it in.

    Returns
    -------
    Path
        `folder`, or ``<folder>.new`` where a file of the run before is held open by another program.

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
        _stamp_files(dt.date.fromisoformat(str(content.manifest["date"])))
        tables = {}
        for name, table in RESULTS.items():
            frame = content.tables.get(name)
            made = empty(table, f"EPSG:{epsg}") if frame is None else conform(frame, table, f"EPSG:{epsg}")
            tables[name] = _with_words(made, table)
        write_geopackage(new / "results.gpkg", tables)
        background = {}
        for role in BACKGROUND:
            if role in content.background and len(content.background[role]):
                frame = content.background[role]
                extra = [c for c in _BACKGROUND_EXTRA.get(role, ()) if c in frame.columns]
                background[role] = frame[[*INPUTS[role].names, *extra, "geometry"]].reset_index(drop=True)
        if background:
            write_geopackage(new / "background.gpkg", background)
        (new / "rasters").mkdir()
        for name, raster in content.rasters.items():
            write_geotiff(new / "rasters" / f"{name}.tif", raster, epsg)
        write_problems(new, content.problems)
        (new / "log.txt").write_text("\n".join(content.log) + "\n", "utf-8")
        manifest = dict(content.manifest)
        manifest["files"] = {
            str(p.relative_to(new).as_posix()): _sha256(p) for p in sorted(new.rglob("*")) if p.is_file()
        }
        _write_json(new / MANIFEST, manifest)
    except (OSError, *UNREADABLE) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(new), value=str(error))) from None
    return swap_in(folder)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_what_ifs(run: Run, found: Mapping[str, Any]) -> Path:
    """Keep what was found about a run beside its tables; written whole or not at all."""
    path = run.folder / WHAT_IFS
    _write_json(path, found)
    return path


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8") as handle:
        json.dump(content, handle, ensure_ascii=False, indent=1, sort_keys=True, default=str)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)


def swap_in(folder: Path) -> Path:
    """Put a finished ``<folder>.new`` in the place of `folder`, whose content goes to the archive."""
    new = folder.with_name(folder.name + ".new")
    if not (new / MANIFEST).is_file():
        return folder
    try:
        if folder.exists():
            archive = folder.parent / ARCHIVE / folder.name
            archive.mkdir(parents=True, exist_ok=True)
            folder.rename(archive / f"{_next_number(archive):02d}")
            _thin_out(archive)
        new.rename(folder)
    except OSError:
        return folder if not new.exists() else new
    return folder


def _next_number(archive: Path) -> int:
    return max((int(p.name) for p in archive.iterdir() if p.name.isdigit()), default=0) + 1


def _thin_out(archive: Path) -> None:
    kept = sorted((p for p in archive.iterdir() if p.name.isdigit()), key=lambda p: int(p.name), reverse=True)
    for old in kept[KEPT_IN_ARCHIVE:]:
        try:
            if Run(old).frozen is None:
                shutil.rmtree(old, ignore_errors=True)
        except (InputError, UsageError):
            shutil.rmtree(old, ignore_errors=True)


def finish_swaps(runs: Path) -> list[Path]:
    """Finish what an earlier command left half done: swap in finished runs. Returns those that are still held up."""
    waiting = []
    if runs.is_dir():
        for manifest in sorted([*runs.glob(f"*.new/{MANIFEST}"), *runs.glob(f"*/*.new/{MANIFEST}")]):
            folder = manifest.parent.with_name(manifest.parent.name.removesuffix(".new"))
            if swap_in(folder) != folder:
                waiting.append(manifest.parent)
    return waiting


def find_run(name: str | Path | None, runs: Path) -> Run:
    """Find a run: a folder, a scenario's name or file, or None for the newest.

    Raises
    ------
    UsageError
        Where there is none; the runs there are, are listed.
    """
    there = sorted(p.parent for p in runs.glob(f"**/{MANIFEST}") if ARCHIVE not in p.parts)
    if name is None:
        if not there:
            raise UsageError(Problem("run_none", file=str(runs)))
        return Run(max(there, key=lambda p: ((p / MANIFEST).stat().st_mtime_ns, p.name)))
    path = Path(name)
    if (path / MANIFEST).is_file():
        return Run(path)
    stem = path.stem if path.suffix == ".toml" else str(name)
    for folder in (runs / stem, runs / f"{stem}.new"):
        if (folder / MANIFEST).is_file():
            return Run(folder)
    for folder in there:
        if folder.name == stem:
            return Run(folder)
    known = ", ".join(str(p.relative_to(runs).as_posix()) for p in there) or "–"
    raise UsageError(Problem("run_unknown", value=str(name), params={"known": known}))


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
        _stamp_files(dt.date.fromisoformat(str(run.manifest["date"])))
        shutil.copyfile(path, part)
        pyogrio.write_dataframe(_with_words(conform(frame, table, f"EPSG:{run.epsg}"), table), part, layer=name)
        part.replace(path)
        manifest = dict(run.manifest)
        manifest["files"] = {**manifest.get("files", {}), "results.gpkg": _sha256(path)}
        _write_json(run.folder / MANIFEST, manifest)
    except (OSError, *UNREADABLE) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(path), value=str(error))) from None
    finally:
        part.unlink(missing_ok=True)


def freeze(run: Run, version: str, date: dt.date) -> Run:
    """Protect a run for good: write version and date into its manifest."""
    if run.frozen is not None:
        raise UsageError(Problem("run_frozen", file=str(run.folder), params=dict(run.frozen)))
    manifest = dict(run.manifest)
    manifest["frozen"] = {"version": version, "date": date.isoformat()}
    _write_json(run.folder / MANIFEST, manifest)
    return Run(run.folder)
