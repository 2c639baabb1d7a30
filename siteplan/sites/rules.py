"""The rules of ``rules/eligibility.csv`` applied to layers: which objects a rule means, and at what distance.

A rule names a role, a column and the values it means: tokens or patterns with ``*``, ranges ``a..b`` of a number (a
<= x < b, either end open), ``none`` for a missing value, several separated by ``|``; no values means every object. No
rule is known here by name; what the columns of a layer lack is derived from the other rule tables
(:func:`derive_columns`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.rules import ASSUMED
from siteplan.sites import overlap
from siteplan.tables import records
from siteplan.tables.inputs import LEVEL_UNKNOWN

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario

Array = np.ndarray[Any, Any]

# what tells the objects of a layer apart in the list of findings; otherwise the column of the rule does
_IDENTITY: Mapping[str, str] = {"land_use": "land_use", "sector_projects": "project_id", "plan_zones": "zone_id"}


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


def assumption_of(table: str, key: str, row: Mapping[Any, Any]) -> str | None:
    """Token of the assumption that a row of a rule table is, None where it is no assumption."""
    if row["certainty"] not in ASSUMED or row.get("_row") is None:
        return None
    return f"assumption:{table}.{row[key]}.{row['_row']}"


def eligibility_of(rules: Rules, scenario: Scenario) -> pd.DataFrame:
    """Return the rows of ``rules/eligibility.csv`` that apply: none switched off, thresholds as the scenario sets them.

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
            rows = (table["role"] == role) & (table["column"] == column) & (threshold != value)
            threshold[rows], own[rows] = value, True
    basis, certainty = table["legal_basis"].where(~own, ""), table["certainty"].where(~own, "P")
    return table.assign(threshold=threshold, of_scenario=own, legal_basis=basis, certainty=certainty)


def read_rules(rules: Rules, scenario: Scenario) -> tuple[Rule, ...]:
    """Rules in the order of the table, without those the scenario switches off."""
    return tuple(
        Rule(
            rule=row["rule"],
            name=row["name"] or row["rule"],
            role=row["role"] or "",
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


def of_class(roads: Layer, speeds: pd.DataFrame, column: str) -> Array:
    """Figure of ``rules/speeds.csv`` for the class of each road; NaN for a class that the table lacks."""
    return roads.judged("road_class", speeds, "road_class", column)


def _within(tree: Any, geometries: Array, reach_m: float) -> Any:
    """Pairs of geometries and objects of a tree no farther apart than a distance."""
    if reach_m > 0:
        return tree.query(geometries, predicate="dwithin", distance=reach_m)
    return tree.query(geometries, predicate="intersects")


# treatments that name whom to ask: where nobody is known they have words of their own
_NAMES_OWNER = ("ask_opinion", "ask_owner", "adjust_plan", "keep_quota", "one_compound", "within_accuracy")


def treatment_message(token: str, owner: str | None, **params: Any) -> Message:
    """Say what to do about a finding, with whom where the owner is known."""
    unnamed = not owner and token in _NAMES_OWNER
    return (f"sites.treatment.{token}{'_unnamed' if unnamed else ''}", {"owner": owner or "", **params})


class Layer:
    """Objects of one role that one rule or several may mean, with a spatial index that is built where it is used."""

    def __init__(self, role: str, frame: gpd.GeoDataFrame, rules: tuple[Rule, ...]) -> None:
        self.role = role
        self.frame = frame
        self.rows = {rule.rule: select(frame, rule) for rule in rules if rule.role == role}
        half = frame["half_width_m"].to_numpy() if "half_width_m" in frame.columns else np.zeros(len(frame))
        self.half_width_m = half.astype(float)
        self._made: dict[Any, Any] = {}  # what a process makes for itself: arrays and trees

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def geometries(self) -> Array:
        """Geometries as an array."""
        if "geometries" not in self._made:
            self._made["geometries"] = np.asarray(self.frame.geometry.values)
        return self._made["geometries"]

    def sound(self, rows: Array) -> Array:
        """Geometries of rows, invalid ones made valid; each is looked at once."""
        if "sound" not in self._made:
            self._made["sound"] = self.geometries.copy(), np.zeros(len(self), dtype=bool)
        values, seen = self._made["sound"]
        fresh = np.unique(rows[~seen[rows]])
        if len(fresh):
            values[fresh] = overlap.mended(values[fresh])
            seen[fresh] = True
        return values[rows]

    def widened(self, rows: Array, more_m: float = 0.0, least_m: float = 0.0) -> Array:
        """Objects of rows as wide as they are, or a least half width, and `more_m` on each side; each is made once."""
        key = "widened", more_m, least_m
        if key not in self._made:
            self._made[key] = np.full(len(self), None, dtype=object)
        values = self._made[key]
        fresh = np.unique(rows[shapely.is_missing(values[rows])])
        if len(fresh):
            half_m = np.maximum(self.half_width_m[fresh], least_m) + more_m
            values[fresh] = shapely.buffer(self.geometries[fresh], half_m)
        return np.asarray(values[rows])

    def column(self, name: str) -> Array | None:
        """Values of a column as an array of objects, missing ones None; None where the layer lacks it."""
        return self.texts(name) if name in self.frame.columns else None

    def texts(self, name: str) -> Array:
        """Values of a column that the layer has, as an array of objects, missing ones None."""
        key = "column", name
        if key not in self._made:
            values = self.frame[name].astype("object")
            self._made[key] = values.where(values.notna(), None).to_numpy(dtype=object)
        return self._made[key]

    def number(self, name: str) -> Array:
        """Values of a column of numbers that the layer has, missing ones NaN."""
        key = "number", name
        if key not in self._made:
            self._made[key] = self.frame[name].to_numpy(dtype=float)
        return self._made[key]

    def kinds(self, name: str) -> tuple[Array, Array]:
        """Column of tokens as numbers into its different tokens; a missing one is ``none``."""
        key = "kinds", name
        if key not in self._made:
            numbers, tokens = pd.factorize(
                np.array(["none" if v is None else str(v) for v in self.texts(name)], object)
            )
            self._made[key] = numbers, tokens
        return self._made[key]

    def judged(self, name: str, table: pd.DataFrame, key: str, figure: str) -> Array:
        """Figures that a rule table gives the tokens of a column; NaN for a token that it lacks."""
        place = "judged", name, key, figure
        kept = self._made.get(place)
        if kept is None or kept[0] is not table:
            numbers, tokens = self.kinds(name)
            of_token = dict(zip(table[key], table[figure].astype(float), strict=True))
            values = np.array([of_token.get(token, np.nan) for token in tokens], dtype=float)[numbers]
            kept = self._made[place] = table, values
        return np.asarray(kept[1])

    @property
    def tree(self) -> Any:
        """Index over all geometries."""
        return self._tree(None)[0]

    def near(self, bounds: tuple[float, float, float, float]) -> Array:
        """Row numbers of the objects whose box meets `bounds`, in order."""
        return np.sort(self.tree.query(shapely.box(*bounds))) if len(self) else np.array([], dtype=np.int64)

    def meeting(self, polygon: Any) -> Array:
        """Row numbers of the objects that meet a polygon, in order."""
        if not len(self):
            return np.array([], dtype=np.int64)
        return np.sort(self.tree.query(polygon, predicate="intersects"))

    def near_rule(self, rule: Rule, bounds: tuple[float, float, float, float]) -> bool:
        """Whether an object of the rule may reach into `bounds`."""
        tree, _, half = self._tree(rule)
        if tree is None:
            return False
        reach = rule.reach_m + half
        west, south, east, north = bounds
        return len(tree.query(shapely.box(west - reach, south - reach, east + reach, north + reach))) > 0

    def pairs(self, geometries: Array, distance_m: float, rule: Rule | None = None) -> tuple[Array, Array]:
        """Pairs (geometry, row) no farther apart than `distance_m` plus the object's half width; of a rule's rows."""
        tree, numbers, half = self._tree(rule)
        if tree is None:
            return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
        if rule is None:
            return self._all_pairs(geometries, distance_m + half)
        left, right = _within(tree, geometries, distance_m + half)
        right = numbers[right]
        order = np.lexsort((right, left))
        return left[order], right[order]

    def _all_pairs(self, geometries: Array, reach_m: float) -> tuple[Array, Array]:
        """Pairs with all objects; those of the geometries asked last are kept, which several figures ask for."""
        asked = tuple(map(id, geometries))
        if self._made.get("asked", (None,))[0] != asked:
            self._made["asked"] = asked, geometries.copy(), {}  # what is kept alive keeps its number
        known = self._made["asked"][2]
        if reach_m not in known:
            left, row = _within(self.tree, geometries, reach_m)
            order = np.lexsort((row, left))
            known[reach_m] = left[order], row[order]
        left, row = known[reach_m]
        return left, row

    def rule_pairs(self, geometries: Array, rules: Iterable[Rule]) -> list[tuple[Array, Array]]:
        """Pairs as :meth:`pairs` gives them for each rule at its reach, with one search for all of them."""
        found, held = [], [(rule, *self._reach_of(rule)) for rule in rules]
        widest = max((reach for _, any_rows, reach in held if any_rows), default=0.0)
        none = np.array([], dtype=np.int64)
        left = row = none
        if any(any_rows for _, any_rows, _ in held):
            left, row = self._all_pairs(geometries, widest)
        shapely.prepare(geometries)
        for rule, any_rows, reach in held:
            if not any_rows:
                found.append((none, none))
                continue
            mine = self.rows[rule.rule][row]
            own, of_rule = left[mine], row[mine]
            if reach < widest and len(own):
                places, objects = geometries[own], self.geometries[of_rule]
                near = shapely.dwithin(places, objects, reach) if reach > 0 else shapely.intersects(places, objects)
                own, of_rule = own[near], of_rule[near]
            found.append((own, of_rule))
        return found

    def farthest(self, rules: Sequence[Rule]) -> Array:
        """How far each object reaches by the rule that reaches farthest, with its half width; NaN: no rule means it."""
        key = "farthest", *((rule.rule, rule.reach_m) for rule in rules)
        if key not in self._made:
            out = np.full(len(self), np.nan)
            for rule in rules:
                out = np.fmax(out, np.where(self.rows[rule.rule], rule.reach_m + self.half_width_m, np.nan))
            self._made[key] = out
        return np.asarray(self._made[key])

    def _reach_of(self, rule: Rule) -> tuple[bool, float]:
        """Whether a rule has objects, and how far they reach with their greatest half width."""
        key = "reach", rule.rule, rule.reach_m
        if key not in self._made:
            keep = self.rows[rule.rule]
            self._made[key] = bool(keep.any()), rule.reach_m + float(self.half_width_m[keep].max(initial=0.0))
        held, reach = self._made[key]
        return bool(held), float(reach)

    def boxes(self, geometries: Array, distance_m: float) -> tuple[Array, Array]:
        """Pairs (geometry, row) whose boxes are no farther apart than `distance_m` plus the greatest half width."""
        tree, _, half = self._tree(None)
        if tree is None:
            return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
        reach = distance_m + half
        west, south, east, north = shapely.bounds(geometries).T
        left, row = tree.query(shapely.box(west - reach, south - reach, east + reach, north + reach))
        return left, row

    def _tree(self, rule: Rule | None) -> tuple[Any, Array, float]:
        """Index over the rows of a rule (None: all), their numbers and greatest half width; made once per process."""
        return self._made_tree("" if rule is None else rule.rule, None if rule is None else self.rows[rule.rule])

    def _made_tree(self, key: str | bytes, keep: Array | None) -> tuple[Any, Array, float]:
        if key not in self._made:
            numbers = np.arange(len(self)) if keep is None else np.flatnonzero(keep)
            tree = shapely.STRtree(self.geometries[numbers]) if len(numbers) else None
            self._made[key] = tree, numbers, float(self.half_width_m[numbers].max()) if len(numbers) else 0.0
        return self._made[key]

    def nearest(self, geometries: Array, keep: Array | None = None) -> tuple[Array, Array]:
        """Distance from each geometry to the nearest object (of `keep`) and its row; NaN and -1 where none is."""
        distance = np.full(len(geometries), np.nan)
        row = np.full(len(geometries), -1, dtype=np.int64)
        tree, numbers, _ = self._made_tree("" if keep is None else keep.tobytes(), keep)
        if tree is not None and len(geometries):
            (left, right), found = tree.query_nearest(geometries, return_distance=True, all_matches=True)
            # of several equally near the first row, so that the answer does not hang on the tree
            order = np.lexsort((right, left))
            left, right, found = left[order], right[order], found[order]
            first = np.unique(left, return_index=True)[1]
            distance[left[first]] = found[first]
            row[left[first]] = numbers[right[first]]
        return distance, row

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}

    def identity(self, rule: Rule, rows: Array) -> list[str]:
        """Tell objects apart in findings of a rule: land-use code, project, or the rule's own column."""
        values = self.column(_IDENTITY.get(self.role, rule.column))
        if values is None:
            return [""] * len(rows)
        return ["none" if v is None else str(v) for v in values[rows]]
