"""`siteplan export` and `siteplan layers import` over a small run on disk, as people and scripts call them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.affinity import translate

from siteplan import runs
from siteplan.cli.app import call
from siteplan.layers.catalog import load_catalog
from siteplan.outputs import handover
from siteplan.runs import RunContent
from siteplan.workspace import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory, repo_root, small_run_factory):
    """Make a workspace with the small run twice: as it is, and as it would be with restricted layers."""
    root = tmp_path_factory.mktemp("gốc") / "Đề án"
    (root / "layers").mkdir(parents=True)
    for name in ("province.toml", "catalog.toml"):
        shutil.copy2(repo_root / "layers" / name, root / "layers" / name)
    (root / "maps").mkdir()
    shutil.copy2(repo_root / "maps" / "style.toml", root / "maps")
    for name, told in (("phuong_an_1", {}), ("mat", {"include_restricted": True})):
        small = small_run_factory(root, name, **told, fingerprint=f"dấu của {name}", date="2026-01-01")
        content = RunContent(small.tables, {}, {}, small.manifest, [], [])
        runs.write_run(root / "runs" / name, content)
    return root


@pytest.fixture
def place(made, tmp_path):
    root = tmp_path / "Đề án"
    shutil.copytree(made, root)
    return Workspace(root)


def export(place, *words):
    return call(["export", "phuong_an_1", *words, "--workspace", str(place.root)])


def layers_import(place, *words):
    return call(["layers", "import", *map(str, words), "--workspace", str(place.root)])


def zip_in(folder: Path) -> Path:
    (found,) = folder.glob("*.zip")
    return found


def manifest_of(folder: Path):
    return json.loads((folder / handover.KIT_MANIFEST).read_text("utf-8"))


@pytest.fixture
def kit(place):
    """Return the folder of a whole kit."""
    assert export(place) == 0
    return place.runs / "phuong_an_1" / "ho_so" / "ban_giao"


def moved(kit, site="06184-K-AAAAAA", east=4.5, north=-6.0):
    """Move a site in the shapefile, as a consultant does."""
    path = kit / "shp" / "vi_tri.shp"
    frame = pyogrio.read_dataframe(path)
    at = frame["MA_VT"] == site
    frame.loc[at, "geometry"] = [translate(g, east, north) for g in frame.loc[at, "geometry"]]
    pyogrio.write_dataframe(frame, path, encoding="UTF-8")


# --- export


def test_the_whole_kit_lies_with_the_papers_and_its_archive_is_told(place, capsys):
    assert export(place) == 0
    kit = place.runs / "phuong_an_1" / "ho_so" / "ban_giao"
    assert zip_in(kit).name in capsys.readouterr().out
    assert {f.name for f in (kit / "shp").glob("*.shp")} >= {"vi_tri.shp", "xa_phuong.shp", "danh_muc_dau_tu_vung.shp"}


def test_a_chosen_part_stands_beside_the_whole_kit(place, kit):
    before = zip_in(kit).read_bytes()
    words = ("--commune", "Hữu Lũng", "--commune", "06001", "--phase", "2027-2030", "--theme", "vi_tri")
    assert export(place, *words) == 0
    part = kit.with_name("ban_giao_chon")
    assert set(pyogrio.read_dataframe(part / "shp" / "vi_tri.shp")["MA_XA"]) == {"06184", "06001"}
    assert {f.name for f in (part / "shp").glob("*.shp")} == {"vi_tri.shp"}
    told = manifest_of(part)
    assert (told["communes"], told["phases"], told["themes"]) == (["06001", "06184"], ["2027-2030"], ["sites"])
    assert zip_in(kit).read_bytes() == before


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (("--commune", "Nơi Không Có"), "Nơi Không Có"),
        (("--phase", "2050"), "2027-2030"),
        (("--theme", "vi_trí"), "doi_chieu_quy_hoach"),
        (("--form", "tt99"), "tt16"),
        (("--form", "../../layers"), "tt16"),
    ],
)
def test_what_is_not_known_is_a_wrong_use_and_writes_nothing(place, capsys, words, known):
    assert export(place, *words, "--out", str(place.root / "ra")) == 2
    told = capsys.readouterr()
    assert known in told.out + told.err
    assert "Traceback" not in told.out + told.err
    assert not (place.root / "ra").exists()


def test_restricted_findings_leave_only_on_request(place):
    for words, there in (((), False), (("--include-restricted",), True)):
        folder = place.root / f"ra_{there}"
        assert call(["export", "mat", *words, "--out", str(folder), "--workspace", str(place.root)]) == 0
        zones = set(pyogrio.read_dataframe(folder / "mat.gpkg", layer="conflicts_polygon")["zone_id"])
        assert ("BIMAT-7" in zones) is there
        assert manifest_of(folder)["include_restricted"] is there


def test_a_zip_a_commune_on_demand(place):
    folder = place.root / "ra"
    assert export(place, "--by-commune", "--theme", "vi_tri", "--theme", "xa_phuong", "--out", str(folder)) == 0
    names = {f.stem.rpartition("_")[2] for f in (folder / "theo_xa").glob("*.zip")}
    assert names == {"06184", "05977", "06001", "06040"}
    with zipfile.ZipFile(zip_in(folder)) as archive:
        assert sum("/theo_xa/" in name for name in archive.namelist()) == 4


def test_the_form_has_a_folder_of_its_own_and_its_workspace_may_change_it(place, repo_root):
    assert export(place, "--form", "tt16") == 0
    folder = place.runs / "phuong_an_1" / "ho_so" / "ban_giao_tt16"
    assert zip_in(folder).stem.endswith("_tt16")
    assert (folder / "HoSoGIS" / "QuyHoach.gpkg").is_file()
    own = place.layers / "templates" / "tt16"
    shutil.copytree(repo_root / "layers" / "templates" / "tt16", own)
    fields = own / "truong.csv"
    fields.write_text(fields.read_text("utf-8").replace("issued,,", "issued,20QHC0000001,"), "utf-8")
    assert export(place, "--form", "tt16") == 0
    rows = pyogrio.read_dataframe(folder / "HoSoGIS" / "QuyHoach.gpkg", layer="RanhGioiQuyHoach_A")
    assert set(rows["maHoSoQH"]) == {"20QHC0000001"}


# --- import


def test_a_kit_that_nobody_changed_has_no_change(place, kit, capsys):
    assert layers_import(place, zip_in(kit)) == 0
    assert "Không có gì thay đổi so với lần chạy phuong_an_1: 6 vị trí" in capsys.readouterr().out
    assert not (place.layers / "tra_ve").exists()


@pytest.mark.parametrize("words", [("--form", "tt16"), ("--theme", "xa_phuong")])
def test_a_kit_without_the_sites_as_they_were_is_refused(place, capsys, words):
    folder = place.root / "ra"
    assert export(place, *words, "--out", str(folder)) == 0
    assert layers_import(place, zip_in(folder)) == 1
    told = capsys.readouterr()
    assert "không có lớp vị trí nào" in told.out + told.err


def test_what_changed_is_told_written_and_taken_only_when_accepted(place, kit, capsys):
    moved(kit)
    before = (place.layers / "catalog.toml").read_text("utf-8")
    assert layers_import(place, kit, "--out", place.root / "bao_cao") == 0
    told = capsys.readouterr().out
    assert "1 vị trí dịch, 0 đổi hình, 0 thêm, 0 thiếu, 0 chỉ đổi số liệu; 5 giữ nguyên" in told
    report = pd.read_csv(place.root / "bao_cao" / "thay_doi.csv", dtype=str)
    assert report[["Mã vị trí", "Dịch (m)"]].to_numpy().tolist() == [["06184-K-AAAAAA", "7.500"]]
    assert (place.layers / "catalog.toml").read_text("utf-8") == before
    assert not (place.layers / "tra_ve").exists()

    assert layers_import(place, kit, "--accept") == 0
    entries = [entry for entry in load_catalog(place.catalog).layers if entry.path.startswith("tra_ve/")]
    assert [entry.role for entry in entries] == ["proposals"]
    rows = gpd.read_file(place.layers / "tra_ve" / "vi_tri_tra_ve.gpkg")
    assert rows["proposal_id"].tolist() == ["TV-06184-K-AAAAAA"]
    taken = (place.layers / "tra_ve" / "vi_tri_tra_ve.gpkg").read_bytes()
    capsys.readouterr()

    assert layers_import(place, kit, "--accept") == 0  # again
    assert "không thêm gì" in capsys.readouterr().out
    assert (place.layers / "tra_ve" / "vi_tri_tra_ve.gpkg").read_bytes() == taken
    assert (place.layers / "catalog.toml").read_text("utf-8").count("tra_ve/vi_tri_tra_ve.gpkg") == 1


def test_a_kit_of_one_commune_misses_nothing_of_the_others(place, capsys):
    folder = place.root / "ra"
    assert export(place, "--commune", "06184", "--theme", "vi_tri", "--out", str(folder)) == 0
    moved(folder)
    assert layers_import(place, folder) == 0
    assert "1 vị trí dịch, 0 đổi hình, 0 thêm, 0 thiếu" in capsys.readouterr().out


def test_one_file_without_a_manifest_is_about_the_communes_it_has(place, kit, tmp_path, capsys):
    moved(kit)
    alone = tmp_path / "gửi" / "sâu"
    alone.mkdir(parents=True)
    frame = pyogrio.read_dataframe(kit / "shp" / "vi_tri.shp")
    pyogrio.write_dataframe(frame[frame["MA_XA"] == "06184"], alone / "sua.shp", encoding="UTF-8")
    # a kit that lies somewhere below is not that of this file
    shutil.copytree(kit, alone.parent / "khac")
    assert layers_import(place, alone / "sua.shp", "--run", "phuong_an_1") == 0
    told = capsys.readouterr()
    assert "1 vị trí dịch, 0 đổi hình, 0 thêm, 0 thiếu" in told.out
    assert "không có tệp ban_giao.json" in told.out + told.err


def test_a_kit_of_a_run_that_was_made_again_is_told(place, kit, capsys):
    path = place.runs / "phuong_an_1" / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**told, "fingerprint": "khác"}), "utf-8")
    assert layers_import(place, kit) == 0
    said = capsys.readouterr()
    assert "đã được tính lại" in said.out + said.err


def test_a_kit_of_a_run_that_is_not_here_is_refused_with_those_that_are(place, kit, capsys):
    shutil.move(place.runs / "phuong_an_1", place.root / "cat_di")
    assert layers_import(place, place.root / "cat_di" / "ho_so" / "ban_giao") == 2
    said = capsys.readouterr()
    assert "phuong_an_1" in said.out + said.err
    assert "mat" in said.out + said.err


@pytest.mark.parametrize(
    "change",
    [
        {"communes": ["06184"]},
        {"communes": 7, "lang": ["vi"], "kit": "=1+1\u202e" + "x" * 9000},
        {"run": "../../../../etc"},
        {"run": {"a": 1}, "run_fingerprint": [1]},
    ],
)
def test_a_manifest_that_was_changed_is_told_and_harms_nothing(place, kit, capsys, change):
    # the run named there may be any folder: only names of runs are taken
    shutil.rmtree(place.runs / "mat")
    path = kit / handover.KIT_MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    moved(kit)
    assert layers_import(place, kit, "--accept") == 0
    said = capsys.readouterr()
    assert "đã bị sửa hoặc hỏng" in said.out + said.err
    rows = gpd.read_file(place.layers / "tra_ve" / "vi_tri_tra_ve.gpkg")
    assert "TV-06184-K-AAAAAA" in set(rows["proposal_id"])
    assert rows["document"].str.len().max() <= 120
    assert not rows["document"].str.contains("\u202e").any()


@pytest.mark.parametrize("content", [b"{", b"[1, 2]", b"\xff\xfe", b"[" * 200_000])
def test_a_manifest_that_cannot_be_read_is_told(place, kit, capsys, content):
    shutil.rmtree(place.runs / "mat")
    (kit / handover.KIT_MANIFEST).write_bytes(content)
    assert layers_import(place, kit) == 0
    said = capsys.readouterr()
    assert "đã bị sửa hoặc hỏng" in said.out + said.err


@pytest.mark.parametrize("name", ["../vi_tri.shp", "/vi_tri.shp", "a/../../vi_tri.shp", "C:\\vi_tri.shp", "..\\x.shp"])
def test_a_zip_with_bad_paths_is_refused(place, tmp_path, capsys, name):
    path = tmp_path / "trong" / "ác.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    assert layers_import(place, path) == 1
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert not list(tmp_path.rglob("*vi_tri.shp"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"not a zip at all"])
def test_a_file_that_is_no_zip_is_refused(place, tmp_path, capsys, content):
    path = tmp_path / "kit.zip"
    path.write_bytes(content)
    assert layers_import(place, path) == 1
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err


def test_a_kit_that_is_not_there_is_told(place, capsys):
    assert layers_import(place, place.root / "khong_co.zip") == 1
    assert "khong_co.zip" in capsys.readouterr().err
