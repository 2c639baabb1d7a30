"""The papers of a kit: what is in it (README), and what every field means (data dictionary, Vietnamese and English)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyproj

from siteplan import locale
from siteplan.outputs import dictionary, run_words, wording
from siteplan.outputs.handover.content import LAYERS, Content, KitLayer
from siteplan.outputs.handover.shapefiles import twin_names, unique_dbf_names
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.outputs.workbook.plain import listed, plain_heading, sheet_name
from siteplan.tables import RESULTS, Table

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

DICTIONARY_FILE = "tu_dien_du_lieu"
README_FILE = "DOC_TRUOC.txt"
SOURCES_FILE = "nguon_gia_dinh.xlsx"
_WIDTHS = (14, 26, 13, 32, 28, 22, 9, 9, 12, 60)


def _tables(layers: Sequence[KitLayer]) -> dict[str, Table]:
    return {layer.theme: layer.table for layer in layers}


def dictionary_rows(tables: Mapping[str, Table], lang: str) -> list[list[str]]:
    """Return a row a field of the shapefiles: columns with their DBF names, and the twins without accents."""
    at, name_at, labels = (
        dictionary.HEADINGS.index("dbf"),
        dictionary.HEADINGS.index("column"),
        [dictionary.HEADINGS.index(n) for n in ("label", "label_en")],
    )
    rows: list[list[str]] = []
    for key, table in tables.items():
        dbf, twins = unique_dbf_names(table), twin_names(table)
        for row in dictionary.rows({key: table}, lang):
            row[at] = dbf[row[name_at]]
            rows.append(row)
            if row[name_at] in twins:
                twin = list(row)
                twin[at] = twins[row[name_at]]
                for place, language in zip(labels, ("vi", "en"), strict=True):
                    twin[place] = locale.text("handover.twin", language, label=row[place])
                rows.append(twin)
    return rows


def write_dictionary(folder: Path, run: Run, layers: Sequence[KitLayer], lang: str) -> None:
    """Write the dictionary: one workbook with a sheet a language, and a CSV a language."""
    tables = _tables(layers)
    with Book(folder / f"{DICTIONARY_FILE}.xlsx", [run], lang, locale.text("handover.dictionary_sheet", lang)) as book:
        for language in dict.fromkeys((lang, *locale.LANGUAGES)):
            headings, rows = dictionary.headings(language), dictionary_rows(tables, language)
            title = locale.text("handover.dictionary_sheet", language)
            fields = [Field(heading, width) for heading, width in zip(headings, _WIDTHS, strict=True)]
            book.sheet(title, title, fields, rows, frozen_columns=2)
            with (folder / f"{DICTIONARY_FILE}_{language}.csv").open("w", encoding="utf-8-sig", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\r\n")
                writer.writerow(headings)
                writer.writerows(rows)


def write_sources(folder: Path, run: Run, include_restricted: bool, lang: str) -> None:
    """Write what a kit rests on: layers with source and date, and the assumptions that rows cite by number."""
    with Book(folder / SOURCES_FILE, [run], lang, locale.text("handover.sources", lang)) as book:
        for name in ("sources", "assumptions"):
            frame = run.table(name)
            if not include_restricted:
                frame = frame[~frame["restricted"].fillna(value=False).astype(bool)] if name == "sources" else frame
            title = plain_heading(name, run, lang, "")
            _, fields, rows = listed(run, frame, name, RESULTS[name].names, lang)
            book.sheet(sheet_name(name, lang, ""), title, fields, rows, frozen_columns=1)


def readme(run: Run, content: Content, package: str, include_restricted: bool, lang: str, files: Sequence[str]) -> str:
    """Return the text of the README."""
    lines = [
        locale.text(
            "handover.file_line",
            lang,
            file=f"shp/{layer.file_stem}.shp, {package} ({layer.layer_name})",
            label=layer.table.label_en if lang == "en" else layer.table.label,
            geometry=locale.text(f"dictionary.geometry.{layer.shape}", lang),
            count=str(len(layer.frame)),
        )
        for layer in content.layers
    ]
    there = {layer.theme for layer in content.layers}
    tables = {name: table for name, table in RESULTS.items() if name in LAYERS}
    for name in content.themes:
        if name not in there and name in tables:
            label = tables[name].label_en if lang == "en" else tables[name].label
            lines.append(locale.text("handover.file_empty", lang, label=label))
    kind, province = run_words.province_of(run)
    illustrative = run_words.illustrative_line([run], lang)
    epsg = int(run.manifest["province"]["epsg"])
    return wording.clean(
        locale.text(
            "handover.readme",
            lang,
            title=run_words.title_of(run, lang),
            marks="; ".join(run_words.stamp_lines([run], lang)),
            kind=kind,
            name=province,
            epsg=str(epsg),
            crs=pyproj.CRS.from_epsg(epsg).name,
            run=run.name,
            created=wording.day(str(run.manifest.get("created", "")), lang),
            chosen=chosen_words(content, lang),
            files="\n".join(lines),
            others="\n".join(f"- {locale.text(f'handover.also.{name}', lang, package=package)}" for name in files),
            package=package,
            restricted=restricted_words(content, include_restricted, lang),
            illustrative=f"- {illustrative}" if illustrative else "",
        )
    ).lstrip("\n")


def chosen_words(content: Content, lang: str) -> str:
    """Say which communes and phases a kit is about."""
    if content.codes is None:
        return locale.text("handover.chosen_all", lang)
    listed = "; ".join(f"{code} {content.names.get(code, '')}".strip() for code in content.codes)
    phases = f" ({'; '.join(content.phases)})" if content.phases else ""
    return locale.text("handover.chosen_some", lang, count=str(len(content.codes)), listed=listed + phases)


def restricted_words(content: Content, included: bool, lang: str) -> str:
    """Say how many findings rest on restricted layers, and whether they are in the kit."""
    if content.restricted.empty:
        return locale.text("handover.restricted_none", lang)
    sites = ", ".join(sorted({str(s) for s in content.restricted["site_id"]}))
    key = "handover.restricted_in" if included else "handover.restricted_out"
    return locale.text(key, lang, count=str(len(content.restricted)), sites=sites)
