"""What moved between two runs of an option, and why: for every round of comments.

Runs over different inputs may be compared here: the layers, settings and assumptions that differ are the causes told
first; then each commune whose phase, years, site, rank, need or cost moved, with the causes that its own row shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.locale import Message
from siteplan.outputs import spreadsheet, summary, wording
from siteplan.outputs.spreadsheet import Field

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

# results that move, then the figures that explain a move, each (column, table, least change that counts)
MOVED = ("status", "phase", "start_year", "finish_year", "site_id", "build_type")
CAUSES: tuple[tuple[str, float], ...] = (
    ("priority_rank", 0.5),
    ("priority_points", 0.05),
    ("population", 0.5),
    ("required_floor_area_m2", 0.5),
    ("existing_floor_area_m2", 0.5),
    ("deficit_floor_area_m2", 0.5),
    ("cost_at_price_year", 5e5),
    ("best_site_score", 0.05),
)
TOKEN_CAUSES = ("gap_basis", "report_state", "best_check_result", "best_conformity", "best_clearance")


@dataclass(frozen=True)
class Changes:
    """What differs between an earlier and a later run.

    Parameters
    ----------
    before, after
        The runs.
    inputs
        Messages: layers, settings and assumptions that differ.
    communes
        A row a commune that moved: commune_code, name, priority_rank, ``moved`` and ``causes`` (messages).
    totals
        Messages: how many communes moved, and the sums before and after.
    """

    before: Run
    after: Run
    inputs: list[Message]
    communes: pd.DataFrame
    totals: list[Message]


def _flat(prefix: str, node: Any, into: dict[str, str]) -> None:
    if isinstance(node, Mapping):
        for key, value in node.items():
            _flat(f"{prefix}.{key}" if prefix else str(key), value, into)
    elif isinstance(node, list) and node and all(isinstance(v, Mapping) for v in node):
        for n, value in enumerate(node, 1):
            name = next((str(value[k]) for k in ("key", "name", "commune") if value.get(k)), str(n))
            _flat(f"{prefix}[{name}]", value, into)
    else:
        into[prefix] = "" if node is None or node == [] else str(node)


def _inputs(before: Run, after: Run) -> list[Message]:
    messages: list[Message] = []
    own, theirs = (run.manifest.get("inputs", {}) for run in (before, after))
    for layer in sorted({*own, *theirs}):
        if own.get(layer) != theirs.get(layer):
            key = "layer_new" if layer not in own else "layer_gone" if layer not in theirs else "layer_changed"
            messages.append((f"changes.{key}", {"layer": layer}))
    settings: list[dict[str, str]] = [{}, {}]
    for run, into in zip((before, after), settings, strict=True):
        _flat("", run.manifest.get("scenario", {}), into)
    for key in sorted({*settings[0], *settings[1]}):
        old, new = (into.get(key, "") for into in settings)
        if old != new and key not in ("title", "title_en"):
            messages.append(("changes.setting", {"key": key, "old": old or "–", "new": new or "–"}))
    if before.manifest.get("version") != after.manifest.get("version"):
        params = {"old": str(before.manifest.get("version")), "new": str(after.manifest.get("version"))}
        messages.append(("changes.version", params))
    return messages or [("changes.same_inputs", {})]


def _joined(run: Run) -> pd.DataFrame:
    rows = pd.DataFrame(summary.programme(run)[["commune_code", *MOVED]])
    names = ["code", "name", *(name for name, _ in CAUSES), *TOKEN_CAUSES]
    marks = pd.DataFrame(run.communes[names]).rename(columns={"code": "commune_code"})
    return marks.merge(rows, on="commune_code", how="left").set_index("commune_code")


def _moves(old: pd.Series[Any], new: pd.Series[Any]) -> Iterator[Message]:
    for name in MOVED:
        a, b = wording.scalar(old[name]), wording.scalar(new[name])
        if a != b:
            yield f"changes.{name}", {"old": "–" if a is None else a, "new": "–" if b is None else b}


def _causes(old: pd.Series[Any], new: pd.Series[Any]) -> Iterator[Message]:
    for name, least in CAUSES:
        a, b = wording.scalar(old[name]), wording.scalar(new[name])
        if (a is None) != (b is None) or (a is not None and abs(float(a) - float(b)) > least):
            yield f"changes.{name}", {"old": a, "new": b}
    for name in TOKEN_CAUSES:
        a, b = wording.scalar(old[name]), wording.scalar(new[name])
        if a != b:
            yield f"changes.{name}", {"old": "–" if a is None else a, "new": "–" if b is None else b}


def changes(before: Run, after: Run) -> Changes:
    """Find what moved from an earlier run to a later one.

    A commune that moved though none of its own figures changed was moved by others or by the limits: it says so.
    """
    old, new = _joined(before), _joined(after)
    rows = []
    for code in new.index.union(old.index):
        if code not in old.index or code not in new.index:
            key = "changes.commune_new" if code in new.index else "changes.commune_gone"
            source = new if code in new.index else old
            moved: list[Message] = [(key, {})]
            causes: list[Message] = []
            name, rank = source.loc[code, "name"], source.loc[code, "priority_rank"]
        else:
            moved, causes = list(_moves(old.loc[code], new.loc[code])), list(_causes(old.loc[code], new.loc[code]))
            name, rank = new.loc[code, "name"], new.loc[code, "priority_rank"]
        if moved or causes:
            own = causes or [("changes.by_others", {})]
            rows.append({"commune_code": code, "name": name, "priority_rank": rank, "moved": moved, "causes": own})
    columns = ["commune_code", "name", "priority_rank", "moved", "causes"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["priority_rank", "commune_code"], na_position="last")
    count = int(table["moved"].map(bool).sum())
    totals: list[Message] = [("changes.count", {"moved": count, "touched": len(table)})]
    for key, frame_old, frame_new in _sums(before, after):
        if abs(frame_old - frame_new) > 1e-6:
            totals.append((f"changes.total_{key}", {"old": frame_old, "new": frame_new}))
    return Changes(before, after, _inputs(before, after), table.reset_index(drop=True), totals)


def _sums(before: Run, after: Run) -> Iterator[tuple[str, float, float]]:
    rows = [summary.programme(run) for run in (before, after)]
    planned = [frame[frame["status"] == "planned"] for frame in rows]
    yield "planned", float(len(planned[0])), float(len(planned[1]))
    for key, column in (("people", "population"), ("cost", "cost_at_price_year"), ("deficit", "deficit_floor_area_m2")):
        old, new = (summary.add_up(frame[column]) or 0.0 for frame in planned)
        yield key, old, new


def write_changes(found: Changes, path: Path, lang: str = locale.DEFAULT_LANGUAGE) -> Path:
    """Write the report of changes as a workbook: what differs in the inputs, and each commune that moved."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = locale.text
    title = words("changes.title", lang)
    with spreadsheet.Book(path, [found.before, found.after], lang, title) as book:
        fields = [Field(words(f"changes.column.{name}", lang), width, kind) for name, width, kind in _COLUMNS]
        rows = [
            [
                wording.scalar(row["priority_rank"]),
                row["commune_code"],
                row["name"],
                lines(row["moved"], lang) or words("changes.stays", lang),
                lines(row["causes"], lang),
            ]
            for row in found.communes.to_dict("records")
        ]
        notes = [*lines(found.totals, lang).splitlines()]
        book.sheet(words("changes.sheet", lang), title, fields, rows, notes=notes)
        of_inputs = [[lines([one], lang, (found.after, found.before))] for one in found.inputs]
        heading = words("changes.inputs_title", lang)
        book.sheet(words("changes.inputs_sheet", lang), heading, [Field(heading, 120, "text")], of_inputs)
    return path


_COLUMNS: tuple[tuple[str, int, spreadsheet.Kind], ...] = (
    ("rank", 7, "int"),
    ("commune_code", 9, "text"),
    ("name", 20, "text"),
    ("moved", 60, "text"),
    ("causes", 60, "text"),
)


def lines(messages: list[Message], lang: str, runs: Sequence[Run] = ()) -> str:
    """Messages in words, one a line; layers by the titles the runs know."""
    told = []
    for key, params in messages:
        shown = dict(params)
        if "layer" in shown:
            shown["layer"] = wording.layer_label(str(shown["layer"]), lang, runs)
        told.append(wording.clean(locale.text(key, lang, **shown)))
    return "\n".join(told)
