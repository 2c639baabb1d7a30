"""Several provinces in one command: sums by province, a map, and a province that fails does not stop the others."""

from __future__ import annotations

import openpyxl
import pyogrio
import pytest

from siteplan.cli.app import call
from siteplan.cli.national import workspaces_of
from siteplan.errors import InputError
from siteplan.runs import Run


def write(folder, text):
    path = folder / "national.toml"
    path.write_text(text, "utf-8")
    return path


def test_another_catalog_is_no_national_one(repo_root):
    assert workspaces_of(None) is None
    assert workspaces_of(repo_root / "layers" / "catalog.toml") is None


@pytest.mark.parametrize("text", ["[national]\n", "[national]\nworkspaces = []\n", "national = 3\n"])
def test_a_list_that_is_none_is_told(tmp_path, text):
    with pytest.raises(InputError) as caught:
        workspaces_of(write(tmp_path, text))
    assert [p.key for p in caught.value.problems] == ["national_invalid"]


def test_folders_that_are_no_workspaces_are_all_told(tmp_path):
    with pytest.raises(InputError) as caught:
        workspaces_of(write(tmp_path, '[national]\nworkspaces = ["a", "b"]\n'))
    assert [p.key for p in caught.value.problems] == ["workspace_missing"] * 2


@pytest.mark.require("data")
@pytest.mark.timeout(900)
def test_sums_are_those_of_the_runs_and_a_broken_province_is_told(small_province, tmp_path, capsys):
    broken = tmp_path / "hong"
    (broken / "layers").mkdir(parents=True)
    (broken / "layers" / "catalog.toml").write_text("[layers]\n", "utf-8")
    path = write(tmp_path, '[national]\nworkspaces = ["hong", "tinh"]\n')
    assert call(["run", "phuong_an_1.toml", "--catalog", str(path), "--quiet", "--jobs", "2"]) == 1
    told = capsys.readouterr()
    assert "hong" in told.err.replace("\n", "")
    run = Run(small_province.runs / "phuong_an_1")
    sheet = openpyxl.load_workbook(tmp_path / "national" / "phuong_an_1.xlsx").worksheets
    values = {cell.value for page in sheet for row in page.iter_rows() for cell in row}
    assert {"Cao Bằng", str(run.epsg), len(run.communes)} <= values
    land = run.communes["required_land_area_m2"].sum()
    assert any(isinstance(v, (int, float)) and abs(v - land) < 1 for v in values)
    communes = pyogrio.read_dataframe(tmp_path / "national" / "phuong_an_1.gpkg")
    assert communes.crs.to_epsg() == 4326
    assert set(communes["code"]) == set(run.communes["code"])
    assert (tmp_path / "national" / "phuong_an_1.png").stat().st_size > 5_000
