"""The formula beside a number, computed by LibreOffice, says what Python says; Python says what a person reads."""

from __future__ import annotations

import csv
import subprocess

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from siteplan.survey import readback
from siteplan.survey.questions import topic_of

AREA = topic_of("facilities").question("land_area")
NEED = topic_of("needs").question("new_land")
DEPTH = topic_of("proposals").question("flood_depth")
FLOORS = topic_of("facilities").question("floors")
YEAR = topic_of("facilities").question("year_built")
POPULATION = topic_of("unit").question("population")


@pytest.mark.parametrize(
    ("question", "value", "words"),
    [
        (AREA, 1200, "đọc là: 1.200 m²"),
        (AREA, 2159.6, "đọc là: 2.159,6 m²"),
        (AREA, 2159.06, "đọc là: 2.159,06 m²"),
        (AREA, 0, "đọc là: 0 m²"),
        (AREA, 1.2, "đọc là: 1,2 m² (!) quá nhỏ, có nhầm 1.000 lần?"),
        (AREA, 120_000, "đọc là: 120.000 m² (!) quá lớn, có nhầm 1.000 lần?"),
        (AREA, -1, "(!) ngoài khoảng cho phép"),
        (AREA, "1.200", "(!) là chữ, không phải số: ghi lại bằng số"),
        (AREA, 999.995, "đọc là: 1.000 m²"),
        (NEED, 1_234_567.89, "đọc là: 1.234.567,89 m² (!) quá lớn, có nhầm 1.000 lần?"),
        (DEPTH, 0.8, "đọc là: 0,8 m"),
        (FLOORS, 2.5, "(!) phải là số nguyên"),
        (FLOORS, 3, "đọc là: 3"),
        (YEAR, 1994, "đọc là: 1994"),
        (POPULATION, 50_436, "đọc là: 50.436"),
        (AREA, None, ""),
    ],
)
def test_what_a_person_reads(question, value, words):
    assert readback.words_of(value, question, "vi") == words


@given(st.integers(0, 49_999_999))
def test_the_number_can_be_read_back(hundredths):
    shown = readback.words_of(hundredths / 100, AREA, "vi").split(" m²")[0].removeprefix("đọc là: ")
    assert round(float(shown.replace(".", "").replace(",", ".")) * 100) == hundredths


@pytest.mark.require("soffice")
def test_libreoffice_computes_the_same_words(soffice_path, tmp_path):
    values = [None, 0, 0.01, 0.1, 1.2, 5, 29.99, 30, 480.75, 999.99, 999.995, 1000, 1200, 2159.6, 2159.06, 12_345.5,
              100_000, 100_001, 999_999.99, 1_000_000, 1_234_567.89, 1_999_999.99, 2_000_001, -1, -0.5,
              "1.200", "chữ"]  # fmt: skip
    questions = [AREA, NEED, DEPTH, FLOORS, YEAR, POPULATION]
    path = tmp_path / "doc.xlsx"
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    page = book.add_worksheet()
    for at, question in enumerate(questions):
        for row, value in enumerate(values):
            page.write(row, 2 * at, value)
            cell = f"{chr(65 + 2 * at)}{row + 1}"
            page.write_formula(row, 2 * at + 1, readback.formula(cell, question, "vi"), None, "not computed")
    # LibreOffice computes formulas again only where it did not see who wrote the file
    book.close()
    profile = tmp_path / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
        "<value>0</value></prop></item></oor:items>",
        "utf-8",
    )
    command = [soffice_path, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
               "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", str(tmp_path), str(path)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    with (tmp_path / "doc.csv").open(encoding="utf-8", newline="") as handle:
        computed = list(csv.reader(handle))
    for at, question in enumerate(questions):
        for row, value in enumerate(values):
            assert computed[row][2 * at + 1] == readback.words_of(value, question, "vi"), (question.key, value)
