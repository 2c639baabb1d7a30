"""What all tests share: the repository, the tools a test may need, and one cache for the whole session."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

REPO_ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = REPO_ROOT.parent / "shared" / "data"

# The program generates its embedded data into its cache once; every worker and every run of the tests shares it, and
# the profile of the person who runs the tests stays untouched. Set before anything imports siteplan.
os.environ.setdefault("SITEPLAN_CACHE_DIR", str(REPO_ROOT / ".cache-tests"))


# timings never decide a test
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


def _first_of(*names: str) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None."""
    return os.environ.get("SITEPLAN_CHROMIUM") or _first_of("chromium", "chromium-browser", "google-chrome", "chrome")


def soffice() -> str | None:
    """Return the path of LibreOffice, or None."""
    return _first_of("soffice", "libreoffice")


def postgis() -> bool:
    """Tell whether this machine has a PostgreSQL server with PostGIS and the user it runs as."""
    there = any(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    return there and any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@functools.cache
def registry_answers() -> bool:
    """Tell whether pip can download a small package of the lock."""
    text = (REPO_ROOT / "requirements.lock").read_text(encoding="utf-8")
    entry = re.search(r"^mdurl==(?:.*\\\n)+.*", text, flags=re.MULTILINE)
    assert entry is not None
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "one.txt"
        lock.write_text(entry.group() + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--retries", "1", "--timeout", "15", "--dest", folder, "--requirement", str(lock)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


# Name -> (is it there, the reason to print where it is not).
PROBES: dict[str, tuple[Callable[[], object], str]] = {
    "chromium": (chromium, "no Chromium (Debian: apt-get install chromium)"),
    "gdal": (lambda: _first_of("ogrinfo") and _first_of("ogr2ogr"), "no GDAL programs (Debian: gdal-bin)"),
    "poppler": (lambda: _first_of("pdftotext"), "no pdftotext (Debian: poppler-utils)"),
    "soffice": (soffice, "no LibreOffice (Debian: libreoffice-calc libreoffice-writer)"),
    "postgis": (postgis, "no PostgreSQL server with PostGIS (Debian: postgresql-15 postgresql-15-postgis-3)"),
    "openssl": (lambda: _first_of("openssl"), "no openssl (Debian: openssl)"),
    "data": ((SHARED_DATA / "lang_son_communes.gpkg").is_file, "no open data in ../shared/data"),
    "registry": (registry_answers, "no package registry answers"),
}


def demand(name: str) -> None:
    """Skip the running test where tool or data `name` are absent; fail it where SITEPLAN_REQUIRE names them."""
    is_there, reason = PROBES[name]
    if is_there():
        return
    if name in re.split(r"[\s,]+", os.environ.get("SITEPLAN_REQUIRE", "")):
        pytest.fail(f"{reason}, though SITEPLAN_REQUIRE names {name}", pytrace=False)
    pytest.skip(reason)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("require"):
        for name in marker.args:
            demand(name)


@pytest.fixture(scope="session")
def require() -> Callable[[str], None]:
    """Ask for a tool or data inside a test or fixture, as the marker `require` does for a whole test."""
    return demand


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return REPO_ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real open layers that stands beside the repository."""
    demand("data")
    return SHARED_DATA


@pytest.fixture(scope="session")
def chromium_path() -> str:
    demand("chromium")
    path = chromium()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def soffice_path() -> str:
    demand("soffice")
    path = soffice()
    assert path is not None
    return path


# a PostgreSQL server with PostGIS of our own: on a free loopback port, with a password, gone after the tests
ADMIN = "postgres"
OFFICER = "can_bo"


def programs():
    """Folder of the newest server on this machine that has PostGIS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    return found[-1].parent


class Server:
    """A running server; `address` names a database of it for an officer, without the password."""

    def __init__(self, folder: Path, port: int, password: str):
        self.folder, self.port, self.password = folder, port, password

    def address(self, database: str = "gis", user: str = OFFICER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "gis"):
        import psycopg

        with psycopg.connect(self.address(database, ADMIN), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def load(self, database: str, path: Path, table: str, *options: str, layer: str = "") -> None:
        """Load a file as an officer would, with ogr2ogr."""
        target = f"PG:host=127.0.0.1 port={self.port} dbname={database} user={OFFICER}"
        command = ["ogr2ogr", "-f", "PostgreSQL", target, str(path), *([layer] if layer else []), "-nln", table,
                   "-lco", "GEOMETRY_NAME=geom", "-lco", "FID=fid", "-lco", "LAUNDER=NO", "-lco", "PRECISION=NO",
                   "--config", "PG_USE_COPY", "YES", *options]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def server(require):
    require("postgis")
    folder = Path(tempfile.mkdtemp(prefix="siteplan-pg-"))
    # the server refuses to run as root
    other = {"user": ADMIN, "group": ADMIN} if os.geteuid() == 0 else {}
    if other:
        import pwd  # not on Windows

        known = pwd.getpwnam(ADMIN)
        os.chown(folder, known.pw_uid, known.pw_gid)
    password = secrets.token_urlsafe(12)
    secret = folder / "secret"
    secret.write_text(password, "utf-8")
    if other:
        os.chown(secret, known.pw_uid, known.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bin_folder = programs()

    def call(*command):
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, **other)
        assert done.returncode == 0, done.stderr + done.stdout

    call(bin_folder / "initdb", "-D", folder / "data", "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={secret}",
         "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    call(bin_folder / "pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "-t", "60", "start")
    made = Server(folder, port, password)
    before = os.environ.get("PGPASSWORD")
    os.environ["PGPASSWORD"] = password
    try:
        made.sql(f"create role {OFFICER} login password '{password}'", "postgres")
        made.sql(f"create database gis owner {OFFICER}", "postgres")
        made.sql("create extension postgis")
        made.sql(f"grant insert on spatial_ref_sys to {OFFICER}")
        yield made
    finally:
        call(bin_folder / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
        os.environ.pop("PGPASSWORD", None)
        if before is not None:
            os.environ["PGPASSWORD"] = before


@pytest.fixture
def base(server):
    """An empty database with PostGIS, one a test."""
    name = f"t_{secrets.token_hex(4)}"
    server.sql(f"create database {name} owner {OFFICER}", "postgres")
    server.sql("create extension postgis", name)
    server.sql(f"grant insert on spatial_ref_sys to {OFFICER}", name)
    yield name
    server.sql(f"drop database {name} with (force)", "postgres")


@pytest.fixture
def small_province(tmp_path, shared_data):
    """A workspace for a few neighbouring communes of another province."""
    import pandas as pd
    import pyogrio

    from siteplan.layers.founding import found_workspace

    made = found_workspace(tmp_path / "tinh", "Cao Bằng", str(shared_data)).workspace
    path = made.layers / "province" / "communes.gpkg"
    communes = pyogrio.read_dataframe(path)
    kept = communes.loc[communes.distance(communes.geometry.iloc[0]).sort_values(kind="stable").index[:4]]
    path.unlink()
    pyogrio.write_dataframe(kept, path, layer="communes")
    facts = pd.read_csv(path.with_suffix(".csv"), dtype=str)
    facts[facts["code"].isin(kept["code"])].to_csv(path.with_suffix(".csv"), index=False)
    return made


@pytest.fixture(scope="session")
def raw_words():
    """Return the module that finds in texts what a reader must not meet."""
    place = REPO_ROOT / "tests" / "raw_words.py"
    spec = importlib.util.spec_from_file_location("raw_words", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
