"""A form that somebody prescribes for a data set: folders, groups, classes, fields, and what of a run goes where.

All of it is data, in ``layers/templates/<form>/``: ``thu_muc.csv`` (folders), ``nhom.csv`` (groups), ``lop.csv``
(classes, and the theme of the kit that fills each), ``truong.csv`` (fields). Each row has its source and certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from siteplan.errors import InputError, Problem, UsageError
from siteplan.outputs.handover.content import THEMES
from siteplan.tables import INPUTS, RESULTS, Column, Table
from siteplan.tabular import read_table

FOLDERS, GROUPS, CLASSES, FIELDS = "thu_muc.csv", "nhom.csv", "lop.csv", "truong.csv"
WORDS = "words:"
SHAPES: Mapping[str, str] = {"A": "polygon", "L": "line", "P": "point"}
FILLED_BY = ("issued", "id", "name", "kind", "note")
_CHANGES = ("", "point", "outline")


@dataclass(frozen=True)
class Piece:
    """What fills a class: a theme, which of its rows, and how its columns become fields.

    Parameters
    ----------
    shape
        Empty (as it is), ``point`` (a point inside) or ``outline`` (boundaries, each once).
    where
        Column to tokens; which rows.
    id, name, kind, note
        Columns; of one beginning with ``words:`` the rest is a key of fixed words.
    """

    theme: str
    shape: str
    where: tuple[str, tuple[str, ...]] | None
    id: tuple[str, ...]
    name: tuple[str, ...]
    kind: tuple[str, ...]
    note: tuple[str, ...]


@dataclass(frozen=True)
class FormClass:
    """One class: its database and group, its name (which ends in _A, _L or _P), what fills it (nothing: no data)."""

    database: str
    group: str
    name: str
    pieces: tuple[Piece, ...]
    source: str
    certainty: str

    @property
    def shape(self) -> str:
        """Type of its geometry."""
        return SHAPES[self.name[-1]]


@dataclass(frozen=True)
class FormField:
    """One field of every class: what it is filled by, and the value an issued code has (empty while it is not)."""

    name: str
    length: int
    label: str
    label_en: str
    filled_by: str
    value: str
    source: str
    certainty: str


@dataclass(frozen=True)
class Form:
    """A form as its tables tell it; ``folders`` and ``groups`` are rows of text."""

    name: str
    folders: tuple[Mapping[str, str], ...]
    groups: Mapping[tuple[str, str], Mapping[str, str]]
    classes: tuple[FormClass, ...]
    fields: tuple[FormField, ...]

    @property
    def themes(self) -> tuple[str, ...]:
        """Themes of the kit that fill some class, in the order of the kit."""
        used = {piece.theme for one in self.classes for piece in one.pieces}
        return tuple(theme for theme in THEMES if theme in used)

    def table(self, one: FormClass) -> Table:
        """Return the schema of a class."""
        columns = tuple(Column(f.name, "text", f.label, f.label_en, f.name[:10]) for f in self.fields)
        group = self.groups.get((one.database, one.group), {})
        label, label_en = (f"{one.name}: {group.get(k) or one.group}" for k in ("title", "title_en"))
        return Table(one.name, label, label_en, columns, (), SHAPES[one.name[-1]])  # type: ignore[arg-type]


def load_form(name: str, folders: Sequence[Path]) -> Form:
    """Read a form from the first of some template folders that has it.

    Raises
    ------
    UsageError
        Where none has it, with those there are.
    InputError
        Where its tables name a theme, column, shape or field that there is not.
    """
    known = sorted({path.parent.name for folder in folders for path in folder.glob(f"*/{CLASSES}")})
    if name not in known:
        raise UsageError(Problem("kit_form_unknown", value=name[:80], params={"known": ", ".join(known) or "–"}))
    folder = next(f / name for f in folders if (f / name / CLASSES).is_file())
    problems: list[Problem] = []
    fields = tuple(_field(row, folder / FIELDS, problems) for row in _rows(folder / FIELDS))
    found: dict[tuple[str, str, str], list[Mapping[str, str]]] = {}
    for row in _rows(folder / CLASSES):
        found.setdefault((row["database"], row["group"], row["class"]), []).append(row)
    classes = tuple(_class(key, rows, folder / CLASSES, problems) for key, rows in found.items())
    groups = {(row["database"], row["group"]): row for row in _rows(folder / GROUPS)}
    if problems:
        raise InputError(*problems)
    return Form(name, tuple(_rows(folder / FOLDERS)), groups, classes, fields)


def _rows(path: Path) -> list[dict[str, str]]:
    table: pd.DataFrame = read_table(path)
    return [{str(k): "" if v is None else str(v) for k, v in row.items()} for row in table.to_dict("records")]


def _wrong(path: Path, row: Mapping[str, str], column: str, known: Any) -> Problem:
    return Problem(
        "kit_form_wrong", file=str(path), feature=row.get("_row", ""), column=column, value=row.get(column, "")[:120],
        params={"known": ", ".join(str(k) or "–" for k in known)},
    )  # fmt: skip


def _field(row: Mapping[str, str], path: Path, problems: list[Problem]) -> FormField:
    if row.get("filled_by") not in FILLED_BY:
        problems.append(_wrong(path, row, "filled_by", FILLED_BY))
    if not row.get("length", "").isdigit():
        problems.append(_wrong(path, row, "length", ("1–255",)))
        row = {**row, "length": "0"}
    return FormField(
        row.get("field", ""), int(row["length"]), row.get("label", ""), row.get("label_en", ""),
        row.get("filled_by", ""), row.get("value", ""), row.get("source", ""), row.get("certainty", ""),
    )  # fmt: skip


def _class(
    key: tuple[str, str, str], rows: Sequence[Mapping[str, str]], path: Path, problems: list[Problem]
) -> FormClass:
    if key[2][-2:-1] != "_" or key[2][-1:] not in SHAPES:
        problems.append(_wrong(path, rows[0], "class", [f"*_{letter}" for letter in SHAPES]))
        key = (*key[:2], f"{key[2]}_A")
    pieces = tuple(piece for row in rows if row.get("theme") for piece in _piece(row, path, problems))
    return FormClass(*key, pieces, rows[0].get("source", ""), rows[0].get("certainty", ""))


def columns_of(theme: str) -> set[str]:
    """Return the columns a theme of the kit may have; zones of plans carry those of their plan."""
    table = RESULTS.get(theme) or INPUTS[theme]
    return {*table.names, *(INPUTS["plans"].names if theme not in RESULTS else ())}


def _piece(row: Mapping[str, str], path: Path, problems: list[Problem]) -> list[Piece]:
    before = len(problems)
    if row["theme"] not in THEMES:
        problems.append(_wrong(path, row, "theme", THEMES))
        return []
    if row.get("shape", "") not in _CHANGES:
        problems.append(_wrong(path, row, "shape", _CHANGES))
    columns = columns_of(row["theme"])
    parts: dict[str, tuple[str, ...]] = {}
    for name in ("id", "name", "kind", "note"):
        parts[name] = tuple(row.get(name, "").split())
        if any(part not in columns for part in parts[name] if not part.startswith(WORDS)):
            problems.append(_wrong(path, row, name, sorted(columns)))
    column, _, tokens = row.get("where", "").partition("=")
    if column and column not in columns:
        problems.append(_wrong(path, row, "where", sorted(columns)))
    if len(problems) > before:
        return []
    where = (column, tuple(tokens.split("|"))) if column else None
    return [Piece(row["theme"], row.get("shape", ""), where, **parts)]
