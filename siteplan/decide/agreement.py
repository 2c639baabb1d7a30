"""Other ways to rank the same scaled values, to see whether the weighted sum stands alone: TOPSIS, VIKOR, PROMETHEE II.

A check for specialists, off by default; what is printed everywhere else is the weighted sum. The methods are those of
pymcdm (Kizielewicz, Shekhovtsov, Sałabun 2023, SoftwareX 22, 101368). They see what the weighted sum sees: values
scaled to 0..1, all to be maximised, with the same weights. What the methods cannot divide by is left out first:
criteria without weight, and criteria on which all subjects are equal, which rank nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from siteplan.tables import RESULTS, conform, empty

_Array = NDArray[np.float64]
METHODS = ("topsis", "vikor", "promethee_ii")
# these methods cannot do without a value: a criterion that fewer subjects have is left out of the check
MOSTLY_KNOWN = 0.5


def preference(method: str, matrix: ArrayLike, weights: ArrayLike) -> _Array:
    """Return how each row does under a method; more is better.

    Parameters
    ----------
    method
        ``topsis`` (vector normalisation, closeness to the ideal), ``vikor`` (minus the compromise Q at v = 0.5) or
        ``promethee_ii`` (net flow under the usual preference function).
    matrix
        Rows are subjects, columns criteria, all to be maximised.
    weights
        One for each column; brought to sum 1.
    """
    table, shares = np.asarray(matrix, dtype="float64"), np.asarray(weights, dtype="float64")
    telling = (shares > 0) & (np.ptp(table, axis=0) > 0)
    if len(table) < 2 or not telling.any():
        return np.zeros(len(table))
    table, shares = table[:, telling], shares[telling] / shares.sum()
    shares = shares / shares.sum()
    from pymcdm import methods, normalizations

    types = np.ones(len(shares))
    if method == "topsis":
        return np.asarray(
            methods.TOPSIS(normalizations.vector_normalization)(table, shares, types, validation=False), dtype="float64"
        )
    if method == "promethee_ii":
        return np.asarray(methods.PROMETHEE_II("usual")(table, shares, types, validation=False), dtype="float64")
    # where one row is best for the many and for the worst-off criterion alike, or all are, Q is told apart by nothing
    utility = shares * (table.max(axis=0) - table) / np.ptp(table, axis=0)
    if np.ptp(utility.sum(axis=1)) == 0 or np.ptp(utility.max(axis=1)) == 0:
        return -(utility.sum(axis=1) + utility.max(axis=1))
    return -np.asarray(methods.VIKOR()(table, shares, types, validation=False), dtype="float64")


def ranks(values: ArrayLike, *, descending: bool = True) -> NDArray[np.int64]:
    """Ranks from 1; equal values share the smaller rank. Compared at 9 decimals, below which is rounding."""
    numbers = np.asarray(values, dtype="float64").round(9)
    compared = numbers[:, np.newaxis] < numbers if descending else numbers[:, np.newaxis] > numbers
    better: NDArray[np.int64] = compared.sum(axis=1).astype("int64") + 1
    return better


def agreement(
    scores: pd.DataFrame, names: dict[str, str], comparable: set[str], methods: Sequence[str]
) -> pd.DataFrame:
    """Compare the ranking of the weighted sum with the other methods, commune by commune and for the communes.

    Parameters
    ----------
    scores
        ``RESULTS["scores"]``; the base block counts.
    names
        Subject to what it is called.
    comparable
        Subjects that are ranked: sites that may be built on, communes.
    methods
        Of :data:`METHODS`.

    Returns
    -------
    DataFrame
        ``RESULTS["agreement"]``: per method how many subjects were compared (those with a value on every criterion that
        at least half of them have) and on how many criteria, Kendall's tau-b with the weighted sum, who is first under
        each, and whether that is the same.
    """
    if not methods:
        return empty(RESULTS["agreement"])
    base = scores[(scores["block"] == "base") & scores["subject_id"].isin(comparable)]
    rows: list[dict[str, Any]] = []
    for of, code, part in _groups(base):
        known = part.groupby("criterion")["scaled"].transform(lambda values: values.notna().mean()) >= MOSTLY_KNOWN
        matrix = part[known].pivot_table(index="subject_id", columns="criterion", values="scaled", aggfunc="first")
        matrix = matrix.dropna(axis="index").astype("float64")
        weights = part.groupby("criterion")["weight"].first().reindex(matrix.columns)
        if len(matrix) < 2:
            continue
        own = matrix.to_numpy() @ weights.to_numpy()
        for method in methods:
            other = preference(method, matrix.to_numpy(), weights.to_numpy())
            first, theirs = (matrix.index[int(np.argmin(ranks(values)))] for values in (own, other))
            best = set(matrix.index[ranks(other) == 1])
            rows.append(
                {
                    "of": of,
                    "commune_code": code,
                    "method": method,
                    "subjects": len(matrix),
                    "criteria": matrix.shape[1],
                    "tau": _tau(own, other),
                    "first_same": first in best,
                    "first": names.get(first, first),
                    "first_other": names.get(theirs, theirs) if first not in best else names.get(first, first),
                }
            )
    return conform(pd.DataFrame(rows, columns=RESULTS["agreement"].names), RESULTS["agreement"])


def _groups(scores: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    found = [
        ("site", str(code), part) for code, part in scores[scores["of"] == "site"].groupby("commune_code", sort=True)
    ]
    communes = scores[scores["of"] == "commune"]
    return [("commune", "", communes), *found] if len(communes) else found


def _tau(one: _Array, other: _Array) -> float:
    from scipy.stats import kendalltau

    if np.ptp(one.round(9)) == 0 or np.ptp(other.round(9)) == 0:
        return float("nan")
    return float(kendalltau(one.round(9), other.round(9)).statistic)
