"""Shape of the ground: heights between cells, ruggedness, relief, height above the nearest stream, landslide proxy.

Riley, S. J., DeGloria, S. D., Elliot, R. (1999), A terrain ruggedness index that quantifies topographic heterogeneity,
Intermountain Journal of Sciences 5; the same figure as ``gdaldem TRI -alg Riley``.

Places and sites are in the CRS of the terrain model, the province's; what is told of sites has one value each, in their
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from siteplan.sites.columns import Columns
from siteplan.sites.zonal import covered

if TYPE_CHECKING:
    from siteplan.raster import Raster
    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

LANDSLIDE = ("low", "medium", "high")
ASPECTS = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
LEVEL_PERCENT = 1.0  # flatter ground faces nowhere
ALL_KNOWN = 0.999
WATER_ABOVE_M = 2.0  # a terrain model errs by so much at a bank


def heights_at(dem: Raster, x: Array, y: Array) -> Array:
    """Heights at places, metres, linear between the cell centres; NaN beyond the centres and beside unknown cells.

    `x` and `y` are eastings and northings of one shape, which the result has too.
    """
    t = dem.transform
    at = np.stack([(np.asarray(y, float) - t.f) / t.e - 0.5, (np.asarray(x, float) - t.c) / t.a - 0.5])
    found = ndimage.map_coordinates(dem.values, at, output=float, order=1, cval=np.nan, prefilter=False)
    return np.asarray(found)


def ruggedness(elevation_m: Array) -> Array:
    """Root of the summed squares of the differences to the eight neighbours, metres; NaN on edges and beside NaN.

    `elevation_m` is a grid of rows and columns, and so is the result.
    """
    z = np.asarray(elevation_m, dtype=float)
    out = np.full(z.shape, np.nan)
    if min(z.shape) < 3:
        return out
    middle, total = z[1:-1, 1:-1], np.zeros((z.shape[0] - 2, z.shape[1] - 2))
    for down in range(3):
        for right in range(3):
            total += (z[down : down + middle.shape[0], right : right + middle.shape[1]] - middle) ** 2
    out[1:-1, 1:-1] = np.sqrt(total)
    return out


def plane_of(x: Array, y: Array, z: Array) -> tuple[float, float]:
    """Slope in percent and the direction it faces (degrees from north) of the plane that fits points best; NaN if not.

    Least squares over points of easting `x`, northing `y` and height `z`, metres, one array each; at least three. The
    direction is NaN on ground flatter than :data:`LEVEL_PERCENT`.
    """
    if len(z) < 3 or not np.isfinite(z).all():
        return float("nan"), float("nan")
    design = np.column_stack([x - x.mean(), y - y.mean(), np.ones(len(z))])
    (east, north, _), *_ = np.linalg.lstsq(design, z, rcond=None)
    percent = 100.0 * float(np.hypot(east, north))
    facing = float(np.degrees(np.arctan2(-east, -north)) % 360.0)
    return percent, facing if percent >= LEVEL_PERCENT else float("nan")


def aspect_token(degrees: float) -> str | None:
    """Return one of the eight directions (:data:`ASPECTS`) for degrees from north, ``level`` for NaN."""
    return "level" if np.isnan(degrees) else ASPECTS[round(degrees / 45.0) % 8]


def reach_m(figures: Mapping[str, float]) -> float:
    """How far around a site its landform is looked at, metres (``rules/ground.csv``)."""
    return float(np.nanmax([0.0, figures.get("relief.reach", 0.0), figures.get("flood.drainage_reach", 0.0)]))


def around(geometries: Array, dem: Raster, slope: Raster, reach_m: float) -> tuple[Array, Array, Array]:
    """Relief and steepest slope within a distance of each site, and how much of that is known.

    Parameters
    ----------
    geometries
        Sites.
    dem, slope
        Elevation, metres, and slope, percent, on one grid.
    reach_m
        Distance from the edge of the site.

    Returns
    -------
    relief, steepest, known
        Greatest less least height, metres; greatest slope, percent; both of the known cells, NaN where none is. Share
        of the ground whose slope is known, 0 to 1.
    """
    near = shapely.buffer(geometries, reach_m, quad_segs=4)
    relief, steepest, known = np.full(len(near), np.nan), np.full(len(near), np.nan), np.zeros(len(near))
    cells = shapely.area(near) / slope.cell_m**2
    for i, row in enumerate(covered(near, {"height": dem, "slope": slope})):
        (height, _), (percent, share) = row["height"], row["slope"]
        known[i] = share.sum() / cells[i]
        if len(height):
            relief[i] = float(height.max() - height.min())
        if len(percent):
            steepest[i] = float(percent.max())
    return relief, steepest, known


def landslide_proxy(
    relief_m: Array, steepest_percent: Array, known: Array, figures: Mapping[str, float]
) -> list[str | None]:
    """Level by slope and relief around a site alone (``rules/ground.csv``); None where either is unknown.

    The first three are those of :func:`around`; a level without bounds in `figures` is never told. It is no hazard map:
    ``low`` says that the ground around is gentle, not that it is safe, and is said only where all of it is known.
    """
    levels: list[str | None] = []
    for relief, slope, share in zip(relief_m, steepest_percent, known, strict=True):
        if np.isnan(relief) or np.isnan(slope):
            levels.append(None)
            continue
        met = [
            slope >= figures.get(f"landslide.{level}_slope", np.nan)
            and relief >= figures.get(f"landslide.{level}_relief", np.nan)
            for level in ("medium", "high")
        ]
        levels.append("high" if met[1] else "medium" if met[0] else "low" if share > ALL_KNOWN else None)
    return levels


def above_drainage(
    lowest_m: Array, geometries: Array, dem: Raster, layers: Mapping[str, Layer], reach_m: float
) -> Columns:
    """Height of each site's lowest point above the nearest stream, river or water body below it, and the distance.

    The nearest water on the map, not along the flow, whose nearest point lies no higher than the site (by more than
    :data:`WATER_ABOVE_M`); its height is that of the terrain there. Columns ``drainage_height_m`` and
    ``drainage_distance_m``, NaN where there is none within reach.
    """
    best, height = np.full(len(geometries), np.inf), np.full(len(geometries), np.nan)
    for role in ("waterways", "water_areas"):
        layer = layers.get(role)
        if layer is None or len(layer) == 0 or not reach_m > 0:
            continue
        site, row = layer.pairs(geometries, reach_m)
        # of a water that runs through a site any point is nearest: which one is told depends on what is prepared
        shapely.prepare(layer.geometries[row])
        point = shapely.get_point(shapely.shortest_line(layer.geometries[row], geometries[site]), 0)
        level = heights_at(dem, shapely.get_x(point), shapely.get_y(point))
        distance = shapely.distance(point, geometries[site])
        below = np.flatnonzero(level <= lowest_m[site] + WATER_ABOVE_M)
        order = below[np.lexsort((row[below], distance[below], site[below]))]
        first = order[np.unique(site[order], return_index=True)[1]]
        nearer = first[distance[first] < best[site[first]]]
        best[site[nearer]], height[site[nearer]] = distance[nearer], level[nearer]
    distance = np.where(np.isfinite(best), best, np.nan)
    return {"drainage_height_m": lowest_m - height, "drainage_distance_m": distance}


def slope_shares(percent: Array, share: Array, bounds: tuple[float, float, float]) -> list[float]:
    """Percent of a site by class of slope: below the first bound, between them, from the last on; NaN if unknown.

    `percent` and `share` are slope and covered share (0..1) of the known cells of one site, `bounds` rising, percent.
    """
    total = float(share.sum())
    if total <= 0 or np.isnan(bounds).any():
        return [float("nan")] * 4
    classes = np.digitize(percent, bounds)
    return [100.0 * float(share[classes == number].sum()) / total for number in range(4)]
