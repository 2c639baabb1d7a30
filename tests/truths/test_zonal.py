"""Zonal statistics by exact cell shares: the example of exactextract's own documentation and tests."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine

from siteplan.raster import Raster
from siteplan.sites.zonal import zonal


def test_square_over_nine_cells() -> None:
    # exactextract, test_zonal_stats: 3x3 raster 1..9, square (0.5, 0.5)-(2.5, 2.5)
    raster = Raster(np.arange(1.0, 10.0).reshape(3, 3), Affine(1, 0, 0, 0, -1, 3))
    square = np.array([shapely.box(0.5, 0.5, 2.5, 2.5)], dtype=object)
    found = zonal(square, raster, ["count", "mean", "min", "max", "variance"]).iloc[0]
    assert found.to_dict() == pytest.approx({"count": 4, "mean": 5, "min": 1, "max": 9, "variance": 5})
    each = np.eye(9).reshape(9, 3, 3)
    shares = [zonal(square, Raster(cell, raster.transform), ["sum"])["sum"].iloc[0] for cell in each]
    assert shares == pytest.approx([0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25])


def test_unknown_cells_do_not_count() -> None:
    values = np.array([[np.nan, 2.0], [np.nan, 4.0]])
    raster = Raster(values, Affine(10, 0, 0, 0, -10, 20), float("nan"))
    found = zonal(np.array([shapely.box(0, 0, 20, 20)], dtype=object), raster, ["mean", "count"]).iloc[0]
    assert found["mean"] == 3
    assert found["count"] == 2


def test_beyond_the_raster_nothing_is_known() -> None:
    raster = Raster(np.ones((2, 2)), Affine(10, 0, 0, 0, -10, 20))
    assert np.isnan(zonal(np.array([shapely.box(50, 50, 60, 60)], dtype=object), raster, ["mean"])["mean"].iloc[0])
