"""Terrain: valleys through the known points, relief above them, and exactly the spot heights that are known.

The floor of the valleys is a smooth surface through all spot heights. Valley lines (rivers, and lines that join
every known point to a river) are the roots of the relief; hills are what running water leaves between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from scipy.interpolate import RBFInterpolator
from scipy.linalg import solve
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from siteplan.layers.illustrative.drainage import Drainage, carve, reach
from siteplan.layers.illustrative.grid import Grid, slope_percent
from siteplan.layers.illustrative.noise import doubled, enlarge, fractal

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts

Array = np.ndarray[Any, Any]

RELIEF_CELL_M = 150.0
_TRUNK_CELL_M = 450.0
_FLOOR_CELL_M = 1800.0
_BESIDE_M = 330.0
_FLAT_M = 260.0
_BLEND_M = 900.0


@dataclass(frozen=True)
class Terrain:
    """The ground.

    Parameters
    ----------
    height_m
        30 m terrain model.
    grid
        Its grid.
    rough_m, rough_grid
        The same ground at the cell size of the relief.
    floor_m
        Height of the valley floor below each cell of the rough grid.
    slope_percent
        Slope of the rough grid, from the fine one.
    drainage
        Water above the valley lines, on the rough grid.
    trunk
        Next cell of the valley lines on the trunk grid, flat; -1 off the lines.
    rivers
        Main rivers as coordinate arrays, by name.
    """

    height_m: Array
    grid: Grid
    rough_m: Array
    rough_grid: Grid
    floor_m: Array
    slope_percent: Array
    drainage: Drainage
    trunk_lines: list[Array]
    rivers: dict[str, Array]


def _river_course(points: Array, rng: np.random.Generator) -> Array:
    """Wind a line through waypoints: middles are pushed aside by a part of the length, four times."""
    for turn in range(5):
        start, stop = points[:-1], points[1:]
        across = np.column_stack([-(stop - start)[:, 1], (stop - start)[:, 0]])
        push = rng.normal(0, 0.13 if turn < 3 else 0.17, len(across))[:, None]
        middle = (start + stop) / 2 + across * push
        out = np.empty((len(points) + len(middle), 2))
        out[0::2], out[1::2] = points, middle
        points = out
    return points


def _beside(points: Array, rng: np.random.Generator) -> Array:
    """Points a short way beside the given ones: water passes a village, not through its office."""
    angle = rng.uniform(0, 2 * np.pi, len(points))
    return points + _BESIDE_M * np.column_stack([np.cos(angle), np.sin(angle)])


def _floor(facts: Facts, rivers: dict[str, Array], grid: Grid) -> Array:
    """Smooth surface through the spot heights and the mouths of the rivers."""
    spots = facts.spots
    points = spots[["x", "y"]].to_numpy(float)
    heights = spots["elevation_m"].to_numpy(float)
    for river in facts.terrain["rivers"]:
        points = np.vstack([points, rivers[river["name"]][-1:]])
        heights = np.append(heights, float(river["end_elevation_m"]))
    surface = RBFInterpolator(points / 1000, heights, kernel="linear", smoothing=0.02)
    # mountains belong to the ground that valleys are cut into
    top = facts.terrain["highest"]
    blocks = facts.terrain["massifs"]
    peaks = np.array([[entry["x"], entry["y"]] for entry in [top, *blocks]])
    raised = surface(peaks / 1000) + np.array([0.0, *[float(entry["height_m"]) for entry in blocks]])
    raised[0] = 0.84 * float(top["elevation_m"])
    surface = RBFInterpolator(
        np.vstack([points, peaks]) / 1000, np.append(heights, raised), kernel="linear", smoothing=0.02
    )
    coarse = grid.at(_FLOOR_CELL_M)
    x, y = coarse.mesh()
    field = surface(np.column_stack([x.ravel(), y.ravel()]) / 1000).reshape(coarse.shape)
    low = float(facts.terrain["lowest"]["elevation_m"])
    return np.maximum(enlarge(field, grid.shape), low + 2.0).astype(np.float32)


def _trunks(facts: Facts, grid: Grid, rivers: dict[str, Array]) -> tuple[Array, list[Array]]:
    """Valley lines: rivers, and the way of every known point to one; cells of `grid` and coordinate arrays."""
    rng = facts.rng("trunks")
    coarse = grid.at(_TRUNK_CELL_M)
    cost = np.exp(fractal(coarse.shape, rng, longest=9000 / _TRUNK_CELL_M, slope=1.3) * 0.8)
    river_cells = np.zeros(coarse.shape, dtype=bool)
    for line in rivers.values():
        dense = _dense(line, 150.0)
        river_cells[coarse.cell(dense[:, 0], dense[:, 1])] = True
    # rain beyond the outer hills has its own valleys
    x, y = coarse.mesh()
    known = facts.spots[["x", "y"]].to_numpy(float)
    away = np.asarray(cKDTree(known).query(np.column_stack([x.ravel(), y.ravel()]))[0]).reshape(coarse.shape)
    lone = (away > 11000) & (rng.random(coarse.shape) < 0.0012)
    roots = np.flatnonzero(river_cells | lone)
    following, _ = reach(cost.astype(np.float32), roots)
    cx, cy = coarse.centres()
    lines = []
    taken = river_cells.ravel().copy()
    for px, py in _beside(known, rng):
        row, column = coarse.cell(px, py)
        cell = int(row) * coarse.shape[1] + int(column)
        path = [[float(px), float(py)]]
        while not taken[cell]:
            taken[cell] = True
            cell = int(following[cell])
            path.append([cx[cell % coarse.shape[1]], cy[cell // coarse.shape[1]]])
            if following[cell] == cell:
                break
        if len(path) > 1:
            lines.append(np.asarray(path))
    marks = np.zeros(grid.shape, dtype=bool)
    for line in [*lines, *rivers.values()]:
        dense = _dense(line, 60.0)
        marks[grid.cell(dense[:, 0], dense[:, 1])] = True
    marks[grid.cell(*np.array([[cx[c % coarse.shape[1]], cy[c // coarse.shape[1]]] for c in roots]).T)] = True
    return marks, lines


def _dense(line: Array, step: float) -> Array:
    lengths = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], max(int(along[-1] / step), 2))
    return np.column_stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])])


def _river_cells(grid: Grid, rivers: dict[str, Array]) -> tuple[Array, Array]:
    dense = np.vstack([_dense(line, grid.cell_m / 2) for line in rivers.values()])
    return grid.cell(dense[:, 0], dense[:, 1])


def _distance_to(grid: Grid, cells: tuple[Array, Array]) -> Array:
    away = np.ones(grid.shape, dtype=bool)
    away[cells] = False
    return ndimage.distance_transform_edt(away).astype(np.float32) * np.float32(grid.cell_m)


def _ease(distance: Array, near: float, far: float, least: float) -> Array:
    """Rise from `least` at `near` to 1 at `far`, softly."""
    t = np.clip((distance - near) / (far - near), 0, 1)
    result: Array = least + (1 - least) * t * t * (3 - 2 * t)
    return result


def _bell(grid: Grid, entry: dict[str, Any]) -> Array:
    x, y = grid.mesh()
    squared = ((x - entry["x"]) ** 2 + (y - entry["y"]) ** 2) / float(entry["radius_m"]) ** 2
    return np.exp(-squared / 2).astype(np.float32)


def _towers(grid: Grid, facts: Facts, rng: np.random.Generator) -> Array:
    """Limestone: steep towers on a rough lattice, where the seeds say so; metres above their foot."""
    where = np.zeros(grid.shape, dtype=np.float32)
    for entry in facts.terrain["karst"]:
        np.maximum(where, _bell(grid, entry), out=where)
    x, y = grid.mesh()
    spacing = 780.0
    west, south, east, north = grid.extent
    columns, rows = int((east - west) / spacing), int((north - south) / spacing)
    gx, gy = np.meshgrid(np.arange(columns), np.arange(rows))
    jitter = rng.uniform(-0.42, 0.42, (2, rows, columns))
    px = west + (gx + 0.5 + jitter[0]) * spacing
    py = south + (gy + 0.5 + jitter[1]) * spacing
    tall = rng.gamma(2.2, 38.0, px.size)
    near = where > 0.25
    distance, index = cKDTree(np.column_stack([px.ravel(), py.ravel()])).query(
        np.column_stack([x[near], y[near]]), workers=2
    )
    radius = 210.0 + tall[index] * 0.9
    shape = np.clip(1.15 - distance / radius, 0, 0.85) / 0.85
    out = np.zeros(grid.shape, dtype=np.float32)
    out[near] = tall[index] * np.sqrt(shape) * np.clip((where[near] - 0.25) / 0.4, 0, 1)
    return out


def make_terrain(facts: Facts, grid: Grid) -> Terrain:
    """Make the ground of the province.

    Parameters
    ----------
    facts
        Spot heights and the seeds of rivers, massifs, gentle ground and limestone.
    grid
        Grid of the terrain model.
    """
    rng = facts.rng("terrain")
    rough = grid.at(RELIEF_CELL_M)
    rivers = {}
    for river in facts.terrain["rivers"]:
        via = np.array([facts.unit_xy(code) for code in river["via"]])
        points = np.vstack([_beside(via, rng), [river["end_xy"]]])
        rivers[river["name"]] = _river_course(points, rng)
    floor = _floor(facts, rivers, rough)
    marks, lines = _trunks(facts, rough, rivers)
    gentle = np.ones(rough.shape, dtype=np.float32)
    for entry in facts.terrain["gentle"]:
        np.minimum(gentle, 1 - (1 - entry["factor"]) * _bell(rough, entry), out=gentle)
    steepness = 0.43 * gentle * np.exp(fractal(rough.shape, rng, longest=15000 / RELIEF_CELL_M) * 0.25)
    cost = np.exp(fractal(rough.shape, rng, longest=3000 / RELIEF_CELL_M, slope=1.2) * 0.9).astype(np.float32)
    drainage = carve(cost, np.flatnonzero(marks), steepness, RELIEF_CELL_M, rounds=4)
    relief = drainage.relief_m.astype(np.float32)
    relief = 470.0 * np.tanh(relief / 470.0)
    ragged = np.exp(fractal(rough.shape, rng, longest=3500 / RELIEF_CELL_M, slope=2.3) * 0.35)
    to_line = ndimage.distance_transform_edt(~marks).astype(np.float32) * np.float32(RELIEF_CELL_M)
    relief += _towers(rough, facts, rng) * np.clip((to_line - 250.0) / 500.0, 0, 1)
    # what rivers have laid down is flat, and villages stand where there is room
    relief *= _ease(_distance_to(rough, _river_cells(rough, rivers)) * ragged, 100.0, 950.0, 0.03)
    relief *= _ease(_distance_to(rough, rough.cell(facts.spots["x"], facts.spots["y"])) * ragged, 300.0, 1900.0, 0.06)
    relief *= _ease(to_line * ragged, 0.0, 450.0, 0.35)
    height = _summit(floor + ndimage.gaussian_filter(relief, 0.9), rough, facts.terrain["highest"])
    fine = _fine(height, rough, grid, rng)
    fine = _crown(_honour(fine, grid, facts), grid, facts.terrain["highest"])
    low = float(facts.terrain["lowest"]["elevation_m"])
    # sixteenths of a metre: finer digits are noise that no compression holds
    fine = np.round(np.maximum(fine, low) * 16) / np.float32(16)
    rough_m = fine.reshape(rough.shape[0], 5, rough.shape[1], 5).mean(axis=(1, 3))
    slope = slope_percent(fine, grid.cell_m).reshape(rough.shape[0], 5, rough.shape[1], 5).mean(axis=(1, 3))
    return Terrain(fine, grid, rough_m, rough, floor, slope, drainage, lines, rivers)


def _summit(height: Array, grid: Grid, top: dict[str, Any]) -> Array:
    """Bring the highest mountain to its height and hold everything else below it."""
    level = float(top["elevation_m"])
    x, y = grid.mesh()
    away = np.hypot(x - top["x"], y - top["y"]).astype(np.float32)
    ceiling = level - 190.0
    over = height > ceiling
    height[over] = ceiling + 110.0 * np.tanh((height[over] - ceiling) / 250.0)
    peak = level + 4.0 - away * 0.3
    blend = np.clip(1 - away / 1500.0, 0, 1)
    result: Array = np.maximum(height, peak * blend + height * (1 - blend)).astype(np.float32)
    return result


def _crown(height: Array, grid: Grid, top: dict[str, Any]) -> Array:
    """Bring the fine grid's cell at the summit exactly to its height, in place; nothing stands above it."""
    level = np.float32(top["elevation_m"])
    row, column = (int(v) for v in grid.cell(top["x"], top["y"]))
    reach = 40
    window = height[row - reach : row + reach + 1, column - reach : column + reach + 1]
    steps = np.arange(-reach, reach + 1) * grid.cell_m
    bell = np.exp(-(steps[:, None] ** 2 + steps[None, :] ** 2) / (2 * 260.0**2)).astype(np.float32)
    window += bell * (level - window[reach, reach])
    np.minimum(height, level - np.float32(0.5), out=height)
    height[row, column] = level
    return height


def _fine(height: Array, rough: Grid, grid: Grid, rng: np.random.Generator) -> Array:
    """Enlarge to the fine grid and add the small forms that the rough one cannot hold, more on steep ground."""
    slope = ndimage.gaussian_filter(slope_percent(height, rough.cell_m), 1.0)
    half = grid.at(60.0)
    detail = fractal(half.shape, rng, longest=700 / 60.0, slope=1.9)
    detail *= enlarge(np.clip(slope, 0, 60) * np.float32(0.13), half.shape, order=1)
    middle = enlarge(height, half.shape) + detail
    return doubled(middle.astype(np.float32))


def _honour(height: Array, grid: Grid, facts: Facts) -> Array:
    """Flatten the ground at the known points and bring it exactly to their heights."""
    spots = facts.spots
    points = spots[["x", "y"]].to_numpy(float)
    known = spots["elevation_m"].to_numpy(float)
    reach_cells = int(_BLEND_M / grid.cell_m) + 2
    x, y = grid.centres()
    for (px, py), level in zip(points, known, strict=True):
        row, column = (int(v) for v in grid.cell(px, py))
        r = slice(max(row - reach_cells, 0), row + reach_cells)
        c = slice(max(column - reach_cells, 0), column + reach_cells)
        distance = np.hypot(x[c][None, :] - px, y[r][:, None] - py)
        t = np.clip((distance - _FLAT_M) / (_BLEND_M - _FLAT_M), 0, 1)
        keep = t * t * (3 - 2 * t)
        window = height[r, c]
        tilt = np.clip(window - level, -14.0, 14.0) * 0.2
        height[r, c] = window * keep + (level + tilt) * (1 - keep)
    # what flattening of neighbours moved is put back, exactly, by bells that know each other
    radius = 180.0
    overlap = np.exp(-(cdist(points, points) ** 2) / (2 * radius**2))
    strength = solve(overlap, known - grid.value(height, points[:, 0], points[:, 1]), assume_a="pos")
    for (px, py), amount in zip(points, strength, strict=True):
        row, column = (int(v) for v in grid.cell(px, py))
        r = slice(max(row - 24, 0), row + 24)
        c = slice(max(column - 24, 0), column + 24)
        squared = (x[c][None, :] - px) ** 2 + (y[r][:, None] - py) ** 2
        height[r, c] += (amount * np.exp(-squared / (2 * radius**2))).astype(np.float32)
    return height
