"""Agreed figures stand for computed ones, and decide the build type where they speak of it.

What a person settled with the commune prevails: an agreed new floor above 0 means building new, an agreed extension
above 0 extending the leading facility, both agreed as 0 staying in it. Where only some figures are agreed the others
stay computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.tables import Row, as_number, as_text, records

BUILD_ITEMS = ("extension_floor", "extension_land", "new_floor", "new_land")


def agreed_rows(agreed: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    """Rows of ``INPUTS["agreed_areas"]`` by commune."""
    if agreed is None:
        return {}
    return {str(row["commune_code"]): row for row in records(agreed)}


def with_agreed(
    row: dict[str, Any],
    agreed: Mapping[str, Any] | None,
    leading: Row | None,
    commune: Row,
    land_of_floor: Callable[[Row, float], float],
) -> dict[str, Any]:
    """Return the gap of a commune with its agreed figures in place of the computed ones.

    Parameters
    ----------
    row
        Gap as computed: build type, kept, extension, new, reasons.
    agreed
        Row of ``INPUTS["agreed_areas"]``; None where nothing was agreed.
    leading
        The facility the centre would stay in; None where there is none.
    commune
        Row of ``NeedResult.communes``.
    land_of_floor
        Land a new building of that many m² of floor asks for in that commune: it stands where a floor was agreed and no
        land.

    Returns
    -------
    dict
        `row` with ``agreed``: whether a person decided what is built.
    """
    row["agreed"] = False
    if agreed is None:
        return row
    figures = {item: as_number(agreed[f"{item}_area_m2"]) for item in BUILD_ITEMS}
    chosen = _build_type(figures, leading)
    if chosen is not None:
        _change(row, chosen, leading, commune)
        row["agreed"] = True
    if figures["new_floor"] > 0 and math.isnan(figures["new_land"]):
        figures["new_land"] = land_of_floor(commune, figures["new_floor"])
    for item, value in figures.items():
        if not math.isnan(value):
            row[f"{item}_area_m2"] = value
    told = {"document": as_text(agreed.get("document")), "reason": as_text(agreed.get("reason"))}
    row["build_reasons"] = encode([*_of_type(row), ("need.build.agreed", told)])
    return row


def _of_type(row: Mapping[str, Any]) -> list[Message]:
    """Return the reasons without what speaks of an extension where none is built."""
    reasons = decode(row["build_reasons"])
    return [r for r in reasons if row["build_type"] == "extend" or r[0] != "need.build.extend_poor"]


def _build_type(figures: Mapping[str, float], leading: Row | None) -> str | None:
    """Build type that the agreed figures mean; None where they do not say."""
    new, extension = figures["new_floor"], figures["extension_floor"]
    if new > 0:
        return "build_new"
    if leading is None:
        return None
    if extension > 0:
        return "extend"
    if new == 0 and extension == 0:
        return "renovate" if leading["condition"] == "poor" else "none"
    return None


def _change(row: dict[str, Any], build_type: str, leading: Row | None, commune: Row) -> None:
    if row["build_type"] == build_type:
        return
    required = round(float(commune["required_floor_area_m2"]), 2)
    stays = build_type != "build_new" and leading is not None
    kept = float(leading["usable_floor_area_m2"]) if stays and leading is not None else 0.0
    row |= {
        "build_type": build_type,
        "kept_facility_id": leading["facility_id"] if stays and leading is not None else None,
        "kept_floor_area_m2": kept,
        "kept_land_area_m2": as_number(leading["land_area_m2"]) if stays and leading is not None else 0.0,
        "extension_floor_area_m2": max(0.0, required - kept) if build_type == "extend" else 0.0,
        "extension_land_area_m2": 0.0,
        "new_floor_area_m2": 0.0 if stays else required,
        "new_land_area_m2": 0.0 if stays else float(commune["required_land_area_m2"]),
        "renovation_floor_area_m2": min(kept, required) if build_type == "renovate" else 0.0,
    }
    if build_type == "extend" and leading is not None and leading["condition"] == "poor":
        row["renovation_floor_area_m2"] = min(kept, required)
