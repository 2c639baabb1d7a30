"""Rectangles laid on places: which lie wholly in eligible cells, and which are taken, best first and far apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]
Test = Callable[[Array], Array]  # tells for an array of polygons which of them hold

PROPORTIONS = (1.0, 1.5, 2.0, 3.0)  # long side to short side
DIRECTIONS = 8  # turns within 90 degrees for the square, 180 for the others
BATCH = 8  # places that are looked at in one go, after a first look at the very best
FIRST_BATCH = 2


def wide_enough(area_m2: float, width_m: float) -> bool:
    """Whether the square of an area is as wide as asked."""
    return bool(np.sqrt(area_m2) >= width_m * (1 - 1e-9))


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
    frontage_m
        Edge that a plot beside a road has along it at least; 0: roads guide nothing.
    """

    area_m2: float
    minimum_width_m: float
    spacing_m: float
    count: int
    frontage_m: float = 0.0

    @property
    def possible(self) -> bool:
        """Whether a plot of the area can be as wide as asked: the square is the widest."""
        return wide_enough(self.area_m2, self.minimum_width_m)

    @property
    def proportions(self) -> tuple[float, ...]:
        """Proportions whose short side is wide enough; the square always."""
        return tuple(
            p for p in PROPORTIONS if p == 1.0 or float(np.sqrt(self.area_m2 / p)) >= self.minimum_width_m
        )  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """Rectangles around places, those to be preferred first.

    Parameters
    ----------
    x, y
        Middles, places by figures, metres.
    cos, sin
        Unit vectors of the long sides, places by figures.
    half_long, half_short
        Half sides of each figure, metres.
    """

    x: Array
    y: Array
    cos: Array
    sin: Array
    half_long: Array
    half_short: Array

    @classmethod
    def around(cls, x: Array, y: Array, along: Array, request: Request) -> Figures:
        """Compact rectangles first, each turned along a direction of its place first (radians, NaN: none)."""
        sides, angles = [], []
        for proportion in request.proportions:
            short = float(np.sqrt(request.area_m2 / proportion))
            turn = np.pi / 2 if proportion == 1.0 else np.pi
            steps = turn * np.arange(DIRECTIONS) / DIRECTIONS
            turned = np.where(np.isnan(along), 0.0, along)
            angles.append(np.column_stack([turned, np.broadcast_to(steps, (len(x), DIRECTIONS))]))
            sides += [(request.area_m2 / short / 2, short / 2)] * (1 + DIRECTIONS)
        angle = np.concatenate(angles, axis=1)
        half_long, half_short = np.array(sides).T
        shape = angle.shape
        return cls(
            np.broadcast_to(x[:, None], shape),
            np.broadcast_to(y[:, None], shape),
            np.cos(angle),
            np.sin(angle),
            half_long,
            half_short,
        )

    def shrunk(self, by_m: float) -> Figures:
        """Return the rectangles with every side drawn in."""
        half_long, half_short = (np.maximum(half - by_m, 1.0) for half in (self.half_long, self.half_short))
        return Figures(self.x, self.y, self.cos, self.sin, half_long, half_short)

    def of(self, rows: Array) -> Figures:
        """Return the rectangles of some places."""
        x, y, cos, sin = (values[rows] for values in (self.x, self.y, self.cos, self.sin))
        return Figures(x, y, cos, sin, self.half_long, self.half_short)

    def polygons(self, chosen: Array) -> Array:
        """Polygons of the chosen rectangles (places by figures), to the millimetre; None elsewhere."""
        out = np.full(chosen.shape, None, dtype=object)
        place, figure = np.nonzero(chosen)
        cos, sin = self.cos[place, figure], self.sin[place, figure]
        along = np.stack([cos, sin], axis=-1) * self.half_long[figure, None]
        across = np.stack([-sin, cos], axis=-1) * self.half_short[figure, None]
        ring = np.stack([-along - across, along - across, along + across, across - along, -along - across], axis=1)
        middle = np.stack([self.x[place, figure], self.y[place, figure]], axis=-1)
        out[place, figure] = shapely.polygons(np.round(middle[:, None, :] + ring, 3))
        return out

    def inside(self, cells: Array, grid: Grid) -> Array:
        """Tell which rectangles touch no cell but those of `cells`, exactly, by separating axes.

        A cell and a rectangle are apart if they are apart on one of the four directions of their sides; the window's
        own two are held by the box of cells that is looked at.
        """
        slack = grid.cell_m / 2 - 1e-6
        extent_x = self.half_long * np.abs(self.cos) + self.half_short * np.abs(self.sin)
        extent_y = self.half_long * np.abs(self.sin) + self.half_short * np.abs(self.cos)
        x, y = self.x[:, 0], self.y[:, 0]
        widest = max((extent_x + np.abs(self.x - x[:, None])).max(), (extent_y + np.abs(self.y - y[:, None])).max())
        reach = int(np.ceil(widest / grid.cell_m)) + 1
        step = np.arange(-reach, reach + 1)
        row, column = grid.cells_of(x, y)
        rows, columns = row[:, None] + step, column[:, None] + step
        seen = cells[np.clip(rows, 0, grid.rows - 1)[:, :, None], np.clip(columns, 0, grid.columns - 1)[:, None, :]]
        held = ((rows >= 0) & (rows < grid.rows))[:, :, None] & ((columns >= 0) & (columns < grid.columns))[:, None, :]
        place, i, j = np.nonzero(~(seen & held))
        dx = (grid.west + (columns[place, j] + 0.5) * grid.cell_m)[:, None] - self.x[place]
        dy = (grid.north - (rows[place, i] + 0.5) * grid.cell_m)[:, None] - self.y[place]
        cos, sin = self.cos[place], self.sin[place]
        meets = (np.abs(dx) < extent_x[place] + slack) & (np.abs(dy) < extent_y[place] + slack)
        turned = slack * (np.abs(cos) + np.abs(sin))
        meets &= np.abs(dx * cos + dy * sin) < self.half_long + turned
        meets &= np.abs(dy * cos - dx * sin) < self.half_short + turned
        hits = np.zeros(self.x.shape, dtype=bool)
        np.logical_or.at(hits, place, meets)
        return ~hits


class Layouts:
    """Rectangles on places, made when they are asked for: most places are never looked at.

    Parameters
    ----------
    figures
        Rectangles of every place, places best first.
    fits
        Tells which rectangles of some places hold, by the cells.
    tests
        Exact tests, asked one after another; a place whose first rectangle fails tries its others.
    """

    def __init__(self, figures: Figures, fits: Callable[[Figures], Array], tests: Sequence[Test]) -> None:
        self.figures, self.fits, self.tests = figures, fits, tests
        self.middles = np.column_stack([figures.x[:, 0], figures.y[:, 0]]) if len(figures.x) else np.empty((0, 2))
        self.plots: dict[int, Any] = {}

    def at(self, numbers: Array) -> list[Any]:
        """Return the first rectangle that holds on each place, None where none does."""
        todo = np.array([n for n in numbers if int(n) not in self.plots], dtype=np.int64)
        if len(todo):
            own = self.figures.of(todo)
            fits = self.fits(own)
            tried = own.polygons(fits)
            if fits.any():
                for test in self.tests:
                    self._keep(tried, fits, test)
            first = np.argmax(fits, axis=1)
            for i, number in enumerate(todo):
                self.plots[int(number)] = tried[i, first[i]] if fits[i, first[i]] else None
        return [self.plots[int(n)] for n in numbers]

    @staticmethod
    def _keep(tried: Array, fits: Array, test: Test) -> None:
        """Clear in `fits` what fails; the shapes after the first are looked at only where the first fails."""
        places = np.flatnonzero(fits.any(axis=1))
        if len(places) == 0:
            return
        first = np.argmax(fits, axis=1)[places]
        fits[places, first] = test(tried[places, first])
        others = np.zeros(fits.shape, dtype=bool)
        blocked = places[~fits[places, first]]
        others[blocked] = fits[blocked]
        if others.any():
            fits[others] = test(tried[others])

    def spread(self, request: Request, taken: Sequence[Any]) -> list[Any]:
        """Take plots best first; a wide distance between them at first, halved down to the asked one until enough.

        Parameters
        ----------
        request
            Number and spacing.
        taken
            Plots that are there already and keep their distance too.

        Returns
        -------
        list of Polygon
            The new ones, at most `request.count`.
        """
        chosen: list[Any] = []
        if len(self.middles) == 0:
            return chosen
        wide = float(np.hypot(*np.ptp(self.middles, axis=0))) / max(request.count, 1)
        distances = [request.spacing_m]
        while distances[0] * 2 <= wide and request.spacing_m > 0:
            distances.insert(0, distances[0] * 2)
        # from each place to the middle of the plots taken: two plots are nearer to one another by at least a short side
        least = 2 * float(self.figures.half_short.min())
        nearest = np.full(len(self.middles), np.inf)
        for plot in taken:
            nearest = np.minimum(nearest, self._away(shapely.get_coordinates(shapely.centroid(plot))[0]))
        hopeless = np.zeros(len(self.middles), dtype=bool)
        for distance in distances:
            passed = hopeless.copy()
            size = FIRST_BATCH
            while len(chosen) < request.count:
                batch = np.flatnonzero((nearest >= distance + least) & ~passed)[:size]
                if len(batch) == 0:
                    break
                size = BATCH
                for number, plot in zip(batch, self.at(batch), strict=True):
                    passed[number] = True
                    if plot is None:
                        hopeless[number] = True
                        continue
                    others = [*taken, *chosen]
                    gap = float(shapely.distance(plot, others).min()) if others else float("inf")
                    if gap < distance or gap <= 0:
                        continue
                    chosen.append(plot)
                    nearest = np.minimum(nearest, self._away(self.middles[number]))
                    size = FIRST_BATCH
                    break
        return chosen

    def _away(self, middle: Array) -> Array:
        away = self.middles - middle
        return np.asarray(np.hypot(away[:, 0], away[:, 1]))
