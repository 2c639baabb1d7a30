"""From findings to the verdict on each site: rules broken, check result, conformity, reasons for and against."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.raster import WHOLLY_KNOWN_PERCENT
from siteplan.sites import overlap
from siteplan.sites.columns import Columns
from siteplan.sites.rules import CONDITION, Rule

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.locale import Message
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

FAVOURABLE = ("supports", "compatible")
NAMED_PER_KIND = 3  # findings of one kind that the reasons name; all stand in the list of findings


def site_id(commune_code: str, letter: str, geometry: Any, salt: str = "") -> str:
    """Stable id of a site: code, letter and 6 characters of the hash of its geometry rounded to 1 m.

    The order in which rings start and run does not matter. `salt` tells two sites with one geometry apart.
    """
    rounded = shapely.transform(geometry, np.round)
    words = shapely.to_wkb(shapely.normalize(shapely.force_2d(rounded)), byte_order=1) + salt.encode()
    short = base64.b32encode(hashlib.sha256(words).digest()).decode("ascii").lower()[:6]
    return f"{commune_code}-{letter}-{short}"


def plan_columns(
    sites: gpd.GeoDataFrame, findings: Mapping[str, Sequence[Mapping[str, Any]]], tolerance: ToleranceSettings
) -> Columns:
    """Conformity and plan suitability of each site from the evidence of the plans in force.

    Parameters
    ----------
    sites
        ``site_id``, polygons.
    findings
        Evidence of the plans by site id, as :func:`siteplan.sites.plans.evidence` gives it.
    tolerance
        How much of a site may be left over.

    Returns
    -------
    Columns
        ``conformity``: ``needs_adjustment`` where a zone in force speaks against it, ``conforms`` where zones that
        support offices or are compatible cover it all (but for the tolerance), else ``not_in_plan``. ``plan_score``:
        the mean score of the zones by area, of the plan where it is lowest; NaN where no plan in force has a zone
        there. Restricted zones do not count in favour; against, each counts with its own score, so that no figure
        tells how much of the site lies in it.
    """
    rows: list[tuple[str, float]] = []
    for identity, geometry in zip(sites["site_id"], sites.geometry, strict=True):
        mine = [
            f
            for f in findings.get(identity, ())
            if f["standing"] == "binding" and f["relation"] not in (overlap.TOUCH, overlap.SLIVER)
        ]
        told = [f for f in mine if not f["restricted"]]
        favour = [f["geometry"] for f in told if f["effect"] in FAVOURABLE]
        covered = float(shapely.area(shapely.union_all(favour))) if favour else 0.0
        missing = max(tolerance.sliver_m2, geometry.area * tolerance.forbidden_percent / 100.0)
        if any(f["effect"] in ("conditional", "blocking") for f in mine):
            conformity = "needs_adjustment"
        else:
            conformity = "conforms" if covered >= geometry.area - missing else "not_in_plan"
        of_plan: dict[Any, list[tuple[float, float]]] = {}
        for f in told:
            of_plan.setdefault(f["plan_id"], []).append((f["plan_score"], f["area_m2"]))
        each = [f["plan_score"] for f in mine if f["restricted"] and f["effect"] not in FAVOURABLE]
        each += [float(np.average([s for s, _ in v], weights=[a for _, a in v])) for v in of_plan.values()]
        rows.append((conformity, min(each, default=float("nan"))))
    return _named(rows, ("conformity", "plan_score"))


def check_columns(sites: gpd.GeoDataFrame, findings: Mapping[str, Sequence[Mapping[str, Any]]], sure: Array) -> Columns:
    """Check result, count of findings against, and what of the site plans and projects speak against, counted once.

    Parameters
    ----------
    sites
        ``site_id``, polygons.
    findings
        All rows of the list by site id, from plans and rules.
    sure
        Whether every mandatory plan is there to be compared with the site: only then "nothing found" is ``clear``.
    """
    rows = []
    for identity, geometry, certain in zip(sites["site_id"], sites.geometry, sure, strict=True):
        mine = findings.get(identity, ())
        blocking = [f for f in mine if f["effect"] == "blocking"]
        conditional = [f for f in mine if f["effect"] == "conditional" and f["severity"] >= CONDITION]
        if blocking:
            result = "blocked"
        elif conditional:
            result = "conditional"
        else:
            result = "clear" if certain else "clear_of_known_plans"
        # restricted findings carry the site's own geometry: their area is not told
        planned = [
            f
            for f in (*blocking, *conditional)
            if f["source"] in ("plan", "project") and f["area_m2"] > 0 and not f["restricted"]
        ]
        gross = sum(float(f["area_m2"]) for f in planned)
        area = float(shapely.area(shapely.union_all([f["geometry"] for f in planned]))) if planned else 0.0
        area = min(area, gross, float(geometry.area))
        rows.append((result, len(blocking) + len(conditional), gross, area, 100.0 * area / float(geometry.area)))
    return _named(rows, ("check_result", "conflict_count", "overlap_gross_m2", "overlap_area_m2", "overlap_percent"))


def _named(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Columns:
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}


def broken_rules(
    sites: gpd.GeoDataFrame, findings: Mapping[str, Sequence[Mapping[str, Any]]], rules: Sequence[Rule]
) -> list[list[str]]:
    """Ids of the hard rules that each site breaks beyond the tolerance, in the order of the table."""
    order = {rule.rule: i for i, rule in enumerate(rules)}
    return [
        sorted({f["rule"] for f in findings.get(identity, ()) if f["broken"] is True}, key=lambda r: order[r])
        for identity in sites["site_id"]
    ]


def finding_reasons(findings: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Reasons from the findings of one site: what blocks, what asks for something, what speaks for it."""
    messages: list[Message] = []
    ordered = sorted(findings, key=lambda f: (-f["severity"], -_zero(f["area_m2"]), f["zone_id"]))
    messages += [("sites.reason.unconfirmed", {"owner": f["owner"]}) for f in ordered if f["source"] == "withheld"]
    for effect, key in (("blocking", "blocks"), ("conditional", "condition"), ("supports", "supports")):
        of_effect = [f for f in ordered if f["effect"] == effect]
        for row in of_effect[:NAMED_PER_KIND]:
            if row["source"] == "precedence":
                messages.append(("sites.reason.precedence", {"title": row["title"], "area": row["area_m2"]}))
                continue
            if row["restricted"]:
                messages.append(("sites.reason.restricted", {}))
                continue
            decision = row.get("decision_no")
            params = {"title": row["title"] or "", "area": row["area_m2"], "percent": row["percent_of_site"]}
            if isinstance(decision, str) and decision:
                messages.append((f"sites.reason.{key}_plan", {**params, "decision": decision}))
            else:
                messages.append((f"sites.reason.{key}", params))
        if len(of_effect) > NAMED_PER_KIND:
            messages.append((f"sites.reason.{key}_more", {"count": len(of_effect) - NAMED_PER_KIND}))
    return messages


def _zero(value: float) -> float:
    return 0.0 if value != value else float(value)  # noqa: PLR0124 - NaN


def site_reasons(row: Mapping[str, Any], coarse_m: float | None, front_m: float, area_percent: float) -> list[Message]:
    """Reasons from the figures of one site: size, front, slope, access, and what could not be assessed.

    Parameters
    ----------
    row
        Figures of the site.
    coarse_m
        Resolution of a terrain model too coarse for a claim about one site, else None.
    front_m
        Least front on a road.
    area_percent
        How much smaller than needed a site may be (``tolerance.area_percent`` of the scenario).
    """
    messages: list[Message] = []
    ratio = row["area_ratio"]
    if ratio == ratio:  # noqa: PLR0124 - NaN where the need is unknown
        key = "enough_land" if ratio >= 1 - area_percent / 100 else "too_small"
        if row["plot_size"] == "without_reserve":
            key = "enough_without_reserve"
        messages.append(
            (
                f"sites.reason.{key}",
                {"area": row["area_m2"], "required": row["required_area_m2"], "percent": 100.0 * ratio},
            )
        )
    if row["can_extend"] in (True, False):
        key = "can_extend" if row["can_extend"] else "cannot_extend"
        messages.append((f"sites.reason.{key}", {"area": row["adjoining_m2"]}))
    messages += _front(row, front_m)
    if row["slope_mean_percent"] == row["slope_mean_percent"]:
        if coarse_m is not None:
            messages.append(("sites.reason.slope_coarse", {"percent": row["slope_mean_percent"], "metres": coarse_m}))
        else:
            messages.append(
                ("sites.reason.slope", {"mean": row["slope_mean_percent"], "greatest": row["slope_max_percent"]})
            )
        if row["slope_known_percent"] < WHOLLY_KNOWN_PERCENT:
            messages.append(("sites.reason.slope_partly", {"percent": 100.0 - row["slope_known_percent"]}))
    else:
        messages.append(("sites.reason.no_terrain", {}))
    if row["access_minutes"] == row["access_minutes"]:
        messages.append(
            ("sites.reason.access", {"minutes": row["access_minutes"], "percent": row["access_share_30_percent"]})
        )
        far = {"minutes": row["access_farthest_minutes"], "place": row["access_farthest_place"] or "–"}
        messages.append(("sites.reason.farthest", {**far, "lost": row["access_lost_minutes"]}))
    known = row["land_use_known_percent"]
    if not known > 0:
        messages.append(("sites.reason.no_land_use", {}))
    elif known < 99.5:
        messages.append(("sites.reason.land_use_partly", {"percent": 100.0 - known}))
    if row["hazard_level"] is None:
        messages.append(("sites.reason.no_hazard_layer", {}))
    return messages


def _front(row: Mapping[str, Any], least_m: float) -> list[Message]:
    """Say how much of a front on a road a site has, or that it has none and how far the road is."""
    front, distance = row["frontage_m"], row["road_distance_m"]
    if front != front or distance != distance or not least_m > 0:  # noqa: PLR0124 - NaN where there are no roads
        return []
    told = {"front": front, "road": row["road_class"] or "none"}
    if front >= least_m:
        return [("sites.reason.front", told)]
    return [("sites.reason.no_front", {**told, "least": least_m, "distance": distance})]
