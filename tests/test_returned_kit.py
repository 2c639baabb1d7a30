"""A kit goes out, a consultant moves a site in another program, and the next run looks at the place it was moved to."""

from __future__ import annotations

import subprocess

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from siteplan.cli.app import call
from siteplan.layers.founding import found_workspace
from siteplan.pipeline import run_scenario
from siteplan.runs import write_geopackage

KEPT = 2
EAST_M = 30.0

ENTRIES = """
[layers.thu_so]
role = "plans"
path = "own/plans.csv"
source = "đặt ra cho phép thử"
date = 2026-01-01

[layers.thu_o]
role = "plan_zones"
path = "own/zones.gpkg"
source = "đặt ra cho phép thử"
date = 2026-01-01
"""
PLAN = """plan_id,title,plan_kind,decision_no,decision_date,status
QH-1,Quy hoạch thử,general,1/QĐ-UBND,2025-01-01,approved
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, shared_data):
    made = found_workspace(tmp_path_factory.mktemp("tinh") / "moi", "Cao Bằng", str(shared_data))
    path = made.workspace.layers / "province" / "communes.gpkg"
    communes = pyogrio.read_dataframe(path)
    near = communes.distance(communes.geometry.iloc[0]).sort_values(kind="stable").index[:KEPT]
    path.unlink()
    write_geopackage(path, {"communes": communes.loc[near]})
    facts = pd.read_csv(path.with_suffix(".csv"), dtype=str)
    facts[facts["code"].isin(communes.loc[near, "code"])].to_csv(path.with_suffix(".csv"), index=False)
    return made.workspace


def command(place, *words):
    return call([*map(str, words), "--workspace", str(place.root)])


@pytest.mark.require("gdal")
def test_a_moved_site_is_a_proposal_of_the_next_run_and_its_evidence_is_computed_anew(place, tmp_path, capsys):
    scenario = place.scenarios / "phuong_an_1.toml"
    first = run_scenario(scenario, place)
    best = first.sites[first.sites["is_best"]].sort_values("site_id").iloc[0]
    assert command(place, "export", first.name, "--theme", "vi_tri", "--out", tmp_path / "giao") == 0
    shp = tmp_path / "giao" / "shp"
    query = (
        f"SELECT CASE WHEN MA_VT='{best.site_id}' THEN ST_Translate(geometry, {EAST_M}, 0, 0) ELSE geometry END "
        "AS geometry, * FROM vi_tri"
    )
    moved = tmp_path / "sua.shp"
    subprocess.run(
        ["ogr2ogr", str(moved), str(shp / "vi_tri.shp"), "-dialect", "sqlite", "-sql", query, "-lco", "ENCODING=UTF-8"],
        check=True,
    )
    for path in [*shp.glob("vi_tri.*")]:
        path.unlink()
        if (own := moved.with_suffix(path.suffix)).is_file():
            own.rename(path)
    capsys.readouterr()
    assert command(place, "layers", "import", tmp_path / "giao", "--accept") == 0
    assert "1 vị trí dịch, 0 đổi hình, 0 thêm, 0 thiếu" in capsys.readouterr().out

    # a zone that begins where the site ends: the site as it stood only touches it, the moved one overlaps
    _, south, east, north = best.geometry.bounds
    zone = shapely.box(east, south - 100, east + 500, north + 100)
    (place.layers / "own").mkdir()
    gpd.GeoDataFrame(
        {"zone_id": ["Z1"], "plan_id": ["QH-1"], "function": ["DAT_DITICH_TONGIAO"], "name": ["Di tích"]},
        geometry=[zone], crs=first.sites.crs,
    ).to_file(place.layers / "own" / "zones.gpkg", layer="plan_zones")  # fmt: skip
    (place.layers / "own" / "plans.csv").write_text(PLAN, "utf-8")
    catalog = place.catalog.read_text("utf-8")
    place.catalog.write_text(catalog + ENTRIES, "utf-8")

    second = run_scenario(scenario, place)
    sites = second.sites.set_index("site_id")
    (proposal,) = sites.index[sites["source_id"] == f"TV-{best.site_id}"]
    assert proposal.split("-")[1] == "X"
    expected = shapely.affinity.translate(best.geometry, EAST_M, 0)
    assert shapely.hausdorff_distance(sites.geometry[proposal], expected) < 0.001
    found = second.conflicts[second.conflicts["zone_id"] == "Z1"].set_index("site_id")
    assert found.loc[proposal, "relation"] == "overlap"
    # by shapely, of the moved shape; the columns have three decimals
    assert found.loc[proposal, "area_m2"] == pytest.approx(expected.intersection(zone).area, abs=0.5)
    assert best.site_id not in found.index or found.loc[best.site_id, "relation"] == "touch"
    # and what the land gives is measured there, not copied
    assert best.site_id in sites.index
    assert sites.loc[proposal, "seat_distance_m"] != sites.loc[best.site_id, "seat_distance_m"]
