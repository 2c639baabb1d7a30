"""Hard rules on plan zones held against sites: they take of a site what they take of the land, distances included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.sites import overlap
from siteplan.sites.evidence import findings
from siteplan.sites.layer import Layer
from siteplan.sites.rules import Rule

if TYPE_CHECKING:
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

ROLE = "plan_zones"
_OF_ZONE = ("plan_id", "plan_kind", "decision_no", "decision_date", "authority", "function", "horizon")


def more_than_evidence(rule: Rule, zones: Layer) -> bool:
    """Whether a rule takes more than the overlap with zones that block, which the evidence of the plans tells."""
    meant = zones.texts("effect")[zones.rows[rule.rule]]
    return rule.reach_m > 0 or bool((meant != "blocking").any())


def with_zone_rules(
    conflicts: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    zones: Layer,
    urban: Layer | None,
    tolerance: ToleranceSettings,
) -> pd.DataFrame:
    """Say which hard rules on plan zones each site breaks.

    Parameters
    ----------
    conflicts
        All that was found of the sites, evidence of the plans among it.
    sites
        ``site_id``, ``commune_code``, polygons.
    rules
        Rules of any role.
    zones
        Zones with the rows that each rule means.
    urban
        Towns, where other distances hold; None where no layer tells.
    tolerance
        What is a sliver, how much makes a site break a rule, how many times a plan's stated accuracy counts.

    Returns
    -------
    DataFrame
        `conflicts` with ``rule`` and ``broken`` of the zones that block and that a rule means, and a row more for each
        other zone by which a site breaks a rule or in whose distance it lies. An overlap narrower than the plan is
        accurate counts for no rule without a distance.
    """
    out = conflicts.copy()
    for column in ("rule", "broken"):
        if column not in out.columns:
            out[column] = None
    for rule in rules:
        if rule.role == ROLE and rule.hard and len(zones):
            out = _with_rule(out, sites, rule, zones, urban, tolerance)
    return out


def _with_rule(
    conflicts: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    rule: Rule,
    zones: Layer,
    urban: Layer | None,
    tolerance: ToleranceSettings,
) -> pd.DataFrame:
    left, row, parts = findings.corridors(np.asarray(sites.geometry.values), rule, zones, urban)
    if rule.reach_m <= 0:
        # as the evidence of the plans measures it, so that both agree on what is there
        doubtful_m = np.nan_to_num(zones.number("accuracy_m")[row] * tolerance.accuracy_factor)
        least_m = np.maximum(doubtful_m, tolerance.sliver_width_m)
        sure = (shapely.area(parts) >= tolerance.sliver_m2) & (overlap.width_m(parts, least_m) >= least_m)
        left, row, parts = left[sure], row[sure], parts[sure]
    found = findings.findings_of(sites, [(rule, zones, left, row, parts)], tolerance)
    if not len(found):
        return conflicts
    meant = {str(zone): at for at, zone in enumerate(zones.texts("zone_id")) if zones.rows[rule.rule][at]}
    told = (conflicts["source"] == "plan") & (conflicts["effect"] == "blocking") & conflicts["rule"].isna()
    told &= conflicts["zone_id"].isin(meant)
    breaks = set(found.loc[found["broken"].astype(bool), "site_id"])
    conflicts.loc[told, "rule"] = rule.rule
    conflicts.loc[told, "broken"] = conflicts.loc[told, "site_id"].isin(breaks).tolist()
    fresh = _of_zones(found, rule, zones, meant)
    return findings.stacked([conflicts, fresh[_is_new(fresh, conflicts[told], rule, tolerance)]], conflicts.columns)


def _of_zones(found: pd.DataFrame, rule: Rule, zones: Layer, meant: Mapping[str, int]) -> pd.DataFrame:
    """Add ``zone`` to findings of a rule and, where they are not restricted, what the plan of the zone is."""
    out = found.assign(zone=found["zone_id"].str.removeprefix(f"{rule.rule}:"))
    rows = np.array([meant[zone] for zone in out["zone"]], dtype=int)
    shown = ~found["restricted"].to_numpy(dtype=bool)
    for name in _OF_ZONE:
        values = zones.texts(name)[rows]
        values[~shown] = None
        out[name] = values
    return out.assign(standing=None)  # what the plan says of the site is told by its evidence alone


def _is_new(found: pd.DataFrame, told: pd.DataFrame, rule: Rule, tolerance: ToleranceSettings) -> Array:
    """Whether findings say more than the evidence that is told with the rule already."""
    known = dict(zip(zip(told["site_id"], told["zone_id"], strict=True), told["area_m2"].astype(float), strict=True))
    before = np.array([known.get(key, -np.inf) for key in zip(found["site_id"], found["zone"], strict=True)])
    if rule.reach_m <= 0:
        return found["broken"].to_numpy(dtype=bool) & np.isneginf(before)
    return np.asarray(found["area_m2"].to_numpy(dtype=float) > before + tolerance.sliver_m2)
