"""Earthworks: what has to be cut and filled to make a level platform of the needed size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.sites.forced import cut_plot
from siteplan.sites.ground.landform import heights_at

if TYPE_CHECKING:
    from siteplan.raster import Raster

Array = np.ndarray[Any, Any]

POINTS = 40  # along the longer side of the box around a plot
LARGER = 1.05  # a plot larger than this many times the need is levelled only in part


@dataclass(frozen=True)
class Platform:
    """A level platform.

    Parameters
    ----------
    area_m2
        Its area.
    level_m
        Level with the least earth moved, or the least level allowed where that is higher.
    least_earth_level_m
        Level with the least earth moved, whatever level is allowed.
    cut_m3, fill_m3
        Earth above and below that level.
    balanced_level_m, balanced_m3
        Level at which cut equals fill, and that volume.
    """

    area_m2: float
    level_m: float
    least_earth_level_m: float
    cut_m3: float
    fill_m3: float
    balanced_level_m: float
    balanced_m3: float

    def balanced(self, percent: float) -> bool:
        """Whether cut and fill differ by no more than a percentage of the larger."""
        return abs(self.cut_m3 - self.fill_m3) <= percent / 100.0 * max(self.cut_m3, self.fill_m3)


def platform_part(plot: Any, required_m2: float) -> Any:
    """Part of a plot that is levelled: all of it, or of a much larger one as much as is needed."""
    return cut_plot(plot, required_m2) if required_m2 > 0 and plot.area > LARGER * required_m2 else plot


def points_in(plot: Any) -> tuple[Array, Array]:
    """Coordinates of points spread evenly in a plot, each standing for the same share of it."""
    west, south, east, north = plot.bounds
    step = max(east - west, north - south) / POINTS
    columns, rows = max(1, round((east - west) / step)), max(1, round((north - south) / step))
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = south + (np.arange(rows) + 0.5) * (north - south) / rows
    grid_x, grid_y = (a.ravel() for a in np.meshgrid(x, y))
    inside = shapely.contains_xy(plot, grid_x, grid_y)
    return grid_x[inside], grid_y[inside]


def level_platform(heights_m: Array, area_m2: float, least_level_m: float = float("nan")) -> Platform | None:
    """Find the best level of a platform and the earth to move, without slopes at its sides and without bulking.

    Parameters
    ----------
    heights_m
        Heights of points that stand for equal shares of the platform.
    area_m2
        Its area.
    least_level_m
        Level it must not lie below (a flood level with its margin); NaN where none is known.

    Returns
    -------
    Platform or None
        None where a height is unknown. The sum of cut and fill is least at the median height; they are equal at the
        mean.
    """
    if len(heights_m) == 0 or not np.isfinite(heights_m).all():
        return None
    share = area_m2 / len(heights_m)
    mean, best = float(heights_m.mean()), float(np.median(heights_m))
    level = best if np.isnan(least_level_m) else max(best, least_level_m)
    above = heights_m - level
    return Platform(
        area_m2,
        level,
        best,
        share * float(above[above > 0].sum()),
        -share * float(above[above < 0].sum()),
        mean,
        share * float(np.abs(heights_m - mean).sum()) / 2,
    )


def plot_heights(plots: Array, dem: Raster) -> list[tuple[Array, Array, Array]]:
    """Return eastings, northings and heights of points spread in each plot."""
    points = [points_in(plot) for plot in plots]
    count = [len(x) for x, _ in points]
    if not count:
        return []
    x, y = (np.concatenate(parts) for parts in zip(*points, strict=True))
    split = np.cumsum(count)[:-1]
    z = np.split(heights_at(dem, x, y), split)
    return [(px, py, pz) for (px, py), pz in zip(points, z, strict=True)]
