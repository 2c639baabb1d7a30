"""Plots on land that is hardly wider than they are, wherever it lies on the cells and however it is turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely.affinity import rotate, translate

from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.grid import Grid
from siteplan.sites.search.find import Guides, Request, find_plots

WIDTH_M = 30.0


@pytest.fixture
def in_commune(inputs, maps):
    """Search a commune of some shape for three plots."""

    def run(shape, area_m2: float, **tables):
        settings = {
            "sites": {"per_commune": 3, "spacing_m": 50.0, "minimum_width_m": WIDTH_M},
            "eligibility": {"minimum_area_m2": 500.0},
        }
        given = inputs(required=area_m2, settings=settings, **tables)
        communes = given.communes.copy()
        communes["geometry"] = [shape]
        return assess_commune(prepare(replace(given, communes=communes)), maps.CODE).sites

    return run


def strip(maps, wide_m: float, turn: float, east: float, north: float):
    """Strip of 1,400 m around the middle of the map."""
    return translate(rotate(maps.at(800, 1500 - wide_m / 2, 2200, 1500 + wide_m / 2), turn), east, north)


@pytest.mark.parametrize(("wide_m", "area_m2"), [(40.0, 900.0), (40.0, 1200.0), (50.0, 2500.0), (100.0, 8000.0)])
def test_a_strip_holds_plots_wherever_it_lies(in_commune, maps, wide_m, area_m2) -> None:
    draw = np.random.default_rng(8)
    for turn, east, north in draw.uniform((0, -30, -30), (180, 30, 30), (8, 3)):
        commune = strip(maps, wide_m, turn, east, north)
        sites = in_commune(commune, area_m2)
        assert len(sites) == 3, (turn, east, north)
        assert sites["area_m2"].to_numpy() == pytest.approx(area_m2, rel=0.01)
        assert sites["broken_rules"].isna().all()
        assert shapely.covers(commune, sites.geometry.to_numpy()).all()
        assert not shapely.is_empty(shapely.buffer(sites.geometry.to_numpy(), -WIDTH_M / 2 * 0.998)).any()


@pytest.mark.parametrize("turn", [0.0, 20.0, 45.0, 77.0])
def test_a_plot_lies_along_its_strip(in_commune, maps, turn) -> None:
    """As wide as the strip and square to it: no pointed ends."""
    sites = in_commune(strip(maps, 40.0, turn, 11.0, 7.0), 2000.0)
    plots = sites.geometry.to_numpy()
    around = shapely.minimum_rotated_rectangle(plots)
    assert len(plots) == 3
    assert shapely.area(plots) / shapely.area(around) == pytest.approx(1.0, abs=0.02)


def test_between_two_streams_beside_other_land_the_narrow_land_counts(in_commune, maps) -> None:
    """The rest is water: what is free is a strip of 44 m less 2 x 5 m of banks."""
    free = strip(maps, 44.0, 33.0, 4.0, 9.0)
    water = maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.commune().difference(free)}])
    sites = in_commune(maps.commune(), 1500.0, water_areas=water)
    assert len(sites) == 3
    assert sites["broken_rules"].isna().all()
    assert shapely.covers(shapely.buffer(free, -4.99), sites.geometry.to_numpy()).all()


def test_land_beside_the_cells_is_taken_where_the_terrain_allows() -> None:
    """A square of 57 m whose cells are one: exactly known, it holds 3,000 m²; not where the ground beside is steep."""
    grid = Grid(0.0, 300.0, 10, 10, 30.0)
    square = shapely.box(91, 91, 148, 148)
    cells = np.zeros(grid.shape, dtype=bool)
    cells[5:7, 3:5] = True
    cells[5, :] = cells[:, 4] = False  # its south-western cell alone is eligible
    request = Request(3000.0, 30.0, 0.0, 1)

    def found(gentle: np.ndarray) -> list:
        return find_plots(
            cells, grid, np.zeros(grid.shape), request,
            free=lambda tried: shapely.covers(square, tried),
            excluded=lambda area: shapely.difference(area, square),
            guides=Guides(gentle=gentle),
        )  # fmt: skip

    (plot,) = found(np.ones(grid.shape, dtype=bool))
    assert plot.area == pytest.approx(3000, rel=0.01)
    assert square.covers(plot)
    assert found(cells) == []
