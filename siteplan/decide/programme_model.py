"""The programme of a scenario as the case of the exact model, and what is read from its solutions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteplan.decide.allocation import best_phases, in_rank_order, phase_value
from siteplan.decide.case import NOWHERE, AtLeastOne, Case, Limit
from siteplan.decide.collisions import colliding
from siteplan.decide.costs import escalation
from siteplan.decide.programme_reasons import Placement
from siteplan.decide.programme_rows import Row, Rows, Size
from siteplan.errors import InputError, Problem
from siteplan.scenario import Phase, Scenario

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]

MONEY_UNIT = 1e8
PAYMENT_UNIT = 1e6
LAND_UNIT = 100.0  # m²
# what one unit of an objective's whole numbers stands for: points, people, m²
OBJECTIVE_UNITS = {"priority": 1, "people": 100, "deficit": 10}
# What is shown beside a programme bound by the money of single years need not be proved, which can take minutes: after
# so many nodes of a search the bound is told. A number of nodes, not of seconds: the same every time.
_BESIDE_NODES = 1000


def _unit(limit: Limit) -> float:
    if limit.kind == "tsc_land":
        return LAND_UNIT
    return MONEY_UNIT if limit.kind.endswith("money") else 1


@dataclass(frozen=True)
class Solved:
    """Phases and sizes of the communes that need building, in rank order, with how far that is proved."""

    objective: str
    phases: _Ints
    sizes: _Ints
    value: float | None
    bound: float | None
    proved: bool


class ProgrammeModel:
    """The rows and the scenario as the case of the exact model, and what is read from its solutions."""

    def __init__(
        self,
        rows: Rows,
        scenario: Scenario,
        money_factor: float = 1.0,
        starts_factor: float = 1.0,
        more_starts: Mapping[str, int] | None = None,
    ) -> None:
        """Build the case; the limits may be changed to ask what would follow.

        Parameters
        ----------
        money_factor, starts_factor
            All caps of money, or all numbers of works, times this.
        more_starts
            Phase name to works that may start beyond its limit.
        """
        self.rows = rows
        self.needing: list[Row] = rows.needing
        self.scenario = scenario
        self.settings = scenario.programme
        self.money_factor = money_factor
        self.starts_factor = starts_factor
        self.more_starts = dict(more_starts or {})
        ordered = sorted(scenario.phases, key=lambda phase: phase.years)
        self.phases: list[Phase] = [phase for phase in ordered if not phase.waiting_list]
        self.waiting_list = next((phase for phase in ordered if phase.waiting_list), None)
        self.by_year = self.settings.limited_by == "money"
        # where neither money nor land binds, nothing speaks for less than the need asks for
        binds = self.by_year or any(phase.money is not None for phase in self.phases)
        binds |= self.settings.tsc_quota_ha is not None
        self.size_count = max((len(row.sizes) for row in self.needing), default=1) if binds else 1
        self.slots: list[tuple[int, int, int]] = [
            (n, year, size)
            for n, phase in enumerate(self.phases)
            for year in (range(phase.years[0], phase.years[1] + 1) if self.by_year else (phase.years[0],))
            for size in range(self.size_count)
        ]
        self.case = self._case()

    # -- the case ----------------------------------------------------------------------------------------------------

    def _case(self) -> Case:
        phase_of_slot = np.array([n for n, _, _ in self.slots], dtype="int64")
        shape = (len(self.needing), len(self.slots))
        allowed = np.zeros(shape, dtype=bool)
        for i, row in enumerate(self.needing):
            for s, (n, year, size) in enumerate(self.slots):
                money = self._money_matters(self.phases[n])
                allowed[i, s] = row.may_start_in(self.phases[n], money=money, size=size)
                if row.started is not None and self.by_year:
                    allowed[i, s] &= year == max(row.started, self.phases[n].years[0])
        must = np.array([row.locked_phase is not None and not row.waits for row in self.needing], dtype=bool)
        stuck = [
            row
            for row, free, forced in zip(self.needing, np.atleast_1d(allowed.any(axis=1)), must, strict=True)
            if forced > free
        ]
        if stuck:
            raise InputError(*(Problem("lock_without_cost", feature=row.code, value=row.name) for row in stuck))
        kinds = []
        for n, phase in enumerate(self.phases):
            slots = phase_of_slot == n
            for kind in dict.fromkeys(phase.one_of_each):
                members = np.array([row.is_kind(kind) for row in self.needing], dtype=bool)
                if (allowed[members][:, slots]).any():
                    kinds.append(AtLeastOne(kind, phase.name, members, slots))
        limits = [*self._limits_of_number(phase_of_slot, shape), *self._limits_of_money(phase_of_slot, shape)]
        if self.settings.tsc_quota_ha is not None:
            land = np.zeros(shape)
            for i, row in enumerate(self.needing):
                of_size = [np.ceil(round(size.new_tsc_m2 / LAND_UNIT, 6)) for size in row.sizes]
                land[i] = [of_size[size] if size < len(of_size) else 0.0 for _, _, size in self.slots]
            cap = np.floor(round(self.settings.tsc_quota_ha * 10_000 / LAND_UNIT, 6))
            limits.append(Limit("tsc_land", "", land, float(cap)))
        sizes = np.array([size for _, _, size in self.slots], dtype="int64")
        return Case(
            phase_of_slot, allowed, must, tuple(limits), tuple(kinds), self.settings.time_limit_s, size_of_slot=sizes
        )

    def _money_matters(self, phase: Phase) -> bool:
        return self.settings.limited_by == "money" or phase.money is not None

    def _limits_of_number(self, phase_of_slot: _Ints, shape: tuple[int, int]) -> list[Limit]:
        limits = []
        for n, phase in enumerate(self.phases):
            here = np.tile((phase_of_slot == n).astype("float64"), (shape[0], 1))
            if phase.count is not None:
                limits.append(Limit("count", phase.name, here, self._number(phase, phase.count)))
            if phase.starts_per_year is not None:
                years = phase.years[1] - phase.years[0] + 1
                limits.append(Limit("starts", phase.name, here, self._number(phase, phase.starts_per_year * years)))
                if self.by_year:
                    for year in range(phase.years[0], phase.years[1] + 1):
                        one = np.tile(np.array([float(at == year) for _, at, _ in self.slots]), (shape[0], 1))
                        cap = self._number(phase, phase.starts_per_year)
                        limits.append(Limit("starts", str(year), one, cap))
        return limits

    def _number(self, phase: Phase, number: int) -> float:
        return float(np.floor(round(number * self.starts_factor, 6)) + self.more_starts.get(phase.name, 0))

    def _limits_of_money(self, phase_of_slot: _Ints, shape: tuple[int, int]) -> list[Limit]:
        limits = []
        paid: dict[int, _Floats] = {}
        for i, row in enumerate(self.needing):
            for s, (n, year, size) in enumerate(self.slots):
                if size >= len(row.sizes):
                    continue
                # where the year is not decided yet, at the prices of the last year: costs are rounded up
                start = year if self.by_year else self.phases[n].years[1]
                for at, amount in self._parts(row, start, size).items():
                    paid.setdefault(at, np.zeros(shape))[i, s] = np.ceil(round(amount / MONEY_UNIT, 6))
        for n, phase in enumerate(self.phases):
            if phase.money is not None:
                uses = sum(paid.values(), np.zeros(shape)) * (phase_of_slot == n)
                limits.append(Limit("phase_money", phase.name, uses, self._cap(phase.money)))
        if self.settings.limited_by == "money":
            funds = self.committed()
            years = sorted({*paid, *funds})
            for year in years:
                before = [y for y in years if (y <= year if self.settings.carry_over else y == year)]
                uses = sum((paid[y] for y in before if y in paid), np.zeros(shape))
                cap = self._cap(sum(funds.get(y, 0.0) for y in before))
                limits.append(Limit("year_money", str(year), uses, cap))
            # follows from the years; answers at once whether all money together would do
            total = sum(self._cap(funds.get(y, 0.0)) for y in years)
            if not self.settings.carry_over:
                limits.append(Limit("all_money", "", sum(paid.values(), np.zeros(shape)), total))
        return limits

    def _cap(self, amount: float) -> float:
        return float(np.floor(round(amount * self.money_factor / MONEY_UNIT, 6)))

    def committed(self) -> dict[int, float]:
        """Sum the committed funds by year, đồng."""
        funds: dict[int, float] = {}
        for fund in self.scenario.funds:
            if fund.committed:
                funds[fund.year] = funds.get(fund.year, 0.0) + fund.amount
        return funds

    def _parts(self, row: Row, start: int, size: int = 0) -> dict[int, float]:
        """Spread the cost of a centre over its years of building, each part at that year's prices, đồng."""
        cost = row.sizes[size].cost
        if cost is None:
            return {}
        paid: dict[int, float] = {}
        for (year, _), amount in row.paid.items():
            paid[year] = paid.get(year, 0.0) + amount
        begun = row.started if row.started is not None else start
        years = [year for year in range(begun, begun + self.settings.years_to_build) if year > max(paid, default=0)]
        left = cost - sum(amount / escalation(self.scenario.costs, year) for year, amount in paid.items())
        if left <= 0:
            return paid
        years = years or [max(paid) + 1]  # what is not paid yet falls due in the year after
        share = left / len(years)
        due = {
            year: float(np.ceil(round(share * escalation(self.scenario.costs, year) / PAYMENT_UNIT, 6)) * PAYMENT_UNIT)
            for year in years
        }
        return {**paid, **due}

    # -- solving -----------------------------------------------------------------------------------------------------

    def values(self, objective: str) -> _Ints:
        """Whole numbers to maximise, communes x sizes: priority points, hundreds of people, tens of m² of floor.

        A smaller build type serves the points and the people in proportion to the floor it brings into use.
        """
        unit = OBJECTIVE_UNITS[objective if objective != "follow_rank" else "priority"]
        read: Callable[[Row, Size], float] = {
            "people": lambda row, size: (row.people or 0) * size.share,
            "deficit": lambda _row, size: size.served_m2,
        }.get(objective, lambda row, size: (row.points or 0.0) * size.share)
        found = np.zeros((len(self.needing), self.size_count), dtype="int64")
        for i, row in enumerate(self.needing):
            for k, size in enumerate(row.sizes[: self.size_count]):
                found[i, k] = round(read(row, size) / unit)
        return found

    def solve(self, objective: str, *, nested: bool | None = None, roughly: bool = False) -> Solved:
        """Solve for an objective; raises InputError naming what collides where there is no solution."""
        count = len(self.needing)
        if not count or not self.slots:
            nowhere = np.full(count, NOWHERE)
            return Solved(objective, nowhere, np.zeros(count, dtype="int64"), 0.0, 0.0, proved=True)
        values = self.values(objective)
        best = None
        if objective != "follow_rank":
            case = replace(self.case, node_limit=_BESIDE_NODES) if roughly else self.case
            best = best_phases(case, values, nested=self.settings.nested if nested is None else nested)
        if best is not None:
            return Solved(objective, best.phases, best.sizes, best.value, best.bound, best.proved)
        # asked for, or the solver found nothing within its limit: then it is a solution, but no proved optimum
        groups = in_rank_order(self.case, self.case.group_of_slot)
        if groups is None:
            raise InputError(*self._collisions())
        phases = np.where(groups >= 0, groups // self.case.size_count, NOWHERE)
        sizes = np.where(groups >= 0, groups % self.case.size_count, 0)
        value = phase_value(values, phases, self.case.phase_count, sizes)
        return Solved(objective, phases, sizes, value, None, proved=objective == "follow_rank")

    def _collisions(self) -> list[Problem]:
        """Name what cannot hold together: limits that the locked communes exceed, else the groups that collide."""
        problems = []
        case = self.case
        names = ", ".join(row.name for row, forced in zip(self.needing, case.must, strict=True) if forced)
        for limit in case.limits:
            least = np.where(case.allowed, limit.uses, np.inf).min(axis=1)[case.must].sum()
            if least > limit.cap:
                unit = _unit(limit)
                params = {"limit": limit.cap * unit, "needed": least * unit, "names": names, "where": limit.where}
                problems.append(Problem(f"locks_over_{limit.kind}", column=limit.where, params=params))
        if problems:
            return problems
        return self._irreducible()

    def _irreducible(self) -> list[Problem]:
        """Name each constraint of an irreducible set, with how far a limit would have to give way."""
        found = colliding(self.case)
        assert found is not None  # the search found no solution
        problems = []
        for limit, least in found.limits:
            unit = _unit(limit)
            params = {"limit": limit.cap * unit, "where": limit.where, "size": found.size}
            key = f"collision_{limit.kind}" if least is not None else f"collision_{limit.kind}_alone"
            problems.append(Problem(key, column=limit.where, params=params | {"least": (least or 0.0) * unit}))
        for kind in found.kinds:
            params = {"where": kind.where, "kind": kind.kind, "size": found.size}
            problems.append(Problem("collision_kind", column=kind.where, value=kind.kind, params=params))
        for i in found.must:
            row = self.needing[i]
            key = "collision_started" if row.started is not None else "collision_lock"
            params = {"phase": row.locked_phase or "", "name": row.name, "size": found.size, "year": row.started}
            problems.append(Problem(key, feature=row.code, value=row.name, params=params))
        return problems

    # -- reading the solution ----------------------------------------------------------------------------------------

    def start_years(self, solved: Solved) -> list[int | None]:
        """Start year of each commune within its phase: by rank, as early as the limits of the years allow."""
        phases = solved.phases
        years: list[int | None] = [None] * len(phases)
        if self.by_year and len(self.slots):
            slots = np.arange(len(self.slots))
            groups = np.where(phases >= 0, phases * self.case.size_count + solved.sizes, NOWHERE)
            chosen = in_rank_order(self.case.confined(self.case.group_of_slot, groups), slots)
            assert chosen is not None  # the phases came from a solution
            found = [self.slots[s][1] if s >= 0 else None for s in chosen]
            return [row.started or year for row, year in zip(self.needing, found, strict=True)]
        for n, phase in enumerate(self.phases):
            here = np.flatnonzero(phases == n)
            count = phase.years[1] - phase.years[0] + 1
            a_year = phase.starts_per_year or max(1, -(-len(here) // count))
            for place, i in enumerate(here):
                years[i] = self.needing[i].started or phase.years[0] + place // a_year
        return years

    def payments(self, solved: Solved, starts: Sequence[int | None]) -> list[dict[int, float]]:
        """Return what is paid for each commune by year, đồng; nothing where it waits or has no cost."""
        return [
            self._parts(row, year, int(size)) if year is not None else {}
            for row, year, size in zip(self.needing, starts, solved.sizes, strict=True)
        ]

    def placements(self, solved: Solved, starts: Sequence[int | None]) -> list[Placement]:
        """Pair rows with what was decided for them."""
        return [
            Placement(
                row,
                self.phases[phase] if phase >= 0 else None,
                int(phase) if phase >= 0 else len(self.phases),
                year,
                None if year is None else year + self.settings.years_to_build - 1,
                int(size) if phase >= 0 else 0,
            )
            for row, phase, size, year in zip(self.needing, solved.phases, solved.sizes, starts, strict=True)
        ]

    def totals(self, solved: Solved) -> dict[str, Any]:
        """Sum what is served; costs at the prices of the price year."""
        phases = solved.phases
        placed = [
            (row, row.sizes[size])
            for row, phase, size in zip(self.needing, phases, solved.sizes, strict=True)
            if phase >= 0
        ]
        served = [row for row, _ in placed]
        return {
            "planned": len(served),
            "smaller": sum(size.share < 1 for _, size in placed),
            "waiting": len(self.needing) - len(served),
            "priority_points": round(sum((row.points or 0.0) * size.share for row, size in placed), 3),
            "people": int(sum(row.people or 0 for row in served)),
            "deficit_floor_area_m2": round(sum(size.served_m2 for _, size in placed), 2),
            "border": sum(row.is_kind("border") for row in served),
            "cost_at_price_year": float(sum(size.cost or 0.0 for _, size in placed)),
            "without_cost": sum(size.cost is None for _, size in placed),
            "by_phase": {phase.name: int((phases == n).sum()) for n, phase in enumerate(self.phases)},
        }
