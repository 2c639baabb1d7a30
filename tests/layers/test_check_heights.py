"""Heights held against each other: what is in another unit or datum is told with its cause, sound data are not."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from siteplan import locale
from siteplan.rule_rows import keys_of

WEST, SOUTH = 440_000.0, 2_410_000.0
PLACE = Affine(50, 0, WEST - 4000, 0, -50, SOUTH + 24_000)
OURS = ("flood_mark", "terrain", "rule_rows")


def told(problem) -> None:
    """Each problem says what, why and what to do, in both languages."""
    for lang in locale.LANGUAGES:
        row = locale.problem_row(problem, lang)
        for part in ("what", "cause", "remedy"):
            assert row[part]
            assert not row[part].startswith("problem.")
            assert "–" not in row[part]


@pytest.fixture
def heights(ground, write_grid, rules):
    """Check flood marks of given levels, 300 m of ground below them; the ground rises by 1 m a cell to the east."""

    def make(levels=None, *, change=lambda z: z, rules=rules, known=None, transform=PLACE, step=1.0):
        z = np.broadcast_to(20 + step * np.arange(560), (560, 560)).astype(np.float32).copy()
        changed = change(z)
        write_grid(ground.folder / "dem.tif", changed, transform, 9215, None if changed.dtype == np.uint8 else -9999)
        ground.entries = {k: v for k, v in ground.entries.items() if k not in ("vet_lu", "xa_cu")}
        if levels is not None:
            points = [shapely.Point(WEST + 10_000, SOUTH + 1000 * (i + 1)) for i in range(len(levels))]
            columns = {"event": ["2008"] * len(levels), "level_m": levels}
            ground.frame("vet_lu", "flood_marks", gpd.GeoDataFrame(columns, geometry=points, crs=9215))
        if known is not None:
            points = [shapely.Point(WEST + 10_000, SOUTH + 1000 * (i + 1)) for i in range(len(known))]
            columns = {"code": [f"0{6100 + i}" for i in range(len(known))], "name": "Xã cũ", "commune_code": "06001"}
            columns |= {"elevation_m": known, "split": False, "point_checked": [True] * (len(known) - 1) + [False]}
            ground.frame("xa_cu", "former_units", gpd.GeoDataFrame(columns, geometry=points, crs=9215))
        found = {p.key: p for p in ground.check(rules) if p.key.startswith(OURS)}
        for problem in found.values():
            told(problem)
        return found

    return make


def test_flood_marks_a_little_above_the_ground_are_right(heights) -> None:
    assert heights([301.5, 310.0, 298.0, 302.0]) == {}


def test_flood_marks_without_a_level_are_not_judged(heights) -> None:
    assert heights([np.nan, np.nan, 301.0]) == {}


def test_one_flood_mark_off_the_terrain_is_told_by_name(heights) -> None:
    found = heights([301.5, 302.0, 3015.0, 303.0, 304.0])
    assert set(found) == {"flood_marks_off"}
    problem = found["flood_marks_off"]
    assert problem.severity == "excluded"
    assert problem.feature == "3 2008 (3015 m; 299..300 m)"
    assert (problem.layer, problem.column, problem.file) == ("vet_lu", "level_m", "vet_lu.gpkg")


def test_two_flood_marks_do_not_judge_the_layer(heights) -> None:
    assert heights([1.5, 1.5])["flood_marks_off"].severity == "excluded"


@pytest.mark.parametrize(
    ("levels", "key", "unit"),
    [
        ([1.5] * 4, "flood_marks_depth", None),
        ([1.5, 0.4, 301.0, 2.0, 3.1, 0.2], "flood_marks_depth", None),  # five of six
        ([30_150.0, 30_200.0, 30_010.0], "flood_marks_unit", "cm"),
        ([989.0, 990.0, 995.0], "flood_marks_unit", "ft"),
        ([270.0, 271.0, 269.0], "flood_marks_all_off", None),  # another datum
        ([91.5, 91.6, 91.7], "terrain_unit_marks", "ft"),
        ([30.1, 30.2, 30.2], "terrain_unit_marks", "dm"),
    ],
)
def test_a_layer_of_flood_marks_against_the_terrain_stops_the_run(heights, levels, key, unit) -> None:
    found = heights(levels)
    assert set(found) == {key}
    assert found[key].severity == "error"
    assert found[key].params.get("unit") == unit
    assert found[key].layer == ("dem" if key == "terrain_unit_marks" else "vet_lu")


def test_flood_marks_on_coarse_terrain_are_held_against_the_ground_of_its_cell(heights) -> None:
    # cells of 500 m that rise by 50 m each: the valley is somewhere within
    coarse = Affine(500, 0, WEST - 4000, 0, -500, SOUTH + 24_000)
    found = heights([1366.0, 1400.0, 1434.0], transform=coarse, step=50.0, change=lambda z: z[:56, :56])
    assert set(found) == {"terrain_coarse"}


def test_a_workspace_without_bounds_is_told_what_is_not_checked(heights, rules) -> None:
    older = dataclasses.replace(rules, plausible=rules.plausible.iloc[:0])
    found = heights([1.5] * 4, rules=older)
    assert set(found) == {"rule_rows_missing"}
    assert found["rule_rows_missing"].params["count"] == len(rules.plausible)


def test_every_bound_that_is_asked_for_stands_in_the_table(rules) -> None:
    assert tuple(rules.plausible["key"]) == keys_of("plausible")
    assert rules.plausible["value"].notna().all()


@pytest.mark.parametrize(("factor", "unit"), [(3.2808, "ft"), (10, "dm"), (0.001, "km"), (1.0, None)])
def test_terrain_in_another_unit_contradicts_the_known_heights(heights, factor, unit) -> None:
    found = heights(change=lambda z: z * np.float32(factor), known=[299.0, 310.0, 290.0, 300.0, 305.0, 9000.0])
    assert set(found) == ({"terrain_unit_known"} if unit else set())
    for problem in found.values():
        assert (problem.severity, problem.params["unit"], problem.layer) == ("error", unit, "dem")
        assert problem.params["times"] == pytest.approx(factor, rel=0.05)


def test_terrain_of_another_place_contradicts_the_known_heights(heights) -> None:
    found = heights(known=[60.0] * 6)
    assert set(found) == {"terrain_against_known"}
    assert found["terrain_against_known"].severity == "warning"
    assert heights(known=[60.0] * 5) == {}  # of five one is not checked: too few


def test_low_land_under_trees_is_no_other_unit(heights) -> None:
    assert heights(change=lambda z: z / 60, known=[2.0] * 6) == {}  # 5 m against 2 m


@pytest.mark.parametrize("height", [8000.0, -400.0])
def test_a_spike_and_a_pit_are_told_with_their_place(heights, height) -> None:
    def broken(z):
        z[200:202, 300] = height
        return z

    found = heights(change=broken)
    assert set(found) == {"terrain_spike"}
    problem = found["terrain_spike"]
    assert problem.severity == "warning"
    assert problem.params["count"] == 1
    # row 200 of cells of 50 m below SOUTH + 24,000
    assert problem.feature.startswith(f"06037 Văn Lãng: N {SOUTH + 13_975:.0f}, E {WEST + 11_025:.0f} (")
    assert f"({height:.0f} m; 3" in problem.feature


def test_a_steep_ridge_is_no_spike(heights) -> None:
    def ridge(z):
        z[:, 300] += 400
        return z

    assert heights(change=ridge) == {}


def test_terrain_in_decimetres_is_no_terrain_with_voids(heights, ground) -> None:
    found = heights(change=lambda z: (z * 50).astype(np.int16))
    assert set(found) == {"terrain_unit"}
    assert found["terrain_unit"].severity == "error"
    assert found["terrain_unit"].params["different"] > 300
    assert np.isfinite(ground.read().raster("dem").values).all()


def test_voids_that_were_resampled_are_still_voids(heights) -> None:
    def voids(z):
        noise = np.random.default_rng(1)
        for row, column in noise.integers(20, 540, (60, 2)):
            z[row : row + 2, column : column + 2] = 65_535 * noise.uniform(0.2, 1, (2, 2))
        return z

    assert "terrain_unit" not in (found := heights(change=voids))
    assert "terrain_impossible" in found


def test_terrain_far_off_the_known_heights_is_told_whatever_the_factor(heights) -> None:
    known = [340.0] * 6  # 40 m off ground of 300 m
    found = heights(known=known)
    assert set(found) == {"terrain_against_known"}
    assert found["terrain_against_known"].params["off_m"] == pytest.approx(40, abs=2)
    assert heights(known=[325.0] * 6) == {}


def test_a_workspace_without_the_newer_bound_keeps_the_older_check(heights, rules) -> None:
    older = rules.plausible[rules.plausible["key"] != "terrain_apart.known"]
    found = heights(known=[60.0] * 6, rules=dataclasses.replace(rules, plausible=older))
    assert set(found) == {"rule_rows_missing", "terrain_against_known"}
    assert set(heights(known=[340.0] * 6, rules=dataclasses.replace(rules, plausible=older))) == {"rule_rows_missing"}


@pytest.mark.parametrize(
    ("levels", "key", "severity", "layer"),
    [
        ([341.0, 342.0, 340.0], "terrain_against_both", "error", "dem"),
        ([341.0, 301.0, 300.0], "flood_marks_unproven", "excluded", "vet_lu"),
    ],
)
def test_where_known_heights_contradict_the_terrain_the_marks_are_not_blamed(
    heights, levels, key, severity, layer
) -> None:
    found = heights(levels, known=[340.0] * 6)
    assert set(found) == {"terrain_against_known", key}
    assert (found[key].severity, found[key].layer) == (severity, layer)
    assert heights(levels)  # without known heights it is the marks that are told
    assert not {"terrain_against_both", "flood_marks_unproven"} & set(heights(levels))


def test_terrain_of_8_bits_is_told_and_with_known_heights_against_it_refused(heights) -> None:
    def bytes_of(z):
        return np.clip(z - 110, 0, 254).astype(np.uint8)

    found = heights(change=bytes_of)
    assert (set(found), found["terrain_bytes"].severity) == ({"terrain_bytes"}, "warning")
    found = heights(change=bytes_of, known=[300.0] * 6)
    assert set(found) == {"terrain_bytes", "terrain_bytes_known"}
    assert found["terrain_bytes_known"].severity == "error"


def test_terrain_cut_off_at_the_greatest_of_8_bits_is_refused(heights) -> None:
    found = heights(change=lambda z: np.clip(z, 0, 255).astype(np.uint8))
    assert {key: problem.severity for key, problem in found.items()} == {"terrain_plateau": "error"}
    # half the cells are cut off
    assert found["terrain_plateau"].params["percent"] == pytest.approx(100 * (560 - 235) / 560, abs=0.2)
