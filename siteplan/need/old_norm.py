"""Whether a house fits the norm of its time: NĐ 152/2017/NĐ-CP for commune offices built before 01/07/2025.

The largest usable area an old commune office could have::

    title  = Σ people of an old commune x norm of the title       (annex of NĐ 152/2017)
    shared = share x title                                        (Art. 6, 7: 70 % for commune headquarters)
    norm   = title + shared + joint room of police and military

How many people an old commune had is an assumption. A house above its norm is no smaller for it: what stands is counted
as it is, and the excess is told. District offices are not judged: their norms are not among the sets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from siteplan.locale import Message, encode
from siteplan.norms import Norm, Norms

_TITLES = ("secretary", "deputy", "specialist", "part_time")
_PEOPLE = tuple(f"old_commune.{title}" for title in _TITLES)
_FORMER = (*(f"title.{title}_m2" for title in _TITLES), "shared.share", "title.police_room_m2")
NET_SHARE = "building.net_share"
_TOLERANCE_M2 = 0.5


def old_norm_area(norms: Norms) -> tuple[float, list[Norm]]:
    """Largest usable area of an old commune office under the norm that has ended, m², and the norms that entered.

    NaN and no norms where the old set or the assumed people are not among the sets of the scenario.
    """
    former: Mapping[str, Norm | None] = {key: norms.former(key) for key in _FORMER}
    if any(norm is None for norm in former.values()) or any(key not in norms for key in _PEOPLE):
        return math.nan, []
    rates = {key: norm for key, norm in former.items() if norm is not None}
    people = [norms[key] for key in _PEOPLE]
    title = sum(p.value * rates[f"title.{t}_m2"].value for p, t in zip(people, _TITLES, strict=True))
    area = title * (1 + rates["shared.share"].value) + rates["title.police_room_m2"].value
    return area, [*people, *rates.values()]


def judge(facilities: pd.DataFrame, norms: Norms) -> tuple[pd.DataFrame, list[Norm]]:
    """Judge each facility by the norm of its time.

    Parameters
    ----------
    facilities
        ``floor_area_m2, former_level, year_built``.
    norms
        With the expired set (``nd152-2017``) among those of the scenario.

    Returns
    -------
    tuple
        ``old_norm_area_m2`` (usable area), ``old_norm_fit`` (``within``, ``above``, ``unknown``), ``old_norm_notes``,
        indexed as `facilities`; the norms that entered.
    """
    area, used = old_norm_area(norms)
    ended = norms.former("title.secretary_m2")
    last_year = max((v.end.year for v in norms.versions if v.norm is ended and v.end), default=0)
    net = norms.value(NET_SHARE)
    rows = []
    for row in facilities[["floor_area_m2", "former_level", "year_built"]].to_dict("records"):
        fit, told = _fit(row, area, net, last_year, ended.document if ended else "")
        known = fit != "unknown"
        rows.append((area if known else math.nan, fit, encode([told])))
    names = ["old_norm_area_m2", "old_norm_fit", "old_norm_notes"]
    return pd.DataFrame(rows, columns=names, index=facilities.index), used if rows else []


def _fit(row: Mapping[Any, Any], area: float, net: float, last_year: int, document: str) -> tuple[str, Message]:
    floor, year = row["floor_area_m2"], row["year_built"]
    if math.isnan(area):
        return "unknown", ("need.old_norm.no_set", {})
    if row["former_level"] != "commune":
        return "unknown", ("need.old_norm.not_commune", {})
    if pd.isna(year) or pd.isna(floor):
        return "unknown", ("need.old_norm.no_figures", {})
    if int(year) > last_year:
        return "unknown", ("need.old_norm.newer", {"year": int(year)})
    usable = float(floor) * net
    params = {"usable": usable, "norm": area, "document": document, "year": int(year)}
    if usable > area + _TOLERANCE_M2:
        return "above", ("need.old_norm.above", {**params, "excess": usable - area})
    return "within", ("need.old_norm.within", params)
