"""New office land: by hand, and as the table for the provincial plan counts it."""

import pandas as pd
import pytest

from siteplan.assembly import new_office_land
from siteplan.outputs.proposal import land_of
from siteplan.pipeline import _with_quota
from siteplan.scenario import load_scenario

SHARES = ["TSC 100.0", "LUC 62.5; TSC 37.5", "TSC+ONT 20.0; CLN 80.0", "ONT 100.0", None]


def test_what_is_office_land_already_is_not_new_and_an_extension_takes_land_beside() -> None:
    sites = pd.DataFrame({"site_id": list("abcde"), "letter": "T", "area_m2": 4000.0, "land_use_shares": SHARES})
    communes = pd.DataFrame(
        {
            "site_id": ["a", "b", "c", "d", "e", "b", "b", None],
            "build_type": ["build_new"] * 5 + ["extend", "renovate", "build_new"],
            "extension_land_area_m2": [None, None, None, None, None, 700.0, 700.0, None],
        }
    )
    assert new_office_land(communes, sites) == pytest.approx([0, 2500, 3200, 4000, 4000, 3200, 0, 0])
    # a site that holds the land beside needs no more of it
    extended = new_office_land(communes, sites.assign(letter="M"))
    assert extended == pytest.approx([0, 2500, 3200, 4000, 4000, 2500, 0, 0])
    for shares, found in zip(SHARES, new_office_land(communes.head(5), sites), strict=True):
        assert found == pytest.approx(4000.0 - land_of(shares, 4000.0)["tsc"])


def test_the_quota_of_the_province_holds_unless_the_scenario_names_its_own(repo_root) -> None:
    scenario = load_scenario(repo_root / "scenarios" / "phuong_an_1.toml")
    assert scenario.programme.tsc_quota_ha is None
    assert _with_quota(scenario, None) is scenario
    given = _with_quota(scenario, 12.5)
    assert given.programme.tsc_quota_ha == 12.5
    assert _with_quota(given, 30.0).programme.tsc_quota_ha == 12.5
    assert given.resolved()["programme"]["tsc_quota_ha"] == 12.5
