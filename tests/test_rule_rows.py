"""What rule tables lack as a whole is told: rows, units, figures that cannot be, thresholds without their rule."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest

from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, problem_row
from siteplan.rule_rows import missing_rows
from siteplan.rules import load_rules
from siteplan.scenario_inputs import check_switched_off


@pytest.fixture
def folder(tmp_path, repo_root):
    return Path(shutil.copytree(repo_root / "layers" / "rules", tmp_path / "rules"))


def changed(folder, name, change):
    """Problems (key, column, value) of the rules after a change of a table; each has words in both languages."""
    path = folder / f"{name}.csv"
    change(pd.read_csv(path, dtype=str, encoding="utf-8-sig")).to_csv(path, index=False)
    try:
        load_rules(folder)
    except InputError as error:
        for problem in error.problems:
            for lang in LANGUAGES:
                assert "{" not in "".join(problem_row(problem, lang).values())
        return [(p.key, p.column, p.value) for p in error.problems]
    return []


def test_the_tables_of_the_workspace_lack_nothing(repo_root):
    assert missing_rows(load_rules(repo_root / "layers" / "rules")) == []


@pytest.mark.parametrize("name", ["eligibility", "ground", "speeds", "costs", "land_use", "surplus"])
def test_a_table_without_rows_is_refused(folder, name):
    found = changed(folder, name, lambda t: t.iloc[:0])
    assert ("rule_table_empty", "", "") in found


def test_speeds_that_are_all_0_are_refused(folder):
    assert changed(folder, "speeds", lambda t: t.assign(speed_kmh="0")) == [("rule_column_zero", "speed_kmh", "")]


def one(key, **cells):
    def change(table):
        row = table[table.columns[0]] == key
        assert row.any()
        for column, value in cells.items():
            table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("name", "key", "cells", "told"),
    [
        ("ground", "flood.freeboard", {"value": "30", "unit": "cm"}, [("rule_unit", "unit", "cm")]),
        ("ground", "flood.freeboard", {"unit": ""}, [("rule_unit", "unit", "–")]),
        ("ground", "flood.freeboard", {"unit": " M "}, []),
        ("ground", "flood.freeboard", {"value": ""}, [("rule_cell_missing", "value", "")]),
        ("ground", "clearance.cover", {"value": "800"}, [("rule_number_outside", "value", "800")]),
        ("plausible", "terrain_known.times", {"value": "0"}, [("rule_number_outside", "value", "0")]),
        ("plausible", "flood_mark.share", {"value": "800"}, [("rule_number_outside", "value", "800")]),
        ("plausible", "flood_mark.least", {"value": "0"}, [("rule_number_outside", "value", "0")]),
        ("plausible", "road.width_most", {"unit": "cm"}, [("rule_unit", "unit", "cm")]),
        ("costs", "earthworks", {"unit": "triệu đồng/m³"}, [("rule_unit", "unit", "triệu đồng/m³")]),
        ("speeds", "national", {"speed_kmh": ""}, [("rule_cell_missing", "speed_kmh", "")]),
    ],
)
def test_units_and_figures_of_rows(folder, name, key, cells, told):
    assert changed(folder, name, one(key, **cells)) == told


@pytest.mark.parametrize(
    ("name", "column", "key"),
    [
        ("ground", "key", "flood.freeboard"),
        ("plausible", "key", "road.width_most"),
        ("speeds", "road_class", "commune"),
        ("costs", "component", "earthworks"),
    ],
)
def test_rows_that_were_deleted_are_named(repo_root, name, column, key):
    rules = load_rules(repo_root / "layers" / "rules")
    table = getattr(rules, name)
    (found,) = missing_rows(dataclasses.replace(rules, **{name: table[table[column] != key]}))
    assert (found.key, found.severity, found.value, found.file) == (
        "rule_rows_missing",
        "warning",
        key,
        f"rules/{name}.csv",
    )


@pytest.mark.parametrize(
    ("role", "told"),
    [("dem", ["eligibility.slope_max_percent"]), ("sites", ["eligibility.minimum_area_m2"]), ("fuel", [])],
)
def test_a_threshold_of_the_scenario_needs_its_rule(tmp_path, repo_root, role, told):
    scenarios = Path(shutil.copytree(repo_root / "scenarios", tmp_path / "scenarios"))
    own = "[eligibility]\nminimum_area_m2 = 1500\nslope_max_percent = 20\n"
    (scenarios / "rieng.toml").write_text(f"extends = 'phuong_an_1.toml'\nname = 'rieng'\n{own}", "utf-8")
    rules = load_rules(repo_root / "layers" / "rules")
    table = rules.eligibility
    found = check_switched_off(scenarios, dataclasses.replace(rules, eligibility=table[table["role"] != role]))
    assert [(p.key, p.severity, p.column) for p in found] == [("threshold_without_rule", "error", c) for c in told]
    for problem in found:
        for lang in LANGUAGES:
            assert "{" not in "".join(problem_row(problem, lang).values())
