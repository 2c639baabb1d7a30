"""Planned posts beside which a centre could share its land: the projects that rules of ``one_compound`` mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from siteplan.sites.rules import read_rules, select
from siteplan.tables import rests_on

if TYPE_CHECKING:
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario

_TREATMENT = "one_compound"
_ROLE = "sector_projects"
_COLUMNS = ("project_id", "name", "owner", "year_from", "year_to", "restricted")


def planned_posts(
    projects: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, rules: Rules, scenario: Scenario
) -> gpd.GeoDataFrame:
    """Projects that a rule with treatment ``one_compound`` means, each with the commune it lies in.

    Parameters
    ----------
    projects
        Role ``sector_projects``, province CRS.
    communes
        ``code`` and geometry, province CRS.

    Returns
    -------
    GeoDataFrame
        By project: ``commune_code, project_id, name, owner, year_from, year_to, restricted, area_m2, rests_on,
        geometry``; without projects that lie in no commune.
    """
    found = []
    for rule in read_rules(rules, scenario):
        if rule.role != _ROLE or rule.treatment != _TREATMENT or projects.empty:
            continue
        rows = projects[select(projects, rule)]
        invented = rows["illustrative"].fillna(False).astype(bool)
        rests = [rests_on(*rule.rests_on, f"layer:{layer}" if flag else None)
                 for layer, flag in zip(rows["layer"], invented, strict=True)]  # fmt: skip
        found.append(rows[[*_COLUMNS, "geometry"]].assign(rests_on=rests, area_m2=rows.geometry.area))
    columns = ["commune_code", *_COLUMNS, "area_m2", "rests_on", "geometry"]
    if not any(len(rows) for rows in found):
        return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=communes.crs)
    posts = gpd.GeoDataFrame(pd.concat(found), geometry="geometry", crs=projects.crs)
    posts = posts.drop_duplicates("project_id").sort_values("project_id").reset_index(drop=True)
    inner = posts.set_geometry(posts.geometry.representative_point())
    homes = inner.sjoin(communes[["code", "geometry"]], predicate="within")["code"]
    posts["commune_code"] = homes[~homes.index.duplicated()]
    return posts[posts["commune_code"].notna()][columns].reset_index(drop=True)
