"""What is known of floods at a site: marks of past floods, what communes reported, the design flood of its town."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.sites import overlap

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.sites.rules import Layer

Array = np.ndarray[Any, Any]

FLOOD_STATES = ("not_assessed", "above", "raise")
# several reports on one site: the gravest is told
_GRAVITY = ("no", "cut_off", "landslide", "flooded")


def known_floods(geometries: Array, marks: Layer | None, reach_m: float) -> pd.DataFrame:
    """Highest flood mark within reach of each site.

    Returns
    -------
    DataFrame
        Rows as `geometries`: ``flood_level_m``, ``flood_event`` (event and date), ``flood_mark_distance_m``; empty
        where no mark with a level lies within reach: that is no statement that the site stays dry.
    """
    out = pd.DataFrame(np.nan, index=range(len(geometries)), columns=["flood_level_m", "flood_mark_distance_m"])
    events = pd.Series([None] * len(geometries), dtype=object)
    if marks is not None and len(marks) and reach_m > 0:
        left, row = marks.pairs(geometries, reach_m)
        level = marks.number("level_m")[row]
        left, row, level = left[~np.isnan(level)], row[~np.isnan(level)], level[~np.isnan(level)]
        distance = shapely.distance(geometries[left], marks.geometries[row])
        # the highest, of equal ones the nearest
        order = np.lexsort((row, distance, -level, left))
        first = order[np.unique(left[order], return_index=True)[1]]
        out.loc[left[first], "flood_level_m"] = level[first]
        out.loc[left[first], "flood_mark_distance_m"] = distance[first]
        names, dates = marks.texts("event"), marks.texts("event_date")
        for site, mark in zip(left[first], row[first], strict=True):
            events[site] = ", ".join(str(v) for v in (names[mark], dates[mark]) if v) or None
    return out.assign(flood_event=events)


def reported_floods(geometries: Array, proposals: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Tell what the communes said of the land they proposed, for the sites that lie on it.

    Returns
    -------
    DataFrame
        ``reported_event`` (no, flooded, landslide, cut_off; empty where nobody said), ``reported_year``,
        ``reported_depth_m``.
    """
    out = pd.DataFrame(np.nan, index=range(len(geometries)), columns=["reported_year", "reported_depth_m"])
    events = pd.Series([None] * len(geometries), dtype=object)
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
                out.loc[left[i]] = [
                    float(value) if pd.notna(value) else np.nan
                    for value in (told["flood_year"].iloc[row[i]], told["flood_depth_m"].iloc[row[i]])
                ]
    return out.assign(reported_event=events)


def design_return_years(geometries: Array, urban: Layer | None, figures: Mapping[str, float]) -> Array:
    """Return period of the design flood of the town a site lies in by more than half (QCVN 01:2021, Table 2.13).

    NaN outside towns, where the highest yearly flood counts, and for a town whose class is not known.
    """
    out = np.full(len(geometries), np.nan)
    if urban is None or len(urban) == 0:
        return out
    left, row = urban.pairs(geometries, 0.0)
    area = shapely.area(overlap.areal(shapely.intersection(geometries[left], urban.sound(row))))
    classes = urban.texts("class_now")
    for site, town, part in zip(left, row, area, strict=True):
        if part > geometries[site].area / 2 and classes[town] is not None:
            out[site] = figures.get(f"flood.return_years.{str(classes[town]).strip()}", np.nan)
    return out


def flood_state(ground_m: Array, flood_m: Array, freeboard_m: float) -> tuple[list[str], Array]:
    """Compare the ground with the known flood and its margin; the second is by how much it must be raised, metres.

    ``not_assessed`` where either height is unknown; never "safe".
    """
    lacking = np.maximum(flood_m + freeboard_m - ground_m, 0.0)
    states = ["not_assessed" if np.isnan(v) else "raise" if v > 0 else "above" for v in lacking]
    return states, lacking
