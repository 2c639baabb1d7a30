"""Views of finished runs again, without recomputing: map, workbook, Word, export."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import (
    CatalogOption,
    JobsOption,
    OutOption,
    RestrictedOption,
    Session,
    in_session,
    words,
)

if TYPE_CHECKING:
    from siteplan.outputs.style import Style
    from siteplan.runs import Run
    from siteplan.work import Workers
    from siteplan.workspace import Workspace

PAPERS = "ho_so"
KIT = "ban_giao"
SHAPEFILES = "shp"

RunsArgument = Annotated[list[str] | None, typer.Argument(help=words("argument.runs"), show_default=False)]


def style_of(place: Workspace) -> Style:
    """Colours and names of the workspace."""
    from siteplan.outputs.style import load_style

    return load_style(place.maps / "style.toml")


def maps_folder(place: Workspace, catalog: Path | None, out: Path | None) -> Path:
    """Folder of the maps: ``maps/``, ``maps/<catalog stem>/`` for another catalog, ``<out>/maps``."""
    from siteplan.workspace import runs_folder

    if out is not None:
        return out / "maps"
    return place.maps / runs_folder(place, catalog, None).relative_to(place.runs)


def map_folder_of(run: Run, place: Workspace) -> Path:
    """Folder of the map of a run that was found by name."""
    parent = run.folder.resolve().parent
    runs = place.runs.resolve()
    return place.maps / parent.relative_to(runs) if parent.is_relative_to(runs) else parent / "maps"


def found_runs(
    names: Sequence[str] | None, place: Workspace, catalog: Path | None, out: Path | None, at_least: int = 1
) -> list[Run]:
    """Return the runs named; without names the newest one, or all of the folder where two are needed."""
    from siteplan.errors import Problem, UsageError
    from siteplan.runs import MANIFEST, Run, find_run, finish_swaps
    from siteplan.workspace import runs_folder

    folder = runs_folder(place, catalog, out)
    finish_swaps(folder)
    if names:
        found = [find_run(name, folder) for name in names]
    elif at_least > 1:
        found = [Run(p.parent) for p in sorted(folder.glob(f"*/{MANIFEST}"))]
    else:
        found = [find_run(None, folder)]
    if len(found) < at_least:
        raise UsageError(Problem("runs_too_few", file=str(folder), params={"count": at_least}))
    return found


def draw(run: Run, place: Workspace, folder: Path, lang: str, commune: str | None = None) -> Path:
    """Draw the map of a run, or of one commune of it; returns the file."""
    from siteplan.outputs.webmap import write_map

    folder.mkdir(parents=True, exist_ok=True)
    name = run.name if commune is None else f"{run.name}_{commune}"
    return write_map(run, folder / f"{name}.html", style_of(place), lang, commune)


def write_workbook_of(run: Run, lang: str) -> list[Path]:
    """Write the workbook of a run into its folder."""
    from siteplan.outputs.workbook import write_workbook

    (run.folder / PAPERS).mkdir(exist_ok=True)
    return [write_workbook([run], run.folder / PAPERS / f"{run.name}.xlsx", lang)]


def write_papers_of(run: Run, lang: str) -> list[Path]:
    """Write the papers of the dossier of a run into its folder."""
    from siteplan.outputs.dossier import write_papers

    (run.folder / PAPERS).mkdir(exist_ok=True)
    # maps of 65 sites take longer than the run itself: the command dossier draws them
    return write_papers([run], run.folder / PAPERS, run.name, lang)


def write_shapefiles_of(run: Run, lang: str) -> list[Path]:
    """Write the shapefiles of a run into its folder."""
    from siteplan.outputs.handover import write_shapefiles

    (run.folder / PAPERS).mkdir(exist_ok=True)
    restricted = bool(run.manifest["include_restricted"])
    return write_shapefiles(run, run.folder / PAPERS / SHAPEFILES, lang, restricted)


def write_documents(run: Run, lang: str) -> list[Path]:
    """Write workbook, Word file and shapefiles of a run into its folder."""
    written = (write_workbook_of, write_papers_of, write_shapefiles_of)
    return [path for write in written for path in write(run, lang)]


# imported while layers are read and no view can be made yet
VIEW_MODULES = (
    "siteplan.outputs.webmap",
    "siteplan.outputs.workbook",
    "siteplan.outputs.dossier",
    "siteplan.outputs.handover",
    "siteplan.outputs.sheet_text",
    "matplotlib.figure",
)


def begin_views(workers: Workers, run: Run, place: Workspace, folder: Path, lang: str) -> list[Future[Any]]:
    """Begin the views of a run, the workbook last: it fills what the longer ones leave; the first is the map's file."""
    return [
        workers.submit(_draw_all, run, place, folder, lang),
        workers.submit(write_papers_of, run, lang),
        workers.submit(write_workbook_of, run, lang),
    ]


def _draw_all(run: Run, place: Workspace, folder: Path, lang: str) -> Path:
    drawn = draw(run, place, folder, lang)
    write_shapefiles_of(run, lang)
    return drawn


def _show(now: Session, files: Sequence[Path]) -> None:
    for file in files:
        now.line("written", file=str(file))


@in_session
def draw_map(
    now: Session,
    runs: RunsArgument = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
    commune: Annotated[str | None, typer.Option("--commune", help=words("map.commune"), show_default=False)] = None,
    sheets: Annotated[bool, typer.Option("--sheets", help=words("map.sheets"))] = False,
    jobs: JobsOption = 0,
) -> None:
    """Draw the maps of finished runs again, or their printed sheets."""
    from siteplan.outputs.chain import find_commune

    place = now.workspace()
    found = found_runs(runs, place, catalog, None)
    for run in found:
        code = find_commune(run.table("communes"), commune) if commune else None
        folder = out or map_folder_of(run, place)
        if sheets:
            _draw_sheets(now, run, place, folder, now.lang, code, jobs)
        else:
            _show(now, [draw(run, place, folder, now.lang, code)])


def _draw_sheets(
    now: Session, run: Run, place: Workspace, folder: Path, lang: str, commune: str | None, jobs: int
) -> None:
    from siteplan.cli.road import cores
    from siteplan.outputs.sheets import FOLDER, write_sheets

    target = folder / FOLDER / run.name
    communes = [commune] if commune else None
    files = write_sheets(
        run, style_of(place), target, lang, communes=communes, jobs=jobs or cores(), reporter=now.reporter
    )
    now.line("sheets_written", count=len(files) // 2, folder=str(target))


def _paper(found: Sequence[Run], out: Path | None, suffix: str) -> Path:
    """Return the file of a paper on these runs, in `out` or with the papers of the first; its folder is made."""
    folder = out or found[0].folder / PAPERS
    folder.mkdir(parents=True, exist_ok=True)
    return folder / ("_".join(run.name for run in found) + suffix)


@in_session
def workbook(
    now: Session,
    runs: RunsArgument = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Write one workbook with all the runs given."""
    from siteplan.outputs.workbook import write_workbook

    found = found_runs(runs, now.workspace(), catalog, None)
    _show(now, [write_workbook(found, _paper(found, out, ".xlsx"), now.lang)])


@in_session
def dossier(
    now: Session,
    runs: RunsArgument = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
    final: Annotated[bool, typer.Option("--final", help=words("dossier.final"))] = False,
    maps: Annotated[bool, typer.Option("--maps/--no-maps", help=words("dossier.maps"))] = True,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help=words("dossier.pdf"))] = True,
    jobs: JobsOption = 0,
) -> None:
    """Write the papers of the dossier with all the runs given: Word, and PDF where LibreOffice is there."""
    from siteplan.cli.road import cores
    from siteplan.outputs.dossier import Wanted, write_papers
    from siteplan.outputs.finality import to_check_before_final
    from siteplan.outputs.pdf import office, to_pdf

    place = now.workspace()
    found = found_runs(runs, place, catalog, None)
    target = _paper(found, out, ".docx")
    wanted = Wanted(
        final=final, layers=place.layers, style=style_of(place) if maps else None, jobs=jobs or cores()
    )  # fmt: skip
    files = write_papers(found, target.parent, target.stem, now.lang, wanted)
    program = office() if pdf else None
    if program:
        files += to_pdf(files, program)
    _show(now, files)
    if final:
        now.problems(to_check_before_final(found, now.lang))
    if pdf and not program:
        now.line("dossier.no_office")


@in_session
def export(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
    commune: Annotated[
        list[str] | None, typer.Option("--commune", help=words("export.commune"), show_default=False)
    ] = None,
    phase: Annotated[list[str] | None, typer.Option("--phase", help=words("export.phase"), show_default=False)] = None,
    theme: Annotated[list[str] | None, typer.Option("--theme", help=words("export.theme"), show_default=False)] = None,
    by_commune: Annotated[bool, typer.Option("--by-commune", help=words("export.by_commune"))] = False,
    form: Annotated[str | None, typer.Option("--form", help=words("export.form"), show_default=False)] = None,
    include_restricted: RestrictedOption = False,
) -> None:
    """Write the kit of a run for consultants."""
    from siteplan.outputs.handover import Wanted
    from siteplan.outputs.handover import export as write_export
    from siteplan.outputs.handover.form import load_form
    from siteplan.workspace import template_folder

    place = now.workspace()
    templates = [folder / "templates" for folder in (place.layers, template_folder() / "layers")]
    chosen = load_form(form, templates) if form is not None else None
    (found,) = found_runs([run] if run else None, place, catalog, None)
    wanted = Wanted(tuple(commune or ()), tuple(phase or ()), tuple(theme or ()), include_restricted)
    # a chosen part must not take the place of the whole kit
    kit = f"{KIT}_{chosen.name}" if chosen else KIT
    folder = out or found.folder / PAPERS / (f"{kit}_chon" if commune or phase or theme else kit)
    files = write_export(
        found, folder, now.lang, include_restricted, wanted=wanted, style=style_of(place), each_commune=by_commune,
        form=chosen,
    )  # fmt: skip
    now.line("export.done", count=len(files) - 1, folder=str(folder))
    _show(now, files[-1:])
