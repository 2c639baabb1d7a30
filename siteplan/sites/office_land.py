"""Land planned for offices, each part of a zone in the hands of the commune that holds most of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.sites.layer import Layer
from siteplan.sites.overlap import areal, mended

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.sites.rules import Rule

Array = np.ndarray[Any, Any]

# a part of a zone of which less lies in any commune is a neighbour's, and a piece of a part smaller than this share of
# the land inside is what two drawings of one boundary differ by
LEAST_SHARE = 0.1
_ROUNDING_M2 = 1.0


@dataclass(frozen=True)
class OfficeLand:
    """A connected piece of land planned for offices, cut at the boundary of the commune that takes it.

    Parameters
    ----------
    row
        Row of the zone.
    source_id
        Id of the zone, with the number of the piece where the zone has several.
    geometry
        Polygon, of the part of the zone in the commune.
    part_m2, inside_percent
        Area of the whole part of the zone, and how much of it lies in the commune.
    """

    row: int
    source_id: str
    geometry: Any
    part_m2: float
    inside_percent: float


class OfficeZones(Layer):
    """Zones of plans that know which commune takes which land planned for offices.

    Parameters
    ----------
    frame
        Zones as :func:`siteplan.sites.plans.join_zones` gives them; those with ``supports`` are planned for offices.
        Of restricted ones no plot is drawn: it would tell where they lie.
    rules
        As in :class:`siteplan.sites.layer.Layer`.
    communes
        ``code``, polygons in the same CRS.
    """

    def __init__(self, frame: gpd.GeoDataFrame, rules: tuple[Rule, ...], communes: gpd.GeoDataFrame) -> None:
        super().__init__("plan_zones", frame, rules)
        self.offices = _shared_out(frame, communes.sort_values("code"))

    def offices_in(self, commune: Any) -> list[OfficeLand]:
        """Pieces that a commune takes, by zone and size."""
        near = [piece for piece in self.offices if shapely.intersects(commune, piece.geometry)]
        shapes = np.array([piece.geometry for piece in near], dtype=object)
        own = shapely.area(shapely.intersection(shapes, commune)) > shapely.area(shapes) / 2
        return [piece for piece, mine in zip(near, own, strict=True) if mine]


def _shared_out(frame: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> tuple[OfficeLand, ...]:
    """Give each part of a zone to the commune with the largest share of it, of equal ones to the least code."""
    hidden = frame["restricted"].astype("boolean").fillna(value=False).to_numpy(bool)
    rows = np.flatnonzero(frame["supports"].to_numpy(bool) & ~hidden)
    ids = frame["zone_id"].astype(str).to_numpy(object)
    places = mended(np.asarray(communes.geometry.values, dtype=object))
    tree = shapely.STRtree(places)
    found: list[OfficeLand] = []
    for row in sorted(rows, key=lambda i: ids[i]):
        zone = areal(mended(np.array([frame.geometry.iloc[row]], dtype=object)))[0]
        parts = sorted(shapely.get_parts(zone), key=lambda p: (-p.area, p.bounds))
        pieces = [_pieces(part, places[np.sort(tree.query(part))]) for part in parts]
        several = sum(max(len(own), 1) for own in pieces) > 1
        number = 0
        for part, own in zip(parts, pieces, strict=True):
            inside_percent = 100.0 * sum(p.area for p in own) / part.area if own else 0.0
            for piece in own or [None]:
                number += 1
                if piece is not None:
                    identity = f"{ids[row]}#{number}" if several else ids[row]
                    found.append(OfficeLand(int(row), identity, piece, float(part.area), min(100.0, inside_percent)))
    return tuple(found)


def _pieces(part: Any, places: Array) -> list[Any]:
    """Polygons of a part of a zone in the commune that holds most of it, largest first; none where none holds enough.

    A part that lies in the commune but for rounding is left as it is drawn.
    """
    if not len(places):
        return []
    inside = areal(shapely.intersection(part, places))
    share = shapely.area(inside).round(2)
    most = int(np.argmax(share))
    if share[most] <= 0 or share[most] < LEAST_SHARE * part.area:
        return []
    if part.area - share[most] <= _ROUNDING_M2:
        return [part]
    pieces = [p for p in shapely.get_parts(inside[most]) if p.area >= LEAST_SHARE * share[most]]
    return sorted(pieces, key=lambda p: (-p.area, p.bounds))
