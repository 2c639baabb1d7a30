"""A small finished run on disk for the tests of the map: nine communes, awkward names, every background layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from shapely.geometry import LineString, Point, Polygon, box

from siteplan.locale import encode
from siteplan.raster import Raster
from siteplan.runs import Run, RunContent, write_run
from siteplan.tables import INPUTS, RESULTS, conform

EPSG = 9215
CRS = f"EPSG:{EPSG}"
WEST, SOUTH, SIDE = 430_000.0, 2_400_000.0, 12_000.0
HOSTILE = (
    "{{7*7}} </script><script>window.hacked=1</script> ${1} `tick` \"quote\" 'single' {% for %} 🏛️ "
    "<img src=x onerror=alert(1)>"
)
NAMES = (
    "Hữu Lũng",
    "Đồng Đăng",
    "Đình Lập",
    "Hòa Bình",
    "Hoà Bình",
    "Mẫu Sơn",
    "Kỳ Lừa",
    "Cao Lộc",
    HOSTILE,
)
CODES = tuple(f"0{6000 + n}" for n in range(9))
PHASES = [{"name": "thi-diem", "years": [2026, 2026]}, {"name": "mo-rong", "years": [2027, 2030]}]
SECRET = "TRẬN ĐỊA BÍ MẬT"
# figures that only the first site of a commune has
ON_THE_GROUND = {
    "cut_m3": 1830.0, "fill_m3": 2050.0, "platform_level_m": 419.01, "flood_state": "raise", "flood_level_m": 420.5,
    "flood_event": "Yagi, 2024-09-09", "raise_m": 3.4, "landslide_proxy": "medium", "hazard_level": "high",
    "hazard_percent": 12.5, "buildings_inside": 2, "households_displaced": 1, "compensation_cost": 2.5e9,
    "compensation": encode([("compensation.unpriced", {"area": 2633.52, "category": "crop"})]),
    "infrastructure": encode([("sites.infrastructure.within", {"distance": 19.5, "kind": "road", "reach": 500.0})]),
}  # fmt: skip


def square(n: int, inset: float = 0.0) -> Polygon:
    west, south = WEST + (n % 3) * SIDE, SOUTH + (n // 3) * SIDE
    return box(west + inset, south + inset, west + SIDE - inset, south + SIDE - inset)


def _frame(table: Any, rows: list[dict[str, Any]]) -> Any:
    frame = gpd.GeoDataFrame(rows, crs=CRS) if table.geometry else pd.DataFrame(rows)
    return conform(frame, table, CRS)


def _tables(name: str, late: bool) -> dict[str, Any]:
    communes, sites, conflicts, programme, surplus, facilities, scores, coverage = ([] for _ in range(8))
    points = [
        {
            "commune_code": code,
            "access_minutes": 12.5 + n,
            "access_share_30_percent": 80.0,
            "geometry": Point(WEST + (n % 3 + 0.7) * SIDE, SOUTH + (n // 3 + 0.75) * SIDE),
        }
        for n, code in enumerate(CODES)
    ]
    for n, (code, label) in enumerate(zip(CODES, NAMES, strict=True)):
        rank = n + 1
        phase = ("thi-diem", "mo-rong", None)[n % 3] if not late else ("mo-rong", "thi-diem", None)[n % 3]
        has_sites = n != 7
        best = f"{code}-K-aaaaaa"
        communes.append(
            {
                "code": code,
                "name": label,
                "kind": "phường" if n == 6 else "xã",
                "population": 10_000 + n,
                "area_km2": 144.0,
                "former_unit_count": 3,
                "is_border": n in (1, 5),
                "is_central_ward": n == 6,
                "is_former_district_seat": n == 0,
                "is_atk": False,
                "gate_class": "international" if n == 1 else "none",
                "former_district": "Huyện " + label[:9],
                "staff": 60,
                "staff_basis": "default",
                "required_floor_area_m2": 2909.69,
                "required_land_area_m2": 2424.74,
                "existing_floor_area_m2": None if n == 4 else 1500.0,
                "existing_land_area_m2": 2000.0,
                "kept_floor_area_m2": 900.0,
                "kept_land_area_m2": 1000.0,
                "deficit_floor_area_m2": None if n == 4 else 2009.69 - 100 * n,
                "extension_floor_area_m2": 500.0,
                "extension_land_area_m2": 0.0,
                "new_floor_area_m2": 1509.69,
                "new_land_area_m2": 1424.74,
                "gap_basis": "missing" if n == 4 else "reported",
                "build_type": "build_new",
                "site_count": 3 if has_sites else 0,
                "eligible_site_count": 2 if has_sites else 0,
                "best_site_id": best if has_sites else None,
                "best_site_score": 80.5 - n if has_sites else None,
                "best_check_result": ("clear", "clear_of_known_plans", "conditional")[n % 3] if has_sites else None,
                "no_site_reasons": None if has_sites else encode([("webmap.no_site", {})]),
                "eligible_area_m2": 123_456.0,
                "base_points": 70.25 - 3 * n,
                "border_points": 7.0 if n in (1, 5) else 0.0,
                "ward_points": 8.0 if n == 6 else 0.0,
                "supplement_points": 7.0 if n in (1, 5) else 8.0 if n == 6 else 0.0,
                "priority_points": 77.25 - 3 * n,
                "priority_rank": rank,
                "base_rank": rank,
                "phase": phase,
                "start_year": 2026 if phase else None,
                "finish_year": 2027 if phase else None,
                "total_cost": 45.6e9 if phase else None,
                "coverage_percent": 83.3,
                "rests_on": "assumption:norm.x; layer:plan_zones",
                "geometry": square(n),
            }
        )
        programme.append(
            {
                "option": name,
                "commune_code": code,
                "name": label,
                "priority_rank": rank,
                "phase": phase,
                "status": "planned" if phase else "waiting",
                "start_year": 2026 if phase else None,
                "finish_year": 2027 if phase else None,
                "cost_at_price_year": 40.5e9,
                "total_cost": 45.6e9 if phase else None,
                "reasons": encode([("webmap.no_gaps", {})]),
                "geometry": square(n).centroid,
            }
        )
        coverage += [
            {"commune_code": code, "role": "roads", "mandatory": True, "status": "covered", "percent": 100.0},
            {
                "commune_code": code,
                "role": "plans/general",
                "mandatory": True,
                "status": "missing" if n else "partly",
                "percent": 40.0,
            },
        ]
        for of, subject in (("commune", code),):
            scores += [
                {
                    "of": of,
                    "subject_id": subject,
                    "commune_code": code,
                    "criterion": "shortage",
                    "block": "base",
                    "raw": "51.56",
                    "scaled": 0.5,
                    "weight": 60.0,
                    "points": 30.0,
                    "missing": False,
                },
                {
                    "of": of,
                    "subject_id": subject,
                    "commune_code": code,
                    "criterion": "readiness",
                    "block": "base",
                    "raw": None,
                    "scaled": None,
                    "weight": 40.0,
                    "points": None,
                    "missing": True,
                },
                {
                    "of": of,
                    "subject_id": subject,
                    "commune_code": code,
                    "criterion": "border",
                    "block": "supplement",
                    "raw": "True",
                    "scaled": 1.0,
                    "weight": 7.0,
                    "points": 7.0,
                    "missing": False,
                },
            ]
        for f in range(2):
            fid = f"CS-{code}-{f}"
            facilities.append(
                {
                    "facility_id": fid,
                    "commune_code": code,
                    "name": f"Trụ sở cũ {f} {label}",
                    "land_area_m2": 1500.0,
                    "floor_area_m2": 900.0,
                    "condition": "poor" if (n, f) != (0, 1) else None,
                    "status": "surplus" if (n, f) == (0, 1) else "in_use",
                    "kept": f == 0,
                    "position_assumed": f == 1,
                    "geometry": Point(WEST + (n % 3 + 0.2 + 0.1 * f) * SIDE, SOUTH + (n // 3 + 0.2) * SIDE),
                }
            )
            surplus.append(
                {
                    "option": name,
                    "facility_id": fid,
                    "commune_code": code,
                    "name": "x",
                    "treatment": "keep" if f == 0 else "transfer",
                    "free_year": 2028,
                    "decided": f == 1,
                    "decision_no": HOSTILE if f == 1 else None,
                    "legal_basis": "CĐ 213/CĐ-TTg",
                    "geometry": facilities[-1]["geometry"],
                }
            )
        if not has_sites:
            continue
        if n == 0:  # figures that count something else than their names suggest
            scores += [
                {
                    "of": "commune",
                    "subject_id": code,
                    "commune_code": code,
                    "criterion": criterion,
                    "block": "base",
                    "raw": raw,
                    "scaled": 1.0,
                    "weight": 0.0,
                    "points": 0.0,
                    "missing": False,
                }
                for criterion, raw in (("dispersal", "4"), ("condition", "100"))
            ]
        for k, letter in enumerate("KTX"):
            sid = f"{code}-{letter}-aaaaaa"
            plot = box(
                *(
                    np.array([0, 0, 80, 60])
                    + np.tile([WEST + (n % 3 + 0.4 + 0.12 * k) * SIDE, SOUTH + (n // 3 + 0.55) * SIDE], 2)
                )
            )
            sites.append(
                {
                    "site_id": sid,
                    "commune_code": code,
                    "label": f"{label}-{letter}",
                    "letter": letter,
                    "area_m2": 4800.0,
                    "required_area_m2": 2424.74,
                    "slope_mean_percent": 4.25,
                    "slope_max_percent": 9.5,
                    "dem_resolution_m": 450.0,
                    "access_minutes": 21.5,
                    "road_distance_m": 33.3,
                    "road_class": "national",
                    "land_use_shares": "LUC 62.5; CLN 37.5",
                    "land_use_main": "LUC",
                    "eligible": k != 2,
                    "broken_rules": "slope" if k == 2 else None,
                    "check_result": ("clear", "conditional", "blocked")[k],
                    "conformity": "not_in_plan",
                    "overlap_area_m2": 120.0,
                    "overlap_percent": 2.5,
                    "score": 80.5 - n - 10 * k,
                    "score_low": 70.0 - n - 10 * k,
                    "score_high": 85.0 - n - 10 * k,
                    "rank": k + 1,
                    "is_best": k == 0,
                    "reasons": encode([("webmap.none_against", {})]),
                    "rests_on": "layer:plan_zones",
                    "geometry": plot,
                    **(ON_THE_GROUND if k == 0 else {}),
                }
            )
            scores += [
                {
                    "of": "site",
                    "subject_id": sid,
                    "commune_code": code,
                    "criterion": "access_minutes",
                    "block": "base",
                    "raw": "21.5",
                    "scaled": 0.64,
                    "weight": 100.0,
                    "points": 64.0,
                    "missing": False,
                }
            ]
            conflicts += [
                {
                    "site_id": sid,
                    "zone_id": f"Z{n}",
                    "commune_code": code,
                    "source": "plan",
                    "plan_id": "QH1",
                    "title": "Quy hoạch chung xã " + label,
                    "plan_kind": "general",
                    "decision_no": "MH-07/QĐ-MINH HỌA",
                    "decision_date": "2024-03-19",
                    "authority": "UBND tỉnh",
                    "plan_status": "approved",
                    "function": "DAT_CAYXANH",
                    "relation": "overlap",
                    "area_m2": 120.0,
                    "percent_of_site": 2.5,
                    "width_m": 3.0,
                    "effect": "conditional",
                    "severity": 3,
                    "treatment": encode([("webmap.withheld", {})]),
                    "legal_basis": "NĐ 178/2025/NĐ-CP",
                    "certainty": "V",
                    "illustrative": True,
                    "restricted": False,
                    "geometry": plot.buffer(-20),
                },
                {
                    "site_id": sid,
                    "zone_id": "QP1",
                    "commune_code": code,
                    "source": "plan",
                    "title": SECRET,
                    "function": SECRET,
                    "relation": "overlap",
                    "area_m2": 11.0,
                    "effect": "blocking",
                    "severity": 4,
                    "illustrative": False,
                    "restricted": True,
                    "geometry": plot.buffer(-25),
                },
            ]
    answers = [
        {
            "agency_id": agency,
            "agency": agency,
            "commune_code": CODES[0],
            "site_id": f"{CODES[0]}-K-aaaaaa",
            "zone_id": zone,
            "answer": answer,
            "document_no": "123/SXD-QH",
            "document_date": "2026-02-05",
            "conditions": conditions,
            "answer_state": "valid",
        }
        for agency, zone, answer, conditions in (
            ("Sở Xây dựng", "Z0", "agree_with_conditions", "Giữ 3 m cây xanh " + HOSTILE),
            ("Sở Nông nghiệp và Môi trường", "*", "disagree", None),
            ("Bộ Chỉ huy quân sự tỉnh", "QP1", "more_documents", None),
        )
    ]
    assumptions = [
        {
            "assumption_id": "norm.x",
            "value": "60",
            "unit": "người",
            "statement": encode([("webmap.staff", {})]),
            "certainty": "P",
        }
    ]
    sources = [
        {
            "layer": "plan_zones",
            "role": "plan_zones",
            "source": "Sở Xây dựng " + HOSTILE,
            "data_date": "2026-01-01",
            "illustrative": True,
            "restricted": False,
        },
        {"layer": "quoc_phong", "role": "plan_zones", "source": SECRET, "illustrative": False, "restricted": True},
    ]
    rows = {
        "communes": communes,
        "sites": sites,
        "conflicts": conflicts,
        "agency_answers": answers,
        "programme": programme,
        "surplus": surplus,
        "facilities": facilities,
        "scores": scores,
        "coverage": coverage,
        "access_points": points,
        "assumptions": assumptions,
        "sources": sources,
    }
    return {key: _frame(RESULTS[key], value) for key, value in rows.items()}


def tables(name: str, late: bool = False) -> dict[str, Any]:
    """Result tables of the run, by name."""
    return _tables(name, late)


def conformed(table: str, rows: list[dict[str, Any]]) -> Any:
    """Rows as the result table of this name keeps them."""
    return _frame(RESULTS[table], rows)


def _background() -> dict[str, Any]:
    own = {"layer": "x", "illustrative": True, "restricted": False}
    middle_x, middle_y = WEST + 1.5 * SIDE, SOUTH + 1.5 * SIDE
    rows = {
        "roads": [
            {
                **own,
                "road_class": c,
                "name": "QL1",
                "geometry": LineString([(WEST, SOUTH + i * 9000), (WEST + 3 * SIDE, SOUTH + 3 * SIDE - i * 9000)]),
            }
            for i, c in enumerate(("national", "provincial", "track"))
        ],
        "railways": [
            {
                **own,
                "name": "Đường sắt",
                "geometry": LineString([(middle_x, SOUTH), (middle_x + 2000, SOUTH + 3 * SIDE)]),
            }
        ],
        "waterways": [
            {
                **own,
                "waterway_class": "river",
                "name": "Kỳ Cùng",
                "geometry": LineString([(WEST, middle_y), (WEST + 3 * SIDE, middle_y + 3000)]),
            }
        ],
        "water_areas": [
            {**own, "water_class": "lake", "name": "Hồ", "geometry": Point(middle_x, middle_y).buffer(900)}
        ],
        "border": [
            {
                **own,
                "name": "Biên giới",
                "geometry": LineString([(WEST, SOUTH + 3 * SIDE), (WEST + 3 * SIDE, SOUTH + 3 * SIDE)]),
            }
        ],
        "urban_areas": [{**own, "name": "Đô thị", "class_now": "V", "class_2030": "IV", "geometry": square(0, 2000)}],
        "sector_projects": [{**own, "project_id": "D1", "name": "Dự án", "geometry": square(3, 3000)}],
        "hazards": [
            {**own, "hazard_kind": k, "level": "high", "geometry": square(n, 4000)}
            for n, k in ((1, "flood"), (2, "landslide"))
        ],
        "land_use": [
            {**own, "land_use": code, "geometry": square(n)}
            for n, code in enumerate(("LUC", "CLN", "RSX", "ONT", "RPH", "HNK", "ODT", "BCS", "ZZZ"))
        ],
        "services": [{**own, "service_class": "school", "name": "Trường", "geometry": Point(middle_x + 300, middle_y)}],
        "settlements": [{**own, "name": "Bản", "population": 300, "geometry": Point(middle_x, middle_y + 500)}],
        "plan_zones": [
            {
                **own,
                "zone_id": "Z0",
                "plan_id": "QH1",
                "function": "DAT_COQUAN",
                "name": HOSTILE,
                "title": "Quy hoạch chung",
                "plan_kind": "general",
                "decision_no": "MH-07/QĐ-MINH HỌA",
                "decision_date": "2024-03-19",
                "status": "approved",
                "geometry": square(0, 1000),
            },
            {
                **own,
                "zone_id": "Z1",
                "plan_id": "QH2",
                "title": "Dự thảo",
                "plan_kind": "zoning",
                "status": "draft",
                "geometry": square(4, 1000),
            },
            {
                **own,
                "zone_id": "Z2",
                "plan_id": "QH3",
                "title": "Ba loại rừng",
                "plan_kind": "forest",
                "status": "adjusted",
                "geometry": square(5, 1000),
            },
            {
                **own,
                "restricted": True,
                "zone_id": "QP1",
                "plan_id": "QP",
                "name": SECRET,
                "title": SECRET,
                "plan_kind": "defence",
                "status": "approved",
                "geometry": square(8, 1234),
            },
        ],
    }
    out = {}
    for role, items in rows.items():
        frame = gpd.GeoDataFrame(items, crs=CRS)
        extra = [c for c in frame.columns if c not in INPUTS[role].names and c != "geometry"]
        out[role] = (
            conform(frame, INPUTS[role], CRS).join(frame[extra])
            if len(items) == 1
            else frame.reindex(columns=[*INPUTS[role].names, *extra, "geometry"])
        )
    return out


def build(
    folder: Path,
    name: str = "phuong_an_1",
    late: bool = False,
    tables: dict[str, Any] | None = None,
    **manifest: Any,
) -> Run:
    """Write the run to `folder`/`name` and return it; `tables` replaces tables, `manifest` overrides entries."""
    cell = 120.0
    size = round(3 * SIDE / cell)
    shade = (120 + 60 * np.sin(np.arange(size)[:, None] / 9) * np.cos(np.arange(size)[None, :] / 7)).astype(np.uint8)
    eligible = np.where(np.indices((size, size)).sum(axis=0) % 40 < 12, 1, 0).astype(np.uint8)
    place = Affine(cell, 0, WEST, 0, -cell, SOUTH + 3 * SIDE)
    content: dict[str, Any] = {
        "scenario": {
            "name": name,
            "title": f"Phương án thử {name} {HOSTILE}",
            "title_en": "Option",
            "date": "2026-01-01",
            "phases": PHASES,
            "criteria": [
                {
                    "of": "commune",
                    "key": "shortage",
                    "label": "Thiếu diện tích",
                    "label_en": "Shortage",
                    "unit": "%",
                    "weight": 60,
                },
                {"of": "commune", "key": "readiness", "label": "Sẵn sàng", "weight": 40},
                {"of": "site", "key": "access_minutes", "label": "Đi lại", "unit": "phút", "weight": 100},
            ],
        },
        "catalog": "catalog.toml",
        "province": {
            "code": "20",
            "name": "Thử Nghiệm",
            "epsg": EPSG,
            "bounds": [WEST, SOUTH, WEST + 3 * SIDE, SOUTH + 3 * SIDE],
        },
        "created": "2026-11-22T09:00:00",
        "date": "2026-01-01",
        "version": "0.1.0",
        "frozen": None,
        "illustrative_layers": ["plan_zones"],
        "include_restricted": False,
        "lang": "vi",
        "inputs": {"communes": "aa"},
    }
    content |= manifest
    # minutes by the distance to the middle of the commune, twice as long in the later option
    away = np.hypot(*((np.indices((size, size)) + 0.5) % (SIDE / cell) - SIDE / cell / 2))
    minutes = np.minimum(away * (2 if late else 1), 253).astype(np.uint8)
    rasters = {
        "hillshade": Raster(shade, place, 0, 450.0),
        "eligible": Raster(eligible, place, 255, cell),
        "travel_time": Raster(minutes, place, 255, cell),
    }
    results = _tables(name, late)
    for key, frame in (tables or {}).items():
        results[key] = conform(frame, RESULTS[key], CRS)
    path = write_run(folder / name, RunContent(results, _background(), rasters, content, (), ("log",))).folder
    return Run(path)
