"""Which rule of ``plan_compatibility`` speaks of a function in a plan, however its words are written.

Plans write one function in many ways: ``DAT_HTXH_CAYXANH``, "Đất cây xanh", "KHU VỰC BẢO VỆ I", "Khu_vuc_1". Accents,
case, blanks, punctuation and Roman numerals do not count; what else means the same is another row of the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from siteplan.locale import fold
from siteplan.tables import records

if TYPE_CHECKING:
    import pandas as pd

ANY = "*"
_ROMAN = {word: str(i) for i, word in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"), 1)}


def fits(words: str, pattern: str) -> bool:
    """Whether words fit a pattern with ``*``; accents, case and doubled blanks do not count."""
    return fnmatchcase(fold(words), fold(pattern))


def functions_of(cell: Any) -> list[str]:
    """Functions that a zone has, of which several are joined by "+"; one empty where none is stated."""
    named = [part.strip() for part in str(cell).split("+")] if isinstance(cell, str) else []
    return [part for part in named if part] or [""]


def fits_function(function: str, pattern: str) -> bool:
    """Whether a function is one that a rule names.

    "_" counts where a pattern with ``*`` has it (``HT_*`` are the drawings' classes of the present state, not every
    word that begins so), otherwise it is a blank like any other.
    """
    strict = "_" in pattern and _is_pattern(pattern)
    return fnmatchcase(_bare(function, strict), _bare(pattern, strict))


def _is_pattern(words: str) -> bool:
    return any(sign in words for sign in "*?[")


@lru_cache(maxsize=4096)
def _bare(words: str, underscores: bool) -> str:
    """Letters and figures of words, and the signs of patterns; numerals that stand alone as figures."""
    parts = re.findall(r"_|[0-9a-z*?!\[\]]+", fold(words))
    return "".join(_ROMAN.get(part, part) for part in parts if underscores or part != "_")


def rule_of(kind: Any, function: str, compatibility: pd.DataFrame) -> Mapping[Any, Any] | None:
    """Return the first rule that speaks of one function in a plan of a kind, most particular first; None without any.

    Order: kind and function, kind and pattern (each in the order of the table), what the kind says of all others
    (``*``), then the same of any kind.
    """
    for own in (kind, ANY):
        rows = records(compatibility[compatibility["plan_kind"] == own])
        exact = [row for row in rows if not _is_pattern(str(row["function"]))]
        patterns = [row for row in rows if _is_pattern(str(row["function"])) and row["function"] != ANY]
        for row in (*exact, *patterns):
            if fits_function(function, str(row["function"])):
                return row
        others = next((row for row in rows if row["function"] == ANY), None)
        if others is not None:
            return others
    return None


def told_apart(kind: Any, compatibility: pd.DataFrame) -> bool:
    """Whether the rules of a kind tell functions apart that weigh more than what they say of all others."""
    rows = compatibility[compatibility["plan_kind"] == kind]
    others = rows["function"] == ANY
    return bool(others.any() and (rows.loc[~others, "severity"] > rows.loc[others, "severity"].max()).any())
