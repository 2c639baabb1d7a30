"""Plots looked at whatever the rules say: land of facilities, proposals of communes, land planned for offices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.sites.columns import rows_of
from siteplan.sites.overlap import areal, mended

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.sites.layer import Layer

BIG_ZONE = 1.5  # planned office land larger than this many times the plot is cut to a plot
LEAST_SHARE_INSIDE = 0.5  # a zone that lies less in the commune belongs to its neighbour


@dataclass(frozen=True)
class Forced:
    """One plot that is evaluated: its letter, the id it has in its layer, and what is known of it.

    `size` says of a plot that was searched for what land it was to have (``with_reserve``, ``without_reserve``). `own`
    is the part of a facility's plot that the facility uses already: nobody has to leave it.
    """

    letter: str
    source_id: str
    geometry: Any
    reasons: tuple[Message, ...] = ()
    rests_on: tuple[str, ...] = ()
    clearance: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    size: str | None = None
    own: Any = None

    @property
    def taken(self) -> Any:
        """The plot without the land that the facility on it uses already."""
        return self.geometry if self.own is None else shapely.difference(self.geometry, self.own)


def square_around(point: Any, area_m2: float) -> Any:
    """Square of an area around a point, sides to north and east."""
    half = float(np.sqrt(area_m2)) / 2
    return shapely.box(point.x - half, point.y - half, point.x + half, point.y + half)


def _layer_token(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"layer:{row['layer']}",) if row.get("illustrative") is True else ()


def _number(value: Any) -> float:
    return float(value) if value is not None and not pd.isna(value) and float(value) > 0 else float("nan")


def _plot(geometry: Any, stated_m2: float, required_m2: float) -> tuple[Any, tuple[Message, ...], bool]:
    """Polygon of a plot; a square of the stated or the required area where only a point or line is known."""
    if geometry is None or shapely.is_empty(geometry):
        return None, (), False
    if shapely.get_dimensions(geometry) == 2:
        return areal(mended(np.array([geometry], dtype=object)))[0], (), False
    area = stated_m2 if not np.isnan(stated_m2) else required_m2
    key = "sites.reason.point_stated" if not np.isnan(stated_m2) else "sites.reason.point_required"
    return square_around(shapely.centroid(geometry), area), ((key, {"area": round(area, 2)}),), True


def forced_plots(
    commune: Any,
    facilities: Iterable[Mapping[str, Any]],
    proposals: Iterable[Mapping[str, Any]],
    zones: Layer,
    required_m2: float,
    asked_m2: float,
) -> list[Forced]:
    """Gather the plots of a commune that are always evaluated.

    Parameters
    ----------
    commune
        Polygon.
    facilities, proposals
        Its rows, by id.
    zones
        Layer of zones as :func:`siteplan.sites.plans.join_zones` gives them; those with ``supports`` are planned for
        offices.
    required_m2, asked_m2
        Land the commune needs, and the plot that is searched for.

    Returns
    -------
    list of Forced
        Facilities (T), proposals (X), planned land (L), in this order, each by id.
    """
    found: list[Forced] = []
    for row in facilities:
        geometry, reasons, assumed = _plot(row["geometry"], _number(row["land_area_m2"]), required_m2)
        if geometry is None:
            continue
        tokens = _layer_token(row)
        if row["position_assumed"] is True:
            reasons, tokens = (
                (*reasons, ("sites.reason.position_assumed", {})),
                (*tokens, "assumption:facility_position"),
            )
        if row["decided_treatment"] is not None and not pd.isna(row["decided_treatment"]):
            decided = {"treatment": str(row["decided_treatment"]), "decision": str(row["decision_no"] or "")}
            reasons = (*reasons, ("sites.reason.decided", decided))
        facts = {"name": row["name"], "assumed_shape": assumed}
        found.append(Forced("T", str(row["facility_id"]), geometry, reasons, tokens, None, facts, own=geometry))
    for row in proposals:
        geometry, reasons, assumed = _plot(row["geometry"], _number(row["area_m2"]), required_m2)
        if geometry is None:
            continue
        clearance = None if pd.isna(row["clearance"]) else str(row["clearance"])
        facts = {"name": row["name"], "assumed_shape": assumed}
        found.append(Forced("X", str(row["proposal_id"]), geometry, reasons, _layer_token(row), clearance, facts))
    return [*found, *_planned(commune, zones, asked_m2)]


def _planned(commune: Any, zones: Layer, asked_m2: float) -> list[Forced]:
    rows = zones.near(commune.bounds)
    if len(rows):
        rows = rows[zones.texts("supports")[rows].astype(bool)]
        rows = rows[shapely.intersects(zones.geometries[rows], commune)]
    if len(rows) == 0:
        return []
    found = []
    names = ("zone_id", "title", "decision_no", "layer", "illustrative", "restricted")
    columns = {name: values[rows] for name in names if (values := zones.column(name)) is not None}
    own = rows_of({**columns, "geometry": zones.geometries[rows]})
    for row in sorted(own, key=itemgetter("zone_id")):
        if row.get("restricted") is True:
            continue
        parts = shapely.get_parts(areal(mended(np.array([row["geometry"]], dtype=object))))
        for number, part in enumerate(sorted(parts, key=lambda p: (-p.area, p.bounds))):
            inside = shapely.intersection(part, commune)
            if inside.area < LEAST_SHARE_INSIDE * part.area or inside.area <= 0:
                continue
            reasons: tuple[Message, ...] = (
                (
                    "sites.reason.planned_land",
                    {"title": row["title"] or "", "zone": row["zone_id"], "decision": row["decision_no"] or ""},
                ),
            )
            geometry = part
            if asked_m2 > 0 and part.area > BIG_ZONE * asked_m2:
                geometry = cut_plot(part, asked_m2)
                reasons = (*reasons, ("sites.reason.cut_from_zone", {"zone_area": round(part.area, 2)}))
            suffix = "" if len(parts) == 1 else f"#{number + 1}"
            found.append(Forced("L", f"{row['zone_id']}{suffix}", geometry, reasons, _layer_token(row)))
    return found


def cut_plot(zone: Any, area_m2: float) -> Any:
    """Cut a plot of an area out of a larger polygon: the part within a square around its deepest point."""
    circle = shapely.maximum_inscribed_circle(zone, tolerance=1.0)
    centre = shapely.get_point(circle, 0)
    low, high = 0.0, float(np.hypot(*(np.array(zone.bounds[2:]) - np.array(zone.bounds[:2]))))
    part = zone
    for _ in range(60):
        side = (low + high) / 2
        cut = shapely.intersection(
            zone, shapely.box(centre.x - side, centre.y - side, centre.x + side, centre.y + side)
        )
        if cut.geom_type != "Polygon":
            cut = max(shapely.get_parts(areal(np.array([cut], dtype=object))), key=lambda p: p.area)
        part = cut
        if abs(part.area - area_m2) <= 1e-4 * area_m2:
            break
        low, high = (side, high) if part.area < area_m2 else (low, side)
    return part
