import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.decide.priority import rank_communes
from siteplan.decide.rank_stability import judge, possible_ranks, shaken_ranks
from siteplan.locale import decode, has_text
from siteplan.scenario import Criterion, SupplementSettings, ValueFunction

CRITERIA = tuple(
    Criterion(key=key, of="commune", weight=50, value=ValueFunction(kind="identity")) for key in ("first", "second")
)
SUPPLEMENTS = SupplementSettings(cap_points=10, border=7, central_ward=8)


def judged(*rows, cap=10.0):
    base = {"is_border": False, "is_central_ward": False, "gate_class": None}
    frame = pd.DataFrame([{**base, "code": f"{n:05d}", "name": f"Xã {n}", **row} for n, row in enumerate(rows)])
    ranked, scores = rank_communes(frame, CRITERIA, SUPPLEMENTS)
    return judge(ranked, scores, cap, seed=1, draws=2000).set_index("code")


def notes(frame, n):
    return dict(decode(frame["priority_notes"].iloc[n]))


def test_bounds_of_a_rank_by_hand():
    low, high = np.array([50.0, 40.0, 10.0]), np.array([50.0, 70.0, 20.0])
    best, worst = possible_ranks(low, high)
    assert best.tolist() == [1, 1, 3]
    assert worst.tolist() == [2, 2, 3]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=6), st.randoms())
def test_every_rank_that_can_be_lies_in_the_bounds(pairs, random):
    low = np.array([min(p) for p in pairs], dtype=float)
    high = np.array([max(p) for p in pairs], dtype=float)
    best, worst = possible_ranks(low, high)
    points = np.array([random.uniform(a, b) for a, b in zip(low, high, strict=True)])
    ranks = (points[np.newaxis, :] > points[:, np.newaxis]).sum(axis=1) + 1
    assert (best <= ranks).all()
    assert (ranks <= worst).all()


def test_a_commune_better_in_everything_keeps_its_rank_in_every_draw():
    ranks = shaken_ranks(np.array([[1.0, 1.0], [0.4, 0.5], [0.0, 0.1]]), np.array([50.0, 50.0]), np.zeros(3), 500, 7)
    assert (ranks == [1, 2, 3]).all()


def test_opposite_communes_swap_in_half_of_the_draws_and_are_a_close_call():
    frame = judged({"first": 1.0, "second": 0.0}, {"first": 0.0, "second": 1.0})
    assert notes(frame, 0)["priority.close_below"]["share"] == pytest.approx(50, abs=5)
    assert notes(frame, 1)["priority.close_above"]["name"] == "Xã 0"
    assert frame[["rank_shaken_low", "rank_shaken_high"]].iloc[0].tolist() == [1, 2]
    assert notes(frame, 0)["priority.tie"]["names"] == "Xã 1"


def test_missing_figures_are_told_with_the_ranks_they_could_bring():
    frame = judged({"first": 0.8, "second": None}, {"first": 0.5, "second": 0.5}, {"first": 0.3, "second": 0.3})
    told = notes(frame, 0)["priority.bounds"]
    assert (told["low"], told["high"], told["best"], told["worst"]) == (40.0, 90.0, 1, 2)
    assert "priority.bounds" not in notes(frame, 1)


def test_an_unknown_supplement_widens_the_bounds_within_the_cap():
    frame = judged({"first": 0.5, "second": 0.5, "is_border": None}, {"first": 0.56, "second": 0.56})
    assert notes(frame, 0)["priority.bounds"]["high"] == 57.0
    assert frame["rank_low"].iloc[0] == 1
    capped = judged({"first": 0.5, "second": 0.5, "is_border": None}, {"first": 0.56, "second": 0.56}, cap=3)
    assert notes(capped, 0)["priority.bounds"]["high"] == 53.0
    assert capped["rank_low"].iloc[0] == 2


def test_what_supplements_moved_is_told():
    frame = judged({"first": 0.5, "second": 0.5}, {"first": 0.45, "second": 0.45, "is_border": True})
    assert notes(frame, 1)["priority.moved"] == {"base_rank": 2, "rank": 1, "points": 7.0}
    for n in (0, 1):
        assert all(has_text(key, lang) for key in notes(frame, n) for lang in ("vi", "en"))
