"""Planned posts that a rule of one compound means, and posts that stand near: on maps of one square commune."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from siteplan.sites.compound import planned_posts
from siteplan.sites.context import prepare
from siteplan.sites.evidence import findings

POST = {"sector": "An ninh", "owner": "Công an tỉnh", "year_from": 2027, "year_to": 2028}


def project(maps, name: str, x: float, **more):
    return {**POST, "project_id": name, "name": name, "geometry": maps.at(x, 100, x + 50, 150), **more}


def test_posts_are_found_with_their_commune(maps, rules):
    projects = maps.layer(
        "sector_projects",
        [
            project(maps, "P1", 100),
            project(maps, "P2", 2980),  # 20 m of its 50 m in the commune: its middle lies across the boundary
            project(maps, "P3", 2970),  # 30 m of 50 m
            project(maps, "S1", 500, sector="Giáo dục"),
            project(maps, "P4", 700, sector="Công an", illustrative=True, year_from=None, year_to=None),
        ],
    )
    communes = maps.layer("communes", [{"code": maps.CODE, "name": "Thử", "geometry": maps.commune()}])
    posts = planned_posts(projects, communes, rules, maps.scenario())
    assert posts["project_id"].tolist() == ["P1", "P3", "P4"]
    assert set(posts["commune_code"]) == {maps.CODE}
    assert posts["area_m2"].tolist() == [2500, 2500, 2500]
    assert posts["year_from"].tolist()[:2] == [2027, 2027]
    assert pd.isna(posts["year_from"].iloc[2])
    assert "layer:sector_projects" in posts["rests_on"].iloc[2]
    assert posts["rests_on"].iloc[0].startswith("assumption:eligibility.police_project")
    nothing = planned_posts(projects[projects["sector"] == "Giáo dục"], communes, rules, maps.scenario())
    assert nothing.empty
    assert "commune_code" in nothing


@pytest.mark.parametrize(("gap", "near"), [(299.0, True), (301.0, False)])
def test_a_post_or_its_project_within_300_m_proposes_one_compound(maps, rules, inputs, gap, near):
    # the site ends at x = 1100
    built = inputs(
        services=maps.layer("services", [{"service_class": "police", "geometry": maps.point(1100 + gap, 1050)}]),
        sector_projects=maps.layer(
            "sector_projects", [{**POST, "project_id": "P", "geometry": maps.at(950 - gap, 1000, 1000 - gap, 1100)}]
        ),
    )
    prepared = prepare(built)
    sites = gpd.GeoDataFrame(
        {"site_id": ["K"], "commune_code": [maps.CODE]}, geometry=[maps.at(1000, 1000, 1100, 1100)], crs=maps.CRS
    )
    found = findings.rule_findings(sites, prepared.rules, prepared.layers, built.scenario.tolerance)
    told = found[found["treatment"].astype(str).str.contains("one_compound")] if len(found) else found
    assert len(told) == (2 if near else 0)
