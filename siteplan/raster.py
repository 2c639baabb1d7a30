"""A raster in memory: values with their place on the ground. The word that stages use for grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine

Array = np.ndarray[Any, Any]

# a terrain model coarser than this carries no claim about one site: a plot of half a hectare, 70 m wide, would be seen
# by a cell or two, and a slope needs three in a row
COARSE_TERRAIN_M = 50.0
# from here on a polygon counts as known all over: edges of grids and rounding leave a little
WHOLLY_KNOWN_PERCENT = 99.5


@dataclass(frozen=True)
class Raster:
    """A north-up grid in the province's CRS.

    Parameters
    ----------
    values
        Rows (north to south) by columns (west to east).
    transform
        Affine transform of the upper left corner, metres.
    nodata
        Value that means "no data"; NaN for floats, None where every cell has data.
    source_resolution_m
        Resolution of the data the values came from, metres: a 30 m grid warped from 450 m data still says 450.
    """

    values: Array
    transform: Affine
    nodata: float | None = None
    source_resolution_m: float = 0.0

    @property
    def cell_m(self) -> float:
        """Width of a cell, metres."""
        return float(self.transform.a)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        rows, columns = self.values.shape
        west, north = self.transform.c, self.transform.f
        return west, north + rows * self.transform.e, west + columns * self.transform.a, north

    def window(self, bounds: tuple[float, float, float, float]) -> Raster:
        """Cut out the cells that meet `bounds` (west, south, east, north); clipped to what there is."""
        rows, columns = self.values.shape
        west, south, east, north = bounds
        left, top = self._place(west, north)
        right, bottom = self._place(east, south)
        c0, c1 = max(int(np.floor(left + 1e-9)), 0), min(int(np.ceil(right - 1e-9)), columns)
        r0, r1 = max(int(np.floor(top + 1e-9)), 0), min(int(np.ceil(bottom - 1e-9)), rows)
        c1, r1 = max(c1, c0), max(r1, r0)
        values = self.values[r0:r1, c0:c1]
        corner = Affine(
            self.transform.a, 0, self.transform.c + c0 * self.transform.a,
            0, self.transform.e, self.transform.f + r0 * self.transform.e,
        )  # fmt: skip
        return Raster(values, corner, self.nodata, self.source_resolution_m)

    def _place(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Column and row of a place, with fractions."""
        return (x - self.transform.c) / self.transform.a, (y - self.transform.f) / self.transform.e

    def sample(self, x: Array, y: Array) -> Array:
        """Values of the cells under points (metres), as floats; NaN outside the grid and on no data."""
        columns_f, rows_f = self._place(np.asarray(x, float), np.asarray(y, float))
        columns, rows = np.floor(columns_f).astype(int), np.floor(rows_f).astype(int)
        inside = (columns >= 0) & (rows >= 0) & (columns < self.values.shape[1]) & (rows < self.values.shape[0])
        out = np.full(np.shape(x), np.nan)
        out[inside] = self.values[rows[inside], columns[inside]]
        if self.nodata is not None and not np.isnan(self.nodata):
            out[out == self.nodata] = np.nan
        return out
