"""Groups of comparable communes, and how many people work in each: approved, averaged over the group, or assumed.

Groups do not overlap; the first that fits holds: ward, border commune, former district seat, then bands of population.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from siteplan.norms import Norms
from siteplan.tables import Row, is_missing, records

GROUPS = (
    "ward",
    "border",
    "district_seat",
    "population_low",
    "population_middle",
    "population_high",
    "population_unknown",
)
WARD_KIND = "phường"

STAFF_NORMS = ("staff.government_default", "staff.party_front_default")
GROUP_NORMS = ("group.population_low", "group.population_high")


def is_true(value: object) -> bool:
    """Whether a nullable flag is set; a missing one is not."""
    return value is True or (not is_missing(value) and bool(value))


def group_of(commune: Row, norms: Norms) -> str:
    """Return the group of one commune.

    Parameters
    ----------
    commune
        ``kind``, ``population`` and the flags ``is_border``, ``is_former_district_seat``; a missing flag is not set.
    norms
        Holds the limits of the population bands.

    Returns
    -------
    str
        One of :data:`GROUPS`.
    """
    if commune["kind"] == WARD_KIND:
        return "ward"
    if is_true(commune["is_border"]):
        return "border"
    if is_true(commune["is_former_district_seat"]):
        return "district_seat"
    population = commune["population"]
    if is_missing(population):
        return "population_unknown"
    if population <= norms.value("group.population_low"):
        return "population_low"
    return "population_middle" if population <= norms.value("group.population_high") else "population_high"


@dataclass(frozen=True)
class Staff:
    """People who will work in a centre and where the figure comes from.

    ``answered`` is the number of communes of the group an average was taken over; ``government`` and ``party_front``
    are the two parts of the default; ``parts`` holds the people of each kind of post that the decision breaks down.
    """

    people: int
    basis: str
    decision_no: str = ""
    group: str = ""
    answered: int = 0
    average: float = math.nan
    government: int = 0
    party_front: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    layers: tuple[str, ...] = ()


def _illustrative_layers(rows: pd.DataFrame) -> tuple[str, ...]:
    if "illustrative" not in rows.columns or "layer" not in rows.columns:
        return ()
    flagged = rows.loc[[is_true(v) for v in rows["illustrative"]], "layer"]
    return tuple(sorted({str(layer) for layer in flagged}))


PARTS = ("party", "government", "front", "service_centre", "contract")


def _parts(row: Row) -> dict[str, int]:
    """People of each kind of post that is stated, contract staff among them."""
    cells = {part: row.get(f"staff_{part}") for part in PARTS}
    return {part: int(v) for part, v in cells.items() if v is not None and not is_missing(v) and v >= 0}


def stated_staff(row: Row) -> float:
    """People a row of ``commune_staff`` states: the total, else the sum of a complete breakdown; NaN where neither is.

    A breakdown is complete with Party, government and Front; the one-stop centre may be counted in the government.
    """
    total = row.get("staff")
    if total is not None and not is_missing(total):
        return float(total) if total > 0 else math.nan
    parts = _parts(row)
    complete = {"party", "government", "front"} <= set(parts)
    return float(sum(parts.values())) if complete and sum(parts.values()) > 0 else math.nan


def staff_of_communes(groups: pd.Series, staff: pd.DataFrame, norms: Norms) -> dict[str, Staff]:
    """Return the staff of every commune.

    The approved figure where there is one; else the average, rounded half up, of the communes of the same group that
    have one; else the average of a commune government (QĐ 759/QĐ-TTg), or its approved people where only they are
    stated, plus an assumed figure for Party and Front.

    Parameters
    ----------
    groups
        Group of each commune, indexed by its code.
    staff
        Approved figures, ``INPUTS["commune_staff"]``; a figure that is missing or not positive is no answer.
    norms
        Holds the two default figures.
    """
    stated = {str(row["commune_code"]): stated_staff(row) for row in records(staff)}
    people = {code: int(n) for code, n in stated.items() if not math.isnan(n)}
    known = staff.loc[staff["commune_code"].isin(people)]
    approved = {str(row["commune_code"]): row for row in records(known)}
    governments = _governments(staff, people)
    by_group: dict[str, list[str]] = {}
    for code in groups.index:
        if code in approved:
            by_group.setdefault(groups[code], []).append(code)
    result: dict[str, Staff] = {}
    for code, group in groups.items():
        peers = by_group.get(group, [])
        if code in approved:
            row = approved[code]
            decision = row.get("decision_no")
            result[str(code)] = Staff(
                people[str(code)],
                "approved",
                decision_no="" if decision is None or is_missing(decision) else str(decision),
                parts=_parts(row),
                layers=_illustrative_layers(known.loc[known["commune_code"] == code]),
            )
        elif peers:
            average = sum(people[c] for c in peers) / len(peers)
            result[str(code)] = Staff(
                math.floor(average + 0.5),
                "group_average",
                group=group,
                answered=len(peers),
                average=average,
                layers=_illustrative_layers(known.loc[known["commune_code"].isin(peers)]),
            )
        else:
            government, party_front = (round(norms.value(key)) for key in STAFF_NORMS)
            own = governments.get(str(code))
            result[str(code)] = Staff(
                (government if own is None else own) + party_front,
                "default",
                group=group,
                government=government if own is None else own,
                party_front=party_front,
                parts={} if own is None else {"government": own},
                layers=() if own is None else _illustrative_layers(staff.loc[staff["commune_code"] == code]),
            )
    return result


def _governments(staff: pd.DataFrame, people: Mapping[str, int]) -> dict[str, int]:
    """Approved people of the government where only that part of the staff is stated."""
    rows = {str(row["commune_code"]): _parts(row) for row in records(staff)}
    return {
        code: parts["government"] + parts.get("service_centre", 0)
        for code, parts in rows.items()
        if code not in people and parts.get("government", 0) > 0
    }
