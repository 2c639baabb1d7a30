"""What lies behind the results: shapes and pictures by the layers of ``style.toml``, and the words of the legend."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siteplan import locale
from siteplan.outputs.style import LayerStyle, Style, class_words
from siteplan.outputs.webmap import pictures, shapes
from siteplan.outputs.webmap.cells import Content, flags, rows_of
from siteplan.runs import Run
from siteplan.tables import BACKGROUND

# rasters that depend on the option, not only on the layers
OWN_PICTURES = ("travel_time",)
FENCE_M = 5_000.0  # how far beyond the communes the background reaches

# roles whose shapes share borders
_COVERAGES = ("land_use",)
# what a click tells of a feature, role by role
_TOLD = {
    "urban_areas": ("name", "class_now", "class_2030", "source", "illustrative"),
    "sector_projects": ("name", "sector", "owner", "status", "source", "illustrative"),
    "plan_zones": (
        "zone_id", "name", "function", "title", "plan_kind", "decision_no", "decision_date", "authority", "status",
        "horizon", "illustrative",
    ),
    "land_use": ("land_use", "illustrative"),
    "hazards": ("hazard_kind", "level", "source", "illustrative"),
}  # fmt: skip


def chosen_rows(frame: gpd.GeoDataFrame, layer: LayerStyle) -> gpd.GeoDataFrame:
    """Return the rows of a background table that belong to a layer of the style."""
    keep = np.ones(len(frame), dtype=bool)
    for column, tokens in layer.only.items():
        if column in frame.columns:
            keep &= frame[column].isin(list(tokens)).to_numpy()
    for column, tokens in layer.without.items():
        if column in frame.columns:
            keep &= ~frame[column].isin(list(tokens)).to_numpy()
    return frame[keep]


def _touching(geometries: Any, around: Any) -> Any:
    """Whether geometries touch a prepared area; those of which one corner lies in it need no closer look."""
    corners, owner = shapely.get_coordinates(geometries, return_index=True)
    owner, first = np.unique(owner, return_index=True)
    found = np.zeros(len(geometries), dtype=bool)
    found[owner] = shapely.contains_xy(around, corners[first])
    found[~found] = shapely.intersects(geometries[~found], around)
    return found


def _layer(key: str, layer: LayerStyle, frame: gpd.GeoDataFrame) -> Content | None:
    role = layer.source or key
    frame = chosen_rows(frame, layer)
    if frame.empty:
        return None
    if len(frame) and shapely.get_dimensions(frame.geometry.to_numpy()).max() == shapes.POLYGONS:
        frame = shapes.thin(frame, layer.simplify_m, coverage=role in _COVERAGES)
    values = frame[layer.column].tolist() if layer.column in frame.columns else [None] * len(frame)
    class_of = [value if isinstance(value, str) and value in layer.classes else "other" for value in values]
    told = [c for c in _TOLD.get(role, ()) if c in frame.columns]
    # shapes of one look that tell nothing of their own are one shape; lines are thinned when they are whole
    merged = shapes.merge(frame.assign(class_of=class_of), ["class_of", *told])
    if shapely.get_dimensions(merged.geometry.to_numpy()).max() == shapes.LINES:
        merged = shapes.thin(merged, layer.simplify_m)
    steps = shapes.ROUGH if layer.simplify_m >= shapes.ROUGH_FROM_M else shapes.COARSE
    rows = rows_of(merged, told, token=merged["class_of"], shape=shapes.encode_all(merged, steps))
    return rows | {"steps": steps}


def layer_legend(key: str, layer: LayerStyle, lang: str) -> Content:
    """Return name, look and classes of a layer as the page needs them."""
    return {
        "key": key,
        "group": layer.group,
        "of": layer.of,
        "role": layer.source or key,
        "label": layer.words(lang, key),
        "column": layer.column,
        "visible": layer.visible,
        "opacity": layer.opacity,
        "order": layer.order,
        "from_zoom": layer.from_zoom,
        "filters": [
            {"column": column, "words": words, "label": locale.text(f"webmap.filter.{words}", lang)}
            for column, words in layer.filters.items()
        ],
        "classes": [
            {
                "token": name,
                "label": class_words(layer, name, lang)
                if name != "other" or look.words(lang)
                else layer.words(lang, key),
                "fill": look.fill,
                "line": look.line,
                "width": look.width,
                "dash": list(look.dash),
                "fill_opacity": look.fill_opacity,
                "radius": look.radius,
            }
            for name, look in layer.classes.items()
        ],
    }


def background_content(run: Run, style: Style, lang: str) -> Content:
    """Return the background of a run: ``layers`` (rows and shapes by layer), ``pictures``, ``legend``, ``groups``."""
    restricted_too = bool(run.manifest.get("include_restricted"))
    ground = shapely.union_all(run.table("communes").geometry.to_numpy())
    around = shapely.simplify(ground, 200.0).buffer(FENCE_M)
    shapely.prepare(around)
    frames: dict[str, gpd.GeoDataFrame] = {}
    layers: Content = {}
    images: Content = {}
    for key, layer in style.ordered_layers():
        role = layer.source or key
        if layer.of == "background" and role in BACKGROUND:
            if role not in frames:
                frame = run.background(role)
                frame = frame if restricted_too else frame[~flags(frame, "restricted")]
                frames[role] = frame[_touching(frame.geometry.to_numpy(), around)]
            found = _layer(key, layer, frames[role])
            if found is not None:
                layers[key] = found
        elif layer.of == "image" and role not in OWN_PICTURES:
            picture = _picture(run, role, layer, ground)
            if picture is not None:
                images[key] = {"uri": picture.uri, "bounds": picture.bounds}
    return {
        "layers": layers,
        "pictures": images,
        "legend": [
            layer_legend(k, v, lang) | {"empty": v.of != "result" and k not in layers and k not in images}
            for k, v in style.layers.items()
        ],
        "groups": [{"key": k, "label": g.words(lang, k)} for k, g in style.groups.items()],
    }


def _picture(run: Run, name: str, layer: LayerStyle, ground: Any) -> pictures.Picture | None:
    raster = run.raster(name)
    if raster is None:
        return None
    if name == "hillshade":
        return pictures.hillshade(raster, run.epsg, ground)
    bounds = [look.up_to for look in layer.classes.values()]
    if bounds and None not in bounds:
        steps = [(float(look.up_to or 0), look.fill or "#000000") for look in layer.classes.values()]
        return pictures.classed(raster, run.epsg, steps)
    colour = next((look.fill for look in layer.classes.values() if look.fill), "#3a7d44")
    return pictures.mask(raster, run.epsg, colour)


def own_pictures(run: Run, style: Style) -> Content:
    """Return the pictures that are of this run alone, by the key of their layer."""
    found: Content = {}
    for key, layer in style.ordered_layers():
        if layer.of == "image" and (layer.source or key) in OWN_PICTURES:
            picture = _picture(run, layer.source or key, layer, None)
            if picture is not None:
                found[key] = {"uri": picture.uri, "bounds": picture.bounds}
    return found


def commune_shapes(run: Run, tolerance_m: float) -> list[shapes.Encoded | None]:
    """Outlines of the communes, simplified together so that neighbours still touch; in the order of the table."""
    return shapes.encode_all(shapes.thin(run.table("communes"), tolerance_m, coverage=True), shapes.COARSE)


def bounds(frame: gpd.GeoDataFrame) -> list[list[float]]:
    """Corners of communes in degrees, [[south, west], [north, east]]."""
    encoded = shapes.encode_all(gpd.GeoDataFrame(geometry=frame.geometry.envelope, crs=frame.crs), shapes.COARSE)
    corners = np.concatenate([np.cumsum(np.reshape(e[1][0][0], (-1, 2)), axis=0) for e in encoded if e]) / shapes.COARSE
    least, most = corners.min(axis=0), corners.max(axis=0)
    return [[float(least[1]), float(least[0])], [float(most[1]), float(most[0])]]


def texts(lang: str) -> dict[str, str]:
    """Words of the page itself: the texts below ``webmap.``."""
    return {k.removeprefix("webmap."): v for k, v in locale.catalogue(lang).items() if k.startswith("webmap.")}
