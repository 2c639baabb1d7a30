"""What stands on a site and what is near it: buildings, households, clearance told, infrastructure within reach.

What no layer tells stays empty; nothing is taken for zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.locale import encode
from siteplan.rules import households_by_use
from siteplan.sites import overlap
from siteplan.sites.columns import Columns, unknown

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

UTILITIES = ("water_supply", "telecom", "sewerage")


def clearance_columns(
    geometries: Array,
    taken: Array,
    stated: Any,
    layers: Mapping[str, Layer],
    proposals: Any,
    figures: Mapping[str, float],
    distances: Mapping[str, Array],
    sliver_m2: float,
) -> Columns:
    """Columns of :data:`siteplan.tables.places.SITE_CLEARANCE` but for the compensation.

    Parameters
    ----------
    geometries
        Sites.
    taken
        The part of each that nobody of the centre uses yet: what stands on the rest need not go.
    stated
        Clearance that each site's own layer states, or None.
    layers
        ``buildings``, ``utilities`` by role.
    proposals
        Proposals of communes with ``clearance``.
    figures
        ``rules/ground.csv`` by key.
    distances
        ``road_distance_m`` and ``power_distance_m`` of the sites.
    sliver_m2
        A building that a site takes less of does not count.
    """
    out = buildings_columns(taken, layers.get("buildings"), figures, sliver_m2)
    out["clearance"] = clearance_of(geometries, stated, proposals, figures.get("clearance.cover", np.nan))
    near: dict[str, Array] = {"road": distances["road_distance_m"], "power": distances["power_distance_m"]}
    utilities = layers.get("utilities")
    for kind in UTILITIES:
        away = np.full(len(geometries), np.nan)
        if utilities is not None and len(utilities):
            away = utilities.nearest(geometries, utilities.texts("utility_kind") == kind)[0]
        out[f"{kind}_distance_m"] = near[kind] = away
    reach = figures.get("infrastructure.reach", np.nan)
    out["infrastructure"] = [
        encode([_reached(kind, float(away[i]), reach) for kind, away in near.items()]) for i in range(len(geometries))
    ]
    return out


def buildings_columns(
    geometries: Array, layer: Layer | None, figures: Mapping[str, float], sliver_m2: float
) -> Columns:
    """Count and area of the buildings inside, and the households in them; all empty without a layer.

    A building on the edge counts whole for its household and by its part for the area; one of which a site takes less
    than `sliver_m2` does not count. Of uses that nobody tells or lists nothing is known.
    """
    out = unknown(("buildings_inside", "buildings_area_m2", "households_displaced"), len(geometries))
    if layer is None or len(layer) == 0:
        return out
    left, row = layer.pairs(geometries, 0.0)
    parts = overlap.areal(shapely.intersection(geometries[left], layer.sound(row)))
    some = shapely.area(parts) >= sliver_m2
    left, row, parts = left[some], row[some], parts[some]
    out["buildings_inside"] = np.bincount(left, minlength=len(geometries)).astype(float)
    out["buildings_area_m2"] = overlap.union_area(parts, left, len(geometries))
    uses = layer.column("use")
    if uses is None or all(use is None for use in uses):
        return out
    known = households_by_use(figures)
    held = [known.get(str(use).strip().casefold(), np.nan) for use in uses[row]]
    out["households_displaced"] = np.bincount(left, weights=np.array(held, dtype=float), minlength=len(geometries))
    return out


def clearance_of(geometries: Array, stated: Any, proposals: Any, cover_percent: float) -> list[str | None]:
    """State of clearance: as the site's own layer states it, else as a proposal does that covers the site."""
    out = [value if isinstance(value, str) else None for value in stated]
    if proposals is None or len(proposals) == 0 or not cover_percent > 0:
        return out
    told = proposals[proposals["clearance"].notna()].sort_values("proposal_id")
    areas = told.geometry.to_numpy()
    flat = shapely.get_dimensions(areas) == 2
    places, words = overlap.mended(areas[flat]), told["clearance"].to_numpy(object)[flat]
    left, row = shapely.STRtree(places).query(geometries, predicate="intersects")
    shared = shapely.area(shapely.intersection(geometries[left], places[row])) / shapely.area(geometries[left])
    for i in np.lexsort((row, -shared)):
        if shared[i] * 100 >= cover_percent and out[left[i]] is None:
            out[left[i]] = str(words[row[i]])
    return out


def _reached(kind: str, away_m: float, reach_m: float) -> Message:
    if np.isnan(away_m) or np.isnan(reach_m):
        return "sites.infrastructure.unknown", {"kind": kind}
    key = "within" if away_m <= reach_m else "beyond"
    return f"sites.infrastructure.{key}", {"kind": kind, "distance": round(away_m, 1), "reach": reach_m}
