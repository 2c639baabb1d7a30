from __future__ import annotations

import datetime as dt
import re
import subprocess
import zipfile

import openpyxl
import pandas as pd
import pytest

from siteplan import locale
from siteplan.survey import forms
from siteplan.survey.form_book import LIST_SHEET
from siteplan.survey.known import Known, new_row_ids
from siteplan.survey.questions import (
    ABOUT_SHEET,
    FIRST_ROW,
    KEY_ROW,
    NUMERIC,
    SCHEMA_VERSION,
    TOPICS,
    row_mark,
    row_of_mark,
    topic_of,
)


def sheet(book, key):
    return book[locale.text(f"survey.sheet.{key}")]


def cells_of(page, key):
    """Cells of one question of a list, top to bottom."""
    at = next(c.column for c in page[KEY_ROW] if c.value == key)
    return [page.cell(row, at) for row in range(FIRST_ROW, page.max_row + 1)]


@pytest.fixture(scope="module")
def book(blank):
    return openpyxl.load_workbook(blank["06184"])


@pytest.mark.parametrize(
    ("commune", "name"),
    [
        (("06184", "xã", "Đồng Đăng"), "06184 xã Đồng Đăng.xlsx"),
        (("06001", "xã", 'A/B:C*"?<>|\\ '), "06001 xã A B C.xlsx"),
        (("06001", "xã", "../../x."), "06001 xã .. .. x.xlsx"),
    ],
)
def test_files_are_named_so_that_a_person_finds_them(commune, name):
    assert forms.form_name(*commune) == name


def test_a_sheet_for_each_topic_and_hidden_ones_behind(book):
    wanted = [locale.text(f"survey.sheet.{key}") for key in ("cover", *(t.key for t in TOPICS))]
    assert book.sheetnames == [*wanted, LIST_SHEET, ABOUT_SHEET]
    assert [book[n].sheet_state for n in book.sheetnames[-2:]] == ["hidden", "veryHidden"]
    about = {row[0].value: row[1].value for row in book[ABOUT_SHEET].iter_rows()}
    assert about["commune"] == "06184"
    assert about["schema"] == SCHEMA_VERSION
    assert about["deadline"] == "2026-12-15"
    cover = [c.value for row in sheet(book, "cover").iter_rows() for c in row if c.value]
    assert "15/12/2026" in cover


def test_known_figures_are_filled_in_and_what_is_missing_stays_empty(book):
    page = sheet(book, "facilities")
    assert [c.value for c in cells_of(page, "facility_name")[:3]] == ["Trụ sở UBND xã Đồng Đăng (cũ)", "=1+1", None]
    assert [c.value for c in cells_of(page, "land_area")[:3]] == [3000.5, 250.25, None]
    assert [c.value for c in cells_of(page, "floor_area")[:2]] == [None, 480.75], "missing is not zero"
    assert cells_of(page, "condition")[0].value == "xuống cấp"
    assert cells_of(page, "decision_date")[0].value.date() == dt.date(2025, 12, 31)
    assert [c.value for c in cells_of(page, "x_north")[:2]] == [2_420_025, None], "an assumed position is not known"
    assert cells_of(page, "y_east")[0].value == 440_050
    unit = {row[0].value.split(" #")[0]: row[2].value for row in sheet(book, "unit").iter_rows(min_row=FIRST_ROW)}
    assert (unit["staff"], unit["staff_party"], unit["staff_front"]) == (55, 12, None)
    assert cells_of(sheet(book, "buildings"), "of_facility")[0].value == 2
    filed = sheet(book, "dossier").cell(FIRST_ROW, 3).value
    assert filed == locale.value_text("bool", "yes")


def test_nobody_confirms_made_up_figures(blank):
    page = sheet(openpyxl.load_workbook(blank["05977"]), "facilities")
    assert cells_of(page, "facility_name")[0].value == "Trụ sở minh họa"
    assert cells_of(page, "land_area")[0].value is None
    assert cells_of(page, "x_north")[0].value is None


def test_input_cells_are_open_and_all_others_locked(book):
    for topic in TOPICS:
        page = sheet(book, topic.key)
        assert page.protection.sheet
        keys = {c.column: c.value for c in page[KEY_ROW] if c.value}
        open_ones = {q.key for q in topic.questions} if topic.is_list else {"value"}
        seen = set()
        for row in page.iter_rows(min_row=FIRST_ROW):
            for cell in row:
                key = keys.get(cell.column)
                assert cell.protection.locked is (key not in open_ones), (topic.key, cell.coordinate)
                seen.add(key)
        assert open_ones <= seen


def test_every_list_offers_its_tokens_in_words(book):
    lists = {column[0].value: [c.value for c in column[1:] if c.value] for column in book[LIST_SHEET].iter_cols()}
    assert lists["condition"] == ["tốt", "trung bình", "xuống cấp", "không bảo đảm an toàn"]
    assert lists["survey_crs"] == ["VN-2000", "WGS 84"]
    for topic in TOPICS:
        rules = sheet(book, topic.key).data_validations.dataValidation
        wanted = sum(q.kind in ("list", "number_of") for q in topic.questions)
        assert sum(r.type == "list" for r in rules) == wanted, topic.key
        assert all(r.showErrorMessage and r.prompt for r in rules)
        assert len(rules) == len(topic.questions)


def test_a_choice_of_facility_covers_its_rows(book):
    rule = next(r for r in sheet(book, "buildings").data_validations.dataValidation if "$B$" in (r.formula1 or ""))
    spare = topic_of("facilities").spare
    assert rule.formula1 == f"'Cơ sở nhà, đất'!$B${FIRST_ROW}:$B${FIRST_ROW + 2 + spare - 1}"


def test_beside_every_number_stands_how_it_is_read(book):
    for topic in TOPICS:
        if not topic.is_list:
            continue
        page = sheet(book, topic.key)
        for question in topic.questions:
            if question.kind in NUMERIC and question.kind != "coordinate":
                beside = cells_of(page, f"{question.key}.read")
                assert all(c.data_type == "f" for c in beside), question.key
                at = cells_of(page, question.key)[0]
                assert beside[0].column == at.column + 1
                assert at.coordinate in beside[0].value


def test_names_from_data_never_become_formulas(blank):
    book = openpyxl.load_workbook(blank["06001"])
    assert sheet(book, "unit")["B1"].value.endswith('=cmd|"x"!A1')
    for file in blank.values():
        for page in openpyxl.load_workbook(file).worksheets:
            for row in page.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        assert re.match(r"=(IF|COUNTA)\(", cell.value), cell.value
                        assert "cmd" not in cell.value


def test_no_formula_asks_for_a_format_of_the_machines_language(blank):
    with zipfile.ZipFile(blank["06184"]) as packed:
        words = "".join(packed.read(n).decode() for n in packed.namelist() if n.startswith("xl/worksheets/"))
    formulas = re.findall(r"<f>(.*?)</f>", words)
    assert len(formulas) > 100
    assert not [f for f in formulas if re.search(r"\b(TEXT|FIXED|DOLLAR|VALUE|NUMBERVALUE|LET)\(", f)]


def test_row_marks_notice_a_change():
    mark = row_mark("06184", "facilities", "CS-1")
    assert row_of_mark(mark, "06184", "facilities") == "CS-1"
    assert row_of_mark(mark.replace("CS-1", "CS-2"), "06184", "facilities") is None
    assert row_of_mark(mark, "06001", "facilities") is None
    assert row_of_mark(mark, "06184", "buildings") is None
    assert row_of_mark("", "06184", "facilities") is None


def test_rows_of_an_earlier_answer_keep_their_ids():
    topic = topic_of("facilities")
    assert new_row_ids(topic, "06184", {})[0] == "KS-06184-C01"
    again = new_row_ids(topic, "06184", {"CS-1": {}, "KS-06184-C07": {}})
    assert again[0] == "KS-06184-C08"
    assert len(again) == topic.spare


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_every_text_exists(lang, tmp_path, case):
    for topic in TOPICS:
        keys = [f"{part}.{topic.key}" for part in ("sheet", "topic", "note", "basis")]
        for question in topic.questions:
            keys += [f"question.{question.key}", f"kind.{question.kind}", f"hint.{question.kind}",
                     f"wrong.{question.kind}"]  # fmt: skip
            if not topic.is_list:
                keys.append(f"help.{question.key}")
            for token in question.tokens:
                assert locale.has_text(f"value.{question.token_column}.{token}", lang), token
        for key in keys:
            assert locale.has_text(f"survey.{key}", lang), key
            assert len(locale.text(f"survey.hint.{question.kind}", lang)) <= 255
        assert len(locale.text(f"survey.sheet.{topic.key}", lang)) <= 31
    known = Known(case.known_tables()).of("06184")
    forms.write_form(case.communes[2], tmp_path / "a.xlsx", case.province, known, case.deadline, lang)


def test_the_same_input_gives_the_same_bytes(tmp_path, blank, case):
    known = Known(case.known_tables()).of("06184")
    again = forms.write_form(case.communes[2], tmp_path / "b.xlsx", case.province, known, case.deadline)
    assert again.read_bytes() == blank["06184"].read_bytes()


@pytest.mark.require("soffice")
def test_libreoffice_opens_it(soffice_path, tmp_path, blank):
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice_path, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(blank["06184"])], check=True, capture_output=True, timeout=240)
    assert (tmp_path / "06184 xã Đồng Đăng.pdf").read_bytes().startswith(b"%PDF")


def test_the_population_that_is_known_is_filled_in_unless_it_is_made_up():
    facts = pd.DataFrame(
        [
            {"code": "06184", "population": 8123, "illustrative": False},
            {"code": "06001", "population": 999, "illustrative": True},
            {"code": "05977", "population": 5000, "illustrative": False},
        ]
    )
    reports = pd.DataFrame(
        [
            {"commune_code": "05977", "population": 5100, "illustrative": False},
            {"commune_code": "06184", "population": 1, "illustrative": True},
        ]
    )
    known = Known({"commune_facts": facts, "commune_reports": reports})
    assert known.of("06184")["unit"] == {"population": {"population": 8123}}
    assert known.of("06001")["unit"] == {}
    assert known.of("05977")["unit"] == {"population": {"population": 5100}}
