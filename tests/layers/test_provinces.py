"""The table of provinces, and a workspace for another province from the national boundaries."""

from __future__ import annotations

import csv
import sqlite3
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from siteplan import crs
from siteplan.errors import InputError, UsageError
from siteplan.layers.catalog import load_catalog
from siteplan.layers.check_province import check_province
from siteplan.layers.founding import found_workspace, known_provinces
from siteplan.layers.national_border import ENDS_FILE, border_of
from siteplan.layers.place import ZONES
from siteplan.layers.provinces import find_province, load_provinces
from siteplan.layers.read import read_layers
from siteplan.locale import fold
from siteplan.need_stage import compute
from siteplan.norms import load_norms
from siteplan.scenario import load_scenario
from siteplan.site_inputs import capital_of
from siteplan.workspace import template_folder

PROVINCES = known_provinces()


def plain(words):
    """As the EPSG register writes names: no accents; hyphens count as spaces."""
    return " ".join(fold(words).replace("-", " ").removeprefix("thanh pho ").split())


def parts(entry):
    """Former provinces of an entry and their meridians in degrees."""
    for words in entry.former_provinces.split("; "):
        name, meridian = words.rsplit(" ", 1)
        degrees, minutes = meridian.rstrip("'").split("°")
        yield name, int(degrees) + int(minutes) / 60


@pytest.fixture(scope="module")
def register():
    """Areas of use of the VN-2000 zones, from the EPSG register that PROJ ships."""
    base = sqlite3.connect(f"file:{Path(pyproj.datadir.get_data_dir()) / 'proj.db'}?mode=ro", uri=True)
    rows = base.execute(
        "select p.code, e.description from projected_crs p join usage u on u.object_table_name = 'projected_crs' and"
        " u.object_auth_name = p.auth_name and u.object_code = p.code join extent e on e.auth_name = u.extent_auth_name"
        " and e.code = u.extent_code where p.auth_name = 'EPSG' and p.name like 'VN-2000 / TM-3%'"
    ).fetchall()
    base.close()
    return rows


def test_there_are_the_34_provinces_of_the_resolution():
    """NQ 202/2025/QH15: 34 units, 6 of them cities under the central government, made of 63; Đồng Nai a city since."""
    assert len(PROVINCES) == 34
    assert len({entry.code for entry in PROVINCES}) == 34
    assert sum(len(list(parts(entry))) for entry in PROVINCES) == 63
    assert sum(entry.kind == "thành phố" for entry in PROVINCES) == 7


@pytest.mark.parametrize("entry", PROVINCES, ids=lambda entry: entry.code)
def test_each_meridian_is_that_of_the_epsg_register(entry, register):
    """The code, its meridian, scale and easting agree with PROJ; each former province is in the area of its zone."""
    found = pyproj.CRS.from_epsg(entry.epsg)
    values = {p.name: p.value for p in found.coordinate_operation.params}
    assert values["Longitude of natural origin"] == entry.central_meridian
    assert (values["Scale factor at natural origin"], values["False easting"]) == (0.9999, 500_000)
    former = dict(parts(entry))
    assert next(iter(former.values())) == entry.central_meridian
    for name, meridian in former.items():
        areas = [words for code, words in register if int(code) == ZONES[meridian]]
        assert any(plain(name) in plain(words) for words in areas), (name, meridian)
    # a proposal wherever former provinces differ; else read in the register, of one province in the circular itself
    assert entry.is_proposed == (len(set(former.values())) > 1)
    assert entry.certainty in ("V", "V2", "P")


# new province: former one whose centre it keeps; github.com/lamngockhuong/vietnam-3d-map, data/provinces-metadata.json,
# commit 45db0c60 (MIT), which has it from sapnhap.bando.com.vn
CENTRES = {
    "Tuyên Quang": "Tuyên Quang", "Lào Cai": "Yên Bái", "Thái Nguyên": "Thái Nguyên", "Phú Thọ": "Phú Thọ",
    "Bắc Ninh": "Bắc Giang", "Hải Phòng": "Hải Phòng", "Hưng Yên": "Hưng Yên", "Ninh Bình": "Ninh Bình",
    "Quảng Trị": "Quảng Bình", "Đà Nẵng": "Đà Nẵng", "Quảng Ngãi": "Quảng Ngãi", "Khánh Hoà": "Khánh Hòa",
    "Gia Lai": "Bình Định", "Đắk Lắk": "Đắk Lắk", "Lâm Đồng": "Lâm Đồng", "Tây Ninh": "Long An", "Đồng Nai": "Đồng Nai",
    "Hồ Chí Minh": "Thành phố Hồ Chí Minh", "Vĩnh Long": "Vĩnh Long", "Đồng Tháp": "Tiền Giang",
    "An Giang": "Kiên Giang", "Cần Thơ": "Cần Thơ", "Cà Mau": "Cà Mau",
}  # fmt: skip


def test_the_first_former_province_is_that_of_the_new_centre():
    merged = {entry.name: plain(next(parts(entry))[0]) for entry in PROVINCES if len(list(parts(entry))) > 1}
    assert merged == {name: plain(former) for name, former in CENTRES.items()}


def test_a_province_is_found_by_name_without_accents_and_code():
    assert {find_province(PROVINCES, w).code for w in ("Cao Bằng", "tinh cao bang", "04", "4", "TỈNH CAO BẰNG")} == {
        "04"
    }
    assert find_province(PROVINCES, "TP. Huế").code == "46"
    with pytest.raises(InputError) as caught:
        find_province(PROVINCES, "Cao Bàn")
    (problem,) = caught.value.problems
    assert (problem.key, problem.params["near"]) == ("province_unknown", "Cao Bằng")


def test_a_broken_table_is_told_row_by_row(tmp_path):
    path = tmp_path / "provinces.csv"
    path.write_text("code,name,kind,epsg,central_meridian,west,south,east,north\n04,A,tỉnh,x,1,0,0,1,1\n", "utf-8")
    with pytest.raises(InputError) as caught:
        load_provinces(path)
    assert [p.key for p in caught.value.problems] == ["province_row_invalid"]


def test_without_the_boundaries_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("SITEPLAN_CACHE_DIR", str(tmp_path / "dem"))
    with pytest.raises(InputError) as caught:
        found_workspace(tmp_path / "moi", "Cao Bằng", None)
    assert [p.key for p in caught.value.problems] == ["open_data_no_address"]
    assert not (tmp_path / "moi").exists()


@pytest.fixture(scope="module", params=["Cao Bằng", "Cà Mau"])
def founded(request, tmp_path_factory, shared_data):
    """A province in the north (105°45') and one in the south (104°30')."""
    folder = tmp_path_factory.mktemp("tinh") / "moi"
    return found_workspace(folder, request.param, str(shared_data))


def test_areas_are_measured_in_the_own_crs(founded):
    """Areas of the polygons on the ellipsoid (geographiclib through pyproj), which knows no zone at all."""
    layers = read_layers(load_catalog(founded.workspace.catalog))
    assert {p.severity for p in layers.problems} <= {"warning"}
    communes = layers.table("communes")
    assert communes.crs.to_epsg() == founded.entry.epsg != 9215
    assert len(communes) == founded.communes == {"04": 56, "96": 64}[founded.entry.code]
    degrees = crs.transform_geometries(communes.geometry.to_numpy(), founded.entry.epsg, 4326)
    ellipsoid = pyproj.Geod(a=6378137.0, rf=298.257223563)
    truth = np.array([abs(ellipsoid.geometry_area_perimeter(shape)[0]) for shape in degrees])
    # scale 0.9999 at the meridian, so 0.02 % too small there; 1.2 degrees off it, 0.02 % too large
    assert np.abs(communes.area.to_numpy() / truth - 1).max() < 5e-4
    elsewhere = crs.to_crs(communes, 5898 if founded.entry.code == "96" else 5896).area.to_numpy()
    assert np.abs(elsewhere / truth - 1).max() > 1e-3


def test_nothing_of_the_other_province_remains(founded, repo_root):
    own = tomllib.loads((repo_root / "layers" / "province.toml").read_text("utf-8"))
    for path in founded.workspace.layers.rglob("*"):
        relative = path.relative_to(founded.workspace.layers).as_posix()
        told = path.suffix in (".toml", ".csv") and not relative.startswith(("rules/", "standards/"))
        if told and relative not in ("provinces.csv", "sources_national.toml"):
            text = path.read_text("utf-8")
            if relative == "province.toml":  # may be its neighbour
                text = text.split("neighbours")[0]
            assert own["name"] not in text, relative
    assert not (founded.workspace.layers / "standards" / f"{own['norms'][0]}.csv").exists()
    with (founded.workspace.layers / "province" / "communes.csv").open(encoding="utf-8") as handle:
        assert {row["kind"] for row in csv.DictReader(handle)} == {"xã", "phường"}
    with pytest.raises(UsageError):
        found_workspace(founded.workspace.root, founded.entry.code, None)


def test_the_border_and_what_an_officer_must_fill_in(founded):
    """Cao Bằng has a border with China, Cà Mau none: there no layer of it is awaited either."""
    layers = read_layers(load_catalog(founded.workspace.catalog))
    roles = {entry.role for entry in layers.catalog.layers}
    border, facts = layers.table("border"), layers.table("commune_facts").set_index("code")
    assert layers.province.to_confirm == (("epsg",) if founded.entry.is_proposed else ())
    told = {(p.key, p.severity, p.file, p.column) for p in check_province(layers)}
    wanted = {("province_capital_missing", "warning", "province.toml", "capital")}
    if founded.entry.code == "96":
        assert not roles & {"border", "border_gates"}
        assert not facts["is_border"].astype(bool).any()
        assert told == wanted | {("province_unconfirmed", "warning", "province.toml", "epsg")}
        return
    assert told == wanted | {("border_gates_missing", "warning", "catalog.toml", "")}
    # 333.403 km: the length that the province gives for its border (recalled, not read)
    assert border.length.sum() / 1000 == pytest.approx(333.4, rel=0.01)
    outline = layers.table("communes").union_all().boundary
    assert shapely.covers(outline.buffer(0.5), border.union_all())
    communes = layers.table("communes").set_index("code").geometry
    beside = communes[communes.distance(border.union_all()) < 1].index
    assert set(facts.index[facts["is_border"].astype(bool)]) <= set(beside)
    assert len(beside) - facts["is_border"].sum() <= 2  # those that touch it in a corner


def test_the_capital_may_be_named_by_its_commune_alone(founded):
    path = founded.workspace.layers / "province.toml"
    text = path.read_text("utf-8")
    commented = [line for line in text.splitlines() if line.startswith(("# [capital]", "# commune", "# name"))]
    code = read_layers(load_catalog(founded.workspace.catalog)).table("communes")["code"].iloc[5]
    filled = "\n".join(line.removeprefix("# ") for line in commented).replace("00000", code)
    before = read_layers(load_catalog(founded.workspace.catalog)).fingerprint
    try:
        path.write_text(f"{text}\n{filled}\n", "utf-8")
        layers = read_layers(load_catalog(founded.workspace.catalog))
        assert layers.fingerprint != before  # travel times are searched anew
        commune = layers.table("communes").set_index("code").geometry.loc[code]
        assert shapely.contains_xy(commune, *capital_of(layers))
        assert not any(p.key.startswith("province_capital") for p in check_province(layers))
        path.write_text(f"{text}\n{filled.replace(code, '99999')}\n", "utf-8")
        layers = read_layers(load_catalog(founded.workspace.catalog))
        assert capital_of(layers) is None
        assert [p.value for p in check_province(layers) if p.key == "province_capital_unknown"] == ["99999"]
    finally:
        path.write_text(text, "utf-8")


def test_the_land_border_is_that_of_the_finer_boundaries(shared_data):
    """Lạng Sơn: the same 11 communes and lengths as the border cut from unsimplified boundaries by other means."""
    (entry,) = [entry for entry in PROVINCES if entry.code == "20"]
    ends = template_folder() / "layers" / ENDS_FILE
    found = border_of(shared_data / "vietnam_communes.gpkg", entry, ends)
    finer = pyogrio.read_dataframe(shared_data / "lang_son_national_border.gpkg", layer="national_border")
    lengths = found.groupby("code")["length_m"].sum() / 1000
    pd.testing.assert_series_equal(
        lengths, finer.set_index("code")["length_km"].sort_index(), rtol=0.02, check_names=False
    )
    line = crs.transform_geometries(finer.geometry.to_numpy(), 4326, entry.epsg)
    corners = shapely.points(shapely.get_coordinates(found.geometry.to_numpy()))
    assert shapely.distance(corners, shapely.union_all(line)).max() < 80  # simplified by 73 m at most


def test_a_boundary_that_holds_the_sea_is_told_and_islands_are_not(shared_data, tmp_path):
    """Trường Sa: 8.4 by 4.4 degrees, but its parts are small; a box of 300 km has a hundred million cells of 30 m."""
    made = found_workspace(tmp_path / "moi", "Khánh Hoà", str(shared_data))
    layers = read_layers(load_catalog(made.workspace.catalog))
    communes = layers.table("communes")
    islands = communes.set_index("code").geometry["22736"]
    assert np.ptp(np.array(islands.bounds).reshape(2, 2), axis=0).min() > 300_000
    assert not [p for p in check_province(layers) if p.key == "communes_spread"]
    at_sea = (communes["code"] == "22736").to_numpy()
    communes.loc[at_sea, "geometry"] = shapely.box(0, 0, 300_000, 300_000)
    (problem,) = [p for p in check_province(layers) if p.key == "communes_spread"]
    assert problem.feature == "22736 Trường Sa"
    assert problem.params["gigabytes"] == pytest.approx(1e8 * 60 / 1e9)


def test_the_need_is_computed_there(founded):
    scenario = load_scenario(founded.workspace.scenarios / "phuong_an_1.toml")
    layers = read_layers(load_catalog(founded.workspace.catalog))
    norms = load_norms(
        founded.workspace.layers / "standards", scenario.need.standard, scenario.need.supporting, scenario.date
    )
    need = compute(layers, scenario, norms).communes
    assert len(need) == founded.communes
    assert (need["required_land_area_m2"] > need["required_footprint_m2"]).all()
