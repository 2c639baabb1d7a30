"""Parameters with which the page turns the cursor's WGS 84 position into the province's coordinates.

They are read from PROJ's database, so that another province needs no other script.
"""

from __future__ import annotations

from typing import Any

import pyproj

from siteplan import crs

_ROLES = {
    "Latitude of natural origin": "latitude_of_origin",
    "Longitude of natural origin": "central_meridian",
    "Scale factor at natural origin": "scale_factor",
    "False easting": "false_easting",
    "False northing": "false_northing",
}
_HELMERT = {
    "X-axis translation": "dx",
    "Y-axis translation": "dy",
    "Z-axis translation": "dz",
    "X-axis rotation": "rx",
    "Y-axis rotation": "ry",
    "Z-axis rotation": "rz",
    "Scale difference": "ds",
}


def parameters(epsg: int) -> dict[str, Any]:
    """Return ellipsoid, transverse Mercator and datum shift of a CRS.

    Returns
    -------
    dict
        ``epsg``, ``name``, ``a`` (m), ``inverse_flattening``, degrees and metres of the projection, and ``helmert``:
        the coordinate frame rotation from this CRS to WGS 84 in metres, radians and parts (1e-6 already applied), or
        None where the CRS is on WGS 84 itself.
    """
    target = pyproj.CRS.from_epsg(epsg)
    operation = target.coordinate_operation
    if operation is None or target.ellipsoid is None:
        raise ValueError(epsg)
    out: dict[str, Any] = {
        "epsg": epsg,
        "name": target.name,
        "a": target.ellipsoid.semi_major_metre,
        "inverse_flattening": target.ellipsoid.inverse_flattening,
        "helmert": None,
    }
    out |= {_ROLES[p.name]: float(p.value) for p in operation.params if p.name in _ROLES}
    for step in crs.transformer(epsg, crs.WGS84).operations or ():
        if "Coordinate Frame rotation" in step.method_name:
            out["helmert"] = {
                _HELMERT[p.name]: float(p.value) * float(p.unit_conversion_factor)
                for p in step.params
                if p.name in _HELMERT
            }
    return out
