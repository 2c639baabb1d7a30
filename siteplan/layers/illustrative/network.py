"""Networks: roads that look for gentle ground, the railway, power lines.

A road is the cheapest way over a lattice whose cost grows with the square of the slope; ground that already carries a
road is cheaper, so that roads share valleys and meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from siteplan.layers.illustrative.drainage import lattice, reach
from siteplan.layers.illustrative.shapes import round_line

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.grid import Grid
    from siteplan.layers.illustrative.terrain import Terrain

Array = np.ndarray[Any, Any]
Edge = tuple[int, int]

_CELL_M = 300.0
_WIDTHS = {"commune": 5.5, "local": 3.5}
_BRIDGE_SIDE_M = 25.0


@dataclass(frozen=True)
class Networks:
    """Roads, railways and power lines."""

    roads: gpd.GeoDataFrame
    railways: gpd.GeoDataFrame
    power_lines: gpd.GeoDataFrame


class _Lattice:
    """Cells, their cost and where they lie; remembers what has been built."""

    def __init__(self, grid: Grid, cost: Array, rng: np.random.Generator) -> None:
        self.grid = grid
        self.cost = cost
        x, y = grid.mesh()
        # nodes off the lattice points: ways over a lattice look ruled otherwise
        self.x = x + rng.uniform(-95, 95, x.shape)
        self.y = y + rng.uniform(-95, 95, y.shape)
        self.built = np.zeros(grid.shape, dtype=bool)
        self.edges: dict[Edge, int] = {}

    def node(self, x: float, y: float) -> tuple[int, int]:
        row, column = self.grid.cell(x, y)
        return int(row), int(column)

    def way(self, start: tuple[int, int], stop: tuple[int, int], cost: Array) -> list[tuple[int, int]]:
        """Cheapest way between two cells, within a window around them."""
        pad = 14
        r0, r1 = max(min(start[0], stop[0]) - pad, 0), min(max(start[0], stop[0]) + pad + 1, cost.shape[0])
        c0, c1 = max(min(start[1], stop[1]) - pad, 0), min(max(start[1], stop[1]) + pad + 1, cost.shape[1])
        window = cost[r0:r1, c0:c1]
        width = c1 - c0
        source = (start[0] - r0) * width + start[1] - c0
        target = (stop[0] - r0) * width + stop[1] - c0
        _, before = dijkstra(lattice(window), directed=False, indices=source, return_predecessors=True)
        path = [target]
        while path[-1] != source and before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return [(cell // width + r0, cell % width + c0) for cell in reversed(path)]

    def build(self, path: list[tuple[int, int]], line: int) -> None:
        """Lay a line along cells; ground that an earlier line uses stays with that line."""
        columns = self.grid.shape[1]
        flat = [r * columns + c for r, c in path]
        for a, b in pairwise(flat):
            self.edges.setdefault((min(a, b), max(a, b)), line)
        for r, c in path:
            self.built[r, c] = True

    def chains(self) -> list[tuple[int, Array]]:
        """Lines as coordinate arrays, cut where they meet or change their name."""
        around: dict[int, list[tuple[int, int]]] = {}
        for (a, b), line in sorted(self.edges.items()):
            around.setdefault(a, []).append((b, line))
            around.setdefault(b, []).append((a, line))
        ends = {n for n, edges in around.items() if len(edges) != 2 or edges[0][1] != edges[1][1]}
        done: set[Edge] = set()
        out = []
        for start in sorted(ends) + sorted(set(around) - ends):
            for following, line in around[start]:
                if (min(start, following), max(start, following)) in done:
                    continue
                path = [start, following]
                done.add((min(start, following), max(start, following)))
                while path[-1] not in ends and path[-1] != start:
                    step = next(n for n, _ in around[path[-1]] if n != path[-2])
                    done.add((min(path[-1], step), max(path[-1], step)))
                    path.append(step)
                cells = np.asarray(path)
                out.append((line, np.column_stack([self.x.ravel()[cells], self.y.ravel()[cells]])))
        return out


def _ground_cost(terrain: Terrain, grid: Grid, water: Any, outline: Any) -> Array:
    slope = terrain.slope_percent.reshape(grid.shape[0], 2, grid.shape[1], 2).mean(axis=(1, 3))
    cost = 1.0 + (slope / 7.0) ** 2
    wet = grid.burn(water.areas.geometry.to_numpy(), touched=True) == 1
    cost[wet] += 6.0
    lakes = water.areas[water.areas["water_class"] == "reservoir"].geometry.to_numpy()
    cost[grid.burn(lakes, touched=True) == 1] += 200.0
    cost[grid.burn([shapely.buffer(outline, -400)]) == 0] += 40.0
    result: Array = cost.astype(np.float32)
    return result


def make_networks(
    facts: Facts, terrain: Terrain, water: Any, settlements: gpd.GeoDataFrame, outline: Any, epsg: int
) -> Networks:
    """Build roads of all classes, railways and power lines inside the province."""
    rng = facts.rng("network")
    grid = terrain.rough_grid.at(_CELL_M)
    cost = _ground_cost(terrain, grid, water, outline)
    lines: list[dict[str, Any]] = []
    net = _Lattice(grid, cost, rng)
    fast = _Lattice(grid, np.sqrt(cost) * 2.0, rng)
    for entry in facts.roads["lines"]:
        lines.append(entry)
        chosen = fast if entry["road_class"] == "expressway" else net
        _lay(chosen, facts, entry["via"], len(lines) - 1, share=0.55)
    units = [net.node(x, y) for x, y in facts.headquarters[["x", "y"]].to_numpy(float)]
    _join(net, units, lines, {"name": None, "road_class": "commune", "width_m": _WIDTHS["commune"]})
    villages = [net.node(x, y) for x, y in settlements[["x", "y"]].to_numpy(float)]
    _join(net, villages, lines, {"name": None, "road_class": "local", "width_m": _WIDTHS["local"]})
    found = net.chains() + fast.chains()
    shapes = [shapely.LineString(np.round(round_line(points, 2), 2)) for _, points in found]
    frame = gpd.GeoDataFrame(
        {
            "road_class": [lines[i]["road_class"] for i, _ in found],
            "name": [lines[i]["name"] for i, _ in found],
            "width_m": [float(lines[i]["width_m"]) for i, _ in found],
        },
        geometry=gpd.GeoSeries(shapes, crs=f"EPSG:{epsg}"),
    )
    frame = _bridges(_clipped(frame, outline), water)
    rails = _Lattice(grid, cost, rng)
    for number, entry in enumerate(facts.roads["railways"]):
        _lay(rails, facts, entry["via"], number, share=0.6)
    tracks = rails.chains()
    railways = gpd.GeoDataFrame(
        {
            "railway_class": [facts.roads["railways"][i]["railway_class"] for i, _ in tracks],
            "name": [facts.roads["railways"][i]["name"] for i, _ in tracks],
        },
        geometry=gpd.GeoSeries(
            [shapely.LineString(np.round(round_line(p, 3), 2)) for _, p in tracks], crs=f"EPSG:{epsg}"
        ),
    )
    return Networks(frame, _clipped(railways, outline), _power(facts, outline, rng, epsg))


def _lay(net: _Lattice, facts: Facts, via: list[str], line: int, share: float) -> None:
    for start, stop in pairwise(via):
        cost = np.where(net.built, net.cost * np.float32(share), net.cost)
        path = net.way(net.node(*facts.unit_xy(start)), net.node(*facts.unit_xy(stop)), cost)
        net.build(path, line)


def _join(net: _Lattice, places: list[tuple[int, int]], lines: list[dict[str, Any]], kind: dict[str, Any]) -> None:
    """Bring every place to the nearest road, by ground."""
    columns = net.grid.shape[1]
    following, _ = reach(net.cost, np.flatnonzero(net.built))
    lines.append(kind)
    for row, column in places:
        cell = row * columns + column
        path = [(row, column)]
        while not net.built[path[-1]]:
            cell = int(following[cell])
            path.append((cell // columns, cell % columns))
        net.build(path, len(lines) - 1)


def _clipped(frame: gpd.GeoDataFrame, outline: Any) -> gpd.GeoDataFrame:
    inner = shapely.simplify(shapely.buffer(outline, 300, quad_segs=2), 40)
    shapely.prepare(inner)
    inside = shapely.covers(inner, frame.geometry.to_numpy())
    parts = frame.geometry.to_numpy().copy()
    parts[~inside] = shapely.intersection(parts[~inside], inner)
    frame = frame.set_geometry(gpd.GeoSeries(parts, index=frame.index, crs=frame.crs))
    frame = frame[~frame.geometry.is_empty].explode(ignore_index=True)
    return frame[frame.geom_type == "LineString"].reset_index(drop=True)


def _bridges(frame: gpd.GeoDataFrame, water: Any) -> gpd.GeoDataFrame:
    """Cut roads where they cross a river bed: that part is a bridge."""
    beds = shapely.buffer(water.areas.geometry.to_numpy(), _BRIDGE_SIDE_M, quad_segs=2)
    wet = shapely.union_all(beds)
    tree = shapely.STRtree(beds)
    lines = frame.geometry.to_numpy()
    hit = np.unique(tree.query(lines, predicate="intersects")[0])
    hit = hit[(frame["road_class"].to_numpy()[hit] != "local")]
    over = shapely.intersection(lines[hit], wet)
    dry = shapely.difference(lines[hit], wet)
    crossing = frame.iloc[hit].set_geometry(gpd.GeoSeries(over, index=frame.index[hit], crs=frame.crs))
    rest = frame.iloc[hit].set_geometry(gpd.GeoSeries(dry, index=frame.index[hit], crs=frame.crs))
    frame = frame.drop(index=frame.index[hit])
    frame["is_bridge"], crossing["is_bridge"], rest["is_bridge"] = False, True, False
    joined = gpd.GeoDataFrame(pd.concat([frame, crossing, rest], ignore_index=True), crs=frame.crs)
    joined = joined[~joined.geometry.is_empty].explode(ignore_index=True)
    # a road that follows a bank for long is on no bridge
    joined.loc[joined["is_bridge"] & (joined.geometry.length > 450), "is_bridge"] = False
    return joined[joined.geom_type == "LineString"].reset_index(drop=True)


def _power(facts: Facts, outline: Any, rng: np.random.Generator, epsg: int) -> gpd.GeoDataFrame:
    lines = []
    for entry in facts.roads["power_lines"]:
        points = np.array([facts.unit_xy(code) for code in entry["via"]])
        points = points + rng.choice([-1.0, 1.0], (len(points), 2)) * rng.uniform(450, 800, (len(points), 2))
        middle = (points[:-1] + points[1:]) / 2 + rng.normal(0, 500, (len(points) - 1, 2))
        every = np.empty((2 * len(points) - 1, 2))
        every[0::2], every[1::2] = points, middle
        lines.append(shapely.LineString(np.round(every, 2)))
    frame = gpd.GeoDataFrame(
        {
            "voltage_kv": [float(entry["voltage_kv"]) for entry in facts.roads["power_lines"]],
            "name": [entry["name"] for entry in facts.roads["power_lines"]],
        },
        geometry=gpd.GeoSeries(lines, crs=f"EPSG:{epsg}"),
    )
    return _clipped(frame, outline)
