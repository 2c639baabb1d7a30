"""The annex of site sheets: one page a proposed site, its figures as a table and its printed map."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from siteplan import locale
from siteplan.outputs import prices, run_words, site_counts, summary, wording
from siteplan.outputs.dossier_pictures import SITE_WIDTH_MM, THEMES, sheet_key, site_key
from siteplan.outputs.paper_table import capital
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

SIZE_PT = 9  # of the figures, which share a page with the picture
SHEET_WIDTH_MM = 316.0  # an A3 page with its heading and the caption
FIGURES = ("site_id", "area_m2", "required_area_m2", "score", "rank", "check_result", "conformity", "overlap_area_m2",
           "slope_mean_percent", "slope_max_percent", "seat_distance_m", "access_minutes", "access_farthest_minutes",
           "flood_state", "raise_m", "cut_m3", "fill_m3", "can_extend", "households_displaced",
           "compensation_cost")  # fmt: skip
ACROSS = ("broken_rules", "compensation", "shift")  # texts that take the width of the page
# why this site and not another: the reasons that name its rank, the next or the first one, the rule that chose it
CHOICE = ("decide.place.", "decide.site.lock", "decide.site.lead")


CHECKS = ("clear", "clear_of_known_plans", "conditional", "blocked")


def counted_sites(writer: Writer, run: Run) -> str:
    """Name how many proposed sites of an option have each result of the check."""
    results = site_counts.proposed_sites(run)["check_result"].value_counts()
    return writer.counted("check", {token: int(results.get(token, 0)) for token in CHECKS})


def reservation_of_sites(writer: Writer) -> str:
    """Say what stands against the proposed sites, which of them break rules or are not assessed, where options differ.

    Where a figure is not the same in all options, each option's own is said under its name.
    """
    sentences = [writer.of_options(partial(tell, writer)) for tell in (_not_assessed, _held_against, _breaking)]
    return " ".join(words for words in (*sentences, _differing(writer)) if words)


def _not_assessed(writer: Writer, run: Run) -> str:
    total, count = len(site_counts.proposed_sites(run)), site_counts.not_compared_sites(run)
    return writer.words("sites.not_assessed", count=writer.number(count), total=writer.number(total)) if count else ""


def _held_against(writer: Writer, run: Run) -> str:
    held = site_counts.conflict_count(run)
    told = {name: writer.number(count) for name, count in held._asdict().items()}
    return writer.words("sites.held_against", **told) if held.findings else ""


def _breaking(writer: Writer, run: Run) -> str:
    best = site_counts.proposed_sites(run)
    broken = site_counts.broken(best)
    words = {"count": writer.number(broken.sites), "total": writer.number(len(best))}
    key = "sites.breaking_smaller" if broken.smaller else "sites.breaking"
    return writer.words(key, smaller=writer.number(broken.smaller), **words) if broken.sites else ""


def _differing(writer: Writer) -> str:
    """Name the communes for which the options propose different sites, with the site of each option."""
    names, found = summary.names_by_code(writer.run), dict[str, list[str]]()
    for proposal in site_counts.proposals(writer.runs):
        if not proposal.alone:
            options = ", ".join(writer.option_of(writer.runs[number]) for number in proposal.by)
            found.setdefault(proposal.code, []).append(f"{options}: {wording.clean(str(proposal.site['label'] or ''))}")
    listed = "; ".join(f"{names[code]} ({'; '.join(told)})" for code, told in found.items())
    return writer.words("sites.differing", count=writer.number(len(found)), listed=listed) if found else ""


def differ(writer: Writer) -> bool:
    """Whether the options propose different sites for some commune."""
    return not all(proposal.alone for proposal in site_counts.proposals(writer.runs))


def places_of(writer: Writer, sites: Iterable[object], codes: Iterable[object]) -> list[str]:
    """Name the commune of each proposed site; where the options propose different ones, with the option it is of."""
    names, by = summary.names_by_code(writer.run), dict[str, str]()
    for proposal in site_counts.proposals(writer.runs):
        if not proposal.alone:
            options = ", ".join(writer.option_of(writer.runs[number]) for number in proposal.by)
            by[str(proposal.site["site_id"])] = f" ({options})"
    return [f"{names.get(str(code), '')}{by.get(str(site), '')}" for site, code in zip(sites, codes, strict=True)]


def write_site_sheets(writer: Writer) -> None:
    """Write a page for each site that an option proposes; where no maps are drawn, a line that says so."""
    proposals, names = site_counts.proposals(writer.runs), summary.names_by_code(writer.run)
    if writer.pictures is None:
        writer.say("site_sheets.no_maps")
    known = {proposal.code for proposal in proposals}
    if without := [str(code) for code in sorted(writer.run.communes["code"]) if str(code) not in known]:
        writer.say("site_sheets.without", listed=", ".join(names[code] for code in without))
    for number, proposal in enumerate(proposals):
        name = names[proposal.code]
        _figures(writer, name, proposal, new_page=number > 0 and writer.pictures is not None)
        if writer.pictures is not None:
            picture = writer.pictures[site_key(proposal.code, proposal.by[0])]
            writer.paper.picture(picture, SITE_WIDTH_MM, name, captioned=False)


def write_maps(writer: Writer) -> None:
    """Write the A3 maps of the province: phases of each option, priority, coverage."""
    if writer.pictures is None:
        return
    shown = [("phase", number, run) for number, run in enumerate(writer.runs)]
    shown += [(theme, 0, writer.run) for theme in THEMES]
    for theme, number, run in shown:
        words = writer.words(f"maps.{theme}", title=writer.option_of(run))
        writer.paper.picture(writer.pictures[sheet_key(theme, number)], SHEET_WIDTH_MM, words)


def _figures(writer: Writer, name: str, proposal: site_counts.Proposal, *, new_page: bool) -> None:
    site = proposal.site
    heading = f"{name[:1].upper()}{name[1:]} – {wording.clean(str(site['label'] or ''))}"
    if not proposal.alone:
        options = ", ".join(writer.option_of(writer.runs[number]) for number in proposal.by)
        heading = writer.words("site_sheets.of_option", heading=heading, options=options)
    writer.paper.heading(heading, 3, new_page=new_page)
    cells = []
    for column in FIGURES:
        schema = RESULTS["sites"].column(column)
        words = wording.shown(schema, site[column], writer.lang)
        if words != "–":
            cells.append((wording.label(schema, writer.lang), capital(wording.clean(words, 300))))
    if len(cells) % 2:
        cells.append(("", ""))
    half = len(cells) // 2
    rows = [[*left, *right] for left, right in zip(cells[:half], cells[half:], strict=True)]
    titles = [run_words.title_of(run, writer.lang).split(":")[0] for run in writer.runs]
    texts = [(title, _built(writer, run, proposal)) for title, run in zip(titles, writer.runs, strict=True)]
    long = [(RESULTS["sites"].column(name), site[name]) for name in ACROSS]
    texts += [(wording.label(schema, writer.lang), wording.shown(schema, cell, writer.lang)) for schema, cell in long]
    texts.append((writer.words("site_sheets.choice"), _choice(site, writer.lang)))
    told = [[words, capital(wording.clean(text, 600)), "", ""] for words, text in texts if text != "–"]
    spans = [(len(rows) + at, 1, 3) for at in range(len(told))]
    writer.paper.table(["", "", "", ""], [*rows, *told], (1.75, 1.65, 2.05, 1.35), size_pt=SIZE_PT, spans=spans)


def _choice(site: Mapping[Any, Any], lang: str) -> str:
    """Say why this site is proposed and not another, as its reasons have it."""
    messages = [message for message in locale.decode(site["reasons"]) if message[0].startswith(CHOICE)]
    return "; ".join(locale.text(key, lang, **params) for key, params in messages) or "–"


def _built(writer: Writer, run: Run, proposal: site_counts.Proposal) -> str:
    """Say when and for how much an option builds on a site; of an option that takes another site, which one."""
    option = _option(run.folder, run)
    row = option.rows.get(proposal.code)
    planned = row is not None and row["status"] == "planned"
    taken = (wording.scalar(row["site_id"]) if row and planned else None) or option.proposed.get(proposal.code)
    if taken is not None and taken != str(proposal.site["site_id"]):
        return writer.words("site_sheets.elsewhere", label=wording.clean(str(option.labels.get(taken) or taken)))
    if row is None or not planned:
        return capital(locale.value_text("status", row["status"], writer.lang)) if row else "–"
    total = prices.at_price_year(writer.money(wording.scalar(row["cost_at_price_year"])), run, writer.lang)
    return f"{int(row['start_year'])}–{int(row['finish_year'])}, {total}"


class _Option(NamedTuple):
    """Of one option: rows of the programme and the proposed site by commune, labels of sites."""

    rows: dict[str, dict[str, Any]]
    proposed: dict[str, str]
    labels: dict[str, Any]


@lru_cache(maxsize=4)
def _option(_folder: Path, run: Run) -> _Option:
    best = site_counts.proposed_sites(run)
    return _Option(
        {str(row["commune_code"]): row for row in summary.programme(run).to_dict("records")},
        dict(zip(best["commune_code"].astype(str), best["site_id"].astype(str), strict=True)),
        dict(zip(run.sites["site_id"].astype(str), run.sites["label"], strict=True)),
    )
