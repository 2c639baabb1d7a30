"""Word files as PDF, by LibreOffice where it is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from siteplan.errors import InputError, Problem

SECONDS = 900


def office() -> str | None:
    """Path of LibreOffice, None where there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found:
        return found
    folders = [os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)")]
    files = [Path(folder) / "LibreOffice" / "program" / "soffice.exe" for folder in folders if folder]
    return next((str(file) for file in files if file.is_file()), None)


def to_pdf(files: Sequence[Path], program: str) -> list[Path]:
    """Turn Word files into PDF files beside them.

    LibreOffice gets a profile of its own, so that one that is open on the desk is not in the way.

    Raises
    ------
    InputError
        Where a file was not turned; the Word files are there all the same.
    """
    targets = [file.with_suffix(".pdf") for file in files]
    for target in targets:
        target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="siteplan-", ignore_cleanup_errors=True) as profile:
        command = [program, f"-env:UserInstallation={Path(profile).as_uri()}", "--headless", "--convert-to", "pdf"]
        command += ["--outdir", str(files[0].parent), *(str(file) for file in files)]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, check=False, capture_output=True, timeout=SECONDS)  # noqa: S603 - our own files
    missing = [target for target in targets if not target.is_file()]
    if missing:
        raise InputError(*(Problem("pdf_not_written", file=str(target)) for target in missing))
    return targets
