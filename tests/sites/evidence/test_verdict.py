"""From findings to the verdict, by hand."""

from __future__ import annotations

import pytest

from siteplan.locale import decode
from siteplan.sites.assess import assess_commune, prepare


def proposal(maps, geometry):
    row = {"proposal_id": "P1", "commune_code": maps.CODE, "name": "x", "geometry": geometry}
    return maps.layer("proposals", [row])


@pytest.mark.parametrize(("percent", "key"), [(1.0, "too_small"), (5.0, "enough_land")])
def test_the_reasons_count_with_the_scenarios_tolerance_of_area(inputs, maps, percent: float, key: str) -> None:
    """90 m by 87.3 m are 97 % of the 8,100 m² needed."""
    given = inputs(
        proposals=proposal(maps, maps.at(1000, 1000, 1090, 1087.3)), settings={"tolerance": {"area_percent": percent}}
    )
    sites = assess_commune(prepare(given), maps.CODE).sites
    (row,) = sites[sites["letter"] == "X"].to_dict("records")
    told = {name.removeprefix("sites.reason.") for name, _ in decode(row["reasons"])}
    assert told & {"too_small", "enough_land"} == {key}
    assert (row["can_extend"] is None) == (key == "enough_land")


def test_kinds_of_one_rule_count_once_where_they_overlap(inputs, maps) -> None:
    """Two roads on one axis, 3 m half width and 4 m corridor each: 12 m of 90 m are 13.3 %, the rule tolerates 20 %."""

    def site(classes: list[str]):
        line = maps.line((500, 1005), (2500, 1005))
        roads = maps.layer("roads", [{"road_class": c, "width_m": 6.0, "geometry": line} for c in classes])
        given = inputs(roads=roads, proposals=proposal(maps, maps.at(1000, 1000, 1090, 1090)))
        found = assess_commune(prepare(given), maps.CODE).sites
        return found[found["letter"] == "X"].iloc[0]

    assert site(["commune"])["eligible"]
    assert site(["commune", "local"])["eligible"]


def test_kinds_of_one_rule_count_together_where_they_do_not_overlap(inputs, maps) -> None:
    """12 m at the southern edge and 12 m at the northern: 26.7 % of the plot."""
    rows = [("commune", 1005), ("local", 1085)]
    roads = maps.layer(
        "roads", [{"road_class": c, "width_m": 6.0, "geometry": maps.line((500, y), (2500, y))} for c, y in rows]
    )
    given = inputs(roads=roads, proposals=proposal(maps, maps.at(1000, 1000, 1090, 1090)))
    found = assess_commune(prepare(given), maps.CODE).sites
    row = found[found["letter"] == "X"].iloc[0]
    assert not row["eligible"]
    assert row["broken_rules"] == "road_commune"
