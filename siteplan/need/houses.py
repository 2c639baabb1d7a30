"""Facilities by their houses: floor, footprint, floors, year and condition follow from the houses listed."""

from __future__ import annotations

import math
from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

_TOTALS = ("floor_area_m2", "footprint_m2")


def with_houses(facilities: gpd.GeoDataFrame, houses: pd.DataFrame) -> gpd.GeoDataFrame:
    """Take the figures of a facility from its houses.

    A sum is known only where every house has the figure; else the facility keeps its own. Floors are those of the
    highest house; condition and year are those of the largest part of the floor (the worse, the older of two equal
    ones).

    Parameters
    ----------
    facilities
        ``INPUTS["facilities"]``.
    houses
        ``INPUTS["facility_buildings"]``; may be empty.

    Returns
    -------
    GeoDataFrame
        `facilities` with ``houses``, the number of its houses (0 where none is listed). Which figures contradict is
        told by :func:`siteplan.layers.check_figures.check_figures`.
    """
    out = facilities.copy()
    by_facility = {str(key): own for key, own in houses.groupby("facility_id")} if len(houses) else {}
    out["houses"] = pd.array([len(by_facility.get(str(i), ())) for i in out["facility_id"]], dtype="Int64")
    for index, identity in zip(out.index, out["facility_id"], strict=True):
        own = by_facility.get(str(identity))
        if own is None:
            continue
        for column in _TOTALS:
            if own[column].notna().all():
                out.loc[index, column] = round(float(own[column].sum()), 2)
        if own["floors"].notna().any():
            out.loc[index, "floors"] = int(own["floors"].max())
        for column, worse in (("condition", _WORSE), ("year_built", None)):
            found = _of_most_floor(own, column, worse)
            if found is not None:
                out.loc[index, column] = found
    return out


_WORSE: Mapping[str, int] = {"unsafe": 0, "poor": 1, "fair": 2, "good": 3}


def _of_most_floor(own: pd.DataFrame, column: str, order: Mapping[str, int] | None) -> object:
    known = own[own[column].notna()]
    if known.empty:
        return None
    weight = known["floor_area_m2"].fillna(0.0).groupby(known[column]).sum()
    most = weight[weight == weight.max()].index
    return min(most, key=lambda value: order[value] if order else value)


def usable_of_houses(houses: pd.DataFrame, shares: Mapping[str, float]) -> dict[str, float]:
    """Floor still usable of each facility, house by house, m²; NaN where a house has no floor area.

    Parameters
    ----------
    houses
        ``INPUTS["facility_buildings"]``.
    shares
        Usable share by condition, with ``unknown``.
    """
    if houses.empty:
        return {}
    share = houses["condition"].map(shares).astype("float64").fillna(shares["unknown"])
    usable = houses["floor_area_m2"].astype("float64") * share
    return {
        str(key): math.nan if own.isna().any() else float(own.sum())
        for key, own in usable.groupby(houses["facility_id"])
    }
