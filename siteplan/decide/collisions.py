"""Which constraints of a programme cannot hold together, where it has no solution at all.

An irreducible set is found by deletion: constraint after constraint is left out, and stays out where the rest still has
no solution; those that remain collide, and without any one of them the rest can hold (Chinneck 2008, ch. 6). How far a
limit would have to give way, all others of the programme kept, is found by solving for its least use without its cap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siteplan.decide.allocation import any_solution
from siteplan.decide.case import AtLeastOne, Case, Limit
from siteplan.decide.solver import solve

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Collision:
    """An irreducible set of constraints that cannot hold together.

    Parameters
    ----------
    limits
        Each with the cap from which on the whole programme has a solution, None where no cap would do.
    kinds
        Kinds that must be among the pilots.
    must
        Rows of the communes that have to start.
    """

    limits: tuple[tuple[Limit, float | None], ...]
    kinds: tuple[AtLeastOne, ...]
    must: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of constraints in the set."""
        return len(self.limits) + len(self.kinds) + len(self.must)


def colliding(case: Case) -> Collision | None:
    """Return constraints that collide; None where the case has a solution."""
    if any_solution(case) is not None:
        return None
    kept = case
    # a sum over years says less than the year itself: it is left out first
    order = sorted(case.limits, key=lambda limit: limit.kind != "all_money")
    for limit in order:
        kept = _without(kept, replace(kept, limits=tuple(one for one in kept.limits if one is not limit)))
    for i in np.flatnonzero(case.must).tolist():
        must = kept.must.copy()
        must[i] = False
        kept = _without(kept, replace(kept, must=must))
    for kind in case.kinds:
        kept = _without(kept, replace(kept, kinds=tuple(one for one in kept.kinds if one is not kind)))
    limits = tuple((limit, _least_cap(case, limit)) for limit in kept.limits)
    return Collision(limits, kept.kinds, tuple(np.flatnonzero(kept.must).tolist()))


def _without(kept: Case, trial: Case) -> Case:
    return trial if any_solution(trial) is None else kept


def _least_cap(case: Case, limit: Limit) -> float | None:
    relaxed = replace(case, limits=tuple(one for one in case.limits if one is not limit), time_limit_s=None)
    found = solve(relaxed, -limit.uses)
    return None if found is None else -found.value + 0.0
