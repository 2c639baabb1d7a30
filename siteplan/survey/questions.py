"""What the survey asks: sheets, questions, where each answer belongs, and what it may be.

One description serves the form that is sent out, the reading of what comes back, and the count of what is missing, so
that the three cannot differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from siteplan.tables.inputs import CLEARANCE, CONDITIONS, FACILITY_STATUS, FLOODED, TREATMENTS

SCHEMA_VERSION = "2"
# the layers that answers become
ANSWER_ROLES = ("commune_reports", "commune_staff", "facilities", "facility_buildings", "proposals", "filing")
# the layers that fill the forms in
ROLES = (*ANSWER_ROLES, "commune_facts")
# a value that no layer holds: it only tells how another one is to be read
NO_ROLE = ""

Kind = Literal["text", "count", "area", "metres", "year", "date", "list", "number_of", "coordinate"]

NUMERIC: tuple[Kind, ...] = ("count", "area", "metres", "year", "number_of", "coordinate")
WHOLE: tuple[Kind, ...] = ("count", "year", "number_of")


@dataclass(frozen=True)
class Question:
    """One question.

    Parameters
    ----------
    key
        Its texts are ``survey.question.<key>``.
    role, column
        Role and column of the layer that the answer becomes.
    kind
        What is typed.
    width
        Width of its column in a sheet of many rows, characters.
    low, high
        What a number may be; beyond it the answer is not taken.
    small, large
        A positive number below `small` or above `large` is probably off by a thousand: it is asked about.
    tokens
        Tokens of a list; their words are ``value.<words>.<token>``.
    words
        Column whose words the tokens have; the answer's own by default.
    needed
        Whether an answer without it is incomplete.
    """

    key: str
    role: str
    column: str
    kind: Kind
    width: float = 14
    low: float = 0
    high: float = 0
    small: float = 0
    large: float = 0
    tokens: Sequence[str] = ()
    words: str = ""
    needed: bool = False

    @property
    def token_column(self) -> str:
        """Column whose words the tokens have."""
        return self.words or self.column


@dataclass(frozen=True)
class Topic:
    """One sheet.

    Parameters
    ----------
    key
        Its texts are ``survey.sheet.<key>`` and others.
    questions
        Its questions in order.
    spare
        Rows for what is not known yet; 0 for a sheet with one question a line.
    mark
        Letter of the ids of new rows.
    """

    key: str
    questions: tuple[Question, ...]
    spare: int = 0
    mark: str = ""

    @property
    def is_list(self) -> bool:
        """Whether each row is a thing (a facility, a site) and not a question."""
        return self.spare > 0

    def question(self, key: str) -> Question:
        """Return the question of that key; KeyError where there is none."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)


def _people(key: str, needed: bool = True) -> Question:
    return Question(key, "commune_staff", key, "count", high=1_000, needed=needed)


def _area(key: str, kind: str) -> Question:
    small, large = (10, 50_000) if kind == "floor" else (30, 300_000)
    column = f"{key}_area_m2"
    return Question(key, "commune_reports", column, "area", high=2_000_000, small=small, large=large, needed=True)


_BOOL = ("yes", "no")

TOPICS: tuple[Topic, ...] = (
    Topic(
        "unit",
        (
            Question("population", "commune_reports", "population", "count", high=500_000, small=300, needed=True),
            Question("population_date", "commune_reports", "population_date", "date"),
            _people("staff"),
            _people("staff_party"),
            _people("staff_government"),
            _people("staff_front"),
            _people("staff_service_centre"),
            _people("staff_contract"),
            Question("staff_decision", "commune_staff", "decision_no", "text", needed=True),
            Question("visits_per_day", "commune_reports", "visits_per_day", "count", high=5_000, needed=True),
            Question("hall_seats", "commune_reports", "hall_seats", "count", high=2_000),
            Question("reporter", "commune_reports", "reporter", "text", needed=True),
            Question("report_no", "commune_reports", "report_no", "text", needed=True),
            Question("report_date", "commune_reports", "report_date", "date", needed=True),
        ),
    ),
    Topic(
        "facilities",
        (
            Question("facility_name", "facilities", "name", "text", 34, needed=True),
            Question("former_unit_code", "facilities", "former_unit_code", "text", 9),
            Question("former_level", "facilities", "former_level", "list", 12, tokens=("commune", "district")),
            Question("address", "facilities", "address", "text", 20),
            Question("owner", "facilities", "owner", "text", 16),
            Question("use_now", "facilities", "use_now", "text", 18),
            Question("certificate", "facilities", "certificate", "text", 14),
            Question("land_area", "facilities", "land_area_m2", "area", 11, 0, 500_000, 30, 100_000, needed=True),
            Question("floor_area", "facilities", "floor_area_m2", "area", 11, 0, 100_000, 10, 30_000, needed=True),
            Question("footprint", "facilities", "footprint_m2", "area", 11, 0, 100_000, 10, 30_000),
            Question("floors", "facilities", "floors", "count", 7, 0, 30),
            Question("year_built", "facilities", "year_built", "year", 8, 1880, 2100),
            Question("condition", "facilities", "condition", "list", 12, tokens=CONDITIONS, needed=True),
            Question("status", "facilities", "status", "list", 14, tokens=FACILITY_STATUS, needed=True),
            Question("decided_treatment", "facilities", "decided_treatment", "list", 18, tokens=TREATMENTS),
            Question("decision_no", "facilities", "decision_no", "text", 15),
            Question("decision_date", "facilities", "decision_date", "date", 12),
            Question("crs", NO_ROLE, "crs", "list", 11, tokens=("vn2000", "wgs84"), words="survey_crs"),
            Question("x_north", NO_ROLE, "x_north", "coordinate", 14, 0, 3_000_000),
            Question("y_east", NO_ROLE, "y_east", "coordinate", 14, 0, 3_000_000),
            Question("note", "facilities", "note", "text", 20),
        ),
        spare=20,
        mark="C",
    ),
    Topic(
        "buildings",
        (
            Question("of_facility", NO_ROLE, "facility_id", "number_of", 9, 1, 999, needed=True),
            Question("building_name", "facility_buildings", "name", "text", 30, needed=True),
            Question("building_floor", "facility_buildings", "floor_area_m2", "area", 12, 0, 50_000, 3, 30_000,
                     needed=True),
            Question("footprint", "facility_buildings", "footprint_m2", "area", 12, 0, 50_000, 3, 30_000),
            Question("floors", "facility_buildings", "floors", "count", 8, 0, 30, needed=True),
            Question("year_built", "facility_buildings", "year_built", "year", 9, 1880, 2100, needed=True),
            Question("condition", "facility_buildings", "condition", "list", 13, tokens=CONDITIONS, needed=True),
            Question("building_use", "facility_buildings", "use", "text", 26),
            Question("note", "facility_buildings", "note", "text", 26),
        ),
        spare=40,
        mark="N",
    ),
    Topic(
        "needs",
        (
            _area("existing_floor", "floor"), _area("existing_land", "land"),
            _area("extension_floor", "floor"), _area("extension_land", "land"),
            _area("new_floor", "floor"), _area("new_land", "land"),
            Question("reason", "commune_reports", "reason", "text"),
            Question("note", "commune_reports", "note", "text"),
        ),
    ),
    Topic(
        "proposals",
        (
            Question("site_name", "proposals", "name", "text", 30, needed=True),
            Question("crs", NO_ROLE, "crs", "list", 11, tokens=("vn2000", "wgs84"), words="survey_crs", needed=True),
            Question("x_north", NO_ROLE, "x_north", "coordinate", 14, 0, 3_000_000, needed=True),
            Question("y_east", NO_ROLE, "y_east", "coordinate", 14, 0, 3_000_000, needed=True),
            Question("site_area", "proposals", "area_m2", "area", 12, 0, 1_000_000, 30, 300_000, needed=True),
            Question("land_use", "proposals", "land_use", "text", 12),
            Question("clearance", "proposals", "clearance", "list", 18, tokens=CLEARANCE, needed=True),
            Question("flooded", "proposals", "flooded", "list", 15, tokens=FLOODED, needed=True),
            Question("flood_year", "proposals", "flood_year", "year", 8, 1900, 2100),
            Question("flood_depth", "proposals", "flood_depth_m", "metres", 9, 0, 20),
            Question("document", "proposals", "document", "text", 20),
            Question("note", "proposals", "note", "text", 24),
        ),
        spare=6,
        mark="X",
    ),
    Topic(
        "dossier",
        (
            Question("filed", "filing", "filed", "list", tokens=_BOOL, words="bool", needed=True),
            Question("filed_date", "filing", "filed_date", "date"),
            Question("unit_class", "filing", "unit_class", "list", tokens=("I", "II", "III")),
            Question("class_decision", "filing", "decision_no", "text"),
            Question("plan_state", "filing", "plan_state", "text"),
            Question("note", "filing", "note", "text"),
        ),
    ),
)  # fmt: skip

# parts that make the total of the staff
STAFF_PARTS = ("staff_party", "staff_government", "staff_front", "staff_service_centre", "staff_contract")


def topic_of(key: str) -> Topic:
    """Return the topic of that key; KeyError where there is none."""
    for topic in TOPICS:
        if topic.key == key:
            return topic
    raise KeyError(key)


def _check(commune: str, topic: str, row: str) -> str:
    return hashlib.sha256(f"siteplan/{SCHEMA_VERSION}/{commune}/{topic}/{row}".encode()).hexdigest()[:6]


def row_mark(commune: str, topic: str, row: str) -> str:
    """Text of the hidden cell that says which row this is; a slip that changes it is noticed."""
    return f"{row} #{_check(commune, topic, row)}"


def row_of_mark(mark: str, commune: str, topic: str) -> str | None:
    """Return the row id of a hidden cell, or None where it is not as it was sent out."""
    row, _, check = mark.rpartition(" #")
    return row if row and check == _check(commune, topic, row) else None


def sheet_mark(commune: str, topic: str) -> str:
    """Text of the hidden first cell of a sheet."""
    return f"siteplan {SCHEMA_VERSION} {commune} {topic}"


# the sheet that names commune and version, and where things stand on every other one (rows and columns from 1)
ABOUT_SHEET = "_siteplan"
KEY_ROW = 6  # hidden: the key of the question each column holds
FIRST_ROW = 7
VALUE_KEY = "value"
