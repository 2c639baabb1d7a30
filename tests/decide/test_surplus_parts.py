import pandas as pd
import pytest

from siteplan.decide.surplus_parts import buildings, totals
from siteplan.locale import decode, encode, has_text
from siteplan.rules import load_rules
from siteplan.tables import INPUTS, RESULTS, verify


@pytest.fixture(scope="module")
def rules(repo_root):
    return load_rules(repo_root / "layers" / "rules")


def facility(name, treatment, free="surplus.free.finished", **changes):
    return {
        "option": "o", "facility_id": name, "commune_code": "1", "treatment": treatment, "free_year": None,
        "decided": False, "decided_by": "province", "decision_no": None, "deadline": None, "legal_basis": "Điều 42",
        "certainty": "V", "rests_on": None, "reasons": encode([(free, {})]), "floor_area_m2": 100.0,
        "land_area_m2": 500.0, "value_low": None, "value_high": None, **changes,
    }  # fmt: skip


def houses(*rows):
    table = [
        {"building_id": f"{name}-{n}", "facility_id": name, "condition": condition, "floor_area_m2": 50.0}
        for n, (name, condition) in enumerate(rows)
    ]
    names = [column.name for column in INPUTS["facility_buildings"].columns]
    return pd.DataFrame(table).reindex(columns=names)


@pytest.mark.parametrize(
    ("form", "condition", "expected"),
    [
        ("transfer", "good", "transfer"),
        ("transfer", "unsafe", "liquidate_house"),
        ("keep", "unsafe", "liquidate_house"),
        ("hand_over", "unsafe", "liquidate_house"),
        ("hand_over", None, "hand_over"),
        ("recover_auction", "unsafe", "recover_auction"),
        ("no_rebuilding", "unsafe", "no_rebuilding"),
        ("liquidate_house", "good", "liquidate_house"),
    ],
)
def test_a_house_goes_the_way_of_its_facility_unless_it_is_unsafe(rules, form, condition, expected):
    found = buildings(pd.DataFrame([facility("f", form)]), houses(("f", condition)), rules)
    verify(found, RESULTS["surplus_buildings"])
    assert found["treatment"].tolist() == [expected]
    if expected != form:
        assert "Điều 45" in found["legal_basis"].iloc[0]
    for key, _ in decode(found["reasons"].iloc[0]):
        assert has_text(key, "vi")
        assert has_text(key, "en")


def test_what_is_decided_stays_decided(rules):
    found = buildings(pd.DataFrame([facility("f", "transfer", decided=True)]), houses(("f", "unsafe")), rules)
    assert found["treatment"].tolist() == ["transfer"]


def test_every_house_of_a_listed_facility_is_in_once(rules):
    found = buildings(
        pd.DataFrame([facility("f", "keep"), facility("g", "transfer")]),
        houses(("f", "good"), ("f", "poor"), ("g", "good"), ("elsewhere", "good")),
        rules,
    )
    assert found["building_id"].tolist() == ["f-0", "f-1", "g-2"]


def test_totals_hold_every_facility_once_and_agree_with_the_rows():
    rows = pd.DataFrame(
        [
            facility("a", "transfer", free_year=2028),
            facility("b", "transfer", free_year=2028, land_area_m2=None, value_low=1.0, value_high=2.0),
            facility("c", "transfer", "surplus.free.already"),
            facility("d", "keep", "surplus.free.kept"),
            facility("e", "transfer", "surplus.free.decided", decided=True),
            facility("f", "hand_over", "surplus.free.waiting"),
            facility("g", "hand_over", "surplus.free.not_needed"),
        ]
    )
    found = totals(rows)
    verify(found, RESULTS["surplus_totals"])
    by = found.set_index(["treatment", "period"])
    assert by["facilities"].to_dict() == {
        ("hand_over", "waiting"): 1, ("hand_over", "at_once"): 1, ("keep", "stays"): 1,
        ("transfer", "2028"): 2, ("transfer", "already"): 1, ("transfer", "decided"): 1,
    }  # fmt: skip
    assert by.loc[("transfer", "2028"), ["land_area_m2", "without_land", "value_high"]].tolist() == [500, 1, 2]
    assert found["facilities"].sum() == len(rows)
    assert found["floor_area_m2"].sum() == rows["floor_area_m2"].sum()
