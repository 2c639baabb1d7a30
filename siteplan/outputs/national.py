"""Runs of several provinces together: a table with a row a province, and a map; each was measured in its own CRS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from siteplan import crs, locale
from siteplan.outputs import prices, run_words, spreadsheet
from siteplan.outputs.spreadsheet import Field
from siteplan.runs import write_geopackage

if TYPE_CHECKING:
    from siteplan.runs import Run

_COLUMNS: tuple[tuple[str, int, spreadsheet.Kind], ...] = (
    ("province_code", 8, "text"),
    ("province", 22, "text"),
    ("epsg", 9, "text"),
    ("communes", 9, "int"),
    ("with_site", 9, "int"),
    ("required_floor_area_m2", 14, "int"),
    ("required_land_area_m2", 14, "int"),
    ("planned", 9, "int"),
    ("waiting", 9, "int"),
    ("cost_at_price_year_bn", 14, "number"),
    ("illustrative", 12, "int"),
)
STATUS_COLOURS = {"planned": "#2c7fb8", "waiting": "#fdae61", "not_needed": "#d9d9d9"}


def province_row(run: Run) -> dict[str, Any]:
    """Return the sums of a province as its run has them (areas m², cost tỷ đồng of its price year)."""
    communes, programme, province = run.communes, run.programme, run.manifest["province"]
    planned = programme[programme["status"] == "planned"]
    return {
        "province_code": province["code"],
        "province": province["name"],
        "epsg": str(province["epsg"]),
        "communes": len(communes),
        "with_site": int(communes["best_site_id"].notna().sum()),
        "required_floor_area_m2": float(communes["required_floor_area_m2"].sum()),
        "required_land_area_m2": float(communes["required_land_area_m2"].sum()),
        "planned": len(planned),
        "waiting": int((programme["status"] == "waiting").sum()),
        "cost_at_price_year_bn": float(planned["cost_at_price_year"].sum()) / 1e9,
        "illustrative": len(run.manifest["illustrative_layers"]),
    }


def communes_of(runs: Sequence[Run]) -> gpd.GeoDataFrame:
    """Communes of all runs in WGS 84: ``province_code, code, name, status, priority_rank``."""
    parts = []
    for run in runs:
        programme = run.programme.set_index("commune_code")
        communes = crs.to_crs(run.communes[["code", "name", "geometry"]], crs.WGS84)
        parts.append(
            communes.assign(
                province_code=run.manifest["province"]["code"],
                status=communes["code"].map(programme["status"]),
                priority_rank=communes["code"].map(programme["priority_rank"]),
            )
        )
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=f"EPSG:{crs.WGS84}")


def write_national(runs: Sequence[Run], stem: Path, lang: str = locale.DEFAULT_LANGUAGE) -> tuple[Path, Path, Path]:
    """Write ``<stem>.xlsx`` (a row a province), ``<stem>.png`` (map) and ``<stem>.gpkg`` (its communes, WGS 84)."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    title = locale.text("national.title", lang, title=runs[0].title)
    book_file, picture, layer = (stem.with_name(stem.name + suffix) for suffix in (".xlsx", ".png", ".gpkg"))
    rows = sorted((province_row(run) for run in runs), key=lambda row: str(row["province_code"]))
    with spreadsheet.Book(book_file, list(runs), lang, title) as book:
        fields = [Field(locale.text(f"national.column.{name}", lang), width, kind) for name, width, kind in _COLUMNS]
        notes = [locale.text("national.note", lang), *filter(None, [prices.note(runs, lang)])]
        cells = [[row[name] for name, _, _ in _COLUMNS] for row in rows]
        book.sheet(locale.text("national.sheet", lang), title, fields, cells, notes=notes)
    communes = communes_of(runs)
    layer.unlink(missing_ok=True)
    write_geopackage(layer, {"communes": communes})
    stamp = "\n".join([*run_words.stamp_lines(list(runs), lang), locale.text("national.note", lang)])
    _draw(communes, picture, title, stamp, lang)
    return book_file, picture, layer


def _draw(communes: gpd.GeoDataFrame, path: Path, title: str, stamp: str, lang: str) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(8.3, 11.7), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for status, colour in STATUS_COLOURS.items():
        chosen = communes[communes["status"] == status]
        if len(chosen):
            chosen.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.2, aspect=None)
    communes.dissolve("province_code").boundary.plot(ax=axes, color="#333333", linewidth=0.8, aspect=None)
    axes.set_aspect(1.06)  # a degree of latitude against one of longitude at some 20 degrees north
    axes.set_axis_off()
    axes.set_title(title, wrap=True)
    handles = [Patch(color=c, label=locale.value_text("status", s, lang)) for s, c in STATUS_COLOURS.items()]
    axes.legend(handles=handles, loc="lower left", frameon=False)
    axes.text(0, -0.02, stamp, transform=axes.transAxes, va="top", fontsize=7, wrap=True)
    figure.savefig(path, metadata={"Software": None})
