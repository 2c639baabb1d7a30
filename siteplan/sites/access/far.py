"""Times to far places, the provincial capital and the border gates, over the roads of the whole province.

One grid of 90 m for the province: points of roads are joined by the true length of the roads, by motorbike and by
car; roads that run through one cell and share no corner meet there as on the slowest class. From a plot to the nearest
road that leads there one walks straight, as on level ground and over no river or water area.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from siteplan.sites.access.least_cost import LeastCost
from siteplan.sites.access.surface import reverse_graph, waters
from siteplan.sites.access.ways import METRES_PER_KM_MINUTE, Ways, ways_of
from siteplan.sites.columns import Columns, unknown
from siteplan.sites.grid import Grid
from siteplan.sites.layer import of_class
from siteplan.sites.terrain import walking_speed_kmh

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.sites.access.shores import Shores
    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

FAR_CELL_M = 90.0
MARGIN_M = 5000.0
NEAREST, MOST = (8, 64), 512  # points of roads that are looked at for one with no water before it, and at most
GATE_REACH_M = 3000.0  # a gate is where the best road comes nearest to the border, if it comes so near
NO_GATE = "none"  # `gate_class` of a commune without a gate
MODES = {"motorbike": "speed_kmh", "car": "car_kmh"}
COLUMNS = ("capital_minutes", "capital_car_minutes", "gate_minutes", "gate_car_minutes")


@dataclass(frozen=True)
class FarPlaces:
    """Points of the province's roads with the minutes from each to the capital and to the nearest gate.

    Parameters
    ----------
    places
        Points of roads by mode, rows of easting and northing.
    minutes
        By column of :data:`COLUMNS`; infinite where there is no way.
    waters
        Roles waterways and water_areas, as far as they are known.
    """

    places: Mapping[str, Array]
    minutes: Mapping[str, Array]
    waters: Mapping[str, Layer] = field(default_factory=dict)
    _trees: dict[tuple[str, bytes], KDTree] = field(default_factory=dict)  # made once per process

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_trees": {}}

    def columns(self, geometries: Array) -> Columns:
        """Minutes of each site, left at its centroid, by column; NaN where there is no way or no such place."""
        out = unknown(COLUMNS, len(geometries))
        centres = shapely.get_coordinates(shapely.centroid(geometries))
        speed = float(walking_speed_kmh(0.0)) * METRES_PER_KM_MINUTE
        near: dict[tuple[str, bytes], tuple[Array, Array]] = {}
        for column in COLUMNS:
            mode = "car" if "car" in column else "motorbike"
            if mode not in self.places or column not in self.minutes or len(geometries) == 0:
                continue
            # roads that lead nowhere, as maps have them where a link is not drawn, are no way
            leads = np.isfinite(self.minutes[column])
            key = mode, leads.tobytes()
            if leads.any() and key not in near:
                if key not in self._trees:
                    self._trees[key] = KDTree(self.places[mode][leads])
                near[key] = self._nearest(self._trees[key], centres)
            if key in near:
                point, away = near[key]
                found = np.flatnonzero(point >= 0)
                out[column][found] = self.minutes[column][leads][point[found]] + away[found] / speed
        return out

    def _nearest(self, tree: KDTree, centres: Array) -> tuple[Array, Array]:
        """Point of a tree nearest to each centre with no water between, -1 without any, and how far it is."""
        point, away = np.full(len(centres), -1, dtype=np.int64), np.full(len(centres), np.nan)
        rest, most = np.arange(len(centres)), min(MOST, tree.n)
        for asked in (1, *NEAREST, most):
            if asked > most or len(rest) == 0:
                continue
            distance, nearest = (np.reshape(a, (len(rest), asked)) for a in tree.query(centres[rest], k=asked))
            water = _over_water(np.repeat(centres[rest], asked, axis=0), tree.data[nearest.ravel()], self.waters)
            free = ~water.reshape(distance.shape)
            has, first = free.any(axis=1), np.argmax(free, axis=1)
            row = np.flatnonzero(has)
            point[rest[row]], away[rest[row]] = nearest[row, first[row]], distance[row, first[row]]
            rest = rest[~has]
        return point, away


def _over_water(start: Array, end: Array, waters: Mapping[str, Layer]) -> Array:
    """Whether a river or a water area lies on the straight way between places, rows of easting and northing.

    A water area that a way begins in does not: a plot there stands at no bank.
    """
    ways: Array = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)))
    out = np.zeros(len(ways), dtype=bool)
    for role, layer in waters.items():
        if len(layer):
            way, row = layer.tree.query(ways, predicate="intersects")
            if role == "waterways":
                way = way[layer.texts("waterway_class")[row] == "river"]
            else:
                way = way[~shapely.intersects_xy(layer.geometries[row], *start[way].T)]
            out[way] = True
    return out


def border_gates(communes: gpd.GeoDataFrame, layers: Mapping[str, Layer], speeds: pd.DataFrame) -> Array:
    """Points of the border gates, rows of easting and northing.

    Those of the layer ``border_gates`` that have a class. Without that layer, where the best road of each commune with
    a gate comes nearest to the border: of a main class, then the nearest. A commune whose roads all end farther off
    has no point then.
    """
    gates, roads, border = (layers.get(role) for role in ("border_gates", "roads", "border"))
    if gates is not None and len(gates):
        classes = gates.texts("gate_class")
        known = np.array([isinstance(c, str) and c not in ("", NO_GATE) for c in classes], dtype=bool)
        return np.asarray(shapely.get_coordinates(gates.geometries[known]))
    found: list[tuple[float, float]] = []
    if roads is None or border is None or not len(roads) or not len(border) or "gate_class" not in communes.columns:
        return np.empty((0, 2))
    line = shapely.union_all(border.geometries)
    shapely.prepare(line)
    main = of_class(roads, speeds, "main")
    open_ = (of_class(roads, speeds, "speed_kmh") > 0) | (of_class(roads, speeds, "car_kmh") > 0)
    for commune in communes.loc[communes["gate_class"].fillna(NO_GATE) != NO_GATE].geometry:
        if not shapely.dwithin(line, commune, GATE_REACH_M):
            continue
        own = shapely.intersection(line, shapely.buffer(commune, GATE_REACH_M))
        if own.is_empty:
            continue
        rows = np.sort(roads.tree.query(commune, predicate="dwithin", distance=GATE_REACH_M))
        shapely.prepare(own)
        rows = rows[open_[rows]]
        rows = rows[shapely.dwithin(own, roads.geometries[rows], GATE_REACH_M)]
        if len(rows) == 0:
            continue
        distance = shapely.distance(roads.geometries[rows], own)
        best = rows[np.lexsort((rows, distance, -np.nan_to_num(main[rows])))[0]]
        point = shapely.get_point(shapely.shortest_line(roads.geometries[best], own), 0)
        found.append((float(point.x), float(point.y)))
    return np.array(found).reshape(-1, 2)


def far_places(
    communes: gpd.GeoDataFrame,
    layers: Mapping[str, Layer],
    speeds: pd.DataFrame,
    capital: tuple[float, float] | None,
) -> FarPlaces:
    """Search the roads of the province once per mode and place; a place that is not known has no times."""
    roads = layers.get("roads")
    places: dict[str, Array] = {}
    minutes: dict[str, Array] = {}
    if roads is None or not len(roads):
        return FarPlaces(places, minutes)
    gates = border_gates(communes, layers, speeds)
    goals_of = {"capital": np.array([] if capital is None else [capital]), "gate": gates}
    if not any(map(len, goals_of.values())):
        return FarPlaces(places, minutes)
    grid = Grid.around(tuple(communes.total_bounds), FAR_CELL_M, MARGIN_M)
    shores = waters(layers, grid)[0]
    for mode, speed in MODES.items():
        ways = ways_of(roads, grid, speeds, speed)
        if len(ways) == 0:
            continue
        kmh = speeds[speed].astype(float)
        point, meeting, minutes_between = _meetings(ways, shores, float(kmh[kmh > 0].min()))
        source = np.concatenate([ways.start, ways.end, point, meeting])
        target = np.concatenate([ways.end, ways.start, meeting, point])
        cost = np.concatenate([ways.minutes, ways.minutes, minutes_between, minutes_between])
        count = max(len(ways), int(meeting.max(initial=0)) + 1)
        towards = LeastCost(reverse_graph(source, target, cost, count))
        places[mode] = np.column_stack([ways.x, ways.y])
        tree, suffix = KDTree(places[mode]), "car_minutes" if mode == "car" else "minutes"
        for name, points in goals_of.items():
            if len(points):
                goals = np.unique(tree.query(points)[1])
                minutes[f"{name}_{suffix}"] = towards.from_nearest(goals)[: len(ways)]
    known = {role: layers[role] for role in ("waterways", "water_areas") if role in layers}
    return FarPlaces(places, minutes, known)


def _meetings(ways: Ways, shores: Shores, kmh: float) -> tuple[Array, Array, Array]:
    """Places where roads of one cell meet, numbered behind the points: point, place, minutes over the cell's centre."""
    grid = shores.grid
    place, count = np.unique(ways.cell, return_inverse=True, return_counts=True)[1:]
    point = np.flatnonzero(count[place] > 1)
    row, column = np.divmod(ways.cell[point], grid.columns)
    x, y = grid.x[column], grid.y[row]
    own = ~shores.part(ways.x[point], ways.y[point], x, y)
    away = np.hypot(ways.x[point] - x, ways.y[point] - y)[own]
    return point[own], len(ways) + place[point[own]], away / (kmh * METRES_PER_KM_MINUTE)
