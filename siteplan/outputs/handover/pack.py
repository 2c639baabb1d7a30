"""A kit as it is handed over: its name, its manifest, the hashes of its files, the zip, and its place in a folder."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.cache import sha256_of
from siteplan.outputs import run_words
from siteplan.outputs.handover.content import Content
from siteplan.tables import RESULTS
from siteplan.workspace import KIT_MANIFEST, KIT_SUMS

if TYPE_CHECKING:
    from siteplan.runs import Run

FORMAT = 1
_CODES_IN_NAME = 3
_NAME_LIMIT = 120
_COMPRESSION = 2  # the usual 6 takes three times as long for an eighth less


def slug(words: str) -> str:
    """Return words as part of a file name: plain letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", locale.fold(words)).strip("-")


def version_of(run: Run) -> tuple[str, str]:
    """Return version ("" for a draft) and date (ISO) of a run."""
    frozen = run.manifest.get("frozen") or {}
    date = str(frozen.get("date") or run.manifest.get("created") or run_words.scenario_of(run).get("date", ""))[:10]
    return str(frozen.get("version") or ""), date


def kit_name(run: Run, content: Content, form: str = "") -> str:
    """Return the name of a kit: dossier, version (du-thao for a draft), date, form, communes where it has but few."""
    version, date = version_of(run)
    parts = ["ban_giao", re.sub(r"[^\w-]+", "_", run.name), slug(version) or "du-thao", date.replace("-", "")]
    parts.append(form)
    if content.codes is not None:
        few = len(content.codes) <= _CODES_IN_NAME
        parts += list(content.codes) if few else [f"{len(content.codes)}xa"]
    parts += [slug(phase) for phase in content.phases]
    return "_".join(part for part in parts if part)[:_NAME_LIMIT]


def _files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def seal(folder: Path, run: Run, content: Content, name: str, lang: str, told: Mapping[str, Any]) -> list[Path]:
    """Write manifest (with what is `told` beside) and hashes of all files, and zip them; returns them, the zip last."""
    listed = {
        file: {"sha256": sha256_of(folder / file), "bytes": (folder / file).stat().st_size} for file in _files(folder)
    }
    told = {**manifest(run, content, name, lang), **told, "files": listed}
    path = folder / KIT_MANIFEST
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8", newline="\n")
    sums = {**{file: str(entry["sha256"]) for file, entry in listed.items()}, KIT_MANIFEST: sha256_of(path)}
    # the form that `sha256sum --check` reads
    lines = "".join(f"{value}  {file}\n" for file, value in sorted(sums.items()))
    (folder / KIT_SUMS).write_text(lines, "utf-8", newline="\n")
    files = _files(folder)
    archive = folder / f"{name}.zip"
    _zip(archive, folder, files, name, str(run_words.scenario_of(run).get("date", "2000-01-01")))
    return [*(folder / file for file in files), archive]


def manifest(run: Run, content: Content, name: str, lang: str) -> dict[str, Any]:
    """Return what a kit says of itself, without its files; the import of a returned kit reads it."""
    version, date = version_of(run)
    return {
        "format": FORMAT,
        "kit": name,
        "dossier": run_words.title_of(run, lang),
        "run": run.name,
        "run_fingerprint": run.manifest.get("fingerprint"),
        "run_created": run.manifest.get("created"),
        "version": version or None,
        "date": date,
        "draft": not version,
        "lang": lang,
        "epsg": int(run.manifest["province"]["epsg"]),
        "communes": None if content.codes is None else list(content.codes),
        "phases": list(content.phases),
        "themes": list(content.themes),
        "illustrative_layers": list(run.manifest.get("illustrative_layers", ())),
    }


def contents(content: Content) -> dict[str, Any]:
    """Return what the manifest tells of the layers of a kit, and of themes without rows."""
    return {
        "layers": {
            layer.layer_name: {
                "theme": layer.theme,
                "shapefile": f"shp/{layer.file_stem}.shp",
                "geometry": layer.shape,
                "features": len(layer.frame),
                "key": list(layer.table.key),
            }
            for layer in content.layers
        },
        "empty": sorted({t for t in content.themes if t in RESULTS} - {layer.theme for layer in content.layers}),
    }


def _zip(path: Path, folder: Path, names: Sequence[str], top: str, date: str) -> None:
    year, month, day = (int(part) for part in date.split("-"))
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{top}/{name}", (max(year, 1980), month, day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".zip") else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (folder / name).read_bytes(), compresslevel=_COMPRESSION)


def _earlier(folder: Path) -> set[Path]:
    """Files that an earlier kit wrote into a folder, by its own manifest; nothing outside the folder."""
    try:
        told = json.loads((folder / KIT_MANIFEST).read_text("utf-8"))
        names = [*told["files"], KIT_MANIFEST, KIT_SUMS, f"{told['kit']}.zip"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    root = folder.resolve()
    paths = {(folder / str(name)).resolve() for name in names}
    return {path for path in paths if path.is_relative_to(root) and path != root and path.is_file()}


def move_into(part: Path, folder: Path, files: Sequence[Path]) -> list[Path]:
    """Move a finished kit into its folder, which may be the user's: only what an earlier kit wrote is taken away."""
    moved = [folder / path.relative_to(part) for path in files]
    stale = _earlier(folder) - {path.resolve() for path in moved}
    for path, target in zip(files, moved, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    for path in stale:
        path.unlink()
    for emptied in sorted({path.parent for path in stale}, reverse=True):
        if emptied != folder.resolve() and not any(emptied.iterdir()):
            emptied.rmdir()
    for inner in sorted((p for p in part.rglob("*") if p.is_dir()), reverse=True):
        inner.rmdir()
    part.rmdir()
    return moved
