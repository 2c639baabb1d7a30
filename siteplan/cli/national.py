"""One scenario in several provinces, one after another, and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from siteplan.cli.session import Session

if TYPE_CHECKING:
    from siteplan.cluster import Cluster
    from siteplan.runs import Run
    from siteplan.work import Workers


def workspaces_of(catalog: Path | None) -> list[Path] | None:
    """Return the workspaces that a national catalog lists; None where the file is no such catalog.

    Raises
    ------
    InputError
        Where the list is empty or no list of folders, or a folder is no workspace (all of them).
    """
    from siteplan.errors import InputError, Problem
    from siteplan.toml_files import read_toml

    if catalog is None:
        return None
    raw = read_toml(catalog)
    if "national" not in raw:
        return None
    part = raw["national"]
    named = part.get("workspaces") if isinstance(part, dict) else None
    if not isinstance(named, list) or not named or not all(isinstance(name, str) for name in named):
        raise InputError(Problem("national_invalid", file=str(catalog), value=repr(named)[:60]))
    folders = [catalog.parent / name for name in named]
    absent = [folder for folder in folders if not (folder / "layers" / "catalog.toml").is_file()]
    if absent:
        raise InputError(*(Problem("workspace_missing", file=str(folder)) for folder in absent))
    return folders


def run_national(
    now: Session,
    scenario: Path,
    catalog: Path,
    folders: Sequence[Path],
    workers: Workers,
    cluster: Cluster | None,
    **options: Any,
) -> None:
    """Run a scenario of that file name in each workspace and sum up; provinces that fail are told, the others go on."""
    from siteplan.errors import Problem, SiteplanError
    from siteplan.outputs.national import write_national
    from siteplan.pipeline import run_scenario
    from siteplan.runs import Run
    from siteplan.workspace import open_workspace

    done: list[Run] = []
    problems: list[Problem] = []
    for folder in folders:
        place = open_workspace(folder)
        try:
            run = run_scenario(
                place.scenarios / scenario.name,
                place,
                workers=workers,
                cluster=cluster,
                reporter=now.reporter,
                **options,
            )
        except SiteplanError as error:
            problems += error.problems
            continue
        done.append(Run(run.folder))  # without its tables: a country has many
        now.line("national.province", name=run.manifest["province"]["name"], folder=str(run.folder))
    if done:
        stem = catalog.parent / catalog.stem / done[0].name
        for file in write_national(done, stem, now.lang):
            now.line("national.file", file=str(file))
    if problems:
        now.err.quiet = False
        now.problems(problems, now.err)
        raise typer.Exit(1)
