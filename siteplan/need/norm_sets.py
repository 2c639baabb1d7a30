"""Which documents a need rests on at a date: what is in force, what it replaced, and what will replace it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from siteplan.locale import Message, encode
from siteplan.norms import Norm, Norms, NormVersion
from siteplan.tables import RESULTS, conform


def norm_sets(norms: Norms, used: Iterable[Norm]) -> pd.DataFrame:
    """List the documents of the norm sets with their periods, and what the date means for each.

    Parameters
    ----------
    norms
        As loaded for the scenario's date.
    used
        Norms that entered the results.

    Returns
    -------
    DataFrame
        ``RESULTS["standards"]``: a row for each set and document. ``notes`` says which document it replaced, or by
        which it will be replaced, and that its values are still to be filled in.
    """
    entered = {(norm.standard, norm.document, norm.key) for norm in used}
    by_document: dict[tuple[str, str], list[NormVersion]] = {}
    for version in norms.versions:
        by_document.setdefault((version.standard, version.document), []).append(version)
    rows: list[dict[str, Any]] = []
    for (standard, document), versions in by_document.items():
        empty = sum(v.norm is None for v in versions)
        rows.append(
            {
                "order": len(rows) + 1,
                "standard": standard,
                "document": document,
                "effective_from": _iso(v.start for v in versions),
                "effective_to": _iso((v.end for v in versions), last=True),
                "norm_state": _state(versions, norms.date),
                "norms": len(versions),
                "empty_norms": empty,
                "used_norms": len({v.key for v in versions if (standard, document, v.key) in entered}),
                "notes": encode(_notes(document, versions, norms)),
            }
        )
    return conform(pd.DataFrame(rows, columns=RESULTS["standards"].names), RESULTS["standards"])


def changes(norms: Norms) -> list[Message]:
    """Return what the date means for the norm sets: which document replaced or will replace which, and from when."""
    told: dict[tuple[str, str], Message] = {}
    for document in dict.fromkeys(v.document for v in norms.versions):
        versions = [v for v in norms.versions if v.document == document]
        for key, params in _notes(document, versions, norms):
            if key in ("need.norms.replaced", "need.norms.to_be_replaced"):
                told.setdefault((str(params["old"]), str(params["new"])), (key, params))
    return list(told.values())


def _day(day: dt.date) -> str:
    """Write a day as people of the province do, in both languages."""
    return f"{day:%d/%m/%Y}"


def _iso(days: Iterable[dt.date | None], *, last: bool = False) -> str | None:
    found = list(days)
    known = [day for day in found if day is not None]
    if not known or (last and len(known) < len(found)):
        return None
    return (max(known) if last else min(known)).isoformat()


def _state(versions: Sequence[NormVersion], date: dt.date) -> str:
    states = {v.state(date) for v in versions}
    state = next(s for s in ("in_force", "upcoming", "ended") if s in states)
    if state != "in_force" or any(v.norm is not None for v in versions):
        return state
    return "empty" if any(v.start is not None for v in versions) else "no_document"  # a document has a date of effect


def _notes(document: str, versions: Sequence[NormVersion], norms: Norms) -> list[Message]:
    """Tell how one document stands to those that hold the same keys in the period before and after it."""
    notes: list[Message] = []
    keys = {v.key for v in versions}
    ends = {v.end for v in versions if v.end is not None}
    starts = {v.start for v in versions if v.start is not None}
    others = [v for v in norms.versions if v.document != document and v.key in keys]
    for start in sorted(starts):
        before = [v for v in others if v.end is not None and v.end == start - dt.timedelta(days=1)]
        for old in sorted({v.document for v in before}):
            count = len({v.key for v in before if v.document == old})
            params = {"old": old, "new": document, "start": _day(start), "count": count}
            params["date"] = _day(norms.date)
            notes.append(("need.norms.replaced" if start <= norms.date else "need.norms.to_be_replaced", params))
    for end in sorted(ends):
        after = [v for v in others if v.start is not None and v.start == end + dt.timedelta(days=1)]
        for new in sorted({v.document for v in after}):
            key = "need.norms.ended_by" if end < norms.date else "need.norms.ends_by"
            notes.append((key, {"old": document, "new": new, "end": _day(end)}))
    empty = sum(v.norm is None for v in versions)
    if empty:
        notes.append(("need.norms.empty", {"count": empty, "file": versions[0].standard}))
    return notes
