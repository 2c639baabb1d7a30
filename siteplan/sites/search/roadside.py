"""Places beside roads where a plot can have its front, and the rectangles that lie there along the road."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.sites.layer import Layer, of_class
from siteplan.sites.rules import Rule
from siteplan.sites.search.layouts import Figures, Request

if TYPE_CHECKING:
    from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]

STEP_CELLS = 2.0  # from one place to the next along a road
CHORD_M = 60.0  # the direction of a road is that of its chord over this length
SLACKS_M = (0.5, 4.0, 9.0)  # beyond the corridor: roads bend, fronts do not
MARGIN_M = 0.5  # a front is that much nearer than the frontage reaches
FRONTS = (1.5, 1.0, 2.0, 1 / 1.5)  # front to depth, those to be preferred first


@dataclass(frozen=True)
class Roadside:
    """Places on roads that plots may front, each side of a road by itself.

    Parameters
    ----------
    x, y
        Points on the middle of the road, metres.
    along_x, along_y
        Unit vector of the road's direction.
    side
        1 left of that direction, -1 right of it.
    edge_m
        From the middle of the road to the end of its corridor.
    room_m
        How far beyond that a front still counts as one on the road.
    """

    x: Array
    y: Array
    along_x: Array
    along_y: Array
    side: Array
    edge_m: Array
    room_m: Array

    def figures(self, request: Request, cells: Array, grid: Grid, preference: Array) -> Figures:
        """Rectangles with a front along the road, on places whose middle is eligible, best places first."""
        fronts = [np.sqrt(request.area_m2 * share) for share in FRONTS]
        sides = [(front, request.area_m2 / front) for front in fronts]
        sides = [(front, deep) for front, deep in sides if min(front, deep) >= request.minimum_width_m] or [
            (float(np.sqrt(request.area_m2)),) * 2
        ]
        normal_x, normal_y = -self.along_y * self.side, self.along_x * self.side
        made, halves = [], []
        for slack in SLACKS_M:
            for front, deep in sides:
                away = self.edge_m + np.minimum(slack, self.room_m) + deep / 2
                wide = front >= deep
                cos, sin = (self.along_x, self.along_y) if wide else (normal_x, normal_y)
                made.append((self.x + normal_x * away, self.y + normal_y * away, cos, sin))
                halves.append((max(front, deep) / 2, min(front, deep) / 2))
        half_long, half_short = np.array(halves).T
        x, y, cos, sin = (np.column_stack(values) for values in zip(*made, strict=True))
        figures = Figures(x, y, cos, sin, half_long, half_short)
        row, column = grid.cells_of(figures.x[:, 0], figures.y[:, 0])
        held = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
        held[held] = cells[row[held], column[held]]
        places = np.flatnonzero(held)
        worth = preference[row[places], column[places]]
        return figures.of(places[np.lexsort((places, -worth))])


def roadside(
    roads: Layer | None,
    rules: Iterable[Rule],
    speeds: pd.DataFrame,
    urban: Array | None,
    grid: Grid,
    reach_m: float,
) -> Roadside | None:
    """Find the places beside the roads of a window.

    Parameters
    ----------
    roads
        Roads with their half widths; those with ``frontage`` in ``rules/speeds.csv`` count, bridges do not.
    rules
        All rules: the hard ones on roads tell how wide the corridors are.
    speeds
        ``rules/speeds.csv``.
    urban
        Cells in urban areas, where other corridors hold; None: unknown.
    grid
        The window.
    reach_m
        From the edge of a road a front may lie so far away.

    Returns
    -------
    Roadside or None
        None where no road can be fronted.
    """
    if roads is None or len(roads) == 0 or not reach_m > 0:
        return None
    rows = roads.near(grid.bounds)
    bridge = roads.number("bridge_length_m")[rows] if roads.column("bridge_length_m") is not None else np.nan
    rows = rows[(of_class(roads, speeds, "frontage")[rows] == 1) & np.isnan(bridge)]
    parts, owner = shapely.get_parts(roads.geometries[rows], return_index=True)
    lengths = shapely.length(parts)
    step = STEP_CELLS * grid.cell_m
    counts = np.floor(lengths / step).astype(np.int64) + (lengths > 0)
    if counts.sum() == 0:
        return None
    line = np.repeat(np.arange(len(parts)), counts)
    number = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    at = (number + 0.5) * lengths[line] / counts[line]
    ends = [np.clip(at + d, 0.0, lengths[line]) for d in (-CHORD_M / 2, CHORD_M / 2)]
    middle, start, end = points_along(parts, line, (at, *ends))
    chord = end - start
    length = np.hypot(chord[:, 0], chord[:, 1])
    row = rows[owner[line]]
    corridor = _corridors(roads, rules, row, _in_town(urban, grid, middle))
    room = reach_m - corridor - MARGIN_M
    west, south, east, north = grid.bounds
    use = (length > 0) & (room >= min(SLACKS_M))
    use &= (middle[:, 0] > west) & (middle[:, 0] < east) & (middle[:, 1] > south) & (middle[:, 1] < north)
    if not use.any():
        return None
    unit = chord[use] / length[use, None]
    both = np.repeat(np.flatnonzero(use), 2)
    return Roadside(
        x=middle[both, 0],
        y=middle[both, 1],
        along_x=np.repeat(unit[:, 0], 2),
        along_y=np.repeat(unit[:, 1], 2),
        side=np.tile([1.0, -1.0], int(use.sum())),
        edge_m=roads.half_width_m[row[both]] + corridor[both],
        room_m=room[both],
    )


def points_along(lines: Array, line: Array, distances: Sequence[Array]) -> list[Array]:
    """Points on lines, given by their numbers, at distances from their beginnings (one array of them after another).

    Looks each point up among all vertices, where GEOS walks along the line for each.
    """
    xy, of_line = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0).T)
    step[of_line[1:] != of_line[:-1]] = 0.0  # from the end of one line to the beginning of the next
    along = np.concatenate([[0.0], np.cumsum(step)])
    first = np.searchsorted(of_line, line)
    last = np.searchsorted(of_line, line, side="right") - 1
    out = []
    for distance in distances:
        at = along[first] + distance
        vertex = np.clip(np.searchsorted(along, at, side="right") - 1, first, last - 1)
        span = along[vertex + 1] - along[vertex]
        part = np.divide(at - along[vertex], span, out=np.zeros(len(at)), where=span > 0)
        out.append(xy[vertex] + np.clip(part, 0.0, 1.0)[:, None] * (xy[vertex + 1] - xy[vertex]))
    return out


def _in_town(urban: Array | None, grid: Grid, points: Array) -> Array:
    if urban is None:
        return np.zeros(len(points), dtype=bool)
    row, column = grid.cells_of(points[:, 0], points[:, 1])
    held = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    held[held] = urban[row[held], column[held]]
    return held


def _corridors(roads: Layer, rules: Iterable[Rule], rows: Array, in_town: Array) -> Array:
    """Widest corridor of the hard rules on each road, metres from its edge."""
    out = np.zeros(len(rows))
    for rule in rules:
        if rule.hard and rule.role == roads.role:
            distance = np.where(in_town, rule.distance_urban_m, rule.distance_m)
            out = np.fmax(out, np.where(roads.rows[rule.rule][rows], distance, np.nan))
    return out
