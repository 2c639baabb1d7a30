"""Hazards: floods beside rivers, flash floods in gullies, landslides on steep ground; marks of past floods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from scipy import ndimage

from siteplan.layers.illustrative.noise import fractal
from siteplan.layers.illustrative.shapes import bend, clip, outlines

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.terrain import Terrain

Array = np.ndarray[Any, Any]

_SOURCE = "Minh họa, sinh từ địa hình minh họa"
_LEVELS = ("low", "medium", "high", "very_high")


def make_hazards(
    facts: Facts, terrain: Terrain, water: Any, settlements: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, outline: Any
) -> gpd.GeoDataFrame:
    """Draw hazard zones with levels; zones of one kind do not overlap each other."""
    rng = facts.rng("hazards")
    grid = terrain.rough_grid
    inside = grid.burn([shapely.buffer(outline, 900)]) == 1
    noise = fractal(grid.shape, rng, longest=6000 / grid.cell_m, slope=1.8)
    patch = fractal(grid.shape, rng, longest=2500 / grid.cell_m, slope=1.6)
    slope = terrain.slope_percent
    rivers = water.waterways[water.waterways["waterway_class"] == "river"].geometry.to_numpy()
    to_river = _away(grid.burn(rivers, touched=True))
    river_m = to_river * grid.cell_m
    low = terrain.rough_m - ndimage.minimum_filter(terrain.rough_m, 9) < 9.0
    flood = np.zeros(grid.shape, dtype=np.int16)
    wet = inside & low & (noise > -0.35)
    flood[wet & (river_m < 520 + 160 * patch)] = 1
    flood[wet & (river_m < 330 + 110 * patch)] = 2
    flood[wet & (river_m < 190 + 60 * patch)] = 3
    area = terrain.drainage.area.reshape(grid.shape)
    gully = (area > 45) & (area < 900) & (ndimage.maximum_filter(slope, 5) > 26)
    flash = np.zeros(grid.shape, dtype=np.int16)
    gullies = ndimage.binary_dilation(gully & (noise > 0.35), iterations=1) & inside
    flash[gullies] = 2
    flash[gullies & (patch > 0.1)] = 3
    flash[gullies & (patch > 1.1)] = 4
    steep = ndimage.gaussian_filter(slope, 1.2)
    slide = np.zeros(grid.shape, dtype=np.int16)
    loose = inside & (noise + patch > -0.4)
    for level, percent in ((1, 21.0), (2, 26.0), (3, 32.0), (4, 40.0)):
        slide[loose & (steep > percent - 2 * patch)] = level
    slide[_doomed(facts, grid, settlements, communes, patch)] = 4
    frames = []
    for kind, levels in (("flood", flood), ("flash_flood", flash), ("landslide", slide)):
        tidy = ndimage.median_filter(levels, 3)
        polygons, values = outlines(tidy, grid, tidy > 0)
        polygons = bend(polygons, grid, facts.rng(f"{kind} edges"), wave_m=520.0, push_m=38.0)
        smooth = shapely.coverage_simplify(polygons, 95.0)
        frames.append((kind, clip(smooth, outline), values))
    geometry = np.concatenate([shapes for _, shapes, _ in frames])
    frame = gpd.GeoDataFrame(
        {
            "hazard_kind": np.concatenate([np.full(len(v), kind) for kind, _, v in frames]),
            "level": np.concatenate([np.array(_LEVELS)[v - 1] for _, _, v in frames]),
            "source": _SOURCE,
        },
        geometry=gpd.GeoSeries(geometry, crs=communes.crs),
    )
    frame = frame[~frame.geometry.is_empty].explode(ignore_index=True)
    return frame[(frame.geom_type == "Polygon") & (frame.geometry.area > 4000)].reset_index(drop=True)


def _away(mask: Array) -> Array:
    distance: Array = ndimage.distance_transform_edt(mask == 0)
    return distance


def _doomed(facts: Facts, grid: Any, settlements: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, patch: Array) -> Array:
    """Ground of the communes that are to have no eligible land: slides threaten every place people live."""
    mask = np.zeros(grid.shape, dtype=bool)
    for entry in facts.terrain["no_land"]:
        own = settlements[settlements["commune_code"] == entry["commune"]].geometry.to_numpy()
        units = facts.units[facts.units["commune_code"] == entry["commune"]]
        places = np.concatenate([own, shapely.points(units["x"], units["y"])])
        polygon = communes.loc[communes["code"] == entry["commune"], "geometry"].iloc[0]
        near = ndimage.distance_transform_edt(grid.burn(shapely.buffer(places, grid.cell_m)) == 0) * grid.cell_m
        mask |= (near < 850 + 160 * patch) & (grid.burn([polygon]) == 1)
    return mask


def make_flood_marks(facts: Facts, hazards: gpd.GeoDataFrame, terrain: Terrain) -> gpd.GeoDataFrame:
    """Mark past floods: points in flood zones with the level the water reached."""
    rng = facts.rng("flood marks")
    events = facts.terrain["flood_events"]
    zones = hazards[(hazards["hazard_kind"] == "flood") & (hazards.geometry.area > 60_000)]
    chosen = np.sort(rng.permutation(len(zones))[:70])
    points = shapely.point_on_surface(zones.geometry.to_numpy()[chosen])
    x, y = shapely.get_x(points), shapely.get_y(points)
    ground = terrain.grid.value(terrain.height_m, x, y)
    event = rng.integers(0, len(events), len(chosen))
    return gpd.GeoDataFrame(
        {
            "event": [events[i]["name"] for i in event],
            "event_date": [events[i]["date"] for i in event],
            "level_m": np.round(ground + rng.uniform(0.3, 2.6, len(chosen)), 2),
            "source": "Minh họa",
        },
        geometry=gpd.GeoSeries(shapely.points(np.round(x, 2), np.round(y, 2)), crs=hazards.crs),
    )
