"""Agencies that answer for plans and layers, and the form of what they are asked and answer."""

from __future__ import annotations

from dataclasses import dataclass

AGENCY_COLUMNS = ("agency_id", "agency", "address", "plan_kinds", "sources", "zones", "functions", "communes",
                  "confirm_only", "per_commune", "legal_basis", "certainty", "note")  # fmt: skip
# what one request is known by; the commune only where letters go by commune
REQUEST_KEYS = ("agency_id", "commune_code", "site_id", "zone_id")
# what the agency fills in
BLANKS = ("answer", "document_no", "document_date", "conditions")
ANSWERS = ("agree", "agree_with_conditions", "disagree", "more_documents")
# stands in the row of machine keys of a sheet of answers
SHEET_MARK = "siteplan-agency-1"


@dataclass(frozen=True)
class Agency:
    """One agency: what it answers for, and how it is asked.

    Parameters
    ----------
    plan_kinds, sources, zones, functions
        Kinds of plans, sources of findings, patterns of zone ids and functions (land-use codes) it answers for.
    communes
        ``*`` or ``border``: sites of which communes are put to it where it is asked to confirm.
    confirm_only
        Its layers are withheld: it is asked to confirm every site in writing, and no finding clears one.
    per_commune
        One letter a commune: the commune's own People's Committee.
    """

    agency_id: str
    agency: str
    address: str
    plan_kinds: tuple[str, ...]
    sources: tuple[str, ...]
    zones: tuple[str, ...]
    functions: tuple[str, ...]
    communes: str
    confirm_only: bool
    per_commune: bool
    legal_basis: str
    certainty: str
