"""What the page needs to rank by other weights, as ``siteplan.decide`` does; a test holds the two together."""

from __future__ import annotations

from typing import Any

from siteplan.runs import Run
from siteplan.tables import RESULTS

# columns whose points break ties of the ranking, in this order
TIES = ("shortage_percent", "nd307_points")
# a commune of these build types stays in its facility, whatever site ranks first
STAYING = ("none", "renovate", "extend")
# columns of communes that are measured on the proposed site, and its column
OF_BEST = {"access_minutes_best": "access_minutes", "best_clearance": "clearance", "best_conformity": "conformity"}


def rules_of(run: Run) -> dict[str, Any] | None:
    """Return criteria, supplements and rules of the ranking; None where the run does not keep how values are scaled."""
    scenario = run.manifest["scenario"]
    criteria, supplements = scenario.get("criteria", ()), scenario.get("supplements")
    if not supplements or not criteria or not all("value" in c for c in criteria):
        return None
    return {
        "criteria": [{**c, "column": c.get("column") or c["key"]} for c in criteria],
        "supplements": supplements,
        "decimals": RESULTS["communes"].column("priority_points").decimals,
        "ties": list(TIES),
        "of_best": OF_BEST,
        "staying": list(STAYING),
    }
