"""Which columns of a sheet are printed, and which stay on the screen at its right end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from siteplan.outputs.spreadsheet import Field

# what a reader of the paper needs of evidence and of facilities, in this order; the rest stands to the right, on screen
EVIDENCE_PRINTED = (
    "commune_code", "site_id", "title", "decision_no", "decision_date", "rule_name", "relation", "area_m2",
    "percent_of_site", "effect", "treatment", "owner", "legal_basis",
)  # fmt: skip
SURPLUS_PRINTED = (
    "facility_id", "commune_code", "name", "status", "condition", "floor_area_m2", "land_area_m2", "treatment",
    "free_year", "decided_by", "deadline", "decision_no", "reasons", "legal_basis",
)  # fmt: skip

_LONG_TEXT = 30  # letters


def beside(names: Sequence[str], printed: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return columns in the order of the paper, and those that stay on the screen behind them."""
    first = [name for name in printed if name in names]
    return first, [name for name in names if name not in first]


def on_paper(fields: Sequence[Field], screen: Sequence[str]) -> list[Field]:
    """Return the columns, those of the screen not printed, long texts of the others narrower and higher."""
    return [
        replace(field, printed=False) if field.key in screen else replace(field, width=min(field.width, _LONG_TEXT))
        for field in fields
    ]
