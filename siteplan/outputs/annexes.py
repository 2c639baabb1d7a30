"""The annexes of the dossier: tables equal to the results, digit by digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import dossier_conformity, prices, released, run_words, site_counts, summary, wording
from siteplan.outputs.dossier_assumptions import write_assumptions
from siteplan.outputs.dossier_sites import differ, places_of, write_maps, write_site_sheets
from siteplan.outputs.feedback import Opinion, write_opinions
from siteplan.outputs.paper_table import aligned, capital
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

# variable of the template, behind "phu_luc_" -> name of the annex
ANNEXES = {
    "don_vi": "communes", "nhom": "groups", "phieu_vi_tri": "site_sheets", "bang_chung": "evidence",
    "uu_tien": "priority", "danh_muc": "programme", "von": "funding", "doi_du": "surplus", "gia_dinh": "assumptions",
    "du_lieu": "coverage", "y_kien": "feedback", "so_bao_cao": "figures",
    "phuong_phap": "agreement", "ban_do": "maps",
}  # fmt: skip


@dataclass(frozen=True)
class Annex:
    """One annex: its name, what writes it, whether its figures rest on data, and its page."""

    name: str
    write: Callable[[], None]
    rests: bool = True
    landscape: bool = True
    large: bool = False
    note: str = ""  # where the note is not that of its name


def annexes(writer: Writer, opinions: list[Opinion], *, maps: bool = False) -> list[Annex]:
    """Return the annexes the runs have figures for; with `maps` also that of the maps of the province."""
    run = writer.run
    found = [
        Annex("communes", partial(_annex_communes, writer)),
        Annex("site_sheets", partial(write_site_sheets, writer), landscape=False,
              note="site_sheets_by_option" if differ(writer) else ""),
        Annex("evidence", partial(_annex_evidence, writer), note="evidence_by_option" if differ(writer) else ""),
        Annex("priority", partial(_annex_priority, writer)),
        Annex("programme", partial(_each, writer, _annex_programme)),
        Annex("funding", partial(_each, writer, _annex_funding)),
        Annex("surplus", partial(_annex_surplus, writer)),
        Annex("assumptions", partial(write_assumptions, writer), rests=False),
        Annex("coverage", partial(_annex_coverage, writer), rests=False),
    ]  # fmt: skip
    if not run.groups.empty:
        found.append(Annex("groups", partial(_annex_groups, writer)))
    if not run.agreement.empty:
        names = ("of", "commune_code", "method", "subjects", "criteria", "tau", "first_same", "first", "first_other")
        found.append(Annex("agreement", partial(_annex_plain, writer, run, "agreement", names)))
    if opinions:
        found.append(Annex("feedback", partial(write_opinions, writer, opinions), rests=False))
    if not run.figures.empty:
        found.append(Annex("figures", partial(_annex_figures, writer)))
    if maps:
        found.append(Annex("maps", partial(write_maps, writer), large=True))
    return found


def _each(writer: Writer, write: Callable[[Writer, Run], None]) -> None:
    """Write a table for each option, with its title above where there are several."""
    for run in writer.runs:
        if len(writer.runs) > 1:
            writer.paper.heading(run_words.title_of(run, writer.lang), 2)
        write(writer, run)


def _annex_groups(writer: Writer) -> None:
    groups, deviations = writer.run.groups, writer.run.deviations
    names = [name for name in RESULTS["groups"].names if name != "order"]
    writer.paper.caption(writer.words("need.groups_caption"))
    writer.table("groups", names, groups, size_pt=10)
    if deviations.empty:
        return
    known = summary.names_by_code(writer.run)
    names = [name for name in RESULTS["deviations"].names if name != "commune_code"]
    extra = [
        (0, locale.text("workbook.commune", writer.lang), [known.get(str(c), "") for c in deviations["commune_code"]])
    ]
    writer.paper.caption(writer.words("need.deviations_caption"))
    writer.table("deviations", names, deviations, size_pt=9, extra=extra)


def _annex_communes(writer: Writer) -> None:
    names = (
        "code",
        "name",
        "kind",
        "population",
        "required_floor_area_m2",
        "required_land_area_m2",
        "existing_floor_area_m2",
        "existing_land_area_m2",
        "extension_floor_area_m2",
        "extension_land_area_m2",
        "new_floor_area_m2",
        "new_land_area_m2",
        "gap_basis",
    )
    total = ("population", *(n for n in names if n.endswith("_m2")))
    writer.table("communes", names, writer.run.communes, size_pt=9, total=total)


def _annex_figures(writer: Writer) -> None:
    """Write the three columns of the communes that reported or agreed something."""
    figures = writer.run.figures
    told = figures.loc[figures["reported_m2"].notna() | figures["agreed_m2"].notna(), "commune_code"]
    rows = figures[figures["commune_code"].isin(set(told))]
    communes = summary.names_by_code(writer.run)
    names = ("item", "reported_m2", "computed_m2", "agreed_m2", "used_m2", "report_no", "report_date", "agreed_reason")
    extra = [
        (0, locale.text("workbook.commune", writer.lang), [communes.get(str(c), "") for c in rows["commune_code"]])
    ]
    writer.table("figures", names, rows, size_pt=9, extra=extra)


def _annex_sites(writer: Writer) -> None:
    best = site_counts.over_options(writer.runs, site_counts.proposed_sites)
    found = site_counts.over_options(writer.runs, lambda run: site_counts.against(run.conflicts, run))
    counts = found["site_id"].value_counts()
    names = (
        "site_id",
        "label",
        "area_m2",
        "required_area_m2",
        "score",
        "check_result",
        "conformity",
        "overlap_area_m2",
        "reasons",
    )
    extra = [
        (1, locale.text("workbook.commune", writer.lang), places_of(writer, best["site_id"], best["commune_code"])),
        (8, writer.words("overlap_count"), [str(int(counts.get(s, 0))) for s in best["site_id"]]),
    ]
    writer.table("sites", names, best, size_pt=8.5, extra=extra)


def _annex_evidence(writer: Writer) -> None:
    """Write each proposed site, its conformity with each kind of plan, and each finding against one."""
    writer.paper.caption(writer.annex_name("sites"))
    _annex_sites(writer)
    dossier_conformity.write_matrix(writer)
    writer.paper.caption(writer.words("overlaps_caption"))
    rows = site_counts.over_options(
        writer.runs, lambda run: site_counts.against(run_words.printable_evidence(run, writer.lang), run)
    )
    names = (
        "title",
        "decision_no",
        "decision_date",
        "rule_name",
        "relation",
        "area_m2",
        "percent_of_site",
        "effect",
        "treatment",
        "owner",
    )
    sites = writer.run.sites.set_index("site_id")["label"]
    extra = [
        (0, locale.text("workbook.commune", writer.lang), places_of(writer, rows["site_id"], rows["commune_code"])),
        (1, wording.label(RESULTS["sites"].column("label"), writer.lang), [str(sites.get(s)) for s in rows["site_id"]]),
    ]
    writer.table("conflicts", names, rows, size_pt=8.5, extra=extra)


def _annex_priority(writer: Writer) -> None:
    keys, points = summary.points_by_criterion(writer.run, "commune")
    communes = writer.run.communes.sort_values(["priority_rank", "code"], kind="stable", na_position="last")
    parts = points.reindex(communes["code"])
    shown = summary.base_criteria(writer.run, "commune")
    base = [key for key in keys if key in shown]
    extra = [
        (
            3 + n,
            run_words.criterion_label([writer.run], "commune", key, writer.lang),
            [locale.number(wording.scalar(value), 3, writer.lang) for value in parts[key]],
        )
        for n, key in enumerate(base)
    ]
    names = (
        "priority_rank", "code", "name", "base_points", "border_points", "ward_points", "supplement_points",
        "priority_points", "base_rank",
    )  # fmt: skip
    writer.table("communes", names, communes, size_pt=8.5, extra=extra)


def _annex_programme(writer: Writer, run: Run) -> None:
    rows = summary.programme(run)
    names = ("priority_rank", "name", "population", "deficit_floor_area_m2", "cost_at_price_year", "reasons")
    # what belongs together stands in one column: the reasons need the room
    labels = dict(zip(run.sites["site_id"], run.sites["label"], strict=True))
    lines = rows.to_dict("records")
    extra = [
        (2, writer.words("programme_phase"), [_phase_of(row, writer.lang) for row in lines]),
        (3, writer.words("programme_years"), [_years_of(row) for row in lines]),
        (4, wording.label(RESULTS["programme"].column("build_type"), writer.lang),
         [summary.built_as(row, writer.lang) for row in lines]),
        (5, wording.label(RESULTS["sites"].column("label"), writer.lang),
         [wording.clean(str(labels.get(row["site_id"]) or "–")) for row in lines]),
    ]  # fmt: skip
    writer.table(
        "programme",
        names,
        rows,
        size_pt=8,
        extra=extra,
        total=("population", "deficit_floor_area_m2", "cost_at_price_year"),
        total_of=rows[rows["status"] == "planned"],
        total_words=writer.words("programme_total"),
    )
    if unpriced := summary.without_clearance(rows[rows["status"] == "planned"]):
        writer.say("options.unpriced", count=writer.number(unpriced))
    if told := prices.note([run], writer.lang):
        writer.paper.text(told)


def _phase_of(row: Mapping[Any, Any], lang: str) -> str:
    """Phase of a planned commune; of others what becomes of them."""
    phase = wording.scalar(row["phase"])
    planned = row["status"] == "planned" and phase is not None
    return wording.clean(str(phase)) if planned else locale.value_text("status", row["status"], lang)


def _years_of(row: Mapping[Any, Any]) -> str:
    years = [wording.scalar(row[name]) for name in ("start_year", "finish_year")]
    return "–".join(dict.fromkeys(str(int(year)) for year in years if year is not None)) or "–"


def _annex_funding(writer: Writer, run: Run) -> None:
    money = summary.money_by_year_and_source(summary.of_option(run.funding, run))
    sources = [str(c) for c in money.columns if c not in ("year", summary.TOTAL)]
    unit = locale.text("unit.money_shown", writer.lang)
    named = [wording.clean(locale.value_text("source", s, writer.lang)) for s in sources]
    headings = [locale.text("workbook.year", writer.lang), *(f"{name} ({unit})" for name in named)]
    headings.append(f"{locale.text('workbook.total', writer.lang)} ({unit})")

    def shown(sums: Mapping[Any, Any]) -> list[str]:
        amounts = (sums[name] / wording.MONEY_SHOWN for name in (*sources, summary.TOTAL))
        return [writer.number(amount, wording.MONEY_DECIMALS) for amount in amounts]

    lines = [[str(int(row["year"])), *shown(row)] for row in money.to_dict("records")]
    writer.sums(headings, lines, shown(money[[*sources, summary.TOTAL]].sum().to_dict()))


def _annex_surplus(writer: Writer) -> None:
    """Write all facilities once; what becomes of them, and when they are free, for each option beside each other."""
    of_options = {writer.option_of(run): summary.of_option(run.surplus, run) for run in writer.runs}
    rows = next(iter(of_options.values()))
    communes = summary.names_by_code(writer.run)
    names = ("facility_id", "name", "status", "floor_area_m2", "land_area_m2", "condition", "decision_no")
    extra = [
        (2, locale.text("workbook.commune", writer.lang), [communes.get(str(c), "") for c in rows["commune_code"]])
    ]
    whens = [released.facilities(run).set_index("facility_id")["when"].to_dict() for run in writer.runs]
    for (option, own), when in zip(of_options.items(), whens, strict=True):
        by_id = own.set_index("facility_id").reindex(rows["facility_id"])
        for name in ("treatment", "free_year"):
            column = RESULTS["surplus"].column(name)
            heading = wording.label(column, writer.lang)
            if len(of_options) > 1:
                heading = f"{option}: {heading[:1].lower()}{heading[1:]}"
            texts = [wording.shown(column, value, writer.lang) for value in by_id[name]]
            if name == "free_year":  # where there is no year, why there is none
                states = [when.get(i, released.KEPT) for i in by_id.index]
                texts = [words if state == "freed" else writer.words(f"surplus.when.{state}")
                         for words, state in zip(texts, states, strict=True)]  # fmt: skip
            extra.append((len(names) + len(extra) - 1, heading, texts))
    writer.table("surplus", names, rows, size_pt=8.5, extra=extra, total=("floor_area_m2", "land_area_m2"))
    called = {str(i): wording.clean(str(name or i)) for i, name in zip(rows["facility_id"], rows["name"], strict=True)}
    pairs = [pair for pair in released.sharing(writer.run) if set(pair) <= set(called)]
    if pairs:
        listed = "; ".join(f"{called[a]} ({a}) – {called[b]} ({b})" for a, b in pairs)
        writer.say("surplus.sharing", listed=listed)


def _annex_plain(writer: Writer, run: Run, table: str, names: Sequence[str]) -> None:
    writer.table(table, names, run.table(table))


def _annex_coverage(writer: Writer) -> None:
    """One row a layer: in how many communes it is covered, partly, on paper only, or missing."""
    cover = writer.run.coverage
    tokens = RESULTS["coverage"].column("status").values
    headings = [
        wording.label(RESULTS["coverage"].column("role"), writer.lang),
        wording.label(RESULTS["coverage"].column("mandatory"), writer.lang),
        *(locale.value_text("status", token, writer.lang) for token in tokens),
        writer.words("illustrative_communes"),
        wording.label(RESULTS["coverage"].column("source"), writer.lang),
    ]
    lines = []
    for (mandatory, role), part in cover.groupby(
        [~cover["mandatory"].fillna(value=False).astype(bool), "role"], sort=True
    ):
        sources = "; ".join(sorted({str(s) for s in part["source"].dropna()}))
        lines.append(
            [
                wording.role_label(str(role), writer.lang),
                capital(locale.value_text("bool", not mandatory, writer.lang)),
                *(writer.number(int((part["status"] == token).sum())) for token in tokens),
                writer.number(int(part["illustrative"].fillna(value=False).sum())),
                wording.clean(sources, 200) or "–",
            ]
        )
    align = aligned(["left", "left"], "right", len(tokens) + 1, "left")
    writer.paper.table(headings, lines, align=align, size_pt=9)
