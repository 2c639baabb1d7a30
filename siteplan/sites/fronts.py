"""How long the edges of plots lie along roads: seen from the road, so that the sides of a plot are no front."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

Array = np.ndarray[Any, Any]

STEP_M = 4.0  # edges are looked at in steps no longer than this
DIRECTION_M = 1.0  # the direction of a road is told between points so far before and behind
NEARLY_M = 1e-3
ALONG = float(np.cos(np.pi / 4)) + 1e-3  # an edge lies along a road where it is turned to it by less than 45 degrees


def lengths_along(edges: Array, lines: Array, owner: Array, half_width_m: Array, reach_m: float) -> Array:
    """Length of roads along which edges lie, metres.

    Each step of an edge takes its shadow on the nearest road along which it runs, rather than across it; what several
    steps take of one road counts once.

    Parameters
    ----------
    edges
        Lines, those of one plot together as one geometry.
    lines
        Middles of roads near the edges, parts of them that hang together.
    owner
        Number of the edges that each of `lines` is near to, in ascending order.
    half_width_m
        Of each of `lines`.
    reach_m
        From the edge of a road, how far away what lies along it may be.

    Returns
    -------
    ndarray
        One length an entry of `edges`.
    """
    out = np.zeros(len(edges))
    edge, start, end = _steps(edges)
    step, line = _pairs(edge, owner)
    if len(step) == 0:
        return out
    middle = np.asarray(shapely.points((start + end) / 2), dtype=object)[step]
    away = shapely.distance(middle, lines[line]) - half_width_m[line]
    near = away <= reach_m + NEARLY_M
    step, line, middle, away = step[near], line[near], middle[near], away[near]
    at = shapely.line_locate_point(lines[line], middle)
    length = shapely.length(lines[line])
    before, behind = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines[line], np.clip(at + by, 0.0, length)))
        for by in (-DIRECTION_M, DIRECTION_M)
    )
    chord, run = behind - before, (end - start)[step]
    shadow = np.abs((chord * run).sum(axis=1)) / np.maximum(np.hypot(*chord.T), 1e-9)
    along = np.flatnonzero(shadow > ALONG * np.hypot(*run.T))
    along = along[np.lexsort((line[along], away[along], step[along]))]
    first = along[np.unique(step[along], return_index=True)[1]]
    half = shadow[first] / 2
    np.add.at(out, edge[step[first]], _united(line[first], at[first] - half, at[first] + half))
    return out


def _steps(edges: Array) -> tuple[Array, Array, Array]:
    """Cut edges into short straight steps: number of the edges, beginning and end of each."""
    parts, edge = shapely.get_parts(edges, return_index=True)
    xy, part = shapely.get_coordinates(shapely.segmentize(parts, STEP_M), return_index=True)
    first = np.flatnonzero(part[1:] == part[:-1])
    return edge[part[first]], xy[first], xy[first + 1]


def _pairs(edge: Array, owner: Array) -> tuple[Array, Array]:
    """Pair every step with each line that is near to its edges."""
    first, last = np.searchsorted(owner, edge), np.searchsorted(owner, edge, side="right")
    count = last - first
    step = np.repeat(np.arange(len(edge)), count)
    return step, first[step] + np.arange(len(step)) - (np.cumsum(count) - count)[step]


def _united(group: Array, start: Array, end: Array) -> Array:
    """Length that each interval adds to those of its group that begin before it."""
    order = np.lexsort((end, start, group))
    # one group lies far behind the other, so that one running maximum serves all
    base = float(start.min(initial=0.0))
    shift = group[order] * (float(end.max(initial=0.0)) - base + 1.0)
    low, high = start[order] - base + shift, end[order] - base + shift
    reached = np.concatenate([[0.0], np.maximum.accumulate(high)[:-1]]) if len(high) else high
    out = np.zeros(len(group))
    out[order] = np.maximum(high - np.maximum(low, reached), 0.0)
    return out
