"""Bands of grids: a picture is refused, more bands than one are told, one band is silent."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine

from siteplan import locale

PLACE = Affine(50, 0, 436_000.0, 0, -50, 2_434_000.0)


@pytest.mark.parametrize(
    ("bands", "dtype", "key", "severity"),
    [
        (3, "uint8", "raster_picture", "error"),
        (4, "uint8", "raster_picture", "error"),
        (2, "float32", "raster_bands", "warning"),
        (1, "int16", None, None),
    ],
)
@pytest.mark.parametrize("role", ["dem", "population"])
def test_bands_of_grids(ground, role, bands, dtype, key, severity) -> None:
    values = np.full((560, 560), 120, dtype)
    profile = {"driver": "GTiff", "height": 560, "width": 560, "count": bands, "dtype": dtype, "transform": PLACE}
    with rasterio.open(ground.folder / "luoi.tif", "w", crs="EPSG:9215", **profile) as sink:
        for band in range(bands):
            sink.write(values, band + 1)
    ground.put("luoi", role, "luoi.tif")
    (found,) = [p for p in ground.read().problems if p.layer == "luoi"] or [None]
    assert (found and found.key, found and found.severity, found and found.file) == (key, severity, key and "luoi.tif")
    for lang in locale.LANGUAGES if found else ():
        assert "{" not in "".join(locale.problem_row(found, lang).values())
