"""Planned size by group of units: the mean of each group, and how far each commune stands from it."""

from __future__ import annotations

import pandas as pd

from siteplan.need.grouping import GROUPS
from siteplan.tables import RESULTS, conform

PROVINCE = "province"
# measure of a commune -> (mean of the group, deviation from it)
_MEASURES = {
    "population": ("population_mean", "population_deviation_percent"),
    "staff": ("staff_mean", "staff_deviation_percent"),
    "required_floor_area_m2": ("required_floor_mean_m2", "floor_deviation_percent"),
    "required_land_area_m2": ("required_land_mean_m2", "land_deviation_percent"),
}


def planned_sizes(required: pd.DataFrame, population: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Average population, staff, floor and land of each group, and each commune against its group.

    Parameters
    ----------
    required
        ``NeedResult.communes``: the planned scope, one row a commune.
    population
        People by commune code.

    Returns
    -------
    tuple
        ``RESULTS["groups"]``: a row a group that has members, in the order of the groups, and the whole province last;
        a mean is over the members whose figure is known. ``RESULTS["deviations"]``: value / mean of the group - 1 in
        percent, missing where the value is.
    """
    members = required.assign(
        population=pd.to_numeric(required["commune_code"].map(population)).astype("float64"),
        staff=required["staff"].astype("float64"),
    )
    rows = [_mean_of(group, members[members["group"] == group]) for group in GROUPS]
    rows.append(_mean_of(PROVINCE, members))
    groups = pd.DataFrame([row for row in rows if row["units"]])
    groups["order"] = range(1, len(groups) + 1)
    means = groups.set_index("group")
    columns = {"commune_code": members["commune_code"], "group": members["group"]}
    for measure, (mean, deviation) in _MEASURES.items():
        columns[measure] = members[measure]
        columns[deviation] = 100 * (members[measure] / members["group"].map(means[mean]) - 1)
    deviations = pd.DataFrame(columns).astype({"population": "Int64", "staff": "Int64"})
    return conform(groups, RESULTS["groups"]), conform(deviations, RESULTS["deviations"])


def _mean_of(group: str, members: pd.DataFrame) -> dict[str, object]:
    means = {mean: members[measure].mean() for measure, (mean, _) in _MEASURES.items()}
    approved = int((members["staff_basis"] == "approved").sum())
    return {"group": group, "units": len(members), "approved_units": approved, **means}
