"""Layers that are usually withheld (defence, police, border): their absence asks for a written confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from siteplan.locale import encode
from siteplan.sites.rules import assumption_of
from siteplan.tables import records, rests_on
from siteplan.tables.parts import CERTAINTY

EVERYWHERE, AT_THE_BORDER = "everywhere", "border"


def withheld_kinds(kinds: pd.DataFrame, coverage: pd.DataFrame, communes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """List the kinds of plan that are withheld by custom and not in hand, by commune.

    Parameters
    ----------
    kinds
        ``rules/plan_kinds.csv``: ``withheld`` is ``everywhere``, ``border`` (asked for in border communes) or empty.
    coverage
        Rows ``plans/<kind>`` of :data:`siteplan.tables.RESULTS` ``coverage``.
    communes
        ``code`` and, where known, ``is_border``.
    """
    where = {str(k): w for k, w in zip(kinds["plan_kind"], kinds["withheld"], strict=True) if isinstance(w, str)}
    borders = communes["is_border"].fillna(value=False).astype(bool) if "is_border" in communes.columns else None
    at_border = set(communes["code"]) if borders is None else set(communes.loc[borders, "code"])
    in_hand = {(c, r) for c, r, s in zip(coverage["commune_code"], coverage["role"], coverage["status"], strict=True)
               if s == "covered"}  # fmt: skip
    return {
        str(code): tuple(
            kind
            for kind, place in where.items()
            if (place == EVERYWHERE or code in at_border) and (code, f"plans/{kind}") not in in_hand
        )
        for code in communes["code"]
    }


def unconfirmed(sites: pd.DataFrame, missing: Sequence[str], kinds: pd.DataFrame) -> list[dict[str, Any]]:
    """Build one finding a site that names the agencies to ask, where withheld layers are not in hand.

    It is information: it blocks nothing and is no condition of its own, but a site with it is never ``clear``.
    """
    rows = records(kinds[kinds["plan_kind"].isin(set(missing))])
    if not rows:
        return []
    owners = "; ".join(dict.fromkeys(str(r["owner"]) for r in rows if isinstance(r["owner"], str)))
    weakest = max((str(r["certainty"]) for r in rows), key=CERTAINTY.index)
    tokens = {t for r in rows if (t := assumption_of("plan_kinds", "plan_kind", r)) is not None}
    message = ("sites.treatment.confirm_withheld", {"owner": owners, "kinds": "; ".join(missing)})
    return [
        {
            "site_id": identity,
            "commune_code": code,
            "zone_id": "withheld",
            "source": "withheld",
            "plan_kind": rows[0]["plan_kind"] if len(rows) == 1 else None,
            "title": "; ".join(str(r["name"]) for r in rows),
            "owner": owners,
            "effect": "information",
            "severity": 2,
            "treatment": encode([message]),
            "legal_basis": "; ".join(dict.fromkeys(str(r["legal_basis"]) for r in rows)),
            "certainty": weakest,
            "illustrative": False,
            "restricted": False,
            "rests_on": rests_on(*tokens),
        }
        for identity, code in zip(sites["site_id"], sites["commune_code"], strict=True)
    ]
