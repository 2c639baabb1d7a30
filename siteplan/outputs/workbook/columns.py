"""Which columns a sheet has, in which order; which are printed, and which stay on the screen at its right end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from siteplan.outputs.printing import A3_PAGE_WIDTH
from siteplan.outputs.sheet_fields import WIDEST, WIDEST_OF_REASONS, Field, fitted

COMMUNE_MARKS = ("code", "name", "kind", "former_district", "population", "area_km2", "is_border", "is_central_ward")
COMMUNE_AFTER = (
    "gap_basis",
    "report_state",
    "inventory_state",
    "report_no",
    "report_date",
    "build_type",
    "build_reasons",
    "kept_facility_id",
    "unit_class",
    "unit_class_decision_no",
    "classification_points",
    "classification_notes",
    "group",
    "scope",
    "staff",
    "staff_basis",
    "required_usable_area_m2",
    "required_footprint_m2",
    "binding_rule",
    "coverage_percent",
    "rests_on",
)
SITES = (
    "site_id",
    "commune_code",
    "label",
    "letter",
    "area_m2",
    "plot_size",
    "required_area_m2",
    "score",
    "score_low",
    "score_high",
    "rank",
    "is_best",
    "eligible",
    "broken_rules",
    "check_result",
    "conformity",
    "shift",
    "conflict_count",
    "overlap_area_m2",
    "overlap_percent",
    "slope_mean_percent",
    "slope_max_percent",
    "dem_resolution_m",
    "access_minutes",
    "access_share_30_percent",
    "access_farthest_minutes",
    "road_distance_m",
    "main_road_distance_m",
    "seat_distance_m",
    "service_distance_m",
    "power_distance_m",
    "land_use_main",
    "land_use_shares",
    "rice_percent",
    "forest_percent",
    "forbidden_percent",
    "hazard_level",
    "hazard_percent",
    "flood_state",
    "raise_m",
    "cut_m3",
    "fill_m3",
    "buildings_inside",
    "households_displaced",
    "compensation",
    "compensation_cost",
    "infrastructure",
    "room_to_extend_percent",
    "can_extend",
    "clearance",
    "locked",
    "reasons",
    "rests_on",
)
# what a reader of the paper needs to know of the leading sites; all else stands in the annex
LEADING = (
    "commune_code",
    "site_id",
    "label",
    "rank",
    "is_best",
    "score",
    "area_m2",
    "required_area_m2",
    "check_result",
    "conformity",
    "conflict_count",
    "slope_mean_percent",
    "access_minutes",
    "road_distance_m",
    "land_use_main",
    "hazard_level",
    "flood_state",
    "raise_m",
    "households_displaced",
    "clearance",
)

# names inside the program, for those who look a rule or a layer up: at the right end, not on paper
_TECHNICAL = (
    ("assumptions", "assumption_id"), ("standards", "standard"), ("sources", "file"), ("sources", "sha256"),
    ("sources", "layer"),
)  # fmt: skip
# what a reader asks of a source: what it is, whose, of which day, on what paper, under which licence
_SOURCE = ("role", "title", "source", "data_date", "legal_basis", "licence", "features", "crs")
# what a reader of the paper needs of evidence and of facilities, in this order; the rest stands to the right, on screen
EVIDENCE_PRINTED = (
    "commune_code", "site_id", "title", "decision_no", "decision_date", "rule_name", "relation", "area_m2",
    "percent_of_site", "effect", "treatment", "owner", "legal_basis",
)  # fmt: skip
SURPLUS_PRINTED = (
    "facility_id", "commune_code", "name", "status", "condition", "floor_area_m2", "land_area_m2", "treatment",
    "free_year", "decided_by", "deadline", "decision_no", "reasons", "legal_basis",
)  # fmt: skip

_REASONS_OF_SITES = 160  # letters: the longest stand on a dozen lines
_LONG_TEXT = 30  # letters
_LEAST_OF_REASONS = 50
# columns of the programme in which two lines of a heading or a text save the room that reasons need
_NARROW = {
    "priority_rank": 9, "priority_points": 9, "status": 12, "build_type": 12, "needed_build_type": 12, "phase": 12,
    "deficit_floor_area_m2": 11, "deficit_left_m2": 11, "cost_at_price_year": 13, "total_cost": 13,
}  # fmt: skip


def beside(names: Sequence[str], printed: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return columns in the order of the paper, and those that stay on the screen behind them."""
    first = [name for name in printed if name in names]
    return first, [name for name in names if name not in first]


def on_paper(fields: Sequence[Field], screen: Sequence[str]) -> list[Field]:
    """Return the columns, those of the screen not printed, long texts of the others narrower and higher."""
    return [
        replace(field, printed=False)
        if field.key in screen
        else replace(field, width=min(field.width, _LONG_TEXT), widest=WIDEST)
        for field in fields
    ]


def on_one_page(fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> list[Field]:
    """Return the columns of a programme, its reasons as wide as one page of A3 lets them be beside the others."""
    narrow = [replace(field, width=_NARROW.get(field.key, field.width)) for field in fields]
    shown = [field for field in fitted(narrow, rows) if field.printed and not field.hidden]
    room = A3_PAGE_WIDTH - sum(field.width for field in shown if field.key != "reasons")
    width = min(max(room, _LEAST_OF_REASONS), WIDEST_OF_REASONS)
    return [replace(field, width=width, widest=width) if field.key == "reasons" else field for field in narrow]


def with_whole_reasons(fields: Sequence[Field]) -> list[Field]:
    """Return the columns, the reasons so wide, and their rows so high, that none is cut."""
    width = _REASONS_OF_SITES
    return [replace(f, width=width, widest=width, whole=True) if f.key == "reasons" else f for f in fields]


def in_order(table: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return columns in the order of their readers, technical ones last, and those technical ones."""
    if table == "sources":
        names = [*_SOURCE, *(name for name in names if name not in _SOURCE)]
    technical = [name for of, name in _TECHNICAL if of == table and name in names]
    return [*(name for name in names if name not in technical), *technical], technical
