"""The results of a kit for Google Earth and telephones: KML 2.2 in WGS 84, moved with the datum shift EPSG:6960."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely

from siteplan.crs import WGS84, transform_geometries
from siteplan.outputs import wording
from siteplan.outputs.handover.looks import OTHER, Look

if TYPE_CHECKING:
    from pathlib import Path

DECIMALS = 8  # about a millimetre
_PAIR = f"%.{DECIMALS}f,%.{DECIMALS}f "
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
_NAMED = ("label", "name", "title")
CELL_LIMIT = 2_000
# what a click tells, theme by theme; everything stands in the GeoPackage
_TOLD: Mapping[str, tuple[str, ...]] = {
    "sites": ("site_id", "label", "letter", "area_m2", "required_area_m2", "score", "rank", "is_best", "check_result",
              "conformity", "clearance", "access_minutes", "slope_mean_percent", "land_use_main"),
    "conflicts": ("site_id", "zone_id", "title", "plan_kind", "decision_no", "decision_date", "function", "relation",
                  "area_m2", "percent_of_site", "effect", "legal_basis", "illustrative"),
    "programme": ("name", "priority_rank", "phase", "status", "start_year", "finish_year", "build_type",
                  "needed_build_type", "site_id", "cost_at_price_year", "total_cost"),
    "surplus": ("facility_id", "name", "treatment", "free_year", "floor_area_m2", "land_area_m2", "legal_basis"),
    "communes": ("code", "name", "kind", "population", "required_floor_area_m2", "deficit_floor_area_m2",
                 "required_land_area_m2", "build_type", "best_site_id", "priority_rank", "priority_points", "phase",
                 "cost_at_price_year", "total_cost", "coverage_percent"),
    "facilities": ("facility_id", "name", "status", "condition", "floor_area_m2", "land_area_m2", "kept"),
}  # fmt: skip


def write(path: Path, title: str, looks: Sequence[Look], names: Mapping[str, str], lang: str) -> None:
    """Write the layers of the given looks, a folder each; attributes are read by a click, as plain text."""
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(_HEAD + _element("name", wording.clean(title)))
        for look in looks:
            handle.writelines(_styles(look))
        for look in looks:
            handle.writelines(_folder(look, names, lang))
        handle.write("</Document></kml>\n")


def _element(tag: str, words: str) -> str:
    """Write an element that holds text. A tree of a quarter of a million elements takes four times as long."""
    return f"<{tag}>{escape(words)}</{tag}>"


def _styles(look: Look) -> Iterator[str]:
    for at, (_, _, looked) in enumerate(look.classes):
        fill = _colour(looked.fill, 0.6 * looked.fill_opacity if looked.fill else 0.0)
        yield (
            f"<Style id={quoteattr(f'{look.key}_{look.layer.shape}_{at}')}>"
            f"<LineStyle><color>{_colour(looked.line or looked.fill, 1.0)}</color><width>{looked.width:g}</width>"
            f"</LineStyle><PolyStyle><color>{fill}</color></PolyStyle></Style>\n"
        )


def _colour(words: str | None, opacity: float) -> str:
    shown = words or "#000000"
    return f"{round(255 * opacity):02x}{shown[5:7]}{shown[3:5]}{shown[1:3]}".lower()


def _class_of(look: Look, value: Any) -> int | None:
    if look.ranges:
        number = wording.scalar(value)
        if number is not None:
            for at, (low, high) in enumerate(look.ranges):
                if low <= number < high or (at == len(look.ranges) - 1 and number == high):
                    return at
        return len(look.ranges)
    tokens = [token for token, *_ in look.classes]
    found = str(value) if value is not None and str(value) in tokens else OTHER
    return tokens.index(found) if found in tokens else None


def _folder(look: Look, names: Mapping[str, str], lang: str) -> Iterator[str]:
    layer = look.layer
    yield f"<Folder>{_element('name', wording.clean(look.name))}{_element('visibility', str(int(look.visible)))}\n"
    columns = [c for c in layer.table.columns if c.name in _TOLD.get(layer.theme, ())]
    cells = {c.name: wording.cells(c, layer.frame[c.name], lang) for c in columns}
    heads = [
        (c.name, f"<Data name={quoteattr(c.name)}>{_element('displayName', wording.label(c, lang))}") for c in columns
    ]
    geometry = transform_geometries(layer.frame.geometry.to_numpy(), int(layer.frame.crs.to_epsg()), WGS84)
    values = layer.frame[look.column] if look.column in layer.frame.columns else [None] * len(layer.frame)
    codes = layer.frame["commune_code"] if "commune_code" in layer.frame.columns else [None] * len(layer.frame)
    title = next((n for n in _NAMED if n in cells), None)
    for at, (shape, value, code) in enumerate(zip(_shapes(geometry), values, codes, strict=True)):
        own = str(cells[title][at] or "") if title else ""
        said = wording.clean(" – ".join(p for p in (own, names.get(str(code), "")) if p), 200)
        number = _class_of(look, value)
        styled = "" if number is None else _element("styleUrl", f"#{look.key}_{layer.shape}_{number}")
        told = "".join(
            f"{head}{_element('value', wording.clean(str(cells[name][at]), CELL_LIMIT))}</Data>"
            for name, head in heads
            if cells[name][at] is not None and cells[name][at] != ""
        )
        yield (f"<Placemark>{_element('name', said)}{styled}<ExtendedData>{told}</ExtendedData>{shape}</Placemark>\n")
    yield "</Folder>\n"


def _shapes(geometry: Any) -> Iterator[str]:
    """Write geometries; KML wants outer rings counter-clockwise."""
    parts, of_part = shapely.get_parts(geometry, return_index=True)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts[polygons] = shapely.orient_polygons(parts[polygons])
    counts = np.bincount(of_part, minlength=len(geometry))
    written = iter(parts)
    for count in counts:
        shapes = "".join(_part(next(written)) for _ in range(count))
        yield shapes if count == 1 else f"<MultiGeometry>{shapes}</MultiGeometry>"


def _part(part: Any) -> str:
    if part.geom_type != "Polygon":
        return f"<{part.geom_type}>{_coordinates(part)}</{part.geom_type}>"
    rings = shapely.get_rings(part)
    outer = f"<outerBoundaryIs><LinearRing>{_coordinates(rings[0])}</LinearRing></outerBoundaryIs>"
    inner = (f"<innerBoundaryIs><LinearRing>{_coordinates(ring)}</LinearRing></innerBoundaryIs>" for ring in rings[1:])
    return f"<Polygon>{outer}{''.join(inner)}</Polygon>"


def _coordinates(part: Any) -> str:
    points = shapely.get_coordinates(part)
    return f"<coordinates>{(_PAIR * len(points))[:-1] % tuple(points.ravel().tolist())}</coordinates>"
