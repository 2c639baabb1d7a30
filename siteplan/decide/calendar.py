"""The calendar of each centre: investment policy, planning, land clearance, design, start, hand-over.

Durations come from the rule table ``steps``. The works begin on 1 January of the year the programme starts them, or
later where the steps still to do cannot be done by then, counted from the scenario's date or from the last step done.
What was done already comes from the input table ``progress`` and stands as it was. A phase names the step that has to
fall inside it; where it does not, or where the start slips out of its year, the reasons of the commune say so. A step
ends on the last day before the next one begins. The programme takes over the year of the hand-over as its finish year:
works that begin on 1 January are done in the years they are paid in, others may end a year later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.rules import Rules
from siteplan.scenario import Phase, Scenario
from siteplan.tables import RESULTS, conform, empty

START, HAND_OVER = "start", "hand_over"
FINISHES_AFTER = "decide.programme.finishes_after"
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Actual:
    """What was done and paid for one centre.

    Parameters
    ----------
    done
        Step to the day it was done and the document that says so.
    paid
        (year, source) to đồng.
    """

    done: dict[str, tuple[dt.date, str | None]] = field(default_factory=dict)
    paid: dict[tuple[int, str], float] = field(default_factory=dict)

    @property
    def start_year(self) -> int | None:
        """Year the works began, else the year of the first payment; None where neither is known."""
        if START in self.done:
            return self.done[START][0].year
        return min((year for year, _ in self.paid), default=None)


def actual(progress: pd.DataFrame, payments: pd.DataFrame) -> dict[str, Actual]:
    """Gather what was done and paid by commune.

    Parameters
    ----------
    progress, payments
        ``INPUTS["progress"]`` and ``INPUTS["payments"]``; may be empty.
    """
    found: dict[str, Actual] = {}
    for row in progress.to_dict("records"):
        if isinstance(row["done_date"], str):
            day = dt.date.fromisoformat(row["done_date"])
            document = row["document"] if isinstance(row["document"], str) else None
            found.setdefault(str(row["commune_code"]), Actual()).done[str(row["step"])] = (day, document)
    for row in payments.to_dict("records"):
        if not pd.isna(row["amount"]):
            paid = found.setdefault(str(row["commune_code"]), Actual()).paid
            key = (int(row["year"]), str(row["source"]))
            paid[key] = paid.get(key, 0.0) + float(row["amount"])
    return found


def actual_of_run(steps: pd.DataFrame, funding: pd.DataFrame) -> dict[str, Actual]:
    """Read back what was done and paid from ``RESULTS["steps"]`` and ``RESULTS["funding"]`` of a finished run."""
    done = steps[steps["state"] == "done"].rename(columns={"ends": "done_date"})
    return actual(done, funding[funding["paid"].fillna(value=False).astype(bool)])


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the day so many months later (or earlier), the last of the month where it has no such day."""
    return (pd.Timestamp(day) + pd.DateOffset(months=months)).date()


def calendar(programme: Any, known: Mapping[str, Actual], rules: Rules, scenario: Scenario) -> tuple[Any, pd.DataFrame]:
    """Lay out the steps of every planned centre.

    Parameters
    ----------
    programme
        ``RESULTS["programme"]``.
    known
        What was done, by commune.
    rules
        ``steps``: months a step takes, for the build types named (all where none is).
    scenario
        Its date, phases and years of building.

    Returns
    -------
    programme, steps
        The programme with the calendar's finish years and with what cannot be done in time among its reasons, payments
        as they were spread; ``RESULTS["steps"]``, one row a step:
        ``begins``, ``ends``, ``state`` (done, planned, late: it ends after the year or the phase it belongs to).
    """
    table = rules.steps.sort_values("order", kind="stable").to_dict("records")
    phases = {phase.name: phase for phase in scenario.phases}
    rows: list[dict[str, Any]] = []
    reasons, finish = programme["reasons"].copy(), programme["finish_year"].copy()
    for at, record in zip(programme.index, programme.drop(columns="geometry").to_dict("records"), strict=True):
        if record["status"] != "planned":
            continue
        own = _steps(record, known.get(str(record["commune_code"]), Actual()), table, scenario)
        told: list[Message] = []
        begins = next(row["ends"] for row in own if row["step"] == START)
        if begins.year > record["start_year"]:
            told.append(("decide.programme.start_late", {"year": begins.year, "planned": int(record["start_year"])}))
        phase = phases[record["phase"]]
        inside = next((row for row in own if row["step"] == phase.step_inside), None)
        if inside is not None and inside["ends"].year > phase.years[1]:
            inside["state"] = inside["state"] if inside["state"] == "done" else "late"
            params = {"step": phase.step_inside, "phase": phase.name, "month": f"{inside['ends']:%m/%Y}"}
            told.append(("decide.programme.step_outside", params))
        finish[at], ending = _finish(record, own, phase)
        rows += own
        before = decode(reasons[at])
        if finish[at] != record["finish_year"]:
            before = [message for message in before if message[0] != FINISHES_AFTER]
        if told or ending:
            reasons[at] = encode([*before, *told, *ending])
    table_rows = [{**row, "ends": row["ends"].isoformat()} for row in rows]
    steps = conform(pd.DataFrame(table_rows), RESULTS["steps"]) if rows else empty(RESULTS["steps"])
    return programme.assign(reasons=reasons, finish_year=finish), steps


def _finish(record: Mapping[Any, Any], own: list[dict[str, Any]], phase: Phase) -> tuple[int, list[Message]]:
    """Return the year of the hand-over, and what is to be said of it."""
    begins, hand_over = (next(row for row in own if row["step"] == step) for step in (START, HAND_OVER))
    year = max(hand_over["ends"].year, int(record["start_year"]))
    told: list[Message] = []
    if hand_over["state"] == "done":
        told.append(("decide.programme.handed_over", {"month": f"{hand_over['ends']:%m/%Y}"}))
    elif year != record["finish_year"]:
        params = {"month": f"{begins['ends']:%m/%Y}", "year": year, "planned": int(record["finish_year"])}
        told.append(("decide.programme.ends_late", params))
    if year > phase.years[1] and year != record["finish_year"]:
        told.append((FINISHES_AFTER, {"year": year, "phase": phase.name}))
    return year, told


def _steps(
    record: Mapping[Any, Any], known: Actual, table: list[dict[Any, Any]], scenario: Scenario
) -> list[dict[str, Any]]:
    wanted = [
        rule
        for rule in table
        if not isinstance(rule["build_type"], str) or record["build_type"] in rule["build_type"].split(";")
    ]
    before = [rule for rule in wanted if rule["step"] not in (START, HAND_OVER)]
    to_do = [rule for rule in before if rule["step"] not in known.done]
    start_year = int(record["start_year"])
    last_done = max((day for step, (day, _) in known.done.items() if step != HAND_OVER), default=scenario.date)
    if START in known.done:
        begins = known.done[START][0]
    else:
        earliest = add_months(max(scenario.date, last_done), sum(round(rule["months"]) for rule in to_do))
        begins = max(dt.date(start_year, 1, 1), earliest)
    ends = add_months(begins, 12 * scenario.programme.years_to_build) - _DAY
    spans: dict[str, tuple[dt.date, dt.date]] = {START: (begins, begins), HAND_OVER: (begins, ends)}
    day = begins
    for rule in reversed(to_do):
        first = add_months(day, -round(rule["months"]))
        spans[rule["step"]] = (first, max(first, day - _DAY))
        day = first
    rows = []
    for rule in wanted:
        step = rule["step"]
        done = known.done.get(step)
        first, last = spans[step] if done is None else (done[0], done[0])
        late = step == START and last.year > start_year
        rows.append(
            {
                "option": record["option"],
                "commune_code": record["commune_code"],
                "step": step,
                "step_order": int(rule["order"]),
                "begins": first.isoformat() if done is None else None,
                "ends": last,
                "state": "done" if done else "late" if late else "planned",
                "document": None if done is None else done[1],
                "legal_basis": rule["legal_basis"],
                "certainty": rule["certainty"],
            }
        )
    return rows
