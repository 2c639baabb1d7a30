"""How firm the ranking of communes is: bounds where figures are missing, ranks under shaken weights, close calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.decide.scoring import FULL_POINTS
from siteplan.decide.stability import shaken_weights
from siteplan.locale import Message, encode

DRAWS = 10_000
# ranks told hold in this share of the draws
_MIDDLE_PERCENT = 95.0
# the one ranked below comes before in at least so many draws: a close call
CLOSE_PERCENT = 40.0
_TOLD_NAMES = 4
_JUDGED = ("rank_low", "rank_high", "rank_shaken_low", "rank_shaken_high", "priority_notes")


def possible_ranks(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Best and worst rank that each subject can have, where its points lie between `low` and `high`."""
    best = 1 + (low[np.newaxis, :] > high[:, np.newaxis]).sum(axis=1)
    worst = (high[np.newaxis, :] >= low[:, np.newaxis]).sum(axis=1)  # it counts itself
    return best, worst


def shaken_ranks(
    scaled: NDArray[np.float64], weights: NDArray[np.float64], more: NDArray[np.float64], draws: int, seed: int
) -> NDArray[np.int64]:
    """Ranks of subjects in each draw of weights.

    Parameters
    ----------
    scaled
        Subjects x criteria, 0..1, NaN where missing (the others' weights are raised).
    weights
        One a criterion.
    more
        Points beside the base, one a subject.

    Returns
    -------
    ndarray
        Draws x subjects, from 1; equal points share the order of the rows.
    """
    drawn = shaken_weights(weights, draws, seed)
    known = ~np.isnan(scaled)
    reach = drawn @ known.T.astype("float64")
    with np.errstate(invalid="ignore", divide="ignore"):
        points = drawn @ np.where(known, scaled, 0.0).T / reach * FULL_POINTS
    points = np.nan_to_num(np.round(points + more, 6), nan=-1.0)
    order = np.argsort(-points, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[np.newaxis, :], axis=1)
    return ranks


def judge(
    communes: pd.DataFrame, scores: pd.DataFrame, cap_points: float, seed: int, draws: int = DRAWS
) -> pd.DataFrame:
    """Say how firm each rank is.

    Parameters
    ----------
    communes
        As :func:`siteplan.decide.priority.rank_communes` returns them.
    scores
        ``RESULTS["scores"]``; the base rows of communes are taken.
    cap_points
        Most that supplements add.
    seed, draws
        Of the Dirichlet draws, see :func:`siteplan.decide.stability.shaken_weights`.

    Returns
    -------
    DataFrame
        `communes` with rank_low, rank_high (bounds where values are missing), rank_shaken_low, rank_shaken_high (the
        ranks held in 95 % of the draws) and priority_notes: missing data with the bounds, ties and how they were
        broken, what the supplements moved, close calls.
    """
    judged = communes.sort_values("priority_rank").reset_index(drop=True)
    base = scores[(scores["of"] == "commune") & (scores["block"] == "base")]
    if judged.empty or base.empty:
        return communes.assign(**dict.fromkeys(_JUDGED))
    more = judged["supplement_points"].fillna(0.0).to_numpy("float64")
    possible = _open_supplement(judged, scores, cap_points)
    low = judged["base_points_low"].to_numpy("float64") + more
    high = judged["base_points_high"].to_numpy("float64") + more + possible
    judged["rank_low"], judged["rank_high"] = possible_ranks(low.round(3), high.round(3))

    table = base.pivot_table(index="subject_id", columns="criterion", values="scaled", aggfunc="first", dropna=False)
    weights = base.groupby("criterion")["weight"].first().reindex(table.columns).to_numpy("float64")
    scaled = table.reindex(judged["code"].astype(str)).to_numpy("float64")
    ranks = shaken_ranks(scaled, weights, more, draws, seed)
    tail = (100 - _MIDDLE_PERCENT) / 2
    judged["rank_shaken_low"] = np.percentile(ranks, tail, axis=0, method="nearest").astype(int)
    judged["rank_shaken_high"] = np.percentile(ranks, 100 - tail, axis=0, method="nearest").astype(int)
    before = (ranks[:, 1:] < ranks[:, :-1]).mean(axis=0) * 100 if len(judged) > 1 else np.array([])
    judged["priority_notes"] = [encode(_notes(judged, n, before, low, high)) for n in range(len(judged))]
    return communes.merge(judged[["code", *_JUDGED]], on="code", how="left")


def _open_supplement(communes: pd.DataFrame, scores: pd.DataFrame, cap_points: float) -> NDArray[np.float64]:
    """Points that a supplement which is not known could still add, within the cap."""
    rows = scores[(scores["of"] == "commune") & (scores["block"] == "supplement")]
    missing = rows[rows["missing"].astype(bool)].groupby("subject_id")["weight"].sum()
    most = communes["code"].astype(str).map(missing).fillna(0.0).to_numpy("float64")
    room = cap_points - communes["supplement_points"].fillna(0.0).to_numpy("float64")
    return np.clip(most, 0.0, np.maximum(room, 0.0))


def _notes(
    communes: pd.DataFrame, n: int, before: NDArray[Any], low: NDArray[np.float64], high: NDArray[np.float64]
) -> list[Message]:
    own: Any = communes.loc[n]
    notes: list[Message] = []
    if isinstance(own["priority_missing"], str):
        params = {"low": float(low[n]), "high": float(high[n]), "keys": own["priority_missing"]}
        notes.append(("priority.bounds", {**params, "best": int(own["rank_low"]), "worst": int(own["rank_high"])}))
    notes.append(("priority.shaken", {"best": int(own["rank_shaken_low"]), "worst": int(own["rank_shaken_high"])}))
    equal = communes.loc[(communes["priority_points"] == own["priority_points"]) & (communes.index != n), "name"]
    if len(equal):
        notes.append(("priority.tie", {"names": ", ".join(equal[:_TOLD_NAMES]) + (", …" * (len(equal) > _TOLD_NAMES))}))
    if own["base_rank"] != own["priority_rank"]:
        params = {"base_rank": int(own["base_rank"]), "rank": int(own["priority_rank"])}
        key = "priority.moved" if own["supplement_points"] > 0 else "priority.moved_down"
        notes.append((key, {**params, "points": float(own["supplement_points"])}))
    for at, other in ((n - 1, n - 1), (n, n + 1)):
        if 0 <= at < len(before) and before[at] >= CLOSE_PERCENT:
            share = round(float(before[at]), 1)
            key = "priority.close_above" if other < n else "priority.close_below"
            notes.append((key, {"name": communes.loc[other, "name"], "share": share}))
    return notes
