"""Communes of islands far apart: windows of their own, one account, sites on each, times as in one window."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.locale import decode
from siteplan.raster import Raster
from siteplan.sites import assess as module
from siteplan.sites import islands
from siteplan.sites.access.field import OUTSIDE, minutes_field
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.forced import Forced

FAR = (240_000.0, 180_000.0)  # 300 km
LEVEL_KMH = 6 * np.exp(-3.5 * 0.05)


def moved(shape, by):
    return shapely.transform(shape, lambda xy: xy + np.array(by))


@pytest.fixture
def archipelago(inputs, maps):
    """Inputs of a commune of the square of all tests and its copy some way off."""

    def build(by=FAR, people=(), dem=None, **given):
        both = shapely.multipolygons([maps.commune(), moved(maps.commune(), by)])
        whole = inputs(people=list(people), dem=dem, **given)
        return replace(whole, communes=whole.communes.set_geometry([both], crs=maps.CRS))

    return build


def lake(maps, by):
    pond = maps.at(600, 600, 1200, 1200)
    rows = [{"water_class": "lake", "geometry": shape} for shape in (pond, moved(pond, by))]
    return maps.layer("water_areas", rows)


def test_the_distance_is_twice_what_the_times_look_over_a_boundary():
    assert islands.apart_m(1000) == 2 * (5000 + 3 * 60)
    assert islands.apart_m(8000) == 2 * (8000 + 3 * 60)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=12, unique=True))
@settings(deadline=None)
def test_islands_in_a_row_part_where_a_gap_is_wider(places):
    """Squares of 1 km at whole kilometres: a group ends where the next begins 11 km or more after the last ended."""
    commune = shapely.union_all([shapely.box(x * 1000, 0, x * 1000 + 1000, 1000) for x in places])
    gaps = np.diff(np.sort(places)) - 1
    found = islands.groups(commune, 1000)
    assert len(found) == 1 + int((gaps * 1000 > 10_540).sum())
    assert shapely.union_all(found).equals(commune)
    assert [shape.area for shape in found] == sorted((shape.area for shape in found), reverse=True)
    for i, one in enumerate(found):
        assert islands.nearest(found, shapely.box(*one.bounds)) == i
        assert all(one.distance(other) > 10_540 for other in found[i + 1 :])


def test_two_islands_300_km_apart_are_searched_both_in_little_memory(archipelago, maps):
    """The box around them holds 8,100 x 6,100 cells; a byte for each would be 49 MB, and the search takes forty."""
    prepared = prepare(archipelago(water_areas=lake(maps, FAR)))
    tracemalloc.start()
    found = assess_commune(prepared, maps.CODE)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 49e6
    assert [window.values.shape for window in found.eligible] == [(100, 100), (100, 100)]
    west = [window.bounds[0] for window in found.eligible]
    assert abs(west[1] - west[0]) == FAR[0]
    # a lake with 5 m around it holds 20 x 20 centres of cells on each
    left = 2 * (maps.SIDE**2 - 600.0**2)
    assert found.eligible_area_m2 == left
    assert sum(int((window.values == 1).sum()) for window in found.eligible) * 900 == left
    account = found.table("land_account").set_index("rule")
    assert account.loc["outside_commune", "left_m2"] == 2 * maps.SIDE**2
    assert account.loc["water_area", "removed_alone_m2"] == account.loc["water_area", "removed_in_order_m2"] == 720_000
    assert found.table("land_account")["left_m2"].iloc[-1] == left
    sites = found.sites
    near = shapely.within(sites.geometry.to_numpy(), maps.commune())
    away = shapely.within(sites.geometry.to_numpy(), moved(maps.commune(), FAR))
    assert (int(near.sum()), int(away.sum())) == (5, 5)
    assert sites["site_id"].is_unique
    assert sorted(sites["label"], key=lambda label: int(label[1:])) == [f"K{n}" for n in range(1, 11)]
    assert set(found.table("conformity")["site_id"]) == set(sites["site_id"])


def test_people_of_another_island_have_no_way(archipelago, maps):
    people = [(500, 1500, 100.0), (FAR[0] + 2500, FAR[1] + 1500, 300.0)]
    plots = [maps.at(455, 1455, 545, 1545), moved(maps.at(455, 1455, 545, 1545), FAR)]
    rows = [{"proposal_id": f"D{i}", "name": "Đề xuất", "commune_code": maps.CODE, "geometry": plot}
            for i, plot in enumerate(plots)]  # fmt: skip
    found = assess_commune(prepare(archipelago(people=people, proposals=maps.layer("proposals", rows))), maps.CODE)
    proposed = found.sites[found.sites["letter"] == "X"].set_index("source_id")
    home, away = proposed.loc["D0"], proposed.loc["D1"]
    assert (home["access_share_30_percent"], home["access_share_60_percent"]) == (25, 25)
    # a quarter of the people says nothing of how long it takes the people
    assert np.isnan(home["access_minutes"])
    assert np.isnan(home["access_lost_minutes"])
    walk = 2000 / 1000 / LEVEL_KMH * 60
    assert away["access_minutes"] == pytest.approx(walk, abs=90 / 1000 / LEVEL_KMH * 60)
    assert (away["access_share_30_percent"], away["access_share_60_percent"]) == (75, 75)
    for site, lacking, reason in ((home, 75, "reached_by_few"), (away, 25, "not_reached")):
        (told,) = [params for key, params in decode(site["reasons"]) if key == f"sites.reason.{reason}"]
        assert told["percent"] == lacking
    # where most people live, and there where they live
    (best,) = found.table("access_points").to_dict("records")
    assert (best["reached_percent"], best["access_minutes"]) == (75, 0)
    assert best["geometry"].distance(shapely.Point(maps.X0 + FAR[0] + 2500, maps.Y0 + FAR[1] + 1500)) < 90
    assert away["access_lost_minutes"] == pytest.approx(away["access_minutes"], abs=0.011)
    # the seat stands on the first island: no way leads to it from the other
    assert home["minutes_seat"] > 0
    assert np.isnan(away["minutes_seat"])


def test_an_island_where_nobody_lives_is_reached_by_nobody(archipelago, maps):
    found = assess_commune(prepare(archipelago(people=[(1500, 1500, 80.0)])), maps.CODE).sites
    away = shapely.within(found.geometry.to_numpy(), moved(maps.commune(), FAR))
    assert away.sum() == 5
    assert (found.loc[away, ["access_share_30_percent", "access_share_60_percent"]] == 0).all(axis=None)
    assert found.loc[away, "access_minutes"].isna().all()
    assert (found.loc[~away, "access_share_60_percent"] == 100).all()


def test_apart_or_in_one_window_the_figures_are_the_same(archipelago, maps, monkeypatch):
    """Islands just far enough apart: land, what looser rules open, and all that is measured of a proposed plot."""
    by = (15_000.0, 0.0)
    rng = np.random.default_rng(9215)
    rough = rng.uniform(0, 12, (200, 700)).astype(np.float32)
    dem = Raster(rough, Affine(30, 0, maps.X0 - 1500, 0, -30, maps.Y0 + 4500), float("nan"), 30.0)
    people = [(float(x), float(y), float(p)) for x, y, p in rng.uniform(100, 2900, (9, 3))]
    people += [(x + by[0], y, p / 2) for x, y, p in people[:5]]
    road = maps.line((100, 1700), (2800, 1400))
    plots = [maps.at(455, 1455, 545, 1545), moved(maps.at(1455, 455, 1545, 545), by)]
    proposals = [{"proposal_id": f"D{i}", "name": "Đề xuất", "commune_code": maps.CODE, "geometry": plot}
                 for i, plot in enumerate(plots)]  # fmt: skip
    prepared = prepare(
        archipelago(
            by=by, people=people, dem=dem, required=40_000.0, water_areas=lake(maps, by),
            roads=maps.layer("roads", [{"road_class": "provincial", "geometry": g} for g in (road, moved(road, by))]),
            proposals=maps.layer("proposals", proposals),
        )
    )  # fmt: skip
    apart = assess_commune(prepared, maps.CODE)
    monkeypatch.setattr(module.islands, "groups", lambda commune, _margin: [commune])
    whole = assess_commune(prepared, maps.CODE)
    assert (len(apart.eligible), len(whole.eligible)) == (2, 1)
    assert apart.eligible_area_m2 == whole.eligible_area_m2
    for window in apart.eligible:
        np.testing.assert_array_equal(window.values, whole.eligible[0].window(window.bounds).values)
    for name in ("land_account", "land_options", "access_points"):
        assert len(apart.table(name)), name
        pd.testing.assert_frame_equal(pd.DataFrame(apart.table(name)), pd.DataFrame(whole.table(name)))
    measured = [
        pd.DataFrame(found.sites[found.sites["letter"] == "X"]).drop(columns="label").sort_values("site_id")
        for found in (apart, whole)
    ]
    assert len(measured[0]) == 2
    assert measured[0]["access_minutes"].notna().any()
    assert (measured[0]["access_share_60_percent"] > 0).all()
    pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in measured))


def test_the_picture_of_times_shows_the_islands_around_the_plot(archipelago, maps):
    plot = moved(maps.at(455, 1455, 545, 1545), FAR)
    field = minutes_field(prepare(archipelago()), (maps.CODE, shapely.to_wkb(plot)))
    west, south, east, north = field.bounds
    assert max(east - west, north - south) < maps.SIDE + 2 * 5000 + 4 * 60
    known = field.values != OUTSIDE
    assert known.sum() == pytest.approx((maps.SIDE / 60) ** 2, rel=0.05)
    assert field.values[known].max() == pytest.approx(np.hypot(2500, 1500) / 1000 / LEVEL_KMH * 60, rel=0.12)


def test_plots_are_taken_from_each_group_in_turn(maps):
    def plots(size, count):
        return [Forced("K", "", maps.at(0, 0, 90, 90), (), size=size) for _ in range(count)]

    found = [plots("with_reserve", 8) + plots("without_reserve", 2), plots("with_reserve", 1), []]
    chosen = islands.best_of(found, maps.scenario(sites={"per_commune": 6, "without_reserve": 2}).sites)
    assert Counter(plot.size for plot in chosen) == {"with_reserve": 4, "without_reserve": 2}
    assert chosen[0] is found[0][0]
    assert chosen[1] is found[1][0]
    assert chosen[2] is found[0][1]
    assert islands.best_of(found[:1], maps.scenario().sites) is found[0]
