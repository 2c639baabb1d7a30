"""Land beside a plot that may be added to it: what hard rules and the plots of facilities leave, exactly.

Cells tell where land may be looked for, but a road narrower than a cell falls between their centres: whether land joins
a plot hangs on the objects themselves. Of the terrain alone cells tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.raster import Raster
from siteplan.sites import overlap
from siteplan.sites.eligibility import HIDDEN, cell_polygons
from siteplan.sites.evidence import findings

if TYPE_CHECKING:
    from siteplan.sites.context import Prepared
    from siteplan.sites.eligibility import Eligible

Array = np.ndarray[Any, Any]

LEAST_WIDTH_M = 3.0  # narrower strips carry nothing


@dataclass(frozen=True, kw_only=True)
class FreeLand(Raster):
    """Eligible cells that also know exactly what of areas is free: one area for each that is given."""

    free: Callable[[Array], Array]


def free_land(prepared: Prepared, commune: Any, land: Eligible) -> FreeLand:
    """Eligible land of a commune for figures of what lies around plots.

    Restricted objects take whole cells: no figure tells more of where they lie than the cells do.
    """
    raster = land.grid.raster(land.mask, 255)
    hidden = land.mask == HIDDEN

    def free(areas: Array) -> Array:
        return free_of_rules(prepared, commune, land, areas, barred=hidden, restricted=False)

    return FreeLand(raster.values, raster.transform, raster.nodata, free=free)


def free_of_rules(
    prepared: Prepared,
    commune: Any,
    land: Eligible,
    areas: Array,
    *,
    barred: Array | None = None,
    restricted: bool = True,
    facility_id: str | None = None,
) -> Array:
    """Parts of areas that may be added to a plot.

    Parameters
    ----------
    prepared, commune, land
        What all communes share; the commune or a group of its islands; its eligible land.
    areas
        Polygons, metres.
    barred
        Cells that are not free besides those that are too steep.
    restricted
        Whether restricted objects count.
    facility_id
        Facility whose own plot is no other's; of the others nothing tells that they will give their land up.

    Returns
    -------
    ndarray
        What is left of each area, empty where nothing is.
    """
    out = areas.copy()
    beyond = ~shapely.covers(commune, areas)
    out[beyond] = shapely.intersection(areas[beyond], commune)
    for owner, taken in (
        _excluded(prepared, areas, restricted=restricted),
        _facilities(prepared, areas, facility_id),
        _cells(land, areas, barred),
    ):
        for i in np.unique(owner):
            out[i] = shapely.difference(out[i], shapely.union_all(taken[owner == i]))
    return out


def joining(plots: Array, land: Array) -> tuple[Array, Array]:
    """Pieces of land that hang together with plots, nowhere by less than :data:`LEAST_WIDTH_M`.

    Parameters
    ----------
    plots, land
        Polygons, and the free land around each, beside it.

    Returns
    -------
    tuple
        Number of the plot and area of each piece.
    """
    half = LEAST_WIDTH_M / 2
    both = shapely.union(plots, land)
    # strips are cut off, corners stay: the mitre gives back what the first step takes
    opened = shapely.buffer(shapely.buffer(both, -half, join_style="mitre"), half, join_style="mitre")
    kept = overlap.areal(shapely.intersection(overlap.mended(opened), land))
    pieces, owner = shapely.get_parts(kept, return_index=True)
    joined = shapely.dwithin(pieces, plots[owner], 10.0**-2)  # plots are written to the millimetre
    return owner[joined], pieces[joined]


def _excluded(prepared: Prepared, areas: Array, *, restricted: bool) -> tuple[Array, Array]:
    """Return what hard rules take of areas, part by part, with the numbers of these."""
    layers, near = prepared.ruled, []
    for rule in prepared.rules:
        layer = layers.get(rule.role)
        if rule.hard and layer is not None:
            left, row = layer.pairs(areas, rule.reach_m, rule)
            kept = slice(None) if restricted else ~layer.restricted[row]
            if len(left[kept]):
                near.append((rule, layer, left[kept], row[kept]))
    parts = findings.parts_of(areas, near, layers.get("urban_areas"))
    some = shapely.area(parts) > 0
    number = np.concatenate([np.array([], dtype=np.int64), *(left for _, _, left, _ in near)])
    return number[some], parts[some]


def _facilities(prepared: Prepared, areas: Array, own: str | None) -> tuple[Array, Array]:
    """Return the drawn plots of facilities, but one, that meet areas, with the numbers of these."""
    frame = prepared.facilities
    if frame is None or len(frame) == 0:
        return np.array([], dtype=np.int64), np.array([], dtype=object)
    number, row = frame.sindex.query(areas)
    drawn = np.asarray(frame.geometry.values)[row]
    others = (shapely.get_dimensions(drawn) == 2) & (frame["facility_id"].to_numpy(dtype=object)[row] != own)
    return number[others], overlap.mended(drawn[others])


def _cells(land: Eligible, areas: Array, barred: Array | None) -> tuple[Array, Array]:
    """Cells near areas that carry no plot as far as only cells tell: the exact objects tell of all others."""
    grid = land.grid
    unfit = land.inside & ~land.firm if barred is None else (land.inside & ~land.firm) | barred
    number, parts = [], []
    for i, (west, south, east, north) in enumerate(shapely.bounds(areas)):
        if np.isnan(west):
            continue
        row, column = grid.cells_of(np.array([west, east]), np.array([north, south]))
        near = slice(max(0, row[0]), max(0, row[1] + 1)), slice(max(0, column[0]), max(0, column[1] + 1))
        if unfit[near].any():
            number.append(i)
            parts.append(cell_polygons(unfit[near], grid.part(*near)))
    return np.array(number, dtype=np.int64), np.array(parts, dtype=object)
