"""Parts of the Đề án on the options, their comparison, and surplus facilities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from siteplan import locale
from siteplan.outputs import compare, released, run_words, summary, wording
from siteplan.outputs.dossier_built import write_built
from siteplan.outputs.dossier_end import comparison_table
from siteplan.outputs.dossier_pictures import OVERVIEW_WIDTH_MM, overview_key
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run


_ARTICLE = re.compile(r", (?=(?:Điều|điều|Khoản|khoản|Mục|mục|Bảng|Phụ lục)\b)")


def options(writer: Writer, comparison: compare.Comparison | None) -> None:
    """Write each option, and the comparison where there are several."""
    for n, run in enumerate(writer.runs, start=1):
        writer.paper.heading(f"{n}. {run_words.title_of(run, writer.lang)}", 2)
        _one_option(writer, run, n - 1)
    if comparison is None:
        writer.say("options.single")
        return
    writer.paper.heading(f"{len(writer.runs) + 1}. {writer.words('options.compared')}", 2)
    comparison_table(writer, comparison)
    differing = int(comparison.by_commune["differs"].sum())
    writer.say("options.differ", count=writer.number(differing), total=writer.number(len(comparison.by_commune)))
    for option in comparison.options:
        sides = [("strengths", comparison.strengths[option]), ("weaknesses", comparison.weaknesses[option])]
        # of two options, what is weak in one is strong in the other: it is told once
        for side, messages in sides[:1] if len(comparison.options) == 2 else sides:
            if messages:
                writer.say(f"options.{side}", title=comparison.short_title(option, writer.lang))
                writer.paper.items([f"{compare.words(comparison, m, writer.lang)};" for m in messages])
    writer.say("options.verdict")
    writer.paper.items([f"{line};" for line in comparison.sentences(writer.lang, leads=False)])


def _one_option(writer: Writer, run: Run, number: int) -> None:
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    counts = {status: int((rows["status"] == status).sum()) for status in ("planned", "waiting", "not_needed")}
    writer.say("options.counts", listed=writer.counted("status", counts))
    write_built(writer, run)
    phases = [str(p["name"]) for p in run_words.scenario_of(run).get("phases", ())]
    found = [p for p in planned["phase"].dropna().unique() if p not in phases]
    lines = [
        [wording.clean(phase), *_phase_figures(writer, planned[planned["phase"] == phase])]
        for phase in [*phases, *sorted(found)]
    ]
    writer.paper.caption(writer.words("options.phases_caption", title=run_words.title_of(run, writer.lang)))
    headings = [writer.words(f"options.column.{name}") for name in ("phase", "centres", "people", "money")]
    writer.sums(headings, lines, _phase_figures(writer, planned))
    caption = writer.words("options.phases_map", title=writer.option_of(run))
    writer.map(overview_key("phase", number), caption, OVERVIEW_WIDTH_MM)
    inverted = rows[rows["inversion"].fillna(value=False).astype(bool)]
    if len(inverted):
        writer.say("options.inversions", count=writer.number(len(inverted)), annex=writer.annex("programme"))


def _phase_figures(writer: Writer, rows: pd.DataFrame) -> list[str]:
    """Centres, people and money of some rows of the programme."""
    money = (summary.add_up(rows["cost_at_price_year"]) or 0) / wording.MONEY_SHOWN
    people = summary.add_up(rows["population"]) or 0
    return [writer.number(len(rows)), writer.number(people), writer.number(money, wording.MONEY_DECIMALS)]


def _facility_figures(writer: Writer, rows: pd.DataFrame) -> list[str]:
    """Facilities, floor and land of some rows of ``surplus``."""
    areas = (writer.number(summary.add_up(rows[name]), 1) for name in ("floor_area_m2", "land_area_m2"))
    return [writer.number(len(rows)), *areas]


def surplus(writer: Writer) -> None:
    """Write how facilities are handled, by option and treatment, with the legal basis of each."""
    writer.say("surplus.rule")
    for run in writer.runs:
        rows = summary.of_option(run.surplus, run)
        writer.paper.caption(writer.words("surplus.caption", title=run_words.title_of(run, writer.lang)))
        tokens = [t for t in RESULTS["surplus"].column("treatment").values if (rows["treatment"] == t).any()]
        lines = [
            [locale.value_text("treatment", token, writer.lang),
             *_facility_figures(writer, rows[rows["treatment"] == token])]
            for token in tokens
        ]  # fmt: skip
        headings = [writer.words(f"surplus.column.{name}") for name in ("treatment", "count", "floor", "land")]
        writer.sums(headings, lines, _facility_figures(writer, rows))
        _kept_and_needed(writer, run, rows)
        _not_kept(writer, run, len(rows))
        if run is writer.runs[-1] and not rows.empty:
            if bases := _bases(writer, rows, tokens):
                writer.say("surplus.basis")
                writer.paper.items(bases)
            unknown = int(rows["floor_area_m2"].isna().sum())
            writer.say("surplus.unknown", count=writer.number(unknown), total=writer.number(len(rows)))
    writer.say("surplus.annex", annex=writer.annex("surplus"))


def _kept_and_needed(writer: Writer, run: Run, rows: pd.DataFrame) -> None:
    """Say, where the option keeps another floor than the need reckons with, which communes make the difference and why.

    The need counts the headquarters that is kept; the table also what a decision keeps beside it, and what an option
    keeps where it builds otherwise than needed.
    """
    kept = rows[rows["treatment"] == released.KEPT]
    communes = run.communes.set_index("code")
    needed = communes["kept_floor_area_m2"].astype("float64").fillna(0.0)
    own = kept.groupby("commune_code")["floor_area_m2"].sum().reindex(communes.index).fillna(0.0)
    beyond = (own - needed).round(2)
    beyond = beyond[beyond != 0]
    if not round(float(beyond.sum()), 2):
        return
    programme = summary.programme(run)
    otherwise = set(programme.loc[~summary.as_needed(programme), "commune_code"])
    settled = kept[summary.flags(kept["decided"])]
    counted = set(communes["kept_facility_id"].dropna())
    beside = set(settled.loc[~settled["facility_id"].isin(counted), "commune_code"])
    names, groups = summary.names_by_code(run), dict[str, list[str]]()
    for code, area in beyond.items():
        why = "otherwise" if code in otherwise else "decided" if code in beside else "other"
        groups.setdefault(why, []).append(f"{names[str(code)]} {writer.m2(float(area))}")
    told = [writer.words(f"surplus.kept_{why}", listed=", ".join(groups[why]))
            for why in ("decided", "otherwise", "other") if why in groups]  # fmt: skip
    writer.say(
        "surplus.kept_and_needed", kept=writer.m2(float(own.sum())), needed=writer.m2(float(needed.sum())),
        difference=writer.m2(float(beyond.sum())), listed="; ".join(told),
    )  # fmt: skip


def _not_kept(writer: Writer, run: Run, listed: int) -> None:
    """Write what becomes free when, by treatment, and for how many a decision is asked for."""
    found, parts = released.breakdown(run), released.parts_of(run)
    if found.empty:
        return
    counts = {name: writer.number(count) for name, count in parts._asdict().items()}
    writer.say("surplus.not_kept", listed=writer.number(listed), kept=writer.number(listed - parts.total), **counts)
    table = found.pivot_table(index="treatment", columns="when", values="facilities", aggfunc="sum", fill_value=0)
    table = table.reindex(index=[t for t in released.TREATMENTS if t in table.index], columns=list(released.WHEN))
    table = table.fillna(0).astype(int)

    def figures(numbers: Iterable[int]) -> list[str]:
        known = list(numbers)
        return [writer.number(number) for number in (*known, sum(known))]

    writer.paper.caption(writer.words("surplus.when_caption", title=writer.option_of(run)))
    headings = [writer.words("surplus.column.treatment"), *(writer.words(f"surplus.when.{w}") for w in released.WHEN)]
    lines = [[locale.value_text("treatment", t, writer.lang), *figures(table.loc[t])] for t in table.index]
    writer.sums([*headings, locale.text("workbook.total", writer.lang)], lines, figures(table.sum()))


def _bases(writer: Writer, rows: pd.DataFrame, tokens: Iterable[str]) -> list[str]:
    """Name each document once, with the treatments that rest on it and the articles they rest on."""
    cited: dict[str, dict[str, list[str]]] = {}
    for token in tokens:
        cells = rows.loc[rows["treatment"] == token, "legal_basis"].dropna()
        named = {part.strip() for cell in cells for part in str(cell).split("; ") if part.strip()}
        for part in sorted(named):
            if not any(other.startswith(f"{part},") for other in named):  # its article says it already
                document, _, article = _ARTICLE.sub("\n", part, count=1).partition("\n")
                of_article = cited.setdefault(document, {}).setdefault(article, [])
                of_article.append(locale.value_text("treatment", token, writer.lang))
    lines = []
    for document, articles in sorted(cited.items()):
        told = (f"{article} ({'; '.join(names)})" if article else "; ".join(names)
                for article, names in sorted(articles.items()))  # fmt: skip
        lines.append(f"{document}: {'; '.join(told)};")
    return lines
