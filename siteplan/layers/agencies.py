"""Who answers for what: ``layers/agencies.csv``; and what was answered: ``layers/agency_answers.csv``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from siteplan.errors import InputError, Problem
from siteplan.layers.columns import iso_date
from siteplan.locale import fold, value_text
from siteplan.tables import listed
from siteplan.tables.agencies import AGENCY_COLUMNS, ANSWERS, BLANKS, REQUEST_KEYS, SHEET_MARK, Agency
from siteplan.tabular import read_table

FILE, ANSWERS_FILE = "agencies.csv", "agency_answers.csv"
ANSWER_COLUMNS = (*REQUEST_KEYS, *BLANKS, "file")
MAX_BYTES = 20 * 1024**2
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_agencies(folder: Path) -> list[Agency]:
    """Read ``agencies.csv`` of a folder of layers.

    Raises
    ------
    InputError
        Where it is missing, lacks a column, or names an agency twice; all faults at once.
    """
    path = folder / FILE
    table = read_table(path)
    problems = [
        Problem("agency_column_missing", file=str(path), column=name)
        for name in AGENCY_COLUMNS
        if name not in table.columns
    ]
    if problems:
        raise InputError(*problems)
    found = []
    for row in table.to_dict("records"):
        cells = {name: str(row[name] or "").strip() for name in AGENCY_COLUMNS}
        if not cells["agency_id"] or not cells["agency"]:
            problems.append(Problem("agency_unnamed", file=str(path), feature=f"#{row['_row']}"))
            continue
        kinds, sources, zones, functions = (
            tuple(listed(cells[name])) for name in ("plan_kinds", "sources", "zones", "functions")
        )
        found.append(
            Agency(cells["agency_id"], cells["agency"], cells["address"] or cells["agency"], kinds, sources, zones,
                   functions, cells["communes"] or "*", cells["confirm_only"] in ("1", "true"),
                   cells["per_commune"] in ("1", "true"), cells["legal_basis"], cells["certainty"] or "P")
        )  # fmt: skip
    ids = [a.agency_id for a in found]
    problems += [
        Problem("agency_twice", file=str(path), value=name) for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if problems:
        raise InputError(*problems)
    return found


def read_answers(folder: Path) -> pd.DataFrame:
    """Read what was answered so far: rows of :data:`ANSWER_COLUMNS`, empty where nothing was."""
    path = folder / ANSWERS_FILE
    if not path.is_file():
        return pd.DataFrame(columns=list(ANSWER_COLUMNS), dtype=object)
    table = read_table(path).reindex(columns=list(ANSWER_COLUMNS)).astype(object)
    for name in ANSWER_COLUMNS:
        cells = [None if pd.isna(v) else str(v) for v in table[name]]
        table[name] = pd.Series(
            [v[1:] if v and v[0] == "'" and v[1:2] in _FORMULA else v for v in cells], dtype=object, index=table.index
        )
    return table


def write_answers(folder: Path, answers: pd.DataFrame) -> Path:
    """Write the answers, sorted, under a temporary name until complete; no text of them becomes a formula.

    Raises
    ------
    InputError
        Where the folder cannot be written.
    """
    path = folder / ANSWERS_FILE
    part = path.with_name(f".{path.name}.new")
    rows = answers.sort_values(list(REQUEST_KEYS), kind="stable", na_position="first").to_dict("records")
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(ANSWER_COLUMNS)
            for row in rows:
                cells = ["" if pd.isna(row[n]) else " ".join(str(row[n]).split()) for n in ANSWER_COLUMNS]
                writer.writerow([f"'{c}" if c.startswith(_FORMULA) else c for c in cells])
        part.replace(path)
    except OSError as error:
        raise InputError(Problem("folder_not_writable", file=str(path), value=str(error))) from None
    finally:
        part.unlink(missing_ok=True)
    return path


def import_answers(files: Sequence[Path], asked: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Read returned workbooks.

    Parameters
    ----------
    files
        Workbooks as they came back.
    asked
        ``agency_id, commune_code, site_id, zone_id``: what was asked.

    Returns
    -------
    tuple
        Answers given (rows of :data:`ANSWER_COLUMNS`); problems by file, sheet and cell. An answer without document
        number or date is told and not taken: it would not stand.
    """
    known = set(asked[["agency_id", "commune_code", "site_id", "zone_id"]].itertuples(index=False, name=None))
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    seen: dict[tuple[Any, ...], str] = {}
    for path in files:
        try:
            found, faults = _of_file(path, known)
        except InputError as error:
            problems += list(error.problems)
            continue
        problems += faults
        for row in found:
            key = tuple(row[n] for n in REQUEST_KEYS)
            if key in seen and seen[key] != path.name:
                problems.append(Problem("answer_twice", "warning", file=path.name, feature=key[2],
                                        value=seen[key]))  # fmt: skip
            seen[key] = path.name
            rows.append(row)
    return pd.DataFrame(rows, columns=list(ANSWER_COLUMNS), dtype=object), problems


def _of_file(path: Path, known: set[tuple[Any, ...]]) -> tuple[list[dict[str, Any]], list[Problem]]:
    if path.stat().st_size > MAX_BYTES:
        raise InputError(Problem("answer_file_large", file=path.name))
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken or protected file provokes
        raise InputError(Problem("workbook_unreadable", file=path.name, value=type(error).__name__)) from None
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    marked = False
    for sheet in book.worksheets:
        head = next((c for line in sheet.iter_rows(max_row=30, max_col=1) for c in line if c.value == SHEET_MARK), None)
        if head is None:
            continue
        marked = True
        columns = {str(c.value): c.column for c in sheet[head.row] if c.value is not None}
        lacking = [n for n in (*REQUEST_KEYS, *BLANKS) if n not in columns]
        if lacking:
            problems += [Problem("answer_column_missing", file=path.name, layer=sheet.title, column=n) for n in lacking]
            continue
        for line in range(head.row + 2, sheet.max_row + 1):
            cells = {name: sheet.cell(line, at) for name, at in columns.items() if name != SHEET_MARK}
            row, faults = _of_row({n: cells[n] for n in (*REQUEST_KEYS, *BLANKS)}, path.name, sheet.title, known)
            problems += faults
            if row is not None:
                rows.append(row)
    if not marked:
        raise InputError(Problem("answer_file_other", file=path.name))
    return rows, problems


def _words(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    return (
        value.date().isoformat() if hasattr(value, "date") and hasattr(value, "hour") else " ".join(str(value).split())
    )


def _of_row(
    cells: dict[str, Any], file: str, sheet: str, known: set[tuple[Any, ...]]
) -> tuple[dict[str, Any] | None, list[Problem]]:
    key = tuple(_words(cells[n]) for n in REQUEST_KEYS)
    given = {n: _words(cells[n]) for n in BLANKS}
    if not any(key) or not any(given.values()):
        return None, []

    def told(problem: str, name: str, **params: Any) -> Problem:
        place = {"file": file, "layer": sheet, "feature": cells[name].coordinate, "column": name}
        return Problem(problem, "excluded", value=_words(cells[name])[:80], params=params, **place)

    faults = []
    if key not in known:
        faults.append(told("answer_not_asked", "site_id"))
    token = _answer(given["answer"])
    if not token:
        known_words = "; ".join(value_text("answer", t) for t in ANSWERS)
        faults.append(told("answer_not_understood", "answer", known=known_words))
    if not given["document_no"]:
        faults.append(told("answer_without_document", "document_no"))
    date = ""
    try:
        date = iso_date(given["document_date"])
    except ValueError:
        faults.append(told("answer_date_invalid", "document_date"))
    if token == "agree_with_conditions" and not given["conditions"]:  # noqa: S105 - a word of the form
        faults.append(told("answer_without_conditions", "conditions"))
    if faults:
        return None, faults
    record = dict(zip(REQUEST_KEYS, key, strict=True))
    return {**record, **given, "answer": token, "document_date": date, "file": file}, []


def _answer(words: str) -> str:
    plain = fold(words)
    for token in ANSWERS:
        if plain in (token, *(fold(value_text("answer", token, lang)) for lang in ("vi", "en"))):
            return token
    return ""


def answers_of_run(folder: Path, sites: pd.DataFrame) -> tuple[pd.DataFrame, list[Agency], list[Problem]]:
    """Put what the agencies answered beside the sites of a run.

    Parameters
    ----------
    folder
        Where ``agencies.csv`` and ``agency_answers.csv`` lie; either may be missing.
    sites
        ``site_id`` of the run's sites.

    Returns
    -------
    tuple
        Rows of :data:`siteplan.tables.RESULTS` ``agency_answers``: an answer about a site that the run no longer has
        stays and is ``orphaned``; the agencies; what is wrong with the files, as warnings.
    """
    problems: list[Problem] = []
    agencies: list[Agency] = []
    try:
        agencies = read_agencies(folder) if (folder / FILE).is_file() else []
        given = read_answers(folder)
    except InputError as error:
        problems = [replace(p, severity="warning") for p in error.problems]
        given = pd.DataFrame(columns=list(ANSWER_COLUMNS), dtype=object)
    given = given[given["answer"].isin(ANSWERS) & given["agency_id"].notna() & given["site_id"].notna()]
    given = given.drop_duplicates(["agency_id", "site_id", "zone_id"], keep="last").reset_index(drop=True)
    names = {a.agency_id: a.agency for a in agencies}
    known = set(sites["site_id"])
    return (
        given.assign(
            agency=[names.get(i, i) for i in given["agency_id"]],
            commune_code=[str(i).split("-", 1)[0] for i in given["site_id"]],
            zone_id=given["zone_id"].fillna(""),
            answer_state=["valid" if i in known else "orphaned" for i in given["site_id"]],
        ),
        agencies,
        problems,
    )
