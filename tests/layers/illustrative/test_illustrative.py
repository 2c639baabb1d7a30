"""The embedded data: what was promised of each layer holds of the files that are generated."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from siteplan.crs import WGS84, Province, transformer
from siteplan.layers.catalog import load_catalog
from siteplan.layers.embedded import embedded_folder
from siteplan.layers.illustrative import build as illustrative

LAYERS = Path(__file__).resolve().parents[3] / "layers"
FACTS = LAYERS / "default"
PROVINCE = Province.load(LAYERS / "province.toml")
NO_LAND = "06220"


@cache
def folder() -> Path:
    return embedded_folder(LAYERS, PROVINCE)


@cache
def layer(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(folder() / f"{name}.gpkg")


@cache
def facts() -> pd.DataFrame:
    frame = pd.read_csv(FACTS / "communes.csv", dtype={"code": str, "seat_unit_code": str}).set_index("code")
    units = former_units().drop_duplicates("code").set_index("code")
    frame["seat_x"] = units["x"].reindex(frame["seat_unit_code"]).to_numpy()
    frame["seat_y"] = units["y"].reindex(frame["seat_unit_code"]).to_numpy()
    return frame


@cache
def former_units() -> pd.DataFrame:
    frame = pd.read_csv(FACTS / "former_units.csv", dtype={"code": str, "commune_code": str})
    frame["x"], frame["y"] = transformer(WGS84, PROVINCE.epsg).transform(frame["lon"], frame["lat"])
    return frame


def polygons() -> pd.Series:
    return layer("communes").set_index("code").geometry


def outline() -> shapely.Polygon:
    return shapely.coverage_union_all(layer("communes").geometry.to_numpy())


# --- the whole --------------------------------------------------------------------------------------------------------


def test_second_generation_has_the_same_bytes_within_a_gigabyte(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom siteplan.crs import Province\n"
        "from siteplan.layers.illustrative.build import generate\n"
        f"generate(Path({str(FACTS)!r}), Path(sys.argv[1]), Province.load(Path({str(LAYERS / 'province.toml')!r})))\n"
        "print(next(row.split()[1] for row in open('/proc/self/status') if row.startswith('VmHWM')))\n"
    )
    # getrusage would tell the peak of the process that starts this one, where that is more
    if not Path("/proc/self/status").is_file():
        pytest.skip("peak memory is asked of /proc, which only Linux has")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 1e9
    for name in illustrative.FILES:
        first = hashlib.sha256((folder() / name).read_bytes()).hexdigest()
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == first, name
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(illustrative.FILES)


def test_manifest_names_the_facts():
    manifest = json.loads((folder() / "manifest.json").read_text("utf-8"))
    assert manifest["fingerprint"] == illustrative.fingerprint(FACTS)
    assert manifest["facts"]["communes.csv"] == hashlib.sha256((FACTS / "communes.csv").read_bytes()).hexdigest()


def test_catalog_names_every_generated_file_and_no_other():
    catalog = load_catalog(LAYERS / "catalog.toml")
    assert catalog.problems == ()
    named = {e.path.removeprefix("illustrative:") for e in catalog.layers if e.path.startswith("illustrative:")}
    assert named == set(illustrative.FILES) - {"manifest.json"}
    assert all(e.illustrative == e.path.startswith("illustrative:") for e in catalog.layers)


@pytest.mark.parametrize("name", [f.removesuffix(".gpkg") for f in illustrative.FILES if f.endswith(".gpkg")])
def test_geometry_is_valid_and_in_the_province_crs(name):
    frame = layer(name)
    assert len(frame) > 0
    assert frame.crs.to_epsg() == PROVINCE.epsg
    assert bool(frame.geometry.is_valid.all())
    assert not bool(frame.geometry.is_empty.any())


# --- communes and border ----------------------------------------------------------------------------------------------


def test_communes_cover_without_gap_or_overlap_each_in_one_piece():
    communes = layer("communes")
    assert len(communes) == 65
    assert set(communes.geom_type) == {"Polygon"}
    assert not communes.geometry.interiors.map(len).any()
    assert bool(shapely.coverage_is_valid(communes.geometry.to_numpy()))
    assert outline().geom_type == "Polygon"
    assert not outline().interiors
    assert outline().area / 1e6 == pytest.approx(8310, rel=0.01)


def test_commune_areas_are_within_ten_percent():
    off = polygons().area / 1e6 / facts()["stated_area_km2"] - 1
    assert off.abs().max() < 0.10


def test_communes_contain_their_seat_and_their_checked_points():
    seats = shapely.points(facts()["seat_x"], facts()["seat_y"])
    assert bool(shapely.contains(polygons().reindex(facts().index).to_numpy(), seats).all())
    units = former_units()[former_units()["point_checked"] == 1]
    points = shapely.points(units["x"], units["y"])
    assert bool(shapely.contains(polygons().reindex(units["commune_code"]).to_numpy(), points).all())


def test_the_seats_of_the_catalog_are_those_that_the_layers_are_made_around():
    entry = load_catalog(LAYERS / "catalog.toml").entry("seats")
    told = pd.read_csv(LAYERS / entry.path, dtype={"commune_code": str}).set_index("commune_code")
    assert tuple(entry.xy) == ("lon", "lat")
    x, y = transformer(WGS84, PROVINCE.epsg).transform(told["lon"].to_numpy(), told["lat"].to_numpy())
    seats = gpd.GeoSeries(shapely.points(x, y), index=told.index).reindex(facts().index)
    own = shapely.points(facts()["seat_x"], facts()["seat_y"])
    assert shapely.distance(seats.to_numpy(), own).max() < 0.001
    assert bool(shapely.contains(polygons().reindex(facts().index).to_numpy(), seats.to_numpy()).all())
    # the office of the former unit where the seat is stands there
    offices = layer("facilities").query("former_level == 'commune'").drop_duplicates("former_unit_code")
    office = offices.set_index("former_unit_code").geometry.reindex(facts()["seat_unit_code"])
    assert shapely.distance(office.to_numpy(), seats.to_numpy()).max() < 500


def test_exactly_the_border_communes_touch_the_border():
    border = layer("border").geometry.iloc[0]
    touching = set(polygons().index[polygons().intersects(border)])
    assert touching == set(facts().index[facts()["is_border"] == 1])
    shared = polygons()[sorted(touching)].intersection(border).length
    assert shared.min() > 1000
    assert shapely.covers(outline().exterior, border)


def test_no_boundary_leaves_the_box():
    west, south, east, north = outline().bounds
    assert west >= PROVINCE.bounds[0]
    assert south >= PROVINCE.bounds[1]
    assert east <= PROVINCE.bounds[2]
    assert north <= PROVINCE.bounds[3]


# --- terrain ----------------------------------------------------------------------------------------------------------


@cache
def terrain() -> tuple[np.ndarray, rasterio.Affine]:
    with rasterio.open(folder() / "dem.tif") as source:
        assert source.crs.to_epsg() == PROVINCE.epsg
        return source.read(1), source.transform


def bilinear(values, transform, x, y):
    column = (np.asarray(x) - transform.c) / transform.a - 0.5
    row = (np.asarray(y) - transform.f) / transform.e - 0.5
    c, r = np.floor(column).astype(int), np.floor(row).astype(int)
    u, v = column - c, row - r
    top = values[r, c] * (1 - u) + values[r, c + 1] * u
    return top * (1 - v) + (values[r + 1, c] * (1 - u) + values[r + 1, c + 1] * u) * v


def test_terrain_honours_the_spot_heights():
    values, transform = terrain()
    units = former_units()
    assert np.abs(bilinear(values, transform, units["x"], units["y"]) - units["elevation_m"]).max() < 1.0


def test_highest_point_is_the_known_one_and_the_lowest_is_low():
    values, transform = terrain()
    x, y = transformer(WGS84, PROVINCE.epsg).transform(106.96, 21.86)
    row, column = np.unravel_index(values.argmax(), values.shape)
    top_x, top_y = transform.c + (column + 0.5) * 30, transform.f - (row + 0.5) * 30
    assert values.max() == pytest.approx(1541, abs=8)
    assert np.hypot(top_x - x, top_y - y) < 300
    assert 18 <= values.min() <= 32


def test_seats_stand_on_gentle_ground_in_a_hilly_province():
    values, transform = terrain()
    dy, dx = np.gradient(values, 30.0)
    slope = np.hypot(dx, dy) * 100
    assert bilinear(slope, transform, facts()["seat_x"], facts()["seat_y"]).max() < 8
    assert 8 < np.median(slope[::7, ::7]) < 40


# --- land use, hazards ------------------------------------------------------------------------------------------------


def test_land_use_covers_the_province_once():
    land, defence = layer("land_use"), layer("defence")
    assert len(land) < 40_000
    assert (folder() / "land_use.gpkg").stat().st_size < 25e6
    shapes = np.concatenate([land.geometry.to_numpy(), defence.geometry.to_numpy()])
    assert shapely.area(shapes).sum() == pytest.approx(outline().area, abs=20)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    pairs = first < second
    assert shapely.area(shapely.intersection(shapes[first[pairs]], shapes[second[pairs]])).sum() < 5


def test_land_use_codes_are_known_and_agree_with_the_ground():
    known = set(pd.read_csv(LAYERS / "rules" / "land_use.csv", dtype=str).iloc[:, 0])
    land = layer("land_use")
    assert set(land["land_use"]) <= known
    values, transform = terrain()
    dy, dx = np.gradient(values, 30.0)
    inner = shapely.point_on_surface(land.geometry.to_numpy())
    at = bilinear(np.hypot(dx, dy) * 100, transform, shapely.get_x(inner), shapely.get_y(inner))
    slope = pd.Series(at).groupby(land["land_use"].to_numpy()).median()
    assert slope["LUC"] < 8 < slope["RPH"]


def test_one_commune_has_no_land_to_build_on():
    home = polygons()[NO_LAND]
    land = layer("land_use")
    parts = land[land.intersects(home)].clip(home)
    left = parts[~parts["land_use"].isin(["RPH", "RDD", "SON", "MNC"]) & (parts.area > 1)]
    assert set(left["land_use"]) <= {"TSC"}
    slides = layer("hazards").query("hazard_kind == 'landslide' and level == 'very_high'")
    own = layer("facilities").query("commune_code == @NO_LAND")
    assert len(own) >= 3
    danger = shapely.union_all(slides.geometry.to_numpy())
    assert bool(shapely.covers(danger, own.geometry.to_numpy()).all())


# --- facilities, plans, people ----------------------------------------------------------------------------------------


def test_every_former_commune_left_a_plot_in_the_right_commune():
    frame = layer("facilities")
    assert frame["facility_id"].is_unique
    assert set(frame.loc[frame["former_level"] == "commune", "former_unit_code"]) == set(former_units()["code"])
    districts = frame[frame["former_level"] == "district"]
    assert districts["commune_code"].nunique() == 10
    assert districts.groupby("commune_code").size().min() >= 4
    assert bool(shapely.covers(polygons().reindex(frame["commune_code"]).to_numpy(), frame.geometry.to_numpy()).all())
    first, second = shapely.STRtree(frame.geometry.to_numpy()).query(frame.geometry.to_numpy(), predicate="intersects")
    assert not (first < second).any()


def test_facilities_are_as_in_life():
    frame = layer("facilities")
    assert set(frame["status"]) == {"in_use", "surplus", "decided"}
    assert {"poor", "unsafe"} <= set(frame["condition"].dropna())
    for column in ("floor_area_m2", "year_built", "condition"):
        assert 0 < frame[column].isna().sum() < len(frame) / 4
    commune = frame[frame["former_level"] == "commune"].area
    assert commune.between(390, 4010).all()
    decided = frame[frame["status"] == "decided"]
    assert decided["decision_no"].str.fullmatch(r"MH-\d+/QĐ-MINH HỌA").all()
    assert decided["decided_treatment"].notna().all()
    assert frame.loc[frame["status"] != "decided", "decision_no"].isna().all()


def test_real_decision_numbers_only_where_a_source_states_them():
    plans = pd.read_csv(folder() / "plans.csv", dtype=str)
    invented = plans["decision_no"].str.fullmatch(r"MH-\d+/QĐ-MINH HỌA")
    assert set(plans.loc[~invented, "decision_no"]) == {"236/QĐ-TTg", "2276/QĐ-UBND"}
    assert len(plans) >= 30
    assert {"approved", "draft", "submitted", "adjusted", "expired", "cancelled"} == set(plans["status"])
    assert (plans["paper_only"] == "True").any()


def test_plans_leave_communes_uncovered_and_hold_land_for_offices():
    plans = pd.read_csv(folder() / "plans.csv", dtype=str)
    local = plans[plans["covers"] != "*"]
    covered = {token for covers in local["covers"] for token in covers.split(";") if not token.startswith("former:")}
    assert len(set(facts().index) - covered) >= 5
    zones = layer("plan_zones")
    assert zones["zone_id"].is_unique
    assert set(zones["plan_id"]) <= set(plans["plan_id"])
    assert zones["function"].str.contains("COQUAN|TSC").sum() >= 20
    approved = set(plans.loc[plans["status"] == "approved", "plan_id"])
    offices = zones[zones["function"].str.contains("COQUAN|TSC") & zones["plan_id"].isin(approved)]
    assert len(offices) >= 15


def test_zones_exercise_overlap_touch_sliver_and_within():
    plots = layer("facilities").geometry.to_numpy()
    plans = pd.read_csv(folder() / "plans.csv", dtype=str)
    detailed = plans.loc[plans["plan_kind"] == "detailed", "plan_id"]
    zones = layer("plan_zones")
    zones = zones[zones["plan_id"].isin(detailed)].geometry.to_numpy()
    plot, zone = shapely.STRtree(zones).query(plots, predicate="intersects")
    area = shapely.area(shapely.intersection(plots[plot], zones[zone]))
    share = area / shapely.area(plots[plot])
    assert (share > 0.999).any()
    assert (area < 0.5).any()
    assert ((area > 0.5) & (share < 0.01)).any()
    assert ((share > 0.3) & (share < 0.7)).any()


def test_villages_hold_the_people_of_their_commune():
    people = layer("settlements").groupby("commune_code")["population"].sum()
    assert people.equals(facts()["population"].rename_axis("commune_code").astype(people.dtype))
    assert people.sum() == 881_384
    frame = layer("settlements")
    homes = polygons().reindex(frame["commune_code"]).to_numpy()
    assert bool(shapely.contains(homes, frame.geometry.to_numpy()).all())


def test_filing_and_staff():
    filing = pd.read_csv(folder() / "filing.csv", dtype=str)
    assert len(filing) == 65
    filed = filing[filing["filed"] == "True"]
    assert len(filed) == 24
    assert filed["filed_date"].max() <= "2026-03-18"
    staff = pd.read_csv(folder() / "commune_staff.csv", dtype=str)
    assert 15 <= len(staff) <= 25


def test_proposals_come_as_plots_and_as_points():
    frame = layer("proposals")
    assert 15 <= frame["commune_code"].nunique() <= 25
    assert set(frame.geom_type) >= {"Polygon", "Point"}
    assert frame["area_m2"].gt(0).all()


def test_named_projects_and_towns_are_there():
    named = " ".join(layer("sector_projects")["name"])
    for word in ("Mai Pha", "Bến Bắc", "Nam Nguyễn Đình Chiểu", "Hoàng Đồng", "Hợp Thành 1", "5.332,1", "QL4B"):
        assert word in named
    towns = layer("urban_areas")
    assert (towns["class_2030"] == "IV").sum() >= 4
    assert towns["class_now"].isna().sum() == 5


def test_roads_have_all_classes_and_bridges():
    roads = layer("roads")
    assert {"expressway", "national", "provincial", "commune", "local"} == set(roads["road_class"])
    assert roads["is_bridge"].any()
    near = shapely.STRtree(roads.geometry.to_numpy())
    seats = shapely.points(facts()["seat_x"], facts()["seat_y"])
    assert near.query_nearest(seats, return_distance=True, all_matches=False)[1].max() < 400
