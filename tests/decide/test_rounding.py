"""Halves are rounded away from zero, whatever binary numbers make of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from siteplan.decide.rounding import half_up


def test_halves_go_up_where_numpy_goes_to_the_even_neighbour():
    assert half_up([0.5, 1.5, 2.5, -2.5]).tolist() == [1, 2, 3, -3]
    assert np.round(2.5) == 2
    assert half_up(71.1125, 3) == 71.113
    assert half_up(1.005, 2) == 1.01  # 1.00499999999999989… in binary
    assert half_up(43_980_465.11105, 4) == 43_980_465.1111  # more digits than binary keeps


def test_missing_stays_missing_and_the_index_is_kept():
    found = pd.Series([1.25, np.nan], index=["a", "b"]).transform(half_up, decimals=1)
    assert found["a"] == 1.3
    assert np.isnan(found["b"])


@given(st.decimals(min_value=0, max_value=10**9, places=5), st.integers(min_value=0, max_value=4))
def test_it_is_the_rounding_taught_at_school(value, decimals):
    expected = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    assert abs(float(half_up(float(value), decimals)) - float(expected)) < 1e-6
