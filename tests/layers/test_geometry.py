from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siteplan.crs import Province
from siteplan.layers.geometry import moved, repaired
from siteplan.layers.place import Placement


def _one(geometry, kind):
    return repaired(np.array([geometry], dtype=object), kind, ["a"], "f", "l")


def test_bow_tie_tells_the_square_metres_it_changes():
    # crossing outline: its signed halves cancel to 0; repaired it has two triangles of 1 m² each
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    out, keep, (problem,) = _one(tie, "polygon")
    assert keep.all()
    assert out[0].area == 2.0
    assert problem.key == "geometry_repaired"
    assert problem.params == {"before_m2": 0.0, "after_m2": 2.0, "change_m2": 2.0}


def test_rounding_to_the_millimetre_breaks_nothing(repo_root):
    """A spike that is 1.4 mm wide at its foot and touches itself once its corners are rounded."""
    province = Province.load(repo_root / "layers" / "province.toml")
    thin = shapely.Polygon(
        [(0, 0), (10, 0), (10, 10), (5.0004, 10), (5.00045, 0.0004), (5.00035, 0.0004), (5.0003, 10), (0, 10)]
    )
    assert thin.is_valid
    (out,) = moved(np.array([thin], dtype=object), Placement(9215, "file"), province)
    assert out.is_valid
    assert out.area == pytest.approx(100, abs=0.01)


def test_many_repairs_make_one_row():
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    shapes = np.array([shapely.affinity.translate(tie, 10 * i) for i in range(30)], dtype=object)
    _, _, (problem,) = repaired(shapes, "polygon", [str(i) for i in range(30)], "f", "l")
    assert problem.key == "geometry_repaired_many"
    assert problem.params["count"] == 30
    assert problem.params["change_m2"] == pytest.approx(60)
    assert problem.feature.endswith("(+25)")


@pytest.mark.parametrize(
    ("geometry", "kind", "key"),
    [
        (None, "polygon", "geometry_missing"),
        (shapely.Polygon(), "polygon", "geometry_missing"),
        (shapely.Point(np.inf, 1), "point", "geometry_impossible"),
        (shapely.Point(1, 1), "polygon", "geometry_wrong_kind"),
        (shapely.LineString([(0, 0), (1, 1)]), "polygon", "geometry_wrong_kind"),
        (shapely.Polygon([(0, 0), (1, 1), (2, 2)]), "polygon", "geometry_collapsed"),
        (shapely.box(0, 0, 1, 1), "line", "geometry_wrong_kind"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_told(geometry, kind, key):
    _, keep, (problem,) = _one(geometry, kind)
    assert not keep.any()
    assert (problem.key, problem.severity, problem.feature) == (key, "excluded", "a")


def test_closed_lines_of_a_drawing_become_areas():
    out, keep, (problem,) = _one(shapely.LineString([(0, 0), (4, 0), (4, 3), (0, 3), (0, 0)]), "polygon")
    assert keep.all()
    assert out[0].area == 12
    assert problem.key == "geometry_from_lines"


def test_mixed_collection_gives_its_areas():
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(5, 5)])
    out, _, (problem,) = _one(mixed, "polygon")
    assert out[0].equals(shapely.box(0, 0, 1, 1))
    assert problem.key == "geometry_taken_apart"


def test_area_becomes_a_point_inside_it():
    ring = shapely.Point(0, 0).buffer(10) - shapely.Point(0, 0).buffer(8)
    out, _, (problem,) = _one(ring, "point")
    assert ring.contains(out[0])
    assert problem.key == "geometry_to_point"


def test_a_single_point_in_a_group_is_just_that_point():
    out, keep, problems = _one(shapely.MultiPoint([(3, 4)]), "point")
    assert keep.all()
    assert out[0] == shapely.Point(3, 4)
    assert problems == []


coordinates = st.tuples(st.integers(0, 50), st.integers(0, 50))


@given(st.lists(st.lists(coordinates, min_size=3, max_size=8), min_size=1, max_size=5))
def test_what_is_kept_is_valid_and_nothing_disappears_untold(rings):
    shapes = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    out, keep, problems = repaired(shapes, "polygon", [str(i) for i in range(len(rings))], "f", "l")
    assert shapely.is_valid(out[keep]).all()
    assert (shapely.area(out[keep]) > 0).all()
    told = sum(int(p.params.get("count", 1)) for p in problems if p.severity == "excluded")
    assert told == (~keep).sum()
    untouched = shapely.is_valid(shapes) & keep
    assert shapely.equals_exact(out[untouched], shapes[untouched]).all()


def _ring(*parts):
    return shapely.multilinestrings([part.exterior for part in parts])


@pytest.mark.parametrize("kind", ["plot", "polygon"])
@pytest.mark.parametrize(
    ("drawn", "area_m2"),
    [
        (shapely.box(0, 0, 40, 30).exterior, 1200),
        (shapely.LineString(shapely.box(0, 0, 40, 30).exterior.coords), 1200),
        (_ring(shapely.box(0, 0, 40, 30), shapely.box(10, 10, 20, 20)), 1100),  # a yard within
        (_ring(shapely.box(0, 0, 40, 30), shapely.box(100, 0, 140, 30)), 2400),
    ],
)
def test_outlines_of_plots_are_areas_with_their_holes(drawn, kind, area_m2):
    out, keep, (problem,) = _one(drawn, kind)
    assert keep.all()
    assert out[0].is_valid
    assert out[0].area == pytest.approx(area_m2)
    assert (problem.key, problem.severity) == ("geometry_from_lines", "warning")


def test_an_open_outline_of_a_plot_gives_its_place_and_is_told():
    line = shapely.LineString([(0, 0), (40, 0), (40, 30), (0, 30)])
    out, keep, (problem,) = _one(line, "plot")
    assert keep.all()
    assert out[0].geom_type == "Point"
    assert line.distance(out[0]) == pytest.approx(0)
    assert (problem.key, problem.severity) == ("geometry_line_open", "warning")


@pytest.mark.parametrize(
    "geometry", [shapely.Point(1, 1), shapely.MultiPoint([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1)]
)
def test_points_and_areas_of_plots_stay(geometry):
    out, keep, problems = _one(geometry, "plot")
    assert keep.all()
    assert out[0] == geometry
    assert problems == []


def test_lines_of_networks_stay_lines_though_they_close():
    ring = shapely.box(0, 0, 1, 1).exterior
    out, _, problems = _one(ring, "any")
    assert out[0] == ring
    assert problems == []
