from __future__ import annotations

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.sites.grid import Grid, fill, within


def centres(grid: Grid):
    x, y = np.meshgrid(grid.x, grid.y)
    return shapely.points(x, y)


def test_window_is_aligned_to_multiples_of_the_cell() -> None:
    grid = Grid.around((100.5, 205.0, 190.0, 300.0), 30.0)
    assert grid.bounds == (90.0, 180.0, 210.0, 300.0)
    assert grid.shape == (4, 4)
    assert grid.x[0] == 105.0
    assert grid.y[0] == 285.0


def test_fill_equals_rasterio_on_stars_with_holes() -> None:
    generator = np.random.default_rng(5)
    grid = Grid(0.0, 3000.0, 100, 100, 30.0)
    shapes = []
    for _ in range(60):
        angle = np.sort(generator.uniform(0, 2 * np.pi, 25))
        radius = generator.uniform(60, 400, 25)
        middle = generator.uniform(-100, 3100, 2)
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] + middle
        star = shapely.make_valid(shapely.Polygon(ring))
        shapes.append(shapely.difference(star, shapely.Point(middle).buffer(55)))
    expected = rasterio.features.geometry_mask(shapes, grid.shape, grid.transform, invert=True)
    assert (fill(np.array(shapes, dtype=object), grid) == expected).all()


def test_clockwise_and_counter_clockwise_rings_fill_alike() -> None:
    grid = Grid(0.0, 300.0, 10, 10, 30.0)
    box = shapely.box(31, 31, 200, 200)
    both = fill(np.array([box, shapely.reverse(box)], dtype=object), grid)
    assert both.sum() == fill(np.array([box], dtype=object), grid).sum() == 36


def test_corridor_of_500_m_is_500_m_in_every_direction() -> None:
    grid = Grid(0.0, 1500.0, 100, 100, 15.0)
    middle = shapely.Point(757.0, 741.0)
    mask = within(np.array([middle]), np.array([500.0]), grid)
    vector = shapely.buffer(middle, 500.0, quad_segs=512)
    assert (mask == shapely.covers(vector, centres(grid))).all()
    x, y = np.meshgrid(grid.x - 757.0, grid.y - 741.0)
    bearing = np.degrees(np.arctan2(x, y)) % 360
    reach = [np.hypot(x, y)[mask & (np.abs(bearing - b) < 3)].max() for b in range(0, 360, 10)]
    assert min(reach) > 500 - 15 / 2 * np.sqrt(2)
    assert max(reach) <= 500


decimetres = st.integers(-2000, 12000).map(lambda v: v / 10)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(decimetres, decimetres), min_size=2, max_size=6),
    st.integers(5, 3000).map(lambda v: v / 10),
    st.sampled_from(["line", "polygon", "point"]),
)
def test_within_equals_the_distance_of_every_cell_centre(points, distance, kind) -> None:
    grid = Grid(0.0, 1000.0, 33, 33, 30.0)
    shape = {
        "line": lambda: shapely.LineString(points),
        "point": lambda: shapely.MultiPoint(points),
        "polygon": lambda: shapely.MultiPoint(points).convex_hull,
    }[kind]()
    mask = within(np.array([shape], dtype=object), np.array([distance]), grid)
    away = shapely.distance(shape, centres(grid))
    clear = np.abs(away - distance) > 1e-6  # on the very edge rounding decides
    # a centre on the outline of a polygon belongs to one side only
    assert (mask == (away <= distance))[clear].all()


def test_objects_outside_the_window_reach_in() -> None:
    grid = Grid(0.0, 300.0, 10, 10, 30.0)
    outside = shapely.LineString([(-20, -1000), (-20, 1000)])
    mask = within(np.array([outside]), np.array([50.0]), grid)
    assert mask[:, 0].all()
    assert not mask[:, 1:].any()


def test_sample_reads_the_cell_under_the_centre() -> None:
    from affine import Affine

    from siteplan.raster import Raster

    raster = Raster(np.arange(12.0).reshape(3, 4), Affine(100, 0, 0, 0, -100, 300), -1.0)
    grid = Grid(-60.0, 300.0, 2, 4, 60.0)
    assert grid.sample(raster).tolist()[0] == pytest.approx([np.nan, 0, 0, 1], nan_ok=True)
    raster.values[0, 0] = -1.0
    assert np.isnan(grid.sample(raster)[0, 1])
