"""Taking in what came back: every file of a folder, one after the other, and what was made of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from siteplan.errors import InputError, Problem
from siteplan.report import SILENT, Reporter
from siteplan.survey.intake import Submission, commune_of_name, read_submission
from siteplan.survey.known import Known
from siteplan.survey.opening import Returned, open_form
from siteplan.survey.places import Ground
from siteplan.survey.store import Difference, Store, differences, in_force
from siteplan.survey.totals import check_totals

Outcome = Literal["taken", "partly", "same", "refused"]
FORM_SUFFIX = ".xlsx"
# what people and programs leave in a folder without meaning it
_IGNORED = (".tmp", ".new", ".ini", ".db")


@dataclass
class Result:
    """What was made of one file.

    Parameters
    ----------
    path
        The file.
    outcome
        ``taken`` with all its rows, ``partly``, ``same`` as one taken before, ``refused``.
    commune
        Code, where it could be told.
    problems
        All that is wrong with it.
    rows_taken, rows_bad
        How many rows say something that was taken, and how many could not be.
    number
        The how many-th submission of its commune it became, or was.
    differences
        What changed against what was in force before; none for a first submission.
    """

    path: Path
    outcome: Outcome = "refused"
    commune: str = ""
    problems: list[Problem] = field(default_factory=list)
    rows_taken: int = 0
    rows_bad: int = 0
    number: int = 0
    differences: list[Difference] = field(default_factory=list)


def files_of(place: Path) -> list[Path]:
    """Files of a folder and the folders below it, or the one file; what programs leave behind is not among them."""
    if place.is_file():
        return [place]
    found = [p for p in place.rglob("*") if p.is_file() and not p.name.startswith(("~$", ".", "Thumbs"))]
    return sorted(p for p in found if p.suffix.lower() not in _IGNORED)


def take_in(
    place: Path,
    store: Store,
    ground: Ground,
    known: Known,
    received: str,
    by: str,
    *,
    keep: bool = True,
    reporter: Reporter = SILENT,
) -> list[Result]:
    """Read returned forms and keep what they say.

    Parameters
    ----------
    place
        A folder, or one file. Nothing in it is changed.
    store
        Where submissions are kept.
    ground, known
        The communes, and what was known of them before.
    received, by
        When and by whom this is done.
    keep
        Whether to keep what was read; else it is only checked.

    Returns
    -------
    list of Result
        One for each file, in the order of their names.

    Raises
    ------
    InputError
        Where there is no such place, or the history cannot be read or written.
    """
    if not place.exists():
        raise InputError(Problem("file_missing", file=str(place)))
    results = [Result(path) for path in files_of(place)]
    opened: dict[int, Returned] = {}
    with reporter.stage("survey.reading", len(results), count=len(results)):
        for at, result in enumerate(results):
            _open(result, opened, at, ground)
            reporter.advance()
        _one_per_commune(results, opened)
        for at, result in enumerate(results):
            if at in opened and not result.problems:
                _take(result, opened[at], store, ground, known, received, by, keep)
            if keep and result.outcome == "refused":
                _note_refusal(result, store, ground, received, by)
    return results


def _note_refusal(result: Result, store: Store, ground: Ground, received: str, by: str) -> None:
    """Keep that a commune sent something of which nothing was taken; it is the one that the file's name tells."""
    sender = commune_of_name(result.path.name) or result.commune
    reasons = [p for p in result.problems if p.severity == "error"]
    if sender in ground.communes and reasons:
        store.refuse(sender, result.path, received, by, reasons)


def _open(result: Result, opened: dict[int, Returned], at: int, ground: Ground) -> None:
    name = result.path.name
    if result.path.suffix.lower() != FORM_SUFFIX:
        result.problems.append(Problem("survey_file_kind", "warning", file=name, value=result.path.suffix))
        return
    try:
        returned = open_form(result.path)
    except InputError as error:
        result.problems += error.problems
        return
    except OSError as error:
        result.problems.append(Problem("file_unreadable", file=name, value=str(error)))
        return
    result.commune = returned.commune
    named = commune_of_name(name)
    if returned.commune not in ground.communes:
        result.problems.append(Problem("survey_commune_unknown", file=name, value=returned.commune))
    elif named and named != returned.commune:
        params = {"named": ground.unit(named), "inside": ground.unit(returned.commune)}
        result.problems.append(Problem("survey_commune_other", file=name, value=named, params=params))
    else:
        opened[at] = returned


def _one_per_commune(results: Sequence[Result], opened: Mapping[int, Returned]) -> None:
    """Two different files of one commune at a time: which one counts is not for a program to say."""
    by_commune: dict[str, list[int]] = {}
    for at, returned in opened.items():
        by_commune.setdefault(returned.commune, []).append(at)
    for places in by_commune.values():
        if len({opened[at].sha256 for at in places}) > 1:
            names = ", ".join(results[at].path.name for at in places)
            for at in places:
                results[at].problems.append(
                    Problem("survey_commune_twice", file=results[at].path.name, value=results[at].commune,
                            params={"files": names})
                )  # fmt: skip


def _take(
    result: Result,
    returned: Returned,
    store: Store,
    ground: Ground,
    known: Known,
    received: str,
    by: str,
    keep: bool,
) -> None:
    before = store.known_file(returned.commune, returned.sha256)
    if before is not None:
        result.outcome, result.number, result.problems = "same", before.number, before.told()
        return
    records = store.records(returned.commune)
    base = _with(known.of(returned.commune), in_force(records))
    answer = read_submission(returned, ground, base)
    check_totals(answer)
    _not_older(answer, records[-1].value("unit", "report_date") if records else None)
    answer.problems = [replace(p, params=dict(p.params)) for p in answer.problems]
    result.problems = answer.problems
    result.rows_taken = sum(row.state == "good" for row in answer.rows)
    result.rows_bad = sum(row.state == "bad" for row in answer.rows)
    if not records and not result.rows_bad and not _says_more(answer, base):
        result.problems.append(Problem("survey_file_empty", file=answer.file))
    if not result.rows_taken or any(p.key in ("survey_older", "survey_file_empty") for p in result.problems):
        return
    result.outcome = "partly" if any(p.severity == "error" for p in answer.problems) else "taken"
    old = in_force(records)
    if keep:
        record = store.add(answer, result.path, received, by)
        result.number = record.number
        new = store.in_force(returned.commune)
    else:
        result.number = len(records) + 1
        new = _with_answer(old, answer)
    if records:
        result.differences = differences(old, new)


def _says_more(answer: Submission, base: Any) -> bool:
    """Whether an answer holds anything that was not filled in before it was sent out."""
    return any(
        row.state == "good" and row.values != base.get(row.topic, {}).get(row.row_id, {})
        for row in answer.rows if row.topic != "buildings" or row.state != "blank"
    )  # fmt: skip


def _with(base: Any, newer: Any) -> Any:
    return {topic: {**base.get(topic, {}), **newer.get(topic, {})} for topic in {*base, *newer}}


def _with_answer(old: Any, answer: Submission) -> Any:
    new = {topic: dict(rows) for topic, rows in old.items()}
    for row in answer.rows:
        if row.state == "good":
            new.setdefault(row.topic, {})[row.row_id] = row.values
        elif row.state == "blank":
            new.get(row.topic, {}).pop(row.row_id, None)
    return new


def _not_older(answer: Submission, last: Any) -> None:
    day = answer.value("unit", "report_date")
    if day is not None and last is not None and str(day) < str(last):
        row = next(r for r in answer.of("unit") if r.row_id == "report_date")
        answer.problems.append(
            Problem("survey_older", file=answer.file, layer=answer.sheets.get("unit", ""),
                    feature=row.cells.get("report_date", ""), column="report_date", value=str(day),
                    params={"last": str(last)})
        )  # fmt: skip
