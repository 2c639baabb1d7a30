"""Columns that rules or figures rest on and that a layer leaves empty: the rules would be silent, not satisfied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siteplan.errors import Problem
from siteplan.tables import INPUTS, records

if TYPE_CHECKING:
    from siteplan.layers.bounds import Bounds
    from siteplan.layers.read import LayerSet
    from siteplan.rules import Rules

Array = np.ndarray[Any, Any]

# columns that figures rest on, of which no rule speaks (value.column_lacking.*)
_OF_FIGURES: Mapping[str, tuple[str, ...]] = {
    "settlements": ("population",),
    "flood_marks": ("level_m",),
    "buildings": ("use",),
}
# roles whose layer stands in place of such a column
_INSTEAD: Mapping[tuple[str, str], str] = {("settlements", "population"): "population"}
# columns that a rule names under the name of what is made of them
_MADE_OF: Mapping[tuple[str, str], str] = {("roads", "bridge_length_m"): "is_bridge"}
# where nothing or less than nothing stands, nothing is told
_COUNTED = frozenset({"population", "voltage_kv"})
NONE = "none"


def check_columns(layers: LayerSet, rules: Rules, bounds: Bounds) -> list[Problem]:
    """Return a warning for each layer and column that decides something and is empty.

    A column for which a rule says what a missing value means (``none``), or that a figure rests on, is told from the
    share of rows on that the bounds give; of others, which are empty wherever there is nothing to say, only where no
    row has a value.
    """
    problems: list[Problem] = []
    for role, column, key, params in _deciding(rules):
        if layers.has(_INSTEAD.get((role, column), "")):
            continue
        table = layers.table(role)
        mostly = key != "column_empty"
        for name, of_layer in table.groupby("layer", sort=False) if len(table) else ():
            lacking = _lacking(of_layer[column])
            share = 100 * float(lacking.mean())
            if share < 100 and not (mostly and share >= bounds["column.empty"]):
                continue
            counts = {"count": int(lacking.sum()), "total": len(of_layer)}
            file = layers.catalog.entry(str(name)).origin
            problems.append(
                Problem(key, "warning", file=file, layer=str(name), column=column, params={**params, **counts})
            )
    return problems


def _lacking(values: pd.Series[Any]) -> Array:
    if values.name in _COUNTED:
        return ~(pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan) > 0)
    return values.isna().to_numpy()


def _deciding(rules: Rules) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Role and column, message key and its parameters, of each column that may be empty and that something rests on."""
    named: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for row in records(rules.eligibility):
        role = row["role"] or ""
        column = _MADE_OF.get((role, row["column"] or ""), row["column"] or "")
        if role in INPUTS and any(c.name == column and c.nullable for c in INPUTS[role].columns):
            missing = NONE in {v.strip() for v in (row["values"] or "").split("|")}
            named.setdefault((role, column), []).append((row["name"] or row["rule"], missing))
    for (role, column), found in named.items():
        silent = "; ".join(name for name, missing in found if not missing)
        treated = "; ".join(name for name, missing in found if missing)
        yield role, column, "column_empty_treated" if treated else "column_empty", {"rules": silent, "treated": treated}
    for role, columns in _OF_FIGURES.items():
        for column in columns:
            yield role, column, "column_empty_figure", {"what": f"{role}_{column}"}
