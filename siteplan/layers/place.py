"""Which CRS the coordinates of a file are in: what file and catalog say, and whether either can be true.

Nothing is guessed silently: what is taken is told in a :class:`Placement`, and coordinates that cannot lie in the
province are a problem that names the likely cause.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj

from siteplan import crs
from siteplan.crs import Bounds, Guess, Province
from siteplan.errors import InputError, Problem

# 3-degree zones of VN-2000: scale and false easting by Circular 973/2001/TT-TCĐC
ZONE_SCALE, ZONE_EASTING, ZONE_NORTHING = 0.9999, 500_000.0, 0.0
# central meridian -> EPSG code
ZONES: dict[float, int] = {
    102.0: 5896, 103.0: 9205, 104.0: 9206, 104.5: 9207, 104.75: 9208, 105.0: 5897, 105.5: 9209, 105.75: 9210,
    106.0: 9211, 106.25: 9212, 106.5: 9213, 107.0: 9214, 107.25: 9215, 107.5: 9216, 107.75: 5899, 108.0: 5898,
    108.25: 9217, 108.5: 9218,
}  # fmt: skip


_REMARKS = {"identified": "layer_crs_identified", "wgs84_zone": "layer_crs_wgs84_zone"}


@dataclass(frozen=True)
class Placement:
    """The CRS taken for a layer, how it was found (``file``, ``catalog``, ``identified``), and the axis order."""

    crs: int | str
    how: str
    swapped: bool = False

    @property
    def label(self) -> str:
        """Name for people: ``EPSG:9215``, or that of the definition."""
        return f"EPSG:{self.crs}" if isinstance(self.crs, int) else pyproj.CRS.from_user_input(self.crs).name


def zone_of(definition: pyproj.CRS) -> int | None:
    """EPSG code of the VN-2000 zone that a home-made definition describes by its numbers, or None."""
    operation = definition.coordinate_operation
    if operation is None or "Transverse Mercator" not in operation.method_name:
        return None
    values = {p.name: float(p.value) for p in operation.params}
    fits = (
        abs(values.get("Scale factor at natural origin", 0) - ZONE_SCALE) < 1e-9
        and abs(values.get("False easting", 0) - ZONE_EASTING) < 1e-3
        and abs(values.get("False northing", 1) - ZONE_NORTHING) < 1e-3
    )
    meridian = values.get("Longitude of natural origin", float("nan"))
    return next((epsg for lon, epsg in ZONES.items() if fits and abs(lon - meridian) < 1e-6), None)


def understand(definition: str) -> tuple[int | str | None, str]:
    """Read a CRS definition of a file.

    Returns
    -------
    tuple
        EPSG code or WKT (None where it cannot be read), and a remark: "" where all is well, ``identified`` where a
        VN-2000 zone without a proper name was recognised by its numbers, ``wgs84_zone`` where a VN-2000 zone stands
        on the datum WGS 84, which moves it by some 224 m if it is a mistake.
    """
    try:
        found = pyproj.CRS.from_user_input(definition)
    except pyproj.exceptions.CRSError:
        return None, ""
    epsg = found.to_epsg(min_confidence=70)
    if epsg is not None:
        return epsg, ""
    plain = found.source_crs if found.is_bound and found.source_crs is not None else found
    plain = plain.sub_crs_list[0] if plain.is_compound else plain
    if plain.to_epsg(min_confidence=70) is not None:
        return plain.to_epsg(min_confidence=70), ""
    zone = zone_of(plain)
    if zone is None:
        return definition, ""
    datum = plain.geodetic_crs.datum.name if plain.geodetic_crs and plain.geodetic_crs.datum else ""
    if "1984" in datum and not found.is_bound:
        return definition, "wgs84_zone"
    return zone, "identified"


def grid_of(bounds: Sequence[float], steps: int = 5) -> tuple[Any, Any]:
    """Points spread over a box, as two arrays."""
    xs = np.linspace(bounds[0], bounds[2], steps)
    ys = np.linspace(bounds[1], bounds[3], steps)
    pairs = np.array(list(itertools.product(xs, ys)))
    return pairs[:, 0], pairs[:, 1]


def box_in(bounds: Sequence[float], source: int | str, target: int | str) -> Bounds | None:
    """Return the box of a box in another CRS (edges densified); None where it has no finite place there."""
    x, y = grid_of(bounds, 9)
    try:
        east, north = crs.transformer(source, target).transform(x, y)
    except (pyproj.exceptions.ProjError, InputError):
        return None
    if not (np.all(np.isfinite(east)) and np.all(np.isfinite(north))):
        return None
    return float(np.min(east)), float(np.min(north)), float(np.max(east)), float(np.max(north))


def reading_box(province: Province, placement: Placement) -> Bounds | None:
    """Province and margin in the coordinates of the file, for its spatial filter; None where that cannot be said."""
    west, south, east, north = province.bounds
    slack = province.slack_m
    box = box_in((west - slack, south - slack, east + slack, north + slack), province.epsg, placement.crs)
    if box is not None and placement.swapped:
        box = (box[1], box[0], box[3], box[2])
    return box


def share_inside(x: Any, y: Any, placement: Placement, province: Province) -> float:
    """Share of points (coordinates of the file) that lie in the province or its margin."""
    a, b = (y, x) if placement.swapped else (x, y)
    try:
        east, north = crs.transformer(placement.crs, province.epsg).transform(np.asarray(a), np.asarray(b))
    except (pyproj.exceptions.ProjError, InputError):
        return 0.0
    west, south, right, top = province.bounds
    slack = province.slack_m
    inside = (east >= west - slack) & (east <= right + slack) & (north >= south - slack) & (north <= top + slack)
    return float(np.mean(inside)) if np.size(inside) else 0.0


def _middle(values: Any) -> Any:
    low, high = np.percentile(values, 5, method="lower"), np.percentile(values, 95, method="higher")
    return values[(values >= low) & (values <= high)]


def likely(x: Any, y: Any, province: Province) -> list[Guess]:
    """Return what the coordinates of a file probably are; strays at either end do not count."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return []
    xs, ys = _middle(x[finite]), _middle(y[finite])
    box = (xs.min(), ys.min(), xs.max(), ys.max())
    corners_x, corners_y = grid_of(box, 2)
    return crs.guess_crs(list(corners_x), list(corners_y), province)


def _sample_words(x: Any, y: Any) -> str:
    if not np.size(x):
        return ""
    middle = float(np.median(x)), float(np.median(y))
    return "; ".join(f"{v:.6g}" if abs(v) < 1000 else f"{v:.0f}" for v in middle)  # degrees, or whole metres


def _cause(guesses: list[Guess], province: Province) -> tuple[str, dict[str, Any]]:
    """Suffix of the message key and its parameters for the likely cause of strange coordinates."""
    params = {
        "epsg": province.epsg,
        "guess": f"EPSG:{guesses[0].epsg}" if guesses else "",
        "guess_code": guesses[0].epsg if guesses else 0,
        "others": ", ".join(f"EPSG:{g.epsg}" for g in guesses[1:5] if not g.swapped) or "–",
    }
    if not guesses:
        return "", params
    return ("_swapped" if guesses[0].swapped else "_guess"), params


def guessed(bounds: Sequence[float], province: Province) -> tuple[str, dict[str, Any]]:
    """Suffix of a message key and its parameters for the likely CRS of a box; no suffix where none is likely."""
    suffix, params = _cause(likely(*grid_of(bounds), province), province)
    return ("" if suffix == "_swapped" else suffix), params


def place(
    definition: str | None, stated: int | None, swapped: bool, x: Any, y: Any, province: Province, file: str, layer: str
) -> tuple[Placement | None, list[Problem]]:
    """Decide the CRS of a layer: the file's own, unless its coordinates fit the catalog's alone.

    Parameters
    ----------
    definition
        CRS as the file gives it, or None.
    stated
        EPSG code of the catalog, or None.
    swapped
        Whether the catalog says that north comes first.
    x, y
        A sample of the file's coordinates, first and second number.

    Returns
    -------
    tuple
        The placement, or None where there is none to be trusted, and the problems.
    """
    problems: list[Problem] = []
    candidates: list[Placement] = []
    if definition:
        own, remark = understand(definition)
        if own is None:
            problems.append(Problem("layer_crs_unreadable", "warning", file=file, layer=layer, value=definition[:80]))
        else:
            candidates.append(Placement(own, "identified" if remark == "identified" else "file", swapped))
            if remark:
                problems.append(
                    Problem(_REMARKS[remark], "warning", file=file, layer=layer, value=candidates[0].label,
                            params={"epsg": province.epsg})
                )  # fmt: skip
    if stated is not None:
        try:
            pyproj.CRS.from_epsg(stated)
        except pyproj.exceptions.CRSError:
            problems.append(Problem("layer_crs_code_unknown", file=file, layer=layer, column="crs", value=str(stated)))
            return None, problems
        candidates.append(Placement(stated, "catalog", swapped))
    if not candidates:
        suffix, params = _cause(likely(x, y, province), province)
        problems.append(
            Problem(f"layer_crs_missing{suffix}", file=file, layer=layer, value=_sample_words(x, y), params=params)
        )
        return None, problems
    if len(candidates) == 2 and candidates[0].crs != candidates[1].crs:
        params = {"own": candidates[0].label, "stated": candidates[1].label}
        fitting = [c for c in candidates if share_inside(x, y, c, province) > 0.5]
        key = "layer_crs_contradicted" if fitting == candidates[1:] else "layer_crs_differs"
        candidates = fitting or candidates
        problems.append(Problem(key, "warning", file=file, layer=layer, value=candidates[0].label, params=params))
    chosen = candidates[0]
    inside = share_inside(x, y, chosen, province)
    if inside < 0.5 and np.size(x):
        guesses = [g for g in likely(x, y, province) if (g.epsg, g.swapped) != (chosen.crs, chosen.swapped)]
        if guesses or inside == 0:
            suffix, params = _cause(guesses, province)
            params["taken"] = chosen.label
            problems.append(
                Problem(f"layer_outside{suffix}", file=file, layer=layer, value=_sample_words(x, y), params=params)
            )
            return None, problems
    return chosen, problems
