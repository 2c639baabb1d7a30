"""The communes of a programme as the model sees them: what is known of each, and what a person locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from siteplan.decide.calendar import Actual
from siteplan.errors import InputError, Problem
from siteplan.locale import Message
from siteplan.scenario import Lock, Phase, Scenario
from siteplan.tables.parts import ADDS_FLOOR

_SHOWN = (
    "commune_code", "name", "priority_rank", "priority_points", "build_type", "site_id", "check_result", "population",
    "deficit_floor_area_m2", "clearance_cost_included", "rests_on", "geometry",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """One build type of a commune.

    Parameters
    ----------
    cost
        Total investment in đồng at the price year, None where unknown.
    share
        Of what the need asks for, 0..1: floor in use after the works over required floor; 1 for the type needed.
    served_m2
        Missing floor that the works make good.
    left_m2
        Missing floor that remains; None where it is not known what is missing.
    new_tsc_m2
        Land it would newly take for offices (TSC): counts against the quota where there is one.
    """

    build_type: str | None
    site_id: str | None
    check_result: str | None
    cost: float | None
    clearance_included: bool | None
    share: float = 1.0
    served_m2: float = 0.0
    left_m2: float | None = 0.0
    new_tsc_m2: float = 0.0
    facility_id: str | None = None
    geometry: Any = None
    rests_on: str | None = None


@dataclass(frozen=True)
class Row:
    """One commune.

    Parameters
    ----------
    rank
        Priority rank; None where it could not be computed (such communes come last).
    cost
        Total investment in đồng at the price year, None where unknown.
    shown
        Values that go into the programme table as they are.
    new_tsc_m2
        New office land of what the need asks for.
    locked_phase
        Phase a person locked it into.
    ready
        Taken as ready for a pilot phase, whatever is known (a question asked of the model).
    waits
        Why it cannot be placed at all: ``locked_out``, ``locked_waiting``, ``no_build_type``; None where it can.
    """

    code: str
    name: str
    rank: int | None
    points: float | None
    build_type: str | None
    site_id: str | None
    check_result: str | None
    people: int | None
    deficit_m2: float | None
    cost: float | None
    clearance_included: bool | None
    border: bool | None
    central_ward: bool | None
    gap_basis: str | None
    conformity: str | None
    clearance: str | None
    report_state: str | None
    inventory_state: str | None
    shown: Mapping[str, Any]
    lock: Lock | None = None
    locked_phase: str | None = None
    waits: str | None = None
    ready: bool = False
    started: int | None = None
    paid: Mapping[tuple[int, str], float] = field(default_factory=dict)
    new_tsc_m2: float = 0.0
    smaller: tuple[Size, ...] = ()

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Build types, the one that the need asks for first, then the smaller ones."""
        adds_floor = self.build_type in ADDS_FLOOR
        own = Size(
            self.build_type, self.site_id, self.check_result, self.cost, self.clearance_included,
            served_m2=(self.deficit_m2 or 0.0) if adds_floor else 0.0, left_m2=0.0 if adds_floor else self.deficit_m2,
            new_tsc_m2=self.new_tsc_m2,
        )  # fmt: skip
        return (own, *self.smaller)

    @property
    def locked(self) -> bool:
        """Whether a person decided on its phase."""
        return self.started is not None or (self.lock is not None and (self.lock.out or self.lock.phase is not None))

    def missing_for_pilot(self, phase: Phase) -> str | None:
        """Tell what keeps it out of a pilot phase (``value.missing_for_pilot.<token>``); None where it is ready."""
        if not phase.pilot or self.ready:
            return None
        # what is not known of the site (no plan read, clearance not told) keeps nobody out; what is known does
        failing = {
            "figures": self._open_figures,
            "site": "no_site" if self.site_id is None and self.build_type == "build_new" else None,
            "not_blocked": "blocked" if self.check_result == "blocked" else None,
            "plan": "plan" if self.conformity == "needs_adjustment" else None,
            "clearance": "clearance" if self.clearance == "not_cleared" else None,
        }
        return next((failing[need] for need in failing if need in phase.pilot_needs and failing[need]), None)

    @property
    def _open_figures(self) -> str | None:
        """What is open about its present figures; None where the commune reported them and its inventory is whole."""
        open_state = {"none": "not_answered", "partly": "partly_answered"}.get(self.report_state or "")
        if open_state or self.gap_basis != "reported":
            return open_state or "figures"
        return "inventory" if self.inventory_state == "incomplete" else None

    def unlocked(self) -> Row:
        """Return it without what a person decided; works that began stay."""
        if self.started is not None:
            return self
        return replace(self, lock=None, locked_phase=None, waits=_waits(self.build_type, self.site_id, None, ()))

    def is_kind(self, kind: str) -> bool:
        """Whether it is a border commune, a central ward, or known to be neither (``ordinary``)."""
        if kind == "border":
            return self.border is True
        if kind == "central_ward":
            return self.central_ward is True
        return self.border is False and self.central_ward is False

    def may_start_in(self, phase: Phase, *, money: bool, size: int = 0) -> bool:
        """Whether it may start in a phase; `money`: the phase is limited by money, so that the cost must be known.

        A build type smaller than the need asks for is no pilot, and not what a person meant who locked the phase.
        """
        if size and (size > len(self.smaller) or phase.pilot or self.locked_phase is not None):
            return False
        if (self.waits and not (size and self.waits == "no_site")) or (money and self.sizes[size].cost is None):
            return False
        if self.locked_phase is not None:
            return self.locked_phase == phase.name
        return self.missing_for_pilot(phase) is None


@dataclass(frozen=True)
class Rows:
    """All communes, and those that need building, in rank order (rank, then code)."""

    all: tuple[Row, ...]

    @property
    def needing(self) -> list[Row]:
        """Communes that need a building."""
        return [row for row in self.all if row.build_type != "none"]

    def unlocked(self) -> Rows:
        """Return the same communes without what persons decided."""
        return Rows(tuple(row.unlocked() for row in self.all))


def signed(key: str, lock: Lock | None, **params: Any) -> Message:
    """Return the message of a lock: with who decided and why, or, under another key, that nobody signed it."""
    if lock is None or not (lock.by or lock.reason):
        return f"{key}_unsigned", params
    return key, {**params, "by": lock.by or None, "reason": lock.reason or None}


def _value(value: Any) -> Any:
    return None if value is None or (not isinstance(value, (list, dict)) and pd.isna(value)) else value


def _number(value: Any) -> float | None:
    found = _value(value)
    return None if found is None else float(found)


def _whole(value: Any) -> int | None:
    found = _value(value)
    return None if found is None else int(found)


def _flag(value: Any) -> bool | None:
    found = _value(value)
    return None if found is None else bool(found)


def _waits(build_type: str | None, site_id: str | None, lock: Lock | None, waiting_lists: Sequence[str]) -> str | None:
    if lock is not None and lock.out:
        return "locked_out"
    if lock is not None and lock.phase in waiting_lists:
        return "locked_waiting"
    if build_type is None:
        return "no_build_type"
    # what has nowhere to stand is not scheduled, unless a person puts it into a phase
    return "no_site" if build_type == "build_new" and site_id is None and lock is None else None


def _phase_of(year: int, scenario: Scenario) -> str | None:
    """Name of the phase in which works of a year began: the first one where they began before all."""
    phases = sorted((p for p in scenario.phases if not p.waiting_list), key=lambda phase: phase.years)
    return next((phase.name for phase in phases if year <= phase.years[1]), None)


def _smaller(options: Any, scenario: Scenario) -> dict[str, tuple[Size, ...]]:
    """Read the smaller build types that the scenario takes, the largest first."""
    found: dict[str, tuple[Size, ...]] = {}
    if options is None or not len(options):
        return found
    settings = scenario.programme
    geometry = options["geometry"] if "geometry" in options else pd.Series(None, index=options.index, dtype="object")
    for at, record in options.sort_values(["commune_code", "size_order"]).to_dict("index").items():
        values = {name: _value(v) for name, v in record.items() if name != "geometry"}
        share = float(values["covered_percent"]) / 100
        if values["size_order"] == 0 or values["build_type"] not in settings.smaller_types:
            continue
        if 100 * share < settings.least_covered_percent:
            continue
        size = Size(
            build_type=values["build_type"],
            site_id=values["site_id"],
            check_result=values["check_result"],
            cost=_number(values["cost_at_price_year"]),
            clearance_included=_flag(values["clearance_cost_included"]),
            share=share,
            served_m2=float(values["added_floor_area_m2"]),
            left_m2=float(values["floor_left_m2"]),
            new_tsc_m2=_number(values.get("new_tsc_m2")) or 0.0,
            facility_id=values["facility_id"],
            geometry=_value(geometry[at]),
            rests_on=values["rests_on"],
        )
        code = str(values["commune_code"])
        found[code] = (*found.get(code, ()), size)
    return found


def _office_land(candidates: Any, options: Any) -> dict[str, float]:
    """Return the new office land of what the need asks for, by commune: of the candidates, else of the types priced."""
    named = candidates
    if "new_tsc_m2" not in candidates:
        if options is None or "new_tsc_m2" not in options:
            return {}
        named = options[options["size_order"] == 0]
    land = zip(named["commune_code"], named["new_tsc_m2"], strict=True)
    return {str(code): _number(area) or 0.0 for code, area in land}


def rows_of(
    candidates: Any,
    scenario: Scenario,
    locks: Sequence[Lock],
    actual: Mapping[str, Actual] | None = None,
    options: Any = None,
) -> Rows:
    """Read the candidates; `actual` is what was done and paid, by commune; `options` as ``RESULTS["build_options"]``.

    Raises
    ------
    InputError
        With every lock that names no commune of the table, every negative cost, and works that began beyond the last
        phase or against a lock.
    """
    waiting_lists = [phase.name for phase in scenario.phases if phase.waiting_list]
    by_commune = {lock.commune: lock for lock in locks}
    known = set(candidates["commune_code"])
    smaller = _smaller(options, scenario)
    office_land = _office_land(candidates, options)
    problems = [
        Problem("lock_commune_unknown", feature=lock.commune, value=lock.commune)
        for lock in locks
        if lock.commune not in known
    ]
    rows = []
    for record in candidates.to_dict("records"):
        values = {name: _value(v) for name, v in record.items() if name != "geometry"}
        code, lock = str(values["commune_code"]), by_commune.get(str(values["commune_code"]))
        cost = _number(values["cost_at_price_year"])
        if cost is not None and cost < 0:
            problems.append(Problem("cost_negative", feature=code, column="cost_at_price_year", value=f"{cost:.0f}"))
        own = (actual or {}).get(code, Actual())
        began, phase = own.start_year, lock.phase if lock is not None else None
        if began is not None:
            phase = _phase_of(began, scenario)
            if phase is None:
                problems.append(Problem("progress_beyond", feature=code, value=str(began)))
            elif lock is not None and (lock.out or lock.phase not in (None, phase)):
                params = {"year": began, "phase": phase}
                problems.append(Problem("progress_against_lock", feature=code, value=lock.phase or "", params=params))
        waits = _waits(values["build_type"], values["site_id"], lock, waiting_lists)
        shown = {name: record.get(name) if name == "geometry" else values.get(name) for name in _SHOWN}
        rows.append(
            Row(
                code=code,
                name=str(values["name"]),
                rank=_whole(values["priority_rank"]),
                points=_number(values["priority_points"]),
                build_type=values["build_type"],
                site_id=values["site_id"],
                check_result=values["check_result"],
                people=_whole(values["population"]),
                deficit_m2=_number(values["deficit_floor_area_m2"]),
                cost=cost,
                clearance_included=_flag(values["clearance_cost_included"]),
                border=_flag(values["is_border"]),
                central_ward=_flag(values["is_central_ward"]),
                gap_basis=values["gap_basis"],
                conformity=values.get("best_conformity"),
                clearance=values.get("best_clearance"),
                report_state=values.get("report_state"),
                inventory_state=values.get("inventory_state"),
                shown=shown,
                lock=lock,
                locked_phase=phase if waits is None or began is not None else None,
                waits=waits if began is None else None,
                started=began,
                paid=own.paid,
                new_tsc_m2=office_land.get(code, 0.0),
                smaller=smaller.get(code, ()),
            )
        )
    if problems:
        raise InputError(*problems)
    rows.sort(key=lambda row: (row.rank is None, row.rank or 0, row.code))
    return Rows(tuple(rows))
