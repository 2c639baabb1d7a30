"""What a function in a plan means for an office, and the zones of a register with that meaning on a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from siteplan.plan_functions import functions_of, rule_of
from siteplan.sites.plans.validity import lapsed, standing
from siteplan.sites.rules import assumption_of

if TYPE_CHECKING:
    from siteplan.rules import Rules

UNKNOWN_FUNCTION = ("conditional", 2, "ask_opinion")  # effect, severity, treatment where no rule knows the function
PAPER = ("conditional", 2, "confirm_paper")
DRAFT = ("information", 1, "watch_draft")
EXPIRED = ("information", 1, "plan_expired")
_HELD = {"paper": PAPER, "shown": DRAFT, "expired": EXPIRED, "unregistered": UNKNOWN_FUNCTION}
_LISTED = ("binding", *_HELD)
_JUDGED = ("effect", "severity", "treatment", "plan_score", "rule_name", "legal_basis", "certainty", "assumption")


def judge(kind: Any, function: Any, compatibility: pd.DataFrame, kinds: pd.DataFrame) -> dict[str, Any]:
    """Say what a function in a plan of a kind means for an office; of several joined by "+" the least suitable holds.

    By the rule that speaks of it (:func:`siteplan.plan_functions.rule_of`), else by the kind's default.
    """
    meant = [_judge_one(kind, name, compatibility, kinds) for name in functions_of(function)]
    return min(meant, key=lambda one: (one["plan_score"], -one["severity"]))


def _judge_one(kind: Any, name: str, compatibility: pd.DataFrame, kinds: pd.DataFrame) -> dict[str, Any]:
    row = rule_of(kind, name, compatibility)
    if row is not None:
        token = assumption_of("plan_compatibility", "function", row)
        return _judged(row["effect"], row["severity"], row["treatment"], row["score"], row, token)
    effect, severity, treatment = UNKNOWN_FUNCTION
    default = kinds[kinds["plan_kind"] == kind]
    score = float(compatibility.loc[compatibility["effect"] == effect, "score"].median())
    if len(default):
        first = default.iloc[0]
        own = severity if pd.isna(first["severity"]) else first["severity"]
        token = assumption_of("plan_kinds", "plan_kind", first.to_dict())
        return _judged("information" if own <= 1 else effect, own, treatment, score, first.to_dict(), token)
    return _judged(effect, severity, treatment, score, {"name": None, "legal_basis": None, "certainty": "P"}, None)


def _judged(
    effect: Any, severity: Any, treatment: Any, score: Any, row: Mapping[Any, Any], token: str | None
) -> dict[str, Any]:
    return {
        "effect": effect,
        "severity": 1 if pd.isna(severity) else int(severity),
        "treatment": treatment or "none",
        "plan_score": float(score),
        "rule_name": row["name"],
        "legal_basis": row["legal_basis"],
        "certainty": row["certainty"],
        "assumption": token,
    }


def _register(plans: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    columns = ["plan_id", "title", "plan_kind", "decision_no", "decision_date", "authority", "status", "owner",
               "level", "accuracy_m", "covers"]  # fmt: skip
    if not len(plans):
        return plans.reindex(columns=[*columns, "standing", "former"])
    stands = standing(plans, date).to_numpy(object)
    stands[lapsed(plans, date)] = "expired"
    former = plans["covers"].fillna("").str.contains("former:", regex=False)
    return plans[columns].assign(standing=stands, former=former)


def join_zones(zones: gpd.GeoDataFrame, plans: pd.DataFrame, rules: Rules, date: dt.date) -> gpd.GeoDataFrame:
    """Join zones, their plans and the rules on the date; zones of plans cancelled, superseded or to come fall away.

    Returns
    -------
    GeoDataFrame
        Rows are zones that bind, warn or inform, with ``standing`` (``binding``, ``paper``, ``shown``, ``expired``,
        ``unregistered``), the plan's title, kind, decision, authority, status, owner and ``accuracy_m``, and
        ``effect, severity, treatment, plan_score, rule_name, legal_basis, certainty``. A zone whose plan is not
        registered stays, as conditional: what it is, is not known. Plans made for units before the merger carry the
        rule that keeps them in force in their basis.
    """
    joined = zones.merge(_register(plans, date).drop_duplicates("plan_id"), on="plan_id", how="left")
    joined["standing"] = joined["standing"].astype("object").where(joined["standing"].notna(), "unregistered")
    joined = joined[joined["standing"].isin(_LISTED)].reset_index(drop=True)
    keys = joined[["plan_kind", "function"]].drop_duplicates()
    judged = pd.DataFrame(
        [
            {"plan_kind": k, "function": f, **judge(k, f, rules.plan_compatibility, rules.plan_kinds)}
            for k, f in keys.itertuples(index=False)
        ],
        columns=["plan_kind", "function", *_JUDGED],
    )
    joined = joined.merge(judged, on=["plan_kind", "function"], how="left")
    joined["supports"] = joined["effect"] == "supports"
    for held, (effect, severity, treatment) in _HELD.items():
        rows = joined["standing"] == held
        joined.loc[rows, ["effect", "treatment"]] = (effect, treatment)
        joined.loc[rows, "severity"] = severity
        joined.loc[rows, "supports"] = False
    joined["severity"] = joined["severity"].astype("int64")
    kinds = rules.plan_kinds.drop_duplicates("plan_kind").set_index("plan_kind")
    joined["owner"] = joined["owner"].where(joined["owner"].notna(), joined["plan_kind"].map(kinds["owner"]))
    joined["title"] = joined["title"].where(joined["title"].notna(), joined["name"])
    kept = joined["former"].fillna(value=False).astype(bool) & joined["standing"].isin(("binding", "paper"))
    basis = joined["plan_kind"].map(kinds["former_basis"])
    both = joined["legal_basis"].str.cat(basis, sep="; ")
    joined["legal_basis"] = joined["legal_basis"].where(~(kept & basis.notna()), both)
    return gpd.GeoDataFrame(joined.drop(columns=["covers", "former"]), geometry="geometry", crs=zones.crs)
