"""What rule tables lack as a whole: no row at all, keys that are asked for, another unit, figures that cannot be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan.errors import Problem
from siteplan.tables import records
from siteplan.tables.inputs import ROAD_CLASSES, STEPS

if TYPE_CHECKING:
    from siteplan.rules import Rules

# tables that may say nothing
_MAY_BE_EMPTY = ("plausible", "climate")

# column that tells the rows apart -> unit and range of the value of each row, by table; a key may end with "*"
_VALUES: Mapping[str, tuple[str, Mapping[str, tuple[str, float, float]]]] = {
    "ground": ("key", {
        "flood.freeboard": ("m", 0, math.inf),
        "flood.return_years.special": ("năm", 1, math.inf),
        "flood.return_years.I": ("năm", 1, math.inf),
        "flood.return_years.II": ("năm", 1, math.inf),
        "flood.return_years.III": ("năm", 1, math.inf),
        "flood.return_years.IV": ("năm", 1, math.inf),
        "flood.return_years.V": ("năm", 1, math.inf),
        "flood.mark_reach": ("m", 0, math.inf),
        "flood.mark_apart": ("m", 0, math.inf),
        "flood.low_ground": ("m", 0, math.inf),
        "flood.drainage_reach": ("m", 0, math.inf),
        "frontage.reach": ("m", 0, math.inf),
        "slope.gentle": ("%", 0, math.inf),
        "slope.steep": ("%", 0, math.inf),
        "slope.very_steep": ("%", 0, math.inf),
        "relief.reach": ("m", 0, math.inf),
        "landslide.medium_slope": ("%", 0, math.inf),
        "landslide.medium_relief": ("m", 0, math.inf),
        "landslide.high_slope": ("%", 0, math.inf),
        "landslide.high_relief": ("m", 0, math.inf),
        "earthworks.balance": ("%", 0, 100),
        "household.*": ("hộ", 0, math.inf),
        "clearance.cover": ("%", 0, 100),
        "access.reached_least": ("%", 0, 100),
        "infrastructure.reach": ("m", 0, math.inf),
    }),
    "plausible": ("key", {
        "flood_mark.below": ("m", 0, math.inf),
        "flood_mark.above": ("m", 0, math.inf),
        "flood_mark.around": ("m", 0, math.inf),
        "flood_mark.share": ("%", 0, 100),
        "flood_mark.least": ("điểm", 1, math.inf),
        "terrain_known.times": ("lần", 1, math.inf),
        "terrain_known.off": ("m", 0, math.inf),
        "terrain_known.least": ("điểm", 1, math.inf),
        "terrain_apart.known": ("m", 0, math.inf),
        "terrain_spike.height": ("m", 0, math.inf),
        "terrain_spike.slope": ("%", 0, math.inf),
        "road.width_most": ("m", 0, math.inf),
        "road.width_least": ("m", 0, math.inf),
        "position.outside": ("m", 0, math.inf),
        "column.empty": ("%", 0, 100),
        "grid.cells": ("triệu ô", 0, math.inf),
    }),
    "costs": ("component", {
        "construction": ("đồng/m²", 0, math.inf),
        "equipment": ("đồng/m²", 0, math.inf),
        "management": ("đồng/m²", 0, math.inf),
        "consultancy": ("đồng/m²", 0, math.inf),
        "other": ("đồng/m²", 0, math.inf),
        "renovation": ("lần", 0, math.inf),
        "region": ("lần", 0, math.inf),
        "earthworks": ("đồng/m³", 0, math.inf),
        "land_clearance": ("đồng/m²", 0, math.inf),
        "contingency": ("lần", 0, math.inf),
    }),
}  # fmt: skip


def keys_of(name: str) -> tuple[str, ...]:
    """Keys of the rows that a rule table can have; of some only how they begin (``household.*``)."""
    return tuple(_VALUES[name][1])


# figures without which a row says nothing
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "ground": ("value",),
    "plausible": ("value",),
    "speeds": ("speed_kmh", "car_kmh"),
}
# figures of which one row at least must be above 0
_SOME: Mapping[str, tuple[str, ...]] = {"speeds": ("speed_kmh", "car_kmh")}
# rows that the program asks for
_ASKED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ground": ("key", keys_of("ground")),
    "plausible": ("key", keys_of("plausible")),
    "speeds": ("road_class", (*ROAD_CLASSES, "none")),
    "costs": ("component", keys_of("costs")),
    "steps": ("step", STEPS),
}


def check_rows(name: str, table: pd.DataFrame, file: str) -> Iterator[Problem]:
    """Tell what stops the use of a rule table: no rows, another unit than the program reckons in, impossible figures.

    Parameters
    ----------
    name, file
        Name of the table, and where it stands.
    table
        As read; numbers are floats, the rest text or None, ``_row`` the row number.
    """
    if not len(table) and name not in _MAY_BE_EMPTY:
        yield Problem("rule_table_empty", file=file)
    for column in _SOME.get(name, ()):
        if len(table) and not (table[column] > 0).any():
            yield Problem("rule_column_zero", file=file, column=column)
    key, known = _VALUES.get(name, ("", {}))
    for row in records(table):
        place: dict[str, Any] = {"file": file, "feature": str(row["_row"])}
        for column in _NEEDED.get(name, ()):
            if math.isnan(row[column]):
                yield Problem("rule_cell_missing", column=column, params={"known": "0 …"}, **place)
        word = str(row[key]) if key else ""
        found = known.get(word) or known.get(f"{word.split('.')[0]}.*")
        if found is None:
            continue  # told with the tokens
        unit, least, most = found
        if _plain(row["unit"] or "") != _plain(unit):
            params = {"known": unit, "key": word}
            yield Problem("rule_unit", column="unit", value=row["unit"] or "–", params=params, **place)
        if not math.isnan(row["value"]) and not least <= row["value"] <= most:
            told = f"{least:g} … {'' if math.isinf(most) else f'{most:g}'}".strip()
            yield Problem(
                "rule_number_outside", column="value", value=f"{row['value']:g}", params={"known": told}, **place
            )


def _plain(unit: str) -> str:
    return "".join(unit.split()).casefold()


def missing_rows(rules: Rules) -> list[Problem]:
    """Return a warning for each table that lacks rows which the program asks for: what rests on them is left out."""
    problems = []
    for name, (column, asked) in _ASKED.items():
        there = [str(v) for v in getattr(rules, name)[column].dropna()]
        lost = [k for k in asked if not any(v == k or (k.endswith(".*") and v.startswith(k[:-1])) for v in there)]
        if lost:
            params = {"count": len(lost)}
            value = ", ".join(lost)
            problems.append(
                Problem(
                    "rule_rows_missing", "warning", file=f"rules/{name}.csv", column=column, value=value, params=params
                )
            )
    return problems
