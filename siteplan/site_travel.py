"""The raster of a run that shows how long people travel to the proposed site of their commune."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import shapely

from siteplan import cache, site_cache
from siteplan.assembly import mosaic
from siteplan.sites.travel import field

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.raster import Raster
    from siteplan.site_inputs import Spread
    from siteplan.sites.context import Prepared


def travel_raster(
    key: str, sites: gpd.GeoDataFrame, prepared: Callable[[], Prepared], spread: Spread, epsg: int
) -> Raster | None:
    """Return the minutes from each cell to the proposed site of its commune; None where no commune has one.

    Parameters
    ----------
    key
        Hash of all that the search for sites depended on; what is found is kept under it and the sites.
    sites
        Sites with ``is_best``.
    prepared
        Makes what all communes share; only called where nothing is kept.
    spread
        Calls a function for each commune.
    epsg
        CRS of the sites.
    """
    best = sites[sites["is_best"].fillna(value=False).astype(bool)].sort_values("site_id")
    best = best.drop_duplicates("commune_code")
    if best.empty:
        return None
    best = best.sort_values("commune_code")
    plots = list(zip(best["commune_code"].astype(str), shapely.to_wkb(best.geometry.to_numpy()), strict=True))

    def compute() -> Raster:
        return mosaic(spread(field.minutes_field, prepared(), plots))

    return site_cache.grid("travel", cache.key_of(key, *best["site_id"]), epsg, compute)
