"""Preliminary total investment (tổng mức đầu tư sơ bộ) of every commune's centre, by component.

The norm of QĐ 425/QĐ-BXD (đồng per m² of floor, by number of floors) is used once: its total column already holds
construction, equipment, management, consultancy and other costs, VAT included. The rule table splits that total into
its parts, so that the parts of new floor add up to ``total x K_kv`` and nothing is added a second time. Outside the
norm, and added here: renovation of kept floor, earthworks, land clearance and contingency (NĐ 206/2026).

Land clearance has no built-in price: where the scenario gives none for a category of land that the site holds, the row
is NaN and says so, and the total does not contain it (``clearance_cost_included`` is false).

Costs are those of the price year; :func:`escalation` carries them to another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.decide.compensation import percents_by_category
from siteplan.decide.rounding import half_up
from siteplan.errors import InputError, Problem
from siteplan.locale import Message, encode
from siteplan.rules import ASSUMED, Rules
from siteplan.scenario import CostSettings, Scenario
from siteplan.tables import RESULTS, Row, as_number, conform, is_missing, land_shares, records

PER_FLOOR_AREA = ("construction", "equipment", "management", "consultancy", "other")
_ROUND_TO_DONG = 1_000_000


@dataclass(frozen=True)
class CostResult:
    """``costs``: ``RESULTS["costs"]``, one row a component; ``totals``: one row a commune."""

    costs: pd.DataFrame
    totals: pd.DataFrame


@dataclass
class _Estimate:
    """The rows of one commune while they are gathered."""

    commune_code: str
    build_type: str
    levels: Mapping[str, float]
    rows: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    clearance_priced: bool = True

    def add(
        self,
        rule: Row,
        quantity: float,
        unit: str,
        unit_cost: float,
        *notes: Message,
        component: str = "",
    ) -> float:
        """Add a row and return its cost at level 1; NaN is a row without a figure, never zero.

        Areas and volumes are priced as printed, to 0.01, so that each line can be checked by hand.
        """
        quantity = quantity if unit == "%" else float(half_up(quantity, 2))
        cost = quantity * unit_cost
        self.rows.append(
            {
                "commune_code": self.commune_code,
                "build_type": self.build_type,
                "component": component or rule["component"],
                "quantity": quantity,
                "unit": unit,
                "unit_cost": unit_cost,
                **{level: float(half_up(cost * factor)) for level, factor in self.levels.items()},
                "notes": encode(notes),
                "legal_basis": rule["legal_basis"],
                "certainty": rule["certainty"],
            }
        )
        if rule["certainty"] in ASSUMED:
            self.tokens.add(_token(rule))
        return cost


def _token(rule: Row) -> str:
    return f"assumption:costs.{rule['component']}.{rule['_row']}"


def escalation(settings: CostSettings, year: int) -> float:
    """Return the factor from the price year to `year`.

    The index of the year where the scenario gives one; otherwise that of the last year before it that has one (the
    price year has 1) times ``(1 + escalation_percent/100)`` for each year since.
    """
    index = {settings.price_year: 1.0, **settings.price_index}
    from_year = max((y for y in index if y <= year), default=settings.price_year)
    return float(index[from_year] * (1 + settings.escalation_percent / 100) ** (year - from_year))


class _Prices:
    """The cost rules of one scenario: one row a component for its number of floors."""

    def __init__(self, rules: Rules, floors: int) -> None:
        table = rules.costs
        fits = (table["floors_from"].fillna(1) <= floors) & (table["floors_to"].fillna(math.inf) >= floors)
        self._rows = {row["component"]: row for row in records(table.loc[fits])}
        self.floors = floors
        known = ("renovation", "region", "earthworks", "land_clearance", "contingency")
        missing = [component for component in (*PER_FLOOR_AREA, *known) if component not in self._rows]
        if missing:
            raise InputError(
                *(
                    Problem("cost_rule_missing", file="rules/costs.csv", value=c, params={"floors": floors})
                    for c in missing
                )
            )
        self.categories = dict(zip(rules.land_use["code"], rules.land_use["category"], strict=True))

    def __getitem__(self, component: str) -> Row:
        return self._rows[component]

    @property
    def rows(self) -> list[Row]:
        """The rules, one row a component."""
        return list(self._rows.values())

    def value(self, component: str) -> float:
        return float(self._rows[component]["value"])

    def applies(self, component: str, build_type: str) -> bool:
        """Whether a component belongs to a build type; an empty cell means all."""
        types = self._rows[component]["build_type"]
        return types is None or build_type in types.split(";")

    @property
    def norm_total(self) -> float:
        """Total column of the norm, đồng per m² of floor."""
        return sum(self.value(component) for component in PER_FLOOR_AREA)


def described(rules: Rules, scenario: Scenario) -> list[dict[str, Any]]:
    """List the cost rules that fit the scenario's number of floors, as the table holds them, for the manifest."""
    prices = _Prices(rules, scenario.need.floors)
    names = ("component", "name", "name_en", "value", "unit", "legal_basis", "certainty")
    return [{name: row[name] for name in names} for row in prices.rows]


def _building(estimate: _Estimate, commune: Row, prices: _Prices) -> float:
    build_type = str(commune["build_type"])
    region = prices.value("region")
    built = as_number(commune["extension_floor_area_m2"]) if build_type == "extend" else 0.0
    built += as_number(commune["new_floor_area_m2"]) if build_type == "build_new" else 0.0
    cost = 0.0
    note = ("cost.note.norm_once", {"total": prices.norm_total, "region": region, "floors": prices.floors})
    for component in PER_FLOOR_AREA:
        if built > 0 and prices.applies(component, build_type):
            cost += estimate.add(prices[component], built, "m²", prices.value(component) * region, note)
    worn = as_number(commune.get("renovation_floor_area_m2"))
    if math.isnan(worn):
        worn = as_number(commune["kept_floor_area_m2"]) if build_type == "renovate" else 0.0
    if worn > 0 and prices.applies("renovation", build_type):
        share = prices.value("renovation")
        params = {"percent": share * 100, "total": prices.norm_total, "region": region}
        cost += estimate.add(
            prices["renovation"], worn, "m²", share * prices.norm_total * region, ("cost.note.renovation", params)
        )
    if estimate.rows and prices["region"]["certainty"] in ASSUMED:
        estimate.tokens.add(_token(prices["region"]))
    return cost


def earthworks_volume(area_m2: float, slope_percent: float) -> float:
    """Volume cut (and as much filled) to level a square plot on an even slope: ``A sqrt(A) s / 8``, m³.

    Half the plot (A/2) is cut; its depth grows from 0 on the middle line to ``s sqrt(A) / 2``, a quarter of
    ``s sqrt(A)`` on average.
    """
    return area_m2 * math.sqrt(area_m2) * slope_percent / 100 / 8


def _earthworks(estimate: _Estimate, land: float, site: Row | None, prices: _Prices) -> float:
    rule, price = prices["earthworks"], prices.value("earthworks")
    measured = [math.nan if site is None else as_number(site.get(name)) for name in ("cut_m3", "fill_m3")]
    if not any(map(math.isnan, measured)):
        # the price is for a m³ cut and placed: what is cut too much or brought in is moved as well
        params = {"cut": measured[0], "fill": measured[1]}
        return estimate.add(rule, max(measured), "m³", price, ("cost.note.earthworks_measured", params))
    slope = math.nan if site is None else as_number(site["slope_mean_percent"])
    if math.isnan(slope):
        key = "cost.note.no_site" if site is None else "cost.note.no_slope"
        estimate.add(rule, math.nan, "m³", price, (key, {}))
        return 0.0
    volume = earthworks_volume(land, slope)
    return estimate.add(rule, volume, "m³", price, ("cost.note.earthworks", {"land": land, "slope": slope}))


def _clearance(
    estimate: _Estimate, land: float, site: Row | None, prices: _Prices, by_category: Mapping[str, float]
) -> float:
    """Add land clearance, one row a category of land; 0 where it cannot be priced, and then the estimate says so."""
    rule = prices["land_clearance"]
    if site is not None and site["letter"] == "T":
        return estimate.add(rule, land, "m²", 0.0, ("cost.note.own_land", {}))
    if site is None or not land_shares(site["land_use_shares"]):
        estimate.clearance_priced = False
        key = "cost.note.no_site" if site is None else "cost.note.no_land_use"
        estimate.add(rule, land, "m²", math.nan, (key, {}), ("cost.note.no_price", {}))
        return 0.0
    percents = percents_by_category(site["land_use_shares"], land, prices.categories)
    cost = 0.0
    for category, percent in sorted(percents.items()):
        price = by_category.get(category, math.nan)
        params = {"category": category, "percent": percent}
        component = f"land_clearance_{category}"
        if math.isnan(price):
            estimate.clearance_priced = False
            notes: tuple[Message, ...] = (("cost.note.category", params), ("cost.note.no_price", {}))
            estimate.add(rule, land * percent / 100, "m²", math.nan, *notes, component=component)
        else:
            note = ("cost.note.category", params)
            cost += estimate.add(rule, land * percent / 100, "m²", price, note, component=component)
    return cost


def _estimate(commune: Row, code: str, site: Row | None, prices: _Prices, scenario: Scenario) -> _Estimate:
    levels = {"low": scenario.levels.low, "middle": scenario.levels.middle, "high": scenario.levels.high}
    build_type = str(commune["build_type"])
    estimate = _Estimate(code, build_type, levels)
    if build_type == "none":
        return estimate
    base = _building(estimate, commune, prices)
    adjoining = as_number(commune.get("extension_land_area_m2"))
    if build_type == "extend" and adjoining > 0:
        # which land adjoins is not known here, so nothing prices it
        estimate.clearance_priced = False
        rule = prices["land_clearance"]
        estimate.add(rule, adjoining, "m²", math.nan, ("cost.note.adjoining", {}), ("cost.note.no_price", {}))
    if build_type == "build_new":
        land = as_number(commune["new_land_area_m2"])
        if site is not None and not is_missing(site["area_m2"]):
            land = min(land, float(site["area_m2"]))
        base += _earthworks(estimate, land, site, prices)
        base += _clearance(estimate, land, site, prices, scenario.costs.clearance_prices)
    percent = prices.value("contingency") * 100
    estimate.add(prices["contingency"], percent, "%", base / 100, ("cost.note.contingency", {"base": base}))
    return estimate


def _total(rows: pd.DataFrame, level: str) -> float:
    """Sum what is priced, whole đồng row by row, rounded to a million; NaN where nothing is built."""
    return float(half_up(float(rows[level].sum()) / _ROUND_TO_DONG)) * _ROUND_TO_DONG if len(rows) else math.nan


def estimate(communes: pd.DataFrame, sites: gpd.GeoDataFrame, rules: Rules, scenario: Scenario) -> CostResult:
    """Estimate the investment of every commune at three levels.

    Parameters
    ----------
    communes
        One row a commune: ``code`` (or ``commune_code``), ``build_type``, ``kept_floor_area_m2``,
        ``extension_floor_area_m2``, ``new_floor_area_m2``, ``new_land_area_m2``, ``best_site_id``; optionally
        ``renovation_floor_area_m2`` and ``rests_on``.
    sites
        ``RESULTS["sites"]``; the best site gives slope, area and land-use shares.
    rules
        ``costs`` and, for categories of land, ``land_use``.
    scenario
        Floors, price level, clearance prices (đồng per m² by land category), levels.

    Returns
    -------
    CostResult
        ``costs`` in đồng of the price year; the component of land clearance carries its category
        (``land_clearance_rice``). ``totals``: ``commune_code, cost_at_price_year`` (at the scenario's level, rounded to
        a million), ``cost_low, cost_high``, ``clearance_cost_included``, ``rests_on``. Each total is the sum of the
        rows that have a figure. A build type ``none`` has neither rows nor totals.

    Raises
    ------
    InputError
        Where the rule table lacks a component for the scenario's number of floors.
    """
    prices = _Prices(rules, scenario.need.floors)
    key = "code" if "code" in communes.columns else "commune_code"
    by_id = {row["site_id"]: row for row in records(sites)}
    columns = RESULTS["costs"].names
    levels = {"cost_at_price_year": scenario.costs.level, "cost_low": "low", "cost_high": "high"}
    pieces: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    for commune in records(communes.sort_values(key, kind="stable")):
        code = str(commune[key])
        site = by_id.get(commune.get("best_site_id"))
        found = _estimate(commune, code, site, prices, scenario)
        rows = pd.DataFrame(found.rows, columns=columns)
        pieces += found.rows
        tokens = set(found.tokens)
        for words in (commune.get("rests_on"), None if site is None else site.get("rests_on")):
            tokens |= set(words.split("; ")) - {""} if isinstance(words, str) else set()
        totals.append(
            {
                "commune_code": code,
                "clearance_cost_included": None if found.build_type == "none" else found.clearance_priced,
                **{name: _total(rows, level) for name, level in levels.items()},
                "rests_on": "; ".join(sorted(tokens)),
            }
        )
    table = pd.DataFrame(totals, columns=["commune_code", "clearance_cost_included", *levels, "rests_on"])
    return CostResult(conform(pd.DataFrame(pieces, columns=columns), RESULTS["costs"]), table)
