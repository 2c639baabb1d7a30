"""The data of a run in a prescribed form: classes with the form's fields, their looks, and what has no data."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan import locale
from siteplan.outputs import wording
from siteplan.outputs.handover.content import Content, KitLayer, each, homogeneous
from siteplan.outputs.handover.form import WORDS, Form, FormClass, FormField, Piece
from siteplan.outputs.handover.looks import OTHER, Look
from siteplan.outputs.style import LegendClass, Style

if TYPE_CHECKING:
    from pathlib import Path

State = Literal["filled", "empty", "not_chosen", "no_theme"]
_NEAR_M = 0.01  # a boundary belongs to the communes whose own boundary runs there
_LINE = LegendClass(line="#606060", width=1.5)
_CLASSES_IN_LEGEND = 60


@dataclass(frozen=True)
class Formed:
    """One class as a kit holds it: its rows (None where there are none), why it has none, colours by value, themes."""

    of: FormClass
    layer: KitLayer | None
    state: State
    colours: Mapping[str, LegendClass]
    themes: tuple[str, ...] = ()


def fill(form: Form, content: Content, looks: Sequence[Look], lang: str) -> list[Formed]:
    """Bring the layers of a kit into the classes of a form.

    Parameters
    ----------
    looks
        Looks of the layers of the kit; the default one of a layer gives the colours and the words of its classes.
    """
    own = {id(look.layer.frame): look for look in looks if look.default}
    return [_fill(form, one, content, own, lang) for one in form.classes]


def _fill(form: Form, one: FormClass, content: Content, looks: Mapping[int, Look], lang: str) -> Formed:
    if not one.pieces:
        return Formed(one, None, "no_theme", {})
    frames: list[gpd.GeoDataFrame] = []
    colours: dict[str, LegendClass] = {}
    themes: dict[str, None] = {}
    for piece in one.pieces:
        for layer in content.of_theme(piece.theme):
            part = _chosen(layer, piece, one)
            if len(part.frame):
                frame, looked = _texts(part, piece, looks.get(id(layer.frame)), content.names, lang)
                frames.append(frame)
                themes[piece.theme] = None
                colours = {**looked, **colours}
    if not frames:
        asked = any(piece.theme in content.themes for piece in one.pieces)
        return Formed(one, None, "empty" if asked else "not_chosen", {})
    rows = pd.concat(frames, ignore_index=True)
    table = form.table(one)
    cut = {f.name: _column(f, rows, one, form.fields) for f in form.fields}
    frame = gpd.GeoDataFrame(cut, geometry=rows.geometry.to_numpy(), crs=frames[0].crs)
    layer = KitLayer(table, one.shape, homogeneous(frame, one.shape), mixed=False)
    return Formed(one, layer, "filled", colours, tuple(themes))


def _chosen(layer: KitLayer, piece: Piece, one: FormClass) -> KitLayer:
    """Return the rows of a layer that fill a class; none where their geometry cannot."""
    fits = layer.shape == one.shape or bool(piece.shape)
    frame = layer.frame if fits else layer.frame.iloc[:0]
    if piece.where is not None and len(frame):
        column, tokens = piece.where
        values = frame[column] if column in frame.columns else pd.Series([None] * len(frame))
        frame = frame[each(values, _token) == tokens[0]] if len(tokens) == 1 else frame[np.isin(
            each(values, _token).astype(str), tokens)]  # fmt: skip
    return replace(layer, frame=frame.reset_index(drop=True))


def _token(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool | np.bool_) else str(value)


def _texts(
    part: KitLayer, piece: Piece, look: Look | None, names: Mapping[str, str], lang: str
) -> tuple[gpd.GeoDataFrame, dict[str, LegendClass]]:
    """Return identity, name, class and note of each row as text, and how each class looks."""
    frame = part.frame
    columns = {c.name: c for c in part.table.columns}

    def words(name: str) -> Any:
        """Words of one column; codes in capitals stand before their words."""
        if name.startswith(WORDS):
            said = locale.text(f"handover.form.words.{name.removeprefix(WORDS)}", lang)
            return np.array([said] * len(frame), dtype=object)
        if name not in frame.columns:
            return np.array([None] * len(frame), dtype=object)
        listed = {token: told for token, told, _ in look.classes} if look and look.column == name else {}

        def said_of(value: Any) -> str:
            told = listed.get(str(value)) or wording.shown(columns[name], value, lang)
            return f"{value}: {told}" if str(value).isupper() and not told.startswith(str(value)) else told

        return each(frame[name], said_of)

    def joined(parts: Sequence[str], between: str) -> Any:
        cells = [words(name) for name in parts]
        return np.array(
            [between.join(str(c) for c in row if c not in (None, "", "–")) or None for row in zip(*cells, strict=True)]
            if cells else [None] * len(frame), dtype=object,
        )  # fmt: skip

    name = joined(piece.name, " ")
    if piece.theme == "sites":  # their labels are running numbers, alike in every commune
        of = [names.get(str(code)) for code in frame["commune_code"]]
        name = np.array([" – ".join(p for p in pair if p) for pair in zip(name, of, strict=True)], dtype=object)
    rows = gpd.GeoDataFrame(
        {"id": joined(piece.id, "-") if not any(p.startswith(WORDS) for p in piece.id) else None, "name": name,
         "kind": joined(piece.kind, ", "), "note": _notes(piece, columns, words, len(frame), lang)},
        geometry=frame.geometry.to_numpy(), crs=frame.crs,
    )  # fmt: skip
    colours = _colours(rows["kind"], frame, piece, look)
    if piece.shape == "point":
        rows = rows.set_geometry(shapely.point_on_surface(rows.geometry.to_numpy()), crs=frame.crs)
    elif piece.shape == "outline":
        rows = _outlines(rows)
    return rows, colours


def _notes(piece: Piece, columns: Mapping[str, Any], words: Any, count: int, lang: str) -> Any:
    """Join label and value of the columns of a note; what is illustrative is said in a word."""
    parts = [(name, words(name)) for name in piece.note if name in columns]
    found: list[str | None] = []
    for at in range(count):
        said = []
        for name, cells in parts:
            cell = cells[at]
            if cell in (None, "", "–"):
                continue
            if columns[name].kind == "bool":
                if cell == locale.value_text("bool", True, lang):
                    said.append(wording.label(columns[name], lang))
            else:
                said.append(f"{wording.label(columns[name], lang)}: {cell}")
        found.append("; ".join(said) or None)
    return np.array(found, dtype=object)


def _colours(kinds: Any, frame: Any, piece: Piece, look: Look | None) -> dict[str, LegendClass]:
    if look is None or piece.shape == "outline":
        return {str(kind): _LINE for kind in kinds.dropna().unique()}
    known = {token: looked for token, _, looked in look.classes}
    other = known.get(OTHER, look.classes[-1][2])
    values = frame[look.column] if look.column in frame.columns else [None] * len(frame)
    found: dict[str, LegendClass] = {}
    for kind, value in zip(kinds, values, strict=True):
        if kind is not None and kind not in found:
            found[kind] = known.get(str(value), other)
    return found


def _outlines(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return boundaries, each once: what two areas share names both."""
    own = shapely.boundary(rows.geometry.to_numpy())
    arcs = shapely.get_parts(shapely.line_merge(shapely.union_all(own)))
    middle = shapely.line_interpolate_point(arcs, 0.5, normalized=True)
    at, of = shapely.STRtree(own).query(middle, predicate="dwithin", distance=_NEAR_M)
    owners: dict[int, list[int]] = {}
    for arc, area in zip(at.tolist(), of.tolist(), strict=True):
        owners.setdefault(arc, []).append(area)
    kept = sorted(owners)

    def together(column: str, between: str) -> list[str | None]:
        cells = rows[column].tolist()
        return [between.join(str(cells[a]) for a in sorted(owners[arc]) if cells[a]) or None for arc in kept]

    told = {"id": together("id", "-"), "name": together("name", " – "), "note": None,
            "kind": [rows["kind"].iloc[owners[arc][0]] for arc in kept]}  # fmt: skip
    return gpd.GeoDataFrame(told, geometry=arcs[kept], crs=rows.crs)


def _column(field: FormField, rows: Any, one: FormClass, fields: Sequence[FormField]) -> Any:
    if field.filled_by == "issued":
        return np.array([field.value or None] * len(rows), dtype=object)
    values = [None if pd.isna(v) else v for v in rows[field.filled_by]]
    if field.filled_by == "id":
        # the rule: code of the dossier, class, running number; our own id stands in while no code is issued
        issued = [f.value for f in fields if f.filled_by == "issued" and f.value]
        times: dict[str, int] = {}
        for n, value in enumerate(values, start=1):
            named = f"{issued[-1]}-{one.name}-{n}" if issued else str(value or f"{one.name}-{n}")
            times[named] = times.get(named, 0) + 1
            values[n - 1] = named if times[named] == 1 else f"{named}-{times[named]}"
    return np.array([None if v is None else cut(wording.clean(str(v)), field.length) for v in values], dtype=object)


def cut(words: str, length: int) -> str:
    """Cut text to a number of letters, never before a combining mark."""
    kept = words[:length]
    while kept and len(words) > len(kept) and unicodedata.combining(words[len(kept)]):
        kept = kept[:-1]
    return kept.rstrip() if len(words) > length else kept


def looks(form: Form, formed: Sequence[Formed], style: Style, lang: str) -> tuple[list[Look], Style]:
    """Return one look a class, by its field of classes, and a style that has the groups of the form."""
    column = next((f.name for f in form.fields if f.filled_by == "kind"), "")
    found: list[Look] = []
    groups: dict[str, Any] = {}
    for number, one in enumerate(formed):
        if one.layer is None:
            continue
        key = f"{one.of.database}_{one.of.group}"
        title = form.groups.get((one.of.database, one.of.group), {})
        groups[key] = LegendClass(
            label=f"{one.of.database}: {title.get('title', one.of.group)}",
            label_en=f"{one.of.database}: {title.get('title_en', one.of.group)}",
        )
        other = (OTHER, locale.text("handover.other", lang), LegendClass(fill=style.missing_colour, line="#606060"))
        classes = tuple((kind, kind, looked) for kind, looked in list(one.colours.items())[:_CLASSES_IN_LEGEND])
        order = {"point": 3000, "line": 2000, "polygon": 1000}[one.of.shape] + (
            100 if one.of.database == "QuyHoach" else 0
        )
        found.append(
            Look(f"{one.of.database}_{one.of.name}", one.of.name, one.layer, (*classes, other), key, column,
                 visible=one.of.shape != "polygon" or len(one.layer.frame) < 1000, order=order - number, default=True,
                 package=f"{one.of.database}.gpkg")
        )  # fmt: skip
    return sorted(found, key=lambda look: -look.order), style.model_copy(update={"groups": groups})


def limit_widths(path: Path, fields: Sequence[FormField]) -> None:
    """Write the lengths of text fields into the schema of a GeoPackage, as GDAL does it when a field is altered."""
    with closing(sqlite3.connect(path)) as database, database:
        version = database.execute("PRAGMA schema_version").fetchone()[0]
        database.execute("PRAGMA writable_schema = ON")
        for field in fields:
            database.execute(
                "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name IN "
                "(SELECT table_name FROM gpkg_contents WHERE data_type = 'features')",
                (f'"{field.name}" TEXT', f'"{field.name}" TEXT({field.length})'),
            )
        database.execute(f"PRAGMA schema_version = {version + 1}")
        database.execute("PRAGMA writable_schema = OFF")
