"""Plots that someone drew, in any vector format and CRS, as polygons in the province's CRS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.crs import Province
from siteplan.errors import InputError, Problem, has_errors
from siteplan.layers import columns, formats, rows, vector
from siteplan.layers.catalog import LayerEntry
from siteplan.layers.place import place

_NAMES = ("name", "ten", "tenkhudat", "tenkhu", "tenvitri", "label", "khudat", "vitri", "id", "ma")
ROLE = "buildings"  # polygons without columns of their own


def read_plots(
    file: Path, province: Province, crs: int | None = None, layer: str = "", numbered: str = "{number}"
) -> tuple[gpd.GeoDataFrame, list[Problem], list[str]]:
    """Read the plots of a file.

    Parameters
    ----------
    file
        Any vector format the program reads, or a zip that holds one.
    province
        Whose CRS they are moved into.
    crs
        EPSG code, where the file lacks it.
    layer
        Layer of the file, where it has several.
    numbered
        Name of a plot without one; ``{number}`` counts the features of the file from 1.

    Returns
    -------
    tuple
        Rows are plots: ``name`` (of the first column that is called so, else `numbered`), polygons; what was noticed
        on the way, plots without a name among it; names of the plots that cannot be examined: outside the province,
        or without a shape.

    Raises
    ------
    InputError
        Where nothing can be read, with the likely cause: no CRS, the wrong zone, swapped axes, no polygons.
    """
    if not file.is_file():
        raise InputError(Problem("file_missing", file=str(file)))
    entry = LayerEntry(name=file.stem, role=ROLE, path=str(file), crs=crs, layer=layer)
    if file.suffix.lower() in formats.ARCHIVE_SUFFIXES:
        with formats.unpacked(file) as inside:
            frame, problems, left_out = _read(entry, formats.identify(inside), province, numbered)
    else:
        frame, problems, left_out = _read(entry, formats.identify(file), province, numbered)
    if has_errors(problems):
        raise InputError(*problems)
    if not len(frame):
        raise InputError(Problem("plots_none", file=str(file)), *problems)
    return frame, problems, left_out


def _read(
    entry: LayerEntry, source: formats.Source, province: Province, numbered: str
) -> tuple[gpd.GeoDataFrame, list[Problem], list[str]]:
    nothing = gpd.GeoDataFrame({"name": []}, geometry=gpd.GeoSeries([], crs=province.crs))
    description, _ = vector.describe(source, entry.layer, wants_geometry=True)
    if description.geometry_type is None:
        return nothing, [Problem("layer_without_geometry", file=entry.path, layer=entry.name)], []
    x, y = vector.sample(source, description)
    if not len(x):
        return nothing, [Problem("layer_empty", file=entry.path, layer=entry.name)], []
    placement, problems = place(description.crs, entry.crs, False, x, y, province, entry.path, entry.name)
    if placement is None:
        return nothing, problems, []
    named = [f for n in _NAMES for f in description.fields if columns.plain_name(f).replace("_", "") == n]
    raw = vector.read(source, description, named[:1], None, entry.path, entry.name)
    problems += raw.problems
    if raw.geometry is None:
        return nothing, problems, []
    names, unnamed = _names(raw, named, numbered)
    if unnamed:
        params = {"count": unnamed, "known": ", ".join(_NAMES)}
        problems.append(Problem("plots_unnamed", "warning", file=entry.path, params=params))
    frame = pd.DataFrame({"name": names})
    placed, kept, more = rows.place_rows(frame, raw.geometry, names, entry, placement, province, entry.path)
    left_out = [name for name in names if name not in set(kept)]
    return placed, [*problems, *map(_of_plots, more)], left_out


def _of_plots(problem: Problem) -> Problem:
    """Say of plots outside the province that they are not examined: of a wide layer that would be nothing amiss."""
    return replace(problem, key="plots_outside", severity="excluded") if problem.key == "layer_cut" else problem


def _names(raw: vector.RawLayer, named: list[str], numbered: str) -> tuple[Any, int]:
    """Name of each plot and how many have none; of several with one name each gets its number in the file."""
    count = len(raw.labels)
    values = columns.texts(raw.columns[named[0]]) if named else [None] * count
    there = [bool(value) for value in values]
    words = np.array(
        [str(v) if v else numbered.replace("{number}", str(n)) for n, v in enumerate(values, 1)], dtype=object
    )
    seen = pd.Series(words).duplicated(keep=False).to_numpy()
    words[seen] = [f"{w} ({n + 1})" for w, n in zip(words[seen], np.flatnonzero(seen), strict=True)]
    return words, count - sum(there)
