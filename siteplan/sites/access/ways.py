"""Roads as steps between the cells of a grid, of their true length at the speed of their class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.sites.layer import Layer, of_class

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.sites.access.shores import Shores
    from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]

METRES_PER_KM_MINUTE = 1000.0 / 60.0  # metres in a minute at 1 km/h


@dataclass(frozen=True)
class Ways:
    """Steps along roads, both ways alike: from and to flat cell numbers, minutes.

    Where water parts a road from the centre of its cell, the number of the grid's cells is added to that of the cell;
    `far_cell`, `far_x`, `far_y` are the corners of roads there.
    """

    start: Array
    end: Array
    minutes: Array
    far_cell: Array
    far_x: Array
    far_y: Array

    @classmethod
    def none(cls) -> Ways:
        """No road at all."""
        whole, real = np.array([], dtype=np.int64), np.array([], dtype=float)
        return cls(whole, whole, real, whole, real, real)

    def only(self, some: Array) -> Ways:
        """Keep some of the steps."""
        return replace(self, start=self.start[some], end=self.end[some], minutes=self.minutes[some])


def ways_of(
    roads: Layer | None, grid: Grid, speeds: pd.DataFrame, speed: str = "speed_kmh", shores: Shores | None = None
) -> Ways:
    """Return the steps between cells along roads, in minutes at a column of `speeds`.

    Roads of one speed that follow one another are one line, as often as a file may cut them: what is left of a line in
    the cell where it ends is added to its last step, so that the steps of a line are as long as the line.
    """
    if roads is None or len(roads) == 0:
        return Ways.none()
    lines, kmh, tree = roads.once(("ways", speed, grid.cell_m), speeds, lambda: _joined(roads, speeds, speed, grid))
    near = np.sort(tree.query(shapely.box(*grid.bounds)))
    if len(near) == 0:
        return Ways.none()
    kmh = kmh[near]
    xy, line = shapely.get_coordinates(lines[near], return_index=True)
    row, column = grid.cells_of(xy[:, 0], xy[:, 1])
    inside = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    cell = np.where(inside, row * grid.columns + column, -1)
    far = np.array([], dtype=np.int64)
    if shores is not None:
        at = np.flatnonzero(inside)
        far = at[shores.part(xy[at, 0], xy[at, 1], grid.x[column[at]], grid.y[row[at]])]
    on_far_bank = cell[far], xy[far, 0], xy[far, 1]
    cell[far] += grid.rows * grid.columns
    same_line = line[1:] == line[:-1]
    length = np.hypot(np.diff(xy[:, 0]), np.diff(xy[:, 1]))
    start, end = cell[:-1][same_line], cell[1:][same_line]
    minutes = length[same_line] / (kmh[line[:-1][same_line]] * METRES_PER_KM_MINUTE)
    # within a cell the way adds up until it leaves it: carried to the next step of the same line
    step_line = line[:-1][same_line]
    total = np.cumsum(minutes)
    leaves = np.flatnonzero(start != end)
    if len(leaves) == 0:
        return Ways.none()
    before = np.concatenate([[0.0], total[leaves][:-1]])
    of_line = step_line[leaves]
    first_of_line = np.concatenate([[True], of_line[1:] != of_line[:-1]])
    opening = np.concatenate([[0.0], total[:-1]])[np.searchsorted(step_line, of_line)]
    spent = total[leaves] - np.where(first_of_line, opening, before)
    last_of_line = np.concatenate([first_of_line[1:], [True]])
    closing = total[np.searchsorted(step_line, of_line, side="right") - 1]
    spent += np.where(last_of_line, closing - total[leaves], 0.0)
    use = (start[leaves] >= 0) & (end[leaves] >= 0)
    return Ways(start[leaves][use], end[leaves][use], spent[use], *on_far_bank)


def _joined(roads: Layer, speeds: pd.DataFrame, speed: str, grid: Grid) -> tuple[Array, Array, Any]:
    """Join the roads of one speed end to end where no other of that speed meets them; lines, their speeds, an index."""
    kmh = np.nan_to_num(of_class(roads, speeds, speed), nan=0.0)
    joined: list[Any] = []
    each: list[float] = []
    for one in np.unique(kmh[kmh > 0]):
        parts = shapely.get_parts(roads.geometries[kmh == one])
        lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
        joined.extend(shapely.segmentize(lines, grid.cell_m / 2))
        each.extend([float(one)] * len(lines))
    return np.array(joined, dtype=object), np.array(each), shapely.STRtree(joined)
