"""Candidate plots of the asked area, found in the eligible land of a commune.

Rectangles of several proportions, turned to several directions, are laid on seed cells and kept where they lie wholly
inside the eligible cells. Where fewer are found than asked, free shapes are grown on what is left: the eligible land
within a square around a seed, as large as gives the area. Plots are then taken best first, far apart in the
beginning, closer until there are enough. Nothing is drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy import ndimage

from siteplan.sites.eligibility import cell_polygons
from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]

PROPORTIONS = (1.0, 1.5, 2.0, 3.0)  # long side to short side
DIRECTIONS = 8  # turns within 90 degrees for the square, 180 for the others
SEEDS = 6000  # seed cells that are kept
BATCH = 8  # seeds that are looked at in one go, after a first look at the very best
FIRST_BATCH = 2
SEEDS_GROWN = 20  # seeds of free shapes tried for one plot
GROWN_AT_MOST = 200
AREA_TOLERANCE = 0.01


@dataclass(frozen=True)
class Request:
    """What is searched for.

    Parameters
    ----------
    area_m2
        Area of a plot; met to 1 %.
    minimum_width_m
        Least width of a plot.
    spacing_m
        Least distance between two plots.
    count
        How many.
    """

    area_m2: float
    minimum_width_m: float
    spacing_m: float
    count: int


def find_plots(
    cells: Array,
    grid: Grid,
    preference: Array,
    request: Request,
    *,
    free: Callable[[Array], Array] | None = None,
    excluded: Callable[[Any], Any] | None = None,
) -> list[Any]:
    """Find plots of the asked area in eligible cells.

    Parameters
    ----------
    cells
        Eligible cells of the window.
    grid
        The window.
    preference
        Which cells come first, greater is better, the shape of `cells`; it orders, it does not exclude.
    request
        Area, width, spacing, number.
    free
        Tells for an array of polygons which of them are free of everything that excludes, exactly; cells are excluded
        by their centres only. None: what lies in eligible cells is free.
    excluded
        Returns the part of a polygon that is excluded, exactly; used where plots of free shape are cut.

    Returns
    -------
    list of Polygon
        Best first; valid, inside the eligible cells, each within 1 % of the area, disjoint and `spacing_m` apart.
        Empty where nothing fits.
    """
    least = request.area_m2 * (1 - AREA_TOLERANCE)
    if request.area_m2 <= 0 or request.count <= 0 or cells.sum() * grid.cell_m**2 < least:
        return []
    usable = _pieces_of(cells, least / grid.cell_m**2)
    if not usable.any():
        return []
    seeds = _seeds(usable, grid, preference, request)
    chosen = _Layouts(usable, grid, seeds, request, free).spread()
    if len(chosen) < request.count:
        land = cell_polygons(usable, grid)
        chosen = _free_shapes(usable, grid, preference, request, land, chosen, free, excluded)
    return chosen


def _pieces_of(cells: Array, least: float) -> Array:
    labels, count = ndimage.label(cells)
    if count == 0:
        return np.zeros(cells.shape, dtype=bool)
    kept = np.bincount(labels.ravel()) >= least
    kept[0] = False
    return np.asarray(kept[labels])


@dataclass(frozen=True)
class _Shapes:
    """Rectangles to try around a seed, compact ones first: half sides in metres, unit vector of the long side."""

    half_long: Array
    half_short: Array
    cos: Array
    sin: Array

    @classmethod
    def of(cls, request: Request) -> _Shapes:
        rows = []
        for proportion in PROPORTIONS:
            short = float(np.sqrt(request.area_m2 / proportion))
            if proportion > 1.0 and short < request.minimum_width_m:
                continue
            turn = np.pi / 2 if proportion == 1.0 else np.pi
            for step in range(DIRECTIONS):
                angle = turn * step / DIRECTIONS
                rows.append((request.area_m2 / short / 2, short / 2, np.cos(angle), np.sin(angle)))
        return cls(*np.array(rows).T)

    def corners(self, x: Array, y: Array) -> Array:
        """Corners (n, shapes, 5, 2) around points."""
        along = np.stack([self.cos, self.sin], axis=-1) * self.half_long[:, None]
        across = np.stack([-self.sin, self.cos], axis=-1) * self.half_short[:, None]
        ring = np.stack([-along - across, along - across, along + across, across - along, -along - across], axis=1)
        return np.asarray(np.stack([x, y], axis=-1)[:, None, None, :] + ring[None])


def _inside_cells(x: Array, y: Array, shapes: _Shapes, cells: Array, grid: Grid) -> Array:
    """Tell which rectangles (point by shape) touch no cell but eligible ones, exactly, by separating axes.

    A cell and a rectangle are apart if they are apart on one of the four directions of their sides; the window's own
    two are held by the box of cells that is looked at.
    """
    half = grid.cell_m / 2
    extent_x = shapes.half_long * np.abs(shapes.cos) + shapes.half_short * np.abs(shapes.sin)
    extent_y = shapes.half_long * np.abs(shapes.sin) + shapes.half_short * np.abs(shapes.cos)
    reach = int(np.ceil(max(extent_x.max(), extent_y.max()) / grid.cell_m)) + 1
    step = np.arange(-reach, reach + 1)
    row, column = grid.cells_of(x, y)
    rows, columns = row[:, None] + step, column[:, None] + step
    closed = np.ones((len(x), len(step), len(step)), dtype=bool)
    held = ((rows >= 0) & (rows < grid.rows))[:, :, None] & ((columns >= 0) & (columns < grid.columns))[:, None, :]
    seen = cells[np.clip(rows, 0, grid.rows - 1)[:, :, None], np.clip(columns, 0, grid.columns - 1)[:, None, :]]
    closed[held] = ~seen[held]
    point, i, j = np.nonzero(closed)
    dx = grid.west + (columns[point, j] + 0.5) * grid.cell_m - x[point]
    dy = grid.north - (rows[point, i] + 0.5) * grid.cell_m - y[point]
    slack = half - 1e-6
    meets = (np.abs(dx)[:, None] < extent_x + slack) & (np.abs(dy)[:, None] < extent_y + slack)
    turned = slack * (np.abs(shapes.cos) + np.abs(shapes.sin))
    meets &= np.abs(np.outer(dx, shapes.cos) + np.outer(dy, shapes.sin)) < shapes.half_long + turned
    meets &= np.abs(np.outer(dy, shapes.cos) - np.outer(dx, shapes.sin)) < shapes.half_short + turned
    hits = np.zeros((len(x), len(shapes.cos)), dtype=bool)
    np.logical_or.at(hits, point, meets)
    return ~hits


def _seeds(cells: Array, grid: Grid, preference: Array, request: Request) -> Array:
    """Cell centres (n, 2) deep enough inside to carry the narrowest plot, best first, thinned to a number."""
    depth = ndimage.distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1] * grid.cell_m
    narrowest = min(request.minimum_width_m, float(np.sqrt(request.area_m2)))
    row, column = np.nonzero(_best_of_blocks(depth + grid.cell_m / 2 >= narrowest / 2, preference, SEEDS))
    order = np.argsort(-preference[row, column], kind="stable")
    return np.column_stack([grid.x[column[order]], grid.y[row[order]]])


def _best_of_blocks(cells: Array, preference: Array, limit: int) -> Array:
    """Keep the best cell of each block of cells, blocks as small as keep the number near the limit."""
    step = int(np.sqrt(cells.sum() / limit))
    if step < 2:
        return cells
    rows, columns = (-(-n // step) for n in cells.shape)
    worth = np.full((rows * step, columns * step), -np.inf)
    worth[: cells.shape[0], : cells.shape[1]] = np.where(cells, preference, -np.inf)
    blocks = worth.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows, columns, step * step)
    best = np.argmax(blocks, axis=2)
    row, column = np.nonzero(np.take_along_axis(blocks, best[:, :, None], axis=2)[:, :, 0] > -np.inf)
    inside = best[row, column]
    out = np.zeros(cells.shape, dtype=bool)
    out[row * step + inside // step, column * step + inside % step] = True
    return out


class _Layouts:
    """Rectangles on seeds, made when they are asked for: most seeds are never looked at."""

    def __init__(
        self, cells: Array, grid: Grid, seeds: Array, request: Request, free: Callable[[Array], Array] | None
    ) -> None:
        self.cells, self.grid, self.seeds, self.request, self.free = cells, grid, seeds, request, free
        self.shapes = _Shapes.of(request)
        self.plots: dict[int, Any] = {}

    def at(self, numbers: Array) -> list[Any]:
        """Most compact rectangle that fits on each seed, None where none does."""
        todo = np.array([n for n in numbers if int(n) not in self.plots], dtype=np.int64)
        if len(todo):
            x, y = self.seeds[todo, 0], self.seeds[todo, 1]
            fits = _inside_cells(x, y, self.shapes, self.cells, self.grid)
            tried = np.asarray(shapely.polygons(np.round(self.shapes.corners(x, y), 3)))
            if self.free is not None and fits.any():
                self._keep_free(tried, fits, self.free)
            first = np.argmax(fits, axis=1)
            for i, number in enumerate(todo):
                self.plots[int(number)] = tried[i, first[i]] if fits[i, first[i]] else None
        return [self.plots[int(n)] for n in numbers]

    @staticmethod
    def _keep_free(tried: Array, fits: Array, free: Callable[[Array], Array]) -> None:
        """Clear in `fits` what is not free; the shapes after the first are looked at only where the first is not."""
        seeds = np.flatnonzero(fits.any(axis=1))
        first = np.argmax(fits, axis=1)[seeds]
        fits[seeds, first] = free(tried[seeds, first])
        others = np.zeros(fits.shape, dtype=bool)
        blocked = seeds[~fits[seeds, first]]
        others[blocked] = fits[blocked]
        if others.any():
            fits[others] = free(tried[others])

    def spread(self) -> list[Any]:
        """Take plots best first; a wide distance between them at first, halved down to the asked one until enough."""
        chosen: list[Any] = []
        if len(self.seeds) == 0:
            return chosen
        wide = float(np.hypot(*np.ptp(self.seeds, axis=0))) / self.request.count
        distances = [self.request.spacing_m]
        while distances[0] * 2 <= wide and self.request.spacing_m > 0:
            distances.insert(0, distances[0] * 2)
        # from each seed to the middle of the plots taken: two plots are nearer to one another by at least a short side
        nearest = np.full(len(self.seeds), np.inf)
        least = 2 * float(self.shapes.half_short.min())
        hopeless = np.zeros(len(self.seeds), dtype=bool)
        for distance in distances:
            passed = hopeless.copy()
            size = FIRST_BATCH
            while len(chosen) < self.request.count:
                batch = np.flatnonzero((nearest >= distance + least) & ~passed)[:size]
                if len(batch) == 0:
                    break
                size = BATCH
                for number, plot in zip(batch, self.at(batch), strict=True):
                    passed[number] = True
                    if plot is None:
                        hopeless[number] = True
                        continue
                    gap = min((float(plot.distance(other)) for other in chosen), default=float("inf"))
                    if gap < distance or gap <= 0:
                        continue
                    chosen.append(plot)
                    away = self.seeds - self.seeds[number]
                    nearest = np.minimum(nearest, np.hypot(away[:, 0], away[:, 1]))
                    size = FIRST_BATCH
                    break
        return chosen


def _free_shapes(
    cells: Array,
    grid: Grid,
    preference: Array,
    request: Request,
    land: Any,
    chosen: list[Any],
    free: Callable[[Array], Array] | None,
    excluded: Callable[[Any], Any] | None,
) -> list[Any]:
    """Grow plots on the pieces of land that are left, best seeds first, one after another."""
    taken = list(chosen)
    rest = _without(land, taken, request.spacing_m)
    if excluded is not None and not rest.is_empty:
        rest = shapely.difference(rest, excluded(rest))
    rows, columns = np.nonzero(cells)
    order = np.lexsort((columns, rows, -preference[rows, columns]))
    seeds: Any = shapely.points(grid.x[columns[order]], grid.y[rows[order]])
    tried = 0
    while len(taken) < request.count and tried < GROWN_AT_MOST:
        pieces = [
            p
            for p in shapely.get_parts(rest)
            if p.geom_type == "Polygon" and p.area >= request.area_m2 * (1 - AREA_TOLERANCE)
        ]
        pieces = [p for p in pieces if not shapely.buffer(p, -request.minimum_width_m / 2 * 0.999).is_empty]
        if not pieces:
            break
        seeds = seeds[shapely.covers(shapely.union_all(np.array(pieces, dtype=object)), seeds)]
        plot = None
        for number in range(0, len(seeds), max(1, len(seeds) // SEEDS_GROWN)):
            tried += 1
            piece = next(p for p in pieces if p.covers(seeds[number]))
            plot = _grown(piece, seeds[number], request)
            if plot is not None and (free is None or bool(free(np.array([plot], dtype=object))[0])):
                break
            plot = None
        if plot is None:
            break
        taken.append(plot)
        rest = _without(rest, [plot], request.spacing_m)
    return taken


def _without(land: Any, plots: Sequence[Any], spacing_m: float) -> Any:
    if not plots:
        return land
    # the corners of a buffer are rounded by chords: its radius is enlarged so that no chord comes nearer than asked
    reach = max(spacing_m, 1e-3) * 1.0001 / np.cos(np.pi / 64)
    around = shapely.buffer(np.array(plots, dtype=object), reach, quad_segs=16)
    return shapely.difference(land, shapely.union_all(around))


def _grown(piece: Any, seed: Any, request: Request) -> Any:
    """Part of a piece within a square around the seed, of the asked area; None where it is torn or too narrow."""
    low, high = 0.0, float(np.hypot(*(np.array(piece.bounds[2:]) - np.array(piece.bounds[:2]))))
    part = piece
    for _ in range(60):
        side = (low + high) / 2
        part = _around(piece, seed, side)
        if abs(part.area - request.area_m2) <= 1e-4 * request.area_m2:
            break
        low, high = (side, high) if part.area < request.area_m2 else (low, side)
    if piece.area <= request.area_m2 * (1 + AREA_TOLERANCE):
        part = piece
    # connected growth may jump where a new arm joins: then the area cannot be met from this seed
    if abs(part.area - request.area_m2) > AREA_TOLERANCE * request.area_m2 or len(part.interiors):
        return None
    half = request.minimum_width_m / 2 * 0.999
    core = shapely.buffer(part, -half, join_style="mitre")
    if core.is_empty or core.geom_type != "Polygon":
        return None
    wide = shapely.area(shapely.buffer(core, half, join_style="mitre"))
    return part if wide >= 0.95 * part.area else None


def _around(piece: Any, seed: Any, side: float) -> Any:
    x, y = seed.x, seed.y
    cut = shapely.intersection(piece, shapely.box(x - side, y - side, x + side, y + side))
    parts = [p for p in shapely.get_parts(cut) if p.geom_type == "Polygon"]
    return next((p for p in parts if p.covers(seed)), shapely.Polygon())
