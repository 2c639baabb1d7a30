import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from siteplan.decide.commune_what_ifs import of_commune
from siteplan.decide.programme import plan
from siteplan.decide.programme_model import MONEY_UNIT
from siteplan.decide.what_ifs import FRONTIER_POINTS, WhatIfs, candidates
from siteplan.locale import has_text, text
from siteplan.scenario import Criterion, Fund, Lock, Phase, ProgrammeSettings, Scenario, ValueFunction
from siteplan.tables import RESULTS, conform

A, B = Phase(name="a", years=(2026, 2026)), Phase(name="b", years=(2027, 2028))


def scenario(phases, money=(), locks=(), **programme):
    return Scenario(
        name="thu",
        title="thử",
        date="2026-01-01",
        criteria=(Criterion(key="x", weight=100, value=ValueFunction(kind="identity")),),
        phases=tuple(phases),
        funds=tuple(Fund(source="tỉnh", year=2026 + n, amount=m * MONEY_UNIT) for n, m in enumerate(money)),
        locks=tuple(locks),
        programme=ProgrammeSettings(years_to_build=1, beside=(), **programme),
        costs={"price_year": 2026, "escalation_percent": 0},
    )


def communes(*rows):
    base = {
        "build_type": "build_new",
        "check_result": "clear",
        "population": 1000,
        "deficit_floor_area_m2": 1000.0,
        "clearance_cost_included": True,
        "is_border": False,
        "is_central_ward": False,
        "gap_basis": "reported",
        "rests_on": None,
    }
    records = []
    for n, row in enumerate(rows):
        own = {
            **base,
            "commune_code": f"{n:05d}",
            "name": f"Xã {n}",
            "priority_rank": n + 1,
            "priority_points": 90.0 - n,
            "site_id": f"s{n}",
            **row,
        }
        own["cost_at_price_year"] = own.pop("cost", 1) * MONEY_UNIT
        records.append(own)
    return gpd.GeoDataFrame(pd.DataFrame(records), geometry=[Point(n, n) for n in range(len(records))], crs=9215)


def told(questions, code):
    return dict(of_commune(questions, code))


def test_one_more_start_moves_the_next_in_line_and_two_the_one_after():
    phases = [A.model_copy(update={"count": 1}), B.model_copy(update={"count": 3})]
    questions = WhatIfs(communes({}, {}, {}, {}), scenario(phases))
    assert told(questions, "00001")["decide.why.starts_up"] == {"phase": "a", "count": 1}
    assert told(questions, "00002")["decide.why.starts_up"] == {"phase": "a", "count": 2}
    # the third of three leaves first
    assert told(questions, "00003")["decide.why.starts_down"] == {"phase": "b", "count": 1}
    assert told(questions, "00001")["decide.why.starts_down"] == {"phase": "b", "count": 3}
    assert "decide.why.starts_up" not in told(questions, "00000")


def test_money_that_brings_a_commune_in_and_puts_it_out_is_that_of_the_costs():
    # 100 in all: 60 and 40 are paid, 30 waits until 130, 40 leaves below 100
    case = communes({"cost": 60}, {"cost": 40}, {"cost": 30})
    questions = WhatIfs(case, scenario([A], money=[100], limited_by="money"))
    up = told(questions, "00002")["decide.why.money_up"]
    assert up["more"] == pytest.approx(30 * MONEY_UNIT)
    assert up["phase"] == "a"
    assert told(questions, "00001")["decide.why.money_down"]["money"] == pytest.approx(100 * MONEY_UNIT)
    assert told(questions, "00000")["decide.why.money_down"]["money"] == pytest.approx(60 * MONEY_UNIT)


def test_thresholds_hold_on_both_sides_when_the_programme_is_planned_with_them():
    case = communes({"cost": 37}, {"cost": 21}, {"cost": 55}, {"cost": 13}, {"cost": 29})
    money = 90
    questions = WhatIfs(case, scenario([A], money=[money], limited_by="money"))
    status = plan(case, scenario([A], money=[money], limited_by="money")).programme["status"]
    for n in range(len(case)):
        messages = told(questions, f"{n:05d}")
        key = "money_down" if status[n] == "planned" else "money_up"
        limit = messages[f"decide.why.{key}"]["money"] / MONEY_UNIT
        for amount, inside in ((limit, True), (limit - 0.005 * money - 0.2, False)):
            again = plan(case, scenario([A], money=[amount], limited_by="money")).programme
            assert (again["status"][n] == "planned") is inside


def test_what_rank_would_be_enough():
    phases = [A.model_copy(update={"count": 2}), B]
    questions = WhatIfs(communes({}, {}, {}, {}), scenario(phases))
    needed = told(questions, "00003")["decide.why.rank_up"]
    # it has to pass the last of the two of the first phase: 89 points against its 87
    assert (needed["name"], needed["rank"], needed["points"]) == ("Xã 1", 2, 2.0)


def test_a_lock_names_who_is_pushed_back_and_its_price():
    phases = [A.model_copy(update={"count": 1}), B]
    free = WhatIfs(communes({}, {}), scenario(phases))
    assert told(free, "00001")["decide.why.lock_in"] == {"phase": "a", "names": "Xã 0"}
    locked = WhatIfs(communes({}, {}), scenario(phases, locks=[Lock(commune="00001", phase="a", by="A", reason="B")]))
    price = dict(locked.of_programme())["decide.why.lock_price"]
    # 90 x 2 + 89 x 1 without it, 89 x 2 + 90 x 1 with it
    assert price["price"] == pytest.approx(1)
    assert price["names"] == "Xã 0"


def test_a_commune_that_is_not_ready_is_told_where_it_would_stand():
    phases = [A.model_copy(update={"count": 1, "pilot": True}), B]
    questions = WhatIfs(communes({"gap_basis": "missing"}, {}), scenario(phases))
    assert told(questions, "00000")["decide.why.ready_moves"] == {"why": "figures", "phase": "a", "year": 2026}
    waiting = WhatIfs(communes({"site_id": None}, {}), scenario([A, B]))
    assert told(waiting, "00000")["decide.why.ready_moves"]["why"] == "no_site"


def test_the_frontier_has_twenty_points_and_the_value_of_a_billion():
    case = communes({"cost": 60}, {"cost": 40}, {"cost": 30})
    rows = WhatIfs(case, scenario([A], money=[100], limited_by="money", objective="priority")).frontier()
    assert len(rows) == FRONTIER_POINTS
    assert [row["percent"] for row in rows] == [10.0 * n for n in range(1, 21)]
    points = [row["points"] for row in rows]
    # points 90, 89, 88 at 60, 40, 30: the best by hand for 10, 20, ... 200
    assert points == [0, 0, 88, 89, 89, 90, 177, 177, 178, 179, 179, 179, *[267] * 8]
    assert rows[1]["points_per_billion"] == pytest.approx(88 / 1.0)


def test_nesting_costs_what_the_free_optimum_gains():
    # published case of non-nesting: 0.01, 0.02, 0.03 and 0.9 at costs 1, 2, 3 and 100
    phases = [A.model_copy(update={"money": 6 * MONEY_UNIT}), B.model_copy(update={"money": 94 * MONEY_UNIT})]
    rows = [{"cost": c, "priority_points": p} for c, p in ((1, 1), (2, 2), (3, 3), (94, 90))]
    questions = WhatIfs(communes(*rows), scenario(phases, objective="priority"))
    messages = questions.of_programme()
    assert "decide.why.nesting_free" in dict(messages)
    assert all(has_text(key, lang) for key, _ in messages for lang in ("vi", "en"))


def test_an_interrupted_call_goes_on_where_it_stopped():
    case, given = communes({}, {}, {}), scenario([A.model_copy(update={"count": 1}), B])
    answers = {}
    first = of_commune(WhatIfs(case, given, answers), "00002")
    asked = []
    again = WhatIfs(case, given, answers, keep=lambda: asked.append(1))
    assert of_commune(again, "00002") == first
    assert asked == []


def test_every_message_has_words_in_both_languages():
    phases = [A.model_copy(update={"count": 1, "pilot": True}), B.model_copy(update={"count": 2})]
    rows = [{"gap_basis": "missing"}, {}, {}, {"build_type": "none"}, {"site_id": None}, {}]
    questions = WhatIfs(communes(*rows), scenario(phases, locks=[Lock(commune="00005", out=True)]))
    messages = [m for n in range(6) for m in of_commune(questions, f"{n:05d}")] + questions.of_programme()
    for lang in ("vi", "en"):
        for key, params in messages:
            assert has_text(key, lang)
            assert "–" not in text(key, lang, **params).replace(" – ", "")


def test_candidates_are_read_back_from_the_communes_of_a_run():
    frame = conform(
        gpd.GeoDataFrame(
            {
                **{name: [None] for name in RESULTS["communes"].names},
                "code": ["00001"],
                "name": ["Xã"],
                "total_cost": [2e9],
                "cost_at_price_year": [1e9],
                "best_site_id": ["s"],
                "build_type": ["build_new"],
            },
            geometry=[Point(0, 0).buffer(1)],
            crs=9215,
        ),
        RESULTS["communes"],
        "EPSG:9215",
    )
    options = pd.DataFrame(
        {"commune_code": ["00001"] * 2, "size_order": [0, 1], "site_id": ["k", "s"]}
    )  # the need would be met at k, the option renovates at s
    plots = pd.DataFrame(
        {
            "site_id": ["s", "k"], "check_result": ["clear", "conditional"], "conformity": ["conforms", "unknown"],
            "clearance": ["cleared", "not_cleared"],
        }
    )  # fmt: skip
    row = candidates(frame, options, plots).iloc[0]
    assert (row["cost_at_price_year"], row["site_id"], row["commune_code"]) == (1e9, "k", "00001")
    assert (row["check_result"], row["best_conformity"], row["best_clearance"]) == (
        "conditional",
        "unknown",
        "not_cleared",
    )
    assert np.isnan(row["priority_points"])
    stays = candidates(frame, options.iloc[:0], plots).iloc[0]  # nothing is built there
    assert (stays["site_id"], stays["check_result"]) == ("s", "clear")
