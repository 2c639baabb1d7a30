"""Reading all layers of a catalog: tables and grids in the province's CRS, their sources, and every problem met.

A layer that cannot be read is a problem, never an exception: reading goes on with the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.cache import sha256_of
from siteplan.crs import Province
from siteplan.errors import InputError, Problem
from siteplan.layers import columns, embedded, formats, grids, postgis, rows, vector, voids
from siteplan.layers.catalog import REQUIRED_ROLES, Catalog, LayerEntry
from siteplan.layers.gathering import Found, fingerprint_of, joined_role, locate, sources_of
from siteplan.layers.place import Placement, place, reading_box
from siteplan.raster import Raster
from siteplan.report import SILENT, Reporter
from siteplan.tables import INPUTS, empty
from siteplan.tabular import parse_number, read_table

Array = np.ndarray[Any, Any]

_LONGITUDE = frozenset({"lon", "lng", "long", "longitude", "kinhdo"})
_LATITUDE = frozenset({"lat", "latitude", "vido"})
WGS84 = 4326
# larger layers are filtered by GDAL; smaller ones here, where features without geometry are told from distant ones
FILTERED_FROM_FEATURES = 200_000


@dataclass(frozen=True)
class LayerSet:
    """All layers of a catalog as read.

    Parameters
    ----------
    catalog, province
        What was read, and where.
    problems
        Everything found on the way, catalog entries that are wrong first.
    sources
        :data:`siteplan.tables.RESULTS` ``["sources"]``: one row a layer that was read.
    fingerprint
        SHA-256 over the contents of all input files and the entries that say how they are read.
    crs_decisions
        One mapping a layer: ``layer``, ``crs``, ``how`` (file, catalog, identified), ``swapped``.
    input_files
        Path as the catalog writes it (and, of several files, the name of each) to its SHA-256.
    tables
        By role, all layers of it together; asked with :meth:`table`, which knows roles without any.
    """

    catalog: Catalog
    province: Province
    problems: list[Problem]
    sources: pd.DataFrame
    fingerprint: str
    crs_decisions: list[dict[str, Any]]
    input_files: dict[str, str]
    tables: Mapping[str, Any]
    _grids: Mapping[str, tuple[grids.SourceGrid, ...]]
    _rasters: dict[str, Raster] = field(default_factory=dict)

    def has(self, role: str) -> bool:
        """Whether there is at least one row, or a grid, of that role."""
        if role in self._grids:
            return True
        return role in self.tables and len(self.tables[role]) > 0

    def delivered(self, role: str) -> frozenset[str] | None:
        """Codes of the communes that the layers of a role were made for; None: all of the province."""
        return self.catalog.delivered(role, set(self.sources["layer"]))

    def table(self, role: str) -> Any:
        """All layers of a role together, in the shape of its schema; empty and typed where there is none."""
        found = self.tables.get(role)
        return empty(INPUTS[role], self.province.crs) if found is None else found

    def raster(self, role: str) -> Raster | None:
        """Return the grid of a role (``dem``, ``population``) in the province's CRS, or None. People keep their sum."""
        sources = self._grids.get(role)
        if not sources:
            return None
        if role not in self._rasters:
            make = grids.elevation if role == "dem" else grids.people_grid
            self._rasters[role] = make(sources, self.province)
        return self._rasters[role]

    def population_points(self) -> gpd.GeoDataFrame:
        """Centres of the population grid's cells with the people in them (``population``); empty without a grid."""
        east, north, count = grids.people(self._grids.get("population", ()), self.province)
        geometry = gpd.GeoSeries(shapely.points(east, north), crs=f"EPSG:{self.province.epsg}")
        return gpd.GeoDataFrame({"population": count}, geometry=geometry)


def _absence(entry: LayerEntry, value: str = "") -> list[Problem]:
    """Return the problem of a layer that is not there: it stops the work, lowers coverage, or is only told."""
    where: dict[str, Any] = {"file": entry.path, "layer": entry.name, "value": value or entry.role}
    if entry.required or (entry.role in REQUIRED_ROLES and not entry.is_awaited):
        return [Problem("layer_required_missing", params={"role": entry.role}, **where)]
    if entry.mandatory:
        return [Problem("layer_mandatory_missing", "warning", params={"role": entry.role}, **where)]
    if entry.is_awaited:
        return []
    return [Problem("layer_file_missing", "warning", params={"role": entry.role}, **where)]


def _read_entry(entry: LayerEntry, catalog: Catalog, found: Found, reporter: Reporter) -> None:
    if entry.connection:
        _read_database(entry, catalog.province, found)
        return
    path = embedded.resolve(entry.path, catalog.folder, catalog.province, reporter)
    if not path.exists():
        found.problems += _absence(entry)
        return
    if str(path).lower().startswith("/vsi"):
        raise InputError(Problem("layer_path_virtual", column="path", value=entry.path))
    parts = formats.parts_of(path)
    found.hashes = {part.relative_to(path.parent).as_posix(): sha256_of(part) for part in parts}
    if entry.is_raster:
        found.grid = grids.read_grid(path, entry.crs, catalog.province, entry.name, entry.role)
        found.placement = found.grid.placement
        found.problems += [replace(problem, file=entry.path) for problem in found.grid.problems]
        if entry.role == "dem":
            found.grid, strange = voids.without_voids(found.grid, entry.path, entry.name)
            found.problems += strange
    elif path.suffix.lower() in formats.TABLE_SUFFIXES:
        _read_plain_table(entry, path, catalog.province, found)
    elif path.suffix.lower() in formats.ARCHIVE_SUFFIXES:
        with formats.unpacked(path) as inside:
            _read_vector(entry, formats.identify(inside), catalog.province, found)
    else:
        _read_vector(entry, formats.identify(path), catalog.province, found)


def _coordinate(words: str | None) -> float:
    if words is None:
        return float("nan")
    try:
        return float(words.replace(",", ".")) if words.count(",") + words.count(".") <= 1 else parse_number(words)
    except ValueError:
        return float("nan")


def _read_plain_table(entry: LayerEntry, path: Path, province: Province, found: Found) -> None:
    schema = INPUTS[entry.role]
    table = read_table(path, entry.layer or None)
    names = [name for name in table.columns if name != "_row"]
    fields, problems = columns.resolve(entry, schema, names, entry.path)
    labels = np.array([str(row) for row in table["_row"]], dtype=object)
    values = {name: table[name].to_numpy(object) for name in names}
    frame, labels, more = rows.read_columns(entry, fields, values, labels, entry.path)
    found.problems += problems + more
    if schema.geometry is None:
        _finish(frame, labels, found)
        return
    xy, stated = _xy_columns(entry, names)
    if xy is None:
        found.problems.append(
            Problem("table_without_coordinates", file=entry.path, layer=entry.name, value=", ".join(names[:12]))
        )
        return
    absent = [name for name in xy if name not in names]
    if absent:
        found.problems += [
            Problem("layer_field_missing", file=entry.path, layer=entry.name, column="xy", value=name,
                    params={"near": "–", "there": ", ".join(names[:20])})
            for name in absent
        ]  # fmt: skip
        return
    x = np.array([_coordinate(v) for v in values[xy[0]]])
    y = np.array([_coordinate(v) for v in values[xy[1]]])
    known = np.isfinite(x) & np.isfinite(y)
    without = gpd.GeoDataFrame(
        frame[~known], geometry=gpd.GeoSeries([None] * int((~known).sum()), index=frame.index[~known])
    )
    if entry.updates and not known.any():
        _finish(without, labels, found)
        return
    placement, problems = place(
        None, stated, entry.swap_axes, x[known], y[known], province, entry.path, entry.name
    )  # fmt: skip
    found.problems += problems
    if placement is None:
        return
    geometry = np.full(len(x), None, dtype=object)
    geometry[known] = shapely.points(x[known], y[known])
    if not entry.updates:
        _place(frame, geometry, labels, placement, province, found)
        return
    # a row without coordinates may still bring a known feature up to date
    _place(frame[known].reset_index(drop=True), geometry[known], labels[known], placement, province, found)
    placed, place_labels = found.frame, found.labels
    _finish(without.reset_index(drop=True), labels[~known], found)
    found.frame = pd.concat([placed, found.frame], ignore_index=True)
    found.labels = np.concatenate([place_labels, found.labels])


def _xy_columns(entry: LayerEntry, names: Sequence[str]) -> tuple[tuple[str, str] | None, int | None]:
    """Columns of the coordinates and their CRS; longitude and latitude are recognised by name, nothing else is."""
    if entry.xy is not None:
        return entry.xy, entry.crs
    lon = next((n for n in names if columns.plain_name(n) in _LONGITUDE), None)
    lat = next((n for n in names if columns.plain_name(n) in _LATITUDE), None)
    if lon is None or lat is None:
        return None, None
    return (lon, lat), entry.crs or WGS84


def _read_vector(entry: LayerEntry, source: formats.Source, province: Province, found: Found) -> None:
    schema = INPUTS[entry.role]
    spatial = schema.geometry is not None
    description, said = vector.describe(source, entry.layer, spatial)
    where: dict[str, Any] = {"file": entry.path, "layer": entry.name}
    if said:
        found.problems.append(Problem("gdal_said", "warning", value="; ".join(said)[:300], **where))
    fields, problems = columns.resolve(entry, schema, description.fields, entry.path)
    found.problems += problems
    placement, box = None, None
    if spatial:
        if description.geometry_type is None:
            found.problems.append(Problem("layer_without_geometry", **where))
            return
        x, y = vector.sample(source, description)
        if not len(x):
            found.problems.append(Problem("layer_empty", "warning" if not entry.required else "error", **where))
            return
        placement, problems = place(description.crs, entry.crs, entry.swap_axes, x, y, province, entry.path, entry.name)
        found.problems += problems
        if placement is None:
            return
        if entry.role in rows.WIDE_ROLES and description.features > FILTERED_FROM_FEATURES:
            box = reading_box(province, placement)
    names = sorted({name for sources in fields.values() for name in sources})
    raw = vector.read(source, description, names, box, entry.path, entry.name, geometry=spatial)
    found.problems += raw.problems
    cut = description.features - len(raw.labels)
    if box is not None and cut > 0:
        params = {"count": cut, "margin_m": province.slack_m, "total": description.features}
        found.problems.append(Problem("layer_cut", "warning", params=params, **where))
    frame, labels, problems = rows.read_columns(entry, fields, raw.columns, raw.labels, entry.path)
    found.problems += problems
    if placement is None:
        _finish(frame, labels, found)
    elif raw.geometry is not None:
        _place(frame, raw.geometry, labels, placement, province, found)


def _read_database(entry: LayerEntry, province: Province, found: Found) -> None:
    schema = INPUTS[entry.role]
    table = postgis.read(entry, schema.geometry is not None)
    where: dict[str, Any] = {"file": entry.path, "layer": entry.name}
    found.hashes, found.problems = {entry.path: table.digest}, [*found.problems, *table.problems]
    fields, problems = columns.resolve(entry, schema, list(table.columns), entry.path)
    frame, labels, more = rows.read_columns(entry, fields, table.columns, table.labels, entry.path)
    found.problems += problems + more
    if schema.geometry is None:
        _finish(frame, labels, found)
    elif table.geometry is None:
        found.problems.append(Problem("layer_without_geometry", **where))
    elif not len(table.geometry):
        found.problems.append(Problem("layer_empty", "warning" if not entry.required else "error", **where))
    else:
        x, y = table.sample()
        placement, problems = place(table.crs, entry.crs, entry.swap_axes, x, y, province, entry.path, entry.name)
        found.problems += problems
        if placement is not None:
            _place(frame, table.geometry, labels, placement, province, found)


def _place(
    frame: pd.DataFrame, geometry: Array, labels: Array, placement: Placement, province: Province, found: Found
) -> None:
    placed, labels, problems = rows.place_rows(
        frame, geometry, labels, found.entry, placement, province, found.entry.path
    )
    found.problems += problems
    found.placement = placement
    _finish(placed, labels, found)


# commune codes that a file lacks are taken from the position, once the communes are known
_BY_POSITION = frozenset({"facilities", "proposals", "former_units"})


def _finish(frame: Any, labels: Array, found: Found) -> None:
    later = frozenset({"commune_code"}) if found.entry.role in _BY_POSITION else frozenset()
    frame["_label"] = labels
    frame, problems = rows.complete_rows(frame, labels, found.entry, found.entry.path, later=later)
    found.problems += problems
    found.labels = frame.pop("_label").to_numpy(object)
    found.frame = frame


def _absent_roles(catalog: Catalog) -> list[Problem]:
    """Roles that no run can do without and that no entry names, not even a wrong one."""
    named_in_problems = {p.layer for p in catalog.problems}
    return [
        Problem("layer_required_missing", file=str(catalog.path.name), value=role, params={"role": role})
        for role in REQUIRED_ROLES
        if not catalog.of_role(role) and role not in named_in_problems
    ]


def _empty_roles(tables: Mapping[str, Any], everything: list[Found]) -> list[Problem]:
    """Roles that no run can do without and of whose features none can be used."""
    return [
        Problem("layer_required_empty", file=part.entry.path, layer=part.entry.name, params={"role": role})
        for role in REQUIRED_ROLES
        if role in tables and len(tables[role]) == 0
        for part in [p for p in everything if p.entry.role == role][:1]
    ]


def read_layers(catalog: Catalog, reporter: Reporter = SILENT) -> LayerSet:
    """Read every layer of a catalog.

    Parameters
    ----------
    catalog
        The catalog.
    reporter
        Told of each layer (``layers.reading``).

    Returns
    -------
    LayerSet
        Restricted layers are read too; their rows are marked. Problems are gathered, none is thrown.

    Raises
    ------
    NoSpaceError
        Where the embedded data cannot be written into the cache.
    """
    province = catalog.province
    everything: list[Found] = []
    with reporter.stage("layers.reading", len(catalog.layers)):
        for named in catalog.layers:
            entry = named.model_copy(update={"path": named.origin}) if named.connection else named
            found = Found(entry)
            everything.append(found)
            if entry.is_awaited:
                found.problems += _absence(entry)
            else:
                try:
                    _read_entry(entry, catalog, found, reporter)
                except InputError as error:
                    found.problems += [replace(p, file=entry.path, layer=entry.name) for p in error.problems]
                except OSError as error:
                    found.problems.append(
                        Problem("file_unreadable", file=entry.path, layer=entry.name, value=str(error))
                    )
            reporter.advance()
    problems = [*catalog.problems, *_absent_roles(catalog)]
    tables: dict[str, Any] = {}
    late: list[Problem] = []
    for role in sorted(INPUTS, key=lambda name: name != "communes"):
        parts = [part for part in everything if part.entry.role == role and part.frame is not None]
        if role in _BY_POSITION:
            for part in parts:
                locate(part, tables.get("communes"))
        if parts:
            joined = joined_role(role, parts, province, late, tables.get("communes"))
            if joined is not None:
                tables[role] = joined
    gridded = {
        role: tuple(part.grid for part in everything if part.entry.role == role and part.grid is not None)
        for role in ("dem", "population")
    }
    for part in everything:
        problems += part.problems
    late += _empty_roles(tables, everything)
    return LayerSet(
        catalog=catalog,
        province=province,
        problems=problems + late,
        sources=sources_of(everything),
        fingerprint=fingerprint_of(everything, province),
        crs_decisions=[
            {"layer": p.entry.name, "crs": p.placement.label, "how": p.placement.how, "swapped": p.placement.swapped}
            for p in everything
            if p.placement is not None
        ],
        input_files={
            (p.entry.path if len(p.hashes) == 1 else f"{p.entry.path} / {name}"): digest
            for p in everything
            for name, digest in p.hashes.items()
        },
        tables=tables,
        _grids={role: sources for role, sources in gridded.items() if sources},
    )
