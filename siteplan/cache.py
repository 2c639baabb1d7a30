"""What is kept between runs in the user's own cache: under the hash of its inputs, safe to delete, no pickles.

An entry is written under a temporary name and renamed. One that does not read back is computed again. A cache that
cannot be written costs time, never a result.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from siteplan.workspace import cache_folder

KEPT = 6


# rooms that neither layers nor sites may import: what they hold cannot change what those find
BEYOND_SITES = ("cli", "decide", "need", "outputs", "survey")


@cache
def code_fingerprint(package: str = "siteplan", without: tuple[str, ...] = ()) -> str:
    """Hash of the source of a package: what other code computed is not taken for this code's.

    Parameters
    ----------
    package
        Importable name.
    without
        Folders of the package that what is kept cannot depend on.
    """
    digest = hashlib.sha256()
    folder = Path(str(resources.files(package)))
    for module in sorted(folder.rglob("*.py")):
        if module.relative_to(folder).parts[0] not in without:
            digest.update(module.read_bytes())
    return digest.hexdigest()


def key_of(*parts: str | bytes) -> str:
    """Hash of the inputs, as the name of an entry."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:32]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def kept_json(kind: str, key: str, compute: Callable[[], Any]) -> Any:
    """Return what JSON can hold: the entry `key` of a `kind`, else what `compute` gives, which is kept."""

    def read(folder: Path) -> Any:
        return json.loads((folder / "content.json").read_text("utf-8"))

    def write(folder: Path, content: Any) -> None:
        (folder / "content.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    return kept(kind, key, compute, read, write)


def kept(
    kind: str,
    key: str,
    compute: Callable[[], Any],
    read: Callable[[Path], Any],
    write: Callable[[Path, Any], None],
    unreadable: tuple[type[Exception], ...] = (),
    keep: int = KEPT,
) -> Any:
    """Return an entry by its own way of reading and writing a folder; fresh or kept, the same values come out.

    Parameters
    ----------
    kind, key
        Kind of the entry and hash of its inputs.
    compute
        Makes it where it is not there.
    read, write
        Read it from a folder; write it into one.
    unreadable
        What `read` raises on a broken entry, besides OSError and ValueError.
    keep
        How many entries of the kind stay, the newest first.
    """
    broken: tuple[type[Exception], ...] = (OSError, ValueError, KeyError, TypeError, *unreadable)
    try:
        folder = cache_folder() / kind / key
    except OSError:  # no cache at all
        return compute()
    known = found(kind, key, read, unreadable)
    if known is not None:
        return known
    fresh = compute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
        try:
            write(partial, fresh)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        back = read(folder)
        _thin_out(folder.parent, keep)
    except broken:
        return fresh
    return back


def found(kind: str, key: str, read: Callable[[Path], Any], unreadable: tuple[type[Exception], ...] = ()) -> Any:
    """Return an entry where it is there and reads back, else None; see :func:`kept`."""
    broken: tuple[type[Exception], ...] = (OSError, ValueError, KeyError, TypeError, *unreadable)
    try:
        folder = cache_folder() / kind / key
    except OSError:
        return None
    try:
        return read(folder)
    except broken:
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _thin_out(parent: Path, keep: int) -> None:
    entries = sorted((p for p in parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in entries[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def kept_bytes(kind: str, key: str, compute: Callable[[], bytes], keep: int = KEPT) -> bytes:
    """Return bytes: the entry `key` of a `kind`, else what `compute` gives, which is kept."""

    def write(folder: Path, content: bytes) -> None:
        (folder / "content").write_bytes(content)

    content: bytes = kept(kind, key, compute, lambda folder: (folder / "content").read_bytes(), write, keep=keep)
    return content
