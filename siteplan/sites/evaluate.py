"""Everything that is said of the sites of a commune: evidence, figures, verdict and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import clearance, forced, measure, plans
from siteplan.sites.columns import Columns, rows_of
from siteplan.sites.context import Prepared
from siteplan.sites.delivered import without_claims
from siteplan.sites.evidence import findings, verdict
from siteplan.sites.evidence.zone_rules import with_zone_rules
from siteplan.sites.ground.columns import ground_columns, ground_reasons
from siteplan.sites.plans.conformity import left_over_m2
from siteplan.tables import records, rests_on

if TYPE_CHECKING:
    from siteplan.raster import Raster
    from siteplan.sites.access.reach import Reach
    from siteplan.sites.free_land import FreeLand

Array = np.ndarray[Any, Any]


def evaluate(
    prepared: Prepared,
    code: str,
    commune: Any,
    sites: gpd.GeoDataFrame,
    plots: list[forced.Forced],
    required_m2: float,
    dem: Raster | None,
    slope: Raster | None,
    eligible: FreeLand,
    reached: Reach,
) -> tuple[pd.DataFrame, Columns, pd.DataFrame]:
    """Evidence and figures of the sites of a commune, each with its ``geometry``, and conformity with each plan."""
    layers, tolerance = prepared.measured(code), prepared.scenario.tolerance
    geometries = np.asarray(sites.geometry.values)
    area = shapely.area(geometries)
    sized = sites.assign(area_m2=area)
    ground, steep = measure.terrain_by_rule(
        prepared.rules, lambda threshold: measure.terrain_columns(geometries, dem, slope, threshold)
    )
    land = measure.land_use_columns(geometries, layers.get("land_use"))
    figures: Columns = {name: sites[name].to_numpy(dtype=object) for name in sites.columns if name != "geometry"}
    figures |= ground | land.columns | _sizes(area, required_m2)
    figures |= _around_it(prepared, code, geometries, eligible, required_m2)
    taken = np.array([plot.taken for plot in plots], dtype=object)
    proposals = _near(prepared.proposals, geometries)
    figures |= clearance.clearance_columns(
        geometries,
        taken,
        figures["clearance"],
        layers,
        proposals,
        prepared.ground_figures,
        figures,
        tolerance.sliver_m2,
    )
    short = figures["area_ratio"] < 1 - tolerance.area_percent / 100
    figures["can_extend"] = np.where(short, figures["adjoining_m2"] + area >= required_m2, None)
    figures |= ground_columns(
        geometries, dem, slope, prepared.coarse_m is not None, layers, proposals, prepared.ground_figures, required_m2
    )
    figures = without_claims(figures | reached.columns, prepared.delivered, code)

    conflicts, planned = gather(prepared, commune, sites, steep)
    cover = prepared.coverage[prepared.coverage["commune_code"] == code]
    conformity = plans.conformity_table(sized, planned, prepared.in_force, prepared.rule_tables, tolerance, cover)
    by_site: dict[str, list[dict[str, Any]]] = {}
    for row in records(conflicts):
        by_site.setdefault(row["site_id"], []).append(row)
    broken, said = verdicts(prepared, code, sized, by_site, planned)
    figures |= said
    figures["reasons"], figures["rests_on"] = _reasons(
        prepared, figures, by_site, plots, broken, reached.reached_percent, land.codes
    )
    figures["geometry"] = geometries
    return conflicts, figures, conformity


def _sizes(area: Array, required_m2: float) -> Columns:
    ratio = area / required_m2 if required_m2 > 0 else np.full(len(area), np.nan)
    return {"area_m2": area, "required_area_m2": np.full(len(area), required_m2), "area_ratio": ratio}


def _around_it(prepared: Prepared, code: str, geometries: Array, eligible: FreeLand, required_m2: float) -> Columns:
    """Figures of what lies in and around each site: hazards, ways, buildings, towns, land to extend onto, its front."""
    layers, speeds = prepared.measured(code), prepared.rule_tables.speeds
    sliver_m2, reach_m = prepared.scenario.tolerance.sliver_m2, prepared.ground_figures.get("frontage.reach", 0.0)
    barriers = measure.front_barriers(layers)
    return {
        **measure.hazard_columns(geometries, layers.get("hazards"), sliver_m2),
        **measure.distance_columns(geometries, layers, speeds, prepared.seats.get(code)),
        "inside_urban_area": measure.inside_urban_area(geometries, layers.get("urban_areas")),
        "room_to_extend_percent": measure.room_to_extend(geometries, eligible, required_m2),
        "frontage_m": measure.frontage(geometries, layers.get("roads"), speeds, reach_m, barriers),
        "adjoining_m2": measure.adjoining_land(geometries, eligible, required_m2),
    }


def verdicts(
    prepared: Prepared,
    code: str,
    sites: gpd.GeoDataFrame,
    by_site: Mapping[str, list[dict[str, Any]]],
    planned: pd.DataFrame | None,
) -> tuple[list[list[str]], Columns]:
    """Rules that each site breaks, and the columns of what plans and rules come to; `sites` with their ``area_m2``."""
    tolerance = prepared.scenario.tolerance
    of_plans = {identity: [f for f in rows if f["source"] == "plan"] for identity, rows in by_site.items()}
    broken = verdict.broken_rules(sites, by_site, prepared.rules)
    return broken, {
        **verdict.check_columns(sites, by_site, _sure(prepared, code, sites, planned)),
        **verdict.plan_columns(sites, of_plans, tolerance),
        "broken_rules": np.array(["; ".join(b) or None for b in broken], dtype=object),
        "eligible": np.array([not b for b in broken], dtype=bool),
    }


def _near(frame: gpd.GeoDataFrame | None, geometries: Array) -> gpd.GeoDataFrame | None:
    """Rows of a frame whose boxes meet those of some geometries."""
    return None if frame is None else frame.iloc[np.unique(frame.sindex.query(geometries)[1])]


def gather(
    prepared: Prepared, commune: Any, sites: gpd.GeoDataFrame, steep: Mapping[str, Array]
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """List all that stands for and against the sites of a commune: plans, where these disagree, rules, what is unknown.

    Parameters
    ----------
    prepared
        What all communes share.
    commune
        Polygon; None where the sites lie in no commune.
    sites
        ``site_id``, ``commune_code``, polygons.
    steep
        Percent of each site above the threshold of each rule on slopes, as far as it is known, see
        :func:`siteplan.sites.measure.terrain_by_rule`.

    Returns
    -------
    tuple
        Rows of ``conflicts`` with ``geometry``, ``rule`` and ``broken``; those of the plans among them, None without.
    """
    tolerance = prepared.scenario.tolerance
    geometries = np.asarray(sites.geometry.values)
    area = shapely.area(geometries)
    nearby = prepared.zones.frame.iloc[np.unique(prepared.zones.pairs(geometries, 0.0)[1])]
    planned = plans.evidence(sites, nearby, tolerance) if len(nearby) else None
    ruled = findings.rule_findings(sites, prepared.rules, prepared.layers, tolerance)
    whole = _whole_site_findings(prepared, commune, sites, steep, area)
    differing = pd.DataFrame([] if planned is None else plans.disagreements(planned, prepared.rule_tables, tolerance))
    lists = [part for part in (planned, differing, ruled, whole, _unconfirmed(prepared, sites)) if part is not None]
    stacked = findings.stacked(lists, ruled.columns)
    urban = prepared.layers.get("urban_areas")
    return with_zone_rules(stacked, sites, prepared.rules, prepared.zones, urban, tolerance), planned


def _unconfirmed(prepared: Prepared, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """One finding a site that names the withheld layers that are not in hand; the site stands for their place."""
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []
    codes = sites["commune_code"].to_numpy(object)
    for code in dict.fromkeys(codes):
        own = sites[codes == code]
        fresh = plans.unconfirmed(own, prepared.withheld.get(str(code), ()), prepared.rule_tables.plan_kinds)
        rows += fresh
        shapes += list(own.geometry.values) if fresh else []
    frame = pd.DataFrame(rows)
    frame["geometry"] = np.array(shapes, dtype=object)
    return frame


def _sure(prepared: Prepared, code: str, sites: pd.DataFrame, planned: pd.DataFrame | None) -> Array:
    """Tell for which sites nothing found means that there is nothing: every mandatory plan is there to be compared.

    Of kinds whose zones fill the ground the zones must cover the site; of the others the register must cover the
    commune. Where a withheld layer is not in hand, no site is sure.
    """
    if code not in prepared.registered or prepared.withheld.get(code):
        return np.zeros(len(sites), dtype=bool)
    none = pd.DataFrame(columns=["standing", "area_m2", "plan_kind", "site_id", "geometry"])
    missing = left_over_m2(sites["area_m2"].to_numpy(float), prepared.scenario.tolerance)
    kinds = prepared.rule_tables.plan_kinds
    return np.asarray(plans.zones_cover(sites, none if planned is None else planned, kinds, missing).all(axis=1))


def _whole_site_findings(
    prepared: Prepared, commune: Any, sites: gpd.GeoDataFrame, steep: Mapping[str, Array], area: Array
) -> pd.DataFrame:
    """List what concerns a site as a whole: slope, least size, land beyond the commune's boundary.

    Terrain that is too coarse for a claim about one site, or not known, says nothing for or against it here: the
    reasons of the site tell what could not be assessed.
    """
    rows, shapes = [], []
    tolerance = prepared.scenario.tolerance
    geometries = np.asarray(sites.geometry.values)
    for rule in prepared.rules:
        if rule.role == "dem" and prepared.coarse_m is None:
            held, shape = np.nan_to_num(steep[rule.rule]) / 100.0 * area, geometries
            hit, broken = held > 0, held > findings.tolerated_m2(rule, area, tolerance)
        elif rule.role == "sites":
            hit = broken = area < rule.threshold
            held, shape = area, geometries
        elif rule.role == "communes" and commune is not None:
            beyond = shapely.difference(geometries, commune)
            held, shape = shapely.area(beyond), beyond
            hit, broken = held >= tolerance.sliver_m2, held > findings.tolerated_m2(rule, area, tolerance)
        else:
            continue
        for i in np.flatnonzero(hit):
            share = min(100.0, 100.0 * float(held[i]) / float(area[i]))
            rows.append(
                findings.whole_site_finding(
                    sites["site_id"].iloc[i],
                    sites["commune_code"].iloc[i],
                    rule,
                    float(held[i]),
                    share,
                    bool(broken[i]) and rule.hard,
                )
            )
            shapes.append(shape[i])
    frame = pd.DataFrame(rows)
    frame["geometry"] = np.array(shapes, dtype=object)
    return frame


def _reasons(
    prepared: Prepared,
    figures: Columns,
    by_site: Mapping[str, list[dict[str, Any]]],
    plots: list[forced.Forced],
    broken: list[list[str]],
    reached: Array | None,
    land_codes: list[dict[str, float]],
) -> tuple[list[str], list[str | None]]:
    by_rule = {rule.rule: rule for rule in prepared.rules}
    settings = prepared.scenario
    of_code, of_speed = prepared.land_use_tokens, set(prepared.speed_tokens)
    reasons: list[str] = []
    rests: list[str | None] = []
    for i, row in enumerate(rows_of(figures)):
        mine = by_site.get(row["site_id"], [])
        messages = [
            *plots[i].reasons,
            *verdict.site_reasons(row, prepared.coarse_m, settings.sites.frontage_m, settings.tolerance.area_percent),
        ]
        messages += ground_reasons(
            row, prepared.coarse_m, prepared.ground_figures.get("flood.low_ground", float("nan"))
        )
        if reached is not None and reached[i] < 99.95:
            few = row["access_minutes"] != row["access_minutes"]
            key = "sites.reason.reached_by_few" if few else "sites.reason.not_reached"
            messages.append((key, {"percent": 100.0 - float(reached[i])}))
        messages += verdict.finding_reasons(mine)
        if row["check_result"] == "clear_of_known_plans":
            messages.append(("sites.reason.plans_missing", {}))
        reasons.append(encode([(key, _rounded(params)) for key, params in messages]))
        tokens = {*prepared.rests_on, *plots[i].rests_on}
        tokens |= {t for rule in broken[i] for t in by_rule[rule].rests_on}
        tokens |= {t for f in mine if isinstance(f["rests_on"], str) for t in f["rests_on"].split("; ")}
        tokens |= {of_code[c] for text in land_codes[i] for c in text.split("+") if c in of_code}
        if row["access_minutes"] == row["access_minutes"]:
            tokens |= of_speed
        if row["platform_level_m"] == row["platform_level_m"]:
            tokens |= prepared.ground_tokens
        rests.append(rests_on(*tokens))
    return reasons, rests


def _rounded(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: round(float(v), 2) if isinstance(v, float) else v for k, v in params.items()}
