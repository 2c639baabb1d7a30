"""Figures of each site: terrain, land use, hazards, distances, buildings, room to extend.

Raster figures are by the exact share of each cell that the site covers, vector ones by exact intersection. What no
layer tells stays empty; nothing is taken for zero.

`geometries` are the sites, an array of polygons in the province's CRS, and what is returned of them has one value a
site, in their order; a layer or raster is in the same CRS, None where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.raster import Raster
from siteplan.sites import overlap
from siteplan.sites.columns import Columns, nothing, unknown
from siteplan.sites.free_land import joining
from siteplan.sites.fronts import lengths_along
from siteplan.sites.layer import Layer, of_class
from siteplan.sites.rules import told_slope
from siteplan.sites.zonal import cells_of, zonal, zonal_columns
from siteplan.tables.inputs import LEVEL_UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteplan.sites.free_land import FreeLand
    from siteplan.sites.rules import Rule

Array = np.ndarray[Any, Any]

# a zone whose level is not told may be worse than one known to be medium
_WORST_LAST = ("low", "medium", LEVEL_UNKNOWN, "high", "very_high")

SERVICES_NEAR = ("school", "health", "market")
SHARE_DECIMALS = 4  # of a percent: areas that follow from shares are true to 0.01 m² up to 10,000 m²
LEAST_HALF_WIDTH_M = 0.1  # of a stream that is drawn as a line


def terrain_columns(geometries: Array, dem: Raster | None, slope: Raster | None, threshold: float) -> Columns:
    """Slope and height of each site.

    Parameters
    ----------
    geometries
        Sites.
    dem, slope
        Elevation, metres, and slope, percent, on one grid.
    threshold
        Slope above which a cell counts as steep, percent.

    Returns
    -------
    Columns
        ``slope_mean_percent, slope_max_percent``; ``elevation_mean_m``; ``slope_known_percent``, of the site's area, on
        which the others rest; ``steep_percent``, of the site's area that is known to be steep: the rest is not, or is
        not known; ``dem_resolution_m``. NaN without terrain.
    """
    names = [
        "slope_mean_percent", "slope_max_percent", "elevation_mean_m", "steep_percent", "slope_known_percent",
        "dem_resolution_m",
    ]  # fmt: skip
    if dem is None or slope is None or dem.values.size == 0 or len(geometries) == 0:
        return unknown(names, len(geometries))
    steep = np.full(slope.values.shape, np.nan, dtype=np.float32)
    for place in cells_of(slope, geometries):
        percent = slope.values[place]
        steep[place] = np.where(np.isfinite(percent), percent > threshold, np.nan)
    over = Raster(steep, slope.transform, float("nan"), slope.source_resolution_m)
    found = zonal_columns(geometries, {"slope": slope, "steep": over, "height": dem}, ["mean", "max", "count"])
    known = found["slope_count"] * slope.cell_m**2 / shapely.area(geometries)
    known[known > 1 - 1e-6] = 1.0  # the shares of cells come in single precision
    return {
        "slope_mean_percent": found["slope_mean"],
        "slope_max_percent": found["slope_max"],
        "elevation_mean_m": found["height_mean"],
        "steep_percent": 100.0 * found["steep_mean"] * known,
        "slope_known_percent": 100.0 * known,
        "dem_resolution_m": np.full(len(geometries), dem.source_resolution_m or dem.cell_m),
    }


def terrain_by_rule(rules: Sequence[Rule], measured: Callable[[float], Columns]) -> tuple[Columns, dict[str, Array]]:
    """Terrain of sites, and what each rule on slopes means of it.

    Parameters
    ----------
    rules
        Rules of any role.
    measured
        Gives :func:`terrain_columns` of the sites at a threshold.

    Returns
    -------
    tuple
        The columns at :func:`siteplan.sites.rules.told_slope`; by rule the percent of each site known to lie above
        its threshold.
    """
    told, of_ground = told_slope(rules), [rule for rule in rules if rule.role == "dem"]
    columns = {threshold: measured(threshold) for threshold in {told, *(rule.threshold for rule in of_ground)}}
    return columns[told], {rule.rule: columns[rule.threshold]["steep_percent"] for rule in of_ground}


@dataclass(frozen=True)
class LandShares:
    """Land use of sites: exact areas by code without double counting, one row a site."""

    columns: Columns
    codes: list[dict[str, float]]


def land_use_columns(geometries: Array, layer: Layer | None) -> LandShares:
    """Shares of land use in each site.

    Parameters
    ----------
    geometries
        Sites.
    layer
        Land use with ``suitability``, ``category``, ``score``; None or empty where there is none.

    Returns
    -------
    LandShares
        ``land_use_main``, ``land_use_shares`` ("LUC 40.0; ONT 60.0", percent of the site, largest first),
        ``land_use_score`` (mean by area over the judged part), ``rice_percent, forest_percent, residential_percent,
        forbidden_percent`` and ``land_use_known_percent``. All empty where no land use covers the site. Where
        polygons of the layer overlap, the less suitable counts.
    """
    count = len(geometries)
    out = unknown(
        ("land_use_score", "rice_percent", "forest_percent", "residential_percent", "forbidden_percent",
         "land_use_known_percent"), count,
    )  # fmt: skip
    out["land_use_main"], out["land_use_shares"] = nothing(count), nothing(count)
    codes: list[dict[str, float]] = [{} for _ in range(count)]
    if layer is None or len(layer) == 0:
        return LandShares(out, codes)
    left, row = layer.pairs(geometries, 0.0)
    parts = overlap.areal(shapely.intersection(geometries[left], layer.sound(row)))
    area = shapely.area(parts)
    left, row, parts, area = left[area > 0], row[area > 0], parts[area > 0], area[area > 0]
    code, category, suitability = (layer.texts(name)[row] for name in ("land_use", "category", "suitability"))
    score = layer.number("score")[row]
    site_area = shapely.area(geometries)
    for i in np.unique(left):
        mine = np.flatnonzero(left == i)
        held = _once(area[mine], parts[mine], score[mine], code[mine])
        of_code: dict[str, float] = {}
        for name, part_m2 in sorted(zip(code[mine], held, strict=True), key=lambda pair: pair[0]):
            of_code[name] = of_code.get(name, 0.0) + float(part_m2)
        percent = {k: 100.0 * v / float(site_area[i]) for k, v in of_code.items()}
        codes[i] = percent = dict(sorted(percent.items(), key=lambda item: -item[1]))
        out["land_use_main"][i] = next(iter(percent))
        exact = {k: round(v, SHARE_DECIMALS) for k, v in percent.items()}
        out["land_use_shares"][i] = "; ".join(f"{k} {v}" for k, v in exact.items() if v > 0)
        known = ~np.isnan(score[mine])
        weight = float(held[known].sum())
        if weight > 0:
            out["land_use_score"][i] = float((score[mine][known] * held[known]).sum()) / weight
        chosen = {kind: category[mine] == kind for kind in ("rice", "forest", "residential")}
        chosen |= {"forbidden": suitability[mine] == "D", "land_use_known": np.ones(len(mine), dtype=bool)}
        for name, some in chosen.items():
            out[f"{name}_percent"][i] = min(100.0, 100.0 * float(held[some].sum()) / float(site_area[i]))
    return LandShares(out, codes)


def _once(area: Array, parts: Array, score: Array, code: Array) -> Array:
    """Areas of the parts of one site without double counting: the least suitable land use keeps what overlaps."""
    gross = float(area.sum())
    if len(parts) < 2 or gross - float(shapely.area(shapely.union_all(parts))) <= 1e-6 * gross:
        return area
    counted: Any = shapely.Polygon()
    out = np.zeros(len(parts))
    last = np.nan_to_num(score, nan=np.inf)  # parts that are not judged
    for i in sorted(range(len(parts)), key=lambda i: (last[i], code[i], i)):
        out[i] = float(shapely.area(shapely.difference(parts[i], counted)))
        counted = shapely.union(counted, parts[i])
    return out


def hazard_columns(geometries: Array, layer: Layer | None, sliver_m2: float) -> Columns:
    """Worst hazard level in each site and percent of the site in any hazard zone, counted once.

    Columns ``hazard_level`` and ``hazard_percent``; what meets a site with less than `sliver_m2` does not count.
    ``none`` where a layer exists and no zone meets the site; empty where there is no layer: not assessed is not safe.
    ``unknown`` where a zone without a level meets the site and none known to be high does: it may be any level.
    """
    count = len(geometries)
    if layer is None or len(layer) == 0:
        return {"hazard_level": nothing(count), "hazard_percent": np.full(count, np.nan)}
    left, row = layer.pairs(geometries, 0.0)
    parts = overlap.areal(shapely.intersection(geometries[left], layer.sound(row)))
    some = shapely.area(parts) >= sliver_m2
    left, row, parts = left[some], row[some], parts[some]
    level, percent = np.full(count, "none", dtype=object), np.zeros(count)
    if len(left):
        order = {name: i for i, name in enumerate(_WORST_LAST)}
        worst = np.full(count, -1)
        np.maximum.at(worst, left, [order[name or LEVEL_UNKNOWN] for name in layer.texts("level")[row]])
        met = np.unique(left)
        level[met] = np.array(_WORST_LAST, dtype=object)[worst[met]]
        share = 100.0 * overlap.union_area(parts, left, count) / shapely.area(geometries)
        percent[met] = np.minimum(100.0, share[met])
    return {"hazard_level": level, "hazard_percent": percent}


def distance_columns(geometries: Array, layers: Mapping[str, Layer], speeds: pd.DataFrame, seat: Any) -> Columns:
    """Distances from the edge of each site to the nearest object, metres; NaN where there is no such layer.

    Columns ``road_distance_m, road_class, main_road_distance_m``; ``seat_distance_m`` to the point `seat`, where one is
    given; ``service_distance_m, power_distance_m, border_distance_m``.
    The road is the nearest that carries vehicles (``frontage`` in ``rules/speeds.csv``), the main road the nearest of
    the classes marked ``main``; the service distance is the mean of the distances to the nearest school, health
    station and market.
    """
    count = len(geometries)
    out = unknown(("road_distance_m", "main_road_distance_m"), count)
    out["road_class"] = nothing(count)
    roads = layers.get("roads")
    if roads is not None and len(roads):
        out["road_distance_m"], row = roads.nearest(geometries, of_class(roads, speeds, "frontage") == 1)
        classes = roads.texts("road_class")
        out["road_class"][:] = [(classes[r] or "none") if r >= 0 else None for r in row]
        out["main_road_distance_m"] = roads.nearest(geometries, of_class(roads, speeds, "main") == 1)[0]
    out |= unknown(("seat_distance_m", "service_distance_m", "power_distance_m", "border_distance_m"), count)
    if seat is not None:
        out["seat_distance_m"] = shapely.distance(geometries, seat)
    services = layers.get("services")
    if services is not None and len(services):
        kinds = services.texts("service_class")
        each = [services.nearest(geometries, kinds == kind)[0] for kind in SERVICES_NEAR if (kinds == kind).any()]
        if each:
            out["service_distance_m"] = np.mean(each, axis=0)
    for column, role in (("power_distance_m", "power_lines"), ("border_distance_m", "border")):
        layer = layers.get(role)
        if layer is not None and len(layer):
            out[column] = layer.nearest(geometries)[0]
    return out


def inside_urban_area(geometries: Array, layer: Layer | None) -> Any:
    """Whether more than half of a site lies in an urban area; missing where there is no layer."""
    if layer is None or len(layer) == 0:
        return pd.array([None] * len(geometries), dtype="boolean")
    left, row = layer.pairs(geometries, 0.0)
    parts = overlap.areal(shapely.intersection(geometries[left], layer.sound(row)))
    area = overlap.union_area(parts, left, len(geometries))
    return pd.array(area > shapely.area(geometries) / 2, dtype="boolean")


def room_to_extend(geometries: Array, eligible: Raster, required_area_m2: float) -> Array:
    """Eligible land around each site in percent of the land needed; NaN without a need.

    Around means within the side of a square of the needed area; eligible cells count by the share that lies there.
    """
    if required_area_m2 <= 0:
        return np.full(len(geometries), np.nan)
    ring = shapely.difference(shapely.buffer(geometries, float(np.sqrt(required_area_m2)), quad_segs=4), geometries)
    values = (eligible.values == 1).astype(np.float32)
    cells = zonal(ring, Raster(values, eligible.transform, None), ["sum"])["sum"].fillna(0.0).to_numpy()
    return np.asarray(100.0 * cells * eligible.cell_m**2 / required_area_m2)


def frontage(
    geometries: Array, roads: Layer | None, speeds: pd.DataFrame, reach_m: float, barriers: Sequence[Layer] = ()
) -> Array:
    """Length that each site fronts: of its edge within a distance of roads with frontage, seen from them, metres.

    Sides that run away from the road are no front (:func:`siteplan.sites.fronts.lengths_along`); fronts on two roads
    both count, and so does what of a road lies in the site. What lies beyond one of the `barriers`
    (:func:`front_barriers`), seen from the road, is no front on it. NaN where there is no layer of roads or no distance
    is given.
    """
    if roads is None or len(roads) == 0 or not reach_m > 0:
        return np.full(len(geometries), np.nan)
    left, row = roads.pairs(geometries, reach_m)
    use = of_class(roads, speeds, "frontage")[row] == 1
    left, row = left[use], row[use]
    if len(left) == 0:
        return np.zeros(len(geometries))
    west, south, east, north = shapely.bounds(geometries[left]).T
    more = 2 * reach_m
    around = shapely.box(west - more, south - more, east + more, north + more)
    lines = shapely.intersection(roads.geometries[row], around)
    strips = roads.widened(row, reach_m)
    seen = np.ones(len(left), dtype=bool)
    for site, between in _between(geometries, barriers, reach_m).items():
        # round the far end of a stream one does not come to a front
        own = np.flatnonzero(left == site)
        here = shapely.difference(shapely.intersection(strips[own], around[own]), between)
        parts, of_strip = shapely.get_parts(here, return_index=True)
        parts[~shapely.intersects(parts, lines[own][of_strip])] = None
        strips[own] = [shapely.union_all(parts[of_strip == i]) for i in range(len(own))]
        seen[own] = shapely.intersects(strips[own], geometries[site])
    left, row, lines, strips = left[seen], row[seen], lines[seen], strips[seen]
    edges = np.full(len(geometries), None, dtype=object)
    for site in np.unique(left):
        own = left == site
        edges[site] = shapely.intersection(shapely.boundary(geometries[site]), shapely.union_all(strips[own]))
    parts, pair = shapely.get_parts(shapely.line_merge(lines), return_index=True)
    through = shapely.intersects(parts, geometries[left[pair]])
    for site in np.unique(left[pair[through]]):
        own = parts[through & (left[pair] == site)]
        edges[site] = shapely.union_all([edges[site], *shapely.intersection(own, geometries[site])])
    return lengths_along(edges, parts, left[pair], roads.half_width_m[row[pair]], reach_m)


def front_barriers(layers: Mapping[str, Layer]) -> list[Layer]:
    """Layers that part a site from the road beyond: rivers, streams, ponds, railways; ditches and canals do not."""
    return [layers[role] for role in ("waterways", "water_areas", "railways") if role in layers and len(layers[role])]


def _between(geometries: Array, barriers: Sequence[Layer], reach_m: float) -> dict[int, Any]:
    """Gather what of the barriers lies within reach of each site that has any there, as wide as it is."""
    met: dict[int, list[Any]] = {}
    for layer in barriers:
        left, row = layer.pairs(geometries, reach_m)
        if layer.role == "waterways":
            crossed = layer.texts("waterway_class")[row] != "canal"
            left, row = left[crossed], row[crossed]
        wide = layer.widened(row, least_m=LEAST_HALF_WIDTH_M)
        for site, shape in zip(left.tolist(), wide, strict=True):
            met.setdefault(site, []).append(shape)
    return {site: shapely.union_all(shapes) for site, shapes in met.items()}


def adjoining_land(geometries: Array, eligible: FreeLand, required_area_m2: float) -> Array:
    """Free land that joins each site, within the side of a square of the needed area, m²; NaN without a need.

    Land counts that hangs together with the site: beyond a road or a stream, however narrow, it does not.
    """
    if not required_area_m2 > 0:
        return np.full(len(geometries), np.nan)
    rings = shapely.difference(shapely.buffer(geometries, float(np.sqrt(required_area_m2)), quad_segs=4), geometries)
    owner, pieces = joining(geometries, eligible.free(rings))
    return np.bincount(owner, weights=shapely.area(pieces), minlength=len(rings)).astype(float)
