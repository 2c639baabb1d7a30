"""Union of very many polygons, most of which share their borders to the last digit, as sheets of land use do."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

Array = np.ndarray[Any, Any]


def dissolved(polygons: Array) -> Any:
    """Return the union of polygons, what overlaps counted once.

    How many polygons lie on a point changes only across edges: where two neighbours share one, one steps out as the
    other steps in, and nothing changes. What is left once such edges have cancelled one another (outlines, gaps,
    overlaps) divides the plane into few faces, each lying in as many polygons as any point of it.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons; other types are passed over.

    Returns
    -------
    Polygon or MultiPolygon
        The same region as ``shapely.union_all`` gives, with no more corners than the edges left.
    """
    parts = shapely.get_parts(np.asarray(polygons, dtype=object))
    parts = parts[shapely.get_type_id(parts) == 3]
    lines = _unshared(parts)
    if len(lines) == 0:
        return shapely.MultiPolygon()
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))
    # a point of a face may lie on an edge that was cancelled, so its border counts too
    face, _ = shapely.STRtree(parts).query(shapely.point_on_surface(faces), predicate="intersects")
    return shapely.coverage_union_all(faces[np.unique(face)])


def _unshared(parts: Array) -> Array:
    """Edges across which the number of polygons changes, as lines of two points."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.orient_polygons(parts)), return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same] + 0.0, xy[1:][same] + 0.0  # -0.0 is 0.0
    onward = (start[:, 0] < end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] < end[:, 1]))
    edges = np.where(onward[:, None], np.hstack([start, end]), np.hstack([end, start]))
    order = np.argsort(_hash(edges), kind="stable")
    edges, steps = edges[order], np.where(onward, 1, -1)[order]
    # edges of one hash that differ stay apart: at the worst some that could have cancelled are left
    first = np.flatnonzero(np.append(True, (edges[1:] != edges[:-1]).any(axis=1)))[: len(edges)]
    left = first[np.add.reduceat(steps, first) != 0] if len(first) else first
    return np.asarray(shapely.linestrings(edges[left].reshape(-1, 2, 2)))


def _hash(rows: Array) -> Array:
    """One number for each row of four floats; equal rows have equal numbers."""
    bits = np.ascontiguousarray(rows).view(np.uint64)
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for column in bits.T:  # products wrap around
        mixed = (mixed ^ column ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed
