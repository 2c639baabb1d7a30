"""The results of a run as tables of a PostGIS database: one schema, one transaction, all of it or nothing.

Each option has a schema ``<scenario>_<date>`` a publication and a schema ``<scenario>_current`` of views of the newest
one; ``siteplan.publications`` lists all of them, the view ``siteplan.current`` the newest of each option.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from siteplan import database
from siteplan.errors import InputError, Problem
from siteplan.locale import DEFAULT_LANGUAGE, fold, render, text
from siteplan.tables import RESULTS, Column, Table

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

    from siteplan.runs import Run

HOME = "siteplan"
LOCK = 7_303_014  # advisory lock of all publications of a database
LOCK_SECONDS = 120
NAME_LENGTH = 40
_TYPES = {"text": "text", "messages": "jsonb", "date": "date", "int": "bigint", "float": "double precision",
          "bool": "boolean"}  # fmt: skip
_MULTI = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point", "any": "Geometry"}
# type number of a single part, and what makes the multiple one of it
_COLLECTED: dict[str, tuple[int, Any]] = {"polygon": (3, shapely.multipolygons), "line": (1, shapely.multilinestrings)}
_PARENTS = {"commune_code": ("communes", "code"), "site_id": ("sites", "site_id")}


@dataclass(frozen=True)
class Published:
    """What a publication came to: its schema, that of the views, tables and rows; whether it was there already."""

    schema: str
    views: str
    tables: int
    rows: int
    there: bool


def schema_names(run: Run) -> tuple[str, str]:
    """Return the schema of a publication (option and day of the run) and of the views of the newest one."""
    plain = re.sub(r"[^a-z0-9]+", "_", fold(run.name)).strip("_")[:NAME_LENGTH] or "run"
    plain = plain if plain[0].isalpha() else f"r_{plain}"
    day = dt.datetime.fromisoformat(run.manifest["created"]).strftime("%Y%m%d")
    return f"{plain}_{day}", f"{plain}_current"


def content_hash(run: Run) -> str:
    """Hash that tells one run's results from another's: of its files and, where it is frozen, of its version."""
    told = {"files": run.manifest.get("files", {}), "frozen": run.frozen}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def publish(run: Run, address: str, lang: str = DEFAULT_LANGUAGE) -> Published:
    """Write all result tables of a run into a database.

    Parameters
    ----------
    run
        A finished run.
    address
        ``postgresql://host/db`` without a password.
    lang
        Language of the comments.

    Raises
    ------
    InputError, NoSpaceError
        See :mod:`siteplan.database`. In every case, and where the program is killed, the database is as it was.
    """
    driver = database.driver()
    with database.connect(address) as connection, database.told(address), connection.transaction():
        connection.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
        connection.execute("set local client_min_messages = 'warning'")
        # of two who publish at once the second waits here, before anything is made
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        _needs(connection, run, address)
        _home(connection, lang)
        wanted, views = schema_names(run)
        mark = content_hash(run)
        there = connection.execute(
            "select schema from siteplan.publications where content = %s and scenario = %s", [mark, run.name]
        ).fetchone()
        if there is not None:
            return Published(str(there[0]), views, 0, 0, True)
        schema = _free(connection, wanted)
        connection.execute(driver.sql.SQL("create schema {}").format(driver.sql.Identifier(schema)))
        rows = sum(_write_table(connection, schema, run, table, lang) for table in RESULTS.values())
        _link(connection, schema, run)
        _enter(connection, run, schema, mark, lang)
        _views(connection, schema, views, run, lang)
    return Published(schema, views, len(RESULTS), rows, False)


def _needs(connection: psycopg.Connection[Any], run: Run, address: str) -> None:
    """Make sure of PostGIS and of the province's CRS in it."""
    where: dict[str, Any] = {"params": {"address": database.shown(address)}}
    found = connection.execute("select to_regclass('spatial_ref_sys'), to_regtype('geometry')").fetchone()
    if found is None or None in found:
        raise InputError(Problem("database_without_postgis", **where))
    if connection.execute("select 1 from spatial_ref_sys where srid = %s", [run.epsg]).fetchone() is None:
        # PostGIS looks the code up in PROJ; the definition stands beside it for those who do not
        row = [run.epsg, "EPSG", run.epsg, pyproj.CRS.from_epsg(run.epsg).to_wkt("WKT1_GDAL"), ""]
        try:
            with connection.transaction():
                connection.execute("insert into spatial_ref_sys values (%s, %s, %s, %s, %s)", row)
        except database.driver().errors.InsufficientPrivilege:
            raise InputError(Problem("database_crs_unknown", value=str(run.epsg), **where)) from None


def _home(connection: psycopg.Connection[Any], lang: str) -> None:
    connection.execute("create schema if not exists siteplan")
    connection.execute(
        "create table if not exists siteplan.publications (schema text primary key, scenario text not null,"
        " title text not null, province text not null, run_date date not null, run_created timestamptz not null,"
        " published timestamptz not null default clock_timestamp(), published_by text not null default session_user,"
        " version text, include_restricted boolean not null, content text not null, manifest jsonb not null)"
    )
    connection.execute(
        "create or replace view siteplan.current as select distinct on (scenario) * from siteplan.publications"
        " order by scenario, published desc, schema desc"
    )
    _comment(connection, "table", (HOME, "publications"), text("publish.publications", lang))
    _comment(connection, "view", (HOME, "current"), text("publish.current", lang))


def _free(connection: psycopg.Connection[Any], wanted: str) -> str:
    """Return the name, or with a number behind it where another run of that day has it."""
    taken = {row[0] for row in connection.execute("select nspname from pg_namespace")}
    return next(name for n in range(1, 1000) if (name := wanted if n == 1 else f"{wanted}_{n:02d}") not in taken)


def _comment(connection: psycopg.Connection[Any], kind: str, name: tuple[str, ...], words: str) -> None:
    from psycopg import sql

    connection.execute(
        sql.SQL("comment on {} {} is {}").format(sql.SQL(kind), sql.Identifier(*name), sql.Literal(words))
    )


def _label(column: Column, lang: str) -> str:
    words = column.label_en if lang == "en" else column.label
    return f"{words} ({column.unit})" if column.unit else words


def _columns(table: Table, lang: str) -> list[tuple[str, str, str]]:
    """Name, type and comment of each column, the words of messages beside them."""
    out = []
    for column in table.columns:
        label = _label(column, lang)
        out.append((column.name, _TYPES[column.kind], label))
        if column.kind == "messages":
            out.append((f"{column.name}_vi", "text", text("publish.words_of", lang, label=label)))
    return out


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    # a zero byte in text cannot be stored and means nothing
    return value.replace("\x00", "") if isinstance(value, str) else value


def _shapes(frame: Any, table: Table) -> list[str | None]:
    """Geometries as hexadecimal EWKB, single parts made multiple where the column says so."""
    made: list[Any] = []
    single, collect = _COLLECTED.get(str(table.geometry), (-1, None))
    for shape in frame.geometry:
        if shape is None:
            made.append(None)
            continue
        made.append(collect([shape]) if collect is not None and shapely.get_type_id(shape) == single else shape)
    numbered = shapely.set_srid(np.array(made, dtype=object), frame.crs.to_epsg())
    return [None if shape is None else str(shape) for shape in shapely.to_wkb(numbered, hex=True, include_srid=True)]


def _write_table(connection: psycopg.Connection[Any], schema: str, run: Run, table: Table, lang: str) -> int:
    """Make a table, fill it, give it key, spatial index and comments; returns its rows."""
    from psycopg import sql

    frame = run.table(table.name)
    columns = _columns(table, lang)
    name = sql.Identifier(schema, table.name)
    parts: list[sql.Composable] = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(kind)) for n, kind, _ in columns]
    keyed = bool(table.key) and not frame[list(table.key)].isna().any(axis=None)
    if not keyed:
        parts.insert(0, sql.SQL("row_id bigint generated always as identity primary key"))
    else:
        parts.append(sql.SQL("primary key ({})").format(sql.SQL(", ").join(map(sql.Identifier, table.key))))
    names = [n for n, _, _ in columns]
    cells = [_cells(frame, n) for n in names]
    if table.geometry is not None:
        kind = _MULTI[table.geometry]
        if kind == "Point" and set(frame.geometry.geom_type) - {"Point"}:
            kind = "Geometry"
        parts.append(sql.SQL(f"geom geometry({kind}, {int(run.epsg)})"))
        names.append("geom")
        cells.append(_shapes(frame, table))
    connection.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(parts)))
    into = sql.SQL("copy {} ({}) from stdin").format(name, sql.SQL(", ").join(map(sql.Identifier, names)))
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in zip(*cells, strict=True):
            copy.write_row(row)
    if table.geometry is not None:
        connection.execute(sql.SQL("create index on {} using gist (geom)").format(name))
        _comment(connection, "column", (schema, table.name, "geom"), text("publish.geometry", lang, epsg=run.epsg))
    if not keyed:
        _comment(connection, "column", (schema, table.name, "row_id"), text("publish.row_id", lang))
    _comment(connection, "table", (schema, table.name), table.label_en if lang == "en" else table.label)
    for column, _, words in columns:
        _comment(connection, "column", (schema, table.name, column), words)
    return len(frame)


def _cells(frame: Any, name: str) -> list[Any]:
    if name in frame.columns:
        return [_plain(value) for value in frame[name].astype(object)]
    return [_plain(render(value)) for value in frame[name.removesuffix("_vi")]]


def _link(connection: psycopg.Connection[Any], schema: str, run: Run) -> None:
    """Tie the tables to communes and sites, where every row has its parent (a total has none)."""
    from psycopg import sql

    for table in RESULTS.values():
        for column, (parent, key) in _PARENTS.items():
            if column not in table.names or table.name == parent:
                continue
            known = set(run.table(parent)[key])
            if not set(run.table(table.name)[column].dropna()) <= known:
                continue
            connection.execute(
                sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
                    sql.Identifier(schema, table.name), sql.Identifier(column),
                    sql.Identifier(schema, parent), sql.Identifier(key),
                )
            )  # fmt: skip


def _enter(connection: psycopg.Connection[Any], run: Run, schema: str, mark: str, lang: str) -> None:
    """Name the run in the schema's comment and in the list of publications."""
    from psycopg.types.json import Jsonb

    manifest = run.manifest
    frozen = run.frozen
    state = text("publish.frozen", lang, **frozen) if frozen else text("publish.draft", lang)
    words = text("publish.schema", lang, title=run.title, date=manifest["date"], created=manifest["created"][:10],
                 state=state, version=manifest["version"])  # fmt: skip
    _comment(connection, "schema", (schema,), words)
    connection.execute(
        "insert into siteplan.publications (schema, scenario, title, province, run_date, run_created, version,"
        " include_restricted, content, manifest) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [schema, run.name, run.title, manifest["province"]["name"], manifest["date"], manifest["created"],
         frozen["version"] if frozen else None, bool(manifest["include_restricted"]), mark, Jsonb(manifest)],
    )  # fmt: skip


def _views(connection: psycopg.Connection[Any], schema: str, views: str, run: Run, lang: str) -> None:
    """Turn the views of the option to the new schema; they are made anew, for columns may have changed."""
    from psycopg import sql

    connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(views)))
    for table in RESULTS.values():
        name: sql.Composable = sql.Identifier(views, table.name)
        connection.execute(sql.SQL("drop view if exists {}").format(name))
        connection.execute(
            sql.SQL("create view {} as select * from {}").format(name, sql.Identifier(schema, table.name))
        )
        label = table.label_en if lang == "en" else table.label
        _comment(connection, "view", (views, table.name), text("publish.view", lang, label=label))
    _comment(connection, "schema", (views,), text("publish.view", lang, label=run.title))
