"""The tables of a scenario file: what may be set, with its bounds and what holds where nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Certainty = Literal["V", "V2", "C", "R", "P"]


class Part(BaseModel):
    """A table of the file: keys it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NeedSettings(Part):
    """Which norm sets apply, and which scope is the planned one."""

    standard: str = "nd155-2025"
    supporting: tuple[str, ...] = ("qcvn01-2021", "tcvn4601-2012", "de-xuat")
    scope: Literal["A", "B", "C"] = "A"
    floors: int = Field(3, ge=1, le=24)


class GridSettings(Part):
    """Cells of the eligibility mask, and how far over the commune's boundary layers are read."""

    cell_m: float = Field(30, gt=0, le=500)
    margin_m: float = Field(1000, ge=0, le=20_000)


class ToleranceSettings(Part):
    """When an overlap is a sliver, how much forbidden land a site may hold, how far it may fall short of the need."""

    sliver_m2: float = Field(1.0, ge=0)
    sliver_width_m: float = Field(0.1, ge=0)
    # an overlap narrower than this many times a plan's stated accuracy is a condition, not a bar; 0 switches that off
    accuracy_factor: float = Field(1.0, ge=0, le=10)
    forbidden_percent: float = Field(1.0, ge=0, le=100)
    forbidden_m2: float = Field(50.0, ge=0)
    area_percent: float = Field(1.0, ge=0, le=20)


class EligibilitySettings(Part):
    """Thresholds that replace those of ``rules/eligibility.csv``; rules switched off by id."""

    slope_max_percent: float | None = Field(None, gt=0)
    minimum_area_m2: float | None = Field(None, ge=0)
    switched_off: tuple[str, ...] = ()


class SiteSettings(Part):
    """How many plots are searched for in a commune, how far apart, and a reserve that replaces the norm's.

    `without_reserve` of them, but never all, are of the land needed without its reserve. Plots with a front on a road
    of at least `frontage_m` come first; 0: roads do not guide the search.
    """

    per_commune: int = Field(10, ge=1, le=100)
    reserve_percent: float | None = Field(None, ge=0, le=200)
    spacing_m: float = Field(300, ge=0)
    minimum_width_m: float = Field(30, gt=0)
    without_reserve: int = Field(2, ge=0, le=100)
    frontage_m: float = Field(20, ge=0)

    @property
    def with_reserve(self) -> int:
        """How many plots are to have the reserve, where others are not: one at least."""
        return max(1, self.per_commune - self.without_reserve)


class ValueFunction(Part):
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


class Criterion(Part):
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


class Weighting(Part):
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


class SupplementSettings(Part):
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


class Phase(Part):
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
            years = {"shown": f"{self.years[0]}–{self.years[1]}"}
            raise PydanticCustomError("scenario_years_order", "last year before the first", years)
        return self


class Fund(Part):
    """Money of one source in one year, đồng; not committed ones are shown but never spent."""

    source: str
    year: int
    amount: float = Field(ge=0)
    committed: bool = True


class ProgrammeSettings(Part):
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


class Levels(Part):
    """Low, middle and high level of costs and of money."""

    low: float = Field(0.7, gt=0)
    middle: float = Field(1.0, gt=0)
    high: float = Field(1.3, gt=0)


class CostSettings(Part):
    """Prices: which level is used, yearly escalation, and the price per land group where one is known."""

    level: Literal["low", "middle", "high"] = "middle"
    price_year: int = 2025
    escalation_percent: float = Field(4.0, ge=0, le=30)
    # year -> price level against the price year (1.0), where an index is published; escalation goes on from the last
    price_index: Mapping[int, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    # kind of commune ("xã", "phường") -> đồng per m² of land that is auctioned; no value is told without it
    auction_prices: Mapping[Literal["xã", "phường"], Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    clearance_prices: Mapping[str, float] = Field(default_factory=dict)  # land category -> đồng per m²


class Checks(Part):
    """Checks for specialists, off by default: other methods of ranking, shown in a technical annex."""

    methods: tuple[Literal["topsis", "vikor", "promethee_ii"], ...] = ()


class Lock(Part):
    """A person's decision: this site for the commune, this phase, or never."""

    commune: str
    phase: str | None = None
    site: str | None = None
    out: bool = False
    by: str = ""
    reason: str = ""
