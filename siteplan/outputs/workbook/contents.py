"""The first sheet: what each sheet holds, whether it recalculates, whether it is an annex; with links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs.spreadsheet import Book, Field

if TYPE_CHECKING:
    from siteplan.outputs.live_cells import Placed


def fill(book: Book, page: Any, lang: str) -> None:
    """Write the list of all sheets made so far onto the sheet given."""
    words = locale.text
    sheets = [entry for entry in book.entries if entry.placed.page is not page]
    fields = [
        Field(words(f"workbook.column.{key}", lang), width, kind, 0, key=key)  # type: ignore[arg-type]
        for key, width, kind in (
            ("order", 8, "int"), ("sheet", 34, "text"), ("title", 80, "text"), ("rows", 10, "int"),
            ("live", 18, "text"), ("part", 18, "text"),
        )
    ]  # fmt: skip
    sheets.sort(key=lambda entry: entry.placed.page.index)
    rows: list[list[Any]] = [
        [
            n, entry.placed.sheet, entry.title, entry.placed.last - entry.placed.first + 1 or None,
            words(f"workbook.contents.{'live' if entry.live else 'fixed'}", lang),
            words(f"workbook.contents.{'annex' if entry.annex else 'main'}", lang),
        ]
        for n, entry in enumerate(sheets, start=1)
    ]  # fmt: skip
    notes = [words(f"workbook.contents.{key}", lang) for key in ("note", "print")]
    title = words("workbook.heading.contents", lang)
    placed = book.sheet("", title, fields, rows, notes=notes, page=page)
    for n, entry in enumerate(sheets):
        _link(book, placed, placed.first - 1 + n, entry.placed)
    page.activate()


def _link(book: Book, placed: Placed, line: int, target: Placed) -> None:
    placed.page.write_url(
        line, placed.columns["sheet"], f"internal:{target.quoted}!A1", book.linked, string=target.sheet
    )
