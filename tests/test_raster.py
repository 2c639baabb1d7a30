import numpy as np
import pytest
from affine import Affine

from siteplan.raster import Raster

GRID = Raster(np.arange(12, dtype=float).reshape(3, 4), Affine(10, 0, 100, 0, -10, 230), None, 450)


def test_bounds_and_cell():
    assert GRID.bounds == (100, 200, 140, 230)
    assert GRID.cell_m == 10


@pytest.mark.parametrize(
    ("bounds", "values", "new_bounds"),
    [
        ((110, 210, 130, 220), [[5, 6]], (110, 210, 130, 220)),
        ((111, 211, 119, 219), [[5]], (110, 210, 120, 220)),  # every cell that is met
        ((0, 0, 1000, 1000), np.arange(12).reshape(3, 4).tolist(), (100, 200, 140, 230)),
    ],
)
def test_window(bounds, values, new_bounds):
    window = GRID.window(bounds)
    assert window.values.tolist() == values
    assert window.bounds == new_bounds
    assert window.source_resolution_m == 450


def test_a_window_outside_is_empty():
    assert GRID.window((500, 500, 600, 600)).values.size == 0


def test_sample():
    found = GRID.sample(np.array([100.0, 139.9, 105, 99.9, 140]), np.array([229.9, 200.1, 215, 215, 215]))
    assert found[:3].tolist() == [0, 11, 4]
    assert np.isnan(found[3:]).all()


def test_no_data_is_nan():
    grid = Raster(np.array([[255, 1]], np.uint8), Affine(1, 0, 0, 0, -1, 1), 255)
    found = grid.sample(np.array([0.5, 1.5]), np.array([0.5, 0.5]))
    assert np.isnan(found[0])
    assert found[1] == 1
