"""Rules, norms and prices as data: tables whose every row has a legal basis, a date of effect and a certainty.

Certainty: V read in the primary document, V2 in a secondary text, C computed, R recalled, P proposed. What is R or P is
an assumption and is printed with every output that uses it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from siteplan.errors import InputError, Problem
from siteplan.tables.results import CERTAINTY
from siteplan.tabular import AmbiguousNumberError, parse_number, read_table

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
            "treatment",
        ),
        ("threshold", "distance_m", "distance_urban_m", "severity", "tolerance_percent"),
    ),
    "plan_kinds": (
        ("plan_kind", "name", "name_en", "precedence", "severity", "mandatory", "owner"),
        ("precedence", "severity", "mandatory"),
    ),
    "plan_compatibility": (
        ("plan_kind", "function", "name", "name_en", "effect", "severity", "treatment", "score"),
        ("severity", "score"),
    ),
    "speeds": (
        ("road_class", "name", "name_en", "speed_kmh", "default_width_m", "frontage", "main"),
        ("speed_kmh", "default_width_m", "frontage", "main"),
    ),
    "costs": (
        ("component", "name", "name_en", "build_type", "floors_from", "floors_to", "value", "unit", "rate_of"),
        ("floors_from", "floors_to", "value"),
    ),
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
        ),
        ("order", "minimum_land_m2"),
    ),
}


@dataclass(frozen=True)
class Norm:
    """One norm: a value with its unit, where it stands, and how sure that is."""

    key: str
    value: float
    unit: str
    document: str
    article: str
    certainty: str
    standard: str
    note: str = ""

    @property
    def legal_basis(self) -> str:
        """Document and article as printed."""
        return f"{self.document}, {self.article}" if self.article else self.document

    @property
    def assumption_id(self) -> str:
        """Id under which it is listed where it is an assumption."""
        return f"norm.{self.key}"


class Norms(Mapping[str, Norm]):
    """The norms in force on a date, from one standard and those that support it; the first that has a key prevails."""

    def __init__(
        self,
        norms: Mapping[str, Norm],
        date: dt.date,
        sets: tuple[str, ...],
        look_in: str,
        places: Mapping[str, str] | None = None,
    ) -> None:
        self._norms = dict(norms)
        self._places = dict(places or {})
        self.date = date
        self.sets = sets
        self._look_in = look_in

    def __getitem__(self, key: str) -> Norm:
        try:
            return self._norms[key]
        except KeyError:
            problem = Problem(
                "norm_missing",
                column=key,
                value=str(self.date),
                params={"sets": ", ".join(self.sets), "document": self._places.get(str(key), self._look_in)},
            )
            raise InputError(problem) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._norms)

    def __len__(self) -> int:
        return len(self._norms)

    def __contains__(self, key: object) -> bool:
        return key in self._norms

    def with_value(self, key: str, value: float, place: str) -> Norms:
        """Return the norms with one value replaced by a proposal that stands at `place` (a scenario file)."""
        old = self[key]
        if old.value == value:
            return self
        new = replace(old, value=value, document=place, article="", certainty="P", standard=place)
        return Norms({**self._norms, key: new}, self.date, self.sets, self._look_in, self._places)

    def value(self, key: str) -> float:
        """Value of a norm; :class:`~siteplan.errors.InputError` names the document to look in where it is missing."""
        return self[key].value


def _date(words: str | None, path: Path, row: object, column: str) -> dt.date | None:
    if words is None:
        return None
    try:
        return dt.date.fromisoformat(words)
    except ValueError:
        raise InputError(
            Problem("date_invalid", file=str(path), feature=str(row), column=column, value=words)
        ) from None


def load_norms(folder: Path, standard: str, supporting: tuple[str, ...], date: dt.date) -> Norms:
    """Read the norms in force on `date` from ``<folder>/<standard>.csv`` (or .xlsx) and the supporting sets.

    Columns: key, value, unit, document, article, effective_from, effective_to, certainty, note. Of several versions of
    one key in a file, the one whose period holds the date applies; of several files, the first named.

    Raises
    ------
    InputError
        Where a file is missing (with the sets there are), or rows are wrong (all of them).
    """
    found: dict[str, Norm] = {}
    problems: list[Problem] = []
    documents: list[str] = []
    places: dict[str, str] = {}
    for name in (standard, *supporting):
        path = next((p for p in (folder / f"{name}.csv", folder / f"{name}.xlsx") if p.is_file()), None)
        if path is None:
            known = ", ".join(sorted({p.stem for p in folder.glob("*.csv")} | {p.stem for p in folder.glob("*.xlsx")}))
            problems.append(
                Problem("standard_missing", file=str(folder / f"{name}.csv"), value=name, params={"known": known})
            )
            continue
        in_file: dict[str, Norm] = {}
        table = read_table(path)
        needed = {"key", "value", "unit", "document", "article", "effective_from", "effective_to", "certainty"}
        absent = sorted(needed - set(table.columns))
        if absent:
            problems += [Problem("column_missing", file=str(path), column=column) for column in absent]
            continue
        for row in table.to_dict("records"):
            start = _date(row["effective_from"], path, row["_row"], "effective_from")
            end = _date(row["effective_to"], path, row["_row"], "effective_to")
            if (start and date < start) or (end and date > end):
                continue
            key = str(row["key"])
            documents.append(str(row["document"]))
            if row["value"] is None:
                # a place kept for a norm that is not known yet: it names the document to look in
                places.setdefault(key, ", ".join(str(row[c]) for c in ("document", "article") if row[c]))
                continue
            try:
                value = parse_number(str(row["value"]))
            except ValueError as error:
                kind = "number_ambiguous" if isinstance(error, AmbiguousNumberError) else "number_invalid"
                problems.append(
                    Problem(kind, file=str(path), feature=str(row["_row"]), column="value", value=str(row["value"]))
                )
                continue
            if row["certainty"] not in CERTAINTY:
                problems.append(
                    Problem(
                        "certainty_unknown",
                        file=str(path),
                        feature=str(row["_row"]),
                        column="certainty",
                        value=str(row["certainty"]),
                    )
                )
                continue
            if key in in_file:
                problems.append(
                    Problem("norm_twice", file=str(path), feature=str(row["_row"]), column="key", value=key)
                )
            texts = {column: str(row[column] or "") for column in ("unit", "document", "article", "certainty")}
            in_file[key] = Norm(key, value, standard=name, note=str(row.get("note") or ""), **texts)
        for key, norm in in_file.items():
            found.setdefault(key, norm)
    if problems:
        raise InputError(*problems)
    return Norms(found, date, (standard, *supporting), "; ".join(dict.fromkeys(documents)), places)


@dataclass(frozen=True)
class Rules:
    """All rule tables of a workspace, as read and checked; numbers are floats, the rest text or None."""

    land_use: pd.DataFrame
    eligibility: pd.DataFrame
    plan_kinds: pd.DataFrame
    plan_compatibility: pd.DataFrame
    speeds: pd.DataFrame
    costs: pd.DataFrame
    surplus: pd.DataFrame


def load_rules(folder: Path) -> Rules:
    """Read the rule tables ``<folder>/<name>.csv`` (or .xlsx).

    Raises
    ------
    InputError
        With every problem of every table: missing file or column, number that cannot be read, row without legal basis,
        unknown certainty.
    """
    problems: list[Problem] = []
    tables: dict[str, pd.DataFrame] = {}
    for name, (columns, numbers) in _TABLES.items():
        path = next(
            (p for p in (folder / f"{name}.csv", folder / f"{name}.xlsx") if p.is_file()), folder / f"{name}.csv"
        )
        try:
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
        tables[name] = table
    if problems:
        raise InputError(*problems)
    return Rules(**tables)


def _number_or_problem(words: object, path: Path, row: object, column: str, problems: list[Problem]) -> float:
    if words is None:
        return float("nan")
    try:
        return parse_number(str(words))
    except ValueError as error:
        kind = "number_ambiguous" if isinstance(error, AmbiguousNumberError) else "number_invalid"
        problems.append(Problem(kind, file=str(path), feature=str(row), column=column, value=str(words)))
        return float("nan")
