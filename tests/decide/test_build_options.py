from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from siteplan.decide.build_options import smaller_types
from siteplan.decide.commune_what_ifs import of_commune
from siteplan.decide.programme import plan
from siteplan.decide.programme_model import MONEY_UNIT
from siteplan.decide.what_ifs import WhatIfs
from siteplan.locale import decode, has_text, render
from siteplan.scenario import Lock, Phase
from siteplan.tables import RESULTS, conform
from tests.decide.test_programme import candidates, funds, scenario

P = Phase(name="p", years=(2026, 2026))


def options(*rows):
    """Make smaller types: (commune, type, cost in units of 100 million, percent covered)."""
    records = [
        {
            "commune_code": f"{n:05d}",
            "build_type": build_type,
            "size_order": {"extend": 1, "renovate": 2}[build_type],
            "site_id": f"t{n}",
            "facility_id": f"f{n}",
            "check_result": "clear",
            "covered_percent": percent,
            "added_floor_area_m2": 10.0 * percent,
            "floor_left_m2": 1000 - 10.0 * percent,
            "cost_at_price_year": cost * MONEY_UNIT,
            "clearance_cost_included": True,
            "rests_on": None,
        }
        for n, build_type, cost, percent in rows
    ]
    return conform(pd.DataFrame(records, columns=RESULTS["build_options"].names), RESULTS["build_options"])


def built(result):
    frame = result.programme
    return [t if s == "planned" else None for t, s in zip(frame["build_type"], frame["status"], strict=True)]


def solved(costs, money, more, **programme):
    programme.setdefault("limited_by", "money")
    rows = [{"cost": c} if not isinstance(c, dict) else c for c in costs]
    return plan(candidates(rows), scenario([P], funds(money), **programme), options=options(*more))


def test_under_the_rank_each_gets_the_largest_type_that_the_money_left_allows():
    more = [(0, "extend", 4, 80), (1, "extend", 6, 80), (1, "renovate", 2, 60), (2, "renovate", 1, 70)]
    result = solved([10, 9, 9], 13, more)
    # 10 of 13 for the first; of the 3 left neither 9 nor 6 but 2; then 1
    assert built(result) == ["build_new", "renovate", "renovate"]
    frame = result.programme
    assert frame["needed_build_type"].tolist() == ["build_new"] * 3
    assert frame["site_id"].tolist() == ["s0", "t1", "t2"]
    assert frame["deficit_left_m2"].tolist() == [0, 400, 300]
    for column in ("total_cost", "cost_at_price_year"):
        assert frame[column].tolist() == [10 * MONEY_UNIT, 2 * MONEY_UNIT, 1 * MONEY_UNIT]
    assert result.funding["amount"].sum() == 13 * MONEY_UNIT
    told = dict(decode(frame["reasons"].iloc[1]))
    assert told["decide.programme.smaller_money"]["left"] == 400
    assert result.proof["totals"]["smaller"] == 2


def test_the_earliest_phase_comes_before_the_largest_type():
    phases = [P, Phase(name="q", years=(2027, 2027))]
    result = plan(
        candidates([{"cost": 10}]),
        scenario(phases, funds(5, 20), limited_by="money"),
        options=options((0, "extend", 4, 90)),
    )
    assert (built(result), result.programme["phase"].tolist()) == (["extend"], ["p"])


def test_what_covers_too_little_or_is_switched_off_is_not_taken():
    assert built(solved([10], 5, [(0, "renovate", 1, 59)])) == [None]
    assert built(solved([10], 5, [(0, "renovate", 1, 59)], least_covered_percent=50)) == ["renovate"]
    assert built(solved([10], 5, [(0, "renovate", 1, 90)], smaller_types=())) == [None]


def test_where_no_money_binds_the_need_is_built():
    assert built(solved([10], 0, [(0, "renovate", 1, 90)], limited_by="capacity")) == ["build_new"]


def test_a_person_who_locks_a_phase_means_what_the_need_asks_for():
    locks = [Lock(commune="00000", phase="p")]
    money = scenario([P], funds(10), locks, limited_by="money")
    result = plan(candidates([{"cost": 10}]), money, options=options((0, "extend", 1, 90)))
    assert built(result) == ["build_new"]


def test_who_has_no_site_to_build_new_may_renovate_meanwhile():
    result = solved([{"cost": 10, "site_id": None}], 20, [(0, "renovate", 2, 90)])
    assert built(result) == ["renovate"]
    assert "decide.programme.smaller_no_site" in dict(decode(result.programme["reasons"].iloc[0]))


@pytest.mark.parametrize("seed", range(40))
def test_the_best_choice_of_types_equals_enumeration(seed):
    rng = np.random.default_rng(seed)
    n, money = 5, int(rng.integers(5, 40))
    costs, points = rng.integers(4, 20, n), np.sort(rng.integers(20, 99, n))[::-1]
    more = [
        (i, kind, int(rng.integers(1, costs[i])), int(rng.integers(60, 100)))
        for i in range(n)
        for kind in ("extend", "renovate")
        if rng.random() < 0.6
    ]
    rows = [{"cost": int(c), "priority_points": float(p)} for c, p in zip(costs, points, strict=True)]
    choices = [
        [(0, 0), (int(costs[i]), int(points[i])), *((c, round(points[i] * s / 100)) for k, _, c, s in more if k == i)]
        for i in range(n)
    ]
    best = max(sum(v for _, v in made) for made in product(*choices) if sum(c for c, _ in made) <= money)
    case = scenario([P], funds(money), objective="priority", limited_by="money")
    found = plan(candidates(rows), case, options=options(*more)).proof
    assert (found["value"], found["status"]) == (best, "optimal")


def test_what_if_tells_the_money_that_would_build_as_needed():
    case = scenario([P], funds(8), limited_by="money")
    asked = WhatIfs(candidates([{"cost": 10}]), case, options=options((0, "extend", 4, 80)))
    told = dict(of_commune(asked, "00000"))["decide.why.larger"]
    assert 10 * MONEY_UNIT <= told["money"] <= 10.05 * MONEY_UNIT


def stock(**changes):
    facility = {
        "facility_id": "f", "name": "Trụ sở cũ", "usable_floor_area_m2": 700.0, "extension_floor_area_m2": 200.0,
        "condition": "poor", "rests_on": None, **changes,
    }  # fmt: skip
    return pd.DataFrame([facility])


def lead(**changes):
    row = {
        "commune_code": "1", "build_type": "build_new", "leading_facility_id": "f", "deficit_floor_area_m2": 1000.0,
        **changes,
    }  # fmt: skip
    return pd.DataFrame([row])


def plot(**changes):
    row = {
        "site_id": "1-T", "commune_code": "1", "letter": "T", "source_id": "f", "broken_rules": None,
        "check_result": "clear", "locked": False, **changes,
    }  # fmt: skip
    return gpd.GeoDataFrame([row], geometry=[Point(0, 0)], crs=9215)


def found(communes=None, facilities=None, sites=None):
    pieces = (lead() if communes is None else communes, stock() if facilities is None else facilities)
    return smaller_types(*pieces, plot() if sites is None else sites, {"1": 1000.0}).set_index("build_type")


def test_extension_and_renovation_of_the_leading_facility_are_laid_out():
    table = found()
    assert list(table.index) == ["extend", "renovate"]
    assert table["covered_percent"].tolist() == [90, 70]
    assert table["floor_left_m2"].tolist() == [100, 300]
    assert table["added_floor_area_m2"].tolist() == [900, 700]
    assert table["renovation_floor_area_m2"].tolist() == [700, 700]
    assert table["extension_floor_area_m2"].tolist() == [200, 0]
    for cell in table["reasons"]:
        assert all(has_text(key, lang) for key, _ in decode(cell) for lang in ("vi", "en"))
        assert "{" not in render(cell)


def test_where_a_person_locked_a_site_nothing_smaller_is_built_elsewhere():
    chosen = plot(site_id="1-K", letter="K", source_id=None, locked=True)
    both = pd.concat([plot(), chosen], ignore_index=True)
    assert list(found(sites=both).index) == []
    other = plot(site_id="1-T2", source_id="g", locked=True)  # of another facility than the leading one
    assert list(found(sites=pd.concat([plot(), other], ignore_index=True)).index) == []
    # the locked site is the facility's own plot: that is where it would be built
    assert list(found(sites=plot(locked=True)).index) == ["extend", "renovate"]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"communes": lead(build_type="extend")}, ["renovate"]),
        ({"communes": lead(build_type="none")}, []),
        ({"communes": lead(leading_facility_id=None)}, []),
        ({"communes": lead(agreed=True)}, []),
        ({"facilities": stock(condition="good")}, ["extend"]),
        ({"facilities": stock(extension_floor_area_m2=np.nan)}, ["renovate"]),
        ({"facilities": stock(extension_floor_area_m2=0.0)}, ["renovate"]),
        ({"sites": plot(broken_rules="flood")}, []),
        ({"sites": plot(check_result="blocked")}, []),
        ({"sites": plot(broken_rules="needed_area")}, ["extend", "renovate"]),
    ],
)
def test_what_is_not_possible_is_not_laid_out(change, left):
    assert list(found(**change).index) == left
