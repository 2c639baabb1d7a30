"""The rules of ``rules/eligibility.csv`` applied to layers: which objects a rule means, and at what distance.

A rule names a role, a column and the values it means: tokens or patterns with ``*``, ranges ``a..b`` of a number (a
<= x < b, either end open), ``none`` for a missing value, several separated by ``|``; no values means every object. No
rule is known here by name; what the columns of a layer lack is derived from the other rule tables
(:func:`derive_columns`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.rules import ASSUMED
from siteplan.sites import banks
from siteplan.tables import records
from siteplan.tables.inputs import LEVEL_UNKNOWN

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario

Array = np.ndarray[Any, Any]

CONDITION = 2  # severity from which a condition must be met before a site is clear


@dataclass(frozen=True)
class Rule:
    """One row of the table, with the scenario's threshold in place of its own where there is one.

    `discuss` are looser thresholds or distances, or ``off``, that may be talked about where land is short.
    """

    rule: str
    name: str
    role: str
    column: str
    values: tuple[str, ...]
    threshold: float
    distance_m: float
    distance_urban_m: float
    strength: str
    source: str
    severity: int
    tolerance_percent: float
    discuss: tuple[str, ...]
    treatment: str
    legal_basis: str
    certainty: str
    assumption_id: str

    @property
    def hard(self) -> bool:
        """Whether it takes land away."""
        return self.strength == "hard"

    @cached_property
    def reach_m(self) -> float:
        """Greatest distance at which it works."""
        distances = [d for d in (self.distance_m, self.distance_urban_m) if not np.isnan(d)]
        return max(distances, default=0.0)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """Token of the assumption that the rule is, if it is recalled or proposed."""
        return (f"assumption:{self.assumption_id}",) if self.certainty in ASSUMED else ()


def told_slope(rules: Iterable[Rule]) -> float:
    """Slope in percent above which ground is told as steep: of the first hard rule on it, else of the first rule."""
    of_ground = sorted((rule for rule in rules if rule.role == "dem"), key=lambda rule: not rule.hard)
    return of_ground[0].threshold if of_ground else float("inf")


def assumption_of(table: str, key: str, row: Mapping[Any, Any]) -> str | None:
    """Token of the assumption that a row of a rule table is, None where it is no assumption."""
    if row["certainty"] not in ASSUMED or row.get("_row") is None:
        return None
    return f"assumption:{table}.{row[key]}.{row['_row']}"


def eligibility_of(rules: Rules, scenario: Scenario) -> pd.DataFrame:
    """Return the rows of ``rules/eligibility.csv`` that apply: none switched off, thresholds as the scenario sets them.

    The scenario's threshold is that of the hard rules; of others only where no rule of the kind is hard.

    Returns
    -------
    DataFrame
        Columns of the table and ``of_scenario``: whether the threshold is the scenario's and another than the table's;
        such a row is proposed, the legal basis of the table's threshold is not its own.
    """
    table = rules.eligibility[~rules.eligibility["rule"].isin(scenario.eligibility.switched_off)]
    threshold, own = table["threshold"].copy(), pd.Series(data=False, index=table.index)
    for role, column, value in (
        ("dem", "slope_percent", scenario.eligibility.slope_max_percent),
        ("sites", "area_m2", scenario.eligibility.minimum_area_m2),
    ):
        if value is not None:
            of_kind = (table["role"] == role) & (table["column"] == column)
            hard = of_kind & (table["strength"] == "hard")
            rows = (hard if hard.any() else of_kind) & (threshold != value)
            threshold[rows], own[rows] = value, True
    basis, certainty = table["legal_basis"].where(~own, ""), table["certainty"].where(~own, "P")
    return table.assign(threshold=threshold, of_scenario=own, legal_basis=basis, certainty=certainty)


def read_rules(rules: Rules, scenario: Scenario) -> tuple[Rule, ...]:
    """Rules in the order of the table, without those the scenario switches off.

    Those on waterways are measured from the banks (:mod:`siteplan.sites.banks`), which is their role then.
    """
    return tuple(
        Rule(
            rule=row["rule"],
            name=row["name"] or row["rule"],
            role=banks.ROLE if row["role"] == "waterways" else row["role"] or "",
            column=row["column"] or "",
            values=tuple(v.strip() for v in (row["values"] or "").split("|") if v.strip()),
            threshold=row["threshold"],
            distance_m=row["distance_m"],
            distance_urban_m=row["distance_urban_m"],
            strength=row["strength"] or "soft",
            source=row["source"] or "corridor",
            severity=1 if np.isnan(row["severity"]) else int(row["severity"]),
            tolerance_percent=row["tolerance_percent"],
            discuss=tuple(v.strip() for v in (row["discuss"] or "").split("|") if v.strip()),
            treatment=row["treatment"] or "none",
            legal_basis=row["legal_basis"] or "",
            certainty=row["certainty"],
            assumption_id=f"eligibility.{row['rule']}.{row['_row']}",
        )
        for row in records(eligibility_of(rules, scenario))
    )


def _matches(series: pd.Series[Any], values: tuple[str, ...]) -> Array:
    """Rows of a column that one of the values means."""
    if not values:
        return np.ones(len(series), dtype=bool)
    out = np.zeros(len(series), dtype=bool)
    tokens = [v for v in values if ".." not in v and v != "none"]
    if tokens or "none" in values:
        numbers, different = pd.factorize(series.to_numpy())  # a missing value is -1: the last of the kept ones
        kept = [any(fnmatchcase(str(d), t) for t in tokens) for d in different]
        out |= np.array([*kept, "none" in values])[numbers]
    ranges = [v.split("..", 1) for v in values if ".." in v]
    if ranges:
        numbers = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float)
        for low, high in ranges:
            out |= (numbers >= float(low or "-inf")) & (numbers < float(high or "inf"))
    return out


def select(frame: pd.DataFrame, rule: Rule) -> Array:
    """Rows of a layer that a rule means, as a boolean array; none where the layer lacks the column."""
    if rule.column and rule.column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    if not rule.column:
        return np.ones(len(frame), dtype=bool)
    return _matches(frame[rule.column], rule.values)


def resolve_land_use(codes: pd.Series[Any], table: pd.DataFrame) -> pd.DataFrame:
    """Suitability, category and score of land-use codes; of several joined by "+" the least suitable holds.

    Returns
    -------
    DataFrame
        Index and rows of `codes`; None and NaN for codes that the table does not know or does not judge.
    """
    known = table.drop_duplicates("code").set_index("code")[["suitability", "category", "score", "name"]]
    rows = []
    for code in codes.dropna().unique():
        parts = [p.strip().upper() for p in str(code).split("+")]
        held = known.reindex([p for p in parts if p in known.index]).sort_values("score", kind="stable")
        complete = len(held) == len(parts)
        rows.append((code, *(held.iloc[0] if len(held) and complete else (None, None, np.nan, None))))
    joined = pd.DataFrame(rows, columns=["land_use", "suitability", "category", "score", "land_use_name"])
    out = pd.DataFrame({"land_use": codes}).merge(joined, on="land_use", how="left")
    out.index = codes.index
    return out.drop(columns="land_use")


def derive_columns(role: str, frame: gpd.GeoDataFrame, rules: Rules) -> gpd.GeoDataFrame:
    """Add the columns that rules may name beside those of the layer.

    land_use: ``suitability``, ``category``, ``score``, ``suitability_category`` ("C:rice") from
    ``rules/land_use.csv``; roads: ``half_width_m`` (from ``width_m``, else the default of the class in
    ``rules/speeds.csv``), ``bridge_length_m``; hazards: ``kind_level`` ("flood:high", "flood:unknown" without a level).
    """
    frame = frame.copy()
    if role == "land_use":
        judged = resolve_land_use(frame["land_use"], rules.land_use)
        for column in judged.columns:
            frame[column] = judged[column]
        both = frame["suitability"].notna() & frame["category"].notna()
        frame["suitability_category"] = (frame["suitability"] + ":" + frame["category"]).where(both, None)
    elif role == "roads":
        defaults = rules.speeds.set_index("road_class")["default_width_m"]
        classes = frame["road_class"].fillna("none")
        width = frame["width_m"].astype("float64").where(lambda w: w > 0)
        frame["half_width_m"] = width.fillna(classes.map(defaults)).fillna(0.0) / 2.0
        bridge = frame["is_bridge"].fillna(False).astype(bool)
        frame["bridge_length_m"] = frame.geometry.length.where(bridge)
    elif role == "hazards":
        frame["kind_level"] = frame["hazard_kind"] + ":" + frame["level"].fillna(LEVEL_UNKNOWN)
    return frame


# treatments that name whom to ask: where nobody is known they have words of their own
_NAMES_OWNER = ("ask_opinion", "ask_owner", "adjust_plan", "keep_quota", "one_compound", "within_accuracy")


def treatment_message(token: str, owner: str | None, **params: Any) -> Message:
    """Say what to do about a finding, with whom where the owner is known."""
    unnamed = not owner and token in _NAMES_OWNER
    return (f"sites.treatment.{token}{'_unnamed' if unnamed else ''}", {"owner": owner or "", **params})
