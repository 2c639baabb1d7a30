"""Tables put together between the stages."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan import assembly


def test_land_is_searched_for_what_is_agreed_and_for_the_need_of_the_others():
    codes = ["1", "2", "3", "4"]
    need = pd.DataFrame(
        {
            "commune_code": codes,
            "required_floor_area_m2": [2000.0] * 4,
            "required_land_area_m2": [4000.0] * 4,
            "land_without_reserve_m2": [3200.0] * 4,
            "required_footprint_m2": [800.0] * 4,
        }
    )
    gaps = pd.DataFrame(
        {
            "commune_code": codes,
            "build_type": ["build_new", "build_new", "extend", "build_new"],
            "agreed": [True, False, True, True],
            "new_floor_area_m2": [3000.0, 2000.0, 0.0, 1000.0],
            "new_land_area_m2": [5500.0, 4000.0, 0.0, 2100.0],
            "extension_land_area_m2": [0.0, 0.0, 120.0, 0.0],
            "kept_facility_id": [None, None, "CS-3", None],
        }
    )
    wanted = assembly.wanted_land(need, gaps).set_index("commune_code")
    assert wanted["required_land_area_m2"].tolist() == [5500, 4000, 4000, 2100]
    assert wanted["land_without_reserve_m2"].tolist() == pytest.approx([4400, 3200, 3200, 1680])  # a fifth less
    assert wanted["required_footprint_m2"].tolist() == pytest.approx([1200, 800, 800, 400])
    assert wanted["extended_facility_id"].dropna().to_dict() == {"3": "CS-3"}
    assert wanted["extension_land_area_m2"].dropna().to_dict() == {"3": 120.0}


def _sites(best):
    rows = {
        "site_id": ["a", "b", "c"], "commune_code": ["1", "1", "2"], "is_best": best, "score": [50.0, 70.0, 60.0],
        "check_result": ["clear", "conditional", "blocked"], "conformity": ["conforms", "unknown", "unknown"],
        "clearance": ["cleared", "not_cleared", None], "rests_on": ["layer:x", None, "assumption:y"],
    }  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=[shapely.box(0, 0, 1, 1)] * 3, crs=9215)


def test_a_commune_without_a_site_says_what_its_land_rests_on():
    communes = gpd.GeoDataFrame(
        {"code": ["1", "2", "3"], "rests_on": ["layer:c"] * 3}, geometry=[shapely.box(0, 0, 9, 9)] * 3, crs=9215
    )
    outcome = pd.DataFrame({
        "code": ["1", "2", "3"], "eligible_area_m2": [9.0, 9.0, 0.0], "no_site_reasons": ["[]"] * 3,
        "rests_on": ["layer:land", None, "assumption:eligibility.slope.7; layer:land"],
    })  # fmt: skip
    sites = _sites([True, False, True]).assign(eligible=True)
    told = assembly.with_sites(communes, sites, outcome)["rests_on"].tolist()
    assert told == ["layer:c; layer:land; layer:x", "assumption:y; layer:c",
                    "assumption:eligibility.slope.7; layer:c; layer:land"]  # fmt: skip


def test_a_commune_says_what_its_proposed_site_is_now():
    communes = gpd.GeoDataFrame(
        {"code": ["1", "2", "3"], "rests_on": [None] * 3}, geometry=[shapely.box(0, 0, 9, 9)] * 3, crs=9215
    )
    first = assembly.with_proposed(communes, _sites([False, True, True]))
    assert first["best_site_id"].fillna("").tolist() == ["b", "c", ""]
    after = assembly.with_proposed(first, _sites([True, False, True]))
    assert after["best_site_id"].fillna("").tolist() == ["a", "c", ""]
    assert after["best_site_score"].tolist()[:2] == [50, 60]
    assert after["best_check_result"].tolist()[:2] == ["clear", "blocked"]
    assert after["best_conformity"].tolist()[:2] == ["conforms", "unknown"]
    assert after["best_clearance"].fillna("").tolist()[:2] == ["cleared", ""]
    assert after["rests_on"].fillna("").tolist() == ["layer:x", "assumption:y", ""]
