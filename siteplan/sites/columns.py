"""The tables of this room, and figures of some sites column by column: without what a frame costs for a dozen rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from siteplan.tables.rows import plain

TABLES = ("sites", "conflicts", "conformity", "land_account", "land_options", "access_points")

Columns = dict[str, Any]  # name: array, one value a site


def unknown(names: Iterable[str], count: int) -> Columns:
    """Columns of numbers of which nothing is known yet: NaN."""
    return {name: np.full(count, np.nan) for name in names}


def nothing(count: int) -> np.ndarray[Any, Any]:
    """Column of objects without any: None."""
    return np.full(count, None, dtype=object)


def rows_of(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows as dictionaries of plain Python values; NA becomes None."""
    values = (np.asarray(column, dtype=object).tolist() for column in columns.values())
    return [{name: plain(value) for name, value in zip(columns, row, strict=True)} for row in zip(*values, strict=True)]
