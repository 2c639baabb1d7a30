"""Scenario files of a workspace as `check` holds them: every fault, once, in the file where it stands."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from siteplan import clock, locale
from siteplan.cli.app import call
from siteplan.errors import InputError
from siteplan.rules import load_rules
from siteplan.scenario import load_scenario
from siteplan.scenario_inputs import (
    check_figures_before_tables,
    check_grids_of,
    check_locks,
    check_scenarios,
    dates_behind,
    dates_of_documents,
    dates_of_rules,
    read_scenario,
)
from siteplan.sites.rules import read_rules


@pytest.fixture
def folder(tmp_path, repo_root):
    shutil.copytree(repo_root / "scenarios", tmp_path / "scenarios")
    return tmp_path / "scenarios"


def change(file, old, new):
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_the_scenarios_of_the_repository_have_no_problems(folder, repo_root):
    assert check_scenarios(folder, repo_root / "layers" / "standards") == []


def test_a_fault_of_the_base_is_told_once_beside_those_of_each_file(folder, repo_root):
    change(folder / "co_so.toml", "cell_m = 30", "cell_m = -3")
    change(folder / "phuong_an_1.toml", "pilot = true", "pilto = true")
    change(folder / "phuong_an_2.toml", "extends", "seed = 'x'\nextends")
    found = check_scenarios(folder, repo_root / "layers" / "standards")
    told = {(Path(p.file).name, p.column) for p in found}
    assert len(found) == 3
    assert told == {
        ("co_so.toml", "grid.cell_m"),
        ("phuong_an_1.toml", "phases[1].pilto"),
        ("phuong_an_2.toml", "seed"),
    }


def test_a_base_need_not_be_whole_but_what_it_says_is_held(folder, repo_root):
    change(folder / "phuong_an_1.toml", 'extends = "co_so.toml"', 'extends = "giua.toml"')
    (folder / "giua.toml").write_text('extends = "rieng.toml"\n', "utf-8")
    shutil.copy(folder / "co_so.toml", folder / "rieng.toml")
    change(folder / "rieng.toml", 'title = "', 'title_en = "')
    change(folder / "rieng.toml", 'title_en = "Base', "#")
    assert check_scenarios(folder, repo_root / "layers" / "standards") == []
    change(folder / "rieng.toml", "cell_m = 30", "cell_m = 'x'")
    (found,) = check_scenarios(folder, repo_root / "layers" / "standards")
    assert found.file.endswith("rieng.toml")


def test_norms_that_are_not_there_are_told(folder, repo_root):
    change(folder / "phuong_an_2.toml", "extends", "need = { standard = 'nd999' }\nextends")
    (found,) = check_scenarios(folder, repo_root / "layers" / "standards")
    assert (found.key, found.value) == ("standard_missing", "nd999")


def test_weights_by_comparison_name_the_file_of_the_comparison(folder):
    words = "[[weighting]]\nof = 'site'\nmethod = 'rank_order'\nnames = ['khong_co']\n"
    base = folder / "co_so.toml"
    base.write_text(base.read_text("utf-8") + words, "utf-8")
    with pytest.raises(InputError) as caught:
        read_scenario(folder / "phuong_an_1.toml")
    assert [(p.key, p.file) for p in caught.value.problems] == [("weighting_names", str(base))]


def test_check_lists_the_faults_of_scenarios(folder, tmp_path, repo_root, monkeypatch, capsys):
    layers = tmp_path / "layers"
    layers.mkdir()
    shutil.copytree(repo_root / "layers" / "rules", layers / "rules")
    shutil.copytree(repo_root / "layers" / "standards", layers / "standards")
    shutil.copy(repo_root / "layers" / "province.toml", layers)
    (layers / "catalog.toml").write_text('[province]\nfile = "province.toml"\n', "utf-8")
    change(folder / "co_so.toml", "cell_m = 30", "cel_m = 30")
    monkeypatch.chdir(tmp_path)
    assert call(["check"]) == 1
    told = capsys.readouterr()
    words = " ".join((told.out + told.err).split())
    assert words.count("Khóa grid.cel_m không có trong kịch bản") == 1
    assert "co_so.toml · cột grid.cel_m" in words


LOCK = "[[locks]]\ncommune = '{}'\nphase = '2026-2030'\n"


def test_locks_on_communes_that_do_not_exist_are_told_once_where_they_stand(folder):
    (phase,) = {p.name for p in read_scenario(folder / "phuong_an_1.toml").phases[:1]}
    lock = LOCK.replace("2026-2030", phase)
    for file, code in (("co_so.toml", "99999"), ("phuong_an_2.toml", "06184")):
        with (folder / file).open("a", encoding="utf-8") as out:
            out.write("\n" + lock.format(code))
    assert check_locks(folder, {"06184", "99999"}) == []
    assert check_locks(folder, set()) == []  # communes could not be read: that is told
    (found,) = check_locks(folder, {"06184"})
    assert (found.key, found.value, Path(found.file).name) == ("lock_commune_unknown", "99999", "co_so.toml")


def test_a_date_behind_what_is_used_or_long_behind_today_is_told(folder, monkeypatch):
    plan = folder / "phuong_an_1.toml"

    def told(today, **used):
        monkeypatch.setattr(clock, "today", lambda: today)
        return dates_behind([plan, folder / "phuong_an_2.toml"], used)

    date = read_scenario(plan).date
    soon, later = date + dt.timedelta(days=90), date + dt.timedelta(days=200)
    assert told(soon) == []
    assert told(soon, old=date - dt.timedelta(days=9)) == []
    assert told(soon, next_year=later) == []  # of a day that has not come
    (found,) = told(soon, roads=date + dt.timedelta(days=30), dem=date + dt.timedelta(days=60))
    assert (found.key, found.severity, Path(found.file).name) == ("date_behind", "warning", "co_so.toml")
    words = locale.text("problem.date_behind.what", **found.params)
    assert "(dem)" in words
    assert locale.dated((date + dt.timedelta(days=60)).isoformat()) in words
    (found,) = told(later)
    assert "hôm nay" in locale.text("problem.date_behind.what", **found.params)


def test_documents_of_rules_tell_their_day(repo_root):
    rules, known = load_rules(repo_root / "layers" / "rules"), dates_of_documents(repo_root / "layers" / "templates")
    found = dates_of_rules(rules, {})
    assert dt.date(2026, 3, 30) in found.values()
    # Decree 206/2026 is cited by its number alone; its day stands among the documents that papers cite
    assert known["206/2026"] == dt.date(2026, 6, 15)
    assert dates_of_rules(rules, known)["Nghị định 206/2026/NĐ-CP"] == dt.date(2026, 6, 15)


def test_nothing_of_a_run_knows_the_day(repo_root):
    allowed = {"clock.py", "scenario_inputs.py"}
    for path in (repo_root / "siteplan").rglob("*.py"):
        if "cli" not in path.parts and path.name not in allowed:
            words = path.read_text("utf-8")
            assert not re.search(r"^\s*from siteplan(\.clock)? import .*\b(clock|today)\b", words, re.MULTILINE), path
            assert "date.today(" not in words, path


def test_figures_of_a_scenario_that_stand_before_others_of_the_tables_are_told(repo_root, folder):
    rules, standards = load_rules(repo_root / "layers" / "rules"), repo_root / "layers" / "standards"
    assert check_figures_before_tables(folder, rules, standards, ()) == []
    change(folder / "co_so.toml", "# slope_max_percent = 20", "slope_max_percent = 20")
    change(folder / "co_so.toml", "reserve_percent = 20", "reserve_percent = 10")
    found = check_figures_before_tables(folder, rules, standards, ())
    assert {(Path(p.file).name, p.column, p.value, p.params["told"], p.severity) for p in found} == {
        ("co_so.toml", "eligibility.slope_max_percent", "20", "25", "warning"),
        ("co_so.toml", "sites.reserve_percent", "10", "20", "warning"),
    }
    assert len(found) == 2  # once, however many extend the file
    for lang in ("vi", "en"):
        row = locale.problem_row(found[0], lang)
        assert all(row[part] and not row[part].startswith("problem.") for part in ("what", "cause", "remedy"))


def test_a_table_changed_under_the_scenarios_of_the_repository_has_its_effect(repo_root, folder):
    rules = load_rules(repo_root / "layers" / "rules")
    table = rules.eligibility.assign(
        threshold=rules.eligibility["threshold"].where(rules.eligibility["rule"] != "slope", 15.0)
    )
    scenario = load_scenario(folder / "phuong_an_1.toml")
    used = read_rules(replace(rules, eligibility=table), scenario)
    assert next(rule.threshold for rule in used if rule.rule == "slope") == 15


@pytest.mark.parametrize(("cell_m", "told"), [(30, False), (2, False), (1.4, True), (1, True)])
def test_a_grid_of_too_many_cells_is_refused_with_the_setting(tmp_path, repo_root, cell_m, told):
    scenarios = Path(shutil.copytree(repo_root / "scenarios", tmp_path / "scenarios"))
    path = scenarios / "rieng.toml"
    path.write_text(f"extends = 'phuong_an_1.toml'\nname = 'rieng'\n[grid]\ncell_m = {cell_m}\n", "utf-8")
    communes = gpd.GeoDataFrame({"code": ["06001"]}, geometry=[shapely.box(0, 0, 20_000, 20_000)], crs=9215)
    found = check_grids_of(scenarios, communes, load_rules(repo_root / "layers" / "rules"))
    assert [(p.key, p.severity, p.column, p.file) for p in found] == [
        ("grid_cells", "error", "grid.cell_m", str(path))
    ] * told
    for problem in found:
        # with the least cell that is named the grid can be worked with
        assert (20_000 / problem.params["least_m"]) ** 2 <= 200e6
        for lang in locale.LANGUAGES:
            assert "{" not in "".join(locale.problem_row(problem, lang).values())
    assert check_grids_of(scenarios, communes.iloc[:0], load_rules(repo_root / "layers" / "rules")) == []
