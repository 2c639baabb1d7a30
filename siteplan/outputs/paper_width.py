"""How wide the columns of a printed table must be: no number is broken over lines, and the rows stay low.

The advances are those of Times New Roman. Where a reader has another serif font in its place letters may be a third
wider, bold ones half, so as long as the page allows it columns get that much more: headings before all, then words.
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
_OTHER_FONT_WORD = 1.2
_WIDE_FONT_WORD, _WIDE_FONT_HEADING = 1.36, 1.52  # DejaVu Serif, the widest in use; bold letters in the second
_BREAKS = re.compile(r"\s+|(?<=[,;_])(?=\D)")  # where a line may be broken, the zero-width spaces of `breakable` too
_PADDING_MM = 2.0
_SMALLEST_PT = 7.0
_LONGEST_WORD_MM = 42.0
_USUAL = 0.95  # share of the cells of a column that its width is chosen for
_RARE = 0.3  # of the longest cell, where most are short
_WORTH = 0.9
_MOST_LINES = 60
_FEW_WORDS = 8  # the lines of a text of so many are counted word by word, those of a longer one by its length
_LONGEST_TOLD = 12  # texts of a column that its width is tried on


@lru_cache(maxsize=65536)
def _advance(words: str) -> int:
    total = 0
    for letter in unicodedata.normalize("NFD", words):
        if not unicodedata.combining(letter):
            total += _ADVANCES.get(letter, _CAPITAL if letter.isupper() else _DIGIT)
    return total


@lru_cache(maxsize=65536)
def _pieces(words: str) -> tuple[int, ...]:
    """Advances of what is not broken in a text, each with the space behind it."""
    return tuple(_advance(word) + _NARROW for word in _BREAKS.split(words) if word)


def _lines_within(pieces: Sequence[int], room: float) -> int:
    lines, used = 1, 0.0
    for piece in pieces:
        if used and used + piece - _NARROW > room:
            lines, used = lines + 1, 0.0
        used += piece
    return lines


@lru_cache(maxsize=65536)
def _room_for(pieces: tuple[int, ...], lines: int) -> int:
    """Least width at which a text of a few words stands on so many lines."""
    ends = sorted({sum(pieces[a:b]) - _NARROW for a in range(len(pieces)) for b in range(a + 1, len(pieces) + 1)})
    return next((end for end in ends if end >= max(pieces) - _NARROW and _lines_within(pieces, end) <= lines), 0)


def width_mm(words: str, size_pt: float) -> float:
    """Width of a line of text, about, in mm."""
    return _advance(words) / 1000 * size_pt * _PT_MM


def _longest_word(words: str, size_pt: float, room: float, word_room: float) -> float:
    """Width of the widest word, a number or a code with the space that another font asks for."""
    widths = [
        width_mm(word, size_pt) * (room if word[0].isdigit() or word[-1].isdigit() else word_room)
        for word in _BREAKS.split(words)
        if word
    ]
    return min(_LONGEST_WORD_MM, max(widths, default=0.0))


def _longest_line(words: str, size_pt: float) -> float:
    return max((width_mm(line, size_pt) for line in words.split("\n")), default=0.0)


def _least(
    headings: Sequence[str],
    columns: Sequence[Sequence[str]],
    size_pt: float,
    room: float,
    word_room: float,
    heading_room: float,
) -> list[float]:
    """Widths below which a word or a number would be broken."""
    found = []
    for heading, cells in zip(headings, columns, strict=True):
        inside = max((_longest_word(words, size_pt, room, word_room) for words in set(cells)), default=0.0)
        found.append(max(inside, _longest_word(heading, size_pt, heading_room, heading_room)) + _PADDING_MM)
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
    least, told = [0.0], [_told(cells) for cells in columns]
    for room, word_room, heading_room, sizes in (
        (_OTHER_FONT, _WIDE_FONT_WORD, _WIDE_FONT_HEADING, [size_pt]),
        (_OTHER_FONT, _OTHER_FONT_WORD, _WIDE_FONT_HEADING, _sizes(size_pt, _OTHER_FONT)),
        (_OTHER_FONT, _OTHER_WORD, _WIDE_FONT_HEADING, _sizes(size_pt, _OTHER_WORD)),
        (_OTHER_FONT, _OTHER_WORD, _OTHER_WORD * _BOLD, _sizes(size_pt, _OTHER_FONT)),
        (_OTHER_WORD, _OTHER_WORD, _OTHER_WORD * _BOLD, _sizes(size_pt, _OTHER_WORD)),
    ):
        best: tuple[float, list[float], float] | None = None
        for size in sizes:
            least = _least(headings, columns, size, room, word_room, heading_room)
            if sum(least) > total_mm:
                continue
            widths = _shared(least, _natural(headings, columns, size), told, size, total_mm)
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


def _told(cells: Sequence[str]) -> list[tuple[int, ...]]:
    """Longest of the usual texts of a column that have a few words, as the widths of their words."""
    by_length = sorted(cells, key=_advance)
    usual = by_length[: int(len(by_length) * _USUAL) + 1]
    longest = list(dict.fromkeys(reversed(usual)))[:_LONGEST_TOLD]
    return [pieces for pieces in map(_pieces, longest) if 1 < len(pieces) <= _FEW_WORDS]


def _shared(
    least: Sequence[float],
    natural: Sequence[float],
    told: Sequence[Sequence[tuple[int, ...]]],
    size_pt: float,
    total_mm: float,
) -> list[float]:
    """Share the page out so that rows have as few lines as can be and no column is narrower than its longest word."""
    lines, widths = 1, list(natural)
    while sum(widths := _of_lines(least, natural, told, size_pt, lines)) > total_mm and lines < _MOST_LINES:
        lines += 1
    if sum(widths) > total_mm:  # short texts take more lines than the long ones
        widths = _of_lines(least, natural, [[] for _ in told], size_pt, lines)
    spare = total_mm - sum(widths)
    long = [max(0.0, wide - width) for wide, width in zip(natural, widths, strict=True)]
    shares = long if sum(long) > 0 else widths
    return [width + spare * share / sum(shares) for width, share in zip(widths, shares, strict=True)]


def _of_lines(
    least: Sequence[float],
    natural: Sequence[float],
    told: Sequence[Sequence[tuple[int, ...]]],
    size_pt: float,
    lines: int,
) -> list[float]:
    lost = 1.0 if lines == 1 else 1.12  # what the ends of lines leave empty
    found = []
    for narrow, wide, texts in zip(least, natural, told, strict=True):
        by_length = (wide - _PADDING_MM) / lines * lost
        by_words = max((_room_for(pieces, lines) for pieces in texts), default=0) / 1000 * size_pt * _PT_MM
        found.append(max(narrow, by_length + _PADDING_MM, by_words * _OTHER_WORD + _PADDING_MM))
    return found


def total_spans(rows: Sequence[Sequence[str]], bold_rows: Sequence[int]) -> list[tuple[int, int, int]]:
    """Room of the first cell of each total, its own and that of the empty ones behind it: row, column, columns."""
    return [
        (number, 0, next((at for at in range(1, len(rows[number])) if rows[number][at]), len(rows[number])))
        for number in bold_rows
    ]


def without_room(
    rows: Sequence[Sequence[str]], bold_rows: Sequence[int], spans: Sequence[tuple[int, int, int]]
) -> list[Sequence[str]]:
    """Rows as widths are chosen by: a cell that takes the room of others asks for none, a bold one for a tenth more."""
    found: list[Sequence[str]] = list(rows)
    for number in bold_rows:
        found[number] = [f"{words}{'0' * -(-len(words) // 10)}" if words else "" for words in rows[number]]
    for number, at, span in spans:
        if span > 1:
            found[number] = ["" if n == at else words for n, words in enumerate(found[number])]
    return found


def height_mm(rows: Sequence[Sequence[str]], widths: Sequence[float], size_pt: float) -> float:
    """Height of the rows of a table, about, in mm."""
    line = size_pt * _PT_MM * 1.2
    lines = 0.0
    for row in rows:
        lines += max(_lines(words, width - _PADDING_MM, size_pt) for words, width in zip(row, widths, strict=True))
    return lines * line


def _lines(words: str, room_mm: float, size_pt: float) -> int:
    pieces = _pieces(words)
    if len(pieces) <= _FEW_WORDS and "\n" not in words:
        return _lines_within(pieces, room_mm / _PT_MM / size_pt * 1000)
    return 1 + int(_longest_line(words, size_pt) * 1.08 / max(1.0, room_mm)) + words.count("\n")
