"""Costs that recalculate: quantity x unit price line by line, totals by commune and build type.

Unit prices come from the sheet of parameters: those per floor area are the norm's times the regional coefficient,
renovation is a share of the norm's total, land clearance the price of its category, contingency a share of the sum
before it. Lines are rounded to whole đồng, totals to a million, as ``siteplan.decide.costs`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import summary, wording
from siteplan.outputs.live_cells import Live, Placed, column_letter, wide
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.outputs.workbook.parameters import CLEARANCE, LEVELS, Parameters, prices_of
from siteplan.outputs.workbook.plain import fields_of, plain_heading, rows_of, sheet_name
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siteplan.runs import Run

_PER_FLOOR = ("construction", "equipment", "management", "consultancy", "other")
Group = tuple[str, str]


@dataclass(frozen=True)
class Sizes:
    """Where the cost of each build type of each commune stands."""

    placed: Placed
    rows: Mapping[Group, int]

    def cost(self, group: Group) -> str | None:
        """Return the reference to the cost at the price year, tỷ đồng; None where there is none."""
        return self.placed.cell("cost_at_price_year", self.rows[group]) if group in self.rows else None


def _groups(run: Run) -> dict[Group, int]:
    pairs = zip(run.costs["commune_code"], run.costs["build_type"], strict=True)
    return {pair: n for n, pair in enumerate(sorted(set(pairs)), start=1)}


def _unit_price(component: str, parameters: Parameters) -> str | None:
    """Write the unit price of a component as a formula; None where nothing prices it."""
    region = ("price", "region")
    held = [("price", name) for name in _PER_FLOOR if ("price", name) in parameters]
    if component in _PER_FLOOR and ("price", component) in parameters and region in parameters:
        return f"={parameters.cell('price', component)}*{parameters.cell(*region)}"
    if component == "renovation" and ("price", component) in parameters and held and region in parameters:
        total = "+".join(parameters.cell(*key) for key in held)
        return f"={parameters.cell('price', component)}*({total})*{parameters.cell(*region)}"
    if component.startswith(CLEARANCE) and ("clearance", component[len(CLEARANCE) :]) in parameters:
        cell = parameters.cell("clearance", component[len(CLEARANCE) :])
        return f'=IF(ISNUMBER({cell}),{cell},"")'
    return f"={parameters.cell('price', component)}" if ("price", component) in parameters else None


class _Lines:
    """The columns of the sheet of costs and the formulas over them."""

    def __init__(self, run: Run, lang: str, parameters: Parameters | None) -> None:
        self.parameters = parameters if prices_of(run) else None
        names = list(RESULTS["costs"].names)
        self.fields = fields_of("costs", names, lang)
        self.fields.insert(1, Field(locale.text("workbook.commune", lang), 20, key="commune"))
        at = next(n for n, field in enumerate(self.fields) if field.key == "unit_cost")
        words = locale.text
        self.fields.insert(at + 1, Field(words("workbook.column.before", lang), 18, "number", 0, key="before"))
        self.fields.append(Field(words("workbook.column.group_number", lang), 11, "int", key="group", printed=False))
        self.at = {field.key: n for n, field in enumerate(self.fields)}

    def own(self, key: str) -> str:
        """Cell of the same row."""
        return f"${column_letter(self.at[key])}{{row}}"

    def row(self, own: Mapping[str, Any], component: str) -> list[Any]:
        """Return the cells of a line."""
        cells = dict(own)
        parameters = self.parameters
        if parameters is None:
            return [cells.get(field.key) for field in self.fields]
        quantity, price, before = self.own("quantity"), self.own("unit_cost"), self.own("before")
        if component == "contingency":
            ranges = [wide(column_letter(self.at[key])) for key in ("before", "group")]
            sums = f"SUMIFS({','.join(ranges)},{self.own('group')})"
            cells["quantity"] = Live(f"={parameters.cell('price', component)}", own["quantity"])
            cells["unit_cost"] = Live(f"=ROUND({sums}/100,0)", own["unit_cost"])
            amount, known = f"{quantity}*{sums}/100", None
        else:
            unit = _unit_price(component, parameters)
            if unit is not None:
                cells["unit_cost"] = Live(unit, own["unit_cost"])
            both = own["quantity"] is not None and own["unit_cost"] is not None
            value = own["quantity"] * own["unit_cost"] if both else None
            known = f"AND(ISNUMBER({quantity}),ISNUMBER({price}))"
            cells["before"] = Live(f'=IF({known},{quantity}*{price},"")', value)
            amount = before
        for level in LEVELS:
            rounded = f"ROUND(ROUND({amount}*{parameters.cell('level', level)},6),0)/{wording.MONEY_SHOWN:.0f}"
            formula = f"={rounded}" if known is None else f'=IF({known},{rounded},"")'
            cells[level] = Live(formula, own[level])
        return [cells.get(field.key) for field in self.fields]


def add_lines(book: Book, run: Run, lang: str, option: str, parameters: Parameters | None) -> Placed:
    """Add the sheet of costs by component."""
    made, groups = _Lines(run, lang, parameters), _groups(run)
    names, codes = RESULTS["costs"].names, summary.names_by_code(run)
    costs = run.costs
    last = (costs["component"] == "contingency").astype(int)
    costs = costs.assign(_last=last).sort_values(
        ["commune_code", "build_type", "_last"], kind="stable", ignore_index=True
    )
    shown = rows_of(run, costs, "costs", names, lang)
    rows = []
    for code, build_type, component, line in zip(
        costs["commune_code"], costs["build_type"], costs["component"], shown, strict=True
    ):
        own = dict(zip(names, line, strict=True))
        own |= {"commune": wording.clean(codes.get(str(code), "")), "group": groups[code, build_type], "before": None}
        rows.append(made.row(own, component))
    notes: list[Any] = [locale.text("workbook.costs_note", lang)]
    if made.parameters is not None:
        notes.append(made.parameters.status(lang))
    return book.sheet(
        sheet_name("costs", lang, option), plain_heading("costs", run, lang, option), made.fields, rows, notes=notes,
        frozen_columns=2, annex=True,
    )  # fmt: skip


def add_sizes(
    book: Book, run: Run, lang: str, option: str, parameters: Parameters | None, lines: Placed, page: Any = None
) -> Sizes:
    """Add the sheet of what each build type of each commune costs."""
    options = run.build_options
    names = list(RESULTS["build_options"].names)
    fields = fields_of("build_options", names, lang)
    fields.insert(1, Field(locale.text("workbook.commune", lang), 20, key="commune"))
    fields.append(Field(locale.text("workbook.column.group_number", lang), 11, "int", key="group", printed=False))
    at = {field.key: n for n, field in enumerate(fields)}
    groups, codes, rows = _groups(run), summary.names_by_code(run), []
    pairs = list(zip(options["commune_code"], options["build_type"], strict=True))
    for pair, shown in zip(pairs, rows_of(run, options, "build_options", names, lang), strict=True):
        own: dict[str, Any] = dict(zip(names, shown, strict=True))
        own |= {"commune": wording.clean(codes.get(str(pair[0]), "")), "group": groups.get(pair)}
        if parameters is not None and prices_of(run) and pair in groups:
            number = f"${column_letter(at['group'])}{{row}}"
            sums = [f"SUMIFS({lines.column(level)},{lines.column('group')},{number})" for level in LEVELS]
            chosen = f"CHOOSE({parameters.cell('level_used')},{','.join(sums)})"
            for name, amount in (("cost_at_price_year", chosen), ("cost_low", sums[0]), ("cost_high", sums[-1])):
                own[name] = Live(f"=ROUND(ROUND({amount}*1000,6),0)/1000", own[name])
        rows.append([own[field.key] for field in fields])
    notes: list[Any] = [locale.text("workbook.note.build_options", lang)]
    if parameters is not None:
        notes.append(parameters.status(lang))
    placed = book.sheet(
        sheet_name("build_options", lang, option), plain_heading("build_options", run, lang, option), fields, rows,
        notes=notes, frozen_columns=2, page=page,
    )  # fmt: skip
    return Sizes(placed, {pair: n for n, pair in enumerate(pairs)})
