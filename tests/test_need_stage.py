"""The need on the embedded data: with thirty answers and with none it computes, and says what it rests on."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from siteplan.locale import decode
from siteplan.need_stage import compute
from siteplan.norms import load_norms
from siteplan.pipeline import need_tables, read_inputs
from siteplan.report import SILENT
from siteplan.tables import INPUTS, RESULTS, conform, empty
from siteplan.tables.need import ITEMS
from siteplan.workspace import Workspace


class Without:
    """The layers as read, some of them taken away or replaced."""

    def __init__(self, layers, *roles: str, **replaced) -> None:
        self.layers, self.roles, self.replaced = layers, roles, replaced
        self.catalog = layers.catalog

    def table(self, role: str):
        if role in self.replaced:
            return self.replaced[role]
        if role in self.roles:
            return empty(INPUTS[role], "EPSG:9215")
        return self.layers.table(role)


@pytest.fixture(scope="module")
def inputs(repo_root):
    place = Workspace(repo_root)
    return read_inputs([place.scenarios / "phuong_an_1.toml"], place, None, SILENT)[0]


def stage_of(inputs, *roles, **replaced):
    said = []
    stage = compute(
        Without(inputs.layers, *roles, **replaced),
        inputs.scenario,
        inputs.norms,
        lambda key, **params: said.append((key, params)),
    )
    return stage, dict(said)


def test_thirty_of_sixty_five(inputs):
    stage, said = stage_of(inputs)
    gaps = stage.gaps.communes
    assert len(gaps) == 65
    assert (gaps["report_state"] != "none").sum() == 30
    assert said["need.answers"] == gaps["report_state"].value_counts().to_dict()
    assert set(gaps.loc[gaps["report_state"] == "none", "gap_basis"]) <= {"estimated", "missing"}
    assert ((gaps["gap_basis"] == "reported") == (gaps["report_state"] == "answered")).all()
    told = gaps.loc[gaps["report_state"] == "none", "build_reasons"].map(lambda cell: [key for key, _ in decode(cell)])
    assert told.map(lambda keys: any(key.startswith("need.answer.") for key in keys)).all()
    reported = gaps.set_index("commune_code").loc[inputs.layers.table("commune_reports")["commune_code"]]
    assert reported["rests_on"].str.contains("layer:commune_reports").all()
    tables = stage.tables()
    assert len(tables["figures"]) == 65 * 6
    for name, table in tables.items():
        conform(table, RESULTS[name], "EPSG:9215")


@pytest.mark.parametrize("inventory", [True, False])
def test_none_answered(inputs, inventory):
    roles = ["commune_reports", "agreed_areas"]
    if not inventory:
        roles += ["facilities", "facility_buildings"]
    stage, said = stage_of(inputs, *roles)
    gaps = stage.gaps.communes
    assert said["need.answers"] == {"answered": 0, "partly": 0, "none": 65}
    assert "reported" not in set(gaps["gap_basis"])  # so none of them is ready for a pilot
    if inventory:
        assert gaps["existing_floor_area_m2"].notna().all()
    else:
        assert set(gaps["gap_basis"]) == {"missing"}
        assert gaps["existing_floor_area_m2"].isna().all()
        assert gaps["new_floor_area_m2"].tolist() == gaps["commune_code"].map(
            stage.need.communes.set_index("commune_code")["required_floor_area_m2"]
        ).tolist()  # fmt: skip


def test_answers_without_an_inventory_bound_the_others(inputs):
    stage, _ = stage_of(inputs, "facilities", "facility_buildings", "agreed_areas")
    figures = stage.tables()["figures"]
    existing = figures[figures["item"] == "existing_floor"]
    averaged = existing["used_from"].isin(("group_average", "province_average"))
    assert averaged.sum() == 35
    assert existing.loc[averaged, ["low_m2", "high_m2"]].notna().all(axis=None)
    told = existing["used_from"] == "reported"
    assert (existing.loc[told, "used_m2"] == existing.loc[told, "reported_m2"]).all()
    assert told.sum() == 30


def test_a_reported_population_stands_for_the_published_one(inputs):
    reports = inputs.layers.table("commune_reports").copy()
    code = reports["commune_code"].iloc[0]
    reports["population"] = reports["population"].mask(reports["commune_code"] == code, 12_345)
    stage, _ = stage_of(inputs, commune_reports=reports)
    people = stage.communes.set_index("code")["population"]
    assert people[code] == 12_345
    published = inputs.layers.table("commune_facts").set_index("code")["population"]
    others = people.index[people.index != code]
    assert people[others].tolist() == published[others].tolist()


def test_totals_add_up_to_the_communes(inputs):
    stage, _ = stage_of(inputs)
    totals = stage.tables()["totals"].set_index(["item", "basis"])
    for item in ITEMS:
        assert totals.loc[(item, "total"), "units"] == 65
        by_hand = stage.gaps.communes[f"{item}_area_m2"].sum()
        assert totals.loc[(item, "total"), "used_m2"] == pytest.approx(by_hand, abs=0.01)
        parts = totals.loc[[(item, b) for b in ("reported", "estimated", "missing")]]
        assert parts["units"].sum() == 65
        assert parts["used_m2"].sum() == pytest.approx(by_hand, abs=0.02)


def test_the_date_of_the_scenario_is_told(inputs, repo_root):
    folder = repo_root / "layers" / "standards"
    need = inputs.scenario.need
    late = load_norms(folder, need.standard, need.supporting, dt.date(2026, 12, 31))
    said = []
    compute(inputs.layers, inputs.scenario, late, lambda key, **params: said.append((key, params)))
    told = [params for key, params in said if key == "need.norms.to_be_replaced"]
    assert any("QCVN 01:2026" in params["new"] and params["start"] == "01/01/2027" for params in told)


def test_the_need_alone_equals_the_need_of_the_stage(inputs, repo_root):
    place = Workspace(repo_root)
    tables, scope, date = need_tables(place.scenarios / "phuong_an_1.toml", place)
    assert (scope, date) == (inputs.scenario.need.scope, inputs.scenario.date.isoformat())
    stage, _ = stage_of(inputs)
    pd.testing.assert_frame_equal(tables["needs"], stage.need.needs)
