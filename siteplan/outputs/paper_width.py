"""How wide the columns of a printed table must be: no number is broken over lines, and the rows stay low.

The advances are those of Times New Roman. Where a reader has another serif font in its place letters may be a quarter
wider, so as long as the page allows it columns get that much more.
"""

from __future__ import annotations

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
_PADDING_MM = 2.0
_SMALLEST_PT = 7.0
_LONGEST_WORD_MM = 42.0
_USUAL = 0.9  # share of the cells of a column that its width is chosen for


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


def _longest_word(words: str, size_pt: float) -> float:
    return min(_LONGEST_WORD_MM, max((width_mm(word, size_pt) for word in words.split()), default=0.0))


def _longest_line(words: str, size_pt: float) -> float:
    return max((width_mm(line, size_pt) for line in words.split("\n")), default=0.0)


def _least(headings: Sequence[str], columns: Sequence[Sequence[str]], size_pt: float, room: float) -> list[float]:
    """Widths below which a word or a number would be broken."""
    found = []
    for heading, cells in zip(headings, columns, strict=True):
        inside = max((_longest_word(words, size_pt) for words in set(cells)), default=0.0)
        found.append(max(inside, _longest_word(heading, size_pt) * _BOLD) * room + _PADDING_MM)
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
    size, least = size_pt, [0.0]
    for size, room in _attempts(size_pt):
        least = _least(headings, columns, size, room)
        if sum(least) <= total_mm:
            break
    else:
        return [width * total_mm / sum(least) for width in least], size
    natural = []
    for heading, cells, narrowest in zip(headings, columns, least, strict=True):
        lengths = sorted(_longest_line(words, size) for words in cells)
        usual = lengths[min(len(lengths) - 1, int(len(lengths) * _USUAL))] if lengths else 0.0
        natural.append(max(narrowest, usual * 1.15 + _PADDING_MM, _longest_line(heading, size) * _BOLD / 2))
    return _shared(least, natural, total_mm), size


def _attempts(size_pt: float) -> list[tuple[float, float]]:
    """Letter sizes and how much wider than Times the letters may be, in the order in which they are tried."""
    sizes = [size_pt]
    while sizes[-1] - 0.5 >= _SMALLEST_PT:
        sizes.append(sizes[-1] - 0.5)
    return [(size, room) for room in (_OTHER_FONT, 1.05) for size in (sizes[:2] if room > 1.05 else sizes)]


def _shared(least: Sequence[float], natural: Sequence[float], total_mm: float) -> list[float]:
    """Share the page out so that all columns need about as many lines, and none less than its longest word."""
    if sum(natural) <= total_mm:
        return [width * total_mm / sum(natural) for width in natural]
    low, high = 1.0, 1000.0
    for _ in range(60):
        lines = (low + high) / 2
        needed = sum(max(narrow, wide / lines) for narrow, wide in zip(least, natural, strict=True))
        low, high = (lines, high) if needed > total_mm else (low, lines)
    widths = [max(narrow, wide / high) for narrow, wide in zip(least, natural, strict=True)]
    return [width * total_mm / sum(widths) for width in widths]


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
