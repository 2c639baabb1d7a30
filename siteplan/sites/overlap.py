"""How two areas lie to one another, exactly: touch, sliver, overlap, contains, within; areas counted once."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

Array = np.ndarray[Any, Any]

TOUCH, SLIVER, OVERLAP, CONTAINS, WITHIN = "touch", "sliver", "overlap", "contains", "within"


def areal(geometries: Array) -> Array:
    """Return the polygons of each geometry, without its points and lines; an empty polygon where it has none."""
    geometries = np.asarray(geometries, dtype=object)
    out = geometries.copy()
    mixed = np.flatnonzero(shapely.get_type_id(geometries) == 7)
    for i in mixed:
        parts = shapely.get_parts(geometries[i])
        out[i] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    out[shapely.get_dimensions(out) < 2] = shapely.Polygon()
    return out


def mended(geometries: Array) -> Array:
    """Return the geometries with invalid ones made valid; the others are the same objects."""
    out = np.asarray(geometries, dtype=object).copy()
    bad = ~shapely.is_valid(out) & ~shapely.is_missing(out)
    if bad.any():
        out[bad] = shapely.make_valid(out[bad])
    return out


def width_m(geometries: Array, doubtful_m: Any = 0.0) -> Array:
    """Width of areas where they are widest: several parts are as wide as the widest of them.

    Parameters
    ----------
    geometries
        Areas.
    doubtful_m
        Widths below this, one for all or one each, are looked at again. A part is as wide as the short side of the
        rectangle of equal area and perimeter (the root of the area where there is none), which is too little where
        the edge is jagged or a thin strip hangs on: then the diameter of the greatest circle within counts, to a
        thousandth of this.
    """
    geometries = np.asarray(geometries, dtype=object)
    width = _short_side_m(geometries)
    several = np.flatnonzero(shapely.get_num_geometries(geometries) > 1)
    if len(several):
        parts, owner = shapely.get_parts(geometries[several], return_index=True)
        width[several] = 0.0
        np.maximum.at(width, several[owner], _short_side_m(parts))
    limit = np.broadcast_to(np.asarray(doubtful_m, dtype=float), width.shape)
    again = np.flatnonzero((width < limit) & (width > 0))
    if len(again):
        radius = shapely.maximum_inscribed_circle(geometries[again], tolerance=limit[again] / 1000)
        width[again] = np.maximum(width[again], 2 * shapely.length(radius))
    return width


def _short_side_m(geometries: Array) -> Array:
    area, half = shapely.area(geometries), shapely.length(geometries) / 2.0
    under = half**2 - 4.0 * area
    return np.where(under >= 0, (half - np.sqrt(np.maximum(under, 0.0))) / 2.0, np.sqrt(area))


def relations(
    site_area: Array,
    zone_area: Array,
    shared: Array,
    *,
    sliver_m2: float,
    sliver_width_m: float,
    doubtful_m: Any = 0.0,
) -> tuple[Array, Array, Array]:
    """Name the relation of sites and zones by their intersections.

    Parameters
    ----------
    site_area, zone_area
        Areas in m², one per pair.
    shared
        Intersections of the pairs.
    sliver_m2, sliver_width_m
        Tolerances: an overlap smaller than one of them is a sliver.
    doubtful_m
        As in :func:`width_m`, where more than the tolerance hangs on the width.

    Returns
    -------
    tuple
        Relation tokens, overlap areas in m², widths in m.
    """
    area = shapely.area(shared)
    width = width_m(shared, np.where(area < sliver_m2, 0.0, np.maximum(sliver_width_m, doubtful_m)))
    relation = np.full(len(area), OVERLAP, dtype=object)
    # what is left over must itself be no more than a sliver for one to lie within the other
    relation[(area >= zone_area - sliver_m2) & (zone_area < site_area)] = CONTAINS
    relation[area >= site_area - sliver_m2] = WITHIN
    relation[(area < sliver_m2) | (width < sliver_width_m)] = SLIVER
    relation[area == 0] = TOUCH
    return relation, area, width


def union_area(geometries: Array, owner: Array, count: int) -> Array:
    """Area of the union of the geometries of each owner 0..count-1: what overlaps is counted once."""
    out = np.zeros(count)
    for i in np.unique(owner):
        mine = geometries[owner == i]
        out[i] = shapely.area(mine[0]) if len(mine) == 1 else shapely.area(shapely.union_all(mine))
    return out
