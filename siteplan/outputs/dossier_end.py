"""Parts of the Đề án on money, organisation and recommendations, and the figures other papers take from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import compare, dossier_funds, prices, released, run_words, site_counts, summary, wording
from siteplan.outputs.dossier_charts import WIDTH_MM, bars
from siteplan.outputs.dossier_sites import CHECKS
from siteplan.outputs.dossier_state import counts_of, total_of
from siteplan.outputs.paper_table import aligned
from siteplan.outputs.replies import Reply, replies_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

_CLEARANCE = "land_clearance"
# the order in which a total investment is written; components that data add follow
_COMPONENTS = (
    "construction", "renovation", "earthworks", "equipment", _CLEARANCE, "management", "consultancy", "other",
)  # fmt: skip
_RESERVE = "contingency"
_ROUNDED_TO = 1e6  # đồng, of the total of a commune


def planned_costs(run: Run) -> pd.DataFrame:
    """Costs of the planned communes of a run: ``component, low, middle, high`` (đồng), land clearance in one row.

    At the price level the unit costs have, for the type of building the programme chose (a commune may have costs of
    several types); components without any sum are left out.
    """
    rows = summary.programme(run)
    chosen = rows.loc[rows["status"] == "planned", ["commune_code", "build_type"]]
    costs = run.table("costs").merge(chosen, on=["commune_code", "build_type"])
    kinds = costs["component"].astype(str)
    kinds = kinds.where(~kinds.str.startswith(_CLEARANCE), _CLEARANCE)
    found_names = set(kinds)
    names = [name for name in _COMPONENTS if name in found_names]
    names += sorted(found_names - {*names, _RESERVE}) + [_RESERVE] * (_RESERVE in found_names)
    lines = []
    for name in names:
        part = costs[kinds == name]
        line: dict[str, Any] = {"component": name}
        line.update({level: summary.add_up(part[level]) for level in ("low", "middle", "high")})
        lines.append(line)
    found = pd.DataFrame(lines, columns=["component", "low", "middle", "high"])
    return found[found["high"].astype("float64").fillna(0.0) > 0].reset_index(drop=True)


def money(writer: Writer) -> None:
    """Write costs by component and money by phase, year and source of each option."""
    for number, run in enumerate(writer.runs, start=1):
        title = run_words.title_of(run, writer.lang)
        writer.paper.heading(f"{number}. {title}", 2)
        _components(writer, run)
        _years(writer, run)
        dossier_funds.write_funds(writer, run)
    _money_chart(writer)
    writer.say("money.annex", annex=writer.annex("funding"))


def _money_chart(writer: Writer) -> None:
    """Draw money by year, a bar an option."""
    tables = {
        writer.option_of(run): summary.money_by_year_and_source(summary.of_option(run.funding, run))
        for run in writer.runs
    }
    years = sorted({int(year) for table in tables.values() for year in table["year"]})
    if not years:
        return
    series = {}
    for title, table in tables.items():
        sums = {int(row["year"]): float(row[summary.TOTAL]) for row in table.to_dict("records")}
        series[title] = [sums.get(year, 0.0) / wording.MONEY_SHOWN for year in years]
    unit = locale.text("unit.money_shown", writer.lang)
    picture = bars([str(year) for year in years], series, unit, writer.lang, decimals=1)
    writer.paper.picture(picture, WIDTH_MM, writer.words("money.chart"))


def _bn(writer: Writer, value: Any) -> str:
    known = wording.scalar(value)
    return writer.number(None if known is None else known / wording.MONEY_SHOWN, wording.MONEY_DECIMALS)


def _components(writer: Writer, run: Run) -> None:
    costs = planned_costs(run)
    if costs.empty:
        writer.say("money.no_costs")
        return
    levels = ("low", "middle", "high")
    planned = summary.programme(run)
    planned = planned[planned["status"] == "planned"]
    lines = [
        [locale.value_text("component", row["component"], writer.lang), *(_bn(writer, row[level]) for level in levels)]
        for row in costs.to_dict("records")
    ]
    words = {"title": writer.option_of(run), "base": prices.base(run, writer.lang)}
    writer.paper.caption(writer.words("money.components_caption", **words))
    headings = [writer.words(f"money.column.{name}") for name in ("component", *levels)]
    totals = {level: float(costs[level].sum()) for level in levels}
    used = str(run_words.scenario_of(run).get("costs", {}).get("level", "middle"))
    rounded = (summary.add_up(planned["cost_at_price_year"]) or 0.0) - totals[used]
    # the total of each commune is rounded: what the rounding makes of the sum stands in a row of its own
    if _bn(writer, totals[used]) != _bn(writer, totals[used] + rounded) and abs(rounded) <= _ROUNDED_TO * len(planned):
        own = [_bn(writer, rounded) if level == used else "–" for level in levels]
        lines.append([writer.words("money.rounding"), *own])
        totals[used] += rounded
    writer.sums(headings, lines, [_bn(writer, totals[level]) for level in levels])
    writer.say(
        "money.escalated",
        at_price_year=_at_price_year(writer, run, planned),
        total=prices.as_paid(writer.money(summary.add_up(planned["total_cost"])), writer.lang),
    )


def _at_price_year(writer: Writer, run: Run, rows: pd.DataFrame) -> str:
    """Total investment of some rows of the programme, with the price year it stands on."""
    return prices.at_price_year(writer.money(summary.add_up(rows["cost_at_price_year"])), run, writer.lang)


def _years(writer: Writer, run: Run) -> None:
    table = summary.money_by_year_and_source(summary.of_option(run.funding, run))
    if table.empty:
        return
    peak = table.sort_values([summary.TOTAL, "year"], ascending=[False, True], kind="stable").iloc[0]
    writer.say(
        "options.money",
        kind=dossier_funds.kind_words(run, writer.lang),
        total=prices.as_paid(writer.money(float(table[summary.TOTAL].sum())), writer.lang),
        first=str(int(table["year"].min())),
        last=str(int(table["year"].max())),
        peak=writer.money(float(peak[summary.TOTAL])),
        year=str(int(peak["year"])),
    )
    sources = [str(c) for c in table.columns if c not in ("year", summary.TOTAL)]
    listed = "; ".join(
        f"{wording.clean(locale.value_text('source', source, writer.lang))} {writer.money(float(table[source].sum()))}"
        for source in sources
    )
    writer.say("money.sources", listed=listed)
    if len(sources) > 1:
        _sources_chart(writer, run, table, sources)


def _sources_chart(writer: Writer, run: Run, table: pd.DataFrame, sources: Sequence[str]) -> None:
    """Draw money by year, the sources upon each other."""
    series = {
        locale.value_text("source", source, writer.lang): [float(v) / wording.MONEY_SHOWN for v in table[source]]
        for source in sources
    }
    unit = locale.text("unit.money_shown", writer.lang)
    picture = bars([str(int(y)) for y in table["year"]], series, unit, writer.lang, decimals=1, stacked=True)
    writer.paper.picture(picture, WIDTH_MM, writer.words("money.chart_sources", title=writer.option_of(run)))


def organisation(writer: Writer) -> None:
    """Write what is to be done by whom, in figures, and the centres to start and finish each year."""
    run = writer.run
    communes = run.communes
    states = communes["report_state"].value_counts()
    waiting = len(communes) - int(states.get("answered", 0))
    names = summary.names_by_code(run)
    unconfirmed = int((run.table("assumptions")["certainty"] == "R").sum())
    lines = [writer.words("organisation.department", unconfirmed=writer.number(unconfirmed), illustrative=len(
        {str(layer) for one in writer.runs for layer in one.manifest.get("illustrative_layers", ())}))]  # fmt: skip
    if waiting:
        late = communes[communes["report_state"].fillna("none") != "answered"].sort_values("code")
        listed = ", ".join(names[str(code)] for code in late["code"])
        lines.append(writer.words("organisation.communes", count=writer.number(waiting), listed=listed))
    lines += [
        writer.words("organisation.agency", agency=reply.agency, sites=_asked(writer, reply, "sites"),
                     requests=_asked(writer, reply, "requests"), answered=writer.words(
                         "organisation.answered", count=writer.number(reply.answered)) if reply.answered else "")
        for reply in replies_of(run)
    ]  # fmt: skip
    writer.paper.items(lines)
    comparison = [_yearly(one) for one in writer.runs]
    years = sorted({year for found in comparison for year in found})
    if not years:
        return
    writer.paper.caption(writer.words("organisation.caption"))
    groups = [("", 1), *((writer.option_of(one), 2) for one in writer.runs)]
    headings = [locale.text("workbook.year", writer.lang)]
    headings += [writer.words(f"organisation.{what}") for _ in writer.runs for what in ("started", "finished")]
    rows = [[str(year), *(str(n) for found in comparison for n in found.get(year, (0, 0)))] for year in years]
    total = [str(sum(pair[at] for pair in found.values())) for found in comparison for at in (0, 1)]
    writer.sums(headings, rows, total, groups=groups)
    finished = {
        writer.option_of(one): [float(found.get(year, (0, 0))[1]) for year in years]
        for one, found in zip(writer.runs, comparison, strict=True)
    }
    picture = bars([str(year) for year in years], finished, writer.words("options.column.finished"), writer.lang)
    writer.paper.picture(picture, WIDTH_MM, writer.words("options.finished_chart"))


def _asked(writer: Writer, reply: Reply, what: str) -> str:
    """Sites or matters that a letter asks about, in each option where they differ."""

    def count(run: Run) -> str:
        same = [one for one in replies_of(run) if (one.agency, one.kind) == (reply.agency, reply.kind)]
        return writer.number(sum(getattr(one, what) for one in same))

    return writer.beside(count)


def _yearly(run: Run) -> dict[int, tuple[int, int]]:
    """Centres to start and to finish, by year."""
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    starts, ends = (pd.to_numeric(planned[c], errors="coerce") for c in ("start_year", "finish_year"))
    years = sorted({int(year) for year in pd.concat([starts, ends]).dropna()})
    return {year: (int((starts == year).sum()), int((ends == year).sum())) for year in years}


def recommendations(writer: Writer) -> None:
    """Write what is asked to be decided, each with its figures."""
    total, communes = total_of(writer.run), writer.run.communes
    lines = [
        writer.words("ask.size", floor=writer.m2(total["required_floor_area_m2"]),
                     land=writer.m2(total["required_land_area_m2"]), units=writer.number(len(communes))),
        *_about_sites(writer),
    ]  # fmt: skip
    if words := writer.of_options(partial(_without, writer)):
        lines.append(words)
    chosen = writer.words("ask.option" if len(writer.runs) > 1 else "ask.one_option", listed="; ".join(
        _option_line(writer, run) for run in writer.runs))  # fmt: skip
    lines.append(f"{chosen} {dossier_funds.reservations(writer, writer.runs)}")
    lines.append(writer.words("ask.surplus", listed="; ".join(_freed_line(writer, run) for run in writer.runs)))
    unconfirmed = int((writer.run.table("assumptions")["certainty"] == "R").sum())
    if unconfirmed:
        lines.append(writer.words("ask.confirm", count=writer.number(unconfirmed), annex=writer.annex("assumptions")))
    for number, line in enumerate(lines, start=1):
        writer.paper.text(f"{number}. {line}")


def _freed_line(writer: Writer, run: Run) -> str:
    counts = {name: writer.number(count) for name, count in released.parts_of(run)._asdict().items()}
    return writer.words("ask.freed_by", title=writer.option_of(run), **counts)


def _about_sites(writer: Writer) -> list[str]:
    """Ask about the proposed sites by group: to go on with, to choose again, and headquarters that stay as they are.

    Those stay whose commune needs no investment in any option. Of options that ask different things each is named.
    """
    return [words for tell in (_going, _again, _staying) if (words := writer.of_options(partial(tell, writer)))]


def _without(writer: Writer, run: Run) -> str:
    missing = int(run.communes["best_site_id"].isna().sum())
    return writer.words("ask.without", count=writer.number(missing)) if missing else ""


def _going(writer: Writer, run: Run) -> str:
    going = site_counts.sites_to_ask(run, writer.runs).going
    if going.empty:
        return ""
    counts = writer.counted("ask", counts_of(going["check_result"], [c for c in CHECKS if c != "blocked"]))
    asked = writer.words("ask.sites", count=writer.number(len(going)), listed=counts)
    told, broken = [asked], site_counts.broken(going)
    if broken.sites:
        key = "ask.breaking_smaller" if broken.smaller else "ask.breaking"
        told.append(writer.words(key, count=writer.number(broken.sites), smaller=writer.number(broken.smaller)))
    return " ".join([*told, *_much_longer(writer, run, going)])


def _again(writer: Writer, run: Run) -> str:
    again = site_counts.sites_to_ask(run, writer.runs).again
    words = {"count": writer.number(len(again)), "listed": _with_blocks(writer, run, again)}
    return writer.words("ask.again", **words) if len(again) else ""


def _staying(writer: Writer, run: Run) -> str:
    asked = site_counts.sites_to_ask(run, writer.runs)
    key = "ask.stay_blocked" if len(asked.bound) else "ask.stay"
    count, bound = writer.number(len(asked.staying)), writer.number(len(asked.bound))
    words = {"count": count, "blocked": bound, "listed": _with_blocks(writer, run, asked.bound)}
    return (
        " ".join([writer.words(key, **words), *_much_longer(writer, run, asked.staying)]) if len(asked.staying) else ""
    )


def _much_longer(writer: Writer, run: Run, sites: pd.DataFrame) -> list[str]:
    """Name, in one sentence, the communes whose people travel much longer than to the site ranked first."""
    warned, names = site_counts.much_longer(sites), summary.names_by_code(run)
    listed = ", ".join(
        writer.words("ask.longer_of", name=names[code], **{k: params[k] for k in ("own", "minutes", "site")})
        for code, params in warned
    )
    return [writer.words("ask.longer", count=writer.number(len(warned)), listed=listed)] if warned else []


def _with_blocks(writer: Writer, run: Run, sites: pd.DataFrame) -> str:
    """Name communes, each with the rules that block its site."""
    blocked_by, names = site_counts.blocking_rules(run, writer.lang), summary.names_by_code(run)
    listed = []
    for site, code in zip(sites["site_id"], sites["commune_code"], strict=True):
        rules = "; ".join(wording.clean(rule) for rule in blocked_by.get(str(site), ()))
        words = {"name": names[str(code)], "rules": rules}
        listed.append(writer.words("ask.what_blocks", **words) if rules else words["name"])
    return ", ".join(listed)


def _option_line(writer: Writer, run: Run) -> str:
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    return writer.words(
        "ask.option_line",
        title=writer.option_of(run),
        count=writer.number(len(planned)),
        total=_at_price_year(writer, run, planned),
    )


def key_figures(writer: Writer) -> None:
    """Write the main figures as one table, for submissions."""
    total = total_of(writer.run)
    proposed = writer.beside(lambda run: writer.number(len(site_counts.proposed_sites(run))))
    rows = [
        [writer.words("key.units"), writer.number(len(writer.run.communes))],
        [writer.words("key.people"), writer.number(summary.add_up(writer.run.communes["population"]))],
        [writer.words("key.sites"), proposed],
    ]
    keys = ("existing_floor_area_m2", "required_floor_area_m2", "deficit_floor_area_m2", "required_land_area_m2")
    rows += [[writer.words(f"key.{key}"), writer.m2(total[key])] for key in keys]
    headings = [writer.words("key.what"), writer.words("key.figure")]
    writer.paper.table(headings, rows, align=["left", "right"], size_pt=12)


def comparison_table(writer: Writer, comparison: compare.Comparison | None) -> None:
    """Write the comparison of the options as a table; nothing for one option."""
    if comparison is None:
        return
    rows = compare.summary_rows(comparison, writer.lang)
    headings = [locale.text("compare.column.measure", writer.lang)]
    headings += [comparison.short_title(option, writer.lang) for option in comparison.options]
    align = aligned(["left"], "right", len(comparison.options))
    writer.paper.caption(writer.words("options.caption"))
    writer.paper.table(headings, rows, align=align, size_pt=11)
    if told := prices.note(comparison.runs, writer.lang):
        writer.paper.text(told)


def list_of_annexes(writer: Writer) -> None:
    """Write number and name of each annex."""
    lines = [
        f"{writer.annex(name)}. {writer.annex_name(name)}{';' if at < len(writer.annex_numbers) else '.'}"
        for at, name in enumerate(writer.annex_numbers, start=1)
    ]
    for line in lines:
        writer.paper.text(line)


def state_of_figures(writer: Writer) -> None:
    """Write what state the figures are in, once, on the first page."""
    if writer.paper.marks:
        writer.paper.text("; ".join(writer.paper.marks) + ".", italic=True)
    illustrative = run_words.illustrative_line(writer.runs, writer.lang)
    if illustrative:
        writer.paper.text(illustrative, italic=True)
