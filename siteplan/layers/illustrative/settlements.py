"""Settlements: villages where the ground is gentle and water near; they share the people of their commune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import ndimage
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from siteplan.layers.illustrative.boundaries import Boundaries
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.terrain import Terrain

Array = np.ndarray[Any, Any]

_PEOPLE_A_VILLAGE = 620
_SPACING_M = 480.0


def make_settlements(facts: Facts, boundaries: Boundaries, terrain: Terrain, water: Any, epsg: int) -> gpd.GeoDataFrame:
    """Place villages and share out the population.

    Returns
    -------
    GeoDataFrame
        Points with ``name``, ``population``, and for the generator's own use ``commune_code``, ``is_seat``,
        ``former_unit_code``. The population of each commune adds up to the one stated.
    """
    rng = facts.rng("settlements")
    grid = terrain.rough_grid
    polygons = boundaries.communes.geometry.to_numpy()
    inner = shapely.buffer(polygons, -250, quad_segs=2)
    home = grid.burn_values(zip(inner, range(1, len(inner) + 1), strict=True))
    wet = grid.burn(shapely.buffer(water.areas.geometry.to_numpy(), 60), touched=True)
    flow = np.ones(grid.shape, dtype=bool)
    lines = grid.burn(water.waterways.geometry.to_numpy(), touched=True)
    flow[lines == 1] = False
    near_water = ndimage.distance_transform_edt(flow) * grid.cell_m
    worth = np.exp(-terrain.slope_percent / 6.0) * np.exp(-near_water / 700.0)
    worth[(wet == 1) | (home == 0)] = 0
    usable = worth >= 1e-4
    key = np.zeros(grid.shape)
    key[usable] = rng.random(grid.shape)[usable] ** (1.0 / worth[usable])
    cx, cy = grid.centres()
    rows_out: list[dict[str, Any]] = []
    windows = ndimage.find_objects(home, len(polygons))
    for index, (code, commune) in enumerate(facts.communes.iterrows()):
        own = facts.headquarters[facts.headquarters["commune_code"] == code]
        inside = own[own["point_checked"]].drop_duplicates(["x", "y"])
        fixed = inside[["x", "y"]].to_numpy(float)
        names = [str(name).split(" ", 1)[1].removeprefix("trấn ") for name in inside["name"]]
        people = int(commune["population"])
        wanted = int(np.clip(people / _PEOPLE_A_VILLAGE, len(fixed) + 5, 48))
        window = windows[index]
        cells = np.argwhere((home[window] == index + 1) & usable[window]) + [part.start for part in window]
        order = np.argsort(-key[cells[:, 0], cells[:, 1]], kind="stable")[:4000]
        candidates = np.column_stack([cx[cells[order, 1]], cy[cells[order, 0]]])
        points = _spaced(fixed, candidates, wanted)
        weights = rng.lognormal(0, 0.55, len(points))
        seat = np.hypot(points[:, 0] - commune["seat_x"], points[:, 1] - commune["seat_y"]).argmin()
        weights[: len(fixed)] *= 2.2
        weights[seat] *= 2.5
        shares = _whole(weights / weights.sum() * people, people)
        for number, (point, share) in enumerate(zip(points, shares, strict=True)):
            known = number < len(fixed)
            rows_out.append(
                {
                    "name": names[number] if known else f"Thôn {number - len(fixed) + 1}, {commune['name']}",
                    "population": int(share),
                    "commune_code": code,
                    "is_seat": number == seat,
                    "former_unit_code": inside["code"].iloc[number] if known else None,
                    "x": round(float(point[0]), 2),
                    "y": round(float(point[1]), 2),
                }
            )
    frame = pd.DataFrame(rows_out)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["x"], frame["y"], crs=f"EPSG:{epsg}"))


def _spaced(fixed: Array, candidates: Array, wanted: int) -> Array:
    points = list(fixed)
    spacing = _SPACING_M
    tree = cKDTree(np.asarray(points)) if points else None
    if tree is not None:
        candidates = candidates[tree.query(candidates)[0] > 700.0]
    chosen: list[Array] = []
    for candidate in candidates:
        if len(points) + len(chosen) >= wanted:
            break
        if all(abs(candidate[0] - c[0]) > spacing or abs(candidate[1] - c[1]) > spacing for c in chosen):
            chosen.append(candidate)
    return np.asarray([*points, *chosen])


def _whole(shares: Array, total: int) -> Array:
    """Round shares to whole numbers that add up to the total (largest remainders)."""
    down = np.floor(shares).astype(int)
    rest = np.argsort(-(shares - down), kind="stable")[: total - int(down.sum())]
    down[rest] += 1
    return down
