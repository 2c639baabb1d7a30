"""How a value of a result table is written for people: labels, tokens, messages, numbers.

Every output that shows a table takes its words from here, so that one figure is written in one way everywhere.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs.land_words import code_words, shares_words
from siteplan.tables import INPUTS, Column
from siteplan.tables.inputs import RASTER_ROLES

if TYPE_CHECKING:
    from siteplan.runs import Run

MONEY_UNIT = "đồng"
MONEY_SHOWN = 1e9  # people read money in tỷ đồng
SHOWN_AT_MOST = 2  # decimals of areas and percents on paper
MONEY_DECIMALS = 3  # whole million đồng, the grain costs are rounded to

# what no document may hold: control characters (XML refuses them) and marks that turn the direction of writing
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)


def clean(words: str, limit: int | None = None) -> str:
    """Return text that any document can hold: NFC, no control or direction marks, cut to `limit` characters."""
    if not words.isprintable():  # all that is forbidden, and line breaks, which are not
        words = _FORBIDDEN.sub("", words)
    plain = words if unicodedata.is_normalized("NFC", words) else unicodedata.normalize("NFC", words)
    return plain if limit is None or len(plain) <= limit else plain[: limit - 1] + "…"


def scalar(value: Any) -> Any:
    """Return a cell as a plain Python value, None where it is missing (NaN, NA, NaT, infinite)."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_year(column: Column) -> bool:
    """Whether the column holds years, which are never grouped by thousands."""
    return column.kind == "int" and (column.name == "year" or "_year" in column.name or column.name.startswith("year_"))


def is_money(column: Column) -> bool:
    """Whether the column holds đồng."""
    return column.unit == MONEY_UNIT


def label(column: Column, lang: str) -> str:
    """Heading of a column, with the unit people read it in, unless the heading names it already (points, people)."""
    words = column.label_en if lang == "en" else column.label
    unit = locale.text("unit.money_shown", lang) if is_money(column) else column.unit
    named = f" {unit} " in f" {words.lower()} "
    return f"{words} ({unit})" if unit and not named else words


def decimals(column: Column) -> int:
    """Decimals a number of this column is shown with: areas and percents no more than two, however they are kept."""
    if is_money(column):
        return MONEY_DECIMALS
    kept = column.decimals if column.kind == "float" else 0
    return min(kept, SHOWN_AT_MOST) if column.unit in ("m²", "%") else kept


@dataclass(frozen=True)
class Basis:
    """What the tokens of a run's ``rests_on`` columns stand for: numbers of assumptions, roles of layers."""

    numbers: Mapping[str, int]
    roles: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> Basis:
        """Read the lists of assumptions and sources of a run."""
        listed, sources = run.table("assumptions"), run.table("sources")
        return cls(
            {str(k): int(n) for k, n in zip(listed["assumption_id"], listed["number"].fillna(0), strict=True)},
            {str(k): str(r) for k, r in zip(sources["layer"], sources["role"], strict=True)},
            {str(r["layer"]): str(r["title"]) for r in sources.to_dict("records") if scalar(r.get("title"))},
        )


def rests_on(tokens: str, lang: str, basis: Basis | None = None) -> str:
    """Write the tokens of a ``rests_on`` column in words, by kind; unknown ones stay as they are.

    With `basis` an assumption is cited by its number in the list of assumptions, a layer by the name of its role.
    """
    by_kind: dict[str, list[str]] = {}
    numbers: list[int] = []
    for token in tokens.split("; "):
        kind, _, name = token.partition(":")
        if basis is not None and kind == "assumption" and basis.numbers.get(name):
            numbers.append(basis.numbers[name])
            continue
        if basis is not None and kind == "layer" and name in basis.roles:
            title = basis.titles.get(name) if lang != "en" else None
            name = clean(title) if title else role_label(basis.roles[name], lang)
        known = bool(name) and locale.has_text(f"rests_on.{kind}", lang)
        names = by_kind.setdefault(kind if known else "", [])
        if (words := name if known else token) not in names:
            names.append(words)
    said = [
        locale.text(f"rests_on.{kind}", lang, names=", ".join(names)) if kind else "; ".join(names)
        for kind, names in sorted(by_kind.items(), reverse=True)
    ]
    if numbers:
        said.append(locale.text("rests_on.numbered", lang, numbers=spans(numbers)))
    return "; ".join(said)


def spans(numbers: Iterable[int]) -> str:
    """Write whole numbers in order, neighbours together: 3, 7–9."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(str(s[0]) if len(s) == 1 else f"{s[0]}–{s[-1]}" for s in spans)


# columns whose tokens may be the value of an assumption
_ASSUMED = ("effect", "treatment", "precedence", "strength")


def place_words(place: str, lang: str) -> str:
    """Write where an assumption stands ("rules/costs.csv", "standards/x.csv", a scenario, a layer) by its name."""
    folder, _, rest = place.rpartition("/")
    name = rest.partition(".")[0]
    if folder == "rules":
        return locale.value_text("rule_table", name, lang)
    if folder == "standards":
        return locale.value_text("place", folder, lang)
    return locale.value_text("place", "scenario", lang) if place.endswith(".toml") else role_label(place, lang)


def assumption_words(identity: str, lang: str) -> str:
    """Write the id of an assumption: the rule table and its row for one of them ("eligibility.hazard_near.16")."""
    table, _, rest = identity.partition(".")
    row = rest.rpartition(".")[2]
    if not row.isdigit() or not locale.has_text(f"value.rule_table.{table}", lang):
        return identity
    return locale.text("assumption.row", lang, table=locale.value_text("rule_table", table, lang), row=row)


def _assumed(value: str, lang: str) -> str:
    plain = re.fullmatch(r"-?\d+(?:\.(\d+))?", value)
    if plain:
        return locale.number(float(value), len(plain[1] or ""), lang)
    column = next((c for c in _ASSUMED if locale.has_text(f"value.{c}.{value}", lang)), "")
    return locale.value_text(column, value, lang) if column else value


def _listed(column: str, cell: str, lang: str) -> str:
    """Write a cell of tokens joined by ";" in words."""
    return "; ".join(locale.value_text(column, part.strip(), lang) for part in cell.split(";") if part.strip())


def cell(column: Column, value: Any, lang: str, basis: Basis | None = None) -> Any:
    """Return what a spreadsheet cell holds: a number, a text, or None where there is no value.

    Money is given in tỷ đồng. Tokens, messages and truth values become words.
    """
    value = scalar(value)
    if value is None:
        return None
    if column.kind == "messages":
        return clean(locale.render(str(value), lang))
    if column.kind == "bool":
        return locale.value_text("bool", bool(value), lang)
    if column.kind in ("int", "float"):
        return round(value / MONEY_SHOWN, 9) if is_money(column) else value
    if column.kind == "date":
        return day(str(value), lang)
    if column.name == "rests_on":
        return clean(rests_on(str(value), lang, basis))
    words = _WORDS.get(column.name)
    if words is not None:
        return clean(words(str(value), lang))
    return clean(locale.value_text(column.name, str(value), lang))


# columns whose tokens a rule may have put into ``function``
_FUNCTIONS = ("function", "road_class", "railway_class", "waterway_class", "water_function", "water_class",
              "service_class", "suitability", "hazard_kind", "hazard_level", "level")  # fmt: skip


_FIGURE = re.compile(r"\d+\.\d+")  # voltage of a line, length of a bridge: the name of the rule tells the unit


def function_words(token: str, lang: str) -> str:
    """Write the function of a zone, or what tells the objects of a rule apart ("national", "flood:high"), in words."""
    for column in _FUNCTIONS:
        if locale.has_text(f"value.{column}.{token}", lang):
            return locale.value_text(column, token, lang)
    if ":" in token:
        return ", ".join(function_words(part, lang) for part in token.split(":"))
    if _FIGURE.fullmatch(token):
        return locale.number(float(token), 0 if float(token).is_integer() else 1, lang)
    return code_words(token, lang)


def function_of_rule(token: str, rule_name: Any, lang: str) -> str:
    """Write the function of a zone; a code without words of its own has the name of its rule instead."""
    words, name = function_words(token, lang), scalar(rule_name)
    return str(name) if name and words == token and token.isupper() else words


def zone_words(identity: str, lang: str) -> str:
    """Write the id of a finding: that of a zone as it stands, that of a rule ("road_national:national") by its name."""
    rule, _, kind = identity.partition(":")
    if identity == "withheld":
        return locale.value_text("source", identity, lang)
    if not locale.has_text(f"value.rule.{rule}", lang):
        return identity
    name = locale.value_text("rule", rule, lang)
    return f"{name}: {function_words(kind, lang)}" if kind else name


def cells(column: Column, values: Iterable[Any], lang: str, basis: Basis | None = None) -> list[Any]:
    """Return :func:`cell` of each value; a text that comes again is worded once."""
    if column.kind in ("int", "float") and not is_money(column):
        return [scalar(value) for value in values]
    known: dict[str, Any] = {}
    found = []
    for value in values:
        if isinstance(value, str):
            if value not in known:
                known[value] = cell(column, value, lang, basis)
            found.append(known[value])
        else:
            found.append(cell(column, value, lang))
    return found


def shown(column: Column, value: Any, lang: str) -> str:
    """Return what a printed table shows: numbers in the reader's style, an en dash where there is no value."""
    found = cell(column, value, lang)
    if found is None or found == "":
        return "–"
    if isinstance(found, str):
        return found
    return str(int(found)) if is_year(column) else locale.number(float(found), decimals(column), lang)


def day(iso: str, lang: str) -> str:
    """Write an ISO date as dd/mm/yyyy for Vietnamese readers; English keeps ISO."""
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})", iso)
    return f"{found[3]}/{found[2]}/{found[1]}" if found and lang != "en" else iso[:10] if found else iso


def role_label(role: str, lang: str) -> str:
    """Label of a role of the catalog or of "plans/<kind>"."""
    head, _, kind = role.partition("/")
    if kind:
        return clean(locale.value_text("plan_kind", kind, lang))
    if head in INPUTS:
        return INPUTS[head].label_en if lang == "en" else INPUTS[head].label
    return locale.text(f"raster_role.{head}", lang) if head in RASTER_ROLES else clean(head)


# columns whose texts are more than a token
_WORDS: Mapping[str, Callable[[str, str], str]] = {
    "place": place_words, "value": _assumed, "assumption_id": assumption_words,
    "function": function_words, "zone_id": zone_words,
    "role": role_label, "land_use_main": code_words,
    "land_use_shares": shares_words, "flood_event": locale.dated, "missing": partial(_listed, "missing"),
    "priority_missing": partial(_listed, "criterion"), "broken_rules": partial(_listed, "rule"),
}  # fmt: skip


def layer_labels(names: Iterable[str], lang: str, runs: Sequence[Run] = ()) -> dict[str, str]:
    """Names of layers of the catalog for readers: their title, else the label of their role, else as they stand."""
    listed: dict[str, str] = {}
    for run in runs:
        sources = run.table("sources")
        for layer, title, role in zip(sources["layer"], sources["title"], sources["role"], strict=True):
            if lang != "en" and scalar(title):
                listed.setdefault(str(layer), clean(str(title)).lower())
            elif scalar(role):
                listed.setdefault(str(layer), role_label(str(role), lang).lower())
    return {
        name: listed.get(name) or (role_label(name, lang).lower() if name in INPUTS or name in RASTER_ROLES else name)
        for name in names
    }


def layer_label(name: str, lang: str, runs: Sequence[Run] = ()) -> str:
    """Name of one layer of the catalog; see :func:`layer_labels`."""
    return layer_labels([name], lang, runs)[name]
