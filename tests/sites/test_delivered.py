"""Layers that were not made for a commune: what they show counts, what they do not show is not known."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from siteplan.sites.assess import assess_commune, prepare

ZONE, HOUSE, TOWN = (0, 0, 600, 3000), (1000, 1000, 1010, 1010), (2000, 0, 3000, 3000)
SITES = {"in_all": (100, 1000, 200, 1100), "in_none": (1200, 1000, 1300, 1100), "in_town": (2500, 1000, 2600, 1100)}


@pytest.fixture
def found(inputs, maps):
    """Sites of a commune with three proposals, by name; `elsewhere` are roles made for another commune."""

    def build(*elsewhere: str) -> pd.DataFrame:
        rows = [
            {"proposal_id": name, "name": name, "commune_code": maps.CODE, "geometry": maps.at(*box)}
            for name, box in SITES.items()
        ]
        given = inputs(
            proposals=maps.layer("proposals", rows),
            hazards=maps.layer("hazards", [{"hazard_kind": "flood", "level": "medium", "geometry": maps.at(*ZONE)}]),
            buildings=maps.layer("buildings", [{"geometry": maps.at(110, 1010, 120, 1020)}]),
            urban_areas=maps.layer("urban_areas", [{"name": "Thị trấn", "geometry": maps.at(*TOWN)}]),
            services=maps.layer("services", [{"service_class": "school", "geometry": maps.point(1500, 1500)}]),
            power_lines=maps.layer(
                "power_lines", [{"voltage_kv": 110, "geometry": maps.line((1500, 0), (1500, 3000))}]
            ),
        )
        delivered = dict.fromkeys(elsewhere, frozenset({"00000"}))
        return assess_commune(prepare(replace(given, delivered=delivered)), maps.CODE).sites.set_index("source_id")

    return build


def test_where_a_layer_was_made_for_nothing_found_is_nothing_there(found) -> None:
    sites = found()
    assert sites["hazard_level"][list(SITES)].tolist() == ["medium", "none", "none"]
    assert sites["buildings_inside"][list(SITES)].tolist() == [1, 0, 0]
    assert sites["inside_urban_area"][list(SITES)].tolist() == [False, False, True]


def test_where_it_was_not_what_it_shows_counts_and_the_rest_is_not_known(found) -> None:
    sites = found("hazards", "buildings", "urban_areas")
    levels, percent = (sites[name][list(SITES)] for name in ("hazard_level", "hazard_percent"))
    assert levels["in_all"] == "medium"
    assert percent["in_all"] == pytest.approx(100)
    assert levels[["in_none", "in_town"]].isna().all()
    assert percent[["in_none", "in_town"]].isna().all()
    houses, town = sites["buildings_inside"][list(SITES)], sites["inside_urban_area"][list(SITES)]
    assert houses["in_all"] == 1
    assert houses[["in_none", "in_town"]].isna().all()
    assert bool(town["in_town"])
    assert town[["in_all", "in_none"]].isna().all()


def test_how_far_the_nearest_is_is_not_told_of_a_layer_made_for_elsewhere(found) -> None:
    known, sites = found(), found("services", "power_lines")
    for column in ("minutes_school", "power_distance_m"):
        assert known[column].notna().all()
        assert sites[column].isna().all()
    assert sites["hazard_level"].equals(known["hazard_level"])


def test_findings_against_a_site_stay(found, inputs, maps) -> None:
    known, sites = found(), found("power_lines", "hazards")
    assert (sites["check_result"] == known["check_result"]).all()
    assert (sites["broken_rules"].fillna("") == known["broken_rules"].fillna("")).all()
