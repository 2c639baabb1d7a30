"""The typed model of a scenario file: one option, with its date, norms, criteria, phases and money.

Keys are English, unknown ones are errors that suggest the nearest known key; ``extends`` names a file whose values are
taken first (tables are merged key by key, lists are replaced). The file's own values are what a run writes into its
manifest as resolved.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Mapping
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from siteplan.errors import InputError, Problem

Certainty = Literal["V", "V2", "C", "R", "P"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NeedSettings(_Part):
    """Which norm sets apply, and which scope is the planned one."""

    standard: str = "nd155-2025"
    supporting: tuple[str, ...] = ("qcvn01-2021", "tcvn4601-2012", "de-xuat")
    scope: Literal["A", "B", "C"] = "A"
    floors: int = Field(3, ge=1, le=24)


class GridSettings(_Part):
    """Cells of the eligibility mask, and how far over the commune's boundary layers are read."""

    cell_m: float = Field(30, gt=0, le=500)
    margin_m: float = Field(1000, ge=0, le=20_000)


class ToleranceSettings(_Part):
    """When an overlap is a sliver, how much forbidden land a site may hold, how far it may fall short of the need."""

    sliver_m2: float = Field(1.0, ge=0)
    sliver_width_m: float = Field(0.1, ge=0)
    # an overlap narrower than this many times a plan's stated accuracy is a condition, not a bar; 0 switches that off
    accuracy_factor: float = Field(1.0, ge=0, le=10)
    forbidden_percent: float = Field(1.0, ge=0, le=100)
    forbidden_m2: float = Field(50.0, ge=0)
    area_percent: float = Field(1.0, ge=0, le=20)


class EligibilitySettings(_Part):
    """Thresholds that replace those of ``rules/eligibility.csv``; rules switched off by id."""

    slope_max_percent: float | None = Field(None, gt=0)
    minimum_area_m2: float | None = Field(None, ge=0)
    switched_off: tuple[str, ...] = ()


class SiteSettings(_Part):
    """How many plots are searched for in a commune, how far apart, and a reserve that replaces the norm's.

    `without_reserve` of them are of the land needed without its reserve. Plots with a front on a road of at least
    `frontage_m` come first; 0: roads do not guide the search.
    """

    per_commune: int = Field(10, ge=1, le=100)
    reserve_percent: float | None = Field(None, ge=0, le=200)
    spacing_m: float = Field(300, ge=0)
    minimum_width_m: float = Field(30, gt=0)
    without_reserve: int = Field(2, ge=0, le=100)
    frontage_m: float = Field(20, ge=0)


class ValueFunction(_Part):
    """How a measured value becomes 0..1.

    ``linear`` and ``piecewise`` interpolate `points` (value, scaled) and hold the ends; ``steps`` gives each value the
    scaled one of the last point that is not above it (bands "from 40 to below 60"), and values below the first point
    that of the first; ``s_curve`` goes from the first of two points to the second as ``3 t² - 2 t³``, slow at both
    ends; ``target`` is a line up to the best value and down from it (three points, the middle one the best);
    ``categories`` maps tokens; ``flag`` gives 1 for true; ``identity`` takes a value in 0..1.
    """

    kind: Literal["linear", "piecewise", "steps", "s_curve", "target", "categories", "flag", "identity"]
    points: tuple[tuple[float, float], ...] = ()
    categories: Mapping[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> ValueFunction:
        count = {"s_curve": 2, "target": 3}.get(self.kind)
        if count is not None and len(self.points) != count:
            raise PydanticCustomError("scenario_points_count", "points: wrong number")
        if self.kind == "target" and not self.points[0][1] < self.points[1][1] > self.points[2][1]:
            raise PydanticCustomError("scenario_points_target", "points: the middle one must be the best")
        if self.kind in ("linear", "piecewise", "steps", "s_curve", "target"):
            if len(self.points) < 2:
                raise PydanticCustomError("scenario_points_few", "points: two or more")
            if any(b[0] <= a[0] for a, b in pairwise(self.points)):
                raise PydanticCustomError("scenario_points_order", "points: values must increase")
        scaled = [p[1] for p in self.points] + list(self.categories.values())
        if any(not 0 <= value <= 1 for value in scaled):
            raise PydanticCustomError("scenario_scaled_range", "scaled value outside 0..1")
        if self.kind == "categories" and not self.categories:
            raise PydanticCustomError("scenario_categories_empty", "categories: empty")
        return self


class Criterion(_Part):
    """One criterion: any column of the site or commune table, with weight and value function."""

    key: str
    of: Literal["site", "commune"] = "site"
    column: str = ""  # defaults to the key
    weight: float = Field(ge=0)
    group: str = ""
    value: ValueFunction
    label: str = ""
    label_en: str = ""
    unit: str = ""
    basis: str = ""
    certainty: Certainty = "P"

    @property
    def source(self) -> str:
        """Column that is measured."""
        return self.column or self.key


class Weighting(_Part):
    """Weights that are not given one by one: by comparison in pairs (AHP) or by order of rank.

    ``names`` are groups of criteria or single criteria, which together hold every criterion of `of` once; a group's
    weight is shared by its criteria in proportion to the weights written at them. ``upper`` holds the comparisons above
    the diagonal, row by row: how many times the first outweighs the second, as a number or a fraction ("1/3").
    """

    of: Literal["site", "commune"]
    method: Literal["ahp", "rank_order"]
    names: tuple[str, ...] = Field(min_length=1)
    upper: tuple[tuple[float | str, ...], ...] = ()
    by: str = ""


class SupplementSettings(_Part):
    """Points added outside the base criteria: for border communes and for central wards.

    Of a border commune also count the class of its gate, whether it has a counterpart unit across the border, how many
    delegations it receives a year (in proportion, all points from ``delegations_full`` on), and whether it lacks a room
    to receive them.
    """

    cap_points: float = Field(10, ge=0)
    border: float = Field(7, ge=0)
    gate: Mapping[str, float] = Field(default_factory=lambda: {"international": 3.0, "main": 3.0})
    counterpart: float = Field(0, ge=0)
    delegations: float = Field(0, ge=0)
    delegations_full: float = Field(24, gt=0)
    no_reception_room: float = Field(0, ge=0)
    central_ward: float = Field(8, ge=0)
    basis: str = ""
    certainty: Certainty = "P"


PilotNeed = Literal["figures", "site", "not_blocked", "plan", "clearance"]


class Phase(_Part):
    """A phase: a name and its first and last year.

    A ``waiting_list`` starts nothing: it is the heading under which what found no place in the others is listed. A
    ``pilot`` phase takes only communes that are ready: ``pilot_needs`` lists what is asked of them, of the figures
    (reported, the survey answered) and of the site (there is one, no plan blocks it, no plan has to be adjusted, its
    land is not known to be uncleared).
    """

    name: str
    years: tuple[int, int]
    starts_per_year: int | None = Field(None, ge=0)
    count: int | None = Field(None, ge=0)
    money: float | None = Field(None, ge=0)
    pilot: bool = False
    pilot_needs: tuple[PilotNeed, ...] = ("figures", "site", "not_blocked", "clearance")
    waiting_list: bool = False
    # the step of a centre's calendar that has to fall inside the phase
    step_inside: Literal["investment_policy", "planning", "land_clearance", "design", "start", "hand_over"] = "start"
    # of the communes started in a pilot phase, at least one of each of these kinds, where a ready one exists
    one_of_each: tuple[Literal["border", "central_ward", "ordinary"], ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Phase:
        if self.years[1] < self.years[0]:
            raise PydanticCustomError("scenario_years_order", "last year before the first")
        return self


class Fund(_Part):
    """Money of one source in one year, đồng; not committed ones are shown but never spent."""

    source: str
    year: int
    amount: float = Field(ge=0)
    committed: bool = True


class ProgrammeSettings(_Part):
    """What the programme optimises and under which limits.

    ``nested``: each phase's list is the best for that phase alone and stays as it is when more phases follow; otherwise
    all phases are decided together. ``carry_over``: money not spent in a year may be spent later.
    """

    objective: Literal["follow_rank", "priority", "people", "deficit"] = "follow_rank"
    beside: tuple[Literal["follow_rank", "priority", "people", "deficit"], ...] = ("priority",)
    limited_by: Literal["capacity", "money"] = "capacity"
    nested: bool = True
    carry_over: bool = False
    # build types below what the need asks for that are taken where money or land does not reach, and the share of the
    # floor needed that has to be in use after the works
    smaller_types: tuple[Literal["extend", "renovate"], ...] = ("extend", "renovate")
    least_covered_percent: float = Field(60, ge=0, le=100)
    years_to_build: int = Field(2, ge=1, le=6)
    time_limit_s: float = Field(60, gt=0)
    label_of_funds: Literal["approved", "assumed"] = "assumed"
    # new land for offices that all works together may take; left out, the quota of province.toml holds where it has one
    tsc_quota_ha: float | None = Field(None, ge=0)


class Levels(_Part):
    """Low, middle and high level of costs and of money."""

    low: float = Field(0.7, gt=0)
    middle: float = Field(1.0, gt=0)
    high: float = Field(1.3, gt=0)


class CostSettings(_Part):
    """Prices: which level is used, yearly escalation, and the price per land group where one is known."""

    level: Literal["low", "middle", "high"] = "middle"
    price_year: int = 2025
    escalation_percent: float = Field(4.0, ge=0, le=30)
    # year -> price level against the price year (1.0), where an index is published; escalation goes on from the last
    price_index: Mapping[int, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    # kind of commune ("xã", "phường") -> đồng per m² of land that is auctioned; no value is told without it
    auction_prices: Mapping[Literal["xã", "phường"], Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    clearance_prices: Mapping[str, float] = Field(default_factory=dict)  # land category -> đồng per m²


class Checks(_Part):
    """Checks for specialists, off by default: other methods of ranking, shown in a technical annex."""

    methods: tuple[Literal["topsis", "vikor", "promethee_ii"], ...] = ()


class Lock(_Part):
    """A person's decision: this site for the commune, this phase, or never."""

    commune: str
    phase: str | None = None
    site: str | None = None
    out: bool = False
    by: str = ""
    reason: str = ""


class Scenario(_Part):
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

    @field_validator("date", mode="before")
    @classmethod
    def _only_date(cls, value: Any) -> Any:
        return value.date() if isinstance(value, dt.datetime) else value

    def of(self, subject: Literal["site", "commune"]) -> tuple[Criterion, ...]:
        """Criteria of sites or of communes."""
        return tuple(c for c in self.criteria if c.of == subject)

    def resolved(self) -> dict[str, Any]:
        """Return the scenario as plain values, for the manifest."""
        return self.model_dump(mode="json")


WEIGHT_TOTAL = 100.0


def _starts(phase: Phase) -> int | None:
    """Works that can start in a phase; None where their number is not limited."""
    years = phase.years[1] - phase.years[0] + 1
    limits = [phase.count, None if phase.starts_per_year is None else phase.starts_per_year * years]
    return min((limit for limit in limits if limit is not None), default=None)


def _rules_between_parts(scenario: Scenario, file: str) -> list[Problem]:
    problems: list[Problem] = []
    for subject in ("site", "commune"):
        keys = [c.key for c in scenario.criteria if c.of == subject]
        problems += [
            Problem("criterion_twice", file=file, column=key, params={"of": subject})
            for key in sorted({k for k in keys if keys.count(k) > 1})
        ]
        total = sum(c.weight for c in scenario.criteria if c.of == subject)
        weighed = any(w.of == subject for w in scenario.weighting)
        if not weighed and abs(total - WEIGHT_TOTAL) > 1e-6:
            problems.append(Problem("weights_total", file=file, column=subject, value=f"{total:g}"))
    names = [p.name for p in scenario.phases]
    problems += [Problem("phase_twice", file=file, value=n) for n in sorted({n for n in names if names.count(n) > 1})]
    if not scenario.phases:
        problems.append(Problem("phases_missing", file=file))
    problems += [
        Problem("phases_overlap", file=file, value=f"{a.name}, {b.name}")
        for a, b in combinations(sorted(scenario.phases, key=lambda p: p.years), 2)
        if b.years[0] <= a.years[1]
    ]
    if scenario.phases and all(p.waiting_list for p in scenario.phases):
        problems.append(Problem("phases_only_waiting", file=file))
    if scenario.programme.limited_by == "money" and not any(f.committed and f.amount > 0 for f in scenario.funds):
        problems.append(Problem("funds_missing", file=file))
    problems += [
        Problem(
            "pilot_too_few", file=file, value=p.name, params={"count": _starts(p), "kinds": len(set(p.one_of_each))}
        )
        for p in scenario.phases
        if _starts(p) is not None and (_starts(p) or 0) < len(set(p.one_of_each))
    ]
    locked = [lock.commune for lock in scenario.locks]
    problems += [Problem("lock_twice", file=file, value=c) for c in sorted({c for c in locked if locked.count(c) > 1})]
    problems += [
        Problem("lock_phase_unknown", file=file, value=lock.phase, params={"known": ", ".join(names)})
        for lock in scenario.locks
        if lock.phase is not None and lock.phase not in names
    ]
    problems += [
        Problem("lock_contradiction", file=file, value=lock.commune, params={"phase": lock.phase})
        for lock in scenario.locks
        if lock.out and lock.phase is not None
    ]
    problems += [
        Problem("lock_empty", file=file, value=lock.commune)
        for lock in scenario.locks
        if not lock.out and lock.phase is None and lock.site is None
    ]
    return problems


def _nearest(key: str, known: list[str]) -> str:
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return found[0] if found else ""


def _model_at(location: tuple[Any, ...]) -> type[BaseModel] | None:
    """Return the model that holds the key a pydantic error points at, to suggest its nearest key."""
    model: Any = Scenario
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        fields = getattr(model, "model_fields", {})
        if step not in fields:
            return None
        annotation = fields[step].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
        if model is None:
            return None
    return model if isinstance(model, type) else None


# beginning of a pydantic error type -> what was expected, as the texts name it (value.toml_type.<token>)
_EXPECTED: Mapping[str, str] = {
    "float": "number",
    "finite": "number",
    "int": "integer",
    "bool": "bool",
    "string": "text",
    "date": "date",
    "tuple": "list",
    "too": "list",
    "model": "table",
    "mapping": "table",
    "dict": "table",
}
_RELATIONS = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<", "less_than_equal": "≤"}


def _place(location: tuple[Any, ...]) -> str:
    """Return where a key stands: names by dots, entries of a list counted from 1."""
    words = ""
    for step in location:
        words += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if words else str(step)
    return words


def _entry_name(raw: Any, location: tuple[Any, ...]) -> str:
    """Return how the list entry that holds an error calls itself: its key, name, source or commune."""
    name = ""
    for step in location:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, int) and isinstance(raw, Mapping):
            name = next((str(raw[k]) for k in ("key", "name", "source", "commune") if k in raw), name)
    return name


def _problems_of(error: ValidationError, file: str, raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for item in error.errors():
        location = tuple(item["loc"])
        kind = item["type"]
        context = item.get("ctx", {})
        value = repr(item.get("input"))[:60]
        params: dict[str, Any] = {}
        if kind == "extra_forbidden":
            model = _model_at(location)
            near = _nearest(str(location[-1]), list(model.model_fields)) if model else ""
            key, value, params = ("scenario_key_unknown_near" if near else "scenario_key_unknown"), "", {"near": near}
        elif kind == "missing" and not isinstance(location[-1], int):
            key, value = "scenario_key_missing", ""
        elif kind == "literal_error":
            key, params = "scenario_value_choice", {"expected": context.get("expected", "").replace(" or ", ", ")}
        elif kind in _RELATIONS:
            limit = next((context[k] for k in ("gt", "ge", "lt", "le") if k in context), "")
            key, params = "scenario_value_range", {"limit": f"{_RELATIONS[kind]} {limit:g}"}
        elif kind == "string_pattern_mismatch":
            key = "scenario_value_name"
        elif kind.startswith("scenario_"):
            key = kind
        elif kind == "missing" or kind.partition("_")[0] in _EXPECTED:
            expected = "list" if kind == "missing" else _EXPECTED[kind.partition("_")[0]]
            key, params = "scenario_value_type", {"expected": expected}
        else:
            key, params = "scenario_value", {"detail": item["msg"]}
        feature = _entry_name(raw, location)
        problems.append(Problem(key, file=file, feature=feature, column=_place(location), value=value, params=params))
    return problems


_CONTROL = re.compile("[\x08\x0c\t]")


def _has_control(node: Any) -> bool:
    if isinstance(node, str):
        return bool(_CONTROL.search(node))
    if isinstance(node, Mapping):
        return any(_has_control(value) for value in node.values())
    return isinstance(node, list) and any(_has_control(value) for value in node)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file that a person wrote; a byte-order mark is accepted, a backslash in a path is explained."""
    try:
        content = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputError(Problem("file_missing", file=str(path))) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem("file_not_utf8", file=str(path), value=str(error.start))) from None
    except OSError as error:
        raise InputError(Problem("file_unreadable", file=str(path), value=str(error))) from None
    try:
        found = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line.group(1)) if line else 0
        lines = content.splitlines()
        words = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        key = "toml_backslash" if '"' in words and "\\" in words else "toml_invalid"
        params = {"line": number, "words": words, "detail": str(error), "mended": words.replace("\\", "/")}
        raise InputError(Problem(key, file=str(path), feature=str(number), value=words, params=params)) from None
    if _has_control(found):
        # "C:\temp\bien.toml" is good TOML: its backslashes silently became a tab and a backspace
        number, words = next(
            ((n, line.strip()) for n, line in enumerate(content.splitlines(), 1) if re.search(r"\\[btf]", line)),
            (0, ""),
        )
        params = {"line": number, "words": words, "detail": "", "mended": words.replace("\\", "/")}
        raise InputError(Problem("toml_backslash", file=str(path), feature=str(number), value=words, params=params))
    return found


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


def _resolve(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    path = path.resolve()
    if path in seen:
        raise InputError(Problem("extends_circle", file=str(seen[0]), value=" > ".join(p.name for p in (*seen, path))))
    own = read_toml(path)
    base = own.pop("extends", None)
    if base is None:
        return own
    if not isinstance(base, str) or not _is_file(path.parent / base):
        raise InputError(Problem("extends_missing", file=str(path), value=str(base)))
    return _merge(_resolve(path.parent / base, (*seen, path)), own)


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file with all it extends.

    Raises
    ------
    InputError
        With every problem of the file: unknown keys with the nearest known one, wrong types, weights that do not add up
        to 100, phases that overlap, locks that name no phase.
    """
    path = Path(path)
    raw = _resolve(path, ())
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise InputError(*_problems_of(error, str(path), raw)) from None
    problems = _rules_between_parts(scenario, str(path))
    if problems:
        raise InputError(*problems)
    return scenario
