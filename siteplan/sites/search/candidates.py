"""Plots searched for in one commune: of the land needed with its reserve first, some without it, beside roads first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from siteplan.sites import measure
from siteplan.sites.evidence import findings
from siteplan.sites.forced import Forced
from siteplan.sites.free_land import free_of_rules
from siteplan.sites.layer import Layer
from siteplan.sites.rules import Rule
from siteplan.sites.search.extension import extend_plot
from siteplan.sites.search.find import Guides, find_plots
from siteplan.sites.search.free_shapes import AREA_TOLERANCE
from siteplan.sites.search.layouts import Request
from siteplan.sites.search.preference import preference
from siteplan.sites.search.roadside import roadside

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.raster import Raster
    from siteplan.sites.context import Prepared
    from siteplan.sites.eligibility import Eligible
    from siteplan.sites.grid import Grid

Array = np.ndarray[Any, Any]

LEVEL_PERCENT = 2.0  # ground that falls less turns no plot
NEARLY_M = 1e-6
DRAWN_IN = 0.25  # what meets the plot drawn in by this share takes more than a sliver of it


def candidates(
    prepared: Prepared,
    code: str,
    commune: Any,
    land: Eligible,
    urban: Array | None,
    dem: Raster | None,
    asked_m2: float,
) -> list[Forced]:
    """Search the plots of a commune.

    Parameters
    ----------
    prepared, code, commune
        What all communes share; the commune with its polygon.
    land
        Its eligible land.
    urban
        Cells in urban areas, or None.
    dem
        Terrain around it, or None.
    asked_m2
        Land that one plot is to have, with reserve; it holds all that the scope puts into the centre. 0: none.

    Returns
    -------
    list of Forced
        Letter K: first those with the reserve, then those without it.
    """
    settings, layers = prepared.scenario.sites, prepared.ruled
    grid, speeds = land.grid, prepared.rule_tables.speeds
    # most rules have no object anywhere near
    hard = [r for r in prepared.rules if r.hard and r.role in layers and layers[r.role].near_rule(r, grid.bounds)]
    sliver_m2 = prepared.scenario.tolerance.sliver_m2
    reach = prepared.ground_figures.get("frontage.reach", 0.0)
    barriers = measure.front_barriers(layers)
    guides = Guides(
        along=cache(lambda: _along(dem, grid, asked_m2)),
        roadside=roadside(layers.get("roads"), prepared.rules, speeds, urban, grid, reach),
        firm=land.firm,
        gentle=_gentle(land, prepared.rules),
        frontage=lambda tried: measure.frontage(tried, layers.get("roads"), speeds, reach, barriers),
    )
    order = preference(prepared, code, commune, land)

    def find(area_m2: float, count: int, taken: list[Any]) -> list[Any]:
        request = Request(
            area_m2, settings.minimum_width_m, settings.spacing_m, count, settings.frontage_m if reach > 0 else 0.0
        )
        return find_plots(
            land.cells, grid, order, request,
            free=lambda tried: free_of(tried, commune, hard, layers, sliver_m2),
            excluded=lambda area: excluded_of(area, commune, hard, layers),
            guides=guides, taken=taken,
        )  # fmt: skip

    bare_m2 = prepared.without_reserve.get(code, float("nan"))
    smaller = bare_m2 > 0 and bare_m2 < asked_m2 * (1 - AREA_TOLERANCE)
    whole = find(asked_m2, settings.with_reserve if smaller else settings.per_commune, [])
    bare = find(bare_m2, settings.per_commune - len(whole), whole) if smaller else []
    told = _told(prepared.scenario.need.scope)
    sized = [(whole, "with_reserve"), (bare, "without_reserve")]
    return [Forced("K", "", plot, told, size=size) for plots, size in sized for plot in plots]


def extended(prepared: Prepared, commune: Any, land: Eligible, plots: list[Forced], required_m2: float) -> list[Forced]:
    """Extend the plots of facilities that need land beside their own onto what adjoins them; letter M.

    A plot of which only a point is known is not extended: what adjoins it is not known. Plots of other facilities are
    not taken: nothing tells that these give them up.
    """
    asked = [p for p in plots if p.letter == "T" and p.source_id in prepared.extensions and _drawn(p)]
    if not asked:
        return []
    found = []
    for plot in asked:
        need_m2 = prepared.extensions[plot.source_id]
        reach_m = float(np.sqrt(max(required_m2, need_m2) if required_m2 > 0 else need_m2))

        def ground(area: Any, own: str = plot.source_id) -> Any:
            return free_of_rules(prepared, commune, land, np.array([area], dtype=object), facility_id=own)[0]

        made = extend_plot(plot.geometry, need_m2, reach_m, ground)
        if made is None:
            continue
        key = "extended" if made.added_m2 >= need_m2 * (1 - AREA_TOLERANCE) else "extended_partly"
        told = (f"sites.reason.{key}", {"name": plot.facts.get("name") or plot.source_id,
                                        "added": round(made.added_m2, 2), "need": round(need_m2, 2)})  # fmt: skip
        reasons = (told, *plot.reasons)
        found.append(
            Forced("M", plot.source_id, made.geometry, reasons, plot.rests_on, facts=plot.facts, own=plot.geometry)
        )
    return found


def _gentle(land: Eligible, rules: Iterable[Rule]) -> Array:
    """Cells that no hard rule on slopes takes, of the whole window."""
    steep = min((rule.threshold for rule in rules if rule.hard and rule.role == "dem"), default=np.inf)
    return ~np.asarray(land.slope_percent > steep)


def _drawn(plot: Forced) -> bool:
    return not plot.facts.get("assumed_shape") and plot.geometry.geom_type == "Polygon"


def _told(scope: str) -> tuple[Message, ...]:
    """Say what one plot is to hold: headquarters alone, or with the police, or with square and culture house."""
    return ("sites.reason.found", {}), (f"sites.reason.scope_{scope.lower()}", {})


def _along(dem: Raster | None, grid: Grid, area_m2: float) -> Array | None:
    """Direction along the slope of a plot's ground under each cell, radians; NaN where it is level or unknown."""
    if dem is None:
        return None
    heights = grid.sample(dem)
    if min(heights.shape) < 2:
        return None
    side = max(1, round(float(np.sqrt(area_m2)) / grid.cell_m))
    gaps = np.isnan(heights)
    smooth = ndimage.uniform_filter(np.where(gaps, 0.0, heights) if gaps.any() else heights, side, mode="nearest")
    if gaps.any():  # a running mean would carry one unknown cell along its whole row
        smooth[ndimage.maximum_filter(gaps, side, mode="nearest")] = np.nan
    south, east = np.gradient(smooth, grid.cell_m)
    level = ~(np.hypot(east, south) * 100 >= LEVEL_PERCENT)
    return np.where(level, np.nan, np.mod(np.arctan2(-south, east) + np.pi / 2, np.pi))


def free_of(tried: Array, commune: Any, hard: list[Rule], layers: Mapping[str, Layer], sliver_m2: float) -> Array:
    """Tell which plots lie in the commune and keep clear of every hard rule on a layer, exactly."""
    free = np.asarray(shapely.covers(commune, tried))
    urban = layers.get("urban_areas")
    in_town = np.zeros(len(tried), dtype=bool)
    if urban is not None and len(urban):
        in_town[urban.pairs(tried, 0.0)[0]] = True
    for role in dict.fromkeys(rule.role for rule in hard):
        layer, of_role = layers[role], [rule for rule in hard if rule.role == role]
        left, row = _close(tried, free, layer, of_role)
        for rule in of_role if len(left) else ():
            asked = layer.rows[rule.rule][row] & free[left]
            if asked.any():
                free[_surely_meets(tried, rule, layer, in_town, left[asked], row[asked])] = False
                asked &= free[left]
                free &= ~findings.meets(tried, rule, layer, urban, sliver_m2, (left[asked], row[asked]))
    return free


def _close(tried: Array, free: Array, layer: Layer, rules: list[Rule]) -> tuple[Array, Array]:
    """Pairs of plots that are still free and objects of rules no farther from them than a rule reaches."""
    left, row = layer.boxes(tried, max(rule.reach_m for rule in rules))
    reach: Any = layer.farthest(rules)[row]
    asked = free[left] & ~np.isnan(reach)
    left, row, reach = left[asked], row[asked], reach[asked]
    objects = layer.geometries[row]
    shapely.prepare(objects)  # the same few are asked again and again
    near = shapely.dwithin(objects, tried[left], reach)
    return left[near], row[near]


def _surely_meets(tried: Array, rule: Rule, layer: Layer, in_town: Array, left: Array, row: Array) -> Array:
    """Numbers of plots that a rule bars, told quickly; of the others nothing is known yet."""
    objects = layer.geometries[row]
    shapely.prepare(objects)
    town = np.minimum(rule.distance_m, rule.distance_urban_m)  # NaN: there are places where it does not apply
    least = np.where(in_town[left], town, rule.distance_m)
    if (least > 0).any():
        reach: Any = np.where(least > 0, least + layer.half_width_m[row] - NEARLY_M, np.nan)
        return np.asarray(left[shapely.dwithin(objects, tried[left], reach)])
    if (least == 0).any() and (shapely.get_num_coordinates(tried) == 5).all():
        plots, number = np.unique(left, return_inverse=True)
        middles = shapely.transform(tried[plots], _drawn_in)
        return np.asarray(left[(least == 0) & shapely.intersects(objects, middles[number])])
    return np.array([], dtype=np.int64)


def _drawn_in(ring: Array) -> Array:
    """Bring the corners of rectangles nearer to their middle."""
    middle = ring.reshape(-1, 5, 2)[:, :4].mean(axis=1)
    return np.asarray((1 - DRAWN_IN) * ring + DRAWN_IN * np.repeat(middle, 5, axis=0))


def excluded_of(area: Any, commune: Any, hard: list[Rule], layers: Mapping[str, Layer]) -> Any:
    """Part of an area that hard rules exclude or that lies outside the commune."""
    place = np.array([area], dtype=object)
    parts = [np.array([shapely.difference(area, commune)], dtype=object)]
    parts += [findings.corridors(place, rule, layers[rule.role], layers.get("urban_areas"))[2] for rule in hard]
    return shapely.union_all(np.concatenate(parts))
