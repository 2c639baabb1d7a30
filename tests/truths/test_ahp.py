"""Published numbers of the pairwise comparison."""

import numpy as np
import pytest

from siteplan.decide.weights import ahp, rank_order_centroid

# Saaty 2008, "Decision making with the analytic hierarchy process": consumption of drinks in the United States;
# lambda max and consistency ratio as in the tests of AHPy (random index of 1980).
UPPER = [[9, 5, 2, 1, 1, 1 / 2], [1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9], [1 / 3, 1 / 4, 1 / 3, 1 / 9], [1 / 2, 1, 1 / 3]]
UPPER += [[2, 1 / 2], [1 / 3]]


def drinks():
    matrix = np.eye(7)
    for i, row in enumerate(UPPER):
        for j, value in enumerate(row, start=i + 1):
            matrix[i, j], matrix[j, i] = value, 1 / value
    return matrix


def test_drinks_of_saaty_2008():
    result = ahp(drinks())
    assert result.weights == pytest.approx([0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327], abs=5e-4)
    assert result.lambda_max == pytest.approx(7.17663, abs=5e-6)
    assert result.consistency_ratio == pytest.approx(0.0223, abs=5e-5)
    assert result.index_table == "Saaty 1980"
    assert result.consistent


def test_rank_order_centroid_of_four():
    # Barron and Barrett 1996
    assert rank_order_centroid(4) == pytest.approx([0.5208, 0.2708, 0.1458, 0.0625], abs=5e-5)
