"""Heights that contradict each other: the terrain, known heights, flood marks, and one cell and those around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from scipy import ndimage

from siteplan.errors import Problem
from siteplan.layers.listing import named, place_of, together

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
    _, of_marks = marks_against_terrain(layers, bounds)
    return [*_known_heights(layers, bounds), *_spikes(layers, bounds), *of_marks]


def unit_of(times: float) -> str | None:
    """Return the unit in which heights are `times` those in metres; None where no unit is that near."""
    if not times > 0:
        return None
    off = {unit: abs(np.log(times / factor)) for unit, factor in UNITS.items()}
    nearest = min(off, key=lambda unit: off[unit])
    return nearest if off[nearest] < np.log(SAME) else None


@dataclass(frozen=True)
class _Contradiction:
    """The terrain against the known heights of former units: in the median how many times, and how far off."""

    times: float
    off_m: float
    features: list[str]

    def params(self, layers: LayerSet) -> dict[str, Any]:
        against = place_of(layers.catalog, "former_units")["file"]
        return {"times": self.times, "off_m": self.off_m, "against": against}


def _contradiction(layers: LayerSet, bounds: Bounds) -> _Contradiction | None:
    """Hold the terrain against the heights that the former units are given with; None where they agree."""
    raster, units = layers.raster("dem"), layers.table("former_units")
    if raster is None or not len(units) or not bounds.has("terrain_known"):
        return None
    known = units["elevation_m"].to_numpy(float, na_value=np.nan)
    found = raster.sample(units.geometry.x.to_numpy(), units.geometry.y.to_numpy())
    # the point of a unit that failed its check stands elsewhere
    usable = (known > 0) & np.isfinite(found) & units["point_checked"].fillna(True).to_numpy(bool)
    if usable.sum() < bounds["terrain_known.least"]:
        return None
    known, found = known[usable], found[usable]
    times, off = float(np.median(found / known)), float(np.median(np.abs(found - known)))
    most = bounds["terrain_known.times"]
    other_unit = not 1 / most <= times <= most and off > bounds["terrain_known.off"]
    if not other_unit and not off > bounds["terrain_apart.known"]:
        return None
    names = (units["code"] + " " + units["name"].fillna(""))[usable].to_numpy(object)
    order = np.argsort(-np.abs(found - known), kind="stable")
    return _Contradiction(times, off, [f"{names[i]} ({found[i]:.0f} m; {known[i]:.0f} m)" for i in order])


def _known_heights(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    """Tell terrain that the known heights contradict; an error where it is another unit, or numbers of 8 bits."""
    found = _contradiction(layers, bounds)
    if found is None:
        return []
    where, params = place_of(layers.catalog, "dem"), found.params(layers)
    if any(problem.key == "terrain_bytes" for problem in layers.problems):
        return together("terrain_bytes_known", "error", found.features, **params, **where)
    unit = (
        None
        if 1 / bounds["terrain_known.times"] <= found.times <= bounds["terrain_known.times"]
        else unit_of(found.times)
    )
    if unit is None:
        return together("terrain_against_known", "warning", found.features, **params, **where)
    return together("terrain_unit_known", "error", found.features, unit=unit, **params, **where)


def _spikes(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    """Cells that rise or drop steeply against all four sides, two cells away: no mountain is that thin."""
    raster, communes = layers.raster("dem"), layers.table("communes")
    if raster is None or not len(communes) or not bounds.has("terrain_spike"):
        return []
    part = raster.window(tuple(communes.total_bounds))
    z = part.values
    if min(z.shape) < 5:
        return []
    away = 2 * max(part.cell_m, part.source_resolution_m)
    limit = max(bounds["terrain_spike.height"], bounds["terrain_spike.slope"] / 100 * away)
    middle = z[2:-2, 2:-2]
    sides = (z[:-4, 2:-2], z[4:, 2:-2], z[2:-2, :-4], z[2:-2, 4:])
    strange = (middle - np.maximum.reduce(sides) > limit) | (np.minimum.reduce(sides) - middle > limit)
    if not strange.any():
        return []
    labels, _ = ndimage.label(strange, structure=np.ones((3, 3)))
    around = np.median([side[strange] for side in sides], axis=0)
    rows, columns = np.nonzero(strange)
    by = np.abs(z[rows + 2, columns + 2] - around)
    order = np.argsort(-by, kind="stable")
    _, first = np.unique(labels[strange][order], return_index=True)
    chosen = order[np.sort(first)]  # of each group of cells the one that is furthest off, the worst group first
    x = part.transform.c + (columns[chosen] + 2.5) * part.transform.a
    y = part.transform.f + (rows[chosen] + 2.5) * part.transform.e
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=communes.crs)
    home = gpd.sjoin(points, communes[["code", "name", "geometry"]], predicate="within").groupby(level=0).first()
    features = []
    for i, at in enumerate(chosen):
        place = f"{home['code'][i]} {home['name'][i]}: " if i in home.index else ""
        height = z[rows[at] + 2, columns[at] + 2]
        features.append(f"{place}N {y[i]:.0f}, E {x[i]:.0f} ({height:.0f} m; {around[at]:.0f} m)")
    params = {"height_m": bounds["terrain_spike.height"], "percent": bounds["terrain_spike.slope"]}
    return together("terrain_spike", "warning", features, **params, **place_of(layers.catalog, "dem"))


def marks_against_terrain(layers: LayerSet, bounds: Bounds) -> tuple[Array, list[Problem]]:
    """Find marks whose level lies further below or above the ground around them than a flood can be.

    Returns
    -------
    tuple
        A mask of such marks, rows as the table's; and what is told of them: an error where the whole layer is off,
        else one problem ``excluded`` a layer, see :func:`siteplan.layers.believable.believable`.
    """
    raster, marks = layers.raster("dem"), layers.table("flood_marks")
    if raster is None or not len(marks) or not bounds.has("flood_mark"):
        return np.zeros(len(marks), dtype=bool), []
    level = marks["level_m"].to_numpy(float, na_value=np.nan)
    x, y = marks.geometry.x.to_numpy(), marks.geometry.y.to_numpy()
    lowest, highest = _around(raster, x, y, bounds["flood_mark.around"])
    known = np.isfinite(level) & np.isfinite(lowest)
    below, above = bounds["flood_mark.below"], bounds["flood_mark.above"]
    off = known & ((level < lowest - below) | (level > highest + above))
    if not off.any():
        return off, []
    rows = marks.groupby("layer").cumcount().to_numpy() + 1
    events = marks["event"].fillna("–").to_numpy(object)
    words = [f"{rows[i]} {events[i]} ({level[i]:g} m; {lowest[i]:.0f}..{highest[i]:.0f} m)" for i in range(len(marks))]
    of_layer, names = marks["layer"].to_numpy(object), np.array(words, dtype=object)
    params: dict[str, Any] = {"below": below, "above": above}
    terrain_off = _contradiction(layers, bounds)
    if 100 * off.sum() / known.sum() < bounds["flood_mark.share"] or known.sum() < bounds["flood_mark.least"]:
        # where known heights contradict the terrain, it is not the marks that are to be blamed
        key = "flood_marks_off" if terrain_off is None else "flood_marks_unproven"
        return off, [
            problem
            for layer in dict.fromkeys(of_layer)
            for problem in together(
                key, "excluded", names[off & (of_layer == layer)], **params, column="level_m",
                total=int((known & (of_layer == layer)).sum()), layer=layer, file=layers.catalog.entry(layer).origin,
            )
        ]  # fmt: skip
    params["total"] = int(known.sum())
    if terrain_off is not None:
        where = place_of(layers.catalog, "dem")
        params |= {**terrain_off.params(layers), "units": named(terrain_off.features)}
        return off, together("terrain_against_both", "error", names[off], **params, **where)
    return off, _whole_layer_off(layers, names[off], level[off], (lowest + highest)[off] / 2, params)


def _whole_layer_off(
    layers: LayerSet, features: Array, level: Array, ground: Array, params: dict[str, Any]
) -> list[Problem]:
    """Tell the likely cause why the levels of whole layers are not those of the ground around the marks."""
    where = {**place_of(layers.catalog, "flood_marks"), "column": "level_m"}
    if level.max() <= params["above"]:
        return together("flood_marks_depth", "error", features, **params, **where)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = float(np.nanmedian(level / ground))
    unit, of_terrain = unit_of(times), unit_of(1 / times if times else 0.0)
    if unit is not None:
        return together("flood_marks_unit", "error", features, unit=unit, times=times, **params, **where)
    if of_terrain is not None:
        where = place_of(layers.catalog, "dem")
        return together("terrain_unit_marks", "error", features, unit=of_terrain, times=1 / times, **params, **where)
    by = float(np.median(level - ground))
    return together("flood_marks_all_off", "error", features, by_m=by, **params, **where)


def _around(raster: Raster, x: Array, y: Array, around_m: float) -> tuple[Array, Array]:
    """Lowest and highest ground within a distance of points, at least a cell of the source; NaN where it is unknown."""
    reach = max(around_m, raster.source_resolution_m, raster.cell_m)
    lowest, highest = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for i in np.flatnonzero(np.isfinite(raster.sample(x, y))):  # a window of a few cells each, whatever the grid's size
        values = raster.window((x[i] - reach, y[i] - reach, x[i] + reach, y[i] + reach)).values
        lowest[i], highest[i] = np.nanmin(values), np.nanmax(values)
    return lowest, highest
