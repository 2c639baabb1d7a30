"""What a commune has, what of it can stay, what can be added on its own land, and what must be built new.

The unit is the facility. A centre stands in one place (QCVN 01:2021, 2.16.6.2: headquarters are grouped), so one
facility of the commune leads: a former district seat's first, then the one that, with what can be added on its land,
covers most of the need. From it follows the build type:

``none``
    its usable floor covers the need and it is sound.
``renovate``
    its usable floor covers the need, but the building is in poor condition.
``extend``
    it covers at least the share of the norm ``gap.extend_minimum_percent``, and the rest fits on its own land, or on no
    more adjoining land than ``gap.extend_land_maximum_percent`` of the land the need asks for.
``build_new``
    everything else: the whole need is built in one new place and the facility becomes free.

Identity: wherever there is a deficit, kept + extension + new floor = required floor, but for what a person agreed.
``shortage_percent`` keeps its name from the criterion it feeds: it is coverage, usable floor over need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.errors import InputError, Problem
from siteplan.locale import Message, encode
from siteplan.need.agreed import agreed_rows, with_agreed
from siteplan.need.areas import density_norm
from siteplan.need.grouping import is_true
from siteplan.need.houses import usable_of_houses
from siteplan.need.old_norm import judge
from siteplan.need.plot_capacity import PLOT_NORMS, adjoining_land, extension_capacity, footprint
from siteplan.need.standards import land_of_floor
from siteplan.norms import Norm, Norms
from siteplan.rules import ASSUMED
from siteplan.scenario import NeedSettings
from siteplan.tables import RESULTS, Row, as_number, conform, is_missing, records, rests_on

_CONDITION_NORMS = {
    condition: f"condition.{condition}_share" for condition in ("good", "fair", "poor", "unsafe", "unknown")
}
_EXTEND_NORMS = ("gap.extend_minimum_percent", "gap.extend_land_maximum_percent")
_WORN = ("poor", "unsafe")  # what counts as worn; only what is poor can be renovated, an unsafe house is replaced
_FIGURES = ("land_area_m2", "floor_area_m2", "condition", "floors", "footprint_m2", "year_built")
_HALF_CENTIMETRE = 0.005  # areas are printed with two decimals; what is below is no deficit


@dataclass(frozen=True)
class GapResult:
    """``communes``: one row each; ``facilities``: ``RESULTS["facilities"]``, with geometry; ``used``: norms entered."""

    communes: pd.DataFrame
    facilities: gpd.GeoDataFrame
    used: list[Norm]


@dataclass(frozen=True)
class _Shares:
    """Norms the gap needs, as numbers."""

    norms: dict[str, Norm]
    floors: int

    def __getitem__(self, key: str) -> float:
        return self.norms[key].value

    def tokens(self, keys: Iterable[str]) -> set[str]:
        """Tokens of the assumptions among `keys`."""
        return {f"assumption:{self.norms[k].assumption_id}" for k in keys if self.norms[k].certainty in ASSUMED}


def _shares(norms: Norms, settings: NeedSettings) -> _Shares:
    found: dict[str, Norm] = {}
    problems: list[Problem] = []
    for key in (*_CONDITION_NORMS.values(), *PLOT_NORMS, *_EXTEND_NORMS):
        try:
            found[key] = norms[key]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*problems)
    found["land.density_percent"] = density_norm(norms)
    return _Shares(found, settings.floors)


def _measure(
    facilities: gpd.GeoDataFrame, staff: dict[str, int], shares: _Shares, of_houses: dict[str, float]
) -> gpd.GeoDataFrame:
    """Add usable floor, floor that can be added, whether the facility counts, and what it rests on."""
    usable, extension, missing, rests, counts = [], [], [], [], []
    for row in records(facilities):
        condition = "unknown" if is_missing(row["condition"]) else str(row["condition"])
        floor = as_number(row["floor_area_m2"])
        by_house = of_houses.get(str(row["facility_id"]), math.nan)
        usable.append(floor * shares[_CONDITION_NORMS[condition]] if math.isnan(by_house) else by_house)
        absent = [name for name in _FIGURES if is_missing(row[name])]
        keys = [_CONDITION_NORMS[condition]]
        if condition == "unsafe":
            extension.append(0.0)  # what replaces an unsafe house on its plot is a new building, not an extension
        else:
            area = extension_capacity(
                as_number(row["land_area_m2"]),
                footprint(row),
                floor,
                staff.get(str(row["commune_code"]), 0),
                shares.floors,
                shares,
            )
            extension.append(area)
            keys += PLOT_NORMS if not math.isnan(area) else ()
        decided_away = row["status"] == "decided" and row["decided_treatment"] != "keep"
        counts.append(not decided_away)
        tokens = shares.tokens(keys)
        if is_true(row["illustrative"]):
            tokens.add(f"layer:{row['layer']}")
        missing.append("; ".join(absent) or None)
        rests.append(rests_on(*tokens))
    measured = facilities.copy()
    measured["usable_floor_area_m2"] = np.round(usable, 2)
    measured["extension_floor_area_m2"] = np.floor(np.array(extension, dtype=float) * 100) / 100
    measured["missing"] = missing
    measured["rests_on"] = rests
    measured["counts"] = counts
    return measured


def _best_first(measured: pd.DataFrame, required: pd.DataFrame) -> pd.DataFrame:
    """Sort facilities, plain rows without geometry, so that of each commune the one to lead comes first."""
    need = measured["commune_code"].map(required.set_index("commune_code")["required_floor_area_m2"].round(2))
    possible = measured["usable_floor_area_m2"].fillna(0) + measured["extension_floor_area_m2"].fillna(0)
    ranked = pd.DataFrame(measured.drop(columns="geometry")).assign(
        of_district=(measured["former_level"] == "district").fillna(value=False).astype(bool),
        covered=np.fmin(possible.to_numpy(dtype=float), need.to_numpy(dtype=float)),
        sound=~measured["condition"].isin(_WORN),
    )
    return ranked.sort_values(
        ["of_district", "covered", "sound", "usable_floor_area_m2", "land_area_m2", "facility_id"],
        ascending=[False, False, False, False, False, True],
        kind="stable",
    )


def _leading(counted: Sequence[Row]) -> Row | None:
    """Return the facility the centre would stay in, or None where no usable floor is known."""
    return next((row for row in counted if row["usable_floor_area_m2"] > 0), None)


@dataclass(frozen=True)
class _Decision:
    """What is done in a commune, why, and the adjoining land an extension asks for, m²."""

    build_type: str
    reasons: list[Message]
    extra_land: float = 0.0


def _decide(commune: Row, leading: Row | None, unknown: bool, shares: _Shares) -> _Decision:
    required = round(float(commune["required_floor_area_m2"]), 2)
    if leading is None:
        return _Decision("build_new", [("need.build.nothing_known" if unknown else "need.build.nothing_usable", {})])
    usable, addable = float(leading["usable_floor_area_m2"]), as_number(leading["extension_floor_area_m2"])
    params = {"name": leading["name"] or leading["facility_id"], "usable": usable, "required": required}
    worn = _is_poor(leading)
    if required - usable <= _HALF_CENTIMETRE:
        enough: list[Message] = [("need.build.renovate" if worn else "need.build.enough", params)]
        if usable - required > _HALF_CENTIMETRE:
            enough.append(("need.build.excess", {"excess": usable - required}))
        return _Decision("renovate" if worn else "none", enough)
    deficit = round(required - usable, 2)
    least, most = (shares[key] for key in _EXTEND_NORMS)
    if usable < least / 100 * required:
        return _Decision("build_new", [("need.build.too_small", {**params, "percent": least})])
    beyond = max(0.0, deficit - (0.0 if math.isnan(addable) else addable))
    extra = math.ceil(adjoining_land(beyond, shares.floors, shares) * 100) / 100
    params |= {"deficit": deficit, "addable": addable, "extra": extra, "percent": most}
    if math.isnan(addable):
        del params["addable"]
    case = "plot_unknown" if math.isnan(addable) else "extend" if extra == 0 else "plot_too_small"
    if extra > most / 100 * float(commune["required_land_area_m2"]):
        return _Decision("build_new", [(f"need.build.{case}", params)])
    reasons: list[Message] = [(f"need.build.{case}" if extra == 0 else f"need.build.extend_{case}", params)]
    if worn:
        reasons.append(("need.build.extend_poor", params))
    return _Decision("extend", reasons, extra)


def _sum(rows: Sequence[Row], column: str) -> float:
    """Sum of what is known; NaN where there are rows and none is known."""
    known = [float(row[column]) for row in rows if not is_missing(row[column])]
    return math.nan if rows and not known else math.fsum(known)


def _inventory_state(own: Sequence[Row], counted: Sequence[Row], leading: Row | None) -> str:
    if not own:
        return "none"
    if not counted:  # all facilities are known and given to another use: the commune has nothing, and that is known
        return "complete"
    unknown = sum(is_missing(row["floor_area_m2"]) for row in counted)
    if unknown == len(counted):
        return "none"
    guessed = leading is not None and any(is_missing(leading[name]) for name in ("condition", "land_area_m2"))
    return "incomplete" if guessed or unknown else "complete"


def _poor_percent(counted: Sequence[Row]) -> float:
    """Share of floor area in poor or unsafe condition, of what has both figures; NaN where nothing has."""
    known = [row for row in counted if not is_missing(row["floor_area_m2"]) and not is_missing(row["condition"])]
    total = _sum(known, "floor_area_m2")
    worn = _sum([row for row in known if row["condition"] in _WORN], "floor_area_m2")
    return 100 * worn / total if total > 0 else math.nan


def _gap_of(
    commune: Row,
    own: Sequence[Row],
    shares: _Shares,
    agreed: dict[str, Any] | None,
    land: Callable[[Row, float], float],
) -> dict[str, Any]:
    """Return the row of one commune; areas not yet rounded but those of the need."""
    required = round(float(commune["required_floor_area_m2"]), 2)
    counted = [row for row in own if row["counts"]]
    leading = _leading(counted)
    state = _inventory_state(own, counted, leading)
    decision = _decide(commune, leading, state == "none", shares)
    build_type, reasons = decision.build_type, decision.reasons
    if state == "incomplete":
        without = sum(is_missing(row["floor_area_m2"]) for row in counted)
        reasons.append(("need.build.estimated", {"count": without}) if without else ("need.build.main_lacks", {}))
    stays = leading is not None and build_type != "build_new"
    in_place = 0.0 if leading is None else float(leading["usable_floor_area_m2"])
    kept = in_place if stays else 0.0
    extension = round(required - kept, 2) if build_type == "extend" else 0.0
    new = required if build_type == "build_new" else 0.0
    kept_land = as_number(leading["land_area_m2"]) if stays and leading is not None else 0.0
    tokens = shares.tokens(_EXTEND_NORMS)
    for words in (commune.get("rests_on"), *(row["rests_on"] for row in counted)):
        tokens |= set() if not isinstance(words, str) else {token for token in words.split("; ") if token}
    known = state != "none"
    row = {
        "commune_code": commune["commune_code"],
        "existing_floor_area_m2": _sum(counted, "floor_area_m2") if known else math.nan,
        "existing_land_area_m2": _sum(counted, "land_area_m2") if own else math.nan,
        "kept_floor_area_m2": kept,
        "kept_land_area_m2": kept_land,
        "deficit_floor_area_m2": max(0.0, round(required - in_place, 2)),
        "extension_floor_area_m2": extension,
        "extension_land_area_m2": decision.extra_land,
        "new_floor_area_m2": new,
        "new_land_area_m2": float(commune["required_land_area_m2"]) if build_type == "build_new" else 0.0,
        "inventory_state": state,
        "kept_facility_id": leading["facility_id"] if stays and leading is not None else None,
        # the facility that leads, whatever is built
        "leading_facility_id": None if leading is None else leading["facility_id"],
        "build_type": build_type,
        "build_reasons": encode(reasons),
        "renovation_floor_area_m2": min(kept, required) if stays and _is_poor(leading) else 0.0,
        "poor_floor_percent": _poor_percent(counted),
        "shortage_percent": 100 * in_place / required if known else math.nan,
        "rests_on": "; ".join(sorted(tokens)),
    }
    return with_agreed(row, agreed, leading, commune, land)


def _is_poor(leading: Row | None) -> bool:
    return leading is not None and leading["condition"] == "poor"


def gaps(
    required: pd.DataFrame,
    facilities: gpd.GeoDataFrame,
    norms: Norms,
    settings: NeedSettings,
    houses: pd.DataFrame | None = None,
    agreed: pd.DataFrame | None = None,
) -> GapResult:
    """Compare need and stock of every commune.

    Facilities whose other use is already decided do not count. Unknown is not zero: where no facility of a commune has
    a floor area, the existing floor is NaN, nothing is kept, ``inventory_state`` is ``none`` and the deficit is the
    whole need; where some lack it, the known ones are added and the state is ``incomplete``.

    Parameters
    ----------
    required
        ``NeedResult.communes``: one row a commune, m².
    facilities
        ``INPUTS["facilities"]``, in the province's CRS.
    norms, settings
        Norms in force; floors of the scenario.
    houses
        ``INPUTS["facility_buildings"]``: where a facility has rows there, its usable floor is that of its houses.
    agreed
        ``INPUTS["agreed_areas"]``: figures that stand for computed ones (:mod:`siteplan.need.agreed`).

    Returns
    -------
    GapResult
        ``communes`` sorted by code. ``shortage_percent`` is the usable floor of the leading facility over the required
        floor x 100 (0: nothing usable; NaN: nothing known); ``poor_floor_percent`` the share of floor area in poor or
        unsafe condition; ``renovation_floor_area_m2`` the kept floor in poor condition. ``deficit_floor_area_m2`` is
        what is missing in place; once the build types are settled (:mod:`siteplan.need.rebuild`) it is the need less
        what is kept: what extension and new building add.

    Raises
    ------
    InputError
        With every norm that is missing.
    """
    shares = _shares(norms, settings)
    staff = {str(c): int(n) for c, n in zip(required["commune_code"], required["staff"], strict=True)}
    of_condition = {condition: shares[key] for condition, key in _CONDITION_NORMS.items()}
    of_houses = {} if houses is None else usable_of_houses(houses, of_condition)
    measured = _measure(facilities, staff, shares, of_houses)
    judged, old_norms = judge(measured, norms)
    measured[list(judged.columns)] = judged
    settled = agreed_rows(agreed)
    by_commune: dict[str, list[Row]] = {}
    for facility in records(_best_first(measured, required)):
        by_commune.setdefault(str(facility["commune_code"]), []).append(facility)
    land = partial(land_of_floor, norms=norms, settings=settings)
    rows = [
        _gap_of(row, by_commune.get(code, []), shares, settled.get(code), land)
        for code, row in ((str(row["commune_code"]), row) for row in records(required))
    ]
    rows.sort(key=lambda row: str(row["commune_code"]))
    communes = pd.DataFrame(rows)
    kept = set(communes["kept_facility_id"].dropna()) if len(communes) else set()
    measured["kept"] = measured["facility_id"].isin(kept).to_numpy() | (measured["decided_treatment"] == "keep").fillna(
        value=False
    ).to_numpy(dtype=bool)
    areas = [name for name in communes.columns if name.endswith(("_m2", "_percent"))]
    communes[areas] = communes[areas].astype("float64").round(2)
    used = [*(shares.norms[key] for key in sorted(shares.norms)), *old_norms]
    return GapResult(communes, conform(measured, RESULTS["facilities"]), used)
