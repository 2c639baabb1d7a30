import math

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from siteplan.decide.priority import measure_communes, rank_communes
from siteplan.norms import load_norms
from siteplan.scenario import Criterion, SupplementSettings, ValueFunction, load_scenario
from siteplan.tables import RESULTS, conform

SUPPLEMENTS = SupplementSettings()
IDENTITY = ValueFunction(kind="linear", points=((0, 0), (100, 1)))
CRITERIA = (
    Criterion(key="shortage", of="commune", column="shortage_percent", weight=50, value=IDENTITY),
    Criterion(key="scale", of="commune", column="nd307_points", weight=50, value=IDENTITY),
)


def communes(rows):
    base = {"is_border": False, "is_central_ward": False, "gate_class": "none", "nd307_points": 0.0, "kind": "xã"}
    return pd.DataFrame([{**base, "code": f"{n:05d}", **row} for n, row in enumerate(rows)])


def ranked(rows, supplements=SUPPLEMENTS):
    frame, scores = rank_communes(communes(rows), CRITERIA, supplements)
    return frame.set_index("code"), scores


def test_supplements_stand_beside_the_base_points():
    frame, scores = ranked(
        [
            {"shortage_percent": 80},
            {"shortage_percent": 60, "is_border": True},
            {"shortage_percent": 60, "is_border": True, "gate_class": "international"},
            {"shortage_percent": 60, "is_central_ward": True, "kind": "phường"},
            {"shortage_percent": 60, "kind": "phường"},
        ]
    )
    assert frame["base_points"].tolist() == [40, 30, 30, 30, 30]
    assert frame["border_points"].tolist() == [0, 7, 10, 0, 0]
    assert frame["ward_points"].tolist() == [0, 0, 0, 8, 0]
    assert frame["priority_points"].tolist() == [40, 37, 40, 38, 30]
    # 40 points twice: the greater shortage goes first
    assert frame["priority_rank"].tolist() == [1, 4, 2, 3, 5]
    assert frame["base_rank"].tolist() == [1, 2, 3, 4, 5]
    assert set(scores["block"]) == {"base", "supplement"}
    conform(scores, RESULTS["scores"])


def test_supplements_are_cut_at_the_cap_by_a_row_of_its_own():
    row = {"shortage_percent": 0, "is_border": True, "gate_class": "main", "is_central_ward": True}
    frame, scores = ranked([row])
    assert frame["supplement_points"].tolist() == [10]
    extra = scores[scores["block"] == "supplement"].set_index("criterion")["points"]
    assert extra.to_dict() == {"border": 7, "gate": 3, "central_ward": 8, "supplement_cap": -8}


def test_what_is_not_known_gives_no_points_and_is_listed():
    rows = [
        {"shortage_percent": 50, "is_border": None},
        {"shortage_percent": 50, "is_border": True, "gate_class": None},
        {"shortage_percent": None, "is_central_ward": None},
    ]
    frame, _ = ranked(rows)
    assert frame["priority_missing"].tolist() == ["border", "gate", "shortage; central_ward"]
    assert frame["supplement_points"].tolist() == [0, 7, 0]
    assert frame["border_points"].isna().tolist() == [True, False, False]
    assert frame["ward_points"].isna().tolist() == [False, False, True]
    assert (frame.loc["00002", "base_points_low"], frame.loc["00002", "base_points_high"]) == (0, 50)


def test_wards_are_central_by_data_not_by_kind():
    frame, _ = ranked([{"shortage_percent": 0, "kind": "phường"}, {"shortage_percent": 0, "is_central_ward": True}])
    assert frame["ward_points"].tolist() == [0, 8]


def test_ties_go_by_shortage_then_scale_then_code():
    rows = [
        {"shortage_percent": 40, "nd307_points": 60},
        {"shortage_percent": 60, "nd307_points": 40},
        {"shortage_percent": 60, "nd307_points": 40},
        {"shortage_percent": 100, "nd307_points": 0},
    ]
    assert ranked(rows)[0]["priority_rank"].tolist() == [4, 2, 3, 1]


def test_communes_without_any_figure_rank_last():
    frame, _ = ranked([{"shortage_percent": None, "nd307_points": None}, {"shortage_percent": 1, "nd307_points": 1}])
    assert frame["priority_rank"].tolist() == [2, 1]
    assert math.isnan(frame["priority_points"].iloc[0])


flags = st.sampled_from([True, False, None])
rows_of_communes = st.lists(
    st.tuples(st.floats(0, 100), flags, flags, st.sampled_from(["international", "main", "none", None])),
    min_size=2,
    max_size=8,
)


@given(rows_of_communes, st.floats(0, 20))
def test_supplements_never_lift_above_a_base_higher_by_more_than_the_cap(rows, cap):
    names = ("shortage_percent", "is_border", "is_central_ward", "gate_class")
    frame, scores = ranked([dict(zip(names, row, strict=True)) for row in rows], SupplementSettings(cap_points=cap))
    assert (frame["supplement_points"] <= cap + 1e-3).all()
    for one in frame.itertuples():
        for other in frame.itertuples():
            if one.base_points > other.base_points + cap + 2e-3:
                assert one.priority_rank < other.priority_rank
    parts = scores.groupby("subject_id")["points"].sum()
    assert (parts - frame["priority_points"]).abs().max() < 5e-3
    assert sorted(frame["priority_rank"]) == list(range(1, len(rows) + 1))


# -- what is measured --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def norms(repo_root):
    scenario = load_scenario(repo_root / "scenarios" / "co_so.toml")
    return load_norms(
        repo_root / "layers" / "standards", scenario.need.standard, scenario.need.supporting, scenario.date
    )


@pytest.fixture(scope="module")
def measured(norms):
    base = {"kind": "xã", "population": 12_000, "area_km2": 30.0, "former_unit_count": 3, "filed": True}
    table = pd.DataFrame(
        [
            {**base, "code": "1"},
            {**base, "code": "2", "population": None, "former_unit_count": 2, "filed": None},
            {**base, "code": "3", "former_unit_count": None},
        ]
    )
    places = [
        ("1", 0, "in_use"),
        ("1", 9_000, None),
        ("1", 90_000, "surplus"),
        ("2", 0, "in_use"),
        ("2", 10_500, "in_use"),
    ]
    facilities = gpd.GeoDataFrame(
        {"commune_code": [p[0] for p in places], "status": [p[2] for p in places]},
        geometry=[Point(p[1], 0) for p in places],
        crs=9215,
    )
    sites = gpd.GeoDataFrame(
        {
            "commune_code": ["1", "1", "2"],
            "is_best": [True, False, True],
            "access_minutes": [12.5, 1.0, None],
            "clearance": ["cleared", "not_cleared", None],
            "conformity": ["conforms", "not_in_plan", "conforms"],
            "rests_on": ["layer:dem", "layer:roads", None],
        },
        geometry=[box(0, 0, 1, 1)] * 3,
        crs=9215,
    )
    return measure_communes(table, facilities, sites, norms).set_index("code")


def test_facilities_in_use_or_of_unknown_status_make_the_spread(measured):
    assert measured["facility_spread_km"].tolist()[:2] == [9, 10.5]
    assert math.isnan(measured["facility_spread_km"].iloc[2])


def test_dispersal_counts_former_units_or_great_distance(measured):
    assert measured["dispersal"].tolist()[:2] == [3, 4]
    assert math.isnan(measured["dispersal"].iloc[2])


def test_the_proposed_site_gives_access_and_readiness(measured):
    assert measured.loc["1", "access_minutes_best"] == 12.5
    assert measured.loc["1", "readiness"] == 3
    assert measured["readiness"].isna().tolist() == [False, True, True]
    assert measured.loc["2", "best_conformity"] == "conforms"


def test_points_of_classification_need_population_and_area(measured):
    assert measured.loc["1", "nd307_points"] == 20
    assert math.isnan(measured.loc["2", "nd307_points"])


def test_what_a_commune_rests_on(measured):
    assert "layer:dem" in measured.loc["1", "rests_on"]
    assert "assumption:norm.priority.dispersal.far_km" in measured.loc["1", "rests_on"]
    assert "layer:roads" not in measured.loc["1", "rests_on"]


# -- relations across the border ---------------------------------------------------------------------------------------

RELATIONS = SupplementSettings(
    cap_points=20, border=5, counterpart=2, delegations=4, delegations_full=20, no_reception_room=3
)


def relations(**known):
    row = {"shortage_percent": 50.0, "is_border": True, "is_central_ward": False, "gate_class": "none", **known}
    frame, scores = ranked([row, {**row, "is_border": False}], RELATIONS)
    own = scores[(scores["subject_id"] == frame.index[0]) & (scores["block"] == "supplement")]
    return frame, own.set_index("criterion")


def test_relations_across_the_border_add_points_to_border_communes_only():
    known = {"counterpart_unit": "trấn Bằng Tường", "delegations_per_year": 5, "has_reception_room": False}
    frame, own = relations(**known)
    # 5 for the border, 2 for the counterpart, a quarter of 4 for 5 of 20 delegations, 3 for the room that is missing
    assert frame["border_points"].tolist() == [11, 0]
    assert own["points"].to_dict() == {
        "border": 5, "gate": 0, "counterpart": 2, "delegations": 1, "no_reception_room": 3, "central_ward": 0,
    }  # fmt: skip


def test_more_delegations_than_asked_for_a_room_and_no_counterpart():
    _, own = relations(counterpart_unit="Không", delegations_per_year=99, has_reception_room=True)
    assert own.loc[["counterpart", "delegations", "no_reception_room"], "points"].tolist() == [0, 4, 0]


def test_relations_that_are_not_known_are_flagged_and_add_nothing():
    frame, own = relations(counterpart_unit=None, delegations_per_year=pd.NA, has_reception_room=pd.NA)
    assert own.loc[["counterpart", "delegations", "no_reception_room"], "missing"].all()
    assert frame["border_points"].iloc[0] == 5
    assert set(frame["priority_missing"].iloc[0].split("; ")) >= {"counterpart", "delegations", "no_reception_room"}


def test_relations_without_weight_are_not_asked_for():
    _, scores = ranked([{"shortage_percent": 50.0, "is_border": True, "gate_class": "none"}], SupplementSettings())
    assert not scores["criterion"].isin(["counterpart", "delegations", "no_reception_room"]).any()
