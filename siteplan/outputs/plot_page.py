"""The answer for plots someone drew: lines of text, GeoJSON, and one printed page with a map and all findings.

The page is one HTML file with an inline drawing and no script: it opens and prints without a network. Texts of data are
escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan import crs, locale
from siteplan.outputs import wording
from siteplan.tables import RESULTS

Array = np.ndarray[Any, Any]

WGS84 = 4326
_DECIMALS = 8  # of a degree: a millimetre
_EFFECTS = ("blocking", "conditional", "supports", "compatible", "information")
_COLOURS = {"blocking": "#c2413a", "conditional": "#efb84a", "supports": "#3f9c6b", "compatible": "#a9cf8f",
            "information": "#8a939b"}  # fmt: skip
_RESULTS = {"blocked": "#c2413a", "conditional": "#efb84a", "clear": "#3f9c6b", "clear_of_known_plans": "#a9cf8f"}
_WIDTH, _HEIGHT = 720.0, 470.0  # of the drawing, CSS pixels
_AROUND = 0.6  # how much of the plots' extent is shown around them
_LEAST_M = 200.0

_STYLE = """
@page{size:A4;margin:14mm}
body{font:12px/1.45 "Be Vietnam Pro","DejaVu Sans",Arial,sans-serif;color:#1c2126;max-width:740px;margin:16px auto}
h1{font-size:17px;margin:0 0 2px}h2{font-size:14px;margin:14px 0 4px}p{margin:3px 0}
svg{width:100%;height:auto;border:1px solid #9aa3ab;background:#f7f6f2}
table{border-collapse:collapse;width:100%;margin:4px 0 8px;font-size:10.5px}
th,td{border:1px solid #b9c0c6;padding:3px 5px;text-align:left;vertical-align:top}th{background:#eef0f1}
td.n{text-align:right;white-space:nowrap}tr{break-inside:avoid}
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
    """

    file: str
    plots: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    conformity: pd.DataFrame
    names: Mapping[str, str]
    around: Mapping[str, gpd.GeoDataFrame]
    date: str
    lang: str

    def words(self, key: str, **params: Any) -> str:
        """Text of the answer."""
        return locale.text(f"plot.{key}", self.lang, **params)

    def findings(self, plot: str) -> pd.DataFrame:
        """Return the findings of a plot, worst first; what only touches comes last."""
        own = self.conflicts[self.conflicts["site_id"] == plot]
        order = own["effect"].map({effect: i for i, effect in enumerate(_EFFECTS)})
        keys = own.assign(_order=order, _severity=-own["severity"].fillna(0).astype(int), _area=-own["area_m2"])
        return keys.sort_values(["_order", "_severity", "_area", "zone_id"], kind="stable")


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
    return str(row["title"] or row["rule_name"] or locale.value_text("source", row["source"], lang))


def lines(answer: Answer) -> list[str]:
    """Write the answer as lines of text: for each plot the result, conformity with each plan, and every finding."""
    out: list[str] = []
    lang = answer.lang
    for row in answer.plots.to_dict("records"):
        out.append(headline(answer, row))
        out += [f"  {locale.text(key, lang, **params)}" for key, params in locale.decode(row["reasons"])]
        if row["broken_rules"]:
            out.append("  " + answer.words("broken", rules=_cell("broken_rules", row["broken_rules"], lang, "sites")))
        if isinstance(row.get("shift"), str):
            out.append("  " + locale.render(row["shift"], lang))
        out.append("  " + answer.words("conformity"))
        own = answer.conformity[answer.conformity["site_id"] == row["site_id"]]
        out += [f"    {_conformity_line(one, lang)}" for one in own.to_dict("records")]
        found = answer.findings(str(row["site_id"])).to_dict("records")
        out.append("  " + answer.words("findings", count=len(found)))
        out += [f"    {line}" for one in found for line in _finding_lines(answer, one)]
    return out


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
        rest.append(f"{row['legal_basis']} [{row['certainty']}]")
    return [first, "  " + "; ".join(part for part in rest if part)]


def geojson(answer: Answer) -> str:
    """Write plots and overlaps as GeoJSON in WGS 84; ``kind`` is ``plot`` or ``finding``, texts are in words."""
    lang = answer.lang
    epsg = int(answer.plots.crs.to_epsg())
    features = []
    moved = crs.transform_geometries(np.asarray(answer.plots.geometry.values, dtype=object), epsg, WGS84)
    for row, shape in zip(answer.plots.to_dict("records"), moved, strict=True):
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
            "reasons": [locale.text(key, lang, **params) for key, params in locale.decode(row["reasons"])],
        }
        features.append(_feature(shape, properties))
    moved = crs.transform_geometries(np.asarray(answer.conflicts.geometry.values, dtype=object), epsg, WGS84)
    names = [c for c in RESULTS["conflicts"].columns if c.name not in ("site_id", "commune_code", "illustrative")]
    for row, shape in zip(answer.conflicts.to_dict("records"), moved, strict=True):
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
    """Write the page: map, and for each plot its result, conformity and findings."""
    words, lang = answer.words, answer.lang
    title = escape(words("title", file=answer.file))
    date = wording.day(answer.date, lang)
    parts = [
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>',
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
        f'<p class="quiet">{escape(words("standing", date=date))}</p>',
        _drawing(answer),
        "<p>" + "".join(
            f'<span class="key" style="background:{_COLOURS[e]}"></span>'
            f"{escape(locale.value_text('effect', e, lang))}"
            for e in _EFFECTS
        ) + "</p>",
    ]  # fmt: skip
    parts += [_section(answer, row) for row in answer.plots.to_dict("records")]
    if bool(answer.conflicts["illustrative"].fillna(value=False).astype(bool).any()):
        parts.append(f'<p class="quiet">{escape(words("illustrative"))}</p>')
    parts.append(f'<p class="quiet">{escape(words("note"))}</p></body></html>')
    return "\n".join(parts)


def _section(answer: Answer, row: Mapping[Any, Any]) -> str:
    lang, words = answer.lang, answer.words
    result = str(row["check_result"])
    light = " l" if result in ("conditional", "clear_of_known_plans") else ""
    reasons = [locale.text(key, lang, **params) for key, params in locale.decode(row["reasons"])]
    if isinstance(row.get("shift"), str):
        reasons.append(locale.render(row["shift"], lang))
    conformity = answer.conformity[answer.conformity["site_id"] == row["site_id"]].to_dict("records")
    found = answer.findings(str(row["site_id"])).to_dict("records")
    names = ("effect", "relation", "area_m2", "percent_of_site", "treatment", "legal_basis")
    heads = [words("object"), *(wording.label(RESULTS["conflicts"].column(n), lang) for n in names)]
    body = []
    for one in found:
        decision = f"<br>{escape(str(one['decision_no']))}" if isinstance(one["decision_no"], str) else ""
        cells = [f"<td>{escape(_title(one, lang))}{decision}</td>"]
        for name in names:
            number = ' class="n"' if name in ("area_m2", "percent_of_site") else ""
            cells.append(f"<td{number}>{escape(_cell(name, one[name], lang))}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    listed = "".join(f"<p>• {escape(text)}</p>" for text in reasons)
    said = "".join(f"<p>• {escape(_conformity_line(one, lang))}</p>" for one in conformity)
    return (
        f"<h2>{escape(headline(answer, row))}</h2>"
        f'<p><span class="chip{light}" style="background:{_RESULTS.get(result, "#8a939b")}">'
        f"{escape(locale.value_text('check_result', result, lang))}</span></p>{listed}"
        f"<h2>{escape(words('conformity'))}</h2>{said}"
        f"<h2>{escape(words('findings', count=len(found)))}</h2>"
        f"<table><tr>{''.join(f'<th>{escape(h)}</th>' for h in heads)}</tr>{''.join(body)}</table>"
    )


# ------------------------------------------------------------------ the drawing
def _drawing(answer: Answer) -> str:
    west, south, east, north = shapely.total_bounds(np.asarray(answer.plots.geometry.values, dtype=object))
    reach = max((east - west), (north - south), _LEAST_M) * _AROUND
    west, south, east, north = west - reach, south - reach, east + reach, north + reach
    # the frame keeps its proportions: the shorter side is widened
    scale = min(_WIDTH / (east - west), _HEIGHT / (north - south))
    middle = ((west + east) / 2, (south + north) / 2)
    frame = shapely.box(
        middle[0] - _WIDTH / scale / 2, middle[1] - _HEIGHT / scale / 2,
        middle[0] + _WIDTH / scale / 2, middle[1] + _HEIGHT / scale / 2,
    )  # fmt: skip
    left, _, _, top = shapely.bounds(frame)

    def path(shapes: Array, style: str) -> str:
        cut = shapely.intersection(shapes, frame)
        data = " ".join(_path(s, left, top, scale) for s in cut if not shapely.is_empty(s))
        return f'<path d="{data}" {style}/>' if data else ""

    def role(name: str, style: str) -> str:
        rows = answer.around.get(name)
        return path(np.asarray(rows.geometry.values, dtype=object), style) if rows is not None and len(rows) else ""

    out = [
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img">',
        role("plan_zones", 'fill="#ffffff" fill-opacity="0.55" stroke="#b4aa96" stroke-width="0.7"'),
        role("water_areas", 'fill="#bcd8e8" stroke="#7ba9c4" stroke-width="0.6"'),
        role("waterways", 'fill="none" stroke="#7ba9c4" stroke-width="1.3"'),
        role("roads", 'fill="none" stroke="#a48f7a" stroke-width="1.8"'),
        role("communes", 'fill="none" stroke="#6b4f7b" stroke-width="1.4" stroke-dasharray="7 3 2 3"'),
    ]
    told = answer.conflicts[~answer.conflicts["source"].isin(("withheld", "compound", "terrain"))]
    told = told[~told["restricted"].fillna(value=False).astype(bool) & (told["area_m2"] > 0)]
    for effect in reversed(_EFFECTS):
        shapes = np.asarray(told.loc[told["effect"] == effect].geometry.values, dtype=object)
        colour = _COLOURS[effect]
        out.append(path(shapes, f'fill="{colour}" fill-opacity="0.45" stroke="{colour}" stroke-width="0.8"'))
    out.append(path(np.asarray(answer.plots.geometry.values, dtype=object),
                    'fill="none" stroke="#111" stroke-width="2.2"'))  # fmt: skip
    for name, shape in zip(answer.plots["site_id"], answer.plots.geometry, strict=True):
        x, y = shapely.get_x(shapely.centroid(shape)), shapely.get_y(shapely.centroid(shape))
        out.append(
            f'<text x="{(x - left) * scale:.1f}" y="{(top - y) * scale:.1f}" font-size="12" font-weight="700" '
            f'text-anchor="middle" stroke="#fff" stroke-width="3" paint-order="stroke">{escape(str(name))}</text>'
        )
    out += [_scale_bar(scale, answer.lang), _north(answer.lang), "</svg>"]
    return "".join(part for part in out if part)


def _path(shape: Any, left: float, top: float, scale: float) -> str:
    """Outline of a geometry as the data of an SVG path, y downwards."""
    pieces = []
    for part in shapely.get_parts(np.atleast_1d(shape)):
        if shapely.get_dimensions(part) == 0:
            continue
        closed = shapely.get_dimensions(part) == 2
        rings: Any = shapely.get_rings(part) if closed else [part]
        for ring in rings:
            xy = shapely.get_coordinates(ring)
            points = " ".join(f"{(x - left) * scale:.1f},{(top - y) * scale:.1f}" for x, y in xy.tolist())
            pieces.append(f"M{points}{'Z' if closed else ''}")
    return " ".join(pieces)


def _scale_bar(scale: float, lang: str) -> str:
    wanted = 110 / scale
    power = 10.0 ** np.floor(np.log10(wanted))
    metres = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    words = f"{locale.number(metres, 0, lang)} m"
    y = _HEIGHT - 16
    return (
        f'<rect x="12" y="{y - 16:g}" width="{metres * scale + 14:.1f}" height="26" fill="#fff" fill-opacity="0.8"/>'
        f'<path d="M16,{y:g}h{metres * scale:.1f}m0,-5v10M16,{y - 5:g}v10" stroke="#111" fill="none"/>'
        f'<text x="18" y="{y - 5:g}" font-size="11">{escape(words)}</text>'
    )


def _north(lang: str) -> str:
    x = _WIDTH - 24
    letter = escape(locale.text("plot.north", lang))
    return (
        f'<path d="M{x:g},38l6,-24l6,24l-6,-5z" transform="translate(-6 0)" fill="#111"/>'
        f'<text x="{x:g}" y="52" font-size="12" font-weight="700" text-anchor="middle">{letter}</text>'
    )
