"""Evidence on demand: a plot someone drew against the whole register, and what a change of plans changes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from siteplan.cli.plans import BASE_SCENARIO, ScenarioOption
from siteplan.cli.session import (
    CatalogOption,
    OutOption,
    RestrictedOption,
    Session,
    in_session,
    words,
)

if TYPE_CHECKING:
    from siteplan.outputs.plot_page import Answer
    from siteplan.scenario import Scenario
    from siteplan.workspace import Workspace

BEHIND = ("roads", "waterways", "water_areas")


@in_session
def check_site(
    now: Session,
    file: Annotated[Path, typer.Argument(help=words("check_site.file"))],
    crs: Annotated[int | None, typer.Option("--crs", help=words("check_site.crs"), show_default=False)] = None,
    layer: Annotated[str, typer.Option("--layer", help=words("check_site.layer"), show_default=False)] = "",
    shift: Annotated[bool, typer.Option("--shift", help=words("check_site.shift"))] = False,
    scenario: ScenarioOption = None,
    out: OutOption = None,
    include_restricted: RestrictedOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Hold plots against every plan and rule: text, GeoJSON and a page with a map."""
    # libraries and words first: what is measured is the answer
    import rtree  # noqa: F401

    from siteplan import assembly, plot_index  # noqa: F401
    from siteplan.layers.plots import read_plots
    from siteplan.locale import catalogue, text
    from siteplan.outputs import plot_page
    from siteplan.sites import plot  # noqa: F401

    catalogue(now.lang)
    started = time.perf_counter()
    place = now.workspace(catalog)
    asked = _scenario(place, scenario)
    index = _index(now, place, catalog or place.catalog, asked)
    opened = time.perf_counter()
    try:
        # the number is put in by the reader of the file
        numbered = text("plot.numbered", now.lang, number="{number}")
        plots, problems, left_out = read_plots(file, index.province, crs, layer, numbered)
        answer = _answer(index, plots, file, shift=shift, restricted=include_restricted, lang=now.lang)
        answer = replace(answer, left_out=tuple(left_out))
    finally:
        index.close()
    folder = out or place.root / "kiem_tra"
    # what was drawn is never written over by what was found
    stem = file.stem if folder.resolve() != file.resolve().parent else f"{file.stem}_kiem_tra"
    written = _write(answer, folder, stem)
    if problems:
        now.problems(problems, now.err)
    for line in plot_page.lines(answer):
        now.out.print(escape(line))
    for path in written:
        now.line("written", file=str(path))
    ready = time.perf_counter()
    seconds = {"index": round(opened - started, 2), "answer": round(ready - opened, 2)}
    now.err.print(escape(text("cli.check_site.time", now.lang, **seconds)))


def _scenario(place: Workspace, asked: Path | None) -> Scenario:
    from siteplan.scenario import load_scenario

    return load_scenario(asked or place.scenarios / BASE_SCENARIO)


class _Opened:
    """The index with the province it is of."""

    def __init__(self, index: Any, province: Any, scenario: Scenario) -> None:
        self.index, self.province, self.scenario = index, province, scenario

    def close(self) -> None:
        self.index.close()


def _index(now: Session, place: Workspace, catalog_file: Path, scenario: Scenario) -> _Opened:
    """Open the index on disk; where the layers, rules, scenario or program changed, read the layers and build it."""
    from siteplan.errors import InputError, has_errors
    from siteplan.layers.catalog import load_catalog
    from siteplan.plot_index import open_index, stamp

    catalog = load_catalog(catalog_file)
    rules_folder = place.layers / "rules"

    def prepared() -> Any:
        from siteplan import assembly
        from siteplan.layers.believable import believable
        from siteplan.layers.read import read_layers
        from siteplan.rules import load_rules
        from siteplan.site_inputs import NOTHING_REQUIRED, prepared_sites

        now.reporter.say("plot.building")
        layers = read_layers(catalog, now.reporter)
        if has_errors(layers.problems):
            raise InputError(*layers.problems)
        rules = load_rules(rules_folder)
        layers = believable(layers, rules)
        communes = assembly.communes(layers.table("communes"), layers.table("commune_facts"))
        return prepared_sites(layers, scenario, rules, communes, NOTHING_REQUIRED)

    key = stamp(catalog, rules_folder, scenario, now.reporter)
    return _Opened(open_index(key, scenario, prepared), catalog.province, scenario)


def _answer(opened: _Opened, plots: Any, file: Path, *, shift: bool, restricted: bool, lang: str) -> Answer:
    from siteplan import assembly
    from siteplan.outputs.plot_page import Answer
    from siteplan.plot_index import SHIFT_M
    from siteplan.sites.plot import check_plots

    around = opened.index.around(list(plots.geometry), SHIFT_M if shift else 0.0)
    found = check_plots(around, plots, shift)
    conflicts = found.conflicts if restricted else assembly.without_restricted(found.conflicts, found.plots)
    behind = {role: around.layers[role].frame for role in BEHIND if role in around.layers}
    behind |= {"communes": around.communes, "plan_zones": around.zones.frame}
    if not restricted:
        behind = {
            role: frame[frame["restricted"] != True] if "restricted" in frame.columns else frame  # noqa: E712
            for role, frame in behind.items()
        }
    names = dict(zip(around.communes["code"], around.communes["name"], strict=True))
    date = opened.scenario.date.isoformat()
    return Answer(file.name, found.plots, conflicts, found.conformity, names, behind, date, lang)


def _write(answer: Answer, folder: Path, stem: str) -> list[Path]:
    from siteplan.errors import NoSpaceError, Problem
    from siteplan.outputs import plot_page

    texts = {".txt": "\n".join(plot_page.lines(answer)) + "\n", ".geojson": plot_page.geojson(answer),
             ".html": plot_page.page(answer)}  # fmt: skip
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in texts.items():
            path = folder / f"{stem}{suffix}"
            path.write_text(content, "utf-8")
            written.append(path)
    except OSError as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(folder), value=str(error))) from None
    return written


@in_session
def plans_diff(
    now: Session,
    before: Annotated[str, typer.Argument(help=words("plans_diff.before"))],
    after: Annotated[str, typer.Argument(help=words("plans_diff.after"))],
    out: OutOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Tell which sites change between two runs because of plans, by how much, because of which zone."""
    from siteplan.cli.road import two_runs
    from siteplan.locale import number, text
    from siteplan.outputs import plans_diff as output

    place = now.workspace(catalog)
    old, new = two_runs((before, after), place, catalog, None)
    diff = output.compare_plans(old, new, now.lang)
    shown = ("commune", "site", "before", "after", "overlap_change_m2", "title", "reason", "phase_after")
    columns = [(text(f"plans_diff.column.{n}", now.lang), "right" if n.endswith("_m2") else "left") for n in shown]
    rows = [
        [number(row[n], 1, now.lang) if n.endswith("_m2") else str(row[n] or "–") for n in shown]
        for row in diff.rows.to_dict("records")
    ]
    if rows:
        now.table(text("plans_diff.sheet", now.lang), columns, rows)
    now.out.print(
        escape(text("plans_diff.summary", now.lang, changed=diff.changed, phases="; ".join(diff.phases) or "–"))
    )
    now.out.print(escape(text("plans_diff.sites", now.lang, gone=diff.gone, new=diff.new)))
    folder = out or new.folder.parent / "so_sanh"
    now.line("written", file=str(output.write_diff(diff, old, new, folder / "quy_hoach_thay_doi.xlsx", now.lang)))
