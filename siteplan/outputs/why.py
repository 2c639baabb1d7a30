"""The what-ifs of a run as sheets: why each commune stands where it stands, what would move it, the frontier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import spreadsheet, summary, wording
from siteplan.outputs.spreadsheet import Field

if TYPE_CHECKING:
    from siteplan.runs import Run

_COMMUNES: tuple[tuple[str, int, spreadsheet.Kind], ...] = (
    ("rank", 7, "int"),
    ("commune_code", 9, "text"),
    ("name", 22, "text"),
    ("phase", 22, "text"),
    ("start_year", 9, "year"),
    ("because", 60, "text"),
    ("change", 75, "text"),
)
_FRONTIER: tuple[tuple[str, spreadsheet.Kind, int], ...] = (
    ("percent", "number", 0),
    ("money", "money", 0),
    ("planned", "int", 0),
    ("waiting", "int", 0),
    ("points", "number", 1),
    ("people", "int", 0),
    ("border", "int", 0),
    ("deficit_floor_area_m2", "number", 0),
    ("spent", "money", 0),
    ("points_per_billion", "number", 2),
)


def add_sheets(book: spreadsheet.Book, run: Run, lang: str) -> bool:
    """Add the sheets of what was answered so far; nothing, and False, where nothing was."""
    found = run.what_ifs
    if not found.get("communes"):
        return False
    words = locale.text
    fields = [Field(words(f"why.column.{name}", lang), width, kind) for name, width, kind in _COMMUNES]
    rows: list[list[Any]] = []
    for row in summary.programme(run).to_dict("records"):
        cell = found["communes"].get(row["commune_code"])
        if cell is None:
            continue
        phase = row["phase"] if row["status"] == "planned" else locale.value_text("status", row["status"], lang)
        shown = [wording.scalar(row[name]) for name in ("priority_rank", "commune_code", "name")]
        told = [locale.render(text, lang, "\n") for text in (row["reasons"], cell)]
        rows.append([*shown, wording.scalar(phase), wording.scalar(row["start_year"]), *told])
    after = locale.render(found.get("programme"), lang, "\n").splitlines()
    notes = [words("why.note", lang)]
    sheet = f"{words('why.sheet', lang)} {summary.short_option(run, lang)}"
    book.sheet(sheet, words("why.title", lang), fields, rows, notes=notes, after=after)
    if found.get("frontier"):
        _frontier(book, run, lang)
    return True


def _frontier(book: spreadsheet.Book, run: Run, lang: str) -> None:
    found = run.what_ifs
    by_money = found.get("money") is not None
    columns = [c for c in _FRONTIER if by_money or c[0] not in ("money", "points_per_billion")]
    fields = [Field(locale.text(f"why.column.{name}", lang), 14, kind, places) for name, kind, places in columns]
    rows = [
        [
            None if row[name] is None else row[name] / wording.MONEY_SHOWN if kind == "money" else row[name]
            for name, kind, _ in columns
        ]
        for row in found["frontier"]
    ]
    key = "money" if by_money else "works"
    title = locale.text(f"why.frontier_{key}", lang)
    sheet = f"{locale.text('why.frontier_sheet', lang)} {summary.short_option(run, lang)}"
    book.sheet(sheet, title, fields, rows)


def write_answers(run: Run, lang: str = locale.DEFAULT_LANGUAGE) -> Path:
    """Write ``ho_so/vi_sao.xlsx`` into the folder of a run; returns the file."""
    folder = run.folder / "ho_so"
    folder.mkdir(exist_ok=True)
    path = folder / "vi_sao.xlsx"
    with spreadsheet.Book(path, [run], lang, locale.text("why.title", lang)) as book:
        add_sheets(book, run, lang)
    return path
