"""The core of the model against the whole of it and against every choice there is."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.decide import solver
from siteplan.decide.case import NOWHERE, AtLeastOne, Case, Limit


def _case(seed: int, communes: int, slots: int, *, kinds: bool = False, must: bool = False) -> tuple[Case, np.ndarray]:
    draw = np.random.default_rng(seed)
    allowed = draw.random((communes, slots)) < 0.9
    uses = draw.integers(1, 30, (2, communes, slots)).astype("float64")
    caps = np.floor(uses.mean(axis=2).sum(axis=1) * draw.uniform(0.2, 0.8, 2))
    limits = tuple(Limit("count", str(n), uses[n], float(caps[n])) for n in range(2))
    members, some = draw.random(communes) < 0.5, np.arange(slots) == 0
    one = (AtLeastOne("border", "a", members, some),) if kinds and (allowed & members[:, None] & some).any() else ()
    forced = np.zeros(communes, dtype=bool)
    forced[0] = must and bool(allowed[0].any())
    case = Case(np.zeros(slots, dtype="int64"), allowed, forced, limits, one, None)
    return case, draw.integers(0, 60, (communes, slots)).astype("float64")


def _best_of_all(case: Case, gains: np.ndarray) -> float | None:
    choices = [[NOWHERE, *np.flatnonzero(row)] for row in case.allowed]
    best = None
    for chosen in itertools.product(*choices):
        at = [(i, s) for i, s in enumerate(chosen) if s != NOWHERE]
        if any(sum(limit.uses[i, s] for i, s in at) > limit.cap for limit in case.limits):
            continue
        if any(chosen[i] == NOWHERE for i in np.flatnonzero(case.must)):
            continue
        if not all(any(k.members[i] and k.slots[s] for i, s in at) for k in case.kinds):
            continue
        worth = sum(gains[i, s] for i, s in at)
        best = worth if best is None else max(best, worth)
    return best


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3), st.booleans(), st.booleans())
def test_the_core_finds_the_best_of_all_choices(seed, communes, slots, kinds, must):
    case, gains = _case(seed, communes, slots, kinds=kinds, must=must)
    best, found = _best_of_all(case, gains), solver.solve_by_core(case, gains)
    if best is None:
        assert found is None
        return
    assert found is not None
    assert found.proved
    assert found.value == pytest.approx(best)
    taken = [(i, s) for i, s in enumerate(found.placed) if s != NOWHERE]
    assert sum(gains[i, s] for i, s in taken) == pytest.approx(best)
    assert all(case.allowed[i, s] for i, s in taken)
    assert all(sum(limit.uses[i, s] for i, s in taken) <= limit.cap for limit in case.limits)


@pytest.mark.parametrize("seed", range(8))
def test_the_core_and_the_whole_agree_where_choices_are_too_many_to_count(seed):
    case, gains = _case(seed, 20, 3)
    whole, core = solver.solve(case, gains), solver.solve_by_core(case, gains)
    assert whole.proved
    assert core.proved
    assert core.value == pytest.approx(whole.value)
    # and for the second aim, among all that reach the value of the first
    ties = np.arange(20, 0, -1)[:, np.newaxis] * np.ones_like(gains)
    keep = (gains, whole.value)
    assert solver.solve_by_core(case, ties, keep).value == pytest.approx(solver.solve(case, ties, keep).value)


def test_what_is_not_proved_says_how_far_it_may_be():
    case, gains = _case(3, 20, 3)
    hurried = Case(case.phase_of_slot, case.allowed, case.must, case.limits, (), 1e-9)
    found = solver.solve_by_core(hurried, gains)
    best = solver.solve(case, gains).value
    assert found is None or found.value <= best <= found.bound
