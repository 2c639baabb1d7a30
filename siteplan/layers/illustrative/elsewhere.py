"""Terrain and roads for a province of which nothing but the communes is known: to try the program, nothing else.

Made from the communes alone, deterministic by the province's code. Heights are rolling hills without any likeness to
the country; roads join the communes by the shortest tree, and reach out from each commune's middle.
"""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay

from siteplan.crs import Bounds
from siteplan.layers.illustrative.noise import Array, fractal
from siteplan.raster import Raster

CELL_M = 90.0
MARGIN_M = 3_000.0
MOST_CELLS = 9_000_000  # an archipelago's box is mostly sea: wider cells there
MEAN_M, SPREAD_M, LOWEST_M = 260.0, 110.0, 2.0
SPOKES = 6


def terrain(bounds: Bounds, seed: int, cell_m: float = CELL_M) -> Raster:
    """Make heights over a box (metres) and a margin; float32, no voids."""
    west, south, east, north = bounds
    while (east - west) * (north - south) / cell_m**2 > MOST_CELLS:
        cell_m *= 2
    west, north = west - MARGIN_M, north + MARGIN_M
    columns = int(np.ceil((east + MARGIN_M - west) / cell_m))
    rows = int(np.ceil((north - south + MARGIN_M) / cell_m))
    field = fractal((rows, columns), np.random.default_rng(seed), longest=20_000 / cell_m, slope=2.4)
    heights = np.maximum(MEAN_M + SPREAD_M * field, LOWEST_M).round(1).astype(np.float32)
    return Raster(heights, Affine(cell_m, 0, west, 0, -cell_m, north), None, cell_m)


def roads(polygons: Array, seed: int) -> tuple[list[shapely.LineString], list[str]]:
    """Join the middles of communes (polygons, metres): lines and their classes.

    The shortest tree is provincial, the other sides of the triangles up to twice its median are commune roads, and
    local ones lead from each middle towards the outline.
    """
    middles = shapely.get_coordinates(shapely.point_on_surface(polygons))
    tree, others = _links(middles)
    lines = [shapely.LineString(middles[list(pair)]) for pair in (*tree, *others)]
    classes = ["provincial"] * len(tree) + ["commune"] * len(others)
    random = np.random.default_rng(seed)
    for middle, polygon in zip(middles, polygons, strict=True):
        size = np.sqrt(polygon.area)
        for angle in 2 * np.pi * (np.arange(SPOKES) + random.random(SPOKES)) / SPOKES:
            spoke = shapely.LineString([middle, middle + 0.45 * size * np.array([np.cos(angle), np.sin(angle)])])
            inside = shapely.intersection(spoke, polygon)
            for part in shapely.get_parts(inside):
                if part.geom_type == "LineString" and part.length > CELL_M:
                    lines.append(part)
                    classes.append("local")
    return lines, classes


def _links(middles: Array) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    if len(middles) < 4:
        return [(i, i + 1) for i in range(len(middles) - 1)], []
    corners = Delaunay(middles, qhull_options="QJ").simplices
    pairs = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    length = np.hypot(*(middles[pairs[:, 0]] - middles[pairs[:, 1]]).T)
    graph = coo_matrix((length, (pairs[:, 0], pairs[:, 1])), shape=(len(middles), len(middles)))
    chosen = minimum_spanning_tree(graph).tocoo()
    tree = sorted({(min(a, b), max(a, b)) for a, b in zip(chosen.row.tolist(), chosen.col.tolist(), strict=True)})
    longest = 2 * float(np.median(chosen.data))
    near = [(int(a), int(b)) for (a, b), d in zip(pairs, length, strict=True) if d <= longest]
    return tree, [pair for pair in near if pair not in set(tree)]
