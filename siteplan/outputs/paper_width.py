"""How wide the columns of a printed table must be: no number is broken over lines, and the rows stay low.

The advances are those of Times New Roman. Where a reader has another serif font in its place letters may be a quarter
wider, so as long as the page allows it columns get that much more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_PT_MM = 25.4 / 72
# advances in thousandths of the letter size
_NARROW, _SMALL, _DIGIT, _WIDE, _CAPITAL = 280, 400, 500, 750, 700
_KINDS = (("ijlt.,;:|'!()[]-/ ·", _NARROW), ("rsfcaezI", _SMALL), ("mwMWQOGDHN%@…–", _WIDE))
_ADVANCES = {letter: advance for letters, advance in _KINDS for letter in letters}
_BOLD = 1.08
_OTHER_FONT = 1.27
_OTHER_WORD = 1.08
_BREAKS = re.compile(r"\s+|(?<=[,;_])(?=\D)")  # where a line may be broken, the zero-width spaces of `breakable` too
_PADDING_MM = 2.0
_SMALLEST_PT = 7.0
_LONGEST_WORD_MM = 42.0
_USUAL = 0.95  # share of the cells of a column that its width is chosen for
_RARE = 0.3  # of the longest cell, where most are short
_WORTH = 0.9
_MOST_LINES = 60


@lru_cache(maxsize=65536)
def _advance(words: str) -> int:
    total = 0
    for letter in unicodedata.normalize("NFD", words):
        if not unicodedata.combining(letter):
            total += _ADVANCES.get(letter, _CAPITAL if letter.isupper() else _DIGIT)
    return total


def width_mm(words: str, size_pt: float) -> float:
    """Width of a line of text, about, in mm."""
    return _advance(words) / 1000 * size_pt * _PT_MM


def _longest_word(words: str, size_pt: float, room: float) -> float:
    """Width of the widest word, a number with the space that another font asks for."""
    widths = [
        width_mm(word, size_pt) * (room if word[0].isdigit() and word[-1].isdigit() else min(room, _OTHER_WORD))
        for word in _BREAKS.split(words)
        if word
    ]
    return min(_LONGEST_WORD_MM, max(widths, default=0.0))


def _longest_line(words: str, size_pt: float) -> float:
    return max((width_mm(line, size_pt) for line in words.split("\n")), default=0.0)


def _least(headings: Sequence[str], columns: Sequence[Sequence[str]], size_pt: float, room: float) -> list[float]:
    """Widths below which a word or a number would be broken."""
    found = []
    for heading, cells in zip(headings, columns, strict=True):
        inside = max((_longest_word(words, size_pt, room) for words in set(cells)), default=0.0)
        found.append(max(inside, _longest_word(heading, size_pt, room) * _BOLD) + _PADDING_MM)
    return found


def column_widths(
    headings: Sequence[str], rows: Sequence[Sequence[str]], total_mm: float, size_pt: float
) -> tuple[list[float], float]:
    """Return widths that fill the page, and the letter size they need.

    Parameters
    ----------
    headings, rows
        Texts of the table.
    total_mm
        Width of the table.
    size_pt
        Letter size wished; it becomes smaller, down to 7 points, where words would be broken otherwise.

    Returns
    -------
    list of float, float
        Widths in mm, their sum `total_mm`; the letter size.
    """
    columns = [list(cells) for cells in zip(*rows, strict=True)] if rows else [[] for _ in headings]
    least = [0.0]
    for room in (_OTHER_FONT, _OTHER_WORD):
        best: tuple[float, list[float], float] | None = None
        for size in _sizes(size_pt, room):
            least = _least(headings, columns, size, room)
            if sum(least) > total_mm:
                continue
            widths = _shared(least, _natural(headings, columns, size), total_mm)
            height = height_mm(rows, widths, size)
            # smaller letters have to save more than their own share
            if best is None or height < best[0] * _WORTH:
                best = (height, widths, size)
        if best is not None:
            return best[1], best[2]
    return [width * total_mm / sum(least) for width in least], _SMALLEST_PT


def _sizes(size_pt: float, room: float) -> list[float]:
    """Letter sizes that are tried: three, and more where words would be broken otherwise."""
    steps = 3 if room == _OTHER_FONT else 1 + int((size_pt - _SMALLEST_PT) / 0.5)
    return [max(_SMALLEST_PT, size_pt - 0.5 * step) for step in range(steps)]


def _natural(headings: Sequence[str], columns: Sequence[Sequence[str]], size_pt: float) -> list[float]:
    """Widths at which nearly all cells stand on one line, and headings on two."""
    found = []
    for heading, cells in zip(headings, columns, strict=True):
        lengths = sorted(_longest_line(words, size_pt) for words in cells) or [0.0]
        usual = max(lengths[min(len(lengths) - 1, int(len(lengths) * _USUAL))], lengths[-1] * _RARE)
        found.append(max(usual * _OTHER_WORD + _PADDING_MM, _longest_line(heading, size_pt) * _BOLD / 2))
    return found


def _shared(least: Sequence[float], natural: Sequence[float], total_mm: float) -> list[float]:
    """Share the page out so that rows have as few lines as can be and no column is narrower than its longest word."""
    lines, widths = 1, list(natural)
    while sum(widths := _of_lines(least, natural, lines)) > total_mm and lines < _MOST_LINES:
        lines += 1
    spare = total_mm - sum(widths)
    long = [max(0.0, wide - width) for wide, width in zip(natural, widths, strict=True)]
    shares = long if sum(long) > 0 else widths
    return [width + spare * share / sum(shares) for width, share in zip(widths, shares, strict=True)]


def _of_lines(least: Sequence[float], natural: Sequence[float], lines: int) -> list[float]:
    lost = 1.0 if lines == 1 else 1.12  # what the ends of lines leave empty
    return [max(narrow, (wide - _PADDING_MM) / lines * lost + _PADDING_MM)
            for narrow, wide in zip(least, natural, strict=True)]  # fmt: skip


def height_mm(rows: Sequence[Sequence[str]], widths: Sequence[float], size_pt: float) -> float:
    """Height of the rows of a table, about, in mm."""
    line = size_pt * _PT_MM * 1.2
    lines = 0.0
    for row in rows:
        lines += max(
            1 + int(_longest_line(words, size_pt) * 1.08 / max(1.0, width - _PADDING_MM)) + words.count("\n")
            for words, width in zip(row, widths, strict=True)
        )
    return lines * line
