"""Land use: what the ground is used for, by slope, water, villages and height; codes of the land-use map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio import features
from scipy import ndimage

from siteplan.layers.illustrative.noise import enlarge, fractal
from siteplan.layers.illustrative.shapes import bend, clip, outlines, tiles

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.grid import Grid
    from siteplan.layers.illustrative.terrain import Terrain

Array = np.ndarray[Any, Any]

CELL_M = 120.0
CODES = (
    "RSX", "RPH", "RDD", "RSN", "NCS", "DCS", "BCS", "CLN", "HNK", "LUK", "LUC", "NTS", "ONT", "ODT", "NTD", "TMD",
    "SKS", "SKK", "SKN",
)  # fmt: skip
_NUMBER = {code: index + 1 for index, code in enumerate(CODES)}
_SIEVE_CELLS = 3
_SMOOTHING_M = 80.0


@dataclass(frozen=True)
class Land:
    """Present land use.

    Parameters
    ----------
    land_use
        ``land_use`` codes on polygons that cover the province without the defence land.
    defence
        Defence land (``land_use`` = ``CQP``), a layer of its own because it is restricted.
    codes
        Numbers into :data:`CODES` (from 1) on `grid`, before vectors were cut out.
    grid
        Grid of `codes`.
    """

    land_use: gpd.GeoDataFrame
    defence: gpd.GeoDataFrame
    codes: Array
    grid: Grid


def _distance(grid: Grid, geometries: Any) -> Array:
    burnt = grid.burn(geometries, touched=True)
    result: Array = (ndimage.distance_transform_edt(burnt == 0) * grid.cell_m).astype(np.float32)
    return result


def classify(
    facts: Facts,
    terrain: Terrain,
    water: Any,
    settlements: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    towns: Any,
    communes: Any,
) -> tuple[Array, Grid]:
    """Give every cell of a 120 m grid a land-use number."""
    rng = facts.rng("land")
    grid = terrain.grid.at(CELL_M)
    shape = grid.shape
    height = terrain.height_m.reshape(shape[0], 4, shape[1], 4).mean(axis=(1, 3))
    dy, dx = np.gradient(height, np.float32(CELL_M))
    slope = np.hypot(dx, dy) * 100
    above = height - enlarge(terrain.floor_m, shape, order=1)
    broad = fractal(shape, rng, longest=9000 / CELL_M, slope=2.0)
    patch = fractal(shape, rng, longest=1800 / CELL_M, slope=1.5)
    speck = fractal(shape, rng, longest=900 / CELL_M, slope=1.2)
    to_water = _distance(grid, water.waterways.geometry.to_numpy())
    villages = settlements.geometry.to_numpy()
    to_village = _distance(grid, villages)
    main = roads[roads["road_class"].isin(["national", "provincial", "commune"])]
    to_road = _distance(grid, main.geometry.to_numpy())
    codes = np.full(shape, _NUMBER["RSX"], dtype=np.int16)

    def give(code: str, where: Array) -> None:
        codes[where] = _NUMBER[code]

    karst = np.zeros(shape, dtype=np.float32)
    x, y = grid.mesh()
    for entry in facts.terrain["karst"]:
        squared = ((x - entry["x"]) ** 2 + (y - entry["y"]) ** 2) / float(entry["radius_m"]) ** 2
        np.maximum(karst, np.exp(-squared / 2), out=karst)
    give("RSN", (broad > 0.9) & (to_village > 1700) & (slope > 15))
    give("RPH", (slope + 5 * patch + 4 * broad > 31) & (above > 40) | (height + 60 * broad > 820))
    give("DCS", (patch > 1.75) & (slope > 10) & (slope < 40) & (broad < 0.4))
    give("NCS", (karst > 0.35) & (slope + 4 * speck > 40))
    near = to_village < 1500 + 400 * broad
    give("CLN", near & (slope > 6) & (slope < 27) & (patch > 0.15))
    give("HNK", (near | (to_road < 500)) & (slope < 17) & (speck > 0.1))
    flat = (slope < 8.5 + speck) & (above < 45)
    give("HNK", flat & (to_village < 2600))
    give("LUK", flat & (to_water < 900 + 200 * patch) & (to_village < 2600))
    give("LUC", flat & (slope < 6.0 + speck) & (to_water < 620 + 150 * patch) & (to_village < 2200 + 300 * patch))
    give("BCS", flat & (speck > 1.35) & (patch > 0.2))
    give("NTS", flat & (patch < -2.0) & (to_water < 500))
    for entry in facts.terrain["reserves"]:
        away = np.hypot(x - entry["x"], y - entry["y"])
        give(
            "RDD",
            (away < float(entry["radius_m"]) * (1 + 0.14 * broad + 0.08 * patch)) & (slope > 7) & (to_village > 450),
        )
    people = settlements["population"].to_numpy(float)
    radius = np.sqrt(people * 190.0 / np.pi)
    homes = grid.burn(shapely.buffer(villages, radius * 1.1)) == 1
    give("ONT", homes & (speck + 0.4 * patch > -0.75) & (slope < 24) | (to_village < 90))
    town = grid.burn(towns) == 1
    give("ODT", town & (slope < 15) & (to_road < 260 + 130 * speck) & (above < 60))
    give("TMD", town & (codes == _NUMBER["ODT"]) & (speck > 1.5))
    graves = (to_village > 350) & (to_village < 800) & (slope > 5) & (slope < 22) & (rng.random(shape) < 0.004)
    give("NTD", graves)
    for entry in facts.terrain.get("mines", []):
        away = np.hypot(x - entry["x"], y - entry["y"])
        give("SKS", away < float(entry["radius_m"]) * (1 + 0.2 * patch))
    for entry in facts.terrain["no_land"]:
        own = grid.burn([communes.loc[communes["code"] == entry["commune"], "geometry"].iloc[0]]) == 1
        give("RPH", own)
    codes = features.sieve(codes, _SIEVE_CELLS, connectivity=4)
    return codes, grid


def make_land(
    facts: Facts,
    codes: Array,
    grid: Grid,
    outline: Any,
    water: Any,
    facilities: gpd.GeoDataFrame,
    projects: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
) -> Land:
    """Draw the polygons of the land-use map and cut in what is known as vectors: water, plots, industry, defence."""
    mask = grid.burn([shapely.buffer(outline, 250)]) == 1
    polygons, values = outlines(codes, grid, mask)
    polygons = bend(polygons, grid, facts.rng("land edges"), wave_m=420.0, push_m=30.0)
    polygons = shapely.coverage_simplify(polygons, _SMOOTHING_M)
    names = np.array(CODES)[values - 1]
    polygons = clip(polygons, outline)
    parks = projects[projects["land_use"].notna()] if "land_use" in projects.columns else projects.iloc[:0]
    defence = _defence(facts, outline, projects.crs)
    empty = {entry["commune"] for entry in facts.terrain["no_land"]}
    doomed = communes.loc[communes["code"].isin(empty)].geometry.to_numpy()
    cutters: list[Any] = []
    labels: list[str] = []
    taken: Any = shapely.Polygon()
    groups = (
        (["CQP"] * len(defence), defence.geometry.to_numpy()),
        (["TSC"] * len(facilities), facilities.geometry.to_numpy()),
        (
            ["SON" if kind == "river" else "MNC" for kind in water.areas["water_class"]],
            water.areas.geometry.to_numpy(),
        ),
        (["RPH"] * len(doomed), doomed),
        (list(parks["land_use"]), parks.geometry.to_numpy()),
    )
    for group, shapes in groups:
        free = shapely.difference(shapes, taken) if not taken.is_empty else shapes
        cutters += list(free)
        labels += group
        taken = shapely.union_all([taken, *free])
    pieces = tiles(np.array(cutters, dtype=object))
    rest = _cut(polygons, pieces)
    geometry = np.concatenate([rest, np.array(cutters, dtype=object)])
    frame = gpd.GeoDataFrame(
        {"land_use": np.concatenate([names, np.array(labels)])}, geometry=gpd.GeoSeries(geometry, crs=projects.crs)
    )
    frame = frame[~frame.geometry.is_empty & (frame["land_use"] != "CQP")].explode(ignore_index=True)
    frame = frame[(frame.geom_type == "Polygon") & (frame.geometry.area > 0.01)].reset_index(drop=True)
    return Land(frame, defence, codes, grid)


def _cut(polygons: Array, cutters: Array) -> Array:
    tree = shapely.STRtree(cutters)
    hit, by = tree.query(polygons, predicate="intersects")
    out = polygons.copy()
    order = np.argsort(hit, kind="stable")
    hit, by = hit[order], by[order]
    for index, group in zip(np.unique(hit), np.split(by, np.flatnonzero(np.diff(hit)) + 1), strict=True):
        out[index] = shapely.difference(polygons[index], shapely.union_all(cutters[group]))
    return out


def _defence(facts: Facts, outline: Any, crs: Any) -> gpd.GeoDataFrame:
    rng = facts.rng("defence")
    shapes = []
    for entry in facts.terrain["defence"]:
        x, y = facts.anchor_xy(entry["unit"])
        angle = rng.uniform(0, 2 * np.pi)
        side = np.sqrt(float(entry["area_ha"]) * 1e4)
        centre = np.array([x + 1900 * np.cos(angle), y + 1900 * np.sin(angle)])
        corners = np.array([[-1, -1], [1, -0.8], [0.9, 1], [-1.1, 0.9]]) * side / 2 + centre
        shapes.append(shapely.intersection(shapely.Polygon(np.round(corners, 2)), outline))
    return gpd.GeoDataFrame({"land_use": ["CQP"] * len(shapes)}, geometry=gpd.GeoSeries(shapes, crs=crs))
