"""Corner coordinates of sites as people set them out: X north, Y east, centimetres, and the length of each side."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan import locale
from siteplan.outputs import wording
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.tabular import guarded

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from siteplan.runs import Run

FILE = "toa_do_goc_ranh"
_FIELDS = (("commune_code", 11), ("commune", 24), ("site_id", 20), ("label", 14), ("proposed", 11), ("ring", 9),
           ("point", 9), ("x_north", 15), ("y_east", 14), ("side", 12))  # fmt: skip


def ring_corners(ring: Any) -> np.ndarray[Any, Any]:
    """Return the corners of a ring, rows of east and north: clockwise from the north-west-most, the first not repeated.

    >>> ring_corners(shapely.LinearRing([(0, 0), (2, 0), (2, 1), (0, 1)])).tolist()
    [[0.0, 1.0], [2.0, 1.0], [2.0, 0.0], [0.0, 0.0]]
    """
    points = shapely.get_coordinates(ring)[:-1]
    if shapely.is_ccw(ring):
        points = points[::-1]
    first = int(np.lexsort((points[:, 0], points[:, 0] - points[:, 1]))[0])
    return np.roll(points, -first, axis=0)


def rows_of(sites: gpd.GeoDataFrame, names: Mapping[str, str], lang: str) -> list[tuple[Any, ...]]:
    """Return a row a corner: commune, site, ring (1 outer, then holes and parts), number, X, Y, side to the next.

    ``proposed`` says which site of a commune the run proposes; those come first in their commune.
    """
    found: list[tuple[Any, ...]] = []
    yes = locale.text("handover.corner.yes", lang)
    best = sites["is_best"].fillna(value=False).astype(bool)
    sites = sites.assign(_other=~best).sort_values(["commune_code", "_other", "site_id"], kind="stable")
    for site_id, code, label, other, geometry in zip(
        sites["site_id"], sites["commune_code"], sites["label"], sites["_other"], sites.geometry, strict=True
    ):
        rings = [ring for part in shapely.get_parts(geometry) for ring in (part.exterior, *part.interiors)]
        for number, ring in enumerate(rings, start=1):
            points = ring_corners(ring)
            sides = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
            for at, ((east, north), side) in enumerate(zip(points, sides, strict=True), start=1):
                found.append(
                    (str(code), wording.clean(names.get(str(code), "")), str(site_id),
                     wording.clean(str(wording.scalar(label) or "")), "" if other else yes, number, at,
                     round(float(north), 2), round(float(east), 2), round(float(side), 2))
                )  # fmt: skip
    return found


def write(folder: Path, run: Run, sites: gpd.GeoDataFrame, names: Mapping[str, str], lang: str) -> None:
    """Write the table as CSV and XLSX."""
    rows = rows_of(sites, names, lang)
    headings = [locale.text(f"handover.corner.{name}", lang) for name, _ in _FIELDS]
    with (folder / f"{FILE}.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(headings)
        for row in rows:
            texts = [guarded(cell) if isinstance(cell, str) else cell for cell in row[:7]]
            writer.writerow([*texts, *(f"{value:.2f}" for value in row[7:])])
    kinds: dict[str, Any] = {"ring": "int", "point": "int", "x_north": "number", "y_east": "number", "side": "number"}
    fields = [
        Field(heading, width, kinds.get(name, "text"), 2)
        for heading, (name, width) in zip(headings, _FIELDS, strict=True)
    ]
    title = locale.text("handover.corner.title", lang)
    with Book(folder / f"{FILE}.xlsx", [run], lang, title) as book:
        note = locale.text("handover.corner.note", lang, epsg=str(run.manifest["province"]["epsg"]))
        book.sheet(title, title, fields, rows, notes=[note], frozen_columns=4)
