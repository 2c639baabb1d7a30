"""One commune from rules to findings, on maps small enough to check by hand."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan import locale
from siteplan.locale import catalogue, decode
from siteplan.outputs import wording
from siteplan.sites.assess import assess_commune, land_rests_on, prepare
from siteplan.tables import RESULTS, conform, land_shares


@pytest.fixture
def assess(inputs, maps):
    def run(**parts):
        return assess_commune(prepare(inputs(**parts)), maps.CODE)

    return run


def facility(maps, geometry, **more):
    return maps.layer(
        "facilities",
        [{"facility_id": "F1", "commune_code": maps.CODE, "name": "Trụ sở cũ", "geometry": geometry} | more],
    )


def only(found, letter: str) -> pd.Series:
    rows = found.sites[found.sites["letter"] == letter]
    assert len(rows) == 1
    return rows.iloc[0]


def test_an_empty_map_is_all_eligible(assess, maps) -> None:
    found = assess()
    assert found.eligible_area_m2 == maps.SIDE**2
    assert (found.eligible[0].values == 1).all()
    assert len(found.sites) == 10
    assert found.no_site_reasons == ()
    sites = found.sites
    assert sites["area_m2"].to_numpy() == pytest.approx(8100, rel=0.01)
    assert sites["site_id"].is_unique
    assert shapely.covers(maps.commune(), sites.geometry.values).all()
    # nothing is known of it, and nothing is made up
    for column in (
        "slope_mean_percent",
        "land_use_score",
        "hazard_percent",
        "access_minutes",
        "power_distance_m",
        "buildings_inside",
        "plan_score",
    ):
        assert sites[column].isna().all(), column
    assert sites["hazard_level"].isna().all()
    assert set(sites["check_result"]) == {"clear_of_known_plans"}
    assert set(sites["conformity"]) == {"not_in_plan"}


def test_tables_follow_their_schemas_and_texts_exist(assess, maps) -> None:
    found = assess(
        dem=maps.plane(east=0.05),
        people=[(500, 500, 100), (2500, 2500, 300)],
        facilities=facility(maps, maps.point(700, 700), position_assumed=True),
        hazards=maps.layer(
            "hazards", [{"hazard_kind": "flood", "level": "high", "geometry": maps.at(0, 0, 3000, 900)}]
        ),
        land_use=maps.layer("land_use", [{"land_use": "LUC", "geometry": maps.at(0, 0, 3000, 3000)}]),
    )
    for name in ("sites", "conflicts", "land_account"):
        conform(found.table(name), RESULTS[name])
    told = [*found.sites["reasons"], *found.table("conflicts")["treatment"]]
    keys = {key for cell in told for key, _ in decode(cell)}
    assert len(keys) >= 6
    for lang in ("vi", "en"):
        assert keys <= set(catalogue(lang))


def test_land_account_adds_up(assess, maps) -> None:
    found = assess(
        roads=maps.layer(
            "roads", [{"road_class": "expressway", "width_m": 26.0, "geometry": maps.line((1500, -500), (1500, 3500))}]
        ),
        water_areas=maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(1200, 600, 1800, 1500)}]),
    )
    account = found.table("land_account").set_index("rule")
    # the road takes 26 m and 17 m on each side, centres every 30 m: columns at 1485 and 1515
    assert account.loc["road_expressway", "removed_alone_m2"] == 2 * 30 * 3000
    # the lake and 5 m around it: 20 columns, 30 rows of centres
    assert account.loc["water_area", "removed_alone_m2"] == 20 * 30 * 900
    assert account.loc["water_area", "removed_in_order_m2"] == 20 * 30 * 900
    assert account.loc["road_expressway", "removed_in_order_m2"] == 2 * 30 * 70 * 30
    assert found.table("land_account")["removed_in_order_m2"].sum() + found.eligible_area_m2 == maps.SIDE**2
    assert found.table("land_account")["left_m2"].iloc[-1] == found.eligible_area_m2
    assert (found.table("land_account")["left_m2"].diff().dropna() <= 0).all()


def test_sites_found_keep_clear_of_a_road_that_no_cell_centre_meets(assess, maps) -> None:
    # 3.5 m wide and 4 m on each side: 5.75 m, and the line runs between two columns of cell centres
    roads = maps.layer(
        "roads", [{"road_class": "local", "geometry": maps.line((x, -500), (x, 3500))} for x in range(300, 3000, 300)]
    )
    found = assess(roads=roads)
    assert found.eligible_area_m2 == maps.SIDE**2
    assert len(found.sites) == 10
    distance = shapely.distance(found.sites.geometry.to_numpy()[:, None], roads.geometry.to_numpy()).min()
    assert distance >= 5.75 - 1e-6
    assert found.sites["broken_rules"].isna().all()


def test_a_hazard_outside_the_commune_shows_up(assess, maps) -> None:
    # 20 m beyond the western boundary; the plot's edge is 25 m from it: within the 50 m of the rule
    hazards = maps.layer(
        "hazards", [{"hazard_kind": "landslide", "level": "very_high", "geometry": maps.at(-500, 0, -20, 3000)}]
    )
    found = assess(hazards=hazards, facilities=facility(maps, maps.at(5, 1000, 105, 1100)))
    site = only(found, "T")
    mine = found.table("conflicts")[found.table("conflicts")["site_id"] == site["site_id"]].set_index("zone_id")
    near = mine.loc["hazard_near:landslide:very_high"]
    assert near["area_m2"] == pytest.approx(25 * 100)  # up to 50 m from the zone: 30 - 5 m deep
    assert near["effect"] == "conditional"
    assert site["hazard_level"] == "none"
    assert site["eligible"]


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ((None,), "unknown"),
        ((None, "low"), "unknown"),
        ((None, "medium"), "unknown"),
        (("medium", "low"), "medium"),
    ],
)
def test_a_hazard_zone_of_unknown_level_is_a_condition_and_no_low_level(assess, maps, levels, told) -> None:
    zones = [{"hazard_kind": "flood", "level": level, "geometry": maps.at(0, 900, 300, 1200)} for level in levels]
    found = assess(hazards=maps.layer("hazards", zones), facilities=facility(maps, maps.at(50, 1000, 150, 1100)))
    site = only(found, "T")
    mine = found.table("conflicts")[found.table("conflicts")["site_id"] == site["site_id"]].set_index("zone_id")
    assert site["hazard_level"] == told
    assert locale.has_text(f"value.hazard_level.{told}", "vi")
    assert (site["check_result"] == "conditional") == (None in levels)
    if None in levels:
        row = mine.loc["hazard_level_unknown:flood:unknown"]
        assert row["effect"] == "conditional"
        assert row["area_m2"] == pytest.approx(10_000)
        assert decode(row["treatment"])[0][0] == "sites.treatment.ask_hazard_level"
        words = wording.zone_words("hazard_level_unknown:flood:unknown", "vi")
        assert words == "Vùng nguy cơ thiên tai chưa rõ mức: ngập lụt, chưa rõ mức"


def test_a_level_known_to_be_high_is_told_beside_an_unknown_one(assess, maps) -> None:
    zones = [
        {"hazard_kind": "landslide", "level": level, "geometry": maps.at(0, 900, 300, 1200)} for level in (None, "high")
    ]
    found = assess(hazards=maps.layer("hazards", zones), facilities=facility(maps, maps.at(50, 1000, 150, 1100)))
    site = only(found, "T")
    mine = found.table("conflicts").loc[found.table("conflicts")["site_id"] == site["site_id"], "zone_id"]
    assert site["hazard_level"] == "high"
    assert {"hazard_level_unknown:landslide:unknown", "hazard_high:landslide:high"} <= set(mine)


@pytest.mark.parametrize(("code", "result"), [("XYZ", "conditional"), ("CNC", "conditional"), ("BCS", None)])
def test_land_of_unknown_use_is_a_condition(assess, maps, code, result) -> None:
    land = maps.layer("land_use", [{"land_use": code, "geometry": maps.commune()}])
    found = assess(land_use=land, facilities=facility(maps, maps.at(50, 1000, 150, 1100)))
    site = only(found, "T")
    mine = found.table("conflicts")[found.table("conflicts")["site_id"] == site["site_id"]].set_index("zone_id")
    told = f"land_use_unknown:{code}"
    assert (told in mine.index) == (result == "conditional")
    if result:
        assert site["check_result"] == result
        assert mine.loc[told, "area_m2"] == pytest.approx(10_000)
        assert decode(mine.loc[told, "treatment"])[0][0] == "sites.treatment.ask_land_use"
        assert wording.zone_words(told, "vi").startswith("Loại đất chưa xếp được")


def test_a_corridor_from_outside_takes_land_inside(assess, maps) -> None:
    fuel = maps.layer("services", [{"service_class": "cemetery", "geometry": maps.point(-20, 1500)}])
    found = assess(services=fuel)
    taken = float(found.table("land_account").set_index("rule").loc["cemetery", "removed_alone_m2"])
    circle = maps.point(-20, 1500).buffer(500, quad_segs=256).intersection(maps.commune()).area
    assert taken == pytest.approx(circle, rel=0.02)


def test_no_land_names_the_rules_that_took_most(assess, maps) -> None:
    found = assess(
        land_use=maps.layer("land_use", [{"land_use": "RPH", "geometry": maps.at(0, 0, 3000, 3000)}]),
        water_areas=maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(0, 0, 600, 600)}]),
    )
    assert found.eligible_area_m2 == 0
    assert len(found.sites) == 0
    keys = [key for key, _ in found.no_site_reasons]
    assert keys[0] == "sites.none.no_land"
    took = [params["rule"] for key, params in found.no_site_reasons if key == "sites.none.rule_took"]
    assert took == ["land_use_forbidden", "water_area"]


def test_slope_threshold_of_the_scenario_replaces_the_rules(assess, maps) -> None:
    dem = maps.plane(east=0.2)  # 20 %
    assert assess(dem=dem).eligible_area_m2 == maps.SIDE**2
    steep = assess(dem=dem, settings={"eligibility": {"slope_max_percent": 15}})
    assert steep.eligible_area_m2 == 0
    assert steep.no_site_reasons[1][1]["rule"] == "slope"
    off = assess(dem=dem, settings={"eligibility": {"slope_max_percent": 15, "switched_off": ["slope"]}})
    assert off.eligible_area_m2 == maps.SIDE**2


def test_terrain_of_a_site(assess, maps) -> None:
    site = only(assess(dem=maps.plane(height=50, east=0.1), facilities=facility(maps, maps.at(0, 0, 90, 90))), "T")
    assert site["slope_mean_percent"] == pytest.approx(10, abs=0.01)
    assert site["slope_max_percent"] == pytest.approx(10, abs=0.01)
    # heights step from cell to cell: the mean of the three columns of 30 m from 600 m on
    assert site["elevation_mean_m"] == pytest.approx(50 + 0.1 * (600 + 30))
    assert site["dem_resolution_m"] == 30


def test_what_lies_beyond_the_boundary_is_seen_as_far_as_a_site_looks(assess, maps) -> None:
    # level ground; a wall of 120 m begins 90 m north of the boundary, a stream runs 150 m south of it
    dem = maps.plane(margin=3000.0)
    north = dem.transform.f - (np.arange(dem.values.shape[0]) + 0.5) * 30 - (maps.Y0 + maps.SIDE)
    dem = replace(dem, values=dem.values + np.clip(north - 90, 0, 120)[:, None].astype(np.float32))
    under, by = maps.at(1000, 2890, 1090, 2980), maps.at(1000, 50, 1090, 140)
    proposals = [{"proposal_id": i, "commune_code": maps.CODE, "geometry": g} for i, g in (("a", under), ("b", by))]
    stream = {"waterway_class": "stream", "geometry": maps.line((0, -150), (3000, -150))}
    found = assess(
        dem=dem, proposals=maps.layer("proposals", proposals), waterways=maps.layer("waterways", [stream])
    ).sites.set_index("source_id")
    assert found.loc["a", "relief_around_m"] == pytest.approx(75)  # up to the centres of cells within 200 m
    assert found.loc["a", "steepest_around_percent"] == pytest.approx(100)
    assert found.loc["a", "landslide_proxy"] in ("medium", "high")
    assert found.loc["b", "drainage_height_m"] == pytest.approx(0)
    assert found.loc["b", "drainage_distance_m"] == pytest.approx(200)
    assert found.loc["b", "landslide_proxy"] == "low"


def test_partly_known_terrain_is_told_as_such(assess, maps) -> None:
    dem = maps.plane(east=0.1)
    values = dem.values.copy()
    values[:, 55:] = np.nan  # unknown from 1,050 m east of the corner on, slopes from 1,020 m on
    proposal = {"proposal_id": "a", "commune_code": maps.CODE, "geometry": maps.at(960, 1000, 1050, 1090)}
    found = only(assess(dem=replace(dem, values=values), proposals=maps.layer("proposals", [proposal])), "X")
    assert dict(decode(found["reasons"]))["sites.reason.slope_partly"]["percent"] == pytest.approx(100 / 3, abs=0.1)
    assert pd.isna(found["landslide_proxy"])


def test_coarse_terrain_makes_no_claim_about_a_site(assess, maps) -> None:
    found = assess(dem=maps.plane(cell=450.0, margin=900.0))
    keys = {key for key, _ in decode(found.sites["reasons"].iloc[0])}
    assert "sites.reason.slope_coarse" in keys
    assert "sites.reason.slope" not in keys
    assert "assumption:terrain_coarse" in found.sites["rests_on"].iloc[0]


def test_areas_follow_from_shares_to_a_hundredth_of_a_square_metre(assess, maps) -> None:
    use = maps.layer("land_use", [{"land_use": "LUC", "geometry": maps.at(0, 0, 10.01, 30)},
                                  {"land_use": "ONT", "geometry": maps.at(10.01, 0, 61, 70)},
                                  {"land_use": "LUC", "geometry": maps.at(0, 30, 10.01, 70)}])  # fmt: skip
    site = only(assess(land_use=use, facilities=facility(maps, maps.at(0, 0, 61, 57))), "T")
    areas = {code: percent / 100 * site["area_m2"] for code, percent in land_shares(site["land_use_shares"])}
    assert areas == {"ONT": pytest.approx(50.99 * 57, abs=0.01), "LUC": pytest.approx(10.01 * 57, abs=0.01)}


def test_land_use_shares_are_exact_and_counted_once(assess, maps) -> None:
    use = maps.layer(
        "land_use",
        [
            {"land_use": "LUC", "geometry": maps.at(0, 0, 40, 100)},
            {"land_use": "ONT", "geometry": maps.at(40, 0, 90, 100)},
            {"land_use": "RPH", "geometry": maps.at(80, 0, 90, 100)},  # drawn over residential land
        ],
    )
    site = only(assess(land_use=use, facilities=facility(maps, maps.at(0, 0, 100, 100))), "T")
    assert site["land_use_shares"] == "LUC 40.0; ONT 40.0; RPH 10.0"
    assert (site["rice_percent"], site["residential_percent"], site["forbidden_percent"]) == (40, 40, 10)
    # LUC and ONT 0.35 on 80 m, RPH 0 on 10 m, nothing known on 10 m
    assert site["land_use_score"] == pytest.approx(0.35 * 80 / 90, abs=1e-3)
    assert not site["eligible"]
    assert site["broken_rules"] == "land_use_forbidden"
    assert site["check_result"] == "blocked"
    assert "sites.reason.land_use_partly" in {key for key, _ in decode(site["reasons"])}


def test_a_little_forbidden_land_is_listed_and_does_not_exclude(assess, maps) -> None:
    use = maps.layer(
        "land_use", [{"land_use": "RPH", "geometry": maps.at(0, 0, 0.4, 100)}]
    )  # 40 m², the tolerance is 50
    found = assess(land_use=use, facilities=facility(maps, maps.at(0, 0, 100, 100)))
    site = only(found, "T")
    assert site["eligible"]
    row = found.table("conflicts")[found.table("conflicts")["zone_id"] == "land_use_forbidden:RPH"].iloc[0]
    assert row["area_m2"] == pytest.approx(40)
    assert row["effect"] == "conditional"


def test_corridor_of_a_road_is_urban_inside_towns(assess, maps) -> None:
    roads = maps.layer(
        "roads", [{"road_class": "national", "width_m": 12.0, "geometry": maps.line((1000, -100), (1000, 3100))}]
    )
    towns = maps.layer("urban_areas", [{"name": "Thị trấn", "geometry": maps.at(0, 0, 3000, 1500)}])
    sites = maps.layer(
        "facilities",
        [
            {"facility_id": "a", "commune_code": maps.CODE, "geometry": maps.at(1000, 400, 1100, 500)},
            {"facility_id": "b", "commune_code": maps.CODE, "geometry": maps.at(1000, 2400, 1100, 2500)},
            {"facility_id": "c", "commune_code": maps.CODE, "geometry": maps.at(1000, 1450, 1100, 1550)},
        ],
    )
    found = assess(roads=roads, urban_areas=towns, facilities=sites)
    by_source = found.sites.set_index("source_id")["site_id"]
    conflicts = found.table("conflicts")
    rows = conflicts[conflicts["zone_id"] == "road_national:national"].set_index("site_id")["area_m2"]
    assert rows[by_source["a"]] == pytest.approx(6 * 100)  # half the road in town
    assert rows[by_source["b"]] == pytest.approx((6 + 13) * 100)
    assert rows[by_source["c"]] == pytest.approx(6 * 50 + 19 * 50)
    assert bool(found.sites.set_index("source_id").loc["a", "inside_urban_area"])
    assert not bool(found.sites.set_index("source_id").loc["b", "inside_urban_area"])


def test_forced_plots_are_looked_at_even_in_excluded_land(assess, maps) -> None:
    lake = maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(0, 0, 3000, 3000)}])
    plans = maps.layer(
        "plans",
        [
            {
                "plan_id": "P",
                "title": "QH chung",
                "plan_kind": "general",
                "status": "approved",
                "decision_no": "7/QĐ",
                "covers": maps.CODE,
            }
        ],
    )
    zones = maps.layer(
        "plan_zones",
        [{"zone_id": "Z", "plan_id": "P", "function": "DAT_NDD_COQUAN", "geometry": maps.at(2000, 2000, 2300, 2300)}],
    )
    proposals = maps.layer(
        "proposals",
        [
            {
                "proposal_id": "X",
                "commune_code": maps.CODE,
                "area_m2": 6000.0,
                "clearance": "partly",
                "geometry": maps.point(1000, 1000),
            }
        ],
    )
    found = assess(
        water_areas=lake, plans=plans, plan_zones=zones, proposals=proposals,
        facilities=facility(maps, maps.at(100, 100, 160, 160)),
    )  # fmt: skip
    assert sorted(found.sites["letter"]) == ["L", "T", "X"]
    assert found.sites["broken_rules"].tolist() == ["water_area"] * 3
    assert not found.sites["eligible"].any()
    planned, proposed, old = only(found, "L"), only(found, "X"), only(found, "T")
    assert planned["area_m2"] == pytest.approx(8100, rel=0.01)  # cut out of 9 ha
    assert maps.at(2000, 2000, 2300, 2300).covers(planned.geometry)
    assert planned["conformity"] == "conforms"
    assert planned["plan_score"] == 1.0
    # a square of 77.46 m whose corners are written to the millimetre
    assert proposed["area_m2"] == pytest.approx(proposed["geometry"].area, abs=0.005)
    assert proposed["area_m2"] == pytest.approx(6000, abs=2 * 77.46 * 0.001)
    assert proposed["clearance"] == "partly"
    assert old["area_ratio"] == pytest.approx(3600 / 8100, abs=1e-3)
    assert any("wide" not in r for r in found.sites["reasons"])


def test_blocking_plans_exclude_and_conditional_ones_ask(assess, maps) -> None:
    plans = maps.layer(
        "plans",
        [{"plan_id": "P", "title": "QH phân khu", "plan_kind": "zoning", "status": "approved", "decision_no": "7/QĐ"}],
    )
    zones = maps.layer(
        "plan_zones",
        [
            {
                "zone_id": "park",
                "plan_id": "P",
                "function": "DAT_HTXH_CAYXANHCC",
                "geometry": maps.at(0, 0, 3000, 1500),
            },
            {
                "zone_id": "houses",
                "plan_id": "P",
                "function": "DAT_O_NHOMNHAO",
                "geometry": maps.at(0, 1500, 3000, 3000),
            },
        ],
    )
    found = assess(plans=plans, plan_zones=zones, facilities=facility(maps, maps.at(0, 1400, 100, 1500)))
    assert found.eligible_area_m2 == 3000 * 1500
    searched = found.sites[found.sites["letter"] == "K"]
    assert len(searched) == 10
    assert set(searched["check_result"]) == {"conditional"}
    assert set(searched["conformity"]) == {"needs_adjustment"}
    assert searched["overlap_percent"].to_numpy() == pytest.approx(100)
    old = only(found, "T")
    assert old["check_result"] == "blocked"
    assert old["broken_rules"] == "plan_blocking"


def test_clear_needs_every_mandatory_plan(assess, maps, rules) -> None:
    kinds = rules.plan_kinds.loc[rules.plan_kinds["mandatory"] == 1, "plan_kind"]
    withheld = rules.plan_kinds.loc[rules.plan_kinds["withheld"].notna(), "plan_kind"]
    rows = [
        {"plan_id": k, "title": k, "plan_kind": k, "status": "approved", "covers": maps.CODE}
        for k in (*kinds, *withheld)
    ]
    filling = rules.plan_kinds.loc[(rules.plan_kinds["fills_ground"] == 1) & (rules.plan_kinds["mandatory"] == 1)]
    drawn = [{"zone_id": k, "plan_id": k, "function": "TSC", "geometry": maps.commune()} for k in filling["plan_kind"]]
    zones = maps.layer("plan_zones", drawn)

    def results(plans: list[dict], plan_zones) -> set[str]:
        return set(assess(plans=maps.layer("plans", plans), plan_zones=plan_zones).sites["check_result"])

    assert len(drawn) == 2
    assert results(rows, zones) == {"clear"}
    assert results(rows[1:], zones) == {"clear_of_known_plans"}
    assert results(rows, zones.iloc[1:]) == {"clear_of_known_plans"}  # a plan in force, nothing to compare with
    assert results(rows[:-1], zones) == {"clear_of_known_plans"}  # a withheld layer is not in hand
    assert results([r | {"status": "draft"} if r["plan_id"] == "forest" else r for r in rows], zones) == {
        "clear_of_known_plans"
    }


def test_distances_are_from_the_edge_of_the_site(assess, maps) -> None:
    roads = maps.layer(
        "roads",
        [
            {"road_class": "track", "geometry": maps.line((0, 150), (3000, 150))},
            {"road_class": "local", "geometry": maps.line((0, 300), (3000, 300))},
            {"road_class": "provincial", "geometry": maps.line((0, 900), (3000, 900))},
        ],
    )
    services = maps.layer(
        "services",
        [
            {"service_class": c, "geometry": maps.point(100 + d, 50)}
            for c, d in (("school", 200), ("market", 400), ("fuel", 60), ("school", 900))
        ],
    )
    lines = maps.layer("power_lines", [{"voltage_kv": 22.0, "geometry": maps.line((0, 500), (3000, 500))}])
    site = only(
        assess(roads=roads, services=services, power_lines=lines, facilities=facility(maps, maps.at(0, 0, 100, 100))),
        "T",
    )
    assert site["road_distance_m"] == 200
    assert site["road_class"] == "local"
    assert site["main_road_distance_m"] == 800
    assert site["service_distance_m"] == 300  # mean of school 200 and market 400; no health station is mapped
    assert site["power_distance_m"] == 400
    assert site["seat_distance_m"] == pytest.approx(np.hypot(1400, 1400), abs=0.05)


def test_room_to_extend_and_buildings(assess, maps) -> None:
    buildings = maps.layer(
        "buildings", [{"geometry": maps.at(x, 1500, x + 10, 1510)} for x in (1495, 1520, 1580, 2000)]
    )
    plot = {"proposal_id": "a", "commune_code": maps.CODE, "geometry": maps.at(1500, 1500, 1590, 1590)}
    site = only(assess(buildings=buildings, proposals=maps.layer("proposals", [plot])), "X")
    assert site["buildings_inside"] == 3
    # 90 m around a square of 90 m: nine squares less the site, less what the round corners leave out
    assert site["room_to_extend_percent"] == pytest.approx(100 * (4 + np.pi), rel=0.02)


def test_what_rests_on_illustrative_layers_says_so(assess, maps) -> None:
    use = maps.layer(
        "land_use",
        [{"land_use": "BCS", "geometry": maps.at(0, 0, 3000, 3000)}],
        layer="dat_minh_hoa",
        illustrative=True,
    )
    found = assess(land_use=use)
    assert all("layer:dat_minh_hoa" in cell for cell in found.sites["rests_on"])
    measured = found.table("conflicts")[found.table("conflicts")["source"] != "withheld"]
    assert len(measured)
    assert all("layer:dat_minh_hoa" in cell for cell in measured["rests_on"])
    assert "layer:communes" not in found.sites["rests_on"].iloc[0]


def test_site_ids_hang_on_geometry_to_the_metre_alone(maps) -> None:
    from siteplan.sites.evidence.verdict import site_id

    plot = maps.at(0, 0, 90, 90)
    turned = shapely.Polygon([*list(plot.exterior.coords)[2:-1], *list(plot.exterior.coords)[:3]])
    moved = shapely.affinity.translate(plot, 0.2, -0.3)
    assert site_id("09999", "K", plot) == site_id("09999", "K", turned) == site_id("09999", "K", shapely.reverse(moved))
    assert site_id("09999", "K", plot) != site_id("09999", "K", shapely.affinity.translate(plot, 1.0, 0))
    assert site_id("09999", "K", plot).startswith("09999-K-")
    assert len(site_id("09999", "K", plot)) == len("09999-K-") + 6


def test_the_same_from_another_process_and_twice(inputs, maps) -> None:
    prepared = prepare(
        inputs(
            dem=maps.plane(east=0.05),
            people=[(500, 500, 100), (2500, 2500, 300)],
            roads=maps.layer("roads", [{"road_class": "local", "geometry": maps.line((0, 700), (3000, 900))}]),
            facilities=facility(maps, maps.point(700, 700)),
        )
    )
    first = assess_commune(prepared, maps.CODE)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        again = pool.submit(assess_commune, prepared, maps.CODE).result()
    for name in ("sites", "conflicts", "land_account", "land_options"):
        pd.testing.assert_frame_equal(pd.DataFrame(first.table(name)), pd.DataFrame(again.table(name)))
    assert (first.eligible[0].values == again.eligible[0].values).all()


def test_a_facility_that_is_to_be_extended_is_a_site_with_the_land_it_needs(inputs, maps) -> None:
    """Beside the plot to the west lies a pond: the land is taken elsewhere, and its evidence is that of the whole."""
    given = inputs(
        dem=maps.plane(),
        facilities=facility(maps, maps.at(1000, 1000, 1050, 1040)),
        water_areas=maps.layer("water_areas", [{"geometry": maps.at(900, 900, 1000, 1140)}]),
    )
    wanted = given.required.assign(extended_facility_id="F1", extension_land_area_m2=1000.0)
    prepared = prepare(replace(given, required=wanted))
    sites = assess_commune(prepared, maps.CODE).sites
    (own,) = sites[sites["letter"] == "T"].to_dict("records")
    (made,) = sites[sites["letter"] == "M"].to_dict("records")
    assert made["source_id"] == own["source_id"] == "F1"
    assert made["label"] == "M1"
    assert made["area_m2"] == pytest.approx(own["area_m2"] + 1000, rel=0.001)
    assert made["geometry"].buffer(0.01).covers(own["geometry"])
    assert made["geometry"].intersection(maps.at(900, 900, 1000, 1140)).area < 0.1
    assert dict(decode(made["reasons"]))["sites.reason.extended"]["need"] == 1000
    assert (assess_commune(prepare(given), maps.CODE).sites["letter"] != "M").all()


@pytest.mark.parametrize(("front_m", "possible"), [(599.0, True), (601.0, False), (10_000.0, False)])
def test_a_front_that_no_plot_can_have_is_said_and_not_searched(assess, maps, monkeypatch, front_m, possible) -> None:
    """8,100 m² not narrower than 30 m are at most 270 m long: 600 m around."""
    from siteplan.sites.search import find

    looked = []
    monkeypatch.setattr(find, "_beside_roads", lambda *_, **__: looked.append(1) or [])
    roads = maps.layer("roads", [{"road_class": "local", "geometry": maps.line((1500, -500), (1500, 3500))}])
    settings = {"sites": {"frontage_m": front_m, "minimum_width_m": 30.0}}
    found = assess(roads=roads, required=8100.0, settings=settings)
    assert (len(found.sites) > 0) == possible
    assert bool(looked) == possible
    assert [key for key, _ in found.no_site_reasons] == ([] if possible else ["sites.none.front_too_long"])
    if not possible:
        assert dict(found.no_site_reasons)["sites.none.front_too_long"]["longest"] == pytest.approx(600)
    # where no roads guide the search the setting asks for nothing
    assert len(assess(required=8100.0, settings=settings).sites) > 0


def test_plots_that_are_there_are_measured_whatever_front_is_asked(assess, maps) -> None:
    roads = maps.layer("roads", [{"road_class": "local", "geometry": maps.line((1500, -500), (1500, 3500))}])
    found = assess(roads=roads, facilities=facility(maps, maps.at(1000, 1000, 1090, 1090)),
                   settings={"sites": {"frontage_m": 5000.0}})  # fmt: skip
    assert found.sites["letter"].tolist() == ["T"]


def test_land_without_any_site_says_what_it_rests_on(inputs, maps) -> None:
    use = maps.layer("land_use", [{"land_use": "SON", "geometry": maps.at(-100, -100, 3100, 3100)}],
                     layer="dat", illustrative=True)  # fmt: skip
    prepared = prepare(inputs(land_use=use))
    found = assess_commune(prepared, maps.CODE)
    assert found.eligible_area_m2 == 0
    (rule,) = (r for r in prepared.rules if r.rule == "land_use_forbidden")
    assert land_rests_on(prepared, found) == f"assumption:{rule.assumption_id}; layer:dat"
