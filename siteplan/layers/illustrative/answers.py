"""What communes report, what was agreed with some, and the houses of their facilities; all of it illustrative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.layers.illustrative.facts import Facts

_AREAS = (
    "existing_floor_area_m2",
    "existing_land_area_m2",
    "extension_floor_area_m2",
    "extension_land_area_m2",
    "new_floor_area_m2",
    "new_land_area_m2",
)
_REASONS = (
    "Trụ sở cũ chật, thiếu phòng làm việc sau sắp xếp; minh họa",
    "Các cơ sở phân tán, đề nghị xây dựng tập trung; minh họa",
    "Nhà hiện có còn tốt, đề nghị mở rộng thêm; minh họa",
)


def make_reports(facts: Facts, facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make the reports of some thirty communes: near what their facilities add up to, some figures left out."""
    rng = facts.rng("reports")
    count = facts.surveys["counts"]["reports"]
    chosen = sorted(rng.permutation(facts.communes.index.to_numpy(str))[:count])
    used = facilities[facilities["decided_treatment"].isna() | (facilities["decided_treatment"] == "keep")]
    rows: list[dict[str, Any]] = []
    for number, code in enumerate(chosen):
        own = used[used["commune_code"] == code]
        people = float(facts.communes.loc[code, "population"])
        floor = round(float(own["floor_area_m2"].sum()) * rng.uniform(0.94, 1.1), 1)
        land = round(float(own["land_area_m2"].sum()) * rng.uniform(0.97, 1.06), 1)
        wish = float(np.round(2400 + people / 25 + rng.normal(0, 150), -1))
        extends = rng.random() < 0.35
        rows.append(
            {
                "commune_code": code,
                "report_no": f"MH-{number + 1:02d}/BC-MINH HỌA",
                "report_date": f"2026-0{1 + number % 3}-{10 + number % 18:02d}",
                "reporter": "Công chức địa chính (minh họa)",
                "population": None,
                "population_date": None,
                "visits_per_day": int(np.clip(rng.normal(people / 90, 15), 20, 320)) if number % 3 else None,
                "hall_seats": int(rng.choice([120, 150, 200, 250])) if number % 4 == 0 else None,
                "existing_floor_area_m2": floor,
                "existing_land_area_m2": land,
                "extension_floor_area_m2": round(wish * 0.35, 0) if extends else 0.0,
                "extension_land_area_m2": float(rng.choice([0, 300, 500])) if extends else 0.0,
                "new_floor_area_m2": 0.0 if extends else wish,
                "new_land_area_m2": 0.0 if extends else float(np.round(wish * rng.uniform(1.6, 3.2), -2)),
                "reason": _REASONS[2 if extends else number % 2],
                "note": "Minh họa",
            }
        )
    frame = pd.DataFrame(rows)
    # as in life: some leave land figures out
    for column in ("existing_land_area_m2", "extension_land_area_m2", "new_land_area_m2"):
        frame[column] = frame[column].where(np.arange(len(frame)) % 7 != 5, None)
    return frame


def make_agreed(facts: Facts, reports: pd.DataFrame) -> pd.DataFrame:
    """Figures agreed with a few of the communes that reported: their new floor cut to the norm, or their own figure."""
    rng = facts.rng("agreed")
    building = reports[reports["new_floor_area_m2"] > 0].head(facts.surveys["counts"]["agreed"])
    rows = []
    for number, row in enumerate(building.to_dict("records")):
        asked = float(row["new_floor_area_m2"])
        settled = float(np.round(asked * rng.uniform(0.85, 1.0), -1))
        cut = "giảm so với số xã, phường báo cáo" if settled < asked else "giữ số xã, phường báo cáo"
        rows.append(
            {
                "commune_code": row["commune_code"],
                **dict.fromkeys(_AREAS, None),
                "new_floor_area_m2": settled,
                "reason": f"Thống nhất tại cuộc họp rà soát, {cut}; minh họa",
                "officer": "Phòng Quy hoạch - Kiến trúc (minh họa)",
                "agreed_date": f"2026-04-{10 + number:02d}",
                "document": f"MH-{number + 1:02d}/BB-MINH HỌA",
            }
        )
    return pd.DataFrame(rows)


def make_houses(facts: Facts, facilities: gpd.GeoDataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Houses of the facilities of the first communes that reported: they add up to the facility to the last digit."""
    rng = facts.rng("houses")
    codes = list(reports["commune_code"])[: facts.surveys["counts"]["housed"]]
    needed = ["floor_area_m2", "footprint_m2", "floors", "buildings", "year_built", "condition"]
    known = facilities[facilities["commune_code"].isin(codes) & facilities[needed].notna().all(axis=1)]
    rows: list[dict[str, Any]] = []
    for facility in known.sort_values("facility_id").to_dict("records"):
        count = int(facility["buildings"])
        parts = np.sort(rng.dirichlet(np.full(count, 4.0)))[::-1]
        floors = _split(float(facility["floor_area_m2"]), parts)
        feet = _split(float(facility["footprint_m2"]), parts)
        for number in range(count):
            first = number == 0
            rows.append(
                {
                    "building_id": f"{facility['facility_id']}-N{number + 1}",
                    "facility_id": facility["facility_id"],
                    "name": "Nhà làm việc chính" if first else f"Nhà phụ {number}",
                    "floor_area_m2": floors[number],
                    "footprint_m2": feet[number],
                    "floors": int(facility["floors"]) if first else 1,
                    "year_built": int(facility["year_built"]),
                    "condition": facility["condition"] if first or rng.random() < 0.8 else "poor",
                    "use": "làm việc" if first else "phụ trợ",
                    "note": "Minh họa",
                }
            )
    return pd.DataFrame(rows)


def _split(total: float, parts: np.ndarray[Any, Any]) -> list[float]:
    """Split a figure of one decimal into parts of one decimal that add up to it."""
    tenths = round(total * 10)
    cut = [int(tenths * part) for part in parts]
    cut[0] += tenths - sum(cut)
    return [value / 10 for value in cut]
