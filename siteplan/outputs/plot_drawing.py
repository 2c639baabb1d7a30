"""The map of one plot as an inline drawing: the plot, its neighbours, what was found, and what lies around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siteplan import locale
from siteplan.tables.evidence import OF_THE_WHOLE_PLOT

Array = np.ndarray[Any, Any]

EFFECTS = ("blocking", "conditional", "supports", "compatible", "information")  # worst first
COLOURS = {"blocking": "#c2413a", "conditional": "#efb84a", "supports": "#3f9c6b", "compatible": "#a9cf8f",
           "information": "#8a939b"}  # fmt: skip
_WIDTH, _HEIGHT = 720.0, 470.0  # CSS pixels
_AROUND = 0.6  # how much of the plot's extent is shown around it
_LEAST_M = 200.0
_NO_SHAPE = ("withheld", "compound", *OF_THE_WHOLE_PLOT)
_BEHIND = {
    "plan_zones": 'fill="#ffffff" fill-opacity="0.55" stroke="#b4aa96" stroke-width="0.7"',
    "water_areas": 'fill="#bcd8e8" stroke="#7ba9c4" stroke-width="0.6"',
    "waterways": 'fill="none" stroke="#7ba9c4" stroke-width="1.3"',
    "roads": 'fill="none" stroke="#a48f7a" stroke-width="1.8"',
    "communes": 'fill="none" stroke="#6b4f7b" stroke-width="1.4" stroke-dasharray="7 3 2 3"',
}


class _Frame:
    """What of the ground is shown, and where on the paper it comes to lie."""

    def __init__(self, shape: Any) -> None:
        west, south, east, north = shapely.bounds(shape).tolist()
        reach = max(east - west, north - south, _LEAST_M) * _AROUND
        # the frame keeps its proportions: the shorter side is widened
        self.scale = min(_WIDTH / (east - west + 2 * reach), _HEIGHT / (north - south + 2 * reach))
        half = _WIDTH / self.scale / 2, _HEIGHT / self.scale / 2
        middle = (west + east) / 2, (south + north) / 2
        self.box = middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]

    def paper(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.box[0]) * self.scale, (self.box[3] - y) * self.scale

    def path(self, shapes: Array, style: str) -> str:
        """Outlines of what of some shapes lies in the frame, as one SVG path; empty where nothing does."""
        seen = shapely.clip_by_rect(shapes, *self.box) if len(shapes) else shapes
        data = " ".join(self._outline(s) for s in seen if s is not None and not s.is_empty)
        return f'<path d="{data}" {style}/>' if data else ""

    def _outline(self, shape: Any) -> str:
        pieces = []
        for part in shapely.get_parts(np.atleast_1d(shape)):
            if shapely.get_dimensions(part) == 0:
                continue
            closed = shapely.get_dimensions(part) == 2
            rings: Any = shapely.get_rings(part) if closed else [part]
            for ring in rings:
                places = (self.paper(x, y) for x, y in shapely.get_coordinates(ring).tolist())
                points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
                pieces.append(f"M{points}{'Z' if closed else ''}")
        return " ".join(pieces)


def drawing(
    plot: Any,
    plots: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    around: Mapping[str, gpd.GeoDataFrame],
    lang: str,
) -> str:
    """Draw one plot.

    Parameters
    ----------
    plot
        Its polygon: the frame lies around it.
    plots
        All plots of the answer by name; those within the frame are drawn and named.
    findings
        Rows of ``conflicts`` of the plot with ``geometry``.
    around
        Lines and polygons behind it by role.
    lang
        Language.
    """
    frame = _Frame(plot)
    out = [f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img">']
    for role, style in _BEHIND.items():
        rows = around.get(role)
        if rows is not None and len(rows):
            shapes = np.asarray(rows.geometry.values, dtype=object)
            # as a line: the edge of the frame is no boundary of a commune
            out.append(frame.path(shapely.boundary(shapes) if role == "communes" else shapes, style))
    shown = [f for f in findings if f["source"] not in _NO_SHAPE and f["restricted"] is not True and f["area_m2"] > 0]
    for effect in reversed(EFFECTS):
        shapes = np.array([f["geometry"] for f in shown if f["effect"] == effect], dtype=object)
        colour = COLOURS[effect]
        out.append(frame.path(shapes, f'fill="{colour}" fill-opacity="0.45" stroke="{colour}" stroke-width="0.8"'))
    out.append(
        frame.path(np.array([*plots.values()], dtype=object), 'fill="none" stroke="#111" stroke-dasharray="5 3"')
    )
    out.append(frame.path(np.array([plot], dtype=object), 'fill="none" stroke="#111" stroke-width="2.2"'))
    out += [_named(name, shape, frame) for name, shape in plots.items()]
    out += [_scale_bar(frame.scale, lang), _north(lang), "</svg>"]
    return "".join(part for part in out if part)


def _named(name: str, shape: Any, frame: _Frame) -> str:
    middle = shape.representative_point()
    x, y = frame.paper(middle.x, middle.y)
    if not (0 <= x <= _WIDTH and 0 <= y <= _HEIGHT):
        return ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" font-weight="700" '
        f'text-anchor="middle" stroke="#fff" stroke-width="3" paint-order="stroke">{escape(name)}</text>'
    )


def _scale_bar(scale: float, lang: str) -> str:
    wanted = 110 / scale
    power = 10.0 ** np.floor(np.log10(wanted))
    metres = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    words = f"{locale.number(metres, 0, lang)} m"
    y = _HEIGHT - 16
    return (
        f'<rect x="12" y="{y - 16:g}" width="{metres * scale + 14:.1f}" height="26" fill="#fff" fill-opacity="0.8"/>'
        f'<path d="M16,{y:g}h{metres * scale:.1f}m0,-5v10M16,{y - 5:g}v10" stroke="#111" fill="none"/>'
        f'<text x="18" y="{y - 5:g}" font-size="11">{escape(words)}</text>'
    )


def _north(lang: str) -> str:
    x = _WIDTH - 24
    letter = escape(locale.text("plot.north", lang))
    return (
        f'<path d="M{x:g},38l6,-24l6,24l-6,-5z" transform="translate(-6 0)" fill="#111"/>'
        f'<text x="{x:g}" y="52" font-size="12" font-weight="700" text-anchor="middle">{letter}</text>'
    )
