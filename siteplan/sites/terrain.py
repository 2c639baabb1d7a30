"""Terrain: slope, aspect and hillshade by Horn's method, walking speed by Tobler's function.

Horn, B. K. P. (1981), Hill shading and the reflectance map, Proc. IEEE 69; the same differences as ``gdaldem``.
Tobler, W. (1993), Three presentations on geographical analysis and modeling, NCGIA 93-1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from affine import Affine

from siteplan.raster import Raster

Array = np.ndarray[Any, Any]


def surroundings(raster: Raster, bounds: tuple[float, float, float, float], cells: int = 2) -> Raster:
    """Cut out what lies in `bounds` (west, south, east, north) and some cells more, unknown values as NaN.

    The extra cells are the neighbourhood that slope looks at: a slope is the same whichever window it is made in.
    """
    t = raster.transform
    height, width = raster.values.shape
    west, south, east, north = bounds
    left = int(np.clip(np.floor((west - t.c) / t.a) - cells, 0, width))
    right = int(np.clip(np.ceil((east - t.c) / t.a) + cells, left, width))
    top = int(np.clip(np.floor((north - t.f) / t.e) - cells, 0, height))
    bottom = int(np.clip(np.ceil((south - t.f) / t.e) + cells, top, height))
    values = np.asarray(raster.values[top:bottom, left:right])
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float32)
    if raster.nodata is not None and not np.isnan(raster.nodata):
        values = np.where(values == raster.nodata, np.nan, values).astype(values.dtype)
    moved = Affine(t.a, t.b, t.c + left * t.a, t.d, t.e, t.f + top * t.e)
    return Raster(values, moved, float("nan"), raster.source_resolution_m)


def _gradient(elevation_m: Array, cell_m: float) -> tuple[Array, Array]:
    """Rise per metre to the east and to the south, shape of the inner cells (rows - 2, columns - 2)."""
    z = np.asarray(elevation_m)
    if not np.issubdtype(z.dtype, np.floating):
        z = z.astype(np.float64)
    a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
    d, f = z[1:-1, :-2], z[1:-1, 2:]
    g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
    scale = 1.0 / (8.0 * cell_m)
    east = ((c + 2 * f + i) - (a + 2 * d + g)) * scale
    south = ((g + 2 * h + i) - (a + 2 * b + c)) * scale
    return east, south


def _framed(inner: Array, elevation_m: Array) -> Array:
    out = np.full(elevation_m.shape, np.nan, dtype=inner.dtype)
    out[1:-1, 1:-1] = inner
    out[~np.isfinite(np.asarray(elevation_m, dtype=inner.dtype))] = np.nan
    return out


def slope_percent(elevation_m: Array, cell_m: float) -> Array:
    """Slope in percent (100 x rise over run) by Horn's 3x3 differences.

    Parameters
    ----------
    elevation_m
        Rows from north to south, NaN where unknown.
    cell_m
        Width of a cell, metres.

    Returns
    -------
    Array
        The same shape; NaN on the outermost cells and where one of the nine cells is unknown.
    """
    if min(np.shape(elevation_m)) < 3:
        return np.full(np.shape(elevation_m), np.nan)
    east, south = _gradient(elevation_m, cell_m)
    return _framed(np.hypot(east, south) * 100.0, elevation_m)


def aspect_degrees(elevation_m: Array, cell_m: float) -> Array:
    """Direction the slope faces, degrees clockwise from north; NaN on flat cells, edges and unknown ones."""
    east, south = _gradient(elevation_m, cell_m)
    facing = np.degrees(np.arctan2(-east, south)) % 360.0
    return _framed(np.where((east == 0) & (south == 0), np.nan, facing), elevation_m)


def hillshade(
    elevation_m: Array, cell_m: float, azimuth_degrees: float = 315.0, altitude_degrees: float = 45.0
) -> Array:
    """Shade from 1 (dark) to 255 as ``gdaldem hillshade`` gives it before rounding; NaN on edges and unknown cells."""
    east, south = _gradient(elevation_m, cell_m)
    altitude, azimuth = np.radians(altitude_degrees), np.radians(azimuth_degrees)
    # the sun's vector against the surface normal (-east, -north, 1) with north = -south
    lit = np.sin(altitude) + np.cos(altitude) * (-east * np.sin(azimuth) + south * np.cos(azimuth))
    shade = 1.0 + 254.0 * np.maximum(lit / np.sqrt(1.0 + east**2 + south**2), 0.0)
    return _framed(shade, elevation_m)


def walking_speed_kmh(slope: Array | float) -> Any:
    """Tobler's walking speed for a slope as rise over run in the direction walked: 6 km/h at -0.05."""
    return 6.0 * np.exp(-3.5 * np.abs(np.asarray(slope, dtype=float) + 0.05))
