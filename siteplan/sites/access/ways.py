"""Roads as points and the steps between them, of their true length at the speed of their class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.sites.grid import running
from siteplan.sites.layer import Layer, of_class

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]

METRES_PER_KM_MINUTE = 1000.0 / 60.0  # metres in a minute at 1 km/h
SAME_PLACE_DECIMALS = 2  # corners of roads within a centimetre are one


@dataclass(frozen=True)
class Ways:
    """Points of roads in a grid and the steps between them, both ways alike.

    Points are where roads end or meet, and one for each cell that a road runs through, so that it can be entered
    there. Roads that no point joins do not meet, as near as they may be to one another.

    Parameters
    ----------
    x, y
        Eastings and northings of the points, the province's CRS.
    cell
        Flat number of the cell that each lies in.
    main
        Whether each lies on a main road with a frontage (``rules/speeds.csv``).
    start, end, minutes
        Numbers of the points that each step joins, and how long it takes.
    """

    x: Array
    y: Array
    cell: Array
    main: Array
    start: Array
    end: Array
    minutes: Array

    @classmethod
    def none(cls) -> Ways:
        """No road at all."""
        whole, real = np.array([], dtype=np.int64), np.array([], dtype=float)
        return cls(real, real, whole, whole.astype(bool), whole, whole, real)

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class _Lines:
    """Roads of a province as corners, one line after another.

    `first` holds the number of the first corner of each line and, last, that of all; `minutes` are those along all
    lines before a corner; `joint` says where lines end or meet another.
    """

    tree: Any
    first: Array
    xy: Array
    minutes: Array
    joint: Array
    main: Array


def ways_of(
    roads: Layer | None,
    grid: Grid,
    speeds: pd.DataFrame,
    speed: str = "speed_kmh",
    held: Array | None = None,
) -> Ways:
    """Return the roads of a grid, in minutes at a column of `speeds`.

    Parameters
    ----------
    roads
        Lines, the province's CRS.
    grid
        Window.
    speeds, speed
        ``rules/speeds.csv`` and its column of speeds; a class with speed 0 is no way.
    held
        Cells beyond which no road counts; None: all.
    """
    if roads is None or len(roads) == 0:
        return Ways.none()
    lines = roads.once(("ways", speed, grid.cell_m), speeds, lambda: _lines(roads, speeds, speed, grid.cell_m))
    near = np.sort(lines.tree.query(shapely.box(*grid.bounds)))
    if len(near) == 0:
        return Ways.none()
    count = np.diff(lines.first)[near]
    corner, line = np.repeat(lines.first[near], count) + running(count), np.repeat(np.arange(len(near)), count)
    x, y = lines.xy[corner].T
    row, column = grid.cells_of(x, y)
    inside = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    cell = np.where(inside, row * grid.columns + column, -1)
    if held is not None:
        cell[inside & ~held.ravel()[cell]] = -1
    middle_x, middle_y = grid.west + (column + 0.5) * grid.cell_m, grid.north - (row + 0.5) * grid.cell_m
    return _points(lines, corner, line, cell, np.hypot(x - middle_x, y - middle_y))


def _points(lines: _Lines, corner: Array, line: Array, cell: Array, off: Array) -> Ways:
    """Choose the corners that are points; `line`, `cell` (-1: beyond) and metres `off` its centre of each corner."""
    begins = np.concatenate([[True], (line[1:] != line[:-1]) | (cell[1:] != cell[:-1])])
    visit = np.cumsum(begins) - 1
    stop = lines.joint[corner] & (cell >= 0)
    wanted = (cell >= 0) & (np.bincount(visit, stop) == 0)[visit]
    nearest = np.flatnonzero(wanted & (off == np.minimum.reduceat(off, np.flatnonzero(begins))[visit]))
    stop[nearest[np.unique(visit[nearest], return_index=True)[1]]] = True
    at = np.flatnonzero(stop)
    place = np.round(lines.xy[corner[at]], SAME_PLACE_DECIMALS)
    _, one, point = np.unique(place[:, 0] + 1j * place[:, 1], return_index=True, return_inverse=True)
    beyond = np.cumsum(cell < 0)
    joined = (line[at[1:]] == line[at[:-1]]) & (beyond[at[1:]] == beyond[at[:-1]])
    start, end = point[:-1][joined], point[1:][joined]
    minutes = (lines.minutes[corner[at[1:]]] - lines.minutes[corner[at[:-1]]])[joined]
    x, y = lines.xy[corner[at[one]]].T
    main = np.bincount(point, lines.main[corner[at]], len(one)) > 0
    away = start != end
    return Ways(x, y, cell[at[one]], main, start[away], end[away], minutes[away])


def _lines(roads: Layer, speeds: pd.DataFrame, speed: str, cell_m: float) -> _Lines:
    """Join the roads of one kind end to end where no other of that kind meets them, with corners near one another."""
    kmh = np.nan_to_num(of_class(roads, speeds, speed), nan=0.0)
    main = (of_class(roads, speeds, "main") == 1) & (of_class(roads, speeds, "frontage") == 1)
    joined: list[Any] = []
    kinds: list[tuple[float, bool]] = []
    for one, is_main in sorted(set(zip(kmh[kmh > 0].tolist(), main[kmh > 0].tolist(), strict=True))):
        parts = shapely.get_parts(roads.geometries[(kmh == one) & (main == is_main)])
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
        joined.extend(shapely.segmentize(merged, cell_m / 2))
        kinds.extend([(one, is_main)] * len(merged))
    xy, line = shapely.get_coordinates(np.array(joined, dtype=object), return_index=True)
    speed_of, main_of = (np.array([kind[n] for kind in kinds], dtype=float)[line] for n in (0, 1))
    length = np.append(0.0, np.hypot(*np.diff(xy, axis=0).T)) if len(xy) else np.array([])
    turn = np.append(True, line[1:] != line[:-1])[: len(line)]
    minutes = np.cumsum(np.where(turn, 0.0, length) / (speed_of * METRES_PER_KM_MINUTE))
    place = np.round(xy, SAME_PLACE_DECIMALS)
    same, met = np.unique(place[:, 0] + 1j * place[:, 1], return_inverse=True, return_counts=True)[1:]
    joint = turn | np.append(turn[1:], True)[: len(line)] | (met[same] > 1)
    first = np.append(np.flatnonzero(turn), len(line))
    return _Lines(shapely.STRtree(joined), first, xy, minutes, joint, main_of)
