from __future__ import annotations

import numpy as np
import pyproj
import pytest

from siteplan.crs import Province
from siteplan.layers import place

X, Y = np.array([449262.45, 499804.7]), np.array([2417472.35, 2411524.1])


@pytest.fixture
def province(repo_root):
    return Province.load(repo_root / "layers" / "province.toml")


def test_zone_table_is_that_of_the_epsg_register():
    for meridian, epsg in place.ZONES.items():
        crs = pyproj.CRS.from_epsg(epsg)
        assert "VN-2000" in crs.name
        values = {p.name: p.value for p in crs.coordinate_operation.params}
        assert values["Longitude of natural origin"] == pytest.approx(meridian)
        assert values["Scale factor at natural origin"] == place.ZONE_SCALE


def test_home_made_definition_is_recognised_by_its_numbers():
    wkt = (
        'PROJCS["Lang Son",GEOGCS["x",DATUM["D_unknown",SPHEROID["WGS84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
        'UNIT["Degree",0.017453292519943295]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000],'
        'PARAMETER["False_Northing",0],PARAMETER["Central_Meridian",107.25],PARAMETER["Scale_Factor",0.9999],'
        'PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]'
    )
    assert place.understand(wkt) == (9215, "identified")


def test_grid_of_vn2000_on_wgs84_is_taken_at_its_word_and_told():
    text = "+proj=tmerc +lat_0=0 +lon_0=107.25 +k=0.9999 +x_0=500000 +y_0=0 +datum=WGS84 +units=m +no_defs"
    taken, remark = place.understand(text)
    assert (taken, remark) == (text, "wgs84_zone")


def test_proper_definition_needs_no_remark():
    assert place.understand(pyproj.CRS.from_epsg(9215).to_wkt("WKT1_ESRI")) == (9215, "")


def test_catalog_fills_in_where_the_file_says_nothing(province):
    found, problems = place.place(None, 9215, False, X, Y, province, "f", "l")
    assert found == place.Placement(9215, "catalog", False)
    assert problems == []


def test_of_two_statements_the_one_that_fits_is_used_and_told(province):
    wkt = pyproj.CRS.from_epsg(4326).to_wkt()
    found, problems = place.place(wkt, 9215, False, X, Y, province, "f", "l")
    assert found is not None
    assert found.crs == 9215
    assert [(p.key, p.severity) for p in problems] == [("layer_crs_contradicted", "warning")]


def test_the_file_goes_first_where_both_statements_fit(province):
    wkt = pyproj.CRS.from_epsg(9215).to_wkt()
    found, problems = place.place(wkt, 9216, False, X, Y, province, "f", "l")
    assert found is not None
    assert found.crs == 9215
    assert [p.key for p in problems] == ["layer_crs_differs"]


def test_sample_coordinates_are_plain_numbers(province):
    (problem,) = place.place(pyproj.CRS.from_epsg(32648).to_wkt(), None, False, X, Y, province, "f", "l")[1]
    assert problem.value == "474534; 2414498"  # means of the two points


def test_strays_do_not_hide_the_likely_crs(province):
    x, y = np.append(np.linspace(440e3, 460e3, 60), [0.0]), np.append(np.linspace(2410e3, 2430e3, 60), [0.0])
    assert place.likely(x, y, province)[0].epsg == 9215


def test_reading_box_holds_the_province_in_degrees(province):
    west, south, east, north = place.reading_box(province, place.Placement(4326, "file"))
    # the area of use of EPSG:9215 is 106.09-107.37 E, 21.32-22.47 N
    assert west < 106.09
    assert east > 107.37
    assert south < 21.32
    assert north > 22.47
