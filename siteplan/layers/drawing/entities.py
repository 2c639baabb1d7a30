"""A DXF file made plain: lines, closed lines, hatches and labels of its model space, blocks exploded, arcs as chords.

A drawing is hostile until shown otherwise: blocks that hold themselves, arrays of millions, entities without end are
refused or cut short, and told.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ezdxf.path
import ezdxf.recover
import numpy as np
import shapely
from ezdxf.entities.insert import Insert
from ezdxf.filemanagement import readfile
from ezdxf.lldxf.const import DXFError
from ezdxf.tools.text import plain_mtext

from siteplan.errors import InputError, Problem
from siteplan.layers.drawing import arcs, words

Array = np.ndarray[Any, Any]

MAX_BYTES = 400 * 1024**2
MAX_ENTITIES = 400_000
MAX_POINTS = 8_000_000
MAX_DEPTH = 12
MAX_COORDINATE = 1e12
# $INSUNITS of AutoCAD to metres
UNITS = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0}
_INSUNITS = {4: "mm", 5: "cm", 6: "m", 7: "km"}

_LINES = frozenset({"LINE", "ARC", "CIRCLE", "ELLIPSE", "LWPOLYLINE", "POLYLINE", "SPLINE"})
_AREAS = frozenset({"HATCH", "MPOLYGON"})
_TEXTS = frozenset({"TEXT", "MTEXT", "ATTRIB"})
# land may be drawn with these, and they are not read: told by their number
_UNREAD = frozenset({"REGION", "3DFACE", "SOLID", "BODY", "3DSOLID", "MLINE", "ACAD_PROXY_ENTITY", "POLYFACE", "MESH"})


@dataclass(frozen=True)
class Line:
    """A line of a drawing: its layer, its handle, its points (n, 2), and whether it says that it is closed."""

    layer: str
    handle: str
    points: Array
    closed: bool


@dataclass(frozen=True)
class Area:
    """A hatch: its layer, its handle and its polygon, holes cut."""

    layer: str
    handle: str
    polygon: Any


@dataclass(frozen=True)
class Label:
    """A text: its layer, its words, the point it is put at and the middle of its first line, as far as can be told."""

    layer: str
    text: str
    at: tuple[float, float]
    middle: tuple[float, float]


@dataclass
class Drawing:
    """What was read of a file, in drawing units, and what was found on the way."""

    unit: str
    lines: list[Line] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    hidden_layers: frozenset[str] = frozenset()
    layer_names: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of lines and hatches, None where there are none."""
        parts = [line.points for line in self.lines]
        parts += [shapely.get_coordinates(area.polygon) for area in self.areas]
        parts = [part for part in parts if len(part)]
        if not parts:
            return None
        low = np.min([part.min(axis=0) for part in parts], axis=0)
        high = np.max([part.max(axis=0) for part in parts], axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


class _TooMuchError(Exception):
    """The drawing holds more than any plan does."""


def open_document(path: Path) -> tuple[Any, list[Problem]]:
    """Open a DXF file; a damaged one is mended as far as can be, and told.

    Raises
    ------
    InputError
        Where the file is missing, too large, or no DXF.
    """
    file = str(path)
    if not path.is_file():
        raise InputError(Problem("file_missing", file=file))
    if path.suffix.lower() == ".dwg":
        raise InputError(Problem("dxf_is_dwg", file=file))
    size = path.stat().st_size
    if size > MAX_BYTES:
        params = {"size_mb": size / 1024**2, "limit_mb": MAX_BYTES / 1024**2}
        raise InputError(Problem("dxf_too_large", file=file, params=params))
    try:
        return readfile(path), []
    except (OSError, DXFError, ValueError, UnicodeError, IndexError, KeyError, AttributeError, TypeError):
        pass
    try:
        document, auditor = ezdxf.recover.readfile(path)
    except Exception as error:  # noqa: BLE001 - whatever a broken file provokes
        raise InputError(Problem("dxf_unreadable", file=file, value=type(error).__name__)) from None
    params = {"count": len(auditor.fixes) + len(auditor.errors)}
    return document, [Problem("dxf_mended", "warning", file=file, params=params)]


def read(path: Path, sagitta: float) -> Drawing:
    """Read the model space of a DXF file.

    Parameters
    ----------
    path
        The file.
    sagitta
        Largest distance between an arc and its chords, in drawing units.

    Raises
    ------
    InputError
        Where the file cannot be read, or holds more than :data:`MAX_ENTITIES` entities or :data:`MAX_POINTS` points.
    """
    document, problems = open_document(path)
    drawing = Drawing(unit_of(document), problems=problems)
    drawing.layer_names = tuple(str(layer.dxf.name) for layer in document.layers)
    drawing.hidden_layers = frozenset(
        str(layer.dxf.name) for layer in document.layers if layer.is_off() or layer.is_frozen()
    )
    reader = _Reader(document, drawing, sagitta, str(path))
    try:
        reader.take(document.modelspace(), "0", ())
    except _TooMuchError:
        params = {"entities": MAX_ENTITIES, "points": MAX_POINTS}
        raise InputError(Problem("dxf_too_much", file=str(path), params=params)) from None
    reader.tell()
    return drawing


def unit_of(document: Any) -> str:
    """Return the unit of ``$INSUNITS``, "" where it says none that plans use."""
    return _INSUNITS.get(int(document.header.get("$INSUNITS", 0) or 0), "")


class _Reader:
    """Takes entities one by one."""

    def __init__(self, document: Any, drawing: Drawing, sagitta: float, file: str) -> None:
        self.drawing, self.sagitta, self.file = drawing, sagitta, file
        self.fonts = {str(s.dxf.name).lower(): str(s.dxf.get("font", "") or "") for s in document.styles}
        self.blocks = document.blocks
        self.entities = self.points = 0
        self.unread: Counter[str] = Counter()
        self.broken: list[str] = []
        self.circular: set[str] = set()
        self.missing: set[str] = set()

    def take(self, entities: Iterable[Any], layer: str, inside: tuple[str, ...]) -> None:
        """Take entities; those of layer 0 inside a block lie on the layer of its insertion."""
        for entity in entities:
            self.entities += 1
            if self.entities > MAX_ENTITIES:
                raise _TooMuchError
            kind = entity.dxftype()
            own = str(entity.dxf.get("layer", "0"))
            here = layer if inside and own == "0" else own
            try:
                if kind == "INSERT":
                    self._insert(entity, here, inside)
                elif kind in _LINES:
                    self._line(entity, here)
                elif kind in _AREAS:
                    self._area(entity, here)
                elif kind in _TEXTS:
                    self._text(entity, here)
                elif kind in _UNREAD:
                    self.unread[kind] += 1
            except (_TooMuchError, RecursionError):
                raise _TooMuchError from None
            except Exception:  # noqa: BLE001 - one broken entity does not spoil the drawing: it is told
                self.broken.append(f"{kind} {entity.dxf.get('handle', '')}".strip())

    def _insert(self, insert: Insert, layer: str, inside: tuple[str, ...]) -> None:
        name = str(insert.dxf.name)
        if name in inside or len(inside) >= MAX_DEPTH:
            self.circular.add(name)
            return
        if name not in self.blocks:
            self.missing.add(name)
            return
        copies = max(1, int(insert.mcount))
        block = self.blocks.get(name)
        if self.entities + copies * max(1, len(block)) > MAX_ENTITIES:
            raise _TooMuchError
        for attribute in insert.attribs:
            self._text(attribute, str(attribute.dxf.get("layer", layer)))
        each: Iterator[Insert] | list[Insert] = insert.multi_insert() if copies > 1 else [insert]
        for one in each:
            self.take(one.virtual_entities(), layer, (*inside, name))

    def _counted(self, points: Array) -> Array:
        self.points += len(points)
        if self.points > MAX_POINTS:
            raise _TooMuchError
        if not np.isfinite(points).all() or (len(points) and np.abs(points).max() > MAX_COORDINATE):
            raise ValueError
        return points

    def _flat(self, path: Any) -> Array:
        return self._counted(_plane(path.flattening(self.sagitta)))

    def _line(self, entity: Any, layer: str) -> None:
        handle, kind = str(entity.dxf.get("handle", "") or ""), entity.dxftype()
        closed = kind == "CIRCLE" or bool(getattr(entity, "is_closed", False)) or bool(getattr(entity, "closed", False))
        if kind == "POLYLINE" and not (entity.is_2d_polyline or entity.is_3d_polyline):
            self.unread["POLYFACE"] += 1
            return
        if kind == "LINE":
            parts = [self._counted(_plane([entity.dxf.start, entity.dxf.end]))]
        elif kind in ("ARC", "CIRCLE", "ELLIPSE", "SPLINE"):
            # points on the curve; an arc needs a sagitta below its radius
            limit = min(self.sagitta, float(entity.dxf.radius) / 2) if kind in ("ARC", "CIRCLE") else self.sagitta
            parts = [self._counted(_plane(entity.flattening(limit)))]
            if kind == "ELLIPSE":
                closed = bool(np.allclose(parts[0][0], parts[0][-1], atol=1e-9 * max(1.0, np.abs(parts[0]).max())))
        elif (vertices := _vertices(entity)) is not None:
            flat = arcs.bulged(vertices, closed, self.sagitta)
            height = float(entity.dxf.get("elevation", 0) if kind == "LWPOLYLINE" else 0)
            parts = [self._counted(_plane(entity.ocs().points_to_wcs([(x, y, height) for x, y in flat])))]
        else:
            path = ezdxf.path.make_path(entity)
            parts = [self._flat(part) for part in (path.sub_paths() if path.has_sub_paths else [path])]
        self.drawing.lines += [Line(layer, handle, points, closed) for points in parts if len(points) >= 2]

    def _area(self, hatch: Any, layer: str) -> None:
        rings = []
        for points in self._rims(hatch):
            if len(points) >= 3:
                ring = shapely.make_valid(shapely.Polygon(points))
                if ring.area > 0:
                    rings.append(ring)
        polygon = nested(rings, int(hatch.dxf.get("hatch_style", 0)))
        if polygon is None:
            raise ValueError
        self.drawing.areas.append(Area(layer, str(hatch.dxf.get("handle", "") or ""), polygon))

    def _rims(self, hatch: Any) -> Iterator[Array]:
        """Flatten the boundary paths of a hatch; curved edges are cubic curves, within 0.03 % of their radius."""
        ocs, height = hatch.ocs(), float(hatch.dxf.elevation.z)
        for path in hatch.paths:
            if hasattr(path, "vertices"):
                flat = arcs.bulged(
                    [(v[0], v[1], v[2] if len(v) > 2 else 0.0) for v in path.vertices], True, self.sagitta
                )
                yield self._counted(_plane(ocs.points_to_wcs([(x, y, height) for x, y in flat])))
            else:
                yield from map(self._flat, ezdxf.path.from_hatch_boundary_path(path, ocs, height).sub_paths())

    def _text(self, text: Any, layer: str) -> None:
        kind = text.dxftype()
        if kind == "MTEXT":
            raw, font = str(text.text), self._mtext_font(text)
            content = str(plain_mtext(raw[: 20 * words.TEXT_LIMIT]))
            height, turn = float(text.dxf.get("char_height", 1.0)), _mtext_turn(text)
            at = text.dxf.insert
        else:
            content, font = str(text.dxf.get("text", "")), self.fonts.get(str(text.dxf.get("style", "")).lower(), "")
            height, turn = float(text.dxf.get("height", 1.0)), math.radians(float(text.dxf.get("rotation", 0.0)))
            at = text.dxf.align_point if text.dxf.get("halign", 0) and text.dxf.hasattr("align_point") else (
                text.dxf.insert
            )  # fmt: skip
            at = text.ocs().to_wcs(at)
        read = words.by_font(words.plain(content), font)
        if not read:
            return
        shift = _shift(text, kind, read, height)
        middle = (
            at.x + shift[0] * math.cos(turn) - shift[1] * math.sin(turn),
            at.y + shift[0] * math.sin(turn) + shift[1] * math.cos(turn),
        )
        if all(map(math.isfinite, (*middle, at.x, at.y))):
            self.drawing.labels.append(Label(layer, read, (float(at.x), float(at.y)), middle))

    def _mtext_font(self, text: Any) -> str:
        inline = words.inline_font(str(text.text))
        return inline or self.fonts.get(str(text.dxf.get("style", "")).lower(), "")

    def tell(self) -> None:
        """Write down what was not read."""
        found = self.drawing.problems
        if self.unread:
            kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(self.unread.items()))
            params = {"count": sum(self.unread.values())}
            found.append(Problem("dxf_entities_unread", "warning", file=self.file, value=kinds, params=params))
        for key, names in (
            ("dxf_entities_broken", self.broken),
            ("dxf_block_circular", sorted(self.circular)),
            ("dxf_block_missing", sorted(self.missing)),
        ):
            if names:
                found.append(
                    Problem(key, "warning", file=self.file, value=", ".join(names[:8])[:200],
                            params={"count": len(names)})
                )  # fmt: skip


def _plane(points: Iterable[Any]) -> Array:
    """Points in the plane, (n, 2)."""
    return np.array([(p[0], p[1]) for p in points], dtype=float).reshape(-1, 2)


def _vertices(polyline: Any) -> list[tuple[float, float, float]] | None:
    """Vertices with bulge of a flat polyline; None for one in space or smoothed to a curve."""
    if polyline.dxftype() == "LWPOLYLINE":
        return [(float(x), float(y), float(b)) for x, y, b in polyline.get_points("xyb")]
    if not polyline.is_2d_polyline or any(int(v.dxf.get("flags", 0)) & 25 for v in polyline.vertices):
        return None
    places = [(v.dxf.location, v.dxf.get("bulge", 0.0)) for v in polyline.vertices]
    return [(float(p.x), float(p.y), float(b)) for p, b in places]


def _mtext_turn(text: Any) -> float:
    if text.dxf.hasattr("text_direction"):
        direction = text.dxf.text_direction
        return math.atan2(direction.y, direction.x)
    return math.radians(float(text.dxf.get("rotation", 0.0)))


# a letter is some 0.7 of its height wide in the fonts of drawings
_LETTER = 0.7


def _shift(text: Any, kind: str, content: str, height: float) -> tuple[float, float]:
    """Way from the point of a text to the middle of its words, along and across the line of writing."""
    lines = content.split("\n")
    width, tall = _LETTER * height * max(map(len, lines)), height * (1 + 1.6 * (len(lines) - 1))
    if kind == "MTEXT":
        point = int(text.dxf.get("attachment_point", 1))
        return width / 2 * (1, 0, -1)[(point - 1) % 3], tall / 2 * (-1, 0, 1)[(point - 1) // 3 % 3]
    across = {0: 1, 2: -1}.get(int(text.dxf.get("halign", 0)), 0)
    up = {2: 0, 3: -1}.get(int(text.dxf.get("valign", 0)), 1)
    return width / 2 * across, tall / 2 * up


def nested(rings: list[Any], style: int) -> Any:
    """Return the polygon of hatch rings: 0 every second level filled, 1 the outermost with its holes, 2 no holes."""
    if not rings:
        return None
    depth = [sum(other is not ring and other.contains(ring.representative_point()) and other.area > ring.area
                 for other in rings) for ring in rings]  # fmt: skip
    deepest = {0: max(depth), 1: 1, 2: 0}.get(style, max(depth))
    polygon: Any = shapely.Polygon()
    for ring, level in sorted(zip(rings, depth, strict=True), key=lambda pair: pair[1]):
        if level > deepest:
            continue
        polygon = polygon.union(ring) if level % 2 == 0 else polygon.difference(ring)
    return None if polygon.is_empty else polygon
