"""Rounding as people and spreadsheets do it, so that a figure of a run can be checked by hand or in a workbook."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NOISE_DIGITS = 6


def half_up(values: ArrayLike, decimals: int = 0) -> NDArray[Any]:
    """Round halves away from zero; NaN stays.

    What binary numbers lose beyond six digits after the last decimal kept is put right first, so that 2.675 is 2.68 and
    the order in which a sum was made does not count: ``ROUND(ROUND(x, decimals + 6), decimals)`` of a spreadsheet.
    """
    unit = 10.0**decimals
    moved = np.abs(np.asarray(values, dtype="float64")) * unit
    lost = np.fmax(0.5 * 10.0**-_NOISE_DIGITS, 2.0 * np.spacing(moved))  # of large numbers binary keeps fewer digits
    return np.sign(values) * np.floor(moved + (0.5 + lost)) / unit
