from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan.locale import decode, text
from siteplan.sites import plans
from siteplan.sites.plans.covering import Covers
from siteplan.tables import INPUTS, empty

DATE = dt.date(2026, 1, 1)


@pytest.fixture
def register(maps):
    def build(*rows: dict) -> pd.DataFrame:
        base = {"title": "Quy hoạch thử", "plan_kind": "general", "status": "approved", "decision_date": "2024-05-01"}
        return maps.layer(
            "plans", [base | {"plan_id": f"P{i + 1}", "decision_no": f"{i + 1}/QĐ"} | r for i, r in enumerate(rows)]
        )

    return build


@pytest.fixture
def zones(maps):
    def build(*rows: dict):
        return maps.layer("plan_zones", [{"zone_id": f"Z{i + 1}", "plan_id": "P1"} | r for i, r in enumerate(rows)])

    return build


def site(maps, *boxes):
    import geopandas as gpd

    rows = {"site_id": [f"s{i}" for i in range(len(boxes))], "commune_code": maps.CODE}
    return gpd.GeoDataFrame(rows, geometry=[maps.at(*b) for b in boxes], crs=maps.CRS)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, "binding"),
        ({"status": "adjusted"}, "binding"),
        ({"status": "draft"}, "shown"),
        ({"status": "submitted"}, "shown"),
        ({"status": "expired"}, "past"),
        ({"status": "cancelled"}, "past"),
        ({"year_from": 2021, "year_to": 2025}, "past"),
        ({"year_from": 2027}, "past"),
        ({"year_from": 2021, "year_to": 2026}, "binding"),
        ({"decision_date": "2026-03-01"}, "past"),
        ({"paper_only": True}, "paper"),
    ],
)
def test_standing(register, row: dict, expected: str) -> None:
    assert plans.standing(register(row), DATE).tolist() == [expected]


def test_why_a_plan_does_not_count_is_told(register) -> None:
    found = plans.told_standing(
        register(
            {"status": "expired"}, {"status": "cancelled"}, {"year_from": 2021, "year_to": 2025}, {"year_from": 2027},
            {"decision_date": "2026-03-01"}, {"status": "expired"}, {"supersedes": "P6"}, {"status": "draft"},
        ),
        DATE,
    )  # fmt: skip
    assert found.tolist() == [
        "expired", "cancelled", "expired", "to_come", "to_come", "past", "binding", "shown",
    ]  # fmt: skip


def test_only_a_plan_in_force_supersedes(register) -> None:
    assert plans.standing(register({}, {"supersedes": "P1; P9"}), DATE).tolist() == ["superseded", "binding"]
    assert plans.standing(register({}, {"supersedes": "P1", "status": "draft"}), DATE).tolist() == ["binding", "shown"]


@pytest.mark.parametrize(
    ("kind", "function", "effect", "severity"),
    [
        ("general", "DAT_NDD_COQUAN", "supports", 1),
        ("zoning", "QHDD_DAT_DD_COQUANDOTHI_CT", "supports", 1),
        ("general", "DAT_DD_GIAOTHONGDOTHI", "blocking", 4),
        ("general", "DAT_O_NHOMNHAO", "conditional", 3),
        ("general", "DAT_HTXH_CAYXANHCC", "blocking", 4),
        ("general", "DAT_HTXH_YTE", "conditional", 3),
        ("land_use", "TSC", "supports", 1),
        ("land_use", "LUC", "conditional", 3),
        ("land_use", "RPH", "blocking", 4),
        ("forest", "RSX", "conditional", 3),
        ("forest", "RDD", "blocking", 4),
        ("mineral", "mỏ đá", "blocking", 4),
        ("regional", "anything", "information", 1),
        ("heritage", "zone_1", "blocking", 4),
        ("heritage", "zone_2", "conditional", 3),
        ("general", "no such function", "conditional", 3),  # the kind's own severity
        ("no such kind", None, "conditional", 2),
        # as decisions write them
        ("border_zone", "VUNG CAM", "blocking", 4),
        ("border_zone", "Vùng cấm xây dựng", "blocking", 4),
        ("border_zone", "vùng  cấm", "blocking", 4),
        ("border_zone", "No build", "blocking", 4),
        ("border_zone", "Vành đai biên giới", "conditional", 3),
        ("border_zone", "Khu vực biên giới", "conditional", 3),
        ("heritage", "KHUVUC1", "blocking", 4),
        ("heritage", "Khu vực bảo vệ I", "blocking", 4),
        ("heritage", "KHU VỰC BẢO VỆ I di tích chùa Tam Thanh", "blocking", 4),
        ("heritage", "khu vực 1", "blocking", 4),
        ("heritage", "Khu_vuc_I", "blocking", 4),
        ("heritage", "KHUVUCI", "blocking", 4),
        ("heritage", "KV I", "blocking", 4),
        ("heritage", "Khu vực bảo vệ I và II", "blocking", 4),
        ("heritage", "Khu vực bảo vệ II", "conditional", 3),
        ("heritage", "KHUVUCII", "conditional", 3),
        ("heritage", "Khu vực bảo vệ III", "conditional", 3),
        ("forest", "Rừng phòng hộ", "blocking", 4),
        ("general", "Đất cây xanh", "blocking", 4),
        ("general", "dat_htxh_yte", "conditional", 3),
        ("general", "HT_GIAOTHONG", "information", 1),
        ("general", "HT khác", "blocking", 4),  # no class of the present state: other infrastructure
        ("project", "DAT_NDD_COQUAN", "supports", 1),
        ("project", "Nhà công vụ của cơ quan", "conditional", 2),
        # several functions: the least suitable holds
        ("land_use", "RPH+ONT", "blocking", 4),
        ("land_use", "ONT + RPH", "blocking", 4),
        ("land_use", "TSC+ONT", "conditional", 3),
        ("land_use", "TSC+BCS", "compatible", 1),
        ("land_use", "TSC+lạ", "conditional", 3),
        ("land_use", "TSC+", "supports", 1),
    ],
)
def test_what_a_function_means(rules, kind: str, function: str | None, effect: str, severity: int) -> None:
    found = plans.judge(kind, function, rules.plan_compatibility, rules.plan_kinds)
    assert (found["effect"], found["severity"]) == (effect, severity)


def test_of_two_rules_that_fit_that_of_the_kind_and_the_more_particular_holds(rules) -> None:
    row = rules.plan_compatibility.iloc[0].to_dict()
    table = pd.DataFrame([
        row | {"plan_kind": k, "function": f, "name": n}
        for k, f, n in (("*", "A1", "any"), ("a", "*", "all others"), ("a", "*1*", "pattern"), ("a", "A 1", "exact"))
    ])  # fmt: skip
    said = [plans.judge(k, f, table, rules.plan_kinds)["rule_name"] for k, f in
            (("a", "a.I"), ("a", "B1"), ("a", "B2"), ("b", "A-1"))]  # fmt: skip
    assert said == ["exact", "pattern", "all others", "any"]


def test_drafts_and_paper_never_block_and_never_support(register, zones, rules, maps) -> None:
    listed = register({}, {"status": "draft"}, {"paper_only": True}, {"status": "expired"})
    box = maps.at(0, 0, 50, 50)
    drawn = zones(
        {"plan_id": "P1", "function": "CQP", "geometry": box},
        {"plan_id": "P2", "function": "CQP", "geometry": box},
        {"plan_id": "P2", "function": "TSC", "geometry": box},
        {"plan_id": "P3", "function": "CQP", "geometry": box},
        {"plan_id": "P4", "function": "CQP", "geometry": box},
        {"plan_id": "P9", "function": "TSC", "geometry": box},
    )
    joined = plans.join_zones(drawn, listed, rules, DATE).set_index("zone_id")
    assert joined["effect"].to_dict() == {
        "Z1": "blocking", "Z2": "information", "Z3": "information", "Z4": "conditional", "Z5": "information",
        "Z6": "conditional",
    }  # fmt: skip
    assert not joined["supports"].any()
    assert joined["standing"].to_dict() == {
        "Z1": "binding", "Z2": "shown", "Z3": "shown", "Z4": "paper", "Z5": "expired", "Z6": "unregistered",
    }  # fmt: skip


def test_evidence_of_each_relation_with_exact_areas(register, zones, rules, maps) -> None:
    drawn = zones(
        {"function": "CQP", "geometry": maps.at(50, 0, 150, 100)},  # half of the site
        {"function": "CQP", "geometry": maps.at(40, 40, 60, 60)},  # inside the site
        {"function": "TSC", "geometry": maps.at(-10, -10, 110, 110)},  # the site inside it
        {"function": "CQP", "geometry": maps.at(100, 0, 200, 100)},  # shared edge
        {"function": "CQP", "geometry": maps.at(-50, 0, 0.001, 100)},  # 1 mm of rounding
        {"function": "CQP", "geometry": maps.at(500, 500, 600, 600)},  # elsewhere
    )
    joined = plans.join_zones(drawn, register({}), rules, DATE)
    found = plans.evidence(site(maps, (0, 0, 100, 100)), joined, maps.scenario().tolerance).set_index("zone_id")
    assert found["relation"].to_dict() == {
        "Z1": "overlap", "Z2": "contains", "Z3": "within", "Z4": "touch", "Z5": "sliver",
    }  # fmt: skip
    assert found["area_m2"].to_dict() == pytest.approx({"Z1": 5000, "Z2": 400, "Z3": 10_000, "Z4": 0, "Z5": 0.1})
    assert found["percent_of_site"].to_dict() == pytest.approx({"Z1": 50, "Z2": 4, "Z3": 100, "Z4": 0, "Z5": 0.001})
    assert found["effect"].to_dict() == {
        "Z1": "blocking", "Z2": "blocking", "Z3": "supports", "Z4": "information", "Z5": "information",
    }  # fmt: skip
    assert found.loc["Z1", "geometry"].equals(maps.at(50, 0, 100, 100))
    assert found.loc["Z1", "decision_no"] == "1/QĐ"
    assert decode(found.loc["Z1", "treatment"])[0][0] == "sites.treatment.written_confirmation"


def test_evidence_equals_all_pairs_one_by_one(register, zones, rules, maps) -> None:
    generator = np.random.default_rng(11)
    corners = generator.uniform(0, 900, (40, 2))
    sizes = generator.uniform(5, 200, (40, 2))
    drawn = zones(
        *({"function": "CQP", "geometry": maps.at(*c, *(c + s))} for c, s in zip(corners, sizes, strict=True))
    )
    places = site(maps, *((x, y, x + 80, y + 80) for x in range(0, 900, 150) for y in range(0, 900, 150)))
    found = plans.evidence(places, plans.join_zones(drawn, register({}), rules, DATE), maps.scenario().tolerance)
    expected = {
        (s, z): a.intersection(b).area
        for s, a in zip(places["site_id"], places.geometry, strict=True)
        for z, b in zip(drawn["zone_id"], drawn.geometry, strict=True)
        if a.intersects(b)
    }
    assert len(expected) > 30
    assert dict(
        zip(zip(found["site_id"], found["zone_id"], strict=True), found["area_m2"], strict=True)
    ) == pytest.approx(expected)


def test_restricted_zones_tell_neither_place_nor_name(register, zones, rules, maps) -> None:
    drawn = zones({"function": "CQP", "geometry": maps.at(0, 0, 30, 30), "restricted": True, "name": "mật"})
    joined = plans.join_zones(drawn, register({}), rules, DATE)
    places = site(maps, (0, 0, 100, 100))
    row = plans.evidence(places, joined, maps.scenario().tolerance).iloc[0]
    assert row["geometry"].equals(places.geometry.iloc[0])
    assert row["title"] is None
    assert row["function"] is None
    assert decode(row["treatment"]) == [("sites.treatment.written_confirmation", {"owner": ""})]


def test_a_self_crossing_zone_is_measured_as_its_areas(register, zones, rules, maps) -> None:
    bow = shapely.Polygon([(maps.X0 + x, maps.Y0 + y) for x, y in ((0, 0), (100, 100), (100, 0), (0, 100))])
    assert not bow.is_valid
    drawn = zones({"function": "CQP", "geometry": maps.at(0, 0, 1, 1)})
    drawn.geometry = [bow]
    joined = plans.join_zones(drawn, register({}), rules, DATE)
    row = plans.evidence(site(maps, (0, 0, 100, 100)), joined, maps.scenario().tolerance).iloc[0]
    assert row["area_m2"] == pytest.approx(5000)


def test_coverage_of_each_kind(register, maps, rules) -> None:
    communes = pd.DataFrame({"code": ["00001", "00002"]})
    units = maps.layer(
        "former_units",
        [
            {"code": c, "commune_code": n, "geometry": maps.point(0, 0)}
            for c, n in (("a", "00001"), ("b", "00001"), ("c", "00001"), ("d", "00002"))
        ],
    )
    listed = register(
        {"plan_kind": "provincial", "covers": "*"},
        {"plan_kind": "general", "covers": "former:a; former:b"},
        {"plan_kind": "general", "covers": "former:c", "paper_only": True},
        {"plan_kind": "land_use", "covers": "00002", "status": "expired"},
        {"plan_kind": "forest", "covers": "00002", "paper_only": True},
        {"plan_kind": "annual_land_use", "covers": "00002", "status": "draft"},
    )
    found = plans.plan_coverage(communes, units, listed, rules.plan_kinds, DATE).set_index(["commune_code", "role"])
    status, percent = found["status"].to_dict(), found["percent"].to_dict()
    assert status["00001", "plans/provincial"] == status["00002", "plans/provincial"] == "covered"
    assert status["00001", "plans/general"] == "partly"
    assert percent["00001", "plans/general"] == pytest.approx(66.67)
    assert status["00002", "plans/general"] == "missing"
    assert status["00002", "plans/land_use"] == "missing"  # expired
    assert status["00002", "plans/forest"] == "paper_only"
    assert status["00002", "plans/annual_land_use"] == "missing"  # a draft covers nothing
    assert len(found) == 2 * len(rules.plan_kinds)
    assert bool(found.loc[("00001", "plans/general"), "mandatory"])
    assert not bool(found.loc[("00001", "plans/mineral"), "mandatory"])


@pytest.mark.parametrize("cell", ["00001; former:d", "00001,former:d", " 00001 ;; former:d;"])
def test_what_a_plan_covers_is_read_in_one_way(register, maps, rules, cell: str) -> None:
    """By the table of coverage and by the table of conformity, with either sign between the codes."""
    covers = Covers.of(cell)
    assert (covers.codes, covers.former) == ({"00001"}, {"d"})
    assert covers.commune("00001")
    assert not covers.commune("00002")
    units = maps.layer("former_units", [{"code": "d", "commune_code": "00002", "geometry": maps.point(0, 0)}])
    communes, listed = pd.DataFrame({"code": ["00001", "00002", "00003"]}), register({"covers": cell})
    found = plans.plan_coverage(communes, units, listed, rules.plan_kinds, DATE)
    status = found[found["role"] == "plans/general"].set_index("commune_code")["status"].to_dict()
    assert status == {"00001": "covered", "00002": "covered", "00003": "missing"}
    assert [Covers.of(c).commune("00001") for c in ("*", "", None, float("nan"))] == [True, False, False, False]


def test_no_plans_at_all_is_missing_everywhere(maps, rules) -> None:
    found = plans.plan_coverage(
        pd.DataFrame({"code": ["00001"]}), empty(INPUTS["former_units"]), empty(INPUTS["plans"]), rules.plan_kinds, DATE
    )
    assert set(found["status"]) == {"missing"}
    assert (found["percent"] == 0).all()


@pytest.mark.parametrize(("owner", "said"), [("Sở Xây dựng", "cơ quan: Sở Xây dựng"), (None, "cơ quan phê duyệt")])
def test_whom_to_ask_is_named_or_told_in_other_words(register, zones, rules, maps, owner, said) -> None:
    kinds = rules.plan_kinds.assign(owner=None)
    drawn = zones({"function": "DAT_DD_DONVIO", "geometry": maps.at(0, 0, 50, 100)})
    joined = plans.join_zones(drawn, register({"owner": owner}), replace(rules, plan_kinds=kinds), DATE)
    row = plans.evidence(site(maps, (0, 0, 100, 100)), joined, maps.scenario().tolerance).iloc[0]
    (told,) = [text(key, "vi", **params) for key, params in decode(row["treatment"])]
    assert said in told
    assert told == told.strip(" :;,")


@pytest.mark.parametrize(
    ("marks", "told"), [(("V", "P"), "P"), (("R", "P"), "P"), (("V", "V2"), "V2"), (("C", "R"), "R")]
)
def test_withheld_layers_are_told_with_the_weakest_certainty(rules, marks: tuple[str, str], told: str) -> None:
    kinds = rules.plan_kinds.copy()
    for kind, mark in zip(("defence", "security"), marks, strict=True):
        kinds.loc[kinds["plan_kind"] == kind, "certainty"] = mark
    sites = pd.DataFrame({"site_id": ["a"], "commune_code": ["1"]})
    for missing in (("defence", "security"), ("security", "defence")):
        assert plans.unconfirmed(sites, missing, kinds)[0]["certainty"] == told
