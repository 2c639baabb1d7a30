"""Towns and sector projects: outlines for what is known by name only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts

Array = np.ndarray[Any, Any]

_CORRIDOR_M = 24.0
_KEPT = ("project_id", "name", "sector", "owner", "status", "year_from", "year_to", "source")


def parcel(centre: tuple[float, float], area_m2: float, rng: np.random.Generator, corners: int = 9) -> shapely.Polygon:
    """Outline of a piece of developed land: an uneven, longish polygon of exactly that area."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(-0.18, 0.18, corners)
    radius = rng.uniform(0.8, 1.15, corners)
    turn = rng.uniform(0, np.pi)
    x, y = 1.25 * radius * np.cos(angle), 0.8 * radius * np.sin(angle)
    points = np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    scale = np.sqrt(area_m2 / shapely.Polygon(points).area)
    return shapely.Polygon(np.round(points * scale + np.asarray(centre), 2))


def make_urban_areas(facts: Facts, outline: Any, epsg: int) -> gpd.GeoDataFrame:
    """Outline the towns; one row a town with its class now and in 2030."""
    rng = facts.rng("towns")
    shapes = []
    row: Any
    for row in facts.urban_areas.itertuples():
        shape = parcel(facts.anchor_xy(str(row.anchor)), float(row.area_ha) * 1e4, rng, corners=14)
        shapes.append(shapely.intersection(shape, outline))
    table = facts.urban_areas
    return gpd.GeoDataFrame(
        {
            "name": table["name"],
            "class_now": table["class_now"].replace("", None),
            "class_2030": table["class_2030"].replace("", None),
            "source": table["source"] + "; ranh giới minh họa",
        },
        geometry=gpd.GeoSeries(shapes, crs=f"EPSG:{epsg}"),
    )


def make_sector_projects(facts: Facts, roads: gpd.GeoDataFrame, outline: Any, epsg: int) -> gpd.GeoDataFrame:
    """Outline the projects of the sectors; a project in several communes has one row for each."""
    rng = facts.rng("projects")
    border = list(facts.communes.index[facts.communes["is_border"]])
    rows: list[dict[str, Any]] = []
    for entry in facts.sector_projects.to_dict("records"):
        anchors = border if entry["anchor"] == "border" else str(entry["anchor"]).split(";")
        for number, anchor in enumerate(anchors, 1):
            row = {key: entry[key] for key in _KEPT}
            row["land_use"] = entry["land_use"] or None
            row["commune_code"] = anchor if anchor in facts.communes.index else None
            if len(anchors) > 1:
                row["project_id"] = f"{entry['project_id']}-{number:02d}"
                row["name"] = f"{entry['name']} {facts.communes['name'][anchor]}"
            row["source"] = f"{entry['source']}; ranh giới minh họa"
            if entry["layout"] == "corridor":
                lines = roads.loc[roads["name"] == entry["along"]].geometry.to_numpy()
                shape = shapely.union_all(shapely.buffer(lines, _CORRIDOR_M, quad_segs=2, join_style="mitre"))
            else:
                x, y = facts.anchor_xy(anchor)
                bearing = np.radians(float(entry["bearing_deg"]))
                away = float(entry["distance_m"])
                centre = (x + away * np.sin(bearing), y + away * np.cos(bearing))
                shape = parcel(centre, float(entry["area_ha"]) * 1e4, rng)
            row["geometry"] = shapely.intersection(shape, outline, grid_size=0.001)
            rows.append(row)
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=f"EPSG:{epsg}")
    return table.astype({"year_from": "Int64", "year_to": "Int64"})
