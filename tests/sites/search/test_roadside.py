"""Plots beside roads: their front lies along the road, clear of its corridor."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siteplan.sites import measure
from siteplan.sites.eligibility import cell_polygons
from siteplan.sites.grid import Grid
from siteplan.sites.layer import Layer
from siteplan.sites.rules import derive_columns, read_rules
from siteplan.sites.search.find import Guides, find_plots
from siteplan.sites.search.layouts import Figures, Request
from siteplan.sites.search.roadside import points_along, roadside


def longest_side(plot) -> float:
    """Bearing of the longest side in degrees, 0 along x, below 180."""
    xy = shapely.get_coordinates(plot)
    steps = np.diff(xy, axis=0)
    dx, dy = steps[np.argmax(np.hypot(*steps.T))]
    return float(np.degrees(np.arctan2(dy, dx)) % 180)


@pytest.fixture
def road(maps, rules):
    def make(*points, road_class="commune", **more):
        rows = [{"road_class": road_class, "geometry": maps.line(*points)} | more]
        return Layer("roads", derive_columns("roads", maps.layer("roads", rows), rules),
                     read_rules(rules, maps.scenario()))  # fmt: skip

    return make


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000)), min_size=2, max_size=8, unique=True),
             min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1)), min_size=1, max_size=20),
)  # fmt: skip
def test_points_along_lines_are_those_of_geos(lines, asked) -> None:
    # every vertex twice: a file may hold a point again
    made = shapely.linestrings([np.repeat(600_000.0 + np.array(xy), 2, axis=0) for xy in lines[:1]]).tolist()
    made = np.array([*made, *[shapely.LineString(600_000.0 + np.array(xy)) for xy in lines[1:]]], dtype=object)
    line = np.array([number % len(made) for number, _ in asked])
    metres = np.array([share for _, share in asked]) * shapely.length(made[line])
    (found,) = points_along(made, line, (metres,))
    assert found == pytest.approx(shapely.get_coordinates(shapely.line_interpolate_point(made[line], metres)), abs=1e-6)


def grid_of(maps) -> Grid:
    return Grid(maps.X0, maps.Y0 + maps.SIDE, 100, 100, 30.0)


def test_places_lie_on_both_sides_at_the_edge_of_the_corridor(road, maps, rules) -> None:
    # a commune road is 6.5 m wide, its corridor 4 m more (rules/speeds.csv, rules/eligibility.csv)
    found = roadside(road((0, 1500), (3000, 1500)), read_rules(rules, maps.scenario()), rules.speeds, None,
                     grid_of(maps), 20.0)  # fmt: skip
    assert found is not None
    assert set(found.side) == {1.0, -1.0}
    assert found.edge_m == pytest.approx(3.25 + 4)
    assert found.y == pytest.approx(maps.Y0 + 1500)
    assert np.abs(found.along_x) == pytest.approx(1)
    # 60 m apart over 3,000 m, on two sides
    assert len(found.x) in (100, 102)


@pytest.mark.parametrize(("road_class", "more"), [("track", {}), ("expressway", {}), ("commune", {"is_bridge": True})])
def test_what_no_plot_can_front(road, maps, rules, road_class, more) -> None:
    layer = road((0, 1500), (3000, 1500), road_class=road_class, **more)
    assert roadside(layer, read_rules(rules, maps.scenario()), rules.speeds, None, grid_of(maps), 20.0) is None


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133])
def test_the_front_is_along_the_road_and_clear_of_its_corridor(road, maps, rules, degrees) -> None:
    turn = np.radians(degrees)
    middle, arm = 1500, 1200 * np.array([np.cos(turn), np.sin(turn)])
    layer = road(tuple(middle - arm), tuple(middle + arm))
    grid = grid_of(maps)
    line = layer.geometries[0]
    places = roadside(layer, read_rules(rules, maps.scenario()), rules.speeds, None, grid, 20.0)
    found = find_plots(
        np.ones(grid.shape, dtype=bool), grid, np.zeros(grid.shape), Request(6000, 30, 100, 6, 20),
        free=lambda tried: shapely.distance(tried, line) >= 3.25 + 4,
        guides=Guides(roadside=places, frontage=lambda t: measure.frontage(t, layer, rules.speeds, 20.0)),
    )  # fmt: skip
    assert len(found) == 6
    for plot in found:
        assert plot.area == pytest.approx(6000, rel=1e-4)
        assert 3.25 + 4 <= plot.distance(line) <= 3.25 + 20
        assert longest_side(plot) == pytest.approx(degrees, abs=0.1)
        # front 1.5 times the depth: sqrt(6000 * 1.5) metres of it lie along the road
        shared = plot.boundary.intersection(line.buffer(3.25 + 20, quad_segs=32)).length
        assert shared >= np.sqrt(6000 * 1.5)


def test_where_no_road_has_room_the_rest_is_searched(road, maps, rules) -> None:
    layer = road((0, 1500), (3000, 1500))
    grid = grid_of(maps)
    cells = np.ones(grid.shape, dtype=bool)
    cells[40:60] = False  # 300 m on either side of the road
    places = roadside(layer, read_rules(rules, maps.scenario()), rules.speeds, None, grid, 20.0)
    found = find_plots(
        cells, grid, np.zeros(grid.shape), Request(6000, 30, 100, 4, 20), free=lambda tried: np.ones(len(tried), bool),
        guides=Guides(roadside=places, frontage=lambda t: measure.frontage(t, layer, rules.speeds, 20.0)),
    )  # fmt: skip
    assert len(found) == 4
    assert all(cell_polygons(cells, grid).covers(plot) for plot in found)


@pytest.mark.parametrize("degrees", [10, 75, 160])
def test_away_from_roads_plots_lie_along_the_slope(degrees) -> None:
    grid = Grid(0.0, 1200.0, 40, 40, 30.0)
    along = np.full(grid.shape, np.radians(degrees))
    rows, columns = np.indices(grid.shape)
    worth = -np.hypot(rows - 20.0, columns - 20.0)
    found = find_plots(
        np.ones(grid.shape, dtype=bool), grid, worth, Request(6000, 30, 100, 1),
        guides=Guides(along=lambda: along),
    )  # fmt: skip
    assert longest_side(found[0]) % 90 == pytest.approx(degrees % 90, abs=0.1)


def test_rectangles_touch_no_closed_cell() -> None:
    """Against shapely: what `inside` lets through touches no closed cell, what it refuses does."""
    rng = np.random.default_rng(5)
    grid = Grid(0.0, 600.0, 20, 20, 30.0)
    cells = rng.random(grid.shape) < 0.93
    closed = cell_polygons(~cells, grid)
    x, y = rng.uniform(150, 450, 60), rng.uniform(150, 450, 60)
    figures = Figures.around(x, y, rng.uniform(0, np.pi, 60), Request(4000, 20, 0, 1))
    every = figures.polygons(np.ones(figures.x.shape, dtype=bool))
    fits = figures.inside(cells, grid)
    shared = shapely.area(shapely.intersection(every, closed))
    assert fits.any()
    assert not fits.all()
    assert shared[fits].max() <= 1e-2
    assert (shared[~fits] > 0).all()
