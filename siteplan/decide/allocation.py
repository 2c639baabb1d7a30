"""The exact model behind the programme: who starts in which slot (a phase, or a year of it; a build type) under limits.

Formulation. Communes i in rank order, slots s; x[i, s] in {0, 1} says that i starts in s.

    maximise    sum of gain[i, s] x[i, s]
    subject to  sum over s of x[i, s] <= 1                   each commune once; = 1 where it is locked in
                x[i, s] = 0                                  where i may not start in s
                sum of use[l, i, s] x[i, s] <= cap[l]        each limit l: starts, number, money of a phase, of a year
                sum over members i, slots s of x[i, s] >= 1  each kind that must be among the pilots

A slot is a phase, or a year of it, and a size: the build type that the need asks for, or a smaller one.

Gains and uses are whole numbers. Solved by ``scipy.optimize.milp`` (HiGHS) to a gap of zero. Following the rank is
the lexicographic optimum of the same constraints: commune after commune takes the earliest group of slots for which
the model still has a solution with everything fixed before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siteplan.decide.case import NOWHERE, Case, Solution
from siteplan.decide.solver import solve, solve_by_core

_Bools = NDArray[np.bool_]
_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


def any_solution(case: Case) -> Solution | None:
    """Return a solution that places as few communes as possible; None where there is none."""
    # only those that have to be placed, or may stand for a kind, can be in it: the others are not even asked
    asked = case.must.copy()
    for kind in case.kinds:
        asked |= kind.members
    allowed = case.allowed & asked[:, np.newaxis]
    # whether there is one must be answered: no limit but the search itself
    unhurried = replace(case, allowed=allowed, time_limit_s=None, node_limit=None, gap=0.0)
    return solve(unhurried, np.full(allowed.shape, -1.0))


class _Search:
    """Whether more can be fixed: a solution at hand answers most questions, bounds some, the solver the rest."""

    def __init__(self, case: Case, witness: _Ints) -> None:
        self.case = case
        self.witness = witness
        shape = (0, *case.allowed.shape)
        self.uses = np.stack([limit.uses for limit in case.limits]) if case.limits else np.zeros(shape)
        self.caps = np.array([limit.cap for limit in case.limits])
        self.failed: list[tuple[int, _Bools]] = []

    def fix(self, i: int, slots: _Bools) -> bool:
        """Fix commune i to `slots` if a solution remains."""
        allowed, must = self.case.allowed.copy(), self.case.must.copy()
        allowed[i] &= slots
        must[i] = True
        trial = replace(self.case, allowed=allowed, must=must)
        witness = self._by_hand(i, allowed[i])
        if witness is None:
            if self._asks_more_than_failed(i, allowed[i]) or self._over_a_limit(trial):
                return False
            found = any_solution(trial)
            if found is None:
                self.failed.append((i, allowed[i]))
                return False
            witness = found.placed
        self.case, self.witness = trial, witness
        return True

    def bar(self, i: int) -> None:
        """Leave commune i out."""
        allowed = self.case.allowed.copy()
        allowed[i] = False
        self.case = replace(self.case, allowed=allowed)

    def _by_hand(self, i: int, slots: _Bools) -> _Ints | None:
        """Change the solution at hand so that i stands in `slots`: move it there, or move one other out of its way."""
        at = self.witness[i]
        if at != NOWHERE and slots[at]:
            return self.witness
        for slot in np.flatnonzero(slots):
            moved = self.witness.copy()
            moved[i] = slot
            used = self._used(moved)
            if self._keeps(moved, used):
                return moved
            for j in np.flatnonzero(moved != NOWHERE):
                if j == i:
                    continue
                without = used - self.uses[:, j, moved[j]]
                for other in np.flatnonzero(self.case.allowed[j]):
                    if (without + self.uses[:, j, other] <= self.caps).all():
                        trial = moved.copy()
                        trial[j] = other
                        if self._keeps(trial, self._used(trial)):
                            return trial
        return None

    def _used(self, witness: _Ints) -> _Floats:
        placed = np.flatnonzero(witness != NOWHERE)
        used: _Floats = self.uses[:, placed, witness[placed]].sum(axis=1)
        return used

    def _keeps(self, witness: _Ints, used: _Floats) -> bool:
        if not (used <= self.caps).all():
            return False
        return all(
            any(kind.slots[slot] for slot in witness[kind.members] if slot != NOWHERE) for kind in self.case.kinds
        )

    def _asks_more_than_failed(self, i: int, slots: _Bools) -> bool:
        """Whether one that asks no more, of the same slots, found no place before: less is free now than then."""
        return any(
            not (slots & ~tried).any()
            and (self.uses[:, i, slots] >= self.uses[:, j, slots]).all()
            and not any(kind.members[i] and not kind.members[j] for kind in self.case.kinds)
            for j, tried in self.failed
        )

    def _over_a_limit(self, trial: Case) -> bool:
        least = np.where(trial.allowed[np.newaxis], self.uses, np.inf).min(axis=2)
        return bool((least[:, trial.must].sum(axis=1) > self.caps).any())


def in_rank_order(case: Case, groups: _Ints) -> _Ints | None:
    """Give each commune, in row order, the first group of slots for which a solution remains.

    Parameters
    ----------
    groups
        Group of each slot, whole numbers from 0; lower ones are tried first.

    Returns
    -------
    ndarray
        Group of each commune, -1 for none; None where the case has no solution at all.
    """
    start = any_solution(case)
    if start is None:
        return None
    search = _Search(case, start.placed)
    chosen = np.full(len(case.must), NOWHERE)
    for i in range(len(chosen)):
        for group in np.unique(groups[search.case.allowed[i]]):
            if search.fix(i, groups == group):
                chosen[i] = group
                break
        else:
            search.bar(i)
    return chosen


@dataclass(frozen=True)
class Optimum:
    """The best phases for an objective: phase (-1 none) and size of each commune, value, bound, whether proved."""

    phases: _Ints
    sizes: _Ints
    value: float
    bound: float
    proved: bool


def phase_value(values: _Ints, phases: _Ints, phase_count: int, sizes: _Ints | None = None) -> float:
    """Sum over the phases of the value served by the end of each: what starts in the first counts in all of them.

    `values`: one a commune, or n x sizes.
    """
    served = phases >= 0
    of_size = np.zeros_like(phases) if sizes is None else sizes
    worth = values if values.ndim == 1 else values[np.arange(len(values)), of_size]
    return float((worth[served] * (phase_count - phases[served])).sum())


def best_phases(case: Case, values: _Ints, *, nested: bool) -> Optimum | None:
    """Maximise the value served, summed over the ends of the phases.

    Parameters
    ----------
    values
        Whole numbers, one a commune, or n x sizes: what each size of a commune serves.
    nested
        Phase after phase: each list is the best for the phase alone and then stays. Otherwise all phases at once.

    Notes
    -----
    Of several optima the one with the better ranks is taken: places from the end of the ranking, summed in the same
    way, are maximised second.
    """
    n = len(case.must)
    count = case.phase_count
    places = np.arange(n, 0, -1).astype("float64")
    weight = (count - case.phase_of_slot).astype("float64")
    worth = values[:, np.newaxis] if values.ndim == 1 else values[:, case.sizes]
    if not nested or count <= 1:
        found = _best(case, worth * weight, places[:, np.newaxis] * weight)
        if found is None:
            return None
        phases, sizes = (_read(of_slot, found.placed) for of_slot in (case.phase_of_slot, case.sizes))
        return Optimum(phases, sizes, phase_value(values, phases, count, sizes), found.bound, found.proved)

    fixed, sizes = np.full(n, NOWHERE), np.zeros(n, dtype="int64")
    proved = True
    for phase in range(count):
        in_phase = (case.phase_of_slot == phase).astype("float64")
        found = _best(case, worth * in_phase, places[:, np.newaxis] * in_phase)
        if found is None:
            return None
        proved &= found.proved
        here = _read(case.phase_of_slot, found.placed) == phase
        fixed[here] = phase
        sizes[here] = case.sizes[found.placed[here]]
        stays = (in_phase > 0) & (case.sizes == sizes[:, np.newaxis])
        allowed = case.allowed & np.where(here[:, np.newaxis], stays, in_phase == 0)
        case = replace(case, allowed=allowed, must=case.must | here)
    value = phase_value(values, fixed, count, sizes)
    return Optimum(fixed, sizes, value, value, proved)


def _best(case: Case, gains: _Floats, ties: _Floats) -> Solution | None:
    first = solve_by_core(case, gains)
    if first is None or not first.proved:
        return first
    second = solve_by_core(case, ties, keep=(gains, first.value))
    if second is None:
        return first
    return Solution(second.placed, first.value, first.bound, proved=True)


def _read(of_slot: _Ints, placed: _Ints) -> _Ints:
    return np.where(placed >= 0, of_slot[np.maximum(placed, 0)], NOWHERE)
