"""Travel time of a commune's people to its sites: least cost over roads by class and on foot over the terrain.

The ground is a graph of cells (60 m): neighbours are joined by walking at Tobler's speed for the slope between them,
roads join the cells they run through by their true length at the speed of their class (``rules/speeds.csv``). Nobody
walks over rivers (the line class "river") and water areas, however narrow: no step is taken that would cross one; a
road across is its bridge. Streams can be crossed. People walk as far as the scenario's margin over the boundary and
ride 5 km beyond it: a way round through a neighbour is on a road.
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

from siteplan.sites.grid import Grid, fill
from siteplan.sites.layer import Layer, of_class
from siteplan.sites.least_cost import LeastCost
from siteplan.sites.terrain import walking_speed_kmh

if TYPE_CHECKING:
    from siteplan.raster import Raster

Array = np.ndarray[Any, Any]

ACCESS_CELL_M = 60.0
ROAD_REACH_M = 5000.0  # how far over the boundary roads lead
TILE_CELLS = 4  # of squares of 4 by 4 cells a search takes a tenth less than of rows; of 8 or 16 it gains half of that
METRES_PER_KM_MINUTE = 1000.0 / 60.0  # metres in a minute at 1 km/h

ON_CENTRE = 1e-9  # cells: a line so near to a centre goes through it

_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
_STEPS = (*_NEIGHBOURS, *((-down, -right) for down, right in _NEIGHBOURS))  # rows down and columns right to a cell


@dataclass(frozen=True)
class Ground:
    """The graph of one commune's surroundings, in the province's CRS; weights of edges are minutes.

    `node` has the rows and columns of the grid, -1 on cells that nobody walks; `cells` row and column of each node,
    `inside` one truth a node.
    """

    grid: Grid
    node: Array
    cells: Array
    reverse: csr_array[Any]  # edges turned round, so that one search from a site gives the times to it
    inside: Array  # nodes in the commune

    @cached_property
    def minutes_from(self) -> LeastCost:
        """Minutes from a node to the others."""
        return LeastCost(self.reverse.T.tocsr())

    @cached_property
    def minutes_to(self) -> LeastCost:
        """Minutes to a node from the others."""
        return LeastCost(self.reverse)

    def place(self, node: int) -> tuple[float, float]:
        """Centre of the cell of a node."""
        row, column = self.cells[node]
        return float(self.grid.x[column]), float(self.grid.y[row])

    def nodes_at(self, x: Array, y: Array) -> Array:
        """Nodes of the walkable cells nearest to eastings and northings; places beyond the grid stand at its edge."""
        row, column = self.grid.cells_of(x, y)
        row, column = np.clip(row, 0, self.grid.rows - 1), np.clip(column, 0, self.grid.columns - 1)
        found = self.node[row, column]
        if (found < 0).any():
            found = self._nearest[row, column]
        return np.asarray(found)

    @cached_property
    def _nearest(self) -> Array:
        """Node of the nearest walkable cell of each cell."""
        rows, columns = ndimage.distance_transform_edt(self.node < 0, return_distances=False, return_indices=True)
        return np.asarray(self.node[rows, columns])


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
    barrier, shores = np.zeros(grid.shape, dtype=bool), []
    water = layers.get("water_areas")
    if water is not None and len(water):
        areas = water.geometries[water.near(grid.bounds)]
        barrier |= fill(areas, grid)
        shores.append(shapely.boundary(areas))
    rivers = layers.get("waterways")
    if rivers is not None and len(rivers):
        rows = rivers.near(grid.bounds)
        shores.append(rivers.geometries[rows[rivers.texts("waterway_class")[rows] == "river"]])
    crossed, on_shore = _crossed(np.concatenate([*shores, []]), grid)
    barrier |= on_shore
    ways = ways_of(layers.get("roads"), grid, speeds)
    on_road = np.zeros(grid.shape, dtype=bool)
    on_road.ravel()[np.concatenate([ways[0], ways[1]])] = True
    on_road &= away_m <= max(margin_m, road_reach_m) + cell_m
    held = (walkable & ~barrier) | on_road
    if not held.any():
        held = walkable
    cell = _in_tiles(held)
    node = np.full(grid.shape, -1, dtype=np.int32)
    node.ravel()[cell] = np.arange(len(cell), dtype=np.int32)
    arriving = _on_foot(held & ~barrier, crossed, heights, cell_m)
    _by_road(arriving, ways, held)
    cells = np.column_stack(np.unravel_index(cell, grid.shape))
    return Ground(grid, node, cells, _graph(arriving, cell, node), inside.ravel()[cell])


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


def ways_of(
    roads: Layer | None, grid: Grid, speeds: pd.DataFrame, speed: str = "speed_kmh"
) -> tuple[Array, Array, Array]:
    """Return the steps between cells along roads: flat cell numbers from and to, minutes at a column of `speeds`.

    Roads of one speed that follow one another are one line, as often as a file may cut them: what is left of a line in
    the cell where it ends is added to its last step, so that the steps of a line are as long as the line.
    """
    none = np.array([], dtype=np.int64), np.array([], dtype=np.int64), np.array([], dtype=float)
    if roads is None or len(roads) == 0:
        return none
    lines, kmh, tree = roads.once(("ways", speed, grid.cell_m), speeds, lambda: _joined(roads, speeds, speed, grid))
    near = np.sort(tree.query(shapely.box(*grid.bounds)))
    if len(near) == 0:
        return none
    kmh = kmh[near]
    xy, line = shapely.get_coordinates(lines[near], return_index=True)
    row, column = grid.cells_of(xy[:, 0], xy[:, 1])
    inside = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    cell = np.where(inside, row * grid.columns + column, -1)
    same_line = line[1:] == line[:-1]
    length = np.hypot(np.diff(xy[:, 0]), np.diff(xy[:, 1]))
    start, end = cell[:-1][same_line], cell[1:][same_line]
    minutes = length[same_line] / (kmh[line[:-1][same_line]] * METRES_PER_KM_MINUTE)
    # within a cell the way adds up until it leaves it: carried to the next step of the same line
    step_line = line[:-1][same_line]
    total = np.cumsum(minutes)
    leaves = np.flatnonzero(start != end)
    if len(leaves) == 0:
        return none
    before = np.concatenate([[0.0], total[leaves][:-1]])
    of_line = step_line[leaves]
    first_of_line = np.concatenate([[True], of_line[1:] != of_line[:-1]])
    opening = np.concatenate([[0.0], total[:-1]])[np.searchsorted(step_line, of_line)]
    spent = total[leaves] - np.where(first_of_line, opening, before)
    last_of_line = np.concatenate([first_of_line[1:], [True]])
    closing = total[np.searchsorted(step_line, of_line, side="right") - 1]
    spent += np.where(last_of_line, closing - total[leaves], 0.0)
    use = (start[leaves] >= 0) & (end[leaves] >= 0)
    return start[leaves][use], end[leaves][use], spent[use]


def _joined(roads: Layer, speeds: pd.DataFrame, speed: str, grid: Grid) -> tuple[Array, Array, Any]:
    """Join the roads of one speed end to end where no other of that speed meets them; lines, their speeds, an index."""
    kmh = np.nan_to_num(of_class(roads, speeds, speed), nan=0.0)
    joined: list[Any] = []
    each: list[float] = []
    for one in np.unique(kmh[kmh > 0]):
        parts = shapely.get_parts(roads.geometries[kmh == one])
        lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
        joined.extend(shapely.segmentize(lines, grid.cell_m / 2))
        each.extend([float(one)] * len(lines))
    return np.array(joined, dtype=object), np.array(each), shapely.STRtree(joined)


def _crossed(lines: Array, grid: Grid) -> tuple[Array, Array]:
    """Which steps from a cell to `_NEIGHBOURS` cross a line (rows, columns, steps), and which centres lie on one.

    The steps of one direction lie end to end on parallels through the centres of cells: a line crosses the step on
    which it crosses a parallel.
    """
    steps, centres = np.zeros((*grid.shape, len(_NEIGHBOURS)), dtype=bool), np.zeros(grid.shape, dtype=bool)
    if len(lines) == 0:
        return steps, centres
    # pieces so short that none crosses two parallels of one direction
    xy, line = shapely.get_coordinates(shapely.segmentize(lines, grid.cell_m / 2), return_index=True)
    row, column = (grid.north - xy[:, 1]) / grid.cell_m - 0.5, (xy[:, 0] - grid.west) / grid.cell_m - 0.5
    same_line = line[1:] == line[:-1]
    for number, (down, right) in enumerate(_NEIGHBOURS):
        across, along = (row, column) if down == 0 else (column - right * row, row)
        parallel = np.floor(across).astype(np.int64)
        meets = np.flatnonzero((parallel[1:] != parallel[:-1]) & same_line)
        met = np.maximum(parallel[meets], parallel[meets + 1])
        share = (met - across[meets]) / (across[meets + 1] - across[meets])
        place = along[meets] + share * (along[meets + 1] - along[meets])
        for out, step in ((steps[..., number], np.floor(place)), (centres, np.rint(place))):
            at = step.astype(np.int64)
            r, c = (met, at) if down == 0 else (at, met + right * at)
            ok = (r >= 0) & (r < grid.rows) & (c >= 0) & (c < grid.columns)
            if out is centres:
                ok &= np.abs(place - step) < ON_CENTRE
            out[r[ok], c[ok]] = True
    return steps, centres


def _on_foot(open_cells: Array, crossed: Array, heights: Array, cell_m: float) -> Array:
    """Minutes in which each open cell is reached by each of the steps, at Tobler's speed; infinite where by none.

    `crossed` as of :func:`_crossed`. Unknown heights count as level.
    """
    out = np.full((*open_cells.shape, len(_STEPS)), np.inf)
    rows, columns = open_cells.shape
    for number, (down, right) in enumerate(_NEIGHBOURS):
        a = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        b = (slice(down, rows), slice(max(0, right), columns - max(0, -right)))
        both = open_cells[a] & open_cells[b] & ~crossed[a][..., number]
        distance = cell_m * float(np.hypot(down, right))
        slope = np.nan_to_num((heights[b][both] - heights[a][both]) / distance)
        for step, target, rise in ((number, b, slope), (number + len(_NEIGHBOURS), a, -slope)):
            out[..., step][target][both] = distance / (walking_speed_kmh(rise) * METRES_PER_KM_MINUTE)
    return out


def _by_road(arriving: Array, ways: tuple[Array, Array, Array], held: Array) -> None:
    """Let cells be reached along roads, both ways, where that is sooner; a step along a road leads to a neighbour."""
    start, end, minutes = ways
    use = held.ravel()[start] & held.ravel()[end]
    start, end, minutes = start[use], end[use], minutes[use]
    number = np.full((3, 3), -1)
    number[tuple(np.array(_STEPS).T + 1)] = np.arange(len(_STEPS))
    width = held.shape[1]
    for source, target in ((start, end), (end, start)):
        step = number[target // width - source // width + 1, target % width - source % width + 1]
        np.minimum.at(arriving.reshape(-1), target * len(_STEPS) + step, minutes)


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
