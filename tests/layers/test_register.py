"""The register of plans on a province small enough to check by hand: four square communes of 10 km."""

from __future__ import annotations

import datetime as dt
import json
import subprocess

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from siteplan.crs import to_crs
from siteplan.layers.catalog import load_catalog
from siteplan.layers.register import coverage_of, functions_of, overview, read_register, versions_of
from siteplan.layers.register_check import check_register
from siteplan.locale import problem_row
from siteplan.outputs.register import write_register
from siteplan.scenario import ToleranceSettings
from siteplan.sites.plans import evidence, join_zones, plan_coverage, standing

WEST, SOUTH = 440_000.0, 2_410_000.0
DATE = dt.date(2026, 1, 1)
HEAD = (
    "plan_id,title,plan_kind,level,authority,decision_no,decision_date,year_from,year_to,status,supersedes,version,"
    "version_date,covers,accuracy_m,paper_only"
)


def plan(plan_id="Q1", kind="general", **more):
    row = {
        "plan_id": plan_id, "title": f"Quy hoạch {plan_id}", "plan_kind": kind, "level": "xã", "authority": "UBND tỉnh",
        "decision_no": f"{plan_id}/QĐ", "decision_date": "31/12/2022", "year_from": "2021", "year_to": "2030",
        "status": "approved", "supersedes": "", "version": "", "version_date": "", "covers": "06001",
        "accuracy_m": "5", "paper_only": "0", **more,
    }  # fmt: skip
    return ",".join(row[name] for name in HEAD.split(","))


def box(x, y, side=1000.0):
    return shapely.box(WEST + x, SOUTH + y, WEST + x + side, SOUTH + y + side)


def zones(*rows, crs=9215):
    columns = {
        "zone_id": [f"Z{n}" for n in range(1, len(rows) + 1)],
        "plan_id": [r[0] for r in rows],
        "function": [r[1] for r in rows],
    }
    return gpd.GeoDataFrame(columns, geometry=[r[2] for r in rows], crs=crs)


@pytest.fixture
def made(ground, rules):
    """Register of the plans and zones given; returns layers, standing, problems by key."""

    def make(*plans, drawn=None):
        ground.text("quy_hoach", "plans", "quy_hoach.csv", "\n".join([HEAD, *plans]) + "\n")
        if drawn is not None:
            ground.frame("o_qh", "plan_zones", drawn)
        ground.text("dv_cu", "former_units", "dv_cu.csv",
                    f"code,name,commune_code,e,n\n00001,Cũ A,06001,{WEST + 500},{SOUTH + 500}\n"
                    f"00002,Cũ B,06004,{WEST + 12_000.5},{SOUTH + 500}\n", xy=["e", "n"], crs=9215)  # fmt: skip
        layers = read_register(load_catalog(ground.write()))
        stands = standing(layers.table("plans"), DATE)
        covered = plan_coverage(
            layers.table("communes"), layers.table("former_units"), layers.table("plans"), rules.plan_kinds, DATE
        )
        return layers, stands, covered, check_register(layers, rules, stands, covered, DATE)

    return make


def _told(problems, *without):
    lacking = {"plan_coverage_lacking", *without}
    return {p.key: p.feature for p in problems if p.key not in lacking}


def test_the_sound_register_has_no_fault_but_what_it_lacks(made):
    *_, problems = made(plan(), drawn=zones(("Q1", "DAT_COQUAN", box(100, 100))))
    assert _told(problems) == {}
    lacking = {(p.params["kind"], p.params["status"]): (p.params["count"], p.params["of"]) for p in problems}
    # one of four communes has a general plan; the three other mandatory kinds have none anywhere
    assert lacking[("general", "missing")] == (3, 4)
    assert lacking[("land_use", "missing")] == (4, 4)
    assert ("zoning", "missing") not in lacking  # not mandatory


def test_each_fault_of_a_register_is_listed_with_its_remedy(made):
    line = shapely.Polygon([(WEST, SOUTH), (WEST + 900, SOUTH + 900), (WEST + 900, SOUTH), (WEST, SOUTH + 900)])
    *_, problems = made(
        plan("Q1", decision_no="", decision_date=""),
        plan("Q2", decision_date="khoảng năm 2020"),
        plan("Q3", year_to="2024"),
        plan("Q4", status="expired", year_from="2010", year_to="2020"),
        plan("Q5", supersedes="Q5; Q0"),
        plan("Q6", status="draft", decision_no="", decision_date=""),
        plan("Q7", covers=""),
        plan("Q8", paper_only="1", accuracy_m=""),
        plan("Q9", year_from="2031", year_to="2030"),
        drawn=zones(("Q4", "DAT_COQUAN", box(0, 3000)), ("Q8", None, box(0, 6000)), ("Q99", "DAT_COQUAN", box(0, 8000)),
                    ("Q5", "DAT_COQUAN", box(12_000, 100)), ("Q2", "DAT_COQUAN", line)),
    )  # fmt: skip
    told = _told(problems)
    assert told["plan_without_decision"] == "Q1"
    assert told["plan_without_date"] == "Q1, Q2"
    assert "Q2" in told["layer_date_invalid"]
    assert told["plan_period_over"] == "Q3"
    assert told["plan_expired_unreplaced"] == "Q4"
    assert told["plan_supersedes_itself"] == "Q5"
    assert told["plan_supersedes_unknown"] == "Q5 > Q0"
    assert told["draft_without_version"] == "Q6"
    assert told["plan_without_cover"] == "Q7"
    assert told["plan_paper_without_accuracy"] == "Q8"
    assert told["plan_years_reversed"] == "Q9"
    assert told["plan_unknown"] == "Q99"
    assert told["zone_without_function"] == "Z2"
    assert told["zone_outside_plan"] == "Z4 (100 %)"  # its plan covers 06001, the zone lies in 06004
    assert told["geometry_repaired"].startswith("Z5")  # crosses itself
    assert {p.severity for p in problems if p.key in ("layer_date_invalid", "plan_unknown")} == {"error"}
    for problem in problems:
        row = problem_row(problem)
        assert row["remedy"]
        assert not row["remedy"].startswith("problem.")


def test_two_plans_of_one_id_stop(made):
    *_, problems = made(plan("Q1"), plan("Q1", title="Bản khác"))
    found = [p for p in problems if p.key == "layer_key_twice"]
    assert [(p.severity, p.feature) for p in found] == [("error", "Q1")]


# a plan as it is drawn: an edge that leans, a hole, an island of its own, and a zone that only touches the site
DRAWN = (
    shapely.MultiPolygon(
        [
            shapely.Polygon(
                [(WEST + x, SOUTH + y) for x, y in ((100.125, 50), (400, 61.5), (390.75, 300), (90, 310))],
                holes=[[(WEST + x, SOUTH + y) for x, y in ((200, 100), (240, 100), (240, 160), (200, 160))]],
            ),
            box(480, 100, 60.25),
        ]
    ),
    box(550, 100, 80),
)


@pytest.mark.parametrize("epsg", [9215, 5897, 3405, 4326])
def test_the_evidence_is_the_same_whatever_crs_the_file_of_the_plan_came_in(made, rules, epsg):
    drawn = to_crs(zones(*(("Q1", "DAT_CAYXANH", shape) for shape in DRAWN)), epsg)
    layers, *_ = made(plan(), drawn=drawn)
    read = layers.table("plan_zones")
    assert read.crs.to_epsg() == 9215
    for shape, expected in zip(read.sort_values("zone_id").geometry, DRAWN, strict=True):
        ours = shapely.get_coordinates(shapely.normalize(shapely.set_precision(shape, 1e-4)))
        assert np.abs(ours - shapely.get_coordinates(shapely.normalize(expected))).max() < 0.001
    site = shapely.box(WEST + 150, SOUTH, WEST + 550, SOUTH + 200)
    sites = gpd.GeoDataFrame({"site_id": ["K"], "commune_code": ["06001"]}, geometry=[site], crs=9215)
    joined = join_zones(read, layers.table("plans"), rules, DATE)
    found = evidence(sites, joined, ToleranceSettings()).set_index("zone_id")
    assert found.loc["Z1", "relation"] == "overlap"
    expected = site.intersection(DRAWN[0]).area
    assert found.loc["Z1", "area_m2"] == pytest.approx(expected, abs=0.001 * DRAWN[0].length)
    # an edge that is shared: exact within VN-2000; degrees know it to the millimetre, never an overlap
    edge = found.loc[found.index == "Z2"]
    assert set(edge["relation"]) <= ({"touch", "sliver"} if epsg == 4326 else {"touch"})
    assert len(edge) == 1 or epsg == 4326
    assert edge["area_m2"].sum() <= 0.001 * 80


def test_a_plan_drawn_in_one_zone_and_told_as_another_is_refused_with_the_likely_cause(made):
    wrong = zones(("Q1", "DAT_CAYXANH", box(0, 0)), crs=5897)  # coordinates of 9215
    *_, problems = made(plan(), drawn=wrong)
    told = [p for p in problems if p.key.startswith("layer_outside")]
    assert [p.severity for p in told] == ["error"]
    assert [p.layer for p in told] == ["o_qh"]
    assert "9215" in str(told[0].params)
    assert problem_row(told[0])["remedy"]


def test_plans_of_one_kind_and_level_that_overlap(made):
    drawn = zones(("Q1", "DAT_COQUAN", box(0, 0, 1000)), ("Q2", "DAT_COQUAN", box(500, 0, 1000)),
                  ("Q3", "DAT_COQUAN", box(0, 0, 1000)), ("Q4", "DAT_COQUAN", box(0, 0, 1000)))  # fmt: skip
    rows = plan("Q1"), plan("Q2"), plan("Q3", level="đô thị"), plan("Q4", status="draft")
    *_, problems = made(*rows, drawn=drawn)
    (found,) = [p for p in problems if p.key == "plans_overlap"]
    # half of a square of 1 km; the town's plan is of another level, the draft binds nobody
    assert (found.feature, found.params["area_m2"], found.params["percent"]) == ("Q1 / Q2", 500_000.0, 50.0)


def test_a_replaced_plan_does_not_overlap_its_successor(made):
    drawn = zones(("Q1", "DAT_COQUAN", box(0, 0)), ("Q2", "DAT_COQUAN", box(0, 0)))
    *_, problems = made(plan("Q1"), plan("Q2", supersedes="Q1"), drawn=drawn)
    assert _told(problems) == {"plan_superseded_approved": "Q1"}


@pytest.mark.require("gdal")
def test_heights_and_curves_in_a_file_are_told(made, ground, tmp_path):
    raised = {"type": "Polygon", "coordinates": [[[*xy, 5.0] for xy in box(0, 0).exterior.coords]]}
    feature = {"type": "Feature", "properties": {"zone_id": "Z1", "plan_id": "Q1", "function": "DAT_COQUAN"},
               "geometry": raised}  # fmt: skip
    source = tmp_path / "cao.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9215"}}
    source.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), "utf-8")
    subprocess.run(["ogr2ogr", "-f", "GPKG", ground.folder / "cao.gpkg", source, "-nln", "o_qh"], check=True)
    ground.put("cao", "plan_zones", "cao.gpkg")
    curved = tmp_path / "cong.csv"
    wkt = "CURVEPOLYGON(CIRCULARSTRING(442000 2412000,442100 2412100,442200 2412000,442100 2411900,442000 2412000))"
    curved.write_text(f'WKT,zone_id,plan_id,function\n"{wkt}",Z2,Q1,DAT_COQUAN\n', "utf-8")
    subprocess.run(
        ["ogr2ogr", "-f", "GPKG", ground.folder / "cong.gpkg", curved, "-oo", "GEOM_POSSIBLE_NAMES=WKT", "-a_srs",
         "EPSG:9215", "-nln", "o_qh", "-oo", "KEEP_GEOM_COLUMNS=NO"], check=True,
    )  # fmt: skip
    ground.put("cong", "plan_zones", "cong.gpkg")
    layers, *_, problems = made(plan())
    told = {p.key: p.layer for p in problems if p.key.startswith("zone_with")}
    assert told == {"zone_with_height": "cao", "zone_with_curves": "cong"}
    areas = layers.table("plan_zones").set_index("zone_id").area
    assert areas["Z1"] == 1_000_000.0
    assert areas["Z2"] == pytest.approx(31_415.93, rel=0.01)  # a circle of 100 m as chords


def test_an_empty_layer_of_zones_and_an_empty_register(made, ground):
    empty = zones(("Q1", "X", box(0, 0))).iloc[:0]
    *_, problems = made(plan(), drawn=empty)
    assert "layer_empty" in _told(problems)
    *_, problems = made()
    assert "register_empty" in _told(problems)


def test_overview_filters_by_kind_and_by_commune_of_a_former_unit(made):
    layers, stands, *_ = made(
        plan("Q1"), plan("Q2", "forest", covers="*"), plan("Q3", covers="former:00002"), plan("Q4", covers="former:9"),
        drawn=zones(("Q1", "DAT_COQUAN", box(0, 0)), ("Q1", "DAT_O", box(0, 0)), ("Q1", "DAT_O", box(0, 2000, 2000))),
    )  # fmt: skip
    assert overview(layers, stands)["zones"].tolist() == [3, 0, 0, 0]
    assert overview(layers, stands, kind="forest")["plan_id"].tolist() == ["Q2"]
    assert overview(layers, stands, commune="06004")["plan_id"].tolist() == ["Q2", "Q3"]
    assert overview(layers, stands, commune="06001")["plan_id"].tolist() == ["Q1", "Q2"]
    functions = functions_of("Q1", layers.table("plan_zones"))
    assert functions.to_dict("list") == {
        "function": ["DAT_O", "DAT_COQUAN"], "zones": [2, 1], "area_m2": [5_000_000.0, 1_000_000.0],
    }  # fmt: skip


def test_coverage_of_a_cell():
    found = coverage_of("06001; former:00001;former:7 ;99999", ["06001"], {"00001": ("06004",)})
    assert (found.communes, found.former, found.unknown) == (("06001",), ("00001",), ("99999", "former:7"))
    assert found.reaches("06004", {"00001": ("06004",)})
    assert coverage_of("*", [], {}).province


def test_versions_are_the_whole_line_even_where_it_turns_in_a_circle():
    rows = pd.DataFrame(
        {
            "plan_id": ["A", "B", "C", "D", "X"],
            "supersedes": ["C", "A", "A;B", None, None],
            "version_date": [None, "2025-11-15", "2025-11-30", None, None],
            "decision_date": ["2024-03-19", "2025-10-24", "2025-10-24", None, None],
        }
    )
    assert versions_of("B", rows)["plan_id"].tolist() == ["A", "B", "C"]
    assert versions_of("D", rows)["plan_id"].tolist() == ["D"]


def test_the_workbook_holds_register_coverage_and_problems_as_text(made, tmp_path):
    layers, stands, covered, problems = made(
        plan("Q1", decision_no=""), plan("Q2", title="=HYPERLINK(1)"), drawn=zones(("Q1", "X", box(0, 0)))
    )
    names = dict(zip(layers.table("communes")["code"], layers.table("communes")["name"], strict=True))
    file = write_register(tmp_path / "so.xlsx", overview(layers, stands), covered, problems, names, DATE, "vi")
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Lỗi và thiếu sót", "Sổ quy hoạch", "Mức phủ"]
    cells = [c for row in book["Sổ quy hoạch"].iter_rows() for c in row]
    (formula,) = [c for c in cells if c.value == "=HYPERLINK(1)"]
    assert formula.data_type == "s"
    shown = [[c.value for c in row] for row in book["Lỗi và thiếu sót"].iter_rows()]
    assert sum(row[0] in ("Lỗi", "Cảnh báo", "Bỏ qua") for row in shown) >= len(problems) - 1
    assert len([r for r in book["Mức phủ"].iter_rows(values_only=True) if r[0] in names]) == len(covered)


def test_the_embedded_register_holds_the_drafts_as_versions_with_their_dates(repo_root):
    layers = read_register(load_catalog(repo_root / "layers" / "catalog.toml"))
    line = versions_of("QH-001", layers.table("plans"))
    # the deadlines of the three drafts of the provincial plan's adjustment
    assert dict(zip(line["plan_id"], line["version_date"].fillna(""), strict=True)) == {
        "QH-001": "", "QH-002-1": "2025-11-15", "QH-002-2": "2025-11-30", "QH-002-3": "2025-12-31",
    }  # fmt: skip
    stands = dict(zip(layers.table("plans")["plan_id"], standing(layers.table("plans"), DATE), strict=True))
    assert (stands["QH-001"], stands["QH-002-3"]) == ("binding", "shown")
    assert [p.key for p in layers.problems] == []
