"""A whole run whose layers stand in a database: table by table, byte by byte what it is from files."""

from __future__ import annotations

import csv
import sqlite3

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
import tomlkit
from affine import Affine
from rasterio.windows import Window

from siteplan.layers.catalog import load_catalog
from siteplan.layers.embedded import resolve
from siteplan.pipeline import run_scenario
from siteplan.workspace import init_workspace

pytestmark = [pytest.mark.require("postgis"), pytest.mark.require("gdal")]

KEPT = 3
MARGIN_M = 1_500.0
# where layers came from is the one thing that has to differ
ORIGIN = {"sources": ("file", "sha256")}


def near(catalog, path):
    """Codes of a few neighbours, from one that has land of every rule, and the box around them."""
    communes = pyogrio.read_dataframe(path)
    defence = pyogrio.read_dataframe(resolve("illustrative:defence.gpkg", catalog.folder, catalog.province))
    first = communes[communes.intersects(defence.union_all())].sort_values("code").geometry.iloc[0]
    kept = communes.loc[communes.distance(first.centroid).sort_values(kind="stable").index[:KEPT]]
    return set(kept["code"]), shapely.box(*kept.total_bounds).buffer(MARGIN_M, join_style="mitre")


def cut_vector(source, target, codes, box, layer):
    frame = gpd.read_file(source, layer=layer or None)
    named = "code" if layer == "communes" or source.stem == "communes" else "commune_code"
    frame = frame[frame[named].isin(codes)] if named in frame.columns else frame[frame.intersects(box)]
    if len(frame):
        pyogrio.write_dataframe(frame, target, layer=source.stem)
    return len(frame)


def cut_table(source, target, codes, facilities):
    frame = pd.read_csv(source, dtype=str, keep_default_na=False)
    for column, known in (("commune_code", codes), ("facility_id", facilities)):
        if column in frame.columns:
            frame = frame[frame[column].isin(known)]
    if source.parent.name == "default" and source.stem == "communes":
        frame = frame[frame["code"].isin(codes)]
    frame.to_csv(target, index=False, lineterminator="\n")
    return len(frame)


def cut_terrain(source, target, box):
    with rasterio.open(source) as terrain:
        cell, (west, _, _, north) = terrain.res[0], terrain.bounds
        column, row = int((box.bounds[0] - west) // cell), int((north - box.bounds[3]) // cell)
        across, down = box.bounds[2] - box.bounds[0], box.bounds[3] - box.bounds[1]
        size = {"width": int(across // cell), "height": int(down // cell)}
        moved = Affine(cell, 0, west + column * cell, 0, -cell, north - row * cell)
        with rasterio.open(target, "w", **terrain.profile | size | {"transform": moved}) as cut:
            cut.write(terrain.read(window=Window(column, row, **size)))


@pytest.fixture
def place(tmp_path, repo_root):
    """A workspace with every layer of the embedded data around a few communes, as files."""
    made = init_workspace(tmp_path / "tinh")
    catalog = load_catalog(repo_root / "layers" / "catalog.toml")
    where = {entry.name: resolve(entry.path, catalog.folder, catalog.province) for entry in catalog.layers}
    codes, box = near(catalog, where["communes"])
    facilities = gpd.read_file(where["facilities"])
    facilities = set(facilities.loc[facilities["commune_code"].isin(codes), "facility_id"])
    text = tomlkit.parse(made.catalog.read_text("utf-8"))
    home = made.layers / "vung"
    home.mkdir()
    for entry in catalog.layers:
        source, target = where[entry.name], home / f"{entry.name}{where[entry.name].suffix}"
        if entry.is_raster:
            cut_terrain(source, target, box)
            count = 1
        elif source.suffix == ".csv":
            count = cut_table(source, target, codes, facilities)
        else:
            count = cut_vector(source, target, codes, box, entry.layer)
        if not count:
            del text["layers"][entry.name]
            continue
        text["layers"][entry.name]["path"] = f"vung/{target.name}"
    made.catalog.write_text(tomlkit.dumps(text), "utf-8")
    return made


def into_database(place, server, base):
    """Load every vector layer and table; returns a catalog that reads them there, and how many there are."""
    catalog = load_catalog(place.catalog)
    text = tomlkit.parse(place.catalog.read_text("utf-8"))
    moved = 0
    for entry in catalog.layers:
        if entry.is_raster:
            continue
        server.load(base, place.layers / entry.path, entry.name)
        told = text["layers"][entry.name]
        del told["path"]
        told["connection"] = server.address(base)
        if entry.xy is None:
            told["table"] = entry.name
        else:
            x, y = entry.xy
            del told["xy"], told["crs"]
            point = f"st_setsrid(st_makepoint({x}::float8, {y}::float8), {entry.crs})"
            told["sql"] = f"select *, {point} as geom from \"{entry.name}\" where {x} <> ''"
        moved += 1
    path = place.layers / "co_so_du_lieu.toml"
    path.write_text(tomlkit.dumps(text), "utf-8")
    return path, moved


def content(path):
    """Rows of every table of a GeoPackage as they are stored: values and geometry bytes, in their order."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("select table_name from gpkg_contents order by 1")]
        out = {}
        for table in tables:
            found = connection.execute(f'select * from "{table}" order by rowid')
            names = [column[0] for column in found.description]
            left_out = ORIGIN.get(table, ())
            out[table] = [
                [(n, type(v).__name__, v) for n, v in zip(names, row, strict=True) if n not in left_out]
                for row in found
            ]
        return out


def problems(run):
    """Rows of the list of problems, the place of each first."""
    with (run.folder / "problems.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.reader(handle))
    place = rows[0].index("file")
    return [(row[place], *row[:place], *row[place + 1 :]) for row in rows]


@pytest.mark.timeout(1200)
def test_every_table_of_a_run_is_the_same_from_the_database(place, server, base, tmp_path, monkeypatch):
    monkeypatch.setenv("SITEPLAN_CACHE_DIR", str(tmp_path / "dem"))  # each run searches anew
    scenario = place.scenarios / "phuong_an_1.toml"
    files = run_scenario(scenario, place, out=tmp_path / "tep")
    catalog, moved = into_database(place, server, base)
    for path in (place.layers / "vung").iterdir():
        if path.suffix != ".tif":
            path.unlink()  # nothing but the database can be read
    tables = run_scenario(scenario, place, catalog=catalog, out=tmp_path / "csdl")
    assert moved > 20
    assert len(files.communes) == KEPT
    assert len(files.sites) > 10 * KEPT
    assert files.manifest["fingerprint"] != tables.manifest["fingerprint"]
    connections = set(tables.table("sources")["file"].str.startswith("postgresql://"))
    assert connections == {True, False}
    for path in tables.folder.rglob("*"):  # the log and the manifest too
        assert not path.is_file() or server.password.encode() not in path.read_bytes(), path
    for name in ("results.gpkg", "background.gpkg"):
        left, right = content(files.folder / name), content(tables.folder / name)
        assert list(left) == list(right)
        for table, rows in left.items():
            assert rows == right[table], (name, table)
    left, right = problems(files), problems(tables)
    assert [row[1:] for row in left] == [row[1:] for row in right]
    moved = {before: after for (before, *_), (after, *_) in zip(left, right, strict=True) if before != after}
    assert "vung/communes.gpkg" in moved
    for before, after in moved.items():  # what is wrong is told with the table it stands in
        assert (before.partition("/")[0], after.split()[0]) == ("vung", server.address(base).replace("can_bo@", ""))
    rasters = sorted(path.name for path in (files.folder / "rasters").iterdir())
    assert rasters == sorted(path.name for path in (tables.folder / "rasters").iterdir())
    for name in rasters:
        left, right = files.folder / "rasters" / name, tables.folder / "rasters" / name
        assert left.read_bytes() == right.read_bytes(), name
