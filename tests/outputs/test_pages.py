"""What a reader of the printed papers meets: no token of the program, no file name, no number in a foreign form."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
from docx.oxml.ns import qn

from siteplan import locale
from siteplan.locale import encode
from siteplan.outputs import sheet_paper, wording
from siteplan.outputs.paper import Paper
from siteplan.outputs.paper_width import column_widths, height_mm, width_mm
from siteplan.outputs.printing import PAPER_A3
from siteplan.outputs.spreadsheet import Book
from siteplan.outputs.style import LegendClass
from siteplan.outputs.workbook import money
from siteplan.scenario import Standing
from siteplan.tables import RESULTS, Column


def paper():
    return Paper("Thử", dt.date(2026, 1, 1), [])


@pytest.mark.parametrize(
    ("group", "table", "column"),
    [
        ("letters", "sites", "letter"),
        ("facilities", "facilities", "status"),
        ("condition", "facilities", "condition"),
        ("build", "communes", "build_type"),
        ("status", "programme", "status"),
        ("check", "sites", "check_result"),
        ("ask", "sites", "check_result"),
    ],
)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_sentence_that_counts_has_words_for_every_token(group, table, column, lang):
    tokens = RESULTS[table].column(column).values
    assert tokens
    for token in tokens:
        if (group, token) == ("ask", "blocked"):
            continue  # nobody asks for a site that is blocked
        assert locale.has_text(f"dossier.counted.{group}.{token}", lang), token


@pytest.mark.parametrize(
    ("label", "unit", "shown"),
    [
        ("Điểm", "điểm", "Điểm"),
        ("Số người làm việc", "người", "Số người làm việc"),
        ("Dân số", "người", "Dân số (người)"),
        ("Diện tích", "m²", "Diện tích (m²)"),
        ("Tỷ lệ dân đến được trong 30 phút", "%", "Tỷ lệ dân đến được trong 30 phút (%)"),
    ],
)
def test_a_heading_does_not_name_its_unit_twice(label, unit, shown):
    assert wording.label(Column("a", "float", label, label, "A", unit, 2), "vi") == shown


def test_lists_end_as_sentences_do():
    one = paper()
    one.items(["xã A: lý do", "xã B;", "Câu đủ."])
    one.items(["một;", "hai"])
    assert [p.text for p in one.document.paragraphs] == ["- xã A: lý do;", "- xã B;", "- Câu đủ.", "- một;", "- hai."]


def test_what_announces_a_list_stays_with_it():
    one = paper()
    one.text("Gồm:")
    one.text("Hết.")
    assert [p.paragraph_format.keep_with_next for p in one.document.paragraphs] == [True, None]


def test_the_word_of_a_total_has_the_room_of_the_empty_cells_beside_it():
    one = paper()
    one.table(["Hạng", "Tên", "Dân số"], [["1", "A", "5"], ["Tổng các đơn vị được bố trí", "", "5"]], bold_rows=[1])
    table = one.document.tables[0]
    assert table.rows[2].cells[0]._tc is table.rows[2].cells[1]._tc
    assert table.rows[2]._tr.findall(f".//{qn('w:gridSpan')}")[0].get(qn("w:val")) == "2"
    assert [cell.text for cell in table.rows[1].cells] == ["1", "A", "5"]


def test_short_words_stand_on_no_more_lines_than_the_long_text_beside_them():
    # 95 letters on 50 mm: three lines; "Cần điều chỉnh quy hoạch" on as many needs "Cần điều" on one
    long = "Diện tích đáp ứng nhu cầu; mặt đường gần nhất; độ dốc trung bình nhỏ; người dân đi đến nhanh, gần"
    widths, size = column_widths(["Sự phù hợp", "Lý do"], [["Cần điều chỉnh quy hoạch", long]] * 9, 65.0, 10)
    assert width_mm("Cần điều", size) + 2 <= widths[0]
    three_lines = 3 * size * 25.4 / 72 * 1.2
    assert height_mm([["Cần điều chỉnh quy hoạch", ""]], widths, size) <= three_lines + 1e-9


def test_maps_are_printed_as_they_are_drawn_or_tell_no_scale():
    def scale_told(to_size):
        sheet = sheet_paper.Sheet(100, 100, "vi", to_size=to_size)
        sheet.scale_bar(10, 50, 25_000)
        return any("25.000" in text.get_text() for text in sheet.figure.texts)

    assert scale_told(True)
    assert not scale_told(False)


def test_what_stands_below_a_heading_of_a_legend_is_in_its_column():
    look = LegendClass(fill="#000000")
    lines = [("a", look, False)] * 3 + [("Nhóm", None, False)] + [("b", look, False)] * 3
    columns = sheet_paper._columns(lines, 5, whole=True)
    assert [[words for words, _, _ in column] for column in columns] == [["a"] * 3, ["Nhóm", "b", "b", "b"]]
    assert [len(column) for column in sheet_paper._columns(lines, 5, whole=False)] == [5, 2]


def test_an_assumption_is_told_in_words_with_its_unit():
    from siteplan.assumptions import _rule_row

    stands = Standing(("thu.toml",), {})
    row = {"rule": "road", "name": "Hành lang", "distance_m": 17.0, "distance_urban_m": 0.0, "strength": "hard",
           "threshold": float("nan"), "_row": 3, "legal_basis": "NĐ", "certainty": "R"}  # fmt: skip
    found = _rule_row("eligibility", row, stands)
    assert locale.render(found["statement"], "vi") == "Quy định chọn đất: Hành lang"
    assert (found["value"], found["unit"]) == ("17", "m")
    assert wording.place_words(found["place"], "vi") == "Quy định chọn đất"
    found = _rule_row("eligibility", row | {"distance_m": 0.0}, stands)
    assert wording._assumed(found["value"], "vi") == "loại khu đất"
    found = _rule_row("eligibility", row | {"threshold": 25.0, "column": "slope_percent"}, stands)
    assert (found["value"], found["unit"]) == ("25", "%")
    step = {"step": "hand_over", "name": "Bàn giao", "months": 0.0, "_row": 1, "legal_basis": "", "certainty": "P"}
    found = _rule_row("steps", step, stands)
    assert (found["value"], found["unit"]) == ("0", "tháng")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_rule_table_an_assumption_comes_from_has_a_name(lang):
    from siteplan.assumptions import _RULE_TABLES

    for table in _RULE_TABLES:
        assert wording.place_words(f"rules/{table}.csv", lang) != table


def test_the_evidence_on_paper_is_one_page_wide_and_its_rows_are_as_high_as_what_is_printed():
    from siteplan.outputs.printing import A3_PAGE_WIDTH
    from siteplan.outputs.sheet_fields import field_of, lines_of, wrapped
    from siteplan.outputs.workbook.columns import EVIDENCE_PRINTED, beside, on_paper
    from siteplan.tables import RESULTS

    table = RESULTS["conflicts"]
    first, screen = beside(table.names, EVIDENCE_PRINTED)
    fields = on_paper([field_of(table.column(name), "vi") for name in (*first, *screen)], screen)
    printed = [field for field in fields if field.printed]
    assert {field.key for field in printed} == set(EVIDENCE_PRINTED)
    # the longest text may grow to the widest a column gets, and the commune's name stands beside its code
    widest = max(field.width for field in printed)
    assert sum(field.width for field in printed) - widest + 60 + 20 <= A3_PAGE_WIDTH
    row = ["" for _ in fields]
    row[len(first)] = "chữ " * 400
    assert lines_of(wrapped(fields), row) == 1


def test_the_programme_is_printed_one_page_wide_with_the_reasons_on_it(small_run, tmp_path):
    rows = small_run.tables["programme"]
    rows["reasons"] = encode([("decide.site.held", {})] * 20)
    rows["phase"] = "nhân rộng bước đầu"
    build = rows["build_type"].notna()
    rows.loc[build, ["build_type", "needed_build_type"]] = ["renovate", "build_new"]
    small_run.tables["programme"] = rows
    with Book(tmp_path / "a.xlsx", [small_run], "vi", "a") as book:
        money.add_programme(book, small_run, "vi", None, None, None, None)
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert page.page_setup.fitToWidth in (None, 1)  # unsaid, it is one
    assert int(page.page_setup.paperSize) == PAPER_A3
    head = next(row for row in page.iter_rows() if row[0].value == "Mã xã")
    reasons = next(cell for cell in head if cell.value == "Lý do")
    assert page.column_dimensions[reasons.column_letter].width >= 50


def test_each_strength_of_an_eligibility_rule_has_words(repo_root):
    from siteplan.locale import has_text
    from siteplan.rules import load_rules

    for strength in set(load_rules(repo_root / "layers" / "rules").eligibility["strength"]):
        assert all(has_text(f"value.strength.{strength}", lang) for lang in ("vi", "en")), strength


def test_the_break_behind_a_table_takes_no_line_of_its_page():
    import docx.shared

    paper = Paper("Thử", dt.date(2026, 1, 1), [])
    paper.annex("Phụ lục I", "A", here=True)
    paper.table(["a"], [["1"]])
    paper.annex("Phụ lục II", "B")
    breaks = [p for p in paper._document.paragraphs if p._p.pPr is not None and p._p.pPr.sectPr is not None]
    assert breaks
    assert all(p.paragraph_format.line_spacing == docx.shared.Pt(1) and not p.text for p in breaks)
