"""Rasters: GeoTIFFs brought onto a grid in the province's CRS, and counts of people that keep their sum."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
import scipy.ndimage
from affine import Affine
from rasterio.enums import Resampling
from rasterio.windows import Window

from siteplan import crs
from siteplan.crs import Province
from siteplan.errors import InputError, Problem
from siteplan.layers import formats
from siteplan.layers.pictures import no_picture
from siteplan.layers.place import Placement, box_in, guessed, understand
from siteplan.raster import Raster

Array = np.ndarray[Any, Any]

FINEST_CELL_M = 30.0
# finer grids than this are averaged to FINEST_CELL_M: nothing here needs them, and they fill the memory
MOST_CELLS = 80_000_000
# coordinates are computed exactly at this spacing and interpolated between
EXACT_EVERY_M = 1_000.0
NATIVE_DTYPE = np.float32
# a cell of people is split into so many parts on each side when it is moved to another grid
PARTS = 4


@dataclass(frozen=True)
class SourceGrid:
    """Values of a GeoTIFF (first band, NaN where there are none), still in its own CRS."""

    values: Array
    transform: Affine
    crs: int | str
    resolution_m: float
    placement: Placement
    problems: tuple[Problem, ...] = ()


# written out for north-up grids: the operators of Affine differ between its versions
def _centres(transform: Affine, columns: Any, rows: Any) -> tuple[Any, Any]:
    """Coordinates of places in a grid, counted in cells from its upper left corner."""
    return transform.c + columns * transform.a, transform.f + rows * transform.e


def _cells(transform: Affine, x: Any, y: Any) -> tuple[Any, Any]:
    """Columns and rows of coordinates in a grid, as fractions."""
    return (x - transform.c) / transform.a, (y - transform.f) / transform.e


def read_grid(path: Path, stated_crs: int | None, province: Province, layer: str, role: str = "") -> SourceGrid:
    """Read the part of a GeoTIFF that lies in the province and its margin; terrain that is a picture is told.

    Raises
    ------
    InputError
        Where the file cannot be read as a GeoTIFF, has no CRS, or does not reach the province.
    """
    file = str(path)
    if (other := formats.no_geotiff(path)) is not None:
        raise InputError(Problem(other, file=file, layer=layer, value=path.suffix.lower() or path.name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file without CRS or transform is told below, in our words
            with rasterio.open(path, driver="GTiff", num_threads="all_cpus") as source:
                return _read_open(source, stated_crs, province, file, layer, role)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - GDAL raises whatever a broken file provokes
        raise InputError(Problem("raster_unreadable", file=file, layer=layer, value=str(error)[:200])) from None


def _read_open(source: Any, stated_crs: int | None, province: Province, file: str, layer: str, role: str) -> SourceGrid:
    definition = source.crs.to_wkt() if source.crs else None
    found, how = (understand(definition)[0], "file") if definition else (None, "")
    if found is None:
        found, how = stated_crs, "catalog"
    if found is None:
        suffix, params = guessed(source.bounds, province)
        raise InputError(Problem(f"raster_crs_missing{suffix}", file=file, layer=layer, params=params))
    transform = source.transform
    if transform.is_identity or transform.b or transform.d or transform.e >= 0:
        raise InputError(Problem("raster_not_north_up", file=file, layer=layer))
    placement = Placement(found, how)
    box = _province_box(province, found)
    window = _window(transform, source.width, source.height, box) if box is not None else None
    if window is None:
        suffix, params = guessed(source.bounds, province)
        raise InputError(
            Problem(f"raster_outside{suffix}", file=file, layer=layer, value=placement.label, params=params)
        )
    resolution = _resolution_m(transform, source.bounds, found, province)
    factor = 1
    if window.width * window.height > MOST_CELLS:
        factor = max(int(np.ceil(FINEST_CELL_M / resolution)), 1)
    shape = (int(np.ceil(window.height / factor)), int(np.ceil(window.width / factor)))
    resampling = Resampling.nearest if factor == 1 else Resampling.average
    masked = source.read(1, window=window, masked=True, out_shape=shape, resampling=resampling)
    values = np.ma.filled(masked.astype(NATIVE_DTYPE), np.nan)
    problems = no_picture(source.dtypes, values, role, file, layer)
    scale, offset = float(source.scales[0]), float(source.offsets[0])
    if (scale, offset) != (1.0, 0.0):
        values = (values * scale + offset).astype(NATIVE_DTYPE)
        params = {"scale": f"{scale:g}", "offset": f"{offset:g}"}
        problems.append(Problem("raster_scaled", "warning", file=file, layer=layer, params=params))
    wide, high = window.width / shape[1], window.height / shape[0]
    west, north = _centres(transform, window.col_off, window.row_off)
    part = Affine(transform.a * wide, 0, west, 0, transform.e * high, north)
    return SourceGrid(values, part, found, resolution, placement, tuple(problems))


def _province_box(province: Province, target: int | str) -> crs.Bounds | None:
    west, south, east, north = province.bounds
    slack = province.slack_m
    return box_in((west - slack, south - slack, east + slack, north + slack), province.epsg, target)


def _window(transform: Affine, width: int, height: int, box: crs.Bounds) -> Window | None:
    left, top = _cells(transform, box[0], box[3])
    right, bottom = _cells(transform, box[2], box[1])
    c0, c1 = max(int(np.floor(left)), 0), min(int(np.ceil(right)), width)
    r0, r1 = max(int(np.floor(top)), 0), min(int(np.ceil(bottom)), height)
    return Window(c0, r0, c1 - c0, r1 - r0) if c1 > c0 and r1 > r0 else None


def _resolution_m(transform: Affine, bounds: Any, source: int | str, province: Province) -> float:
    """Side of a square as large as a cell in the middle of the province, metres."""
    middle_x = (province.bounds[0] + province.bounds[2]) / 2
    middle_y = (province.bounds[1] + province.bounds[3]) / 2
    if _same(source, province.epsg):
        return float(np.sqrt(abs(transform.a * transform.e)))
    x, y = crs.transformer(province.epsg, source).transform(middle_x, middle_y)
    if not (bounds.left <= x <= bounds.right and bounds.bottom <= y <= bounds.top):
        x, y = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    east, north = crs.transformer(source, province.epsg).transform([x, x + transform.a, x], [y, y, y + transform.e])
    wide = np.hypot(east[1] - east[0], north[1] - north[0])
    high = np.hypot(east[2] - east[0], north[2] - north[0])
    return float(np.sqrt(wide * high))


def _same(a: int | str, b: int | str) -> bool:
    return a == b or pyproj.CRS.from_user_input(a) == pyproj.CRS.from_user_input(b)


def mosaicked(sources: Sequence[SourceGrid]) -> list[SourceGrid]:
    """Sheets that share one lattice put together: what is interpolated across a seam is as of one file.

    Of several sheets the first that has a value prevails; the order is that of the first sheet of each lattice.
    """
    groups: list[list[SourceGrid]] = []
    for source in sources:
        group = next((g for g in groups if _one_lattice(g[0], source)), None)
        if group is None:
            groups.append([source])
        else:
            group.append(source)
    return [group[0] if len(group) == 1 else _together(group) for group in groups]


# so much of a cell may the lattices of two sheets differ: their corners are written with rounded figures
LATTICE_SHARE = 0.01


def _one_lattice(first: SourceGrid, other: SourceGrid) -> bool:
    a, b = first.transform, other.transform
    across = max(*first.values.shape, *other.values.shape)
    if abs(a.a - b.a) * across > LATTICE_SHARE * a.a or abs(a.e - b.e) * across > LATTICE_SHARE * abs(a.e):
        return False
    offsets = np.array(_cells(a, b.c, b.f))
    return bool(np.all(np.abs(offsets - np.round(offsets)) <= LATTICE_SHARE)) and _same(first.crs, other.crs)


def _together(group: Sequence[SourceGrid]) -> SourceGrid:
    corners = []
    for source in group:
        column, row = (round(float(v)) for v in _cells(group[0].transform, source.transform.c, source.transform.f))
        corners.append((row, column))
    top, left = np.min(corners, axis=0)
    ends = [(r + s.values.shape[0], c + s.values.shape[1]) for (r, c), s in zip(corners, group, strict=True)]
    bottom, right = np.max(ends, axis=0)
    values = np.full((bottom - top, right - left), np.nan, NATIVE_DTYPE)
    for (row, column), source in zip(corners, group, strict=True):
        rows, columns = source.values.shape
        part = values[row - top : row - top + rows, column - left : column - left + columns]
        empty = np.isnan(part)
        part[empty] = source.values[empty]
    west, north = _centres(group[0].transform, left, top)
    transform = Affine(group[0].transform.a, 0, west, 0, group[0].transform.e, north)
    coarsest = max(source.resolution_m for source in group)
    return replace(group[0], values=values, transform=transform, resolution_m=coarsest)


def target_grid(sources: Sequence[SourceGrid], province: Province) -> tuple[Affine, tuple[int, int]]:
    """Grid in the province's CRS that holds all the sources; lines on whole multiples of the cell."""
    boxes = []
    for source in sources:
        rows, columns = source.values.shape
        box = (
            source.transform.c,
            source.transform.f + rows * source.transform.e,
            source.transform.c + columns * source.transform.a,
            source.transform.f,
        )
        boxes.append(box if _same(source.crs, province.epsg) else box_in(box, source.crs, province.epsg))
    there = np.array([box for box in boxes if box is not None])
    cell = float(round(max(FINEST_CELL_M, min(source.resolution_m for source in sources))))
    west, south, east, north = province.bounds
    slack = province.slack_m
    left = np.floor(max(there[:, 0].min(), west - slack) / cell) * cell
    bottom = np.floor(max(there[:, 1].min(), south - slack) / cell) * cell
    right = np.ceil(min(there[:, 2].max(), east + slack) / cell) * cell
    top = np.ceil(min(there[:, 3].max(), north + slack) / cell) * cell
    return Affine(cell, 0, left, 0, -cell, top), (round((top - bottom) / cell), round((right - left) / cell))


def _source_indices(
    source: SourceGrid, transform: Affine, shape: tuple[int, int], province: Province
) -> tuple[Array, Array]:
    """Row and column in the source (fractions, cell centres on whole numbers) of every centre of the target.

    Computed exactly every kilometre and interpolated between, where a projection is a plane to some 5 mm.
    """
    rows, columns = shape
    block = max(int(EXACT_EVERY_M / transform.a), 1)
    at_rows = np.arange(0, rows + block, block)
    at_columns = np.arange(0, columns + block, block)
    grid_columns, grid_rows = np.meshgrid(at_columns + 0.5, at_rows + 0.5)
    east, north = _centres(transform, grid_columns, grid_rows)
    x, y = crs.transformer(province.epsg, source.crs).transform(east, north)
    found_columns, found_rows = _cells(source.transform, np.asarray(x), np.asarray(y))
    zoomed = []
    for knots in (found_rows - 0.5, found_columns - 0.5):
        row = np.arange(rows) / block
        column = np.arange(columns) / block
        r0 = np.minimum(row.astype(int), len(at_rows) - 2)
        c0 = np.minimum(column.astype(int), len(at_columns) - 2)
        along = knots[r0] + (knots[r0 + 1] - knots[r0]) * (row - r0)[:, None]
        zoomed.append(along[:, c0] + (along[:, c0 + 1] - along[:, c0]) * (column - c0)[None, :])
    return zoomed[0], zoomed[1]


def elevation(sources: Sequence[SourceGrid], province: Province) -> Raster:
    """Terrain in the province's CRS.

    A single grid that already is in that CRS is taken as it is; all else is interpolated bilinearly onto a grid of the
    native resolution, 30 m at the finest. Sheets of one lattice are put together first. Of several sources the first
    that has a value prevails.

    Returns
    -------
    Raster
        float32 metres, NaN where there is no data, and the resolution of the coarsest source.
    """
    sources = mosaicked(sources)
    coarsest = max(source.resolution_m for source in sources)
    if len(sources) == 1 and _same(sources[0].crs, province.epsg) and _square(sources[0].transform):
        return Raster(sources[0].values, sources[0].transform, float("nan"), coarsest)
    transform, shape = target_grid(sources, province)
    values = np.full(shape, np.nan, NATIVE_DTYPE)
    for source in sources:
        rows, columns = _source_indices(source, transform, shape, province)
        if len(sources) > 1:  # up to the rim of its cells, not only to their centres: another sheet may begin there
            rows, columns = (_inwards(v, n) for v, n in zip((rows, columns), source.values.shape, strict=True))
        read = scipy.ndimage.map_coordinates(
            source.values, [rows, columns], order=1, mode="constant", cval=np.nan, output=NATIVE_DTYPE, prefilter=False
        )
        empty = np.isnan(values)
        values[empty] = read[empty]
    return Raster(values, transform, float("nan"), coarsest)


def _inwards(indices: Array, count: int) -> Array:
    """Places in the outer half of the outermost cells, moved to the centres of these."""
    within = (indices >= -0.5) & (indices <= count - 0.5)
    return np.where(within, np.clip(indices, 0, count - 1), indices)


def _square(transform: Affine) -> bool:
    return abs(transform.a + transform.e) < 1e-6


def people(sources: Sequence[SourceGrid], province: Province) -> tuple[Array, Array, Array]:
    """Centres of the cells that hold people, in the province's CRS: east, north, count. Sums as the grid does."""
    parts = []
    for source in mosaicked(sources):
        rows, columns = np.nonzero(np.nan_to_num(source.values) > 0)
        x, y = _centres(source.transform, columns + 0.5, rows + 0.5)
        east, north = crs.transformer(source.crs, province.epsg).transform(x, y)
        parts.append(np.column_stack([east, north, source.values[rows, columns].astype(float)]))
    joined = np.concatenate(parts) if parts else np.empty((0, 3))
    return joined[:, 0], joined[:, 1], joined[:, 2]


def people_grid(sources: Sequence[SourceGrid], province: Province) -> Raster:
    """Return people on a grid in the province's CRS; each source cell is shared out, so the sum is kept."""
    sources = mosaicked(sources)
    if len(sources) == 1 and _same(sources[0].crs, province.epsg) and _square(sources[0].transform):
        return Raster(sources[0].values, sources[0].transform, float("nan"), sources[0].resolution_m)
    transform, shape = target_grid(sources, province)
    grid = np.zeros(shape)
    for source in sources:
        rows, columns = np.nonzero(np.nan_to_num(source.values) > 0)
        share = source.values[rows, columns].astype(float) / PARTS**2
        for i in range(PARTS):
            for j in range(PARTS):
                x, y = _centres(source.transform, columns + (i + 0.5) / PARTS, rows + (j + 0.5) / PARTS)
                east, north = crs.transformer(source.crs, province.epsg).transform(x, y)
                to_columns, to_rows = _cells(transform, np.asarray(east), np.asarray(north))
                # cells that the clipped grid cuts at its rim go to the cell nearest to them
                at = (
                    np.clip(np.floor(to_rows).astype(int), 0, shape[0] - 1),
                    np.clip(np.floor(to_columns).astype(int), 0, shape[1] - 1),
                )
                np.add.at(grid, at, share)
    return Raster(grid, transform, None, max(source.resolution_m for source in sources))
