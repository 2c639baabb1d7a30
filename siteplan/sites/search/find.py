"""Candidate plots of the asked area, found in the eligible land of a commune.

Rectangles beside roads come first: their front lies along the corridor of the road, turned with it. Then rectangles on
seed cells, turned along the slope where it is known, else to several directions, kept where they lie wholly inside the
eligible cells. Where fewer are found than asked, free shapes are grown on what is left
(:mod:`siteplan.sites.search.free_shapes`), of the land itself where it is known exactly: cells are taken by their
centres, and narrow land that runs across them is narrower in cells than it is. Plots are taken best first, far apart in
the beginning, closer until there are enough. Nothing is drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from scipy import ndimage

from siteplan.sites.eligibility import cell_polygons
from siteplan.sites.grid import Grid
from siteplan.sites.pieces import large_pieces
from siteplan.sites.search.free_shapes import AREA_TOLERANCE, free_shapes
from siteplan.sites.search.layouts import Figures, Layouts, Request, Test
from siteplan.sites.search.roadside import Roadside

__all__ = ["AREA_TOLERANCE", "Guides", "Request", "find_plots"]

Array = np.ndarray[Any, Any]

SEEDS = 6000  # seed cells that are kept
DRAWN_IN_M = 0.01  # land on which free shapes are grown, from the edge of what is excluded
DRAWN_IN_CELLS = 0.75  # a rectangle beside a road, drawn in by so much, lies in eligible cells


@dataclass(frozen=True)
class Guides:
    """What turns plots: the lie of the ground and the roads beside which they may lie.

    Parameters
    ----------
    along
        Returns the direction along the slope under each cell, radians; NaN where the ground is level or unknown. It
        may return None, and is only called where it is needed.
    roadside
        Places beside roads; None: there are none.
    firm
        Cells on which a plot beside a road may lie as far as only cells tell, e.g. not too steep: corridors and land
        are left to `free`, exactly. None: the eligible cells.
    gentle
        Cells of the window that the terrain does not take, outside the commune too. None: the eligible cells.
    frontage
        Edge along roads of an array of polygons, metres.
    """

    along: Callable[[], Array | None] | None = None
    roadside: Roadside | None = None
    firm: Array | None = None
    gentle: Array | None = None
    frontage: Callable[[Array], Array] | None = None


def find_plots(
    cells: Array,
    grid: Grid,
    preference: Array,
    request: Request,
    *,
    free: Test | None = None,
    excluded: Callable[[Any], Any] | None = None,
    guides: Guides | None = None,
    taken: Sequence[Any] = (),
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
        Area, width, spacing, number, frontage.
    free
        Tells for an array of polygons which of them are free of everything that excludes, exactly; cells are excluded
        by their centres only. None: what lies in eligible cells is free.
    excluded
        Returns the part of a polygon that is excluded, exactly; used where plots of free shape are cut.
    guides
        What turns plots; None: nothing.
    taken
        Plots that are there already; the new ones keep their distance from them too.

    Returns
    -------
    list of Polygon
        Best first; valid, each within 1 % of the area, disjoint and `spacing_m` apart. They lie inside the eligible
        cells, those beside roads (only sought with `free`) in what `free` and the guides leave exactly, those of free
        shape in what `excluded` and the guides leave. Empty where nothing fits.
    """
    guides = guides or Guides()
    least = request.area_m2 * (1 - AREA_TOLERANCE)
    if request.area_m2 <= 0 or request.count <= 0 or not request.possible or not cells.any():
        return []
    chosen = _beside_roads(cells, grid, preference, request, free, guides, taken)
    if len(chosen) < request.count:
        usable = large_pieces(cells, least / grid.cell_m**2)
        chosen += _on_seeds(usable, grid, preference, _fewer(request, len(chosen)), free, guides, [*taken, *chosen])
    if len(chosen) < request.count:
        land = _land(cells, grid, least, excluded, guides)
        wanted = _fewer(request, len(chosen))
        chosen += free_shapes(cells, grid, preference, wanted, land, [*taken, *chosen], free, guides.frontage)
    return chosen


def _fewer(request: Request, found: int) -> Request:
    return replace(request, count=request.count - found)


def _on_seeds(
    usable: Array,
    grid: Grid,
    preference: Array,
    request: Request,
    free: Test | None,
    guides: Guides,
    taken: Sequence[Any],
) -> list[Any]:
    """Find rectangles around seed cells that lie wholly in usable cells."""
    if not usable.any():
        return []
    seeds, along = _seeds(usable, grid, preference, request, guides.along() if guides.along is not None else None)
    layouts = Layouts(
        Figures.around(seeds[:, 0], seeds[:, 1], along, request),
        lambda figures: figures.inside(usable, grid),
        [free] if free is not None else [],
    )
    return layouts.spread(request, taken)


def _land(cells: Array, grid: Grid, least_m2: float, excluded: Callable[[Any], Any] | None, guides: Guides) -> Any:
    """Land in and beside eligible cells: exactly what is not excluded, where that is known, else the cells."""
    if excluded is None:
        return cell_polygons(large_pieces(cells, least_m2 / grid.cell_m**2), grid)
    beside = ndimage.binary_dilation(cells, np.ones((3, 3), dtype=bool))
    beside &= cells if guides.gentle is None else guides.gentle
    land = cell_polygons(large_pieces(beside, least_m2 / grid.cell_m**2), grid)
    if land.is_empty:
        return land
    # drawn in by more than is rounded off when a plot is written: no plot oversteps what it is cut at
    return shapely.buffer(shapely.difference(land, excluded(land)), -DRAWN_IN_M, join_style="mitre")


def _beside_roads(
    cells: Array,
    grid: Grid,
    preference: Array,
    request: Request,
    free: Test | None,
    guides: Guides,
    taken: Sequence[Any],
) -> list[Any]:
    """Find plots with a front on a road; `free` holds their edges, which knows corridors exactly and not by cells."""
    if guides.roadside is None or free is None or guides.frontage is None or request.frontage_m <= 0:
        return []
    firm = cells if guides.firm is None else guides.firm
    figures = guides.roadside.figures(request, cells, grid, preference)
    fronts = guides.frontage

    def fits(own: Figures) -> Array:
        inner = own.shrunk(DRAWN_IN_CELLS * grid.cell_m)
        return inner.inside(cells, grid) & own.inside(firm, grid)

    tests: list[Test] = [free, lambda tried: fronts(tried) >= request.frontage_m]
    return Layouts(figures, fits, tests).spread(request, taken)


def _seeds(cells: Array, grid: Grid, preference: Array, request: Request, along: Array | None) -> tuple[Array, Array]:
    """Cell centres (n, 2) deep enough inside to carry the narrowest plot, best first, thinned; direction of each."""
    depth = ndimage.distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1] * grid.cell_m
    narrowest = min(request.minimum_width_m, float(np.sqrt(request.area_m2)))
    row, column = np.nonzero(_best_of_blocks(depth + grid.cell_m / 2 >= narrowest / 2, preference, SEEDS))
    order = np.argsort(-preference[row, column], kind="stable")
    row, column = row[order], column[order]
    turned = np.full(len(row), np.nan) if along is None else along[row, column]
    return np.column_stack([grid.x[column], grid.y[row]]), turned


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
