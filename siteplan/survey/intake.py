"""Reading a returned form: which rows can be taken, and every reason why others cannot.

Good rows are taken, bad ones are not. What is wrong is told by file, sheet, cell, rule and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from siteplan.errors import Problem
from siteplan.survey.cells import Cell, Fault, Reading, plain, read_cell
from siteplan.survey.opening import Line, Page, Returned
from siteplan.survey.places import Ground, check_place
from siteplan.survey.questions import FIRST_ROW, TOPICS, VALUE_KEY, Question, Topic

State = Literal["good", "bad", "blank"]
_CODE_IN_NAME = re.compile(r"(?<!\d)(\d{5})(?!\d)")
# without these a row says nothing that could be used
ESSENTIAL: Mapping[str, tuple[str, ...]] = {
    "facilities": ("facility_name",),
    "buildings": ("of_facility", "building_floor"),
    "proposals": ("site_name", "x_north", "y_east"),
}


@dataclass
class Row:
    """One row of an answer: where it stands, its state, and what it says by question."""

    topic: str
    row_id: str
    number: int
    state: State
    values: dict[str, Any] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Submission:
    """What one form says: its commune, its rows, everything found wrong."""

    file: str
    sha256: str
    commune: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sheets: dict[str, str] = field(default_factory=dict)

    def of(self, topic: str) -> list[Row]:
        """Rows of a sheet."""
        return [row for row in self.rows if row.topic == topic]

    def value(self, topic: str, question: str) -> Any:
        """Answer to a single question, None where there is none that can be taken."""
        return next((row.values.get(question) for row in self.of(topic) if row.row_id == question), None)

    def tell(self, row: Row, question: str, fault: Fault, value: Any = "") -> None:
        """Note what is wrong with a row; an error makes it one that is not taken."""
        at = row.cells.get(question) or (row.cells.get(VALUE_KEY) or f"{row.number}:{row.number}")
        shown = plain(value) if isinstance(value, float) else str(value)
        self.problems.append(
            Problem(fault.key, fault.severity, file=self.file, layer=self.sheets.get(row.topic, row.topic), feature=at,
                    column=question, value=shown, params=fault.params)
        )  # fmt: skip
        if fault.severity == "error":
            row.state = "bad"


def commune_of_name(file: str) -> str:
    """Five-digit code in a file's name, or nothing."""
    found = _CODE_IN_NAME.search(file)
    return found.group(1) if found else ""


def read_submission(returned: Returned, ground: Ground, known: Mapping[str, Any]) -> Submission:
    """Read all rows of a returned form.

    Parameters
    ----------
    returned
        The opened form.
    ground
        For coordinates.
    known
        What was known of the commune before: topic, row id, question.

    Returns
    -------
    Submission
        Rows that have an error are ``bad``; totals that do not add up are not checked here, see
        :mod:`siteplan.survey.totals`.
    """
    answer = Submission(returned.file, returned.sha256, returned.commune, problems=list(returned.problems))
    for topic in TOPICS:
        page = returned.pages.get(topic.key)
        if page is None:
            continue
        answer.sheets[topic.key] = page.name
        before = known.get(topic.key, {})
        if topic.is_list:
            _read_list(page, answer, ground, before)
        else:
            _read_single(page, answer, before)
    _link_buildings(answer)
    return answer


def _row(topic: Topic, line: Line, row_id: str) -> Row:
    return Row(topic.key, row_id, line.number, "blank", {}, {key: cell.at for key, cell in line.cells.items()})


def _identified(page: Page, answer: Submission) -> list[tuple[Line, Row]]:
    """Rows whose mark is as it was sent out; the others are told where something is written in them."""
    topic = page.topic
    found: list[tuple[Line, Row]] = []
    seen: set[str] = set()
    for line in page.lines:
        row = _row(topic, line, line.row_id or "")
        first = next(iter(line.cells))
        if not line.row_id:
            if not line.empty:
                key = "survey_row_extra" if line.row_id == "" else "survey_row_changed"
                answer.tell(row, first, Fault(key))
            elif line.row_id is None:
                answer.tell(row, first, Fault("survey_row_changed", "warning"))
            continue
        if line.row_id in seen:
            if not line.empty:
                answer.tell(row, first, Fault("survey_row_copied"))
            continue
        seen.add(line.row_id)
        found.append((line, row))
        answer.rows.append(row)
        if line.hidden and not line.empty:
            answer.tell(row, first, Fault("survey_row_hidden"))
    return found


def _take(answer: Submission, row: Row, question: Question, cell: Cell | None, before: Any) -> Reading:
    reading = read_cell(cell, question, before)
    for fault in reading.faults:
        answer.tell(row, question.key, fault, cell.shown if cell is not None else "")
    if reading.value is not None:
        row.values[question.key] = reading.value
        if row.state == "blank":
            row.state = "good"
    return reading


def _read_single(page: Page, answer: Submission, before: Mapping[str, Any]) -> None:
    rows = _identified(page, answer)
    there = set()
    for line, row in rows:
        try:
            question = page.topic.question(row.row_id)
        except KeyError:
            continue
        there.add(question.key)
        known = before.get(question.key, {}).get(question.key)
        cell = line.cells.get(VALUE_KEY)
        row.cells = {question.key: cell.at} if cell is not None else {}
        _take(answer, row, question, cell, known)
    changed = any(p.key == "survey_row_changed" and p.layer == page.name for p in answer.problems)
    for question in page.topic.questions:
        if question.key not in there and not changed:
            answer.problems.append(
                Problem("survey_row_missing", file=answer.file, layer=page.name, column=question.key)
            )


def _read_list(page: Page, answer: Submission, ground: Ground, before: Mapping[str, Any]) -> None:
    topic = page.topic
    for line, row in _identified(page, answer):
        if line.empty:
            continue
        known = before.get(row.row_id, {})
        said = [_take(answer, row, q, line.cells.get(q.key), known.get(q.key)) for q in topic.questions]
        unread = {q.key for q, reading in zip(topic.questions, said, strict=True) if reading.bad}
        if row.state == "blank":
            row.state = "good"
        for key in ESSENTIAL[topic.key]:
            if key not in row.values and key not in unread:
                answer.tell(row, key, Fault("survey_value_missing"))
        _check_row(answer, row, ground, unread)
    _duplicates(topic, answer)


def _check_row(answer: Submission, row: Row, ground: Ground, unread: set[str]) -> None:
    values = row.values
    x, y = values.get("x_north"), values.get("y_east")
    if x is not None and y is not None:
        if (fault := check_place(values, answer.commune, ground)) is not None:
            answer.tell(row, "x_north", fault, "; ".join(plain(c, 3 if max(x, y) > 1_000 else 6) for c in (x, y)))
    elif (x is None) != (y is None) and row.topic != "proposals" and not unread & {"x_north", "y_east"}:
        answer.tell(row, "y_east" if y is None else "x_north", Fault("survey_coordinate_half"))
    footprint, land = values.get("footprint"), values.get("land_area")
    if footprint is not None and land is not None and footprint > land:
        answer.tell(row, "footprint", Fault("survey_footprint_land", "warning", {"land_m2": land}), footprint)
    floor = values.get("floor_area", values.get("building_floor"))
    floors = values.get("floors")
    if floor and footprint and floors and floor > 1.1 * footprint * floors:
        params = {"most_m2": round(footprint * floors, 2)}
        key = "floor_area" if row.topic == "facilities" else "building_floor"
        answer.tell(row, key, Fault("survey_floor_footprint", "warning", params), floor)
    if values.get("flooded") not in (None, "no") and "flood_year" not in values and "flood_year" not in unread:
        answer.tell(row, "flood_year", Fault("survey_flood_year", "warning"))
    if values.get("status") == "decided" and not unread & {"decision_no"} and "decision_no" not in values:
        answer.tell(row, "decision_no", Fault("survey_decision_missing", "warning"))


def _same(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common where one thing is written twice."""
    values = row.values
    name = str(values.get("facility_name") or values.get("building_name") or values.get("site_name") or "")
    areas = tuple(values.get(key) for key in ("land_area", "floor_area", "building_floor", "site_area", "of_facility"))
    return (" ".join(name.casefold().split()), *areas)


def _duplicates(topic: Topic, answer: Submission) -> None:
    first: dict[Any, Row] = {}
    for row in answer.of(topic.key):
        if row.state == "blank" or not row.values:
            continue
        keys: list[Any] = [_same(row)]
        if row.values.get("x_north") is not None and row.values.get("y_east") is not None:
            keys.append((row.values["x_north"], row.values["y_east"]))
        twin = next((first[key] for key in keys if key in first), None)
        if twin is not None:
            answer.tell(row, topic.questions[0].key, Fault("survey_row_twice", params={"row": twin.number}))
        for key in keys:
            first.setdefault(key, row)


def _link_buildings(answer: Submission) -> None:
    """Replace the number of a facility by its id."""
    facilities = {row.number - FIRST_ROW + 1: row for row in answer.of("facilities")}
    for row in answer.of("buildings"):
        number = row.values.get("of_facility")
        if number is None:
            continue
        facility = facilities.get(int(number))
        if facility is None or facility.state == "blank":
            if "facilities" in answer.sheets:
                answer.tell(row, "of_facility", Fault("survey_facility_unknown"), number)
            else:
                row.state = "bad"  # the sheet of facilities is told already
            continue
        row.values["of_facility"] = facility.row_id
        if facility.state == "bad":
            # its floor would stand for that of another inventory's facility
            answer.tell(row, "of_facility", Fault("survey_facility_refused"), number)
