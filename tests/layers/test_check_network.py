"""Widths of roads and voltages in another unit are told; sound ones and missing ones are not."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siteplan import locale

WEST, SOUTH = 440_000.0, 2_410_000.0


@pytest.fixture
def lines(ground, rules):
    """Check lines of a role with given values of a column."""

    def make(role, column, values, **more):
        rows = [shapely.LineString([(WEST, SOUTH + 100 * i), (WEST + 20_000, SOUTH + 100 * i)]) for i in range(1, 99)]
        frame = gpd.GeoDataFrame({column: values, **more}, geometry=rows[: len(values)], crs=9215)
        ground.frame("roads" if role == "roads" else "duong_day", role, frame, f"moi_{role}.gpkg", required=False)
        found = {p.key: p for p in ground.check(rules) if p.key.startswith(("road_", "voltage"))}
        for problem in found.values():
            assert problem.severity == "warning"
            assert problem.column == column
            for lang in locale.LANGUAGES:
                row = locale.problem_row(problem, lang)
                assert all(row[part] and not row[part].startswith("problem.") for part in ("what", "cause", "remedy"))
        return found

    return make


def test_roads_in_centimetres_are_told(lines) -> None:
    found = lines("roads", "width_m", [350.0, 700.0, 350.0, np.nan], road_class="local")
    assert set(found) == {"road_width_most"}
    problem = found["road_width_most"]
    assert problem.feature == "2 (700), 1 (350), 3 (350)"
    assert problem.params == {"count": 3, "total": 3, "limit": 100.0}
    assert problem.file == "moi_roads.gpkg"


def test_a_width_of_nought_is_told(lines) -> None:
    found = lines("roads", "width_m", [np.nan, 0.0, 3.5], road_class="local")
    assert set(found) == {"road_width_least"}
    assert found["road_width_least"].feature == "2 (0)"


def test_sound_and_missing_widths_pass(lines) -> None:
    assert lines("roads", "width_m", [1.0, 3.5, 80.0, np.nan], road_class="local") == {}


def test_voltages_in_volts_are_told(lines) -> None:
    found = lines("power_lines", "voltage_kv", [220_000.0, 35_000.0, 110.0])
    assert set(found) == {"voltage_most"}
    problem = found["voltage_most"]
    assert problem.feature == "1 (220000), 2 (35000)"
    assert problem.params == {"count": 2, "total": 3, "limit": 500.0}


def test_a_negative_voltage_is_told(lines) -> None:
    assert set(lines("power_lines", "voltage_kv", [-1.0, 35.0])) == {"voltage_least"}


def test_sound_and_missing_voltages_pass(lines) -> None:
    assert lines("power_lines", "voltage_kv", [0.4, 22.0, 500.0, np.nan]) == {}
