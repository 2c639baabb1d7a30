"""Layers that were made for a part of the province."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from siteplan.layers.coverage import layer_coverage
from siteplan.locale import decode

WEST, SOUTH = 440_000.0, 2_410_000.0


def zones(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    """Hazard zones of 50 m; the communes are four squares of 10 km from the corner WEST, SOUTH."""
    shapes = [shapely.box(WEST + x, SOUTH + y, WEST + x + 50, SOUTH + y + 50) for x, y in places]
    words = {"hazard_kind": ["flood"] * len(shapes), "level": ["high"] * len(shapes)}
    return gpd.GeoDataFrame(words, geometry=shapes, crs=9215)


IN_ONE, IN_ANOTHER = (100, 100), (11_000, 100)


def states(ground) -> dict[str, str]:
    frame = layer_coverage(ground.read())
    rows = frame[frame["role"] == "hazards"].set_index("commune_code")
    notes = {code: [key for key, _ in decode(cell)] for code, cell in rows["notes"].items()}
    told = {code for code, keys in notes.items() if "coverage.not_delivered" in keys}
    assert told == set(rows.index[rows["status"] == "missing"])
    return rows["status"].to_dict()


def test_a_layer_covers_the_communes_it_was_made_for(ground) -> None:
    ground.frame("ngap", "hazards", zones(IN_ONE))
    assert set(states(ground).values()) == {"covered"}
    ground.frame("ngap", "hazards", zones(IN_ONE), covers=["06001"])
    assert states(ground) == {"06001": "covered", "06004": "missing", "06019": "missing", "06037": "missing"}


def test_layers_of_a_role_add_up(ground) -> None:
    ground.frame("ngap", "hazards", zones(IN_ONE), covers=["06001"])
    ground.frame("ngap_2", "hazards", zones(IN_ANOTHER), covers=["06004", "06019"])
    assert [code for code, state in states(ground).items() if state == "missing"] == ["06037"]
    ground.put("cho", "hazards", "chua_co.gpkg")  # listed without covers, but its file is not there
    assert [code for code, state in states(ground).items() if state == "missing"] == ["06037"]
    ground.frame("ca_tinh", "hazards", zones(IN_ONE))
    assert set(states(ground).values()) == {"covered"}


def test_few_communes_with_features_are_a_question(ground) -> None:
    ground.frame("ngap", "hazards", zones(IN_ONE))
    (problem,) = ground.check()
    assert (problem.key, problem.severity, problem.layer) == ("layer_reaches_few", "warning", "ngap")
    assert (problem.params["count"], problem.params["total"]) == (1, 4)
    ground.frame("ngap", "hazards", zones(IN_ONE), covers=["06001"])
    assert ground.check() == []
    ground.frame("ngap", "hazards", zones(IN_ONE, IN_ANOTHER))  # half of them
    assert ground.check() == []


def land(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(WEST + a, SOUTH + b, WEST + c, SOUTH + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame({"land_use": ["LUC"] * len(shapes)}, geometry=shapes, crs=9215)


def test_mandatory_land_use_of_a_part_of_the_province_is_told(ground) -> None:
    tenth = (0, 0, 2_000, 20_000)  # of four squares of 10 km
    ground.frame("dat", "land_use", land(tenth), mandatory=True)
    (problem,) = ground.check()
    assert (problem.key, problem.severity, problem.layer) == ("layer_covers_little", "warning", "dat")
    assert problem.params["percent"] == pytest.approx(10.0)
    ground.frame("dat", "land_use", land(tenth))
    assert ground.check() == []
    ground.frame("dat", "land_use", land((0, 0, 10_000, 20_000)), mandatory=True)  # half of it
    assert ground.check() == []
    ground.frame("dat", "land_use", land(tenth), mandatory=True)
    ground.frame("dat_2", "land_use", land((2_000, 0, 20_000, 20_000)))
    assert ground.check() == []


def test_codes_that_no_commune_has_are_errors(ground) -> None:
    ground.frame("ngap", "hazards", zones(IN_ONE), covers=["06001", "06002", "6004"])
    (problem,) = ground.check()
    assert (problem.key, problem.severity, problem.column) == ("catalog_covers_unknown", "error", "covers")
    assert problem.value == "06002, 6004"


@pytest.mark.parametrize("role", ["communes", "land_use", "plan_zones", "plans", "dem"])
def test_of_other_roles_it_cannot_be_said(ground, role) -> None:
    ground.put("x", role, "x.gpkg", covers=["06001"])
    assert "catalog_covers_role" in [p.key for p in ground.check()]
