"""Plots looked at whatever the rules say: land of facilities, proposals of communes, land planned for offices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.sites.columns import rows_of
from siteplan.sites.office_land import OfficeZones
from siteplan.sites.overlap import areal, mended
from siteplan.sites.search.free_shapes import within_square

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.sites.layer import Layer

BIG_ZONE = 1.5  # planned office land larger than this many times the plot is cut to a plot
WHOLE_PERCENT = 99.95  # a zone that lies so far in its commune is told as one that lies in it


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
        Zones of plans that know what land planned for offices the commune takes (:class:`OfficeZones`).
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
    if not isinstance(zones, OfficeZones):
        return []
    own = zones.offices_in(commune)
    names = ("zone_id", "title", "decision_no", "layer", "illustrative")
    at = np.array([land.row for land in own], dtype=int)
    columns = {name: values[at] for name in names if (values := zones.column(name)) is not None}
    found = []
    for land, row in zip(own, rows_of(columns), strict=True):
        told = {"title": row["title"] or "", "zone": row["zone_id"], "decision": row["decision_no"] or ""}
        reasons: tuple[Message, ...] = (("sites.reason.planned_land", told),)
        if land.inside_percent < WHOLE_PERCENT:
            reasons = (*reasons, ("sites.reason.cut_at_boundary", {"percent": round(land.inside_percent, 2)}))
        geometry = land.geometry
        if asked_m2 > 0 and geometry.area > BIG_ZONE * asked_m2:
            geometry = cut_plot(geometry, asked_m2)
            reasons = (*reasons, ("sites.reason.cut_from_zone", {"zone_area": round(land.part_m2, 2)}))
        found.append(Forced("L", land.source_id, geometry, reasons, _layer_token(row)))
    return found


def cut_plot(zone: Any, area_m2: float) -> Any:
    """Cut a plot of an area out of a larger polygon: the part within a square around its deepest point."""
    centre = shapely.get_point(shapely.maximum_inscribed_circle(zone, tolerance=1.0), 0)

    def largest(cut: Any) -> Any:
        if cut.geom_type == "Polygon":
            return cut
        return max(shapely.get_parts(areal(np.array([cut], dtype=object))), key=lambda p: p.area)

    return within_square(zone, centre, area_m2, largest)
