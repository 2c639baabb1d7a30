"""Columns of the ground of each site, and what is said of them; nothing where the terrain is too coarse for a site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.raster import Raster
from siteplan.sites.columns import Columns, nothing, unknown
from siteplan.sites.ground import earthworks, floods, landform
from siteplan.sites.ground.landform import WATER_ABOVE_M
from siteplan.sites.zonal import cells_of, covered

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.locale import Message
    from siteplan.sites.layer import Layer

Array = np.ndarray[Any, Any]

_CLASSES = ("slope_gentle_percent", "slope_less_percent", "slope_bad_percent", "slope_avoid_percent")
_TERRAIN = (
    *_CLASSES, "aspect_degrees", "relief_m", "relief_around_m", "steepest_around_percent", "ruggedness_m",
    "drainage_height_m", "drainage_distance_m", "platform_area_m2", "platform_level_m", "cut_m3", "fill_m3",
    "balanced_level_m", "balanced_m3", "raise_m",
)  # fmt: skip


@dataclass(frozen=True)
class Terrain:
    """Terrain around a commune at its own resolution: heights, slope in percent, ruggedness in metres."""

    dem: Raster
    slope: Raster
    ruggedness: Raster

    @classmethod
    def of(cls, dem: Raster, slope: Raster, geometries: Array) -> Terrain:
        """Add the ruggedness of the cells of some polygons to heights and slope of one window; elsewhere it is NaN."""
        rugged = np.full(dem.values.shape, np.nan)
        for rows, columns in cells_of(dem, geometries):
            # with the neighbours that the ruggedness of a cell looks at
            top, left = max(rows.start - 1, 0), max(columns.start - 1, 0)
            whole = landform.ruggedness(dem.values[top : rows.stop + 1, left : columns.stop + 1])
            height, width = rows.stop - rows.start, columns.stop - columns.start
            inner = whole[rows.start - top :, columns.start - left :][:height, :width]
            rugged[rows, columns] = np.where(np.isnan(inner), rugged[rows, columns], inner)
        return cls(dem, slope, Raster(rugged, dem.transform, float("nan"), dem.source_resolution_m))


def ground_columns(
    geometries: Array,
    dem: Raster | None,
    slope: Raster | None,
    coarse: bool,
    layers: Mapping[str, Layer],
    proposals: gpd.GeoDataFrame | None,
    figures: Mapping[str, float],
    required_m2: float,
) -> Columns:
    """Measure the ground of sites.

    Parameters
    ----------
    geometries
        Sites, polygons in metres.
    dem, slope
        Terrain around them; None where there is none.
    coarse
        Whether the terrain is too coarse for a claim about one site: then only what needs no terrain is told.
    layers
        Roles waterways, water_areas, flood_marks, urban_areas; each may be absent.
    proposals
        What communes reported of the land they propose.
    figures
        ``rules/ground.csv`` by key; a figure that is missing leaves what needs it empty.
    required_m2
        Size of the platform; NaN: the whole plot.

    Returns
    -------
    Columns
        The columns :data:`siteplan.tables.places.SITE_GROUND` but those of access; rows as `geometries`.
    """
    out = unknown(_TERRAIN, len(geometries))
    marks, heights = layers.get("flood_marks"), None
    if dem is not None and slope is not None and not coarse:
        heights = earthworks.plot_heights(geometries, dem)
    reach, apart = figures.get("flood.mark_reach", np.nan), figures.get("flood.mark_apart", np.nan)
    out |= floods.known_floods(geometries, marks, reach, _above_marks(marks, dem, heights), apart)
    out |= floods.reported_floods(geometries, proposals)
    out["design_return_years"] = floods.design_return_years(geometries, layers.get("urban_areas"), figures)
    out |= {name: nothing(len(geometries)) for name in ("aspect", "landslide_proxy", "earthworks_balanced")}
    out["flood_state"] = np.full(len(geometries), "not_assessed", dtype=object)
    if dem is None or slope is None or heights is None or len(geometries) == 0:
        return out
    _shape(out, geometries, Terrain.of(dem, slope, geometries), layers, figures, heights)
    _platforms(out, geometries, dem, figures, required_m2, heights)
    return out


def _above_marks(
    marks: Layer | None, dem: Raster | None, heights: list[tuple[Array, Array, Array]] | None
) -> Callable[[Array, Array], Array]:
    """How much higher the mean ground of sites is than that of flood marks; NaN without terrain."""
    if marks is None or dem is None or heights is None:
        return lambda site, _mark: np.full(len(site), np.nan)
    mean = np.array([z.mean() if len(z) else np.nan for _, _, z in heights])

    def above(site: Array, mark: Array) -> Array:
        at = shapely.get_coordinates(shapely.centroid(marks.geometries[mark]))
        return mean[site] - landform.heights_at(dem, at[:, 0], at[:, 1])

    return above


def _shape(
    out: Columns,
    geometries: Array,
    ground: Terrain,
    layers: Mapping[str, Layer],
    figures: Mapping[str, float],
    heights: list[tuple[Array, Array, Array]],
) -> None:
    gentle, steep, very_steep = (figures.get(f"slope.{name}", np.nan) for name in ("gentle", "steep", "very_steep"))
    measured = covered(geometries, {"slope": ground.slope, "rugged": ground.ruggedness})
    rows = []
    for (x, y, z), row in zip(heights, measured, strict=True):
        percent, share = row["slope"]
        classes = landform.slope_shares(percent, share, (gentle, steep, very_steep))
        rugged, weight = row["rugged"]
        facing = landform.plane_of(x, y, z)[1]
        spread = float(z.max() - z.min()) if len(z) and np.isfinite(z).all() else float("nan")
        rows.append([*classes, facing, spread, float(np.average(rugged, weights=weight)) if len(rugged) else np.nan])
    names = [*_CLASSES, "aspect_degrees", "relief_m", "ruggedness_m"]
    out |= dict(zip(names, np.array(rows, dtype=float).T, strict=True))
    out["aspect"][:] = [
        landform.aspect_token(degrees) if spread == spread else None  # noqa: PLR0124 - NaN
        for degrees, spread in zip(out["aspect_degrees"], out["relief_m"], strict=True)
    ]
    relief, steepest, known = landform.around(geometries, ground.dem, ground.slope, figures.get("relief.reach", 0.0))
    out["relief_around_m"], out["steepest_around_percent"] = relief, steepest
    out["landslide_proxy"][:] = landform.landslide_proxy(relief, steepest, known, figures)
    lowest = np.array([z.min() if len(z) else np.nan for _, _, z in heights])
    reach = figures.get("flood.drainage_reach", np.nan)
    out |= landform.above_drainage(lowest, geometries, ground.dem, layers, reach)


def _platforms(
    out: Columns,
    geometries: Array,
    dem: Raster,
    figures: Mapping[str, float],
    required_m2: float,
    heights: list[tuple[Array, Array, Array]],
) -> None:
    parts = np.array([earthworks.platform_part(g, required_m2) for g in geometries], dtype=object)
    freeboard, limit = figures.get("flood.freeboard", np.nan), figures.get("earthworks.balance", np.nan)
    cut = np.flatnonzero([part is not whole for part, whole in zip(parts, geometries, strict=True)])
    again = dict(zip(cut.tolist(), earthworks.plot_heights(parts[cut], dem), strict=True))
    heights = [again.get(i, own) for i, own in enumerate(heights)]
    mean = np.array([z.mean() if len(z) else np.nan for _, _, z in heights])
    # a depth that was reported is a level too: that of the ground under it
    reported = np.where(out["reported_event"] == "flooded", mean + out["reported_depth_m"], np.nan)
    flood = np.fmax(out["flood_level_m"], reported)
    made = [
        earthworks.level_platform(z, float(part.area), float(level))
        for part, (_, _, z), level in zip(parts, heights, flood + freeboard, strict=True)
    ]
    names = ["platform_area_m2", "platform_level_m", "cut_m3", "fill_m3", "balanced_level_m", "balanced_m3"]
    figures_of = [
        [p.area_m2, p.level_m, p.cut_m3, p.fill_m3, p.balanced_level_m, p.balanced_m3] if p else [np.nan] * len(names)
        for p in made
    ]
    out |= dict(zip(names, np.array(figures_of).T, strict=True))
    out["earthworks_balanced"][:] = [p.balanced(limit) if p else None for p in made]
    unraised = np.array([p.least_earth_level_m if p else np.nan for p in made])
    out["flood_state"][:], out["raise_m"] = floods.flood_state(unraised, flood, freeboard)
    out["flood_level_m"] = flood


def ground_reasons(row: Mapping[str, Any], coarse_m: float | None, low_ground_m: float) -> list[Message]:
    """Say what the ground of one site means; what could not be assessed is said too, never "safe"."""
    messages: list[Message] = []
    if row["reported_event"] not in (None, "no"):
        params = {"event": row["reported_event"], "year": _known(row["reported_year"])}
        messages.append(("sites.reason.reported", params))
    if coarse_m is not None:
        return [*messages, ("sites.reason.ground_coarse", {"metres": coarse_m})]
    if np.isnan(row["platform_level_m"]):
        return [*messages, ("sites.reason.ground_unknown", {})]
    figures = {"area": row["platform_area_m2"], "level": row["platform_level_m"]}
    key = "earthworks_balanced" if row["earthworks_balanced"] is True else "earthworks"
    metres = {"metres": row["dem_resolution_m"]}
    messages.append((f"sites.reason.{key}", {**figures, "cut": row["cut_m3"], "fill": row["fill_m3"], **metres}))
    low = {"height": row["drainage_height_m"], "distance": row["drainage_distance_m"], "most": WATER_ABOVE_M, **metres}
    below = row["drainage_height_m"] < low_ground_m
    high_alone = row["flood_state"] == "not_assessed" and row["drainage_height_m"] >= low_ground_m
    # a height above a stream that stood alone would be read as safe
    messages.append(("sites.reason.flood_not_assessed_height", low) if high_alone else _of_flood(row))
    away = row.get("unlike_mark_distance_m", np.nan)
    if not np.isnan(away):
        key = "flood_mark_lower" if row["unlike_mark_height_m"] > 0 else "flood_mark_higher"
        apart = {"distance": away, "height": abs(row["unlike_mark_height_m"])}
        messages.append((f"sites.reason.{key}", apart))
    if row["landslide_proxy"] in ("medium", "high"):
        around = {"slope": row["steepest_around_percent"], "relief": row["relief_around_m"], **metres}
        messages.append(("sites.reason.landslide_proxy", {"level": row["landslide_proxy"], **around}))
    if below and round(low["height"], 1) < 0:
        messages.append(("sites.reason.below_water", {**low, "height": -low["height"]}))
    elif below:
        messages.append(("sites.reason.low_ground", low))
    return messages


def _of_flood(row: Mapping[str, Any]) -> Message:
    if row["flood_state"] == "not_assessed":
        return "sites.reason.flood_not_assessed", {}
    source = {"event": row["flood_event"] or ""} if row["flood_event"] else {"event": "–"}
    ground = row["platform_level_m"] - row["raise_m"]
    figures = {"flood": row["flood_level_m"], "ground": ground, **source}
    if row["flood_state"] == "raise":
        return "sites.reason.flood_raise", {**figures, "raise": row["raise_m"]}
    return "sites.reason.flood_above", {**figures, "margin": ground - row["flood_level_m"]}


def _known(value: float) -> int | str:
    return int(value) if value == value else "–"  # noqa: PLR0124 - NaN
