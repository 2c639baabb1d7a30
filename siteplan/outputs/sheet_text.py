"""Text on printed maps: the font that goes into them, widths in millimetres, lines that fit."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, get_font

from siteplan.outputs.webmap import assets
from siteplan.outputs.wording import clean

MM = 25.4  # in an inch
_ENDS = 4  # words of a name that is shortened in its middle; two of them stay in front


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="siteplan_")


@cache
def _font_file(bold: bool) -> str:
    """Return the file of the font with all its letters, without the tables that only typesetting needs.

    Those are nine tenths of the work of embedding the font into each sheet.
    """
    source = assets.font_file("SemiBold" if bold else "Regular")
    options = subset.Options()
    options.layout_features, options.drop_tables, options.hinting = [], ["GSUB", "GPOS", "GDEF", "DSIG", "kern"], False
    options.notdef_outline, options.name_IDs = True, ["*"]
    with TTFont(str(source)) as whole:
        reduced = subset.Subsetter(options)
        reduced.populate(unicodes=list(whole.getBestCmap()))
        reduced.subset(whole)
        path = Path(_folder().name) / source.name
        whole.save(str(path))
    return str(path)


@cache
def font(bold: bool = False) -> FontProperties:
    """Return the font of all our views, which has every Vietnamese letter."""
    return FontProperties(fname=_font_file(bold))


@cache
def face(bold: bool = False) -> Any:
    """Return the font as FreeType reads it."""
    return get_font(_font_file(bold))


@cache
def _letters() -> frozenset[int]:
    return frozenset(face().get_charmap())


def drawable(words: Any, limit: int = 500) -> str:
    """Return text with a mark for each character that the font does not have."""
    known = _letters()
    blank = "□" if ord("□") in known else "?"
    return "".join(letter if ord(letter) in known else blank for letter in clean(str(words), limit))


@cache
def _advance(letter: str, bold: bool) -> float:
    of = face(bold)
    # large, so that the grid of points of a small size does not count
    of.set_size(100, 72)
    return float(of.load_char(ord(letter)).linearHoriAdvance) / 65536 / 100


def width_mm(words: str, size: float, bold: bool = False) -> float:
    """Width of a line of text, mm."""
    return sum(_advance(letter, bold) for letter in words) * size / 72 * MM


def fitted(words: Any, size: float, room_mm: float, bold: bool = False) -> str:
    """Return the text, cut with an ellipsis where it is wider than `room_mm`."""
    text = drawable(words)
    if width_mm(text, size, bold) <= room_mm:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_mm(text[:middle] + "…", size, bold) <= room_mm:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def ends_of(words: Any, size: float, room_mm: float) -> str:
    """Return a name that fits: its first two words, and as much of its end as there is room for."""
    text = drawable(words)
    parts = text.split()
    if width_mm(text, size) <= room_mm or len(parts) < _ENDS:
        return fitted(text, size, room_mm)
    for start in range(_ENDS - 1, len(parts)):
        short = f"{' '.join(parts[: _ENDS - 2])} … {' '.join(parts[start:])}"
        if width_mm(short, size) <= room_mm:
            return short
    return fitted(text, size, room_mm)


def lines_of(words: str, size: float, room_mm: float, most: int) -> list[str]:
    """Break text into lines of at most `room_mm`; the last of `most` lines is cut."""
    lines: list[str] = []
    rest = drawable(words, 4000).split()
    while rest and len(lines) < most - 1:
        count = 1
        while count < len(rest) and width_mm(" ".join(rest[: count + 1]), size) <= room_mm:
            count += 1
        lines.append(fitted(" ".join(rest[:count]), size, room_mm))
        rest = rest[count:]
    return [*lines, fitted(" ".join(rest), size, room_mm)] if rest else lines
