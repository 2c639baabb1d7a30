"""Opening a returned form: is it one, whose, of which version, and what stands in its sheets. Nothing is written back.

What people send may be anything: the package is measured before it is unpacked, external links are not followed,
defusedxml guards the XML (see :mod:`siteplan.tabular`).
"""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from siteplan import locale
from siteplan import tabular as _guard  # noqa: F401 - importing it arms defusedxml
from siteplan.errors import InputError, Problem
from siteplan.survey.cells import Cell, clean, is_empty
from siteplan.survey.form_book import LIST_SHEET
from siteplan.survey.questions import (
    ABOUT_SHEET,
    FIRST_ROW,
    KEY_ROW,
    SCHEMA_VERSION,
    TOPICS,
    VALUE_KEY,
    Topic,
    row_mark,
    row_of_mark,
)

MAX_FILE_BYTES = 20 * 1024**2
MAX_UNPACKED_BYTES = 60 * 1024**2
MAX_MEMBERS = 500
MAX_ROWS = 5_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Line:
    """One row of a sheet: number, id (None where its mark was changed, "" where it has none), cells by question."""

    number: int
    row_id: str | None
    hidden: bool
    cells: Mapping[str, Cell]

    @property
    def empty(self) -> bool:
        """Whether nothing is filled in."""
        return all(is_empty(cell) for cell in self.cells.values())


@dataclass(frozen=True)
class Page:
    """One sheet of questions: its name in the file and its rows."""

    topic: Topic
    name: str
    lines: tuple[Line, ...]


@dataclass
class Returned:
    """A form that came back.

    Parameters
    ----------
    file
        Its name.
    sha256
        Hash of its bytes.
    commune
        Code of the commune it was made for.
    pages
        Sheets by topic.
    problems
        What is wrong with sheets; the rows of a sheet that is told are not among `pages`.
    """

    file: str
    sha256: str
    commune: str
    pages: dict[str, Page] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def _measured(path: Path) -> bytes:
    """Return the bytes of a file that is a package of a bearable size."""
    file = path.name
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(Problem("survey_file_too_large", file=file, params={"limit": MAX_FILE_BYTES // 1024**2}))
    raw = path.read_bytes()
    if raw.startswith(_OLE):
        raise InputError(Problem("survey_file_password" if _ENCRYPTED in raw else "survey_file_old", file=file))
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            size = sum(member.file_size for member in members)
            if len(members) > MAX_MEMBERS or size > MAX_UNPACKED_BYTES:
                raise InputError(
                    Problem("survey_file_too_large", file=file, params={"limit": MAX_UNPACKED_BYTES // 1024**2})
                )
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InputError(Problem("survey_file_corrupt", file=file)) from None
    return raw


def open_form(path: Path) -> Returned:
    """Open a returned form.

    Raises
    ------
    InputError
        Where it is no form, or none that can be read: too large, protected by a password, corrupt, another program's,
        of another version.
    """
    raw = _measured(path)
    file = path.name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of what it does not keep; nothing is written back
            book = openpyxl.load_workbook(path, keep_links=False)
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken or hostile file provokes
        raise InputError(Problem("survey_file_corrupt", file=file, value=type(error).__name__)) from None
    try:
        about = _about(book)
        if about.get("program") != "siteplan":
            raise InputError(Problem("survey_file_foreign", file=file))
        commune = about.get("commune", "")
        if about.get("schema") != SCHEMA_VERSION:
            params = {"found": about.get("schema", "–"), "wanted": SCHEMA_VERSION}
            raise InputError(Problem("survey_version", file=file, value=params["found"], params=params))
        if about.get("check") != row_mark(commune, ABOUT_SHEET, commune):
            raise InputError(Problem("survey_commune_changed", file=file, value=commune))
        returned = Returned(file, hashlib.sha256(raw).hexdigest(), commune)
        _pages(book, returned)
    finally:
        book.close()
    return returned


def _about(book: Any) -> dict[str, str]:
    if ABOUT_SHEET not in book.sheetnames:
        return {}
    rows = book[ABOUT_SHEET].iter_rows(max_row=20, max_col=2, values_only=True)
    return {clean(key): clean(value or "") for key, value in rows if key is not None}


def _pages(book: Any, returned: Returned) -> None:
    expected = {
        topic.key: {locale.text(f"survey.sheet.{topic.key}", lang) for lang in locale.LANGUAGES} for topic in TOPICS
    }
    covers = {locale.text("survey.sheet.cover", lang) for lang in locale.LANGUAGES}
    for page in book.worksheets:
        name = clean(page.title)
        where: dict[str, Any] = {"file": returned.file, "layer": name}
        if name in (LIST_SHEET, ABOUT_SHEET) or name in covers:
            continue
        parts = clean(page.cell(1, 1).value or "").split(" ")
        marked = parts[3] if len(parts) == 4 and parts[0] == "siteplan" else ""
        topic = next((t for t in TOPICS if t.key == marked), None)
        if topic is None:
            if any(name in names for names in expected.values()):
                returned.problems.append(Problem("survey_sheet_mark", **where))
            elif any(cell.value is not None for row in page.iter_rows(max_row=MAX_ROWS) for cell in row):
                returned.problems.append(Problem("survey_sheet_extra", "warning", **where))
            continue
        if parts[2] != returned.commune:
            returned.problems.append(Problem("survey_sheet_other", value=parts[2], **where))
            continue
        if topic.key in returned.pages:
            params = {"first": returned.pages[topic.key].name}
            returned.problems.append(Problem("survey_sheet_twice", params=params, **where))
            continue
        if name not in expected[topic.key]:
            params = {"wanted": locale.text(f"survey.sheet.{topic.key}")}
            returned.problems.append(Problem("survey_sheet_renamed", "warning", params=params, **where))
        lines = _lines(page, topic, returned)
        if lines is not None:
            returned.pages[topic.key] = Page(topic, name, lines)
    told = {p.layer for p in returned.problems if p.key != "survey_sheet_renamed"}
    for topic in TOPICS:
        if topic.key not in returned.pages and not told & expected[topic.key]:
            name = locale.text(f"survey.sheet.{topic.key}")
            returned.problems.append(Problem("survey_sheet_missing", file=returned.file, layer=name))


def _lines(page: Any, topic: Topic, returned: Returned) -> tuple[Line, ...] | None:
    keys = {cell.column: clean(cell.value) for cell in page[KEY_ROW] if cell.value is not None}
    wanted = [q.key for q in topic.questions] if topic.is_list else [VALUE_KEY]
    absent = [key for key in wanted if key not in keys.values()]
    if absent or len([k for k in keys.values() if k in wanted]) != len(wanted):
        names = ", ".join(absent or wanted)
        returned.problems.append(
            Problem("survey_columns", file=returned.file, layer=clean(page.title), params={"columns": names})
        )
        return None
    taken = {column: key for column, key in keys.items() if key in wanted}
    lines: list[Line] = []
    for number in range(FIRST_ROW, min(page.max_row, MAX_ROWS) + 1):
        mark = page.cell(number, 1).value
        row_id: str | None = "" if mark is None else row_of_mark(clean(mark), returned.commune, topic.key)
        cells = {}
        for column, key in taken.items():
            cell = page.cell(number, column)
            cells[key if topic.is_list else VALUE_KEY] = Cell(cell.value, cell.data_type, cell.coordinate)
        hidden = bool(page.row_dimensions[number].hidden) if number in page.row_dimensions else False
        lines.append(Line(number, row_id, hidden, cells))
    return tuple(lines)
