"""The land border of a province from the national boundaries: what of the country's outline is neither coast nor sea.

The outline of the mainland is cut at the two places where the land border reaches the sea (``layers/border_ends.csv``);
of the two lines the one that reaches farther west is the border. It follows the communes' own lines exactly.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely

from siteplan import cache, crs
from siteplan.cache import sha256_of
from siteplan.layers.provinces import ProvinceEntry
from siteplan.tables import records
from siteplan.tabular import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray[Any, Any]
ENDS_FILE = "border_ends.csv"
LEAST_M = 100.0  # of a commune's border: less is a corner that touches it
_ON_LINE_DEGREES = 1e-9


def has_border(entry: ProvinceEntry, provinces: Sequence[ProvinceEntry]) -> bool:
    """Whether a neighbour of the province is another country: no province of that name is there."""
    return bool(set(entry.neighbours) - {province.name for province in provinces})


def border_of(national: Path, entry: ProvinceEntry, ends: Path) -> gpd.GeoDataFrame:
    """Land border of a province, a row a commune and stretch.

    Parameters
    ----------
    national
        Boundaries of all communes, degrees.
    entry
        The province.
    ends
        Table with ``lon``, ``lat`` of the two ends of the country's land border.

    Returns
    -------
    GeoDataFrame
        ``code, name, length_m`` (of the ellipsoid) and lines in the CRS of the province.
    """
    quoted = entry.code.replace("'", "''")
    own = pyogrio.read_dataframe(
        national, layer="communes", columns=["code", "full_name"], where=f"province_code = '{quoted}'"
    )
    line = _land_border(national, ends)
    middles = np.asarray(shapely.points((line[:-1] + line[1:]) / 2))
    found, areas = shapely.STRtree(own.geometry.to_numpy()).query(middles, "dwithin", distance=_ON_LINE_DEGREES)
    owner = np.full(len(middles), -1)
    owner[found[::-1]] = areas[::-1]
    starts = np.flatnonzero(np.diff(owner, prepend=-2) != 0)
    rows = []
    for first, after in zip(starts, [*starts[1:], len(owner)], strict=True):
        if owner[first] >= 0:
            commune, stretch = own.iloc[owner[first]], shapely.linestrings(line[first : after + 1])
            rows.append((str(commune["code"]).zfill(5), commune["full_name"], stretch))
    ellipsoid = pyproj.Geod(ellps="WGS84")
    frame = gpd.GeoDataFrame(
        {
            "code": [code for code, _, _ in rows],
            "name": [name for _, name, _ in rows],
            "length_m": [ellipsoid.geometry_length(shape) for _, _, shape in rows],
        },
        geometry=[shape for _, _, shape in rows],
        crs=own.crs,
    )
    frame = crs.to_crs(frame, entry.epsg)
    return frame[frame.groupby("code")["length_m"].transform("sum") >= LEAST_M].reset_index(drop=True)


def _land_border(national: Path, ends: Path) -> Array:
    """Corners of the country's land border from one end to the other, degrees; made once and kept."""
    marks = [(float(row["lon"]), float(row["lat"])) for row in records(read_table(ends))]
    key = cache.key_of(sha256_of(national), repr(marks))
    return np.array(cache.kept_json("national_border", key, lambda: _cut_outline(national, marks).tolist()))


def _cut_outline(national: Path, marks: list[tuple[float, float]]) -> Array:
    communes = pyogrio.read_dataframe(national, layer="communes", columns=[]).geometry.to_numpy()
    parts = shapely.get_parts(shapely.union_all(communes))
    mainland = parts[np.argmax(shapely.area(parts))]
    ring = shapely.get_coordinates(shapely.get_exterior_ring(mainland))[:-1]
    first, last = sorted(int(np.argmin(np.hypot(*(ring - mark).T))) for mark in np.array(marks))
    lines = (ring[first : last + 1], np.vstack([ring[last:], ring[: first + 1]]))
    return min(lines, key=lambda line: float(line[:, 0].min()))
