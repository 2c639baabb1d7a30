"""Broken inputs, one for each kind of fault that the check must tell: file, feature and remedy, never a traceback."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan import crs, locale
from siteplan.errors import InputError
from siteplan.layers.catalog import load_catalog

WEST, SOUTH = 440_000.0, 2_410_000.0


def squares(count: int = 2, size: float = 100.0, west: float = WEST, south: float = SOUTH) -> list[shapely.Polygon]:
    return [shapely.box(west + 500 * i, south, west + 500 * i + size, south + size) for i in range(count)]


def zones(geometry, crs_code: int | None = 9215, **columns) -> gpd.GeoDataFrame:
    values = {"project_id": [f"DA{i}" for i in range(len(geometry))], **columns}
    return gpd.GeoDataFrame(values, geometry=geometry, crs=crs_code)


def lowland(geometry, codes: list[str], crs_code: int | None = 9215) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"land_use": codes}, geometry=geometry, crs=crs_code)


def crs_missing(f) -> None:
    f.frame("du_an", "sector_projects", zones(squares()), "du_an.shp")
    (f.folder / "du_an.prj").unlink()


def crs_wrong_zone(f) -> None:
    moved = crs.transform_geometries(np.array(squares(3, 8000)), 9215, 3405)
    f.frame("du_an", "sector_projects", zones(list(moved), 9215), "du_an.gpkg")


def degrees_called_metres(f) -> None:
    moved = crs.transform_geometries(np.array(squares(3, 8000)), 9215, 4326)
    f.frame("du_an", "sector_projects", zones(list(moved), 9215), "du_an.gpkg")


def axes_swapped(f) -> None:
    f.text("hien_trang", "facilities", "co_so.csv",
           f"facility_id,x,y,commune_code\nA1,{SOUTH + 900},{WEST + 900},06001\nA2,{SOUTH + 3900},{WEST + 900},06001\n",
           xy=["x", "y"], crs=9215)  # fmt: skip


def latitude_first(f) -> None:
    f.text("hien_trang", "facilities", "co_so.csv",
           "facility_id,lat,lon,commune_code\nA1,21.80,106.45,06001\nA2,21.85,106.50,06001\n",
           xy=["lat", "lon"], crs=4326)  # fmt: skip


def outside_the_province(f) -> None:
    shapes = [*squares(1), shapely.box(900_000, 1_000_000, 900_100, 1_000_100)]
    f.frame("du_an", "sector_projects", zones(shapes), "du_an.gpkg")


def geometry_crosses_itself(f) -> None:
    tie = shapely.Polygon([(0, 0), (200, 200), (200, 0), (0, 200)])
    f.frame("du_an", "sector_projects", zones([shapely.affinity.translate(tie, WEST, SOUTH)]), "du_an.gpkg")


def geometry_empty(f) -> None:
    f.frame("du_an", "sector_projects", zones([squares(1)[0], None]), "du_an.gpkg")


def commune_code_twice(f) -> None:
    frame = gpd.read_file(f.folder / "communes.gpkg")
    frame.loc[1, "code"] = "06001"
    f.frame("communes", "communes", frame, "communes2.gpkg", required=True)


def commune_code_unknown(f) -> None:
    f.text("bien_che", "commune_staff", "bien_che.csv", "commune_code,staff\n06001,32\n99999,30\n")


def commune_code_without_zero(f) -> None:
    f.text("bien_che", "commune_staff", "bien_che.csv", "commune_code,staff\n6001,32\n")


def communes_overlap(f) -> None:
    frame = gpd.read_file(f.folder / "communes.gpkg")
    frame.loc[0, "geometry"] = shapely.box(WEST, SOUTH, WEST + 10_500, SOUTH + 10_000)
    f.frame("communes", "communes", frame, "communes2.gpkg", required=True)


def communes_leave_a_gap(f) -> None:
    ring = [shapely.box(WEST + 10_000 * i, SOUTH + 10_000 * j, WEST + 10_000 * (i + 1), SOUTH + 10_000 * (j + 1))
            for i in range(3) for j in range(3) if (i, j) != (1, 1)]  # fmt: skip
    frame = gpd.GeoDataFrame(
        {"code": [f"0600{i}" for i in range(8)], "name": list("abcdefgh")}, geometry=ring, crs=9215
    )
    f.frame("communes", "communes", frame, "communes2.gpkg", required=True)


def land_use_code_unknown(f) -> None:
    f.frame("hien_trang", "land_use", lowland(squares(3), ["TSC", "XYZ", "ONT+QQQ"]), "hien_trang.gpkg")


def type_wrong(f) -> None:
    f.text("bien_che", "commune_staff", "bien_che.csv", "commune_code,staff\n06001,ba mươi\n06004,31\n")


def number_ambiguous(f) -> None:
    f.text("so_lieu", "commune_facts", "so_lieu.csv",
           "code,name,stated_area_km2\n06001,a,100.25\n06004,b,1.234\n06019,c,100\n06037,d,100\n")  # fmt: skip


def tcvn3_text(f) -> None:
    f.frame(
        "du_an", "sector_projects", zones(squares(), name=["Khu ®« thÞ míi", "Côm c«ng nghiÖp H÷u Lòng"]), "du_an.gpkg"
    )


def vni_text(f) -> None:
    f.frame("du_an", "sector_projects", zones(squares(), name=["Khu ñoâ thò môùi", "Höõu Luõng"]), "du_an.gpkg")


def mandatory_missing(f) -> None:
    f.put("quy_hoach", "plans", mandatory=True)


def required_missing(f) -> None:
    (f.folder / "dem.tif").unlink()


def dwg(f) -> None:
    (f.folder / "ban_ve.dwg").write_bytes(b"AC1032\x00" + b"\x00" * 200)
    f.put("quy_hoach", "plan_zones", "ban_ve.dwg")


def dgn8(f) -> None:
    (f.folder / "ban_do.dgn").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    f.put("hien_trang", "land_use", "ban_do.dgn")


def shapefile_without_dbf(f) -> None:
    zones(squares()).to_file(f.folder / "du_an.shp", encoding="utf-8")
    (f.folder / "du_an.dbf").unlink()
    f.put("du_an", "sector_projects", "du_an.shp")


def file_cut_off(f) -> None:
    whole = f.folder / "du_an.gpkg"
    zones(squares()).to_file(whole)
    whole.write_bytes(whole.read_bytes()[:5000])
    f.put("du_an", "sector_projects", "du_an.gpkg")


def file_empty(f) -> None:
    (f.folder / "du_an.geojson").write_bytes(b"")
    f.put("du_an", "sector_projects", "du_an.geojson")


def column_missing(f) -> None:
    f.frame("hien_trang", "land_use", zones(squares()), "hien_trang.gpkg")


def several_layers(f) -> None:
    path = f.folder / "nhieu.gpkg"
    zones(squares()).to_file(path, layer="mot")
    zones(squares()).to_file(path, layer="hai")
    f.put("du_an", "sector_projects", "nhieu.gpkg")


def wrong_kind(f) -> None:
    points = [shapely.Point(WEST, SOUTH), *squares(1)]
    path = f.folder / "du_an.geojson"
    zones(points).to_crs(4326).to_file(path)
    f.put("du_an", "sector_projects", "du_an.geojson")


# fault -> (what makes it, problems: key, severity, words that feature or value must hold)
BROKEN: dict[str, tuple[Callable, list[tuple[str, str, str]]]] = {
    "no CRS": (crs_missing, [("layer_crs_missing_guess", "error", "")]),
    "wrong zone": (crs_wrong_zone, [("layer_outside_guess", "error", "")]),
    "degrees called metres": (degrees_called_metres, [("layer_outside_guess", "error", "")]),
    "swapped axes": (axes_swapped, [("layer_outside_swapped", "error", "")]),
    "latitude first": (latitude_first, [("layer_outside_swapped", "error", "")]),
    "outside the province": (outside_the_province, [("feature_outside", "excluded", "DA1")]),
    "crosses itself": (geometry_crosses_itself, [("geometry_repaired", "warning", "DA0")]),
    "empty geometry": (geometry_empty, [("geometry_missing", "excluded", "DA1")]),
    "commune code twice": (commune_code_twice, [("layer_key_twice", "error", "06001")]),
    "unknown commune code": (commune_code_unknown, [("commune_code_unknown", "error", "99999")]),
    "lost zero": (commune_code_without_zero, [("layer_code_restored", "warning", "6001")]),
    "communes overlap": (communes_overlap, [("communes_overlap", "error", "06001")]),
    "gap between communes": (communes_leave_a_gap, [("communes_gap", "error", "06000")]),
    "unknown land use": (land_use_code_unknown, [("land_use_code_unknown", "warning", "XYZ")]),
    "words for a number": (type_wrong, [("layer_integer_invalid", "error", "ba mươi")]),
    "ambiguous number": (number_ambiguous, [("layer_number_ambiguous", "error", "1.234")]),
    "TCVN3": (tcvn3_text, [("text_legacy", "warning", "Côm c«ng nghiÖp H÷u Lòng")]),
    "VNI": (vni_text, [("text_legacy", "warning", "Höõu Luõng")]),
    "mandatory missing": (mandatory_missing, [("layer_mandatory_missing", "warning", "plans")]),
    "required missing": (required_missing, [("layer_required_missing", "error", "dem")]),
    "DWG": (dwg, [("format_dwg", "error", "")]),
    "DGN V8": (dgn8, [("format_dgn8", "error", "")]),
    "shapefile without table": (shapefile_without_dbf, [("shapefile_part_missing", "error", ".dbf")]),
    "file cut off": (file_cut_off, [("file_unreadable", "error", "")]),
    "file empty": (file_empty, [("file_empty", "error", "")]),
    "column missing": (column_missing, [("layer_column_missing", "error", "")]),
    "several layers": (several_layers, [("layer_name_needed", "error", "mot")]),
    "wrong kind": (wrong_kind, [("geometry_wrong_kind", "excluded", "DA0")]),
}


def in_words(problem) -> dict[str, dict[str, str]]:
    rows = {lang: locale.problem_row(problem, lang) for lang in locale.LANGUAGES}
    for lang, row in rows.items():
        for part in ("what", "cause", "remedy"):
            assert not row[part].startswith("problem."), (lang, problem.key, part)
            assert "–" not in row[part] or "–" in problem.params.values(), (lang, problem.key, row[part])
    return rows


def test_sound_province_has_no_problem(ground, rules):
    assert ground.check(rules) == []


@pytest.mark.parametrize("fault", BROKEN)
def test_fault_is_told_with_its_place_and_remedy(fault, ground, rules):
    make, expected = BROKEN[fault]
    make(ground)
    found = ground.check(rules)
    for key, severity, words in expected:
        named = [p for p in found if p.key == key]
        assert named, [p.key for p in found]
        problem = named[0]
        assert problem.severity == severity
        assert words in f"{problem.feature} {problem.value}"
        assert problem.layer
        assert problem.file or ground.entries[problem.layer].get("path") is None
        in_words(problem)


def test_all_faults_are_told_at_once(ground, rules):
    for fault in (
        "no CRS",
        "swapped axes",
        "unknown land use",
        "TCVN3",
        "DWG",
        "mandatory missing",
        "words for a number",
    ):
        make, _ = BROKEN[fault]
        make(ground)
        for name in list(ground.entries):
            if name in ("du_an", "hien_trang", "bien_che", "quy_hoach"):
                ground.entries[f"{name}_{len(ground.entries)}"] = ground.entries.pop(name)
    keys = {p.key for p in ground.check(rules)}
    assert {
        "layer_crs_missing_guess", "layer_outside_swapped", "land_use_code_unknown", "text_legacy", "format_dwg",
        "layer_mandatory_missing", "layer_integer_invalid",
    } <= keys  # fmt: skip


def test_likely_cause_names_the_true_crs(ground):
    crs_wrong_zone(ground)
    (problem,) = [p for p in ground.check() if p.key == "layer_outside_guess"]
    assert problem.params["guess"] == "EPSG:3405"
    assert "EPSG:3405" in in_words(problem)["vi"]["cause"]


def test_remedy_for_swapped_axes_works(ground):
    axes_swapped(ground)
    ground.entries["hien_trang"]["swap_axes"] = True
    layers = ground.read()
    assert [p.key for p in layers.problems] == []
    assert layers.table("facilities").geometry.iloc[0].equals(shapely.Point(WEST + 900, SOUTH + 900))


def test_repair_tells_the_square_metres(ground):
    # 200 m crossing square: two triangles of 10,000 m² each, signed area 0
    geometry_crosses_itself(ground)
    (problem,) = ground.check()
    assert problem.params == {"before_m2": 0.0, "after_m2": 20_000.0, "change_m2": 20_000.0}
    assert "20.000,0 m²" in in_words(problem)["vi"]["what"]


def test_overlap_and_gap_are_measured(ground):
    communes_overlap(ground)
    (problem,) = [p for p in ground.check() if p.key == "communes_overlap"]
    assert problem.params["area_m2"] == pytest.approx(500 * 10_000)
    assert problem.params["percent"] == pytest.approx(5.0)  # of the smaller, 100 km²


def test_gap_of_a_missing_commune(ground):
    communes_leave_a_gap(ground)
    (problem,) = [p for p in ground.check() if p.key == "communes_gap"]
    assert problem.params["area_m2"] == pytest.approx(1e8)


def test_small_overlaps_are_one_warning(ground):
    frame = gpd.read_file(ground.folder / "communes.gpkg")
    frame.loc[0, "geometry"] = shapely.box(WEST, SOUTH, WEST + 10_002, SOUTH + 10_000)
    ground.frame("communes", "communes", frame, "communes2.gpkg", required=True)
    (problem,) = ground.check()
    assert (problem.key, problem.severity, problem.params["count"]) == ("communes_overlap_little", "warning", 1)
    assert problem.params["area_m2"] == pytest.approx(20_000)


def test_zip_of_a_shapefile_is_read_and_hostile_zips_are_not(ground):
    zones(squares(), name=["Đồng Đăng", "Lộc Bình"]).to_file(ground.folder / "du_an.shp", encoding="utf-8")
    with zipfile.ZipFile(ground.folder / "du_an.zip", "w") as archive:
        for part in ground.folder.glob("du_an.*"):
            if part.suffix != ".zip":
                archive.write(part, f"thư mục/{part.name}")
    ground.put("du_an", "sector_projects", "du_an.zip")
    layers = ground.read()
    assert layers.problems == []
    assert layers.table("sector_projects")["name"].tolist() == ["Đồng Đăng", "Lộc Bình"]
    with zipfile.ZipFile(ground.folder / "du_an.zip", "w") as archive:
        archive.writestr("../../du_an.geojson", "{}")
    assert [p.key for p in ground.read().problems] == ["archive_escapes"]
    assert not list(ground.folder.parent.parent.glob("du_an.geojson"))
    with zipfile.ZipFile(ground.folder / "du_an.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("du_an.geojson", b"\0" * (60 * 1024**2))
    assert [p.key for p in ground.read().problems] == ["archive_too_large"]


def test_catalog_faults_come_with_those_of_the_layers(ground):
    ground.put("sai_khoa", "roads", "roads.gpkg", sourc="x")
    ground.put("sai_vai_tro", "raods", "roads.gpkg")
    ground.put("sai_cot", "roads", "roads.gpkg", fields={"road_clas": "road_class"})
    ground.put("sai_gia_tri", "roads", "roads.gpkg", values={"road_class": {"QL": "nationl"}})
    ground.put("quy_hoach", "plans", mandatory=True)
    found = {p.key: p for p in ground.check()}
    assert set(found) == {
        "catalog_key_unknown_near", "role_unknown_near", "catalog_column_unknown_near", "catalog_token_unknown",
        "layer_mandatory_missing",
    }  # fmt: skip
    assert found["catalog_key_unknown_near"].params["near"] == "source"
    assert found["role_unknown_near"].params["near"] == "roads"
    assert found["catalog_column_unknown_near"].params["near"] == "road_class"
    for problem in found.values():
        in_words(problem)


def test_catalog_with_byte_order_mark_and_one_with_backslashes(ground):
    path = ground.write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load_catalog(path).layers) == 3
    path.write_text(path.read_text("utf-8-sig").replace("'roads.gpkg'", '"du_lieu\\xa_moi\\roads.gpkg"'), "utf-8")
    with pytest.raises(InputError) as caught:
        load_catalog(path)
    assert caught.value.problems[0].key == "toml_backslash"
    path.write_text(path.read_text("utf-8").replace('"du_lieu\\xa_moi\\roads.gpkg"', "'du_lieu\\roads.gpkg'"), "utf-8")
    assert [p.key for p in load_catalog(path).problems] == ["layer_path_backslash"]


def test_numbers_keep_their_meaning_across_a_dbf(ground):
    """Codes that a DBF keeps as numbers lose their zero; areas with three decimals are rounded to the table's two."""
    frame = pd.DataFrame({"MA_CS": ["A"], "MA_XA": [6001], "DT_DAT": [1234.567]})
    gpd.GeoDataFrame(frame, geometry=[shapely.Point(WEST + 5, SOUTH + 5)], crs=9215).to_file(
        ground.folder / "co_so.shp"
    )
    ground.put("co_so", "facilities", "co_so.shp")
    layers = ground.read()
    assert [p.key for p in layers.problems] == ["layer_code_restored"]
    row = layers.table("facilities").iloc[0]
    assert (row["commune_code"], row["land_area_m2"]) == ("06001", 1234.57)


def test_a_copy_of_everything_still_works(ground, tmp_path):
    """Nothing is tied to the place: the folder may be moved and renamed."""
    first = ground.read()
    moved = tmp_path / "Bản sao ổ đĩa chung"
    shutil.copytree(ground.folder, moved)
    from siteplan.layers.read import read_layers

    second = read_layers(load_catalog(moved / "catalog.toml"))
    assert second.fingerprint == first.fingerprint
    pd.testing.assert_frame_equal(second.sources, first.sources)
