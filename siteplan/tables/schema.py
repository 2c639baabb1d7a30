"""The mechanism: what a column and a table are, and how a frame is made to follow its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.errors import Problem, SchemaError

Kind = Literal["text", "int", "float", "bool", "date", "messages"]
Geometry = Literal["polygon", "line", "point", "plot", "any"]  # a plot is an area, or a point that stands for one

COORDINATE_DECIMALS = 3


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        English name, the unit at its end (``required_floor_area_m2``).
    kind
        ``text``, ``int``, ``float``, ``bool``, ``date`` (ISO text) or ``messages`` (JSON list of message keys with
        parameters, see :mod:`siteplan.locale`).
    label, label_en
        What people see.
    dbf
        Name in a shapefile, at most 10 characters.
    unit
        Unit as printed, empty where there is none.
    decimals
        Decimals a float is rounded to.
    nullable
        Whether a value may be missing.
    values
        The tokens allowed; their texts are ``value.<column>.<token>`` in the catalogue of texts.
    """

    name: str
    kind: Kind
    label: str
    label_en: str
    dbf: str
    unit: str = ""
    decimals: int = 3
    nullable: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: its columns in order, its key, and its geometry type (None for a plain table)."""

    name: str
    label: str
    label_en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    geometry: Geometry | None = None

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> list[str]:
        """Column names in order, without geometry."""
        return [column.name for column in self.columns]


_DTYPES: Mapping[Kind, str] = {
    "text": "object",
    "messages": "object",
    "date": "object",
    "int": "Int64",
    "float": "float64",
    "bool": "boolean",
}


def _cast(series: pd.Series[Any], column: Column) -> Any:
    """Return the values of a column as its kind says, without its index."""
    if column.kind in ("text", "messages", "date"):
        values: Any = series.to_numpy(object, copy=True)
        missing = pd.isna(values)
        if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
            values[:] = [v if isinstance(v, str) else str(v) for v in values]
        values[missing] = None
        return pd.Series(values, dtype="object")  # a bare array of text would become another type
    if column.kind == "float":
        numbers = pd.to_numeric(series).astype("float64").round(column.decimals)
        return numbers.to_numpy() + 0.0  # turns -0.0 into 0.0, which would print and hash differently
    return series.astype(_DTYPES[column.kind]).array  # type: ignore[call-overload]


def conform(frame: pd.DataFrame, table: Table, crs: Any = None) -> Any:
    """Return the frame in the shape of its schema: columns in order, typed, rounded, sorted by key.

    Parameters
    ----------
    frame
        Rows of the table. Columns that the schema does not know are dropped, nullable ones that are missing are added
        empty. A geometry column is required where the schema has one.
    table
        The schema.
    crs
        CRS to set on a geometry table made of a frame that has none.

    Returns
    -------
    DataFrame or GeoDataFrame
        Coordinates rounded to 1 mm, rows sorted by key, index 0..n-1.

    Raises
    ------
    SchemaError
        Where :func:`verify` finds something wrong.
    """
    out: dict[str, Any] = {}
    for column in table.columns:
        if column.name in frame.columns:
            out[column.name] = _cast(frame[column.name], column)
        elif column.nullable:
            out[column.name] = pd.array([None] * len(frame), dtype=_DTYPES[column.kind])  # type: ignore[call-overload]
        else:
            raise SchemaError(Problem("schema_column_missing", layer=table.name, column=column.name))
    result: Any = pd.DataFrame(out, columns=table.names, index=pd.RangeIndex(len(frame)))
    if table.geometry is not None:
        geometry = frame["geometry"] if "geometry" in frame.columns else getattr(frame, "geometry", None)
        if geometry is None:
            raise SchemaError(Problem("schema_column_missing", layer=table.name, column="geometry"))
        values = on_grid(np.asarray(geometry, dtype=object))
        frame_crs = getattr(geometry, "crs", None) or crs
        result = gpd.GeoDataFrame(result, geometry=gpd.GeoSeries(values, crs=frame_crs))
    if table.key and not _ascending([out[name] for name in table.key]):
        result = result.sort_values(list(table.key), kind="stable", ignore_index=True)
    verify(result, table)
    return result


def on_grid(geometries: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array of geometries on the millimetre grid, without Z; the very same ones where all lie there already.

    Most do, as layers are rounded when they are read: no second copy of them is made.
    """
    there = shapely.get_coordinates(geometries)
    rounded = np.round(there, COORDINATE_DECIMALS)
    if np.array_equal(there, rounded, equal_nan=True) and not (shapely.get_coordinate_dimension(geometries) > 2).any():
        return geometries.copy()
    moved: np.ndarray[Any, Any] = shapely.transform(geometries, lambda _: rounded)
    return moved


def _ascending(keys: Sequence[Any]) -> bool:
    """Whether rows are in the order of their keys already, as most tables arrive."""
    rows = list(zip(*(key.tolist() for key in keys), strict=True))
    try:
        return all(one <= next_ for one, next_ in pairwise(rows))
    except TypeError:  # a key is missing
        return False


def verify(frame: pd.DataFrame, table: Table) -> None:
    """Raise :class:`~siteplan.errors.SchemaError` with all departures of a frame from its schema."""
    problems: list[Problem] = []
    for column in table.columns:
        if column.name not in frame.columns:
            problems.append(Problem("schema_column_missing", layer=table.name, column=column.name))
            continue
        if column.nullable and not column.values:
            continue
        series = frame[column.name]
        if not column.nullable and bool(series.isna().any()):
            problems.append(Problem("schema_value_missing", layer=table.name, column=column.name))
        if column.values:
            strange = sorted({str(v) for v in series.dropna().unique()} - set(column.values))
            problems += [
                Problem("schema_value_unknown", layer=table.name, column=column.name, value=v) for v in strange[:5]
            ]
    if table.key and set(table.key) <= set(frame.columns) and _repeated(frame, table.key):
        first = frame.loc[frame.duplicated(list(table.key)), list(table.key)].iloc[0]
        problems.append(Problem("schema_key_twice", layer=table.name, value=" ".join(map(str, first))))
    if table.geometry is not None and "geometry" in frame.columns and bool(frame["geometry"].isna().any()):
        problems.append(Problem("schema_value_missing", layer=table.name, column="geometry"))
    if problems:
        raise SchemaError(*problems)


def _repeated(frame: pd.DataFrame, key: Sequence[str]) -> bool:
    """Whether two rows have one key."""
    return len(set(zip(*(frame[name].tolist() for name in key), strict=True))) < len(frame)


def empty(table: Table, crs: Any = None) -> Any:
    """Return the table with no rows, typed; a GeoDataFrame in `crs` where the table has geometry."""
    frame: Any = pd.DataFrame({c.name: pd.Series([], dtype=_DTYPES[c.kind]) for c in table.columns})
    if table.geometry is not None:
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=crs))
    return frame
