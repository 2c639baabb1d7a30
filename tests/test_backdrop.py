"""The background of a run is the same file whether it is made for it, taken from the cache, or kept nowhere."""

import datetime as dt
import sqlite3
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import LineString, box

from siteplan import backdrop, cache, runs
from siteplan.tables import BACKGROUND, INPUTS, conform, empty

DAY = dt.date(2026, 1, 1)
HIDDEN = "Khu vực bí mật 7"


def _frame(role, geometries, **columns):
    own = {"layer": "open", "illustrative": False, "restricted": False} | columns
    return conform(gpd.GeoDataFrame(own, geometry=geometries, crs=9215), INPUTS[role])


def _layers(fingerprint="a", **tables):
    return SimpleNamespace(
        fingerprint=fingerprint, table=lambda role: tables.get(role, empty(INPUTS[role], "EPSG:9215"))
    )


@pytest.fixture
def layers():
    """Two layers with an open and a hidden feature each; of two open zones one is of a hidden plan."""
    road, area = LineString([(0, 0), (100, 0)]), box(0, 0, 50, 50)
    one_of_two = {"layer": ["open", "hidden"], "restricted": [False, True]}
    plans = pd.DataFrame(
        {"plan_id": ["p", "q"], "title": ["Quy hoạch chung", HIDDEN], "decision_no": ["12/QĐ", HIDDEN], **one_of_two}
    ).assign(plan_kind="general", status="approved", illustrative=False)
    return _layers(
        roads=_frame("roads", [road, road], name=["Đường 1", HIDDEN], **one_of_two),
        hazards=_frame("hazards", [area], hazard_kind=["flood"], source=[HIDDEN], layer=["hidden"], restricted=[True]),
        plan_zones=_frame("plan_zones", [area, area, area], zone_id=["x", "y", "z"], plan_id=["p", "q", "p"],
                          name=["A", "B", HIDDEN], layer=["open", "open", "hidden"], restricted=[False, False, True]),
        plans=conform(plans, INPUTS["plans"]),
    )  # fmt: skip


@pytest.fixture
def kept_in(monkeypatch, tmp_path):
    def keep(folder):
        monkeypatch.setattr(cache, "cache_folder", lambda: folder)

    keep(tmp_path / "cache")
    return keep


@pytest.fixture
def written(monkeypatch):
    """Count how often a file is made."""
    calls = []
    write = runs.write_background
    monkeypatch.setattr(runs, "write_background", lambda *given: calls.append(given) or write(*given))
    return calls


@pytest.mark.parametrize("include_restricted", [False, True])
def test_made_kept_or_unkept_it_is_the_same_bytes(layers, kept_in, written, tmp_path, include_restricted):
    def put(name):
        path = tmp_path / name
        backdrop.put_background(path, lambda: backdrop.background(layers, DAY, include_restricted))
        return path.read_bytes()

    fresh, kept = put("fresh.gpkg"), put("kept.gpkg")
    assert len(written) == 1
    (tmp_path / "a file").write_text("")
    kept_in(tmp_path / "a file")
    assert put("unkept.gpkg") == fresh == kept
    assert len(written) == 2
    expected = ["roads", "plan_zones", *(["hazards"] if include_restricted else [])]
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "fresh.gpkg")] == expected


def test_nothing_restricted_is_in_the_file(layers, kept_in, tmp_path):
    path = tmp_path / "background.gpkg"
    for include_restricted in (True, False):  # what was kept with it is not taken for what is without it
        path.write_bytes(backdrop.background(layers, DAY, include_restricted))
        assert (HIDDEN.encode() in path.read_bytes()) == include_restricted
    with sqlite3.connect(path) as file:
        names = {name for (name,) in file.execute("SELECT table_name FROM gpkg_contents")}
        flags = {n: [bool(v) for (v,) in file.execute(f"SELECT restricted FROM {n}")] for n in names}
    assert flags == {"roads": [False], "plan_zones": [False, False]}
    zones = gpd.read_file(path, layer="plan_zones").set_index("zone_id")
    assert zones.loc["x", "title"] == "Quy hoạch chung"
    assert zones.loc["y", ["title", "decision_no"]].isna().all()  # the zone is open, its plan is not


def test_another_day_or_other_layers_are_another_file(layers, kept_in, written):
    backdrop.background(layers, DAY, False)
    backdrop.background(layers, DAY + dt.timedelta(1), False)
    backdrop.background(_layers("b", roads=layers.table("roads")), DAY, False)
    assert len(written) == 3


def test_no_layers_are_no_file(kept_in, tmp_path):
    path = tmp_path / "background.gpkg"
    backdrop.put_background(path, lambda: backdrop.background(_layers(), DAY, True))
    assert not path.exists()
    assert set(BACKGROUND) <= set(INPUTS)
