from __future__ import annotations

import zipfile

import openpyxl
import pytest

from siteplan import locale
from siteplan.outputs import workbook


def read(path):
    """Read the values that are shown where nothing recalculates."""
    return openpyxl.load_workbook(path, data_only=True)


def sheet_of(book, key):
    name = locale.text(f"workbook.sheet.{key}")
    return next(page for page in book.worksheets if page.title == name or page.title.startswith(f"{name} "))


def table(page, first):
    """Rows below the heading row that holds `first`, as dictionaries by heading."""
    rows = list(page.iter_rows(values_only=True))
    head = next(n for n, row in enumerate(rows) if first in row)
    names = rows[head]
    return [dict(zip(names, row, strict=True)) for row in rows[head + 1 :]]


@pytest.fixture(scope="module")
def both(small_run_factory, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return small_run_factory(folder), small_run_factory(folder, "phuong_an_2", early=False)


@pytest.fixture(scope="module")
def book(both, tmp_path_factory):
    return read(workbook.write_workbook(both, tmp_path_factory.mktemp("workbook") / "so.xlsx"))


def test_every_topic_has_a_sheet(book):
    titles = [page.title for page in book.worksheets]
    for key in (
        "summary",
        "communes",
        "sites",
        "conflicts",
        "priority",
        "facilities",
        "needs",
        "costs",
        "coverage",
        "assumptions",
        "sources",
    ):
        assert titles.count(locale.text(f"workbook.sheet.{key}")) == 1
    for key in ("programme", "funding", "surplus"):
        assert sum(title.startswith(locale.text(f"workbook.sheet.{key}")) for title in titles) >= 2
    assert locale.text("compare.sheet.measures") in titles


def test_figures_are_those_of_the_results(book, both):
    rows = {row["Mã xã"]: row for row in table(sheet_of(book, "communes"), "Mã xã")}
    for commune in both[0].communes.itertuples():
        row = rows[commune.code]
        assert row["Diện tích sàn cần (m²)"] == commune.required_floor_area_m2
        existing = row["Sàn hiện có (m²)"]
        assert existing == (None if commune.code == "05977" else commune.existing_floor_area_m2)
        assert row["Dân số (người)"] == commune.population


def test_conformity_is_listed_by_commune_rank_and_duty(both, tmp_path):
    run = both[0]
    sites = run.sites
    sites.loc[sites["site_id"] == "06001-T-AAAAAA", "rank"] = 4  # neither proposed nor among the first three
    sites["shift"] = locale.encode([("sites.shift.clear", {"metres": 12, "direction": "ne"})])
    other = type(run)(run.folder, run.manifest, {**run.tables, "sites": sites})
    pages = read(workbook.write_workbook([other], tmp_path / "so.xlsx"))
    rows = table(sheet_of(pages, "conformity"), "Sự phù hợp quy hoạch")
    assert len({row["Mã vị trí"] for row in rows}) == 5
    assert "06001-T-AAAAAA" not in {row["Mã vị trí"] for row in rows}
    assert [(row["Mã vị trí"], row["Loại quy hoạch"]) for row in rows[:3]] == [
        ("05977-K-AAAAAA", "Quy hoạch chung đô thị, quy hoạch chung xã"),
        ("05977-K-AAAAAA", "Quy hoạch sử dụng đất"),
        ("05977-K-AAAAAA", "Quy hoạch chi tiết, tổng mặt bằng"),
    ]
    assert [row["Sự phù hợp quy hoạch"] for row in rows[:2]] == [
        "cần điều chỉnh quy hoạch", "chưa có quy hoạch, chưa đối chiếu được",
    ]  # fmt: skip
    assert rows[3]["Mã vị trí"] == "05977-T-AAAAAA"  # second in rank
    shift = {row["Dịch khu đất"] for row in table(sheet_of(pages, "sites"), "Dịch khu đất")}
    assert shift == {"Dịch 12 m về phía đông bắc thì tránh được các nội dung không phù hợp và có điều kiện"}


def test_provincial_totals_are_split_and_summed_in_place(book):
    rows = table(sheet_of(book, "summary"), locale.text("workbook.basis"))
    by_name = {row[locale.text("workbook.basis")]: row for row in rows}
    assert by_name[locale.text("workbook.total")]["Sàn hiện có (m²)"] == 5000.25
    assert by_name[locale.value_text("gap_basis", "missing")]["Sàn hiện có (m²)"] is None
    last = table(sheet_of(book, "communes"), "Mã xã")[-1]
    assert locale.text("workbook.total") in (last["Mã xã"], last["Tên"])
    assert last["Sàn hiện có (m²)"] == 5000.25


def test_nothing_from_data_becomes_a_formula(both, tmp_path):
    book = openpyxl.load_workbook(workbook.write_workbook(both, tmp_path / "so.xlsx"))
    cells = [cell for page in book.worksheets for row in page.iter_rows() for cell in row]
    formulas = [c.value for c in cells if c.data_type == "f"]
    assert formulas
    assert not [f for f in formulas if "7*7" in f or "1+1" in f or "nguồn xấu" in f or "nhà" in f]
    assert any(isinstance(c.value, str) and c.value.startswith("=1+1 {{7*7}}") for c in cells)
    assert any(c.value == "@nhà" for c in cells)


def test_text_is_whole_and_no_key_is_left(book):
    texts = [c.value for page in book.worksheets for row in page.iter_rows() for c in row if isinstance(c.value, str)]
    assert "Đoàn Kết" in texts
    assert any(text.startswith("Đất ở nông thôn kết hợp") and len(text) > 1000 for text in texts)
    assert not [t for t in texts if t.startswith(("workbook.", "compare.", "stamp.", "value.", "unit."))]


def test_restricted_objects_are_nowhere(two_runs, tmp_path):
    path = workbook.write_workbook(two_runs, tmp_path / "so.xlsx")
    with zipfile.ZipFile(path) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8")
    assert "BIMAT" not in text
    assert "Trận địa" not in text
    assert "mat.shp" not in text
    assert "cần xác nhận bằng văn bản" in text


def test_sheets_can_be_filtered_scrolled_and_printed(book):
    page = sheet_of(book, "communes")
    assert page.auto_filter.ref
    assert page.freeze_panes.startswith("C")
    assert page.page_setup.orientation == "landscape"
    assert page.print_title_rows
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert {p.page_setup.paperSize for p in book.worksheets} <= {8, 9, "8", "9"}


def test_each_sheet_says_that_it_is_a_draft_on_illustrative_figures(book):
    for page in book.worksheets:
        marks = [row[0] for row in page.iter_rows(min_row=2, max_row=3, values_only=True)]
        assert "DỰ THẢO" in marks[0]
        assert "minh họa" in marks[1]
        assert "DỰ THẢO" in page.oddHeader.right.text


def test_a_frozen_run_on_real_data_is_no_draft(build_run, tmp_path):
    run = build_run(frozen={"version": "trình lần 2", "date": "2026-03-01"}, illustrative_layers=[])
    page = read(workbook.write_workbook([run], tmp_path / "so.xlsx")).worksheets[0]
    texts = [str(c.value) for row in page.iter_rows() for c in row]
    assert any("trình lần 2" in text for text in texts)
    assert not any("DỰ THẢO" in text for text in texts)


def test_the_list_of_sheets_leads_to_each_and_marks_annexes(both, tmp_path):
    book = openpyxl.load_workbook(workbook.write_workbook(both, tmp_path / "so.xlsx"))
    front = book.worksheets[0]
    listed = table(front, locale.text("workbook.column.sheet"))
    names = [row[locale.text("workbook.column.sheet")] for row in listed]
    assert names == book.sheetnames[1:]
    links = [c.hyperlink.location for row in front.iter_rows() for c in row if c.hyperlink is not None]
    assert links == [f"'{name}'!A1" for name in names]
    grey = {
        p.title
        for p in book.worksheets
        if p.sheet_properties.tabColor and p.sheet_properties.tabColor.rgb == "FFA6A6A6"
    }
    part = locale.text("workbook.column.part")
    assert grey == {
        row[locale.text("workbook.column.sheet")]
        for row in listed
        if row[part] == locale.text("workbook.contents.annex")
    }
    assert locale.text("workbook.sheet.needs") in grey
    assert locale.text("workbook.sheet.communes") not in grey


def test_charts_are_drawn_from_the_cells(both, tmp_path):
    path = workbook.write_workbook(both, tmp_path / "so.xlsx")
    with zipfile.ZipFile(path) as archive:
        charts = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/charts/chart")]
    assert len(charts) == 3  # points by commune; money of each option
    assert sum("Thứ tự ưu tiên" in chart for chart in charts) == 1
    assert all("<c:f>" in chart for chart in charts)


def test_money_is_in_billions_and_adds_up(book):
    page = next(p for p in book.worksheets if p.title == f"{locale.text('workbook.sheet.funding')} phuong_an_1")
    rows = table(page, locale.text("workbook.year"))
    total = f"{locale.text('workbook.total')} (tỷ đồng)"
    assert [row[total] for row in rows] == [40.5, 0, 10, 21.25, 71.75]


def test_a_table_that_differs_between_runs_is_written_for_each(two_runs, tmp_path):
    two_runs[1].tables["sites"].loc[0, "score"] = 1.0
    titles = [p.title for p in read(workbook.write_workbook(two_runs, tmp_path / "so.xlsx")).worksheets]
    assert "Vị trí phuong_an_1" in titles
    assert "Vị trí phuong_an_2" in titles


def test_an_empty_run_still_gives_a_workbook(small_run, tmp_path):
    for name in (
        "sites",
        "conflicts",
        "programme",
        "funding",
        "surplus",
        "facilities",
        "scores",
        "coverage",
        "assumptions",
        "sources",
    ):
        small_run.tables[name] = small_run.tables[name].iloc[:0]
    book = read(workbook.write_workbook([small_run], tmp_path / "so.xlsx"))
    assert len(book.worksheets) > 10


def test_the_same_runs_give_the_same_bytes(two_runs, tmp_path):
    first = workbook.write_workbook(two_runs, tmp_path / "a.xlsx").read_bytes()
    assert workbook.write_workbook(two_runs, tmp_path / "b.xlsx").read_bytes() == first


def test_the_level_of_the_hazard_layer_stands_beside_the_known_flood(both, tmp_path):
    sites = both[0].sites
    sites[["hazard_level", "flood_state", "raise_m"]] = ["none", "raise", 1.16]
    other = type(both[0])(both[0].folder, both[0].manifest, {**both[0].tables, "sites": sites})
    pages = read(workbook.write_workbook([other], tmp_path / "so.xlsx"))
    for key in ("sites", "sites_leading"):
        row = table(sheet_of(pages, key), "Mức nguy cơ theo lớp thiên tai")[0]
        assert row["Mức nguy cơ theo lớp thiên tai"] == "ngoài vùng của lớp thiên tai"
        assert (row["So với mực lũ đã biết"], row["Cần tôn nền (m)"]) == ("phải tôn nền", 1.16)
        assert sheet_of(pages, key).page_setup.fitToWidth in (None, 1) or key == "sites"
    more = {"Khối lượng đào (m³)", "Khối lượng đắp (m³)", "Nơi xa nhất (phút)", "Mở rộng được cho đủ nhu cầu"}
    assert more <= set(table(sheet_of(pages, "sites"), "Mã vị trí")[0])


def test_reasons_of_sites_are_not_cut_at_the_foot_of_their_row(both, tmp_path):
    sites = both[0].sites
    sites["reasons"] = locale.encode([("decide.site.held", {})] * 40)
    other = type(both[0])(both[0].folder, both[0].manifest, {**both[0].tables, "sites": sites})
    page = sheet_of(read(workbook.write_workbook([other], tmp_path / "so.xlsx")), "sites")
    head = next(row for row in page.iter_rows() if row[0].value == "Mã vị trí")
    reasons = next(cell for cell in head if cell.value == "Lý do")
    width, words = page.column_dimensions[reasons.column_letter].width, page.cell(head[0].row + 1, reasons.column).value
    assert len(words) > 1000
    assert 15 * len(words) / (1.1 * width) <= page.row_dimensions[head[0].row + 1].height <= 409
