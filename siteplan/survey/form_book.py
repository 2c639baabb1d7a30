"""The workbook of a form: formats, lists, and the sheets of questions with what is known and the checks beside it."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from siteplan import locale
from siteplan.crs import WGS84, Province, transformer
from siteplan.survey import readback
from siteplan.survey.cover import A4, FONT
from siteplan.survey.known import Answers, new_row_ids
from siteplan.survey.questions import (
    ABOUT_SHEET,
    FIRST_ROW,
    KEY_ROW,
    NUMERIC,
    SCHEMA_VERSION,
    STAFF_PARTS,
    VALUE_KEY,
    Question,
    Topic,
    row_mark,
    sheet_mark,
)

LIST_SHEET = "_danh_muc"
TEXT_LIMIT = 500
_A3 = 8
_A3_WIDTH = 240  # characters that are still legible across one A3 page


def geographic_box(province: Province) -> tuple[float, float, float, float]:
    """West, south, east, north of the province in degrees (WGS 84)."""
    west, south, east, north = province.bounds
    lon, lat = transformer(province.epsg, WGS84).transform(
        np.array([west, east, west, east]), np.array([south, south, north, north])
    )
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def words_of(value: Any) -> str:
    """Return text that a cell can hold: NFC, no control characters."""
    return unicodedata.normalize("NFC", "".join(c for c in str(value) if c >= " " or c == "\n"))


class Page(Worksheet):
    """A sheet whose formulas are all of functions of Excel 2007: they are written as they are.

    XlsxWriter looks each formula through for some thirty newer functions, which is half of the time a form takes.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        del expand_future_functions
        return formula.removeprefix("=")


class FormBook:
    """The workbook while it is written: formats, the lists, and what each sheet needs of both."""

    def __init__(self, book: Any, lang: str, commune: Mapping[str, Any], province: Province, known: Answers) -> None:
        self.book, self.lang, self.province, self.known = book, lang, province, known
        self.code = str(commune["code"])
        self.unit_name = words_of(f"{commune['kind']} {commune['name']}")
        self.title_words = self.text("title", name=self.unit_name)
        base = {"font_name": FONT, "font_size": 11, "valign": "vcenter", "text_wrap": True}
        border = {**base, "border": 1}
        self.title = book.add_format({**base, "bold": True, "font_size": 14, "text_wrap": False})
        self.plain = book.add_format(base)
        self.strong = book.add_format({**base, "bold": True})
        self.note = book.add_format({**base, "italic": True, "text_wrap": False})
        self.head = book.add_format({**border, "bold": True, "align": "center", "bg_color": "#DDE6F0"})
        self.unit = book.add_format(
            {**border, "italic": True, "align": "center", "bg_color": "#EEF3F8", "font_size": 9}
        )
        self.fixed = book.add_format({**border, "bg_color": "#F2F2F2"})
        self.hint = book.add_format({**border, "bg_color": "#F2F2F2", "font_size": 9, "italic": True})
        self.read = book.add_format({**border, "bg_color": "#F2F2F2", "font_size": 9, "font_color": "#1F5F3A"})
        self.alarm = book.add_format({"font_color": "#B00020", "bold": True})
        given = {**border, "locked": False, "bg_color": "#FFF9DB"}
        formats = {
            "text": "@", "list": "@", "count": "#,##0", "number_of": "0", "area": "#,##0.00", "metres": "0.00",
            "coordinate": "0.000", "year": "0", "date": "dd/mm/yyyy",
        }  # fmt: skip
        self.given = {kind: book.add_format({**given, "num_format": code}) for kind, code in formats.items()}
        self.columns: list[tuple[str, list[str]]] = []
        self.spans: dict[str, tuple[int, int]] = {}
        self.degrees = geographic_box(province)

    def text(self, key: str, **params: Any) -> str:
        """Return the text ``survey.<key>``."""
        return locale.text(f"survey.{key}", self.lang, **params)

    def sheet_name(self, topic: str) -> str:
        """Name of a sheet."""
        return self.text(f"sheet.{topic}")

    def footer(self) -> str:
        """Return the words at the foot of every page."""
        return self.text("footer", name=f"{self.code} {self.unit_name}", version=SCHEMA_VERSION).replace("&", "&&")

    # --- sheets of questions --------------------------------------------------------------------------------------

    def topic(self, topic: Topic) -> None:
        """Write one sheet of questions."""
        page = self.book.add_worksheet(self.sheet_name(topic.key), worksheet_class=Page)
        page.set_column(0, 0, 4, None, {"hidden": True})
        page.write_string(0, 0, sheet_mark(self.code, topic.key))
        page.write_string(0, 1, f"{self.text(f'topic.{topic.key}')} – {self.unit_name}", self.title)
        page.write_string(1, 1, self.text(f"note.{topic.key}"), self.note)
        page.write_string(2, 1, self.text(f"basis.{topic.key}"), self.note)
        if topic.is_list:
            self._list(page, topic)
        else:
            self._single(page, topic)
        page.set_row(KEY_ROW - 1, None, None, {"hidden": True})
        page.protect("", {"format_columns": True, "format_rows": True})
        page.set_landscape()
        page.repeat_rows(KEY_ROW - 2)
        page.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        page.set_footer(f'&L&"{FONT}"&9{self.footer()}&R&"{FONT}"&9&P/&N')

    def _single(self, page: Any, topic: Topic) -> None:
        for at, (width, key) in enumerate(
            ((46, "asked"), (26, VALUE_KEY), (36, "read"), (12, "unit"), (62, "hint")), start=1
        ):
            page.set_column(at, at, width)
            page.write_string(KEY_ROW - 2, at, self.text(f"heading.{key}"), self.head)
            page.write_string(KEY_ROW - 1, at, key)
        for number, question in enumerate(topic.questions):
            row = FIRST_ROW - 1 + number
            cell = xl_rowcol_to_cell(row, 2)
            page.write_string(row, 0, row_mark(self.code, topic.key, question.key))
            page.write_string(row, 1, self._asked(question), self.fixed)
            value = self.known.get(topic.key, {}).get(question.key, {}).get(question.key)
            self._cell(page, row, 2, question, value)
            self._read_back(page, row, 3, cell, question, value)
            page.write_string(row, 4, self.text(f"kind.{question.kind}"), self.unit)
            page.write_string(row, 5, self.text(f"help.{question.key}"), self.hint)
            self._validate(page, row, 2, row, question)
            page.set_row(row, 31)
            if question.key == "staff":
                self._staff_total(page, row, topic)
        last = FIRST_ROW - 1 + len(topic.questions) - 1
        page.conditional_format(FIRST_ROW - 1, 3, last, 3, self._alarm())
        page.freeze_panes(KEY_ROW, 0)
        page.set_paper(A4)
        page.fit_to_pages(1, 0)
        page.print_area(0, 1, last, 5)

    def _staff_total(self, page: Any, row: int, topic: Topic) -> None:
        """Beside the total stands what its parts add up to."""
        keys = [q.key for q in topic.questions]
        parts = [FIRST_ROW + keys.index(key) for key in STAFF_PARTS]
        span = f"C{min(parts)}:C{max(parts)}"
        cell = f"C{row + 1}"
        question = topic.question("staff")
        rows = self.known.get(topic.key, {})
        total = rows.get("staff", {}).get("staff")
        added = sum(rows.get(key, {}).get(key) or 0 for key in STAFF_PARTS)
        clash = self.text("read.sum", total="{}")
        before, after = clash.split("{}")
        core = readback.formula(cell, question, self.lang)[1:]
        formula = (
            f'={core}&IF(AND(COUNT({span})>0,ISNUMBER({cell}),SUM({span})<>{cell}),"{before}"&SUM({span})&"{after}","")'
        )
        shown = readback.words_of(total, question, self.lang)
        if total is not None and any(key in rows for key in STAFF_PARTS) and added != total:
            shown += self.text("read.sum", total=added)
        page.write_formula(row, 3, formula, self.read, shown)

    def _alarm(self) -> dict[str, Any]:
        return {"type": "text", "criteria": "containing", "value": "(!)", "format": self.alarm}

    def _asked(self, question: Question) -> str:
        return self.text(f"question.{question.key}") + (" (*)" if question.needed else "")

    def _layout(self, topic: Topic) -> list[tuple[Question, str]]:
        """Columns of a list: the question and, for what stands beside it, ``read`` or ``place``."""
        layout: list[tuple[Question, str]] = []
        for question in topic.questions:
            layout.append((question, ""))
            if question.key == "y_east":
                layout.append((question, "place"))
            elif question.kind in NUMERIC and question.kind != "coordinate":
                layout.append((question, "read"))
        return layout

    def _list(self, page: Any, topic: Topic) -> None:
        layout = self._layout(topic)
        known = self.known.get(topic.key, {})
        ids = [*known, *new_row_ids(topic, self.code, known)]
        first, last = FIRST_ROW - 1, FIRST_ROW + len(ids) - 2
        self.spans[topic.key] = (FIRST_ROW, last + 1)
        page.set_column(1, 1, 5)
        page.write_string(KEY_ROW - 2, 1, self.text("heading.number"), self.head)
        width = 5.0
        places: dict[str, int] = {}
        for at, (question, beside) in enumerate(layout, start=2):
            own = {"": question.width, "read": self._read_width(question), "place": 24}[beside]
            width += own
            page.set_column(at, at, own)
            heading = self._asked(question) if not beside else self.text(f"heading.{beside}")
            unit = "" if beside else f"\n({self.text(f'kind.{question.kind}')})"
            page.write_string(KEY_ROW - 2, at, heading + unit, self.head)
            page.write_string(KEY_ROW - 1, at, question.key if not beside else f"{question.key}.{beside}")
            if not beside:
                places[question.key] = at
                self._validate(page, first, at, last, question)
            else:
                page.conditional_format(first, at, last, at, self._alarm())
        page.set_row(KEY_ROW - 2, 64)
        for number, row_id in enumerate(ids):
            row = first + number
            values = known.get(row_id, {})
            page.write_string(row, 0, row_mark(self.code, topic.key, row_id))
            page.write_number(row, 1, number + 1, self.fixed)
            for at, (question, beside) in enumerate(layout, start=2):
                value = values.get(question.key)
                cell = xl_rowcol_to_cell(row, places[question.key])
                if not beside:
                    self._cell(page, row, at, question, value)
                elif beside == "place":
                    self._place(page, row, at, places, values)
                elif question.kind == "number_of":
                    self._named(page, row, at, cell, value)
                else:
                    self._read_back(page, row, at, cell, question, value)
            page.set_row(row, self._height(topic, values))
        page.freeze_panes(KEY_ROW, 3)
        page.set_paper(_A3 if width > 150 else A4)
        page.fit_to_pages(math.ceil(width / _A3_WIDTH), 0)
        page.repeat_columns(1, 2)
        page.print_area(0, 1, last, len(layout) + 1)

    @staticmethod
    def _height(topic: Topic, values: Mapping[str, Any]) -> float:
        """Height of a row that shows its longest text."""
        texts = [(len(str(values[q.key])), q.width) for q in topic.questions if q.kind == "text" and q.key in values]
        return 16.0 * max([2 if values else 1, *(math.ceil(length / (0.85 * width)) for length, width in texts)])

    @staticmethod
    def _read_width(question: Question) -> float:
        return 26 if question.kind == "number_of" else 19 if question.kind in ("area", "metres") else 12

    def _read_back(self, page: Any, row: int, at: int, cell: str, question: Question, value: Any) -> None:
        if question.kind not in NUMERIC:
            page.write_blank(row, at, None, self.read)
            return
        shown = readback.words_of(value, question, self.lang)
        page.write_formula(row, at, readback.formula(cell, question, self.lang), self.read, shown)

    def _named(self, page: Any, row: int, at: int, cell: str, value: Any) -> None:
        """Beside the number of a facility stands its name."""
        low, high = self.spans["facilities"]
        names = f"'{self.sheet_name('facilities')}'!$C${low}:$C${high}"
        wrong = self.text("read.no_facility")
        formula = (
            f'=IF(ISBLANK({cell}),"",IF(ISNUMBER({cell}),IF(AND({cell}>=1,{cell}<={high - low + 1}),'
            f'INDEX({names},{cell})&"","{wrong}"),"{wrong}"))'
        )
        facilities = list(self.known.get("facilities", {}).values())
        shown = "" if value is None else str(facilities[int(value) - 1].get("facility_name", ""))
        page.write_formula(row, at, formula, self.read, shown)

    def _place(self, page: Any, row: int, at: int, places: Mapping[str, int], values: Mapping[str, Any]) -> None:
        """Beside coordinates stands whether they can lie in the province."""
        system, x, y = (xl_rowcol_to_cell(row, places[key]) for key in ("crs", "x_north", "y_east"))
        words = {key: self.text(f"place.{key}") for key in ("fits", "swapped", "outside", "half")}
        west, south, east, north = self.province.bounds
        slack = self.province.slack_m
        metres = (west - slack, south - slack, east + slack, north + slack)

        def verdict(box: tuple[float, ...]) -> str:
            def inside(first: str, second: str) -> str:
                limits = (
                    f"{first}>={box[1]:.4f},{first}<={box[3]:.4f}",
                    f"{second}>={box[0]:.4f},{second}<={box[2]:.4f}",
                )
                return f"AND({limits[0]},{limits[1]})"

            return f'IF({inside(x, y)},"{words["fits"]}",IF({inside(y, x)},"{words["swapped"]}","{words["outside"]}"))'

        degrees = locale.value_text("survey_crs", "wgs84", self.lang)
        formula = (
            f'=IF(AND(ISBLANK({x}),ISBLANK({y})),"",IF(AND(ISNUMBER({x}),ISNUMBER({y})),'
            f'IF({system}="{degrees}",{verdict(self.degrees)},{verdict(metres)}),"{words["half"]}"))'
        )
        page.write_formula(row, at, formula, self.read, words["fits"] if "x_north" in values else "")

    def _cell(self, page: Any, row: int, at: int, question: Question, value: Any) -> None:
        style = self.given[question.kind]
        if value is None or value == "":
            page.write_blank(row, at, None, style)
        elif question.kind == "list":
            page.write_string(row, at, locale.value_text(question.token_column, value, self.lang), style)
        elif question.kind == "date":
            day = dt.date.fromisoformat(str(value)[:10])
            page.write_datetime(row, at, dt.datetime(day.year, day.month, day.day), style)  # noqa: DTZ001
        elif isinstance(value, str) or question.kind == "text":
            page.write_string(row, at, words_of(value), style)
        else:
            page.write_number(row, at, value, style)

    def _validate(self, page: Any, first: int, at: int, last: int, question: Question) -> None:
        rule: dict[str, Any] = {
            "input_title": self.text(f"question.{question.key}")[:32],
            "input_message": self.text(f"hint.{question.kind}")[:255],
            "error_title": self.text("wrong.title")[:32],
            "error_message": self.text(
                f"wrong.{question.kind}", low=readback.number_words(question.low, question, self.lang),
                high=readback.number_words(question.high, question, self.lang),
            )[:255],
        }  # fmt: skip
        if question.kind == "text":
            rule |= {"validate": "length", "criteria": "<=", "value": TEXT_LIMIT}
        elif question.kind == "list":
            rule |= {"validate": "list", "source": self._list_range(question)}
        elif question.kind == "number_of":
            low, high = self.spans["facilities"]
            rule |= {"validate": "list", "source": f"='{self.sheet_name('facilities')}'!$B${low}:$B${high}"}
        elif question.kind == "date":
            rule |= {"validate": "date", "criteria": "between", "minimum": dt.date(1990, 1, 1),
                     "maximum": dt.date(2100, 12, 31)}  # fmt: skip
        else:
            kind = "integer" if question.kind in ("count", "year") else "decimal"
            low_value, high_value = (
                (int(question.low), int(question.high)) if kind == "integer" else (question.low, question.high)
            )
            rule |= {"validate": kind, "criteria": "between", "minimum": low_value, "maximum": high_value}
        page.data_validation(first, at, last, at, rule)

    # --- hidden sheets --------------------------------------------------------------------------------------------

    def _list_range(self, question: Question) -> str:
        name = question.token_column
        choices = [locale.value_text(name, token, self.lang) for token in question.tokens]
        at = next((n for n, (known, _) in enumerate(self.columns) if known == name), None)
        if at is None:
            at = len(self.columns)
            self.columns.append((name, choices))
        letter = xl_col_to_name(at)
        return f"={LIST_SHEET}!${letter}$2:${letter}${len(choices) + 1}"

    def lists(self) -> None:
        """Write the sheet that the drop-downs read, hidden."""
        page = self.book.add_worksheet(LIST_SHEET)
        for at, (name, choices) in enumerate(self.columns):
            page.write_string(0, at, name)
            for number, choice in enumerate(choices, start=1):
                page.write_string(number, at, choice)
        page.protect("")
        page.hide()

    def about(self, deadline: dt.date | None) -> None:
        """Write the sheet that says whose file it is and by which version it was made, hidden."""
        page = self.book.add_worksheet(ABOUT_SHEET)
        rows = (
            ("program", "siteplan"), ("schema", SCHEMA_VERSION), ("commune", self.code), ("name", self.unit_name),
            ("check", row_mark(self.code, ABOUT_SHEET, self.code)),
            ("deadline", deadline.isoformat() if deadline else ""),
        )  # fmt: skip
        for line, (key, value) in enumerate(rows):
            page.write_string(line, 0, key)
            page.write_string(line, 1, words_of(value))
        page.protect("")
        page.very_hidden()
