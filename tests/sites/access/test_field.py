"""The minutes from every place to one plot, on plates in closed form and against the times of the sites."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from siteplan.sites.access.field import NO_WAY, OUTSIDE, minutes_field, without_commune
from siteplan.sites.access.surface import ACCESS_CELL_M
from siteplan.sites.assess import assess_commune, prepare

MIDDLE = 1530  # middle of a cell: a plot on the edge of two is half a cell from either
PLOT = (MIDDLE - 45, MIDDLE - 45, MIDDLE + 45, MIDDLE + 45)
LEVEL_KMH = 6 * np.exp(-3.5 * 0.05)  # Tobler on level ground


def _at(field, x: float, y: float) -> int:
    t = field.transform
    return int(field.values[int((t.f - y) // ACCESS_CELL_M), int((x - t.c) // ACCESS_CELL_M)])


@pytest.fixture
def field(inputs, maps):
    def build(**given):
        plot = maps.at(*PLOT)
        return minutes_field(prepare(inputs(**given)), (maps.CODE, shapely.to_wkb(plot)))

    return build


def test_on_level_ground_the_minutes_are_distance_by_speed(field, maps):
    found = field()
    for metres in (0, 480, 1380):
        expected = metres / 1000 / LEVEL_KMH * 60
        assert _at(found, maps.X0 + MIDDLE - metres, maps.Y0 + MIDDLE) == pytest.approx(expected, abs=0.5)
    # eight ways to go: the corner is as far as its diagonal
    corner = 1380 * np.sqrt(2) / 1000 / LEVEL_KMH * 60
    assert _at(found, maps.X0 + MIDDLE + 1380, maps.Y0 + MIDDLE + 1380) == pytest.approx(corner, abs=0.5)
    outside = found.values[0, 0]
    assert outside == OUTSIDE
    assert (found.values != OUTSIDE).sum() * ACCESS_CELL_M**2 == pytest.approx(maps.SIDE**2, rel=0.07)


def test_downhill_to_the_plot_is_faster_than_uphill(field, maps):
    found = field(dem=maps.plane(east=0.2))
    west, east = (_at(found, maps.X0 + MIDDLE + d, maps.Y0 + MIDDLE) for d in (-900, 900))
    assert west > east


def test_what_no_one_reaches_says_so(field, maps):
    ring = shapely.difference(maps.at(900, 900, 2100, 2100), maps.at(1100, 1100, 1900, 1900))
    water = maps.layer("water_areas", [{"water_class": "lake", "geometry": ring}])
    found = field(water_areas=water)
    assert _at(found, maps.X0 + 300, maps.Y0 + 300) == NO_WAY
    assert _at(found, maps.X0 + MIDDLE, maps.Y0 + 1700) < 10
    assert _at(found, maps.X0 + 1000, maps.Y0 + MIDDLE) == OUTSIDE  # nobody walks on the lake


def test_the_mean_over_people_is_the_time_of_the_site(inputs, maps):
    people = [(500, 500, 100.0), (2500, 700, 300.0), (1700, 2800, 50.0)]
    row = {
        "proposal_id": "D1", "name": "x", "commune_code": maps.CODE, "geometry": maps.at(*PLOT)
    }  # fmt: skip
    prepared = prepare(inputs(proposals=maps.layer("proposals", [row]), people=people))
    sites = assess_commune(prepared, maps.CODE).sites
    site = sites[sites["letter"] == "X"].iloc[0]
    found = minutes_field(prepared, (maps.CODE, shapely.to_wkb(site.geometry)))
    minutes = np.array([_at(found, maps.X0 + x, maps.Y0 + y) for x, y, _ in people], dtype=float)
    count = np.array([n for *_, n in people])
    assert minutes @ count / count.sum() == pytest.approx(site["access_minutes"], abs=0.5)


def test_the_minutes_of_one_commune_are_taken_out_and_nothing_else(field, maps):
    found = field()
    assert (without_commune(found, maps.at(0, 0, maps.SIDE, maps.SIDE)).values == OUTSIDE).all()
    assert (found.values != OUTSIDE).any()  # the grid given is left alone
    # half of it, and a neighbour that reaches beyond the grid
    west = without_commune(found, maps.at(-20_000, -20_000, 1500, 20_000)).values
    known = found.values != OUTSIDE
    centre = found.transform.c + (np.arange(known.shape[1]) + 0.5) * ACCESS_CELL_M
    kept = known & (centre > maps.X0 + 1500)
    assert kept.any()
    np.testing.assert_array_equal(west[kept], found.values[kept])
    assert (west[~kept] == OUTSIDE).all()
