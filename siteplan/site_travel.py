"""The raster of a run that shows how long people travel to the proposed site of their commune."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import shapely

from siteplan import cache, site_cache
from siteplan.assembly import mosaic
from siteplan.sites.access import field

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
    best = _proposed(sites)
    if best.empty:
        return None
    return site_cache.grid(
        "travel",
        cache.key_of(key, *best["site_id"]),
        epsg,
        lambda: mosaic(spread(field.minutes_field, prepared(), _plots(best))),
    )


def followed(
    key: str,
    placed: tuple[gpd.GeoDataFrame, Raster | None],
    sites: gpd.GeoDataFrame,
    prepared: Callable[[], Prepared],
    spread: Spread,
    epsg: int,
) -> Raster | None:
    """Return the minutes to the sites that are proposed now, from those to the sites placed before.

    Parameters
    ----------
    key, prepared, spread, epsg
        As for :func:`travel_raster`.
    placed
        Sites with ``is_best`` as it was, and the minutes to those.
    sites
        The same sites; few communes have another ``is_best`` now.
    """
    before, raster = placed
    known, best = _proposed(before), _proposed(sites)
    moved = best[~best["site_id"].isin(set(known["site_id"]))]
    if moved.empty:
        return raster

    def compute() -> Raster:
        shared, base = prepared(), raster
        for code in moved["commune_code"].astype(str):
            base = None if base is None else field.without_commune(base, shared.polygons[code])
        fresh = spread(field.minutes_field, shared, _plots(moved))
        return mosaic(fresh if base is None else [base, *fresh])

    return site_cache.grid("travel_followed", cache.key_of(key, *known["site_id"], "", *best["site_id"]), epsg, compute)


def _proposed(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One proposed site a commune, by its code."""
    best = sites[sites["is_best"].fillna(value=False).astype(bool)].sort_values("site_id")
    return best.drop_duplicates("commune_code").sort_values("commune_code")


def _plots(sites: gpd.GeoDataFrame) -> list[tuple[str, bytes]]:
    return list(zip(sites["commune_code"].astype(str), shapely.to_wkb(sites.geometry.to_numpy()), strict=True))
