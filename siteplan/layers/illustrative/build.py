"""Generation of the whole data set, in the order in which one thing rests on another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import shapely

from siteplan.layers.illustrative import write
from siteplan.layers.illustrative.boundaries import make_boundaries
from siteplan.layers.illustrative.facilities import make_facilities
from siteplan.layers.illustrative.facts import read_facts
from siteplan.layers.illustrative.grid import working_grid
from siteplan.layers.illustrative.hazards import make_flood_marks, make_hazards
from siteplan.layers.illustrative.land import classify, make_land
from siteplan.layers.illustrative.network import make_networks
from siteplan.layers.illustrative.places import make_buildings, make_services
from siteplan.layers.illustrative.plans import make_plan_zones, make_plans
from siteplan.layers.illustrative.projects import make_sector_projects, make_urban_areas
from siteplan.layers.illustrative.settlements import make_settlements
from siteplan.layers.illustrative.surveys import make_filing, make_office_land, make_proposals, make_staff
from siteplan.layers.illustrative.terrain import make_terrain
from siteplan.layers.illustrative.water import make_lakes, make_water
from siteplan.layers.illustrative.zones import Ground
from siteplan.report import SILENT

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from siteplan.crs import Province
    from siteplan.report import Reporter

GENERATOR_VERSION = "1"

# file, geometry type; the stem is the name of the layer inside
_VECTORS = {
    "communes": "Polygon",
    "border": "LineString",
    "waterways": "LineString",
    "water_areas": "Polygon",
    "roads": "LineString",
    "railways": "LineString",
    "power_lines": "LineString",
    "settlements": "Point",
    "services": "Point",
    "buildings": "Polygon",
    "land_use": "Polygon",
    "defence": "Polygon",
    "facilities": "Polygon",
    "proposals": "Unknown",
    "hazards": "Polygon",
    "flood_marks": "Point",
    "urban_areas": "Polygon",
    "sector_projects": "MultiPolygon",
    "plan_zones": "MultiPolygon",
}
_TABLES = ("plans", "commune_staff", "filing")
FILES = (*(f"{name}.gpkg" for name in _VECTORS), "dem.tif", *(f"{name}.csv" for name in _TABLES), "manifest.json")
_STEPS = 9


def fingerprint(facts: Path) -> str:
    """SHA-256 over the generator's version and the fact files (CSV, TOML) of a folder, by name and content."""
    digest = hashlib.sha256(f"generator {GENERATOR_VERSION}\n".encode())
    for name, content_hash in _hashes(facts).items():
        digest.update(f"{name} {content_hash}\n".encode())
    return digest.hexdigest()


def _hashes(facts: Path) -> dict[str, str]:
    files = sorted(path for path in facts.iterdir() if path.suffix in (".csv", ".toml"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def generate(facts: Path, out: Path, province: Province, reporter: Reporter = SILENT) -> list[Path]:
    """Make the embedded data set.

    Parameters
    ----------
    facts
        Folder of the fact files (``layers/default``).
    out
        Folder to write into; made where it is missing. Each file appears under its name when it is complete,
        ``manifest.json`` last.
    province
        CRS and box.
    reporter
        Told of progress.

    Returns
    -------
    list of Path
        The files written, in the order of :data:`FILES`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with reporter.stage("illustrative", total=_STEPS):
        frames, height = _make(facts, province, reporter)
        written = {}
        seeds = read_facts(facts, province)
        with write.fixed_date():
            for name, kind in _VECTORS.items():
                written[f"{name}.gpkg"] = write.write_vector(out / f"{name}.gpkg", frames[name], name, kind)
        reporter.advance()
        for name in _TABLES:
            written[f"{name}.csv"] = write.write_table(out / f"{name}.csv", frames[name])
        grid = working_grid(province)
        written["dem.tif"] = write.write_raster(out / "dem.tif", height, grid, province.epsg)
        manifest = {
            "generator_version": GENERATOR_VERSION,
            "fingerprint": fingerprint(facts),
            "seed": seeds.seed,
            "epsg": province.epsg,
            "facts": _hashes(facts),
            "rows": {name: len(frame) for name, frame in sorted(frames.items())},
        }
        written["manifest.json"] = write.write_json(out / "manifest.json", manifest)
        reporter.advance()
    return [written[name] for name in FILES]


def _make(folder: Path, province: Province, reporter: Reporter) -> tuple[dict[str, Any], Any]:
    facts = read_facts(folder, province)
    grid = working_grid(province)
    epsg = province.epsg
    boundaries = make_boundaries(facts, grid, province)
    communes, outline = boundaries.communes, boundaries.outline
    reporter.advance()
    terrain = make_terrain(facts, grid)
    lakes, _ = make_lakes(facts, terrain.height_m, grid, terrain.floor_m, terrain.rough_grid)
    reporter.advance()
    water = make_water(facts, terrain, lakes, outline, epsg)
    settlements = make_settlements(facts, boundaries, terrain, water, epsg)
    networks = make_networks(facts, terrain, water, settlements, outline, epsg)
    reporter.advance()
    facilities = make_facilities(facts, communes, settlements, networks.roads, water)
    towns = make_urban_areas(facts, outline, epsg)
    projects = make_sector_projects(facts, networks.roads, outline, epsg)
    hazards = make_hazards(facts, terrain, water, settlements, communes, outline)
    reporter.advance()
    codes, land_grid = classify(
        facts, terrain, water, settlements, networks.roads, towns.geometry.to_numpy(), communes
    )
    land = make_land(facts, codes, land_grid, outline, water, facilities, projects)
    reporter.advance()
    offices = make_office_land(facts, terrain, communes, facilities, water)
    ground = Ground(
        communes, outline, codes, land_grid, facilities, projects, towns, networks.roads, hazards, offices
    )
    zones = make_plan_zones(facts, ground)
    reporter.advance()
    frames: dict[str, Any] = {
        "communes": communes,
        "border": _border(boundaries.border, communes),
        "waterways": water.waterways,
        "water_areas": water.areas,
        "roads": networks.roads,
        "railways": networks.railways,
        "power_lines": networks.power_lines,
        "settlements": settlements[["name", "population", "commune_code", "geometry"]],
        "services": make_services(facts, communes),
        "buildings": make_buildings(facts, settlements, facilities, networks.roads, water),
        "land_use": land.land_use,
        "defence": land.defence.set_crs(communes.crs),
        "facilities": facilities,
        "proposals": make_proposals(facts, terrain, communes, offices, hazards, zones),
        "hazards": hazards,
        "flood_marks": make_flood_marks(facts, hazards, terrain),
        "urban_areas": towns,
        "sector_projects": projects.drop(columns=["land_use", "commune_code"]),
        "plans": make_plans(facts),
        "plan_zones": zones,
        "commune_staff": make_staff(facts),
        "filing": make_filing(facts),
    }
    reporter.advance()
    return frames, terrain.height_m


def _border(line: shapely.LineString, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame({"name": ["Biên giới quốc gia (minh họa)"]}, geometry=gpd.GeoSeries([line], crs=communes.crs))
