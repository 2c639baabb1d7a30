"""Candidate plots of the asked area, found in the eligible land of a commune.

Rectangles of several proportions, turned to several directions, are laid on seed cells and kept where they lie wholly inside
the eligible cells. Where fewer are found than asked, free shapes are grown on what is left: the eligible land within a
square around a seed, as large as gives the area. Plots are then taken best first, far apart in the beginning, closer until
there are enough. Nothing is drawn at random.
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
BATCH = 8  # seeds that are looked at in one go
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
        Tells for an array of polygons which of them are free of everything that excludes, exactly; cells are excluded by their
        centres only. None: what lies in eligible cells is free.
    excluded
        Returns the part of a polygon that is excluded, exactly; used where plots of free shape are cut.

    Returns
    -------
    list of Polygon
        Best first; valid, inside the eligible cells, each within 1 % of the area, disjoint and `spacing_m` apart. Empty where
        nothing fits.
    """
    least = request.area_m2 * (1 - AREA_TOLERANCE)
    if request.area_m2 <= 0 or request.count <= 0 or cells.sum() * grid.cell_m**2 < least:
        return []
    usable = _pieces_of(cells, least / grid.cell_m**2)
    if not usable.any():
        return []
    land = cell_polygons(usable, grid)
    seeds = _seeds(usable, grid, preference, request)
    chosen = _Layouts(land, seeds, request, grid.cell_m, free).spread()
    if len(chosen) < request.count:
        chosen = _free_shapes(usable, grid, preference, request, land, chosen, free, excluded)
    return chosen


def _pieces_of(cells: Array, least: float) -> Array:
    labels, count = ndimage.label(cells)
    if count == 0:
        return np.zeros(cells.shape, dtype=bool)
    kept = np.bincount(labels.ravel()) >= least
    kept[0] = False
    return np.asarray(kept[labels])


def _shapes(request: Request, cell_m: float) -> Array:
    """Corners (n, 5, 2) of the rectangles to try around a seed, compact and centred ones first."""
    half = cell_m / 2
    found = []
    for proportion in PROPORTIONS:
        short = float(np.sqrt(request.area_m2 / proportion))
        if short < request.minimum_width_m:
            if proportion > 1.0:
                continue
            short = min(request.minimum_width_m, float(np.sqrt(request.area_m2)))
        long = request.area_m2 / short
        turn = np.pi / 2 if np.isclose(long, short) else np.pi
        for dx, dy in ((0.0, 0.0), (half, 0.0), (0.0, half), (half, half)):
            for step in range(DIRECTIONS):
                cos, sin = np.cos(turn * step / DIRECTIONS), np.sin(turn * step / DIRECTIONS)
                x = np.array([-long, long, long, -long, -long]) / 2
                y = np.array([-short, -short, short, short, -short]) / 2
                found.append(np.column_stack([x * cos - y * sin + dx, x * sin + y * cos - dy]))
    return np.array(found)


def _seeds(cells: Array, grid: Grid, preference: Array, request: Request) -> Array:
    """Cell centres (n, 2) deep enough inside to carry the narrowest plot, best first, thinned to a number."""
    depth = ndimage.distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1] * grid.cell_m
    narrowest = min(request.minimum_width_m, float(np.sqrt(request.area_m2)))
    row, column = np.nonzero(depth + grid.cell_m / 2 >= narrowest / 2)
    worth = preference[row, column]
    order = _thinned(np.lexsort((column, row, -worth)), row, column, SEEDS)
    return np.column_stack([grid.x[column[order]], grid.y[row[order]]])


def _thinned(order: Array, row: Array, column: Array, limit: int) -> Array:
    """Best cell of each block of cells, blocks as small as keep the number under the limit; in the order given."""
    step = 1
    while len(order) > limit:
        step += 1
        block = (row[order] // step) * (int(column.max()) // step + 1) + column[order] // step
        first = np.unique(block, return_index=True)[1]
        if len(first) <= limit:
            order = order[np.sort(first)]
    return order


class _Layouts:
    """Rectangles on seeds, made when they are asked for: most seeds are never looked at."""

    def __init__(
        self, land: Any, seeds: Array, request: Request, cell_m: float, free: Callable[[Array], Array] | None
    ) -> None:
        self.land, self.seeds, self.request, self.free = land, seeds, request, free
        self.shapes = _shapes(request, cell_m)
        self.plots: dict[int, Any] = {}
        shapely.prepare(land)

    def at(self, numbers: Array) -> list[Any]:
        """Most compact rectangle that fits on each seed, None where none does."""
        todo = [int(n) for n in numbers if int(n) not in self.plots]
        if todo:
            corners = self.seeds[todo][:, None, None, :] + self.shapes[None, :, :, :]
            tried = shapely.polygons(np.round(corners.reshape(-1, 5, 2), 3))
            fits = shapely.covers(self.land, tried)
            if self.free is not None and fits.any():
                fits[fits] = self.free(tried[fits])
            fits = fits.reshape(len(todo), -1)
            first = np.argmax(fits, axis=1)
            for i, number in enumerate(todo):
                self.plots[number] = tried[i * fits.shape[1] + first[i]] if fits[i, first[i]] else None
        return [self.plots[int(n)] for n in numbers]

    def spread(self) -> list[Any]:
        """Take plots best first; a wide distance between them at first, halved down to the asked one until there are enough."""
        chosen: list[Any] = []
        if len(self.seeds) == 0 or len(self.shapes) == 0:
            return chosen
        extent = np.ptp(self.seeds, axis=0)
        wide = float(np.hypot(*extent)) / self.request.count
        distances = [self.request.spacing_m]
        while distances[0] * 2 <= wide and self.request.spacing_m > 0:
            distances.insert(0, distances[0] * 2)
        points = shapely.points(self.seeds)
        nearest = np.full(len(points), np.inf)  # from each seed to the plots taken: the plot around it is nearer still
        hopeless = np.zeros(len(points), dtype=bool)
        for distance in distances:
            skipped = np.zeros(len(points), dtype=bool)
            while len(chosen) < self.request.count:
                batch = np.flatnonzero((nearest >= distance) & ~hopeless & ~skipped)[:BATCH]
                if len(batch) == 0:
                    break
                for number, plot in zip(batch, self.at(batch), strict=True):
                    if plot is None:
                        hopeless[number] = True
                        continue
                    gap = min((plot.distance(other) for other in chosen), default=np.inf)
                    if gap < distance or gap <= 0:
                        skipped[number] = True
                        continue
                    chosen.append(plot)
                    nearest = np.minimum(nearest, shapely.distance(points, plot))
                    if len(chosen) == self.request.count:
                        return chosen
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
    seeds = shapely.points(grid.x[columns[order]], grid.y[rows[order]])
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
    around = shapely.buffer(np.array(plots, dtype=object), max(spacing_m, 1e-6) * 1.0001, quad_segs=16)
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
