"""What is wrong with grids beside communes: terrain that is coarse, short or holed, people in another unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from scipy import ndimage

from siteplan.errors import Problem
from siteplan.layers.coverage import NOTHING_PERCENT, grid_share_percent
from siteplan.layers.listing import place_of, together
from siteplan.raster import COARSE_TERRAIN_M

if TYPE_CHECKING:
    from siteplan.layers.read import LayerSet
    from siteplan.raster import Raster

# a grid that covers a commune to this share covers it: the rim is cut by whole cells
WHOLE_PERCENT = 99.9
# a count of people this many times the published one, or less than its inverse, is in another unit
OTHER_UNIT = 2.0
SAME = 1.5  # so near must a unit that is guessed bring it


def check_grids(layers: LayerSet) -> list[Problem]:
    """Return what is wrong with the terrain and the population grid; only terrain without any height is an error."""
    return [*_terrain(layers), *_people(layers)]


def _terrain(layers: LayerSet) -> list[Problem]:
    raster, communes = layers.raster("dem"), layers.table("communes")
    if raster is None:
        return []
    where = place_of(layers.catalog, "dem")
    problems: list[Problem] = []
    if raster.source_resolution_m > COARSE_TERRAIN_M:
        params = {"resolution_m": raster.source_resolution_m, "limit_m": COARSE_TERRAIN_M}
        problems.append(Problem("terrain_coarse", "warning", params=params, **where))
    if len(communes):
        percent = grid_share_percent(raster, communes)
        if not (percent > NOTHING_PERCENT).any():
            return [*problems, Problem("terrain_empty", **where)]
        short = np.flatnonzero(percent < WHOLE_PERCENT)
        features = [
            f"{communes['code'].iloc[i]} {communes['name'].iloc[i]} ({_below_100(percent[i])} %)" for i in short
        ]
        problems += together("terrain_incomplete", "warning", features, **where)
        problems += _holes(raster, communes, where)
    return problems


def _below_100(percent: float) -> str:
    """Share that is not whole; rounding does not make it whole."""
    return f"{percent:.0f}" if percent < 99.5 else f"{percent:.1f}"


def _holes(raster: Raster, communes: gpd.GeoDataFrame, where: dict[str, Any]) -> list[Problem]:
    """Cells without a height that cells with one enclose, by commune."""
    empty = ~np.isfinite(raster.values)
    if not empty.any():
        return []
    holes = ndimage.binary_fill_holes(~empty) & empty
    row, column = np.nonzero(holes)
    if len(row) == 0:
        return []
    x = raster.transform.c + (column + 0.5) * raster.transform.a
    y = raster.transform.f + (row + 0.5) * raster.transform.e
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=communes.crs)
    inside = gpd.sjoin(points, communes[["code", "name", "geometry"]], predicate="within")
    cell_ha = abs(raster.transform.a * raster.transform.e) / 10_000
    area = inside.groupby(["code", "name"]).size().mul(cell_ha).sort_values(ascending=False)
    features = [f"{code} {name} ({hectares:.1f} ha)" for (code, name), hectares in area.items()]
    return together("terrain_holes", "warning", features, **where)


def _people(layers: LayerSet) -> list[Problem]:
    """Hold the people of the grid in all communes against those published: a density has another sum."""
    facts, communes = layers.table("commune_facts"), layers.table("communes")
    if not layers.has("population"):
        return []
    points = layers.population_points()
    if not len(points):
        return [Problem("population_zero", "warning", **place_of(layers.catalog, "population"))]
    if not len(facts) or not len(communes):
        return []
    published = communes["code"].map(facts.set_index("code")["population"]).astype(float)
    known = communes.loc[published > 0, ["code", "geometry"]]
    stated = float(published[published > 0].sum())
    if stated <= 0:
        return []
    held = gpd.sjoin(points, known, predicate="within")
    counted = float(held["population"].sum())
    where = place_of(layers.catalog, "population")
    if counted > 0 and 1 / OTHER_UNIT < counted / stated < OTHER_UNIT:
        return []
    params = {"counted": round(counted), "stated": round(stated)}
    unit = _unit(counted, stated, _cell_m2(layers))
    key = "population_unit" if unit is None else f"population_unit_{unit}"
    return [Problem(key, "warning", value=f"{counted:.0f}", params=params, **where)]


def _cell_m2(layers: LayerSet) -> float:
    raster = layers.raster("population")
    return float("nan") if raster is None else raster.source_resolution_m**2


def _unit(counted: float, stated: float, cell_m2: float) -> str | None:
    """Find the unit in which the sum would be right: people per km², per hectare, thousands; None where none is."""
    factors = {"km2": cell_m2 / 1e6, "ha": cell_m2 / 1e4, "thousands": 1e3}
    off = {unit: abs(math.log(counted * factor / stated)) for unit, factor in factors.items() if counted > 0}
    nearest = min(off, key=lambda unit: off[unit], default=None)
    return nearest if nearest is not None and off[nearest] < math.log(SAME) else None
