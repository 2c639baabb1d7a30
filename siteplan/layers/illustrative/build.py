"""Generation of the whole data set, in the order in which one thing rests on another."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely
from rasterio.errors import NotGeoreferencedWarning

from siteplan.layers.illustrative import write
from siteplan.layers.illustrative.answers import make_agreed, make_houses, make_reports
from siteplan.layers.illustrative.boundaries import make_boundaries
from siteplan.layers.illustrative.facilities import make_facilities
from siteplan.layers.illustrative.facts import read_facts
from siteplan.layers.illustrative.grid import working_grid
from siteplan.layers.illustrative.hazards import make_flood_marks, make_hazards
from siteplan.layers.illustrative.identity import GENERATOR_VERSION, fingerprint, hashes
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
    from concurrent.futures import Future

    import pandas as pd

    from siteplan.crs import Province
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.grid import Grid
    from siteplan.layers.illustrative.terrain import Terrain
    from siteplan.report import Reporter

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
_TABLES = ("plans", "commune_staff", "filing", "commune_reports", "agreed_areas", "facility_buildings")
FILES = (*(f"{name}.gpkg" for name in _VECTORS), "dem.tif", *(f"{name}.csv" for name in _TABLES), "manifest.json")
_STEPS = 9


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
    with (
        reporter.stage("layers.generating", total=_STEPS),
        write.fixed_date(),
        warnings.catch_warnings(),
        ThreadPoolExecutor(2) as pool,
    ):
        # rasterio silences this one for each call, which does not hold where two threads do so
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        writer = _Writer(out, province.epsg, pool)
        rows = _make(facts, province, reporter, writer, pool)
        written = writer.finish()
        manifest = {
            "generator_version": GENERATOR_VERSION,
            "fingerprint": fingerprint(facts),
            "epsg": province.epsg,
            "facts": hashes(facts),
            "rows": rows,
        }
        written["manifest.json"] = write.write_json(out / "manifest.json", manifest)
        reporter.advance()
    return [written[name] for name in FILES]


class _Writer:
    """Writes what is ready while the next thing is made."""

    def __init__(self, out: Path, epsg: int, pool: ThreadPoolExecutor) -> None:
        self._out, self._epsg, self._pool = out, epsg, pool
        self._files: dict[str, Future[Path]] = {}
        self.rows: dict[str, int] = {}

    def vector(self, name: str, frame: gpd.GeoDataFrame) -> None:
        """Hand over a layer."""
        self.rows[name] = len(frame)
        job = self._pool.submit(write.write_vector, self._out / f"{name}.gpkg", frame, name, _VECTORS[name])
        self._files[f"{name}.gpkg"] = job

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Hand over a plain table."""
        self.rows[name] = len(frame)
        self._files[f"{name}.csv"] = self._pool.submit(write.write_table, self._out / f"{name}.csv", frame)

    def terrain(self, values: Any, grid: Grid) -> None:
        """Hand over the terrain model."""
        self._files["dem.tif"] = self._pool.submit(write.write_raster, self._out / "dem.tif", values, grid, self._epsg)

    def finish(self) -> dict[str, Path]:
        """Wait for all files."""
        return {name: job.result() for name, job in self._files.items()}


def _ground(facts: Facts, grid: Grid) -> tuple[Terrain, list[Any]]:
    terrain = make_terrain(facts, grid)
    return terrain, make_lakes(facts, terrain.height_m, grid, terrain.floor_m, terrain.rough_grid)


def _make(
    folder: Path, province: Province, reporter: Reporter, writer: _Writer, pool: ThreadPoolExecutor
) -> dict[str, int]:
    """Make everything, two things at a time where neither needs the other; each theme has its own random numbers."""
    facts = read_facts(folder, province)
    grid = working_grid(province)
    epsg = province.epsg
    under = pool.submit(_ground, facts, grid)
    boundaries = make_boundaries(facts, grid, province)
    communes, outline = boundaries.communes, boundaries.outline
    reporter.advance()
    terrain, lakes = under.result()
    writer.terrain(terrain.height_m, grid)
    writer.vector("communes", communes)
    writer.vector("border", _border(boundaries.border, communes))
    reporter.advance()
    water = make_water(facts, terrain, lakes, outline, epsg)
    writer.vector("waterways", water.waterways)
    writer.vector("water_areas", water.areas)
    settlements = make_settlements(facts, boundaries, terrain, water, epsg)
    writer.vector("settlements", settlements[["name", "population", "commune_code", "geometry"]])
    reporter.advance()
    dangers = pool.submit(make_hazards, facts, terrain, water, settlements, communes, outline)
    networks = make_networks(facts, terrain, water, settlements, outline, epsg)
    writer.vector("roads", networks.roads)
    writer.vector("railways", networks.railways)
    writer.vector("power_lines", networks.power_lines)
    towns = make_urban_areas(facts, outline, epsg)
    writer.vector("urban_areas", towns)
    reporter.advance()
    covered = pool.submit(
        classify, facts, terrain, water, settlements, networks.roads, towns.geometry.to_numpy(), communes
    )
    facilities = make_facilities(facts, communes, settlements, networks.roads, water)
    writer.vector("facilities", facilities)
    projects = make_sector_projects(facts, networks.roads, outline, epsg)
    writer.vector("sector_projects", projects.drop(columns=["land_use", "commune_code"]))
    offices = make_office_land(facts, terrain, communes, facilities, water)
    reporter.advance()
    codes, land_grid = covered.result()
    used = pool.submit(make_land, facts, codes, land_grid, outline, water, facilities, projects, communes)
    hazards = dangers.result()
    ground = Ground(communes, outline, codes, land_grid, facilities, projects, towns, networks.roads, hazards, offices)
    zones = make_plan_zones(facts, ground)
    reporter.advance()
    writer.vector("hazards", hazards)
    writer.vector("plan_zones", zones)
    writer.table("plans", make_plans(facts))
    writer.vector("flood_marks", make_flood_marks(facts, hazards, terrain))
    writer.vector("proposals", make_proposals(facts, terrain, communes, offices, hazards, zones))
    writer.vector("services", make_services(facts, communes))
    writer.vector("buildings", make_buildings(facts, settlements, facilities, networks.roads, water))
    writer.table("commune_staff", make_staff(facts))
    writer.table("filing", make_filing(facts))
    reports = make_reports(facts, facilities)
    writer.table("commune_reports", reports)
    writer.table("agreed_areas", make_agreed(facts, reports))
    writer.table("facility_buildings", make_houses(facts, facilities, reports))
    reporter.advance()
    land = used.result()
    writer.vector("land_use", land.land_use)
    writer.vector("defence", land.defence)
    reporter.advance()
    return writer.rows


def _border(line: shapely.LineString, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["Biên giới quốc gia (minh họa)"]}, geometry=gpd.GeoSeries([line], crs=communes.crs)
    )
