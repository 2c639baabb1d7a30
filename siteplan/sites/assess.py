"""The room of sites for one commune: eligible land, candidate plots, forced plots, evidence and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.raster import Raster
from siteplan.sites import access, eligibility, findings, forced, measure, plans, search, terrain, verdict
from siteplan.sites.grid import Grid, fill
from siteplan.sites.rules import Layer, Rule, derive_columns, read_rules
from siteplan.tables import RESULTS, conform, empty

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario
    from siteplan.sites.inputs import SiteInputs

Array = np.ndarray[Any, Any]

# layers with objects that rules and measures look at
_OBJECT_ROLES = (
    "land_use",
    "roads",
    "railways",
    "waterways",
    "water_areas",
    "power_lines",
    "services",
    "buildings",
    "hazards",
    "urban_areas",
    "sector_projects",
    "border",
)


@dataclass(frozen=True)
class Prepared:
    """What all communes share, made once: layers with their rules and indexes, zones in force, coverage by plans."""

    scenario: Scenario
    rule_tables: Rules
    rules: tuple[Rule, ...]
    communes: gpd.GeoDataFrame
    required: Mapping[str, float]
    dem: Raster | None
    people: gpd.GeoDataFrame | None
    layers: Mapping[str, Layer]
    zones: Layer
    facilities: Any
    proposals: Any
    seats: Mapping[str, Any]
    fully_covered: frozenset[str]
    rests_on: tuple[str, ...]

    @property
    def crs(self) -> Any:
        """The province's CRS."""
        return self.communes.crs

    @property
    def coarse_m(self) -> float | None:
        """Resolution of a terrain model too coarse for a claim about one site; None where it is fine enough."""
        resolution = (self.dem.source_resolution_m or self.dem.cell_m) if self.dem is not None else 0.0
        return resolution if resolution > terrain.COARSE_TERRAIN_M else None


@dataclass(frozen=True)
class CommuneSites:
    """What was found in one commune.

    Parameters
    ----------
    sites
        Rows of :data:`siteplan.tables.RESULTS` ``sites``; scores and ranks are still empty.
    conflicts
        Rows of ``conflicts``: everything that stands for and against each site.
    land_account
        Rows of ``land_account``.
    eligible
        1 eligible, 0 not, 255 outside the commune; cells are multiples of the scenario's width.
    no_site_reasons
        Why no plot was found by search; empty where some were.
    eligible_area_m2
        Area of the eligible cells.
    """

    sites: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    land_account: pd.DataFrame
    eligible: Raster
    no_site_reasons: tuple[Message, ...]
    eligible_area_m2: float


def prepare(inputs: SiteInputs) -> Prepared:
    """Do once what all communes share.

    Parameters
    ----------
    inputs
        Layers, terrain, rules and scenario.

    Returns
    -------
    Prepared
        Picklable, so that it can be sent to other processes; spatial indexes are built where they are used.
    """
    rules = read_rules(inputs.rules, inputs.scenario)
    tables = inputs.tables
    layers = {
        role: Layer(role, derive_columns(role, tables[role], inputs.rules), rules)
        for role in _OBJECT_ROLES
        if role in tables and len(tables[role])
    }
    zones = _zones(inputs, rules)
    covered = plans.plan_coverage(
        inputs.communes,
        _table(tables, "former_units"),
        _table(tables, "plans"),
        inputs.rules.plan_kinds,
        inputs.scenario.date,
    )
    mandatory = covered[covered["mandatory"].fillna(False).astype(bool)]
    lacking = (
        set(mandatory.loc[mandatory["status"] != "covered", "commune_code"])
        if len(mandatory)
        else set(inputs.communes["code"])
    )
    people, people_layers = _people(inputs)
    seats = inputs.seats
    return Prepared(
        scenario=inputs.scenario,
        rule_tables=inputs.rules,
        rules=rules,
        communes=inputs.communes.sort_values("code").reset_index(drop=True),
        required=dict(
            zip(inputs.required["commune_code"], inputs.required["required_land_area_m2"].astype(float), strict=True)
        ),
        dem=inputs.dem,
        people=people,
        layers=layers,
        zones=zones,
        facilities=tables.get("facilities"),
        proposals=tables.get("proposals"),
        seats=dict(zip(seats["code"], seats.geometry, strict=True)) if len(seats) else {},
        fully_covered=frozenset(set(inputs.communes["code"]) - lacking),
        rests_on=_rests_on(inputs, people_layers),
    )


def _table(tables: Mapping[str, Any], role: str) -> Any:
    from siteplan.tables import INPUTS

    return tables[role] if role in tables else empty(INPUTS[role])


def _zones(inputs: SiteInputs, rules: tuple[Rule, ...]) -> Layer:
    raw = _table(inputs.tables, "plan_zones")
    if raw.crs is None:
        raw = raw.set_crs(inputs.communes.crs)
    joined = plans.join_zones(raw, _table(inputs.tables, "plans"), inputs.rules, inputs.scenario.date)
    return Layer("plan_zones", joined, rules)


def _people(inputs: SiteInputs) -> tuple[gpd.GeoDataFrame | None, set[str]]:
    """Points with people: the population grid, else settlements whose population is known."""
    if inputs.population is not None and len(inputs.population):
        layer = inputs.raster_layers.get("population")
        return inputs.population[["population", "geometry"]], {layer} if layer else set()
    settlements = inputs.tables.get("settlements")
    if settlements is not None and len(settlements):
        known = settlements[pd.to_numeric(settlements["population"], errors="coerce").fillna(0) > 0]
        if len(known):
            flagged = known["illustrative"].fillna(False).astype(bool)
            return known[["population", "geometry"]].astype({"population": "float64"}), set(known.loc[flagged, "layer"])
    return None, set()


def _rests_on(inputs: SiteInputs, people_layers: set[str]) -> tuple[str, ...]:
    """Tokens of the illustrative layers that every site is measured on."""
    names = set(people_layers)
    for frame in (inputs.communes, *(inputs.tables[r] for r in (*_OBJECT_ROLES, "plan_zones") if r in inputs.tables)):
        if len(frame) and {"layer", "illustrative"} <= set(frame.columns):
            names |= set(frame.loc[frame["illustrative"].fillna(False).astype(bool), "layer"])
    if inputs.dem is not None and "dem" in inputs.raster_layers:
        names.add(inputs.raster_layers["dem"])
    tokens = {f"layer:{name}" for name in names if isinstance(name, str)}
    coarse = inputs.dem is not None and (inputs.dem.source_resolution_m or inputs.dem.cell_m) > terrain.COARSE_TERRAIN_M
    return tuple(sorted(tokens | ({"assumption:terrain_coarse"} if coarse else set())))


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
    scenario = prepared.scenario
    commune = prepared.communes.loc[prepared.communes["code"] == code].geometry.iloc[0]
    grid = Grid.around(tuple(shapely.bounds(commune)), scenario.grid.cell_m)
    required_m2 = float(prepared.required.get(code, float("nan")))
    asked_m2 = required_m2 * (1 + scenario.sites.reserve_percent / 100.0) if required_m2 == required_m2 else 0.0  # noqa: PLR0124
    plots = forced.forced_plots(
        code,
        commune,
        {"facilities": prepared.facilities, "proposals": prepared.proposals},
        prepared.zones.frame,
        required_m2 if required_m2 > 0 else _least_area(prepared.rules),
        asked_m2,
    )
    dem, slope = _terrain(prepared.dem, grid, [p.geometry for p in plots])
    slope_cells = grid.sample(slope) if slope is not None else np.full(grid.shape, np.nan, dtype=np.float32)
    urban = eligibility.urban_cells(prepared.layers.get("urban_areas"), grid)
    layers = {**prepared.layers, "plan_zones": prepared.zones}
    land = eligibility.eligible_land(commune, grid, prepared.rules, layers, slope_cells, urban)
    request = search.Request(
        asked_m2, scenario.sites.minimum_width_m, scenario.sites.spacing_m, scenario.sites.per_commune
    )
    hard = [r for r in prepared.rules if r.hard and r.role in layers]
    found = search.find_plots(
        land.cells,
        grid,
        _preference(prepared, code, commune, land),
        request,
        free=lambda tried: _free(tried, commune, hard, layers, scenario.tolerance.sliver_m2),
        excluded=lambda area: _excluded(area, commune, hard, layers),
    )
    plots = [*(forced.Forced("K", "", p, (("sites.reason.found", {}),)) for p in found), *plots]
    eligible = grid.raster(land.mask, 255)
    account = conform(eligibility.account(code, land, prepared.rules), RESULTS["land_account"])
    nothing = () if found else tuple(eligibility.why_nothing(land, prepared.rules, asked_m2))
    if not plots:
        return CommuneSites(
            empty(RESULTS["sites"], prepared.crs), empty(RESULTS["conflicts"], prepared.crs), account, eligible, nothing, land.area_m2
        )  # fmt: skip
    sites = _site_frame(code, plots, prepared.crs)
    conflicts, measured = _evaluate(prepared, code, commune, sites, plots, required_m2, dem, slope, eligible)
    return CommuneSites(
        conform(measured, RESULTS["sites"]), conform(conflicts, RESULTS["conflicts"]), account, eligible, nothing, land.area_m2
    )  # fmt: skip


def _least_area(rules: tuple[Rule, ...]) -> float:
    return next((r.threshold for r in rules if r.role == "sites" and r.threshold > 0), 1.0)


def _terrain(dem: Raster | None, grid: Grid, others: list[Any]) -> tuple[Raster | None, Raster | None]:
    """Elevation and slope around the commune and around plots that lie beyond it, at the terrain's own resolution."""
    if dem is None:
        return None, None
    boxes = [grid.bounds, *(g.bounds for g in others)]
    west, south = min(b[0] for b in boxes), min(b[1] for b in boxes)
    east, north = max(b[2] for b in boxes), max(b[3] for b in boxes)
    margin = 2 * dem.cell_m
    window = dem.window((west - margin, south - margin, east + margin, north + margin))
    if min(window.values.shape) < 3:
        return None, None
    values = np.asarray(window.values)
    if window.nodata is not None and not np.isnan(window.nodata):
        values = np.where(values == window.nodata, np.nan, values).astype(np.float32)
    window = Raster(values, window.transform, float("nan"), window.source_resolution_m)
    slope = terrain.slope_percent(values, window.cell_m)
    return window, Raster(slope, window.transform, float("nan"), window.source_resolution_m)


def _free(tried: Array, commune: Any, hard: list[Rule], layers: Mapping[str, Layer], sliver_m2: float) -> Array:
    """Tell which plots lie in the commune and keep clear of every hard rule on a layer, exactly."""
    free = np.asarray(shapely.covers(commune, tried))
    for rule in hard:
        rest = np.flatnonzero(free)
        if len(rest) == 0:
            break
        left, _, parts = findings.corridors(tried[rest], rule, layers[rule.role], layers.get("urban_areas"))
        free[rest[left[shapely.area(parts) >= sliver_m2]]] = False
    return free


def _excluded(area: Any, commune: Any, hard: list[Rule], layers: Mapping[str, Layer]) -> Any:
    """Part of an area that hard rules exclude or that lies outside the commune."""
    place = np.array([area], dtype=object)
    parts = [np.array([shapely.difference(area, commune)], dtype=object)]
    parts += [findings.corridors(place, rule, layers[rule.role], layers.get("urban_areas"))[2] for rule in hard]
    return shapely.union_all(np.concatenate(parts))


def _preference(prepared: Prepared, code: str, commune: Any, land: eligibility.Eligible) -> Array:
    """Order in which eligible cells are tried, 0..1: the plain mean of land suitability, gentle slope, plans, nearness to a road and to
    people. It decides where the search looks first; the sites themselves are scored by the scenario's criteria.
    """  # noqa: D205
    grid, layers = land.grid, prepared.layers
    parts = []
    use = layers.get("land_use")
    if use is not None:
        rows = use.near(grid.bounds)
        score = use.frame["score"].to_numpy(dtype=float)[rows]
        value = np.full(grid.shape, 0.5)
        for step in np.unique(score[~np.isnan(score)]):
            value[fill(use.geometries[rows[score == step]], grid)] = step
        parts.append(value)
    limit = next((r.threshold for r in prepared.rules if r.role == "dem" and r.threshold > 0), 100.0)
    parts.append(np.nan_to_num(1.0 - np.clip(land.slope_percent / limit, 0.0, 1.0), nan=0.5))
    if len(prepared.zones):
        rows = prepared.zones.near(grid.bounds)
        if len(rows):
            score = prepared.zones.frame["plan_score"].to_numpy(dtype=float)[rows]
            value = np.full(grid.shape, 0.7)
            for step in np.unique(score)[::-1]:
                value[fill(prepared.zones.geometries[rows[score == step]], grid)] = step
            parts.append(value)
    roads = layers.get("roads")
    if roads is not None:
        parts.append(_nearness(access.road_cells(roads, grid, prepared.rule_tables.speeds), grid, land.cells))
    centre = _people_centre(prepared, code, commune)
    if centre is not None:
        distance = np.hypot(grid.x[None, :] - centre[0], grid.y[:, None] - centre[1])
        parts.append(_scaled(distance, land.cells))
    return np.asarray(np.mean(parts, axis=0))


def _nearness(near: Array, grid: Grid, cells: Array) -> Array:
    from scipy import ndimage

    if not near.any():
        return np.full(grid.shape, 0.5)
    return _scaled(ndimage.distance_transform_edt(~near) * grid.cell_m, cells)


def _scaled(distance: Array, cells: Array) -> Array:
    """1 at distance 0, falling to 0 at the greatest distance of an eligible cell."""
    greatest = float(distance[cells].max()) if cells.any() else 0.0
    return np.clip(1.0 - distance / greatest, 0.0, 1.0) if greatest > 0 else np.ones(distance.shape)


def _people_in(prepared: Prepared, commune: Any) -> tuple[Array, Array, Array]:
    """Coordinates and number of the people of a commune."""
    if prepared.people is None:
        none = np.array([], dtype=float)
        return none, none, none
    rows = np.sort(prepared.people.sindex.query(commune, predicate="intersects"))
    points = prepared.people.geometry.iloc[rows]
    return points.x.to_numpy(), points.y.to_numpy(), prepared.people["population"].iloc[rows].to_numpy(dtype=float)


def _people_centre(prepared: Prepared, code: str, commune: Any) -> tuple[float, float] | None:
    x, y, people = _people_in(prepared, commune)
    if people.sum() > 0:
        return float(np.average(x, weights=people)), float(np.average(y, weights=people))
    seat = prepared.seats.get(code)
    return (seat.x, seat.y) if seat is not None else None


def _site_frame(code: str, plots: list[forced.Forced], crs: Any) -> gpd.GeoDataFrame:
    rows, seen, count = [], set(), dict.fromkeys("KTXL", 0)
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
            }
        )
    geometry = gpd.GeoSeries([p.geometry for p in plots], crs=crs)
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=geometry, crs=crs)


def _evaluate(
    prepared: Prepared,
    code: str,
    commune: Any,
    sites: gpd.GeoDataFrame,
    plots: list[forced.Forced],
    required_m2: float,
    dem: Raster | None,
    slope: Raster | None,
    eligible: Raster,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Evidence and figures of the sites of a commune."""
    scenario, layers = prepared.scenario, prepared.layers
    tolerance = scenario.tolerance
    geometries = np.asarray(sites.geometry.values)
    area = shapely.area(geometries)
    threshold = next((r.threshold for r in prepared.rules if r.role == "dem"), float("inf"))
    ground = measure.terrain_columns(geometries, dem, slope, threshold)
    land = measure.land_use_columns(geometries, layers.get("land_use"))
    hazard = measure.hazard_columns(geometries, layers.get("hazards"), tolerance.sliver_m2)
    distance = measure.distance_columns(geometries, layers, prepared.rule_tables.speeds, prepared.seats.get(code))
    figures = pd.concat([sites.drop(columns="geometry"), ground, land.columns, hazard, distance], axis=1)
    figures["area_m2"] = area
    figures["required_area_m2"] = required_m2
    figures["area_ratio"] = area / required_m2 if required_m2 > 0 else np.nan
    figures["buildings_inside"] = measure.buildings_inside(geometries, layers.get("buildings"), tolerance.sliver_m2)
    figures["inside_urban_area"] = measure.inside_urban_area(geometries, layers.get("urban_areas"))
    figures["room_to_extend_percent"] = measure.room_to_extend(geometries, eligible, required_m2)
    reached = _access(prepared, commune, geometries, figures)

    nearby = (
        prepared.zones.frame.iloc[np.unique(prepared.zones.frame.sindex.query(geometries)[1])]
        if len(prepared.zones)
        else prepared.zones.frame
    )
    planned = plans.evidence(sites, nearby, tolerance)
    ruled = findings.rule_findings(sites, prepared.rules, layers, tolerance)
    whole = _whole_site_findings(prepared, commune, sites, ground, area)
    lists = [
        gpd.GeoDataFrame(part, geometry="geometry", crs=prepared.crs) for part in (planned, ruled, whole) if len(part)
    ]
    conflicts = gpd.GeoDataFrame(pd.concat(lists, ignore_index=True), crs=prepared.crs) if lists else planned
    conflicts = _with_zone_rules(conflicts, prepared.rules, tolerance, dict(zip(sites["site_id"], area, strict=True)))

    broken = verdict.broken_rules(sites, conflicts, prepared.rules)
    figures["broken_rules"] = ["; ".join(b) or None for b in broken]
    figures["eligible"] = pd.array([not b for b in broken], dtype="boolean")
    checked = verdict.check_columns(sites, conflicts, code in prepared.fully_covered)
    conform_columns = verdict.plan_columns(sites, planned, tolerance)
    figures = pd.concat([figures, checked, conform_columns], axis=1)
    figures["reasons"], figures["rests_on"] = _reasons(prepared, figures, conflicts, plots, broken, reached)
    measured = gpd.GeoDataFrame(figures, geometry=sites.geometry, crs=prepared.crs)
    return conflicts, measured


def _access(prepared: Prepared, commune: Any, geometries: Array, figures: pd.DataFrame) -> Array | None:
    """Fill in travel times; return the percent of people who have a way to each site."""
    figures["access_minutes"], figures["access_share_30_percent"] = np.nan, np.nan
    x, y, people = _people_in(prepared, commune)
    if people.sum() <= 0:
        return None
    ground = access.build_ground(
        commune, prepared.layers, prepared.dem, prepared.rule_tables.speeds, prepared.scenario.grid.margin_m
    )
    centres = shapely.centroid(geometries)
    times = access.minutes_to(ground, shapely.get_x(centres), shapely.get_y(centres), x, y)
    mean, share, reached = access.weighted(times, people)
    figures["access_minutes"], figures["access_share_30_percent"] = mean, share
    return reached


def _whole_site_findings(
    prepared: Prepared, commune: Any, sites: gpd.GeoDataFrame, ground: pd.DataFrame, area: Array
) -> gpd.GeoDataFrame:
    """Findings that concern a site as a whole: slope, least size, land beyond the commune's boundary."""
    rows, shapes = [], []
    tolerance = prepared.scenario.tolerance
    geometries = np.asarray(sites.geometry.values)
    for rule in prepared.rules:
        if rule.role == "dem":
            percent = ground["steep_percent"].fillna(0.0).to_numpy(dtype=float)
            hit, broken = percent > 0, percent / 100.0 * area > findings.tolerated_m2(rule, area, tolerance)
            tokens = [t for t in prepared.rests_on if t == "assumption:terrain_coarse"]
            held, shape = percent / 100.0 * area, geometries
        elif rule.role == "sites":
            hit = broken = area < rule.threshold
            held, shape, tokens = area, geometries, []
        elif rule.role == "communes":
            beyond = shapely.difference(geometries, commune)
            held, shape, tokens = shapely.area(beyond), beyond, []
            hit, broken = held >= tolerance.sliver_m2, held > findings.tolerated_m2(rule, area, tolerance)
        else:
            continue
        for i in np.flatnonzero(hit):
            share = min(100.0, 100.0 * float(held[i]) / float(area[i]))
            rows.append(
                findings.whole_site_finding(
                    sites["site_id"].iloc[i],
                    sites["commune_code"].iloc[i],
                    rule,
                    float(held[i]),
                    share,
                    bool(broken[i]),
                    tokens,
                )
            )
            shapes.append(shape[i])
    frame = pd.DataFrame(rows)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=sites.crs), crs=sites.crs)


def _with_zone_rules(
    conflicts: gpd.GeoDataFrame, rules: tuple[Rule, ...], tolerance: Any, site_area: Mapping[str, float]
) -> gpd.GeoDataFrame:
    """Say of each blocking zone whether the site breaks the rule on plan zones: more than tolerated lies in such zones."""
    conflicts = conflicts.copy()
    for column in ("rule", "broken"):
        if column not in conflicts.columns:
            conflicts[column] = None
    rule = next((r for r in rules if r.role == "plan_zones" and r.hard), None)
    blocking = (conflicts["source"] == "plan") & (conflicts["effect"] == "blocking")
    if rule is None or not blocking.any():
        return conflicts
    rows = conflicts[blocking]
    shared = rows.groupby("site_id").indices
    for identity, members in shared.items():
        mine = rows.iloc[members]
        inside = float(shapely.area(shapely.union_all(mine.geometry.to_numpy())))
        whole = np.array([site_area[str(identity)]])
        conflicts.loc[mine.index, "rule"] = rule.rule
        conflicts.loc[mine.index, "broken"] = bool(inside > findings.tolerated_m2(rule, whole, tolerance)[0])
    return conflicts


def _reasons(
    prepared: Prepared,
    figures: pd.DataFrame,
    conflicts: gpd.GeoDataFrame,
    plots: list[forced.Forced],
    broken: list[list[str]],
    reached: Array | None,
) -> tuple[list[str], list[str | None]]:
    by_site = conflicts.groupby("site_id").indices if len(conflicts) else {}
    by_rule = {rule.rule: rule for rule in prepared.rules}
    reasons, rests = [], []
    for i, row in enumerate(figures.to_dict("records")):
        mine = conflicts.iloc[by_site.get(row["site_id"], [])]
        messages = [*plots[i].reasons, *verdict.site_reasons(row, prepared.coarse_m)]
        if reached is not None and reached[i] < 99.95:
            messages.append(("sites.reason.not_reached", {"percent": 100.0 - float(reached[i])}))
        messages += verdict.finding_reasons(mine)
        if row["check_result"] == "clear_of_known_plans":
            messages.append(("sites.reason.plans_missing", {}))
        reasons.append(encode([(key, _rounded(params)) for key, params in messages]))
        tokens = {*prepared.rests_on, *plots[i].rests_on}
        tokens |= {t for rule in broken[i] for t in by_rule[rule].rests_on}
        tokens |= {t for cell in mine["rests_on"].dropna() for t in str(cell).split("; ")}
        rests.append("; ".join(sorted(tokens)) or None)
    return reasons, rests


def _rounded(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: round(float(v), 2) if isinstance(v, float) else v for k, v in params.items()}
