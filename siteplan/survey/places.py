"""Where a coordinate of an answer lies: in its commune, in another zone, with its axes swapped, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj
import shapely

from siteplan.crs import WGS84, Province, guess_crs, inside, transformer
from siteplan.errors import InputError
from siteplan.layers.place import ZONES
from siteplan.survey.cells import Fault

# a boundary that is only illustrative cannot say what lies outside the commune; a real one is good to some metres
TOLERANCE_M = 100.0
ILLUSTRATIVE_TOLERANCE_M = 3_000.0
_MERIDIANS = {epsg: meridian for meridian, epsg in ZONES.items()}
_SIX_DEGREES = {3405: 105.0, 3406: 111.0}


@dataclass(frozen=True)
class Ground:
    """The province, and the polygons of its communes by code with whether they are illustrative."""

    province: Province
    communes: Mapping[str, Any]
    illustrative: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def unit(self, code: str) -> str:
        """Code of a commune with its name where that is known."""
        return f"{code} ({self.names[code]})" if code in self.names else code

    @property
    def tolerance_m(self) -> float:
        """How far outside its commune a point may lie."""
        return ILLUSTRATIVE_TOLERANCE_M if self.illustrative else TOLERANCE_M


def moved(first: float, second: float, epsg: int, province: Province) -> tuple[float, float] | None:
    """East and north in the province's CRS of (east, north) or (longitude, latitude) in another; None where not."""
    try:
        east, north = transformer(epsg, province.epsg).transform(first, second)
    except (pyproj.exceptions.ProjError, InputError):
        return None
    return (float(east), float(north)) if np.isfinite(east) and np.isfinite(north) else None


def position(values: Mapping[str, Any], province: Province) -> tuple[float, float] | None:
    """East and north of an answer in the province's CRS, metres, to the millimetre; None where it gives none."""
    x, y = values.get("x_north"), values.get("y_east")
    if x is None or y is None:
        return None
    if values.get("crs") == "wgs84":
        found = moved(y, x, WGS84, province)
        return None if found is None else (round(found[0], 3), round(found[1], 3))
    return float(y), float(x)


def _in_province(point: tuple[float, float] | None, province: Province) -> bool:
    return point is not None and inside((*point, *point), province.bounds, province.slack_m)


def check_place(values: Mapping[str, Any], code: str, ground: Ground) -> Fault | None:
    """Tell what is wrong with the coordinates of an answer, or None. Both numbers are there."""
    province = ground.province
    x, y = float(values["x_north"]), float(values["y_east"])
    degrees = values.get("crs") == "wgs84"
    epsg = WGS84 if degrees else province.epsg
    point = moved(y, x, epsg, province)
    if not _in_province(point, province):
        return _elsewhere(x, y, epsg, ground, code)
    polygon = ground.communes.get(code)
    if polygon is None or point is None:
        return None
    distance = float(shapely.distance(polygon, shapely.Point(point)))
    if distance <= 0:
        return None
    if not degrees and distance > ground.tolerance_m:
        # a neighbouring zone moves a point by tens of kilometres, often within the province
        for meridian, zone in ZONES.items():
            other = moved(y, x, zone, province) if zone != province.epsg else None
            if other is not None and polygon.covers(shapely.Point(other)):
                return Fault("survey_zone", params={"guess": f"EPSG:{zone}", "meridian": _degrees(meridian)})
    severe = distance > ground.tolerance_m
    return Fault("survey_outside_commune", "error" if severe else "warning", {"distance_m": round(distance)})


def _elsewhere(x: float, y: float, epsg: int, ground: Ground, code: str) -> Fault:
    province = ground.province
    if _in_province(moved(x, y, epsg, province), province):
        return Fault("survey_axes_swapped")
    guesses = [g for g in guess_crs([y], [x], province) if g.epsg != epsg]
    polygon = ground.communes.get(code)

    def hits(guess: Any) -> bool:
        first, second = (x, y) if guess.swapped else (y, x)
        point = moved(first, second, guess.epsg, province)
        return polygon is not None and point is not None and bool(polygon.covers(shapely.Point(point)))

    guesses.sort(key=lambda guess: (guess.swapped, not hits(guess)))
    if not guesses:
        return Fault("survey_outside_province")
    best = guesses[0]
    if best.epsg in (WGS84, province.epsg):
        return Fault("survey_system", params={"guess": "WGS 84" if best.epsg == WGS84 else "VN-2000"})
    meridian = _MERIDIANS.get(best.epsg, _SIX_DEGREES.get(best.epsg))
    return Fault("survey_zone", params={"guess": f"EPSG:{best.epsg}", "meridian": _degrees(meridian)})


def _degrees(meridian: float | None) -> str:
    if meridian is None:
        return "–"
    whole, minutes = int(meridian), round((meridian - int(meridian)) * 60)
    return f"{whole}°{minutes:02d}'"
