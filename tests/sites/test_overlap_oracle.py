"""Areas of overlap against an independent computation: ST_Intersection of SpatiaLite, asked through ogr2ogr."""

from __future__ import annotations

import subprocess
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity

from siteplan.sites import plans

PAIRS = 1000
DATE = pd.Timestamp("2026-01-01").date()


def pairs(maps) -> tuple[list, list]:
    """Sites and zones, one zone a site, far apart from all others: every case that plans hold."""
    generator = np.random.default_rng(20260101)
    sites, zones = [], []
    for i in range(PAIRS):
        x, y = 600.0 * (i % 40), 600.0 * (i // 40)
        width, height = generator.uniform(40, 160, 2)
        turn = generator.uniform(0, 90)
        site = shapely.affinity.rotate(maps.at(x, y, x + width, y + height), turn)
        left, low = generator.uniform(-120, 120, 2)
        blob = shapely.buffer(maps.point(x + 80 + left, y + 60 + low), generator.uniform(20, 160), quad_segs=6)
        case = i % 8
        if case == 1:  # a hole
            blob = shapely.difference(blob, shapely.buffer(shapely.centroid(site), 15, quad_segs=5))
        elif case == 2:  # several parts
            other = shapely.buffer(maps.point(x + 10, y + 10), 25, quad_segs=4)
            blob = shapely.union(blob, other)
        elif case == 3:  # wholly inside the site
            blob = shapely.buffer(shapely.centroid(site), generator.uniform(2, 15), quad_segs=8)
        elif case == 4:  # a shared edge, exactly
            site = maps.at(x, y, x + 100, y + 80)
            blob = maps.at(x + 100, y - 20, x + 220, y + 50)
        elif case == 5:  # a sliver along an edge
            site = maps.at(x, y, x + 100, y + 80)
            blob = maps.at(x + 100 - generator.uniform(0.01, 0.5), y, x + 180, y + 80)
        elif case == 6:  # crosses itself
            side = generator.uniform(60, 180)
            corners = ((0, 0), (side, side), (side, 0), (0, side))
            blob = shapely.Polygon([(maps.X0 + x + a, maps.Y0 + y + b) for a, b in corners])
        elif case == 7:  # the site wholly inside
            blob = shapely.buffer(site, 30, quad_segs=4)
        sites.append(site)
        zones.append(blob)
    return sites, zones


@pytest.mark.require("gdal")
def test_areas_equal_those_of_spatialite(maps, rules, tmp_path: Path) -> None:
    places, shapes = pairs(maps)
    plan_rows = [{"plan_id": "P1", "title": "QH", "plan_kind": "general", "status": "approved"}]
    drawn = gpd.GeoDataFrame(
        {"zone_id": [f"z{i}" for i in range(PAIRS)], "plan_id": "P1", "function": "CQP", "name": None,
         "horizon": None, "layer": "plan_zones", "illustrative": False, "restricted": False},
        geometry=shapes, crs=maps.CRS,
    )  # fmt: skip
    sites = gpd.GeoDataFrame(
        {"site_id": [f"s{i}" for i in range(PAIRS)], "commune_code": maps.CODE}, geometry=places, crs=maps.CRS
    )
    joined = plans.join_zones(drawn, maps.layer("plans", plan_rows), rules, DATE)
    found = plans.evidence(sites, joined, maps.scenario().tolerance)
    ours = dict(zip(found["site_id"].str[1:].astype(int), found["area_m2"], strict=True))

    source = tmp_path / "pairs.gpkg"
    sites[["site_id", "geometry"]].to_file(source, layer="sites")
    drawn[["zone_id", "geometry"]].to_file(source, layer="zones")
    query = (
        "SELECT CAST(substr(s.site_id, 2) AS INTEGER) AS i, "
        "ST_Area(ST_Intersection(ST_MakeValid(s.geom), ST_MakeValid(z.geom))) AS area "
        "FROM sites s JOIN zones z ON substr(s.site_id, 2) = substr(z.zone_id, 2)"
    )
    table = tmp_path / "areas.csv"
    subprocess.run(
        ["ogr2ogr", "-f", "CSV", str(table), str(source), "-dialect", "SQLITE", "-sql", query],
        check=True, capture_output=True,
    )  # fmt: skip
    theirs = pd.read_csv(table).fillna(0.0).set_index("i")["area"]
    assert len(theirs) == PAIRS
    mine = np.array([ours.get(i, 0.0) for i in theirs.index])
    assert (theirs > 0).sum() > PAIRS / 2
    assert mine == pytest.approx(theirs.to_numpy(), rel=1e-9, abs=1e-6)
    relation = dict(zip(found["site_id"].str[1:].astype(int), found["relation"], strict=True))
    assert {relation[i] for i in range(PAIRS) if i % 8 == 3} == {"contains"}
    assert {relation[i] for i in range(PAIRS) if i % 8 == 4} == {"touch"}
    assert {relation[i] for i in range(PAIRS) if i % 8 == 7} == {"within"}
