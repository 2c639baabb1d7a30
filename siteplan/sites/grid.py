"""Exact masks on a grid of cells: which cell centres lie inside polygons, or within a distance of lines and points.

Both answers are Euclidean and exact: polygons by the winding number of all their edges at once, distances from each
cell centre to each segment. No raster is dilated, and no arc is replaced by a polygon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine

from siteplan.raster import Raster
from siteplan.sites.pieces import painted

Array = np.ndarray[Any, Any]

SEGMENT_CELLS = 8  # long segments are cut to this many cells, so that the boxes around them stay small
CELLS_AT_ONCE = 2_000_000  # cells looked at in one go, to bound the memory


@dataclass(frozen=True)
class Grid:
    """A window of the province's grid, whose cell corners are multiples of the cell width.

    Parameters
    ----------
    west, north
        Upper left corner, metres.
    rows, columns
        Size.
    cell_m
        Width of a cell, metres.
    """

    west: float
    north: float
    rows: int
    columns: int
    cell_m: float

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], cell_m: float, margin_m: float = 0.0) -> Grid:
        """Smallest window of multiples of `cell_m` that holds `bounds` (west, south, east, north) with a margin."""
        west = np.floor((bounds[0] - margin_m) / cell_m) * cell_m
        south = np.floor((bounds[1] - margin_m) / cell_m) * cell_m
        columns = int(np.ceil((bounds[2] + margin_m - west) / cell_m))
        rows = int(np.ceil((bounds[3] + margin_m - south) / cell_m))
        return cls(float(west), float(south + rows * cell_m), rows, columns, float(cell_m))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return (
            self.west,
            self.north - self.rows * self.cell_m,
            self.west + self.columns * self.cell_m,
            self.north,
        )

    @property
    def x(self) -> Array:
        """Eastings of the cell centres, one per column."""
        return self.west + (np.arange(self.columns) + 0.5) * self.cell_m

    @property
    def y(self) -> Array:
        """Northings of the cell centres, one per row."""
        return self.north - (np.arange(self.rows) + 0.5) * self.cell_m

    @property
    def transform(self) -> Affine:
        """Affine transform of the upper left corner."""
        return Affine(self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north)

    def part(self, rows: slice, columns: slice) -> Grid:
        """Window of some rows and columns."""
        west, north = self.west + columns.start * self.cell_m, self.north - rows.start * self.cell_m
        return Grid(west, north, rows.stop - rows.start, columns.stop - columns.start, self.cell_m)

    def raster(self, values: Array, nodata: float | None = None) -> Raster:
        """Give values of this window their place."""
        return Raster(values, self.transform, nodata, self.cell_m)

    def cells_of(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Rows and columns of the cells under points; they may lie outside the window."""
        return (
            np.floor((self.north - np.asarray(y)) / self.cell_m).astype(np.int64),
            np.floor((np.asarray(x) - self.west) / self.cell_m).astype(np.int64),
        )

    def sample(self, raster: Raster) -> Array:
        """Values of `raster` under the cell centres; NaN outside it and on no data."""
        t = raster.transform
        columns = np.floor((self.x - t.c) / t.a).astype(np.int64)
        rows = np.floor((self.y - t.f) / t.e).astype(np.int64)
        height, width = raster.values.shape
        out = np.full(self.shape, np.nan, dtype=np.float32)
        r = np.flatnonzero((rows >= 0) & (rows < height))
        c = np.flatnonzero((columns >= 0) & (columns < width))
        if len(r) and len(c):
            block = raster.values[rows[r[0]] : rows[r[-1]] + 1, columns[c[0]] : columns[c[-1]] + 1]
            if len(block) != len(r) or block.shape[1] != len(c):
                block = block[np.ix_(rows[r] - rows[r[0]], columns[c] - columns[c[0]])]
            out[r[0] : r[-1] + 1, c[0] : c[-1] + 1] = block
        if raster.nodata is not None and not np.isnan(raster.nodata):
            out[out == raster.nodata] = np.nan
        return out


def _segments(geometries: Array) -> tuple[Array, Array, Array]:
    """Start and end points (n, 2) of all segments of lines, and the index of the geometry each belongs to."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    points, line = shapely.get_coordinates(parts, return_index=True)
    same = line[1:] == line[:-1]
    return points[:-1][same], points[1:][same], owner[line[:-1][same]]


def fill(polygons: Array, grid: Grid) -> Array:
    """Return the cells whose centre lies inside at least one of the polygons.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons, metres; other types are passed over.
    grid
        The window.

    Returns
    -------
    Array
        Boolean, rows by columns. Equal to a fill by cell centres; a centre exactly on an edge belongs to one side only.
    """
    parts = shapely.get_parts(np.asarray(polygons, dtype=object))
    parts = parts[shapely.get_type_id(parts) == 3]
    out = np.zeros(grid.shape, dtype=bool)
    if len(parts) == 0:
        return out
    row, column, sign = _crossings(parts, grid)
    if len(row) == 0:
        return out
    # only between the outermost crossings: rings are closed, so nothing is inside beyond them
    top, left = int(row.min()), int(column.min())
    high, width = int(row.max()) - top + 1, int(column.max()) - left + 1
    # place and direction in one number: sorting it is the quickest way to bring crossings into order
    crossings = np.sort(2 * ((row - top) * width + column - left) + (sign > 0))
    inside = painted(crossings // 2, np.cumsum(crossings % 2 * 2 - 1) != 0, (high, width))
    out[top : top + high, left : left + width - 1] = inside[:, :-1]
    return out


def _crossings(polygons: Array, grid: Grid) -> tuple[Array, Array, Array]:
    """Where the edges of polygons cross the middles of rows: row, first column after it, and winding (+1, -1).

    Every polygon winds round its inside the same way, its holes the other; columns are cut to 0..columns.
    """
    rings, owner = shapely.get_rings(polygons, return_index=True)
    outer = np.append(True, owner[1:] != owner[:-1])
    turn = np.where(shapely.is_ccw(rings) == outer, 1, -1).astype(np.int16)
    xy, corners = shapely.get_coordinates(rings), shapely.get_num_coordinates(rings)
    c, r = (xy[:, 0] - grid.west) / grid.cell_m - 0.5, (grid.north - xy[:, 1]) / grid.cell_m - 0.5
    above = np.clip(np.ceil(r), 0, grid.rows).astype(np.int64)
    crossed = np.diff(above)
    crossed[np.cumsum(corners)[:-1] - 1] = 0  # from the end of a ring to the next there is no edge
    edge = np.flatnonzero(crossed)
    count = np.abs(crossed[edge])
    sign = np.repeat(np.where(crossed[edge] > 0, 1, -1) * np.repeat(turn, corners)[edge], count).astype(np.int16)
    row = np.repeat(np.minimum(above[edge], above[edge + 1]), count) + running(count)
    edge = np.repeat(edge, count)
    crossing = c[edge] + (row - r[edge]) * (c[edge + 1] - c[edge]) / (r[edge + 1] - r[edge])
    column = np.clip(np.ceil(crossing), 0, grid.columns).astype(np.int64)
    return row, column, sign


def running(counts: Array) -> Array:
    """Return 0..n-1 for each count n, one after another."""
    ends = np.cumsum(counts)
    return np.arange(counts.sum()) - np.repeat(ends - counts, counts)


def within(geometries: Array, distances_m: Array, grid: Grid) -> Array:
    """Return the cells whose centre is no farther than a distance from at least one geometry.

    Parameters
    ----------
    geometries
        Points, lines or polygons, metres; the inside of a polygon counts as distance 0.
    distances_m
        One distance per geometry, metres.
    grid
        The window; geometries outside it count with what reaches in.

    Returns
    -------
    Array
        Boolean, rows by columns.
    """
    geometries = np.asarray(geometries, dtype=object)
    distances_m = np.broadcast_to(np.asarray(distances_m, dtype=float), geometries.shape)
    known = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    geometries, distances_m = geometries[known], distances_m[known]
    dimension = shapely.get_dimensions(geometries)
    out = fill(geometries[dimension == 2], grid)
    far = distances_m > 0
    points = far & ((dimension == 0) | (shapely.length(geometries) == 0))  # a line may have shrunk to a point
    if points.any():
        xy, owner = shapely.get_coordinates(geometries[points], return_index=True)
        _mark(out, xy, xy, distances_m[points][owner], grid)
    edges = far & ~points
    if edges.any():
        lines = geometries[edges].copy()
        areas = dimension[edges] == 2
        lines[areas] = shapely.boundary(lines[areas])
        lines = shapely.segmentize(lines, SEGMENT_CELLS * grid.cell_m)
        start, end, owner = _segments(lines)
        _mark(out, start, end, distances_m[edges][owner], grid)
    return out


def _mark(out: Array, start: Array, end: Array, distance: Array, grid: Grid) -> None:
    """Set the cells whose centre lies within `distance` of the segments from `start` to `end`."""
    cell = grid.cell_m
    left = np.ceil((np.minimum(start[:, 0], end[:, 0]) - distance - grid.west) / cell - 0.5)
    right = np.floor((np.maximum(start[:, 0], end[:, 0]) + distance - grid.west) / cell - 0.5)
    top = np.ceil((grid.north - np.maximum(start[:, 1], end[:, 1]) - distance) / cell - 0.5)
    bottom = np.floor((grid.north - np.minimum(start[:, 1], end[:, 1]) + distance) / cell - 0.5)
    left, right = np.maximum(left, 0).astype(np.int64), np.minimum(right, grid.columns - 1).astype(np.int64)
    top, bottom = np.maximum(top, 0).astype(np.int64), np.minimum(bottom, grid.rows - 1).astype(np.int64)
    wide, high = right - left + 1, bottom - top + 1
    use = np.flatnonzero((wide > 0) & (high > 0))
    while len(use):
        taken = max(1, int(np.searchsorted(np.cumsum(wide[use] * high[use]), CELLS_AT_ONCE)))
        batch, use = use[:taken], use[taken:]
        count = wide[batch] * high[batch]
        owner = np.repeat(batch, count)
        step = running(count)
        row = top[owner] + step // wide[owner]
        column = left[owner] + step % wide[owner]
        px = grid.west + (column + 0.5) * cell - start[owner, 0]
        py = grid.north - (row + 0.5) * cell - start[owner, 1]
        dx, dy = (end - start)[owner, 0], (end - start)[owner, 1]
        length2 = dx * dx + dy * dy
        share = np.clip((px * dx + py * dy) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
        hit = (px - share * dx) ** 2 + (py - share * dy) ** 2 <= distance[owner] ** 2
        out[row[hit], column[hit]] = True
