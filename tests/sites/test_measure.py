"""Frontage, in closed form; whether a facility can grow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate, translate

from siteplan.sites.fronts import lengths_along
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
    # tracks give no frontage; what lies across the road has it once
    assert found == pytest.approx([100.0, 0.0, 100.0], abs=0.01)
    assert np.isnan(frontage(sites, None, rules.speeds, 20.0)).all()


@pytest.mark.parametrize(
    ("role", "row", "expected"),
    [
        ("waterways", {"waterway_class": "stream", "points": ((0, 1006), (3000, 1006))}, 0.0),  # along the road
        ("waterways", {"waterway_class": "river", "points": ((0, 1006), (3000, 1006))}, 0.0),
        ("waterways", {"waterway_class": "canal", "points": ((0, 1006), (3000, 1006))}, 100.0),  # a ditch is crossed
        ("waterways", {"waterway_class": "stream", "points": ((1060, 900), (1060, 1100))}, 100.0),  # under the road
        ("waterways", {"waterway_class": "stream", "points": ((0, 994), (3000, 994))}, 100.0),  # beyond the road
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


@pytest.fixture
def front_of(maps, rules):
    """Length of front of plots on roads of 6 m, within 20 m of their edges."""

    def measured(plots, *lines, **barriers) -> np.ndarray:
        rows = [{"road_class": "commune", "width_m": 6.0, "geometry": line} for line in lines]
        roads = Layer("roads", derive_columns("roads", maps.layer("roads", rows), rules), ())
        between = {
            role: Layer(role, derive_columns(role, maps.layer(role, rows), rules), ())
            for role, rows in barriers.items()
        }
        return frontage(np.array(plots), roads, rules.speeds, 20.0, front_barriers(between))

    return measured


@pytest.mark.parametrize("turn", [0.0, 17.0, 63.0, 90.0])
def test_only_the_side_along_the_road_is_a_front(front_of, maps, turn) -> None:
    """The whole map turned: a deep strip, a square, one that points at the road with a corner, one a little turned."""
    middle = maps.point(1000, 1000)
    road = rotate(maps.line((-2000, 1000), (4000, 1000)), turn, origin=middle)
    square = maps.at(1000, 1007, 1090, 1097)
    pointing = rotate(square, 45, origin="center")
    pointing = translate(pointing, 0, square.bounds[1] - pointing.bounds[1])
    little = rotate(maps.at(1000, 1000, 1090, 1090), 10, origin="center")
    little = translate(little, 0, square.bounds[1] - little.bounds[1])
    plots = [maps.at(1000, 1007, 1006, 1207), square, pointing, little]
    found = front_of([rotate(plot, turn, origin=middle) for plot in plots], road)
    # its lower side rises by 15.6 m, so that all of it lies within 20 m of the road, which is 4 m away
    assert found == pytest.approx([6.0, 90.0, 0.0, 90 * np.cos(np.radians(10))], abs=0.05)


def test_fronts_on_two_roads_both_count(front_of, maps) -> None:
    south, west = maps.line((0, 1000), (3000, 1000)), maps.line((1000, 0), (1000, 3000))
    corner = maps.at(1007, 1007, 1097, 1067)
    assert front_of([corner], south, west) == pytest.approx([90 + 60], abs=0.1)
    bent = maps.line((1000, 3000), (1000, 1000), (3000, 1000))  # one road that turns the corner
    assert front_of([corner], bent) == pytest.approx([90 + 60], abs=0.1)
    north = maps.line((0, 1074), (3000, 1074))  # the plot lies between two roads
    assert front_of([corner], south, north) == pytest.approx([180], abs=0.1)


def test_a_road_counts_once_however_it_is_drawn(front_of, maps) -> None:
    plot, thin = maps.at(1003, 1007, 1093, 1067), maps.at(1003, 1007, 1093, 1015)
    whole = maps.line((0, 1000), (3000, 1000))
    pieces = [maps.line((x, 1000), (x + 37, 1000)) for x in range(800, 1300, 37)]
    wavy = maps.line(*[(x, 1000 + 0.5 * (-1) ** i) for i, x in enumerate(range(0, 3001, 20))])
    again = maps.line((0, 998), (3000, 998))  # the other carriageway
    for lines in ([whole], pieces, [wavy], [whole, again]):
        assert front_of([plot, thin], *lines) == pytest.approx([90.0, 90.0], abs=1.5)


def test_a_front_ends_with_the_road(front_of, maps) -> None:
    road = maps.line((0, 1000), (1050, 1000))
    assert front_of([maps.at(1007, 1007, 1107, 1067)], road) == pytest.approx([43.0], abs=2.1)


def test_a_road_that_runs_into_a_plot_is_a_front_as_far_as_it_does(front_of, maps) -> None:
    road = maps.line((0, 1000), (1060, 1000))
    assert front_of([maps.at(1000, 900, 1200, 1100)], road) == pytest.approx([60.0], abs=0.1)


def test_the_road_behind_a_stream_does_not_hide_the_one_beside(front_of, maps) -> None:
    """The near road runs past the corner behind a stream; the front lies on the other one, a little farther away."""
    plot = maps.at(1012, 1015, 1102, 1075)
    west, south = maps.line((1000, 0), (1000, 3000)), maps.line((0, 1000), (3000, 1000))
    stream = maps.layer("waterways", [{"waterway_class": "stream", "geometry": maps.line((1008, 0), (1008, 3000))}])
    assert front_of([plot], west, south) == pytest.approx([150.0], abs=0.1)
    rows = [{"waterway_class": "stream", "geometry": geometry} for geometry in stream.geometry]
    assert front_of([plot], west, south, waterways=rows) == pytest.approx([90.0], abs=0.5)


@settings(max_examples=60, deadline=None)
@given(
    turn=st.floats(0, 180),
    away=st.floats(-10, 30),
    sides=st.tuples(st.floats(5, 120), st.floats(5, 120)),
    road=st.floats(0, 180),
)
def test_front_of_a_rectangle_on_a_straight_road_as_sampled_points_tell(turn, away, sides, road) -> None:
    """Sampled points of sides turned by less than 45 degrees to the road: their shadow on it, where it is near."""
    rectangle = rotate(shapely.box(0, 0, *sides), turn, origin="center")
    line = rotate(shapely.LineString([(-1000, 0), (1000, 0)]), road, origin=(0, 0))
    level = rotate(rectangle, -road, origin=(0, 0))
    level = translate(level, 0, away - level.bounds[1])
    rectangle = rotate(level, road, origin=(0, 0))
    corners = shapely.get_coordinates(level)
    shadow = []
    for a, b in itertools.pairwise(corners):
        dx, dy = np.abs(b - a)
        if abs(dx - dy) < 0.02 * (dx + dy):
            return  # too near to 45 degrees to be told
        if dx > dy:
            at = np.linspace(a, b, 20_001)
            near = np.abs(at[:, 1]) <= 20
            shadow += [np.sort(at[near, 0])[[0, -1]]] if near.any() else []
    # the road itself where it runs in the plot
    inside = shapely.intersection(level, shapely.LineString([(-1000, 0), (1000, 0)]))
    shadow += [] if inside.is_empty else [np.array([inside.bounds[0], inside.bounds[2]])]
    expected = shapely.union_all([shapely.LineString([(x[0], 0), (x[1] + 1e-9, 0)]) for x in shadow]).length
    strip = line.buffer(20, quad_segs=64)
    edges = shapely.union_all([rectangle.boundary.intersection(strip), rectangle.intersection(line)])
    found = lengths_along(np.array([edges]), np.array([line]), np.array([0]), np.array([0.0]), 20.0)
    assert found == pytest.approx([expected], abs=0.05)
