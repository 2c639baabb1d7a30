"""Geometry as the page reads it: WGS 84, whole steps of a degree, each point as the difference to the one before.

A feature is ``[kind, parts]``: kind 0 points (``parts`` one flat list of x, y), 1 lines (a list of lists), 2 polygons
(a list of polygons, each a list of rings, the outer one first; rings are not closed). ``shapes.js`` reads it back.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siteplan import crs

POINTS, LINES, POLYGONS = 0, 1, 2
# steps per degree: about 5 m for what was thinned by more, 1 m for what lies behind, 0.1 m for sites and findings
ROUGH, COARSE, FINE = 20_000, 100_000, 1_000_000
ROUGH_FROM_M = 20.0

Encoded = list[Any]


def _delta_lists(paths: Any, steps: int, closed: bool) -> list[list[int]]:
    """Write lines or rings: for each the list of its differences, the first from zero; closed ones without the last."""
    coordinates, owner = shapely.get_coordinates(paths, return_index=True)
    whole = np.rint(coordinates * steps).astype(np.int64)
    first = np.concatenate([[True], owner[1:] != owner[:-1]]) if len(owner) else np.zeros(0, dtype=bool)
    if closed and len(owner):
        last = np.concatenate([first[1:], [True]])
        whole, owner, first = whole[~last], owner[~last], first[~last]
    # what falls onto the step before adds nothing
    moved = first.copy()
    moved[1:] |= np.any(whole[1:] != whole[:-1], axis=1)
    whole, owner, first = whole[moved], owner[moved], first[moved]
    before = np.zeros_like(whole)
    before[1:] = np.where(first[1:, None], 0, whole[:-1])
    numbers = (whole - before).ravel().tolist()
    ends = (2 * np.searchsorted(owner, np.arange(len(paths)), side="right")).tolist()
    return [numbers[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _nested(lists: list[Any], owner: Any, count: int) -> list[list[Any]]:
    """Group lists by the number of what they belong to."""
    ends = np.searchsorted(owner, np.arange(count), side="right").tolist()
    return [lists[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def encode(geometries: Any, steps: int = COARSE) -> list[Encoded | None]:
    """Encode geometries in WGS 84 as the page reads them.

    Parameters
    ----------
    geometries
        Array of geometries, degrees; of a collection the parts of highest dimension stay, an empty one becomes None.
    steps
        Whole steps to a degree.
    """
    whole = np.asarray(geometries, dtype=object)
    parts, owner = shapely.get_parts(whole, return_index=True)
    while np.any(shapely.get_type_id(parts) > 3):
        inner, of = shapely.get_parts(parts, return_index=True)
        parts, owner = inner, owner[of]
    filled = ~shapely.is_empty(parts)
    parts, owner = parts[filled], owner[filled]
    dimension = shapely.get_dimensions(parts)
    highest = np.full(len(whole), -1)
    np.maximum.at(highest, owner, dimension)
    keep = dimension == highest[owner]
    parts, owner = parts[keep], owner[keep]

    out: list[Encoded | None] = [None] * len(whole)
    for kind in (POINTS, LINES, POLYGONS):
        rows = np.nonzero(highest == kind)[0]
        mine = highest[owner] == kind
        if not len(rows):
            continue
        number = np.searchsorted(rows, owner[mine])
        if kind == POINTS:
            together = np.array([shapely.multipoints(parts[mine][number == n]) for n in range(len(rows))], dtype=object)
            written: list[Any] = _delta_lists(together, steps, closed=False)
        elif kind == LINES:
            written = _nested(_delta_lists(parts[mine], steps, closed=False), number, len(rows))
        else:
            # outer rings one way, holes the other: then zones that lie on each other can be filled in one stroke
            rings, polygon = shapely.get_rings(shapely.orient_polygons(parts[mine]), return_index=True)
            polygons = _nested(_delta_lists(rings, steps, closed=True), polygon, int(mine.sum()))
            # a hole that falls onto fewer than three steps is too small to be seen; an outline stays
            polygons = [[ring for i, ring in enumerate(p) if i == 0 or len(ring) >= 6] for p in polygons]
            written = _nested(polygons, number, len(rows))
        for row, shape in zip(rows.tolist(), written, strict=True):
            out[row] = [kind, shape]
    return out


def encode_all(frame: gpd.GeoDataFrame, steps: int = COARSE) -> list[Encoded | None]:
    """Bring a frame into WGS 84 and encode each row. The frame must have a CRS."""
    source: int | str = frame.crs.to_epsg() or frame.crs.to_wkt()
    return encode(crs.transform_geometries(frame.geometry.to_numpy(), source, crs.WGS84), steps)


def merge(frame: gpd.GeoDataFrame, columns: list[str]) -> gpd.GeoDataFrame:
    """Put the shapes of rows that agree in all `columns` into one, the parts of lines joined where they meet.

    Returns
    -------
    GeoDataFrame
        One row for each combination of values, in the order of first appearance; columns `columns` and geometry.
    """
    number = frame.groupby(columns, sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    first = np.unique(number[order], return_index=True)[1]
    pieces = np.split(frame.geometry.to_numpy()[order], first[1:])
    rows = frame[columns].iloc[order[first]].reset_index(drop=True)
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries([_joined(piece) for piece in pieces], crs=frame.crs))


def _joined(pieces: Any) -> Any:
    if len(pieces) == 1 and shapely.get_type_id(pieces[0]) == 3:
        return pieces[0]
    parts = shapely.get_parts(shapely.get_parts(pieces))
    if len(parts) and bool(np.all(shapely.get_type_id(parts) == LINES)):
        return shapely.line_merge(shapely.multilinestrings(parts))
    if len(parts) and bool(np.all(shapely.get_type_id(parts) == 3)):
        return shapely.multipolygons(parts)
    return shapely.geometrycollections(parts)


def thin(frame: gpd.GeoDataFrame, tolerance_m: float, coverage: bool = False) -> gpd.GeoDataFrame:
    """Simplify for showing, in the frame's own metres; a coverage keeps its shared borders. Row count stays.

    A shape that would vanish, or whose area would change by more than a tenth, keeps its own form.
    """
    if tolerance_m <= 0 or frame.empty:
        return frame
    before = frame.geometry.to_numpy()
    if coverage and bool(np.all(shapely.get_dimensions(before) == POLYGONS)):
        # the tolerance of a coverage is the square root of an area (Visvalingam-Whyatt)
        after = shapely.coverage_simplify(before, tolerance_m)
    else:
        areas = shapely.get_dimensions(before) == POLYGONS
        after = before.copy()
        # lines may cross when thinned, which nobody sees; keeping them apart takes minutes for the roads of a province
        after[~areas] = shapely.simplify(before[~areas], tolerance_m, preserve_topology=False)
        after[areas] = shapely.simplify(before[areas], tolerance_m, preserve_topology=True)
        area = shapely.area(before)
        after = np.where(np.abs(shapely.area(after) - area) > 0.1 * area, before, after)
    after = np.where(shapely.is_empty(after), before, after)
    return frame.set_geometry(gpd.GeoSeries(after, index=frame.index, crs=frame.crs))
