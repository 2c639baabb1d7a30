import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.decide.agreement import METHODS, preference, ranks
from siteplan.decide.weights import ahp, described, rank_order_centroid, weigh
from siteplan.errors import InputError
from siteplan.locale import has_text
from siteplan.scenario import Criterion, Phase, Scenario, ValueFunction, Weighting


@given(st.lists(st.floats(0.2, 5), min_size=1, max_size=8))
def test_consistent_comparisons_give_back_their_weights(weights):
    own = np.array(weights)
    result = ahp(own[:, None] / own)
    assert result.weights == pytest.approx(own / own.sum(), rel=1e-6)
    assert result.lambda_max == pytest.approx(len(own), rel=1e-6)
    assert result.consistency_ratio == pytest.approx(0, abs=1e-6)
    assert result.consistent


def test_contradiction_is_found_and_its_pair_named():
    # a > b > c > d by 2 each, so a : d should be 8; it says 1/8
    own = np.array([8.0, 4, 2, 1])
    matrix = own[:, None] / own
    matrix[0, 3], matrix[3, 0] = 1 / 8, 8
    result = ahp(matrix)
    assert not result.consistent
    assert result.worst_pair == (0, 3)
    assert result.worst_pair_implied > 1 / 8


@pytest.mark.parametrize(
    ("matrix", "key"),
    [
        ([[1, 2, 3], [0.5, 1, 1]], "ahp_not_square"),
        ([[1, 2], [2, 1]], "ahp_not_reciprocal"),
        ([[1, -2], [-0.5, 1]], "ahp_not_positive"),
        ([[1, 0], [1, 1]], "ahp_not_positive"),
        (np.ones((11, 11)), "ahp_too_many"),
    ],
)
def test_what_is_no_comparison_is_refused(matrix, key):
    with pytest.raises(InputError) as caught:
        ahp(matrix)
    assert {p.key for p in caught.value.problems} == {key}
    assert has_text(f"problem.{key}.what")


def test_thirds_written_as_people_write_them():
    assert ahp([[1, 3], [0.333, 1]]).weights == pytest.approx([0.75, 0.25], abs=1e-3)


@given(st.integers(1, 30))
def test_centroid_falls_and_sums_to_one(n):
    weights = rank_order_centroid(n)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) < 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_columns_that_do_not_differ_or_have_no_weight_decide_nothing(method):
    matrix = [[5, 1, 3, 9], [5, 2, 3, 1], [5, 3, 3, 5]]
    assert ranks(preference(method, matrix, (0.4, 0.2, 0.4, 0))).tolist() == [3, 2, 1]


@pytest.mark.parametrize("method", METHODS)
def test_equal_rows_and_single_rows_tie(method):
    assert ranks(preference(method, [[1, 2], [1, 2]], (0.5, 0.5))).tolist() == [1, 1]
    assert ranks(preference(method, [[1, 2]], (0.5, 0.5))).tolist() == [1]
    # each best on one of two criteria of equal weight
    assert ranks(preference(method, [[1, 0], [0, 1]], (0.5, 0.5))).tolist() == [1, 1]


def test_ranks_of_equal_values():
    assert ranks([3, 1, 3]).tolist() == [1, 3, 1]
    assert ranks([3, 1, 3], descending=False).tolist() == [2, 1, 2]


# -- weights of a scenario ---------------------------------------------------------------------------------


def scenario_of(groups, **weighting):
    criteria = [
        Criterion(key=key, group=group, weight=weight, value=ValueFunction(kind="identity"))
        for key, group, weight in groups
    ]
    return Scenario(
        name="thu",
        title="thử",
        date="2026-01-01",
        criteria=tuple(criteria),
        phases=(Phase(name="a", years=(2026, 2026)),),
        weighting=(Weighting(of="site", **weighting),),
    )


SITES = [("a", "đi lại", 1), ("b", "đi lại", 3), ("c", "đất", 1), ("d", "", 1)]


def test_groups_share_the_weight_that_comparisons_give_them():
    found = weigh(scenario_of(SITES, method="ahp", names=("đi lại", "đất", "d"), upper=((2, 4), (2,))))
    # consistent: 4 : 2 : 1 of 7, the first split 1 : 3
    weights = {c.key: c.weight for c in found.criteria}
    assert weights == pytest.approx({"a": 100 / 7, "b": 300 / 7, "c": 200 / 7, "d": 100 / 7})


def test_comparisons_are_told_with_their_consistency_and_the_table_it_is_measured_by():
    (told,) = described(scenario_of(SITES, method="ahp", names=("đi lại", "đất", "d"), upper=((3, 5), (2,))))
    # the largest eigenvalue of three comparisons: 1 + t + 1/t, where t³ = a13 / (a12 a23)
    t = (5 / (3 * 2)) ** (1 / 3)
    largest = 1 + t + 1 / t
    assert told["lambda_max"] == pytest.approx(largest, abs=1e-6)
    # Saaty 1980: the random index of three is 0.58, comparisons above 0.1 are refused
    assert told["consistency_ratio"] == pytest.approx((largest - 3) / 2 / 0.58, abs=1e-6)
    assert (told["index_table"], told["limit"]) == ("Saaty 1980", 0.1)


def test_order_of_rank_gives_the_published_centroid():
    four = [(key, "", 0) for key in "wxyz"]
    found = weigh(scenario_of(four, method="rank_order", names=tuple("wxyz")))
    assert [round(c.weight, 2) for c in found.criteria] == [52.08, 27.08, 14.58, 6.25]


def test_fractions_are_read_as_people_write_them():
    given = scenario_of([("a", "", 1), ("b", "", 1)], method="ahp", names=("a", "b"), upper=(("1/3",),))
    assert [c.weight for c in weigh(given).criteria] == pytest.approx([25, 75])


@pytest.mark.parametrize(
    ("weighting", "key"),
    [
        ({"method": "ahp", "names": ("đi lại", "đất", "d"), "upper": ((9, "1/9"), (9,))}, "ahp_inconsistent"),
        ({"method": "ahp", "names": ("đi lại", "đất", "d"), "upper": ((9,),)}, "weighting_upper"),
        ({"method": "ahp", "names": ("đi lại", "đất", "d"), "upper": (("hai", 4), (2,))}, "ahp_not_positive"),
        ({"method": "rank_order", "names": ("đi lại", "đất")}, "weighting_names"),
        ({"method": "rank_order", "names": ("đi lại", "a", "đất", "d")}, "weighting_names"),
        ({"method": "rank_order", "names": ("đi lại", "đất", "d", "mây")}, "weighting_names"),
    ],
)
def test_bad_comparisons_are_told_with_a_remedy(weighting, key):
    with pytest.raises(InputError) as caught:
        weigh(scenario_of(SITES, **weighting))
    assert key in {p.key for p in caught.value.problems}
    assert all(has_text(f"problem.{p.key}.remedy", lang) for p in caught.value.problems for lang in ("vi", "en"))


def test_without_comparisons_weights_stay_as_written():
    given = scenario_of(SITES, method="rank_order", names=("đi lại", "đất", "d")).model_copy(update={"weighting": ()})
    assert weigh(given) == given
