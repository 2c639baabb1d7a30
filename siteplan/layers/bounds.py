"""Bounds of what is plausible (``rules/plausible.csv``): beyond them a figure or a place is probably wrong."""

from __future__ import annotations

import math

from siteplan.rule_rows import keys_of
from siteplan.rules import Rules


class Bounds(dict[str, float]):
    """Value of each bound by key; NaN, which nothing exceeds, for those that the table lacks."""

    def __init__(self, rules: Rules) -> None:
        table = rules.plausible
        given = dict(zip(table["key"], table["value"].astype(float), strict=True))
        super().__init__({key: given.get(key, math.nan) for key in keys_of("plausible")})

    def has(self, subject: str) -> bool:
        """Whether all bounds of a subject (``flood_mark``) are there."""
        return not any(math.isnan(value) for key, value in self.items() if key.startswith(f"{subject}."))
