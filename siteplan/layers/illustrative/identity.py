"""Which generation of the embedded data belongs to these facts: told without loading what makes them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

GENERATOR_VERSION = "1"


def fingerprint(facts: Path) -> str:
    """SHA-256 over the generator's version and code and the fact files (CSV, TOML) of a folder, by name and content."""
    return _fingerprint(facts, tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in _files(facts)))


@lru_cache(maxsize=8)
def _fingerprint(facts: Path, _marks: tuple[tuple[str, int, int], ...]) -> str:
    """Every layer of the catalog asks: files of the same size and time are read once a process."""
    digest = hashlib.sha256(f"generator {GENERATOR_VERSION}\n".encode())
    for name, content_hash in (*hashes(Path(__file__).parent, ".py").items(), *hashes(facts).items()):
        digest.update(f"{name} {content_hash}\n".encode())
    return digest.hexdigest()


def hashes(folder: Path, *suffixes: str) -> dict[str, str]:
    """SHA-256 of the files of a folder, by name; of the fact files where no suffix is given."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(folder, *suffixes)}


def _files(folder: Path, *suffixes: str) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (suffixes or (".csv", ".toml")))
