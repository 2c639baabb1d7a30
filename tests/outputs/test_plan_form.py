import openpyxl
import pandas as pd
import pytest

from siteplan.outputs import summary
from siteplan.outputs.plan_form import MILLION, add_sheet, rows_of
from siteplan.outputs.spreadsheet import Book


def test_every_planned_centre_has_a_line_whose_money_adds_up(small_run):
    years, sources, rows = rows_of(small_run, "vi")
    planned = summary.programme(small_run)
    planned = planned[planned["status"] == "planned"]
    money = summary.of_option(small_run.funding, small_run)
    assert len(rows) == len(planned)
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row[5] == sum(v or 0 for v in row[6 : 6 + len(years)]) for row in rows if row[5] is not None)
    for n, year in enumerate(years):
        total = money.loc[money["year"] == year, "amount"].sum() / MILLION
        assert sum(row[6 + n] or 0 for row in rows) == pytest.approx(total, abs=len(rows))
    assert len(rows[0]) == 6 + len(years) + len(sources) + 1


def test_the_sheet_is_in_trieu_dong_and_says_so(small_run, tmp_path):
    path = tmp_path / "x.xlsx"
    with Book(path, [small_run], "vi", "x") as book:
        add_sheet(book, small_run, "vi")
    page = openpyxl.load_workbook(path).worksheets[0]
    words = [str(c.value) for row in page.iter_rows() for c in row if c.value is not None]
    assert any(word.startswith("Đơn vị: triệu đồng") for word in words)
    assert "Tổng mức đầu tư theo giá các năm chi" in words


def test_a_renovation_has_the_floor_that_is_renovated(small_run):
    rows = small_run.tables["programme"]
    rows.loc[rows["commune_code"] == "06184", ["build_type", "needed_build_type"]] = ["renovate", "extend"]
    cost = {"commune_code": "06184", "build_type": "renovate", "component": "renovation", "quantity": 1580.3}
    small_run.tables["costs"] = pd.concat([small_run.costs, pd.DataFrame([cost])], ignore_index=True)
    (size,) = (row[3] for row in rows_of(small_run, "vi")[2] if "Hữu Lũng" in row[2])
    assert size.endswith(", 1.580 m² sàn")


def test_an_extension_in_place_of_a_new_building_has_the_floor_that_is_built(small_run):
    """What is made good of the need holds floor that stands already; only the works are built and paid for."""
    rows = small_run.tables["programme"]
    rows.loc[rows["commune_code"] == "06184", ["build_type", "needed_build_type"]] = ["extend", "build_new"]
    cost = {"commune_code": "06184", "build_type": "extend", "component": "construction", "quantity": 699.27}
    small_run.tables["costs"] = pd.concat([small_run.costs, pd.DataFrame([cost])], ignore_index=True)
    option = {"commune_code": "06184", "build_type": "extend", "added_floor_area_m2": 1413.94}
    small_run.tables["build_options"] = pd.concat([small_run.build_options, pd.DataFrame([option])], ignore_index=True)
    (size,) = (row[3] for row in rows_of(small_run, "vi")[2] if "Hữu Lũng" in row[2])
    assert size.endswith(", 699 m² sàn")
