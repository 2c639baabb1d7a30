"""Where the search looks first: an order of eligible cells, never an exclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from siteplan.sites import access
from siteplan.sites.context import Prepared, people_centre
from siteplan.sites.grid import Grid, fill

if TYPE_CHECKING:
    from siteplan.sites.eligibility import Eligible

Array = np.ndarray[Any, Any]

BLOCK = 3  # cells on a side from which the nearness of roads is told


def preference(prepared: Prepared, code: str, commune: Any, land: Eligible) -> Array:
    """Order eligible cells, 0..1: plain mean of land suitability, gentle slope, plans, nearness to roads and people.

    It decides where the search looks first; the sites themselves are scored by the scenario's criteria.
    """
    grid, layers = land.grid, prepared.layers
    parts = []
    use = layers.get("land_use")
    if use is not None:
        rows = use.near(grid.bounds)
        score = use.number("score")[rows]
        value = np.full(grid.shape, 0.5)
        for step in np.unique(score[~np.isnan(score)]):
            value[fill(use.geometries[rows[score == step]], grid)] = step
        parts.append(value)
    limit = next((r.threshold for r in prepared.rules if r.role == "dem" and r.threshold > 0), 100.0)
    parts.append(np.nan_to_num(1.0 - np.clip(land.slope_percent / limit, 0.0, 1.0), nan=0.5))
    if len(prepared.zones):
        rows = prepared.zones.near(grid.bounds)
        if len(rows):
            score = prepared.zones.number("plan_score")[rows]
            value = np.full(grid.shape, 0.7)
            for step in np.unique(score)[::-1]:
                value[fill(prepared.zones.geometries[rows[score == step]], grid)] = step
            parts.append(value)
    roads = layers.get("roads")
    if roads is not None:
        parts.append(_nearness(access.road_cells(roads, grid, prepared.rule_tables.speeds), grid, land.cells))
    centre = people_centre(prepared, code, commune)
    if centre is not None:
        distance = np.hypot(grid.x[None, :] - centre[0], grid.y[:, None] - centre[1])
        parts.append(_scaled(distance, land.cells))
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return np.asarray(total / len(parts))


def _nearness(near: Array, grid: Grid, cells: Array) -> Array:
    if not near.any():
        return np.full(grid.shape, 0.5)
    # from blocks of cells: the order of cells does not hang on less
    rows, columns = (-(-n // BLOCK) for n in near.shape)
    held = np.zeros((rows * BLOCK, columns * BLOCK), dtype=bool)
    held[: near.shape[0], : near.shape[1]] = near
    blocks = np.asarray(held.reshape(rows, BLOCK, columns, BLOCK).any(axis=(1, 3)))
    away = ndimage.distance_transform_edt(~blocks) * grid.cell_m * BLOCK
    whole = np.repeat(np.repeat(away, BLOCK, axis=0), BLOCK, axis=1)
    return _scaled(whole[: near.shape[0], : near.shape[1]], cells)


def _scaled(distance: Array, cells: Array) -> Array:
    """1 at distance 0, falling to 0 at the greatest distance of an eligible cell."""
    greatest = float(distance[cells].max()) if cells.any() else 0.0
    return np.clip(1.0 - distance / greatest, 0.0, 1.0) if greatest > 0 else np.ones(distance.shape)
