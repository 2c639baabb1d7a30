"""A workspace for another province: its communes from the national boundaries, other open layers where they reach.

What reaches over the whole province is taken; terrain and roads, without which nothing runs, are made up where none
do, and say so; the rest is awaited.
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import rasterio
import tomlkit

from siteplan import crs
from siteplan.crs import Province
from siteplan.errors import InputError, Problem
from siteplan.layers import open_data, overlaps
from siteplan.layers.illustrative import elsewhere
from siteplan.layers.illustrative.write import fixed_date, write_vector
from siteplan.layers.national_border import ENDS_FILE, border_of, has_border
from siteplan.layers.place import box_in
from siteplan.layers.provinces import FILE, ProvinceEntry, find_province, load_provinces
from siteplan.raster import Raster
from siteplan.report import SILENT, Reporter
from siteplan.toml_files import read_toml
from siteplan.workspace import Workspace, cache_folder, init_workspace, template_folder

NATIONAL_SOURCES = "sources_national.toml"
OPEN_CATALOG = "open.toml"
OWN_FOLDER = "province"
_OF_BORDER = ("border", "border_gates")
_KEPT_KEYS = ("source", "legal_basis", "required", "mandatory", "restricted")


@dataclass(frozen=True)
class Founded:
    """A new workspace: its place, its province, how many communes, roles taken, made up, awaited, what to look at."""

    workspace: Workspace
    entry: ProvinceEntry
    communes: int
    taken: tuple[str, ...]
    made: tuple[str, ...]
    awaited: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def known_provinces() -> tuple[ProvinceEntry, ...]:
    """Return the provinces of the packaged table."""
    return load_provinces(template_folder() / "layers" / FILE)


def found_workspace(folder: Path, wanted: str, source: str | None, reporter: Reporter = SILENT) -> Founded:
    """Write a workspace for a province.

    Parameters
    ----------
    folder
        New folder.
    wanted
        Name or code of the province.
    source
        Mirror of the open data, as :func:`siteplan.layers.open_data.pull` takes it.

    Raises
    ------
    InputError
        Where the province is unknown or its communes cannot be had; nothing is written then.
    UsageError
        Where the folder already holds a workspace.
    """
    template = template_folder() / "layers"
    entry = find_province(known_provinces(), wanted)
    national, _ = _national(template, source, reporter)
    communes, problems = overlaps.settled(communes_of(national, entry), national.name)
    border = border_of(national, entry, template / ENDS_FILE) if has_border(entry, known_provinces()) else None
    communes["is_border"] = communes["code"].isin([] if border is None else border["code"])
    workspace = init_workspace(folder)
    own = Province.load(template / "province.toml")
    _forget_template(workspace, own, entry)
    (workspace.layers / "province.toml").write_text(province_toml(entry), "utf-8")
    home = workspace.layers / OWN_FOLDER
    home.mkdir()
    shared = "; ".join(f"phần chồng lấn {p.feature} tính cho {p.params['winner']}" for p in problems)
    taken, made, awaited = _write_layers(workspace, entry, communes, border, own, source, reporter, shared)
    return Founded(workspace, entry, len(communes), taken, made, awaited, tuple(problems))


def _national(template: Path, source: str | None, reporter: Reporter) -> tuple[Path, open_data.OpenFile]:
    """Return the national boundaries, checked, from the mirror; kept once in the user's cache."""
    (file,) = open_data.load_sources(template / NATIONAL_SOURCES)
    folder = cache_folder() / open_data.FOLDER
    problems = open_data.pull_files((file,), folder, source, reporter)
    if problems:
        raise InputError(*problems)
    return folder / file.name, file


def communes_of(national: Path, entry: ProvinceEntry) -> gpd.GeoDataFrame:
    """Communes of a province in its own CRS: ``code, name, kind, stated_area_km2, population``, polygons, metres.

    Raises
    ------
    InputError
        Where the national layer has none of that province.
    """
    quoted = entry.code.replace("'", "''")
    rows = pyogrio.read_dataframe(national, layer="communes", where=f"province_code = '{quoted}'")
    if rows.empty:
        raise InputError(Problem("province_without_communes", file=national.name, value=entry.name))
    ward = rows["full_name"].str.startswith("Phường").to_numpy(bool)
    frame = gpd.GeoDataFrame(
        {
            "code": rows["code"].astype(str).str.zfill(5),
            "name": rows["name_vi"].astype(str),
            # a special zone (đặc khu) is counted among the communes: the norms know two kinds
            "kind": ["phường" if w else "xã" for w in ward],
            "stated_area_km2": rows["area_km2"],
            "population": rows["population"].astype("Int64"),
        },
        geometry=rows.geometry,
        crs=rows.crs,
    )
    return crs.to_crs(frame, entry.epsg).sort_values("code").reset_index(drop=True)


def province_toml(entry: ProvinceEntry) -> str:
    """Return the text of ``province.toml``."""
    made = tomlkit.document()
    made.add(tomlkit.comment("Tỉnh: mã, tên, hệ tọa độ, khung tọa độ (mét, trong hệ tọa độ của tỉnh)."))
    for key, value, words in (
        ("code", entry.code, ""),
        ("name", entry.name, ""),
        ("kind", entry.kind, ""),
        ("epsg", entry.epsg, f"{entry.basis}; {entry.former_provinces}"),
        ("central_meridian", entry.central_meridian, f"{entry.certainty}. {entry.note}".strip(". ")),
        ("bounds", list(entry.bounds), "tây, nam, đông, bắc; tính từ ranh giới xã"),
        ("neighbours", list(entry.neighbours), "tính từ ranh giới xã; nước giáp ranh"),
        ("norms", [], "bộ định mức riêng của tỉnh trong layers/standards/, chưa có thì để trống"),
    ):
        item = tomlkit.item(value)
        if words:
            item.comment(words)
        made.add(key, item)
    if entry.is_proposed:
        made.add(tomlkit.nl())
        made.add(tomlkit.comment("Khóa còn là đề xuất: đối chiếu văn bản, sửa nếu khác, rồi xóa khỏi danh sách này."))
        made.add("to_confirm", ["epsg"])
    made.add(tomlkit.nl())
    former = entry.former_provinces.partition(";")[0].rpartition(" ")[0]
    for line in (
        f"CHƯA CÓ trung tâm tỉnh (trước sắp xếp: trung tâm của {former}): bản đồ mở không nêu. Bỏ dấu # và ghi",
        "mã xã, phường có trụ sở UBND tỉnh; có tọa độ trụ sở (WGS 84) thì ghi thêm lon, lat, không thì bỏ hai dòng đó.",
        "Thiếu mục này thì không tính được thời gian đến tỉnh lỵ và đến cửa khẩu.",
        "[capital]",
        'commune = "00000"',
        'name = ""',
        "lon = 0.0",
        "lat = 0.0",
    ):
        made.add(tomlkit.comment(line))
    return tomlkit.dumps(made)


def _forget_template(workspace: Workspace, own: Province, entry: ProvinceEntry) -> None:
    """Take out what belongs to the template's own province alone."""
    shutil.rmtree(workspace.layers / "default", ignore_errors=True)
    for name in own.norms:
        (workspace.layers / "standards" / f"{name}.csv").unlink(missing_ok=True)
    for name in (OPEN_CATALOG, open_data.SOURCES_FILE):
        (workspace.layers / name).unlink(missing_ok=True)
    agencies = workspace.layers / "agencies.csv"
    if agencies.is_file():
        with agencies.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            names, rows = list(reader.fieldnames or ()), list(reader)
        for row in rows:
            address = row["address"].replace(f"{own.kind} {own.name}", f"{entry.kind} {entry.name}")
            row["address"] = row["agency"] if own.name in address else address
        with agencies.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _write_layers(
    workspace: Workspace,
    entry: ProvinceEntry,
    communes: gpd.GeoDataFrame,
    border: gpd.GeoDataFrame | None,
    own: Province,
    source: str | None,
    reporter: Reporter,
    settled: str = "",
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    template = template_folder() / "layers"
    (file,) = open_data.load_sources(template / NATIONAL_SOURCES)
    home = workspace.layers / OWN_FOLDER
    with fixed_date():
        polygons = communes[["code", "name", "kind", "geometry"]]
        write_vector(home / "communes.gpkg", polygons, "communes", "MultiPolygon")
    facts = communes.drop(columns="geometry").assign(source=file.title)
    facts.to_csv(home / "communes.csv", index=False, lineterminator="\n")
    origin: dict[str, Any] = {"source": file.attribution, "date": dt.date(2026, 7, 25), "licence": file.licence}
    layers: dict[str, dict[str, Any]] = {
        "communes": {"role": "communes", "path": f"{OWN_FOLDER}/communes.gpkg", "required": True, "mandatory": True}
        | origin
        | ({"source": f"{file.attribution}; {settled}"} if settled else {}),
        "commune_facts": {"role": "commune_facts", "path": f"{OWN_FOLDER}/communes.csv", "mandatory": True} | origin,
    }
    if border is not None:
        with fixed_date():
            write_vector(home / "border.gpkg", border, "border", "LineString")
        words = f"{file.attribution}; tính từ ranh giới xã, không phải hồ sơ phân giới cắm mốc"
        layers["border"] = {"role": "border", "path": f"{OWN_FOLDER}/border.gpkg", "mandatory": True} | origin
        layers["border"]["source"] = words
    there = _reaching(template, entry, source, workspace, reporter)
    for name, raw in read_toml(template / OPEN_CATALOG)["layers"].items():
        if name in layers or (border is None and raw["role"] in _OF_BORDER):
            continue
        if raw.get("path", "") in there:
            layers[name] = dict(raw)
        elif not any(layer["role"] == raw["role"] for layer in layers.values()):
            kept = {key: raw[key] for key in _KEPT_KEYS if key in raw}
            words = str(kept.get("source", "")).replace(own.name, entry.name)
            layers[name] = {"role": raw["role"]} | kept | {"source": "" if raw.get("path") else words}
    made = _made_up(home, entry, communes, layers)
    text = tomlkit.document()
    text.add(tomlkit.comment(f"Danh mục lớp: {entry.kind} {entry.name}. Lớp chưa có thì chưa ghi path."))
    text["province"] = {"file": "province.toml"}
    text["layers"] = layers
    workspace.catalog.write_text(tomlkit.dumps(text), "utf-8")
    taken = tuple(dict.fromkeys(layer["role"] for layer in layers.values() if _is_taken(layer)))
    awaited = tuple(dict.fromkeys(layer["role"] for layer in layers.values() if "path" not in layer))
    return taken, made, awaited


def _is_taken(layer: Mapping[str, Any]) -> bool:
    return "path" in layer and not layer.get("illustrative", False)


def _made_up(
    home: Path, entry: ProvinceEntry, communes: gpd.GeoDataFrame, layers: dict[str, dict[str, Any]]
) -> tuple[str, ...]:
    """Make terrain and roads where no open layer reaches; their entries take the place of the awaited ones."""
    made = []
    seed = int(entry.code)
    about = {"source": "Minh họa, sinh từ ranh giới xã; không phải số liệu thật", "date": dt.date(2026, 1, 1),
             "required": True, "mandatory": True, "illustrative": True}  # fmt: skip
    for role, file in (("dem", "dem.tif"), ("roads", "roads.gpkg")):
        if any(layer["role"] == role and "path" in layer for layer in layers.values()):
            continue
        for name in [name for name, layer in layers.items() if layer["role"] == role]:
            del layers[name]
        if role == "dem":
            _write_terrain(home / file, elsewhere.terrain(entry.bounds, seed), entry.epsg)
        else:
            lines, classes = elsewhere.roads(communes.geometry.to_numpy(), seed)
            frame = gpd.GeoDataFrame({"road_class": classes}, geometry=lines, crs=f"EPSG:{entry.epsg}")
            with fixed_date():
                write_vector(home / file, frame, "roads", "LineString")
        layers[role] = {"role": role, "path": f"{OWN_FOLDER}/{file}"} | about
        made.append(role)
    return tuple(made)


def _write_terrain(path: Path, terrain: Raster, epsg: int) -> None:
    rows, columns = terrain.values.shape
    profile = {"width": columns, "height": rows, "count": 1, "dtype": terrain.values.dtype, "crs": f"EPSG:{epsg}"}
    with rasterio.open(path, "w", driver="GTiff", transform=terrain.transform, compress="deflate", **profile) as target:
        target.write(terrain.values, 1)


def _reaching(
    template: Path, entry: ProvinceEntry, source: str | None, workspace: Workspace, reporter: Reporter
) -> frozenset[str]:
    """Open files of a mirror folder that reach over the whole province, as the catalog names them; they are copied."""
    if source is None or not Path(source).is_dir():
        return frozenset()
    box = box_in(entry.bounds, entry.epsg, crs.WGS84)
    files = [
        file
        for file in open_data.load_sources(template / open_data.SOURCES_FILE)
        if box is not None
        and (Path(source) / file.name).is_file()
        and crs.inside(box, _extent(Path(source) / file.name))
    ]
    if not files:
        return frozenset()
    folder = workspace.layers / open_data.FOLDER
    problems = open_data.pull_files(tuple(files), folder, source, reporter)
    if problems:
        raise InputError(*(replace(problem, severity="error") for problem in problems))
    return frozenset(f"{open_data.FOLDER}/{file.name}" for file in files)


def _extent(path: Path) -> crs.Bounds:
    """Box of an open file, degrees; of several layers the largest."""
    if path.suffix == ".tif":
        with rasterio.open(path, driver="GTiff") as source:
            bounds = source.bounds
            return (bounds.left, bounds.bottom, bounds.right, bounds.top)
    boxes = [pyogrio.read_info(path, layer=name)["total_bounds"] for name, kind in pyogrio.list_layers(path) if kind]
    known = [box for box in boxes if box is not None]
    west, south, east, north = zip(*known, strict=True) if known else ((0.0,), (0.0,), (0.0,), (0.0,))
    return (min(west), min(south), max(east), max(north))
