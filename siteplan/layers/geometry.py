"""Geometry as a role needs it: transformed, flat, valid, of one kind; what is changed is told in square metres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from siteplan.crs import Province, transform_geometries
from siteplan.errors import Problem
from siteplan.layers.listing import named, together
from siteplan.layers.place import Placement
from siteplan.tables.schema import COORDINATE_DECIMALS, on_grid

Array = np.ndarray[Any, Any]

GRID_M = 10.0**-COORDINATE_DECIMALS
# repairs told one by one; more of them make one row
TOLD_SINGLY = 10
# dimension of shapely geometries by kind
_DIMENSION = {"point": 0, "line": 1, "polygon": 2, "plot": 2}


def moved(geometries: Array, placement: Placement, province: Province) -> Array:
    """Transform into the province's CRS, drop Z, round to the millimetre; rounding makes no valid geometry invalid."""
    if placement.swapped:
        geometries = shapely.transform(shapely.force_2d(geometries), lambda xy: xy[:, ::-1])
    flat = transform_geometries(geometries, placement.crs, province.epsg)
    rounded = on_grid(flat)
    changed = np.flatnonzero(~shapely.equals_identical(rounded, flat))
    spoilt = changed[~shapely.is_valid(rounded[changed])]
    spoilt = spoilt[shapely.is_valid(flat[spoilt])]
    rounded[spoilt] = shapely.set_precision(flat[spoilt], GRID_M)
    return rounded


def _parts_of_dimension(geometry: Any, dimension: int) -> Any:
    """Return the parts of a mixed geometry that have the dimension, as one geometry; None where there is none."""
    parts = [p for p in _leaves(geometry) if shapely.get_dimensions(p) == dimension and not p.is_empty]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    multi: Any = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}[dimension]
    return multi(parts)


def _leaves(geometry: Any) -> list[Any]:
    if geometry is None:
        return []
    if hasattr(geometry, "geoms"):
        return [leaf for part in geometry.geoms for leaf in _leaves(part)]
    return [geometry]


def _closed_lines(geometry: Any) -> Any:
    """Polygons of closed lines, as drawings hold them; None where a line is open."""
    lines = _leaves(geometry)
    if not lines or not all(line.geom_type in ("LineString", "LinearRing") and line.is_closed for line in lines):
        return None
    if any(len(line.coords) < 4 for line in lines):
        return None
    rings = [shapely.polygons(line.coords) for line in lines]
    # a ring within a ring is a hole
    return rings[0] if len(rings) == 1 else shapely.build_area(shapely.multilinestrings(lines)) or None


def _fit_kind(geometries: Array, kind: str, labels: Array, **where: str) -> tuple[Array, Array, list[Problem]]:
    """Bring geometries to the kind of the role; returns them, a mask of those that fit, and the problems."""
    out, fits = geometries.copy(), np.ones(len(geometries), bool)
    if kind == "any":
        return out, fits, []
    wanted = _DIMENSION[kind]
    dimensions = shapely.get_dimensions(geometries)
    mixed = shapely.get_type_id(geometries) == 7
    single_multipoint = (shapely.get_type_id(geometries) == 4) & (kind == "point")
    taken_apart, from_lines, to_point, open_lines = [], [], [], []
    for i in np.flatnonzero((dimensions != wanted) | mixed | single_multipoint):
        geometry = geometries[i]
        if mixed[i] and (part := _parts_of_dimension(geometry, wanted)) is not None:
            out[i] = part
            taken_apart.append(labels[i])
        elif wanted == 2 and dimensions[i] == 1 and (area := _closed_lines(geometry)) is not None:
            out[i] = area
            from_lines.append(labels[i])
        elif kind == "plot" and dimensions[i] == 1:
            out[i] = shapely.point_on_surface(geometry)
            open_lines.append(labels[i])
        elif kind == "plot" and dimensions[i] == 0:
            pass
        elif kind == "point" and dimensions[i] >= 0:
            parts = _leaves(geometry)
            out[i] = parts[0] if len(parts) == 1 and dimensions[i] == 0 else shapely.point_on_surface(geometry)
            if len(parts) > 1 or dimensions[i] > 0:
                to_point.append(labels[i])
        else:
            fits[i] = False
    problems = [
        *together("geometry_taken_apart", "warning", taken_apart, kind=kind, **where),
        *together("geometry_from_lines", "warning", from_lines, kind=kind, **where),
        *together("geometry_line_open", "warning", open_lines, **where),
        *together("geometry_to_point", "warning", to_point, kind=kind, **where),
        *together("geometry_wrong_kind", "excluded", labels[~fits], kind=kind, **where),
    ]
    return out, fits, problems


def _repairs(before: Array, after: Array, reasons: Array, labels: Array, kind: str, **where: Any) -> list[Problem]:
    areal = kind in ("polygon", "plot", "any")
    old = shapely.area(before) if areal else shapely.length(before)
    new = shapely.area(after) if areal else shapely.length(after)
    change = np.abs(new - old)
    if len(labels) > TOLD_SINGLY:
        order = np.argsort(-change, kind="stable")
        return [
            Problem("geometry_repaired_many", "warning", feature=named(labels[order]), value=reasons[order[0]],
                    params={"count": len(labels), "change_m2": float(change.sum()), "largest_m2": float(change.max())},
                    **where)
        ]  # fmt: skip
    return [
        Problem("geometry_repaired", "warning", feature=str(labels[i]), value=str(reasons[i]),
                params={"before_m2": float(old[i]), "after_m2": float(new[i]), "change_m2": float(change[i])}, **where)
        for i in range(len(labels))
    ]  # fmt: skip


def repaired(
    geometries: Array, kind: str, labels: Sequence[Any] | Array, file: str, layer: str
) -> tuple[Array, Array, list[Problem]]:
    """Make geometries usable for a role and tell what was done.

    Parameters
    ----------
    geometries
        Geometries in the province's CRS, metres; None where a feature has none.
    kind
        ``polygon``, ``line``, ``point``, ``plot`` (area or point) or ``any``.
    labels
        A name of each feature, for the problems.

    Returns
    -------
    tuple
        The geometries, a mask of the features that are kept, and the problems: features without geometry, with
        impossible coordinates or of another kind are ``excluded``; a repair is a ``warning`` with the square metres
        it changed.
    """
    labels = np.asarray(labels, dtype=object)
    where: dict[str, Any] = {"file": file, "layer": layer}
    out = np.array(geometries, dtype=object, copy=True)
    missing = shapely.is_missing(out) | shapely.is_empty(out)
    bounds = shapely.bounds(out)
    impossible = ~missing & ~np.isfinite(bounds).all(axis=1)
    keep = ~missing & ~impossible
    problems = [
        *together("geometry_missing", "excluded", labels[missing], **where),
        *together("geometry_impossible", "excluded", labels[impossible], **where),
    ]
    index = np.flatnonzero(keep)
    fitted, fits, found = _fit_kind(out[index], kind, labels[index], **where)
    problems += found
    out[index] = fitted
    keep[index[~fits]] = False
    flawed = np.flatnonzero(keep & ~shapely.is_valid(out))
    if len(flawed):
        before = out[flawed]
        reasons = shapely.is_valid_reason(before)
        after = shapely.make_valid(before, method="structure", keep_collapsed=False)
        wanted = shapely.get_dimensions(before)
        after = np.array([_parts_of_dimension(g, d) for g, d in zip(after, wanted, strict=True)], dtype=object)
        # on the millimetre grid again, so that later rounding changes nothing
        after = shapely.set_precision(after, GRID_M)
        gone = shapely.is_missing(after) | shapely.is_empty(after)
        problems += together("geometry_collapsed", "excluded", labels[flawed[gone]], **where)
        keep[flawed[gone]] = False
        stays = ~gone
        out[flawed[stays]] = after[stays]
        problems += _repairs(before[stays], after[stays], reasons[stays], labels[flawed[stays]], kind, **where)
    return out, keep, problems
