"""Plans: the register of approved, old, cancelled and coming plans, and their zones.

The register is a fact file (numbers of invented plans are visibly invented). Its column ``layout`` says how the zones are
made; this module keeps the register's own columns and lays out what :mod:`.zones` draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.layers.illustrative import zones as draw

if TYPE_CHECKING:
    from collections.abc import Callable

    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.zones import Ground, Zone

Array = np.ndarray[Any, Any]

_SEED_COLUMNS = ("layout", "anchor", "size_ha")


def make_plans(facts: Facts) -> pd.DataFrame:
    """Return the register of plans, as the catalog serves it."""
    table = facts.plans.drop(columns=[*_SEED_COLUMNS])
    for name in ("supersedes", "decision_no", "decision_date", "covers"):
        table[name] = table[name].replace("", None)
    table["paper_only"] = table["paper_only"].astype(bool)
    return table.sort_values("plan_id", kind="stable").reset_index(drop=True)


def make_plan_zones(facts: Facts, ground: Ground) -> gpd.GeoDataFrame:
    """Draw the zones of every plan that has a layout.

    Parameters
    ----------
    facts
        Its register of plans.
    ground
        What zones are drawn from: land use, communes, facilities, projects, roads.

    Returns
    -------
    GeoDataFrame
        ``zone_id``, ``plan_id``, ``function``, ``name``, ``horizon``; polygons inside the province.
    """
    makers: dict[str, Callable[[Any, Facts, Ground, np.random.Generator], list[Zone]]] = {
        "province": draw.province,
        "land_use": draw.land_use,
        "commune": draw.commune,
        "forest": draw.forest,
        "parcels": draw.parcels,
        "town": draw.town,
        "project": draw.project,
        "detail": draw.detail,
        "region": draw.region,
        "economic": draw.economic,
        "mineral": draw.mineral,
        "heritage": draw.heritage,
    }
    ids, plans, functions, names, horizons, shapes = [], [], [], [], [], []
    for plan in facts.plans.itertuples():
        if plan.layout == "none":
            continue
        found = makers[str(plan.layout)](plan, facts, ground, facts.rng(str(plan.plan_id)))
        for number, (function, name, shape) in enumerate(found, 1):
            ids.append(f"{plan.plan_id}-{number:04d}")
            plans.append(plan.plan_id)
            functions.append(function)
            names.append(name)
            horizons.append(f"{plan.year_from}-{plan.year_to}")
            shapes.append(shape)
    frame = gpd.GeoDataFrame(
        {"zone_id": ids, "plan_id": plans, "function": functions, "name": names, "horizon": horizons},
        geometry=gpd.GeoSeries(shapes, crs=ground.communes.crs),
    )
    inside = shapely.contains(ground.outline, frame.geometry.to_numpy())
    geometry = frame.geometry.to_numpy().copy()
    geometry[~inside] = shapely.intersection(geometry[~inside], ground.outline)
    frame = frame.set_geometry(gpd.GeoSeries(_areal(geometry), index=frame.index, crs=frame.crs))
    return frame[~frame.geometry.is_empty & (frame.geometry.area > 0.5)].reset_index(drop=True)


def _areal(geometry: Array) -> Array:
    """Leave points and lines, which cuts along an edge leave behind, out of collections."""
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(geometry), (3, 6)))
    for index in mixed:
        parts = shapely.get_parts(geometry[index])
        geometry[index] = shapely.union_all(parts[shapely.area(parts) > 0])
    return geometry
