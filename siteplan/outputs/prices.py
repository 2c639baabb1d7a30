"""On which prices a sum of money stands: those of the price year, or those of the years in which it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from siteplan import locale
from siteplan.outputs import run_words

if TYPE_CHECKING:
    from siteplan.runs import Run


def year_of(run: Run) -> int | None:
    """Price year of a run, None where its scenario tells none."""
    year = run_words.scenario_of(run).get("costs", {}).get("price_year")
    return None if year is None else int(year)


def at_price_year(amount: str, run: Run, lang: str) -> str:
    """Write an amount in words with the price year it stands on."""
    return locale.text("prices.at_price_year", lang, amount=amount, base=base(run, lang))


def as_paid(amount: str, lang: str) -> str:
    """Write an amount in words, saying that it stands on the prices of the years paid."""
    return locale.text("prices.as_paid", lang, amount=amount)


def base(run: Run, lang: str) -> str:
    """Name the price year: "giá năm gốc 2025", or without the year where it is not known."""
    year = year_of(run)
    return locale.text("prices.base" if year is not None else "prices.base_unknown", lang, year=year)


def note(runs: Sequence[Run], lang: str) -> str:
    """Say which year the price year is; empty where no run tells. Runs of different years are told apart."""
    known = {year for run in runs if (year := year_of(run)) is not None}
    if len(known) > 1:
        listed = "; ".join(f"{run_words.title_of(run, lang).split(':')[0]}: {year_of(run) or '–'}" for run in runs)
        return locale.text("prices.differ", lang, listed=listed)
    return locale.text("prices.note", lang, year=known.pop()) if known else ""
