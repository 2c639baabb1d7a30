"""One compound with a police post of the same phase: years, phases and distances that are checked by hand."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.decide.one_compound import proposals, told
from siteplan.locale import decode, encode, render
from siteplan.scenario import Phase

PHASES = [
    Phase(name="a", years=(2026, 2026)),
    Phase(name="b", years=(2027, 2030)),
    Phase(name="c", years=(2031, 2035)),
    Phase(name="chờ", years=(2031, 2035), waiting_list=True),
]
SITE = shapely.box(0, 0, 100, 100)


def centre(**more):
    row = {"commune_code": "00001", "status": "planned", "phase": "b", "site_id": "00001-K-aaaaaa",
           "reasons": encode([("decide.programme.no_rank", {})]), "rests_on": "assumption:x",
           "geometry": SITE}  # fmt: skip
    return gpd.GeoDataFrame([{**row, **more}], geometry="geometry", crs=9215)


def post(**more):
    row = {"project_id": "DA-19", "commune_code": "00001", "name": "Trụ sở công an xã A", "owner": "Công an tỉnh",
           "year_from": 2027, "year_to": 2028, "restricted": False, "area_m2": 2500.0,
           "rests_on": "layer:sector_projects", "geometry": shapely.box(500, 0, 550, 50)}  # fmt: skip
    frame = gpd.GeoDataFrame([{**row, **more}], geometry="geometry", crs=9215)
    return frame.astype({"year_from": "Int64", "year_to": "Int64"})


def keys(found):
    return [key.removeprefix("decide.one_compound.") for cell in found["messages"] for key, _ in decode(cell)]


@pytest.mark.parametrize(
    ("first", "last", "phases"),
    [
        (2027, 2028, "b"),
        (2026, 2027, "ab"),
        (2030, 2031, "bc"),
        (2031, 2031, "c"),
        (2036, 2037, ""),
        (2020, 2040, "abc"),
        (2028, None, "b"),
        (None, 2031, "c"),
        (2028, 2027, "b"),  # reversed: told by the check, read as the time between
        (None, None, ""),
    ],
)
def test_years_of_the_post_meet_those_of_the_phase(first, last, phases):
    got = [p for p in "abc" if len(proposals(centre(phase=p), post(year_from=first, year_to=last), PHASES))]
    assert "".join(got) == phases


def test_a_centre_that_is_not_planned_or_lies_elsewhere_gets_no_proposal():
    assert proposals(centre(status="waiting"), post(), PHASES).empty
    assert proposals(centre(phase="chờ"), post(year_from=2031), PHASES).empty
    assert proposals(centre(status="not_needed", phase=None), post(), PHASES).empty
    assert proposals(centre(), post(commune_code="00002"), PHASES).empty


def test_the_reason_names_project_years_distance_area_and_owner():
    # the site ends at x = 100, the post begins at x = 500
    found = proposals(centre(), post(), PHASES)
    words = render(found["messages"].iloc[0], "vi", "\n")
    assert words.splitlines() == [
        (
            "Đề xuất một khu chung với “Trụ sở công an xã A”: dự kiến thực hiện năm 2027-2028, cùng giai đoạn “b” với "
            "trung tâm hành chính; dự án hiện cách vị trí dự kiến 400 m, diện tích dự án 2.500 m²"
        ),
        "Khu chung: thống nhất với Công an tỉnh trước khi lập chủ trương đầu tư",
    ]


def test_what_is_not_known_is_told_and_what_is_restricted_is_kept():
    assert keys(proposals(centre(site_id=None), post(), PHASES)) == ["no_site", "agree"]
    assert keys(proposals(centre(), post(geometry=shapely.box(50, 50, 150, 150)), PHASES)) == ["on_site", "agree"]
    assert keys(proposals(centre(), post(owner=None), PHASES)) == ["apart", "agree_unknown"]
    found = proposals(centre(), post(restricted=True), PHASES)
    assert keys(found) == ["withheld"]
    assert not {"name", "distance", "owner"} & set(decode(found["messages"].iloc[0])[0][1])


def test_it_stands_with_the_commune_and_with_its_site_alone():
    found = proposals(centre(), post(), PHASES)
    programme = told(centre(), "commune_code", found)
    assert [key for key, _ in decode(programme["reasons"].iloc[0])] == [
        "decide.programme.no_rank",
        "decide.one_compound.apart",
        "decide.one_compound.agree",
    ]
    assert programme["rests_on"].iloc[0] == "assumption:x; layer:sector_projects"
    sites = pd.DataFrame(
        {"site_id": ["00001-K-aaaaaa", "00001-K-bbbbbb"], "reasons": [None, None], "rests_on": [None, None]}
    )
    both = told(sites, "site_id", found)
    assert both["rests_on"].iloc[0] == "layer:sector_projects"
    assert both.loc[1, ["reasons", "rests_on"]].isna().all()
    assert len(decode(both["reasons"].iloc[0])) == 2
