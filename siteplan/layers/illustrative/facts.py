"""The seeds of the generator: the small fact files, read once and put on the ground."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siteplan import tabular
from siteplan.crs import WGS84, transformer
from siteplan.errors import InputError, Problem

if TYPE_CHECKING:
    from siteplan.crs import Province

Array = np.ndarray[Any, Any]

_FLAGS = {"is_border", "is_central_ward", "is_former_district_seat", "is_atk", "centre_checked", "split"}
_FLAGS |= {"point_checked", "paper_only"}


def read_table(path: Path) -> pd.DataFrame:
    """Read a fact file: texts stay texts, flags become booleans, what looks like a measure becomes a number."""
    frame = tabular.read_table(path).drop(columns="_row").fillna("").astype(str)
    for name in frame.columns:
        if name in _FLAGS:
            frame[name] = frame[name] == "1"
        elif name in {"lon", "lat"} or name.endswith(("_km2", "_m", "_ha", "_m2", "_km")):
            frame[name] = pd.to_numeric(frame[name].replace("", None))
        elif name in {"population", "former_unit_count", "year_from", "year_to", "scale"}:
            frame[name] = pd.to_numeric(frame[name].replace("", None)).astype("Int64")
    return frame


@dataclass(frozen=True)
class Facts:
    """All seeds, in the province's CRS.

    Parameters
    ----------
    communes
        One row a commune, index ``code``; ``x``, ``y`` the recorded centre, ``seat_x``, ``seat_y`` the seat.
    units
        One row a former unit and commune; ``x``, ``y`` its point.
    terrain, roads, surveys
        The seeds of terrain, network, facilities and surveys, as read from TOML, with ``x``, ``y`` added to every
        entry that has lon, lat.
    plans, urban_areas, sector_projects
        The seeds of plans, towns and projects.
    seed
        Root of all random numbers.
    """

    communes: pd.DataFrame
    units: pd.DataFrame
    terrain: dict[str, Any]
    roads: dict[str, Any]
    surveys: dict[str, Any]
    plans: pd.DataFrame
    urban_areas: pd.DataFrame
    sector_projects: pd.DataFrame
    seed: int

    def rng(self, theme: str) -> np.random.Generator:
        """Random numbers of one theme: a theme that draws more does not shift the others."""
        digest = hashlib.sha256(f"{self.seed}:{theme}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "little")))

    def unit_xy(self, code: str) -> tuple[float, float]:
        """Position of a former unit, metres."""
        return self._points[code]

    @cached_property
    def _points(self) -> dict[str, tuple[float, float]]:
        rows = self.headquarters
        return {str(c): (float(x), float(y)) for c, x, y in zip(rows["code"], rows["x"], rows["y"], strict=True)}

    def anchor_xy(self, code: str) -> tuple[float, float]:
        """Position of a former unit or, where the code is a commune's only, of that commune's seat."""
        if code in self._points:
            return self.unit_xy(code)
        seat: Any = self.communes.loc[code]
        return float(seat["seat_x"]), float(seat["seat_y"])

    @cached_property
    def spots(self) -> pd.DataFrame:
        """Distinct points with a spot height: ``x``, ``y``, ``elevation_m``."""
        frame = self.units[["x", "y", "elevation_m"]]
        return frame.drop_duplicates(["x", "y"]).reset_index(drop=True)

    @cached_property
    def headquarters(self) -> pd.DataFrame:
        """One row a former unit, with the commune that its point vouches for."""
        ordered = self.units.sort_values(["code", "point_checked"], ascending=[True, False], kind="stable")
        return ordered.drop_duplicates("code").reset_index(drop=True)


def _place(entries: Any, project: Any) -> None:
    """Add ``x``, ``y`` to every table of a TOML document that has lon, lat."""
    if isinstance(entries, dict):
        if "lon" in entries and "lat" in entries:
            entries["x"], entries["y"] = (float(v) for v in project(entries["lon"], entries["lat"]))
        if "end" in entries:
            entries["end_xy"] = tuple(float(v) for v in project(*entries["end"]))
        for value in entries.values():
            _place(value, project)
    elif isinstance(entries, list):
        for value in entries:
            _place(value, project)


def _fit(communes: pd.DataFrame, units: pd.DataFrame, seats: pd.DataFrame, folder: Path) -> None:
    """Refuse communes, former units and seats that name one another in vain, or have no place."""
    problems: list[Problem] = []
    for name, frame, column, known in (
        ("communes.csv", communes, "seat_unit_code", units["code"]),
        ("communes.csv", communes, "code", seats["code"]),
        ("former_units.csv", units, "commune_code", communes["code"]),
        ("seats.csv", seats, "code", communes["code"]),
    ):
        file = str(folder / name)
        problems += [
            Problem("fact_names_none", file=file, feature=row["code"], column=column, value=str(row[column]))
            for row in frame[~frame[column].isin(known)].to_dict("records")
        ]
        problems += [
            Problem("fact_without_place", file=file, feature=row["code"], column="lon, lat")
            for row in frame[frame[["lon", "lat"]].isna().any(axis=1)].to_dict("records")
        ]
    if problems:
        raise InputError(*problems)


def read_facts(folder: Path, province: Province) -> Facts:
    """Read the fact files of a folder and put their points into the province's CRS.

    Raises
    ------
    InputError
        Where a table is broken, or communes and former units do not fit together.
    """
    project = transformer(WGS84, province.epsg).transform
    communes = read_table(folder / "communes.csv")
    units = read_table(folder / "former_units.csv")
    seats = read_table(folder / "seats.csv").rename(columns={"commune_code": "code"})
    _fit(communes, units, seats, folder)
    for frame in (communes, units, seats):
        frame["x"], frame["y"] = (np.round(v, 3) for v in project(frame["lon"].to_numpy(), frame["lat"].to_numpy()))
    of_seat = seats.set_index("code")
    communes["seat_x"], communes["seat_y"] = (communes["code"].map(of_seat[axis]) for axis in ("x", "y"))
    terrain = tomllib.loads((folder / "terrain.toml").read_text("utf-8-sig"))
    roads = tomllib.loads((folder / "roads.toml").read_text("utf-8-sig"))
    surveys = tomllib.loads((folder / "surveys.toml").read_text("utf-8-sig"))
    _place(terrain, project)
    return Facts(
        communes=communes.set_index("code", drop=False).sort_index(),
        units=units,
        terrain=terrain,
        roads=roads,
        surveys=surveys,
        plans=read_table(folder / "plans.csv"),
        urban_areas=read_table(folder / "urban_areas.csv"),
        sector_projects=read_table(folder / "sector_projects.csv"),
        seed=int(terrain["seed"]),
    )
