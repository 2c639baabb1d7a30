"""What a kit holds: themes of a run with geometry, one geometry type a layer, chosen by commune, phase and theme."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import GeometryType

from siteplan import locale
from siteplan.errors import Problem, UsageError
from siteplan.outputs import summary, wording
from siteplan.outputs.chain import find_commune
from siteplan.tables import BACKGROUND, INPUTS, RESULTS, Column, Table

if TYPE_CHECKING:
    from siteplan.runs import Run

# themes with geometry, and the names of their files; results first
LAYERS: Mapping[str, str] = {
    "sites": "vi_tri",
    "conflicts": "doi_chieu_quy_hoach",
    "programme": "danh_muc_dau_tu",
    "surplus": "co_so_doi_du",
    "communes": "xa_phuong",
    "facilities": "co_so_nha_dat",
}
GROUND: Mapping[str, str] = {
    "roads": "duong_bo",
    "railways": "duong_sat",
    "waterways": "song_suoi",
    "water_areas": "mat_nuoc",
    "border": "bien_gioi",
    "urban_areas": "do_thi",
    "sector_projects": "du_an_nganh",
    "plan_zones": "o_quy_hoach",
    "land_use": "hien_trang_dat",
    "hazards": "thien_tai",
    "services": "cong_trinh_dich_vu",
    "settlements": "diem_dan_cu",
    "former_units": "trung_tam_xa_cu",
}
THEMES = (*LAYERS, *GROUND)
# what a kit holds where no theme is named: large grounds leave the house when somebody asks for them
USUAL = (*LAYERS, "roads", "railways", "waterways", "water_areas", "border", "urban_areas", "sector_projects",
         "plan_zones")  # fmt: skip
SUFFIX: Mapping[str, str] = {"polygon": "vung", "line": "duong", "point": "diem"}
_DIMENSIONS = (("polygon", 2), ("line", 1), ("point", 0))
_TYPES: Mapping[str, tuple[int, int, Any]] = {
    "polygon": (GeometryType.POLYGON, GeometryType.MULTIPOLYGON, shapely.multipolygons),
    "line": (GeometryType.LINESTRING, GeometryType.MULTILINESTRING, shapely.multilinestrings),
}
# ids stand as they are: other tables point to them
_IDS = frozenset({"zone_id", "site_id", "plan_id", "facility_id", "code", "commune_code", "option", "source_id",
                  "was_site_id", "best_site_id", "kept_facility_id"})  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What a kit shall hold: communes (codes or names), phases, themes; all, and the usual themes, where empty."""

    communes: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    include_restricted: bool = False


@dataclass(frozen=True)
class KitLayer:
    """Rows of one theme and one geometry type; ``basis`` words what they rest on."""

    table: Table
    shape: str
    frame: gpd.GeoDataFrame
    mixed: bool
    basis: wording.Basis | None = None

    @property
    def theme(self) -> str:
        """Name of the theme."""
        return self.table.name

    @property
    def file_stem(self) -> str:
        """Name of its files."""
        stem = LAYERS.get(self.theme) or GROUND[self.theme]
        return f"{stem}_{SUFFIX[self.shape]}" if self.mixed else stem

    @property
    def layer_name(self) -> str:
        """Name of its layer in a GeoPackage."""
        return f"{self.theme}_{self.shape}" if self.mixed else self.theme

    def label(self, lang: str) -> str:
        """Return the name people see."""
        words = self.table.label_en if lang == "en" else self.table.label
        return f"{words} ({locale.text(f'dictionary.geometry.{self.shape}', lang)})" if self.mixed else words


@dataclass(frozen=True)
class Content:
    """All layers of a kit, the findings on restricted layers, the communes it is about (None for all)."""

    layers: tuple[KitLayer, ...]
    restricted: pd.DataFrame
    codes: tuple[str, ...] | None
    phases: tuple[str, ...]
    themes: tuple[str, ...]
    named: bool
    names: Mapping[str, str] = field(default_factory=dict)

    def of_theme(self, theme: str) -> list[KitLayer]:
        """Layers of a theme; empty where the kit has none."""
        return [layer for layer in self.layers if layer.theme == theme]

    def rows(self, theme: str) -> gpd.GeoDataFrame | None:
        """All rows of a theme, whatever their geometry; None where there is none."""
        frames = [layer.frame for layer in self.of_theme(theme)]
        return pd.concat(frames, ignore_index=True) if frames else None


def gather(run: Run, wanted: Wanted) -> Content:
    """Gather what a kit shall hold.

    Raises
    ------
    UsageError
        Where a theme, phase or commune is not known, with those that are; where nothing is left.
    """
    themes = _themes(wanted.themes)
    communes = run.table("communes")
    codes = _codes(communes, wanted)
    found: list[KitLayer] = []
    basis = wording.Basis.of(run)
    for theme in themes:
        table, frame = _rows(run, theme)
        layers = _by_shape(table, _kept(frame, codes, communes, wanted.include_restricted))
        found += [replace(layer, basis=basis) for layer in layers]
    conflicts = run.table("conflicts")
    hidden = conflicts[summary.flags(conflicts["restricted"])]
    if codes is not None:
        hidden = hidden[hidden["commune_code"].isin(codes)]
    names = {str(c): f"{k} {n}" for c, k, n in zip(communes["code"], communes["kind"], communes["name"], strict=True)}
    return Content(tuple(found), hidden, codes, wanted.phases, themes, bool(wanted.themes), names)


def one_commune(content: Content, code: str) -> Content:
    """Return the part of a content that is about one commune."""
    communes = content.rows("communes")
    layers = []
    for layer in content.layers:
        frame = _kept(layer.frame, (code,), communes, include_restricted=True)
        if len(frame):
            layers.append(replace(layer, frame=frame))
    hidden = content.restricted[content.restricted["commune_code"] == code]
    return replace(content, layers=tuple(layers), restricted=hidden, codes=(code,))


def _themes(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the themes asked for, by key or by file name, in the order of the kit; the usual ones for none."""
    if not asked:
        return USUAL
    by_name = {**{theme: theme for theme in THEMES}, **{stem: theme for theme, stem in {**LAYERS, **GROUND}.items()}}
    unknown = [name for name in asked if name.strip() not in by_name]
    if unknown:
        known = ", ".join({**LAYERS, **GROUND}.values())
        raise UsageError(*(Problem("kit_theme_unknown", value=name[:80], params={"known": known}) for name in unknown))
    chosen = {by_name[name.strip()] for name in asked}
    return tuple(theme for theme in THEMES if theme in chosen)


def _codes(communes: pd.DataFrame, wanted: Wanted) -> tuple[str, ...] | None:
    if not wanted.communes and not wanted.phases:
        return None
    codes = [str(code) for code in communes["code"]]
    if wanted.communes:
        asked = {find_commune(communes, name) for name in wanted.communes}
        codes = [code for code in codes if code in asked]
    if wanted.phases:
        phases = communes.set_index("code")["phase"]
        known = sorted({str(p) for p in phases.dropna()})
        unknown = [p for p in wanted.phases if p not in known]
        if unknown:
            raise UsageError(
                *(Problem("kit_phase_unknown", value=p[:80], params={"known": "; ".join(known)}) for p in unknown)
            )
        codes = [code for code in codes if phases[code] in wanted.phases]
    if not codes:
        raise UsageError(Problem("kit_empty", value="; ".join((*wanted.communes, *wanted.phases))[:200]))
    return tuple(codes)


def _rows(run: Run, theme: str) -> tuple[Table, Any]:
    if theme in LAYERS:
        table, frame = RESULTS[theme], run.table(theme)
        if "option" in frame.columns:
            frame = summary.of_option(frame, run)
        return table, frame
    frame = run.background(theme) if theme in BACKGROUND else None
    if frame is None:
        return INPUTS[theme], gpd.GeoDataFrame({}, geometry=[])
    columns = [c for c in INPUTS[theme].columns if c.name in frame.columns and c.name != "layer"]
    own = {c.name for c in columns}
    columns += [c for c in INPUTS["plans"].columns if c.name in frame.columns and c.name not in own]
    return replace(INPUTS[theme], columns=tuple(columns)), frame


def _kept(frame: Any, codes: tuple[str, ...] | None, communes: Any, include_restricted: bool) -> Any:
    if "restricted" in frame.columns and not include_restricted and len(frame):
        frame = frame[~frame["restricted"].astype("Float64").fillna(0).astype(bool)]
    if codes is not None and len(frame):
        key = next((name for name in ("commune_code", "code") if name in frame.columns), None)
        if key is not None:
            frame = frame[frame[key].isin(codes)]
        else:
            inside = shapely.union_all(communes.geometry[communes["code"].isin(codes)].to_numpy())
            shapely.prepare(inside)
            frame = frame[shapely.intersects(inside, frame.geometry.to_numpy())]
    return frame.reset_index(drop=True)


def _by_shape(table: Table, frame: Any) -> list[KitLayer]:
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    shapes = [shape for shape, n in _DIMENSIONS if (dimension == n).any()]
    mixed = len(shapes) > 1 or table.geometry == "any"
    return [
        KitLayer(table, shape, homogeneous(frame[dimension == n].reset_index(drop=True), shape), mixed)
        for shape, n in _DIMENSIONS
        if shape in shapes
    ]


def homogeneous(frame: gpd.GeoDataFrame, shape: str) -> gpd.GeoDataFrame:
    """Bring geometries of one dimension to one type: polygons and lines as multi, points as single points."""
    geometry = frame.geometry.to_numpy()
    if shape == "point":
        geometry = np.where(shapely.get_type_id(geometry) == GeometryType.POINT, geometry, shapely.centroid(geometry))
        return frame.set_geometry(gpd.GeoSeries(geometry, crs=frame.crs))
    simple, whole, gathered = _TYPES[shape]
    # twice: parts of a collection may have parts
    first, of_first = shapely.get_parts(geometry, return_index=True)
    parts, of_part = shapely.get_parts(first, return_index=True)
    fit = shapely.get_type_id(parts) == simple
    made = np.empty(len(frame), dtype=object)
    gathered(parts[fit], indices=of_first[of_part][fit], out=made)
    return frame.set_geometry(
        gpd.GeoSeries(np.where(shapely.get_type_id(geometry) == whole, geometry, made), crs=frame.crs)
    )


@lru_cache(maxsize=100_000)
def _words(value: str, column: Column, lang: str) -> str:
    """Word a text once: the same ones go into the shapefiles and the GeoPackage."""
    if column.kind == "date" or column.name in _IDS:
        return wording.clean(value)
    return str(wording.cell(column, value, lang) or "")


def attribute(
    column: Column, series: pd.Series[Any], lang: str, *, token: bool, basis: wording.Basis | None = None
) -> Any:
    """Return values as files hold them.

    Parameters
    ----------
    token
        Whether text stays as it is, for programs and styles; otherwise tokens become words.
    basis
        What the tokens of ``rests_on`` stand for.

    Returns
    -------
    numpy array
        Numbers plain, truth as 0/1, missing numbers NaN, texts clean (None where missing).
    """
    if column.kind == "int":
        if series.isna().any():
            return series.astype("Int64").astype("float64").to_numpy()
        return series.astype("int64").to_numpy()
    if column.kind == "float":
        return series.astype("float64").to_numpy()
    if column.kind == "bool":
        flags = series.astype("Float64")
        return flags.astype("float64").to_numpy() if flags.isna().any() else flags.astype("int32").to_numpy()
    if column.name == "rests_on":
        return each(series, lambda v: str(wording.cell(column, v, lang, basis) or ""))
    return each(series, lambda v: wording.clean(str(v)) if token else _words(str(v), column, lang))


def each(values: Any, word: Callable[[Any], str]) -> Any:
    """Apply a function to each text, once where it comes again; None where there is none."""
    codes, known = pd.factorize(values)
    return np.array([*(word(value) for value in known), None], dtype=object)[codes]


def words_of_tokens(column: Column, series: pd.Series[Any], lang: str) -> dict[str, str]:
    """Return the words of the tokens a column holds or may hold, where they differ from the tokens."""
    tokens = dict.fromkeys((*column.values, *(str(v) for v in series.dropna().unique())))
    words = {token: locale.value_text(column.name, token, lang) for token in tokens}
    return {token: said for token, said in words.items() if said != token}
