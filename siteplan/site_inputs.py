"""From layers and a scenario to what the room of sites works with, and the shifts of the best sites after ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan import cache
from siteplan.sites import assess
from siteplan.sites.evidence import shift
from siteplan.sites.inputs import SITE_ROLES, SiteInputs
from siteplan.tables.inputs import RASTER_ROLES

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.layers.read import LayerSet
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario
    from siteplan.sites.context import Prepared

SHIFTED_RANKS = 1  # sites of a commune, from the best, whose shifts are looked for
# where no land is searched for
NOTHING_REQUIRED = pd.DataFrame({"commune_code": [], "required_land_area_m2": []})
_OF_FINDING = ["zone_id", "effect", "severity", "restricted", "source"]

Spread = Callable[[Callable[[Any, Any], Any], Any, Sequence[Any]], list[Any]]


def prepared_sites(
    layers: LayerSet, scenario: Scenario, rules: Rules, communes: gpd.GeoDataFrame, required: pd.DataFrame
) -> Prepared:
    """Do once what the search for sites in all communes shares.

    Parameters
    ----------
    layers, scenario, rules
        As read.
    communes
        Polygons with the facts of the communes.
    required
        ``commune_code``, ``required_land_area_m2``; no rows where no land is searched for.
    """
    sources = layers.sources
    illustrative = sources[sources["illustrative"].fillna(value=False).astype(bool)]
    return assess.prepare(
        SiteInputs(
            scenario=scenario,
            rules=rules,
            communes=communes,
            required=required,
            dem=layers.raster("dem"),
            population=layers.population_points() if layers.has("population") else None,
            tables={role: layers.table(role) for role in SITE_ROLES},
            seats=layers.table("seats").rename(columns={"commune_code": "code"}),
            raster_layers={
                role: name
                for role, name in zip(illustrative["role"], illustrative["layer"], strict=True)
                if role in RASTER_ROLES
            },
            capital=capital_of(layers),
            delivered={role: codes for role in SITE_ROLES if (codes := layers.delivered(role)) is not None},
        )
    )


def capital_of(layers: LayerSet) -> tuple[float, float] | None:
    """Easting and northing of the capital: as stated, else in the commune named (its seat, or a point inside it)."""
    capital, communes, seats = layers.province.capital, layers.table("communes"), layers.table("seats")
    if layers.province.capital_point is not None or "commune" not in capital:
        return layers.province.capital_point
    seat = seats.loc[seats["commune_code"] == str(capital["commune"])]
    commune = communes.loc[communes["code"] == str(capital["commune"])]
    for found in (seat, commune):
        if len(found):
            point = found.geometry.iloc[0].representative_point()
            return float(point.x), float(point.y)
    return None


def with_shifts(
    key: str,
    sites: gpd.GeoDataFrame,
    conflicts: gpd.GeoDataFrame,
    prepared: Callable[[], Prepared],
    spread: Spread,
    known: MutableMapping[str, dict[str, Any]],
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Add to the best sites of each commune, and to the findings against them, the shift that would clear them.

    Parameters
    ----------
    key
        Hash of all that the search for sites depended on; what is found is kept under it.
    sites
        Sites as ranked, with ``is_best``.
    conflicts
        Their findings.
    prepared
        Makes what all communes share; only called where nothing is kept.
    spread
        Calls a function for each commune (:func:`siteplan.work.for_each` without its options).
    known
        What was found for another option with the same `key`, by site; what is found is added.

    Returns
    -------
    tuple
        Sites with ``shift``, findings with ``shift_m`` and ``shift_direction``.
    """
    best = sites["is_best"].fillna(value=False).astype(bool) | (sites["rank"].fillna(np.inf) <= SHIFTED_RANKS)
    chosen = sites[best & sites["check_result"].isin(("conditional", "blocked"))]

    def search() -> list[dict[str, Any]]:
        fresh = chosen[~chosen["site_id"].isin(known.keys())]
        if len(fresh):
            known.update({row["site_id"]: row for row in _searched(fresh, conflicts, prepared(), spread)})
        return [known[site_id] for site_id in chosen["site_id"]]

    found = cache.kept_json("shifts", cache.key_of(key, *chosen["site_id"]), search)
    told = {row["site_id"]: row["message"] for row in found}
    by_finding = {(row["site_id"], one["zone_id"]): one for row in found for one in row["found"]}
    keys = list(zip(conflicts["site_id"], conflicts["zone_id"], strict=True))
    return (
        sites.assign(shift=sites["site_id"].map(told)),
        conflicts.assign(
            shift_m=[by_finding.get(k, {}).get("shift_m", np.nan) for k in keys],
            shift_direction=[by_finding.get(k, {}).get("shift_direction") for k in keys],
        ),
    )


def _searched(
    chosen: gpd.GeoDataFrame, conflicts: pd.DataFrame, prepared: Prepared, spread: Spread
) -> list[dict[str, Any]]:
    rows = conflicts[conflicts["site_id"].isin(set(chosen["site_id"]))]
    findings: dict[str, list[Mapping[Any, Any]]] = {}
    for identity, finding in zip(rows["site_id"], rows[_OF_FINDING].astype(object).to_dict("records"), strict=True):
        findings.setdefault(identity, []).append(finding)
    plots: dict[str, list[Mapping[str, Any]]] = {}
    for code, identity, plot in zip(chosen["commune_code"], chosen["site_id"], chosen.geometry, strict=True):
        plots.setdefault(str(code), []).append(
            {"site_id": identity, "plot": shapely.to_wkb(plot), "findings": findings.get(identity, [])}
        )
    found = spread(shift.commune_shifts, prepared, sorted(plots.items(), key=itemgetter(0)))
    return [row for of_commune in found for row in of_commune]
