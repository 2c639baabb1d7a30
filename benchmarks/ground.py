"""The eligibility mask and the measuring of sites beside what others would use, in one run; answers must be equal.

Run ``python -m benchmarks.ground``. The second part needs ``rasterstats==0.21.0``, which is no part of the program:
``pip install --target DIR --no-deps rasterstats==0.21.0 simplejson cligj`` and ``PYTHONPATH=DIR``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.features import geometry_mask

from benchmarks.measure import machine
from siteplan.raster import Raster
from siteplan.sites.grid import Grid, within
from siteplan.sites.zonal import zonal

CELL_M = 30.0
ROWS, COLUMNS = 4240, 4400  # the province
PLAIN_SEGMENTS = 16  # shapely's default for a quarter circle
CHORD_M = 1e-4
SITES = 5000
OPERATIONS = ("mean", "min", "max", "count")


def _best(call: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    seconds, found = [], None
    for _ in range(times):
        started = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - started)
    return min(seconds), found


def rules(grid: Grid, rng: np.random.Generator) -> list[tuple[Any, float]]:
    """Lines and polygons of five rules with their distances, as many as the province has."""
    west, south, east, north = grid.bounds
    found = []
    for count, steps, distance in ((3000, 12, 9.0), (2500, 15, 10.0), (400, 10, 17.0), (250, 8, 500.0)):
        starts = np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)])
        walk = np.cumsum(rng.normal(0, 150, (count, steps, 2)), axis=1) + starts[:, None, :]
        found.append((np.asarray(shapely.linestrings(walk)), distance))
    points = shapely.points(rng.uniform(west, east, 1500), rng.uniform(south, north, 1500))
    areas = shapely.buffer(points, 300, quad_segs=6)
    return [*found, (np.asarray(areas), 0.0)]


def segments(distance: float, within_m: float) -> int:
    """Segments of a quarter circle whose chords leave the circle by no more than a length."""
    if distance <= 0:
        return PLAIN_SEGMENTS
    return int(np.ceil(np.pi / 4 / np.arccos(1 - within_m / distance)))


def buffered_masks(grid: Grid, given: list[tuple[Any, float]], chord_m: float | None) -> Any:
    """One `geometry_mask` of the buffered union of each rule, OR-ed; arcs by shapely's default, or true to a length."""
    out = np.zeros(grid.shape, dtype=bool)
    for shapes, distance in given:
        fine = PLAIN_SEGMENTS if chord_m is None else segments(distance, chord_m)
        union = shapely.union_all(shapely.buffer(shapes, distance, quad_segs=fine) if distance else shapes)
        out |= ~geometry_mask([union], grid.shape, grid.transform)
    return out


def compare_masks() -> bool:
    """Mask of all rules: exact distances against one `geometry_mask` of the buffered union of each rule.

    The speed is held against buffers with shapely's default arcs, the fastest way of theirs. Such arcs are chords: a
    cell centre between chord and circle is lost, so that some cells differ (38 with 64 segments a quarter circle).
    Equality is held against arcs true to a tenth of a millimetre, and it is told how near to the edge the cells lie in
    which the quick buffers differ.
    """
    grid = Grid(380_010.0, 2_486_610.0, ROWS, COLUMNS, CELL_M)
    given = rules(grid, np.random.default_rng(1))

    def ours() -> Any:
        out = np.zeros(grid.shape, dtype=bool)
        for shapes, distance in given:
            out |= within(shapes, distance, grid)
        return out

    quick, mine = _best(ours)
    slow, plain = _best(lambda: buffered_masks(grid, given, None), 1)
    fine = buffered_masks(grid, given, CHORD_M)
    lost, depth_m = _lost_to_chords(grid, given, mine != plain)
    differing = int((mine != fine).sum())
    print(
        f"mask: {quick:.2f} s against {slow:.2f} s, {slow / quick:.1f} times; {differing} of {mine.size} cells differ "
        f"from buffers true to {CHORD_M * 1000:g} mm; default buffers lose "
        f"{lost} cells, up to {depth_m:.2f} m inside the edge"
    )
    return differing == 0


def _lost_to_chords(grid: Grid, given: list[tuple[Any, float]], differs: Any) -> tuple[int, float]:
    """Cells that default buffers answer otherwise, and how far inside the true edge the deepest of them lies."""
    rows, columns = np.nonzero(differs)
    points = shapely.points(grid.x[columns], grid.y[rows])
    inward = np.full(len(points), -np.inf)
    for shapes, distance in given:
        if distance:
            (left, _), away = shapely.STRtree(shapes).query_nearest(points, return_distance=True, all_matches=False)
            inward[left] = np.maximum(inward[left], distance - away)
    return len(points), float(inward.max(initial=0.0))


def compare_measuring() -> bool:
    """Statistics of 5,000 sites, and the areas that cell coverage gives."""
    rng = np.random.default_rng(2)
    raster = Raster(
        rng.uniform(0, 60, (ROWS, COLUMNS)).astype(np.float32), Affine(30, 0, 380_010, 0, -30, 2_486_610), -1.0
    )
    west, south, east, north = raster.bounds
    x, y = rng.uniform(west + 500, east - 500, SITES), rng.uniform(south + 500, north - 500, SITES)
    turn = rng.uniform(0, np.pi / 2, SITES)
    side = np.sqrt(rng.uniform(3000, 12_000, SITES))
    angle = turn[:, None] + np.pi / 4 + np.arange(4) * np.pi / 2
    corners = np.stack([x[:, None] + side[:, None] / np.sqrt(2) * np.cos(angle),
                        y[:, None] + side[:, None] / np.sqrt(2) * np.sin(angle)], axis=-1)  # fmt: skip
    sites = np.asarray(shapely.polygons(corners))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slope.tif"
        profile = {"driver": "GTiff", "height": ROWS, "width": COLUMNS, "count": 1, "dtype": "float32", "nodata": -1}
        with rasterio.open(path, "w", crs=9215, transform=raster.transform, tiled=True, **profile) as target:
            target.write(raster.values, 1)
        return _measured(sites, path)


def _measured(sites: Any, path: Path) -> bool:
    """Compare on one file: both read it and measure."""

    def ours() -> Any:
        with rasterio.open(path) as source:
            return zonal(sites, Raster(source.read(1), source.transform, source.nodata), OPERATIONS)

    quick, mine = _best(ours)
    areas = np.abs(mine["count"].to_numpy() * CELL_M**2 / shapely.area(sites) - 1).max()
    print(f"measuring {SITES} sites: {quick:.2f} s; areas by coverage differ by at most {areas:.1e}")
    try:
        from rasterstats import zonal_stats
    except ImportError:
        print("rasterstats is not there: not compared")
        return bool(areas <= 1e-6)
    slow, other = _best(lambda: zonal_stats(list(sites), str(path), stats=list(OPERATIONS), boundless=False))
    known = np.array([row["mean"] is not None for row in other])
    means = np.array([row["mean"] for row in other if row["mean"] is not None], dtype=float)
    bias = float(np.median(np.abs(means - mine["mean"].to_numpy()[known])))
    print(f"rasterstats: {slow:.2f} s, {slow / quick:.1f} times; median difference of its means {bias:.2f}")
    return bool(areas <= 1e-6)


def main() -> int:
    """Compare both; 1 where an answer is not equal."""
    print(machine())
    return int(not all([compare_masks(), compare_measuring()]))


if __name__ == "__main__":
    sys.exit(main())
