"""Faults in the cells of rule tables: unknown tokens, ids told twice, figures out of range, cells without effect.

A cell that is spelt wrong would switch its rule off without a word: every problem of every table is told before a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from siteplan.errors import Problem
from siteplan.rule_rows import keys_of
from siteplan.tables import records
from siteplan.tables.evidence import EFFECTS, STANDINGS
from siteplan.tables.inputs import (
    CONDITIONS,
    FACILITY_STATUS,
    HAZARD_LEVELS,
    INPUTS,
    LEVEL_UNKNOWN,
    OBJECT_ROLES,
    ROAD_CLASSES,
    STEPS,
    TREATMENTS,
)
from siteplan.tables.parts import BUILD_TYPES

STRENGTHS = ("hard", "soft", "for")
SUITABILITIES = ("A", "B", "C", "D")
LAND_CATEGORIES = (
    "cemetery", "commerce", "crop", "forest", "heritage", "industry", "infrastructure", "office", "other", "public",
    "religious", "residential", "rice", "special", "transport", "unused", "water", "zone",
)  # fmt: skip
# those of ``sites.treatment`` that say all they have to say without more than whom to ask
RULE_TREATMENTS = (
    "none", "move", "keep_corridor_free", "move_or_level", "enlarge", "hazard_measures", "ask_hazard_level",
    "ask_land_use",
    "ask_opinion", "ask_owner", "adjust_plan", "keep_quota", "check_mix", "council_resolution", "land_decision",
    "register_land_use", "resettle", "written_confirmation", "confirm_paper", "watch_draft", "plan_expired",
    "one_compound",
)  # fmt: skip
PRECEDENCE = ("national_plan", "higher_plan", "higher_authority", "later_decision", "undecided")
SOURCES = ("project", "land_use", "corridor", "hazard", "terrain", "plot", "compound", "plan")

# roles of rules that are about a site as a whole, with the column that the figure stands for
OF_THE_SITE: Mapping[str, str] = {"communes": "", "dem": "slope_percent", "sites": "area_m2"}
PLAN_ZONES = "plan_zones"
ROLES = (*OF_THE_SITE, *OBJECT_ROLES, PLAN_ZONES)

# columns that the layer of a role has beside those of its schema, with the kind of what stands there
DERIVED: Mapping[str, Mapping[str, str]] = {
    "land_use": {
        "suitability": "text", "category": "text", "score": "float", "land_use_name": "text",
        "suitability_category": "text",
    },
    "roads": {"half_width_m": "float", "bridge_length_m": "float"},
    "hazards": {"kind_level": "text"},
    PLAN_ZONES: {
        "title": "text", "plan_kind": "text", "decision_no": "text", "decision_date": "text", "authority": "text",
        "status": "text", "owner": "text", "level": "text", "accuracy_m": "float", "standing": "text",
        "effect": "text", "severity": "float", "treatment": "text", "plan_score": "float", "rule_name": "text",
        "legal_basis": "text", "certainty": "text", "assumption": "text", "supports": "bool",
    },
}  # fmt: skip

_FLAG = (0.0, 1.0)
_SEVERITY = (1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Tokens:
    """What may stand in a column: tokens of a closed list, several parted by `separator`."""

    known: tuple[str, ...]
    separator: str = ""
    needed: bool = False
    patterns: bool = False  # whether the list holds patterns


@dataclass(frozen=True)
class Range:
    """Figures from `least` to `greatest`."""

    least: float = 0.0
    greatest: float = math.inf


_BUILD = Tokens(BUILD_TYPES, ";")
_TOKENS: Mapping[str, Mapping[str, Tokens]] = {
    "land_use": {"suitability": Tokens(SUITABILITIES), "category": Tokens(LAND_CATEGORIES)},
    "eligibility": {
        "role": Tokens(ROLES, needed=True),
        "strength": Tokens(STRENGTHS, needed=True),
        "source": Tokens(SOURCES),
        "treatment": Tokens(RULE_TREATMENTS),
    },
    "plan_kinds": {"withheld": Tokens(("everywhere", "border"))},
    "plan_precedence": {
        "rule": Tokens(PRECEDENCE, needed=True),
        "treatment": Tokens(("higher_plan", "higher_authority", "later_decision", "undecided")),
    },
    "plan_compatibility": {
        "effect": Tokens(EFFECTS, needed=True),
        "treatment": Tokens(RULE_TREATMENTS),
    },
    "speeds": {"road_class": Tokens((*ROAD_CLASSES, "none"), needed=True)},
    "ground": {"key": Tokens(keys_of("ground"), needed=True, patterns=True)},
    "climate": {"element": Tokens(("temperature", "rain_year", "rain_day"), needed=True)},
    "costs": {"component": Tokens(keys_of("costs"), needed=True), "build_type": _BUILD},
    "steps": {"step": Tokens(STEPS, needed=True), "build_type": _BUILD},
    "surplus": {
        "treatment": Tokens(TREATMENTS),
        "use": Tokens(("decided", "kept", "rebuilt", "free")),
        "condition": Tokens(CONDITIONS, ";"),
        "status": Tokens(FACILITY_STATUS, ";"),
        "former_level": Tokens(("commune", "district"), ";"),
        "hazard": Tokens(("yes", "no")),
        "decided_by": Tokens(("province", "commune")),
    },
}
_FIGURES: Mapping[str, Mapping[str, Range | tuple[float, ...]]] = {
    "land_use": {
        "score": Range(0, 1), "red": Range(0, 255), "green": Range(0, 255), "blue": Range(0, 255),
    },
    "eligibility": {
        "threshold": Range(), "distance_m": Range(), "distance_urban_m": Range(), "severity": _SEVERITY,
        "tolerance_percent": Range(0, 100),
    },
    "plan_kinds": {
        "severity": _SEVERITY, "mandatory": _FLAG, "fills_ground": _FLAG, "marks_land_to_keep": _FLAG,
    },
    "plan_compatibility": {"severity": _SEVERITY, "score": Range(0, 1)},
    "speeds": {
        "speed_kmh": Range(), "car_kmh": Range(), "default_width_m": Range(), "frontage": _FLAG, "main": _FLAG,
    },
    "costs": {"value": Range(), "floors_from": Range(), "floors_to": Range()},
    "steps": {"months": Range()},
    "surplus": {"minimum_land_m2": Range(), "deadline_days": Range()},
}  # fmt: skip
# columns that tell the rows of a table apart: of two rows with one key only one would hold
_KEYS: Mapping[str, tuple[str, ...]] = {
    "land_use": ("code",),
    "eligibility": ("rule",),
    "plan_kinds": ("plan_kind",),
    "plan_precedence": ("rule",),
    "approval_levels": ("pattern",),
    "plan_compatibility": ("plan_kind", "function"),
    "speeds": ("road_class",),
    "ground": ("key",),
    "climate": ("element", "scenario", "period"),
    "steps": ("step", "build_type"),
}


def check_rules(tables: Mapping[str, pd.DataFrame], files: Mapping[str, str]) -> list[Problem]:
    """Return every problem of the cells of rule tables.

    Parameters
    ----------
    tables
        Rule tables that could be read, by name; numbers are floats, the rest text or None, ``_row`` the row number.
    files
        File of each table.
    """
    found: list[Problem] = []
    for name, table in tables.items():
        rows = [_Row(row, files[name]) for row in records(table)]
        for column, tokens in _TOKENS.get(name, {}).items():
            found += [p for row in rows for p in row.tokens(column, tokens)]
        for column, allowed in _FIGURES.get(name, {}).items():
            found += [p for row in rows for p in row.figure(column, allowed)]
        found += _twice(rows, _KEYS.get(name, ()))
        if name == "costs":
            found += _floors_twice(rows)
        elif name == "eligibility":
            codes = _column(tables, "land_use", "code")
            kinds = _column(tables, "plan_kinds", "plan_kind")
            found += [p for row in rows for p in _eligibility(row, codes, kinds)]
        elif name == "plan_compatibility" and "plan_kinds" in tables:
            known = Tokens((*_column(tables, "plan_kinds", "plan_kind"), "*"), needed=True)
            found += [p for row in rows for p in row.tokens("plan_kind", known)]
    return found


def _column(tables: Mapping[str, pd.DataFrame], name: str, column: str) -> tuple[str, ...]:
    return tuple(str(v) for v in tables[name][column].dropna()) if name in tables else ()


def unknown_token(value: str, known: Iterable[str]) -> dict[str, Any]:
    """Parameters of a problem with a value that is not in a list: the list, and the nearest in it."""
    listed = list(dict.fromkeys(known))
    near = get_close_matches(value.casefold(), [k.casefold() for k in listed], 1)
    nearest = next((k for k in listed if near and k.casefold() == near[0]), "–")
    return {"known": ", ".join(listed) or "–", "near": nearest}


class _Row:
    """One row of a rule table, with its place."""

    def __init__(self, cells: Mapping[Any, Any], file: str) -> None:
        self.cells, self.file, self.number = cells, file, str(cells["_row"])

    def text(self, column: str) -> str:
        value = self.cells[column]
        return value if isinstance(value, str) else ""

    def shown(self, column: str) -> str:
        """Cell as text, empty where there is none; a figure as short as it can be written."""
        value = self.cells[column]
        if isinstance(value, float):
            return "" if math.isnan(value) else f"{value:g}"
        return value or ""

    def problem(self, key: str, column: str, value: str = "", **params: Any) -> Problem:
        return Problem(key, file=self.file, feature=self.number, column=column, value=value, params=params)

    def unknown(self, column: str, value: str, known: Iterable[str]) -> Problem:
        return self.problem("rule_token_unknown", column, value, **unknown_token(value, known))

    def tokens(self, column: str, allowed: Tokens) -> Iterator[Problem]:
        words = self.text(column)
        if not words and allowed.needed:
            yield self.problem("rule_cell_missing", column, known=", ".join(allowed.known))
        for word in words.split(allowed.separator) if allowed.separator and words else [words] * bool(words):
            held = word in allowed.known or (allowed.patterns and any(fnmatchcase(word, k) for k in allowed.known))
            if not held:
                yield self.unknown(column, word, allowed.known)

    def figure(self, column: str, allowed: Range | tuple[float, ...]) -> Iterator[Problem]:
        value = float(self.cells[column])
        if math.isnan(value):
            return
        if isinstance(allowed, tuple):
            held, told = value in allowed, ", ".join(f"{v:g}" for v in allowed)
        else:
            held = allowed.least <= value <= allowed.greatest
            told = f"{allowed.least:g} … {'' if math.isinf(allowed.greatest) else f'{allowed.greatest:g}'}".strip()
        if not held:
            yield self.problem("rule_number_outside", column, f"{value:g}", known=told)


def _twice(rows: Sequence[_Row], key: tuple[str, ...]) -> Iterator[Problem]:
    """Tell rows whose key another row has, and rows that lack the first part of it."""
    first: dict[tuple[str, ...], str] = {}
    for row in rows if key else ():
        own = tuple(row.text(column) for column in key)
        if not own[0]:
            yield row.problem("rule_cell_missing", key[0], known="–")
        elif first.setdefault(own, row.number) != row.number:
            value = " ".join(part for part in own if part)
            yield row.problem("rule_twice", key[0], value, first=first[own])


def _floors_twice(rows: Sequence[_Row]) -> Iterator[Problem]:
    """Tell prices of one component whose numbers of floors overlap."""
    before: dict[str, list[tuple[float, float, str]]] = {}
    for row in rows:
        component = row.text("component")
        low, high = float(row.cells["floors_from"]), float(row.cells["floors_to"])
        low, high = 1.0 if math.isnan(low) else low, math.inf if math.isnan(high) else high
        same = next((r for a, b, r in before.get(component, []) if a <= high and low <= b), None)
        if same is not None:
            yield row.problem("rule_twice", "component", component, first=same)
        before.setdefault(component, []).append((low, high, row.number))


def columns_of(role: str) -> dict[str, str]:
    """Columns that a rule on a role may name, with their kinds."""
    own = {column.name: str(column.kind) for column in INPUTS[role].columns}
    return own | dict(DERIVED.get(role, {}))


def _eligibility(row: _Row, codes: tuple[str, ...], kinds: tuple[str, ...]) -> Iterator[Problem]:
    """Tell columns and values that a rule of eligibility names and that its role does not have."""
    role = row.text("role")
    if role in OF_THE_SITE:
        yield from _of_the_site(row, role)
        return
    if role not in ROLES:
        return  # told with the tokens
    if role == PLAN_ZONES and row.text("strength") in ("soft", "for"):
        yield row.unknown("strength", row.text("strength"), ("hard",))
    if row.text("source") == "plan" and role != PLAN_ZONES:
        yield row.unknown("source", "plan", [s for s in SOURCES if s != "plan"])
    if not (row.shown("distance_m") or row.shown("distance_urban_m")):
        yield row.problem("rule_cell_missing", "distance_m", known="0 …")
    if row.shown("threshold"):
        yield row.problem("rule_cell_unused", "threshold", row.shown("threshold"), role=role)
    column, columns = row.text("column"), columns_of(role)
    if column and column not in columns:
        yield row.unknown("column", column, columns)
    elif column:
        yield from _values(row, columns[column], _known(role, column, codes, kinds))
    elif row.text("values"):
        yield row.problem("rule_cell_missing", "column", known=", ".join(columns))


def _of_the_site(row: _Row, role: str) -> Iterator[Problem]:
    """Tell cells of a rule about a site as a whole that say what no such rule can hold."""
    column = OF_THE_SITE[role]
    if row.text("column") != column:
        key = "rule_cell_unused" if not column else "rule_token_unknown"
        params = {"role": role} if not column else unknown_token(row.text("column"), (column,))
        yield row.problem(key, "column", row.text("column"), **params)
    unused = ["values", "distance_m", "distance_urban_m"] + ["tolerance_percent"] * (role == "sites")
    for name in (*unused, *(["threshold"] if not column else [])):
        if row.shown(name) not in ("", "0"):
            yield row.problem("rule_cell_unused", name, row.shown(name), role=role)
    if column and not row.shown("threshold"):
        yield row.problem("rule_cell_missing", "threshold", known="0 …")
    if row.text("strength") == "for":
        yield row.unknown("strength", "for", ("hard", "soft"))


def _known(role: str, column: str, codes: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Tokens that can stand in a column; none where any text can."""
    hazards = INPUTS["hazards"].column("hazard_kind").values
    listed: Mapping[tuple[str, str], tuple[str, ...]] = {
        ("land_use", "land_use"): codes,
        ("land_use", "suitability"): SUITABILITIES,
        ("land_use", "category"): LAND_CATEGORIES,
        ("land_use", "suitability_category"): tuple(f"{s}:{c}" for s in SUITABILITIES for c in LAND_CATEGORIES),
        ("hazards", "kind_level"): tuple(f"{h}:{level}" for h in hazards for level in (*HAZARD_LEVELS, LEVEL_UNKNOWN)),
        (PLAN_ZONES, "effect"): EFFECTS,
        (PLAN_ZONES, "standing"): STANDINGS,
        (PLAN_ZONES, "plan_kind"): kinds,
    }
    if (role, column) in listed:
        return listed[role, column]
    return next((c.values for c in INPUTS[role].columns if c.name == column), ())


def _values(row: _Row, kind: str, known: tuple[str, ...]) -> Iterator[Problem]:
    """Tell values that nothing in their column can be."""
    for value in (v.strip() for v in row.text("values").split("|")):
        if value in ("", "none"):
            continue
        if ".." in value and not known:
            if not _is_range(value):
                yield row.problem("rule_range_invalid", "values", value)
        elif kind in ("int", "float"):
            yield row.problem("rule_range_invalid", "values", value)
        elif kind == "bool" and value not in ("True", "False"):
            yield row.unknown("values", value, ("True", "False"))
        # of parcels with several uses ("ONT+CLN") each part counts
        elif known and not all(any(fnmatchcase(k, part.strip()) for k in known) for part in value.split("+")):
            yield row.unknown("values", value, (*known, "none"))


def _is_range(value: str) -> bool:
    """Whether text is a range ``a..b`` of numbers that holds any: either end may be open."""
    low, high = (end.strip() for end in value.split("..", 1))
    try:
        return float(low or "-inf") < float(high or "inf")
    except ValueError:
        return False
