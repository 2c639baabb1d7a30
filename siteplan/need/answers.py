"""What communes answered: the state of each report, and the existing figures, estimated where there are none.

Existing floor and land come, in this order, from the agreed figure, the commune's own report, the department's
inventory of facilities, the average of the communes of its group that reported, that of the province. ``gap_basis``
says how far that is an answer:

``reported``
    the commune itself reported all six figures it was asked for (``report_state`` is ``answered``).
``estimated``
    it did not, or not all: its figures are partly its own, from the inventory (no range is known), or averages (with
    bounds).
``missing``
    nothing is known and nothing to average over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.need.gap import GapResult
from siteplan.need.grouping import is_true
from siteplan.tables import rests_on
from siteplan.tables.need import ITEMS

COLUMNS = {item: f"{item}_area_m2" for item in ITEMS}
_EXISTING = ("existing_floor", "existing_land")


def report_states(codes: pd.Series, reports: pd.DataFrame) -> pd.Series:
    """State of the report of each commune: ``answered`` with all six figures, ``partly``, or ``none``.

    Parameters
    ----------
    codes
        Commune codes.
    reports
        ``INPUTS["commune_reports"]``.
    """
    complete = reports[list(COLUMNS.values())].notna().all(axis=1)
    states = {
        str(c): "answered" if full else "partly" for c, full in zip(reports["commune_code"], complete, strict=True)
    }
    return pd.Series([states.get(str(code), "none") for code in codes], index=codes.index, dtype=object)


def complete(
    result: GapResult,
    required: pd.DataFrame,
    reports: pd.DataFrame,
    agreed: pd.DataFrame,
    tolerance_percent: float = math.inf,
) -> GapResult:
    """Fill the existing figures of every commune and say what they rest on.

    Parameters
    ----------
    result
        As :func:`siteplan.need.gap.gaps` gave it.
    required
        ``NeedResult.communes`` (group, required areas).
    reports, agreed
        ``INPUTS["commune_reports"]``, ``INPUTS["agreed_areas"]``; may be empty.
    tolerance_percent
        By how much of the inventory a report may differ from it before the row says so.

    Returns
    -------
    GapResult
        ``communes`` with ``report_state``, ``existing_floor_source, existing_land_source`` (tokens of
        ``FIGURE_SOURCES``) and, for averages, ``existing_floor_low_m2, existing_floor_high_m2, existing_land_low_m2,
        existing_land_high_m2``; ``gap_basis`` as above; ``shortage_percent`` from the reported existing floor where no
        facility is known.
    """
    communes = result.communes.copy()
    codes = communes["commune_code"]
    communes["report_state"] = report_states(codes, reports)
    told = reports.drop_duplicates("commune_code").set_index("commune_code")
    settled = agreed.drop_duplicates("commune_code").set_index("commune_code")
    group = codes.map(required.set_index("commune_code")["group"])
    need = codes.map(required.set_index("commune_code")["required_floor_area_m2"])
    communes["build_reasons"] = _differing(communes, told, tolerance_percent)
    for item in _EXISTING:
        column = COLUMNS[item]
        given = {
            "agreed": codes.map(settled[column]).astype("float64"),
            "reported": codes.map(told[column]).astype("float64"),
            "inventory": communes[column].astype("float64"),
        }
        source = pd.Series("none", index=communes.index, dtype=object)
        for token, values in reversed(given.items()):
            source = source.mask(values.notna(), token)
        value = given["agreed"].fillna(given["reported"]).fillna(given["inventory"])
        own = source.isin(("agreed", "reported"))
        averages = _averages(value, group, donors=own if own.any() else value.notna())
        gone = value.isna() & averages["value"].notna()
        communes[column] = value.mask(gone, averages["value"].round(2))
        communes[f"{item}_source"] = source.mask(gone, averages["source"])
        for bound in ("low", "high"):
            communes[f"{item}_{bound}_m2"] = averages[bound].where(gone).round(2)
    source = communes["existing_floor_source"]
    basis = pd.Series("estimated", index=communes.index, dtype=object).mask(source == "none", "missing")
    communes["gap_basis"] = basis.mask(communes["report_state"] == "answered", "reported")
    bare = communes["shortage_percent"].isna() & source.isin(("reported", "agreed"))
    share = (100 * communes["existing_floor_area_m2"] / need).round(2)
    communes["shortage_percent"] = communes["shortage_percent"].where(~bare, share)
    communes["build_reasons"] = [
        encode([*decode(cell), *_told(row)])
        for cell, row in zip(communes["build_reasons"], communes.to_dict("records"), strict=True)
    ]
    flagged = {
        str(code): f"layer:{layer}"
        for table in (reports, agreed)
        for code, layer, illustrative in zip(table["commune_code"], table["layer"], table["illustrative"], strict=True)
        if is_true(illustrative)
    }
    communes["rests_on"] = [
        rests_on(cell, flagged.get(str(code))) or "" for cell, code in zip(communes["rests_on"], codes, strict=True)
    ]
    return replace(result, communes=communes)


def _differing(communes: pd.DataFrame, told: pd.DataFrame, tolerance_percent: float) -> list[str]:
    """Reasons of each commune, with the reported figures that differ from its inventory by more than the tolerance."""
    cells = []
    for row in communes.to_dict("records"):
        reasons = decode(row["build_reasons"])
        for item in _EXISTING:
            column = COLUMNS[item]
            reported = told[column].get(row["commune_code"])
            listed = row[column]
            if reported is None or pd.isna(reported) or pd.isna(listed):
                continue
            if abs(reported - listed) > tolerance_percent / 100 * listed:
                params = {"item": item, "reported": float(reported), "inventory": float(listed)}
                reasons.append(("need.answer.differs", params))
        cells.append(encode(reasons))
    return cells


def _averages(values: pd.Series, group: pd.Series, donors: pd.Series) -> pd.DataFrame:
    """Average of the known communes of the same group, else of the province; bounded by the least and the greatest.

    One commune alone gives no bounds: those of the province are taken.
    """
    given = values[donors & values.notna()]
    of_group = given.groupby(group[given.index])
    count = group.map(of_group.size()).fillna(0)
    frame = pd.DataFrame(index=values.index)
    frame["value"] = group.map(of_group.mean()).fillna(given.mean() if len(given) else float("nan"))
    frame["source"] = pd.Series("province_average", index=values.index).mask(count > 0, "group_average")
    frame["low"] = group.map(of_group.min()).where(count > 1, given.min() if len(given) else float("nan"))
    frame["high"] = group.map(of_group.max()).where(count > 1, given.max() if len(given) else float("nan"))
    return frame


def _told(row: Mapping[Any, Any]) -> list[Message]:
    """Say in the commune's reasons what its existing figure is where it is no answer of its own."""
    source = row["existing_floor_source"]
    if source in ("group_average", "province_average"):
        params = {"value": row["existing_floor_area_m2"], "of": source}
        params |= {bound: row[f"existing_floor_{bound}_m2"] for bound in ("low", "high")}
        return [("need.answer.averaged", params)]
    if source == "reported" and row["inventory_state"] == "none":
        return [("need.answer.no_inventory", {"value": row["existing_floor_area_m2"]})]
    if source == "inventory":
        return [("need.answer.not_confirmed", {"state": row["report_state"]})]
    return []
