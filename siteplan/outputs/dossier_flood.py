"""The proposed sites that lie below a known flood, in a table; and those of which it is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words, site_counts, summary, wording
from siteplan.outputs.dossier_sites import places_of
from siteplan.outputs.paper_table import aligned, capital
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.outputs.paper_table import Align
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

RAISE, ABOVE = "raise", "above"
MARKS = "flood_marks"
_FIGURES = ("platform_level_m", "flood_level_m", "raise_m", "fill_m3")
_MEASURED = "cost.note.earthworks_measured"  # the note of a cost that is reckoned for the fill told


def write_flood(writer: Writer) -> None:
    """Write which proposed sites are to be raised over a known flood, or that there is none, or none is known."""
    best = site_counts.over_options(writer.runs, site_counts.proposed_sites)
    below = best[best["flood_state"] == RAISE]
    unknown = int((~best["flood_state"].isin((RAISE, ABOVE))).sum())
    total = writer.number(len(best))
    if len(best) and unknown == len(best):
        writer.say("flood.unknown", total=total)
        return
    if below.empty:
        writer.say("flood.none", total=total)
    else:
        writer.paper.caption(writer.words("flood.caption", count=writer.number(len(below))))
        _table(writer, below)
        writer.say("flood.source", sources=_sources(writer))
    if unknown:
        writer.say("flood.partly", count=writer.number(unknown), total=total)


def _table(writer: Writer, below: pd.DataFrame) -> None:
    of_site = {column: RESULTS["sites"].column(column) for column in ("label", "flood_event", *_FIGURES)}
    places = places_of(writer, below["site_id"], below["commune_code"])
    costs = _costs(writer.runs[0]) | {site: cost for run in writer.runs for site, cost in _costs(run).items()}
    headings = [locale.text("workbook.commune", writer.lang), wording.label(of_site["label"], writer.lang)]
    headings += [writer.words(f"flood.column.{name}") for name in ("ground", "level", "event", "raise", "fill", "cost")]
    rows = []
    for place, site in zip(places, below.to_dict("records"), strict=True):
        # raised by the figure told, the ground is the platform whose fill is told
        unraised = {**site, "platform_level_m": site["platform_level_m"] - site["raise_m"]}
        ground, level, up, fill = (wording.shown(of_site[name], unraised[name], writer.lang) for name in _FIGURES)
        cost = costs.get(str(site["site_id"]))
        rows.append(
            [
                capital(place), wording.clean(str(site["label"] or "–")), ground, level,
                wording.shown(of_site["flood_event"], site["flood_event"], writer.lang), up, fill,
                writer.words("flood.no_cost") if cost is None else writer.number(
                    cost / wording.MONEY_SHOWN, wording.MONEY_DECIMALS),
            ]
        )  # fmt: skip
    align: list[Align] = ["left", "left", "right", "right", *aligned(["left"], "right", 3)]
    writer.paper.table(headings, rows, align=align, size_pt=10)


def _costs(run: Run) -> dict[str, float]:
    """Earthworks by site, đồng, where the run priced the cut and fill measured on it, at its own level of cost."""
    planned = summary.programme(run)
    built = {
        (str(row["commune_code"]), str(row["build_type"])): str(row["site_id"])
        for row in planned[planned["status"] == "planned"].to_dict("records")
    }
    level = str(run_words.scenario_of(run).get("costs", {}).get("level", "middle"))
    rows = run.table("costs")
    found = {}
    for row in rows[(rows["component"] == "earthworks") & rows[level].notna()].to_dict("records"):
        site = built.get((str(row["commune_code"]), str(row["build_type"])))
        if site is not None and any(key == _MEASURED for key, _ in locale.decode(row["notes"])):
            found[site] = float(row[level])
    return found


def _sources(writer: Writer) -> str:
    """Name the sources of the flood marks, each with its date, over all options."""
    named = []
    for run in writer.runs:
        for row in run.table("sources").to_dict("records"):
            if row["role"] == MARKS:
                source = wording.scalar(row["source"]) or wording.scalar(row["title"]) or row["layer"]
                date = wording.scalar(row["data_date"])
                named.append(f"{source} ({wording.day(str(date), writer.lang)})" if date else str(source))
    return wording.clean("; ".join(dict.fromkeys(named))) or "–"
