"""Compensation by group of land: areas by hand, money only where every part has a price."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from siteplan.decide.compensation import with_compensation
from siteplan.locale import decode, text

LAND_USE = pd.DataFrame({"code": ["LUC", "ONT", "CLN"], "category": ["rice", "residential", "crop"]})


def told(prices=(), **row):
    known = {"commune_code": "00001", "letter": "K", "source_id": None, "area_m2": 10_000.0,
             "land_use_shares": "LUC 60.0; ONT 25.0; CLN 15.0", "buildings_inside": 3,
             "buildings_area_m2": 250.0, "households_displaced": 2.0} | row  # fmt: skip
    found = with_compensation(pd.DataFrame([known]), LAND_USE, dict(prices)).iloc[0]
    return decode(found["compensation"]), found["compensation_cost"]


def test_areas_by_group_without_prices() -> None:
    messages, cost = told()
    areas = {params["category"]: params["area"] for _, params in messages if "category" in params}
    assert areas == {"rice": 6000, "residential": 2500, "crop": 1500}
    assert math.isnan(cost)
    words = [text(key, "vi", **params) for key, params in messages]
    assert words[0] == "đất lúa: 6.000 m², chưa có đơn giá"
    assert words[-1].startswith("2 hộ phải di dời")


def test_money_where_all_of_the_land_has_a_price() -> None:
    # 6,000 x 100,000 + 2,500 x 1,000,000 + 1,500 x 80,000 đồng
    prices = {"rice": 100_000, "residential": 1_000_000, "crop": 80_000}
    assert told(prices.items())[1] == 600e6 + 2500e6 + 120e6
    # a part of the money would be read as the whole
    assert math.isnan(told({"rice": 100_000}.items())[1])


def test_of_a_parcel_of_several_uses_the_first_counts() -> None:
    messages, cost = told({"rice": 100, "residential": 1000}.items(), land_use_shares="ONT+CLN 62.5; LUC 37.5")
    areas = {params["category"]: params["area"] for _, params in messages if "category" in params}
    assert areas == {"residential": 6250, "rice": 3750}
    assert cost == 6250 * 1000 + 3750 * 100


def test_areas_are_exact_and_sum_up_to_the_site() -> None:
    # 569.5, 2,855.25 and 0.25 m² of 3,425 m²: to 0.1 % they would be 568.6 and 2,856.5
    messages, cost = told(
        {"rice": 100, "residential": 1000, "crop": 10}.items(), area_m2=3425.0,
        land_use_shares="ONT 83.3650; LUC 16.6277; CLN 0.0073",
    )  # fmt: skip
    areas = {params["category"]: params["area"] for _, params in messages if "category" in params}
    assert areas == {"residential": 2855.25, "rice": 569.5, "crop": 0.25}
    assert sum(areas.values()) == 3425
    assert cost == pytest.approx(2855.25 * 1000 + 569.5 * 100 + 0.25 * 10, abs=2)


def test_land_that_no_layer_tells_is_told_from_half_a_square_metre() -> None:
    messages, cost = told({"rice": 100}.items(), area_m2=5000.0, land_use_shares="LUC 99.98")
    assert [(key, p["area"]) for key, p in messages if "category" in p] == [
        ("compensation.priced", 4999.0), ("compensation.unknown", 1.0),
    ]  # fmt: skip
    assert math.isnan(cost)
    # a hair between two parcels is no unknown land
    messages, cost = told({"rice": 100}.items(), area_m2=5000.0, land_use_shares="LUC 99.9950")
    assert [(key, p["area"]) for key, p in messages if "category" in p] == [("compensation.priced", 5000.0)]
    assert cost == 500_000


@pytest.mark.parametrize("shares", [None, "LUC 60.0; XYZ 40.0", "LUC 60.0"])
def test_unknown_land_is_told_and_never_free(shares) -> None:
    messages, cost = told({"rice": 100_000}.items(), land_use_shares=shares)
    unknown = [params["area"] for key, params in messages if key == "compensation.unknown"]
    assert unknown == [10_000 if shares is None else 4000]
    assert math.isnan(cost)


def test_land_that_the_facility_uses_already_is_not_bought() -> None:
    row = {"commune_code": "00001", "source_id": "F1", "buildings_inside": 0, "buildings_area_m2": 0.0,
           "households_displaced": 0.0}  # fmt: skip
    own = {**row, "letter": "T", "area_m2": 3000.0, "land_use_shares": "TSC 90.0; LUC 10.0"}
    wider = {**row, "letter": "M", "area_m2": 4000.0, "land_use_shares": "TSC 67.5; LUC 22.5; ONT 10.0"}
    uses = pd.concat([LAND_USE, pd.DataFrame({"code": ["TSC"], "category": ["office"]})])
    found = with_compensation(pd.DataFrame([own, wider]), uses, {"rice": 100_000, "residential": 1_000_000})
    assert found["compensation_cost"].tolist() == [0, 600 * 100_000 + 400 * 1_000_000]
    of_own, of_wider = (decode(cell) for cell in found["compensation"])
    assert of_own[0] == ("compensation.own_land", {"area": 3000})
    assert not any("category" in params for _, params in of_own)
    areas = {params["category"]: params["area"] for _, params in of_wider if "category" in params}
    assert areas == pytest.approx({"rice": 600, "residential": 400})


def test_buildings_that_nobody_mapped_are_no_empty_land() -> None:
    keys = [key for key, _ in told(buildings_inside=None, buildings_area_m2=math.nan, households_displaced=math.nan)[0]]
    assert "compensation.no_buildings_layer" in keys
    assert [k for k, _ in told(buildings_inside=0, households_displaced=0.0)[0]][-1] == "compensation.nothing_stands"
    assert [k for k, _ in told(households_displaced=math.nan)[0]][-1] == "compensation.no_uses"
