import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from siteplan.decide.scoring import score
from siteplan.decide.stability import shaken_weights, site_stability, swap_weight
from siteplan.locale import decode, has_text
from siteplan.scenario import Criterion, ValueFunction

WEIGHTS = {"x": 50.0, "y": 50.0}


def tables(rows, weights=WEIGHTS):
    """Make sites from (id, x, y) and their score rows; ranked in the order given."""
    sites = pd.DataFrame(
        {
            "commune_code": "1",
            "site_id": [r[0] for r in rows],
            "eligible": True,
            "check_result": "clear",
            "score": 1.0,
            "rank": range(1, len(rows) + 1),
        }
    )
    scores = pd.DataFrame(
        [
            {"of": "site", "subject_id": r[0], "criterion": key, "scaled": value, "weight": weights[key]}
            for r in rows
            for key, value in zip(weights, r[1:], strict=True)
        ]
    )
    return scores, sites


def shares(rows, weights=WEIGHTS, **more):
    result = site_stability(*tables(rows, weights), **more)
    return result["first_share_percent"].tolist(), result["close_call"].tolist()


def test_weights_lie_on_the_simplex_around_those_given():
    drawn = shaken_weights(np.array([10.0, 20.0, 70.0, 0.0]), 20_000, seed=1)
    assert drawn.sum(axis=1) == pytest.approx(1)
    assert (drawn >= 0).all()
    assert drawn.mean(axis=0) == pytest.approx([0.1, 0.2, 0.7, 0], abs=2e-3)
    # variance of a Dirichlet distribution: m (1 - m) / (concentration + 1)
    assert drawn[:, 0].std() == pytest.approx((0.1 * 0.9 / 101) ** 0.5, rel=0.03)


def test_a_site_better_in_everything_is_first_always():
    assert shares([("a", 1, 1), ("b", 0.5, 0.9)]) == ([100, 0], [False, False])


def test_two_opposite_sites_share_the_draws_evenly_and_are_a_close_call():
    share, close = shares([("a", 1, 0), ("b", 0, 1), ("c", 0.1, 0.1)], draws=20_000)
    assert share[0] == pytest.approx(50, abs=1.5)
    assert share[0] + share[1] == pytest.approx(100)
    assert close == [True, True, False]


def test_share_of_a_known_distribution():
    # a wins where its weight passes 0.6: the tail of Beta(50, 50)
    from scipy.stats import beta

    share, _ = shares([("b", 0.6, 0.6), ("a", 1, 0)], draws=40_000)
    assert share[1] == pytest.approx(100 * beta(50, 50).sf(0.6), abs=0.5)


def test_equal_sites_leave_the_ranking_as_it_is():
    assert shares([("b", 0.4, 0.7), ("a", 0.4, 0.7)])[0] == [100, 0]


def test_one_site_and_zero_weight():
    assert shares([("a", 0.2, 0.1)]) == ([100], [False])
    assert shares([("a", 0.5, 0), ("b", 0.4, 1)], {"x": 100.0, "y": 0.0})[0] == [100, 0]


def test_missing_values_are_left_out_of_each_draw():
    # with y unknown site a is scored 0.9 in every draw
    assert shares([("a", 0.9, np.nan), ("b", 0.8, 0.8)])[0] == [100, 0]


def test_sites_that_may_not_be_built_on_do_not_compete():
    scores, sites = tables([("a", 0.5, 0.5), ("b", 1, 1), ("c", 1, 1)])
    sites.loc[1, "eligible"] = False
    sites.loc[2, "check_result"] = "blocked"
    result = site_stability(scores, sites)
    assert result["first_share_percent"].tolist()[0] == 100
    assert result["first_share_percent"].isna().tolist() == [False, True, True]


def test_the_same_seed_gives_the_same_shares():
    rows = [("a", 1, 0), ("b", 0, 1)]
    assert shares(rows, seed=7) == shares(rows, seed=7)
    assert shares(rows, seed=7) != shares(rows, seed=8)


def test_65_communes_10_sites_10_000_draws_take_seconds():
    rng = np.random.default_rng(0)
    keys = [f"c{n}" for n in range(12)]
    codes = np.repeat([f"{n:05d}" for n in range(65)], 10)
    ids = [f"{code}-{n}" for n, code in enumerate(codes)]
    sites = pd.DataFrame(
        {"commune_code": codes, "site_id": ids, "eligible": True, "check_result": "clear", "score": 1.0}
    )
    sites["rank"] = sites.groupby("commune_code").cumcount() + 1
    scores = pd.DataFrame(
        {
            "of": "site",
            "subject_id": np.repeat(ids, 12),
            "criterion": keys * 650,
            "scaled": rng.random(650 * 12),
            "weight": [100 / 12] * 650 * 12,
        }
    )
    result = site_stability(scores, sites, draws=10_000)
    assert len(result) == 650
    assert result.groupby("commune_code")["first_share_percent"].sum().round(0).eq(100).all()


# -- what a single weight does ---------------------------------------------------------------------------------


def test_weight_at_which_two_sites_swap_by_hand():
    # 0.6 a + 0.4 b: 0.9 and 0.5 against 0.5 and 0.8 gives 0.74 and 0.62; equal where 0.4 a = 0.3 b: b = 0.8
    first, second, weights = np.array([0.9, 0.5]), np.array([0.5, 0.8]), np.array([0.6, 0.4])
    assert swap_weight(first, second, weights, 1) == pytest.approx(0.8)
    assert swap_weight(first, second, weights, 0) == pytest.approx(0.3)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 50)), min_size=2, max_size=6),
    st.integers(0, 5),
    st.booleans(),
)
@example([(0.0, 0.0, 1), (0.0, 0.0, 1), (0.0, 1.0, 1), (0.0, 5e-324, 1)], 3, False)  # the least number there is
def test_at_that_weight_the_scores_are_equal(rows, k, missing):
    k %= len(rows)
    first, second, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if missing:
        second[(k + 1) % len(rows)] = np.nan
    to = swap_weight(first, second, weights, k)
    if to is not None and to + weights.sum() - weights[k] > 1e-6:
        turned = weights.copy()
        turned[k] = to
        known = ~np.isnan(second)
        if turned[known].sum() > 1e-6:
            own = first @ turned / turned.sum()
            other = second[known] @ turned[known] / turned[known].sum()
            assert own == pytest.approx(other, abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10), st.integers(1, 50)), min_size=2, max_size=6),
    st.integers(0, 5),
)
def test_where_nothing_is_missing_the_weight_is_that_of_the_closed_form(rows, k):
    # Σ w (a - b) = 0 is linear in one weight: w_k = -Σ of the others / (a_k - b_k), if that is not negative
    k %= len(rows)
    apart = [(a - b) * w for a, b, w in rows]
    rest, own = sum(apart) - apart[k], rows[k][0] - rows[k][1]
    first, second, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = swap_weight(first / 10, second / 10, weights, k)
    if own == 0 or -rest / own < 0:
        assert found is None
    else:
        assert found == pytest.approx(-rest / own, abs=1e-9)


@given(st.integers(0, 3), st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=4, max_size=4))
def test_dropping_a_site_reverses_no_rank(gone, values):
    frame = pd.DataFrame(values, columns=["a", "b", "c"]).assign(site_id=list("wxyz"), commune_code="1")
    criteria = [
        Criterion(key=k, weight=w, value=ValueFunction(kind="identity")) for k, w in zip("abc", (5, 3, 2), strict=True)
    ]
    whole = score(frame, "site_id", "commune_code", criteria, "site").subjects["score"]
    less = score(frame.drop(index=gone), "site_id", "commune_code", criteria, "site").subjects["score"]
    assert less.tolist() == whole.drop(index=gone).tolist()


def test_notes_name_rivals_and_what_a_single_weight_does():
    rows = [("a", 1.0, 0.0), ("b", 0.0, 0.98), ("c", 0.1, 0.1)]
    notes = dict(decode(site_stability(*tables(rows), seed=3)["notes"].iloc[0]))
    assert notes["decide.site.close"] == {"names": "b"}
    assert notes["decide.site.swap"]["to"] == pytest.approx(49)  # 50 x 1 = w x 1 at 0.98 w... of y: 50 / 0.98
    assert set(notes["decide.site.lost"]["names"].split(", ")) == {"x", "y"}
    sure = dict(decode(site_stability(*tables([("a", 1, 1), ("b", 0.2, 0.1)]), seed=3)["notes"].iloc[0]))
    assert set(sure) == {"decide.site.swap_none", "decide.site.held"}
    assert all(has_text(key, lang) for key in (*notes, *sure) for lang in ("vi", "en"))
