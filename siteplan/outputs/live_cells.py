"""Cells of a workbook that are computed there: formulas with their values, cells to be changed, where a table stands.

Only functions that Excel 2016 and LibreOffice both have are used; a test holds the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name

_MOST_DECIMALS = 6


_ROWS = re.compile(r"\{(row|first|last|heading|above|before)\}")


@lru_cache(maxsize=20_000)
def _pieces(formula: str) -> tuple[str, ...]:
    """Split a formula at the rows it names: words and names by turns."""
    return tuple(_ROWS.split(formula))


@dataclass(frozen=True)
class Live:
    """A formula and the value it has with the figures of the run, shown where nothing recalculates.

    In `formula` stand ``{row}`` for the row of the cell, ``{first}`` and ``{last}`` for the rows of the table,
    ``{heading}`` for its line of headings, ``{above}`` for the one above that and ``{before}`` for the row before the
    cell's own.
    """

    formula: str
    value: float | str | None

    def at(self, marks: Mapping[str, int]) -> str:
        """Return the formula with the row numbers in place."""
        pieces = list(_pieces(self.formula))
        for n in range(1, len(pieces), 2):
            name = pieces[n]
            if name == "before" and "row" in marks:
                pieces[n] = str(marks["row"] - 1)
            else:
                pieces[n] = str(marks[name]) if name in marks else f"{{{name}}}"
        return "".join(pieces)


@dataclass(frozen=True)
class Input:
    """A number that a person may change; None is a number nobody has given yet."""

    value: float | None


@dataclass(frozen=True)
class Placed:
    """Where a table stands: its sheet, the rows of its data (from 1) and its columns (from 0) by key."""

    page: Any
    sheet: str
    first: int
    last: int
    columns: Mapping[str, int]

    @property
    def quoted(self) -> str:
        """Name of the sheet as a formula writes it."""
        return "'" + self.sheet.replace("'", "''") + "'"

    def cell(self, key: str, row: int) -> str:
        """Return the reference from another sheet to a cell in the `row`-th row (from 0) of the table."""
        return f"{self.quoted}!${column_letter(self.columns[key])}${self.first + row}"

    def column(self, key: str) -> str:
        """Return the reference from another sheet to a column of the table."""
        letter = column_letter(self.columns[key])
        return f"{self.quoted}!${letter}${self.first}:${letter}${self.last}"


def column_letter(at: int) -> str:
    """Letter of a column, from 0."""
    return str(xl_col_to_name(at))


def decimals_of(value: float | None) -> int:
    """Decimals a number was written with, at most six."""
    if value is None:
        return 0
    return len(f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2])


def word(text: str) -> str:
    """Text as a formula writes it."""
    return '"' + text.replace('"', '""') + '"'


def wide(letters: str) -> str:
    """Range over the rows of the own table of one column, for formulas on the same sheet."""
    return f"${letters}${{first}}:${letters}${{last}}"
