from __future__ import annotations

import subprocess

import openpyxl
import pandas as pd
import pytest

from siteplan import locale
from siteplan.survey import forms

COMMUNES = pd.DataFrame(
    [
        ("06184", "Hữu Lũng", "xã", 20000),
        ("05977", "Đông Kinh", "phường", None),
        ("06001", '=cmd|"x"!A1', "xã", 3777),
    ],
    columns=["code", "name", "kind", "population"],
)
FACILITIES = pd.DataFrame(
    [("CS-1", "06184", "Trụ sở cũ", 3000.5, None, "poor", "surplus")],
    columns=["facility_id", "commune_code", "name", "land_area_m2", "floor_area_m2", "condition", "status"],
)


def sheet(book, key):
    return book[locale.text(f"survey.sheet.{key}")]


def rows_of(page, topic):
    questions = next(t for t in forms.TOPICS if t.key == topic).questions
    return [
        dict(zip((q.key for q in questions), row, strict=True))
        for row in page.iter_rows(min_row=forms._FIRST_ROW + 1, max_col=len(questions), values_only=True)
    ]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("survey") / "khảo sát.xlsx"
    return openpyxl.load_workbook(forms.write_form(COMMUNES, path, facilities=FACILITIES))


def test_a_sheet_for_each_topic_and_a_hidden_one_of_lists(book):
    wanted = [locale.text(f"survey.sheet.{key}") for key in ("cover", *(t.key for t in forms.TOPICS))]
    assert book.sheetnames[:-1] == wanted
    assert book.worksheets[-1].sheet_state == "hidden"


@pytest.mark.parametrize("topic", [t.key for t in forms.TOPICS if t.per_commune])
def test_each_commune_has_one_line_with_what_is_known(book, topic):
    rows = rows_of(sheet(book, topic), topic)
    assert [r["code"] for r in rows] == ["05977", "06001", "06184"]
    assert rows[2]["name"] == "Hữu Lũng"
    if topic == "unit":
        assert [r["population"] for r in rows] == [None, 3777, 20000]
        assert all(r["staff_party"] is None for r in rows)


def test_known_facilities_are_filled_in_words(book):
    first = rows_of(sheet(book, "facilities"), "facilities")[0]
    assert first["commune"] == "06184 Hữu Lũng"
    assert first["land_area"] == 3000.5
    assert first["floor_area"] is None, "what is missing stays empty, never zero"
    assert first["condition"] == locale.value_text("condition", "poor")


def test_input_cells_are_open_and_known_ones_locked(book):
    page = sheet(book, "unit")
    assert page.protection.sheet
    questions = forms.TOPICS[0].questions
    for at, question in enumerate(questions, start=1):
        cell = page.cell(forms._FIRST_ROW + 1, at)
        assert cell.protection.locked is (question.kind == "known"), question.key


def test_every_list_offers_the_tokens_in_words(book):
    lists = {column[0].value: [c.value for c in column[1:] if c.value] for column in book.worksheets[-1].iter_cols()}
    assert lists["commune"] == ["05977 Đông Kinh", '06001 =cmd|"x"!A1', "06184 Hữu Lũng"]
    assert lists["condition"] == [locale.value_text("condition", t) for t in ("good", "fair", "poor", "unsafe")]
    page = sheet(book, "facilities")
    rules = [v for v in page.data_validations.dataValidation if v.type == "list"]
    assert {v.formula1.split("!")[0] for v in rules} == {forms._LIST_SHEET}
    assert len(rules) == sum(q.kind == "list" for t in forms.TOPICS if t.key == "facilities" for q in t.questions)


def test_numbers_have_ranges_and_hints(book):
    rules = sheet(book, "areas").data_validations.dataValidation
    assert {v.type for v in rules} == {"decimal"}
    assert all(v.prompt for v in rules)
    assert len(rules) == 6


def test_names_from_data_never_become_formulas(book):
    assert not [c for page in book.worksheets for row in page.iter_rows() for c in row if c.data_type == "f"]


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_every_text_exists_and_titles_fit_excel(lang, tmp_path):
    for topic in forms.TOPICS:
        for part in ("sheet", "topic", "note", "basis"):
            assert locale.has_text(f"survey.{part}.{topic.key}", lang)
        for question in topic.questions:
            assert locale.has_text(f"survey.question.{question.key}", lang)
            assert locale.has_text(f"survey.kind.{question.kind}", lang)
            for token in question.tokens:
                assert locale.value_text(question.column, token, lang) != ""
                assert locale.has_text(f"value.{question.column}.{token}", lang), token
    forms.write_form(COMMUNES, tmp_path / "a.xlsx", lang)


def test_the_same_communes_give_the_same_bytes(tmp_path):
    first = forms.write_form(COMMUNES, tmp_path / "a.xlsx").read_bytes()
    assert forms.write_form(COMMUNES.iloc[::-1], tmp_path / "b.xlsx").read_bytes() == first


@pytest.mark.require("soffice")
def test_libreoffice_opens_it(soffice_path, tmp_path):
    path = forms.write_form(COMMUNES, tmp_path / "phieu.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice_path, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    assert (tmp_path / "phieu.pdf").read_bytes().startswith(b"%PDF")
