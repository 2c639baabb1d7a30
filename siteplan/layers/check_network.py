"""Figures of roads and power lines that are in another unit: their corridors would come out wrong."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from siteplan.layers.listing import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from siteplan.errors import Problem
    from siteplan.layers.bounds import Bounds
    from siteplan.layers.read import LayerSet
    from siteplan.rules import Rules

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def check_network(layers: LayerSet, rules: Rules, bounds: Bounds) -> list[Problem]:
    """Return warnings: roads wider or narrower than any, voltages above those that the rules know."""
    return [*_widths(layers, bounds), *_voltages(layers, rules)]


def _widths(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    least, most = bounds["road.width_least"], bounds["road.width_most"]
    problems: list[Problem] = []
    for values, where in _by_layer(layers, "roads", "width_m"):
        narrow, wide = _listed(values[values < least]), _listed(values[values > most])
        problems += together("road_width_least", "warning", narrow, limit=least, **where)
        problems += together("road_width_most", "warning", wide, limit=most, **where)
    return problems


def _voltages(layers: LayerSet, rules: Rules) -> list[Problem]:
    """Hold voltages against the greatest that a corridor rule names."""
    table = rules.eligibility
    of_lines = table[(table["role"] == "power_lines") & (table["column"] == "voltage_kv")]
    most = max(
        (float(n) for words in of_lines["values"].dropna() for n in _NUMBER.findall(str(words))), default=math.inf
    )
    problems: list[Problem] = []
    for values, where in _by_layer(layers, "power_lines", "voltage_kv"):
        problems += together("voltage_least", "warning", _listed(values[values < 0]), limit=0, **where)
        problems += together("voltage_most", "warning", _listed(values[values > most]), limit=most, **where)
    return problems


def _by_layer(layers: LayerSet, role: str, column: str) -> Iterator[tuple[pd.Series[float], dict[str, Any]]]:
    """Values of a column, one layer after the other, and where they stand."""
    table = layers.table(role)
    for name, of_layer in table.groupby("layer", sort=False) if len(table) else ():
        values = of_layer[column].astype(float).reset_index(drop=True)
        file = layers.catalog.entry(str(name)).origin
        yield values, {"file": file, "layer": str(name), "column": column, "total": int(values.notna().sum())}


def _listed(values: pd.Series[float]) -> list[str]:
    """Rows with their values, the greatest first."""
    order = values.sort_values(ascending=False, kind="stable")
    return [f"{row} ({value:g})" for row, value in zip(order.index + 1, order, strict=True)]
