"""Plans: the register of approved, old, cancelled and coming plans, and their zones.

The register is a fact file (numbers of invented plans are visibly invented). Its column ``layout`` says how the zones
are made; this module keeps the register's own columns and lays out what :mod:`.zones` draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from siteplan.layers.illustrative import zones as draw
from siteplan.layers.illustrative.shapes import areal, clip

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.zones import Ground, Zone

_SEED_COLUMNS = ("layout", "anchor", "size_ha")


def make_plans(facts: Facts) -> pd.DataFrame:
    """Return the register of plans, as the catalog serves it."""
    table = facts.plans.drop(columns=[*_SEED_COLUMNS])
    for name in ("supersedes", "decision_no", "decision_date", "covers", "version", "version_date", "crs_decision",
                 "file_ref", "note"):  # fmt: skip
        # the register of an older workspace has fewer columns
        table[name] = table[name].replace("", None) if name in table.columns else None
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
    cut = clip(shapely.make_valid(frame.geometry.to_numpy()), ground.outline)
    frame = frame.set_geometry(gpd.GeoSeries(areal(cut), index=frame.index, crs=frame.crs))
    return frame[~frame.geometry.is_empty & (frame.geometry.area > 0.5)].reset_index(drop=True)
