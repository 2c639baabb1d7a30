"""The one road: layers and rules, need, sites, decisions, run folder. Only here are the stages strung together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan import assembly, need_stage, runs, site_cache, site_travel
from siteplan.assumptions import assumptions
from siteplan.backdrop import background, put_background
from siteplan.decide import (
    agreement,
    build_options,
    calendar,
    compensation,
    costs,
    one_compound,
    placing,
    priority,
    programme,
    rank_stability,
    scoring,
    stability,
    surplus,
    surplus_parts,
)
from siteplan.errors import InputError, Problem, SiteplanError, has_errors
from siteplan.layers import agencies, opinion_files, opinion_states
from siteplan.layers.believable import believable
from siteplan.layers.catalog import Catalog, load_catalog
from siteplan.layers.read import LayerSet, read_layers
from siteplan.locale import encode, text
from siteplan.manifest import manifest_of
from siteplan.report import SILENT, Recorder, Reporter
from siteplan.road import Inputs, Road
from siteplan.rules import load_rules
from siteplan.runs import Run, RunContent
from siteplan.scenario import Scenario, standing
from siteplan.scenario_inputs import read_norms, read_scenario, unknown_locks, unknown_rules, unworkable_grid
from siteplan.site_cache import Assessed
from siteplan.site_inputs import prepared_sites, with_shifts
from siteplan.sites import assess
from siteplan.sites.compound import planned_posts
from siteplan.sites.context import Prepared
from siteplan.tables import RESULTS
from siteplan.work import Spreader, Workers
from siteplan.workspace import Workspace, lock, open_workspace, runs_folder


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.perf_counter)

    def restart(self, seconds: Mapping[str, float]) -> None:
        """Begin another run after what they share; time spent elsewhere in between is nobody's."""
        self.seconds, self._started = dict(seconds), time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self._started, 3)
        self._started = now


def read_inputs(paths: Sequence[Path], workspace: Workspace, catalog: Path | None, reporter: Reporter) -> list[Inputs]:
    """Read scenarios, rules, norms and layers, and check them; the layers are read once.

    Raises
    ------
    InputError
        With every problem of all of them, where one is an error.
    """
    problems: list[Problem] = []

    def attempt(make: Callable[[], Any]) -> Any:
        try:
            return make()
        except SiteplanError as error:
            problems.extend(p for p in error.problems if p not in problems)  # two options extend one base
            return None

    scenarios = [attempt(partial(read_scenario, path)) for path in paths]
    stands = [standing(path) if scenario else None for path, scenario in zip(paths, scenarios, strict=True)]
    if any(problem.key == "file_missing" for problem in problems):
        raise InputError(*problems)  # a mistyped name is told at once, not after the layers were read
    rules = attempt(lambda: load_rules(workspace.layers / "rules"))
    for path, scenario in zip(paths, scenarios, strict=True):
        lost = unknown_rules(path, scenario, rules) if scenario and rules else []
        problems.extend(p for p in lost if p not in problems)
    folder = workspace.layers / "standards"
    named: Catalog | None = attempt(lambda: load_catalog(catalog or workspace.catalog))
    own = named.province.norms if named is not None else ()
    norms = [attempt(partial(read_norms, s, folder, own)) if s else None for s in scenarios]
    layers: LayerSet | None = None if named is None else attempt(lambda: read_layers(named, reporter))
    if layers is not None:
        codes = set(layers.table("communes")["code"])
        for path, scenario in zip(paths, scenarios, strict=True):
            lost = unknown_locks(path, scenario, codes) if scenario else []
            if scenario and rules:
                lost += unworkable_grid(path, scenario, layers.table("communes"), rules)
            problems.extend(p for p in lost if p not in problems)
        layers = believable(layers, rules)
        problems.extend([*layers.problems, *site_cache.checked(layers, rules)])
    if has_errors(problems) or layers is None:
        raise InputError(*problems)
    found: list[Any] = list(zip(scenarios, stands, norms, strict=True))
    quota = layers.catalog.province.tsc_quota.get("ha")
    return [
        Inputs(_with_quota(scenario, quota), stood, rules, norm, layers, tuple(problems))
        for scenario, stood, norm in found
    ]


def _with_quota(scenario: Scenario, quota_ha: float | None) -> Scenario:
    """Scenario with the province's quota of office land where it names none of its own."""
    if quota_ha is None or scenario.programme.tsc_quota_ha is not None:
        return scenario
    return scenario.model_copy(update={"programme": scenario.programme.model_copy(update={"tsc_quota_ha": quota_ha})})


def run_scenarios(
    paths: Sequence[str | Path],
    workspace: Workspace | None = None,
    *,
    catalog: Path | None = None,
    out: Path | None = None,
    jobs: int = 1,
    workers: Workers | None = None,
    cluster: Spreader | None = None,
    include_restricted: bool = False,
    reporter: Reporter = SILENT,
) -> Iterator[Run]:
    """Run the whole road for each scenario; layers are read once. Yields each run as soon as its folder stands.

    Parameters
    ----------
    paths
        Scenario files.
    workspace
        Where layers and runs are; found from the first scenario's folder upwards by default.
    catalog
        Another catalog than ``layers/catalog.toml``; its runs go to ``runs/<catalog stem>/``.
    out
        Another folder for the runs.
    jobs
        Number of processes; results do not depend on it.
    workers
        Processes that run already; used where `jobs` is more than 1.
    cluster
        Many machines instead of `workers`, see :func:`siteplan.cluster.cluster`; results do not depend on it.
    include_restricted
        Whether restricted layers appear in the run; recorded in the manifest.

    Raises
    ------
    InputError
        With all problems of scenarios, rules, norms and layers, before anything is computed.
    LockedError
        Where another process works in the workspace.
    """
    places = [Path(path) for path in paths]
    workspace = workspace or open_workspace(places[0].parent)
    recorder = Recorder(reporter)
    clock = _Clock()
    with lock(workspace):
        all_inputs = read_inputs(places, workspace, catalog, recorder)
        layers = all_inputs[0].layers
        clock.lap("read_and_check")
        shared = dict(clock.seconds), list(recorder.lines)
        with Road(layers, jobs, cluster or (workers if jobs > 1 else None), recorder) as road:
            for path, inputs in zip(places, all_inputs, strict=True):
                clock.restart(shared[0])
                recorder.lines[:] = shared[1]
                folder = runs_folder(workspace, catalog, out) / inputs.scenario.name
                about = path, catalog or workspace.catalog, workspace.layers
                yield _run_one(folder, inputs, road, clock, recorder, about, include_restricted=include_restricted)


def _run_one(
    folder: Path,
    inputs: Inputs,
    road: Road,
    clock: _Clock,
    recorder: Recorder,
    about: tuple[Path, Path, Path],
    *,
    include_restricted: bool,
) -> Run:
    """Run the stages of one scenario and write its folder; `about`: scenario file, catalog, the workspace's layers."""
    layers, (path, catalog, usual) = inputs.layers, about
    runs.finish_swaps(folder.parent)
    before = Run(folder) if (folder / runs.MANIFEST).is_file() else None
    made = road.beside(partial(background, layers, inputs.scenario.date, include_restricted))
    tables, rasters, proving = _stages(inputs, road, clock, before)
    rasters["eligible"] = assembly.told_land(rasters["eligible"], include_restricted)
    if not include_restricted:
        tables["conflicts"] = assembly.without_restricted(tables["conflicts"], tables["sites"])
    spoken, faults = opinion_files.read(layers.catalog.folder / opinion_files.FOLDER)
    versions = opinion_states.plan_versions(layers.table("plans"))
    tables["opinions"] = opinion_states.opinion_states(spoken, tables["sites"], tables["conflicts"], versions)
    home = layers.catalog.folder
    home = home if (home / agencies.FILE).is_file() else usual
    tables["agency_answers"], asked, more = agencies.answers_of_run(home, tables["sites"])
    manifest = manifest_of(inputs, path, catalog, include_restricted, proving.result(), tables)
    manifest["agencies"] = [asdict(agency) for agency in asked]
    manifest["plan_versions"] = versions
    clock.lap("assemble")
    manifest["timings_s"] = dict(clock.seconds)
    recorder.say("pipeline.writing", folder=str(folder))
    lines = [text(key, **params) for key, params in recorder.lines]
    put = partial(put_background, made=made.result)
    content = RunContent(tables, put, rasters, manifest, [*inputs.problems, *faults, *more], lines)
    run = runs.write_run(folder, content)
    clock.lap("write")
    return run


def need_tables(
    path: Path, workspace: Workspace, catalog: Path | None = None, reporter: Reporter = SILENT
) -> tuple[dict[str, pd.DataFrame], str, str]:
    """Compute the need of a scenario alone: no sites, no run folder.

    Returns
    -------
    tables, scope, date
        ``communes`` and the result tables of the need; the planned scope; the scenario's date.

    Raises
    ------
    InputError
        As :func:`run_scenarios`.
    """
    (inputs,) = read_inputs([path], workspace, catalog, reporter)
    stage = need_stage.compute(inputs.layers, inputs.scenario, inputs.norms)
    tables = {**stage.tables(), "communes": stage.communes}
    return tables, inputs.scenario.need.scope, inputs.scenario.date.isoformat()


def run_scenario(path: str | Path, workspace: Workspace | None = None, **options: Any) -> Run:
    """Run the whole road for one scenario; parameters and errors as in :func:`run_scenarios`."""
    return next(run_scenarios([path], workspace, **options))


def _stages(
    inputs: Inputs, road: Road, clock: _Clock, before: Run | None
) -> tuple[dict[str, Any], dict[str, Any], Future[dict[str, Any]]]:
    scenario, rules, layers = inputs.scenario, inputs.rules, inputs.layers
    reporter = road.reporter
    stage = need_stage.compute(layers, scenario, inputs.norms, reporter.say)
    norms, communes, need = stage.norms, stage.communes, stage.need
    covering = road.covering(communes, rules, scenario.date)
    clock.lap("need")

    reporter.say("pipeline.sites", count=len(communes))
    dem, start = layers.raster("dem"), communes
    wanted = assembly.wanted_land(need.communes, stage.gaps.communes)
    key = site_cache.fingerprint(layers.fingerprint, rules, scenario, wanted)
    prepared = partial(road.prepared, key, lambda: prepared_sites(layers, scenario, rules, start, wanted))
    found = road.assessed(key, lambda: _sites(inputs, start, prepared(), road))
    sites = assembly.was_site_id(found.sites, before.sites if before is not None else None)
    sites = assembly.bar_unfit(sites, layers.table("facilities"), scenario.tolerance.area_percent)
    sites = compensation.with_compensation(sites, rules.land_use, scenario.costs.clearance_prices)
    clock.lap("sites")

    reporter.say("pipeline.decide", count=len(sites))
    sites, site_scores = scoring.rank_sites(sites, scenario.of("site"), scenario.locks)
    stable = stability.site_stability(
        site_scores, sites, draws=rank_stability.DRAWS, seed=scenario.seed, criteria=scenario.of("site")
    )
    small = norms["gap.small_deficit_percent"]
    # the norms of an older workspace do not have it
    warned = [norms[key] for key in ("gap.longer_travel_minutes",) if key in norms]
    longer = warned[0] if warned else None
    placed = placing.place(sites, stage.gaps.communes.rename(columns={"commune_code": "code"}), small.value, longer)
    stage = stage.settled(placed.build_new, placed.as_is)
    gaps = stage.gaps
    communes = assembly.join(communes, gaps.communes)
    sites = of_need = assembly.close_calls(placed.sites, stable)
    # the processes have nothing else to do while one decides
    epsg = layers.province.epsg
    travelling = road.beside(partial(site_travel.travel_raster, key, of_need, prepared, road.spread, epsg))
    communes = assembly.with_sites(communes, sites, found.outcome)
    communes = priority.measure_communes(
        assembly.with_filing(communes, layers.table("filing")), gaps.facilities, sites, norms
    )
    communes, commune_scores = priority.rank_communes(communes, scenario.of("commune"), scenario.supplements)
    communes = rank_stability.judge(communes, commune_scores, scenario.supplements.cap_points, scenario.seed)
    cost = costs.estimate(communes, sites, rules, scenario)
    communes = assembly.join(communes, cost.totals)
    required = dict(zip(communes["code"], communes["required_floor_area_m2"], strict=True))
    smaller = build_options.smaller_types(gaps.communes, gaps.facilities, sites, required)
    options, option_costs = build_options.build_options(communes, smaller, sites, rules, scenario)
    options = assembly.with_office_land(options, communes, sites)
    known = calendar.actual(layers.table("progress"), layers.table("payments"))
    result = programme.plan(
        assembly.candidates(communes, sites), scenario, scenario.locks, known, assembly.with_places(options, sites)
    )
    proving = road.beside(lambda: result.proof)
    planned, steps = calendar.calendar(result.programme, known, rules, scenario)
    sites = placing.follow(sites, planned, longer)
    communes = assembly.with_proposed(communes, sites)
    sites, conflicts = with_shifts(key, sites, found.conflicts, prepared, road.spread_rest, road.searched(key).shifts)
    posts = planned_posts(layers.table("sector_projects"), communes, rules, scenario)
    together = one_compound.proposals(planned, posts, scenario.phases)
    planned = one_compound.told(planned, "commune_code", together)
    sites = one_compound.told(sites, "site_id", together)
    communes = assembly.with_programme(communes, planned)
    placed_facilities = assembly.with_site_id(gaps.facilities, sites)
    treated = assembly.in_hazard(placed_facilities, layers.table("hazards"), layers.delivered("hazards"))
    treated = assembly.kept_after_all(treated, planned, options)
    matched, requests = surplus.match(treated, planned, rules, layers.table("land_requests"), scenario.name)
    surplus_rows = surplus.with_values(
        surplus.treat(treated, planned, rules, scenario.name, matched, scenario.date),
        dict(zip(communes["code"], communes["kind"], strict=True)),
        scenario,
    )
    houses = surplus_parts.buildings(surplus_rows, layers.table("facility_buildings"), rules)
    scores = assembly.stack_plain([site_scores, commune_scores])
    agreed = agreement.agreement(scores, *assembly.ranked_subjects(communes, sites), scenario.checks.methods)
    clock.lap("decide")

    covered = assembly.stack_plain([road.covered, covering.result()])
    communes = assembly.with_coverage(communes, covered)
    tables = {
        "communes": communes,
        "sites": sites,
        "conflicts": conflicts,
        "conformity": found.conformity,
        "programme": planned,
        "steps": steps,
        "funding": result.funding,
        "surplus": surplus_rows,
        "surplus_buildings": houses,
        "surplus_totals": surplus_parts.totals(surplus_rows),
        "land_requests": requests,
        "coverage": covered,
        **stage.tables(),
        "scores": scores,
        "agreement": agreed,
        "costs": assembly.stack_plain([cost.costs, option_costs]),
        "build_options": options,
        "land_account": found.land_account,
        "land_options": found.land_options,
        "access_points": found.access_points,
        "climate": assembly.climate(rules),
        "sources": layers.sources,
    }
    used = [*stage.used, small, *warned]
    tables["assumptions"] = assumptions(used, norms, rules, scenario, tables, dem, inputs.standing)
    rasters = {"eligible": found.eligible}
    if road.hillshade is not None:
        rasters["hillshade"] = road.hillshade
    travel = site_travel.followed(key, (of_need, travelling.result()), sites, prepared, road.spread_rest, epsg)
    road.release()
    if travel is not None:
        rasters["travel_time"] = travel
    return tables, rasters, proving


def _sites(
    inputs: Inputs,
    communes: gpd.GeoDataFrame,
    prepared: Prepared,
    road: Road,
) -> Assessed:
    """Find and measure the sites of all communes."""
    layers = inputs.layers
    # the largest first, so that no worker is left with one at the end
    order = communes.area.sort_values(ascending=False, kind="stable").index
    largest = communes.loc[order, "code"].tolist()
    by_code = dict(zip(largest, road.spread(assess.assess_commune, prepared, largest), strict=True))
    codes = sorted(by_code)
    found = [by_code[code] for code in codes]
    outcome = pd.DataFrame(
        {
            "code": codes,
            "eligible_area_m2": [f.eligible_area_m2 for f in found],
            "no_site_reasons": [encode(f.no_site_reasons) for f in found],
            "rests_on": [assess.land_rests_on(prepared, f) for f in found],
        }
    )
    return site_cache.conformed(
        lambda name: assess.stacked([f.rows[name] for f in found], RESULTS[name], communes.crs),
        assembly.mosaic([window for f in found for window in f.eligible]),
        outcome,
        f"EPSG:{layers.province.epsg}",
    )
