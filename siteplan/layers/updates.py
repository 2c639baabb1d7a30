"""Layers that bring others up to date: a row stands in place of the row with the same key, what it leaves empty stays.

Entries marked ``updates`` in the catalog are laid over the other layers of their role, in the order of the catalog.
Nothing is replaced silently.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import shapely

from siteplan import locale
from siteplan.errors import Problem
from siteplan.layers.listing import together
from siteplan.tables import Table
from siteplan.tables.schema import Column

# a point this near a known one, or within a known plot, tells nothing new
SAME_PLACE_M = 1.0
# a remark speaks of the row it stands in
_OWN = frozenset({"layer", "illustrative", "restricted", "note"})
_OF_POSITION = "position_assumed"


def updated(
    frame: pd.DataFrame, newer: pd.DataFrame, schema: Table, path: str, communes: Any
) -> tuple[Any, list[Problem]]:
    """Lay a layer over the rows of its role.

    Parameters
    ----------
    frame
        Rows so far, keys unique.
    newer
        Rows of the layer that updates, keys unique; geometry may be missing.
    schema
        The role.
    path
        File of `newer`, for the problems.
    communes
        Polygons; a new facility without coordinates is set into its commune, and marked as assumed.

    Returns
    -------
    tuple
        All rows; warnings that name each value replaced, each row that still rests on illustrative values, each
        assumed position, and ``excluded`` where a new row has no place at all.

    Notes
    -----
    A row is no longer illustrative once all it holds comes from the newer layer.
    """
    key = list(schema.key)
    layer = str(newer["layer"].iloc[0]) if len(newer) else ""
    where: dict[str, Any] = {"file": path, "layer": layer}
    old = {tuple(row[k] for k in key): row for row in _records(frame)}
    replaced: dict[str, list[str]] = {}
    mixed: list[str] = []
    fresh: list[dict[str, Any]] = []
    for row in _records(newer):
        name = tuple(row[k] for k in key)
        label = " ".join(map(str, name))
        if name in old:
            old[name], kept = _laid_over(old[name], row, schema, label, replaced)
            if old[name]["illustrative"]:
                mixed.append(f"{label} ({', '.join(kept)})")
        else:
            fresh.append(row)
    problems: list[Problem] = []
    out = [*old.values(), *_placed(fresh, schema, communes, where, problems)]
    for column, cells in replaced.items():
        problems += together(
            "layer_value_replaced", "warning", cells, column=column, label=_label(schema, column), **where
        )
    problems += together("layer_update_mixed", "warning", mixed, **where)
    return pd.DataFrame(out, columns=list(dict.fromkeys([*frame.columns, *newer.columns, *schema.names]))), problems


def _label(schema: Table, name: str) -> str:
    """Words of a column as the reader of a list of problems knows it."""
    if name == "geometry":
        return locale.text("layers.position")
    return f"“{next(c.label for c in schema.columns if c.name == name)}”"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _given(value: Any) -> bool:
    return value is not None and value is not pd.NA and value == value  # noqa: PLR0124 - NaN


def _laid_over(
    old: dict[str, Any], row: dict[str, Any], schema: Table, label: str, replaced: dict[str, list[str]]
) -> tuple[dict[str, Any], list[str]]:
    out = dict(old)
    kept: list[str] = []
    for column in schema.columns:
        name = column.name
        if name in schema.key or name in _OWN:
            continue
        before, after = old.get(name), row.get(name)
        if _given(after):
            if _given(before) and before != after:
                replaced.setdefault(name, []).append(f"{label}: {_shown(column, before)} → {_shown(column, after)}")
            out[name] = after
        elif _given(before) and name != _OF_POSITION:
            kept.append(column.label)
    out["note"] = row.get("note")
    if schema.geometry is not None:
        geometry = row.get("geometry")
        if geometry is None or _same_place(old.get("geometry"), geometry):
            if geometry is None and old.get("geometry") is not None:
                kept.append(locale.text("layers.position"))
        else:
            if old.get("geometry") is not None:
                distance = shapely.distance(old["geometry"], geometry)
                replaced.setdefault("geometry", []).append(f"{label}: {distance:.0f} m")
            out["geometry"] = geometry
    out["layer"] = row["layer"]
    out["illustrative"] = bool(row["illustrative"]) or (bool(old["illustrative"]) and bool(kept))
    out["restricted"] = bool(row["restricted"]) or bool(old["restricted"])
    return out, kept


def _shown(column: Column, value: Any) -> str:
    if column.values or column.kind == "bool":
        return locale.value_text(column.name, value)
    if column.kind == "int" and "year" in column.name:
        return f"{value:.0f}"
    if column.kind == "int":
        return locale.number(float(value))
    if column.kind == "float":
        return locale.number(float(value), column.decimals).removesuffix("," + "0" * column.decimals)
    return str(value)


def _same_place(old: Any, new: Any) -> bool:
    return old is not None and new.geom_type == "Point" and bool(shapely.dwithin(old, new, SAME_PLACE_M))


def _placed(
    rows: list[dict[str, Any]], schema: Table, communes: Any, where: dict[str, Any], problems: list[Problem]
) -> list[dict[str, Any]]:
    """Rows with a place: a facility without coordinates stands within its commune, anything else is left out."""
    if schema.geometry is None:
        return rows
    lacking = [row for row in rows if row.get("geometry") is None]
    assumes = "position_assumed" in schema.names and communes is not None and len(communes) > 0
    inside = dict(zip(communes["code"], communes.geometry, strict=True)) if assumes else {}
    assumed, nowhere = [], []
    for row in lacking:
        name = " ".join(str(row[k]) for k in schema.key)
        polygon = inside.get(row.get("commune_code"))
        if polygon is None:
            nowhere.append(name)
            continue
        row["geometry"], row["position_assumed"] = polygon.representative_point(), True
        assumed.append(name)
    problems += together("layer_position_assumed", "warning", assumed, **where)
    problems += together("geometry_missing", "excluded", nowhere, **where)
    return [row for row in rows if row.get("geometry") is not None]
