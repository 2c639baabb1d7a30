"""The workbook as a whole: which sheets, in which order, which of them recalculate, and the list of them in front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import compare, compare_files, opinions, plan_form, replies, summary, why
from siteplan.outputs.spreadsheet import Book
from siteplan.outputs.workbook import charts, contents, costs, money, parameters, plain, priority, scores

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.outputs.live_cells import Placed
    from siteplan.runs import Run

# what the formulas rest on: where one of them differs between runs, each has sheets of its own
_RESTED_ON = ("communes", "sites", "scores", "costs", "build_options")
_ANNEXES = ("land_account", "land_options", "access_points", "climate")


@dataclass(frozen=True)
class _Set:
    """The sheets that recalculate, shared by runs that differ only in their programme."""

    parameters: parameters.Parameters | None
    priority: Placed | None
    sizes: costs.Sizes | None
    scores: Placed | None


def write_workbook(runs: Sequence[Run], path: Path, lang: str = locale.DEFAULT_LANGUAGE) -> Path:
    """Write the workbook of the runs given; the same runs give the same bytes.

    Scores, ranks and money are formulas over the sheet of parameters; each holds the program's own figure as its value.
    Tables that are the same in all runs given appear once; those that belong to an option (programme, money, surplus)
    appear for each.

    Parameters
    ----------
    runs
        One run, or one per option over the same inputs.
    path
        The .xlsx file.

    Raises
    ------
    InputError
        Where several runs have different inputs (see :func:`siteplan.outputs.compare.compare_runs`).
    """
    comparison = compare.compare_runs(runs) if len(runs) > 1 else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with Book(path, runs, lang, locale.text("workbook.title", lang)) as book:
        front = book.reserve(plain.sheet_name("contents", lang))
        plain.summary_sheet(book, runs, lang)
        shared = _shared(runs, lang)
        own = [parameters.add_sheet(book, group, lang, option) for group, option in _sets(runs, shared, lang)]
        _per_run(book, runs, "communes", plain.communes_sheet, lang, without=summary.OF_OPTION)
        _per_run(book, runs, "figures", plain.three_ways_sheet, lang)
        for name in ("totals", "scopes", "groups", "deviations"):
            _per_run(book, runs, name, plain.plain_sheet(name), lang)
        sets = [
            _live_sheets(book, group, lang, option, found)
            for (group, option), found in zip(_sets(runs, shared, lang), own, strict=True)
        ]
        _per_run(book, runs, "conflicts", plain.evidence_of_best_sheet, lang)
        if any(len(run.opinions) for run in runs):
            _per_run(book, runs, "opinions", opinions.add_sheet, lang)
        _per_run(book, runs, "agency_answers", replies.add_sheets, lang)
        for n, run in enumerate(runs):
            _option_sheets(book, run, lang, sets[0 if shared else n])
        if comparison is not None:
            compare_files.add_sheets(book, comparison, lang)
        _per_run(book, runs, "assumptions", plain.plain_sheet("assumptions"), lang)
        _per_run(book, runs, "sources", plain.plain_sheet("sources"), lang)
        for (group, option), live in zip(_sets(runs, shared, lang), sets, strict=True):
            plain.sites_sheet(book, group[0], lang, option, live.scores)
        _annexes(book, runs, lang)
        contents.fill(book, front, lang)
    return path


def _shared(runs: Sequence[Run], lang: str) -> bool:
    """Whether one set of sheets that recalculate serves all runs."""
    if len(runs) == 1:
        return True
    lines = [parameters.lines_of(run, lang) for run in runs]
    same = all(summary.same_rows(runs, name, summary.OF_OPTION if name == "communes" else ()) for name in _RESTED_ON)
    ties = [run.manifest.get("ties") for run in runs]
    return same and all(line == lines[0] for line in lines) and all(tie == ties[0] for tie in ties)


def _sets(runs: Sequence[Run], shared: bool, lang: str) -> list[tuple[Sequence[Run], str]]:
    return [(runs, "")] if shared else [([run], summary.short_option(run, lang)) for run in runs]


def _live_sheets(book: Book, runs: Sequence[Run], lang: str, option: str, found: parameters.Parameters | None) -> _Set:
    """Write scores, points and costs of one set."""
    run = runs[0]
    pages = {
        name: book.reserve(plain.sheet_name(name, lang, option))
        for name in ("sites_leading", "scores", "priority", "build_options")
    }
    scored = scores.add_sheet(book, run, lang, option, found, pages["scores"])
    plain.leading_sites_sheet(book, run, lang, option, pages["sites_leading"], scored if found else None)
    ranked = priority.add_sheet(book, run, lang, option, found, pages["priority"])
    charts.points(book, ranked, lang)
    lines = costs.add_lines(book, run, lang, option, found)
    sizes = costs.add_sizes(book, run, lang, option, found, lines, pages["build_options"])
    return _Set(found, ranked if found else None, sizes, scored if found else None)


def _option_sheets(book: Book, run: Run, lang: str, live: _Set) -> None:
    option = summary.short_option(run, lang)
    pages = [book.reserve(plain.sheet_name(name, lang, option)) for name in ("programme", "funding")]
    payments = money.add_payments(book, run, lang, live.parameters, live.sizes)
    money.add_programme(book, run, lang, payments, live.sizes, live.parameters, live.priority, pages[0])
    funding = money.add_funding(book, run, lang, payments, live.parameters, pages[1])
    charts.money(book, funding, lang)
    plan_form.add_sheet(book, run, lang)
    for name in ("steps", "land_requests"):
        if len(run.table(name)):
            plain.plain_sheet(name)(book, run, lang, option)
    plain.surplus_sheet(book, run, lang)
    for name in ("surplus_totals", "surplus_buildings"):
        if len(run.table(name)):
            plain.plain_sheet(name)(book, run, lang, option)
    why.add_sheets(book, run, lang)


def _annexes(book: Book, runs: Sequence[Run], lang: str) -> None:
    """Write the long tables that are looked things up in."""
    _per_run(book, runs, "conflicts", plain.evidence_sheet, lang)
    _per_run(book, runs, "conformity", plain.conformity_sheet, lang)
    if any(len(run.agreement) for run in runs):
        _per_run(book, runs, "agreement", plain.plain_sheet("agreement", annex=True), lang)
    for name in ("facilities", "needs", *_ANNEXES):
        _per_run(book, runs, name, plain.plain_sheet(name, annex=True), lang)
    plain.coverage_sheet(book, runs[0], lang)
    _per_run(book, runs, "standards", plain.plain_sheet("standards", annex=True), lang)


def _per_run(
    book: Book,
    runs: Sequence[Run],
    table: str,
    write: Callable[[Book, Run, str, str], Any],
    lang: str,
    without: Sequence[str] = (),
) -> None:
    """Write a sheet once where the table is the same in all runs, else once for each."""
    if summary.same_rows(runs, table, without):
        write(book, runs[0], lang, "")
    else:
        for run in runs:
            write(book, run, lang, summary.short_option(run, lang))
