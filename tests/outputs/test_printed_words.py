"""What a reader sees of codes, dates and files; rows and headings that are not cut."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import matplotlib as mpl
import openpyxl
import pandas as pd
import pytest
from PIL import ImageFont

from siteplan import locale
from siteplan.locale import encode
from siteplan.outputs import paper_width, wording, workbook
from siteplan.outputs.dossier_assumptions import write_assumptions
from siteplan.outputs.land_words import code_words, shares_words
from siteplan.outputs.paper import Paper
from siteplan.outputs.reason_words import reason_lines, reasons_of_sites
from siteplan.outputs.sheet_fields import LINES_PRINTED, LINES_SHOWN, Field, heading_points, lines_of, wrapped
from siteplan.outputs.spreadsheet import SHEET_NAME_LIMIT, Book
from siteplan.outputs.webmap import content
from siteplan.outputs.workbook.plain import rows_of, sheet_name
from siteplan.outputs.writer import Writer
from siteplan.tables import RESULTS


def test_each_code_of_the_rules_on_land_use_has_its_name_in_both_languages(repo_root):
    words = (repo_root / "layers" / "rules" / "land_use.csv").read_text("utf-8-sig")
    for row in csv.DictReader(words.splitlines()):
        for lang, name in (("vi", row["name"]), ("en", row["name_en"])):
            said = locale.value_text("land_code", row["code"], lang)
            assert said != row["code"], row["code"]
            assert name.startswith(said), row["code"]


def test_shares_of_land_are_told_in_words_with_the_reader_s_decimals():
    said = "Đất chuyên trồng lúa (LUC) 62,5 %; Đất xây dựng trụ sở cơ quan (TSC) 37,5 %"
    assert shares_words("LUC 62.5; TSC 37.5", "vi") == said
    assert shares_words("LUC 62.4567; TSC 37.5; CLN 0.0433", "vi") == said
    assert shares_words("LUC 100.0", "en") == "Intensive rice (LUC) 100.0 %"
    both = shares_words("ONT+CLN 40.0", "vi")
    assert both == "Đất ở tại nông thôn + Đất trồng cây lâu năm (ONT+CLN) 40,0 %"
    # what the rules do not know, and what is no share, is not made up
    assert code_words("XYZ", "vi") == "XYZ"
    assert shares_words("<b>", "vi") == "<b>"
    column = RESULTS["sites"].column("land_use_shares")
    assert wording.shown(column, "HNK 100.0", "vi").endswith("(HNK) 100,0 %")
    assert wording.function_words("RSX", "vi") == "Đất rừng sản xuất (RSX)"
    assert wording.function_words("35.0", "vi") == "35"
    assert wording.zone_words("bridge_60_300:74.39531649911203", "vi").endswith(": 74,4")


def test_dates_and_points_within_texts_of_data_are_the_reader_s():
    event = {"flood": 250.0, "ground": 251.5, "margin": 1.5, "event": "Lũ năm 2008, 2008-09-26"}
    assert "(Lũ năm 2008, 26/09/2008)" in locale.text("sites.reason.flood_above", **event)
    assert "(Lũ năm 2008, 2008-09-26)" in locale.text("sites.reason.flood_above", "en", **event)
    corners = {"points": "2409769.73 451101.88; 2409684.00 451122.70"}
    assert locale.text("sites.coordinates.corners", **corners) == "2409769,73 451101,88; 2409684,00 451122,70"
    column = RESULTS["sites"].column("flood_event")
    assert wording.shown(column, "Yagi, 2024-09-09", "vi") == "Yagi, 09/09/2024"


def test_the_height_of_headings_and_rows_is_what_they_need():
    assert heading_points([Field("Mã", 9)]) == heading_points([Field("Mã xã", 9), Field("Tên", 20)])
    high = heading_points([Field("Khoảng cách đến trường học, trạm y tế, chợ", 12)])
    assert high > heading_points([Field("Mã", 9)])
    assert heading_points([Field("Khoảng cách đến trường học, trạm y tế, chợ", 12, hidden=True)]) < high
    fields = [Field("Lý do", 70)]
    sentence = "Theo thứ hạng, giai đoạn sớm nhất còn bố trí được; " * 8  # 408 letters
    assert lines_of(wrapped(fields), [sentence], LINES_PRINTED) >= len(sentence) / 80
    assert lines_of(wrapped(fields), [sentence], LINES_SHOWN) == LINES_SHOWN
    assert lines_of(wrapped(fields), ["a\nb\nc " + "x" * 90], LINES_PRINTED) == 4
    assert lines_of(wrapped([Field("Tên", 20)]), ["phường Lương Văn Tri"]) == 1


def test_lines_below_a_table_stand_apart_and_a_long_title_is_printed_whole(tmp_path):
    title = "Tổng hợp cơ sở dôi dư theo hình thức và năm – Phương án 1: thí điểm 2026, nhân rộng 2027-2030 và 2031-2035"
    long = "Dân số được phục vụ đến hết các năm lần lượt: 0; 323.501; 323.501 người, so với 0; 352.668 người. " * 2
    with Book(tmp_path / "a.xlsx", [], "vi", "a", stamp=["DỰ THẢO", "có số liệu minh họa"]) as book:
        book.sheet("A", title, [Field("a", 12), Field("b", 20)], [["1", "2"]], after=["ngắn", long])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    last = page.max_row
    assert page.row_dimensions[last].height >= 15 * len(long) / 40
    assert page.row_dimensions[last - 1].height in (None, 15)
    assert page["A3"].value == "Có số liệu minh họa"
    letters = re.search(r"\$([A-Z]+)\$\d+$", page.print_area)
    printed = openpyxl.utils.column_index_from_string(letters[1])
    # letters of 14 points are a quarter wider than those a column is measured in
    assert 12 + 20 + (printed - 2) * 8.43 >= 1.25 * len(title)


def test_the_name_of_a_sheet_keeps_its_option_whole():
    for lang, option in (("vi", "Phương án 12"), ("en", "Alternative 2")):
        keys = [key.rpartition(".")[2] for key in locale.catalogue(lang) if key.startswith("workbook.sheet.")]
        names = [sheet_name(key, lang, option) for key in keys]
        assert all(name.endswith(option) and len(name) <= SHEET_NAME_LIMIT for name in names)
        assert len(set(names)) == len(names)


def test_sources_lead_with_what_they_are_and_files_stay_on_the_screen(small_run, tmp_path):
    page = openpyxl.load_workbook(workbook.write_workbook([small_run], tmp_path / "a.xlsx"))["Nguồn dữ liệu"]
    rows = list(page.iter_rows(values_only=True))
    head = next(row for row in rows if "SHA-256" in row)
    shown = [name for name in head if name]
    assert shown[0] == "Dữ liệu"
    assert "Nguồn" in shown[:3]
    assert "Ngày dữ liệu" in shown[:4]
    assert shown[-3:] == ["Tệp", "SHA-256", "Lớp"]
    last = openpyxl.utils.column_index_from_string(re.search(r"\$([A-Z]+)\$\d+$", page.print_area)[1])
    assert not {"Tệp", "SHA-256", "Lớp"} & set(head[:last])
    files = {row[head.index("Tệp")] for row in rows[rows.index(head) + 1 :]}
    open_ones = small_run.table("sources")
    open_ones = open_ones[~open_ones["restricted"].fillna(value=False).astype(bool)]
    assert set(open_ones["file"].dropna()) <= files


@pytest.mark.parametrize("size", [8, 8.5, 9])
def test_no_heading_breaks_within_a_word_where_another_font_stands_in(size):
    """DejaVu Serif, which Linux takes where neither Times New Roman nor its twins are there, measures the words."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(str(folder / "DejaVuSerif-Bold.ttf"), 1000)
    headings = [
        "Thứ hạng ưu tiên", "Mã xã", "Tên", "Tình trạng", "Giai đoạn", "Năm khởi công", "Năm hoàn thành",
        "Hình thức đầu tư", "Hình thức theo nhu cầu", "Mã vị trí", "Dân số (người)", "Sàn cần bổ sung (m²)",
        "Tổng mức đầu tư sơ bộ (tỷ đồng)", "Đã gồm GPMB", "Lý do",
    ]  # fmt: skip
    reasons = "Xếp hạng ưu tiên 1 với 83,2 điểm; Vị trí cần ý kiến hoặc điều chỉnh quy hoạch trước khi khởi công"
    row = ["65", "05983", "Lương Văn Tri", "Được bố trí", "nhân rộng bước đầu 2027-2030", "2026", "2027", "Xây mới",
           "Xây mới", "05983-K-e3jeko", "50.436", "2.849,51", "34,247", "Không", reasons]  # fmt: skip
    widths, chosen = paper_width.column_widths(headings, [row] * 5, 251.0, size)
    for heading, width in zip(headings, widths, strict=True):
        for word in heading.split():
            needed = font.getlength(word) / 1000 * chosen * 25.4 / 72
            assert needed <= width - 1.76, (word, needed, width)  # 50 twentieths of a point on each side


def test_rules_that_say_the_same_stand_on_one_line_of_the_annex(small_run):
    def line(number, identity, name):
        return {
            "assumption_id": identity, "number": number, "place": "rules/plan_compatibility.csv", "value": "blocking",
            "unit": None, "statement": locale.encode(
                [("assumption.rule_of", {"name": name, "table": "plan_compatibility"})]),
            "legal_basis": "TT 16/2025/TT-BXD", "certainty": "P",
        }  # fmt: skip

    small_run.tables["assumptions"] = pd.DataFrame(
        [
            line(1, "plan_compatibility.*CAYXANH*.129", "Cây xanh"),
            line(2, "plan_compatibility.*HTXH_CAYXANH*.128", "Cây xanh"),
            line(3, "plan_compatibility.*RUNG*.161", "Rừng"),
            line(5, "plan_compatibility.*CAYXANH*.130", "Cây xanh"),
        ]
    )
    paper = Paper("Thử", dt.date(2026, 1, 1), [])
    write_assumptions(Writer(paper, [small_run], "vi"))
    table = paper._document.tables[-1]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert [row[0] for row in rows[1:]] == ["1–2, 5", "3"]
    assert rows[1][1].endswith("Cây xanh (mã ô chức năng: CAYXANH, HTXH_CAYXANH)")
    assert rows[2][1].endswith("Rừng")


def test_nothing_stands_between_a_table_and_the_break_to_the_next_annex():
    paper = Paper("Thử", dt.date(2026, 1, 1), [])
    paper.annex("Phụ lục I", "A", here=True)
    paper.table(["a"], [["1"]])
    paper.annex("Phụ lục II", "B")
    paper.table(["a"], [["1"]])
    body = list(paper._document.element.body)
    at = next(n for n, element in enumerate(body) if element.tag.endswith("}tbl"))
    assert body[at + 1].xpath("./w:pPr/w:sectPr")
    # within an annex the line stays: a table and the words below it must not touch
    assert not body[-2].xpath("./w:pPr/w:sectPr")


def test_a_long_name_on_a_sheet_keeps_the_end_that_tells_it_apart():
    from siteplan.outputs.sheet_text import ends_of, width_mm

    room = 41.3
    for place in ("phường Vĩnh Trại (cũ)", "xã Khánh Long (cũ)"):
        short = ends_of(f"Trụ sở Đảng ủy, HĐND và UBND {place}", 5.3, room)
        assert short.startswith("Trụ sở … ")
        assert short.endswith(place)
        assert width_mm(short, 5.3) <= room
    assert ends_of("Trụ sở", 5.3, room) == "Trụ sở"
    assert width_mm(ends_of("a " + "x" * 300, 5.3, room), 5.3) <= room


def test_long_reasons_get_room_and_what_is_looked_up_on_the_screen_is_not_printed(small_run, tmp_path):
    from siteplan.outputs.sheet_fields import WIDEST, WIDEST_OF_REASONS, field_of, fitted
    from siteplan.outputs.workbook.columns import on_paper

    field = field_of(RESULTS["programme"].column("reasons"), "vi")
    (wide,) = fitted([field], [["chữ " * 150]])
    assert wide.width == WIDEST_OF_REASONS
    (narrow,) = fitted(on_paper([field], []), [["chữ " * 150]])
    assert narrow.width == WIDEST
    book = openpyxl.load_workbook(workbook.write_workbook([small_run], tmp_path / "a.xlsx"))
    for name in ("Đối chiếu quy hoạch", "Xã, phường"):
        page = book[name]
        head = next(row for row in page.iter_rows(values_only=True) if "Dựa trên" in row)
        last = openpyxl.utils.column_index_from_string(re.search(r"\$([A-Z]+)\$\d+$", page.print_area)[1])
        assert "Dựa trên" not in head[:last]
        assert not any("Tọa độ" in str(cell) for cell in head[:last])


def test_a_class_code_of_a_plan_is_told_in_words():
    assert wording.function_of_rule("DAT_NNK_NONGNGHIEP", "Định hướng vùng huyện", "vi") == "Đất nông nghiệp"
    assert wording.function_of_rule("DAT_KHAC_X", "Giao thông, bãi đỗ xe", "vi") == "Giao thông, bãi đỗ xe"
    assert wording.function_of_rule("DAT_KHAC_X", None, "vi") == "DAT_KHAC_X"
    assert wording.function_of_rule("TSC", "Đất trụ sở", "vi") == "Đất xây dựng trụ sở cơ quan (TSC)"
    assert wording.function_of_rule("DAT_DD_DONVIO", None, "vi") == "Đơn vị ở"
    assert wording.function_of_rule("national", "Hành lang quốc lộ", "vi") == wording.function_words("national", "vi")


def test_an_assumption_is_named_by_its_table_and_row():
    column = RESULTS["assumptions"].column("assumption_id")
    assert wording.cell(column, "eligibility.hazard_near.16", "vi") == "Quy định chọn đất, dòng 16"
    household = "ground.household.nhà ở riêng lẻ|detached|semidetached_house|cabin.25"
    assert wording.cell(column, household, "vi") == "Ngưỡng xét điều kiện đất, dòng 25"
    assert wording.cell(column, "norm.building.floors", "vi") == "norm.building.floors"


def test_a_plan_named_twice_in_the_reasons_is_told_apart_by_the_function_of_its_zones():
    reason = {"title": "Quy hoạch sử dụng đất", "decision": "02/QĐ", "percent": 50.0}
    cell = encode([("sites.reason.condition_plan", {**reason, "area": 4085.08}),
                   ("sites.reason.condition_plan", {**reason, "area": 239.1}),
                   ("sites.reason.blocks", {"title": "Hành lang", "area": 5.0, "percent": 1.0})])  # fmt: skip
    row = {"title": "Quy hoạch sử dụng đất", "source": "plan", "rule_name": "Đất ở"}
    findings = [{**row, "function": "LUC", "area_m2": 4085.083}, {**row, "function": "ONT", "area_m2": 239.099}]
    first, second, third = reason_lines(cell, findings, "vi")
    assert "Quy hoạch sử dụng đất: Đất chuyên trồng lúa (LUC) (02/QĐ), 4.085 m²" in first
    assert "Quy hoạch sử dụng đất: Đất ở tại nông thôn (ONT) (02/QĐ), 239 m²" in second
    assert "Hành lang, 5 m²" in third


def test_what_speaks_for_a_site_is_called_by_one_word(repo_root):
    style = (repo_root / "maps" / "style.toml").read_text("utf-8")
    assert "Ủng hộ" not in style
    assert not [key for key, words in locale.catalogue("vi").items() if "ủng hộ" in words.lower()]


def test_map_and_workbook_tell_zones_of_one_plan_apart(small_run):
    reason = {"title": "Quy hoạch sử dụng đất", "decision": "02/QĐ", "percent": 50.0}
    sites = small_run.sites
    first = sites["site_id"].iloc[0]
    cell = encode([("sites.reason.condition_plan", {**reason, "area": 4085.08}),
                   ("sites.reason.condition_plan", {**reason, "area": 239.1})])  # fmt: skip
    small_run.tables["sites"] = sites.assign(reasons=[cell, *[None] * (len(sites) - 1)])
    row = small_run.conflicts.iloc[[0, 0]].assign(
        site_id=first, title=reason["title"], source="plan", rule_name=None, restricted=False,
        function=["LUC", "ONT"], area_m2=[4085.083, 239.099],
    )  # fmt: skip
    small_run.tables["conflicts"] = row
    names = ["Đất chuyên trồng lúa (LUC)", "Đất ở tại nông thôn (ONT)"]
    lines = reasons_of_sites(small_run, small_run.sites, "vi")[0]
    assert [name in line for name, line in zip(names, lines, strict=True)] == [True, True]
    on_map = content._sites(small_run, "vi")
    at = on_map["names"].index("reasons")
    told = on_map["rows"][0][at]
    assert (on_map["pools"]["reasons"][told] if "reasons" in on_map["pools"] else told) == lines
    (in_book,) = rows_of(small_run, small_run.sites.iloc[:1], "sites", ["reasons"], "vi")[0]
    assert in_book == "; ".join(lines)


def test_a_rule_that_is_dropped_altogether_is_said_in_words(small_run):
    frame = pd.DataFrame({
        "commune_code": ["1"] * 4, "step": [1, 2, 3, 4],
        "rule": ["slope", "border_no_build", "plan_blocking", "together"],
        "present": [25.0, 100.0, 0.0, float("nan")], "tried": [30.0, float("nan"), float("nan"), float("nan")],
        "unit": ["%", None, None, None],
    })  # fmt: skip
    names = ["rule", "present", "tried", "unit"]
    slope, border, plans, together = (row[1:] for row in rows_of(small_run, frame, "land_options", names, "vi"))
    assert slope == [25.0, 30.0, "%"]
    assert border == [100.0, "bỏ quy định", "m"]
    assert plans == ["đang áp dụng", "bỏ quy định", None]
    assert together == [None, None, None]
    assert rows_of(small_run, frame, "land_options", names, "en")[1][2] == "rule dropped"
