"""What the layers of a catalog yielded, brought together: one table a role, the list of sources, one fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.crs import Province
from siteplan.errors import Problem, SchemaError
from siteplan.layers import formats, grids
from siteplan.layers.catalog import LayerEntry
from siteplan.layers.listing import together
from siteplan.layers.place import Placement
from siteplan.layers.updates import updated
from siteplan.tables import INPUTS, RESULTS, Table, conform, empty

Array = np.ndarray[Any, Any]


@dataclass
class Found:
    """What one entry yielded."""

    entry: LayerEntry
    frame: Any = None
    labels: Array = field(default_factory=lambda: np.empty(0, dtype=object))
    grid: grids.SourceGrid | None = None
    placement: Placement | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def locate(found: Found, communes: Any) -> None:
    """Fill commune codes that are missing from where the feature lies, and tell it."""
    frame, entry = found.frame, found.entry
    if "commune_code" not in frame.columns:
        frame["commune_code"] = None
    missing = frame["commune_code"].isna().to_numpy()
    if not missing.any():
        return
    codes = np.full(len(frame), None, dtype=object)
    if communes is not None and len(communes):
        inside = shapely.point_on_surface(frame.geometry.to_numpy()[missing])
        points, areas = communes.sindex.query(inside, predicate="intersects")
        order = np.argsort(points, kind="stable")[::-1]  # of two communes that share a line, the first
        codes[np.flatnonzero(missing)[points[order]]] = communes["code"].to_numpy(object)[areas[order]]
    where: dict[str, Any] = {"file": entry.path, "layer": entry.name, "column": "commune_code"}
    filled = missing & (codes != np.array(None))
    frame.loc[filled, "commune_code"] = codes[filled]
    nowhere = missing & ~filled
    found.problems += together("commune_from_position", "warning", found.labels[filled], **where)
    found.problems += together("commune_unknown_position", "excluded", found.labels[nowhere], **where)
    found.frame = frame[~nowhere].reset_index(drop=True)
    found.labels = found.labels[~nowhere]


def joined_role(
    role: str, parts: list[Found], province: Province, problems: list[Problem], communes: Any = None
) -> Any:
    """All layers of a role in one table; the second of two rows with one key is left out and told as an error.

    Layers that update others are laid over them last, see :mod:`siteplan.layers.updates`.
    """
    schema = INPUTS[role]
    plain = [part for part in parts if not part.entry.updates]
    frame = _unique([part.frame for part in plain], schema, plain, problems)
    for part in parts:
        if part.entry.updates and len(part.frame):
            newer = _unique([part.frame], schema, [part], problems)
            frame, told = updated(frame, newer, schema, part.entry.path, communes)
            problems += told
    if schema.geometry is not None:
        if "geometry" not in frame.columns:
            frame["geometry"] = None
        frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=f"EPSG:{province.epsg}")
    try:
        return conform(frame, schema, province.crs)
    except SchemaError as error:
        # reading guards every rule of the schema; what slips through is told with its layer, not thrown
        problems += [replace(p, layer=", ".join(part.entry.name for part in parts)) for p in error.problems]
        return None


def _unique(frames: list[Any], schema: Table, parts: list[Found], problems: list[Problem]) -> pd.DataFrame:
    """Rows of several layers under one another, of each key the first."""
    if not frames:
        return pd.DataFrame(columns=schema.names)
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].copy()
    if schema.key and len(frame):
        twice = frame.duplicated(list(schema.key)).to_numpy()
        names = frame.loc[twice, list(schema.key)].astype(str).agg(" ".join, axis=1).to_numpy(object)
        for layer in dict.fromkeys(frame.loc[twice, "layer"]):
            of_layer = (frame.loc[twice, "layer"] == layer).to_numpy()
            path = next(part.entry.path for part in parts if part.entry.name == layer)
            problems += together(
                "layer_key_twice", "error", list(dict.fromkeys(names[of_layer])), file=path, layer=layer,
                column=", ".join(schema.key),
            )  # fmt: skip
        frame = frame[~twice]
    return frame


def sources_of(found: Sequence[Found]) -> pd.DataFrame:
    """Return where each layer that was read came from, as :data:`siteplan.tables.RESULTS` ``["sources"]``."""
    records = []
    for part in found:
        entry = part.entry
        if not part.hashes:
            continue
        records.append(
            {
                "layer": entry.name,
                "role": entry.role,
                "file": entry.path,
                "sha256": formats.digest_of(part.hashes),
                "features": len(part.frame) if part.frame is not None else None,
                "source": entry.source or None,
                "data_date": entry.date.isoformat() if entry.date else None,
                "legal_basis": entry.legal_basis or None,
                "title": entry.title or None,
                "licence": entry.licence or None,
                "crs": part.placement.label if part.placement else None,
                "illustrative": entry.illustrative,
                "restricted": entry.restricted,
            }
        )
    table = RESULTS["sources"]
    return conform(pd.DataFrame(records, columns=table.names), table) if records else empty(table)


def fingerprint_of(found: Sequence[Found], province: Province) -> str:
    """SHA-256 over the contents of all files, the entries that say how they are read, and where the province lies."""
    place = {"epsg": province.epsg, "bounds": province.bounds, "capital": province.capital, "slack": province.slack_m}
    digest = hashlib.sha256(json.dumps(place, sort_keys=True, ensure_ascii=False).encode())
    for part in sorted(found, key=lambda p: p.entry.name):
        how = part.entry.model_dump(mode="json")
        digest.update(json.dumps([how, part.hashes], sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()
