"""Zones that are kept from most: they count as they truly lie, and nothing that is written tells how."""

from __future__ import annotations

import numpy as np
import pytest

from siteplan.assembly import told_land
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.eligibility import HIDDEN
from siteplan.tables import RESULTS

PLOT = (1000, 1000, 1090, 1090)  # 8,100 m²


@pytest.fixture
def judged(inputs, maps):
    """The proposed plot of a commune under zones of one land-use plan: its row, its evidence, the tables."""

    def build(*zones: dict):
        plan = {"plan_id": "Q1", "title": "Quy hoạch", "plan_kind": "land_use", "status": "approved", "covers": "*",
                "decision_date": "2024-01-01"}  # fmt: skip
        proposal = {"proposal_id": "P1", "commune_code": maps.CODE, "name": "x", "geometry": maps.at(*PLOT)}
        rows = [{"zone_id": f"Z{i}", "plan_id": "Q1"} | z for i, z in enumerate(zones)]
        prepared = prepare(
            inputs(
                dem=maps.plane(),
                plans=maps.layer("plans", [plan]),
                plan_zones=maps.layer("plan_zones", rows),
                proposals=maps.layer("proposals", [proposal]),
            )
        )
        found = assess_commune(prepared, maps.CODE)
        row = found.sites[found.sites["letter"] == "X"].iloc[0]
        evidence = found.table("conflicts")
        return row, evidence[(evidence["site_id"] == row["site_id"]) & (evidence["source"] == "plan")], prepared, found

    return build


@pytest.mark.parametrize("restricted", [False, True])
def test_a_part_of_a_restricted_office_zone_is_not_conformity(judged, maps, restricted: bool) -> None:
    row, evidence, *_ = judged({"function": "TSC", "geometry": maps.at(900, 900, 1010, 1010), "restricted": restricted})
    assert evidence["area_m2"].tolist() == [100]
    assert row["conformity"] == "not_in_plan"


def test_a_restricted_office_zone_does_not_count_in_favour_even_where_it_covers_the_plot(judged, maps) -> None:
    zone = {"function": "TSC", "geometry": maps.at(900, 900, 1200, 1200)}
    assert judged(zone)[0][["conformity", "plan_score"]].tolist() == ["conforms", 1]
    row = judged(zone | {"restricted": True})[0]
    assert row["conformity"] == "not_in_plan"
    assert np.isnan(row["plan_score"])  # nothing that may be told is known


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize(("depth", "broken"), [(0.2, None), (20, "plan_blocking")])  # 18 m², 1,800 m²
def test_a_restricted_zone_breaks_the_rule_by_what_it_truly_takes(judged, maps, restricted, depth, broken) -> None:
    zone = {"function": "CQP", "geometry": maps.at(900, 900, 1090, 1000 + depth), "restricted": restricted}
    row, evidence, *_ = judged(zone)
    assert evidence["effect"].tolist() == ["blocking"]
    assert (row["check_result"], row["broken_rules"], row["eligible"]) == ("blocked", broken, broken is None)


def test_restricted_and_open_zones_are_counted_together_and_once(judged, maps) -> None:
    """40 m² each are tolerated, 80 m² are more than 50 m²; not where the two lie on one another."""
    secret = {"function": "CQP", "geometry": maps.at(990, 990, 1005, 1008), "restricted": True}
    beside, same = maps.at(1085, 990, 1100, 1008), maps.at(990, 990, 1005, 1008)
    assert judged(secret, {"function": "CQP", "geometry": beside})[0]["broken_rules"] == "plan_blocking"
    assert judged(secret, {"function": "CQP", "geometry": same})[0]["broken_rules"] is None


def test_no_figure_tells_how_much_lies_in_a_restricted_zone(judged, maps) -> None:
    """The same plot with a little and with much of it in the zone: rows differ in what a run takes out alone."""

    def told(east: float):
        zone = {"function": "CQP", "geometry": maps.at(1000, 1000, east, 1090), "restricted": True}
        open_one = {"function": "TSC", "geometry": maps.at(900, 900, 1200, 1200)}
        row, evidence, _, found = judged(zone, open_one)
        hidden = evidence[evidence["restricted"]].drop(columns=["area_m2", "percent_of_site", "width_m", "relation"])
        assert hidden.geometry.iloc[0].equals(row["geometry"])
        assert set(found.rows["conflicts"]) == {*RESULTS["conflicts"].names, "geometry"}  # nothing beside the schema
        return row.drop("geometry").map(repr).to_dict() | {"hidden": repr(hidden.to_dict("records"))}

    little, much = told(1025), told(1045)
    of_cells = {"room_to_extend_percent", "adjoining_m2"}  # the land around, from the eligible cells of 30 m
    assert {name for name in little if little[name] != much[name]} <= of_cells


def test_no_cell_tells_where_a_restricted_object_lies(inputs, maps) -> None:
    """Land is eligible in what is shown as if the object were not there, and never where anything else takes it."""
    army = {"function": "CQP", "geometry": maps.at(900, 900, 1500, 1500)}
    lake = {"function": "MNC", "geometry": maps.at(1200, 1200, 2100, 2100)}
    plan = {"plan_id": "Q1", "title": "x", "plan_kind": "land_use", "status": "approved", "decision_date": "2024-01-01"}

    def land(*zones: dict):
        rows = [{"zone_id": f"Z{i}", "plan_id": "Q1"} | zone for i, zone in enumerate(zones)]
        plans, drawn = maps.layer("plans", [plan]), maps.layer("plan_zones", rows)
        (window,) = assess_commune(prepare(inputs(plans=plans, plan_zones=drawn)), maps.CODE).eligible
        return window

    hidden, known, without = land(army | {"restricted": True}, lake), land(army, lake), land(lake)
    assert set(np.unique(known.values)) <= {0, 1, 255}
    assert np.array_equal(hidden.values == 1, known.values == 1)
    assert np.count_nonzero(hidden.values == HIDDEN) * 900 == 600 * 600 - 300 * 300
    assert np.array_equal(told_land(hidden, False).values, without.values)
    assert np.array_equal(told_land(hidden, True).values, known.values)


def test_land_too_small_for_a_restricted_object_alone_is_told_as_if_it_were_large(inputs, maps) -> None:
    """A strip of 30 m beside the object falls to the least area of a piece; without the object it would not."""
    army = {"function": "CQP", "geometry": maps.at(30, 0, 3000, 3000), "restricted": True}
    plan = {"plan_id": "Q1", "title": "x", "plan_kind": "land_use", "status": "approved", "decision_date": "2024-01-01"}
    zones = maps.layer("plan_zones", [{"zone_id": "Z", "plan_id": "Q1"} | army])
    given = inputs(
        plans=maps.layer("plans", [plan]),
        plan_zones=zones,
        settings={"eligibility": {"minimum_area_m2": 30 * 3000 + 1.0}},
    )
    (window,) = assess_commune(prepare(given), maps.CODE).eligible
    assert not (window.values == 1).any()
    assert (told_land(window, False).values[window.values != 255] == 1).all()
