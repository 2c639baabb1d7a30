"""What is to be said of plots that someone drew: the same evidence as of the sites of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import measure, plans
from siteplan.sites.assess import in_schema, stacked
from siteplan.sites.columns import Columns
from siteplan.sites.context import Prepared
from siteplan.sites.evaluate import gather, verdicts
from siteplan.sites.evidence import shift, verdict
from siteplan.tables import RESULTS, conform, records
from siteplan.tables.schema import COORDINATE_DECIMALS

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class PlotAnswer:
    """The answer for plots.

    Parameters
    ----------
    plots
        Rows are plots: ``site_id`` (the name), ``commune_code`` (empty outside of all communes), area, check result,
        conformity, overlap, rules broken, reasons; polygons.
    conflicts, conformity
        Rows as in a run.
    """

    plots: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    conformity: pd.DataFrame


def commune_of(plots: Array, communes: gpd.GeoDataFrame) -> list[str]:
    """Code of the commune that holds most of each plot; empty where none holds any."""
    places = np.asarray(communes.geometry.values, dtype=object)
    out = [""] * len(plots)
    for i, plot in enumerate(plots):
        near = np.flatnonzero(shapely.intersects(places, plot))
        if len(near):
            shared = shapely.area(shapely.intersection(places[near], plot))
            out[i] = str(communes["code"].iloc[near[int(np.argmax(shared))]])
    return out


def check_plots(prepared: Prepared, plots: gpd.GeoDataFrame, with_shift: bool) -> PlotAnswer:
    """Hold plots against all plans and rules.

    Parameters
    ----------
    prepared
        What there is around the plots at least.
    plots
        ``name``, polygons in the province's CRS; coordinates count to the millimetre, as in a run.
    with_shift
        Whether to look for the shift that would clear each finding.
    """
    written = shapely.transform(
        np.asarray(plots.geometry.values, dtype=object), lambda xy: np.round(xy, COORDINATE_DECIMALS)
    )
    sites = gpd.GeoDataFrame(
        {"site_id": plots["name"].to_numpy(), "commune_code": commune_of(written, prepared.communes)},
        geometry=gpd.GeoSeries(written, crs=prepared.crs),
    )
    parts = [
        _of_commune(prepared, str(code), own.reset_index(drop=True), with_shift)
        for code, own in sites.groupby("commune_code", sort=True)
    ]
    return PlotAnswer(
        gpd.GeoDataFrame(pd.concat([p.plots for p in parts], ignore_index=True), crs=prepared.crs),
        gpd.GeoDataFrame(pd.concat([p.conflicts for p in parts], ignore_index=True), crs=prepared.crs),
        pd.concat([p.conformity for p in parts], ignore_index=True),
    )


def _of_commune(prepared: Prepared, code: str, sites: gpd.GeoDataFrame, with_shift: bool) -> PlotAnswer:
    geometries = np.asarray(sites.geometry.values, dtype=object)

    def measured(threshold: float) -> Columns:
        if prepared.dem is None:
            return measure.terrain_columns(geometries, None, None, threshold)
        each = [shift.ground_columns(prepared.dem, geometries[i : i + 1], threshold) for i in range(len(geometries))]
        return {name: np.concatenate([one[name] for one in each]) for name in each[0]}

    ground, steep = measure.terrain_by_rule(prepared.rules, measured)
    held = prepared.communes.loc[prepared.communes["code"] == code]
    commune = held.geometry.iloc[0] if len(held) else shapely.Polygon()
    found, planned = gather(prepared, commune, sites, steep)
    area = sites.assign(area_m2=shapely.area(geometries))
    cover = prepared.coverage[prepared.coverage["commune_code"] == code]
    tolerance = prepared.scenario.tolerance
    said = plans.conformity_table(area, planned, prepared.in_force, prepared.rule_tables, tolerance, cover)
    by_site: dict[str, list[dict[str, Any]]] = {}
    for row in records(found):
        by_site.setdefault(row["site_id"], []).append(row)
    figures = area.assign(**verdicts(prepared, code, area, by_site, planned)[1], **ground)
    figures["eligible"] = figures["eligible"].astype("boolean")
    figures["reasons"] = [encode(_rounded(verdict.finding_reasons(by_site.get(i, [])))) for i in sites["site_id"]]
    conflicts = stacked([in_schema(found, RESULTS["conflicts"])], RESULTS["conflicts"], prepared.crs)
    if with_shift:
        figures["shift"] = _shifts(prepared, commune if len(held) else None, sites, conflicts)
    plots = gpd.GeoDataFrame(figures, geometry="geometry", crs=prepared.crs)
    return PlotAnswer(plots, conflicts, conform(said, RESULTS["conformity"]))


def _rounded(messages: list[Any]) -> list[Any]:
    return [(k, {n: round(float(v), 2) if isinstance(v, float) else v for n, v in p.items()}) for k, p in messages]


def _shifts(prepared: Prepared, commune: Any, sites: gpd.GeoDataFrame, conflicts: gpd.GeoDataFrame) -> list[str | None]:
    """Write the shifts of each finding into `conflicts`; return what is said of each plot as a whole."""
    told: list[str | None] = []
    for identity, plot in zip(sites["site_id"], sites.geometry, strict=True):
        own = conflicts["site_id"] == identity
        found, message = shift.shifts_of(prepared, commune, plot, pd.DataFrame(conflicts[own]))
        for zone, one in found.items():
            at = own & (conflicts["zone_id"] == zone)
            conflicts.loc[at, "shift_m"] = float(one.metres)
            conflicts.loc[at, "shift_direction"] = one.direction
        told.append(encode([message]) if message is not None else None)
    return told
