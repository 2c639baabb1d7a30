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
# steps per degree: about 1 m for what lies behind, 0.1 m for sites and findings
COARSE, FINE = 100_000, 1_000_000

Encoded = list[Any]


def _deltas(coordinates: Any, steps: int) -> list[int]:
    whole = np.rint(np.asarray(coordinates)[:, :2] * steps).astype(np.int64)
    if len(whole) > 1:
        moved = np.any(whole[1:] != whole[:-1], axis=1)
        whole = whole[np.concatenate([[True], moved])]
    return np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()


def _ring(ring: Any, steps: int) -> list[int]:
    return _deltas(shapely.get_coordinates(ring)[:-1], steps)


def _polygon(polygon: Any, steps: int) -> list[list[int]]:
    rings = [_ring(polygon.exterior, steps), *(_ring(hole, steps) for hole in polygon.interiors)]
    # a ring that falls onto fewer than three steps is too small to be seen; a hole may go, the outline stays
    return [ring for i, ring in enumerate(rings) if i == 0 or len(ring) >= 6]


def encode(geometry: Any, steps: int = COARSE) -> Encoded | None:
    """Encode one geometry in WGS 84; of a collection the parts of highest dimension, None where it is empty."""
    if geometry is None or geometry.is_empty:
        return None
    parts = shapely.get_parts(geometry)
    while any(part.geom_type == "GeometryCollection" or part.geom_type.startswith("Multi") for part in parts):
        parts = shapely.get_parts(parts)
    dimensions = shapely.get_dimensions(parts)
    parts = parts[dimensions == dimensions.max()]
    dimension = int(dimensions.max())
    if dimension == POINTS:
        return [POINTS, _deltas(shapely.get_coordinates(parts), steps)]
    if dimension == LINES:
        return [LINES, [_deltas(shapely.get_coordinates(part), steps) for part in parts]]
    return [POLYGONS, [_polygon(part, steps) for part in parts]]


def encode_all(frame: gpd.GeoDataFrame, steps: int = COARSE) -> list[Encoded | None]:
    """Bring a frame into WGS 84 and encode each row. The frame must have a CRS."""
    source: int | str = frame.crs.to_epsg() or frame.crs.to_wkt()
    moved = crs.transform_geometries(frame.geometry.to_numpy(), source, crs.WGS84)
    # outer rings one way, holes the other: then zones that lie on each other can be filled in one stroke
    moved = shapely.orient_polygons(moved)
    return [encode(geometry, steps) for geometry in moved]


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
        after = shapely.simplify(before, tolerance_m, preserve_topology=True)
        area = shapely.area(before)
        after = np.where(np.abs(shapely.area(after) - area) > 0.1 * area, before, after)
    after = np.where(shapely.is_empty(after), before, after)
    return frame.set_geometry(gpd.GeoSeries(after, index=frame.index, crs=frame.crs))
