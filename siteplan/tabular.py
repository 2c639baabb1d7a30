"""Tables that a person edits, as .csv or .xlsx: separators, byte-order marks and encodings are recognised.

Everything is read as text. What a number means is decided by :func:`parse_number`, in one place, because Vietnamese
(2.159,6), English (2,159.6) and the standards' (2 159,6) ways of writing meet in one folder.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
from pathlib import Path

import defusedxml
import pandas as pd

from siteplan.errors import InputError, Problem

defusedxml.defuse_stdlib()  # openpyxl parses the XML of workbooks that people send

_SEPARATORS = ",;\t|"


def _decode(raw: bytes, path: Path) -> str:
    for encoding in ("utf-8-sig", "utf-16"):
        if encoding == "utf-16" and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(Problem("file_not_utf8", file=str(path)))


def _separator(header: str) -> str:
    counts = {separator: header.count(separator) for separator in _SEPARATORS}
    return max(counts, key=lambda separator: counts[separator])


def read_table(path: Path, sheet: str | None = None) -> pd.DataFrame:
    """Read a .csv or .xlsx table as text.

    Parameters
    ----------
    path
        The file. The first row names the columns; empty rows are left out.
    sheet
        Sheet of a workbook; the first one by default.

    Returns
    -------
    DataFrame
        Text or None, Unicode NFC, surrounding blanks removed; a column ``_row`` with the row number in the file.

    Raises
    ------
    InputError
        Where the file is missing, cannot be read, has no header, names a column twice, or has rows of text that do not
        have the cells of the header.
    """
    if not path.is_file():
        raise InputError(Problem("file_missing", file=str(path)))
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        rows = _rows_of_workbook(path, sheet)
    else:
        try:
            content = _decode(path.read_bytes(), path)
        except OSError as error:
            raise InputError(Problem("file_unreadable", file=str(path), value=str(error))) from None
        header = content.partition("\n")[0]
        read = csv.reader(io.StringIO(content, newline=""), delimiter=_separator(header))
        rows = [[_unguarded(cell) for cell in row] for row in read]
    _no_title(rows, path)
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        _whole(rows, path)
    if not rows or not any(cell for cell in rows[0]):
        raise InputError(Problem("table_without_header", file=str(path)))
    names = [_clean(cell) or "" for cell in rows[0]]
    twice = sorted({n for n in names if n and names.count(n) > 1})
    if twice:
        raise InputError(*(Problem("column_twice", file=str(path), column=name) for name in twice))
    records = []
    for number, row in enumerate(rows[1:], start=2):
        cells = [_clean(cell) for cell in row]
        if not any(cells):
            continue
        record: dict[str, str | int | None] = dict.fromkeys(names)
        record.update({n: c for n, c in zip(names, cells, strict=False) if n})
        record["_row"] = number
        records.append(record)
    columns = [n for n in names if n] + ["_row"]
    return pd.DataFrame(records, columns=columns, dtype=object)


def table_named(folder: Path, name: str) -> Path | None:
    """Path of the table ``<name>.csv`` or ``<name>.xlsx`` of a folder; None where there is neither.

    Raises
    ------
    InputError
        Where there are both: the one that was not read would be edited in vain.
    """
    there = [path for path in (folder / f"{name}.csv", folder / f"{name}.xlsx") if path.is_file()]
    if len(there) > 1:
        raise InputError(Problem("table_twice", file=str(there[0]), value=str(there[1])))
    return there[0] if there else None


# so many rows below a title the names of the columns are looked for, and so many names there must be
_TITLE_ROWS, _NAMES = 10, 3


def _no_title(rows: list[list[str]], path: Path) -> None:
    """Refuse a table whose first row is a title, one cell alone, with the names of the columns below it."""

    def cells(row: list[str]) -> int:
        return sum(map(bool, map(_clean, row)))

    below = enumerate(rows[1 : _TITLE_ROWS + 1], start=2)
    if rows and cells(rows[0]) <= 1 and (number := next((n for n, row in below if cells(row) >= _NAMES), None)):
        value = next((words for words in map(_clean, rows[0]) if words), "")
        raise InputError(Problem("table_title_above", file=str(path), feature=str(number), value=value or "–"))


def _whole(rows: list[list[str]], path: Path) -> None:
    """Refuse rows with fewer cells than the header, or with words beyond its last column; empty rows do not count."""
    width = len(rows[0]) if rows else 0
    broken = [
        Problem("row_not_whole", file=str(path), feature=str(number), params={"cells": len(row), "columns": width})
        for number, row in enumerate(rows, start=1)
        if any(map(_clean, row)) and (len(row) < width or any(map(_clean, row[width:])))
    ]
    if broken:
        raise InputError(*broken)


def _rows_of_workbook(path: Path, sheet: str | None) -> list[list[str]]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of validations it does not keep; nothing is written back
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            page = book[sheet] if sheet else book.worksheets[0]
            rows = [["" if c is None else _cell_text(c) for c in row] for row in page.iter_rows(values_only=True)]
            book.close()
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken or protected file provokes
        raise InputError(Problem("workbook_unreadable", file=str(path), value=f"{type(error).__name__}")) from None
    return rows


def _cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if hasattr(cell, "date") and hasattr(cell, "hour"):
        return str(cell.date().isoformat())
    return str(cell)


def _clean(cell: object) -> str | None:
    words = unicodedata.normalize("NFC", str(cell)).replace("\u00a0", " ").strip()
    return words or None


def guarded(words: str) -> str:
    """Return text for a CSV cell that no spreadsheet takes for a formula: an apostrophe before = + - @."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _unguarded(words: str) -> str:
    return words[1:] if words[:1] == "'" and words[1:2] in ("=", "+", "-", "@") else words


_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_GROUPED_DOTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_GROUPED_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


class AmbiguousNumberError(ValueError):
    """A number that can be read in two ways, such as 1.200 or 1,200."""


def parse_number(words: str) -> float:
    """Read a number written in Vietnamese, English or machine style.

    Raises
    ------
    AmbiguousNumberError
        Where one dot or comma is followed by exactly three digits: thousands, or decimals?
    ValueError
        Where it is no number.
    """
    text = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d)", "", words.strip())
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text):
        raise AmbiguousNumberError(words)
    if _PLAIN.fullmatch(text):
        return float(text)
    if _GROUPED_DOTS.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if _GROUPED_COMMAS.fullmatch(text):
        return float(text.replace(",", ""))
    if _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    raise ValueError(words)
