"""Surplus facilities: every facility in, exactly one treatment out, by the first rule that fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.decide.surplus import treat
from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, decode, has_text, render
from siteplan.rules import load_rules
from siteplan.tables import RESULTS, conform
from siteplan.tables.inputs import TREATMENTS

RULES = load_rules(Path(__file__).resolve().parents[2] / "layers" / "rules")


def facilities(*rows: dict) -> gpd.GeoDataFrame:
    base = {
        "commune_code": "00001",
        "name": "Trụ sở cũ",
        "former_level": "commune",
        "land_area_m2": 1200.0,
        "floor_area_m2": 500.0,
        "condition": "good",
        "status": "in_use",
        "kept": False,
        "rests_on": "layer:facilities",
        "geometry": shapely.box(0, 0, 40, 30),
    }
    frame = gpd.GeoDataFrame([{"facility_id": f"F{i}", **base, **row} for i, row in enumerate(rows, 1)], crs=9215)
    extra = frame.reindex(columns=["in_hazard", "site_id"])
    frame = conform(frame, RESULTS["facilities"])
    frame["in_hazard"] = extra["in_hazard"].astype("boolean")
    frame["site_id"] = extra["site_id"]
    return frame


def programme(**more) -> pd.DataFrame:
    row = {
        "option": "phuong_an_1",
        "commune_code": "00001",
        "status": "planned",
        "start_year": 2028,
        "finish_year": 2029,
        "build_type": "build_new",
        "site_id": "00001-K-aaaaaa",
        "rests_on": "assumption:funds",
        "geometry": shapely.Point(0, 0),
    }
    return conform(gpd.GeoDataFrame([{**row, **more}], crs=9215), RESULTS["programme"])


def one(facility: dict, **of_programme) -> pd.Series:
    return treat(facilities(facility), programme(**of_programme), RULES, "phuong_an_1").iloc[0]


@pytest.mark.parametrize(
    ("facility", "treatment"),
    [
        ({"in_hazard": False}, "transfer"),
        ({"condition": "fair", "land_area_m2": 500.0}, "transfer"),  # 500 m²: least land of a health station
        ({"land_area_m2": 499.9}, "hand_over"),
        ({"land_area_m2": None}, "hand_over"),
        ({"former_level": "district"}, "other_body"),
        ({"condition": "unsafe"}, "liquidate_house"),
        ({"condition": "unsafe", "in_hazard": True}, "no_rebuilding"),
        ({"condition": "good", "in_hazard": True}, "no_rebuilding"),
        ({"condition": "poor"}, "recover_auction"),
        ({"condition": "poor", "land_area_m2": 300.0}, "hand_over"),
        ({"condition": None}, "hand_over"),
        ({"kept": True, "in_hazard": True}, "keep"),
        ({"site_id": "00001-K-aaaaaa"}, "liquidate_house"),
        ({"site_id": "00001-T-bbbbbb"}, "transfer"),
        (
            {"status": "decided", "decided_treatment": "recover_auction", "decision_no": "9/QĐ", "kept": True},
            "recover_auction",
        ),
    ],
)
def test_first_rule_that_fits(facility, treatment):
    assert one(facility)["treatment"] == treatment


def test_decided_is_kept_as_decided():
    row = one({"status": "decided", "decided_treatment": "hand_over", "decision_no": "15/QĐ-UBND", "in_hazard": True})
    assert (row["treatment"], row["decided"], row["decision_no"]) == ("hand_over", True, "15/QĐ-UBND")
    assert row["free_year"] is pd.NA
    assert "15/QĐ-UBND" in render(row["reasons"])


def test_free_in_the_year_the_centre_is_finished():
    assert one({})["free_year"] == 2029


def test_plot_of_the_new_centre_is_cleared_at_the_start():
    assert one({"site_id": "00001-K-aaaaaa"})["free_year"] == 2028


@pytest.mark.parametrize(
    ("facility", "of_programme", "reason"),
    [
        ({"kept": True}, {"build_type": "extend"}, "surplus.free.kept"),
        ({"status": "surplus"}, {}, "surplus.free.already"),
        ({}, {"status": "waiting", "start_year": None, "finish_year": None}, "surplus.free.waiting"),
        ({}, {"status": "not_needed", "build_type": "none", "finish_year": None}, "surplus.free.not_needed"),
        ({}, {"commune_code": "00002"}, "surplus.free.waiting"),
    ],
)
def test_no_year_is_explained(facility, of_programme, reason):
    row = one(facility, **of_programme)
    assert row["free_year"] is pd.NA
    assert reason in [key for key, _ in decode(row["reasons"])]


def test_missing_figures_are_told():
    keys = [key for key, _ in decode(one({"condition": None, "land_area_m2": None})["reasons"])]
    assert {"surplus.missing.condition", "surplus.missing.land_area_m2", "surplus.missing.hazard"} <= set(keys)
    assert "surplus.missing.hazard" not in [key for key, _ in decode(one({"in_hazard": False})["reasons"])]


def test_rests_on_the_programme_only_where_the_year_does():
    planned = one({})["rests_on"].split("; ")
    assert {"assumption:funds", "layer:facilities"} <= set(planned)
    assert any(token.startswith("assumption:surplus.7.") for token in planned)
    assert "assumption:funds" not in one({"status": "surplus"})["rests_on"].split("; ")


def test_point_lies_inside_the_facility():
    bent = shapely.Polygon([(0, 0), (100, 0), (100, 10), (10, 10), (10, 100), (0, 100)])
    table = treat(facilities({"geometry": bent}), programme(), RULES, "phuong_an_1")
    assert table.geometry.iloc[0].geom_type == "Point"
    assert bent.contains(table.geometry.iloc[0])
    assert table.crs.to_epsg() == 9215


def test_no_facilities_no_rows():
    table = treat(facilities({}).iloc[0:0], programme(), RULES, "phuong_an_1")
    assert table.empty
    assert table.columns.tolist() == [*RESULTS["surplus"].names, "geometry"]


def test_table_without_a_last_rule_is_a_problem():
    rules = replace(RULES, surplus=RULES.surplus[RULES.surplus["order"] < 10])
    with pytest.raises(InputError) as caught:
        treat(facilities({"condition": None}), programme(), rules, "phuong_an_1")
    assert caught.value.problems[0].key == "surplus_rule_missing"
    assert caught.value.problems[0].feature == "F1"


any_facility = st.fixed_dictionaries(
    {
        "status": st.sampled_from([None, "in_use", "surplus", "decided"]),
        "decided_treatment": st.sampled_from([None, *TREATMENTS]),
        "condition": st.sampled_from([None, "good", "fair", "poor", "unsafe"]),
        "former_level": st.sampled_from([None, "commune", "district"]),
        "land_area_m2": st.one_of(st.none(), st.floats(1, 9000)),
        "kept": st.sampled_from([None, True, False]),
        "in_hazard": st.sampled_from([None, True, False]),
        "site_id": st.sampled_from([None, "00001-K-aaaaaa"]),
    }
)


@settings(max_examples=80, deadline=None)
@given(st.lists(any_facility, min_size=1, max_size=5), st.sampled_from(["planned", "waiting", "not_needed"]))
def test_every_facility_has_exactly_one_treatment(rows, status):
    years = (
        {"start_year": 2028, "finish_year": 2029} if status == "planned" else {"start_year": None, "finish_year": None}
    )
    table = treat(facilities(*rows), programme(status=status, **years), RULES, "phuong_an_1")
    assert table["facility_id"].tolist() == [f"F{i}" for i in range(1, len(rows) + 1)]
    assert table["treatment"].isin(TREATMENTS).all()
    assert table["legal_basis"].notna().all()
    for row, given_row in zip(table.to_dict("records"), rows, strict=True):
        decided = given_row["status"] == "decided" and given_row["decided_treatment"] is not None
        assert row["decided"] == decided
        if decided:
            assert row["treatment"] == given_row["decided_treatment"]
        elif given_row["kept"]:
            assert row["treatment"] == "keep"
        else:
            assert row["treatment"] != "keep"
        for key, _ in decode(row["reasons"]):
            assert all(has_text(key, lang) for lang in LANGUAGES), key
