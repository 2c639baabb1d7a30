from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.ops
from scipy.sparse.csgraph import connected_components

from siteplan.sites.access.surface import build_ground, travel_minutes, weighted
from siteplan.sites.access.ways import ways_of
from siteplan.sites.grid import Grid
from siteplan.sites.layer import Layer
from siteplan.sites.rules import derive_columns

LEVEL_KMH = 6 * np.exp(-3.5 * 0.05)  # Tobler on level ground
CELL = 60.0


@pytest.fixture
def ground(maps, rules):
    """Build the graph of the square commune with layers given as rows; return a function of minutes between points."""

    def build(dem=None, margin_m: float = 0.0, speeds: pd.DataFrame | None = None, **rows):
        layers = {r: Layer(r, derive_columns(r, maps.layer(r, v), rules), ()) for r, v in rows.items()}
        made = build_ground(maps.commune(), layers, dem, rules.speeds if speeds is None else speeds, margin_m)

        def minutes(a: tuple[float, float], b: tuple[float, float]) -> float:
            xs, ys = np.array([a[0], b[0]]) + maps.X0, np.array([a[1], b[1]]) + maps.Y0
            return float(travel_minutes(made, xs[1:], ys[1:], xs[:1], ys[:1])[0, 0])

        return minutes

    return build


def centre(column: int, row: int, maps) -> tuple[float, float]:
    """Centre of a cell of the 60 m grid, in metres from the corner of the commune."""
    west, north = np.floor(maps.X0 / CELL) * CELL, np.ceil((maps.Y0 + maps.SIDE) / CELL) * CELL
    return west + (column + 0.5) * CELL - maps.X0, north - (row + 0.5) * CELL - maps.Y0


@pytest.mark.parametrize("margin_m", [0.0, 130.0, 1000.0])
def test_every_walkable_cell_is_one_node_joined_with_its_neighbours(maps, rules, margin_m) -> None:
    water = maps.layer("water_areas", [{"geometry": maps.at(700, 300, 1900, 2100)}])
    layers = {"water_areas": Layer("water_areas", derive_columns("water_areas", water, rules), ())}
    made = build_ground(maps.commune(), layers, None, rules.speeds, margin_m)
    assert made.node[tuple(made.cells.T)].tolist() == list(range(len(made.cells)))
    assert len(made.cells) == (made.node >= 0).sum() == len(made.inside) == made.reverse.shape[0]
    middle = shapely.points([made.place(n) for n in range(len(made.cells))])
    commune = maps.commune()
    clear = shapely.distance(middle, commune.boundary) > 1e-6  # on an edge a centre belongs to one side
    assert (shapely.contains(commune, middle) == made.inside)[clear].all()
    assert clear.sum() > 1000
    # on level ground the edges are those between neighbours, each of the length of its step
    edges = made.reverse.tocoo()
    down, across = (made.cells[edges.coords[0]] - made.cells[edges.coords[1]]).T
    assert np.maximum(np.abs(down), np.abs(across)).max() == 1
    assert edges.data == pytest.approx(np.hypot(down, across) * CELL / 1000 / LEVEL_KMH * 60)
    at = {tuple(cell) for cell in made.cells.tolist()}
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    assert len(edges.data) == sum((r + i, c + j) in at for r, c in at for i, j in steps)


def test_on_level_ground_walking_is_distance_by_speed(ground, maps) -> None:
    minutes = ground()
    straight = minutes(centre(5, 10, maps), centre(25, 10, maps))
    assert straight == pytest.approx(20 * CELL / 1000 / LEVEL_KMH * 60)
    diagonal = minutes(centre(5, 5, maps), centre(15, 15, maps))
    assert diagonal == pytest.approx(10 * CELL * np.sqrt(2) / 1000 / LEVEL_KMH * 60)
    assert minutes(centre(15, 15, maps), centre(5, 5, maps)) == pytest.approx(diagonal)


def test_uphill_takes_longer_than_downhill(ground, maps) -> None:
    minutes = ground(dem=maps.plane(east=0.1))
    up, down = (minutes(centre(a, 10, maps), centre(b, 10, maps)) for a, b in ((5, 25), (25, 5)))
    length_km = 20 * CELL / 1000
    assert up == pytest.approx(length_km / (6 * np.exp(-3.5 * 0.15)) * 60, rel=1e-4)
    assert down == pytest.approx(length_km / (6 * np.exp(-3.5 * 0.05)) * 60, rel=1e-4)


def test_the_roads_of_a_layer_follow_the_table_of_speeds_given(maps, rules) -> None:
    row = {"road_class": "national", "geometry": maps.line((0, 1500), (3000, 1500))}
    roads = Layer("roads", derive_columns("roads", maps.layer("roads", [row]), rules), ())
    grid = Grid.around(tuple(shapely.bounds(maps.commune())), CELL)
    faster = rules.speeds.assign(speed_kmh=rules.speeds["speed_kmh"] * 2)
    usual, fast, again = (ways_of(roads, grid, speeds).minutes.sum() for speeds in (rules.speeds, faster, rules.speeds))
    assert fast == pytest.approx(usual / 2)
    assert again == usual


def test_a_road_is_as_fast_as_its_class(ground, maps, rules) -> None:
    a, b = centre(2, 10, maps), centre(30, 10, maps)
    road = {"road_class": "provincial", "geometry": maps.line(a, b)}
    kmh = float(rules.speeds.set_index("road_class").loc["provincial", "speed_kmh"])
    assert ground(roads=[road])(a, b) == pytest.approx((b[0] - a[0]) / 1000 / kmh * 60)


@pytest.mark.parametrize("piece_m", [23.0, 61.0, 140.0, 700.0])
def test_a_road_takes_as_long_however_a_file_cuts_it(ground, maps, rules, piece_m) -> None:
    a, b = centre(2, 10, maps), centre(30, 10, maps)
    speeds = rules.speeds.copy()
    speeds.loc[speeds["road_class"] == "national", "speed_kmh"] = 400.0  # so fast that nobody walks across
    whole = maps.line(a, (a[0], a[1] - 900), (b[0], b[1] - 900), b)
    cuts = [*np.arange(0, whole.length, piece_m), whole.length]
    pieces = [
        shapely.ops.substring(whole, x, y).reverse() if i % 2 else shapely.ops.substring(whole, x, y)
        for i, (x, y) in enumerate(itertools.pairwise(cuts))
    ]
    roads = [{"road_class": "national", "geometry": piece} for piece in pieces]
    assert ground(roads=roads, speeds=speeds)(a, b) == pytest.approx(whole.length / 1000 / 400 * 60, rel=1e-6)


def test_a_winding_road_takes_its_own_length(ground, maps, rules) -> None:
    a, b = centre(2, 10, maps), centre(30, 10, maps)
    detour = [a, (a[0], a[1] - 900), (b[0], b[1] - 900), b]
    speeds = rules.speeds.copy()
    speeds.loc[speeds["road_class"] == "national", "speed_kmh"] = 400.0  # so fast that nobody walks across
    road = {"road_class": "national", "geometry": maps.line(*detour)}
    length = shapely.length(maps.line(*detour))
    assert ground(roads=[road], speeds=speeds)(a, b) == pytest.approx(length / 1000 / 400 * 60)


def test_expressways_are_no_way_for_motorbikes(ground, maps) -> None:
    a, b = centre(2, 10, maps), centre(30, 10, maps)
    road = {"road_class": "expressway", "geometry": maps.line(a, b)}
    assert ground(roads=[road])(a, b) == pytest.approx(ground()(a, b))


def test_a_river_is_crossed_at_its_bridge_only(ground, maps) -> None:
    river = {"waterway_class": "river", "geometry": maps.line((1500, -200), (1500, 3200))}
    a, b = centre(12, 25, maps), centre(38, 25, maps)
    assert np.isinf(ground(waterways=[river])(a, b))
    bridge_y = centre(0, 5, maps)[1]
    bridge = {"road_class": "local", "geometry": maps.line((1300, bridge_y), (1700, bridge_y))}
    over = ground(waterways=[river], roads=[bridge])(a, b)
    around_km = 2 * 20 * CELL / 1000  # there are 20 rows up to the bridge and 20 down
    assert over > around_km / (6.0) * 60
    assert np.isfinite(over)
    stream = {"waterway_class": "stream", "geometry": river["geometry"]}
    assert ground(waterways=[stream])(a, b) == pytest.approx(ground()(a, b))


def test_people_weigh_the_mean_and_the_share() -> None:
    times = np.array([[10.0, 40.0, np.inf]])
    mean, near, reached = weighted(times, np.array([300.0, 100.0, 100.0]), (30, 60))
    assert mean[0] == pytest.approx((300 * 10 + 100 * 40) / 400)
    assert near[:, 0] == pytest.approx([60.0, 80.0])
    assert reached[0] == pytest.approx(80.0)
    assert np.isnan(weighted(np.array([[np.inf]]), np.array([5.0]), (30,))[0][0])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("width_m", [0.0, 25.0, 59.0, 130.0])
def test_a_winding_river_without_a_bridge_is_crossed_nowhere(maps, rules, seed, width_m) -> None:
    rng = np.random.default_rng(seed)
    x = np.linspace(-7000, 10000, 400)
    y = rng.uniform(1200, 1800) + rng.uniform(20, 250) * np.sin(x / rng.uniform(100, 400) + rng.uniform(0, 6))
    if seed == 0:  # through the centres of cells
        y = np.full_like(x, centre(0, 25, maps)[1])
    line = maps.line(*zip(x, y, strict=True))
    role, row = ("waterways", {"waterway_class": "river", "geometry": line})
    if width_m:
        role, row = ("water_areas", {"geometry": line.buffer(width_m / 2)})
    water = Layer(role, derive_columns(role, maps.layer(role, [row]), rules), ())
    made = build_ground(maps.commune(), {role: water}, None, rules.speeds, 1000.0)
    part = connected_components(made.reverse, directed=False)[1]
    height = made.grid.y[made.cells[:, 0]] - maps.Y0
    north, south = part[height > y.max() + width_m / 2 + CELL], part[height < y.min() - width_m / 2 - CELL]
    assert np.unique(north).size == np.unique(south).size == 1
    assert north[0] != south[0]


def test_an_islet_between_the_centres_of_cells_has_its_own_ground(maps, rules) -> None:
    x, y = centre(10, 20, maps)
    west, south = maps.X0 + x + 5, maps.Y0 + y + 5
    made = build_ground(shapely.box(west, south, west + 20, south + 20), {}, None, rules.speeds, 500.0)
    near = np.hypot(*(np.array([made.place(n) for n in range(len(made.cells))]) - (west, south)).T)
    assert near.min() < CELL
    assert near.max() < 500 + 3 * CELL
    assert made.inside.sum() == 1


def river_in_a_cell(maps) -> tuple[dict, float, float]:
    """A straight river 10 m north of the centres of a row of cells, and these northings."""
    middle = centre(0, 25, maps)[1]
    line = maps.line((-7000, middle + 10), (10000, middle + 10))
    return {"waterway_class": "river", "geometry": line}, middle, middle + 10


def test_roads_on_both_banks_are_joined_by_a_bridge_alone(ground, maps) -> None:
    river, middle, shore = river_in_a_cell(maps)
    a, b = centre(12, 40, maps), centre(38, 10, maps)
    south = {"road_class": "local", "geometry": maps.line((100, middle), (2900, middle))}
    north = {"road_class": "local", "geometry": maps.line((100, shore + 10), (2900, shore + 10))}
    assert np.isinf(ground(waterways=[river], roads=[south, north])(a, b))
    bridge = {"road_class": "local", "geometry": maps.line((2000, middle), (2000, shore + 10))}
    assert np.isfinite(ground(waterways=[river], roads=[south, north, bridge])(a, b))
    # those who live between the river and the road north of it reach the road, not the bank across
    home, site = (500, shore + 5), (1500, shore + 5)
    along = ground(waterways=[river], roads=[south, north])
    assert along(home, site) < ground(waterways=[river])(home, site)
    assert np.isinf(along(home, (1500, middle)))


def test_who_lives_across_the_river_in_a_cell_stands_on_the_own_bank(ground, maps) -> None:
    river, middle, shore = river_in_a_cell(maps)
    minutes = ground(waterways=[river])
    assert np.isinf(minutes((1500, shore + 5), (1500, middle - 5)))
    assert np.isfinite(minutes((1500, shore + 5), (700, shore + 300)))
    assert np.isfinite(minutes((1500, middle - 5), (700, middle - 300)))


def oblique(maps, seed: int):
    """A frame turned and moved at random: places by their distance left of a line through it and along it."""
    rng = np.random.default_rng(seed)
    turn, (x, y) = rng.uniform(0, np.pi), 1500 + rng.uniform(-60, 60, 2)
    east, north = np.cos(turn), np.sin(turn)

    def place(left: float, along: float) -> tuple[float, float]:
        return x + east * along - north * left, y + north * along + east * left

    def strip(left: float, right: float):
        corners = [place(d, t) for d, t in ((left, -15000), (left, 15000), (right, 15000), (right, -15000))]
        return shapely.Polygon([(maps.X0 + a, maps.Y0 + b) for a, b in corners])

    return place, strip, rng


def roads_along(maps, place, *lefts: float):
    return [{"road_class": "commune", "geometry": maps.line(place(d, -1200), place(d, 1200))} for d in lefts]


@pytest.mark.parametrize("seed", range(20))
def test_no_two_banks_meet_where_both_have_a_road(ground, maps, seed) -> None:
    """In the water, between two branches, in a meander: the centre of a cell lies on neither bank, or on another."""
    place, strip, _ = oblique(maps, seed)
    a, b = place(-500, 0), place(500, 0)
    wide = {"geometry": strip(-15, 15)}
    assert np.isinf(ground(water_areas=[wide], roads=roads_along(maps, place, -21, 21))(a, b))
    landings = [
        {"road_class": "commune", "geometry": maps.line(place(side * 17, 0), place(side * 700, 0))} for side in (-1, 1)
    ]
    assert np.isinf(ground(water_areas=[wide], roads=landings)(a, b))
    branches = [
        {"waterway_class": "river", "geometry": maps.line(place(d, -15000), place(d, 15000))} for d in (-10, 10)
    ]
    assert np.isinf(ground(waterways=branches, roads=roads_along(maps, place, -16, 16))(a, b))
    bends = [place(15 * np.sin(2 * np.pi * t / 90), t) for t in np.arange(-12000, 12000, 4.0)]
    meander = {"waterway_class": "river", "geometry": maps.line(*bends)}
    both = roads_along(maps, place, -20, 20)
    assert np.isinf(ground(waterways=[meander], roads=both)(a, b))
    bridge = {"road_class": "commune", "geometry": maps.line(place(-20, 0), place(20, 0))}
    assert np.isfinite(ground(waterways=[meander], roads=[*both, bridge])(a, b))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("width_m", [10.0, 30.0, 60.0])
def test_nobody_is_put_on_the_road_across(maps, rules, ground, seed, width_m) -> None:
    place, strip, rng = oblique(maps, seed)
    edge = width_m / 2
    minutes = ground(
        water_areas=[{"geometry": strip(-edge, edge)}], roads=roads_along(maps, place, edge + 5), margin_m=300.0
    )
    site = place(edge + 200, 0)
    for along in rng.uniform(-900, 900, 12):
        assert np.isinf(minutes(place(-edge - rng.uniform(1, 15), along), site))
        assert np.isfinite(minutes(place(edge + rng.uniform(1, 15), along), site))


@pytest.mark.parametrize("every_m", [10.0, 25.0, 40.0, 70.0])
def test_a_road_cut_at_its_junctions_takes_its_length(ground, maps, rules, every_m) -> None:
    """Lanes leave the road on one side; on it nothing is saved where several of its pieces lie in one cell."""
    y = centre(0, 25, maps)[1]
    stops = np.arange(centre(1, 0, maps)[0], centre(46, 0, maps)[0] + 1, every_m)
    pieces = [maps.line((a, y), (b, y)) for a, b in itertools.pairwise(stops)]
    lanes = [maps.line((a, y), (a, y + 200)) for a in stops[1:-1]]
    roads = [{"road_class": "local", "geometry": g} for g in [*pieces, *lanes]]
    kmh = float(rules.speeds.set_index("road_class").loc["local", "speed_kmh"])
    a, b = (stops[0], y), (stops[-1], y)
    took, least = ground(roads=roads)(a, b), (stops[-1] - stops[0]) / 1000 / kmh * 60
    assert least - 1e-9 <= took <= least + 2 * CELL / 2 / 1000 / LEVEL_KMH * 60  # to the road and off it on foot


def test_roads_that_cross_without_a_corner_meet_on_foot(ground, maps, rules) -> None:
    a, b = centre(5, 40, maps), centre(40, 5, maps)
    east, north = maps.line(a, centre(44, 40, maps)), maps.line(centre(40, 48, maps), b)
    kmh = float(rules.speeds.set_index("road_class").loc["provincial", "speed_kmh"])
    ride = (b[0] - a[0] + b[1] - a[1]) / 1000 / kmh * 60
    roads = [{"road_class": "provincial", "geometry": g} for g in (east, north)]
    # both run through the middle of the cell where they cross
    assert ground(roads=roads)(a, b) == pytest.approx(ride)
    aside = [roads[0], {**roads[1], "geometry": maps.line(*((x + 20, y) for x, y in (centre(40, 48, maps), b)))}]
    # 20 m from the one to the other and from that to the goal; corners of roads are up to 30 m apart
    assert 2 * 20 <= (ground(roads=aside)(a, b) - ride) / 60 * 1000 * LEVEL_KMH <= 2 * np.hypot(20, 15)
