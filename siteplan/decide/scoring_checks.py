"""TOPSIS and VIKOR: other ways to rank the same table, to see whether the weighted sum stands alone.

Pure numeric functions; what is printed is the weighted sum of :mod:`siteplan.decide.scoring`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Topsis:
    """Result of TOPSIS with its intermediates: ideal points (one value a criterion) and distances (one a row)."""

    closeness: _Array
    ideal: _Array
    anti_ideal: _Array
    distance_to_ideal: _Array
    distance_to_anti_ideal: _Array


@dataclass(frozen=True)
class Vikor:
    """Result of VIKOR: group utility S, individual regret R and compromise Q, one value a row; small is good."""

    group_utility: _Array
    regret: _Array
    compromise: _Array


def ranks(values: ArrayLike, *, descending: bool = True) -> NDArray[np.int64]:
    """Ranks from 1; equal values share the smaller rank."""
    numbers = np.asarray(values, dtype="float64")
    compared = numbers[:, np.newaxis] < numbers if descending else numbers[:, np.newaxis] > numbers
    better: NDArray[np.int64] = compared.sum(axis=1).astype("int64") + 1
    return better


def topsis(matrix: ArrayLike, weights: ArrayLike) -> Topsis:
    """Rank rows by closeness to the ideal row (Hwang and Yoon 1981).

    Parameters
    ----------
    matrix
        Rows are alternatives, columns criteria, all to be maximised.
    weights
        One for each column.
    """
    table = np.asarray(matrix, dtype="float64")
    norm = np.sqrt((table**2).sum(axis=0))
    weighted = table / np.where(norm > 0, norm, 1) * np.asarray(weights, dtype="float64")
    ideal, anti = weighted.max(axis=0), weighted.min(axis=0)
    to_ideal = np.sqrt(((weighted - ideal) ** 2).sum(axis=1))
    to_anti = np.sqrt(((weighted - anti) ** 2).sum(axis=1))
    total = to_ideal + to_anti
    # rows that do not differ are all ideal
    closeness = np.where(total > 0, to_anti / np.where(total > 0, total, 1), 1.0)
    return Topsis(closeness, ideal, anti, to_ideal, to_anti)


def vikor(matrix: ArrayLike, weights: ArrayLike, majority: float = 0.5) -> Vikor:
    """Rank rows by compromise between the many and the worst-off criterion (Opricovic 1998).

    Parameters
    ----------
    matrix
        Rows are alternatives, columns criteria, all to be maximised.
    weights
        One for each column.
    majority
        Weight of the group utility against the regret, 0..1.
    """
    table = np.asarray(matrix, dtype="float64")
    best, worst = table.max(axis=0), table.min(axis=0)
    span = best - worst
    lacking = np.asarray(weights, dtype="float64") * (best - table) / np.where(span > 0, span, 1)
    utility, regret = lacking.sum(axis=1), lacking.max(axis=1)
    return Vikor(utility, regret, majority * _scaled(utility) + (1 - majority) * _scaled(regret))


def _scaled(values: _Array) -> _Array:
    span = float(values.max() - values.min())
    return (values - values.min()) / span if span > 0 else np.zeros_like(values)
