"""The statement on the CRS of a kit: parameters, the datum shift, two points to check with, settings of other programs.

A ``.prj`` cannot carry the shift from VN-2000 to WGS 84: who lays the layers over other data sets it by hand, and
checks it with these points. All figures are those of the EPSG register as PROJ holds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj

from siteplan import locale
from siteplan.crs import DATUM_SHIFT, WGS84, transformer
from siteplan.outputs import run_words
from siteplan.outputs.paper import Paper

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from siteplan.runs import Run

FILE = "he_toa_do.docx"
LINE_FILE = "mapinfow_prj.txt"  # to be copied: in a document hyphens may not break
_HYPHEN = "\u2011"
_GRID_M = 1_000.0
_OTHER_MERIDIAN = 0.25  # degrees; neighbouring provinces lie on 107°00′ and 107°30′
_FAR_M = 10
PROGRAMS = ("arcgis", "qgis", "mapinfo", "microstation")


def control_points(communes: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    """Return two points, east and north in whole kilometres: near the south-west and the north-east communes."""
    inside = communes.geometry.representative_point()
    order = np.argsort((inside.x + inside.y).to_numpy())
    chosen = (inside.iloc[int(order[0])], inside.iloc[int(order[-1])])
    return [(round(p.x / _GRID_M) * _GRID_M, round(p.y / _GRID_M) * _GRID_M) for p in chosen]


def shift_parameters() -> dict[str, float]:
    """Return the seven parameters of the datum shift, by name of the register: metres, arc-seconds, ppm."""
    operation = pyproj.crs.CoordinateOperation.from_epsg(DATUM_SHIFT)  # type: ignore[attr-defined]
    return {p.name: float(p.value) for p in operation.params}


def projection_parameters(epsg: int) -> dict[str, float]:
    """Return the parameters of the projection, by name of the register."""
    operation = pyproj.CRS.from_epsg(epsg).coordinate_operation
    return {p.name: float(p.value) for p in operation.params} if operation is not None else {}


def _plain(value: float) -> str:
    """Write a figure in full, as it is typed into a program: decimal point, no grouping."""
    return np.format_float_positional(value, trim="-")


def settings(epsg: int) -> Mapping[str, Any]:
    """Return what the texts on the settings of other programs are filled with."""
    shift, grid = list(shift_parameters().values()), projection_parameters(epsg)
    crs = pyproj.CRS.from_epsg(epsg)
    meridian = grid["Longitude of natural origin"]
    scale, east, north = (grid[k] for k in ("Scale factor at natural origin", "False easting", "False northing"))
    seven = ", ".join(_plain(v) for v in shift)
    # 8: transverse Mercator; 9999: datum with seven parameters; 28: ellipsoid WGS 84; 7: metres
    zone = ", ".join(_plain(v) for v in (meridian, 0.0, scale, east, north))
    line = f'"{crs.name}", 8, 9999, 28, {seven}, 0, 7, {zone}'
    names = ("dx", "dy", "dz", "rx", "ry", "rz", "ds")
    return {
        "epsg": str(epsg), "name": crs.name, "meridian": _plain(meridian), "scale": _plain(scale),
        "east": _plain(east), "north": _plain(north), "line": line,
        **{key: _plain(v) for key, v in zip(names, shift, strict=True)},
    }  # fmt: skip


def write(path: Path, run: Run, lang: str) -> None:
    """Write the statement as Word."""
    epsg = run.epsg if hasattr(run, "epsg") else int(run.manifest["province"]["epsg"])
    date = dt.date.fromisoformat(str(run_words.scenario_of(run).get("date", "2000-01-01")))

    def words(key: str, **params: Any) -> str:
        return locale.text(f"handover.crs.{key}", lang, **params)

    told = settings(epsg)
    kind, province = run_words.province_of(run)
    paper = Paper(words("title"), date, run_words.stamp_lines([run], lang))
    paper.title(words("title").upper(), words("abstract", kind=kind, name=province))
    paper.text(words("intro", **told))
    paper.caption(words("parameters"))
    ellipsoid = pyproj.CRS.from_epsg(epsg).ellipsoid
    assert ellipsoid is not None
    axes = _plain(ellipsoid.semi_major_metre), _plain(round(ellipsoid.inverse_flattening, 9))
    rows = [
        (words("row.name"), f"{told['name']} (EPSG:{epsg})"),
        (words("row.ellipsoid"), words("axes", a=axes[0], f=axes[1])),
        (words("row.meridian"), f"{_degrees(float(told['meridian']))} ({told['meridian']}°)"),
        (words("row.scale"), str(told["scale"])),
        (words("row.false"), f"{told['east']} m; {told['north']} m"),
        (words("row.shift"), f"{told['dx']}; {told['dy']}; {told['dz']} m"),
        (words("row.rotation"), f"{told['rx']}; {told['ry']}; {told['rz']} ″"),
        (words("row.ds"), f"{told['ds']} ppm"),
        (words("row.method"), words("method", code=str(DATUM_SHIFT))),
    ]
    paper.table([words("item"), words("value")], rows, (6, 11), ("left", "left"), size_pt=11)
    points = control_points(run.table("communes"))
    _points(paper, points, epsg, words)
    _signs(paper, points[0], epsg, lang)
    paper.text(words("warning"))
    for program in PROGRAMS:
        paper.heading(words(f"{program}.title"), 3)
        shown = {**told, "line": told["line"].replace("-", _HYPHEN), "file": LINE_FILE}
        paper.items([line for line in words(f"{program}.steps", **shown).strip().split("\n") if line])
    paper.save(path)
    path.with_name(LINE_FILE).write_text(f"{told['line']}\n", "ascii", newline="\r\n")


def _degrees(value: float) -> str:
    """Write degrees and minutes, as Vietnamese documents name a meridian."""
    return f"{int(value)}°{round(value % 1 * 60):02d}′"


def mistakes(point: tuple[float, float], epsg: int) -> dict[str, float]:
    """Return how far off a point (east, north, metres) comes to lie by the usual wrong settings, in metres.

    No shift to WGS 84 at all; the shift the wrong way round; its rotations with the signs of the other convention; a
    central meridian a quarter of a degree to the west.
    """
    east, north = point
    right = transformer(epsg, WGS84).transform(east, north)
    crs = pyproj.CRS.from_epsg(epsg)
    datum = crs.geodetic_crs
    assert datum is not None
    geod = datum.get_geod()
    assert geod is not None
    lon, lat = pyproj.Transformer.from_crs(epsg, datum, always_xy=True).transform(east, north)
    values = list(shift_parameters().values())

    def shifted(sign: float, turn: float) -> tuple[float, float]:
        dx, dy, dz = (_plain(sign * v) for v in values[:3])
        rx, ry, rz = (_plain(turn * v) for v in values[3:6])
        steps = (
            "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 +step "
            f"+proj=helmert +x={dx} +y={dy} +z={dz} +rx={rx} +ry={ry} +rz={rz} +s={_plain(sign * values[6])} "
            "+convention=coordinate_frame +step +inv +proj=cart +ellps=WGS84 +step +proj=unitconvert +xy_in=rad "
            "+xy_out=deg"
        )
        found: tuple[float, float] = pyproj.Transformer.from_pipeline(steps).transform(lon, lat)[:2]
        return found

    wrong = {"no_shift": (lon, lat), "reversed": shifted(-1, -1), "rotation": shifted(1, -1),
             "meridian": (right[0] - _OTHER_MERIDIAN, right[1])}  # fmt: skip
    return {name: float(geod.inv(*right, *at)[2]) for name, at in wrong.items()}


def _signs(paper: Paper, point: tuple[float, float], epsg: int, lang: str) -> None:
    """Write the table of the usual wrong settings and how each is recognised."""
    rows = [
        (locale.text(f"handover.crs.mistake.{name}", lang), locale.number(metres, 0 if metres > _FAR_M else 1, lang))
        for name, metres in mistakes(point, epsg).items()
    ]
    paper.caption(locale.text("handover.crs.mistakes", lang))
    headings = [locale.text(f"handover.crs.mistake_{name}", lang) for name in ("what", "metres")]
    paper.table(headings, rows, (12, 5), ("left", "right"), size_pt=11)


def _points(paper: Paper, points: Sequence[tuple[float, float]], epsg: int, words: Any) -> None:
    """Write the table of the points: X north, Y east, degrees on WGS 84, and what a missing shift gives."""
    datum = pyproj.CRS.from_epsg(epsg).geodetic_crs
    assert datum is not None
    plain = pyproj.Transformer.from_crs(epsg, datum, always_xy=True)
    rows = []
    for number, (east, north) in enumerate(points, start=1):
        lon, lat = transformer(epsg, WGS84).transform(east, north)
        lon_off, lat_off = plain.transform(east, north)
        rows.append([str(number), f"{north:.2f}", f"{east:.2f}", f"{lat:.8f}", f"{lon:.8f}", f"{lat_off:.8f}",
                     f"{lon_off:.8f}"])  # fmt: skip
    paper.caption(words("points"))
    headings = [words(f"point.{name}") for name in ("number", "x", "y", "lat", "lon", "lat_off", "lon_off")]
    paper.table(headings, rows, (3, 5, 5, 6, 6.4, 6, 6.4), ["right"] * 7, size_pt=9)
    paper.text(words("points_note"), italic=True)
