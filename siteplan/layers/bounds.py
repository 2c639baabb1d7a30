"""Bounds of what is plausible (``rules/plausible.csv``): beyond them a figure or a place is probably wrong."""

from __future__ import annotations

import math

from siteplan.errors import Problem
from siteplan.layers.listing import together
from siteplan.rules import Rules

FILE = "rules/plausible.csv"
KEYS = (
    "flood_mark.below",
    "flood_mark.above",
    "flood_mark.around",
    "flood_mark.share",
    "flood_mark.least",
    "terrain_known.times",
    "terrain_known.off",
    "terrain_known.least",
    "terrain_apart.known",
    "terrain_spike.height",
    "terrain_spike.slope",
    "road.width_most",
    "road.width_least",
    "position.outside",
    "column.empty",
    "grid.cells",
)


class Bounds(dict[str, float]):
    """Value of each bound by key; NaN, which nothing exceeds, for those that the table lacks."""

    def __init__(self, rules: Rules) -> None:
        table = rules.plausible
        given = dict(zip(table["key"], table["value"].astype(float), strict=True))
        super().__init__({key: given.get(key, math.nan) for key in KEYS})

    def has(self, subject: str) -> bool:
        """Whether all bounds of a subject (``flood_mark``) are there."""
        return not any(math.isnan(value) for key, value in self.items() if key.startswith(f"{subject}."))

    def problems(self) -> list[Problem]:
        """Return the warning that names the bounds which the table lacks."""
        lacking = [key for key, value in self.items() if math.isnan(value)]
        return together("bounds_missing", "warning", lacking, file=FILE, column="key")
