"""Build types a commune could have besides the one its need asks for: less, where money or land does not reach.

The need names one build type. Smaller ones are looked for in the facility that leads the commune: extending it as far
as its own land allows, or renovating it where it is poor. Larger ones than needed are none: a headquarters is built
only where the present one is too small or unfit (Luật Quản lý, sử dụng tài sản công 15/2017/QH14, Điều 30). What a
person agreed on is not replaced, where a person locked a site nothing is built elsewhere, and no money goes into a plot
that a hard rule or a plan bars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.decide.costs import CostResult, estimate
from siteplan.decide.placing import TOO_SMALL
from siteplan.locale import Message, encode
from siteplan.rules import Rules
from siteplan.scenario import Scenario
from siteplan.tables import RESULTS, conform
from siteplan.tables.parts import ADDS_FLOOR

SMALLER = ("extend", "renovate")
_AREAS = (
    "kept_floor_area_m2", "extension_floor_area_m2", "extension_land_area_m2", "new_floor_area_m2", "new_land_area_m2",
    "renovation_floor_area_m2",
)  # fmt: skip


def _is(value: Any) -> bool:
    return not pd.isna(value) and bool(value)


def _barred(plot: Mapping[Any, Any] | None) -> bool:
    if plot is None:
        return False
    words = plot["broken_rules"] if isinstance(plot["broken_rules"], str) else ""
    return plot["check_result"] == "blocked" or any(rule not in ("", TOO_SMALL) for rule in words.split("; "))


def smaller_types(
    communes: pd.DataFrame, facilities: pd.DataFrame, sites: pd.DataFrame, required: Mapping[str, float]
) -> pd.DataFrame:
    """Lay out what could be done in the facility that leads each commune, short of what the need asks for.

    Parameters
    ----------
    communes
        Gap of the communes as settled: ``commune_code, build_type, leading_facility_id, deficit_floor_area_m2``;
        optionally ``agreed``.
    facilities
        ``RESULTS["facilities"]``.
    sites
        ``RESULTS["sites"]``; those of letter T stand for the plots of facilities, ``locked`` was chosen by a person.
    required
        Commune to required floor, m².

    Returns
    -------
    DataFrame
        A row a commune and build type: areas as :func:`siteplan.decide.costs.estimate` takes them, ``best_site_id``,
        ``facility_id, check_result, covered_percent`` (floor in use after the works over required floor),
        ``added_floor_area_m2`` (of the deficit), ``floor_left_m2`` and ``reasons``.
    """
    of_id = facilities.set_index("facility_id")
    own = sites[sites["letter"] == "T"]
    plots = {row["source_id"]: row for row in own.drop(columns="geometry", errors="ignore").to_dict("records")}
    chosen = sites[sites["locked"].fillna(value=False).astype(bool)]
    locked_at = dict(zip(chosen["commune_code"].astype(str), chosen["site_id"], strict=True))
    rows: list[dict[str, Any]] = []
    for commune in communes.to_dict("records"):
        code, leading = str(commune["commune_code"]), commune["leading_facility_id"]
        if commune["build_type"] not in ADDS_FLOOR or pd.isna(leading) or commune.get("agreed") is True:
            continue
        facility, plot = of_id.loc[leading], plots.get(leading)
        usable, need = float(facility["usable_floor_area_m2"]), round(required[code], 2)
        elsewhere = code in locked_at and (plot is None or locked_at[code] != plot["site_id"])
        if _barred(plot) or elsewhere or not 0 < usable < need:
            continue
        poor = facility["condition"] == "poor"
        addable = facility["extension_floor_area_m2"]
        added = {"renovate": 0.0}
        if commune["build_type"] == "build_new" and not pd.isna(addable):
            added = {"extend": min(float(addable), round(need - usable, 2)), **added}
        for build_type, floor in added.items():
            if (build_type == "extend" and floor <= 0) or (build_type == "renovate" and not poor):
                continue
            covered, left = min(100.0, 100 * (usable + floor) / need), max(0.0, round(need - usable - floor, 2))
            told = {"name": facility["name"] or leading, "usable": usable, "added": floor, "required": need}
            reasons: list[Message] = [(f"decide.options.{build_type}", {**told, "percent": covered})]
            rows.append(
                {
                    **dict.fromkeys(_AREAS, 0.0),
                    "commune_code": code,
                    "build_type": build_type,
                    "kept_floor_area_m2": usable,
                    "extension_floor_area_m2": floor,
                    "renovation_floor_area_m2": usable if poor else 0.0,
                    "best_site_id": plot["site_id"] if plot else None,
                    "check_result": plot["check_result"] if plot else None,
                    "facility_id": leading,
                    "covered_percent": covered,
                    # of what is missing where the present floor would be given up
                    "added_floor_area_m2": max(0.0, round(float(commune["deficit_floor_area_m2"]) - left, 2)),
                    "floor_left_m2": left,
                    "reasons": encode(reasons),
                    "rests_on": facility["rests_on"],
                }
            )
    columns = [
        "commune_code", "build_type", *_AREAS, "best_site_id", "check_result", "facility_id", "covered_percent",
        "added_floor_area_m2", "floor_left_m2", "reasons", "rests_on",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def build_options(
    communes: pd.DataFrame, smaller: pd.DataFrame, sites: gpd.GeoDataFrame, rules: Rules, scenario: Scenario
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Price every build type of every commune.

    Parameters
    ----------
    communes
        ``RESULTS["communes"]`` with costs: the build types that the need asks for.
    smaller
        As :func:`smaller_types` gives them.

    Returns
    -------
    options, costs
        ``RESULTS["build_options"]``, ``size_order`` 0 for the type needed; the rows of ``RESULTS["costs"]`` of the
        smaller types.
    """
    needed = communes[communes["build_type"].isin((*ADDS_FLOOR, "renovate"))]
    missing, adds_floor = needed["deficit_floor_area_m2"], needed["build_type"].isin(ADDS_FLOOR)
    parts = [
        pd.DataFrame(
            {
                "commune_code": needed["code"],
                "build_type": needed["build_type"],
                "size_order": 0,
                "site_id": needed["best_site_id"],
                "facility_id": needed["kept_facility_id"],
                "check_result": needed["best_check_result"],
                "covered_percent": 100.0,
                "added_floor_area_m2": missing.where(adds_floor, 0.0),
                "floor_left_m2": missing.where(~adds_floor, 0.0),
                **{name: needed[name] for name in ("cost_at_price_year", "cost_low", "cost_high")},
                "clearance_cost_included": needed["clearance_cost_included"],
                "rests_on": needed["rests_on"],
            }
        )
    ]
    rows = []
    for order, build_type in enumerate(SMALLER, start=1):
        own = smaller[smaller["build_type"] == build_type]
        priced: CostResult = estimate(own, sites, rules, scenario)
        rows.append(priced.costs)
        of_code = priced.totals.set_index("commune_code")
        names = ("cost_at_price_year", "cost_low", "cost_high", "clearance_cost_included", "rests_on")
        told = {name: own["commune_code"].map(of_code[name]) for name in names}
        renamed = own.rename(columns={"best_site_id": "site_id"})
        parts.append(renamed.assign(size_order=order, **told))
    parts = [part for part in parts if len(part)]
    table = pd.concat([part.astype("object") for part in parts], ignore_index=True) if parts else pd.DataFrame()
    table = table.reindex(columns=RESULTS["build_options"].names)
    return conform(table, RESULTS["build_options"]), pd.concat(rows, ignore_index=True)
