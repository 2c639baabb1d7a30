"""Small maps that can be checked by hand: one square commune, and what a test puts into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine

from siteplan.raster import Raster
from siteplan.rules import Rules, load_rules
from siteplan.scenario import Scenario
from siteplan.sites.inputs import SITE_ROLES, SiteInputs
from siteplan.tables import INPUTS, conform, empty

CRS = 9215
X0, Y0 = 450_000.0, 2_420_010.0  # both multiples of 30 m
SIDE = 3000.0
CODE = "09999"


def commune() -> Any:
    return shapely.box(X0, Y0, X0 + SIDE, Y0 + SIDE)


def at(x: float, y: float, x1: float, y1: float) -> Any:
    """Box in metres from the south-west corner of the commune."""
    return shapely.box(X0 + x, Y0 + y, X0 + x1, Y0 + y1)


def line(*points: tuple[float, float]) -> Any:
    return shapely.LineString([(X0 + x, Y0 + y) for x, y in points])


def point(x: float, y: float) -> Any:
    return shapely.Point(X0 + x, Y0 + y)


def layer(role: str, rows: list[dict[str, Any]], **origin: Any) -> gpd.GeoDataFrame:
    """Rows of a role, in its schema; `layer` is the role's name unless told otherwise."""
    frame = pd.DataFrame(rows).assign(**{"layer": role, "illustrative": False, "restricted": False, **origin})
    for row in rows:
        for column in ("layer", "illustrative", "restricted"):
            if column in row:
                frame[column] = [r.get(column, frame[column].iloc[i]) for i, r in enumerate(rows)]
    if INPUTS[role].geometry is None:
        return conform(frame, INPUTS[role])
    return conform(gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS), INPUTS[role])


def plane(height: float = 100.0, east: float = 0.0, cell: float = 30.0, margin: float = 600.0) -> Raster:
    """Terrain that rises evenly to the east."""
    columns = int((SIDE + 2 * margin) / cell)
    z = height + east * (np.arange(columns) * cell)
    values = np.broadcast_to(z, (columns, columns)).astype(np.float32)
    return Raster(values.copy(), Affine(cell, 0, X0 - margin, 0, -cell, Y0 + SIDE + margin), float("nan"), cell)


@pytest.fixture(scope="session")
def rules(repo_root: Path) -> Rules:
    return load_rules(repo_root / "layers" / "rules")


def scenario(**parts: Any) -> Scenario:
    return Scenario.model_validate(
        {"name": "thu", "title": "Thử", "date": "2026-01-01", "criteria": [], "phases": [], **parts}
    )


@pytest.fixture
def inputs(rules: Rules) -> Callable[..., SiteInputs]:
    """Build inputs: layers by role, and optionally terrain, people, need, scenario parts."""

    def build(
        *,
        dem: Raster | None = None,
        people: list[tuple[float, float, float]] = (),
        required: float = 8100.0,
        settings: dict[str, Any] | None = None,
        **tables: gpd.GeoDataFrame,
    ) -> SiteInputs:
        rows = [{"code": CODE, "name": "Thử", "kind": "xã", "geometry": commune()}]
        communes = layer("communes", rows).assign(population=5000)
        filled = {r: tables.get(r, empty(INPUTS[r], CRS if INPUTS[r].geometry else None)) for r in SITE_ROLES}
        points = gpd.GeoDataFrame(
            {"population": [p for _, _, p in people]}, geometry=[point(x, y) for x, y, _ in people], crs=CRS
        )
        return SiteInputs(
            scenario=scenario(**(settings or {})),
            rules=rules,
            communes=communes,
            required=pd.DataFrame({"commune_code": [CODE], "required_land_area_m2": [required]}),
            dem=dem,
            population=points if len(points) else None,
            tables=filled,
            seats=gpd.GeoDataFrame({"code": [CODE]}, geometry=[point(1500, 1500)], crs=CRS),
        )

    return build


@pytest.fixture(scope="session")
def maps() -> SimpleNamespace:
    """The drawing tools above."""
    return SimpleNamespace(
        CODE=CODE, X0=X0, Y0=Y0, SIDE=SIDE, CRS=CRS,
        commune=commune, at=at, line=line, point=point, layer=layer, plane=plane, scenario=scenario,
    )  # fmt: skip
