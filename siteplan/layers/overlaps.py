"""Communes of the open boundaries that lie on one another: the land they share goes to the one whose area it fits.

Open boundaries are reference maps: here and there the same land is drawn in two communes or more. No run can do with
that. Each common part that is more than drawing error is left to the commune for which the areas then come nearest to
those stated; who had to give it up is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.errors import Problem

if TYPE_CHECKING:
    import geopandas as gpd

Array = np.ndarray[Any, Any]
TOLERATED_PERCENT = 1.0  # of the smaller commune: a check tells it, no run is stopped by it


def settled(communes: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return communes without large overlaps.

    Parameters
    ----------
    communes
        ``code, name, stated_area_km2`` and polygons, metres.
    file
        Where they come from, for the problems.

    Returns
    -------
    tuple
        The communes, and a warning for each part that was left to one of two.
    """
    shapes = communes.geometry.to_numpy().copy()
    stated = communes["stated_area_km2"].to_numpy(float) * 1e6
    names = (communes["code"] + " " + communes["name"]).to_numpy(object)
    problems: list[Problem] = []
    while pairs := _large(shapes):
        # the clearest case first: what it settles may settle others
        loser, winner = min(
            ((a, b) for pair in pairs for a, b in (pair, pair[::-1])),
            key=lambda both: (_worse(shapes, stated, *both), *both),
        )
        common = shapely.area(shapely.intersection(shapes[loser], shapes[winner]))
        shapes[loser] = _areal(shapely.difference(shapes[loser], shapes[winner]))
        problems.append(
            Problem(
                "communes_overlap_settled", "warning", file=file, feature=f"{names[loser]} / {names[winner]}",
                params={"area_m2": float(common), "winner": str(names[winner])},
            )
        )  # fmt: skip
    return communes.set_geometry(shapes, crs=communes.crs), problems


def _large(shapes: Array) -> list[tuple[int, int]]:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    areas = shapely.area(shapes)
    wrong = 100 * common > TOLERATED_PERCENT * np.minimum(areas[first], areas[second])
    return [(int(a), int(b)) for a, b in zip(first[wrong], second[wrong], strict=True)]


def _worse(shapes: Array, stated: Array, loser: int, winner: int) -> float:
    """By how much the relative deviation from the stated area grows where the loser gives up the common part."""
    area = shapely.area(shapes[loser])
    left = shapely.area(shapely.difference(shapes[loser], shapes[winner]))
    if not stated[loser] > 0:
        return 0.0
    return float((abs(left - stated[loser]) - abs(area - stated[loser])) / stated[loser])


def _areal(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.multipolygons(parts)
