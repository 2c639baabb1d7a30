"""Coordinates: the province's own CRS, the datum shift, and what a strange coordinate probably is.

Everything is measured in the CRS that ``province.toml`` names. For Vietnam that is VN-2000 in a 3-degree transverse
Mercator zone (Circular 973/2001/TT-TCĐC); the shift to WGS 84 is EPSG:6960 (Decision 05/2007/QĐ-BTNMT). A pipeline
without that shift puts a site some 224 m away, so it is named here and checked, not left to what PROJ happens to pick.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from siteplan.errors import InputError, Problem

WGS84 = 4326
WEB_MERCATOR = 3857
DATUM_SHIFT = 6960  # VN-2000 to WGS 84 (2), coordinate frame rotation

# CRS that Vietnamese layers usually arrive in, most likely first
COMMON_CRS = (4326, 3405, 3406, 5897, 5896, 5898, 32648, 32649, 3857, 4756, *range(9205, 9219), 5899)

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Province:
    """What the program knows of a province, all of it from ``province.toml``.

    Parameters
    ----------
    code, name, kind
        Two-digit code, name, "tỉnh" or "thành phố".
    epsg
        The province's CRS.
    bounds
        West, south, east, north in that CRS, metres: the box all coordinates must lie in (with `slack_m`).
    neighbours
        Names of the neighbouring provinces and countries.
    capital
        ``name``, ``lon``, ``lat``, ``commune``.
    tsc_quota
        Land allocated for offices (TSC): ``ha`` and ``basis``; empty where no quota is known.
    norms
        Norm sets of the province itself, in ``layers/standards/``; they stand before those a scenario names.
    """

    code: str
    name: str
    kind: str
    epsg: int
    bounds: Bounds
    neighbours: tuple[str, ...] = ()
    capital: dict[str, Any] = field(default_factory=dict)
    slack_m: float = 20_000.0
    tsc_quota: dict[str, Any] = field(default_factory=dict)
    norms: tuple[str, ...] = ()
    to_confirm: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Province:
        """Read a ``province.toml``.

        Raises
        ------
        InputError
            Where the file is missing, or a key is missing or no number.
        """
        try:
            raw = tomllib.loads(path.read_text("utf-8-sig"))
            west, south, east, north = (float(v) for v in raw["bounds"])
            return cls(
                code=str(raw["code"]),
                name=str(raw["name"]),
                kind=str(raw.get("kind", "tỉnh")),
                epsg=int(raw["epsg"]),
                bounds=(west, south, east, north),
                neighbours=tuple(str(v) for v in raw.get("neighbours", ())),
                capital=dict(raw.get("capital", {})),
                tsc_quota=_quota(raw.get("tsc_quota", {})),
                norms=tuple(str(v) for v in raw.get("norms", ())),
                to_confirm=tuple(str(v) for v in raw.get("to_confirm", ())),
            )
        except FileNotFoundError:
            raise InputError(Problem("province_missing", file=str(path))) from None
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(Problem("province_unreadable", file=str(path), value=str(error))) from None

    @property
    def crs(self) -> pyproj.CRS:
        """The province's CRS."""
        return pyproj.CRS.from_epsg(self.epsg)

    @property
    def capital_point(self) -> tuple[float, float] | None:
        """Easting and northing of the capital; None where the file does not say where it lies, or only the commune."""
        if not {"lon", "lat"} <= set(self.capital):
            return None
        return transformer(4326, self.epsg).transform(float(self.capital["lon"]), float(self.capital["lat"]))

    @property
    def central_meridian(self) -> float:
        """Central meridian of the zone, degrees east."""
        parameters = (
            {p.name: p.value for p in self.crs.coordinate_operation.params} if self.crs.coordinate_operation else {}
        )
        return float(parameters.get("Longitude of natural origin", float("nan")))


def _quota(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the quota with its hectares as a number; ValueError where they are none."""
    if not raw:
        return {}
    ha = float(raw["ha"])
    if not 0 <= ha < 1e6:
        raise ValueError(raw["ha"])
    return {"ha": ha, "basis": str(raw.get("basis", ""))}


@cache
def transformer(source: int | str, target: int | str) -> pyproj.Transformer:
    """Return the transformer between two CRS (EPSG codes or WKT), axis order east, north, with the shift EPSG:6960.

    Raises
    ------
    InputError
        Where one of the two is on VN-2000, the other is not, and PROJ's operation is not EPSG:6960.
    """
    from_crs, to_crs = pyproj.CRS.from_user_input(source), pyproj.CRS.from_user_input(target)
    result = pyproj.Transformer.from_crs(from_crs, to_crs, always_xy=True)
    if _on_vn2000(from_crs) != _on_vn2000(to_crs):
        # asked for by name: the shift is among the operations, or the transformation is refused
        group = pyproj.transformer.TransformerGroup(from_crs, to_crs, always_xy=True)
        chosen = [t for t in group.transformers if "VN-2000 to WGS 84 (2)" in t.description]
        if not chosen:
            raise InputError(Problem("datum_shift_missing", value=f"{source} -> {target}"))
        result = chosen[0]
    return result


def _on_vn2000(crs: pyproj.CRS) -> bool:
    geodetic = crs.geodetic_crs
    return geodetic is not None and geodetic.datum is not None and "Vietnam 2000" in geodetic.datum.name


def transform_geometries(geometries: Any, source: int | str, target: int | str) -> Any:
    """Transform an array of shapely geometries; Z is dropped. Shape in, shape out."""
    flat = np.array(geometries, dtype=object)
    if (shapely.get_coordinate_dimension(flat) > 2).any():
        flat = shapely.force_2d(flat)
    if pyproj.CRS.from_user_input(source) == pyproj.CRS.from_user_input(target):
        return flat
    operation = transformer(source, target)

    def move(coordinates: Any) -> Any:
        x, y = operation.transform(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([x, y])

    return shapely.transform(flat, move)


def to_crs(frame: gpd.GeoDataFrame, epsg: int) -> gpd.GeoDataFrame:
    """Return the frame in another CRS, by :func:`transform_geometries`.

    Raises
    ------
    InputError
        Where the frame has no CRS, or as :func:`transformer`.
    """
    if frame.crs is None:
        raise InputError(Problem("crs_missing"))
    source: int | str = frame.crs.to_epsg() or frame.crs.to_wkt()
    moved = transform_geometries(frame.geometry.to_numpy(), source, epsg)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=f"EPSG:{epsg}"))


def inside(bounds: Sequence[float], box: Bounds, slack_m: float = 0.0) -> bool:
    """Whether bounds (west, south, east, north) lie in a box, with slack."""
    return (
        bounds[0] >= box[0] - slack_m
        and bounds[1] >= box[1] - slack_m
        and bounds[2] <= box[2] + slack_m
        and bounds[3] <= box[3] + slack_m
    )


@dataclass(frozen=True)
class Guess:
    """A proposed cause of strange coordinates: read as `epsg` (axes `swapped` or not) they fall into the province."""

    epsg: int
    swapped: bool


def guess_crs(x: Sequence[float], y: Sequence[float], province: Province) -> list[Guess]:
    """Try the CRS that layers usually arrive in; return those that put the points into the province, likeliest first.

    Parameters
    ----------
    x, y
        Coordinates as they stand in the file, first and second number.
    province
        Its bounds are the test; the centre of the points must lie inside, all of them within the slack.
    """
    guesses: list[Guess] = []
    for swapped in (False, True):
        a, b = (y, x) if swapped else (x, y)
        for epsg in dict.fromkeys((province.epsg, *COMMON_CRS)):
            try:
                east, north = transformer(epsg, province.epsg).transform(np.asarray(a), np.asarray(b))
            except (pyproj.exceptions.ProjError, InputError):
                continue
            if not (np.all(np.isfinite(east)) and np.all(np.isfinite(north))):
                continue
            box = (float(np.min(east)), float(np.min(north)), float(np.max(east)), float(np.max(north)))
            centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) * 2
            if inside(box, province.bounds, province.slack_m) and inside(centre, province.bounds):
                guesses.append(Guess(epsg, swapped))
    return guesses
