"""Published numbers of TOPSIS, VIKOR and PROMETHEE II, against the methods as this program calls them."""

import pytest

from siteplan.decide.agreement import preference, ranks

# Tzeng and Huang 2011, Multiple Attribute Decision Making
MATRIX = [(5, 8, 4), (7, 6, 8), (8, 8, 6), (7, 4, 6)]
WEIGHTS = (0.3, 0.4, 0.3)


def test_topsis():
    closeness = preference("topsis", MATRIX, WEIGHTS)
    assert closeness == pytest.approx([0.5037, 0.6581, 0.7482, 0.3340], abs=5e-5)
    assert ranks(closeness).tolist() == [3, 2, 1, 4]


def test_vikor():
    assert -preference("vikor", MATRIX, WEIGHTS) == pytest.approx([0.75, 0.25, 0, 1])


def test_promethee():
    # by hand, usual preference: the net flow is (wins - losses) / 3, each pair weighed by the criteria it wins
    def wins(a, b):
        return sum(w for x, y, w in zip(a, b, WEIGHTS, strict=True) if x > y)

    flows = [sum(wins(a, b) - wins(b, a) for b in MATRIX if b is not a) / 3 for a in MATRIX]
    assert preference("promethee_ii", MATRIX, WEIGHTS) == pytest.approx(flows)
