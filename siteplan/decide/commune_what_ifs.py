"""What would move one commune in the programme: up, out of it, and what locking it in would cost others.

Money is asked in steps of :data:`COARSE` of the committed total, then narrowed down to :data:`FINE`: a threshold told
is one at which the model was solved on both sides. Programmes that follow the rank need not change monotonically with
money; what is told is the first change met from the present amount.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from siteplan.decide.programme_rows import Row
from siteplan.decide.what_ifs import LARGEST, UNIT, Known, WhatIfs
from siteplan.locale import Message

# steps of money, thousandths of what the scenario gives
COARSE = 50
FINE = 5
_MOST_STARTS = 20


def of_commune(questions: WhatIfs, code: str) -> list[Message]:
    """Say what would move a commune up, what would push it out, and what locking it in would cost others.

    Parameters
    ----------
    questions
        Of the programme; each answer is kept there.
    code
        Of the commune.

    Returns
    -------
    list
        Messages; none where nothing is to be built, or where no programme holds.
    """
    row = next(row for row in questions.rows.all if row.code == code)
    base = questions.ask("base")
    if row.build_type == "none" or base is None:
        return []
    if row.started is not None:
        return [("decide.why.started", {"year": row.started})]
    if row.locked_phase is not None or (row.waits or "").startswith("locked"):
        return [("decide.why.locked", {})]
    return _CommuneWhatIfs(questions, row, base).told()


class _CommuneWhatIfs:
    """The questions about one commune that is neither begun nor locked."""

    def __init__(self, questions: WhatIfs, row: Row, base: Known) -> None:
        self.questions, self.row, self.base = questions, row, base
        self.phases = questions.base_model.phases
        self.now = self._when(base)

    def told(self) -> list[Message]:
        """Ask what fits the commune's place in the programme."""
        messages: list[Message] = []
        target = min(self.now[0], self.questions.last) - 1
        if self.row.waits is not None or (target >= 0 and not self._open(target)):
            messages += self._if_ready()
        if self.row.waits is None:
            messages += self._up(target) + self._larger() + self._down()
            if target >= 0 and self._open(target):
                messages += self._if_locked(target)
        return messages

    def _when(self, known: Known | None) -> tuple[int, int]:
        """Phase position and start year; the later, the greater."""
        if known is None or known.phases[self.row.code] < 0:
            return self.questions.last, 9999
        return known.phases[self.row.code], known.starts[self.row.code] or 9999

    def _open(self, position: int) -> bool:
        phase = self.phases[position]
        return self.row.may_start_in(
            phase, money=self.questions.scenario.programme.limited_by == "money" or phase.money is not None
        )

    def _if_ready(self) -> list[Message]:
        if self.row.cost is None and self.questions.by_money:
            return [("decide.why.no_cost", {})]
        missing = self.row.waits or next(filter(None, map(self.row.missing_for_pilot, self.phases)), "figures")
        then = self._when(self.questions.ask(f"ready:{self.row.code}"))
        if then < self.now and then[0] < self.questions.last:
            phase = self.phases[then[0]].name
            return [("decide.why.ready_moves", {"why": missing, "phase": phase, "year": then[1]})]
        return [("decide.why.ready_stays", {"why": missing})]

    def _up(self, target: int) -> list[Message]:
        messages: list[Message] = []
        if self.questions.by_money:
            level = self._first_level(lambda known: self._when(known) < self.now, range(UNIT, LARGEST + 1, COARSE))
            if level is not None:
                then = self._when(self.questions.ask(f"money:{level}"))
                phase = self.phases[then[0]].name
                more = self.questions.money * (level - UNIT) / UNIT
                params = {"phase": phase, "year": then[1], "more": more, "money": self.questions.money + more}
                messages.append(
                    ("decide.why.money_earlier" if then[0] == self.now[0] else "decide.why.money_up", params)
                )
            elif self.now[0] == self.questions.last or self.now[1] > self.phases[0].years[0]:
                messages.append(("decide.why.money_up_none", {"money": self.questions.money * LARGEST / UNIT}))
        elif target >= 0 and self._open(target):
            extra = _fewest(
                lambda n: self._when(self.questions.ask(f"starts:{target}:{n}"))[0] <= target, 1, _MOST_STARTS
            )
            phase = self.phases[target].name
            key = "decide.why.starts_up" if extra else "decide.why.starts_up_none"
            messages.append((key, {"phase": phase, "count": extra or _MOST_STARTS}))
        if target >= 0 and self._open(target) and self.questions.scenario.programme.objective == "follow_rank":
            messages += self._if_ranked(target)
        return messages

    def _larger(self) -> list[Message]:
        """Say what money would build what the need asks for, where less is built."""
        size = self.base.sizes.get(self.row.code, 0)
        if not size:
            return []
        told = {"type": self.row.sizes[size].build_type, "needed": self.row.build_type}

        def as_needed(known: Known | None) -> bool:
            return known is not None and known.phases[self.row.code] >= 0 and known.sizes.get(self.row.code, 0) == 0

        level = self._first_level(as_needed, range(UNIT, LARGEST + 1, COARSE))
        if level is None:
            return [("decide.why.larger_none", {**told, "money": self.questions.money * LARGEST / UNIT})]
        money = self.questions.money * level / UNIT
        return [("decide.why.larger", {**told, "money": money, "more": money - self.questions.money})]

    def _if_ranked(self, target: int) -> list[Message]:
        """Find the last place in the ranking from which it would come into the phase before."""
        order = [other.code for other in self.questions.base_model.needing]
        at = order.index(self.row.code)

        def comes_in(up: int) -> bool:
            return self._when(self.questions.ask(f"rank:{self.row.code}:{at - up}"))[0] <= target

        up = _fewest(comes_in, 1, at) if at else None
        phase = self.phases[target].name
        if up is None:
            return [("decide.why.rank_none", {"phase": phase})] if at else []
        ahead = self.questions.base_model.needing[at - up]
        if self.row.points is None or ahead.points is None:
            return []
        points = round(ahead.points - self.row.points, 3)
        params = {"phase": phase, "name": ahead.name, "rank": ahead.rank, "points": points}
        return [("decide.why.rank_up", params)]

    def _down(self) -> list[Message]:
        if self.now[0] == self.questions.last:
            return []
        if self.questions.by_money:
            level = self._first_level(lambda known: self._when(known)[0] > self.now[0], range(UNIT, 0, -COARSE))
            if level is None:
                return [("decide.why.money_down_none", {})]
            return [("decide.why.money_down", {"money": self.questions.money * (level + FINE) / UNIT})]
        position = self.now[0]
        phase = self.phases[position]
        fewer = _fewest(
            lambda n: self._when(self.questions.ask(f"starts:{position}:{-n}"))[0] > position, 1, _MOST_STARTS
        )
        key = "decide.why.starts_down" if fewer else "decide.why.starts_down_none"
        return [(key, {"phase": phase.name, "count": fewer or _MOST_STARTS})]

    def _if_locked(self, target: int) -> list[Message]:
        phase = self.phases[target].name
        then = self.questions.ask(f"lock:{self.row.code}:{target}")
        if then is None:
            return [("decide.why.lock_impossible", {"phase": phase})]
        later = self.questions.later(self.base, then, self.row.code)
        key = "decide.why.lock_in" if later else "decide.why.lock_in_free"
        return [(key, {"phase": phase, "names": later})]

    def _first_level(self, holds: Callable[[Known | None], bool], levels: Sequence[int]) -> int | None:
        """Return the level of money nearest the present one at which something holds, narrowed down to FINE."""
        before = levels[0]
        for level in levels[1:]:
            if holds(self.questions.ask(f"money:{level}")):
                inside, outside = level, before
                while abs(inside - outside) > FINE:
                    middle = (inside + outside) // 2 // FINE * FINE
                    if middle in (inside, outside):
                        break
                    if holds(self.questions.ask(f"money:{middle}")):
                        inside = middle
                    else:
                        outside = middle
                return inside
            before = level
        return None


def _fewest(holds: Callable[[int], bool], least: int, most: int) -> int | None:
    """Return the smallest number for which something holds that, once it holds, is asked to go on holding."""
    if not holds(most):
        return None
    low, high = least - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high
