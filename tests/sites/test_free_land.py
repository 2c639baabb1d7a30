"""Land beside plots: what joins them exactly, however narrow the road between; plots of other facilities are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely.affinity import rotate

from siteplan.locale import decode
from siteplan.raster import Raster
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.eligibility import eligible_land
from siteplan.sites.free_land import FreeLand, free_land, joining
from siteplan.sites.grid import Grid
from siteplan.sites.measure import adjoining_land

EDGE = 1.75 + 4  # half a local road of 3.5 m, and its corridor
NEED = 8100.0


@pytest.fixture
def land_of(inputs):
    """Give the free land of a commune with some layers."""

    def build(slope_percent: np.ndarray | None = None, **tables) -> FreeLand:
        prepared = prepare(inputs(**tables))
        (commune,) = prepared.polygons.values()
        grid = Grid.around(tuple(shapely.bounds(commune)), 30.0)
        slope = np.zeros(grid.shape, dtype=np.float32) if slope_percent is None else slope_percent
        layers = {**prepared.layers, "plan_zones": prepared.zones}
        return free_land(prepared, commune, eligible_land(commune, grid, prepared.rules, layers, slope, None))

    return build


@pytest.fixture
def with_extension(inputs, maps):
    """Assess a commune whose facility f1 needs land beside its own."""

    def run(need_m2: float, **tables):
        given = inputs(required=NEED, **tables)
        need = given.required.assign(extended_facility_id=["f1"], extension_land_area_m2=[need_m2])
        return assess_commune(prepare(replace(given, required=need)), maps.CODE).sites

    return run


def facility(maps, identity: str, *box: float, **facts) -> dict:
    return {"facility_id": identity, "commune_code": maps.CODE, "name": identity, "geometry": maps.at(*box), **facts}


def road(maps, *points: tuple[float, float], **facts) -> dict:
    return {"road_class": "local", "width_m": 3.5, "geometry": maps.line(*points), **facts}


def test_all_around_a_plot_that_nothing_bars(land_of, maps) -> None:
    site = np.array([maps.at(1203, 1207, 1293, 1297)])  # on no cell's edge
    # a ring of 90 m around a square of 90 m: four sides of 90 by 90 and a circle of radius 90
    assert adjoining_land(site, land_of(), NEED) == pytest.approx(
        [4 * 8100 + np.pi * 90**2], rel=0.015
    )  # arcs are chords
    assert np.isnan(adjoining_land(site, land_of(), float("nan"))).all()


@pytest.mark.parametrize("offset", [0.0, 7.0, 15.0, 22.5])
@pytest.mark.parametrize(("road_class", "width_m", "corridor_m"), [("local", 3.5, 4.0), ("provincial", 9.0, 9.0)])
def test_no_land_beyond_a_road_joins_wherever_cells_lie(land_of, maps, offset, road_class, width_m, corridor_m) -> None:
    x = 1500 + offset
    line = road(maps, (x, -100), (x, 3100), road_class=road_class, width_m=width_m)
    land = land_of(roads=maps.layer("roads", [line]))
    edge = x - width_m / 2 - corridor_m
    site = maps.at(edge - 90, 1400, edge, 1490)
    west = shapely.buffer(site, 90, quad_segs=4).difference(site).intersection(maps.at(0, 0, edge, 3000))
    assert adjoining_land(np.array([site]), land, NEED) == pytest.approx([west.area], rel=0.001)


def test_a_plot_that_fills_its_block_has_no_land_to_extend_onto(with_extension, maps) -> None:
    block = facility(maps, "f1", 1500 + EDGE, 1500 + EDGE, 1560 - EDGE, 1560 - EDGE)
    ways = [((0, y), (3000, y)) for y in (1500, 1560)] + [((x, 0), (x, 3000)) for x in (1500, 1560)]
    sites = with_extension(
        5700.0,
        facilities=maps.layer("facilities", [block]),
        roads=maps.layer("roads", [road(maps, *points) for points in ways]),
    )
    assert "M" not in set(sites["letter"])
    row = sites.set_index("letter").loc["T"]
    assert row["adjoining_m2"] == pytest.approx(0.0, abs=1.0)
    assert not bool(row["can_extend"])
    assert "sites.reason.cannot_extend" in {key for key, _ in decode(row["reasons"])}


@pytest.mark.parametrize(("gap_m", "joins"), [(2.5, False), (3.5, True)])
def test_land_behind_a_narrow_gap_is_none(gap_m, joins) -> None:
    site, room, gap = shapely.box(0, 0, 50, 40), shapely.box(60, 0, 100, 40), shapely.box(50, 10, 60, 10 + gap_m)
    owner, pieces = joining(np.array([site]), np.array([shapely.union(room, gap)]))
    assert set(owner.tolist()) <= {0}
    assert shapely.area(pieces).sum() == pytest.approx(1600 + 10 * gap_m if joins else 0.0, abs=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_adjoining_land_is_what_shapely_leaves_of_the_ring(land_of, maps, seed) -> None:
    """Brute force: the ring without the buffered lines, piece by piece; pieces that touch the plot."""
    draw = np.random.default_rng(seed)
    lines = [maps.line(*draw.uniform(1000, 2000, (2, 2))) for _ in range(4)]
    rows = [{"waterway_class": "stream", "geometry": line} for line in lines]
    barred = shapely.union_all([line.buffer(5 + 1e-9, quad_segs=64) for line in lines])
    sites = [rotate(maps.at(x, y, x + 80, y + 60), turn) for x, y, turn in draw.uniform(1000, 1900, (12, 3))]
    sites = [site for site in sites if site.distance(barred) > 1]
    found = adjoining_land(np.array(sites), land_of(waterways=maps.layer("waterways", rows)), NEED)
    assert len(sites) > 2
    for site, area in zip(sites, found, strict=True):
        left = shapely.buffer(site, 90, quad_segs=4).difference(site).difference(barred)
        near = [piece for piece in shapely.get_parts(left) if piece.distance(site) < 1e-6]
        # what hangs on by less than 3 m is cut off besides
        opened = shapely.union_all([*near, site]).buffer(-1.5).buffer(1.5).difference(site)
        assert sum(piece.area for piece in near) + 1 >= area >= opened.area * 0.97 - 1


def test_land_beyond_steep_cells_does_not_join(land_of, maps) -> None:
    slope = np.zeros((100, 100), dtype=np.float32)
    slope[:, 50] = 90.0  # a column of cells right at the eastern side
    site = maps.at(1410, 1410, 1500, 1500)
    west = shapely.buffer(site, 90, quad_segs=4).difference(site).intersection(maps.at(0, 0, 1500, 3000))
    assert adjoining_land(np.array([site]), land_of(slope), NEED) == pytest.approx([west.area], rel=0.001)


def test_the_plot_of_another_facility_is_no_land_to_extend_onto(with_extension, land_of, maps) -> None:
    own, other = facility(maps, "f1", 1400, 1400, 1440, 1440), facility(maps, "f2", 1440, 1300, 1600, 1540)
    both = maps.layer("facilities", [own, other])
    sites = with_extension(6500.0, facilities=both)
    wider = sites.set_index("letter").loc["M"]
    assert wider["area_m2"] == pytest.approx(1600 + 6500, rel=0.01)
    assert wider.geometry.intersection(other["geometry"]).area < 0.1
    ring = shapely.buffer(own["geometry"], 90, quad_segs=4).difference(own["geometry"])
    left = ring.difference(other["geometry"]).area
    found = adjoining_land(np.array([own["geometry"]]), land_of(facilities=both), NEED)
    assert found == pytest.approx([left], rel=0.001)


def test_a_facility_known_by_a_point_or_in_the_same_compound_takes_nothing(with_extension, maps) -> None:
    own, same = facility(maps, "f1", 1400, 1400, 1440, 1440), facility(maps, "f2", 1400, 1400, 1440, 1440)
    point = {**same, "facility_id": "f3", "geometry": maps.point(1450, 1420)}
    alone, shared = (
        with_extension(6500.0, facilities=maps.layer("facilities", rows)).set_index("letter").loc["M"]
        for rows in ([own], [own, same, point])
    )
    assert shared.geometry.equals(alone.geometry)


def test_adjoining_land_tells_of_restricted_objects_only_what_cells_tell(land_of, maps) -> None:
    """Moved within the same cells, a restricted object changes nothing."""
    site = np.array([maps.at(1410, 1410, 1500, 1500)])
    plan = {"plan_id": "Q1", "title": "x", "plan_kind": "land_use", "status": "approved", "decision_date": "2024-01-01"}

    def told(west: float) -> float:
        zone = {"zone_id": "Z", "plan_id": "Q1", "function": "CQP", "geometry": maps.at(west, 1300, 1700, 1600)}
        zones = maps.layer("plan_zones", [zone | {"restricted": True}])
        return float(adjoining_land(site, land_of(plans=maps.layer("plans", [plan]), plan_zones=zones), NEED)[0])

    assert told(1531.0) == told(1541.0) != told(1551.0)


def test_free_land_is_a_raster_of_eligible_cells(land_of, maps) -> None:
    land = land_of()
    assert isinstance(land, Raster)
    assert (land.values == 1).all()
    assert land.cell_m == 30.0
    assert land.bounds == pytest.approx(maps.commune().bounds)
