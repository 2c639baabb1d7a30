"""How sites are reached: shares, the farthest place, services, the best place, on plates in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from siteplan.sites.access import reach as module
from siteplan.sites.assess import assess_commune, prepare

LEVEL_KMH = 6 * np.exp(-3.5 * 0.05)


@pytest.fixture
def proposed(inputs, maps):
    """What is found with one proposed plot of 90 m, whose middle is told."""

    def build(x: float, y: float, **given):
        box = maps.at(x - 45, y - 45, x + 45, y + 45)
        row = {"proposal_id": "D1", "name": "Đề xuất", "commune_code": maps.CODE, "geometry": box}
        found = assess_commune(prepare(inputs(proposals=maps.layer("proposals", [row]), **given)), maps.CODE)
        return found.sites[found.sites["letter"] == "X"].iloc[0], found

    return build


def walk(metres: float) -> float:
    return metres / 1000 / LEVEL_KMH * 60


def test_shares_mean_and_farthest_place(proposed, maps) -> None:
    people = [(500, 1500, 100.0), (2900, 1500, 300.0)]
    names = [{"name": "Gần", "geometry": maps.point(500, 1500)}, {"name": "Xa", "geometry": maps.point(2900, 1500)}]
    site, _ = proposed(700, 1500, people=people, settlements=maps.layer("settlements", names))
    step = walk(90)
    assert site["access_farthest_minutes"] == pytest.approx(walk(2200), abs=step)
    assert site["access_farthest_place"] == "Xa"
    assert site["access_minutes"] == pytest.approx((100 * walk(200) + 300 * walk(2200)) / 400, abs=step)
    assert (site["access_share_30_percent"], site["access_share_60_percent"]) == (100.0, 100.0)
    uphill, _ = proposed(700, 1500, people=people, dem=maps.plane(east=-0.2))
    # walking up 20 % for 2.2 km at 6 exp(-3.5 x 0.25) = 2.50 km/h takes 52.8 minutes
    assert (uphill["access_share_30_percent"], uphill["access_share_60_percent"]) == (25.0, 100.0)


def test_the_best_place_is_the_weighted_median(proposed, maps) -> None:
    # on a line the weighted median is where the heavier end lies, not the mean between
    site, found = proposed(700, 1500, people=[(500, 1500, 100.0), (2500, 1500, 300.0)])
    best = found.table("access_points").iloc[0]
    assert abs(best.geometry.x - (maps.X0 + 2500)) <= 90
    assert abs(best.geometry.y - (maps.Y0 + 1500)) <= 90
    assert best["access_minutes"] == pytest.approx(walk(2000) / 4, abs=walk(90))
    assert bool(best["searched_everywhere"])
    assert site["access_lost_minutes"] == pytest.approx(site["access_minutes"] - best["access_minutes"], abs=0.011)
    assert site["access_lost_minutes"] > 0
    assert (found.sites["access_lost_minutes"] >= 0).all()


def test_both_ways_of_searching_give_the_same_times(proposed, maps, monkeypatch) -> None:
    rng = np.random.default_rng(4)
    people = [(float(x), float(y), float(p)) for x, y, p in rng.uniform(100, 2900, (12, 3))]
    roads = maps.layer("roads", [{"road_class": "commune", "geometry": maps.line((0, 800), (3000, 2200))}])
    given = {"people": people, "roads": roads, "dem": maps.plane(east=0.07)}
    _, one = proposed(700, 1500, **given)
    monkeypatch.setattr(module, "FROM_PEOPLE_AT_MOST", 0)
    _, other = proposed(700, 1500, **given)
    columns = [c for c in one.sites.columns if c.startswith(("access_share", "minutes_", "access_farthest_m"))]
    assert len(columns) > 6
    for column in [*columns, "access_minutes"]:
        assert one.sites[column].to_numpy(dtype=float) == pytest.approx(
            other.sites[column].to_numpy(dtype=float), nan_ok=True, abs=0.011
        )
    best, near = one.table("access_points").iloc[0], other.table("access_points").iloc[0]
    assert not bool(near["searched_everywhere"])
    # what a few of the twelve places tell cannot beat all of them, and comes close
    assert best["access_minutes"] <= near["access_minutes"] + 0.011
    assert near["access_minutes"] <= best["access_minutes"] * 1.05


def test_places_stand_for_those_nearest_to_them(monkeypatch) -> None:
    monkeypatch.setattr(module, "REPRESENTATIVES", 2)
    cells = np.array([[0, 0], [0, 1], [0, 2], [0, 100]])
    # the heavy place first: one for all is the weighted median; then the middle of the three others
    some, stands_for = module._representatives(cells, np.array([1.0, 1.0, 1.0, 5.0]))
    assert some.tolist() == [3, 1]
    assert stands_for.tolist() == [1, 1, 1, 0]
    monkeypatch.setattr(module, "MOST_PEOPLED", 1)
    some, stands_for = module._representatives(cells, np.array([1.0, 1.0, 1.0, 5.0]))
    assert (some.tolist(), stands_for.tolist()) == ([3], [0, 0, 0, 0])


def test_one_who_cannot_leave_an_islet_stands_for_nobody_else(proposed, maps, monkeypatch) -> None:
    monkeypatch.setattr(module, "FROM_PEOPLE_AT_MOST", 0)
    monkeypatch.setattr(module, "REPRESENTATIVES", 1)
    moat = maps.at(1320, 1320, 1680, 1680).difference(maps.at(1440, 1440, 1560, 1560))
    water = maps.layer("water_areas", [{"water_class": "lake", "geometry": moat}])
    around = [(1500 + 400 * np.cos(a), 1500 + 400 * np.sin(a), 10.0) for a in np.arange(0, 2 * np.pi, np.pi / 4)]
    _, found = proposed(300, 300, people=[(1500, 1500, 12.0), *around], water_areas=water)
    best = found.table("access_points").iloc[0]
    assert best["reached_percent"] == pytest.approx(100 * 80 / 92, abs=0.01)
    assert best["access_minutes"] < walk(1000)


def test_minutes_to_services_seat_and_main_road(proposed, maps) -> None:
    services = [
        {"service_class": "school", "geometry": maps.point(1500, 300)},
        {"service_class": "school", "geometry": maps.point(1500, 2900)},
        {"service_class": "market", "geometry": maps.point(300, 1500)},
    ]
    roads = [{"road_class": "provincial", "geometry": maps.line((2400, -500), (2400, 3500))}]
    site, _ = proposed(1500, 1000, services=maps.layer("services", services), roads=maps.layer("roads", roads))
    step = walk(90 * np.sqrt(2))
    assert site["minutes_school"] == pytest.approx(walk(700), abs=step)
    assert site["minutes_seat"] == pytest.approx(walk(500), abs=step)  # the seat lies in the middle
    assert site["minutes_main_road"] == pytest.approx(walk(900), abs=step)
    # around eight neighbours a way is at most 8 % longer than straight; no way leads over the road faster here
    assert walk(np.hypot(1200, 500)) - step <= site["minutes_market"] <= 1.09 * walk(np.hypot(1200, 500)) + step
    assert np.isnan(site["minutes_police"])
    assert np.isnan(site["minutes_health"])


def test_a_way_round_on_a_road_beyond_the_boundary_counts(proposed, maps) -> None:
    # a river parts the commune; the only bridge lies 2 km north of it, on a road
    river = [{"waterway_class": "river", "geometry": maps.line((1500, -6000), (1500, 9000))}]
    loop = maps.line((2700, 1500), (2700, 5000), (300, 5000), (300, 1500))
    roads = maps.layer("roads", [{"road_class": "provincial", "geometry": loop}])
    layers = {"waterways": maps.layer("waterways", river), "people": [(2700, 1500, 50.0)]}
    cut, _ = proposed(300, 1400, **layers)
    assert np.isnan(cut["access_minutes"])
    joined, _ = proposed(300, 1400, roads=roads, **layers)
    assert joined["access_minutes"] == pytest.approx(loop.length / 1000 / 35 * 60, abs=4)


def crossed(maps):
    """A river without a bridge parts a commune: 990 people west of it, 10 east."""
    river = maps.layer("waterways", [{"waterway_class": "river", "geometry": maps.line((2400, -9000), (2400, 12000))}])
    west = [(300 + 200 * i, 300 + 250 * j, 99.0) for i in range(2) for j in range(5)]
    return {"people": [*west, (2700, 1500, 10.0)], "waterways": river}


def test_the_mean_of_the_few_who_have_a_way_is_not_told(proposed, maps) -> None:
    given = crossed(maps)
    few, found = proposed(2700, 1500, **given)
    assert np.isnan(few["access_minutes"])
    assert np.isnan(few["access_lost_minutes"])
    assert few["access_share_60_percent"] == 1.0
    assert "sites.reason.reached_by_few" in few["reasons"]
    most, _ = proposed(600, 800, **given)
    assert most["access_minutes"] > 0
    assert "sites.reason.not_reached" in most["reasons"]
    assert found.table("access_points").iloc[0]["reached_percent"] == 99.0


def test_time_lost_is_that_of_the_people_who_have_a_way_to_both(proposed, maps) -> None:
    """Sites and best place on one bank: those across have a way to neither."""
    given = crossed(maps)
    site, found = proposed(600, 800, **given)
    alone, other = proposed(600, 800, **{**given, "people": given["people"][:-1]})
    assert site["access_lost_minutes"] == alone["access_lost_minutes"] > 0
    best, same = found.table("access_points").iloc[0], other.table("access_points").iloc[0]
    assert best.geometry.equals(same.geometry)
    assert site["access_lost_minutes"] == pytest.approx(site["access_minutes"] - best["access_minutes"], abs=0.011)
