import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from siteplan.decide.scoring import _for_and_against, apply_value, rank_sites, raw_text, rests_on, score
from siteplan.errors import InputError
from siteplan.locale import decode, has_text, number
from siteplan.scenario import Criterion, Lock, ValueFunction
from siteplan.tables import RESULTS, conform


def function(kind, **more):
    return ValueFunction(kind=kind, **more)


def criterion(key, weight, kind="linear", **more):
    if kind in ("linear", "piecewise", "steps"):
        more.setdefault("points", ((0, 0), (10, 1)))
    return Criterion(key=key, weight=weight, value=function(kind, **more), certainty="V")


def scaled(values, fn):
    return apply_value(pd.Series(values), fn).tolist()


def test_piecewise_holds_its_ends_and_meets_its_points():
    fn = function("piecewise", points=((0, 1), (30, 0.5), (90, 0)))
    assert scaled([-5.0, 0.0, 15.0, 30.0, 60.0, 90.0, math.inf], fn) == [1, 1, 0.75, 0.5, 0.25, 0, 0]


def test_steps_are_the_bands_of_the_shortage_scale():
    # bands "< 40 -> 30, 40..<60 -> 22, 60..<80 -> 15, 80..<100 -> 8, >= 100 -> 0" of 30 points
    fn = function("steps", points=((0, 1), (40, 22 / 30), (60, 0.5), (80, 8 / 30), (100, 0)))
    points = [30 * v for v in scaled([0.0, 39.999, 40.0, 59.9, 60.0, 80.0, 99.9, 100.0, 250.0, -1.0], fn)]
    assert points == pytest.approx([30, 30, 22, 22, 15, 8, 8, 0, 0, 30])


def test_missing_and_unknown_values_stay_missing():
    for fn in (function("linear", points=((0, 0), (1, 1))), function("steps", points=((0, 0), (1, 1)))):
        assert math.isnan(scaled([None, 1.0], fn)[0])
    assert np.isnan(scaled(["odd", None, "cleared"], function("categories", categories={"cleared": 1}))[:2]).all()
    flags = apply_value(pd.Series([True, False, pd.NA], dtype="boolean"), function("flag"))
    assert flags.tolist()[:2] == [1, 0]
    assert math.isnan(flags[2])
    assert np.isnan(scaled([1.2, -0.1, None], function("identity"))).all()
    assert scaled([0.0, 0.25, 1.0], function("identity")) == [0, 0.25, 1]


def test_weighted_sum_by_hand():
    subjects = pd.DataFrame({"id": ["a", "b"], "x": [10.0, 5.0], "y": [0.0, 10.0]})
    result = score(subjects, "id", None, [criterion("x", 70), criterion("y", 30)], "commune")
    assert result.subjects["score"].tolist() == [70, 65]
    assert result.subjects["score_low"].tolist() == result.subjects["score_high"].tolist() == [70, 65]
    assert conform(result.scores, RESULTS["scores"])["points"].tolist() == [70, 0, 35, 30]


def test_missing_value_is_scored_on_the_rest_with_bounds():
    subjects = pd.DataFrame({"id": ["a", "b"], "x": [5.0, None], "y": [None, None]})
    result = score(subjects, "id", None, [criterion("x", 60), criterion("y", 40)], "commune")
    assert result.subjects.iloc[0].tolist() == [50, 30, 70]
    assert math.isnan(result.subjects["score"].iloc[1])
    assert result.subjects.iloc[1].tolist()[1:] == [0, 100]
    assert result.scores["missing"].tolist() == [False, True, True, True]
    assert result.scores["points"].isna().tolist() == [False, True, True, True]


def test_weights_of_any_total_and_of_zero():
    subjects = pd.DataFrame({"id": ["a"], "x": [10.0], "y": [0.0]})
    assert score(subjects, "id", None, [criterion("x", 1), criterion("y", 3)], "site").subjects["score"].iloc[0] == 25
    assert score(subjects, "id", None, [criterion("x", 1), criterion("y", 0)], "site").subjects["score"].iloc[0] == 100
    with pytest.raises(InputError) as caught:
        score(subjects, "id", None, [criterion("x", 0)], "site")
    assert caught.value.problems[0].key == "weights_total"


def test_criteria_without_column_are_all_listed():
    with pytest.raises(InputError) as caught:
        score(pd.DataFrame({"id": ["a"]}), "id", None, [criterion("x", 1), criterion("y", 1)], "site")
    assert [p.column for p in caught.value.problems] == ["x", "y"]
    assert all(has_text(f"problem.{p.key}.what") for p in caught.value.problems)


values = st.lists(st.one_of(st.none(), st.floats(-5, 15)), min_size=3, max_size=3)


@given(st.lists(values, min_size=1, max_size=5), st.lists(st.floats(0.1, 50), min_size=3, max_size=3))
def test_score_lies_in_its_bounds_and_parts_add_up(rows, weights):
    subjects = pd.DataFrame(rows, columns=["x", "y", "z"]).astype("float64")
    subjects["id"] = [f"s{n}" for n in range(len(rows))]
    criteria = [criterion(key, weight) for key, weight in zip("xyz", weights, strict=True)]
    result = score(subjects, "id", None, criteria, "site")
    for n, (total, low, high) in enumerate(result.subjects.to_numpy()):
        assert -1e-9 <= low <= high <= 100 + 1e-9
        own = result.scores.iloc[3 * n : 3 * n + 3]
        if math.isnan(total):
            assert own["missing"].all()
        else:
            assert low - 1e-3 <= total <= high + 1e-3
            assert own["points"].sum() == pytest.approx(total, abs=1e-3)


def sites(rows):
    base = {"eligible": True, "check_result": "clear", "area_ratio": 1.0, "reasons": None, "rests_on": None}
    frame = pd.DataFrame([{**base, "commune_code": "00001", "label": "K", "y": 0.0, **row} for row in rows])
    geometry = [box(n, 0, n + 1, 1) for n in range(len(frame))]
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=9215)


CRITERIA = [criterion("x", 80), criterion("y", 20)]


def ranked(rows, locks=(), criteria=CRITERIA):
    frame, scores = rank_sites(sites(rows), criteria, tuple(locks))
    return frame.set_index("site_id"), scores


def test_eligible_sites_come_first_whatever_their_score():
    frame, _ = ranked(
        [
            {"site_id": "a", "x": 10.0, "eligible": False},
            {"site_id": "b", "x": 9.0, "check_result": "blocked"},
            {"site_id": "c", "x": 1.0},
            {"site_id": "d", "x": 2.0, "check_result": "conditional"},
        ]
    )
    assert frame["rank"].to_dict() == {"d": 1, "c": 2, "a": 3, "b": 4}
    assert frame.index[frame["is_best"]].tolist() == ["d"]


def test_no_site_is_proposed_where_none_may_be_built_on():
    frame, _ = ranked([{"site_id": "a", "x": 10.0, "eligible": False}])
    assert not frame["is_best"].any()


def test_ties_go_to_the_larger_share_of_area_then_to_the_id():
    rows = [("a", 1.0, 0.9), ("c", 1.0, 1.0), ("b", 1.0, 1.0)]
    frame, _ = ranked([{"site_id": i, "x": x, "area_ratio": r} for i, x, r in rows])
    assert frame["rank"].to_dict() == {"b": 1, "c": 2, "a": 3}


def test_scores_that_differ_below_rounding_are_ties():
    frame, _ = ranked(
        [{"site_id": "a", "x": 5.0, "area_ratio": 0.9}, {"site_id": "b", "x": 4.99999, "area_ratio": 1.0}]
    )
    assert frame["score"].tolist() == [40, 40]
    assert frame["rank"].to_dict() == {"a": 2, "b": 1}


def test_every_commune_has_its_own_ranking():
    frame, _ = ranked([{"site_id": "a", "x": 1.0}, {"site_id": "b", "x": 2.0, "commune_code": "00002"}])
    assert frame["rank"].tolist() == [1, 1]
    assert frame["is_best"].all()


def test_lock_wins_and_its_price_is_told():
    lock = Lock(commune="00001", site="b", by="UBND xã", reason="có sẵn mặt bằng")
    frame, _ = ranked([{"site_id": "a", "x": 10.0, "label": "K1"}, {"site_id": "b", "x": 5.0}], [lock])
    assert frame["is_best"].to_dict() == {"a": False, "b": True}
    assert frame["rank"].to_dict() == {"a": 1, "b": 2}
    told = dict(decode(frame.loc["b", "reasons"]))
    assert told["decide.site.lock_cost"] == {"points": 40.0, "site": "K1"}
    assert told["decide.site.locked"]["by"] == "UBND xã"


def test_lock_on_an_unknown_site_lists_those_there_are():
    with pytest.raises(InputError) as caught:
        ranked([{"site_id": "a", "x": 1.0}], [Lock(commune="00001", site="z"), Lock(commune="00009", site="a")])
    assert [p.value for p in caught.value.problems] == ["z", "a"]
    assert caught.value.problems[0].params["known"] == "a"


def test_reasons_keep_what_was_said_before_and_name_gains_losses_and_gaps():
    before = '[["sites.near", {}]]'
    frame, _ = ranked([{"site_id": "a", "x": 9.0, "y": None, "reasons": before}, {"site_id": "b", "x": 1.0, "y": 2.0}])
    messages = decode(frame.loc["a", "reasons"])
    assert [key for key, _ in messages] == [
        "sites.near",
        "decide.site.lifted",
        "decide.site.missing",
        "decide.site.lead",
    ]
    assert messages[1][1]["points"] == 90
    assert [key for key, _ in decode(frame.loc["b", "reasons"])] == [*["decide.site.cost"] * 2, "decide.site.beat_none"]
    assert all(has_text(key, lang) for key, _ in messages[1:] for lang in ("vi", "en"))


def test_points_in_remarks_are_those_of_the_table_rounded_once():
    weights, points = np.array([14.0, 60.0, 26.0]), np.array([11.1496, 21.0504, 6.9496])
    messages = _for_and_against(weights, points, [{"label": name, "label_en": name} for name in "abc"])
    shown = {(key, p["label"]): (p["points"], p["of"]) for key, p in messages}
    # the table prints 11,1/14, 21,1/60 and 6,9/26: what is lost is the difference of what is printed
    assert shown == {
        ("decide.site.lifted", "a"): (11.1, 14.0), ("decide.site.cost", "b"): (38.9, 60.0),
        ("decide.site.cost", "c"): (19.1, 26.0),
    }  # fmt: skip
    assert [number(float(p), 1) for p in points] == ["11,1", "21,1", "6,9"]


def test_no_sites_at_all():
    frame, scores = rank_sites(sites([{"site_id": "a", "x": 1.0}]).iloc[:0], CRITERIA)
    assert len(frame) == len(scores) == 0
    assert {"score", "rank", "is_best"} <= set(frame.columns)


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "1"), (12345.6789, "12345.679"), (-0.0, "0"), (True, "true"), ("x", "x"), (None, None)]
)
def test_raw_text(value, words):
    assert raw_text(value) == words


def test_rests_on_is_sorted_and_single():
    assert rests_on("layer:b; layer:a", "layer:a", "assumption:z") == "assumption:z; layer:a; layer:b"
    assert rests_on(None) is None


def test_s_curve_is_slow_at_its_ends_and_half_way_at_the_middle():
    curve = ValueFunction(kind="s_curve", points=[[0, 0], [100, 1]])
    found = apply_value(pd.Series([-5.0, 0, 10, 50, 90, 100, 120, np.nan]), curve)
    assert found.tolist()[:7] == pytest.approx([0, 0, 0.028, 0.5, 0.972, 1, 1])
    assert np.isnan(found.iloc[7])
    falling = ValueFunction(kind="s_curve", points=[[0, 1], [10, 0]])
    assert apply_value(pd.Series([2.5]), falling).iloc[0] == pytest.approx(1 - 3 * 0.0625 + 2 * 0.015625)


def test_target_is_best_at_its_middle():
    target = ValueFunction(kind="target", points=[[0, 0], [40, 1], [100, 0]])
    assert apply_value(pd.Series([0.0, 20, 40, 70, 100]), target).tolist() == [0, 0.5, 1, 0.5, 0]
    with pytest.raises(ValueError, match="middle"):
        ValueFunction(kind="target", points=[[0, 1], [40, 0], [100, 1]])
    with pytest.raises(ValueError, match="number"):
        ValueFunction(kind="s_curve", points=[[0, 0], [1, 0.5], [2, 1]])
