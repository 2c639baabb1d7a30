"""Overlap: what touches, what is within, and what may be counted only once (TRUTHS, Overlap)."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siteplan.sites import overlap


def relation(site, zone, sliver_m2: float = 1.0, sliver_width_m: float = 0.1) -> tuple[str, float, float]:
    shared = overlap.areal(np.array([shapely.intersection(site, zone)], dtype=object))
    found = overlap.relations(
        np.array([site.area]), np.array([zone.area]), shared, sliver_m2=sliver_m2, sliver_width_m=sliver_width_m
    )
    return found[0][0], float(found[1][0]), float(found[2][0])


SITE = shapely.box(0, 0, 10, 10)


@pytest.mark.parametrize(
    ("zone", "expected", "area"),
    [
        (shapely.box(10, 0, 20, 10), "touch", 0.0),  # a shared edge
        (shapely.box(10, 10, 20, 20), "touch", 0.0),  # a shared corner
        (shapely.box(9.999, 0, 20, 10), "sliver", 0.01),  # 1 mm of rounding
        (shapely.box(9.5, 0, 20, 1), "sliver", 0.5),  # less than 1 m²
        (shapely.box(5, 0, 20, 10), "overlap", 50.0),
        (shapely.box(4, 4, 6, 6), "contains", 4.0),  # overlaps() of the usual libraries does not see this one
        (shapely.box(-5, -5, 20, 20), "within", 100.0),
        (SITE, "within", 100.0),
    ],
)
def test_relations(zone, expected: str, area: float) -> None:
    found, shared, _ = relation(SITE, zone)
    assert found == expected
    assert shared == pytest.approx(area)


def test_a_zone_inside_is_no_overlap_to_shapely_but_is_one_here() -> None:
    inside = shapely.box(4, 4, 6, 6)
    assert not shapely.overlaps(SITE, inside)
    assert relation(SITE, inside)[0] == "contains"


def test_equal_squares_shifted_by_half_are_counted_once() -> None:
    zones = np.array([shapely.box(2, 2, 4, 4), shapely.box(3, 2, 5, 4), shapely.box(20, 20, 22, 22)], dtype=object)
    owner = np.array([0, 0, 1])
    assert shapely.area(zones[:2]).sum() == 8
    assert overlap.union_area(zones, owner, 3) == pytest.approx([6, 4, 0])


@given(st.floats(0.01, 500), st.floats(0.01, 500))
def test_width_of_a_rectangle_is_its_short_side(a: float, b: float) -> None:
    assert overlap.width_m(np.array([shapely.box(0, 0, a, b)]))[0] == pytest.approx(min(a, b), rel=1e-5)


decimetres = st.integers(-50, 120).map(lambda v: v / 10)
sides = st.integers(5, 90).map(lambda v: v / 10)


@given(st.lists(st.tuples(decimetres, decimetres, sides, sides), min_size=1, max_size=8))
def test_counted_once_it_never_passes_the_site(boxes: list[tuple[float, float, float, float]]) -> None:
    zones = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes], dtype=object)
    parts = shapely.intersection(SITE, zones)
    total = overlap.union_area(parts, np.zeros(len(parts), dtype=int), 1)[0]
    assert total <= SITE.area + 1e-9
    assert total >= shapely.area(parts).max() - 1e-9


def test_mixed_intersections_keep_their_polygons_only() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(2, 0), (3, 0)])])
    flat = overlap.areal(np.array([mixed, shapely.Point(0, 0)], dtype=object))
    assert shapely.area(flat) == pytest.approx([1, 0])
    assert (shapely.get_dimensions(flat[:1]) == 2).all()


def test_several_parts_are_as_wide_as_the_widest() -> None:
    square, strip = shapely.box(0, 0, 14, 14), shapely.box(60, 0, 160, 2)
    several = np.array([shapely.MultiPolygon(p) for p in ([square, strip], [square, square], [strip])], dtype=object)
    assert overlap.width_m(several) == pytest.approx([14, 14, 2])


def test_what_is_jagged_or_hangs_on_a_strip_is_as_wide_as_a_circle_within_it() -> None:
    strip = shapely.box(0, 0, 500, 0.05)
    teeth = shapely.union_all(
        [shapely.box(0, -1, 800, 0), *(shapely.box(20 * i, 0, 20 * i + 14, 13) for i in range(40))]
    )
    shapes = np.array([shapely.union(strip, shapely.box(200, 0, 205, 5)), teeth, strip], dtype=object)
    assert (overlap.width_m(shapes) < [0.11, 10, 0.06]).all()
    assert overlap.width_m(shapes, 14.0) == pytest.approx([5, 14, 0.05], abs=0.06)
    assert overlap.width_m(shapes, [0.1, 0, 14]) == pytest.approx([5, *overlap.width_m(shapes)[1:]], abs=0.06)


def test_a_ring_is_as_wide_as_it_is_thick() -> None:
    ring = shapely.box(0, 0, 200, 200).difference(shapely.box(4, 4, 196, 196))
    widths = overlap.width_m(np.array([ring, ring], dtype=object), [0, 10])
    assert widths == pytest.approx([4, 4 * (4 - 2 * 2**0.5)], rel=0.01)  # the corner is wider than the sides


def test_a_strip_with_a_tooth_is_no_sliver() -> None:
    site = shapely.box(0, 0, 500, 100)
    zone = shapely.union_all([shapely.box(0, -50, 500, 0.05), shapely.box(200, 0, 205, 5)])
    assert relation(site, zone)[0] == "overlap"
    assert relation(site, shapely.box(0, -50, 500, 0.05))[0] == "sliver"
