"""Rivers and shores that nobody walks over: which steps between cells cross them, and which straight ways they part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.sites.grid import running

if TYPE_CHECKING:
    from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]

ON_CENTRE = 1e-9  # cells: a line so near to a centre goes through it
PIECE_CELLS = 0.25  # so short that none crosses two parallels of one direction
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))  # rows down and columns right; the others are their opposites


@dataclass(frozen=True)
class Shores:
    """Short pieces of lines, ends in rows down and columns right from the centre of the grid's first cell.

    `row` and `column` have a column for each end.
    """

    grid: Grid
    row: Array
    column: Array

    @classmethod
    def of(cls, lines: Array, grid: Grid) -> Shores:
        """Cut lines (metres, the province's CRS) into pieces."""
        if len(lines) == 0:
            return cls(grid, np.empty((0, 2)), np.empty((0, 2)))
        xy, line = shapely.get_coordinates(shapely.segmentize(lines, grid.cell_m * PIECE_CELLS), return_index=True)
        row, column = _cells(xy[:, 0], xy[:, 1], grid)
        same_line = line[1:] == line[:-1]
        ends = (np.column_stack([v[:-1], v[1:]])[same_line] for v in (row, column))
        return cls(grid, *ends)

    def steps(self) -> tuple[Array, Array]:
        """Which steps from a cell to :data:`NEIGHBOURS` cross (rows, columns, steps), and which centres lie on a line.

        The steps of one direction lie end to end on parallels through the centres of cells: a line crosses the step on
        which it crosses a parallel.
        """
        grid = self.grid
        steps, centres = np.zeros((*grid.shape, len(NEIGHBOURS)), dtype=bool), np.zeros(grid.shape, dtype=bool)
        for number, (down, right) in enumerate(NEIGHBOURS):
            across, along = (self.row, self.column) if down == 0 else (self.column - right * self.row, self.row)
            parallel = np.floor(across).astype(np.int64)
            meets = np.flatnonzero(parallel[:, 0] != parallel[:, 1])
            met, across, along = parallel[meets].max(axis=1), across[meets], along[meets]
            share = (met - across[:, 0]) / (across[:, 1] - across[:, 0])
            place = along[:, 0] + share * (along[:, 1] - along[:, 0])
            on_centre = np.abs(place - np.rint(place)) < ON_CENTRE
            for out, at, use in (
                (steps[..., number], np.floor(place), ~on_centre),
                (centres, np.rint(place), on_centre),
            ):
                step = at.astype(np.int64)
                r, c = (met, step) if down == 0 else (step, met + right * step)
                ok = use & (r >= 0) & (r < grid.rows) & (c >= 0) & (c < grid.columns)
                out[r[ok], c[ok]] = True
        return steps, centres

    def part(self, x: Array, y: Array, to_x: Array, to_y: Array) -> Array:
        """Whether a line crosses the straight way between two places, which are no farther apart than neighbours.

        One truth a way; eastings and northings in metres, one array each.
        """
        out = np.zeros(len(x), dtype=bool)
        if len(self.row) == 0 or len(x) == 0:
            return out
        row, column = _cells(np.asarray(x), np.asarray(y), self.grid)
        to_row, to_column = _cells(np.asarray(to_x), np.asarray(to_y), self.grid)
        first, second = self._flat(row, column), self._flat(to_row, to_column)
        # a way to a neighbour may cut the corner of a cell beside both
        corners = self._flat(row, to_column), self._flat(to_row, column)
        for n, cell in enumerate((first, second, *corners)):
            asked = np.flatnonzero(~out & (True if n == 0 else cell != first))
            start, end = (np.searchsorted(self._sorted[0], cell[asked], side) for side in ("left", "right"))
            count = end - start
            way = np.repeat(asked, count)
            piece = self._sorted[1][np.repeat(start, count) + running(count)]
            r, c = self.row[piece], self.column[piece]
            # each has its ends on both sides of the other
            of_way = _turn(row[way], column[way], to_row[way], to_column[way], r.T, c.T)
            of_piece = _turn(r[:, 0], c[:, 0], r[:, 1], c[:, 1], np.array([row[way], to_row[way]]),
                             np.array([column[way], to_column[way]]))  # fmt: skip
            out[way[(of_way[0] * of_way[1] <= 0) & (of_piece[0] * of_piece[1] <= 0)]] = True
        return out

    def _flat(self, row: Array, column: Array) -> Array:
        """Numbers of cells, one for each also beyond the grid."""
        return np.floor(row + 0.5).astype(np.int64) * (1 << 32) + np.floor(column + 0.5).astype(np.int64)

    @cached_property
    def _sorted(self) -> tuple[Array, Array]:
        """Cells that pieces touch, rising, and the piece for each; a piece stands under the cells of its ends."""
        cells = self._flat(self.row, self.column)
        two = np.flatnonzero(cells[:, 0] != cells[:, 1])
        cell = np.concatenate([cells[:, 0], cells[two, 1]])
        order = np.argsort(cell, kind="stable")
        return cell[order], np.append(np.arange(len(cells)), two)[order]


def _cells(x: Array, y: Array, grid: Grid) -> tuple[Array, Array]:
    """Rows down and columns right from the centre of the first cell, not rounded."""
    return (grid.north - y) / grid.cell_m - 0.5, (x - grid.west) / grid.cell_m - 0.5


def _turn(row: Array, column: Array, to_row: Array, to_column: Array, at_row: Array, at_column: Array) -> Array:
    """On which side of directed ways places lie: the sign of a cross product."""
    return (to_row - row) * (at_column - column) - (to_column - column) * (at_row - row)
