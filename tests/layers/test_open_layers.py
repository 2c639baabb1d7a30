"""The real open layers: what their makers state of them must be what is read."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from siteplan.errors import has_errors
from siteplan.layers.catalog import load_catalog
from siteplan.layers.check import check_between
from siteplan.layers.coverage import layer_coverage
from siteplan.layers.open_data import pull
from siteplan.layers.read import read_layers
from siteplan.workspace import Workspace

pytestmark = pytest.mark.require("data")


@pytest.fixture(scope="module")
def layers(shared_data, repo_root, tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("mo"))
    shutil.copytree(repo_root / "layers", workspace.layers, ignore=shutil.ignore_patterns("open"))
    assert pull(workspace, str(shared_data)) == []
    return read_layers(load_catalog(workspace.layers / "open.toml"))


def test_no_error_and_few_warnings(layers, rules):
    problems = [*layers.problems, *check_between(layers, rules)]
    assert not has_errors(problems)
    assert len(problems) < 15
    assert {p.severity for p in problems} == {"warning"}


def test_communes_as_their_makers_describe_them(layers, rules):
    """PROVENANCE 1: 65 units, 8,307.7 km², overlaps 0.010 km² in all, 0.0096 km² at most, 06001 off by 8.1 %."""
    communes = layers.table("communes")
    assert len(communes) == 65
    assert communes["kind"].value_counts().to_dict() == {"xã": 61, "phường": 4}
    # measured in the plane: TM-3 with k 0.9999 shrinks areas by 0.02 % at its meridian
    assert communes.area.sum() / 1e6 == pytest.approx(8307.7, rel=3e-4)
    told = {p.key: p for p in check_between(layers, rules)}
    assert told["communes_overlap_little"].params["area_m2"] == pytest.approx(10_000, abs=500)
    assert told["communes_overlap_little"].params["largest_m2"] == pytest.approx(9_600, abs=100)
    assert told["communes_overlap_little"].feature.startswith("06565 Khuất Xá / 06601 Lợi Bác")
    assert told["communes_gap_little"].params["area_m2"] < 1_000  # "gaps inside the province < 0.001 km2"
    assert told["commune_area_differs"].feature == "06001 Đoàn Kết (+8 %)"


def test_counts_of_the_other_layers(layers):
    """PROVENANCE 2, 3, 6: 230.9 km of border in 11 communes, 196 rows of former units, 2,970 + 73,755 roads, ..."""
    border = layers.table("border")
    assert len(border) == 11
    assert border.length.sum() == pytest.approx(230_900, rel=1e-3)
    assert len(layers.table("former_units")) == 196
    assert layers.table("facilities")["facility_id"].is_unique
    roads = layers.table("roads")
    assert roads["layer"].value_counts().to_dict() == {"roads_minor": 73_755, "roads_main": 2_970}
    for role, count in {
        "railways": 108,
        "waterways": 338,
        "water_areas": 276,
        "settlements": 368,
        "services": 580,
    }.items():
        assert len(layers.table(role)) == count, role
    assert len(layers.table("buildings")) == 7_767


def test_road_lengths_inside_the_province(layers):
    """PROVENANCE 6: motorway 94 km, trunk 334 + primary 282, secondary 602, tertiary 925, rail 134 km."""
    province = layers.table("communes").union_all()
    roads = layers.table("roads")
    main = roads[roads["layer"] == "roads_main"]
    length = main.clip(province).length.groupby(main["road_class"]).sum() / 1000
    assert length["expressway"] == pytest.approx(94, abs=1)
    assert length["national"] == pytest.approx(334 + 282, abs=2)
    assert length["provincial"] == pytest.approx(602, abs=2)
    assert length["commune"] == pytest.approx(925, abs=2)
    assert layers.table("railways").clip(province).length.sum() / 1000 == pytest.approx(134, abs=1)


def test_people_and_terrain(layers):
    """PROVENANCE 5, 7: 744,600-745,100 people; heights 28-1,319 m, mean 353 m; Lạng Sơn city 272 m, Thất Khê 149 m."""
    communes = layers.table("communes")
    inside = layers.population_points().sjoin(communes[["geometry"]], how="inner")
    assert inside["population"].sum() == pytest.approx(744_850, abs=700)
    dem = layers.raster("dem")
    assert 440 < dem.source_resolution_m < 452
    # the seat of Đông Kinh stands in the city; a cell of 450 m moves the height by a few metres
    seats = layers.table("seats").set_index("commune_code")
    city = seats.loc["05977"].geometry
    west, _, _, north = dem.bounds
    row, column = int((north - city.y) // dem.cell_m), int((city.x - west) // dem.cell_m)
    assert dem.values[row, column] == pytest.approx(272, abs=12)


def test_facilities_are_assumed_positions_without_figures(layers):
    facilities = layers.table("facilities")
    assert facilities["position_assumed"].all()
    assert facilities[["land_area_m2", "floor_area_m2", "year_built", "condition"]].isna().all().all()


def test_seats_are_the_former_units_that_the_resolution_names(layers, repo_root):
    facts = pd.read_csv(repo_root / "layers" / "default" / "communes.csv", dtype=str)
    units = layers.table("former_units").set_index(["code", "commune_code"])
    for row in layers.table("seats").itertuples():
        seat = facts.loc[facts["code"] == row.commune_code, "seat_unit_code"].iloc[0]
        assert units.loc[(seat, row.commune_code)].geometry.equals(row.geometry)


def test_coverage_says_what_is_missing(layers):
    state = layer_coverage(layers).groupby("role")["status"].first()
    assert state[["dem", "roads", "facilities", "waterways"]].eq("covered").all()
    assert state[["land_use", "hazards", "power_lines", "flood_marks"]].eq("missing").all()
