from __future__ import annotations

import shutil
import tomllib

import geopandas as gpd
import pytest
import shapely

from siteplan.cli.app import call
from siteplan.crs import Province
from siteplan.errors import InputError, UsageError
from siteplan.layers import columns
from siteplan.layers.add import append_entry, inspect, name_from
from siteplan.layers.catalog import LayerEntry, load_catalog
from siteplan.layers.template import catalog_template, scenario_template
from siteplan.layers.usual_names import _ANYWHERE, _OF_ROLE, usual_names
from siteplan.scenario import load_scenario
from siteplan.tables import INPUTS

WEST, SOUTH = 440_000.0, 2_410_000.0


@pytest.fixture
def province(repo_root):
    return Province.load(repo_root / "layers" / "province.toml")


@pytest.fixture
def facilities(ground):
    """A shapefile as offices send it: ten-letter names, words for classes, no .prj."""
    frame = gpd.GeoDataFrame(
        {"MA_CS": ["A", "B"], "MA_XA": ["06001", "06004"], "TEN": ["Trụ sở cũ", "Nhà văn hóa"],
         "CHAT_LUONG": ["tốt", "còn dùng được"], "DT_DAT": [1200.5, 900.0], "NGUOI_NHAP": ["x", "y"]},
        geometry=[shapely.Point(WEST + 100, SOUTH + 100), shapely.Point(WEST + 12_000, SOUTH + 100)], crs=9215,
    )  # fmt: skip
    path = ground.folder / "Cơ sở nhà đất.shp"
    frame.to_file(path, encoding="utf-8")
    path.with_suffix(".prj").unlink()
    return path


def test_proposal_has_crs_columns_and_values(facilities, ground, province):
    proposal = inspect(facilities, "facilities", province, folder=ground.folder)
    assert proposal.name == "co_so_nha_dat"
    assert proposal.entry["crs"] == 9215
    assert proposal.entry["path"] == "Cơ sở nhà đất.shp"
    fields = proposal.entry["fields"]
    assert fields["facility_id"] == "MA_CS"
    assert fields["commune_code"] == "MA_XA"
    assert fields["land_area_m2"] == "DT_DAT"
    # "còn dùng được" may be good or fair: an officer says which, nothing is guessed
    assert "values" not in proposal.entry
    assert any("còn dùng được" in remark and "fair" in remark for remark in proposal.remarks)
    assert any("NGUOI_NHAP" in remark for remark in proposal.remarks)
    assert [p.key for p in proposal.problems] == ["layer_crs_missing_guess"]
    LayerEntry.model_validate({"name": "x", **tomllib.loads(proposal.toml())["layers"][proposal.name]})


def _table(folder, name, columns, **words):
    path = folder / f"{name}.gpkg"
    frame = gpd.GeoDataFrame(words, geometry=[shapely.box(WEST, SOUTH, WEST + 50, SOUTH + 50)] * columns, crs=9215)
    frame.to_file(path)
    return path


@pytest.mark.parametrize("name", ["MUC_DO", "MUCDO", "CAP_DO", "MUC", "Mức độ", "muc_do", "CapDoRuiRo", "PHAN_CAP"])
def test_the_level_of_hazards_is_proposed_by_its_usual_names(name, ground, province):
    words = {"LOAI": ["sạt lở đất"] * 3, name: ["rất cao", "cao", "nguy cơ rất cao"], "NGAY": ["x"] * 3}
    proposal = inspect(_table(ground.folder, "thien_tai", 3, **words), "hazards", province)
    assert proposal.entry["fields"] == {"hazard_kind": "LOAI", "level": name}
    assert proposal.entry["values"] == {"level": {"nguy cơ rất cao": "very_high"}}


@pytest.mark.parametrize("word", ["không có nguy cơ cao", "chưa rõ nguy cơ cao hay thấp", "xyz"])
def test_what_a_word_denies_or_leaves_open_is_not_proposed(word, ground, province):
    words = {"LOAI": ["sạt lở đất"] * 2, "MUC_DO": ["cao", word]}
    proposal = inspect(_table(ground.folder, "thien_tai", 2, **words), "hazards", province)
    assert "values" not in proposal.entry
    assert any(word in remark for remark in proposal.remarks)


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("land_use", {"land_use": "KH_LOAIDAT"}),
        ("land_use", {"land_use": "MDSDD"}),
        ("roads", {"road_class": "LOAI_DUONG", "name": "TEN_DUONG", "width_m": "DO_RONG"}),
        ("power_lines", {"voltage_kv": "CAP_DA"}),
        ("flood_marks", {"event": "DOT_LU", "level_m": "CAO_DO"}),
        ("sector_projects", {"project_id": "MA_DUAN", "name": "TEN_DUAN", "owner": "CHU_DAUTU"}),
        ("plan_zones", {"zone_id": "SO_HIEU", "plan_id": "MA_DOAN", "function": "LOAIDAT_QH"}),
        ("communes", {"code": "MA_DVHC", "name": "TEN_XA"}),
        ("facilities", {"facility_id": "MA_COSO", "commune_code": "MA_DVHC", "land_area_m2": "DIEN_TICH"}),
        ("urban_areas", {"name": "TEN_DOTHI", "class_now": "LOAI_DOTHI"}),
    ],
)
def test_usual_names_of_other_roles_are_proposed(role, fields, ground, province):
    words = {name: ["1"] for name in fields.values()}
    found = inspect(_table(ground.folder, "lop", 1, **words, KHAC=["1"]), role, province).entry["fields"]
    assert found == fields


def test_a_usual_name_means_one_column_and_is_no_sure_name_of_another():
    for role, table in INPUTS.items():
        sure = {name: c.name for c in table.columns for name in columns._names_of(c)}
        known: dict[str, str] = {}
        for column in table.columns:
            for name in usual_names(role, column.name):
                assert name == columns.plain_name(name), (role, name)
                assert known.setdefault(name, column.name) == column.name, (role, name)
                assert sure.get(name, column.name) == column.name, (role, name)
    named = {(role, c) for role, of_role in _OF_ROLE.items() for c in of_role}
    assert not {(role, c) for role, c in named if role not in INPUTS or c not in INPUTS[role].names}
    assert not set(_ANYWHERE) - {c for table in INPUTS.values() for c in table.names}


def test_reading_does_not_take_usual_names_unasked():
    assert "level" not in columns.match(INPUTS["hazards"], ["LOAI", "MUC_DO"])


def test_mandatory_and_restricted_are_those_of_the_present_entries(ground, province):
    path = _table(ground.folder, "bien", 1, TEN=["x"])

    def flags(*present):
        entries = [
            LayerEntry(name=f"l{i}", role="hazards", path="a", mandatory=m, restricted=r)
            for i, (m, r) in enumerate(present)
        ]
        entry = inspect(path, "hazards", province, present=entries).entry
        return entry["mandatory"], entry["restricted"]

    assert flags() == (False, False)
    assert flags((True, False)) == (True, False)
    assert flags((False, True)) == (False, True)
    assert flags((True, False), (False, True)) == (True, False)  # one of two is restricted: told nothing of a third


def test_the_command_says_what_it_took_over_and_what_stays(ground, repo_root, tmp_path, monkeypatch, capsys):
    (tmp_path / "w" / "layers").mkdir(parents=True)
    shutil.copy(repo_root / "layers" / "province.toml", tmp_path / "w" / "layers")
    monkeypatch.chdir(tmp_path / "w")
    path = _table(ground.folder, "ngap", 1, LOAI=["ngập lụt"], MUC_DO=["cao"])
    ground.put("hazards", "hazards", "cu.gpkg", title="Đất thường ngập", mandatory=True, restricted=True)
    catalog = ground.write()
    assert call(["layers", "add", str(path), "--role", "hazards", "--catalog", str(catalog)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "vai trò (hazards): mandatory = true, restricted = true" in told
    assert "Danh mục vẫn còn mục cùng vai trò: hazards – Đất thường ngập (cu.gpkg). Chỉ xóa mục" in told
    entry = load_catalog(catalog).entry("ngap")
    assert (entry.mandatory, entry.restricted, entry.fields["level"]) == (True, True, "MUC_DO")


def test_entry_is_appended_and_comments_stay(facilities, ground, province):
    path = ground.write()
    path.write_text("# ghi chú đầu tệp\n" + path.read_text("utf-8") + "# ghi chú cuối\n", "utf-8")
    before = path.read_text("utf-8")
    append_entry(path, inspect(facilities, "facilities", province, folder=ground.folder))
    after = path.read_text("utf-8")
    assert after.startswith(before.rstrip("\n"))
    catalog = load_catalog(path)
    assert catalog.problems == ()
    assert [entry.name for entry in catalog.layers] == ["communes", "roads", "dem", "co_so_nha_dat"]
    ground.entries = {}
    from siteplan.layers.read import read_layers

    layers = read_layers(catalog)
    assert not [p for p in layers.problems if p.severity == "error"]
    assert len(layers.table("facilities")) == 2
    with pytest.raises(InputError) as caught:
        append_entry(path, inspect(facilities, "facilities", province, folder=ground.folder))
    assert caught.value.problems[0].key == "layer_name_taken"
    assert path.read_text("utf-8") == after


def test_table_with_north_before_east_is_proposed_the_right_way_round(ground, province):
    (ground.folder / "diem.csv").write_text(f"MA_CS,MA_XA,X,Y\nA,06001,{SOUTH + 100},{WEST + 100}\n", "utf-8")
    proposal = inspect(ground.folder / "diem.csv", "facilities", province, folder=ground.folder)
    assert (proposal.entry["xy"], proposal.entry["crs"]) == (["Y", "X"], 9215)


def test_layers_with_a_crs_and_known_names_need_no_mapping(ground, province):
    proposal = inspect(ground.folder / "communes.gpkg", "communes", province, folder=ground.folder, name="xa")
    assert proposal.name == "xa"
    assert "crs" not in proposal.entry
    assert "fields" not in proposal.entry
    assert proposal.problems == ()


def test_a_crs_that_the_file_states_wrongly_is_told_as_a_check_tells_it(ground, province):
    table = gpd.read_file(_table(ground.folder, "dung", 1, MUC_DO=["cao"], LOAI=["ngập lụt"]))
    table.set_crs(32648, allow_override=True).to_file(ground.folder / "sai_he.gpkg")
    proposal = inspect(ground.folder / "sai_he.gpkg", "hazards", province, folder=ground.folder)
    assert proposal.entry["crs"] == 9215
    (told,) = proposal.problems
    assert (told.key, told.severity) == ("layer_crs_contradicted", "warning")
    path = ground.write()
    append_entry(path, proposal)
    from siteplan.layers.read import read_layers

    layers = read_layers(load_catalog(path))
    assert [(p.key, p.severity) for p in layers.problems] == [("layer_crs_contradicted", "warning")]
    assert layers.table("hazards").total_bounds.tolist() == [WEST, SOUTH, WEST + 50, SOUTH + 50]


def test_role_and_file_must_exist(ground, province):
    with pytest.raises(UsageError) as caught:
        inspect(ground.folder / "communes.gpkg", "commune", province)
    assert caught.value.problems[0].params["near"] == "communes"
    with pytest.raises(InputError):
        inspect(ground.folder / "khong_co.shp", "communes", province)


def test_names(tmp_path):
    assert name_from(tmp_path / "Hiện trạng SDĐ 2025 (bản cuối).shp", "land_use") == "hien_trang_sdd_2025_ban_cuoi"
    assert name_from(tmp_path / "规划.shp", "plans") == "plans"


def _uncommented(text: str) -> str:
    """The template with every sample switched on."""
    lines = []
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        is_sample = (
            " = " in bare and not bare.startswith((" ", "#")) and bare.split(" = ")[0].replace("_", "").isalnum()
        )
        lines.append(bare if is_sample or bare.startswith("[") else line)
    return "\n".join(lines)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_catalog_template_is_a_catalog(lang, tmp_path, repo_root):
    (tmp_path / "province.toml").write_bytes((repo_root / "layers" / "province.toml").read_bytes())
    path = tmp_path / "catalog.toml"
    path.write_text(catalog_template(lang), "utf-8")
    catalog = load_catalog(path)
    assert catalog.problems == ()
    assert [entry.role for entry in catalog.layers] == ["communes"]
    text = catalog_template(lang)
    for role in ("land_use", "plan_zones", "dem", "population"):
        assert f"# {role}: " in text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_scenario_template_is_a_scenario_with_and_without_its_samples(lang, tmp_path, repo_root):
    (tmp_path / "co_so.toml").write_bytes((repo_root / "scenarios" / "co_so.toml").read_bytes())
    path = tmp_path / "moi.toml"
    path.write_text(scenario_template(lang), "utf-8")
    assert load_scenario(path).name == "phuong_an_moi"
    path.write_text(_uncommented(scenario_template(lang)), "utf-8")
    assert load_scenario(path).need.scope == "A"
