"""A small finished run, built through the schemas, with awkward rows: hostile text, missing figures, mixed geometry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, box

from siteplan.locale import encode
from siteplan.tables import INPUTS, RESULTS, conform, empty

EPSG = 9215
CRS = f"EPSG:{EPSG}"
HOSTILE = '=1+1 {{7*7}} </w:t> "&" \x00\u202e'
LONG = "Đất ở nông thôn kết hợp dịch vụ thương mại, " * 40  # far over 254 bytes


class SmallRun:
    """The interface of siteplan.runs.Run, over tables in memory."""

    def __init__(self, folder: Path, manifest: dict[str, Any], tables: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.tables = tables
        self.what_ifs: dict[str, Any] = {}
        self.grounds: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return str(self.manifest["scenario"]["name"])

    def table(self, name: str) -> Any:
        return self.tables[name].copy()

    def background(self, role: str) -> Any:
        found = self.grounds.get(role)
        return empty(INPUTS[role], CRS) if found is None else found.copy()

    def __getattr__(self, name: str) -> Any:
        if name in RESULTS:
            return self.table(name)
        raise AttributeError(name)


def _square(column: int, row: int, size: float = 1000.0) -> Any:
    east, north = 440_000 + column * size, 2_410_000 + row * size
    return box(east, north, east + size, north + size)


COMMUNES = (
    # code, name, kind, people, border, ward, floor needed, existing, kept, deficit, extension, new, basis, rank, points
    (
        "06184",
        "Hữu Lũng",
        "xã",
        20000,
        False,
        False,
        2909.69,
        1500.25,
        1000.25,
        1909.44,
        400.0,
        1509.44,
        "reported",
        2,
        61.5,
    ),
    (
        "05977",
        "Đông Kinh",
        "phường",
        50436,
        False,
        True,
        4000.0,
        None,
        None,
        4000.0,
        None,
        4000.0,
        "missing",
        1,
        70.125,
    ),
    ("06001", "Đoàn Kết", "xã", 3777, True, False, 2000.5, 1000.0, 1000.0, 1000.5, None, 1000.5, "estimated", 3, 40.0),
    ("06040", HOSTILE, "xã", 6890, True, False, 2000.0, 2500.0, 2500.0, 0.0, None, None, "reported", 4, 10.0),
)


def _communes(phases: dict[str, tuple[str, int, int]], cost: dict[str, float]) -> Any:
    rows = []
    for n, (
        code,
        name,
        kind,
        people,
        border,
        ward,
        floor,
        existing,
        kept,
        deficit,
        extend,
        new,
        basis,
        rank,
        points,
    ) in enumerate(COMMUNES):
        phase = phases.get(code)
        rows.append(
            {
                "code": code,
                "name": name,
                "kind": kind,
                "population": people,
                "area_km2": 1.0,
                "former_unit_count": 3,
                "is_border": border,
                "is_central_ward": ward,
                "scope": "A",
                "staff": 60,
                "staff_basis": "default",
                "required_floor_area_m2": floor,
                "required_land_area_m2": floor * 2,
                "existing_floor_area_m2": existing,
                "existing_land_area_m2": None if existing is None else existing * 2,
                "kept_floor_area_m2": kept,
                "deficit_floor_area_m2": deficit,
                "extension_floor_area_m2": extend,
                "new_floor_area_m2": new,
                "new_land_area_m2": None if new is None else new * 2,
                "gap_basis": basis,
                "build_type": "none" if deficit == 0 else "build_new",
                "binding_rule": "density",
                "best_site_id": f"{code}-K-AAAAAA" if n < 3 else None,
                "no_site_reasons": None if n < 3 else encode([("nothing.such", {"name": HOSTILE})]),
                "base_points": points - 2,
                "supplement_points": 2.0,
                "border_points": 2.0,
                "ward_points": 0.0,
                "priority_points": points,
                "priority_rank": rank,
                "base_rank": rank,
                "priority_missing": "access" if n == 2 else None,
                "phase": phase[0] if phase else None,
                "start_year": phase[1] if phase else None,
                "finish_year": phase[2] if phase else None,
                "total_cost": cost.get(code),
                "coverage_percent": 50.0,
                "rests_on": "assumption:K_kv; layer:communes",
                "geometry": _square(n, 0),
            }
        )
    return conform(gpd.GeoDataFrame(rows, crs=CRS), RESULTS["communes"])


def _sites() -> Any:
    rows = []
    for n, (code, *_) in enumerate(COMMUNES[:3]):
        for m, letter in enumerate("KT"):
            rows.append(
                {
                    "site_id": f"{code}-{letter}-AAAAAA",
                    "commune_code": code,
                    "label": f"{letter}1 Trung tâm",
                    "letter": letter,
                    "area_m2": 6000.0,
                    "required_area_m2": 5819.38,
                    "score": 71.5 - m,
                    "rank": m + 1,
                    "is_best": m == 0,
                    "eligible": True,
                    "check_result": ("clear", "clear_of_known_plans", "conditional")[n],
                    "conformity": "not_in_plan",
                    "dem_resolution_m": 450.0,
                    "locked": False,
                    "reasons": encode([("nothing.such", {"x": 1})]),
                    "land_use_shares": LONG,
                    "rests_on": "layer:dem",
                    "geometry": _square(n, 0).buffer(-400 - 10 * m),
                }
            )
    return conform(gpd.GeoDataFrame(rows, crs=CRS), RESULTS["sites"])


def _conformity() -> Any:
    """Three communes, two sites each, two mandatory kinds and one that is not; the first site conforms to one."""
    rows = []
    for n, (code, *_) in enumerate(COMMUNES[:3]):
        for letter in "KT":
            base = {
                "site_id": f"{code}-{letter}-AAAAAA",
                "commune_code": code,
                "standing": "binding",
                "mandatory": True,
                "conformity": "no_plan",
                "conformity_basis": "no_plan",
                "certainty": "V",
            }
            found = {"title": HOSTILE, "plan_id": "QH1", "decision_no": "12/QĐ-UBND", "conformity_basis": "zones"}
            first = {**found, "conformity": ("conforms", "needs_adjustment", "not_in_plan")[n]}
            rows += [
                {**base, "plan_kind": "detailed", "mandatory": False},
                {**base, "plan_kind": "land_use"},
                {**base, **first, "plan_kind": "general", "decision_date": "2024-03-19"},
            ]
    return conform(pd.DataFrame(rows), RESULTS["conformity"])


def _conflicts() -> Any:
    site = "06184-K-AAAAAA"
    common = {
        "site_id": site,
        "commune_code": "06184",
        "effect": "conditional",
        "severity": 3,
        "illustrative": True,
        "restricted": False,
    }
    rows = [
        {
            **common,
            "zone_id": "Z1",
            "source": "plan",
            "title": LONG,
            "decision_no": HOSTILE,
            "relation": "overlap",
            "area_m2": 120.5,
            "percent_of_site": 2.0083,
            "decision_date": "2024-03-19",
            "geometry": _square(0, 0).buffer(-450),
        },
        {
            **common,
            "zone_id": "Z2",
            "source": "plan",
            "relation": "touch",
            "title": "Ô kề",
            "geometry": LineString([(440400, 2410400), (440600, 2410400)]),
        },
        {
            **common,
            "zone_id": "Z3",
            "source": "corridor",
            "relation": "touch",
            "title": "Điểm",
            "geometry": Point(440400, 2410400),
        },
        {
            **common,
            "zone_id": "Z4",
            "source": "plan",
            "relation": "overlap",
            "title": "Hai mảnh",
            "area_m2": 2.0,
            "geometry": MultiPolygon([box(440500, 2410500, 440501, 2410501), box(440510, 2410500, 440511, 2410501)]),
        },
        {
            **common,
            "zone_id": "BIMAT-7",
            "source": "plan",
            "relation": "overlap",
            "title": "Trận địa bí mật",
            "function": "QP",
            "restricted": True,
            "geometry": _square(0, 0).buffer(-400),
        },
    ]
    return conform(gpd.GeoDataFrame(rows, crs=CRS), RESULTS["conflicts"])


def _scores() -> Any:
    rows = []
    for code, *_ in COMMUNES:
        rows += [
            {
                "of": "commune",
                "subject_id": code,
                "commune_code": code,
                "criterion": "shortage_percent",
                "block": "base",
                "scaled": 0.5,
                "weight": 60.0,
                "points": 30.0,
                "missing": False,
            },
            {
                "of": "commune",
                "subject_id": code,
                "commune_code": code,
                "criterion": "access",
                "block": "base",
                "weight": 40.0,
                "points": None if code == "06001" else 8.0,
                "missing": code == "06001",
            },
            {
                "of": "commune",
                "subject_id": code,
                "commune_code": code,
                "criterion": "border",
                "block": "supplement",
                "points": 2.0,
                "missing": False,
            },
        ]
    return conform(pd.DataFrame(rows), RESULTS["scores"])


AT_PRICE_YEAR = {"05977": 40e9, "06184": 18e9, "06001": 10e9}


def make_run(folder: Path, name: str = "phuong_an_1", early: bool = True, **manifest: Any) -> SmallRun:
    """Make a run of four communes; `early` finishes the ward first, otherwise it waits."""
    phases = {
        "05977": ("thí điểm 2026", 2026, 2026),
        "06184": ("2027-2030", 2028, 2029),
        "06001": ("2027-2030", 2029, 2031),
    }
    cost = {"05977": 40.5e9, "06184": 20e9, "06001": 11.25e9}
    if not early:
        phases = {"06184": ("2026-2030", 2026, 2027)}
        cost = {"06184": 19e9}
    communes = _communes(phases, cost)
    programme = []
    for row in communes.itertuples():
        planned = row.code in phases
        programme.append(
            {
                "option": name,
                "commune_code": row.code,
                "name": row.name,
                "priority_rank": row.priority_rank,
                "priority_points": row.priority_points,
                "phase": row.phase,
                "start_year": row.start_year,
                "finish_year": row.finish_year,
                "status": "planned" if planned else "not_needed" if row.build_type == "none" else "waiting",
                "build_type": row.build_type,
                "needed_build_type": row.build_type,
                "site_id": row.best_site_id,
                "population": row.population,
                "check_result": "clear" if row.code == "06184" else "conditional",
                "deficit_floor_area_m2": row.deficit_floor_area_m2,
                "deficit_left_m2": 0.0 if planned else row.deficit_floor_area_m2,
                "cost_at_price_year": AT_PRICE_YEAR.get(row.code),
                "total_cost": cost.get(row.code),
                "clearance_cost_included": False,
                "inversion": row.code == "06184",
                "reasons": encode([("nothing.such", {"x": 1})]),
                "geometry": row.geometry,
            }
        )
    funding = [
        {"option": name, "commune_code": code, "year": year, "source": source, "amount": amount}
        for code, year, source, amount in (
            ("05977", 2026, "ngân sách tỉnh", 40.5e9),
            ("06184", 2028, "ngân sách tỉnh", 10e9),
            ("06184", 2029, "=nguồn xấu", 10e9),
            ("06001", 2029, "ngân sách tỉnh", 11.25e9),
        )
        if code in phases
    ]
    facilities = [
        {
            "facility_id": "CS-1",
            "commune_code": "06184",
            "name": "Trụ sở cũ",
            "status": "in_use",
            "floor_area_m2": 1500.25,
            "land_area_m2": 3000.0,
            "condition": "good",
            "kept": True,
            "geometry": Point(440500, 2410500),
        },
        {
            "facility_id": "CS-2",
            "commune_code": "05977",
            "name": "@nhà",
            "status": "surplus",
            "floor_area_m2": None,
            "land_area_m2": 900.0,
            "condition": "poor",
            "kept": False,
            "geometry": box(441100, 2410100, 441130, 2410130),
        },
    ]
    surplus = [
        {
            "option": name,
            "facility_id": "CS-1",
            "commune_code": "06184",
            "name": "Trụ sở cũ",
            "status": "in_use",
            "treatment": "keep",
            "floor_area_m2": 1500.25,
            "land_area_m2": 3000.0,
            "geometry": Point(440500, 2410500),
        },
        {
            "option": name,
            "facility_id": "CS-2",
            "commune_code": "05977",
            "name": "@nhà",
            "status": "surplus",
            "treatment": "recover_auction",
            "free_year": 2026 if early else None,
            "floor_area_m2": None,
            "land_area_m2": 900.0,
            "legal_basis": "CĐ 213/CĐ-TTg",
            "geometry": Point(441115, 2410115),
        },
    ]
    coverage = [
        {
            "commune_code": code,
            "role": role,
            "mandatory": role != "services",
            "status": "missing" if role == "plans/chi_tiet" and code == "06001" else "covered",
            "illustrative": role == "dem",
            "source": "Sở Xây dựng",
        }
        for code, *_ in COMMUNES
        for role in ("dem", "plans/chi_tiet", "services")
    ]
    assumptions = [
        {
            "assumption_id": "K_kv",
            "value": "0.94",
            "statement": encode([("nothing.such", {})]),
            "certainty": "P",
            "legal_basis": "QĐ 409/QĐ-BXD",
        },
        {
            "assumption_id": "norm",
            "value": "20",
            "statement": encode([("nothing.such", {})]),
            "certainty": "R",
            "legal_basis": "NĐ 155/2025/NĐ-CP",
        },
    ]
    sources = [
        {"layer": "dem", "role": "dem", "file": "dem.tif", "illustrative": True, "restricted": False},
        {"layer": "quoc_phong", "role": "plans", "file": "mat.shp", "illustrative": False, "restricted": True},
    ]
    tables = {table: empty(RESULTS[table], CRS) for table in RESULTS}
    tables.update(communes=communes, sites=_sites(), conflicts=_conflicts(), conformity=_conformity(), scores=_scores())
    for table, rows in (("programme", programme), ("surplus", surplus), ("facilities", facilities)):
        tables[table] = conform(gpd.GeoDataFrame(rows, crs=CRS), RESULTS[table])
    for table, rows in (
        ("funding", funding),
        ("coverage", coverage),
        ("assumptions", assumptions),
        ("sources", sources),
    ):
        tables[table] = conform(pd.DataFrame(rows), RESULTS[table])
    phase_list = [
        {"name": "thí điểm 2026", "years": [2026, 2026]},
        {"name": "2027-2030", "years": [2027, 2030]},
        {"name": "2031-2035", "years": [2031, 2035]},
    ]
    if not early:
        phase_list = [{"name": "2026-2030", "years": [2026, 2030]}, {"name": "2031-2035", "years": [2031, 2035]}]
    full = {
        "scenario": {
            "name": name,
            "title": f"Phương án {name[-1]} & {HOSTILE}",
            "date": "2026-01-01",
            "need": {"scope": "A"},
            "phases": phase_list,
            "criteria": [
                {"key": "shortage_percent", "of": "commune", "weight": 60.0, "label": "Thiếu diện tích"},
                {"key": "access", "of": "commune", "weight": 40.0, "label": "Đi lại"},
            ],
            "supplements": {"cap_points": 10, "border": 7, "central_ward": 8},
            "programme": {"label_of_funds": "assumed"},
            "funds": [{"source": "ngân sách tỉnh", "year": 2026, "amount": 1}],
        },
        "province": {"code": "99", "name": "Thử Nghiệm", "kind": "tỉnh", "epsg": EPSG},
        "created": "2026-02-03T10:00:00",
        "version": "0.1.0",
        "frozen": None,
        "illustrative_layers": ["dem", "plans"],
        "include_restricted": False,
        "inputs": {"communes": "aa", "dem": "bb"},
    }
    full.update(manifest)
    return SmallRun(folder / name, full, tables)


@pytest.fixture(scope="session")
def small_run_factory() -> Callable[..., SmallRun]:
    return make_run


@pytest.fixture
def small_run(tmp_path: Path) -> SmallRun:
    return make_run(tmp_path)


@pytest.fixture
def two_runs(tmp_path: Path) -> tuple[SmallRun, SmallRun]:
    return make_run(tmp_path), make_run(tmp_path, "phuong_an_2", early=False)


@pytest.fixture
def build_run(tmp_path: Path) -> Callable[..., SmallRun]:
    def build(name: str = "phuong_an_1", early: bool = True, **manifest: Any) -> SmallRun:
        return make_run(tmp_path, name, early, **manifest)

    return build
