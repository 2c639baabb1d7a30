"""Real open data, fetched from a mirror folder or address into ``layers/open/``; the only place that uses a network.

What is fetched is written beside its place under ``.part``, continued where it stopped, and given its name only when
size and SHA-256 are those of ``layers/sources.toml``.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from siteplan.cache import sha256_of
from siteplan.errors import InputError, Problem
from siteplan.report import SILENT, Reporter
from siteplan.toml_files import read_toml
from siteplan.workspace import Workspace

SOURCES_FILE = "sources.toml"
FOLDER = "open"
CHUNK = 1 << 20
TIMEOUT_S = 60
_PARTIAL, _WHOLE, _RANGE_USELESS = 206, 200, 416


class OpenFile(BaseModel):
    """One file of the open data: what it must be, who made it, where to ask for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")
    title: str = ""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(gt=0)
    licence: str
    attribution: str
    ask: str = ""
    address: str = Field("", pattern=r"^(https?://.*)?$")


def load_sources(path: Path) -> tuple[OpenFile, ...]:
    """Read ``sources.toml``; :class:`~siteplan.errors.InputError` with all that is wrong in it."""
    raw = read_toml(path)
    files, problems = [], []
    for part in raw.get("file", []):
        try:
            files.append(OpenFile.model_validate(part))
        except ValidationError as error:
            name = str(part.get("name", "?")) if isinstance(part, dict) else "?"
            problems += [
                Problem(
                    "source_entry_invalid",
                    file=str(path),
                    feature=name,
                    column=".".join(str(step) for step in item["loc"]),
                    value=repr(item.get("input"))[:60],
                )
                for item in error.errors()
            ]
    if not files and not problems:
        problems.append(Problem("sources_empty", file=str(path)))
    if problems:
        raise InputError(*problems)
    return tuple(files)


def _is_address(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _opener() -> urllib.request.OpenerDirector:
    """Make an opener for http and https alone: a redirect to ``file:`` or ``ftp:`` finds no handler."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _chunks(stream: IO[bytes] | Any) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _fetch(file: OpenFile, address: str, part: Path, reporter: Reporter) -> None:
    """Download into `part`, continuing what is there. The server may send more than it should: that is cut off."""
    begun = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(address)  # noqa: S310 - the scheme was checked, the opener knows no other
    if begun:
        request.add_header("Range", f"bytes={begun}-")
    try:
        response = _opener().open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_USELESS:
            raise
        part.unlink(missing_ok=True)
        begun = 0
        request = urllib.request.Request(address)  # noqa: S310
        response = _opener().open(request, timeout=TIMEOUT_S)
    with response:
        going_on = begun > 0 and response.status == _PARTIAL
        if going_on:
            reporter.advance(begun)
        written = begun if going_on else 0
        with part.open("ab" if going_on else "wb") as sink:
            for chunk in _chunks(response):
                written += len(chunk)
                sink.write(chunk)
                reporter.advance(len(chunk))
                if written > file.size:
                    break


def _copy(origin: Path, part: Path, reporter: Reporter) -> None:
    """Copy from a mirror folder, continuing a copy that was broken off where the bytes so far agree."""
    with origin.open("rb") as source:
        begun = part.stat().st_size if part.is_file() else 0
        same = begun > 0 and _agree(source, part, begun)
        if not same:
            source.seek(0)
        with part.open("ab" if same else "wb") as sink:
            reporter.advance(begun if same else 0)
            for chunk in _chunks(source):
                sink.write(chunk)
                reporter.advance(len(chunk))


def _agree(source: IO[bytes], part: Path, length: int) -> bool:
    with part.open("rb") as begun:
        while length > 0:
            size = min(CHUNK, length)
            if source.read(size) != begun.read(size):
                return False
            length -= size
    return True


def _is_right(path: Path, file: OpenFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256


def _origin(file: OpenFile, source: str | None) -> str | Path | None:
    """Where a file comes from: below the mirror, or its own address, or nowhere."""
    if source is None:
        return file.address or None
    if _is_address(source):
        return source.rstrip("/") + "/" + urllib.parse.quote(file.name)
    return Path(source) / file.name


def _problem(key: str, file: OpenFile, value: object = "", **params: Any) -> Problem:
    return Problem(
        key,
        file=f"{FOLDER}/{file.name}",
        value=str(value)[:200],
        params={"ask": file.ask or "–", "title": file.title or file.name, "licence": file.licence, **params},
    )


def _pull_one(file: OpenFile, folder: Path, source: str | None, reporter: Reporter) -> list[Problem]:
    target = folder / file.name
    if _is_right(target, file):
        reporter.advance(file.size)
        reporter.say("data.there", file=file.name)
        return []
    origin = _origin(file, source)
    if origin is None:
        return [_problem("open_data_no_address", file)]
    part = target.with_name(target.name + ".part")
    try:
        if isinstance(origin, Path):
            if not origin.is_file():
                return [_problem("open_data_not_in_mirror", file, origin)]
            _copy(origin, part, reporter)
        else:
            _fetch(file, origin, part, reporter)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        return [_problem("open_data_not_fetched", file, getattr(error, "reason", "") or error, address=str(origin))]
    except OSError as error:
        return [_problem("open_data_not_written", file, error)]
    size = part.stat().st_size
    if size < file.size:
        return [_problem("open_data_cut_off", file, f"{size} / {file.size}")]
    if not _is_right(part, file):
        found = sha256_of(part)
        part.unlink(missing_ok=True)
        return [_problem("open_data_wrong", file, found[:16], expected=file.sha256[:16], size=size)]
    try:
        part.replace(target)
    except OSError as error:  # held open by another program
        return [_problem("open_data_not_written", file, error)]
    reporter.say("data.pulled", file=file.name, attribution=file.attribution)
    return []


def pull(workspace: Workspace, source: str | None, reporter: Reporter = SILENT) -> list[Problem]:
    """Fill ``layers/open/`` with the files of ``layers/sources.toml``.

    Parameters
    ----------
    workspace
        Where to.
    source
        Mirror: a folder, or an ``http(s)`` address below which the files lie. None takes each file's own public
        address.
    reporter
        Told of the bytes (``data.pulling``), and of each file that is there or was fetched.

    Returns
    -------
    list of Problem
        One for each file that could not be had, with where to ask for it; empty where all are there and verified. A
        file that is there and right is not fetched again; one that was broken off is continued.

    Raises
    ------
    InputError
        Where ``sources.toml`` has errors, or `source` is neither a folder nor such an address.
    """
    files = load_sources(workspace.layers / SOURCES_FILE)
    return pull_files(files, workspace.layers / FOLDER, source, reporter)


def pull_files(
    files: tuple[OpenFile, ...], folder: Path, source: str | None, reporter: Reporter = SILENT
) -> list[Problem]:
    """Fill a folder with the files named; parameters, result and errors as in :func:`pull`."""
    if source is not None and not _is_address(source) and not Path(source).is_dir():
        raise InputError(Problem("open_data_mirror_unknown", file=source))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Problem("folder_not_writable", file=str(folder), value=str(error))) from None
    problems: list[Problem] = []
    with reporter.stage("data.pulling", sum(file.size for file in files)):
        for file in files:
            problems += _pull_one(file, folder, source, reporter)
    return problems
