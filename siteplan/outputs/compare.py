"""Options side by side: what each reaches, by when, for how much, and which is better under which view.

Only runs over the same inputs are compared; otherwise a difference could come from the data. No single winner is named:
each view (time, people, border and wards, money, certainty) has its own answer, and a tie is called a tie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.errors import InputError, Problem, UsageError
from siteplan.locale import Message
from siteplan.outputs import dossier_funds, prices, run_words, summary, wording
from siteplan.outputs.measures import AT_PRICE_YEAR, Measure, measures_of

if TYPE_CHECKING:
    from siteplan.runs import Run


@dataclass(frozen=True)
class Comparison:
    """Two or more runs over the same inputs, side by side.

    Parameters
    ----------
    runs, options
        The runs and the names of their options, in the order given.
    lines
        What is measured, in order.
    measures
        A row a line: ``measure, label, unit`` and a column per option. Money in tỷ đồng.
    by_year
        ``option, year, centres_started, centres_finished, people_served, border_communes, central_wards,
        deficit_left`` (m² of floor), ``money`` and ``cap`` (đồng; committed funds, where money binds).
    by_commune
        ``commune_code, name, differs`` and, for each option, ``<option>:`` followed by each name of
        :data:`OF_COMMUNE`.
    strengths, weaknesses
        Messages for each option: where it is strictly the best, or the worst, of all.
    verdict
        Messages: which option is better under which view.
    """

    runs: tuple[Run, ...]
    options: tuple[str, ...]
    lines: tuple[Measure, ...]
    measures: pd.DataFrame
    by_year: pd.DataFrame
    by_commune: pd.DataFrame
    strengths: Mapping[str, list[Message]]
    weaknesses: Mapping[str, list[Message]]
    verdict: list[Message]

    def title(self, option: str, lang: str = locale.DEFAULT_LANGUAGE) -> str:
        """Title of an option."""
        return run_words.title_of(self.runs[self.options.index(option)], lang)

    def short_title(self, option: str, lang: str = locale.DEFAULT_LANGUAGE) -> str:
        """Title up to its colon ("Phương án 1"), where that still tells the options apart."""
        short = [self.title(other, lang).split(":")[0].strip() for other in self.options]
        own = short[self.options.index(option)]
        return own if short.count(own) == 1 else self.title(option, lang)

    def notes(self, lang: str = locale.DEFAULT_LANGUAGE) -> list[str]:
        """Say what the figures rest on: the price year, and of each option what its money is and does not hold."""
        price = prices.note(self.runs, lang)
        return [*([price] if price else []), *(self._reservation(option, lang) for option in self.options)]

    def _reservation(self, option: str, lang: str) -> str:
        funds = dossier_funds.reservation(self.runs[self.options.index(option)], lang)
        own = self.measures.set_index("measure")[option]
        unpriced, planned = (locale.number(own[name], 0, lang) for name in ("clearance_unpriced", "planned"))
        told = [locale.text("compare.note.clearance", lang, count=unpriced, total=planned)] if own["planned"] else []
        return " ".join([f"{self.short_title(option, lang)}: {funds[:1].lower()}{funds[1:]}", *told])

    def sentences(self, lang: str = locale.DEFAULT_LANGUAGE, *, leads: bool = True) -> list[str]:
        """Verdict in words: which option is better under which view; without `leads` where they are told beside it."""
        return [words(self, message, lang, leads=leads) for message in self.verdict]


def _refuse_different_inputs(runs: Sequence[Run]) -> None:
    first = runs[0]
    own: Mapping[str, str] = first.manifest.get("inputs", {})
    problems = []
    for other in runs[1:]:
        theirs: Mapping[str, str] = other.manifest.get("inputs", {})
        differing = sorted(layer for layer in {*own, *theirs} if own.get(layer) != theirs.get(layer))
        problems += [
            Problem("runs_differ", layer=layer, value=f"{first.name}, {other.name}", file=str(other.folder))
            for layer in differing
        ]
    if problems:
        raise InputError(*problems)


def _unique_options(runs: Sequence[Run]) -> tuple[str, ...]:
    names = [summary.option_of(run) for run in runs]
    # two runs of one scenario, an archived one and the newest, stay apart by number
    return tuple(
        name if names.count(name) == 1 else f"{name} ({names[: at + 1].count(name)})" for at, name in enumerate(names)
    )


def _by_year(run: Run, option: str, years: Sequence[int]) -> pd.DataFrame:
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    start = pd.to_numeric(planned["start_year"], errors="coerce")
    finish = pd.to_numeric(planned["finish_year"], errors="coerce")
    money = summary.money_by_year_and_source(summary.of_option(run.funding, run)).set_index("year")[summary.TOTAL]
    caps: dict[int, float] = {}
    if run_words.scenario_of(run).get("programme", {}).get("limited_by") == "money":
        for fund in run_words.scenario_of(run).get("funds", ()):
            if fund["committed"]:
                caps[int(fund["year"])] = caps.get(int(fund["year"]), 0.0) + float(fund["amount"])
    lines = []
    for year in years:
        done = planned[finish == year]
        lines.append(
            {
                "option": option,
                "year": year,
                "centres_started": int((start == year).sum()),
                "centres_finished": len(done),
                "people_served": int(pd.to_numeric(done["population"], errors="coerce").sum()),
                "border_communes": int(summary.flags(done["is_border"]).sum()),
                "central_wards": int(summary.flags(done["is_central_ward"]).sum()),
                "deficit_left": summary.deficit_left(rows, year),
                "money": float(money.get(year, 0.0)),
                "cap": caps.get(year),
            }
        )
    return pd.DataFrame(lines)


OF_COMMUNE = ("status", "phase", "start_year", "finish_year", "site_id", "cost_at_price_year")


def _by_commune(runs: Sequence[Run], options: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(runs[0].communes[["code", "name"]]).rename(columns={"code": "commune_code"})
    for run, option in zip(runs, options, strict=True):
        rows = pd.DataFrame(summary.programme(run)[["commune_code", *OF_COMMUNE]])
        table = table.merge(
            rows.rename(columns={name: f"{option}:{name}" for name in OF_COMMUNE}), on="commune_code", how="left"
        )
    # the same site at another price level or under another phase name is no difference of its own
    seen = [[f"{option}:{name}" for option in options] for name in ("status", "start_year", "finish_year", "site_id")]
    differs = pd.Series(data=False, index=table.index)
    for columns in seen:
        differs |= table[columns].astype("object").apply(lambda row: len({str(v) for v in row}) > 1, axis="columns")
    table.insert(2, "differs", differs)
    return table.sort_values("commune_code", kind="stable", ignore_index=True)


def _extremes(
    lines: Sequence[Measure], values: Mapping[str, Sequence[float | None]], options: Sequence[str]
) -> tuple[dict[str, list[Message]], dict[str, list[Message]]]:
    """Find the measures on which an option is nowhere worse than every other and somewhere better, and the reverse."""
    strengths: dict[str, list[Message]] = {option: [] for option in options}
    weaknesses: dict[str, list[Message]] = {option: [] for option in options}
    for key in dict.fromkeys(line.key for line in lines):
        own = [line for line in lines if line.key == key]
        if own[0].better == "neither" or any(v is None for line in own for v in values[line.name]):
            continue
        sign = _sign(own[0])
        columns = [[sign * float(values[line.name][n] or 0.0) for line in own] for n in range(len(options))]
        for into, turn in ((strengths, 1.0), (weaknesses, -1.0)):
            for at, column in enumerate(columns):
                others = [other for n, other in enumerate(columns) if n != at]
                nearest = [max(turn * other[k] for other in others) for k in range(len(own))]
                mine = [turn * value for value in column]
                ahead = [k for k in range(len(own)) if mine[k] > nearest[k]]  # years that read the same tell nothing
                if ahead and all(a >= b for a, b in zip(mine, nearest, strict=True)):
                    params = {
                        "measure": key,
                        "unit": own[0].unit,
                        "decimals": own[0].decimals,
                        "years": [own[k].year for k in ahead],
                        "values": [sign * column[k] + 0.0 for k in ahead],
                        "rival": options[1 - at] if len(options) == 2 else None,
                        "others": [turn * sign * nearest[k] + 0.0 for k in ahead],
                    }
                    into[options[at]].append(("compare.strength" if into is strengths else "compare.weakness", params))
    return strengths, weaknesses


VIEWS = ("time", "people", "border_wards", "money", "certainty", "surplus", "land")


def _verdict(
    lines: Sequence[Measure], values: Mapping[str, Sequence[float | None]], options: Sequence[str]
) -> list[Message]:
    """Under each view: the option that no other beats on a measure of the view and that beats each other on one."""
    messages: list[Message] = []
    for view in VIEWS:
        own = [line for line in lines if line.view == view and all(v is not None for v in values[line.name])]
        if not own:
            messages.append(("compare.verdict.unknown", {"view": view}))
            continue
        signs = [[_sign(line) * float(v or 0.0) for v in values[line.name]] for line in own]
        dominant = [
            at
            for at in range(len(options))
            if all(row[at] >= max(row) for row in signs)
            and all(any(row[at] > row[n] for row in signs) for n in range(len(options)) if n != at)
        ]
        if dominant:
            by = [_told(line, values[line.name], dominant[0]) for line in own if len(set(values[line.name])) > 1]
            messages.append(("compare.verdict.better", {"view": view, "option": options[dominant[0]], "by": by}))
        elif all(len(set(row)) == 1 for row in signs):
            messages.append(("compare.verdict.equal", {"view": view}))
        else:
            messages.append(("compare.verdict.mixed", {"view": view}))
    return messages


def _sign(line: Measure) -> float:
    return 1.0 if line.better == "more" else -1.0


def _told(line: Measure, values: Sequence[float | None], best: int) -> dict[str, Any]:
    """Return by how much the best option leads on a measure: its value, and that of the nearest other one."""
    others = [_sign(line) * float(v or 0.0) for n, v in enumerate(values) if n != best]
    told = {"measure": line.key, "unit": line.unit, "decimals": line.decimals, "year": line.year, "better": line.better}
    return {**told, "value": values[best], "other": _sign(line) * max(others) + 0.0}


def compare_runs(runs: Sequence[Run]) -> Comparison:
    """Set two or more finished runs side by side.

    Parameters
    ----------
    runs
        Finished runs of the same province over the same inputs, one option each.

    Raises
    ------
    UsageError
        Where fewer than two runs are given.
    InputError
        Where the runs have different inputs; one problem ``runs_differ`` for each layer that differs.
    """
    if len(runs) < 2:
        raise UsageError(Problem("compare_needs_two", value=", ".join(run.name for run in runs)))
    _refuse_different_inputs(runs)
    options = _unique_options(runs)
    horizons = summary.horizons(runs)
    measured = [measures_of(run, horizons) for run in runs]
    lines = tuple(measure for measure, _ in measured[0])
    if len({prices.year_of(run) for run in runs}) > 1:  # shown, but neither is the better one
        lines = tuple(replace(m, better="neither", view="") if m.key in AT_PRICE_YEAR else m for m in lines)
    values = {line.name: [column[n][1] for column in measured] for n, line in enumerate(lines)}
    lang = locale.DEFAULT_LANGUAGE
    table = pd.DataFrame(
        {
            "measure": [line.name for line in lines],
            "label": [line.label(lang) for line in lines],
            "unit": [locale.text(f"compare.unit.{line.unit}", lang) for line in lines],
            **{
                option: [
                    None if values[line.name][n] is None else round(float(values[line.name][n] or 0.0), 6)
                    for line in lines
                ]
                for n, option in enumerate(options)
            },
        }
    )
    # what reads the same in the table counts as the same
    read = {line.name: [line.printed(value) for value in values[line.name]] for line in lines}
    strengths, weaknesses = _extremes(lines, read, options)
    return Comparison(
        runs=tuple(runs),
        options=options,
        lines=lines,
        measures=table,
        by_year=pd.concat(
            [_by_year(run, option, _years(runs)) for run, option in zip(runs, options, strict=True)], ignore_index=True
        ),
        by_commune=_by_commune(runs, options),
        strengths=strengths,
        weaknesses=weaknesses,
        verdict=_verdict(lines, read, options),
    )


def _years(runs: Sequence[Run]) -> list[int]:
    years = {
        int(y) for run in runs for phase in run.manifest.get("scenario", {}).get("phases", ()) for y in phase["years"]
    }
    for run in runs:
        years |= {int(y) for name in ("start_year", "finish_year") for y in run.programme[name].dropna()}
        years |= {int(y) for y in run.funding["year"].dropna()}
    return list(range(min(years), max(years) + 1)) if years else []


def words(comparison: Comparison, message: Message, lang: str, *, leads: bool = True) -> str:
    """Write a strength, weakness or verdict message, that one with the lead of the better option on each measure."""
    key, params = message
    if key in ("compare.strength", "compare.weakness"):
        line = Measure(params["measure"], params["unit"], decimals=int(params["decimals"]))
        years = [year for year in params["years"] if year is not None]
        return locale.text(
            f"{key}_two" if params.get("rival") else key,
            lang,
            rival=comparison.short_title(params["rival"], lang) if params.get("rival") else "",
            measure=locale.text(
                f"compare.over_time.{line.key}" if years else f"compare.measure.{line.key}",
                lang,
                year=years[-1] if years else "",
            ),
            years=_by_end_of(years, lang),
            values=line.listed(params["values"], lang),
            others=line.listed(params["others"], lang),
        )
    shown: dict[str, Any] = {"view": locale.text(f"compare.view.{params['view']}", lang)}
    if "option" in params:
        shown["option"] = comparison.short_title(params["option"], lang)
        shown["by"] = _lead(params["by"], lang)
        key = key if leads else "compare.verdict.better_short"
    return locale.text(key, lang, **shown)


def _lead(by: Sequence[Mapping[str, Any]], lang: str) -> str:
    """Write by how much the better option leads on each measure, and of each direction that it is the better one."""
    listed: dict[str, list[str]] = {}
    for told in by:
        line = Measure(told["measure"], told["unit"], told["better"], int(told["decimals"]), year=told["year"])
        label, value = line.label(lang), locale.number(told["value"], line.decimals, lang)
        params = {"measure": label[:1].lower() + label[1:], "value": value, "other": line.shown(told["other"], lang)}
        listed.setdefault(line.better, []).append(locale.text("compare.lead.of", lang, **params))
    return "; ".join(
        locale.text(f"compare.lead.{better}", lang, listed="; ".join(lines)) for better, lines in listed.items()
    )


def _by_end_of(years: Sequence[int], lang: str) -> str:
    if not years:
        return ""
    return locale.text(
        "compare.by_years" if len(years) > 1 else "compare.by_year", lang, years=", ".join(map(str, years))
    )


def summary_rows(comparison: Comparison, lang: str = locale.DEFAULT_LANGUAGE) -> list[list[str]]:
    """Return the short table of the command line: label of each measure, then the value of each option, as text."""
    always = (
        "finished_by",
        "cost_at_price_year",
        "money_peak",
        "cost_per_person",
        "peak_to_mean",
        "waiting",
        "not_ready_share",
        "without_site",
        "figures_missing",
    )
    at_last = ("people_by", "border_by", "wards_by", "deficit_left", "surplus_freed")
    horizons = summary.horizons(comparison.runs)
    return _text_rows(
        comparison, lang, lambda line: line.key in always or (line.key in at_last and line.year in horizons[-2:])
    )


def measure_rows(comparison: Comparison, lang: str) -> list[list[str]]:
    """Return all measures as text: label, then the value of each option."""
    return _text_rows(comparison, lang, lambda line: True)  # noqa: ARG005


def _text_rows(comparison: Comparison, lang: str, wanted: Callable[[Measure], bool]) -> list[list[str]]:
    rows: list[list[str]] = []
    for line, (_, row) in zip(comparison.lines, comparison.measures.iterrows(), strict=True):
        if wanted(line):
            rows.append([line.label(lang), *(line.shown(wording.scalar(row[o]), lang) for o in comparison.options)])
    return rows
