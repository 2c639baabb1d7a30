"""Rules and prices as data: tables whose every row has a legal basis, a date of effect and a certainty.

Certainty: V read in the primary document, V2 in a secondary text, C computed, R recalled, P proposed. What is R or P is
an assumption and is printed with every output that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from siteplan.errors import InputError, Problem
from siteplan.rule_checks import check_rules
from siteplan.rule_rows import check_rows
from siteplan.tables.parts import CERTAINTY
from siteplan.tabular import AmbiguousNumberError, parse_number, read_table, table_named

ASSUMED = ("R", "P")

# every rule table also has legal_basis and certainty; numbers are listed, the rest is text
_TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "land_use": (
        ("code", "name", "name_en", "group", "suitability", "category", "score", "reason", "red", "green", "blue"),
        ("score", "red", "green", "blue"),
    ),
    "eligibility": (
        (
            "rule",
            "name",
            "name_en",
            "role",
            "column",
            "values",
            "threshold",
            "distance_m",
            "distance_urban_m",
            "strength",
            "source",
            "severity",
            "tolerance_percent",
            "discuss",
            "treatment",
        ),
        ("threshold", "distance_m", "distance_urban_m", "severity", "tolerance_percent"),
    ),
    "plan_kinds": (
        (
            "plan_kind",
            "name",
            "name_en",
            "precedence",
            "severity",
            "mandatory",
            "owner",
            "fills_ground",
            "marks_land_to_keep",
            "withheld",
            "former_basis",
        ),
        ("precedence", "severity", "mandatory", "fills_ground", "marks_land_to_keep"),
    ),
    "plan_precedence": (("order", "rule", "name", "name_en", "treatment"), ("order",)),
    "approval_levels": (("rank", "pattern", "name", "name_en"), ("rank",)),
    "plan_compatibility": (
        ("plan_kind", "function", "name", "name_en", "effect", "severity", "treatment", "score"),
        ("severity", "score"),
    ),
    "speeds": (
        ("road_class", "name", "name_en", "speed_kmh", "car_kmh", "default_width_m", "frontage", "main"),
        ("speed_kmh", "car_kmh", "default_width_m", "frontage", "main"),
    ),
    "ground": (("key", "name", "name_en", "value", "unit"), ("value",)),
    "plausible": (("key", "name", "name_en", "value", "unit"), ("value",)),
    "climate": (("element", "name", "name_en", "scenario", "period", "value", "unit"), ("value",)),
    "costs": (
        ("component", "name", "name_en", "build_type", "floors_from", "floors_to", "value", "unit", "rate_of"),
        ("floors_from", "floors_to", "value"),
    ),
    "steps": (("step", "order", "name", "name_en", "build_type", "months"), ("order", "months")),
    "surplus": (
        (
            "order",
            "treatment",
            "name",
            "name_en",
            "use",
            "condition",
            "status",
            "former_level",
            "hazard",
            "minimum_land_m2",
            "decided_by",
            "deadline_days",
        ),
        ("order", "minimum_land_m2", "deadline_days"),
    ),
}
# workspaces that are older than the table go on without it; the check tells what it cannot check then
_OPTIONAL = ("plausible",)


@dataclass(frozen=True)
class Rules:
    """All rule tables of a workspace, as read and checked; numbers are floats, the rest text or None."""

    land_use: pd.DataFrame
    eligibility: pd.DataFrame
    plan_kinds: pd.DataFrame
    plan_compatibility: pd.DataFrame
    plan_precedence: pd.DataFrame
    approval_levels: pd.DataFrame
    speeds: pd.DataFrame
    ground: pd.DataFrame
    climate: pd.DataFrame
    costs: pd.DataFrame
    surplus: pd.DataFrame
    steps: pd.DataFrame
    plausible: pd.DataFrame


_HOUSEHOLDS = "household."  # key of ``ground.csv``; uses that stand together are parted by "|"


def households_by_use(ground: Mapping[str, float]) -> dict[str, float]:
    """Households in a building by its use in small letters, of ``ground.csv`` by key; a use it lacks is not known."""
    told = {key.removeprefix(_HOUSEHOLDS): value for key, value in ground.items() if key.startswith(_HOUSEHOLDS)}
    return {use.strip(): value for uses, value in told.items() for use in uses.casefold().split("|")}


def load_rules(folder: Path) -> Rules:
    """Read the rule tables ``<folder>/<name>.csv`` (or .xlsx).

    Raises
    ------
    InputError
        With every problem of every table: missing file or column, number that cannot be read, row without legal basis,
        unknown certainty, and what :func:`siteplan.rule_checks.check_rules` tells.
    """
    problems: list[Problem] = []
    tables: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    for name, (columns, numbers) in _TABLES.items():
        try:
            path = table_named(folder, name) or folder / f"{name}.csv"
            if name in _OPTIONAL and not path.is_file():
                tables[name] = pd.DataFrame(columns=[*columns, "legal_basis", "certainty"])
                continue
            table = read_table(path)
        except InputError as error:
            problems += error.problems
            continue
        absent = [c for c in (*columns, "legal_basis", "certainty") if c not in table.columns]
        problems += [Problem("column_missing", file=str(path), column=column) for column in absent]
        if absent:
            continue
        for column in numbers:
            table[column] = [
                _number_or_problem(v, path, r, column, problems)
                for v, r in zip(table[column], table["_row"], strict=True)
            ]
            table[column] = table[column].astype("float64")
        for row, basis, certainty in zip(table["_row"], table["legal_basis"], table["certainty"], strict=True):
            if basis is None:
                problems.append(Problem("rule_without_basis", file=str(path), feature=str(row), column="legal_basis"))
            if certainty not in CERTAINTY:
                problems.append(
                    Problem(
                        "certainty_unknown", file=str(path), feature=str(row), column="certainty", value=str(certainty)
                    )
                )
        if name == "eligibility":
            problems += _undiscussable(table, path)
        tables[name], files[name] = table, str(path)
    problems += check_rules(tables, files)
    problems += [p for name, file in files.items() for p in check_rows(name, tables[name], file)]
    if problems:
        raise InputError(*problems)
    return Rules(**tables)


def _undiscussable(table: pd.DataFrame, path: Path) -> list[Problem]:
    """Tell looser values that are neither a number nor ``off``."""
    return [
        Problem("number_invalid", file=str(path), feature=str(row), column="discuss", value=word.strip())
        for row, words in zip(table["_row"], table["discuss"], strict=True)
        for word in str(words or "").split("|")
        if word.strip() not in ("", "off") and not word.strip().replace(".", "", 1).isdigit()
    ]


def _number_or_problem(words: object, path: Path, row: object, column: str, problems: list[Problem]) -> float:
    if words is None:
        return float("nan")
    try:
        return parse_number(str(words))
    except ValueError as error:
        kind = "number_ambiguous" if isinstance(error, AmbiguousNumberError) else "number_invalid"
        problems.append(Problem(kind, file=str(path), feature=str(row), column=column, value=str(words)))
        return float("nan")
