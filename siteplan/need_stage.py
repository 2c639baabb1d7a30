"""The need of all communes strung together from tables: what they need, have, reported and agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd

from siteplan import assembly
from siteplan.locale import Message
from siteplan.need import answers, classification, figures, gap, norm_sets, plan_sizes, rebuild, standards
from siteplan.need.gap import GapResult
from siteplan.need.houses import with_houses
from siteplan.need.standards import NeedResult
from siteplan.norms import Norm, Norms
from siteplan.scenario import Scenario
from siteplan.tables.need import REPORT_STATES


class Tables(Protocol):
    """Layers as read: the table of a role, empty where it has none."""

    def table(self, role: str) -> Any:
        """Return the table of a role."""


@dataclass(frozen=True)
class NeedStage:
    """What the need comes to, and what it was computed from.

    ``communes``: facts, reports and required areas, one row each; ``gaps``: as they stand, agreed figures in;
    ``plain``: the same without any agreed figure; ``reports``, ``agreed``: the layers; ``norms``: those used.
    """

    communes: gpd.GeoDataFrame
    need: NeedResult
    gaps: GapResult
    plain: GapResult
    reports: pd.DataFrame
    agreed: pd.DataFrame
    norms: Norms
    used: list[Norm]

    def settled(self, build_new: Mapping[str, Message], as_is: Mapping[str, Message]) -> NeedStage:
        """Return the stage with the gaps as they stand once it is known where each commune's centre can be."""
        by_hand = set(self.agreed["commune_code"])
        gaps = rebuild.settle(self.gaps, self.need.communes, build_new, as_is)
        moved, stays = ({c: m for c, m in told.items() if c not in by_hand} for told in (build_new, as_is))
        return replace(self, gaps=gaps, plain=rebuild.settle(self.plain, self.need.communes, moved, stays))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the result tables of the need."""
        groups, deviations = plan_sizes.planned_sizes(self.need.communes, self.communes.set_index("code")["population"])
        columns = figures.figures(
            self.gaps.communes, self.plain.communes, self.need.communes, self.reports, self.agreed
        )
        return {
            "facilities": self.gaps.facilities,
            "needs": self.need.needs,
            "scopes": self.need.scopes,
            "groups": groups,
            "deviations": deviations,
            "figures": columns,
            "totals": figures.totals(columns),
            "standards": norm_sets.norm_sets(self.norms, self.used),
        }


def norms_of(scenario: Scenario, norms: Norms) -> Norms:
    """Return the norms with the scenario's own reserve."""
    if scenario.sites.reserve_percent is None:
        return norms
    return norms.with_value("land.reserve_share", scenario.sites.reserve_percent / 100, scenario.name)


def _source_of_population(layers: Tables) -> dict[str, str | None]:
    """Source and day of the published population, as the catalog states them."""
    catalog, rows = getattr(layers, "catalog", None), layers.table("commune_facts")
    if catalog is None or rows.empty:
        return {"population_source": None, "population_date": None}
    entry = catalog.entry(str(rows["layer"].iloc[0]))
    return {"population_source": entry.source or None, "population_date": str(entry.date) if entry.date else None}


def compute(
    layers: Tables, scenario: Scenario, norms: Norms, say: Callable[..., None] = lambda _key, **_params: None
) -> NeedStage:
    """Compute need and gap of every commune.

    Parameters
    ----------
    layers
        Roles ``communes, commune_facts, commune_staff, commune_reports, agreed_areas, facilities, facility_buildings,
        filing``.
    scenario
        Scope, floors and reserve.
    norms
        In force on the scenario's date.
    say
        Told which norm sets the date means, and how many communes have answered.

    Raises
    ------
    InputError
        With every norm that is missing on that date and the documents to look in.
    """
    norms = norms_of(scenario, norms)
    reports, agreed = layers.table("commune_reports"), layers.table("agreed_areas")
    houses = layers.table("facility_buildings")
    communes = assembly.communes(layers.table("communes"), layers.table("commune_facts"))
    communes = assembly.with_reports(communes, reports)
    communes = communes.assign(**_source_of_population(layers))
    for key, params in norm_sets.changes(norms):
        say(key, **params)
    say("pipeline.need", count=len(communes))
    classes, class_norms = classification.classify(communes, layers.table("filing"), norms)
    need = standards.required_areas(communes, layers.table("commune_staff"), norms, scenario.need)
    facilities = with_houses(layers.table("facilities"), houses)
    plain = gap.gaps(need.communes, facilities, norms, scenario.need, houses)
    gaps = gap.gaps(need.communes, facilities, norms, scenario.need, houses, agreed) if len(agreed) else plain
    differs = norms["gap.report_difference_percent"]
    gaps = answers.complete(gaps, need.communes, reports, agreed, differs.value)
    states = gaps.communes["report_state"].value_counts()
    say("need.answers", **{state: int(states.get(state, 0)) for state in REPORT_STATES})
    communes = assembly.join(communes, classes, need.communes)
    used = [*need.used, *gaps.used, *class_norms, differs]
    return NeedStage(communes, need, gaps, plain, reports, agreed, norms, used)
