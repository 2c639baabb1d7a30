"""The register of plans as a workbook: the plans, what covers which commune, and the problems found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import wording
from siteplan.outputs.spreadsheet import Book, Field, field_of
from siteplan.tables import INPUTS, RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from siteplan.errors import Problem

PROBLEM_WIDTHS = {"severity": 12, "file": 22, "layer": 14, "feature": 34, "column": 14, "value": 18}
_OWN = ("layer", "illustrative", "restricted")


def problem_sheet(book: Book, problems: Sequence[Problem], title: str) -> None:
    """Add the sheet of a problem list: what, where, likely cause, what to do."""
    names = ("severity", "what", "cause", "remedy", "file", "layer", "feature", "column", "value")
    fields = [
        Field(locale.text(f"plans.problem_column.{name}", book.lang), PROBLEM_WIDTHS.get(name, 52)) for name in names
    ]
    rows = [locale.problem_row(problem, book.lang) for problem in problems]
    book.sheet(
        locale.text("plans.sheet.problems", book.lang), title, fields, [[row[n] for n in names] for row in rows],
        frozen_columns=1,
    )  # fmt: skip


def write_register(
    path: Path,
    overview: pd.DataFrame,
    coverage: pd.DataFrame,
    problems: Sequence[Problem],
    names: dict[str, str],
    date: dt.date,
    lang: str,
) -> Path:
    """Write the register and its check.

    Parameters
    ----------
    overview
        Rows are plans: the register's columns, ``standing``, ``zones``, ``zones_m2``.
    coverage
        Rows of the result table ``coverage`` of the roles ``plans/<kind>``.
    problems
        What the check found.
    names
        Name of each commune by its code.
    date
        The date asked about.
    """
    title = locale.text("plans.check.title", lang, date=wording.day(date.isoformat(), lang))
    path.parent.mkdir(parents=True, exist_ok=True)
    with Book(path, [], lang, title, created=date) as book:
        problem_sheet(book, problems, title)
        _plans(book, overview, title)
        _coverage(book, coverage, names)
    return path


def _plans(book: Book, overview: pd.DataFrame, title: str) -> None:
    lang = book.lang
    columns = [c for c in INPUTS["plans"].columns if c.name not in _OWN]
    fields = [Field(f.heading, 36, f.kind, f.decimals) if c.name in ("title", "file_ref", "crs_decision") else f
              for c, f in ((c, field_of(c, lang)) for c in columns)]  # fmt: skip
    fields += [
        Field(locale.text("plans.list.standing", lang), 18),
        Field(locale.text("plans.list.zones", lang), 10, "int", 0),
        Field(locale.text("plans.list.zones_ha", lang), 13, "number", 2),
    ]
    parts = [wording.cells(c, overview[c.name], lang) for c in columns]
    parts.append([locale.value_text("standing", s, lang) for s in overview["standing"]])
    parts.append([int(n) for n in overview["zones"]])
    parts.append([float(a) / 10_000 for a in overview["zones_m2"]])
    book.sheet(
        locale.text("plans.sheet.register", lang), title, fields, list(zip(*parts, strict=True)), frozen_columns=2
    )


def _coverage(book: Book, coverage: pd.DataFrame, names: dict[str, str]) -> None:
    lang = book.lang
    shown = [c for c in RESULTS["coverage"].columns if c.name != "commune_code"]
    columns = [c for c in shown if c.name in ("role", "mandatory", "status", "percent", "source", "data_date", "notes")]
    fields = [
        field_of(RESULTS["coverage"].column("commune_code"), lang),
        Field(locale.text("plans.commune", lang), 22),
        *(field_of(c, lang) for c in columns),
    ]
    codes = [str(code) for code in coverage["commune_code"]]
    parts: list[Sequence[Any]] = [codes, [names.get(code, "") for code in codes]]
    parts += [wording.cells(c, coverage[c.name], lang) for c in columns]
    book.sheet(
        locale.text("plans.sheet.coverage", lang), locale.text("plans.coverage_title", lang), fields,
        list(zip(*parts, strict=True)), frozen_columns=2,
    )  # fmt: skip
