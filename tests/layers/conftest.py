"""A small province to break: four square communes of 10 km, terrain, a road, and the catalog that names them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from siteplan.errors import Problem
from siteplan.layers.catalog import load_catalog
from siteplan.layers.check import check_read
from siteplan.layers.read import LayerSet, read_layers
from siteplan.rules import Rules, load_rules

EPSG = 9215
WEST, SOUTH, SIDE = 440_000.0, 2_410_000.0, 10_000.0
CODES = ("06001", "06004", "06019", "06037")


def square(column: int, row: int, side: float = SIDE, west: float = WEST, south: float = SOUTH) -> shapely.Polygon:
    return shapely.box(west + column * side, south + row * side, west + (column + 1) * side, south + (row + 1) * side)


def communes_frame(crs: int | None = EPSG) -> gpd.GeoDataFrame:
    shapes = [square(0, 0), square(1, 0), square(0, 1), square(1, 1)]
    names = ["Hữu Lũng", "Đồng Đăng", "Lộc Bình", "Văn Lãng"]
    columns = {"code": list(CODES), "name": names, "kind": ["xã", "xã", "phường", "xã"]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def grid_file(path: Path, values: Any, transform: Affine, crs: int | None = EPSG, nodata: float | None = None) -> None:
    values = np.asarray(values)
    profile = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": values.dtype,
        "transform": transform, "nodata": nodata,
    }  # fmt: skip
    if crs is not None:
        profile["crs"] = f"EPSG:{crs}"
    with rasterio.open(path, "w", **profile) as sink:
        sink.write(values, 1)


@dataclass
class Field:
    """A folder with a catalog; entries are added, replaced or removed before it is read."""

    folder: Path
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.toml"

    def put(self, name: str, role: str, path: str = "", **more: Any) -> None:
        self.entries[name] = {"role": role, **({"path": path} if path else {}), **more}

    def frame(self, name: str, role: str, frame: gpd.GeoDataFrame, file: str = "", **more: Any) -> None:
        file = file or f"{name}.gpkg"
        options = {"encoding": "utf-8"} if file.endswith(".shp") else {}
        frame.to_file(self.folder / file, **options)
        self.put(name, role, file, **more)

    def text(self, name: str, role: str, file: str, content: str, **more: Any) -> None:
        (self.folder / file).write_text(content, "utf-8")
        self.put(name, role, file, **more)

    def write(self) -> Path:
        lines = ["[province]", 'file = "province.toml"']
        for name, entry in self.entries.items():
            lines += ["", f"[layers.{name}]", *(f"{key} = {_toml(value)}" for key, value in entry.items())]
        self.catalog.write_text("\n".join(lines) + "\n", "utf-8")
        return self.catalog

    def read(self) -> LayerSet:
        return read_layers(load_catalog(self.write()))

    def check(self, rules: Any = None) -> list[Problem]:
        return check_read(read_layers(load_catalog(self.write())), rules)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{k}" = {_toml(v)}' for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return f"'{value}'" if isinstance(value, str) else str(value)


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory, repo_root: Path) -> Path:
    """The small province on disk, made once; each test works on a copy."""
    folder = tmp_path_factory.mktemp("layers") / "goc"
    folder.mkdir()
    shutil.copy(repo_root / "layers" / "province.toml", folder / "province.toml")
    communes_frame().to_file(folder / "communes.gpkg")
    road = shapely.LineString([(WEST, SOUTH + 5000), (WEST + 20_000, SOUTH + 5000)])
    columns = {"road_class": ["national"], "name": ["QL.1"], "is_bridge": [False]}
    gpd.GeoDataFrame(columns, geometry=[road], crs=EPSG).to_file(folder / "roads.gpkg")
    values = np.full((560, 560), 300, np.float32)
    grid_file(folder / "dem.tif", values, Affine(50, 0, WEST - 4000, 0, -50, SOUTH + 24_000), nodata=-9999)
    return folder


@pytest.fixture
def ground(tmp_path: Path, sound_folder: Path) -> Field:
    """The small province, whole and sound."""
    folder = tmp_path / "Đề án TTHC (bản cuối)"
    shutil.copytree(sound_folder, folder)
    made = Field(folder)
    made.put("communes", "communes", "communes.gpkg", required=True, mandatory=True)
    made.put("roads", "roads", "roads.gpkg", required=True)
    made.put("dem", "dem", "dem.tif", required=True)
    return made


@pytest.fixture(scope="session")
def rules(repo_root: Path) -> Rules:
    return load_rules(repo_root / "layers" / "rules")


@pytest.fixture(name="write_grid")
def _write_grid():
    """Write a GeoTIFF: path, values, transform, EPSG code, nodata."""
    return grid_file
