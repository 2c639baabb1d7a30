"""Running scenarios, comparing options, freezing a run."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
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
from siteplan.locale import number, text, value_text

if TYPE_CHECKING:
    from siteplan.cluster import Cluster
    from siteplan.runs import Run
    from siteplan.workspace import Workspace

ROWS_SHOWN = 12


def cores() -> int:
    """Return how many processes are used unless told: the cores of the machine, at most four to spare memory."""
    return min(os.cpu_count() or 1, 4)


def _connected(now: Session, scheduler: str | None) -> AbstractContextManager[Cluster | None]:
    """Connect to the cluster named, or to none; one that others can listen to is told."""
    if scheduler is None:
        return nullcontext()
    from siteplan.cluster import cluster, unprotected

    if problem := unprotected(scheduler):
        now.problems([problem], now.err)
    return cluster(scheduler)


@in_session
def run(
    now: Session,
    scenarios: Annotated[list[Path], typer.Argument(help=words("run.scenarios"))],
    catalog: CatalogOption = None,
    out: OutOption = None,
    jobs: JobsOption = 0,
    with_comparison: Annotated[bool, typer.Option("--compare", help=words("run.compare"))] = False,
    include_restricted: RestrictedOption = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help=words("run.scheduler"), show_default=False)
    ] = None,
) -> None:
    """Run the whole road for each scenario, and draw its map, workbook, Word file and export."""
    from siteplan.cli.national import run_national, workspaces_of
    from siteplan.cli.views import VIEW_MODULES, begin_views, maps_folder, style_of
    from siteplan.work import Workers, give_back
    from siteplan.workspace import lock, runs_folder

    started = time.perf_counter()
    jobs = jobs or cores()
    folders = workspaces_of(catalog)
    if catalog is not None and folders is not None:
        with _connected(now, scheduler) as cluster, Workers(max(2, jobs), ("siteplan.sites.assess",)) as workers:
            for scenario in scenarios:
                run_national(now, scenario, catalog, folders, workers, cluster, jobs=jobs,
                             include_restricted=include_restricted)  # fmt: skip
        now.line("run.seconds", seconds=number(time.perf_counter() - started, 1, now.lang))
        return
    place = now.workspace(scenarios[0])
    scenarios = [place.scenario(named) for named in scenarios]
    reporter = now.reporter
    modules = ("siteplan.sites.assess", *VIEW_MODULES)
    style_of(place)  # a look that the map cannot use is told now, not when all is computed
    with lock(place), _connected(now, scheduler) as cluster, Workers(max(2, jobs), modules) as workers:
        from siteplan.pipeline import run_scenarios

        runs = run_scenarios(
            scenarios, place, catalog=catalog, out=out, jobs=jobs, workers=workers, cluster=cluster,
            include_restricted=include_restricted, reporter=reporter,
        )  # fmt: skip
        folder = maps_folder(place, catalog, out)
        begun = [(done, begin_views(workers, done, place, folder, now.lang)) for done in runs]
        give_back()  # the layers are no longer needed, the processes that draw need room
        done_runs = [done for done, _ in begun]
        reporter.say("pipeline.drawing")
        comparing = None
        if with_comparison and len(begun) > 1:
            for _, (drawing, *_) in begun:  # the comparison takes what the maps hold
                drawing.result()
            at = runs_folder(place, catalog, out)
            comparing = workers.submit(write_compared, done_runs, place, at, folder, now.lang)
        for done, viewed in begun:
            drawn, *_ = [view.result() for view in viewed]
            show_run(now, done, drawn)
        if comparing is not None:
            show_compared(now, comparing.result())
    _show_dates_behind(now, scenarios, done_runs, place)
    now.line("run.seconds", seconds=number(time.perf_counter() - started, 1, now.lang))
    if len(begun) > 1 and comparing is None:
        now.line("run.compare_hint", runs=" ".join(done.name for done in done_runs))


def _show_dates_behind(now: Session, scenarios: Sequence[Path], done: Sequence[Run], place: Workspace) -> None:
    """Warn of scenarios whose date is behind what the runs used; printed only, a run does not depend on the day."""
    from siteplan.rules import load_rules
    from siteplan.scenario_inputs import dates_behind, dates_of_documents, dates_of_rules, dates_of_sources

    used = dates_of_rules(load_rules(place.layers / "rules"), dates_of_documents(place.layers / "templates"))
    for run in done:
        used |= dates_of_sources(run.table("sources"))
    if behind := dates_behind(scenarios, used):
        now.problems(behind)


def show_run(now: Session, run: Run, drawn: Path) -> None:
    """Print the short table of a run and where its files are."""
    from siteplan.outputs.prices import base

    lang = now.lang
    communes = run.communes
    programme = run.programme.sort_values(["priority_rank", "commune_code"])
    need = dict(zip(communes["code"], communes["required_land_area_m2"], strict=True))
    labels = dict(zip(run.sites["site_id"], run.sites["label"], strict=True))
    rows = []
    for row in programme.head(ROWS_SHOWN).to_dict("records"):
        started = row["status"] == "planned" and row["start_year"] == row["start_year"]
        start = f"{row['start_year']:.0f}" if started else value_text("status", row["status"], lang)
        rows.append(
            [
                number(row["priority_rank"], 0, lang),
                str(row["name"]),
                number(row["priority_points"], 1, lang),
                number(need[row["commune_code"]], 0, lang),
                labels.get(row["site_id"], "–"),
                value_text("check_result", row["check_result"], lang) or "–",
                start,
                number(row["cost_at_price_year"] / 1e9, 1, lang),
            ]
        )
    headings = ("rank", "commune", "points", "land", "site", "check", "year", "cost")
    justify = ("right", "left", "right", "right", "left", "left", "right", "right")
    columns = [(text(f"cli.run.column.{h}", lang), j) for h, j in zip(headings, justify, strict=True)]
    now.table(run.title, columns, rows)
    counts = programme["status"].value_counts()
    now.line(
        "run.summary",
        communes=len(communes),
        border=int(communes["is_border"].fillna(False).sum()),
        wards=int((communes["kind"] == "phường").sum()),
        with_site=int(communes["best_site_id"].notna().sum()),
        stays=int((programme["site_id"].notna() & programme["build_type"].isin(["none", "renovate", "extend"])).sum()),
        planned=int(counts.get("planned", 0)),
        waiting=int(counts.get("waiting", 0)),
        not_needed=int(counts.get("not_needed", 0)),
        shown=min(ROWS_SHOWN, len(programme)),
    )
    planned = programme[programme["status"] == "planned"]
    now.line(
        "run.money",
        amount=float(planned["cost_at_price_year"].sum()),
        base=base(run, lang),
        paid=float(planned["total_cost"].sum()),
        note=text("cli.run.no_clearance", lang) if not planned["clearance_cost_included"].fillna(False).all() else "",
    )
    show_warnings(now, run)
    now.line("run.folder", folder=str(run.folder))
    if run.folder.name.endswith(".new"):
        now.line("run.held_open", folder=str(run.folder), name=run.name)
    now.line("run.map", file=str(drawn))


def show_warnings(now: Session, run: Run) -> None:
    """Say what the figures rest on: illustrative layers, assumptions, problems of the layers."""
    from siteplan.outputs.wording import layer_labels

    illustrative = run.manifest["illustrative_layers"]
    if illustrative:
        names = dict.fromkeys(layer_labels(illustrative, now.lang, [run]).values())
        now.line("run.illustrative", count=len(illustrative), layers="; ".join(names))
    now.line("run.assumptions", count=len(run.manifest["assumptions"]), problems=len(run.problems))


@in_session
def compare(
    now: Session,
    runs: Annotated[list[str] | None, typer.Argument(help=words("compare.runs"), show_default=False)] = None,
    changes: Annotated[bool, typer.Option("--changes", help=words("compare.changes"))] = False,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Put two or more options side by side: a table, a workbook, a map."""
    from siteplan.cli.views import found_runs, maps_folder
    from siteplan.workspace import lock, runs_folder

    place = now.workspace()
    if changes:
        before, after = two_runs(runs or [], place, catalog, out)
        show_changes(now, before, after, runs_folder(place, catalog, out) / "so_sanh")
        return
    named = found_runs(runs, place, catalog, out, at_least=2)
    with lock(place):
        found = write_compared(
            named, place, runs_folder(place, catalog, out), maps_folder(place, catalog, out), now.lang
        )
    show_compared(now, found)


def two_runs(names: Sequence[str], place: Workspace, catalog: Path | None, out: Path | None) -> tuple[Run, Run]:
    """Return the earlier and the later run of a report of changes; of one run alone, its newest in the archive."""
    from siteplan.cli.views import found_runs
    from siteplan.errors import Problem, UsageError
    from siteplan.runs import ARCHIVE, MANIFEST, Run

    named = found_runs(names, place, catalog, out)
    if len(named) == 2:
        return named[0], named[1]
    (after, *more) = named
    kept = sorted(
        (p.parent for p in (after.folder.parent / ARCHIVE / after.folder.name).glob(f"*/{MANIFEST}")),
        key=lambda folder: folder.name,
    )
    if more or not kept:
        raise UsageError(Problem("changes_need_two", value=", ".join(run.name for run in named)))
    return Run(kept[-1]), after


def show_changes(now: Session, before: Run, after: Run, folder: Path) -> None:
    """Write the report of changes and print it."""
    from siteplan.outputs.changes import changes, lines, write_changes

    found = changes(before, after)
    for line in lines([*found.inputs, *found.totals], now.lang, (found.after, found.before)).splitlines():
        now.plain(line)
    headings = [
        (text(f"changes.column.{name}", now.lang), "left") for name in ("commune_code", "name", "moved", "causes")
    ]
    moved = [row for row in found.communes.to_dict("records") if row["moved"]]
    rows = [[r["commune_code"], r["name"], lines(r["moved"], now.lang), lines(r["causes"], now.lang)] for r in moved]
    if rows:
        now.table(text("changes.title", now.lang), headings, rows)
    now.line("compare.file", file=str(write_changes(found, folder / "thay_doi.xlsx", now.lang)))


@dataclass(frozen=True)
class Compared:
    """A comparison that was written, as the console shows it: titles of the runs, rows, sentences, files, map."""

    titles: list[str]
    rows: Any
    sentences: list[str]
    files: list[Path]
    drawn: Path


def write_compared(named: Sequence[Run], place: Workspace, runs: Path, maps: Path, lang: str) -> Compared:
    """Write table, workbook and map of the options side by side."""
    from siteplan.cli.views import style_of
    from siteplan.outputs.compare import compare_runs, summary_rows
    from siteplan.outputs.compare_files import write_comparison
    from siteplan.outputs.webmap import write_comparison as draw_comparison

    comparison = compare_runs(named)
    files = write_comparison(comparison, runs / "so_sanh", lang)
    drawn = draw_comparison(named, comparison, maps / "so_sanh.html", style_of(place), lang)
    rows = summary_rows(comparison, lang)
    sentences = [*comparison.notes(lang), *comparison.sentences(lang)]
    return Compared([run.title for run in named], rows, sentences, list(files), drawn)


def show_compared(now: Session, found: Compared) -> None:
    """Print the short table of a comparison and where its files are."""
    headings = [(text("cli.compare.measure", now.lang), "left"), *((title, "right") for title in found.titles)]
    now.table(text("cli.compare.title", now.lang), headings, found.rows)
    for line in found.sentences:
        now.out.print(line, markup=False)
    for file in found.files:
        now.line("compare.file", file=str(file))
    now.line("run.map", file=str(found.drawn))


@in_session
def freeze(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    version: Annotated[str, typer.Option("--version", help=words("freeze.version"))] = "",
) -> None:
    """Protect a run for good and stamp its map and papers with version and date."""
    from siteplan.cli.views import draw, map_folder_of, write_documents
    from siteplan.errors import Problem, UsageError
    from siteplan.runs import find_run
    from siteplan.runs import freeze as freeze_run
    from siteplan.workspace import lock

    if not version.strip():
        raise UsageError(Problem("freeze_version_missing"))
    place: Workspace = now.workspace()
    with lock(place):
        frozen = freeze_run(find_run(run, place.runs), version.strip(), dt.datetime.now().astimezone().date())
        drawn = draw(frozen, place, map_folder_of(frozen, place), now.lang)
        write_documents(frozen, now.lang)
    now.line("freeze.done", folder=str(frozen.folder), version=version, date=str((frozen.frozen or {})["date"]))
    now.line("run.map", file=str(drawn))
