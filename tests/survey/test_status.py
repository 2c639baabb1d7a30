from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from siteplan import locale
from siteplan.errors import Problem
from siteplan.survey import status
from siteplan.tables import RESULTS, conform, empty

CRS = "EPSG:9215"


@dataclass
class Entry:
    name: str
    role: str
    illustrative: bool = False
    title: str = ""


class FinishedRun:
    """Two communes, all figures there; tests take something away."""

    def __init__(self):
        square = box(0, 0, 1000, 1000)
        communes = [
            {
                "code": code,
                "name": code,
                "required_floor_area_m2": 2000.0,
                "staff_basis": "approved",
                "gap_basis": "reported",
                "best_site_id": f"{code}-K",
                "best_check_result": "clear",
                "priority_rank": rank,
                "geometry": square,
            }
            for rank, code in enumerate(("00001", "00002"), start=1)
        ]
        programme = [
            {
                "option": "a",
                "commune_code": c["code"],
                "status": "planned",
                "cost_at_price_year": 1e9,
                "clearance_cost_included": True,
                "geometry": square,
            }
            for c in communes
        ]
        facilities = [
            {
                "facility_id": "F1",
                "commune_code": "00001",
                "floor_area_m2": 100.0,
                "land_area_m2": 500.0,
                "condition": "good",
                "year_built": 2001,
                "geometry": square,
            }
        ]
        surplus = [
            {
                "option": "a",
                "facility_id": "F1",
                "commune_code": "00001",
                "treatment": "keep",
                "geometry": square.centroid,
            }
        ]
        coverage = [
            {"commune_code": c["code"], "role": role, "mandatory": True, "status": "covered"}
            for c in communes
            for role in ("land_use", "hazards", "dem", "plans/chi_tiet")
        ]
        self.tables = {name: empty(table, CRS) for name, table in RESULTS.items()}
        for name, rows in (
            ("communes", communes),
            ("programme", programme),
            ("facilities", facilities),
            ("surplus", surplus),
        ):
            self.tables[name] = conform(gpd.GeoDataFrame(rows, crs=CRS), RESULTS[name])
        self.tables["coverage"] = conform(pd.DataFrame(coverage), RESULTS["coverage"])
        self.manifest = {
            "scenario": {
                "programme": {"label_of_funds": "approved"},
                "criteria": [{"key": "access_minutes", "of": "commune", "label": "Đi lại"}],
            },
            "frozen": {"version": "1", "date": "2026-03-01"},
            "illustrative_layers": [],
        }

    def table(self, name):
        return self.tables[name].copy()

    def __getattr__(self, name):
        if name in RESULTS:
            return self.table(name)
        raise AttributeError(name)


ROLES = sorted({role for roles in status.TASKS.values() for role in roles})


def entries(*illustrative):
    return [Entry(f"lop_{role}", role, role in illustrative) for role in ROLES]


def state(run, layers=None, problems=()):
    sources = pd.DataFrame(
        [(e.name, e.role, e.title, e.illustrative) for e in (entries() if layers is None else layers)],
        columns=["layer", "role", "title", "illustrative"],
    )
    return {s.task: s for s in status.judge(run, None, sources, problems)}


def lacks(found, task):
    return {key.removeprefix("status.lack."): params for key, params in found[task].lacking}


def test_all_is_complete_when_nothing_is_lacking():
    assert {task: s.state for task, s in state(FinishedRun()).items()} == dict.fromkeys(status.TASKS, "complete")


def test_without_a_run_options_and_dossier_are_missing():
    found = state(None)
    assert {t for t, s in found.items() if s.state == "missing"} == {"options", "dossier"}
    assert all("run" in lacks(found, task) for task in status.TASKS)


def test_a_missing_layer_is_named_and_decides_by_its_weight():
    found = state(FinishedRun(), [e for e in entries() if e.role not in ("hazards", "dem")])
    assert found["locations"].state == "missing"
    assert [p["role"] for k, p in found["locations"].lacking if k.endswith(".layer")] == ["dem", "hazards"]
    found = state(FinishedRun(), [e for e in entries() if e.role != "hazards"])
    assert found["locations"].state == "partial"


def test_illustrative_layers_never_make_a_task_complete():
    found = state(FinishedRun(), entries("facilities"))
    assert {t for t, s in found.items() if s.state == "partial"} == {"priority", "old_facilities", "figures", "dossier"}
    assert lacks(found, "figures")["illustrative"]["layers"] == "lop_facilities"


def test_an_error_in_a_layer_is_counted_against_its_task():
    found = state(FinishedRun(), problems=[Problem("crs_missing", layer="lop_roads")])
    assert found["locations"].state == "partial"
    assert lacks(found, "locations")["errors"] == {"layer": "lop_roads", "role": "roads"}


@pytest.mark.parametrize(
    ("table", "column", "value", "task", "lack", "expected"),
    [
        ("communes", "required_floor_area_m2", None, "size", "need", "partial"),
        ("communes", "staff_basis", "default", "size", "staff", "partial"),
        ("communes", "best_site_id", None, "locations", "site", "partial"),
        ("communes", "best_check_result", "conditional", "plans", "not_clear", "partial"),
        ("communes", "priority_missing", "access_minutes", "priority", "criterion", "partial"),
        ("communes", "gap_basis", "estimated", "figures", "figures_estimated", "partial"),
        ("communes", "gap_basis", None, "figures", "figures_missing", "partial"),
        ("programme", "clearance_cost_included", False, "options", "clearance", "partial"),
        ("facilities", "floor_area_m2", None, "old_facilities", "facility_floor_area_m2", "partial"),
        ("coverage", "status", "missing", "locations", "covered", "partial"),
    ],
)
def test_one_missing_figure_makes_its_task_partial(table, column, value, task, lack, expected):
    run = FinishedRun()
    run.tables[table].loc[0, column] = value
    found = state(run)
    assert found[task].state == expected
    assert lack in lacks(found, task)
    assert found["dossier"].state == "partial"


def test_a_plan_kind_that_is_lacking_is_named_with_its_count():
    run = FinishedRun()
    cover = run.tables["coverage"]
    run.tables["coverage"].loc[cover["role"] == "plans/chi_tiet", "status"] = "paper_only"
    found = state(run)
    assert lacks(found, "plans")["plan_kind"] == {"plan_kind": "chi_tiet", "count": 2, "total": 2}


def test_no_figures_at_all_is_missing_not_partial():
    run = FinishedRun()
    run.tables["communes"]["gap_basis"] = None
    assert state(run)["figures"].state == "missing"


def test_assumed_money_and_a_draft_are_said():
    run = FinishedRun()
    run.manifest["scenario"]["programme"]["label_of_funds"] = "assumed"
    run.manifest["frozen"] = None
    found = state(run)
    assert "funds" in lacks(found, "options")
    assert {"frozen", "tasks"} <= set(lacks(found, "dossier"))


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_rows_for_the_command_line_are_words(lang):
    rows = status.task_status(None, entries("dem"), lang)
    assert len(rows) == 8
    for row in rows:
        assert row["state"] in ("complete", "partial", "missing")
        assert locale.has_text(f"value.task_state.{row['state']}", lang)
        assert "status." not in row["task"] + row["lacking"]
    assert locale.text("raster_role.dem", lang) in rows[1]["lacking"]
    assert "lop_dem" not in rows[1]["lacking"]


def test_layers_and_criteria_are_called_by_their_names_for_readers():
    run = FinishedRun()
    run.tables["communes"].loc[0, "priority_missing"] = "access_minutes;no_reception_room"
    listed = [*entries("commune_staff", "land_use"), Entry("defence", "land_use", True, "Đất quốc phòng")]
    rows = {row["task"][0]: row["lacking"].split("; ") for row in status.task_status(run, listed)}
    assert rows["1"] == ["lớp “Biên chế được duyệt” là số liệu minh họa"]
    assert rows["2"] == ["lớp “Hiện trạng sử dụng đất” là số liệu minh họa (Hiện trạng sử dụng đất, Đất quốc phòng)"]
    assert [w for w in rows["4"] if "tiêu chí" in w] == [
        "tiêu chí “Đi lại” thiếu ở 1 đơn vị",
        "tiêu chí “Chưa có phòng tiếp khách đối ngoại” thiếu ở 1 đơn vị",
    ]


def test_every_lack_has_a_text_in_both_languages(repo_root):
    source = (repo_root / "siteplan" / "survey" / "status.py").read_text("utf-8")
    keys = {line.split('lack("')[1].split('"')[0] for line in source.splitlines() if 'lack("' in line}
    assert keys
    for lang in locale.LANGUAGES:
        assert not [key for key in keys if not locale.has_text(f"status.lack.{key}", lang)]
