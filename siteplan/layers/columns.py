"""Columns of a file made columns of a role: matched by name, typed, values made tokens; what does not fit is told."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from siteplan.errors import Problem
from siteplan.layers.catalog import ANY_OTHER, LayerEntry, nearest
from siteplan.layers.listing import named, together
from siteplan.layers.usual_names import usual_names
from siteplan.layers.usual_values import numbered_token, open_values, usual_values
from siteplan.locale import LANGUAGES, catalogue, fold
from siteplan.tables.schema import Column, Table
from siteplan.tabular import AmbiguousNumberError, parse_number

Array = np.ndarray[Any, Any]

CODE_DIGITS = 5
JOINER = "-"
# columns that hold a commune's code, by role; in every other role `commune_code` does
_CODES_OF_ROLE = {"communes": "code", "commune_facts": "code", "former_units": "code"}
_YES = frozenset({"1", "true", "t", "yes", "y", "co", "x", "dung"})
_NO = frozenset({"0", "false", "f", "no", "n", "khong", "sai", "ko"})
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")


def plain_name(name: str) -> str:
    """Fold a column name for comparing: no accents, lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", fold(name))


def _names_of(column: Column) -> tuple[str, ...]:
    """Return what a column may be called in a file, surest first."""
    return tuple(
        dict.fromkeys(
            plain_name(name) for name in (column.name, column.dbf, column.name[:10], column.label, column.label_en)
        )
    )


def match(table: Table, names: Sequence[str], *, usual: bool = False) -> dict[str, Any]:
    """Propose which column of a file is which canonical one.

    Canonical names, the ten-letter names of shapefiles and the Vietnamese and English labels are recognised, whatever
    their case and accents; each column of the file is used once, surest match first. With `usual` also the names that
    offices usually give a column: for a proposal that a person reads, not for reading.
    """
    free = {plain_name(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    columns = [c for c in table.columns if c.name not in ("layer", "illustrative", "restricted")]
    for rank in range(5):
        for column in columns:
            known = _names_of(column)
            if column.name in found or rank >= len(known):
                continue
            if known[rank] in free:
                found[column.name] = free.pop(known[rank])
    for column in columns if usual else ():
        there = next((name for name in usual_names(table.name, column.name) if name in free), None)
        if column.name not in found and there is not None:
            found[column.name] = free.pop(there)
    return found


def resolve(
    entry: LayerEntry, table: Table, names: Sequence[str], file: str
) -> tuple[dict[str, list[str]], list[Problem]]:
    """Return for each canonical column the columns of the file it comes from (several are joined), and the problems."""
    problems: list[Problem] = []
    by_plain = {plain_name(name): name for name in reversed(names)}
    explicit: dict[str, list[str]] = {}
    for canonical, words in entry.fields.items():
        sources = []
        for part in (p.strip() for p in words.split(" + ")):
            actual = part if part in names else by_plain.get(plain_name(part))
            if actual is None:
                params = {"near": nearest(part, names) or "–", "there": named(names, 20)}
                problems.append(
                    Problem(
                        "layer_field_missing", file=file, layer=entry.name, column=canonical, value=part, params=params
                    )
                )
            else:
                sources.append(actual)
        explicit[canonical] = sources
    taken = {name for sources in explicit.values() for name in sources}
    automatic = match(table, [name for name in names if name not in taken])
    out = {c: [name] for c, name in automatic.items() if c not in explicit and c not in entry.constant}
    out.update({c: s for c, s in explicit.items() if s})
    return out, problems


def _text(value: Any) -> str | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return None
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, (pd.Timestamp, dt.datetime, dt.date)):
        return value.isoformat()[:10]
    words = unicodedata.normalize("NFC", str(value)).replace("\u00a0", " ").replace("\x00", "").strip()
    return words or None


def texts(values: Iterable[Any]) -> Array:
    """Any values as text, Unicode NFC, without surrounding blanks; None where there is nothing."""
    series = pd.Series(values)
    if series.dtype.kind == "M":
        return np.array([_text(v) for v in series], dtype=object)
    array = np.asarray(series.astype(object), dtype=object)
    codes, unique = pd.factorize(pd.Series(array, dtype=object), use_na_sentinel=True)
    read = np.array([*(_text(v) for v in unique), None], dtype=object)
    return read[codes]


def _number(words: str) -> float:
    return parse_number(words)


def _integer(words: str) -> float:
    number = parse_number(words)
    if not float(number).is_integer():
        raise ValueError(words)
    return number


def _yes_or_no(words: str) -> bool:
    plain = fold(words)
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise ValueError(words)


def iso_date(words: str) -> str:
    """Read a date written 31/12/2025 or 2025-12-31; ValueError where it is none."""
    if found := _DAY_FIRST.fullmatch(words):
        day, month, year = (int(part) for part in found.groups())
        return dt.date(year, month, day).isoformat()
    return dt.date.fromisoformat(words[:10].replace("/", "-")).isoformat()


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "float": (_number, "layer_number_invalid"),
    "int": (_integer, "layer_integer_invalid"),
    "bool": (_yes_or_no, "layer_bool_invalid"),
    "date": (iso_date, "layer_date_invalid"),
}


def _tokens(column: Column) -> dict[str, Any]:
    """Folded words to token: the tokens themselves, their texts in every language, and what offices usually write."""
    words = {fold(token): token for token in column.values}
    for lang in LANGUAGES:
        known = catalogue(lang)
        for token in column.values:
            label = known.get(f"value.{column.name}.{token}")
            if label:
                words.setdefault(fold(label), token)
    for word, token in usual_values(column.name).items():
        if token in column.values:
            words.setdefault(fold(word), token)
    return words


def _token(value: str, known: Mapping[str, Any], column: Column) -> Any:
    """Token that a file value is, None where it is none: a known word, or the number of a road."""
    folded = fold(value)
    return known.get(folded) or numbered_token(folded, column.name) or None


_DENYING = {"khong", "chua", "no", "not"}
# a word of fewer letters with another letter is likely another word
LONG_WORD = 6


def _plain_words(word: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(word)).split())


def meant_token(word: str, column: Column) -> tuple[str, bool]:
    """Token that a word may mean, and whether that is a guess that it is misspelt; "" where nothing is known.

    What is meant is said by whole known words in it ("nguy cơ rất cao") or by custom of open maps; where they say
    several things ("trung bình - cao"), or one is denied ("không có nguy cơ cao"), nothing is. Words that merely look
    alike mean nothing, but one letter of a long word may be mistyped.
    """
    known = {_plain_words(text): token for text, token in _tokens(column).items()}
    custom = {_plain_words(text): token for text, token in open_values(column.name).items()}
    plain = _plain_words(word)
    if plain in custom and plain not in known:
        return custom[plain], False
    rest, said, texts_said = f" {plain} ", set(), ""
    for text in sorted(known, key=len, reverse=True):
        if text and f" {text} " in rest:
            rest = rest.replace(f" {text} ", " | ")
            said.add(known[text])
            texts_said += f" {text}"
    if _DENYING & (set(plain.split()) - set(texts_said.split())):
        return "", False
    if said:
        return (said.pop(), False) if len(said) == 1 else ("", False)
    near = {
        token for text, token in (custom | known).items() if len(text) >= LONG_WORD and _one_letter_off(plain, text)
    }
    return (near.pop(), True) if len(near) == 1 else ("", False)


def _one_letter_off(word: str, other: str) -> bool:
    """Whether one letter more, less or other, or two that changed places, make one word of the other."""
    if len(word) > len(other):
        word, other = other, word
    start = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), len(word))
    left, right = word[start:], other[start:]
    if len(word) == len(other):
        return left[1:] == right[1:] or (left[2:] == right[2:] and left[:2] == right[1::-1])
    return left == right[1:]


def unknown_values(values: Any, column: Column) -> list[str]:
    """File values that are neither a token of the column nor its text in any language, sorted."""
    known = _tokens(column)
    return sorted({word for word in texts(values) if word is not None and _token(word, known, column) is None})


def _translated(values: Array, mapping: Mapping[str, Any], folded: bool) -> Array:
    """Replace file values by those of the catalog's table; what it does not name stays, or becomes what "*" says."""
    exact = {str(k): v for k, v in mapping.items() if k != ANY_OTHER}
    loose = {fold(k): v for k, v in exact.items()} if folded else {}
    other = mapping.get(ANY_OTHER)

    def read(value: Any) -> Any:
        if value is not None:
            if value in exact:
                return exact[value]
            if fold(value) in loose:
                return loose[fold(value)]
        return other if ANY_OTHER in mapping else value

    codes, unique = pd.factorize(pd.Series(values, dtype=object), use_na_sentinel=True)
    return np.array([*(read(v) for v in unique), read(None)], dtype=object)[codes]


def _typed_already(values: Any, column: Column) -> Array | None:
    """Return numbers that the file holds as numbers; None where they must be read from text first."""
    series = pd.Series(values)
    if column.kind not in ("float", "int", "bool") or series.dtype.kind not in "fiub":
        return None
    numbers = series.to_numpy()
    known = ~pd.isna(numbers)
    if column.kind == "int" and not np.all(np.mod(numbers[known].astype(float), 1) == 0):
        return None
    if column.kind == "bool" and not np.all(np.isin(numbers[known], (0, 1))):
        return None
    cast = {"float": float, "int": int, "bool": bool}[column.kind]
    out = np.full(len(numbers), None, dtype=object)
    out[known] = [cast(v) for v in numbers[known]]
    return out


def read_column(
    values: Any, column: Column, entry: LayerEntry, labels: Array, file: str
) -> tuple[Array, list[Problem]]:
    """Type one column.

    Parameters
    ----------
    values
        Values as the file holds them.
    column
        What they shall become.
    entry
        The entry, for its ``values``.
    labels
        A name of each feature, for the problems.

    Returns
    -------
    tuple
        An object array (None where there is no value), and one problem for each kind of fault.
    """
    where: dict[str, Any] = {"file": file, "layer": entry.name, "column": column.name}
    if column.name not in entry.values and (typed := _typed_already(values, column)) is not None:
        return typed, []
    words = texts(values)
    if column.name in entry.values:
        words = texts(_translated(words, entry.values[column.name], folded=True))
    if column.values:
        return _read_tokens(words, column, labels, where)
    if column.kind not in _READERS:
        return words, []
    reader, key = _READERS[column.kind]
    codes, unique = pd.factorize(pd.Series(words, dtype=object), use_na_sentinel=True)
    read: list[Any] = []
    faults: dict[int, str] = {}
    for number, value in enumerate(unique):
        try:
            read.append(reader(value))
        except AmbiguousNumberError:
            read.append(None)
            faults[number] = "layer_number_ambiguous"
        except ValueError:
            read.append(None)
            faults[number] = key
    problems: list[Problem] = []
    for fault in sorted(set(faults.values())):
        wrong = [number for number, kind in faults.items() if kind == fault]
        problems += together(
            fault, "error", labels[np.isin(codes, wrong)], value=named([unique[n] for n in wrong], 3), **where
        )
    return np.array([*read, None], dtype=object)[codes], problems


def _read_tokens(words: Array, column: Column, labels: Array, where: Mapping[str, str]) -> tuple[Array, list[Problem]]:
    known = _tokens(column)
    codes, unique = pd.factorize(pd.Series(words, dtype=object), use_na_sentinel=True)
    read = [_token(value, known, column) for value in unique]
    strange = [number for number, token in enumerate(read) if token is None]
    # a row is left out where a column that it needs holds nothing
    key = "layer_value_unknown" if column.nullable else "layer_value_unknown_needed"
    problems = together(
        key, "warning", labels[np.isin(codes, strange)], value=named([unique[n] for n in strange], 8),
        known=", ".join(column.values), example=next((unique[n] for n in strange), ""), **where,
    )  # fmt: skip
    return np.array([*read, None], dtype=object)[codes], problems


def restored_codes(values: Array, column: str, labels: Array, file: str, layer: str) -> tuple[Array, list[Problem]]:
    """Give five-digit codes back the leading zeros that a spreadsheet took ("6184" becomes "06184"), and tell it."""
    out = values.copy()
    short = np.array([v is not None and v.isdigit() and len(v) < CODE_DIGITS for v in values], dtype=bool)
    out[short] = [v.zfill(CODE_DIGITS) for v in values[short]]
    wrong = np.array([v is not None and not (v.isdigit() and len(v) == CODE_DIGITS) for v in out], dtype=bool)
    where: dict[str, Any] = {"file": file, "layer": layer, "column": column}
    return out, [
        *together("layer_code_restored", "warning", labels[short], value=named(values[short], 3), **where),
        *together("layer_code_invalid", "error", labels[wrong], value=named(values[wrong], 5), **where),
    ]


def spelt_codes(values: Array) -> Array:
    """Land-use codes as the table of land uses spells them: capitals, one blank, none around "+" ("ont + cln")."""
    codes, unique = pd.factorize(pd.Series(values, dtype=object), use_na_sentinel=True)
    spelt = [re.sub(r" ?\+ ?", "+", " ".join(str(v).split()).upper()) for v in unique]
    return np.array([*spelt, None], dtype=object)[codes]


def code_column(role: str) -> str:
    """Name of the column of a role that holds a unit's code."""
    return _CODES_OF_ROLE.get(role, "commune_code")
