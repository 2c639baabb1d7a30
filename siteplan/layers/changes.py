"""What somebody changed on the sites of a kit: moved, reshaped, added, missing, other figures; and where it goes.

A site is matched by its id. What changed becomes proposals, which the next run evaluates beside the sites it finds:
nothing that stands is overwritten.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from siteplan import locale
from siteplan.errors import InputError, Problem
from siteplan.layers.add import Proposal
from siteplan.layers.returned import Returned, ReturnedLayer
from siteplan.tables.evidence import DIRECTIONS

Kind = Literal["moved", "reshaped", "added", "missing", "attributes"]

# a shapefile gives back what was written to the millimetre; less is not a change
TOLERANCE_M = 0.002
FOLDER = "tra_ve"
FILE = "vi_tri_tra_ve.gpkg"
ENTRY = "tra_ve_vi_tri"
_LETTER = "TV-"
_HASH_LETTERS = 6


@dataclass(frozen=True)
class Change:
    """One site as it came back.

    Parameters
    ----------
    kind
        ``moved`` (as a whole, its shape kept), ``reshaped``, ``added``, ``missing``, ``attributes`` (its shape kept).
    distance_m, bearing
        Of the move; of a reshaped one, of its centre of area. Degrees clockwise from grid north.
    farthest_m
        How far the boundary moved at most.
    area_before_m2, area_after_m2
        NaN where there is none.
    columns
        Column, value in the kit, value returned.
    """

    kind: Kind
    site_id: str
    commune_code: str = ""
    label: str = ""
    distance_m: float = math.nan
    bearing: float = math.nan
    farthest_m: float = math.nan
    area_before_m2: float = math.nan
    area_after_m2: float = math.nan
    columns: tuple[tuple[str, str, str], ...] = ()
    geometry: Any = None

    @property
    def direction(self) -> str:
        """Token of the nearest of 16 directions; "" where nothing moved."""
        if math.isnan(self.bearing):
            return ""
        step = 360 / len(DIRECTIONS)
        return DIRECTIONS[round(self.bearing / step) % len(DIRECTIONS)]


@dataclass(frozen=True)
class Compared:
    """All changes, the file they were read from, and what was noticed."""

    changes: tuple[Change, ...]
    file: str
    unchanged: int
    problems: list[Problem] = field(default_factory=list)


def compare(
    returned: Returned, sites: gpd.GeoDataFrame, written: Mapping[str, pd.DataFrame], communes: gpd.GeoDataFrame
) -> Compared:
    """Compare what came back with the sites that were handed over.

    Parameters
    ----------
    returned
        The kit as read.
    sites
        Sites that were handed over: ``site_id, commune_code, label``, geometry in the province's CRS.
    written
        Form (``shp``, ``gpkg``) to the columns as they were handed over, index ``site_id``.
    communes
        ``code`` and polygon, for what was added.

    Raises
    ------
    InputError
        Where two layers of the kit were changed, each in another way.
    """
    found = [(layer, _of_layer(layer, sites, written[layer.form], communes)) for layer in returned.layers]
    changed = [(layer, result) for layer, result in found if result[0]]
    if not changed:
        return Compared((), returned.layers[0].file, len(returned.layers[0].rows), found[0][1][1])
    first, (changes, problems) = changed[0]
    for other, (theirs, _) in changed[1:]:
        if _essence(changes) != _essence(theirs):
            names = f"{first.file}, {other.file}"
            raise InputError(Problem("returned_two_versions", file=names, value=str(len(changed))))
    touched = sum(change.kind in ("moved", "reshaped", "attributes") for change in changes)
    added = sum(change.kind == "added" for change in changes)
    return Compared(tuple(changes), first.file, len(first.rows) - touched - added, problems)


def _essence(changes: Sequence[Change]) -> list[tuple[Any, ...]]:
    """Return what two forms of one change share: columns have other names in each."""
    return sorted(
        (c.kind, c.site_id if c.kind != "added" else "", round(c.area_after_m2 if c.geometry is not None else 0.0, 1),
         [] if c.geometry is None else [round(v, 1) for v in c.geometry.bounds])
        for c in changes if c.kind != "attributes"
    )  # fmt: skip


def _of_layer(
    layer: ReturnedLayer, sites: gpd.GeoDataFrame, written: pd.DataFrame, communes: gpd.GeoDataFrame
) -> tuple[list[Change], list[Problem]]:
    changes: list[Change] = []
    known = {str(row.site_id): row for row in sites.itertuples()}
    seen: set[str] = set()
    twice: list[str] = []
    there = {name.upper(): name for name in layer.rows.columns}
    for _, row in layer.rows.iterrows():
        identity = str(row["_site_id"])
        old = known.get(identity)
        if old is None or identity in seen:
            if identity in seen:
                twice.append(identity)
            changes.append(_added(identity, row.geometry, communes))
            continue
        seen.add(identity)
        columns = _columns(row, written.loc[identity], there)
        change = _geometry(old, row.geometry, columns)
        if change is not None:
            changes.append(change)
    for identity, old in known.items():
        if identity not in seen:
            changes.append(
                Change("missing", identity, str(old.commune_code), str(old.label or ""),
                       area_before_m2=old.geometry.area)
            )  # fmt: skip
    problems = []
    if twice:
        params = {"count": len(twice)}
        told = ", ".join(twice[:5])
        problems.append(Problem("returned_id_twice", "warning", file=layer.file, feature=told, params=params))
    known_columns = {str(name).upper() for name in (*written.columns, "geometry", "fid")}
    new = sorted(n for n in layer.rows.columns if not n.startswith("_") and n.upper() not in known_columns)
    if new:
        problems.append(Problem("returned_new_columns", "warning", file=layer.file, value=", ".join(new)[:200]))
    return sorted(changes, key=lambda c: (c.kind, c.commune_code, c.site_id)), problems


def _geometry(old: Any, now: Any, columns: tuple[tuple[str, str, str], ...]) -> Change | None:
    before = old.geometry
    common: dict[str, Any] = {
        "site_id": str(old.site_id), "commune_code": str(old.commune_code), "label": str(old.label or ""),
        "area_before_m2": before.area, "area_after_m2": now.area, "columns": columns,
    }  # fmt: skip
    far = float(shapely.hausdorff_distance(before, now))
    if far <= TOLERANCE_M:
        return Change("attributes", **common) if columns else None
    offset = _offset(before, now)
    kind: Kind = "reshaped" if offset is None else "moved"
    if offset is None:
        offset = shapely.get_coordinates(now.centroid)[0] - shapely.get_coordinates(before.centroid)[0]
    distance = float(np.hypot(*offset))
    bearing = math.degrees(math.atan2(offset[0], offset[1])) % 360 if distance > TOLERANCE_M else math.nan
    return Change(kind, distance_m=distance, bearing=bearing, farthest_m=far, geometry=now, **common)


def _offset(before: Any, now: Any) -> Any:
    """East and north by which the whole shape moved; None where its shape changed."""
    a, b = (shapely.get_coordinates(shapely.normalize(_single(g))) for g in (before, now))
    if len(a) != len(b):
        return None
    steps = b - a
    return None if np.ptp(steps, axis=0).max() > 2 * TOLERANCE_M else steps.mean(axis=0)


def _single(geometry: Any) -> Any:
    parts = shapely.get_parts(geometry)
    return parts[0] if len(parts) == 1 else geometry


def _added(identity: str, geometry: Any, communes: gpd.GeoDataFrame) -> Change:
    inside = communes[shapely.contains(communes.geometry.to_numpy(), geometry.representative_point())]
    code = str(inside["code"].iloc[0]) if len(inside) else ""
    return Change("added", identity, code, area_after_m2=geometry.area, geometry=geometry)


def _columns(row: Any, old: Any, there: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    found = []
    for name, before in old.items():
        now = row[there[str(name).upper()]] if str(name).upper() in there else before
        if not _same(before, now):
            found.append((str(name), _shown(before), _shown(now)))
    return tuple(found)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) or value == ""


def _same(before: Any, now: Any) -> bool:
    if _missing(before) or _missing(now):
        return _missing(before) and _missing(now)
    if isinstance(before, str) or isinstance(now, str):
        return _plain(before) == _plain(now)
    return math.isclose(float(before), float(now), rel_tol=1e-9, abs_tol=1e-6)


def _plain(value: Any) -> str:
    return " ".join(unicodedata.normalize("NFC", str(value)).split())


def _shown(value: Any) -> str:
    if _missing(value):
        return ""
    return (
        f"{value:g}"
        if isinstance(value, float) and not float(value).is_integer()
        else _plain(int(value) if isinstance(value, float) else value)
    )


def proposals_of(changes: Sequence[Change], kit: str, lang: str = locale.DEFAULT_LANGUAGE) -> gpd.GeoDataFrame:
    """Return what changed in shape, and what was added, as rows of the role ``proposals``."""
    rows = []
    for change in changes:
        if change.geometry is None or not change.commune_code:
            continue
        note = locale.text(
            f"returned.note.{change.kind}", lang, site=change.site_id, metres=round(change.distance_m, 2),
            direction=locale.value_text("shift_direction", change.direction, lang),
            before=change.area_before_m2, after=change.area_after_m2,
        )  # fmt: skip
        mark = hashlib.sha256(shapely.to_wkb(shapely.normalize(change.geometry))).hexdigest()[:_HASH_LETTERS]
        base = change.site_id if change.kind != "added" else f"{change.commune_code}-{mark}"
        rows.append(
            {
                "proposal_id": f"{_LETTER}{base}",
                "name": locale.text("returned.name", lang, label=change.label or base),
                "commune_code": change.commune_code,
                "area_m2": round(change.area_after_m2, 2),
                "document": kit,
                "note": note,
                "geometry": change.geometry,
            }
        )
    return gpd.GeoDataFrame(rows, columns=["proposal_id", "name", "commune_code", "area_m2", "document", "note",
                                           "geometry"])  # fmt: skip


def write_proposals(layers: Path, rows: gpd.GeoDataFrame, epsg: int) -> tuple[Path, list[str]]:
    """Add proposals to those returned before; what stands is kept, another shape of the same site gets a number.

    Returns
    -------
    tuple
        The file, and the ids added; a shape that stands there already is not added again.
    """
    path = layers / FOLDER / FILE
    columns = list(rows.columns)
    standing = gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=f"EPSG:{epsg}")
    if path.is_file():
        standing = pyogrio.read_dataframe(path)[columns]
    taken = {str(i): g for i, g in zip(standing["proposal_id"], standing.geometry, strict=True)}
    added, fresh = [], []
    for row in rows.to_dict("records"):
        base, n, identity = row["proposal_id"], 2, row["proposal_id"]
        while identity in taken and shapely.hausdorff_distance(taken[identity], row["geometry"]) > TOLERANCE_M:
            identity, n = f"{base}-{n}", n + 1
        if identity in taken:
            continue
        taken[identity] = row["geometry"]
        fresh.append({**row, "proposal_id": identity})
        added.append(identity)
    if not fresh:
        return path, []
    new = gpd.GeoDataFrame(fresh, geometry="geometry", crs=f"EPSG:{epsg}")
    everything = new if not len(standing) else gpd.GeoDataFrame(pd.concat([standing, new], ignore_index=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name("." + path.name)
    temporary.unlink(missing_ok=True)
    pyogrio.write_dataframe(everything, temporary, driver="GPKG", layer="proposals")
    temporary.replace(path)
    return path, added


def entry() -> Proposal:
    """Return the catalog entry of the proposals that came back."""
    told = {"role": "proposals", "path": f"{FOLDER}/{FILE}", "source": locale.text("returned.source"),
            "mandatory": False, "illustrative": False, "restricted": False}  # fmt: skip
    return Proposal(ENTRY, told, (locale.text("returned.remark"),))
