"""Planned size by group: means and deviations against sums made by hand, and the classification beside them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from siteplan.locale import decode
from siteplan.need.classification import classify
from siteplan.need.plan_sizes import planned_sizes
from siteplan.norms import load_norms
from siteplan.tables import INPUTS, empty

STANDARDS = Path(__file__).resolve().parents[2] / "layers" / "standards"


def required():
    rows = [
        ("00001", "ward", 60, "approved", 3000.0, 4000.0),
        ("00002", "ward", 40, "group_average", 2000.0, 3000.0),
        ("00003", "border", 50, "approved", 2500.0, 3500.0),
    ]
    names = ["commune_code", "group", "staff", "staff_basis", "required_floor_area_m2", "required_land_area_m2"]
    return pd.DataFrame(rows, columns=names).astype({"staff": "Int64"})


def test_means_and_deviations_by_hand():
    people = pd.Series({"00001": 30_000, "00002": 10_000, "00003": None}, dtype="Int64")
    groups, deviations = planned_sizes(required(), people)
    assert groups["group"].tolist() == ["ward", "border", "province"]
    ward = groups.iloc[0]
    assert (ward["units"], ward["approved_units"], ward["population_mean"], ward["staff_mean"]) == (2, 1, 20_000, 50)
    assert (ward["required_floor_mean_m2"], ward["required_land_mean_m2"]) == (2500, 3500)
    assert groups.iloc[2]["units"] == 3
    assert groups.iloc[2]["required_land_mean_m2"] == 3500
    first = deviations.set_index("commune_code").loc["00001"]
    assert (first["population_deviation_percent"], first["staff_deviation_percent"]) == (50, 20)
    assert (first["floor_deviation_percent"], first["land_deviation_percent"]) == (20, 14.3)
    assert pd.isna(deviations.set_index("commune_code").loc["00003", "population_deviation_percent"])


# DOMAIN 5.3 (points of population and area) and NĐ 307/2025: +3 border, +2 ATK, +3 mountain ward
@pytest.mark.parametrize(
    ("commune", "points"),
    [
        (
            {"kind": "xã", "population": 24_976, "stated_area_km2": 91.57, "is_border": True, "is_atk": True},
            18.5 + 16 + 5,
        ),
        (
            {"kind": "xã", "population": 30_848, "stated_area_km2": 52.87, "is_border": False, "is_atk": False},
            22.5 + 12,
        ),
        (
            {"kind": "phường", "population": 41_624, "stated_area_km2": 61.70, "is_border": None, "is_atk": None},
            23.5 + 28,
        ),
    ],
)
def test_points_as_far_as_data_allow(commune, points):
    norms = load_norms(STANDARDS, "nd307-2025", (), dt.date(2026, 1, 1))
    filing = empty(INPUTS["filing"])
    filing.loc[0, ["commune_code", "unit_class"]] = ["00001", "I"]  # a class without a decision is none
    found, _ = classify(pd.DataFrame([{"code": "00001", **commune}]), filing, norms)
    row = found.iloc[0]
    assert row["classification_points"] == points
    assert row["unit_class"] is None
    assert decode(row["classification_notes"])[-1][0] == "need.class.not_computed"


def test_a_class_counts_only_with_its_decision():
    norms = load_norms(STANDARDS, "de-xuat", (), dt.date(2026, 1, 1))
    filing = empty(INPUTS["filing"])
    filing.loc[0, ["commune_code", "unit_class", "decision_no"]] = ["00001", "II", "15/QĐ-UBND"]
    found, used = classify(pd.DataFrame([{"code": "00001", "kind": "xã", "population": 9000}]), filing, norms)
    assert (found["unit_class"][0], found["unit_class_decision_no"][0]) == ("II", "15/QĐ-UBND")
    assert used == []
    assert pd.isna(found["classification_points"][0])
