"""Places: services and buildings around the villages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts

Array = np.ndarray[Any, Any]

_PEOPLE_A_BUILDING = 62
# class, name, share of former units that have one
_SERVICES = (
    ("school", "Trường tiểu học và THCS", 1.0),
    ("health", "Trạm y tế", 1.0),
    ("culture", "Nhà văn hóa", 0.85),
    ("post", "Điểm bưu điện văn hóa", 0.7),
    ("market", "Chợ", 0.4),
    ("police", "Công an xã", 0.33),
    ("fuel", "Cửa hàng xăng dầu", 0.3),
    ("bank", "Ngân hàng chính sách, điểm giao dịch", 0.2),
    ("cemetery", "Nghĩa trang", 0.5),
    ("livestock", "Trại chăn nuôi tập trung", 0.15),
    ("landfill", "Bãi xử lý rác", 0.06),
)
_FAR = {"cemetery": (650.0, 1300.0), "livestock": (900.0, 1800.0), "landfill": (1600.0, 2800.0)}
_NEAR = (90.0, 420.0)


def make_services(facts: Facts, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points of services near the former units; what smells or frightens lies farther out."""
    rng = facts.rng("services")
    homes = dict(zip(communes["code"], communes.geometry, strict=True))
    classes, names, points = [], [], []
    for unit in facts.headquarters[facts.headquarters["point_checked"]].itertuples():
        place = str(unit.name).split(" ", 1)[1]
        for kind, name, share in _SERVICES:
            if rng.random() > share:
                continue
            least, most = _FAR.get(kind, _NEAR)
            for _ in range(12):
                angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(least, most)
                x, y = unit.x + away * np.cos(angle), unit.y + away * np.sin(angle)
                if shapely.contains_xy(homes[unit.commune_code], x, y):
                    classes.append(kind)
                    names.append(f"{name} {place}")
                    points.append((round(float(x), 2), round(float(y), 2)))
                    break
    return gpd.GeoDataFrame(
        {"service_class": classes, "name": names}, geometry=gpd.GeoSeries(shapely.points(points), crs=communes.crs)
    )


def make_buildings(
    facts: Facts, settlements: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, water: Any
) -> gpd.GeoDataFrame:
    """Houses around the villages and the houses on the plots; a sample, not a census."""
    rng = facts.rng("buildings")
    count = np.maximum(settlements["population"].to_numpy() // _PEOPLE_A_BUILDING, 2)
    spread = np.sqrt(settlements["population"].to_numpy(float) * 110.0 / np.pi)
    centre = np.repeat(np.column_stack([settlements["x"], settlements["y"]]), count, axis=0)
    away = np.repeat(spread, count)[:, None] * np.abs(rng.normal(0, 0.62, (count.sum(), 1)))
    angle = rng.uniform(0, 2 * np.pi, (count.sum(), 1))
    middle = centre + away * np.hstack([np.cos(angle), np.sin(angle)])
    turn = np.repeat(rng.uniform(0, np.pi, len(count)), count) + rng.normal(0, 0.12, count.sum())
    shapes = _boxes(middle, rng.uniform(6, 13, count.sum()), rng.uniform(8, 19, count.sum()), turn)
    beds = shapely.buffer(roads.geometry.to_numpy(), roads["width_m"].to_numpy(float) / 2 + 1.5, quad_segs=1)
    plots = facilities.geometry.to_numpy()
    blocked = shapely.STRtree(np.concatenate([beds, plots, water.pieces]))
    hit = np.unique(blocked.query(shapes, predicate="intersects")[0])
    shapes = np.delete(shapes, hit)
    at = shapely.get_coordinates(shapely.centroid(plots))
    ring = [shapely.get_coordinates(plot)[:2] for plot in plots]
    turn = np.array([np.arctan2(*(corners[1] - corners[0])[::-1]) for corners in ring])
    side = np.sqrt(shapely.area(plots) * 0.28)
    offices = _boxes(at, side * 0.7, side * 1.4, turn + np.pi / 2)
    use = ["house"] * len(shapes) + ["office"] * len(offices)
    return gpd.GeoDataFrame(
        {"use": use}, geometry=gpd.GeoSeries(np.concatenate([shapes, offices]), crs=settlements.crs)
    )


def _boxes(middle: Array, width: Array, depth: Array, turn: Array) -> Array:
    along = np.column_stack([np.cos(turn), np.sin(turn)]) * (width / 2)[:, None]
    across = np.column_stack([-np.sin(turn), np.cos(turn)]) * (depth / 2)[:, None]
    corners = np.stack(
        [middle - along - across, middle + along - across, middle + along + across, middle - along + across], axis=1
    )
    boxes: Any = shapely.polygons(np.round(corners, 2))
    return np.asarray(boxes)
