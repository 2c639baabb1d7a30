"""Totals of an answer are taken only where what they sum was taken too."""

from __future__ import annotations

from siteplan.survey.intake import Row, Submission
from siteplan.survey.totals import check_totals


def submission(facilities, needs):
    """Facilities as (state, values); single answers of the sheet of needs."""
    answer = Submission("a.xlsx", "0" * 64, "06184", sheets={"facilities": "Cơ sở nhà, đất", "needs": "Nhu cầu"})
    for n, (state, values) in enumerate(facilities):
        answer.rows.append(Row("facilities", f"C{n}", 7 + n, state, dict(values), {"facility_name": f"C{7 + n}"}))
    for n, (key, value) in enumerate(needs.items()):
        answer.rows.append(Row("needs", key, 7 + n, "good", {key: value}, {key: f"C{7 + n}"}))
    return answer


def told(answer):
    check_totals(answer)
    taken = {row.row_id for row in answer.of("needs") if row.state == "good"}
    return {(p.key, p.severity, p.column) for p in answer.problems}, taken


IN_USE = {"status": "in_use", "floor_area": 400.0, "land_area": 900.0}


def test_sums_over_rows_that_were_all_refused_are_no_answer():
    rows = [("bad", {"land_area": 900.0, "status": "in_use"})] * 19
    problems, taken = told(submission(rows, {"existing_floor": 9999.0, "existing_land": 0.0, "new_floor": 10.0}))
    assert taken == {"new_floor"}
    assert ("survey_total_unchecked", "error", "existing_floor") in problems
    assert ("survey_land_none", "error", "existing_land") in problems


def test_a_refused_facility_that_is_not_in_use_leaves_the_sums_alone():
    rows = [("good", IN_USE), ("bad", {"status": "surplus"})]
    assert told(submission(rows, {"existing_floor": 400.0, "existing_land": 900.0})) == (
        set(), {"existing_floor", "existing_land"},
    )  # fmt: skip
    problems, taken = told(submission(rows, {"existing_floor": 500.0}))
    assert ({key for key, _, _ in problems}, taken) == ({"survey_existing_total"}, set())


def test_a_refused_facility_of_unknown_use_may_be_in_use():
    problems, taken = told(submission([("good", IN_USE), ("bad", {})], {"existing_floor": 400.0}))
    assert ({key for key, _, _ in problems}, taken) == ({"survey_total_unchecked"}, set())


def test_where_a_facility_lacks_its_area_the_others_still_bound_the_total():
    rows = [("good", IN_USE), ("good", {"status": "in_use"})]
    assert told(submission(rows, {"existing_floor": 700.0})) == (set(), {"existing_floor"})
    problems, taken = told(submission(rows, {"existing_floor": 300.0}))
    assert ({key for key, _, _ in problems}, taken) == ({"survey_existing_total"}, set())


def test_without_the_sheet_of_facilities_no_sum_can_be_checked():
    answer = submission([], {"existing_floor": 400.0})
    del answer.sheets["facilities"]
    assert told(answer)[1] == set()


def test_new_floor_without_land_is_asked_about_and_taken():
    problems, taken = told(submission([], {"new_floor": 800.0, "new_land": 0.0}))
    assert problems == {("survey_land_none", "warning", "new_land")}
    assert taken == {"new_floor", "new_land"}
    assert told(submission([], {"new_floor": 0.0, "new_land": 0.0})) == (set(), {"new_floor", "new_land"})


def test_an_existing_floor_stands_on_land():
    problems, taken = told(submission([], {"existing_floor": 800.0, "existing_land": 0.0}))
    assert (problems, taken) == ({("survey_land_none", "error", "existing_land")}, {"existing_floor"})
