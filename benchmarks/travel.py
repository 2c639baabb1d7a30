"""Times from the present seats to the provincial capital beside road lengths, on the real roads of `../shared/data`.

Run ``python -m benchmarks.travel --write`` to write ``docs/thoi-gian-di-lai.md``. The length is that of the shortest
way by road, the time that of the quickest way with the speeds of ``layers/rules/speeds.csv``: a check of both.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from siteplan import need_stage, pipeline
from siteplan.layers.open_data import pull
from siteplan.locale import number
from siteplan.report import SILENT
from siteplan.site_inputs import prepared_sites
from siteplan.sites.access.far import MODES
from siteplan.sites.layer import of_class
from siteplan.sites.terrain import walking_speed_kmh
from siteplan.workspace import Workspace

if TYPE_CHECKING:
    from siteplan.sites.context import Prepared
    from siteplan.sites.layer import Layer

ROOT = Path(__file__).resolve().parent.parent
MIRROR = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "thoi-gian-di-lai.md"
SCENARIO = "phuong_an_1.toml"
FAR_KM = 10.0  # nearer by, a walk and a cell more or less say nothing
HEAD = """# Thời gian đi lại từ trụ sở hiện nay đến trung tâm tỉnh

Bảng do lệnh `python -m benchmarks.travel --write` lập từ số liệu thật, dùng để đối chiếu số đo của chương trình với
hiểu biết của cán bộ địa phương. Nguồn: {sources}. Ngày xét: {date}.
Vị trí trụ sở: điểm của đơn vị cũ đặt trụ sở (chưa khảo sát).

Chiều dài là của đường bộ ngắn nhất, đo trên chính các tuyến đường. Thời gian là của chương trình (lưới 90 m toàn
tỉnh): đường đi nhanh nhất với tốc độ tại `layers/rules/speeds.csv` (đề xuất), cộng đoạn đi bộ thẳng ra đường gần nhất
có lối đi, không qua sông, hồ. Cột "đối chiếu" tính lại thời gian xe máy trên chính các tuyến đường, từng đỉnh một,
không qua lưới và không xét nước; hai cách tính lệch nhau bình quân {apart} %. Tốc độ = chiều dài chia thời gian đối
chiếu trên đường.

| Mã | Xã, phường | Chim bay (km) | Đường bộ (km) | Đi bộ ra đường (m) | Xe máy (giờ) | Đối chiếu (giờ) | Ô tô (giờ) \
| Xe máy (km/h) |
|---|---|--:|--:|--:|--:|--:|--:|--:|
"""


def prepared_real(folder: Path, mirror: Path = MIRROR) -> tuple[Prepared, Any]:
    """Read the real data into a workspace at `folder`; return what the search for sites starts from, and the layers."""
    workspace = Workspace(folder)
    shutil.copytree(ROOT / "layers", workspace.layers, ignore=shutil.ignore_patterns("open"))
    shutil.copytree(ROOT / "scenarios", workspace.root / "scenarios")
    pull(workspace, str(mirror))
    scenarios = [workspace.root / "scenarios" / SCENARIO]
    (given,) = pipeline.read_inputs(scenarios, workspace, workspace.layers / "open.toml", SILENT)
    stage = need_stage.compute(given.layers, given.scenario, given.norms)
    return prepared_sites(given.layers, given.scenario, given.rules, stage.communes, stage.need.communes), given.layers


def network(roads: Layer, speeds: pd.DataFrame, column: str, goal: tuple[float, float]) -> tuple[Any, Any, Any]:
    """Search the lines of the roads themselves, corner by corner: what the grid of the program is held against.

    Returns
    -------
    tuple
        Corners (easting, northing), kilometres of the shortest and minutes of the quickest way to the corner that is
        nearest to the goal; infinite where there is none.
    """
    kmh = np.nan_to_num(of_class(roads, speeds, column))
    lines, owner = shapely.get_parts(roads.geometries[kmh > 0], return_index=True)
    kmh = kmh[kmh > 0][owner]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    corners, node = np.unique(np.round(xy, 2), axis=0, return_inverse=True)
    node = node.ravel()
    steps = np.flatnonzero(line[1:] == line[:-1])
    km = np.hypot(*(xy[steps + 1] - xy[steps]).T) / 1000
    tree = KDTree(corners)
    found = []
    for cost in (km, km / kmh[line[steps]] * 60):
        ends = np.concatenate([node[steps], node[steps + 1]]), np.concatenate([node[steps + 1], node[steps]])
        order = np.lexsort((np.tile(cost, 2), *ends))
        first = np.unique(np.stack(ends)[:, order], axis=1, return_index=True)[1]  # of parallel ways the cheapest
        kept = order[first]
        graph = csr_array((np.tile(cost, 2)[kept] + 1e-12, (ends[0][kept], ends[1][kept])), shape=(len(corners),) * 2)
        found.append(dijkstra(graph, directed=True, indices=int(tree.query(goal)[1])))
    return corners, *found


def capital_table(prepared: Prepared, capital: tuple[float, float]) -> pd.DataFrame:
    """Tell how far the seats are from the capital.

    Parameters
    ----------
    prepared
        What all communes share.
    capital
        Easting and northing.

    Returns
    -------
    DataFrame
        Rows are communes with a seat, the nearest by road first: ``code, name, straight_km, road_km`` (shortest way
        from the nearest corner of a road that leads there), ``walk_m`` to it, ``motorbike_hours, car_hours`` as the
        program has them, ``network_hours`` (motorbike, over the lines themselves, with the walk), ``motorbike_kmh``
        (road length over those hours without the walk).
    """
    speeds = prepared.rule_tables.speeds
    names = dict(zip(prepared.communes["code"], prepared.communes["name"], strict=True))
    codes = sorted(code for code in prepared.seats if code in names)
    seats = np.array([prepared.seats[code] for code in codes], dtype=object)
    times = prepared.far.columns(seats)
    corners, km, minutes = network(prepared.layers["roads"], speeds, MODES["motorbike"], capital)
    leads = np.isfinite(km)
    walk, nearest = KDTree(corners[leads]).query(shapely.get_coordinates(seats))
    on_foot = walk / 1000 / float(walking_speed_kmh(0.0))
    out = pd.DataFrame({"code": codes, "name": [names[code] for code in codes]})
    out["straight_km"] = shapely.distance(seats, shapely.Point(capital)) / 1000
    out["road_km"], out["walk_m"] = km[leads][nearest], walk
    out["motorbike_hours"], out["car_hours"] = times["capital_minutes"] / 60, times["capital_car_minutes"] / 60
    out["network_hours"] = minutes[leads][nearest] / 60 + on_foot
    out["motorbike_kmh"] = out["road_km"] / (out["network_hours"] - on_foot)
    return out.sort_values(["road_km", "code"], ignore_index=True)


def page(table: pd.DataFrame, sources: str, date: str) -> str:
    """Write the table as a page for people."""
    decimals = {"straight_km": 1, "road_km": 1, "walk_m": 0, "motorbike_hours": 2, "network_hours": 2, "car_hours": 2,
                "motorbike_kmh": 0}  # fmt: skip
    lines = [
        " | ".join([row["code"], row["name"], *(number(row[c], d, "vi") for c, d in decimals.items())])
        for row in table.to_dict("records")
    ]
    far = table[table["road_km"] > FAR_KM]
    apart = number(100 * (far["motorbike_hours"] / far["network_hours"] - 1).abs().mean(), 1, "vi")
    return HEAD.format(sources=sources, date=date, apart=apart) + "".join(f"| {line} |\n" for line in lines)


def main() -> int:
    """Print the table, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    if not MIRROR.is_dir():
        print(f"no real data at {MIRROR}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        prepared, layers = prepared_real(Path(folder) / "w")
        table = capital_table(prepared, layers.province.capital_point)
        entries = {e.source: e.date for role in ("roads", "seats") for e in layers.catalog.of_role(role) if e.source}
        sources = "; ".join(f"{s} ({d:%d/%m/%Y})" if d else str(s) for s, d in entries.items())
        text = page(table, sources, f"{prepared.scenario.date:%d/%m/%Y}")
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
