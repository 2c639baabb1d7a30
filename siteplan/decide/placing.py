"""Where the centre of each commune stands: the site that ranks first, or the facility it stays in.

The ranking answers "where, if it is built new"; the gap answers "stay, extend or build new". Both must name one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.locale import Message, decode, encode

STAYING = ("none", "renovate", "extend")
# the gap has already weighed how much land an extension asks for
TOO_SMALL = "needed_area"


@dataclass(frozen=True)
class Placed:
    """The sites with ``is_best`` set, and the communes that cannot extend where they are, with the reason."""

    sites: gpd.GeoDataFrame
    build_new: dict[str, Message]


def place(sites: gpd.GeoDataFrame, communes: pd.DataFrame) -> Placed:
    """Bring the proposed site of each commune into line with its build type.

    A commune that stays in a facility (build type none, renovate or extend) has that facility's plot as its proposed
    site, whatever ranks first. One that would extend there, but may not (the plot breaks a hard rule or a plan blocks
    it), builds new on the site that ranks first. A site that a person locked stays as it is.

    Parameters
    ----------
    sites
        ``RESULTS["sites"]`` as ranked.
    communes
        One row a commune: ``code``, ``build_type``, ``kept_facility_id``.

    Returns
    -------
    Placed
        ``build_new`` maps a commune's code to why it cannot extend.
    """
    sites = sites.copy()
    own = sites[sites["letter"] == "T"]
    plots = dict(zip(zip(own["commune_code"], own["source_id"], strict=True), own.index, strict=True))
    locked = set(sites.loc[sites["locked"].fillna(False).astype(bool), "commune_code"])
    is_best = sites["is_best"].fillna(False).astype(bool)
    reasons = sites["reasons"].copy()
    build_new: dict[str, Message] = {}
    for row in communes[["code", "build_type", "kept_facility_id"]].to_dict("records"):
        code = row["code"]
        plot = plots.get((code, row["kept_facility_id"]))
        if row["build_type"] not in STAYING or plot is None or code in locked:
            continue
        site: dict[str, Any] = sites.loc[plot].to_dict()
        words = site["broken_rules"] if isinstance(site["broken_rules"], str) else ""
        broken = [rule for rule in words.split("; ") if rule and rule != TOO_SMALL]
        allowed = not broken and site["check_result"] != "blocked"
        if row["build_type"] == "extend" and not allowed:
            build_new[code] = ("decide.place.cannot_extend", {"site": site["label"], "rules": ", ".join(broken) or "–"})
            continue
        of_commune = sites["commune_code"] == code
        first = sites.loc[of_commune & is_best]
        is_best[of_commune] = False
        is_best[plot] = True
        told: list[Message] = [("decide.place.stays", {"type": row["build_type"]})]
        if not allowed:
            told.append(("decide.place.stays_despite", {}))
        if len(first) and first.index[0] != plot:
            other = first.iloc[0]
            told.append(("decide.place.first_otherwise", {"site": other["label"], "score": float(other["score"])}))
        reasons[plot] = encode([*decode(reasons[plot]), *told])
    return Placed(sites.assign(is_best=is_best, reasons=reasons), build_new)
