from __future__ import annotations

import tomllib

import geopandas as gpd
import pytest
import shapely

from siteplan.crs import Province
from siteplan.errors import InputError, UsageError
from siteplan.layers.add import append_entry, inspect, name_from
from siteplan.layers.catalog import LayerEntry, load_catalog
from siteplan.layers.template import catalog_template, scenario_template
from siteplan.scenario import load_scenario

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
    assert list(proposal.entry["values"]["condition"]) == ["còn dùng được"]
    assert any("NGUOI_NHAP" in remark for remark in proposal.remarks)
    assert [p.key for p in proposal.problems] == ["layer_crs_missing_guess"]
    LayerEntry.model_validate({"name": "x", **tomllib.loads(proposal.toml())["layers"][proposal.name]})


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
