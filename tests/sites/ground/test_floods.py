"""What is known of floods, on a plot with marks and reports placed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from siteplan import locale
from siteplan.locale import decode
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.ground.columns import ground_reasons


@pytest.fixture
def proposed(inputs, maps):
    """The site of one proposed plot on ground of 100 m."""

    def build(dem=None, answer=None, **layers):
        row = {
            "proposal_id": "D1", "name": "Đề xuất", "commune_code": maps.CODE,
            "geometry": maps.at(1000, 1000, 1090, 1090), **(answer or {}),
        }  # fmt: skip
        given = {
            "dem": maps.plane(100.0) if dem is None else dem,
            "proposals": maps.layer("proposals", [row]),
            **layers,
        }
        found = assess_commune(prepare(inputs(**given)), maps.CODE)
        return found.sites[found.sites["letter"] == "X"].iloc[0]

    return build


def mark(maps, x: float, level: float, event: str = "Yagi") -> dict:
    return {"event": event, "event_date": "2024-09-10", "level_m": level, "geometry": maps.point(x, 1045)}


def test_no_mark_is_not_assessed_and_never_safe(proposed, maps) -> None:
    site = proposed()
    assert site["flood_state"] == "not_assessed"
    assert np.isnan(site["flood_level_m"])
    assert np.isnan(site["raise_m"])
    far = proposed(flood_marks=maps.layer("flood_marks", [mark(maps, 2500, 105)]))
    assert far["flood_state"] == "not_assessed"


def test_the_highest_mark_within_reach_counts(proposed, maps) -> None:
    marks = [mark(maps, 1200, 98.0), mark(maps, 1500, 101.2, "Lũ 1986"), mark(maps, 2600, 140.0)]
    site = proposed(flood_marks=maps.layer("flood_marks", marks))
    assert site["flood_level_m"] == 101.2
    assert site["flood_event"] == "Lũ 1986, 2024-09-10"
    assert site["flood_mark_distance_m"] == 410
    # QCVN 01:2021/BXD 2.16.11.1: 0.3 m above; the ground lies at 100 m
    assert site["flood_state"] == "raise"
    assert site["raise_m"] == pytest.approx(1.5)
    assert site["platform_level_m"] == pytest.approx(101.5)
    assert site["fill_m3"] == pytest.approx(1.5 * 8100, abs=1)


def test_ground_above_the_mark_and_its_margin(proposed, maps) -> None:
    site = proposed(flood_marks=maps.layer("flood_marks", [mark(maps, 1200, 99.6)]))
    assert site["flood_state"] == "above"
    assert site["raise_m"] == 0
    close = proposed(flood_marks=maps.layer("flood_marks", [mark(maps, 1200, 99.8)]))
    assert close["flood_state"] == "raise"
    assert close["raise_m"] == pytest.approx(0.1)


@pytest.mark.parametrize(("ground", "counts"), [(104.9, True), (105.1, False), (95.1, True), (94.9, False)])
def test_a_level_is_not_carried_to_ground_much_higher_or_lower(proposed, maps, ground, counts) -> None:
    # the plot lies at 100 m; from 1,300 m on the ground is another
    dem = maps.plane(100.0)
    values = dem.values.copy()
    values[:, 63:] = ground
    marks = maps.layer("flood_marks", [mark(maps, 1600, ground + 1)])
    site = proposed(dem=replace(dem, values=values), flood_marks=marks)
    assert (site["flood_state"] != "not_assessed") == counts
    assert np.isnan(site["flood_level_m"]) != counts
    told = dict(decode(site["reasons"]))
    key = f"sites.reason.flood_mark_{'higher' if ground > 100 else 'lower'}"
    assert (key in told) != counts
    if not counts:
        assert told[key] == pytest.approx({"distance": 510, "height": abs(ground - 100)}, abs=0.05)


def test_what_the_commune_answered_stands_with_the_site(proposed, maps) -> None:
    site = proposed(answer={"flooded": "flooded", "flood_year": 2008, "flood_depth_m": 0.6})
    assert site["reported_event"] == "flooded"
    assert site["reported_year"] == 2008
    # the ground of 100 m stood under 0.6 m of water: a known level of 100.6 m
    assert site["flood_level_m"] == pytest.approx(100.6)
    assert site["raise_m"] == pytest.approx(0.9)
    assert "sites.reason.reported" in site["reasons"]
    dry = proposed(answer={"flooded": "no"})
    assert dry["reported_event"] == "no"
    assert dry["flood_state"] == "not_assessed"
    assert "sites.reason.reported" not in dry["reasons"]


def test_the_class_of_the_town_gives_the_return_period(proposed, maps) -> None:
    # QCVN 01:2021/BXD, Table 2.13: 100 years (special, I), 50 (II-IV), 10 (V)
    for word, years in (("I", 100), ("II", 50), ("IV", 50), ("V", 10)):
        town = {"name": "Thị trấn", "class_now": word, "geometry": maps.at(500, 500, 2000, 2000)}
        assert proposed(urban_areas=maps.layer("urban_areas", [town]))["design_return_years"] == years
    away = {"name": "Thị trấn", "class_now": "V", "geometry": maps.at(1060, 0, 3000, 3000)}
    assert np.isnan(proposed(urban_areas=maps.layer("urban_areas", [away]))["design_return_years"])


@pytest.mark.parametrize(
    ("towns", "years"),
    [
        ([("V", 0, 1045), ("V", 1045, 3000)], 10),  # one town drawn in two, each half of the plot
        ([("V", 0, 1030), ("V", 1030, 1060), ("V", 1060, 3000)], 10),
        ([("V", 0, 1040), ("V", 0, 1040), ("V", 1080, 1085)], None),  # drawn twice is not more of the plot
        ([("IV", 0, 1030), ("V", 1030, 3000)], 10),  # a third of IV: only with V it is more than half
        ([("IV", 0, 1060), ("V", 1060, 3000)], 50),
        ([("II", 0, 1040), ("III", 1040, 1080), ("V", 1080, 3000)], 50),  # two classes of one period
        ([("I", 0, 3000), ("V", 0, 3000)], 100),
        ([(None, 0, 1060), ("V", 1060, 3000)], None),  # the class of most of the plot is not known
        ([("lạ", 0, 3000)], None),
    ],
)
def test_a_town_in_several_polygons_gives_the_return_period(proposed, maps, towns, years) -> None:
    """The plot reaches from 1,000 to 1,090 m."""
    rows = [{"name": "Thị trấn", "class_now": word, "geometry": maps.at(x, 500, x1, 2000)} for word, x, x1 in towns]
    found = proposed(urban_areas=maps.layer("urban_areas", rows))["design_return_years"]
    assert np.isnan(found) if years is None else found == years


def test_coarse_terrain_compares_nothing(proposed, maps) -> None:
    dem = maps.plane(100.0, cell=90.0, margin=900.0)
    site = proposed(dem=dem, flood_marks=maps.layer("flood_marks", [mark(maps, 1200, 120)]))
    assert site["flood_state"] == "not_assessed"
    assert np.isnan(site["cut_m3"])
    assert site["landslide_proxy"] is None
    assert "sites.reason.ground_coarse" in site["reasons"]


@pytest.mark.parametrize(
    ("height", "state", "expected"),
    [
        (-0.8, "not_assessed", "flood_not_assessed"),
        (34.0, "not_assessed", "flood_not_assessed_height"),
        (2.0, "not_assessed", "flood_not_assessed"),
        (np.nan, "not_assessed", "flood_not_assessed"),
        (34.0, "above", "flood_above"),
    ],
)
def test_a_height_above_a_stream_is_told_as_a_proxy_where_no_flood_is_known(height, state, expected) -> None:
    row = {
        "reported_event": None, "platform_level_m": 100.0, "platform_area_m2": 3000.0, "dem_resolution_m": 30.0,
        "earthworks_balanced": True, "cut_m3": 10.0, "fill_m3": 10.0, "landslide_proxy": "low", "flood_state": state,
        "flood_event": "2024", "flood_level_m": 90.0, "raise_m": 0.0,
        "drainage_height_m": height, "drainage_distance_m": 120.0,
    }  # fmt: skip
    told = dict(ground_reasons(row, None, 5.0))
    floods = [key for key in told if ".flood_" in key]
    assert floods == [f"sites.reason.{expected}"]
    assert ("sites.reason.low_ground" in told) == (0 <= height < 5)
    assert ("sites.reason.below_water" in told) == (height < 0)
    if height < 0:
        said = locale.text("sites.reason.below_water", "vi", **told["sites.reason.below_water"])
        assert said.startswith("Chỗ thấp nhất của khu đất thấp hơn sông, suối, mặt nước 0,8 m (cách 120 m, gần nhất")
        assert "không cao hơn khu đất quá 2 m" in said
    for lang, words in (("vi", "mô hình địa hình"), ("en", "terrain model")):
        said = " ".join(locale.text(key, lang, **params) for key, params in told.items() if "earthworks" not in key)
        assert (words in said) == (expected == "flood_not_assessed_height" or height < 5)


@pytest.mark.parametrize(("low_share", "state"), [(0.6, "raise"), (0.4, "above")])
def test_state_raise_and_platform_tell_one_story_on_a_step(proposed, maps, low_share: float, state: str) -> None:
    """Part of the plot at 9.9 m, the rest at 12; the flood stood at 10.0, so the platform may not lie below 10.3.

    The least earth moves at the level of the broader tread: the lower one is raised by 0.4 m, the upper by nothing.
    """
    dem = maps.plane(12.0, cell=6.0)
    values = dem.values.copy()
    values[:, : round((600 + 1000 + 90 * low_share) / 6)] = 9.9
    dem = replace(dem, values=values)
    dry = proposed(dem=dem)
    site = proposed(dem=dem, flood_marks=maps.layer("flood_marks", [mark(maps, 900, 10.0)]))
    assert site["flood_state"] == state
    assert site["raise_m"] == pytest.approx(0.4 if state == "raise" else 0.0)
    assert dry["platform_level_m"] == pytest.approx(9.9 if state == "raise" else 12.0)
    assert site["platform_level_m"] == pytest.approx(dry["platform_level_m"] + site["raise_m"])
    assert (site["fill_m3"] > dry["fill_m3"]) == (state == "raise")
    told = dict(decode(site["reasons"]))[f"sites.reason.flood_{state}"]
    assert told["ground"] == pytest.approx(dry["platform_level_m"])


@pytest.mark.parametrize("seed", range(6))
def test_a_site_is_to_be_raised_exactly_where_the_flood_lifts_its_platform(proposed, maps, seed: int) -> None:
    random = np.random.default_rng(seed)
    dem = maps.plane(100.0)
    dem = replace(dem, values=(dem.values + random.gamma(1.0, 1.5, dem.values.shape)).astype(np.float32))
    dry = proposed(dem=dem)
    mean = dry["balanced_level_m"]
    for flood in (mean - 0.5, mean - 0.3, mean, mean + 0.5, dry["platform_level_m"] - 0.29):
        site = proposed(dem=dem, flood_marks=maps.layer("flood_marks", [mark(maps, 1045, round(flood, 2))]))
        lifted = site["platform_level_m"] - dry["platform_level_m"]
        assert site["raise_m"] == pytest.approx(lifted, abs=0.011)
        assert (site["flood_state"] == "raise") == (lifted > 0.005)
