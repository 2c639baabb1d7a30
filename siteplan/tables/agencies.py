"""Agencies that answer for plans and layers, and the form of what they are asked and answer."""

from __future__ import annotations

from dataclasses import dataclass

from siteplan.tables.parts import (
    COMMUNE,
    SITE_ID,
    text,
)
from siteplan.tables.schema import Column, Table

AGENCY_COLUMNS = ("agency_id", "agency", "address", "plan_kinds", "sources", "zones", "functions", "communes",
                  "confirm_only", "per_commune", "legal_basis", "certainty", "note")  # fmt: skip
# what one request is known by; the commune only where letters go by commune
REQUEST_KEYS = ("agency_id", "commune_code", "site_id", "zone_id")
# what the agency fills in
BLANKS = ("answer", "document_no", "document_date", "conditions")
ANSWERS = ("agree", "agree_with_conditions", "disagree", "more_documents")
# whether the site that was asked about is still one of the run
ANSWER_STATES = ("valid", "orphaned")
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


AGENCY_ANSWERS = Table(
    "agency_answers", "Trả lời của các cơ quan", "Answers of the agencies",
    (
        text("agency_id", "Mã cơ quan", "Agency id", "MA_CQ", nullable=False),
        text("agency", "Cơ quan", "Agency", "CO_QUAN", nullable=False),
        COMMUNE,
        SITE_ID,
        text("zone_id", "Nội dung được hỏi", "What was asked", "NOI_DUNG", nullable=False),
        text("answer", "Ý kiến trả lời", "Answer", "TRA_LOI", values=ANSWERS, nullable=False),
        text("document_no", "Số văn bản", "Document number", "SO_VB"),
        Column("document_date", "date", "Ngày văn bản", "Date of document", "NGAY_VB"),
        text("conditions", "Điều kiện, lý do", "Conditions, reasons", "DIEU_KIEN"),
        text("answer_state", "Tình trạng trả lời", "State of answer", "TT_TL", values=ANSWER_STATES, nullable=False),
    ),
    ("agency_id", "site_id", "zone_id"),
)  # fmt: skip
