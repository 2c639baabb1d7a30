import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siteplan.dissolve import dissolved

CELLS = [shapely.box(x, y, x + 1, y + 1) for x in range(4) for y in range(4)]
ROOMY = shapely.box(0, 0, 4, 4)


def region(*shapes):
    return dissolved(np.array(shapes, dtype=object))


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (CELLS, ROOMY),
        # a gap in the sheet stays a hole
        (CELLS[:5] + CELLS[6:], ROOMY - CELLS[5]),
        # two sheets on one another, with other borders: each by itself cancels its inner edges
        ([*CELLS, shapely.box(0, 0, 2.5, 4), shapely.box(2.5, 0, 4, 4)], ROOMY),
        # the same polygon twice, and turned round
        ([CELLS[0], CELLS[0], shapely.reverse(CELLS[0])], CELLS[0]),
        # one wholly inside another, and one that fills its hole
        ([ROOMY, shapely.box(1, 1, 2, 2)], ROOMY),
        ([ROOMY - shapely.box(1, 1, 2, 2), shapely.box(1, 1, 2, 2)], ROOMY),
        # neighbours whose corners differ along the common border
        ([shapely.box(0, 0, 2, 4), shapely.box(2, 0, 4, 1), shapely.box(2, 1, 4, 4)], ROOMY),
        # parts of one, apart from one another; what is no polygon counts for nothing
        (
            [shapely.MultiPolygon([CELLS[0], CELLS[10]]), shapely.Point(9, 9), shapely.LineString([(5, 5), (6, 6)])],
            shapely.union(CELLS[0], CELLS[10]),
        ),
        ([], shapely.MultiPolygon()),
        ([shapely.Polygon()], shapely.MultiPolygon()),
    ],
)
def test_closed_forms(shapes, expected):
    found = region(*shapes)
    assert shapely.equals(found, expected)
    assert found.area == pytest.approx(expected.area, rel=1e-12)


def test_borders_of_zero_and_minus_zero_are_one():
    found = region(shapely.box(-1, 0, 0, 1), shapely.box(-0.0, 0, 1, 1))
    assert shapely.get_num_coordinates(found) == 7  # four corners, two on the way, and the first again


boxes = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6)).map(
    lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)
circles = st.tuples(st.floats(0, 12), st.floats(0, 12), st.floats(0.5, 5)).map(
    lambda c: shapely.buffer(shapely.Point(c[0], c[1]), c[2], quad_segs=3)
)


@given(st.lists(st.one_of(boxes, circles), min_size=1, max_size=12))
def test_same_region_as_the_plain_union(shapes):
    found, plain = region(*shapes), shapely.union_all(shapes)
    assert found.is_valid
    assert shapely.area(shapely.symmetric_difference(found, plain)) <= 1e-9 * plain.area


@given(st.lists(st.integers(0, 15), min_size=1, max_size=40))
def test_sheets_of_cells(numbers):
    found = region(*(CELLS[n] for n in numbers))
    assert found.area == len(set(numbers))
    assert shapely.equals(found, shapely.union_all([CELLS[n] for n in set(numbers)]))
