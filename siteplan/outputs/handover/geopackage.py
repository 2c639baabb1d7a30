"""The GeoPackage of a kit: full names and texts, and the styles inside, so that QGIS opens it coloured."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, tostring

import geopandas as gpd
import pandas as pd
import pyogrio

from siteplan.outputs.handover.content import KitLayer, attribute, words_of_tokens
from siteplan.outputs.handover.looks import Look, style_columns
from siteplan.outputs.handover.qml import qml
from siteplan.outputs.handover.sld import sld
from siteplan.outputs.style import Style

if TYPE_CHECKING:
    from pathlib import Path

_GEOMETRY: Mapping[str, str] = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point"}
_QML_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# the table in which QGIS keeps styles, as it makes it itself
_STYLES_TABLE = """CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
_STYLE_NAME_LIMIT = 30


def attributes(layer: KitLayer, lang: str, styled: frozenset[str]) -> dict[str, Any]:
    """Return the columns of a layer of the GeoPackage: tokens that a style or a list of values knows stay tokens."""
    return {
        c.name: attribute(c, layer.frame[c.name], lang, token=bool(c.values) or c.name in styled, basis=layer.basis)
        for c in layer.table.columns
    }


def write(path: Path, layers: Sequence[KitLayer], lang: str, style: Style) -> None:
    """Write the layers, one after the other."""
    styled = style_columns(style)
    for number, layer in enumerate(layers):
        frame = gpd.GeoDataFrame(
            pd.DataFrame(attributes(layer, lang, styled)),
            geometry=layer.frame.geometry.to_numpy(),
            crs=layer.frame.crs,
        )
        pyogrio.write_dataframe(
            frame,
            path,
            layer=layer.layer_name,
            driver="GPKG",
            geometry_type=_GEOMETRY[layer.shape],
            append=number > 0,
            # programs of the last years read 1.2 without a warning
            dataset_options={"VERSION": "1.2"} if number == 0 else None,
            layer_options={"DESCRIPTION": layer.label(lang), "IDENTIFIER": layer.layer_name},
        )


def token_words(layer: KitLayer, lang: str, styled: frozenset[str]) -> dict[str, dict[str, str]]:
    """Return the words of the tokens that stand in a layer of the GeoPackage, by column."""
    columns = [c for c in layer.table.columns if c.kind == "text" and (c.values or c.name in styled)]
    found = {c.name: words_of_tokens(c, layer.frame[c.name], lang) for c in columns}
    return {name: words for name, words in found.items() if words}


def text_of(root: Element) -> str:
    """Return an XML document as text."""
    return tostring(root, encoding="unicode")


def write_styles(path: Path, looks: Sequence[Look], lang: str, style: Style, date: str) -> None:
    """Write every look into the table ``layer_styles``; the default one of a layer is taken when it is opened."""
    styled = style_columns(style)
    moment = f"{date}T00:00:00.000Z"
    rows = []
    for look in looks:
        words = token_words(look.layer, lang, styled)
        rows.append(
            (
                "",
                "",
                look.layer.layer_name,
                "geom",
                look.key[:_STYLE_NAME_LIMIT],
                _QML_HEAD + text_of(qml(look, lang, words)),
                text_of(sld(look)),
                int(look.default),
                look.name,
                "siteplan",
                None,
                moment,
            )
        )
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLES_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (moment,),
        )
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            rows,
        )
