"""Inputs made to harm: text that templates or spreadsheets would run, files and paths that name other files."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from siteplan import locale
from siteplan.layers.catalog import path_problem

WEST, SOUTH = 440_000.0, 2_410_000.0
HOSTILE_TEXTS = ["{{7*7}}", "</script><script>alert(1)</script>", "${1}", "=cmd|' /C calc'!A0", "{value}", "%s%n"]

VRT = """<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>
<SrcLayer>x</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"""
RASTER_VRT = """<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""


def test_text_from_data_stays_text(ground):
    """It is no fault of the data: it must arrive as it stands."""
    shapes = [shapely.box(WEST + 500 * i, SOUTH, WEST + 500 * i + 100, SOUTH + 100) for i in range(len(HOSTILE_TEXTS))]
    columns = {"project_id": [f"DA{i}" for i in range(len(shapes))], "name": HOSTILE_TEXTS}
    ground.frame("du_an", "sector_projects", gpd.GeoDataFrame(columns, geometry=shapes, crs=9215))
    layers = ground.read()
    assert layers.problems == []
    assert layers.table("sector_projects")["name"].tolist() == HOSTILE_TEXTS


@pytest.mark.parametrize("words", HOSTILE_TEXTS)
def test_hostile_value_in_a_problem_is_printed_as_it_stands(ground, words):
    ground.text("bien_che", "commune_staff", "bien_che.csv", f'commune_code,staff\n06001,"{words}"\n')
    (problem,) = ground.check()
    assert problem.key == "layer_integer_invalid"
    assert words in locale.problem_row(problem, "vi")["what"]


@pytest.mark.parametrize(
    "content", [VRT, '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}']
)
def test_file_that_refers_to_others_is_refused_unopened(ground, content):
    (ground.folder / "vung.geojson").write_text(content, "utf-8")
    ground.put("vung", "hazards", "vung.geojson")
    (problem,) = ground.check()
    assert (problem.key, problem.severity, problem.file, problem.layer) == (
        "format_refers",
        "error",
        "vung.geojson",
        "vung",
    )
    assert locale.problem_row(problem, "vi")["remedy"]


def test_raster_that_refers_to_others_is_refused(ground):
    (ground.folder / "dem.tif").write_text(RASTER_VRT, "utf-8")
    (problem,) = ground.check()
    assert (problem.key, problem.file, problem.layer) == ("raster_unreadable", "dem.tif", "dem")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/vsizip/x.zip/a.shp", "layer_path_virtual"),
        ("/vsicurl/http://example.invalid/a.gpkg", "layer_path_virtual"),
        ("//vsimem/a.gpkg", "layer_path_virtual"),
        ("./../../vsizip", ""),
        ("http://example.invalid/a.geojson", "layer_path_address"),
        ("file:///etc/passwd", "layer_path_address"),
        ("GPKG:/etc/a.gpkg:x", "layer_path_address"),
        ("PG:host=x", "layer_path_address"),
        ("C:a.shp", "layer_path_strange"),
        ("//?/C:/a.shp", "layer_path_strange"),
        ("a\u0000.shp", "layer_path_strange"),
        ("illustrative:../../x.gpkg", "layer_path_strange"),
        ("du_lieu\\a.shp", "layer_path_backslash"),
        ("quy_hoach/vsip_lang_son.shp", ""),
        ("vsip/ranh.gpkg", ""),
        ("D:/GIS/a.shp", ""),
        ("//may-chu/chung/a.shp", ""),
        ("../chung/a.shp", ""),
        ("Đề án (bản cuối)/a.shp", ""),
    ],
)
def test_paths(path, key):
    found = path_problem(path, "catalog.toml", "lop")
    assert (found.key if found else "") == key


def test_virtual_path_is_told_with_file_entry_and_remedy(ground):
    ground.put("vung", "hazards", "/vsicurl/http://example.invalid/a.gpkg")
    (problem,) = ground.check()
    assert (problem.key, problem.layer, problem.column) == ("layer_path_virtual", "vung", "path")
    assert "layers/" in locale.problem_row(problem, "vi")["remedy"]


def test_deep_and_broken_json_is_a_problem(ground):
    (ground.folder / "vung.geojson").write_text('{"type":"FeatureCollection","features":' + "[" * 5000, "utf-8")
    ground.put("vung", "hazards", "vung.geojson")
    assert [p.key for p in ground.check()] == ["file_unreadable"]


def test_coordinates_that_are_no_numbers_are_left_out_and_told(ground):
    features = [
        {
            "type": "Feature",
            "properties": {"hazard_kind": "flood"},
            "geometry": {"type": "Polygon", "coordinates": ring},
        }
        for ring in (
            [[[106.5, 21.8], [106.51, 21.8], [106.51, 21.81], [106.5, 21.8]]],
            [[[1e308, 21.8], [106.51, 1e308], [106.51, 21.81], [1e308, 21.8]]],
        )
    ]
    (ground.folder / "vung.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), "utf-8"
    )
    ground.put("vung", "hazards", "vung.geojson")
    layers = ground.read()
    assert len(layers.table("hazards")) == 1
    assert [p.severity for p in layers.problems] != []
