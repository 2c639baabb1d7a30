"""Why each commune stands where it stands in the programme, and what would move it: the model is solved again."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import CatalogOption, Session, in_session, words
from siteplan.locale import decode, encode, number, render, text

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.decide.what_ifs import WhatIfs
    from siteplan.runs import Run

_KEEP_EVERY_S = 5.0


@in_session
def why(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    commune: Annotated[str | None, typer.Argument(help=words("why.commune"), show_default=False)] = None,
    again: Annotated[bool, typer.Option("--again", help=words("why.again"))] = False,
    catalog: CatalogOption = None,
) -> None:
    """Answer the what-ifs of a programme; what was answered is kept with the run, an interrupted call goes on."""
    from siteplan.cli.views import found_runs
    from siteplan.outputs.chain import find_commune
    from siteplan.workspace import lock

    place = now.workspace()
    (found,) = found_runs([run] if run else None, place, catalog, None)
    communes = found.communes
    asked = [find_commune(communes, commune)] if commune else sorted(map(str, communes["code"]))
    with lock(place):
        kept = answer(found, asked, now, again=again, whole=commune is None)
    _show(now, found, kept, asked, whole=commune is None)
    if commune is None and not found.frozen:
        from siteplan.outputs.why import write_answers
        from siteplan.runs import Run

        now.line("why.file", file=str(write_answers(Run(found.folder), now.lang)))


def _fingerprint(communes: pd.DataFrame, run: Run) -> str:
    columns = [c for c in communes.columns if c not in ("geometry", "rests_on")]
    words = communes[columns].to_csv(index=False) + json.dumps(run.manifest["scenario"], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def answer(run: Run, asked: list[str], now: Session, *, again: bool, whole: bool) -> dict[str, Any]:
    """Answer what is asked of a run and not answered yet; kept in the run's folder, unless it is frozen."""
    from siteplan.decide.calendar import actual_of_run
    from siteplan.decide.commune_what_ifs import of_commune
    from siteplan.decide.what_ifs import WhatIfs, candidates
    from siteplan.runs import write_what_ifs
    from siteplan.scenario import Scenario

    rows = candidates(run.communes, run.build_options, run.sites)
    key = _fingerprint(rows, run)
    kept = {} if again else dict(run.what_ifs)
    if kept.get("key") != key:
        kept = {"key": key, "answers": {}, "communes": {}}
    written = time.monotonic()

    def keep(now_too: bool = False) -> None:
        nonlocal written
        if not run.frozen and (now_too or time.monotonic() - written > _KEEP_EVERY_S):
            write_what_ifs(run, kept)
            written = time.monotonic()

    questions: WhatIfs | None = None
    open_yet = [code for code in asked if code not in kept["communes"]]
    if open_yet or (whole and "frontier" not in kept):
        actual = actual_of_run(run.steps, run.funding)
        scenario = Scenario.model_validate(run.manifest["scenario"])
        questions = WhatIfs(rows, scenario, kept["answers"], keep, actual, run.build_options)
    reporter = now.reporter
    try:
        with reporter.stage("decide.why.solving", len(open_yet) + 2 * whole):
            for code in open_yet:
                assert questions is not None
                kept["communes"][code] = encode(of_commune(questions, code))
                reporter.advance()
            if whole and questions is not None and "frontier" not in kept:
                kept["programme"] = encode(questions.of_programme())
                reporter.advance()
                kept["frontier"] = questions.frontier()
                kept["money"] = questions.money if questions.by_money else None
                reporter.advance()
    finally:
        # what was answered before an interruption is not asked again
        if questions is not None:
            keep(now_too=True)
    return kept


def _show(now: Session, run: Run, kept: dict[str, Any], asked: list[str], *, whole: bool) -> None:
    communes = run.communes.set_index("code")
    reasons = run.programme.set_index("commune_code")["reasons"]
    ranked = sorted(asked, key=lambda code: (_place(communes.loc[code, "priority_rank"]), code))
    for code in ranked:
        name = f"{communes.loc[code, 'kind']} {communes.loc[code, 'name']}"
        now.line("why.title", name=name, code=code, option=run.title)
        for line, cell in (("because", reasons.get(code)), ("change", kept["communes"][code])):
            for key, params in decode(cell):
                now.plain(f"  {text(f'cli.why.{line}', now.lang, words=text(key, now.lang, **params))}")
    if whole:
        now.line("why.programme")
        for part in render(kept["programme"], now.lang, "\n").splitlines():
            now.plain(f"  {part}")
        _frontier(now, kept)
    if run.frozen:
        now.line("why.frozen")


def _place(rank: Any) -> int:
    return int(rank) if rank == rank and rank is not None else 10**6  # noqa: PLR0124 - NaN


def _frontier(now: Session, kept: dict[str, Any]) -> None:
    names = ("percent", "money", "planned", "points", "people", "value")
    headings = [(text(f"cli.why.column.{name}", now.lang), "right") for name in names]
    rows = []
    for row in kept["frontier"]:
        money = None if row["money"] is None else row["money"] / 1e9
        values = ((row["percent"], 0), (money, 1), (row["planned"], 0), (row["points"], 1), (row["people"], 0))
        cells = [number(value, decimals, now.lang) for value, decimals in values]
        rows.append([*cells, number(row["points_per_billion"], 2, now.lang)])
    if kept.get("money"):
        title = text("cli.why.frontier", now.lang, money=kept["money"])
    else:
        title = text("cli.why.frontier_works", now.lang)
    now.table(title, headings, rows)
