"""Opinions held against a run: which still fit, which rest on what has changed, which contradict each other.

Pure: tables in, a table out. An opinion follows the stable id of its site; where the id is gone it follows the site
that covers the same ground by 90 % both ways; below that it is orphaned, never moved. The machine's answer is shown
beside it and never changed by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.errors

from siteplan.locale import Message, encode
from siteplan.tables import RESULTS, conform, empty

Array = np.ndarray[Any, Any]

SAME_GROUND = 0.9
_DECIMALS = 2
_VERSION = ("title", "plan_kind", "decision_no", "decision_date", "year_to", "status", "version", "version_date",
            "supersedes", "paper_only")  # fmt: skip
# which decisions speak against each other
_FOR_OR_AGAINST = {"accept": "for", "accept_with_conditions": "for_if", "reject": "against"}


def _sha(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def geometry_sha(geometry: Any) -> str:
    """Fingerprint of a geometry: its shape to the centimetre, whatever the order of its rings and points."""
    flat = shapely.normalize(shapely.transform(shapely.force_2d(geometry), lambda xy: np.round(xy, _DECIMALS)))
    return hashlib.sha256(shapely.to_wkb(flat, byte_order=1)).hexdigest()[:16]


def plan_versions(plans: pd.DataFrame) -> dict[str, str]:
    """Fingerprint of each plan's version: what the register says of it, by plan."""
    out = {}
    for row in plans.to_dict("records"):
        values = [None if pd.isna(row.get(name)) else str(row[name]) for name in _VERSION]
        out[str(row["plan_id"])] = _sha(json.dumps(values, ensure_ascii=False))
    return out


def fingerprints(
    site: Any, findings: gpd.GeoDataFrame, zone_id: str | None, versions: Mapping[str, str]
) -> dict[str, str]:
    """Return what an opinion rests on: the site's shape, the plans' versions, the shape of what meets the site.

    Parameters
    ----------
    site
        Geometry of the site.
    findings
        Rows of ``conflicts`` of the site.
    zone_id
        The zone the opinion is on; None where it is on the site as a whole.
    versions
        As :func:`plan_versions` gives them.
    """
    rows = findings if not zone_id else findings[findings["zone_id"] == zone_id]
    parts = []
    for row in rows.sort_values("zone_id").to_dict("records"):
        plan = None if pd.isna(row["plan_id"]) else str(row["plan_id"])
        function = None if pd.isna(row["function"]) else str(row["function"])
        parts.append([str(row["zone_id"]), plan, versions.get(plan or "", ""), function])
    shapes = [geometry_sha(g) for g in rows.sort_values("zone_id").geometry]
    return {
        "site_sha": geometry_sha(site),
        "plans_sha": _sha(json.dumps(parts, ensure_ascii=False)),
        "overlap_sha": _sha(json.dumps(shapes)),
    }


def outline_of(site: Any) -> str:
    """Outline of a site as text, to the decimetre, so that an opinion can find its ground again."""
    return str(shapely.to_wkt(shapely.force_2d(site), rounding_precision=1, trim=True))


def _same_ground(outline: Any, commune: Any, sites: gpd.GeoDataFrame) -> str | None:
    """Site that covers an outline by 90 % both ways, None where there is none."""
    if not isinstance(outline, str) or not outline:
        return None
    try:
        shape = shapely.from_wkt(outline)
    except shapely.errors.ShapelyError:
        return None
    if shape.is_empty or shapely.get_dimensions(shape) != 2:
        return None
    shape = shapely.make_valid(shape)
    near = sites[sites["commune_code"] == commune] if isinstance(commune, str) and commune else sites
    if not len(near):
        return None
    shapes = near.geometry.to_numpy()
    common = shapely.area(shapely.intersection(shapes, shape))
    share = common / np.maximum(shapely.area(shapes), shape.area)
    best = int(np.argmax(share))
    return str(near["site_id"].iloc[best]) if share[best] >= SAME_GROUND else None


def opinion_states(
    opinions: pd.DataFrame, sites: gpd.GeoDataFrame, conflicts: gpd.GeoDataFrame, versions: Mapping[str, str]
) -> pd.DataFrame:
    """State of every opinion against a run.

    Parameters
    ----------
    opinions
        Rows as :func:`siteplan.layers.opinion_files.read` gives them.
    sites, conflicts
        Result tables of the run.
    versions
        As :func:`plan_versions` gives them.

    Returns
    -------
    DataFrame
        :data:`siteplan.tables.RESULTS` ``opinions``. States, the first that holds: ``orphaned`` (no site with the id,
        none on the same ground), ``replaced`` (the same officer spoke later on the same site and zone), ``stale``
        (site, plan version, zone or machine's answer changed since), ``contradicted`` (another officer's opinion that
        still fits says otherwise), ``valid``.
    """
    table = RESULTS["opinions"]
    if not len(opinions):
        return empty(table)
    known = dict(zip(sites["site_id"], range(len(sites)), strict=True))
    before = {str(w): str(s) for w, s in zip(sites["was_site_id"], sites["site_id"], strict=True) if isinstance(w, str)}
    by_site = dict(list(conflicts.groupby("site_id")))
    rows: list[dict[str, Any]] = []
    for number, cells in enumerate(opinions.to_dict("records")):
        row = {name: None if pd.isna(value) else value for name, value in cells.items()}
        given = str(row["site_id"])
        found = given if given in known else before.get(given)
        found = found or _same_ground(row["outline"], row["commune_code"], sites)
        record = _record(row, given, number)
        rows.append(record)
        if found is None:
            record["opinion_state"] = "orphaned"
            record["state_reasons"] = [("opinions.why.orphaned", {"site": given})]
            continue
        site = sites.iloc[known[found]]
        findings = by_site.get(found, conflicts.iloc[:0])
        record |= {"site_id": found, "commune_code": site["commune_code"], "check_result": site["check_result"]}
        of_zone = findings[findings["zone_id"] == row["zone_id"]]
        flags = of_zone["restricted"] if row["zone_id"] else findings["restricted"].iloc[:0]
        record["restricted"] = bool(flags.fillna(value=False).astype(bool).any())
        record["state_reasons"] = _changes(row, given, found, site, findings, versions)
    _replaced(rows)
    _stale(rows)
    _contradicted(rows)
    for record in rows:
        record["opinion_state"] = record["opinion_state"] or "valid"
        record["state_reasons"] = encode(record["state_reasons"]) if record["state_reasons"] else None
    return conform(pd.DataFrame(rows), table)


def _record(row: Mapping[Any, Any], given: str, number: int) -> dict[str, Any]:
    words = json.dumps([row[c] for c in ("file", "row", "site_id", "zone_id", "decision", "officer", "date")])
    return {
        "opinion_id": f"YK-{_sha(words)[:10]}", "site_id": None,
        "commune_code": row["commune_code"] or given.partition("-")[0], "zone_id": row["zone_id"] or None,
        "opinion": row["decision"], "officer": row["officer"], "opinion_date": row["date"], "reason": row["reason"],
        "document": row["document"], "opinion_state": None, "state_reasons": [],
        "check_result_then": row["check_result"] or None, "check_result": None, "given_site_id": given,
        "restricted": False, "recorded": row["recorded"] or "", "order": number,
    }  # fmt: skip


def _changes(
    row: Mapping[Any, Any], given: str, found: str, site: Any, findings: Any, versions: Mapping[str, str]
) -> list[Message]:
    """Say what has changed since an opinion was given."""
    now = fingerprints(site["geometry"], findings, row["zone_id"], versions)
    said: list[Message] = []
    same_site = not row["site_sha"] or row["site_sha"] == now["site_sha"]
    if given != found:
        said.append(("opinions.why.site_moved", {"before": given, "site": found}))
    elif not same_site:
        said.append(("opinions.why.site_changed", {}))
    if row["zone_id"] and not (findings["zone_id"] == row["zone_id"]).any():
        said.append(("opinions.why.zone_gone", {"zone": row["zone_id"]}))
    elif row["plans_sha"] and row["plans_sha"] != now["plans_sha"]:
        said.append(("opinions.why.plan_changed", {}))
    elif same_site and row["overlap_sha"] and row["overlap_sha"] != now["overlap_sha"]:
        said.append(("opinions.why.zone_changed", {}))
    if row["check_result"] and row["check_result"] != site["check_result"]:
        params = {"before": row["check_result"], "now": site["check_result"]}
        said.append(("opinions.why.result_changed", params))
    if not row["site_sha"]:
        said.append(("opinions.why.no_fingerprint", {}))
    return said


def _key(record: Mapping[str, Any]) -> tuple[Any, Any]:
    return record["site_id"], record["zone_id"]


def _replaced(rows: list[dict[str, Any]]) -> None:
    """Of one officer's opinions on one thing the latest counts: by its date, then by when it was written down."""
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in sorted(rows, key=lambda r: (str(r["opinion_date"]), str(r["recorded"]), r["order"])):
        if record["opinion_state"]:
            continue
        key = (*_key(record), " ".join(str(record["officer"]).split()).casefold())
        if key in latest:
            latest[key]["opinion_state"] = "replaced"
            params = {"date": record["opinion_date"]}
            latest[key]["state_reasons"] = [("opinions.why.replaced", params)]
        latest[key] = record


def _stale(rows: list[dict[str, Any]]) -> None:
    for record in rows:
        if not record["opinion_state"] and record["state_reasons"]:
            record["opinion_state"] = "stale"


def _contradicted(rows: list[dict[str, Any]]) -> None:
    """Mark opinions that still fit, of different officers on the same thing, of which one is for and one against."""
    groups: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for record in rows:
        if not record["opinion_state"] and record["opinion"] in _FOR_OR_AGAINST:
            groups.setdefault(_key(record), []).append(record)
    for group in groups.values():
        if len({_FOR_OR_AGAINST[r["opinion"]] for r in group}) < 2:
            continue
        for record in group:
            others = [
                f"{r['officer']}" for r in group
                if _FOR_OR_AGAINST[r["opinion"]] != _FOR_OR_AGAINST[record["opinion"]]
            ]  # fmt: skip
            record["opinion_state"] = "contradicted"
            record["state_reasons"] = [("opinions.why.contradicted", {"others": ", ".join(others)})]
