"""Whether a facility lies in a hazard zone: yes, no, or not known."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.assembly import in_hazard
from siteplan.decide.scoring import apply_value
from siteplan.scenario import ValueFunction


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ({0: "high"}, [True, False]),
        ({0: "very_high", 1: "medium"}, [True, False]),
        ({0: None}, [None, False]),  # it may be very high
        ({0: None, 1: "low"}, [None, False]),
        ({}, [None, None]),
    ],
)
def test_a_zone_of_unknown_level_is_no_safe_place(levels, told) -> None:
    squares = [shapely.box(100 * i, 0, 100 * i + 50, 50) for i in range(2)]
    zones = gpd.GeoDataFrame({"level": list(levels.values())}, geometry=[squares[i] for i in levels], crs=9215)
    facilities = gpd.GeoDataFrame({"facility_id": ["a", "b"]}, geometry=shapely.centroid(squares), crs=9215)
    found = in_hazard(facilities, zones)["in_hazard"]
    assert [None if pd.isna(v) else bool(v) for v in found] == told


def test_beyond_what_the_layer_was_made_for_only_what_it_shows_is_known() -> None:
    squares = [shapely.box(100 * i, 0, 100 * i + 50, 50) for i in range(3)]
    zones = gpd.GeoDataFrame({"level": ["high", "low"]}, geometry=squares[:2], crs=9215)
    words = {"facility_id": ["a", "b", "c"], "commune_code": ["1", "1", "2"]}
    facilities = gpd.GeoDataFrame(words, geometry=shapely.centroid(squares), crs=9215)
    for delivered, told in ((None, [True, False, False]), ({"2"}, [True, None, False]), ({"3"}, [True, None, None])):
        found = in_hazard(facilities, zones, delivered)["in_hazard"]
        assert [None if pd.isna(v) else bool(v) for v in found] == told


def test_both_levels_at_one_place_are_a_hazard() -> None:
    square = shapely.box(0, 0, 50, 50)
    zones = gpd.GeoDataFrame({"level": [None, "high"]}, geometry=[square] * 2, crs=9215)
    facilities = gpd.GeoDataFrame({"facility_id": ["a"]}, geometry=[square.centroid], crs=9215)
    assert bool(in_hazard(facilities, zones)["in_hazard"].iloc[0])


def test_an_unknown_level_has_no_points_of_a_criterion_on_levels() -> None:
    function = ValueFunction(kind="categories", categories={"none": 1.0, "low": 0.8, "medium": 0.5, "high": 0.0})
    points = apply_value(pd.Series(["none", "unknown", None, "low"]), function)
    assert points.iloc[[0, 3]].tolist() == [1.0, 0.8]
    assert points.iloc[[1, 2]].isna().all()
