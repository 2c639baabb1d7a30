"""Land use in words: codes of the land inventory with their names, shares as readers write numbers."""

from __future__ import annotations

import re
from functools import cache

from siteplan import locale

_LEAST_SHOWN = 0.05  # percent
_SHARE = re.compile(r"\s*(?P<code>\S.*?)\s+(?P<percent>\d+(?:\.(?P<places>\d+))?)\s*")


@cache
def code_words(code: str, lang: str) -> str:
    """Write a code of land use ("LUC"; "ONT+CLN" of a parcel of several uses) by its name; an unknown one stays."""
    parts = [part.strip() for part in code.split("+")]
    if not all(locale.has_text(f"value.land_code.{part}", lang) for part in parts):
        return code
    return f"{' + '.join(locale.value_text('land_code', part, lang) for part in parts)} ({code})"


@cache
def shares_words(shares: str, lang: str) -> str:
    """Write shares of a site ("LUC 62.5; CLN 37.5", percent) in words; what is no share stays as it is.

    Shares are written to 0.1 %; what is less than half of that is left out.
    """
    told = []
    for part in shares.split(";"):
        found = _SHARE.fullmatch(part)
        if found is None:
            return shares
        if float(found["percent"]) < _LEAST_SHOWN:
            continue
        percent = locale.number(float(found["percent"]), min(1, len(found["places"] or "")), lang)
        told.append(f"{code_words(found['code'], lang)} {percent} %")
    return "; ".join(told)
