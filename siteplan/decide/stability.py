"""How firm a choice of site is: the weights are shaken, and it is counted how often each site comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.locale import Message, encode
from siteplan.scenario import Criterion

# Sum of the parameters of the Dirichlet distribution: at 100 a weight of 10 in 100 varies by 3 (one standard
# deviation), a weight of 20 by 4. A choice of method, to be stated in every report of it.
CONCENTRATION = 100.0
# first in fewer draws than this, and the choice is a close call
CLOSE_CALL_PERCENT = 60.0
# first in at least so many draws, and a site takes part in the close call
_RIVAL_PERCENT = 10.0
# ranks told hold in this share of the draws
_MIDDLE_PERCENT = 95.0
# each weight alone is changed by this share
SINGLE_CHANGE = 0.25
FULL = 100.0
CANCELLED = 1e-12  # of the terms of a sum: less is rounding
NEGLIGIBLE = 1e-15  # of the greatest coefficient


def shaken_weights(
    weights: NDArray[np.float64], draws: int, seed: int, concentration: float = CONCENTRATION
) -> NDArray[np.float64]:
    """Draw weights around those given, on the simplex.

    Dirichlet distribution with mean `weights` (brought to sum 1) and parameters summing to `concentration`; a weight of
    zero stays zero.

    Returns
    -------
    ndarray
        Shape draws x criteria, rows sum to 1.
    """
    share = np.asarray(weights, dtype="float64") / np.sum(weights)
    drawn = np.zeros((draws, len(share)))
    positive = share > 0
    drawn[:, positive] = np.random.default_rng(seed).dirichlet(share[positive] * concentration, size=draws)
    return drawn


def site_stability(
    scores: pd.DataFrame,
    sites: pd.DataFrame,
    draws: int = 1000,
    seed: int = 0,
    concentration: float = CONCENTRATION,
    criteria: Sequence[Criterion] = (),
) -> pd.DataFrame:
    """Count in which share of draws each site is the first of its commune, and in which ranks it stands.

    Parameters
    ----------
    scores
        ``RESULTS["scores"]``; rows of sites are taken.
    sites
        ``RESULTS["sites"]`` as ranked. Those that are eligible and not blocked compete.
    draws, seed, concentration
        See :func:`shaken_weights`; every commune sees the same weights.
    criteria
        Those of sites, for the labels in the notes.

    Returns
    -------
    DataFrame
        Row per site: commune_code, site_id, first_share_percent (NaN where the site does not compete; of equal sites
        the one ranked first wins), rank_shaken_low, rank_shaken_high (ranks held in 95 % of the draws), close_call (the
        first-ranked site is first in fewer than 60 % of draws, and this site is it or is first in at least 10 %), notes
        (of the first-ranked site: its rivals in a close call, the change of one weight at which the second takes its
        place, and whether it stays first when each weight alone is 25 % more or less).

    Notes
    -----
    Values are scaled by functions fixed beforehand, so that dropping a site never reverses the ranks of others.
    """
    result = sites[["commune_code", "site_id"]].copy().reset_index(drop=True)
    result["first_share_percent"] = np.nan
    result["rank_shaken_low"] = result["rank_shaken_high"] = pd.array([pd.NA] * len(result), dtype="Int64")
    result["close_call"] = False
    result["notes"] = None
    own = scores[scores["of"] == "site"]
    competing = sites["eligible"].astype("boolean").fillna(value=False) & (sites["check_result"] != "blocked")
    competing &= sites["score"].notna()
    if own.empty or not competing.any():
        return result

    table = own.pivot_table(index="subject_id", columns="criterion", values="scaled", aggfunc="first", dropna=False)
    weights = own.groupby("criterion")["weight"].first().reindex(table.columns).to_numpy("float64")
    labels = {c.key: {"label": c.label or c.key, "label_en": c.label_en or c.label or c.key} for c in criteria}
    named = [labels.get(str(key), {"label": str(key), "label_en": str(key)}) for key in table.columns]
    drawn = shaken_weights(weights, draws, seed, concentration)
    order: Any = sites.assign(_row=np.arange(len(sites)))[competing.to_numpy(dtype=bool)]
    order = pd.DataFrame(order).sort_values(["commune_code", "rank"])
    points = table.reindex(order["site_id"]).to_numpy("float64")
    labels_of = order["label"] if "label" in order.columns else order["site_id"]
    names = [
        str(label if isinstance(label, str) else key) for label, key in zip(labels_of, order["site_id"], strict=True)
    ]
    codes = order["commune_code"].to_numpy()
    row_of = order["_row"].to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    found = _Found(len(sites))
    for start, end in pairwise([*starts.tolist(), len(order)]):
        found.judge(row_of[start:end], points[start:end], names[start:end], drawn, weights, named)
    result["first_share_percent"] = found.share
    result["rank_shaken_low"], result["rank_shaken_high"] = found.low, found.high
    result["close_call"], result["notes"] = found.close, found.notes
    return result


class _Found:
    """What is found of each site, by its row."""

    def __init__(self, count: int) -> None:
        self.share = np.full(count, np.nan)
        self.low, self.high = (pd.array([pd.NA] * count, dtype="Int64") for _ in range(2))
        self.close = np.zeros(count, dtype=bool)
        self.notes = pd.Series([None] * count, dtype="object")

    def judge(
        self,
        rows: NDArray[np.int64],
        scaled: NDArray[np.float64],
        names: Sequence[str],
        drawn: NDArray[np.float64],
        weights: NDArray[np.float64],
        labels: Sequence[Mapping[str, str]],
    ) -> None:
        """Judge the sites of one commune: their rows, values (sites x criteria) and names in the order of rank."""
        # rounded, so that equal sites tie and the nominal rank decides
        of_rank = _held(_ranks(np.nan_to_num(np.round(_weighed(scaled, drawn), 9), nan=-1.0)))
        share = np.round(of_rank[0] * 100, 1)
        self.share[rows] = share
        tail = (100 - _MIDDLE_PERCENT) / 2
        held = np.cumsum(of_rank, axis=0)
        for column, percent in ((self.low, tail), (self.high, 100 - tail)):
            column[rows] = 1 + (held < percent / 100 - 1e-12).sum(axis=0)
        close = np.zeros(len(rows), dtype=bool)
        if share[0] < CLOSE_CALL_PERCENT:
            close = (share >= _RIVAL_PERCENT) | (np.arange(len(rows)) == 0)
        self.close[rows] = close
        rivals = [name for name, near in zip(names[1:], close[1:], strict=True) if near]
        notes: list[Message] = [("decide.site.close", {"names": ", ".join(rivals)})] if rivals else []
        if len(rows) > 1:
            notes += _single_weights(scaled, weights, labels, names[1])
        self.notes[rows[0]] = encode(notes)


def _weighed(scaled: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores (rows of weights x sites) of sites x criteria; of what is missing the others take the weight."""
    known = ~np.isnan(scaled)
    if known.all():
        complete: NDArray[np.float64] = weights @ scaled.T / weights.sum(axis=1, keepdims=True)
        return complete
    with np.errstate(invalid="ignore", divide="ignore"):
        scored: NDArray[np.float64] = weights @ np.where(known, scaled, 0.0).T / (weights @ known.T.astype("float64"))
    return scored


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ranks from 1 in each row; of equal ones the earlier column comes first."""
    columns = np.ascontiguousarray(scores.T)
    ranks = np.ones(columns.shape, dtype="int64")
    for later in range(1, len(columns)):  # a rank is one more than the number of those ahead
        ahead = columns[:later] >= columns[later]
        ranks[later] += ahead.sum(axis=0)
        ranks[:later] += ~ahead
    return ranks.T


def _held(ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the draws (rows) in which each column holds each rank: ranks x columns."""
    draws, count = ranks.shape
    cells = (ranks - 1) * count + np.arange(count)
    return np.bincount(cells.ravel(), minlength=count * count).reshape(count, count) / draws


def swap_weight(
    first: NDArray[np.float64], second: NDArray[np.float64], weights: NDArray[np.float64], k: int
) -> float | None:
    """Return the weight of criterion k, others as they are, at which two subjects have equal scores.

    Scores are weighted means over what is known of each, so the condition is a quadratic in the weight.

    Returns
    -------
    float or None
        The one nearest the present weight that is not negative; None where there is none.
    """
    parts = []
    for own in (first, second):
        known = ~np.isnan(own)
        rest = known & (np.arange(len(own)) != k)
        value = float(own[k]) if known[k] else 0.0
        parts.append((float(weights[rest] @ own[rest]), value, float(weights[rest].sum()), float(known[k])))
    (a1, b1, c1, d1), (a2, b2, c2, d2) = parts
    # (a1 + b1 w)(c2 + d2 w) = (a2 + b2 w)(c1 + d1 w)
    terms = [(b1 * d2, -b2 * d1), (a1 * d2, b1 * c2, -a2 * d1, -b2 * c1), (a1 * c2, -a2 * c1)]
    equation = np.array([sum(of_power) for of_power in terms])
    # what is left of terms that cancel is no coefficient
    equation[np.abs(equation) <= CANCELLED * np.array([sum(map(abs, of_power)) for of_power in terms])] = 0.0
    # nor is one so small that only a weight beyond any would bring it to bear
    equation[np.abs(equation) < NEGLIGIBLE * np.abs(equation).max()] = 0.0
    roots = np.roots(np.trim_zeros(equation, "f"))
    real = [float(r.real) for r in roots if abs(r.imag) < 1e-12 and r.real >= 0]
    return min(real, key=lambda w: abs(w - float(weights[k]))) if real else None


def _single_weights(
    scaled: NDArray[np.float64], weights: NDArray[np.float64], labels: Sequence[Mapping[str, str]], second: str
) -> list[Message]:
    """Tell what a change of one weight alone does to the first site."""
    active: list[int] = np.flatnonzero(weights > 0).tolist()
    swaps = [(k, swap_weight(scaled[0], scaled[1], weights, k)) for k in active]
    able = [(k, to) for k, to in swaps if to is not None and to != weights[k]]
    total = float(weights.sum()) / FULL
    messages: list[Message] = []
    if able:
        k, to = min(able, key=lambda pair: abs(pair[1] - weights[pair[0]]) / weights[pair[0]])
        params = {**labels[k], "site": second, "now": float(weights[k]) / total, "to": round(to / total, 3)}
        messages.append(("decide.site.swap", params))
    else:
        messages.append(("decide.site.swap_none", {"site": second}))
    turned = np.tile(weights, (2 * len(active), 1))
    for row, k in enumerate(active):
        turned[2 * row : 2 * row + 2, k] *= (1 - SINGLE_CHANGE, 1 + SINGLE_CHANGE)
    first = np.nanargmax(np.round(_weighed(scaled, turned), 9), axis=1).reshape(-1, 2)
    lost = [labels[k] for k, firsts in zip(active, first, strict=True) if firsts.any()]
    if lost:
        names = {
            key: ", ".join(label[of] for label in lost) for key, of in (("names", "label"), ("names_en", "label_en"))
        }
        messages.append(("decide.site.lost", names))
    else:
        messages.append(("decide.site.held", {}))
    return messages
