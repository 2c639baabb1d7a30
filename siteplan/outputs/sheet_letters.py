"""Lines of text on printed maps, drawn without matplotlib's layout: it would be done again for each line in each file.

Widths come from the font. In a PDF a line stays text, to be searched and copied; in a PNG its outlines are filled.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from siteplan.outputs.sheet_text import MM, face, font, width_mm

_EM = 100  # points at which outlines are taken from the font
_SHARE = {"left": 0.0, "center": 0.5, "right": 1.0}


@cache
def _letter(letter: str, bold: bool) -> tuple[Any, Any, float]:
    """Return corners (points of a font of 1 point), codes and advance of a letter."""
    of = face(bold)
    of.set_size(_EM, 72)
    glyph = of.load_char(ord(letter))
    corners, codes = of.get_path()
    return corners / _EM, codes, float(glyph.linearHoriAdvance) / 65536 / _EM


@lru_cache(maxsize=4096)
def outline_of(words: str, bold: bool) -> Outline:
    """Return the outlines of a line of text that begins at 0, 0, in a font of 1 point."""
    corners, codes, at = [np.empty((0, 2))], [np.empty(0, dtype=Outline.code_type)], 0.0
    for letter in words:
        shape, of, advance = _letter(letter, bold)
        corners.append(shape + np.array([at, 0.0]))
        codes.append(of)
        at += advance
    return Outline(np.concatenate(corners), np.concatenate(codes))


@cache
def _capital(bold: bool) -> float:
    """Height of a capital letter in a font of 1 point."""
    return float(_letter("H", bold)[0][:, 1].max())


class Line(Text):
    """One line of text.

    Parameters
    ----------
    words
        Letters that the font has (`drawable`).
    rim
        Width of a white rim, points; none where 0.
    middle
        Whether the middle of a capital letter stands at `y`, not the base line.
    """

    def __init__(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        rim: float = 0.0,
        middle: bool = False,
        **look: Any,
    ) -> None:
        super().__init__(
            x, y, words, fontproperties=font(bold), fontsize=size, va="center" if middle else "baseline",
            parse_math=False, **look,
        )  # fmt: skip
        self._bold, self._rim, self._middle = bold, rim, middle

    def draw(self, renderer: Any) -> None:
        """Draw outlines into a picture; text, and the outlines of its rim, into a PDF."""
        words, size = self.get_text(), float(self.get_fontsize())
        if not words or not self.get_visible():
            return
        points = renderer.points_to_pixels(1.0)
        along = -_SHARE[self.get_horizontalalignment()] * width_mm(words, size, self._bold) / MM * 72
        across = -_capital(self._bold) * size / 2 if self._middle else 0.0
        x, y = self.get_transform().transform(self.get_unitless_position())
        angle = float(self.get_rotation())
        place = Affine2D().translate(along, across).scale(points).rotate_deg(angle).translate(x, y)
        letters = Affine2D().scale(size) + place
        gc = renderer.new_gc()
        if self.get_clip_on():
            gc.set_clip_rectangle(self.get_clip_box())
            gc.set_clip_path(self.get_clip_path())
        if self._rim:
            gc.set_foreground("white")
            gc.set_linewidth(self._rim * points)
            gc.set_joinstyle("round")
            renderer.draw_path(gc, outline_of(words, self._bold), letters, None)
        gc.set_foreground(self.get_color())
        if isinstance(renderer, RendererAgg):
            gc.set_linewidth(0)
            renderer.draw_path(gc, outline_of(words, self._bold), letters, gc.get_rgb())
        else:
            renderer.draw_text(gc, *place.transform((0.0, 0.0)), words, self.get_fontproperties(), angle)
        gc.restore()
        self.stale = False
