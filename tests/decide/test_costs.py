"""Costs: the unit norm used once, what has no price said and not counted, totals that are the sum of their rows."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.decide.costs import described, earthworks_volume, escalation, estimate
from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, decode, has_text, value_text
from siteplan.rules import load_rules
from siteplan.scenario import CostSettings, Levels, NeedSettings, Scenario
from siteplan.tables import RESULTS, conform

RULES = load_rules(Path(__file__).resolve().parents[2] / "layers" / "rules")
PRICES = {"crop": 500_000.0, "rice": 600_000.0}


def scenario(*, floors: int = 3, levels: Levels | None = None, **costs) -> Scenario:
    return Scenario.model_construct(
        need=NeedSettings(floors=floors), costs=CostSettings(**costs), levels=levels or Levels()
    )


def commune(build_type: str = "build_new", **more) -> dict:
    row = {
        "code": "00001",
        "build_type": build_type,
        "kept_floor_area_m2": 0.0,
        "extension_floor_area_m2": 0.0,
        "new_floor_area_m2": 3000.0 if build_type == "build_new" else 0.0,
        "new_land_area_m2": 4000.0 if build_type == "build_new" else 0.0,
        "best_site_id": "00001-K-aaaaaa" if build_type == "build_new" else None,
        "renovation_floor_area_m2": 0.0,
        "rests_on": "layer:facilities",
    }
    return {**row, **more}


def sites(**more) -> gpd.GeoDataFrame:
    row = {
        "site_id": "00001-K-aaaaaa",
        "commune_code": "00001",
        "letter": "K",
        "area_m2": 4800.0,
        "slope_mean_percent": 8.0,
        "land_use_shares": "HNK 75; LUC 25",
        "rests_on": "layer:land_use",
        "geometry": shapely.box(0, 0, 80, 60),
    }
    return conform(gpd.GeoDataFrame([{**row, **more}], geometry="geometry", crs=9215), RESULTS["sites"])


def run(*communes: dict, of: Scenario | None = None, plots: gpd.GeoDataFrame | None = None):
    return estimate(pd.DataFrame(communes), sites() if plots is None else plots, RULES, of or scenario())


# QĐ 425/QĐ-BXD (30/03/2026), Bảng 25, 1,000 đồng per m² of floor: total / building / equipment
@pytest.mark.parametrize(
    ("floors", "total", "building", "equipment"),
    [(3, 10_132, 7_839, 1_287), (5, 10_132, 7_839, 1_287), (7, 10_822, 8_475, 1_493), (9, 12_686, 9_449, 1_746)],
)
def test_norm_is_split_without_adding_to_it(floors, total, building, equipment):
    found = run(commune(), of=scenario(floors=floors)).costs.set_index("component")
    parts = found.loc[["construction", "equipment", "management", "consultancy", "other"]]
    assert parts["unit_cost"].sum() == pytest.approx(0.94 * total * 1000)
    assert parts.loc["construction", "unit_cost"] == pytest.approx(0.94 * building * 1000)
    assert parts.loc["equipment", "unit_cost"] == pytest.approx(0.94 * equipment * 1000)


def test_worked_check_of_three_thousand_square_metres():
    # DOMAIN 6.3: 3,000 m² x 10.132 = 30.4 billion đồng before K_kv; with K_kv 0.94: 28.6 billion
    found = run(commune()).costs.set_index("component")
    direct = found.loc[["construction", "equipment", "management", "consultancy", "other"], "middle"].sum()
    assert round(direct / 0.94 / 1e9, 1) == 30.4
    assert round(direct / 1e9, 1) == 28.6


def test_clearance_without_a_price_is_not_zero():
    result = run(commune())
    rows = result.costs[result.costs["component"].str.startswith("land_clearance")]
    assert rows["component"].tolist() == ["land_clearance_crop", "land_clearance_rice"]
    assert rows["quantity"].tolist() == [3000, 1000]  # of the 4 000 m² that are needed, not the 4 800 of the plot
    assert rows[["low", "middle", "high"]].isna().all(axis=None)
    assert all("cost.note.no_price" in [key for key, _ in decode(words)] for words in rows["notes"])
    assert result.totals["clearance_cost_included"].tolist() == [False]


def test_clearance_with_all_prices_is_included():
    result = run(commune(), of=scenario(clearance_prices=PRICES))
    rows = result.costs.set_index("component")
    assert rows.loc["land_clearance_crop", "middle"] == 3000 * 500_000
    assert rows.loc["land_clearance_rice", "middle"] == 1000 * 600_000
    assert result.totals["clearance_cost_included"].tolist() == [True]
    without = run(commune()).totals["cost_at_price_year"].iloc[0]
    assert result.totals["cost_at_price_year"].iloc[0] - without == pytest.approx(1.1 * 2.1e9, abs=1e6)


def test_one_missing_price_makes_the_total_say_so():
    result = run(commune(), of=scenario(clearance_prices={"crop": 500_000.0}))
    rows = result.costs.set_index("component")["middle"]
    assert rows["land_clearance_crop"] == 1.5e9
    assert math.isnan(rows["land_clearance_rice"])
    assert result.totals["clearance_cost_included"].tolist() == [False]


def test_land_whose_use_is_not_known_stays_without_price():
    result = run(commune(), of=scenario(clearance_prices=PRICES), plots=sites(land_use_shares="HNK 60"))
    rows = result.costs.set_index("component")
    assert rows.loc["land_clearance_unknown", "quantity"] == 1600
    assert result.totals["clearance_cost_included"].tolist() == [False]
    bare = run(commune(), of=scenario(clearance_prices=PRICES), plots=sites(land_use_shares=None))
    assert bare.totals["clearance_cost_included"].tolist() == [False]


def test_a_new_building_on_the_own_plot_clears_nothing():
    result = run(commune(), of=scenario(), plots=sites(letter="T", land_use_shares="TSC 100"))
    rows = result.costs[result.costs["component"] == "land_clearance"]
    assert rows["middle"].tolist() == [0.0]
    assert result.totals["clearance_cost_included"].tolist() == [True]


def test_no_site_leaves_earthworks_and_clearance_open():
    result = run(commune(best_site_id=None), of=scenario(clearance_prices=PRICES))
    rows = result.costs.set_index("component")
    assert rows.loc[["earthworks", "land_clearance"], "middle"].isna().all()
    assert result.totals["clearance_cost_included"].tolist() == [False]
    assert result.totals["cost_at_price_year"].iloc[0] == pytest.approx(3000 * 10_132_000 * 0.94 * 1.1, abs=1e6)


def test_extension_needs_no_land_and_renovates_what_is_poor():
    row = commune("extend", kept_floor_area_m2=1500.0, extension_floor_area_m2=1000.0, renovation_floor_area_m2=1500.0)
    result = run(row)
    rows = result.costs.set_index("component")
    assert not [component for component in rows.index if component.startswith(("land", "earth"))]
    assert rows.loc["construction", "quantity"] == 1000
    assert rows.loc["renovation", "middle"] == pytest.approx(1500 * 0.35 * 10_132_000 * 0.94)
    assert result.totals["clearance_cost_included"].tolist() == [True]


def test_extension_on_adjoining_land_says_that_clearance_is_not_in():
    result = run(commune("extend", extension_floor_area_m2=1000.0, extension_land_area_m2=120.0))
    rows = result.costs.set_index("component")
    assert rows.loc["land_clearance", "quantity"] == 120
    assert math.isnan(rows.loc["land_clearance", "middle"])
    assert result.totals["clearance_cost_included"].tolist() == [False]


def test_renovation_without_its_own_figure_takes_the_kept_floor():
    row = commune("renovate", kept_floor_area_m2=900.0)
    del row["renovation_floor_area_m2"]
    rows = run(row).costs.set_index("component")
    assert rows.loc["renovation", "quantity"] == 900
    assert set(rows.index) == {"renovation", "contingency"}


def test_nothing_to_build_has_no_cost():
    result = run(commune("none", kept_floor_area_m2=3000.0))
    assert result.costs.empty
    names = ["cost_at_price_year", "cost_low", "cost_high", "clearance_cost_included"]
    assert result.totals[names].isna().all(axis=None)


def test_level_of_the_scenario_is_the_total():
    levels = Levels(low=0.8, middle=1.0, high=1.25)
    found = {level: run(commune(), of=scenario(levels=levels, level=level)).totals.iloc[0] for level in ("low", "high")}
    assert found["low"]["cost_at_price_year"] == found["low"]["cost_low"]
    assert found["high"]["cost_at_price_year"] == found["high"]["cost_high"]
    assert found["high"]["cost_high"] / found["low"]["cost_low"] == pytest.approx(1.25 / 0.8, rel=1e-4)


def test_escalation_is_compound_from_the_price_year():
    assert escalation(CostSettings(price_year=2025, escalation_percent=4), 2025) == 1
    assert escalation(CostSettings(price_year=2025, escalation_percent=4), 2027) == pytest.approx(1.0816)
    assert escalation(CostSettings(price_year=2025, escalation_percent=0), 2035) == 1


def test_earthworks_equal_the_volume_counted_cell_by_cell():
    side, slope, cells = 64.0, 12.0, 2000
    heights = (np.arange(cells) + 0.5) / cells * side * slope / 100
    cut = np.clip(heights - heights.mean(), 0, None).sum() * side / cells * side
    assert earthworks_volume(side**2, slope) == pytest.approx(cut, rel=1e-5)
    assert earthworks_volume(4000, 0) == 0


def test_prices_that_do_not_cover_the_floors_are_a_problem():
    with pytest.raises(InputError) as caught:
        run(commune(), of=scenario(floors=20))
    assert {p.key for p in caught.value.problems} == {"cost_rule_missing"}
    assert {p.value for p in caught.value.problems} >= {"construction", "equipment"}


def test_total_rests_on_the_assumptions_and_layers_of_its_rows():
    tokens = run(commune()).totals["rests_on"].iloc[0].split("; ")
    kinds = {token.rsplit(".", 1)[0] for token in tokens if token.startswith("assumption:costs")}
    assert kinds == {
        f"assumption:costs.{c}" for c in ("management", "consultancy", "other", "region", "earthworks", "contingency")
    }
    assert {"layer:facilities", "layer:land_use"} <= set(tokens)


def test_every_row_has_words_basis_and_certainty():
    rows = (
        commune(),
        commune("extend", code="00002", extension_floor_area_m2=10.0),
        commune(code="00003", best_site_id=None),
    )
    result = run(*rows, of=scenario(clearance_prices={"crop": 1.0}))
    for row in result.costs.to_dict("records"):
        for key, _ in decode(row["notes"]):
            assert all(has_text(key, lang) for lang in LANGUAGES), key
        assert all(value_text("component", row["component"], lang) != row["component"] for lang in LANGUAGES)
        assert row["legal_basis"]
        assert row["certainty"]
    categories = {c for c in RULES.land_use["category"] if c} | {"unknown"}
    for category in categories:
        assert has_text(f"value.land_category.{category}")
        assert has_text(f"value.component.land_clearance_{category}")


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["none", "renovate", "extend", "build_new"]),
    st.floats(1, 6000).map(lambda v: round(v, 2)),
    st.floats(0, 40).map(lambda v: round(v, 2)),
    st.booleans(),
)
def test_totals_are_the_sum_of_their_rows(build_type, floor, slope, priced):
    row = commune(build_type, new_floor_area_m2=floor, extension_floor_area_m2=floor, kept_floor_area_m2=floor)
    row["renovation_floor_area_m2"] = floor if build_type == "renovate" else 0.0
    of = scenario(clearance_prices=PRICES if priced else {})
    result = run(row, of=of, plots=sites(slope_mean_percent=slope))
    total = result.totals.iloc[0]
    if build_type == "none":
        assert np.isnan(total["cost_at_price_year"])
        return
    for column, level in (("cost_at_price_year", "middle"), ("cost_low", "low"), ("cost_high", "high")):
        assert abs(total[column] - result.costs[level].sum()) <= 500_000
    assert total["cost_low"] <= total["cost_at_price_year"] <= total["cost_high"]
    assert total["cost_at_price_year"] % 1_000_000 == 0
    priced_rows = result.costs.dropna(subset=["middle"])
    assert priced_rows["middle"].to_numpy() == pytest.approx(
        (priced_rows["quantity"] * priced_rows["unit_cost"]).to_numpy(), rel=0.02, abs=2e7
    )


def test_a_deleted_price_is_named():
    rules = replace(RULES, costs=RULES.costs[RULES.costs["component"] != "contingency"])
    with pytest.raises(InputError) as caught:
        estimate(pd.DataFrame([commune()]), sites(), rules, scenario())
    assert [p.value for p in caught.value.problems] == ["contingency"]


def test_a_published_index_stands_before_the_escalation():
    settings = CostSettings(price_year=2025, escalation_percent=4, price_index={2026: 1.03, 2027: 1.1})
    assert [round(escalation(settings, year), 6) for year in (2025, 2026, 2027, 2029)] == [1, 1.03, 1.1, 1.18976]


def test_measured_earthworks_stand_before_the_even_slope():
    rows = run(commune(), plots=sites(cut_m3=900.0, fill_m3=1500.0)).costs.set_index("component")
    assert rows.loc["earthworks", "quantity"] == 1500
    assert rows.loc["earthworks", "middle"] == 1500 * 80_000


def test_each_line_can_be_checked_by_hand():
    """Quantity as printed times unit cost, rounded to whole đồng, is the cost; contingency is of the sum before it."""
    rows = run(commune(new_floor_area_m2=3000.126), of=scenario(clearance_prices=PRICES)).costs
    own = rows[rows["component"] != "contingency"]
    assert (own["quantity"] * 100 - (own["quantity"] * 100).round()).abs().max() < 1e-6
    assert (own["quantity"] * own["unit_cost"] - own["middle"]).abs().max() <= 0.5
    last = rows.set_index("component").loc["contingency", "middle"]
    assert last == pytest.approx(0.1 * (own["quantity"] * own["unit_cost"]).sum(), abs=0.5)


def test_prices_used_are_listed_as_the_rules_hold_them():
    found = {row["component"]: row for row in described(RULES, scenario(floors=7))}
    assert found["construction"]["value"] == 8_475_000  # QĐ 425/QĐ-BXD, Bảng 25, 6 to 7 floors
    assert found["region"]["value"] == 0.94
    assert json.dumps(list(found.values()))
