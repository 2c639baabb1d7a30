"""The catalog: which layers there are, where each stands, what its columns mean, and where it comes from.

An entry that is wrong is left out and told, so that a check can show all that is wrong with all the others as well.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from siteplan.crs import Province
from siteplan.database import address_problem, shown
from siteplan.errors import InputError, Problem
from siteplan.tables import INPUTS
from siteplan.tables.inputs import RASTER_ROLES
from siteplan.toml_files import day_of, read_toml

ROLES: tuple[str, ...] = (*INPUTS, *RASTER_ROLES)
REQUIRED_ROLES: tuple[str, ...] = ("communes", "dem", "roads")
ILLUSTRATIVE_PREFIX = "illustrative:"
# in `values`: what every other file value means, missing ones included
ANY_OTHER = "*"
# of these only the catalog can say how far they reach; of the others it is measured (land use, terrain) or registered
COVERED_ROLES = (
    "roads", "railways", "waterways", "water_areas", "power_lines", "utilities", "services", "buildings",
    "settlements", "hazards", "flood_marks", "urban_areas", "sector_projects", "border_gates",
)  # fmt: skip

Token = str | bool | int | float


class LayerEntry(BaseModel):
    """One entry of the catalog.

    Parameters
    ----------
    name
        Name of the entry, the key of its table in the file.
    role
        What the layer is: a key of :data:`siteplan.tables.INPUTS`, or ``dem``, ``population``.
    title
        What readers see instead of the name, in Vietnamese; without it the label of the role.
    path
        File or folder, relative to the catalog's folder; ``illustrative:<file>`` for the embedded data. An entry with
        neither path nor connection is a layer that is awaited: it counts as missing.
    connection
        Address of a database (``postgresql://host/db``), never with a password.
    table, sql
        Where there is a connection, one of them: the table (``schema.table``), or a query.
    layer
        Layer inside the file, sheet of a workbook, or geometry column of a table that has several.
    crs
        EPSG code, where the file lacks it.
    swap_axes
        The file writes north before east.
    xy
        Columns that hold east and north (or longitude and latitude) of a table of points.
    fields
        Canonical column to column of the file; several joined by " + " become one text joined by "-".
    values
        Canonical column to a table from file value to token; ``"*"`` stands for every other value.
    constant
        Canonical column to the one value all rows have.
    updates
        The rows stand in place of those with the same key in other layers of the role; cells left empty keep what is
        known, features without geometry keep theirs.
    covers
        Codes of the communes that the layer was made for, where it does not cover the province (:data:`COVERED_ROLES`):
        elsewhere nothing found is not nothing there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    role: str
    title: str = ""
    path: str = ""
    connection: str = Field("", repr=False)
    table: str = ""
    sql: str = ""
    layer: str = ""
    crs: int | None = Field(None, gt=0)
    swap_axes: bool = False
    xy: tuple[str, str] | None = None
    fields: Mapping[str, str] = Field(default_factory=dict)
    values: Mapping[str, Mapping[str, Token]] = Field(default_factory=dict)
    constant: Mapping[str, Token] = Field(default_factory=dict)
    source: str = ""
    legal_basis: str = ""
    date: dt.date | None = None
    licence: str = ""
    required: bool = False
    mandatory: bool = False
    illustrative: bool = False
    restricted: bool = False
    updates: bool = False
    covers: tuple[str, ...] = ()

    _day_of = field_validator("date", mode="before")(day_of)

    @property
    def is_awaited(self) -> bool:
        """Whether the entry only says that such a layer is needed."""
        return not self.path and not self.connection

    @property
    def origin(self) -> str:
        """Where the layer comes from as it may be shown: its path, or host, database and table."""
        return f"{shown(self.connection)} {self.table or 'sql'}" if self.connection else self.path

    @property
    def is_raster(self) -> bool:
        """Whether the role is one of grids."""
        return self.role in RASTER_ROLES


@dataclass(frozen=True)
class Catalog:
    """A catalog as read: its province, its layers in the order of the file, and what is wrong with other entries."""

    path: Path
    province: Province
    layers: tuple[LayerEntry, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def folder(self) -> Path:
        """Folder that paths are relative to."""
        return self.path.parent

    def delivered(self, role: str, read: Collection[str]) -> frozenset[str] | None:
        """Codes of the communes that those of a role's layers that were read cover; None: all of the province."""
        covers = [entry.covers for entry in self.of_role(role) if entry.name in read]
        return frozenset(code for codes in covers for code in codes) if covers and all(covers) else None

    def of_role(self, role: str) -> tuple[LayerEntry, ...]:
        """Entries of a role."""
        return tuple(entry for entry in self.layers if entry.role == role)

    def entry(self, name: str) -> LayerEntry:
        """Return the entry of that name; KeyError where there is none."""
        for entry in self.layers:
            if entry.name == name:
                return entry
        raise KeyError(name)

    def mandatory_roles(self) -> frozenset[str]:
        """Roles that one of the entries calls mandatory."""
        return frozenset(entry.role for entry in self.layers if entry.mandatory or entry.required)


def nearest(word: str, known: Any) -> str:
    """Return the known word closest to a misspelt one, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return found[0] if found else ""


def near_key(key: str, near: str) -> str:
    """Return the message key with a suggestion where there is one to make."""
    return f"{key}_near" if near else key


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:")
_DRIVE = re.compile(r"[A-Za-z]:")
_VIRTUAL = re.compile(r"/+vsi[a-z0-9_]+(/|$)", re.IGNORECASE)


def path_problem(path: str, file: str, layer: str) -> Problem | None:
    """Return the problem of a path that names something else than a plain file, or None.

    Virtual file systems of GDAL (``/vsi...``), addresses, driver prefixes (``GPKG:...``), device names and drives
    without a root are refused; plain relative and absolute paths are not.
    """
    plain = path.removeprefix(ILLUSTRATIVE_PREFIX).strip()
    if "\\" in plain:
        return Problem("layer_path_backslash", file=file, layer=layer, column="path", value=path,
                       params={"mended": plain.replace("\\", "/")})  # fmt: skip
    if _VIRTUAL.match(plain):
        return Problem("layer_path_virtual", file=file, layer=layer, column="path", value=path)
    if _SCHEME.match(plain):
        return Problem("layer_path_address", file=file, layer=layer, column="path", value=path)
    drive_without_root = bool(_DRIVE.match(plain)) and not plain[2:].startswith("/")
    device = plain.startswith(("//?/", "//./"))
    strange = any(ord(letter) < 32 for letter in plain) or any(letter in plain for letter in '<>|"')
    if drive_without_root or device or strange or (path.startswith(ILLUSTRATIVE_PREFIX) and ".." in plain):
        return Problem("layer_path_strange", file=file, layer=layer, column="path", value=path)
    if any(letter in plain for letter in "*?"):
        return Problem("layer_path_pattern", file=file, layer=layer, column="path", value=path)
    return None


def _problems_of(error: ValidationError, file: str, name: str) -> list[Problem]:
    problems = []
    for item in error.errors():
        where = ".".join(str(step) for step in item["loc"])
        if item["type"] == "extra_forbidden":
            near = nearest(str(item["loc"][-1]), LayerEntry.model_fields)
            problems.append(
                Problem(
                    near_key("catalog_key_unknown", near), file=file, layer=name, column=where, params={"near": near}
                )
            )
        elif item["type"] == "missing":
            problems.append(Problem("catalog_key_missing", file=file, layer=name, column=where))
        else:
            value, detail = repr(item.get("input"))[:60], item["msg"].removeprefix("Value error, ")
            problems.append(
                Problem("catalog_value", file=file, layer=name, column=where, value=value, params={"detail": detail})
            )
    return problems


def _columns_of(entry: LayerEntry, file: str) -> list[Problem]:
    """Check the canonical names and tokens that an entry uses."""
    problems: list[Problem] = []
    if entry.is_raster:
        return problems
    table = INPUTS[entry.role]
    names = [name for name in table.names if name not in ("layer", "illustrative", "restricted")]
    for part in ("fields", "values", "constant"):
        for name in getattr(entry, part):
            if name not in names:
                near = nearest(name, names)
                params = {"near": near, "known": ", ".join(names), "part": part, "role": entry.role}
                problems.append(
                    Problem(
                        near_key("catalog_column_unknown", near),
                        file=file,
                        layer=entry.name,
                        column=name,
                        params=params,
                    )
                )
    tokens = [(name, token) for name, pairs in entry.values.items() for token in pairs.values()]
    for name, token in dict.fromkeys((*tokens, *entry.constant.items())):
        allowed = table.column(name).values if name in names else ()
        if allowed and token not in allowed:
            near = nearest(str(token), allowed)
            params = {"near": near, "known": ", ".join(allowed)}
            problems.append(
                Problem(
                    "catalog_token_unknown", file=file, layer=entry.name, column=name, value=str(token), params=params
                )
            )
    if entry.updates and not table.key:
        problems.append(
            Problem("catalog_updates_without_key", file=file, layer=entry.name, column="updates", value=entry.role)
        )
    if table.geometry is None and entry.xy:
        problems.append(
            Problem("catalog_xy_without_geometry", file=file, layer=entry.name, column="xy", value=entry.role)
        )
    return problems


def _entry(name: str, raw: Any, file: str) -> tuple[LayerEntry | None, list[Problem]]:
    if not isinstance(raw, Mapping):
        return None, [Problem("catalog_value", file=file, layer=name, column=name, value=repr(raw)[:60],
                              params={"detail": "[layers.<name>]"})]  # fmt: skip
    try:
        entry = LayerEntry.model_validate({**raw, "name": name})
    except ValidationError as error:
        return None, _problems_of(error, file, name)
    if entry.role not in ROLES:
        near = nearest(entry.role, ROLES)
        params = {"near": near, "known": ", ".join(ROLES)}
        return None, [
            Problem(
                near_key("role_unknown", near), file=file, layer=name, column="role", value=entry.role, params=params
            )
        ]
    problems = _columns_of(entry, file)
    if entry.covers and entry.role not in COVERED_ROLES:
        params = {"known": ", ".join(COVERED_ROLES)}
        problems.append(
            Problem("catalog_covers_role", file=file, layer=name, column="covers", value=entry.role, params=params)
        )
    if entry.path and entry.connection:
        problems.append(Problem("catalog_path_and_connection", file=file, layer=name, column="connection"))
    if entry.connection and (found := address_problem(entry.connection, file=file, layer=name, column="connection")):
        problems.append(found)
    if bool(entry.connection) != (bool(entry.table) != bool(entry.sql)) or (entry.table and entry.sql):
        problems.append(Problem("connection_table_or_sql", file=file, layer=name, column="table"))
    if entry.connection and entry.is_raster:
        problems.append(Problem("connection_raster", file=file, layer=name, column="connection", value=entry.role))
    if entry.path and (found := path_problem(entry.path, file, name)):
        problems.append(found)
    return (None if problems else entry), problems


def load_catalog(path: Path) -> Catalog:
    """Read a catalog file with its province.

    Raises
    ------
    InputError
        Where the file or its province cannot be read at all, or it has keys beside ``province`` and ``layers``.
        Entries that are wrong do not raise: they are left out, and :attr:`Catalog.problems` lists all of them.
    """
    path = Path(path)
    raw = read_toml(path)
    problems: list[Problem] = []
    for key in raw:
        if key not in ("province", "layers"):
            near = nearest(key, ("province", "layers"))
            problems.append(
                Problem(near_key("catalog_key_unknown", near), file=str(path), column=key, params={"near": near})
            )
    about = raw.get("province", {})
    file = about.get("file", "province.toml") if isinstance(about, Mapping) else ""
    layers = raw.get("layers", {})
    if not isinstance(file, str) or not file:
        problems.append(Problem("catalog_value", file=str(path), column="province", value=repr(about)[:60],
                                params={"detail": '[province] file = "province.toml"'}))  # fmt: skip
    if not isinstance(layers, Mapping):
        problems.append(Problem("catalog_value", file=str(path), column="layers", value=repr(layers)[:60],
                                params={"detail": "[layers.<name>]"}))  # fmt: skip
    if problems:
        raise InputError(*problems)
    province = Province.load(path.parent / file)
    entries: list[LayerEntry] = []
    for name, part in layers.items():
        entry, found = _entry(str(name), part, str(path))
        problems += found
        if entry is not None:
            entries.append(entry)
    return Catalog(path, province, tuple(entries), tuple(problems))
