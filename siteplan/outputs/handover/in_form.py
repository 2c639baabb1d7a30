"""The kit laid out in a prescribed form: its folders, a GeoPackage a database, a project, and what is missing."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyproj

from siteplan import locale
from siteplan.outputs import run_words, wording
from siteplan.outputs.handover import certificate, corners, dxf, geopackage, project
from siteplan.outputs.handover.content import GROUND, LAYERS, Content
from siteplan.outputs.handover.form import Form
from siteplan.outputs.handover.formed import Formed, fill, limit_widths, looks
from siteplan.outputs.handover.looks import looks_of
from siteplan.outputs.handover.papers import README_FILE, chosen_words, restricted_words, write_sources
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.tables import INPUTS, RESULTS
from siteplan.tabular import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.outputs.style import Style
    from siteplan.runs import Run

DATA = "HoSoGIS"
DRAWINGS = "HoSoBASIC/BanVe"
PAPERS = "HoSoBASIC/VanBan"
LIST_FILE = "danh_muc_lop"
_STEMS: Mapping[str, str] = {**LAYERS, **GROUND}
_LIST = (("database", 13), ("group", 34), ("title", 40), ("class", 36), ("theme", 30), ("state", 30), ("count", 10),
         ("source", 34), ("certainty", 34), ("assignment", 22))  # fmt: skip


def write(
    folder: Path, run: Run, form: Form, content: Content, style: Style, lang: str, include_restricted: bool, date: str
) -> list[Formed]:
    """Write the kit of a run in a form.

    Parameters
    ----------
    date
        ISO date of the files.

    Returns
    -------
    list of Formed
        A class each, as it stands in the kit.
    """
    for name in (DATA, DRAWINGS, PAPERS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    own = looks_of(run, content.layers, style, lang)
    formed = fill(form, content, own, lang)
    shown, grouped = looks(form, formed, style, lang)
    for database in dict.fromkeys(one.of.database for one in formed if one.layer is not None):
        path = folder / DATA / f"{database}.gpkg"
        layers = [one.layer for one in formed if one.layer is not None and one.of.database == database]
        geopackage.write(path, layers, lang, style)
        limit_widths(path, form.fields)
        here = [look for look in shown if look.package == path.name]
        geopackage.write_styles(path, here, lang, style, date)
    title = run_words.title_of(run, lang)
    project.write(folder / DATA / f"{run.name}.qgz", "", title, shown, lang, grouped, date)
    drawn = [layer for layer in content.layers if layer.theme in LAYERS]
    dxf.write(folder / DRAWINGS / f"{run.name}.dxf", drawn, own, content.names, lang)
    certificate.write(folder / PAPERS / certificate.FILE, run, lang)
    sites = content.rows("sites")
    if sites is not None:
        corners.write(
            folder / PAPERS, run, sites[sites["is_best"].fillna(value=False).astype(bool)], content.names, lang
        )
    _write_list(folder / PAPERS, run, form, formed, lang)
    write_sources(folder / PAPERS, run, include_restricted, lang)
    words = readme(run, form, content, formed, include_restricted, lang)
    (folder / README_FILE).write_text(words, "utf-8-sig", newline="\r\n")
    return formed


def listed(formed: Sequence[Formed]) -> dict[str, Any]:
    """Return what the manifest tells of the classes of a form."""
    return {
        f"{one.of.database}/{one.of.name}": {
            "file": f"{DATA}/{one.of.database}.gpkg" if one.layer is not None else None,
            "themes": [piece.theme for piece in one.of.pieces],
            "state": one.state,
            "features": 0 if one.layer is None else len(one.layer.frame),
        }
        for one in formed
    }


def _theme_words(one: Formed) -> str:
    themes = one.themes or tuple(dict.fromkeys(piece.theme for piece in one.of.pieces))
    return "; ".join(_STEMS[theme] for theme in themes)


def _write_list(folder: Path, run: Run, form: Form, formed: Sequence[Formed], lang: str) -> None:
    """Write every class of the form with what fills it, how many objects it has, source and certainty."""
    rows = []
    for one in formed:
        group = form.groups.get((one.of.database, one.of.group), {})
        count = 0 if one.layer is None else len(one.layer.frame)
        assigned = locale.text("handover.form.assigned", lang) if one.of.pieces else ""
        rows.append(
            [one.of.database, one.of.group, group.get("title_en" if lang == "en" else "title", ""), one.of.name,
             _theme_words(one), locale.text(f"handover.form.state.{one.state}", lang), count, one.of.source,
             locale.text(f"handover.form.certainty.{one.of.certainty}", lang), assigned]
        )  # fmt: skip
    headings = [locale.text(f"handover.form.list.{name}", lang) for name, _ in _LIST]
    title = locale.text("handover.form.list_title", lang, form=form.name.upper())
    fields = [
        Field(heading, width, "int" if name == "count" else "text")
        for heading, (name, width) in zip(headings, _LIST, strict=True)
    ]
    with Book(folder / f"{LIST_FILE}.xlsx", [run], lang, title) as book:
        note = locale.text("handover.form.unverified", lang)
        book.sheet(locale.text("handover.form.list_sheet", lang), title, fields, rows, notes=[note], frozen_columns=4)
    with (folder / f"{LIST_FILE}.csv").open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(headings)
        writer.writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)


def readme(
    run: Run, form: Form, content: Content, formed: Sequence[Formed], include_restricted: bool, lang: str
) -> str:
    """Return the text of the README: what is there, what is missing and why, and how far the form is known."""
    kind, province = run_words.province_of(run)
    epsg = int(run.manifest["province"]["epsg"])
    there = {one.of.database for one in formed if one.layer is not None}
    title = "title_en" if lang == "en" else "title"
    folders = [
        locale.text(
            f"handover.form.folder_{'there' if _is_there(row, there) else 'missing'}", lang, title=row[title],
            path="/".join(part for part in (row["folder"], row["database"]) if part),
        )
        for row in form.folders
    ]  # fmt: skip
    filled = [
        locale.text("handover.form.class_line", lang, database=one.of.database, name=one.of.name,
                    theme=_theme_words(one), count=str(len(one.layer.frame)),
                    geometry=locale.text(f"dictionary.geometry.{one.of.shape}", lang))
        for one in formed if one.layer is not None
    ]  # fmt: skip
    fields = [
        locale.text("handover.form.field_line", lang, name=f.name, length=str(f.length),
                    label=f.label_en if lang == "en" else f.label,
                    what=locale.text(f"handover.form.filled_by.{f.filled_by}", lang,
                                     value=f.value or locale.text("handover.form.not_issued", lang)))
        for f in form.fields
    ]  # fmt: skip
    left = [name for theme, name in _STEMS.items() if theme not in form.themes]
    used = {theme for one in formed for theme in one.themes}
    missing = _missing(form, formed, lang)
    missing += [
        locale.text("handover.form.theme_missing", lang, theme=_STEMS[theme],
                    label=(RESULTS.get(theme) or INPUTS[theme]).label_en if lang == "en"
                    else (RESULTS.get(theme) or INPUTS[theme]).label)
        for theme in form.themes if theme in content.themes and theme not in used
    ]  # fmt: skip
    illustrative = run_words.illustrative_line([run], lang)
    return wording.clean(
        locale.text(
            "handover.form.readme", lang, form=form.name.upper(), folder=form.name, title=run_words.title_of(run, lang),
            marks="; ".join(run_words.stamp_lines([run], lang)), kind=kind, name=province, epsg=str(epsg),
            crs=pyproj.CRS.from_epsg(epsg).name, run=run.name,
            created=wording.day(str(run.manifest.get("created", "")), lang), chosen=chosen_words(content, lang),
            unverified=locale.text("handover.form.unverified", lang), folders="\n".join(folders),
            filled="\n".join(filled), fields="\n".join(fields), missing="\n".join(missing),
            left=", ".join(left), restricted=restricted_words(content, include_restricted, lang),
            illustrative=f"- {illustrative}" if illustrative else "",
        )
    ).lstrip("\n")  # fmt: skip


def _is_there(row: Mapping[str, str], databases: set[str]) -> bool:
    return row["database"] in databases if row["database"] else row["folder"] == DRAWINGS.split("/", 1)[0]


def _missing(form: Form, formed: Sequence[Formed], lang: str) -> list[str]:
    """Return a line a group: classes without data, by the reason."""
    lines = []
    for (database, group), row in form.groups.items():
        inside = [one for one in formed if (one.of.database, one.of.group) == (database, group) and one.layer is None]
        for state in dict.fromkeys(one.state for one in inside):
            names = ", ".join(one.of.name for one in inside if one.state == state)
            lines.append(
                locale.text("handover.form.missing_line", lang, database=database, group=group, names=names,
                            title=row["title_en" if lang == "en" else "title"],
                            state=locale.text(f"handover.form.state.{state}", lang))
            )  # fmt: skip
    return lines
