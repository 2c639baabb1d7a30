"""Asking agencies and taking their answers: `plans opinions`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import (
    CatalogOption,
    OutOption,
    Session,
    in_session,
    words,
)
from siteplan.locale import number, text

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.outputs.requests import Request

FOLDER = "lay_y_kien"


@in_session
def plans_opinions(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    out: OutOption = None,
    answers: Annotated[Path | None, typer.Option("--import", help=words("agencies.import"), show_default=False)] = None,
    status: Annotated[bool, typer.Option("--status", help=words("agencies.status"))] = False,
    all_sites: Annotated[bool, typer.Option("--all-sites", help=words("agencies.all_sites"))] = False,
    catalog: CatalogOption = None,
) -> None:
    """Write letters and sheets of answers for each agency; read the sheets that came back; tell who has not replied."""
    from siteplan.cli.views import PAPERS, found_runs
    from siteplan.layers.agencies import read_agencies, read_answers
    from siteplan.outputs import requests as asking

    place = now.workspace(catalog)
    folder = (catalog or place.catalog).parent
    folder = folder if (folder / "agencies.csv").is_file() else place.layers
    (found,) = found_runs([run] if run else None, place, catalog, None)
    agencies = read_agencies(folder)
    asked = asking.requests_of(found, agencies, all_sites=all_sites)
    if answers is not None:
        everything = asking.requests_of(found, agencies, all_sites=True)
        _import(now, answers, folder, asking.keys_of(everything))
    elif not status:
        target = out or found.folder / PAPERS / FOLDER
        for path in asking.write_requests(found, asked, target, now.lang):
            now.line("written", file=str(path))
        left = asking.unasked(found, agencies, all_sites=all_sites)
        if len(left):
            now.line("agencies.unasked", count=len(left))
    _status(now, found, asked, read_answers(folder))


def _import(now: Session, source: Path, folder: Path, asked: pd.DataFrame) -> None:
    import pandas as pd

    from siteplan.errors import Problem, UsageError
    from siteplan.layers.agencies import import_answers, read_answers, write_answers
    from siteplan.tables.agencies import REQUEST_KEYS
    from siteplan.workspace import lock

    files = [source] if source.is_file() else sorted(p for p in source.glob("*.xlsx") if not p.name.startswith("~$"))
    if not files:
        raise UsageError(Problem("answers_none", file=str(source)))
    new, problems = import_answers(files, asked)
    with lock(now.workspace(folder)):
        old = read_answers(folder)
        # an answer that comes again replaces the one before
        both = pd.concat([old, new], ignore_index=True) if len(old) else new
        both[list(REQUEST_KEYS)] = both[list(REQUEST_KEYS)].fillna("")
        kept = both.drop_duplicates(list(REQUEST_KEYS), keep="last")
        if len(new):
            path = write_answers(folder, kept)
            now.line("agencies.imported", count=len(new), files=len(files), file=str(path))
    now.problems(problems)


def _status(now: Session, run: Any, asked: list[Request], answers: pd.DataFrame) -> None:
    """Print who has replied to what."""
    from siteplan.outputs import replies, summary

    found = replies.replies(asked, answers, summary.names_by_code(run))
    lines = [[number(c, 0, now.lang) if isinstance(c, int) else str(c) for c in r.cells(now.lang)] for r in found]
    columns = [(h, "right" if n in (2, 3, 4, 5) else "left") for n, h in enumerate(replies.headings(now.lang))]
    now.table(text("agencies.status.title", now.lang), columns, lines)
    now.plain(replies.silent_line(found, now.lang))


def show_replies(now: Session, run: Any, folder: Path) -> None:
    """Print for `status` who has replied about the proposed sites of a run; nothing where no agencies are listed."""
    from siteplan.layers.agencies import FILE, read_agencies, read_answers
    from siteplan.outputs.requests import requests_of

    if (folder / FILE).is_file():
        _status(now, run, requests_of(run, read_agencies(folder)), read_answers(folder))
