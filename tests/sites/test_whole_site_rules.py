"""Rules on a site as a whole and on plan zones say of a plot what they say of the land under it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import shapely

from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.evidence import shift
from siteplan.sites.plot import check_plots
from siteplan.sites.rules import eligibility_of


@pytest.fixture
def with_rules(inputs, rules, maps):
    """Prepare the commune with a rule table made of that of the workspace."""

    def build(change, **parts):
        table = change(rules.eligibility.copy())
        return prepare(replace(inputs(**parts), rules=replace(rules, eligibility=table)))

    return build


def setting(of: str, **cells):
    def change(table):
        for column, value in cells.items():
            table.loc[table["rule"] == of, column] = value
        return table

    return change


def more(like: str, *, before: bool = False, **cells):
    """Put a row like that of a rule, with other cells, before or after it."""

    def change(table):
        at = int(table.index[table["rule"] == like][0]) + (0 if before else 1)
        row = table[table["rule"] == like].assign(**cells)
        return pd.concat([table.iloc[:at], row, table.iloc[at:]], ignore_index=True)

    return change


def proposal(maps, box=(1000, 1000, 1090, 1090)):
    row = {"proposal_id": "P1", "commune_code": maps.CODE, "name": "x", "geometry": maps.at(*box)}
    return maps.layer("proposals", [row])


def plot_of(prepared, maps):
    found = assess_commune(prepared, maps.CODE)
    site = found.sites[found.sites["letter"] == "X"].iloc[0]
    rows = found.table("conflicts")
    return found, site, rows[rows["site_id"] == site["site_id"]].set_index("zone_id")


def drawn(prepared, maps, box=(1000, 1000, 1090, 1090)):
    """Say what `check-site` says of the same plot."""
    import geopandas as gpd

    plots = gpd.GeoDataFrame({"name": ["x"]}, geometry=[maps.at(*box)], crs=maps.CRS)
    return check_plots(prepared, plots, with_shift=False).plots.iloc[0]


def test_a_soft_rule_on_slopes_blocks_no_plot(with_rules, maps) -> None:
    parts = {"dem": maps.plane(east=0.40), "proposals": proposal(maps)}
    _, site, _ = plot_of(with_rules(setting("slope"), **parts), maps)
    assert (site["eligible"], site["broken_rules"], site["check_result"]) == (False, "slope", "blocked")
    soft = with_rules(setting("slope", strength="soft", severity=3.0), **parts)
    found, site, rows = plot_of(soft, maps)
    assert found.eligible_area_m2 == maps.SIDE**2
    assert site["eligible"]
    assert site["broken_rules"] is None
    assert site["check_result"] == "conditional"
    assert (rows.loc["slope", "effect"], rows.loc["slope", "severity"]) == ("conditional", 3)
    assert drawn(soft, maps)["eligible"]
    mild = with_rules(setting("slope", strength="soft", severity=1.0), **parts)
    assert plot_of(mild, maps)[2].loc["slope", "effect"] == "information"


def test_soft_rules_on_size_and_boundary_block_no_plot(with_rules, maps) -> None:
    small = {"proposals": proposal(maps, (1000, 1000, 1020, 1020))}
    assert plot_of(with_rules(setting("minimum_area"), **small), maps)[1]["broken_rules"] == "minimum_area"
    assert plot_of(with_rules(setting("minimum_area", strength="soft"), **small), maps)[1]["eligible"]
    across = {"proposals": proposal(maps, (-45, 1000, 45, 1090))}
    assert plot_of(with_rules(setting("outside_commune"), **across), maps)[1]["broken_rules"] == "outside_commune"
    assert plot_of(with_rules(setting("outside_commune", strength="soft"), **across), maps)[1]["eligible"]


@pytest.mark.parametrize("before", [True, False])
def test_each_rule_on_slopes_has_its_own_threshold(with_rules, maps, before: bool) -> None:
    """Ground of 20 % is below the hard 25 %, above a soft 15 %, whichever row comes first."""
    gentle = more("slope", before=before, rule="slope_gentle", threshold=15.0, strength="soft", severity=2.0)
    prepared = with_rules(gentle, dem=maps.plane(east=0.20), proposals=proposal(maps))
    found, site, rows = plot_of(prepared, maps)
    assert found.eligible_area_m2 == maps.SIDE**2
    assert site["eligible"]
    assert rows.loc["slope_gentle", "percent_of_site"] == pytest.approx(100)
    assert "slope" not in rows.index
    assert drawn(prepared, maps)["eligible"]


def test_the_hard_rule_bars_beside_a_soft_one(with_rules, maps) -> None:
    gentle = more("slope", before=True, rule="slope_gentle", threshold=50.0, strength="soft", severity=2.0)
    prepared = with_rules(gentle, dem=maps.plane(east=0.40), proposals=proposal(maps))
    _, site, rows = plot_of(prepared, maps)
    assert site["broken_rules"] == "slope"
    assert "slope_gentle" not in rows.index
    assert drawn(prepared, maps)["broken_rules"] == "slope"
    assert not shift._Slopes(prepared)(maps.at(1000, 1000, 1090, 1090))


def test_the_scenarios_slope_is_that_of_the_hard_rules(rules, maps) -> None:
    table = more("slope", before=True, rule="slope_gentle", threshold=15.0, strength="soft")(rules.eligibility)
    scenario = maps.scenario(eligibility={"slope_max_percent": 20})
    used = eligibility_of(replace(rules, eligibility=table), scenario).set_index("rule")
    assert used.loc["slope", ["threshold", "of_scenario"]].tolist() == [20, True]
    assert used.loc["slope_gentle", ["threshold", "of_scenario"]].tolist() == [15, False]


def defence(maps, *boxes, kind: str = "defence", **more):
    """Give a plan and its zones of function CQP (blocking)."""
    plans = [{"plan_id": "Q1", "title": "Quy hoạch thử", "plan_kind": kind, "status": "approved",
              "decision_no": "5/QĐ", "decision_date": "2024-01-01", "covers": "*"} | more]  # fmt: skip
    zones = [
        {"zone_id": f"Z{n + 1}", "plan_id": "Q1", "function": "CQP", "geometry": maps.at(*box)}
        for n, box in enumerate(boxes)
    ]
    return {"plans": maps.layer("plans", plans), "plan_zones": maps.layer("plan_zones", zones)}


def test_a_distance_from_zones_counts_for_a_plot_as_for_the_land(with_rules, maps) -> None:
    """A zone 20 m east of the plot: within 100 m of it lies all of the plot but its western 10 m."""
    parts = {"proposals": proposal(maps), **defence(maps, (1110, 1000, 1200, 1090))}
    near = with_rules(setting("plan_blocking", distance_m=100.0, distance_urban_m=100.0), **parts)
    for prepared, broken in ((with_rules(setting("plan_blocking"), **parts), None), (near, "plan_blocking")):
        found, site, rows = plot_of(prepared, maps)
        assert site["broken_rules"] == broken
        assert site["eligible"] == (broken is None)
        (cells,) = found.eligible
        inside = cells.values[int((maps.SIDE - 1045) // 30), (1075 // 30)]
        assert inside == (broken is None)  # what the cell under the plot says
        assert drawn(prepared, maps)["broken_rules"] == broken
    row = rows.loc["plan_blocking:Z1"]
    assert (row["effect"], row["source"], row["plan_id"], row["decision_no"]) == ("blocking", "plan", "Q1", "5/QĐ")
    assert row["percent_of_site"] == pytest.approx(100 * 80 / 90, abs=0.1)
    assert site["check_result"] == "blocked"


def test_evidence_is_not_told_twice(with_rules, maps) -> None:
    parts = {"proposals": proposal(maps), **defence(maps, (1060, 900, 1200, 1190))}
    _, site, rows = plot_of(with_rules(setting("plan_blocking"), **parts), maps)
    assert site["broken_rules"] == "plan_blocking"
    assert [zone for zone in rows.index if "Z1" in zone] == ["Z1"]


def test_a_second_hard_rule_on_zones_bars_plots_too(with_rules, maps) -> None:
    """Residential zones are a condition of their own; the rule bars those of a plan of the economic zone."""
    zones = defence(maps, (1000, 1000, 1090, 1090), kind="economic_zone")
    zones["plan_zones"]["function"] = "DAT_O_NHOMNHAO"
    second = more("plan_blocking", rule="no_economic_zone", column="plan_kind", values="economic_zone", discuss=None)
    for change, broken in ((setting("plan_blocking"), None), (second, "no_economic_zone")):
        prepared = with_rules(change, proposals=proposal(maps), **zones)
        found, site, rows = plot_of(prepared, maps)
        assert site["broken_rules"] == broken
        assert drawn(prepared, maps)["broken_rules"] == broken
    assert found.eligible_area_m2 == maps.SIDE**2 - 90**2
    assert rows.loc["no_economic_zone:Z1", "effect"] == "blocking"
    assert rows.loc["Z1", "effect"] == "conditional"  # what the plan itself says stays


def test_two_hard_rules_on_one_zone_are_both_broken(with_rules, maps) -> None:
    second = more("plan_blocking", rule="no_defence", column="plan_kind", values="defence", discuss=None)
    prepared = with_rules(second, proposals=proposal(maps), **defence(maps, (1000, 1000, 1090, 1090)))
    assert plot_of(prepared, maps)[1]["broken_rules"] == "plan_blocking; no_defence"


def test_an_overlap_within_the_accuracy_of_the_plan_breaks_no_rule_without_distance(with_rules, maps) -> None:
    parts = {"proposals": proposal(maps), **defence(maps, (1085, 900, 1200, 1190), accuracy_m=10.0)}
    second = more("plan_blocking", rule="no_defence", column="plan_kind", values="defence", discuss=None)
    _, site, rows = plot_of(with_rules(second, **parts), maps)
    assert site["eligible"]
    assert rows.loc["Z1", "within_accuracy"]


def test_an_overlap_with_a_jagged_edge_is_as_wide_for_the_rule_as_for_the_evidence(with_rules, maps) -> None:
    """A core of 30 m and ten strips of 1 m: wider than the plan is accurate, though long-edged for its area."""
    parts = {"proposals": proposal(maps), **defence(maps, (1000, 1000, 1030, 1030), accuracy_m=10.0)}
    strips = [maps.at(1030, 1000 + 3 * n, 1080, 1001 + 3 * n) for n in range(10)]
    parts["plan_zones"].geometry = [shapely.union_all([parts["plan_zones"].geometry.iloc[0], *strips])]
    _, site, rows = plot_of(with_rules(setting("plan_blocking"), **parts), maps)
    assert rows.loc["Z1", "effect"] == "blocking"
    assert site["broken_rules"] == "plan_blocking"


def test_a_shift_keeps_the_distance_from_zones(with_rules, maps) -> None:
    """The plot stands 20 m from the zone; 25 m are asked for, so it goes 5 m to the west."""
    parts = defence(maps, (1110, 0, 1200, 3000))
    prepared = with_rules(setting("plan_blocking", distance_m=25.0, distance_urban_m=25.0), **parts)
    import geopandas as gpd

    plots = gpd.GeoDataFrame({"name": ["x"]}, geometry=[maps.at(1000, 1000, 1090, 1090)], crs=maps.CRS)
    rows = check_plots(prepared, plots, with_shift=True).conflicts.set_index("zone_id")
    assert rows.loc["plan_blocking:Z1", ["shift_m", "shift_direction"]].tolist() == [5, "w"]
