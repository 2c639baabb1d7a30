"""A PostgreSQL/PostGIS database: connecting to it, and telling what went wrong, without ever a password.

An address names host, database and user; the password comes from the environment (``PGPASSWORD``, ``PGPASSFILE``) or
``~/.pgpass``, where libpq finds it. An address that holds one is refused, so none can reach a file, a log or an error.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from siteplan.errors import InputError, NoSpaceError, Problem

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10
PORT = 5432
SCHEMES = ("postgresql", "postgres")
_SECRET = ("password", "passfile", "sslpassword")
_HIDDEN = "***"


def shown(address: str) -> str:
    """Return an address as it may be shown: without user, password and options, even where it is malformed."""
    plain = address.split("?", 1)[0].split("#", 1)[0]
    scheme, separator, rest = plain.partition("://")
    return f"{scheme}{separator}{rest.rsplit('@', 1)[-1]}" if separator else _HIDDEN


def address_problem(address: str, **where: Any) -> Problem | None:
    """Return what is wrong with an address, or None: another scheme, no database, a password in it."""
    try:
        parts = urlsplit(address)
        options = parse_qsl(parts.query, keep_blank_values=True)
        named, secret = parts.path.strip("/"), parts.password is not None
        _ = parts.port
    except ValueError:
        return Problem("connection_invalid", value=shown(address), **where)
    if secret or any(key.lower() in _SECRET for key, _ in options):
        return Problem("connection_password", value=shown(address), **where)
    if parts.scheme not in SCHEMES or not named:
        return Problem("connection_invalid", value=shown(address), **where)
    return None


def _words(error: BaseException) -> str:
    """Return the first line of what the server or libpq says, with no password of the environment in it."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    for secret in (os.environ.get("PGPASSWORD", ""),):
        said = said.replace(secret, _HIDDEN) if secret else said
    return said


def _answers(address: str) -> bool:
    """Whether something listens at the address: no host that answers is another fault than a refused login."""
    parts = urlsplit(address)
    host = unquote(parts.hostname or os.environ.get("PGHOST", ""))
    if not host or host.startswith("/"):
        return True
    port = parts.port or int(os.environ.get("PGPORT", PORT))
    try:
        with socket.create_connection((host, port), CONNECT_SECONDS):
            return True
    except OSError:
        return False


# what the server calls a fault (SQLSTATE, class or code) and how it is told
_STATES: tuple[tuple[str, str], ...] = (
    ("42P01", "database_sql_table_missing"),
    ("3F000", "database_sql_table_missing"),
    ("42501", "database_denied"),
    ("55P03", "database_busy"),
    ("57014", "database_busy"),
    ("42", "database_sql_wrong"),
    ("22", "database_sql_wrong"),
    ("25006", "database_sql_wrong"),
    ("53100", "database_full"),
    ("53", "database_full"),
    ("08", "database_broken"),
    ("57P", "database_broken"),
)


@contextmanager
def told(address: str, **where: Any) -> Iterator[None]:
    """Turn faults of the database into problems that name the address as it may be shown.

    Raises
    ------
    InputError
        With one problem: a table that is missing, rights that are missing, SQL that is wrong, a connection that broke,
        another fault of the server in its own words.
    NoSpaceError
        Where the server has no space left.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _told(error, address, **where) from None


def _told(error: psycopg.Error, address: str, **where: Any) -> InputError | NoSpaceError:
    state = error.sqlstate or "08"  # no word from the server: it is gone
    key = next((key for start, key in _STATES if state.startswith(start)), "database_failed")
    params = {"address": shown(address), **where.pop("params", {})}
    problem = Problem(key, value=_words(error), params=params, **where)
    return NoSpaceError(problem) if key == "database_full" else InputError(problem)


def driver() -> Any:
    """Return the module psycopg.

    Raises
    ------
    InputError
        Where the extra is not installed.
    """
    try:
        import psycopg
    except ImportError:
        raise InputError(Problem("database_driver_missing")) from None
    return psycopg


def connect(address: str, **where: Any) -> psycopg.Connection[Any]:
    """Connect to a database.

    Raises
    ------
    InputError
        With one problem: the address is wrong or holds a password, the driver is not installed, no host answers, or
        the server refuses the login or does not have the database.
    """
    module = driver()
    if problem := address_problem(address, **where):
        raise InputError(problem)
    try:
        found: psycopg.Connection[Any] = module.connect(
            address, connect_timeout=CONNECT_SECONDS, application_name="siteplan", autocommit=True
        )
    except module.Error as error:
        key = "database_refused" if _answers(address) else "database_unreachable"
        params = {"said": _words(error)}
        raise InputError(Problem(key, value=shown(address), params=params, **where)) from None
    return found
