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


def width_m(geometries: Array) -> Array:
    """Width of areas: short side of the rectangle of equal area and perimeter, or the root of the area."""
    area, half = shapely.area(geometries), shapely.length(geometries) / 2.0
    under = half**2 - 4.0 * area
    return np.where(under >= 0, (half - np.sqrt(np.maximum(under, 0.0))) / 2.0, np.sqrt(area))


def relations(
    site_area: Array, zone_area: Array, shared: Array, *, sliver_m2: float, sliver_width_m: float
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

    Returns
    -------
    tuple
        Relation tokens, overlap areas in m², widths in m.
    """
    area = shapely.area(shared)
    width = width_m(shared)
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
