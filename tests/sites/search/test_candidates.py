"""Sizes and scope of the plots that are searched for in a commune."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from siteplan.locale import decode
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.grid import Grid
from siteplan.sites.search.candidates import _along


@pytest.fixture
def assess(inputs, maps):
    def run(bare: float | None = None, **parts):
        given = inputs(**parts)
        if bare is not None:
            given = replace(given, required=given.required.assign(land_without_reserve_m2=bare))
        return assess_commune(prepare(given), maps.CODE)

    return run


def test_some_plots_are_of_the_need_without_its_reserve(assess) -> None:
    sites = assess(bare=6750.0, required=8100.0).sites
    sizes = sites.groupby("plot_size")["area_m2"]
    assert sizes.count().to_dict() == {"with_reserve": 8, "without_reserve": 2}
    assert sizes.get_group("with_reserve").to_numpy() == pytest.approx(8100, rel=0.01)
    assert sizes.get_group("without_reserve").to_numpy() == pytest.approx(6750, rel=0.01)
    shapes = sites.geometry.to_numpy()
    apart = shapely.distance(shapes[:, None], shapes)
    assert apart[~np.eye(len(shapes), dtype=bool)].min() >= 300
    small = sites[sites["plot_size"] == "without_reserve"]
    assert small["can_extend"].all()
    keys = {key for key, _ in decode(small["reasons"].iloc[0])}
    assert "sites.reason.enough_without_reserve" in keys
    assert "sites.reason.too_small" not in keys


@pytest.mark.parametrize(("per_commune", "without_reserve", "whole"), [(1, 2, 1), (2, 2, 1), (3, 20, 1), (4, 1, 3)])
def test_at_least_one_plot_has_the_reserve(assess, per_commune, without_reserve, whole) -> None:
    settings = {"sites": {"per_commune": per_commune, "without_reserve": without_reserve}}
    sizes = list(assess(bare=6750.0, required=8100.0, settings=settings).sites["plot_size"])
    assert sizes == ["with_reserve"] * whole + ["without_reserve"] * (per_commune - whole)


@pytest.mark.parametrize(("width_m", "found"), [(90.0, True), (91.0, False)])
def test_no_plot_is_narrower_than_asked(assess, width_m, found) -> None:
    made = assess(required=8100.0, settings={"sites": {"minimum_width_m": width_m}})
    assert (len(made.sites) > 0) == found
    assert [key for key, _ in made.no_site_reasons] == ([] if found else ["sites.none.too_narrow"])
    for plot in made.sites.geometry:
        assert not shapely.buffer(plot, -width_m / 2 * 0.999).is_empty


def test_where_the_reserve_has_no_room_plots_of_the_need_are_found(assess, maps) -> None:
    # all but one square of 90 m is water: 8,100 m² hold the need of 7,000, not the 8,400 with its reserve
    hole = maps.at(0, 0, 3000, 3000).difference(maps.at(1500, 1500, 1590, 1590).buffer(5, join_style="mitre"))
    water = maps.layer("water_areas", [{"water_class": "lake", "geometry": hole}])
    sites = assess(bare=7000.0, required=8400.0, water_areas=water).sites
    assert list(sites["plot_size"]) == ["without_reserve"]
    assert maps.at(1500, 1500, 1590, 1590).buffer(1e-3).covers(sites.geometry.iloc[0])


def test_without_reserve_zero_searches_one_size(assess) -> None:
    sites = assess(bare=6750.0, required=8100.0, settings={"sites": {"without_reserve": 0}}).sites
    assert set(sites["plot_size"]) == {"with_reserve"}
    assert len(sites) == 10


@pytest.mark.parametrize("scope", ["A", "B", "C"])
def test_one_plot_holds_what_the_scope_asks(assess, scope) -> None:
    sites = assess(settings={"need": {"scope": scope}}).sites
    keys = [key for key, _ in decode(sites["reasons"].iloc[0])]
    assert f"sites.reason.scope_{scope.lower()}" in keys


def test_plots_found_front_the_road_of_the_commune(assess, maps) -> None:
    line = maps.line((-500, 1200), (1500, 1800), (3500, 1700))
    sites = assess(roads=maps.layer("roads", [{"road_class": "commune", "geometry": line}]),
                   settings={"sites": {"per_commune": 5}}).sites  # fmt: skip
    assert len(sites) == 5
    assert (sites["frontage_m"] >= 20).all()
    assert (sites.distance(line) >= 3.25 + 4 - 1e-3).all()
    assert sites["broken_rules"].isna().all()


def test_the_direction_along_a_plane(maps) -> None:
    # rises to the east: its contours run north
    grid = Grid(maps.X0, maps.Y0 + 900, 30, 30, 30.0)
    along = _along(maps.plane(east=0.1), grid, 8100.0)
    assert along is not None
    assert along[5:-5, 5:-5] == pytest.approx(np.pi / 2)
    assert np.isnan(_along(maps.plane(east=0.001), grid, 8100.0)).all()
    assert _along(None, grid, 8100.0) is None


def test_one_unknown_cell_takes_the_direction_of_its_neighbours_alone(maps) -> None:
    grid = Grid.around(tuple(shapely.bounds(maps.commune())), 30.0)
    dem = maps.plane(east=0.1)
    values = dem.values.copy()
    row, column = 70, 65  # 50 and 45 of the grid
    values[row, column] = np.nan
    whole, holed = _along(dem, grid, 8100.0), _along(replace(dem, values=values), grid, 8100.0)
    unknown = np.argwhere(np.isnan(holed) & ~np.isnan(whole))
    assert len(unknown) > 0
    assert np.abs(unknown - (row - 20, column - 20)).max() <= 2  # of three cells, and the difference of neighbours
    known = ~np.isnan(holed)
    assert holed[known] == pytest.approx(whole[known])
