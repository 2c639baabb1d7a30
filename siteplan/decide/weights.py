"""Weights of criteria: by pairwise comparison (AHP) and by rank order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.errors import InputError, Problem
from siteplan.scenario import Criterion, Scenario, Weighting

INDEX_TABLE = "Saaty 1980"
# random consistency index by number of criteria, table of Saaty 1980
_RANDOM_INDEX = {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49}
CONSISTENCY_LIMIT = 0.1


@dataclass(frozen=True)
class AhpResult:
    """Weights of a pairwise comparison and how far the comparisons agree with one another.

    Parameters
    ----------
    weights
        One for each criterion, sum 1.
    lambda_max
        Largest eigenvalue of the matrix; equals the number of criteria where all comparisons agree.
    consistency_ratio
        Consistency index over the random index of `index_table`.
    index_table
        Name of the table of random indices.
    worst_pair
        Positions of the two criteria whose comparison departs most from the weights.
    worst_pair_implied
        What the weights say of that pair: how many times the first outweighs the second.
    """

    weights: NDArray[np.float64]
    lambda_max: float
    consistency_ratio: float
    index_table: str
    worst_pair: tuple[int, int]
    worst_pair_implied: float

    @property
    def consistent(self) -> bool:
        """Whether the consistency ratio stays within Saaty's limit of 0.1."""
        return self.consistency_ratio <= CONSISTENCY_LIMIT


def ahp(matrix: ArrayLike, names: Sequence[str] = ()) -> AhpResult:
    """Weigh criteria by Saaty's eigenvector method.

    Parameters
    ----------
    matrix
        Square and reciprocal, n x n: entry (i, j) says how many times criterion i outweighs criterion j.
    names
        Names of the criteria, for the problem list; positions where left out.

    Raises
    ------
    InputError
        Where the matrix is not square, not positive, not reciprocal, or larger than the index table reaches.
        Comparisons that contradict each other are no error: see :attr:`AhpResult.consistent`.

    Notes
    -----
    T. L. Saaty, The Analytic Hierarchy Process, 1980; Decision making with the analytic hierarchy process, 2008.
    """
    pairs = np.asarray(matrix, dtype="float64")
    n = len(pairs)
    called = [names[i] if i < len(names) else str(i + 1) for i in range(n)]
    if pairs.ndim != 2 or pairs.shape != (n, n) or n == 0:
        raise InputError(Problem("ahp_not_square", value=str(pairs.shape)))
    if n > max(_RANDOM_INDEX):
        raise InputError(Problem("ahp_too_many", value=str(n), params={"limit": max(_RANDOM_INDEX)}))
    bad = [
        Problem("ahp_not_positive", column=f"{called[i]} / {called[j]}", value=f"{pairs[i, j]:g}")
        for i, j in zip(*np.nonzero(~(np.isfinite(pairs) & (pairs > 0))), strict=True)
    ]
    if bad:
        raise InputError(*bad)
    bad = [
        Problem(
            "ahp_not_reciprocal",
            column=f"{called[i]} / {called[j]}",
            value=f"{pairs[i, j]:g}",
            params={"other": f"{pairs[j, i]:g}"},
        )
        for i in range(n)
        for j in range(i, n)
        if abs(pairs[i, j] * pairs[j, i] - 1) > 1e-3  # people write 1/3 as 0.333
    ]
    if bad:
        raise InputError(*bad)

    values, vectors = np.linalg.eig(pairs)
    largest = int(np.argmax(values.real))
    lambda_max = float(values[largest].real)
    principal = np.abs(vectors[:, largest].real)
    weights = principal / principal.sum()
    random_index = _RANDOM_INDEX[n]
    ratio = max(0.0, (lambda_max - n) / (n - 1) / random_index) if random_index else 0.0
    departure: NDArray[Any] = np.abs(np.log(pairs * weights[np.newaxis, :] / weights[:, np.newaxis]))
    departure = np.round(np.triu(departure, 1), 12)
    first, second = np.unravel_index(int(np.argmax(departure)), departure.shape)
    return AhpResult(
        weights, lambda_max, ratio, INDEX_TABLE, (int(first), int(second)), float(weights[first] / weights[second])
    )


def rank_order_centroid(n: int) -> NDArray[np.float64]:
    """Weights of `n` criteria of which only the order is known: the centroid of all weights in that order.

    Weight k is (1/n) times the sum of 1/i for i = k..n (Barron and Barrett 1996). Sum 1, falling.

    Raises
    ------
    ValueError
        Where `n` is less than 1.
    """
    if n < 1:
        raise ValueError(n)
    inverse = 1.0 / np.arange(1, n + 1)
    centroid: NDArray[np.float64] = np.cumsum(inverse[::-1])[::-1] / n
    return centroid


def _number(value: float | str) -> float:
    try:
        return float(Fraction(value)) if isinstance(value, str) else float(value)
    except (ValueError, ZeroDivisionError):
        return float("nan")


def _matrix(weighting: Weighting) -> NDArray[np.float64]:
    n = len(weighting.names)
    lengths = [len(row) for row in weighting.upper]
    if lengths != list(range(n - 1, 0, -1)):
        raise InputError(
            Problem("weighting_upper", column=weighting.of, value=str(lengths), params={"count": n, "rows": n - 1})
        )
    pairs = np.ones((n, n))
    for i, row in enumerate(weighting.upper):
        for j, value in enumerate(row, start=i + 1):
            pairs[i, j] = _number(value)
            pairs[j, i] = 1 / pairs[i, j] if pairs[i, j] else np.nan
    return pairs


def _shares(weighting: Weighting) -> NDArray[np.float64]:
    names = weighting.names
    if weighting.method == "rank_order":
        return rank_order_centroid(len(names))
    found = ahp(_matrix(weighting), names)
    if not found.consistent:
        first, second = found.worst_pair
        params = {
            "table": found.index_table,
            "limit": CONSISTENCY_LIMIT,
            "first": names[first],
            "second": names[second],
            "implied": f"{found.worst_pair_implied:.3g}",
            "ratio": round(found.consistency_ratio, 3),
        }
        raise InputError(Problem("ahp_inconsistent", column=weighting.of, value=f"{params['ratio']}", params=params))
    return found.weights


def _weighed(criteria: Sequence[Criterion], weighting: Weighting) -> dict[str, float]:
    members = {
        name: [c for c in criteria if c.group == name] or [c for c in criteria if c.key == name]
        for name in weighting.names
    }
    held = [c.key for group in members.values() for c in group]
    wrong = sorted(
        {name for name, group in members.items() if not group}
        | {key for key in held if held.count(key) > 1}
        | {c.key for c in criteria if c.key not in held}
    )
    if wrong:
        known = ", ".join(dict.fromkeys(c.group or c.key for c in criteria))
        raise InputError(
            Problem("weighting_names", column=weighting.of, value=", ".join(wrong), params={"known": known})
        )
    weights: dict[str, float] = {}
    for share, group in zip(_shares(weighting), members.values(), strict=True):
        inside = sum(c.weight for c in group)
        for c in group:
            weights[c.key] = float(share) * 100 * (c.weight / inside if inside else 1 / len(group))
    return weights


def weigh(scenario: Scenario) -> Scenario:
    """Return the scenario with the weights that its comparisons or orders of rank give; as it is where it has none.

    Raises
    ------
    InputError
        With every problem: names that are no group and no criterion, are held twice or left out; comparisons that are
        incomplete, no numbers, or contradict each other beyond a consistency ratio of 0.1 (with the worst pair).
    """
    problems: list[Problem] = []
    weights: dict[tuple[str, str], float] = {}
    for weighting in scenario.weighting:
        try:
            found = _weighed(scenario.of(weighting.of), weighting)
        except InputError as error:
            problems += error.problems
            continue
        weights |= {(weighting.of, key): value for key, value in found.items()}
    if problems:
        raise InputError(*problems)
    criteria = tuple(c.model_copy(update={"weight": weights.get((c.of, c.key), c.weight)}) for c in scenario.criteria)
    return scenario.model_copy(update={"criteria": criteria})


def described(scenario: Scenario) -> list[dict[str, Any]]:
    """Tell how weights that are not given one by one came about, for the manifest; comparisons as :func:`ahp` found.

    Returns
    -------
    list
        Of each weighting ``of, method, by, names`` and ``shares`` (sum 1); of comparisons also ``lambda_max``,
        ``consistency_ratio``, ``index_table`` (the table of random indices it was measured by) and ``limit``.
    """
    told = []
    for weighting in scenario.weighting:
        row: dict[str, Any] = {name: getattr(weighting, name) for name in ("of", "method", "by")}
        row |= {"names": list(weighting.names), "shares": [round(float(v), 6) for v in _shares(weighting)]}
        if weighting.method == "ahp":
            found = ahp(_matrix(weighting), weighting.names)
            row |= {
                "lambda_max": round(found.lambda_max, 6),
                "consistency_ratio": round(found.consistency_ratio, 6),
                "index_table": found.index_table,
                "limit": CONSISTENCY_LIMIT,
            }
        told.append(row)
    return told
