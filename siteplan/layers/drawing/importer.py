"""A drawing made a layer of plan zones: read, put in place, ringed, coded, written; all faults with coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from siteplan.crs import Province
from siteplan.errors import InputError, Problem
from siteplan.layers.drawing import control, entities, layer_table, placing, words, zones
from siteplan.layers.geometry import GRID_M
from siteplan.rules import Rules

LAYER = "plan_zones"
DEFAULT_TOLERANCE_M = 0.1
DEFAULT_SAGITTA_M = 0.02
_DATE = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Options:
    """How a drawing is read.

    Parameters
    ----------
    tolerance_m
        Largest gap that is closed.
    sagitta_m
        Largest distance between an arc and the chords that stand for it.
    unit
        ``mm``, ``cm``, ``m``, ``km``; "" for what the file says.
    control
        Pairs of points, drawing to the province's CRS.
    epsg
        CRS of the drawing, where it is not the province's.
    layers
        Layer table; where it is not there, a proposal is written to it and used.
    horizon
        Horizon of all zones, as text.
    """

    tolerance_m: float = DEFAULT_TOLERANCE_M
    sagitta_m: float = DEFAULT_SAGITTA_M
    unit: str = ""
    control: tuple[control.Pair, ...] = ()
    epsg: int | None = None
    layers: Path | None = None
    horizon: str = ""


@dataclass(frozen=True)
class Imported:
    """What an import yields.

    Parameters
    ----------
    zones
        Rows of the role ``plan_zones`` in the province's CRS.
    problems
        Faults, those with a place first in the order they were met.
    places
        East, north of the problems that have a place, by their number in `problems`.
    position
        How the drawing was put in place.
    table
        What each layer holds.
    proposed
        Whether the layer table is the program's own proposal, written just now.
    """

    zones: gpd.GeoDataFrame
    problems: list[Problem]
    places: dict[int, tuple[float, float]]
    position: placing.Position
    table: dict[str, zones.LayerUse]
    proposed: bool


def import_dxf(path: Path, plan_id: str, province: Province, rules: Rules, options: Options) -> Imported:
    """Read the zones of a plan from a DXF file.

    Parameters
    ----------
    path
        The drawing.
    plan_id
        The plan the zones belong to.
    province
        Its CRS and bounds.
    rules
        Which functions and land-use codes are known.

    Raises
    ------
    InputError
        Where the drawing cannot be read, put in place, or holds no zone.
    """
    file = path.name
    # arcs are flattened in drawing units, whose length is known only afterwards: look first, coarsely
    rough = entities.read(path, sagitta=1e9)
    position, found = placing.locate(rough, province, file, unit=options.unit, pairs=options.control, epsg=options.epsg)
    drawing = entities.read(path, sagitta=options.sagitta_m / position.metres_per_unit)
    found = [*drawing.problems, *found]
    drawing, encoding = _unicode(drawing)
    if encoding:
        found.append(Problem("dxf_text_legacy", "warning", file=file, value=encoding))
    known = layer_table.known_functions(rules)
    proposed = options.layers is None or not options.layers.is_file()
    if proposed:
        table, rows = layer_table.propose(drawing, known)
        if options.layers is not None:
            layer_table.write(options.layers, rows)
    else:
        assert options.layers is not None
        table, more = layer_table.read(options.layers, drawing)
        found += more
    drawing = placing.moved(drawing, position)
    faults = zones.Faults(file)
    made = zones.outlines(drawing, table, options.tolerance_m, faults)
    made = zones.without_doubles(made, table, faults)
    made = zones.with_codes(made, drawing.labels, table, known, faults)
    made = zones.cut_out(made, faults)
    zones.tell_codes(made, faults)
    if not made:
        uses = layer_table.uses_of(table)
        raise InputError(*found, Problem("dxf_no_zones", file=file, params={"layers": uses["zone"]}), *faults.problems)
    frame = _frame(made, plan_id, province, options.horizon)
    places = {len(found) + n: point for n, point in enumerate(faults.points)}
    return Imported(frame, [*found, *faults.problems], places, position, table, proposed)


def _unicode(drawing: entities.Drawing) -> tuple[entities.Drawing, str]:
    """Read labels in old encodings whose font did not tell."""
    texts, encoding = words.decoded([label.text for label in drawing.labels])
    if not encoding:
        return drawing, ""
    labels = [replace(label, text=text) for label, text in zip(drawing.labels, texts, strict=True)]
    return replace(drawing, labels=labels), encoding


def _frame(made: Sequence[zones.Zone], plan_id: str, province: Province, horizon: str) -> gpd.GeoDataFrame:
    """Rows of the layer: on the millimetre grid, valid, sorted by id."""
    shapes = np.array([zone.polygon for zone in made], dtype=object)
    shapes = shapely.set_precision(shapes, GRID_M)
    keep = [n for n, shape in enumerate(shapes) if not shape.is_empty and shape.area > 0]
    frame = gpd.GeoDataFrame(
        {
            "zone_id": zones.zone_ids(plan_id, shapes[keep]),
            "plan_id": plan_id,
            "function": [made[n].function or None for n in keep],
            "name": [" / ".join(label.replace("\n", " ") for label in made[n].labels)[:200] or None for n in keep],
            "horizon": horizon or None,
            "drawing_layer": [made[n].layer for n in keep],
        },
        geometry=gpd.GeoSeries(shapes[keep], crs=f"EPSG:{province.epsg}"),
    )
    return frame.sort_values("zone_id", kind="stable").reset_index(drop=True)


def write_zones(path: Path, imported: Imported) -> Path:
    """Write the zones, polygons in the province's CRS, as a GeoPackage, under a temporary name until complete.

    Raises
    ------
    InputError
        Where the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new.gpkg")
    unfinished.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    try:
        pyogrio.write_dataframe(
            imported.zones, unfinished, layer=LAYER, driver="GPKG", geometry_type="MultiPolygon", promote_to_multi=True
        )
        unfinished.replace(path)
    except OSError as error:
        raise InputError(Problem("folder_not_writable", file=str(path), value=str(error))) from None
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
        unfinished.unlink(missing_ok=True)
    return path


def fault_points(imported: Imported, texts: Sequence[str]) -> Any:
    """Return the faults that have a place as points, with their words, for looking at them in a GIS."""
    numbers = sorted(imported.places)
    return gpd.GeoDataFrame(
        {"number": [n + 1 for n in numbers], "what": [texts[n] for n in numbers]},
        geometry=gpd.GeoSeries([shapely.Point(imported.places[n]) for n in numbers], crs=imported.zones.crs),
    )
