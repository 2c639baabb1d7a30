"""Far places over the roads of a small province, in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan.sites.access.far import border_gates, far_places
from siteplan.sites.layer import Layer
from siteplan.sites.rules import derive_columns

LEVEL_KMH = 6 * np.exp(-3.5 * 0.05)


def roads_of(maps, rules, rows) -> Layer:
    return Layer("roads", derive_columns("roads", maps.layer("roads", rows), rules), ())


def province(maps, **more):
    row = {"code": maps.CODE, "name": "Thử", "kind": "xã", "geometry": maps.commune(), **more}
    return maps.layer("communes", [row]).assign(**more)


def test_minutes_to_the_capital_are_road_length_by_speed_and_a_walk(maps, rules) -> None:
    road = {"road_class": "national", "geometry": maps.line((-4500, 1500), (6500, 1500))}
    capital = (maps.X0 - 4500, maps.Y0 + 1500)
    far = far_places(province(maps), {"roads": roads_of(maps, rules, [road])}, rules.speeds, capital)
    found = pd.DataFrame(far.columns(np.array([maps.at(2000, 1880, 2040, 1920)]))).iloc[0]
    speeds = rules.speeds.set_index("road_class").loc["national"]
    walk = 400 / 1000 / LEVEL_KMH * 60
    for column, kmh in (("capital_minutes", speeds["speed_kmh"]), ("capital_car_minutes", speeds["car_kmh"])):
        # 6,520 m along the road; the cells are 90 m wide, so a way is known to a cell at either end
        cell = 2 * 90 / 1000 / kmh * 60 + 90 / 1000 / LEVEL_KMH * 60
        assert found[column] == pytest.approx(6.52 / kmh * 60 + walk, abs=cell)
    assert np.isnan(found["gate_minutes"])


def test_a_road_that_leads_nowhere_is_passed_over_for_one_that_does(maps, rules) -> None:
    road = {"road_class": "national", "geometry": maps.line((-4500, 1500), (6500, 1500))}
    stray = {"road_class": "local", "geometry": maps.line((1900, 2500), (2100, 2500))}
    capital = (maps.X0 - 4500, maps.Y0 + 1500)
    far = far_places(province(maps), {"roads": roads_of(maps, rules, [road, stray])}, rules.speeds, capital)
    found = pd.DataFrame(far.columns(np.array([maps.at(1980, 2480, 2020, 2520)]))).iloc[0]
    kmh = rules.speeds.set_index("road_class").loc["national", "speed_kmh"]
    cell = 2 * 90 / 1000 / kmh * 60 + 90 / 1000 / LEVEL_KMH * 60
    assert found["capital_minutes"] == pytest.approx(6.5 / kmh * 60 + 1.0 / LEVEL_KMH * 60, abs=cell)


def test_cars_take_the_expressway_and_motorbikes_do_not(maps, rules) -> None:
    fast = {"road_class": "expressway", "geometry": maps.line((-4500, 1500), (6500, 1500))}
    slow = {"road_class": "commune", "geometry": maps.line((-4500, 1500), (-4500, 4500), (6500, 4500), (6500, 1500))}
    capital = (maps.X0 - 4500, maps.Y0 + 1500)
    far = far_places(province(maps), {"roads": roads_of(maps, rules, [fast, slow])}, rules.speeds, capital)
    site = np.array([maps.at(6480, 1480, 6520, 1520)])
    found = pd.DataFrame(far.columns(site)).iloc[0]
    speeds = rules.speeds.set_index("road_class")
    assert found["capital_car_minutes"] == pytest.approx(11 / speeds.loc["expressway", "car_kmh"] * 60, abs=1.5)
    assert found["capital_minutes"] == pytest.approx(17 / speeds.loc["commune", "speed_kmh"] * 60, abs=2)


def test_a_gate_is_where_the_best_road_meets_the_border(maps, rules) -> None:
    border = Layer("border", maps.layer("border", [{"geometry": maps.line((-500, 3000), (3500, 3000))}]), ())
    rows = [
        {"road_class": "local", "geometry": maps.line((500, 0), (500, 3000))},
        {"road_class": "national", "geometry": maps.line((2500, 0), (2500, 2900))},
        {"road_class": "national", "geometry": maps.line((1500, 0), (1500, 2000))},
    ]
    layers = {"roads": roads_of(maps, rules, rows), "border": border}
    gates = border_gates(province(maps, gate_class="international"), layers, rules.speeds)
    assert gates == pytest.approx(np.array([[maps.X0 + 2500, maps.Y0 + 2900]]))
    for nothing in (None, "none"):
        assert len(border_gates(province(maps, gate_class=nothing), layers, rules.speeds)) == 0
    far = far_places(province(maps, gate_class="main"), layers, rules.speeds, (maps.X0, maps.Y0))
    site = pd.DataFrame(far.columns(np.array([maps.at(2480, 80, 2520, 120)]))).iloc[0]
    kmh = rules.speeds.set_index("road_class").loc["national", "speed_kmh"]
    assert site["gate_minutes"] == pytest.approx(2.8 / kmh * 60, abs=1.2)


def test_gates_that_are_known_are_not_guessed(maps, rules) -> None:
    rows = [
        {"name": "Cửa khẩu", "gate_class": "main", "geometry": shapely.Point(maps.X0 + 700, maps.Y0 + 2900)},
        {"name": "Lối mở", "gate_class": "none", "geometry": shapely.Point(maps.X0 + 100, maps.Y0 + 2900)},
        {"name": "Chưa rõ", "gate_class": None, "geometry": shapely.Point(maps.X0 + 200, maps.Y0 + 2900)},
    ]
    road = {"road_class": "national", "geometry": maps.line((2500, 0), (2500, 2900))}
    layers = {
        "roads": roads_of(maps, rules, [road]),
        "border": Layer("border", maps.layer("border", [{"geometry": maps.line((-500, 3000), (3500, 3000))}]), ()),
        "border_gates": Layer("border_gates", maps.layer("border_gates", rows), ()),
    }
    gates = border_gates(province(maps, gate_class="main"), layers, rules.speeds)
    assert gates.tolist() == [[maps.X0 + 700, maps.Y0 + 2900]]


def test_without_capital_or_roads_nothing_is_told(maps, rules) -> None:
    road = roads_of(maps, rules, [{"road_class": "local", "geometry": maps.line((0, 0), (900, 0))}])
    for far in (
        far_places(province(maps), {}, rules.speeds, (0.0, 0.0)),
        far_places(province(maps), {"roads": road}, rules.speeds, None),
    ):
        assert np.isnan(list(far.columns(np.array([maps.at(0, 0, 10, 10)])).values())).all()


def test_gates_have_times_where_no_capital_is_known(maps, rules) -> None:
    road = {"road_class": "national", "geometry": maps.line((0, 1500), (3000, 1500))}
    gate = {"gate_class": "main", "name": "A", "geometry": maps.point(2900, 1500)}
    layers = {"roads": roads_of(maps, rules, [road]),
              "border_gates": Layer("border_gates", maps.layer("border_gates", [gate]), ())}  # fmt: skip
    site = np.array([maps.at(80, 1480, 120, 1520)])
    with_capital = far_places(province(maps), layers, rules.speeds, (maps.X0, maps.Y0 + 1500)).columns(site)
    without = far_places(province(maps), layers, rules.speeds, None).columns(site)
    for column in ("gate_minutes", "gate_car_minutes"):
        assert without[column] == with_capital[column]
        assert without[column][0] > 0
    assert np.isnan(without["capital_minutes"]).all()


def test_no_way_leads_over_water_without_a_bridge(maps, rules) -> None:
    """A river 40 m wide; the cell of 90 m holds the roads of both banks, and the nearest road of a plot lies across."""
    water = Layer("water_areas", maps.layer("water_areas", [{"geometry": maps.at(1470, -9000, 1510, 12000)}]), ())
    west = {"road_class": "provincial", "geometry": maps.line((0, 500), (1465, 500), (1465, 2500))}
    east = {"road_class": "provincial", "geometry": maps.line((1515, 500), (1515, 2500), (2900, 2500))}
    bridge = {"road_class": "provincial", "geometry": maps.line((1465, 2500), (1515, 2500))}
    capital = (maps.X0 + 2900, maps.Y0 + 2500)
    sites = np.array([maps.at(1400, 1000, 1440, 1040), maps.at(1550, 1000, 1590, 1040)])

    def minutes(*roads):
        layers = {"roads": roads_of(maps, rules, list(roads)), "water_areas": water}
        return far_places(province(maps), layers, rules.speeds, capital).columns(sites)["capital_minutes"]

    kmh = rules.speeds.set_index("road_class").loc["provincial", "speed_kmh"]
    apart, joined = minutes(west, east), minutes(west, east, bridge)
    assert np.isnan(apart[0])
    near = 45 / kmh / 1000 * 60 + 45 / 1000 / LEVEL_KMH * 60  # corners of roads are up to 45 m apart
    assert apart[1] == pytest.approx((1480 + 1385) / 1000 / kmh * 60 + 0.055 / LEVEL_KMH * 60, abs=near)
    assert joined[1] == apart[1]
    assert joined[0] == pytest.approx((1480 + 50 + 1385) / 1000 / kmh * 60 + 0.045 / LEVEL_KMH * 60, abs=near)
    river = {"waterway_class": "river", "geometry": maps.line((1490, -9000), (1490, 12000))}
    stream = {**river, "waterway_class": "stream"}
    for line, way in ((river, False), (stream, True)):
        waterways = Layer("waterways", maps.layer("waterways", [line]), ())
        layers = {"roads": roads_of(maps, rules, [east]), "waterways": waterways}
        found = far_places(province(maps), layers, rules.speeds, capital).columns(sites)["capital_minutes"]
        assert np.isfinite(found).tolist() == [way, True]


def test_a_plot_in_the_water_still_finds_a_road(maps, rules) -> None:
    water = Layer("water_areas", maps.layer("water_areas", [{"geometry": maps.at(1000, 1000, 1500, 1500)}]), ())
    road = {"road_class": "national", "geometry": maps.line((0, 1600), (3000, 1600))}
    layers = {"roads": roads_of(maps, rules, [road]), "water_areas": water}
    far = far_places(province(maps), layers, rules.speeds, (maps.X0, maps.Y0 + 1600))
    assert np.isfinite(far.columns(np.array([maps.at(1200, 1400, 1240, 1440)]))["capital_minutes"]).all()


def test_roads_that_share_no_corner_meet_in_their_cell(maps, rules) -> None:
    east = {"road_class": "national", "geometry": maps.line((0, 1500), (3000, 1500))}
    north = {"road_class": "national", "geometry": maps.line((1480, 1400), (1480, 3000))}
    capital = (maps.X0, maps.Y0 + 1500)
    far = far_places(province(maps), {"roads": roads_of(maps, rules, [east, north])}, rules.speeds, capital)
    site = np.array([maps.at(1460, 2980, 1500, 3000)])
    found = far.columns(site)["capital_minutes"][0]
    speeds = rules.speeds.set_index("road_class")["speed_kmh"]
    slowest = 2 * 90 * np.sqrt(2) / 2 / 1000 / speeds[speeds > 0].min() * 60
    ride = 2.98 / speeds["national"] * 60
    assert ride - 0.1 <= found <= ride + slowest + 90 / 1000 / LEVEL_KMH * 60
