from __future__ import annotations

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.locale import decode, text
from siteplan.sites import plans
from siteplan.tables import RESULTS, conform, records

DATE = dt.date(2026, 1, 1)
SITE = (0, 0, 100, 100)


@pytest.fixture
def register(maps):
    def build(*rows: dict) -> pd.DataFrame:
        base = {"plan_kind": "general", "status": "approved", "decision_date": "2024-05-01", "authority": "UBND tỉnh"}
        named = [
            base | {"plan_id": f"P{i + 1}", "title": f"Quy hoạch {i + 1}", "decision_no": f"{i + 1}/QĐ"} | r
            for i, r in enumerate(rows)
        ]
        return maps.layer("plans", named)

    return build


@pytest.fixture
def found(maps, rules, register):
    """Evidence of one site of 1 ha against zones of plans."""

    def build(plan_rows: list[dict], zone_rows: list[dict], box=SITE, **tolerance) -> tuple:
        listed = register(*plan_rows)
        drawn = maps.layer("plan_zones", [{"zone_id": f"Z{i + 1}", "plan_id": "P1"} | z for i, z in
                                          enumerate(zone_rows)])  # fmt: skip
        sites = gpd.GeoDataFrame({"site_id": ["s"], "commune_code": maps.CODE}, geometry=[maps.at(*box)], crs=maps.CRS)
        settings = maps.scenario(tolerance=tolerance).tolerance
        joined = plans.join_zones(drawn, listed, rules, DATE)
        return listed, sites, plans.evidence(sites, joined, settings), settings

    return build


def test_a_plan_whose_period_is_over_is_listed_until_another_replaces_it(register) -> None:
    over = {"year_from": 2015, "year_to": 2025}
    assert plans.lapsed(register(over, {"status": "expired"}, {"status": "cancelled"}, {}), DATE).tolist() == [
        True, True, False, False,
    ]  # fmt: skip
    assert plans.lapsed(register(over, {"supersedes": "P1"}), DATE).tolist() == [False, False]
    assert plans.lapsed(register(over, {"supersedes": "P1", "status": "draft"}), DATE).tolist() == [True, False]
    not_yet = {"decision_date": "2026-05-01"}
    assert plans.lapsed(register(not_yet, {"year_from": 2030}), DATE).tolist() == [False, False]


def test_only_the_latest_draft_is_shown(register) -> None:
    drafts = register(
        {"status": "draft", "version_date": "2025-11-15"},
        {"status": "draft", "version_date": "2025-12-15", "supersedes": "P1"},
        {"status": "draft", "version_date": "2026-02-15", "supersedes": "P2"},  # due after the scenario's date
    )
    assert plans.standing(drafts, DATE).tolist() == ["superseded", "shown", "shown"]


def test_an_overlap_narrower_than_the_plan_is_accurate_is_a_condition(found, maps) -> None:
    zones = [
        {"plan_id": "P1", "function": "CQP", "geometry": maps.at(96, 0, 200, 100)},  # 4 m wide, accuracy 5 m
        {"plan_id": "P2", "function": "CQP", "geometry": maps.at(96, 0, 200, 100)},  # accuracy not stated
        {"plan_id": "P1", "function": "CQP", "geometry": maps.at(0, 0, 6, 100)},  # 6 m wide
        {"plan_id": "P1", "function": "TSC", "geometry": maps.at(0, 0, 4, 100)},
    ]
    plan_rows = [{"accuracy_m": 5.0}, {}]
    rows = found(plan_rows, zones)[2].set_index("zone_id")
    assert rows["effect"].to_dict() == {"Z1": "conditional", "Z2": "blocking", "Z3": "blocking", "Z4": "supports"}
    assert rows["within_accuracy"].to_dict() == {"Z1": True, "Z2": False, "Z3": False, "Z4": False}
    assert decode(rows.loc["Z1", "treatment"])[0][0] == "sites.treatment.within_accuracy"
    assert decode(rows.loc["Z1", "treatment"])[0][1]["accuracy"] == 5.0
    strict = found(plan_rows, zones, accuracy_factor=0)[2].set_index("zone_id")
    assert strict.loc["Z1", "effect"] == "blocking"
    wide = found(plan_rows, zones, accuracy_factor=2)[2].set_index("zone_id")
    assert wide.loc["Z3", "effect"] == "conditional"


def test_coordinates_are_the_corners_north_first(found, maps) -> None:
    north, east = maps.Y0, maps.X0
    ring = shapely.difference(maps.at(0, 0, 100, 100), maps.at(40, 40, 60, 60))
    rows = found([{}], [{"geometry": maps.at(50, 20, 150, 80)}, {"geometry": ring},
                        {"geometry": maps.at(100, 0, 120, 100)}])[2].set_index("zone_id")  # fmt: skip
    corners = [(north + 80, east + 50), (north + 80, east + 100), (north + 20, east + 100), (north + 20, east + 50)]
    assert decode(rows.loc["Z1", "coordinates"]) == [
        ("sites.coordinates.corners", {"points": "; ".join(f"{x:.2f} {y:.2f}" for x, y in corners)})
    ]
    key, params = decode(rows.loc["Z2", "coordinates"])[0]  # a hole: its box
    assert key == "sites.coordinates.box"
    assert params["points"].startswith(f"{north + 100:.2f} {east:.2f}; ")
    assert pd.isna(rows.loc["Z3", "coordinates"])  # a touch has no area


def test_former_town_plans_carry_the_rule_that_keeps_them(found, maps) -> None:
    box = {"function": "TSC", "geometry": maps.at(*SITE)}
    rows = found(
        [{"covers": "former:06199"}, {"covers": maps.CODE}, {"covers": "former:06199", "plan_kind": "forest"}],
        [{"plan_id": p, **box} for p in ("P1", "P2", "P3")],
    )[2].set_index("zone_id")
    assert rows.loc["Z1", "legal_basis"].endswith("NĐ 178/2025/NĐ-CP, Điều 26 khoản 4")
    assert "Điều 26" not in rows.loc["Z2", "legal_basis"]
    assert "Điều 26" not in rows.loc["Z3", "legal_basis"]


@pytest.mark.parametrize(
    ("first", "second", "prevails", "rule"),
    [
        ({"plan_kind": "land_use"}, {"plan_kind": "general"}, "P1", "higher_plan"),
        ({"plan_kind": "detailed"}, {"plan_kind": "zoning"}, "P2", "higher_plan"),
        ({"plan_kind": "land_use"}, {"plan_kind": "transport", "level": "Quốc gia"}, "P2", "national_plan"),
        ({"plan_kind": "land_use", "level": "tỉnh"}, {"plan_kind": "transport", "level": "tỉnh"}, "P1", "higher_plan"),
        ({"plan_kind": "x", "level": "Quốc gia"}, {"plan_kind": "transport", "level": "quốc gia"}, None, "undecided"),
        ({"authority": "UBND xã Tân Thành"}, {"authority": "UBND tỉnh Lạng Sơn"}, "P2", "higher_authority"),
        ({"authority": "Thủ tướng Chính phủ"}, {"authority": "UBND tỉnh"}, "P1", "higher_authority"),
        ({"decision_date": "2025-01-01"}, {"decision_date": "2021-01-01"}, "P1", "later_decision"),
        ({}, {}, None, "undecided"),
        ({"authority": "một nơi nào đó"}, {"decision_date": None}, None, "undecided"),
    ],
)
def test_who_prevails(register, rules, first: dict, second: dict, prevails: str | None, rule: str) -> None:
    one, two = register(first, second).to_dict("records")
    ruling = plans.Precedence(rules).between(one, two)
    assert (ruling.prevails, ruling.rule) == (prevails, rule)
    again = plans.Precedence(rules).between(two, one)
    assert (again.prevails, again.rule) == (prevails, rule)
    assert ruling.legal_basis


def test_two_plans_that_disagree_are_named_with_the_one_that_prevails(found, maps, rules) -> None:
    _, _, rows, tolerance = found(
        [{"plan_kind": "land_use"}, {}, {"status": "draft"}, {"plan_kind": "forest"}],
        [
            {"plan_id": "P1", "function": "TSC", "geometry": maps.at(0, 0, 60, 100)},
            {"plan_id": "P2", "function": "DAT_HTXH_CAYXANHCC", "geometry": maps.at(40, 0, 100, 50)},
            {"plan_id": "P2", "function": "DAT_HTXH_CAYXANHCC", "geometry": maps.at(40, 50, 100, 100)},
            {"plan_id": "P3", "function": "CQP", "geometry": maps.at(*SITE)},  # a draft says nothing yet
            {"plan_id": "P4", "function": "RDD", "geometry": maps.at(60, 0, 100, 100)},  # agrees with P2, beside P1
        ],
    )
    listed = plans.disagreements(rows, rules, tolerance)
    assert [r["zone_id"] for r in listed] == ["P1|P2"]
    row = listed[0]
    assert row["area_m2"] == pytest.approx(20 * 100)
    assert row["percent_of_site"] == pytest.approx(20)
    assert row["title"] == "Quy hoạch 1 ↔ Quy hoạch 2"
    key, params = decode(row["treatment"])[0]
    assert text(key, "vi", **params) == (
        "Dự kiến áp dụng Quy hoạch 1 (quy hoạch cấp trên); Quy hoạch 2 phải điều chỉnh cho phù hợp"
    )


def table(found, rules, plan_rows, zone_rows, maps, statuses=None) -> pd.DataFrame:
    listed, sites, rows, tolerance = found(plan_rows, zone_rows)
    kinds = rules.plan_kinds
    cover = pd.DataFrame({"role": "plans/" + kinds["plan_kind"], "status": "missing"})
    cover["status"] = [(statuses or {}).get(r.removeprefix("plans/"), s) for r, s in
                       zip(cover["role"], cover["status"], strict=True)]  # fmt: skip
    register = records(plans.in_force(listed, DATE, pd.DataFrame(zone_rows)))
    made = plans.conformity_table(sites.assign(area_m2=sites.geometry.area), rows, register, rules, tolerance, cover)
    return conform(made, RESULTS["conformity"]).set_index("plan_kind")


def test_conformity_with_each_plan_that_should_cover_the_site(found, maps, rules) -> None:
    made = table(
        found, rules,
        [
            {"plan_kind": "land_use"},
            {"plan_kind": "general"},
            {"plan_kind": "provincial", "covers": "*"},
            {"plan_kind": "forest", "covers": maps.CODE, "paper_only": True},
            {"plan_kind": "mineral"},
        ],
        [
            {"plan_id": "P1", "function": "TSC", "geometry": maps.at(-5, -5, 105, 105)},
            {"plan_id": "P2", "function": "TSC", "geometry": maps.at(0, 0, 100, 60)},
            {"plan_id": "P2", "function": "DAT_O_NHOMNHAO", "geometry": maps.at(0, 40, 100, 100)},
            {"plan_id": "P2", "function": "DAT_O_NHOMNHAO", "geometry": maps.at(0, 40, 100, 90)},
            {"plan_id": "P3", "function": "TSC", "geometry": maps.at(900, 900, 990, 990)},  # elsewhere
            {"plan_id": "P5", "function": "mỏ", "geometry": maps.at(100, 0, 200, 100)},  # touches only
        ],
        maps,
        {"annual_land_use": "missing"},
    )  # fmt: skip
    assert made["conformity"].to_dict() == {
        "provincial": "not_in_plan", "land_use": "conforms", "annual_land_use": "no_plan",
        "general": "needs_adjustment", "forest": "paper_only",
    }  # fmt: skip
    assert made["conformity_basis"].to_dict() == {
        "provincial": "no_zone_here", "land_use": "zones", "annual_land_use": "no_plan", "general": "zones",
        "forest": "paper_only",
    }  # fmt: skip
    general = made.loc["general"]
    assert general["supports_m2"] == pytest.approx(6000)
    assert general["conditional_m2"] == pytest.approx(6000)  # counted once
    assert general["overlap_gross_m2"] == pytest.approx(6000 + 6000 + 5000)
    assert general["overlap_m2"] == pytest.approx(10_000)
    assert general["overlap_percent"] == pytest.approx(100)
    assert made["mandatory"].all()


@pytest.mark.parametrize(
    ("kind", "status", "drawn", "basis", "said"),
    [
        ("forest", None, True, "outside_kept", "outside"),  # its zones only mark land to keep
        ("forest", None, False, "not_drawn_here", "not_compared"),  # registered, its zones were never delivered
        ("provincial", None, True, "no_zone_here", "not_in_plan"),
        ("provincial", None, False, "not_drawn_here", "not_compared"),
        # such a plan leaves no gaps: its drawing does not reach the site
        ("land_use", None, True, "not_drawn_here", "not_compared"),
        ("general", "missing", False, "no_plan", "no_plan"),
        ("general", "partly", False, "partly", "not_compared"),
        # by plans of former units: which one reaches the site?
        ("general", "covered", False, "not_drawn_here", "not_compared"),
        ("general", "paper_only", False, "paper_only", "paper_only"),
    ],
)
def test_only_a_plan_drawn_there_says_nothing_of_a_site(
    found, maps, rules, kind, status, drawn, basis, said
) -> None:  # fmt: skip
    """`status` is that of the register where no plan names the commune itself."""
    covers = "former:01" if status else maps.CODE
    zone = {"plan_id": "P1" if drawn else "P2", "function": "x", "geometry": maps.at(900, 900, 990, 990)}
    listed = [{"plan_kind": kind, "covers": covers}, {"plan_kind": "mineral"}]
    made = table(found, rules, listed, [zone], maps, {kind: status or "covered"})
    assert (made.loc[kind, "conformity"], made.loc[kind, "conformity_basis"]) == (said, basis)


def test_a_restricted_zone_on_a_site_is_not_nothing(found, maps, rules) -> None:
    def kept_from_all(plan_rows, zone_rows):
        listed, sites, rows, tolerance = found(plan_rows, zone_rows)
        return listed, sites, rows.assign(restricted=True), tolerance

    zone = {"plan_id": "P1", "function": "RPH", "geometry": maps.at(*SITE)}
    made = table(kept_from_all, rules, [{"plan_kind": "forest", "covers": maps.CODE}], [zone], maps)
    assert made.loc["forest", ["conformity", "conformity_basis"]].tolist() == ["not_compared", "restricted"]
    assert pd.isna(made.loc["forest", "plan_id"])


def test_support_of_a_part_is_not_conformity(found, maps, rules) -> None:
    rows = [{"plan_id": "P1", "function": "TSC", "geometry": maps.at(0, 0, 100, 98)}]
    assert table(found, rules, [{}], rows, maps).loc["general", "conformity"] == "not_in_plan"
    rows[0]["geometry"] = maps.at(0, 0, 100, 99.5)  # within the scenario's tolerance of 1 %
    assert table(found, rules, [{}], rows, maps).loc["general", "conformity"] == "conforms"


def test_coverage_is_measured_where_zones_fill_the_ground(register, maps, rules) -> None:
    communes = gpd.GeoDataFrame(
        {"code": ["00001", "00002"]}, geometry=[maps.at(0, 0, 1000, 1000), maps.at(1000, 0, 2000, 1000)], crs=maps.CRS
    )
    units = maps.layer("former_units", [{"code": "a", "commune_code": "00001", "geometry": maps.point(0, 0)}])
    listed = register(
        {"plan_kind": "general", "covers": "former:a"},
        {"plan_kind": "land_use", "covers": "*"},
        {"plan_kind": "forest", "covers": "00001"},
        {"plan_kind": "general", "covers": "00002", "paper_only": True},
    )
    zones = maps.layer(
        "plan_zones",
        [
            {"zone_id": "1", "plan_id": "P1", "geometry": maps.at(0, 0, 500, 600)},
            {"zone_id": "2", "plan_id": "P1", "geometry": maps.at(0, 400, 500, 800)},  # overlaps: counted once
            {"zone_id": "3", "plan_id": "P2", "geometry": maps.at(0, 0, 1000, 995)},
            {"zone_id": "4", "plan_id": "P3", "geometry": maps.at(0, 0, 10, 10)},
            {"zone_id": "5", "plan_id": "P4", "geometry": maps.at(1000, 0, 2000, 1000)},
        ],
    )
    made = plans.plan_coverage(communes, units, listed, rules.plan_kinds, DATE, zones)
    made = made.set_index(["commune_code", "role"])
    state = made["status"].to_dict()
    assert state["00001", "plans/general"] == "partly"
    assert made.loc[("00001", "plans/general"), "percent"] == pytest.approx(40)
    assert state["00001", "plans/land_use"] == "covered"  # 99.5 %: boundaries differ between sources
    assert state["00001", "plans/forest"] == "covered"  # its zones leave gaps: the register says what it covers
    assert state["00002", "plans/general"] == "paper_only"  # traced outlines of a paper plan do not clear
    missing = decode(made.loc[("00001", "plans/defence"), "notes"])
    assert missing == [("sites.coverage.withheld", {"owner": "Bộ Chỉ huy quân sự tỉnh"})]


def test_withheld_layers_ask_for_a_confirmation(maps, rules) -> None:
    communes = pd.DataFrame({"code": ["00001", "00002"], "is_border": [True, False]})
    cover = pd.DataFrame(
        {"commune_code": ["00002"], "role": ["plans/security"], "status": ["covered"]},
    )
    kinds = plans.withheld_kinds(rules.plan_kinds, cover, communes)
    assert kinds == {"00001": ("defence", "security", "border_zone"), "00002": ("defence",)}
    sites = pd.DataFrame({"site_id": ["a"], "commune_code": ["00002"]})
    (row,) = plans.unconfirmed(sites, kinds["00002"], rules.plan_kinds)
    assert row["owner"] == "Bộ Chỉ huy quân sự tỉnh"
    assert row["effect"] == "information"
    key, params = decode(row["treatment"])[0]
    assert text(key, "vi", **params) == (
        "Đề nghị xác nhận bằng văn bản của Bộ Chỉ huy quân sự tỉnh: Công trình quốc phòng, khu quân sự"
    )
    assert plans.unconfirmed(sites, (), rules.plan_kinds) == []


@pytest.mark.parametrize("teeth", [1, 2, 4])
def test_several_parts_of_one_zone_are_no_narrower_than_each(found, maps, teeth: int) -> None:
    """Squares of 14 m side by side in the site, of a plan true to 10 m: what blocks as one blocks as several."""
    squares = [maps.at(20 * i, 0, 20 * i + 14, 14) for i in range(teeth)]
    zone = {"function": "CQP", "geometry": shapely.union_all([*squares, maps.at(0, -20, 80, 0)])}
    row = found([{"accuracy_m": 10.0}], [zone])[2].iloc[0]
    assert row["area_m2"] == pytest.approx(196 * teeth)
    assert row["width_m"] == pytest.approx(14)
    assert (row["effect"], row["within_accuracy"]) == ("blocking", False)


def test_parts_that_are_all_narrower_than_the_plan_is_accurate_are_a_condition(found, maps) -> None:
    strips = [maps.at(20 * i, 0, 20 * i + 8, 100) for i in range(4)]
    row = found([{"accuracy_m": 10.0}], [{"function": "CQP", "geometry": shapely.union_all(strips)}])[2].iloc[0]
    assert (row["effect"], row["within_accuracy"]) == ("conditional", True)
    assert row["width_m"] == pytest.approx(8)
