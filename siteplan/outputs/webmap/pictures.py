"""Rasters as pictures that lie right on a web map.

A picture stretched between WGS 84 corners sits more than a hundred metres off, because a web map is in Mercator
(EPSG:3857). So each raster is sampled on a grid in EPSG:3857, through the same datum shift as everything else.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine

from siteplan import crs
from siteplan.raster import Raster

_KNOTS = 16  # cells between exactly transformed points; in between linear, which is off by centimetres


@dataclass(frozen=True)
class Picture:
    """A picture with its corners: ``uri`` a data URI, ``bounds`` [[south, west], [north, east]] in degrees."""

    uri: str
    bounds: list[list[float]]


def warp(raster: Raster, epsg: int, largest_side: int, smooth: bool) -> tuple[np.ndarray[Any, Any], list[list[float]]]:
    """Sample a raster on a north-up grid in EPSG:3857.

    Parameters
    ----------
    raster
        uint8 grid in the CRS `epsg`.
    largest_side
        Columns or rows of the result, whichever is more; never more than the raster has.
    smooth
        Linear between cell centres; else the cell the point falls into.

    Returns
    -------
    values, bounds
        Floats with NaN where there is no data, rows from north to south; the corners in degrees.
    """
    from scipy import ndimage

    rows, columns = raster.values.shape
    west, south, east, north = raster.bounds
    edge = np.linspace(0.0, 1.0, 41)
    ring_x = np.concatenate([west + (east - west) * edge] * 2 + [np.full(41, west), np.full(41, east)])
    ring_y = np.concatenate([np.full(41, south), np.full(41, north), *([south + (north - south) * edge] * 2)])
    mercator_x, mercator_y = crs.transformer(epsg, crs.WEB_MERCATOR).transform(ring_x, ring_y)
    left, right = float(np.min(mercator_x)), float(np.max(mercator_x))
    bottom, top = float(np.min(mercator_y)), float(np.max(mercator_y))

    cell = max(right - left, top - bottom) / min(largest_side, max(rows, columns))
    width, height = int(np.ceil((right - left) / cell)), int(np.ceil((top - bottom) / cell))
    right, bottom = left + width * cell, top - height * cell
    knots_x = left + (np.arange(0, width + _KNOTS, _KNOTS) + 0.5) * cell
    knots_y = top - (np.arange(0, height + _KNOTS, _KNOTS) + 0.5) * cell
    grid_x, grid_y = np.meshgrid(knots_x, knots_y)
    back_x, back_y = crs.transformer(crs.WEB_MERCATOR, epsg).transform(grid_x, grid_y)
    ground_x, ground_y = _between(back_x, (height, width)), _between(back_y, (height, width))

    grain = raster.transform.a
    column_f, row_f = (ground_x - west) / grain, (north - ground_y) / -raster.transform.e
    inside = (column_f >= 0) & (row_f >= 0) & (column_f < columns) & (row_f < rows)
    column = np.clip(np.floor(column_f).astype(int), 0, columns - 1)
    row = np.clip(np.floor(row_f).astype(int), 0, rows - 1)
    values = raster.values[row, column].astype("float32")
    if raster.nodata is not None and not np.isnan(raster.nodata):
        inside &= values != raster.nodata
    if smooth:
        source = raster.values.astype("float32")
        if cell > 1.5 * grain * (right - left) / max(east - west, 1.0):
            # fewer cells than the raster has: average first, or single cells flicker
            source = ndimage.uniform_filter(source, max(round(cell / grain), 1))
        values = ndimage.map_coordinates(source, [row_f - 0.5, column_f - 0.5], order=1, mode="nearest")
    values[~inside] = np.nan
    lon, lat = crs.transformer(crs.WEB_MERCATOR, crs.WGS84).transform([left, right], [bottom, top])
    return values, [[float(lat[0]), float(lon[0])], [float(lat[1]), float(lon[1])]]


def _between(knots: np.ndarray[Any, Any], shape: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Fill a grid of `shape` from every :data:`_KNOTS`-th of its cells, linear along rows and columns."""
    part = np.arange(_KNOTS)[:, None] / _KNOTS
    for count in reversed(shape):  # along the last axis, which then becomes the first
        ends = knots.T
        knots = (ends[:-1, None] * (1 - part) + ends[1:, None] * part).reshape(-1, ends.shape[1])[:count]
    return knots


def _png(header: bytes, palette: bytes, alpha: bytes, lines: bytes) -> str:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    chunks = [chunk(b"IHDR", header), chunk(b"PLTE", palette), chunk(b"tRNS", alpha)]
    chunks += [chunk(b"IDAT", zlib.compress(lines, 7)), chunk(b"IEND", b"")]
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode("ascii")


def palette_png(indices: np.ndarray[Any, Any], colours: list[tuple[int, int, int, int]]) -> str:
    """Write a PNG with a palette as a data URI.

    Parameters
    ----------
    indices
        Rows by columns, numbers of colours.
    colours
        Red, green, blue, alpha of each number, 0..255; two of them are stored in one bit a cell, more in a byte.
    """
    rows, columns = indices.shape
    bits = 1 if len(colours) <= 2 else 8
    cells = indices.astype(np.uint8)
    packed = np.packbits(cells, axis=1) if bits == 1 else cells
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), packed], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", columns, rows, bits, 3, 0, 0, 0)
    palette = b"".join(bytes(c[:3]) for c in colours)
    return _png(header, palette, bytes(c[3] for c in colours), lines)


def hillshade(raster: Raster, epsg: int, ground: Any = None, largest_side: int = 1400) -> Picture:
    """Return the shaded terrain in grey, transparent where there is none.

    Written as WebP where GDAL can, which is a quarter of the size; else as PNG in 32 greys.

    Parameters
    ----------
    raster
        uint8 grid in the CRS `epsg`.
    ground
        Area in the same CRS that is shown in full; the terrain around it fades away. None shows all in full.
    largest_side
        Columns or rows of the picture, whichever is more.
    """
    values, bounds = warp(raster, epsg, largest_side, smooth=True)
    known = np.isfinite(values)
    grey = np.where(known, np.clip(values, 0, 255), 255).astype(np.uint8)
    alpha = np.where(known, 255, 0).astype(np.uint8)
    if ground is not None:
        alpha = np.minimum(alpha, _fading(ground, epsg, bounds, grey.shape))
    return Picture(_webp(grey, alpha) or _grey_png(grey, alpha > 0), bounds)


def _fading(ground: Any, epsg: int, bounds: list[list[float]], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Opacity 0..255 of a picture in EPSG:3857: full on the ground, a third at its edge, none some 15 km away."""
    from rasterio import features
    from scipy import ndimage

    (south, west), (north, east) = bounds
    (left, right), (bottom, top) = crs.transformer(crs.WGS84, crs.WEB_MERCATOR).transform([west, east], [south, north])
    cell = (right - left) / shape[1]
    outline = crs.transform_geometries([ground], epsg, crs.WEB_MERCATOR)[0]
    place = Affine(cell, 0, left, 0, -(top - bottom) / shape[0], top)
    inside = features.rasterize([(outline, 1)], out_shape=shape, transform=place, dtype="uint8").astype(bool)
    away = ndimage.distance_transform_edt(~inside) * cell
    # in steps that nobody sees, which take a quarter of the room
    steps = np.floor(15.0 * np.clip(1 - away / 16_000.0, 0, 1))
    return np.where(inside, 255.0, 6.0 * steps).astype(np.uint8)


def _grey_png(grey: np.ndarray[Any, Any], known: np.ndarray[Any, Any]) -> str:
    steps = [(v, v, v, 255) for v in range(4, 256, 8)]
    return palette_png(np.where(known, grey // 8, len(steps)), [*steps, (255, 255, 255, 0)])


def _webp(grey: np.ndarray[Any, Any], alpha: np.ndarray[Any, Any]) -> str:
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    bands = np.stack([grey, grey, grey, alpha])
    try:
        with MemoryFile() as memory:
            # the place is told by the page; a made-up one keeps rasterio from warning that there is none
            with memory.open(
                driver="WEBP",
                width=grey.shape[1],
                height=grey.shape[0],
                count=4,
                dtype="uint8",
                transform=Affine.scale(2.0),
                QUALITY=70,
                METHOD=2,  # the slower ones take four times as long for a tenth of the size
            ) as target:
                target.write(bands)
                target.colorinterp = [
                    rasterio.enums.ColorInterp.red,
                    rasterio.enums.ColorInterp.green,
                    rasterio.enums.ColorInterp.blue,
                    rasterio.enums.ColorInterp.alpha,
                ]
            return "data:image/webp;base64," + base64.b64encode(memory.read()).decode("ascii")
    except RasterioError:
        return ""


def classed(raster: Raster, epsg: int, steps: list[tuple[float, str]], largest_side: int = 1400) -> Picture:
    """Return cells in the colour of the first step whose upper bound is not below their value; others transparent.

    Parameters
    ----------
    raster, epsg, largest_side
        As for :func:`warp`.
    steps
        Upper bound and colour, rising.
    """
    values, bounds = warp(raster, epsg, largest_side, smooth=False)
    number = np.searchsorted([bound for bound, _ in steps], np.where(np.isnan(values), np.inf, values))
    colours = [tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for _, colour in steps]
    return Picture(palette_png(number, [*((r, g, b, 255) for r, g, b in colours), (255, 255, 255, 0)]), bounds)


def mask(raster: Raster, epsg: int, colour: str, largest_side: int = 2200) -> Picture:
    """Return the cells of value 1 in one colour, all others transparent."""
    values, bounds = warp(raster, epsg, largest_side, smooth=False)
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    uri = palette_png((values == 1).astype(np.uint8), [(255, 255, 255, 0), (red, green, blue, 255)])
    return Picture(uri, bounds)
