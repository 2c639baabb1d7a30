"""A threshold that the scenario sets goes before the table's, and is told as what it is: proposed, of the scenario."""

import shutil

import pytest

from siteplan.assumptions import assumptions
from siteplan.norms import Norms
from siteplan.rules import load_rules
from siteplan.scenario import load_scenario, standing
from siteplan.sites.rules import eligibility_of, read_rules
from siteplan.tables import RESULTS, empty


@pytest.fixture
def given(repo_root):
    rules = load_rules(repo_root / "layers" / "rules")
    scenario = load_scenario(repo_root / "scenarios" / "phuong_an_1.toml")

    def build(slope):
        own = scenario.eligibility.model_copy(update={"slope_max_percent": slope, "minimum_area_m2": None})
        return rules, scenario.model_copy(update={"eligibility": own})

    return build


def _slope(rules, scenario):
    table = eligibility_of(rules, scenario)
    return table[(table["role"] == "dem") & (table["column"] == "slope_percent")].iloc[0]


def test_the_scenario_goes_before_the_table(given):
    rules, scenario = given(20)
    row = _slope(rules, scenario)
    assert (row["threshold"], row["certainty"], row["legal_basis"], row["of_scenario"]) == (20, "P", "", True)
    assert next(r.threshold for r in read_rules(rules, scenario) if r.rule == row["rule"]) == 20
    table = rules.eligibility.set_index("rule").loc[row["rule"]]
    assert table["threshold"] != 20  # what was read is untouched
    for slope in (None, float(table["threshold"])):
        same = _slope(*given(slope))
        assert (same["threshold"], same["legal_basis"]) == (table["threshold"], table["legal_basis"])
        assert not same["of_scenario"]


def test_the_list_of_assumptions_prints_the_value_that_was_used(repo_root, tmp_path):
    rules = load_rules(repo_root / "layers" / "rules")
    shutil.copytree(repo_root / "scenarios", tmp_path, dirs_exist_ok=True)
    base, path = tmp_path / "co_so.toml", tmp_path / "phuong_an_1.toml"
    tables = {"facilities": empty(RESULTS["facilities"])}
    for words, told in (("# ", ("25", "%", "rules/eligibility.csv")), ("", ("20", "%", "co_so.toml"))):
        line = "# slope_max_percent = 20"
        base.write_text(base.read_text("utf-8").replace(line, line.replace("# ", words)), "utf-8")
        scenario = load_scenario(path)
        listed = assumptions([], Norms({}, scenario.date, (), ()), rules, scenario, tables, None, standing(path))
        row = listed[listed["assumption_id"].str.startswith("eligibility.slope.")].iloc[0]
        assert (row["value"], row["unit"], row["place"]) == told
    assert row["legal_basis"] == ""


def test_each_figure_of_a_scenario_is_listed_with_the_file_where_it_stands(repo_root, tmp_path):
    path = tmp_path / "thu.toml"
    shutil.copytree(repo_root / "scenarios", tmp_path, dirs_exist_ok=True)
    path.write_text(
        'extends = "phuong_an_1.toml"\nname = "thu"\n[supplements]\nborder = 4\n[eligibility]\nslope_max_percent = 20\n'
    )
    rules, scenario = load_rules(repo_root / "layers" / "rules"), load_scenario(path)
    tables = {"facilities": empty(RESULTS["facilities"])}
    listed = assumptions([], Norms({}, scenario.date, (), ()), rules, scenario, tables, None, standing(path))
    place = dict(zip(listed["assumption_id"], listed["place"], strict=True))
    weights = {file for identity, file in place.items() if identity.startswith(("weight.", "scenario.criteria."))}
    assert weights == {"co_so.toml"}
    assert place["scenario.supplements"] == "co_so.toml; thu.toml"  # the points of the border are its own
    assert place["scenario.phases"] == "phuong_an_1.toml"
    assert {file for identity, file in place.items() if identity.startswith("eligibility.slope.")} == {"thu.toml"}
