"""Times to far places, the provincial capital and the border gates, over the roads of the whole province.

One grid of 90 m for the province: roads join the cells they run through by their true length, by motorbike and by
car. From a plot to the nearest road that leads there one walks straight, as on level ground.
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
from siteplan.sites.access.surface import reverse_graph
from siteplan.sites.access.ways import METRES_PER_KM_MINUTE, ways_of
from siteplan.sites.columns import Columns, unknown
from siteplan.sites.grid import Grid
from siteplan.sites.layer import of_class
from siteplan.sites.terrain import walking_speed_kmh

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

FAR_CELL_M = 90.0
MARGIN_M = 5000.0
GATE_REACH_M = 3000.0  # a gate is where the best road comes nearest to the border, if it comes so near
NO_GATE = "none"  # `gate_class` of a commune without a gate
MODES = {"motorbike": "speed_kmh", "car": "car_kmh"}
COLUMNS = ("capital_minutes", "capital_car_minutes", "gate_minutes", "gate_car_minutes")


@dataclass(frozen=True)
class FarPlaces:
    """Road cells of the province with the minutes from each to the capital and to the nearest gate.

    Parameters
    ----------
    places
        Centres of road cells by mode, rows of easting and northing.
    minutes
        By column of :data:`COLUMNS`; infinite where there is no way.
    """

    places: Mapping[str, Array]
    minutes: Mapping[str, Array]
    _trees: dict[str, KDTree] = field(default_factory=dict)  # made once per process

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_trees": {}}

    def columns(self, geometries: Array) -> Columns:
        """Minutes of each site by column, NaN where there is no way or no such place."""
        out = unknown(COLUMNS, len(geometries))
        centres = shapely.get_coordinates(shapely.centroid(geometries))
        speed = float(walking_speed_kmh(0.0)) * METRES_PER_KM_MINUTE
        for column in COLUMNS:
            places = self.places.get("car" if "car" in column else "motorbike")
            if places is None or column not in self.minutes or len(geometries) == 0:
                continue
            # roads that lead nowhere, as maps have them where a link is not drawn, are no way
            leads = np.isfinite(self.minutes[column])
            if not leads.any():
                continue
            if column not in self._trees:
                self._trees[column] = KDTree(places[leads])
            distance, nearest = self._trees[column].query(centres)
            out[column] = self.minutes[column][leads][nearest] + distance / speed
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
    for mode, speed in MODES.items():
        ways = ways_of(roads, grid, speeds, speed)
        start, end, cost = ways.start, ways.end, ways.minutes
        cells, node = np.unique(np.concatenate([start, end]), return_inverse=True)
        if len(cells) == 0:
            continue
        source, target = node[: len(start)], node[len(start) :]
        towards = LeastCost(
            reverse_graph(
                np.concatenate([source, target]),
                np.concatenate([target, source]),
                np.concatenate([cost, cost]),
                len(cells),
            )
        )
        places[mode] = np.column_stack([grid.x[cells % grid.columns], grid.y[cells // grid.columns]])
        tree, suffix = KDTree(places[mode]), "car_minutes" if mode == "car" else "minutes"
        for name, points in goals_of.items():
            if len(points):
                goals = np.unique(tree.query(points)[1])
                minutes[f"{name}_{suffix}"] = towards.from_nearest(goals)
    return FarPlaces(places, minutes)
