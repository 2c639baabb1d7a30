"""Files of a comparison: sheets of a workbook, and tables for other programs."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import spreadsheet, wording
from siteplan.outputs.compare import OF_COMMUNE, Comparison, words
from siteplan.tabular import guarded

if TYPE_CHECKING:
    from pathlib import Path

_YEARLY: tuple[tuple[str, spreadsheet.Kind], ...] = (
    ("year", "year"),
    ("centres_started", "int"),
    ("centres_finished", "int"),
    ("people_served", "int"),
    ("border_communes", "int"),
    ("central_wards", "int"),
    ("deficit_left", "int"),
)
_OF_COMMUNE: dict[str, spreadsheet.Kind] = {"start_year": "year", "finish_year": "year", "cost_at_price_year": "money"}


def write_comparison(comparison: Comparison, folder: Path, lang: str = locale.DEFAULT_LANGUAGE) -> list[Path]:
    """Write ``so_sanh.xlsx`` and its twins for machines, ``so_sanh*.csv`` (UTF-8, plain numbers); return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    book_path = folder / "so_sanh.xlsx"
    with spreadsheet.Book(book_path, comparison.runs, lang, locale.text("compare.title", lang)) as book:
        add_sheets(book, comparison, lang)
    written = [book_path]
    for name, frame in (
        ("so_sanh", comparison.measures),
        ("so_sanh_theo_nam", comparison.by_year),
        ("so_sanh_theo_xa", comparison.by_commune),
    ):
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(frame.columns)
            for row in frame.itertuples(index=False):
                writer.writerow([_csv_cell(value) for value in row])
        written.append(path)
    return written


def _shown_money(value: Any) -> float | None:
    plain = wording.scalar(value)
    return None if plain is None else round(plain / wording.MONEY_SHOWN, 9)


def _csv_cell(value: Any) -> Any:
    plain = wording.scalar(value)
    if isinstance(plain, str):
        return guarded(wording.clean(plain))
    return "" if plain is None else plain


def add_sheets(book: spreadsheet.Book, comparison: Comparison, lang: str) -> None:
    """Add the sheets of a comparison to an open workbook: measures, remarks, years, communes."""
    titles = {option: comparison.short_title(option, lang) for option in comparison.options}
    _measures(book, comparison, titles, lang)
    _remarks(book, comparison, titles, lang)
    _by_year(book, comparison, titles, lang)
    _by_commune(book, comparison, titles, lang)


def _heading(name: str, lang: str) -> str:
    return locale.text(f"compare.column.{name}", lang)


def _measures(book: spreadsheet.Book, comparison: Comparison, titles: dict[str, str], lang: str) -> None:
    rows = [
        [
            line.label(lang),
            locale.text(f"compare.unit.{line.unit}", lang),
            *(wording.scalar(row[o]) for o in comparison.options),
        ]
        for line, (_, row) in zip(comparison.lines, comparison.measures.iterrows(), strict=True)
    ]
    columns = [
        spreadsheet.Field(_heading("measure", lang), 72),
        spreadsheet.Field(_heading("unit", lang), 14),
        *(spreadsheet.Field(titles[o], 18, "number") for o in comparison.options),
    ]
    book.sheet(
        locale.text("compare.sheet.measures", lang),
        locale.text("compare.title", lang),
        columns,
        rows,
        decimals=[[None, None, *[line.decimals] * len(comparison.options)] for line in comparison.lines],
        notes=comparison.notes(lang),
    )


def _remarks(book: spreadsheet.Book, comparison: Comparison, titles: dict[str, str], lang: str) -> None:
    rows: list[list[Any]] = [
        [locale.text("compare.by_view", lang), line] for line in comparison.sentences(lang, leads=False)
    ]
    sides = [("strengths", comparison.strengths), ("weaknesses", comparison.weaknesses)]
    for option in comparison.options:
        # of two options, what is weak in one is strong in the other: it is told once
        for side, told in sides[:1] if len(comparison.options) == 2 else sides:
            about = locale.text(f"dossier.options.{side}", lang, title=titles[option]).rstrip(": ")
            rows += [[about, words(comparison, message, lang)] for message in told[option]]
    columns = [
        spreadsheet.Field(_heading("about", lang), 26),
        spreadsheet.Field(_heading("remark", lang), 110, widest=110),
    ]
    book.sheet(
        locale.text("compare.sheet.remarks", lang), locale.text("compare.heading.remarks", lang), columns, rows,
        notes=comparison.notes(lang),
    )  # fmt: skip


def _by_year(book: spreadsheet.Book, comparison: Comparison, titles: dict[str, str], lang: str) -> None:
    rows: list[list[Any]] = [
        [titles[row["option"]], *(row[name] for name, _ in _YEARLY), *map(_shown_money, (row["money"], row["cap"]))]
        for row in comparison.by_year.to_dict("records")
    ]
    columns = [
        spreadsheet.Field(_heading("option", lang), 30),
        *(spreadsheet.Field(_heading(name, lang), 14, kind) for name, kind in _YEARLY),
        *(spreadsheet.Field(_heading(name, lang), 14, "money") for name in ("money", "cap")),
    ]
    book.sheet(
        locale.text("compare.sheet.by_year", lang), locale.text("compare.heading.by_year", lang), columns, rows,
        notes=comparison.notes(lang),
    )  # fmt: skip


def _by_commune(book: spreadsheet.Book, comparison: Comparison, titles: dict[str, str], lang: str) -> None:
    columns = [
        spreadsheet.Field(_heading("commune_code", lang), 9),
        spreadsheet.Field(_heading("name", lang), 18),
        spreadsheet.Field(_heading("differs", lang), 9),
    ]
    for option in comparison.options:
        columns += [
            spreadsheet.Field(_heading(name, lang), 16, _OF_COMMUNE.get(name, "text"), group=titles[option])
            for name in OF_COMMUNE
        ]
    rows: list[list[Any]] = [
        [
            row["commune_code"],
            row["name"],
            locale.value_text("bool", bool(row["differs"]), lang),
            *(_of_commune(name, row[f"{o}:{name}"], lang) for o in comparison.options for name in OF_COMMUNE),
        ]
        for row in comparison.by_commune.to_dict("records")
    ]
    book.sheet(
        locale.text("compare.sheet.by_commune", lang), locale.text("compare.heading.by_commune", lang), columns, rows,
        notes=comparison.notes(lang), frozen_columns=2,
    )  # fmt: skip


def _of_commune(name: str, value: Any, lang: str) -> Any:
    if name == "status":
        return locale.value_text("status", wording.scalar(value), lang)
    return _shown_money(value) if name == "cost_at_price_year" else wording.scalar(value)
