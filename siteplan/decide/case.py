"""One programme in numbers, and a solution of it: what the exact model takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_Bools = NDArray[np.bool_]
_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]
NOWHERE = -1


@dataclass(frozen=True)
class Limit:
    """What may not be exceeded: its kind (starts, count, phase_money, year_money), where, uses (n x s) and cap."""

    kind: str
    where: str
    uses: _Floats
    cap: float


@dataclass(frozen=True)
class AtLeastOne:
    """One of these communes must start in one of these slots."""

    kind: str
    where: str
    members: _Bools
    slots: _Bools


@dataclass(frozen=True)
class Case:
    """One programme in numbers; rows are communes in rank order.

    Parameters
    ----------
    phase_of_slot
        Position of the phase each slot belongs to, never falling.
    allowed
        n x s, where a commune may start.
    must
        n, communes that have to start somewhere in what is allowed to them.
    size_of_slot
        What is built in each slot: 0 the build type that the need asks for, then the next smaller; None: always 0.
    """

    phase_of_slot: _Ints
    allowed: _Bools
    must: _Bools
    limits: tuple[Limit, ...] = ()
    kinds: tuple[AtLeastOne, ...] = ()
    time_limit_s: float | None = 60.0
    node_limit: int | None = None
    gap: float = 0.0
    size_of_slot: _Ints | None = None

    @property
    def sizes(self) -> _Ints:
        """Size of each slot."""
        return np.zeros_like(self.phase_of_slot) if self.size_of_slot is None else self.size_of_slot

    @property
    def size_count(self) -> int:
        """Number of sizes that slots have."""
        return int(self.sizes.max()) + 1 if len(self.phase_of_slot) else 1

    @property
    def group_of_slot(self) -> _Ints:
        """Order in which slots are tried under the rank: the earliest phase, then the largest build type."""
        return self.phase_of_slot * self.size_count + self.sizes

    @property
    def phase_count(self) -> int:
        """Number of phases that slots belong to."""
        return int(self.phase_of_slot.max()) + 1 if len(self.phase_of_slot) else 0

    def confined(self, groups: _Ints, chosen: _Ints) -> Case:
        """Return the case in which every commune keeps its chosen group of slots, or none."""
        allowed = self.allowed & (groups[np.newaxis, :] == chosen[:, np.newaxis]) & (chosen >= 0)[:, np.newaxis]
        return replace(self, allowed=allowed, must=chosen >= 0)


@dataclass(frozen=True)
class Solution:
    """A solution: the slot of each commune (-1 none), value of the objective, bound, and whether it is proved."""

    placed: _Ints
    value: float
    bound: float
    proved: bool
