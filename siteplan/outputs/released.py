"""Facilities that an option does not keep: one breakdown, by treatment and by when they become free, that adds up.

Every view that gives a figure of them takes it from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import shapely

from siteplan import locale
from siteplan.outputs import summary
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.runs import Run

KEPT = "keep"  # the treatment that leaves a facility where it is
# vacated by the option in a year; vacant now; may be handed over now; in use until a centre is built; decided already
WHEN = ("freed", "already", "at_once", "waiting", "decided")
_BY_REASON = {"surplus.free.already": "already", "surplus.free.not_needed": "at_once"}
TREATMENTS = tuple(token for token in RESULTS["surplus"].column("treatment").values if token != KEPT)
_SHARED_M2 = 1.0


class Parts(NamedTuple):
    """Facilities that are not kept by what is asked for them.

    Parameters
    ----------
    total
        All of them: the sum of the others.
    asked
        A decision on their treatment is asked for: they are vacant, may be handed over, or become free in a year.
    waiting
        Nothing is asked yet: they are in use until a centre is built that the option does not hold.
    decided
        Their treatment is decided.
    """

    total: int
    asked: int
    waiting: int
    decided: int


def facilities(run: Run) -> pd.DataFrame:
    """Return the facilities of the run's option that are not kept: rows of ``surplus`` and ``when``, one of WHEN."""
    rows = summary.of_option(run.surplus, run)
    rows = pd.DataFrame(rows[rows["treatment"] != KEPT]).reset_index(drop=True)
    decided = summary.flags(rows["decided"])
    years = pd.to_numeric(rows["free_year"], errors="coerce")
    when = [
        "decided" if settled else "freed" if freed else _unfreed(reasons)
        for freed, settled, reasons in zip(years.notna(), decided, rows["reasons"], strict=True)
    ]
    return rows.assign(when=pd.Series(when, dtype=object))


def _unfreed(reasons: object) -> str:
    keys = (key for key, _ in locale.decode(reasons)) if isinstance(reasons, str) else ()
    return next((_BY_REASON[key] for key in keys if key in _BY_REASON), "waiting")


def breakdown(run: Run) -> pd.DataFrame:
    """Count the facilities that are not kept.

    Returns
    -------
    DataFrame
        ``treatment, when, facilities, floor_area_m2, land_area_m2``: every facility is in one row. An area of which no
        figure is known is missing.
    """
    rows = facilities(run)
    found = [
        {"treatment": treatment, "when": when, **sums_of(part)}
        for treatment in TREATMENTS
        for when in WHEN
        if len(part := rows[(rows["treatment"] == treatment) & (rows["when"] == when)])
    ]
    return pd.DataFrame(found, columns=["treatment", "when", "facilities", "floor_area_m2", "land_area_m2"])


def sums_of(rows: pd.DataFrame) -> dict[str, float | None]:
    """Return number, floor and land of some facilities."""
    return {"facilities": len(rows), **{n: summary.add_up(rows[n]) for n in ("floor_area_m2", "land_area_m2")}}


def by_when(run: Run) -> dict[str, int]:
    """Count the facilities that are not kept by when they become free, in the order of WHEN."""
    counts = facilities(run)["when"].value_counts()
    return {when: int(counts.get(when, 0)) for when in WHEN}


def parts_of(run: Run) -> Parts:
    """Count the facilities that are not kept by what is asked for them."""
    counts = by_when(run)
    total, waiting, decided = sum(counts.values()), counts["waiting"], counts["decided"]
    return Parts(total, total - waiting - decided, waiting, decided)


def freed_by(run: Run, year: int) -> pd.DataFrame:
    """Return the facilities that works of the option make free in or before a year."""
    rows = facilities(run)
    return rows[(rows["when"] == "freed") & (pd.to_numeric(rows["free_year"], errors="coerce") <= year)]


def sharing(run: Run) -> list[tuple[str, str]]:
    """Pairs of facilities that stand in one compound: the plot of one lies in that of the other, in part or whole."""
    known = run.facilities[~(run.facilities.geometry.isna() | run.facilities.geometry.is_empty)]
    shapes, names = known.geometry.to_numpy(object), known["facility_id"].astype(str).to_numpy(object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = []
    for a, b in zip(left, right, strict=True):
        plots = shapely.get_dimensions([shapes[a], shapes[b]])
        shared = shapely.area(shapely.intersection(shapes[a], shapes[b])) > _SHARED_M2
        # a point tells of one compound where it lies in the plot of another, two points tell nothing
        if names[a] < names[b] and plots.max() == 2 and (shared or plots.min() < 2):
            pairs.append((str(names[a]), str(names[b])))
    return sorted(pairs)
