"""Land planned for offices is looked at by one commune, the one that holds most of it, and only in that commune."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.locale import decode
from siteplan.sites.assess import assess_commune, prepare

WEST, MIDDLE, EAST = "09997", "09998", "09999"


@pytest.fixture
def planned(inputs, maps):
    """Plots L by commune, of three communes of 1 km side by side, under zones of one plan."""

    def build(*shapes, required: float = 8100.0, **zone):
        plan = {"plan_id": "P", "title": "QH", "plan_kind": "land_use", "status": "approved", "covers": "*",
                "decision_date": "2024-01-01"}  # fmt: skip
        zones = [
            {"zone_id": f"Z{i}", "plan_id": "P", "function": "TSC", "geometry": shape} | zone
            for i, shape in enumerate(shapes, 1)
        ]
        codes = (WEST, MIDDLE, EAST)
        made = inputs(dem=maps.plane(), plans=maps.layer("plans", [plan]), plan_zones=maps.layer("plan_zones", zones))
        places = [maps.at(1000 * i, 0, 1000 * (i + 1), 3000) for i in range(3)]
        rows = [{"code": c, "name": c, "kind": "xã", "geometry": g} for c, g in zip(codes, places, strict=True)]
        made = replace(
            made,
            communes=maps.layer("communes", rows).assign(population=5000),
            required=pd.DataFrame({"commune_code": codes, "required_land_area_m2": required}),
            seats=gpd.GeoDataFrame({"code": codes}, geometry=[p.centroid for p in places], crs=maps.CRS),
        )
        prepared = prepare(made)
        found = {code: assess_commune(prepared, code).sites for code in codes}
        return {code: sites[sites["letter"] == "L"].reset_index(drop=True) for code, sites in found.items()}

    return build


def counts(found) -> list[int]:
    return [len(sites) for sites in found.values()]


def test_the_commune_with_the_largest_share_takes_it_however_small_that_is(planned, maps) -> None:
    """40 % in the middle, 30 % in each neighbour: nobody has half of it."""
    bar = shapely.union_all([
        maps.at(1000, 1000, 2000, 1080), maps.at(250, 1000, 1000, 1080), maps.at(2000, 1000, 2750, 1080),
    ])  # fmt: skip
    found = planned(bar)
    assert counts(found) == [0, 1, 0]
    assert maps.at(1000, 0, 2000, 3000).covers(found[MIDDLE].geometry.iloc[0])


def test_of_equal_shares_the_least_code_takes_it(planned, maps) -> None:
    assert counts(planned(maps.at(900, 1000, 1100, 1100), maps.at(1900, 500, 2100, 600))) == [1, 1, 0]


def test_the_plot_is_cut_from_the_land_inside(planned, maps) -> None:
    """57 % is a strip in the commune, the fat end lies in the next: the deepest point is not the commune's."""
    strip, blob = maps.at(100, 1000, 1000, 1060), maps.at(1000, 930, 1200, 1130)
    found = planned(shapely.union(strip, blob))
    assert counts(found) == [1, 0, 0]
    plot = found[WEST].iloc[0]
    assert maps.at(0, 0, 1000, 3000).covers(plot["geometry"])
    assert plot["area_m2"] == pytest.approx(8100, rel=0.001)
    assert "outside_commune" not in (plot["broken_rules"] or "")
    told = dict(decode(plot["reasons"]))
    assert told["sites.reason.cut_at_boundary"]["percent"] == pytest.approx(100 * 54 / 94, abs=0.01)
    assert told["sites.reason.cut_from_zone"]["zone_area"] == 94_000


def test_a_zone_inside_is_the_plot_as_it_is_drawn(planned, maps) -> None:
    box = maps.at(300, 300, 400, 390)
    found = planned(box)[WEST].iloc[0]
    assert found["geometry"].equals(box)
    assert "sites.reason.cut_at_boundary" not in dict(decode(found["reasons"]))


def test_each_part_goes_to_its_own_commune_and_keeps_its_number(planned, maps) -> None:
    parts = [maps.at(300, 300, 400, 400), maps.at(1300, 300, 1390, 390), maps.at(2300, 300, 2380, 380)]
    found = planned(shapely.MultiPolygon(parts))
    assert [sites["source_id"].tolist() for sites in found.values()] == [["Z1#1"], ["Z1#2"], ["Z1#3"]]


def test_a_boundary_that_cuts_a_part_in_two_leaves_two_plots(planned, maps) -> None:
    """The commune's land on both sides of a neck that lies in the next one; a crumb is no plot."""
    west, east, crumb = (800, 300, 1000, 350), (800, 450, 1000, 500), (990, 395, 1000, 400)
    neck = maps.at(1000, 300, 1010, 500)
    found = planned(shapely.union_all([maps.at(*west), maps.at(*east), maps.at(*crumb), neck]))
    assert found[WEST]["source_id"].tolist() == ["Z1#1", "Z1#2"]
    assert found[WEST]["area_m2"].tolist() == [10_000, 10_000]


def test_a_zone_that_only_scrapes_the_province_is_not_its_own(planned, maps) -> None:
    assert counts(planned(maps.at(-950, 1000, 50, 1100))) == [0, 0, 0]  # 5 %
    assert counts(planned(maps.at(-150, 1000, 100, 1100))) == [1, 0, 0]  # 40 %, the rest in no commune


def test_of_restricted_zones_no_plot_is_drawn(planned, maps) -> None:
    assert counts(planned(maps.at(300, 300, 400, 390), restricted=True)) == [0, 0, 0]
