"""What goes in: checking layers, status, templates, a new workspace, open data, forms; the installation's state."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siteplan.cli.session import (
    CatalogOption,
    DebugOption,
    LangOption,
    OutOption,
    QuietOption,
    Session,
    in_session,
    session,
    words,
)
from siteplan.locale import fold, text, value_text


@in_session
def check(
    now: Session,
    catalog: CatalogOption = None,
) -> None:
    """Print all problems of the scenarios, rules and layers; exit 1 where one of them is an error."""
    from siteplan.errors import Problem, SiteplanError, has_errors
    from siteplan.layers.catalog import load_catalog
    from siteplan.layers.check import check_read
    from siteplan.layers.read import read_layers
    from siteplan.rules import load_rules
    from siteplan.scenario_inputs import (
        check_figures_before_tables,
        check_grids_of,
        check_locks,
        check_scenarios,
        check_switched_off,
        dates_behind,
        dates_of_documents,
        dates_of_rules,
    )

    place = now.workspace(catalog)
    problems: list[Problem] = []
    rules = None
    try:
        rules = load_rules(place.layers / "rules")
    except SiteplanError as error:
        problems.extend(error.problems)
    named = None
    try:
        named = load_catalog(catalog or place.catalog)
    except SiteplanError as error:
        problems.extend(error.problems)
    own = named.province.norms if named is not None else ()
    problems.extend(check_scenarios(place.scenarios, place.layers / "standards", own))
    if rules is not None:
        problems.extend(check_switched_off(place.scenarios, rules))
        problems.extend(check_figures_before_tables(place.scenarios, rules, place.layers / "standards", own))
    try:
        if named is not None:
            layers = read_layers(named, now.reporter)
            problems.extend(check_locks(place.scenarios, set(layers.table("communes")["code"])))
            if rules is not None:
                problems.extend(check_grids_of(place.scenarios, layers.table("communes"), rules))
            problems.extend(check_read(layers, rules))
    except SiteplanError as error:
        problems.extend(error.problems)
    documents = dates_of_documents(place.layers / "templates")
    used = dates_of_rules(rules, documents) if rules is not None else {}
    used |= {
        entry.title or entry.name: entry.date for entry in (named.layers if named is not None else ()) if entry.date
    }
    problems.extend(dates_behind(sorted(place.scenarios.glob("*.toml")), used))
    now.problems(problems)
    if has_errors(problems):
        raise typer.Exit(1)
    left_out = sum(int(p.params.get("count", 1)) for p in problems if p.severity == "excluded")
    now.line("check.left_out" if left_out else "check.ok", count=left_out)


@in_session
def status(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    catalog: CatalogOption = None,
) -> None:
    """Print what each task of the province still lacks, layer by layer."""
    from siteplan.cli.views import found_runs
    from siteplan.errors import UsageError
    from siteplan.layers.catalog import load_catalog
    from siteplan.survey.status import task_status

    place = now.workspace()
    entries = load_catalog(catalog or place.catalog).layers
    try:
        (found,) = found_runs([run] if run else None, place, catalog, None)
    except UsageError:
        if run:
            raise
        found = None
    rows = task_status(found, entries, now.lang)
    columns = [(text(f"cli.status.{c}", now.lang), "left") for c in ("task", "state", "lacking")]
    now.table(
        text("cli.status.title", now.lang),
        columns,
        [[r["task"], value_text("task_state", r["state"], now.lang), r["lacking"]] for r in rows],
    )
    if found is not None:
        from siteplan.cli.agencies import show_replies

        folder = (catalog or place.catalog).parent
        show_replies(now, found, folder if (folder / "agencies.csv").is_file() else place.layers)


def template(
    what: Annotated[str, typer.Argument(help=words("template.what"))],
    out: OutOption = None,
    lang: LangOption = "vi",
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a commented catalog or scenario file to start from."""
    with session(None, lang, quiet, debug) as now:
        from siteplan.errors import Problem, UsageError
        from siteplan.layers.template import catalog_template, scenario_template

        if what == "dossier":
            from siteplan.outputs.templates import write_forms

            for file in write_forms(out or Path.cwd(), lang):
                now.line("written", file=str(file))
            return
        makers = {"scenario": ("kich_ban.toml", scenario_template), "catalog": ("catalog.toml", catalog_template)}
        if what not in makers:
            raise UsageError(Problem("template_unknown", value=what, params={"known": ", ".join([*makers, "dossier"])}))
        name, make = makers[what]
        path = (out or Path.cwd()) / name
        if path.exists():
            raise UsageError(Problem("file_exists", file=str(path)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), "utf-8")
        now.line("written", file=str(path))


def init(
    folder: Annotated[Path | None, typer.Argument(help=words("init.folder"), show_default=False)] = None,
    province: Annotated[str | None, typer.Option("--province", help=words("init.province"), show_default=False)] = None,
    source: Annotated[str | None, typer.Option("--from", help=words("init.source"), show_default=False)] = None,
    lang: LangOption = "vi",
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a new workspace from the packaged template, or for another province from open data."""
    with session(None, lang, quiet, debug) as now:
        from siteplan.errors import Problem, UsageError
        from siteplan.outputs.templates import write_forms
        from siteplan.workspace import init_workspace

        if province is None:
            if folder is None:
                raise UsageError(Problem("init_folder_missing"))
            new = init_workspace(folder)
            write_forms(new.layers / "templates")
            now.line("init.done", folder=str(new.root))
            return
        from siteplan.layers.founding import found_workspace, known_provinces
        from siteplan.layers.provinces import find_province
        from siteplan.outputs.wording import role_label

        entry = find_province(known_provinces(), province)
        target = folder or Path(fold(entry.name).replace(" ", "_"))
        made = found_workspace(target, entry.code, source, now.reporter)
        write_forms(made.workspace.layers / "templates")
        now.line("init.done", folder=str(made.workspace.root))
        now.line("init.province_done", kind=entry.kind, name=entry.name, communes=made.communes, epsg=entry.epsg,
                 meridian=entry.central_meridian, former=entry.former_provinces)  # fmt: skip
        if entry.is_proposed:
            now.line("init.meridian_unsure", former=entry.former_provinces, note=entry.note)
        now.problems(made.problems)
        for key, roles in (("taken", made.taken), ("made", made.made), ("awaited", made.awaited)):
            if roles:
                now.line(f"init.{key}", roles="; ".join(role_label(role, lang) for role in roles))
        now.line("init.to_fill", file=str(made.workspace.layers / "province.toml"), folder=str(made.workspace.root))


def doctor(lang: LangOption = "vi", quiet: QuietOption = False, debug: DebugOption = False) -> None:
    """Print versions, CRS database, drivers, fonts; exit 1 where something is missing."""
    with session(None, lang, quiet, debug) as now:
        from siteplan.cli.doctor import findings

        rows = findings(lang)
        columns = [(text(f"cli.doctor.{c}", lang), "left") for c in ("part", "state", "detail")]
        now.table(text("cli.doctor.title", lang), columns, [[r.part, r.shown(lang), r.detail] for r in rows])
        if not all(r.good for r in rows):
            raise typer.Exit(1)


@in_session
def layers_add(
    now: Session,
    file: Annotated[Path, typer.Argument(help=words("layers.file"))],
    role: Annotated[str, typer.Option("--role", help=words("layers.role"))],
    name: Annotated[str | None, typer.Option("--name", help=words("layers.name"), show_default=False)] = None,
    catalog: CatalogOption = None,
) -> None:
    """Inspect a file, propose CRS and field mapping, and write the catalog entry."""
    from siteplan.layers.add import append_entry, inspect
    from siteplan.layers.catalog import load_catalog
    from siteplan.outputs.wording import role_label
    from siteplan.workspace import lock

    place = now.workspace()
    target = catalog or place.catalog
    with lock(place):
        found = load_catalog(target)
        present = found.of_role(role)
        proposal = inspect(file, role, found.province, folder=target.parent, name=name, present=present)
        append_entry(target, proposal)
    now.problems(proposal.problems)
    now.out.print(proposal.toml(), markup=False)
    taken = [key for key in ("mandatory", "restricted") if proposal.entry[key]]
    names = ", ".join(entry.name for entry in present)
    if taken:
        now.line("layers.taken_over", settings=", ".join(f"{key} = true" for key in taken), names=names)
    if present:
        label = role_label(role, now.lang)
        held = "; ".join(f"{e.name} – {e.title or label} ({e.origin or '–'})" for e in present)
        now.line("layers.beside", names=held)
    now.line("layers.added", catalog=str(target), name=proposal.name)


@in_session
def data_pull(
    now: Session,
    source: Annotated[str | None, typer.Option("--from", help=words("data.source"), show_default=False)] = None,
) -> None:
    """Fill layers/open/ with real open data from a mirror."""
    from siteplan.errors import has_errors
    from siteplan.layers.open_data import pull

    place = now.workspace()
    problems = pull(place, source, now.reporter)
    now.problems(problems)
    if has_errors(problems):
        raise typer.Exit(1)
    now.line("data.done", folder=str(place.layers / "open"))
