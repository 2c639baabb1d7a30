"""Grids that are pictures: hillshades, coloured maps, terrain squeezed into 8 bits; their slopes are of colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from siteplan.errors import Problem

Array = np.ndarray[Any, Any]

BYTE = "uint8"
BRIGHTEST = 255.0
COLOURS = 3
# so large a share of the cells at the greatest number of 8 bits is no summit, but what was cut off
PLATEAU_SHARE = 0.01


def no_picture(dtypes: Sequence[str], values: Array, role: str, file: str, layer: str) -> list[Problem]:
    """Tell bands beside the first, and terrain that is a picture or was cut off at the greatest number of 8 bits.

    Parameters
    ----------
    dtypes
        Type of each band of the file.
    values
        Values of the first band as they stand in the file, NaN where there are none.
    role
        What the grid is: of ``dem`` alone 8 bits are told.
    file, layer
        Where it stands.
    """
    where: dict[str, Any] = {"file": file, "layer": layer}
    if len(dtypes) >= COLOURS and set(dtypes) == {BYTE}:
        return [Problem("raster_picture", value=str(len(dtypes)), params={"bands": len(dtypes)}, **where)]
    problems = []
    if len(dtypes) > 1:
        problems.append(Problem("raster_bands", "warning", params={"bands": len(dtypes)}, **where))
    if role == "dem" and dtypes[0] == BYTE:
        known = values[np.isfinite(values)]
        share = float(np.mean(known == BRIGHTEST)) if known.size else 0.0
        if share >= PLATEAU_SHARE:
            problems.append(Problem("terrain_plateau", params={"percent": 100 * share}, **where))
        else:
            problems.append(Problem("terrain_bytes", "warning", **where))
    return problems
