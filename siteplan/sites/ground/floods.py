"""What is known of floods at a site: marks of past floods, what communes reported, the design flood of its town."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.sites import overlap
from siteplan.sites.columns import Columns, nothing, unknown
from siteplan.tables import as_number

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

FLOOD_STATES = ("not_assessed", "above", "raise")
# several reports on one site: the gravest is told
_GRAVITY = ("no", "cut_off", "landslide", "flooded")


def known_floods(
    geometries: Array,
    marks: Layer | None,
    reach_m: float,
    above_mark_m: Callable[[Array, Array], Array],
    apart_m: float,
) -> Columns:
    """Highest flood mark within reach of each site, of those that stand on ground about as high as the site's.

    Water runs downhill: the level of a mark is no level on ground much higher or lower.

    Parameters
    ----------
    geometries
        Sites.
    marks
        Flood marks with ``level_m``, ``event``, ``event_date``.
    reach_m
        How far from a site a mark may lie.
    above_mark_m
        For numbers of sites and of marks the height of the site's ground above the mark's, NaN where it is not known.
    apart_m
        The greatest such difference, up or down, over which a level is carried.

    Returns
    -------
    Columns
        Rows as `geometries`: ``flood_level_m``, ``flood_event`` (event and date), ``flood_mark_distance_m``; empty
        where no mark with a level counts: that is no statement that the site stays dry. Where marks lie within reach of
        which none counts, ``unlike_mark_distance_m`` and ``unlike_mark_height_m`` of the nearest.
    """
    of_mark = ("flood_level_m", "flood_mark_distance_m", "unlike_mark_distance_m", "unlike_mark_height_m")
    out = unknown(of_mark, len(geometries))
    out["flood_event"] = events = nothing(len(geometries))
    if marks is not None and len(marks) and reach_m > 0:
        left, row = marks.pairs(geometries, reach_m)
        level = marks.number("level_m")[row]
        left, row, level = left[~np.isnan(level)], row[~np.isnan(level)], level[~np.isnan(level)]
        distance, height = shapely.distance(geometries[left], marks.geometries[row]), above_mark_m(left, row)
        counts = ~(np.abs(height) > apart_m)  # where the terrain is not known the mark counts
        order = np.lexsort((row, distance, left))
        first = order[np.unique(left[order], return_index=True)[1]]
        first = first[~np.isin(left[first], left[counts])]
        out["unlike_mark_distance_m"][left[first]] = distance[first]
        out["unlike_mark_height_m"][left[first]] = height[first]
        left, row, level, distance = left[counts], row[counts], level[counts], distance[counts]
        # the highest, of equal ones the nearest
        order = np.lexsort((row, distance, -level, left))
        first = order[np.unique(left[order], return_index=True)[1]]
        out["flood_level_m"][left[first]] = level[first]
        out["flood_mark_distance_m"][left[first]] = distance[first]
        names, dates = marks.texts("event"), marks.texts("event_date")
        for site, mark in zip(left[first], row[first], strict=True):
            events[site] = ", ".join(str(v) for v in (names[mark], dates[mark]) if v) or None
    return out


def reported_floods(geometries: Array, proposals: gpd.GeoDataFrame | None) -> Columns:
    """Tell what the communes said of the land they proposed, for the sites that lie on it.

    Returns
    -------
    Columns
        ``reported_event`` (no, flooded, landslide, cut_off; empty where nobody said), ``reported_year``,
        ``reported_depth_m``.
    """
    out = unknown(("reported_year", "reported_depth_m"), len(geometries))
    out["reported_event"] = events = nothing(len(geometries))
    told = proposals[proposals["flooded"].notna()] if proposals is not None and len(proposals) else None
    if told is not None and len(told):
        left, row = shapely.STRtree(told.geometry.to_numpy()).query(geometries, predicate="intersects")
        touching = shapely.get_dimensions(told.geometry.to_numpy()[row]) == 2
        shared = shapely.area(shapely.intersection(geometries[left], told.geometry.to_numpy()[row]))
        use = ~touching | (shared > 0)
        gravity = told["flooded"].map({token: i for i, token in enumerate(_GRAVITY)}).fillna(0).to_numpy()
        order = sorted(np.flatnonzero(use), key=lambda i: (left[i], -gravity[row[i]], row[i]))
        for i in order:
            if events[left[i]] is None:
                events[left[i]] = told["flooded"].iloc[row[i]]
                for name, column in (("reported_year", "flood_year"), ("reported_depth_m", "flood_depth_m")):
                    out[name][left[i]] = as_number(told[column].iloc[row[i]])
    return out


def design_return_years(geometries: Array, urban: Layer | None, figures: Mapping[str, float]) -> Array:
    """Return period of the design flood of the towns a site lies in by more than half (QCVN 01:2021, Table 2.13).

    Polygons count together. Where towns of several classes meet on a site, the longest period counts that, with those
    of longer ones, holds on more than half of it. NaN outside towns, where the highest yearly flood counts, and for
    towns whose class is not known.
    """
    out = np.full(len(geometries), np.nan)
    if urban is None or len(urban) == 0:
        return out
    left, row = urban.pairs(geometries, 0.0)
    parts = overlap.areal(shapely.intersection(geometries[left], urban.sound(row)))
    classes = [str(word).strip() for word in urban.texts("class_now")[row]]
    years = np.array([figures.get(f"flood.return_years.{word}", np.nan) for word in classes], dtype=float)
    for least in np.unique(years[~np.isnan(years)]):
        held = years >= least
        area = overlap.union_area(parts[held], left[held], len(geometries))
        out[area > shapely.area(geometries) / 2] = least
    return out


def flood_state(level_m: Array, flood_m: Array, freeboard_m: float) -> tuple[list[str], Array]:
    """Compare the platform with the known flood and its margin; the second is by how much it must be raised, metres.

    `level_m` is the level of the platform as it would be without floods, so that state, raise, level and fill agree.

    ``not_assessed`` where either height is unknown; never "safe".
    """
    lacking = np.maximum(flood_m + freeboard_m - level_m, 0.0)
    states = ["not_assessed" if np.isnan(v) else "raise" if v > 0 else "above" for v in lacking]
    return states, lacking
