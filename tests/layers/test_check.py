from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from siteplan.layers.coverage import area_share_percent, grid_share_percent, layer_coverage
from siteplan.locale import LANGUAGES, problem_row
from siteplan.raster import Raster
from siteplan.tables import RESULTS, verify

WEST, SOUTH = 440_000.0, 2_410_000.0


def test_commune_without_polygon_and_polygon_without_facts(ground):
    ground.text("so_lieu", "commune_facts", "so_lieu.csv", "code,name\n06001,a\n06004,b\n06019,c\n06999,x\n")
    told = {p.key: p.feature for p in ground.check()}
    assert told == {"commune_without_polygon": "06999", "commune_without_facts": "06037 Văn Lãng"}


def test_stated_area_is_held_against_the_boundary(ground):
    ground.text("so_lieu", "commune_facts", "so_lieu.csv",
                "code,name,stated_area_km2\n06001,a,100\n06004,b,100\n06019,c,80\n06037,d,\n")  # fmt: skip
    (problem,) = ground.check()
    assert (problem.key, problem.severity) == ("commune_area_differs", "warning")
    assert problem.feature == "06019 Lộc Bình (+25 %)"  # 100 km² against 80


def test_facility_in_another_commune_is_told_with_its_distance(ground, rules):
    ground.text("co_so", "facilities", "co_so.csv",
                f"facility_id,commune_code,e,n\nA,06001,{WEST + 11_234.5},{SOUTH + 500.5}\n",
                xy=["e", "n"], crs=9215)  # fmt: skip
    (problem,) = ground.check(rules)
    assert problem.key == "feature_outside_commune"
    assert problem.params["largest_m"] == pytest.approx(1234.5)


def test_seats_outside_their_commune_are_told_beyond_what_is_plausible(ground, rules):
    inside, near, far = WEST + 5000, WEST + 10_099, WEST + 10_000 + 1520  # 0, 99 and 1,520 m east of 06001
    rows = [f"06001,{far},{SOUTH + 500}", f"06004,{far},{SOUTH + 500}", f"06019,{inside},{SOUTH + 15_000}",
            f"06037,{near - 199},{SOUTH + 15_000}"]  # fmt: skip
    ground.text("tru_so", "seats", "tru_so.csv", "commune_code,e,n\n" + "\n".join(rows) + "\n", xy=["e", "n"], crs=9215)
    (problem,) = ground.check(rules)
    assert (problem.key, problem.severity, problem.feature) == (
        "seat_outside_commune", "warning", "06001 Hữu Lũng (1520 m)",
    )  # fmt: skip
    assert problem.params == {"count": 1, "total": 4, "limit": 100.0, "largest_m": pytest.approx(1520.0)}
    for lang in LANGUAGES:
        row = problem_row(problem, lang)
        assert all(row[part] and not row[part].startswith("problem.") for part in ("what", "cause", "remedy"))


def test_a_seat_of_an_unknown_commune_is_told(ground):
    ground.text("tru_so", "seats", "tru_so.csv", f"commune_code,e,n\n06998,{WEST + 500},{SOUTH + 500}\n",
                xy=["e", "n"], crs=9215)  # fmt: skip
    (problem,) = ground.check()
    assert (problem.key, problem.value) == ("commune_code_unknown", "06998")


def test_plans_and_zones_are_held_against_each_other(ground, rules):
    kind = "forest"
    ground.text("quy_hoach", "plans", "quy_hoach.csv",
                "plan_id,title,plan_kind,status,supersedes,covers\n"
                f"Q1,Một,{kind},đã phê duyệt,Q0,06001; 06998\nQ2,Hai,loại lạ,approved,,*\n")  # fmt: skip
    zone = gpd.GeoDataFrame(
        {"zone_id": ["Z1", "Z2"], "plan_id": ["Q1", "Q9"], "function": ["chức năng lạ", None]},
        geometry=[shapely.box(WEST, SOUTH, WEST + 10, SOUTH + 10)] * 2, crs=9215,
    )  # fmt: skip
    ground.frame("o_chuc_nang", "plan_zones", zone)
    told = {p.key: p.feature for p in ground.check(rules)}
    assert told == {
        "plan_unknown": "Q9", "plan_supersedes_unknown": "Q1 > Q0", "plan_covers_unknown": "Q1: 06998",
        "plan_kind_unknown": "Q2", "plan_function_unknown": "Z1",
    }  # fmt: skip


def test_a_function_that_only_the_general_row_of_its_kind_fits_is_told_where_others_weigh_more(ground, rules):
    kinds = {"D": "heritage", "B": "border_zone", "K": "mineral", "A": "project"}
    ground.text("so_quy_hoach", "plans", "so.csv", "plan_id,title,plan_kind,status,covers\n"
                + "".join(f"{plan},Một,{kind},approved,*\n" for plan, kind in kinds.items()))  # fmt: skip
    zones = [("D", "Khu vực bảo vệ I"), ("D", "zone_2"), ("D", "Vùng đệm"), ("D", None), ("B", "VUNG CAM"),
             ("B", "dải an toàn"), ("B", "Vành đai biên giới+lạ"), ("K", "mỏ đá"), ("A", "Trường học")]  # fmt: skip
    words = {"zone_id": [f"Z{i}" for i in range(len(zones))], "plan_id": [z[0] for z in zones],
             "function": [z[1] for z in zones]}  # fmt: skip
    shapes = [shapely.box(WEST + 20 * i, SOUTH, WEST + 20 * i + 10, SOUTH + 10) for i in range(len(zones))]
    ground.frame("o_chuc_nang", "plan_zones", gpd.GeoDataFrame(words, geometry=shapes, crs=9215))
    (told,) = ground.check(rules)
    assert (told.key, told.severity, told.feature) == ("plan_function_general", "warning", "Z2, Z3, Z5, Z6")
    assert told.value == "Vành đai biên giới+lạ, Vùng đệm, dải an toàn, –"


def test_hazard_zones_without_a_level_are_counted_with_their_column(ground):
    shapes = [shapely.box(WEST + i, SOUTH, WEST + i + 1, SOUTH + 1) for i in range(3)]
    words = {"hazard_kind": ["flood"] * 3, "CAPNGUYHIEM": ["rất cao", None, "  "]}
    ground.frame("ngap", "hazards", gpd.GeoDataFrame(words, geometry=shapes, crs=9215), fields={"level": "CAPNGUYHIEM"})
    bare = gpd.GeoDataFrame({"hazard_kind": ["landslide"] * 3}, geometry=shapes, crs=9215)
    ground.frame("sat_lo", "hazards", bare)
    told = [p for p in ground.check() if p.key == "hazard_level_missing"]
    assert [(p.layer, p.params["count"], p.params["total"], p.feature) for p in told] == [
        ("ngap", 2, 3, "2, 3"),
        ("sat_lo", 3, 3, "1, 2, 3"),
    ]
    assert all(p.severity == "warning" and p.column == "level" for p in told)
    assert "(cột level = CAPNGUYHIEM)" in problem_row(told[0], "vi")["what"]


def test_uses_of_buildings_that_no_table_lists_are_counted(ground, rules):
    uses = ["Chung cư", "chung cư mini", "Chung cư", "house", " Nhà kho", None]
    shapes = [shapely.box(WEST + 100 * i, SOUTH, WEST + 100 * i + 10, SOUTH + 10) for i in range(len(uses))]
    ground.frame("nha", "buildings", gpd.GeoDataFrame({"use": uses}, geometry=shapes, crs=9215))
    (problem,) = [p for p in ground.check(rules) if p.key == "building_use_unknown"]
    assert problem.feature == "Chung cư (2), chung cư mini (1)"
    assert problem.params == {"count": 2, "buildings": 3}


def test_an_older_rule_table_is_told_that_it_lets_unknown_levels_pass(ground, rules):
    shape = shapely.box(WEST, SOUTH, WEST + 1, SOUTH + 1)
    frame = gpd.GeoDataFrame({"hazard_kind": ["flood"], "level": ["high"]}, geometry=[shape], crs=9215)
    older = replace(rules, eligibility=rules.eligibility[rules.eligibility["rule"] != "hazard_level_unknown"])

    def told(table):
        return [(p.key, p.value) for p in ground.check(table) if p.key == "hazard_rule_missing"]

    ground.frame("ngap", "hazards", frame)
    assert told(older) == []  # every level is known
    ground.frame("ngap", "hazards", frame.assign(level=None), "ngap2.gpkg")
    assert told(rules) == []
    assert told(older) == [("hazard_rule_missing", "*:unknown")]


def test_an_older_rule_table_is_told_that_it_lets_unknown_land_pass(ground, rules):
    shapes = [shapely.box(WEST, SOUTH, WEST + 100, SOUTH + 100), shapely.box(WEST + 100, SOUTH, WEST + 200, SOUTH + 90)]
    ground.frame("dat", "land_use", gpd.GeoDataFrame({"land_use": ["LUC", "XYZ"]}, geometry=shapes, crs=9215))
    older = replace(rules, eligibility=rules.eligibility[rules.eligibility["rule"] != "land_use_unknown"])
    keys = [{p.key for p in ground.check(table) if p.key.startswith("land_use")} for table in (rules, older)]
    assert keys == [{"land_use_code_unknown"}, {"land_use_code_unknown", "land_use_rule_missing"}]


def test_codes_of_land_in_small_letters_are_known(ground, rules):
    shapes = [shapely.box(WEST + 100 * i, SOUTH, WEST + 100 * (i + 1), SOUTH + 100) for i in range(3)]
    frame = gpd.GeoDataFrame({"land_use": ["luc", "ont + CLN", "hnk"]}, geometry=shapes, crs=9215)
    ground.frame("dat", "land_use", frame)
    assert ground.read().table("land_use")["land_use"].tolist() == ["LUC", "ONT+CLN", "HNK"]
    assert [p.key for p in ground.check(rules) if p.key.startswith("land_use")] == []


def test_communes_of_the_neighbouring_zone_stick_out(ground):
    frame = gpd.read_file(ground.folder / "communes.gpkg")
    # 67 km west: the province's box begins at E 380,020
    frame.geometry = frame.translate(-67_000, 0)
    ground.frame("communes", "communes", frame, "communes2.gpkg", required=True)
    found = {p.key: p for p in ground.check()}
    assert found["communes_beyond_box"].params["beyond_m"] == pytest.approx(380_020 - (440_000 - 67_000))
    assert found["communes_beyond_box"].severity == "error"


def test_dem_that_covers_half(ground):
    communes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100), shapely.box(200, 0, 210, 10)], crs=9215)
    values = np.ones((10, 10), np.float32)
    values[:, 5:] = np.nan
    raster = Raster(values, Affine(10, 0, 0, 0, -10, 100), float("nan"))
    assert grid_share_percent(raster, communes).tolist() == [50, 0]
    # a commune that cuts cells: 15 m x 15 m of it lie on the grid's valid half, of 30 m x 30 m
    cut = gpd.GeoDataFrame(geometry=[shapely.box(35, 35, 65, 65)], crs=9215)
    assert grid_share_percent(raster, cut)[0] == pytest.approx(50)


def test_overlapping_land_use_counts_once():
    communes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=9215)
    apart = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 50, 50), shapely.box(50, 0, 100, 50)], crs=9215)
    twice = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 60, 50), shapely.box(40, 0, 100, 50)], crs=9215)
    beyond = gpd.GeoDataFrame(geometry=[shapely.box(-500, 0, 50, 500)], crs=9215)
    assert area_share_percent(apart, communes)[0] == pytest.approx(50)
    assert area_share_percent(twice, communes)[0] == pytest.approx(50)
    assert area_share_percent(beyond, communes)[0] == pytest.approx(50)


def test_coverage_statement(ground):
    land = gpd.GeoDataFrame(
        {"land_use": ["TSC"]}, geometry=[shapely.box(WEST, SOUTH, WEST + 10_000, SOUTH + 2_500)], crs=9215
    )
    ground.frame("hien_trang", "land_use", land, mandatory=True, illustrative=True, source="Minh họa")
    ground.put("thien_tai", "hazards", mandatory=True)
    frame = layer_coverage(ground.read())
    verify(frame, RESULTS["coverage"])
    table = frame.set_index(["commune_code", "role"])
    assert table.loc[("06001", "land_use"), ["status", "percent"]].tolist() == ["partly", 25.0]
    assert table.loc[("06037", "land_use"), ["status", "percent"]].tolist() == ["missing", 0.0]
    assert table.loc[("06001", "dem"), ["status", "percent"]].tolist() == ["covered", 100.0]
    assert table.loc[("06001", "roads"), "status"] == "covered"
    assert np.isnan(table.loc[("06001", "roads"), "percent"])
    assert table.loc[("06001", "hazards"), "status"] == "missing"
    assert bool(table.loc[("06001", "hazards"), "mandatory"])
    assert bool(table.loc[("06001", "land_use"), "illustrative"])
    assert "layer_not_listed" in table.loc[("06001", "flood_marks"), "notes"]


def test_what_was_left_out_makes_coverage_partial(ground):
    shapes = [shapely.box(WEST, SOUTH, WEST + 10, SOUTH + 10), None]
    ground.frame("thien_tai", "hazards", gpd.GeoDataFrame({"hazard_kind": ["flood"] * 2}, geometry=shapes, crs=9215))
    table = layer_coverage(ground.read()).set_index(["commune_code", "role"])
    assert table.loc[("06001", "hazards"), "status"] == "partly"
    assert '"count": 1' in table.loc[("06001", "hazards"), "notes"]
