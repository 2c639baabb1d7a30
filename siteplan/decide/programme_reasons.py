"""Why a commune stands where it stands in the programme, what would move it, and who was taken before whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siteplan.decide.programme_rows import Row, Size, signed
from siteplan.locale import Message
from siteplan.scenario import Phase, Scenario

# so many more works would have to start for a commune to move up: beyond this it is no advice
_TOLD_STARTS = 10
_TOLD_NAMES = 5


@dataclass(frozen=True)
class Placement:
    """A commune with its phase (None: it waits), its position, start and finish year, and size (0: as needed)."""

    row: Row
    phase: Phase | None
    position: int
    start_year: int | None
    finish_year: int | None
    size: int = 0

    @property
    def built(self) -> Size:
        """What is built there."""
        return self.row.sizes[self.size]


Inversion = tuple[Placement, tuple[tuple[Placement, str], ...]]


def inversions(placements: Sequence[Placement], objective: str) -> list[Inversion]:
    """List who was placed in an earlier phase than communes ranked before it.

    Parameters
    ----------
    placements
        In rank order.

    Returns
    -------
    list
        The lower-ranked commune with those it passed, each with a token of the reason (``value.inversion.<token>``).
    """
    found: list[Inversion] = []
    for n, own in enumerate(placements):
        if own.phase is None:
            continue
        passed = tuple(
            (other, _why(own, other, objective)) for other in placements[:n] if other.position > own.position
        )
        if passed:
            found.append((own, passed))
    return found


def _why(own: Placement, passed: Placement, objective: str) -> str:
    assert own.phase is not None
    if own.row.locked_phase is not None:
        return "locked_in"
    if passed.row.waits is not None:
        return passed.row.waits
    if passed.row.locked_phase is not None:
        return "locked_later"
    missing = passed.row.missing_for_pilot(own.phase)
    if missing:
        return f"not_ready_{missing}"
    if passed.phase is None and passed.row.cost is None and own.row.cost is not None:
        return "no_cost"
    if any(own.row.is_kind(kind) and not passed.row.is_kind(kind) for kind in own.phase.one_of_each):
        return "pilot_kinds"
    return "objective" if objective != "follow_rank" else "limits"


def explain(placements: Sequence[Placement], scenario: Scenario, jumped: Sequence[Inversion]) -> list[list[Message]]:
    """Write the reasons of each placement, as messages."""
    jumps = {own.row.code: passed for own, passed in jumped}
    passed_by: dict[str, list[tuple[Placement, str]]] = {}
    for own, passed in jumped:
        for other, why in passed:
            passed_by.setdefault(other.row.code, []).append((own, why))
    phases = sorted((p for p in scenario.phases if not p.waiting_list), key=lambda phase: phase.years)
    return [
        [
            *_standing(own.row),
            *(_placed(n, placements, scenario) if own.phase else _waiting(n, placements, scenario, phases)),
            *_smaller(own, scenario),
            *_moves(n, placements, scenario, phases),
            *_grouped("jumps_over", jumps.get(own.row.code, ())),
            *_grouped("passed_by", passed_by.get(own.row.code, ())),
            *_remarks(own),
        ]
        for n, own in enumerate(placements)
    ]


def explain_not_needed(row: Row) -> list[Message]:
    """Say why a commune without need has no place, and that a lock on it has no effect."""
    short = 0.0 if row.deficit_m2 is None else row.deficit_m2
    told: Message = ("decide.programme.not_needed", {})
    if short > 0:
        told = ("decide.programme.not_needed_short", {"deficit": short})
    messages = [told]
    if row.locked:
        messages.append(("decide.programme.lock_without_need", {}))
    return messages


def _standing(row: Row) -> list[Message]:
    if row.rank is None or row.points is None:
        return [("decide.programme.no_rank", {})]
    return [("decide.programme.rank", {"rank": row.rank, "points": row.points})]


def _placed(n: int, placements: Sequence[Placement], scenario: Scenario) -> list[Message]:
    own = placements[n]
    assert own.phase is not None
    phase = own.phase.name
    if own.row.started is not None:
        return [("decide.programme.started", {"phase": phase, "year": own.row.started})]
    if own.row.locked_phase is not None and own.row.lock is not None:
        messages = [signed("decide.programme.locked_in", own.row.lock, phase=phase)]
        missing = own.row.missing_for_pilot(own.phase)
        if missing:
            messages.append(("decide.programme.locked_not_ready", {"why": missing}))
        return messages
    before = [p for p in placements[:n] if p.position == own.position]
    kinds = [
        kind
        for kind in dict.fromkeys(own.phase.one_of_each)
        if own.row.is_kind(kind) and not any(p.row.is_kind(kind) for p in before)
    ]
    if kinds:
        return [("decide.programme.pilot_kind", {"phase": phase, "kind": kind}) for kind in kinds]
    objective = scenario.programme.objective
    if objective != "follow_rank":
        return [("decide.programme.by_objective", {"phase": phase, "objective": objective})]
    return [("decide.programme.earliest", {"phase": phase, "place": len(before) + 1})]


def _smaller(own: Placement, scenario: Scenario) -> list[Message]:
    """Say what is built in place of what the need asks for, why, and what remains missing."""
    if not own.size:
        return []
    params = {
        "type": own.built.build_type, "needed": own.row.build_type, "cost": own.row.cost, "left": own.built.left_m2,
        "percent": 100 * own.built.share,
    }  # fmt: skip
    by_rank = scenario.programme.objective == "follow_rank"
    money = scenario.programme.limited_by == "money" or (own.phase is not None and own.phase.money is not None)
    land = scenario.programme.tsc_quota_ha is not None and own.row.new_tsc_m2 > 0
    binding = "money_or_land" if money and land else "land" if land else "money"
    why = "no_site" if own.row.waits == "no_site" else binding if by_rank else "objective"
    return [(f"decide.programme.smaller_{why}", params)]


def _waiting(n: int, placements: Sequence[Placement], scenario: Scenario, phases: Sequence[Phase]) -> list[Message]:
    own = placements[n]
    row = own.row
    if row.waits is not None:
        key = f"decide.programme.waits_{row.waits}"
        return [signed(key, row.lock)] if row.waits.startswith("locked") else [(key, {})]
    last = phases[-1].name if phases else ""
    quota = scenario.programme.tsc_quota_ha
    if quota is not None:
        used = sum(p.built.new_tsc_m2 for p in placements if p.phase is not None)
        if used + own.row.new_tsc_m2 > quota * 10_000:
            land = {"quota": quota * 10_000, "own": own.row.new_tsc_m2, "left": max(quota * 10_000 - used, 0.0)}
            return [("decide.programme.waits_tsc", land)]
    if scenario.programme.limited_by == "money" or any(p.money is not None for p in phases):
        if row.cost is None:
            return [("decide.programme.waits_no_cost", {"phase": last})]
        before = [p.row for p in placements[:n] if p.phase is None and p.row.waits is None and p.row.cost is not None]
        needed = row.cost + sum(r.cost or 0.0 for r in before)
        messages: list[Message] = [("decide.programme.waits_money", {"phase": last, "cost": row.cost})]
        if before:
            messages.append(("decide.programme.waits_money_in_order", {"needed": needed, "count": len(before)}))
        return messages
    before = [p.row for p in placements[:n] if p.phase is None and p.row.waits is None]
    return [("decide.programme.waits_starts", {"phase": last, "count": len(before) + 1})]


def _moves(n: int, placements: Sequence[Placement], scenario: Scenario, phases: Sequence[Phase]) -> list[Message]:
    """Say plainly what stands between a placed commune and the phase before its own."""
    own = placements[n]
    if own.phase is None or own.position == 0 or own.row.locked_phase is not None:
        return []
    earlier = phases[own.position - 1]
    passed = sum(p.position >= own.position for p in placements[:n])
    if earlier.pilot and passed >= _TOLD_STARTS:
        return []
    missing = own.row.missing_for_pilot(earlier)
    if missing:
        return [("decide.programme.move_ready", {"phase": earlier.name, "why": missing})]
    if scenario.programme.objective != "follow_rank":
        return []
    before = [
        p.row
        for p in placements[:n]
        if p.position >= own.position
        and p.row.locked_phase is None
        and p.row.may_start_in(earlier, money=earlier.money is not None)
    ]
    if scenario.programme.limited_by == "money" or earlier.money is not None:
        needed = (own.row.cost or 0.0) + sum(row.cost or 0.0 for row in before)
        return [("decide.programme.move_money", {"phase": earlier.name, "needed": needed, "count": len(before)})]
    if len(before) >= _TOLD_STARTS:
        return []
    return [("decide.programme.move_starts", {"phase": earlier.name, "count": len(before) + 1})]


def _grouped(key: str, pairs: Sequence[tuple[Placement, str]]) -> list[Message]:
    groups: dict[str, list[str]] = {}
    for other, why in pairs:
        groups.setdefault(why, []).append(other.row.name)
    messages: list[Message] = []
    for why, names in groups.items():
        shown = ", ".join(names[:_TOLD_NAMES]) + (", …" if len(names) > _TOLD_NAMES else "")
        messages.append((f"decide.programme.{key}", {"count": len(names), "names": shown, "why": why}))
    return messages


def _remarks(own: Placement) -> list[Message]:
    row, built = own.row, own.built
    messages: list[Message] = []
    if own.phase is not None and own.finish_year is not None and own.finish_year > own.phase.years[1]:
        messages.append(("decide.programme.finishes_after", {"year": own.finish_year, "phase": own.phase.name}))
    if built.cost is None:
        messages.append(("decide.programme.cost_unknown", {}))
    elif built.clearance_included is not True:
        messages.append(("decide.programme.without_clearance", {}))
    if built.site_id is None and built.build_type == "build_new":
        messages.append(("decide.programme.no_site", {}))
    elif built.check_result in ("blocked", "conditional"):
        messages.append((f"decide.programme.site_{built.check_result}", {}))
    if row.gap_basis in ("estimated", "missing"):
        messages.append((f"decide.programme.figures_{row.gap_basis}", {}))
    return messages
