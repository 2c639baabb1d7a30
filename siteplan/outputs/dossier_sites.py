"""The annex of site sheets: one page a proposed site, its figures as a table and its printed map."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import prices, run_words, summary, wording
from siteplan.outputs.dossier_pictures import SITE_WIDTH_MM, THEMES, sheet_key, site_key
from siteplan.outputs.paper_table import capital
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.outputs.writer import Writer

SHEET_WIDTH_MM = 316.0  # an A3 page with its heading and the caption
FIGURES = ("site_id", "area_m2", "required_area_m2", "score", "rank", "check_result", "conformity", "overlap_area_m2",
           "slope_mean_percent", "seat_distance_m", "access_minutes")  # fmt: skip


def reservation_of_sites(writer: Writer) -> str:
    """Say what stands against the proposed sites, and how many could not yet be held against every plan they need."""
    held, open_ = summary.conflict_count(writer.run), summary.not_compared_sites(writer.run)
    total = len(summary.proposed_sites(writer.run))
    parts = []
    if open_:
        parts.append(writer.words("sites.not_assessed", count=writer.number(open_), total=writer.number(total)))
    if held.findings:
        told = {name: writer.number(count) for name, count in held._asdict().items()}
        parts.append(writer.words("sites.held_against", **told))
    return " ".join(parts)


def write_site_sheets(writer: Writer) -> None:
    """Write a page for each proposed site; where no maps are drawn, a line that says so."""
    best = summary.proposed_sites(writer.run)
    names = summary.names_by_code(writer.run)
    codes = [str(code) for code in best["commune_code"]]
    if writer.pictures is None:
        writer.say("site_sheets.no_maps")
    without = writer.run.communes[writer.run.communes["best_site_id"].isna()].sort_values("code")
    if len(without):
        writer.say("site_sheets.without", listed=", ".join(names[str(code)] for code in without["code"]))
    for number, (code, site) in enumerate(zip(codes, best.to_dict("records"), strict=True)):
        _figures(writer, names[code], code, site, new_page=number > 0 and writer.pictures is not None)
        if writer.pictures is not None:
            writer.paper.picture(writer.pictures[site_key(code)], SITE_WIDTH_MM, names[code], captioned=False)


def write_maps(writer: Writer) -> None:
    """Write the A3 maps of the province: phases of each option, priority, coverage."""
    if writer.pictures is None:
        return
    shown = [("phase", number, run) for number, run in enumerate(writer.runs)]
    shown += [(theme, 0, writer.run) for theme in THEMES]
    for theme, number, run in shown:
        words = writer.words(f"maps.{theme}", title=writer.option_of(run))
        writer.paper.picture(writer.pictures[sheet_key(theme, number)], SHEET_WIDTH_MM, words)


def _figures(writer: Writer, name: str, code: str, site: dict[str, Any], *, new_page: bool) -> None:
    writer.paper.heading(
        f"{name[:1].upper()}{name[1:]} – {wording.clean(str(site['label'] or ''))}", 3, new_page=new_page
    )
    cells = []
    for column in FIGURES:
        schema = RESULTS["sites"].column(column)
        words = wording.shown(schema, site[column], writer.lang)
        if words != "–":
            cells.append((wording.label(schema, writer.lang), capital(wording.clean(words, 300))))
    cells += [(run_words.title_of(run, writer.lang).split(":")[0], _built(writer, run, code)) for run in writer.runs]
    if len(cells) % 2:
        cells.append(("", ""))
    half = len(cells) // 2
    rows = [[*left, *right] for left, right in zip(cells[:half], cells[half:], strict=True)]
    schema = RESULTS["sites"].column("shift")
    shift = wording.shown(schema, site["shift"], writer.lang)
    if shift != "–":
        rows.append([wording.label(schema, writer.lang), capital(wording.clean(shift, 300)), "", ""])
    spans = [(len(rows) - 1, 1, 3)] if shift != "–" else []
    writer.paper.table(["", "", "", ""], rows, (1.6, 1.7, 1.9, 1.7), size_pt=10, spans=spans)


def _built(writer: Writer, run: Any, code: str) -> str:
    rows = _programme(run.folder, run)
    row = rows.get(code)
    if row is None or row["status"] != "planned":
        return capital(locale.value_text("status", row["status"], writer.lang)) if row else "–"
    total = prices.at_price_year(writer.money(wording.scalar(row["cost_at_price_year"])), run, writer.lang)
    return f"{int(row['start_year'])}–{int(row['finish_year'])}, {total}"


@lru_cache(maxsize=4)
def _programme(_folder: Path, run: Any) -> dict[str, dict[str, Any]]:
    return {str(row["commune_code"]): row for row in summary.programme(run).to_dict("records")}
