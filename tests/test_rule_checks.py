"""Cells of rule tables that would let land through without a word are told, each with its place and what may stand."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from siteplan import rule_checks
from siteplan.cli.app import call
from siteplan.errors import InputError
from siteplan.locale import catalogue, text
from siteplan.rules import load_rules
from siteplan.scenario_inputs import check_switched_off, unknown_rules
from siteplan.sites.plans import join_zones
from siteplan.sites.rules import derive_columns
from siteplan.tables import INPUTS, empty
from siteplan.tables.inputs import OBJECT_ROLES


class Table:
    """A rule table in a copy of the workspace's folder, to be spoilt."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.csv"
        with self.path.open(encoding="utf-8-sig", newline="") as handle:
            self.rows = list(csv.DictReader(handle))

    def row(self, **cells: str) -> dict[str, str]:
        ((column, value),) = cells.items()
        return next(row for row in self.rows if row[column] == value)

    def write(self) -> None:
        with self.path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, self.rows[0].keys())
            writer.writeheader()
            writer.writerows(self.rows)


@pytest.fixture
def folder(tmp_path, repo_root):
    return Path(shutil.copytree(repo_root / "layers" / "rules", tmp_path / "rules"))


def faults(folder):
    try:
        load_rules(folder)
    except InputError as error:
        return error.problems
    return ()


def spoilt(folder, name, which, cells):
    """Problems (key, column, value) after cells of the row with that key were changed; each tells file and row."""
    table = Table(folder, name)
    column = next(iter(table.rows[0])) if name != "surplus" else "treatment"
    row = table.row(**{column: which})
    row.update(cells)
    table.write()
    found = faults(folder)
    for problem in found:
        assert Path(problem.file).name == f"{name}.csv"
        assert problem.feature == str(table.rows.index(row) + 2)
        for part in ("what", "cause", "remedy"):
            shown = {"file": problem.file, "feature": problem.feature, "column": problem.column}
            for lang in ("vi", "en"):
                words = text(f"problem.{problem.key}.{part}", lang, **shown, value=problem.value, **problem.params)
                assert "{" not in words
    return [(p.key, p.column, p.value) for p in found]


@pytest.mark.parametrize(
    ("rule", "cells", "told"),
    [
        ("water_area", {"strength": "Hard"}, ("rule_token_unknown", "strength", "Hard")),
        ("water_area", {"strength": ""}, ("rule_cell_missing", "strength", "")),
        ("water_area", {"role": "water_area"}, ("rule_token_unknown", "role", "water_area")),
        ("hazard_flood", {"column": "kindlevel"}, ("rule_token_unknown", "column", "kindlevel")),
        ("hazard_flood", {"column": ""}, ("rule_cell_missing", "column", "")),
        ("hazard_flood", {"values": "flood:hihg"}, ("rule_token_unknown", "values", "flood:hihg")),
        ("fuel", {"values": "fule"}, ("rule_token_unknown", "values", "fule")),
        ("fuel", {"rule": "cemetery"}, ("rule_twice", "rule", "cemetery")),
        ("fuel", {"source": "corridors"}, ("rule_token_unknown", "source", "corridors")),
        ("fuel", {"source": "plan"}, ("rule_token_unknown", "source", "plan")),
        ("fuel", {"treatment": "mvoe"}, ("rule_token_unknown", "treatment", "mvoe")),
        ("fuel", {"severity": "7"}, ("rule_number_outside", "severity", "7")),
        ("fuel", {"distance_m": "-50"}, ("rule_number_outside", "distance_m", "-50")),
        ("fuel", {"distance_m": "", "distance_urban_m": ""}, ("rule_cell_missing", "distance_m", "")),
        ("fuel", {"threshold": "5"}, ("rule_cell_unused", "threshold", "5")),
        ("power_35", {"values": "35"}, ("rule_range_invalid", "values", "35")),
        ("power_35", {"values": "110..35"}, ("rule_range_invalid", "values", "110..35")),
        ("slope", {"column": "slope"}, ("rule_token_unknown", "column", "slope")),
        ("slope", {"values": "x"}, ("rule_cell_unused", "values", "x")),
        ("slope", {"distance_m": "30"}, ("rule_cell_unused", "distance_m", "30")),
        ("slope", {"threshold": ""}, ("rule_cell_missing", "threshold", "")),
        ("minimum_area", {"column": "width_m"}, ("rule_token_unknown", "column", "width_m")),
        ("minimum_area", {"tolerance_percent": "10"}, ("rule_cell_unused", "tolerance_percent", "10")),
        ("outside_commune", {"column": "kind"}, ("rule_cell_unused", "column", "kind")),
        ("outside_commune", {"distance_m": "10"}, ("rule_cell_unused", "distance_m", "10")),
        ("plan_blocking", {"strength": "soft"}, ("rule_token_unknown", "strength", "soft")),
        ("land_use_rice", {"values": "C:rcie"}, ("rule_token_unknown", "values", "C:rcie")),
        ("cemetery_land", {"values": "NTDD"}, ("rule_token_unknown", "values", "NTDD")),
    ],
)  # fmt: skip
def test_a_cell_of_eligibility_that_would_let_land_through_is_told(folder, rule, cells, told):
    if told[0] == "rule_twice":  # told of the later row
        table = Table(folder, "eligibility")
        table.row(rule=rule).update(cells)
        table.write()
        (found,) = faults(folder)
        assert (found.key, found.column, found.value) == told
        assert found.params["first"] == str(table.rows.index(table.row(rule="cemetery")) + 2)
        return
    assert spoilt(folder, "eligibility", rule, cells) == [told]


@pytest.mark.parametrize(
    ("name", "row", "cells", "told"),
    [
        ("land_use", "TSC", {"suitability": "a"}, ("rule_token_unknown", "suitability", "a")),
        ("land_use", "TSC", {"category": "offices"}, ("rule_token_unknown", "category", "offices")),
        ("land_use", "TSC", {"score": "10"}, ("rule_number_outside", "score", "10")),
        ("plan_kinds", "defence", {"withheld": "everwhere"}, ("rule_token_unknown", "withheld", "everwhere")),
        ("plan_kinds", "defence", {"mandatory": "2"}, ("rule_number_outside", "mandatory", "2")),
        ("plan_compatibility", "mineral", {"effect": "block"}, ("rule_token_unknown", "effect", "block")),
        ("plan_compatibility", "mineral", {"plan_kind": "minerals"}, ("rule_token_unknown", "plan_kind", "minerals")),
        ("plan_precedence", "2", {"rule": "higher"}, ("rule_token_unknown", "rule", "higher")),
        ("speeds", "national", {"road_class": "nationl"}, ("rule_token_unknown", "road_class", "nationl")),
        ("ground", "frontage.reach", {"key": "frontage.reech"}, ("rule_token_unknown", "key", "frontage.reech")),
        ("costs", "region", {"build_type": "new"}, ("rule_token_unknown", "build_type", "new")),
        ("steps", "planning", {"build_type": "build_new; extend"}, ("rule_token_unknown", "build_type", " extend")),
        ("surplus", "liquidate_house", {"use": "rebuild"}, ("rule_token_unknown", "use", "rebuild")),
    ],
)  # fmt: skip
def test_other_tables_are_held_against_their_lists_too(folder, name, row, cells, told):
    assert spoilt(folder, name, row, cells) == [told]


def test_two_prices_of_a_component_for_one_number_of_floors_are_told(folder):
    table = Table(folder, "costs")
    table.row(component="construction")["floors_to"] = "6"
    table.write()
    (found,) = faults(folder)
    assert (found.key, found.value, found.params["first"]) == ("rule_twice", "construction", "2")


def test_all_faults_are_told_at_once_with_what_may_stand(folder):
    table = Table(folder, "eligibility")
    table.row(rule="water_area")["strength"] = "Hard"
    table.row(rule="fuel")["role"] = "service"
    table.row(rule="livestock")["certainty"] = "X"
    table.write()
    found = {p.key + p.column: p for p in faults(folder)}
    assert sorted(found) == ["certainty_unknowncertainty", "rule_token_unknownrole", "rule_token_unknownstrength"]
    assert found["rule_token_unknownstrength"].params == {"known": "hard, soft, for", "near": "hard"}
    assert found["rule_token_unknownrole"].params["near"] == "services"


def test_rules_of_another_province_on_any_layer_that_sites_are_held_against_are_taken(folder):
    table = Table(folder, "eligibility")
    base = table.row(rule="fuel")
    own = [
        {"rule": "flood_marks_near", "role": "flood_marks", "column": "level_m", "values": "2.5.."},
        {"rule": "old_houses", "role": "buildings", "column": "use", "values": "nhà cổ*"},
        {"rule": "water_works", "role": "utilities", "column": "utility_kind", "values": "water_supply|none"},
        {"rule": "bridges", "role": "roads", "column": "is_bridge", "values": "True"},
        {"rule": "defence", "role": "plan_zones", "column": "plan_kind", "values": "defence", "source": "plan"},
        {"rule": "mixed_parcels", "role": "land_use", "column": "land_use", "values": "*+NTD|NTD+*"},
        {"rule": "sector", "role": "sector_projects", "column": "status", "values": "đang*"},
        {"rule": "gentle", "role": "dem", "column": "slope_percent", "values": "", "threshold": "15",
         "distance_m": "", "distance_urban_m": "", "strength": "soft"},
    ]  # fmt: skip
    table.rows += [base | row for row in own]
    table.write()
    assert faults(folder) == ()


def test_columns_that_rules_may_name_are_those_that_the_layers_have(repo_root):
    rules = load_rules(repo_root / "layers" / "rules")
    for role in OBJECT_ROLES:
        frame = derive_columns(role, empty(INPUTS[role], 9215), rules)
        assert set(rule_checks.columns_of(role)) == set(frame.columns) - {"geometry"}
    zones = join_zones(empty(INPUTS["plan_zones"], 9215), empty(INPUTS["plans"]), rules, dt.date(2026, 1, 1))
    assert set(rule_checks.columns_of("plan_zones")) == set(zones.columns) - {"geometry"}


def test_lists_of_tokens_are_those_that_there_are_words_for():
    words = catalogue("vi")
    known = {k.removeprefix("sites.treatment.") for k in words if k.startswith("sites.treatment.")}
    assert set(rule_checks.RULE_TREATMENTS) <= known
    rest = known - set(rule_checks.RULE_TREATMENTS)
    asks_more = {t for t in rest if "{" in words[f"sites.treatment.{t}"]} | {"undecided"}
    assert rest == asks_more | {t for t in rest if t.endswith("_unnamed")}
    categories = {k.removeprefix("value.land_category.") for k in words if k.startswith("value.land_category.")}
    assert categories - {"unknown"} == set(rule_checks.LAND_CATEGORIES)
    assert {k.rsplit(".", 1)[1] for k in words if k.startswith("value.strength.")} == set(rule_checks.STRENGTHS)


def off(folder, *rules: str):
    path = folder / "rieng.toml"
    listed = ", ".join(f"'{r}'" for r in rules)
    path.write_text(
        f"extends = 'phuong_an_1.toml'\nname = 'rieng'\n[eligibility]\nswitched_off = [{listed}]\n", "utf-8"
    )
    return path


def test_rules_that_a_scenario_switches_off_must_be_there(tmp_path, repo_root):
    scenarios = Path(shutil.copytree(repo_root / "scenarios", tmp_path / "scenarios"))
    rules = load_rules(repo_root / "layers" / "rules")
    off(scenarios, "fuel", "slope")
    assert check_switched_off(scenarios, rules) == []
    path = off(scenarios, "fuel", "slopes")
    (found,) = check_switched_off(scenarios, rules)
    assert (found.key, found.severity, found.value, found.file) == (
        "switched_off_unknown",
        "error",
        "slopes",
        str(path),
    )
    assert found.params["near"] == "slope"
    settings = SimpleNamespace(
        eligibility=SimpleNamespace(switched_off=("water",), slope_max_percent=None, minimum_area_m2=None)
    )
    assert [p.value for p in unknown_rules(path, settings, rules)] == ["water"]


def test_check_and_run_tell_faults_of_rules(tmp_path, repo_root, folder, monkeypatch, capsys):
    layers = tmp_path / "layers"
    layers.mkdir()
    shutil.move(folder, layers / "rules")
    shutil.copytree(repo_root / "layers" / "standards", layers / "standards")
    for name in ("scenarios", "maps"):
        shutil.copytree(repo_root / name, tmp_path / name)
    shutil.copy(repo_root / "layers" / "province.toml", layers)
    (layers / "catalog.toml").write_text('[province]\nfile = "province.toml"\n', "utf-8")
    off(tmp_path / "scenarios", "slopes")
    monkeypatch.chdir(tmp_path)

    def told(value: str) -> None:
        for command in (["check"], ["run", "scenarios/rieng.toml"]):
            assert call(command) == 1
            shown = capsys.readouterr()
            assert f'"{value}"' in shown.out + shown.err

    told("slopes")
    table = Table(layers / "rules", "eligibility")
    table.row(rule="water_area")["strength"] = "Hard"
    table.write()
    told("Hard")
