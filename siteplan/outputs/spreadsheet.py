"""Sheets of a workbook in one form: title, stamp, headings, filter, frozen panes, print set-up; bytes that repeat.

What came from data is written as text, never as a formula, link or number by appearance.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import xlsxwriter

from siteplan import locale
from siteplan.outputs import wording

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run
    from siteplan.tables import Column

Kind = Literal["text", "line", "int", "year", "number", "money"]

FONT = "Times New Roman"
CELL_LIMIT = 32_000  # Excel takes 32,767 characters
HEADER_LIMIT = 250  # and 255 in a page header
A3_FROM_WIDTH = 170  # characters; wider sheets are printed on A3
A3_PAGE_WIDTH = 300  # characters that are still legible on one A3 page
LINE_POINTS = 15.0
NOTE_CHARACTERS = 140  # a longer line above a table is wrapped
LINES_SHOWN = 4  # a longer text is read in its cell
_PAPER_A4, _PAPER_A3 = 9, 8
_SHEET_NAME_LIMIT = 31


@dataclass(frozen=True)
class Field:
    """A column of a sheet: heading, width in characters, kind and decimals of its cells, and its group heading."""

    heading: str
    width: float = 12
    kind: Kind = "text"
    decimals: int = 2
    group: str = ""
    total: bool = False


def field_of(column: Column, lang: str, group: str = "", total: bool = False) -> Field:
    """Field of a sheet for a column of a result table."""
    heading = wording.label(column, lang)
    if wording.is_year(column):
        return Field(heading, 9, "year", group=group)
    if wording.is_money(column):
        return Field(heading, 15, "money", group=group, total=total)
    if column.kind == "int":
        return Field(heading, 11, "int", 0, group, total)
    if column.kind == "float":
        return Field(heading, 13, "number", column.decimals, group, total)
    long = column.name in ("legal_basis", "title", "land_use_shares", "source", "document")
    name = column.name in (
        "name",
        "label",
        "site_id",
        "zone_id",
        "facility_id",
        "decision_no",
        "authority",
        "phase",
        "owner",
        "scope",
        "standard",
        "binding_rule",
        "norm_state",
    )
    if column.name == "rests_on":  # hundreds of letters: a wrapped one would make every row a page high
        return Field(heading, 30, "line", group=group)
    if column.name == "single_headquarters":  # four lines of it must hold the whole answer
        return Field(heading, 130, group=group)
    return Field(heading, 70 if column.kind == "messages" else 36 if long else 20 if name else 13, group=group)


def _lines(fields: Sequence[Field], row: Sequence[Any]) -> int:
    """Lines the longest wrapped text of a row needs; programs do not all find the height of a row themselves."""
    needed = [
        math.ceil(len(value) / (0.9 * field.width))
        for field, value in zip(fields, row, strict=True)
        if field.kind == "text" and isinstance(value, str)
    ]
    return min(max(needed, default=1) or 1, LINES_SHOWN)


class Book:
    """A workbook being written; closes its file on leaving the ``with`` block.

    Parameters
    ----------
    path
        Where to write it.
    runs
        The runs it shows: their stamp goes on every sheet, the date of the first scenario into the properties, so that
        the same runs give the same bytes.
    lang, title
        Language and title of the properties.
    stamp, created
        Lines that stand for the stamp, and the date of the properties, of a workbook that shows no run.
    """

    def __init__(
        self,
        path: Path,
        runs: Sequence[Run],
        lang: str,
        title: str,
        *,
        stamp: Sequence[str] = (),
        created: dt.date = dt.date(2000, 1, 1),
    ) -> None:
        self.lang = lang
        self.stamp = wording.stamp_lines(runs, lang) if runs else [wording.clean(line) for line in stamp]
        self.footing = " · ".join(sorted({wording.title_of(run, lang) for run in runs})) or wording.clean(title)
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
                "default_date_format": "dd/mm/yyyy",
            },
        )
        day = wording.scenario_of(runs[0]).get("date", "2000-01-01") if runs else created.isoformat()
        self._book.set_properties(
            {
                "title": title,
                "author": "siteplan",
                "created": dt.datetime.fromisoformat(f"{day}T00:00:00"),
                "comments": self.stamp[0] if self.stamp else "",
            }
        )
        self._names: set[str] = set()
        self._clean = cache(lambda words: wording.clean(words, CELL_LIMIT))
        self._formats: dict[tuple[Any, ...], Any] = {}
        base = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
        self._title = self._book.add_format({**base, "bold": True, "font_size": 14})
        self._mark = self._book.add_format({**base, "bold": True, "font_color": "#B00020"})
        self._note = self._book.add_format({**base, "italic": True})
        self._note_block = self._book.add_format({**base, "italic": True, "text_wrap": True, "valign": "top"})
        self._wrapped_note = self._book.add_format({**base, "text_wrap": True, "valign": "top"})
        self._head = self._book.add_format(
            {**base, "bold": True, "text_wrap": True, "align": "center", "border": 1, "bg_color": "#DDE6F0"}
        )
        self._base = base

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def _format(self, kind: Kind, decimals: int, bold: bool) -> Any:
        key = (kind, decimals if kind == "number" else 0, bold)
        if key not in self._formats:
            style: dict[str, Any] = {**self._base, "border": 1, "bold": bold, "valign": "top"}
            if kind == "text":
                style["text_wrap"] = True
                style["num_format"] = "@"
            elif kind == "line":
                style["num_format"] = "@"
            elif kind == "year":
                style |= {"num_format": "0", "align": "center"}
            else:
                places = {"int": 0, "money": wording.MONEY_DECIMALS}.get(kind, decimals)
                style["num_format"] = "#,##0" + ("." + "0" * places if places else "")
            if bold:
                style["bg_color"] = "#F2F2F2"
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]

    def _free_name(self, name: str) -> str:
        plain = "".join(c for c in wording.clean(name) if c not in "[]:*?/\\").strip("'")[:_SHEET_NAME_LIMIT] or "-"
        candidate, n = plain, 2
        while candidate.lower() in self._names:
            tail = f" ({n})"
            candidate, n = plain[: _SHEET_NAME_LIMIT - len(tail)] + tail, n + 1
        self._names.add(candidate.lower())
        return candidate

    def sheet(
        self,
        name: str,
        title: str,
        fields: Sequence[Field],
        rows: Sequence[Sequence[Any]],
        *,
        notes: Sequence[str] = (),
        after: Sequence[str] = (),
        frozen_columns: int = 0,
        decimals: Sequence[Sequence[int | None]] | None = None,
    ) -> None:
        """Add a sheet with one table.

        Parameters
        ----------
        name, title
            Name of the sheet (shortened and made unique) and the line above the table.
        fields, rows
            Columns, and rows of plain values (None is an empty cell). Columns with ``total`` are summed in a last row
            where at least one value is there.
        notes, after
            Lines above and below the table.
        frozen_columns
            Columns that stay when scrolling.
        decimals
            Decimals cell by cell, for tables whose rows have different units.
        """
        page = self._book.add_worksheet(self._free_name(name))
        line = 0
        widths = list(accumulate(field.width for field in fields))
        page.write_string(line, 0, wording.clean(title), self._title)
        for mark in self.stamp:
            line += 1
            page.write_string(line, 0, mark, self._mark)
        for note in notes:
            line += 1
            words = wording.clean(note, CELL_LIMIT)
            if len(words) > NOTE_CHARACTERS and len(fields) > 1:  # a long line would run off the screen
                across = max(1, next((n for n in range(len(fields)) if widths[n] >= NOTE_CHARACTERS), len(fields) - 1))
                page.merge_range(line, 0, line, across, "", self._note_block)
                page.write_string(line, 0, words, self._note_block)
                page.set_row(line, LINE_POINTS * math.ceil(len(words) / (0.9 * widths[across])))
            else:
                page.write_string(line, 0, words, self._note)
        line += 2
        first_head = line
        if any(field.group for field in fields):
            self._group_headings(page, line, fields)
            line += 1
        for at, field in enumerate(fields):
            page.write_string(line, at, wording.clean(field.heading), self._head)
            page.set_column(at, at, field.width)
        page.set_row(line, 48)
        head = line
        for number, row in enumerate(rows):
            line += 1
            for at, (field, value) in enumerate(zip(fields, row, strict=True)):
                own = None if decimals is None else decimals[number][at]
                self._write(page, line, at, field, value, own)
            page.set_row(line, LINE_POINTS * _lines(fields, row))
        if rows:
            page.autofilter(head, 0, line, len(fields) - 1)
        if rows and any(field.total for field in fields):
            line += 1
            self._totals(page, line, fields, rows)
        page.freeze_panes(head + 1, frozen_columns)
        end = line
        for note in after:
            end += 1
            page.merge_range(end, 0, end, max(1, len(fields) - 1), "", self._wrapped_note)
            page.write_string(end, 0, wording.clean(note, CELL_LIMIT), self._wrapped_note)
        self._print_setup(page, title, first_head, head, end, fields, frozen_columns)

    def _write(
        self, page: Any, line: int, at: int, field: Field, value: Any, decimals: int | None, bold: bool = False
    ) -> None:
        if value is None or value == "":
            page.write_blank(line, at, None, self._format("text", 0, bold))
        elif isinstance(value, str):
            style = self._format("line" if field.kind == "line" else "text", 0, bold)
            page.write_string(line, at, self._clean(value), style)
        elif decimals is not None:
            page.write_number(line, at, value, self._format("number", decimals, bold))
        else:
            kind: Kind = "number" if field.kind in ("text", "line") else field.kind
            page.write_number(line, at, value, self._format(kind, field.decimals, bold))

    def _totals(self, page: Any, line: int, fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> None:
        label_at = next((n for n, field in enumerate(fields) if field.kind == "text"), 0)
        for at, field in enumerate(fields):
            numbers = [row[at] for row in rows if isinstance(row[at], int | float)] if field.total else []
            value: Any = round(sum(numbers), 9) if numbers else None
            if at == label_at and not field.total:
                value = locale.text("workbook.total", self.lang)
            self._write(page, line, at, field, value, None, bold=True)

    def _group_headings(self, page: Any, line: int, fields: Sequence[Field]) -> None:
        at = 0
        while at < len(fields):
            end = at
            while end + 1 < len(fields) and fields[end + 1].group == fields[at].group:
                end += 1
            if end > at and fields[at].group:
                page.merge_range(line, at, line, end, "", self._head)
            for n in range(at, end + 1):
                words = fields[at].group if n == at else ""
                page.write_string(line, n, wording.clean(words), self._head)
            at = end + 1

    def _print_setup(
        self, page: Any, title: str, first_head: int, head: int, end: int, fields: Sequence[Field], frozen_columns: int
    ) -> None:
        width = sum(field.width for field in fields)
        page.set_landscape()
        page.set_paper(_PAPER_A3 if width > A3_FROM_WIDTH else _PAPER_A4)
        page.fit_to_pages(max(1, math.ceil(width / A3_PAGE_WIDTH)), 0)
        if frozen_columns:
            page.repeat_columns(0, frozen_columns - 1)
        page.repeat_rows(first_head, head)
        page.print_area(0, 0, end, len(fields) - 1)
        page.set_margins(left=0.5, right=0.4, top=0.8, bottom=0.6)
        above = " – ".join(self.stamp).replace("&", "&&")
        page.set_header(
            f'&L&"{FONT}"&9{wording.clean(title, 90).replace("&", "&&")}&R&"{FONT}"&9{above}'[:HEADER_LIMIT]
        )
        page.set_footer(
            f'&L&"{FONT}"&9{wording.clean(self.footing, 120).replace("&", "&&")}&R&"{FONT}"&9&P/&N'[:HEADER_LIMIT]
        )
