"""The survey: forms out, answers in, who has answered, and the letter to those who have not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import (
    CatalogOption,
    DebugOption,
    LangOption,
    OutOption,
    QuietOption,
    Session,
    WorkspaceOption,
    session,
    words,
)
from siteplan.errors import Problem, UsageError

if TYPE_CHECKING:
    from siteplan.layers.read import LayerSet
    from siteplan.workspace import Workspace

# forms and answers stand in the workspace, beside the layers that come of them
FOLDER = "khao_sat"

DeadlineOption = Annotated[
    str | None, typer.Option("--deadline", help=words("survey.deadline"), show_default=False, metavar="DD/MM/YYYY")
]


def _day(words_of_day: str | None) -> dt.date | None:
    if words_of_day is None:
        return None
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(words_of_day, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise UsageError(Problem("date_invalid", value=words_of_day, column="--deadline"))


def _layers(now: Session, place: Workspace, catalog: Path | None) -> LayerSet:
    from dataclasses import replace

    from siteplan.layers.catalog import load_catalog
    from siteplan.layers.read import read_layers
    from siteplan.survey.questions import ROLES

    wanted = {"communes", "commune_facts", *ROLES}
    found = load_catalog(catalog or place.catalog)
    found = replace(found, layers=tuple(e for e in found.layers if e.role in wanted))
    return read_layers(found, now.reporter)


def _communes(layers: LayerSet) -> list[dict[str, Any]]:
    from siteplan.assembly import communes

    table = communes(layers.table("communes"), layers.table("commune_facts"))
    if not len(table):
        raise UsageError(Problem("survey_no_communes", file=str(layers.catalog.path)))
    return [
        {"code": str(code), "kind": str(kind), "name": str(name)}
        for code, kind, name in zip(table["code"], table["kind"], table["name"], strict=True)
    ]


def new(
    deadline: DeadlineOption = None,
    replace: Annotated[bool, typer.Option("--replace", help=words("survey.replace"))] = False,
    workspace: WorkspaceOption = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
    lang: LangOption = "vi",
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write one workbook a commune, filled in with what is known, and the master workbook."""
    with session(workspace, lang, quiet, debug) as now:
        import tempfile

        from siteplan.locale import text
        from siteplan.survey.forms import form_name, write_form
        from siteplan.survey.known import Known
        from siteplan.survey.overview import Line, write_overview
        from siteplan.survey.questions import ROLES

        place = now.workspace()
        day = _day(deadline)
        layers = _layers(now, place, catalog)
        communes = _communes(layers)
        known = Known({role: layers.table(role) for role in ROLES})
        folder = out or place.root / FOLDER / "gui_di"
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=folder.parent) as made,
            now.reporter.stage("survey.writing", len(communes), count=len(communes)),
        ):
            fresh = []
            for commune in communes:
                file = Path(made) / form_name(commune["code"], commune["kind"], commune["name"])
                fresh.append(write_form(commune, file, layers.province, known.of(commune["code"]), day, lang))
                now.reporter.advance()
            lines = [Line(c["code"], c["kind"], c["name"]) for c in communes]
            fresh.append(write_overview(lines, Path(made) / text("survey.overview.file", lang), lang, day))
            # a form may have been filled in where it lies: it is never written over unasked
            changed = [p for p in fresh if (folder / p.name).exists() and not _same(p, folder / p.name)]
            if changed and not replace:
                params = {"count": len(changed), "first": changed[0].name}
                raise UsageError(Problem("survey_form_exists", file=str(folder), params=params))
            for path in fresh:
                path.replace(folder / path.name)
        now.line("survey.written", count=len(communes), folder=str(folder), master=text("survey.overview.file", lang))


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()
