"""The survey as it is sent out: one workbook a commune, known figures filled in, cells that check what is typed.

Cells to be filled are yellow and open, everything else is protected against slips (no password). Returned files are
read, never edited in place.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import xlsxwriter

from siteplan import locale
from siteplan.crs import Province
from siteplan.survey.cover import write_cover
from siteplan.survey.form_book import FormBook
from siteplan.survey.known import Answers
from siteplan.survey.questions import (
    SCHEMA_VERSION,
    TOPICS,
)

if TYPE_CHECKING:
    from pathlib import Path

_EPOCH = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the property has no zone
_FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def form_name(code: str, kind: str, name: str) -> str:
    """Name of a commune's file: code, kind and name, without what a file system refuses."""
    words = unicodedata.normalize("NFC", f"{code} {kind} {name}")
    return " ".join(_FORBIDDEN_IN_NAMES.sub(" ", words).split())[:120].rstrip(". ") + ".xlsx"


def write_form(
    commune: Mapping[str, Any],
    path: Path,
    province: Province,
    known: Answers | None = None,
    deadline: dt.date | None = None,
    lang: str = locale.DEFAULT_LANGUAGE,
) -> Path:
    """Write the survey workbook of one commune.

    Parameters
    ----------
    commune
        ``code, name, kind``.
    path
        The .xlsx file.
    province
        Its CRS and box, for the check beside coordinates.
    known
        What is filled in, see :class:`siteplan.survey.known.Known`.
    deadline
        The day to answer by; left open where there is none.

    Returns
    -------
    Path
        `path`. The same input gives the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    form = FormBook(book, lang, commune, province, known or {})
    book.set_properties(
        {"title": form.title_words, "author": "siteplan", "created": _EPOCH, "comments": f"schema {SCHEMA_VERSION}"}
    )
    write_cover(form, deadline)
    for topic in TOPICS:
        form.topic(topic)
    form.lists()
    form.about(deadline)
    book.close()
    return path
