"""What a commune needs and why: the chain of one commune, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import CatalogOption, Session, in_session, words
from siteplan.locale import text, value_text

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.workspace import Workspace


@in_session
def explain(
    now: Session,
    commune: Annotated[str, typer.Argument(help=words("need.commune"))],
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help=words("need.scenario"), show_default=False)
    ] = None,
    scope: Annotated[str, typer.Option("--scope", help=words("need.scope"), show_default=False)] = "",
    catalog: CatalogOption = None,
) -> None:
    """Print the chain of one commune from its inputs to its land, with the article of each step."""
    from siteplan.errors import Problem, UsageError

    if scope and scope.upper() not in ("A", "B", "C"):
        raise UsageError(Problem("scope_unknown", value=scope))
    place = now.workspace(scenario) if scenario is not None else now.workspace()
    if scenario is None and run is None and not _has_runs(place, catalog):
        scenario = next(iter(sorted(place.scenarios.glob("*.toml"))), None)  # without one the search for a run tells
    if scenario is not None:
        from siteplan.pipeline import need_tables

        tables, planned, date = need_tables(scenario, place, catalog, now.reporter)
        source = text("cli.need.of_scenario", now.lang, name=scenario.name)
    else:
        from siteplan.cli.views import found_runs

        (found,) = found_runs([run] if run else None, place, catalog, None)
        tables = {name: found.table(name) for name in ("communes", "needs", "scopes", "standards")}
        planned, date = str(found.manifest["scenario"]["need"]["scope"]), str(found.manifest["date"])
        source = text("cli.need.of_run", now.lang, name=found.name)
    _print(now, tables, commune, scope.upper() or planned, planned, source, date)


def _has_runs(place: Workspace, catalog: Path | None) -> bool:
    from siteplan.runs import MANIFEST
    from siteplan.workspace import runs_folder

    return any(runs_folder(place, catalog, None).glob(f"*/{MANIFEST}"))


def _print(now: Session, tables: dict[str, Any], asked: str, scope: str, planned: str, source: str, date: str) -> None:
    from siteplan.outputs.chain import find_commune, steps
    from siteplan.outputs.wording import day

    communes, lang = tables["communes"], now.lang
    code = find_commune(communes, asked)
    row = communes[communes["code"] == code].iloc[0]
    now.line("need.title", code=code, kind=row["kind"], name=row["name"], source=source, date=day(date, lang))
    now.line("need.of_scope", scope=value_text("scope", scope, lang), group=value_text("group", row["group"], lang))
    for step in steps(tables["needs"], code, scope, lang):
        figure = f" = {step['value']}" if step["value"] else ""
        binds = f"  ◄ {step['binding']}" if step["binding"] else ""
        now.plain(f"{step['step']:>3}. {step['item']}{figure}{binds}")
        for part in ("formula", "basis"):
            mark = f" [{step['certainty']}]" if part == "basis" and step["certainty"] else ""
            if step[part]:
                now.plain(f"       {step[part]}{mark}")
    _scopes(now, tables["scopes"], code, planned)
    now.line("need.marks")
    _sets(now, tables["standards"])


def _scopes(now: Session, scopes: pd.DataFrame, code: str, planned: str) -> None:
    from siteplan.outputs import wording
    from siteplan.tables import RESULTS

    names = ("scope", "required_floor_area_m2", "required_land_area_m2", "binding_rule")
    columns = [RESULTS["scopes"].column(name) for name in names]
    own = scopes[scopes["commune_code"] == code].sort_values("scope")
    rows = []
    for row in own.to_dict("records"):
        cells = [wording.shown(column, row[column.name], now.lang) for column in columns]
        cells[0] += " *" if row["scope"] == planned else ""
        rows.append(cells)
    headings = [(wording.label(column, now.lang), "right" if column.kind == "float" else "left") for column in columns]
    now.table(text("cli.need.scopes", now.lang), headings, rows)


def _sets(now: Session, standards: pd.DataFrame) -> None:
    """Print what the date means for the norm sets, where one replaced or will replace another."""
    from siteplan.locale import decode

    told = {
        text(key, now.lang, **params)
        for cell in standards["notes"]
        for key, params in decode(cell)
        if key in ("need.norms.replaced", "need.norms.to_be_replaced")
    }
    for line in sorted(told):
        now.plain(line)
