"""The least shift of a plot, in metres and direction, that clears what stands against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import measure, overlap, terrain
from siteplan.sites.columns import Columns
from siteplan.sites.context import Prepared
from siteplan.sites.evidence import findings, zone_rules
from siteplan.sites.rules import CONDITION
from siteplan.tables.evidence import DIRECTIONS, OF_THE_WHOLE_PLOT

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.sites.rules import Rule

Array = np.ndarray[Any, Any]

GREATEST_M = 50
_EVERY_M = 1
_AROUND_M = GREATEST_M + 1.0
AGAINST = ("blocking", "conditional")


@dataclass(frozen=True)
class Shift:
    """A shift: whole metres, and one of the 16 directions of the compass."""

    metres: int
    direction: str


@dataclass(frozen=True)
class Ground:
    """What stands around a plot within the reach of a shift.

    Parameters
    ----------
    hard
        Where no part of the plot may lie: zones that block, what hard rules exclude.
    objects
        What each finding is about, by its ``zone_id``.
    room
        Where the plot must stay: the commune; None where there is none.
    """

    hard: Any
    objects: Mapping[str, Any]
    room: Any


def _offsets() -> tuple[Array, Array, Array]:
    """Metres, number of the direction, and east and north of every shift, nearest first, then clockwise from north."""
    metres = np.repeat(np.arange(_EVERY_M, GREATEST_M + 1, _EVERY_M), len(DIRECTIONS))
    number = np.tile(np.arange(len(DIRECTIONS)), GREATEST_M // _EVERY_M)
    angle = number * 2 * np.pi / len(DIRECTIONS)
    return metres, number, np.stack([metres * np.sin(angle), metres * np.cos(angle)], axis=1)


_METRES, _NUMBER, _OFFSETS = _offsets()
_BATCH = 5 * len(DIRECTIONS)


def moved(plot: Any, offsets: Array) -> Array:
    """Move a plot by offsets (east, north), as many as there are offsets."""
    copies = np.full(len(offsets), plot, dtype=object)
    each = shapely.get_num_coordinates(plot)
    return np.asarray(shapely.transform(copies, lambda xy: xy + np.repeat(offsets, each, axis=0)))


def least_shift(plot: Any, forbidden: Any, room: Any, sliver_m2: float, fit: Any = None) -> Shift | None:
    """Return the least shift to a place free of `forbidden` but for a sliver, within `room`, that `fit` takes.

    Parameters
    ----------
    plot
        Polygon, metres.
    forbidden, room
        Where it may not lie; where it must stay (None: anywhere).
    sliver_m2
        Overlap below this does not count.
    fit
        Called with a moved plot that is otherwise free; False passes on to the next.

    Returns
    -------
    Shift or None
        Of several equally short the first clockwise from north; None where none of up to 50 m does.
    """
    shapely.prepare(forbidden)
    if shapely.contains_properly(forbidden, shapely.buffer(plot, GREATEST_M)):
        return None
    if room is not None:
        shapely.prepare(room)
    for start in range(0, len(_METRES), _BATCH):
        tried = moved(plot, _OFFSETS[start : start + _BATCH])
        free = np.ones(len(tried), dtype=bool) if room is None else np.asarray(shapely.covers(room, tried))
        # most that are not free have their middle in what is forbidden, which is soon seen
        free &= ~shapely.contains_properly(forbidden, shapely.point_on_surface(tried))
        touched = free & shapely.intersects(forbidden, tried)
        if touched.any():
            free[touched] = shapely.area(shapely.intersection(tried[touched], forbidden)) < sliver_m2
        for i in np.flatnonzero(free):
            if fit is None or fit(tried[i]):
                return Shift(int(_METRES[start + i]), DIRECTIONS[_NUMBER[start + i]])
    return None


def ground_around(prepared: Prepared, commune: Any, plot: Any) -> Ground:
    """Gather what stands around a plot: each object of a rule or zone that can be found against it."""
    west, south, east, north = shapely.bounds(plot)
    area = shapely.box(west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
    place = np.array([area], dtype=object)
    hard: list[Any] = []
    objects: dict[str, list[Any]] = {}
    zones = prepared.zones
    _, rows = zones.pairs(place, 0.0)
    if len(rows):
        parts = overlap.areal(shapely.intersection(zones.sound(rows), area))
        about = zip(rows, parts, zones.texts("effect")[rows], zones.texts("zone_id")[rows], strict=True)
        for _, part, effect, identity in about:
            if effect in AGAINST:
                objects.setdefault(str(identity), []).append(part)
            if effect == "blocking":
                hard.append(part)
    urban = prepared.layers.get("urban_areas")
    for rule in prepared.rules:
        of_zones = rule.role == zone_rules.ROLE
        layer = zones if of_zones else prepared.layers.get(rule.role)
        if layer is None or rule.role == "communes" or not _counts(rule):
            continue
        if of_zones and not zone_rules.more_than_evidence(rule, zones):
            continue
        if not layer.near_rule(rule, tuple(shapely.bounds(area))):
            continue
        _, row, parts = findings.corridors(place, rule, layer, urban)
        for part, kind in zip(parts, layer.identity(rule, row), strict=True):
            objects.setdefault(f"{rule.rule}:{kind}" if kind else rule.rule, []).append(part)
            if rule.hard:
                hard.append(part)
    united = {identity: shapely.union_all(parts) for identity, parts in objects.items()}
    return Ground(shapely.union_all(hard) if hard else shapely.Polygon(), united, commune)


def _counts(rule: Rule) -> bool:
    return rule.hard or (rule.strength == "soft" and rule.severity >= CONDITION)


def shifts_of(
    prepared: Prepared, commune: Any, plot: Any, rows: pd.DataFrame
) -> tuple[dict[str, Shift], Message | None]:
    """Find the shifts that clear each finding against a plot, and the one that clears all.

    Parameters
    ----------
    prepared
        What all communes share.
    commune
        Polygon the plot must stay in; None where it lies in none.
    plot
        Polygon.
    rows
        Findings of the plot: ``zone_id, effect, severity, restricted, source``.

    Returns
    -------
    tuple
        Shift by ``zone_id`` for findings that one clears: the moved plot meets neither the object nor anything that
        blocks, stays in the commune, and is not steeper than the rule on slopes allows. A message on the plot as a
        whole (all findings, else all that block); None where nothing stands against it. Findings on restricted
        layers get none, so that a shift does not tell where they lie.
    """
    severe = (rows["effect"] == "blocking") | ((rows["effect"] == "conditional") & (rows["severity"] >= CONDITION))
    against = rows[severe & ~rows["source"].isin(("precedence", *OF_THE_WHOLE_PLOT))]
    if not len(against):
        return {}, None
    ground = ground_around(prepared, commune, plot)
    sliver = prepared.scenario.tolerance.sliver_m2
    fit = _Slopes(prepared)
    found: dict[str, Shift] = {}
    hidden = against["restricted"].fillna(value=False).astype(bool)
    for identity in against.loc[~hidden, "zone_id"]:
        about = ground.objects.get(str(identity))
        if about is not None:
            one = least_shift(plot, shapely.union(about, ground.hard), ground.room, sliver, fit)
            if one is not None:
                found[str(identity)] = one
    if hidden.any():
        return found, None
    every = shapely.union_all([ground.hard, *ground.objects.values()])
    for key, forbidden in (("clear", every), ("free", ground.hard)):
        if key == "free" and not (against["effect"] == "blocking").any():
            break
        whole = least_shift(plot, forbidden, ground.room, sliver, fit)
        if whole is not None:
            return found, (f"sites.shift.{key}", {"metres": whole.metres, "direction": whole.direction})
    return found, ("sites.shift.none", {})


class _Slopes:
    """Whether a plot keeps to the hard rules on slopes, measured as sites are; what is unknown bars nothing."""

    def __init__(self, prepared: Prepared) -> None:
        known = prepared.dem is not None and prepared.coarse_m is None
        self._rules = [r for r in prepared.rules if r.role == "dem" and r.hard and known]
        self._dem, self._tolerance = prepared.dem, prepared.scenario.tolerance

    def __call__(self, plot: Any) -> bool:
        places = np.array([plot], dtype=object)
        area = shapely.area(places)
        for rule in self._rules:
            percent = np.nan_to_num(ground_columns(self._dem, places, rule.threshold)["steep_percent"])
            if (percent / 100.0 * area > findings.tolerated_m2(rule, area, self._tolerance))[0]:
                return False
        return True


def ground_columns(dem: Any, places: Array, threshold: float) -> Columns:
    """Columns of :func:`siteplan.sites.measure.terrain_columns` for plots that lie near one another."""
    bounds = tuple(float(v) for v in shapely.total_bounds(places))
    window = terrain.surroundings(dem, bounds)  # type: ignore[arg-type]
    if min(window.values.shape) < 3:
        return measure.terrain_columns(places, None, None, threshold)
    slope = type(window)(terrain.slope_percent(window.values, window.cell_m), window.transform, float("nan"),
                         window.source_resolution_m)  # fmt: skip
    return measure.terrain_columns(places, window, slope, threshold)


def commune_shifts(prepared: Prepared, sites_of: tuple[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Find the shifts of the best sites of a commune.

    Parameters
    ----------
    prepared
        What all communes share.
    sites_of
        Code of the commune, and its sites: ``site_id``, ``plot`` (WKB), ``findings`` (rows).

    Returns
    -------
    list of dict
        ``site_id``, ``message`` (text of a ``messages`` column, None where nothing stands against the site), and
        ``found``: rows ``zone_id, shift_m, shift_direction``.
    """
    code, sites = sites_of
    commune = prepared.communes.loc[prepared.communes["code"] == code].geometry.iloc[0]
    out = []
    for site in sites:
        found, message = shifts_of(prepared, commune, shapely.from_wkb(site["plot"]), pd.DataFrame(site["findings"]))
        rows = [{"zone_id": i, "shift_m": float(s.metres), "shift_direction": s.direction} for i, s in found.items()]
        told = encode([message]) if message is not None else None
        out.append({"site_id": site["site_id"], "message": told, "found": rows})
    return out
