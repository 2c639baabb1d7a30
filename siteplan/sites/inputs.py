"""What the room of sites is given: tables, terrain and rules, nothing that has to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siteplan.tables.inputs import OBJECT_ROLES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from siteplan.raster import Raster
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario

# roles of siteplan.tables.INPUTS that sites are found on and measured against
SITE_ROLES = (*OBJECT_ROLES, "plans", "plan_zones", "facilities", "proposals", "former_units")


@dataclass(frozen=True)
class SiteInputs:
    """All that the search for sites depends on; every geometry in the province's CRS, metres.

    Parameters
    ----------
    scenario, rules
        The option with its thresholds, and the rule tables.
    communes
        Rows are communes: ``code``, ``name``, ``population``, polygon, ``layer``, ``illustrative``.
    required
        Rows are communes: ``commune_code``, ``required_land_area_m2``, ``required_footprint_m2``; optionally
        ``land_without_reserve_m2``, the same land without the share kept for later, and ``extended_facility_id`` with
        ``extension_land_area_m2``: the facility that is to be extended and the land it needs beside its own.
    dem
        Elevation in metres, NaN where unknown; None where there is no terrain model.
    population
        Points with ``population``; None where there is no grid.
    tables
        Layers by role (:data:`SITE_ROLES`) in the shape of :data:`siteplan.tables.INPUTS`; a missing role counts as
        empty.
    seats
        Points of the present seats by ``code``.
    raster_layers
        Catalog names of the illustrative rasters by role, e.g. ``{"dem": "terrain"}``.
    capital
        Easting and northing of the provincial capital; None: no travel times to it.
    delivered
        Communes that the layers of a role were made for, where that is not the province.
    """

    scenario: Scenario
    rules: Rules
    communes: gpd.GeoDataFrame
    required: pd.DataFrame
    dem: Raster | None
    population: gpd.GeoDataFrame | None
    tables: Mapping[str, gpd.GeoDataFrame | pd.DataFrame]
    seats: gpd.GeoDataFrame
    raster_layers: Mapping[str, str] = field(default_factory=dict)
    capital: tuple[float, float] | None = None
    delivered: Mapping[str, frozenset[str]] = field(default_factory=dict)
