"""Scores of sites that recalculate: scaled values, weights from the sheet of parameters, score and rank by formula.

The rules are those of ``siteplan.decide.scoring``: a criterion without a value counts neither for nor against, the
weights of the others are raised to 100; scores are rounded, ranked as rounded among what may be built on, and ties go
by share of the area needed, then by id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.live_cells import Live, Placed, column_letter, wide
from siteplan.outputs.spreadsheet import Book, Field, field_of
from siteplan.outputs.workbook.parameters import Parameters, base_keys
from siteplan.outputs.workbook.plain import fields_of, heading, rows_of, sheet_name
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siteplan.runs import Run

_DECIMALS = RESULTS["sites"].column("score").decimals
_LAST = 9999  # more sites than a commune ever has


class Weighing:
    """Formulas of a weighted sum over the scaled values in some columns of a sheet, weights in the line above it.

    Parameters
    ----------
    scaled
        Position of the first of the columns of scaled values, which lie side by side.
    keys
        Criteria in the order of the columns.
    known
        Position of the column with the share of weights that are known.
    """

    def __init__(self, scaled: int, keys: Sequence[str], known: int) -> None:
        self.keys = list(keys)
        self.start = scaled
        first, last = column_letter(scaled), column_letter(scaled + len(keys) - 1)
        self.values = f"${first}{{row}}:${last}{{row}}"
        self.weights = f"${first}${{above}}:${last}${{above}}"
        self.known = f"${column_letter(known)}{{row}}"

    def known_share(self) -> str:
        """Share of the weights whose criteria have a value, percent."""
        total = f"SUM({self.weights})"
        return f"=IF({total}>0,SUMPRODUCT(--ISNUMBER({self.values}),{self.weights})/{total}*100,0)"

    def _sum(self, more: str = "") -> str:
        full = f"SUMPRODUCT({self.values},{self.weights})/SUM({self.weights})*100{more}"
        return f"ROUND(ROUND({full},{_DECIMALS + 6}),{_DECIMALS})"

    def score(self) -> str:
        """Points of 100 over what is known."""
        return f'=IF({self.known}>0,{self._sum(f"/{self.known}*100")},"")'

    def low(self) -> str:
        """Points where what is missing would bring nothing."""
        return f'=IF(SUM({self.weights})>0,{self._sum()},"")'

    def high(self) -> str:
        """Points where what is missing would bring all it can."""
        return f'=IF(SUM({self.weights})>0,{self._sum(f"+100-{self.known}")},"")'

    def points(self, n: int) -> str:
        """Points that the n-th criterion brings."""
        letter = column_letter(self.start + n)
        value, weight = f"${letter}{{row}}", f"${letter}${{above}}"
        brought = f"ROUND({value}*{weight}/SUM({self.weights})*10000/{self.known},6)"
        return f'=IF(AND(ISNUMBER({value}),{self.known}>0),{brought},"")'


def scaled_by_criterion(run: Run, of: str, column: str = "scaled") -> pd.DataFrame:
    """Return a column of the scores: a row a subject, a column a criterion; missing where there is no value."""
    rows = run.table("scores")
    rows = rows[(rows["of"] == of) & ~summary.flags(rows["missing"])]
    return rows.pivot_table(index="subject_id", columns="criterion", values=column, aggfunc="first")


def known_shares(run: Run, of: str) -> dict[str, float]:
    """Share of the weights known for each subject, percent, as the scores hold them."""
    rows = run.table("scores")
    rows = rows[(rows["of"] == of) & (rows["block"] == "base")]
    known = rows[~summary.flags(rows["missing"])].groupby("subject_id")["weight"].sum()
    return {str(subject): float(share) for subject, share in known.items()}


def may_be_built_on(sites: Any) -> list[bool]:
    """Tell which sites rank first: those eligible and not blocked."""
    return list(summary.flags(sites["eligible"]) & (sites["check_result"].fillna("") != "blocked"))


def _tie_numbers(sites: Any) -> dict[str, int]:
    """Order in which sites of equal score stand in their commune, from 1: by share of area, then by id."""
    ordered = sites.assign(_area=-pd.to_numeric(sites["area_ratio"]).astype("float64").fillna(float("-inf")))
    ordered = ordered.sort_values(["commune_code", "_area", "site_id"], kind="stable")
    return dict(zip(ordered["site_id"], ordered.groupby("commune_code").cumcount() + 1, strict=True))


def add_sheet(book: Book, run: Run, lang: str, option: str, parameters: Parameters | None, page: Any = None) -> Placed:
    """Add scores of each site by criterion; rows in the order of the sheet of sites."""
    keys = base_keys(run, "site")
    sites = run.sites.sort_values(["commune_code", "rank", "site_id"], kind="stable", na_position="last")
    first = ("site_id", "commune_code", "label")
    words = locale.text
    fields = fields_of("sites", first, lang)
    fields.insert(2, Field(words("workbook.commune", lang), 20, key="commune"))
    ranked = [field_of(RESULTS["sites"].column(name), lang) for name in ("rank", "score", "score_low", "score_high")]
    fields += [
        ranked[0],
        Field(words("workbook.column.rank_delivered", lang), 11, "int", key="rank_delivered"),
        *ranked[1:],
    ]
    fields.append(Field(words("workbook.column.known", lang), 11, "number", 1, key="known"))
    group = words("workbook.group.scaled", lang)
    labels = [run_words.criterion_label([run], "site", key, lang) for key in keys]
    fields += [Field(label, 12, "number", 3, group, key=f"s_{key}") for key, label in zip(keys, labels, strict=True)]
    group = words("workbook.group.parts", lang)
    fields += [Field(label, 12, "number", 3, group, key=f"p_{key}") for key, label in zip(keys, labels, strict=True)]
    group = words("workbook.group.order", lang)
    fields += [
        Field(words(f"workbook.column.{name}", lang), 15, "int", 0, group, key=name, printed=False)
        for name in ("number", "buildable", "tie", "order_key")
    ]
    at = {field.key: n for n, field in enumerate(fields)}
    live = bool(keys) and parameters is not None
    sums = Weighing(at[f"s_{keys[0]}"], keys, at["known"]) if keys else None
    rows = [
        _row(own, sums if live else None, at)
        for own in _figures(run, sites, keys, rows_of(run, sites, "sites", first, lang))
    ]
    above: dict[str, Any] | None = None
    if live and parameters is not None:
        weight = {key: Live(f"={parameters.cell('weight', 'site', key)}", _weight(run, key)) for key in keys}
        above = {**{f"s_{key}": cell for key, cell in weight.items()}, "site_id": words("workbook.column.weight", lang)}
    notes: list[Any] = [words("workbook.scores_note", lang), *run_words.weighings(run, "site", lang)]
    if live and parameters is not None:
        notes.append(parameters.status(lang))
    return book.sheet(
        sheet_name("scores", lang, option), heading("scores", lang, run, option), fields, rows, notes=notes,
        frozen_columns=3, above=above, annex=True, page=page,
    )  # fmt: skip


def _weight(run: Run, key: str) -> float:
    criteria = {
        str(c["key"]): c for c in run_words.scenario_of(run).get("criteria", ()) if c.get("of", "site") == "site"
    }
    return float(criteria[key]["weight"]) if key in criteria else 0.0


def _figures(run: Run, sites: Any, keys: Sequence[str], heads: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    scaled, points = scaled_by_criterion(run, "site"), scaled_by_criterion(run, "site", "points")
    known, ties, build = known_shares(run, "site"), _tie_numbers(sites), may_be_built_on(sites)
    names = summary.names_by_code(run)
    numbers = {code: n for n, code in enumerate(sorted(set(sites["commune_code"])), start=1)}
    wanted_s = scaled.reindex(index=sites["site_id"], columns=list(keys)).to_numpy()
    wanted_p = points.reindex(index=sites["site_id"], columns=list(keys)).to_numpy()
    found = []
    for n, row in enumerate(
        sites[["site_id", "commune_code", "rank", "score", "score_low", "score_high"]].itertuples()
    ):
        own: dict[str, Any] = dict(zip(("site_id", "commune_code", "label"), heads[n], strict=True))
        own["commune"] = wording.clean(names.get(str(row.commune_code), ""))
        for name in ("rank", "score", "score_low", "score_high"):
            own[name] = wording.scalar(getattr(row, name))
        own["rank_delivered"] = own["rank"]
        own["known"] = known.get(row.site_id, 0.0)
        own |= {f"s_{key}": wording.scalar(v) for key, v in zip(keys, wanted_s[n], strict=True)}
        own |= {f"p_{key}": wording.scalar(v) for key, v in zip(keys, wanted_p[n], strict=True)}
        tie = ties[row.site_id]
        scored = 0 if own["score"] is None else round(own["score"] * 10**_DECIMALS) + 1
        own |= {"number": numbers[row.commune_code], "buildable": int(build[n]), "tie": int(tie)}
        own["order_key"] = build[n] * 10**10 + scored * 10**4 + _LAST - tie
        found.append(own)
    return found


def _row(own: Mapping[str, Any], sums: Weighing | None, at: Mapping[str, int]) -> list[Any]:
    cells = dict(own)
    if sums is not None:
        letter = {key: column_letter(n) for key, n in at.items()}
        mine = {key: f"${letter[key]}{{row}}" for key in ("score", "number", "buildable", "tie", "order_key")}
        made = {"known": sums.known_share(), "score": sums.score(), "score_low": sums.low(), "score_high": sums.high()}
        made |= {f"p_{key}": sums.points(n) for n, key in enumerate(sums.keys)}
        scored = f"IF(ISNUMBER({mine['score']}),ROUND({mine['score']}*{10**_DECIMALS},0)+1,0)"
        made["order_key"] = f"={mine['buildable']}*{10**10}+{scored}*{10**4}+{_LAST}-{mine['tie']}"
        key = f'">"&{mine["order_key"]}'
        ranges = wide(letter["number"]), wide(letter["order_key"])
        made["rank"] = f"=1+COUNTIFS({ranges[0]},{mine['number']},{ranges[1]},{key})"
        cells |= {name: Live(formula, own[name]) for name, formula in made.items()}
    return [cells[key] for key in at]
