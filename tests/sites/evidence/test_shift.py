from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate

from siteplan.locale import text
from siteplan.sites.assess import prepare
from siteplan.sites.evidence import shift

PLOT = shapely.box(0, 0, 100, 100)
ROOM = shapely.box(-500, -500, 600, 600)


@pytest.mark.parametrize(
    ("forbidden", "metres", "direction"),
    [
        (shapely.box(90, -300, 200, 400), 10, "w"),
        (shapely.box(-50, -30, 12, 400), 12, "e"),
        (shapely.box(-300, 93, 400, 200), 7, "s"),
        (shapely.box(-300, -60, 400, 20), 20, "n"),
        # a corner: 3 m of width, 30 m of height; a step of 3 m to the west is the least
        (shapely.box(97, 70, 200, 200), 3, "w"),
    ],
)
def test_the_least_shift_is_that_of_the_hand(forbidden, metres: int, direction: str) -> None:
    assert shift.least_shift(PLOT, forbidden, ROOM, 1.0) == shift.Shift(metres, direction)


def test_no_shift_where_none_of_fifty_metres_does() -> None:
    assert shift.least_shift(PLOT, shapely.box(-20, -20, 120, 120), ROOM, 1.0) is None
    assert shift.least_shift(PLOT, shapely.box(90, -300, 200, 400), shapely.box(-5, -5, 300, 300), 1.0) is None
    # the way to the west is closed by the commune's boundary, to the north it is open
    assert shift.least_shift(PLOT, shapely.box(90, 20, 200, 30), shapely.box(0, -5, 300, 300), 1.0) == shift.Shift(
        30, "n"
    )


def test_a_place_that_does_not_fit_is_passed_over() -> None:
    wall = shapely.box(90, -300, 200, 400)
    found = shift.least_shift(PLOT, wall, ROOM, 1.0, fit=lambda plot: shapely.bounds(plot)[0] <= -15)
    assert found == shift.Shift(15, "w")


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 80), st.integers(1, 80))
def test_what_is_found_is_free_and_nothing_nearer_is(x: int, y: int, width: int, height: int) -> None:
    wall = shapely.box(100 - x, 100 - y, 100 - x + width, 100 - y + height)
    found = shift.least_shift(PLOT, wall, None, 0.001)
    free = [
        (m, i)
        for m in range(1, 51)
        for i in range(16)
        if translate(PLOT, m * np.sin(i * np.pi / 8), m * np.cos(i * np.pi / 8)).intersection(wall).area < 0.001
    ]
    expected = min(free, default=None)
    if expected is None:
        assert found is None
    else:
        assert found == shift.Shift(expected[0], shift.DIRECTIONS[expected[1]])


def test_directions_are_told_in_words() -> None:
    words = text("sites.shift.clear", "vi", metres=20, direction="ne")
    assert words == "Dịch 20 m về phía đông bắc thì tránh được các nội dung không phù hợp và có điều kiện"


def test_findings_of_a_plot_each_with_its_shift(inputs, maps) -> None:
    plans = maps.layer("plans", [{"plan_id": "P1", "title": "QH", "plan_kind": "general", "status": "approved"}])
    zones = maps.layer(
        "plan_zones",
        [
            {"zone_id": "Z1", "plan_id": "P1", "function": "CQP", "geometry": maps.at(1090, 0, 1500, 3000)},
            {"zone_id": "Z2", "plan_id": "P1", "function": "DAT_O_NHOMNHAO", "geometry": maps.at(0, 1080, 3000, 1500)},
            {"zone_id": "Z3", "plan_id": "P1", "function": "TSC", "geometry": maps.at(0, 0, 3000, 3000)},
            {"zone_id": "Z4", "plan_id": "P1", "function": "CQP", "restricted": True,
             "geometry": maps.at(900, 900, 1010, 1500)},
        ],
    )  # fmt: skip
    roads = maps.layer("roads", [{"road_class": "provincial", "geometry": maps.line((0, 990), (3000, 990))}])
    rows = pd.DataFrame(
        {
            "zone_id": ["Z1", "Z2", "Z3", "road_provincial:provincial"],
            "effect": ["blocking", "conditional", "supports", "conditional"],
            "severity": [4, 3, 1, 2],
            "restricted": False,
            "source": ["plan", "plan", "plan", "corridor"],
        }
    )
    plot = maps.at(1000, 1000, 1100, 1100)
    prepared = prepare(inputs(plans=plans, plan_zones=zones.iloc[:3]))
    found, message = shift.shifts_of(prepared, maps.commune(), plot, rows.iloc[:3])
    assert found == {"Z1": shift.Shift(10, "w"), "Z2": shift.Shift(27, "ssw")}  # free of what blocks, too
    # 10 m west and 20 m south: 26 m to the south-south-west are 9.9 m and 24 m, 27 m are 10.3 m and 24.9 m
    # to the south-west 29 m are 20.5 m each way, which is farther
    assert message == ("sites.shift.clear", {"metres": 27, "direction": "ssw"})
    with_road = prepare(inputs(plans=plans, plan_zones=zones.iloc[:3], roads=roads))
    found, message = shift.shifts_of(with_road, maps.commune(), plot, rows)
    assert "road_provincial:provincial" in found
    assert message[0] in ("sites.shift.free", "sites.shift.none")
    hidden = rows.assign(restricted=[True, False, False, False])
    found, message = shift.shifts_of(prepare(inputs(plans=plans, plan_zones=zones)), maps.commune(), plot, hidden)
    assert "Z1" not in found
    assert message is None


def test_a_shift_keeps_to_gentle_ground(inputs, maps) -> None:
    flat = maps.plane()
    values = flat.values.copy()
    columns = np.arange(values.shape[1])
    # ground rises by 60 % west of the plot
    edge = int((1000 + 600) / 30)
    values[:, :edge] += ((edge - columns[:edge]) * 18.0).astype(values.dtype)
    steep = type(flat)(values, flat.transform, flat.nodata, flat.source_resolution_m)
    plans = maps.layer("plans", [{"plan_id": "P1", "title": "QH", "plan_kind": "general", "status": "approved"}])
    zones = maps.layer(
        "plan_zones", [{"zone_id": "Z1", "plan_id": "P1", "function": "CQP", "geometry": maps.at(1160, 0, 1500, 3000)}]
    )
    rows = pd.DataFrame({"zone_id": ["Z1"], "effect": "blocking", "severity": 4, "restricted": False, "source": "plan"})
    plot = maps.at(1080, 1000, 1180, 1100)
    gentle = shift.shifts_of(prepare(inputs(dem=flat, plans=plans, plan_zones=zones)), maps.commune(), plot, rows)
    assert gentle[0] == {"Z1": shift.Shift(20, "w")}
    # moved by 20 m, an eighth of the plot lies where the slope is 30 %
    plot = maps.at(1020, 1000, 1180, 1100)
    barred = shift.shifts_of(prepare(inputs(dem=steep, plans=plans, plan_zones=zones)), maps.commune(), plot, rows)
    assert barred == ({}, ("sites.shift.none", {}))
