"""What fits on a plot, against the rules of the need written out anew."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.need.plot_capacity import adjoining_land, extension_capacity, footprint

PLOT = {
    "land.density_percent": 40.0,
    "land.green_percent": 30.0,
    "land.yard_share": 0.5,
    "parking.motorbike_m2": 3.0,
    "parking.motorbikes_per_person": 0.8,
    "parking.motorbikes_of_visitors": 20.0,
    "parking.car_m2": 25.0,
    "parking.floor_per_car_m2": 100.0,
}


def fits(land: float, footprint: float, floor: float, staff: int, floors: int, added: float) -> bool:
    """Tell whether the plot keeps every rule of the need with `added` floor, cars counted whole."""
    total_footprint, total_floor = footprint + added / floors, floor + added
    parking = 3 * math.ceil(round(0.8 * staff + 20, 9)) + 25 * math.ceil(round(total_floor / 100, 9))
    return total_footprint <= 0.4 * land + 1e-6 and total_footprint * 1.5 + parking <= 0.7 * land + 1e-6


@settings(max_examples=200, deadline=None)
@given(st.floats(200, 20_000), st.floats(0, 1500), st.floats(0, 4000), st.integers(0, 100), st.integers(1, 7))
def test_extension_fits_the_plot_and_little_more_would(land, footprint, floor, staff, floors):
    added = extension_capacity(land, footprint, floor, staff, floors, PLOT)
    assert added >= 0
    if added > 0:
        assert fits(land, footprint, floor, staff, floors, added)
    # the 25 m² held back for counting whole cars are all that may be lost: at most 25 m² / 1.75 of footprint
    assert not fits(land, footprint, floor, staff, floors, added + (25 / 1.75 + 0.1) * floors)


def test_extension_of_an_unknown_plot_is_unknown():
    assert math.isnan(extension_capacity(math.nan, 1, 1, 1, 1, PLOT))


@pytest.mark.parametrize(("floors", "land"), [(1, 300 * 2.5), (7, 300 / 7 * 3.25 / 0.7)])
def test_land_for_more_floor_follows_the_rule_that_binds(floors, land):
    # on one floor density: 1 / 0.4 = 2.5 > (1 + 0.5 + 0.25) / 0.7; on seven green and cars: (1 + 0.5 + 1.75) / 0.7
    assert adjoining_land(300.0, floors, PLOT) == pytest.approx(land)


@pytest.mark.parametrize(
    ("stated", "floor", "floors", "ground"),
    [(120.0, 800.0, 2, 120.0), (None, 800.0, 2, 400.0), (None, None, 2, math.nan), (None, 800.0, 0, math.nan)],
)
def test_footprint_is_as_stated_or_floor_over_floors(stated, floor, floors, ground):
    found = footprint({"footprint_m2": stated, "floor_area_m2": floor, "floors": floors})
    assert found == pytest.approx(ground, nan_ok=True)
