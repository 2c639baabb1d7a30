"""Sheets of a workbook in one form: title, stamp, headings, filter, frozen panes, print set-up; bytes that repeat.

What came from data is written as text, never as a formula, link or number by appearance. Formulas are only those that
this package composes (:class:`Live`); each carries the value it has with the figures of the run.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import xlsxwriter

from siteplan import locale
from siteplan.outputs import run_words, wording
from siteplan.outputs.live_cells import Input, Live, Placed, column_letter, decimals_of
from siteplan.outputs.paper_table import capital
from siteplan.outputs.printing import FONT, PAPER_A3, running_lines, set_up
from siteplan.outputs.sheet_fields import (
    LINES_OF_EXCEL,
    LINES_PRINTED,
    LINES_SHOWN,
    Field,
    Kind,
    field_of,
    fitted,
    heading_points,
    lines_of,
    whole,
    wrapped,
)  # fmt: skip
from siteplan.outputs.sheet_rows import Blank, Cell, Formula, RowSheet, String, number_of

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

__all__ = ["Book", "Entry", "Field", "Kind", "field_of"]

CELL_LIMIT = 32_000  # Excel takes 32,767 characters
LINE_POINTS = 15.0
TITLE_LETTER = 1.3  # width of a letter of the title in those of a cell
NOTE_CHARACTERS = 140  # a longer line above a table is wrapped
SHEET_NAME_LIMIT = 31
_GREY = "#A6A6A6"


@dataclass(frozen=True)
class Entry:
    """A sheet of the book: where it stands, its title, whether it is an annex, whether it recalculates."""

    placed: Placed
    title: str
    annex: bool
    live: bool


def _cell_words(words: str) -> str:
    """Text as a cell can hold it; what the library would take for its own rich text stays text."""
    plain = wording.clean(words, CELL_LIMIT)
    return f" {plain}" if plain.startswith("<r>") else plain


class _Column:
    """Makes the cells of a column; their looks are chosen once."""

    def __init__(self, book: Book, page: RowSheet, field: Field, bold: bool = False) -> None:
        self._book, self._page, self._bold = book, page, bold
        self._text = book.look("line" if field.kind == "line" else "text", 0, bold)
        self._blank = Blank(book.look("text", 0, bold))
        self._number = book.look("number" if field.kind in ("text", "line") else field.kind, field.decimals, bold)
        self._live = book.look(field.kind, field.decimals, bold)
        self._known: dict[str, String] = {}

    def _word(self, value: str) -> Cell:
        if value in self._known:
            return self._page.again(self._known[value])
        if not value:
            return self._blank
        made = self._known[value] = self._page.text(self._book.words(value), self._text)
        return made

    def cell(self, value: Any, decimals: int | None, marks: Mapping[str, int]) -> Cell:
        """Return the cell of a value: text, number, formula, number to be changed, or nothing.

        With `decimals` a number has these, else those of its column; `marks` are the rows that formulas name.
        """
        kind = type(value)
        if kind is str:
            return self._word(value)
        if value is None:
            return self._blank
        if kind is Live:
            shown = "" if value.value is None else value.value
            style = self._live if decimals is None else self._book.look("number", decimals, self._bold)
            return Formula(value.at(marks)[1:], style, self._book.words(shown) if isinstance(shown, str) else shown)
        if kind is Input:
            style = self._book.look("input", decimals_of(value.value), self._bold)
            return Blank(style) if value.value is None else number_of(value.value, style)
        return number_of(value, self._number if decimals is None else self._book.look("number", decimals, self._bold))


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
        self.stamp = run_words.stamp_lines(runs, lang) if runs else [wording.clean(line) for line in stamp]
        self.footing = " · ".join(sorted({run_words.title_of(run, lang) for run in runs})) or wording.clean(title)
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
        day = run_words.scenario_of(runs[0]).get("date", "2000-01-01") if runs else created.isoformat()
        self._book.set_properties(
            {
                "title": title,
                "author": "siteplan",
                "created": dt.datetime.fromisoformat(f"{day}T00:00:00"),
                "comments": self.stamp[0] if self.stamp else "",
            }
        )
        self._names: set[str] = set()
        self.words = cache(_cell_words)
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
        self.entries: list[Entry] = []
        self.marked = self._book.add_format({"bg_color": "#F8CBAD", "bold": True})
        self.linked = self._book.add_format(
            {**base, "border": 1, "font_color": "#0563C1", "underline": 1, "valign": "top"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def look(self, kind: Kind, decimals: int, bold: bool) -> Any:
        """Return the format of the cells of a kind; one object each."""
        key = (kind, decimals if kind in ("number", "input") else 0, bold)
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
                # room for a bracket behind the last digit: a text in the next cell would touch it
                style["num_format"] = "#,##0" + ("." + "0" * places if places else "") + "_)"
            if kind == "input":
                style |= {"bg_color": "#FFF2CC", "font_color": "#1F3864", "bold": True, "locked": False}
            elif bold:
                style["bg_color"] = "#F2F2F2"
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]

    def _new_page(self, name: str) -> RowSheet:
        return self._book.add_worksheet(self._free_name(name), RowSheet)

    def _free_name(self, name: str) -> str:
        plain = "".join(c for c in wording.clean(name) if c not in "[]:*?/\\").strip("'")[:SHEET_NAME_LIMIT] or "-"
        candidate, n = plain, 2
        while candidate.lower() in self._names:
            tail = f" ({n})"
            candidate, n = plain[: SHEET_NAME_LIMIT - len(tail)] + tail, n + 1
        self._names.add(candidate.lower())
        return candidate

    def sheet(
        self,
        name: str,
        title: str,
        fields: Sequence[Field],
        rows: Sequence[Sequence[Any]],
        *,
        notes: Sequence[str | Live] = (),
        after: Sequence[str] = (),
        frozen_columns: int = 0,
        decimals: Sequence[Sequence[int | None]] | None = None,
        above: Mapping[str, Any] | None = None,
        annex: bool = False,
        filters: bool = True,
        page: Any = None,
        below: int = 0,
    ) -> Placed:
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
        above
            Cells of a line between the headings of groups and those of columns, by key of the field; formulas name it
            ``{above}``.
        annex
            A sheet to look things up in, marked so: grey tab, named as such in its page header.
        filters
            Whether rows can be filtered and sorted; not where a formula looks at the rows above its own.
        page
            A sheet made before by :meth:`reserve`.
        below
            Rows left free below the table and printed with it, for a chart.
        """
        fields = fitted(fields, rows)
        page = self._new_page(name) if page is None else page
        if annex:
            page.set_tab_color(_GREY)
        line = 0
        page.write_string(line, 0, wording.clean(title), self._title)
        for mark in self.stamp:
            line += 1
            page.write_string(line, 0, capital(mark), self._mark)
        line = self._notes(page, line, notes, fields)
        line += 2
        first_head = line
        if any(field.group for field in fields):
            self._group_headings(page, line, fields)
            line += 1
        if above is not None:
            own = {"above": line + 1}
            page.put_row(line, [_Column(self, page, f, bold=True).cell(above.get(f.key), None, own) for f in fields])
            line += 1
        for at, field in enumerate(fields):
            page.write_string(line, at, wording.clean(field.heading), self._head)
            page.set_column(at, at, field.width, None, {"hidden": field.hidden})
        page.set_row(line, heading_points(fields))
        head = line
        marks = {"above": head, "heading": head + 1, "first": head + 2, "last": head + 1 + len(rows)}
        most = LINES_SHOWN if annex else LINES_PRINTED
        made, unsaid = [_Column(self, page, field) for field in fields], [None] * len(fields)
        wide, long = wrapped(fields), whole(fields)
        for number, row in enumerate(rows):
            line += 1
            marks["row"] = line + 1
            cells = zip(made, row, unsaid if decimals is None else decimals[number], strict=True)
            page.put_row(line, [column.cell(value, places, marks) for column, value, places in cells])
            page.set_row(line, LINE_POINTS * max(lines_of(wide, row, most), lines_of(long, row, LINES_OF_EXCEL)))
        if rows and filters:
            page.autofilter(head, 0, line, len(fields) - 1)
        if rows and any(field.total for field in fields):
            line += 1
            self._totals(page, line, fields, rows, marks)
        page.freeze_panes(head + 1, frozen_columns)
        end = line
        for note in after:
            end += 1
            page.merge_range(end, 0, end, max(1, len(fields) - 1), "", self._wrapped_note)
            words = wording.clean(note, CELL_LIMIT)
            page.write_string(end, 0, words, self._wrapped_note)
            page.set_row(
                end, LINE_POINTS * lines_of([(0, sum(f.width for f in fields if not f.hidden))], [words], most)
            )
        told = title
        if annex:
            told = f"{locale.text('workbook.annex', self.lang)}: {title}"
        longest = len(title) * TITLE_LETTER
        set_up(page, fields, first_head, head, end + below, frozen_columns, 1 if below else 0, longest)
        running_lines(page, told, self.stamp, self.footing)
        columns = {field.key: at for at, field in enumerate(fields) if field.key}
        placed = Placed(page, page.get_name(), marks["first"], marks["last"], columns)
        live = any(isinstance(cell, Live | Input) for row in rows for cell in row)
        self.entries.append(Entry(placed, wording.clean(title), annex, live))
        return placed

    def plain_page(self, name: str, title: str) -> Any:
        """Add a sheet with title and stamp alone, for a chart; printed on one page."""
        page = self._new_page(name)
        for line, words in enumerate((wording.clean(title), *map(capital, self.stamp))):
            page.write_string(line, 0, words, self._title if line == 0 else self._mark)
        page.set_paper(PAPER_A3)
        page.fit_to_pages(1, 1)
        running_lines(page, title, self.stamp, self.footing)
        placed = Placed(page, page.get_name(), 1, 0, {})
        self.entries.append(Entry(placed, wording.clean(title), annex=False, live=True))
        return page

    def _notes(self, page: Any, line: int, notes: Sequence[str | Live], fields: Sequence[Field]) -> int:
        widths = list(accumulate(field.width for field in fields))
        for note in notes:
            line += 1
            if isinstance(note, Live):
                page.write_formula(line, 0, note.at({}), self._mark, note.value)
                continue
            words = wording.clean(note, CELL_LIMIT)
            if len(words) > NOTE_CHARACTERS and len(fields) > 1:  # a long line would run off the screen
                across = max(1, next((n for n in range(len(fields)) if widths[n] >= NOTE_CHARACTERS), len(fields) - 1))
                page.merge_range(line, 0, line, across, "", self._note_block)
                page.write_string(line, 0, words, self._note_block)
                page.set_row(line, LINE_POINTS * math.ceil(len(words) / (0.9 * widths[across])))
            else:
                page.write_string(line, 0, words, self._note)
        return line

    def reserve(self, name: str) -> Any:
        """Add an empty sheet here, to be filled when the others are known."""
        return self._new_page(name)

    def chart(self, kind: str, subtype: str = "") -> Any:
        """Return a new chart of xlsxwriter, to be put onto a sheet."""
        return self._book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})

    def _totals(
        self, page: Any, line: int, fields: Sequence[Field], rows: Sequence[Sequence[Any]], marks: Mapping[str, int]
    ) -> None:
        words = locale.text("workbook.total", self.lang)
        texts = [n for n, field in enumerate(fields) if field.kind == "text" and not field.hidden]
        label_at = next((n for n in texts if fields[n].width > len(words) + 1), texts[0] if texts else 0)
        found: list[Cell] = []
        for at, field in enumerate(fields):
            cells = [row[at].value if isinstance(row[at], Live) else row[at] for row in rows] if field.total else []
            numbers = [value for value in cells if isinstance(value, int | float)]
            letter = column_letter(at)
            formula = f"=ROUND(SUM({letter}{{first}}:{letter}{{last}}),9)"
            value: Any = Live(formula, round(sum(numbers), 9)) if numbers else None
            if at == label_at and not field.total:
                value = words
            found.append(_Column(self, page, field, bold=True).cell(value, None, marks))
        page.put_row(line, found)

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
