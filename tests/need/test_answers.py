"""Answers of communes: states, estimates with bounds, three columns, totals; houses, old norms, agreed figures."""

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

from siteplan.locale import decode
from siteplan.need.answers import COLUMNS, complete, report_states
from siteplan.need.figures import figures, totals
from siteplan.need.gap import gaps
from siteplan.need.houses import with_houses
from siteplan.need.old_norm import judge, old_norm_area
from siteplan.norms import load_norms
from siteplan.scenario import NeedSettings
from siteplan.tables import INPUTS, conform, empty
from siteplan.tables.need import ITEMS

STANDARDS = Path(__file__).resolve().parents[2] / "layers" / "standards"
SETS = ("qcvn01-2021", "tcvn4601-2012", "nd152-2017", "de-xuat")
NORMS = load_norms(STANDARDS, "nd155-2025", SETS, dt.date(2026, 1, 1))
ORIGIN = {"layer": "x", "illustrative": False, "restricted": False}


def required(*groups: str, floor: float = 2000.0) -> pd.DataFrame:
    rows = [
        {
            "commune_code": f"{n:05d}",
            "group": group,
            "scope": "A",
            "staff": 45,
            "required_floor_area_m2": floor,
            "required_land_area_m2": 3000.0,
            "rests_on": None,
        }
        for n, group in enumerate(groups, 1)
    ]
    return pd.DataFrame(rows)


def table(role: str, *rows: dict) -> pd.DataFrame:
    frame = pd.DataFrame([{**ORIGIN, **row} for row in rows])
    return conform(frame, INPUTS[role]) if rows else empty(INPUTS[role])


def facilities(*rows: dict) -> gpd.GeoDataFrame:
    base = {
        "former_level": "commune", "land_area_m2": 2000.0, "floor_area_m2": 800.0, "footprint_m2": 400.0, "floors": 2,
        "year_built": 2005, "condition": "good", "status": "in_use", **ORIGIN,
    }  # fmt: skip
    if not rows:
        return empty(INPUTS["facilities"], "EPSG:9215")
    frame = pd.DataFrame(
        [{"facility_id": f"F{i}", "name": f"Cơ sở {i}", **base, **row} for i, row in enumerate(rows, 1)]
    )
    geometry = [shapely.box(i * 100, 0, i * 100 + 40, 50) for i in range(len(frame))]
    return conform(gpd.GeoDataFrame(frame, geometry=geometry, crs=9215), INPUTS["facilities"])


def answer(need, own, reports=None, agreed=None, houses=None):
    reports = table("commune_reports") if reports is None else reports
    agreed = table("agreed_areas") if agreed is None else agreed
    plain = gaps(need, own, NORMS, NeedSettings(), houses)
    found = gaps(need, own, NORMS, NeedSettings(), houses, agreed)
    done = complete(found, need, reports, agreed)
    columns = figures(done.communes, plain.communes, need, reports, agreed)
    return done.communes.set_index("commune_code"), columns.set_index(["commune_code", "item"])


def report(code: str, **values: float) -> dict:
    return {"commune_code": code, "report_no": f"{code}/BC", "report_date": "2026-02-01", **values}


FULL = dict.fromkeys(COLUMNS.values(), 100.0)


def test_states():
    reports = table("commune_reports", report("00001", **FULL), report("00002", existing_floor_area_m2=5))
    codes = pd.Series(["00001", "00002", "00003"])
    assert report_states(codes, reports).tolist() == ["answered", "partly", "none"]


def test_no_answer_is_estimated_by_its_group_and_bounded():
    reports = table(
        "commune_reports",
        report("00001", **{**FULL, "existing_floor_area_m2": 400.0, "existing_land_area_m2": 900.0}),
        report("00002", **{**FULL, "existing_floor_area_m2": 1000.0, "existing_land_area_m2": 1500.0}),
        report("00004", **{**FULL, "existing_floor_area_m2": 1600.0, "existing_land_area_m2": 6000.0}),
    )
    need = required("border", "border", "border", "ward", "ward", "population_low")
    communes, columns = answer(need, facilities(), reports)
    assert communes["gap_basis"].tolist() == ["reported", "reported", "estimated", "reported", "estimated", "estimated"]
    # by hand: group of two 700 [400, 1000]; group of one 1600 with the bounds of all; no one in the group: 1000 of all
    found = columns.xs("existing_floor", level="item")
    assert found.loc["00003", ["used_m2", "low_m2", "high_m2"]].tolist() == [700, 400, 1000]
    assert found.loc["00005", ["used_m2", "low_m2", "high_m2"]].tolist() == [1600, 400, 1600]
    assert found.loc["00006", ["used_m2", "low_m2", "high_m2"]].tolist() == [1000, 400, 1600]
    assert found["used_from"].tolist() == ["reported", "reported", "group_average", "reported", "group_average",
                                           "province_average"]  # fmt: skip
    new = columns.xs("new_floor", level="item")
    assert new.loc["00003", ["used_m2", "low_m2", "high_m2"]].tolist() == [2000, 1000, 2000]
    assert new.loc["00001", ["low_m2", "high_m2"]].isna().all()
    assert "need.answer.averaged" in [key for key, _ in decode(communes.loc["00003", "build_reasons"])]
    assert communes.loc["00001", "shortage_percent"] == 20  # 400 of 2,000 m², as reported
    assert math.isnan(communes.loc["00003", "shortage_percent"])


def test_an_inventory_without_an_answer_is_no_answer():
    communes, columns = answer(required("ward"), facilities({"commune_code": "00001"}))
    assert communes["gap_basis"].tolist() == ["estimated"]
    row = columns.loc[("00001", "existing_floor")]
    assert (row["used_from"], row["used_m2"]) == ("inventory", 800)
    assert row[["low_m2", "high_m2"]].isna().all()  # nobody knows a range, so none is claimed
    found = totals(columns.reset_index()).set_index(["item", "basis"]).loc[("existing_floor", "estimated")]
    assert found["bounded_units"] == 0
    assert pd.isna(found["low_m2"])
    assert pd.isna(found["high_m2"])
    assert communes["existing_floor_area_m2"].tolist() == [800]
    assert "need.answer.not_confirmed" in [key for key, _ in decode(communes["build_reasons"].iloc[0])]


def test_reported_is_what_the_commune_reported_in_full_and_nothing_else():
    own = facilities(*({"commune_code": f"{n:05d}"} for n in (1, 2, 3)))
    part = report("00002", existing_floor_area_m2=640.0)
    reports = table("commune_reports", report("00001", **{**FULL, "existing_floor_area_m2": 750.0}), part)
    communes, columns = answer(required("ward", "ward", "ward"), own, reports)
    assert communes["report_state"].tolist() == ["answered", "partly", "none"]
    assert communes["gap_basis"].tolist() == ["reported", "estimated", "estimated"]
    floor, land = (columns.xs(item, level="item") for item in ("existing_floor", "existing_land"))
    assert floor["used_from"].tolist() == ["reported", "reported", "inventory"]
    assert floor["used_m2"].tolist() == [750, 640, 800]
    assert floor["computed_m2"].tolist() == [800, 800, 800]  # what the department has itself
    assert land["used_from"].tolist() == ["reported", "inventory", "inventory"]


def test_a_report_far_from_the_inventory_is_listed_and_still_used():
    own = facilities({"commune_code": "00001"}, {"commune_code": "00002"})
    reports = table(
        "commune_reports",
        *(report(code, **{**FULL, "existing_floor_area_m2": floor, "existing_land_area_m2": 2000.0})
          for code, floor in (("00001", 880.0), ("00002", 880.1))),
    )  # fmt: skip
    need = required("ward", "ward")
    done = complete(gaps(need, own, NORMS, NeedSettings()), need, reports, table("agreed_areas"), 10.0).communes
    assert done["existing_floor_area_m2"].tolist() == [880, 880.1]
    told = [dict(decode(cell)).get("need.answer.differs") for cell in done["build_reasons"]]
    assert told == [None, {"item": "existing_floor", "reported": 880.1, "inventory": 800.0}]  # 10 % of 800 is 80


def test_nobody_answered_and_nothing_is_known():
    communes, columns = answer(required("ward", "border"), facilities())
    assert set(communes["gap_basis"]) == {"missing"}
    assert columns.xs("existing_floor", level="item")["used_m2"].isna().all()
    assert columns.xs("new_floor", level="item")["used_m2"].tolist() == [2000, 2000]
    found = totals(columns.reset_index()).set_index(["item", "basis"])
    assert found.loc[("existing_floor", "missing"), "units"] == 2
    assert math.isnan(found.loc[("existing_floor", "total"), "used_m2"])


def test_agreed_prevails_and_says_why():
    agreed = table(
        "agreed_areas",
        {"commune_code": "00001", "new_floor_area_m2": 1234.5, "reason": "theo biên bản", "document": "7/BB"},
    )
    reports = table("commune_reports", report("00001", **{**FULL, "new_floor_area_m2": 3000.0}))
    # 1,900 of 2,000 m² on a large plot: computed is an extension
    own = facilities({"commune_code": "00001", "floor_area_m2": 1900.0, "land_area_m2": 9000.0, "footprint_m2": 950.0})
    communes, columns = answer(required("ward"), own, reports, agreed)
    row = communes.loc["00001"]
    assert (row["build_type"], row["new_floor_area_m2"], row["kept_floor_area_m2"]) == ("build_new", 1234.5, 0)
    # no land agreed, so it follows: footprint 411.5; 0.8 x 45 + 20 = 56 motorbikes, 13 cars; yard 205.75; green 30 %
    assert row["new_land_area_m2"] == pytest.approx((411.5 + 56 * 3 + 13 * 25 + 205.75) / 0.7 * 1.2, abs=0.01)
    assert row["agreed"]
    new = columns.loc[("00001", "new_floor")]
    assert (new["reported_m2"], new["computed_m2"], new["agreed_m2"], new["used_m2"]) == (3000, 0, 1234.5, 1234.5)
    assert (new["used_from"], new["agreed_reason"], new["document"]) == ("agreed", "theo biên bản", "7/BB")
    assert (new["report_no"], new["report_date"], new["difference_m2"]) == ("00001/BC", "2026-02-01", 3000)
    extension = columns.loc[("00001", "extension_floor")]
    assert (extension["computed_m2"], extension["used_m2"], extension["used_from"]) == (100, 0, "computed")
    assert extension["agreed_reason"] is None


def test_agreed_to_stay_keeps_the_facility():
    agreed = table(
        "agreed_areas",
        {"commune_code": "00001", "new_floor_area_m2": 0, "extension_floor_area_m2": 300.0, "reason": "giữ"},
    )
    communes, _ = answer(required("ward"), facilities({"commune_code": "00001", "floor_area_m2": 500.0}), None, agreed)
    row = communes.loc["00001"]
    assert (row["build_type"], row["kept_facility_id"], row["kept_floor_area_m2"]) == ("extend", "F1", 500)
    assert (row["extension_floor_area_m2"], row["new_floor_area_m2"]) == (300, 0)


values = st.one_of(st.none(), st.floats(0, 20_000).map(lambda v: round(v, 2)))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["ward", "border", "population_low"]), values, values, st.booleans()),
                min_size=1, max_size=9))  # fmt: skip
def test_totals_are_the_sums_of_the_rows_whatever_is_known(cases):
    need = required(*(group for group, *_ in cases))
    codes = list(need["commune_code"])
    reports = table(
        "commune_reports",
        *(report(c, existing_floor_area_m2=floor, new_floor_area_m2=new)
          for c, (_, floor, new, told) in zip(codes, cases, strict=True) if told),
    )  # fmt: skip
    communes, columns = answer(need, facilities(), reports)
    found = totals(columns.reset_index()).set_index(["item", "basis"])
    for item in ITEMS:
        by_hand = 0.0
        for basis in ("reported", "estimated", "missing"):
            part = communes.loc[communes["gap_basis"] == basis, COLUMNS[item]]
            assert found.loc[(item, basis), "units"] == len(part)
            total = found.loc[(item, basis), "used_m2"]
            assert math.isnan(total) if part.isna().all() else total == pytest.approx(part.sum(), abs=0.01)
            by_hand += 0 if math.isnan(total) else total
        whole = found.loc[(item, "total"), "used_m2"]
        assert math.isnan(whole) if communes[COLUMNS[item]].isna().all() else whole == pytest.approx(by_hand, abs=0.02)
        assert found.loc[(item, "total"), "units"] == len(cases)
    known = columns.xs("existing_floor", level="item").dropna(subset=["low_m2"])
    assert (known["low_m2"] <= known["used_m2"] + 0.01).all()
    assert (known["used_m2"] <= known["high_m2"] + 0.01).all()


def house(facility: str, number: int, **values: object) -> dict:
    base = {"floor_area_m2": 300.0, "footprint_m2": 150.0, "floors": 2, "year_built": 2010, "condition": "good"}
    return {"building_id": f"{facility}-{number}", "facility_id": facility, **base, **values}


def test_a_facility_follows_from_its_houses():
    houses = table(
        "facility_buildings",
        house("F1", 1, floor_area_m2=620.5, floors=3, condition="fair", year_built=1999),
        house("F1", 2, condition="unsafe"),
        house("F2", 1, floor_area_m2=None),
    )
    own = facilities({"commune_code": "00001"}, {"commune_code": "00001"}, {"commune_code": "00001"})
    found = with_houses(own, houses).set_index("facility_id")
    first = found.loc["F1"]
    assert (first["floor_area_m2"], first["footprint_m2"], first["floors"], first["houses"]) == (920.5, 300, 3, 2)
    assert (first["condition"], first["year_built"]) == ("fair", 1999)  # of most of the floor
    assert found.loc["F2", "floor_area_m2"] == 800  # a house without figure: no sum, the facility's own stands
    assert found.loc["F3", "houses"] == 0
    result = gaps(required("ward"), with_houses(own, houses), NORMS, NeedSettings(), houses)
    usable = result.facilities.set_index("facility_id")["usable_floor_area_m2"]
    assert usable["F1"] == 620.5  # the unsafe house counts for nothing
    assert usable["F2"] == 800


def test_the_norm_of_its_time_by_hand():
    # NĐ 152/2017, annex: 15, 12, 10, 5 m²; shared 70 %; joint room of police and military 12 m²
    by_hand = (4 * 15 + 3 * 12 + 13 * 10 + 12 * 5) * 1.7 + 12
    area, used = old_norm_area(NORMS)
    assert area == pytest.approx(by_hand)
    assert {n.document for n in used if n.certainty == "V"} == {"Nghị định 152/2017/NĐ-CP"}
    own = facilities(
        {"commune_code": "00001", "floor_area_m2": by_hand / 0.8},
        {"commune_code": "00001", "floor_area_m2": by_hand / 0.8 + 2},
        {"commune_code": "00001", "former_level": "district"},
        {"commune_code": "00001", "year_built": 2026},
        {"commune_code": "00001", "year_built": None},
    )
    judged, _ = judge(own, NORMS)
    assert judged["old_norm_fit"].tolist() == ["within", "above", "unknown", "unknown", "unknown"]
    without = load_norms(STANDARDS, "nd155-2025", ("qcvn01-2021", "tcvn4601-2012", "de-xuat"), dt.date(2026, 1, 1))
    assert judge(own, without)[0]["old_norm_fit"].tolist() == ["unknown"] * 5
