"""VN-2000 / TM-3 107-15 (EPSG:9215) with the shift EPSG:6960 (Decision 05/2007/QĐ-BTNMT), figures of PROJ 9.5."""

import math

import geopandas as gpd
import pytest
import shapely

from siteplan import crs

POINTS = [
    # lon, lat (WGS 84), east, north (EPSG:9215, metres)
    (106.7610, 21.8530, 449262.4506, 2417472.3549),
    (107.25, 21.80, 499804.7232, 2411524.1004),
    (106.0917, 21.3250, 379644.8110, 2359377.1937),
    (107.37, 22.47, 512153.6511, 2485711.8565),
]
# what the first point gives where the datum shift is left out
WITHOUT_SHIFT = (449457.5418, 2417361.8045)


@pytest.mark.parametrize(("lon", "lat", "east", "north"), POINTS)
def test_wgs84_to_province(lon, lat, east, north):
    assert crs.transformer(4326, 9215).transform(lon, lat) == pytest.approx((east, north), abs=1e-3)


@pytest.mark.parametrize(("lon", "lat", "east", "north"), POINTS)
def test_province_to_wgs84(lon, lat, east, north):
    assert crs.transformer(9215, 4326).transform(east, north) == pytest.approx((lon, lat), abs=1e-8)


def test_the_shift_is_not_left_out():
    east, north = crs.transformer(4326, 9215).transform(106.7610, 21.8530)
    assert math.hypot(east - WITHOUT_SHIFT[0], north - WITHOUT_SHIFT[1]) == pytest.approx(224, abs=1)


def _helmert_and_projection(lon, lat):
    """Compute the same by hand: coordinate frame rotation backwards, then transverse Mercator (Krüger series)."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    phi, lam = math.radians(lat), math.radians(lon)
    nu = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    wgs = (nu * math.cos(phi) * math.cos(lam), nu * math.cos(phi) * math.sin(lam), nu * (1 - e2) * math.sin(phi))
    shift = (-191.90441429, -39.30318279, -111.45032835)
    rx, ry, rz = (math.radians(s / 3600) for s in (-0.00928836, 0.01975479, -0.00427372))
    scale = 1 + 0.252906278e-6
    # VN-2000 -> WGS 84 is X' = T + s R X with the coordinate frame matrix; its inverse is wanted
    d = [(w - t) / scale for w, t in zip(wgs, shift, strict=True)]
    x = d[0] - rz * d[1] + ry * d[2]
    y = rz * d[0] + d[1] - rx * d[2]
    z = -ry * d[0] + rx * d[1] + d[2]
    p = math.hypot(x, y)
    phi = math.atan2(z, p * (1 - e2))
    for _ in range(10):
        nu = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + e2 * nu * math.sin(phi), p)
    lam = math.atan2(y, x)
    n = f / (2 - f)
    radius = a / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alpha = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16, 13 * n**2 / 48 - 3 * n**3 / 5, 61 * n**3 / 240)
    k = 2 * math.sqrt(n) / (1 + n)
    t = math.sinh(math.atanh(math.sin(phi)) - k * math.atanh(k * math.sin(phi)))
    dl = lam - math.radians(107.25)
    xi, eta = math.atan2(t, math.cos(dl)), math.atanh(math.sin(dl) / math.hypot(1, t))
    east = eta + sum(a_ * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, a_ in enumerate(alpha, 1))
    north = xi + sum(a_ * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, a_ in enumerate(alpha, 1))
    return 500000 + 0.9999 * radius * east, 0.9999 * radius * north


@pytest.mark.parametrize(("lon", "lat", "east", "north"), POINTS)
def test_by_hand(lon, lat, east, north):
    assert _helmert_and_projection(lon, lat) == pytest.approx((east, north), abs=5e-3)
    assert crs.transformer(4326, 9215).transform(lon, lat) == pytest.approx(_helmert_and_projection(lon, lat), abs=5e-3)


@pytest.mark.parametrize("epsg", [4326, 3405, 5897, 9215, 9214])
def test_a_frame_comes_to_the_same_place_whatever_its_crs(epsg):
    point = shapely.Point(449262.4506, 2417472.3549)
    there = crs.transform_geometries([point], 9215, epsg)
    frame = gpd.GeoDataFrame(geometry=there, crs=epsg)
    assert crs.to_crs(frame, 9215).geometry[0].distance(point) < 1e-3


def test_z_is_dropped():
    assert not shapely.has_z(crs.transform_geometries([shapely.Point(107, 21.9, 300)], 4326, 9215))[0]
