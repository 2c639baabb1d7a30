"""The texts that users see. Stages emit keys with parameters; words are made here, when something is shown.

Texts are TOML files, ``vi/<room>.toml`` (the source) and ``en/<room>.toml``, nested tables read as dotted keys. A text
is a ``str.format`` template: ``{name}`` inserts a parameter as it is, ``{area:m2}`` a number in the reader's own style
with the decimals of its unit (see `_STYLES`), ``{event:dated}`` a text whose dates are written as readers do,
``{points:points}`` one whose decimal points are. Parameters are never read as templates themselves.
"""

from __future__ import annotations

import json
import math
import re
import string
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

LANGUAGES = ("vi", "en")
DEFAULT_LANGUAGE = "vi"

# format specification -> (decimals, divisor, suffix)
_STYLES: Mapping[str, tuple[int, float, str]] = {
    "int": (0, 1, ""),
    "num1": (1, 1, ""),
    "num2": (2, 1, ""),
    "m": (0, 1, " m"),
    "m2": (0, 1, " m²"),
    "m2_1": (1, 1, " m²"),
    "m2_2": (2, 1, " m²"),
    "ha": (2, 10_000, " ha"),
    "km": (1, 1_000, " km"),
    "pct": (1, 1, " %"),
    "ty": (1, 1e9, " tỷ đồng"),
    "trieu": (0, 1e6, " triệu đồng"),
}

# in a text of the data: a date, the decimal point of a number
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_VIETNAMESE_MARKS = str.maketrans(",.", ".,")
_NEAR_HALF = 5e-7  # what binary numbers lose of a half

Message = tuple[str, Mapping[str, Any]]


def number(value: float | None, decimals: int = 0, lang: str = DEFAULT_LANGUAGE) -> str:
    """Write a number as readers of `lang` expect it: 2.159,6 in Vietnamese, 2,159.6 in English; "–" for none.

    Halves are rounded away from zero, as spreadsheets and people do.
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "–"
    moved = abs(value) * 10**decimals
    if abs(moved % 1 - 0.5) < _NEAR_HALF:
        value = math.copysign((math.floor(moved) + 1) / 10**decimals, value)
    text = f"{value:,.{decimals}f}"
    if text[0] == "-" and float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text if lang == "en" else text.translate(_VIETNAMESE_MARKS)


def dated(words: str, lang: str = DEFAULT_LANGUAGE) -> str:
    """Write the ISO dates within a text as dd/mm/yyyy for Vietnamese readers."""
    return words if lang == "en" else _ISO_DATE.sub(r"\3/\2/\1", words)


@cache
def _parts(template: str) -> tuple[tuple[str, str | None, str], ...]:
    """Split a template into words, name of the parameter that follows them (None at the end), and its style."""
    return tuple((words, name, spec or "") for words, name, spec, _ in string.Formatter().parse(template))


def _written(value: Any, spec: str, lang: str) -> str:
    if spec.startswith("of="):
        column = spec[3:]
        tokens = str(value).split("; ") if isinstance(value, str) else [value]
        return "; ".join(value_text(column, token, lang) for token in tokens)
    if spec == "dated":
        return "–" if value is None else dated(str(value), lang)
    if spec == "points":
        return "–" if value is None else str(value) if lang == "en" else _POINT.sub(",", str(value))
    style = _STYLES.get(spec)
    if style is None or isinstance(value, str) or value is None:
        return "–" if value is None else str(value)
    decimals, divisor, suffix = style
    return number(float(value) / divisor, decimals, lang) + suffix


def _flatten(prefix: str, node: Mapping[str, Any], into: dict[str, str]) -> None:
    for key, value in node.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping):
            _flatten(path, value, into)
        else:
            if path in into:
                raise ValueError(path)
            into[path] = str(value)


@cache
def catalogue(lang: str = DEFAULT_LANGUAGE) -> Mapping[str, str]:
    """All texts of a language, dotted key to template."""
    texts: dict[str, str] = {}
    folder = resources.files("siteplan.locale").joinpath(lang)
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            _flatten("", tomllib.loads(entry.read_text("utf-8")), texts)
    return texts


def has_text(key: str, lang: str = DEFAULT_LANGUAGE) -> bool:
    """Whether there is a text for `key`."""
    return key in catalogue(lang)


def text(key: str, lang: str = DEFAULT_LANGUAGE, /, **params: Any) -> str:
    """Return the text of `key` with its parameters; the key itself where no text exists."""
    template = catalogue(lang).get(key)
    if template is None:
        return key
    # parameters come from data: they are looked up by their whole name, without attributes, indexes or conversions
    return "".join(
        words if name is None else words + _written(params.get(name, "–"), spec, lang)
        for words, name, spec in _parts(template)
    )


def value_text(column: str, token: Any, lang: str = DEFAULT_LANGUAGE) -> str:
    """Return what people see for a token of a column (``value.<column>.<token>``); the token where no text exists."""
    if token is None or token != token:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(token, bool):
        return text(f"value.bool.{'yes' if token else 'no'}", lang)
    return catalogue(lang).get(f"value.{column}.{token}", str(token))


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True)  # made once: messages are many and short


def encode(messages: Iterable[Message]) -> str:
    """Write messages as the JSON text of a ``messages`` column."""
    return _JSON.encode([[key, dict(params)] for key, params in messages])


def decode(encoded: str | None) -> list[Message]:
    """Read the JSON text of a ``messages`` column; no messages for an empty cell."""
    if not isinstance(encoded, str) or not encoded:
        return []
    return [(str(key), dict(params)) for key, params in json.loads(encoded)]


@lru_cache(maxsize=20_000)
def render(encoded: str | None, lang: str = DEFAULT_LANGUAGE, separator: str = "; ") -> str:
    """Return the words of a ``messages`` column."""
    return separator.join(text(key, lang, **params) for key, params in decode(encoded))


def fold(words: str) -> str:
    """Fold text for comparing names: no accents, đ as d, lower case, single spaces ("Hữu  LŨNG" gives "huu lung")."""
    plain = unicodedata.normalize("NFD", words.replace("Đ", "D").replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.lower().split())


def problem_row(problem: Any, lang: str = DEFAULT_LANGUAGE) -> dict[str, str]:
    """Return a :class:`~siteplan.errors.Problem` in words: severity, place, what, cause, remedy."""
    params = {
        "file": problem.file,
        "layer": problem.layer,
        "feature": problem.feature,
        "column": problem.column,
        "value": problem.value,
        **problem.params,
    }
    row = {
        "severity": value_text("severity", problem.severity, lang),
        "file": problem.file,
        "layer": problem.layer,
        "feature": problem.feature,
        "column": problem.column,
        "value": problem.value,
    }
    for part in ("what", "cause", "remedy"):
        row[part] = text(f"problem.{problem.key}.{part}", lang, **params)
    return row
