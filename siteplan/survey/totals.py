"""Sums within one answer: parts of the staff, buildings of a facility, existing areas. Checked after all is read."""

from __future__ import annotations

from collections.abc import Mapping

from siteplan.errors import Severity
from siteplan.survey.cells import Fault
from siteplan.survey.intake import Row, Submission
from siteplan.survey.questions import STAFF_PARTS

TOLERANCE_M2 = 0.05  # of a sum of figures with two decimals
EXISTING_TOLERANCE_M2 = 1.0  # a commune rounds its totals
EXISTING: Mapping[str, str] = {"existing_floor": "floor_area", "existing_land": "land_area"}


def check_totals(answer: Submission) -> None:
    """Tell every sum that does not add up; rows that contradict each other are not taken."""
    _staff(answer)
    _buildings(answer)
    _land_beside_floor(answer)
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
        answer.tell(total, "staff", Fault("survey_total_unchecked"), total.values["staff"])
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
    """Existing areas are the sums over the facilities in use: where one of those was refused, so are the sums."""
    needs = _single(answer, "needs")
    facilities = [row for row in answer.of("facilities") if row.state != "blank" and not _twice(answer, row)]
    # a row whose status could not be read may be in use
    counted = [row for row in facilities if row.values.get("status", "in_use") == "in_use"]
    refused = any(row.state == "bad" for row in counted) or _unassigned(answer) or "facilities" not in answer.sheets
    in_use = [row for row in counted if "status" in row.values]
    for key, column in EXISTING.items():
        row = needs.get(key)
        if row is None or row.state != "good":
            continue
        stated = row.values[key]
        if refused:
            answer.tell(row, key, Fault("survey_total_unchecked"), stated)
            continue
        known: list[float] = [f.values[column] for f in in_use if f.values.get(column) is not None]
        added, whole = round(sum(known), 2), len(known) == len(counted)
        apart = abs(added - stated) if whole else added - stated  # parts can tell a total that is too small
        if known and apart > EXISTING_TOLERANCE_M2:
            params = {"added_m2": added, "stated_m2": stated, "count": len(known)}
            answer.tell(row, key, Fault("survey_existing_total", params=params), stated)


def _unassigned(answer: Submission) -> bool:
    """Whether facilities are written in rows that are none of the form's."""
    sheet = answer.sheets.get("facilities")
    lost = ("survey_row_changed", "survey_row_copied", "survey_row_extra")
    return any(p.layer == sheet and p.key in lost and p.severity == "error" for p in answer.problems)


def _twice(answer: Submission, row: Row) -> bool:
    """Whether a row says again what another one said: it is part of no sum."""
    sheet = answer.sheets.get(row.topic)
    return any(
        p.key == "survey_row_twice" and p.layer == sheet and p.feature in row.cells.values() for p in answer.problems
    )


def _land_beside_floor(answer: Submission) -> None:
    """Floor stands on land: none at all beside it is a slip; a new house may stand on land that is extended."""
    needs = _single(answer, "needs")
    pairs: tuple[tuple[str, str, Severity], ...] = (
        ("existing_floor", "existing_land", "error"),
        ("new_floor", "new_land", "warning"),
    )
    for floor_key, land_key, severity in pairs:
        floor, land = needs.get(floor_key), needs.get(land_key)
        if floor is None or land is None or land.state != "good" or not floor.values.get(floor_key):
            continue
        if land.values[land_key] == 0:
            params = {"floor_m2": floor.values[floor_key]}
            answer.tell(land, land_key, Fault("survey_land_none", severity, params), 0)
