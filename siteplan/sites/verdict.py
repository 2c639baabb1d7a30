"""From findings to the verdict on each site: rules broken, check result, conformity, and the reasons for and against."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.sites import overlap
from siteplan.sites.rules import Rule

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.locale import Message
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

CONDITION = 2  # severity from which a condition must be met before the site is clear
NAMED_PER_KIND = 3  # findings of one kind that the reasons name; all stand in the list of findings


def site_id(commune_code: str, letter: str, geometry: Any, salt: str = "") -> str:
    """Stable id of a site: code, letter and 6 characters of the hash of its geometry rounded to 1 m.

    The order in which rings start and run does not matter. `salt` tells two sites with one geometry apart.
    """
    rounded = shapely.transform(geometry, np.round)
    words = shapely.to_wkb(shapely.normalize(shapely.force_2d(rounded)), byte_order=1) + salt.encode()
    short = base64.b32encode(hashlib.sha256(words).digest()).decode("ascii").lower()[:6]
    return f"{commune_code}-{letter}-{short}"


def plan_columns(sites: gpd.GeoDataFrame, evidence: gpd.GeoDataFrame, tolerance: ToleranceSettings) -> pd.DataFrame:
    """Conformity and plan suitability of each site from the evidence of the plans in force.

    Returns
    -------
    DataFrame
        ``conformity``: ``needs_adjustment`` where a zone in force speaks against it, ``conforms`` where zones that support offices or are compatible
        cover it all (but for the tolerance), else ``not_in_plan``. ``plan_score``: the mean score of the zones by area, of the plan where it is lowest;
        NaN where no plan in force has a zone there.
    """
    site_area = shapely.area(np.asarray(sites.geometry.values))
    conformity: list[str] = []
    score = np.full(len(sites), np.nan)
    real = evidence[~evidence["relation"].isin((overlap.TOUCH, overlap.SLIVER)) & (evidence["standing"] == "binding")]
    by_site = real.groupby("site_id").indices
    for i, identity in enumerate(sites["site_id"]):
        mine = real.iloc[by_site.get(identity, [])]
        against = mine["effect"].isin(("conditional", "blocking"))
        favour = mine[mine["effect"].isin(("supports", "compatible"))]
        covered = shapely.area(shapely.union_all(favour.geometry.to_numpy())) if len(favour) else 0.0
        missing = max(tolerance.sliver_m2, site_area[i] * tolerance.forbidden_percent / 100.0)
        if against.any():
            conformity.append("needs_adjustment")
        elif covered >= site_area[i] - missing:
            conformity.append("conforms")
        else:
            conformity.append("not_in_plan")
        if len(mine):
            weight = mine["area_m2"].to_numpy()
            plan = mine["plan_id"].fillna("").to_numpy()
            each = [
                np.average(mine["plan_score"].to_numpy()[plan == p], weights=weight[plan == p]) for p in np.unique(plan)
            ]
            score[i] = min(each)
    return pd.DataFrame({"conformity": conformity, "plan_score": score})


def check_columns(sites: gpd.GeoDataFrame, findings: gpd.GeoDataFrame, fully_covered: bool) -> pd.DataFrame:
    """Check result, count of findings against, and what of the site plans and projects speak against, counted once.

    Parameters
    ----------
    sites
        ``site_id``, polygons.
    findings
        All rows of the list, from plans and rules.
    fully_covered
        Whether a plan of every mandatory kind covers the commune: only then "nothing found" is ``clear``.
    """
    site_area = shapely.area(np.asarray(sites.geometry.values))
    by_site = findings.groupby("site_id").indices
    rows = []
    for i, identity in enumerate(sites["site_id"]):
        mine = findings.iloc[by_site.get(identity, [])]
        effect = mine["effect"].to_numpy(dtype=object)
        conditional = (effect == "conditional") & (mine["severity"].to_numpy(dtype=float) >= CONDITION)
        against = (effect == "blocking") | conditional
        if (effect == "blocking").any():
            result = "blocked"
        elif conditional.any():
            result = "conditional"
        else:
            result = "clear" if fully_covered else "clear_of_known_plans"
        planned = mine[
            against & mine["source"].isin(("plan", "project")).to_numpy() & (mine["area_m2"].to_numpy(dtype=float) > 0)
        ]
        # restricted findings carry the site's own geometry: their area is not told
        planned = planned[~planned["restricted"].astype(bool)]
        area = float(shapely.area(shapely.union_all(planned.geometry.to_numpy()))) if len(planned) else 0.0
        area = min(area, float(site_area[i]))
        rows.append((result, int(against.sum()), area, 100.0 * area / site_area[i]))
    return pd.DataFrame(rows, columns=["check_result", "conflict_count", "overlap_area_m2", "overlap_percent"])


def broken_rules(sites: gpd.GeoDataFrame, findings: pd.DataFrame, rules: Sequence[Rule]) -> list[list[str]]:
    """Ids of the hard rules that each site breaks beyond the tolerance, in the order of the table."""
    order = {rule.rule: i for i, rule in enumerate(rules)}
    broken = findings[findings["broken"].fillna(False).astype(bool)] if len(findings) else findings
    found = (
        {k: sorted(set(v), key=lambda r: order.get(r, 0)) for k, v in broken.groupby("site_id")["rule"]}
        if len(broken)
        else {}
    )
    return [found.get(identity, []) for identity in sites["site_id"]]


def finding_reasons(mine: pd.DataFrame) -> list[Message]:
    """Reasons from the findings of one site: what blocks, what asks for something, what speaks for it."""
    messages: list[Message] = []
    ordered = mine.sort_values(["severity", "area_m2", "zone_id"], ascending=[False, False, True], kind="stable")
    for effect, key in (("blocking", "blocks"), ("conditional", "condition"), ("supports", "supports")):
        of_effect = ordered[ordered["effect"] == effect]
        for row in of_effect.head(NAMED_PER_KIND).to_dict("records"):
            if row["restricted"]:
                messages.append(("sites.reason.restricted", {}))
                continue
            decision = row.get("decision_no")
            known = isinstance(decision, str) and decision != ""
            params = {
                "title": row["title"] or "",
                "area": round(float(row["area_m2"]), 2) if row["area_m2"] == row["area_m2"] else None,
                "percent": round(float(row["percent_of_site"]), 2)
                if row["percent_of_site"] == row["percent_of_site"]
                else None,
            }
            messages.append(
                (
                    f"sites.reason.{key}_plan" if known else f"sites.reason.{key}",
                    {**params, "decision": decision} if known else params,
                )
            )
        more = len(of_effect) - NAMED_PER_KIND
        if more > 0:
            messages.append((f"sites.reason.{key}_more", {"count": more}))
    return messages


def site_reasons(row: Mapping[str, Any], coarse_m: float | None) -> list[Message]:
    """Reasons from the figures of one site: size, slope, access, and what could not be assessed."""
    messages: list[Message] = []
    ratio = row["area_ratio"]
    if ratio == ratio:  # noqa: PLR0124 - NaN where the need is unknown
        key = "enough_land" if ratio >= 1 - 1e-9 else "too_small"
        messages.append(
            (
                f"sites.reason.{key}",
                {"area": row["area_m2"], "required": row["required_area_m2"], "percent": 100.0 * ratio},
            )
        )
    if row["slope_mean_percent"] == row["slope_mean_percent"]:
        if coarse_m is not None:
            messages.append(("sites.reason.slope_coarse", {"percent": row["slope_mean_percent"], "metres": coarse_m}))
        else:
            messages.append(
                ("sites.reason.slope", {"mean": row["slope_mean_percent"], "greatest": row["slope_max_percent"]})
            )
    else:
        messages.append(("sites.reason.no_terrain", {}))
    if row["access_minutes"] == row["access_minutes"]:
        messages.append(
            ("sites.reason.access", {"minutes": row["access_minutes"], "percent": row["access_share_30_percent"]})
        )
    known = row["land_use_known_percent"]
    if not known > 0:
        messages.append(("sites.reason.no_land_use", {}))
    elif known < 99.5:
        messages.append(("sites.reason.land_use_partly", {"percent": 100.0 - known}))
    if row["hazard_level"] is None:
        messages.append(("sites.reason.no_hazard_layer", {}))
    return messages
