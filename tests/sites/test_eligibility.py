"""What each rule takes of a commune, by itself and after the others, counted on plates and by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from siteplan.sites.assess import assess_commune, prepare

CELL_M2 = 900.0


@pytest.fixture
def assessed(inputs, rules, maps):
    """Assess the commune with the least area put before or after all other rules."""

    def build(first: bool, **given):
        table = rules.eligibility
        least = table["rule"] == "minimum_area"
        parts = (table[least], table[~least]) if first else (table[~least], table[least])
        ordered = replace(rules, eligibility=pd.concat(parts, ignore_index=True))
        return assess_commune(prepare(replace(inputs(**given), rules=ordered)), maps.CODE)

    return build


def lattice(maps):
    """Water that leaves single cells: of each 60 m square the eastern and the northern half; 2,500 cells of 900 m²."""
    boxes = [box for a in range(0, 3000, 60) for box in ((a + 30, 0, a + 60, 3000), (0, a + 30, 3000, a + 60))]
    return maps.layer("water_areas", [{"water_class": "pond", "geometry": maps.at(*box)} for box in boxes])


def test_the_least_area_is_applied_last_wherever_it_stands(assessed, maps) -> None:
    """Every piece that water leaves is a cell of 900 m² and the rule asks for 1,000: nothing is left, ever."""
    given = {"water_areas": lattice(maps), "dem": maps.plane(east=0.27)}
    for first in (False, True):
        found = assessed(first, **given)
        assert found.eligible_area_m2 == 0
        account = found.table("land_account")
        assert account["rule"].iloc[-1] == "minimum_area"
        assert account["left_m2"].iloc[-1] == 0
        assert (account["left_m2"].diff().dropna() <= 0).all()
        assert (found.table("land_options")["opened_m2"] >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_place_in_the_table_changes_nothing(assessed, maps, seed: int) -> None:
    random = np.random.default_rng(seed)
    boxes = [(x, y, x + w, y + h) for x, y, w, h in random.uniform((0, 0, 30, 30), (2900, 2900, 700, 200), (60, 4))]
    lakes = maps.layer("water_areas", [{"water_class": "lake", "geometry": maps.at(*box)} for box in boxes])
    given = {"water_areas": lakes, "dem": maps.plane(east=0.22), "settings": {"eligibility": {"slope_max_percent": 15}}}
    last, first = (assessed(place, **given) for place in (False, True))
    assert first.eligible_area_m2 == last.eligible_area_m2
    for name in ("land_account", "land_options"):
        assert first.table(name).equals(last.table(name))


def test_what_the_least_area_takes_by_itself(assessed, maps) -> None:
    """The commune is one piece of 900 ha: by itself the rule takes nothing, after water all that is left."""
    found = assessed(first=False, water_areas=lattice(maps))
    row = found.table("land_account").set_index("rule").loc["minimum_area"]
    assert row["removed_alone_m2"] == 0
    assert row["removed_in_order_m2"] == 2500 * CELL_M2
    said = dict(found.no_site_reasons)
    assert said["sites.none.rule_took"]["rule"] == "water_area"
    assert said["sites.none.pieces_too_small"] == {
        "rule": "minimum_area", "name": said["sites.none.pieces_too_small"]["name"],
        "area": 2500 * CELL_M2, "percent": 25.0, "least": 1000.0,
    }  # fmt: skip


def test_pieces_too_small_are_those_that_a_flood_fill_finds(assessed, maps) -> None:
    random = np.random.default_rng(3)
    boxes = [(30 * x, 30 * y, 30 * x + 30, 30 * y + 30) for x, y in np.argwhere(random.random((100, 100)) < 0.42)]
    shrunk = [(x + 6, y + 6, x1 - 6, y1 - 6) for x, y, x1, y1 in boxes]  # with its bank of 5 m a pond stays in its cell
    ponds = maps.layer("water_areas", [{"water_class": "pond", "geometry": maps.at(*box)} for box in shrunk])
    least = 5 * CELL_M2
    found = assessed(first=True, water_areas=ponds, settings={"eligibility": {"minimum_area_m2": least}})
    dry = np.ones((100, 100), dtype=bool)
    for x, y, _, _ in boxes:
        dry[int(y // 30), int(x // 30)] = False
    piece, _ = ndimage.label(dry)
    kept = np.bincount(piece.ravel())[1:]
    assert found.eligible_area_m2 == kept[kept >= 5].sum() * CELL_M2
    row = found.table("land_account").set_index("rule").loc["minimum_area"]
    assert row["removed_in_order_m2"] == kept[kept < 5].sum() * CELL_M2
