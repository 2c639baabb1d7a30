"""Points and ranks of communes that recalculate, by the rules of ``siteplan.decide.priority``.

Base points as for sites; supplements stand beside them and are cut at the cap; ranks compare rounded points, ties are
broken by the criteria that the run names for it, then by code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.live_cells import Live, Placed, column_letter, wide, word
from siteplan.outputs.spreadsheet import Book, Field, field_of
from siteplan.outputs.workbook.parameters import CAP, Parameters, base_keys
from siteplan.outputs.workbook.plain import fields_of, heading, rows_of, sheet_name
from siteplan.outputs.workbook.scores import Weighing, known_shares, scaled_by_criterion
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.runs import Run

_DECIMALS = RESULTS["communes"].column("priority_points").decimals
_BORDER = ("border", "gate", "counterpart", "delegations", "no_reception_room")
_LAST = 9999
_HEAD = ("code", "name", "kind", "is_border", "is_central_ward")
_POINTS = ("base_points", "border_points", "ward_points", "supplement_points", "priority_points")
_TAIL = ("priority_missing", "rests_on")


class _Sheet:
    """The columns of the sheet and the formulas over them."""

    def __init__(self, run: Run, lang: str, parameters: Parameters | None) -> None:
        self.run, self.lang, self.parameters = run, lang, parameters
        self.base = base_keys(run, "commune")
        held = [key for key in summary.points_by_criterion(run, "commune")[0] if key not in self.base]
        self.more = [key for key in held if key != CAP]
        self.ties = [[key for key in keys if key in self.base] for keys in run.manifest.get("ties", ())][:2]
        self.fields = self._fields()
        self.at = {field.key: n for n, field in enumerate(self.fields)}
        self.live = bool(self.base) and parameters is not None

    def _fields(self) -> list[Field]:
        words, lang, table = locale.text, self.lang, RESULTS["communes"]

        def label(key: str) -> str:
            return run_words.criterion_label([self.run], "commune", key, lang)

        fields = [field_of(table.column("priority_rank"), lang)]
        fields.append(Field(words("workbook.column.rank_delivered", lang), 11, "int", key="rank_delivered"))
        fields += fields_of("communes", _HEAD, lang)
        fields += fields_of("communes", (*_POINTS, "base_rank"), lang)
        group = words("workbook.group.parts", lang)
        fields += [Field(label(key), 12, "number", 3, group, key=f"p_{key}") for key in (*self.base, *self.more, CAP)]
        fields += fields_of("communes", _TAIL, lang)
        group = words("workbook.group.scaled", lang)
        fields += [
            Field(label(key), 12, "number", 3, group, key=f"s_{key}", printed=False) for key in (*self.base, *self.more)
        ]
        group = words("workbook.group.order", lang)
        fields.append(Field(words("workbook.column.known", lang), 11, "number", 1, group, key="known", printed=False))
        names = ("tie_1", "tie_2", "number", "key_1", "key_2", "base_key")
        return fields + [
            Field(words(f"workbook.column.{name}", lang), 16, "int", 0, group, key=name, printed=False)
            for name in names
        ]

    def own(self, key: str) -> str:
        """Cell of the same row."""
        return f"${column_letter(self.at[key])}{{row}}"

    def _scaled_1000(self, key: str) -> str:
        return f"IF(ISNUMBER({self.own(key)}),ROUND({self.own(key)}*{10**_DECIMALS},0)+1,0)"

    def _supplement(self, key: str) -> str:
        assert self.parameters is not None
        value = self.own(f"s_{key}")
        if key != "gate":
            return f'=IF(ISNUMBER({value}),ROUND({value}*{self.parameters.cell("supplement", key)},6),"")'
        gates = [name[1] for name in self.parameters.rows if name[0] == "gate"]
        parts = [
            f"({value}={word(locale.value_text('gate_class', name, self.lang))})*{self.parameters.cell('gate', name)}"
            for name in gates
        ]
        return f'=IF({value}="","",{"+".join(parts) or "0"})'

    def formulas(self) -> dict[str, str]:
        """Return the formula of each column that is computed."""
        assert self.parameters is not None
        sums = Weighing(self.at[f"s_{self.base[0]}"], self.base, self.at["known"])
        made = {"known": sums.known_share(), "base_points": sums.score()}
        made |= {f"p_{key}": sums.points(n) for n, key in enumerate(self.base)}
        made |= {f"p_{key}": self._supplement(key) for key in self.more if self._has(key)}
        cap = self.parameters.cell("supplement", CAP)
        total = self._span([f"p_{key}" for key in self.more])
        made[f"p_{CAP}"] = f'=IF({total}>{cap},{cap}-{total},"")'
        made["border_points"] = f"=ROUND({self._span([f'p_{k}' for k in self.more if k in _BORDER])},{_DECIMALS})"
        made["ward_points"] = f"=ROUND({self._span([f'p_{k}' for k in self.more if k == 'central_ward'])},{_DECIMALS})"
        made["supplement_points"] = f"=ROUND(MIN({cap},{total}),{_DECIMALS})"
        base, more = self.own("base_points"), self.own("supplement_points")
        made["priority_points"] = f'=IF(ISNUMBER({base}),ROUND({base}+{more},{_DECIMALS}),"")'
        for n in (1, 2):
            keys = self.ties[n - 1] if len(self.ties) >= n else []
            cells = [self.own(f"p_{key}") for key in keys]
            counted = f"COUNT({','.join(cells)})"
            summed = f"ROUND(ROUND(SUM({','.join(cells)}),{_DECIMALS + 6})*{10**_DECIMALS},0)+1"
            made[f"tie_{n}"] = f"=IF({counted}>0,{summed},0)" if keys else "=0"
        made["key_1"] = f"={self._scaled_1000('priority_points')}*{10**6}+{self.own('tie_1')}"
        made["base_key"] = f"={self._scaled_1000('base_points')}*{10**6}+{self.own('tie_1')}"
        made["key_2"] = f"={self.own('tie_2')}*{10**4}+{_LAST}-{self.own('number')}"
        made["priority_rank"], made["base_rank"] = self._rank("key_1"), self._rank("base_key")
        return made

    def _has(self, key: str) -> bool:
        assert self.parameters is not None
        return key == "gate" or ("supplement", key) in self.parameters

    def _span(self, keys: Sequence[str]) -> str:
        return f"SUM({','.join(self.own(key) for key in keys)})" if keys else "0"

    def _rank(self, key: str) -> str:
        first, second = wide(column_letter(self.at[key])), wide(column_letter(self.at["key_2"]))
        own, last = self.own(key), self.own("key_2")
        return f'=1+COUNTIFS({first},">"&{own})+COUNTIFS({first},{own},{second},">"&{last})'

    def rows(self, communes: Any) -> list[list[Any]]:
        """Return the cells of each commune, in the order given."""
        made = self.formulas() if self.live else {}
        found = []
        for own in self._figures(communes):
            cells = dict(own)
            for name, formula in made.items():
                # what is not known of a commune stays empty
                if own[name] is None and name in ("border_points", "ward_points"):
                    continue
                cells[name] = Live(formula, own[name])
            found.append([cells[key] for key in self.at])
        return found

    def _figures(self, communes: Any) -> list[dict[str, Any]]:
        run, lang = self.run, self.lang
        scaled, points = scaled_by_criterion(run, "commune"), scaled_by_criterion(run, "commune", "points")
        raw = scaled_by_criterion(run, "commune", "raw")
        known = known_shares(run, "commune")
        names = ("priority_rank", *_HEAD, *_POINTS, "base_rank", *_TAIL)
        numbers = {code: n for n, code in enumerate(sorted(communes["code"]), start=1)}
        scaled = scaled.reindex(index=communes["code"], columns=[*self.base, *self.more])
        points = points.reindex(index=communes["code"], columns=[*self.base, *self.more, CAP])
        found = []
        for code, missing, shown in zip(
            communes["code"], communes["priority_missing"], rows_of(run, communes, "communes", names, lang), strict=True
        ):
            own: dict[str, Any] = dict(zip(names, shown, strict=True))
            own["priority_missing"] = run_words.criteria_listed(run, "commune", missing, lang)
            own["rank_delivered"], own["number"] = own["priority_rank"], numbers[code]
            own["known"] = known.get(code, 0.0)
            own |= {f"s_{key}": wording.scalar(scaled.loc[code, key]) for key in scaled.columns}
            own |= {f"p_{key}": wording.scalar(points.loc[code, key]) for key in points.columns}
            if "gate" in self.more:
                gate = wording.scalar(raw.loc[code, "gate"]) if code in raw.index and "gate" in raw.columns else None
                own["s_gate"] = None if gate is None else locale.value_text("gate_class", gate, lang)
            own |= self._keys(own)
            found.append(own)
        return found

    def _keys(self, own: Mapping[str, Any]) -> dict[str, Any]:
        unit = 10**_DECIMALS
        found: dict[str, Any] = {}
        for n in (1, 2):
            keys = self.ties[n - 1] if len(self.ties) >= n else []
            parts = [own[f"p_{key}"] for key in keys if own[f"p_{key}"] is not None]
            found[f"tie_{n}"] = int(round(sum(parts), _DECIMALS + 6) * unit + 0.5) + 1 if parts else 0
        for name, points in (("key_1", "priority_points"), ("base_key", "base_points")):
            scored = 0 if own[points] is None else round(own[points] * unit) + 1
            found[name] = scored * 10**6 + found["tie_1"]
        found["key_2"] = found["tie_2"] * 10**4 + _LAST - own["number"]
        return found

    def above(self) -> dict[str, Any] | None:
        """Return the line of weights."""
        if not self.live or self.parameters is None:
            return None
        weights = {str(c["key"]): c["weight"] for c in run_words.scenario_of(self.run).get("criteria", ())
                   if c.get("of", "site") == "commune"}  # fmt: skip
        found: dict[str, Any] = {
            f"s_{key}": Live(f"={self.parameters.cell('weight', 'commune', key)}", weights.get(key, 0.0))
            for key in self.base
        }
        return {**found, "rests_on": locale.text("workbook.column.weight", self.lang)}


def add_sheet(book: Book, run: Run, lang: str, option: str, parameters: Parameters | None, page: Any = None) -> Placed:
    """Add points and ranks of the communes, those first in rank on top."""
    made = _Sheet(run, lang, parameters)
    communes = run.communes.sort_values(["priority_rank", "code"], kind="stable", na_position="last")
    notes: list[Any] = [locale.text("workbook.priority_note", lang), *run_words.weighings(run, "commune", lang)]
    if made.live and parameters is not None:
        notes.append(parameters.status(lang))
    return book.sheet(
        sheet_name("priority", lang, option), heading("priority", lang, run, option), made.fields, made.rows(communes),
        notes=notes, frozen_columns=4, above=made.above(), page=page,
    )  # fmt: skip
