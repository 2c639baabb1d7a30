from __future__ import annotations

import json
import subprocess
import unicodedata
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pyproj
import pytest
import shapefile
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from siteplan.outputs import handover
from siteplan.outputs.handover import shapefiles
from siteplan.tables import RESULTS


@pytest.fixture
def kit(small_run, tmp_path):
    folder = tmp_path / "Bộ bàn giao (bản cuối)"
    return folder, handover.export(small_run, folder)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.integers(0, 260))
def test_a_cut_is_a_prefix_that_fits_and_splits_no_letter(words, limit):
    cut = shapefiles.cut_to_bytes(words, limit)
    assert words.startswith(cut)
    assert len(cut.encode()) <= limit or cut == words
    rest = words[len(cut) :]
    assert not cut or not rest or not unicodedata.combining(rest[0])


def test_a_cut_wastes_less_than_a_letter():
    words = "Trung tâm hành chính xã Hữu Lũng, " * 20
    assert 251 <= len(shapefiles.cut_to_bytes(words).encode()) <= 254
    assert shapefiles.cut_to_bytes("ngắn") == "ngắn"


@pytest.mark.parametrize("name", list(handover.LAYERS))
def test_dbf_names_are_short_and_unique(name):
    names = list(shapefiles.unique_dbf_names(RESULTS[name]).values())
    assert len({n.upper() for n in names}) == len(names)
    assert all(len(n) <= 10 and n.isascii() for n in names)


def test_shapefiles_come_back_with_pyshp(kit, small_run):
    folder, _ = kit
    with shapefile.Reader(str(folder / "shp/vi_tri.shp")) as reader:
        assert reader.encoding.lower().replace("_", "-") == "utf-8"
        records = {r.record["MA_VT"]: r for r in reader.iterShapeRecords()}
    sites = small_run.sites
    assert set(records) == set(sites["site_id"])
    for site in sites.itertuples():
        found = records[site.site_id]
        assert found.record["DT"] == site.area_m2
        assert found.record["TEN_VT"].endswith("Trung tâm")
        assert found.record["DE_XUAT"] == int(site.is_best)
        assert found.record["CO_CAU_DAT"].startswith("Đất ở nông thôn")
        assert len(found.record["CO_CAU_DAT"].encode()) <= 254
        assert shape(found.shape.__geo_interface__).hausdorff_distance(site.geometry) < 0.001


def test_missing_figures_are_null_not_zero(kit):
    folder, _ = kit
    with shapefile.Reader(str(folder / "shp/xa_phuong.shp")) as reader:
        rows = {r["MA_XA"]: r for r in reader.iterRecords()}
    assert rows["05977"]["SAN_CO"] is None
    assert rows["06184"]["SAN_CO"] == 1500.25
    assert rows["06040"]["SAN_THIEU"] == 0.0
    assert rows["06184"]["MA_XA"] == "06184"


def test_mixed_geometry_is_split_by_type(kit):
    folder, _ = kit
    types = {}
    for suffix in ("vung", "duong", "diem"):
        with shapefile.Reader(str(folder / f"shp/doi_chieu_quy_hoach_{suffix}.shp")) as reader:
            types[suffix] = (reader.shapeTypeName, sorted(r["MA_O"] for r in reader.iterRecords()))
    assert types == {"vung": ("POLYGON", ["Z1", "Z4"]), "duong": ("POLYLINE", ["Z2"]), "diem": ("POINT", ["Z3"])}


def test_prj_resolves_to_the_code_of_the_province(kit):
    folder, _ = kit
    for prj in folder.glob("shp/*.prj"):
        assert pyproj.CRS.from_wkt(prj.read_text()).to_epsg(min_confidence=70) == 9215
    assert {p.read_text() for p in folder.glob("shp/*.cpg")} == {"UTF-8"}


def test_geopackage_holds_full_names_and_full_text(kit, small_run):
    folder, _ = kit
    path = folder / "phuong_an_1.gpkg"
    polygons = gpd.read_file(path, layer="conflicts_polygon")
    assert polygons.crs.to_epsg() == 9215
    assert list(polygons.columns[:-1]) == RESULTS["conflicts"].names
    title = polygons.set_index("zone_id").loc["Z1", "title"]
    assert title == small_run.conflicts.set_index("zone_id").loc["Z1", "title"]
    sites = gpd.read_file(path, layer="sites").sort_values("site_id", ignore_index=True)
    ours = small_run.sites.geometry.to_numpy()
    assert np.all(shapely.hausdorff_distance(shapely.normalize(sites.geometry.to_numpy()), ours) < 0.001)


def test_restricted_findings_leave_the_house_only_on_request(small_run, build_run, tmp_path):
    files = handover.export(small_run, tmp_path / "a")
    with zipfile.ZipFile(files[-1]) as archive:
        content = b"".join(archive.read(n) for n in archive.namelist() if not n.endswith(".xlsx")).decode(
            "utf-8", "replace"
        )
    assert "BIMAT" not in content
    assert "06184-K-AAAAAA" in (tmp_path / "a" / handover.README_FILE).read_text("utf-8-sig")
    handover.export(build_run(include_restricted=True), tmp_path / "b", include_restricted=True)
    assert "BIMAT-7" in set(gpd.read_file(tmp_path / "b" / "phuong_an_1.gpkg", layer="conflicts_polygon")["zone_id"])


def test_the_zip_holds_the_same_files(kit):
    folder, files = kit
    assert files[-1].suffix == ".zip"
    with zipfile.ZipFile(files[-1]) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert archive.read(name) == (folder / name.split("/", 1)[1]).read_bytes()
        assert len(archive.namelist()) == len(files) - 1


def test_a_folder_of_the_user_keeps_its_own_files(small_run, tmp_path):
    folder = tmp_path / "giao"
    folder.mkdir()
    (folder / "cua_toi.txt").write_text("giữ")
    handover.export(small_run, folder)
    small_run.tables["conflicts"] = small_run.tables["conflicts"].iloc[:0]
    handover.export(small_run, folder)
    assert (folder / "cua_toi.txt").read_text() == "giữ"
    assert not list(folder.rglob("doi_chieu_quy_hoach*")), "files of the earlier kit are gone"
    assert not (folder / ".part").exists()


def test_the_same_run_gives_the_same_bytes(small_run, tmp_path):
    first = {f.name: f.read_bytes() for f in handover.export(small_run, tmp_path / "a")}
    second = {f.name: f.read_bytes() for f in handover.export(small_run, tmp_path / "b")}
    assert first == second


def test_dictionary_lists_every_field_of_the_files(kit):
    folder, _ = kit
    rows = list(openpyxl.load_workbook(folder / "tai_lieu/tu_dien_du_lieu.xlsx").active.iter_rows(values_only=True))
    described = {(row[0], row[2]) for row in rows if row[0] in handover.LAYERS}
    with shapefile.Reader(str(folder / "shp/vi_tri.shp")) as reader:
        fields = {f[0] for f in reader.fields if f[0] != "DeletionFlag"}
    assert fields == {dbf for table, dbf in described if table == "sites"}
    assert (folder / "tai_lieu/tu_dien_du_lieu_vi.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.require("gdal")
def test_ogrinfo_reads_every_layer(kit):
    folder, _ = kit
    for path in sorted(folder.glob("shp/*.shp")):
        done = subprocess.run(["ogrinfo", "-ro", "-so", "-al", str(path)], capture_output=True, text=True, check=True)
        assert "VN-2000 / TM-3 107-15" in done.stdout
        assert "ERROR" not in done.stderr
        with shapefile.Reader(str(path)) as reader:
            assert f"Feature Count: {len(reader)}" in done.stdout
    query = ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", str(folder / "shp/vi_tri.shp"), "-select", "MA_VT,TEN_VT"]
    done = subprocess.run(query, capture_output=True, text=True, check=True)
    labels = {f["properties"]["TEN_VT"] for f in json.loads(done.stdout)["features"]}
    assert labels == {"K1 Trung tâm", "T1 Trung tâm"}


def test_a_run_leaves_its_results_as_shapefiles_with_a_dictionary(small_run, tmp_path):
    files = handover.write_shapefiles(small_run, tmp_path / "shp")
    assert handover.write_shapefiles(small_run, tmp_path / "shp") == files
    assert {path.name for path in (tmp_path / "shp").iterdir()} == {path.name for path in files}
    assert f"{handover.DICTIONARY_FILE}.xlsx" in {path.name for path in files}
    assert len(gpd.read_file(tmp_path / "shp" / "vi_tri.shp")) == len(small_run.sites)


def test_what_rows_rest_on_is_in_words_and_its_list_lies_beside(small_run, tmp_path):
    """The token of an assumption is its number in the list, that of a layer the name of its role."""
    small_run.tables["assumptions"]["number"] = [7, 8]
    folder = tmp_path / "a"
    handover.export(small_run, folder)
    with shapefile.Reader(str(folder / "shp/xa_phuong.shp")) as reader:
        told = {r["DUA_TREN"] for r in reader.iterRecords()}
    assert told == {"lớp: communes; giả định số 7"}
    with shapefile.Reader(str(folder / "shp/vi_tri.shp")) as reader:
        assert {r["DUA_TREN"] for r in reader.iterRecords()} == {"lớp: Mô hình số độ cao"}
    book = openpyxl.load_workbook(folder / "tai_lieu/nguon_gia_dinh.xlsx")
    words = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell}
    assert "dem.tif" in words
    assert "mat.shp" not in words  # a restricted layer
    assert "7" in words
