import datetime as dt
import importlib.util
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from siteplan.decide.calendar import Actual, actual, add_months, calendar
from siteplan.decide.programme import UNASSIGNED, plan
from siteplan.decide.programme_model import MONEY_UNIT
from siteplan.errors import InputError
from siteplan.locale import decode, has_text
from siteplan.rules import load_rules
from siteplan.scenario import Lock, Phase
from siteplan.tables import INPUTS, RESULTS, empty, verify

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("programme_cases", Path(__file__).with_name("test_programme.py"))
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
RULES = load_rules(ROOT / "layers" / "rules")
A, B = cases.A, cases.B


def months(*steps):
    table = RULES.steps.set_index("step")["months"]
    return round(sum(table[step] for step in steps))


def laid_out(rows, scenario, known=None):
    planned = plan(cases.candidates(rows), scenario, known=known)
    programme, steps = calendar(planned.programme, known or {}, RULES, scenario)
    verify(steps, RESULTS["steps"])
    return planned, programme, steps.set_index(["commune_code", "step"])


def test_steps_follow_one_another_up_to_the_first_of_january():
    _, programme, steps = laid_out([{}], cases.scenario([B]))
    own = steps.loc["00000"]
    assert own.loc["start", "ends"] == "2027-01-01"
    order = ["investment_policy", "planning", "land_clearance", "design"]
    for step, following in pairwise(order):
        last = dt.date.fromisoformat(own.loc[step, "ends"])
        assert str(last + dt.timedelta(days=1)) == own.loc[following, "begins"]
    assert own.loc["design", "ends"] == "2026-12-31"
    assert own.loc["investment_policy", "begins"] == str(add_months(dt.date(2027, 1, 1), -months(*order)))
    assert own.loc["hand_over", "ends"] == "2027-12-31"
    assert programme["finish_year"].tolist() == [2027]
    assert set(own["state"]) == {"planned"}
    assert "decide.programme.step_outside" not in dict(decode(programme["reasons"].iloc[0]))


def test_what_cannot_be_done_in_the_time_left_is_reported():
    # 11 months of steps from 1 January 2026: the start slips to December, still 2026; a phase that ends in 2026 is
    # then missed by the hand-over
    phase = A.model_copy(update={"step_inside": "hand_over"})
    _, programme, steps = laid_out([{}], cases.scenario([phase]))
    needed = months("investment_policy", "planning", "land_clearance", "design")
    assert steps.loc[("00000", "start"), "ends"] == str(add_months(dt.date(2026, 1, 1), needed))
    told = dict(decode(programme["reasons"].iloc[0]))
    assert told["decide.programme.step_outside"]["step"] == "hand_over"
    assert steps.loc[("00000", "hand_over"), "state"] == "late"


def told_of(programme, at=0):
    return dict(decode(programme["reasons"].iloc[at]))


@pytest.mark.parametrize("years", [1, 2, 3])
def test_works_that_begin_in_january_are_handed_over_in_the_last_year_they_are_paid(years):
    planned, programme, steps = laid_out([{}] * 4, cases.scenario([B], years_to_build=years))
    ends = steps.xs("hand_over", level="step")["ends"].tolist()
    assert ends == [f"{start + years - 1}-12-31" for start in programme["start_year"]]
    assert programme["finish_year"].tolist() == planned.programme["finish_year"].tolist()
    assert programme["reasons"].tolist() == planned.programme["reasons"].tolist()


def test_a_start_late_in_the_year_is_finished_a_year_later_and_says_so():
    # 11 months of steps from 1 January 2026: works from 1 December 2026, two years, to 30 November 2028
    needed = months("investment_policy", "planning", "land_clearance", "design")
    assert needed == 11
    planned, programme, steps = laid_out([{"cost": 100}], cases.scenario([A], years_to_build=2))
    assert steps.loc[("00000", "start"), "begins"] == "2026-12-01"
    assert steps.loc[("00000", "hand_over"), "ends"] == "2028-11-30"
    assert planned.programme["finish_year"].tolist() == [2027]
    assert (programme["start_year"].tolist(), programme["finish_year"].tolist()) == ([2026], [2028])
    assert told_of(programme)["decide.programme.ends_late"] == {"month": "12/2026", "year": 2028, "planned": 2027}
    keys = [key for key, _ in decode(programme["reasons"].iloc[0])]
    assert keys.count("decide.programme.finishes_after") == 1
    assert told_of(programme)["decide.programme.finishes_after"] == {"year": 2028, "phase": "a"}
    assert sorted(planned.funding["year"]) == [2026, 2027]  # payments stay where the programme put them


def test_a_hand_over_that_was_done_is_the_finish_year():
    done = {"start": (dt.date(2026, 1, 5), None), "hand_over": (dt.date(2026, 12, 20), "3/BB")}
    _, programme, _ = laid_out([{}], cases.scenario([A], years_to_build=3), {"00000": Actual(done=done)})
    assert programme["finish_year"].tolist() == [2026]
    told = told_of(programme)
    assert told["decide.programme.handed_over"] == {"month": "12/2026"}
    assert not {"decide.programme.ends_late", "decide.programme.finishes_after"} & set(told)


def test_works_that_began_in_summer_count_their_years_from_then():
    known = {"00000": Actual(done={"start": (dt.date(2026, 5, 4), None)})}
    _, programme, steps = laid_out([{}], cases.scenario([A], years_to_build=1), known)
    assert steps.loc[("00000", "hand_over"), "ends"] == "2027-05-03"
    assert programme["finish_year"].tolist() == [2027]


def test_a_renovation_needs_no_planning_and_no_land():
    _, _, steps = laid_out([{"build_type": "renovate"}], cases.scenario([B]))
    assert list(steps.loc["00000"].index) == ["design", "hand_over", "investment_policy", "start"]


def test_steps_done_stand_as_they_were_and_shorten_the_rest():
    known = {"00000": Actual(done={"investment_policy": (dt.date(2025, 11, 3), "12/NQ-HĐND")})}
    _, _, steps = laid_out([{}], cases.scenario([A]), known)
    own = steps.loc["00000"]
    assert (own.loc["investment_policy", "ends"], own.loc["investment_policy", "state"]) == ("2025-11-03", "done")
    left = months("planning", "land_clearance", "design")
    assert own.loc["start", "ends"] == str(add_months(dt.date(2026, 1, 1), left))


def test_works_that_began_lock_the_centre_where_they_began():
    known = {"00002": Actual(done={"start": (dt.date(2026, 5, 4), None)})}
    limits = [A.model_copy(update={"count": 1}), B]
    planned, _, steps = laid_out([{}, {}, {}], cases.scenario(limits), known)
    frame = planned.programme.set_index("commune_code")
    assert frame["phase"].to_dict() == {"00000": "b", "00001": "b", "00002": "a"}
    assert frame.loc["00002", "locked"]
    assert frame.loc["00002", "start_year"] == 2026
    assert "decide.programme.started" in dict(decode(frame.loc["00002", "reasons"]))
    assert steps.loc[("00002", "start"), "ends"] == "2026-05-04"


def test_money_paid_stays_with_its_year_and_source_and_the_rest_follows():
    known = {"00000": Actual(paid={(2026, "trung ương"): 30 * MONEY_UNIT})}
    phases = [Phase(name="p", years=(2026, 2028))]
    money = [*cases.funds(40, 80, 80), *cases.funds(30, source="trung ương")]
    given = cases.scenario(phases, money, limited_by="money", years_to_build=2)
    result = plan(cases.candidates([{"cost": 100}]), given, known=known)
    drawn = {(r.year, r.source): r.amount / MONEY_UNIT for r in result.funding.itertuples()}
    assert drawn == {(2026, "trung ương"): 30, (2027, "ngân sách"): 70}
    assert result.programme["total_cost"].iloc[0] == 100 * MONEY_UNIT


def test_money_paid_beyond_the_estimate_is_told_as_it_is():
    known = {"00000": Actual(paid={(2026, "tỉnh"): 120 * MONEY_UNIT})}
    result = plan(cases.candidates([{"cost": 100}]), cases.scenario([A, B]), known=known)
    assert result.funding["amount"].sum() == 120 * MONEY_UNIT
    assert UNASSIGNED not in set(result.funding["source"])


@pytest.mark.parametrize(
    ("year", "locks", "key"),
    [(2040, [], "progress_beyond"), (2026, [Lock(commune="00000", phase="b")], "progress_against_lock")],
)
def test_progress_against_the_scenario_is_a_problem(year, locks, key):
    known = {"00000": Actual(done={"start": (dt.date(year, 1, 5), None)})}
    with pytest.raises(InputError) as caught:
        plan(cases.candidates([{}]), cases.scenario([A, B], locks=locks), known=known)
    assert [p.key for p in caught.value.problems] == [key]
    assert has_text(f"problem.{key}.remedy", "vi")


def test_tables_of_progress_and_payments_are_gathered_by_commune():
    progress = pd.DataFrame(
        [{"commune_code": "1", "step": "start", "done_date": "2026-03-01", "document": "5/QĐ"}],
        columns=INPUTS["progress"].names,
    )
    payments = pd.DataFrame(
        [{"commune_code": "2", "year": 2027, "source": "tỉnh", "amount": 5.0}] * 2, columns=INPUTS["payments"].names
    )
    found = actual(progress, payments)
    assert found["1"].start_year == 2026
    assert found["2"].paid == {(2027, "tỉnh"): 10.0}
    assert found["2"].start_year == 2027
    assert actual(empty(INPUTS["progress"]), empty(INPUTS["payments"])) == {}
