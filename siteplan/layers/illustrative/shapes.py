"""Shapes: from cells to polygons and lines that do not look like cells."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from rasterio import features

from siteplan.layers.illustrative.noise import fractal

if TYPE_CHECKING:
    from siteplan.layers.illustrative.grid import Grid

Array = np.ndarray[Any, Any]

_TILE_M = 4000.0


def outlines(values: Array, grid: Grid, mask: Array) -> tuple[Array, Array]:
    """Draw the polygons of equal values, as a coverage: neighbours share all vertices.

    Parameters
    ----------
    values
        Whole numbers on the grid.
    grid
        Its place.
    mask
        Where there is anything to draw.

    Returns
    -------
    tuple of arrays
        Polygons and their values.
    """
    found = list(
        features.shapes(values.astype(np.int16), mask=mask, transform=grid.transform, connectivity=4),
    )
    rings = [ring for geometry, _ in found for ring in geometry["coordinates"]]
    points = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), float).reshape(-1, 2)
    lines: Any = shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), [len(ring) for ring in rings]))
    owner = np.repeat(np.arange(len(found)), [len(geometry["coordinates"]) for geometry, _ in found])
    polygons: Any = shapely.polygons(lines, indices=owner)
    # the tracer drops vertices on straight edges, also where a third area begins: bring them back
    return shapely.segmentize(polygons, grid.cell_m), np.array([int(value) for _, value in found])


def bend(shapes: Array, grid: Grid, rng: np.random.Generator, wave_m: float, push_m: float) -> Array:
    """Push all vertices about by a smooth random field, so that edges no longer follow the grid.

    Equal vertices are pushed alike, so a coverage stays one, as long as `push_m` is small beside `wave_m`.
    """
    coarse = grid.at(max(wave_m / 3, grid.cell_m))
    fields = [fractal(coarse.shape, rng, longest=wave_m / coarse.cell_m, slope=2.2) * push_m for _ in range(2)]

    def push(points: Array) -> Array:
        moved = [
            coarse.value(np.clip(field, -2.2 * push_m, 2.2 * push_m), points[:, 0], points[:, 1]) for field in fields
        ]
        return np.round(points + np.column_stack(moved), 2)

    bent: Array = shapely.transform(shapes, push)
    return bent


def clip(polygons: Array, area: Any) -> Array:
    """Cut polygons to an area; those well inside are left alone, the others meet only the part of the area near them.

    Returns
    -------
    Array
        Polygons, multipolygons or empty geometry, in the order given.
    """
    # a prepared geometry builds its index while it is asked: two threads must not share one
    area = shapely.from_wkb(shapely.to_wkb(area))
    shapely.prepare(area)
    out = np.asarray(polygons, dtype=object).copy()
    outside = shapely.disjoint(area, out)
    out[outside] = shapely.Polygon()
    crossing = np.flatnonzero(~outside & ~shapely.contains_properly(area, out))
    bounds = shapely.bounds(out[crossing]) + np.array([-50.0, -50.0, 50.0, 50.0])
    near = np.array([shapely.clip_by_rect(area, *box) for box in bounds], dtype=object)
    out[crossing] = areal(shapely.intersection(out[crossing], near))
    return out


def areal(shapes: Array) -> Array:
    """Leave points and lines, which cuts along an edge leave behind, out of collections."""
    for index in np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6))):
        parts = shapely.get_parts(shapes[index])
        solid = parts[shapely.area(parts) > 0]
        shapes[index] = shapely.union_all(solid) if len(solid) else shapely.Polygon()
    return shapes


def tiles(shapes: Array) -> Array:
    """Cut long shapes into tiles, so that each polygon is cut by what is near it only."""
    parts: list[Any] = []
    for shape in shapes:
        west, south, east, north = shapely.bounds(shape)
        xs, ys = np.arange(west, east, _TILE_M), np.arange(south, north, _TILE_M)
        if len(xs) * len(ys) == 1:
            parts.append(shape)
            continue
        boxes = np.array([shapely.box(x, y, x + _TILE_M, y + _TILE_M) for x in xs for y in ys], dtype=object)
        boxes = boxes[shapely.intersects(shape, boxes)]
        pieces = areal(shapely.intersection(shape, boxes))
        parts += list(pieces[~shapely.is_empty(pieces)])
    return np.array(parts, dtype=object)


def round_line(points: Array, times: int) -> Array:
    """Cut the corners of a line (Chaikin); its ends stay, a ring stays closed."""
    for _ in range(times):
        if len(points) < 3:
            return points
        closed = bool(np.all(points[0] == points[-1]))
        near = points[:-1] * 0.75 + points[1:] * 0.25
        far = points[:-1] * 0.25 + points[1:] * 0.75
        middle = np.stack([near, far], axis=1).reshape(-1, 2)
        points = np.vstack([middle, middle[:1]]) if closed else np.vstack([points[:1], middle[1:-1], points[-1:]])
    return points
