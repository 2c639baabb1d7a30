"""The table of people's opinions on sites, as a run holds it beside the machine's answer."""

from __future__ import annotations

from siteplan.tables.parts import (
    COMMUNE,
    DOCUMENT,
    RESTRICTED,
    messages,
    text,
)
from siteplan.tables.schema import Column, Table

DECISIONS = ("accept", "accept_with_conditions", "reject", "more_documents")
OPINION_STATES = ("valid", "stale", "contradicted", "replaced", "orphaned")

OPINIONS = Table(
    "opinions", "Ý kiến rà soát của cán bộ", "Opinions of officers",
    (
        text("opinion_id", "Mã ý kiến", "Opinion id", "MA_YK", nullable=False),
        text("site_id", "Mã vị trí", "Site id", "MA_VT"),
        COMMUNE,
        text("zone_id", "Mã ô", "Zone id", "MA_O"),
        text("opinion", "Ý kiến", "Opinion", "Y_KIEN", values=DECISIONS, nullable=False),
        text("officer", "Cán bộ", "Officer", "CAN_BO", nullable=False),
        Column("opinion_date", "date", "Ngày có ý kiến", "Date of opinion", "NGAY_YK"),
        text("reason", "Lý do", "Reason", "LY_DO"),
        DOCUMENT,
        text("opinion_state", "Tình trạng ý kiến", "State of opinion", "TT_YK", values=OPINION_STATES, nullable=False),
        messages("state_reasons", "Vì sao", "Why", "LD_TT"),
        # the machine's answer, then and now: an opinion stands beside it and never changes it
        text("check_result_then", "Kết quả kiểm tra khi có ý kiến", "Check result then", "KQ_KHIDO",
             values=("clear", "clear_of_known_plans", "conditional", "blocked")),
        text("check_result", "Kết quả kiểm tra quy hoạch", "Check result", "KQ_KTRA",
             values=("clear", "clear_of_known_plans", "conditional", "blocked")),
        text("given_site_id", "Mã vị trí khi có ý kiến", "Site id then", "MA_KHIDO", nullable=False),
        RESTRICTED,
    ),
    ("opinion_id",),
)  # fmt: skip
