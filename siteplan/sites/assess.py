"""The room of sites for one commune: eligible land, candidate plots, forced plots, evidence and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas.array import from_shapely

from siteplan.raster import Raster
from siteplan.sites import discuss, eligibility, forced, islands, terrain
from siteplan.sites.access import reach
from siteplan.sites.columns import TABLES, Columns, nothing
from siteplan.sites.context import Prepared, prepare
from siteplan.sites.evaluate import evaluate
from siteplan.sites.evidence import verdict
from siteplan.sites.free_land import free_land
from siteplan.sites.grid import Grid
from siteplan.sites.ground import landform
from siteplan.sites.rules import Rule
from siteplan.sites.search.candidates import candidates, extended
from siteplan.sites.search.layouts import wide_enough
from siteplan.tables import RESULTS, Table, empty, rests_on
from siteplan.tables.schema import COORDINATE_DECIMALS

if TYPE_CHECKING:
    from siteplan.locale import Message

__all__ = ["TABLES", "CommuneSites", "Prepared", "assess_commune", "prepare"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class CommuneSites:
    """What was found in one commune.

    Parameters
    ----------
    rows
        Columns of tables of :data:`siteplan.tables.RESULTS` by their names: ``sites``, whose scores and ranks are still
        empty; ``conflicts``, everything that stands for and against each site; ``conformity``, what each plan says of
        each; ``land_account`` and ``land_options``, where the land went and what looser rules would open;
        ``access_points``, the place that the people reach soonest (no row where nobody lives).
    crs
        The province's CRS.
    eligible
        1 eligible, 0 not, 255 outside the commune; cells are multiples of the scenario's width. One window, or one for
        each group of islands (:mod:`siteplan.sites.islands`).
    no_site_reasons
        Why no plot was found by search; empty where some were.
    eligible_area_m2
        Area of the eligible cells.
    """

    rows: Mapping[str, Columns]
    crs: Any
    eligible: tuple[Raster, ...]
    no_site_reasons: tuple[Message, ...]
    eligible_area_m2: float

    def table(self, name: str) -> Any:
        """Rows of a table as a frame."""
        return stacked([self.rows[name]], RESULTS[name], self.crs)

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """Frame of the sites."""
        return self.table("sites")


def assess_commune(prepared: Prepared, code: str) -> CommuneSites:
    """Find, force in, check and measure the sites of one commune.

    Parameters
    ----------
    prepared
        From :func:`prepare`.
    code
        Commune code.

    Returns
    -------
    CommuneSites
        Deterministic: it depends on nothing but the inputs.
    """
    commune = prepared.polygons[code]
    required_m2 = float(prepared.required.get(code, float("nan")))
    asked_m2 = required_m2 if required_m2 > 0 else 0.0  # the need holds its reserve already
    shapely.prepare(commune)
    held = forced.forced_plots(
        commune,
        prepared.of_communes.get(("facilities", code), ()),
        prepared.of_communes.get(("proposals", code), ()),
        prepared.zones,
        required_m2 if required_m2 > 0 else _least_area(prepared.rules),
        asked_m2,
    )
    shapes = islands.groups(commune, prepared.scenario.grid.margin_m)
    own = [[p for p in held if islands.nearest(shapes, p.geometry) == i] for i in range(len(shapes))]
    impossible = _too_narrow(asked_m2, prepared.scenario.sites.minimum_width_m) or _too_long_front(prepared, asked_m2)
    sought_m2 = 0.0 if impossible else asked_m2
    parts = [_part(prepared, code, shape, plots, sought_m2) for shape, plots in zip(shapes, own, strict=True)]
    found = islands.best_of([part.found for part in parts], prepared.scenario.sites)
    wider = [extended(prepared, x.shape, x.land, plots, required_m2) for x, plots in zip(parts, own, strict=True)]
    plots = [*found, *held, *chain.from_iterable(wider)]
    lands = [part.land for part in parts]
    options = discuss.land_options(code, lands, prepared.rules, _reached(prepared, parts), required_m2)
    nothing_found: tuple[Message, ...] = ()
    if not found:
        why, open_to_talk = _why_nothing(prepared, lands, asked_m2), discuss.worth_discussing(options)
        nothing_found = (impossible,) if impossible else (*why, *open_to_talk)
    at = np.array([islands.nearest(shapes, plot.geometry) for plot in plots], dtype=int)
    geometries = np.array([plot.geometry for plot in plots], dtype=object)
    times = reach.compared([reach.reach(prepared, code, shapes, i, geometries[at == i]) for i in range(len(shapes))])
    tables: dict[str, Any] = {
        "land_account": eligibility.account(code, lands, prepared.rules),
        "land_options": options,
        "access_points": pd.DataFrame([] if times[0].best is None else [times[0].best]),
    }
    rows = {name: in_schema(tables.get(name, {}), RESULTS[name]) for name in TABLES}
    if plots:
        rows |= _evaluated(prepared, code, plots, at, parts, times, required_m2)
    windows, area_m2 = tuple(part.eligible for part in parts), sum(land.area_m2 for land in lands)
    return CommuneSites(rows, prepared.crs, windows, nothing_found, area_m2)


def land_rests_on(prepared: Prepared, found: CommuneSites) -> str | None:
    """Illustrative layers and assumptions that the eligible land of a commune rests on, whether it has sites or not.

    All layers that sites are searched on, and the rules that took land and are recalled or proposed.
    """
    account = found.rows["land_account"]
    took = {rule for rule, area in zip(account["rule"], account["removed_in_order_m2"], strict=True) if area > 0}
    return rests_on(*prepared.rests_on, *(t for rule in prepared.rules if rule.rule in took for t in rule.rests_on))


@dataclass(frozen=True)
class _Part:
    """A group of islands, mostly the whole commune: its window, terrain, eligible land and the plots found there."""

    shape: Any
    dem: Raster | None
    slope: Raster | None
    urban: Array | None
    land: eligibility.Eligible
    found: list[forced.Forced]

    @property
    def eligible(self) -> Raster:
        """Eligible cells with their place."""
        return self.land.grid.raster(self.land.mask, 255)


def _part(prepared: Prepared, code: str, shape: Any, held: list[forced.Forced], asked_m2: float) -> _Part:
    """Look for land and plots in one window; terrain reaches to the plots that are there already."""
    grid = Grid.around(tuple(shapely.bounds(shape)), prepared.scenario.grid.cell_m)
    shapely.prepare(shape)
    dem, slope = _terrain(prepared.dem, grid, [p.geometry for p in held], landform.reach_m(prepared.ground_figures))
    slope_cells = grid.sample(slope) if slope is not None else np.full(grid.shape, np.nan, dtype=np.float32)
    urban = eligibility.urban_cells(prepared.layers.get("urban_areas"), grid)
    layers = prepared.ruled
    land = eligibility.eligible_land(shape, grid, prepared.rules, layers, slope_cells, urban)
    return _Part(shape, dem, slope, urban, land, candidates(prepared, code, shape, land, urban, dem, asked_m2))


def _evaluated(
    prepared: Prepared,
    code: str,
    plots: list[forced.Forced],
    at: Array,
    parts: Sequence[_Part],
    times: Sequence[reach.Reach],
    required_m2: float,
) -> dict[str, Columns]:
    """Rows of sites, conflicts and conformity; `at` says in which part each plot lies."""
    sites = _site_frame(code, plots, prepared.crs)
    names, said = ("conflicts", "sites", "conformity"), []
    for i in np.unique(at).tolist():
        mine, part = np.flatnonzero(at == i), parts[i]
        found = evaluate(
            prepared,
            code,
            prepared.polygons[code],
            sites.iloc[mine].reset_index(drop=True),
            [plots[n] for n in mine],
            required_m2,
            part.dem,
            part.slope,
            free_land(prepared, part.shape, part.land),
            times[i],
        )
        said.append({name: in_schema(table, RESULTS[name]) for name, table in zip(names, found, strict=True)})
    return {name: joined([tables[name] for tables in said]) for name in names}


def _why_nothing(prepared: Prepared, lands: list[eligibility.Eligible], asked_m2: float) -> list[Message]:
    """Say where the land went; what is taken by a terrain too coarse for a site is an estimate, and said to be one."""
    messages = eligibility.why_nothing(lands, prepared.rules, asked_m2)
    steep = [rule.rule for rule in prepared.rules if rule.role == "dem" and rule.hard]
    if prepared.coarse_m is not None and any(land.removed_alone.get(rule) for land in lands for rule in steep):
        messages.append(("sites.none.slope_coarse", {"metres": prepared.coarse_m}))
    return messages


def _too_narrow(asked_m2: float, width_m: float) -> Message | None:
    """Say that no plot of the area is as wide as asked, if so: no other rule need be discussed then."""
    if asked_m2 <= 0 or wide_enough(asked_m2, width_m):
        return None
    return "sites.none.too_narrow", {"required": asked_m2, "side": float(np.sqrt(asked_m2)), "width": width_m}


def _too_long_front(prepared: Prepared, asked_m2: float) -> Message | None:
    """Say that no plot of the area has an edge as long as the front asked, if so, were there roads all around it.

    A plot that is nowhere narrower than asked has at most the edge of the rectangle of just that width.
    """
    settings = prepared.scenario.sites
    guided = prepared.ground_figures.get("frontage.reach", 0.0) > 0 and "roads" in prepared.layers
    longest = 2 * (asked_m2 / settings.minimum_width_m + settings.minimum_width_m)
    if not guided or asked_m2 <= 0 or settings.frontage_m <= longest:
        return None
    figures = {"required": asked_m2, "longest": longest, "front": settings.frontage_m}
    return "sites.none.front_too_long", {**figures, "width": settings.minimum_width_m}


def _reached(prepared: Prepared, parts: Sequence[_Part]) -> Callable[[Rule], list[Array]]:
    """Tell the cells that a rule on a layer takes, in each window."""
    layers = prepared.ruled

    def cells(rule: Rule, part: _Part) -> Array:
        taken = eligibility.rule_mask(rule, layers[rule.role], part.land.grid, part.urban)
        return np.zeros(part.land.grid.shape, dtype=bool) if taken is None else taken

    return lambda rule: [cells(rule, part) for part in parts]


def _least_area(rules: tuple[Rule, ...]) -> float:
    """Area of a plot of which only a point is known, where no need is: the least that no rule bars."""
    return max((r.threshold for r in rules if r.role == "sites" and r.hard and r.threshold > 0), default=1.0)


def _terrain(dem: Raster | None, grid: Grid, others: list[Any], reach_m: float) -> tuple[Raster | None, Raster | None]:
    """Elevation and slope as far around the commune and plots beyond it as sites look, at the terrain's resolution."""
    if dem is None:
        return None, None
    boxes = [grid.bounds, *(g.bounds for g in others)]
    west, south = min(b[0] for b in boxes), min(b[1] for b in boxes)
    east, north = max(b[2] for b in boxes), max(b[3] for b in boxes)
    window = terrain.surroundings(dem, (west - reach_m, south - reach_m, east + reach_m, north + reach_m))
    if min(window.values.shape) < 3:
        return None, None
    slope = terrain.slope_percent(window.values, window.cell_m)
    return window, Raster(slope, window.transform, float("nan"), window.source_resolution_m)


def in_schema(rows: Any, table: Table) -> Columns:
    """Give rows, a frame or its columns, the columns of their schema, rounded; the full check is made once, for all."""
    count = len(rows) if isinstance(rows, pd.DataFrame) else len(next(iter(rows.values()), ()))
    out: Columns = {}
    for column in table.columns:
        if column.name not in rows:
            out[column.name] = nothing(count)
        elif column.kind == "float":
            out[column.name] = np.asarray(rows[column.name], dtype=float).round(column.decimals) + 0.0
        else:
            out[column.name] = np.asarray(rows[column.name], dtype=object)
    if table.geometry is not None:
        out["geometry"] = np.asarray(rows["geometry"] if count else (), dtype=object)
    return out


def joined(parts: Sequence[Columns]) -> Columns:
    """Put columns as :func:`in_schema` gives them under one another."""
    return parts[0] if len(parts) == 1 else {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def stacked(parts: Iterable[Columns], table: Table, crs: Any) -> Any:
    """Put columns as :func:`in_schema` gives them under one another, as a frame; an empty one without any."""
    filled = [part for part in parts if len(next(iter(part.values())))]
    if not filled:
        return empty(table, crs)
    columns = dict(joined(filled))
    if table.geometry is None:
        return pd.DataFrame(columns)
    columns["geometry"] = from_shapely(columns["geometry"], crs=crs)
    return gpd.GeoDataFrame(pd.DataFrame(columns, copy=False), geometry="geometry", copy=False)


def _site_frame(code: str, plots: list[forced.Forced], crs: Any) -> gpd.GeoDataFrame:
    rows, seen, count = [], set(), dict.fromkeys("KTXLM", 0)
    for plot in plots:
        identity = verdict.site_id(code, plot.letter, plot.geometry)
        if identity in seen:
            identity = verdict.site_id(code, plot.letter, plot.geometry, plot.source_id)
        seen.add(identity)
        count[plot.letter] += 1
        rows.append(
            {
                "site_id": identity,
                "commune_code": code,
                "label": f"{plot.letter}{count[plot.letter]}",
                "letter": plot.letter,
                "source_id": plot.source_id or None,
                "clearance": plot.clearance,
                "plot_size": plot.size,
            }
        )
    # measured as it is written: areas and shares are those of the coordinates that leave the program
    written = shapely.transform(
        np.asarray([p.geometry for p in plots], dtype=object), lambda xy: np.round(xy, COORDINATE_DECIMALS)
    )
    geometry = gpd.GeoSeries(written, crs=crs)
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=geometry, crs=crs)
