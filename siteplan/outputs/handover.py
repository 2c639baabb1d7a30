"""The kit for consultants: shapefiles, one GeoPackage with full names and texts, a data dictionary, a README, one zip.

Coordinates stay in the province's CRS. DBF names come from :mod:`siteplan.tables`; long text is cut at the end of a
letter. The bytes depend on the run alone: the dates GDAL and the zip would write are fixed to the scenario's date.
"""

from __future__ import annotations

import csv
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from siteplan import locale
from siteplan.errors import NoSpaceError, Problem
from siteplan.outputs import dictionary, opinions, summary, wording
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.tables import RESULTS, Column, Table

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

DBF_TEXT_BYTES = 254
# result tables with geometry, and the names of their files
LAYERS = {
    "sites": "vi_tri",
    "conflicts": "doi_chieu_quy_hoach",
    "programme": "danh_muc_dau_tu",
    "surplus": "co_so_doi_du",
    "communes": "xa_phuong",
    "facilities": "co_so_nha_dat",
}
_SUFFIX = {"polygon": "vung", "line": "duong", "point": "diem"}
_MULTI = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point"}
_SHAPEFILE_PARTS = ("shp", "shx", "dbf", "prj", "cpg")
DICTIONARY_FILE = "tu_dien_du_lieu"
README_FILE = "DOC_TRUOC.txt"


@dataclass(frozen=True)
class _Layer:
    table: Table
    shape: str
    frame: gpd.GeoDataFrame
    mixed: bool

    @property
    def file_stem(self) -> str:
        stem = LAYERS[self.table.name]
        return f"{stem}_{_SUFFIX[self.shape]}" if self.mixed else stem

    @property
    def layer_name(self) -> str:
        return f"{self.table.name}_{self.shape}" if self.mixed else self.table.name


def cut_to_bytes(words: str, limit: int = DBF_TEXT_BYTES) -> str:
    """Cut text so that its UTF-8 form fits `limit` bytes, never inside a letter or before its combining mark.

    >>> cut_to_bytes("Hữu Lũng", 4)
    'Hữ'
    """
    raw = words.encode("utf-8")
    if len(raw) <= limit:
        return words
    cut = raw[:limit].decode("utf-8", errors="ignore")
    rest = words[len(cut) :]
    while cut and rest and unicodedata.combining(rest[0]):
        rest = cut[-1] + rest
        cut = cut[:-1]
    return cut


def export(run: Run, folder: Path, lang: str = locale.DEFAULT_LANGUAGE, include_restricted: bool = False) -> list[Path]:
    """Write the kit of a run.

    Parameters
    ----------
    run
        A finished run.
    folder
        Folder of the kit. Files of an earlier kit in it are replaced, others are left alone.
    lang
        Language of README and texts; field names do not depend on it.
    include_restricted
        Also findings that rest on restricted layers. They are only there in full if the run was made to include them.

    Returns
    -------
    list of Path
        All files written; the last is the zip ``<run>.zip`` of all others.

    Raises
    ------
    NoSpaceError
        Where a file cannot be written, for instance because it is open in another program.
    """
    date = str(wording.scenario_of(run).get("date", "2000-01-01"))
    part = folder / ".part"
    archive = folder / f"{run.name}.zip"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        layers, left_out = _layers(run, include_restricted)
        with _fixed_dates(date):
            for layer in layers:
                _write_shapefile(part / f"{layer.file_stem}.shp", layer, lang, date)
            package = f"{run.name}.gpkg"
            _write_geopackage(part / package, layers, lang)
            opinions.write_kit(part, package, run, lang, include_restricted)
        _write_dictionary(part, run, lang)
        (part / README_FILE).write_text(_readme(run, layers, left_out, package, include_restricted, lang), "utf-8-sig")
        names = sorted(p.name for p in part.iterdir())
        _zip(part / archive.name, part, names, run.name, date)
        # the folder may be the user's own: only what an earlier kit wrote there is replaced or taken away
        for stale in _files_of_kit(folder) - {folder / name for name in names}:
            stale.unlink()
        for name in [*names, archive.name]:
            (part / name).replace(folder / name)
        part.rmdir()
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(folder), value=str(error))) from None
    return [*(folder / name for name in names), archive]


def _files_of_kit(folder: Path) -> set[Path]:
    stems = {f"{stem}{suffix}" for stem in LAYERS.values() for suffix in ("", *(f"_{s}" for s in _SUFFIX.values()))}
    return {
        folder / f"{stem}.{kind}"
        for stem in stems
        for kind in _SHAPEFILE_PARTS
        if (folder / f"{stem}.{kind}").is_file()
    } | {path for path in (folder / opinions.KIT_FILE,) if path.is_file()}


@contextmanager
def _fixed_dates(date: str) -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{date}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _layers(run: Run, include_restricted: bool) -> tuple[list[_Layer], pd.DataFrame]:
    """Return the result tables by geometry type, and the findings on restricted layers."""
    found: list[_Layer] = []
    restricted = run.conflicts[run.conflicts["restricted"].fillna(value=False).astype(bool)]
    for name in LAYERS:
        table = RESULTS[name]
        frame = run.table(name)
        if "option" in frame.columns:
            frame = summary.of_option(frame, run)
        if name == "conflicts" and not include_restricted:
            frame = frame[~frame["restricted"].fillna(value=False).astype(bool)].reset_index(drop=True)
        dimension = shapely.get_dimensions(frame.geometry.to_numpy())
        shapes = [s for s, n in (("polygon", 2), ("line", 1), ("point", 0)) if (dimension == n).any()]
        for shape, n in (("polygon", 2), ("line", 1), ("point", 0)):
            if shape in shapes:
                part = _homogeneous(frame[dimension == n].reset_index(drop=True), shape)
                found.append(_Layer(table, shape, part, mixed=len(shapes) > 1 or table.geometry == "any"))
    return found, restricted


def _homogeneous(frame: gpd.GeoDataFrame, shape: str) -> gpd.GeoDataFrame:
    """Bring geometries of one dimension to one type: polygons and lines as multi, points as single points."""
    geometry = frame.geometry.to_numpy()
    if shape == "polygon":
        geometry = np.array([_multi(g, shapely.MultiPolygon) for g in geometry], dtype=object)
    elif shape == "line":
        geometry = np.array([_multi(g, shapely.MultiLineString) for g in geometry], dtype=object)
    else:
        geometry = np.array([g if g.geom_type == "Point" else g.centroid for g in geometry], dtype=object)
    return frame.set_geometry(gpd.GeoSeries(geometry, crs=frame.crs))


def _multi(geometry: Any, kind: Any) -> Any:
    if geometry.geom_type == kind.__name__:
        return geometry
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type in ("Polygon", "LineString")]
    return kind([q for p in parts for q in shapely.get_parts(p)])


@lru_cache(maxsize=100_000)
def _words(value: str, is_messages: bool, lang: str) -> str:
    """Word a text once: the same ones go into the shapefiles and the GeoPackage."""
    return wording.clean(locale.render(value, lang) if is_messages else value)


def _attribute(column: Column, series: pd.Series[Any], lang: str, limit: int | None) -> Any:
    """Return values as files hold them: numbers plain, truth as 0/1, messages as words, text cut to `limit` bytes."""
    if column.kind == "int":
        return (
            series.astype("Int64").astype("float64").to_numpy()
            if series.isna().any()
            else series.astype("int64").to_numpy()
        )
    if column.kind == "float":
        return series.astype("float64").to_numpy()
    if column.kind == "bool":
        flags = series.astype("boolean")
        return (
            flags.astype("Float64").astype("float64").to_numpy()
            if flags.isna().any()
            else flags.astype("int32").to_numpy()
        )
    known: dict[Any, str] = {}
    for value in series.dropna().unique():
        words = _words(str(value), column.kind == "messages", lang)
        known[value] = words if limit is None else cut_to_bytes(words, limit)
    return np.array([known.get(value) for value in series], dtype=object)


def unique_dbf_names(table: Table) -> dict[str, str]:
    """Column name to DBF name; a name used twice in a table gets a running number, within 10 letters."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for column in table.columns:
        name, n = column.dbf[:10], 2
        while name.upper() in taken:
            name, n = f"{column.dbf[: 10 - len(str(n))]}{n}", n + 1
        taken.add(name.upper())
        names[column.name] = name
    return names


def _write_shapefile(path: Path, layer: _Layer, lang: str, date: str) -> None:
    names = unique_dbf_names(layer.table)
    attributes = {names[c.name]: _attribute(c, layer.frame[c.name], lang, DBF_TEXT_BYTES) for c in layer.table.columns}
    frame = gpd.GeoDataFrame(pd.DataFrame(attributes), geometry=layer.frame.geometry.to_numpy(), crs=layer.frame.crs)
    kind = {"polygon": "Polygon", "line": "LineString", "point": "Point"}[layer.shape]
    pyogrio.write_dataframe(
        frame,
        path,
        driver="ESRI Shapefile",
        encoding="UTF-8",
        geometry_type=kind,
        promote_to_multi=False,
        layer_options={"DBF_DATE_LAST_UPDATE": date, "RESIZE": "YES"},
    )
    path.with_suffix(".cpg").write_text("UTF-8", "ascii")


def _write_geopackage(path: Path, layers: Sequence[_Layer], lang: str) -> None:
    for number, layer in enumerate(layers):
        attributes = {c.name: _attribute(c, layer.frame[c.name], lang, None) for c in layer.table.columns}
        frame = gpd.GeoDataFrame(
            pd.DataFrame(attributes), geometry=layer.frame.geometry.to_numpy(), crs=layer.frame.crs
        )
        label = layer.table.label_en if lang == "en" else layer.table.label
        pyogrio.write_dataframe(
            frame,
            path,
            layer=layer.layer_name,
            driver="GPKG",
            geometry_type=_MULTI[layer.shape],
            append=number > 0,
            layer_options={"DESCRIPTION": label, "IDENTIFIER": layer.layer_name},
        )


def _write_dictionary(folder: Path, run: Run, lang: str) -> None:
    tables = {name: RESULTS[name] for name in LAYERS}
    headings = dictionary.headings(lang)
    rows = dictionary.rows(tables, lang)
    at = dictionary.HEADINGS.index("dbf")
    names = [dbf for table in tables.values() for dbf in unique_dbf_names(table).values()]
    for row, dbf in zip(rows, names, strict=True):
        row[at] = dbf
    with (folder / f"{DICTIONARY_FILE}.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(headings)
        writer.writerows(rows)
    title = locale.text("handover.dictionary_sheet", lang)
    widths = (14, 26, 13, 32, 28, 22, 9, 9, 12, 60)
    fields = [Field(heading, width) for heading, width in zip(headings, widths, strict=True)]
    with Book(folder / f"{DICTIONARY_FILE}.xlsx", [run], lang, title) as book:
        book.sheet(title, title, fields, rows, frozen_columns=2)


def _readme(
    run: Run, layers: Sequence[_Layer], restricted: pd.DataFrame, package: str, included: bool, lang: str
) -> str:
    lines = []
    for layer in layers:
        label = layer.table.label_en if lang == "en" else layer.table.label
        lines.append(
            locale.text(
                "handover.file_line",
                lang,
                file=f"{layer.file_stem}.shp, {package} ({layer.layer_name})",
                label=label,
                geometry=locale.text(f"dictionary.geometry.{layer.shape}", lang),
                count=str(len(layer.frame)),
            )
        )
    there = {layer.table.name for layer in layers}
    for name in LAYERS:
        if name not in there:
            label = RESULTS[name].label_en if lang == "en" else RESULTS[name].label
            lines.append(locale.text("handover.file_empty", lang, label=label))
    if restricted.empty:
        words = locale.text("handover.restricted_none", lang)
    else:
        sites = ", ".join(sorted({str(s) for s in restricted["site_id"]}))
        key = "handover.restricted_in" if included else "handover.restricted_out"
        words = locale.text(key, lang, count=str(len(restricted)), sites=sites)
    kind, province = wording.province_of(run)
    illustrative = wording.illustrative_line([run], lang)
    epsg = int(run.manifest["province"]["epsg"])
    return wording.clean(
        locale.text(
            "handover.readme",
            lang,
            title=wording.title_of(run, lang),
            marks="; ".join(wording.stamp_lines([run], lang)),
            kind=kind,
            name=province,
            epsg=str(epsg),
            crs=pyproj.CRS.from_epsg(epsg).name,
            run=run.name,
            created=wording.day(str(run.manifest.get("created", "")), lang),
            files="\n".join(lines),
            package=package,
            restricted=words,
            illustrative=f"- {illustrative}" if illustrative else "",
        )
    ).lstrip("\n")


def _zip(path: Path, folder: Path, names: Sequence[str], top: str, date: str) -> None:
    year, month, day = (int(part) for part in date.split("-"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{top}/{name}", (max(year, 1980), month, day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (folder / name).read_bytes())
