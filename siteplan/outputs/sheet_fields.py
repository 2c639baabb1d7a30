"""Columns of a sheet: heading, width, kind of its cells; how many lines a row needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from siteplan.outputs import wording

if TYPE_CHECKING:
    from siteplan.tables import Column

Kind = Literal["text", "line", "int", "year", "number", "money", "input"]

LINES_SHOWN = 4  # of an annex; a longer text is read in its cell
LINES_PRINTED = 14  # of a main sheet, where nothing may be cut
LINES_OF_EXCEL = 27  # no row is higher than 409 points
WIDEST, WIDEST_OF_REASONS = 60.0, 84.0  # to which a column grows for its texts
_OF_A_LINE = 0.9  # of the width of a narrow column that words fill before they break
_LETTERS, _LOST = 1.1, 2.5  # letters to a unit of width, and what the end of a line loses of them
_A_LITTLE = 1.4
_HEADING_LINES = 3
_HEADING_POINTS, _HEADING_LINE_POINTS = 48.0, 15.5
_OF_A_HEADING = 0.92  # bold letters are wider


@dataclass(frozen=True)
class Field:
    """A column of a sheet: heading, width in characters, kind and decimals of its cells, its group heading, its key.

    Columns at the right end that are not `printed` stay on the screen. A `hidden` one can be shown by the reader. For
    long texts a column grows up to `widest`. In an annex too, rows grow to the texts of a `whole` one.
    """

    heading: str
    width: float = 12
    kind: Kind = "text"
    decimals: int = 2
    group: str = ""
    total: bool = False
    key: str = ""
    printed: bool = True
    hidden: bool = False
    widest: float = WIDEST
    whole: bool = False


def field_of(column: Column, lang: str, group: str = "", total: bool = False) -> Field:
    """Field of a sheet for a column of a result table, whose name is its key."""
    return replace(_field_of(column, lang, group, total), key=column.name)


def _field_of(column: Column, lang: str, group: str, total: bool) -> Field:
    heading = wording.label(column, lang)
    if wording.is_year(column):
        return Field(heading, 9, "year", group=group)
    if wording.is_money(column):
        return Field(heading, 15, "money", group=group, total=total)
    if column.kind == "int":
        return Field(heading, 11, "int", 0, group, total)
    if column.kind == "float":
        return Field(heading, 13, "number", wording.decimals(column), group, total)
    long = column.name in ("legal_basis", "title", "land_use_shares", "source", "document")
    name = column.name in (
        "name",
        "label",
        "site_id",
        "zone_id",
        "facility_id",
        "decision_no",
        "authority",
        "phase",
        "owner",
        "scope",
        "standard",
        "binding_rule",
        "norm_state",
        "role",
        "place",
        "licence",
        "land_use_main",
    )
    if column.name == "rests_on":  # hundreds of letters: a wrapped one would make every row a page high
        return Field(heading, 30, "line", group=group, printed=False)
    if column.name in ("reasons", "build_reasons"):
        return Field(heading, 70, group=group, widest=WIDEST_OF_REASONS)
    if column.name == "single_headquarters":  # four lines of it must hold the whole answer
        return Field(heading, 130, group=group)
    return Field(heading, 70 if column.kind == "messages" else 36 if long else 20 if name else 13, group=group)


def wrapped(fields: Sequence[Field]) -> list[tuple[int, float]]:
    """Return position and width of the printed columns whose texts are wrapped."""
    return [(at, field.width) for at, field in enumerate(fields) if field.kind == "text" and field.printed]


def whole(fields: Sequence[Field]) -> list[tuple[int, float]]:
    """Return position and width of the columns whose texts are shown whole."""
    return [(at, field.width) for at, field in enumerate(fields) if field.whole]


def lines_of(columns: Sequence[tuple[int, float]], row: Sequence[Any], most: int = LINES_SHOWN) -> int:
    """Lines the longest wrapped text of a row needs; programs do not all find the height of a row themselves."""
    found = 1
    for at, width in columns:
        words = row[at]
        if type(words) is str and len(words) > width:
            room = max(_LETTERS * width - _LOST, 1.0)
            found = max(
                found,
                sum(max(1, math.ceil(len(line) / room)) for line in words.split("\n"))
                if "\n" in words
                else math.ceil(len(words) / room),
            )
    return min(found, most)


def heading_points(fields: Sequence[Field]) -> float:
    """Height of the row of headings in which none of them is cut."""
    lines = max((_lines_of_heading(field) for field in fields if not field.hidden), default=1)
    return max(_HEADING_POINTS, lines * _HEADING_LINE_POINTS)


def _lines_of_heading(field: Field) -> int:
    room, lines, used = _OF_A_HEADING * field.width, 1, 0
    for word in field.heading.split():
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
    return lines


def fitted(fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> list[Field]:
    """Return the columns as wide as their headings and texts need, at most :data:`WIDEST`; without a value, hidden.

    A column of numbers is at least as wide as the longest word of its heading, one of single lines keeps its width.
    Sheets without rows stay as they are.
    """
    return [_fitted(field, [row[at] for row in rows]) for at, field in enumerate(fields)] if rows else list(fields)


def _fitted(field: Field, cells: Sequence[Any]) -> Field:
    longest = max((len(value) for value in cells if type(value) is str), default=0)
    if not longest and all(value is None or value == "" for value in cells):
        return replace(field, hidden=True)
    word = max((len(word) for word in field.heading.split()), default=0)
    if field.kind != "text":
        return replace(field, width=max(field.width, math.ceil((word + 1) / _OF_A_HEADING)))
    heading = max(word, math.ceil(len(field.heading) / _HEADING_LINES))
    # a text that is a little longer than its column stands on one line
    preferred = longest + 1 if field.width < longest + 1 <= _A_LITTLE * field.width else field.width
    least = max(heading + 2.0, min(preferred, longest / _OF_A_LINE + 2))
    return replace(field, width=math.ceil(max(least, min(longest / _OF_A_LINE / LINES_SHOWN + 2, field.widest))))
