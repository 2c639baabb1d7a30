"""Water: rivers, streams along the valleys, lakes that lie level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from siteplan.layers.illustrative.grid import Grid
from siteplan.layers.illustrative.shapes import bend, round_line, tiles

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.terrain import Terrain

Array = np.ndarray[Any, Any]

# a stream begins where some 2 km² drain
_STREAM_CELLS = 90
_LAKE_CLEARANCE_M = 1100.0
_BEYOND_M = 600.0


@dataclass(frozen=True)
class Water:
    """Waterways (lines), water areas (polygons: lakes and the beds of the rivers)."""

    waterways: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame

    @cached_property
    def pieces(self) -> Array:
        """The water areas cut into tiles, for asking what lies on them."""
        return tiles(self.areas.geometry.to_numpy())


def chains(receiver: Array, chosen: Array) -> list[list[int]]:
    """Follow chosen cells downstream and cut where streams meet.

    Parameters
    ----------
    receiver
        Flat index of the next cell.
    chosen
        Mask of the cells that carry a stream, flat.
    """
    cells = np.flatnonzero(chosen & (receiver != np.arange(receiver.size)))
    donors = np.bincount(receiver[cells], minlength=receiver.size)
    starts = cells[(donors[cells] == 0) | (donors[cells] > 1)]
    out = []
    for start in starts:
        chain = [int(start)]
        while True:
            following = int(receiver[chain[-1]])
            if following == chain[-1]:
                break
            chain.append(following)
            if not chosen[following] or donors[following] > 1:
                break
        if len(chain) > 1:
            out.append(chain)
    return out


def _blob(centre: tuple[float, float], area_m2: float, rng: np.random.Generator) -> shapely.Polygon:
    """Shape a lake: a bent ellipse with bays, of the given area."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = np.ones(90)
    for wave in (2, 3, 4, 5, 7):
        radius += rng.normal(0, 0.30 / wave**0.6) * np.cos(wave * angle + rng.uniform(0, 6.28))
    radius = np.clip(radius, 0.35, None)
    turn = rng.uniform(0, np.pi)
    x, y = radius * np.cos(angle) * 1.5, radius * np.sin(angle) * 0.75
    points = np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    polygon: Any = shapely.make_valid(shapely.Polygon(points))
    if polygon.geom_type != "Polygon":
        polygon = max(shapely.get_parts(polygon), key=shapely.area)
    scale = np.sqrt(area_m2 / polygon.area)
    moved: shapely.Polygon = shapely.transform(polygon, lambda p: np.round(p * scale + np.asarray(centre), 2))
    return moved


def make_lakes(facts: Facts, height: Array, grid: Grid, floor: Array, rough: Grid) -> list[Any]:
    """Place the lakes in hollows near their seeds; the ground below and beside them (`height`) is levelled in place.

    Returns
    -------
    list
        Polygons in the order of the seeds.
    """
    rng = facts.rng("lakes")
    known: Any = shapely.points(facts.spots["x"], facts.spots["y"])
    spots = shapely.STRtree(known)
    x, y = rough.mesh()
    ground = grid.value(height, x, y) if height.shape != rough.shape else height
    polygons = []
    for entry in facts.terrain["lakes"]:
        area = float(entry["area_ha"]) * 1e4
        near = np.hypot(x - entry["x"], y - entry["y"]) < 2200
        rows, columns = np.nonzero(near)
        points: Any = shapely.points(x[rows, columns], y[rows, columns])
        away = spots.query_nearest(points, return_distance=True, all_matches=False)[1]
        free = away > _LAKE_CLEARANCE_M + np.sqrt(area)
        score = (ground - floor)[rows, columns] + np.where(free, 0, 1e4) - np.minimum(away, 4000) * 0.004
        best = int(score.argmin())
        lake = _blob((float(points[best].x), float(points[best].y)), area, rng)
        polygons.append(lake)
        _level(height, grid, lake)
    return polygons


def _level(height: Array, grid: Grid, lake: shapely.Polygon) -> None:
    west, south, east, north = shapely.bounds(shapely.buffer(lake, 500))
    (r0, c0), (r1, c1) = ((int(v[0]), int(v[1])) for v in (grid.cell(west, north), grid.cell(east, south)))
    window = height[r0:r1, c0:c1]
    part = Grid(grid.west + c0 * grid.cell_m, grid.north - r0 * grid.cell_m, grid.cell_m, window.shape)
    x, y = part.mesh()
    outside = shapely.distance(lake, shapely.points(x, y)).astype(np.float32)
    level = np.float32(np.quantile(window[outside == 0], 0.25))
    banks = level + 0.5 + outside * 0.22
    window[:] = np.where(
        outside == 0, level, np.where(window > level, np.minimum(window, np.maximum(banks, level)), window)
    )


def make_water(facts: Facts, terrain: Terrain, lakes: list[Any], outline: Any, epsg: int) -> Water:
    """Draw rivers, streams and lakes inside the province (and a little beyond)."""
    rng = facts.rng("water")
    rough = terrain.rough_grid
    cx, cy = rough.centres()
    lines, classes, names, functions = [], [], [], []
    beds, bed_names = [], []
    for river in facts.terrain["rivers"]:
        line = shapely.LineString(np.round(round_line(terrain.rivers[river["name"]], 2), 2))
        lines.append(line)
        classes.append("river")
        names.append(river["name"])
        functions.append(river.get("function"))
        beds.append(shapely.buffer(line, float(river["width_m"]) / 2, quad_segs=3))
        bed_names.append(river["name"])
    area = terrain.drainage.area
    flat = chains(terrain.drainage.receiver, area > _STREAM_CELLS)
    columns = rough.shape[1]
    for chain in flat:
        cells = np.asarray(chain)
        points = np.column_stack([cx[cells % columns], cy[cells // columns]])
        lines.append(shapely.LineString(np.round(round_line(points, 2), 2)))
    lines += [shapely.LineString(np.round(round_line(path, 3), 2)) for path in terrain.trunk_lines]
    streams = len(lines) - len(classes)
    # brooks over a lattice look ruled
    brooks = bend(
        shapely.segmentize(np.array(lines[-streams:], dtype=object), 70.0), rough, rng, wave_m=450.0, push_m=24.0
    )
    lines[-streams:] = list(brooks)
    classes += ["stream"] * streams
    names += [None] * streams
    functions += list(rng.choice(np.array([None, "bank", "pollution"], dtype=object), streams, p=[0.8, 0.15, 0.05]))
    near = shapely.buffer(outline, _BEYOND_M, quad_segs=2)
    clipped = shapely.intersection(np.array(lines, dtype=object), shapely.simplify(near, 50))
    frame = gpd.GeoDataFrame(
        {"waterway_class": classes, "name": names, "water_function": functions},
        geometry=gpd.GeoSeries(clipped, crs=f"EPSG:{epsg}"),
    )
    frame = frame[~frame.geometry.is_empty & (frame.geometry.length > 1)].explode(ignore_index=True)
    frame = frame[frame.geom_type == "LineString"].reset_index(drop=True)
    still = np.array(lakes, dtype=object)
    flowing = shapely.intersection(np.array(beds, dtype=object), outline)
    taken = shapely.union_all(still)
    cleaned = []
    for bed in flowing:
        rest = shapely.difference(bed, taken, grid_size=0.01)
        cleaned.append(rest)
        taken = shapely.union(taken, bed)
    wet = gpd.GeoDataFrame(
        {
            "water_class": ["river"] * len(cleaned) + ["reservoir"] * len(lakes),
            "name": bed_names + [entry["name"] for entry in facts.terrain["lakes"]],
        },
        geometry=gpd.GeoSeries([*cleaned, *shapely.intersection(still, outline)], crs=f"EPSG:{epsg}"),
    )
    wet = wet[~wet.geometry.is_empty].explode(ignore_index=True)
    wet = wet[wet.geom_type == "Polygon"].reset_index(drop=True)
    return Water(frame, wet)
