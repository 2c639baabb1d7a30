"""The map's choices by kind of plan, on a coverage table small enough to read."""

from types import SimpleNamespace

import pandas as pd
import pytest

from siteplan.outputs.style import load_style
from siteplan.outputs.webmap import plan_cover

ROWS = [
    ("01", "plans/general", True, "covered", 100.0),
    ("02", "plans/general", True, "partly", 37.5),
    ("03", "plans/general", True, "paper_only", None),
    ("01", "plans/land_use", True, "missing", None),
    ("01", "plans/railway", False, "missing", None),  # not mandatory: no choice of its own
    ("01", "roads", True, "covered", None),  # no plan
]


@pytest.fixture
def run():
    frame = pd.DataFrame(ROWS, columns=["commune_code", "role", "mandatory", "status", "percent"])
    frame["mandatory"] = frame["mandatory"].astype("boolean")
    return SimpleNamespace(table=lambda name: {"coverage": frame}[name])


def test_each_mandatory_kind_is_a_choice_with_all_four_states(run, repo_root) -> None:
    style = load_style(repo_root / "maps" / "style.toml")
    found = plan_cover.themes("plan_coverage", style.themes["plan_coverage"], [run], style.missing_colour, "vi")
    assert [t["key"] for t in found] == ["plan_coverage_general", "plan_coverage_land_use"]
    assert found[1]["label"] == "Mức phủ: Quy hoạch sử dụng đất"
    for theme in found:
        assert [c["token"] for c in theme["classes"]] == ["covered", "partly", "paper_only", "missing"]
        assert len({c["colour"] for c in theme["classes"]}) == 4
        assert all(c["label"] and c["label"] != c["token"] for c in theme["classes"])


def test_a_commune_is_coloured_by_its_own_row_and_without_one_by_none(run) -> None:
    found = plan_cover.commune_columns(run, ["03", "01", "02"])
    assert found["cover_general"] == ["paper_only", "covered", "partly"]
    assert found["cover_general_percent"] == [None, 100.0, 37.5]
    assert found["cover_land_use"] == [None, "missing", None]
    assert set(found) == {"cover_general", "cover_general_percent", "cover_land_use", "cover_land_use_percent"}
