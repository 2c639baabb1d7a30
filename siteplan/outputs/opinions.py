"""People's opinions as people read them: a sheet of the workbook, a table of the handover kit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio

from siteplan import locale
from siteplan.outputs import run_words, wording
from siteplan.outputs.spreadsheet import Book, Field, field_of
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

KIT_FILE = "y_kien_ra_soat.xlsx"
_SHOWN = tuple(name for name in RESULTS["opinions"].names if name != "restricted")


def printable(run: Run, lang: str, *, restricted_too: bool = False) -> pd.DataFrame:
    """Return the opinions of a run; zones of restricted layers are not named unless the run includes them."""
    found: pd.DataFrame = run.table("opinions")
    hidden = found["restricted"].fillna(value=False).astype(bool)
    if not (restricted_too and run.manifest.get("include_restricted")):
        found.loc[hidden, "zone_id"] = locale.text("restricted.zone", lang)
    return found


def _rows(run: Run, lang: str, *, restricted_too: bool = False) -> tuple[list[Field], list[tuple[Any, ...]]]:
    found = printable(run, lang, restricted_too=restricted_too)
    names = dict(zip(run.communes["code"], run.communes["name"], strict=True))
    columns = [RESULTS["opinions"].column(name) for name in _SHOWN]
    wide = {"reason": 44, "document": 28, "state_reasons": 44, "officer": 22}
    fields = [
        Field(f.heading, wide.get(c.name, f.width), f.kind, f.decimals)
        for c, f in ((c, field_of(c, lang)) for c in columns)
    ]
    parts = [wording.cells(c, found[c.name], lang) for c in columns]
    at = _SHOWN.index("commune_code") + 1
    fields.insert(at, Field(locale.text("plans.commune", lang), 20))
    parts.insert(at, [str(names.get(code, "")) for code in found["commune_code"]])
    return fields, list(zip(*parts, strict=True))


def add_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Add the sheet of opinions of a run to a workbook."""
    fields, rows = _rows(run, lang, restricted_too=True)
    name = locale.text("opinions.sheet", lang)
    title = locale.text("opinions.heading", lang)
    if option:
        name, title = f"{name} {option}", f"{title} – {run_words.title_of(run, lang)}"
    book.sheet(name, title, fields, rows, notes=[locale.text("opinions.beside", lang)], frozen_columns=2)


def write_kit(folder: Path, package: str, run: Run, lang: str, include_restricted: bool) -> None:
    """Write the opinions into a handover kit: a plain table of its GeoPackage, and a workbook; nothing without any."""
    found = printable(run, lang, restricted_too=include_restricted)
    if not len(found):
        return
    table = RESULTS["opinions"]
    plain = pd.DataFrame({c.name: wording.cells(c, found[c.name], lang) for c in table.columns})
    pyogrio.write_dataframe(
        plain.astype(object), folder / package, layer="opinions", driver="GPKG", append=True,
        layer_options={"DESCRIPTION": table.label_en if lang == "en" else table.label},
    )  # fmt: skip
    title = locale.text("opinions.heading", lang)
    with Book(folder / KIT_FILE, [run], lang, title) as book:
        add_sheet(book, run, lang, "")
