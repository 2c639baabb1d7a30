"""A drawing in local coordinates put in place by control points: a similarity (Helmert) of scale, turn and shift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siteplan.errors import Problem, UsageError

Array = np.ndarray[Any, Any]

Pair = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Helmert:
    """The similarity E = a x - b y + east, N = b x + a y + north, by least squares over all control points.

    Parameters
    ----------
    a, b, east, north
        Coefficients; metres per drawing unit, and metres.
    residuals_m
        Distance between the point given and the point computed, one per control point, metres. Two points leave none:
        only a third one checks.
    """

    a: float
    b: float
    east: float
    north: float
    residuals_m: tuple[float, ...]

    @property
    def scale(self) -> float:
        """Metres per drawing unit."""
        return math.hypot(self.a, self.b)

    @property
    def rotation_degrees(self) -> float:
        """Turn, counter-clockwise."""
        return math.degrees(math.atan2(self.b, self.a))

    def move(self, points: Array) -> Array:
        """Move points, an array of (n, 2)."""
        x, y = points[:, 0], points[:, 1]
        return np.column_stack([self.a * x - self.b * y + self.east, self.b * x + self.a * y + self.north])


def parse(words: str) -> Pair:
    """Read ``x,y=E,N`` (drawing to the province's CRS, east first).

    Raises
    ------
    UsageError
        Where it is written otherwise.
    """
    try:
        left, right = words.split("=")
        x, y = (float(part) for part in left.split(","))
        east, north = (float(part) for part in right.split(","))
    except ValueError:
        raise UsageError(Problem("dxf_control_invalid", value=words)) from None
    if not all(map(math.isfinite, (x, y, east, north))):
        raise UsageError(Problem("dxf_control_invalid", value=words))
    return (x, y), (east, north)


def fit(pairs: Sequence[Pair]) -> Helmert:
    """Fit the similarity to two or more control points.

    Closed form of the least-squares solution in coordinates reduced to the centre of gravity (any textbook of
    adjustment; Niemeier, *Ausgleichungsrechnung*, 2D similarity).

    Raises
    ------
    UsageError
        Where there are fewer than two points, or two of them are one.
    """
    if len(pairs) < 2:
        raise UsageError(Problem("dxf_control_too_few", value=str(len(pairs))))
    source = np.array([p[0] for p in pairs], dtype=float)
    target = np.array([p[1] for p in pairs], dtype=float)
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    s, t = source - middle, target - goal
    spread = float((s**2).sum())
    if spread < 1e-12 or float((t**2).sum()) < 1e-6:
        raise UsageError(Problem("dxf_control_same", value=str(len(pairs))))
    a = float((s * t).sum()) / spread
    b = float((s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()) / spread
    east = float(goal[0] - a * middle[0] + b * middle[1])
    north = float(goal[1] - b * middle[0] - a * middle[1])
    moved = Helmert(a, b, east, north, ())
    residuals = np.hypot(*(moved.move(source) - target).T)
    return Helmert(a, b, east, north, tuple(float(r) for r in residuals))


def swapped(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the control points with east and north exchanged: Vietnamese lists put X (north) first."""
    return [(source, (target[1], target[0])) for source, target in pairs]
