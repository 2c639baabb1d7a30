"""Rivers and streams from their banks: corridors are measured from the edge of the water where it is drawn as an area.

The middle line of a river 90 m wide lies 45 m from either bank: a corridor of 30 m around it takes nothing but water.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

Array = np.ndarray[Any, Any]

ROLE = "banks"  # what rules on waterways look at
FUNCTION = "water_function"
_POINT_EVERY_M = 10.0  # along the lines that share a bed out among them
_MOUTH_WIDTHS = 5.0  # a river that flows into another at a flat angle runs no longer in the other's bed


def banks(waterways: gpd.GeoDataFrame | None, water_areas: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Rivers and streams as far as their banks are known: beds as polygons, the rest as lines.

    Parameters
    ----------
    waterways, water_areas
        Layers in the shape of :data:`siteplan.tables.INPUTS`, in the province's CRS; None where there is none.

    Returns
    -------
    GeoDataFrame or None
        Columns of ``waterways``. Beds are the water areas of class ``river``, and those without a class through which
        a river runs; they take the functions of the rivers in them (without a river, of the streams): where these
        differ along a bed, each part that of the nearest line; what only flows into a bed takes no part from
        it. Lines end where a bed begins. None where there is neither river nor stream.
    """
    lines = waterways if waterways is not None and len(waterways) else None
    beds = _beds(lines, water_areas)
    if beds is None:
        return lines
    if lines is None:
        return _as_waterways(beds, np.arange(len(beds)), [None] * len(beds), beds.geometry.to_numpy(), None, None)
    geometries = np.asarray(lines.geometry.values)
    bed_shapes = np.asarray(beds.geometry.values)
    bed, line = shapely.STRtree(geometries).query(bed_shapes, predicate="intersects")
    order = np.lexsort((bed, line))
    line, bed = line[order], bed[order]
    inside = shapely.intersection(geometries[line], bed_shapes[bed])
    runs = shapely.length(inside) > 0
    line, bed, inside = line[runs], bed[runs], inside[runs]
    dry = geometries.copy()
    for n, i in zip(line, bed, strict=True):
        dry[n] = shapely.difference(dry[n], bed_shapes[i])
    counts = _counting(lines["waterway_class"].to_numpy(dtype=object)[line], bed)
    line, bed, inside = line[counts], bed[counts], inside[counts]
    along = _along(shapely.length(inside), bed, shapely.area(bed_shapes))
    function = lines[FUNCTION].astype("object").where(lines[FUNCTION].notna(), None).to_numpy(dtype=object)
    number: list[int] = []
    functions: list[Any] = []
    shapes: list[Any] = []
    of_line: list[int] = []
    for i in range(len(beds)):
        own = np.flatnonzero(bed == i)
        for name, shape in _by_function(bed_shapes[i], inside[own], function[line[own]], along[own]).items():
            number.append(i)
            functions.append(name)
            shapes.append(shape)
            of_line.append(next((int(n) for n in line[own] if function[n] == name), -1))
    wet = _as_waterways(beds, np.array(number), functions, np.array(shapes, dtype=object), lines, np.array(of_line))
    left = lines.set_geometry(gpd.GeoSeries(dry, index=lines.index, crs=lines.crs))[~shapely.is_empty(dry)]
    return gpd.GeoDataFrame(pd.concat([left, wet], ignore_index=True), geometry="geometry", crs=lines.crs)


def _beds(lines: gpd.GeoDataFrame | None, water_areas: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Water areas that are the bed of a river; None where there is none."""
    if water_areas is None or not len(water_areas):
        return None
    kinds = water_areas["water_class"]
    river = kinds.to_numpy(dtype=object) == "river"
    unclassed = np.flatnonzero(kinds.isna().to_numpy())
    if len(unclassed) and lines is not None:
        rivers = np.asarray(lines.geometry.values)[(lines["waterway_class"].to_numpy(dtype=object) == "river")]
        areas = np.asarray(water_areas.geometry.values)[unclassed]
        met, _ = shapely.STRtree(rivers).query(areas, predicate="intersects")
        river[unclassed[np.unique(met)]] = True
    if not river.any():
        return None
    beds = water_areas[river].reset_index(drop=True)
    shapes = np.asarray(beds.geometry.values)
    return beds.set_geometry(gpd.GeoSeries(shapely.make_valid(shapes), crs=beds.crs))


def _counting(kinds: Array, bed: Array) -> Array:
    """Tell which of the lines in beds give them their functions: rivers, else streams; canals never."""
    river = kinds == "river"
    with_river = np.isin(bed, bed[river])
    return np.where(with_river, river, kinds != "canal").astype(bool)


def _along(length_m: Array, bed: Array, area_m2: Array) -> Array:
    """Tell which lines run along their bed and do not only flow into it: for some mean widths of the bed."""
    all_m = np.bincount(bed, weights=length_m, minlength=len(area_m2))
    width = np.divide(area_m2, all_m, out=np.zeros(len(area_m2)), where=all_m > 0)
    return np.asarray(length_m > _MOUTH_WIDTHS * width[bed])


def _by_function(bed: Any, inside: Array, functions: Array, along: Array) -> dict[Any, Any]:
    """Parts of a bed by function: the whole, or where lines differ what lies nearest to those of each.

    Where one flows into the bed of another, the mouth has the functions of both.
    """
    parts = _shared_out(bed, inside, functions)
    if len(parts) < 2 or along.all() or not along.any():
        return parts
    through = _shared_out(bed, inside[along], functions[along])
    return {name: shapely.union_all([p[name] for p in (parts, through) if name in p]) for name in parts}


def _shared_out(bed: Any, inside: Array, functions: Array) -> dict[Any, Any]:
    """Share a bed out among the functions of lines in it, each place to the nearest."""
    different = list(dict.fromkeys(functions.tolist()))
    if len(different) < 2:
        return {different[0] if different else None: bed}
    points, of_point = shapely.get_coordinates(shapely.segmentize(inside, _POINT_EVERY_M), return_index=True)
    points, first = np.unique(points, axis=0, return_index=True)
    of_point = of_point[first]
    places: Any = shapely.points(points)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(places), extend_to=bed))
    place, cell = shapely.STRtree(cells).query(places, predicate="intersects")
    whose = np.array([different.index(name) for name in functions], dtype=np.int64)[of_point]
    owner = np.full(len(cells), -1, dtype=np.int64)
    owner[cell] = whose[place]
    shares = {name: shapely.coverage_union_all(cells[owner == n]) for n, name in enumerate(different)}
    return {name: shapely.intersection(bed, share) for name, share in shares.items()}


def _as_waterways(
    beds: gpd.GeoDataFrame,
    number: Array,
    functions: list[Any],
    shapes: Array,
    lines: gpd.GeoDataFrame | None,
    of_line: Array | None,
) -> gpd.GeoDataFrame:
    """Beds with the columns of waterways; what their functions rest on counts with them."""
    out = beds.iloc[number].reset_index(drop=True)
    out = out.set_geometry(gpd.GeoSeries(shapes, crs=beds.crs)).drop(columns="water_class")
    out["waterway_class"], out[FUNCTION] = "river", pd.array(functions, dtype="object")
    if lines is None or of_line is None:
        return out
    told = np.flatnonzero((of_line >= 0) & np.array([f is not None for f in functions], dtype=bool))
    for flag in ("illustrative", "restricted"):
        if flag not in lines.columns or flag not in out.columns:
            continue
        own, theirs = (frame[flag].fillna(value=False).to_numpy(dtype=bool) for frame in (out, lines))
        more = np.zeros(len(out), dtype=bool)
        more[told] = theirs[of_line[told]] & ~own[told]
        if flag == "illustrative" and "layer" in out.columns:
            out.loc[more, "layer"] = lines["layer"].to_numpy(dtype=object)[of_line[more]]
        out[flag] = own | more
    return out
