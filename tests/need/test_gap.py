"""Gap: what stays, what is added on its own land, what is built new; unknown is never zero."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.locale import LANGUAGES, decode, has_text
from siteplan.need.gap import gaps
from siteplan.norms import load_norms
from siteplan.scenario import NeedSettings
from siteplan.tables import INPUTS, conform
from siteplan.tables.parts import BUILD_TYPES

STANDARDS = Path(__file__).resolve().parents[2] / "layers" / "standards"
SETS = ("qcvn01-2021", "tcvn4601-2012", "de-xuat")
NORMS = load_norms(STANDARDS, "nd155-2025", SETS, dt.date(2026, 1, 1))


def required(floor: float = 2500.0, land: float = 3800.0, staff: int = 50) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "commune_code": "00001",
                "staff": staff,
                "required_floor_area_m2": floor,
                "required_land_area_m2": land,
                "rests_on": "assumption:norm.x",
            }
        ]
    )


def facilities(*rows: dict) -> gpd.GeoDataFrame:
    base = {
        "commune_code": "00001",
        "former_level": "commune",
        "land_area_m2": 2000.0,
        "floor_area_m2": 800.0,
        "footprint_m2": 400.0,
        "floors": 2,
        "year_built": 2005,
        "condition": "good",
        "status": "in_use",
        "layer": "facilities",
        "illustrative": False,
        "restricted": False,
    }
    frame = pd.DataFrame(
        [{"facility_id": f"F{i}", "name": f"Cơ sở {i}", **base, **row} for i, row in enumerate(rows, 1)]
    )
    if frame.empty:
        frame = pd.DataFrame(columns=["facility_id", *base])
    geometry = [shapely.box(i * 100, 0, i * 100 + 40, 50) for i in range(len(frame))]
    return conform(gpd.GeoDataFrame(frame, geometry=geometry, crs=9215), INPUTS["facilities"])


def gap(*rows: dict, floor: float = 2500.0, **options) -> pd.Series:
    return gaps(required(floor), facilities(*rows), NORMS, NeedSettings(**options)).communes.iloc[0]


def test_enough_and_sound_is_kept():
    row = gap({"floor_area_m2": 2600.0, "land_area_m2": 5000.0})
    assert (row["build_type"], row["kept_facility_id"], row["inventory_state"]) == ("none", "F1", "complete")
    assert (row["kept_floor_area_m2"], row["deficit_floor_area_m2"], row["new_floor_area_m2"]) == (2600, 0, 0)
    assert row["shortage_percent"] == 104.0


def test_enough_but_poor_is_renovated():
    row = gap({"floor_area_m2": 2600.0, "condition": "poor"})
    assert row["build_type"] == "renovate"
    assert row["renovation_floor_area_m2"] == 2500  # no more than what is needed
    assert row["poor_floor_percent"] == 100


def test_extension_on_its_own_land():
    # 5 000 m²: density leaves 2 000 - 750 = 1 250 m² of footprint; green, yard, parking leave
    # (3 500 - 1.5 x 750 - 60 x 3 - 0.25 x 1 500 - 25) / (1.5 + 0.25 x 3) = 1 795 / 2.25 = 797.78 m²; on 3 floors
    # 2 393.33 m²
    row = gap({"floor_area_m2": 1500.0, "footprint_m2": 750.0, "land_area_m2": 5000.0})
    assert row["build_type"] == "extend"
    assert (row["kept_floor_area_m2"], row["extension_floor_area_m2"], row["new_floor_area_m2"]) == (1500, 1000, 0)
    assert row["kept_land_area_m2"] == 5000
    result = gaps(
        required(),
        facilities({"floor_area_m2": 1500.0, "footprint_m2": 750.0, "land_area_m2": 5000.0}),
        NORMS,
        NeedSettings(),
    )
    assert result.facilities["extension_floor_area_m2"].iloc[0] == pytest.approx(1795 / 2.25 * 3, abs=0.011)


def test_too_small_is_built_new_and_frees_the_old():
    result = gaps(required(), facilities({"floor_area_m2": 999.0, "land_area_m2": 9000.0}), NORMS, NeedSettings())
    row = result.communes.iloc[0]
    assert row["build_type"] == "build_new"  # below 40 % of 2 500
    assert (row["kept_floor_area_m2"], row["new_floor_area_m2"], row["new_land_area_m2"]) == (0, 2500, 3800)
    assert row["existing_floor_area_m2"] == 999
    assert not result.facilities["kept"].any()
    assert row["shortage_percent"] == pytest.approx(39.96)


def test_a_small_rest_takes_adjoining_land_rather_than_a_new_centre():
    # a full plot: 2 400 of 2 500 m²; the rest, 100 m² on 3 floors, asks (1 + 0.5 + 0.25 x 3) / 0.7 m² of land a m² of
    # footprint: 33.33 x 3.2143 = 107.14 m²
    row = gap({"floor_area_m2": 2400.0, "footprint_m2": 1200.0, "land_area_m2": 1500.0})
    assert (row["build_type"], row["extension_floor_area_m2"]) == ("extend", 100)
    assert row["extension_land_area_m2"] == pytest.approx(100 / 3 * 2.25 / 0.7, abs=0.011)


def test_a_sound_building_leads_a_poor_one_that_covers_as_much():
    rows = ({"floor_area_m2": 9000.0, "condition": "poor"}, {"floor_area_m2": 2600.0})
    row = gap(*rows)
    assert (row["kept_facility_id"], row["build_type"]) == ("F2", "none")
    assert [key for key, _ in decode(row["build_reasons"])] == ["need.build.enough", "need.build.excess"]


def test_plot_too_small_is_built_new():
    assert gap({"floor_area_m2": 1200.0, "footprint_m2": 600.0, "land_area_m2": 1500.0})["build_type"] == "build_new"


def test_unknown_plot_is_built_new_and_says_so():
    row = gap({"floor_area_m2": 1200.0, "land_area_m2": None})
    assert row["build_type"] == "build_new"
    assert row["inventory_state"] == "incomplete"
    assert "need.build.plot_unknown" in [key for key, _ in decode(row["build_reasons"])]


def test_footprint_is_floor_by_floors_where_it_is_missing():
    one = gaps(required(), facilities({"footprint_m2": None, "floors": 2}), NORMS, NeedSettings()).facilities
    other = gaps(required(), facilities({"footprint_m2": 400.0}), NORMS, NeedSettings()).facilities
    assert one["extension_floor_area_m2"].iloc[0] == other["extension_floor_area_m2"].iloc[0] > 0
    assert one["missing"].iloc[0] == "footprint_m2"


def test_former_district_seat_leads_even_if_another_covers_more():
    result = gaps(
        required(),
        facilities(
            {"floor_area_m2": 2500.0, "land_area_m2": 6000.0},
            {"former_level": "district", "floor_area_m2": 2000.0, "footprint_m2": 700.0, "land_area_m2": 6000.0},
        ),
        NORMS,
        NeedSettings(),
    )
    assert result.communes["kept_facility_id"].iloc[0] == "F2"
    assert result.facilities.set_index("facility_id")["kept"].tolist() == [False, True]


def test_decided_for_another_use_does_not_count():
    row = gap({"floor_area_m2": 3000.0, "status": "decided", "decided_treatment": "transfer"}, {"floor_area_m2": 500.0})
    assert row["existing_floor_area_m2"] == 500
    assert row["build_type"] == "build_new"


def test_all_decided_for_another_use_is_a_known_nothing():
    row = gap({"floor_area_m2": 3000.0, "status": "decided", "decided_treatment": "transfer"})
    assert (row["inventory_state"], row["existing_floor_area_m2"], row["existing_land_area_m2"]) == ("complete", 0, 0)
    assert (row["build_type"], row["shortage_percent"]) == ("build_new", 0)


def test_decided_keep_counts_and_is_kept():
    row = gap({"floor_area_m2": 3000.0, "status": "decided", "decided_treatment": "keep"})
    assert (row["build_type"], row["kept_facility_id"]) == ("none", "F1")


def test_nothing_known_is_not_zero():
    row = gap({"floor_area_m2": None}, {"floor_area_m2": None})
    assert row["inventory_state"] == "none"
    assert math.isnan(row["existing_floor_area_m2"])
    assert math.isnan(row["shortage_percent"])
    assert row["existing_land_area_m2"] == 4000
    assert (row["deficit_floor_area_m2"], row["new_floor_area_m2"]) == (2500, 2500)


def test_commune_without_facilities_is_missing():
    row = gap()
    assert row["inventory_state"] == "none"
    assert math.isnan(row["existing_floor_area_m2"])
    assert math.isnan(row["existing_land_area_m2"])
    assert math.isnan(row["poor_floor_percent"])


def test_unsafe_floor_exists_but_is_not_usable():
    result = gaps(required(), facilities({"floor_area_m2": 3000.0, "condition": "unsafe"}), NORMS, NeedSettings())
    row = result.communes.iloc[0]
    assert (row["existing_floor_area_m2"], row["shortage_percent"], row["build_type"]) == (3000, 0, "build_new")
    assert result.facilities[["usable_floor_area_m2", "extension_floor_area_m2"]].iloc[0].tolist() == [0, 0]
    assert [key for key, _ in decode(row["build_reasons"])] == ["need.build.nothing_usable"]


def test_partly_known_is_estimated_from_what_is_known():
    row = gap({"floor_area_m2": 700.0}, {"floor_area_m2": None})
    assert (row["inventory_state"], row["existing_floor_area_m2"]) == ("incomplete", 700)
    assert ("need.build.estimated", {"count": 1}) in decode(row["build_reasons"])


def test_where_only_the_main_facility_lacks_a_figure_it_says_so():
    row = gap({"floor_area_m2": 700.0, "land_area_m2": None})
    told = decode(row["build_reasons"])
    assert row["inventory_state"] == "incomplete"
    assert ("need.build.main_lacks", {}) in told
    assert "need.build.estimated" not in dict(told)


def test_poor_share_is_by_floor_area_of_what_is_known():
    row = gap(
        {"floor_area_m2": 300.0, "condition": "unsafe"},
        {"floor_area_m2": 100.0, "condition": "poor"},
        {"floor_area_m2": 600.0, "condition": "fair"},
        {"floor_area_m2": 500.0, "condition": None},
    )
    assert row["poor_floor_percent"] == 40


def test_rests_on_unites_need_facilities_and_assumptions():
    row = gap({"illustrative": True})
    tokens = row["rests_on"].split("; ")
    assert {"assumption:norm.x", "layer:facilities", "assumption:norm.gap.extend_minimum_percent"} <= set(tokens)
    assert tokens == sorted(tokens)


area = st.one_of(st.none(), st.floats(20, 9000).map(lambda v: round(v, 1)))
one_facility = st.fixed_dictionaries(
    {
        "floor_area_m2": area,
        "land_area_m2": area,
        "footprint_m2": area,
        "floors": st.one_of(st.none(), st.integers(1, 5)),
        "condition": st.sampled_from([None, "good", "fair", "poor", "unsafe"]),
        "status": st.sampled_from(["in_use", "surplus", "decided"]),
        "decided_treatment": st.sampled_from([None, "keep", "transfer"]),
        "former_level": st.sampled_from([None, "commune", "district"]),
    }
)


@settings(max_examples=80, deadline=None)
@given(st.lists(one_facility, max_size=4), st.floats(300, 6000).map(lambda v: round(v, 2)), st.integers(1, 7))
def test_kept_extended_and_new_add_up(rows, floor, floors):
    result = gaps(required(floor), facilities(*rows), NORMS, NeedSettings(floors=floors))
    row = result.communes.iloc[0]
    assert row["build_type"] in BUILD_TYPES
    total = row["kept_floor_area_m2"] + row["extension_floor_area_m2"] + row["new_floor_area_m2"]
    if row["deficit_floor_area_m2"] > 0:
        assert total == pytest.approx(floor, abs=0.011)
        assert row["build_type"] in ("extend", "build_new")
    else:
        assert row["kept_floor_area_m2"] >= floor
        assert row["build_type"] in ("none", "renovate")
    counted = [r for r in rows if not (r["status"] == "decided" and r["decided_treatment"] != "keep")]
    known = [r["floor_area_m2"] for r in counted if r["floor_area_m2"] is not None]
    if known or (rows and not counted):
        assert row["inventory_state"] in ("complete", "incomplete")
        assert row["existing_floor_area_m2"] == pytest.approx(sum(known), abs=0.01)
    else:
        assert math.isnan(row["existing_floor_area_m2"])
        assert row["inventory_state"] == "none"
    if row["build_type"] == "extend":
        leading = result.facilities.set_index("facility_id").loc[row["kept_facility_id"]]
        fits_own_land = row["extension_floor_area_m2"] <= leading["extension_floor_area_m2"]
        assert fits_own_land == (row["extension_land_area_m2"] == 0)
        assert row["extension_land_area_m2"] <= 0.3 * 3800
        assert leading["kept"]
    for key, _ in decode(row["build_reasons"]):
        assert all(has_text(key, lang) for lang in LANGUAGES)
