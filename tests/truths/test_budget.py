"""The budget case: values .01 .02 .03 .9, costs 1 2 3 100. Picking by value over cost is not optimal."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from siteplan.decide.programme import plan
from siteplan.scenario import Criterion, Fund, Phase, ProgrammeSettings, Scenario, ValueFunction

VALUES, COSTS = (1, 2, 3, 90), (1, 2, 3, 100)  # values in hundredths, costs in units of 100 million đồng
UNIT = 1e8


def chosen(budget):
    frame = pd.DataFrame(
        {
            "commune_code": ["1", "2", "3", "4"],
            "name": ["1", "2", "3", "4"],
            "priority_rank": [4, 3, 2, 1],
            "priority_points": [float(v) for v in VALUES],
            "build_type": "build_new",
            "site_id": "s",
            "check_result": "clear",
            "population": 1,
            "deficit_floor_area_m2": 1.0,
            "cost_at_price_year": [c * UNIT for c in COSTS],
            "clearance_cost_included": True,
            "is_border": False,
            "is_central_ward": False,
            "gap_basis": "reported",
            "rests_on": None,
        }
    )
    scenario = Scenario(
        name="thu",
        title="thử",
        date="2026-01-01",
        criteria=(Criterion(key="x", weight=100, value=ValueFunction(kind="identity")),),
        phases=(Phase(name="p", years=(2026, 2026)),),
        funds=(Fund(source="s", year=2026, amount=budget * UNIT),),
        programme=ProgrammeSettings(objective="priority", limited_by="money", years_to_build=1, beside=()),
        costs={"price_year": 2026},
    )
    result = plan(gpd.GeoDataFrame(frame, geometry=[Point(0, 0)] * 4), scenario)
    assert result.proof["status"] == "optimal"
    return result.programme.loc[result.programme["status"] == "planned", "commune_code"].tolist()


@pytest.mark.parametrize(("budget", "expected"), [(6, ["1", "2", "3"]), (100, ["4"])])
def test_budget(budget, expected):
    assert chosen(budget) == expected


def test_picking_by_value_over_cost_would_be_beaten():
    order = sorted(range(4), key=lambda n: -VALUES[n] / COSTS[n])
    left, greedy = 100, 0
    for n in order:
        if COSTS[n] <= left:
            left, greedy = left - COSTS[n], greedy + VALUES[n]
    assert sum(VALUES[int(code) - 1] for code in chosen(100)) > greedy
