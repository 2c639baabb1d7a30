"""Need: the worked example of the domain facts (DOMAIN 1.5, 60 people), and every norm against its article."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from siteplan.need.standards import required_areas
from siteplan.norms import load_norms
from siteplan.scenario import NeedSettings
from siteplan.tables import INPUTS, empty

STANDARDS = Path(__file__).resolve().parents[2] / "layers" / "standards"


@pytest.fixture(scope="module")
def chain() -> pd.Series:
    """Values by step of a rural commune with 60 approved people and 15,000 inhabitants, scope A, three floors."""
    commune = pd.DataFrame(
        {
            "code": ["00001"],
            "kind": ["xã"],
            "population": [15_000],
            "is_border": pd.array([False], dtype="boolean"),
            "is_central_ward": pd.array([False], dtype="boolean"),
            "is_former_district_seat": pd.array([False], dtype="boolean"),
        }
    )
    staff = pd.DataFrame(
        [{"commune_code": "00001", "staff": 60, "decision_no": "1/QĐ", "layer": "s", "illustrative": False}]
    )
    norms = load_norms(STANDARDS, "nd155-2025", ("qcvn01-2021", "tcvn4601-2012", "de-xuat"), dt.date(2026, 1, 1))
    needs = required_areas(commune, staff, norms, NeedSettings(floors=3)).needs
    return needs[needs["scope"] == "A"].set_index("item")["value"]


# DOMAIN 1.5: "1x30 + 9x20 + 45x15 + 5x10 = 935 m² title; shared 794.75; special 598 (one-stop 150, reception 24, hall
# 200 seats 220, archive 100, server 24, command/other 80) -> 2,327.75 m² use -> 2,909.69 m² floor (k 0.8) -> 3 floors,
# 969.90 m² footprint -> >= 2,424.74 m² land at 40 % density"
@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("staff", 60),
        ("title_secretary", 30),
        ("title_deputy", 180),
        ("title_contract", 50),
        ("title_area", 935),
        ("shared_area", 794.75),
        ("room_one_stop", 150),
        ("room_citizen_reception", 24),
        ("room_hall", 220),
        ("room_archive", 100),
        ("room_server", 24),
        ("room_command", 80),
        ("special_area", 598),
        ("usable_area", 2327.75),
        ("floor_area", 2909.69),
        ("footprint", 969.90),
        ("density", 2424.74),
        ("minimum_land", 1000),
    ],
)
def test_worked_example(chain, item, value):
    assert chain[item] == value


def test_worked_example_45_people_at_15_m2(chain):
    assert chain["title_head"] + chain["title_specialist"] == 45 * 15


def test_worked_example_land_is_within_the_stated_range(chain):
    # DOMAIN 1.5: "with yard, parking and reserve 0.4-0.8 ha", A_parking = 3 n_moto + 25 n_car, 0.8 a person + 20
    # visitors, 1 car per 100 m² of floor; A_yard = 0.5 A_foot; green 30 %; reserve 20 %
    parking = 3 * 68 + 25 * 30
    assert chain["parking_area"] == parking
    land = (969.8958333 + parking + 0.5 * 969.8958333) / 0.7
    assert chain["land_before_reserve"] == pytest.approx(land, abs=0.01)
    assert chain["required_land_area"] == pytest.approx(1.2 * land, abs=0.01)
    assert 4000 <= chain["required_land_area"] <= 8000


PUBLISHED = [
    # set, date, key, value, article (as the document numbers it)
    ("nd155-2025", "2026-01-01", "title.secretary_m2", 30, "Phụ lục II, dòng 6"),
    ("nd155-2025", "2026-01-01", "title.deputy_m2", 20, "Phụ lục II, dòng 7"),
    ("nd155-2025", "2026-01-01", "title.head_m2", 15, "Phụ lục II, dòng 8"),
    ("nd155-2025", "2026-01-01", "title.specialist_m2", 15, "Phụ lục II, dòng 9"),
    ("nd155-2025", "2026-01-01", "title.contract_m2", 10, "Phụ lục II, dòng 10"),
    ("nd155-2025", "2026-01-01", "shared.share", 0.85, "Điều 6"),
    ("qcvn01-2021", "2026-12-31", "land.minimum_m2", 1000, "2.16.6.2"),
    ("qcvn01-2021", "2026-12-31", "land.single_headquarters_plain_m2", 500, "2.16.6.2"),
    ("qcvn01-2021", "2026-12-31", "land.single_headquarters_mountain_m2", 400, "2.16.6.2"),
    ("qcvn01-2021", "2026-12-31", "land.density_percent", 40, "2.6.3"),
    ("qcvn01-2021", "2026-12-31", "land.density_existing_urban_percent", 60, "2.7.7"),
    ("qcvn01-2021", "2026-12-31", "land.green_public_service_percent", 30, "Bảng 2.11"),
    ("qcvn01-2021", "2026-12-31", "companion.culture_house_m2", 1000, "Bảng 2.32"),
    ("qcvn01-2021", "2026-12-31", "companion.health_station_m2", 500, "Bảng 2.32"),
    ("qcvn01-2021", "2026-12-31", "companion.sports_m2", 5000, "Bảng 2.32"),
    ("qcvn01-2021", "2026-12-31", "companion.market_m2", 1500, "Bảng 2.32"),
    ("qcvn01-2021", "2026-12-31", "companion.library_m2", 200, "Bảng 2.32"),
    ("qcvn01-2021", "2026-12-31", "companion.hall_seats", 100, "Bảng 2.32"),
    ("qcvn01-2021", "2026-12-31", "land.block_distance_long_m", 7, "2.6.1.1"),
    ("qcvn01-2021", "2026-12-31", "land.block_distance_gable_m", 4, "2.6.1.1"),
    ("qcvn01-2021", "2026-12-31", "power.office_w_m2", 20, "Bảng 2.28"),
    ("tcvn4601-2012", "2026-01-01", "room.one_stop.minimum_m2", 48, "7.8.4.2"),
    ("tcvn4601-2012", "2026-01-01", "room.one_stop.waiting_share", 0.3, "7.8.4.2"),
    ("tcvn4601-2012", "2026-01-01", "room.citizen_reception.minimum_m2", 18, "7.8.4.3"),
    ("tcvn4601-2012", "2026-01-01", "room.clerical.minimum_m2", 20, "7.8.4.6"),
    ("tcvn4601-2012", "2026-01-01", "room.leader_reception.minimum_m2", 18, "7.8.5.1"),
    ("tcvn4601-2012", "2026-01-01", "room.preparation_m2", 6, "7.8.5.1"),
    ("tcvn4601-2012", "2026-01-01", "room.meeting_small.minimum_m2", 30, "7.8.6.4"),
    ("tcvn4601-2012", "2026-01-01", "room.meeting_medium.minimum_m2", 60, "7.8.6.4"),
    ("tcvn4601-2012", "2026-01-01", "room.meeting.person_with_table_m2", 1.8, "7.8.6.6"),
    ("tcvn4601-2012", "2026-01-01", "room.meeting.person_without_table_m2", 0.8, "7.8.6.6"),
    ("tcvn4601-2012", "2026-01-01", "room.hall.seat_m2", 0.8, "7.8.6.8"),
    ("tcvn4601-2012", "2026-01-01", "room.hall.stage_depth_m", 5, "7.8.6.8"),
    ("tcvn4601-2012", "2026-01-01", "room.hall.maximum_seats", 500, "7.8.6.8"),
    ("tcvn4601-2012", "2026-01-01", "room.server.minimum_m2", 24, "7.8.8.2"),
    ("tcvn4601-2012", "2026-01-01", "room.archive.shelf_m_per_m2", 5, "Phụ lục C"),
    ("tcvn4601-2012", "2026-01-01", "room.lobby.seat_m2", 0.17, "7.9.4.3"),
    ("tcvn4601-2012", "2026-01-01", "room.lobby.minimum_m2", 18, "7.9.4.3"),
    ("tcvn4601-2012", "2026-01-01", "land.density_office_new_percent", 50, "6.5"),
    ("tcvn4601-2012", "2026-01-01", "land.density_office_rebuilt_percent", 70, "6.5"),
    ("tcvn4601-2012", "2026-01-01", "land.green_percent", 30, "6.6"),
    ("nd152-2017", "2025-06-30", "title.secretary_m2", 15, "Phụ lục"),
    ("nd152-2017", "2025-06-30", "title.deputy_m2", 12, "Phụ lục"),
    ("nd152-2017", "2025-06-30", "title.specialist_m2", 10, "Phụ lục"),
    ("nd152-2017", "2025-06-30", "title.part_time_m2", 5, "Phụ lục"),
    ("nd152-2017", "2025-06-30", "title.police_room_m2", 12, "Phụ lục"),
    ("nd152-2017", "2025-06-30", "shared.share", 0.7, "Điều 6"),
    # NĐ 307/2025: commune up to 16,000 people 10 points, +0.5 per 1,000, at most 25; up to 30 km² 10, +0.5 per 5 km²
    ("nd307-2025", "2026-01-01", "nd307.commune.population.base", 16000, ""),
    ("nd307-2025", "2026-01-01", "nd307.commune.population.step", 1000, ""),
    ("nd307-2025", "2026-01-01", "nd307.commune.area.base", 30, ""),
    ("nd307-2025", "2026-01-01", "nd307.commune.area.step", 5, ""),
    ("nd307-2025", "2026-01-01", "nd307.commune.area.max_points", 25, ""),
    # ward: up to 14,000 people, +0.5 per 1,000; up to 5.5 km², +0.5 per km² (Art. 7)
    ("nd307-2025", "2026-01-01", "nd307.ward.population.base", 14000, "Điều 7"),
    ("nd307-2025", "2026-01-01", "nd307.ward.area.base", 5.5, "Điều 7"),
    ("nd307-2025", "2026-01-01", "nd307.ward.area.step", 1, "Điều 7"),
    ("nd307-2025", "2026-01-01", "nd307.mountain_share", 0.75, ""),
    ("nd307-2025", "2026-01-01", "nd307.border_points", 3, ""),
    ("nd307-2025", "2026-01-01", "nd307.class_one_points", 75, ""),
    ("nd307-2025", "2026-01-01", "nd307.class_two_points", 60, ""),
]


@pytest.mark.parametrize(("standard", "date", "key", "value", "article"), PUBLISHED)
def test_norm_as_published(standard, date, key, value, article):
    norm = load_norms(STANDARDS, standard, (), dt.date.fromisoformat(date))[key]
    assert norm.value == value
    assert article in norm.article


def test_a_government_of_32_as_in_decision_759():
    norm = load_norms(STANDARDS, "de-xuat", (), dt.date(2026, 1, 1))["staff.government_default"]
    assert (norm.value, norm.certainty) == (32, "V2")
    assert "759/QĐ-TTg" in norm.document


def test_staff_default_is_flagged(chain):
    commune = empty(INPUTS["commune_facts"])
    commune.loc[0, ["code", "kind"]] = ["00001", "xã"]
    norms = load_norms(STANDARDS, "nd155-2025", ("qcvn01-2021", "tcvn4601-2012", "de-xuat"), dt.date(2026, 1, 1))
    result = required_areas(commune, empty(INPUTS["commune_staff"]), norms, NeedSettings())
    row = result.communes.iloc[0]
    assert row["staff"] == 32 + 20
    assert row["staff_basis"] == "default"
    assert "assumption:norm.staff.party_front_default" in row["rests_on"].split("; ")
