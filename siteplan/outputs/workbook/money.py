"""Money by commune, year and source that recalculates for works and years as the programme set them.

What a centre still costs is spread over its years, each part at that year's prices and rounded up to a million; the
committed funds are drawn on in their order, communes by rank, as ``siteplan.decide.programme`` does. Which works begin
when is solved by the program and not by the sheet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import dossier_funds, prices, run_words, summary, wording
from siteplan.outputs.live_cells import Live, Placed, column_letter
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.outputs.workbook import charts
from siteplan.outputs.workbook.columns import on_one_page
from siteplan.outputs.workbook.costs import Sizes
from siteplan.outputs.workbook.parameters import Parameters, committed
from siteplan.outputs.workbook.plain import fields_of, heading, rows_of, sheet_name
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.runs import Run

UNASSIGNED = "unassigned"
_COLUMNS: tuple[tuple[str, float, str], ...] = (
    ("year", 9, "year"), ("code", 9, "text"), ("commune", 24, "text"), ("cost", 16, "money"),
    ("paid_before", 16, "money"), ("years_left", 10, "int"), ("factor", 11, "number"), ("due", 16, "money"),
    ("source", 30, "text"), ("fund", 16, "money"), ("part", 16, "money"), ("state", 14, "text"), ("number", 9, "int"),
    ("due_number", 9, "int"), ("source_number", 9, "int"), ("fund_number", 9, "int"),
)  # fmt: skip


@dataclass(frozen=True)
class Payments:
    """Where the parts stand that are paid: by number of the commune and of the source."""

    placed: Placed
    communes: Mapping[str, int]
    sources: Mapping[str, int]

    def of_commune(self, code: str) -> str:
        """Return the formula of what is paid for a commune over all years, tỷ đồng."""
        part, number = self.placed.column("part"), self.placed.column("number")
        return f"=ROUND(SUMIFS({part},{number},{self.communes[code]}),9)"

    def of_year(self, year: str, source: str) -> str:
        """Return the formula of what is paid in the year of a cell from a source, tỷ đồng."""
        part, years, sources = (self.placed.column(key) for key in ("part", "year", "source_number"))
        return f"=ROUND(SUMIFS({part},{years},{year},{sources},{self.sources[source]}),9)"


class _Lines:
    """The rows of the sheet of payments, in the order in which funds are drawn."""

    def __init__(self, run: Run, lang: str, parameters: Parameters, sizes: Sizes) -> None:
        self.run, self.lang, self.parameters, self.sizes = run, lang, parameters, sizes
        self.option = summary.option_of(run)
        self.programme = summary.programme(run)
        self.money = summary.of_option(run.funding, run)
        self.at = {name: n for n, (name, *_) in enumerate(_COLUMNS)}
        self.communes = {code: n for n, code in enumerate(sorted(set(self.money["commune_code"])), start=1)}
        self.sources = {s: n for n, s in enumerate(sorted({str(s) for s in self.money["source"]} | {
            str(f["source"]) for _, f in committed(run)} | {UNASSIGNED}), start=1)}  # fmt: skip
        self.names = summary.names_by_code(run)
        self.amounts = {
            (row.commune_code, int(row.year), row.source): float(row.amount) / wording.MONEY_SHOWN
            for row in self.money.itertuples()
        }
        paid = self.money[summary.flags(self.money["paid"])]
        self.paid = {(row.commune_code, int(row.year), row.source) for row in paid.itertuples()}
        self.left = self._left()
        self.costs = run_words.scenario_of(run).get("costs", {})

    def _left(self) -> dict[int, float]:
        """Return what is left of each committed fund after what was paid, tỷ đồng."""
        left = {n: float(fund["amount"]) / wording.MONEY_SHOWN for n, fund in committed(self.run)}
        for code, year, source in self.paid:
            n = self._fund_of(year, source)
            if n is not None:
                left[n] = max(0.0, left[n] - self.amounts[code, year, source])
        return left

    def _fund_of(self, year: int, source: str) -> int | None:
        return next((n for n, f in committed(self.run) if int(f["year"]) == year and f["source"] == source), None)

    def own(self, key: str) -> str:
        """Cell of the same row."""
        return f"${column_letter(self.at[key])}{{row}}"

    def _above(self, key: str) -> str:
        letter = column_letter(self.at[key])
        return f"${letter}${{heading}}:${letter}{{before}}"

    def _factor(self, year: int) -> tuple[str, float]:
        index = {int(self.costs.get("price_year", year)): 1.0}
        index |= {int(at): float(value) for at, value in self.costs.get("price_index", {}).items()}
        since = max((at for at in index if at <= year), default=int(self.costs.get("price_year", year)))
        key = ("index", str(since))
        first = self.parameters.cell(*key) if key in self.parameters else "1"
        percent = float(self.costs.get("escalation_percent", 0))
        formula = f"{first}*(1+{self.parameters.cell('escalation')}/100)^{year - since}"
        return formula, index.get(since, 1.0) * (1 + percent / 100) ** (year - since)

    def _head(self, code: str, year: int) -> dict[str, Any]:
        row = dict.fromkeys(self.at)
        row |= {
            "year": year,
            "code": code,
            "commune": wording.clean(self.names.get(code, "")),
            "number": self.communes[code],
        }
        return row

    def rows(self) -> list[list[Any]]:
        """Return what was paid already, then what falls due by year, commune and source."""
        found = [self._paid(*key) for key in sorted(self.paid)]
        left: dict[str, list[int]] = {}
        for code, year, source in self.amounts:
            if (code, year, source) not in self.paid and year not in left.setdefault(code, []):
                left[code].append(year)
        order = [str(code) for code in self.programme["commune_code"] if str(code) in left]
        built = {
            str(r["commune_code"]): (str(r["commune_code"]), r["build_type"]) for r in self.programme.to_dict("records")
        }
        number = 0
        for year in sorted({y for years in left.values() for y in years}):
            for code in order:
                if year in left[code]:
                    number += 1
                    found += self._due(code, year, len(left[code]), built[code], number)
        return [[row[name] for name in self.at] for row in found]

    def _paid(self, code: str, year: int, source: str) -> dict[str, Any]:
        row = self._head(code, year)
        at = self._fund_of(year, source)
        amount = self.amounts[code, year, source]
        shown = {"source": self._source(source), "part": amount, "source_number": self.sources[source]}
        state = locale.text("workbook.paid", self.lang)
        return {**row, **shown, "state": state, "fund_number": None if at is None else at + 1}

    def _source(self, source: str) -> str:
        return wording.clean(locale.value_text("source", source, self.lang))

    def _due(self, code: str, year: int, years: int, group: tuple[str, str], number: int) -> list[dict[str, Any]]:
        carry = bool(run_words.scenario_of(self.run).get("programme", {}).get("carry_over"))
        formula, factor = self._factor(year)
        cost = self.sizes.cost(group)
        usable = [(n, f) for n, f in committed(self.run) if int(f["year"]) == year or (carry and int(f["year"]) < year)]
        total = round(sum(a for (c, y, s), a in self.amounts.items() if (c, y) == (code, year)), 9)
        base = self._head(code, year)
        left = self.own("cost") if not self._paid_before(code) else f"({self.own('cost')}-{self.own('paid_before')})"
        parts = f"ROUNDUP(ROUND({left}/{self.own('years_left')}*{self.own('factor')}*1000,6),0)/1000"
        base |= {
            "cost": None if cost is None else Live(f"={cost}", self._cost(group)),
            "paid_before": self._paid_before(code),
            "years_left": years,
            "factor": Live(f"={formula}", factor),
            "due": total if cost is None else Live(f"=IF({left}>0,{parts},0)", total),
            "due_number": number,
        }
        found, rest = [], {s: a for (c, y, s), a in self.amounts.items() if (c, y) == (code, year)}
        drawn = f"SUMIFS({self._above('part')},{self._above('due_number')},{self.own('due_number')})"
        for n, fund in usable:
            source = str(fund["source"])
            spent = f"SUMIFS({self._above('part')},{self._above('fund_number')},{self.own('fund_number')})"
            part = f"=ROUND(MIN({self.own('due')}-{drawn},MAX(0,{self.own('fund')}-{spent})),9)"
            amount = float(fund["amount"]) / wording.MONEY_SHOWN
            given = self._drawn(n, source, rest)
            found.append(
                {
                    **base,
                    "source": self._source(source),
                    "fund": Live(f"={self.parameters.cell('fund', self.option, str(n))}", amount),
                    "part": Live(part, given),
                    "source_number": self.sources[source],
                    "fund_number": n + 1,
                }
            )
        last = Live(f"=ROUND({self.own('due')}-{drawn},9)", rest.pop(UNASSIGNED, 0.0))
        shown = {"source": self._source(UNASSIGNED), "part": last, "source_number": self.sources[UNASSIGNED]}
        return [*found, {**base, **shown}]

    def _drawn(self, fund: int, source: str, rest: dict[str, float]) -> float:
        """Take from a fund what the table gives to its source; funds of one name are drawn on one after the other."""
        given = round(min(rest.get(source, 0.0), self.left[fund]), 9)
        self.left[fund] -= given
        rest[source] = round(rest.get(source, 0.0) - given, 9)
        return given

    def _cost(self, group: tuple[str, str]) -> float | None:
        options = self.run.build_options
        row = options[(options["commune_code"] == group[0]) & (options["build_type"] == group[1])]
        value = wording.scalar(row["cost_at_price_year"].iloc[0]) if len(row) else None
        return None if value is None else value / wording.MONEY_SHOWN

    def _paid_before(self, code: str) -> Live | None:
        """Return what was paid, at the prices of the price year."""
        parts = [(self._factor(year), self.amounts[c, year, s]) for c, year, s in sorted(self.paid) if c == code]
        if not parts:
            return None
        formula = "+".join(f"{amount!r}/({factor})" for (factor, _), amount in parts)
        return Live(f"={formula}", sum(amount / factor for (_, factor), amount in parts))


def add_payments(
    book: Book, run: Run, lang: str, parameters: Parameters | None, sizes: Sizes | None
) -> Payments | None:
    """Add the sheet of what is paid for each commune; None where there is nothing to compute it from."""
    if parameters is None or sizes is None or ("escalation",) not in parameters:
        return None
    made = _Lines(run, lang, parameters, sizes)
    if not made.communes:
        return None
    fields = [
        Field(
            locale.text(f"workbook.payments.{name}", lang),
            width,
            kind,  # type: ignore[arg-type]
            4,
            key=name,
            printed=not name.endswith("number"),
        )
        for name, width, kind in _COLUMNS
    ]
    option = summary.short_option(run, lang)
    placed = book.sheet(
        sheet_name("payments", lang, option), heading("payments", lang, run, option), fields, made.rows(),
        notes=[locale.text("workbook.payments_note", lang), parameters.status(lang)], frozen_columns=3,
        filters=False, annex=True,
    )  # fmt: skip
    return Payments(placed, made.communes, made.sources)


def add_funding(
    book: Book, run: Run, lang: str, payments: Payments | None, parameters: Parameters | None, page: Any = None
) -> Placed:
    """Add money by year and source, with its chart."""
    option = summary.short_option(run, lang)
    money = summary.money_by_year_and_source(summary.of_option(run.funding, run))
    sources = [str(name) for name in money.columns if name not in ("year", summary.TOTAL)]
    if payments is not None:  # a source that is not drawn on now may be after a change
        sources = [*sources, *(s for s in payments.sources if s not in sources)]
    unit = locale.text("unit.money_shown", lang)
    fields = [Field(locale.text("workbook.year", lang), 9, "year", key="year")]
    fields += [
        Field(
            f"{wording.clean(locale.value_text('source', source, lang))} ({unit})", 22, "money", total=True, key=f"s{n}"
        )
        for n, source in enumerate(sources)
    ]
    fields.append(Field(f"{locale.text('workbook.total', lang)} ({unit})", 18, "money", total=True, key="total"))
    last = column_letter(len(sources))
    rows: list[Sequence[Any]] = []
    for line in money.to_dict("records"):
        amounts = [round(line.get(name, 0.0) / wording.MONEY_SHOWN, 9) for name in sources]
        cells: list[Any] = list(amounts)
        if payments is not None:
            cells = [Live(payments.of_year("$A{row}", s), a) for s, a in zip(sources, amounts, strict=True)]
        total = round(line[summary.TOTAL] / wording.MONEY_SHOWN, 9)
        rows.append(
            [int(line["year"]), *cells, Live(f"=ROUND(SUM($B{{row}}:${last}{{row}}),9)", total) if sources else total]
        )
    notes: list[Any] = [dossier_funds.reservation(run, lang), locale.text("workbook.funds.prices", lang)]
    if payments is not None and parameters is not None:
        notes.append(parameters.status(lang))
    return book.sheet(
        sheet_name("funding", lang, option), heading("funding", lang, run, option), fields, rows, notes=notes,
        frozen_columns=1, page=page, below=charts.ROWS,
    )  # fmt: skip


def add_programme(
    book: Book,
    run: Run,
    lang: str,
    payments: Payments | None,
    sizes: Sizes | None,
    parameters: Parameters | None,
    priority: Placed | None,
    page: Any = None,
) -> Placed:
    """Add the programme of an option; totals recalculate, phases and years stay as solved."""
    option = summary.short_option(run, lang)
    names = [name for name in RESULTS["programme"].names if name != "option"]
    rows = summary.programme(run)
    totals = ("cost_at_price_year", "total_cost", "population", "deficit_floor_area_m2")
    fields, lines = fields_of("programme", names, lang, totals), rows_of(run, rows, "programme", names, lang)
    at = {name: n for n, name in enumerate(names)}
    code = f"${column_letter(at['commune_code'])}{{row}}"
    for own, line in zip(rows.to_dict("records"), lines, strict=True):
        group = (str(own["commune_code"]), own["build_type"])
        paid, cost = at["total_cost"], at["cost_at_price_year"]
        if line[paid] is not None and payments is not None and group[0] in payments.communes:
            line[paid] = Live(payments.of_commune(group[0]), line[paid])
        if line[cost] is not None and sizes is not None and (found := sizes.cost(group)) is not None:
            line[cost] = Live(f"={found}", line[cost])
        if priority is not None and parameters is not None:
            found = f"MATCH({code},{priority.column('code')},0)"
            for name in ("priority_rank", "priority_points"):
                if line[at[name]] is not None:
                    line[at[name]] = Live(f"=INDEX({priority.column(name)},{found})", line[at[name]])
    notes: list[Any] = [locale.text("workbook.programme_note", lang), *filter(None, [prices.note([run], lang)])]
    unpriced = summary.without_clearance(rows)
    if unpriced:
        notes.append(locale.text("workbook.programme_unpriced", lang, count=unpriced))
    if parameters is not None:
        notes += [parameters.status(lang), locale.text("workbook.live.not_solved", lang)]
    parts = {
        status: summary.add_up(rows.loc[rows["status"] == status, "cost_at_price_year"])
        for status in ("planned", "waiting")
    }
    if parts["waiting"]:
        notes.append(locale.text("workbook.programme_split", lang, **parts))
    return book.sheet(
        sheet_name("programme", lang, option), heading("programme", lang, run, option), on_one_page(fields, lines),
        lines, notes=notes, frozen_columns=2, page=page,
    )  # fmt: skip
