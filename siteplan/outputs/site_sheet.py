"""One page on one site: a picture, its figures, what stands for and against it, its points. HTML, prints on A4."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.errors import Problem, UsageError
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.chain import find_commune
from siteplan.outputs.reason_words import titled
from siteplan.outputs.site_picture import picture
from siteplan.tables import RESULTS, Column

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.outputs.style import Style
    from siteplan.runs import Run

EVIDENCE_SHOWN = 5
PAGE_LINES = 45  # for both columns of remarks and, each as two, for the evidence below them
REASON_LETTERS, TITLE_LETTERS, TREATMENT_LETTERS = 62, 36, 40  # of a line: a remark, two columns of the evidence
POINT_COLUMNS = 3
BESIDE_PICTURE = ("hazard",)
IN_PAIRS = ("ground", "access")
# blocks of figures: heading key, columns of ``sites``
FIGURES: Mapping[str, tuple[str, ...]] = {
    "land": (
        "area_m2", "plot_size", "required_area_m2", "land_use_shares", "clearance", "buildings_inside",
        "households_displaced", "compensation", "compensation_cost", "infrastructure",
        "room_to_extend_percent", "adjoining_m2", "can_extend", "frontage_m",
        "inside_urban_area",
    ),
    "ground": (
        "slope_mean_percent", "slope_max_percent", "aspect", "relief_m", "platform_level_m", "cut_m3", "fill_m3",
        "drainage_height_m", "landslide_proxy", "dem_resolution_m",
    ),
    "hazard": (
        "hazard_level", "flood_state", "flood_level_m", "flood_event", "raise_m", "design_return_years",
        "reported_event",
    ),
    "access": (
        "access_minutes", "access_share_30_percent", "access_share_60_percent", "access_farthest_minutes",
        "access_farthest_place", "access_lost_minutes", "minutes_school", "minutes_health", "minutes_market",
        "minutes_police", "minutes_seat", "minutes_main_road", "capital_minutes", "capital_car_minutes", "gate_minutes",
        "gate_car_minutes", "road_distance_m", "power_distance_m",
    ),
}  # fmt: skip
# remarks that repeat a figure or a line of the evidence
_TOLD_ELSEWHERE = (
    "sites.reason.slope", "sites.reason.access", "sites.reason.farthest", "sites.reason.condition",
    "sites.reason.blocks", "sites.reason.supports",
)  # fmt: skip
# remarks in the order of what must not be cut: why it is placed here, what is not allowed, hazards, what nobody has
# confirmed or could assess, then what is about points and ranks, and the other remarks on the ground
_ORDER = (
    ("decide.place.", "decide.site.lock", "decide.one_compound."),
    ("sites.reason.restricted", "sites.reason.precedence", "sites.reason.decided"),
    ("sites.reason.flood", "sites.reason.reported", "sites.reason.landslide", "sites.reason.low_ground",
     "sites.reason.below_water"),
    ("sites.reason.unconfirmed", "sites.reason.plans_missing", "sites.reason.position_assumed", "sites.reason.no_",
     "sites.reason.ground_", "sites.reason.slope_", "sites.reason.land_use_partly", "sites.reason.not_reached",
     "sites.reason.too_small", "decide.site.missing"),
    ("decide.site.lead", "decide.site.beat", "sites.stable_choice", "sites.close_call", "decide.site.close",
     "decide.site.swap", "decide.site.held", "decide.site.lost", "decide.site."),
)  # fmt: skip
_NO_FIGURE = ("clearance", "buildings_inside", "households_displaced", "compensation_cost")
_UNKNOWN = ("hazard_level", "flood_state", "landslide_proxy", "cut_m3", "fill_m3")

_STYLE = """
@page{size:A4;margin:7mm 8mm}*{box-sizing:border-box}
body{font:7pt/1.15 "Be Vietnam Pro","DejaVu Sans",Arial,sans-serif;color:#1c2126;margin:0 auto;max-width:194mm}
h1{font-size:13pt;margin:0}h2{font-size:8.8pt;margin:4px 0 1px;border-bottom:1px solid #9aa3a8}
header{display:flex;justify-content:space-between;gap:12px;border-bottom:2px solid #b3261e;padding-bottom:3px}
header p{margin:0}.stamp{text-align:right;color:#b3261e;font-weight:600}
.two{display:grid;grid-template-columns:72mm 1fr;gap:5mm}svg{width:100%;border:1px solid #777;display:block}
table{border-collapse:collapse;width:100%}td,th{padding:.3px 3px;vertical-align:top;text-align:left}
tr+tr td{border-top:1px solid #e3e6e8}td.n{text-align:right;white-space:nowrap}
.pairs{display:grid;grid-template-columns:1fr 1fr;gap:0 4mm}
.words td:first-child{width:36%}
.told{columns:2;column-gap:6mm}.told li{break-inside:avoid}
.found td:nth-child(2),.found td:nth-child(3){white-space:nowrap}
.found td:nth-child(1){width:27%}.found td:nth-child(6){width:31%}p{margin:1px 0}
th{font-weight:600;border-bottom:1px solid #9aa3a8}
ul{margin:2px 0;padding-left:13px}
.legend{font-size:7.4pt;margin:2px 0}.legend span.e{margin-right:8px;white-space:nowrap}
.swatch{display:inline-block;width:9px;height:9px;margin-right:3px;border:1px solid #666}
.notes p{margin:1px 0}.notes{font-size:6.9pt;color:#4a5257}.result,.broken{font-weight:700}.broken{color:#b3261e}
"""


def find_site(run: Run, asked: str) -> dict[str, Any]:
    """Row of ``sites`` by its id, its id without the hash where that is one site, or ``<commune> <label>``.

    The commune is given by code or by name, accents or not.

    Raises
    ------
    UsageError
        Where no site or more than one is meant; names those of the commune asked for, else the nearest.
    """
    sites = run.sites
    words = asked.strip()
    named = sites[sites["site_id"] == words]
    if len(named) != 1:
        named = sites[sites["site_id"].str.startswith(words)] if words else named
    if len(named) == 1:
        return _row(named)
    parts = re.sub("[/-]", " ", words).split()
    ways = [(_of_commune(run, " ".join(parts[:at])), " ".join(parts[at:])) for at in range(len(parts), 0, -1)]
    for of_place, label in ways:
        named = of_place[of_place["label"].fillna("").map(locale.fold) == locale.fold(label)]
        if len(named) == 1:
            return _row(named)
    near = next((of_place for of_place, _ in ways if len(of_place)), None)
    near = (_like(run, parts) if near is None else near).head(6)
    raise UsageError(Problem("site_unknown", value=asked, params={"found": _listed(run, near)}))


def _row(named: Any) -> dict[str, Any]:
    return {str(k): v for k, v in named.iloc[0].items()}


def _of_commune(run: Run, asked: str) -> Any:
    """Sites of a commune by code or name; none where it is not known, all of those that share the name."""
    sites, communes = run.sites, run.communes
    try:
        codes = {find_commune(communes, asked)} if asked.strip() else set()
    except UsageError:
        folded = locale.fold(asked.strip())
        codes = set(communes.loc[communes["name"].map(lambda name: locale.fold(str(name))) == folded, "code"])
    return sites[sites["commune_code"].isin(codes)]


def _like(run: Run, parts: Sequence[str]) -> Any:
    """Sites of the communes whose names are nearest to the words, those with the label asked for; else any sites."""
    sites = run.sites
    names = {str(code): locale.fold(str(name)) for code, name in run.communes[["code", "name"]].itertuples(index=False)}
    found = sites
    for at in range(1, len(parts) + 1):
        close = difflib.get_close_matches(locale.fold(" ".join(parts[:at])), set(names.values()), cutoff=0.8)
        of_close = sites[sites["commune_code"].map(names).isin(close)]
        asked = of_close[of_close["label"].fillna("").map(locale.fold) == locale.fold(" ".join(parts[at:]))]
        if len(asked):
            return asked
        found = of_close if len(of_close) else found
    return found


def _listed(run: Run, sites: Any) -> str:
    """Name sites by id and, in words, by commune and label."""
    names = summary.names_by_code(run)
    return "; ".join(
        f"{site} ({names.get(str(code), code)} {label})"
        for site, code, label in zip(sites["site_id"], sites["commune_code"], sites["label"], strict=True)
    )


def verdict_lines(site: Mapping[str, Any], lang: str) -> list[str]:
    """Say first what counts: check result, whether the site is eligible or which rules it breaks, score and rank."""
    columns = RESULTS["sites"]

    def shown(name: str) -> str:
        return wording.shown(columns.column(name), site[name], lang)

    eligible = wording.scalar(site["eligible"])
    if eligible is None:
        fit = locale.text("site_sheet.not_judged", lang)
    elif eligible:
        fit = locale.text("site_sheet.eligible", lang)
    else:
        broken = wording.scalar(site["broken_rules"])
        key = "breaks" if broken else "not_eligible"
        fit = locale.text(f"site_sheet.{key}", lang, rules=shown("broken_rules"))
    scored = wording.scalar(site["score"]) is not None
    points = locale.text("site_sheet.score" if scored else "site_sheet.no_score", lang, score=shown("score"),
                         rank=shown("rank"))  # fmt: skip
    proposed = f" · {locale.text('site_sheet.proposed', lang)}" if wording.scalar(site["is_best"]) else ""
    check = locale.text("site_sheet.check", lang, result=shown("check_result"))
    return [check, fit, points + proposed]


def write_site_sheet(run: Run, asked: str, path: Path, style: Style, lang: str = locale.DEFAULT_LANGUAGE) -> Path:
    """Write the page of a site.

    Parameters
    ----------
    run
        The run.
    asked
        Site as :func:`find_site` takes it.
    path
        File, or folder in which ``<site id>.html`` is written.
    """
    site = find_site(run, asked)
    target = path / f"{site['site_id']}.html" if path.suffix != ".html" else path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(run, site, style, lang), "utf-8")
    return target


def page(run: Run, site: Mapping[str, Any], style: Style, lang: str) -> str:
    """Return the page; every text from data is escaped."""
    evidence = run_words.printable_evidence(run, lang)
    evidence = evidence[evidence["site_id"] == site["site_id"]].sort_values(
        ["severity", "area_m2", "zone_id"], ascending=[False, False, True], kind="stable"
    )
    svg, legend = picture(run, site, evidence, style, lang)
    blocks = {name: _figures(site, name, columns, lang) for name, columns in FIGURES.items()}
    beside = [blocks.pop(name) for name in BESIDE_PICTURE]
    legend_line = "".join(f'<span class="e">{entry}</span>' for entry in legend)
    head = _head(run, site, lang)
    body = (
        f'{head}<div class="two"><div>{svg}<p class="legend">{legend_line}</p>{"".join(beside)}'
        f"</div><div>{''.join(blocks.values())}</div></div>{_points(run, site, lang)}"
        f"{_reasons(site, PAGE_LINES - 2 * _lines_of_evidence(evidence, lang), lang)}"
        f"{_evidence(evidence, lang)}"
        f"{_notes(run, site, lang)}"
    )
    title = escape(f"{site['site_id']} · {run.name}")
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _says(key: str, lang: str, **params: Any) -> str:
    return escape(locale.text(f"site_sheet.{key}", lang, **params))


def _head(run: Run, site: Mapping[str, Any], lang: str) -> str:
    names = summary.names_by_code(run)
    place = escape(names.get(str(site["commune_code"]), str(site["commune_code"])))
    columns = RESULTS["sites"]
    origin = wording.shown(columns.column("letter"), site["letter"], lang)
    stamps = "".join(f"<p>{escape(line)}</p>" for line in run_words.stamp_lines([run], lang))
    check, fit, points = map(escape, verdict_lines(site, lang))
    not_fit = wording.scalar(site["eligible"]) is not None and not wording.scalar(site["eligible"])
    return (
        f"<header><div><h1>{_says('title', lang, label=site['label'])} · {place}</h1>"
        f"<p>{escape(str(site['site_id']))} · {escape(origin)} · {escape(run_words.title_of(run, lang))}</p>"
        f'<p class="result">{check} · {points}</p><p class="{"broken" if not_fit else "result"}">{fit}</p></div>'
        f'<div class="stamp">{stamps}</div></header>'
    )


def _figures(site: Mapping[str, Any], name: str, columns: Sequence[str], lang: str) -> str:
    rows = []
    for key in columns:
        column = RESULTS["sites"].column(key)
        value = wording.shown(column, site[key], lang)
        if value == "–":
            if key not in (*_UNKNOWN, *_NO_FIGURE):
                continue
            value = locale.text(f"site_sheet.{'not_assessed' if key in _UNKNOWN else 'no_figure'}", lang)
        rows.append(f'<tr><td>{escape(wording.label(column, lang))}</td><td class="n">{escape(value)}</td></tr>')
    head = f"<h2>{_says(f'block.{name}', lang)}</h2>"
    if name == "land":  # figures with words
        return f'{head}<table class="words">{_as_words(rows)}</table>'
    half = -(-len(rows) // 2) if name in IN_PAIRS else len(rows)
    if half == len(rows):
        return f"{head}<table>{''.join(rows)}</table>"
    return f'{head}<div class="pairs"><table>{"".join(rows[:half])}</table><table>{"".join(rows[half:])}</table></div>'


def _as_words(rows: Sequence[str]) -> str:
    return "".join(rows).replace('<td class="n">', "<td>")


def _reasons(site: Mapping[str, Any], room: int, lang: str) -> str:
    """Write as many remarks as there are lines for, and how many the workbook has more."""
    told = [m for m in locale.decode(site["reasons"]) if not m[0].startswith(_TOLD_ELSEWHERE)]
    told.sort(key=lambda m: next((n for n, keys in enumerate(_ORDER) if m[0].startswith(keys)), len(_ORDER)))
    words = [locale.text(key, lang, **params) for key, params in told]
    ends = accumulate(math.ceil(len(remark) / REASON_LETTERS) for remark in words)
    shown = [remark for remark, end in zip(words, ends, strict=True) if end <= room]
    lines = "".join(f"<li>{escape(remark)}</li>" for remark in shown)
    sheet = locale.text("workbook.sheet.sites", lang)
    more = len(words) - len(shown)
    rest = f"<p>{_says('more_reasons', lang, count=more, sheet=sheet)}</p>" if more else ""
    return f'<h2>{_says("reasons", lang)}</h2><ul class="told">{lines}</ul>{rest}'


def _evidence(evidence: Any, lang: str) -> str:
    columns = [RESULTS["conflicts"].column(c) for c in ("title", "decision_no", "effect", "area_m2", "percent_of_site")]
    treatment = RESULTS["conflicts"].column("treatment")
    if not len(evidence):
        return f"<h2>{_says('evidence', lang)}</h2><p>{_says('no_evidence', lang)}</p>"
    head = "".join(f"<th>{escape(wording.label(c, lang))}</th>" for c in (*columns, treatment))
    rows = []
    for row in evidence.head(EVIDENCE_SHOWN).to_dict("records"):
        cells = [_short(column, row[column.name], lang) for column in (*columns, treatment)]
        cells[0] = titled(row, cells[0], lang)
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    more = len(evidence) - EVIDENCE_SHOWN
    rest = f"<p>{_says('more_evidence', lang, count=more)}</p>" if more > 0 else ""
    return f'<h2>{_says("evidence", lang)}</h2><table class="found"><tr>{head}</tr>{"".join(rows)}</table>{rest}'


def _lines_of_evidence(evidence: Any, lang: str) -> int:
    columns = (RESULTS["conflicts"].column("title"), TITLE_LETTERS), (
        RESULTS["conflicts"].column("treatment"), TREATMENT_LETTERS)  # fmt: skip
    shown = evidence.head(EVIDENCE_SHOWN).to_dict("records")
    return sum(max(math.ceil(len(_short(c, row[c.name], lang)) / room) for c, room in columns) for row in shown)


def _short(column: Column, value: Any, lang: str) -> str:
    """Write a cell of the evidence; whole square metres and tenths of a percent are enough on a page."""
    if column.kind == "float" and value == value:  # noqa: PLR0124 - NaN
        return locale.number(float(value), 1 if column.unit == "%" else 0, lang)
    return wording.shown(column, value, lang)


def _points(run: Run, site: Mapping[str, Any], lang: str) -> str:
    scores = run.table("scores")
    own = scores[(scores["of"] == "site") & (scores["subject_id"] == site["site_id"])]
    if not len(own):
        return ""
    order = summary.points_by_criterion(run, "site")[0]
    rows = []
    for key in [k for k in order if k in set(own["criterion"])]:
        row = own[own["criterion"] == key].iloc[0]
        points = _says("no_figure", lang) if row["missing"] else escape(locale.number(float(row["points"]), 1, lang))
        weight = escape(locale.number(float(row["weight"]), 0, lang))
        rows.append(
            f"<td>{escape(run_words.criterion_label([run], 'site', key, lang))}</td>"
            f"<td class='n'>{points}/{weight}</td>"
        )
    high = -(-len(rows) // POINT_COLUMNS)
    rows += ["<td></td><td></td>"] * (POINT_COLUMNS * high - len(rows))
    lines = "".join(f"<tr>{''.join(rows[i::high])}</tr>" for i in range(high))
    return f"<h2>{_says('points', lang)}</h2><table>{lines}</table>"


def _notes(run: Run, site: Mapping[str, Any], lang: str) -> str:
    climate = []
    for row in run.table("climate").to_dict("records"):
        value = locale.number(row["value"], 1, lang)
        known = f"{value} {row['unit']}" if value != "–" else locale.text("site_sheet.no_figure", lang)
        climate.append(
            f"{locale.value_text('element', row['element'], lang)} ({row['scenario']}, {row['period']}): {known}"
        )
    basis = wording.rests_on(str(site["rests_on"]), lang, wording.Basis.of(run)) if site["rests_on"] else ""
    lines = [_says("climate", lang, figures="; ".join(climate))] if climate else []
    if basis:
        lines.append(_says("rests_on", lang, basis=basis))
    lines.append(_says("terrain_note", lang))
    return '<div class="notes">' + "".join(f"<p>{line}</p>" for line in lines) + "</div>"
