import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from siteplan.layers.coverage import area_share_percent, grid_share_percent
from siteplan.raster import Raster

COMMUNES = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)], crs=9215)


def zones(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=9215)


def test_an_overlap_does_not_hide_a_hole():
    # 60 + 60 of 100 wide, 20 of them twice and nothing left uncovered; then the same two on top of each other
    assert area_share_percent(zones(shapely.box(0, 0, 60, 100), shapely.box(40, 0, 100, 100)), COMMUNES)[0] == 100
    twice = zones(shapely.box(0, 0, 50, 100), shapely.box(0, 0, 50, 100))
    assert np.allclose(area_share_percent(twice, COMMUNES), [50, 0])


def test_a_zone_across_the_boundary_is_shared_out():
    assert np.allclose(area_share_percent(zones(shapely.box(75, 0, 150, 100)), COMMUNES), [25, 50])


def test_cells_without_values_do_not_cover():
    values = np.full((10, 20), 5.0)
    values[:, 5:12] = np.nan  # 50 m of the first commune, 20 m of the second
    grid = Raster(values, Affine(10, 0, 0, 0, -10, 100), np.nan)
    assert np.allclose(grid_share_percent(grid, COMMUNES), [50, 80])
