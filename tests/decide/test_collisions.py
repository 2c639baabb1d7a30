from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from siteplan.decide.case import NOWHERE, AtLeastOne, Case, Limit
from siteplan.decide.collisions import colliding


def holds(case):
    """Whether any assignment at all keeps every constraint, by trying each."""
    options = [[NOWHERE, *np.flatnonzero(own)] for own in case.allowed]
    for placed in product(*options):
        at = np.array(placed)
        rows = np.flatnonzero(at != NOWHERE)
        if (
            (at[case.must] != NOWHERE).all()
            and all(limit.uses[rows, at[rows]].sum() <= limit.cap for limit in case.limits)
            and all(any(kind.members[i] and kind.slots[at[i]] for i in rows) for kind in case.kinds)
        ):
            return True
    return False


def random_case(rng, n=4, slots=2):
    shape = (n, slots)
    limits = tuple(
        Limit("year_money", str(k), rng.integers(0, 6, shape).astype(float), float(rng.integers(0, 9)))
        for k in range(3)
    )
    kinds = tuple(AtLeastOne(str(k), "a", rng.random(n) < 0.5, np.array([True, False])) for k in range(2))
    return Case(np.arange(slots), rng.random(shape) < 0.8, rng.random(n) < 0.6, limits, kinds)


def only(case, found, *, without=None):
    """Return the case with the constraints of a set alone, one of them left out."""
    parts = [*(limit for limit, _ in found.limits), *found.kinds, *found.must]
    left = [part for n, part in enumerate(parts) if n != without]
    must = np.zeros_like(case.must)
    must[[part for part in left if isinstance(part, int)]] = True
    return replace(
        case,
        must=must,
        limits=tuple(part for part in left if isinstance(part, Limit)),
        kinds=tuple(part for part in left if isinstance(part, AtLeastOne)),
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_set_cannot_hold_and_without_any_one_of_it_the_rest_can(seed):
    case = random_case(np.random.default_rng(seed))
    found = colliding(case)
    assert (found is None) == holds(case)
    if found is not None:
        assert not holds(only(case, found))
        assert all(holds(only(case, found, without=n)) for n in range(found.size))


@pytest.mark.parametrize("seed", range(60))
def test_a_limit_raised_to_the_cap_told_gives_a_solution_and_one_unit_less_does_not(seed):
    case = random_case(np.random.default_rng(1000 + seed))
    found = colliding(case)
    for limit, least in found.limits if found else ():

        def raised(cap, limit=limit):
            return replace(case, limits=tuple(replace(o, cap=cap) if o is limit else o for o in case.limits))

        if least is None:
            assert not holds(raised(1e9))
        else:
            assert least > limit.cap
            assert holds(raised(least))
            assert not holds(raised(least - 1))
