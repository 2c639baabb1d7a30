"""The working grid: one extent, several cell sizes, rows from north to south."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from rasterio import features

from siteplan.layers.illustrative.noise import sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siteplan.crs import Province

Array = np.ndarray[Any, Any]

DEM_CELL_M = 30.0
MARGIN_M = 1200.0
# every coarser grid divides the extent without remainder
_BLOCK_M = 1800.0


@dataclass(frozen=True)
class Grid:
    """A north-up grid of square cells.

    Parameters
    ----------
    west, north
        Upper left corner, metres.
    cell_m
        Width of a cell.
    shape
        Rows and columns.
    """

    west: float
    north: float
    cell_m: float
    shape: tuple[int, int]

    @property
    def transform(self) -> Affine:
        """Affine transform of the upper left corner."""
        return Affine(self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        rows, columns = self.shape
        return self.west, self.north - rows * self.cell_m, self.west + columns * self.cell_m, self.north

    def at(self, cell_m: float) -> Grid:
        """Return the same extent with another cell size."""
        west, south, east, north = self.extent
        return Grid(west, north, cell_m, (round((north - south) / cell_m), round((east - west) / cell_m)))

    def centres(self) -> tuple[Array, Array]:
        """Coordinates of the cell centres: x of the columns, y of the rows."""
        rows, columns = self.shape
        x = self.west + (np.arange(columns) + 0.5) * self.cell_m
        y = self.north - (np.arange(rows) + 0.5) * self.cell_m
        return x, y

    def mesh(self) -> tuple[Array, Array]:
        """Coordinates of all cell centres, as two arrays of the grid's shape."""
        x, y = self.centres()
        xx, yy = np.meshgrid(x, y)
        return xx, yy

    def cell(self, x: Any, y: Any) -> tuple[Array, Array]:
        """Rows and columns of the cells under points, clipped to the grid."""
        column = np.floor((np.asarray(x, float) - self.west) / self.cell_m).astype(int)
        row = np.floor((self.north - np.asarray(y, float)) / self.cell_m).astype(int)
        return np.clip(row, 0, self.shape[0] - 1), np.clip(column, 0, self.shape[1] - 1)

    def burn_values(self, pairs: Iterable[tuple[Any, int]]) -> Array:
        """Burn each geometry with its own number; 0 elsewhere."""
        burnt: Array = features.rasterize(pairs, out_shape=self.shape, transform=self.transform, dtype="int16")
        return burnt

    def value(self, field: Array, x: Any, y: Any) -> Array:
        """Bilinear value of a field of this grid at points."""
        column = (np.asarray(x, float) - self.west) / self.cell_m - 0.5
        row = (self.north - np.asarray(y, float)) / self.cell_m - 0.5
        return sample(field, row, column)

    def burn(self, geometries: Iterable[Any], value: int = 1, *, touched: bool = False, dtype: str = "uint8") -> Array:
        """Burn geometries into an array of the grid's shape; 0 elsewhere."""
        shapes = [(geometry, value) for geometry in geometries if geometry is not None and not geometry.is_empty]
        if not shapes:
            return np.zeros(self.shape, dtype=dtype)
        burnt: Array = features.rasterize(
            shapes, out_shape=self.shape, transform=self.transform, all_touched=touched, dtype=dtype
        )
        return burnt


def working_grid(province: Province) -> Grid:
    """Return the grid of the terrain model: the province's box and a margin, in whole blocks."""
    west, south, east, north = province.bounds
    west = np.floor((west - MARGIN_M) / DEM_CELL_M) * DEM_CELL_M
    north = np.ceil((north + MARGIN_M) / DEM_CELL_M) * DEM_CELL_M
    columns = int(np.ceil((east + MARGIN_M - west) / _BLOCK_M) * (_BLOCK_M / DEM_CELL_M))
    rows = int(np.ceil((north - south + MARGIN_M) / _BLOCK_M) * (_BLOCK_M / DEM_CELL_M))
    return Grid(float(west), float(north), DEM_CELL_M, (rows, columns))


def slope_percent(height: Array, cell_m: float) -> Array:
    """Slope in percent, by central differences."""
    dy, dx = np.gradient(height.astype(np.float32), np.float32(cell_m))
    result: Array = np.hypot(dx, dy) * np.float32(100)
    return result
