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


def build_new_instead(result: GapResult, required: pd.DataFrame, reasons: Mapping[str, Message]) -> GapResult:
    """Return the gaps with some communes building new instead of extending: nothing is kept, the whole need is new.

    Parameters
    ----------
    result
        As :func:`gaps` gave it.
    required
        ``NeedResult.communes``, m².
    reasons
        Commune code to the reason why it cannot stay where it is.
    """
    if not reasons:
        return result
    communes, facilities = result.communes.copy(), result.facilities.copy()
    moved = communes["commune_code"].isin(reasons)
    codes = communes.loc[moved, "commune_code"]
    need = required.set_index("commune_code").loc[codes]
    facilities.loc[facilities["facility_id"].isin(communes.loc[moved, "kept_facility_id"]), "kept"] = False
    communes.loc[moved, _NOTHING_KEPT] = 0.0
    communes.loc[moved, "new_floor_area_m2"] = need["required_floor_area_m2"].round(2).to_numpy()
    communes.loc[moved, "new_land_area_m2"] = need["required_land_area_m2"].to_numpy()
    communes.loc[moved, "kept_facility_id"] = None
    communes.loc[moved, "build_type"] = "build_new"
    told = [
        encode([*decode(cell), reasons[code]])
        for code, cell in zip(codes, communes.loc[moved, "build_reasons"], strict=True)
    ]
    communes.loc[moved, "build_reasons"] = told
    return GapResult(communes, facilities, result.used)
