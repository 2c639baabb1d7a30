"""Minutes from every place of a commune to one plot: the picture behind the mean travel time of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.raster import Raster
from siteplan.sites.access import surface
from siteplan.sites.grid import Grid, fill
from siteplan.sites.islands import groups, nearest

if TYPE_CHECKING:
    from siteplan.sites.context import Prepared

LONGEST, NO_WAY, OUTSIDE = 253, 254, 255


def minutes_field(prepared: Prepared, plot_of: tuple[str, bytes]) -> Raster:
    """Return the minutes to a plot from the cells of its commune, over the same ground as the times of the sites.

    Parameters
    ----------
    prepared
        What all communes share.
    plot_of
        Code of the commune, and the plot (WKB).

    Returns
    -------
    Raster
        uint8, cells of :data:`siteplan.sites.access.surface.ACCESS_CELL_M` at multiples of their width: whole minutes,
        253 for more than that, 254 where there is no way, 255 outside the commune and where nobody walks. Of islands
        far apart those around the plot.
    """
    code, plot_wkb = plot_of
    commune = prepared.communes.loc[prepared.communes["code"] == code].geometry.iloc[0]
    plot = shapely.from_wkb(plot_wkb)
    parts = groups(commune, prepared.scenario.grid.margin_m)
    ground = surface.build_ground(
        parts[nearest(parts, plot)],
        prepared.layers,
        prepared.dem,
        prepared.rule_tables.speeds,
        prepared.scenario.grid.margin_m,
    )
    centre = shapely.get_coordinates(shapely.centroid(plot))
    goal = ground.nodes_at(centre[:, 0], centre[:, 1])
    minutes = ground.minutes_to.from_each(goal)[0]
    whole = np.where(np.isfinite(minutes), np.minimum(np.rint(minutes), LONGEST), NO_WAY).astype(np.uint8)
    values: np.ndarray[Any, Any] = np.full(ground.grid.shape, OUTSIDE, dtype=np.uint8)
    held = ground.node >= 0
    node = ground.node[held]
    values[held] = np.where(ground.inside[node], whole[node], OUTSIDE)
    return ground.grid.raster(values, OUTSIDE)


def without_commune(raster: Raster, commune: Any) -> Raster:
    """Take the minutes in a commune out of the grid of a province, for another plot's to be put there.

    Parameters
    ----------
    raster
        As :func:`minutes_field` gives them, of any communes.
    commune
        Polygon, in the CRS of the raster.
    """
    rows, columns = raster.values.shape
    whole = Grid(raster.bounds[0], raster.bounds[3], rows, columns, raster.cell_m)
    near = Grid.around(tuple(shapely.bounds(commune)), raster.cell_m)
    row, column = whole.cells_of(near.x[[0, -1]], near.y[[0, -1]])
    down = slice(max(int(row[0]), 0), max(int(row[1]) + 1, 0))
    right = slice(max(int(column[0]), 0), max(int(column[1]) + 1, 0))
    values = raster.values.copy()
    part = whole.part(slice(down.start, min(down.stop, rows)), slice(right.start, min(right.stop, columns)))
    values[down, right][fill(np.array([commune], dtype=object), part)] = OUTSIDE
    return whole.raster(values, OUTSIDE)
