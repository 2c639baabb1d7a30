"""Figures of communes that a layer was not made for: nothing found there is not nothing there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siteplan.sites.columns import Columns

if TYPE_CHECKING:
    from siteplan.sites.layer import Layer

# figures that tell what was found, with what they say where nothing was; the other figures of such layers (how far the
# nearest is) are not measured there at all
_FOUND: Mapping[str, Mapping[str, Any]] = {
    "hazards": {"hazard_level": "none", "hazard_percent": 0.0},
    "buildings": {"buildings_inside": 0.0, "buildings_area_m2": 0.0, "households_displaced": 0.0},
    "urban_areas": {"inside_urban_area": False},
    "flood_marks": {},
}


def measured(layers: Mapping[str, Layer], delivered: Mapping[str, frozenset[str]], code: str) -> dict[str, Layer]:
    """Layers against which the sites of a commune are measured: those made for it, and those that may say something."""
    return {role: layer for role, layer in layers.items() if role in _FOUND or code in delivered.get(role, (code,))}


def without_claims(figures: Columns, delivered: Mapping[str, frozenset[str]], code: str) -> Columns:
    """Figures without those that say "nothing" of a layer that was not made for the commune: empty instead."""
    out = dict(figures)
    for role, columns in _FOUND.items():
        if code in delivered.get(role, (code,)):
            continue
        for name, nothing in columns.items():
            values = np.array(out[name], dtype=object)
            values[[value is not pd.NA and value == nothing for value in values]] = None
            out[name] = values
    return out
