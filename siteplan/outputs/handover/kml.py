"""The results of a kit for Google Earth and telephones: KML 2.2 in WGS 84, moved with the datum shift EPSG:6960."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ElementTree, SubElement

import shapely

from siteplan.crs import WGS84, transform_geometries
from siteplan.outputs import wording
from siteplan.outputs.handover.looks import OTHER, Look

if TYPE_CHECKING:
    from pathlib import Path

DECIMALS = 8  # about a millimetre
_NAMED = ("label", "name", "title")
CELL_LIMIT = 2_000
# what a click tells, theme by theme; everything stands in the GeoPackage
_TOLD: Mapping[str, tuple[str, ...]] = {
    "sites": ("site_id", "label", "letter", "area_m2", "required_area_m2", "score", "rank", "is_best", "check_result",
              "conformity", "clearance", "access_minutes", "slope_mean_percent", "land_use_main"),
    "conflicts": ("site_id", "zone_id", "title", "plan_kind", "decision_no", "decision_date", "function", "relation",
                  "area_m2", "percent_of_site", "effect", "legal_basis", "illustrative"),
    "programme": ("name", "priority_rank", "phase", "status", "start_year", "finish_year", "build_type",
                  "needed_build_type", "site_id", "total_cost"),
    "surplus": ("facility_id", "name", "treatment", "free_year", "floor_area_m2", "land_area_m2", "legal_basis"),
    "communes": ("code", "name", "kind", "population", "required_floor_area_m2", "deficit_floor_area_m2",
                 "required_land_area_m2", "build_type", "best_site_id", "priority_rank", "priority_points", "phase",
                 "total_cost", "coverage_percent"),
    "facilities": ("facility_id", "name", "status", "condition", "floor_area_m2", "land_area_m2", "kept"),
}  # fmt: skip


def write(path: Path, title: str, looks: Sequence[Look], names: Mapping[str, str], lang: str) -> None:
    """Write the layers of the given looks, a folder each; attributes are read by a click, as plain text."""
    root = Element("kml", xmlns="http://www.opengis.net/kml/2.2")
    document = SubElement(root, "Document")
    SubElement(document, "name").text = wording.clean(title)
    for look in looks:
        _styles(document, look)
    for look in looks:
        _folder(document, look, names, lang)
    ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)


def _styles(document: Element, look: Look) -> None:
    for at, (_, _, looked) in enumerate(look.classes):
        style = SubElement(document, "Style", id=f"{look.key}_{look.layer.shape}_{at}")
        line = SubElement(style, "LineStyle")
        SubElement(line, "color").text = _colour(looked.line or looked.fill, 1.0)
        SubElement(line, "width").text = f"{looked.width:g}"
        fill = SubElement(style, "PolyStyle")
        SubElement(fill, "color").text = _colour(looked.fill, 0.6 * looked.fill_opacity if looked.fill else 0.0)


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


def _folder(document: Element, look: Look, names: Mapping[str, str], lang: str) -> None:
    layer = look.layer
    folder = SubElement(document, "Folder")
    SubElement(folder, "name").text = wording.clean(look.name)
    SubElement(folder, "visibility").text = "1" if look.visible else "0"
    columns = [c for c in layer.table.columns if c.name in _TOLD.get(layer.theme, ())]
    cells = {c.name: wording.cells(c, layer.frame[c.name], lang) for c in columns}
    labels = [(c.name, wording.label(c, lang)) for c in columns]
    geometry = transform_geometries(layer.frame.geometry.to_numpy(), int(layer.frame.crs.to_epsg()), WGS84)
    values = layer.frame[look.column] if look.column in layer.frame.columns else [None] * len(layer.frame)
    codes = layer.frame["commune_code"] if "commune_code" in layer.frame.columns else [None] * len(layer.frame)
    title = next((n for n in _NAMED if n in cells), None)
    for at, (shape, value, code) in enumerate(zip(geometry, values, codes, strict=True)):
        mark = SubElement(folder, "Placemark")
        own = str(cells[title][at] or "") if title else ""
        said = wording.clean(" – ".join(p for p in (own, names.get(str(code), "")) if p), 200)
        SubElement(mark, "name").text = said
        number = _class_of(look, value)
        if number is not None:
            SubElement(mark, "styleUrl").text = f"#{look.key}_{layer.shape}_{number}"
        extended = SubElement(mark, "ExtendedData")
        for name, label in labels:
            cell = cells[name][at]
            if cell is not None and cell != "":
                data = SubElement(extended, "Data", name=name)
                SubElement(data, "displayName").text = label
                SubElement(data, "value").text = wording.clean(str(cell), CELL_LIMIT)
        _geometry(mark, shape)


def _geometry(mark: Element, shape: Any) -> None:
    parts = shapely.get_parts(shape)
    holder = mark if len(parts) == 1 else SubElement(mark, "MultiGeometry")
    for part in parts:
        if part.geom_type == "Point":
            SubElement(SubElement(holder, "Point"), "coordinates").text = _written(part)
        elif part.geom_type == "LineString":
            SubElement(SubElement(holder, "LineString"), "coordinates").text = _written(part)
        else:
            polygon = SubElement(holder, "Polygon")
            # KML wants outer rings counter-clockwise
            outer = part.exterior if shapely.is_ccw(part.exterior) else part.exterior.reverse()
            for kind, ring in (("outer", outer), *(("inner", inner) for inner in part.interiors)):
                boundary = SubElement(SubElement(polygon, f"{kind}BoundaryIs"), "LinearRing")
                SubElement(boundary, "coordinates").text = _written(ring)


def _written(part: Any) -> str:
    return " ".join(f"{x:.{DECIMALS}f},{y:.{DECIMALS}f}" for x, y in shapely.get_coordinates(part))
