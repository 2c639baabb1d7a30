"""Earthworks against closed forms: tilted planes, steps, a floor that must not lie too low."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from siteplan.raster import Raster
from siteplan.sites.ground.earthworks import level_platform, platform_part, plot_heights, points_in


def tilted(east: float, north: float, cell: float = 30.0) -> Raster:
    x, y = (np.arange(40) + 0.5) * cell, (40 - np.arange(40) - 0.5) * cell
    z = 100 + east * x[None, :] + north * y[:, None]
    return Raster(z.astype(np.float32), Affine(cell, 0, 0, 0, -cell, 40 * cell), float("nan"), cell)


@pytest.mark.parametrize("slope", [0.05, 0.12, 0.3])
def test_a_tilted_plane_is_cut_and_filled_by_a_quarter_of_its_rise(slope: float) -> None:
    # a rectangle of length a along the slope and width b: half of it rises over the middle from 0 to s a / 2, so the
    # cut is a wedge of volume b (a / 2)^2 s / 2 = s a^2 b / 8, and the fill is the same
    a, b = 120.0, 60.0
    plot = shapely.box(300, 500, 300 + a, 500 + b)
    ((_, _, z),) = plot_heights(np.array([plot]), tilted(slope, 0.0))
    made = level_platform(z, plot.area)
    volume = slope * a**2 * b / 8
    assert made.cut_m3 == pytest.approx(volume, rel=2e-3)
    assert made.fill_m3 == pytest.approx(volume, rel=2e-3)
    assert made.balanced_m3 == pytest.approx(volume, rel=2e-3)
    assert made.level_m == pytest.approx(100 + slope * (300 + a / 2), abs=1e-3)
    assert made.balanced(1.0)


def test_a_plane_tilted_across_a_turned_square() -> None:
    # the plane rises along a diagonal of the square of side a: with the diagonal d = a sqrt 2 the width at distance t
    # from the middle is d - 2 t, so the cut is the integral of s t (d - 2 t) from 0 to d / 2 = s d^3 / 24
    a = 90.0
    plot = shapely.box(400, 400, 400 + a, 400 + a)
    ((_, _, z),) = plot_heights(np.array([plot]), tilted(0.1, 0.1))
    made = level_platform(z, plot.area)
    assert made.cut_m3 == pytest.approx(np.hypot(0.1, 0.1) * (a * np.sqrt(2)) ** 3 / 24, rel=5e-3)


def test_a_step_is_levelled_at_its_broader_tread() -> None:
    # three quarters at 10 m, a quarter at 14 m: the least earth moves when only the quarter is cut
    made = level_platform(np.array([10.0] * 3 + [14.0]), 4000.0)
    assert (made.level_m, made.cut_m3, made.fill_m3) == (10.0, 4000.0, 0.0)
    assert not made.balanced(10.0)
    # at the mean of 11 m: 3 m above on a quarter
    assert (made.balanced_level_m, made.balanced_m3) == (11.0, 3000.0)


def test_a_flood_lifts_the_platform() -> None:
    made = level_platform(np.full(10, 50.0), 1000.0, least_level_m=50.8)
    assert made.level_m == 50.8
    assert made.fill_m3 == pytest.approx(800.0)
    assert made.cut_m3 == 0
    assert level_platform(np.full(10, 52.0), 1000.0, least_level_m=50.8).level_m == 52.0


def test_unknown_ground_gives_no_volume() -> None:
    assert level_platform(np.array([1.0, np.nan]), 100.0) is None
    assert level_platform(np.array([]), 100.0) is None
    beyond = plot_heights(np.array([shapely.box(-50, 0, 60, 100)]), tilted(0.1, 0))
    assert level_platform(beyond[0][2], 1.0) is None


def test_only_what_is_needed_of_a_large_plot_is_levelled() -> None:
    plot = shapely.box(0, 0, 300, 300)
    assert platform_part(plot, 8100.0).area == pytest.approx(8100.0, rel=1e-3)
    assert platform_part(plot, 8100.0).within(plot)
    assert platform_part(plot, 90_000.0).equals(plot)
    assert platform_part(plot, float("nan")).equals(plot)


def test_points_stand_for_equal_shares() -> None:
    ring = shapely.Point(500, 500).buffer(80).difference(shapely.Point(500, 500).buffer(40))
    x, y = points_in(ring)
    assert shapely.contains_xy(ring, x, y).all()
    assert len(x) / 40**2 == pytest.approx(ring.area / 160**2, rel=0.02)


@given(arrays(float, st.integers(1, 60), elements=st.floats(0, 500)))
def test_no_level_moves_less_earth(heights) -> None:
    made = level_platform(heights, 1000.0)
    moved = made.cut_m3 + made.fill_m3
    for level in (*heights, made.balanced_level_m):
        assert moved <= 1000.0 / len(heights) * np.abs(heights - level).sum() + 1e-6
    share = 1000.0 / len(heights)
    cut = share * np.maximum(heights - made.balanced_level_m, 0).sum()
    fill = share * np.maximum(made.balanced_level_m - heights, 0).sum()
    assert cut == pytest.approx(fill, abs=1e-6)
    assert made.balanced_m3 == pytest.approx(cut, abs=1e-6)
