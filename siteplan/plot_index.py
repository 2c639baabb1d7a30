"""The register and all that rules look at, on disk with an index over the boxes, so that one plot is answered at once.

The index lies in the user's cache, under the SHA-256 of the files of the layers, the rule tables, the scenario and the
program: where one of them differs it is built anew. Boxes lie in an R-tree (integers only), objects as WKB with their
columns as JSON in SQLite, terrain as a plain array that is read where it is needed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from pyproj import CRS

from siteplan import cache
from siteplan.layers import embedded, formats
from siteplan.raster import Raster
from siteplan.rules import Rules
from siteplan.sites.access.far import FarPlaces
from siteplan.sites.context import Prepared
from siteplan.sites.layer import Layer
from siteplan.sites.rules import Rule, read_rules
from siteplan.workspace import cache_folder

if TYPE_CHECKING:
    from siteplan.layers.catalog import Catalog
    from siteplan.report import Reporter
    from siteplan.scenario import Scenario

Array = np.ndarray[Any, Any]

KIND = "plots"
SHIFT_M = 60.0  # further out than a shift reaches
_COMMUNES, _ZONES = "communes", "plan_zones"


def hashes_of(catalog: Catalog, reporter: Reporter) -> dict[str, str]:
    """Hash of every file and table of a catalog; a file that keeps its size and time is not read again."""
    known_file = cache_folder() / KIND / "hashes.json"
    try:
        known: dict[str, Any] = json.loads(known_file.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}
    found: dict[str, str] = {}
    fresh: dict[str, Any] = {}
    for entry in catalog.layers:
        if entry.is_awaited:
            continue
        if entry.connection:  # others write there: it is asked each time
            from siteplan.layers import postgis  # geopandas comes with it

            found[entry.name] = postgis.content_mark(entry)
            continue
        path = embedded.resolve(entry.path, catalog.folder, catalog.province, reporter)
        if not path.exists():
            continue
        for part in formats.parts_of(path):
            stat = part.stat()
            mark = [stat.st_size, stat.st_mtime_ns]
            old = known.get(str(part))
            digest = old[1] if old and old[0] == mark else cache.sha256_of(part)
            fresh[str(part)] = [mark, digest]
            found[f"{entry.name}/{part.name}"] = digest
    if fresh != known:
        try:
            known_file.parent.mkdir(parents=True, exist_ok=True)
            known_file.write_text(json.dumps(fresh), "utf-8")
        except OSError:
            pass  # costs time, no result
    return found


def stamp(catalog: Catalog, rules_folder: Path, scenario: Scenario, reporter: Reporter) -> str:
    """Name of the index of these files, rules and scenario."""
    parts = scenario.resolved()
    asked = {name: parts[name] for name in ("date", "tolerance", "eligibility")}
    rules = [p.name.encode() + p.read_bytes() for p in sorted(rules_folder.iterdir()) if p.is_file()]
    return cache.key_of(
        catalog.path.read_bytes(),
        (catalog.folder / "province.toml").read_bytes() if (catalog.folder / "province.toml").is_file() else b"",
        json.dumps(hashes_of(catalog, reporter), sort_keys=True),
        json.dumps(asked, sort_keys=True, default=str),
        hashlib.sha256(b"".join(rules)).hexdigest(),
        cache.code_fingerprint(without=cache.BEYOND_SITES),
    )


def _rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    rows: list[dict[str, Any]] = json.loads(plain.to_json(orient="records", double_precision=15))
    return rows


def _shape_of(frame: pd.DataFrame) -> dict[str, bool]:
    """Columns without geometry, and which of them are numbers (a missing one is NaN; else it is None)."""
    plain = frame.drop(columns="geometry", errors="ignore")
    return {str(name): plain[name].dtype.kind in "fiu" and not _nullable(plain[name]) for name in plain.columns}


def _nullable(series: pd.Series[Any]) -> bool:
    return series.dtype.kind in "iu" and bool(series.isna().any())


def _table_of(frame: pd.DataFrame) -> dict[str, Any]:
    return {"columns": _shape_of(frame), "rows": _rows_of(frame)}


def _frame(rows: list[dict[str, Any]], columns: Mapping[str, bool]) -> pd.DataFrame:
    """Make a table of rows again, numbers as numbers, all else as objects with None for what is missing."""
    plain = [name for name, is_number in columns.items() if not is_number]
    numbers = [name for name, is_number in columns.items() if is_number]
    cells = np.empty((len(rows), len(plain)), dtype=object)
    for i, row in enumerate(rows):
        cells[i] = [row[name] for name in plain]
    frame = pd.DataFrame(cells, columns=plain, dtype=object)
    if not numbers:
        return frame
    figures = np.array([[row[name] for name in numbers] for row in rows], dtype=float)
    # two blocks, not a column at a time: of few rows the columns are what takes time
    return pd.concat([frame, pd.DataFrame(figures.reshape(len(rows), len(numbers)), columns=numbers)], axis=1)


class _Tables:
    """Rule tables as the index holds them: each becomes a frame when it is asked for."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in self._said:
            raise AttributeError(name)
        frame = _frame(self._said[name]["rows"], self._said[name]["columns"])
        setattr(self, name, frame)
        return frame


def write_index(folder: Path, prepared: Prepared) -> None:
    """Write what a plot is held against into a folder."""
    from rtree import index

    frames = [(_COMMUNES, prepared.communes), (_ZONES, prepared.zones.frame)]
    frames += [(role, layer.frame) for role, layer in prepared.layers.items()]
    roles = [role for role, _ in frames]
    boxes, numbers = [], []
    with closing(sqlite3.connect(folder / "objects.sqlite")) as base:
        base.execute("CREATE TABLE objects (id INTEGER PRIMARY KEY, role INTEGER, wkb BLOB, columns TEXT)")
        base.execute("CREATE TABLE said (name TEXT PRIMARY KEY, content TEXT)")
        at = 0
        for number, (_, frame) in enumerate(frames):
            shapes = np.asarray(frame.geometry.values, dtype=object)
            rows = zip(shapely.to_wkb(shapes), _rows_of(frame), strict=True)
            base.executemany(
                "INSERT INTO objects VALUES (?, ?, ?, ?)",
                ((at + i, number, wkb, json.dumps(row, ensure_ascii=False)) for i, (wkb, row) in enumerate(rows)),
            )
            boxes.append(shapely.bounds(shapes))
            numbers.append(np.full(len(frame), number, dtype=np.int16))
            at += len(frame)
        tables = {name: _table_of(getattr(prepared.rule_tables, name)) for name in vars(prepared.rule_tables)}
        said = {
            "roles": roles,
            "columns": {role: _shape_of(frame) for role, frame in frames},
            "rules": tables,
            "in_force": list(prepared.in_force),
            "coverage": _table_of(prepared.coverage),
            "withheld": prepared.withheld,
            "registered": sorted(prepared.registered),
            "rests_on": list(prepared.rests_on),
            "crs": prepared.crs.to_epsg(),
            "reach": {role: _reach(prepared, role) for role in roles},
            "dem": None,
        }
        if prepared.dem is not None:
            np.save(folder / "dem.npy", prepared.dem.values)
            dem = prepared.dem
            nodata = None if dem.nodata is None or np.isnan(dem.nodata) else dem.nodata
            said["dem"] = {"at": list(dem.transform)[:6], "nodata": nodata, "resolution": dem.source_resolution_m}
        base.executemany(
            "INSERT INTO said VALUES (?, ?)", [(k, json.dumps(v, ensure_ascii=False)) for k, v in said.items()]
        )
        base.commit()
    all_boxes = np.concatenate(boxes)
    known = np.isfinite(all_boxes).all(axis=1)

    def entries() -> Iterator[tuple[int, Any, None]]:
        for i in np.flatnonzero(known):
            yield int(i), tuple(all_boxes[i].tolist()), None

    np.save(folder / "boxes.npy", all_boxes)
    np.save(folder / "roles.npy", np.concatenate(numbers))
    tree = index.Index(str(folder / "boxes"), entries(), interleaved=True)
    tree.close()


def _reach(prepared: Prepared, role: str) -> float:
    """How far from a plot an object of a role can still matter, metres."""
    if role == _COMMUNES:
        return 0.0
    layer = prepared.zones if role == _ZONES else prepared.layers[role]
    reach = max((rule.reach_m for rule in prepared.rules if rule.role == role), default=0.0)
    return float(reach + layer.half_width_m.max(initial=0.0))


class PlotIndex:
    """An index on disk, opened."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        from rtree import index

        self._folder, self._scenario = folder, scenario
        self._base = sqlite3.connect(f"file:{(folder / 'objects.sqlite').as_posix()}?mode=ro", uri=True)
        self._said = {name: json.loads(text) for name, text in self._base.execute("SELECT name, content FROM said")}
        self._tree = index.Index(str(folder / "boxes"), interleaved=True)
        self._boxes = np.load(folder / "boxes.npy", mmap_mode="r")
        self._roles = np.load(folder / "roles.npy", mmap_mode="r")
        self._crs = CRS.from_user_input(self._said["crs"])
        self.rules = cast(Rules, _Tables(self._said["rules"]))

    def close(self) -> None:
        """Close the files."""
        self._tree.close()
        self._base.close()

    def around(self, plots: Sequence[Any], further_m: float = 0.0) -> Prepared:
        """All that matters to plots, in the shape that the search for sites uses.

        Parameters
        ----------
        plots
            Polygons in the province's CRS.
        further_m
            How much further than rules reach to look: for plots that are moved.
        """
        reach = np.array([self._said["reach"][role] for role in self._said["roles"]]) + further_m + 1.0
        wanted: set[int] = set()
        for plot in plots:
            west, south, east, north = shapely.bounds(plot)
            far = float(reach.max())
            near = np.fromiter(self._tree.intersection((west - far, south - far, east + far, north + far)), dtype=int)
            own = reach[self._roles[near]]
            box = self._boxes[near]
            kept = (box[:, 0] <= east + own) & (box[:, 2] >= west - own)
            kept &= (box[:, 1] <= north + own) & (box[:, 3] >= south - own)
            wanted.update(near[kept].tolist())
        frames = self._read(sorted(wanted))
        rules = read_rules(self.rules, self._scenario)
        here = set(frames[_COMMUNES]["code"])
        coverage = [row for row in self._said["coverage"]["rows"] if row["commune_code"] in here]
        return Prepared(
            scenario=self._scenario,
            rule_tables=self.rules,
            rules=rules,
            communes=frames.pop(_COMMUNES),
            required={},
            dem=self._dem(),
            people=None,
            layers={role: _layer(role, frame, rules) for role, frame in frames.items() if role != _ZONES},
            zones=_layer(_ZONES, frames[_ZONES], rules),
            in_force=self._said["in_force"],
            coverage=_frame(coverage, self._said["coverage"]["columns"]),
            withheld={code: tuple(kinds) for code, kinds in self._said["withheld"].items()},
            facilities=None,
            proposals=None,
            seats={},
            registered=frozenset(self._said["registered"]),
            rests_on=tuple(self._said["rests_on"]),
            land_use_tokens={},
            speed_tokens=frozenset(),
            ground_figures={},
            ground_tokens=frozenset(),
            far=FarPlaces({}, {}),
        )

    def _read(self, ids: list[int]) -> dict[str, gpd.GeoDataFrame]:
        rows: dict[str, list[dict[str, Any]]] = {role: [] for role in self._said["roles"]}
        shapes: dict[str, list[bytes]] = {role: [] for role in self._said["roles"]}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT role, wkb, columns FROM objects WHERE id IN ({marks}) ORDER BY id"  # noqa: S608
            for number, wkb, columns in self._base.execute(query, part):
                role = self._said["roles"][number]
                rows[role].append(json.loads(columns))
                shapes[role].append(wkb)
        out = {}
        for role, found in rows.items():
            if not found and role not in (_COMMUNES, _ZONES):
                continue  # nothing of that role is near
            frame = _frame(found, self._said["columns"][role])
            geometry = shapely.from_wkb(np.array(shapes[role], dtype=object))
            out[role] = gpd.GeoDataFrame(frame, geometry=geometry, crs=self._crs)
        return out

    def _dem(self) -> Raster | None:
        said = self._said["dem"]
        if said is None:
            return None
        values = np.load(self._folder / "dem.npy", mmap_mode="r")
        nodata = float("nan") if said["nodata"] is None else said["nodata"]
        return Raster(values, Affine(*said["at"]), nodata, said["resolution"])


def _layer(role: str, frame: gpd.GeoDataFrame, rules: tuple[Rule, ...]) -> Layer:
    return Layer(role, frame, rules)


def open_index(key: str, scenario: Scenario, prepared: Any) -> PlotIndex:
    """Open the index of a stamp; built from what `prepared()` gives where there is none, or where it is broken.

    Raises
    ------
    OSError
        Where the cache cannot be written.
    """

    def read(folder: Path) -> PlotIndex:
        if not (folder / "roles.npy").is_file():
            raise FileNotFoundError(folder)
        return PlotIndex(folder, scenario)

    def write(folder: Path, content: Prepared) -> None:
        write_index(folder, content)

    from rtree.exceptions import RTreeError

    broken = (sqlite3.Error, RTreeError)
    found = cache.kept(KIND, key, prepared, read, write, broken)
    if not isinstance(found, PlotIndex):
        raise OSError(str(cache_folder()))
    return found
