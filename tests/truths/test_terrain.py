"""Slope, aspect, hillshade and walking speed against published numbers, and against gdaldem as a live oracle."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import rasterio
from affine import Affine

from siteplan.sites.terrain import aspect_degrees, hillshade, slope_percent, walking_speed_kmh


def test_slope_of_the_worked_example() -> None:
    # ArcGIS Pro help, "How slope works": 3x3 window, cell 5, 75.25762 degrees by Horn's differences
    z = np.array([[50.0, 45, 50], [30, 30, 30], [8, 10, 10]])
    slope = slope_percent(z, 5.0)
    assert np.degrees(np.arctan(slope[1, 1] / 100)) == pytest.approx(75.2577, abs=1e-4)
    assert slope[1, 1] == pytest.approx(380.03, abs=0.01)
    assert np.isnan(np.delete(slope.ravel(), 4)).all()


def test_aspect_of_the_worked_example() -> None:
    # ArcGIS Pro help, "How aspect works": 92.64 degrees
    z = np.array([[101.0, 92, 85], [101, 92, 85], [101, 91, 84]])
    assert aspect_degrees(z, 5.0)[1, 1] == pytest.approx(92.6426, abs=1e-4)


def test_hillshade_of_the_worked_example() -> None:
    # ArcGIS Pro help, "How hillshade works": sun 315/45, cell 5 gives 154
    z = np.array([[2450.0, 2461, 2483], [2452, 2461, 2483], [2447, 2455, 2477]])
    assert round(float(hillshade(z, 5.0, 315, 45)[1, 1])) == 154


@pytest.mark.parametrize(("slope", "kmh"), [(0.0, 5.0367), (-0.05, 6.0), (0.05, 4.2281), (0.3, 1.7625)])
def test_walking_speed(slope: float, kmh: float) -> None:
    # Tobler 1993, NCGIA Technical Report 93-1: 6 exp(-3.5 |s + 0.05|)
    assert float(walking_speed_kmh(slope)) == pytest.approx(kmh, abs=5e-5)


def test_a_tilted_plane_has_its_own_slope_and_aspect() -> None:
    x, y = np.meshgrid(np.arange(6) * 30.0, np.arange(5) * -30.0)
    z = 0.1 * x + 0.2 * y  # rises to the east and to the north: faces south-west
    assert slope_percent(z, 30.0)[1:-1, 1:-1] == pytest.approx(100 * np.hypot(0.1, 0.2))
    facing = (np.degrees(np.arctan2(-0.1, -0.2))) % 360
    assert aspect_degrees(z, 30.0)[1:-1, 1:-1] == pytest.approx(facing)


def test_unknown_height_makes_its_neighbourhood_unknown() -> None:
    z = np.zeros((5, 5))
    z[2, 2] = np.nan
    assert np.isnan(slope_percent(z, 30.0)[1:4, 1:4]).all()
    assert np.isnan(slope_percent(np.zeros((2, 9)), 30.0)).all()


@pytest.mark.require("gdal")
@pytest.mark.parametrize(
    ("mode", "options"), [("slope", ["-p"]), ("aspect", []), ("hillshade", ["-az", "315", "-alt", "45"])]
)
def test_equal_to_gdaldem(mode: str, options: list[str], tmp_path) -> None:
    height = np.random.default_rng(3).normal(0, 25, (40, 60)).cumsum(axis=0).cumsum(axis=1) / 20
    height = height.astype("float32")
    path, out = tmp_path / "z.tif", tmp_path / "out.tif"
    profile = {"driver": "GTiff", "height": 40, "width": 60, "count": 1, "dtype": "float32", "crs": "EPSG:9215"}
    with rasterio.open(path, "w", transform=Affine(30, 0, 450000, 0, -30, 2420000), **profile) as target:
        target.write(height, 1)
    subprocess.run(["gdaldem", mode, str(path), str(out), *options, "-q"], check=True)
    with rasterio.open(out) as source:
        oracle = source.read(1).astype(float)
    ours = {"slope": slope_percent, "aspect": aspect_degrees, "hillshade": hillshade}[mode](height, 30.0)
    inner = (slice(1, -1), slice(1, -1))
    # gdaldem writes shades as whole numbers
    tolerance = 0.51 if mode == "hillshade" else 1e-4 * max(1.0, float(np.nanmax(oracle[inner])))
    assert np.abs(ours[inner] - oracle[inner]).max() <= tolerance


@pytest.mark.require("gdal", "data")
@pytest.mark.parametrize(
    ("mode", "options"), [("slope", ["-p"]), ("aspect", []), ("hillshade", ["-az", "315", "-alt", "45"])]
)
def test_equal_to_gdaldem_on_the_real_terrain(mode: str, options: list[str], tmp_path, repo_root) -> None:
    # the open terrain, projected to the province's plane by another program
    source = repo_root.parent / "shared" / "data" / "dem_lang_son_15s.tif"
    path, out = tmp_path / "z.tif", tmp_path / "out.tif"
    warp = ["gdalwarp", "-q", "-t_srs", "EPSG:9215", "-tr", "450", "450", "-r", "bilinear", "-ot", "Float32"]
    box = ["-te", "390150", "2370150", "500400", "2470050"]
    subprocess.run([*warp, *box, str(source), str(path)], check=True, capture_output=True)
    subprocess.run(["gdaldem", mode, str(path), str(out), *options, "-q"], check=True, capture_output=True)
    with rasterio.open(path) as read, rasterio.open(out) as made:
        height, oracle = read.read(1), made.read(1).astype(float)
    ours = {"slope": slope_percent, "aspect": aspect_degrees, "hillshade": hillshade}[mode](height.astype(float), 450.0)
    inner = (slice(1, -1), slice(1, -1))
    known = np.isfinite(ours[inner]) & (oracle[inner] != -9999)
    assert known.mean() > 0.99
    difference = np.abs(ours[inner] - oracle[inner])[known]
    if mode == "aspect":
        difference = np.minimum(difference, 360 - difference)  # a full turn is no difference
        # where the ground is all but level, the direction is the rounding of gdaldem's single precision
        difference = difference[slope_percent(height.astype(float), 450.0)[inner][known] > 0.5]
        assert len(difference) > 0.9 * known.sum()
    # shades are written as whole numbers, the others in single precision, whose step near 360 is 3e-5
    assert difference.max() <= {"hillshade": 0.51, "aspect": 1e-3, "slope": 1e-4}[mode]
