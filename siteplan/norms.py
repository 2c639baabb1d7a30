"""Norms as data: values with unit, legal basis, dates of effect and certainty; those in force on a date."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siteplan.errors import InputError, Problem
from siteplan.tables.parts import CERTAINTY
from siteplan.tabular import AmbiguousNumberError, parse_number, read_table, table_named


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


@dataclass(frozen=True)
class NormVersion:
    """One row of a norm set, in force or not: the norm (None for a place kept empty), its period, where it stands."""

    key: str
    norm: Norm | None
    standard: str
    document: str
    article: str
    start: dt.date | None
    end: dt.date | None
    file: str
    row: str

    def state(self, date: dt.date) -> str:
        """``in_force``, ``ended`` or ``upcoming`` on a date."""
        if self.start and date < self.start:
            return "upcoming"
        return "ended" if self.end and date > self.end else "in_force"


class Norms(Mapping[str, Norm]):
    """The norms in force on a date, from one standard and those that support it; the first that has a key prevails.

    ``versions`` holds every row of the sets, whatever its period.
    """

    def __init__(
        self,
        norms: Mapping[str, Norm],
        date: dt.date,
        sets: tuple[str, ...],
        versions: tuple[NormVersion, ...] = (),
    ) -> None:
        self._norms = dict(norms)
        self.date = date
        self.sets = sets
        self.versions = versions

    def __getitem__(self, key: str) -> Norm:
        try:
            return self._norms[key]
        except KeyError:
            raise InputError(self._missing(str(key))) from None

    def _missing(self, key: str) -> Problem:
        """Tell that a norm is not there, with the place kept for it and the document to look in."""
        own = [v for v in self.versions if v.key == key]
        kept = [v for v in own if v.norm is None and v.state(self.date) == "in_force"]
        if kept:
            document = ", ".join(words for words in (kept[0].document, kept[0].article) if words)
            return Problem(
                "norm_empty",
                file=kept[0].file,
                feature=kept[0].row,
                column=key,
                value=str(self.date),
                params={"document": document},
            )
        look_in = own or [v for v in self.versions if v.state(self.date) == "in_force"]
        documents = "; ".join(dict.fromkeys(v.document for v in look_in))
        params = {"sets": ", ".join(self.sets), "document": documents}
        return Problem("norm_missing", column=key, value=str(self.date), params=params)

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
        return Norms({**self._norms, key: new}, self.date, self.sets, self.versions)

    def value(self, key: str) -> float:
        """Value of a norm; :class:`~siteplan.errors.InputError` names the document to look in where it is missing."""
        return self[key].value

    def former(self, key: str) -> Norm | None:
        """Return the newest version of a norm that has ended before the date: what old buildings are judged by."""
        ended = [v for v in self.versions if v.key == key and v.norm is not None and v.state(self.date) == "ended"]
        return max(ended, key=lambda v: v.end or dt.date.min).norm if ended else None

    def found(self, keys: Iterable[str]) -> dict[str, Norm]:
        """Return the norms by key.

        Raises
        ------
        InputError
            With every one that is missing, the row to fill and the document to look in.
        """
        problems = [self._missing(key) for key in keys if key not in self._norms]
        if problems:
            raise InputError(*problems)
        return {key: self._norms[key] for key in keys}


def _date(words: str | None, path: Path, row: object, column: str) -> dt.date | None:
    if words is None:
        return None
    try:
        return dt.date.fromisoformat(words)
    except ValueError:
        raise InputError(
            Problem("date_invalid", file=str(path), feature=str(row), column=column, value=words)
        ) from None


_NORM_COLUMNS = ("article", "certainty", "document", "effective_from", "effective_to", "key", "unit", "value")


def _versions(path: Path, standard: str, problems: list[Problem]) -> list[NormVersion]:
    """Read all rows of a norm set; rows that are wrong become problems."""
    table = read_table(path)
    absent = [column for column in _NORM_COLUMNS if column not in table.columns]
    if absent:
        problems += [Problem("column_missing", file=str(path), column=column) for column in absent]
        return []
    found: list[NormVersion] = []
    for row in table.to_dict("records"):
        place: dict[str, Any] = {"file": str(path), "feature": str(row["_row"])}
        try:
            start, end = (_date(row[c], path, row["_row"], c) for c in ("effective_from", "effective_to"))
        except InputError as error:
            problems += error.problems
            continue
        key, norm = str(row["key"]), None
        texts = {column: str(row[column] or "") for column in ("unit", "document", "article", "certainty")}
        if row["value"] is not None:
            try:
                value = parse_number(str(row["value"]))
            except ValueError as error:
                kind = "number_ambiguous" if isinstance(error, AmbiguousNumberError) else "number_invalid"
                problems.append(Problem(kind, column="value", value=str(row["value"]), **place))
                continue
            if row["certainty"] not in CERTAINTY:
                problems.append(Problem("certainty_unknown", column="certainty", value=str(row["certainty"]), **place))
                continue
            norm = Norm(key, value, standard=standard, note=str(row.get("note") or ""), **texts)
        found.append(
            NormVersion(
                key, norm, standard, texts["document"], texts["article"], start, end, str(path), str(row["_row"])
            )
        )
    return found


def load_norms(folder: Path, standard: str, supporting: tuple[str, ...], date: dt.date) -> Norms:
    """Read the norms in force on `date` from ``<folder>/<standard>.csv`` (or .xlsx) and the supporting sets.

    Columns: key, value, unit, document, article, effective_from, effective_to, certainty, note. Of several versions of
    one key in a file, the one whose period holds the date applies; of several files, the first named. A row without a
    value keeps a place for a norm that is not known yet.

    Raises
    ------
    InputError
        Where a file is missing (with the sets there are), or rows are wrong (all of them).
    """
    norms: dict[str, Norm] = {}
    problems: list[Problem] = []
    versions: list[NormVersion] = []
    for name in (standard, *supporting):
        try:
            path = table_named(folder, name)
        except InputError as error:
            problems += error.problems
            continue
        if path is None:
            known = ", ".join(sorted({p.stem for p in folder.glob("*.csv")} | {p.stem for p in folder.glob("*.xlsx")}))
            problems.append(
                Problem("standard_missing", file=str(folder / f"{name}.csv"), value=name, params={"known": known})
            )
            continue
        in_file: dict[str, Norm] = {}
        own = _versions(path, name, problems)
        versions += own
        for version in own:
            if version.norm is None or version.state(date) != "in_force":
                continue
            if version.key in in_file:
                problems.append(
                    Problem("norm_twice", file=str(path), feature=version.row, column="key", value=version.key)
                )
            in_file[version.key] = version.norm
        for key, norm in in_file.items():
            norms.setdefault(key, norm)
    if problems:
        raise InputError(*problems)
    return Norms(norms, date, (standard, *supporting), tuple(versions))


def stepped_points(value: float, norms: Norms, prefix: str, share: float = 1.0) -> float:
    """Points of one size in the classification of administrative units (NĐ 307/2025/NĐ-CP).

    Base points up to the base; above it step points for each full step; never more than the maximum.

    Parameters
    ----------
    value
        Population (people) or area (km²); NaN gives NaN.
    prefix
        Beginning of the norm keys, e.g. ``nd307.commune.population``.
    share
        Part of the base and of the step that applies (mountain communes: 0.75 of the population).
    """
    if math.isnan(value):
        return math.nan
    base, step = (norms.value(f"{prefix}.{key}") * share for key in ("base", "step"))
    steps = max(0.0, math.floor(round((value - base) / step, 9)))
    points = norms.value(f"{prefix}.base_points") + steps * norms.value(f"{prefix}.step_points")
    return float(min(points, norms.value(f"{prefix}.max_points")))
