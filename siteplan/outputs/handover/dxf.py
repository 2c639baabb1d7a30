"""The drawing of a kit: DXF 2010 in metres, one layer a theme, names in Vietnamese, true coordinates (X east, Y north).

Text is written in the escapes that every CAD program and GDAL read. Polygons are closed polylines, holes too; each
carries the id of its row as extended data of the application SITEPLAN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from ezdxf import units
from ezdxf._options import options
from ezdxf.entities.dxfgfx import DXFGraphic
from ezdxf.filemanagement import new

from siteplan.outputs import wording
from siteplan.outputs.handover.content import KitLayer
from siteplan.outputs.handover.looks import Look

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = "SITEPLAN"
TEXT_STYLE = "CHU_VIET"
_FONT = "arial.ttf"  # has all Vietnamese letters in every CAD program
_TEXT_LAYER = "_CHU"
TEXT_LIMIT = 250
# what is written: column, letter height in metres on the ground; sites and facilities are read from 1:1,000 (6 and 4 mm
# high) to 1:5,000 (1.2 and 0.8 mm), towns and projects to 1:25,000, communes to 1:100,000
_TEXTS: Mapping[str, tuple[str, float]] = {
    "sites": ("label", 6.0),
    "communes": ("name", 200.0),
    "facilities": ("name", 4.0),
    "urban_areas": ("name", 60.0),
    "sector_projects": ("name", 20.0),
    "settlements": ("name", 20.0),
    "former_units": ("name", 40.0),
}
_MIDDLE = 5
_NEW_LINE = "\\P"
_LINES = 3.6  # two lines and a space between texts, in letter heights
_WIDTH_LETTERS = 24  # longer names go on in a second line
_LIGHTEST = 150  # of 255: paler colours are not seen on white paper
_XDATA_STRING = 1000
_XDATA_BYTES = 255


def plain_text(words: str) -> str:
    """Return text for one line of a drawing: no control codes (per cent, caret, Unicode escapes), no line breaks."""
    line = " ".join(wording.clean(words).split())
    return re.sub(r"\\(?=[UuMm]\+)", "/", line.replace("%%", "% %").replace("^", "^ "))[:TEXT_LIMIT]


def escaped(words: str) -> str:
    r"""Write text in the escapes of MTEXT.

    >>> print(escaped("Đỏ {1}"))
    \U+0110\U+1ECF \{1\}
    """
    plain = words.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    return "".join(c if ord(c) < 128 else f"\\U+{ord(c):04X}" for c in plain if ord(c) < 0x10000)


@contextmanager
def _repeatable() -> Iterator[None]:
    """Fix the ids and dates that change from one writing to the next: same run, same bytes."""
    before = options.write_fixed_meta_data_for_testing
    options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        options.write_fixed_meta_data_for_testing = before


def write(path: Path, layers: Sequence[KitLayer], looks: Sequence[Look], names: Mapping[str, str], lang: str) -> None:
    """Write the layers of a kit as one drawing.

    Parameters
    ----------
    looks
        The default look of a layer gives its colour.
    names
        Code to name of the communes, written with the sites.
    """
    with _repeatable():
        drawing = new("R2010", setup=["linetypes"])
        drawing.units = units.M
        drawing.header["$LUNITS"], drawing.header["$LUPREC"] = 2, 3
        drawing.appids.add(APPLICATION)
        drawing.styles.add(TEXT_STYLE, font=_FONT)
        space = drawing.modelspace()
        colours = {look.layer.layer_name: _colour(look) for look in reversed(looks) if look.default}
        for layer in layers:
            name = layer.file_stem.upper()
            made = drawing.layers.add(name)
            colour = colours.get(layer.layer_name, (0, 0, 0))
            made.rgb = colour
            made.description = layer.label(lang)[:TEXT_LIMIT]
            _draw(space, name, layer)
            if layer.theme in _TEXTS:
                written = drawing.layers.add(name + _TEXT_LAYER)
                written.rgb = colour
                _write_texts(space, name + _TEXT_LAYER, layer, names)
        bounds = [layer.frame.total_bounds for layer in layers if len(layer.frame)]
        if bounds:
            west, south = np.min(bounds, axis=0)[:2]
            east, north = np.max(bounds, axis=0)[2:]
            drawing.header["$EXTMIN"], drawing.header["$EXTMAX"] = (west, south, 0), (east, north, 0)
            drawing.set_modelspace_vport(height=(north - south) * 1.05, center=((west + east) / 2, (south + north) / 2))
        # ezdxf adds them in the order of a set, which is another in each process
        drawing.classes.add_required_classes(drawing.dxfversion)
        drawing.classes.classes = dict(sorted(drawing.classes.classes.items()))
        drawing.saveas(path)


def _colour(look: Look) -> tuple[int, int, int]:
    """Return the first colour of a layer that is seen on white paper; where none is, the first one darkened."""
    found = [_rgb(colour) for _, _, c in look.classes for colour in (c.fill, c.line) if colour]
    if look.layer.shape == "line":
        found = [_rgb(colour) for _, _, c in look.classes for colour in (c.line, c.fill) if colour]
    return next((c for c in found if _light(c) <= _LIGHTEST), _darkened(found[0]) if found else (0, 0, 0))


def _rgb(words: str) -> tuple[int, int, int]:
    return int(words[1:3], 16), int(words[3:5], 16), int(words[5:7], 16)


def _light(colour: tuple[int, int, int]) -> float:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def _darkened(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    share = _LIGHTEST / _light(colour)
    return round(colour[0] * share), round(colour[1] * share), round(colour[2] * share)


def _ids(layer: KitLayer) -> list[str]:
    key = next((k for k in layer.table.key if k != "option"), None)
    columns = [k for k in layer.table.key if k != "option" and k in layer.frame.columns]
    if key is None or not columns:
        return [""] * len(layer.frame)
    return [" ".join(str(v) for v in row) for row in layer.frame[columns].itertuples(index=False)]


class _Line(DXFGraphic):
    """A polyline written at once: ezdxf makes three objects of each corner, which takes ten times as long."""

    DXFTYPE = "LWPOLYLINE"
    points: Any
    closed = False
    told = ""

    def export_dxf(self, tagwriter: Any) -> None:
        head = (
            f"  0\nLWPOLYLINE\n  5\n{self.dxf.handle}\n330\n{self.dxf.owner}\n100\nAcDbEntity\n  8\n{self.dxf.layer}\n"
            f"100\nAcDbPolyline\n 90\n{len(self.points)}\n 70\n{int(self.closed)}\n"
        )
        corners = "".join(f" 10\n{x}\n 20\n{y}\n" for x, y in self.points)
        told = f"1001\n{APPLICATION}\n{_XDATA_STRING}\n{self.told}\n" if self.told else ""
        tagwriter.write_str(head + corners + told)


def _draw(space: Any, name: str, layer: KitLayer) -> None:
    attributes = {"layer": name}
    told = [_cut(plain_text(identity)) for identity in _ids(layer)]
    geometry = layer.frame.geometry.to_numpy()
    if layer.shape == "point":
        for point, words in zip(geometry, told, strict=True):
            made = space.add_point((point.x, point.y), attributes)
            if words:
                made.set_xdata(APPLICATION, [(_XDATA_STRING, words)])
        return
    closed = layer.shape == "polygon"
    lines, of = shapely.get_parts(geometry, return_index=True)
    if closed:
        lines, of_line = shapely.get_rings(lines, return_index=True)
        of = of[of_line]
    coordinates, of_point = shapely.get_coordinates(lines, return_index=True)
    parts = np.split(coordinates, np.searchsorted(of_point, np.arange(1, len(lines))))
    for at, points in zip(of, parts, strict=True):
        line = _Line.new(dxfattribs=attributes, doc=space.doc)
        line.points = (points[:-1] if closed else points).tolist()
        line.closed, line.told = closed, told[at]
        space.add_entity(line)


def _cut(words: str) -> str:
    return words.encode()[:_XDATA_BYTES].decode(errors="ignore")


def _write_texts(space: Any, name: str, layer: KitLayer, names: Mapping[str, str]) -> None:
    column, height = _TEXTS[layer.theme]
    if column not in layer.frame.columns:
        return
    inside = shapely.point_on_surface(layer.frame.geometry.to_numpy())
    codes = layer.frame["commune_code"] if layer.theme == "sites" else [""] * len(layer.frame)
    taken: dict[tuple[int, int], None] = {}
    for point, value, code in zip(inside, layer.frame[column], codes, strict=True):
        words = wording.scalar(value)
        if words is None:
            continue
        lines = [escaped(plain_text(part)) for part in (str(words), names.get(str(code), "")) if part]
        told = {"layer": name, "style": TEXT_STYLE, "char_height": height, "attachment_point": _MIDDLE,
                "width": _WIDTH_LETTERS * height}  # fmt: skip
        at = (point.x, _free_line(taken, point.x, point.y, height))
        space.add_mtext(_NEW_LINE.join(lines), dxfattribs={**told, "insert": at})


def _free_line(taken: dict[tuple[int, int], None], x: float, y: float, height: float) -> float:
    """Return where a text goes that would lie on an earlier one: below it."""
    column, step = round(x / (_WIDTH_LETTERS / 2 * height)), _LINES * height
    while any((column + aside, round(y / step)) in taken for aside in (-1, 0, 1)):
        y -= step
    taken[column, round(y / step)] = None
    return y
