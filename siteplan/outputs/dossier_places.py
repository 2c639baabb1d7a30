"""Parts of the Đề án on locations and on the order of priority."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words, site_counts, summary
from siteplan.outputs.dossier_conformity import write_conformity
from siteplan.outputs.dossier_flood import write_flood
from siteplan.outputs.dossier_pictures import OVERVIEW_WIDTH_MM, overview_key
from siteplan.outputs.dossier_sites import counted_sites, reservation_of_sites
from siteplan.outputs.replies import write_said
from siteplan.raster import COARSE_TERRAIN_M

if TYPE_CHECKING:
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

RANKED_SHOWN = 10


def locations(writer: Writer) -> None:
    """Write sites considered and proposed, conformity, what was said of them, and who has none."""
    run = writer.run
    sites, communes = run.sites, run.communes
    letters = site_counts.sites_by_letter(run)
    writer.say(
        "sites.considered",
        count=writer.number(len(sites)),
        listed=writer.counted("letters", letters),
        eligible=writer.number(int(sites["eligible"].fillna(value=False).sum())),
    )
    for tell in (_proposed, _blocked_in_use):
        if words := writer.of_options(partial(tell, writer)):
            writer.paper.text(words)
    writer.say("sites.clear_note")
    writer.paper.text(reservation_of_sites(writer))
    writer.say("sites.overlaps", annex=writer.annex("evidence"))
    writer.say(
        "sites.sheets" if writer.pictures is not None else "sites.sheets_without_maps",
        annex=writer.annex("site_sheets"),
    )
    write_flood(writer)
    write_conformity(writer)
    write_said(writer)
    coarse = pd.to_numeric(sites["dem_resolution_m"], errors="coerce").max()
    if pd.notna(coarse) and coarse > COARSE_TERRAIN_M:
        writer.say("sites.coarse", metres=writer.number(float(coarse)))
    without = communes[communes["best_site_id"].isna()].sort_values("code")
    if len(without):
        writer.say("sites.without", count=writer.number(len(without)))
        names = summary.names_by_code(run)
        writer.paper.items(
            [
                f"{names[str(code)]}: {locale.render(reasons, writer.lang) or writer.words('sites.no_reason')}"
                for code, reasons in zip(without["code"], without["no_site_reasons"], strict=True)
            ]
        )


def _proposed(writer: Writer, run: Run) -> str:
    return writer.words(
        "sites.proposed",
        count=writer.number(len(site_counts.proposed_sites(run))),
        communes=writer.number(len(run.communes)),
        listed=counted_sites(writer, run),
    )


def _blocked_in_use(writer: Writer, run: Run) -> str:
    bound = site_counts.sites_to_ask(run, writer.runs).bound
    return writer.words("sites.blocked_in_use", count=writer.number(len(bound))) if len(bound) else ""


def priority(writer: Writer) -> None:
    """Write criteria, supplements and the first communes in order."""
    run = writer.run
    keys, _ = summary.points_by_criterion(run, "commune")
    extra = run_words.scenario_of(run).get("supplements", {})
    criteria = [c for c in run_words.scenario_of(run).get("criteria", ()) if c.get("of") == "commune"]
    listed = "; ".join(
        f"{run_words.criterion_label([run], 'commune', str(c['key']), writer.lang)} "
        f"({writer.number(float(c['weight']), 1)})"
        for c in criteria
    )
    writer.say("priority.criteria", count=len(criteria) or len(keys), listed=listed or "–")
    if extra:
        writer.say(
            "priority.supplements",
            cap=writer.number(float(extra.get("cap_points", 0)), 1),
            border=writer.number(float(extra.get("border", 0)), 1),
            ward=writer.number(float(extra.get("central_ward", 0)), 1),
        )
    for words in run_words.weighings(run, "commune", writer.lang):
        writer.paper.text(words)
    communes = run.communes.sort_values(["priority_rank", "code"], kind="stable", na_position="last")
    moved = communes[communes["base_rank"].notna() & (communes["base_rank"] != communes["priority_rank"])]
    writer.say("priority.moved", count=writer.number(len(moved)))
    lacking = communes["priority_missing"].fillna("").ne("")
    if lacking.any():
        writer.say("priority.missing", count=writer.number(int(lacking.sum())))
    shown = communes.head(RANKED_SHOWN)
    writer.paper.caption(writer.words("priority.caption", count=len(shown)))
    writer.table(
        "communes",
        ("priority_rank", "name", "kind", "base_points", "supplement_points", "priority_points", "base_rank"),
        shown,
        size_pt=11,
    )
    writer.map(overview_key("priority"), writer.words("maps.priority"), OVERVIEW_WIDTH_MM)
