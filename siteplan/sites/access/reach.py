"""Travel times of the sites of one commune: its people, its services, and the best place there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import connected_components

from siteplan.sites.access import surface
from siteplan.sites.columns import Columns, nothing, unknown
from siteplan.sites.context import people_in
from siteplan.sites.islands import nearest

if TYPE_CHECKING:
    from siteplan.sites.access.surface import Ground
    from siteplan.sites.context import Prepared
    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

SERVICES = ("school", "health", "market", "police")
NEAR_MINUTES = (30, 60)  # shares of the people within so many are columns
FROM_PEOPLE_AT_MOST = 24  # with more places of people than this the search starts from the sites instead
# of nine communes with every cell on a road compared, five came within 0.3 % of the least mean (1.9 % at most)
REPRESENTATIVES, MOST_PEOPLED = 5, 200


@dataclass(frozen=True)
class Reach:
    """How the sites of a commune are reached.

    Parameters
    ----------
    columns
        Rows are sites.
    best
        One row of :data:`siteplan.tables.RESULTS` ``access_points`` with ``geometry``; None where nobody lives.
    reached_percent
        People who have a way to each site, percent; None where nobody lives.
    lost
        Minutes that each site is slower than the best place for those who have a way to both; None where nobody lives.
    """

    columns: Columns
    best: dict[str, Any] | None
    reached_percent: Array | None
    lost: Array | None = None


_OF_PEOPLE = (
    "access_minutes",
    *(f"access_share_{limit}_percent" for limit in NEAR_MINUTES),
    "access_farthest_minutes",
    "access_lost_minutes",
)
_NEAREST = (*(f"minutes_{kind}" for kind in SERVICES), "minutes_seat", "minutes_main_road")


def reach(prepared: Prepared, code: str, parts: Sequence[Any], part: int, geometries: Array) -> Reach:
    """Measure how the sites in one part of a commune are reached: by those who live there, in percent of all.

    Parameters
    ----------
    prepared
        What all communes share.
    code
        Commune.
    parts, part
        Its polygon, or those of its groups of islands between which no way leads, and the number of the one looked at.
    geometries
        Sites there; a site is reached at its centroid.

    Returns
    -------
    Reach
        Times still to be :func:`compared` between parts.
    """
    ground = surface.build_ground(
        parts[part], prepared.layers, prepared.dem, prepared.rule_tables.speeds, prepared.scenario.grid.margin_m
    )
    centres = shapely.get_coordinates(shapely.centroid(geometries)) if len(geometries) else np.empty((0, 2))
    goals = ground.nodes_at(centres[:, 0], centres[:, 1]) if len(centres) else np.empty(0, dtype=int)
    columns = unknown((*_OF_PEOPLE, *_NEAREST), len(geometries))
    columns["access_farthest_place"] = nothing(len(geometries))
    seat = prepared.seats.get(code)
    seat = seat if seat is None or nearest(parts, seat) == part else None
    layers = prepared.measured(code)
    columns |= prepared.far.columns(geometries)
    x, y, people = people_in(prepared, parts[part])
    everybody = float(people_in(prepared, prepared.polygons[code])[2].sum()) if len(parts) > 1 else None
    found = _times(ground, goals, ground.nodes_at(x, y), people) if people.sum() > 0 else None
    _to_services(columns, layers, seat, ground, goals)
    if found is None:
        return Reach(columns, None, None) if not everybody else _reached_by_nobody(columns, len(geometries))
    times = found.times
    at_best, reached = _of_people(found.to_best[None, :], people, everybody)
    best = {name: values[0] for name, values in at_best.items()} | {
        "commune_code": code,
        "reached_percent": reached[0],
        "searched_everywhere": found.everywhere,
        "geometry": shapely.Point(*ground.place(found.best)),
    }
    of_sites, reached = _of_people(times, people, everybody)
    columns |= of_sites
    # the mean of the few who have a way says nothing of a site
    columns["access_minutes"][reached < prepared.ground_figures.get("access.reached_least", 0.0)] = np.nan
    _farthest(columns, layers.get("settlements"), times, x, y)
    return Reach(columns, best, reached, _lost(times, found.to_best, people))


def _lost(times: Array, to_best: Array, people: Array) -> Array:
    """Mean of how much longer than to the best place it takes those who have a way to both; NaN where nobody has."""
    both = np.isfinite(times) & np.isfinite(to_best)
    longer = np.where(both, times, 0.0) - np.where(both, to_best, 0.0)
    share = both @ people
    return np.divide(longer @ people, share, out=np.full(len(times), np.nan), where=share > 0)


def _of_people(times: Array, people: Array, of: float | None) -> tuple[Columns, Array]:
    """Columns of how the people (all, `of` where it is given) reach places, rows of `times`; percent who have a way."""
    mean, near, reached = surface.weighted(times, people, NEAR_MINUTES, of)
    names = (f"access_share_{limit}_percent" for limit in NEAR_MINUTES)
    return {"access_minutes": mean, **dict(zip(names, near, strict=True))}, reached


def _reached_by_nobody(columns: Columns, count: int) -> Reach:
    """Sites on islands where nobody lives, of a commune in which people live elsewhere."""
    columns |= {f"access_share_{limit}_percent": np.zeros(count) for limit in NEAR_MINUTES}
    return Reach(columns, None, np.zeros(count))


def compared(parts: Sequence[Reach]) -> list[Reach]:
    """Hold the parts of a commune against its best place: where most people have a way, of those the shortest mean."""
    places = [part.best for part in parts if part.best is not None]
    if not places:
        return list(parts)
    of_places = pd.DataFrame(places)
    best = places[_soonest(of_places["reached_percent"].to_numpy(float), of_places["access_minutes"].to_numpy(float))]
    for part in parts:
        if part.best is best and part.lost is not None and part.reached_percent is not None:
            lost = np.round(part.lost, 9) + 0.0  # no trace of the order of a sum
            # where fewer people have a way than to the best place, those left out may have been the farthest
            fewer = np.round(part.reached_percent, 6) < round(best["reached_percent"], 6)
            told = np.isfinite(part.columns["access_minutes"]) & ~((lost < 0) & fewer)
            part.columns["access_lost_minutes"] = np.where(told, lost, np.nan)
    return [replace(part, best=best) for part in parts]


@dataclass(frozen=True)
class _Times:
    """Minutes from places of people.

    Parameters
    ----------
    times
        To sites, sites by places.
    best, to_best
        The node that people reach soonest, and the minutes to it from each place.
    everywhere
        Whether every cell was compared for that.
    """

    times: Array
    best: int
    to_best: Array
    everywhere: bool


def _times(ground: Ground, goals: Array, origins: Array, people: Array) -> _Times:
    homes, home = np.unique(origins, return_inverse=True)
    weight = np.bincount(home, weights=people)
    among = np.flatnonzero(ground.inside) if ground.inside.any() else np.arange(len(ground.inside))
    if len(homes) <= FROM_PEOPLE_AT_MOST:
        out = ground.minutes_from.from_each(homes)
        best = _best(out, weight, among)
        return _Times(out[home][:, goals].T, best, out[home, best], True)
    # one who cannot leave an islet stands for nobody else
    joined = _joined_by_ways(ground, homes, weight)
    some, stands_for = _representatives(ground.cells[homes[joined]], weight[joined])
    out = ground.minutes_from.from_each(homes[joined][some])
    central = _best(out, np.bincount(stands_for, weight[joined], len(some)), among)
    tried, back = np.unique(np.append(goals, central), return_inverse=True)
    towards = ground.minutes_to.from_each(tried, wanted=homes)
    row = _best(towards.T, weight, np.flatnonzero(np.isin(tried, among)))
    return _Times(towards[back[:-1]][:, home], int(tried[row]), towards[row, home], False)


def _joined_by_ways(ground: Ground, homes: Array, people: Array) -> Array:
    """Which of the places lie where most people live that ways join with one another."""
    part = connected_components(ground.reverse, directed=False)[1][homes]
    return np.asarray(part == np.argmax(np.bincount(part, weights=people)))


def _representatives(cells: Array, people: Array) -> tuple[Array, Array]:
    """Places that stand for all where people live, each for those nearest to it: rows of `cells`, and which of them.

    One after another that of the most peopled places is taken that brings the people nearest to one, straight.
    """
    peopled = np.argsort(-people, kind="stable")[:MOST_PEOPLED]
    apart = np.hypot(*(cells[peopled][:, None, :] - cells[None, :, :]).transpose(2, 0, 1))
    nearest_yet = np.full(len(cells), np.inf)
    chosen: list[int] = []
    while len(chosen) < min(REPRESENTATIVES, len(peopled)):
        chosen.append(int(np.argmin(np.minimum(apart, nearest_yet) @ people)))
        nearest_yet = np.minimum(nearest_yet, apart[chosen[-1]])
    return peopled[chosen], np.argmin(apart[chosen], axis=0)


def _soonest(reached: Array, minutes: Array) -> int:
    """Which of places most people reach, and of those the one with the least mean; no trace of the order of a sum."""
    return int(np.lexsort((np.round(minutes, 9), -np.round(reached, 6)))[0])


def _best(times: Array, people: Array, among: Array) -> int:
    """Column of `times` (places by nodes), one of the ascending numbers `among`, that is :func:`_soonest`."""
    cut = times[:, among]
    reached = np.isfinite(cut)
    share = people @ reached
    total = people @ np.where(reached, cut, 0.0)
    mean = np.divide(total, share, out=np.full(len(among), np.inf), where=share > 0)
    return int(among[_soonest(share, mean)])


def _to_services(
    columns: Columns,
    layers: Mapping[str, Layer],
    seat: Any,
    ground: Ground,
    goals: Array,
) -> None:
    """Fill in the minutes from each site to the nearest object of a kind within reach; NaN where there is none."""
    if len(goals) == 0:
        return
    targets: dict[str, Array] = {}
    services = layers.get("services")
    if services is not None and len(services):
        rows = services.near(ground.grid.bounds)
        kinds = services.texts("service_class")[rows]
        points = shapely.get_coordinates(shapely.centroid(services.geometries[rows]))
        targets = {f"minutes_{kind}": points[kinds == kind] for kind in SERVICES}
    if seat is not None:
        targets["minutes_seat"] = np.array([[seat.x, seat.y]])
    nodes = {name: ground.nodes_at(xy[:, 0], xy[:, 1]) for name, xy in targets.items() if len(xy)}
    nodes["minutes_main_road"] = ground.on_main_road
    for name, there in nodes.items():
        if len(there):
            # from the objects against the way that is walked: one search serves all sites
            found = ground.minutes_to.from_nearest(there, wanted=goals)
            columns[name] = np.where(np.isfinite(found), found, np.nan)


def _farthest(columns: Columns, settlements: Layer | None, times: Array, x: Array, y: Array) -> None:
    """Fill in the place from which each site is farthest, among those that have a way, by the nearest settlement."""
    known = np.where(np.isfinite(times), times, -1.0)
    if known.size == 0:
        return
    place = np.argmax(known, axis=1)
    longest = known[np.arange(len(known)), place]
    columns["access_farthest_minutes"] = np.where(longest >= 0, longest, np.nan)
    if settlements is None or len(settlements) == 0:
        return
    row = settlements.nearest(shapely.points(x[place], y[place]))[1]
    names = settlements.texts("name")
    columns["access_farthest_place"][:] = [names[r] if m >= 0 else None for r, m in zip(row, longest, strict=True)]
