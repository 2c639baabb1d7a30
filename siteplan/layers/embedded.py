"""The embedded data: generated once into the user's cache, from the facts beside the catalog."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from siteplan.crs import Province
from siteplan.errors import InputError, NoSpaceError, Problem
from siteplan.layers.catalog import ILLUSTRATIVE_PREFIX
from siteplan.layers.illustrative.identity import fingerprint
from siteplan.report import SILENT, Reporter
from siteplan.workspace import cache_folder

FACTS_FOLDER = "default"
KEPT_GENERATIONS = 3


def facts_folder(catalog_folder: Path) -> Path:
    """Folder of the facts that the embedded data are made from."""
    return catalog_folder / FACTS_FOLDER


def embedded_folder(catalog_folder: Path, province: Province, reporter: Reporter = SILENT) -> Path:
    """Folder of the generated layers; made where the cache has none for these facts.

    Written under a name of its own and renamed when complete: of two processes that generate at once the first one's
    folder stays, and both use it.

    Raises
    ------
    InputError
        Where the facts are missing.
    NoSpaceError
        Where the cache cannot be written.
    """
    facts = facts_folder(catalog_folder)
    if not facts.is_dir():
        raise InputError(Problem("facts_missing", file=str(facts)))
    home = cache_folder() / "illustrative"
    target = home / f"{province.code}-{fingerprint(facts)[:24]}"
    if target.is_dir():
        return target
    own = home / f"{target.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        from siteplan.layers.illustrative.build import generate

        own.mkdir(parents=True)
        generate(facts, own, province, reporter)
        _give_memory_back()
        try:
            own.rename(target)
        except OSError:
            if not target.is_dir():  # nobody else finished it either
                raise
        _forget_old(home, target)
    except OSError as error:
        raise NoSpaceError(Problem("cache_not_writable", file=str(home), value=str(error))) from None
    finally:
        shutil.rmtree(own, ignore_errors=True)
    return target


def _give_memory_back() -> None:
    """Return to the system what the generation has freed: glibc would hold some 250 MB of it during the whole run."""
    with suppress(OSError, AttributeError):  # elsewhere memory is returned without being asked
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _forget_old(home: Path, current: Path) -> None:
    """Keep the newest few generations; what another process still holds open stays."""
    complete = [p for p in home.iterdir() if p.is_dir() and p != current and not p.name.endswith(".tmp")]
    for old in sorted(complete, key=lambda p: p.stat().st_mtime, reverse=True)[KEPT_GENERATIONS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def resolve(path: str, catalog_folder: Path, province: Province, reporter: Reporter = SILENT) -> Path:
    """Return the place on disk of a path of the catalog."""
    if path.startswith(ILLUSTRATIVE_PREFIX):
        return embedded_folder(catalog_folder, province, reporter) / path.removeprefix(ILLUSTRATIVE_PREFIX).strip()
    return catalog_folder / path
