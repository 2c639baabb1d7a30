"""What ``province.toml`` still lacks: lines that only an officer of the province can fill in or confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from siteplan.errors import Problem
from siteplan.layers.listing import together

if TYPE_CHECKING:
    from siteplan.layers.read import LayerSet

FILE = "province.toml"
# a commune is searched in the box around it: cells of this width take so much memory each (measured)
CELL_M, BYTES_A_CELL = 30.0, 60
MOST_GB = 3.0


def check_province(layers: LayerSet) -> list[Problem]:
    """Warn of a capital that is not stated or not among the communes, proposals nobody confirmed, a lack of gates."""
    province, communes = layers.province, layers.table("communes")
    where: dict[str, Any] = {"file": FILE}
    problems = [Problem("province_unconfirmed", "warning", column=key, **where) for key in province.to_confirm]
    named = str(province.capital.get("commune", ""))
    if province.capital_point is None:
        key = "province_capital_unknown" if named else "province_capital_missing"
        if not named or (len(communes) and named not in set(communes["code"])):
            problems.append(Problem(key, "warning", column="capital", value=named, **where))
    problems += _spread(layers)
    stated = layers.table("commune_facts")["gate_class"].notna().any()
    if layers.has("border") and not layers.has("border_gates") and not stated:
        problems.append(Problem("border_gates_missing", "warning", file=layers.catalog.path.name, layer="border_gates"))
    return problems


def _spread(layers: LayerSet) -> list[Problem]:
    """Warn of communes with a part whose box alone takes more memory than most machines have to spare.

    Parts far apart, as islands are, have boxes of their own, parts near to one another share one: what a commune takes
    is no less than this.
    """
    communes = layers.table("communes")
    if not len(communes):
        return []
    parts, owner = shapely.get_parts(communes.geometry.to_numpy(), return_index=True)
    west, south, east, north = shapely.bounds(parts).T
    gigabytes = (east - west) * (north - south) / CELL_M**2 * BYTES_A_CELL / 1e9
    wide = np.unique(owner[gigabytes > MOST_GB])
    features = (communes["code"] + " " + communes["name"]).iloc[wide].tolist()
    file = layers.catalog.entry(str(communes["layer"].iloc[0])).origin
    return together(
        "communes_spread", "warning", features, file=file, layer="communes", gigabytes=float(gigabytes.max()),
        cell_m=CELL_M,
    )  # fmt: skip
