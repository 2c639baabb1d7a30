"""The manifest of a run: what it rests on, so that it can be told apart, checked and repeated."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from siteplan.decide import costs, priority, weights
from siteplan.road import Inputs


def manifest_of(
    inputs: Inputs,
    path: Path,
    catalog: Path,
    include_restricted: bool,
    proof: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    """Return what a run rests on: scenario, layers with their hashes, norm sets, versions, proof of its programme."""
    scenario, layers = inputs.scenario, inputs.layers
    province = layers.province
    sources = tables["sources"]
    return {
        "scenario": scenario.resolved(),
        "scenario_file": path.name,
        "catalog": catalog.name,
        "date": scenario.date.isoformat(),
        "province": {
            "code": province.code,
            "name": province.name,
            "kind": province.kind,
            "epsg": province.epsg,
            "bounds": list(province.bounds),
        },
        "created": dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds"),
        "version": metadata.version("siteplan"),
        "versions": _versions(
            ("geopandas", "shapely", "pyogrio", "pyproj", "rasterio", "numpy", "pandas", "scipy", "edsger")
        ),
        "frozen": None,
        "inputs": dict(zip(sources["layer"], sources["sha256"], strict=True)),
        "fingerprint": layers.fingerprint,
        "crs_decisions": layers.crs_decisions,
        "illustrative_layers": sorted(sources.loc[sources["illustrative"].fillna(False).astype(bool), "layer"]),
        "include_restricted": include_restricted,
        "assumptions": list(tables["assumptions"]["assumption_id"]),
        "norm_sets": list(inputs.norms.sets),
        "weighting": weights.described(scenario),
        "prices": costs.described(inputs.rules, scenario),
        "ties": priority.tie_keys(scenario.of("commune")),
        "proof": dict(proof),
    }


def _versions(packages: Sequence[str]) -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}}
