"""A finished run, read back from its folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from siteplan.errors import InputError, Problem, UsageError
from siteplan.raster import Raster
from siteplan.runs.files import layers_of, read_geotiff, read_table
from siteplan.tables import INPUTS, RESULTS, empty

ARCHIVE = "_luu"
MANIFEST = "manifest.json"
WHAT_IFS = "why.json"


class Run:
    """A finished run, read from its folder; tables are read when they are asked for, but for those that are at hand."""

    def __init__(self, folder: Path, tables: Mapping[str, Any] | None = None) -> None:
        path = folder / MANIFEST
        try:
            self.manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(Problem("run_missing", file=str(folder))) from None
        except ValueError as error:
            raise InputError(Problem("run_broken", file=str(path), value=str(error))) from None
        self.folder = folder
        self._tables = dict(tables or {})

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()  # it is sent to other processes by a thread, while this one goes on reading

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.manifest["scenario"]["name"])

    @property
    def title(self) -> str:
        """Title of the scenario as people know it."""
        return str(self.manifest["scenario"]["title"])

    @property
    def epsg(self) -> int:
        """The province's CRS."""
        return int(self.manifest["province"]["epsg"])

    @property
    def frozen(self) -> dict[str, str] | None:
        """``version`` and ``date`` of a frozen run, None for a draft."""
        found: dict[str, str] | None = self.manifest.get("frozen")
        return found

    def table(self, name: str) -> Any:
        """Return a result table as its schema says; an empty one where the run wrote no rows."""
        if name not in self._tables:
            found = read_table(self.folder / "results.gpkg", RESULTS[name], self.epsg)
            if name == "programme":
                found = self._with_price_year(found)
            self._tables[name] = _without_untrue_costs(found) if name == "communes" else found
        return self._tables[name].copy(deep=False)

    def _with_price_year(self, programme: Any) -> Any:
        """Fill in what runs from before the column lack: costs at the price year, of the type that is built.

        Such a run holds, as the total of what waits, its cost at the price year, which is no sum of payments.
        """
        needed = programme["status"] != "not_needed"
        lacking = needed & programme["cost_at_price_year"].isna()
        if lacking.any():
            by_need, options = self.table("communes").set_index("code"), self.table("build_options")
            of_type = options.set_index(["commune_code", "build_type"])["cost_at_price_year"].to_dict()
            of_need = by_need["cost_at_price_year"].to_dict()
            pairs = zip(programme["commune_code"], programme["build_type"], strict=True)
            known = [of_type.get(pair, of_need.get(pair[0])) for pair in pairs]
            programme["cost_at_price_year"] = programme["cost_at_price_year"].mask(
                lacking, pd.Series(known, index=programme.index, dtype="float64")
            )
        programme.loc[programme["status"] != "planned", "total_cost"] = None
        programme.loc[~needed, "clearance_cost_included"] = None
        return programme

    def __getattr__(self, name: str) -> Any:
        if name in RESULTS:
            return self.table(name)
        raise AttributeError(name)

    def background(self, role: str) -> gpd.GeoDataFrame:
        """Return a background layer (columns of the role's input schema) in the province's CRS; empty where none."""
        path = self.folder / "background.gpkg"
        if role in layers_of(path):
            return pyogrio.read_dataframe(path, layer=role)
        return empty(INPUTS[role], f"EPSG:{self.epsg}")

    def raster(self, name: str) -> Raster | None:
        """Return a raster of the run, None where it has none of that name."""
        path = self.folder / "rasters" / f"{name}.tif"
        return read_geotiff(path) if path.is_file() else None

    @cached_property
    def what_ifs(self) -> dict[str, Any]:
        """What ``siteplan why`` found: ``communes`` (code to messages), ``programme``, ``frontier``; empty if nothing.

        Raises
        ------
        InputError
            Where the file cannot be read.
        """
        path = self.folder / WHAT_IFS
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise InputError(Problem("run_broken", file=str(path), value=str(error))) from None
        return found

    @cached_property
    def problems(self) -> list[dict[str, str]]:
        """Rows of ``problems.csv``."""
        with (self.folder / "problems.csv").open(encoding="utf-8-sig", newline="") as handle:
            return list(csv.DictReader(handle))


def _without_untrue_costs(communes: Any) -> Any:
    """Take off what runs from before wrote: a total of what waits, and 0 where nothing is needed."""
    communes.loc[communes["start_year"].isna(), "total_cost"] = None
    of_need = ["cost_at_price_year", "cost_low", "cost_high", "clearance_cost_included"]
    communes.loc[communes["build_type"] == "none", of_need] = None
    return communes


def find_run(name: str | Path | None, runs: Path) -> Run:
    """Find a run: a folder, a scenario's name or file, or None for the newest.

    Raises
    ------
    UsageError
        Where there is none; the runs there are, are listed.
    """
    there = sorted(p.parent for p in runs.glob(f"**/{MANIFEST}") if ARCHIVE not in p.parts)
    if name is None:
        if not there:
            raise UsageError(Problem("run_none", file=str(runs)))
        return Run(max(there, key=lambda p: ((p / MANIFEST).stat().st_mtime_ns, p.name)))
    path = Path(name)
    if (path / MANIFEST).is_file():
        return Run(path)
    stem = path.stem if path.suffix == ".toml" else str(name)
    for folder in (runs / stem, runs / f"{stem}.new"):
        if (folder / MANIFEST).is_file():
            return Run(folder)
    for folder in there:
        if folder.name == stem:
            return Run(folder)
    known = ", ".join(str(p.relative_to(runs).as_posix()) for p in there) or "–"
    raise UsageError(Problem("run_unknown", value=str(name), params={"known": known}))
