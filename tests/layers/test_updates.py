"""A layer that brings others up to date: what it says stands, what it leaves empty stays, all of it is told."""

from __future__ import annotations

import geopandas as gpd
import shapely

from siteplan.layers.catalog import load_catalog
from siteplan.layers.read import read_layers

BASE = """facility_id,name,commune_code,land_area_m2,floor_area_m2,condition,note,east,north
CS-1,Trụ sở một,06001,1000.5,500,poor,ghi chú cũ,442000,2412000
CS-2,Trụ sở hai,06001,2000,700,good,,443000,2413000
CS-3,Trụ sở ba,06004,3000,900,good,,452000,2413000
"""
NEWER = """facility_id,name,commune_code,land_area_m2,floor_area_m2,condition,note,x_north,y_east
CS-1,Trụ sở một,06001,1234.56,,,,,
CS-2,Trụ sở hai mới,06001,2000,700,good,,2413500,443500
KS-1,Cơ sở mới,06004,400,300,fair,'=1+1,2415000,455000
KS-2,Cơ sở không tọa độ,06019,40,30,fair,,,
"""


def read(field, illustrative=False, newer=NEWER):
    field.text("old", "facilities", "old.csv", BASE, xy=["east", "north"], crs=9215, illustrative=illustrative)
    field.text("new", "facilities", "new.csv", newer, xy=["y_east", "x_north"], crs=9215, updates=True)
    found = read_layers(load_catalog(field.write()))
    return found, found.table("facilities").set_index("facility_id")


def told(found, key):
    return [p for p in found.problems if p.key == key]


def test_what_is_said_stands_and_what_is_left_empty_stays(ground):
    _, table = read(ground)
    assert list(table.index) == ["CS-1", "CS-2", "CS-3", "KS-1", "KS-2"]
    first = table.loc["CS-1"]
    assert (first["land_area_m2"], first["floor_area_m2"], first["condition"]) == (1234.56, 500, "poor")
    assert first["note"] is None, "a remark speaks of the row it stood in"
    assert table.loc["CS-2", "name"] == "Trụ sở hai mới"
    assert table.loc["KS-1", "note"] == "=1+1"
    assert table["layer"].to_dict() == {"CS-1": "new", "CS-2": "new", "CS-3": "old", "KS-1": "new", "KS-2": "new"}


def test_a_known_place_stays_where_none_is_given_and_moves_where_one_is(ground):
    found, table = read(ground)
    assert table.geometry["CS-1"].equals(shapely.Point(442_000, 2_412_000))
    assert table.geometry["CS-2"].equals(shapely.Point(443_500, 2_413_500))
    communes = found.table("communes").set_index("code")
    assert communes.geometry["06019"].covers(table.geometry["KS-2"])
    assert table.loc["KS-2", "position_assumed"]
    assert [p.feature for p in told(found, "layer_position_assumed")] == ["KS-2"]


def test_every_value_replaced_is_told(ground):
    found, _ = read(ground)
    replaced = {p.column: p.feature for p in told(found, "layer_value_replaced")}
    assert replaced == {
        "land_area_m2": "CS-1: 1.000,50 → 1.234,56",
        "name": "CS-2: Trụ sở hai → Trụ sở hai mới",
        "geometry": "CS-2: 707 m",
    }
    assert not told(found, "layer_key_twice")


def test_a_row_is_illustrative_while_it_holds_anything_made_up(ground):
    found, table = read(ground, illustrative=True)
    assert table["illustrative"].to_dict() == {
        "CS-1": True, "CS-2": False, "CS-3": True, "KS-1": False, "KS-2": False,
    }  # fmt: skip
    (mixed,) = told(found, "layer_update_mixed")
    assert mixed.feature == "CS-1 (Diện tích sàn, Chất lượng, vị trí)"


def test_a_point_within_a_known_plot_keeps_the_plot(ground):
    plot = shapely.box(442_000, 2_412_000, 442_100, 2_412_100)
    old = gpd.GeoDataFrame(
        {"facility_id": ["CS-1"], "commune_code": ["06001"], "land_area_m2": [10_000.0]}, geometry=[plot], crs=9215
    )
    ground.frame("old", "facilities", old)
    newer = "facility_id,commune_code,land_area_m2,x_north,y_east\nCS-1,06001,9999.99,2412050,442050\n"
    ground.text("new", "facilities", "new.csv", newer, xy=["y_east", "x_north"], crs=9215, updates=True)
    table = read_layers(load_catalog(ground.write())).table("facilities")
    assert table.geometry[0].equals(plot)
    assert table["land_area_m2"][0] == 9999.99


def test_a_plain_table_is_updated_as_well_and_may_stand_alone(ground):
    text = "commune_code,staff,staff_party\n06001,{},{}\n"
    ground.text("old", "commune_staff", "a.csv", text.format(50, 10) + "06004,40,8\n", illustrative=True)
    ground.text("new", "commune_staff", "b.csv", text.format(55, ""), updates=True)
    table = read_layers(load_catalog(ground.write())).table("commune_staff").set_index("commune_code")
    assert table["staff"].to_dict() == {"06001": 55, "06004": 40}
    assert table.loc["06001", "staff_party"] == 10
    del ground.entries["old"]
    alone = read_layers(load_catalog(ground.write())).table("commune_staff")
    assert alone["staff"].tolist() == [55]


def test_a_key_twice_in_the_newer_layer_is_an_error(ground):
    found, table = read(ground, newer=NEWER + "KS-1,Lần hai,06004,1,1,fair,,2415000,455000\n")
    assert table.loc["KS-1", "land_area_m2"] == 400
    (twice,) = told(found, "layer_key_twice")
    assert (twice.layer, twice.severity) == ("new", "error")


def test_a_role_without_key_cannot_update(ground):
    roads = "road_class\n"
    ground.text("new", "roads", "r.csv", roads, updates=True)
    assert "catalog_updates_without_key" in {p.key for p in load_catalog(ground.write()).problems}
