"""What looser rules would open, on plates whose areas can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from siteplan.raster import Raster
from siteplan.sites.assess import assess_commune, prepare


@pytest.fixture
def options(inputs, maps):
    """Options of the one commune, by rule and value tried."""

    def build(**given):
        found = assess_commune(prepare(inputs(**given)), maps.CODE)
        return found, found.table("land_options")

    return build


def steps(maps, *slopes: float) -> Raster:
    """Terrain of broad strips of even slope, west to east, each as wide as the others."""
    cell, margin = 30.0, 600.0
    flat = maps.plane(cell=cell, margin=margin)
    columns = flat.values.shape[1]
    edges = np.linspace(margin, margin + maps.SIDE, len(slopes) + 1)
    x = np.arange(columns) * cell
    rise = np.array(slopes)[np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(slopes) - 1)] / 100
    z = np.concatenate([[0.0], np.cumsum(rise[:-1] * cell)])
    values = np.broadcast_to(z, flat.values.shape).astype(np.float32).copy()
    return Raster(values, flat.transform, float("nan"), cell)


def test_a_gentler_threshold_opens_the_strip_between_the_two(options, maps) -> None:
    # strips of 1,000 m at 12, 22 and 40 %, threshold 15: 25 % opens the second but for the cells at its two edges
    _, rows = options(dem=steps(maps, 12, 22, 40), settings={"eligibility": {"slope_max_percent": 15}})
    slope = rows[rows["rule"] == "slope"].set_index("tried")
    assert list(slope.index) == [20.0, 25.0, 30.0, 35.0]
    assert (slope["present"] == 15).all()
    assert (slope["unit"] == "%").all()
    assert slope.loc[20.0, "opened_m2"] <= 30 * maps.SIDE  # at most the column of cells that straddles the edge
    assert slope.loc[25.0, "opened_m2"] == pytest.approx(1000 * maps.SIDE, abs=2 * 30 * maps.SIDE)
    assert slope["opened_m2"].is_monotonic_increasing


def test_land_that_another_rule_takes_too_is_not_opened(options, maps) -> None:
    lake = maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(0, 0, 3000, 1500)}])
    given = {"dem": maps.plane(east=0.22), "settings": {"eligibility": {"slope_max_percent": 15}}}
    _, dry = options(**given)
    _, wet = options(**given, water_areas=lake)
    whole, half = (rows.set_index("tried").loc[25.0, "opened_m2"] for rows in (dry, wet))
    assert whole == maps.SIDE**2
    # the lake and its bank of 5 m: the row of cells above it has its centres 15 m off and stays
    assert half == maps.SIDE * 1500


def test_what_a_law_fixes_is_never_loosened(options, maps, rules) -> None:
    burial = maps.layer("services", [{"service_class": "cemetery", "geometry": maps.point(1500, 1500)}])
    _, rows = options(services=burial)
    assert "cemetery" not in set(rows["rule"])
    fixed = rules.eligibility[rules.eligibility["certainty"].isin(["V", "V2"])]
    assert fixed["discuss"].isna().all()


def test_no_land_says_which_rule_to_discuss_and_the_gain(options, maps) -> None:
    found, rows = options(dem=maps.plane(east=0.28), required=8100.0)
    assert found.eligible_area_m2 == 0
    open_it = [params for key, params in found.no_site_reasons if key == "sites.none.open_percent"]
    assert open_it[0] == {
        "rule": "slope", "present": 25.0, "tried": 30.0, "opened_m2": maps.SIDE**2, "largest_m2": maps.SIDE**2,
    }  # fmt: skip
    assert bool(rows.set_index("tried").loc[30.0, "fits"])


def test_two_rules_on_the_same_land_open_it_only_together(options, maps) -> None:
    border = maps.layer("border", [{"geometry": maps.line((-500, 1500), (3500, 1500))}])
    _, rows = options(dem=maps.plane(east=0.28), border=border)
    by_rule = rows.set_index("rule")
    assert float(by_rule.loc["border_no_build", "opened_m2"].max()) == 0  # all of it is too steep as well
    # centres within 100 m of the line lie in 6 of the 100 rows of cells
    assert by_rule.loc["slope", "opened_m2"].max() == maps.SIDE * (maps.SIDE - 6 * 30)
    assert by_rule.loc["together", "opened_m2"] == maps.SIDE**2


def test_where_nothing_helps_that_is_said(options, maps) -> None:
    lake = maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(-100, -100, 3100, 3100)}])
    border = maps.layer("border", [{"geometry": maps.line((-500, 1500), (3500, 1500))}])
    found, _ = options(dem=maps.plane(east=0.28), water_areas=lake, border=border)
    keys = [key for key, _ in found.no_site_reasons]
    assert "sites.none.open_nothing" in keys
    assert not any(key in keys for key in ("sites.none.open_percent", "sites.none.open_distance"))
