"""The whole road in two other provinces, each in its own CRS, without a change of code."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from siteplan import crs
from siteplan.crs import Province
from siteplan.layers.founding import found_workspace
from siteplan.pipeline import run_scenario
from siteplan.runs import write_geopackage

KEPT = 4


@pytest.fixture(scope="module", params=["Cao Bằng", "Cà Mau"])
def run(request, tmp_path_factory, shared_data):
    """A few neighbouring communes of the province: the road is the same, the land to search is less."""
    made = found_workspace(tmp_path_factory.mktemp("tinh") / "moi", request.param, str(shared_data))
    path = made.workspace.layers / "province" / "communes.gpkg"
    communes = pyogrio.read_dataframe(path)
    near = communes.distance(communes.geometry.iloc[0]).sort_values(kind="stable").index[:KEPT]
    path.unlink()
    write_geopackage(path, {"communes": communes.loc[near]})
    facts = pd.read_csv(path.with_suffix(".csv"), dtype=str)
    facts[facts["code"].isin(communes.loc[near, "code"])].to_csv(path.with_suffix(".csv"), index=False)
    return made.entry, run_scenario(made.workspace.scenarios / "phuong_an_1.toml", made.workspace)


def test_every_commune_has_a_need_and_sites_inside_it(run):
    entry, done = run
    communes, sites = done.communes, done.sites
    assert len(communes) == KEPT
    assert done.manifest["province"]["epsg"] == sites.crs.to_epsg() == entry.epsg
    assert (communes["required_land_area_m2"] > 1_000).all()
    assert communes["best_site_id"].notna().all()
    outlines = communes.set_index("code").geometry
    home = outlines.loc[sites["commune_code"]].to_numpy()
    inside = shapely.area(shapely.intersection(sites.geometry.to_numpy(), home))
    assert np.allclose(inside, sites.area, rtol=0.02)


def test_areas_of_sites_are_those_of_the_ellipsoid(run):
    entry, done = run
    ellipsoid = pyproj.Geod(a=6378137.0, rf=298.257223563)
    degrees = crs.transform_geometries(done.sites.geometry.to_numpy(), entry.epsg, 4326)
    truth = np.array([abs(ellipsoid.geometry_area_perimeter(shape)[0]) for shape in degrees])
    assert np.abs(done.sites["area_m2"].to_numpy(float) / truth - 1).max() < 1e-3


def test_what_was_made_up_is_said_row_by_row(run):
    _, done = run
    assert done.manifest["illustrative_layers"] == ["dem", "roads"]
    assert done.sites["rests_on"].str.contains("dem|roads").all()


def test_the_norms_of_another_province_are_not_asked_for(run, repo_root):
    own = Province.load(repo_root / "layers" / "province.toml").norms
    _, done = run
    assert own
    assert not set(own) & set(done.manifest["norm_sets"])
