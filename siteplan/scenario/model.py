"""One scenario as resolved, and reading it from its file and those it extends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from siteplan.errors import InputError, Problem
from siteplan.scenario.faults import problems_of
from siteplan.scenario.settings import (
    Checks,
    CostSettings,
    Criterion,
    EligibilitySettings,
    Fund,
    GridSettings,
    Levels,
    Lock,
    NeedSettings,
    Part,
    Phase,
    ProgrammeSettings,
    SiteSettings,
    SupplementSettings,
    ToleranceSettings,
    Weighting,
)
from siteplan.scenario.standing import Standing, of_file
from siteplan.toml_files import day_of, read_toml

WEIGHT_TOTAL = 100.0


class Scenario(Part):
    """One scenario as resolved: own values over those of the files it extends."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_\-]{0,59}$")
    title: str
    title_en: str = ""
    date: dt.date
    seed: int = 0
    need: NeedSettings = NeedSettings()
    grid: GridSettings = GridSettings()
    tolerance: ToleranceSettings = ToleranceSettings()
    eligibility: EligibilitySettings = EligibilitySettings()
    sites: SiteSettings = SiteSettings()
    criteria: tuple[Criterion, ...]
    weighting: tuple[Weighting, ...] = ()
    supplements: SupplementSettings = SupplementSettings()
    phases: tuple[Phase, ...]
    programme: ProgrammeSettings = ProgrammeSettings()
    funds: tuple[Fund, ...] = ()
    levels: Levels = Levels()
    costs: CostSettings = CostSettings()
    checks: Checks = Checks()
    locks: tuple[Lock, ...] = ()

    _day_of = field_validator("date", mode="before")(day_of)

    def of(self, subject: Literal["site", "commune"]) -> tuple[Criterion, ...]:
        """Criteria of sites or of communes."""
        return tuple(c for c in self.criteria if c.of == subject)

    def resolved(self) -> dict[str, Any]:
        """Return the scenario as plain values, for the manifest."""
        return self.model_dump(mode="json")


def _starts(phase: Phase) -> int | None:
    """Works that can start in a phase; None where their number is not limited."""
    years = phase.years[1] - phase.years[0] + 1
    limits = [phase.count, None if phase.starts_per_year is None else phase.starts_per_year * years]
    return min((limit for limit in limits if limit is not None), default=None)


def _without_reserve(scenario: Scenario, stands: Standing) -> list[Problem]:
    """Refuse plots without reserve that leave none with it, where whoever wrote their number knew that of all plots.

    A scenario that asks for fewer plots than the file it extends is not told: that file's number gives way.
    """
    sites = scenario.sites
    if "without_reserve" not in sites.model_fields_set or sites.without_reserve < sites.per_commune:
        return []
    here = stands.file_of("sites", "without_reserve")
    if "per_commune" in sites.model_fields_set:
        total_in = stands.file_of("sites", "per_commune")
        if stands.files.index(here) < stands.files.index(total_in):
            return []
    params = {"most": sites.per_commune - 1, "per_commune": sites.per_commune}
    value = str(sites.without_reserve)
    return [Problem("without_reserve_all", file=here, column="sites.without_reserve", value=value, params=params)]


def _rules_between_parts(scenario: Scenario, stands: Standing) -> list[Problem]:
    criteria_in, phases_in, locks_in = (stands.file_of(part) for part in ("criteria", "phases", "locks"))
    problems: list[Problem] = []
    for subject in ("site", "commune"):
        keys = [c.key for c in scenario.criteria if c.of == subject]
        problems += [
            Problem("criterion_twice", file=criteria_in, column=key, params={"of": subject})
            for key in sorted({k for k in keys if keys.count(k) > 1})
        ]
        total = sum(c.weight for c in scenario.criteria if c.of == subject)
        weighed = any(w.of == subject for w in scenario.weighting)
        if not weighed and abs(total - WEIGHT_TOTAL) > 1e-6:
            problems.append(Problem("weights_total", file=criteria_in, column=subject, value=f"{total:g}"))
    problems += _without_reserve(scenario, stands)
    names = [p.name for p in scenario.phases]
    problems += [
        Problem("phase_twice", file=phases_in, value=n) for n in sorted({n for n in names if names.count(n) > 1})
    ]
    if not scenario.phases:
        problems.append(Problem("phases_missing", file=phases_in))
    problems += [
        Problem("phases_overlap", file=phases_in, value=f"{a.name}, {b.name}")
        for a, b in combinations(sorted(scenario.phases, key=lambda p: p.years), 2)
        if b.years[0] <= a.years[1]
    ]
    if scenario.phases and all(p.waiting_list for p in scenario.phases):
        problems.append(Problem("phases_only_waiting", file=phases_in))
    if scenario.programme.limited_by == "money" and not any(f.committed and f.amount > 0 for f in scenario.funds):
        problems.append(Problem("funds_missing", file=stands.file_of("programme", "limited_by")))
    problems += [
        Problem(
            "pilot_too_few",
            file=phases_in,
            value=p.name,
            params={"count": _starts(p), "kinds": len(set(p.one_of_each))},
        )
        for p in scenario.phases
        if _starts(p) is not None and (_starts(p) or 0) < len(set(p.one_of_each))
    ]
    locked = [lock.commune for lock in scenario.locks]
    problems += [
        Problem("lock_twice", file=locks_in, value=c) for c in sorted({c for c in locked if locked.count(c) > 1})
    ]
    problems += [
        Problem("lock_phase_unknown", file=locks_in, value=lock.phase, params={"known": ", ".join(names)})
        for lock in scenario.locks
        if lock.phase is not None and lock.phase not in names
    ]
    problems += [
        Problem("lock_contradiction", file=locks_in, value=lock.commune, params={"phase": lock.phase})
        for lock in scenario.locks
        if lock.out and lock.phase is not None
    ]
    problems += [
        Problem("lock_empty", file=locks_in, value=lock.commune)
        for lock in scenario.locks
        if not lock.out and lock.phase is None and lock.site is None
    ]
    return problems


def _merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for the system
        return False


def _resolve(path: Path, seen: tuple[Path, ...] = ()) -> tuple[dict[str, Any], Standing]:
    """Values of a file over those of the files it extends, and the file where each stands."""
    real = path.resolve()
    if real in seen:
        raise InputError(Problem("extends_circle", file=str(seen[0]), value=" > ".join(p.name for p in (*seen, real))))
    own = read_toml(path)
    base = own.pop("extends", None)
    here = of_file(str(path), own)
    if base is None:
        return own, here
    if not isinstance(base, str) or not _is_file(path.parent / base):
        raise InputError(Problem("extends_missing", file=str(path), column="extends", value=str(base)))
    values, below = _resolve(path.parent / base, (*seen, real))
    return _merge(values, own), Standing((*below.files, *here.files), _merge(below.origins, here.origins))


def standing(path: Path) -> Standing:
    """Tell in which file each key of a scenario stands, as it is now."""
    return _resolve(path)[1]


def extended_files(path: Path) -> list[Path]:
    """Files that a scenario extends, resolved, the nearest first, as far as they can be read."""
    found: list[Path] = []
    while True:
        try:
            base = read_toml(path).get("extends")
        except InputError:
            return found
        if not isinstance(base, str) or not _is_file(path.parent / base):
            return found
        path = (path.parent / base).resolve()
        if path in found:
            return found
        found.append(path)


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file with all it extends.

    Raises
    ------
    InputError
        With every problem, each with the file where the value stands: unknown keys with the nearest known one, wrong
        types, weights that do not add up to 100, phases that overlap, locks that name no phase.
    """
    path = Path(path)
    raw, stands = _resolve(path)
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise InputError(*problems_of(error, Scenario, stands, raw)) from None
    problems = _rules_between_parts(scenario, stands)
    if problems:
        raise InputError(*problems)
    return scenario
