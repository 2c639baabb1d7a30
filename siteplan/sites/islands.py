"""Parts of a commune that lie far apart: islands near to one another form a group, worked in a window of its own.

The box around an archipelago is sea: Trường Sa's would be half a thousand million cells of 30 m. Between parts of a
commune no way leads that the times would see where they lie farther apart than people walk and roads are followed over
a boundary from both sides; so far apart, nothing that is measured of the land of one hangs on the other.
The raster of eligible land that a run keeps is still one for the province, a byte a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siteplan.sites.access.surface import ACCESS_CELL_M, ROAD_REACH_M

if TYPE_CHECKING:
    from siteplan.scenario.settings import SiteSettings
    from siteplan.sites.forced import Forced

WITH_RESERVE = "with_reserve"  # plots of the land needed with its reserve, and the others without it

_CELLS = 3  # by as many cells the ground of the times may reach farther than its margin


def apart_m(margin_m: float) -> float:
    """Distance from which parts of a commune are worked apart: twice what the times look over a boundary."""
    return 2.0 * (max(margin_m, ROAD_REACH_M) + _CELLS * ACCESS_CELL_M)


def groups(commune: Any, margin_m: float) -> list[Any]:
    """Split a commune into groups of parts that lie no farther apart than :func:`apart_m` from one to the next.

    Parameters
    ----------
    commune
        Polygon or multipolygon, metres.
    margin_m
        How far over the boundary people walk (``grid.margin_m`` of the scenario).

    Returns
    -------
    list
        Polygons and multipolygons, the largest first; the commune itself where all hang together.
    """
    parts = shapely.get_parts(commune)
    if len(parts) < 2:
        return [commune]
    one, other = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=apart_m(margin_m))
    near = coo_array((np.ones(len(one), dtype=bool), (one, other)), shape=(len(parts), len(parts)))
    count, group = connected_components(near, directed=False)
    if count == 1:
        return [commune]
    made = [shapely.multipolygons(parts[group == i]) for i in range(count)]
    return sorted(made, key=lambda shape: (-shape.area, *shape.bounds))


def nearest(parts: Sequence[Any], shape: Any) -> int:
    """Return the number of the group that a shape lies in or nearest to."""
    return 0 if len(parts) == 1 else int(np.argmin(shapely.distance(np.asarray(parts, dtype=object), shape)))


def best_of(found: Sequence[list[Forced]], settings: SiteSettings) -> list[Forced]:
    """Choose among the plots found in each group: the best of each in turn, those with the reserve first."""
    if len(found) == 1:
        return found[0]
    whole = [[plot for plot in plots if plot.size == WITH_RESERVE] for plots in found]
    bare = [[plot for plot in plots if plot.size != WITH_RESERVE] for plots in found]
    first = _in_turn(whole, settings.with_reserve if any(bare) else settings.per_commune)
    return [*first, *_in_turn(bare, settings.per_commune - len(first))]


def _in_turn(lists: Sequence[list[Forced]], most: int) -> list[Forced]:
    """Take the first of each list, then the second of each, until there are enough."""
    return [one for one in chain.from_iterable(zip_longest(*lists)) if one is not None][:most]
