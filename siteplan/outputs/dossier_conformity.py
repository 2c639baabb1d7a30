"""What the dossier says of the conformity of the proposed sites with each kind of plan, and of shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteplan import locale
from siteplan.outputs import site_counts, summary
from siteplan.outputs.dossier_sites import places_of
from siteplan.outputs.paper_table import aligned, capital
from siteplan.tables import RESULTS, records
from siteplan.tables.evidence import CONFORMITY_WITH_PLAN

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.outputs.paper_table import Align
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run


LISTED = 12  # communes named in the text; more are named in the annex
_WHERE_FOUND = ("outside", "not_compared", "paper_only")  # columns that stand only where there is such a site


def write_conformity(writer: Writer) -> None:
    """Write counts by mandatory kind of plan, the communes whose site is in no plan, and the shifts found."""
    rows = site_counts.conformity_by_kind(writer.run)
    if len(rows):
        _counts(writer, rows)
        for state in ("needs_adjustment", "not_in_plan", "not_compared", "paper_only", "no_plan"):
            _listed(writer, rows, state)
        if (outside := rows.loc[rows["conformity"] == "outside", "plan_kind"].unique()).size:
            writer.say("sites.conformity_outside", kinds=", ".join(_kind(writer, kind) for kind in outside))
        writer.say("sites.conformity_annex", annex=writer.annex("evidence"))
    _shifts(writer)


def _kind(writer: Writer, kind: object) -> str:
    return locale.value_text("plan_kind", str(kind), writer.lang)


def _state(writer: Writer, state: object) -> str:
    return capital(locale.value_text("conformity", str(state), writer.lang))


def _counts(writer: Writer, rows: pd.DataFrame) -> None:
    writer.paper.caption(writer.words("sites.conformity_caption", count=int(rows["site_id"].nunique())))
    found = set(rows["conformity"])
    states = [state for state in CONFORMITY_WITH_PLAN if state in found or state not in _WHERE_FOUND]
    headings = [writer.words("sites.conformity_kind"), *(_state(writer, state) for state in states)]
    lines = [
        [_kind(writer, kind), *(writer.number(int((own["conformity"] == state).sum())) for state in states)]
        for kind, own in rows.groupby("plan_kind", sort=False)
    ]
    align = aligned(["left"], "right", len(states))
    writer.paper.table(headings, lines, align=align, size_pt=10)
    _other_counts(writer, rows)


def _other_counts(writer: Writer, rows: pd.DataFrame) -> None:
    """Say whose counts the table and the lists hold, and which counts another option has, where it has others."""
    counts, told = rows[["plan_kind", "conformity"]].value_counts(), []
    for run in writer.runs[1:]:
        other = site_counts.conformity_by_kind(run)[["plan_kind", "conformity"]].value_counts()
        keys = [key for key in [*other.index, *counts.index] if other.get(key, 0) != counts.get(key, 0)]
        cells = [
            writer.words("sites.conformity_cell", kind=_kind(writer, kind), count=writer.number(int(other.get(key, 0))),
                         state=locale.value_text("conformity", str(state), writer.lang))
            for key in dict.fromkeys(sorted(keys)) for kind, state in (key,)
        ]  # fmt: skip
        if cells:
            told.append(f"{writer.option_of(run)}: {'; '.join(cells)}")
    if told:
        writer.say("sites.conformity_of", option=writer.option_of(writer.run), others=". ".join(told))


def _listed(writer: Writer, rows: pd.DataFrame, state: str) -> None:
    """Name the communes whose proposed site has this result, by kind; a kind all have it in is said shortly."""
    names, items = summary.names_by_code(writer.run), []
    for kind, own in rows.groupby("plan_kind", sort=False):
        codes = own.loc[own["conformity"] == state, "commune_code"]
        if len(codes) == len(own):
            items.append(f"{_kind(writer, kind)}: {writer.words('sites.conformity_all', count=len(own))};")
        elif len(codes) > LISTED:
            items.append(f"{_kind(writer, kind)}: {writer.words('sites.conformity_many', count=len(codes))};")
        elif len(codes):
            items.append(f"{_kind(writer, kind)} ({len(codes)}): {', '.join(names[str(code)] for code in codes)};")
    if items:
        writer.say(f"sites.conformity_{state}")
        writer.paper.items(items)


def write_matrix(writer: Writer) -> None:
    """Write a table of the proposed sites by the mandatory kinds of plan: what the plans of each kind say of each."""
    rows = site_counts.over_options(writer.runs, site_counts.conformity_by_kind)
    if not len(rows):
        return
    sites = site_counts.over_options(writer.runs, site_counts.proposed_sites)
    kinds = list(dict.fromkeys(site_counts.conformity_by_kind(writer.run)["plan_kind"]))
    places = places_of(writer, sites["site_id"], sites["commune_code"])
    said = dict(zip(zip(rows["site_id"], rows["plan_kind"], strict=True), rows["conformity"], strict=True))
    headings = [locale.text("workbook.commune", writer.lang), RESULTS["sites"].column("label").label]
    if writer.lang == "en":
        headings[1] = RESULTS["sites"].column("label").label_en
    lines = [
        [
            capital(place),
            str(site["label"] or ""),
            *(_state(writer, said[key]) if (key := (site["site_id"], kind)) in said else "–" for kind in kinds),
        ]
        for place, site in zip(places, records(sites, ("label", "site_id")), strict=True)
    ]
    writer.paper.caption(writer.words("sites.conformity_matrix", count=len(lines)))
    align: list[Align] = ["left"] * len(headings + kinds)
    writer.paper.table([*headings, *(_kind(writer, kind) for kind in kinds)], lines, align=align, size_pt=9)


def _shifts(writer: Writer) -> None:
    def told(run: Run) -> str:
        count, annex = int(site_counts.proposed_sites(run)["shift"].notna().sum()), writer.annex("site_sheets")
        return writer.words("sites.shifts", count=writer.number(count), annex=annex) if count else ""

    if words := writer.of_options(told):
        writer.paper.text(words)
