"""The plot of a facility extended onto adjoining land: as much as its extension needs, or what there is.

A plot is widened by one of its sides, as far out as gives the area asked for; of the sides that give it the one that
leaves the most compact plot. Where no side does, it grows all around, within reach. What hard rules exclude, what is
too steep, plots of other facilities and what lies beyond the commune are left out; land that does not join the plot is
none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from siteplan.sites import overlap
from siteplan.sites.free_land import LEAST_WIDTH_M
from siteplan.tables.schema import COORDINATE_DECIMALS

Array = np.ndarray[Any, Any]

AREA_PRECISION = 1e-4  # of the area asked for, in the search for how far out
WHOLE_SHARE = 0.01  # what is missing of the area asked for, or more than it, where it counts as given
_STEP_M = 1e-4
_AROUND_CORNERS = 3
LEAST_SHARE = 0.1  # of the land asked for; less is no extension


@dataclass(frozen=True)
class Extended:
    """A plot with the land added to it, and how much that is, m²."""

    geometry: Any
    added_m2: float


def extend_plot(plot: Any, area_m2: float, reach_m: float, ground_in: Callable[[Any], Any]) -> Extended | None:
    """Extend a plot by an area.

    Parameters
    ----------
    plot
        Polygon, metres.
    area_m2
        Land to be added; given to :data:`WHOLE_SHARE`, as a rule to :data:`AREA_PRECISION`, where there is so much.
    reach_m
        How far out of the plot land is looked for.
    ground_in
        Returns the part of an area that may be built on.

    Returns
    -------
    Extended or None
        One polygon that holds the plot; with less than was asked for where there is less, None where nothing joins.
    """
    if not area_m2 > 0 or plot.geom_type != "Polygon":
        return None
    with np.errstate(invalid="ignore", divide="ignore"):  # flags of a buffer with corners say nothing of its result
        return _extended(plot, area_m2, reach_m, ground_in)


def _extended(plot: Any, area_m2: float, reach_m: float, ground_in: Callable[[Any], Any]) -> Extended | None:
    around = shapely.buffer(plot, reach_m, join_style="mitre")
    ground = shapely.difference(ground_in(shapely.difference(around, plot)), plot)
    if ground.is_empty:
        return None
    found = [_by(plot, ground, grow, area_m2, reach_m) for grow in (*_sides(plot), _all_around(plot))]
    whole = [e for e in found if abs(e.added_m2 - area_m2) <= WHOLE_SHARE * area_m2]
    if whole:  # the last one, all around, only where no side gives it
        sides = [e for e in found[:-1] if e in whole]
        return min(sides or whole, key=lambda e: round(e.geometry.length, 3))
    most = max(found, key=lambda e: round(e.added_m2, 3))
    return most if most.added_m2 >= LEAST_SHARE * area_m2 else None


def _sides(plot: Any) -> Iterator[Callable[[float], Any]]:
    """Ways to widen the least rectangle around a plot by one of its sides."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(plot))[:4]
    for i in range(4):
        a, b, c, d = np.roll(ring, -i, axis=0)
        out = (b - c) / max(float(np.hypot(*(b - c))), 1e-9)
        yield lambda far, a=a, b=b, c=c, d=d, out=out: shapely.Polygon([a + far * out, b + far * out, c, d])  # type: ignore[misc]


def _all_around(plot: Any) -> Callable[[float], Any]:
    return lambda far: shapely.buffer(plot, far, join_style="mitre")


def _by(plot: Any, ground: Any, grow: Callable[[float], Any], area_m2: float, reach_m: float) -> Extended:
    """Find what a way to grow gives of the area; never more than that."""
    best, beyond = _halved(plot, ground, grow, area_m2, reach_m)
    for _ in range(_AROUND_CORNERS):
        if beyond is None or best.added_m2 >= (1 - AREA_PRECISION) * area_m2:
            break
        # a step farther out, land joins that lay beside all along: of that as much as lies nearest
        grow = _near(best.geometry, grow(beyond + LEAST_WIDTH_M))
        more, beyond = _halved(plot, ground, grow, area_m2, reach_m)
        best = max(best, more, key=lambda e: e.added_m2)
    return best


def _near(land: Any, figure: Any) -> Callable[[float], Any]:
    return lambda far: shapely.intersection(figure, shapely.buffer(land, far, join_style="mitre"))


def _halved(
    plot: Any, ground: Any, grow: Callable[[float], Any], area_m2: float, reach_m: float
) -> tuple[Extended, float | None]:
    """Find how far out a way to grow gives the area, by halving.

    Returns
    -------
    Extended, float or None
        With the area to :data:`AREA_PRECISION`, or what there is before it would be more; the first distance at which
        it is more, None where it never is.
    """
    low, high = 0.0, reach_m
    best, least = _joined(plot, ground, grow(high)), Extended(plot, 0.0)
    if best.added_m2 <= area_m2:
        return best, None
    while high - low > _STEP_M:
        middle = (low + high) / 2
        best = _joined(plot, ground, grow(middle))
        if abs(best.added_m2 - area_m2) <= AREA_PRECISION * area_m2:
            return best, middle
        if best.added_m2 < area_m2:
            low, least = middle, best
        else:
            high = middle
    return least, high


def _joined(plot: Any, ground: Any, figure: Any) -> Extended:
    """Return the plot with the ground in a figure that hangs together with it and is wide enough."""
    half = LEAST_WIDTH_M / 2
    part = overlap.areal(np.array([shapely.intersection(ground, figure)], dtype=object))[0]
    land = shapely.union(plot, part)
    # strips are cut off, corners stay: the mitre gives back what the first step takes
    opened = shapely.buffer(shapely.buffer(land, -half, join_style="mitre"), half, join_style="mitre")
    opened = overlap.mended(np.array([opened], dtype=object))[0]
    kept = overlap.areal(np.array([shapely.intersection(opened, part)], dtype=object))[0]
    # as it is written: what is finer than a millimetre is rounded off before it can cross itself
    parts = shapely.get_parts(shapely.set_precision(shapely.union(plot, kept), 10.0**-COORDINATE_DECIMALS))
    inside = shapely.get_point(shapely.maximum_inscribed_circle(plot, tolerance=1.0), 0)
    whole = next((p for p in parts if p.geom_type == "Polygon" and p.covers(inside)), plot)
    whole = shapely.Polygon(whole.exterior) if _holes_m2(whole) < LEAST_WIDTH_M**2 else whole
    return Extended(whole, max(0.0, float(whole.area - plot.area)))


def _holes_m2(area: Any) -> float:
    return float(shapely.Polygon(area.exterior).area - area.area)
