"""Shapefiles that any program opens whole: short names from the tables, UTF-8, text cut at the end of a letter."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio

from siteplan.outputs.handover import dbf
from siteplan.outputs.handover.content import KitLayer, attribute, each
from siteplan.tables import Table

if TYPE_CHECKING:
    from pathlib import Path

DBF_TEXT_BYTES = 254
DBF_NAME_LIMIT = 10
# columns of names that have a twin without accents, for programs that do not read UTF-8
NAMES = ("name", "label", "title")
_TWIN = "_KD"


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


def unaccented(words: str) -> str:
    """Write Vietnamese without accents, in ASCII, its case kept.

    >>> unaccented("Đồng Đăng")
    'Dong Dang'
    """
    plain = unicodedata.normalize("NFD", words.replace("Đ", "D").replace("đ", "d"))
    return plain.encode("ascii", "ignore").decode("ascii")


def unique_dbf_names(table: Table) -> dict[str, str]:
    """Column name to DBF name; a name used twice in a table gets a running number, within 10 letters."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for column in table.columns:
        names[column.name] = _free(column.dbf[:DBF_NAME_LIMIT], taken)
    return names


def twin_names(table: Table) -> dict[str, str]:
    """Column name to DBF name of its twin without accents, for the columns of names that a table has."""
    names = unique_dbf_names(table)
    taken = {name.upper() for name in names.values()}
    return {
        name: _free(names[name][: DBF_NAME_LIMIT - len(_TWIN)] + _TWIN, taken) for name in table.names if name in NAMES
    }


def _free(wished: str, taken: set[str]) -> str:
    name, n = wished, 2
    while name.upper() in taken:
        name, n = f"{wished[: DBF_NAME_LIMIT - len(str(n))]}{n}", n + 1
    taken.add(name.upper())
    return name


def attributes(layer: KitLayer, lang: str) -> dict[str, Any]:
    """Return the columns of a shapefile, by DBF name; a twin stands beside its name."""
    names, twins = unique_dbf_names(layer.table), twin_names(layer.table)
    found: dict[str, Any] = {}
    for column in layer.table.columns:
        values = attribute(column, layer.frame[column.name], lang, token=False, basis=layer.basis)
        found[names[column.name]] = each(values, cut_to_bytes) if values.dtype == object else values
        if column.name in twins:
            found[twins[column.name]] = each(values, lambda words: cut_to_bytes(unaccented(words)))
    return found


def write(path: Path, layer: KitLayer, lang: str, date: str) -> None:
    """Write a layer as a shapefile with ``.prj`` and ``.cpg``."""
    frame = gpd.GeoDataFrame(
        pd.DataFrame(attributes(layer, lang)), geometry=layer.frame.geometry.to_numpy(), crs=layer.frame.crs
    )
    pyogrio.write_dataframe(
        frame,
        path,
        driver="ESRI Shapefile",
        encoding="UTF-8",
        geometry_type={"polygon": "Polygon", "line": "LineString", "point": "Point"}[layer.shape],
        promote_to_multi=False,
        layer_options={"DBF_DATE_LAST_UPDATE": date},
    )
    dbf.tighten(path.with_suffix(".dbf"))
    path.with_suffix(".cpg").write_text("UTF-8", "ascii")
