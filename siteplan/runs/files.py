"""What a run folder is made of: tables in GeoPackages, grids, problems; written and read back."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pyogrio.errors
import rasterio
import rasterio.errors
import shapely
import xlsxwriter

from siteplan.errors import Problem
from siteplan.locale import problem_row, render
from siteplan.raster import Raster
from siteplan.tables import Table, conform, empty
from siteplan.tabular import guarded

UNREADABLE = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    rasterio.errors.RasterioError,
    sqlite3.DatabaseError,
)
# a shape in a GeoPackage is WKB behind a header, whose flags say which envelope it holds (OGC 12-128r19, 2.1.3)
_GEOMETRY = "geom"
_HEADER_BYTES = (8, 40, 56, 56, 72)
_PROBLEM_COLUMNS = ("severity", "file", "layer", "feature", "column", "value", "what", "cause", "remedy")


def layers_of(path: Path) -> set[str]:
    """Return the names of the layers and tables of a GeoPackage; none where there is no file."""
    if not path.is_file():
        return set()
    with closing(sqlite3.connect(path)) as database:
        return {str(name) for (name,) in database.execute("SELECT table_name FROM gpkg_contents")}


def read_table(path: Path, table: Table, epsg: int) -> Any:
    """Read one result table back as its schema says; an empty one where the file does not have it.

    It is read by SQLite itself, which a GeoPackage is: GDAL reads the schema of all its layers first.
    """
    crs = f"EPSG:{epsg}"
    if not path.is_file():
        return empty(table, crs)
    with closing(sqlite3.connect(path)) as database:
        there = {str(row[1]) for row in database.execute(f'PRAGMA table_info("{table.name}")')}
        if not there:
            return empty(table, crs)
        names = [name for name in table.names if name in there]
        asked = names if table.geometry is None else [*names, _GEOMETRY]
        quoted = ", ".join(f'"{name}"' for name in asked)
        rows = database.execute(f'SELECT {quoted} FROM "{table.name}"').fetchall()  # noqa: S608 (names of the schema)
    frame = pd.DataFrame(rows, columns=asked, dtype=object)
    for column in table.columns:
        if column.kind == "bool" and column.name in names:
            frame[column.name] = frame[column.name].astype("Float64").astype("boolean")
    if table.geometry is not None:
        shapes = [blob and blob[_HEADER_BYTES[blob[3] >> 1 & 7] :] for blob in frame.pop(_GEOMETRY)]
        frame = gpd.GeoDataFrame(frame, geometry=shapely.from_wkb(shapes), crs=crs)
    return conform(frame, table, crs)


def stamp_files(date: dt.date) -> None:
    """Fix the date that GDAL writes into GeoPackage and DBF files: same inputs, same bytes."""
    pyogrio.set_gdal_config_options(
        {"OGR_CURRENT_DATE": f"{date.isoformat()}T00:00:00.000Z", "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    )


def with_words(frame: Any, table: Table) -> Any:
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
        zlevel=4,  # twice as fast as the usual six
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


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8") as handle:
        json.dump(content, handle, ensure_ascii=False, indent=1, sort_keys=True, default=str)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)
