"""What communes send in: proposed sites, approved staff, classification dossiers. All of it illustrative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.layers.illustrative.projects import parcel

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.grid import Grid
    from siteplan.layers.illustrative.terrain import Terrain

Array = np.ndarray[Any, Any]


def _gentle_spots(terrain: Terrain, home: Any, near: tuple[float, float], reach_m: float) -> Array:
    """Cells of gentle ground near a point, gentlest and nearest first; coordinates."""
    grid: Grid = terrain.rough_grid
    (r0, c0), (r1, c1) = (
        grid.cell(near[0] - reach_m, near[1] + reach_m),
        grid.cell(near[0] + reach_m, near[1] - reach_m),
    )
    cx, cy = grid.centres()
    x, y = np.meshgrid(cx[c0:c1], cy[r0:r1])
    away = np.hypot(x - near[0], y - near[1])
    where = (away < reach_m) & (away > 250)
    points = np.column_stack([x[where], y[where]])
    inside = shapely.contains_xy(home, points[:, 0], points[:, 1])
    score = terrain.slope_percent[r0:r1, c0:c1][where] + away[where] / 300.0
    order = np.argsort(score, kind="stable")
    return points[order][inside[order]]


def make_office_land(
    facts: Facts, terrain: Terrain, communes: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, water: Any
) -> dict[str, Any]:
    """Land that plans hold for offices, one piece in about half of the communes; by commune code."""
    rng = facts.rng("office land")
    blocked = shapely.STRtree(np.concatenate([facilities.geometry.to_numpy(), water.pieces]))
    doomed = {entry["commune"] for entry in facts.terrain["no_land"]}
    out: dict[str, Any] = {}
    for code, row in facts.communes.iterrows():
        wanted = rng.random() < 0.55
        area = rng.uniform(7000, 15000)
        if not wanted or code in doomed:
            continue
        home = shapely.buffer(communes.loc[communes["code"] == code, "geometry"].iloc[0], -80)
        for spot in _gentle_spots(terrain, home, (row["seat_x"], row["seat_y"]), 1800)[:200]:
            shape = parcel((spot[0], spot[1]), area, rng, corners=5)
            if shapely.covers(home, shape) and not len(blocked.query(shape, predicate="intersects")):
                out[str(code)] = shape
                break
    return out


def make_proposals(
    facts: Facts,
    terrain: Terrain,
    communes: gpd.GeoDataFrame,
    offices: dict[str, Any],
    hazards: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Sites that communes propose: good ones, some in a hazard or on a plan, some a point with an area only."""
    rng = facts.rng("proposals")
    chosen = sorted(rng.permutation(facts.communes.index.to_numpy(str))[: facts.surveys["counts"]["proposals"]])
    blocking = zones[zones["function"].str.contains("RUNGPHONGHO|HATANGKHAC|CONGNGHIEP|DUONGGT", na=False)]
    rows: list[dict[str, Any]] = []
    for number, code in enumerate(chosen):
        row = facts.communes.loc[code]
        home = communes.loc[communes["code"] == code, "geometry"].iloc[0]
        seat = (float(row["seat_x"]), float(row["seat_y"]))
        spots = _gentle_spots(terrain, shapely.buffer(home, -120), seat, 2600)
        for turn in range(1 + int(rng.random() < 0.45)):
            area = float(np.round(rng.uniform(4500, 16000), 1))
            kind = (number + 2 * turn) % 5
            centre = spots[int(rng.integers(min(60, len(spots))))]
            note = "Vị trí bằng phẳng, gần trục đường chính"
            if kind == 1:
                centre, note = _inside(hazards, home, seat, centre, "Cần xem xét nguy cơ thiên tai")
            elif kind == 2:
                centre, note = _inside(blocking, home, seat, centre, "Nằm cạnh quy hoạch khác")
            elif kind == 3 and code in offices:
                centre, note = shapely.get_coordinates(offices[code].centroid)[0], "Theo đất cơ quan trong quy hoạch"
            shape: Any = shapely.intersection(parcel((centre[0], centre[1]), area, rng, corners=5), home)
            if kind == 4:
                shape, note = shapely.Point(np.round(centre, 2)), "Chỉ có tọa độ và diện tích, chưa đo ranh giới"
            rows.append(
                {
                    "proposal_id": f"DX-{code}-{turn + 1}",
                    "name": f"Vị trí đề xuất {turn + 1}, {row['name']}",
                    "commune_code": code,
                    "area_m2": area if kind == 4 else round(shape.area, 1),
                    "clearance": [None, "cleared", "partly", "not_cleared"][int(rng.integers(4))],
                    "document": f"MH-{number + 1:02d}/CV-MINH HỌA",
                    "note": f"{note}; minh họa",
                    "geometry": shape,
                }
            )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=communes.crs)


def _inside(
    zones: gpd.GeoDataFrame, home: Any, seat: tuple[float, float], otherwise: Any, note: str
) -> tuple[Any, str]:
    """Find a place in the zone nearest to the seat, within the commune."""
    shapes = zones.geometry.to_numpy()
    within = shapes[shapely.intersects(shapes, home)]
    if not len(within):
        return otherwise, "Vị trí theo đề nghị của xã"
    nearest = within[int(np.argmin(shapely.distance(within, shapely.Point(seat))))]
    part = shapely.intersection(nearest, shapely.buffer(home, -60))
    if part.is_empty or part.area < 500:
        return otherwise, "Vị trí theo đề nghị của xã"
    return shapely.get_coordinates(shapely.point_on_surface(part))[0], note


def make_staff(facts: Facts) -> pd.DataFrame:
    """Approved staff of some twenty communes."""
    rng = facts.rng("staff")
    chosen = sorted(rng.permutation(facts.communes.index.to_numpy(str))[: facts.surveys["counts"]["staffed"]])
    people = facts.communes.loc[chosen, "population"].to_numpy(float)
    staff = np.round(34 + people / 1100 + rng.normal(0, 3, len(chosen))).astype(int)
    return pd.DataFrame(
        {
            "commune_code": chosen,
            "staff": np.clip(staff, 32, 85),
            "decision_no": [f"MH-{200 + i}/QĐ-MINH HỌA" for i in range(len(chosen))],
            "note": "Minh họa",
        }
    )


def make_filing(facts: Facts) -> pd.DataFrame:
    """State of the classification dossiers: the count is known, who filed is illustrative."""
    rng = facts.rng("filing")
    codes = facts.communes.index.to_numpy(str)
    filed = np.zeros(len(codes), dtype=bool)
    filed[rng.permutation(len(codes))[: facts.surveys["filing"]["filed"]]] = True
    days = pd.Timestamp(facts.surveys["filing"]["by"]) - pd.to_timedelta(rng.integers(0, 75, len(codes)), unit="D")
    classes = rng.choice(np.array(["I", "II", "III"], dtype=object), len(codes), p=[0.35, 0.45, 0.2])
    return pd.DataFrame(
        {
            "commune_code": codes,
            "filed": filed,
            "filed_date": [day.date().isoformat() if yes else None for day, yes in zip(days, filed, strict=True)],
            "unit_class": [grade if yes else None for grade, yes in zip(classes, filed, strict=True)],
            "decision_no": None,
        }
    )
