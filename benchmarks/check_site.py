"""A drawn plot against the whole register: seconds that `siteplan check-site` tells of itself, index on disk.

`python -m benchmarks.check_site [WORKSPACE]` asks once so that the index is there, then some rounds in processes of
their own, and prints the least and the median of opening the index and of the answer (text, GeoJSON, page). Timings
are told, never tested.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import shapely

from siteplan.crs import Province

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9


def _plot(place: Path, folder: Path) -> Path:
    """Half a hectare at the capital of the province, as a person would draw it: GeoJSON in degrees."""
    province = Province.load(place / "layers" / "province.toml")
    assert province.capital_point is not None
    east, north = province.capital_point
    plot = gpd.GeoSeries([shapely.box(east - 40, north - 32, east + 40, north + 32)], crs=province.crs)
    path = folder / "plot.geojson"
    plot.to_crs(4326).to_file(path, driver="GeoJSON")
    return path


def main() -> int:
    """Measure and print."""
    place = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    seconds: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        plot = _plot(place, Path(name))
        command = [sys.executable, "-m", "siteplan", "check-site", str(plot), "--out", name, "--lang", "en"]
        for _ in range(ROUNDS + 1):
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True, encoding="utf-8")
            found = re.findall(r"\d+\.\d+", done.stderr.splitlines()[-1])
            seconds.append((float(found[-2]), float(found[-1])))
    for what, values in zip(("index opened", "answered"), zip(*seconds[1:], strict=True), strict=True):
        print(f"{what}: least {min(values):.2f} s, median {statistics.median(values):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
