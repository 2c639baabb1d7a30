"""The register of plans as people ask for it: what is there, what one plan holds, its line of versions, what it covers.

How a plan stands on a date is judged elsewhere and comes in as a table; here nothing is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from siteplan.errors import Problem
from siteplan.layers.catalog import Catalog
from siteplan.layers.read import LayerSet, read_layers
from siteplan.report import SILENT, Reporter
from siteplan.tables import listed

FORMER = "former:"
WHOLE_PROVINCE = "*"
# what the register is held against
REGISTER_ROLES = ("communes", "commune_facts", "former_units", "plans", "plan_zones")


def read_register(catalog: Catalog, reporter: Reporter = SILENT) -> LayerSet:
    """Read only what the register needs; layers of the ground that are missing are none of its problems."""
    entries = tuple(e for e in catalog.layers if e.role in REGISTER_ROLES)
    ours = {e.name for e in entries}
    problems = tuple(p for p in catalog.problems if not p.layer or p.layer in ours)
    found = read_layers(replace(catalog, layers=entries, problems=problems), reporter)
    absent = {"dem", "roads"}
    found.problems[:] = [p for p in found.problems if p.key != "layer_required_missing" or p.value not in absent]
    return found


@dataclass(frozen=True)
class Coverage:
    """What a plan says it covers: the whole province, communes, former units (each with the commune it is in now)."""

    province: bool
    communes: tuple[str, ...]
    former: tuple[str, ...]
    unknown: tuple[str, ...]

    def reaches(self, code: str, commune_of: Mapping[str, Sequence[str]]) -> bool:
        """Whether the plan covers a commune or a former unit that is part of it."""
        return self.province or code in self.communes or any(code in commune_of.get(f, ()) for f in self.former)


def commune_of_former(former_units: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Communes that a former unit is part of now, by its code; a unit that was split has several."""
    out: dict[str, tuple[str, ...]] = {}
    for code, commune in zip(former_units["code"], former_units["commune_code"], strict=True):
        out[str(code)] = (*out.get(str(code), ()), str(commune))
    return out


def coverage_of(covers: Any, communes: Sequence[str], former: Mapping[str, Sequence[str]]) -> Coverage:
    """Read the cell ``covers`` of a plan."""
    known = set(communes)
    parts = listed(covers)
    units = [p.removeprefix(FORMER) for p in parts if p.startswith(FORMER)]
    codes = [p for p in parts if p in known]
    unknown = [p for p in parts if p != WHOLE_PROVINCE and p not in known and not p.startswith(FORMER)]
    unknown += [f"{FORMER}{u}" for u in units if u not in former]
    return Coverage(WHOLE_PROVINCE in parts, tuple(codes), tuple(u for u in units if u in former), tuple(unknown))


def overview(layers: LayerSet, standing: pd.Series[Any], kind: str = "", commune: str = "") -> pd.DataFrame:
    """List the register.

    Parameters
    ----------
    layers
        The register as read.
    standing
        How each plan stands on the date, in the order of the plans.
    kind, commune
        Only plans of that kind; only plans that cover that commune (code), in part at least.

    Returns
    -------
    DataFrame
        Rows are plans, with the columns of the register, ``standing``, ``zones`` (their number), ``zones_m2``, and
        ``coverage``, a :class:`Coverage`.
    """
    plans, zones = layers.table("plans").copy(), layers.table("plan_zones")
    communes = [str(c) for c in layers.table("communes")["code"]]
    former = commune_of_former(layers.table("former_units"))
    plans["standing"] = standing.to_numpy()
    plans["zones"] = plans["plan_id"].map(zones["plan_id"].value_counts()).fillna(0).astype(int)
    plans["zones_m2"] = plans["plan_id"].map(zones.geometry.area.groupby(zones["plan_id"]).sum()).fillna(0.0)
    plans["coverage"] = [coverage_of(c, communes, former) for c in plans["covers"]]
    if kind:
        plans = plans[plans["plan_kind"] == kind]
    if commune:
        plans = plans[plans["coverage"].map(lambda c: c.reaches(commune, former)).astype(bool)]
    return plans.reset_index(drop=True)


def versions_of(plan_id: str, plans: pd.DataFrame) -> pd.DataFrame:
    """Return the line of versions that a plan is part of, oldest first: what it replaces, what replaces it, and so on.

    Rows are plans; a line that turns in a circle ends where it began.
    """
    older = {str(p): listed(s) for p, s in zip(plans["plan_id"], plans["supersedes"], strict=True)}
    line, todo = set(), [plan_id]
    while todo:
        here = todo.pop()
        if here in line:
            continue
        line.add(here)
        todo += older.get(here, [])
        todo += [p for p, replaced in older.items() if here in replaced]
    found = plans[plans["plan_id"].isin(line)].copy()
    found["_when"] = found["version_date"].fillna(found["decision_date"]).fillna("")
    return found.sort_values(["_when", "plan_id"], kind="stable").drop(columns="_when").reset_index(drop=True)


def functions_of(plan_id: str, zones: Any) -> pd.DataFrame:
    """Count a plan's zones and their square metres by function, largest first; zones that overlap both count."""
    own = zones[zones["plan_id"] == plan_id]
    sizes = pd.DataFrame({"function": own["function"].fillna("").to_numpy(), "m2": own.geometry.area.to_numpy()})
    found = sizes.groupby("function", as_index=False).agg(zones=("m2", "size"), area_m2=("m2", "sum"))
    return found.sort_values(["area_m2", "function"], ascending=[False, True], kind="stable").reset_index(drop=True)


def nothing_registered(layers: LayerSet) -> list[Problem]:
    """Tell that the register is empty, which a check that finds no fault would not."""
    if len(layers.table("plans")):
        return []
    return [Problem("register_empty", "warning", file=layers.catalog.path.name, layer="plans")]
