"""A finished run takes its place, and the one before goes to the archive.

A run X is written as ``X.new``. Its manifest is written last, so a folder without one is the rest of a failed run. Then
X moves to ``_luu/<name>/<NN>`` beside it and ``X.new`` becomes X. Where a file in X is held open, the finished
``X.new`` stays and swaps in when the next command starts (:func:`finish_swaps`).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from siteplan.errors import InputError, UsageError
from siteplan.runs.run import ARCHIVE, MANIFEST, Run

KEPT_IN_ARCHIVE = 5


def swap_in(folder: Path) -> Path:
    """Put a finished ``<folder>.new`` in the place of `folder`, whose content goes to the archive."""
    new = folder.with_name(folder.name + ".new")
    if not (new / MANIFEST).is_file():
        return folder
    try:
        if folder.exists():
            archive = folder.parent / ARCHIVE / folder.name
            archive.mkdir(parents=True, exist_ok=True)
            folder.rename(archive / f"{_next_number(archive):02d}")
            _thin_out(archive)
        new.rename(folder)
    except OSError:
        return folder if not new.exists() else new
    return folder


def _next_number(archive: Path) -> int:
    return max((int(p.name) for p in archive.iterdir() if p.name.isdigit()), default=0) + 1


def _thin_out(archive: Path) -> None:
    kept = sorted((p for p in archive.iterdir() if p.name.isdigit()), key=lambda p: int(p.name), reverse=True)
    for old in kept[KEPT_IN_ARCHIVE:]:
        try:
            if Run(old).frozen is None:
                shutil.rmtree(old, ignore_errors=True)
        except (InputError, UsageError):
            shutil.rmtree(old, ignore_errors=True)


def finish_swaps(runs: Path) -> list[Path]:
    """Finish what an earlier command left half done: swap in finished runs. Returns those that are still held up."""
    waiting = []
    if runs.is_dir():
        for manifest in sorted([*runs.glob(f"*.new/{MANIFEST}"), *runs.glob(f"*/*.new/{MANIFEST}")]):
            folder = manifest.parent.with_name(manifest.parent.name.removesuffix(".new"))
            if swap_in(folder) != folder:
                waiting.append(manifest.parent)
    return waiting
