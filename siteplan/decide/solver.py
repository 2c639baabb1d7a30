"""The exact model handed to HiGHS: whole, or its core alone where that is enough for the proof.

The linear relaxation has the value L and prices y >= 0 of the constraints. Whatever is feasible is worth

    L - (what the slack of the constraints is worth at y) - (reduced costs of the slots it takes)

so a slot whose reduced cost is above g, or a commune left out whose own row is priced above g, is in no solution worth
L - g or more. Without the former and with the latter placed, the model is its core (Balas and Zemel 1980, Pisinger
1995): small, and soon solved. Where the best of the core is worth v with v + 1 >= L - g, nothing outside is better, as
gains are whole numbers; else g grows.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from siteplan.decide.case import NOWHERE, Case, Solution

_Rows = NDArray[np.intp]
_Floats = NDArray[np.float64]
_FIRST_GAP = 1.0
_TOLERANCE = 1e-6


@contextmanager
def _solver_silenced() -> Iterator[None]:
    """Keep what HiGHS writes past Python to the standard output from the screen."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # no standard output at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _constraints(
    case: Case, row: _Rows, slot: _Rows, keep: tuple[_Floats, float] | None
) -> tuple[csr_array, _Floats, _Floats]:
    """Return the constraints over the slots that are allowed: matrix, lower and upper ends; a row a commune first."""
    n = len(case.allowed)
    matrices, lower, upper = [csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(n, len(row)))], [], []
    lower.append(case.must.astype("float64"))
    upper.append(np.ones(n))
    if case.limits:
        matrices.append(csr_array(np.vstack([limit.uses[row, slot] for limit in case.limits])))
        lower.append(np.full(len(case.limits), -np.inf))
        upper.append(np.array([limit.cap for limit in case.limits]))
    for kind in case.kinds:
        matrices.append(csr_array((kind.members[row] & kind.slots[slot]).astype("float64")[np.newaxis, :]))
        lower.append(np.ones(1))
        upper.append(np.full(1, np.inf))
    if keep is not None:
        matrices.append(csr_array(keep[0][row, slot][np.newaxis, :]))
        lower.append(np.array([keep[1] - 0.5]))  # whole numbers: half a unit below is the value itself
        upper.append(np.full(1, np.inf))
    return csr_array(vstack(matrices)), np.concatenate(lower), np.concatenate(upper)


def solve(case: Case, gains: _Floats, keep: tuple[_Floats, float] | None = None) -> Solution | None:
    """Maximise `gains`; with `keep` = (other gains, value), among the solutions that reach that value.

    Returns None where there is no solution, or none was found in the time allowed.
    """
    n = len(case.allowed)
    row, slot = np.nonzero(case.allowed)
    if len(row) == 0:
        empty = Solution(np.full(n, NOWHERE), 0.0, 0.0, proved=True)
        return None if case.must.any() or case.kinds else empty
    matrix, lower, upper = _constraints(case, row, slot, keep)
    options: Any = {"mip_rel_gap": case.gap, "disp": False}
    if case.time_limit_s is not None:
        options["time_limit"] = case.time_limit_s
    if case.node_limit is not None:
        options["node_limit"] = case.node_limit
    with _solver_silenced():
        found = milp(
            -gains[row, slot],
            integrality=np.ones(len(row), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, lower, upper),
            options=options,
        )
    if found.x is None:
        return None
    placed = np.full(n, NOWHERE)
    chosen = np.round(found.x).astype(bool)
    placed[row[chosen]] = slot[chosen]
    value = float(gains[row[chosen], slot[chosen]].sum())
    bound = -float(found.mip_dual_bound)
    proved = bool(found.status == 0) and bound < value + 1  # whole numbers: nothing lies between
    return Solution(placed, value, value if proved else bound, proved)


def solve_by_core(case: Case, gains: _Floats, keep: tuple[_Floats, float] | None = None) -> Solution | None:
    """Maximise `gains` as :func:`solve` does, in cores that grow until the best of one is proved to be the best of all.

    `gains` are whole numbers. Limits of time and nodes as in the case: the time for all cores, the nodes for each.
    """
    row, slot = np.nonzero(case.allowed)
    relaxed = _relaxed(case, gains, row, slot, keep) if len(row) else None
    if relaxed is None:
        return solve(case, gains, keep)
    top, loss, price = relaxed
    tolerance = _TOLERANCE * max(1.0, abs(top))
    ends = None if case.time_limit_s is None else time.monotonic() + case.time_limit_s
    best: Solution | None = None
    gap = _FIRST_GAP
    while True:
        kept = loss <= gap + tolerance
        if kept.all():
            break
        core = _core(case, row[kept], slot[kept], price > gap + tolerance)
        found = solve(_in_time(core, ends), gains, keep)
        if found is not None:
            best = found if best is None or found.value > best.value else best
            if not found.proved:
                return _unproved(best, max(found.bound, top - gap))
        if best is not None and best.value + 1 >= top - gap:
            return Solution(best.placed, best.value, best.value, proved=True)
        if ends is not None and time.monotonic() > ends:
            return None if best is None else _unproved(best, top)
        gap *= 2
    found = solve(_in_time(case, ends), gains, keep)
    if found is None or found.proved or best is None or found.value >= best.value:
        return best if found is None else found
    return _unproved(best, found.bound)


def _unproved(found: Solution, bound: float) -> Solution:
    return Solution(found.placed, found.value, float(np.floor(bound + _TOLERANCE)), proved=False)


def _in_time(case: Case, ends: float | None) -> Case:
    return case if ends is None else replace(case, time_limit_s=max(0.1, ends - time.monotonic()))


def _core(case: Case, row: _Rows, slot: _Rows, priced: NDArray[np.bool_]) -> Case:
    allowed = np.zeros_like(case.allowed)
    allowed[row, slot] = True
    return replace(case, allowed=allowed, must=case.must | priced)


def _relaxed(
    case: Case, gains: _Floats, row: _Rows, slot: _Rows, keep: tuple[_Floats, float] | None
) -> tuple[float, _Floats, _Floats] | None:
    """Solve the linear relaxation: its value, the reduced cost of each slot, the price of each commune's own row."""
    matrix, lower, upper = _constraints(case, row, slot, keep)
    ends, begins = np.isfinite(upper), np.isfinite(lower) & (lower > 0)
    both = csr_array(vstack([matrix[ends], -matrix[begins]]))
    caps = np.concatenate([upper[ends], -lower[begins]])
    system: dict[str, Any] = {"A_ub": both, "b_ub": caps, "bounds": (0, None)}
    with _solver_silenced():
        found = linprog(-gains[row, slot], method="highs", **system)
    if found.status != 0:
        return None
    prices = np.maximum(-found.ineqlin.marginals, 0.0)
    # at these prices: a bound that holds whatever the rounding of the solver
    loss = both.T @ prices - gains[row, slot]
    top = float(prices @ caps + np.maximum(-loss, 0.0).sum())
    n = len(case.allowed)
    return top, loss, prices[:n]
