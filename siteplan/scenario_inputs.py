"""Scenario files as a run reads them: model, weights and norms; all of a folder, for checking."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siteplan.decide import weights
from siteplan.errors import InputError, Problem, SiteplanError
from siteplan.norms import load_norms
from siteplan.scenario import extended_files, load_scenario, standing

if TYPE_CHECKING:
    from siteplan.norms import Norms
    from siteplan.scenario import Scenario

# what a file that others extend may leave to them
_LEFT_TO_OTHERS = ("scenario_key_missing", "phases_missing", "funds_missing")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario with the weights that its comparisons or orders of rank give.

    Raises
    ------
    InputError
        With every problem of the file and of those it extends, each with the file where the value stands.
    """
    scenario = load_scenario(path)
    try:
        return weights.weigh(scenario)
    except InputError as error:
        place = standing(path).file_of("weighting")
        raise InputError(*(p if p.file else replace(p, file=place) for p in error.problems)) from None


def read_norms(scenario: Scenario, standards: Path, own: tuple[str, ...] = ()) -> Norms:
    """Read the norms that a scenario names, those of the province (`own`) before the supporting ones."""
    supporting = tuple(dict.fromkeys((*own, *scenario.need.supporting)))
    return load_norms(standards, scenario.need.standard, supporting, scenario.date)


def unknown_locks(path: Path, scenario: Scenario, codes: Collection[str]) -> list[Problem]:
    """Return a problem for each lock on a commune that is not one of `codes`; none where no commune was read."""
    lost = [lock.commune for lock in scenario.locks if codes and lock.commune not in codes]
    place = standing(path).file_of("locks") if lost else ""
    return [Problem("lock_commune_unknown", file=place, feature=code, value=code) for code in lost]


def check_locks(folder: Path, codes: Collection[str]) -> list[Problem]:
    """Return the problems of :func:`unknown_locks` of all scenario files of a folder that can be read, each once."""
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found = unknown_locks(path, load_scenario(path), codes)
        except SiteplanError:
            continue  # told by `check_scenarios`
        problems += [p for p in found if p not in problems]
    return problems


def check_scenarios(folder: Path, standards: Path, own: tuple[str, ...] = ()) -> list[Problem]:
    """Return every problem of the scenario files of a folder, each once, as a run of them would tell it.

    A file that another extends need not be complete: what it lacks is told of the one that is run.
    """
    paths = sorted(folder.glob("*.toml"))
    bases = {base for path in paths for base in extended_files(path)}
    problems: list[Problem] = []
    for path in paths:
        try:
            read_norms(read_scenario(path), standards, own)
        except SiteplanError as error:
            kept = [p for p in error.problems if path.resolve() not in bases or p.key not in _LEFT_TO_OTHERS]
            problems += [p for p in kept if p not in problems]
    return problems
