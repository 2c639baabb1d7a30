"""Sheets whose cells are written row by row: the bytes of XlsxWriter's own worksheet, in a third of its time.

The library looks through each formula for functions newer than Excel 2010 (this package writes none), takes each cell
through several calls, and escapes what needs none. A workbook has some 370,000 cells, so a row is stored at once and
written as one string here. What this module does not know (merged cells, links, dates) goes the library's own way. A
test holds both ways against each other, byte by byte.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

_letters = cache(xl_col_to_name)
_UNITS = 32_767  # of UTF-16, which Excel takes in a cell
_SPAN_ROWS = 16  # rows that share one attribute ``spans``


# the library tells cells apart by the names of these classes


class String(NamedTuple):
    """A text, by its number in the table of texts."""

    string: int
    format: Any


class Number(NamedTuple):
    """A finite number."""

    number: float
    format: Any


class Blank(NamedTuple):
    """An empty cell with a look."""

    format: Any


class Formula(NamedTuple):
    """A formula without its equals sign, and the value it has now."""

    formula: str
    format: Any
    value: float | str


Cell = String | Number | Blank | Formula
_OWN = frozenset((String, Number, Blank, Formula))


class RowSheet(Worksheet):
    """A worksheet that takes and writes whole rows."""

    def put_row(self, line: int, cells: Sequence[Cell]) -> None:
        """Store the cells of a row, which begins in the first column; rows count from 0."""
        self._check_dimensions(line, 0)
        self._check_dimensions(line, len(cells) - 1)
        self.table[line].update(enumerate(cells))

    def again(self, cell: String) -> String:
        """Return the cell of a text that was there before."""
        self.str_table.count += 1
        return cell

    def text(self, words: str, style: Any) -> String:
        """Return the cell of a clean text."""
        if len(words) > _UNITS // 2:
            words = words.encode("utf-16-le")[: 2 * _UNITS].decode("utf-16-le", "ignore")
        return String(self.str_table._get_shared_string_index(words), style)  # noqa: SLF001 - of the same library

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        return formula.removeprefix("=")

    def _calculate_spans(self) -> None:
        spans: dict[int, str] = {}
        for block in range(self.dim_rowmin // _SPAN_ROWS, self.dim_rowmax // _SPAN_ROWS + 1):
            rows = (self.table.get(line) for line in range(block * _SPAN_ROWS, (block + 1) * _SPAN_ROWS))
            ends = [(min(cells), max(cells)) for cells in rows if cells]
            if ends:
                spans[block] = f"{min(e[0] for e in ends) + 1}:{max(e[1] for e in ends) + 1}"
        self.row_spans = spans

    def _write_rows(self) -> None:
        if self.comments:
            super()._write_rows()
            return
        self._calculate_spans()
        styles: dict[int, int] = {}
        for line in range(self.dim_rowmin, self.dim_rowmax + 1):
            cells, told = self.table.get(line), self.row_info.get(line)
            span = self.row_spans.get(line // _SPAN_ROWS)
            if cells:
                self._write_row(line, span, told)
                self._write_line(line, cells, styles)
                self._xml_end_tag("row")
            elif told is not None:
                self._write_empty_row(line, span, told)

    def _write_line(self, line: int, cells: Mapping[int, Any], styles: dict[int, int]) -> None:
        written: list[str] = []
        number = line + 1
        for at in sorted(cells):
            cell = cells[at]
            kind = type(cell)
            style = styles.get(id(cell.format))
            if style is None and cell.format is not None:
                style = styles[id(cell.format)] = cell.format._get_xf_index()  # noqa: SLF001 - of the same library
            if style is None or kind not in _OWN:
                self.fh.write("".join(written))
                written = []
                self._write_cell(line, at, cell)
            elif kind is String:
                written.append(f'<c r="{_letters(at)}{number}" s="{style}" t="s"><v>{cell.string}</v></c>')
            elif kind is Number:
                written.append(f'<c r="{_letters(at)}{number}" s="{style}"><v>{cell.number:.16G}</v></c>')
            elif kind is Blank:
                written.append(f'<c r="{_letters(at)}{number}" s="{style}"/>')
            else:
                value = _escaped(cell.value) if isinstance(cell.value, str) else cell.value
                told = ' t="str"' if value and isinstance(value, str) else ""
                formula = _escaped(cell.formula)
                written.append(f'<c r="{_letters(at)}{number}" s="{style}"{told}><f>{formula}</f><v>{value}</v></c>')
        self.fh.write("".join(written))


def _escaped(words: str) -> str:
    if "&" in words or "<" in words or ">" in words:
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return words


def number_of(value: float, style: Any) -> Number:
    """Return the cell of a number; one that is not finite is an error, as with the library."""
    if not math.isfinite(value):
        raise TypeError(value)
    return Number(value, style)
