"""The steps of a need: title area, special rooms, parking, and the land they ask for."""

from __future__ import annotations

import math

import pandas as pd

from siteplan.need.chain import Chain
from siteplan.need.grouping import WARD_KIND, Staff, is_true

TITLES = ("secretary", "deputy", "head", "specialist", "contract")


def title_mix(staff: int, secretary: int, deputy: int, head: int, people_per_contract: float) -> dict[str, int]:
    """Split a staff into titles: fixed posts first, support staff by its share, the rest specialists.

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
        "contract": math.floor(staff / people_per_contract),
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
        chain.value("mix.people_per_contract"),
    )
    total = 0.0
    for title in TITLES:
        key = f"title.{title}_m2"
        shares = ("mix.people_per_contract",) if title == "contract" else (f"mix.{title}",)
        norms = (key, *(k for k in shares if k in chain.norms))
        rate = chain.norms[key].value
        total += chain.add(
            f"title_{title}", mix[title] * rate, norms=norms, formula="title", people=mix[title], rate=rate
        )
    return chain.add("title_area", total, basis="basis.title_area", people=staff.people)


def special_area(chain: Chain, commune: pd.Series) -> float:
    """Add the special rooms one by one and return their sum, m² (NĐ 155/2025 Art. 7; TCVN 4601:2012).

    Without a population the one-stop centre has its least area; a reception room for delegations from across the border
    is for border communes, and where that flag is missing the step says so and adds nothing.
    """
    population = commune["population"]
    least, most = chain.value("room.one_stop.minimum_m2"), chain.value("room.one_stop.maximum_m2")
    rate = chain.value("room.one_stop.per_1000_people_m2")
    one_stop_norms = ("room.one_stop.per_1000_people_m2", "room.one_stop.minimum_m2", "room.one_stop.maximum_m2")
    if pd.isna(population):
        rooms = [
            chain.add("room_one_stop", least, norms=one_stop_norms[1:2], formula="room_one_stop_least", least=least)
        ]
    else:
        area = min(max(least, rate * float(population) / 1000), max(least, most))
        rooms = [
            chain.add(
                "room_one_stop",
                area,
                norms=one_stop_norms,
                population=int(population),
                rate=rate,
                least=least,
                most=most,
            )
        ]
    proposed, least = chain.value("room.citizen_reception_m2"), chain.value("room.citizen_reception.minimum_m2")
    reception_norms = ("room.citizen_reception_m2", "room.citizen_reception.minimum_m2")
    rooms.append(
        chain.add("room_citizen_reception", max(proposed, least), norms=reception_norms, proposed=proposed, least=least)
    )
    hall_norms = ("room.hall.seats", "room.hall.seat_m2", "room.hall.stage_depth_m", "room.hall.stage_width_m")
    seats, seat_area, depth, width = (chain.norms[key].value for key in hall_norms)
    hall = seats * seat_area + depth * width
    rooms.append(chain.add("room_hall", hall, norms=hall_norms, seats=seats, rate=seat_area, depth=depth, width=width))
    archive_norms = ("room.archive.shelf_m", "room.archive.shelf_m_per_m2")
    shelf, per_area = (chain.norms[key].value for key in archive_norms)
    rooms.append(chain.add("room_archive", shelf / per_area, norms=archive_norms, shelf=shelf, rate=per_area))
    for item, key in (("room_server", "room.server.minimum_m2"), ("room_command", "room.command_m2")):
        rooms.append(chain.add(item, chain.norms[key].value, norms=(key,)))
    if pd.isna(commune["is_border"]):
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
    density = chain.value("land.density_percent")
    asked["density"] = chain.add(
        "density", footprint / (density / 100), norms=("land.density_percent",), footprint=footprint, percent=density
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
