"""The chain of a commune's need for reading: from its inputs to the land, each step with the article it rests on."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.errors import Problem, UsageError
from siteplan.outputs import wording
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    import pandas as pd

_NEAR = 4
_CHANGES = ("need.norms.replaced", "need.norms.to_be_replaced")


def find_commune(communes: pd.DataFrame, asked: str) -> str:
    """Return the code of the commune asked for by code (a lost leading zero is added) or by name.

    Raises
    ------
    UsageError
        Where there is none, with the nearest names; where several have the name, with their codes.
    """
    words = asked.strip()
    codes = [str(code) for code in communes["code"]]
    if words in codes:
        return words
    if words.isdigit():
        padded = [code for code in codes if code.lstrip("0") == words.lstrip("0")]
        if len(padded) == 1:
            return padded[0]
    folded = locale.fold(words)
    names: dict[str, list[str]] = {}
    shown = dict(
        zip(codes, (f"{code} {name}" for code, name in zip(codes, communes["name"], strict=True)), strict=True)
    )
    for code, kind, name in zip(codes, communes["kind"], communes["name"], strict=True):
        names.setdefault(locale.fold(str(name)), []).append(code)
        names.setdefault(locale.fold(f"{kind} {name}"), []).append(code)
    found = names.get(folded, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            Problem("commune_named_twice", value=asked, params={"known": "; ".join(shown[c] for c in found)})
        )
    near = difflib.get_close_matches(folded, list(names), n=_NEAR, cutoff=0.5)
    near_codes = [code for name in near for code in names[name]]
    near_codes += difflib.get_close_matches(words, codes, n=_NEAR, cutoff=0.6)
    listed = "; ".join(shown[code] for code in dict.fromkeys(near_codes))
    raise UsageError(Problem("commune_unknown", value=asked, params={"near": listed or "–"}))


def value_of(value: Any, unit: Any, lang: str) -> str:
    """Write the figure of a step with its unit; nothing where the step only tells something."""
    found = wording.scalar(value)
    if found is None:
        return ""
    column = RESULTS["needs"].column("value")
    whole = float(found).is_integer() and unit != "m²"
    shown = locale.number(float(found), 0 if whole else column.decimals, lang)
    return f"{shown} {unit}".strip() if unit else shown


def steps(needs: pd.DataFrame, code: str, scope: str, lang: str) -> list[dict[str, str]]:
    """Return the steps of one commune and scope in words.

    Parameters
    ----------
    needs
        The result table ``needs``.

    Returns
    -------
    list of dict
        ``step, item, formula, value, basis, certainty, binding`` (a word where the step decides, else empty).
    """
    own = needs[(needs["commune_code"] == code) & (needs["scope"] == scope)].sort_values("step")
    return [
        {
            "step": str(int(row["step"])),
            "item": locale.value_text("item", row["item"], lang),
            "formula": locale.render(row["formula"], lang),
            "value": value_of(row["value"], row["unit"], lang),
            "basis": str(wording.scalar(row["legal_basis"]) or ""),
            "certainty": str(wording.scalar(row["certainty"]) or ""),
            "binding": locale.text("need.explain.binds", lang) if wording.scalar(row["binding"]) else "",
        }
        for row in own.to_dict("records")
    ]


def norm_changes(standards: Any, lang: str) -> list[str]:
    """Sentences that say which document replaced or will replace which, from the result table ``standards``."""
    told = {
        locale.text(key, lang, **params)
        for cell in standards["notes"]
        for key, params in locale.decode(cell)
        if key in _CHANGES
    }
    return sorted(told)
