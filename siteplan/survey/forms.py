"""The blank survey: one workbook, a sheet per topic, a line for each commune, cells that check what is typed.

Known figures are filled in; cells to be filled are yellow and unlocked, the rest is protected against slips
(no password).
Returned files are read, never edited in place.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import xlsxwriter

from siteplan import locale
from siteplan.tables.inputs import CLEARANCE, CONDITIONS, FACILITY_STATUS

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = "1"
FONT = "Times New Roman"
SPARE_ROWS = 200
_FIRST_ROW = 6  # lines above: title, note, basis, empty, heading, unit
_LIST_SHEET = "danh_muc"
_EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the property has no zone

CellKind = Literal["known", "text", "count", "area", "year", "list", "date", "coordinate"]

# what a number may be; outside it the cell warns but takes the value: a person may know better
_RANGES: Mapping[str, tuple[float, float]] = {
    "count": (0, 1_000_000),
    "area": (0, 1_000_000),
    "coordinate": (0, 3_000_000),
}


@dataclass(frozen=True)
class Question:
    """One column of a sheet: key of its texts, kind of its cells, width, and the tokens of its list."""

    key: str
    kind: CellKind
    width: float = 14
    column: str = ""
    tokens: Sequence[str] = ()


@dataclass(frozen=True)
class Topic:
    """One sheet: its key, its columns, and whether each commune has exactly one line."""

    key: str
    questions: Sequence[Question]
    per_commune: bool = True
    lines: int = field(default=0)


_WHO = (Question("code", "known", 9), Question("name", "known", 20), Question("kind", "known", 9))

TOPICS: tuple[Topic, ...] = (
    Topic(
        "unit",
        (
            *_WHO,
            Question("population", "count", 12),
            Question("population_date", "date", 13),
            Question("staff_party", "count", 11),
            Question("staff_government", "count", 11),
            Question("staff_front", "count", 11),
            Question("staff_service_centre", "count", 13),
            Question("staff_contract", "count", 11),
            Question("staff_decision", "text", 22),
            Question("visitors_per_day", "count", 12),
            Question("hall_seats", "count", 10),
            Question("reporter", "text", 20),
            Question("report_number", "text", 18),
            Question("report_date", "date", 13),
        ),
    ),
    Topic(
        "areas",
        (
            *_WHO,
            Question("existing_floor", "area", 13),
            Question("existing_land", "area", 13),
            Question("extension_floor", "area", 13),
            Question("extension_land", "area", 13),
            Question("new_floor", "area", 13),
            Question("new_land", "area", 13),
            Question("reason", "text", 36),
        ),
    ),
    Topic(
        "facilities",
        (
            Question("commune", "list", 24),
            Question("facility_name", "text", 50),
            Question("address", "text", 24),
            Question("former_unit", "text", 18),
            Question("owner", "text", 20),
            Question("certificate", "text", 18),
            Question("land_area", "area", 12),
            Question("floor_area", "area", 12),
            Question("floors", "count", 8),
            Question("year_built", "year", 10),
            Question("condition", "list", 14, "condition", CONDITIONS),
            Question("status", "list", 14, "status", FACILITY_STATUS),
            Question("decision", "text", 20),
            Question("use_now", "text", 22),
            Question("x_north", "coordinate", 14),
            Question("y_east", "coordinate", 14),
        ),
        per_commune=False,
        lines=SPARE_ROWS,
    ),
    Topic(
        "proposals",
        (
            Question("commune", "list", 24),
            Question("site_name", "text", 24),
            Question("x_north", "coordinate", 14),
            Question("y_east", "coordinate", 14),
            Question("land_area", "area", 12),
            Question("land_use", "text", 16),
            Question("clearance", "list", 16, "clearance", CLEARANCE),
            Question("flooded", "list", 14, "flooded", ("no", "flooded", "landslide", "cut_off")),
            Question("flood_year", "year", 10),
            Question("flood_depth", "text", 14),
            Question("document", "text", 22),
            Question("note", "text", 28),
        ),
        per_commune=False,
        lines=SPARE_ROWS,
    ),
    Topic(
        "dossier",
        (
            *_WHO,
            Question("filed", "list", 12, "bool", ("yes", "no")),
            Question("filed_date", "date", 13),
            Question("unit_class", "list", 12, "unit_class", ("I", "II", "III")),
            Question("class_decision", "text", 22),
            Question("plan_state", "text", 30),
            Question("note", "text", 28),
        ),
    ),
)

# columns of the form that a known figure of the commune fills
_FILLED_IN = ("code", "name", "kind", "population")


def write_form(
    communes: pd.DataFrame, path: Path, lang: str = locale.DEFAULT_LANGUAGE, facilities: pd.DataFrame | None = None
) -> Path:
    """Write the blank survey workbook.

    Parameters
    ----------
    communes
        One row a commune: ``code, name, kind`` and, where known, ``population`` (the role ``commune_facts`` or the
        result table ``communes``).
    path
        The .xlsx file.
    facilities
        Facilities that are known already (``commune_code, name, land_area_m2, floor_area_m2, floors, year_built,
        condition, status, decision_no, owner``); they are filled in for the communes to correct.

    Returns
    -------
    Path
        `path`. The same input gives the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    title = locale.text("survey.title", lang)
    book.set_properties(
        {"title": title, "author": "siteplan", "created": _EPOCH, "comments": f"schema {SCHEMA_VERSION}"}
    )
    communes = communes.sort_values("code", kind="stable").reset_index(drop=True)
    form = _Form(book, lang, communes)
    form.cover(title)
    for topic in TOPICS:
        form.topic(topic, facilities if topic.key == "facilities" else None)
    form.lists()
    book.close()
    return path


def _words(value: Any) -> str:
    return unicodedata.normalize("NFC", "".join(c for c in str(value) if c >= " " or c == "\n"))


class _Form:
    """The workbook while it is written: formats, the sheet of lists, and what each topic needs of both."""

    def __init__(self, book: Any, lang: str, communes: pd.DataFrame) -> None:
        self.book, self.lang, self.communes = book, lang, communes
        base = {"font_name": FONT, "font_size": 11, "valign": "vcenter", "text_wrap": True}
        border = {**base, "border": 1}
        self.title = book.add_format({**base, "bold": True, "font_size": 14, "text_wrap": False})
        self.plain = book.add_format(base)
        self.note = book.add_format({**base, "italic": True, "text_wrap": False})
        self.head = book.add_format({**border, "bold": True, "align": "center", "bg_color": "#DDE6F0"})
        self.unit = book.add_format(
            {**border, "italic": True, "align": "center", "bg_color": "#EEF3F8", "font_size": 9}
        )
        self.known = book.add_format({**border, "bg_color": "#F2F2F2", "num_format": "@"})
        given = {**border, "locked": False, "bg_color": "#FFF9DB"}
        self.given = {
            "text": book.add_format({**given, "num_format": "@"}),
            "list": book.add_format({**given, "num_format": "@"}),
            "count": book.add_format({**given, "num_format": "#,##0"}),
            "area": book.add_format({**given, "num_format": "#,##0.0"}),
            "coordinate": book.add_format({**given, "num_format": "0.000"}),
            "year": book.add_format({**given, "num_format": "0"}),
            "date": book.add_format({**given, "num_format": "dd/mm/yyyy"}),
        }
        self.columns: list[tuple[str, list[str]]] = []

    def text(self, key: str, **params: Any) -> str:
        return locale.text(f"survey.{key}", self.lang, **params)

    def cover(self, title: str) -> None:
        page = self.book.add_worksheet(self.text("sheet.cover"))
        page.set_column(0, 0, 4)
        page.set_column(1, 1, 110)
        page.write_string(0, 1, title, self.title)
        lines = self.text("guide", count=len(self.communes), version=SCHEMA_VERSION).strip().split("\n")
        for number, line in enumerate(lines, start=2):
            page.write_string(number, 1, line, self.plain)
            page.set_row(number, 15 * (1 + len(line) // 95))
        for number, (key, style) in enumerate(
            (("input", self.given["text"]), ("known", self.known)), start=len(lines) + 3
        ):
            page.write_string(number, 1, self.text(f"legend.{key}"), style)
        page.protect("", {"select_locked_cells": True})
        page.set_paper(9)
        page.fit_to_pages(1, 0)

    def topic(self, topic: Topic, known: pd.DataFrame | None) -> None:
        page = self.book.add_worksheet(self.text(f"sheet.{topic.key}"))
        page.write_string(0, 0, self.text(f"topic.{topic.key}"), self.title)
        page.write_string(1, 0, self.text(f"note.{topic.key}"), self.note)
        page.write_string(2, 0, self.text(f"basis.{topic.key}"), self.note)
        for at, question in enumerate(topic.questions):
            page.set_column(at, at, question.width)
            page.write_string(_FIRST_ROW - 2, at, self.text(f"question.{question.key}"), self.head)
            page.write_string(_FIRST_ROW - 1, at, self.text(f"kind.{question.kind}"), self.unit)
        page.set_row(_FIRST_ROW - 2, 62)
        rows = self._commune_rows(topic) if topic.per_commune else self._facility_rows(topic, known)
        count = len(rows)
        for number, row in enumerate(rows):
            for at, (question, value) in enumerate(zip(topic.questions, row, strict=True)):
                self._cell(page, _FIRST_ROW + number, at, question, value)
        for at, question in enumerate(topic.questions):
            self._validate(page, at, question, count)
        page.freeze_panes(_FIRST_ROW, 3 if topic.per_commune else 2)
        page.autofilter(_FIRST_ROW - 1, 0, _FIRST_ROW + count - 1, len(topic.questions) - 1)
        page.protect("", {"autofilter": True, "format_columns": True, "format_rows": True, "sort": True})
        page.set_landscape()
        page.set_paper(8 if sum(q.width for q in topic.questions) > 170 else 9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(_FIRST_ROW - 2, _FIRST_ROW - 1)
        page.print_area(0, 0, _FIRST_ROW + count - 1, len(topic.questions) - 1)
        page.set_footer(f'&L&"{FONT}"&9{self.text("footer", version=SCHEMA_VERSION)}&R&"{FONT}"&9&P/&N')

    def _commune_rows(self, topic: Topic) -> list[list[Any]]:
        columns = [q.key if q.key in _FILLED_IN else None for q in topic.questions]
        return [
            [None if column is None else commune.get(column) for column in columns]
            for commune in self.communes.to_dict("records")
        ]

    def _facility_rows(self, topic: Topic, known: pd.DataFrame | None) -> list[list[Any]]:
        of_table = {
            "commune": "commune_code",
            "facility_name": "name",
            "owner": "owner",
            "land_area": "land_area_m2",
            "floor_area": "floor_area_m2",
            "floors": "floors",
            "year_built": "year_built",
            "condition": "condition",
            "status": "status",
            "decision": "decision_no",
        }
        rows: list[list[Any]] = []
        if known is not None:
            names = self._commune_choices()
            by_code = {choice.split(" ", 1)[0]: choice for choice in names}
            for facility in known.sort_values(["commune_code", "facility_id"], kind="stable").to_dict("records"):
                row = []
                for question in topic.questions:
                    value = facility.get(of_table.get(question.key, ""))
                    if question.key == "commune":
                        value = by_code.get(str(value), value)
                    elif question.tokens and isinstance(value, str):
                        value = locale.value_text(question.column, value, self.lang)
                    row.append(value)
                rows.append(row)
        return rows + [[None] * len(topic.questions) for _ in range(topic.lines)]

    def _commune_choices(self) -> list[str]:
        return [
            _words(f"{code} {name}") for code, name in zip(self.communes["code"], self.communes["name"], strict=True)
        ]

    def _cell(self, page: Any, row: int, at: int, question: Question, value: Any) -> None:
        style = self.known if question.kind == "known" else self.given[question.kind]
        missing = value is None or value is pd.NA or value != value  # noqa: PLR0124 - NaN
        if missing or value == "":
            page.write_blank(row, at, None, style)
        elif isinstance(value, str) or question.kind in ("known", "text", "list"):
            page.write_string(row, at, _words(value), style)
        else:
            page.write_number(row, at, float(value), style)

    def _choices(self, question: Question) -> list[str]:
        if question.key == "commune":
            return self._commune_choices()
        return [locale.value_text(question.column, token, self.lang) for token in question.tokens]

    def _validate(self, page: Any, at: int, question: Question, count: int) -> None:
        if question.kind in ("known", "text") or not count:
            return
        rule: dict[str, Any] = {
            "input_title": self.text(f"question.{question.key}")[:32],
            "input_message": self.text(f"hint.{question.kind}")[:255],
            "error_title": self.text("wrong.title")[:32],
            "error_message": self.text(f"wrong.{question.kind}")[:255],
        }
        if question.kind == "list":
            rule |= {"validate": "list", "source": self._list_range(question), "error_type": "stop"}
        elif question.kind == "date":
            rule |= {
                "validate": "date",
                "criteria": "between",
                "minimum": dt.date(1990, 1, 1),
                "maximum": dt.date(2100, 12, 31),
            }
        elif question.kind == "year":
            rule |= {"validate": "integer", "criteria": "between", "minimum": 1900, "maximum": 2100}
        else:
            low, high = _RANGES[question.kind]
            kind = "integer" if question.kind == "count" else "decimal"
            rule |= {"validate": kind, "criteria": "between", "minimum": low, "maximum": high, "error_type": "stop"}
        page.data_validation(_FIRST_ROW, at, _FIRST_ROW + count - 1, at, rule)

    def _list_range(self, question: Question) -> str:
        """Return the range of the hidden sheet with the choices; 65 communes do not fit into the rule itself."""
        name = "commune" if question.key == "commune" else question.column
        choices = self._choices(question)
        at = next((n for n, (known, _) in enumerate(self.columns) if known == name), None)
        if at is None:
            at = len(self.columns)
            self.columns.append((name, choices))
        letter = chr(ord("A") + at)
        return f"={_LIST_SHEET}!${letter}$2:${letter}${len(choices) + 1}"

    def lists(self) -> None:
        """Write the sheet that the drop-downs read, hidden."""
        page = self.book.add_worksheet(_LIST_SHEET)
        for at, (name, choices) in enumerate(self.columns):
            page.write_string(0, at, name)
            for number, choice in enumerate(choices, start=1):
                page.write_string(number, at, choice)
        page.protect("")
        page.hide()
