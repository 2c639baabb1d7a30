"""Figures that contradict each other: a facility and its houses, a staff and its breakdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan.errors import Problem
from siteplan.tables import records

if TYPE_CHECKING:
    from siteplan.layers.read import LayerSet

# rounding of inventories: whole metres, and a hundredth
_TOLERANCE_M2 = 1.0
_TOLERANCE_SHARE = 0.01
_STAFF_PARTS = ("staff_party", "staff_government", "staff_front", "staff_service_centre", "staff_contract")
_WHOLE = ("staff_party", "staff_government", "staff_front")


def check_figures(layers: LayerSet) -> list[Problem]:
    """Return warnings: facility and houses differ, houses of none, a staff not the sum of its parts, years reversed."""
    return [*_houses(layers), *_staff(layers), *_years(layers)]


def _where(layers: LayerSet, layer: object) -> dict[str, Any]:
    return {"file": layers.catalog.entry(str(layer)).origin, "layer": str(layer)}


def _houses(layers: LayerSet) -> list[Problem]:
    houses, facilities = layers.table("facility_buildings"), layers.table("facilities")
    if not len(houses):
        return []
    problems = [
        Problem("house_without_facility", "excluded", feature=str(row["building_id"]), column="facility_id",
                value=str(row["facility_id"]), **_where(layers, row["layer"]))
        for row in houses[~houses["facility_id"].isin(set(facilities["facility_id"]))].to_dict("records")
    ]  # fmt: skip
    own = facilities.set_index("facility_id")
    for identity, of_facility in houses.groupby("facility_id"):
        if identity not in own.index:
            continue
        row = own.loc[identity]
        for column, total in (
            ("floor_area_m2", of_facility["floor_area_m2"].sum(min_count=len(of_facility))),
            ("footprint_m2", of_facility["footprint_m2"].sum(min_count=len(of_facility))),
            ("buildings", len(of_facility)),
        ):
            stated = row[column]
            if pd.isna(stated) or pd.isna(total):
                continue
            tolerance = 0 if column == "buildings" else max(_TOLERANCE_M2, _TOLERANCE_SHARE * float(total))
            if abs(float(stated) - float(total)) > tolerance:
                params = {"stated": float(stated), "total": float(total), "houses": len(of_facility)}
                problems.append(
                    Problem("facility_houses_differ", "warning", feature=str(identity), column=column,
                            value=f"{float(stated):g}", params=params, **_where(layers, row["layer"]))
                )  # fmt: skip
    return problems


def _staff(layers: LayerSet) -> list[Problem]:
    problems = []
    for row in layers.table("commune_staff").to_dict("records"):
        parts = {name: row[name] for name in _STAFF_PARTS if not pd.isna(row[name])}
        if pd.isna(row["staff"]) or not set(_WHOLE) <= set(parts):
            continue
        total = int(sum(parts.values()))
        # the one-stop centre may be counted within the government
        within = total - int(parts.get("staff_service_centre", 0))
        if int(row["staff"]) not in (total, within):
            params = {"stated": int(row["staff"]), "total": total}
            problems.append(
                Problem("staff_parts_differ", "warning", feature=str(row["commune_code"]), column="staff",
                        value=str(row["staff"]), params=params, **_where(layers, row["layer"]))
            )  # fmt: skip
    return problems


def _years(layers: LayerSet) -> list[Problem]:
    projects = layers.table("sector_projects")
    return [
        Problem("project_years_reversed", "warning", feature=str(row["project_id"]), column="year_to",
                value=f"{row['year_from']}-{row['year_to']}", **_where(layers, row["layer"]))
        for row in records(projects[(projects["year_from"] > projects["year_to"]).fillna(False)])
    ]  # fmt: skip
