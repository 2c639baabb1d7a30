"""What is wrong in the register of plans: decisions, periods, replacements, plans that overlap, zones, geometry.

Faults of rows and files were told on reading, references that lead nowhere by the check of all layers; here are those
that only a register can have. Every fault is listed with what to do; none stops the list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely

from siteplan.errors import InputError, Problem
from siteplan.layers import embedded, formats, vector
from siteplan.layers.catalog import Catalog, LayerEntry
from siteplan.layers.check import check_between
from siteplan.layers.listing import named, together
from siteplan.layers.read import LayerSet
from siteplan.layers.register import commune_of_former, coverage_of, nothing_registered
from siteplan.rules import Rules
from siteplan.tables import listed

Array = np.ndarray[Any, Any]

IN_FORCE = ("approved", "adjusted")
BINDING = ("binding", "paper")
# a zone may stick out of its plan's cover by the plan's accuracy, but by no less than boundaries differ between sources
OUTSIDE_M = 50.0
OUTSIDE_PERCENT = 5.0
# two plans that share less than this meet along a border drawn twice
OVERLAP_HA = 1.0
_REGISTER_FAULTS = frozenset({"plan_unknown", "plan_supersedes_unknown", "plan_covers_unknown", "plan_kind_unknown",
                              "plan_function_unknown", "plan_function_general"})  # fmt: skip


def check_register(
    layers: LayerSet, rules: Rules, standing: pd.Series[Any], coverage: pd.DataFrame, date: dt.date
) -> list[Problem]:
    """List all that is wrong with the register on a date.

    Parameters
    ----------
    layers
        The register as read (:func:`siteplan.layers.register.read_register`).
    rules
        Rule tables: which kinds there are and which are mandatory.
    standing
        How each plan stands on the date (``binding, paper, shown, superseded, past``), in the order of the plans.
    coverage
        Rows of :data:`siteplan.tables.RESULTS` ``coverage`` of the roles ``plans/<kind>``.
    date
        The date asked about.
    """
    plans = layers.table("plans").assign(standing=standing.to_numpy())
    between = [p for p in check_between(layers, rules) if p.key in _REGISTER_FAULTS]
    return [
        *[p for p in layers.problems if p.layer in _names(layers)],
        *nothing_registered(layers),
        *_geometry_kinds(layers.catalog),
        *between,
        *_decisions(plans, layers),
        *_periods(plans, layers, date),
        *_replacements(plans, layers),
        *_paper(plans, layers),
        *_zones(plans, layers),
        *_overlapping_plans(plans, layers),
        *_missing_coverage(coverage, layers),
    ]


def _names(layers: LayerSet) -> set[str]:
    return {"", *(e.name for role in ("plans", "plan_zones") for e in layers.catalog.of_role(role))}


def _where(layers: LayerSet, rows: pd.DataFrame, role: str = "plans") -> dict[str, str]:
    names = list(dict.fromkeys(rows["layer"])) if len(rows) else [e.name for e in layers.catalog.of_role(role)]
    if not names:
        return {"file": layers.catalog.path.name, "layer": role}
    return {"file": layers.catalog.entry(str(names[0])).origin, "layer": ", ".join(map(str, names))}


def _flags(values: Iterable[bool]) -> Array:
    return np.fromiter(values, dtype=bool)


def _told(key: str, rows: pd.DataFrame, layers: LayerSet, column: str, **more: Any) -> list[Problem]:
    return together(key, "warning", rows["plan_id"].tolist(), column=column, **more, **_where(layers, rows))


def _decisions(plans: pd.DataFrame, layers: LayerSet) -> list[Problem]:
    """Plans in force without number or date of the decision that puts them in force."""
    approved = plans[plans["status"].isin(IN_FORCE)]
    return [
        *_told("plan_without_decision", approved[approved["decision_no"].isna()], layers, "decision_no"),
        *_told("plan_without_date", approved[approved["decision_date"].isna()], layers, "decision_date"),
        *_told("plan_without_authority", approved[approved["authority"].isna()], layers, "authority"),
        *_told("plan_without_cover", plans[_flags(not listed(c) for c in plans["covers"])], layers, "covers"),
        *_told("draft_without_version", plans[(plans["standing"] == "shown") & plans["version_date"].isna()
                                              & plans["decision_date"].isna()], layers, "version_date"),
    ]  # fmt: skip


def _periods(plans: pd.DataFrame, layers: LayerSet, date: dt.date) -> list[Problem]:
    """Plans called approved though their time is over or has not come, and expired ones that left a gap."""
    years = {c: pd.to_numeric(plans[c], errors="coerce").astype(float) for c in ("year_from", "year_to")}
    approved = plans["status"].isin(IN_FORCE)
    decided = pd.to_datetime(plans["decision_date"], errors="coerce")
    replaced = {t for s in plans.loc[plans["standing"].isin(BINDING), "supersedes"] for t in listed(s)}
    past = plans["status"].isin(("expired",)) | (approved & (years["year_to"] < date.year))
    zoned = plans["plan_id"].isin(set(layers.table("plan_zones")["plan_id"]))
    left = past & zoned & ~plans["plan_id"].isin(replaced)
    when = {"date": f"{date:%d/%m/%Y}"}
    return [
        *_told("plan_period_over", plans[approved & (years["year_to"] < date.year)], layers, "year_to", **when),
        *_told("plan_not_begun", plans[approved & ((years["year_from"] > date.year) | (decided > pd.Timestamp(date)))],
               layers, "decision_date", **when),
        *_told("plan_years_reversed", plans[years["year_from"] > years["year_to"]], layers, "year_to"),
        *_told("plan_expired_unreplaced", plans[left], layers, "status", **when),
    ]  # fmt: skip


def _replacements(plans: pd.DataFrame, layers: LayerSet) -> list[Problem]:
    """Plans that replace themselves, and replaced plans that are still called approved."""
    own = plans[_flags(p in listed(s) for p, s in zip(plans["plan_id"], plans["supersedes"], strict=True))]
    still = plans[(plans["standing"] == "superseded") & (plans["status"] == "approved")]
    return [
        *_told("plan_supersedes_itself", own, layers, "supersedes"),
        *_told("plan_superseded_approved", still, layers, "status"),
    ]


def _paper(plans: pd.DataFrame, layers: LayerSet) -> list[Problem]:
    paper = plans[plans["paper_only"].fillna(value=False).astype(bool)]
    traced = paper["plan_id"].isin(set(layers.table("plan_zones")["plan_id"]))
    digital = plans[~plans["paper_only"].fillna(value=False).astype(bool) & (plans["standing"] == "binding")]
    without = digital[~digital["plan_id"].isin(set(layers.table("plan_zones")["plan_id"]))]
    return [
        *_told("plan_paper_untraced", paper[~traced & (paper["standing"] == "paper")], layers, "paper_only"),
        *_told("plan_paper_without_accuracy", paper[traced & paper["accuracy_m"].isna()], layers, "accuracy_m"),
        *_told("plan_without_zones", without, layers, "plan_id"),
    ]


def _cover_areas(plans: pd.DataFrame, layers: LayerSet) -> dict[str, Any]:
    """Area that each plan says it covers; None for the whole province or where it says nothing.

    Of a former unit only a point is known: the commune it is in now stands for it.
    """
    communes = layers.table("communes")
    shapes = dict(zip(communes["code"], communes.geometry, strict=True))
    former = commune_of_former(layers.table("former_units"))
    areas: dict[str, Any] = {}
    for plan, covers in zip(plans["plan_id"], plans["covers"], strict=True):
        found = coverage_of(covers, list(shapes), former)
        codes = {*found.communes, *(c for f in found.former for c in former[f] if c in shapes)}
        areas[plan] = None if found.province or not codes else shapely.union_all([shapes[c] for c in sorted(codes)])
    return areas


def _zones(plans: pd.DataFrame, layers: LayerSet) -> list[Problem]:
    """Zones outside what their plan covers, and zones without a function."""
    zones = layers.table("plan_zones")
    if not len(zones):
        return []
    areas = _cover_areas(plans, layers)
    accuracy = dict(zip(plans["plan_id"], pd.to_numeric(plans["accuracy_m"]).astype(float), strict=True))
    outside: list[str] = []
    most = 0.0
    shapes, owners, ids = (
        zones.geometry.to_numpy(),
        zones["plan_id"].to_numpy(object),
        zones["zone_id"].to_numpy(object),
    )
    for plan, area in areas.items():
        own = np.flatnonzero(owners == plan)
        if area is None or not len(own):
            continue
        slack = max(OUTSIDE_M, 2 * np.nan_to_num(accuracy[plan]))
        wide = shapely.buffer(area, slack)
        shapely.prepare(wide)
        beyond = own[~shapely.covers(wide, shapes[own])]
        size = shapely.area(shapes[beyond])
        out = shapely.area(shapely.difference(shapes[beyond], wide))
        far = out > OUTSIDE_PERCENT / 100 * size
        outside += [f"{ids[i]} ({100 * o / s:.0f} %)" for i, o, s in zip(beyond[far], out[far], size[far], strict=True)]
        most = max([most, *out[far].tolist()])
    empty = zones[zones["function"].isna()]
    return [
        *together("zone_outside_plan", "warning", outside, column="covers", largest_m2=most,
                  **_where(layers, zones, "plan_zones")),
        *together("zone_without_function", "warning", empty["zone_id"].tolist(), column="function",
                  **_where(layers, empty, "plan_zones")),
    ]  # fmt: skip


def _overlapping_plans(plans: pd.DataFrame, layers: LayerSet) -> list[Problem]:
    """Two plans in force of one kind and level that hold zones for the same land: NĐ 178/2025/NĐ-CP, Article 6."""
    zones = layers.table("plan_zones")
    binding = plans[plans["standing"].isin(BINDING)]
    problems: list[Problem] = []
    for (kind, level), group in binding.groupby(["plan_kind", "level"], dropna=False, sort=True):
        unions = {
            p: shapely.union_all(zones.geometry.to_numpy()[(zones["plan_id"] == p).to_numpy()])
            for p in group["plan_id"]
        }
        ids = [p for p, union in unions.items() if not union.is_empty]
        for number, first in enumerate(ids):
            for second in ids[number + 1 :]:
                common = shapely.area(shapely.intersection(unions[first], unions[second]))
                if common > OVERLAP_HA * 10_000:
                    smaller = min(shapely.area(unions[first]), shapely.area(unions[second]))
                    params = {"kind": kind, "level": level if isinstance(level, str) else "–", "area_m2": common,
                              "percent": 100 * common / smaller}  # fmt: skip
                    rows = group[group["plan_id"].isin((first, second))]
                    problems.append(
                        Problem("plans_overlap", "warning", feature=f"{first} / {second}", params=params,
                                **_where(layers, rows))
                    )  # fmt: skip
    return problems


def _missing_coverage(coverage: pd.DataFrame, layers: LayerSet) -> list[Problem]:
    """Mandatory kinds that some communes lack, one row a kind and state."""
    communes = layers.table("communes")
    names = dict(zip(communes["code"], communes["name"], strict=True))
    lacking = coverage[coverage["mandatory"].fillna(value=False).astype(bool) & (coverage["status"] != "covered")]
    problems: list[Problem] = []
    for (role, status), rows in lacking.groupby(["role", "status"], sort=True):
        listed = [f"{code} {names.get(code, '')}".strip() for code in rows["commune_code"]]
        if status == "partly":
            listed = [f"{name} ({percent:.0f} %)" for name, percent in zip(listed, rows["percent"], strict=True)]
        params = {"count": len(rows), "of": len(names), "kind": str(role).partition("/")[2], "status": status}
        problems.append(
            Problem("plan_coverage_lacking", "warning", feature=named(listed), params=params,
                    **_where(layers, coverage.iloc[:0]))
        )  # fmt: skip
    return problems


def _geometry_kinds(catalog: Catalog) -> list[Problem]:
    """Layers of zones whose file holds heights or curves: heights are dropped, curves become chords."""
    problems: list[Problem] = []
    for entry in catalog.of_role("plan_zones"):
        if entry.is_awaited or entry.connection:
            continue
        path = embedded.resolve(entry.path, catalog.folder, catalog.province)
        if not path.exists() or path.suffix.lower() in formats.TABLE_SUFFIXES:
            continue
        try:
            if path.suffix.lower() in formats.ARCHIVE_SUFFIXES:
                with formats.unpacked(path) as inside:
                    problems += _kinds_in(formats.identify(inside), entry)
            else:
                problems += _kinds_in(formats.identify(path), entry)
        except InputError:
            continue  # told on reading
    return problems


def _kinds_in(source: formats.Source, entry: LayerEntry) -> list[Problem]:
    description, _ = vector.describe(source, entry.layer, wants_geometry=True)
    where: dict[str, Any] = {"file": entry.path, "layer": entry.name}
    problems: list[Problem] = []
    kind = description.geometry_type or ""
    flat = kind.lower() in ("polygon", "multipolygon", "linestring", "multilinestring")
    if flat:
        return []
    (_, fids, wkb, _) = pyogrio.raw.read(source.path, layer=description.layer, columns=[], return_fids=True)
    shapes = shapely.from_wkb(wkb, on_invalid="ignore") if wkb is not None else np.empty(0, dtype=object)
    raised = vector.numbered(source, fids[shapely.has_z(shapes)])
    problems += together("zone_with_height", "warning", raised, **where)
    name = description.layer.replace('"', "")
    names = pyogrio.read_dataframe(
        source.path, sql=f'SELECT OGR_GEOMETRY AS kind FROM "{name}"',  # noqa: S608 - quoted; reads this file only
        sql_dialect="OGRSQL", read_geometry=False, fid_as_index=True,
    )  # fmt: skip
    curved = names["kind"].astype(str).str.contains("CURVE|CIRCULAR|SURFACE", case=False).to_numpy()
    problems += together("zone_with_curves", "warning", vector.numbered(source, names.index[curved]), **where)
    return problems
