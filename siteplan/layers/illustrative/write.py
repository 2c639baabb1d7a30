"""Writing: the same bytes on every run, under a temporary name until complete."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import rasterio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from siteplan.layers.illustrative.grid import Grid

Array = np.ndarray[Any, Any]

# GDAL writes the time of writing into GeoPackage; results must not depend on it.
_FIXED_DATE = "2026-01-01T00:00:00.000Z"


@contextmanager
def fixed_date() -> Iterator[None]:
    """Let GDAL believe that it is the first day of the data set."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_vector(path: Path, frame: gpd.GeoDataFrame, layer: str, geometry_type: str) -> Path:
    """Write a GeoPackage; call inside :func:`fixed_date`."""
    with _replacing(path) as unfinished:
        pyogrio.write_dataframe(
            frame,
            unfinished,
            layer=layer,
            driver="GPKG",
            geometry_type=geometry_type,
            promote_to_multi=geometry_type.startswith("Multi"),
            layer_options={"SPATIAL_INDEX": "YES"},
        )
    return path


def write_table(path: Path, frame: pd.DataFrame) -> Path:
    """Write a CSV in UTF-8 with plain numbers."""
    with _replacing(path) as unfinished:
        frame.to_csv(unfinished, index=False, lineterminator="\n", encoding="utf-8")
    return path


def write_raster(path: Path, values: Array, grid: Grid, epsg: int) -> Path:
    """Write a tiled, compressed GeoTIFF of one band."""
    with (
        _replacing(path) as unfinished,
        rasterio.open(
            unfinished,
            "w",
            driver="GTiff",
            height=values.shape[0],
            width=values.shape[1],
            count=1,
            dtype=values.dtype,
            crs=f"EPSG:{epsg}",
            transform=grid.transform,
            nodata=-9999.0,
            tiled=True,
            blockxsize=256,
            blockysize=256,
            compress="zstd",
            zstd_level=3,
            predictor=3,
            num_threads=2,
        ) as target,
    ):
        target.write(values, 1)
    return path


def write_json(path: Path, document: dict[str, Any]) -> Path:
    """Write a JSON document with sorted keys."""
    with _replacing(path) as unfinished:
        unfinished.write_text(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    return path
