"""Whether this installation can do its work: versions, CRS database, drivers, fonts."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from siteplan.locale import text

DRIVERS = ("GPKG", "ESRI Shapefile", "GeoJSON", "OpenFileGDB", "KML", "MapInfo File", "DXF", "DGN")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    part: str
    good: bool
    detail: str

    def shown(self, lang: str) -> str:
        """Return the state in words."""
        return text("cli.doctor.good" if self.good else "cli.doctor.bad", lang)


def _needed() -> list[str]:
    """Name the packages that the installed program asks for; none where it is not installed, which is told."""
    try:
        asked = metadata.requires("siteplan") or []
    except metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in asked if "extra ==" not in line]


def findings(lang: str) -> list[Finding]:
    """Look at everything; nothing is raised."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("python", platform.python_version),
        *((name, lambda name=name: metadata.version(name)) for name in ("siteplan", *_needed())),
        (text("cli.doctor.crs", lang), _crs),
        (text("cli.doctor.drivers", lang), _drivers),
        (text("cli.doctor.font", lang), _font),
        (text("cli.doctor.cache", lang), _cache),
    )
    out = []
    for part, look in checks:
        try:
            out.append(Finding(part, True, look()))
        except Exception as error:  # noqa: BLE001 - whatever is broken is what the doctor reports
            out.append(Finding(part, False, f"{type(error).__name__}: {error}"))
    return out


def _crs() -> str:
    """Move a point by the datum shift; the expected figures are those of EPSG:9215 with EPSG:6960 (PROJ 9.5)."""
    import pyproj

    from siteplan.crs import transformer

    east, north = transformer(4326, 9215).transform(106.7610, 21.8530)
    if abs(east - 449262.4506) > 0.001 or abs(north - 2417472.3549) > 0.001:
        raise ValueError(f"{east:.4f} {north:.4f}")
    return f"PROJ {pyproj.proj_version_str}"


def _drivers() -> str:
    import pyogrio

    there = pyogrio.list_drivers()
    absent = [name for name in DRIVERS if name not in there]
    if absent:
        raise ValueError(", ".join(absent))
    return f"GDAL {pyogrio.__gdal_version_string__}"


def _font() -> str:
    from siteplan.outputs.webmap.assets import font_file

    return font_file().name


def _cache() -> str:
    from siteplan.workspace import cache_folder

    folder = cache_folder()
    probe = folder / ".doctor"
    probe.write_text("", "utf-8")
    probe.unlink()
    return str(folder)
