"""Columns that decide and are empty: told by layer, with the rules that then see nothing; full ones are not told."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from siteplan import locale

WEST, SOUTH = 440_000.0, 2_410_000.0
KEYS = ("column_empty", "column_empty_treated", "column_empty_figure")


@pytest.fixture
def told(ground, rules):
    """Check a layer of ten features with the columns given; what is told of its columns, in both languages."""

    def make(role, columns, rules=rules):
        kind = "point" if role in ("settlements", "flood_marks") else "line"
        shapes = [shapely.Point(WEST + 1000, SOUTH + 1000 * (i + 1)) for i in range(10)]
        if kind == "line":
            shapes = [shapely.LineString([(p.x, p.y), (p.x + 5000, p.y)]) for p in shapes]
        ground.frame("lop", role, gpd.GeoDataFrame(columns, geometry=shapes, crs=9215))
        found = {p.column: p for p in ground.check(rules) if p.key in KEYS and p.layer == "lop"}
        for problem in found.values():
            assert problem.severity == "warning"
            for lang in locale.LANGUAGES:
                row = locale.problem_row(problem, lang)
                for part in ("what", "cause", "remedy"):
                    assert "problem." not in row[part]
                    assert "{" not in row[part]
        return found

    return make


@pytest.mark.parametrize(
    ("role", "columns", "lacking"),
    [
        ("roads", {"name": ["QL.1"] * 10}, {"road_class", "is_bridge"}),
        ("roads", {"road_class": ["national"] * 2 + [None] * 8, "is_bridge": [True] + [None] * 9}, {"road_class"}),
        ("roads", {"road_class": ["national"] * 3 + [None] * 7, "is_bridge": [False] * 10}, set()),
        ("waterways", {"name": ["Suối"] * 10}, {"waterway_class", "water_function"}),
        ("waterways", {"waterway_class": ["stream"] * 10, "water_function": ["bank"] + [None] * 9}, set()),
        ("power_lines", {"name": ["ĐZ"] * 10}, {"voltage_kv"}),
        ("power_lines", {"voltage_kv": [0.0] * 10}, {"voltage_kv"}),
        ("power_lines", {"voltage_kv": [35.0] * 10}, set()),
        ("settlements", {"name": ["Bản"] * 10}, {"population"}),
        ("settlements", {"population": [-120] * 10}, {"population"}),
        ("settlements", {"population": [120] * 10}, set()),
        ("flood_marks", {"event": ["2008"] * 10}, {"level_m"}),
        ("flood_marks", {"level_m": [301.0] + [np.nan] * 9}, {"level_m"}),
    ],
)
def test_columns_that_decide_are_told_where_they_are_empty(told, role, columns, lacking) -> None:
    assert set(told(role, columns)) == lacking


def test_the_rules_that_see_nothing_are_named(told, rules) -> None:
    problem = told("roads", {"name": ["QL.1"] * 10})["road_class"]
    table = rules.eligibility.set_index("rule")["name"]
    assert problem.params["treated"] == table["road_commune"]
    assert table["road_national"] in problem.params["rules"]
    assert (problem.params["count"], problem.params["total"]) == (10, 10)


def test_what_no_rule_names_is_not_told(told, rules) -> None:
    other = rules.eligibility[rules.eligibility["role"] != "power_lines"]
    assert told("power_lines", {"name": ["ĐZ"] * 10}, dataclasses.replace(rules, eligibility=other)) == {}


def test_people_of_settlements_are_not_asked_for_where_a_grid_has_them(told, ground, write_grid) -> None:
    write_grid(
        ground.folder / "nguoi.tif", np.ones((20, 20), np.float32), Affine(1000, 0, WEST, 0, -1000, SOUTH + 20_000)
    )
    ground.put("nguoi", "population", "nguoi.tif")
    assert told("settlements", {"name": ["Bản"] * 10}) == {}
