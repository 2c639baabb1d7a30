"""What slopes may be said of a site: nothing by coarse terrain, and of the known part only what is known."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity

from siteplan import locale
from siteplan.locale import decode
from siteplan.outputs import plot_page
from siteplan.sites import measure, terrain
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.evidence import shift
from siteplan.sites.plot import check_plots


def of_resolution(dem, metres: float):
    return replace(dem, source_resolution_m=metres)


def cut_off(maps, x: float, **plane):
    """Terrain that ends `x` metres east of the commune's corner."""
    dem = maps.plane(**plane)
    return replace(dem, values=dem.values[:, : round((x + 600) / 30)])


@pytest.fixture
def told(inputs, maps):
    """Say of one plot what a run says, the site, its findings, and what a check of the drawn plot says."""

    def build(dem, box=(1000, 1000, 1090, 1090), **settings):
        row = {"proposal_id": "P1", "commune_code": maps.CODE, "name": "x", "geometry": maps.at(*box)}
        prepared = prepare(inputs(dem=dem, proposals=maps.layer("proposals", [row]), settings=settings))
        found = assess_commune(prepared, maps.CODE)
        site = found.sites[found.sites["letter"] == "X"].iloc[0]
        rows = found.table("conflicts")
        plots = gpd.GeoDataFrame({"name": ["x"]}, geometry=[maps.at(*box)], crs=maps.CRS)
        drawn = check_plots(prepared, plots, with_shift=False)
        return found, site, rows[rows["site_id"] == site["site_id"]], drawn

    return build


@pytest.mark.parametrize(("metres", "claimed"), [(30.0, True), (50.0, True), (50.1, False), (450.0, False)])
def test_terrain_coarser_than_50_m_says_nothing_against_a_site(told, maps, metres: float, claimed: bool) -> None:
    found, site, rows, drawn = told(of_resolution(maps.plane(east=0.4), metres))
    plot = drawn.plots.iloc[0]
    for one in (site, plot):
        assert one["eligible"] == (not claimed)
        assert one["broken_rules"] == ("slope" if claimed else None)
        assert (one["check_result"] == "blocked") == claimed
    for list_of in (rows, drawn.conflicts):
        assert ("slope" in set(list_of["zone_id"])) == claimed
    keys = {key for key, _ in decode(site["reasons"])}
    assert ("sites.reason.slope_coarse" in keys) == (not claimed)
    # the land of the commune is still taken by its slope, and that this is an estimate is said
    assert found.eligible_area_m2 == 0
    assert ("sites.none.slope_coarse" in dict(found.no_site_reasons)) == (not claimed)


def test_a_soft_rule_on_slopes_asks_nothing_by_coarse_terrain(inputs, rules, maps) -> None:
    table = rules.eligibility.copy()
    table.loc[table["rule"] == "slope", ["strength", "severity"]] = ["soft", 3.0]
    row = {"proposal_id": "P1", "commune_code": maps.CODE, "name": "x", "geometry": maps.at(1000, 1000, 1090, 1090)}
    for metres, result in ((30.0, "conditional"), (90.0, "clear_of_known_plans")):
        given = inputs(dem=of_resolution(maps.plane(east=0.4), metres), proposals=maps.layer("proposals", [row]))
        sites = assess_commune(prepare(replace(given, rules=replace(rules, eligibility=table))), maps.CODE).sites
        assert sites.loc[sites["letter"] == "X", "check_result"].tolist() == [result]


def test_coarse_terrain_that_takes_no_land_is_no_reason_for_having_no_plot(told, maps) -> None:
    settings = {"sites": {"minimum_width_m": 80.0}, "eligibility": {"minimum_area_m2": 1e7}}
    found, *_ = told(of_resolution(maps.plane(east=0.1), 450.0), **settings)
    assert found.eligible_area_m2 == 0
    assert "sites.none.slope_coarse" not in dict(found.no_site_reasons)


def test_a_shift_goes_onto_ground_of_which_only_coarse_terrain_tells(inputs, maps) -> None:
    plot = maps.at(1000, 1000, 1090, 1090)
    for metres, fits in ((30.0, False), (450.0, True)):
        prepared = prepare(inputs(dem=of_resolution(maps.plane(east=0.4), metres)))
        assert shift._Slopes(prepared)(plot) == fits


@pytest.mark.parametrize(("end", "broken"), [(630, True), (600, True), (570, False)])
def test_what_is_known_of_a_part_is_not_said_of_the_whole(told, maps, end: float, broken: bool) -> None:
    """The plot reaches from 555 to 645 m, slopes to a cell before the terrain ends: half, a sixth, nothing is known."""
    dem = cut_off(maps, end, east=0.4)
    _, site, rows, drawn = told(dem, (555, 1000, 645, 1090))
    known = (end - 30 - 555) / 90
    for one in (site, drawn.plots.iloc[0]):
        assert one["broken_rules"] == ("slope" if broken else None)
    for list_of in (rows, drawn.conflicts):
        steep = list_of[list_of["zone_id"] == "slope"]
        assert len(steep) == broken
        if broken:
            assert steep["area_m2"].iloc[0] == pytest.approx(known * 8100, abs=0.01)
            assert steep["percent_of_site"].iloc[0] == pytest.approx(100 * known, abs=1e-3)
    if broken:
        partly = dict(decode(site["reasons"]))["sites.reason.slope_partly"]["percent"]
        assert partly == pytest.approx(100 * (1 - known), abs=0.01)
        row = drawn.plots.iloc[0].to_dict()
        said = plot_page._slope(row, "vi")
        assert said[-1] == locale.text("sites.reason.slope_partly", "vi", percent=100 - row["slope_known_percent"])


def test_a_known_steep_corner_within_the_tolerance_blocks_nothing(told, maps) -> None:
    """Known on 7.5 m of 90: 8.3 % of the plot is known to be steep, the rule lets 10 % pass and asks to level it."""
    _, site, rows, _ = told(cut_off(maps, 592.5 + 7.5, east=0.4), (562.5, 1000, 652.5, 1090))
    assert site["eligible"]
    row = rows.set_index("zone_id").loc["slope"]
    assert row["effect"] == "conditional"
    assert row["percent_of_site"] == pytest.approx(100 * 7.5 / 90, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_steep_part_is_the_area_of_the_steep_cells_in_the_plot(maps, seed: int) -> None:
    """The oracle intersects the plot with every known cell above the threshold."""
    random = np.random.default_rng(seed)
    dem = maps.plane()
    heights = (dem.values + random.uniform(0, 20, dem.values.shape)).astype(np.float32)
    heights[random.random(heights.shape) < 0.02] = np.nan
    slope = replace(dem, values=terrain.slope_percent(heights, 30.0))
    corners = random.uniform(300, 2400, (30, 2))
    plots = [maps.at(*c, *(c + s)) for c, s in zip(corners, random.uniform(40, 250, (30, 2)), strict=True)]
    geometries = np.array(
        [shapely.affinity.rotate(p, a) for p, a in zip(plots, random.uniform(0, 90, 30), strict=True)]
    )
    found = measure.terrain_columns(geometries, replace(dem, values=heights), slope, 25.0)
    row, column = np.nonzero(np.isfinite(slope.values))
    west, north = slope.transform.c + 30 * column, slope.transform.f - 30 * row
    cells = shapely.box(west, north - 30, west + 30, north)
    steep = slope.values[row, column] > 25
    tree = shapely.STRtree(cells)
    for i, plot in enumerate(geometries):
        near = tree.query(plot)
        area = shapely.area(shapely.intersection(cells[near], plot))
        assert found["slope_known_percent"][i] == pytest.approx(100 * area.sum() / plot.area, abs=1e-3)
        if area.sum() > 0:
            assert found["steep_percent"][i] == pytest.approx(100 * area[steep[near]].sum() / plot.area, abs=1e-3)
    assert pd.Series(found["slope_known_percent"]).between(0, 100).all()
