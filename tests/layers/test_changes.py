"""The round trip: a kit is exported, changed by another program, and imported; exactly the change is told."""

from __future__ import annotations

import shutil
import subprocess
import zipfile

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.affinity import translate
from shapely.geometry import box

from siteplan.crs import Province
from siteplan.errors import InputError
from siteplan.layers import changes
from siteplan.layers.returned import read_returned

PROVINCE = Province("20", "Thử", "tỉnh", 9215, (380_020, 2_359_400, 511_531, 2_484_786))
CRS = "EPSG:9215"


def _sites():
    rows = [
        {"site_id": f"06184-K-{n}", "commune_code": "06184", "label": f"Hữu Lũng {n}",
         "geometry": box(440_000 + 200 * n, 2_410_000, 440_080 + 200 * n, 2_410_060)}
        for n in range(4)
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=CRS)


COMMUNES = gpd.GeoDataFrame({"code": ["06184"]}, geometry=[box(439_000, 2_409_000, 442_000, 2_412_000)], crs=CRS)


def _written(sites):
    frame = sites.assign(MA_VT=sites["site_id"], NGUON_VT="Tìm", TEN_VT=sites["label"], DT=4800.0)
    return frame[["MA_VT", "NGUON_VT", "TEN_VT", "DT", "geometry"]]


@pytest.fixture
def kit(tmp_path):
    folder = tmp_path / "bộ gửi trả"
    (folder / "shp").mkdir(parents=True)
    _written(_sites()).to_file(folder / "shp" / "vi_tri.shp", encoding="UTF-8")
    return folder


def _compare(kit):
    sites = _sites()
    forms = {"shp": _written(sites).drop(columns="geometry").set_index(sites["site_id"])}
    return changes.compare(read_returned(kit, PROVINCE), sites, forms, COMMUNES)


def _edit(kit, change):
    path = kit / "shp" / "vi_tri.shp"
    frame = change(gpd.read_file(path))
    frame.to_file(path, encoding="UTF-8")


def test_nothing_changed_is_nothing_told(kit):
    compared = _compare(kit)
    assert compared.changes == ()
    assert compared.unchanged == 4


@pytest.mark.require("gdal")
def test_a_move_by_another_program_is_told_exactly(kit):
    """ogr2ogr with SpatiaLite's functions moves one site by 7.5 m: 4.5 east, 6 south, so that it is 3-4-5 exact."""
    moved = kit / "shp" / "moved.shp"
    query = (
        "SELECT CASE WHEN MA_VT='06184-K-2' THEN ST_Translate(geometry, 4.5, -6.0, 0) ELSE geometry END AS geometry, "
        "MA_VT, NGUON_VT, TEN_VT, DT FROM vi_tri"
    )
    source = kit / "shp" / "vi_tri.shp"
    subprocess.run(
        ["ogr2ogr", str(moved), str(source), "-dialect", "sqlite", "-sql", query, "-lco", "ENCODING=UTF-8", "-nlt",
         "POLYGON"], check=True,
    )  # fmt: skip
    for path in source.parent.glob("vi_tri.*"):
        path.unlink()
    compared = _compare(kit)
    (change,) = compared.changes
    assert (change.kind, change.site_id, compared.unchanged) == ("moved", "06184-K-2", 3)
    assert change.distance_m == pytest.approx(7.5, abs=0.001)
    # atan2(4.5, -6) is 143.13 degrees: south-east
    assert change.bearing == pytest.approx(143.1301, abs=0.01)
    assert change.direction == "se"
    assert change.area_after_m2 == pytest.approx(change.area_before_m2, abs=0.1)
    assert change.columns == ()


def test_every_kind_of_change_is_told(kit):
    def edit(frame):
        frame.loc[0, "geometry"] = box(440_000, 2_410_000, 440_100, 2_410_060)  # 20 m longer to the east
        frame.loc[1, "DT"] = 5000.0
        frame.loc[1, "TEN_VT"] = "Trung tâm mới"
        added = frame.iloc[[3]].assign(MA_VT=None, geometry=box(441_000, 2_411_000, 441_050, 2_411_050))
        return gpd.GeoDataFrame(pd.concat([frame.drop(index=2), added], ignore_index=True), crs=CRS)

    _edit(kit, edit)
    compared = _compare(kit)
    found = {c.kind: c for c in compared.changes}
    assert sorted(c.kind for c in compared.changes) == ["added", "attributes", "missing", "reshaped"]
    assert compared.unchanged == 1
    reshaped = found["reshaped"]
    assert (reshaped.site_id, reshaped.direction) == ("06184-K-0", "e")
    assert reshaped.distance_m == pytest.approx(10.0, abs=0.001)  # the centre moves by half of what was added
    assert reshaped.farthest_m == pytest.approx(20.0, abs=0.001)
    assert reshaped.area_after_m2 - reshaped.area_before_m2 == pytest.approx(1200.0, abs=0.1)
    assert found["missing"].site_id == "06184-K-2"
    assert found["attributes"].columns == (("TEN_VT", "Hữu Lũng 1", "Trung tâm mới"), ("DT", "4800", "5000"))
    assert found["added"].commune_code == "06184"
    assert found["added"].area_after_m2 == pytest.approx(2500.0)


def test_corners_listed_in_another_order_or_put_on_a_side_are_no_change(kit):
    def edit(frame):
        ring = list(frame.geometry[0].exterior.coords)[:-1]
        middle = ((ring[1][0] + ring[2][0]) / 2, (ring[1][1] + ring[2][1]) / 2)
        frame.loc[0, "geometry"] = shapely.Polygon([ring[2], ring[3], ring[0], ring[1], middle])
        frame.loc[1, "geometry"] = frame.geometry[1].reverse()
        return frame.iloc[::-1]

    _edit(kit, edit)
    assert _compare(kit).changes == ()


def test_what_comes_back_in_degrees_is_the_same_site(kit):
    path = kit / "shp" / "vi_tri.shp"
    frame = gpd.read_file(path)
    from siteplan.crs import to_crs

    degrees = to_crs(frame, 4326)
    for part in path.parent.glob("vi_tri.*"):
        part.unlink()
    pyogrio.write_dataframe(degrees, kit / "vi_tri.gpkg", layer="x")
    found = _compare(kit).changes
    assert found == ()


def test_a_split_site_is_told_once_as_itself_and_once_as_added(kit):
    def edit(frame):
        extra = frame.iloc[[0]].copy()
        extra.geometry = [translate(frame.geometry[0], 0, 500)]
        return gpd.GeoDataFrame(pd.concat([frame, extra], ignore_index=True), crs=CRS)

    _edit(kit, edit)
    compared = _compare(kit)
    assert [c.kind for c in compared.changes] == ["added"]
    assert [p.key for p in compared.problems] == ["returned_id_twice"]


def test_two_versions_in_one_kit_are_refused(kit):
    frame = gpd.read_file(kit / "shp" / "vi_tri.shp")
    other = frame.copy()
    other.loc[0, "geometry"] = translate(other.geometry[0], 3, 0)
    frame.loc[0, "geometry"] = translate(frame.geometry[0], 5, 0)
    frame.to_file(kit / "shp" / "vi_tri.shp", encoding="UTF-8")
    other.to_file(kit / "shp" / "vi_tri_2.shp", encoding="UTF-8")
    with pytest.raises(InputError) as raised:
        _compare(kit)
    assert raised.value.problems[0].key == "returned_two_versions"


def test_hostile_text_harms_nothing(kit):
    hostile = '=1+1 {{7*7}} <b>" \u202e'

    def edit(frame):
        frame.loc[0, "TEN_VT"] = hostile
        frame.loc[1, "MA_VT"] = hostile
        return frame

    _edit(kit, edit)
    found = {c.kind: c for c in _compare(kit).changes}
    assert found["attributes"].columns[0][0] == "TEN_VT"
    assert found["missing"].site_id == "06184-K-1"
    assert found["added"].commune_code == "06184"


def _zip(path, names):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return path


def test_a_zip_that_reaches_outside_is_refused(tmp_path):
    kit = _zip(tmp_path / "ác.zip", {"../../vi_tri.shp": b"x"})
    with pytest.raises(InputError) as raised:
        read_returned(kit, PROVINCE)
    assert raised.value.problems[0].key == "archive_escapes"
    assert not (tmp_path.parent / "vi_tri.shp").exists()


def test_a_zip_bomb_is_refused(tmp_path):
    kit = _zip(tmp_path / "bom.zip", {"vi_tri.shp": b"\0" * (80 * 1024**2)})
    with pytest.raises(InputError) as raised:
        read_returned(kit, PROVINCE)
    assert raised.value.problems[0].key == "archive_too_large"


def test_a_kit_without_sites_is_refused_with_what_it_holds(tmp_path):
    folder = tmp_path / "bo"
    folder.mkdir()
    _sites()[["label", "geometry"]].to_file(folder / "khac.shp")
    with pytest.raises(InputError) as raised:
        read_returned(folder, PROVINCE)
    assert (raised.value.problems[0].key, raised.value.problems[0].value) == ("returned_no_sites", "khac.shp")


def test_a_zip_of_the_kit_reads_like_its_folder(kit, tmp_path):
    _edit(kit, lambda f: f.assign(geometry=[translate(f.geometry[0], 0, 2), *f.geometry[1:]]))
    path = shutil.make_archive(str(tmp_path / "trả"), "zip", kit)
    (change,) = _compare(type(kit)(path)).changes
    assert (change.kind, change.direction) == ("moved", "n")
    assert change.distance_m == pytest.approx(2.0, abs=0.001)


def test_proposals_are_added_and_never_overwritten(kit, tmp_path):
    layers = tmp_path / "layers"
    for n, east in enumerate((2.0, 2.0, 9.0), start=1):
        shutil.rmtree(kit)
        (kit / "shp").mkdir(parents=True)
        frame = _written(_sites())
        frame.loc[0, "geometry"] = translate(frame.geometry[0], east, 0)
        frame.to_file(kit / "shp" / "vi_tri.shp", encoding="UTF-8")
        rows = changes.proposals_of(_compare(kit).changes, "ban_giao_thu")
        path, added = changes.write_proposals(layers, rows, 9215)
        assert added == {1: ["TV-06184-K-0"], 2: [], 3: ["TV-06184-K-0-2"]}[n]
    standing = pyogrio.read_dataframe(path).set_index("proposal_id")
    assert standing.crs.to_epsg() == 9215
    assert standing.geometry["TV-06184-K-0"].bounds[0] == pytest.approx(440_002)
    assert standing.geometry["TV-06184-K-0-2"].bounds[0] == pytest.approx(440_009)
    assert set(standing["commune_code"]) == {"06184"}
    assert standing.loc["TV-06184-K-0", "note"] == "Vị trí 06184-K-0 dịch 2,00 m về phía đông"
