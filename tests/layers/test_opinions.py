"""Opinions: what officers said, kept beside the machine's answer, followed through reruns on squares of 100 m."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan.errors import InputError, LockedError
from siteplan.layers import opinion_files, opinion_states
from siteplan.locale import decode
from siteplan.tables import RESULTS, conform

CRS = "EPSG:9215"
E0, N0 = 450_000.0, 2_420_000.0
VERSIONS = {"Q1": "v1", "Q2": "v1"}


def square(x, y=0.0, side=100.0):
    return shapely.box(E0 + x, N0 + y, E0 + x + side, N0 + y + side)


def sites(*rows):
    """Rows: site_id, geometry, and optionally was_site_id and check_result."""
    filled = [(*row, *(None, "conditional")[len(row) - 2 :]) for row in rows]
    frame = pd.DataFrame(
        {
            "site_id": [r[0] for r in filled], "commune_code": "06001", "was_site_id": [r[2] for r in filled],
            "check_result": [r[3] for r in filled],
        }
    )  # fmt: skip
    return conform(gpd.GeoDataFrame(frame, geometry=[r[1] for r in filled], crs=CRS), RESULTS["sites"])


def conflicts(*rows):
    """Rows: site_id, zone_id, plan_id, function, geometry."""
    frame = pd.DataFrame(rows, columns=["site_id", "zone_id", "plan_id", "function", "geometry"])
    frame = frame.assign(commune_code="06001", restricted=False, source="plan")
    return conform(gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS), RESULTS["conflicts"])


SITES = sites(("06001-K-aaaaaa", square(0)), ("06001-K-bbbbbb", square(500)))
CONFLICTS = conflicts(
    ("06001-K-aaaaaa", "Z1", "Q1", "DAT_COQUAN", square(0, side=50)),
    ("06001-K-aaaaaa", "Z2", "Q2", "LUC", square(50, side=20)),
)


def say(folder, site="06001-K-aaaaaa", zone="", decision="accept", officer="Nguyễn Thị A", date="2026-02-01", **more):
    at = SITES[SITES["site_id"] == site].iloc[0]
    rests = opinion_states.fingerprints(
        at["geometry"], CONFLICTS[CONFLICTS["site_id"] == site], zone or None, more.pop("versions", VERSIONS)
    )
    row = {
        "site_id": site, "zone_id": zone, "decision": decision, "officer": officer, "date": date, "reason": "vì",
        "document": "12/SXD", "commune_code": "06001", "check_result": "conditional", **rests,
        "outline": opinion_states.outline_of(at["geometry"]), "run": "pa1",
        "recorded": more.pop("recorded", date), **more,
    }  # fmt: skip
    return opinion_files.append(folder, row)


def states(folder, at=SITES, found=CONFLICTS, versions=VERSIONS):
    rows, problems = opinion_files.read(folder)
    assert problems == []
    return opinion_states.opinion_states(rows, at, found, versions)


def test_round_trip_and_the_machines_answer_stays(tmp_path):
    before = SITES.copy()
    file = say(tmp_path, zone="Z1", reason='=cmd("x")', document="-3/BC")
    assert ",'=cmd" in file.read_text("utf-8-sig").replace('"', "") or "'=cmd" in file.read_text("utf-8-sig")
    (row,) = states(tmp_path).to_dict("records")
    assert (row["site_id"], row["zone_id"], row["opinion"], row["opinion_state"]) == (
        "06001-K-aaaaaa", "Z1", "accept", "valid",
    )  # fmt: skip
    assert (row["reason"], row["document"]) == ('=cmd("x")', "-3/BC")
    assert row["check_result"] == "conditional"
    pd.testing.assert_frame_equal(pd.DataFrame(SITES), pd.DataFrame(before))


def why(row):
    return [key.rpartition(".")[2] for key, _ in decode(row["state_reasons"])]


@pytest.mark.parametrize(
    ("change", "zone", "reason"),
    [
        ("moved", "", "site_changed"),
        ("version", "Z1", "plan_changed"),
        ("version", "", "plan_changed"),
        ("other_version", "Z1", None),
        ("zone_shape", "Z1", "zone_changed"),
        ("zone_gone", "Z1", "zone_gone"),
        ("function", "Z1", "plan_changed"),
        ("result", "", "result_changed"),
        ("nothing", "", None),
        ("rounding", "", None),
    ],
)
def test_an_opinion_is_stale_when_what_it_rests_on_has_changed(tmp_path, change, zone, reason):
    say(tmp_path, zone=zone)
    at, found, versions = SITES.copy(), CONFLICTS.copy(), dict(VERSIONS)
    if change == "moved":
        at.loc[0, "geometry"] = square(1)
    elif change == "rounding":
        at.loc[0, "geometry"] = shapely.set_precision(shapely.affinity.translate(square(0), 0.001), 0.001)
    elif change == "version":
        versions["Q1"] = "v2"
    elif change == "other_version":
        versions["Q2"] = "v2"
    elif change == "zone_shape":
        found.loc[found["zone_id"] == "Z1", "geometry"] = square(0, side=51)
    elif change == "zone_gone":
        found = found[found["zone_id"] != "Z1"]
    elif change == "function":
        found.loc[found["zone_id"] == "Z1", "function"] = "DAT_O"
    elif change == "result":
        at.loc[0, "check_result"] = "blocked"
    (row,) = states(tmp_path, at, found, versions).to_dict("records")
    assert row["opinion_state"] == ("valid" if reason is None else "stale")
    assert why(row) == ([] if reason is None else [reason])
    # the machine's answer now and then both stand
    assert row["check_result_then"] == "conditional"
    assert row["check_result"] == at.loc[0, "check_result"]


def test_a_site_with_a_new_id_keeps_its_opinion_as_stale_and_a_lost_one_orphans_it(tmp_path):
    say(tmp_path)
    renamed = sites(("06001-K-cccccc", square(4), "06001-K-aaaaaa"))
    (row,) = states(tmp_path, renamed).to_dict("records")
    assert (row["site_id"], row["given_site_id"], row["opinion_state"]) == (
        "06001-K-cccccc", "06001-K-aaaaaa", "stale",
    )  # fmt: skip
    # a rerun later nothing links the ids any more: the ground does, by 96 % both ways
    later = sites(("06001-K-cccccc", square(4)))
    assert states(tmp_path, later)["site_id"].tolist() == ["06001-K-cccccc"]
    # 80 % of the ground is not the same site: listed as orphaned, never moved
    far = sites(("06001-K-dddddd", square(20)))
    (row,) = states(tmp_path, far).to_dict("records")
    assert (row["site_id"], row["opinion_state"]) == (None, "orphaned")
    assert row["given_site_id"] == "06001-K-aaaaaa"
    assert row["commune_code"] == "06001"


def test_contradictions_between_officers_and_a_second_thought_of_one(tmp_path):
    say(tmp_path, decision="accept", officer="A")
    say(tmp_path, decision="reject", officer="B")
    say(tmp_path, decision="more_documents", officer="C")
    say(tmp_path, zone="Z1", decision="reject", officer="C")
    say(tmp_path, "06001-K-bbbbbb", decision="reject", officer="A", date="2026-01-10")
    say(tmp_path, "06001-K-bbbbbb", decision="accept", officer="A", date="2026-03-10")
    found = states(tmp_path).set_index(["officer", "site_id", "opinion"])["opinion_state"].to_dict()
    assert found == {
        ("A", "06001-K-aaaaaa", "accept"): "contradicted", ("B", "06001-K-aaaaaa", "reject"): "contradicted",
        ("C", "06001-K-aaaaaa", "more_documents"): "valid", ("C", "06001-K-aaaaaa", "reject"): "valid",
        ("A", "06001-K-bbbbbb", "reject"): "replaced", ("A", "06001-K-bbbbbb", "accept"): "valid",
    }  # fmt: skip


def test_a_stale_opinion_contradicts_nobody(tmp_path):
    say(tmp_path, decision="reject", officer="A", versions={"Q1": "v0", "Q2": "v1"})
    say(tmp_path, decision="accept", officer="B")
    assert dict(states(tmp_path)[["officer", "opinion_state"]].to_numpy()) == {"A": "stale", "B": "valid"}


def _many(folder, officer, count):
    for n in range(count):
        say(folder, officer=officer, reason=f"{officer} {n}")


@pytest.mark.parametrize("officers", [("Trần B", "Lê C"), ("Trần B", "Trần B")])
def test_two_at_once_lose_nothing(tmp_path, officers):
    folder = tmp_path / "opinions"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(_many, [folder] * 2, officers, [25] * 2))
    rows, problems = opinion_files.read(folder)
    assert problems == []
    wanted = sorted(f"{officer} {n}" for officer in officers for n in range(25))
    assert sorted(rows["reason"]) == wanted
    assert len(list(folder.glob("*.csv"))) == len(set(officers))
    assert not list(folder.glob(".*.lock"))


def test_a_lock_that_stays_is_told_and_one_left_behind_is_broken(tmp_path, monkeypatch):
    file = say(tmp_path)
    lock = file.with_name(f".{file.name}.lock")
    lock.touch()
    monkeypatch.setattr(opinion_files, "LOCK_WAIT_S", 0.1)
    with pytest.raises(LockedError):
        say(tmp_path)
    monkeypatch.setattr(opinion_files, "LOCK_STALE_S", -1.0)
    say(tmp_path)
    assert len(opinion_files.read(tmp_path)[0]) == 2


def test_names_that_fold_to_one_have_files_of_their_own(tmp_path):
    files = {say(tmp_path, officer=name) for name in ("Nguyễn Văn Á", "Nguyễn Văn À", "../../x", "=1+1")}
    assert len(files) == 4
    assert all(file.parent == tmp_path for file in files)


def test_rows_that_people_broke_are_left_out_and_told(tmp_path):
    file = say(tmp_path)
    text = file.read_text("utf-8-sig").rstrip("\n")  # an editor that leaves no line end
    empty = "," * 8
    file.write_text(
        f"{text}\n06001-K-aaaaaa,,maybe,A,2026-01-01,x,y{empty}\n,,accept,A,hôm qua,x,y{empty}", "utf-8-sig"
    )
    rows, problems = opinion_files.read(tmp_path)
    assert len(rows) == 1
    assert [(p.key, p.column, p.severity) for p in problems] == [
        ("opinion_decision_unknown", "decision", "excluded"), ("opinion_value_missing", "site_id", "excluded"),
        ("opinion_date_invalid", "date", "excluded"),
    ]  # fmt: skip
    say(tmp_path)
    assert len(opinion_files.read(tmp_path)[0]) == 2
    file.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(InputError):
        say(tmp_path)
    assert {p.key for p in opinion_files.read(tmp_path)[1]} == {"opinion_column_missing"}


def test_an_outline_that_is_no_polygon_orphans_rather_than_fails(tmp_path):
    for outline in ("POINT (1 1)", "rubbish", "POLYGON EMPTY", ""):
        say(tmp_path, outline=outline, officer=outline or "x")
    assert set(states(tmp_path, sites(("06001-K-eeeeee", square(0))))["opinion_state"]) == {"orphaned"}


def test_versions_of_a_plan_change_with_what_the_register_says():
    rows = pd.DataFrame({"plan_id": ["Q1"], "title": ["A"], "version": ["Dự thảo 2"], "decision_date": [None]})
    first = opinion_states.plan_versions(rows)
    assert opinion_states.plan_versions(rows) == first
    assert opinion_states.plan_versions(rows.assign(version="Dự thảo 3")) != first
    assert opinion_states.plan_versions(rows.assign(owner="Sở Xây dựng")) == first
