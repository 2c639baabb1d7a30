"""Colours, classes and words that all runs of a page share: the themes of the communes, the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from siteplan import locale
from siteplan.outputs.style import Style
from siteplan.outputs.webmap import plan_cover
from siteplan.outputs.webmap.cells import Content, plain
from siteplan.runs import Run

# columns whose tokens the page shows in words
_TOKEN_COLUMNS = (
    "kind", "gate_class", "staff_basis", "gap_basis", "build_type", "check_result", "conformity", "letter",
    "road_class", "hazard_level", "clearance", "source", "plan_status", "relation", "effect", "certainty", "status",
    "treatment", "condition", "binding_rule", "function", "criterion", "rule", "role", "plan_kind", "hazard_kind",
    "level", "phase", "opinion", "opinion_state", "report_state", "item", "scope", "basis", "used_from", "unit_class",
    "old_norm_fit", "conformity_basis", "shift_direction", "answer", "answer_state",
    "flood_state", "landslide_proxy",
)  # fmt: skip


def token_words(lang: str) -> dict[str, dict[str, str]]:
    """Words of all tokens that a page may meet: column to token to words."""
    found: dict[str, dict[str, str]] = {}
    for key, words in locale.catalogue(lang).items():
        parts = key.split(".", 2)
        if parts[0] == "value" and len(parts) == 3 and parts[1] in _TOKEN_COLUMNS:
            found.setdefault(parts[1], {})[parts[2]] = words
    return found


def _steps(values: pd.Series[Any], count: int, decimals: int) -> list[float]:
    """Lower bounds of classes of about equal counts, rounded as they are printed (ties to the even digit, as there)."""
    known = values.dropna().to_numpy(dtype=float)
    if not len(known):
        return []
    cuts = np.quantile(known, np.linspace(0, 1, count + 1)[:-1])
    return [float(v) for v in np.unique(np.round(cuts, decimals))]


def _colours_of_years(spans: Sequence[tuple[int, int]], style: Style) -> dict[tuple[int, int], str]:
    """Colour of each span of years, given in the order of time: its own, or the next that no other span has."""
    found: dict[tuple[int, int], str] = {}
    for span in spans:
        own = style.phase_years.get("-".join(str(year) for year in dict.fromkeys(span)))
        if own is not None:
            found[span] = own
    free = [colour for colour in style.phase_colours if colour not in found.values()] or list(style.phase_colours)
    others = [span for span in spans if span not in found]
    return found | {span: free[min(at, len(free) - 1)] for at, span in enumerate(others)}


def _phase_looks(runs: Sequence[Run], style: Style, lang: str) -> list[Content]:
    """Phases of all runs in the order of time; phases of the same years have the same colour, whatever their names."""
    years: dict[str, tuple[int, int]] = {}
    for run in runs:
        for phase in run.manifest["scenario"].get("phases", ()):
            years.setdefault(str(phase["name"]), (int(phase["years"][0]), int(phase["years"][1])))
    colours = _colours_of_years(sorted(set(years.values())), style)
    return [
        {"token": name, "colour": colours[span], "label": locale.value_text("phase", name, lang)}
        for name, span in sorted(years.items(), key=lambda item: (item[1], item[0]))
    ]


def themes(runs: Sequence[Run], style: Style, lang: str) -> list[Content]:
    """Ways to colour the communes, with their classes in the order of the legend: the same for all runs of a page."""
    out = []
    for key, theme in style.themes.items():
        if theme.kind == "coverage":
            out += plan_cover.themes(key, theme, runs, style.missing_colour, lang)
            continue
        found: Content = {
            "key": key,
            "label": theme.words(lang, key),
            "column": theme.column,
            "kind": theme.kind,
            "unit": theme.unit,
            "decimals": theme.decimals,
            "default": theme.default,
            "missing": style.missing_colour,
        }
        if theme.kind == "steps":
            columns = [pd.to_numeric(run.table("communes")[theme.column], errors="coerce") for run in runs]
            values = pd.concat(columns).astype("float64").round(theme.decimals)
            breaks = _steps(values, len(theme.colours), theme.decimals)
            # fewer classes than colours: the strongest colours stay with the highest values
            found["breaks"], found["colours"] = breaks, list(theme.colours[len(theme.colours) - len(breaks) :])
            found["top"] = plain(values.max())
        else:
            found["classes"] = _phase_looks(runs, style, lang) if theme.kind == "phases" else []
            found["classes"] += [
                {
                    "token": token,
                    "colour": look.fill or style.missing_colour,
                    "label": look.words(lang) or locale.value_text(theme.column, token, lang),
                }
                for token, look in theme.classes.items()
            ]
        out.append(found)
    return out
