"""What each plan that should cover a site says of it, and where two plans in force say different things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import overlap
from siteplan.sites.plans.covering import Covers
from siteplan.sites.plans.pairs import coordinates
from siteplan.sites.plans.validity import IN_FORCE, Precedence, Ruling
from siteplan.tables import records, rests_on

if TYPE_CHECKING:
    from siteplan.rules import Rules
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

EFFECTS = ("supports", "compatible", "conditional", "blocking", "information")
# what a zone says: effects that agree share a stance, information says nothing
_STANCE = {"supports": "for", "compatible": "for", "conditional": "condition", "blocking": "against"}
_READ = ("site_id", "plan_kind", "plan_id", "title", "decision_no", "decision_date", "authority", "standing", "effect",
         "area_m2", "legal_basis", "certainty", "illustrative", "rests_on", "geometry")  # fmt: skip
_HELD = ("site_id", "commune_code", "plan_id", "plan_kind", "title", "decision_date", "authority", "owner", "standing",
         "level", "relation", "effect", "area_m2", "percent_of_site", "restricted", "illustrative",
         "rests_on")  # fmt: skip
# what is said of a site in no zone that supports offices, by what that rests on
_NOT_IN_PLAN = {
    "outside_kept": "outside", "not_drawn_here": "not_compared", "restricted": "not_compared",
    "partly": "not_compared", "paper_only": "paper_only", "no_plan": "no_plan",
}  # fmt: skip
_OF_PLAN = ("plan_id", "title", "decision_no", "decision_date", "authority", "standing")


def left_over_m2(area_m2: Array, tolerance: ToleranceSettings) -> Array:
    """How much of a site may lie outside of what covers it."""
    return np.maximum(tolerance.sliver_m2, area_m2 * tolerance.forbidden_percent / 100.0)


def _once(rows: list[Mapping[Any, Any]]) -> float:
    """Area of rows, what overlaps counted once; never more than their sum, whatever GEOS rounds."""
    gross = sum(float(r["area_m2"]) for r in rows)
    if len(rows) < 2:
        return gross
    return min(gross, float(shapely.area(shapely.union_all([r["geometry"] for r in rows]))))


def conformity_table(
    sites: pd.DataFrame,
    evidence: pd.DataFrame | None,
    register: Sequence[Mapping[str, Any]],
    rules: Rules,
    tolerance: ToleranceSettings,
    coverage: pd.DataFrame,
) -> pd.DataFrame:
    """Say for each site what each plan that should cover it says.

    Parameters
    ----------
    sites
        Sites of one commune: ``site_id``, ``commune_code``, ``area_m2``.
    evidence
        Rows of the plans (:func:`evidence`), None where there is none.
    register
        The plans in force with whether they are drawn (:func:`in_force`), one record each.
    rules, tolerance
        Kinds of plan, and how much of a site may be left over.
    coverage
        Rows ``plans/<kind>`` of the commune: which mandatory kinds the register covers it with.

    Returns
    -------
    DataFrame
        Rows of :data:`siteplan.tables.RESULTS` ``conformity``: one for each plan in force that has zones on the site,
        and for each mandatory kind without one, the plan that covers the commune, or none. ``conforms`` only where
        zones that support offices or are compatible cover the site; ``not_in_plan`` where a plan was held against it
        and has no such zone there; where none could be, the rest of ``CONFORMITY_WITH_PLAN`` by ``conformity_basis``.
        Restricted plans stand without name and what they say.
    """
    kinds = {str(k["plan_kind"]): k for k in records(rules.plan_kinds)}
    area = dict(zip(sites["site_id"], sites["area_m2"], strict=True))
    rows: list[dict[str, Any]] = []
    told_to_few: set[tuple[Any, Any]] = set()
    if evidence is not None and len(evidence):
        slight = evidence["relation"].isin((overlap.TOUCH, overlap.SLIVER))
        counts = (evidence["standing"].isin(IN_FORCE) & ~slight).to_numpy(bool)
        hidden = evidence["restricted"].to_numpy(bool)
        kept = counts & ~hidden
        told_to_few = set(
            zip(evidence["site_id"][counts & hidden], evidence["plan_kind"][counts & hidden], strict=True)
        )
        columns = [evidence[name].to_numpy(object)[kept].tolist() for name in _READ]
        found = [dict(zip(_READ, values, strict=True)) for values in zip(*columns, strict=True)]
        rows += _with_zones(found, area, tolerance)
    met = {(r["site_id"], r["plan_kind"]) for r in rows}
    code = str(sites["commune_code"].iloc[0]) if len(sites) else ""
    statuses = dict(zip(coverage["role"], coverage["status"], strict=True))
    for kind, of_kind in kinds.items():
        if of_kind["mandatory"] != 1:
            continue
        covering: list[Any] = [p for p in register if p["plan_kind"] == kind and Covers.of(p["covers"]).commune(code)]
        status = statuses.get(f"plans/{kind}", "missing")
        for identity in sites["site_id"]:
            if (identity, kind) in met:
                continue
            if (identity, kind) in told_to_few:
                rows.append(_without_zones(str(identity), kind, None, "restricted", of_kind))
                continue
            for plan in covering or [None]:
                rows.append(_without_zones(str(identity), kind, plan, _basis(plan, of_kind, status), of_kind))
    for row in rows:
        row["commune_code"] = code
        if row["conformity"] == "not_in_plan":
            row["conformity"] = _NOT_IN_PLAN.get(row["conformity_basis"], "not_in_plan")
        row["mandatory"] = kinds.get(row["plan_kind"], {}).get("mandatory") == 1
    return pd.DataFrame(rows)


def _basis(plan: Mapping[Any, Any] | None, of_kind: Mapping[Any, Any], status: str) -> str:
    """Tell what is known where no zone of a kind lies on a site: only a plan that was drawn there has said nothing."""
    if plan is None:
        return {"missing": "no_plan", "paper_only": "paper_only", "partly": "partly"}.get(status, "not_drawn_here")
    if plan["standing"] == "paper":
        return "paper_only"
    if of_kind["fills_ground"] == 1 or not plan["drawn"]:
        return "not_drawn_here"
    return "outside_kept" if of_kind["marks_land_to_keep"] == 1 else "no_zone_here"


def _with_zones(
    found: Iterable[Mapping[Any, Any]], area: Mapping[Any, float], tolerance: ToleranceSettings
) -> list[dict[str, Any]]:
    """Rows of the plans that have zones on a site: what lies in each effect, counted once."""
    groups: dict[tuple[str, str, str], list[Mapping[Any, Any]]] = {}
    for row in found:
        kind, plan = (row[name] if isinstance(row[name], str) else "" for name in ("plan_kind", "plan_id"))
        groups.setdefault((row["site_id"], kind, plan), []).append(row)
    out = []
    for (identity, kind, plan), rows in groups.items():
        size, first = area[identity], rows[0]
        by_effect = {e: _once([r for r in rows if r["effect"] == e]) for e in EFFECTS}
        missing = float(left_over_m2(np.array([size]), tolerance)[0])
        conformity = "not_in_plan"
        if first["standing"] == "binding":
            if any(r["effect"] in ("conditional", "blocking") for r in rows):
                conformity = "needs_adjustment"
            elif _once([r for r in rows if _STANCE.get(r["effect"]) == "for"]) >= size - missing:
                conformity = "conforms"
        united = _once(rows)
        out.append(
            {
                **{name: first[name] for name in _OF_PLAN},
                "site_id": identity,
                "plan_kind": kind,
                "plan_id": plan or None,
                **{f"{effect}_m2": m2 for effect, m2 in by_effect.items()},
                "conformity": conformity,
                "conformity_basis": "paper_only" if first["standing"] == "paper" else "zones",
                "overlap_gross_m2": sum(float(r["area_m2"]) for r in rows),
                "overlap_m2": min(united, size),
                "overlap_percent": min(100.0, 100.0 * united / size),
                "legal_basis": first["legal_basis"],
                "certainty": first["certainty"],
                "illustrative": bool(first["illustrative"]),
                "rests_on": rests_on(*(r["rests_on"] for r in rows)),
            }
        )
    return out


def _without_zones(
    identity: str, kind: str, plan: Mapping[Any, Any] | None, basis: str, of_kind: Mapping[Any, Any]
) -> dict[str, Any]:
    nameless = plan is None or plan.get("restricted") is True
    known: dict[str, Any] = {name: None if plan is None or nameless else plan[name] for name in _OF_PLAN}
    return {
        **known,
        "site_id": identity,
        "plan_kind": kind,
        "conformity": "not_in_plan",
        "conformity_basis": basis,
        **{f"{effect}_m2": 0.0 for effect in EFFECTS},
        "overlap_gross_m2": 0.0,
        "overlap_m2": 0.0,
        "overlap_percent": 0.0,
        "legal_basis": of_kind["legal_basis"],
        "certainty": of_kind["certainty"],
        "illustrative": bool(plan is not None and plan.get("illustrative")),
        "rests_on": None,
    }


def disagreements(evidence: pd.DataFrame, rules: Rules, tolerance: ToleranceSettings) -> list[dict[str, Any]]:
    """List findings for each site on which two plans in force say different things of the same ground.

    Parameters
    ----------
    evidence
        Rows of the plans with geometry, any number of sites.
    rules
        Who prevails.
    tolerance
        Common ground below a sliver does not count.

    Returns
    -------
    list of dict
        Rows of ``conflicts`` with geometry (the common ground): both plans by name, which prevails, by which rule.
        Which plan prevails is what to expect of the authority's written decision; both plans' findings stand beside
        it unchanged.
    """
    stance = np.array([_STANCE.get(effect) for effect in evidence["effect"]], dtype=object)
    slight = evidence["relation"].isin((overlap.TOUCH, overlap.SLIVER)).to_numpy(bool)
    binds = (evidence["standing"].to_numpy(object) == "binding") & ~evidence["restricted"].to_numpy(bool)
    kept = np.flatnonzero(binds & ~slight & (stance != None))  # noqa: E711 - of each
    stance = stance[kept]
    of_site, of_plan, shapes = (evidence[n].to_numpy(object)[kept] for n in ("site_id", "plan_id", "geometry"))
    one, other = _pairs_within(of_site)
    differ = (of_plan[one] < of_plan[other]) & (stance[one] != stance[other])
    one, other = one[differ], other[differ]
    if not len(one):
        return []
    common = overlap.areal(shapely.intersection(shapes[one], shapes[other]))
    real = shapely.area(common) >= tolerance.sliver_m2
    groups: dict[tuple[str, str, str], list[int]] = {}
    for at in np.flatnonzero(real):
        groups.setdefault((of_site[one[at]], of_plan[one[at]], of_plan[other[at]]), []).append(int(at))
    if not groups:
        return []
    members = [m for _, m in sorted(groups.items())]
    ground = np.array([common[m[0]] if len(m) == 1 else shapely.union_all(common[m]) for m in members], dtype=object)
    shown = pd.DataFrame(evidence)[list(_HELD)]
    first, second = (records(shown.iloc[kept[side[[m[0] for m in members]]]]) for side in (one, other))
    told = coordinates(ground, np.ones(len(ground), dtype=bool))
    width, area = overlap.width_m(ground), shapely.area(ground)
    precedence = Precedence(rules)
    rulings: dict[tuple[str, str], Ruling] = {}
    found = []
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        both = (a["plan_id"], b["plan_id"])
        if both not in rulings:
            rulings[both] = precedence.between(a, b)
        whole = a["area_m2"] / (a["percent_of_site"] / 100.0)
        found.append(
            {
                **_disagreement(a, b, rulings[both]),
                "area_m2": float(area[i]),
                "percent_of_site": min(100.0, 100.0 * float(area[i]) / whole),
                "width_m": float(width[i]),
                "coordinates": told[i],
                "geometry": ground[i],
            }
        )
    return found


def _pairs_within(groups: Array) -> tuple[Array, Array]:
    """Numbers of all rows of one group, each with each and with itself, by the first of the two."""
    number = pd.factorize(groups)[0]
    order, count = np.argsort(number, kind="stable"), np.bincount(number)
    partners = count[number]
    one = np.repeat(np.arange(len(groups)), partners)
    place = np.arange(len(one)) - np.repeat(np.cumsum(partners) - partners, partners)
    return one, order[(np.cumsum(count) - count)[number[one]] + place]


def _disagreement(first: Mapping[Any, Any], second: Mapping[Any, Any], ruling: Ruling) -> dict[str, Any]:
    titles = {str(p["plan_id"]): str(p["title"] or p["plan_id"]) for p in (first, second)}
    prevails = titles.get(ruling.prevails or "", "")
    other = next((t for i, t in titles.items() if i != ruling.prevails), "")
    return {
        "site_id": first["site_id"],
        "commune_code": first["commune_code"],
        "zone_id": f"{first['plan_id']}|{second['plan_id']}",
        "source": "precedence",
        "title": " ↔ ".join(titles.values()),
        "owner": "; ".join(dict.fromkeys(str(p["owner"]) for p in (first, second) if isinstance(p["owner"], str))),
        "authority": "; ".join(dict.fromkeys(str(p["authority"]) for p in (first, second) if p["authority"])),
        "relation": overlap.OVERLAP,
        "effect": "conditional",
        "severity": 2,
        "treatment": encode([(f"sites.treatment.{ruling.treatment}", {"prevails": prevails, "other": other})]),
        "legal_basis": ruling.legal_basis,
        "certainty": ruling.certainty,
        "illustrative": bool(first["illustrative"] or second["illustrative"]),
        "restricted": False,
        "rests_on": rests_on(first["rests_on"], second["rests_on"], ruling.assumption),
    }
