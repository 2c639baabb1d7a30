"""Zones of a drawing: rings, faces and hatches, the text inside as code, one in another cut out, doubles dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from siteplan.errors import Problem
from siteplan.layers.drawing import rings, words
from siteplan.layers.drawing.entities import Drawing, Label

Array = np.ndarray[Any, Any]

# narrower than this between two outlines is one outline drawn twice
DOUBLE_M = 0.5
SMALLEST_M2 = 1.0
OVERLAP_M2 = 1.0
COORDINATE_DECIMALS = 3


@dataclass(frozen=True)
class LayerUse:
    """What a layer of the drawing holds: zones (of one function, or of that of the text inside), texts, or nothing."""

    use: str
    function: str = ""


@dataclass(frozen=True)
class Zone:
    """One zone: its polygon in metres, its layer and handle, its function and the labels inside."""

    polygon: Any
    layer: str
    handle: str
    drawn_as: str
    function: str = ""
    labels: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass
class Faults:
    """Faults with their place: a row each, and a point each for looking at them in a GIS."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)

    def add(self, key: str, at: tuple[float, float], layer: str, feature: str = "", **params: Any) -> None:
        """Add a warning; `at` is east, north in the province's CRS, and is written north first, as people do."""
        place = f"X {at[1]:.3f}; Y {at[0]:.3f}"
        self.problems.append(Problem(key, "warning", self.file, layer, feature, "", place, params))
        self.points.append(at)


def _centre(shape: Any) -> tuple[float, float]:
    x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
    return float(x), float(y)


def outlines(drawing: Drawing, table: Mapping[str, LayerUse], tolerance: float, faults: Faults) -> list[Zone]:
    """Make polygons of closed lines, of open lines that join, and of hatches, layer by layer.

    Parameters
    ----------
    drawing
        Already in metres, in the province's CRS.
    table
        What each layer holds; layers that are not in it hold nothing.
    tolerance
        Largest gap that is closed, metres.
    faults
        Takes gaps, open lines, rings that cross themselves, and polygons smaller than a square metre.
    """
    found: list[Zone] = []
    loose: dict[str, list[Array]] = {}
    for line in drawing.lines:
        if table.get(line.layer, LayerUse("ignore")).use != "zone":
            continue
        points = np.vstack([line.points, line.points[:1]]) if line.closed else line.points
        ring, gap = rings.close(points, tolerance)
        if ring is None:
            loose.setdefault(line.layer, []).append(line.points)
            continue
        if gap > rings.SAME_M and not line.closed:
            faults.add("dxf_gap_closed", (float(ring[0, 0]), float(ring[0, 1])), line.layer, line.handle, gap_m=gap)
        found += _of_ring(shapely.Polygon(ring), line.layer, line.handle, faults)
    for layer, lines in sorted(loose.items()):
        joined = rings.join(lines, tolerance)
        for polygon, gap in zip(joined.polygons, joined.gaps_m, strict=True):
            if gap > rings.SAME_M:
                faults.add("dxf_gap_closed", _centre(polygon.boundary), layer, gap_m=gap)
            found.append(Zone(polygon, layer, "", "lines"))
        for rest in joined.open_lines:
            ends = shapely.get_coordinates(rest)[[0, -1]]
            gap = float(np.hypot(*(ends[0] - ends[1])))
            faults.add("dxf_line_open", (float(ends[0, 0]), float(ends[0, 1])), layer, length_m=float(rest.length),
                       gap_m=gap)  # fmt: skip
    for area in drawing.areas:
        if table.get(area.layer, LayerUse("ignore")).use == "zone":
            found += _of_ring(area.polygon, area.layer, area.handle, faults, "hatch")
    kept = []
    for zone in found:
        if zone.polygon.area < SMALLEST_M2:
            faults.add("dxf_zone_tiny", _centre(zone.polygon), zone.layer, zone.handle, area_m2=zone.polygon.area)
        else:
            kept.append(zone)
    return kept


def _of_ring(polygon: Any, layer: str, handle: str, faults: Faults, drawn_as: str = "ring") -> list[Zone]:
    if polygon.is_valid:
        return [] if polygon.area == 0 else [Zone(polygon, layer, handle, drawn_as)]
    mended = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(mended) if shapely.get_dimensions(part) == 2]
    if not parts or sum(p.area for p in parts) == 0:
        return []
    faults.add("dxf_ring_crosses", _centre(mended), layer, handle, area_m2=float(shapely.area(mended)))
    return [Zone(shapely.multipolygons(parts) if len(parts) > 1 else parts[0], layer, handle, drawn_as)]


def without_doubles(zones: list[Zone], table: Mapping[str, LayerUse], faults: Faults) -> list[Zone]:
    """Keep one of two zones with one outline (a hatch and its rim): the one whose layer tells a function, the rim."""
    if not zones:
        return zones
    shapes = np.array([z.polygon for z in zones], dtype=object)
    order = {"ring": 0, "lines": 1, "hatch": 2}
    dropped: set[int] = set()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for i, j in sorted((int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b):
        if i in dropped or j in dropped:
            continue
        strip = DOUBLE_M * max(shapes[i].length, shapes[j].length) / 2
        small = min(shapes[i].area, shapes[j].area)
        if abs(shapes[i].area - shapes[j].area) > strip or small < 2 * strip:
            continue
        if shapely.symmetric_difference(shapes[i], shapes[j]).area > strip:
            continue
        functions = table[zones[i].layer].function, table[zones[j].layer].function
        if all(functions) and functions[0] != functions[1]:
            continue  # two functions for one piece of land: told as an overlap
        worse = max((i, j), key=lambda n: (not table[zones[n].layer].function, order[zones[n].drawn_as], n))
        dropped.add(worse)
        if zones[i].drawn_as == zones[j].drawn_as:
            faults.add("dxf_zone_twice", _centre(shapes[worse]), zones[worse].layer, zones[worse].handle)
    return [zone for n, zone in enumerate(zones) if n not in dropped]


def with_codes(
    zones: list[Zone], labels: Iterable[Label], table: Mapping[str, LayerUse], known: AbstractSet[str], faults: Faults
) -> list[Zone]:
    """Give each zone the labels that lie in it (in the smallest one, where zones lie in each other), and its function.

    Texts that lie in no zone are told; figures (areas, heights) are passed over.
    """
    shapes = np.array([z.polygon for z in zones], dtype=object)
    tree = shapely.STRtree(shapes)
    inside: dict[int, list[tuple[str, str]]] = {}
    for label in labels:
        if table.get(label.layer, LayerUse("ignore")).use == "ignore":
            continue
        code, text = words.code_of(label.text, known)
        if not code:
            continue
        hits: list[int] = []
        for place in (label.middle, label.at):
            hits = [int(n) for n in tree.query(shapely.Point(place), predicate="intersects")]
            if hits:
                break
        if not hits:
            faults.add("dxf_text_outside", label.at, label.layer, text)
            continue
        inside.setdefault(min(hits, key=lambda n: float(shapely.area(shapes[n]))), []).append((code, text))
    return [_coded(zone, inside.get(n, []), table[zone.layer].function) for n, zone in enumerate(zones)]


def _coded(zone: Zone, found: list[tuple[str, str]], fixed: str) -> Zone:
    codes = tuple(dict.fromkeys(code for code, _ in found))
    texts = tuple(dict.fromkeys(text for _, text in found))
    return replace(zone, function=fixed or (codes[0] if len(codes) == 1 else ""), labels=texts, codes=codes)


def cut_out(zones: list[Zone], faults: Faults) -> list[Zone]:
    """Cut zones that lie in others out of them; an inner ring of the same layer without a code is a hole, no zone.

    Zones that overlap in part are told: which of the two holds the land cannot be known.
    """
    if not zones:
        return zones
    shapes = np.array([z.polygon for z in zones], dtype=object)
    outer, inner = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    holes: set[int] = set()
    cuts: dict[int, list[int]] = {}
    for i, j in sorted((int(a), int(b)) for a, b in zip(outer, inner, strict=True) if a != b):
        common = float(shapely.intersection(shapes[i], shapes[j]).area)
        if common <= OVERLAP_M2:
            continue
        rim = DOUBLE_M / 10 * shapes[j].length
        if shapes[j].area < shapes[i].area and shapes[j].area - common <= rim:
            cuts.setdefault(i, []).append(j)
            if zones[j].layer == zones[i].layer and not zones[j].codes:
                holes.add(j)
        elif i < j and not (
            shapes[i].area <= shapes[j].area and shapes[i].area - common <= DOUBLE_M / 10 * shapes[i].length
        ):
            shared = shapely.intersection(shapes[i], shapes[j])
            faults.add("dxf_zones_overlap", _centre(shared), zones[i].layer, zones[i].handle, area_m2=common,
                       other=zones[j].layer)  # fmt: skip
    out = []
    for n, zone in enumerate(zones):
        if n in holes:
            faults.add("dxf_hole", _centre(zone.polygon), zone.layer, zone.handle, area_m2=float(zone.polygon.area))
            continue
        polygon = zone.polygon
        if n in cuts:
            polygon = shapely.difference(polygon, shapely.union_all(shapes[cuts[n]]))
        if polygon.is_empty or polygon.area < SMALLEST_M2:
            continue
        out.append(replace(zone, polygon=polygon))
    return out


def tell_codes(zones: list[Zone], faults: Faults) -> None:
    """Tell zones that have no function, and those with two codes."""
    for zone in zones:
        if len(zone.codes) > 1:
            faults.add("dxf_zone_two_codes", _centre(zone.polygon), zone.layer, zone.handle,
                       codes=", ".join(zone.codes), area_m2=float(zone.polygon.area))  # fmt: skip
        elif not zone.function:
            faults.add("dxf_zone_without_code", _centre(zone.polygon), zone.layer, zone.handle,
                       area_m2=float(zone.polygon.area))  # fmt: skip


def zone_ids(plan_id: str, polygons: Iterable[Any]) -> list[str]:
    """Ids that stay while the outline stays: the plan's id and a hash of the geometry rounded to a metre."""
    seen: dict[str, int] = {}
    out = []
    for polygon in polygons:
        coarse = shapely.normalize(shapely.transform(polygon, np.round))
        digest = hashlib.sha256(shapely.to_wkb(coarse, byte_order=1)).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        out.append(f"{plan_id}-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else ""))
    return out
