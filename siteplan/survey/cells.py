"""What one cell of a returned form says: a value, or why it cannot be taken.

A problem is told with the message key and the words that were read; where it stands is added by the caller.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from siteplan.errors import Severity
from siteplan.locale import LANGUAGES, fold, number, value_text
from siteplan.survey.form_book import TEXT_LIMIT
from siteplan.survey.questions import WHOLE, Question
from siteplan.tabular import AmbiguousNumberError, parse_number

DECIMALS: Mapping[str, int] = {"area": 2, "metres": 2, "coordinate": 8}
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
# what a spreadsheet counts days from (its day 60, 29/02/1900, never was; nothing here is that old)
_SERIAL_EPOCH = dt.date(1899, 12, 30)
_SERIALS = (20_000, 75_000)
_DATE = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_UNIT = re.compile(r"\s*(m2|m²|m\s*vuông|mét vuông|m|người|lượt|chỗ|tầng)$", re.IGNORECASE)


# words of lists in forms that are still out
_FORMER_WORDS: Mapping[str, Mapping[str, str]] = {"condition": {"khá": "fair", "nguy hiểm": "unsafe"}}


@dataclass(frozen=True)
class Cell:
    """A cell as the file holds it.

    Parameters
    ----------
    value
        What it holds.
    kind
        ``n`` number, ``s`` text, ``d`` date, ``b`` truth, ``f`` formula, ``e`` error value.
    at
        Its address, such as ``C7``.
    """

    value: Any
    kind: str
    at: str

    @property
    def shown(self) -> str:
        """The value for a problem list."""
        if isinstance(self.value, dt.datetime | dt.date):
            return self.value.strftime("%d/%m/%Y")
        if isinstance(self.value, float):  # without groups: as it was typed, in the mark of Vietnamese
            return f"{self.value:.10g}".replace(".", ",")
        return clean(self.value)[:80]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell: message key, severity, further parameters."""

    key: str
    severity: Severity = "error"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """A value (None where there is none to be taken) and the faults met."""

    value: Any = None
    faults: tuple[Fault, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether the value cannot be taken."""
        return any(fault.severity == "error" for fault in self.faults)


def clean(value: Any) -> str:
    """Text in Unicode NFC without control characters and surrounding blanks; line breaks stay."""
    words = unicodedata.normalize("NFC", str(value)).replace("\u00a0", " ").replace("\r\n", "\n")
    return "".join(c for c in words if c >= " " or c == "\n").replace("\u200b", "").strip()


def is_empty(cell: Cell | None) -> bool:
    """Whether there is nothing in a cell, or only blanks."""
    return cell is None or cell.value is None or (cell.kind == "s" and not clean(cell.value))


def read_cell(cell: Cell | None, question: Question, before: Any = None) -> Reading:
    """Read a cell as the answer to a question.

    Parameters
    ----------
    cell
        The cell, or None.
    question
        What was asked.
    before
        The value known before, for telling a slip of three digits.
    """
    if cell is None or is_empty(cell):
        return Reading()
    if cell.kind == "f":
        return Reading(None, (Fault("survey_formula"),))
    if cell.kind == "e":
        return Reading(None, (Fault("survey_error_value"),))
    if question.kind == "date":
        return _date(cell)
    if question.kind == "list":
        return _token(cell, question)
    if question.kind == "text":
        return _text(cell)
    return _number(cell, question, before)


def _text(cell: Cell) -> Reading:
    value = cell.value
    if isinstance(value, dt.datetime | dt.date):
        words = value.strftime("%d/%m/%Y")
    elif isinstance(value, float) and value.is_integer():
        words = str(int(value))
    else:
        words = clean(value)
    if len(words) > TEXT_LIMIT:
        return Reading(None, (Fault("survey_text_long", params={"limit": TEXT_LIMIT, "length": len(words)}),))
    return Reading(words)


def tokens_by_words(question: Question) -> dict[str, str]:
    """Folded words of a list, in every language, to token."""
    found = {fold(token): token for token in question.tokens}
    for lang in LANGUAGES:
        for token in question.tokens:
            found.setdefault(fold(value_text(question.token_column, token, lang)), token)
    for words, token in _FORMER_WORDS.get(question.token_column, {}).items():
        found.setdefault(fold(words), token)
    return found


def _token(cell: Cell, question: Question) -> Reading:
    token = tokens_by_words(question).get(fold(clean(cell.value)))
    if token is None:
        return Reading(None, (Fault("survey_list", params={"column_of": question.token_column,
                                                           "tokens": "; ".join(question.tokens)}),))  # fmt: skip
    return Reading(token)


def _date(cell: Cell) -> Reading:
    value = cell.value
    faults: tuple[Fault, ...] = ()
    if isinstance(value, dt.datetime):
        day: dt.date | None = value.date()
    elif isinstance(value, dt.date):
        day = value
    elif cell.kind == "n" and _SERIALS[0] <= value <= _SERIALS[1] and float(value).is_integer():
        day = _SERIAL_EPOCH + dt.timedelta(days=int(value))
        faults = (Fault("survey_date_serial", "warning", {"read": day.strftime("%d/%m/%Y")}),)
    else:
        day = _date_of_words(clean(value)) if cell.kind == "s" else None
        if day is not None:
            faults = (Fault("survey_date_text", "warning", {"read": day.strftime("%d/%m/%Y")}),)
    if day is None or not EARLIEST <= day <= LATEST:
        return Reading(None, (Fault("survey_date_invalid"),))
    return Reading(day.isoformat(), faults)


def _date_of_words(words: str) -> dt.date | None:
    for pattern, order in ((_DATE, (2, 1, 0)), (_ISO_DATE, (0, 1, 2))):
        if found := pattern.fullmatch(words):
            year, month, day = (int(found.groups()[n]) for n in order)
            try:
                return dt.date(year, month, day)
            except ValueError:
                return None
    return None


def _number(cell: Cell, question: Question, before: Any) -> Reading:
    faults: list[Fault] = []
    if cell.kind == "n" and not isinstance(cell.value, bool):
        value = float(cell.value)
    elif cell.kind == "s":
        words = clean(cell.value)
        try:
            value = parse_number(_UNIT.sub("", words))
        except AmbiguousNumberError:
            return Reading(None, (Fault("survey_number_ambiguous", params=_two_ways(words)),))
        except ValueError:
            return Reading(None, (Fault("survey_type", params={"kind_of": question.kind}),))
        faults.append(Fault("survey_number_text", "warning", {"read": plain(value)}))
    else:
        return Reading(None, (Fault("survey_type", params={"kind_of": question.kind}),))
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
        return Reading(None, (Fault("survey_type", params={"kind_of": question.kind}),))
    if question.kind in WHOLE and value != int(value):
        return Reading(None, (*faults, Fault("survey_whole")))
    if not question.low <= value <= question.high:
        return Reading(None, (*faults, Fault("survey_range", params={"low": question.low, "high": question.high})))
    if factor := off_by_thousand(value, question, before):
        likely = value * 1000 if factor < 1 else value / 1000
        return Reading(None, (*faults, Fault("survey_thousand", params={"read": plain(value),
                                                                        "likely": plain(likely)})))  # fmt: skip
    return _rounded(value, question, faults)


def _rounded(value: float, question: Question, faults: list[Fault]) -> Reading:
    if question.kind in WHOLE:
        return Reading(int(value), tuple(faults))
    places = DECIMALS[question.kind]
    kept = round(value, places)
    # a sum such as 0.1 + 0.2 differs from what was meant in the sixteenth digit only
    if abs(kept - value) > 1e-9 * max(1.0, abs(value)) and question.kind != "coordinate":
        faults.append(Fault("survey_decimals", "warning", {"read": plain(kept)}))
    return Reading(kept, tuple(faults))


def off_by_thousand(value: float, question: Question, before: Any = None) -> float:
    """Tell the factor of a probable slip: 0.001 too small, 1000 too large, 0 for none."""
    known = isinstance(before, int | float) and not isinstance(before, bool) and before > 0 and value > 0
    if known and question.large:
        ratio = value / before
        if ratio > 900 and ratio < 1100:
            return 1000
        if ratio > 1 / 1100 and ratio < 1 / 900:
            return 0.001
        if 0.1 < ratio < 10:  # near what is known: small or large as it may be
            return 0
    if question.small and 0 < value < question.small:
        return 0.001
    if question.large and value > question.large:
        return 1000
    return 0


def plain(value: float, decimals: int = 2) -> str:
    """Write a number as people do: groups, and decimals only where there are any."""
    words = number(value, decimals)
    return words.rstrip("0").rstrip(",") if "," in words else words


def _two_ways(words: str) -> dict[str, str]:
    digits = re.sub(r"[.,\s]", "", _UNIT.sub("", words))
    sign = "-" if words.startswith("-") else ""
    bare = digits.lstrip("+-")
    return {"first": f"{sign}{plain(float(bare))}", "second": f"{sign}{number(int(bare) / 1000, 3)}"}
