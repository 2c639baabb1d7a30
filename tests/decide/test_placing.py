import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.decide.placing import follow, place
from siteplan.locale import decode, encode, has_text, render
from siteplan.need.gap import GapResult
from siteplan.need.rebuild import settle
from siteplan.norms import Norm


def sites(*rows):
    base = {
        "commune_code": "1", "letter": "T", "source_id": None, "eligible": True, "check_result": "conditional",
        "broken_rules": None, "locked": False, "is_best": False, "reasons": encode([]), "score": 50.0,
        "rank": None, "access_minutes": None, "rests_on": None,
    }  # fmt: skip
    made = [{**base, "site_id": f"s{n}", "label": f"T{n}", **row} for n, row in enumerate(rows)]
    return gpd.GeoDataFrame(made, geometry=[shapely.box(0, 0, 1, 1)] * len(made), crs=9215)


def commune(build_type, deficit=400.0, kept=1600.0, facility="F"):
    return pd.DataFrame(
        {
            "code": ["1"], "build_type": [build_type], "kept_facility_id": [facility],
            "deficit_floor_area_m2": [deficit], "kept_floor_area_m2": [kept],
        }
    )  # fmt: skip


BEST_NEW = {"letter": "K", "is_best": True, "score": 80.0}


def best(placed):
    return placed.sites.loc[placed.sites["is_best"], "site_id"].tolist()


def test_a_commune_that_builds_new_takes_what_ranks_first():
    placed = place(sites({"source_id": "F"}, BEST_NEW), commune("build_new"), 15)
    assert best(placed) == ["s1"]
    assert (placed.build_new, placed.as_is) == ({}, {})


def test_a_commune_that_extends_stays_and_says_what_would_rank_first():
    placed = place(sites({"source_id": "F"}, BEST_NEW), commune("extend"), 15)
    assert best(placed) == ["s0"]
    told = dict(decode(placed.sites["reasons"].iloc[0]))
    assert told["decide.place.stays"] == {"type": "extend"}
    assert told["decide.place.first_otherwise"] == {"site": "T1", "score": 80.0}


def test_a_facility_that_needs_land_beside_its_own_stands_on_both():
    extended = {"letter": "M", "source_id": "F", "label": "M1", "broken_rules": "needed_area"}
    placed = place(sites(extended, {"source_id": "F"}, BEST_NEW), commune("extend"), 15)
    assert best(placed) == ["s0"]
    barred = place(sites({**extended, "check_result": "blocked"}, {"source_id": "F"}, BEST_NEW), commune("extend"), 15)
    assert barred.build_new["1"][1]["site"] == "M1"


def test_land_is_added_only_where_something_is_built_on_it():
    extended = {"letter": "M", "source_id": "F", "check_result": "blocked"}
    placed = place(sites({"source_id": "F"}, extended, BEST_NEW), commune("extend", deficit=10), 15)
    assert best(placed) == ["s0"]
    assert list(placed.as_is) == ["1"]
    assert "decide.place.stays_despite" not in dict(decode(placed.sites["reasons"].iloc[0]))
    for stays in ("none", "renovate"):
        free = {**extended, "check_result": "clear"}
        assert best(place(sites({"source_id": "F"}, free, BEST_NEW), commune(stays), 15)) == ["s0"]


def test_too_small_a_plot_is_the_gaps_business():
    placed = place(sites({"source_id": "F", "broken_rules": "needed_area", "eligible": False}), commune("extend"), 15)
    assert best(placed) == ["s0"]


def test_where_a_rule_forbids_the_extension_it_is_built_new():
    own = {"source_id": "F", "broken_rules": "river_bank; needed_area", "eligible": False}
    placed = place(sites(own, BEST_NEW), commune("extend", 400, 1600), 15)  # 20 % of the need is missing
    assert best(placed) == ["s1"]
    assert placed.build_new["1"][1]["rules"] == "river_bank"


def test_but_not_for_a_small_deficit():
    own = {"source_id": "F", "check_result": "blocked"}
    placed = place(sites(own, BEST_NEW), commune("extend", 300, 1700), 15)  # 15 %
    assert best(placed) == ["s0"]
    assert placed.as_is["1"][1]["deficit"] == 300
    assert not placed.build_new


def test_a_locked_site_is_left_alone():
    placed = place(sites({"source_id": "F"}, {**BEST_NEW, "locked": True}), commune("none"), 15)
    assert best(placed) == ["s1"]


def programme(**changes):
    row = {
        "commune_code": "1", "status": "planned", "site_id": "s0", "build_type": "renovate",
        "needed_build_type": "build_new", **changes,
    }  # fmt: skip
    return pd.DataFrame([row])


def test_the_option_proposes_the_site_on_which_it_builds():
    own, first, other = sites({"source_id": "F"}, BEST_NEW, {"commune_code": "2", "is_best": True}).to_dict("records")
    placed = sites(own, first, other)
    moved = follow(placed, programme())
    assert moved.loc[moved["is_best"], "site_id"].tolist() == ["s0", "s2"]
    here, there = decode(moved["reasons"].iloc[0]), decode(moved["reasons"].iloc[1])
    assert here == [("decide.place.built_here", {"built": "renovate", "needed": "build_new", "site": "T1"})]
    assert there == [("decide.place.of_need", {"built": "renovate", "needed": "build_new", "site": "T0"})]
    assert "T1" in render(moved["reasons"].iloc[0])
    assert placed["is_best"].tolist() == [False, True, True]  # what was given is left alone
    again = follow(moved, programme())
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(moved))


def test_where_nothing_was_proposed_the_place_of_building_is():
    moved = follow(sites({"source_id": "F"}), programme())
    assert moved["is_best"].tolist() == [True]
    assert decode(moved["reasons"].iloc[0])[0][0] == "decide.place.built_here_only"


def test_what_waits_or_is_built_as_needed_or_has_no_place_moves_nothing():
    placed = sites({"source_id": "F"}, BEST_NEW)
    for row in ({"status": "waiting"}, {"build_type": "build_new"}, {"site_id": None}, {"site_id": "gone"}):
        moved = follow(placed, programme(**row))
        assert moved["is_best"].tolist() == [False, True]
        assert moved["reasons"].tolist() == placed["reasons"].tolist()


def gaps():
    communes = pd.DataFrame(
        {
            "commune_code": ["1", "2", "3"], "build_type": ["extend", "extend", "build_new"],
            "kept_facility_id": ["F", "G", None], "kept_floor_area_m2": [1600.0, 1700.0, 0.0],
            "kept_land_area_m2": [900.0, 900.0, 0.0], "extension_floor_area_m2": [400.0, 300.0, 0.0],
            "extension_land_area_m2": [50.0, 0.0, 0.0], "renovation_floor_area_m2": [0.0, 1700.0, 0.0],
            "new_floor_area_m2": [0.0, 0.0, 2000.0], "new_land_area_m2": [0.0, 0.0, 4000.0],
            "deficit_floor_area_m2": [400.0, 300.0, 1500.0], "build_reasons": [None, None, None],
        }
    )  # fmt: skip
    facilities = gpd.GeoDataFrame({"facility_id": ["F", "G"], "kept": [True, True]}, geometry=[shapely.Point(0, 0)] * 2)
    return GapResult(communes, facilities, [])


REQUIRED = pd.DataFrame(
    {
        "commune_code": ["1", "2", "3"],
        "required_floor_area_m2": [2000.0, 2000.0, 2000.0],
        "required_land_area_m2": [4000.0, 4000.0, 4000.0],
    }
)


def test_settled_figures_say_what_is_built():
    reason = ("decide.place.cannot_extend", {"site": "T1", "rules": "river_bank"})
    settled = settle(gaps(), REQUIRED, {"1": reason}, {"2": reason})
    first, second, third = settled.communes.to_dict("records")
    assert (first["build_type"], first["kept_floor_area_m2"], first["new_floor_area_m2"]) == ("build_new", 0, 2000)
    assert first["new_land_area_m2"] == 4000
    assert pd.isna(first["kept_facility_id"])
    assert (second["build_type"], second["kept_floor_area_m2"], second["extension_floor_area_m2"]) == (
        "renovate",
        1700,
        0,
    )
    # need less what is kept: of what is built new all, of what stays as it is the rest
    assert [r["deficit_floor_area_m2"] for r in (first, second, third)] == [2000, 300, 2000]
    assert settled.facilities["kept"].tolist() == [False, True]
    assert decode(first["build_reasons"]) == decode(second["build_reasons"]) == [(reason[0], reason[1])]
    assert third["build_reasons"] is None or third["build_reasons"] != third["build_reasons"]


def test_nothing_to_settle_changes_nothing_but_the_deficit():
    before, after = gaps(), settle(gaps(), REQUIRED, {}, {})
    columns = [c for c in before.communes.columns if c != "deficit_floor_area_m2"]
    pd.testing.assert_frame_equal(after.communes[columns], before.communes[columns])


LONGER = Norm("gap.longer_travel_minutes", 15.0, "phút", "Đề xuất của đề án", "", "P", "de-xuat")


def far(minutes, rank=3):
    return sites(
        {"source_id": "F", "rank": rank, "access_minutes": minutes, "broken_rules": "needed_area"},
        {**BEST_NEW, "rank": 1, "access_minutes": 38.4},
        {"source_id": "G", "rank": 2, "access_minutes": 37.9},
    )


def test_a_facility_kept_although_it_ranks_low_says_why_its_rank_and_that_people_travel_much_longer():
    placed = place(far(93.9), commune("none"), 15, LONGER).sites.set_index("site_id")
    told = dict(decode(placed["reasons"]["s0"]))
    assert told["decide.place.ranked"] == {"why": "none", "rank": 3, "count": 3}
    assert told["decide.place.longer"] == {"minutes": 55.5, "own": 93.9, "other": 38.4, "site": "T1", "least": 15.0}
    assert placed["rests_on"]["s0"] == "assumption:norm.gap.longer_travel_minutes"
    words = render(placed["reasons"]["s0"], "vi")
    assert "Xếp hạng 3 trong 3 vị trí; vẫn đề xuất vì diện tích hiện có của cơ sở chính đáp ứng nhu cầu" in words
    assert "lâu hơn 55,5 phút so với vị trí đứng đầu T1 (38,4 phút); cảnh báo từ 15 phút" in words
    assert placed["reasons"]["s1"] == encode([])


def test_no_warning_where_travel_is_little_longer_or_unknown_or_no_rule_asks_for_one():
    for minutes, longer in ((53.3, LONGER), (None, LONGER), (93.9, None)):
        placed = place(far(minutes), commune("renovate"), 15, longer).sites
        told = dict(decode(placed["reasons"].iloc[0]))
        assert told["decide.place.ranked"]["why"] == "renovate"
        assert "decide.place.longer" not in told
        assert placed["rests_on"].iloc[0] is None
    at_limit = place(far(53.4), commune("none"), 15, LONGER).sites
    assert "decide.place.longer" in dict(decode(at_limit["reasons"].iloc[0]))
    first = place(far(93.9, rank=1), commune("none"), 15, LONGER).sites
    assert "decide.place.ranked" not in dict(decode(first["reasons"].iloc[0]))


def test_a_smaller_type_in_the_headquarters_in_use_is_warned_of_too():
    programme = pd.DataFrame(
        {"commune_code": ["1"], "status": ["planned"], "site_id": ["s0"], "build_type": ["extend"],
         "needed_build_type": ["build_new"]}
    )  # fmt: skip
    moved = follow(far(93.9), programme, LONGER).set_index("site_id")
    told = dict(decode(moved["reasons"]["s0"]))
    assert told["decide.place.ranked"]["why"] == "smaller"
    assert told["decide.place.longer"]["minutes"] == 55.5
    assert moved["rests_on"]["s0"] == "assumption:norm.gap.longer_travel_minutes"
    assert moved["is_best"]["s0"]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_rule_that_keeps_a_facility_has_words(lang):
    for why in ("none", "renovate", "extend", "small_deficit", "agreed", "smaller"):
        assert has_text(f"value.why_here.{why}", lang)
