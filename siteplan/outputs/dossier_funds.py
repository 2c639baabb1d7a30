"""What the papers say of funds: what kind of money an option reckons with, and with what reservation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from siteplan import locale
from siteplan.outputs import run_words, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

Kind = Literal["approved", "assumed", "without_source"]


def kind_of(run: Run) -> Kind:
    """Say what kind of money an option reckons with; money nobody has called approved is assumed."""
    scenario = run_words.scenario_of(run)
    if not scenario.get("funds"):
        return "without_source"
    told = scenario.get("programme", {}).get("label_of_funds")
    return "approved" if told == "approved" else "assumed"


def kind_words(run: Run, lang: str) -> str:
    """Name the kind of money within a sentence ("vốn giả định")."""
    return locale.text(f"dossier.funds.kind.{kind_of(run)}", lang)


def reservation(run: Run, lang: str) -> str:
    """Say in a sentence what the money of an option is and is not."""
    return locale.text(f"dossier.funds.reservation.{kind_of(run)}", lang)


def clearance(run: Run, lang: str) -> str:
    """Say of how many planned centres the totals hold no land clearance; nothing where they hold it of all."""
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    without = summary.without_clearance(planned)
    if not without:
        return ""
    counts = {"count": locale.number(without, 0, lang), "planned": locale.number(len(planned), 0, lang)}
    return locale.text("dossier.funds.without_clearance", lang, **counts)


def reservations_of(run: Run, lang: str) -> str:
    """Say what the money of an option is and is not, and what its totals do not hold."""
    return " ".join(words for words in (reservation(run, lang), clearance(run, lang)) if words)


def declared(run: Run) -> tuple[float, float]:
    """Money the scenario declares, đồng: what is balanced, and what may be raised beside it."""
    funds = run_words.scenario_of(run).get("funds") or ()
    sure = sum(float(fund.get("amount", 0)) for fund in funds if fund.get("committed", True))
    return sure, sum(float(fund.get("amount", 0)) for fund in funds) - sure


def reservations(writer: Writer, runs: Sequence[Run]) -> str:
    """Say the reservations of several options in one text; those that say the same stand together."""
    by_words: dict[str, list[str]] = {}
    for run in runs:
        by_words.setdefault(reservations_of(run, writer.lang), []).append(writer.option_of(run))
    if len(runs) == 1:
        return next(iter(by_words))
    told = (f"{', '.join(titles)}: {words[:1].lower()}{words[1:]}" for words, titles in by_words.items())
    return " ".join(told)


def write_funds(writer: Writer, run: Run) -> None:
    """Write what kind of money an option reckons with, and how much is declared."""
    writer.paper.text(reservations_of(run, writer.lang))
    if kind_of(run) != "without_source":
        sure, possible = declared(run)
        writer.say("money.funds", sure=writer.money(sure), possible=writer.money(possible))
