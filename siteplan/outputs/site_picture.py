"""The picture of one site: shaded terrain, water, roads, evidence and neighbours around it, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from siteplan import locale
from siteplan.outputs.paper_table import capital
from siteplan.outputs.style import LayerStyle, LegendClass, class_words
from siteplan.outputs.webmap.pictures import palette_png
from siteplan.tables.evidence import OF_THE_WHOLE_PLOT

if TYPE_CHECKING:
    from siteplan.outputs.style import Style
    from siteplan.runs import Run

SIDE_M = 1400.0  # width of the ground that is shown, unless the site is larger
PIXELS = 1000.0
GREYS = 32
# backgrounds from below, with the name of their look in style.toml
_BACKGROUND = ("water_areas", "waterways", "railways", "roads", "small_roads", "border", "services")


def picture(run: Run, site: Mapping[str, Any], evidence: Any, style: Style, lang: str) -> tuple[str, list[str]]:
    """Draw a site and what lies around it.

    Parameters
    ----------
    run
        The run.
    site
        Row of ``sites`` with its ``geometry``.
    evidence
        Rows of ``conflicts`` of this site that may be shown.
    style
        Colours of ``maps/style.toml``.

    Returns
    -------
    svg, legend
        The picture, and the words of its legend in the order drawn, each with a swatch, as HTML.
    """
    shape = site["geometry"]
    west, south, east, north = shape.bounds
    side = max(SIDE_M, 2.5 * max(east - west, north - south))
    x, y = (west + east) / 2, (south + north) / 2
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    draw = _Drawing(box)
    draw.terrain(run)
    for name in _BACKGROUND:
        if name in style.layers:
            draw.background(run, style.layers[name], name, lang)
    draw.evidence(evidence, style.layers["conflicts"], lang)
    sites = run.sites
    for other in sites.loc[(sites["site_id"] != site["site_id"])].itertuples():
        draw.add(other.geometry, 'fill="none" stroke="#444" stroke-width="1.5" stroke-dasharray="5 4"')
    draw.add(shape, 'fill="none" stroke="#fff" stroke-width="8"')
    draw.add(shape, 'fill="none" stroke="#b3261e" stroke-width="4"')
    points = run.table("access_points")
    for point in points.loc[points["commune_code"] == site["commune_code"]].geometry:
        draw.dot(point, "#1d6b3f", 9, locale.text("site_sheet.best_place", lang))
    draw.furniture(lang)
    return draw.svg(), draw.legend


class _Drawing:
    """Shapes in pixels of one square of ground."""

    def __init__(self, box: tuple[float, float, float, float]) -> None:
        self.box = box
        self.scale = PIXELS / (box[2] - box[0])
        self.parts: list[str] = []
        self.legend: list[str] = []

    def _path(self, geometry: Any) -> str:
        clipped = shapely.clip_by_rect(geometry, *self.box)
        words = []
        for part in shapely.get_parts(clipped):
            rings = shapely.get_rings(part) if shapely.get_dimensions(part) == 2 else [part]
            for ring in rings:
                xy = shapely.get_coordinates(ring)
                if len(xy) < 2:
                    continue
                at = np.column_stack([xy[:, 0] - self.box[0], self.box[3] - xy[:, 1]]) * self.scale
                words.append("M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in at))
        return "".join(words)

    def add(self, geometry: Any, look: str) -> bool:
        """Draw lines and polygons; whether anything lies in the picture."""
        path = self._path(geometry)
        if path:
            self.parts.append(f'<path d="{path}" fill-rule="evenodd" {look}/>')
        return bool(path)

    def dot(self, point: Any, colour: str, radius: float, words: str) -> None:
        """Draw a point with its place in the legend, where it lies in the picture."""
        if not shapely.box(*self.box).covers(point):
            return
        px, py = (point.x - self.box[0]) * self.scale, (self.box[3] - point.y) * self.scale
        dot = f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius}" fill="{colour}" stroke="#fff" stroke-width="2"/>'
        self.parts.append(dot)
        self._name(words, colour)

    def _name(self, words: str, colour: str) -> None:
        entry = f'<span class="swatch" style="background:{colour}"></span>{escape(capital(words))}'
        if entry not in self.legend:
            self.legend.append(entry)

    def terrain(self, run: Run) -> None:
        """Lay the shaded terrain under everything."""
        shade = run.raster("hillshade")
        if shade is None:
            return
        cut = shade.window(self.box)
        if cut.values.size == 0:
            return
        west, south, east, north = cut.bounds
        known = np.where(cut.values == 0, 255, cut.values).astype(float)
        smooth = ndimage.zoom(known, 8, order=1, grid_mode=True, mode="nearest")
        lightest = 128 + np.clip(smooth, 0, 255).astype(int) // 2
        greys = [(v, v, v, 255) for v in range(256 // GREYS - 4, 256, 256 // GREYS)]
        image = palette_png(lightest // (256 // GREYS), greys)
        px, py = (west - self.box[0]) * self.scale, (self.box[3] - north) * self.scale
        wide, high = (east - west) * self.scale, (north - south) * self.scale
        self.parts.append(
            f'<image x="{px:.1f}" y="{py:.1f}" width="{wide:.1f}" height="{high:.1f}" '
            f'preserveAspectRatio="none" href="{image}"/>'
        )

    def background(self, run: Run, layer: LayerStyle, name: str, lang: str) -> None:
        """Draw a layer of the run's background by the looks of its classes."""
        frame = run.background(layer.source or name)
        if not len(frame):
            return
        frame = frame.cx[self.box[0] : self.box[2], self.box[1] : self.box[3]]
        for column, tokens in layer.only.items():
            frame = frame[frame[column].isin(tokens)]
        for column, tokens in layer.without.items():
            frame = frame[~frame[column].isin(tokens)]
        for row in frame.to_dict("records"):
            token = str(row.get(layer.column)) if layer.column else "other"
            look = layer.classes.get(token) or layer.classes.get("other")
            if look is None:
                continue
            if shapely.get_dimensions(row["geometry"]) == 0:
                self.dot(row["geometry"], look.fill or "#555", 5, class_words(layer, token, lang))
            elif self.add(row["geometry"], _look(look)):
                own = look is not layer.classes.get("other")
                said = class_words(layer, token, lang) if own else layer.words(lang, name)
                self._name(said, look.fill or look.line or "#555")

    def evidence(self, evidence: Any, layer: LayerStyle, lang: str) -> None:
        """Draw what stands for and against the site."""
        for row in evidence.to_dict("records"):
            look = layer.classes.get(str(row["effect"])) or layer.classes.get("other")
            plain = row["geometry"] is None or row["source"] in OF_THE_WHOLE_PLOT or row["restricted"] is True
            if look is None or plain or shapely.get_dimensions(row["geometry"]) != 2:
                continue
            if self.add(row["geometry"], _look(look)):
                self._name(class_words(layer, str(row["effect"]), lang), look.fill or "#555")

    def furniture(self, lang: str) -> None:
        """Add the scale bar and north."""
        metres = 500.0 if self.scale * 500 <= PIXELS / 2 else 200.0
        length, low = metres * self.scale, PIXELS - 30
        words = escape(f"{locale.number(metres, 0, lang)} m")
        self.parts.append(
            f'<rect x="18" y="{low - 32}" width="{length + 24:.0f}" height="52" fill="#fff" fill-opacity=".85"/>'
            f'<path d="M30 {low - 10}v10h{length:.1f}v-10" fill="none" stroke="#222" stroke-width="3"/>'
            f'<text x="{30 + length / 2:.1f}" y="{low - 6}" text-anchor="middle" font-size="22">{words}</text>'
            f'<path d="M{PIXELS - 40} 20l14 44l-14 -9l-14 9z" fill="#222" stroke="#fff" stroke-width="2"/>'
            f'<text x="{PIXELS - 40}" y="88" text-anchor="middle" font-size="24">'
            f"{escape(locale.text('site_sheet.north', lang))}</text>"
        )

    def svg(self) -> str:
        """Return the picture."""
        size = f"{PIXELS:.0f}"
        return f'<svg viewBox="0 0 {size} {size}" role="img">{"".join(self.parts)}</svg>'


def _look(look: LegendClass) -> str:
    fill = f'fill="{look.fill}" fill-opacity="{look.fill_opacity}"' if look.fill else 'fill="none"'
    line = f'stroke="{look.line}" stroke-width="{2 * look.width}"' if look.line else ""
    dash = f'stroke-dasharray="{" ".join(str(2 * d) for d in look.dash)}"' if look.dash else ""
    return f"{fill} {line} {dash}"
