"""Printed maps of a run: the province on A3, each commune on A4, in the province's CRS at a stated scale.

They are views: everything drawn stands in the run, looks come from ``maps/style.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from siteplan.outputs import sheet_paper as paper
from siteplan.outputs.dossier_pictures import OVERVIEW_WIDTH_MM
from siteplan.outputs.sheet_commune import draw_commune
from siteplan.outputs.sheet_material import (
    Material,
    background_layers,
    foot,
    furniture,
    relief,
    sources_line,
    title_block,
)
from siteplan.outputs.sheet_paper import Ground, Sheet
from siteplan.outputs.style import LegendClass, Style
from siteplan.outputs.webmap.cells import flags, plain
from siteplan.outputs.webmap.looks import themes
from siteplan.report import SILENT, Reporter
from siteplan.runs import Run
from siteplan.work import for_each

FOLDER = "to_in"
OVERVIEW_MM = (OVERVIEW_WIDTH_MM, 150.0)
_PROVINCE = ("priority", "phase", "coverage")
_NAMES = {"priority": "uu_tien", "phase": "phan_ky", "coverage": "du_lieu"}
_VALUES = {"priority": ("points", "priority_points", 1), "coverage": ("coverage", "coverage_percent", 1)}
_FAR = ("water_areas", "waterways", "roads", "railways", "border")


def draw_province(material: Material, theme_key: str, *, to_size: bool = True) -> tuple[Sheet, str]:
    """Draw the sheet of the province for one theme: A3, landscape. Returns it with its title.

    Not printed `to_size`, as within the margins of a page, it has a bar but no scale in figures.
    """
    run = material.run
    sheet = Sheet(420, 297, material.lang, to_size=to_size)
    title = material.words(f"province_{theme_key}", province=run.manifest["province"]["name"])
    title_block(sheet, material, title, run.title)
    ground, lines, roles = _theme_map(sheet, material, theme_key, (14.0, 27.0, 286.0, 250.0), 5.6)
    below = sheet.legend(308, 30, 102, 104, lines)
    furniture(sheet, material, ground, 308, max(below, 70) + 42 if below < 60 else 118)
    _ranking(sheet, material, theme_key, 308, 132)
    foot(sheet, material, roles | {"communes"})
    return sheet, title


def draw_overview(material: Material, theme_key: str) -> Sheet:
    """Draw the province for one theme as a picture of a text, which leaves room on its page: no title, no ranking."""
    sheet = Sheet(*OVERVIEW_MM, material.lang)
    ground, lines, roles = _theme_map(sheet, material, theme_key, (5.0, 4.0, 136.0, 106.0), 4.2)
    sheet.legend(5, 116, 84, 141, lines)
    furniture(sheet, material, ground, 91, 131, room=52)
    sheet.paragraph(5, 147, sources_line(material, roles | {"communes"}), 5.8, 136, 2)
    return sheet


def _theme_map(
    sheet: Sheet, material: Material, theme_key: str, frame: paper.Box, letters: float
) -> tuple[Ground, list[Any], set[str]]:
    """Draw communes by the classes of a theme, with proposed sites and names; return map, legend and roles drawn."""
    run, lang, communes = material.run, material.lang, material.communes
    bounds = tuple(float(v) for v in communes.total_bounds)
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    scale = paper.scale_for((bounds[0], bounds[1], bounds[2], bounds[3]), frame[2] - 8, frame[3] - 8)
    ground = sheet.map(*frame, centre, scale)
    relief(ground, material)

    theme = next(t for t in themes([run], material.style, lang) if t["key"] == theme_key)
    classes, number_of = _classes(material, theme)
    for at, (_, look) in enumerate(classes):
        ground.shapes(communes.geometry.to_numpy()[number_of == at], look, 20, 0.85)
    legend, roles = background_layers(ground, material, _FAR, 0.9)
    ground.shapes(communes.geometry.to_numpy(), LegendClass(line="#5b6670", width=0.9), 90)
    best = material.sites[flags(material.sites, "is_best")]
    if len(best):
        places = shapely.get_coordinates(shapely.point_on_surface(best.geometry.to_numpy()))
        ground.points(places, LegendClass(fill=paper.DEEP, line="#ffffff"), 92, 0.75 * letters)
    seats = shapely.get_coordinates(shapely.point_on_surface(communes.geometry.to_numpy()))
    for (x, y), name in zip(seats, communes["name"], strict=True):
        ground.label(x, y, str(name), letters, bold=True)

    counts = np.bincount(number_of, minlength=len(classes))
    lines: list[Any] = [(f"{theme['label']} ({theme['unit']})" if theme["unit"] else theme["label"], None, False)]
    lines += [
        (material.words("class_count", words=words, count=int(counts[i])), look, False)
        for i, (words, look) in enumerate(classes)
        if counts[i]
    ]
    lines.append((material.words("proposed", label=""), LegendClass(fill=paper.DEEP, line="#ffffff"), True))
    return ground, [*lines, *legend], roles


def _classes(material: Material, theme: dict[str, Any]) -> tuple[list[tuple[str, LegendClass]], Any]:
    """Return the classes of a theme from the strongest, words and look, and the class number of each commune."""
    communes, style = material.communes, material.style
    missing = (material.words("no_data"), LegendClass(fill=style.missing_colour))
    if theme["kind"] == "steps":
        breaks, decimals = theme["breaks"], theme["decimals"]
        values = communes[theme["column"]].astype("float64").round(decimals).to_numpy()
        found = []
        for at in reversed(range(len(breaks))):
            high = breaks[at + 1] - 10.0**-decimals if at + 1 < len(breaks) else theme["top"]
            words = f"{material.number(breaks[at], decimals)} – {material.number(high, decimals)}"
            found.append((words, LegendClass(fill=theme["colours"][at])))
        band = len(breaks) - 1 - np.clip(np.searchsorted(breaks, values, side="right") - 1, 0, None)
        return [*found, missing], np.where(np.isnan(values), len(found), band).astype(int)
    tokens = [c["token"] for c in theme["classes"]]
    found = [(str(c["label"]), LegendClass(fill=c["colour"])) for c in theme["classes"]]
    states = []
    for code in communes["code"]:
        row = material.programme.loc[code] if code in material.programme.index else None
        state = None if row is None else plain(row["phase"]) if row["status"] == "planned" else plain(row["status"])
        states.append(tokens.index(state) if state in tokens else len(found))
    return [*found, missing], np.array(states)


def _ranking(sheet: Sheet, material: Material, theme_key: str, x: float, y: float) -> None:
    """Write all communes by rank in two columns, with the value of the theme."""
    communes = material.communes.sort_values(["priority_rank", "code"], na_position="last")
    sheet.text(x, y, material.words("ranking"), 8, bold=True, colour=paper.DEEP)
    rows = []
    for row in communes.to_dict("records"):
        if theme_key == "phase":
            value = material.years_of(row["code"])
        else:
            _, column, decimals = _VALUES[theme_key]
            value = material.number(row[column], decimals)
        rows.append([material.number(row["priority_rank"]), row["name"], value])
    half = (len(rows) + 1) // 2
    heading = material.words("years" if theme_key == "phase" else "points" if theme_key == "priority" else "rank")
    last = "%" if theme_key == "coverage" else heading
    room = sheet.height - 20 - y
    step = min(4.2, room / (half + 2))
    right = [0] if theme_key == "phase" else [0, 2]
    widths = (6.0, 20.0, 24.0) if theme_key == "phase" else (7.0, 30.0, 12.0)
    for at, part in enumerate((rows[:half], rows[half:])):
        sheet.table(
            x + at * 51.5, y + step + 0.5, widths, ["", material.words("name"), last], part, right=right,
            size=min(6.4, step * 1.75), step=step,
        )  # fmt: skip


@lru_cache(maxsize=2)
def _material(folder: str, style: str, lang: str) -> Material:
    return Material(Run(Path(folder)), Style.model_validate_json(style), lang)


def _draw_one(shared: tuple[str, str, str, str], item: str) -> list[Path]:
    folder, style, lang, out = shared
    material = _material(folder, style, lang)
    if item in _PROVINCE:
        sheet, title = draw_province(material, item)
        return sheet.save(Path(out) / f"tinh_{_NAMES[item]}", title)
    sheet, title = draw_commune(material, item)
    return sheet.save(Path(out) / f"xa_{item}", title)


def write_sheets(
    run: Run,
    style: Style,
    folder: Path,
    lang: str = "vi",
    *,
    communes: Sequence[str] | None = None,
    jobs: int = 1,
    reporter: Reporter = SILENT,
) -> list[Path]:
    """Write the printed maps of a run as PDF and PNG.

    Parameters
    ----------
    run
        A finished run.
    style
        Looks and names, from ``maps/style.toml``.
    folder
        Where the files go; it is made.
    communes
        Codes of the communes drawn, without the province; None draws the province and all communes.
    jobs
        Number of processes.

    Raises
    ------
    NoSpaceError
        Where a file cannot be written.
    """
    items = list(communes) if communes is not None else [*_PROVINCE, *run.table("communes")["code"].astype(str)]
    shared = (str(run.folder), style.model_dump_json(), lang, str(folder))
    return [path for files in for_each(_draw_one, shared, items, jobs=jobs, reporter=reporter) for path in files]
