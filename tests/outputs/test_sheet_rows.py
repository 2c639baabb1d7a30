"""Rows written at once are the bytes that XlsxWriter writes cell by cell."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.outputs.sheet_rows import Blank, Formula, RowSheet, number_of
from siteplan.outputs.spreadsheet import Book, Field

_DAY = datetime.fromisoformat("2026-01-01T00:00:00")
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda words: not words.startswith("<r>")
)
_CELLS = st.one_of(
    st.none(),
    _WORDS,
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.tuples(
        st.sampled_from(['SUM($A1:$B1)&" <đ>"', 'IF(A1<>"",B1,"")', "1=1"]),
        st.one_of(_WORDS, st.just(""), st.just(0.1)),
    ),
)


def _sheets(path: Path, rows: list[list[Any]], heights: bool, own: bool) -> dict[str, bytes]:
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    book.set_properties({"created": _DAY})
    page = book.add_worksheet("a", RowSheet if own else None)
    styles = [book.add_format({"num_format": form}) for form in ("@", "0.00", "#,##0", "0")]
    page.merge_range(0, 0, 0, 3, "merged", styles[0])
    page.write_datetime(1, 0, _DAY, styles[1])
    for n, row in enumerate(rows):
        line = n + 3
        if own:
            page.put_row(line, [_cell(page, value, styles[at % 4]) for at, value in enumerate(row)])
        else:
            for at, value in enumerate(row):
                _write(page, line, at, value, styles[at % 4])
        if heights:
            page.set_row(line, 30)
    page.set_row(len(rows) + 40, 20)
    book.close()
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _cell(page: RowSheet, value: Any, style: Any) -> Any:
    if value is None:
        return Blank(style)
    if isinstance(value, str):
        return page.text(value, style)
    return Formula(value[0], style, value[1]) if isinstance(value, tuple) else number_of(value, style)


def _write(page: Any, line: int, at: int, value: Any, style: Any) -> None:
    if value is None:
        page.write_blank(line, at, None, style)
    elif isinstance(value, str):
        page.write_string(line, at, value, style)
    elif isinstance(value, tuple):
        page.write_formula(line, at, f"={value[0]}", style, value[1])
    else:
        page.write_number(line, at, value, style)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(_CELLS, min_size=1, max_size=30), max_size=40), heights=st.booleans())
def test_rows_are_the_bytes_of_the_library(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]], heights: bool
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    theirs = _sheets(folder / "a.xlsx", rows, heights, own=False)
    assert _sheets(folder / "b.xlsx", rows, heights, own=True) == theirs


def test_a_text_longer_than_a_cell_is_cut_where_excel_cuts(tmp_path: Path) -> None:
    """Excel counts UTF-16 units: a sign beyond the first plane counts twice and is never cut in its middle."""
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    page = book.add_worksheet("a", RowSheet)
    page.put_row(0, [page.text("a" + "\U0001d11e" * 20_000, None)])
    book.close()
    read = openpyxl.load_workbook(tmp_path / "a.xlsx")["a"]["A1"].value
    assert read == "a" + "\U0001d11e" * 16_383


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError):
        number_of(float("nan"), None)


def test_text_from_data_is_no_rich_text_of_the_library(tmp_path: Path) -> None:
    """XlsxWriter puts a text between ``<r>`` and ``</r>`` into the file as it stands: it could hold any element."""
    hostile = "<r><t>a</t></si><si><t>b</t></r>"
    with Book(tmp_path / "a.xlsx", (), "vi", "a") as book:
        book.sheet("a", "a", [Field("a", 20)], [[hostile], ["c"]])
    cells = [row[0].value for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["a"].iter_rows()]
    assert cells[-2:] == [f" {hostile}", "c"]
