"""The programme of an option: which commune is built in which phase, started in which year, with which money.

Option 1 is limited by capacity (works that can start), option 2 by money of each year and source. Objectives: follow
the rank, or maximise the priority points, the people or the missing floor area served, summed over the ends of the
phases. The model and its formulation stand in :mod:`siteplan.decide.allocation`. Priority enters as whole points,
people as whole hundreds, floor area as whole tens of m², money as whole 100 million đồng, costs rounded up and caps
down. Only committed funds are spent; the cost of a centre is spread evenly over the years of building, each part at the
prices of its year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.decide.calendar import Actual
from siteplan.decide.programme_model import ProgrammeModel
from siteplan.decide.programme_proof import proof
from siteplan.decide.programme_reasons import Placement, explain, explain_not_needed, inversions
from siteplan.decide.programme_rows import Rows, rows_of
from siteplan.locale import encode
from siteplan.scenario import Lock, Scenario
from siteplan.tables import RESULTS, conform, empty, rests_on

UNASSIGNED = "unassigned"
CAPACITY_ASSUMPTION = "assumption:scenario.phases"
FUNDS_ASSUMPTION = "assumption:scenario.funds"
SIZES_ASSUMPTION = "assumption:scenario.sizes"


@dataclass
class ProgrammeResult:
    """The programme of an option.

    Parameters
    ----------
    programme
        ``RESULTS["programme"]``, one row a commune.
    funding
        ``RESULTS["funding"]``: what is paid for each commune by year and source; what no committed source covers stands
        under the source ``unassigned``.
    prove
        Finds :attr:`proof`, which takes longer than the programme itself and can be done beside what rests on it.
    """

    programme: gpd.GeoDataFrame
    funding: pd.DataFrame
    prove: Callable[[], dict[str, Any]]

    @cached_property
    def proof(self) -> dict[str, Any]:
        """How the result was reached: objective, value, bound, status, totals, the other objectives beside it."""
        return self.prove()


def plan(
    candidates: Any,
    scenario: Scenario,
    locks: Sequence[Lock] | None = None,
    known: Mapping[str, Actual] | None = None,
    options: Any = None,
) -> ProgrammeResult:
    """Make the programme of a scenario.

    Parameters
    ----------
    candidates
        One row a commune: commune_code, name, priority_rank, priority_points, build_type, site_id, check_result,
        population, deficit_floor_area_m2, cost_at_price_year (đồng at the scenario's price level),
        clearance_cost_included, is_border, is_central_ward, gap_basis, rests_on, geometry.
    scenario
        Phases, funds, limits, objective.
    locks
        Communes locked into a phase or out; those of the scenario by default.
    known
        What was done and paid, by commune: works that began stay where they began, money paid stays paid.
    options
        ``RESULTS["build_options"]``: build types smaller than the need asks for, taken where money does not reach.

    Raises
    ------
    InputError
        With every problem: locks that name no commune or cannot be kept, negative costs, phases that cannot be filled
        as asked, and which limits what is locked in exceeds.

    Notes
    -----
    A pilot phase takes only communes whose present figures were reported, whose site is known and not blocked, and at
    least one of each kind it asks for where such a commune exists. Communes that need no building stand in the table as
    not needed; those that find no place as waiting.
    """
    option = scenario.name
    locks = scenario.locks if locks is None else tuple(locks)
    rows = rows_of(candidates, scenario, locks, known, options)
    model = ProgrammeModel(rows, scenario)
    objective = scenario.programme.objective
    solved = model.solve(objective)
    starts = model.start_years(solved)
    placements = model.placements(solved, starts)
    reasons = explain(placements, scenario, inversions(placements, objective))
    payments = model.payments(solved, starts)
    funding = _funding(rows, payments, scenario)

    in_table = {p.row.code: (p, messages) for p, messages in zip(placements, reasons, strict=True)}
    jumped = {p.row.code for p, _ in inversions(placements, objective)}
    paid = {row.code: sum(amounts.values()) for row, amounts in zip(rows.needing, payments, strict=True) if amounts}
    token = CAPACITY_ASSUMPTION if scenario.programme.limited_by == "capacity" else FUNDS_ASSUMPTION
    assumed = scenario.programme.limited_by == "capacity" or scenario.programme.label_of_funds == "assumed"
    table = []
    for row in rows.all:
        record = {**row.shown, "option": option, "inversion": row.code in jumped, "pilot": False, "locked": False}
        record |= {"needed_build_type": row.build_type, "deficit_left_m2": row.deficit_m2}
        if row.code in in_table:
            placement, messages = in_table[row.code]
            phase = placement.phase or model.waiting_list
            record |= {
                "phase": phase.name if phase else None,
                "status": "planned" if placement.phase else "waiting",
                "start_year": placement.start_year,
                "finish_year": placement.finish_year,
                "pilot": bool(placement.phase and placement.phase.pilot),
                "locked": row.locked,
                "cost_at_price_year": placement.built.cost,
                "total_cost": paid.get(row.code),
                "reasons": encode(messages),
                "rests_on": rests_on(row.shown["rests_on"], *([token] if assumed else [])),
            }
            if placement.phase:
                record |= _built(placement)
        else:
            record |= {
                "status": "not_needed",
                "clearance_cost_included": None,
                "reasons": encode(explain_not_needed(row)),
            }
        table.append(record)
    programme = _table(table, candidates)
    return ProgrammeResult(programme, funding, lambda: proof(model, solved, starts))


def _built(placement: Placement) -> dict[str, Any]:
    """Return the floor that remains missing and, where less is built than needed, what is built and where."""
    size = placement.built
    if not placement.size:
        return {"deficit_left_m2": size.left_m2}
    shown = {"geometry": size.geometry} if size.geometry is not None else {}
    return {
        "build_type": size.build_type,
        "site_id": size.site_id,
        "check_result": size.check_result,
        "clearance_cost_included": size.clearance_included,
        "deficit_left_m2": size.left_m2,
        "rests_on": rests_on(placement.row.shown["rests_on"], size.rests_on, SIZES_ASSUMPTION),
        **shown,
    }


def _table(records: list[dict[str, Any]], candidates: Any) -> gpd.GeoDataFrame:
    crs = getattr(candidates, "crs", None)
    if not records:
        return empty(RESULTS["programme"], crs)
    return conform(pd.DataFrame(records), RESULTS["programme"], crs)


def _funding(rows: Rows, payments: Sequence[dict[int, float]], scenario: Scenario) -> pd.DataFrame:
    """Draw what is paid on the committed funds, in the order they stand in the scenario, communes by rank."""
    funds = [fund for fund in scenario.funds if fund.committed]
    left = [fund.amount for fund in funds]
    carry = scenario.programme.carry_over
    drawn: dict[tuple[str, int, str], float] = {}
    paid_years: dict[str, set[int]] = {}
    for row in rows.needing:
        for (year, source), amount in row.paid.items():
            drawn[row.code, year, source] = amount
            paid_years.setdefault(row.code, set()).add(year)
            at = next((n for n, f in enumerate(funds) if f.year == year and f.source == source), None)
            if at is not None:
                left[at] = max(0.0, left[at] - amount)
    for year in sorted({year for amounts in payments for year in amounts}):
        for row, amounts in zip(rows.needing, payments, strict=True):
            due = 0.0 if year in paid_years.get(row.code, ()) else amounts.get(year, 0.0)
            for n, fund in enumerate(funds):
                usable = fund.year == year or (carry and fund.year < year)
                part = min(due, left[n]) if usable else 0.0
                if part > 0:
                    left[n] -= part
                    due -= part
                    key = (row.code, year, fund.source)
                    drawn[key] = drawn.get(key, 0.0) + part
            if due > 0:
                drawn[row.code, year, UNASSIGNED] = due
    records = [
        {
            "option": scenario.name,
            "commune_code": code,
            "year": year,
            "source": source,
            "amount": amount,
            "paid": year in paid_years.get(code, ()),
        }
        for (code, year, source), amount in drawn.items()
    ]
    if not records:
        return empty(RESULTS["funding"])
    return conform(pd.DataFrame(records), RESULTS["funding"])
