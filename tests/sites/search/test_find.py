from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.sites.eligibility import cell_polygons
from siteplan.sites.grid import Grid
from siteplan.sites.search.find import Guides, Request, find_plots

GRID = Grid(0.0, 1200.0, 40, 40, 30.0)


def plate(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Cells of boxes: first row, first column, rows, columns."""
    cells = np.zeros(GRID.shape, dtype=bool)
    for row, column, rows, columns in boxes:
        cells[row : row + rows, column : column + columns] = True
    return cells


def flat() -> np.ndarray:
    return np.zeros(GRID.shape)


def ask(area: float, width: float = 30.0, spacing: float = 0.0, count: int = 10) -> Request:
    return Request(area, width, spacing, count)


def test_the_one_square_that_fits_is_found() -> None:
    # 3 x 3 cells of 30 m hold one square of 90 m and nothing else of 8,100 m²
    found = find_plots(plate((10, 20, 3, 3)), GRID, flat(), ask(8100))
    assert len(found) == 1
    assert found[0].equals(shapely.box(600, 810, 690, 900))


def test_an_l_has_no_rectangle_of_the_area_but_a_plot() -> None:
    # two legs of 2 x 6 cells: 20 cells; a rectangle holds at most 12 of them
    cells = plate((10, 10, 6, 2), (14, 10, 2, 6))
    whole = float(cells.sum()) * 900
    assert whole == 18_000
    found = find_plots(cells, GRID, flat(), ask(whole, width=50))
    assert len(found) == 1
    assert found[0].area == pytest.approx(whole, rel=0.01)
    assert found[0].is_valid
    assert cell_polygons(cells, GRID).buffer(1e-6).covers(found[0])


@pytest.mark.parametrize("beside", [True, False])
def test_a_plot_of_free_shape_that_has_a_front_comes_first(beside: bool) -> None:
    # two bent pieces, no rectangle of the area in either: the west is the better land, the east has a road
    west, east = plate((2, 2, 6, 2), (6, 2, 2, 6)), plate((2, 22, 6, 2), (6, 22, 2, 6))
    preference = np.where(west, 1.0, 0.5)
    request = Request(18_000, 50.0, 0.0, 1, frontage_m=20.0)

    def frontage(tried: np.ndarray) -> np.ndarray:
        return np.where(shapely.get_x(shapely.centroid(tried)) > 600, 50.0 if beside else 0.0, 0.0)

    found = find_plots(west | east, GRID, preference, request, guides=Guides(frontage=frontage))
    assert len(found) == 1
    assert found[0].area == pytest.approx(18_000, rel=0.01)
    assert (found[0].centroid.x > 600) is beside  # where no plot has one, the best land


def test_the_leg_of_an_l_that_holds_the_area_is_taken() -> None:
    cells = plate((10, 10, 12, 3), (19, 10, 3, 12))
    found = find_plots(cells, GRID, flat(), ask(8100))
    assert len(found) >= 2
    assert all(p.area == pytest.approx(8100, rel=0.01) for p in found)


@pytest.mark.parametrize(
    "cells",
    [
        plate(),
        plate((10, 10, 2, 2)),  # too small
        plate((5, 5, 1, 40)),  # large enough, but 30 m wide where 60 m are asked
    ],
)
def test_where_nothing_fits_there_is_nothing(cells: np.ndarray) -> None:
    assert find_plots(cells, GRID, flat(), ask(8100, width=60)) == []


def test_best_land_comes_first_and_plots_keep_their_distance() -> None:
    cells = np.ones(GRID.shape, dtype=bool)
    worth = np.zeros(GRID.shape)
    worth[30:, 30:] = 1.0  # the south-east corner
    found = find_plots(cells, GRID, worth, ask(8100, spacing=250, count=6))
    assert len(found) == 6
    assert shapely.box(900, 0, 1200, 300).covers(found[0].centroid)
    for i, plot in enumerate(found):
        for other in found[i + 1 :]:
            assert plot.distance(other) >= 250


def test_what_is_not_free_is_not_taken() -> None:
    cells = np.ones(GRID.shape, dtype=bool)
    road = shapely.box(0, 597, 1200, 603)  # narrower than a cell: no cell centre lies in it
    found = find_plots(cells, GRID, flat(), ask(8100, spacing=30), free=lambda tried: ~shapely.intersects(tried, road))
    assert len(found) == 10
    assert not any(plot.intersects(road) for plot in found)


def test_the_same_land_gives_the_same_plots() -> None:
    cells = np.random.default_rng(2).random(GRID.shape) < 0.9
    worth = np.random.default_rng(3).random(GRID.shape)
    first, second = (find_plots(cells, GRID, worth, ask(3000, spacing=60)) for _ in range(2))
    assert len(first) > 0
    assert [p.wkb for p in first] == [p.wkb for p in second]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 0.98), st.sampled_from([1500.0, 3000.0, 8100.0, 20_000.0]))
def test_plots_lie_inside_have_the_size_and_are_apart(seed: int, share: float, area: float) -> None:
    generator = np.random.default_rng(seed)
    from scipy import ndimage

    cells = ndimage.gaussian_filter(generator.random(GRID.shape), 1.5)
    cells = cells <= np.quantile(cells, share)
    found = find_plots(cells, GRID, generator.random(GRID.shape), ask(area, spacing=20))
    # a fifth of the land is excluded at most: pieces of the rest are far larger than a small plot
    assert found or share < 0.8 or area > 3000
    land = cell_polygons(cells, GRID).buffer(0.01)
    for i, plot in enumerate(found):
        assert plot.is_valid
        assert plot.geom_type == "Polygon"
        assert land.covers(plot)
        assert plot.area == pytest.approx(area, rel=0.01)
        assert all(plot.distance(other) >= 20 - 1e-6 for other in found[i + 1 :])
