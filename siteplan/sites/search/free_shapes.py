"""Plots of free shape, grown on what rectangles leave: for land that is large enough but bent.

A plot is the land within a square around a seed, the square as large as gives the area asked for. The square stands
to the north or along the land around the seed, whichever gives a plot nearer to a rectangle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.affinity import rotate

if TYPE_CHECKING:
    from siteplan.sites.grid import Grid
    from siteplan.sites.search.layouts import Request

Array = np.ndarray[Any, Any]

SEEDS_GROWN = 20  # seeds of free shapes tried for one plot
GROWN_AT_MOST = 200
AREA_TOLERANCE = 0.01
SEEN_SIDES = 2.0  # so many sides of its square around a plot tell how the land lies
_NOTHING = shapely.Polygon()


def free_shapes(
    cells: Array,
    grid: Grid,
    preference: Array,
    request: Request,
    land: Any,
    chosen: list[Any],
    free: Callable[[Array], Array] | None,
    frontage: Callable[[Array], Array] | None = None,
) -> list[Any]:
    """Grow plots on the pieces of land that are left, best seeds first, one after another; return the new ones.

    Of the seeds tried for a plot the first whose plot has the front on a road that is asked for is taken, the first at
    all where none has.
    """
    asked = frontage if request.frontage_m > 0 else None
    taken = list(chosen)
    wanted = len(taken) + request.count
    rest = _without(land, taken, request.spacing_m)
    rows, columns = np.nonzero(cells)
    order = np.lexsort((columns, rows, -preference[rows, columns]))
    seeds: Any = shapely.points(grid.x[columns[order]], grid.y[rows[order]])
    tried = 0
    while len(taken) < wanted and tried < GROWN_AT_MOST:
        pieces = [
            p
            for p in shapely.get_parts(rest)
            if p.geom_type == "Polygon" and p.area >= request.area_m2 * (1 - AREA_TOLERANCE)
        ]
        pieces = [p for p in pieces if not shapely.buffer(p, -request.minimum_width_m / 2 * 0.999).is_empty]
        if not pieces:
            break
        seeds = seeds[shapely.covers(shapely.union_all(np.array(pieces, dtype=object)), seeds)]
        plot = None
        for number in range(0, len(seeds), max(1, len(seeds) // SEEDS_GROWN)):
            tried += 1
            piece = next(p for p in pieces if p.covers(seeds[number]))
            grown = np.array([_grown(piece, seeds[number], request)], dtype=object)
            if grown[0] is None or (free is not None and not free(grown)[0]):
                continue
            fronts = asked is None or asked(grown)[0] >= request.frontage_m
            if plot is None or fronts:
                plot = grown[0]
            if fronts:
                break
        if plot is None:
            break
        taken.append(plot)
        rest = _without(rest, [plot], request.spacing_m)
    return taken[len(chosen) :]


def _without(land: Any, plots: Sequence[Any], spacing_m: float) -> Any:
    if not plots:
        return land
    # the corners of a buffer are rounded by chords: its radius is enlarged so that no chord comes nearer than asked
    reach = max(spacing_m, 1e-3) * 1.0001 / np.cos(np.pi / 64)
    around = shapely.buffer(np.array(plots, dtype=object), reach, quad_segs=16)
    return shapely.difference(land, shapely.union_all(around))


def within_square(
    land: Any, centre: Any, area_m2: float, piece: Callable[[Any], Any], turned_degrees: float = 0.0
) -> Any:
    """Piece of land within a square around a point, the square as large as gives the area; all of too small land.

    Parameters
    ----------
    land
        Polygon, metres.
    centre
        Point, middle of the square.
    area_m2
        Area asked for, met to a ten-thousandth where the piece grows without leaps.
    piece
        Chooses the piece of what lies within the square.
    turned_degrees
        Turn of the square against the clock; 0: its sides run north and east.
    """
    x, y = centre.x, centre.y
    low, high = 0.0, float(np.hypot(*(np.array(land.bounds[2:]) - np.array(land.bounds[:2]))))
    part = land
    for _ in range(60):
        side = (low + high) / 2
        square = shapely.box(x - side, y - side, x + side, y + side)
        part = piece(shapely.intersection(land, rotate(square, turned_degrees) if turned_degrees else square))
        if abs(part.area - area_m2) <= 1e-4 * area_m2:
            break
        low, high = (side, high) if part.area < area_m2 else (low, side)
    return part


def _grown(piece: Any, seed: Any, request: Request) -> Any:
    """Part of a piece within a square around the seed, of the asked area; None where it is torn or too narrow."""
    if piece.area <= request.area_m2 * (1 + AREA_TOLERANCE):
        return piece if _fit(piece, request) else None

    def around_seed(cut: Any) -> Any:
        return next((p for p in shapely.get_parts(cut) if p.geom_type == "Polygon" and p.covers(seed)), _NOTHING)

    near = around_seed(shapely.intersection(piece, shapely.buffer(seed, SEEN_SIDES * np.sqrt(request.area_m2))))
    turns = {0.0, _turn(near)}
    parts = [within_square(piece, seed, request.area_m2, around_seed, turn) for turn in sorted(turns)]
    fit = [part for part in parts if _fit(part, request)]
    return max(fit, key=lambda part: round(part.area / shapely.minimum_rotated_rectangle(part).area, 3), default=None)


def _turn(land: Any) -> float:
    """Direction of the least rectangle around land, degrees from east, 0 to 90."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(land))
    if len(ring) < 5:
        return 0.0
    east, north = ring[1] - ring[0]
    return float(np.degrees(np.arctan2(north, east)) % 90.0)


def _fit(part: Any, request: Request) -> bool:
    """Whether a plot has the area, no holes and the least width throughout."""
    # connected growth may jump where a new arm joins: then the area cannot be met from this seed
    if abs(part.area - request.area_m2) > AREA_TOLERANCE * request.area_m2 or len(part.interiors):
        return False
    half = request.minimum_width_m / 2 * 0.999
    core = shapely.buffer(part, -half, join_style="mitre")
    if core.is_empty or core.geom_type != "Polygon":
        return False
    return bool(shapely.area(shapely.buffer(core, half, join_style="mitre")) >= 0.95 * part.area)
