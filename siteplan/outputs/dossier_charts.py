"""Charts of the dossier, drawn by matplotlib: money by year, centres finished by year, floor by group."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, cast

from siteplan import cache, locale

COLOURS = ("#103a5c", "#d98a2b", "#3f9c6b", "#8e1b4d")
WIDTH_MM = 160.0
KEPT = 40  # charts of some runs and languages
_STYLE = {"text.parse_math": False, "axes.unicode_minus": False}


def bars(
    groups: Sequence[str], series: Mapping[str, Sequence[float]], unit: str, lang: str, *, decimals: int = 0
) -> bytes:
    """Draw upright bars, one group a label and one bar a series; the value stands above each bar.

    A chart of the same figures is drawn once and kept in the cache.

    Returns
    -------
    bytes
        A PNG of :data:`WIDTH_MM` width.
    """
    told = [list(groups), [[name, [float(value) for value in values]] for name, values in series.items()]]
    code = cache.code_fingerprint("siteplan.outputs")
    key = cache.key_of(json.dumps([told, unit, lang, decimals]), version("matplotlib"), code)
    return cache.kept_bytes("charts", key, lambda: _drawn(groups, series, unit, lang, decimals), KEPT)


def _drawn(groups: Sequence[str], series: Mapping[str, Sequence[float]], unit: str, lang: str, decimals: int) -> bytes:
    # imported where a chart is really drawn: it takes seconds
    import matplotlib as mpl
    import numpy as np
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    from siteplan.outputs.sheet_text import MM, drawable, font

    with mpl.rc_context(cast("Any", _STYLE)):
        figure = Figure(figsize=(WIDTH_MM / MM, 72 / MM), dpi=170)
        axes = figure.add_axes((0.085, 0.17, 0.905, 0.68))
        places = np.arange(len(groups), dtype=float)
        width = 0.8 / max(1, len(series))
        for at, (name, values) in enumerate(series.items()):
            x = places + (at - (len(series) - 1) / 2) * width
            axes.bar(x, values, width * 0.92, color=COLOURS[at % len(COLOURS)], label=drawable(name, 60))
            for place, number in zip(x, values, strict=True):
                if number:
                    words = locale.number(float(number), decimals, lang)
                    axes.text(place, number, words, ha="center", va="bottom", fontproperties=font(), fontsize=5.6)
        axes.set_xticks(places, [drawable(group, 30) for group in groups])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: locale.number(float(number), 0, lang)))
        axes.set_ylabel(drawable(unit, 40), fontproperties=font(), fontsize=7)
        for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            tick.set_fontproperties(font())
            tick.set_fontsize(6.6)
        axes.margins(y=0.12)
        axes.grid(axis="y", linewidth=0.3, color="#9aa3ab")
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        legend = figure.legend(loc="upper center", ncols=max(1, len(series)), frameon=False, prop=font())
        for entry in legend.get_texts():
            entry.set_fontsize(7)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata=cast("Any", {"Software": None}))
    return out.getvalue()
