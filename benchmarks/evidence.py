"""Evidence of 10,000 sites against 5,000 zones beside the bare intersection of geopandas, in one process.

`python -m benchmarks.evidence` prints seconds, processor seconds, peak memory and the ratios, of rounds that take
turns, each on geometries that no library has prepared or indexed yet. Timings are told, never tested.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.rules import load_rules
from siteplan.scenario import ToleranceSettings
from siteplan.sites import plans

ROOT = Path(__file__).resolve().parent.parent
SITES, ZONES, VERTICES, SEED = 10_000, 5_000, 200, 9215
CRS = "EPSG:9215"
WEST, SOUTH, WIDTH = 400_000.0, 2_350_000.0, 120_000.0
FUNCTIONS = ("TSC", "ONT", "DGT", "LUC", "RSX", "DAT_HTXH_YTE", "DAT_DD_HONHOP", "BCS")
ROUNDS = 9


def made() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, Any]:
    """Sites of 60-110 m, zones of some 380-740 m around with 200 corners, some 4,000 of the pairs overlapping."""
    generator = np.random.default_rng(SEED)
    corner = generator.uniform(0, WIDTH, (SITES, 2)) + np.array([WEST, SOUTH])
    size = generator.uniform(60, 110, (SITES, 2))
    sites = gpd.GeoDataFrame(
        {"site_id": [f"s{i:05d}" for i in range(SITES)], "commune_code": "00001"},
        geometry=shapely.box(*corner.T, *(corner + size).T),
        crs=CRS,
    )
    centre = generator.uniform(0, WIDTH, (ZONES, 2)) + np.array([WEST, SOUTH])
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = generator.uniform(380, 740, (ZONES, 1)) * generator.uniform(0.9, 1.0, (ZONES, VERTICES))
    ring = np.stack([centre[:, :1] + radius * np.cos(angle), centre[:, 1:] + radius * np.sin(angle)], axis=-1)
    kinds = ("general", "land_use", "forest", "zoning", "annual_land_use")
    register = pd.DataFrame({"plan_id": [f"P{i:02d}" for i in range(40)]})
    register = register.assign(
        title="Quy hoạch " + register["plan_id"], plan_kind=[kinds[i % len(kinds)] for i in range(40)],
        level="tỉnh", authority="UBND tỉnh", decision_no="1/QĐ-UBND", decision_date="2022-05-01", status="approved",
        supersedes=None, version_date=None, covers="*", year_from=2021, year_to=2030, owner=None, paper_only=False,
        accuracy_m=5.0,
    )  # fmt: skip
    zones = gpd.GeoDataFrame(
        {
            "zone_id": [f"z{i:05d}" for i in range(ZONES)],
            "plan_id": [f"P{i % 40:02d}" for i in range(ZONES)],
            "function": [FUNCTIONS[i % len(FUNCTIONS)] for i in range(ZONES)],
            "name": None, "horizon": "2021-2030", "layer": "plan_zones", "illustrative": True, "restricted": False,
        },
        geometry=shapely.polygons(ring),
        crs=CRS,
    )  # fmt: skip
    return sites, zones, register


def timed(work: Callable[..., Any], *frames: gpd.GeoDataFrame) -> tuple[float, float, Any]:
    """Seconds, processor seconds and result of work on new copies of frames; the copies are made before."""
    copies = [fresh(frame) for frame in frames]
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    found = work(*copies)
    return time.perf_counter() - wall, time.process_time() - cpu, found


def fresh(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Copy with new geometries: what one library prepared or indexed does not serve the other."""
    wkb = shapely.to_wkb(np.asarray(frame.geometry.values))
    return frame.set_geometry(gpd.GeoSeries(shapely.from_wkb(wkb), index=frame.index, crs=CRS))


def main() -> int:
    """Measure and print."""
    rules = load_rules(ROOT / "layers" / "rules")
    tolerance = ToleranceSettings()
    sites, zones, register = made()
    joined = plans.join_zones(zones, register, rules, pd.Timestamp("2026-01-01").date())

    def ours(places: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Any:
        found = plans.evidence(places, areas, tolerance)
        return found, plans.disagreements(found, rules, tolerance)

    def bare(places: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Any:
        return gpd.overlay(places, areas, how="intersection", keep_geom_type=True)

    timed(ours, sites[:100], joined)  # libraries are loaded
    timed(bare, sites[:100], zones)
    theirs, own = [], []
    for _ in range(ROUNDS):
        *seconds, pieces = timed(bare, sites, zones)
        theirs.append(seconds)
        *seconds, (found, differing) = timed(ours, sites, joined)
        own.append(seconds)
    overlaps = found[found["area_m2"] > 0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"pairs that overlap: {len(overlaps)} (geopandas.overlay: {len(pieces)}); findings: {len(found)}")
    print(f"places where plans disagree: {len(differing)}")
    print(f"area: {overlaps['area_m2'].sum():.3f} m² (geopandas.overlay: {pieces.area.sum():.3f} m²)")
    for kind, mine, other in zip(("wall clock", "processor"), np.transpose(own), np.transpose(theirs), strict=True):
        print(
            f"{kind}, least of {ROUNDS}: all evidence {mine.min():.2f} s, geopandas.overlay {other.min():.2f} s,"
            f" ratio {mine.min() / other.min():.2f}; median of the ratios {np.median(mine / other):.2f}"
        )
    print(f"peak memory of both together {peak:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
