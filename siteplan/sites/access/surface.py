"""Travel time of a commune's people to its sites: least cost over roads by class and on foot over the terrain.

The ground is a graph of cells (60 m) and of points of roads. Neighbouring cells are joined by walking at Tobler's
speed for the slope between them; points of a road by its true length at the speed of its class
(``rules/speeds.csv``). A road is entered from the centre of the cell that it runs through, on foot. Nobody walks over
rivers (the line class "river") and water areas, however narrow: no step is taken that would cross one; a road across
is its bridge. Streams can be crossed. People walk as far as the scenario's margin over the boundary and ride 5 km
beyond it: a way round through a neighbour is on a road.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage
from scipy.sparse import csr_array

from siteplan.sites.access.least_cost import LeastCost
from siteplan.sites.access.shores import NEIGHBOURS, Shores
from siteplan.sites.access.ways import METRES_PER_KM_MINUTE, Ways, ways_of
from siteplan.sites.grid import Grid, fill, running
from siteplan.sites.layer import Layer, of_class
from siteplan.sites.terrain import walking_speed_kmh

if TYPE_CHECKING:
    from siteplan.raster import Raster

Array = np.ndarray[Any, Any]

ACCESS_CELL_M = 60.0
ROAD_REACH_M = 5000.0  # how far over the boundary roads lead
TILE_CELLS = 4  # of squares of 4 by 4 cells a search takes a tenth less than of rows; of 8 or 16 it gains half of that

_STEPS = (*NEIGHBOURS, *((-down, -right) for down, right in NEIGHBOURS))  # rows down and columns right to a cell


@dataclass(frozen=True)
class Ground:
    """The graph of one commune's surroundings, in the province's CRS; weights of edges are minutes.

    `node` has the rows and columns of the grid, -1 on cells that nobody walks; `cells` row and column of each node,
    `inside` whether it is a cell in the commune. Behind the nodes of the cells follow those of the points of `ways`.
    """

    grid: Grid
    node: Array
    cells: Array
    reverse: csr_array[Any]  # edges turned round, so that one search from a site gives the times to it
    inside: Array  # nodes in the commune
    shores: Shores
    ways: Ways

    @cached_property
    def minutes_from(self) -> LeastCost:
        """Minutes from a node to the others."""
        return LeastCost(self.reverse.T.tocsr())

    @cached_property
    def minutes_to(self) -> LeastCost:
        """Minutes to a node from the others."""
        return LeastCost(self.reverse)

    @property
    def on_main_road(self) -> Array:
        """Nodes of the points of main roads."""
        return len(self.cells) - len(self.ways) + np.flatnonzero(self.ways.main)

    def place(self, node: int) -> tuple[float, float]:
        """Centre of the cell of a node."""
        row, column = self.cells[node]
        return float(self.grid.x[column]), float(self.grid.y[row])

    def nodes_at(self, x: Array, y: Array) -> Array:
        """Nodes nearest to eastings and northings, by cells; places beyond the grid stand at its edge."""
        row, column = self.grid.cells_of(x, y)
        row, column = np.clip(row, 0, self.grid.rows - 1), np.clip(column, 0, self.grid.columns - 1)
        found = self._placed[row, column]
        if (found < 0).any():
            found = self._nearest[row, column]
        return self._on_their_bank(np.array(found), np.asarray(x), np.asarray(y))

    def _on_their_bank(self, found: Array, x: Array, y: Array) -> Array:
        """Give places that water parts from the centre of their cell a node on their own bank, where there is one.

        So too those in cells that nobody walks: the nearest of the others may lie across.
        """
        shores, grid, ways = self.shores, self.grid, self.ways
        row, column = grid.cells_of(x, y)
        held = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
        at = np.flatnonzero(held)
        parted = shores.part(x[at], y[at], grid.x[column[at]], grid.y[row[at]])
        at = at[parted | (self.node[row[at], column[at]] < 0)]
        # a road in their cell
        order = np.argsort(ways.cell, kind="stable")
        cell, rising = row[at] * grid.columns + column[at], ways.cell[order]
        first, end = (np.searchsorted(rising, cell, side) for side in ("left", "right"))
        one, point = np.repeat(at, end - first), order[np.repeat(first, end - first) + running(end - first)]
        away = np.hypot(ways.x[point] - x[one], ways.y[point] - y[one])
        own = np.flatnonzero(~shores.part(x[one], y[one], ways.x[point], ways.y[point]))
        own = own[np.lexsort((away[own], one[own]))]
        on_road, nearest = np.unique(one[own], return_index=True)
        found[on_road] = len(self.cells) - len(ways) + point[own[nearest]]
        has = np.isin(at, on_road)
        at, best = at[~has], np.full(np.count_nonzero(~has), np.inf)
        for down, right in _STEPS:
            r, c = row[at] + down, column[at] + right
            near = np.flatnonzero((r >= 0) & (r < grid.rows) & (c >= 0) & (c < grid.columns))
            near = near[self.node[r[near], c[near]] >= 0]
            cx, cy = grid.x[c[near]], grid.y[r[near]]
            away = np.hypot(cx - x[at[near]], cy - y[at[near]])
            better = (away < best[near]) & ~shores.part(x[at[near]], y[at[near]], cx, cy)
            near = near[better]
            best[near], found[at[near]] = away[better], self.node[r[near], c[near]]
        return found

    @cached_property
    def _placed(self) -> Array:
        """Node of each cell, where nobody walks that of a road there."""
        out = self.node.copy()
        other = out.ravel()[self.ways.cell] < 0
        out.ravel()[self.ways.cell[other]] = len(self.cells) - len(self.ways) + np.flatnonzero(other)
        return out

    @cached_property
    def _nearest(self) -> Array:
        """Node of the nearest cell that has one, for each cell."""
        rows, columns = ndimage.distance_transform_edt(self._placed < 0, return_distances=False, return_indices=True)
        return np.asarray(self._placed[rows, columns])


def build_ground(
    commune: Any,
    layers: Mapping[str, Layer],
    dem: Raster | None,
    speeds: pd.DataFrame,
    margin_m: float,
    cell_m: float = ACCESS_CELL_M,
    road_reach_m: float = ROAD_REACH_M,
) -> Ground:
    """Build the graph of a commune and its surroundings.

    Parameters
    ----------
    commune
        Polygon.
    layers
        Roles roads, waterways, water_areas; each may be absent.
    dem
        Elevation; None gives flat ground.
    speeds
        ``rules/speeds.csv``; a class with speed 0 (expressways, closed to motorbikes) is no way.
    margin_m
        How far over the boundary people walk.
    cell_m
        Width of a cell.
    road_reach_m
        How far over the boundary they use roads.

    Returns
    -------
    Ground
        All geometry in the CRS of the commune, lengths in metres.
    """
    grid = Grid.around(tuple(shapely.bounds(commune)), cell_m, max(margin_m, road_reach_m))
    inside = fill(np.array([commune], dtype=object), grid)
    if not inside.any():  # an islet between the centres of cells
        point = shapely.point_on_surface(commune)
        inside[grid.cells_of(shapely.get_x(point), shapely.get_y(point))] = True
    # how far the graph reaches need not be exact: cells by their distance to the nearest cell of the commune
    away_m = ndimage.distance_transform_edt(~inside) * cell_m
    walkable = away_m <= margin_m + cell_m
    heights = grid.sample(dem) if dem is not None else np.zeros(grid.shape, dtype=np.float32)
    shores, barrier = waters(layers, grid)
    crossed, on_shore = shores.steps()
    open_cells = walkable & ~(barrier | on_shore)
    ways = ways_of(layers.get("roads"), grid, speeds, held=away_m <= max(margin_m, road_reach_m) + cell_m)
    # where nobody walks, roads that cross meet in their cell
    crossing = np.bincount(ways.cell, minlength=walkable.size).reshape(grid.shape) > 1
    held = open_cells | (crossing & ~walkable)
    if not held.any():
        held = walkable
    cell = _in_tiles(held)
    node = np.full(grid.shape, -1, dtype=np.int32)
    node.ravel()[cell] = np.arange(len(cell), dtype=np.int32)
    graph = _graph(_on_foot(open_cells, crossed, heights, cell_m), cell, node)
    if len(ways):
        graph = _with_roads(graph, ways, _entries(ways, shores, node, open_cells, heights))
    cells = np.column_stack(np.unravel_index(np.concatenate([cell, ways.cell]), grid.shape))
    within = np.append(inside.ravel()[cell], np.zeros(len(ways), dtype=bool))
    return Ground(grid, node, cells, graph, within, shores, ways)


def waters(layers: Mapping[str, Layer], grid: Grid) -> tuple[Shores, Array]:
    """Shores of rivers and water areas, and the cells whose centre lies in a water area."""
    barrier, lines = np.zeros(grid.shape, dtype=bool), []
    water = layers.get("water_areas")
    if water is not None and len(water):
        areas = water.geometries[water.near(grid.bounds)]
        barrier = fill(areas, grid)
        lines.append(shapely.boundary(areas))
    rivers = layers.get("waterways")
    if rivers is not None and len(rivers):
        rows = rivers.near(grid.bounds)
        lines.append(rivers.geometries[rows[rivers.texts("waterway_class")[rows] == "river"]])
    return Shores.of(np.concatenate([*lines, []]), grid), barrier


def _entries(
    ways: Ways, shores: Shores, node: Array, open_cells: Array, heights: Array
) -> tuple[Array, Array, Array, Array]:
    """Lead on foot from points of roads to cells and back: point, node, minutes from the road, minutes to it.

    To the centre of the cell that the road runs through; where water parts them or nobody walks there, to those of the
    cells beside it.
    """
    grid, ways_x, ways_y = shores.grid, ways.x, ways.y
    row, column = np.divmod(ways.cell, grid.columns)
    level = float(walking_speed_kmh(0.0)) * METRES_PER_KM_MINUTE
    own = node[row, column]
    at = np.flatnonzero(own >= 0)
    at = at[~shores.part(ways_x[at], ways_y[at], grid.x[column[at]], grid.y[row[at]])]
    minutes = np.hypot(grid.x[column[at]] - ways_x[at], grid.y[row[at]] - ways_y[at]) / level
    found = [(at, own[at], minutes, minutes)]
    rest = np.setdiff1d(np.arange(len(ways)), at)
    for down, right in _STEPS:
        r, c = row[rest] + down, column[rest] + right
        ok = np.flatnonzero((r >= 0) & (r < grid.rows) & (c >= 0) & (c < grid.columns))
        ok = ok[open_cells[r[ok], c[ok]]]
        ok = ok[~shores.part(ways_x[rest[ok]], ways_y[rest[ok]], grid.x[c[ok]], grid.y[r[ok]])]
        at, r, c = rest[ok], r[ok], c[ok]
        away = np.hypot(grid.x[c] - ways_x[at], grid.y[r] - ways_y[at])
        rise = np.nan_to_num((heights[r, c] - heights[row[at], column[at]]) / away)
        there, back = (away / (walking_speed_kmh(slope) * METRES_PER_KM_MINUTE) for slope in (rise, -rise))
        found.append((at, node[r, c], there, back))
    point, cell_node, there, back = (np.concatenate(part) for part in zip(*found, strict=True))
    return point, cell_node, there, back


def _with_roads(graph: csr_array[Any], ways: Ways, entries: tuple[Array, Array, Array, Array]) -> csr_array[Any]:
    """Add the points of roads behind the nodes of a graph, with the steps along roads (both ways) and those on foot."""
    cells, count = graph.shape[0], graph.shape[0] + len(ways)
    point, node, there, back = entries
    roads = reverse_graph(
        np.concatenate([ways.start + cells, ways.end + cells, point + cells, node]),
        np.concatenate([ways.end + cells, ways.start + cells, node, point + cells]),
        np.concatenate([ways.minutes, ways.minutes, there, back]),
        count,
    )
    pointer = np.append(graph.indptr, np.full(len(ways), graph.indptr[-1]))
    size, more = np.diff(pointer), np.diff(roads.indptr)
    both = np.concatenate([[0], np.cumsum(size + more)])
    walked = np.repeat(both[:-1], size) + running(size)
    ridden = np.repeat(both[:-1] + size, more) + running(more)
    target, minutes = np.empty(both[-1], dtype=np.int32), np.empty(both[-1])
    target[walked], minutes[walked] = graph.indices, graph.data
    target[ridden], minutes[ridden] = roads.indices, roads.data
    return csr_array((minutes, target, both.astype(np.int32)), shape=(count, count))


def _in_tiles(held: Array) -> Array:
    """Flat numbers of the held cells, square after square: a search finds neighbours near one another in memory."""
    down, across = (-(-size // TILE_CELLS) for size in held.shape)
    whole = np.zeros((down * TILE_CELLS, across * TILE_CELLS), dtype=bool)
    whole[: held.shape[0], : held.shape[1]] = held
    tiles = whole.reshape(down, TILE_CELLS, across, TILE_CELLS).transpose(0, 2, 1, 3)
    i, j, row, column = np.nonzero(tiles)
    return (i * TILE_CELLS + row) * held.shape[1] + j * TILE_CELLS + column


def _graph(arriving: Array, cell: Array, node: Array) -> csr_array[Any]:
    """Graph of the cells of nodes, edges turned round, from the minutes in which each cell is reached."""
    minutes = arriving.reshape(-1, len(_STEPS))[cell]
    known = np.isfinite(minutes)
    back = (cell[:, None] - np.array(_STEPS) @ (node.shape[1], 1))[known]
    pointer = np.concatenate([[0], np.cumsum(np.count_nonzero(known, axis=1))]).astype(np.int32)
    return csr_array((minutes[known], node.ravel()[back], pointer), shape=(len(known), len(known)))


def reverse_graph(source: Array, target: Array, cost: Array, count: int) -> csr_array[Any]:
    """Graph with an edge from target to source; of parallel edges, which are all kept, a search takes the cheapest.

    `source`, `target` (node numbers below `count`) and `cost` (minutes) have one value an edge.
    """
    order = np.argsort(target, kind="stable")
    pointer = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=count))])
    return csr_array((cost[order], source[order], pointer.astype(np.int32)), shape=(count, count))


def touched(lines: Array, grid: Grid) -> tuple[Array, Array]:
    """Rows and columns of the cells that lines run through; a corner of less than an eighth of a cell may be missed."""
    if len(lines) == 0:
        return np.array([], dtype=int), np.array([], dtype=int)
    xy = shapely.get_coordinates(shapely.segmentize(lines, grid.cell_m / 8))
    row, column = grid.cells_of(xy[:, 0], xy[:, 1])
    ok = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    return row[ok], column[ok]


def _on_foot(open_cells: Array, crossed: Array, heights: Array, cell_m: float) -> Array:
    """Minutes in which each open cell is reached by each of the steps, at Tobler's speed; infinite where by none.

    `crossed` as of :func:`_crossed`. Unknown heights count as level.
    """
    out = np.full((*open_cells.shape, len(_STEPS)), np.inf)
    rows, columns = open_cells.shape
    for number, (down, right) in enumerate(NEIGHBOURS):
        a = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        b = (slice(down, rows), slice(max(0, right), columns - max(0, -right)))
        both = open_cells[a] & open_cells[b] & ~crossed[a][..., number]
        distance = cell_m * float(np.hypot(down, right))
        slope = np.nan_to_num((heights[b][both] - heights[a][both]) / distance)
        for step, target, rise in ((number, b, slope), (number + len(NEIGHBOURS), a, -slope)):
            out[..., step][target][both] = distance / (walking_speed_kmh(rise) * METRES_PER_KM_MINUTE)
    return out


def travel_minutes(ground: Ground, site_x: Array, site_y: Array, from_x: Array, from_y: Array) -> Array:
    """Minutes from places to sites: rows are sites, columns places; infinite where there is no way."""
    origins = ground.nodes_at(from_x, from_y)
    goals = ground.nodes_at(site_x, site_y)
    unique, back = np.unique(goals, return_inverse=True)
    return ground.minutes_to.from_each(unique, origins)[back]


def weighted(
    times: Array, people: Array, limits_minutes: Sequence[float], of: float | None = None
) -> tuple[Array, Array, Array]:
    """Mean minutes by people, percent of people within limits, percent of people who have a way.

    Parameters
    ----------
    times
        Minutes, rows are sites, columns places; infinite where there is no way.
    people
        People of each place.
    limits_minutes
        What counts as near.
    of
        How many people are all; those given, where it is left out.

    Returns
    -------
    mean, near_percent, reached_percent
        One value a site, of `near_percent` a row a limit. The mean is over those who have a way, NaN where nobody has;
        all NaN without people.
    """
    reached = np.isfinite(times)
    total = float(people.sum()) if of is None else of
    share = (reached * people).sum(axis=1)
    minutes = np.where(reached, times, 0.0) @ people
    mean = np.divide(minutes, share, out=np.full(len(times), np.nan), where=share > 0)
    near = np.array([((times <= limit) * people).sum(axis=1) for limit in limits_minutes])
    if total <= 0:
        return np.full(len(times), np.nan), np.full(near.shape, np.nan), np.full(len(times), np.nan)
    return mean, 100.0 * near / total, 100.0 * share / total


def road_cells(roads: Layer, grid: Grid, speeds: pd.DataFrame) -> Array:
    """Mask of the grid's cells that a road with frontage (``rules/speeds.csv``) runs through."""
    rows = roads.near(grid.bounds)
    rows = rows[of_class(roads, speeds, "frontage")[rows] == 1]
    out = np.zeros(grid.shape, dtype=bool)
    out[touched(roads.geometries[rows], grid)] = True
    return out
