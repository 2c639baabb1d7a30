"""A run as one commune may see it: its own sites and findings, nothing restricted, of the others only the plan."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio import features

from siteplan.outputs.webmap.cells import flags
from siteplan.raster import Raster
from siteplan.runs import Run
from siteplan.tables import RESULTS

AROUND_M = 2_000.0  # how far over its boundary a commune sees what lies behind


class CommuneRun(Run):
    """A finished run without what belongs to other communes.

    Rows of other communes are left out of every table; of the communes and of the programme they stay, because rank
    and phase are the province's, but without reasons and without anything on their sites. Restricted rows are left out
    even where the run includes them. Rasters end at the commune's boundary, the hillshade excepted.
    """

    def __init__(self, run: Run, code: str) -> None:
        super().__init__(run.folder)
        self.code = code
        self.manifest = {**self.manifest, "include_restricted": False}
        # without the values of the others there is no ranking to try
        self.manifest["scenario"] = {**self.manifest["scenario"], "supplements": None}
        communes = super().table("communes")
        self.ground = shapely.union_all(communes.geometry[communes["code"] == code].to_numpy())

    def table(self, name: str) -> Any:
        """Return a result table with the rows of the commune."""
        frame = super().table(name)
        if name in ("communes", "programme"):
            others = frame["code" if name == "communes" else "commune_code"] != self.code
            for column in RESULTS[name].columns:
                told = column.kind == "messages" or "site" in column.name or column.name.startswith("best_")
                if told or column.name in ("rests_on", "kept_facility_id", "eligible_area_m2"):
                    frame[column.name] = frame[column.name].where(~others)
            return frame
        if "commune_code" in frame.columns:
            frame = frame[frame["commune_code"] == self.code].reset_index(drop=True)
        return frame

    def background(self, role: str) -> gpd.GeoDataFrame:
        """Return what lies around the commune and is not restricted."""
        frame = super().background(role)
        near = shapely.intersects(frame.geometry.to_numpy(), shapely.buffer(self.ground, AROUND_M))
        return frame[near & ~flags(frame, "restricted")].reset_index(drop=True)

    def raster(self, name: str) -> Raster | None:
        """Return a raster of the run; beyond the boundary only the hillshade."""
        raster = super().raster(name)
        if raster is None or name == "hillshade":
            return raster
        inside = features.rasterize(
            [(self.ground, 1)], out_shape=raster.values.shape, transform=raster.transform, dtype="uint8"
        ).astype(bool)
        empty = 0 if raster.nodata is None else raster.nodata
        return Raster(
            np.where(inside, raster.values, empty), raster.transform, raster.nodata, raster.source_resolution_m
        )
