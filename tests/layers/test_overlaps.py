"""Land drawn in two communes goes to the one whose stated area it fits; what is only drawing error stays."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from siteplan.layers.founding import communes_of, known_provinces
from siteplan.layers.overlaps import settled


def communes(stated, *shapes):
    return gpd.GeoDataFrame(
        {"code": [f"0000{i}" for i in range(len(shapes))], "name": list("ABCD"[: len(shapes)]),
         "stated_area_km2": stated},
        geometry=list(shapes), crs=9215,
    )  # fmt: skip


@pytest.mark.parametrize(("stated", "owner"), [((4.0, 3.0), 0), ((3.0, 4.0), 1)])
def test_two_communes(stated, owner):
    """Two squares of 4 km² share 1 km²: the one that states 4 keeps it, that which states 3 has no right to it."""
    frame = communes(stated, shapely.box(0, 0, 2000, 2000), shapely.box(1500, 0, 3500, 2000))
    found, problems = settled(frame, "x.gpkg")
    areas = found.area / 1e6
    assert areas.tolist() == pytest.approx([4, 3] if owner == 0 else [3, 4])
    assert shapely.area(shapely.intersection(*found.geometry)) == 0
    (problem,) = problems
    assert (problem.key, problem.severity, problem.file) == ("communes_overlap_settled", "warning", "x.gpkg")
    assert problem.params == {"area_m2": 1e6, "winner": f"0000{owner} {'AB'[owner]}"}


def test_what_is_within_the_drawing_error_stays():
    frame = communes((4.0, 4.0), shapely.box(0, 0, 2000, 2000), shapely.box(1990, 0, 3990, 2000))
    found, problems = settled(frame, "x")
    assert problems == []
    assert found.geometry.to_wkb().tolist() == frame.geometry.to_wkb().tolist()


def test_one_commune_inside_another_makes_a_hole():
    frame = communes((8.0, 1.0), shapely.box(0, 0, 3000, 3000), shapely.box(1000, 1000, 2000, 2000))
    found, _ = settled(frame, "x")
    assert (found.area / 1e6).tolist() == pytest.approx([8, 1])


def test_land_of_three_communes_of_the_open_boundaries(shared_data):
    """Lào Cai, Bát Xát and Cốc San share 3.49 km²; only with Lào Cai do all three have their published area."""
    (entry,) = [entry for entry in known_provinces() if entry.code == "15"]
    frame = communes_of(shared_data / "vietnam_communes.gpkg", entry)
    found, problems = settled(frame, "x")
    assert len(problems) == 2
    assert found.set_index("code").loc[["02647", "02683", "02746"]].area.div(1e6).tolist() == pytest.approx(
        [72.32, 190.00, 57.20], rel=5e-3
    )
    assert abs(frame.union_all().area - found.union_all().area) < 1.0
