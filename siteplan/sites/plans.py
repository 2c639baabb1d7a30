"""Plans: which bind on a date, what their zones mean for an office, the evidence of each site against each zone.

Only approved or adjusted plans within their period bind, unless another plan in force supersedes them or they exist
on paper only. Drafts and submitted plans are shown and never block; expired and cancelled ones are left out; paper
plans warn and never clear.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import overlap
from siteplan.sites.rules import assumption_of
from siteplan.tables import RESULTS, conform

if TYPE_CHECKING:
    from siteplan.rules import Rules
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

BINDING = ("approved", "adjusted")
SHOWN = ("draft", "submitted")
UNKNOWN_FUNCTION = ("conditional", 2, "ask_opinion")  # effect, severity, treatment where no rule knows the function
PAPER = ("conditional", 2, "confirm_paper")
DRAFT = ("information", 1, "watch_draft")


def standing(plans: pd.DataFrame, date: dt.date) -> pd.Series[str]:
    """Tell how each plan stands on a date.

    Parameters
    ----------
    plans
        Rows are plans (:data:`siteplan.tables.INPUTS` ``plans``).
    date
        The scenario's date.

    Returns
    -------
    Series of str
        ``binding``, ``paper`` (in force, on paper only), ``shown`` (draft, submitted), ``superseded`` or ``past``
        (expired, cancelled, out of its period, not yet decided).
    """
    status = plans["status"].fillna("")
    year_from = pd.to_numeric(plans["year_from"], errors="coerce").astype("float64").to_numpy()
    year_to = pd.to_numeric(plans["year_to"], errors="coerce").astype("float64").to_numpy()
    decided = pd.to_datetime(plans["decision_date"], errors="coerce")
    in_period = ~(year_from > date.year) & ~(year_to < date.year) & ~(decided > pd.Timestamp(date)).to_numpy()
    binding = status.isin(BINDING).to_numpy() & in_period
    replaced: set[str] = set()
    for cell in plans.loc[binding, "supersedes"].dropna():
        replaced |= {token.strip() for token in str(cell).replace(",", ";").split(";") if token.strip()}
    superseded = plans["plan_id"].isin(replaced).to_numpy()
    paper = plans["paper_only"].fillna(False).astype(bool).to_numpy()
    out = np.full(len(plans), "past", dtype=object)
    out[status.isin(SHOWN).to_numpy()] = "shown"
    out[binding] = "binding"
    out[binding & paper] = "paper"
    out[superseded & binding] = "superseded"
    return pd.Series(out, index=plans.index)


def judge(kind: Any, function: Any, compatibility: pd.DataFrame, kinds: pd.DataFrame) -> dict[str, Any]:
    """Say what a function in a plan of a kind means for an office: the first rule that fits, most particular first.

    Order: kind and function, kind and pattern, any kind and pattern (each in the order of the table), the kind's
    default.
    """
    name = "" if pd.isna(function) else str(function).strip()
    rows = compatibility
    of_kind = rows[rows["plan_kind"] == kind]
    of_any = rows[rows["plan_kind"] == "*"]
    tiers = (of_kind[of_kind["function"] == name], of_kind, of_any[of_any["function"] == name], of_any)
    for tier in tiers:
        for row in tier.to_dict("records"):
            if fnmatchcase(name.upper(), str(row["function"]).upper()):
                token = assumption_of("plan_compatibility", "function", row)
                return _judged(row["effect"], row["severity"], row["treatment"], row["score"], row, token)
    effect, severity, treatment = UNKNOWN_FUNCTION
    default = kinds[kinds["plan_kind"] == kind]
    score = float(compatibility.loc[compatibility["effect"] == effect, "score"].median())
    if len(default):
        first = default.iloc[0]
        own = severity if np.isnan(first["severity"]) else first["severity"]
        token = assumption_of("plan_kinds", "plan_kind", first.to_dict())
        return _judged("information" if own <= 1 else effect, own, treatment, score, first.to_dict(), token)
    return _judged(effect, severity, treatment, score, {"legal_basis": None, "certainty": "P"}, None)


def _judged(
    effect: Any, severity: Any, treatment: Any, score: Any, row: Mapping[Any, Any], token: str | None
) -> dict[str, Any]:
    return {
        "effect": effect,
        "severity": 1 if pd.isna(severity) else int(severity),
        "treatment": treatment or "none",
        "plan_score": float(score),
        "legal_basis": row["legal_basis"],
        "certainty": row["certainty"],
        "assumption": token,
    }


def join_zones(zones: gpd.GeoDataFrame, plans: pd.DataFrame, rules: Rules, date: dt.date) -> gpd.GeoDataFrame:
    """Join zones, their plans and the rules on the date; zones of plans that are past or superseded fall away.

    Returns
    -------
    GeoDataFrame
        Rows are zones that bind, warn or inform, with ``standing``, the plan's title, kind, decision, authority,
        status and owner, and ``effect, severity, treatment, plan_score, legal_basis, certainty``. A zone whose plan
        is not registered stays, as conditional: what it is, is not known.
    """
    columns = ["plan_id", "title", "plan_kind", "decision_no", "decision_date", "authority", "status", "owner"]
    register = (
        plans[columns].assign(standing=standing(plans, date))
        if len(plans)
        else plans.reindex(columns=[*columns, "standing"])
    )
    joined = zones.merge(register.drop_duplicates("plan_id"), on="plan_id", how="left")
    joined["standing"] = joined["standing"].astype("object").where(joined["standing"].notna(), "unregistered")
    joined = joined[joined["standing"].isin(("binding", "paper", "shown", "unregistered"))].reset_index(drop=True)
    keys = joined[["plan_kind", "function"]].drop_duplicates()
    judged = pd.DataFrame(
        [
            {"plan_kind": k, "function": f, **judge(k, f, rules.plan_compatibility, rules.plan_kinds)}
            for k, f in keys.itertuples(index=False)
        ],
        columns=[
            "plan_kind",
            "function",
            "effect",
            "severity",
            "treatment",
            "plan_score",
            "legal_basis",
            "certainty",
            "assumption",
        ],
    )
    joined = joined.merge(judged, on=["plan_kind", "function"], how="left")
    joined["supports"] = joined["effect"] == "supports"
    for held, (effect, severity, treatment) in (("paper", PAPER), ("shown", DRAFT), ("unregistered", UNKNOWN_FUNCTION)):
        rows = joined["standing"] == held
        joined.loc[rows, ["effect", "treatment"]] = (effect, treatment)
        joined.loc[rows, "severity"] = severity
        joined.loc[rows, "supports"] = False
    joined["severity"] = joined["severity"].astype("int64")
    kind_owner = rules.plan_kinds.drop_duplicates("plan_kind").set_index("plan_kind")["owner"]
    joined["owner"] = joined["owner"].where(joined["owner"].notna(), joined["plan_kind"].map(kind_owner))
    joined["title"] = joined["title"].where(joined["title"].notna(), joined["name"])
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=zones.crs)


def evidence(sites: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, tolerance: ToleranceSettings) -> gpd.GeoDataFrame:
    """Hold every site against every zone: one row for each pair that meets.

    Parameters
    ----------
    sites
        ``site_id``, ``commune_code``, polygons.
    zones
        As :func:`join_zones` gives them, any number of plans.
    tolerance
        What is a sliver.

    Returns
    -------
    GeoDataFrame
        Rows of :data:`siteplan.tables.RESULTS` ``conflicts`` (unsorted, without the schema's order); ``area_m2`` is
        gross per zone, geometry the overlap (the touching line or point of a touch). A touch or a sliver is
        information. Restricted zones show neither title nor geometry of their own: the site stands in their place.
    """
    left, right = shapely.STRtree(overlap.mended(zones.geometry.values)).query(
        np.asarray(sites.geometry.values), predicate="intersects"
    )
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    site_geometry = np.asarray(sites.geometry.values)[left]
    zone_geometry = overlap.mended(np.asarray(zones.geometry.values)[right])
    shared = shapely.intersection(site_geometry, zone_geometry)
    flat = overlap.areal(shared)
    site_area = shapely.area(site_geometry)
    relation, area, width = overlap.relations(
        site_area,
        shapely.area(zone_geometry),
        flat,
        sliver_m2=tolerance.sliver_m2,
        sliver_width_m=tolerance.sliver_width_m,
    )
    rows = zones.iloc[right].reset_index(drop=True)
    slight = np.isin(relation, (overlap.TOUCH, overlap.SLIVER))
    restricted = rows["restricted"].fillna(False).astype(bool).to_numpy()
    effect = np.where(slight, "information", rows["effect"].to_numpy(dtype=object))
    treatment = np.where(slight, "none", rows["treatment"].to_numpy(dtype=object))
    treatment[restricted & ~slight] = "written_confirmation"
    geometry = np.where(area > 0, flat, shared)
    geometry[restricted] = site_geometry[restricted]
    found: dict[str, Any] = {
        "site_id": sites["site_id"].to_numpy()[left],
        "commune_code": sites["commune_code"].to_numpy()[left],
        "zone_id": rows["zone_id"],
        "source": "plan",
        "relation": relation,
        "area_m2": area,
        "percent_of_site": 100.0 * area / site_area,
        "width_m": width,
        "effect": effect,
        "severity": np.where(slight, 1, rows["severity"]),
        "treatment": [
            encode([(f"sites.treatment.{token}", {"owner": owner})])
            for token, owner in zip(treatment, rows["owner"].fillna("").where(~restricted, ""), strict=True)
        ],
        "restricted": restricted,
        "illustrative": rows["illustrative"].fillna(False).astype(bool),
        "rests_on": [
            "; ".join(sorted(t for t in (token, f"layer:{layer}" if flag else None) if isinstance(t, str))) or None
            for token, layer, flag in zip(rows["assumption"], rows["layer"], rows["illustrative"], strict=True)
        ],
        "plan_status": rows["status"],
    }  # fmt: skip
    for column in ("plan_id", "title", "plan_kind", "decision_no", "decision_date", "authority", "owner", "function"):
        found[column] = rows[column].astype("object").where(~restricted, None)
    found["legal_basis"], found["certainty"] = rows["legal_basis"], rows["certainty"]
    found["standing"], found["plan_score"] = rows["standing"], rows["plan_score"]
    frame = pd.DataFrame(found)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, index=frame.index, crs=sites.crs))


def plan_coverage(
    communes: pd.DataFrame, former_units: pd.DataFrame, plans: pd.DataFrame, kinds: pd.DataFrame, date: dt.date
) -> pd.DataFrame:
    """Say for each commune and kind of plan whether a plan in force covers it.

    Parameters
    ----------
    communes
        Rows are communes, ``code``.
    former_units
        ``code``, ``commune_code``: plans made for units before the merger cover that part of a commune, by number of
        units.
    plans
        The register; ``covers`` lists commune codes, ``former:CODE`` or ``*``.
    kinds
        ``rules/plan_kinds.csv``.
    date
        The scenario's date.

    Returns
    -------
    DataFrame
        Rows of :data:`siteplan.tables.RESULTS` ``coverage``, role ``plans/<kind>``: ``covered``, ``partly`` with
        percent, ``paper_only`` or ``missing``.
    """
    codes = sorted(communes["code"])
    units: dict[str, frozenset[str]] = {}
    for code, former in zip(former_units["commune_code"], former_units["code"], strict=True):
        units[code] = units.get(code, frozenset()) | {str(former)}
    register = plans.assign(standing=standing(plans, date)) if len(plans) else plans.assign(standing=[])
    in_force = register[register["standing"].isin(("binding", "paper"))].sort_values("plan_id")
    held: dict[tuple[str, str], list[tuple[Mapping[Any, Any], bool, frozenset[str]]]] = {}
    for plan in in_force.to_dict("records"):
        tokens = (
            {t.strip() for t in str(plan["covers"] or "").split(";") if t.strip()}
            if not pd.isna(plan["covers"])
            else set()
        )
        former = {t.removeprefix("former:") for t in tokens if t.startswith("former:")}
        for code in codes:
            part = units.get(code, frozenset()) & former
            if "*" in tokens or code in tokens:
                held.setdefault((code, plan["plan_kind"]), []).append((plan, True, frozenset()))
            elif part:
                held.setdefault((code, plan["plan_kind"]), []).append((plan, False, part))
    rows = []
    for kind in kinds.to_dict("records"):
        for code in codes:
            found = held.get((code, kind["plan_kind"]), [])
            digital = [f for f in found if f[0]["standing"] == "binding"]
            percent = _share(digital, units.get(code, frozenset()))
            on_paper = _share(found, units.get(code, frozenset()))
            status = _status(percent, on_paper)
            notes: list[tuple[str, dict[str, Any]]] = []
            if status == "partly":
                notes.append(("sites.coverage.partly", {"percent": round(percent, 2)}))
            if status == "paper_only" or on_paper > percent:
                notes.append(("sites.coverage.paper", {"percent": round(on_paper, 2)}))
            decisions = {str(f[0]["decision_no"]) for f in found if not pd.isna(f[0]["decision_no"])}
            dates = [str(f[0]["decision_date"]) for f in found if not pd.isna(f[0]["decision_date"])]
            rows.append(
                {
                    "commune_code": code,
                    "role": f"plans/{kind['plan_kind']}",
                    "mandatory": kind["mandatory"] == 1,
                    "status": status,
                    "percent": percent,
                    "illustrative": any(bool(f[0].get("illustrative")) for f in found),
                    "source": "; ".join(sorted(decisions)) or None,
                    "data_date": max(dates) if dates else None,
                    "notes": encode(notes) if notes else None,
                }
            )  # fmt: skip
    return conform(pd.DataFrame(rows, columns=RESULTS["coverage"].names), RESULTS["coverage"])


def _status(percent: float, on_paper: float) -> str:
    if percent >= 100.0:
        return "covered"
    if percent > 0:
        return "partly"
    return "paper_only" if on_paper > 0 else "missing"


def _share(found: list[tuple[Mapping[Any, Any], bool, frozenset[str]]], units: frozenset[str]) -> float:
    if any(whole for _, whole, _ in found):
        return 100.0
    if not units:
        return 0.0
    covered = frozenset().union(*(part for _, _, part in found))
    return 100.0 * len(covered) / len(units)
