"""What crosses a line, beside shapely, which is asked for each way."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from siteplan.sites.access.shores import NEIGHBOURS, Shores
from siteplan.sites.grid import Grid

GRID = Grid(1000.0, 5000.0, 12, 15, 60.0)


def winding(seed: int) -> list:
    """Lines and rings of any kind that wind through the grid and leave it."""
    rng = np.random.default_rng(seed)
    walk = np.array([1450, 4650]) + np.cumsum(rng.normal(0, 70, (40, 2)), axis=0)
    ring = shapely.Point(1400, 4600).buffer(float(rng.uniform(20, 200)), quad_segs=3).exterior
    return [shapely.LineString(walk), ring, shapely.LineString([(900, 4700), (2100, float(rng.uniform(4300, 5000)))])]


@pytest.mark.parametrize("seed", range(8))
def test_steps_cross_where_their_straight_lines_do(seed) -> None:
    lines = winding(seed)
    steps, centres = Shores.of(np.array(lines, dtype=object), GRID).steps()
    assert not centres.any()
    union = shapely.union_all(lines)
    for number, (down, right) in enumerate(NEIGHBOURS):
        for row in range(GRID.rows - down):
            for column in range(max(0, -right), GRID.columns - max(0, right)):
                way = [(GRID.x[column], GRID.y[row]), (GRID.x[column + right], GRID.y[row + down])]
                assert steps[row, column, number] == shapely.LineString(way).intersects(union)


@pytest.mark.parametrize("seed", range(8))
def test_straight_ways_are_parted_where_they_meet_a_line(seed) -> None:
    lines = winding(seed)
    rng = np.random.default_rng(100 + seed)
    x, y = rng.uniform(1000, 1900, 2000), rng.uniform(4280, 5000, 2000)
    row, column = GRID.cells_of(x, y)
    down, right = rng.integers(-1, 2, (2, 2000))
    to_x, to_y = GRID.west + (column + right + 0.5) * 60, GRID.north - (row + down + 0.5) * 60
    found = Shores.of(np.array(lines, dtype=object), GRID).part(x, y, to_x, to_y)
    ways = shapely.linestrings(np.stack([np.column_stack([x, to_x]), np.column_stack([y, to_y])], axis=-1))
    truth = shapely.intersects(ways, shapely.union_all(lines))
    # a way of more than a cell may cross a tip of a fourth cell that no piece of a line ends in
    assert np.count_nonzero(found != truth) <= 2
    own = (down == 0) & (right == 0)
    assert (found == truth)[own].all()


def test_a_line_along_the_centres_of_cells_leaves_them_to_nobody() -> None:
    line = shapely.LineString([(GRID.x[4], 4000), (GRID.x[4], 5200)])
    steps, centres = Shores.of(np.array([line]), GRID).steps()
    assert centres[:, 4].all()
    assert centres.sum() == GRID.rows
    assert not steps[:, :3].any()


def test_without_lines_nothing_is_parted() -> None:
    shores = Shores.of(np.array([], dtype=object), GRID)
    assert not shores.steps()[0].any()
    assert not shores.part(np.array([1010.0]), np.array([4990.0]), np.array([1030.0]), np.array([4970.0])).any()
