"""How completely the layers cover each commune: what no conclusion can be better than.

Plans are stated elsewhere, kind by kind; here it is the layers of the ground.
"""

from __future__ import annotations

from typing import Any

import exactextract
import exactextract.raster
import numpy as np
import pandas as pd
import shapely

from siteplan import locale
from siteplan.crs import inside
from siteplan.dissolve import dissolved
from siteplan.errors import Problem
from siteplan.layers.read import LayerSet
from siteplan.raster import Raster
from siteplan.tables import RESULTS, conform

# roles whose area is measured; of the others it is only known that they are there
MEASURED_ROLES = ("land_use", "dem")
COVERAGE_ROLES = (
    "land_use", "dem", "roads", "waterways", "water_areas", "facilities", "hazards", "flood_marks", "services",
    "settlements",
    "population", "power_lines", "urban_areas", "sector_projects", "border",
)  # fmt: skip
WHOLE_PERCENT = 99.9
NOTHING_PERCENT = 0.005


def grid_share_percent(raster: Raster, communes: Any) -> Any:
    """Share of each commune's area in which a grid has values, percent; by exact cell coverage."""
    valid = np.isfinite(raster.values)
    if raster.nodata is not None and not np.isnan(raster.nodata):
        valid &= raster.values != raster.nodata
    percent = np.full(len(communes), 100.0)
    grid = Raster(valid, raster.transform, None)
    boxes = communes.geometry.bounds.to_numpy()
    # most communes lie in cells that all have values: only the others are measured cell by cell
    open_ones = np.array([not (inside(b, raster.bounds) and bool(grid.window(tuple(b)).values.all())) for b in boxes])
    if not open_ones.any():
        return percent
    west, south, east, north = raster.bounds
    source = exactextract.raster.NumPyRasterSource(
        valid.astype(np.float64), xmin=west, ymin=south, xmax=east, ymax=north, srs_wkt=communes.crs.to_wkt()
    )
    measured = communes.loc[open_ones]
    found = exactextract.exact_extract(source, measured[["geometry"]], ["sum"], output="pandas")
    cell = abs(raster.transform.a * raster.transform.e)
    covered = np.nan_to_num(found["sum"].to_numpy(float)) * cell
    percent[open_ones] = np.minimum(100.0 * covered / measured.area.to_numpy(), 100.0)
    return percent


def area_share_percent(zones: Any, communes: Any) -> Any:
    """Share of each commune's area that polygons cover, percent; what overlaps counts once."""
    areas = communes.geometry.to_numpy()
    # inner borders vanish in the union, so that cutting it is quick, and an overlap cannot hide a hole
    covered = shapely.area(shapely.intersection(areas, dissolved(zones.geometry.to_numpy())))
    return np.minimum(100.0 * covered / shapely.area(areas), 100.0)


def _excluded_roles(layers: LayerSet) -> dict[str, list[Problem]]:
    """Problems that left features out, by role."""
    roles = {entry.name: entry.role for entry in layers.catalog.layers}
    out: dict[str, list[Problem]] = {}
    for problem in layers.problems:
        if problem.severity == "excluded" and problem.layer in roles:
            out.setdefault(roles[problem.layer], []).append(problem)
    return out


def layer_coverage(layers: LayerSet) -> pd.DataFrame:
    """State for each commune and each role of the ground how far its layers cover it.

    Returns
    -------
    DataFrame
        :data:`siteplan.tables.RESULTS` ``["coverage"]``: one row a commune and role. ``percent`` is measured for land
        use and terrain and empty for the others; a role of which features were left out is ``partly``. Communes that
        its layers were not made for (``covers`` of the catalog) miss it.
    """
    communes = layers.table("communes")
    mandatory = layers.catalog.mandatory_roles()
    left_out = _excluded_roles(layers)
    frames = []
    for role in COVERAGE_ROLES:
        entries = layers.catalog.of_role(role)
        there = layers.has(role)
        frame = pd.DataFrame({"commune_code": communes["code"].to_numpy(object)})
        frame["role"] = role
        frame["mandatory"] = role in mandatory
        percent = np.full(len(communes), np.nan)
        dem = layers.raster("dem") if role == "dem" else None
        if dem is not None and len(communes):
            percent = grid_share_percent(dem, communes)
        elif there and len(communes) and role == "land_use":
            percent = area_share_percent(layers.table("land_use"), communes)
        measured = np.isfinite(percent)
        status = np.where(
            measured,
            np.where(percent >= WHOLE_PERCENT, "covered", np.where(percent > NOTHING_PERCENT, "partly", "missing")),
            "covered" if there else "missing",
        ).astype(object)
        notes: list[locale.Message] = []
        made_for = layers.delivered(role) if there else None
        elsewhere = ~communes["code"].isin(communes["code"] if made_for is None else made_for).to_numpy()
        status[elsewhere] = "missing"
        if there and left_out.get(role):
            status[status == "covered"] = "partly"
            notes.append(("coverage.features_left_out", {"count": sum(_count(p) for p in left_out[role])}))
        if not there:
            notes.append(("coverage.layer_missing" if entries else "coverage.layer_not_listed", {"role": role}))
        frame["status"] = status
        frame["percent"] = percent
        frame["illustrative"] = bool(there and any(entry.illustrative for entry in entries))
        frame["source"] = "; ".join(dict.fromkeys(e.source for e in entries if e.source and there)) or None
        dates = sorted(e.date.isoformat() for e in entries if e.date and there)
        frame["data_date"] = dates[0] if dates else None  # the oldest: no conclusion is newer
        undelivered = locale.encode([("coverage.not_delivered", {}), *notes])
        frame["notes"] = [undelivered if out else locale.encode(notes) for out in elsewhere]
        frames.append(frame)
    return conform(pd.concat(frames, ignore_index=True), RESULTS["coverage"])


def _count(problem: Problem) -> int:
    return int(problem.params.get("count", 1))
