"""Rows of frames as plain records, and what a cell holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

Row = Mapping[str, Any]


def records(frame: pd.DataFrame, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Rows of a frame, or of some of its columns, as dictionaries of plain Python values; NA becomes None.

    As ``to_dict("records")``, which spends its time in the columns of a wide frame, many times faster.
    """
    names = [str(name) for name in (frame.columns if columns is None else columns)]
    rows = (frame if columns is None else frame[names]).to_numpy(dtype=object).tolist()
    return [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in rows]


def plain(value: Any) -> Any:
    """Return what a cell holds as a plain Python value; NA becomes None."""
    if isinstance(value, np.generic):
        return value.item()
    return None if value is pd.NA else value


def rests_on(*cells: object) -> str | None:
    """Unite cells ``rests_on`` and single tokens: each token once, sorted; None without any."""
    tokens = {token.strip() for cell in cells if isinstance(cell, str) for token in cell.split(";")}
    return "; ".join(sorted(tokens - {""})) or None


def listed(cell: object) -> list[str]:
    """Ids or codes that a cell lists (``covers``, ``supersedes``), in their order, parted by ";" or ","."""
    return [part.strip() for part in cell.replace(",", ";").split(";") if part.strip()] if isinstance(cell, str) else []


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing: None, NaN or NA."""
    return bool(pd.isna(value))  # type: ignore[call-overload]


def as_text(value: object) -> str | None:
    """Return the text in a cell; None where there is none."""
    return None if is_missing(value) else str(value)


def as_number(value: Any) -> float:
    """Return the number in a cell; NaN where there is none."""
    return math.nan if is_missing(value) else float(value)
