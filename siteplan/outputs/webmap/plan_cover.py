"""Colouring the communes by how far one kind of plan covers them: a choice for each kind all of them must have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs.style import ThemeStyle, class_words
from siteplan.tables import records

if TYPE_CHECKING:
    from siteplan.runs import Run

_PLANS = "plans/"


def mandatory_kinds(runs: Sequence[Run]) -> list[str]:
    """Kinds of plan that every commune must have, by name, of all runs of a page."""
    found: set[str] = set()
    for run in runs:
        table = run.table("coverage")
        must = table["mandatory"].fillna(value=False).astype(bool) & table["role"].str.startswith(_PLANS)
        found |= {str(role).removeprefix(_PLANS) for role in table.loc[must, "role"]}
    return sorted(found)


def commune_columns(run: Run, codes: Sequence[str]) -> dict[str, list[Any]]:
    """Return for each mandatory kind the status of the communes and the percent covered: values beside `codes`."""
    rows = {(row["role"], row["commune_code"]): row for row in records(run.table("coverage"))}
    out: dict[str, list[Any]] = {}
    for kind in mandatory_kinds([run]):
        own = [rows.get((_PLANS + kind, code), {}) for code in codes]
        out[f"cover_{kind}"] = [row.get("status") for row in own]
        percents = [row.get("percent") for row in own]
        out[f"cover_{kind}_percent"] = [None if pd.isna(p) else float(p) for p in percents]
    return out


def themes(key: str, theme: ThemeStyle, runs: Sequence[Run], missing: str, lang: str) -> list[dict[str, Any]]:
    """Return one way to colour the communes for each kind, with the classes of the style."""
    classes = [
        {"token": token, "colour": look.fill or missing, "label": class_words(theme, token, lang)}
        for token, look in theme.classes.items()
    ]
    return [
        {
            "key": f"{key}_{kind}",
            "label": f"{theme.words(lang, key)}: {locale.value_text('plan_kind', kind, lang)}",
            "column": f"cover_{kind}",
            "percent_column": f"cover_{kind}_percent",
            "kind": "tokens",
            "unit": "",
            "decimals": 0,
            "default": False,
            "missing": missing,
            "classes": classes,
        }
        for kind in mandatory_kinds(runs)
    ]
