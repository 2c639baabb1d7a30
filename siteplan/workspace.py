"""A workspace: where layers/, scenarios/, maps/ and runs/ are, the lock on it, and the cache outside it."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import platformdirs
import psutil

from siteplan.errors import InputError, LockedError, Problem, UsageError

LOCK_NAME = ".siteplan.lock"
# what a kit says of itself; not "manifest.json", which is what makes a folder a run
KIT_MANIFEST = "ban_giao.json"
KIT_SUMS = "SHA256SUMS.txt"
_held: set[Path] = set()


@dataclass(frozen=True)
class Workspace:
    """The folders of one workspace."""

    root: Path

    @property
    def layers(self) -> Path:
        """Layers, rules, standards and templates."""
        return self.root / "layers"

    @property
    def scenarios(self) -> Path:
        """Scenario files."""
        return self.root / "scenarios"

    @property
    def maps(self) -> Path:
        """Finished maps, and ``style.toml``."""
        return self.root / "maps"

    @property
    def runs(self) -> Path:
        """Run folders."""
        return self.root / "runs"

    def scenario(self, named: Path) -> Path:
        """Return the file of a scenario: as named from the current folder, else from here, else one of ours."""
        places = (named, self.root / named, self.scenarios / named.name)
        return next((place for place in places if place.is_file()), named)

    @property
    def catalog(self) -> Path:
        """The catalog that is used unless another is named."""
        return self.layers / "catalog.toml"


def runs_folder(workspace: Workspace, catalog: Path | None, out: Path | None) -> Path:
    """Folder that holds the runs of a catalog: ``runs/``, ``runs/<catalog stem>/`` for another one, or `out`."""
    if out is not None:
        return out
    if catalog is None or catalog.resolve() == workspace.catalog.resolve():
        return workspace.runs
    return workspace.runs / catalog.stem


def open_workspace(start: str | Path | None = None) -> Workspace:
    """Find the workspace at `start` (default: the current folder) or in a folder above it.

    Raises
    ------
    UsageError
        Where no folder up to the root holds ``layers/catalog.toml``.
    """
    here = Path(start) if start is not None else Path.cwd()
    here = here.resolve()
    for folder in (here, *here.parents):
        if (folder / "layers" / "catalog.toml").is_file() or (folder / "layers" / "province.toml").is_file():
            return Workspace(folder)
    raise UsageError(Problem("workspace_missing", file=str(here)))


def template_folder() -> Path:
    """Folder of the packaged workspace template; the repository itself in a source checkout."""
    packaged = Path(str(resources.files("siteplan"))) / "_template"
    return packaged if packaged.is_dir() else Path(str(resources.files("siteplan"))).parent


def init_workspace(folder: Path) -> Workspace:
    """Write a new workspace from the packaged template.

    Raises
    ------
    UsageError
        Where the folder holds one already.
    """
    if (folder / "layers").exists():
        raise UsageError(Problem("workspace_exists", file=str(folder)))
    source = template_folder()
    for name in ("layers", "scenarios"):
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("open", "__pycache__"))
    (folder / "maps").mkdir(parents=True, exist_ok=True)
    shutil.copy2(source / "maps" / "style.toml", folder / "maps" / "style.toml")
    (folder / "runs").mkdir(exist_ok=True)
    return Workspace(folder.resolve())


def cache_folder() -> Path:
    """Cache of this user, in the user's own profile, never on the share. ``SITEPLAN_CACHE_DIR`` moves it."""
    named = os.environ.get("SITEPLAN_CACHE_DIR")
    folder = Path(named) if named else Path(platformdirs.user_cache_dir("siteplan", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lock_owner(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _alive(owner: dict[str, str]) -> bool:
    if owner.get("host") != socket.gethostname():
        return True  # cannot be known from here
    try:
        process = psutil.Process(int(owner["pid"]))
        return abs(process.create_time() - float(owner["started"])) < 2  # a pid is soon used again
    except (psutil.Error, KeyError, ValueError):
        return False


@contextmanager
def lock(workspace: Workspace, break_stale: bool = True) -> Iterator[None]:
    """Hold the workspace for writing; others are told who holds it, where and since when.

    A lock whose process is gone (same host) is broken. Within the process that holds it, it may be taken again.

    Raises
    ------
    LockedError
        Where another process holds it.
    """
    path = workspace.root / LOCK_NAME
    if path in _held:
        yield
        return
    me = {
        "host": socket.gethostname(),
        "user": getpass.getuser(),
        "pid": str(os.getpid()),
        "started": str(psutil.Process().create_time()),
        "since": datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
    }
    for attempt in range(2):
        try:
            with path.open("x", encoding="utf-8") as handle:
                json.dump(me, handle)
            break
        except FileExistsError:
            owner = _lock_owner(path)
            if attempt == 0 and break_stale and not _alive(owner):
                path.unlink(missing_ok=True)
                continue
            raise LockedError(
                Problem("workspace_locked", file=str(path), params={k: owner.get(k, "?") for k in me})
            ) from None
        except OSError as error:
            raise InputError(Problem("folder_not_writable", file=str(workspace.root), value=str(error))) from None
    _held.add(path)
    try:
        yield
    finally:
        _held.discard(path)
        path.unlink(missing_ok=True)
