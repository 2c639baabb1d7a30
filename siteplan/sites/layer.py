"""Objects of one layer that rules may mean: asked by place, by rule and by column; what is asked twice is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.sites import overlap
from siteplan.sites.rules import Rule, select

Array = np.ndarray[Any, Any]

# what tells the objects of a layer apart in the list of findings; otherwise the column of the rule does
_IDENTITY: Mapping[str, str] = {"land_use": "land_use", "sector_projects": "project_id", "plan_zones": "zone_id"}


class Layer:
    """Objects of one role that one rule or several may mean, with a spatial index that is built where it is used.

    Rows are numbered from 0 in the order of the frame; distances and widths are metres in the frame's CRS, the
    province's. Columns asked for by name must be there, else KeyError.

    Parameters
    ----------
    role
        Role of the layer.
    frame
        Objects, geometries of any kind; ``half_width_m`` where lines are as wide as what they stand for.
    rules
        Rules of any role; those of this one are kept as ``rows``: rule to mask over the rows.
    """

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
    def restricted(self) -> Array:
        """Which objects no output may show."""
        if "restricted" not in self._made:
            held = self.column("restricted")
            self._made["restricted"] = np.zeros(len(self), dtype=bool) if held is None else held.astype(bool)
        return np.asarray(self._made["restricted"], dtype=bool)

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
        """Figures that a rule table gives the tokens of a column; NaN for a token that it lacks.

        Parameters
        ----------
        name
            Column of the layer.
        table, key, figure
            Rule table, its column of tokens and its column of figures.
        """

        def find() -> Array:
            numbers, tokens = self.kinds(name)
            of_token = dict(zip(table[key], table[figure].astype(float), strict=True))
            return np.array([of_token.get(token, np.nan) for token in tokens], dtype=float)[numbers]

        return np.asarray(self.once(("judged", name, key, figure), table, find))

    def once(self, key: tuple[Any, ...], given: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` gives of this layer and of `given`; made again only where another object is given."""
        kept = self._made.get(key)
        if kept is None or kept[0] is not given:
            kept = self._made[key] = given, make()
        return kept[1]

    @property
    def tree(self) -> Any:
        """Index over all geometries."""
        return self._tree(None)[0]

    def near(self, bounds: tuple[float, float, float, float]) -> Array:
        """Row numbers of the objects whose box meets `bounds` (west, south, east, north), in order."""
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
        """Pairs of geometries and objects no farther apart than a distance and the layer's greatest half width.

        Parameters
        ----------
        geometries
            What is asked for, in the province's CRS.
        distance_m
            0 for what meets.
        rule
            Only among the rows that it means.

        Returns
        -------
        left, row
            Number of the geometry and row of the object of each pair, sorted by both.
        """
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
        """Return what :meth:`pairs` gives for each rule at its reach, in the order of the rules, from one search."""
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
        """Pairs (geometry, row), unsorted, of boxes no farther apart than a distance plus the largest half width."""
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
        """Distance from each geometry to the nearest object, metres, and its row; NaN and -1 where there is none.

        `keep` is a mask over the rows that count. Of several equally near the first row is told.
        """
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


def of_class(roads: Layer, speeds: pd.DataFrame, column: str) -> Array:
    """Figure of ``rules/speeds.csv`` for the class of each road; NaN for a class that the table lacks."""
    return roads.judged("road_class", speeds, "road_class", column)


def _within(tree: Any, geometries: Array, reach_m: float) -> Any:
    """Pairs of geometries and objects of a tree no farther apart than a distance."""
    if reach_m > 0:
        return tree.query(geometries, predicate="dwithin", distance=reach_m)
    return tree.query(geometries, predicate="intersects")
