"""Which generation of the embedded data belongs to these facts: told without loading what makes them."""

from __future__ import annotations

import hashlib
from pathlib import Path

GENERATOR_VERSION = "1"


def fingerprint(facts: Path) -> str:
    """SHA-256 over the generator's version and code and the fact files (CSV, TOML) of a folder, by name and content."""
    digest = hashlib.sha256(f"generator {GENERATOR_VERSION}\n".encode())
    for name, content_hash in (*hashes(Path(__file__).parent, ".py").items(), *hashes(facts).items()):
        digest.update(f"{name} {content_hash}\n".encode())
    return digest.hexdigest()


def hashes(folder: Path, *suffixes: str) -> dict[str, str]:
    """SHA-256 of the files of a folder, by name; of the fact files where no suffix is given."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (suffixes or (".csv", ".toml")))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
