"""The survey: forms out, answers in, who has answered, and the letter to those who have not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan import clock
from siteplan.cli.session import (
    CatalogOption,
    OutOption,
    Session,
    in_session,
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


@in_session
def new(
    now: Session,
    deadline: DeadlineOption = None,
    replace: Annotated[bool, typer.Option("--replace", help=words("survey.replace"))] = False,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Write one workbook a commune, filled in with what is known, and the master workbook."""
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
            fresh.append(write_form(commune, file, layers.province, known.of(commune["code"]), day, now.lang))
            now.reporter.advance()
        lines = [Line(c["code"], c["kind"], c["name"]) for c in communes]
        fresh.append(write_overview(lines, Path(made) / text("survey.overview.file", now.lang), now.lang, day))
        # a form may have been filled in where it lies: it is never written over unasked
        changed = [p for p in fresh if (folder / p.name).exists() and not _same(p, folder / p.name)]
        if changed and not replace:
            params = {"count": len(changed), "first": changed[0].name}
            raise UsageError(Problem("survey_form_exists", file=str(folder), params=params))
        for path in fresh:
            path.replace(folder / path.name)
    now.line("survey.written", count=len(communes), folder=str(folder), master=text("survey.overview.file", now.lang))


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def _ground(layers: LayerSet, communes: list[dict[str, Any]]) -> Any:
    from siteplan.survey.places import Ground

    table = layers.table("communes")
    shapes = dict(zip(table["code"], table.geometry, strict=True))
    known = {c["code"]: shapes.get(c["code"]) for c in communes}
    names = {c["code"]: f"{c['kind']} {c['name']}" for c in communes}
    return Ground(layers.province, known, bool(table["illustrative"].fillna(False).any()), names)


@in_session
def import_forms(
    now: Session,
    place: Annotated[Path, typer.Argument(help=words("survey.place"))],
    by: Annotated[str | None, typer.Option("--by", help=words("survey.by"), show_default=False)] = None,
    check_only: Annotated[bool, typer.Option("--check", help=words("survey.check"))] = False,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Read returned forms, list every problem, keep what can be taken, and write it as layers."""
    import getpass
    from contextlib import nullcontext

    from siteplan.survey import feeding, telling
    from siteplan.survey.importing import take_in
    from siteplan.survey.known import Known
    from siteplan.survey.questions import ROLES
    from siteplan.survey.store import Store
    from siteplan.workspace import lock

    space = now.workspace()
    target = catalog or space.catalog
    layers = _layers(now, space, catalog)
    communes = _communes(layers)
    store = Store(space.layers)
    known = Known({role: layers.table(role) for role in ROLES})
    with nullcontext() if check_only else lock(space):
        results = take_in(
            place, store, _ground(layers, communes), known, feeding.today(), by or getpass.getuser(),
            keep=not check_only, reporter=now.reporter,
        )  # fmt: skip
        if not check_only:
            tables = feeding.layer_rows(store, layers.province)
            feeding.write_layers(store, tables, now.lang)
            added = feeding.enter(target, store, layers.province, tables)
    folder = out or space.root / FOLDER / "phan_hoi"
    replies = telling.write_replies(results, folder, now.lang)
    _tell(now, results)
    if replies:
        now.line("survey.replies", count=len(replies), folder=str(folder))
    if not check_only:
        rows = sum(len(rows) for rows in tables.values())
        now.line("survey.layers", count=rows, folder=str(store.folder))
        for name in added:
            now.line("layers.added", catalog=str(target), name=name)
    if any(p.severity == "error" for r in results for p in r.problems):
        raise typer.Exit(1)


def _tell(now: Session, results: list[Any]) -> None:
    """Print every problem by file, sheet and cell, and a table of what was made of each file."""
    from siteplan.locale import text, value_text
    from siteplan.survey import telling

    for result in results:
        if result.outcome == "same":
            continue
        for problem in result.problems:
            row = telling.problem_words(problem, now.lang)
            place = " · ".join(row[key] for key in ("file", "sheet", "cell", "question") if row[key])
            now.out.print(f"{row['severity']}: {place}: {row['what']}", markup=False)
            now.out.print(f"  {text('cli.place.remedy', now.lang)}: {row['remedy']}", markup=False)
        for difference in result.differences:
            sheet, row_id, question, old, new = telling.difference_words(difference, now.lang)
            where = " · ".join(part for part in (result.path.name, sheet, row_id, question) if part)
            now.out.print(text("cli.survey.changed", now.lang, where=where, old=old, new=new), markup=False)
    columns = [(text(f"cli.survey.column.{key}", now.lang), justify) for key, justify in (
        ("file", "left"), ("outcome", "left"), ("number", "right"), ("taken", "right"), ("bad", "right"),
        ("errors", "right"), ("warnings", "right"), ("changes", "right"),
    )]  # fmt: skip
    rows = [
        [
            r.path.name, value_text("survey_outcome", r.outcome, now.lang), str(r.number or "–"), str(r.rows_taken),
            str(r.rows_bad), str(sum(p.severity == "error" for p in r.problems)),
            str(sum(p.severity == "warning" for p in r.problems)), str(len(r.differences)),
        ]
        for r in results
    ]  # fmt: skip
    now.table(text("cli.survey.imported", now.lang, count=len(results)), columns, rows)


@in_session
def status(
    now: Session,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help=words("survey.xlsx"), show_default=False)] = None,
    catalog: CatalogOption = None,
) -> None:
    """Print who has answered, how completely, and what holds it up."""
    from siteplan.locale import number, text, value_text
    from siteplan.survey.answers import lines_of, shortened
    from siteplan.survey.overview import counts, write_overview
    from siteplan.survey.store import Store

    place = now.workspace()
    lines = lines_of(_communes(_layers(now, place, catalog)), Store(place.layers), now.lang)
    keys = (("code", "left"), ("name", "left"), ("state", "left"), ("areas", "left"),
            ("percent", "right"), ("lacking", "left"), ("blocking", "left"))  # fmt: skip
    rows = [
        [
            line.code, f"{line.kind} {line.name}", value_text("survey_state", line.state, now.lang),
            value_text("report_state", line.areas, now.lang),
            number(line.percent, 0, now.lang) if line.submissions else "–", "; ".join(line.lacking),
            shortened(line.blocking, now.lang),
        ]
        for line in lines
    ]  # fmt: skip
    columns: list[tuple[str, str]] = [(text(f"survey.overview.{key}", now.lang), justify) for key, justify in keys]
    now.table(text("survey.overview.title", now.lang), columns, rows)
    now.out.print(text("survey.overview.counts", now.lang, **counts(lines)), markup=False)
    if xlsx is not None:
        now.line("written", file=str(write_overview(lines, xlsx, now.lang)))


@in_session
def remind(
    now: Session,
    deadline: DeadlineOption = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Write the letter to communes that have not answered or not in full."""
    from siteplan.locale import text
    from siteplan.survey.answers import lines_of
    from siteplan.survey.letter import write_letter
    from siteplan.survey.store import Store

    place = now.workspace()
    layers = _layers(now, place, catalog)
    lines = lines_of(_communes(layers), Store(place.layers), now.lang)
    path = (out or place.root / FOLDER) / text("survey.letter.file", now.lang)
    written = write_letter(lines, path, layers.province, clock.today(), _day(deadline), now.lang)
    now.line("written", file=str(written))
