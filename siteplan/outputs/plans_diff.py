"""What a change of plans changes: which sites change result, by how much, because of which zone, in which phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.runs import Run

LEAST_M2 = 0.01  # an area that differs by less is the same
_SOURCES = ("plan", "project", "precedence")
# what may differ of one zone, most telling first, with the columns that show it
_ASPECTS = (("status", ("plan_status", "standing")), ("decision", ("decision_no", "decision_date")),
            ("geometry", ("area_m2",)), ("effect", ("effect", "severity")))  # fmt: skip
COLUMNS = ("commune", "site", "before", "after", "overlap_change_m2", "title", "decision", "zone", "reason",
           "area_before_m2", "area_after_m2", "phase_before", "phase_after")  # fmt: skip
_NUMBERS = ("overlap_change_m2", "area_before_m2", "area_after_m2")


@dataclass(frozen=True)
class PlansDiff:
    """Rows by site and zone (:data:`COLUMNS`, in words), sites that changed, phases touched, sites in one run only."""

    rows: pd.DataFrame
    changed: int
    phases: tuple[str, ...]
    gone: int
    new: int


def _same_sites(before: Run, after: Run) -> dict[str, str]:
    """Id in the run before of each site of the run after: the same, or the one it says it was."""
    known = set(before.sites["site_id"])
    found: dict[str, str] = {}
    for identity, was in zip(after.sites["site_id"], after.sites["was_site_id"], strict=True):
        if identity in known:
            found[identity] = identity
        elif isinstance(was, str) and was in known:
            found[identity] = was
    return found


def _findings(run: Run) -> dict[str, dict[str, dict[Any, Any]]]:
    rows = run_words.printable_evidence(run, locale.DEFAULT_LANGUAGE)
    out: dict[str, dict[str, dict[Any, Any]]] = {}
    for row in pd.DataFrame(rows.drop(columns="geometry"))[rows["source"].isin(_SOURCES)].to_dict("records"):
        out.setdefault(str(row["site_id"]), {})[str(row["zone_id"])] = row
    return out


def _differs(one: Any, other: Any) -> bool:
    one, other = wording.scalar(one), wording.scalar(other)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) >= LEAST_M2
    return bool(one != other)


def reasons_of(old: Mapping[Any, Any] | None, new: Mapping[Any, Any] | None) -> list[str]:
    """Tokens of what changed of a zone: added, removed, status, decision, geometry, effect; empty where nothing did."""
    if old is None or new is None:
        return ["added" if old is None else "removed"]
    return [token for token, columns in _ASPECTS if any(_differs(old[c], new[c]) for c in columns)]


def compare_plans(before: Run, after: Run, lang: str) -> PlansDiff:
    """Compare the evidence of two runs, site by site.

    Parameters
    ----------
    before, after
        Finished runs; their inputs may differ, that is the point.
    lang
        Language of the words.

    Returns
    -------
    PlansDiff
        A row for each zone that changed on a site whose result or overlap changed; a row without zone where no zone
        explains it (a rule, a land-use map, the site itself).
    """
    same = _same_sites(before, after)
    old_sites, new_sites = (run.sites.set_index("site_id") for run in (before, after))
    old_found, new_found = _findings(before), _findings(after)
    old_phase, new_phase = (run.communes.set_index("code")["phase"] for run in (before, after))
    names = summary.names_by_code(after)
    rows: list[dict[str, Any]] = []
    changed, phases = 0, set()
    for identity, was in sorted(same.items()):
        one, other = old_sites.loc[was], new_sites.loc[identity]
        moved = float(other["overlap_area_m2"]) - float(one["overlap_area_m2"])
        if one["check_result"] == other["check_result"] and abs(moved) < LEAST_M2:
            continue
        changed += 1
        code = str(other["commune_code"])
        touched = [wording.scalar(phase.get(code)) for phase in (old_phase, new_phase)]
        phases |= {p for p in touched if p}
        shared = {
            "commune": names.get(code, code),
            "site": identity,
            "before": locale.value_text("check_result", one["check_result"], lang),
            "after": locale.value_text("check_result", other["check_result"], lang),
            "overlap_change_m2": round(moved, 2),
            "phase_before": touched[0],
            "phase_after": touched[1],
        }
        mine, theirs = old_found.get(was, {}), new_found.get(identity, {})
        zones = [(z, mine.get(z), theirs.get(z), reasons_of(mine.get(z), theirs.get(z))) for z in
                 sorted(mine.keys() | theirs.keys())]  # fmt: skip
        found = [_zone_row(zone, old, new, why, lang) for zone, old, new, why in zones if why]
        rows += [{**shared, **row} for row in found or [{"reason": locale.text("plans_diff.reason.other", lang)}]]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(object)
    gone = len(set(before.sites["site_id"]) - set(same.values()))
    return PlansDiff(table.where(table.notna(), None), changed, tuple(sorted(phases)), gone,
                     len(after.sites) - len(same))  # fmt: skip


def _zone_row(
    zone: str, old: Mapping[Any, Any] | None, new: Mapping[Any, Any] | None, why: list[str], lang: str
) -> dict[str, Any]:
    row = new if new is not None else old
    assert row is not None  # a zone is in one run at least
    return {
        "title": wording.scalar(row["title"]),
        "decision": wording.scalar(row["decision_no"]),
        "zone": zone,
        "reason": "; ".join(locale.text(f"plans_diff.reason.{token}", lang) for token in why),
        "area_before_m2": None if old is None else wording.scalar(old["area_m2"]),
        "area_after_m2": None if new is None else wording.scalar(new["area_m2"]),
    }


def write_diff(diff: PlansDiff, before: Run, after: Run, path: Path, lang: str) -> Path:
    """Write the comparison as a workbook of one sheet."""
    title = locale.text(
        "plans_diff.title", lang, before=run_words.title_of(before, lang), after=run_words.title_of(after, lang)
    )
    fields = [
        Field(locale.text(f"plans_diff.column.{name}", lang), 14 if name in _NUMBERS else 24,
              "number" if name in _NUMBERS else "text", 2)
        for name in COLUMNS
    ]  # fmt: skip
    notes = [
        locale.text("plans_diff.summary", lang, changed=diff.changed, phases="; ".join(diff.phases) or "–"),
        locale.text("plans_diff.sites", lang, gone=diff.gone, new=diff.new),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with Book(path, [before, after], lang, title) as book:
        book.sheet(locale.text("plans_diff.sheet", lang), title, fields, diff.rows.to_numpy(object).tolist(),
                   notes=notes, frozen_columns=2)  # fmt: skip
    return path
