"""People's opinions on sites: `siteplan opinion add`, `siteplan opinion list`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan import clock
from siteplan.cli.session import CatalogOption, Session, in_session, words
from siteplan.locale import text, value_text

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.runs import Run

RunOption = Annotated[str | None, typer.Option("--run", help=words("opinion.run"), show_default=False)]


def _folder(now: Session, catalog: Path | None) -> Path:
    from siteplan.layers.opinion_files import FOLDER

    return (catalog or now.workspace(catalog).catalog).parent / FOLDER


def _states(run: Run, folder: Path) -> tuple[pd.DataFrame, list[Any]]:
    """State of all opinions against a run, now."""
    from siteplan.layers.opinion_files import read
    from siteplan.layers.opinion_states import opinion_states

    rows, problems = read(folder)
    versions = run.manifest.get("plan_versions", {})
    return opinion_states(rows, run.table("sites"), run.table("conflicts"), versions), problems


def _date(words_: str) -> str:
    from siteplan.errors import Problem, UsageError
    from siteplan.layers.columns import iso_date

    try:
        found = dt.date.fromisoformat(iso_date(words_)) if words_ else clock.today()
    except ValueError:
        raise UsageError(Problem("date_invalid", value=words_)) from None
    if found > clock.today():
        raise UsageError(Problem("opinion_date_ahead", value=words_))
    return found.isoformat()


def _checked(run: Run, site: str, zone: str, decision: str, texts: dict[str, str]) -> Any:
    """Return the row of the site; all that is wrong with the call at once."""
    from siteplan.errors import Problem, UsageError
    from siteplan.layers.catalog import near_key, nearest
    from siteplan.tables.opinions import DECISIONS

    problems = []
    sites, conflicts = run.table("sites"), run.table("conflicts")
    found = sites[sites["site_id"] == site]
    if not len(found):
        near = nearest(site, sites["site_id"])
        params = {"near": near, "run": run.name}
        problems.append(Problem(near_key("opinion_site_unknown", near), value=site, params=params))
    elif zone and not ((conflicts["site_id"] == site) & (conflicts["zone_id"] == zone)).any():
        there = sorted(conflicts.loc[conflicts["site_id"] == site, "zone_id"].astype(str))
        params = {"site": site, "there": ", ".join(there[:8]) or "–"}
        problems.append(Problem("opinion_zone_unknown", value=zone, params=params))
    if decision not in DECISIONS:
        params = {"known": ", ".join(DECISIONS), "near": nearest(decision, DECISIONS) or DECISIONS[0]}
        problems.append(Problem("opinion_decision_unknown", value=decision, params=params))
    problems += [Problem("opinion_text_missing", column=name) for name, value in texts.items() if not value.strip()]
    if problems:
        raise UsageError(*problems)
    return found.iloc[0]


@in_session
def opinion_add(
    now: Session,
    site: Annotated[str, typer.Option("--site", help=words("opinion.site"))],
    decision: Annotated[str, typer.Option("--decision", help=words("opinion.decision"))],
    officer: Annotated[str, typer.Option("--officer", help=words("opinion.officer"))],
    reason: Annotated[str, typer.Option("--reason", help=words("opinion.reason"))],
    document: Annotated[str, typer.Option("--document", help=words("opinion.document"), show_default=False)] = "",
    zone: Annotated[str, typer.Option("--zone", help=words("opinion.zone"), show_default=False)] = "",
    date: Annotated[str, typer.Option("--date", help=words("opinion.date"), show_default=False)] = "",
    run: RunOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Record a person's opinion on a site (or on one finding of it); the machine's answer stays as it is."""
    from siteplan.cli.views import found_runs
    from siteplan.layers import opinion_files, opinion_states

    (found,) = found_runs([run] if run else None, now.workspace(catalog), catalog, None)
    row = _checked(found, site, zone, decision, {"officer": officer, "reason": reason})
    conflicts = found.table("conflicts")
    versions = found.manifest.get("plan_versions", {})
    rests = opinion_states.fingerprints(
        row["geometry"], conflicts[conflicts["site_id"] == site], zone or None, versions
    )
    folder = _folder(now, catalog)
    file = opinion_files.append(
        folder,
        {
            "site_id": site, "zone_id": zone, "decision": decision, "officer": " ".join(officer.split()),
            "date": _date(date), "reason": reason, "document": document,
            "commune_code": str(row["commune_code"]), "check_result": str(row["check_result"] or ""), **rests,
            "outline": opinion_states.outline_of(row["geometry"]), "run": found.name,
            "recorded": dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
        },
    )  # fmt: skip
    now.line("opinion.added", file=str(file), site=site)
    _attach(now, found, folder)


def _attach(now: Session, run: Run, folder: Path) -> None:
    """Bring the run's table of opinions up to date; a frozen run keeps what it was frozen with."""
    from siteplan.errors import LockedError, NoSpaceError
    from siteplan.runs import replace_table
    from siteplan.workspace import lock

    states, problems = _states(run, folder)
    if run.frozen is not None:
        now.line("opinion.frozen", run=run.name)
    else:
        try:
            with lock(now.workspace(folder)):
                replace_table(run, "opinions", states)
            now.line("opinion.attached", run=run.name, count=len(states))
        except (LockedError, NoSpaceError):  # it is on disk; whoever writes next, or the next run, takes it in
            now.line("opinion.waiting", run=run.name)
    told = states[states["opinion_state"].isin(("contradicted", "stale", "orphaned"))]
    if len(told):
        _table(now, told)
    if problems:
        now.problems(problems, now.err)


@in_session
def opinion_list(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    site: Annotated[str, typer.Option("--site", help=words("opinion.only_site"), show_default=False)] = "",
    catalog: CatalogOption = None,
) -> None:
    """List all opinions and whether they still fit a run: valid, stale, contradicted, replaced, orphaned."""
    from siteplan.cli.views import found_runs

    (found,) = found_runs([run] if run else None, now.workspace(catalog), catalog, None)
    states, problems = _states(found, _folder(now, catalog))
    if site:
        states = states[(states["site_id"] == site) | (states["given_site_id"] == site)]
    _table(now, states)
    if problems:
        now.problems(problems)


def _table(now: Session, states: pd.DataFrame) -> None:
    from siteplan.outputs.wording import label, shown
    from siteplan.tables import RESULTS

    names = ("site_id", "zone_id", "opinion", "officer", "opinion_date", "opinion_state", "state_reasons",
             "check_result")  # fmt: skip
    columns = [RESULTS["opinions"].column(name) for name in names]
    rows = states.assign(site_id=states["site_id"].fillna(states["given_site_id"]))
    order = {state: n for n, state in enumerate(("contradicted", "orphaned", "stale", "valid", "replaced"))}
    rows = rows.sort_values("opinion_state", key=lambda s: s.map(order), kind="stable")
    lines = [[shown(c, row[c.name], now.lang) for c in columns] for row in rows.to_dict("records")]
    now.table(text("opinions.heading", now.lang), [(label(c, now.lang), "left") for c in columns], lines)
    counts = states["opinion_state"].value_counts()
    parts = [f"{count} {value_text('opinion_state', state, now.lang)}" for state, count in counts.items()]
    now.out.print(text("opinions.count", now.lang, count=len(states), parts=", ".join(parts) or "–"), markup=False)
