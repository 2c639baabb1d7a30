"""Rows of a role made of the rows of a file: columns, ids, codes, geometry; everything left out is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.crs import Province
from siteplan.errors import Problem
from siteplan.layers import columns
from siteplan.layers.catalog import LayerEntry
from siteplan.layers.geometry import moved, repaired
from siteplan.layers.listing import together
from siteplan.layers.place import Placement
from siteplan.tables import INPUTS, Table

Array = np.ndarray[Any, Any]

# layers that naturally reach over the province's border: what lies beyond the margin is no fault of a feature
WIDE_ROLES = frozenset(
    {"roads", "railways", "waterways", "water_areas", "power_lines", "utilities", "buildings", "land_use", "services",
     "settlements", "hazards", "border"}
)  # fmt: skip
# keys that are made from the geometry where the file has none
MADE_IDS = frozenset({"facility_id", "proposal_id", "project_id", "zone_id"})


def _joined(sources: list[str], table: Mapping[str, Any]) -> Any:
    if len(sources) == 1:
        return table[sources[0]]
    parts = [columns.texts(table[name]) for name in sources]
    return np.array(
        [columns.JOINER.join(p for p in row if p is not None) or None for row in zip(*parts, strict=True)], dtype=object
    )


def read_columns(
    entry: LayerEntry, fields: Mapping[str, list[str]], table: Mapping[str, Any], labels: Array, file: str
) -> tuple[pd.DataFrame, Array, list[Problem]]:
    """Type all columns of a layer.

    Returns
    -------
    tuple
        The columns that the file or the catalog gives, better labels (a code or a name where there is one), the
        problems.
    """
    schema = INPUTS[entry.role]
    labels = _labelled(schema, fields, table, labels)
    out: dict[str, Any] = {}
    problems: list[Problem] = []
    code = columns.code_column(entry.role)
    for column in schema.columns:
        if column.name in fields:
            values, found = columns.read_column(_joined(fields[column.name], table), column, entry, labels, file)
            problems += found
        elif column.name in entry.constant:
            values = np.full(len(labels), entry.constant[column.name], dtype=object)
        else:
            continue
        if entry.role == column.name == "land_use":
            values = columns.spelt_codes(values)
        if column.name == code:
            values, found = columns.restored_codes(values, column.name, labels, file, entry.name)
            problems += found
        out[column.name] = values
    frame = pd.DataFrame(
        {name: pd.Series(values, dtype=object) for name, values in out.items()}, index=range(len(labels))
    )
    frame["layer"], frame["illustrative"], frame["restricted"] = entry.name, entry.illustrative, entry.restricted
    return frame, labels, problems


def _labelled(schema: Table, fields: Mapping[str, list[str]], table: Mapping[str, Any], labels: Array) -> Array:
    """Name each feature by its key, or its name, or its number in the file."""
    naming = next((c for c in (*schema.key[:1], "name", "title") if c in fields), None)
    if naming is None:
        return labels
    words = columns.texts(_joined(fields[naming], table))
    return np.array([f"{w} ({n})" if w else n for w, n in zip(words, labels, strict=True)], dtype=object)


def _made_ids(frame: pd.DataFrame, geometry: Array, column: str, entry: LayerEntry) -> Array:
    """Stable ids for features that have none: the layer's name and a hash of the geometry rounded to a metre."""
    values = frame[column].to_numpy(object) if column in frame.columns else np.full(len(frame), None, dtype=object)
    out = values.copy()
    seen: dict[str, int] = {}
    coarse = shapely.to_wkb(shapely.transform(geometry, np.round))
    for i in np.flatnonzero(pd.isna(values)):
        digest = hashlib.sha256(coarse[i]).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        out[i] = f"{entry.name}-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
    return out


def place_rows(
    frame: pd.DataFrame,
    geometry: Array,
    labels: Array,
    entry: LayerEntry,
    placement: Placement,
    province: Province,
    file: str,
) -> tuple[gpd.GeoDataFrame, Array, list[Problem]]:
    """Give rows their geometry in the province's CRS; what cannot be used or lies elsewhere is left out and told.

    Returns
    -------
    tuple
        The rows kept, their labels, the problems.
    """
    schema = INPUTS[entry.role]
    where: dict[str, Any] = {"file": file, "layer": entry.name}
    shapes = moved(geometry, placement, province)
    shapes, keep, problems = repaired(shapes, str(schema.geometry), labels, file, entry.name)
    bounds = shapely.bounds(shapes)
    west, south, east, north = province.bounds
    slack = province.slack_m
    beyond = keep & ~(
        (bounds[:, 2] >= west - slack) & (bounds[:, 0] <= east + slack)
        & (bounds[:, 3] >= south - slack) & (bounds[:, 1] <= north + slack)
    )  # fmt: skip
    if entry.role in WIDE_ROLES:
        problems += together("layer_cut", "warning", labels[beyond], margin_m=slack, **where)
    else:
        problems += together("feature_outside", "excluded", labels[beyond], margin_m=slack, **where)
    keep &= ~beyond
    frame = frame[keep].reset_index(drop=True)
    shapes, labels = shapes[keep], labels[keep]
    key = schema.key[0] if len(schema.key) == 1 else ""
    if key in MADE_IDS and (key not in frame.columns or bool(frame[key].isna().any())):
        without = labels if key not in frame.columns else labels[frame[key].isna().to_numpy()]
        problems += together("layer_ids_made", "warning", without, column=key, **where)
        frame[key] = _made_ids(frame, shapes, key, entry)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=f"EPSG:{province.epsg}")), labels, problems


def complete_rows(
    frame: Any, labels: Array, entry: LayerEntry, file: str, *, later: frozenset[str] = frozenset()
) -> tuple[Any, list[Problem]]:
    """Leave out rows that lack a needed value, and tell them; columns in `later` are filled later."""
    problems: list[Problem] = []
    keep = np.ones(len(frame), bool)
    for column in INPUTS[entry.role].columns:
        if column.nullable or column.name in later:
            continue
        where: dict[str, Any] = {"file": file, "layer": entry.name, "column": column.name}
        if column.name not in frame.columns:
            params = {"label": column.label, "dbf": column.dbf}
            problems.append(Problem("layer_column_missing", params=params, **where))
            keep[:] = False
            continue
        missing = frame[column.name].isna().to_numpy() & keep
        problems += together("layer_value_missing", "excluded", labels[missing], **where)
        keep &= ~missing
    return frame[keep].reset_index(drop=True), problems
