"""A kit that comes back: its sites as somebody changed them, read with the care every layer is read with.

The layer of sites is recognised by its columns, whatever the file is called now: those of the shapefile or those of the
GeoPackage. Zips are unpacked within limits. Nothing is written here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.crs import Province
from siteplan.errors import InputError, Problem, has_errors
from siteplan.layers import columns, formats, rows, vector
from siteplan.layers.catalog import LayerEntry
from siteplan.layers.place import place
from siteplan.workspace import KIT_MANIFEST, KIT_SUMS

MANIFEST_BYTES = 20 * 1024**2
Form = Literal["shp", "gpkg"]
# what tells the layer of sites: column of the id, and one that no other layer of a kit has beside it
_MARKS: Mapping[Form, tuple[str, str]] = {"shp": ("MA_VT", "NGUON_VT"), "gpkg": ("site_id", "letter")}
_SUFFIXES = (".shp", ".gpkg", ".geojson")
_ROLE = "buildings"  # polygons without columns of their own


@dataclass(frozen=True)
class ReturnedLayer:
    """One layer of sites of a returned kit: file, form of its columns, rows (``site_id``, all columns, geometry)."""

    file: str
    form: Form
    rows: gpd.GeoDataFrame


@dataclass(frozen=True)
class Returned:
    """What came back: layers of sites, what the kit says of itself (empty where it says nothing), problems."""

    layers: tuple[ReturnedLayer, ...]
    manifest: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)

    @property
    def run(self) -> str:
        """Name of the run the kit was exported from; empty where the kit does not say one. Never a path."""
        told = self.manifest.get("run")
        return told if isinstance(told, str) and re.fullmatch(r"\w[\w .-]{0,99}", told) else ""

    @property
    def communes(self) -> tuple[str, ...] | None:
        """Codes of the communes the kit is about; None for all."""
        told = self.manifest.get("communes")
        return tuple(str(code) for code in told) if isinstance(told, list) else None

    @property
    def ids(self) -> frozenset[str]:
        """Ids of all sites that came back."""
        return frozenset(str(i) for layer in self.layers if len(layer.rows) for i in layer.rows["_site_id"])


def read_returned(kit: Path, province: Province) -> Returned:
    """Read the sites of a returned kit.

    Parameters
    ----------
    kit
        Zip, folder, or one file (shapefile, GeoPackage, GeoJSON).
    province
        Whose CRS the sites are moved into.

    Raises
    ------
    InputError
        Where nothing can be read, the archive reaches outside its folder or is too large, no layer has the columns
        of sites, or coordinates cannot lie in the province; with the likely cause.
    """
    if not kit.exists():
        raise InputError(Problem("file_missing", file=str(kit)))
    with _opened(kit) as (folder, files):
        problems: list[Problem] = []
        found: list[ReturnedLayer] = []
        for file in files:
            for layer in _site_layers(file):
                read = _read(layer, str(file.relative_to(folder).as_posix()), province)
                if read is not None:
                    found.append(read[0])
                    problems += read[1]
        if has_errors(problems):
            raise InputError(*problems)
        if not found:
            names = ", ".join(f.name for f in files[:8]) or "–"
            raise InputError(Problem("returned_no_sites", file=str(kit), value=names))
        told, more = _manifest(_manifests(kit, folder), str(kit))
        return Returned(tuple(found), told, [*problems, *more])


@contextmanager
def _opened(kit: Path) -> Iterator[tuple[Path, list[Path]]]:
    if kit.is_dir():
        yield kit, _vectors(kit)
    elif kit.suffix.lower() in formats.ARCHIVE_SUFFIXES:
        with formats.unpacked_folder(kit) as folder:
            yield folder, _vectors(folder)
    else:
        formats.identify(kit)
        yield kit.parent, [kit]


def _vectors(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in _SUFFIXES)


def _manifests(kit: Path, folder: Path) -> list[Path]:
    """Files that may tell of a kit, the uppermost first; of one file, those beside it or beside its folder."""
    if kit.is_file() and kit.suffix.lower() not in formats.ARCHIVE_SUFFIXES:
        beside = [parent / KIT_MANIFEST for parent in (kit.parent, kit.parent.parent)]
        return [path for path in beside if path.is_file()]
    return sorted(folder.rglob(KIT_MANIFEST), key=lambda p: len(p.parts))


def _manifest(paths: Sequence[Path], kit: str) -> tuple[dict[str, Any], list[Problem]]:
    """Read what a kit says of itself, and whether that is what it said when it was handed over."""
    for path in paths[:1]:
        try:
            raw = path.read_bytes() if path.stat().st_size <= MANIFEST_BYTES else b""
            told = json.loads(raw)
        except (OSError, ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            return {}, [Problem("returned_manifest_changed", "warning", file=kit, value=KIT_MANIFEST)]
        sums = path.with_name(KIT_SUMS)
        known = sums.is_file() and sums.stat().st_size <= MANIFEST_BYTES
        lines = sums.read_text("utf-8", errors="replace").splitlines() if known else []
        wrong = lines and f"{hashlib.sha256(raw).hexdigest()}  {KIT_MANIFEST}" not in lines
        return told, [Problem("returned_manifest_changed", "warning", file=kit, value=KIT_MANIFEST)] if wrong else []
    return {}, [Problem("returned_no_manifest", "warning", file=kit, value=KIT_MANIFEST)]


def _site_layers(file: Path) -> list[tuple[formats.Source, str, Form, dict[str, str]]]:
    """Layers of a file that have the columns of sites: source, layer, form, and column by its name in the kit."""
    source = formats.identify(file)
    found = []
    for name, kind in vector.layer_names(source):
        if kind is None:
            continue
        description, _ = vector.describe(source, name, wants_geometry=True)
        there = {f.upper(): f for f in description.fields}
        for form, marks in _MARKS.items():
            if all(mark.upper() in there for mark in marks):
                found.append((source, name, form, there))
    return found


def _read(
    layer: tuple[formats.Source, str, Form, dict[str, str]], shown: str, province: Province
) -> tuple[ReturnedLayer, list[Problem]] | None:
    source, name, form, there = layer
    description, _ = vector.describe(source, name, wants_geometry=True)
    entry = LayerEntry(name=name, role=_ROLE, path=shown)
    x, y = vector.sample(source, description)
    if not len(x):
        return None
    placement, problems = place(description.crs, None, False, x, y, province, shown, name)
    if placement is None:
        return ReturnedLayer(shown, form, gpd.GeoDataFrame(geometry=[])), problems
    raw = vector.read(source, description, description.fields, None, shown, name)
    problems += raw.problems
    if raw.geometry is None:
        return None
    table = pd.DataFrame(raw.columns)
    table["_feature"] = raw.labels
    ids = columns.texts(raw.columns[there[_MARKS[form][0].upper()]])
    table["_site_id"] = np.array([v or "" for v in ids], dtype=object)
    placed, _, more = rows.place_rows(table, raw.geometry, raw.labels, entry, placement, province, shown)
    return ReturnedLayer(shown, form, placed), [*problems, *more]
