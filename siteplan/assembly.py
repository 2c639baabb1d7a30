"""Joining what the stages return into the tables that a run writes. Pure functions of the pipeline's own floor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine

from siteplan.locale import decode, encode
from siteplan.raster import Raster
from siteplan.rules import Rules
from siteplan.sites.eligibility import HIDDEN
from siteplan.tables import land_shares, records, rests_on
from siteplan.tables.parts import ADDS_FLOOR, OFFICE_LAND

SAME_SITE_SHARE = 0.9


def communes(polygons: gpd.GeoDataFrame, facts: pd.DataFrame) -> gpd.GeoDataFrame:
    """Join polygons and facts by code; a fact of the polygon layer (name, kind) stands where the facts have none.

    Parameters
    ----------
    polygons
        Role ``communes``, province CRS.
    facts
        Role ``commune_facts``; communes without a row keep empty facts.

    Returns
    -------
    GeoDataFrame
        One row a commune by code, with ``area_km2`` measured from the geometry, ``rests_on`` begun.
    """
    columns = [c for c in facts.columns if c not in ("layer", "illustrative", "restricted")]
    joined = polygons.merge(facts[columns], on="code", how="left", suffixes=("", "_fact"))
    for column in ("name", "kind"):
        fact = joined.pop(f"{column}_fact")
        # official spelling stands in the table of facts; polygons of another source spell names their own way
        joined[column] = fact.where(fact.notna(), joined[column])
    joined["area_km2"] = joined.geometry.area / 1e6
    illustrative = joined["illustrative"].fillna(False).astype(bool)
    joined["rests_on"] = [
        f"layer:{layer}" if flag else None for layer, flag in zip(joined["layer"], illustrative, strict=True)
    ]
    joined = joined.drop(columns=["restricted"])
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=polygons.crs).sort_values("code").reset_index(drop=True)


_OF_REPORT = ("report_no", "report_date", "visits_per_day", "hall_seats")


def with_reports(frame: gpd.GeoDataFrame, reports: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add to each commune what it reported of itself; a population it reported stands for the published one.

    Adds ``report_no, report_date, visits_per_day, hall_seats``, ``population_reported`` (bool), ``report_layer`` and
    ``report_illustrative`` (role ``commune_reports``).
    """
    rows = reports.set_index("commune_code")
    frame = frame.copy()
    for column in _OF_REPORT:
        frame[column] = frame["code"].map(rows[column])
    frame["report_layer"] = frame["code"].map(rows["layer"])
    frame["report_illustrative"] = frame["code"].map(rows["illustrative"])
    told = frame["code"].map(rows["population"]).astype("Int64")
    frame["population_reported"] = told.notna() & (told > 0)
    frame["population"] = frame["population"].astype("Int64").where(~frame["population_reported"], told)
    return frame


def join(frame: gpd.GeoDataFrame, *others: pd.DataFrame) -> gpd.GeoDataFrame:
    """Join commune tables (key ``commune_code``) to the communes (key ``code``); ``rests_on`` is united."""
    for other in others:
        extra = [c for c in other.columns if c not in frame.columns or c == "rests_on"]
        right = other[["commune_code", *[c for c in extra if c != "commune_code"]]]
        frame = frame.merge(right, left_on="code", right_on="commune_code", how="left", suffixes=("", "_more"))
        frame = frame.drop(columns=["commune_code"])
        if "rests_on_more" in frame.columns:
            more = frame.pop("rests_on_more")
            frame["rests_on"] = [rests_on(a, b) for a, b in zip(frame["rests_on"], more, strict=True)]
    return frame


def stack_plain(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put plain tables under one another."""
    return pd.concat([f for f in frames if len(f)], ignore_index=True)


def was_site_id(sites: gpd.GeoDataFrame, before: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Name the site of the run before that a new site was: overlap of 90 % of both; empty where the id is the same."""
    sites = sites.copy()
    sites["was_site_id"] = None
    if before is None or before.empty or sites.empty:
        return sites
    known = set(before["site_id"])
    fresh = sites.index[~sites["site_id"].isin(known)]
    gone = before[~before["site_id"].isin(set(sites["site_id"]))].reset_index(drop=True)
    if len(fresh) == 0 or gone.empty:
        return sites
    new = sites.loc[fresh].reset_index()
    left, right = shapely.STRtree(gone.geometry.to_numpy()).query(new.geometry.to_numpy(), predicate="intersects")
    shared = shapely.area(shapely.intersection(new.geometry.to_numpy()[left], gone.geometry.to_numpy()[right]))
    larger = np.maximum(new.geometry.area.to_numpy()[left], gone.geometry.area.to_numpy()[right])
    same = new["letter"].to_numpy()[left] == gone["letter"].to_numpy()[right]
    for i, j in zip(
        left[(shared >= SAME_SITE_SHARE * larger) & same],
        right[(shared >= SAME_SITE_SHARE * larger) & same],
        strict=True,
    ):
        sites.loc[new.loc[i, "index"], "was_site_id"] = gone.loc[j, "site_id"]
    return sites


def close_calls(sites: gpd.GeoDataFrame, stability: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add how firm the ranks are when weights are shaken; to the reasons of the proposed site, and of the first."""
    found = stability.set_index("site_id")
    ids = sites["site_id"]
    columns = ("first_share_percent", "rank_shaken_low", "rank_shaken_high")
    sites = sites.assign(**{column: ids.map(found[column]) for column in columns})
    reasons = []
    for site_id, best, cell in zip(sites["site_id"], sites["is_best"], sites["reasons"], strict=True):
        if bool(best) and site_id in found.index:
            row = found.loc[site_id]
            key = "sites.close_call" if bool(row["close_call"]) else "sites.stable_choice"
            share = float(row["first_share_percent"])
            # a site that is not ranked, as the plot of a facility that stays, has no share of the draws
            more = [*([(key, {"share": share})] if np.isfinite(share) else []), *decode(row["notes"])]
            cell = encode([*decode(cell), *more])  # noqa: PLW2901
        reasons.append(cell)
    return sites.assign(reasons=reasons)


def wanted_land(need: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Say which land is searched for: what each commune needs, and beside the facility that is to be extended.

    Where a person agreed on what is built anew, the land for that, without reserve too, and a footprint in proportion
    to its floor.
    """
    extends = gaps[(gaps["build_type"] == "extend") & (gaps["extension_land_area_m2"] > 0)].set_index("commune_code")
    agreed = gaps["agreed"].fillna(value=False).astype(bool) & (gaps["build_type"] == "build_new")
    built = gaps[agreed & (gaps["new_land_area_m2"] > 0)].set_index("commune_code")
    codes = need["commune_code"]
    of_floor = (codes.map(built["new_floor_area_m2"]) / need["required_floor_area_m2"]).astype("float64").fillna(1.0)
    of_land = (codes.map(built["new_land_area_m2"]) / need["required_land_area_m2"]).astype("float64").fillna(1.0)
    return need.assign(
        required_land_area_m2=codes.map(built["new_land_area_m2"]).fillna(need["required_land_area_m2"]),
        land_without_reserve_m2=need["land_without_reserve_m2"] * of_land,
        required_footprint_m2=need["required_footprint_m2"] * of_floor,
        extended_facility_id=codes.map(extends["kept_facility_id"]),
        extension_land_area_m2=codes.map(extends["extension_land_area_m2"]),
    )


def bar_unfit(sites: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, area_percent: float) -> gpd.GeoDataFrame:
    """Take from the eligible sites those too small for the need, and plots of facilities already given to another use.

    The rule is named in ``broken_rules`` (``needed_area``, ``facility_decided``); the site stays in the list. A plot
    that was searched for without the reserve is small on purpose: it holds the need.
    """
    away = facilities["decided_treatment"].notna() & (facilities["decided_treatment"] != "keep")
    decided = (sites["letter"] == "T") & sites["source_id"].isin(facilities.loc[away, "facility_id"])
    small = (sites["area_ratio"] < 1 - area_percent / 100) & (sites["plot_size"] != "without_reserve")
    broken = [
        "; ".join(filter(None, [cell if isinstance(cell, str) else "", "facility_decided" * d, "needed_area" * s]))
        or None
        for cell, d, s in zip(sites["broken_rules"], decided.astype(int), small.astype(int), strict=True)
    ]
    return sites.assign(broken_rules=broken, eligible=sites["eligible"] & ~decided & ~small)


# what a commune says of its proposed site, and the column of the site it is
_OF_PROPOSED = {
    "best_site_id": "site_id",
    "best_site_score": "score",
    "best_check_result": "check_result",
    "best_conformity": "conformity",
    "best_clearance": "clearance",
}


def with_sites(frame: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, outcome: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add to each commune how many sites it has, its best one, and why it has none; what its land rests on counts."""
    grouped = sites.groupby("commune_code")
    of_commune = outcome.set_index("code")
    frame = frame.copy()
    frame["site_count"] = frame["code"].map(grouped.size()).fillna(0).astype(int)
    frame["eligible_site_count"] = frame["code"].map(grouped["eligible"].sum()).fillna(0).astype(int)
    reasons = [decode(cell) for cell in frame["code"].map(of_commune["no_site_reasons"])]
    proposed = set(_proposed(sites).index)
    frame["no_site_reasons"] = [
        encode([*told, *([] if code in proposed else [("sites.none_best", {})])]) if told or code not in proposed
        else None
        for code, told in zip(frame["code"], reasons, strict=True)
    ]  # fmt: skip
    frame["eligible_area_m2"] = frame["code"].map(of_commune["eligible_area_m2"])
    of_land = frame["code"].map(of_commune["rests_on"])
    frame["rests_on"] = [rests_on(a, b) for a, b in zip(frame["rests_on"], of_land, strict=True)]
    return with_proposed(frame, sites)


def with_proposed(frame: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Say of each commune what is known of its proposed site (``is_best``), in place of what was said before.

    What it rests on is added: priority was measured on the site placed for the need.
    """
    best = _proposed(sites)
    of_best = {column: frame["code"].map(best[source]) for column, source in _OF_PROPOSED.items()}
    frame = frame.assign(**of_best)
    rests = frame["code"].map(best["rests_on"])
    return frame.assign(rests_on=[rests_on(a, b) for a, b in zip(frame["rests_on"], rests, strict=True)])


def _proposed(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Proposed sites by commune."""
    return sites[sites["is_best"].fillna(value=False).astype(bool)].set_index("commune_code")


def candidates(frame: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lay out the communes as candidates of the programme; geometry is the best site, else the commune."""
    out = frame.rename(columns={"code": "commune_code", "best_site_id": "site_id", "best_check_result": "check_result"})
    geometry = out["site_id"].map(sites.set_index("site_id").geometry)
    out["geometry"] = geometry.where(geometry.notna(), out.geometry)
    out["new_tsc_m2"] = new_office_land(out, sites)
    return gpd.GeoDataFrame(out, geometry="geometry", crs=frame.crs)


def new_office_land(communes: pd.DataFrame, sites: pd.DataFrame) -> list[float]:
    """Land each commune's building would newly take for offices (TSC), m².

    The best site without what of it is office land today, and the land an extension needs beside it where the site is
    the facility's own plot; 0 where nothing is built or no site is known.

    Parameters
    ----------
    communes
        ``site_id, build_type, extension_land_area_m2``.
    sites
        ``site_id, letter, area_m2, land_use_shares`` ("LUC 62.5; TSC 37.5", percent; of "TSC+ONT" the first counts).
    """
    known = sites.set_index("site_id")
    out = []
    for row in records(pd.DataFrame(communes[["site_id", "build_type", "extension_land_area_m2"]])):
        if row["build_type"] not in ADDS_FLOOR or row["site_id"] not in known.index:
            out.append(0.0)
            continue
        site = known.loc[row["site_id"]]
        office = sum(percent for code, percent in land_shares(site["land_use_shares"]) if code == OFFICE_LAND)
        beside = row["extension_land_area_m2"] if row["build_type"] == "extend" and site["letter"] != "M" else 0.0
        out.append(float(site["area_m2"]) * (1 - min(office, 100.0) / 100) + (0.0 if pd.isna(beside) else beside))
    return out


def with_office_land(options: pd.DataFrame, communes: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Tell of each possible build type how much new office land it takes: a smaller one stays on its own plot."""
    beside = options["commune_code"].map(dict(zip(communes["code"], communes["extension_land_area_m2"], strict=True)))
    asked = options.assign(extension_land_area_m2=beside.where(options["size_order"] == 0, 0.0))
    return options.assign(new_tsc_m2=new_office_land(asked, sites))


def with_programme(frame: gpd.GeoDataFrame, programme: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add to each commune its phase and years; and what is paid for it, nothing where it waits."""
    rows = programme.set_index("commune_code")
    # who waits is listed under a phase, but not scheduled in it
    rows["phase"] = rows["phase"].where(rows["status"] == "planned", None)
    frame = frame.copy()
    for column in ("phase", "start_year", "finish_year", "total_cost"):
        frame[column] = frame["code"].map(rows[column])
    return frame


def with_places(options: pd.DataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Add to each possible build type the geometry of its site; None where it has none."""
    geometry = options["site_id"].map(dict(zip(sites["site_id"], sites.geometry, strict=True)))
    return options.assign(geometry=geometry.astype("object").where(geometry.notna(), None))


def kept_after_all(facilities: gpd.GeoDataFrame, programme: pd.DataFrame, options: pd.DataFrame) -> gpd.GeoDataFrame:
    """Keep the facility in which less than the need asks for is built: in this option it does not become free."""
    planned = programme["status"] == "planned"
    built = programme[planned & (programme["build_type"] != programme["needed_build_type"])]
    chosen = built.merge(options, on=["commune_code", "build_type"], how="inner", suffixes=("", "_of_type"))
    kept = facilities["kept"].fillna(False).astype(bool) | facilities["facility_id"].isin(chosen["facility_id"])
    return facilities.assign(kept=kept)


def ranked_subjects(communes: pd.DataFrame, sites: pd.DataFrame) -> tuple[dict[str, str], set[str]]:
    """Return what communes and sites are called by id, and those that are ranked: communes, sites to be built on."""
    names = dict(zip(communes["code"], communes["name"], strict=True))
    names |= dict(zip(sites["site_id"], sites["label"].fillna(sites["site_id"]), strict=True))
    buildable = sites["eligible"].fillna(False).astype(bool) & (sites["check_result"] != "blocked")
    return names, {*communes["code"], *sites.loc[buildable, "site_id"]}


def with_site_id(facilities: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the site that stands for the plot of each facility."""
    own = sites[sites["letter"] == "T"]
    return facilities.assign(
        site_id=facilities["facility_id"].map(dict(zip(own["source_id"], own["site_id"], strict=True)))
    )


def in_hazard(
    facilities: gpd.GeoDataFrame, hazards: gpd.GeoDataFrame, delivered: Collection[str] | None = None
) -> gpd.GeoDataFrame:
    """Flag facilities that meet a hazard zone of high or very high level; null where that is not known.

    That is: where there is no layer, where none of the zones met is known to be high and one is of unknown level, and
    where none is met in a commune that the layer was not made for (`delivered`: those it was made for; None: all).
    """
    facilities = facilities.copy()
    if hazards.empty:
        facilities["in_hazard"] = pd.array([None] * len(facilities), dtype="boolean")
        return facilities
    flags = pd.array(np.zeros(len(facilities), dtype=bool), dtype="boolean")
    for zones, flag in ((hazards["level"].isna(), pd.NA), (hazards["level"].isin(("high", "very_high")), True)):
        tree = shapely.STRtree(hazards.geometry.to_numpy()[zones.to_numpy()])
        flags[np.unique(tree.query(facilities.geometry.to_numpy(), predicate="intersects")[0])] = flag
    if delivered is not None:
        flags[(~flags.fillna(True) & ~facilities["commune_code"].isin(delivered)).to_numpy(bool)] = pd.NA
    facilities["in_hazard"] = flags
    return facilities


def with_filing(frame: gpd.GeoDataFrame, filing: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add to each commune whether its classification dossier is filed; unknown where the table has no row."""
    filed = frame["code"].map(filing.set_index("commune_code")["filed"]) if len(filing) else None
    return frame.assign(filed=pd.array(filed, dtype="boolean") if filed is not None else pd.NA)


def with_coverage(frame: gpd.GeoDataFrame, coverage: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add to each commune the mean share covered over its mandatory layers and plan kinds."""
    mandatory = coverage[coverage["mandatory"].fillna(False).astype(bool)]
    mean = mandatory.assign(percent=mandatory["percent"].fillna(0.0)).groupby("commune_code")["percent"].mean()
    return frame.assign(coverage_percent=frame["code"].map(mean))


def without_restricted(conflicts: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take the geometry out of findings that rest on restricted layers: the site stands in its place."""
    flags = conflicts["restricted"].fillna(False).astype(bool)
    if not flags.any():
        return conflicts
    conflicts = conflicts.copy()
    of_site = conflicts.loc[flags, "site_id"].map(sites.set_index("site_id").geometry)
    conflicts.loc[flags, "geometry"] = gpd.GeoSeries(of_site, crs=conflicts.crs)
    for column in ("area_m2", "percent_of_site", "width_m"):
        conflicts.loc[flags, column] = np.nan
    return conflicts


def mosaic(masks: Iterable[Raster]) -> Raster:
    """Put the communes' eligible cells on one grid: 255 outside every commune, else as the communes have them."""
    parts = list(masks)
    cell = parts[0].cell_m
    west = min(p.bounds[0] for p in parts)
    south = min(p.bounds[1] for p in parts)
    east = max(p.bounds[2] for p in parts)
    north = max(p.bounds[3] for p in parts)
    values = np.full((round((north - south) / cell), round((east - west) / cell)), 255, dtype=np.uint8)
    for part in parts:
        row, column = round((north - part.bounds[3]) / cell), round((part.bounds[0] - west) / cell)
        rows, columns = part.values.shape
        target = values[row : row + rows, column : column + columns]
        inside = part.values != 255
        target[inside] = part.values[inside]
    return Raster(values, Affine(cell, 0, west, 0, -cell, north), 255, cell)


def told_land(eligible: Raster, include_restricted: bool) -> Raster:
    """Eligible cells as a run may show them: 1 eligible, 0 not, 255 outside every commune.

    Where restricted objects alone take land it counts as eligible: a hole there would draw them. With
    `include_restricted` it does not.
    """
    values = np.where(eligible.values == HIDDEN, np.uint8(not include_restricted), eligible.values)
    return replace(eligible, values=values)


def climate(rules: Rules) -> pd.DataFrame:
    """Climate scenario of the province; a figure that is not known yet says so."""
    unknown = rules.climate["value"].isna()
    return rules.climate.assign(
        notes=np.where(unknown, encode([("assumption.climate_unknown", {})]), np.array(None, dtype=object))
    )
