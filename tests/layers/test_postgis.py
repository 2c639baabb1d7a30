"""Layers in a database: the same tables as from files, and every fault told with its place."""

from __future__ import annotations

import hashlib
import shutil
import socket
import sys

import pandas as pd
import pytest
import shapely

from siteplan.database import address_problem, shown
from siteplan.errors import InputError
from siteplan.layers.catalog import load_catalog
from siteplan.layers.postgis import content_mark
from siteplan.layers.read import read_layers
from siteplan.locale import problem_row
from siteplan.plot_index import hashes_of
from siteplan.report import SILENT
from siteplan.tables import INPUTS

pytestmark = pytest.mark.require("postgis")


def keys(problems):
    return [problem.key for problem in problems]


@pytest.fixture
def from_base(ground, server, base):
    """The small province, its communes in the database."""
    server.load(base, ground.folder / "communes.gpkg", "communes")
    ground.entries["communes"] = {"role": "communes", "connection": server.address(base), "table": "communes",
                                  "required": True, "mandatory": True}  # fmt: skip
    return ground


@pytest.mark.require("gdal")
def test_a_table_gives_what_the_file_gives(ground, server, base):
    before = ground.read()
    server.load(base, ground.folder / "communes.gpkg", "communes")
    server.load(base, ground.folder / "roads.gpkg", "Tuyến đường 'A'")
    ground.entries["communes"] |= {"connection": server.address(base), "table": "communes"}
    ground.entries["roads"] |= {
        "connection": server.address(base),
        "sql": "select * from \"Tuyến đường 'A'\" where 1 = 1;",
    }
    for name in ("communes", "roads"):
        del ground.entries[name]["path"]
    text = ground.write().read_text("utf-8").replace("sql = '", "sql = '''").replace("1 = 1;'", "1 = 1;'''")
    ground.catalog.write_text(text, "utf-8")
    after = read_layers(load_catalog(ground.catalog))
    assert keys(after.problems) == keys(before.problems) == []
    for role in ("communes", "roads"):
        left, right = before.table(role), after.table(role)
        assert shapely.to_wkb(left.geometry.to_numpy()).tolist() == shapely.to_wkb(right.geometry.to_numpy()).tolist()
        pd.testing.assert_frame_equal(
            pd.DataFrame(left.drop(columns="geometry")), pd.DataFrame(right.drop(columns="geometry"))
        )
    assert (
        after.sources.set_index("layer").loc["communes", "file"]
        == f"postgresql://127.0.0.1:{server.port}/{base} communes"
    )


@pytest.mark.require("gdal")
def test_a_change_by_another_officer_changes_the_fingerprint_and_the_order_of_rows_does_not(from_base, server, base):
    first = from_base.read().fingerprint
    assert from_base.read().fingerprint == first
    server.sql("update communes set name = name where code = '06001'", base)  # moves the row to the end of the table
    assert from_base.read().fingerprint == first
    server.sql("update communes set name = 'Tên mới' where code = '06001'", base)
    changed = from_base.read()
    assert changed.fingerprint != first
    assert "Tên mới" in set(changed.table("communes")["name"])


@pytest.mark.require("gdal")
@pytest.mark.parametrize("query", [False, True])
def test_the_mark_of_a_table_changes_with_its_content_alone(from_base, server, base, query):
    entry = load_catalog(from_base.write()).entry("communes")
    if query:
        entry = entry.model_copy(update={"table": "", "sql": "select code, geom from communes where code <> '';"})
    first = content_mark(entry)
    server.sql("update communes set name = name where code = '06001'", base)  # moves the row to the end of the table
    assert content_mark(entry) == first
    server.sql("update communes set name = name || ' mới' where code = '06001'", base)
    assert (content_mark(entry) == first) == query  # the query does not ask for the name
    server.sql("update communes set geom = st_translate(geom, 0.001, 0) where code = '06001'", base)
    assert content_mark(entry) != first
    assert content_mark(entry.model_copy(update={"sql": "select 1 where false", "table": ""})).startswith("0:")


@pytest.mark.require("gdal")
def test_check_site_asks_the_database_whether_a_colleague_has_changed_a_layer(from_base, server, base):
    catalog = load_catalog(from_base.write())
    before = hashes_of(catalog, SILENT)
    assert hashes_of(catalog, SILENT) == before
    server.sql("delete from communes where code = '06001'", base)
    after = hashes_of(catalog, SILENT)
    assert {name for name in before if before[name] != after[name]} == {"communes"}
    server.sql("drop table communes", base)
    with pytest.raises(InputError) as caught:
        hashes_of(catalog, SILENT)
    assert keys(caught.value.problems) == ["database_table_missing"]


@pytest.mark.require("gdal")
def test_a_table_without_a_spatial_index_is_told(from_base, server, base):
    (index,) = server.sql("select indexname from pg_indexes where tablename = 'communes' and indexdef ~ 'gist'", base)
    server.sql(f'drop index "{index[0]}"', base)
    found = from_base.read()
    assert [(p.key, p.severity, p.column) for p in found.problems] == [("database_index_missing", "warning", "geom")]
    assert len(found.table("communes")) == 4


@pytest.mark.require("gdal")
def test_several_srids_in_one_column_are_told(from_base, server, base):
    server.sql("alter table communes alter column geom type geometry(Geometry)", base)
    server.sql("update communes set geom = st_transform(geom, 4326) where code = '06001'", base)
    (problem,) = [p for p in from_base.read().problems if p.layer == "communes" and p.key.startswith("database")]
    assert (problem.key, problem.column) == ("database_srid_mixed", "geom")
    assert [part.split(": ")[1] for part in problem.value.split("; ")] == ["1", "3"]
    assert problem.value.startswith("4326: 1; ")
    row = problem_row(problem, "vi")
    assert "UPDATE communes SET geom = ST_Transform(geom" in row["remedy"]
    assert row["file"] == f"postgresql://127.0.0.1:{server.port}/{base} communes"


@pytest.mark.require("gdal")
@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"table": "comunes"}, "database_table_missing"),
        ({"table": "quyhoach.communes"}, "database_table_missing"),
        ({"table": "communes; drop table communes"}, "database_table_missing"),
        ({"table": "", "sql": "select * from communes where"}, "database_sql_wrong"),
        ({"table": "", "sql": "delete from communes returning *"}, "database_sql_wrong"),
        ({"table": "", "sql": "select 1) as layer; drop table communes; --"}, "database_sql_wrong"),
        ({"table": "", "sql": "select * from khong_co"}, "database_sql_table_missing"),
        ({"table": "", "sql": "select * from khong_co.communes"}, "database_sql_table_missing"),
        ({"table": "", "sql": "select *, 1 / 0 from communes"}, "database_sql_wrong"),
        ({"table": "kin"}, "database_denied"),
    ],
)
def test_what_cannot_be_read_is_told_and_changes_nothing(from_base, server, base, entry, key):
    server.sql("create table kin (code text, geom geometry); revoke all on kin from public", base)
    from_base.entries["communes"] |= entry
    if not entry["table"]:
        del from_base.entries["communes"]["table"]
    problems = [p for p in from_base.read().problems if p.layer == "communes"]
    assert keys(problems) == [key]
    assert problems[0].file == from_base.read().catalog.entry("communes").origin
    if key == "database_table_missing":
        assert problems[0].params["near"] == "communes" or "drop" in entry["table"]
    row = problem_row(problems[0], "vi")
    assert all(row[part] and "{" not in row[part] for part in ("what", "cause", "remedy"))
    assert server.sql("select count(*) from communes", base) == [(4,)]


@pytest.mark.require("gdal")
def test_a_wrong_password_and_a_missing_database_are_refused(from_base, server, monkeypatch):
    from_base.entries["communes"]["connection"] = server.address("khong_co")
    assert "database_refused" in keys(from_base.read().problems)
    monkeypatch.setenv("PGPASSWORD", "sai-mat-khau")
    from_base.entries["communes"]["connection"] = server.address("gis")
    (problem,) = [p for p in from_base.read().problems if p.layer == "communes"]
    assert problem.key == "database_refused"
    assert "sai-mat-khau" not in repr(problem) + str(problem_row(problem, "vi"))


@pytest.mark.require("gdal")
def test_a_host_that_does_not_answer_is_unreachable(from_base):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    from_base.entries["communes"]["connection"] = f"postgresql://can_bo@127.0.0.1:{port}/gis"
    (problem,) = [p for p in from_base.read().problems if p.layer == "communes"]
    assert (problem.key, problem.value) == ("database_unreachable", f"postgresql://127.0.0.1:{port}/gis")


@pytest.mark.require("gdal")
def test_a_connection_that_breaks_while_reading_is_told(from_base, server, base, monkeypatch):
    from siteplan.layers import postgis

    found = postgis._srids

    def broken(connection, *arguments):
        server.sql(f"select pg_terminate_backend({connection.info.backend_pid})", base)
        return found(connection, *arguments)

    monkeypatch.setattr(postgis, "_srids", broken)
    (problem,) = [p for p in from_base.read().problems if p.layer == "communes"]
    assert (problem.key, problem.severity) == ("database_broken", "error")
    assert problem.file == f"postgresql://127.0.0.1:{server.port}/{base} communes"


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ({"role": "dem", "connection": "postgresql://h/db", "table": "dem"}, "connection_raster"),
        ({"role": "communes", "connection": "postgresql://h/db"}, "connection_table_or_sql"),
        ({"role": "communes", "connection": "postgresql://h/db", "table": "a", "sql": "select 1"},
         "connection_table_or_sql"),
        ({"role": "communes", "path": "communes.gpkg", "table": "a"}, "connection_table_or_sql"),
        ({"role": "communes", "path": "communes.gpkg", "connection": "postgresql://h/db", "table": "a"},
         "catalog_path_and_connection"),
    ],
)  # fmt: skip
def test_an_entry_that_contradicts_itself_is_told(ground, told, key):
    ground.entries["communes" if told["role"] == "communes" else "dem"] = told
    problems = [p for p in ground.read().problems if p.key == key]
    assert len(problems) == 1
    row = problem_row(problems[0], "vi")
    assert all(row[part] and "{" not in row[part] for part in ("what", "cause", "remedy"))


def test_without_the_extra_it_is_told_how_to_install_it(ground, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ground.entries["communes"] = {"role": "communes", "connection": "postgresql://h/db", "table": "a"}
    (problem,) = [p for p in ground.read().problems if p.layer == "communes"]
    assert problem.key == "database_driver_missing"
    assert "siteplan[postgis]" in problem_row(problem, "vi")["remedy"]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("postgresql://u:bimat@h/db", "connection_password"),
        ("postgresql://u:@h/db", "connection_password"),
        ("postgresql://h/db?password=bimat", "connection_password"),
        ("postgresql://h/db?PASSWORD=bimat&sslmode=require", "connection_password"),
        ("mysql://h/db", "connection_invalid"),
        ("postgresql://h", "connection_invalid"),
        ("postgresql://u:bimat@h:x/db", "connection_invalid"),
        ("host=h password=bimat", "connection_invalid"),
        ("postgresql://u:bi/mat@h/db", "connection_invalid"),
    ],
)
def test_an_address_with_a_password_is_refused_and_never_shown(address, key):
    problem = address_problem(address)
    assert problem.key == key
    assert "bimat" not in repr(problem) + shown(address)
    assert "bi/mat" not in repr(problem) + shown(address)


def test_a_password_in_a_catalog_is_nowhere(ground):
    ground.entries["communes"] = {
        "role": "communes",
        "connection": "postgresql://u:bimat@127.0.0.1:1/gis",
        "table": "c",
    }
    found = ground.read()
    assert "connection_password" in keys(found.problems)
    everything = repr(found.problems) + repr(found.catalog.layers) + str([problem_row(p, "vi") for p in found.problems])
    assert "bimat" not in everything


@pytest.mark.require("gdal")
@pytest.mark.timeout(1200)
def test_the_embedded_data_give_the_same_tables_from_the_database(server, base, repo_root, tmp_path):
    """Every vector layer of the embedded data, loaded by ogr2ogr: byte by byte the tables that files give."""
    from siteplan.layers.embedded import resolve

    catalog = load_catalog(repo_root / "layers" / "catalog.toml")
    files = read_layers(catalog)
    moved = 0
    text = (repo_root / "layers" / "catalog.toml").read_text("utf-8")
    layers = tmp_path / "layers"
    shutil.copytree(repo_root / "layers", layers, ignore=shutil.ignore_patterns("open"))
    for entry in catalog.layers:
        if entry.path.endswith(".gpkg"):
            server.load(base, resolve(entry.path, catalog.folder, catalog.province), entry.name, layer=entry.layer)
            text = text.replace(
                f'path = "{entry.path}"', f'connection = "{server.address(base)}"\ntable = "{entry.name}"'
            )
            moved += 1
    assert moved > 12
    (layers / "catalog.toml").write_text(text, "utf-8")
    tables = read_layers(load_catalog(layers / "catalog.toml"))
    assert keys(tables.problems) == keys(files.problems)
    for role, schema in INPUTS.items():
        left, right = files.table(role), tables.table(role)
        assert len(left) == len(right), role
        if schema.geometry is not None:
            ours, theirs = (shapely.to_wkb(frame.geometry.to_numpy()).tolist() for frame in (left, right))
            assert hashlib.sha256(b"".join(ours)).digest() == hashlib.sha256(b"".join(theirs)).digest(), role
            left, right = left.drop(columns="geometry"), right.drop(columns="geometry")
        pd.testing.assert_frame_equal(pd.DataFrame(left), pd.DataFrame(right), check_exact=True)
