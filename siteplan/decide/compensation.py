"""Compensation for a site by group of land: areas always, money only where the scenario gives a price."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan.locale import encode
from siteplan.tables import land_shares

if TYPE_CHECKING:
    from siteplan.locale import Message

UNKNOWN = "unknown"
LEAST_M2 = 0.5  # less than this is printed as nothing: gaps and remains of polygons that nearly fit


def with_compensation(sites: Any, land_use: pd.DataFrame, prices: Mapping[str, float]) -> Any:
    """Add ``compensation`` and ``compensation_cost`` to sites.

    Parameters
    ----------
    sites
        ``commune_code, letter, source_id, area_m2, land_use_shares, buildings_inside, buildings_area_m2,
        households_displaced``. Land that a facility uses already (letter T, and what of M is its plot) is not bought.
    land_use
        ``rules/land_use.csv``: ``code``, ``category``.
    prices
        Đồng a m² by category of land, as the scenario gives them (``[costs.clearance_prices]``).

    Returns
    -------
    GeoDataFrame
        ``compensation``: messages, one a category with its area and, where there is a price, its money, then the
        buildings and households. ``compensation_cost``: đồng for the land alone; NaN where a category has no price or
        land is unknown, never a part of it.
    """
    categories = dict(zip(land_use["code"], land_use["category"], strict=True))
    columns = [
        "commune_code", "letter", "source_id", "area_m2", "land_use_shares", "buildings_inside", "buildings_area_m2",
        "households_displaced",
    ]  # fmt: skip
    used = {
        (row.commune_code, row.source_id): (float(row.area_m2), _areas(row.land_use_shares, row.area_m2, categories))
        for row in sites.loc[sites["letter"] == "T", columns].itertuples(index=False)
    }
    told, cost = [], []
    for row in sites[columns].itertuples(index=False):
        areas, own = _areas(row.land_use_shares, float(row.area_m2), categories), []
        if row.letter in ("T", "M") and (row.commune_code, row.source_id) in used:
            used_m2, of_own = used[row.commune_code, row.source_id]
            areas = {name: area - of_own.get(name, 0.0) for name, area in areas.items()}
            areas = {name: area for name, area in areas.items() if area >= LEAST_M2}
            own = [("compensation.own_land", {"area": round(used_m2, 2)})]
        told.append(encode([*own, *_of_land(areas, prices), *_of_buildings(row)]))
        cost.append(sum(area * prices.get(category, math.nan) for category, area in areas.items()))
    return sites.assign(compensation=told, compensation_cost=pd.array(cost, dtype="Float64").to_numpy(float))


def percents_by_category(shares: object, area_m2: float, categories: Mapping[Any, Any]) -> dict[str, float]:
    """Percent of a site by category of land; they sum up to 100.

    Parameters
    ----------
    shares
        Cell ``land_use_shares`` of the site.
    area_m2
        Area of the site.
    categories
        Category of each code of land use.

    Returns
    -------
    dict
        What no layer tells is ``unknown``; less than :data:`LEAST_M2` counts with the largest category.
    """
    percents: dict[str, float] = {}
    for code, percent in land_shares(shares):
        category = str(categories.get(code) or UNKNOWN)
        percents[category] = percents.get(category, 0.0) + percent
    left = 100 - sum(percents.values())
    small = abs(left) * area_m2 / 100 < LEAST_M2
    if left > 0 or small:
        category = max(percents, key=lambda name: percents[name]) if small and percents else UNKNOWN
        percents[category] = percents.get(category, 0.0) + left
    return percents


def _areas(shares: object, area_m2: float, categories: Mapping[Any, Any]) -> dict[str, float]:
    """Areas by category of land, largest first."""
    percents = percents_by_category(shares, area_m2, categories)
    ordered = sorted(percents.items(), key=lambda item: (-item[1], item[0]))
    return {category: area_m2 * percent / 100 for category, percent in ordered}


def _of_land(areas: Mapping[str, float], prices: Mapping[str, float]) -> list[Message]:
    messages: list[Message] = []
    for category, area in areas.items():
        params: dict[str, Any] = {"category": category, "area": round(area, 2)}
        if category in prices:
            amount = round(area * prices[category])
            messages.append(("compensation.priced", {**params, "price": prices[category], "amount": amount}))
        else:
            messages.append((f"compensation.{'unknown' if category == UNKNOWN else 'unpriced'}", params))
    return messages


def _of_buildings(row: Any) -> list[Message]:
    count, households = row.buildings_inside, row.households_displaced
    if pd.isna(count):
        return [("compensation.no_buildings_layer", {})]
    messages: list[Message] = []
    if int(count):
        messages.append(
            ("compensation.buildings", {"count": int(count), "area": round(float(row.buildings_area_m2), 2)})
        )
        key = "no_uses" if pd.isna(households) else "households"
        messages.append((f"compensation.{key}", {} if pd.isna(households) else {"count": int(households)}))
    else:
        messages.append(("compensation.nothing_stands", {}))
    return messages
