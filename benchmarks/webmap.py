"""The map in the browser: time until it answers, and how long a slider of the trial weights takes.

`python -m benchmarks.webmap` draws made-up runs of 65 communes with 650 and 6,500 sites over 5,000 zones of 200 corners
and prints size, time to interactive and the median latency of sixty slider moves. It needs Chromium and playwright.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.decide import priority, scoring
from siteplan.outputs import webmap
from siteplan.outputs.style import load_style
from siteplan.runs import Run, RunContent, write_run
from siteplan.scenario import Scenario, load_scenario
from siteplan.tables import INPUTS, RESULTS, conform, empty

ROOT = Path(__file__).resolve().parent.parent
CRS, SEED = "EPSG:9215", 9215
COMMUNES, ZONES, CORNERS, SIDE = 65, 5_000, 200, 11_000.0
WEST, SOUTH, COLUMNS = 400_000.0, 2_370_000.0, 10
MOVES = 60
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync")


def _values(scenario: Scenario, of: Any, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Values of each criterion, a tenth of them missing."""
    out: dict[str, Any] = {}
    for criterion in scenario.of(of):
        points = criterion.value.points or ((0.0, 0.0), (1.0, 1.0))
        values = np.round(rng.uniform(points[0][0], points[-1][0], count), 2)
        if criterion.value.kind == "categories":
            tokens: Any = rng.choice(np.array([*criterion.value.categories, None], dtype=object), count)
            out[criterion.source] = tokens
        elif criterion.value.kind == "flag":
            out[criterion.source] = pd.array(rng.random(count) < 0.5, "boolean")
        else:
            whole = of == "site" and RESULTS["sites"].column(criterion.source).kind == "int"
            out[criterion.source] = np.where(rng.random(count) < 0.9, np.round(values) if whole else values, np.nan)
    return out


def made(folder: Path, per_commune: int) -> Run:
    """Write a run with `per_commune` sites in each of the communes."""
    rng = np.random.default_rng(SEED)
    scenario = load_scenario(ROOT / "scenarios" / "co_so.toml")
    codes = [f"{6000 + n:05d}" for n in range(COMMUNES)]
    corner = np.array([[WEST + n % COLUMNS * SIDE, SOUTH + n // COLUMNS * SIDE] for n in range(COMMUNES)])
    communes = gpd.GeoDataFrame(
        {"code": codes, "name": [f"Xã {n}" for n in range(COMMUNES)], "kind": "xã",
         "is_border": rng.random(COMMUNES) < 0.2, "is_central_ward": rng.random(COMMUNES) < 0.1,
         "gate_class": rng.choice(["none", "international", "main"], COMMUNES), "build_type": "build_new",
         **_values(scenario, "commune", COMMUNES, rng)},
        geometry=shapely.box(*corner.T, *(corner + SIDE).T), crs=CRS,
    )  # fmt: skip
    of = np.repeat(np.arange(COMMUNES), per_commune)
    place = corner[of] + rng.uniform(300, SIDE - 400, (len(of), 2))
    sites = gpd.GeoDataFrame(
        {"site_id": [f"{codes[n]}-K-{i:06d}" for i, n in enumerate(of)], "commune_code": [codes[n] for n in of],
         "label": [f"K{i % per_commune + 1}" for i in range(len(of))], "letter": "K", "eligible": True,
         "check_result": rng.choice(["clear", "conditional", "blocked"], len(of), p=[0.4, 0.4, 0.2]),
         **_values(scenario, "site", len(of), rng)},
        geometry=shapely.box(*place.T, *(place + 80).T), crs=CRS,
    )  # fmt: skip
    sites = conform(sites, RESULTS["sites"], CRS)
    sites, site_scores = scoring.rank_sites(sites, scenario.of("site"))
    communes, scores = priority.rank_communes(communes, scenario.of("commune"), scenario.supplements)
    best = sites[sites["is_best"].astype(bool)].set_index("commune_code")
    communes["best_site_id"] = communes["code"].map(best["site_id"])
    tables = {name: empty(table, CRS if table.geometry else None) for name, table in RESULTS.items()}
    found = {"communes": communes, "sites": sites, "scores": pd.concat([scores, site_scores], ignore_index=True)}
    tables |= {name: conform(frame, RESULTS[name], CRS) for name, frame in found.items()}
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    middle = rng.uniform([WEST, SOUTH], [WEST + COLUMNS * SIDE, SOUTH + 6.5 * SIDE], (ZONES, 2))
    radius = rng.uniform(300, 700, (ZONES, 1)) * rng.uniform(0.9, 1.0, (ZONES, CORNERS))
    ring = np.stack([middle[:, :1] + radius * np.cos(angle), middle[:, 1:] + radius * np.sin(angle)], axis=-1)
    zones = gpd.GeoDataFrame(
        {"zone_id": [f"z{i}" for i in range(ZONES)], "plan_id": [f"P{i % 40}" for i in range(ZONES)],
         "function": "TSC", "layer": "plan_zones", "illustrative": True, "restricted": False,
         "title": [f"Quy hoạch {i % 40}" for i in range(ZONES)], "plan_kind": "general", "status": "approved"},
        geometry=shapely.polygons(ring), crs=CRS,
    )  # fmt: skip
    zones = zones.reindex(columns=[*dict.fromkeys([*INPUTS["plan_zones"].names, *zones.columns])])
    manifest = {
        "scenario": scenario.model_dump(mode="json") | {"phases": [{"name": "p", "years": [2026, 2035]}]},
        "catalog": "catalog.toml", "province": {"code": "20", "name": "Đo", "epsg": 9215, "bounds": [0, 0, 1, 1]},
        "created": "2026-01-01T00:00:00", "date": "2026-01-01", "version": "0", "frozen": None,
        "illustrative_layers": ["plan_zones"], "include_restricted": False, "lang": "vi", "inputs": {},
    }  # fmt: skip
    content = RunContent(tables, {"plan_zones": zones}, {}, manifest, (), ())
    return write_run(folder / f"r{per_commune}", content)


def main() -> int:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    style = load_style(ROOT / "maps" / "style.toml")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for per_commune in (10, 100):
            file = webmap.write_map(made(Path(folder), per_commune), Path(folder) / f"{per_commune}.html", style)
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            began = time.perf_counter()
            page.goto(file.as_uri())
            page.locator(".app.ready").wait_for(timeout=120_000)
            ready = time.perf_counter() - began
            page.locator("#trial-button").click()
            # from the input event until its frame has been drawn: scores, ranks, list, colours, marks
            took = page.evaluate(
                """async moves => {
                  const out = [], slider = document.getElementById('weight-supplements-border');
                  const site = document.getElementById('weight-site-slope_mean_percent');
                  for (let i = 0; i < moves; i++) {
                    const n = i % 2 ? slider : site, began = performance.now();
                    n.value = 1 + i % 19; n.dispatchEvent(new Event('input'));
                    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
                    out.push(performance.now() - began);
                  }
                  return out.sort((a, b) => a - b);
                }""",
                MOVES,
            )
            size = file.stat().st_size / 1e6
            print(
                f"{COMMUNES} communes, {COMMUNES * per_commune} sites, {ZONES} zones: file {size:.1f} MB, "
                f"interactive after {ready:.2f} s, slider median {took[MOVES // 2]:.0f} ms, worst {took[-1]:.0f} ms"
            )
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
