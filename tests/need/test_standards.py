"""Need: groups, staff, scopes, and the closed forms of the land formula."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, decode, has_text, render, value_text
from siteplan.need.areas import title_mix
from siteplan.need.grouping import GROUPS, group_of, staff_of_communes
from siteplan.need.standards import required_areas
from siteplan.norms import load_norms
from siteplan.scenario import NeedSettings
from siteplan.tables import INPUTS, empty

STANDARDS = Path(__file__).resolve().parents[2] / "layers" / "standards"
SETS = ("qcvn01-2021", "qcvn01-2026", "tcvn4601-2012", "lang-son-dac-thu", "de-xuat")
NORMS = load_norms(STANDARDS, "nd155-2025", SETS, dt.date(2026, 1, 1))


def communes(*rows: dict) -> pd.DataFrame:
    base = {
        "kind": "xã",
        "population": 10_000,
        "is_border": False,
        "is_central_ward": False,
        "is_former_district_seat": False,
    }
    frame = pd.DataFrame([{"code": f"{i:05d}", **base, **row} for i, row in enumerate(rows, start=1)])
    flags = dict.fromkeys(("is_border", "is_central_ward", "is_former_district_seat"), "boolean")
    return frame.astype({"population": "Int64", **flags})


def staff(**people: int | None) -> pd.DataFrame:
    rows = [
        {
            "commune_code": code.removeprefix("c"),
            "staff": n,
            "decision_no": "12/QĐ",
            "layer": "commune_staff",
            "illustrative": True,
        }
        for code, n in people.items()
    ]
    return pd.DataFrame(rows, columns=[*INPUTS["commune_staff"].names]).astype({"staff": "Int64"})


def need(frame: pd.DataFrame, people: pd.DataFrame | None = None, **options):
    return required_areas(
        frame, empty(INPUTS["commune_staff"]) if people is None else people, NORMS, NeedSettings(**options)
    )


def test_groups_take_the_first_that_fits():
    rows = communes(
        {"kind": "phường", "is_border": True},
        {"is_border": True, "is_former_district_seat": True},
        {"is_former_district_seat": True},
        {"population": 8000},
        {"population": 8001},
        {"population": 12_001},
        {"population": None, "is_border": None},
    )
    assert [group_of(row, NORMS) for _, row in rows.iterrows()] == list(GROUPS)


def test_staff_average_is_of_the_same_group_and_rounds_half_up():
    groups = pd.Series({"00001": "border", "00002": "border", "00003": "border", "00004": "ward"})
    found = staff_of_communes(groups, staff(c00001=50, c00002=53, c00003=None), NORMS)
    assert (found["00001"].basis, found["00001"].people) == ("approved", 50)
    assert (found["00003"].basis, found["00003"].people, found["00003"].answered) == ("group_average", 52, 2)
    assert found["00003"].average == 51.5
    assert (found["00004"].basis, found["00004"].people) == ("default", 52)


def test_staff_of_zero_is_no_answer():
    found = staff_of_communes(pd.Series({"00001": "ward"}), staff(c00001=0), NORMS)
    assert found["00001"].basis == "default"


@given(st.integers(0, 400), st.integers(0, 3), st.integers(0, 15), st.integers(0, 20), st.floats(1, 40))
def test_title_mix_adds_up(people, secretary, deputy, head, per_contract):
    mix = title_mix(people, secretary, deputy, head, per_contract)
    assert sum(mix.values()) == people
    assert min(mix.values()) >= 0


def test_small_staff_fills_the_leading_posts_first():
    mix = title_mix(8, 1, 9, 12, 12)
    assert mix == {"secretary": 1, "deputy": 7, "contract": 0, "head": 0, "specialist": 0}


def test_one_stop_centre_by_population_within_bounds():
    needs = need(
        communes({"population": 3000}, {"population": 20_000}, {"population": 90_000}, {"population": None})
    ).needs
    area = needs[(needs["item"] == "room_one_stop") & (needs["scope"] == "A")].set_index("commune_code")["value"]
    assert area.to_dict() == {"00001": 48, "00002": 200, "00003": 300, "00004": 48}


def test_border_commune_has_a_room_for_delegations():
    needs = need(communes({"is_border": True}, {"is_border": False}, {"is_border": None})).needs
    rooms = needs[(needs["item"] == "room_delegation") & (needs["scope"] == "A")].set_index("commune_code")["value"]
    assert rooms["00001"] == 20 * 1.8 + 6
    assert "00002" not in rooms
    assert math.isnan(rooms["00003"])  # not known is said, and adds nothing
    special = needs[(needs["item"] == "special_area") & (needs["scope"] == "A")].set_index("commune_code")["value"]
    assert special["00001"] - special["00002"] == pytest.approx(42)
    assert special["00003"] == special["00002"]


def test_ward_has_no_rural_minimum():
    needs = need(communes({"kind": "phường"}, {})).needs
    assert set(needs.loc[needs["item"] == "minimum_land", "commune_code"]) == {"00002"}


def test_what_is_only_recalled_is_never_hidden_by_a_proposal():
    needs = need(communes({})).needs.query("scope == 'A'").set_index("item")
    assert needs.loc["title_deputy", "certainty"] == "R"  # its number of people is a proposal, its area is recalled
    assert needs.loc["title_contract", "certainty"] == "P"


def test_a_ward_is_told_that_the_article_is_on_rural_communes():
    needs = need(communes({"kind": "phường"})).needs
    words = render(needs.loc[needs["item"] == "single_headquarters", "formula"].iloc[0])
    assert "phường không áp dụng" in words


def test_the_stricter_density_is_taken_and_both_are_named():
    row = need(communes({})).needs.query("item == 'density' and scope == 'A'").iloc[0]
    assert dict(decode(row["formula"]))["need.formula.density"]["percent"] == 40  # 40 % of QCVN 01, 50 % of TCVN 4601
    assert row["certainty"] == "P"
    assert "TCVN 4601:2012, mục 6.5" in render(row["formula"])


def test_single_headquarters_norm_is_answered_and_no_cap():
    result = need(communes({}))
    row = result.needs[(result.needs["item"] == "single_headquarters") & (result.needs["scope"] == "A")].iloc[0]
    words = render(row["formula"])
    assert "400 m²" in words
    assert "500 m²" in words
    assert "2.16.6.2" in row["legal_basis"]
    assert result.communes["required_land_area_m2"].iloc[0] > 500


def test_scope_b_adds_police_and_military_c_adds_land_only():
    a, b, c = (need(communes({}), scope=scope).communes.iloc[0] for scope in "ABC")
    assert b["required_usable_area_m2"] - a["required_usable_area_m2"] == pytest.approx(560)
    assert b["required_floor_area_m2"] == c["required_floor_area_m2"]
    assert c["required_land_area_m2"] == pytest.approx((b["required_land_area_m2"] / 1.2 + 2500) / 0.75 * 1.2, abs=0.02)


def test_floors_of_the_scenario_are_listed_as_the_assumption_used():
    result = need(communes({}), floors=2)
    used = {norm.key: norm.value for norm in result.used}
    assert used["building.floors"] == 2
    row = result.communes.iloc[0]
    assert row["required_footprint_m2"] == pytest.approx(row["required_floor_area_m2"] / 2, abs=0.01)


def test_rests_on_names_layers_and_assumptions_of_the_row():
    rows = need(communes({"is_border": True}, {}, {}), staff(c00003=44)).communes.set_index("commune_code")["rests_on"]
    assert "assumption:norm.room.delegation.persons" in rows["00001"].split("; ")
    assert "assumption:norm.room.delegation.persons" not in rows["00002"].split("; ")
    # 00002 has the average of its group, which rests on the illustrative answer of 00003
    assert "layer:commune_staff" in rows["00002"].split("; ")
    assert "layer:commune_staff" not in rows["00001"].split("; ")
    assert "assumption:norm.staff.party_front_default" in rows["00001"].split("; ")
    assert all(words.split("; ") == sorted(words.split("; ")) for words in rows)


def test_from_2027_missing_norms_are_listed_with_the_document_to_look_in():
    norms = load_norms(STANDARDS, "nd155-2025", SETS, dt.date(2027, 1, 1))
    with pytest.raises(InputError) as caught:
        required_areas(communes({}), empty(INPUTS["commune_staff"]), norms, NeedSettings())
    missing = {problem.column: problem.params["document"] for problem in caught.value.problems}
    assert set(missing) == {
        "land.minimum_m2",
        "land.density_percent",
        "companion.culture_house_m2",
        "companion.hall_seats",
        "parking.floor_per_car_m2",
    }
    assert all("QCVN 01:2026/BXD" in document for document in missing.values())


def test_provincial_special_use_norm_prevails_once_it_has_a_value(tmp_path):
    for path in STANDARDS.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    own = tmp_path / "lang-son-dac-thu.csv"
    words = own.read_text(encoding="utf-8")
    assert "room.command_m2,,m²" in words
    own.write_text(words.replace("room.command_m2,,m²", "room.command_m2,120,m²"), encoding="utf-8")
    norms = load_norms(tmp_path, "nd155-2025", SETS, dt.date(2026, 1, 1))
    result = required_areas(communes({}), empty(INPUTS["commune_staff"]), norms, NeedSettings())
    assert result.needs.loc[result.needs["item"] == "room_command", "value"].eq(120).all()


def test_order_of_rows_does_not_matter():
    frame = communes({}, {"is_border": True}, {"kind": "phường"}, {"population": 5000})
    one, other = need(frame), need(frame.iloc[::-1])
    pd.testing.assert_frame_equal(one.communes, other.communes)
    pd.testing.assert_frame_equal(one.needs, other.needs)


def test_every_step_has_words_a_unit_and_a_certainty_where_a_norm_entered():
    result = need(
        communes({"is_border": True}, {"is_border": None, "population": None}, {"kind": "phường"}), staff(c00001=50)
    )
    for row in result.needs.to_dict("records"):
        for key, _ in decode(row["formula"]):
            assert all(has_text(key, lang) for lang in LANGUAGES), key
        assert all(value_text("item", row["item"], lang) != row["item"] for lang in LANGUAGES), row["item"]
        assert row["unit"]
        if row["item"] not in ("population", "staff", "room_delegation"):
            assert row["legal_basis"], row["item"]
            assert row["certainty"], row["item"]
    assert all(has_text(f"value.group.{group}", lang) for group in GROUPS for lang in LANGUAGES)


def test_article_of_the_sums():
    needs = need(communes({})).needs
    basis = needs[needs["scope"] == "A"].set_index("item")["legal_basis"]
    assert basis["usable_area"] == "Nghị định 155/2025/NĐ-CP, Điều 4 khoản 1"
    assert basis["required_land_area"] == "Nghị định 155/2025/NĐ-CP, Điều 4 khoản 2"


@settings(max_examples=60, deadline=None)
@given(
    people=st.integers(1, 150),
    population=st.integers(0, 80_000),
    kind=st.sampled_from(["xã", "phường"]),
    border=st.booleans(),
    floors=st.integers(1, 7),
)
def test_land_keeps_every_rule_and_the_binding_one_exactly(people, population, kind, border, floors):
    frame = communes({"kind": kind, "population": population, "is_border": border})
    result = need(frame, staff(c00001=people), floors=floors)
    summary = result.communes.iloc[0]
    lands = []
    for scope in "ABC":
        steps = result.needs[result.needs["scope"] == scope].set_index("item")
        value = steps["value"]
        land = value["land_before_reserve"]
        assert value["footprint"] <= 0.40 * land + 0.01
        assert value["footprint"] + value["parking_area"] + value["yard_area"] <= 0.70 * land + 0.02
        assert value["parking_motorbikes"] >= 0.8 * people + 20 - 1e-9
        assert value["parking_cars"] - 1 < value["floor_area"] / 100 <= value["parking_cars"]
        if kind == "xã":
            assert land >= 1000
        binding = steps.index[steps["binding"].astype(bool)].tolist()
        assert len(binding) == 1
        assert value[binding[0]] == land
        lands.append(value["required_land_area"])
    assert lands == sorted(lands)
    assert summary["required_land_area_m2"] == lands[0]
    assert summary["binding_rule"] in ("minimum_land", "density", "green_parking")


@given(st.integers(1, 200), st.integers(0, 60_000))
@settings(max_examples=30, deadline=None)
def test_more_people_never_need_less(people, population):
    frame = communes({"population": population}, {"population": population + 500})
    rows = need(frame, staff(c00001=people, c00002=people + 1)).communes
    for column in ("required_usable_area_m2", "required_floor_area_m2", "required_land_area_m2"):
        assert rows[column].is_monotonic_increasing


def chain_of(needs, item, scope="A"):
    row = needs[(needs["item"] == item) & (needs["scope"] == scope)].iloc[0]
    return row["value"], render(row["formula"]), row["legal_basis"]


def test_one_stop_centre_takes_the_larger_of_population_and_visits():
    # 240 visits x 15 % x 1.5 m² / 30 % waiting = 180 m²; 9,000 people x 10 m² per 1,000 = 90 m²
    rows = communes({"population": 9000}, {"population": 25_000})
    rows["visits_per_day"] = pd.array([240, 240], dtype="Int64")
    needs = need(rows).needs
    first, second = (needs[needs["commune_code"] == code] for code in ("00001", "00002"))
    assert chain_of(first, "one_stop_by_visits")[0] == 180
    assert "7.8.4.2" in chain_of(first, "one_stop_by_visits")[2]
    assert chain_of(first, "room_one_stop")[0] == 180
    assert chain_of(second, "room_one_stop")[0] == 250


@pytest.mark.parametrize(("reported", "seats"), [(60, 100), (150, 150), (900, 500)])
def test_hall_seats_as_reported_within_the_codes(reported, seats):
    # QCVN 01:2021 Table 2.32: hall of at least 100 seats; TCVN 4601:2012, 7.8.6.8: at most 500, 0.8 m² a seat
    rows = communes({})
    rows["hall_seats"] = pd.array([reported], dtype="Int64")
    value, words, basis = chain_of(need(rows).needs, "room_hall")
    assert value == seats * 0.8 + 60
    assert str(reported) in words
    assert "2.32" in basis


def test_the_breakdown_of_the_staff_is_used():
    people = staff(c00001=None)
    people[["staff_party", "staff_government", "staff_front", "staff_contract"]] = [16, 34, 9, 3]
    result = need(communes({}), people)
    row = result.communes.iloc[0]
    assert (row["staff"], row["staff_basis"]) == (62, "approved")
    assert chain_of(result.needs, "title_contract")[0] == 3 * 10  # as stated, not one in twelve
    assert chain_of(result.needs, "title_specialist")[0] == (62 - 1 - 9 - 12 - 3) * 15
    assert "34" in chain_of(result.needs, "staff")[1]


def test_only_the_government_approved_adds_the_flagged_part():
    people = staff(c00001=None)
    people["staff_government"] = 35
    result = need(communes({}), people)
    assert result.communes["staff"].iloc[0] == 35 + 20
    assert result.communes["staff_basis"].iloc[0] == "default"
    assert "assumption:norm.staff.party_front_default" in result.communes["rests_on"].iloc[0]


def test_three_scopes_of_every_commune_each_with_its_answer():
    result = need(communes({}, {"kind": "phường"}), scope="B")
    scopes = result.scopes
    assert scopes.groupby("commune_code")["scope"].agg("".join).to_dict() == {"00001": "ABC", "00002": "ABC"}
    assert scopes.loc[scopes["planned"].astype(bool), "scope"].unique().tolist() == ["B"]
    planned = scopes[scopes["scope"] == "B"].set_index("commune_code")["required_land_area_m2"]
    assert planned.to_dict() == result.communes.set_index("commune_code")["required_land_area_m2"].to_dict()
    answers = scopes.drop_duplicates("scope").set_index("scope")["single_headquarters"].map(render)
    assert answers.is_unique
    for words in answers:
        assert "2.16.6.2" in words
        assert "400 m²" in words


def test_a_reported_population_is_named_with_its_report():
    rows = communes({"population": 12_345})
    rows["population_reported"] = True
    rows["report_no"], rows["report_date"] = "27/BC-UBND", "2026-02-10"
    words = chain_of(need(rows).needs, "population")[1]
    assert "27/BC-UBND" in words
    assert "10/02/2026" in words
