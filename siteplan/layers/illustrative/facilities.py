"""Facilities: the plots that the former communes and districts left, beside the roads of their villages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from siteplan.layers.illustrative.facts import Facts

Array = np.ndarray[Any, Any]

_TREATMENTS = ("transfer", "hand_over", "recover_auction", "liquidate_house", "keep", "other_body")


class _Plots:
    """Plots already laid out, and what a plot must stay away from."""

    def __init__(self, roads: gpd.GeoDataFrame, blocked: Array) -> None:
        usable = roads[~roads["road_class"].isin(["expressway"]) & ~roads["is_bridge"]]
        self.lines = usable.geometry.to_numpy()
        self.widths = usable["width_m"].to_numpy(float)
        self.roads = shapely.STRtree(self.lines)
        beds = shapely.buffer(roads.geometry.to_numpy(), roads["width_m"].to_numpy(float) / 2 + 0.5, quad_segs=2)
        self.blocked = shapely.STRtree(np.concatenate([beds, blocked]))
        self.laid: list[Any] = []

    def lay(self, base: tuple[float, float], area_m2: float, home: Any, rng: np.random.Generator) -> Any:
        """Lay a rectangular plot of exactly that area beside the nearest road, inside `home`."""
        ratio = rng.uniform(1.0, 1.7)
        depth = np.sqrt(area_m2 * ratio)
        width = area_m2 / depth
        point = shapely.Point(base)
        near = self.roads.query(shapely.buffer(point, 1500))
        near = near[np.argsort(shapely.distance(self.lines[near], point), kind="stable")][:6]
        for line_index in near:
            line = self.lines[line_index]
            along = shapely.line_locate_point(line, point)
            for shift in _shifts():
                at = along + shift
                if not 5 < at < line.length - 5:
                    continue
                plot = self._beside(line, at, self.widths[line_index], width, depth, rng.random() < 0.5)
                if self._fits(plot, home):
                    self.laid.append(plot)
                    return plot
        for radius in range(30, 4000, 35):
            angle = radius * 2.399963
            centre = (base[0] + radius * np.cos(angle), base[1] + radius * np.sin(angle))
            plot = _rectangle(centre, (1.0, 0.0), width, depth)
            if self._fits(plot, home):
                self.laid.append(plot)
                return plot
        message = "no room for a plot"
        raise RuntimeError(message)

    def _beside(self, line: Any, at: float, road_m: float, width: float, depth: float, left: bool) -> Any:
        here = shapely.get_coordinates(shapely.line_interpolate_point(line, at))[0]
        ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, min(at + 8, line.length)))[0]
        back = shapely.get_coordinates(shapely.line_interpolate_point(line, max(at - 8, 0)))[0]
        direction = (ahead - back) / max(np.hypot(*(ahead - back)), 1e-9)
        normal = np.array([-direction[1], direction[0]]) * (1 if left else -1)
        centre = here + normal * (road_m / 2 + 7.0 + depth / 2)
        return _rectangle((centre[0], centre[1]), (direction[0], direction[1]), width, depth)

    def _fits(self, plot: Any, home: Any) -> bool:
        if not shapely.covers(home, plot):
            return False
        if len(self.blocked.query(plot, predicate="intersects")):
            return False
        return not shapely.intersects(shapely.buffer(plot, 4.0), np.array(self.laid, dtype=object)).any()


def _shifts() -> Array:
    steps = np.arange(0, 900, 32.0)
    signs = np.empty(2 * len(steps))
    signs[0::2], signs[1::2] = steps, -steps
    return signs


def _rectangle(centre: tuple[float, float], direction: tuple[float, float], width: float, depth: float) -> Any:
    along = np.array(direction) * width / 2
    across = np.array([-direction[1], direction[0]]) * depth / 2
    middle = np.array(centre)
    corners = [middle - along - across, middle + along - across, middle + along + across, middle - along + across]
    return shapely.Polygon(np.round(corners, 3))


def make_facilities(
    facts: Facts, communes: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, water: Any
) -> gpd.GeoDataFrame:
    """Lay out the facilities; one row a plot, polygons that never overlap, each inside its commune."""
    rng = facts.rng("facilities")
    homes = dict(zip(communes["code"], shapely.buffer(communes.geometry.to_numpy(), -15.0), strict=True))
    plots = _Plots(roads, water.pieces)
    rows: list[dict[str, Any]] = []
    seats = dict(zip(facts.communes["seat_unit_code"], facts.communes.index, strict=True))
    unit: Any
    for unit in facts.headquarters.itertuples():
        base = (float(unit.x), float(unit.y))
        assumed = not unit.point_checked
        if assumed:
            own = settlements[
                (settlements["commune_code"] == unit.commune_code) & settlements["former_unit_code"].isna()
            ]
            base = (float(own["x"].iloc[-1]), float(own["y"].iloc[-1]))
        is_seat = seats.get(unit.code) == unit.commune_code
        place = str(unit.name)[0].lower() + str(unit.name)[1:]
        size = float(np.round(np.clip(rng.lognormal(7.45, 0.5), 420, 3950), 1))
        row = _commune_office(unit, f"Trụ sở Đảng ủy, HĐND và UBND {place}", size, rng)
        row["status"] = "in_use" if is_seat else str(rng.choice(["surplus", "in_use", "decided"], p=[0.52, 0.23, 0.25]))
        row["position_assumed"] = assumed
        row["geometry"] = plots.lay(base, size, homes[unit.commune_code], rng)
        rows.append(row)
        if rng.random() < 0.16:
            small = float(np.round(rng.uniform(400, 1100), 1))
            extra = _commune_office(unit, f"Nhà làm việc bộ phận một cửa, đoàn thể {place}", small, rng)
            extra["status"] = "in_use" if is_seat else str(rng.choice(["surplus", "decided"]))
            extra["note"] = "Phân tán, cách trụ sở chính; minh họa"
            extra["position_assumed"] = assumed
            extra["geometry"] = plots.lay((base[0] + 260, base[1] - 180), small, homes[unit.commune_code], rng)
            rows.append(extra)
    offices = facts.surveys["district_offices"]
    for code, commune in facts.communes[facts.communes["is_former_district_seat"]].iterrows():
        unit = facts.headquarters[facts.headquarters["code"] == commune["seat_unit_code"]].iloc[0]
        count = int(rng.integers(4, len(offices) + 1))
        for office in offices[:count]:
            size = float(np.round(rng.uniform(office["least_m2"], office["most_m2"]), 1))
            row = _district_office(unit, office["name"], office["owner"], size, rng)
            row["commune_code"] = code
            row["geometry"] = plots.lay((unit["x"] + 120, unit["y"] + 90), size, homes[code], rng)
            rows.append(row)
    frame = pd.DataFrame(rows)
    number = frame.groupby("former_unit_code").cumcount() + 1
    frame.insert(0, "facility_id", "CS-" + frame["former_unit_code"] + "-" + number.astype(str))
    frame = _decisions(frame, rng)
    frame = _doomed_note(_as_in_life(frame, rng), facts)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=communes.crs)


def _commune_office(unit: Any, name: str, land: float, rng: np.random.Generator) -> dict[str, Any]:
    floors = int(rng.choice([1, 2, 3], p=[0.3, 0.55, 0.15]))
    footprint = land * rng.uniform(0.18, 0.42)
    year = int(rng.choice([1988, 1994, 1998, 2002, 2006, 2009, 2012, 2015, 2018, 2021]))
    return {
        "name": f"{name} (cũ)",
        "commune_code": unit.commune_code,
        "former_unit_code": unit.code,
        "former_level": "commune",
        "owner": "UBND xã",
        "land_area_m2": land,
        "floor_area_m2": round(footprint * floors * 0.9, 1),
        "footprint_m2": round(footprint, 1),
        "floors": floors,
        "buildings": int(rng.integers(1, 4)),
        "year_built": year,
        "condition": _condition(year, rng),
        "status": "in_use",
        "decided_treatment": None,
        "decision_no": None,
        "position_assumed": False,
        "note": "Minh họa",
    }


def _district_office(unit: Any, name: str, owner: str, land: float, rng: np.random.Generator) -> dict[str, Any]:
    row = _commune_office(unit, name, land, rng)
    floors = int(rng.choice([2, 3, 4, 5], p=[0.25, 0.4, 0.25, 0.1]))
    row |= {
        "commune_code": unit["commune_code"],
        "former_unit_code": unit["code"],
        "former_level": "district",
        "owner": owner,
        "floors": floors,
        "floor_area_m2": round(row["footprint_m2"] * floors * 0.85, 1),
        "buildings": int(rng.integers(1, 5)),
        "status": str(rng.choice(["in_use", "surplus", "decided"], p=[0.55, 0.3, 0.15])),
    }
    return row


def _condition(year: int, rng: np.random.Generator) -> str:
    age = 2026 - year
    if age > 27:
        return str(rng.choice(["poor", "unsafe", "fair"], p=[0.5, 0.35, 0.15]))
    if age > 15:
        return str(rng.choice(["fair", "poor", "good"], p=[0.6, 0.25, 0.15]))
    return str(rng.choice(["good", "fair"], p=[0.75, 0.25]))


def _decisions(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    decided = np.flatnonzero(frame["status"] == "decided")
    treatments = rng.choice(np.array(_TREATMENTS), len(decided), p=[0.34, 0.22, 0.16, 0.1, 0.1, 0.08])
    frame.loc[decided, "decided_treatment"] = treatments
    frame.loc[decided, "decision_no"] = [f"MH-{100 + i}/QĐ-MINH HỌA" for i in range(len(decided))]
    return frame


def _as_in_life(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Leave out what inventories leave out."""
    for column, share in (
        ("floor_area_m2", 0.07), ("footprint_m2", 0.10), ("year_built", 0.12), ("condition", 0.08),
        ("floors", 0.05), ("buildings", 0.05), ("land_area_m2", 0.03),
    ):  # fmt: skip
        frame[column] = frame[column].astype("object").where(rng.random(len(frame)) >= share, None)
    for column in ("floors", "buildings", "year_built"):
        frame[column] = frame[column].astype("Int64")
    for column in ("floor_area_m2", "footprint_m2", "land_area_m2"):
        frame[column] = frame[column].astype("float64")
    return frame


def _doomed_note(frame: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    doomed = frame["commune_code"].isin([entry["commune"] for entry in facts.terrain["no_land"]])
    frame.loc[doomed, "note"] = "Nằm trong vùng nguy cơ trượt lở rất cao; minh họa"
    return frame
