"""The steps of a need: title area, special rooms, parking, and the land they ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siteplan.need.chain import Chain
from siteplan.need.grouping import WARD_KIND, Staff, is_true
from siteplan.norms import Norm
from siteplan.tables import Row, is_missing

TITLES = ("secretary", "deputy", "head", "specialist", "contract")


def title_mix(
    staff: int, secretary: int, deputy: int, head: int, people_per_contract: float, contract: int | None = None
) -> dict[str, int]:
    """Split a staff into titles: fixed posts first, support staff as stated or by its share, the rest specialists.

    Returns
    -------
    dict
        People of each title; they add up to `staff`, whatever its size.
    """
    left = staff
    mix: dict[str, int] = {}
    posts = {
        "secretary": secretary,
        "deputy": deputy,
        "contract": math.floor(staff / people_per_contract) if contract is None else contract,
        "head": head,
    }
    for title, people in posts.items():
        mix[title] = min(people, left)
        left -= mix[title]
    return {**mix, "specialist": left}


def title_area(chain: Chain, staff: Staff) -> float:
    """Add the working area of every title, people x norm, and return their sum, m² (NĐ 155/2025 Art. 5)."""
    mix = title_mix(
        staff.people,
        round(chain.value("mix.secretary")),
        round(chain.value("mix.deputy")),
        round(chain.value("mix.head")),
        chain.norms["mix.people_per_contract"].value,
        staff.parts.get("contract"),
    )
    total = 0.0
    for title in TITLES:
        key = f"title.{title}_m2"
        shares: tuple[str, ...] = (f"mix.{title}",)
        if title == "contract":
            shares = () if "contract" in staff.parts else ("mix.people_per_contract",)
        norms = (key, *(k for k in shares if k in chain.norms))
        rate = chain.norms[key].value
        formula = "title_post"
        params: dict[str, Any] = {"people": mix[title], "rate": rate}
        if title == "contract":
            formula = "title_contract" if shares else "title_contract_stated"
            params |= {"staff": staff.people, "each": chain.norms["mix.people_per_contract"].value} if shares else {}
        elif title == "specialist":
            formula = "title_specialist"
            params |= {"staff": staff.people, **{f"of_{other}": mix[other] for other in mix if other != title}}
        else:
            params["posts"] = chain.norms[f"mix.{title}"].value
        total += chain.add(f"title_{title}", mix[title] * rate, norms=norms, formula=formula, **params)
    return chain.add("title_area", total, basis="basis.title_area", people=staff.people)


_ONE_STOP = "room.one_stop"


def _one_stop_area(chain: Chain, commune: Row) -> float:
    """Add the one-stop centre: by population and by daily visits, whichever asks for more, within its bounds.

    Visits: those present at the busiest time, times the area of one, over the waiting part of the centre (TCVN
    4601:2012, 7.8.4.2: waiting is at least 30 % of it). Without either figure it has its least area.
    """
    bounds = (f"{_ONE_STOP}.minimum_m2", f"{_ONE_STOP}.maximum_m2")
    least, most = (chain.norms[key].value for key in bounds)
    population, visits = commune["population"], commune.get("visits_per_day")
    asked: list[float] = []
    if not is_missing(population):
        rate = chain.norms[f"{_ONE_STOP}.per_1000_people_m2"].value
        asked.append(
            chain.add(
                "one_stop_by_population",
                rate * float(population) / 1000,
                norms=(f"{_ONE_STOP}.per_1000_people_m2",),
                population=int(population),
                rate=rate,
            )
        )
    if visits is not None and not is_missing(visits):
        keys = tuple(f"{_ONE_STOP}.{key}" for key in ("peak_share", "visitor_m2", "waiting_share"))
        peak, each, waiting = (chain.norms[key].value for key in keys)
        asked.append(
            chain.add(
                "one_stop_by_visits",
                float(visits) * peak * each / waiting,
                norms=keys,
                visits=int(visits),
                peak_percent=peak * 100,
                each=each,
                waiting_percent=waiting * 100,
            )
        )
    if not asked:
        return chain.add("room_one_stop", least, norms=bounds[:1], formula="room_one_stop_least", least=least)
    area = min(max(least, *asked), max(least, most))
    return chain.add("room_one_stop", area, norms=bounds, asked=max(asked), least=least, most=most)


def _hall_area(chain: Chain, commune: Row) -> float:
    """Add the hall: seats as the commune reported them within the bounds of the codes, else the proposed number."""
    reported = commune.get("hall_seats")
    sizes = ("room.hall.seat_m2", "room.hall.stage_depth_m", "room.hall.stage_width_m")
    seat_area, depth, width = (chain.norms[key].value for key in sizes)
    params: dict[str, float | int] = {"rate": seat_area, "depth": depth, "width": width}
    if reported is None or is_missing(reported):
        seats = chain.norms["room.hall.seats"].value
        return chain.add(
            "room_hall",
            seats * seat_area + depth * width,
            norms=("room.hall.seats", *sizes),
            seats=seats,
            **params,  # type: ignore[arg-type]
        )
    bounds = ("companion.hall_seats", "room.hall.maximum_seats")
    least, most = (chain.norms[key].value for key in bounds)
    seats = min(max(float(reported), least), most)
    return chain.add(
        "room_hall",
        seats * seat_area + depth * width,
        norms=(*bounds, *sizes),
        formula="room_hall_reported",
        reported=int(reported),
        seats=seats,
        least=least,
        most=most,
        **params,  # type: ignore[arg-type]
    )


def special_area(chain: Chain, commune: Row) -> float:
    """Add the special rooms one by one and return their sum, m² (NĐ 155/2025 Art. 7; TCVN 4601:2012).

    A reception room for delegations from across the border is for border communes; where that flag is missing the step
    says so and adds nothing.
    """
    rooms = [_one_stop_area(chain, commune)]
    proposed, least = chain.value("room.citizen_reception_m2"), chain.value("room.citizen_reception.minimum_m2")
    reception_norms = ("room.citizen_reception_m2", "room.citizen_reception.minimum_m2")
    rooms.append(
        chain.add("room_citizen_reception", max(proposed, least), norms=reception_norms, proposed=proposed, least=least)
    )
    rooms.append(_hall_area(chain, commune))
    archive_norms = ("room.archive.shelf_m", "room.archive.shelf_m_per_m2")
    shelf, per_area = (chain.norms[key].value for key in archive_norms)
    rooms.append(chain.add("room_archive", shelf / per_area, norms=archive_norms, shelf=shelf, rate=per_area))
    for item, key in (("room_server", "room.server.minimum_m2"), ("room_command", "room.command_m2")):
        rooms.append(chain.add(item, chain.norms[key].value, norms=(key,)))
    if is_missing(commune["is_border"]):
        chain.add("room_delegation", math.nan, formula="room_delegation_unknown", certainty=None)
    elif is_true(commune["is_border"]):
        delegation_norms = ("room.delegation.persons", "room.meeting.person_with_table_m2", "room.preparation_m2")
        persons, seat, preparation = (chain.norms[key].value for key in delegation_norms)
        area = persons * seat + preparation
        rooms.append(
            chain.add(
                "room_delegation", area, norms=delegation_norms, persons=persons, rate=seat, preparation=preparation
            )
        )
    return chain.add("special_area", sum(rooms), basis="basis.special_area", rooms=len(rooms))


_DENSITIES = ("land.density_percent", "land.density_office_new_percent")


def _density_norms(norms: Mapping[str, Norm]) -> list[Norm]:
    return [norms[key] for key in _DENSITIES if key in norms]


def density_norm(norms: Mapping[str, Norm]) -> Norm:
    """Return the stricter of the densities in force: that of public-service plots, and that of offices where known.

    Neither was written for commune offices: QCVN 01:2021, 2.6.3 names education, health, culture, sport and markets,
    TCVN 4601:2012 offices from district upwards.
    """
    return min(_density_norms(norms), key=lambda norm: norm.value)


def land_area(chain: Chain, kind: str, staff: int, floor: float, footprint: float) -> tuple[float, str]:
    """Return the land before reserve and companions, and the rule that binds."""
    moto_norms = ("parking.motorbikes_per_person", "parking.motorbikes_of_visitors")
    each, visitors = (chain.norms[key].value for key in moto_norms)
    # 9 decimals: 0.8 x 60 must not become 48.000000000000007 and then 49
    motorbikes = math.ceil(round(each * staff + visitors, 9))
    chain.add("parking_motorbikes", motorbikes, "xe", moto_norms, staff=staff, each=each, visitors=visitors)
    per_car = chain.value("parking.floor_per_car_m2")
    cars = math.ceil(round(floor / per_car, 9))
    chain.add("parking_cars", cars, "xe", ("parking.floor_per_car_m2",), floor=floor, rate=per_car)
    area_norms = ("parking.motorbike_m2", "parking.car_m2")
    moto_area, car_area = (chain.norms[key].value for key in area_norms)
    parking = chain.add(
        "parking_area",
        motorbikes * moto_area + cars * car_area,
        norms=area_norms,
        motorbikes=motorbikes,
        cars=cars,
        motorbike_area=moto_area,
        car_area=car_area,
    )
    share = chain.value("land.yard_share")
    yard = chain.add("yard_area", share * footprint, norms=("land.yard_share",), share=share, footprint=footprint)
    asked: dict[str, float] = {}
    if kind != WARD_KIND:  # the minimum of 2.16.6.2 is written for rural communes
        asked["minimum_land"] = chain.add("minimum_land", chain.value("land.minimum_m2"), norms=("land.minimum_m2",))
    strictest = density_norm(chain.norms)
    choice = [f"{norm.value:g} % ({norm.legal_basis})" for norm in _density_norms(chain.norms)]
    asked["density"] = chain.add(
        "density",
        footprint / (strictest.value / 100),
        norms=(strictest.key,),
        footprint=footprint,
        percent=strictest.value,
        also=[("need.formula.density_chosen", {"choice": "; ".join(choice)})] if len(choice) > 1 else (),
    )
    green = chain.value("land.green_percent")
    asked["green_parking"] = chain.add(
        "green_parking",
        (footprint + parking + yard) / (1 - green / 100),
        norms=("land.green_percent",),
        footprint=footprint,
        parking=parking,
        yard=yard,
        percent=green,
        also=[("need.formula.green_reference", {})],
    )
    binding = max(asked, key=lambda rule: asked[rule])
    chain.bind(binding)
    return chain.add("land_before_reserve", asked[binding], basis="basis.land_area"), binding


def land_with_companions(chain: Chain, land: float) -> float:
    """Add square, culture house, public green and roads to the land; return it, m² (QCVN 01:2021, 2.16.6.1)."""
    square = chain.add("square", chain.value("scope_c.square_m2"), norms=("scope_c.square_m2",))
    culture = chain.add(
        "culture_house", chain.value("companion.culture_house_m2"), norms=("companion.culture_house_m2",)
    )
    green, roads = chain.value("scope_c.green_share"), chain.value("scope_c.roads_share")
    return chain.add(
        "land_with_companions",
        (land + square + culture) / (1 - green - roads),
        norms=("scope_c.green_share", "scope_c.roads_share"),
        land=land,
        square=square,
        culture=culture,
        green_percent=green * 100,
        roads_percent=roads * 100,
    )
