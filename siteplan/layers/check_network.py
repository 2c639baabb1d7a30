"""Figures of roads and power lines that are in another unit: their corridors would come out wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from siteplan.layers.listing import together

if TYPE_CHECKING:
    from siteplan.errors import Problem
    from siteplan.layers.bounds import Bounds
    from siteplan.layers.read import LayerSet
    from siteplan.rules import Rules

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def check_network(layers: LayerSet, rules: Rules, bounds: Bounds) -> list[Problem]:
    """Return warnings: roads wider or narrower than any, voltages above those that the rules know."""
    return [*_widths(layers, bounds), *_voltages(layers, rules)]


def _told(layers: LayerSet, role: str, column: str, key: str, low: float, high: float) -> list[Problem]:
    """One warning a layer for the values of a column below `low`, and one for those above `high`, greatest first."""
    table = layers.table(role)
    values = table[column].astype(float)
    problems: list[Problem] = []
    for name in table["layer"].unique():
        own = values[table["layer"] == name].reset_index(drop=True)
        wide, narrow = own[own > high].sort_values(ascending=False, kind="stable"), own[own < low]
        for suffix, off, limit in (("least", narrow, low), ("most", wide, high)):
            features = [f"{row + 1} ({value:g})" for row, value in off.items()]
            problems += together(
                f"{key}_{suffix}", "warning", features, total=int(own.notna().sum()), limit=limit,
                file=layers.catalog.entry(str(name)).origin, layer=str(name), column=column,
            )  # fmt: skip
    return problems


def _widths(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    return _told(layers, "roads", "width_m", "road_width", bounds["road.width_least"], bounds["road.width_most"])


def _voltages(layers: LayerSet, rules: Rules) -> list[Problem]:
    """Hold voltages against the greatest that a corridor rule names."""
    table = rules.eligibility
    of_lines = table[(table["role"] == "power_lines") & (table["column"] == "voltage_kv")]
    known = [float(number) for values in of_lines["values"].dropna() for number in _NUMBER.findall(str(values))]
    return _told(layers, "power_lines", "voltage_kv", "voltage", 0.0, max(known)) if known else []
