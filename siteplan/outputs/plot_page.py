"""The answer for plots someone drew: lines of text, GeoJSON, and one printed page with a map and all findings.

The page is one HTML file with an inline drawing and no script: it opens and prints without a network. Texts of data are
escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan import crs, locale
from siteplan.outputs import wording
from siteplan.outputs.plot_drawing import COLOURS, EFFECTS, drawing
from siteplan.outputs.reason_words import reason_lines, titled
from siteplan.raster import COARSE_TERRAIN_M, WHOLLY_KNOWN_PERCENT
from siteplan.tables import RESULTS, records

Array = np.ndarray[Any, Any]

WGS84 = 4326
_DECIMALS = 8  # of a degree: a millimetre
_RESULTS = {"blocked": "#c2413a", "conditional": "#efb84a", "clear": "#3f9c6b", "clear_of_known_plans": "#a9cf8f"}

_STYLE = """
@page{size:A4;margin:14mm}
body{font:12px/1.45 "Be Vietnam Pro","DejaVu Sans",Arial,sans-serif;color:#1c2126;max-width:740px;margin:16px auto}
h1{font-size:17px;margin:0 0 2px}h2{font-size:14px;margin:14px 0 4px}
h3{font-size:12.5px;margin:10px 0 3px}p{margin:3px 0}
svg{width:100%;height:auto;border:1px solid #9aa3ab;background:#f7f6f2}
table{border-collapse:collapse;width:100%;margin:4px 0 8px;font-size:10.5px}
th,td{border:1px solid #b9c0c6;padding:3px 5px;text-align:left;vertical-align:top}th{background:#eef0f1}
td.n{text-align:right;white-space:nowrap}section+section{break-before:page}tr{break-inside:avoid}
.chip{display:inline-block;padding:1px 8px;border-radius:9px;color:#fff;font-weight:600}
.chip.l{color:#1c2126}.key{display:inline-block;width:11px;height:11px;margin:0 4px 0 12px;vertical-align:-1px}
.quiet{color:#57606a;font-size:10.5px}
"""


@dataclass(frozen=True)
class Answer:
    """What is shown.

    Parameters
    ----------
    file
        Name of the file the plots came from.
    plots, conflicts, conformity
        Plots with what was found of each; findings and conformity in the shape of the result tables.
    names
        Names of the communes by code.
    around
        Lines and polygons behind the plots by role: ``communes, roads, waterways, water_areas, plan_zones``.
    date
        The scenario's date, ISO.
    lang
        Language.
    left_out
        Names of the plots of the file that were not examined.
    """

    file: str
    plots: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    conformity: pd.DataFrame
    names: Mapping[str, str]
    around: Mapping[str, gpd.GeoDataFrame]
    date: str
    lang: str
    left_out: tuple[str, ...] = ()

    def words(self, key: str, **params: Any) -> str:
        """Text of the answer."""
        return locale.text(f"plot.{key}", self.lang, **params)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Plots with what was found of each."""
        return records(self.plots)

    @cached_property
    def found(self) -> list[dict[str, Any]]:
        """Findings of all plots, with geometry."""
        return records(self.conflicts)

    @cached_property
    def _found(self) -> dict[str, list[dict[str, Any]]]:
        order = {effect: i for i, effect in enumerate(EFFECTS)}

        def worst_first(row: Mapping[str, Any]) -> tuple[Any, ...]:
            severity = 0 if pd.isna(row["severity"]) else int(row["severity"])
            return order[row["effect"]], -severity, -row["area_m2"], row["zone_id"]

        found: dict[str, list[dict[str, Any]]] = {}
        for row in sorted(self.found, key=worst_first):
            found.setdefault(str(row["site_id"]), []).append(row)
        return found

    @cached_property
    def _said(self) -> dict[str, list[dict[str, Any]]]:
        said: dict[str, list[dict[str, Any]]] = {}
        for row in records(self.conformity):
            said.setdefault(str(row["site_id"]), []).append(row)
        return said

    def findings(self, plot: str) -> list[dict[str, Any]]:
        """Return the findings of a plot, worst first; what only touches comes last."""
        return self._found.get(plot, [])

    def conformities(self, plot: str) -> list[dict[str, Any]]:
        """Return what each plan says of a plot."""
        return self._said.get(plot, [])


def _cell(column: str, value: Any, lang: str, table: str = "conflicts") -> str:
    return wording.shown(RESULTS[table].column(column), value, lang)


def headline(answer: Answer, row: Mapping[Any, Any]) -> str:
    """One sentence on a plot: result, area, commune."""
    name = answer.names.get(str(row["commune_code"]), "")
    return answer.words(
        "headline" if name else "headline_outside",
        name=row["site_id"],
        result=locale.value_text("check_result", row["check_result"], answer.lang),
        area=float(row["area_m2"]),
        commune=name,
    )


def _title(row: Mapping[Any, Any], lang: str) -> str:
    if row["restricted"] is True or row["restricted"] == True:  # noqa: E712 - a numpy or pandas truth value
        return locale.text("restricted.title", lang)
    title = str(row["title"] or row["rule_name"] or locale.value_text("source", row["source"], lang))
    return titled(row, title, lang)


def _told(answer: Answer, row: Mapping[Any, Any]) -> list[str]:
    """Tell of a plot as a whole: reasons, slope, rules broken, shift, and what was not examined."""
    lang = answer.lang
    told = reason_lines(row["reasons"], answer.findings(str(row["site_id"])), lang)
    told += _slope(row, lang)
    if row["broken_rules"]:
        told.append(answer.words("broken", rules=_cell("broken_rules", row["broken_rules"], lang, "sites")))
    if isinstance(row.get("shift"), str):
        told.append(locale.render(row["shift"], lang))
    return [*told, answer.words("not_examined"), answer.words("to_examine")]


def _slope(row: Mapping[Any, Any], lang: str) -> list[str]:
    """Write the slope of a plot and what of it is not known: that stands against no plot, and for none."""
    mean, greatest = (wording.scalar(row.get(f"slope_{name}_percent")) for name in ("mean", "max"))
    metres, known = wording.scalar(row.get("dem_resolution_m")), wording.scalar(row.get("slope_known_percent"))
    if mean is None:
        return [locale.text("sites.reason.no_terrain", lang)]
    if metres is not None and metres > COARSE_TERRAIN_M:
        told = [locale.text("sites.reason.slope_coarse", lang, percent=mean, metres=metres)]
    else:
        told = [locale.text("sites.reason.slope", lang, mean=mean, greatest=greatest)]
    if known is not None and known < WHOLLY_KNOWN_PERCENT:
        told.append(locale.text("sites.reason.slope_partly", lang, percent=100.0 - known))
    return told


def lines(answer: Answer) -> list[str]:
    """Write the answer as lines of text: for each plot the result, conformity with each plan, and every finding."""
    out: list[str] = []
    lang = answer.lang
    for row in answer.rows:
        out.append(headline(answer, row))
        out += [f"  {line}" for line in _told(answer, row)]
        out.append("  " + answer.words("conformity"))
        out += [f"    {_conformity_line(one, lang)}" for one in answer.conformities(str(row["site_id"]))]
        found = answer.findings(str(row["site_id"]))
        out.append("  " + answer.words("findings", count=len(found)))
        out += [f"    {line}" for one in found for line in _finding_lines(answer, one)]
    return out + ([_left_out(answer)] if answer.left_out else [])


def _left_out(answer: Answer) -> str:
    """Name the plots that were not examined."""
    return answer.words("left_out", count=len(answer.left_out), names="; ".join(map(wording.clean, answer.left_out)))


def _conformity_line(row: Mapping[Any, Any], lang: str) -> str:
    plan = row["title"] or locale.value_text("plan_kind", row["plan_kind"], lang)
    result = locale.value_text("conformity", row["conformity"], lang)
    basis = locale.value_text("conformity_basis", row["conformity_basis"], lang)
    decision = f" ({row['decision_no']})" if isinstance(row["decision_no"], str) else ""
    return f"{plan}{decision}: {result}; {basis}"


def _finding_lines(answer: Answer, row: Mapping[Any, Any]) -> list[str]:
    lang = answer.lang
    size = ""
    if row["area_m2"] > 0:
        size = f", {_cell('area_m2', row['area_m2'], lang)} m² ({_cell('percent_of_site', row['percent_of_site'], lang)} %)"  # noqa: E501
    relation = f", {_cell('relation', row['relation'], lang)}" if isinstance(row["relation"], str) else ""
    decision = f" ({row['decision_no']})" if isinstance(row["decision_no"], str) else ""
    first = f"[{locale.value_text('effect', row['effect'], lang)}] {_title(row, lang)}{decision}{relation}{size}"
    rest = [locale.render(row["treatment"], lang)]
    if row["shift_m"] == row["shift_m"] and row["shift_m"] is not None:
        direction = locale.value_text("shift_direction", row["shift_direction"], lang)
        rest.append(answer.words("shift", metres=float(row["shift_m"]), direction=direction))
    if isinstance(row["legal_basis"], str):
        rest.append(_basis(row, lang))
    return [first, "  " + "; ".join(part for part in rest if part)]


def _basis(row: Mapping[Any, Any], lang: str) -> str:
    """Legal basis with how certain it is, in words."""
    sure = wording.scalar(row["certainty"])
    return f"{row['legal_basis']} ({locale.value_text('certainty', sure, lang)})" if sure else str(row["legal_basis"])


def geojson(answer: Answer) -> str:
    """Write plots and overlaps as GeoJSON in WGS 84; ``kind`` is ``plot`` or ``finding``, texts are in words."""
    lang = answer.lang
    epsg = int(answer.plots.crs.to_epsg())
    features = []
    moved = crs.transform_geometries(np.asarray(answer.plots.geometry.values, dtype=object), epsg, WGS84)
    for row, shape in zip(answer.rows, moved, strict=True):
        properties = {
            "kind": "plot",
            "name": row["site_id"],
            "commune_code": row["commune_code"] or None,
            "commune": answer.names.get(str(row["commune_code"])),
            "area_m2": round(float(row["area_m2"]), 2),
            "check_result": row["check_result"],
            "check_result_text": locale.value_text("check_result", row["check_result"], lang),
            "conformity": row["conformity"],
            "overlap_area_m2": round(float(row["overlap_area_m2"]), 2),
            "overlap_percent": round(float(row["overlap_percent"]), 4),
            "reasons": _told(answer, row),
        }
        features.append(_feature(shape, properties))
    moved = crs.transform_geometries(np.asarray(answer.conflicts.geometry.values, dtype=object), epsg, WGS84)
    names = [c for c in RESULTS["conflicts"].columns if c.name not in ("site_id", "commune_code", "illustrative")]
    for row, shape in zip(answer.found, moved, strict=True):
        properties = {"kind": "finding", "name": row["site_id"]}
        for column in names:
            value = wording.scalar(row[column.name])
            properties[column.name] = locale.render(value, lang) if column.kind == "messages" and value else value
        properties["effect_text"] = locale.value_text("effect", row["effect"], lang)
        properties["title"] = _title(row, lang)
        features.append(_feature(shape, properties))
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, indent=1)


def _feature(shape: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    flat = shapely.transform(shape, lambda xy: np.round(xy, _DECIMALS))
    return {"type": "Feature", "geometry": json.loads(shapely.to_geojson(flat)), "properties": dict(properties)}


def page(answer: Answer) -> str:
    """Write a page for each plot: its map, result, conformity and findings; before several plots a list of them."""
    words, lang = answer.words, answer.lang
    title = escape(words("title", file=answer.file))
    date = wording.day(answer.date, lang)
    parts = [
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>',
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
        f'<p class="quiet">{escape(words("standing", date=date))}</p>',
    ]
    if answer.left_out:
        parts.append(f"<p><b>{escape(_left_out(answer))}</b></p>")
    if len(answer.rows) > 1:
        parts.append(_contents(answer))
    plots = dict(zip((str(row["site_id"]) for row in answer.rows), answer.plots.geometry, strict=True))
    parts += [_section(answer, row, plots, number) for number, row in enumerate(answer.rows)]
    if any(row["illustrative"] is True for row in answer.found):
        parts.append(f'<p class="quiet">{escape(words("illustrative"))}</p>')
    parts.append(f'<p class="quiet">{escape(words("note"))}</p></body></html>')
    return "\n".join(parts)


def _chip(result: str, lang: str) -> str:
    light = " l" if result in ("conditional", "clear_of_known_plans") else ""
    colour = _RESULTS.get(result, "#8a939b")
    words = escape(locale.value_text("check_result", result, lang))
    return f'<span class="chip{light}" style="background:{colour}">{words}</span>'


def _contents(answer: Answer) -> str:
    """List several plots, each with a link to its page."""
    lang, words = answer.lang, answer.words
    heads = (words("plot"), words("commune"), words("area"), words("result"), words("count"))
    rows = []
    for number, row in enumerate(answer.rows):
        name = str(row["site_id"])
        rows.append(
            f'<tr><td><a href="#k{number}">{escape(name)}</a></td>'
            f"<td>{escape(answer.names.get(str(row['commune_code']), words('outside')))}</td>"
            f'<td class="n">{escape(_cell("area_m2", row["area_m2"], lang, "sites"))}</td>'
            f"<td>{_chip(str(row['check_result']), lang)}</td>"
            f'<td class="n">{locale.number(len(answer.findings(name)), 0, lang)}</td></tr>'
        )
    return f"<table><tr>{''.join(f'<th>{escape(h)}</th>' for h in heads)}</tr>{''.join(rows)}</table>"


def _key(lang: str) -> str:
    return "<p>" + "".join(
        f'<span class="key" style="background:{COLOURS[e]}"></span>{escape(locale.value_text("effect", e, lang))}'
        for e in EFFECTS
    ) + "</p>"  # fmt: skip


def _section(answer: Answer, row: Mapping[Any, Any], plots: Mapping[str, Any], number: int) -> str:
    lang, words, plot = answer.lang, answer.words, str(row["site_id"])
    reasons = _told(answer, row)
    conformity, found = answer.conformities(plot), answer.findings(plot)
    names = ("effect", "relation", "area_m2", "percent_of_site", "treatment", "legal_basis")
    heads = [words("object"), *(wording.label(RESULTS["conflicts"].column(n), lang) for n in names)]
    body = []
    for one in found:
        decision = f"<br>{escape(str(one['decision_no']))}" if isinstance(one["decision_no"], str) else ""
        cells = [f"<td>{escape(_title(one, lang))}{decision}</td>"]
        for name in names:
            right = ' class="n"' if name in ("area_m2", "percent_of_site") else ""
            based = name == "legal_basis" and isinstance(one[name], str)
            cells.append(f"<td{right}>{escape(_basis(one, lang) if based else _cell(name, one[name], lang))}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    listed = "".join(f"<p>• {escape(text)}</p>" for text in reasons)
    said = "".join(f"<p>• {escape(_conformity_line(one, lang))}</p>" for one in conformity)
    return (
        f'<section id="k{number}"><h2>{escape(headline(answer, row))}</h2>'
        f"<p>{_chip(str(row['check_result']), lang)}</p>"
        f"{drawing(plots[plot], plots, found, answer.around, lang)}{_key(lang)}{listed}"
        f"<h3>{escape(words('conformity'))}</h3>{said}"
        f"<h3>{escape(words('findings', count=len(found)))}</h3>"
        f"<table><tr>{''.join(f'<th>{escape(h)}</th>' for h in heads)}</tr>{''.join(body)}</table></section>"
    )
