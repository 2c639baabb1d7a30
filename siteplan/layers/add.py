"""Adding a layer: a file is inspected, an entry proposed (CRS, columns, values), and written into the catalog.

The catalog keeps its comments and its order; nothing in it but the new entry changes.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
import tomlkit.exceptions

from siteplan import locale
from siteplan.crs import Province
from siteplan.errors import InputError, Problem, UsageError
from siteplan.layers import columns, formats, grids, place, vector
from siteplan.layers.catalog import ROLES, LayerEntry, near_key, nearest
from siteplan.tables import INPUTS
from siteplan.tables.inputs import RASTER_ROLES
from siteplan.tabular import read_table

# a column with more different values than this is no list of classes
MOST_VALUES = 60


@dataclass(frozen=True)
class Proposal:
    """A catalog entry as proposed: its table, remarks for whoever completes it, and what was found wrong."""

    name: str
    entry: dict[str, Any]
    remarks: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    def toml(self) -> str:
        """Return the entry as it will stand in the catalog."""
        document = tomlkit.document()
        layers = tomlkit.table(is_super_table=True)
        layers.add(self.name, _table(self))
        document.add("layers", layers)
        return tomlkit.dumps(document)


def _table(proposal: Proposal) -> Any:
    table = tomlkit.table()
    for remark in proposal.remarks:
        table.add(tomlkit.comment(remark))
    nested = {}
    for key, value in proposal.entry.items():
        if key == "values":
            nested = value
        elif isinstance(value, dict):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.add(key, inline)
        else:
            table.add(key, value)
    if nested:
        values = tomlkit.table(is_super_table=True)
        for column, pairs in nested.items():
            part = tomlkit.table()
            for word, token in pairs.items():
                part.add(word, token)
            values.add(column, part)
        table.add("values", values)
    return table


def name_from(path: Path, role: str) -> str:
    """Make a layer name of a file name: plain letters, digits and underscores."""
    words = re.sub(r"[^a-z0-9]+", "_", locale.fold(path.stem)).strip("_")
    return words or role


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.resolve(), folder.resolve()
    try:
        words = os.path.relpath(path, folder)
    except ValueError:  # another drive
        words = str(path)
    return unicodedata.normalize("NFC", Path(words).as_posix())


def inspect(
    file: Path,
    role: str,
    province: Province,
    *,
    folder: Path | None = None,
    name: str | None = None,
    present: Sequence[LayerEntry] = (),
) -> Proposal:
    """Inspect a file and propose its entry.

    Parameters
    ----------
    file
        The file; it stays where it is.
    role
        What the layer is.
    province
        For judging coordinates.
    folder
        The catalog's folder, which the path is written relative to; the file's own by default.
    name
        Name of the entry; made of the file's name by default.
    present
        Entries of the role that the catalog has: the new one is mandatory where one of them is, restricted where all
        of them are.

    Returns
    -------
    Proposal
        With the CRS where the file lacks one and its coordinates fit one, the columns that are called otherwise than
        the role's, and the values of columns of classes that are not known yet.

    Raises
    ------
    UsageError
        Where there is no such role.
    InputError
        Where the file cannot be read.
    """
    file = Path(file)
    if role not in ROLES:
        near = nearest(role, ROLES)
        params = {"near": near, "known": ", ".join(ROLES)}
        raise UsageError(Problem(near_key("role_unknown", near), column="role", value=role, params=params))
    if not file.exists():
        raise InputError(Problem("file_missing", file=str(file)))
    path = _relative(file, folder or file.parent)
    proposal = Proposal(name or name_from(file, role), {"role": role, "path": path})
    suffix = file.suffix.lower()
    if role in RASTER_ROLES:
        proposal = _of_raster(file, province, proposal)
    elif suffix in formats.TABLE_SUFFIXES:
        proposal = _of_table(file, province, proposal)
    elif suffix in formats.ARCHIVE_SUFFIXES:
        with formats.unpacked(file) as inside:
            proposal = _of_vector(formats.identify(inside), province, proposal)
    else:
        proposal = _of_vector(formats.identify(file), province, proposal)
    entry = dict(proposal.entry)
    values = entry.pop("values", None)
    entry |= {"source": "", "legal_basis": "", "mandatory": any(e.mandatory for e in present), "illustrative": False}
    entry["restricted"] = bool(present) and all(e.restricted for e in present)
    if values:
        entry["values"] = values
    return replace(proposal, entry=entry, problems=tuple(replace(p, file=path) for p in proposal.problems))


def _of_raster(file: Path, province: Province, proposal: Proposal) -> Proposal:
    try:
        grids.read_grid(file, None, province, proposal.name)
    except InputError as error:
        if any(p.key == "raster_crs_missing" for p in error.problems):
            return replace(proposal, entry={**proposal.entry, "crs": province.epsg}, problems=error.problems)
        raise
    return proposal


def _of_table(file: Path, province: Province, proposal: Proposal) -> Proposal:
    table = read_table(file)
    names = [name for name in table.columns if name != "_row"]
    entry = dict(proposal.entry)
    remarks: list[str] = []
    if INPUTS[entry["role"]].geometry is not None:
        pairs = _coordinate_columns(names)
        if pairs:
            entry["xy"] = list(pairs)
            x, y = (np.array([_number(v) for v in table[name]]) for name in pairs)
            known = np.isfinite(x) & np.isfinite(y)
            guesses = place.likely(x[known], y[known], province)
            if guesses:
                entry["crs"] = guesses[0].epsg
                if guesses[0].swapped:
                    entry["xy"] = list(reversed(pairs))
                remarks += _other_crs(guesses)
    values = {name: table[name].to_numpy(object) for name in names}
    return _with_columns(replace(proposal, entry=entry, remarks=tuple(remarks)), names, values)


def _number(words: Any) -> float:
    try:
        return float(str(words).replace(",", "."))
    except ValueError:
        return float("nan")


_PAIRS = (("lon", "lat"), ("longitude", "latitude"), ("kinhdo", "vido"), ("e", "n"), ("x", "y"), ("toadox", "toadoy"))


def _coordinate_columns(names: list[str]) -> tuple[str, str] | None:
    plain = {columns.plain_name(name): name for name in names}
    return next(((plain[a], plain[b]) for a, b in _PAIRS if a in plain and b in plain), None)


def _other_crs(guesses: list[Any]) -> list[str]:
    others = [f"EPSG:{g.epsg}" for g in guesses[1:4]]
    return [locale.text("layers.add.other_crs", others=", ".join(others))] if others else []


def _of_vector(source: formats.Source, province: Province, proposal: Proposal) -> Proposal:
    role = proposal.entry["role"]
    spatial = INPUTS[role].geometry is not None
    entry = dict(proposal.entry)
    remarks: list[str] = []
    problems: list[Problem] = []
    there = vector.layer_names(source)
    fitting = [name for name, kind in there if (kind is not None) == spatial] or [name for name, _ in there]
    chosen = ""
    if len(fitting) > 1:
        chosen = max(fitting, key=lambda name: _likeness(name, role, proposal.name))
        entry["layer"] = chosen
        remarks.append(locale.text("layers.add.other_layers", others=", ".join(n for n in fitting if n != chosen)))
    description, _ = vector.describe(source, chosen, spatial)
    if spatial:
        x, y = vector.sample(source, description)
        placement, found = _placed(description.crs, {}, x, y, province, source, proposal)
        if placement is None:
            guesses = place.likely(x, y, province)
            if guesses:
                entry["crs"] = guesses[0].epsg
                if guesses[0].swapped:
                    entry["swap_axes"] = True
                remarks += _other_crs(guesses)
                if description.crs is not None:  # what a check will say of the entry as it is written
                    _, told = _placed(description.crs, entry, x, y, province, source, proposal)
                    found = told or found
        problems += found
    raw = vector.read(source, description, description.fields, None, str(source.path), proposal.name, geometry=False)
    problems += raw.problems
    proposal = replace(proposal, entry=entry, remarks=tuple(remarks), problems=tuple(problems))
    return _with_columns(proposal, list(description.fields), raw.columns)


def _placed(
    definition: str | None, entry: dict[str, Any], x: Any, y: Any, province: Province, source: Any, proposal: Proposal
) -> tuple[place.Placement | None, list[Problem]]:
    stated, swapped = entry.get("crs"), bool(entry.get("swap_axes"))
    return place.place(definition, stated, swapped, x, y, province, str(source.path), proposal.name)


def _likeness(name: str, role: str, layer: str) -> int:
    plain = columns.plain_name(name)
    return 2 * (columns.plain_name(role) in plain) + (columns.plain_name(layer) in plain)


def _with_columns(proposal: Proposal, names: list[str], values: dict[str, Any]) -> Proposal:
    """Add the mapping of columns, and a place for the values of classes that are not known."""
    schema = INPUTS[proposal.entry["role"]]
    matched = columns.match(schema, names, usual=True)
    entry = dict(proposal.entry)
    remarks = list(proposal.remarks)
    written = {c: name for c, name in matched.items() if columns.plain_name(c) != columns.plain_name(name)}
    if written:
        entry["fields"] = written
    unused = [name for name in names if name not in matched.values() and name not in entry.get("xy", [])]
    lacking = [
        c.name
        for c in schema.columns
        if c.name not in matched and c.name not in ("layer", "illustrative", "restricted")
    ]
    if lacking:
        remarks.append(locale.text("layers.add.lacking", columns=", ".join(lacking)))
    if unused:
        remarks.append(locale.text("layers.add.unused", columns=", ".join(unused[:40])))
    classes: dict[str, dict[str, str]] = {}
    for column in schema.columns:
        if not column.values or column.name not in matched:
            continue
        strange = columns.unknown_values(values[matched[column.name]], column)
        if strange and len(strange) <= MOST_VALUES:
            found = {word: columns.meant_token(word, column) for word in strange}
            meant = {word: token for word, (token, _) in found.items()}
            told: dict[str, str] = {"column": column.name, "known": ", ".join(column.values)}
            if open_words := [word for word, token in meant.items() if not token]:
                remarks.append(locale.text("layers.add.values_open", words="; ".join(open_words), **told))
            if known := {word: token for word, token in meant.items() if token}:
                classes[column.name] = known
                remarks.append(locale.text("layers.add.values", **told))
            if guessed := [f"{word} = {token}" for word, (token, is_guess) in found.items() if is_guess]:
                remarks.append(locale.text("layers.add.values_guessed", words="; ".join(guessed), **told))
    if classes:
        entry["values"] = classes
    return replace(proposal, entry=entry, remarks=tuple(remarks))


def append_entry(catalog: Path, proposal: Proposal) -> None:
    """Write a proposed entry at the end of a catalog, keeping all that stands there.

    Raises
    ------
    InputError
        Where the catalog cannot be read or written, or already has a layer of that name.
    """
    try:
        document = tomlkit.parse(catalog.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise InputError(Problem("file_missing", file=str(catalog))) from None
    except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError) as error:
        raise InputError(
            Problem("toml_invalid", file=str(catalog), value=str(error), params={"detail": str(error)})
        ) from None
    if proposal.name in document.get("layers", {}):
        raise InputError(Problem("layer_name_taken", file=str(catalog), layer=proposal.name))
    # appended as text: the tables of a catalog stand apart, and tomlkit would gather them
    text = tomlkit.dumps(document)
    written = text.rstrip("\n") + "\n\n" + proposal.toml()
    tomlkit.parse(written)
    temporary = catalog.with_name(catalog.name + ".new")
    try:
        temporary.write_text(written, "utf-8")
        temporary.replace(catalog)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(Problem("folder_not_writable", file=str(catalog), value=str(error))) from None
