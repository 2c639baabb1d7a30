"""Contradictions between a facility and its houses, and between a staff and its parts, are told."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from siteplan.layers.check_figures import check_figures
from siteplan.tables import INPUTS, conform, empty

ORIGIN = {"layer": "x", "illustrative": False, "restricted": False}


class Layers:
    """What the check asks of a layer set."""

    def __init__(self, **tables: pd.DataFrame) -> None:
        self.tables = tables
        self.catalog = self

    def entry(self, name: str) -> Layers:
        self.origin = f"{name}.csv"
        return self

    def table(self, role: str) -> pd.DataFrame:
        return self.tables.get(role, empty(INPUTS[role]))


def table(role: str, *rows: dict) -> pd.DataFrame:
    return conform(pd.DataFrame([{**ORIGIN, **row} for row in rows]), INPUTS[role])


def test_houses_that_do_not_add_up():
    facilities = pd.DataFrame(
        [
            {"facility_id": "F1", "floor_area_m2": 1000.0, "footprint_m2": 500.0, "buildings": 2, "layer": "x"},
            {"facility_id": "F2", "floor_area_m2": 604.0, "footprint_m2": None, "buildings": None, "layer": "x"},
        ]
    )
    houses = table(
        "facility_buildings",
        {"building_id": "a", "facility_id": "F1", "floor_area_m2": 700, "footprint_m2": 250},
        {"building_id": "b", "facility_id": "F1", "floor_area_m2": 200, "footprint_m2": 250},
        {"building_id": "c", "facility_id": "F2", "floor_area_m2": 600, "footprint_m2": 300},  # within a hundredth
        {"building_id": "d", "facility_id": "F9", "floor_area_m2": 600, "footprint_m2": 300},
    )
    problems = check_figures(Layers(facilities=facilities, facility_buildings=houses))
    assert [(p.key, p.severity, p.feature, p.column) for p in problems] == [
        ("house_without_facility", "excluded", "d", "facility_id"),
        ("facility_houses_differ", "warning", "F1", "floor_area_m2"),
    ]
    assert problems[1].params == {"stated": 1000.0, "total": 900.0, "houses": 2}


def test_a_staff_that_is_not_the_sum_of_its_parts():
    parts = {"staff_party": 15, "staff_government": 32, "staff_front": 8}
    staff = table(
        "commune_staff",
        {"commune_code": "00001", "staff": 55, **parts},
        {"commune_code": "00002", "staff": 60, **parts},
        {"commune_code": "00003", "staff": 55, **parts, "staff_service_centre": 6},  # counted in the government
        {"commune_code": "00004", "staff": 55, "staff_party": 15},
    )
    assert [p.feature for p in check_figures(Layers(commune_staff=staff))] == ["00002"]


def test_a_project_that_ends_before_it_begins():
    square = shapely.box(0, 0, 1, 1)
    years = [("D1", 2027, 2028), ("D2", 2028, 2027), ("D3", 2028, None), ("D4", None, None), ("D5", 2027, 2027)]
    rows = [{**ORIGIN, "project_id": p, "year_from": a, "year_to": b, "geometry": square} for p, a, b in years]
    projects = conform(gpd.GeoDataFrame(rows, geometry="geometry", crs=9215), INPUTS["sector_projects"])
    problems = check_figures(Layers(sector_projects=projects))
    assert [(p.key, p.feature, p.value) for p in problems] == [("project_years_reversed", "D2", "2028-2027")]
