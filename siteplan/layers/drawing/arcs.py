"""Arcs as chords whose points lie on the arc and whose distance from it stays within a stated sagitta."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

FEWEST, MOST = 4, 20_000  # chords of a full circle


def chords(radius: float, angle: float, sagitta: float) -> int:
    """Return into how many chords an arc is cut: s = r (1 - cos(step / 2)), so step = 2 arccos(1 - s / r)."""
    if radius <= 0 or not math.isfinite(radius):
        return 1
    step = 2 * math.acos(max(-1.0, 1 - min(sagitta, radius) / radius)) or math.tau / MOST
    return min(MOST, max(1, math.ceil(abs(angle) / step), math.ceil(FEWEST * abs(angle) / math.tau)))


def bulged(vertices: Sequence[tuple[float, float, float]], closed: bool, sagitta: float) -> Array:
    """Flatten a polyline whose sides may be arcs.

    Parameters
    ----------
    vertices
        x, y and bulge: the tangent of a quarter of the arc's angle on the side that begins there, positive to the left
        (DXF reference, group code 42).
    closed
        Whether a side leads from the last vertex to the first one.
    sagitta
        Largest distance between arc and chord.

    Returns
    -------
    array
        Points (n, 2); the first one is repeated at the end of a closed line.
    """
    points: list[tuple[float, float]] = []
    last = len(vertices) if closed else len(vertices) - 1
    for number in range(max(last, 0)):
        x, y, bulge = vertices[number]
        goal_x, goal_y, _ = vertices[(number + 1) % len(vertices)]
        points.append((x, y))
        width = math.hypot(goal_x - x, goal_y - y)
        if bulge == 0 or width == 0:
            continue
        angle = 4 * math.atan(bulge)
        radius = width / (2 * abs(math.sin(angle / 2)))
        count = chords(radius, angle, sagitta)
        # centre: from the middle of the chord, square to it
        middle = (x + goal_x) / 2, (y + goal_y) / 2
        offset = (1 - bulge**2) / (4 * bulge)
        centre = middle[0] - offset * (goal_y - y), middle[1] + offset * (goal_x - x)
        start = math.atan2(y - centre[1], x - centre[0])
        points += [
            (centre[0] + radius * math.cos(start + angle * n / count), centre[1] + radius * math.sin(
                start + angle * n / count)) for n in range(1, count)
        ]  # fmt: skip
    end = vertices[0] if closed else vertices[-1]
    points.append((end[0], end[1]))
    return np.array(points, dtype=float)
