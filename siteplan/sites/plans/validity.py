"""How a plan stands on a date, and which of two plans in force prevails where they differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siteplan.plan_functions import fits
from siteplan.sites.rules import assumption_of
from siteplan.tables import listed, records

if TYPE_CHECKING:
    from siteplan.rules import Rules

Array = np.ndarray[Any, Any]

BINDING = ("approved", "adjusted")
SHOWN = ("draft", "submitted")
IN_FORCE = ("binding", "paper")


def _years(plans: pd.DataFrame, column: str) -> Array:
    return pd.to_numeric(plans[column], errors="coerce").astype("float64").to_numpy()


def _replaced_by(plans: pd.DataFrame, rows: Array) -> Array:
    """Tell which plans are named in ``supersedes`` of the plans in `rows`."""
    named: set[str] = set()
    for cell in plans.loc[rows, "supersedes"].dropna():
        named |= set(listed(str(cell)))
    return plans["plan_id"].isin(named).to_numpy()


def standing(plans: pd.DataFrame, date: dt.date) -> pd.Series[str]:
    """Tell how each plan stands on a date.

    Parameters
    ----------
    plans
        Rows are plans (:data:`siteplan.tables.INPUTS` ``plans``).
    date
        The scenario's date.

    Returns
    -------
    Series of str
        ``binding``, ``paper`` (in force, on paper only), ``shown`` (draft, submitted), ``superseded`` or ``past``
        (expired, cancelled, out of its period, not yet decided). A draft is superseded by a later draft, a plan in
        force only by a plan in force.
    """
    status = plans["status"].fillna("")
    decided = pd.to_datetime(plans["decision_date"], errors="coerce")
    day = pd.Timestamp(date)
    in_period = ~(_years(plans, "year_from") > date.year) & ~(_years(plans, "year_to") < date.year)
    binding = status.isin(BINDING).to_numpy() & in_period & ~(decided > day).to_numpy()
    drawn = pd.to_datetime(plans["version_date"], errors="coerce") if "version_date" in plans.columns else decided
    drafts = status.isin(SHOWN).to_numpy()
    paper = plans["paper_only"].fillna(value=False).astype(bool).to_numpy()
    out = np.full(len(plans), "past", dtype=object)
    out[drafts] = "shown"
    out[drafts & _replaced_by(plans, drafts & ~(drawn > day).to_numpy())] = "superseded"
    out[binding] = "binding"
    out[binding & paper] = "paper"
    out[binding & _replaced_by(plans, binding)] = "superseded"
    return pd.Series(out, index=plans.index)


def lapsed(plans: pd.DataFrame, date: dt.date) -> Array:
    """Tell which plans were in force before the date and are over, without a plan in force that replaces them."""
    status = plans["status"].fillna("")
    over = status.isin(BINDING).to_numpy() & (_years(plans, "year_to") < date.year)
    stands = standing(plans, date).to_numpy()
    replaced = _replaced_by(plans, np.isin(stands, IN_FORCE))
    return np.asarray(((status == "expired").to_numpy() | over) & (stands == "past") & ~replaced)


def told_standing(plans: pd.DataFrame, date: dt.date) -> pd.Series[str]:
    """Tell how each plan stands, and of those that do not count why: for people.

    Returns
    -------
    Series of str
        As :func:`standing`, but of what is ``past``: ``expired`` (over, nothing in force replaces it), ``cancelled``,
        ``to_come`` (decided or beginning after the date); ``past`` is what is over and replaced.
    """
    out = standing(plans, date)
    past = (out == "past").to_numpy()
    decided = pd.to_datetime(plans["decision_date"], errors="coerce")
    later = (_years(plans, "year_from") > date.year) | (decided > pd.Timestamp(date)).to_numpy()
    out[past & plans["status"].isin(BINDING).to_numpy() & later] = "to_come"
    out[past & (plans["status"] == "cancelled").to_numpy()] = "cancelled"
    out[lapsed(plans, date)] = "expired"
    return out


def in_force(plans: pd.DataFrame, date: dt.date, zones: pd.DataFrame | None = None) -> pd.DataFrame:
    """Plans in force on a date, digital or on paper, with ``standing`` and whether they are ``drawn``, by id."""
    drawn = plans["plan_id"].isin([] if zones is None else zones["plan_id"].unique())
    register = plans.assign(standing=standing(plans, date) if len(plans) else [], drawn=drawn)
    return register[register["standing"].isin(IN_FORCE)].sort_values("plan_id")


@dataclass(frozen=True)
class Ruling:
    """Which of two plans prevails (None: the authority must say), by which rule, with its basis and certainty."""

    prevails: str | None
    rule: str
    treatment: str
    legal_basis: str
    certainty: str
    assumption: str | None = None


class Precedence:
    """Who prevails where two plans in force say different things of the same ground, by the rule tables.

    Parameters
    ----------
    rules
        ``plan_precedence`` (which rules, in order), ``plan_kinds`` (place of a kind in the system of plans),
        ``approval_levels``.

    Notes
    -----
    Nghị định 178/2025/NĐ-CP, Article 6: of plans of one level the approving authority decides in writing. What is said
    here is what to expect and to ask for: the plan that does not prevail still counts against a site until it is
    adjusted.
    """

    def __init__(self, rules: Rules) -> None:
        kinds, levels = rules.plan_kinds, rules.approval_levels
        self._place = {str(k): float(p) for k, p in zip(kinds["plan_kind"], kinds["precedence"], strict=True)}
        self._levels = [(str(p), float(r)) for p, r in zip(levels["pattern"], levels["rank"], strict=True)]
        self._rules = records(rules.plan_precedence.sort_values("order", kind="stable"))
        named = {str(r["rule"]): r.get("levels") for r in self._rules}.get("national_plan")
        self._nations = [word.strip() for word in str(named or "").split("|") if word.strip()]
        self._ranks: dict[str, float] = {}  # by authority: plans are many, authorities few

    def rank(self, authority: Any) -> float:
        """Rank of the authority that approved a plan, 1 the highest; NaN where the table does not know it."""
        if not isinstance(authority, str):
            return float("nan")
        if authority not in self._ranks:
            fitting = (rank for pattern, rank in self._levels if fits(authority, pattern))
            self._ranks[authority] = next(fitting, float("nan"))
        return self._ranks[authority]

    def _national(self, level: Any) -> bool:
        return isinstance(level, str) and any(fits(level, pattern) for pattern in self._nations)

    def between(self, first: Mapping[Any, Any], second: Mapping[Any, Any]) -> Ruling:
        """Say which of two plans (``plan_id, plan_kind, level, authority, decision_date``) prevails.

        By the first rule of the table that tells the two apart: a plan of the national level; the kind that stands
        higher in the system (the lower must fit it); of one level the higher approving authority; of one authority
        the later decision; else nobody.
        """
        both = (first, second)
        measures = {
            "national_plan": [0.0 if self._national(p.get("level")) else 1.0 for p in both],
            "higher_plan": [self._place.get(str(p["plan_kind"]), float("nan")) for p in both],
            "higher_authority": [self.rank(p["authority"]) for p in both],
            "later_decision": [_age(p["decision_date"]) for p in both],
        }
        last = self._rules[-1]
        for row in self._rules:
            if row["rule"] not in measures:
                last = row
                continue
            one, other = measures[str(row["rule"])]
            if one < other or other < one:  # neither holds where one is not known
                return _ruling(str((first if one < other else second)["plan_id"]), row)
        return _ruling(None, last)


def _age(decided: Any) -> float:
    """Return a number that is less for later decisions; NaN where the date is not known."""
    try:
        return -float(dt.date.fromisoformat(str(decided)[:10]).toordinal())
    except ValueError:
        return float("nan")


def _ruling(prevails: str | None, row: Mapping[Any, Any]) -> Ruling:
    basis, certainty = str(row["legal_basis"]), str(row["certainty"])
    token = assumption_of("plan_precedence", "rule", row)
    return Ruling(prevails, str(row["rule"]), str(row["treatment"] or "none"), basis, certainty, token)
