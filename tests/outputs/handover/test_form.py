"""The planning data set of DOMAIN 8.2 (V2): names and fields as listed there, read back by GDAL's own tools."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import zipfile

import geopandas as gpd
import pyogrio
import pytest
import shapely
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from siteplan.errors import InputError, UsageError
from siteplan.outputs import handover
from siteplan.outputs.handover import form, formed

# DOMAIN 8.2: "maThongTinQH(15), maHoSoQH(15), maDoiTuong(100), tenDoiTuong(100), phanLoai(250), ghiChu(250)"
FIELDS = {"maThongTinQH": 15, "maHoSoQH": 15, "maDoiTuong": 100, "tenDoiTuong": 100, "phanLoai": 250, "ghiChu": 250}
# DOMAIN 8.2, key classes
KEY_CLASSES = {"RanhGioiQuyHoach_A", "ChucNangSuDungDat_A", "HanhLangAnToan_L", "ChiGioiDuongDo_L", "ChiGioiXayDung_L",
               "DuAnLienQuan_A"}  # fmt: skip
GEOMETRY = {"A": "Multi Polygon", "L": "Multi Line String", "P": "Point"}


@pytest.fixture(scope="module")
def templates(repo_root):
    return repo_root / "layers" / "templates"


@pytest.fixture(scope="module")
def tt16(templates):
    return form.load_form("tt16", [templates])


@pytest.fixture(scope="module")
def kit(small_run_factory, tmp_path_factory, tt16):
    run = small_run_factory(tmp_path_factory.mktemp("lan_chay"))
    folder = tmp_path_factory.mktemp("giao")
    return folder, handover.export(run, folder, form=tt16), run


def test_the_form_has_the_names_of_the_circular(tt16):
    """Folders and key classes of DOMAIN 8.2; 67 and 79 classes in 14 groups each, 3 of boundary marks."""
    assert {row["folder"] for row in tt16.folders} == {"HoSoBASIC", "HoSoScan", "HoSoGIS"}
    assert {row["database"] for row in tt16.folders} - {""} == {"HienTrang", "QuyHoach", "NenDiaHinh", "MocGioi"}
    assert {f.name: f.length for f in tt16.fields} == FIELDS
    names = {(c.database, c.name) for c in tt16.classes}
    assert {name for _, name in names} >= KEY_CLASSES
    counted = {d: sum(1 for database, _ in names if database == d) for d in ("HienTrang", "QuyHoach", "MocGioi")}
    assert counted == {"HienTrang": 67, "QuyHoach": 79, "MocGioi": 3}
    groups = [database for database, _ in tt16.groups]
    assert (groups.count("HienTrang"), groups.count("QuyHoach"), groups.count("MocGioi")) == (14, 14, 1)
    assert {(c.database, c.group) for c in tt16.classes} == set(tt16.groups)
    assert {c.certainty for c in tt16.classes} | {f.certainty for f in tt16.fields} == {"V2"}


@pytest.mark.require("gdal")
def test_ogrinfo_reads_names_fields_and_lengths(kit):
    folder, *_ = kit
    found = {}
    for path in sorted((folder / "HoSoGIS").glob("*.gpkg")):
        done = subprocess.run(["ogrinfo", "-ro", "-so", "-al", str(path)], capture_output=True, text=True, check=True)
        assert "ERROR" not in done.stderr
        for told in done.stdout.split("\nLayer name: ")[1:]:
            name = told.partition("\n")[0]
            if name == "layer_styles":
                continue
            fields = re.findall(r"^(\w+): String \((\d+)\.0\)$", told, re.MULTILINE)
            assert {field: int(width) for field, width in fields} == FIELDS
            assert f"Geometry: {GEOMETRY[name[-1]]}\n" in told
            assert 'ID["EPSG",9215]' in told
            found[path.stem, name] = int(re.search(r"Feature Count: (\d+)", told)[1])
    assert set(found) == {
        ("HienTrang", "TenDonViHanhChinh_P"),
        ("HienTrang", "RanhGioiHanhChinh_L"),
        ("HienTrang", "ChucNangCongTrinh_P"),
        ("QuyHoach", "RanhGioiQuyHoach_A"),
        ("QuyHoach", "ChucNangSuDungDat_A"),
    }
    # one proposed site in three of four communes
    assert found["QuyHoach", "RanhGioiQuyHoach_A"] == 3


def test_proposed_sites_are_the_boundary_and_no_code_is_made_up(kit):
    folder, _, run = kit
    rows = gpd.read_file(folder / "HoSoGIS/QuyHoach.gpkg", layer="RanhGioiQuyHoach_A").set_index("maDoiTuong")
    best = run.sites[run.sites["is_best"]].set_index("site_id")
    assert set(rows.index) == set(best.index)
    for site in best.index:
        assert shapely.hausdorff_distance(rows.geometry[site], best.geometry[site]) < 0.001
    assert rows["maThongTinQH"].isna().all()
    assert rows["maHoSoQH"].isna().all()
    assert rows.loc["06184-K-AAAAAA", "tenDoiTuong"] == "K1 Trung tâm – xã Hữu Lũng"
    assert all(rows["ghiChu"].str.contains("Mã vị trí: "))
    land = gpd.read_file(folder / "HoSoGIS/QuyHoach.gpkg", layer="ChucNangSuDungDat_A")
    assert set(land["phanLoai"].str.partition(":")[0]) == {"DAT_COQUAN"}


def test_what_has_no_data_is_listed_with_the_reason(kit):
    folder, *_ = kit
    told = (folder / handover.README_FILE).read_text("utf-8-sig")
    assert "chưa kiểm chứng với văn bản gốc" in told
    missing = told[told.index("4. ") : told.index("5. ")]
    assert "HienTrangCapNuoc" in missing
    assert "DuAnLienQuan_A" in missing  # a class with a theme, which this run has no rows of
    assert "Chuyên đề du_an_nganh" in missing
    assert "RanhGioiQuyHoach_A" in missing[: missing.index("HienTrangSuDungDat")]  # of the present state
    for name in ("HoSoScan", "HoSoGIS/NenDiaHinh", "HoSoGIS/MocGioi"):
        line = next(line for line in told.splitlines() if line.startswith(f"- {name}:"))
        assert line.endswith("CHƯA CÓ trong bộ này")
    with (folder / "HoSoBASIC/VanBan/danh_muc_lop.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = {(row["Cơ sở dữ liệu"], row["Lớp"]): row for row in csv.DictReader(handle)}
    assert len(rows) == 67 + 79 + 3
    assert rows["HienTrang", "TenDonViHanhChinh_P"]["Số đối tượng"] == "4"
    assert rows["QuyHoach", "CayXanh_P"]["Tình trạng"] == "chương trình không có dữ liệu cho lớp này"
    assert all("V2" in row["Mức kiểm chứng tên lớp"] for row in rows.values())
    manifest = json.loads((folder / handover.KIT_MANIFEST).read_text("utf-8"))
    assert manifest["form"] == "tt16"
    assert manifest["classes"]["HienTrang/DuAnLienQuan_A"]["state"] == "empty"
    assert not (folder / "HoSoGIS/MocGioi.gpkg").exists()


def test_a_theme_that_was_not_asked_for_is_told_so(small_run, tmp_path, tt16):
    handover.export(small_run, tmp_path / "a", form=tt16, wanted=handover.Wanted(themes=("vi_tri",)))
    manifest = json.loads((tmp_path / "a" / handover.KIT_MANIFEST).read_text("utf-8"))
    states = {name: told["state"] for name, told in manifest["classes"].items()}
    assert states["HienTrang/TenDonViHanhChinh_P"] == "not_chosen"
    assert states["QuyHoach/RanhGioiQuyHoach_A"] == "filled"
    assert states["MocGioi/MocGioiQuyHoach_P"] == "no_theme"


def test_the_project_names_layers_that_are_there(kit):
    folder, *_ = kit
    with zipfile.ZipFile(folder / "HoSoGIS/phuong_an_1.qgz") as archive:
        root = ElementTree.fromstring(archive.read("phuong_an_1.qgs"), forbid_dtd=False)
    sources = [layer.findtext("datasource") for layer in root.iterfind("projectlayers/maplayer")]
    assert len(sources) == 5
    for source in sources:
        package, _, layer = source.partition("|layername=")
        assert layer in {str(name) for name, _ in pyogrio.list_layers(folder / "HoSoGIS" / package)}
    groups = [g.get("name") for g in root.iterfind("layer-tree-group/layer-tree-group")]
    assert "QuyHoach: Vị trí, ranh giới" in groups


def test_a_boundary_that_two_communes_share_is_one_line(tt16):
    """Two squares side by side: seven unit lengths, the shared one once and with both names."""
    squares = gpd.GeoDataFrame(
        {"id": ["1", "2"], "name": ["A", "B"], "kind": ["x", "x"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=9215,
    )  # fmt: skip
    arcs = formed._outlines(squares)
    assert sum(arcs.length) == pytest.approx(7)
    assert dict(zip(arcs["name"], arcs.length, strict=True)) == pytest.approx({"A": 3, "A – B": 1, "B": 3})


def test_issued_codes_are_written_and_make_the_code_of_the_object(small_run, tmp_path, templates):
    """The pattern in secondary texts: code of the dossier, class, running number."""
    own = tmp_path / "templates" / "tt16"
    own.mkdir(parents=True)
    for path in (templates / "tt16").iterdir():
        words = path.read_text("utf-8")
        if path.name == form.FIELDS:
            words = words.replace("issued,,", "issued,20QHC0000001,")
        (own / path.name).write_text(words, "utf-8")
    found = form.load_form("tt16", [own.parent, templates])
    handover.export(small_run, tmp_path / "a", form=found)
    rows = gpd.read_file(tmp_path / "a/HoSoGIS/QuyHoach.gpkg", layer="RanhGioiQuyHoach_A")
    assert set(rows["maHoSoQH"]) == {"20QHC0000001"}
    assert rows["maDoiTuong"].tolist() == [f"20QHC0000001-RanhGioiQuyHoach_A-{n}" for n in (1, 2, 3)]


def test_a_form_that_is_not_there_is_refused_with_those_that_are(templates):
    with pytest.raises(UsageError) as raised:
        form.load_form("../tt16", [templates])
    assert raised.value.problems[0].params["known"] == "tt16"


def test_all_that_is_wrong_in_a_form_is_listed(tmp_path, templates):
    own = tmp_path / "tt16"
    own.mkdir()
    for path in (templates / "tt16").iterdir():
        words = path.read_text("utf-8")
        if path.name == form.CLASSES:
            words = words.replace(",roads,", ",duong_bo,").replace(",water_class,", ",water_kind,")
        (own / path.name).write_text(words, "utf-8")
    with pytest.raises(InputError) as raised:
        form.load_form("tt16", [tmp_path])
    wrong = {(p.column, p.value) for p in raised.value.problems}
    assert wrong == {("theme", "duong_bo"), ("kind", "water_kind")}


@given(st.text(max_size=300), st.integers(0, 260))
def test_a_cut_fits_and_begins_the_text(words, length):
    found = formed.cut(words, length)
    assert words.startswith(found)
    assert len(found) <= length or found == words
