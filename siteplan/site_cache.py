"""What the sites stage found, kept between runs: a changed weight, price or fund does not search the land again.

Kept in the user's cache under the hash of all that the stage depends on: layers, rules, the parts of the scenario it
reads, the need, and the program's own code. Safe to delete; anything that does not read back is computed again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan import runs
from siteplan.raster import Raster
from siteplan.rules import Rules
from siteplan.scenario import Scenario
from siteplan.tables import RESULTS, conform
from siteplan.workspace import cache_folder

KEPT = 6
_TABLES = ("sites", "conflicts", "land_account")
_SCENARIO_PARTS = ("date", "grid", "tolerance", "eligibility", "sites")


@dataclass(frozen=True)
class Assessed:
    """The sites stage of all communes.

    Parameters
    ----------
    sites, conflicts, land_account
        Result tables; scores and ranks still empty.
    eligible
        Eligible cells of the province: 1 eligible, 0 not, 255 outside.
    outcome
        One row a commune: ``code``, ``eligible_area_m2``, ``no_site_reasons`` (messages, empty where plots were found).
    """

    sites: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    land_account: pd.DataFrame
    eligible: Raster
    outcome: pd.DataFrame


def fingerprint(layers: str, rules: Rules, scenario: Scenario, required: pd.DataFrame) -> str:
    """Hash of all that the stage depends on."""
    digest = hashlib.sha256(layers.encode())
    parts = scenario.resolved()
    digest.update(json.dumps({part: parts[part] for part in _SCENARIO_PARTS}, sort_keys=True).encode())
    for name in vars(rules):
        digest.update(getattr(rules, name).to_csv(index=False).encode())
    digest.update(required.sort_values("commune_code").to_csv(index=False).encode())
    for module in sorted(Path(str(resources.files("siteplan"))).rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:32]


def assessed(key: str, epsg: int, compute: Callable[[], Assessed]) -> Assessed:
    """Return what is kept under `key`, else compute and keep it. Fresh or kept, the same values come out."""
    folder = cache_folder() / "sites" / key
    found = _read(folder, epsg)
    if found is None:
        fresh = compute()
        try:
            _write(folder, fresh, epsg)
        except OSError:  # a full or read-only profile only costs the next run its time
            return fresh
        found = _read(folder, epsg) or fresh
        _thin_out(folder.parent)
    return found


def _write(folder: Path, fresh: Assessed, epsg: int) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    try:
        runs.write_geopackage(partial / "tables.gpkg", {name: getattr(fresh, name) for name in _TABLES})
        runs.write_geotiff(partial / "eligible.tif", fresh.eligible, epsg)
        fresh.outcome.to_json(partial / "outcome.json", orient="records", force_ascii=False)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(folder: Path, epsg: int) -> Assessed | None:
    try:
        rows: list[dict[str, Any]] = json.loads((folder / "outcome.json").read_text("utf-8"))
        tables = {name: runs.read_table(folder / "tables.gpkg", RESULTS[name], epsg) for name in _TABLES}
        eligible = runs.read_geotiff(folder / "eligible.tif")
    except (OSError, ValueError, *runs.UNREADABLE):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    outcome = pd.DataFrame(rows, columns=["code", "eligible_area_m2", "no_site_reasons"])
    return Assessed(**tables, eligible=eligible, outcome=outcome)


def conformed(
    sites: Any, conflicts: Any, land_account: Any, eligible: Raster, outcome: pd.DataFrame, crs: str
) -> Assessed:
    """Bring the stacked tables of the communes into their schemas."""
    tables = zip(_TABLES, (sites, conflicts, land_account), strict=True)
    return Assessed(**{n: conform(frame, RESULTS[n], crs) for n, frame in tables}, eligible=eligible, outcome=outcome)


def _thin_out(parent: Path) -> None:
    entries = sorted((p for p in parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in entries[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
