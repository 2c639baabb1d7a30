"""Where a drawing lies: its unit, its control points, its CRS; what is strange is told with the likely cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from siteplan.crs import Province, guess_crs, inside, transformer
from siteplan.errors import InputError, Problem
from siteplan.layers.drawing import control
from siteplan.layers.drawing.entities import UNITS, Drawing

Array = np.ndarray[Any, Any]

# points that fit worse than this are wrong, not inexact
CONTROL_LIMIT_M = 2.0
SCALE_LIMIT = 0.01


@dataclass(frozen=True)
class Position:
    """How drawing units become metres in the province's CRS.

    Parameters
    ----------
    move
        Moves points (n, 2).
    metres_per_unit
        For lengths: what the tolerance and the sagitta are in drawing units.
    how
        ``unit``, ``crs`` or ``control``: what put the drawing in place.
    unit
        Unit that was used.
    helmert
        The similarity, where control points were given.
    """

    move: Callable[[Array], Array]
    metres_per_unit: float
    how: str
    unit: str
    helmert: control.Helmert | None = None
    epsg: int | None = None


def _fits(box: Sequence[float], scale: float, province: Province) -> bool:
    """Whether the drawing, scaled, lies in the province: its middle within the bounds, all of it within the slack."""
    west, south, east, north = (value * scale for value in box)
    middle = ((west + east) / 2, (south + north) / 2) * 2
    return inside((west, south, east, north), province.bounds, province.slack_m) and inside(middle, province.bounds)


def locate(
    drawing: Drawing,
    province: Province,
    file: str,
    *,
    unit: str = "",
    pairs: Sequence[control.Pair] = (),
    epsg: int | None = None,
) -> tuple[Position, list[Problem]]:
    """Find how a drawing lies.

    Parameters
    ----------
    unit
        Unit that was asked for; "" takes that of the file, and guesses where the file says none.
    pairs
        Control points: drawing to the province's CRS.
    epsg
        CRS the drawing is in, where it is not the province's.

    Raises
    ------
    InputError
        Where it cannot be put into the province: with the likely cause.
    """
    box = drawing.bounds
    if box is None:
        raise InputError(Problem("dxf_nothing_drawn", file=file))
    if pairs:
        return _by_control(drawing, box, pairs, unit, province, file)
    wanted = unit or drawing.unit
    if epsg is not None:
        return _by_crs(box, wanted or "m", epsg, province, file)
    fitting = [name for name, scale in UNITS.items() if _fits(box, scale, province)]
    if wanted in fitting:
        return _by_unit(wanted), []
    if len(fitting) == 1 and not wanted:
        return _by_unit(fitting[0]), [Problem("dxf_unit_guessed", "warning", file=file, value=fitting[0])]
    where = f"{box[0]:.3f}, {box[1]:.3f} – {box[2]:.3f}, {box[3]:.3f}"
    if fitting:
        params = {"said": wanted, "likely": fitting[0]}
        raise InputError(Problem("dxf_unit_wrong", file=file, value=where, params=params))
    scale = UNITS[wanted or "m"]
    corners = np.array([[box[0], box[1]], [box[2], box[3]]]) * scale
    guesses = guess_crs(corners[:, 0].tolist(), corners[:, 1].tolist(), province)
    if guesses and guesses[0].swapped:
        raise InputError(Problem("dxf_axes_swapped", file=file, value=where, params={"epsg": guesses[0].epsg}))
    if guesses:
        raise InputError(Problem("dxf_other_crs", file=file, value=where, params={"epsg": guesses[0].epsg}))
    raise InputError(Problem("dxf_local", file=file, value=where))


def _by_unit(unit: str) -> Position:
    scale = UNITS[unit]
    return Position(lambda points: points * scale, scale, "unit", unit)


def _by_crs(
    box: Sequence[float], unit: str, epsg: int, province: Province, file: str
) -> tuple[Position, list[Problem]]:
    scale = UNITS[unit]
    operation = transformer(epsg, province.epsg)

    def move(points: Array) -> Array:
        return np.column_stack(operation.transform(points[:, 0] * scale, points[:, 1] * scale))

    corners = move(np.array([[box[0], box[1]], [box[2], box[3]]]))
    moved = (*corners[0], *corners[1])
    if not np.isfinite(corners).all() or not inside(moved, province.bounds, province.slack_m):
        raise InputError(Problem("dxf_crs_wrong", file=file, value=str(epsg)))
    return Position(move, scale, "crs", unit, epsg=epsg), []


def _by_control(
    drawing: Drawing, box: Sequence[float], pairs: Sequence[control.Pair], unit: str, province: Province, file: str
) -> tuple[Position, list[Problem]]:
    goals = [goal for _, goal in pairs]
    if not all(inside(goal * 2, province.bounds, province.slack_m) for goal in goals):
        turned = all(inside(goal[::-1] * 2, province.bounds, province.slack_m) for goal in goals)
        raise InputError(
            Problem("dxf_control_swapped" if turned else "dxf_control_outside", file=file,
                    value="; ".join(f"{e:g},{n:g}" for e, n in goals))
        )  # fmt: skip
    found = control.fit(pairs)
    problems: list[Problem] = []
    worst = max(found.residuals_m)
    params = {"scale": found.scale, "rotation": found.rotation_degrees, "worst_m": worst, "count": len(pairs)}
    if worst > CONTROL_LIMIT_M:
        mirrored = control.fit([((y, x), goal) for (x, y), goal in pairs])
        key = "dxf_control_mirrored" if max(mirrored.residuals_m) <= CONTROL_LIMIT_M else "dxf_control_residual"
        listed = "; ".join(f"{r:.2f} m" for r in found.residuals_m)
        raise InputError(Problem(key, file=file, value=listed, params=params))
    if len(pairs) == 2:
        problems.append(Problem("dxf_control_unchecked", "warning", file=file, params=params))
    said = unit or drawing.unit
    nearest_unit = min(UNITS, key=lambda name: abs(np.log(found.scale / UNITS[name])))
    if said and abs(found.scale / UNITS[said] - 1) > SCALE_LIMIT:
        problems.append(
            Problem("dxf_control_scale", "warning", file=file, value=said, params={**params, "likely": nearest_unit})
        )
    elif abs(found.scale / UNITS[nearest_unit] - 1) > SCALE_LIMIT:
        problems.append(
            Problem("dxf_control_scale", "warning", file=file, value=said or "–",
                    params={**params, "likely": nearest_unit})
        )  # fmt: skip
    corners = found.move(np.array([[box[0], box[1]], [box[2], box[3]]]))
    if not inside((*corners.min(axis=0), *corners.max(axis=0)), province.bounds, province.slack_m):
        raise InputError(Problem("dxf_control_far", file=file, params=params))
    return Position(found.move, found.scale, "control", nearest_unit, found), problems


def moved(drawing: Drawing, position: Position) -> Drawing:
    """Return the drawing in metres, in the province's CRS."""
    lines = [replace(line, points=position.move(line.points)) for line in drawing.lines]
    areas = [replace(area, polygon=shapely.transform(area.polygon, position.move)) for area in drawing.areas]
    labels = []
    if drawing.labels:
        at = position.move(np.array([label.at for label in drawing.labels]))
        middle = position.move(np.array([label.middle for label in drawing.labels]))
        labels = [
            replace(label, at=(float(a[0]), float(a[1])), middle=(float(m[0]), float(m[1])))
            for label, a, m in zip(drawing.labels, at, middle, strict=True)
        ]
    return replace(drawing, lines=lines, areas=areas, labels=labels)
