"""Sums within one answer: parts of the staff, buildings of a facility, existing areas. Checked after all is read."""

from __future__ import annotations

from typing import Any

from siteplan.survey.cells import Fault
from siteplan.survey.intake import Row, Submission
from siteplan.survey.questions import STAFF_PARTS

TOLERANCE_M2 = 0.05  # of a sum of figures with two decimals
EXISTING_TOLERANCE_M2 = 1.0  # a commune rounds its totals


def check_totals(answer: Submission) -> None:
    """Tell every sum that does not add up; rows that contradict each other are not taken."""
    _staff(answer)
    _buildings(answer)
    _existing(answer)


def _single(answer: Submission, topic: str) -> dict[str, Row]:
    return {row.row_id: row for row in answer.of(topic)}


def _staff(answer: Submission) -> None:
    rows = _single(answer, "unit")
    total = rows.get("staff")
    if total is None or total.state != "good":
        return
    parts = [rows[key] for key in STAFF_PARTS if key in rows]
    if any(row.state == "bad" for row in parts):
        return
    given = [row for row in parts if row.state == "good"]
    added = sum(row.values[row.row_id] for row in given)
    stated = total.values["staff"]
    complete = len(given) == len(STAFF_PARTS)
    if given and ((complete and added != stated) or added > stated):
        answer.tell(total, "staff", Fault("survey_staff_total", params={"added": added, "stated": stated}), stated)
        for row in given:
            row.state = "bad"


def _lost_rows(answer: Submission, topic: str) -> bool:
    """Whether a sheet has rows that could not even be assigned: a sum over the others says nothing."""
    sheet = answer.sheets.get(topic)
    return any(p.layer == sheet and p.key.startswith("survey_row_") for p in answer.problems)


def _buildings(answer: Submission) -> None:
    rows = answer.of("buildings")
    if _lost_rows(answer, "buildings") or any(r.state == "bad" and not _linked(r) for r in rows):
        return
    for facility in answer.of("facilities"):
        if facility.state != "good" or facility.values.get("floor_area") is None:
            continue
        mine = [row for row in rows if row.values.get("of_facility") == facility.row_id]
        if not mine or any(row.state != "good" for row in mine):
            continue
        added = round(sum(row.values["building_floor"] for row in mine), 2)
        stated = facility.values["floor_area"]
        if abs(added - stated) > TOLERANCE_M2:
            params = {"added_m2": added, "stated_m2": stated, "count": len(mine)}
            answer.tell(facility, "floor_area", Fault("survey_buildings_total", params=params), stated)
            for row in mine:
                row.state = "bad"


def _linked(building: Row) -> bool:
    return isinstance(building.values.get("of_facility"), str)


def _existing(answer: Submission) -> None:
    needs = _single(answer, "needs")
    facilities = [row for row in answer.of("facilities") if row.state != "blank"]
    if _lost_rows(answer, "facilities"):
        return
    in_use = [row for row in facilities if row.values.get("status") == "in_use"]
    for key, column in (("existing_floor", "floor_area"), ("existing_land", "land_area")):
        row = needs.get(key)
        known: list[Any] = [facility.values.get(column) for facility in in_use]
        if row is None or row.state != "good" or not in_use or any(value is None for value in known):
            continue
        if any(facility.state == "bad" for facility in facilities) or any("status" not in f.values for f in facilities):
            continue  # what is wrong there is told there
        added, stated = round(sum(known), 2), row.values[key]
        if abs(added - stated) > EXISTING_TOLERANCE_M2:
            params = {"added_m2": added, "stated_m2": stated, "count": len(in_use)}
            answer.tell(row, key, Fault("survey_existing_total", params=params), stated)
