"""Scenario files as a run reads them: model, weights and norms; all of a folder, for checking."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from siteplan import clock
from siteplan.decide import weights
from siteplan.errors import InputError, Problem, SiteplanError
from siteplan.layers.bounds import Bounds
from siteplan.norms import load_norms
from siteplan.rule_checks import unknown_token
from siteplan.scenario import extended_files, load_scenario, standing
from siteplan.tabular import read_table

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from siteplan.norms import Norms
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario

# what a file that others extend may leave to them
_LEFT_TO_OTHERS = ("scenario_key_missing", "phases_missing", "funds_missing")
LONG_BEHIND_DAYS = 183
_SAME = 1e-9
MILLION = 1e6
# settings of a scenario that stand in place of the threshold of rules: role and column of these
THRESHOLDS = (("slope_max_percent", "dem", "slope_percent"), ("minimum_area_m2", "sites", "area_m2"))
_DAY = re.compile(r"ngày (\d{1,2})/(\d{1,2})/(\d{4})")


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


def unknown_rules(path: Path, scenario: Scenario, rules: Rules) -> list[Problem]:
    """Return a problem for each rule that a scenario speaks of and that ``rules/eligibility.csv`` does not have.

    These are ids that it switches off, and thresholds for which there is no rule.
    """
    known = rules.eligibility["rule"].dropna().tolist()
    lost = [rule for rule in scenario.eligibility.switched_off if rule not in known]
    file, column = standing(path).file_of("eligibility", "switched_off") if lost else "", "eligibility.switched_off"
    return [
        *(
            Problem("switched_off_unknown", file=file, column=column, value=rule, params=unknown_token(rule, known))
            for rule in lost
        ),
        *_thresholds_of_no_rule(path, scenario, rules),
    ]


def figures_before_tables(path: Path, scenario: Scenario, rules: Rules, norms: Norms | None = None) -> list[Problem]:
    """Warn of figures of a scenario that stand before others in the tables: changing the table has no effect on it."""
    table = rules.eligibility
    problems: list[Problem] = []

    def tell(part: str, key: str, own: float, others: Iterable[float], place: str) -> None:
        differing = sorted({value for value in others if abs(value - own) > _SAME})
        if differing:
            params = {"told": ", ".join(f"{value:g}" for value in differing), "place": place}
            file, column = standing(path).file_of(part, key), f"{part}.{key}"
            problems.append(
                Problem("scenario_before_table", "warning", file=file, column=column, value=f"{own:g}", params=params)
            )

    for key, role, column in THRESHOLDS:
        own = getattr(scenario.eligibility, key)
        if own is not None:
            of_kind = table[(table["role"] == role) & (table["column"] == column)]
            hard = of_kind[of_kind["strength"] == "hard"]
            replaced = hard if len(hard) else of_kind
            tell("eligibility", key, own, replaced["threshold"].dropna().astype(float), "rules/eligibility.csv")
    reserve = scenario.sites.reserve_percent
    if reserve is not None and norms is not None and "land.reserve_share" in norms:
        tell("sites", "reserve_percent", reserve, [100 * norms["land.reserve_share"].value], "standards/")
    return problems


def check_figures_before_tables(folder: Path, rules: Rules, standards: Path, own: tuple[str, ...]) -> list[Problem]:
    """Return the warnings of :func:`figures_before_tables` of all scenario files of a folder, each once."""
    return _of_scenarios(
        folder,
        lambda path, scenario: figures_before_tables(path, scenario, rules, read_norms(scenario, standards, own)),
    )


def _thresholds_of_no_rule(path: Path, scenario: Scenario, rules: Rules) -> list[Problem]:
    """Thresholds that the scenario sets and that no rule of the table has: nothing would be held against them."""
    table = rules.eligibility
    problems = []
    for setting, role, column in THRESHOLDS:
        value = getattr(scenario.eligibility, setting)
        if value is None or ((table["role"] == role) & (table["column"] == column)).any():
            continue
        file, params = standing(path).file_of("eligibility", setting), {"role": role, "of": column}
        problems.append(
            Problem(
                "threshold_without_rule", file=file, column=f"eligibility.{setting}", value=f"{value:g}", params=params
            )
        )
    return problems


def unworkable_grid(path: Path, scenario: Scenario, communes: gpd.GeoDataFrame, rules: Rules) -> list[Problem]:
    """Return the problem of cells so small that the province has more of them than can be worked with.

    `communes` are polygons in the province's CRS; the bound is ``grid.cells`` of ``rules/plausible.csv``, in millions.
    """
    most = Bounds(rules)["grid.cells"]
    if not len(communes):
        return []
    west, south, east, north = communes.total_bounds
    area_m2, cell_m = float((east - west) * (north - south)), scenario.grid.cell_m
    cells = area_m2 / cell_m**2 / MILLION
    if not cells > most:
        return []
    params = {"cells": cells, "most": most, "least_m": float(math.ceil(math.sqrt(area_m2 / (most * MILLION))))}
    file = standing(path).file_of("grid", "cell_m")
    return [Problem("grid_cells", file=file, column="grid.cell_m", value=f"{cell_m:g}", params=params)]


def check_grids_of(folder: Path, communes: gpd.GeoDataFrame, rules: Rules) -> list[Problem]:
    """Return the problems of :func:`unworkable_grid` of all scenario files of a folder that can be read, each once."""
    return _of_scenarios(folder, lambda path, scenario: unworkable_grid(path, scenario, communes, rules))


def check_switched_off(folder: Path, rules: Rules) -> list[Problem]:
    """Return the problems of :func:`unknown_rules` of all scenario files of a folder that can be read, each once."""
    return _of_scenarios(folder, lambda path, scenario: unknown_rules(path, scenario, rules))


def check_locks(folder: Path, codes: Collection[str]) -> list[Problem]:
    """Return the problems of :func:`unknown_locks` of all scenario files of a folder that can be read, each once."""
    return _of_scenarios(folder, lambda path, scenario: unknown_locks(path, scenario, codes))


def _of_scenarios(folder: Path, check: Callable[[Path, Scenario], list[Problem]]) -> list[Problem]:
    """Return what a check tells of all scenario files of a folder that can be read, each problem once."""
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found = check(path, load_scenario(path))
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


def dates_of_documents(templates: Path) -> dict[str, dt.date]:
    """Return the days of the documents that papers cite, by number: of ``can_cu.csv``, columns document and line."""
    path = templates / "can_cu.csv"
    rows = read_table(path).to_dict("records") if path.is_file() else []
    return {str(row["document"]): day for row in rows for day in _days(str(row["line"]))}


def dates_of_rules(rules: Rules, documents: Mapping[str, dt.date]) -> dict[str, dt.date]:
    """Return the documents that rules rest on, with their day.

    It is named with the document ("... ngày 30/03/2026"), or known of its number from `documents`.
    """
    found: dict[str, dt.date] = {}
    for table in (getattr(rules, field.name) for field in fields(rules)):
        cells = table["legal_basis"].dropna().unique() if "legal_basis" in table else ()
        for document in (part.strip() for cell in cells for part in str(cell).split(";")):
            named = [day for number, day in documents.items() if number in document]
            for day in [*named, *_days(document)]:
                found[document] = max(day, found.get(document, day))
    return found


def _days(words: str) -> list[dt.date]:
    found = []
    for day, month, year in _DAY.findall(words):
        # no day of the calendar: a slip of the pen in a citation is no newer document
        with contextlib.suppress(ValueError):
            found.append(dt.date(int(year), int(month), int(day)))
    return found


def dates_of_sources(sources: pd.DataFrame) -> dict[str, dt.date]:
    """Return the layers of a run, by their titles, with the dates of their data; ``RESULTS["sources"]``."""
    dated = sources[sources["data_date"].notna()]
    days = (dt.date.fromisoformat(str(day)[:10]) for day in dated["data_date"])
    return dict(zip(dated["title"].fillna(dated["layer"]).astype(str), days, strict=True))


def date_behind(path: Path, used: Mapping[str, dt.date]) -> list[Problem]:
    """Warn of a scenario whose date lies before what it uses, or long before today.

    Parameters
    ----------
    path
        Scenario file; one that cannot be read gives nothing here.
    used
        Layers and documents that are used, by name, with their dates.

    Returns
    -------
    list of Problem
        At most one ``date_behind``: of what is used the newest, else today. It depends on the day, so it is printed and
        belongs into no run.
    """
    try:
        date = load_scenario(path).date
    except SiteplanError:
        return []
    today = clock.today()
    # a plan of next year is no reason to reckon as of next year
    known = [(day, name) for name, day in used.items() if date < day <= today]
    newest, name = max(known, default=(today, ""))
    if not known and (today - date).days <= LONG_BEHIND_DAYS:
        return []
    params = {"date": date.isoformat(), "newest": newest.isoformat(), "behind": "used" if known else "today"}
    params |= {"name": f" ({name})" if name else ""}
    file = standing(path).file_of("date")
    return [Problem("date_behind", "warning", file=file, column="date", value=date.isoformat(), params=params)]


def dates_behind(paths: Iterable[Path], used: Mapping[str, dt.date]) -> list[Problem]:
    """Return the warnings of :func:`date_behind` of several scenario files, each once."""
    problems: list[Problem] = []
    for path in paths:
        problems += [p for p in date_behind(path, used) if p not in problems]
    return problems
