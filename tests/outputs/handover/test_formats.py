"""What others read: programs that did not write the kit open its GeoPackage, project, drawing, KML and hashes."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import subprocess
import zipfile
from contextlib import closing

import docx
import ezdxf.recover
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from defusedxml import ElementTree

from siteplan.outputs import handover
from siteplan.outputs.handover import certificate, dxf, pack

# WGS 84 degrees to the plane, by the figures of Decision 05/2007/QĐ-BTNMT and Circular 973/2001/TT-TCĐC
OPERATION = pyproj.Transformer.from_pipeline(
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 +rx=-0.00928836 +ry=0.01975479 "
    "+rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame +step +inv +proj=cart +ellps=WGS84 "
    "+step +proj=tmerc +lat_0=0 +lon_0=107.25 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84"
)
SLD = "{http://www.opengis.net/sld}"
SE = "{http://www.opengis.net/se}"


@pytest.fixture(scope="module")
def kit(small_run_factory, tmp_path_factory):
    run = small_run_factory(tmp_path_factory.mktemp("lan_chay"))
    folder = tmp_path_factory.mktemp("giao")
    return folder, handover.export(run, folder), run


def test_every_hash_is_that_of_its_file_and_every_file_has_one(kit):
    folder, files, _ = kit
    lines = (folder / handover.KIT_SUMS).read_text().splitlines()
    told = {name: value for value, name in (line.split("  ", 1) for line in lines)}
    for name, value in told.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == value
    there = {f.relative_to(folder).as_posix() for f in files[:-1]}
    assert there - set(told) == {handover.KIT_SUMS}
    manifest = json.loads((folder / handover.KIT_MANIFEST).read_text())
    assert set(manifest["files"]) == there - {handover.KIT_SUMS, handover.KIT_MANIFEST}
    assert (manifest["epsg"], manifest["run"], manifest["draft"]) == (9215, "phuong_an_1", True)
    assert manifest["layers"]["sites"]["features"] == 6


def test_the_manifest_of_a_kit_makes_no_run_of_its_folder(kit):
    folder, *_ = kit
    assert not list(folder.rglob("manifest.json"))


@pytest.mark.parametrize(
    ("frozen", "name"),
    [
        (None, "ban_giao_phuong_an_1_du-thao_20260203"),
        ({"version": "Trình lần 2", "date": "2026-03-01"}, "ban_giao_phuong_an_1_trinh-lan-2_20260301"),
    ],
)
def test_the_zip_is_named_by_dossier_version_and_date(build_run, tmp_path, frozen, name):
    files = handover.export(build_run(frozen=frozen), tmp_path / "a", wanted=handover.Wanted(themes=("sites",)))
    assert files[-1].name == f"{name}.zip"


def test_styles_lie_in_the_geopackage_one_default_a_layer(kit):
    folder, *_ = kit
    with closing(sqlite3.connect(folder / "phuong_an_1.gpkg")) as database:
        rows = database.execute("SELECT f_table_name, useAsDefault, styleQML, styleSLD FROM layer_styles").fetchall()
        listed = {r[0] for r in database.execute("SELECT table_name FROM gpkg_contents WHERE data_type='features'")}
    assert {table for table, *_ in rows} == listed
    assert sorted(table for table, default, *_ in rows if default) == sorted(listed)
    for _, _, qml, sld in rows:
        root = ElementTree.fromstring(qml, forbid_dtd=False)
        symbols = {s.get("name") for s in root.iterfind("renderer-v2/symbols/symbol")}
        used = {e.get("symbol") for e in root.iter() if e.tag in ("category", "rule")}
        assert used == symbols
        assert ElementTree.fromstring(sld).tag == f"{SLD}StyledLayerDescriptor"


def test_qml_and_sld_have_the_colours_of_the_style(kit):
    folder, *_ = kit
    with closing(sqlite3.connect(folder / "phuong_an_1.gpkg")) as database:
        query = "SELECT styleQML, styleSLD FROM layer_styles WHERE f_table_name='sites' AND useAsDefault=1"
        qml, sld = database.execute(query).fetchone()
    root = ElementTree.fromstring(qml, forbid_dtd=False)
    symbol = {c.get("value"): c.get("symbol") for c in root.iter("category")}["blocked"]
    option = next(
        o for s in root.iter("symbol") if s.get("name") == symbol for o in s.iter("Option") if o.get("name") == "color"
    )
    assert option.get("value") == "179,38,30,255"  # #b3261e of maps/style.toml
    rules = ElementTree.fromstring(sld).iter(f"{SE}Rule")
    fills = {r.findtext(f"{SE}Name"): [p.text for p in r.iter(f"{SE}SvgParameter") if p.get("name") == "fill"]
             for r in rules}  # fmt: skip
    assert fills["Bị chặn"] == ["#b3261e"]


def test_the_project_names_layers_that_are_there_by_relative_paths(kit):
    folder, *_ = kit
    with zipfile.ZipFile(folder / "phuong_an_1.qgz") as archive:
        root = ElementTree.fromstring(archive.read("phuong_an_1.qgs"), forbid_dtd=False)
    there = {str(name) for name, _ in pyogrio.list_layers(folder / "phuong_an_1.gpkg")}
    sources = [layer.findtext("datasource") for layer in root.iterfind("projectlayers/maplayer")]
    assert sources
    for source in sources:
        package, _, layer = source.partition("|layername=")
        assert package == "./phuong_an_1.gpkg"
        assert layer in there
    ids = [layer.findtext("id") for layer in root.iterfind("projectlayers/maplayer")]
    assert len(set(ids)) == len(ids)
    assert {layer.get("id") for layer in root.iter("layer-tree-layer")} == set(ids)
    assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:9215"
    groups = [g.get("name") for g in root.iterfind("layer-tree-group/layer-tree-group")]
    assert groups[0] == "Kết quả"
    assert any(layer.find("labeling") is not None for layer in root.iter("maplayer"))


def test_the_drawing_has_a_layer_a_theme_and_whole_letters(kit):
    folder, _, run = kit
    drawing, auditor = ezdxf.recover.readfile(folder / "cad/phuong_an_1.dxf")
    assert not auditor.errors
    names = {layer.dxf.name for layer in drawing.layers}
    assert {"VI_TRI", "VI_TRI_CHU", "XA_PHUONG", "XA_PHUONG_CHU", "CO_SO_DOI_DU"} <= names
    space = drawing.modelspace()
    plots = {line.get_xdata(dxf.APPLICATION)[0].value: line for line in space.query('LWPOLYLINE[layer=="VI_TRI"]')}
    for site in run.sites.itertuples():
        line = plots[site.site_id]
        assert line.closed
        shape = shapely.Polygon([(x, y) for x, y, *_ in line.get_points()])
        assert shapely.hausdorff_distance(shape, site.geometry) < 0.001
    words = {text.plain_text() for text in space.query('MTEXT[layer=="XA_PHUONG_CHU"]')}
    assert {"Hữu Lũng", "Đông Kinh", "Đoàn Kết"} <= words


def test_the_drawing_is_the_same_in_every_process(kit):
    """What ezdxf keeps in a set comes in another order with another hash seed."""
    folder, *_ = kit
    drawing = ezdxf.readfile(folder / "cad/phuong_an_1.dxf")
    names = [entry.dxf.name for entry in drawing.classes]
    assert names
    assert names == sorted(names)


@pytest.mark.require("gdal")
def test_ogrinfo_reads_drawing_and_kml(kit):
    folder, _, run = kit
    for path, words in ((folder / "cad/phuong_an_1.dxf", "Hữu Lũng"), (folder / "kml/phuong_an_1.kml", "xã Hữu Lũng")):
        done = subprocess.run(["ogrinfo", "-ro", "-al", str(path)], capture_output=True, text=True, check=True)
        assert words in done.stdout
        assert "ERROR" not in done.stderr
    # GDAL's own way from the degrees back to the province's plane
    query = ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", str(folder / "kml/phuong_an_1.kml"), "Vị trí xem xét"]
    done = subprocess.run(query, capture_output=True, text=True, check=True)
    found = [shapely.geometry.shape(f["geometry"]) for f in json.loads(done.stdout)["features"]]

    def plane(degrees):
        return np.column_stack(OPERATION.transform(*degrees.T))

    assert len(found) == len(run.sites)
    for ours in run.sites.geometry:
        back = [shapely.transform(shapely.force_2d(g), plane) for g in found]
        assert min(shapely.hausdorff_distance(g, ours) for g in back) < 0.005


@pytest.mark.parametrize("words", ["%%d 45", "^J dòng", "\\U+0041", "a\nb\x00c\u202ed", "=1+1", "ă" * 1000])
def test_no_text_is_a_code_of_the_drawing(words):
    plain = dxf.plain_text(words)
    assert "%%" not in plain
    assert "^J" not in plain
    assert "\\U+" not in plain
    assert plain.isprintable()
    assert len(plain) <= dxf.TEXT_LIMIT


def test_filters_leave_only_what_was_asked_for(small_run, tmp_path):
    wanted = handover.Wanted(communes=("Hữu Lũng", "06001"), phases=("2027-2030",), themes=("vi_tri", "xa_phuong"))
    folder = tmp_path / "chon"
    files = handover.export(small_run, folder, wanted=wanted)
    assert {f.name for f in files if f.suffix == ".shp"} == {"vi_tri.shp", "xa_phuong.shp"}
    sites = pyogrio.read_dataframe(folder / "shp/vi_tri.shp")
    assert set(sites["MA_XA"]) == {"06184", "06001"}
    assert files[-1].stem.endswith("_06001_06184_2027-2030")


def test_what_is_not_known_is_refused_with_what_is(small_run, tmp_path):
    from siteplan.errors import UsageError

    for wanted, known in (
        (handover.Wanted(themes=("vi_trí",)), "vi_tri"),
        (handover.Wanted(phases=("2050",)), "2027-2030"),
    ):
        with pytest.raises(UsageError) as raised:
            handover.export(small_run, tmp_path / "x", wanted=wanted)
        assert known in raised.value.problems[0].params["known"]
    assert not (tmp_path / "x").exists()


def test_each_commune_has_its_own_kit_on_demand(small_run, tmp_path):
    files = handover.export(small_run, tmp_path / "a", each_commune=True)
    own = {f.name: f for f in files if f.parent.name == handover.BY_COMMUNE}
    assert len(own) == 4
    path = own["ban_giao_phuong_an_1_du-thao_20260203_06184.zip"]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "xa")
    (inside,) = (tmp_path / "xa").iterdir()
    assert set(pyogrio.read_dataframe(inside / "shp/vi_tri.shp")["MA_XA"]) == {"06184"}
    assert len(pyogrio.read_dataframe(inside / "shp/xa_phuong.shp")) == 1


def test_a_hostile_manifest_takes_nothing_outside_the_folder_away(small_run, tmp_path):
    folder = tmp_path / "giao"
    folder.mkdir()
    outside = tmp_path / "giu.txt"
    outside.write_text("giữ")
    told = {"files": {"../giu.txt": {}, str(outside): {}}, "kit": "x"}
    (folder / handover.KIT_MANIFEST).write_text(json.dumps(told))
    handover.export(small_run, folder, wanted=handover.Wanted(themes=("sites",)))
    assert outside.read_text() == "giữ"


def test_a_slug_is_plain():
    assert pack.slug("Trình lần 2 / ĐỢT «a»") == "trinh-lan-2-dot-a"


def test_the_statement_on_the_crs_agrees_with_the_published_parameters(kit):
    """Decision 05/2007/QĐ-BTNMT; the two points by a pipeline written out, not by the register."""
    folder, *_ = kit
    document = docx.Document(folder / "tai_lieu/he_toa_do.docx")
    told = "\n".join(cell.text for row in document.tables[0].rows for cell in row.cells)
    for figure in ("-191.90441429; -39.30318279; -111.45032835", "-0.00928836; 0.01975479; -0.00427372", "0.252906278",
                   "107.25", "0.9999", "6378137", "298.257223563"):  # fmt: skip
        assert figure in told
    line = (
        '"VN-2000 / TM-3 107-15", 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, -0.00928836, 0.01975479, '
        "-0.00427372, 0.252906278, 0, 7, 107.25, 0, 0.9999, 500000, 0"
    )
    assert any(line in paragraph.text.replace("\u2011", "-") for paragraph in document.paragraphs)
    for row in document.tables[1].rows[1:]:
        _, north, east, lat, lon, lat_off, lon_off = (float(cell.text) for cell in row.cells)
        back_east, back_north = OPERATION.transform(lon, lat)
        assert (back_east, back_north) == pytest.approx((east, north), abs=0.005)
        off_east, off_north = OPERATION.transform(lon_off, lat_off)
        assert 200 < np.hypot(off_east - east, off_north - north) < 250  # 224 m at the city of Lạng Sơn


def test_wrong_settings_are_as_far_off_as_was_computed_elsewhere():
    """DOMAIN 8.1, at the city of Lạng Sơn: 224 m, about 450 m, 26 km; the wrong rotation 0.77 m."""
    off = certificate.mistakes((450_000.0, 2_417_000.0), 9215)
    assert off["no_shift"] == pytest.approx(224, abs=3)
    assert off["reversed"] == pytest.approx(450, abs=5)
    assert off["rotation"] == pytest.approx(0.77, abs=0.05)
    assert off["meridian"] == pytest.approx(26_000, abs=500)


def test_the_line_for_mapinfo_can_be_copied_as_it_stands(kit):
    folder, *_ = kit
    line = (folder / "tai_lieu/mapinfow_prj.txt").read_bytes()
    assert line == (
        b'"VN-2000 / TM-3 107-15", 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, -0.00928836, 0.01975479, '
        b"-0.00427372, 0.252906278, 0, 7, 107.25, 0, 0.9999, 500000, 0\r\n"
    )


def test_corners_are_those_of_the_sites_the_proposed_one_first(kit):
    folder, _, run = kit
    with (folder / "toa_do/toa_do_goc_ranh.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    best = set(run.sites.loc[run.sites["is_best"], "site_id"])
    assert {row["Mã vị trí"] for row in rows if row["Đề xuất"]} == best
    assert rows[0]["Mã vị trí"] in best
    for site_id, shape in zip(run.sites["site_id"], run.sites.geometry, strict=True):
        own = [row for row in rows if row["Mã vị trí"] == site_id]
        drawn = shapely.Polygon([(float(row["Y, đông (m)"]), float(row["X, bắc (m)"])) for row in own])
        assert shapely.hausdorff_distance(drawn, shape) <= 0.00708  # half a centimetre each way
        assert sum(float(row["Cạnh đến điểm sau (m)"]) for row in own) == pytest.approx(shape.length, abs=0.03)


def test_texts_of_sites_that_lie_on_one_another_do_not():
    taken = {}
    lines = [dxf._free_line(taken, 100.0, 50.0, 6.0) for _ in range(4)]
    gaps = np.diff(lines)
    assert (gaps < -2 * 6.0).all()
