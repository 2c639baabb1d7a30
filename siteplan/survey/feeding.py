"""From the communes' answers to layers of the next run: one table a role in ``layers/khao_sat/``, and their entries.

The tables hold what is in force; they are made anew from the records after every import, so that they can be deleted
without loss. Their entries are marked ``updates``: a row stands in place of the row with the same key in other layers.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from siteplan import locale
from siteplan.crs import Province
from siteplan.layers.add import Proposal, append_entry
from siteplan.survey.overview import Sheet, write_book
from siteplan.survey.places import position
from siteplan.survey.questions import ANSWER_ROLES, TOPICS, topic_of
from siteplan.survey.store import FOLDER, InForce, Store, write_whole
from siteplan.tables import INPUTS
from siteplan.tabular import guarded

_FILES: Mapping[str, str] = {
    "commune_reports": "bao_cao", "commune_staff": "bien_che", "facilities": "co_so_nha_dat",
    "facility_buildings": "nha", "proposals": "vi_tri_de_xuat", "filing": "ho_so",
}  # fmt: skip
_ID_OF: Mapping[str, tuple[str, str]] = {
    "facilities": ("facilities", "facility_id"),
    "facility_buildings": ("buildings", "building_id"),
    "proposals": ("proposals", "proposal_id"),
}
_COORDINATES = ("x_north", "y_east")

Rows = list[dict[str, Any]]


def layer_rows(store: Store, province: Province) -> dict[str, Rows]:
    """Return the rows of each role that the answers in force give, by commune and row id."""
    tables: dict[str, Rows] = {role: [] for role in ANSWER_ROLES}
    for code in store.communes():
        answers = store.in_force(code)
        for role in ("commune_reports", "commune_staff", "filing"):
            row = _single(role, answers)
            if row:
                tables[role].append({"commune_code": code, **row})
        for role in ("facilities", "proposals"):
            tables[role] += [{"commune_code": code, **row} for row in _things(role, answers, province)]
        there = {row["facility_id"] for row in tables["facilities"]}
        buildings = [
            row for row in _things("facility_buildings", answers, province)
            if row["facility_id"] in there or not str(row["facility_id"]).startswith("KS-")
        ]  # fmt: skip
        tables["facility_buildings"] += buildings
        for facility in tables["facilities"]:
            count = sum(row["facility_id"] == facility["facility_id"] for row in buildings)
            if count:
                facility["buildings"] = count
    return tables


def _single(role: str, answers: InForce) -> dict[str, Any]:
    row = {}
    for topic in TOPICS:
        if topic.is_list:
            continue
        rows = answers.get(topic.key, {})
        for question in topic.questions:
            value = rows.get(question.key, {}).get(question.key)
            if question.role == role and value is not None:
                row[question.column] = value
    return row


def _things(role: str, answers: InForce, province: Province) -> Rows:
    topic_key, id_column = _ID_OF[role]
    found: Rows = []
    for row_id, values in sorted(answers.get(topic_key, {}).items()):
        row: dict[str, Any] = {id_column: row_id}
        for question in topic_of(topic_key).questions:
            if question.role == role and question.key in values:
                row[question.column] = values[question.key]
        if role == "facility_buildings":
            row["facility_id"] = values["of_facility"]
        place = position(values, province)
        if place is not None:
            row["y_east"], row["x_north"] = place
            if role == "facilities":
                row["position_assumed"] = "no"
        found.append(row)
    return found


def columns_of(role: str) -> list[str]:
    """Columns of the table of a role, coordinates last."""
    table = INPUTS[role]
    names = [name for name in table.names if name not in ("layer", "illustrative", "restricted")]
    return names + (list(_COORDINATES) if table.geometry is not None else [])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else guarded(str(value))


def write_layers(store: Store, tables: Mapping[str, Rows], lang: str = locale.DEFAULT_LANGUAGE) -> list[Path]:
    """Write the tables, each as CSV with an .xlsx twin; a role without rows has no file. Same answers, same bytes."""
    store.folder.mkdir(parents=True, exist_ok=True)
    written = []
    for role, rows in tables.items():
        path = store.folder / f"{_FILES[role]}.csv"
        twin = path.with_suffix(".xlsx")
        if not rows:
            path.unlink(missing_ok=True)
            twin.unlink(missing_ok=True)
            continue
        names = columns_of(role)
        words = io.StringIO(newline="")
        writer = csv.writer(words, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
        write_whole(path, "\ufeff" + words.getvalue())
        table = INPUTS[role]
        labels = {c.name: (c.label if lang != "en" else c.label_en) for c in table.columns}
        headings = [(labels.get(name, locale.text(f"survey.question.{name}", lang)), 16.0) for name in names]
        title = table.label if lang != "en" else table.label_en
        temporary = twin.with_name(twin.name + ".new")
        write_book(temporary, title, [Sheet(title, title, headings, [[row.get(n) for n in names] for row in rows])])
        temporary.replace(twin)
        written.append(path)
    return written


def entry_of(role: str, province: Province) -> Proposal:
    """Return the catalog entry of a role's table."""
    entry: dict[str, Any] = {"role": role, "path": f"{FOLDER}/{_FILES[role]}.csv"}
    if INPUTS[role].geometry is not None:
        entry |= {"xy": ["y_east", "x_north"], "crs": province.epsg}
    entry |= {"updates": True, "source": locale.text("survey.layer.source"), "illustrative": False}
    return Proposal(f"{FOLDER}_{_FILES[role]}", entry, (locale.text("survey.layer.remark"),))


def enter(catalog: Path, store: Store, province: Province, tables: Mapping[str, Rows]) -> list[str]:
    """Add to the catalog the tables it does not have yet; return the names added.

    A catalog of another folder of layers is left alone: its paths lead elsewhere.
    """
    if catalog.resolve().parent != store.layers.resolve():
        return []
    there = tomlkit.parse(catalog.read_text("utf-8-sig")).get("layers", {})
    added = []
    for role, rows in tables.items():
        proposal = entry_of(role, province)
        if rows and proposal.name not in there:
            append_entry(catalog, proposal)
            added.append(proposal.name)
    return added


def today() -> str:
    """Now, local time, ISO to the second."""
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")
