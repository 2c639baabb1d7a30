"""A kit that comes back: `layers import`."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import CatalogOption, OutOption, Session, in_session, words
from siteplan.locale import number, text, value_text

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.layers.changes import Change, Compared
    from siteplan.layers.returned import Returned
    from siteplan.runs import Run
    from siteplan.workspace import Workspace

REPORT = "thay_doi"
_COLUMNS = (("kind", 13), ("commune_code", 11), ("site_id", 20), ("label", 16), ("distance", 11), ("direction", 18),
            ("bearing", 13), ("farthest", 14), ("before", 15), ("after", 15), ("difference", 15),
            ("columns", 60))  # fmt: skip
_ON_SCREEN = ("kind", "site_id", "label", "distance", "direction", "difference", "columns")
_NUMBERS = frozenset({"distance", "bearing", "farthest", "before", "after", "difference"})


@in_session
def layers_import(
    now: Session,
    kit: Annotated[Path, typer.Argument(help=words("layers.kit"))],
    run: Annotated[str | None, typer.Option("--run", help=words("layers.import_run"), show_default=False)] = None,
    accept: Annotated[bool, typer.Option("--accept", help=words("layers.accept"))] = False,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Tell what changed in a returned kit; make proposals of it where that is wanted."""
    from siteplan.cli.views import found_runs
    from siteplan.errors import Problem
    from siteplan.layers.catalog import load_catalog
    from siteplan.layers.changes import compare, proposals_of
    from siteplan.layers.returned import read_returned
    from siteplan.outputs.wording import clean

    place = now.workspace()
    target = catalog or place.catalog
    province = load_catalog(target).province
    returned = read_returned(kit, province)
    named = run or returned.run or None
    (found,) = found_runs([named] if named else None, place, catalog, None)
    problems = [*returned.problems, *_of_run(returned, found, run)]
    sites, written = _handed_over(found, returned, place)
    compared = compare(returned, sites, written, found.table("communes"))
    lost = [c for c in compared.changes if c.kind == "added" and not c.commune_code]
    if lost:
        told = ", ".join(c.site_id or "–" for c in lost[:5])
        problems.append(Problem("returned_no_commune", "warning", file=str(kit), feature=told,
                                params={"count": len(lost)}))  # fmt: skip
    now.problems([*problems, *compared.problems])
    if not compared.changes:
        now.line("layers.import_none", run=found.name, count=compared.unchanged)
        return
    _show(now, found, compared)
    if out is not None:
        for path in write_report(out, found, compared.changes, now.lang):
            now.line("written", file=str(path))
    rows = proposals_of(compared.changes, clean(str(returned.manifest.get("kit") or kit.stem), 120), "vi")
    if len(rows):
        _take(now, place, target, rows, accept, province.epsg)


def _of_run(returned: Returned, run: Run, asked: str | None) -> list[Any]:
    from siteplan.errors import Problem

    told = returned.manifest.get("run_fingerprint")
    if asked or not told or told == run.manifest.get("fingerprint"):
        return []
    return [Problem("returned_other_run", "warning", value=f"{returned.run or '–'} "
                    f"({str(returned.manifest.get('run_created', ''))[:16]})")]  # fmt: skip


def _handed_over(run: Run, returned: Returned, place: Workspace) -> tuple[Any, dict[str, pd.DataFrame]]:
    """Return the sites as they were handed over: geometry, and the columns of both forms.

    A kit is about the communes it names, and those it has sites of; one that says nothing of itself, about the latter.
    """
    import pandas as pd

    from siteplan.cli.views import style_of
    from siteplan.outputs.handover import Wanted
    from siteplan.outputs.handover.content import KitLayer, gather
    from siteplan.outputs.handover.geopackage import attributes as package_columns
    from siteplan.outputs.handover.looks import style_columns
    from siteplan.outputs.handover.shapefiles import attributes as shapefile_columns
    from siteplan.tables import RESULTS

    lang = "en" if returned.manifest.get("lang") == "en" else "vi"
    codes: set[str] = set()
    if returned.communes is not None or not returned.manifest:
        sites = run.table("sites")
        codes = {*sites.loc[sites["site_id"].isin(returned.ids), "commune_code"].astype(str)}
        codes |= {*(returned.communes or ())} & {str(code) for code in run.table("communes")["code"]}
    wanted = Wanted(communes=tuple(sorted(codes)), themes=("sites",), include_restricted=True)
    handed = gather(run, wanted).of_theme("sites")
    layer = handed[0] if handed else KitLayer(RESULTS["sites"], "polygon", run.table("sites").iloc[:0], mixed=False)
    ids = layer.frame["site_id"].astype(str)
    styled = style_columns(style_of(place))
    forms = {"shp": shapefile_columns(layer, lang), "gpkg": package_columns(layer, lang, styled)}
    return layer.frame, {form: pd.DataFrame(columns, index=ids) for form, columns in forms.items()}


def cells_of(change: Change, lang: str) -> dict[str, Any]:
    """Return a change as cells by column: numbers plain, None where there is none."""
    difference = change.area_after_m2 - change.area_before_m2
    figures = {"distance": change.distance_m, "bearing": change.bearing, "farthest": change.farthest_m,
               "before": change.area_before_m2, "after": change.area_after_m2, "difference": difference}  # fmt: skip
    cells: dict[str, Any] = {
        "kind": value_text("returned", change.kind, lang), "commune_code": change.commune_code,
        "site_id": change.site_id, "label": change.label,
        "direction": value_text("shift_direction", change.direction, lang) if change.direction else "",
        "columns": "; ".join(f"{name}: {before or '–'} → {after or '–'}" for name, before, after in change.columns),
    }  # fmt: skip
    return cells | {key: None if math.isnan(v) else round(v, 3) + 0.0 for key, v in figures.items()}


def _show(now: Session, run: Run, compared: Compared) -> None:
    kinds = [c.kind for c in compared.changes]
    headings = [(text(f"returned.column.{c}", now.lang), "right" if c in _NUMBERS else "left") for c in _ON_SCREEN]
    rows = []
    for change in compared.changes:
        cells = cells_of(change, now.lang)
        rows.append([number(cells[c], 2, now.lang) if c in _NUMBERS else str(cells[c] or "")[:300] for c in _ON_SCREEN])
    now.table(text("cli.layers.import_title", now.lang, run=run.name, file=compared.file), headings, rows)
    counts = {kind: kinds.count(kind) for kind in ("moved", "reshaped", "added", "missing", "attributes")}
    now.line("layers.import_count", unchanged=compared.unchanged, **counts)


def write_report(folder: Path, run: Run, changes: tuple[Change, ...], lang: str) -> list[Path]:
    """Write the changes as XLSX and CSV."""
    from siteplan.outputs.spreadsheet import Book, Field
    from siteplan.outputs.wording import clean
    from siteplan.tabular import guarded

    folder.mkdir(parents=True, exist_ok=True)
    headings = [text(f"returned.column.{name}", lang) for name, _ in _COLUMNS]
    table = [[cells_of(change, lang)[name] for name, _ in _COLUMNS] for change in changes]
    paths = [folder / f"{REPORT}.xlsx", folder / f"{REPORT}.csv"]
    fields = [
        Field(heading, width, "number" if name in _NUMBERS else "text", 3)
        for heading, (name, width) in zip(headings, _COLUMNS, strict=True)
    ]
    title = text("returned.report_title", lang)
    with Book(paths[0], [run], lang, title) as book:
        note = text("returned.report_note", lang, run=run.name)
        book.sheet(title, title, fields, table, notes=[note], frozen_columns=3)
    with paths[1].open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")
        writer.writerow(headings)
        for row in table:
            writer.writerow([guarded(clean(c)) if isinstance(c, str) else "" if c is None else f"{c:.3f}" for c in row])
    return paths


def _take(now: Session, place: Workspace, target: Path, rows: Any, accept: bool, epsg: int) -> None:
    from siteplan.layers.add import append_entry
    from siteplan.layers.catalog import load_catalog
    from siteplan.layers.changes import ENTRY, entry, write_proposals
    from siteplan.workspace import lock

    if not accept and sys.stdin is not None and sys.stdin.isatty():
        accept = typer.confirm(text("cli.layers.import_ask", now.lang, count=len(rows)))
    if not accept:
        now.line("layers.import_later", count=len(rows))
        return
    with lock(place):
        path, added = write_proposals(target.parent, rows, epsg)
        if added and all(known.name != ENTRY for known in load_catalog(target).layers):
            append_entry(target, entry())
    if not added:
        now.line("layers.import_known")
        return
    now.line("layers.import_done", count=len(added), file=str(path), names=", ".join(added[:10]))
