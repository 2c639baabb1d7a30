"""How far the programme of a scenario is proved, and what other objectives, levels of money and no locks would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from siteplan.decide.case import NOWHERE
from siteplan.decide.programme_model import ProgrammeModel, Solved
from siteplan.decide.programme_reasons import inversions
from siteplan.errors import InputError

SOLVER = "HiGHS (scipy.optimize.milp)"


def proof(model: ProgrammeModel, solved: Solved, starts: Sequence[int | None]) -> dict[str, Any]:
    """Tell how the result was reached; plain values, the same for the same inputs.

    Parameters
    ----------
    model, solved
        The programme and its solution.
    starts
        Start year of each commune that needs building, as :meth:`ProgrammeModel.start_years` gives them.

    Returns
    -------
    dict
        Status, value and bound in the objective's whole numbers, totals (people, m², đồng), and what is shown beside:
        the price of nesting, other objectives, levels of money, the price of the locks, where the scenario has them.
    """
    found: dict[str, Any] = {
        "objective": solved.objective,
        "status": "optimal" if solved.proved else "not_proved",
        "solver": SOLVER,
        "mip_rel_gap": 0.0,
        "value": solved.value,
        "bound": solved.bound,
        "nested": model.settings.nested,
        "limited_by": model.settings.limited_by,
        "slots": len(model.slots),
        "communes": len(model.needing),
        "totals": {
            **model.totals(solved),
            "total_cost": float(sum(sum(amounts.values()) for amounts in model.payments(solved, starts))),
        },
        "inversions": len(inversions(model.placements(solved, starts), solved.objective)),
        "unvalued": sum(row.points is None for row in model.needing),
    }
    if solved.objective != "follow_rank" and model.settings.nested and len(model.phases) > 1:
        free = model.solve(solved.objective, nested=False)
        found["price_of_nesting"] = (free.value or 0.0) - (solved.value or 0.0)
    found["beside"] = {
        name: _beside(model, name, solved) for name in dict.fromkeys(model.settings.beside) if name != solved.objective
    }
    if model.settings.limited_by == "money":
        found["levels"] = _levels(model, solved)
        found["possible_funds"] = sum(f.amount for f in model.scenario.funds if not f.committed)
    if any(row.locked for row in model.needing):
        found["locks"] = _price_of_locks(model, solved)
    return found


def _beside(model: ProgrammeModel, objective: str, solved: Solved) -> dict[str, Any]:
    other = model.solve(objective, roughly=model.by_year)
    moved = [r.code for r, a, b in zip(model.needing, other.phases, solved.phases, strict=True) if a != b]
    return {
        "status": "optimal" if other.proved else "not_proved",
        "value": other.value,
        "bound": other.bound,
        "totals": model.totals(other),
        "differs": moved,
    }


def _levels(model: ProgrammeModel, solved: Solved) -> dict[str, Any]:
    levels: dict[str, Any] = {}
    for name in ("low", "middle", "high"):
        factor = getattr(model.scenario.levels, name)
        try:
            if factor == model.money_factor:
                found, of_level = solved, model
            else:
                of_level = ProgrammeModel(model.rows, model.scenario, factor)
                found = of_level.solve(solved.objective)
        except InputError as error:
            levels[name] = {"factor": factor, "problems": [p.key for p in error.problems]}
            continue
        levels[name] = {"factor": factor, **of_level.totals(found)}
    return levels


def _price_of_locks(model: ProgrammeModel, solved: Solved) -> dict[str, Any]:
    free = ProgrammeModel(model.rows.unlocked(), model.scenario, model.money_factor)
    other = free.solve(solved.objective)
    later = [
        row.code
        for row, own, without in zip(model.needing, solved.phases, other.phases, strict=True)
        if not row.locked and without != NOWHERE and (own == NOWHERE or own > without)
    ]
    return {"value_without": other.value, "value": solved.value, "later": later}
