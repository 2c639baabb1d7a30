"""Where the search looks first: an order of eligible cells, never an exclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from siteplan.sites.access import surface
from siteplan.sites.context import Prepared, people_centre
from siteplan.sites.grid import Grid, fill
from siteplan.sites.rules import told_slope

if TYPE_CHECKING:
    from siteplan.sites.eligibility import Eligible

Array = np.ndarray[Any, Any]

BLOCK = 3  # cells on a side from which the nearness of roads is told


def preference(prepared: Prepared, code: str, commune: Any, land: Eligible) -> Array:
    """Order eligible cells, 0..1: plain mean of land suitability, gentle slope, plans, nearness to roads and people.

    It decides where the search looks first; the sites themselves are scored by the scenario's criteria. Cells that are
    not eligible have no place in the order: 0.
    """
    grid, layers = land.grid, prepared.layers
    cells = np.flatnonzero(land.cells)
    row, column = cells // grid.columns, cells % grid.columns
    parts = []
    use = layers.get("land_use")
    if use is not None:
        rows = use.meeting(commune)
        parts.append(_scores(use.geometries[rows], use.number("score")[rows], 0.5, grid, cells))
    steep = told_slope(prepared.rules)
    limit = steep if 0 < steep < np.inf else 100.0
    parts.append(np.nan_to_num(1.0 - np.clip(land.slope_percent.ravel()[cells] / limit, 0.0, 1.0), nan=0.5))
    if len(prepared.zones) and len(prepared.zones.near(grid.bounds)):
        rows = prepared.zones.meeting(commune)
        # where zones overlap the lowest score holds
        score = prepared.zones.number("plan_score")[rows]
        parts.append(_scores(prepared.zones.geometries[rows], score, 0.7, grid, cells, falling=True))
    roads = layers.get("roads")
    if roads is not None:
        parts.append(_nearness(surface.road_cells(roads, grid, prepared.rule_tables.speeds), grid, row, column))
    centre = people_centre(prepared, code, commune)
    if centre is not None:
        parts.append(_scaled(np.hypot(grid.x[column] - centre[0], grid.y[row] - centre[1])))
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    out = np.zeros(grid.shape)
    out.ravel()[cells] = total / len(parts)
    return out


def _scores(polygons: Array, score: Array, unknown: float, grid: Grid, cells: Array, *, falling: bool = False) -> Array:
    """Score of the polygon that each cell lies in; where several lie the highest, or the lowest where it is falling."""
    value = np.full(len(cells), unknown)
    steps = np.unique(score[~np.isnan(score)])
    for step in steps[::-1] if falling else steps:
        value[fill(polygons[score == step], grid).ravel()[cells]] = step
    return value


def _nearness(near: Array, grid: Grid, row: Array, column: Array) -> Array:
    if not near.any():
        return np.full(len(row), 0.5)
    # from blocks of cells: the order of cells does not hang on less
    rows, columns = (-(-n // BLOCK) for n in near.shape)
    held = np.zeros((rows, columns), dtype=bool)
    at = np.flatnonzero(near)
    held[at // grid.columns // BLOCK, at % grid.columns // BLOCK] = True
    away = ndimage.distance_transform_edt(~held) * grid.cell_m * BLOCK
    return _scaled(away[row // BLOCK, column // BLOCK])


def _scaled(distance: Array) -> Array:
    """1 at distance 0, falling to 0 at the greatest distance."""
    greatest = float(distance.max(initial=0.0))
    return np.clip(1.0 - distance / greatest, 0.0, 1.0) if greatest > 0 else np.ones(distance.shape)
