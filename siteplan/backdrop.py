"""What lies under the results on every map: layers that were read, and the shaded terrain; kept between runs."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine

from siteplan import cache, runs, site_cache
from siteplan.layers.read import LayerSet
from siteplan.raster import Raster
from siteplan.sites.terrain import hillshade
from siteplan.tables import BACKGROUND

_CELL_M = 60.0


def background(layers: LayerSet, date: dt.date, include_restricted: bool) -> bytes:
    """Return the layers of the background (``tables.BACKGROUND``) as the content of a GeoPackage, kept between runs.

    Parameters
    ----------
    layers
        What was read.
    date
        The scenario's date, which stamps the file.
    include_restricted
        Whether restricted features, and titles and decisions of restricted plans, are in it.

    Returns
    -------
    bytes
        Of a file in the province's CRS; none where every layer is empty.
    """
    key = cache.key_of(
        layers.fingerprint,
        date.isoformat(),
        str(include_restricted),
        cache.code_fingerprint(without=cache.BEYOND_SITES),
    )

    def made() -> bytes:
        with tempfile.TemporaryDirectory(prefix="siteplan-") as folder:
            path = Path(folder) / "background.gpkg"
            runs.write_background(path, _background(layers, include_restricted), date)
            return path.read_bytes() if path.exists() else b""

    return cache.kept_bytes("background", key, made)


def put_background(path: Path, made: Callable[[], bytes]) -> None:
    """Write what :func:`background` gives, now or begun before; no file where there is nothing to show."""
    content = made()
    if content:
        path.write_bytes(content)


def _background(layers: LayerSet, include_restricted: bool) -> dict[str, gpd.GeoDataFrame]:
    out = {}
    for role in BACKGROUND:
        frame = layers.table(role)
        if not include_restricted and len(frame):
            frame = frame[~frame["restricted"].astype(bool)]
        if len(frame):
            out[role] = frame
    if "plan_zones" in out:
        plans = layers.table("plans")
        shown = plans if include_restricted else plans[~plans["restricted"].astype(bool)]
        out["plan_zones"] = _with_plans(out["plan_zones"], shown)
    return out


def _with_plans(zones: gpd.GeoDataFrame, plans: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add title, decision and status of the plan to each zone."""
    columns = ["plan_id", "title", "plan_kind", "decision_no", "decision_date", "authority", "status", "year_to"]
    return zones.merge(plans[columns], on="plan_id", how="left")


def shaded(layers: LayerSet) -> Raster | None:
    """Return the shaded terrain, coarsened to some 60 m where it is finer; None where there is no terrain model.

    Returns
    -------
    Raster
        uint8 from 1 to 255, 0 where the terrain is not known; in the province's CRS.
    """
    dem = layers.raster("dem")
    if dem is None:
        return None
    key = cache.key_of(layers.fingerprint, cache.code_fingerprint(without=cache.BEYOND_SITES))
    return site_cache.grid("hillshade", key, layers.province.epsg, lambda: _shaded(dem))


def _shaded(dem: Raster) -> Raster:
    step = max(1, round(_CELL_M / dem.cell_m))
    values: Any = dem.values
    if step > 1:
        rows, columns = (values.shape[0] // step) * step, (values.shape[1] // step) * step
        blocks = values[:rows, :columns].reshape(rows // step, step, columns // step, step)
        known = np.isfinite(blocks)
        count = known.sum(axis=(1, 3))
        total = np.where(known, blocks, 0).sum(axis=(1, 3))
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    cell = dem.cell_m * step
    shade = np.asarray(hillshade(values, cell), dtype=float)
    out = np.where(np.isfinite(shade), np.clip(np.round(shade), 1, 255), 0).astype(np.uint8)
    transform = Affine(cell, 0, dem.transform.c, 0, -cell, dem.transform.f)
    return Raster(out, transform, 0, dem.source_resolution_m)
