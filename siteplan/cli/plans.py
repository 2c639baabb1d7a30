"""The register of plans: list, show, check."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan import clock
from siteplan.cli.session import CatalogOption, Session, in_session, words
from siteplan.locale import number, text, value_text

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.layers.read import LayerSet
    from siteplan.workspace import Workspace

BASE_SCENARIO = "co_so.toml"
DateOption = Annotated[str | None, typer.Option("--date", help=words("plans.date"), show_default=False)]
ScenarioOption = Annotated[Path | None, typer.Option("--scenario", help=words("plans.scenario"), show_default=False)]
XlsxOption = Annotated[Path | None, typer.Option("--xlsx", help=words("plans.xlsx"), show_default=False)]


def asked_date(place: Workspace, date: str | None, scenario: Path | None) -> dt.date:
    """Date the register is asked about: given, the scenario's, the base scenario's, today."""
    from siteplan.errors import Problem, UsageError
    from siteplan.scenario import load_scenario

    if date:
        try:
            return dt.date.fromisoformat(date)
        except ValueError:
            raise UsageError(Problem("date_invalid", value=date)) from None
    file = scenario or place.scenarios / BASE_SCENARIO
    return load_scenario(file).date if scenario or file.is_file() else clock.today()


def _register(now: Session, catalog: Path | None, date: str | None, scenario: Path | None) -> tuple[LayerSet, Any, Any]:
    """Read the register and judge it: the layers, how each plan stands in words for people, the date."""
    from siteplan.layers.catalog import load_catalog
    from siteplan.layers.register import read_register
    from siteplan.sites.plans import told_standing

    place = now.workspace(catalog)
    day = asked_date(place, date, scenario)
    layers = read_register(load_catalog(catalog or place.catalog), now.reporter)
    return layers, told_standing(layers.table("plans"), day), day


def _shown_date(day: dt.date, lang: str) -> str:
    from siteplan.outputs.wording import day as worded

    return worded(day.isoformat(), lang)


def _cover(found: Any, lang: str) -> str:
    if found.province:
        return text("plans.list.whole_province", lang)
    parts = []
    if found.communes:
        parts.append(text("plans.list.communes", lang, count=len(found.communes)))
    if found.former:
        parts.append(text("plans.list.former", lang, count=len(found.former)))
    return ", ".join(parts) or "–"


def _decision(row: Any, lang: str) -> str:
    from siteplan.outputs.wording import day

    parts = [row["decision_no"] or "", day(row["decision_date"], lang) if row["decision_date"] else ""]
    return ", ".join(p for p in parts if p) or "–"


def _commune_code(layers: LayerSet, asked: str) -> str:
    """Code of a commune named by code or name."""
    from siteplan.errors import Problem, UsageError
    from siteplan.locale import fold

    communes = layers.table("communes")
    for code in communes["code"]:
        if asked == code or asked.zfill(5) == code:
            return str(code)
    same = [str(c) for c, n in zip(communes["code"], communes["name"], strict=True) if fold(str(n)) == fold(asked)]
    if len(same) == 1:
        return same[0]
    raise UsageError(Problem("commune_ambiguous" if same else "commune_not_found", value=asked,
                             params={"codes": ", ".join(same)}))  # fmt: skip


@in_session
def plans_list(
    now: Session,
    kind: Annotated[str, typer.Option("--kind", help=words("plans.kind"), show_default=False)] = "",
    commune: Annotated[str, typer.Option("--commune", help=words("plans.commune"), show_default=False)] = "",
    date: DateOption = None,
    scenario: ScenarioOption = None,
    catalog: CatalogOption = None,
) -> None:
    """List the plans that are registered, and how each stands on the date."""
    from siteplan.errors import Problem, UsageError
    from siteplan.layers.register import overview
    from siteplan.rules import load_rules

    layers, stands, day = _register(now, catalog, date, scenario)
    kinds = load_rules(now.workspace(catalog).layers / "rules").plan_kinds["plan_kind"].dropna().tolist()
    if kind and kind not in kinds:
        raise UsageError(Problem("plan_kind_not_known", value=kind, params={"known": ", ".join(kinds)}))
    code = _commune_code(layers, commune) if commune else ""
    rows = overview(layers, stands, kind, code)
    heads = ("id", "kind", "title", "decision", "standing", "zones", "cover")
    columns = [(text(f"plans.list.{h}", now.lang), "right" if h == "zones" else "left") for h in heads]
    lines = [
        [
            str(row["plan_id"]),
            value_text("plan_kind", row["plan_kind"], now.lang),
            str(row["title"]),
            _decision(row, now.lang),
            value_text("standing", row["standing"], now.lang),
            number(row["zones"], 0, now.lang) if row["zones"] else text("plans.list.no_zones", now.lang),
            _cover(row["coverage"], now.lang),
        ]
        for row in rows.to_dict("records")
    ]
    now.table(text("plans.list.table_title", now.lang, date=_shown_date(day, now.lang)), columns, lines)
    now.out.print(text("plans.list.count", now.lang, count=len(lines), of=len(layers.table("plans"))))


@in_session
def plans_show(
    now: Session,
    plan: Annotated[str, typer.Argument(help=words("plans.plan"))],
    date: DateOption = None,
    scenario: ScenarioOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Show everything that is known of one plan: its fields, versions, what it covers, zones by function."""
    from siteplan.errors import Problem, UsageError
    from siteplan.layers.catalog import near_key, nearest
    from siteplan.layers.register import overview
    from siteplan.rules import load_rules

    layers, stands, day = _register(now, catalog, date, scenario)
    rows = overview(layers, stands)
    found = rows[rows["plan_id"] == plan]
    if not len(found):
        near = nearest(plan, rows["plan_id"])
        raise UsageError(Problem(near_key("plan_not_found", near), value=plan, params={"near": near}))
    row = found.iloc[0].to_dict()
    rules = load_rules(now.workspace(catalog).layers / "rules").plan_kinds
    _show_fields(now, row, day, rules, now.lang)
    _show_versions(now, plan, rows, now.lang)
    _show_cover(now, row["coverage"], layers, now.lang)
    _show_functions(now, plan, layers, now.lang)


def _show_fields(now: Session, row: dict[Any, Any], day: dt.date, kinds: pd.DataFrame, lang: str) -> None:
    from siteplan.outputs.wording import label, shown
    from siteplan.tables import INPUTS

    fields = [c for c in INPUTS["plans"].columns if c.name not in ("covers", "layer", "illustrative", "restricted")]
    lines = [[label(c, lang), shown(c, row[c.name], lang)] for c in fields]
    where = text("plans.show.standing", lang, date=_shown_date(day, lang))
    lines.append([where, value_text("standing", row["standing"], lang)])
    basis = kinds.loc[kinds["plan_kind"] == row["plan_kind"], "former_basis"].dropna()
    if row["coverage"].former and row["standing"] in ("binding", "paper") and len(basis):
        lines.append([text("plans.show.former_basis", lang), str(basis.iloc[0])])
    for name in ("layer", "illustrative", "restricted"):
        column = INPUTS["plans"].column(name)
        lines.append([label(column, lang), shown(column, row[name], lang)])
    columns = [(text("plans.show.field", lang), "left"), (text("plans.show.value", lang), "left")]
    now.table(str(row["title"]), columns, lines)


def _show_versions(now: Session, plan: str, rows: pd.DataFrame, lang: str) -> None:
    from siteplan.layers.register import versions_of

    line = versions_of(plan, rows)
    if len(line) < 2:
        now.out.print(text("plans.show.no_versions", lang))
        return
    from siteplan.outputs.wording import day

    heads = ("id", "title", "version", "version_date", "decision", "standing")
    columns = [(text(f"plans.list.{h}", lang), "left") for h in heads]
    lines = [
        [
            str(r["plan_id"]),
            str(r["title"]),
            str(r["version"] or "–"),
            day(r["version_date"], lang) if r["version_date"] else "–",
            _decision(r, lang),
            value_text("standing", r["standing"], lang),
        ]
        for r in line.to_dict("records")
    ]
    now.table(text("plans.show.versions", lang), columns, lines)


def _show_cover(now: Session, cover: Any, layers: LayerSet, lang: str) -> None:
    communes, units = layers.table("communes"), layers.table("former_units")
    names = dict(zip(communes["code"], communes["name"], strict=True))
    former: dict[str, list[tuple[str, str]]] = {}
    for code, name, commune in zip(units["code"], units["name"], units["commune_code"], strict=True):
        former.setdefault(str(code), []).append((str(name), str(commune)))
    lines = [[code, str(names.get(code, "")), text("plans.show.whole", lang)] for code in cover.communes]
    for unit in cover.former:
        inside = ", ".join(f"{names.get(c, c)}" for _, c in former.get(unit, []))
        name = former.get(unit, [("", "")])[0][0]
        lines.append([unit, name, text("plans.show.former", lang, communes=inside)])
    lines += [[code, "", text("plans.show.unknown_unit", lang)] for code in cover.unknown]
    if cover.province:
        lines.insert(0, ["*", text("plans.list.whole_province", lang), ""])
    columns = [(text(f"plans.show.{h}", lang), "left") for h in ("unit", "unit_name", "how")]
    now.table(text("plans.show.cover", lang), columns, lines)


def _show_functions(now: Session, plan: str, layers: LayerSet, lang: str) -> None:
    from siteplan.layers.register import functions_of

    found = functions_of(plan, layers.table("plan_zones"))
    if not len(found):
        now.out.print(text("plans.show.no_zones", lang))
        return
    columns = [(text("plans.show.function", lang), "left"), (text("plans.list.zones", lang), "right"),
               (text("plans.show.hectares", lang), "right")]  # fmt: skip
    lines = [
        [r["function"] or text("plans.show.no_function", lang), number(r["zones"], 0, lang),
         number(r["area_m2"] / 10_000, 2, lang)]
        for r in found.to_dict("records")
    ]  # fmt: skip
    lines.append([text("plans.show.sum", lang), number(found["zones"].sum(), 0, lang),
                  number(found["area_m2"].sum() / 10_000, 2, lang)])  # fmt: skip
    now.table(text("plans.show.zones", lang), columns, lines)


@in_session
def plans_check(
    now: Session,
    date: DateOption = None,
    scenario: ScenarioOption = None,
    xlsx: XlsxOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Tell what is registered, what is missing for which commune, and all that is wrong; exit 1 where a fault stops."""
    from siteplan.errors import has_errors
    from siteplan.layers.register import overview
    from siteplan.layers.register_check import check_register
    from siteplan.outputs.register import write_register
    from siteplan.rules import load_rules
    from siteplan.sites.plans import plan_coverage, standing

    layers, stands, day = _register(now, catalog, date, scenario)
    rules = load_rules(now.workspace(catalog).layers / "rules")
    communes = layers.table("communes")
    covered = plan_coverage(communes, layers.table("former_units"), layers.table("plans"), rules.plan_kinds, day)
    problems = check_register(layers, rules, standing(layers.table("plans"), day), covered, day)
    _coverage_table(now, covered, rules.plan_kinds, day, now.lang)
    now.problems(problems)
    if xlsx is not None:
        names = dict(zip(communes["code"], communes["name"], strict=True))
        file = write_register(xlsx, overview(layers, stands), covered, problems, names, day, now.lang)
        now.line("written", file=str(file))
    if has_errors(problems):
        raise typer.Exit(1)


def _coverage_table(now: Session, covered: pd.DataFrame, kinds: pd.DataFrame, day: dt.date, lang: str) -> None:
    """Print for each kind of plan how many communes it covers; mandatory kinds first."""
    states = ("covered", "partly", "paper_only", "missing")
    counts = Counter(zip(covered["role"], covered["status"], strict=True))
    columns = [(text("plans.list.kind", lang), "left"), (text("plans.check.mandatory", lang), "left")]
    columns += [(value_text("status", s, lang), "right") for s in states]
    lines = []
    ordered = kinds.sort_values(["mandatory", "precedence", "plan_kind"], ascending=[False, True, True])
    for kind, mandatory in zip(ordered["plan_kind"], ordered["mandatory"], strict=True):
        lines.append(
            [value_text("plan_kind", kind, lang), value_text("bool", bool(mandatory == 1), lang)]
            + [number(counts[f"plans/{kind}", s], 0, lang) for s in states]
        )
    now.table(text("plans.check.coverage", lang, date=_shown_date(day, lang)), columns, lines)
