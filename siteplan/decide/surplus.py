"""What becomes of every facility: exactly one treatment each, by the rule table, and the year it becomes free.

The first rule that fits a facility holds. Its use in the option is one of

``decided``
    the treatment is decided already, with a number; it is kept as decided.
``kept``
    the commune's centre stays in it.
``rebuilt``
    the new centre is built on its plot.
``free``
    everything else: it is vacated when the commune's centre is finished, or is vacant already.

A rule that asks for a condition, a hazard flag or a least area does not fit a facility where that figure is missing;
what was missing is told among the reasons.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from siteplan.errors import InputError, Problem
from siteplan.locale import Message, encode
from siteplan.rules import ASSUMED, Rules
from siteplan.scenario import Scenario
from siteplan.tables import RESULTS, Row, as_number, conform, is_missing, records, rests_on
from siteplan.tables.inputs import SECTORS

# what may go to a unit that asks for it, in place of the form the table proposes
FOR_REQUESTS = ("transfer", "hand_over", "other_body", "recover_auction")
USES = ("decided", "kept", "rebuilt", "free")


def _flag(value: object) -> bool | None:
    return None if is_missing(value) else bool(value)


def _words(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _use(facility: Row, programme: Mapping[Any, Any]) -> str:
    if facility["status"] == "decided" and _words(facility.get("decided_treatment")):
        return "decided"
    if _flag(facility["kept"]):
        return "kept"
    plot = _words(facility.get("site_id"))
    if plot and programme.get("build_type") == "build_new" and plot == programme.get("site_id"):
        return "rebuilt"
    return "free"


def _fits(rule: Mapping[Any, Any], facility: Row, use: str) -> bool:
    if _words(rule["use"]) not in (None, use):
        return False
    for column in ("condition", "status", "former_level"):
        asked = _words(rule[column])
        if asked and facility[column] not in asked.split(";"):
            return False
    asked = _words(rule["hazard"])
    if asked and _flag(facility.get("in_hazard")) is not (asked == "yes"):
        return False
    least = float(rule["minimum_land_m2"])
    return math.isnan(least) or bool(facility["land_area_m2"] >= least)


def _freed(facility: Row, use: str, programme: Mapping[Any, Any]) -> tuple[int | None, Message]:
    """Return the year a facility becomes free in the option, and why."""
    if use == "decided":
        return None, ("surplus.free.decided", {"decision": _words(facility.get("decision_no"))})
    if use == "kept":
        return None, ("surplus.free.kept", {})
    if facility["status"] == "surplus":
        return None, ("surplus.free.already", {})
    status = programme.get("status")
    year = programme.get("finish_year")
    if status == "planned" and year is not None and not is_missing(year):
        if use == "rebuilt":
            start = int(programme["start_year"])
            return start, ("surplus.free.rebuilt", {"year": start})
        return int(year), ("surplus.free.finished", {"year": int(year)})
    if status == "not_needed":
        return None, ("surplus.free.not_needed", {})
    return None, ("surplus.free.waiting", {})


def _missing(facility: Row, use: str) -> list[Message]:
    if use != "free":
        return []
    absent = [column for column in ("condition", "land_area_m2") if is_missing(facility[column])]
    reasons: list[Message] = [(f"surplus.missing.{column}", {}) for column in absent]
    if _flag(facility.get("in_hazard")) is None:
        reasons.append(("surplus.missing.hazard", {}))
    return reasons


def _deadline(rule: Mapping[Any, Any], facility: Row, year: int | None, date: dt.date) -> str | None:
    """Day by which it has to be dealt with: so many days after it becomes free, at the latest at the year's end."""
    days = rule.get("deadline_days", math.nan)
    if is_missing(days):
        return None
    free = dt.date(year, 12, 31) if year is not None else date if facility["status"] == "surplus" else None
    return None if free is None else (free + dt.timedelta(days=int(days))).isoformat()


def _treat_one(
    facility: Row,
    programme: Mapping[Any, Any],
    rules: list[dict[Any, Any]],
    request: Mapping[Any, Any] | None,
    date: dt.date,
) -> dict[str, Any]:
    use = _use(facility, programme)
    rule = next((rule for rule in rules if _fits(rule, facility, use)), None)
    if rule is None:
        raise InputError(
            Problem("surplus_rule_missing", file="rules/surplus.csv", feature=str(facility["facility_id"]))
        )
    treatment = _words(facility.get("decided_treatment")) if use == "decided" else _words(rule["treatment"])
    if treatment is None:
        raise InputError(Problem("surplus_rule_without_treatment", file="rules/surplus.csv", feature=str(rule["_row"])))
    if request is not None:
        treatment = "transfer"
        rule = next((r for r in rules if r["treatment"] == "transfer"), rule)
    year, freed = _freed(facility, use, programme)
    facts: list[Message] = []
    if _words(facility["condition"]):
        facts.append(("surplus.condition", {"condition": facility["condition"]}))
    if not is_missing(facility["land_area_m2"]):
        facts.append(("surplus.land", {"land": float(facility["land_area_m2"])}))
    hazard: list[Message] = [("surplus.in_hazard", {})] if _flag(facility.get("in_hazard")) else []
    why: Message = (f"surplus.why.{use}" if use != "free" else f"surplus.why.{treatment}", {})
    if request is not None:
        told = {name: _words(request[name]) for name in ("unit", "document")}
        why = ("surplus.why.requested", {**told, "sector": request["sector"]})
    tokens: set[str] = set()
    for words in (facility.get("rests_on"), programme.get("rests_on") if year is not None else None):
        tokens |= set(words.split("; ")) - {""} if isinstance(words, str) else set()
    if rule["certainty"] in ASSUMED:
        tokens.add(f"assumption:surplus.{rule['order']:g}.{rule['_row']}")
    return {
        **{name: facility[name] for name in ("facility_id", "commune_code", "name", "status", "condition")},
        **{name: facility[name] for name in ("floor_area_m2", "land_area_m2")},
        "free_year": year,
        "treatment": treatment,
        "request_id": None if request is None else request["request_id"],
        "decided_by": _words(rule.get("decided_by")),
        "deadline": None if use in ("decided", "kept") else _deadline(rule, facility, year, date),
        "decided": use == "decided",
        "decision_no": _words(facility.get("decision_no")),
        "reasons": encode([why, *facts, *hazard, freed, *_missing(facility, use)]),
        "legal_basis": rule["legal_basis"],
        "certainty": rule["certainty"],
        "rests_on": rests_on(*tokens),
    }


def match(
    facilities: pd.DataFrame, programme: pd.DataFrame, rules: Rules, requests: pd.DataFrame, option: str
) -> tuple[dict[str, dict[Any, Any]], pd.DataFrame]:
    """Match requests for land to facilities that become free in the same commune.

    Requests that name a facility come first, then the order of use of CĐ 213/CĐ-TTg (health, education, culture, sport,
    police, other), then the older document. A request without a facility takes the smallest plot that is large enough
    and sooner free, one whose area is not known last; no facility goes to two.

    Returns
    -------
    matched, table
        Facility to its request; ``RESULTS["land_requests"]`` with the reason where none fits.
    """
    ordered = rules.surplus.sort_values("order", kind="stable").to_dict("records")
    by_commune = {str(row["commune_code"]): row for row in records(programme)}
    free: dict[str, tuple[Row, int | None, Message]] = {}
    held = {str(row["facility_id"]): row for row in records(facilities)}
    for row in held.values():
        own = by_commune.get(str(row["commune_code"]), {})
        use = _use(row, own)
        rule = next((r for r in ordered if _fits(r, row, use)), None)
        if use == "free" and rule is not None and rule["treatment"] in FOR_REQUESTS:
            free[str(row["facility_id"])] = (row, *_freed(row, use, own))
    rank = {sector: n for n, sector in enumerate(SECTORS)}
    wanted = sorted(
        requests.to_dict("records"),
        key=lambda r: (
            not _words(r["facility_id"]), rank.get(r["sector"], len(rank)), _words(r["document_date"]) or "9999",
            r["request_id"],
        ),
    )  # fmt: skip
    matched: dict[str, dict[Any, Any]] = {}
    lines = []
    for request in wanted:
        asked, least = _words(request["facility_id"]), request["land_area_m2"]
        fitting = [
            (*_size(row), year or 0, key)
            for key, (row, year, _) in free.items()
            if key not in matched
            and _same_commune(row, request)
            and (asked is None or key == asked)
            and (is_missing(least) or row["land_area_m2"] >= least)
        ]
        found = min(fitting)[-1] if fitting else None
        if found is not None:
            matched[found] = request
            messages = [("surplus.request.met", {}), free[found][2]]
        elif asked is not None:
            messages = [_named_unmet(request, asked, held.get(asked), free, matched, by_commune)]
        else:
            own = {key: row for key, (row, _, _) in free.items() if _same_commune(row, request)}
            messages = _unmet(own, matched)
        lines.append(
            {
                **{name: request[name] for name in _OF_REQUEST},
                "option": option,
                "facility_id": found,
                "free_year": None if found is None else free[found][1],
                "reasons": encode(messages),
            }
        )
    names = RESULTS["land_requests"].names
    return matched, conform(pd.DataFrame(lines, columns=names), RESULTS["land_requests"])


def _same_commune(facility: Row, request: Mapping[Any, Any]) -> bool:
    return str(facility["commune_code"]) == str(request["commune_code"])


def _size(facility: Row) -> tuple[bool, float]:
    """Order plots by area, those whose area is not known last."""
    area = as_number(facility["land_area_m2"])
    return (True, 0.0) if math.isnan(area) else (False, area)


def _named_unmet(
    request: Mapping[Any, Any],
    asked: str,
    facility: Row | None,
    free: Mapping[str, Any],
    matched: Mapping[str, Any],
    communes: Mapping[str, Row],
) -> Message:
    """Say why the facility that a request names does not go to it."""
    named: dict[str, Any] = {"facility": asked}
    if facility is None:
        return "surplus.request.not_known", named
    if not _same_commune(facility, request):
        code = str(facility["commune_code"])
        return "surplus.request.elsewhere", {**named, "commune": _words(communes.get(code, {}).get("name")) or code}
    if asked in matched:
        return "surplus.request.taken", {}
    if asked not in free:
        return "surplus.request.not_free", named
    if is_missing(facility["land_area_m2"]):
        return "surplus.request.no_area", named
    areas = {"land": float(facility["land_area_m2"]), "needed": float(request["land_area_m2"])}
    return "surplus.request.too_small", {**named, **areas}


def _unmet(own: Mapping[str, Row], matched: Mapping[str, Any]) -> list[Message]:
    """Say why none of the facilities that become free in the commune meets a request that names none."""
    left = [row for key, row in own.items() if key not in matched]
    if not left:
        return [("surplus.request.all_taken" if own else "surplus.request.none_free", {})]
    unknown = sum(is_missing(row["land_area_m2"]) for row in left)
    told: list[Message] = [("surplus.request.none", {})] if unknown < len(left) else []
    return [*told, ("surplus.request.without_area", {"count": unknown})] if unknown else told


_OF_REQUEST = ("request_id", "commune_code", "sector", "unit", "land_area_m2", "document")


def with_values(surplus: gpd.GeoDataFrame, kinds: Mapping[str, str], scenario: Scenario) -> gpd.GeoDataFrame:
    """Add what the land that is auctioned may bring: area times the price of its kind of commune, at low and high.

    Without a price, or without a land area, there is no value. The proceeds are a possible source, never a committed
    one.
    """
    auctioned = surplus["treatment"] == "recover_auction"
    prices = surplus["commune_code"].map(kinds).map(dict(scenario.costs.auction_prices)).astype("float64")
    value = (surplus["land_area_m2"] * prices).where(auctioned)
    return surplus.assign(value_low=value * scenario.levels.low, value_high=value * scenario.levels.high)


def treat(
    facilities: gpd.GeoDataFrame,
    programme: pd.DataFrame,
    rules: Rules,
    option: str,
    matched: Mapping[str, Mapping[Any, Any]] | None = None,
    date: dt.date = dt.date(2026, 1, 1),
) -> gpd.GeoDataFrame:
    """Propose one treatment for every facility in one option.

    Parameters
    ----------
    facilities
        ``RESULTS["facilities"]`` with ``in_hazard`` (nullable) and, optionally, ``site_id``: the site that stands for
        its plot.
    programme
        ``RESULTS["programme"]`` of the option.
    rules
        ``surplus``: rows in the order of ``order``; ``condition``, ``status`` and ``former_level`` list tokens
        separated by semicolons, an empty cell asks nothing.
    option
        Name of the option.
    matched
        Facility to the request it meets (:func:`match`): it is transferred to the unit that asks.
    date
        Day from which the deadline of what is vacant already counts.

    Returns
    -------
    GeoDataFrame
        ``RESULTS["surplus"]``: as many rows as `facilities`, points inside them, same CRS. ``free_year`` is missing
        where the facility stays, is vacant already, is decided, can be left at once, or waits for a centre that the
        option does not build; the reasons say which.

    Raises
    ------
    InputError
        Where no rule fits a facility, or the rule names no treatment.
    """
    ordered = rules.surplus.sort_values("order", kind="stable").to_dict("records")
    by_commune = {str(row["commune_code"]): row for row in records(programme)}
    asked = matched or {}
    rows = [
        _treat_one(row, by_commune.get(str(row["commune_code"]), {}), ordered, asked.get(str(row["facility_id"])), date)
        for row in records(facilities)
    ]
    table = pd.DataFrame(rows, columns=[name for name in RESULTS["surplus"].names if name != "option"])
    table.insert(0, "option", option)
    points = shapely.point_on_surface(facilities.geometry.to_numpy())
    return conform(gpd.GeoDataFrame(table, geometry=points, crs=facilities.crs), RESULTS["surplus"])
