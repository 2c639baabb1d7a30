"""Raster values in polygons, on a published example."""

import numpy as np
import shapely
from affine import Affine

from siteplan.raster import Raster
from siteplan.sites.zonal import cells_of, covered


def test_covered_gives_known_cells_with_their_share() -> None:
    # exactextract's published example: 3x3 raster 1..9, the square (0.5, 0.5)-(2.5, 2.5)
    values = np.arange(1.0, 10.0).reshape(3, 3)
    values[0, 0] = np.nan
    raster = Raster(values, Affine(1, 0, 0, 0, -1, 3), np.nan)
    (row,) = covered(np.array([shapely.box(0.5, 0.5, 2.5, 2.5)]), {"a": raster})
    known, share = row["a"]
    assert known.tolist() == [2, 3, 4, 5, 6, 7, 8, 9]
    assert share.tolist() == [0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25]


def test_cells_of_are_those_that_a_box_meets_and_none_beyond() -> None:
    raster = Raster(np.zeros((4, 5)), Affine(10, 0, 100, 0, -10, 240), np.nan)
    boxes = [shapely.box(112, 205, 121, 228), shapely.box(90, 230, 100.5, 300), shapely.box(150, 200, 160, 240)]
    # rows 1 to 3 and columns 1 and 2; the upper left cell; the third begins where the raster ends
    assert list(cells_of(raster, np.array(boxes))) == [(slice(1, 4), slice(1, 3)), (slice(0, 1), slice(0, 1))]
