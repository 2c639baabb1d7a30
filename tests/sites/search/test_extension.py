"""Plots of facilities extended onto adjoining land, on figures that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate

from siteplan.sites.search.extension import extend_plot

PLOT = shapely.box(0, 0, 50, 40)


def anywhere(area):
    return area


def outside(barred):
    return lambda area: shapely.difference(area, barred)


def test_a_plot_is_widened_by_its_longer_side() -> None:
    # 1,000 m² beside 50 x 40 m: 20 m by the side of 50 m (220 m around), 25 m by the other (230 m)
    made = extend_plot(PLOT, 1000, 60, anywhere)
    assert made.added_m2 == pytest.approx(1000, rel=1e-3)
    assert made.geometry.length == pytest.approx(220, abs=0.1)
    assert made.geometry.buffer(1e-3).covers(PLOT)


def test_where_a_side_is_barred_another_is_taken() -> None:
    barred = shapely.union_all([shapely.box(-500, 40, 500, 500), shapely.box(-500, -500, 500, 0)])  # above and below
    made = extend_plot(PLOT, 1000, 60, outside(barred))
    assert made.geometry.length == pytest.approx(230, abs=0.1)
    assert made.geometry.intersection(barred).area < 0.1


def test_what_there_is_where_there_is_not_enough() -> None:
    only = shapely.box(50, 0, 60, 40)  # 400 m² to the east
    made = extend_plot(PLOT, 1000, 60, lambda area: area.intersection(only))
    assert made.added_m2 == pytest.approx(400, abs=1)
    assert made.geometry.symmetric_difference(shapely.box(0, 0, 60, 40)).area == pytest.approx(0, abs=0.1)


def test_all_around_where_no_side_alone_gives_it() -> None:
    # 8 m are free on every side: a side alone gives 8 x 50 or 8 x 40 m²
    free = shapely.box(-8, -8, 58, 48)
    made = extend_plot(PLOT, 1200, 60, lambda area: area.intersection(free))
    assert made.added_m2 == pytest.approx(1200, rel=1e-3)
    assert free.buffer(1e-3).covers(made.geometry)


def test_land_that_joins_only_farther_out_is_taken_as_far_as_asked() -> None:
    # a strip of 10 m leads 16 m east before land opens that lies beside it behind a wall: 390 m² at once
    strip, behind, opening = shapely.box(50, 0, 70, 10), shapely.box(54, 14, 70, 40), shapely.box(66, 10, 70, 14)
    free = shapely.union_all([strip, behind, opening])
    for area in (150, 300, 400, 500, 630):
        made = extend_plot(PLOT, area, 60, lambda given: given.intersection(free))
        assert made.added_m2 == pytest.approx(area, rel=0.01)
        assert shapely.union(PLOT, free).buffer(1e-3).covers(made.geometry)
    whole = 20 * 10 + 16 * 26 + 4 * 4
    assert extend_plot(PLOT, 900, 60, lambda given: given.intersection(free)).added_m2 == pytest.approx(whole, abs=1)


def test_a_plot_of_two_rectangles_that_cross_is_extended() -> None:
    # buffered inwards and out again with corners, it crosses itself
    plot = shapely.union(rotate(PLOT, 49, origin=(25, 20)), rotate(shapely.box(-30, 15, 80, 25), -41, origin=(25, 20)))
    for area in (100, 500, 1500):
        assert extend_plot(plot, area, 20, anywhere).added_m2 == pytest.approx(area, rel=0.01)
    cross = shapely.from_wkt(
        "POLYGON ((66.4041962488027 80.0469369562808, 103.96286744415372 47.04169164527742, 57.75552400874898 "
        "-5.540448028213987, 51.1544749465483 -13.052182267284188, 13.595803751197295 19.953063043719197, "
        "-23.96286744415371 52.95830835472258, -17.361818381953036 60.47004259379279, 20.19685281339797 "
        "27.464797282789398, 66.4041962488027 80.0469369562808))"
    )
    assert extend_plot(cross, 500, 20, anywhere).added_m2 == pytest.approx(500, rel=0.01)


@pytest.mark.parametrize(
    "ground",
    [
        lambda area: shapely.Polygon(),
        lambda area: area.intersection(shapely.box(55, 0, 100, 40)),  # a road of 5 m lies between
        lambda area: area.intersection(shapely.box(50, 0, 52, 40)),  # a strip of 2 m, a twelfth
    ],
)
def test_land_that_does_not_join_or_is_too_narrow_is_none(ground) -> None:
    assert extend_plot(PLOT, 1000, 60, ground) is None


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(
    corners=st.lists(st.tuples(st.integers(-120, 120), st.integers(-120, 120), st.integers(5, 120)), max_size=5),
    turn=st.integers(0, 90),
    area=st.integers(50, 3000),
)
def test_what_is_added_is_free_joined_and_no_more_than_asked(corners, turn, area) -> None:
    plot = rotate(PLOT, turn, origin=(0, 0))
    barred = shapely.union_all([shapely.Polygon(), *(shapely.box(x, y, x + s, y + s) for x, y, s in corners)])
    barred = shapely.difference(barred, plot)
    made = extend_plot(plot, area, 60, outside(barred))
    if made is None:
        return
    assert made.geometry.geom_type == "Polygon"
    assert made.geometry.is_valid
    assert made.geometry.buffer(0.001).covers(plot)
    assert shapely.is_valid(shapely.transform(made.geometry, lambda xy: np.round(xy, 3)))  # as it is written
    assert made.added_m2 <= area * (1 + 1e-4) + 0.01
    assert made.added_m2 == pytest.approx(made.geometry.area - plot.area, abs=0.01)
    holes = sum(shapely.Polygon(r).area for r in made.geometry.interiors)
    assert holes == 0 or holes >= 9
    assert made.geometry.intersection(barred).area < 9.5  # what lies in a hole that is closed
    assert np.isfinite(made.geometry.length)
