"""Layers that stand in a PostGIS database: one statement, one snapshot, read as a file's features are."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan import database
from siteplan.errors import InputError, Problem
from siteplan.layers.catalog import LayerEntry, nearest
from siteplan.layers.listing import named

if TYPE_CHECKING:
    import psycopg

Array = np.ndarray[Any, Any]
# what ogr2ogr and QGIS call the number of a feature
_NUMBERS = ("fid", "ogc_fid", "gid", "id")
_SAMPLE = 300


@dataclass
class TableLayer:
    """Rows of a table or query.

    Parameters
    ----------
    columns
        Values by column, without geometry.
    geometry
        Geometries in the CRS of the table (two dimensions), None for a plain table.
    crs
        Definition of the geometries' CRS, by the database's own list; None where the table states none.
    labels
        ``#`` and the number of the feature.
    digest
        SHA-256 of the content, whatever the order of the rows in the table.
    """

    columns: dict[str, Array]
    geometry: Array | None
    crs: str | None
    labels: Array
    digest: str
    problems: list[Problem] = field(default_factory=list)

    def sample(self) -> tuple[Array, Array]:
        """Centres of some features, first and second coordinate."""
        if self.geometry is None:
            return np.empty(0), np.empty(0)
        bounds = shapely.bounds(self.geometry[:_SAMPLE])
        bounds = bounds[np.isfinite(bounds).all(axis=1)]
        return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _parts(table: str) -> tuple[str, str]:
    """Return schema ("" where none is named) and table; a name may hold dots within double quotes."""
    pieces = re.findall(r'"((?:[^"]|"")+)"|([^."]+)', table)
    names = [(quoted or plain).replace('""', '"').strip() for quoted, plain in pieces]
    return (names[0], ".".join(names[1:])) if len(names) > 1 else ("", names[0] if names else "")


def _known_tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "select case when n.nspname = any(current_schemas(false)) then c.relname else n.nspname || '.' || c.relname end"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'f', 'p')"
        " and n.nspname not in ('pg_catalog', 'information_schema') order by 1"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _statement(connection: psycopg.Connection[Any], entry: LayerEntry, where: dict[str, Any]) -> Any:
    """Return what to select from: the quoted table, or the query as a derived table."""
    from psycopg import sql

    if entry.sql:
        return sql.SQL("({}) as layer").format(sql.SQL(entry.sql.strip().rstrip(";")))
    schema, table = _parts(entry.table)
    name = sql.Identifier(schema, table) if schema else sql.Identifier(table)
    found = connection.execute("select to_regclass(%s)", [name.as_string(connection)]).fetchone()
    if found is None or found[0] is None:
        known = _known_tables(connection)
        params = {"near": nearest(entry.table, known) or "–", "known": named(known, 20),
                  "address": database.shown(entry.connection)}  # fmt: skip
        raise InputError(Problem("database_table_missing", value=entry.table, params=params, **where))
    return name


def _geometry_columns(connection: psycopg.Connection[Any], source: Any) -> tuple[list[str], list[str]]:
    """Names of all columns of a selection, and of those that hold geometries."""
    from psycopg import sql

    described = connection.execute(sql.SQL("select * from {} limit 0").format(source)).description or []
    kinds = {
        row[0]: row[1]
        for row in connection.execute("select oid, typname from pg_type where typname in ('geometry', 'geography')")
    }
    return [c.name for c in described], [c.name for c in described if c.type_code in kinds]


def _srids(connection: psycopg.Connection[Any], source: Any, column: str) -> dict[int, int]:
    """SRIDs of a column's geometries, and how many have each."""
    from psycopg import sql

    rows = connection.execute(
        sql.SQL("select st_srid({c}::geometry), count(*) from {t} where {c} is not null group by 1 order by 1").format(
            c=sql.Identifier(column), t=source
        )
    )
    return {int(srid): int(count) for srid, count in rows}


def _definition(connection: psycopg.Connection[Any], srid: int) -> str | None:
    """Return what the database knows a SRID as: some programs give numbers of their own to CRS that have a code."""
    found = connection.execute(
        "select auth_name, auth_srid, srtext, proj4text from spatial_ref_sys where srid = %s", [srid]
    ).fetchone()
    if found is None:
        return None
    if str(found[0]).upper() == "EPSG" and found[1]:
        return f"EPSG:{found[1]}"
    return str(found[2] or found[3] or "") or None


def _without_index(connection: psycopg.Connection[Any], entry: LayerEntry, column: str) -> bool:
    """Whether a plain table has no spatial index on its geometry; of views and queries nothing is said."""
    schema, table = _parts(entry.table)
    found = connection.execute(
        "select c.relkind, exists (select 1 from pg_index i join pg_class x on x.oid = i.indexrelid"
        " join pg_am m on m.oid = x.relam join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)"
        " where i.indrelid = c.oid and m.amname in ('gist', 'spgist', 'brin') and a.attname = %s)"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relname = %s and (n.nspname = %s or (%s = '' and pg_table_is_visible(c.oid)))",
        [column, table, schema, schema],
    ).fetchone()
    return found is not None and found[0] in ("r", "p", "m") and not found[1]


def read(entry: LayerEntry, wants_geometry: bool) -> TableLayer:
    """Read a layer.

    Parameters
    ----------
    entry
        With ``connection`` and ``table`` or ``sql``; ``layer`` names the geometry column where there are several.
    wants_geometry
        Whether the role has geometry.

    Raises
    ------
    InputError
        With what is wrong: see :func:`siteplan.database.connect` and :func:`siteplan.database.told`; a table that is
        missing (with the nearest name); several SRIDs in one column; several geometry columns.
    """
    where: dict[str, Any] = {"file": entry.origin, "layer": entry.name}
    with database.connect(entry.connection, **where) as connection, database.told(entry.connection, **where):
        # one snapshot for all that is asked, and nothing can be changed by what a catalog says
        connection.autocommit = False
        connection.read_only = True
        connection.isolation_level = database.driver().IsolationLevel.REPEATABLE_READ
        source = _statement(connection, entry, where)
        names, spatial = _geometry_columns(connection, source)
        column = ""
        problems: list[Problem] = []
        srids: list[int] = []
        if wants_geometry and spatial:
            chosen = [name for name in spatial if name == entry.layer] if entry.layer else spatial
            if len(chosen) != 1:
                raise InputError(
                    Problem("layer_name_needed", value=named(spatial, 20), params={"count": len(spatial)}, **where)
                )
            column = chosen[0]
            counts = _srids(connection, source, column)
            srids = list(counts)
            if len(srids) > 1:
                params = {"srids": "; ".join(f"{srid}: {count}" for srid, count in counts.items()),
                          "table": entry.table or "…"}  # fmt: skip
                raise InputError(
                    Problem("database_srid_mixed", column=column, value=params["srids"], params=params, **where)
                )
            if not entry.sql and _without_index(connection, entry, column):
                problems.append(Problem("database_index_missing", "warning", column=column, value=entry.table, **where))
        frame = _fetched(connection, source, [n for n in names if n not in spatial], column)
        definition = _definition(connection, srids[0]) if srids else None
    return _layer(frame, column, definition, problems)


def content_mark(entry: LayerEntry) -> str:
    """Hash of all rows of a layer, made by the server: whether a colleague has changed something, without reading it.

    Raises
    ------
    InputError
        As :func:`read`.
    """
    from psycopg import sql

    where: dict[str, Any] = {"file": entry.origin, "layer": entry.name}
    with database.connect(entry.connection, **where) as connection, database.told(entry.connection, **where):
        connection.autocommit = False
        connection.read_only = True
        source = _statement(connection, entry, where)
        rows = sql.SQL("select md5(whole::text) as mark from (select * from {}) as whole").format(source)
        found = connection.execute(
            sql.SQL("select count(*), md5(coalesce(string_agg(mark, '' order by mark), '')) from ({}) as marks").format(
                rows
            )
        ).fetchone()
    return ":".join(map(str, found or ()))


def _fetched(connection: psycopg.Connection[Any], source: Any, names: list[str], column: str) -> Any:
    """Read the rows through geopandas and SQLAlchemy, over the connection and within the snapshot that is open."""
    import sqlalchemy
    from psycopg import sql

    chosen: list[sql.Composable] = [sql.Identifier(name) for name in names]
    if column:
        shape = sql.SQL("st_setsrid(st_force2d({}::geometry), 0) as {}").format(
            sql.Identifier(column), sql.Identifier(column)
        )
        chosen.append(shape)
    statement = sql.SQL("select {} from {}").format(sql.SQL(", ").join(chosen), source).as_string(connection)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=sqlalchemy.pool.StaticPool
    )
    query = sqlalchemy.text(re.sub(r"(?<!:):(?=\w)", r"\\:", statement))  # a colon in a query is no parameter
    try:
        with engine.connect() as shared:
            if column:
                return gpd.read_postgis(query, shared, geom_col=column, coerce_float=False)
            return pd.read_sql(query, shared, coerce_float=False, dtype=object)
    except sqlalchemy.exc.DBAPIError as error:
        raise (error.orig or error) from None


def _layer(frame: Any, column: str, crs: str | None, problems: list[Problem]) -> TableLayer:
    geometry = frame[column].to_numpy(object) if column else None
    columns = {str(n): frame[n].astype(object).to_numpy(object) for n in frame.columns if n != column}
    number = next((n for n in _NUMBERS if n in columns and pd.Series(columns[n]).is_unique), None)
    shapes = shapely.to_wkb(geometry) if geometry is not None else np.full(len(frame), b"", dtype=object)
    texts = [repr(tuple(values[i] for _, values in sorted(columns.items()))) for i in range(len(frame))]
    content = [t.encode() + (w or b"") for t, w in zip(texts, shapes, strict=True)]
    # a table has no order of its own: that of the numbers where there are any, else that of the content
    keys: Any = columns[number] if number is not None else content
    order = np.array(sorted(range(len(frame)), key=lambda i: keys[i]), dtype=int)
    digest = hashlib.sha256(f"{crs}|{sorted(columns)}".encode())
    for i in order:
        digest.update(hashlib.sha256(content[i]).digest())
    labels = np.array(
        [f"#{columns[number][i]}" if number is not None else f"#{n + 1}" for n, i in enumerate(order)], dtype=object
    )
    return TableLayer(
        {name: values[order] for name, values in columns.items() if name != number},
        None if geometry is None else geometry[order], crs, labels, digest.hexdigest(), problems,
    )  # fmt: skip
