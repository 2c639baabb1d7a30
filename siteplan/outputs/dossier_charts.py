"""Charts of the dossier, drawn by matplotlib: money by year, centres finished by year, floor by group."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from siteplan import cache, locale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#103a5c", "#d98a2b", "#3f9c6b", "#8e1b4d")
WIDTH_MM = 160.0
KEPT = 40  # charts of some runs and languages
_STYLE = {"text.parse_math": False, "axes.unicode_minus": False}


def _values(axes: Axes, places: Any, tops: Any, decimals: int, lang: str) -> None:
    from siteplan.outputs.sheet_text import font

    for place, number in zip(places, tops, strict=True):
        if number:
            words = locale.number(float(number), decimals, lang)
            axes.text(place, number, words, ha="center", va="bottom", fontproperties=font(), fontsize=6)


def _label(words: str, room_mm: float) -> str:
    """Break the name of a group into lines that do not run into the next."""
    from siteplan.outputs.sheet_text import drawable

    return "\n".join(textwrap.wrap(drawable(words, 60), max(6, int(room_mm / 1.25))))


def bars(
    groups: Sequence[str],
    series: Mapping[str, Sequence[float]],
    unit: str,
    lang: str,
    *,
    decimals: int = 0,
    stacked: bool = False,
) -> bytes:
    """Draw upright bars, one group a label and one bar a series; the value stands above each bar.

    A chart of the same figures is drawn once and kept in the cache. With `stacked` the series of a group stand upon
    each other, with their sum above them.

    Returns
    -------
    bytes
        A PNG of :data:`WIDTH_MM` width.
    """
    told = [list(groups), [[name, [float(value) for value in values]] for name, values in series.items()]]
    code = cache.code_fingerprint("siteplan.outputs")
    key = cache.key_of(json.dumps([told, unit, lang, decimals, stacked]), version("matplotlib"), code)
    return cache.kept_bytes("charts", key, lambda: _drawn(groups, series, unit, lang, decimals, stacked), KEPT)


def _drawn(
    groups: Sequence[str], series: Mapping[str, Sequence[float]], unit: str, lang: str, decimals: int, stacked: bool
) -> bytes:
    # imported where a chart is really drawn: it takes seconds
    import matplotlib as mpl
    import numpy as np
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    from siteplan.outputs.sheet_text import MM, drawable, font

    with mpl.rc_context(cast("Any", _STYLE)):
        figure = Figure(figsize=(WIDTH_MM / MM, 66 / MM), dpi=170)
        axes = figure.add_axes((0.085, 0.17, 0.905, 0.68))
        places = np.arange(len(groups), dtype=float)
        width = 0.7 if stacked else 0.8 / max(1, len(series))
        below = np.zeros(len(groups))
        for at, (name, values) in enumerate(series.items()):
            x = places if stacked else places + (at - (len(series) - 1) / 2) * width
            feet = below.copy() if stacked else 0.0
            axes.bar(
                x, values, width * 0.92, bottom=feet, color=COLOURS[at % len(COLOURS)], label=drawable(name, 60)
            )  # fmt: skip
            below += np.asarray(values, dtype=float)
            if not stacked or at == len(series) - 1:
                _values(axes, x, below if stacked else values, decimals, lang)
        axes.set_xticks(places, [_label(group, 118.0 / max(1, len(groups))) for group in groups])
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
