"""The sheet of parameters: weights, supplements, prices, levels, funds; cells that may be changed and what each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import dossier_funds, run_words, summary, wording
from siteplan.outputs.live_cells import Input, Live, Placed, decimals_of
from siteplan.outputs.spreadsheet import Book, Field

if TYPE_CHECKING:
    from siteplan.runs import Run

CAP = "supplement_cap"
LEVELS = ("low", "middle", "high")
CLEARANCE = "land_clearance_"
_MOST = 1e15
Key = tuple[str, ...]


@dataclass(frozen=True)
class Parameters:
    """Where each parameter stands, and whether there is one.

    Keys: ``("weight", of, criterion)``, ``("supplement", name)``, ``("gate", class)``, ``("price", component)``,
    ``("clearance", category)``, ``("level", name)``, ``("level_used",)``, ``("escalation",)``, ``("index", year)``,
    ``("fund", option, number in the scenario)``.
    """

    placed: Placed
    rows: Mapping[Key, int]

    def __contains__(self, key: Key) -> bool:
        return key in self.rows

    def cell(self, *key: str) -> str:
        """Return the reference to the cell of a parameter."""
        return self.placed.cell("value", self.rows[key])

    def status(self, lang: str) -> Live:
        """Return a line that says whether a parameter was changed since the workbook was written."""
        now, then = self.placed.column("value"), self.placed.column("delivered")
        as_is = locale.text("workbook.live.as_delivered", lang)
        changed = locale.text("workbook.live.changed", lang)
        count = f"SUMPRODUCT(--({now}<>{then}))"
        return Live(f'=IF({count}=0,"{as_is}",{count}&"{changed}")', as_is)


@dataclass(frozen=True)
class _Line:
    key: Key
    group: str
    name: str
    value: float | None
    unit: str = ""
    note: str = ""
    certainty: str | None = None
    least: float = 0
    most: float = _MOST


def criteria_of(run: Run, of: str) -> dict[str, Mapping[str, Any]]:
    """Criteria of the scenario by key."""
    found = run_words.scenario_of(run).get("criteria", ())
    return {str(c["key"]): c for c in found if c.get("of", "site") == of}


def base_keys(run: Run, of: str) -> list[str]:
    """Keys of the criteria of the base block that have scores, in the scenario's order."""
    base = summary.base_criteria(run, of)
    return [key for key in summary.points_by_criterion(run, of)[0] if key in base]


def prices_of(run: Run) -> dict[str, Mapping[str, Any]]:
    """Cost rules of the run by component, as its manifest lists them; empty where it lists none."""
    return {str(row["component"]): row for row in run.manifest.get("prices", ())}


def committed(run: Run) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the committed funds with their number in the scenario."""
    return [(n, f) for n, f in enumerate(run_words.scenario_of(run).get("funds", ())) if f.get("committed")]


def _weights(run: Run, of: str, lang: str) -> list[_Line]:
    criteria, scores = criteria_of(run, of), run.table("scores")
    scores = scores[scores["of"] == of]
    shares = scores.groupby("criterion")["weight"].first()
    lines = []
    for key in base_keys(run, of):
        found = criteria.get(key, {})
        weight = wording.scalar(found.get("weight", shares.get(key)))
        note = wording.clean(str(found.get("basis") or ""))
        lines.append(
            _Line(
                ("weight", of, key),
                f"weights_{of}",
                run_words.criterion_label([run], of, key, lang),
                0.0 if weight is None else float(weight),
                locale.text("workbook.unit.weight", lang),
                note,
                found.get("certainty"),
                most=1e6,
            )
        )
    return lines


def _supplements(run: Run, lang: str) -> list[_Line]:
    found = run_words.scenario_of(run).get("supplements", {})
    if not found or not base_keys(run, "commune"):
        return []
    points, basis = locale.text("workbook.unit.points", lang), wording.clean(str(found.get("basis") or ""))
    held = set(summary.points_by_criterion(run, "commune")[0])
    lines: list[tuple[Key, str, Any]] = [
        (("supplement", name), locale.value_text("criterion", name, lang), found.get(name))
        for name in ("border", "counterpart", "delegations", "no_reception_room", "central_ward")
        if name in held or name in ("border", "central_ward")
    ]
    gates: list[tuple[Key, str, Any]] = [
        (
            ("gate", str(name)),
            locale.text("workbook.gate", lang, gate=locale.value_text("gate_class", name, lang)),
            value,
        )
        for name, value in found.get("gate", {}).items()
    ]
    lines[1:1] = gates
    lines.append((("supplement", CAP), locale.text("workbook.cap", lang), found.get("cap_points")))
    return [
        _Line(key, "supplements", name, float(value or 0), points, basis, found.get("certainty"), most=1000)
        for key, name, value in lines
    ]


def _prices(run: Run, lang: str) -> list[_Line]:
    prices, settings = prices_of(run), run_words.scenario_of(run)
    lines = []
    for component, row in prices.items():
        value = wording.scalar(row.get("value"))
        if value is None:
            continue
        name = wording.clean(str((row.get("name_en") if lang == "en" else None) or row["name"]))
        percent = component == "contingency"
        lines.append(
            _Line(
                ("price", component),
                "prices",
                name,
                round(value * 100, 9) if percent else value,
                "%" if percent else wording.clean(str(row.get("unit") or "")),
                wording.clean(str(row.get("legal_basis") or "")),
                row.get("certainty"),
                most=100 if percent else 1e12,
            )
        )
    if not prices:
        return []
    given = settings.get("costs", {}).get("clearance_prices", {})
    held = sorted(
        {str(c)[len(CLEARANCE) :] for c in run.costs["component"] if str(c).startswith(CLEARANCE)} | set(given)
    )
    note = locale.text("workbook.parameter.clearance", lang)
    basis = prices.get("land_clearance", {})
    lines += [
        _Line(
            ("clearance", category),
            "clearance",
            locale.value_text("component", f"{CLEARANCE}{category}", lang),
            given.get(category),
            "đồng/m²",
            f"{note} {wording.clean(str(basis.get('legal_basis') or ''))}".strip(),
            basis.get("certainty"),
            most=1e12,
        )
        for category in held
    ]
    return lines + _levels(settings, lang)


def _levels(settings: Mapping[str, Any], lang: str) -> list[_Line]:
    costs, factors = settings.get("costs", {}), settings.get("levels", {})
    lines = [
        _Line(
            ("level", name),
            "levels",
            locale.text(f"workbook.level.{name}", lang),
            float(factors[name]),
            locale.text("workbook.unit.factor", lang),
            locale.text("workbook.parameter.level", lang),
            most=10,
        )
        for name in LEVELS
        if name in factors
    ]
    lines.append(
        _Line(
            ("level_used",),
            "levels",
            locale.text("workbook.level.used", lang),
            float(LEVELS.index(costs.get("level", "middle")) + 1),
            "",
            locale.text("workbook.parameter.level_used", lang),
            least=1,
            most=len(LEVELS),
        )
    )
    year = int(costs.get("price_year", 0))
    lines.append(
        _Line(
            ("escalation",),
            "levels",
            locale.text("workbook.escalation", lang),
            float(costs.get("escalation_percent", 0)),
            "%",
            locale.text("workbook.parameter.escalation", lang, year=year),
            most=100,
        )
    )
    return lines + [
        _Line(
            ("index", str(at)),
            "levels",
            locale.text("workbook.index", lang, year=at),
            float(value),
            "",
            locale.text("workbook.parameter.index", lang, year=year),
            most=100,
        )
        for at, value in sorted(costs.get("price_index", {}).items(), key=lambda item: int(item[0]))
    ]


def _funds(run: Run, lang: str, several: bool) -> list[_Line]:
    if not prices_of(run):
        return []
    option = summary.option_of(run)
    told = f" ({option})" if several else ""
    unit, note = locale.text("unit.money_shown", lang), dossier_funds.reservation(run, lang)
    return [
        _Line(
            ("fund", option, str(n)),
            "funds",
            wording.clean(f"{fund['source']}, {fund['year']}{told}"),
            float(fund["amount"]) / wording.MONEY_SHOWN,
            unit,
            note,
        )
        for n, fund in committed(run)
    ]


def lines_of(run: Run, lang: str) -> list[_Line]:
    """Return the parameters of a run in the order of the sheet, without its funds, which belong to the option."""
    lines = [*_weights(run, "site", lang), *_weights(run, "commune", lang), *_supplements(run, lang)]
    return [*lines, *_prices(run, lang)]


def add_sheet(book: Book, runs: Sequence[Run], lang: str, option: str) -> Parameters | None:
    """Add the sheet of parameters that the runs share; None where they have none."""
    run = runs[0]
    lines = lines_of(run, lang)
    if not lines:
        return None
    lines += [line for each in runs for line in _funds(each, lang, len(runs) > 1)]
    words = locale.text
    fields = [
        Field(words(f"workbook.column.{key}", lang), width, kind, key=key)  # type: ignore[arg-type]
        for key, width, kind in (
            ("group", 30, "text"),
            ("name", 46, "text"),
            ("value", 16, "number"),
            ("unit", 12, "text"),
            ("delivered", 16, "number"),
            ("meaning", 70, "text"),
            ("certainty", 12, "text"),
        )
    ]
    rows: list[Sequence[Any]] = [
        [
            words(f"workbook.parameters.{line.group}", lang),
            line.name,
            Input(line.value),
            line.unit,
            line.value,
            line.note,
            locale.value_text("certainty", line.certainty, lang) if line.certainty else None,
        ]
        for line in lines
    ]
    decimals = [[None, None, None, None, decimals_of(line.value), None, None] for line in lines]
    name = words("workbook.sheet.parameters", lang)
    placed = book.sheet(
        f"{name} {option}" if option else name,
        words("workbook.heading.parameters", lang) + (f" – {run_words.title_of(run, lang)}" if option else ""),
        fields,
        rows,
        notes=[words(f"workbook.live.{key}", lang) for key in ("what", "not_solved", "missing")],
        decimals=decimals,
        frozen_columns=2,
        filters=False,
    )
    placed.page.set_tab_color("#FFC000")
    _guard(book, placed, lines, lang)
    return Parameters(placed, {line.key: n for n, line in enumerate(lines)})


def _guard(book: Book, placed: Placed, lines: Sequence[_Line], lang: str) -> None:
    """Let each cell take only what makes sense, and mark those that differ from what was delivered."""
    value, delivered = placed.columns["value"], placed.columns["delivered"]
    for n, line in enumerate(lines):
        at = placed.first - 1 + n
        shared = {
            "ignore_blank": True,
            "input_title": locale.text("workbook.input.title", lang),
            "input_message": locale.text("workbook.input.message", lang, name=line.name)[:250],
            "error_title": locale.text("workbook.input.error_title", lang),
            "error_message": locale.text("workbook.input.error", lang, least=line.least, most=line.most)[:250],
        }
        if line.key == ("level_used",):
            rule: dict[str, Any] = {"validate": "list", "source": [1, 2, 3]}
        else:
            rule = {"validate": "decimal", "criteria": "between", "minimum": line.least, "maximum": line.most}
        placed.page.data_validation(at, value, at, value, {**rule, **shared})
    first, letters = placed.first, [chr(ord("A") + n) for n in (value, delivered)]
    placed.page.conditional_format(
        placed.first - 1, value, placed.last - 1, value,
        {"type": "formula", "criteria": f"=${letters[0]}{first}<>${letters[1]}{first}", "format": book.marked},
    )  # fmt: skip
