"""One cell: numbers in every way of writing, dates, lists; nothing is guessed where two readings are possible."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan import locale
from siteplan.errors import Problem
from siteplan.survey import telling
from siteplan.survey.cells import Cell, off_by_thousand, plain, read_cell
from siteplan.survey.questions import topic_of

AREA = topic_of("needs").question("new_land")
PEOPLE = topic_of("unit").question("population")
DAY = topic_of("unit").question("report_date")
STATE = topic_of("facilities").question("condition")
NAME = topic_of("facilities").question("facility_name")
FLAGGED = {"small": 30, "large": 300_000}

hundredths = st.integers(3_000, 30_000_000)


def said(value, kind, question=AREA, before=None):
    reading = read_cell(Cell(value, kind, "C7"), question, before)
    return reading.value, [fault.key for fault in reading.faults]


@given(hundredths)
def test_a_number_arrives_to_the_last_digit(n):
    assert said(n / 100, "n") == (n / 100, [])


@given(hundredths)
def test_vietnamese_and_english_words_mean_the_same_number(n):
    for lang in locale.LANGUAGES:
        assert said(locale.number(n / 100, 2, lang), "s") == (n / 100, ["survey_number_text"])


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,"))
def test_one_mark_before_three_digits_is_asked_about(first, rest, mark):
    value, faults = said(f"{first}{mark}{rest:03d}", "s")
    assert value is None
    assert faults == ["survey_number_ambiguous"]


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_told(words):
    for question in (AREA, PEOPLE, DAY, STATE):
        value, faults = said(words, "s", question)
        assert value is not None or faults or not words.strip() or words.isspace() or not words.isprintable()


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_float_gets_through_beyond_its_range(number):
    value, faults = said(number, "n")
    if value is None:
        assert faults
    else:
        assert AREA.low <= value <= AREA.high
        assert abs(value - number) <= 0.005 + 1e-9 * abs(number)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("2.159,6", 2159.6), ("2,159.6", 2159.6), ("2 159,6", 2159.6), ("2159,6 m2", 2159.6), ("2159.6m²", 2159.6),
        ("1.234.567,8", 1_234_567.8), ("1\u00a0200", 1200),
    ],
)  # fmt: skip
def test_ways_of_writing(words, value):
    read, faults = said(words, "s")
    if value > FLAGGED["large"]:
        assert faults[-1] == "survey_thousand"
    else:
        assert (read, faults) == (value, ["survey_number_text"])


@pytest.mark.parametrize(
    ("value", "before", "factor"),
    [
        (1.2, None, 0.001), (12, None, 0.001), (30, None, 0), (0, None, 0), (300_001, None, 1000), (5000, None, 0),
        (5, 5000, 0.001), (5_000_000, 5000, 1000), (20, 25, 0), (400_000, 390_000, 0), (4.9, 5, 0),
    ],
)  # fmt: skip
def test_a_slip_of_three_digits(value, before, factor):
    assert off_by_thousand(value, AREA, before) == factor


@pytest.mark.parametrize(
    ("value", "kind", "day", "faults"),
    [
        (dt.datetime(2026, 3, 15, 10, 30), "d", "2026-03-15", []),  # noqa: DTZ001
        ("15/03/2026", "s", "2026-03-15", ["survey_date_text"]),
        ("15.3.2026", "s", "2026-03-15", ["survey_date_text"]),
        ("2026-03-15", "s", "2026-03-15", ["survey_date_text"]),
        (46_096, "n", "2026-03-15", ["survey_date_serial"]),
        ("31/02/2026", "s", None, ["survey_date_invalid"]),
        ("03/2026", "s", None, ["survey_date_invalid"]),
        ("15/03/26", "s", None, ["survey_date_invalid"]),
        (2026, "n", None, ["survey_date_invalid"]),
    ],
)
def test_dates(value, kind, day, faults):
    assert said(value, kind, DAY) == (day, faults)


@pytest.mark.parametrize(
    ("words", "token"),
    [("xuống cấp", "poor"), ("XUỐNG CẤP ", "poor"), ("xuong cap", "poor"), ("poor", "poor"), ("fair", "fair")],
)
def test_lists_are_read_whatever_their_case_and_accents(words, token):
    assert said(words, "s", STATE) == (token, [])


def test_what_is_no_value_is_told():
    assert said("=1+1", "f") == (None, ["survey_formula"])
    assert said("#REF!", "e") == (None, ["survey_error_value"])
    assert said(True, "b") == (None, ["survey_type"])
    assert said(1.5, "n", PEOPLE) == (None, ["survey_whole"])
    assert said("x" * 501, "s", NAME) == (None, ["survey_text_long"])
    assert said("=1+1", "s", NAME) == ("=1+1", [])
    assert said("  ", "s") == (None, [])
    assert said(0.1 + 0.2 + 100, "n") == (100.3, [])
    assert said(100.125, "n") == (100.12, ["survey_decimals"])


def test_words_of_earlier_forms_are_still_read():
    assert said("khá", "s", STATE) == said("trung bình", "s", STATE) == ("fair", [])
    assert said("nguy hiểm", "s", STATE) == said("không bảo đảm an toàn", "s", STATE) == ("unsafe", [])


def test_numbers_are_told_as_people_write_them():
    assert [plain(x, n) for x, n in ((412_000.0, 3), (1.5, 2), (0.0, 2), (1_200.25, 2), (21.123456, 6))] == [
        "412.000", "1,5", "0", "1.200,25", "21,123456",
    ]  # fmt: skip
    year = topic_of("buildings").question("year_built")
    problem = Problem("survey_range", column=year.key, value="1066", params={"low": year.low, "high": year.high})
    assert "từ 1880 đến 2100" in telling.problem_words(problem, "vi")["what"]
    area = Problem("survey_range", column="new_land", params={"low": 0, "high": 2_000_000})
    assert "từ 0 đến 2.000.000" in telling.problem_words(area, "vi")["what"]
