"""`siteplan opinion add` and `list` over a small run on disk: recorded, attached, contradicted, frozen."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siteplan import runs
from siteplan.runs import Run, RunContent
from siteplan.workspace import Workspace

SITE = "06385-K-aaaaaa"


@pytest.fixture
def place(tmp_path, repo_root, monkeypatch):
    root = tmp_path / "Đề án"
    (root / "layers").mkdir(parents=True)
    for name in ("province.toml", "catalog.toml"):
        (root / "layers" / name).write_text((repo_root / "layers" / name).read_text("utf-8"), "utf-8")
    square = shapely.box(450_000, 2_420_000, 450_100, 2_420_100)
    sites = gpd.GeoDataFrame(
        {"site_id": [SITE], "commune_code": "06385", "check_result": "conditional"}, geometry=[square], crs=9215
    )
    conflicts = gpd.GeoDataFrame(
        {"site_id": [SITE], "zone_id": "Z1", "commune_code": "06385", "source": "plan", "plan_id": "Q1",
         "restricted": False}, geometry=[square], crs=9215,
    )  # fmt: skip
    manifest = {"scenario": {"name": "a", "title": "a"}, "date": "2026-01-01", "frozen": None, "inputs": {},
                "province": {"epsg": 9215}, "created": "x", "plan_versions": {"Q1": "v1"}}  # fmt: skip
    runs.write_run(root / "runs" / "a", RunContent({"sites": sites, "conflicts": conflicts}, {}, {}, manifest, [], []))
    return Workspace(root)


def call(place, *words):
    from siteplan.cli.app import call as cli

    return cli(["opinion", *words, "--workspace", str(place.root)])


def say(place, officer, decision, *more):
    return call(place, "add", "--site", SITE, "--decision", decision, "--officer", officer, "--reason", "vì", *more)


def test_opinions_are_recorded_attached_and_contradictions_told(place, capsys):
    before = Run(place.runs / "a").sites
    assert say(place, "Nguyễn Thị A", "reject", "--zone", "Z1", "--date", "03/02/2026") == 0
    assert Run(place.runs / "a").opinions["opinion_state"].tolist() == ["valid"]
    assert say(place, "Trần Văn B", "accept", "--zone", "Z1", "--date", "2026-02-04") == 0
    run = Run(place.runs / "a")
    assert run.opinions["opinion_state"].tolist() == ["contradicted"] * 2
    assert sorted(run.opinions["opinion_date"]) == ["2026-02-03", "2026-02-04"]
    # the machine's answer is what it was
    pd.testing.assert_frame_equal(pd.DataFrame(run.sites), pd.DataFrame(before))
    assert len(list((place.layers / "opinions").glob("*.csv"))) == 2
    capsys.readouterr()
    assert call(place, "list") == 0
    assert "2 mâu thuẫn" in capsys.readouterr().out


def test_a_frozen_run_keeps_its_opinions_and_the_new_one_is_on_disk(place, capsys):
    runs.freeze(Run(place.runs / "a"), "trình", dt.date(2026, 1, 2))
    assert say(place, "A", "accept") == 0
    assert Run(place.runs / "a").opinions.empty
    assert len(list((place.layers / "opinions").glob("*.csv"))) == 1
    assert "đã chốt" in capsys.readouterr().out


@pytest.mark.parametrize("more", [("--zone", "Z9"), ("--date", "hôm qua"), ("--date", "2999-01-01"), ("--run", "b")])
def test_a_wrong_call_writes_nothing(place, more):
    assert say(place, "A", "accept", *more) == 2
    assert not (place.layers / "opinions").exists()


def test_an_opinion_is_recorded_while_another_process_holds_the_workspace(place, capsys, monkeypatch):
    from siteplan import workspace
    from siteplan.errors import LockedError, Problem

    def held(*_):
        raise LockedError(Problem("workspace_locked"))

    monkeypatch.setattr(workspace, "lock", held)
    assert say(place, "A", "accept") == 0
    assert "bảng ý kiến" in capsys.readouterr().out
    monkeypatch.undo()
    assert say(place, "B", "accept") == 0
    assert len(Run(place.runs / "a").opinions) == 2
