"""Raster values in polygons, each cell weighted by the exact share of it that the polygon covers.

Polygons and rasters are in one CRS, the province's; what is returned has one row a polygon, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from exactextract import exact_extract
from exactextract.feature import JSONFeature, JSONFeatureSource
from exactextract.raster import NumPyRasterSource

from siteplan.sites.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteplan.raster import Raster

Array = np.ndarray[Any, Any]


class _Feature(JSONFeature):
    """One polygon, handed over as bytes: through GeoJSON it would take five times as long."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__({"type": "Feature", "properties": {}})
        self.wkb = wkb

    def geometry(self) -> bytes:
        return self.wkb


class _Features(JSONFeatureSource):
    """Polygons in the plane of the rasters."""

    def __iter__(self) -> Iterator[_Feature]:
        return (_Feature(wkb) for wkb in self.src)


def zonal(geometries: Array, raster: Raster, operations: Sequence[str]) -> pd.DataFrame:
    """Statistics of a raster in polygons, each cell weighted by the share of it that the polygon covers.

    Parameters
    ----------
    geometries
        Polygons, metres; they may reach beyond the raster.
    raster
        Values; NaN and `nodata` do not count.
    operations
        Names as exactextract knows them: mean, max, min, count, sum, ...

    Returns
    -------
    DataFrame
        Rows as `geometries`, one column per operation.
    """
    found = zonal_columns(geometries, {"value": raster}, operations)
    return pd.DataFrame({name: found[f"value_{name}"] for name in operations}, index=range(len(geometries)))


def zonal_columns(geometries: Array, rasters: Mapping[str, Raster], operations: Sequence[str]) -> Columns:
    """Statistics of several rasters of one grid: columns ``<raster>_<operation>``."""
    found = _extracted(geometries, rasters, operations)
    names = [f"{name}_{operation}" for name in rasters for operation in operations]
    return {name: np.array([row[name] for row in found], dtype=float) for name in names}


def _extracted(geometries: Array, rasters: Mapping[str, Raster], operations: Sequence[str]) -> list[dict[str, Any]]:
    """Results of operations on rasters of one grid, one record ``<raster>_<operation>`` a polygon."""
    if len(geometries) == 0:
        return []
    sources = [
        NumPyRasterSource(raster.values, *raster.bounds, nodata=raster.nodata, name=name)
        for name, raster in rasters.items()
    ]
    found: Any = exact_extract(sources, _Features(list(shapely.to_wkb(geometries))), list(operations))
    # a single raster's results carry no name
    prefix = f"{next(iter(rasters))}_" if len(rasters) == 1 else ""
    return [{f"{prefix}{name}": value for name, value in one["properties"].items()} for one in found]


def covered(geometries: Array, rasters: Mapping[str, Raster]) -> list[dict[str, tuple[Array, Array]]]:
    """Known values of rasters of one grid in each polygon, with the share of each cell that lies inside.

    Parameters
    ----------
    geometries
        Polygons; they may reach beyond the rasters.
    rasters
        Grids of the same cells by name.

    Returns
    -------
    list
        One a polygon: for each raster its values and shares (0..1), without the cells that are unknown.
    """
    return [
        {name: (row[f"{name}_values"], row[f"{name}_coverage"]) for name in rasters}
        for row in _extracted(geometries, rasters, ["values", "coverage"])
    ]


def cells_of(raster: Raster, geometries: Array) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the cells of a raster that the box around each geometry meets; none where it lies outside."""
    t, (height, width) = raster.transform, raster.values.shape
    for west, south, east, north in shapely.bounds(geometries).tolist():
        top, bottom = max(int(np.floor((north - t.f) / t.e)), 0), min(int(np.ceil((south - t.f) / t.e)), height)
        left, right = max(int(np.floor((west - t.c) / t.a)), 0), min(int(np.ceil((east - t.c) / t.a)), width)
        if top < bottom and left < right:
            yield slice(top, bottom), slice(left, right)
