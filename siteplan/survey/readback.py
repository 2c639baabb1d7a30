"""How a number was read, said beside its cell: a formula for the sheet, and the same in Python.

Decimal and thousands marks differ between the machines of communes, so a person cannot see whether 1.200 became one
thousand two hundred or one and a fifth. The formula uses no format text, whose letters depend on the machine's
language: the groups are put together from whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from siteplan import locale
from siteplan.survey.questions import WHOLE, Question

_UNITS: Mapping[str, str] = {"area": " m²", "metres": " m", "coordinate": "", "count": "", "year": "", "number_of": ""}
_GROUPED_FROM = 1_000


def _marks(lang: str) -> tuple[str, str]:
    return (",", ".") if lang == "en" else (".", ",")


def _words(lang: str) -> dict[str, str]:
    return {key: locale.text(f"survey.read.{key}", lang) for key in ("as", "text", "range", "small", "large", "whole")}


def _number_formula(cell: str, question: Question, lang: str) -> str:
    if question.kind in ("year", "number_of") or (question.kind in WHOLE and question.high < _GROUPED_FROM):
        return cell
    group, point = _marks(lang)
    whole = cell if question.kind in WHOLE else f"INT(ROUND({cell},2))"
    once = f'REPLACE({whole},LEN({whole})-2,0,"{group}")'
    words = once
    if question.high >= _GROUPED_FROM**2:
        words = f'IF({whole}>999999,REPLACE({once},LEN({whole})-5,0,"{group}"),{once})'
    words = f"IF({whole}>999,{words},{whole})"
    if question.kind in WHOLE:
        return words
    rest = f"MOD(ROUND({cell}*100,0),100)"
    return f'{words}&IF({rest}=0,"","{point}"&IF(MOD({rest},10)=0,{rest}/10,RIGHT(0&{rest},2)))'


def formula(cell: str, question: Question, lang: str) -> str:
    """Return the formula that reads `cell` back.

    Parameters
    ----------
    cell
        The cell, such as ``C7``.
    question
        For the unit, the range and what looks a thousand times too small or too large.
    """
    words = _words(lang)
    shown = f'"{words["as"]} "&{_number_formula(cell, question, lang)}'
    if _UNITS[question.kind]:
        shown += f'&"{_UNITS[question.kind]}"'
    if question.large:
        shown += f'&IF({cell}>{question.large:.0f},"{words["large"]}","")'
    if question.small:
        shown += f'&IF(AND({cell}>0,{cell}<{question.small:.0f}),"{words["small"]}","")'
    if question.kind in WHOLE:
        shown = f'IF({cell}<>INT({cell}),"{words["whole"]}",{shown})'
    shown = f'IF(OR({cell}<{question.low:.0f},{cell}>{question.high:.0f}),"{words["range"]}",{shown})'
    return f'=IF(ISBLANK({cell}),"",IF(ISNUMBER({cell}),{shown},"{words["text"]}"))'


def number_words(value: float, question: Question, lang: str) -> str:
    """Return a number as people write it: a year without groups, decimals only where there are any."""
    if question.kind in ("year", "number_of"):
        return f"{value:.0f}"
    group, point = _marks(lang)
    whole, rest = divmod(int(Decimal(repr(float(value))).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP)), 100)
    words = f"{whole:,}".replace(",", group)
    if rest:
        words += point + (f"{rest // 10}" if rest % 10 == 0 else f"{rest:02d}")
    return words


def words_of(value: float | str | None, question: Question, lang: str) -> str:
    """Return what the formula shows for a value; it is stored with the formula for programs that do not compute it."""
    words = _words(lang)
    if value is None:
        return ""
    if isinstance(value, str):
        return words["text"]
    if not question.low <= value <= question.high:
        return words["range"]
    if question.kind in WHOLE and value != int(value):
        return words["whole"]
    shown = f"{words['as']} {number_words(value, question, lang)}{_UNITS[question.kind]}"
    if question.large and value > question.large:
        shown += words["large"]
    if question.small and 0 < value < question.small:
        shown += words["small"]
    return shown
