"""The form of the medium-term plan: each centre with place, size, years, total and money by year, in triệu đồng."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import dossier_funds, run_words, spreadsheet, summary, wording
from siteplan.outputs.spreadsheet import Field

if TYPE_CHECKING:
    from siteplan.runs import Run

MILLION = 1e6
_FIXED: tuple[tuple[str, int, spreadsheet.Kind], ...] = (
    ("number", 6, "int"),
    ("name", 44, "text"),
    ("place", 24, "text"),
    ("size", 34, "text"),
    ("years", 12, "text"),
    ("total", 15, "int"),
)


def rows_of(run: Run, lang: str) -> tuple[list[int], list[str], list[list[Any]]]:
    """Return the lines of the form.

    Returns
    -------
    years, sources, rows
        Years with money; sources of money; a row a centre in order of phase, start and rank: number, name, place, size,
        years, total, money of each year, money of each source, remark. Money in whole triệu đồng, the total being the
        sum over the years.
    """
    planned = summary.programme(run)
    planned = planned[planned["status"] == "planned"]
    money = summary.of_option(run.funding, run)
    years = sorted({int(y) for y in money["year"].dropna()})
    sources = sorted({str(s) for s in money["source"].dropna()})
    communes = run.communes.set_index("code")
    smaller = summary.added_floor(run)
    renovated = summary.renovated_floor(run)
    by_year = money.pivot_table(index="commune_code", columns="year", values="amount", aggfunc="sum")
    by_source = money.pivot_table(index="commune_code", columns="source", values="amount", aggfunc="sum")
    rows = []
    order = planned.sort_values(["start_year", "priority_rank", "commune_code"], kind="stable", na_position="last")
    for number, row in enumerate(order.to_dict("records"), start=1):
        code = row["commune_code"]
        commune = communes.loc[code]
        place = f"{commune['kind']} {commune['name']}"
        build = summary.built_as(row, lang)
        start, finish = wording.scalar(row["start_year"]), wording.scalar(row["finish_year"])
        paid = [_millions(by_year, code, year) for year in years]
        rows.append(
            [
                number,
                locale.text("plan_form.project", lang, place=place),
                place,
                locale.text("plan_form.size", lang, build=build, floor=_floor(commune, row, smaller, renovated)),
                f"{start}-{finish}" if start is not None and start != finish else f"{start or ''}",
                sum(p for p in paid if p is not None) if any(p is not None for p in paid) else None,
                *paid,
                *(_millions(by_source, code, source) for source in sources),
                "" if wording.scalar(row["clearance_cost_included"]) else locale.text("plan_form.no_clearance", lang),
            ]
        )
    return years, sources, rows


def _floor(
    commune: pd.Series[Any],
    row: Mapping[Any, Any],
    smaller: Mapping[tuple[str, str], float],
    renovated: Mapping[tuple[str, str], float],
) -> float:
    """Return the floor that is built new or added; where a centre is renovated only, that floor, else what is kept."""
    if row["build_type"] == "renovate" and (row["commune_code"], "renovate") in renovated:
        return renovated[row["commune_code"], "renovate"]
    if pd.notna(row["needed_build_type"]) and row["build_type"] != row["needed_build_type"]:
        return smaller.get((row["commune_code"], row["build_type"]), 0.0)
    built = sum(v for v in (commune["new_floor_area_m2"], commune["extension_floor_area_m2"]) if pd.notna(v))
    kept = commune["kept_floor_area_m2"]
    return float(built or (0.0 if pd.isna(kept) else kept))


def _millions(table: pd.DataFrame, code: str, column: Any) -> int | None:
    if code not in table.index or column not in table.columns:
        return None
    value = table.loc[code, column]
    return None if pd.isna(value) else round(float(value) / MILLION)


def add_sheet(book: spreadsheet.Book, run: Run, lang: str) -> None:
    """Add the form of one option."""
    years, sources, rows = rows_of(run, lang)
    words = locale.text
    fields = [
        Field(words(f"plan_form.column.{name}", lang), width, kind, total=name == "total")
        for name, width, kind in _FIXED
    ]
    group = words("plan_form.by_year", lang)
    fields += [Field(str(year), 12, "int", group=group, total=True) for year in years]
    group = words("plan_form.by_source", lang)
    fields += [
        Field(locale.value_text("source", source, lang), 16, "int", group=group, total=True) for source in sources
    ]
    fields.append(Field(words("plan_form.column.remark", lang), 20, "text"))
    notes = [words("plan_form.unit", lang)]
    if dossier_funds.kind_of(run) == "assumed":
        notes.append(words("plan_form.assumed", lang))
    title = f"{words('plan_form.title', lang)} – {run_words.title_of(run, lang)}"
    name = f"{words('plan_form.sheet', lang)} {summary.short_option(run, lang)}"
    book.sheet(name, title, fields, rows, notes=notes, frozen_columns=2)
