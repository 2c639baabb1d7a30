"""Every site held against every zone: one row for each pair that meets, in whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import overlap
from siteplan.sites.rules import treatment_message
from siteplan.tables import rests_on

if TYPE_CHECKING:
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

THREADS = 2  # GEOS works without Python's lock
_WORTH_THREADS = 1000  # pairs from which they pay
_COPIED = ("plan_id", "title", "plan_kind", "decision_no", "decision_date", "authority", "owner", "function",
           "level", "rule_name", "horizon")  # fmt: skip


def evidence(sites: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, tolerance: ToleranceSettings) -> gpd.GeoDataFrame:
    """Hold every site against every zone: one row for each pair that meets.

    Parameters
    ----------
    sites
        ``site_id``, ``commune_code``, polygons.
    zones
        As :func:`join_zones` gives them, any number of plans.
    tolerance
        What is a sliver, and how many times a plan's stated accuracy counts.

    Returns
    -------
    GeoDataFrame
        Rows of :data:`siteplan.tables.RESULTS` ``conflicts`` (without the schema's order), by site and zone;
        ``area_m2`` is gross per zone, geometry the overlap (the touching line or point of a touch). A touch or a
        sliver is information. What would block but is nowhere as wide as the plan is accurate is a condition: whether
        it is there at all is to be found out on the ground. Restricted zones show neither title nor geometry of their
        own: the site stands in their place.
    """
    left, right, shared = _meeting(sites, zones)
    site_geometry = np.asarray(sites.geometry.values, dtype=object)[left]
    flat = overlap.areal(shared)
    site_area = shapely.area(site_geometry)
    zone_area = shapely.area(np.asarray(zones.geometry.values, dtype=object))

    def of_zone(column: str) -> Array:
        if column not in zones.columns:
            return np.full(len(right), None, dtype=object)
        values = zones[column].to_numpy(object)[right]
        values[pd.isna(values)] = None
        return values

    restricted = of_zone("restricted") == True  # noqa: E712 - None counts as no
    illustrative = of_zone("illustrative") == True  # noqa: E712
    accuracy = pd.to_numeric(zones["accuracy_m"], errors="coerce").to_numpy(float)[right]
    blocks = of_zone("effect") == "blocking"
    doubtful_m = np.where(blocks & ~np.isnan(accuracy), accuracy * tolerance.accuracy_factor, 0.0)
    relation, area, width = overlap.relations(
        site_area,
        zone_area[right],
        flat,
        sliver_m2=tolerance.sliver_m2,
        sliver_width_m=tolerance.sliver_width_m,
        doubtful_m=doubtful_m,
    )
    slight = np.isin(relation, (overlap.TOUCH, overlap.SLIVER))
    unsure = ~slight & (width < doubtful_m)
    effect = np.where(slight, "information", np.where(unsure, "conditional", of_zone("effect")))
    severity = np.where(slight, 1, np.where(unsure, 2, of_zone("severity").astype(int)))
    treatment = np.where(slight, "none", np.where(unsure, "within_accuracy", of_zone("treatment")))
    treatment[restricted & ~slight] = "written_confirmation"
    geometry = np.where(restricted, site_geometry, np.where(area > 0, flat, shared))
    owner = np.where(restricted, "", [v or "" for v in of_zone("owner")])
    told = _only(accuracy.astype(object), unsure)
    found: dict[str, Any] = {
        "site_id": sites["site_id"].to_numpy()[left],
        "commune_code": sites["commune_code"].to_numpy()[left],
        "zone_id": of_zone("zone_id"),
        "source": "plan",
        "relation": relation,
        "area_m2": area,
        "percent_of_site": 100.0 * area / site_area,
        "width_m": width,
        "accuracy_m": np.where(restricted, np.nan, accuracy),
        "within_accuracy": unsure,
        "effect": effect,
        "severity": severity,
        "treatment": each(_treatment, treatment, owner, told),
        "restricted": restricted,
        "illustrative": illustrative,
        "rests_on": each(_rests_on, of_zone("assumption"), _only(of_zone("layer"), illustrative)),
        "plan_status": of_zone("status"),
        "coordinates": coordinates(flat, ~restricted & (area > 0)),
    }
    for column in _COPIED:
        found[column] = _only(of_zone(column), ~restricted)
    for column in ("legal_basis", "certainty", "standing", "plan_score"):
        found[column] = of_zone(column)
    found["plan_score"] = found["plan_score"].astype(float)
    frame = pd.DataFrame(found)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, index=frame.index, crs=sites.crs))


def _only(values: Array, wanted: Array) -> Array:
    """Values where they are wanted, else None."""
    out = values.copy()
    out[~wanted] = None
    return out


def _meeting(sites: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> tuple[Array, Array, Array]:
    """Numbers of the sites and zones that meet, and what they share; invalid ones are made valid first."""
    of_site = np.asarray(sites.geometry.values, dtype=object)
    of_zone = np.asarray(zones.geometry.values, dtype=object).copy()
    right, left = shapely.STRtree(of_site).query(of_zone)
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    near = np.unique(right)
    bad = near[~_spread(shapely.is_valid, of_zone[near])]
    of_zone[bad] = overlap.mended(of_zone[bad])
    # zones are not prepared: most are asked once or twice, and a prepared one must not be shared by threads
    meets = _spread(shapely.intersects, of_site[left], of_zone[right])
    left, right = left[meets], right[meets]
    return left, right, _spread(shapely.intersection, of_site[left], of_zone[right])


def _spread(operation: Callable[..., Array], *columns: Array) -> Array:
    """Apply an operation of GEOS to rows, in several threads where there are many."""
    if len(columns[0]) < _WORTH_THREADS:
        return np.asarray(operation(*columns))
    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(operation, *(np.array_split(column, 4 * THREADS) for column in columns))
        return np.concatenate(list(parts))


def each(make: Callable[..., Any], *columns: Array) -> Array:
    """Value of a function for each row, made once for each different combination."""
    known: dict[tuple[Any, ...], Any] = {}
    out = np.empty(len(columns[0]), dtype=object)
    for i, key in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if key not in known:
            known[key] = make(*key)
        out[i] = known[key]
    return out


def _treatment(token: str, owner: str, accuracy_m: float | None) -> str:
    params = {} if accuracy_m is None else {"accuracy": accuracy_m}
    return encode([treatment_message(token, owner, **params)])


def _rests_on(assumption: str | None, layer: str | None) -> str | None:
    return rests_on(assumption, f"layer:{layer}" if layer else None)


CORNERS = 12  # overlaps with more corners than this are told by the corners of the box around them


def coordinates(shapes: Array, wanted: Array) -> Array:
    """Tell where areas lie, as messages: the corners of each, or of the box around it where there are many.

    X is north and Y is east, as Vietnamese coordinate lists have it; metres, two decimals. Corners run clockwise from
    the northernmost (of several the westernmost). What the message says is complete: an area of several parts, or with
    holes, is told by its box.
    """
    out = np.full(len(shapes), None, dtype=object)
    simple = (shapely.get_type_id(shapes) == 3) & (shapely.get_num_interior_rings(shapes) == 0)
    short = wanted & simple & (shapely.get_num_coordinates(shapes) <= CORNERS + 1)
    boxed = wanted & ~short
    for kind, chosen, rings in (
        ("corners", short, shapely.get_exterior_ring(shapes[short])),
        ("box", boxed, shapely.get_exterior_ring(shapely.box(*shapely.bounds(shapes[boxed]).T))),
    ):
        # figures need no escaping: the message is written once and each area's corners put into it
        before, after = encode([(f"sites.coordinates.{kind}", {"points": "|"})]).split("|")
        out[chosen] = [before + points + after for points in _corners(rings)]
    return out


def _corners(rings: Any) -> list[str]:
    """Write the corners of closed rings clockwise, from the northernmost (of several the westernmost)."""
    turned = rings.copy()
    against = shapely.is_ccw(rings)
    turned[against] = shapely.reverse(rings[against])
    xy, ring = shapely.get_coordinates(turned, return_index=True)
    inner = np.diff(ring, append=-1) == 0  # a ring ends where it began
    xy, ring = xy[inner], ring[inner]
    sizes = np.bincount(ring, minlength=len(rings))
    ends = np.cumsum(sizes)
    first = np.lexsort((xy[:, 0], -xy[:, 1], ring))[ends - sizes]
    points = [f"{north:.2f} {east:.2f}" for east, north in xy.tolist()]
    return [
        "; ".join([*points[at:end], *points[begin:at]])
        for begin, at, end in zip((ends - sizes).tolist(), first.tolist(), ends.tolist(), strict=True)
    ]
