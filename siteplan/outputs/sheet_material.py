"""What printed maps are drawn from, and what stands on each: title, stamp, grid, sources, background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from siteplan import locale
from siteplan.outputs import sheet_paper as paper
from siteplan.outputs import summary
from siteplan.outputs.sheet_paper import Ground, Sheet
from siteplan.outputs.sheet_text import fitted
from siteplan.outputs.style import Style, class_words
from siteplan.outputs.webmap.background import chosen_rows
from siteplan.outputs.webmap.cells import flags, plain
from siteplan.runs import Run
from siteplan.tables import BACKGROUND

OTHER = "other"  # the class of a layer that takes all tokens without a class of their own


class Material:
    """What the sheets of one run are drawn from, read once in each process."""

    def __init__(self, run: Run, style: Style, lang: str) -> None:
        self.run, self.style, self.lang = run, style, lang
        self.open = bool(run.manifest.get("include_restricted"))
        self.communes = run.table("communes")
        self.sites = run.table("sites")
        self.conflicts = self._allowed(run.table("conflicts"))
        self.facilities = run.table("facilities")
        self.surplus = run.table("surplus")
        self.programme = summary.of_option(run.table("programme"), run).set_index("commune_code")
        self.sources = self._allowed(run.table("sources"))
        self.hillshade = run.raster("hillshade")
        self._backgrounds: dict[str, gpd.GeoDataFrame] = {}

    def _allowed(self, frame: Any) -> Any:
        return frame if self.open else frame[~flags(frame, "restricted")]

    def background(self, key: str) -> gpd.GeoDataFrame:
        """Return the rows of a layer of the style; restricted ones only where the run includes them."""
        if key not in self._backgrounds:
            layer = self.style.layers[key]
            role = layer.source or key
            frame = self._allowed(self.run.background(role)) if role in BACKGROUND else gpd.GeoDataFrame(geometry=[])
            self._backgrounds[key] = chosen_rows(frame, layer)
        return self._backgrounds[key]

    def words(self, key: str, **params: Any) -> str:
        """Return the text ``sheets.<key>``."""
        return locale.text(f"sheets.{key}", self.lang, **params)

    def number(self, value: Any, decimals: int = 0) -> str:
        """Write a number in the reader's style."""
        known = plain(value)
        return locale.number(None if known is None else float(known), decimals, self.lang)

    def years_of(self, code: str) -> str:
        """Return first and last year of building of a commune, or why it has none."""
        row = self.programme.loc[code] if code in self.programme.index else None
        first, last = (None, None) if row is None else (plain(row["start_year"]), plain(row["finish_year"]))
        return f"{first}–{last}" if first and last else self.phase_of(code)

    def phase_of(self, code: str) -> str:
        """Return the phase of a commune in words, or why it has none."""
        row = self.programme.loc[code] if code in self.programme.index else None
        if row is not None and plain(row["status"]) not in (None, "planned"):
            return self.words("waiting" if row["status"] == "waiting" else "not_needed")
        phase = None if row is None else plain(row["phase"])
        return locale.value_text("phase", phase, self.lang) if phase else self.words("waiting")


def stamp(sheet: Sheet, material: Material) -> None:
    """DỰ THẢO with version and date, or the version of a frozen run."""
    run, right = material.run, sheet.width - 10
    created = dated(run.manifest.get("created"), material.lang)
    if run.frozen:
        words = material.words("frozen", version=run.frozen["version"], date=dated(run.frozen["date"], material.lang))
        sheet.text(right, 15, words, 9, bold=True, align="right", colour="#1c5b36")
        return
    sheet.rectangle(right - 40, 8.5, 40, 10.5, edgecolor=paper.WARM, linewidth=1.2)
    sheet.text(right - 20, 13.2, material.words("draft"), 10.5, bold=True, colour=paper.WARM, align="center")
    version = str(run.manifest.get("version", "–"))
    sheet.text(
        right - 20, 17.3, material.words("draft_of", date=created, version=version), 6.3, colour=paper.WARM,
        align="center",
    )  # fmt: skip


def dated(value: Any, lang: str) -> str:
    """Write a date of a file as people read it."""
    words = str(value or "–")[:10]
    parts = words.split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 and lang != "en" else words


def title_block(sheet: Sheet, material: Material, words: str, below: str) -> None:
    """Write title, what stands below it, and the stamp."""
    room = sheet.width - 66
    sheet.text(10, 14, fitted(words, 14, room, bold=True), 14, bold=True, colour=paper.DEEP)
    sheet.text(10, 19, fitted(below, 8.5, room), 8.5, colour=paper.SOFT)
    stamp(sheet, material)
    sheet.rule(10, 21, sheet.width - 20, paper.DEEP, 1.0)


def sources_line(material: Material, roles: set[str]) -> str:
    """Return the sources of what is drawn, each once with its date, and whether it is illustrative."""
    named = {}
    for row in material.sources[["role", "layer", "source", "data_date", "illustrative"]].itertuples(index=False):
        if plain(row.role) in roles:
            shown = plain(row.source) or plain(row.layer)
            when = f" ({dated(row.data_date, material.lang)})" if plain(row.data_date) else ""
            named[f"{shown}{when}"] = bool(plain(row.illustrative))
    told = "; ".join(w + (f" [{material.words('illustrative')}]" if made else "") for w, made in named.items())
    return material.words("sources", sources=told or "–")


def foot(sheet: Sheet, material: Material, roles: set[str]) -> None:
    """Write the sources of what is drawn, what the sheet is not, and when it was made."""
    run = material.run
    words = [
        sources_line(material, roles),
        material.words("reference"),
        material.words(
            "made", date=dated(run.manifest.get("created"), material.lang), version=run.manifest.get("version", "–")
        ),
    ]
    sheet.rule(10, sheet.height - 15.5, sheet.width - 20)
    sheet.paragraph(10, sheet.height - 12.6, " ".join(words), 5.8, sheet.width - 20, 4)


def furniture(sheet: Sheet, material: Material, ground: Ground, x: float, y: float, room: float = 64.0) -> None:
    """Grid, arrow, bar and the CRS in words, `room` mm wide; `x`, `y` is the foot of the arrow."""
    step = ground.grid()
    sheet.north(x + 3, y)
    sheet.scale_bar(x + 12, y - 2, ground.scale, min(42.0, room - 15))
    name = pyproj.CRS.from_epsg(material.run.epsg).name
    shown = f"{material.number(step / 1000, 0 if step >= 1000 else 1)} km"
    words = material.words("crs", name=name, epsg=material.run.epsg, step=shown)
    sheet.paragraph(x, y + 5.2, words, 5.8, room, 2 if room > 60 else 3)


def relief(ground: Ground, material: Material) -> None:
    """Draw the hillshade of the window, where the run has one."""
    raster = material.hillshade
    if raster is None:
        return
    west, south, east, north = ground.window
    cell, left, top = raster.transform.a, raster.transform.c, raster.transform.f
    rows, columns = raster.values.shape
    first, last = max(0, int((west - left) / cell)), min(columns, int(np.ceil((east - left) / cell)))
    upper, lower = max(0, int((top - north) / cell)), min(rows, int(np.ceil((top - south) / cell)))
    if first >= last or upper >= lower:
        return
    skip = max(1, (last - first) // 900)
    values = np.ma.masked_equal(raster.values[upper:lower:skip, first:last:skip], raster.nodata or 0)
    extent = (
        left + first * cell,
        left + (first + values.shape[1] * skip) * cell,
        top - (upper + values.shape[0] * skip) * cell,
        top - upper * cell,
    )
    ground.picture(values, extent, 1, 0.35)


def background_layers(
    ground: Ground, material: Material, keys: Sequence[str], opacity: float
) -> tuple[list[Any], set[str]]:
    """Draw background layers; return the lines of the legend and the roles that stand in the window."""
    legend: list[Any] = []
    roles: set[str] = set()
    for key, layer in material.style.ordered_layers():
        if key not in keys:
            continue
        frame = material.background(key)
        if frame.empty:
            continue
        values = frame[layer.column].astype(object) if layer.column in frame.columns else None
        tokens = np.array(
            ["other"] * len(frame) if values is None else [v if v in layer.classes else "other" for v in values],
            dtype=object,
        )
        found = []
        shapes_of = frame.geometry.to_numpy()
        for key_of_class, look in layer.classes.items():
            of = shapes_of[tokens == key_of_class]
            if len(of) and ground.shapes(of, look, layer.order / 10, opacity if look.fill else 1.0):
                point = bool(shapely.get_dimensions(of[:1])[0] == 0)
                name = (
                    look.words(material.lang) or layer.words(material.lang, key)
                    if key_of_class == OTHER
                    else class_words(layer, key_of_class, material.lang)
                )
                found.append((name, look, point))
        if found:
            roles.add(layer.source or key)
            alone = len(found) == 1 and found[0][0] == layer.words(material.lang, key)
            legend += found if alone else [(layer.words(material.lang, key), None, False), *found]
    return legend, roles
