"""What the communes sent, kept for good: one record a submission, with the file itself, never changed afterwards.

``layers/khao_sat/lich_su/<code>/<number>-<hash>.json`` beside ``….xlsx``. The record is written last and renamed into
place, so a killed import leaves either all of a submission or nothing of it. What is in force is computed from the
records: each row as the last submission that said it well.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from siteplan.cache import sha256_of
from siteplan.errors import InputError, Problem
from siteplan.survey.intake import Submission
from siteplan.survey.questions import SCHEMA_VERSION

FOLDER = "khao_sat"
HISTORY = "lich_su"
REFUSED = "tu_choi"
_RECORD = re.compile(r"(\d{3,})-[0-9a-f]{12}\.json")


@dataclass(frozen=True)
class Record:
    """One submission as it was taken in.

    Parameters
    ----------
    commune, number
        Whose, and the how many-th.
    file, sha256
        Name and hash of what was sent.
    received, by
        When (ISO, local time) and by whom it was taken in.
    rows
        ``topic, id, state, values`` of each row.
    problems
        What was told of it.
    """

    commune: str
    number: int
    file: str
    sha256: str
    received: str
    by: str
    rows: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Mapping[str, Any], ...] = ()
    schema: str = SCHEMA_VERSION

    def value(self, topic: str, question: str) -> Any:
        """Answer of this submission to a single question."""
        for row in self.rows:
            if row["topic"] == topic and row["id"] == question:
                return row["values"].get(question)
        return None

    def told(self) -> list[Problem]:
        """Return the problems as they were told."""
        return [Problem(**problem) for problem in self.problems]


@dataclass(frozen=True)
class Difference:
    """One answer that changed: ``old`` or ``new`` is None where there was, or is, none."""

    topic: str
    row_id: str
    question: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Refusal:
    """A file of which nothing was taken: of which commune, when, by whom, and why."""

    commune: str
    file: str
    sha256: str
    received: str
    by: str
    problems: tuple[Mapping[str, Any], ...] = ()

    def told(self) -> list[Problem]:
        """Return the problems as they were told."""
        return [Problem(**problem) for problem in self.problems]


# topic -> row id -> question -> value
InForce = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Store:
    """The records below a folder of layers."""

    layers: Path
    _cache: dict[str, list[Record]] = field(default_factory=dict, compare=False)

    @property
    def folder(self) -> Path:
        """Folder of the survey's layers and history."""
        return self.layers / FOLDER

    def communes(self) -> list[str]:
        """Codes of communes that sent something, sorted."""
        history = self.folder / HISTORY
        return sorted(p.name for p in history.iterdir() if p.is_dir()) if history.is_dir() else []

    def records(self, commune: str) -> list[Record]:
        """Submissions of a commune, oldest first.

        Raises
        ------
        InputError
            Where a record cannot be read: somebody changed it by hand.
        """
        if commune in self._cache:
            return self._cache[commune]
        folder = self.folder / HISTORY / commune
        found: list[Record] = []
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
            if not _RECORD.fullmatch(path.name):
                continue
            try:
                raw = json.loads(path.read_text("utf-8"))
                rows, problems = tuple(raw.pop("rows")), tuple(raw.pop("problems"))
                found.append(Record(rows=rows, problems=problems, **raw))
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise InputError(
                    Problem("survey_record_unreadable", file=str(path), value=type(error).__name__)
                ) from None
        self._cache[commune] = sorted(found, key=lambda record: record.number)
        return self._cache[commune]

    def known_file(self, commune: str, sha256: str) -> Record | None:
        """Return the record of a file that was taken in before, or None."""
        return next((r for r in self.records(commune) if r.sha256 == sha256), None)

    def in_force(self, commune: str) -> InForce:
        """Return what a commune says by all its submissions together."""
        return in_force(self.records(commune))

    def refusal(self, commune: str) -> Refusal | None:
        """Return the last file of a commune that was refused, or None.

        Raises
        ------
        InputError
            Where the note cannot be read.
        """
        found: list[Refusal] = []
        for path in sorted((self.folder / REFUSED).glob(f"{commune}-*.json")):
            try:
                raw = json.loads(path.read_text("utf-8"))
                found.append(Refusal(problems=tuple(raw.pop("problems")), **raw))
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise InputError(
                    Problem("survey_record_unreadable", file=str(path), value=type(error).__name__)
                ) from None
        return max(found, key=lambda refusal: refusal.received, default=None)

    def refuse(self, commune: str, source: Path, received: str, by: str, problems: Sequence[Problem]) -> None:
        """Note that a file was refused; the same file again changes nothing.

        Raises
        ------
        InputError
            Where the file cannot be read or the folder cannot be written.
        """
        try:
            sha256 = sha256_of(source)
            folder = self.folder / REFUSED
            path = folder / f"{commune}-{sha256[:12]}.json"
            if path.exists():
                return
            told = tuple({**asdict(p), "params": dict(p.params)} for p in problems)
            note = Refusal(commune, source.name, sha256, received, by, told)
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(asdict(note), ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise InputError(Problem("folder_not_writable", file=str(self.folder), value=str(error))) from None

    def add(self, answer: Submission, source: Path, received: str, by: str) -> Record:
        """Take a submission in: its file, then its record.

        Raises
        ------
        InputError
            Where the folder cannot be written.
        """
        number = max((r.number for r in self.records(answer.commune)), default=0) + 1
        record = Record(
            answer.commune, number, answer.file, answer.sha256, received, by,
            tuple({"topic": r.topic, "id": r.row_id, "state": r.state, "values": dict(r.values)} for r in answer.rows),
            tuple({**asdict(p), "params": dict(p.params)} for p in answer.problems),
        )  # fmt: skip
        folder = self.folder / HISTORY / answer.commune
        stem = f"{number:03d}-{answer.sha256[:12]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            temporary = folder / f"{stem}.xlsx.new"
            shutil.copyfile(source, temporary)
            temporary.replace(folder / f"{stem}.xlsx")
            write_whole(folder / f"{stem}.json", json.dumps(asdict(record), ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise InputError(Problem("folder_not_writable", file=str(folder), value=str(error))) from None
        self._cache.pop(answer.commune, None)
        return record


def write_whole(path: Path, words: str) -> None:
    """Write a text file under a temporary name and rename it: it is there whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8", newline="") as handle:
        handle.write(words)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def in_force(records: Sequence[Record]) -> InForce:
    """Return each row as the last submission said it that could be taken; a row left empty is withdrawn."""
    found: InForce = {}
    for record in records:
        for row in record.rows:
            topic = found.setdefault(row["topic"], {})
            if row["state"] == "good":
                topic[row["id"]] = dict(row["values"])
            elif row["state"] == "blank":
                topic.pop(row["id"], None)
    return found


def differences(before: InForce, after: InForce) -> list[Difference]:
    """List answers that differ, cell by cell, in the order of the form."""
    found: list[Difference] = []
    for topic in dict.fromkeys((*before, *after)):
        old_rows, new_rows = before.get(topic, {}), after.get(topic, {})
        for row_id in dict.fromkeys((*old_rows, *new_rows)):
            old, new = old_rows.get(row_id, {}), new_rows.get(row_id, {})
            found += [
                Difference(topic, row_id, question, old.get(question), new.get(question))
                for question in dict.fromkeys((*old, *new))
                if old.get(question) != new.get(question)
            ]
    return found
