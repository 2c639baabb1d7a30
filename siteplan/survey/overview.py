"""The master workbook: one row a commune, who has answered, how completely, and what holds it up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xlsxwriter

from siteplan import locale
from siteplan.survey.cover import FONT
from siteplan.survey.form_book import words_of
from siteplan.survey.questions import SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

_EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the property has no zone
_CELL_LIMIT = 32_000  # Excel takes 32,767 characters


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook: headings with widths, and rows of plain values (None is empty)."""

    name: str
    title: str
    headings: Sequence[tuple[str, float]]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()


def write_book(path: Path, title: str, sheets: Sequence[Sheet]) -> Path:
    """Write tables as a workbook; what is text stays text, whatever it begins with. Same input, same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties(
        {"title": title, "author": "siteplan", "created": _EPOCH, "comments": f"schema {SCHEMA_VERSION}"}
    )
    base = {"font_name": FONT, "font_size": 11, "valign": "top"}
    heading = book.add_format({**base, "bold": True, "font_size": 14})
    note = book.add_format({**base, "italic": True})
    head = book.add_format(
        {**base, "bold": True, "text_wrap": True, "align": "center", "border": 1, "bg_color": "#DDE6F0"}
    )
    text = book.add_format({**base, "text_wrap": True, "border": 1, "num_format": "@"})
    number = book.add_format({**base, "border": 1, "num_format": "#,##0.##"})
    whole = book.add_format({**base, "border": 1, "num_format": "#,##0"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name[:31])
        page.write_string(0, 0, words_of(sheet.title), heading)
        for line, words in enumerate(sheet.notes, start=1):
            page.write_string(line, 0, words_of(words), note)
        top = len(sheet.notes) + 2
        page.set_row(top, 33)
        for at, (words, width) in enumerate(sheet.headings):
            page.set_column(at, at, width)
            page.write_string(top, at, words_of(words), head)
        for line, row in enumerate(sheet.rows, start=top + 1):
            lines = 1
            for at, value in enumerate(row):
                if value is None or value == "":
                    page.write_blank(line, at, None, text)
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    page.write_number(line, at, value, whole if float(value).is_integer() else number)
                else:
                    words = words_of(value)[:_CELL_LIMIT]
                    page.write_string(line, at, words, text)
                    width = sheet.headings[at][1]
                    lines = max(lines, sum(1 + int(len(part) / (0.95 * width)) for part in words.split("\n")))
            page.set_row(line, 15.5 * min(lines, 26))
        last = top + max(len(sheet.rows), 1)
        if sheet.rows:
            page.autofilter(top, 0, last, len(sheet.headings) - 1)
        page.freeze_panes(top + 1, 2)
        page.set_landscape()
        page.set_paper(8 if sum(width for _, width in sheet.headings) > 170 else 9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(top)
        page.print_area(0, 0, last, len(sheet.headings) - 1)
        page.set_footer(f'&L&"{FONT}"&9{words_of(title).replace("&", "&&")[:150]}&R&"{FONT}"&9&P/&N')
    book.close()
    return path


STATES = ("none", "refused", "partial", "complete")


@dataclass(frozen=True)
class Line:
    """What is known of one commune's answer.

    Parameters
    ----------
    code, kind, name
        The commune.
    state
        Of the form: ``none``, ``refused`` (sent, and nothing of it taken), ``partial``, ``complete``.
    areas
        Of the six areas the commune reports, as the results have it: ``none``, ``partly``, ``answered``.
    percent
        Share of the needed answers that are there, percent.
    lacking
        Needed answers that are not there, in words.
    blocking
        Answers of the last submission that could not be taken.
    report_no, report_date, reporter, received, submissions
        Of the last submission; how many there were.
    """

    code: str
    kind: str
    name: str
    state: str = "none"
    areas: str = "none"
    percent: float = 0.0
    lacking: Sequence[str] = ()
    blocking: Sequence[str] = ()
    report_no: str = ""
    report_date: str = ""
    reporter: str = ""
    received: str = ""
    submissions: int = 0


def counts(lines: Sequence[Line]) -> dict[str, int]:
    """How many communes are in each state, and how many there are."""
    return {"total": len(lines), **{s: sum(line.state == s for line in lines) for s in STATES}}


def overview_sheet(lines: Sequence[Line], lang: str, deadline: dt.date | None = None) -> Sheet:
    """Make the table of the master workbook."""

    def text(key: str, **params: Any) -> str:
        return locale.text(f"survey.overview.{key}", lang, **params)

    widths = (
        ("code", 9), ("kind", 9), ("name", 20), ("state", 15), ("areas", 15), ("percent", 10),
        ("lacking", 60), ("blocking", 44),
        ("report_no", 16), ("report_date", 12), ("reporter", 22), ("received", 17), ("submissions", 9),
    )  # fmt: skip
    rows = [
        [
            line.code, line.kind, line.name, locale.value_text("survey_state", line.state, lang),
            locale.value_text("report_state", line.areas, lang), round(line.percent),
            "; ".join(line.lacking), "; ".join(line.blocking), line.report_no, _day(line.report_date), line.reporter,
            line.received, line.submissions,
        ]
        for line in lines
    ]  # fmt: skip
    notes = [text("counts", **counts(lines))]
    if deadline is not None:
        notes.append(text("deadline", day=deadline.strftime("%d/%m/%Y")))
    headings = [(text(key), float(width)) for key, width in widths]
    return Sheet(text("sheet"), text("title"), headings, rows, notes)


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-"))) if iso else ""


def write_overview(lines: Sequence[Line], path: Path, lang: str, deadline: dt.date | None = None) -> Path:
    """Write the master workbook: one row a commune."""
    return write_book(path, locale.text("survey.overview.title", lang), [overview_sheet(lines, lang, deadline)])
