from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan.layers import formats, vector
from siteplan.layers.catalog import load_catalog
from siteplan.layers.read import read_layers
from siteplan.tables import INPUTS, verify

WEST, SOUTH = 440_000.0, 2_410_000.0
NAMES = ["Hữu Lũng", "Đồng Đăng"]
SHAPES = [shapely.box(WEST, SOUTH, WEST + 100, SOUTH + 100), shapely.box(WEST + 500, SOUTH, WEST + 600, SOUTH + 50)]


def projects(crs: int = 9215) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"MA_DA": ["DA1", "DA2"], "TEN": NAMES}, geometry=SHAPES, crs=9215).to_crs(crs)


FORMATS = {
    "gpkg": ("a.gpkg", 9215, {}),
    "shapefile": ("a.shp", 9215, {"encoding": "utf-8"}),
    "geojson": ("a.geojson", 4326, {}),
    "kml": ("a.kml", 4326, {"driver": "KML"}),
    "mapinfo tab": ("a.tab", 4326, {"driver": "MapInfo File", "encoding": "UTF-8"}),
    "mapinfo mif": ("a.mif", 4326, {"driver": "MapInfo File", "FORMAT": "MIF", "encoding": "UTF-8"}),
    "filegdb": ("a.gdb", 4326, {"driver": "OpenFileGDB"}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_vector_formats_give_the_same_rows(name, ground):
    file, crs, options = FORMATS[name]
    projects(crs).to_file(ground.folder / file, **options)
    # KML has a name of its own for every feature, empty here
    ground.put("du_an", "sector_projects", file, **({"fields": {"name": "TEN"}} if name == "kml" else {}))
    layers = ground.read()
    assert [p.key for p in layers.problems] == []
    table = layers.table("sector_projects")
    verify(table, INPUTS["sector_projects"])
    assert table["project_id"].tolist() == ["DA1", "DA2"]
    assert table["name"].tolist() == NAMES
    # VN-2000 to WGS 84 and back costs less than the 1 mm that is kept, formats keep 9 decimals of a degree at least
    assert shapely.hausdorff_distance(table.geometry.to_numpy(), np.array(SHAPES)).max() < 0.15
    assert table.crs.to_epsg() == 9215


def test_drawings_have_no_crs_and_lines_for_areas(ground):
    lines = gpd.GeoDataFrame({"Layer": ["RANH", "RANH"]}, geometry=[s.exterior for s in SHAPES], crs=9215)
    lines.geometry = [shapely.LineString(g.coords) for g in lines.geometry]
    lines.to_file(ground.folder / "ban_ve.dxf", driver="DXF")
    ground.put("du_an", "sector_projects", "ban_ve.dxf", crs=9215)
    layers = ground.read()
    assert {p.key for p in layers.problems} == {"geometry_from_lines", "layer_ids_made"}
    assert sorted(layers.table("sector_projects").area) == [5_000, 10_000]
    again = ground.read().table("sector_projects")["project_id"].tolist()
    assert again == layers.table("sector_projects")["project_id"].tolist()


# the bytes of "Hữu Lũng" and "Đồng Đăng", as each encoding writes them
BYTES = {
    "UTF-8": ["Hữu Lũng".encode(), "Đồng Đăng".encode()],
    "cp1258": [b"H\xfd\xdeu Lu\xdeng", b"\xd0\xf4\xccng \xd0\xe3ng"],
    "TCVN3": [b"H\xf7u L\xf2ng", b"\xa7\xe5ng \xa7\xa8ng"],
}


@pytest.mark.parametrize("encoding", BYTES)
def test_shapefile_without_code_page(encoding, ground):
    """The bytes decide where no .cpg does."""
    latin = [raw.decode("latin-1") for raw in BYTES[encoding]]
    frame = gpd.GeoDataFrame({"MA_DA": ["DA1", "DA2"], "TEN": latin}, geometry=SHAPES, crs=9215)
    frame.to_file(ground.folder / "a.shp", encoding="ISO-8859-1")
    (ground.folder / "a.cpg").unlink(missing_ok=True)
    ground.put("du_an", "sector_projects", "a.shp")
    layers = ground.read()
    assert layers.table("sector_projects")["name"].tolist() == NAMES
    assert [p.params["encoding"] for p in layers.problems] == ([] if encoding == "UTF-8" else [encoding])


def test_text_cut_by_a_dbf_is_told(ground):
    long = "Dự án " + "đường " * 60
    frame = gpd.GeoDataFrame(
        {"MA_DA": ["DA1"], "TEN": [long.encode()[:254].decode("latin-1")]}, geometry=SHAPES[:1], crs=9215
    )
    frame.to_file(ground.folder / "a.shp", encoding="ISO-8859-1")
    ground.put("du_an", "sector_projects", "a.shp")
    layers = ground.read()
    name = layers.table("sector_projects")["name"].iloc[0]
    assert long.startswith(name)
    assert len(long.encode()[:254]) - len(name.encode()) < 3


def test_layers_of_one_role_come_together_and_say_where_from(ground):
    second = gpd.GeoDataFrame(
        {"road_class": ["local"]}, geometry=[shapely.LineString([(WEST, SOUTH), (WEST, SOUTH + 900)])], crs=9215
    )
    ground.frame("duong_nho", "roads", second, illustrative=True, restricted=True)
    roads = ground.read().table("roads")
    assert dict(zip(roads["layer"], roads["illustrative"], strict=True)) == {"roads": False, "duong_nho": True}
    assert roads.set_index("layer")["restricted"].to_dict() == {"roads": False, "duong_nho": True}


def test_role_without_layer_is_an_empty_typed_table(ground):
    layers = ground.read()
    for role, table in INPUTS.items():
        verify(layers.table(role), table)
        assert layers.has(role) == (role in ("communes", "roads"))
    assert layers.has("dem")
    assert layers.raster("population") is None
    assert len(layers.population_points()) == 0


def test_commune_code_is_taken_from_the_position_and_told(ground):
    points = [
        shapely.Point(WEST + 5000, SOUTH + 5000),
        shapely.Point(WEST + 15_000, SOUTH + 15_000),
        shapely.Point(WEST - 900, SOUTH),
    ]
    ground.frame("co_so", "facilities", gpd.GeoDataFrame({"MA_CS": ["A", "B", "C"]}, geometry=points, crs=9215))
    layers = ground.read()
    assert layers.table("facilities")[["facility_id", "commune_code"]].to_numpy().tolist() == [
        ["A", "06001"],
        ["B", "06037"],
    ]
    told = {p.key: (p.severity, p.params["count"]) for p in layers.problems}
    assert told == {"commune_from_position": ("warning", 2), "commune_unknown_position": ("excluded", 1)}


def test_wide_layers_are_cut_at_the_margin_and_it_is_told(ground):
    far = shapely.LineString([(WEST + 400_000, SOUTH), (WEST + 400_100, SOUTH)])
    near = shapely.LineString([(WEST, SOUTH), (WEST + 100, SOUTH)])
    frame = gpd.GeoDataFrame({"road_class": ["local"] * 3}, geometry=[near, near, far], crs=9215)
    ground.frame("duong", "roads", frame)
    layers = ground.read()
    assert [(p.key, p.params["count"]) for p in layers.problems] == [("layer_cut", 1)]
    assert len(layers.table("roads")) == 3


def test_sources_name_every_file_with_its_hash(ground):
    projects().to_file(ground.folder / "a.shp", encoding="utf-8")
    ground.put("du_an", "sector_projects", "a.shp", source="Sở Xây dựng", date="2025-12-01", licence="nội bộ")
    ground.entries["du_an"].pop("date")
    layers = ground.read()
    sources = layers.sources.set_index("layer")
    whole = hashlib.sha256((ground.folder / "roads.gpkg").read_bytes()).hexdigest()
    assert sources.loc["roads", "sha256"] == whole
    assert sources.loc["du_an", "features"] == 2
    parts = {name.rpartition(" / ")[2] for name in layers.input_files if name.startswith("a.shp")}
    assert parts == {"a.shp", "a.shx", "a.dbf", "a.prj", "a.cpg"}
    assert [d for d in layers.crs_decisions if d["layer"] == "du_an"] == [
        {"layer": "du_an", "crs": "EPSG:9215", "how": "file", "swapped": False}
    ]


def test_fingerprint_follows_content_and_mapping(ground):
    first = ground.read().fingerprint
    assert ground.read().fingerprint == first
    ground.entries["roads"]["constant"] = {"is_bridge": False}
    changed = ground.read().fingerprint
    assert changed != first
    frame = gpd.read_file(ground.folder / "roads.gpkg")
    frame["name"] = "QL.4B"
    frame.to_file(ground.folder / "roads.gpkg")
    assert ground.read().fingerprint != changed


def test_same_inputs_give_the_same_tables(ground):
    a, b = ground.read(), ground.read()
    for role in ("communes", "roads"):
        pd.testing.assert_frame_equal(pd.DataFrame(a.table(role)), pd.DataFrame(b.table(role)))


def test_reading_stays_within_the_file_it_was_given(ground):
    """The drivers that follow references are off in both builds of GDAL, however the program was started."""
    code = (
        "import siteplan.layers, pyogrio, rasterio, rasterio.drivers\n"
        "from rasterio._env import driver_count\n"
        "assert not {'OGR_VRT', 'WFS'} & set(pyogrio.list_drivers())\n"
        "with rasterio.Env() as env: assert 'VRT' not in env.drivers()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ}, cwd=ground.folder, timeout=60)


def test_archives_are_taken_apart_only_within_limits(tmp_path):
    assert formats._safe_name("thư mục/a.shp")
    for name in ("../a", "/a", "a/../../b", "C:/a", "..\\a"):
        assert not formats._safe_name(name)


def test_relative_paths_start_at_the_catalog(ground, tmp_path, monkeypatch):
    path = ground.write()
    monkeypatch.chdir(tmp_path)
    assert read_layers(load_catalog(path)).problems == []


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_features_are_numbered_from_1_whatever_the_format(tmp_path, suffix) -> None:
    path = tmp_path / f"khu.{suffix}"
    shapes = [shapely.box(450_000 + i, 2_420_000, 450_010 + i, 2_420_010) for i in range(3)]
    gpd.GeoDataFrame({"ten": list("abc")}, geometry=shapes, crs=9215).to_file(path)
    source = formats.identify(path)
    description, _ = vector.describe(source, "", wants_geometry=True)
    assert vector.read(source, description, ["ten"], None, "", "").labels.tolist() == ["#1", "#2", "#3"]


@pytest.mark.parametrize(("role", "key"), [("proposals", "proposal_id"), ("facilities", "facility_id")])
def test_plots_drawn_as_closed_lines_are_read_as_areas(ground, role, key) -> None:
    plot = shapely.box(WEST + 5000, SOUTH + 5000, WEST + 5060, SOUTH + 5050)
    frame = gpd.GeoDataFrame({key: ["A"], "commune_code": ["06001"]}, geometry=[plot.boundary], crs=9215)
    ground.frame("ve", role, frame)
    layers = ground.read()
    assert layers.table(role).geometry.area.tolist() == pytest.approx([3000])
    assert {p.key for p in layers.problems} == {"geometry_from_lines"}


def test_impossible_coordinates_warn_of_nothing_but_the_feature(ground, recwarn) -> None:
    lines = [
        shapely.LineString([(WEST, SOUTH), (np.nan, SOUTH)]),
        shapely.LineString([(WEST, SOUTH), (WEST + 9, SOUTH)]),
    ]
    frame = gpd.GeoDataFrame({"road_class": ["local"] * 2}, geometry=lines, crs=9215)
    ground.frame("duong", "roads", frame)
    recwarn.clear()
    ground.read()
    assert [w for w in recwarn if issubclass(w.category, RuntimeWarning)] == []
