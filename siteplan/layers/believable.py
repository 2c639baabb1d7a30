"""Layers without the rows that other layers show to be impossible: nothing may rest on what a check cannot believe."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from siteplan.layers.bounds import Bounds
from siteplan.layers.check_heights import marks_against_terrain

if TYPE_CHECKING:
    from siteplan.layers.read import LayerSet
    from siteplan.rules import Rules


def believable(layers: LayerSet, rules: Rules | None) -> LayerSet:
    """Leave out the rows that cannot be right, and list them among the problems (severity ``excluded``).

    These are flood marks whose level is none of the ground around them: no site may be held safe by them. Where a
    whole layer is off, its rows stay: that is an error of the check and stops the run.

    Parameters
    ----------
    layers
        As read.
    rules
        Their table of bounds says what cannot be; without rules all rows stay.
    """
    if rules is None:
        return layers
    off, problems = marks_against_terrain(layers, Bounds(rules))
    if not problems or any(problem.severity == "error" for problem in problems):
        return layers
    # what is kept under the fingerprint depends on the rows that are left
    left_out = hashlib.sha256(f"{layers.fingerprint} {off.nonzero()[0].tolist()}".encode()).hexdigest()
    marks = layers.table("flood_marks")[~off].reset_index(drop=True)
    return replace(
        layers,
        problems=[*layers.problems, *problems],
        fingerprint=left_out,
        tables={**layers.tables, "flood_marks": marks},
    )
