"""One vector file as GDAL gives it: the chosen layer, the columns that are asked for, what lies in the province."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from siteplan.errors import InputError, Problem
from siteplan.layers import vietnamese
from siteplan.layers.formats import Source
from siteplan.layers.listing import named

Array = np.ndarray[Any, Any]

SAMPLE_FEATURES = 300
_RAW = "ISO-8859-1"


@dataclass(frozen=True)
class Description:
    """What a file says of one of its layers, before any feature is read."""

    layer: str
    fields: tuple[str, ...]
    crs: str | None
    features: int
    geometry_type: str | None
    encoding: str
    text_fields: tuple[str, ...] = ()


_FROM_ONE = {"geopackage", "filegdb"}  # kinds of files whose ids people see, from 1; others count from 0, unseen


def numbered(source: Source, ids: Any) -> Any:
    """Call features by their numbers, from 1 in the order of the file: ``#1``; in databases by the ids they have."""
    first = 0 if source.kind in _FROM_ONE else 1
    return np.array([f"#{number + first}" for number in ids], dtype=object)


@dataclass
class RawLayer:
    """Features as they stand in the file: columns by name, geometries (None where there are none), labels."""

    columns: dict[str, Array]
    geometry: Array | None
    labels: Array
    problems: list[Problem] = field(default_factory=list)


def _quietly(call: Any, *args: Any, **options: Any) -> tuple[Any, list[str]]:
    """Call GDAL; what it warns of is returned, not printed."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = call(*args, **options)
    return result, list(dict.fromkeys(str(w.message) for w in said))


def _attempt(path: Path, call: Any, *args: Any, **options: Any) -> tuple[Any, list[str]]:
    try:
        return _quietly(call, *args, **options)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - GDAL raises whatever a broken file provokes
        words = str(error).replace(str(path.parent), "").strip()[:200] or type(error).__name__
        raise InputError(Problem("file_unreadable", file=str(path), value=words)) from None


def layer_names(source: Source) -> list[tuple[str, str | None]]:
    """Names and geometry types of the layers in a file."""
    found, _ = _attempt(source.path, pyogrio.list_layers, source.path)
    return [(str(name), None if kind is None else str(kind)) for name, kind in found]


def describe(source: Source, layer: str, wants_geometry: bool) -> tuple[Description, list[str]]:
    """Choose the layer of a file and describe it.

    Parameters
    ----------
    source
        The file, identified.
    layer
        Name from the catalog; "" where there is only one to choose.

    Raises
    ------
    InputError
        Where the file cannot be opened, is opened by a driver that it should not need, or does not have the layer.
    """
    layers = layer_names(source)
    names = [name for name, _ in layers]
    if layer and layer not in names:
        raise InputError(
            Problem("layer_name_unknown", file=str(source.path), value=layer, params={"known": named(names, 20)})
        )
    chosen = layer
    if not layer:
        spatial = [name for name, kind in layers if (kind is not None) == wants_geometry] or names
        if len(spatial) != 1:
            raise InputError(
                Problem(
                    "layer_name_needed", file=str(source.path), value=named(spatial, 20), params={"count": len(spatial)}
                )
            )
        chosen = spatial[0]
    found, said = _attempt(source.path, pyogrio.read_info, source.path, layer=chosen)
    if found.get("driver") not in source.drivers:
        raise InputError(Problem("format_not_what_it_says", file=str(source.path), value=str(found.get("driver"))))
    fields = tuple(str(name) for name in found["fields"])
    text_fields = tuple(n for n, kind in zip(fields, found["dtypes"], strict=True) if str(kind) == "object")
    description = Description(
        chosen, fields, found["crs"] or None, int(found["features"]), found["geometry_type"], str(found["encoding"]),
        text_fields,
    )  # fmt: skip
    return description, said


def _encoding_of(source: Source) -> str | None:
    """Bytes of a shapefile are decoded here, by what they are; other formats state their encoding."""
    return _RAW if source.kind == "shapefile" else None


def _shapes(wkb: Array) -> Array:
    """Geometries of a file; impossible coordinates among them are told with their features later, not warned of."""
    with np.errstate(invalid="ignore"):
        return np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)


def sample(source: Source, description: Description) -> tuple[Array, Array]:
    """Centres of the first features, first and second coordinate as they stand in the file."""
    (_, _, geometry, _), _ = _attempt(
        source.path, pyogrio.raw.read, source.path, layer=description.layer, columns=[], max_features=SAMPLE_FEATURES,
        force_2d=True, encoding=_encoding_of(source),
    )  # fmt: skip
    if geometry is None or not len(geometry):
        return np.empty(0), np.empty(0)
    bounds = shapely.bounds(_shapes(geometry))
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def read(
    source: Source,
    description: Description,
    columns: Sequence[str],
    bounds: tuple[float, float, float, float] | None,
    file: str,
    layer: str,
    *,
    geometry: bool = True,
) -> RawLayer:
    """Read the features of a layer.

    Parameters
    ----------
    columns
        Columns of the file to read.
    bounds
        Spatial filter in the file's coordinates, or None.
    file, layer
        What to call them in problems.
    """
    (meta, fids, wkb, values), said = _attempt(
        source.path, pyogrio.raw.read, source.path, layer=description.layer, columns=list(columns), bbox=bounds,
        read_geometry=geometry, force_2d=True, return_fids=True, encoding=_encoding_of(source),
    )  # fmt: skip
    labels = numbered(source, fids)
    order = [str(name) for name in meta["fields"]]
    table = dict(zip(order, values, strict=True))
    problems = [Problem("gdal_said", "warning", file=file, layer=layer, value=named(said, 3)[:300])] if said else []
    problems += _read_text(table, description, source, file, layer)
    shapes = None
    if geometry and wkb is not None:
        shapes = _shapes(wkb)
    return RawLayer(table, shapes, labels, problems)


def _read_text(
    table: dict[str, Array], description: Description, source: Source, file: str, layer: str
) -> list[Problem]:
    """Make the text columns Unicode, in place; tell the old encoding that was found, with an example."""
    names = [name for name in table if name in description.text_fields]
    unique = {value for name in names for value in table[name] if isinstance(value, str) and not value.isascii()}
    if not unique:
        return []
    ordered = sorted(unique)
    problems: list[Problem] = []
    raw_bytes = source.kind == "shapefile"
    if raw_bytes:
        # a code page beside the file tells what to try first; the bytes decide
        read = {v: vietnamese.from_utf8(v) for v in ordered}
        if all(_is_whole(v) for v in ordered):
            cut = [v for v in ordered if read[v].encode("utf-8") != v.encode("latin-1", "replace")]
            problems += [
                Problem("text_cut", "warning", file=file, layer=layer, value=named([read[v] for v in cut], 3),
                        params={"count": len(cut)})
            ] if _really_cut(cut) else []  # fmt: skip
            _replace(table, names, read)
            ordered = sorted(set(read.values()))
    legacy = vietnamese.recognise(ordered)
    if legacy is not None:
        changed = {v: legacy.read(v) for v in ordered}
        example = next((v for v in ordered if changed[v] != v), ordered[0])
        problems.append(
            Problem("text_legacy", "warning", file=file, layer=layer, value=example,
                    params={"encoding": legacy.encoding, "example": changed[example], "count": len(ordered)})
        )  # fmt: skip
        _replace(table, names, changed)
    return problems


def _is_whole(value: str) -> bool:
    return vietnamese.from_utf8(value) != value


def _really_cut(values: list[str]) -> bool:
    """Whether bytes were lost at the end, rather than only composed anew."""
    for value in values:
        try:
            value.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return True
    return False


def _replace(table: dict[str, Array], names: list[str], read: dict[str, str]) -> None:
    for name in names:
        table[name] = np.array([read.get(v, v) if isinstance(v, str) else v for v in table[name]], dtype=object)
