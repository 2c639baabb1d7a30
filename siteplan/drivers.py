"""What libraries read from the environment once, when they are loaded.

GDAL drivers that follow references to other files or to a network are switched off: a VRT named ``.geojson``, or a
service description named ``.xml``, would otherwise make GDAL open whatever it names. Linear algebra uses one thread.
"""

from __future__ import annotations

import os

# names that every build of GDAL 3 knows: it complains on the terminal of those it does not
FOLLOWING_VECTOR = ("OGR_VRT", "WFS")
FOLLOWING_RASTER = ("VRT",)


def _add(variable: str, names: tuple[str, ...]) -> None:
    already = [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]
    os.environ[variable] = ",".join(dict.fromkeys((*already, *names)))


def switch_off() -> None:
    """Name the drivers in ``OGR_SKIP`` and ``GDAL_SKIP``; GDAL reads both once, when it is loaded."""
    _add("OGR_SKIP", FOLLOWING_VECTOR)
    _add("GDAL_SKIP", FOLLOWING_RASTER)


def one_thread() -> None:
    """Let linear algebra use one thread unless told: its matrices are small here, and work is spread over processes.

    Threads that wait for one another took longer than the sums, and the last digit would depend on their number.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
