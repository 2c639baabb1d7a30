"""What all tests share: the repository, the tools a test may need, and one cache for the whole session."""

from __future__ import annotations

import functools
import os
import re
import shutil
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
    "postgis": (lambda: os.environ.get("SITEPLAN_TEST_POSTGIS"), "SITEPLAN_TEST_POSTGIS names no database"),
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
