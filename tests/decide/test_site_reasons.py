import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.decide.scoring import apply_value, rank_sites
from siteplan.decide.site_reasons import value_for
from siteplan.locale import decode, has_text, text
from siteplan.scenario import Criterion, ValueFunction

FALLING = ValueFunction(kind="piecewise", points=[[0, 1], [30, 0.5], [90, 0]])
STEPS = ValueFunction(kind="steps", points=[[0, 1], [40, 0.5], [60, 0]])


@pytest.mark.parametrize(
    ("function", "target", "now", "found"),
    [
        (FALLING, 0.75, 60, 15),
        (FALLING, 0.25, 90, 60),
        (FALLING, 1.0, 5, 0),
        (STEPS, 0.5, 70, 60),
        (ValueFunction(kind="categories", categories={"a": 0, "b": 0.5, "c": 1}), 0.4, "a", "b"),
        (ValueFunction(kind="flag"), 1.0, False, "true"),
        (ValueFunction(kind="identity"), 0.3, 0.1, 0.3),
        (FALLING, 1.2, 60, None),
    ],
)
def test_the_value_that_would_be_enough(function, target, now, found):
    assert value_for(function, target, now) == (pytest.approx(found) if isinstance(found, (int, float)) else found)


def sites(*rows):
    return pd.DataFrame(
        [
            {
                "commune_code": "1",
                "site_id": f"s{n}",
                "label": f"K{n}",
                "eligible": True,
                "check_result": "clear",
                "area_ratio": 1.0,
                "reasons": None,
                "rests_on": None,
                "minutes": minutes,
                "slope": slope,
            }
            for n, (minutes, slope) in enumerate(rows)
        ]
    )


CRITERIA = (
    Criterion(key="minutes", weight=60, value=FALLING, label="thời gian", unit="phút"),
    Criterion(key="slope", weight=40, value=ValueFunction(kind="linear", points=[[0, 1], [25, 0]]), label="độ dốc"),
)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 25)), min_size=2, max_size=6))
def test_with_the_change_told_a_site_passes_the_next_one(rows):
    ranked, _ = rank_sites(sites(*rows), CRITERIA)
    for _, row in ranked.iterrows():
        told = dict(decode(row["reasons"]))
        if "decide.site.beat" not in told:
            continue
        change = told["decide.site.beat"]
        column = {"thời gian": "minutes", "độ dốc": "slope"}[change["label"]]
        ahead = ranked[ranked["label"] == change["site"]].iloc[0]
        weights = {"minutes": (60, FALLING), "slope": (40, CRITERIA[1].value)}
        own = {**row[["minutes", "slope"]].to_dict(), column: change["to"]}
        score = sum(w * apply_value(pd.Series([own[key]]), f).iloc[0] for key, (w, f) in weights.items())
        assert score >= ahead["score"] - 0.02  # the value told is rounded to three decimals
        assert row["rank"] == ahead["rank"] + 1


def test_the_value_that_beats_the_next_one_is_told():
    # 60 points by minutes: 0.5 at 30, 1 - 10 / 60 at 10; the slopes are the same
    ranked, _ = rank_sites(sites((10, 5), (30, 5)), CRITERIA)
    change = dict(decode(ranked["reasons"].iloc[1]))["decide.site.beat"]
    assert (change["site"], change["label"], change["now"]) == ("K0", "thời gian", 30)
    assert change["to"] == pytest.approx(10, abs=0.05)


def test_the_first_says_how_far_it_leads():
    ranked, _ = rank_sites(sites((0, 0), (30, 0)), CRITERIA)
    assert dict(decode(ranked["reasons"].iloc[0]))["decide.site.lead"] == {"site": "K1", "points": 30.0}
    beat = dict(decode(ranked["reasons"].iloc[1]))["decide.site.beat_none"]
    assert beat == {"site": "K0", "points": 30.0}
    assert has_text("decide.site.beat_none", "vi")


def test_who_is_ahead_is_said_and_a_scale_tells_its_ends():
    plan = Criterion(key="plan_score", weight=100, value=ValueFunction(kind="identity"), label="Mức phù hợp quy hoạch")
    rows = sites((0, 0), (0, 0)).assign(plan_score=[0.8, 0.5])
    ranked, _ = rank_sites(rows, [plan])
    (key, params) = next(m for m in decode(ranked["reasons"].iloc[1]) if m[0].startswith("decide.site.beat"))
    assert key == "decide.site.beat_plan"
    said = text(key, "vi", **params)
    assert said.startswith("K0 đang hơn 30,00 điểm; vượt được K0 nếu Mức phù hợp quy hoạch (thang 0–1:")
    assert "tăng từ 0,50 lên 0,80" in said
    assert "được điều chỉnh cho phù hợp với trụ sở" in said
    land = Criterion(key="land_use_score", weight=100, value=ValueFunction(kind="identity"), label="Đất")
    ranked, _ = rank_sites(rows.assign(land_use_score=[0.8, 0.5]), [land])
    assert "decide.site.beat_scale" in dict(decode(ranked["reasons"].iloc[1]))
