"""What stands on a site and what is near it, on maps that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from siteplan.locale import decode, text
from siteplan.sites.assess import assess_commune, prepare


@pytest.fixture
def site(inputs, maps):
    """Row of the one proposal (X) or facility (T), 100 m x 100 m, with the layers given."""

    def find(letter="X", **tables):
        role, key = {"X": ("proposals", "proposal_id"), "T": ("facilities", "facility_id")}[letter]
        plot = {key: "F1", "commune_code": maps.CODE, "name": "Trụ sở", "geometry": maps.at(1000, 1000, 1100, 1100)}
        given = {role: maps.layer(role, [plot]), **tables}
        found = assess_commune(prepare(inputs(**given)), maps.CODE).sites
        return found[found["letter"] == letter].iloc[0]

    return find


def buildings(maps, *rows):
    return maps.layer("buildings", [{"use": use, "geometry": maps.at(*box)} for use, box in rows])


def test_households_are_those_of_dwellings(site, maps) -> None:
    found = site(
        buildings=buildings(
            maps,
            ("house", (1010, 1010, 1020, 1020)),
            ("Nhà ở", (1090, 1010, 1110, 1020)),  # half of it on the plot
            ("office", (1050, 1050, 1070, 1060)),
            ("house", (1200, 1200, 1210, 1210)),
        )
    )
    assert found["buildings_inside"] == 3
    assert found["households_displaced"] == 2
    assert found["buildings_area_m2"] == pytest.approx(100 + 100 + 200)


def test_what_a_facility_uses_already_is_not_cleared(site, maps) -> None:
    houses = buildings(maps, ("office", (1010, 1010, 1030, 1030)), ("house", (1090, 1010, 1110, 1020)))
    found = site("T", buildings=houses)
    assert [found[n] for n in ("buildings_inside", "buildings_area_m2", "households_displaced")] == [0, 0, 0]
    unmapped = site("T")
    assert np.isnan(unmapped["buildings_inside"])


def test_buildings_whose_use_nobody_wrote_say_nothing_of_households(site, maps) -> None:
    found = site(buildings=buildings(maps, (None, (1010, 1010, 1020, 1020))))
    assert found["buildings_inside"] == 1
    assert np.isnan(found["households_displaced"])
    mixed = site(buildings=buildings(maps, (None, (1010, 1010, 1020, 1020)), ("house", (1030, 1010, 1040, 1020))))
    assert np.isnan(mixed["households_displaced"])


@pytest.mark.parametrize(
    ("use", "households"),
    [("Nhà ở riêng lẻ", 2), ("detached", 2), ("Nhà kho", 1), ("school", 1), ("apartments", None), ("yes", None)],
)
def test_a_use_that_the_table_does_not_list_is_not_nobody(site, maps, use, households) -> None:
    found = site(buildings=buildings(maps, ("house", (1010, 1010, 1020, 1020)), (use, (1030, 1010, 1040, 1020))))
    told = found["households_displaced"]
    assert np.isnan(told) if households is None else told == households


def test_without_a_layer_of_buildings_nothing_is_zero(site) -> None:
    found = site()
    assert np.isnan(found["households_displaced"])
    assert np.isnan(found["buildings_area_m2"])
    keys = {params["kind"]: key for key, params in decode(found["infrastructure"])}
    assert keys == dict.fromkeys(
        ("road", "power", "water_supply", "telecom", "sewerage"), "sites.infrastructure.unknown"
    )
    words = [text(key, "vi", **params) for key, params in decode(found["infrastructure"])]
    assert words[2] == "cấp nước: thiếu dữ liệu"


def test_infrastructure_within_reach_by_its_distance(site, maps) -> None:
    rows = [
        {"utility_kind": "water_supply", "geometry": maps.line((0, 1400), (3000, 1400))},  # 300 m north
        {"utility_kind": "telecom", "geometry": maps.point(1700, 1050)},  # 600 m east
    ]
    power = maps.layer("power_lines", [{"voltage_kv": 22.0, "geometry": maps.line((0, 600), (3000, 600))}])
    found = site(utilities=maps.layer("utilities", rows), power_lines=power)
    assert found["water_supply_distance_m"] == pytest.approx(300)
    assert found["telecom_distance_m"] == pytest.approx(600)
    assert np.isnan(found["sewerage_distance_m"])
    keys = {params["kind"]: key.rsplit(".", 1)[1] for key, params in decode(found["infrastructure"])}
    assert keys == {
        "road": "unknown", "power": "within", "water_supply": "within", "telecom": "beyond", "sewerage": "unknown",
    }  # fmt: skip


@pytest.mark.parametrize(("west", "told"), [(1000, "cleared"), (1009, "cleared"), (1011, None)])
def test_clearance_is_that_of_a_proposal_that_covers_nine_tenths(site, maps, west, told) -> None:
    rows = [
        {"proposal_id": "X1", "commune_code": maps.CODE, "clearance": "cleared", "geometry": maps.at(west, 900, 1200, 1200)},  # noqa: E501
        {"proposal_id": "X2", "commune_code": maps.CODE, "clearance": None, "geometry": maps.at(900, 900, 1300, 1300)},
    ]  # fmt: skip
    found = site("T", proposals=maps.layer("proposals", rows))["clearance"]
    assert (found if isinstance(found, str) else None) == told
