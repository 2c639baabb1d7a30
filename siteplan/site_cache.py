"""What check and sites stage found, kept between runs: a changed weight, price or fund does not search the land again.

The key holds all that the stage depends on: layers, rules, the parts of the scenario it reads, the need, the program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan import cache, runs
from siteplan.errors import Problem
from siteplan.layers.check import check_between
from siteplan.layers.read import LayerSet
from siteplan.raster import Raster
from siteplan.rules import Rules
from siteplan.scenario import Scenario
from siteplan.sites.columns import TABLES
from siteplan.tables import RESULTS, conform

_SCENARIO_PARTS = ("date", "grid", "tolerance", "eligibility", "sites")


@dataclass(frozen=True)
class Assessed:
    """The sites stage of all communes.

    Parameters
    ----------
    sites, conflicts, conformity, land_account, land_options, access_points
        Result tables; scores and ranks still empty.
    eligible
        Eligible cells of the province: 1 eligible, 0 not, 255 outside.
    outcome
        One row a commune: ``code``, ``eligible_area_m2``, ``no_site_reasons`` (messages, empty where plots were found),
        ``rests_on`` of its eligible land.
    """

    sites: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    conformity: pd.DataFrame
    land_account: pd.DataFrame
    land_options: pd.DataFrame
    access_points: gpd.GeoDataFrame
    eligible: Raster
    outcome: pd.DataFrame


def fingerprint(layers: str, rules: Rules, scenario: Scenario, required: pd.DataFrame) -> str:
    """Hash of all that the stage depends on."""
    parts = scenario.resolved()
    return cache.key_of(
        layers,
        json.dumps({part: parts[part] for part in _SCENARIO_PARTS}, sort_keys=True),
        *_words(rules),
        required.sort_values("commune_code").to_csv(index=False),
        cache.code_fingerprint(without=cache.BEYOND_SITES),
    )


def _words(rules: Rules | None) -> list[str]:
    return [] if rules is None else [getattr(rules, name).to_csv(index=False) for name in vars(rules)]


def checked(layers: LayerSet, rules: Rules | None) -> list[Problem]:
    """Return the problems that show between layers, see :func:`siteplan.layers.check.check_between`.

    Kept under the files and entries of all layers, the province, the rules and the program.
    """
    where = (layers.fingerprint, layers.catalog.path.name, repr(layers.province))
    key = cache.key_of(*where, *_words(rules), cache.code_fingerprint(without=cache.BEYOND_SITES))
    rows = cache.kept_json("checks", key, lambda: [asdict(problem) for problem in check_between(layers, rules)])
    return [Problem(**row) for row in rows]


def assessed(key: str, epsg: int, compute: Callable[[], Assessed]) -> Assessed:
    """Return what is kept under `key`, else compute and keep it."""

    def write(folder: Path, fresh: Assessed) -> None:
        runs.write_geopackage(folder / "tables.gpkg", {name: getattr(fresh, name) for name in TABLES})
        runs.write_geotiff(folder / "eligible.tif", fresh.eligible, epsg)
        fresh.outcome.to_json(folder / "outcome.json", orient="records", force_ascii=False)

    def read(folder: Path) -> Assessed:
        rows: list[dict[str, Any]] = json.loads((folder / "outcome.json").read_text("utf-8"))
        tables = {name: runs.read_table(folder / "tables.gpkg", RESULTS[name], epsg) for name in TABLES}
        outcome = pd.DataFrame(rows, columns=["code", "eligible_area_m2", "no_site_reasons", "rests_on"])
        return Assessed(**tables, eligible=runs.read_geotiff(folder / "eligible.tif"), outcome=outcome)

    found: Assessed = cache.kept("sites", key, compute, read, write, runs.UNREADABLE)
    return found


def conformed(stack: Callable[[str], Any], eligible: Raster, outcome: pd.DataFrame, crs: str) -> Assessed:
    """Bring the tables of the communes, stacked by name, into their schemas."""
    tables = {name: conform(stack(name), RESULTS[name], crs) for name in TABLES}
    return Assessed(**tables, eligible=eligible, outcome=outcome)


def grid(kind: str, key: str, epsg: int, compute: Callable[[], Raster]) -> Raster:
    """Return the grid of a kind that is kept under `key`, else compute and keep it."""
    found: Raster = cache.kept(
        kind,
        key,
        compute,
        lambda folder: runs.read_geotiff(folder / "grid.tif"),
        lambda folder, fresh: runs.write_geotiff(folder / "grid.tif", fresh, epsg),
        runs.UNREADABLE,
    )
    return found


def coverage(compute: Callable[[], pd.DataFrame], *inputs: str) -> pd.DataFrame:
    """Return how far layers or plans cover each commune, kept under their inputs, else compute and keep it."""
    schema = RESULTS["coverage"]

    def rows() -> list[dict[str, Any]]:
        frame = conform(compute(), schema).astype(object)
        return frame.where(frame.notna(), None).to_dict("records")

    found = cache.kept_json("coverage", cache.key_of(*inputs, cache.code_fingerprint(without=cache.BEYOND_SITES)), rows)
    return conform(pd.DataFrame(found, columns=schema.names), schema)
