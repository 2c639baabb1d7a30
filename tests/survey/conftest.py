"""Three communes side by side, what is known of them, and forms made of it."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.crs import Province
from siteplan.survey.forms import form_name, write_form
from siteplan.survey.known import Known

PROVINCE = Province("20", "Lạng Sơn", "tỉnh", 9215, (380020, 2359400, 511531, 2484786))
COMMUNES = [
    {"code": "05977", "kind": "phường", "name": "Đông Kinh"},
    {"code": "06001", "kind": "xã", "name": '=cmd|"x"!A1'},
    {"code": "06184", "kind": "xã", "name": "Đồng Đăng"},
]
DEADLINE = dt.date(2026, 12, 15)


def known_tables() -> dict[str, pd.DataFrame]:
    origin = {"layer": "x", "illustrative": False, "restricted": False}
    facilities = gpd.GeoDataFrame(
        [
            {"facility_id": "CS-1", "commune_code": "06184", "name": "Trụ sở UBND xã Đồng Đăng (cũ)",
             "land_area_m2": 3000.5, "floor_area_m2": None, "floors": 2, "condition": "poor", "status": "surplus",
             "decision_date": "2025-12-31", "position_assumed": False, **origin},
            {"facility_id": "CS-2", "commune_code": "06184", "name": "=1+1", "land_area_m2": 250.25,
             "floor_area_m2": 480.75, "floors": 3, "condition": "good", "status": "in_use", "decision_date": None,
             "position_assumed": True, **origin},
            {"facility_id": "CS-3", "commune_code": "05977", "name": "Trụ sở minh họa", "land_area_m2": 99.0,
             "floor_area_m2": 88.0, "floors": 1, "condition": "good", "status": "in_use", "decision_date": None,
             "position_assumed": False, **origin, "illustrative": True},
        ],
        geometry=[shapely.box(440_000, 2_420_000, 440_100, 2_420_050), shapely.Point(441_000, 2_421_000),
                  shapely.Point(442_000, 2_421_000)],
        crs=9215,
    )  # fmt: skip
    buildings = pd.DataFrame(
        [
            {
                "building_id": "N-9",
                "facility_id": "CS-2",
                "name": "Nhà chính",
                "floor_area_m2": 480.75,
                "floors": 3,
                **origin,
            }
        ]
    )
    staff = pd.DataFrame([{"commune_code": "06184", "staff": 55, "staff_party": 12, "decision_no": "12/QĐ", **origin}])
    filing = pd.DataFrame([{"commune_code": "06184", "filed": True, "filed_date": "2026-02-19", **origin}])
    return {"facilities": facilities, "facility_buildings": buildings, "commune_staff": staff, "filing": filing}


@pytest.fixture(scope="session")
def case():
    return SimpleNamespace(province=PROVINCE, communes=COMMUNES, deadline=DEADLINE, known_tables=known_tables)


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """Folder of blank forms, by code."""
    folder = tmp_path_factory.mktemp("phiếu")
    known = Known(known_tables())
    return {
        c["code"]: write_form(
            c, folder / form_name(c["code"], c["kind"], c["name"]), PROVINCE, known.of(c["code"]), DEADLINE
        )
        for c in COMMUNES
    }
