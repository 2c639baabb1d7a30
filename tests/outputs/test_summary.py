from __future__ import annotations

import pandas as pd
import pytest

from siteplan.outputs import summary


def test_totals_are_split_by_where_the_figures_come_from(small_run):
    rows = summary.totals_by_basis(small_run.communes).set_index("basis")
    # 1,500.25 + 2,500 reported; 1,000 estimated; the ward has no figure
    assert rows["count"].to_dict() == {"reported": 2, "estimated": 1, "missing": 1, "total": 4}
    assert rows.loc["reported", "existing_floor_area_m2"] == 4000.25
    assert rows.loc["estimated", "existing_floor_area_m2"] == 1000.0
    assert pd.isna(rows.loc["missing", "existing_floor_area_m2"])
    assert rows.loc["total", "existing_floor_area_m2"] == 5000.25
    assert rows.loc["total", "required_floor_area_m2"] == pytest.approx(2909.69 + 4000 + 2000.5 + 2000)


def test_a_sum_of_nothing_is_missing():
    assert summary.add_up(pd.Series([None, None], dtype="float64")) is None
    assert summary.add_up(pd.Series([None, 0.0])) == 0.0


def test_money_by_year_has_no_gap_and_adds_up(small_run):
    money = summary.money_by_year_and_source(small_run.funding)
    assert list(money["year"]) == [2026, 2027, 2028, 2029]
    assert list(money["total"]) == [40.5e9, 0.0, 10e9, 21.25e9]
    assert money["=nguồn xấu"].sum() == 10e9


def test_money_of_an_option_without_funding_is_an_empty_table(small_run):
    assert summary.money_by_year_and_source(small_run.funding.iloc[:0]).empty


def test_rows_of_other_options_are_left_out(small_run):
    extra = small_run.programme
    extra["option"] = "beside"
    small_run.tables["programme"] = pd.concat([small_run.programme, extra], ignore_index=True)
    assert summary.option_of(small_run) == "phuong_an_1"
    assert len(summary.programme(small_run)) == 4


def test_points_without_data_stay_missing(small_run):
    keys, points = summary.points_by_criterion(small_run, "commune")
    assert keys == ["shortage_percent", "access", "border"]
    assert pd.isna(points.loc["06001", "access"])
    assert points.loc["06184", "access"] == 8.0


def test_same_rows_sees_a_changed_figure(two_runs):
    first, second = two_runs
    assert summary.same_rows(two_runs, "communes", summary.OF_OPTION)
    assert not summary.same_rows(two_runs, "programme")
    second.tables["communes"].loc[0, "staff"] = 61
    assert not summary.same_rows([first, second], "communes", summary.OF_OPTION)


def test_floor_missing_counts_what_is_accepted_and_what_works_leave():
    rows = pd.DataFrame(
        {
            "status": ["planned", "planned", "waiting", "not_needed"],
            "finish_year": [2028, 2031, None, None],
            "deficit_floor_area_m2": [1000.0, 500.0, 40.0, 7.0],
            "deficit_left_m2": [300.0, 0.0, 40.0, 7.0],
        }
    )
    assert summary.deficit_left(rows, 2027) == 1000 + 500 + 40 + 7
    assert summary.deficit_left(rows, 2030) == 300 + 500 + 40 + 7
    assert summary.deficit_left(rows, 2035) == 300 + 0 + 40 + 7


def test_what_waits_has_no_phase(small_run):
    rows = small_run.tables["programme"]
    rows.loc[rows["commune_code"] == "06184", ["status", "phase"]] = ["waiting", "2031-2035"]
    found = summary.programme(small_run).set_index("commune_code")
    assert found.loc["06184", "phase"] is None
    assert set(found.loc[found["status"] == "planned", "phase"]) <= set(rows["phase"])
    assert "2031-2035" in set(rows["phase"])
