"""Corridors of rivers begin at the bank: closed forms of straight rivers, shapely where they bend."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.banks import banks
from siteplan.sites.ground.landform import above_drainage
from siteplan.sites.layer import Layer
from siteplan.sites.rules import derive_columns

MIDDLE, HALF = 1500.0, 45.0  # a river 90 m wide from west to east, its middle line at 1,500 m


@pytest.fixture
def river(maps):
    """Lay a straight river: middle line, and its bed where `half` is given."""

    def lay(function="ecosystem", half=HALF, water_class="river", **more):
        line = {
            "waterway_class": "river",
            "water_function": function,
            "geometry": maps.line((-500, MIDDLE), (3500, MIDDLE)),
        }
        bed = {"water_class": water_class, "geometry": maps.at(-500, MIDDLE - half, 3500, MIDDLE + half)}
        found = {"waterways": maps.layer("waterways", [line | more])}
        return found | ({"water_areas": maps.layer("water_areas", [bed])} if half else {})

    return lay


def assessed(inputs, maps, **tables):
    return assess_commune(prepare(inputs(dem=maps.plane(), **tables)), maps.CODE)


def proposed(maps, *boxes):
    rows = [{"proposal_id": f"P{i}", "commune_code": maps.CODE, "geometry": box} for i, box in enumerate(boxes)]
    return maps.layer("proposals", rows)


@pytest.mark.parametrize(("function", "reach"), [("ecosystem", 30.0), ("pollution", 15.0), ("bank", 5.0)])
def test_a_corridor_is_measured_from_the_bank(inputs, maps, river, function, reach) -> None:
    north = MIDDLE + HALF  # a plot 100 m by 100 m that begins 2 m from the bank
    plot = maps.at(1000, north + 2, 1100, north + 102)
    found = assessed(inputs, maps, proposals=proposed(maps, plot), **river(function))
    conflicts = found.table("conflicts")
    rule = {"ecosystem": "river_ecosystem", "pollution": "river_pollution", "bank": "river_bank"}[function]
    told = conflicts[conflicts["zone_id"].str.startswith(rule)]
    assert told["area_m2"].tolist() == [pytest.approx(100 * (reach - 2), abs=0.5)]
    assert "mép bờ" in told["title"].iloc[0]
    assert told["severity"].iloc[0] >= 2


def test_the_account_takes_both_corridors_once_beyond_the_water(inputs, maps, river) -> None:
    half = 47.0  # no cell centre lies on an edge
    account = assessed(inputs, maps, **river(half=half)).table("land_account").set_index("rule")
    cell, width = 30.0, maps.SIDE
    centres = np.arange(cell / 2, width, cell)
    for rule, reach in (("river_water", 0.0), ("river_bank", 5.0), ("river_ecosystem", 30.0)):
        rows = np.count_nonzero(np.abs(centres - MIDDLE) <= half + reach)
        assert account.loc[rule, "removed_alone_m2"] == rows * cell * width
    assert account.loc["river_ecosystem", "removed_in_order_m2"] > 0
    assert account.loc["water_area", "removed_alone_m2"] == 0
    assert account["removed_in_order_m2"].sum() + account["left_m2"].iloc[-1] == account["left_m2"].iloc[0]


def test_no_plot_is_searched_in_the_corridor(inputs, maps, river) -> None:
    sites = assessed(inputs, maps, people=[(1500, 1600, 500.0)], **river()).sites
    bed = river()["water_areas"].geometry.iloc[0]
    assert len(sites) > 0
    # cells are excluded by their centres
    assert sites.geometry.distance(bed).min() > 30 - 15


def test_a_river_without_a_drawn_bed_is_measured_from_its_line(inputs, maps, river) -> None:
    plot = maps.at(1000, MIDDLE + 10, 1100, MIDDLE + 110)
    found = assessed(inputs, maps, proposals=proposed(maps, plot), **river(half=0))
    told = found.table("conflicts").set_index("zone_id")["area_m2"]
    assert told["river_ecosystem:ecosystem"] == pytest.approx(100 * 20, abs=0.5)


def test_what_lies_in_the_bed_is_told_once_each_by_water_and_corridor(inputs, maps, river) -> None:
    plot = maps.at(1000, MIDDLE, 1100, MIDDLE + 100)
    found = assessed(inputs, maps, proposals=proposed(maps, plot), **river())
    told = found.table("conflicts").set_index("zone_id")["area_m2"].filter(like="river_")
    assert told.to_dict() == {
        "river_water:river": pytest.approx(100 * 45), "river_bank:river": pytest.approx(100 * 50, abs=0.5),
        "river_ecosystem:ecosystem": pytest.approx(100 * 75, abs=0.5),
    }  # fmt: skip


def test_a_bed_without_a_class_counts_where_a_river_runs_through_it(maps, river) -> None:
    wet = banks(**river(water_class=None))
    assert wet.geometry.geom_type.tolist() == ["Polygon"]
    assert wet[["waterway_class", "water_function"]].to_numpy().tolist() == [["river", "ecosystem"]]
    still = banks(**river(water_class="reservoir"))
    assert still.geometry.geom_type.tolist() == ["LineString"]


def test_lines_end_at_the_bank_and_brooks_give_the_bed_no_function(maps, river) -> None:
    tables = river()
    brook = maps.layer("waterways", [{"waterway_class": "stream", "water_function": "pollution",
                                      "geometry": maps.line((700, 2500), (700, MIDDLE))}])  # fmt: skip
    lines = pd.concat([tables["waterways"], brook], ignore_index=True)
    found = banks(lines, tables["water_areas"])
    bed = found[found.geom_type == "Polygon"]
    assert bed["water_function"].tolist() == ["ecosystem"]
    rest = found[found.geom_type == "LineString"]
    assert rest["waterway_class"].tolist() == ["stream"]
    assert rest.length.tolist() == [pytest.approx(1000 - HALF)]


def test_a_river_that_flows_into_another_takes_no_part_of_its_bed(maps, river) -> None:
    tables = river()
    other = maps.layer("waterways", [{"waterway_class": "river", "water_function": "pollution",
                                      "geometry": maps.line((700, 2500), (700, MIDDLE))}])  # fmt: skip
    found = banks(pd.concat([tables["waterways"], other], ignore_index=True), tables["water_areas"])
    beds = found[found.geom_type == "Polygon"].set_index("water_function")
    assert beds.loc["ecosystem"].geometry.equals(tables["water_areas"].geometry.iloc[0])
    # the mouth has both functions
    assert 0 < beds.loc["pollution"].geometry.area < (2 * HALF) ** 2


def test_reaches_of_different_function_share_the_bed_out(maps, river) -> None:
    tables = river()
    west, east = maps.line((-500, MIDDLE), (1000, MIDDLE)), maps.line((1000, MIDDLE), (3500, MIDDLE))
    rows = [{"waterway_class": "river", "water_function": name, "geometry": line}
            for name, line in (("ecosystem", west), (None, east))]  # fmt: skip
    found = banks(maps.layer("waterways", rows), tables["water_areas"])
    bed = tables["water_areas"].geometry.iloc[0]
    assert shapely.union_all(found.geometry.to_numpy()).symmetric_difference(bed).area == pytest.approx(0, abs=1e-3)
    areas = dict(zip(found["water_function"].fillna("none"), found.area, strict=True))
    # cut across where the reach ends, to half the distance of the points along the lines
    assert areas["ecosystem"] == pytest.approx(1500 * 2 * HALF, abs=5.1 * 2 * HALF)
    assert sum(areas.values()) == pytest.approx(bed.area)


def test_a_bed_between_curved_banks_against_shapely(maps, inputs) -> None:
    x = np.linspace(-500, 3500, 81)
    course = shapely.LineString([(maps.X0 + a, maps.Y0 + MIDDLE + 200 * np.sin(a / 300)) for a in x])
    bed = course.buffer(45)
    tables = {
        "waterways": maps.layer(
            "waterways", [{"waterway_class": "river", "water_function": "ecosystem", "geometry": course}]
        ),
        "water_areas": maps.layer("water_areas", [{"water_class": "river", "geometry": bed}]),
    }
    boxes = [maps.at(x, y, x + 80, y + 80) for x, y in ((300, 1650), (900, 1500), (1500, 1250), (2300, 1700))]
    found = assessed(inputs, maps, proposals=proposed(maps, *boxes), **tables)
    told = found.table("conflicts").query("zone_id == 'river_ecosystem:ecosystem'")
    sites = found.sites.set_index("site_id").geometry
    wide = bed.buffer(30, quad_segs=256)
    expected = {i: shape.intersection(wide).area for i, shape in sites.items() if shape.intersection(wide).area > 1}
    assert told.set_index("site_id")["area_m2"].to_dict() == pytest.approx(expected, rel=1e-3)


def test_without_lines_a_river_drawn_as_an_area_has_its_bank(inputs, maps, river) -> None:
    tables = {"water_areas": river()["water_areas"]}
    plot = maps.at(1000, MIDDLE + HALF, 1100, MIDDLE + HALF + 100)
    found = assessed(inputs, maps, proposals=proposed(maps, plot), **tables)
    told = found.table("conflicts").set_index("zone_id")["area_m2"]
    assert told["river_bank:river"] == pytest.approx(100 * 5, abs=0.5)


def test_a_function_told_by_a_hidden_or_made_up_line_is_so_itself(maps, river) -> None:
    tables = river(restricted=True, illustrative=True, layer="song")
    tables["water_areas"] = tables["water_areas"].assign(restricted=False, illustrative=False, layer="mat_nuoc")
    (bed,) = banks(**tables).to_dict("records")
    assert (bed["restricted"], bed["illustrative"], bed["layer"]) == (True, True, "song")


def test_the_height_above_a_stream_through_a_site_does_not_hang_on_what_was_asked_before(maps, rules) -> None:
    course = [(200 + 7 * i, 1000 + 120 * np.sin(i / 9)) for i in range(300)]
    frame = maps.layer("waterways", [{"waterway_class": "stream", "geometry": maps.line(*course)}])
    site, dem = np.array([maps.at(1050, 900, 1350, 1100)], dtype=object), maps.plane(east=0.1)
    found = []
    for prepared in (False, True):
        layer = Layer("waterways", derive_columns("waterways", frame.copy(deep=True), rules), ())
        fresh = shapely.from_wkb(shapely.to_wkb(layer.geometries))
        layer.geometries[:] = fresh
        if prepared:
            shapely.prepare(layer.geometries)
        told = above_drainage(np.array([1000.0]), site, dem, {"waterways": layer}, 2000.0)
        found.append(told["drainage_height_m"][0])
    assert found[0] == found[1]
