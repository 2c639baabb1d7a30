"""Frontage, in closed form; whether a facility can grow."""

from __future__ import annotations

import numpy as np
import pytest

from siteplan.sites.layer import Layer
from siteplan.sites.measure import front_barriers, frontage
from siteplan.sites.rules import derive_columns


def test_frontage_is_the_edge_beside_the_road(maps, rules) -> None:
    rows = [
        {"road_class": "commune", "width_m": 6.0, "geometry": maps.line((0, 1000), (3000, 1000))},
        {"road_class": "track", "width_m": 2.0, "geometry": maps.line((1000, 0), (1000, 3000))},
    ]
    roads = Layer("roads", derive_columns("roads", maps.layer("roads", rows), rules), ())
    sites = np.array([maps.at(1010, 1010, 1110, 1090), maps.at(1010, 1024, 1110, 1090), maps.at(200, 996, 300, 1004)])
    found = frontage(sites, roads, rules.speeds, 20.0)
    # the strip reaches 3 + 20 m from the middle: the lower side and 13 m of both others; tracks give no frontage
    assert found == pytest.approx([100 + 2 * 13, 0.0, 216.0], abs=0.01)
    assert np.isnan(frontage(sites, None, rules.speeds, 20.0)).all()


@pytest.mark.parametrize(
    ("role", "row", "expected"),
    [
        ("waterways", {"waterway_class": "stream", "points": ((0, 1006), (3000, 1006))}, 0.0),  # along the road
        ("waterways", {"waterway_class": "river", "points": ((0, 1006), (3000, 1006))}, 0.0),
        ("waterways", {"waterway_class": "canal", "points": ((0, 1006), (3000, 1006))}, 126.0),  # a ditch is crossed
        ("waterways", {"waterway_class": "stream", "points": ((1060, 900), (1060, 1100))}, 126.0),  # under the road
        ("waterways", {"waterway_class": "stream", "points": ((0, 994), (3000, 994))}, 126.0),  # beyond the road
        ("railways", {"points": ((0, 1006), (3000, 1006))}, 0.0),
    ],
)
def test_what_lies_beyond_a_stream_or_a_railway_is_no_front(maps, rules, role, row, expected) -> None:
    road = {"road_class": "commune", "width_m": 6.0, "geometry": maps.line((0, 1000), (3000, 1000))}
    roads = Layer("roads", derive_columns("roads", maps.layer("roads", [road]), rules), ())
    between = {k: v for k, v in row.items() if k != "points"} | {"geometry": maps.line(*row["points"])}
    barrier = Layer(role, derive_columns(role, maps.layer(role, [between]), rules), ())
    site = np.array([maps.at(1010, 1010, 1110, 1090)])
    found = frontage(site, roads, rules.speeds, 20.0, front_barriers({role: barrier, "roads": roads}))
    assert found == pytest.approx([expected], abs=3.0)  # a line of water is drawn somewhat wide


def test_a_small_facility_says_whether_it_can_grow(inputs, maps) -> None:
    from siteplan.sites.assess import assess_commune, prepare

    row = {
        "facility_id": "F1", "name": "Trụ sở", "commune_code": maps.CODE, "land_area_m2": 2500.0,
        "geometry": maps.at(1500, 1500, 1550, 1550),
    }  # fmt: skip
    given = {"facilities": maps.layer("facilities", [row]), "required": 8100.0}
    free = assess_commune(prepare(inputs(**given)), maps.CODE).sites.set_index("letter").loc["T"]
    assert bool(free["can_extend"])
    lake = maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(1000, 1000, 2000, 2000)
                                       .difference(maps.at(1490, 1490, 1570, 1570))}])  # fmt: skip
    wet = assess_commune(prepare(inputs(**given, water_areas=lake)), maps.CODE).sites.set_index("letter").loc["T"]
    assert not bool(wet["can_extend"])
    assert "sites.reason.cannot_extend" in wet["reasons"]
