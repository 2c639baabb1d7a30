"""Results in a database: whole or not at all, once, as QGIS expects them, and without a password anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siteplan.cli.app import call
from siteplan.database import connect
from siteplan.errors import InputError, NoSpaceError
from siteplan.locale import problem_row
from siteplan.outputs import publish as module
from siteplan.outputs.publish import publish, schema_names
from siteplan.runs import RunContent, write_run
from siteplan.tables import RESULTS, conform

pytestmark = pytest.mark.require("postgis")
EPSG = 9215
HOSTILE = "Xã 'A'; drop schema public cascade; -- \"x\" {0} %s :a \\ \t\n"


def content(name="phuong_an_1", points=50.0):
    squares = [shapely.box(450_000 + 1000 * i, 2_417_000, 451_000 + 1000 * i, 2_418_000) for i in range(3)]
    communes = gpd.GeoDataFrame(
        {"code": ["00001", "00002", "00003"], "name": ["An", HOSTILE, "Bình"], "kind": "xã", "population": [1, None, 3],
         "area_km2": [1.0, np.nan, 1.5], "is_border": [True, False, None]},
        geometry=squares, crs=EPSG,
    )  # fmt: skip
    sites = gpd.GeoDataFrame(
        {column.name: [None] * 2 for column in RESULTS["sites"].columns}
        | {"site_id": ["00001-K-aaaaaa", "00002-K-bbbbbb"], "commune_code": ["00001", "00002"], "letter": "K",
           "label": ["K1", "K1"], "score": [points, 40.0]},
        geometry=[shapely.box(x, 2_417_100, x + 50, 2_417_160) for x in (450_100, 451_100)],
        crs=EPSG,
    )  # fmt: skip
    for column in RESULTS["sites"].columns:
        if not column.nullable and sites[column.name].isna().any():
            filler = {"text": (column.values or ("x",))[0], "messages": "[]", "bool": False, "date": "2026-01-01"}
            sites[column.name] = filler.get(column.kind, 1)
    manifest = {
        "scenario": {"name": name, "title": "Phương án 1"}, "date": "2026-01-01",
        "created": "2026-11-22T09:00:00+07:00",
        "version": "0.1.0", "frozen": None, "include_restricted": False,
        "province": {"code": "20", "name": "Tỉnh", "epsg": EPSG},
    }  # fmt: skip
    tables = {"communes": conform(communes, RESULTS["communes"]), "sites": conform(sites, RESULTS["sites"])}
    return RunContent(tables, {}, {}, manifest, [], [])


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "phuong_an_1", content())


def schemas(server, base):
    rows = server.sql("select nspname from pg_namespace where nspname !~ '^(pg_|information)' order by 1", base)
    return [row[0] for row in rows]


def test_what_is_read_back_is_what_the_run_holds(server, base, run):
    address = server.address(base)
    done = publish(run, address)
    assert (done.schema, done.views, done.there) == ("phuong_an_1_20261122", "phuong_an_1_current", False)
    assert schemas(server, base) == ["phuong_an_1_20261122", "phuong_an_1_current", "public", "siteplan"]
    tables = server.sql(f"select count(*) from information_schema.tables where table_schema = '{done.schema}'", base)
    assert tables == [(len(RESULTS),)]
    with connect(address) as connection:
        rows = connection.execute(
            "select code, name, population, area_km2, is_border, st_srid(geom), st_astext(geom)"
            f" from {done.schema}.communes order by code"
        ).fetchall()
    communes = run.communes
    assert [row[1] for row in rows] == list(communes["name"])
    assert [row[:5] for row in rows][1] == ("00002", HOSTILE, None, None, False)
    assert {row[5] for row in rows} == {EPSG}
    for row, shape in zip(rows, communes.geometry, strict=True):
        assert shapely.equals(shapely.from_wkt(row[6]), shape)


def test_keys_indexes_comments_and_types_are_there(server, base, run):
    schema = publish(run, server.address(base)).schema
    kinds = server.sql(
        "select f_table_name, type, srid from geometry_columns where f_table_schema = '" + schema + "' order by 1", base
    )
    spatial = {name for name, table in RESULTS.items() if table.geometry}
    assert {row[0] for row in kinds} == spatial
    assert {row[2] for row in kinds} == {EPSG}
    assert {row[0]: row[1] for row in kinds}["communes"] == "MULTIPOLYGON"
    indexed = server.sql(f"select tablename from pg_indexes where schemaname = '{schema}' and indexdef ~ 'gist'", base)
    assert {row[0] for row in indexed} == spatial
    primary = server.sql(
        "select conrelid::regclass::text from pg_constraint c join pg_namespace n on n.oid = c.connamespace"
        f" where contype = 'p' and nspname = '{schema}'", base,
    )  # fmt: skip
    assert len(primary) == len(RESULTS)
    foreign = server.sql(
        "select conrelid::regclass::text from pg_constraint c join pg_namespace n on n.oid = c.connamespace"
        f" where contype = 'f' and nspname = '{schema}'", base,
    )  # fmt: skip
    assert (f"{schema}.sites",) in foreign
    silent = server.sql(
        "select table_name, column_name from information_schema.columns where table_schema = '" + schema + "' and"
        " col_description((table_schema || '.' || table_name)::regclass, ordinal_position) is null", base,
    )  # fmt: skip
    assert silent == []
    (words,) = server.sql(f"select obj_description('{schema}'::regnamespace)", base)[0]
    assert "Phương án 1" in words
    assert "DỰ THẢO" in words
    label = server.sql(f"select col_description('{schema}.communes'::regclass, 5)", base)[0][0]
    assert label == "Dân số (người)"


def test_the_same_run_is_published_once_and_another_one_of_the_day_gets_a_number(server, base, run, tmp_path):
    address = server.address(base)
    first = publish(run, address)
    again = publish(run, address)
    assert (again.schema, again.there) == (first.schema, True)
    other = write_run(tmp_path / "neu" / "phuong_an_1", content(points=60.0))
    second = publish(other, address)
    assert second.schema == f"{first.schema}_02"
    score = server.sql(f"select max(score) from {second.views}.sites", base)
    assert score == [(60.0,)]
    assert server.sql("select scenario, schema from siteplan.current", base) == [("phuong_an_1", second.schema)]
    assert len(server.sql("select * from siteplan.publications", base)) == 2


def test_of_several_who_publish_at_once_one_writes(server, base, run):
    done = []
    threads = [threading.Thread(target=lambda: done.append(publish(run, server.address(base)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found.there for found in done) == [False, True, True, True]
    assert len({found.schema for found in done}) == 1
    assert len(server.sql("select * from siteplan.publications", base)) == 1


KILLED = """
import sys, time
from pathlib import Path
from siteplan.outputs import publish as module
from siteplan.runs import Run
link = module._link
def slow(*arguments):
    link(*arguments)
    print("filled", flush=True)
    time.sleep(120)
module._link = slow
module.publish(Run(Path(sys.argv[1])), sys.argv[2])
"""


def test_a_publication_that_is_killed_leaves_nothing(server, base, run):
    before = schemas(server, base)
    command = [sys.executable, "-c", KILLED, str(run.folder), server.address(base)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert process.stdout.readline() == b"filled\n"
    assert schemas(server, base) == before  # nobody sees it before it is whole
    process.kill()
    process.communicate()
    assert publish(run, server.address(base)).there is False  # the lock went with it
    assert "phuong_an_1_20261122_02" not in schemas(server, base)


def test_a_connection_that_breaks_in_the_middle_leaves_nothing_and_is_told(server, base, run, monkeypatch):
    before = schemas(server, base)

    def broken(connection, *_arguments):
        server.sql(f"select pg_terminate_backend({connection.info.backend_pid})", base)
        connection.execute("select 1")

    monkeypatch.setattr(module, "_link", broken)
    with pytest.raises(InputError) as caught:
        publish(run, server.address(base))
    assert [p.key for p in caught.value.problems] == ["database_broken"]
    assert schemas(server, base) == before


@pytest.mark.parametrize(
    ("state", "kind", "key"),
    [
        ("53100", NoSpaceError, "database_full"),  # disk_full
        ("53200", NoSpaceError, "database_full"),  # out_of_memory
        ("58030", InputError, "database_failed"),  # io_error
        ("57P01", InputError, "database_broken"),  # admin_shutdown
    ],
)
def test_a_fault_of_the_server_in_the_middle_leaves_nothing_and_is_told(server, base, run, state, kind, key):
    """The server itself raises what it raises on a full disk, when the views are made: after all tables were filled."""
    before = schemas(server, base)
    server.sql(
        "create function hong() returns event_trigger language plpgsql as $$ begin"
        " if exists (select 1 from pg_event_trigger_ddl_commands() where schema_name = 'phuong_an_1_current')"
        f" then raise exception 'could not extend file' using errcode = '{state}'; end if; end $$", base,
    )  # fmt: skip
    server.sql("create event trigger hong on ddl_command_end when tag in ('CREATE VIEW') execute function hong()", base)
    with pytest.raises(kind) as caught:
        publish(run, server.address(base))
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == (key, "could not extend file")
    row = problem_row(problem, "vi")
    assert f"postgresql://127.0.0.1:{server.port}/{base}" in row["what"]
    assert all(row[part] and "{" not in row[part] for part in ("what", "cause", "remedy"))
    assert schemas(server, base) == before
    server.sql("drop event trigger hong", base)
    assert publish(run, server.address(base)).schema == "phuong_an_1_20261122"


def test_who_waits_too_long_for_another_is_told(server, base, run, monkeypatch):
    monkeypatch.setattr(module, "LOCK_SECONDS", 1)
    with connect(server.address(base)) as other, other.transaction():
        other.execute("select pg_advisory_xact_lock(%s)", [module.LOCK])
        with pytest.raises(InputError) as caught:
            publish(run, server.address(base))
    assert [p.key for p in caught.value.problems] == ["database_busy"]
    assert publish(run, server.address(base)).there is False


def test_a_database_without_postgis_or_without_the_crs_is_told(server, base, run):
    server.sql(f"delete from spatial_ref_sys where srid = {EPSG}; revoke insert on spatial_ref_sys from can_bo", base)
    with pytest.raises(InputError) as caught:
        publish(run, server.address(base))
    assert [(p.key, p.value) for p in caught.value.problems] == [("database_crs_unknown", str(EPSG))]
    server.sql("drop extension postgis", base)
    with pytest.raises(InputError) as caught:
        publish(run, server.address(base))
    assert [p.key for p in caught.value.problems] == ["database_without_postgis"]
    assert "siteplan" not in schemas(server, base)


def test_who_may_not_create_is_told(server, base, run):
    server.sql(f"revoke all on database {base} from public; alter database {base} owner to postgres", "postgres")
    server.sql(f"grant connect on database {base} to can_bo", "postgres")
    with pytest.raises(InputError) as caught:
        publish(run, server.address(base))
    assert [p.key for p in caught.value.problems] == ["database_denied"]


def test_the_command_tells_the_schema_and_no_password(server, base, run, capsys, tmp_path):
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "catalog.toml").write_text("", "utf-8")
    arguments = ["publish", str(run.folder), "--workspace", str(tmp_path), "--to", server.address(base)]
    assert call(arguments[:-2]) == 2
    assert "--to" in capsys.readouterr().err
    assert call(arguments) == 0
    told = capsys.readouterr()
    assert "phuong_an_1_20261122" in told.out
    secret = server.address(base).replace("can_bo@", "can_bo:matkhau123@")
    assert call([*arguments[:-1], secret]) == 1
    words = capsys.readouterr()
    assert "matkhau123" not in words.out + words.err
    assert "PGPASSWORD" in words.err
    assert server.password not in told.out + told.err + words.err
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or server.password.encode() not in path.read_bytes()


def test_schema_names_are_plain_whatever_the_option_is_called(run):
    run.manifest["scenario"]["name"] = 'Phương án "2" – bản 3; drop'
    assert schema_names(run) == ("phuong_an_2_ban_3_drop_20261122", "phuong_an_2_ban_3_drop_current")
