"""Published numbers of TOPSIS and VIKOR: Tzeng and Huang 2011, Multiple Attribute Decision Making."""

import pytest

from siteplan.decide.scoring_checks import ranks, topsis, vikor

MATRIX = [(5, 8, 4), (7, 6, 8), (8, 8, 6), (7, 4, 6)]
WEIGHTS = (0.3, 0.4, 0.3)


def test_topsis():
    result = topsis(MATRIX, WEIGHTS)
    assert result.closeness == pytest.approx([0.5037, 0.6581, 0.7482, 0.3340], abs=5e-5)
    assert ranks(result.closeness).tolist() == [3, 2, 1, 4]


def test_vikor():
    result = vikor(MATRIX, WEIGHTS)
    assert result.group_utility == pytest.approx([0.6, 0.3, 0.15, 0.65])
    assert result.regret == pytest.approx([0.3, 0.2, 0.15, 0.4])
    assert result.compromise == pytest.approx([0.75, 0.25, 0, 1])
