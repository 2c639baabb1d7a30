"""What would have to change for the programme to change, found by solving the model again, never by rule of thumb.

Every question is a change of the scenario or of one commune (more money, more works, another rank, a lock); its answer
is the programme that the model gives then. Answers are kept by question, so that work that was interrupted goes on
where it stopped, and questions of different communes share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pandas as pd

from siteplan.decide.calendar import Actual
from siteplan.decide.programme_model import OBJECTIVE_UNITS, ProgrammeModel
from siteplan.decide.programme_rows import Row, Rows, rows_of
from siteplan.errors import InputError
from siteplan.locale import Message
from siteplan.scenario import Scenario

# money and works are asked in thousandths of what the scenario gives
UNIT = 1000
LARGEST = 2000
FRONTIER_POINTS = 20
_TOLD_NAMES = 5
_BILLION = 1e9

Answers = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """One answer: phase (position, -1 none), start year and size (where not 0) by commune, and the totals."""

    phases: dict[str, int]
    starts: dict[str, int | None]
    totals: dict[str, Any]
    value: float
    sizes: dict[str, int] = field(default_factory=dict)


def candidates(communes: pd.DataFrame, options: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Lay out ``RESULTS["communes"]`` of a finished run as the candidates that its programme was made of.

    A run proposes the site on which its option builds; the candidates stand where the need would be met, which the
    first of their build types (``size_order`` 0 of ``RESULTS["build_options"]``) names.
    """
    frame = communes.drop(columns=["total_cost", "geometry"], errors="ignore")
    needed = options[options["size_order"] == 0].set_index("commune_code")["site_id"]
    frame = frame.assign(
        best_site_id=frame["code"].map(needed).where(frame["code"].isin(needed.index), frame["best_site_id"])
    )
    of_id = sites.set_index("site_id")
    for column in ("check_result", "conformity", "clearance"):
        frame[f"best_{column}"] = frame["best_site_id"].map(of_id[column])
    return pd.DataFrame(
        frame.rename(
            columns={
                "code": "commune_code",
                "best_site_id": "site_id",
                "best_check_result": "check_result",
            }
        )
    )


class WhatIfs:
    """The questions about one programme and the answers found so far.

    Parameters
    ----------
    communes
        Candidates as :func:`siteplan.decide.programme.plan` takes them.
    scenario
        The scenario of the run.
    answers
        What an earlier call found; filled as questions are answered.
    keep
        Called after each new answer, to write it down.
    actual
        What was done and paid, by commune.
    options
        ``RESULTS["build_options"]``.
    """

    def __init__(
        self,
        communes: pd.DataFrame,
        scenario: Scenario,
        answers: Answers | None = None,
        keep: Callable[[], None] = lambda: None,
        actual: Mapping[str, Actual] | None = None,
        options: Any = None,
    ) -> None:
        self.scenario = scenario
        self.answers: Answers = {} if answers is None else answers
        self.keep = keep
        self.rows = rows_of(communes, scenario, scenario.locks, actual, options)
        self.base_model = ProgrammeModel(self.rows, scenario)
        self.by_money = self.base_model.by_year or any(p.money is not None for p in self.base_model.phases)
        caps = [p.money for p in self.base_model.phases if p.money is not None]
        self.money = sum(self.base_model.committed().values()) if self.base_model.by_year else float(sum(caps))
        self.last = len(self.base_model.phases)

    # -- asking -------------------------------------------------------------------------------------------------------

    def ask(self, question: str) -> Known | None:
        """Answer a question; None where no programme can hold.

        ``base``; ``money:<thousandths>``; ``works:<thousandths>``; ``starts:<phase position>:<more>``;
        ``rank:<code>:<place from 0>``; ``ready:<code>``; ``lock:<code>:<phase position>``; ``unlock:<code>``;
        ``objective:<name>:<nested|free>``.
        """
        if question not in self.answers:
            self.answers[question] = self._solve(question)
            self.keep()
        found = self.answers[question]
        return None if found is None else Known(**found)

    def _solve(self, question: str) -> dict[str, Any] | None:
        model, objective, nested = self._changed(question)
        try:
            solved = model.solve(objective, nested=nested)
            starts = model.start_years(solved)
        except InputError:
            return None
        codes = [row.code for row in model.needing]
        totals = {**model.totals(solved), "status": "optimal" if solved.proved else "not_proved"}
        totals |= {"bound": solved.bound, "money": float(sum(sum(p.values()) for p in model.payments(solved, starts)))}
        return {
            "phases": dict(zip(codes, map(int, solved.phases), strict=True)),
            "sizes": {code: int(size) for code, size in zip(codes, solved.sizes, strict=True) if size},
            "starts": dict(zip(codes, starts, strict=True)),
            "totals": totals,
            "value": float(solved.value or 0.0),
        }

    def _changed(self, question: str) -> tuple[ProgrammeModel, str, bool | None]:
        kind, _, rest = question.partition(":")
        own, scenario = self.scenario.programme.objective, self.scenario
        rows, nested, more = self.rows, None, {}
        money = works = 1.0
        if kind == "money":
            money = int(rest) / UNIT
        elif kind == "works":
            works = int(rest) / UNIT
        elif kind == "starts":
            position, extra = rest.split(":")
            more = {self.base_model.phases[int(position)].name: int(extra)}
        elif kind == "objective":
            own, how = rest.split(":")  # type: ignore[assignment]
            nested = how == "nested"
        elif kind != "base":
            code, _, to = rest.partition(":")
            rows = self._with(kind, code, to)
        return ProgrammeModel(rows, scenario, money, works, more), own, nested

    def _with(self, kind: str, code: str, to: str) -> Rows:
        rows = list(self.rows.all)
        at = next(n for n, row in enumerate(rows) if row.code == code)
        row = rows[at]
        if kind == "rank":
            del rows[at]
            needing = [n for n, other in enumerate(rows) if other.build_type != "none"]
            place = needing[int(to)] if int(to) < len(needing) else len(rows)
            rows.insert(place, row)
        elif kind == "ready":
            waits = None if row.waits == "no_site" else row.waits
            rows[at] = replace(
                row, gap_basis="reported", site_id=row.site_id or "?", check_result="clear", waits=waits, ready=True
            )
        elif kind == "lock":
            rows[at] = replace(row, locked_phase=self.base_model.phases[int(to)].name, waits=None)
        else:
            rows[at] = row.unlocked()
        return Rows(tuple(rows))

    # -- what is told -------------------------------------------------------------------------------------------------

    def frontier(self) -> list[dict[str, Any]]:
        """Solve at 20 levels of money (of works, where no money binds), 10 % to 200 % of what the scenario gives.

        Returns
        -------
        list
            Rows with ``percent``, ``money`` (đồng the level stands for, None under capacity), ``planned, waiting,
            points, people, border, deficit_floor_area_m2, spent`` (đồng), and ``points_per_billion``: what one more
            billion brings on the way to the next level (None for the last, and where no money binds).
        """
        step = LARGEST // FRONTIER_POINTS
        kind = "money" if self.by_money else "works"
        rows: list[dict[str, Any]] = []
        for level in range(step, LARGEST + 1, step):
            known = self.ask(f"{kind}:{level}")
            totals = known.totals if known else {}
            rows.append(
                {
                    "percent": level / 10,
                    "money": self.money * level / UNIT if self.by_money else None,
                    "planned": totals.get("planned"),
                    "waiting": totals.get("waiting"),
                    "points": totals.get("priority_points"),
                    "people": totals.get("people"),
                    "border": totals.get("border"),
                    "deficit_floor_area_m2": totals.get("deficit_floor_area_m2"),
                    "spent": totals.get("money"),
                    "points_per_billion": None,
                }
            )
        for row, after in pairwise(rows):
            if self.by_money and row["points"] is not None and after["points"] is not None:
                more = (after["money"] - row["money"]) / _BILLION
                row["points_per_billion"] = round((after["points"] - row["points"]) / more, 3) if more else None
        return rows

    def of_programme(self) -> list[Message]:
        """Tell what holds for the whole programme: other objectives proved, prices of nesting and of each lock."""
        base = self.ask("base")
        assert base is not None  # the run stands
        messages: list[Message] = []
        several = len(self.base_model.phases) > 1
        for name in ("priority", "people", "deficit"):
            best = self.ask(f"objective:{name}:nested" if several else f"objective:{name}:free")
            if best is None:
                continue
            now = sum(
                int(v[base.sizes.get(c, 0)]) * (self.last - base.phases[c])
                for c, v in self._values(name)
                if base.phases[c] >= 0
            )
            unit = OBJECTIVE_UNITS[name]
            told = {"objective": name, "unit": name, "value": best.value * unit, "now": float(now * unit)}
            told["planned"] = best.totals["planned"]
            proved = best.totals["status"] == "optimal"
            key = "decide.why.objective" if proved else "decide.why.objective_open"
            messages.append((key, {**told, "bound": (best.totals["bound"] or best.value) * unit}))
            free = self.ask(f"objective:{name}:free") if several else None
            if free is not None:
                price = (free.value - best.value) * unit
                key = "decide.why.nesting" if price > 0 else "decide.why.nesting_free"
                messages.append((key, {"objective": name, "unit": name, "price": price, "value": free.value * unit}))
        for row in self.rows.all:
            if row.locked and row.started is None and row.build_type != "none":
                messages += self._price_of_lock(row, base)
        return messages

    def _values(self, objective: str) -> Iterator[tuple[str, Any]]:
        codes = (row.code for row in self.base_model.needing)
        yield from zip(codes, self.base_model.values(objective), strict=True)

    def _price_of_lock(self, row: Row, base: Known) -> list[Message]:
        free = self.ask(f"unlock:{row.code}")
        if free is None:
            return []
        price, later = free.value - base.value, self.later(free, base, row.code)
        params = {"name": row.name, "price": price, "names": later, "count": len(later.split(", ")) if later else 0}
        return [("decide.why.lock_price" if later else "decide.why.lock_free", params)]

    def later(self, one: Known, other: Known, but: str) -> str:
        """Name those who stand later (or nowhere) in `other` than in `one`."""
        names = [
            row.name
            for row in self.base_model.needing
            if row.code != but and self._place(other, row.code) > self._place(one, row.code)
        ]
        return ", ".join(names[:_TOLD_NAMES]) + (", …" if len(names) > _TOLD_NAMES else "")

    def _place(self, known: Known, code: str) -> int:
        return known.phases[code] if known.phases[code] >= 0 else self.last
