"""Classification of a commune (NĐ 307/2025/NĐ-CP): the class where it is decided, and the points that data allow.

The points are no class: budget balance, poverty, services and other parts are not known here, and only a decision makes
a class. Computed are population, area and, where the flags are known, border, mountain ward and ATK.
"""

from __future__ import annotations

import pandas as pd

from siteplan.locale import Message, encode
from siteplan.need.grouping import WARD_KIND, is_true
from siteplan.norms import Norm, Norms, stepped_points
from siteplan.tables import Row, is_missing, records

_ALWAYS = tuple(
    f"nd307.{unit}.{size}.{key}"
    for unit in ("commune", "ward")
    for size in ("population", "area")
    for key in ("base", "base_points", "step", "step_points", "max_points")
)
_EXTRA = ("nd307.mountain_share", "nd307.border_points", "nd307.mountain_ward_points", "nd307.atk_points")


def classify(communes: pd.DataFrame, filing: pd.DataFrame, norms: Norms) -> tuple[pd.DataFrame, list[Norm]]:
    """Return the class of each commune as decided, and the points computed so far.

    Parameters
    ----------
    communes
        ``code, kind, population, stated_area_km2`` (or ``area_km2``), ``is_border, is_atk``.
    filing
        ``INPUTS["filing"]``; a class without the number of its decision is not taken.
    norms
        With the set ``nd307-2025``; where it is not among them nothing is computed.

    Returns
    -------
    tuple
        One row a commune: ``commune_code, unit_class, unit_class_decision_no, classification_points,
        classification_notes``; the norms used.
    """
    decided = {
        str(row["commune_code"]): (str(row["unit_class"]), str(row["decision_no"]))
        for row in records(filing)
        if not is_missing(row["unit_class"]) and not is_missing(row["decision_no"])
    }
    known = all(key in norms for key in (*_ALWAYS, *_EXTRA))
    rows = []
    for commune in records(communes):
        code = str(commune["code"])
        unit_class, decision = decided.get(code, (None, None))
        points, notes = _points(commune, norms) if known else (float("nan"), [])
        rows.append(
            {
                "commune_code": code,
                "unit_class": unit_class,
                "unit_class_decision_no": decision,
                "classification_points": points,
                "classification_notes": encode(notes) if notes else None,
            }
        )
    used = [norms[key] for key in (*_ALWAYS, *_EXTRA)] if known else []
    return pd.DataFrame(rows), used


def _points(commune: Row, norms: Norms) -> tuple[float, list[Message]]:
    ward = commune["kind"] == WARD_KIND
    unit = "ward" if ward else "commune"
    area = commune.get("stated_area_km2")
    if area is None or is_missing(area):
        area = commune.get("area_km2")
    population = commune["population"]
    parts: dict[str, float] = {}
    if not is_missing(population):
        share = 1.0 if ward else norms.value("nd307.mountain_share")
        parts["population"] = stepped_points(float(population), norms, f"nd307.{unit}.population", share)
    if area is not None and not is_missing(area):
        parts["area"] = stepped_points(float(area), norms, f"nd307.{unit}.area")
    if ward:
        parts["mountain"] = norms.value("nd307.mountain_ward_points")
    elif is_true(commune.get("is_border")):
        parts["border"] = norms.value("nd307.border_points")
    if is_true(commune.get("is_atk")):
        parts["atk"] = norms.value("nd307.atk_points")
    notes: list[Message] = [(f"need.class.{part}", {"points": points}) for part, points in parts.items()]
    if "population" not in parts:
        notes.append(("need.class.no_population", {}))
    notes.append(("need.class.not_computed", {}))
    return sum(parts.values()), notes
