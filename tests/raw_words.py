"""Finds in the texts of papers and workbooks what a reader must not meet: names inside the program, other forms."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import docx
import openpyxl
from docx.oxml.ns import qn

from siteplan import locale

# tokens that readers meet as words of their own language, as signs of the law or of units
WORDS = {
    "an", "ba", "ban", "cao", "da", "no", "to",  # Vietnamese without accents
    "mm", "cm", "dm", "km", "ft",
    "A", "B", "C", "D", "E", "K", "L", "M", "P", "R", "T", "V", "V2", "X", "I", "II", "III", "IV", "VI",
}  # fmt: skip
# headings of columns that hold names of files and layers for those who look them up; none of them is printed
TECHNICAL = {"Tệp", "SHA-256", "Lớp", "Mã giả định", "Bộ định mức"}
_PROGRAM = re.compile(r"\b(?:None|nan|NaN|NaT|True|False|null|inf)\b|<NA>")
_FILE = re.compile(r"\b[\w-]+\.(?:csv|toml|gpkg|tif|shp|geojson|json|py)\b")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_POINT = re.compile(r"(?<![\w.,/:-])-?(\d+)\.(\d+)(?![\w.])")
# sections of laws and standards, versions of programs
_CITED = re.compile(
    r"(?:(?:mục|Mục|Bảng|bảng|điểm|khoản|Điều|Phụ lục)\s+(?:[\w.]+\s*(?:và|,|đến|-)\s*)*|(?:TCVN|QCVN)\s[\w:/-]+,\s*)$"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def tokens(catalog: Path) -> frozenset[str]:
    """All tokens that have words, and the names of the layers of a catalog, without those that are words themselves."""
    parts = (key.split(".") for key in locale.catalogue("vi") if key.startswith("value."))
    found = {part[2] for part in parts if len(part) == 3 and locale.value_text(part[1], part[2]) != part[2]}
    layers = tomllib.loads(catalog.read_text("utf-8")).get("layers", {})
    names = layers if isinstance(layers, dict) else [entry["name"] for entry in layers]
    land = {key.rpartition(".")[2] for key in locale.catalogue("vi") if key.startswith("value.land_code.")}
    return frozenset({*found, *names} - WORDS - land)


def raw_words(words: str, known: frozenset[str]) -> list[str]:
    """Return what a text holds that its reader must not meet."""
    found = [m[0] for pattern in (_PROGRAM, _FILE, _DATE) for m in pattern.finditer(words)]
    found += [m[0] for m in _WORD.finditer(words) if m[0] in known and _apart(words, m.start(), m.end())]
    for number in _POINT.finditer(words):
        grouped = len(number[2]) == 3 and len(number[1]) <= 3 and number[1] != "0"
        if not grouped and not _CITED.search(words[: number.start()]):
            found.append(number[0])
    return found


def _apart(words: str, start: int, end: int) -> bool:
    """Whether what stands there is a word, not a part of an accented one, of an id, of a web address or a path."""
    before, after = words[start - 1 : start], words[end : end + 1]
    return not any(letter.isalnum() or letter in "-/_.@" for letter in (before, after) if letter)


def of_document(path: Path) -> Iterator[tuple[str, str]]:
    """Texts of a Word document with where they stand."""
    for n, paragraph in enumerate(docx.Document(str(path)).element.body.iter(qn("w:p"))):
        words = "".join(part.text or "" for part in paragraph.iter(qn("w:t")))
        if words:
            yield f"{path.name} paragraph {n}", words


def of_workbook(path: Path) -> Iterator[tuple[str, str]]:
    """Texts of a workbook with where they stand, without its technical columns."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for page in book.worksheets:
        technical: set[int] = set()
        for n, row in enumerate(page.iter_rows(values_only=True), start=1):
            technical |= {at for at, cell in enumerate(row) if cell in TECHNICAL}
            for at, cell in enumerate(row):
                if isinstance(cell, str) and at not in technical:
                    yield f"{page.title} row {n} column {at + 1}", cell
    book.close()


def found_in(texts: Iterable[tuple[str, str]], known: frozenset[str]) -> list[str]:
    """Return a line for each different thing found, with one place where it stands."""
    lines: dict[str, str] = {}
    for place, words in texts:
        for raw in raw_words(words, known):
            lines.setdefault(raw, f"{raw!r} in {place}: {words[:160]}")
    return list(lines.values())
