from __future__ import annotations

from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
import shapely

from siteplan.outputs import plans_diff

SITE = shapely.box(0, 0, 100, 100)


def a_run(sites: list[dict], conflicts: list[dict], phase: str | None) -> SimpleNamespace:
    base = {"was_site_id": None, "commune_code": "00001"}
    columns = ("site_id", "zone_id", "source", "title", "decision_no", "decision_date", "plan_status", "standing",
               "area_m2", "effect", "severity", "restricted", "geometry")  # fmt: skip
    known = {"source": "plan", "title": "QH", "decision_no": "1/QĐ", "decision_date": "2024-01-01",
             "plan_status": "approved", "standing": "binding", "effect": "blocking", "severity": 4,
             "restricted": False, "geometry": SITE}  # fmt: skip
    return SimpleNamespace(
        sites=pd.DataFrame([base | s for s in sites]),
        conflicts=pd.DataFrame([known | c for c in conflicts], columns=list(columns)),
        communes=pd.DataFrame({"code": ["00001"], "name": ["Thử"], "kind": ["xã"], "phase": [phase]}),
        manifest={"scenario": {"title": "Phương án", "date": "2026-01-01"}, "created": "2026-01-02"},
        name="thu",
        title="Phương án",
    )


@pytest.fixture
def two():
    def site(identity: str, result: str, overlap: float, **more) -> dict:
        return {"site_id": identity, "check_result": result, "overlap_area_m2": overlap, **more}

    before = a_run(
        [site("a", "blocked", 500.0), site("b", "conditional", 40.0), site("c", "clear", 0.0), site("d", "clear", 0.0),
         site("old", "clear", 0.0), site("gone", "clear", 0.0)],
        [{"site_id": "a", "zone_id": "Z1", "area_m2": 500.0},
         {"site_id": "b", "zone_id": "Z2", "area_m2": 40.0, "effect": "conditional"},
         {"site_id": "b", "zone_id": "Z3", "area_m2": 7.0, "effect": "information"}],
        "2026",
    )  # fmt: skip
    after = a_run(
        [site("a", "clear_of_known_plans", 0.0), site("b", "conditional", 90.0), site("c", "conditional", 30.0),
         site("d", "blocked", 0.0), site("new", "blocked", 10.0, was_site_id="old"), site("fresh", "clear", 0.0)],
        [{"site_id": "b", "zone_id": "Z2", "area_m2": 90.0, "effect": "conditional"},
         {"site_id": "b", "zone_id": "Z3", "area_m2": 7.0, "effect": "information"},
         {"site_id": "c", "zone_id": "Z4", "area_m2": 30.0, "effect": "conditional"},
         {"site_id": "new", "zone_id": "Z5", "area_m2": 10.0}],
        "2027-2030",
    )  # fmt: skip
    return before, after


def test_each_site_that_changed_names_the_zone(two) -> None:
    diff = plans_diff.compare_plans(*two, "vi")
    rows = {(r["site"], r["zone"]): r for r in diff.rows.to_dict("records")}
    assert set(rows) == {("a", "Z1"), ("b", "Z2"), ("c", "Z4"), ("d", None), ("new", "Z5")}
    assert rows["a", "Z1"]["reason"] == "ô không còn"
    assert rows["a", "Z1"]["overlap_change_m2"] == -500.0
    assert (rows["a", "Z1"]["before"], rows["a", "Z1"]["after"]) != ("blocked", "clear_of_known_plans")
    assert rows["b", "Z2"]["reason"] == "ranh giới thay đổi"
    assert (rows["b", "Z2"]["area_before_m2"], rows["b", "Z2"]["area_after_m2"]) == (40.0, 90.0)
    assert rows["c", "Z4"]["reason"] == "ô mới"
    assert "không do ô quy hoạch" in rows["d", None]["reason"]
    assert (diff.changed, diff.gone, diff.new) == (5, 1, 1)
    assert diff.phases == ("2026", "2027-2030")


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"plan_status": "expired"}, ["status"]),
        ({"standing": "paper", "effect": "conditional"}, ["status", "effect"]),
        ({"decision_no": "2/QĐ"}, ["decision"]),
        ({"area_m2": 500.5}, ["geometry"]),
        ({"area_m2": 500.001}, []),
        ({"severity": 3}, ["effect"]),
    ],
)
def test_what_changed_of_a_zone(change: dict, reasons: list[str]) -> None:
    zone = {"plan_status": "approved", "standing": "binding", "decision_no": "1/QĐ", "decision_date": None,
            "area_m2": 500.0, "effect": "blocking", "severity": 4}  # fmt: skip
    assert plans_diff.reasons_of(zone, zone | change) == reasons


def test_the_same_run_twice_shows_nothing(two) -> None:
    before, _ = two
    diff = plans_diff.compare_plans(before, before, "vi")
    assert (len(diff.rows), diff.changed, diff.gone, diff.new, diff.phases) == (0, 0, 0, 0, ())


def test_the_workbook_holds_the_rows(two, tmp_path) -> None:
    diff = plans_diff.compare_plans(*two, "vi")
    path = plans_diff.write_diff(diff, *two, tmp_path / "thay_doi.xlsx", "vi")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    words = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert any("Thử" in w for w in words)
    assert {"ô mới", "Z4", "ranh giới thay đổi"} <= set(words)
    assert any("5 vị trí đổi kết quả" in w for w in words)
