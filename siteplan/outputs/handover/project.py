"""The QGIS project of a kit: groups, styles, labels, relative paths; written without QGIS, opens in QGIS 3.16 or later.

The format is that of QGIS's own ``.qgs``: a tree of groups, a list of layers each with its style, the map canvas. The
datum shift of the province is written into the project's context of transformations, so that what is laid behind the
layers from WGS 84 stands where it should.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

import numpy as np
import pyproj

from siteplan.crs import WGS84, transformer
from siteplan.outputs import wording
from siteplan.outputs.handover.geopackage import text_of, token_words
from siteplan.outputs.handover.looks import Look, style_columns
from siteplan.outputs.handover.qml import fields, labeling, renderer
from siteplan.outputs.style import Style

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
VERSION = "3.22.0"
_GEOMETRY = {"polygon": "Polygon", "line": "Line", "point": "Point"}
_WKB = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point"}


def write(path: Path, package: str, title: str, looks: Sequence[Look], lang: str, style: Style, date: str) -> None:
    """Write the project beside its GeoPackage.

    Parameters
    ----------
    path
        The ``.qgz``.
    package
        Name of the GeoPackage, in the same folder, of looks that name none themselves.
    looks
        What is drawn, uppermost first; the first of a group decides where the group stands.
    date
        ISO date of the file in the archive.
    """
    year, month, day = (int(part) for part in date.split("-"))
    document = _HEAD + text_of(_project(package, title, looks, lang, style))
    entry = zipfile.ZipInfo(f"{path.stem}.qgs", (max(year, 1980), month, day, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, document.encode())


def layer_id(look: Look) -> str:
    """Return the id of a layer in the project."""
    return f"{look.key}_{look.layer.layer_name}"


def _project(package: str, title: str, looks: Sequence[Look], lang: str, style: Style) -> Element:
    root = Element("qgis", version=VERSION, projectname=wording.clean(title))
    SubElement(root, "homePath", path="")
    SubElement(root, "title").text = wording.clean(title)
    epsg = int(looks[0].layer.frame.crs.to_epsg()) if looks else WGS84
    crs = SubElement(root, "projectCrs")
    crs.append(spatial_reference(epsg))
    _tree(root, package, looks, lang, style)
    canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    SubElement(canvas, "units").text = "meters"
    canvas.append(_extent(looks))
    SubElement(canvas, "rotation").text = "0"
    SubElement(canvas, "destinationsrs").append(spatial_reference(epsg))
    listed = SubElement(root, "projectlayers")
    styled = style_columns(style)
    for look in looks:
        listed.append(_layer(look, package, lang, token_words(look.layer, lang, styled)))
    order = SubElement(root, "layerorder")
    for look in looks:
        SubElement(order, "layer", id=layer_id(look))
    _properties(root)
    _shift(root, epsg)
    return root


def _tree(root: Element, package: str, looks: Sequence[Look], lang: str, style: Style) -> None:
    tree = SubElement(root, "layer-tree-group", name="", checked="Qt::Checked", expanded="1")
    groups = {
        key: SubElement(tree, "layer-tree-group", name=named.words(lang, key), checked="Qt::Checked", expanded="1")
        for key, named in style.groups.items()
        if any(look.group == key for look in looks)
    }
    for look in looks:
        SubElement(
            groups[look.group],
            "layer-tree-layer",
            id=layer_id(look),
            name=wording.clean(look.name),
            source=_source(package, look),
            providerKey="ogr",
            checked="Qt::Checked" if look.visible else "Qt::Unchecked",
            expanded="1" if look.visible else "0",
        )
    # drawn in the order of the style, whatever the group
    order = SubElement(tree, "custom-order", enabled="1")
    for look in looks:
        SubElement(order, "item").text = layer_id(look)


def _source(package: str, look: Look) -> str:
    return f"./{look.package or package}|layername={look.layer.layer_name}"


def _extent(looks: Sequence[Look]) -> Element:
    root = Element("extent")
    boxes = [look.layer.frame.total_bounds for look in looks if look.layer.theme in ("communes", "sites")]
    boxes = boxes or [look.layer.frame.total_bounds for look in looks]
    box = (*np.min(boxes, axis=0)[:2], *np.max(boxes, axis=0)[2:]) if boxes else (0.0, 0.0, 1.0, 1.0)
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
        SubElement(root, name).text = repr(float(value))
    return root


def _layer(look: Look, package: str, lang: str, words: dict[str, dict[str, str]]) -> Element:
    root = Element(
        "maplayer", type="vector", geometry=_GEOMETRY[look.layer.shape], wkbType=_WKB[look.layer.shape],
        labelsEnabled="1", simplifyDrawingHints="1", simplifyLocal="1", hasScaleBasedVisibilityFlag="0",
        autoRefreshEnabled="0", readOnly="0",
    )  # fmt: skip
    SubElement(root, "id").text = layer_id(look)
    SubElement(root, "datasource").text = _source(package, look)
    SubElement(root, "layername").text = wording.clean(look.name)
    SubElement(root, "srs").append(spatial_reference(int(look.layer.frame.crs.to_epsg())))
    SubElement(root, "provider", encoding="UTF-8").text = "ogr"
    root.append(renderer(look))
    written = labeling(look)
    if written is not None and look.default:
        root.append(written)
    SubElement(root, "blendMode").text = "0"
    SubElement(root, "featureBlendMode").text = "0"
    SubElement(root, "layerOpacity").text = f"{look.opacity:g}"
    root.extend(fields(look, lang, words))
    shown = next((n for n in ("label", "name", "title") if n in look.layer.table.names), "")
    if shown:
        SubElement(root, "previewExpression").text = f'"{shown}"'
    return root


def spatial_reference(epsg: int) -> Element:
    """Return the ``spatialrefsys`` element of a CRS."""
    crs = pyproj.CRS.from_epsg(epsg)
    root = Element("spatialrefsys", nativeFormat="Wkt")
    parts = {
        "wkt": crs.to_wkt("WKT2_2019"),
        "srid": str(epsg),
        "authid": f"EPSG:{epsg}",
        "description": crs.name,
        "geographicflag": "true" if crs.is_geographic else "false",
    }
    for name, value in parts.items():
        SubElement(root, name).text = value
    return root


def _properties(root: Element) -> None:
    properties = SubElement(root, "properties")
    paths = SubElement(properties, "Paths")
    SubElement(paths, "Absolute", type="bool").text = "false"
    # without it QGIS does not read the CRS of the project
    reference = SubElement(properties, "SpatialRefSys")
    SubElement(reference, "ProjectionsEnabled", type="int").text = "1"
    measure = SubElement(properties, "Measurement")
    SubElement(measure, "DistanceUnits", type="QString").text = "meters"
    SubElement(measure, "AreaUnits", type="QString").text = "m2"
    # areas are those of the projection, as the program measures them
    SubElement(SubElement(properties, "Measure"), "Ellipsoid", type="QString").text = "NONE"


def _shift(root: Element, epsg: int) -> None:
    context = SubElement(root, "transformContext")
    if epsg == WGS84:
        return
    operation = transformer(epsg, WGS84).to_proj4()
    pair = SubElement(
        context, "srcDest", allowFallback="1", coordinateOp=operation or "", source=f"EPSG:{epsg}",
        dest=f"EPSG:{WGS84}",
    )  # fmt: skip
    SubElement(pair, "src").append(spatial_reference(epsg))
    SubElement(pair, "dest").append(spatial_reference(WGS84))
