"""Opinions on disk: one CSV per officer under ``layers/opinions/``, only ever appended to.

Each officer writes a file of their own, so that two at once lose nothing; a lock beside the file guards against two
windows of one officer. Rows are never changed: a later opinion on the same site and zone replaces an earlier one on
reading, and both stay on disk.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from siteplan.errors import InputError, LockedError, Problem
from siteplan.layers.columns import iso_date
from siteplan.locale import fold
from siteplan.tables.opinions import DECISIONS
from siteplan.tabular import read_table

FOLDER = "opinions"
COLUMNS = (
    "site_id", "zone_id", "decision", "officer", "date", "reason", "document", "commune_code", "check_result",
    "site_sha", "plans_sha", "overlap_sha", "outline", "run", "recorded",
)  # fmt: skip
NEEDED = ("site_id", "decision", "officer", "date")
LOCK_WAIT_S = 30.0
LOCK_STALE_S = 60.0
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def file_of(folder: Path, officer: str) -> Path:
    """Return the file of an officer: the name in plain letters, and a mark where two names fold to one."""
    plain = re.sub(r"[^a-z0-9]+", "_", fold(officer)).strip("_")[:60]
    mark = hashlib.sha256(" ".join(officer.split()).encode()).hexdigest()[:6]
    return folder / f"{plain or 'can_bo'}_{mark}.csv"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file beside `path` that nobody else can make; wait for whoever has it."""
    lock = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            try:
                if time.time() - lock.stat().st_mtime > LOCK_STALE_S:
                    lock.unlink(missing_ok=True)
                    continue
            except FileNotFoundError:
                continue
            if time.monotonic() > until:
                raise LockedError(Problem("opinion_file_locked", file=str(path))) from None
            time.sleep(0.02)
        except PermissionError:  # Windows says so while the lock is being deleted
            if time.monotonic() > until:
                raise LockedError(Problem("opinion_file_locked", file=str(path))) from None
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _guarded(words: str) -> str:
    plain = " ".join(words.split())
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _unguarded(words: str | None) -> str | None:
    return words[1:] if words and words[0] == "'" and words[1:2] in _FORMULA else words


def append(folder: Path, row: Mapping[str, str]) -> Path:
    """Append an opinion to its officer's file; returns the file.

    Parameters
    ----------
    folder
        ``layers/opinions``.
    row
        Texts by :data:`COLUMNS`; those that are left out stay empty.

    Raises
    ------
    LockedError
        Where the file stays locked for :data:`LOCK_WAIT_S`.
    InputError
        Where the folder cannot be written, or the file of that name has other columns.
    """
    path = file_of(folder, row["officer"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            new = not path.is_file() or path.stat().st_size == 0
            if not new:
                header = path.read_text("utf-8-sig").partition("\n")[0].strip()
                if header != ",".join(COLUMNS):
                    raise InputError(Problem("opinion_file_columns", file=str(path), value=header[:120]))
                broken = not path.read_bytes().endswith(b"\n")
            with path.open("a", encoding="utf-8-sig" if new else "utf-8", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\n")
                if new:
                    writer.writerow(COLUMNS)
                elif broken:  # a person edited the file and left no line end
                    handle.write("\n")
                writer.writerow([_guarded(row.get(name, "") or "") for name in COLUMNS])
                handle.flush()
                os.fsync(handle.fileno())
    except OSError as error:
        raise InputError(Problem("folder_not_writable", file=str(path), value=str(error))) from None
    return path


def read(folder: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read all opinions of a folder.

    Returns
    -------
    tuple
        Rows with :data:`COLUMNS` (None where empty), ``file`` and ``row``, in the order of files and rows; and the
        problems: rows that lack what they need or say something unknown are left out and told.
    """
    frames, problems = [], []
    for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
        try:
            table = read_table(path)
        except InputError as error:
            problems += list(error.problems)
            continue
        lacking = [name for name in NEEDED if name not in table.columns]
        if lacking:
            problems += [Problem("opinion_column_missing", file=path.name, column=name) for name in lacking]
            continue
        rows = table.reindex(columns=[*COLUMNS, "_row"]).astype(object)
        rows = rows.where(rows.notna(), None).rename(columns={"_row": "row"})
        for name in COLUMNS:
            rows[name] = pd.Series([_unguarded(v) for v in rows[name]], dtype=object, index=rows.index)
        rows["file"] = path.name
        keep = []
        for row in rows.to_dict("records"):
            found = _faults(row)
            problems += found
            keep.append(not found)
        rows["date"] = pd.Series([_date(v) for v in rows["date"]], dtype=object, index=rows.index)
        frames.append(rows[keep])
    columns = [*COLUMNS, "row", "file"]
    if not frames:
        return pd.DataFrame(columns=columns, dtype=object), problems
    return pd.concat(frames, ignore_index=True)[columns], problems


def _date(words: str | None) -> str | None:
    try:
        return iso_date(words) if words else None
    except ValueError:
        return None


def _faults(row: Mapping[Any, Any]) -> list[Problem]:
    where: dict[str, Any] = {"file": str(row["file"]), "feature": f"#{row['row']}"}
    found = [Problem("opinion_value_missing", "excluded", column=name, **where) for name in NEEDED if not row[name]]
    if row["decision"] and row["decision"] not in DECISIONS:
        params = {"known": ", ".join(DECISIONS)}
        found.append(
            Problem("opinion_decision_unknown", "excluded", column="decision", value=row["decision"][:60],
                    params=params, **where)
        )  # fmt: skip
    if row["date"] and _date(row["date"]) is None:
        found.append(Problem("opinion_date_invalid", "excluded", column="date", value=row["date"][:60], **where))
    return found
