"""Surplus facilities house by house, and their totals by form and year.

The form of a facility is that of its land; a house on it may end otherwise: one that is not safe goes to nobody and is
kept in use by nobody, so it is liquidated where the land is kept, handed over or transferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.rules import ASSUMED, Rules
from siteplan.tables import RESULTS, conform, rests_on

# forms under which houses go on being used
_IN_USE = ("keep", "transfer", "hand_over", "other_body")
_OF_FACILITY = ("option", "facility_id", "commune_code", "free_year", "decided_by", "deadline", "decision_no")


def buildings(surplus: pd.DataFrame, houses: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Propose one treatment for every house of every facility.

    Parameters
    ----------
    surplus
        ``RESULTS["surplus"]`` of an option.
    houses
        ``INPUTS["facility_buildings"]``; those of facilities that are not in `surplus` are left out.
    rules
        ``surplus``: the row of ``liquidate_house`` for free facilities gives its law.

    Returns
    -------
    DataFrame
        ``RESULTS["surplus_buildings"]``.
    """
    of_facility = {
        row["facility_id"]: row for row in surplus.drop(columns="geometry", errors="ignore").to_dict("records")
    }
    table = rules.surplus.sort_values("order", kind="stable").to_dict("records")
    unsafe = next((r for r in table if r["treatment"] == "liquidate_house" and r["use"] == "free"), None)
    rows = []
    for house in houses.to_dict("records"):
        facility = of_facility.get(house["facility_id"])
        if facility is None:
            continue
        rows.append(_treated(house, facility, unsafe))
    names = RESULTS["surplus_buildings"].names
    return conform(pd.DataFrame(rows, columns=names), RESULTS["surplus_buildings"])


def _treated(house: Mapping[Any, Any], facility: Mapping[Any, Any], unsafe: Mapping[Any, Any] | None) -> dict[str, Any]:
    row = {name: facility[name] for name in (*_OF_FACILITY, "treatment", "legal_basis", "certainty")}
    reasons: list[Message] = [("surplus.house.as_facility", {"treatment": facility["treatment"]})]
    tokens = set(str(facility["rests_on"]).split("; ")) if isinstance(facility["rests_on"], str) else set()
    if house["condition"] == "unsafe" and facility["treatment"] in _IN_USE and not facility["decided"] and unsafe:
        reasons = [("surplus.house.unsafe", {"treatment": facility["treatment"]})]
        row |= {name: unsafe[name] for name in ("legal_basis", "certainty")}
        row |= {"treatment": "liquidate_house", "decided_by": unsafe["decided_by"]}
        if unsafe["certainty"] in ASSUMED:
            tokens.add(f"assumption:surplus.{unsafe['order']:g}.{unsafe['_row']}")
    if pd.isna(house["condition"]):
        reasons.append(("surplus.missing.condition", {}))
    row |= {name: house[name] for name in ("building_id", "name", "floor_area_m2", "year_built", "condition")}
    return {**row, "reasons": encode(reasons), "rests_on": rests_on(*tokens)}


def totals(surplus: pd.DataFrame) -> pd.DataFrame:
    """Count facilities and add up floor, land and value by form and by when they become free.

    Returns
    -------
    DataFrame
        ``RESULTS["surplus_totals"]``: every facility is in one row; ``period`` is a year, or ``stays``, ``decided``,
        ``already`` (vacant now), ``at_once`` (what is kept is enough without it), ``waiting`` (in use until a centre is
        built that the option does not hold).
    """
    frame = pd.DataFrame(surplus.drop(columns="geometry", errors="ignore"))
    frame["period"] = [_period(row) for row in frame.to_dict("records")]
    sums = frame.groupby(["option", "treatment", "period"], sort=True).agg(
        facilities=("facility_id", "size"),
        **{
            name: (name, lambda values: values.sum(min_count=1))
            for name in ("floor_area_m2", "land_area_m2", "value_low", "value_high")
        },
        without_land=("land_area_m2", lambda values: int(values.isna().sum())),
    )
    return conform(sums.reset_index(), RESULTS["surplus_totals"])


def _period(row: Mapping[Any, Any]) -> str:
    if pd.notna(row["free_year"]):
        return str(int(row["free_year"]))
    if row["decided"] is True or row["decided"] == 1:
        return "decided"
    keys = {key for key, _ in decode(row["reasons"])}
    if "surplus.free.already" in keys:
        return "already"
    if "surplus.free.not_needed" in keys:
        return "at_once"
    return "stays" if "surplus.free.kept" in keys else "waiting"
