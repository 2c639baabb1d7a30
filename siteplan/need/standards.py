"""How much floor and land a commune's centre needs, step by step from the norms in force.

The formula (areas in m²)::

    title    = Σ people of a title x norm of the title            NĐ 155/2025 Art. 5
    shared   = r x title                                          Art. 6
    special  = Σ rooms: one-stop centre, citizen reception, hall, archive, server, command, delegations      Art. 7
    usable   = title + shared + special (+ police + military command in scopes B and C)
    floor    = usable / k_net
    footprint = floor / floors
    land     = max(1 000; footprint / density; (footprint + parking + yard) / (1 - green))
    required land = land (in C: (land + square + culture house) / (1 - green areas - roads)) x (1 + reserve)

Every figure of it is a norm with its document; what is recalled or proposed is an assumption of the rows it enters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from siteplan.locale import Message
from siteplan.need.areas import TITLES, land_area, land_with_companions, special_area, title_area
from siteplan.need.chain import Chain
from siteplan.need.grouping import (
    GROUP_NORMS,
    PARTS,
    STAFF_NORMS,
    WARD_KIND,
    Staff,
    group_of,
    is_true,
    staff_of_communes,
)
from siteplan.norms import Norm, Norms
from siteplan.rules import ASSUMED
from siteplan.scenario import NeedSettings
from siteplan.tables import RESULTS, Row, as_text, conform, is_missing, records

SCOPES = ("A", "B", "C")

# what every commune's chain needs; police, square and the like are asked for with their scope
_NORMS = (
    *(f"title.{title}_m2" for title in TITLES),
    "shared.share",
    "mix.secretary",
    "mix.deputy",
    "mix.head",
    "mix.people_per_contract",
    *GROUP_NORMS,
    *STAFF_NORMS,
    "room.one_stop.per_1000_people_m2",
    "room.one_stop.minimum_m2",
    "room.one_stop.maximum_m2",
    "room.one_stop.peak_share",
    "room.one_stop.visitor_m2",
    "room.one_stop.waiting_share",
    "room.citizen_reception_m2",
    "room.citizen_reception.minimum_m2",
    "room.hall.seats",
    "room.hall.seat_m2",
    "room.hall.stage_depth_m",
    "room.hall.stage_width_m",
    "room.hall.maximum_seats",
    "companion.hall_seats",
    "room.archive.shelf_m",
    "room.archive.shelf_m_per_m2",
    "room.server.minimum_m2",
    "room.command_m2",
    "room.delegation.persons",
    "room.meeting.person_with_table_m2",
    "room.preparation_m2",
    "building.net_share",
    "building.floors",
    "parking.motorbike_m2",
    "parking.motorbikes_per_person",
    "parking.motorbikes_of_visitors",
    "parking.car_m2",
    "parking.floor_per_car_m2",
    "land.yard_share",
    "land.minimum_m2",
    "land.density_percent",
    "land.green_percent",
    "land.reserve_share",
    "scope_b.police_m2",
    "scope_b.military_m2",
    "scope_c.square_m2",
    "companion.culture_house_m2",
    "scope_c.green_share",
    "scope_c.roads_share",
)
_BASES = ("basis.title_area", "basis.special_area", "basis.usable_area", "basis.land_area")
_FORCES_PEOPLE = "scope_b.forces_people"
_OPTIONAL = ("land.density_office_new_percent", _FORCES_PEOPLE)
_SINGLE_HEADQUARTERS = ("land.single_headquarters_plain_m2", "land.single_headquarters_mountain_m2")


@dataclass(frozen=True)
class NeedResult:
    """Need of every commune.

    ``communes``: one row a commune in the scope of the scenario; ``needs``: the chain, ``RESULTS["needs"]``, for all
    three scopes; ``scopes``: what each scope comes to, ``RESULTS["scopes"]``; ``used``: the norms that entered, by key.
    """

    communes: pd.DataFrame
    needs: pd.DataFrame
    scopes: pd.DataFrame
    used: list[Norm]


def _in_force(norms: Norms, settings: NeedSettings) -> dict[str, Norm]:
    """Return the norms by key, all missing ones reported at once; the floors are those of the scenario."""
    found = norms.found(_NORMS)
    found["building.floors"] = replace(found["building.floors"], value=float(settings.floors))
    found.update({key: norms[key] for key in (*_SINGLE_HEADQUARTERS, *_BASES, *_OPTIONAL) if key in norms})
    return found


def _add_inputs(chain: Chain, commune: Row, staff: Staff) -> None:
    population = commune["population"]
    if is_missing(population):
        chain.add("population", math.nan, "người", formula="population_missing", certainty=None)
    elif is_true(commune.get("population_reported", False)):
        report: dict[str, Any] = {"number": as_text(commune.get("report_no")), "date": _day(commune.get("report_date"))}
        chain.add("population", float(population), "người", formula="population_reported", certainty=None, **report)
    else:
        published: dict[str, Any] = {
            "source": as_text(commune.get("population_source")),
            "date": _day(commune.get("population_date")),
        }
        formula = "population_published" if published["source"] else "population"
        chain.add("population", float(population), "người", formula=formula, certainty=None, **published)
    params: dict[str, Any] = {"people": staff.people}
    norms: tuple[str, ...] = ()
    formula = f"staff_{staff.basis}"
    if staff.basis == "approved":
        params["decision"] = staff.decision_no or None
        if staff.parts:
            formula = "staff_approved_parts"
            params |= {part: staff.parts.get(part) for part in PARTS}
    elif staff.basis == "group_average":
        params |= {"group": staff.group, "answered": staff.answered, "average": staff.average}
        if staff.group.startswith("population_"):
            chain.used.update(GROUP_NORMS)
    else:
        norms = STAFF_NORMS if not staff.parts else STAFF_NORMS[1:]
        formula = "staff_default_government" if staff.parts else formula
        params |= {"government": staff.government, "party_front": staff.party_front}
    certainty = "C" if staff.basis == "group_average" else None
    also: list[Message] = [("need.formula.illustrative_staff", {})] if staff.layers else []
    chain.add("staff", staff.people, "người", norms, formula=formula, certainty=certainty, also=also, **params)


def _day(value: object) -> str | None:
    """Write an ISO day as people of the province do."""
    words = as_text(value)
    return None if words is None else "/".join(reversed(words[:10].split("-")))


def _chain_of(commune: Row, scope: str, staff: Staff, norms: dict[str, Norm]) -> tuple[Chain, dict[str, Any]]:
    """Compute one commune in one scope: its steps and its summary."""
    chain = Chain(str(commune["code"]), scope, norms)
    _add_inputs(chain, commune, staff)
    title = title_area(chain, staff)
    share = chain.value("shared.share")
    shared = chain.add("shared_area", share * title, norms=("shared.share",), title=title, percent=share * 100)
    special = special_area(chain, commune)
    forces, drivers = 0.0, staff.people
    if scope != "A":
        more = _forces_people(chain)
        drivers += more
        told = "forces_people" if more else "forces_without_people"
        people: list[Message] = [(f"need.formula.{told}", {"people": more} if more else {})]
        for item, key in (("police_area", "scope_b.police_m2"), ("military_area", "scope_b.military_m2")):
            forces += chain.add(item, chain.value(key), norms=(key,), also=people)
    usable = chain.add(
        "usable_area",
        title + shared + special + forces,
        formula="usable_area_with_forces" if forces else "usable_area",
        basis="basis.usable_area",
        title=title,
        shared=shared,
        special=special,
        forces=forces,
    )
    net = chain.value("building.net_share")
    floor = chain.add("floor_area", usable / net, norms=("building.net_share",), usable=usable, share=net)
    floors = chain.value("building.floors")
    footprint = chain.add("footprint", floor / floors, norms=("building.floors",), floor=floor, floors=floors)
    land, binding = land_area(chain, str(commune["kind"]), drivers, floor, footprint)
    if scope == "C":
        land = land_with_companions(chain, land)
    share = chain.value("land.reserve_share")
    reserve = chain.add("reserve", share * land, norms=("land.reserve_share",), land=land, percent=share * 100)
    required = chain.add("required_land_area", land + reserve, basis="basis.land_area", land=land, reserve=reserve)
    _answer_single_headquarters(chain, str(commune["kind"]), required)
    summary = {
        "commune_code": chain.commune_code,
        "scope": scope,
        "staff": staff.people,
        "staff_basis": staff.basis,
        "required_usable_area_m2": usable,
        "required_floor_area_m2": floor,
        "required_footprint_m2": footprint,
        "required_land_area_m2": required,
        "land_without_reserve_m2": land,
        "binding_rule": binding,
        "single_headquarters": chain.rows[-1]["formula"],
    }
    return chain, summary


def land_of_floor(commune: Row, floor: float, norms: Norms, settings: NeedSettings) -> float:
    """Land that a building of a given floor asks for, with reserve, m²: the last steps of the chain.

    Parameters
    ----------
    commune
        Row of ``NeedResult.communes`` (``commune_code, group, scope, staff``).
    floor
        Floor area, m².

    Raises
    ------
    InputError
        With every norm that is missing.
    """
    chain = Chain(str(commune["commune_code"]), str(commune["scope"]), _in_force(norms, settings))
    people = int(commune["staff"]) + (_forces_people(chain) if chain.scope != "A" else 0)
    kind = WARD_KIND if commune["group"] == "ward" else ""
    land, _ = land_area(chain, kind, people, floor, floor / chain.value("building.floors"))
    if chain.scope == "C":
        land = land_with_companions(chain, land)
    return round(land * (1 + chain.value("land.reserve_share")), 2)


def _forces_people(chain: Chain) -> int:
    """People of police and military where a norm gives them, else 0."""
    return round(chain.value(_FORCES_PEOPLE)) if _FORCES_PEOPLE in chain.norms else 0


def _answer_single_headquarters(chain: Chain, kind: str, required: float) -> None:
    """Answer for this scope what the 400 m² and 500 m² of QCVN 01:2021, 2.16.6.2 mean for it.

    Where no norm of that kind is in force the answer says that. The article is on rural communes: a ward is told so.
    """
    if not all(key in chain.norms for key in _SINGLE_HEADQUARTERS):
        chain.add("single_headquarters", math.nan, formula="single_headquarters_ended", certainty=None)
        return
    if kind == WARD_KIND:
        chain.add("single_headquarters", math.nan, norms=_SINGLE_HEADQUARTERS, formula="single_headquarters_ward")
        return
    plain, mountain = (chain.norms[key].value for key in _SINGLE_HEADQUARTERS)
    chain.add(
        "single_headquarters",
        math.nan,
        norms=_SINGLE_HEADQUARTERS,
        formula=f"single_headquarters_{chain.scope.lower()}",
        plain=plain,
        mountain=mountain,
        least=chain.norms["land.minimum_m2"].value,
        required=required,
    )


def _rests_on(chain: Chain, commune: Row, staff: Staff) -> str:
    tokens = {f"layer:{layer}" for layer in staff.layers}
    report = as_text(commune.get("report_layer"))
    if report and is_true(commune.get("report_illustrative", False)):
        tokens.add(f"layer:{report}")
    if is_true(commune.get("illustrative")) and not is_missing(commune.get("layer")):
        tokens.add(f"layer:{commune['layer']}")
    for key in chain.used:
        norm = chain.norms[key]
        if norm.certainty in ASSUMED:
            tokens.add(f"assumption:{norm.assumption_id}")
    return "; ".join(sorted(tokens))


def required_areas(communes: pd.DataFrame, staff: pd.DataFrame, norms: Norms, settings: NeedSettings) -> NeedResult:
    """Compute what every commune's centre needs, in all three scopes.

    Scope A is the joint headquarters (trụ sở liên cơ quan); B adds commune police and military command; C adds the land
    of square, culture house, public green and internal roads (QCVN 01:2021, 2.16.6.1).

    Parameters
    ----------
    communes
        One row a commune: ``code, kind, population, is_border, is_central_ward, is_former_district_seat``; optionally
        ``layer`` and ``illustrative``, then named in ``rests_on``; optionally what the commune reported
        (``population_reported, report_no, report_date, visits_per_day, hall_seats``).
    staff
        Approved staff, ``INPUTS["commune_staff"]``; may be empty.
    norms
        Norms in force on the scenario's date.
    settings
        Scope and floors.

    Returns
    -------
    NeedResult
        Areas in m², two decimals. ``communes`` has ``commune_code, group, scope, staff, staff_basis,
        required_usable_area_m2, required_floor_area_m2, required_footprint_m2, required_land_area_m2`` (with reserve),
        ``land_without_reserve_m2``, ``binding_rule`` and ``rests_on``, sorted by code.

    Raises
    ------
    InputError
        With every norm that is missing on that date and the documents to look in.
    """
    in_force = _in_force(norms, settings)
    ordered = communes.sort_values("code", kind="stable")
    rows = records(ordered)
    groups = pd.Series([group_of(row, norms) for row in rows], index=ordered["code"], dtype=object)
    people = staff_of_communes(groups, staff, norms)
    summaries: list[dict[str, Any]] = []
    of_scopes: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    used: set[str] = set(GROUP_NORMS)
    for commune in rows:
        code = str(commune["code"])
        for scope in SCOPES:
            chain, summary = _chain_of(commune, scope, people[code], in_force)
            steps += chain.rows
            used |= chain.used
            of_scopes.append({**summary, "planned": scope == settings.scope})
            if scope == settings.scope:
                rests_on = _rests_on(chain, commune, people[code])
                summaries.append({**summary, "group": groups[code], "rests_on": rests_on})
    areas = [name for name in RESULTS["communes"].names if name.startswith("required_")]
    areas.append("land_without_reserve_m2")
    names = ["commune_code", "group", "scope", "staff", "staff_basis", *areas, "binding_rule", "rests_on"]
    table = pd.DataFrame(summaries, columns=names).astype({"staff": "Int64"})
    table[areas] = table[areas].astype("float64").round(2)
    needs = conform(pd.DataFrame(steps, columns=RESULTS["needs"].names), RESULTS["needs"])
    scopes = pd.DataFrame(of_scopes, columns=RESULTS["scopes"].names)
    return NeedResult(table, needs, conform(scopes, RESULTS["scopes"]), [in_force[key] for key in sorted(used)])
