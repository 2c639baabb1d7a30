"""Lines of a drawing joined into rings: gaps closed up to a tolerance, what stays open is told with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Array = np.ndarray[Any, Any]

# what is computed twice differs by rounding only
SAME_M = 1e-6


@dataclass(frozen=True)
class Joined:
    """Polygons made of lines, the longest gap that was closed in each, and the lines that stayed open."""

    polygons: list[Any]
    gaps_m: list[float]
    open_lines: list[Any]


def close(points: Array, tolerance: float) -> tuple[Array | None, float]:
    """Close a line whose ends lie within the tolerance; returns its ring (None where it stays open) and the gap."""
    gap = float(np.hypot(*(points[0] - points[-1])))
    if len(points) < 4 or gap > tolerance:
        # three points and a closing line make a triangle; two make nothing
        return (np.vstack([points, points[:1]]), gap) if len(points) == 3 and gap <= tolerance else (None, gap)
    ring = points.copy()
    ring[-1] = ring[0]
    return ring, gap


def _snapped(lines: Sequence[Array], tolerance: float) -> tuple[list[Array], list[tuple[Array, float]]]:
    """Bring ends that lie within the tolerance of each other to one point; returns lines and the gaps closed."""
    ends = np.array([point for line in lines for point in (line[0], line[-1])])
    pairs = cKDTree(ends).query_pairs(tolerance, output_type="ndarray")
    count = len(ends)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, group = connected_components(graph, directed=False)
    first = {int(g): ends[i] for i, g in reversed(list(enumerate(group)))}
    gaps = []
    out = [line.copy() for line in lines]
    for i, g in enumerate(group):
        goal = first[int(g)]
        distance = float(np.hypot(*(ends[i] - goal)))
        if distance > SAME_M:
            gaps.append((goal, distance))
        out[i // 2][0 if i % 2 == 0 else -1] = goal
    return [line for line in out if np.ptp(line, axis=0).max() > 0], gaps


def _extended(lines: list[Array], tolerance: float) -> tuple[list[Array], list[tuple[Array, float]]]:
    """Bring free ends that stop short of (or just past) another line onto it, and give that line a point there."""
    ends = [tuple(np.round(p, 9)) for line in lines for p in (line[0], line[-1])]
    counts: dict[tuple[float, ...], int] = {}
    for end in ends:
        counts[end] = counts.get(end, 0) + 1
    shapes = np.array([shapely.linestrings(line) for line in lines], dtype=object)
    tree = shapely.STRtree(shapes)
    added: dict[int, list[tuple[float, Array]]] = {}
    gaps: list[tuple[Array, float]] = []
    out = [line.copy() for line in lines]
    for number, line in enumerate(lines):
        for at in (0, -1):
            if counts[tuple(np.round(line[at], 9))] > 1:
                continue
            point = shapely.Point(line[at])
            near = [int(i) for i in tree.query(point, predicate="dwithin", distance=tolerance) if int(i) != number]
            if not near:
                continue
            target = min(near, key=lambda i: shapely.distance(shapes[i], point))
            along = float(shapely.line_locate_point(shapes[target], point))
            goal = shapely.get_coordinates(shapely.line_interpolate_point(shapes[target], along))[0]
            distance = float(np.hypot(*(goal - line[at])))
            if distance > SAME_M:
                gaps.append((goal, distance))
            out[number][at] = goal
            added.setdefault(target, []).append((along, goal))
    for target, points in added.items():
        line = out[target]
        steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(lines[target], axis=0).T))])
        for along, goal in sorted(points, key=lambda item: -item[0]):
            after = min(int(np.searchsorted(steps, along, side="right")), len(steps) - 1)
            line = np.insert(line, after, goal, axis=0)
        out[target] = line
    return out, gaps


def join(lines: Sequence[Array], tolerance: float) -> Joined:
    """Join lines of one layer into polygons.

    Parameters
    ----------
    lines
        Points (n, 2) of each line, metres. Lines may share borders and may meet another line in its middle.
    tolerance
        Largest gap that is closed, metres.

    Returns
    -------
    Joined
        Faces of the network of lines; a face inside another one is cut out of it and stands by itself.
    """
    kept = [line for line in lines if len(line) >= 2 and np.ptp(line, axis=0).max() > 0]
    if not kept:
        return Joined([], [], [])
    snapped, gaps = _snapped(kept, tolerance)
    if snapped:
        snapped, more = _extended(snapped, tolerance)
        gaps += more
    network = shapely.union_all(np.array([shapely.linestrings(line) for line in snapped], dtype=object))
    faces, cuts, dangles, invalid = shapely.polygonize_full([network])
    polygons = list(shapely.get_parts(faces))
    rest = [part for left in (cuts, dangles, invalid) for part in shapely.get_parts(left)]
    merged = shapely.line_merge(shapely.union_all(rest)) if rest else shapely.GeometryCollection()
    stubs = [part for part in shapely.get_parts(merged) if shapely.length(part) > tolerance]
    # a line that overshoots leaves a stub no longer than the tolerance: that is no fault
    longest = []
    for polygon in polygons:
        rim = polygon.boundary
        close_by = [size for place, size in gaps if shapely.distance(rim, shapely.Point(place)) <= max(SAME_M, 1e-3)]
        longest.append(max(close_by, default=0.0))
    return Joined(polygons, longest, stubs)
