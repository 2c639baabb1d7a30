"""Building new after all: communes that cannot extend the facility the gap would have kept."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.need.gap import GapResult

_NOTHING_KEPT = [
    "kept_floor_area_m2",
    "kept_land_area_m2",
    "extension_floor_area_m2",
    "extension_land_area_m2",
    "renovation_floor_area_m2",
]


def settle(
    result: GapResult, required: pd.DataFrame, build_new: Mapping[str, Message], as_is: Mapping[str, Message]
) -> GapResult:
    """Return the gaps as they stand once it is known where each commune's centre can be.

    Parameters
    ----------
    result
        As :func:`siteplan.need.gap.gaps` gave it.
    required
        ``NeedResult.communes``, m².
    build_new
        Communes that build new instead of extending, by code, with the reason: nothing is kept, the whole need is new.
    as_is
        Communes that stay without the extension they may not build, with the reason: a small deficit remains.

    Returns
    -------
    GapResult
        ``deficit_floor_area_m2`` is now the need less what is kept: what extension and new building make good, or, of
        those that stay as they are, what remains missing.
    """
    communes, facilities = result.communes.copy(), result.facilities.copy()
    need = required.set_index("commune_code")
    moved = communes["commune_code"].isin(build_new)
    of_moved = need.loc[communes.loc[moved, "commune_code"]]
    facilities.loc[facilities["facility_id"].isin(communes.loc[moved, "kept_facility_id"]), "kept"] = False
    communes.loc[moved, _NOTHING_KEPT] = 0.0
    communes.loc[moved, "new_floor_area_m2"] = of_moved["required_floor_area_m2"].round(2).to_numpy()
    communes.loc[moved, "new_land_area_m2"] = of_moved["required_land_area_m2"].to_numpy()
    communes.loc[moved, "kept_facility_id"] = None
    communes.loc[moved, "build_type"] = "build_new"
    stays = communes["commune_code"].isin(as_is)
    communes.loc[stays, ["extension_floor_area_m2", "extension_land_area_m2"]] = 0.0
    worn = communes["renovation_floor_area_m2"] > 0
    communes.loc[stays, "build_type"] = worn[stays].map({True: "renovate", False: "none"})
    reasons = {**build_new, **as_is}
    communes["build_reasons"] = [
        encode([*(r for r in decode(cell) if r[0] != "need.build.extend_poor"), reasons[code]])
        if code in reasons
        else cell
        for code, cell in zip(communes["commune_code"], communes["build_reasons"], strict=True)
    ]
    floor = communes["commune_code"].map(need["required_floor_area_m2"])
    communes["deficit_floor_area_m2"] = (floor - communes["kept_floor_area_m2"]).clip(lower=0).round(2)
    return GapResult(communes, facilities, result.used)
