"""The three columns: what the commune reported, what the department computes, what was agreed; and their totals.

The figure that goes on is the agreed one where there is one, else the computed one; of existing floor and land the
commune's own report, else the department's inventory, else an average (:mod:`siteplan.need.answers`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from siteplan.need.answers import COLUMNS
from siteplan.tables import RESULTS, conform
from siteplan.tables.need import ITEMS
from siteplan.tables.parts import BASES

TOTAL = "total"


def figures(
    communes: pd.DataFrame, computed: pd.DataFrame, required: pd.DataFrame, reports: pd.DataFrame, agreed: pd.DataFrame
) -> pd.DataFrame:
    """Lay reported, computed and agreed side by side.

    Parameters
    ----------
    communes
        The gaps as they stand at the end: the figures used, ``gap_basis``, ``existing_floor_source,
        existing_land_source``, bounds, ``rests_on``.
    computed
        The gaps without any agreed figure, one row a commune.
    required
        ``NeedResult.communes``.
    reports, agreed
        ``INPUTS["commune_reports"]``, ``INPUTS["agreed_areas"]``.

    Returns
    -------
    DataFrame
        ``RESULTS["figures"]``: one row a commune and item. An average has bounds, and so has what is then computed as
        new: none of the high bound, or all of the need. A figure of the inventory has none.
    """
    told = reports.drop_duplicates("commune_code").set_index("commune_code")
    settled = agreed.drop_duplicates("commune_code").set_index("commune_code")
    plain = computed.set_index("commune_code")
    need = required.set_index("commune_code")
    codes = communes["commune_code"]
    parts = []
    for item in ITEMS:
        column = COLUMNS[item]
        part = pd.DataFrame({"commune_code": codes, "item": item, "basis": communes["gap_basis"]})
        part["reported_m2"] = codes.map(told[column]).astype("float64")
        part["agreed_m2"] = codes.map(settled[column]).astype("float64")
        part["used_m2"] = communes[column].astype("float64")
        part["computed_m2"] = codes.map(plain[column]).astype("float64")
        part["used_from"] = _used_from(part, communes, item)
        part["low_m2"], part["high_m2"] = _bounds(part, communes, need, item)
        part["rests_on"] = communes["rests_on"]
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["difference_m2"] = table["reported_m2"] - table["computed_m2"]
    of_report = {"report_no": "report_no", "report_date": "report_date", "reported_reason": "reason"}
    of_agreed = {"agreed_reason": "reason", "officer": "officer", "agreed_date": "agreed_date", "document": "document"}
    for source, names in ((told, of_report), (settled, of_agreed)):
        for name, column in names.items():
            table[name] = table["commune_code"].map(source[column])
    table.loc[table["agreed_m2"].isna(), list(of_agreed)] = None
    return conform(table, RESULTS["figures"])


def _used_from(part: pd.DataFrame, communes: pd.DataFrame, item: str) -> pd.Series:
    if item.startswith("existing_"):
        return communes[f"{item}_source"].astype(object)
    source = pd.Series("computed", index=part.index, dtype=object)
    return source.mask(part["agreed_m2"].notna(), "agreed")


def _bounds(part: pd.DataFrame, communes: pd.DataFrame, need: pd.DataFrame, item: str) -> tuple[pd.Series, pd.Series]:
    """Low and high bound where the existing figure is an average; missing elsewhere."""
    stage, kind = item.split("_")
    nothing = pd.Series(np.nan, index=part.index)
    if stage == "extension":
        return nothing, nothing
    low, high = (communes[f"existing_{kind}_{bound}_m2"].astype("float64") for bound in ("low", "high"))
    if stage == "existing":
        return low, high
    full = part["commune_code"].map(need[f"required_{kind}_area_m2"]).astype("float64")
    # at best all that may stand is usable, at worst nothing
    estimated = high.notna() & part["agreed_m2"].isna()
    return (full - high).clip(lower=0).where(estimated), full.where(estimated)


def totals(table: pd.DataFrame) -> pd.DataFrame:
    """Sum the figures over the communes by basis.

    Parameters
    ----------
    table
        ``RESULTS["figures"]``.

    Returns
    -------
    DataFrame
        ``RESULTS["totals"]``: item by item the rows ``reported``, ``estimated``, ``missing`` and ``total``, with the
        number of communes and of those that reported or agreed the item. A sum over nothing known is missing.
        ``bounded_units`` counts the figures with bounds; where there is none the sums of the bounds are missing, else a
        figure without bounds enters both as it is.
    """
    rows: list[dict[str, Any]] = []
    bounded = table.assign(
        bounded=table["low_m2"].notna(),
        low_m2=table["low_m2"].fillna(table["used_m2"]),
        high_m2=table["high_m2"].fillna(table["used_m2"]),
    )
    for item in ITEMS:
        own = bounded[bounded["item"] == item]
        for basis in (*BASES, TOTAL):
            part = own if basis == TOTAL else own[own["basis"] == basis]
            row: dict[str, Any] = {"order": len(rows) + 1, "item": item, "basis": basis, "units": len(part)}
            row["reported_units"] = int(part["reported_m2"].notna().sum())
            row["agreed_units"] = int(part["agreed_m2"].notna().sum())
            row["bounded_units"] = int(part["bounded"].sum())
            for column in ("reported_m2", "computed_m2", "agreed_m2", "used_m2", "low_m2", "high_m2"):
                row[column] = part[column].sum(min_count=1)
            if not row["bounded_units"]:
                row["low_m2"] = row["high_m2"] = float("nan")
            rows.append(row)
    return conform(pd.DataFrame(rows), RESULTS["totals"])
