"""What cannot be right proves nothing: flood marks off the terrain are left out of the evidence; coverage says so."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siteplan.layers.believable import believable
from siteplan.layers.coverage import layer_coverage
from siteplan.sites.ground.floods import flood_state, known_floods
from siteplan.sites.layer import Layer

WEST, SOUTH = 440_000.0, 2_410_000.0


@pytest.fixture
def marked(ground):
    """Layers with flood marks of given levels, 1 km apart, on ground of 300 m; one list a layer."""

    def make(*lists):
        for number, levels in enumerate(lists):
            points = [shapely.Point(WEST + 4000 * (number + 1), SOUTH + 1000 * (i + 1)) for i in range(len(levels))]
            columns = {"event": ["2008"] * len(levels), "level_m": levels}
            ground.frame(f"vet_lu_{number}", "flood_marks", gpd.GeoDataFrame(columns, geometry=points, crs=9215))
        return ground.read()

    return make


def test_marks_off_the_terrain_are_left_out_and_listed_by_layer(marked, rules) -> None:
    read = marked([301.0, 1.2, 302.0, np.nan], [301.0, 299.0, 0.8, 1.0])
    kept = believable(read, rules)
    levels = kept.table("flood_marks")["level_m"].astype(float)
    assert levels.dropna().tolist() == [301.0, 302.0, 301.0, 299.0]
    assert levels.isna().sum() == 1
    told = {p.layer: p for p in kept.problems if p.key == "flood_marks_off"}
    assert {layer: (p.severity, p.params["count"], p.params["total"]) for layer, p in told.items()} == {
        "vet_lu_0": ("excluded", 1, 3),
        "vet_lu_1": ("excluded", 2, 4),
    }
    # what is cached under the layers, as coverage, must not be that of all marks
    assert kept.fingerprint != read.fingerprint
    assert len(read.table("flood_marks")) == 8


def test_coverage_is_partial_where_marks_were_left_out(marked, rules) -> None:
    read = marked([301.0, 1.2, 302.0])
    of_marks = [
        set(c.loc[c["role"] == "flood_marks", "status"]) for c in map(layer_coverage, (read, believable(read, rules)))
    ]
    assert of_marks == [{"covered"}, {"partly"}]


def test_sound_layers_stay_as_they_are(marked, rules) -> None:
    read = marked([301.0, 302.0, np.nan])
    assert believable(read, rules) is read
    assert believable(read, None) is read


def test_a_layer_that_is_off_as_a_whole_stays_for_the_check_to_refuse(marked, rules) -> None:
    read = marked([1.2, 0.8, 1.5])
    assert believable(read, rules) is read


def test_a_site_at_a_depth_written_as_a_level_is_not_assessed(marked, rules) -> None:
    read = marked([301.0, 1.2, 302.0])
    plot = np.array([shapely.box(WEST + 4000, SOUTH + 2000, WEST + 4050, SOUTH + 2050)], dtype=object)
    states = []
    for layers in (read, believable(read, rules)):
        marks = Layer("flood_marks", layers.table("flood_marks"), ())
        found = known_floods(plot, marks, 500.0, lambda left, row: np.zeros(len(left)), 5.0)
        states += flood_state(np.array([300.0]), found["flood_level_m"], 0.3)[0]
    assert states == ["above", "not_assessed"]
