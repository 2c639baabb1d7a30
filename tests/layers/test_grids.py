from __future__ import annotations

import subprocess

import numpy as np
import pytest
import rasterio
from affine import Affine

from siteplan import crs
from siteplan.crs import Province
from siteplan.errors import InputError
from siteplan.layers import grids

SECONDS_15 = 15 / 3600


@pytest.fixture
def province(repo_root):
    return Province.load(repo_root / "layers" / "province.toml")


def write(path, values, transform, epsg=4326, nodata=None):
    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": values.dtype,
    }
    with rasterio.open(path, "w", **profile, transform=transform, crs=f"EPSG:{epsg}", nodata=nodata) as sink:
        sink.write(values, 1)
    return path


def plane(lon, lat):
    """Rises 1000 m a degree east and 500 m a degree north: bilinear interpolation reproduces it exactly."""
    return 1000 * (lon - 106) + 500 * (lat - 21)


def plane_in_degrees(path, step=SECONDS_15, west=106.2, north=22.2, size=(120, 140)):
    rows, columns = np.indices(size)
    values = plane(west + (columns + 0.5) * step, north - (rows + 0.5) * step).astype(np.float32)
    return write(path, values, Affine(step, 0, west, 0, -step, north), nodata=-9999)


def test_warped_plane_is_the_plane_with_the_official_datum_shift(tmp_path, province):
    source = grids.read_grid(plane_in_degrees(tmp_path / "d.tif"), None, province, "dem")
    raster = grids.elevation([source], province)
    rows, columns = np.nonzero(np.isfinite(raster.values))
    x = raster.transform.c + (columns + 0.5) * raster.cell_m
    y = raster.transform.f - (rows + 0.5) * raster.cell_m
    lon, lat = crs.transformer(9215, 4326).transform(x, y)
    assert np.abs(raster.values[rows, columns] - plane(np.asarray(lon), np.asarray(lat))).max() < 0.002
    # without the shift of EPSG:6960 the same place would read 224 m away: some 2 m of height here
    assert raster.values.dtype == np.float32
    assert 440 < raster.source_resolution_m < 452  # 15" is 430 m x 461 m here
    assert raster.cell_m == round(raster.source_resolution_m)


# EPSG:4326 to EPSG:9215 by EPSG:6960, spelt out, so that gdalwarp cannot pick another operation
PIPELINE = (
    "+proj=pipeline +step +proj=axisswap +order=2,1 +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    "+step +proj=push +v_3 "
    "+step +proj=cart +ellps=WGS84 +step +inv +proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 "
    "+rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame "
    "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 "
    "+step +proj=tmerc +lat_0=0 +lon_0=107.25 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84"
)


@pytest.mark.require("gdal")
def test_agrees_with_gdalwarp(tmp_path, province):
    rows, columns = np.indices((60, 70))
    values = (300 + 200 * np.sin(rows / 9) * np.cos(columns / 11)).astype(np.float32)
    path = write(tmp_path / "d.tif", values, Affine(SECONDS_15, 0, 106.5, 0, -SECONDS_15, 22.0))
    ours = grids.elevation([grids.read_grid(path, None, province, "dem")], province)
    command = ["gdalwarp", "-q", "-r", "bilinear", "-t_srs", "EPSG:9215", "-et", "0", "-dstnodata", "-9999"]
    command += ["-ct", PIPELINE, "-te", *map(str, ours.bounds), "-tr", str(ours.cell_m), str(ours.cell_m)]
    subprocess.run([*command, str(path), str(tmp_path / "w.tif")], check=True, capture_output=True)
    with rasterio.open(tmp_path / "w.tif") as source:
        theirs = source.read(1)
    both = np.isfinite(ours.values) & (theirs != -9999)
    assert both.sum() > 3000
    # on this surface a shift by a whole cell changes some 20 m; kernels differ by the ratio of the cells, some 4 %
    assert np.abs(ours.values - theirs)[both].max() < 1.5


def test_grid_of_the_province_is_read_as_it_is(tmp_path, province):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    values[1, 1] = -9999
    path = write(tmp_path / "d.tif", values, Affine(30, 0, 440_000, 0, -30, 2_420_000), 9215, nodata=-9999)
    raster = grids.elevation([grids.read_grid(path, None, province, "dem")], province)
    assert raster.transform == Affine(30, 0, 440_000, 0, -30, 2_420_000)
    assert np.isnan(raster.values[1, 1])
    assert np.array_equal(np.nan_to_num(raster.values, nan=-9999), values)
    assert raster.source_resolution_m == 30


def test_finer_grids_in_degrees_go_to_30_m(tmp_path, province):
    path = plane_in_degrees(tmp_path / "d.tif", step=0.0001, size=(60, 60))
    raster = grids.elevation([grids.read_grid(path, None, province, "dem")], province)
    assert raster.cell_m == 30
    assert raster.source_resolution_m == pytest.approx(10.7, abs=0.3)


def test_two_sheets_make_one_terrain(tmp_path, province):
    left = write(tmp_path / "l.tif", np.full((10, 10), 5, np.float32), Affine(30, 0, 440_000, 0, -30, 2_420_000), 9215)
    right = write(tmp_path / "r.tif", np.full((10, 10), 7, np.float32), Affine(30, 0, 440_300, 0, -30, 2_420_000), 9215)
    raster = grids.elevation([grids.read_grid(p, None, province, "dem") for p in (left, right)], province)
    assert raster.values[3, 3] == 5
    assert raster.values[3, 15] == 7


def test_people_keep_their_sum(tmp_path, province):
    rng = np.random.default_rng(3)
    values = rng.integers(0, 900, (20, 30)).astype(np.float32)
    values[4, 5] = -99999
    path = write(tmp_path / "p.tif", values, Affine(1 / 120, 0, 106.4, 0, -1 / 120, 22.0), nodata=-99999)
    source = grids.read_grid(path, None, province, "population")
    total = values[values > 0].sum()
    east, north, count = grids.people([source], province)
    assert count.sum() == total
    assert grids.people_grid([source], province).values.sum() == pytest.approx(total, rel=1e-9)
    assert len(east) == len(north) == (values > 0).sum()


@pytest.mark.parametrize(
    ("transform", "epsg", "key"),
    [
        (Affine(30, 0, 100_000, 0, -30, 1_000_000), 9215, "raster_outside"),
        (Affine(30, 5, 440_000, 5, -30, 2_420_000), 9215, "raster_not_north_up"),
        (Affine(30, 0, 440_000, 0, 30, 2_410_000), 9215, "raster_not_north_up"),
    ],
)
def test_grids_that_cannot_be_used(tmp_path, province, transform, epsg, key):
    path = write(tmp_path / "d.tif", np.zeros((5, 5), np.float32), transform, epsg)
    with pytest.raises(InputError) as caught:
        grids.read_grid(path, None, province, "dem")
    assert caught.value.problems[0].key == key


def write_scaled(path, values, transform, scale, offset, **more):
    write(path, values, transform, **more)
    with rasterio.open(path, "r+") as sink:
        sink.scales, sink.offsets = (scale,), (offset,)
    return path


def test_scale_and_offset_of_the_band_are_applied_and_told(tmp_path, province):
    west, _, _, north = province.bounds
    place = Affine(100, 0, west, 0, -100, north)
    metres = np.array([[250.0, 251.2], [np.nan, 1000.0]])
    kept = np.where(np.isnan(metres), -9999, np.round((metres - 200) * 10)).astype(np.int16)
    path = write_scaled(tmp_path / "a.tif", kept, place, 0.1, 200.0, epsg=province.epsg, nodata=-9999)
    source = grids.read_grid(path, None, province, "dem", "dem")
    np.testing.assert_allclose(source.values, metres, atol=1e-3)
    (problem,) = source.problems
    assert (problem.key, problem.severity) == ("raster_scaled", "warning")
    assert problem.params == {"scale": "0.1", "offset": "200"}
    plain = write(tmp_path / "b.tif", kept, place, epsg=province.epsg, nodata=-9999)
    assert grids.read_grid(plain, None, province, "dem", "dem").problems == ()


def test_scaled_people_keep_their_sum(tmp_path, province):
    middle = (province.bounds[0] + province.bounds[2]) / 2, (province.bounds[1] + province.bounds[3]) / 2
    place = Affine(1000, 0, middle[0], 0, -1000, middle[1])
    path = write_scaled(tmp_path / "a.tif", np.array([[10, 20], [30, 40]], np.uint16), place, 0.5, 0.0, epsg=9215)
    source = grids.read_grid(path, None, province, "people", "population")
    assert grids.people([source], province)[2].sum() == pytest.approx(50)


def rough(rows, columns, seed=5):
    """Heights without any order: what is interpolated wrongly shows."""
    return np.random.default_rng(seed).uniform(100, 900, (rows, columns)).astype(np.float32)


@pytest.mark.parametrize("overlap", [0, 1, 7])
@pytest.mark.parametrize(
    ("step", "epsg", "west", "north"), [(1 / 1200, 4326, 106.6, 21.9), (30.0, 9215, 440_000.0, 2_420_000.0)]
)
def test_sheets_give_what_the_one_file_gives(tmp_path, province, step, epsg, west, north, overlap):
    values = rough(200, 300)
    values[50:60, 140:160] = -9999
    place = Affine(step, 0, west, 0, -step, north)
    whole = write(tmp_path / "all.tif", values, place, epsg, nodata=-9999)
    parts = []
    for i, (r, c) in enumerate([(0, 0), (0, 150), (100, 0), (100, 150)]):
        part = values[r : r + 100 + overlap, c : c + 150 + overlap]
        corner = Affine(step, 0, round(west + c * step, 9), 0, -step, round(north - r * step, 9))
        parts.append(write(tmp_path / f"{i}.tif", part, corner, epsg, nodata=-9999))
    one, sheets = (
        grids.elevation([grids.read_grid(p, None, province, "dem") for p in files], province)
        for files in ([whole], parts)
    )
    assert one.transform.almost_equals(sheets.transform, 1e-6)
    np.testing.assert_allclose(sheets.values, one.values, atol=0.02)
    people = [
        grids.people([grids.read_grid(p, None, province, "people") for p in files], province)[2].sum()
        for files in ([whole], parts)
    ]
    assert people[1] == pytest.approx(people[0])


def test_sheets_of_other_lattices_meet_without_a_seam(tmp_path, province):
    step, other = 1 / 1200, 1 / 1100
    left = write(tmp_path / "l.tif", np.full((100, 100), 300, np.float32), Affine(step, 0, 106.6, 0, -step, 21.9))
    right = write(
        tmp_path / "r.tif", np.full((100, 100), 300, np.float32), Affine(other, 0, 106.6 + 100 * step, 0, -other, 21.9)
    )
    sources = [grids.read_grid(p, None, province, "dem") for p in (left, right)]
    assert len(grids.mosaicked(sources)) == 2
    values = grids.elevation(sources, province).values
    middle = values[values.shape[0] // 3]
    known = np.flatnonzero(np.isfinite(middle))
    assert len(known) > 100
    assert np.isfinite(middle[known[0] : known[-1]]).all()
