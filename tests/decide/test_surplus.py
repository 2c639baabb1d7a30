"""Surplus facilities: every facility in, exactly one treatment out, by the first rule that fits."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.decide.surplus import match, treat, with_values
from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, decode, has_text, render
from siteplan.rules import load_rules
from siteplan.scenario import Criterion, Phase, Scenario, ValueFunction
from siteplan.tables import INPUTS, RESULTS, conform, verify
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


# -- requests, deadlines, values ---------------------------------------------------------------------------------


def requests(*rows: dict) -> pd.DataFrame:
    base = {"commune_code": "00001", "sector": "police", "unit": "Công an xã", "document": "12/CV"}
    frame = pd.DataFrame([{"request_id": f"R{i}", **base, **row} for i, row in enumerate(rows, 1)])
    return frame.reindex(columns=INPUTS["land_requests"].names)


def matched(plots, asked):
    found, table = match(plots, programme(), RULES, asked, "phuong_an_1")
    verify(table, RESULTS["land_requests"])
    return {key: row["request_id"] for key, row in found.items()}, table.set_index("request_id")


def test_a_request_takes_the_smallest_plot_that_is_large_enough():
    plots = facilities({"land_area_m2": 900.0}, {"land_area_m2": 2000.0}, {"land_area_m2": 1200.0})
    found, table = matched(plots, requests({"land_area_m2": 1000.0}))
    assert found == {"F3": "R1"}
    assert table.loc["R1", "free_year"] == 2029


def test_health_comes_before_police_and_no_facility_goes_to_two():
    plots = facilities({})
    found, table = matched(plots, requests({}, {"sector": "health"}))
    assert found == {"F1": "R2"}
    assert table["facility_id"].tolist() == [None, "F1"]
    assert [key for key, _ in decode(table.loc["R1", "reasons"])] == ["surplus.request.all_taken"]


@pytest.mark.parametrize(
    ("facility", "request_", "reason"),
    [
        ({"kept": True}, {"facility_id": "F1"}, "surplus.request.not_free"),
        ({"in_hazard": True}, {"facility_id": "F1"}, "surplus.request.not_free"),
        ({"land_area_m2": 100.0}, {"land_area_m2": 500.0}, "surplus.request.none"),
        ({"commune_code": "00002"}, {}, "surplus.request.none_free"),
        ({"land_area_m2": None}, {"land_area_m2": 500.0}, "surplus.request.without_area"),
        ({"commune_code": "00002"}, {"facility_id": "F1"}, "surplus.request.elsewhere"),
        ({}, {"facility_id": "F9"}, "surplus.request.not_known"),
        ({"land_area_m2": None}, {"facility_id": "F1", "land_area_m2": 500.0}, "surplus.request.no_area"),
        ({"land_area_m2": 499.0}, {"facility_id": "F1", "land_area_m2": 500.0}, "surplus.request.too_small"),
    ],
)
def test_what_cannot_be_met_says_why(facility, request_, reason):
    found, table = matched(facilities(facility), requests(request_))
    assert found == {}
    assert [key for key, _ in decode(table.loc["R1", "reasons"])] == [reason]
    assert all(render(table.loc["R1", "reasons"], lang) for lang in LANGUAGES)


def test_a_facility_of_another_commune_is_named_with_its_commune():
    plots = facilities({"commune_code": "00002", "land_area_m2": 5000.0})
    both = pd.concat([programme(), programme(commune_code="00002", name="Đình Lập")], ignore_index=True)
    _, table = match(plots, both, RULES, requests({"facility_id": "F1", "land_area_m2": 500.0}), "phuong_an_1")
    assert render(table["reasons"].iloc[0]) == "Cơ sở F1 ở Đình Lập, không thuộc đơn vị hành chính của nhu cầu"


@pytest.mark.parametrize("areas", list(permutations([None, 900.0, 700.0])))
def test_a_plot_of_unknown_area_is_taken_last_in_whatever_order_they_stand(areas):
    _, table = matched(facilities(*({"land_area_m2": area} for area in areas)), requests({}, {}, {}))
    given = [areas[int(facility[1:]) - 1] for facility in table.loc[["R1", "R2", "R3"], "facility_id"]]
    assert given == [700.0, 900.0, None]


def test_what_is_asked_for_is_transferred_and_names_who_asked():
    plots = facilities({"condition": "poor"})  # would be auctioned
    found, _ = match(plots, programme(), RULES, requests({}), "phuong_an_1")
    row = treat(plots, programme(), RULES, "phuong_an_1", found).iloc[0]
    assert (row["treatment"], row["request_id"], row["decided_by"]) == ("transfer", "R1", "province")
    assert decode(row["reasons"])[0][1]["document"] == "12/CV"
    assert row["deadline"] == "2030-01-30"  # 30 days after the end of 2029 (CV 8400/BTC-QLCS)
    assert "Công an xã" in render(row["reasons"])


@given(
    st.lists(st.tuples(st.integers(100, 2000), st.booleans()), max_size=6), st.lists(st.integers(0, 2000), max_size=6)
)
@settings(deadline=None, max_examples=25)
def test_each_request_has_one_line_and_each_facility_one_request(plots, asked):
    rows = [{"land_area_m2": float(area), "kept": kept} for area, kept in plots]
    if not rows or not asked:
        return
    found, table = matched(facilities(*rows), requests(*({"land_area_m2": float(a)} for a in asked)))
    assert len(table) == len(asked)
    assert len(set(found.values())) == len(found) == table["facility_id"].notna().sum()
    held = {f"F{i}": area for i, (area, _) in enumerate(plots, 1)}
    needed = {f"R{i}": area for i, area in enumerate(asked, 1)}
    assert all(held[facility] >= needed[request] for facility, request in found.items())


def test_value_is_area_times_price_at_two_levels_and_nothing_without_a_price():
    criterion = Criterion(key="x", weight=100, value=ValueFunction(kind="identity"))
    given_prices = {"auction_prices": {"xã": 2_000_000}}
    of = Scenario(
        name="thu", title="thử", date="2026-01-01", criteria=(criterion,),
        phases=(Phase(name="a", years=(2026, 2026)),), costs=given_prices,
    )  # fmt: skip
    plots = facilities({"condition": "poor"}, {"condition": "poor", "commune_code": "00002"}, {})
    rows = treat(plots, programme(), RULES, "phuong_an_1")
    valued = with_values(rows, {"00001": "xã", "00002": "phường"}, of).set_index("facility_id")
    assert valued.loc["F1", "value_low"] == pytest.approx(1200 * 2e6 * 0.7)
    assert valued.loc["F1", "value_high"] == pytest.approx(1200 * 2e6 * 1.3)
    assert valued.loc[["F2", "F3"], "value_low"].isna().all()
