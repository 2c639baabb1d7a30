"""The cover of a form: whose it is, by when it is due, how it is filled in, and how much of it is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from siteplan.survey.questions import FIRST_ROW, SCHEMA_VERSION, TOPICS, Topic

if TYPE_CHECKING:
    from siteplan.survey.form_book import FormBook

FONT = "Times New Roman"
A4 = 9


def write_cover(form: FormBook, deadline: dt.date | None) -> None:
    """Write the first sheet: whose form, by when, how to fill it in, and how much is filled in."""
    page = form.book.add_worksheet(form.sheet_name("cover"))
    page.set_column(0, 0, 3)
    page.set_column(1, 1, 40)
    page.set_column(2, 2, 70)
    page.write_string(0, 1, form.title_words, form.title)
    day = deadline.strftime("%d/%m/%Y") if deadline else form.text("deadline_open")
    line = 2
    for label, value in (
        ("code", form.code), ("name", form.unit_name), ("deadline", day), ("version", SCHEMA_VERSION),
    ):  # fmt: skip
        page.write_string(line, 1, form.text(f"cover.{label}"), form.fixed)
        page.write_string(line, 2, value, form.strong if label == "deadline" else form.fixed)
        line += 1
    line += 1
    page.write_string(line, 1, form.text("cover.guide"), form.strong)
    for words in form.text("guide", epsg=form.province.epsg, name=form.province.name).strip().split("\n"):
        line += 1
        page.merge_range(line, 1, line, 2, "", form.plain)
        page.write_string(line, 1, words, form.plain)
        page.set_row(line, 16 * (1 + len(words) // 100))
    line += 2
    page.write_string(line, 1, form.text("cover.sheet"), form.head)
    page.write_string(line, 2, form.text("cover.filled"), form.head)
    for topic in TOPICS:
        line += 1
        page.write_string(line, 1, form.sheet_name(topic.key), form.fixed)
        _filled(form, page, line, topic)
    line += 2
    for key, style in (("input", form.given["text"]), ("fixed", form.fixed), ("read", form.read)):
        page.write_string(line, 1, form.text(f"legend.{key}"), style)
        line += 1
    page.protect("", {"select_locked_cells": True})
    page.set_portrait()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.set_footer(f'&L&"{FONT}"&9{form.footer()}&R&"{FONT}"&9&P/&N')


def _filled(form: FormBook, page: Any, line: int, topic: Topic) -> None:
    """Count what is filled in on another sheet, as a formula."""
    rows = form.known.get(topic.key, {})
    if topic.is_list:
        low, high = FIRST_ROW, FIRST_ROW + len(rows) + topic.spare - 1
        count = sum(1 for row in rows.values() if row.get(topic.questions[0].key) is not None)
        cells = f"'{form.sheet_name(topic.key)}'!$C${low}:$C${high}"
        words = form.text("cover.rows")
        page.write_formula(line, 2, f'=COUNTA({cells})&" {words}"', form.fixed, f"{count} {words}")
        return
    needed = [n for n, q in enumerate(topic.questions) if q.needed]
    cells = ",".join(f"'{form.sheet_name(topic.key)}'!$C${FIRST_ROW + n}" for n in needed)
    count = sum(1 for n in needed if topic.questions[n].key in rows)
    words = form.text("cover.needed", count=len(needed))
    page.write_formula(line, 2, f'=COUNTA({cells})&"{words}"', form.fixed, f"{count}{words}")
