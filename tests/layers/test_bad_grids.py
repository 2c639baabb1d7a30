"""Terrain and people as they come: holes, undeclared voids, another CRS, another unit. Each is told with its remedy."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from siteplan import crs, locale
from siteplan.layers.check_grids import _below_100, _unit

WEST, SOUTH = 440_000.0, 2_410_000.0
PLACE = Affine(50, 0, WEST - 4000, 0, -50, SOUTH + 24_000)


@pytest.fixture
def terrain(ground, write_grid):
    """Write the terrain of the small province anew, 300 m high; return what is told of it."""

    def make(change, *, dtype=np.float32, nodata=None, transform=PLACE, epsg=9215, values=None):
        heights = np.full((560, 560), 300, dtype) if values is None else values
        change(heights)
        write_grid(ground.folder / "dem.tif", heights, transform, epsg, nodata)
        return {p.key: p for p in ground.check()}

    return make


def told(problem) -> None:
    """Each problem says what, why and what to do, in both languages."""
    for lang in locale.LANGUAGES:
        row = locale.problem_row(problem, lang)
        for part in ("what", "cause", "remedy"):
            assert row[part]
            assert not row[part].startswith("problem.")
            assert "{" not in row[part]


def test_holes_are_told_by_commune_with_their_size(terrain) -> None:
    def holed(z) -> None:
        z[300:304, 120:130] = -9999  # in 06001: 40 cells of 0.25 ha
        z[300, 300] = -9999  # in 06004

    found = terrain(holed, nodata=-9999)
    assert set(found) == {"terrain_holes"}
    problem = found["terrain_holes"]
    assert problem.params["count"] == 2
    assert "06001 Hữu Lũng (10.0 ha)" in problem.feature
    assert "06004 Đồng Đăng (0.2 ha)" in problem.feature
    assert problem.severity == "warning"
    told(problem)


@pytest.mark.parametrize(("cell", "keys"), [(50, set()), (60, {"terrain_coarse"})])
def test_terrain_too_coarse_for_a_claim_about_one_site_is_told(terrain, cell, keys) -> None:
    """The same limit that makes every site of the run rest on coarse terrain."""
    place = Affine(cell, 0, WEST - 4000, 0, -cell, SOUTH + 24_000)
    found = terrain(lambda _heights: None, transform=place)
    assert set(found) == keys
    for problem in found.values():
        assert problem.params == {"resolution_m": cell, "limit_m": 50.0}
        told(problem)


@pytest.mark.parametrize(("void", "dtype"), [(-32768, np.int16), (-9999, np.float32), (65535, np.uint16)])
def test_voids_that_the_file_does_not_declare(terrain, ground, void, dtype) -> None:
    def voids(z) -> None:
        z[200:210, 200:220] = void

    found = terrain(voids, dtype=dtype)
    assert set(found) == {"terrain_impossible", "terrain_holes", "terrain_incomplete"}
    assert found["terrain_impossible"].params["count"] == 200
    assert f"{void}" in found["terrain_impossible"].value
    told(found["terrain_impossible"])
    # and no cliff of 33 km is left in the terrain
    dem = ground.read().raster("dem")
    assert np.nanmin(dem.values) == np.nanmax(dem.values) == 300
    assert np.isnan(dem.values).sum() == 200


def test_zero_amid_mountains_is_no_sea(terrain, ground) -> None:
    def zeros(z) -> None:
        z[200:210, 200:220] = 0

    found = terrain(zeros)
    assert set(found) == {"terrain_zero", "terrain_holes", "terrain_incomplete"}
    assert found["terrain_zero"].params["count"] == 200
    told(found["terrain_zero"])
    assert np.isnan(ground.read().raster("dem").values).sum() == 200


def test_zero_beside_low_land_is_the_sea(terrain, ground) -> None:
    # rises from 0 m at the shore by 1 m a cell
    heights = np.broadcast_to(np.maximum(np.arange(560) - 60, 0), (560, 560)).astype(np.float32).copy()
    assert terrain(lambda z: None, values=heights) == {}
    assert np.isfinite(ground.read().raster("dem").values).all()


def test_terrain_of_another_crs_is_brought_here(terrain, ground) -> None:
    # the same ground in UTM 48N (EPSG:32648), 300 m high
    x, y = crs.transformer(9215, 32648).transform([WEST - 4000, WEST + 24_000], [SOUTH + 24_000, SOUTH - 4000])
    place = Affine(50, 0, np.floor(x[0]) - 3000, 0, -50, np.ceil(y[0]) + 3000)
    found = terrain(lambda z: None, values=np.full((700, 700), 300, np.float32), transform=place, epsg=32648)
    assert found == {}
    layers = ground.read()
    decided = {row["layer"]: row for row in layers.crs_decisions}["dem"]
    assert decided["crs"] == "EPSG:32648"
    inside = layers.raster("dem").window((WEST, SOUTH, WEST + 20_000, SOUTH + 20_000)).values
    assert inside == pytest.approx(300)


@pytest.mark.parametrize("stated", [None, 9215])
def test_terrain_whose_crs_is_missing_or_wrong_says_which_fits(terrain, stated) -> None:
    # coordinates of the 6-degree zone, without a CRS or under the province's own
    x, y = crs.transformer(9215, 32648).transform([WEST - 4000], [SOUTH + 24_000])
    found = terrain(lambda z: None, transform=Affine(50, 0, x[0], 0, -50, y[0]), epsg=stated)
    problem = found["raster_crs_missing_guess" if stated is None else "raster_outside_guess"]
    assert problem.severity == "error"
    # 3405 is VN-2000 / UTM 48N, 200 m from the same numbers of WGS 84: which it is, no number tells
    assert {"EPSG:3405", "EPSG:32648"} & {problem.params["guess"], *problem.params["others"].split(", ")}
    told(problem)


def test_terrain_that_does_not_cover_a_commune(terrain) -> None:
    # columns from x = 446,000 on: 06001 and 06019 reach 6 km further west
    found = terrain(lambda z: None, transform=Affine(50, 0, WEST + 6000, 0, -50, SOUTH + 24_000))
    problem = found["terrain_incomplete"]
    assert problem.params["count"] == 2
    assert "06001 Hữu Lũng (40 %)" in problem.feature
    assert "06019 Lộc Bình (40 %)" in problem.feature
    told(problem)


def test_terrain_without_any_height_stops_the_run(terrain) -> None:
    def empty(z) -> None:
        z[:] = -9999

    found = terrain(empty, nodata=-9999)
    assert set(found) == {"terrain_empty"}
    assert found["terrain_empty"].severity == "error"
    told(found["terrain_empty"])


def test_terrain_with_heights_beyond_the_communes_only_stops_the_run(terrain) -> None:
    def rim(z) -> None:
        z[60:] = -9999

    assert terrain(rim, nodata=-9999)["terrain_empty"].severity == "error"


def test_roads_that_are_polygons_stop_the_run(ground) -> None:
    strip = shapely.box(WEST, SOUTH + 4990, WEST + 20_000, SOUTH + 5010)
    frame = gpd.GeoDataFrame({"road_class": ["national"], "name": ["QL.1"]}, geometry=[strip], crs=9215)
    ground.frame("roads", "roads", frame, "mat_duong.gpkg")
    found = {p.key: p for p in ground.check()}
    wrong = found["geometry_wrong_kind"]
    assert wrong.layer == "roads"
    assert wrong.severity == "excluded"
    told(wrong)
    empty = found["layer_required_empty"]
    assert empty.severity == "error"
    told(empty)


@pytest.fixture
def people(ground, write_grid):
    """40,000 people on cells of 100 m, as their unit writes them; 10,000 are published in each commune."""

    def make(factor: float):
        ground.text(
            "so_lieu", "commune_facts", "so_lieu.csv",
            "code,name,population,stated_area_km2\n"
            "06001,Hữu Lũng,10000,100\n06004,Đồng Đăng,10000,100\n06019,Lộc Bình,10000,100\n06037,Văn Lãng,10000,100\n",
        )  # fmt: skip
        cells = np.full((200, 200), factor, np.float32)
        write_grid(ground.folder / "dan_so.tif", cells, Affine(100, 0, WEST, 0, -100, SOUTH + 20_000))
        ground.put("dan_so", "population", "dan_so.tif")
        return {p.key: p for p in ground.check() if p.key.startswith("population")}

    return make


def test_people_a_cell_are_right(people) -> None:
    assert people(1.0) == {}
    assert people(1.4) == {}  # another year


@pytest.mark.parametrize(
    ("factor", "key"),
    [
        (100.0, "population_unit_km2"),  # a cell is 0.01 km²: 1 person in it are 100 per km²
        (0.001, "population_unit_thousands"),
        (7.0, "population_unit"),
    ],
)
def test_people_in_another_unit(people, factor, key) -> None:
    found = people(factor)
    assert set(found) == {key}
    assert found[key].params["stated"] == 40_000
    assert found[key].params["counted"] == pytest.approx(40_000 * factor)
    told(found[key])


@pytest.mark.parametrize("factor", [0.0, np.nan])
def test_a_grid_without_people_is_told(people, ground, factor) -> None:
    found = people(factor)
    assert set(found) == {"population_zero"}
    assert found["population_zero"].severity == "warning"
    told(found["population_zero"])
    del ground.entries["so_lieu"]  # published figures are not needed to see it
    assert "population_zero" in {p.key for p in ground.check()}


def test_units_by_their_sums() -> None:
    # cells of 30 arc seconds, 0.8 km²: people per hectare are 80 times too few
    assert _unit(788_000 / 80, 788_000, 800_000) == "ha"
    assert _unit(788_000 * 5, 788_000, 800_000) is None


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("luoi", "raster_is_folder"),
        ("luoi.vrt", "raster_is_list"),
        ("luoi.asc", "raster_is_other"),
        ("luoi.gpkg", "raster_is_vector"),
        ("luoi.csv", "raster_is_vector"),
        ("luoi.tif", "raster_unreadable"),
        ("luoi_*.tif", "layer_path_pattern"),
    ],
)
def test_what_is_no_geotiff_is_told_in_plain_words(ground, path, key):
    if path == "luoi":
        (ground.folder / path).mkdir()
    elif "*" not in path:
        (ground.folder / path).write_text("<VRTDataset/>", "utf-8")
    ground.put("nguoi", "population", path)
    (problem,) = [p for p in ground.read().problems if p.layer == "nguoi"]
    assert (problem.key, problem.severity) == (key, "error")
    for lang in locale.LANGUAGES:
        words = "".join(locale.problem_row(problem, lang).values())
        assert "{" not in words
        assert key == "raster_unreadable" or "supported" not in words


def test_a_geotiff_of_another_suffix_is_read(ground):
    (ground.folder / "dem.tif").rename(ground.folder / "dem.img")
    ground.put("dem", "dem", "dem.img", required=True)
    assert ground.read().raster("dem") is not None


def test_terrain_that_lacks_a_little_is_not_said_to_be_whole():
    assert [_below_100(v) for v in (40.0, 99.4, 99.5, 99.89)] == ["40", "99", "99.5", "99.9"]
