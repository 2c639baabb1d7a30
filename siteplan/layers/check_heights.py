"""Heights that contradict each other: flood marks and the terrain under them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from siteplan.errors import Problem
from siteplan.layers.listing import place_of, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siteplan.layers.bounds import Bounds
    from siteplan.layers.read import LayerSet
    from siteplan.raster import Raster

Array = np.ndarray[Any, Any]

# what a height in metres is multiplied by when it is written in another unit (value.height_unit.*)
UNITS: Mapping[str, float] = {"ft": 1 / 0.3048, "dm": 10.0, "cm": 100.0, "mm": 1000.0, "km": 0.001}
# so near must a ratio come to that of a unit for the unit to be named
SAME = 1.3


def check_heights(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    """Return what heights tell against each other; an error where a whole layer is in another unit or datum."""
    return _flood_marks(layers, bounds)


def unit_of(times: float) -> str | None:
    """Return the unit in which heights are `times` those in metres; None where no unit is that near."""
    if not times > 0:
        return None
    off = {unit: abs(np.log(times / factor)) for unit, factor in UNITS.items()}
    nearest = min(off, key=lambda unit: off[unit])
    return nearest if off[nearest] < np.log(SAME) else None


def _flood_marks(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    """Tell marks whose level lies further below or above the ground around them than a flood can be."""
    raster, marks = layers.raster("dem"), layers.table("flood_marks")
    if raster is None or not len(marks) or not bounds.has("flood_mark"):
        return []
    level = marks["level_m"].to_numpy(float, na_value=np.nan)
    x, y = marks.geometry.x.to_numpy(), marks.geometry.y.to_numpy()
    lowest, highest = _around(raster, x, y, bounds["flood_mark.around"])
    known = np.isfinite(level) & np.isfinite(lowest)
    below, above = bounds["flood_mark.below"], bounds["flood_mark.above"]
    off = known & ((level < lowest - below) | (level > highest + above))
    if not off.any():
        return []
    rows = marks.groupby("layer").cumcount().to_numpy() + 1
    events = marks["event"].fillna("–").to_numpy(object)
    there = np.flatnonzero(off)
    features = [f"{rows[i]} {events[i]} ({level[i]:g} m; {lowest[i]:.0f}..{highest[i]:.0f} m)" for i in there]
    share = 100 * off.sum() / known.sum()
    params: dict[str, Any] = {"total": int(known.sum()), "below": below, "above": above}
    where = {**place_of(layers.catalog, "flood_marks"), "column": "level_m"}
    if share < bounds["flood_mark.share"] or known.sum() < bounds["flood_mark.least"]:
        return together("flood_marks_off", "warning", features, **params, **where)
    if level[off].max() <= above:
        return together("flood_marks_depth", "error", features, **params, **where)
    ground = (lowest + highest)[off] / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        times = float(np.nanmedian(level[off] / ground))
    unit, of_terrain = unit_of(times), unit_of(1 / times if times else 0.0)
    if unit is not None:
        return together("flood_marks_unit", "error", features, unit=unit, times=times, **params, **where)
    if of_terrain is not None:
        where = place_of(layers.catalog, "dem")
        return together("terrain_unit_marks", "error", features, unit=of_terrain, times=1 / times, **params, **where)
    by = float(np.median(level[off] - ground))
    return together("flood_marks_all_off", "error", features, by_m=by, **params, **where)


def _around(raster: Raster, x: Array, y: Array, around_m: float) -> tuple[Array, Array]:
    """Lowest and highest ground within a distance of points, at least a cell of the source; NaN where it is unknown."""
    reach = max(around_m, raster.source_resolution_m, raster.cell_m)
    lowest, highest = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for i in np.flatnonzero(np.isfinite(raster.sample(x, y))):  # a window of a few cells each, whatever the grid's size
        values = raster.window((x[i] - reach, y[i] - reach, x[i] + reach, y[i] + reach)).values
        lowest[i], highest[i] = np.nanmin(values), np.nanmax(values)
    return lowest, highest
