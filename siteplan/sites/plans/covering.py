"""How far plans in force cover each commune: measured from zones that fill the ground, else as registered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from siteplan.dissolve import dissolved
from siteplan.locale import encode
from siteplan.sites import overlap
from siteplan.sites.plans.validity import in_force
from siteplan.tables import RESULTS, conform, listed, records

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.locale import Message

Array = np.ndarray[Any, Any]

_FORMER = "former:"
COVERED_FROM = 99.0  # percent: boundaries of plans and of communes come from different sources


class Covers(NamedTuple):
    """What a plan says it covers: communes (all with ``*``) and units before the merger."""

    codes: frozenset[str]
    former: frozenset[str]

    @classmethod
    def of(cls, cell: Any) -> Covers:
        """Read the cell ``covers`` of a plan: commune codes, ``former:CODE`` or ``*``."""
        parts = listed(cell)
        former = frozenset(p.removeprefix(_FORMER) for p in parts if p.startswith(_FORMER))
        return cls(frozenset(p for p in parts if not p.startswith(_FORMER)), former)

    def commune(self, code: str) -> bool:
        """Whether all of a commune is covered by its own code or as one of all."""
        return not self.codes.isdisjoint(("*", code))


@dataclass(frozen=True)
class _Held:
    """One plan in force that covers a commune: all of it, or some former units."""

    plan: Mapping[Any, Any]
    whole: bool
    units: frozenset[str]

    @property
    def digital(self) -> bool:
        return bool(self.plan["standing"] == "binding")


def plan_coverage(
    communes: pd.DataFrame,
    former_units: pd.DataFrame,
    plans: pd.DataFrame,
    kinds: pd.DataFrame,
    date: dt.date,
    zones: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Say for each commune and kind of plan whether a plan in force covers it.

    Parameters
    ----------
    communes
        Rows are communes: ``code``; polygons where `zones` are given.
    former_units
        ``code``, ``commune_code``: plans made for units before the merger cover that part of a commune, by number of
        units.
    plans
        The register; ``covers`` lists commune codes, ``former:CODE`` or ``*``.
    kinds
        ``rules/plan_kinds.csv``; zones of a kind with ``fills_ground`` leave no gaps, so that their area is what the
        plan covers. Of the others (projects, corridors) the register alone says what they cover.
    date
        The scenario's date.
    zones
        Zones of all plans in the CRS of the communes; without them the register alone is asked.

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
    register = in_force(plans, date)
    held = _registered(register, codes, units)
    measured, drawn = _measured(communes, register, kinds, zones)
    rows = []
    for kind in records(kinds):
        for code in codes:
            found = held.get((code, kind["plan_kind"]), [])
            own = units.get(code, frozenset())
            area = measured.get((code, kind["plan_kind"]))
            registered = _share([f for f in found if f.digital and f.plan["plan_id"] not in drawn], own)
            percent = max(registered, area) if area is not None else _share([f for f in found if f.digital], own)
            rows.append(_row(code, kind, found, percent, _share(found, own), area, zones is not None))
    return conform(pd.DataFrame(rows, columns=RESULTS["coverage"].names), RESULTS["coverage"])


def _registered(
    register: pd.DataFrame, codes: list[str], units: Mapping[str, frozenset[str]]
) -> dict[tuple[str, str], list[_Held]]:
    """Plans that cover a commune, by commune and kind, as their cell ``covers`` says."""
    held: dict[tuple[str, str], list[_Held]] = {}
    for plan in records(register):
        covers = Covers.of(plan["covers"])
        for code in codes:
            part = units.get(code, frozenset()) & covers.former
            if covers.commune(code):
                held.setdefault((code, plan["plan_kind"]), []).append(_Held(plan, whole=True, units=frozenset()))
            elif part:
                held.setdefault((code, plan["plan_kind"]), []).append(_Held(plan, whole=False, units=part))
    return held


def _measured(
    communes: pd.DataFrame, register: pd.DataFrame, kinds: pd.DataFrame, zones: gpd.GeoDataFrame | None
) -> tuple[dict[tuple[str, str], float], frozenset[str]]:
    """Percent of each commune in zones of digital plans, for kinds that fill the ground; the plans measured."""
    if zones is None or not len(zones) or not len(register):
        return {}, frozenset()
    filling = set(kinds.loc[kinds["fills_ground"] == 1, "plan_kind"])
    chosen = register[(register["standing"] == "binding") & register["plan_kind"].isin(filling)]
    of_kind = dict(zip(chosen["plan_id"], chosen["plan_kind"], strict=True))
    own = zones[zones["plan_id"].isin(set(of_kind))]
    if not len(own):
        return {}, frozenset()
    shapes = overlap.mended(np.asarray(own.geometry.values, dtype=object))
    places = np.asarray(communes.geometry.values, dtype=object)
    kind = np.array([of_kind[p] for p in own["plan_id"]], dtype=object)
    tree, codes, whole = shapely.STRtree(places), communes["code"].to_numpy(), shapely.area(places)
    found: dict[tuple[str, str], float] = {}
    for name in np.unique(kind):
        covered = dissolved(shapes[kind == name])
        near = np.unique(tree.query(shapes[kind == name], predicate="intersects")[1])
        percent = 100.0 * shapely.area(shapely.intersection(covered, places[near])) / whole[near]
        found |= {(str(codes[i]), str(name)): min(100.0, float(p)) for i, p in zip(near, percent, strict=True)}
    return found, frozenset(own["plan_id"])


def _row(
    code: str,
    kind: Mapping[Any, Any],
    found: list[_Held],
    percent: float,
    on_paper: float,
    area: float | None,
    zones_known: bool,
) -> dict[str, Any]:
    status = _status(percent, on_paper)
    notes: list[Message] = []
    if status == "partly":
        notes.append(("sites.coverage.measured" if area is not None else "sites.coverage.partly",
                      {"percent": round(percent, 2)}))  # fmt: skip
    if status == "paper_only" or (area is None and on_paper > percent):
        notes.append(("sites.coverage.paper", {"percent": round(on_paper, 2)}))
    if zones_known and kind["fills_ground"] == 1 and area is None and percent > 0:
        notes.append(("sites.coverage.no_zones", {}))
    if status == "missing" and kind["withheld"] == kind["withheld"] and kind["withheld"]:
        notes.append(("sites.coverage.withheld", {"owner": kind["owner"] or ""}))
    decisions = {str(f.plan["decision_no"]) for f in found if not pd.isna(f.plan["decision_no"])}
    dates = [str(f.plan["decision_date"]) for f in found if not pd.isna(f.plan["decision_date"])]
    return {
        "commune_code": code,
        "role": f"plans/{kind['plan_kind']}",
        "mandatory": kind["mandatory"] == 1,
        "status": status,
        "percent": percent,
        "illustrative": any(bool(f.plan.get("illustrative")) for f in found),
        "source": "; ".join(sorted(decisions)) or None,
        "data_date": max(dates) if dates else None,
        "notes": encode(notes) if notes else None,
    }


def _status(percent: float, on_paper: float) -> str:
    if percent >= COVERED_FROM:
        return "covered"
    if percent > 0:
        return "partly"
    return "paper_only" if on_paper > 0 else "missing"


def _share(found: list[_Held], units: frozenset[str]) -> float:
    if any(f.whole for f in found):
        return 100.0
    if not units:
        return 0.0
    covered: frozenset[str] = frozenset().union(*(f.units for f in found))
    return 100.0 * len(covered) / len(units)


def zones_cover(sites: pd.DataFrame, evidence: pd.DataFrame, kinds: pd.DataFrame, missing_m2: Array) -> pd.DataFrame:
    """Tell which sites lie wholly in zones of digital plans in force, for each mandatory kind that fills the ground.

    Parameters
    ----------
    sites
        ``site_id``, ``area_m2``.
    evidence
        Rows of the plans with geometry.
    kinds
        ``rules/plan_kinds.csv``.
    missing_m2
        How much of each site may be left over.

    Returns
    -------
    DataFrame
        Rows are sites (index ``site_id``), columns the kinds, booleans.
    """
    wanted = kinds.loc[(kinds["mandatory"] == 1) & (kinds["fills_ground"] == 1), "plan_kind"].tolist()
    out = pd.DataFrame(data=False, index=pd.Index(sites["site_id"], name="site_id"), columns=wanted)
    if not len(evidence):
        return out
    rows = evidence[(evidence["standing"] == "binding") & (evidence["area_m2"] > 0)]
    number = {identity: i for i, identity in enumerate(sites["site_id"])}
    for kind in wanted:
        own = rows[rows["plan_kind"] == kind]
        owner = np.array([number[i] for i in own["site_id"]], dtype=int)
        area = overlap.union_area(np.asarray(own["geometry"], dtype=object), owner, len(sites))
        out[kind] = area >= sites["area_m2"].to_numpy() - missing_m2
    return out
