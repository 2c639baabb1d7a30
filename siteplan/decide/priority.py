"""Which commune first: measured criteria, base points of 100, and the supplements beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial.distance import pdist

from siteplan.decide.rounding import half_up
from siteplan.decide.scoring import raw_text, score
from siteplan.locale import fold
from siteplan.norms import Norm, Norms, stepped_points
from siteplan.rules import ASSUMED
from siteplan.scenario import Criterion, SupplementSettings
from siteplan.tables import RESULTS, rests_on

COMMUNE_ASSUMPTION = "assumption:scenario.criteria.commune"
SUPPLEMENT_ASSUMPTION = "assumption:scenario.supplements"
_DECIMALS = RESULTS["communes"].column("priority_points").decimals
# measured columns whose points break ties, in this order
_TIE_COLUMNS = ("shortage_percent", "nd307_points")
_WARD = "phường"
_OF_BORDER = ("border", "gate", "counterpart", "delegations", "no_reception_room")
# how "no counterpart unit" is written where one is asked for
_NO_COUNTERPART = ("", "khong", "khong co", "none", "0")


def measure_communes(communes: pd.DataFrame, facilities: pd.DataFrame, sites: Any, norms: Norms) -> pd.DataFrame:
    """Measure what the criteria of communes are made of.

    Parameters
    ----------
    communes
        Columns code, kind, population, area_km2, former_unit_count; ``filed`` (bool) where the state of filing is
        known.
    facilities
        ``RESULTS["facilities"]`` in the province's CRS; those in use, or of unknown status, count.
    sites
        ``RESULTS["sites"]`` as ranked; the proposed site of each commune counts.
    norms
        With the sets ``nd307-2025`` and ``de-xuat-uu-tien``.

    Returns
    -------
    DataFrame
        `communes` with nd307_points (population and area parts only, 20..50; the reduced population level of mountain
        communes applies to every xã where the norm exists), facility_spread_km (greatest distance between two
        facilities in use, 0 for one, NaN for none known), dispersal (former units; raised to the norm's count where
        the spread is over the norm's distance), access_minutes_best, best_clearance, best_conformity (of the proposed
        site), filed, readiness (0..3: land cleared, in accordance with the plans, filed; NaN where one of them is
        unknown).
    """
    measured = communes.copy()
    measured["nd307_points"] = _scale(measured, norms)
    used = [*_nd307_norms(norms), *(norms[f"priority.dispersal.far_{key}"] for key in ("km", "units"))]

    spread = _spread_km(facilities)
    measured["facility_spread_km"] = measured["code"].map(spread).astype("float64").round(3)
    units = pd.to_numeric(measured["former_unit_count"]).astype("float64")
    far = measured["facility_spread_km"] > norms.value("priority.dispersal.far_km")
    measured["dispersal"] = units.where(~far, np.fmax(units, norms.value("priority.dispersal.far_units")))

    best = sites[sites["is_best"].astype("boolean").fillna(value=False)].set_index("commune_code")
    measured["access_minutes_best"] = measured["code"].map(best["access_minutes"]).astype("float64")
    measured["best_clearance"] = measured["code"].map(best["clearance"])
    measured["best_conformity"] = measured["code"].map(best["conformity"])
    if "filed" not in measured.columns:
        measured["filed"] = pd.Series(pd.NA, index=measured.index, dtype="boolean")
    filed = measured["filed"].astype("boolean").astype("float64")
    measured["readiness"] = (
        (measured["best_clearance"] == "cleared").astype("float64").where(measured["best_clearance"].notna())
        + (measured["best_conformity"] == "conforms").astype("float64").where(measured["best_conformity"].notna())
        + filed
    )

    assumed = [f"assumption:{norm.assumption_id}" for norm in used if norm.certainty in ASSUMED]
    site_tokens = measured["code"].map(best["rests_on"])
    measured["rests_on"] = [
        rests_on(own, *assumed, of_site)
        for own, of_site in zip(_column(measured, "rests_on"), site_tokens, strict=True)
    ]
    return measured


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name in frame.columns:
        return frame[name]
    return pd.Series([None] * len(frame), index=frame.index, dtype="object")


def _nd307_norms(norms: Norms) -> list[Norm]:
    return [norms[key] for key in norms if key.startswith("nd307.") and (".population." in key or ".area." in key)]


def _scale(communes: pd.DataFrame, norms: Norms) -> list[float]:
    mountain = norms.value("nd307.mountain_share") if "nd307.mountain_share" in norms else 1.0
    points = []
    for kind, people, area in zip(
        communes["kind"],
        pd.to_numeric(communes["population"]).astype("float64"),
        pd.to_numeric(communes["area_km2"]).astype("float64"),
        strict=True,
    ):
        unit, share = ("ward", 1.0) if kind == _WARD else ("commune", mountain)
        points.append(
            stepped_points(people, norms, f"nd307.{unit}.population", share)
            + stepped_points(area, norms, f"nd307.{unit}.area")
        )
    return points


def _spread_km(facilities: Any) -> dict[str, float]:
    if len(facilities) == 0:
        return {}
    status = facilities["status"].astype("object")
    used = facilities[status.isna() | (status == "in_use")]
    spread = {}
    for code, group in used.groupby("commune_code"):
        places = shapely.point_on_surface(np.asarray(group["geometry"], dtype=object))
        places = places[~(shapely.is_missing(places) | shapely.is_empty(places))]
        if len(places):
            metres = pdist(shapely.get_coordinates(places))
            spread[str(code)] = float(metres.max()) / 1000 if len(metres) else 0.0
    return spread


def rank_communes(
    communes: pd.DataFrame, criteria: Sequence[Criterion], supplements: SupplementSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every commune its priority points and rank.

    Base points are the weighted sum of the criteria, of 100. Supplements stand outside: for border communes, with
    more for the class of the gate and for relations across the border, and for central wards; their sum is cut at
    the cap, so that they cannot lift a commune above one whose base points are higher by more than the cap. Ranks
    compare rounded points; ties are broken by the points for shortage, then for scale, then by code.

    Parameters
    ----------
    communes
        As :func:`measure_communes` returns them, with is_border, is_central_ward, gate_class and the columns that the
        criteria measure.

    Returns
    -------
    tuple
        The communes with base_points, base_points_low and base_points_high (bounds where values are missing),
        border_points, ward_points, supplement_points, priority_points, priority_rank, base_rank, priority_missing
        (keys, "; "-joined); the rows of ``RESULTS["scores"]`` for the blocks ``base`` and ``supplement`` (the cut at
        the cap is a row of its own).
    """
    ranked = communes.copy()
    scored = score(ranked, "code", None, criteria, "commune")
    ranked["base_points"] = scored.subjects["score"]
    ranked["base_points_low"] = scored.subjects["score_low"]
    ranked["base_points_high"] = scored.subjects["score_high"]
    rows = _supplement_rows(ranked, supplements)
    points = rows.pivot_table(index="subject_id", columns="criterion", values="points", aggfunc="sum")
    points = points.reindex(index=ranked["code"], columns=[*_OF_BORDER, "central_ward", "supplement_cap"])
    points = points.fillna(0.0).set_axis(ranked.index)
    border = points[list(_OF_BORDER)].sum(axis=1).round(_DECIMALS)
    ranked["border_points"] = border.where(_column(ranked, "is_border").notna())
    ranked["ward_points"] = points["central_ward"].round(_DECIMALS).where(_column(ranked, "is_central_ward").notna())
    ranked["supplement_points"] = points.sum(axis=1).round(_DECIMALS)
    ranked["priority_points"] = (ranked["base_points"] + ranked["supplement_points"]).round(_DECIMALS)

    scores = pd.concat([scored.scores, rows], ignore_index=True)
    missing = scores[scores["missing"].astype(bool)].groupby("subject_id")["criterion"].agg("; ".join)
    ranked["priority_missing"] = ranked["code"].map(missing)
    ties = [_tie_points(ranked, scored.scores, keys) for keys in tie_keys(criteria)]
    ranked["priority_rank"] = _rank(ranked, "priority_points", ties)
    ranked["base_rank"] = _rank(ranked, "base_points", ties)

    tokens = [COMMUNE_ASSUMPTION] if any(c.certainty in ASSUMED for c in criteria) else []
    if supplements.certainty in ASSUMED:
        tokens.append(SUPPLEMENT_ASSUMPTION)
    ranked["rests_on"] = [rests_on(words, *tokens) for words in _column(ranked, "rests_on")]
    return ranked, scores


def tie_keys(criteria: Sequence[Criterion]) -> list[list[str]]:
    """Keys of the criteria whose points break ties: those of the first list first."""
    return [[c.key for c in criteria if c.source == column] for column in _TIE_COLUMNS]


def _tie_points(communes: pd.DataFrame, scores: pd.DataFrame, keys: Sequence[str]) -> pd.Series[Any]:
    points = scores[scores["criterion"].isin(keys)].groupby("subject_id")["points"].sum(min_count=1)
    return communes["code"].map(points).astype("float64").transform(half_up, decimals=_DECIMALS)


def _rank(communes: pd.DataFrame, by: str, ties: Sequence[pd.Series[Any]]) -> pd.Series[Any]:
    order = pd.DataFrame({n: -values.fillna(-np.inf) for n, values in enumerate([communes[by], *ties])})
    order["code"] = communes["code"].astype(str)
    position = order.sort_values(list(order.columns)).index
    return pd.Series(np.arange(1, len(position) + 1), index=position, dtype="Int64").reindex(communes.index)


def _supplement_rows(communes: pd.DataFrame, supplements: SupplementSettings) -> pd.DataFrame:
    rows = []
    gate_reach = max(supplements.gate.values(), default=0.0)
    for commune in communes.drop(columns="geometry", errors="ignore").to_dict("records"):
        border, ward, gate = (commune.get(k) for k in ("is_border", "is_central_ward", "gate_class"))
        # whether the class of gate counts is known only for border communes
        gate_points = supplements.gate.get(str(gate), 0.0) if border is not pd.NA and border else 0.0
        parts = [
            ("border", border, supplements.border, _flag(border)),
            ("central_ward", ward, supplements.central_ward, _flag(ward)),
        ]
        if _flag(border) == 1.0:
            scaled = np.nan if pd.isna(gate) else (gate_points / gate_reach if gate_reach else 0.0)
            parts[1:1] = [("gate", gate, gate_reach, scaled), *_relations(commune, supplements)]
        total = sum(weight * scaled for _, _, weight, scaled in parts if not np.isnan(scaled))
        if total > supplements.cap_points:
            parts.append(("supplement_cap", supplements.cap_points, supplements.cap_points - total, 1.0))
        rows += [
            {
                "of": "commune",
                "subject_id": commune["code"],
                "commune_code": commune["code"],
                "criterion": criterion,
                "block": "supplement",
                "raw": raw_text(raw),
                "scaled": scaled,
                "weight": weight,
                "points": weight * scaled,
                "missing": bool(np.isnan(scaled)),
            }
            for criterion, raw, weight, scaled in parts
        ]
    return pd.DataFrame(rows, columns=RESULTS["scores"].names)


def _relations(commune: dict[Any, Any], supplements: SupplementSettings) -> list[tuple[str, Any, float, float]]:
    """Return what a border commune's relations across the border count for; a figure that is missing is NaN."""
    unit, number, room = (
        commune.get(name) for name in ("counterpart_unit", "delegations_per_year", "has_reception_room")
    )
    has_unit = np.nan if _unknown(unit) else float(fold(str(unit)) not in _NO_COUNTERPART)
    received = np.nan if number is None or _unknown(number) else min(1.0, float(number) / supplements.delegations_full)
    parts = [
        ("counterpart", unit, supplements.counterpart, has_unit),
        ("delegations", number, supplements.delegations, received),
        ("no_reception_room", room, supplements.no_reception_room, 1 - _flag(room)),
    ]
    return [part for part in parts if part[2] > 0]


def _unknown(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def _flag(value: Any) -> float:
    return float("nan") if _unknown(value) else float(bool(value))
