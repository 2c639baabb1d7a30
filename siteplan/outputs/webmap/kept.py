"""Parts of the page that are written once: what lies behind, pictures, the content of a run.

They are kept in the cache as the JSON text the page carries, deflated. Options over the same layers share what lies
behind; a comparison takes the content of its runs from their own maps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shapely

from siteplan import cache
from siteplan.outputs.style import Style
from siteplan.outputs.webmap import background
from siteplan.outputs.webmap.cells import Content, Ready
from siteplan.outputs.webmap.content import run_content
from siteplan.runs import MANIFEST, Run

_KEPT = 12  # runs and pictures of some scenarios and languages


def _key(run: Run, style: Style, lang: str, *more: str | bytes) -> str:
    restricted = str(bool(run.manifest.get("include_restricted")))
    code = cache.code_fingerprint("siteplan.outputs")
    return cache.key_of(style.model_dump_json(), lang, restricted, str(run.epsg), code, *more)


def background_of(run: Run, style: Style, lang: str) -> Content:
    """Background of the page; ``layers`` and ``pictures`` are ready, ``legend`` and ``groups`` can still be changed."""
    drawn = [(name, digest) for name, digest in _pictured(run) if Path(name).stem not in background.OWN_PICTURES]
    ground = b"".join(shapely.to_wkb(run.table("communes").geometry.to_numpy()))

    def compute() -> dict[str, Any]:
        made = background.background_content(run, style, lang)
        return {name: Ready.of(part) if name in ("layers", "pictures") else part for name, part in made.items()}

    if not drawn:
        return compute()
    key = _key(run, style, lang, repr(drawn), ground, str(getattr(run, "code", "")))
    found: Content = cache.kept("maps", key, compute, _read, _write)
    return found


def _pictured(run: Run) -> list[tuple[str, str]]:
    """Return the files of a run that layers and pictures come from, and their hashes."""
    files = run.manifest.get("files", {})
    return sorted(item for item in files.items() if item[0].startswith(("background", "rasters/")))


def run_of(run: Run, style: Style, lang: str) -> tuple[Content, Ready]:
    """Return what the page says of a run: ``title`` and the keys of its own ``pictures``, and all of it, ready."""

    def compute() -> dict[str, Any]:
        own = run_content(run, lang) | {"pictures": _own_pictures(run, style, lang)}
        return {"told": {"title": own["title"], "pictures": sorted(own["pictures"])}, "content": Ready.of(own)}

    if type(run) is not Run:  # one that shows other tables than its folder holds
        found = compute()
    else:
        results = (run.folder / "results.gpkg").stat()
        state = f"{results.st_size} {results.st_mtime_ns}"
        key = _key(run, style, lang, (run.folder / MANIFEST).read_bytes(), json.dumps(run.what_ifs), state)
        found = cache.kept("map_runs", key, compute, _read, _write, keep=_KEPT)
    return found["told"], found["content"]


def _own_pictures(run: Run, style: Style, lang: str) -> Content:
    drawn = [(name, digest) for name, digest in _pictured(run) if Path(name).stem in background.OWN_PICTURES]
    if not drawn or type(run) is not Run:
        return background.own_pictures(run, style)
    key = _key(run, style, lang, repr(drawn))
    found: Content = cache.kept_json("pictures", key, lambda: background.own_pictures(run, style))
    return found


def _read(folder: Path) -> dict[str, Any]:
    parts: dict[str, Any] = json.loads((folder / "content.json").read_text("utf-8"))
    return {name: Ready.read(folder / name) if part is None else part for name, part in parts.items()}


def _write(folder: Path, parts: dict[str, Any]) -> None:
    for name, part in parts.items():
        if isinstance(part, Ready):
            part.write(folder / name)
    plain = {name: None if isinstance(part, Ready) else part for name, part in parts.items()}
    (folder / "content.json").write_text(json.dumps(plain, ensure_ascii=False), "utf-8")
