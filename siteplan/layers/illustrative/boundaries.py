"""Boundaries: communes as a weighted division of the ground between their points, and the national border.

Each commune grows from the lines that join its former units. The cost of a place is the squared distance to those
lines, bent by a random field so that boundaries wind; a weight for each commune is turned until the areas are those
stated (a power diagram whose sites are lines). What lies outside follows the same way: a place belongs to nobody where
every cost is too high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from scipy import ndimage
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from siteplan.layers.illustrative.noise import enlarge, fractal
from siteplan.layers.illustrative.shapes import bend, outlines, round_line

if TYPE_CHECKING:
    from siteplan.crs import Province
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.grid import Grid

Array = np.ndarray[Any, Any]

CELL_M = 150.0
_COARSE_M = 450.0
_THIN = 2
_CORE_M = 450.0
_STRIP_M = 1600.0
_SMOOTHING_M = 150.0


@dataclass(frozen=True)
class Boundaries:
    """Communes and border.

    Parameters
    ----------
    communes
        ``code``, ``name``, ``kind``, polygons that cover the province without gap or overlap.
    border
        The part of the outline that is the national border.
    """

    communes: gpd.GeoDataFrame
    border: shapely.LineString

    @property
    def outline(self) -> Any:
        """The province as one polygon."""
        return shapely.coverage_union_all(self.communes.geometry.to_numpy())


def _skeletons(facts: Facts) -> list[Array]:
    """Return for each commune the segments (n, 2, 2) that join its points; a lone point is a segment of no length."""
    out = []
    for code, commune in facts.communes.iterrows():
        own = facts.units[(facts.units["commune_code"] == code) & facts.units["point_checked"]]
        points = own[["x", "y"]].to_numpy(float)
        points = np.vstack([points, [[commune["seat_x"], commune["seat_y"]]]])
        if commune["centre_checked"]:
            points = np.vstack([points, [[commune["x"], commune["y"]]]])
        points = np.unique(points, axis=0)
        tree = minimum_spanning_tree(cdist(points, points)).tocoo()
        segments = [[points[i], points[j]] for i, j in zip(tree.row, tree.col, strict=True)] or [[points[0], points[0]]]
        out.append(np.asarray(segments))
    return out


def _distance_m(x: Array, y: Array, segments: Array) -> Array:
    nearest = np.full(x.shape, np.inf, dtype=np.float32)
    for (ax, ay), (bx, by) in segments:
        dx, dy = bx - ax, by - ay
        length = max(dx * dx + dy * dy, 1e-9)
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1)
        np.minimum(nearest, np.hypot(x - ax - t * dx, y - ay - t * dy).astype(np.float32), out=nearest)
    return nearest


def _costs(grid: Grid, facts: Facts, skeletons: list[Array]) -> Array:
    """Squared distance (km²) of every cell to every commune, in bent coordinates; (communes, rows, columns)."""
    rng = facts.rng("boundaries")
    coarse = grid.at(_COARSE_M)
    x, y = grid.mesh()
    bent = []
    for plane in (x, y):
        long = fractal(coarse.shape, rng, longest=14000 / _COARSE_M, slope=2.0)
        field = enlarge(long, coarse.shape) * 950.0
        field += fractal(coarse.shape, rng, longest=4500 / _COARSE_M, slope=1.6) * 420.0
        bent.append((plane + enlarge(field, grid.shape, order=1)).astype(np.float32))
    costs = np.empty((len(skeletons), *grid.shape), dtype=np.float32)
    for index, segments in enumerate(skeletons):
        distance = _distance_m(bent[0], bent[1], segments) / np.float32(1000)
        costs[index] = distance * distance
        # the ground beside a commune's own points is its own, whatever the weights
        lines: Any = shapely.linestrings(segments)
        near = grid.burn(shapely.buffer(lines, _CORE_M), touched=True) == 1
        costs[index][near] = -1e4
    return costs


def _outline(costs: Array, within: Array, areas_km2: Array) -> Array:
    """Mask of the province: each commune grows until it has its area, bays and holes are closed."""
    cell_km2 = (_COARSE_M / 1000) ** 2
    penalty = np.where(within, np.float32(0), np.float32(1e4))
    few = (costs + penalty)[:, ::_THIN, ::_THIN].reshape(len(costs), -1)
    weights = (areas_km2 / np.pi).astype(np.float32)
    for _ in range(30):
        gain = few - weights[:, None]
        owner = np.argmin(gain, axis=0)
        inside = gain[owner, np.arange(gain.shape[1])] < 0
        got = np.bincount(owner[inside], minlength=len(weights)) * cell_km2 * _THIN**2
        weights += np.clip((areas_km2 - got) / np.pi * 0.9, -8, 8).astype(np.float32)
    best = (costs - weights[:, None, None]).min(axis=0) + penalty
    # rounding the level set turns the scallops of single communes into one coast
    level = ndimage.gaussian_filter(np.clip(best, -25, 60), 2600 / _COARSE_M)
    cut = np.partition(level.ravel(), int(areas_km2.sum() / cell_km2))[int(areas_km2.sum() / cell_km2)]
    rough: Array = level < cut
    return _largest(rough)


def _within(grid: Grid, province: Province, inset_m: float) -> Array:
    x, y = grid.mesh()
    west, south, east, north = province.bounds
    inside: Array = (x > west + inset_m) & (x < east - inset_m) & (y > south + inset_m) & (y < north - inset_m)
    return inside


def _divide(costs: Array, inside: Array, areas_km2: Array, weights: Array | None) -> Array:
    """Weights that give every commune its area within the outline, found on every second cell both ways."""
    inside = inside[::_THIN, ::_THIN]
    flat = costs[:, ::_THIN, ::_THIN][:, inside]
    cell_km2 = (_COARSE_M * _THIN / 1000) ** 2
    target = areas_km2 * (inside.sum() * cell_km2 / areas_km2.sum())
    weights = np.zeros(len(areas_km2), dtype=np.float32) if weights is None else weights
    step = 0.35
    for _ in range(60):
        owner = np.argmin(flat - weights[:, None], axis=0)
        got = np.bincount(owner, minlength=len(weights)) * cell_km2
        if np.abs(got / target - 1).max() < 0.03:
            break
        weights = weights + np.clip((target - got) * step / np.sqrt(target), -6, 6).astype(np.float32)
    return weights


def _one_piece(owner: Array, inside: Array, core: Array) -> Array:
    """Give detached crumbs of a commune to the neighbour they touch; what touches nothing is dropped."""
    for _ in range(6):
        crumbs = (owner < 0) & inside
        for index, window in enumerate(ndimage.find_objects(owner + 1)):
            labels, count = ndimage.label(owner[window] == index)
            if count > 1:
                home = np.bincount(labels[core[window] == index], minlength=count + 1)
                home[0] = 0
                crumbs[window] |= (labels > 0) & (labels != home.argmax())
        if not crumbs.any():
            break
        owner = owner.copy()
        owner[crumbs] = -1
        nearest = ndimage.distance_transform_edt(owner < 0, return_distances=False, return_indices=True)
        owner[crumbs] = owner[tuple(nearest)][crumbs]
    owner[~_largest(owner >= 0)] = -1
    return owner


def _largest(mask: Array) -> Array:
    """Keep the largest piece of a mask, with its holes filled."""
    labels, _ = ndimage.label(mask)
    kept: Array = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    filled: Array = ndimage.binary_fill_holes(kept)
    return filled


def _without_pinches(owner: Array) -> Array:
    """Widen places where two parts of one area meet at a corner only."""
    owner = owner.copy()
    for _ in range(8):
        a, b, c, d = owner[:-1, :-1], owner[:-1, 1:], owner[1:, :-1], owner[1:, 1:]
        first = (a == d) & (b != a) & (c != a)
        second = (b == c) & (a != b) & (d != b) & ~first
        if not (first.any() or second.any()):
            break
        r, k = np.nonzero(first)
        # the outside yields to the inside, else the left neighbour to the right one
        owner[r, k + 1] = np.where(owner[r, k] >= 0, owner[r, k], owner[r, k + 1])
        owner[r, k] = np.where(owner[r, k] >= 0, owner[r, k], owner[r, k + 1])
        r, k = np.nonzero(second)
        owner[r, k] = np.where(owner[r, k + 1] >= 0, owner[r, k + 1], owner[r, k])
        owner[r, k + 1] = np.where(owner[r, k + 1] >= 0, owner[r, k + 1], owner[r, k])
    return owner


def make_boundaries(facts: Facts, grid: Grid, province: Province) -> Boundaries:
    """Divide the ground between the communes and find the national border.

    Parameters
    ----------
    facts
        Seeds; only rows with a checked point are used.
    grid
        Working grid.
    province
        Its box, which no boundary leaves, and its CRS.

    Returns
    -------
    Boundaries
        Communes that form a valid coverage: shared vertices are equal, each is one polygon.
    """
    communes = facts.communes
    areas = communes["stated_area_km2"].to_numpy(float)
    skeletons = _skeletons(facts)
    coarse, fine = grid.at(_COARSE_M), grid.at(CELL_M)
    costs = _costs(coarse, facts, skeletons)
    is_border = communes["is_border"].to_numpy(bool)
    inside = _outline(costs, _within(coarse, province, 900.0), areas)
    strip = _border_strip(costs, inside, is_border)
    costs[~is_border] += np.where(strip, np.float32(3000), np.float32(0))
    core = _cores(skeletons, fine)
    inside_fine = _smooth_mask(inside, fine.shape, facts) & _within(fine, province, 200.0) | (core >= 0)
    target, weights = areas.copy(), None
    for _ in range(5):
        weights = _divide(costs, inside, target, weights)
        owner = _assign(costs - weights[:, None, None], fine.shape)
        owner[~inside_fine] = -1
        owner[core >= 0] = core[core >= 0]
        owner = _one_piece(owner, inside_fine, core)
        got = np.bincount(owner[owner >= 0], minlength=len(areas)) * (CELL_M / 1000) ** 2
        # forced ground and the finer outline move areas a little: aim beside the mark
        target = np.clip(target * (areas / got) ** 0.8, areas * 0.6, areas * 1.6)
    for _ in range(2):
        owner = _without_pinches(_one_piece(owner, inside_fine, core))
        inside_fine = owner >= 0
    owner = _one_piece(owner, inside_fine, core)
    frame = _polygons(owner, fine, communes, facts.rng("boundary edges"), province.epsg)
    return Boundaries(frame, _border_line(frame, is_border))


def _assign(gains: Array, shape: tuple[int, int]) -> Array:
    """Owner of every fine cell: the commune whose stretched gain is least, looked for near its coarse ground only."""
    rows, columns = _finer_index(gains.shape[1:], shape)
    lead = gains.min(axis=0)
    best = np.full(shape, np.inf, dtype=np.float32)
    owner = np.full(shape, -1, dtype=np.int16)
    for index, gain in enumerate(gains):
        near = gain - lead < 3.0
        (r0, r1), (c0, c1) = (np.flatnonzero(near.any(axis=axis))[[0, -1]] for axis in (1, 0))
        r = slice(*np.searchsorted(rows, [r0 - 2, r1 + 2.5]))
        c = slice(*np.searchsorted(columns, [c0 - 2, c1 + 2.5]))
        fine = _stretch(gain, rows[r], columns[c])
        closer = fine < best[r, c]
        best[r, c][closer] = fine[closer]
        owner[r, c][closer] = index
    return owner


def _cores(skeletons: list[Array], grid: Grid) -> Array:
    core = np.full(grid.shape, -1, dtype=np.int16)
    for index, segments in enumerate(skeletons):
        lines: Any = shapely.linestrings(segments)
        core[grid.burn(shapely.buffer(lines, 260.0), touched=True) == 1] = index
    return core


def _finer_index(coarse: tuple[int, int], fine: tuple[int, int]) -> tuple[Array, Array]:
    rows = (np.arange(fine[0]) + 0.5) * coarse[0] / fine[0] - 0.5
    columns = (np.arange(fine[1]) + 0.5) * coarse[1] / fine[1] - 0.5
    return np.clip(rows, 0, coarse[0] - 1.001), np.clip(columns, 0, coarse[1] - 1.001)


def _stretch(field: Array, rows: Array, columns: Array) -> Array:
    """Bilinear enlargement by rows, then by columns."""
    r, c = np.floor(rows).astype(int), np.floor(columns).astype(int)
    fr, fc = (rows - r).astype(np.float32)[:, None], (columns - c).astype(np.float32)[None, :]
    tall = field[r] * (1 - fr) + field[r + 1] * fr
    wide: Array = tall[:, c] * (1 - fc) + tall[:, c + 1] * fc
    return wide


def _smooth_mask(mask: Array, shape: tuple[int, int], facts: Facts) -> Array:
    distance = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    rows, columns = _finer_index(mask.shape, shape)
    signed = _stretch(distance.astype(np.float32), rows, columns)
    signed += fractal(shape, facts.rng("outline"), longest=5000 / CELL_M, slope=1.7) * 1.1
    fine: Array = signed > 0
    # no province is one cell wide
    return _largest(ndimage.binary_opening(_largest(fine), iterations=2))


def _border_strip(costs: Array, inside: Array, is_border: Array) -> Array:
    """Cells along the outline between the first and the last border commune: only border communes may lie there."""
    owner = np.argmin(costs, axis=0)
    edge = inside & ~ndimage.binary_erosion(inside)
    rows, columns = np.nonzero(edge)
    centre_r, centre_c = np.nonzero(inside)[0].mean(), np.nonzero(inside)[1].mean()
    angle = np.arctan2(columns - centre_c, centre_r - rows)
    mine = is_border[owner[rows, columns]]
    # the widest gap between border cells is the side that is no border
    border_angles = np.sort(angle[mine])
    gaps = np.diff(np.append(border_angles, border_angles[0] + 2 * np.pi))
    start = border_angles[(gaps.argmax() + 1) % len(border_angles)]
    stop = border_angles[gaps.argmax()]
    turned = np.mod(angle - start, 2 * np.pi) <= np.mod(stop - start, 2 * np.pi)
    arc = np.zeros(inside.shape, dtype=bool)
    arc[rows[turned], columns[turned]] = True
    near: Array = inside & (ndimage.distance_transform_edt(~arc) * _COARSE_M < _STRIP_M)
    return near


def _polygons(owner: Array, grid: Grid, communes: Any, rng: np.random.Generator, epsg: int) -> gpd.GeoDataFrame:
    polygons, values = outlines(owner, grid, owner >= 0)
    bent = bend(polygons[np.argsort(values)], grid, rng, wave_m=1500.0, push_m=75.0)
    smooth = shapely.coverage_simplify(bent, _SMOOTHING_M)
    rounded = _round_corners(smooth)
    columns = {name: communes[name].to_numpy() for name in ("code", "name", "kind")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(rounded, crs=f"EPSG:{epsg}"))


def _round_corners(polygons: Array) -> Array:
    """Cut the corners of all shared edges alike: nodes where three areas meet stay, the chains between are rounded."""
    chains = shapely.get_parts(shapely.line_merge(shapely.union_all(shapely.boundary(polygons))))
    rounded = [round_line(shapely.get_coordinates(chain), 2) for chain in chains]
    faces = shapely.get_parts(shapely.polygonize([shapely.LineString(np.round(line, 2)) for line in rounded]))
    seeds = shapely.point_on_surface(polygons)
    tree = shapely.STRtree(polygons)
    out = np.empty(len(polygons), dtype=object)
    inner = shapely.point_on_surface(faces)
    for face, home in zip(faces, tree.nearest(inner), strict=True):
        if out[home] is None or shapely.area(face) > shapely.area(out[home]):
            out[home] = face
    missing = [
        index for index, polygon in enumerate(out) if polygon is None or not shapely.covers(polygon, seeds[index])
    ]
    if missing or not shapely.coverage_is_valid(out):
        return polygons
    return out


def _border_line(frame: gpd.GeoDataFrame, is_border: Array) -> shapely.LineString:
    """Cut the border out of the outline: from inside the first border commune's outer edge to inside the last one's."""
    shapes = frame.geometry.to_numpy()
    points = shapely.get_coordinates(shapely.get_exterior_ring(shapely.coverage_union_all(shapes)))[:-1]
    middles: Any = shapely.points((points + np.roll(points, -1, axis=0)) / 2)
    corners, home = shapely.get_coordinates(shapes, return_index=True)
    edges: Any = shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1)[home[:-1] == home[1:]])
    owner = home[:-1][home[:-1] == home[1:]][shapely.STRtree(edges).nearest(middles)]
    mine = is_border[owner]
    # rotate the ring so that it begins on the side that is no border
    runs = np.flatnonzero(~mine)
    lengths = np.diff(np.append(runs, runs[0] + len(mine)))
    first = (runs[lengths.argmax()] + 1) % len(mine)
    count = int(lengths.max()) - 1
    chosen = (first + np.arange(count)) % len(mine)
    owners = owner[chosen]
    # the outer edges of the two end communes are shared with neighbouring provinces: half of each is border
    head = np.flatnonzero(owners == owners[0])
    tail = np.flatnonzero(owners == owners[-1])
    begin = int(np.quantile(head[head < tail[0]], 0.4))
    end = int(np.quantile(tail[tail > head[-1]], 0.6))
    indices = np.append(chosen[begin:end], (chosen[end - 1] + 1) % len(mine))
    return shapely.LineString(points[indices])
