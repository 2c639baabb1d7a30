"""Shape of the ground: ruggedness against gdaldem, planes in closed form, classes of slope, the nearest stream."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from siteplan.raster import Raster
from siteplan.sites.ground import landform
from siteplan.sites.layer import Layer
from siteplan.sites.terrain import slope_percent


@pytest.mark.require("gdal")
def test_ruggedness_equals_gdaldem(tmp_path) -> None:
    z = np.random.default_rng(7).uniform(0, 80, (40, 50)).astype(np.float32)
    source, made = tmp_path / "z.tif", tmp_path / "tri.tif"
    with rasterio.open(
        source, "w", driver="GTiff", width=50, height=40, count=1, dtype="float32", crs=9215,
        transform=Affine(30, 0, 450_000, 0, -30, 2_420_000), nodata=-9999,
    ) as target:  # fmt: skip
        target.write(z, 1)
    command = ["gdaldem", "TRI", "-alg", "Riley", "-q", str(source), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    with rasterio.open(made) as read:
        expected = read.read(1)
    ours = landform.ruggedness(z)
    assert ours[1:-1, 1:-1] == pytest.approx(expected[1:-1, 1:-1], abs=1e-4)
    assert np.isnan(ours[0]).all()


def plane(east: float, north: float) -> Raster:
    x, y = (np.arange(30) + 0.5) * 30, (30 - np.arange(30) - 0.5) * 30
    z = 200 + east * x[None, :] + north * y[:, None]
    return Raster(z, Affine(30, 0, 0, 0, -30, 900), float("nan"), 30)


def test_heights_between_the_cells_of_a_plane_are_the_planes() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(20, 880, 200), rng.uniform(20, 880, 200)
    assert landform.heights_at(plane(0.3, -0.1), x, y) == pytest.approx(200 + 0.3 * x - 0.1 * y)
    assert np.isnan(landform.heights_at(plane(0, 0), np.array([-100.0]), np.array([50.0]))).all()


@pytest.mark.parametrize(
    ("east", "north", "token"),
    [
        (0.1, 0.0, "west"), (-0.1, 0.0, "east"), (0.0, 0.1, "south"), (0.0, -0.1, "north"),
        (-0.1, -0.1, "northeast"), (0.005, 0.0, "level"),
    ],
)  # fmt: skip
def test_a_plane_faces_down_its_slope(east: float, north: float, token: str) -> None:
    x, y = (a.ravel() for a in np.meshgrid(np.arange(5.0), np.arange(7.0)))
    percent, facing = landform.plane_of(x, y, 3 + east * x + north * y)
    assert percent == pytest.approx(100 * np.hypot(east, north))
    assert landform.aspect_token(facing) == token


def test_relief_and_steepest_slope_within_reach() -> None:
    dem = plane(0.2, 0.0)
    slope = Raster(slope_percent(dem.values, 30.0), dem.transform, float("nan"), 30)
    site = np.array([shapely.box(420, 420, 480, 480)])
    relief, steepest, known = landform.around(site, dem, slope, 90.0)
    # cells that the reach touches run from x = 330 to 570, their centres from 345 to 555
    assert relief[0] == pytest.approx(0.2 * (555 - 345))
    assert steepest[0] == pytest.approx(20.0)
    assert known[0] == pytest.approx(1.0)


def test_slope_shares_add_up_and_the_bound_belongs_to_the_steeper_class() -> None:
    shares = landform.slope_shares(np.array([5.0, 10.0, 24.9, 30.0]), np.array([1.0, 0.5, 0.5, 2.0]), (10, 25, 30))
    assert shares == [25.0, 25.0, 0.0, 50.0]
    assert np.isnan(landform.slope_shares(np.array([]), np.array([]), (10, 25, 30))).all()


def test_the_landslide_proxy_needs_both_slope_and_relief() -> None:
    figures = {
        "landslide.medium_slope": 30, "landslide.medium_relief": 30,
        "landslide.high_slope": 50, "landslide.high_relief": 80,
    }  # fmt: skip
    relief, slope = np.array([10.0, 40, 100, 100, np.nan]), np.array([60.0, 55, 40, 50, 60])
    whole = np.ones(5)
    assert landform.landslide_proxy(relief, slope, whole, figures) == ["low", "medium", "medium", "high", None]
    # steep is steep where half is known; gentle is not said of what nobody knows
    assert landform.landslide_proxy(relief, slope, whole / 2, figures) == [None, "medium", "medium", "high", None]


def test_height_above_the_nearest_stream(maps) -> None:
    rows = [{"waterway_class": "stream", "geometry": shapely.LineString([(200, 0), (200, 900)])}]
    stream = Layer("waterways", maps.layer("waterways", rows), ())
    site = np.array([shapely.box(400, 400, 460, 460)])
    found = landform.above_drainage(np.array([280.0]), site, plane(0.2, 0.0), {"waterways": stream}, 2000.0)
    # 280 m against the terrain at x = 200, which is 200 + 0.2 x 200 = 240 m
    assert found["drainage_height_m"][0] == pytest.approx(40.0)
    assert found["drainage_distance_m"][0] == 200.0
    nothing = landform.above_drainage(np.array([280.0]), site, plane(0.2, 0.0), {}, 2000.0)
    assert np.isnan(list(nothing.values())).all()


def test_water_above_the_site_is_not_its_drainage(maps) -> None:
    high = {"waterway_class": "stream", "geometry": shapely.LineString([(500, 0), (500, 900)])}
    low = {"waterway_class": "stream", "geometry": shapely.LineString([(100, 0), (100, 900)])}
    site, lowest = np.array([shapely.box(400, 400, 460, 460)]), np.array([280.0])
    layer = Layer("waterways", maps.layer("waterways", [high, low]), ())
    found = landform.above_drainage(lowest, site, plane(0.2, 0.0), {"waterways": layer}, 2000.0)
    # the stream 40 m to the east runs at 300 m; the one 300 m to the west at 220 m
    assert (found["drainage_height_m"][0], found["drainage_distance_m"][0]) == (pytest.approx(60.0), 300.0)
    beyond = landform.above_drainage(lowest, site, plane(0.2, 0.0), {"waterways": layer}, 200.0)
    assert np.isnan(list(beyond.values())).all()
