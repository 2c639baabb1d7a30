"""Cells of a terrain model that hold no height although the file does not say so.

Voids written as -32768, -9999 or 65535 without a nodata tag, and voids written as 0 in the middle of mountains, would
make cliffs and false plains. They are taken out and told. Many different ones, each near to the next, are no voids but
land in another unit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from siteplan.errors import Problem
from siteplan.layers.listing import named

if TYPE_CHECKING:
    from siteplan.layers.grids import SourceGrid

Array = np.ndarray[Any, Any]

# no land of the earth lies beyond: the shore of the Dead Sea is at -430 m, Everest at 8,849 m
LOWEST_M, HIGHEST_M = -450.0, 8_900.0
# an area at exactly 0 m beside land that is this much higher is no sea
CLIFF_M = 30.0
# voids are written as one number or a few: so many heights beyond all land, none of them in most of the cells, and each
# near to the next, are land in another unit
DIFFERENT = 50
NEAR_SHARE = 0.05


def without_voids(source: SourceGrid, file: str, layer: str) -> tuple[SourceGrid, list[Problem]]:
    """Take heights out that are none.

    Parameters
    ----------
    source
        Terrain as read, metres, NaN where the file says that there is nothing.
    file, layer
        Where it stands, for the problems.

    Returns
    -------
    tuple
        The grid with NaN in their place, and a warning each for impossible heights (``terrain_impossible``) and for
        zeros that stand for nothing (``terrain_zero``). Heights in another unit stay and are an error
        (``terrain_unit``).
    """
    values = source.values
    problems = []
    high = values > HIGHEST_M
    if _other_unit(values, high):
        params = _extent(high, values) | {"different": len(np.unique(values[high])), "limit_m": HIGHEST_M}
        value = f"{values[high].min():g}..{values[high].max():g}"
        problems.append(Problem("terrain_unit", file=file, layer=layer, value=value, params=params))
        high = np.zeros_like(high)
    impossible = (values < LOWEST_M) | high
    if impossible.any():
        strange = np.unique(values[impossible])
        problems.append(
            Problem("terrain_impossible", "warning", file=file, layer=layer,
                    value=named([f"{v:g}" for v in strange], 3),
                    params=_extent(impossible, values))
        )  # fmt: skip
        values = np.where(impossible, np.nan, values)
    zero = _false_zeros(values)
    if zero.any():
        problems.append(Problem("terrain_zero", "warning", file=file, layer=layer, params=_extent(zero, values)))
        values = np.where(zero, np.nan, values)
    return (replace(source, values=values) if problems else source), problems


def _other_unit(values: Array, high: Array) -> bool:
    """Tell whether heights beyond all land are those of a ground, not of voids or what resampling made of them."""
    found, counts = np.unique(values[high], return_counts=True)
    if len(found) < DIFFERENT or 2 * counts.max() > counts.sum():
        return False
    beside = high[:, 1:] & high[:, :-1]
    steps = np.abs(values[:, 1:][beside] - values[:, :-1][beside])
    return bool(len(steps) and np.median(steps / values[:, 1:][beside]) < NEAR_SHARE)


def _extent(cells: Array, values: Array) -> dict[str, Any]:
    return {"count": int(cells.sum()), "percent": 100.0 * float(cells.sum()) / values.size}


def _false_zeros(values: Array) -> Array:
    """Find connected cells at exactly 0 m whose neighbours lie, by their median, more than a cliff above."""
    zero = values == 0
    if not zero.any():
        return zero
    every = np.ones((3, 3), dtype=bool)
    labels, count = ndimage.label(zero, structure=every)
    ring = ndimage.grey_dilation(labels, footprint=every)
    ring[zero | ~np.isfinite(values)] = 0
    there = np.flatnonzero(np.bincount(ring.ravel(), minlength=count + 1)[1:]) + 1
    if len(there) == 0:
        return np.zeros(values.shape, dtype=bool)
    beside = np.zeros(count + 1)
    beside[there] = ndimage.median(values, ring, there)
    return np.asarray(zero & (beside[labels] > CLIFF_M))
