"""Where the centre of each commune stands: the site that ranks first, or the facility it stays in.

The ranking answers "where, if it is built new"; the gap answers "stay, extend or build new". Both must name one place.
Where an option builds less than that in the present headquarters, that is the place in this option.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.norms import Norm
from siteplan.rules import ASSUMED
from siteplan.tables import as_number, is_missing, rests_on

STAYING = ("none", "renovate", "extend")
# the gap has already weighed how much land an extension asks for
TOO_SMALL = "needed_area"


@dataclass(frozen=True)
class Placed:
    """The sites with ``is_best`` set; communes that cannot extend where they are build new or stay as is, and why."""

    sites: gpd.GeoDataFrame
    build_new: dict[str, Message]
    as_is: dict[str, Message]


def place(
    sites: gpd.GeoDataFrame, communes: pd.DataFrame, small_deficit_percent: float, longer: Norm | None = None
) -> Placed:
    """Bring the proposed site of each commune into line with its build type.

    A commune that stays in a facility (build type none, renovate or extend) has that facility's plot as its proposed
    site, whatever ranks first; with the land added to it where it is to be extended beyond its own. One that would
    extend there, but may not (the plot breaks a hard rule or a plan blocks it), builds new on the site that ranks
    first; where it lacks little, it stays as it is. A site that a person locked is left alone.

    Parameters
    ----------
    sites
        ``RESULTS["sites"]`` as ranked.
    communes
        One row a commune: ``code``, ``build_type``, ``kept_facility_id``, ``deficit_floor_area_m2``,
        ``kept_floor_area_m2``; optionally ``agreed``: a person decided what is built, and that is not overruled.
    small_deficit_percent
        A deficit of at most this share of the need is little.
    longer
        By how many minutes longer than to the site that ranks first people travel where the facility gets a warning;
        None: no warning.

    Returns
    -------
    Placed
        ``build_new`` and ``as_is`` map a commune's code to why it cannot extend.
    """
    sites = sites.copy()
    own, extended = _plots(sites, "T"), _plots(sites, "M")
    locked = set(sites.loc[sites["locked"].fillna(False).astype(bool), "commune_code"])
    is_best = sites["is_best"].fillna(False).astype(bool)
    reasons, rests = sites["reasons"].copy(), sites["rests_on"].copy()
    build_new: dict[str, Message] = {}
    as_is: dict[str, Message] = {}
    columns = ["code", "build_type", "kept_facility_id", "deficit_floor_area_m2", "kept_floor_area_m2", "agreed"]
    for row in communes.reindex(columns=columns).to_dict("records"):
        code = row["code"]
        facility = (code, row["kept_facility_id"])
        plot = own.get(facility)
        if row["build_type"] == "extend":
            plot = extended.get(facility, plot)
        if row["build_type"] not in STAYING or plot is None or code in locked:
            continue
        site: dict[str, Any] = sites.loc[plot].to_dict()
        broken = _broken(site)
        allowed = not broken and site["check_result"] != "blocked"
        if row["build_type"] == "extend" and not allowed and row["agreed"] is not True:
            told_of = {"site": site["label"], "rules": "; ".join(broken) or "plan_blocking"}
            deficit = row["deficit_floor_area_m2"]
            if deficit > small_deficit_percent / 100 * (deficit + row["kept_floor_area_m2"]):
                build_new[code] = ("decide.place.cannot_extend", told_of)
                continue
            as_is[code] = ("decide.place.small_deficit", {**told_of, "deficit": deficit})
            plot = own.get(facility, plot)  # nothing is built, so no land is added
            site = sites.loc[plot].to_dict()
            allowed = not _broken(site) and site["check_result"] != "blocked"
        of_commune = sites["commune_code"] == code
        first = sites.loc[of_commune & is_best]
        is_best[of_commune] = False
        is_best[plot] = True
        stays: Message = ("decide.place.stays", {"type": row["build_type"]})
        told = [("decide.place.stays_unextended", {}) if code in as_is else stays]
        if not allowed:
            told.append(("decide.place.stays_despite", {}))
        if len(first) and first.index[0] != plot:
            other = first.iloc[0]
            told.append(("decide.place.first_otherwise", {"site": other["label"], "score": float(other["score"])}))
        why = "agreed" if row["agreed"] is True else "small_deficit" if code in as_is else row["build_type"]
        told += _against_first(site, sites[of_commune], why, longer)
        reasons[plot] = encode([*decode(reasons[plot]), *told])
        rests[plot] = _rests_on(rests[plot], told, longer)
    return Placed(sites.assign(is_best=is_best, reasons=reasons, rests_on=rests), build_new, as_is)


def _against_first(site: dict[str, Any], of_commune: pd.DataFrame, why: str, longer: Norm | None) -> list[Message]:
    """Tell of a site that is proposed although another ranks first: by which rule, its rank, and much longer travel."""
    first = of_commune[of_commune["rank"] == 1]
    if is_missing(site["rank"]) or site["rank"] == 1 or first.empty:
        return []
    told: list[Message] = [("decide.place.ranked", {"why": why, "rank": int(site["rank"]), "count": len(of_commune)})]
    other = first.iloc[0]
    own, least = as_number(site["access_minutes"]), as_number(other["access_minutes"])
    minutes = round(own - least, 2)
    if longer is not None and minutes >= longer.value:
        compared = {"minutes": minutes, "own": own, "other": least, "site": other["label"], "least": longer.value}
        told.append(("decide.place.longer", compared))
    return told


def _rests_on(cell: Any, told: list[Message], longer: Norm | None) -> str | None:
    warned = longer is not None and longer.certainty in ASSUMED and any(key == "decide.place.longer" for key, _ in told)
    return rests_on(cell, f"assumption:{longer.assumption_id}") if warned and longer is not None else cell


def follow(sites: gpd.GeoDataFrame, programme: pd.DataFrame, longer: Norm | None = None) -> gpd.GeoDataFrame:
    """Let the proposed site be the one on which the option builds.

    That is another than placed for the need where the option builds a smaller type in the headquarters in use.

    Parameters
    ----------
    sites
        ``RESULTS["sites"]`` as :func:`place` left them.
    programme
        ``commune_code, status, site_id, build_type, needed_build_type``.
    longer
        As in :func:`place`.

    Returns
    -------
    GeoDataFrame
        With ``is_best`` moved; the site that was proposed for the need and the one that is now say why.
    """
    smaller = programme[
        (programme["status"] == "planned") & (programme["build_type"] != programme["needed_build_type"])
    ]
    at = {site_id: row for row, site_id in sites["site_id"].items()}
    is_best = sites["is_best"].fillna(value=False).astype(bool)
    reasons, rests = sites["reasons"].copy(), sites["rests_on"].copy()
    columns = ["commune_code", "site_id", "build_type", "needed_build_type"]
    for code, site_id, built, needed in smaller[columns].itertuples(index=False):
        of_commune = sites["commune_code"] == code
        if site_id not in at or is_best[at[site_id]]:
            continue
        told = {"built": built, "needed": needed}
        for row in sites.index[of_commune & is_best]:
            other = {**told, "site": sites.loc[at[site_id], "label"]}
            reasons[row] = encode([*decode(reasons[row]), ("decide.place.of_need", other)])
        of_need = sites.loc[of_commune & is_best, "label"]
        is_best[of_commune] = False
        is_best[at[site_id]] = True
        more = {**told, "site": of_need.iloc[0]} if len(of_need) else told
        key = "decide.place.built_here" if len(of_need) else "decide.place.built_here_only"
        site: dict[str, Any] = sites.loc[at[site_id]].to_dict()
        also = _against_first(site, sites[of_commune], "smaller", longer)
        reasons[at[site_id]] = encode([*decode(reasons[at[site_id]]), (key, more), *also])
        rests[at[site_id]] = _rests_on(rests[at[site_id]], also, longer)
    return sites.assign(is_best=is_best, reasons=reasons, rests_on=rests)


def _plots(sites: gpd.GeoDataFrame, letter: str) -> dict[tuple[str, str], Any]:
    """Index of the sites of a letter by commune and facility."""
    of_letter = sites[sites["letter"] == letter]
    return dict(zip(zip(of_letter["commune_code"], of_letter["source_id"], strict=True), of_letter.index, strict=True))


def _broken(site: dict[str, Any]) -> list[str]:
    """Hard rules that a site breaks, its size apart."""
    words = site["broken_rules"] if isinstance(site["broken_rules"], str) else ""
    return [rule for rule in words.split("; ") if rule and rule != TOO_SMALL]
