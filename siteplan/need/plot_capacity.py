"""What a plot can hold: the floor that fits beside what stands on it, and the land that more floor asks for."""

from __future__ import annotations

import math
from typing import Protocol

from siteplan.tables import Row, as_number

PLOT_NORMS = (
    "land.density_percent",
    "land.green_percent",
    "land.yard_share",
    "parking.motorbike_m2",
    "parking.motorbikes_per_person",
    "parking.motorbikes_of_visitors",
    "parking.car_m2",
    "parking.floor_per_car_m2",
)


class NormValues(Protocol):
    """Values of norms by key."""

    def __getitem__(self, key: str, /) -> float: ...


def extension_capacity(
    land_m2: float, footprint_m2: float, floor_m2: float, staff: int, floors: int, norms: NormValues
) -> float:
    """Floor that can be added on a plot beside what stands on it.

    `norms` are those of :data:`PLOT_NORMS` by key; land, footprint and floor in m².

    The footprint x that can be added keeps the density, and leaves room for green, yard and parking of old and new
    floor together (F, S footprint and floor that stand, L land, n floors of the extension, P motorbike
    parking, c one car)::

        x <= density L - F
        x (1 + yard + c n / floor per car) <= (1 - green) L - F (1 + yard) - P - c S / floor per car - c

    The last c is for counting cars in whole numbers.

    Returns
    -------
    float
        Floor area x n in m², not below 0; NaN where land, footprint or floor is unknown.
    """
    if any(math.isnan(v) for v in (land_m2, footprint_m2, floor_m2)):
        return math.nan
    yard, car = norms["land.yard_share"], norms["parking.car_m2"]
    per_floor = car / norms["parking.floor_per_car_m2"]
    motorbikes = math.ceil(
        round(norms["parking.motorbikes_per_person"] * staff + norms["parking.motorbikes_of_visitors"], 9)
    )
    by_density = norms["land.density_percent"] / 100 * land_m2 - footprint_m2
    free = (
        (1 - norms["land.green_percent"] / 100) * land_m2
        - footprint_m2 * (1 + yard)
        - motorbikes * norms["parking.motorbike_m2"]
        - per_floor * floor_m2
        - car
    )
    return max(0.0, min(by_density, free / (1 + yard + per_floor * floors))) * floors


def adjoining_land(added_floor_m2: float, floors: int, norms: NormValues) -> float:
    """Land that added floor asks for where the plot has none left, m².

    Per m² of footprint the larger of ``1 / density`` and ``(1 + yard + c n / floor per car) / (1 - green)``, the terms
    of :func:`extension_capacity` for the added part alone.
    """
    per_floor = norms["parking.car_m2"] / norms["parking.floor_per_car_m2"]
    by_density = 100 / norms["land.density_percent"]
    by_green = (1 + norms["land.yard_share"] + per_floor * floors) / (1 - norms["land.green_percent"] / 100)
    return added_floor_m2 / floors * max(by_density, by_green)


def footprint(row: Row) -> float:
    """Ground a facility's buildings stand on, m²: as stated, else floor over floors; NaN where neither is known.

    `row` is one of ``INPUTS["facilities"]``.
    """
    stated = as_number(row["footprint_m2"])
    if not math.isnan(stated):
        return stated
    floors = as_number(row["floors"])
    return as_number(row["floor_area_m2"]) / floors if floors > 0 else math.nan
