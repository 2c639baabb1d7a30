"""What one run reads, what the runs of one command share, and what is done beside the stages of the road."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from siteplan import backdrop, site_cache
from siteplan.errors import Problem
from siteplan.layers import coverage
from siteplan.layers.read import LayerSet
from siteplan.norms import Norms
from siteplan.raster import Raster
from siteplan.report import Reporter
from siteplan.rules import Rules
from siteplan.scenario import Scenario, Standing
from siteplan.site_cache import Assessed
from siteplan.sites import plans
from siteplan.sites.context import Prepared
from siteplan.work import Spreader, Workers, for_each

FEW = 8  # communes


@dataclass(frozen=True)
class Inputs:
    """What one run reads: scenario, rules, norms and layers; read once for several scenarios of one catalog.

    `standing` tells the file in which a key of the scenario stood when it was read.
    """

    scenario: Scenario
    standing: Standing
    rules: Rules
    norms: Norms
    layers: LayerSet
    problems: tuple[Problem, ...]


@dataclass
class _Searched:
    """What runs that search for the same sites share: `shifts` by the id of a site."""

    key: str
    prepared: Prepared | None = None
    found: Assessed | None = None
    shifts: dict[str, dict[str, Any]] = field(default_factory=dict)


class Road:
    """What the runs of one command share: layers, workers, and what does not depend on the scenario.

    At its end what was begun and nobody asked for is ended.
    """

    def __init__(self, layers: LayerSet, jobs: int, workers: Workers | Spreader | None, reporter: Reporter) -> None:
        self.layers, self.jobs, self.workers, self.reporter = layers, jobs, workers, reporter
        self._searched = _Searched("")
        self._preparing = threading.Lock()
        # geometry is measured, and terrain shaded, without Python's lock: it is done beside the search for sites
        self._beside = ThreadPoolExecutor(2)
        self._covered = self._beside.submit(
            site_cache.coverage, lambda: coverage.layer_coverage(layers), layers.fingerprint
        )
        self._shaded = self._beside.submit(backdrop.shaded, layers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.shutdown(cancel_futures=True)

    @property
    def covered(self) -> pd.DataFrame:
        """How far the layers cover each commune."""
        return self._covered.result()

    def covering(self, communes: pd.DataFrame, rules: Rules, date: dt.date) -> Future[pd.DataFrame]:
        """Begin to measure how far the plans in force cover each commune."""
        units, register, zones = (self.layers.table(role) for role in ("former_units", "plans", "plan_zones"))
        kinds = rules.plan_kinds
        return self._beside.submit(
            site_cache.coverage,
            lambda: plans.plan_coverage(communes, units, register, kinds, date, zones),
            self.layers.fingerprint,
            kinds.to_csv(index=False),
            date.isoformat(),
        )

    @property
    def hillshade(self) -> Raster | None:
        """The shaded terrain."""
        return self._shaded.result()

    def beside(self, find: Callable[[], Any]) -> Future[Any]:
        """Begin something that needs no other stage; what fails there fails where its result is asked for."""
        return self._beside.submit(find)

    def spread(self, function: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any]) -> list[Any]:
        """Call a function for each commune, in the processes there are."""
        return for_each(function, shared, items, jobs=self.jobs, executor=self.workers, reporter=self.reporter)

    def spread_rest(self, function: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any]) -> list[Any]:
        """Call a function for the communes that are left: few are not worth sending what they share."""
        if len(items) > FEW:
            # nothing is told: what is done beside may be showing its progress
            return for_each(function, shared, items, jobs=self.jobs, executor=self.workers)
        return [function(shared, item) for item in items]

    def release(self) -> None:
        """Let the processes forget what they shared."""
        if isinstance(self.workers, Workers):
            self.workers.release()

    def searched(self, key: str) -> _Searched:
        """Return what was found in a search for sites, by the hash of all that it depends on; of the last one."""
        if self._searched.key != key:
            self._searched = _Searched(key)
        return self._searched

    def prepared(self, key: str, make: Callable[[], Prepared]) -> Prepared:
        """Return what the search for sites in all communes shares: made for a scenario before with this key, or now."""
        with self._preparing:
            held = self.searched(key)
            held.prepared = held.prepared or make()
            return held.prepared

    def assessed(self, key: str, find: Callable[[], Assessed]) -> Assessed:
        """Return the sites found for a key: of a scenario before, of an earlier run, or searched now."""
        held = self.searched(key)
        held.found = held.found or site_cache.assessed(key, self.layers.province.epsg, find)
        return held.found
