"""Zones: one drawing for each kind of plan. Each returns (function, name, polygon) triples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from rasterio import features
from scipy.spatial import cKDTree

from siteplan.layers.illustrative.land import CODES
from siteplan.layers.illustrative.projects import parcel
from siteplan.layers.illustrative.shapes import clip, outlines

if TYPE_CHECKING:
    import geopandas as gpd

    from siteplan.layers.illustrative.facts import Facts
    from siteplan.layers.illustrative.grid import Grid

Array = np.ndarray[Any, Any]
Zone = tuple[str, str | None, Any]
Generator = np.random.Generator

_CELL_M = 240.0
# function classes of construction plans for the present land use
_FUNCTIONS = {
    "ONT": "DAT_O_LANGXOM", "ODT": "DAT_DD_DONVIO", "TMD": "DAT_DICHVU", "LUC": "DAT_NNK_NONGNGHIEP",
    "LUK": "DAT_NNK_NONGNGHIEP", "HNK": "DAT_NNK_NONGNGHIEP", "CLN": "DAT_NNK_NONGNGHIEP", "NTS": "DAT_NNK_NONGNGHIEP",
    "RSX": "DAT_NNK_RUNGSANXUAT", "RSN": "DAT_NNK_RUNGSANXUAT", "RPH": "DAT_NNK_RUNGPHONGHO",
    "RDD": "DAT_NNK_RUNGDACDUNG", "BCS": "DAT_NNK_CHUASUDUNG", "DCS": "DAT_NNK_CHUASUDUNG", "NCS": "DAT_NNK_CHUASUDUNG",
    "SKK": "DAT_SX_CONGNGHIEP", "SKN": "DAT_SX_CONGNGHIEP", "SKS": "DAT_SX_VATLIEU", "NTD": "DAT_HTKT_NGHIATRANG",
}  # fmt: skip
_FOREST = {"RPH": "DAT_NNK_RUNGPHONGHO", "RDD": "DAT_NNK_RUNGDACDUNG", "RSN": "DAT_NNK_RUNGSANXUAT"}
_TOWN_INNER = ("DAT_DD_DVCCDOTHI", "DAT_DD_HONHOP", "DAT_DD_DONVIO", "DAT_DICHVU", "DAT_DD_DONVIO")
_TOWN_OUTER = (
    "DAT_O_NHOMNHAO", "DAT_O_NHOMNHAO", "DAT_O_LANGXOM", "DAT_DD_CAYXANHCCDOTHI", "DAT_DULICH", "DAT_NNK_NONGNGHIEP",
    "DAT_HTXH_TRUONGHOC", "DAT_HTXH_THEDUCTHETHAO", "DAT_HTXH_YTE",
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What zones are drawn from."""

    communes: gpd.GeoDataFrame
    outline: Any
    codes: Array
    grid: Grid
    facilities: gpd.GeoDataFrame
    projects: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    hazards: gpd.GeoDataFrame
    offices: dict[str, Any]

    def commune(self, code: str) -> Any:
        """Polygon of a commune."""
        return self.communes.loc[self.communes["code"] == code, "geometry"].iloc[0]


def scope(plan: Any, facts: Facts, ground: Ground) -> list[tuple[str, Any]]:
    """Commune codes and polygons that a plan covers; a former unit is the ground nearest to its point."""
    out: list[tuple[str, Any]] = []
    for part in str(plan.covers).split(";"):
        if part == "*":
            return [("*", ground.outline)]
        if part.startswith("former:"):
            code = part.removeprefix("former:")
            home = str(facts.headquarters.set_index("code").loc[code, "commune_code"])
            own = facts.headquarters[
                (facts.headquarters["commune_code"] == home) & facts.headquarters["point_checked"]
            ].drop_duplicates(["x", "y"])
            cells = shapely.voronoi_polygons(
                shapely.multipoints(own[["x", "y"]].to_numpy(float)), extend_to=ground.commune(home)
            )
            here = shapely.points(*facts.unit_xy(code))
            cell = next(shape for shape in shapely.get_parts(cells) if shapely.covers(shape, here))
            out.append((home, shapely.intersection(cell, ground.commune(home))))
        else:
            out.append((part, ground.commune(part)))
    return out


def _coarse(ground: Ground) -> tuple[Array, Grid]:
    step = round(_CELL_M / ground.grid.cell_m)
    grid = ground.grid.at(_CELL_M)
    return ground.codes[step // 2 :: step, step // 2 :: step][: grid.shape[0], : grid.shape[1]], grid


def _from_land(ground: Ground, area: Any, least_cells: int = 3) -> list[tuple[str, Any]]:
    """Present land use within an area, generalised to the scale of a plan."""
    values, grid = _coarse(ground)
    west, south, east, north = shapely.bounds(area)
    (r0, c0), (r1, c1) = grid.cell(west - 600, north + 600), grid.cell(east + 600, south - 600)
    window = values[int(r0) : int(r1) + 1, int(c0) : int(c1) + 1]
    part = type(grid)(grid.west + int(c0) * _CELL_M, grid.north - int(r0) * _CELL_M, _CELL_M, window.shape)
    calm = features.sieve(window.astype(np.int16), least_cells, connectivity=4)
    polygons, numbers = outlines(calm, part, part.burn([shapely.buffer(area, 500)]) == 1)
    smooth = clip(shapely.coverage_simplify(polygons, 220.0), area)
    keep = ~shapely.is_empty(smooth) & (shapely.area(smooth) > 200)
    return [(CODES[n - 1], shape) for n, shape in zip(numbers[keep], smooth[keep], strict=True)]


def _minus(base: list[tuple[str, Any]], special: list[Any]) -> list[tuple[str, Any]]:
    if not special:
        return base
    hole = shapely.union_all(special)
    out = [(code, shapely.difference(shape, hole)) for code, shape in base]
    return [(code, shape) for code, shape in out if not shape.is_empty]


def _offices(plan: Any, facts: Facts, ground: Ground) -> list[tuple[str, Any]]:
    """Land planned for offices in the communes a plan covers, by commune code."""
    codes = [code for code, _ in scope(plan, facts, ground)]
    return [(code, ground.offices[code]) for code in codes if code in ground.offices]


def land_use(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """District land-use plan: generalised land use, more homes and offices; land-use codes."""
    special = _offices(plan, facts, ground)
    out: list[Zone] = [("TSC", f"Trụ sở cơ quan {facts.communes['name'][code]}", shape) for code, shape in special]
    growth: list[Any] = []
    for code, area in scope(plan, facts, ground):
        row: Any = facts.communes.loc[code]
        spot: Any = parcel((row["seat_x"] + rng.uniform(-900, 900), row["seat_y"] + rng.uniform(-900, 900)), 9e4, rng)
        spot = shapely.difference(shapely.intersection(spot, area), shapely.union_all([s for _, s in special] + growth))
        if spot.area > 3000:
            growth.append(spot)
            out.append(("ODT" if row["kind"] == "phường" else "ONT", "Khu dân cư mới", spot))
    for _, area in scope(plan, facts, ground):
        for code, shape in _minus(_from_land(ground, area), [s for _, s in special] + growth):
            out.append((code, None, shape))
    return out


def commune(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """General plan of a commune: function classes, the centre with offices, school, square and sports ground."""
    out: list[Zone] = []
    for code, area in scope(plan, facts, ground):
        special: list[Any] = []
        office = ground.offices.get(code)
        if office is not None and shapely.intersects(office, area):
            special.append(shapely.intersection(office, area))
            out.append(("DAT_COQUAN", "Trung tâm hành chính xã", special[0]))
        x, y = shapely.get_coordinates(shapely.point_on_surface(area))[0]
        row: Any = facts.communes.loc[code]
        if shapely.contains_xy(area, row["seat_x"], row["seat_y"]):
            x, y = row["seat_x"], row["seat_y"]
        for function, name, size in (
            ("DAT_HTXH_TRUONGHOC", "Trường học", 16000), ("DAT_HTXH_THEDUCTHETHAO", "Sân thể thao", 12000),
            ("DAT_HTXH_YTE", "Trạm y tế", 3000), ("DAT_HTXH_CAYXANHCC", "Cây xanh", 9000),
            ("DAT_HTKT_BAIDOXE", "Bãi đỗ xe", 4000), ("DAT_O_NHOMNHAO", "Dân cư mới", 52000),
        ):  # fmt: skip
            shape = parcel((x + rng.uniform(-650, 650), y + rng.uniform(-650, 650)), float(size), rng, corners=6)
            shape = shapely.difference(shapely.intersection(shape, area), shapely.union_all(special))
            if shape.area > 800:
                special.append(shape)
                out.append((function, name, shape))
        out += [(_FUNCTIONS[c], None, s) for c, s in _minus(_from_land(ground, area), special)]
    return out


def forest(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Plan of the three kinds of forest."""
    del facts, rng, plan
    return [(_FOREST[c], None, s) for c, s in _from_land(ground, ground.outline, least_cells=6) if c in _FOREST]


def parcels(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Annual plan: the works of one year, small pieces of land."""
    out: list[Zone] = []
    for code, area in scope(plan, facts, ground):
        row: Any = facts.communes.loc[code]
        office = ground.offices.get(code)
        if office is not None and rng.random() < 0.5:
            out.append(("TSC", f"Trụ sở xã {row['name']}", office))
        for function, name, size in (
            ("DGD", "Mở rộng trường học", 6000),
            ("ONT", "Đấu giá đất ở", 15000),
            ("DGT", "Đường xã", 8000),
        ):
            if rng.random() < 0.6:
                centre = (row["seat_x"] + rng.uniform(-1200, 1200), row["seat_y"] + rng.uniform(-1200, 1200))
                shape = shapely.intersection(parcel(centre, size * rng.uniform(0.6, 1.6), rng, corners=6), area)
                if shape.area > 500:
                    out.append((function, name, shape))
    return out


def _blocks(hull: Any, centre: tuple[float, float], rng: Generator, block_m: float, street_m: float) -> list[Any]:
    """Blocks between straight streets, turned and uneven, within a hull."""
    west, south, east, north = shapely.bounds(hull)
    reach = max(east - west, north - south)
    steps = int(reach / block_m) + 2
    xs = np.cumsum(rng.uniform(0.75, 1.3, 2 * steps)) * block_m
    ys = np.cumsum(rng.uniform(0.75, 1.3, 2 * steps)) * block_m
    xs, ys = xs - xs.mean(), ys - ys.mean()
    boxes = [
        shapely.box(xs[i] + street_m / 2, ys[j] + street_m / 2, xs[i + 1] - street_m / 2, ys[j + 1] - street_m / 2)
        for i in range(len(xs) - 1)
        for j in range(len(ys) - 1)
    ]
    turn = rng.uniform(0, np.pi / 2)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moved = shapely.transform(np.array(boxes, dtype=object), lambda p: np.round(p @ rotation + np.asarray(centre), 3))
    inside = shapely.intersection(moved, hull)
    return [shape for shape in inside if shape.area > 400]


def _streets(hull: Any, blocks: list[Any], function: str) -> Zone:
    return function, "Giao thông", shapely.difference(hull, shapely.union_all(blocks))


def town(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """General or zoning plan of a town: blocks, the offices in the middle."""
    x, y = facts.anchor_xy(str(plan.anchor))
    size = float(plan.size_ha) * 1e4
    covered = shapely.union_all([area for _, area in scope(plan, facts, ground)])
    hull = shapely.intersection(parcel((x, y), size, rng, corners=16), covered)
    if hull.geom_type != "Polygon":
        hull = max(shapely.get_parts(hull), key=shapely.area)
    blocks = _blocks(hull, (x, y), rng, 150 + 0.05 * np.sqrt(size), 18.0)
    order = np.argsort([np.hypot(b.centroid.x - x, b.centroid.y - y) for b in blocks], kind="stable")
    out: list[Zone] = []
    for rank, index in enumerate(order):
        if rank in (1, 6):
            function, name = "DAT_DD_COQUANDOTHI", "Trụ sở cơ quan"
        elif rank < len(order) * 0.4:
            function, name = _TOWN_INNER[int(rng.integers(len(_TOWN_INNER)))], None
        else:
            function, name = _TOWN_OUTER[int(rng.integers(len(_TOWN_OUTER)))], None
        out.append((function, name, blocks[index]))
    out.append(_streets(hull, blocks, "DAT_DD_GIAOTHONGDOTHI"))
    return out


def project(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Plan of one or several sector projects: the corridor of a road, or the blocks of a park."""
    out: list[Zone] = []
    for key in str(plan.anchor).split(";"):
        row = ground.projects[ground.projects["project_id"] == key].iloc[0]
        if row["sector"] == "Giao thông":
            out.append(("DAT_HTKT_DUONGGT", row["name"], row["geometry"]))
            continue
        hull = row["geometry"]
        blocks = _blocks(hull, (hull.centroid.x, hull.centroid.y), rng, 260.0, 24.0)
        for number, block in enumerate(blocks):
            function = "DAT_SX_CONGNGHIEP" if number % 7 else "DAT_HTXH_CAYXANHCC"
            if plan.plan_kind == "zoning" and number % 3 == 1:
                function = "DAT_O_NHOMNHAO"
            out.append((function, None, block))
        out.append(_streets(hull, blocks, "DAT_HTKT_DUONGGT"))
    del facts
    return out


def detail(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Detailed plan of a centre, drawn from the plots there.

    One is kept whole within office land, one only touches a street, one is lapped by a hand's breadth of green, one is
    cut in half by works.
    """
    own = ground.facilities[ground.facilities["commune_code"] == plan.anchor]
    plots = list(own.geometry.to_numpy())[:6]
    out: list[Zone] = []
    kept = shapely.buffer(plots[0], 25.0, join_style="mitre")
    out.append(("DAT_COQUAN", "Trụ sở cơ quan, giữ lại", kept))
    taken = [kept]
    patterns = (
        ("DAT_HTKT_DUONGGT", "Đường quy hoạch", 0.0, 14.0), ("DAT_HTXH_CAYXANHCC", "Cây xanh", -0.05, 20.0),
        ("DAT_HTKT_HATANGKHAC", "Công trình hạ tầng", -0.5, 30.0), ("DAT_HTXH_TRUONGHOC", "Trường học", -0.5, 40.0),
    )  # fmt: skip
    for plot, (function, name, offset, wide) in zip(plots[1:], patterns, strict=False):
        strip = _beside(plot, offset, wide)
        strip = shapely.difference(strip, shapely.union_all([t for t in taken if not shapely.touches(t, strip)]))
        if strip.area > 10:
            out.append((function, name, strip))
            taken.append(strip)
    office = ground.offices.get(str(plan.anchor))
    if office is not None and not shapely.intersects(office, shapely.union_all(taken)):
        out.append(("DAT_COQUAN", "Trung tâm hành chính mới", office))
    del facts, rng
    return out


def _beside(plot: Any, offset: float, wide: float) -> Any:
    """Rectangle along the second edge of a plot.

    `offset` 0 shares the edge exactly, -0.05 laps over by 5 cm, -0.5 by half of the plot.
    """
    a, b, c, _ = shapely.get_coordinates(plot)[:4]
    edge, depth = c - b, b - a
    outward = depth / np.hypot(*depth)
    start = b + (offset * depth if offset == -0.5 else offset * outward)
    stop = start + edge
    return shapely.Polygon([start, start + outward * wide, stop + outward * wide, stop])


def region(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Regional plan of a former district: centres, ways and the land between, in broad strokes."""
    out: list[Zone] = []
    for code, area in scope(plan, facts, ground):
        row: Any = facts.communes.loc[code]
        centre = shapely.intersection(parcel((row["seat_x"], row["seat_y"]), 1.4e6, rng, corners=12), area)
        out.append(("DAT_NDD_DANCUNT", f"Trung tâm cụm xã {row['name']}", centre))
        out.append(("DAT_NNK_NONGNGHIEP", None, shapely.difference(area, centre)))
    return out


def province(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Provincial plan: towns, industry and the corridors of the main roads."""
    grow = 450.0 if plan.status == "draft" else 250.0
    towns = shapely.simplify(shapely.buffer(ground.towns.geometry.to_numpy(), grow, quad_segs=3), 60)
    out: list[Zone] = [
        ("DAT_DD_DONVIO", f"Đô thị {name}", shape) for name, shape in zip(ground.towns["name"], towns, strict=True)
    ]
    works = ground.projects[ground.projects["sector"].isin(["Công nghiệp", "Thể thao", "Du lịch"])]
    functions = {"Công nghiệp": "DAT_NDD_CONGNGHIEP", "Thể thao": "DAT_NDD_VANHOATHETHAO", "Du lịch": "DAT_NDD_DULICH"}
    around = shapely.buffer(works.geometry.to_numpy(), 60, quad_segs=2)
    out += [
        (functions[sector], name, shape)
        for sector, name, shape in zip(works["sector"], works["name"], around, strict=True)
    ]
    main = ground.roads[ground.roads["road_class"] == "expressway"]
    for name in sorted(set(main["name"].dropna())):
        lines = main.loc[main["name"] == name].geometry.to_numpy()
        out.append(("DAT_NDD_GIAOTHONGDN", name, shapely.union_all(shapely.buffer(lines, 60, quad_segs=2))))
    del facts, rng
    return out


def economic(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Border-gate economic zone: large functional areas around the gates."""
    x, y = facts.anchor_xy(str(plan.anchor))
    covered = shapely.union_all([area for _, area in scope(plan, facts, ground)])
    hull = shapely.intersection(parcel((x + 800, y - 1200), float(plan.size_ha) * 1e4, rng, corners=18), covered)
    points = rng.normal((x, y), 2600, (26, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=hull))
    kinds = (
        "DAT_NDD_CONGNGHIEP", "DAT_NDD_DANCUNT", "DAT_DICHVU", "DAT_NNK_RUNGSANXUAT", "DAT_NNK_RUNGPHONGHO",
        "DAT_NDD_DULICH", "DAT_NNK_NONGNGHIEP", "DAT_NDD_GIAOTHONGDN", "DAT_NDD_COQUAN",
    )  # fmt: skip
    out: list[Zone] = []
    for number, cell in enumerate(cells):
        shape = shapely.intersection(cell, hull)
        if shape.area > 1e4:
            out.append((kinds[number % len(kinds)], None, shape))
    return out


def mineral(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Mines and reserves of minerals."""
    del plan
    out: list[Zone] = []
    for entry in facts.terrain["mines"]:
        area = np.pi * (float(entry["radius_m"]) * 1.25) ** 2
        out.append(("DAT_SX_VATLIEU", entry["name"], parcel((entry["x"], entry["y"]), area, rng, corners=7)))
    west, south, east, north = shapely.bounds(ground.outline)
    seats = cKDTree(facts.communes[["seat_x", "seat_y"]].to_numpy(float))
    while len(out) < 22:
        centre = (float(rng.uniform(west, east)), float(rng.uniform(south, north)))
        if shapely.contains_xy(ground.outline, *centre) and seats.query(centre)[0] > 2500:
            out.append(("DAT_SX_VATLIEU", "Khu vực thăm dò", parcel(centre, rng.uniform(1e5, 9e5), rng, corners=6)))
    return out


def heritage(plan: Any, facts: Facts, ground: Ground, rng: Generator) -> list[Zone]:
    """Monuments with protection zones I and II."""
    out: list[Zone] = []
    for code in str(plan.anchor).split(";"):
        x, y = facts.unit_xy(code)
        angle = rng.uniform(0, 2 * np.pi)
        centre = (x + 480 * np.cos(angle), y + 480 * np.sin(angle))
        inner = parcel(centre, rng.uniform(1.2e4, 4e4), rng, corners=8)
        outer = shapely.difference(shapely.buffer(inner, 120, quad_segs=3), inner)
        out += [
            ("DAT_NDD_DITICH_KHUVUC1", "Khu vực bảo vệ I", inner),
            ("DAT_NDD_DITICH_KHUVUC2", "Khu vực bảo vệ II", outer),
        ]
    del ground
    return out
