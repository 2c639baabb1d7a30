import contextlib
import dataclasses
import datetime as dt
import hashlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine

from siteplan import runs
from siteplan.errors import NoSpaceError, Problem, UsageError
from siteplan.locale import encode
from siteplan.raster import Raster
from siteplan.runs import Run, RunContent
from siteplan.tables import RESULTS


def content(mark="một", names=("Hữu Lũng", "=1+1")):
    communes = gpd.GeoDataFrame(
        {
            "code": ["06385", "06187"], "name": list(names), "kind": ["xã", "phường"], "is_border": [False, None],
            "population": [30848, None], "build_reasons": [encode([("cli.written", {"file": mark})]), None],
        },
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=9215,
    )  # fmt: skip
    surplus = gpd.GeoDataFrame(
        {"option": ["a"], "facility_id": ["x"], "commune_code": ["06385"], "treatment": ["keep"]},
        geometry=[shapely.Point(3, 4)], crs=9215,
    )  # fmt: skip
    raster = Raster(np.array([[1, 0], [255, 1]], np.uint8), Affine(30, 0, 60, 0, -30, 90), 255, 450)
    manifest = {
        "scenario": {"name": "a", "title": mark}, "date": "2026-01-01", "frozen": None, "inputs": {},
        "province": {"epsg": 9215}, "created": "x",
    }  # fmt: skip
    return RunContent(
        {"communes": communes, "surplus": surplus}, {}, {"eligible": raster}, manifest,
        [Problem("file_missing", file="=cmd|x", value="@v")], ["dòng"],
    )  # fmt: skip


def test_what_is_written_is_read_back(tmp_path):
    written = runs.write_run(tmp_path / "a", content())
    run = Run(written.folder)
    for name in RESULTS:  # what is at hand is what the file holds
        pd.testing.assert_frame_equal(written.table(name), run.table(name))
    assert written.communes.crs == run.communes.crs
    communes = run.communes
    assert list(communes["code"]) == ["06187", "06385"]
    assert list(communes["name"]) == ["=1+1", "Hữu Lũng"]
    assert communes["population"].tolist() == [pd.NA, 30848]
    assert communes["is_border"].tolist() == [pd.NA, False]
    assert str(communes["is_border"].dtype) == "boolean"
    assert communes.crs.to_epsg() == 9215
    assert run.surplus.geometry[0] == shapely.Point(3, 4)
    assert run.sites.empty
    assert list(run.sites.columns[:2]) == RESULTS["sites"].names[:2]
    raster = run.raster("eligible")
    assert raster.values.tolist() == [[1, 0], [255, 1]]
    assert (raster.bounds, raster.source_resolution_m) == ((60, 30, 120, 90), 450)
    assert run.raster("no such") is None
    assert run.problems[0]["file"] == "'=cmd|x"


def test_a_run_from_before_the_cost_at_the_price_year_opens_with_it(tmp_path):
    """Then the total of what waits was its cost at the price year, and communes without need had a cost of 0."""
    codes = ["a", "b", "c", "d"]
    communes = gpd.GeoDataFrame(
        {
            "code": codes, "name": codes, "build_type": ["build_new", "build_new", "extend", "none"],
            "start_year": [2027, 2028, None, None], "total_cost": [11e9, 4.4e9, 7e9, 0.0],
            "cost_at_price_year": [10e9, 20e9, 7e9, 0.0], "clearance_cost_included": [False, False, False, True],
        },
        geometry=[shapely.box(n, 0, n + 1, 1) for n in range(4)], crs=9215,
    )  # fmt: skip
    programme = gpd.GeoDataFrame(
        {
            "option": "a", "commune_code": codes, "status": ["planned", "planned", "waiting", "not_needed"],
            "build_type": ["build_new", "extend", "extend", "none"], "total_cost": [11e9, 4.4e9, 7e9, None],
            "clearance_cost_included": [False, False, False, True],
        },
        geometry=communes.geometry, crs=9215,
    )  # fmt: skip
    options = pd.DataFrame({
        "commune_code": ["a", "b", "b", "c"], "build_type": ["build_new", "build_new", "extend", "extend"],
        "cost_at_price_year": [10e9, 20e9, 4e9, 7e9],
    })  # fmt: skip
    own = content()
    tables = {"communes": communes, "programme": programme, "build_options": options}
    folder = runs.write_run(tmp_path / "a", dataclasses.replace(own, tables=tables)).folder
    with contextlib.closing(sqlite3.connect(folder / "results.gpkg")) as database:
        database.execute("ALTER TABLE programme DROP COLUMN cost_at_price_year")
        database.commit()
    run = Run(folder)
    assert run.programme["cost_at_price_year"].tolist()[:3] == [10e9, 4e9, 7e9]
    assert run.programme["total_cost"].tolist()[:2] == [11e9, 4.4e9]
    assert run.programme["total_cost"][2:].isna().all()
    assert run.communes["total_cost"][2:].isna().all()
    assert run.communes["cost_at_price_year"].tolist()[:3] == [10e9, 20e9, 7e9]
    for frame in (run.programme, run.communes):
        assert frame.loc[3, ["cost_at_price_year", "clearance_cost_included"]].isna().all()
        assert frame["clearance_cost_included"].tolist()[:3] == [False] * 3
        assert frame["cost_at_price_year"].dtype == "float64"


def test_the_same_content_gives_the_same_bytes(tmp_path):
    digests = [
        hashlib.sha256((runs.write_run(tmp_path / name, content()).folder / "results.gpkg").read_bytes()).hexdigest()
        for name in ("a", "b")
    ]
    assert digests[0] == digests[1]


def test_the_run_before_goes_to_the_archive_and_five_are_kept(tmp_path):
    for number in range(8):
        runs.write_run(tmp_path / "a", content(str(number)))
    assert Run(tmp_path / "a").title == "7"
    kept = sorted(p.name for p in (tmp_path / "_luu" / "a").iterdir())
    assert [Run(tmp_path / "_luu" / "a" / name).title for name in kept] == ["2", "3", "4", "5", "6"]


def test_a_frozen_run_is_kept_for_good(tmp_path):
    runs.freeze(runs.write_run(tmp_path / "a", content("trình")), "trình lần 2", dt.date(2026, 1, 2))
    for number in range(8):
        runs.write_run(tmp_path / "a", content(str(number)))
    titles = {Run(p).title: Run(p).frozen for p in (tmp_path / "_luu" / "a").iterdir()}
    assert titles["trình"] == {"version": "trình lần 2", "date": "2026-01-02"}
    with pytest.raises(UsageError):
        runs.freeze(
            Run(next(p for p in (tmp_path / "_luu" / "a").iterdir() if Run(p).frozen)), "x", dt.date(2026, 1, 3)
        )


def test_a_failed_write_leaves_the_run_before(tmp_path, monkeypatch):
    runs.write_run(tmp_path / "a", content("trước"))
    monkeypatch.setattr(
        "siteplan.runs.write.write_geotiff", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(NoSpaceError):
        runs.write_run(tmp_path / "a", content("sau"))
    assert Run(tmp_path / "a").title == "trước"
    assert runs.finish_swaps(tmp_path) == []
    assert Run(tmp_path / "a").title == "trước"


def test_a_run_held_open_stays_beside_and_swaps_in_later(tmp_path, monkeypatch):
    folder = runs.write_run(tmp_path / "a", content("trước")).folder
    real = type(folder).rename

    def held(self, target):
        if self == folder:
            raise PermissionError(13, "held open")
        return real(self, target)

    monkeypatch.setattr(type(folder), "rename", held)
    assert runs.write_run(folder, content("sau")).folder.name == "a.new"
    assert Run(folder).title == "trước"
    assert runs.finish_swaps(tmp_path) == [tmp_path / "a.new"]
    monkeypatch.setattr(type(folder), "rename", real)
    assert runs.finish_swaps(tmp_path) == []
    assert Run(folder).title == "sau"


def test_a_swap_cut_in_two_is_finished(tmp_path):
    folder = runs.write_run(tmp_path / "a", content("trước")).folder
    runs.write_run(tmp_path / "b", content("sau"))
    (tmp_path / "_luu" / "a").mkdir(parents=True)
    folder.rename(tmp_path / "_luu" / "a" / "01")  # killed here: the old run is archived, the new one not yet in place
    (tmp_path / "b").rename(tmp_path / "a.new")
    assert runs.find_run("a", tmp_path).title == "sau"
    runs.finish_swaps(tmp_path)
    assert Run(tmp_path / "a").title == "sau"


def test_killed_at_any_moment_the_run_before_stays_whole(tmp_path):
    runs.write_run(tmp_path / "a", content("trước"))
    before = {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir() if p.is_file()}
    script = textwrap.dedent(
        f"""
        import sys, pathlib
        sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
        import test_runs
        from siteplan import runs
        print("ready", flush=True)
        while True:
            runs.write_run(pathlib.Path({str(tmp_path)!r}) / "a", test_runs.content("trước"))
        """
    )
    for pause in (0.0, 0.01, 0.03, 0.07, 0.15, 0.2):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        runs.finish_swaps(tmp_path)
        after = {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir() if p.is_file()}
        assert after["results.gpkg"] == before["results.gpkg"]
        assert set(after) == set(before)


def test_runs_are_found_by_folder_name_file_and_newest(tmp_path):
    runs.write_run(tmp_path / "a", content("a"))
    runs.write_run(tmp_path / "open" / "b", content("b"))
    os.utime(tmp_path / "a" / "manifest.json", (1, 1))
    assert runs.find_run(tmp_path / "a", tmp_path).title == "a"
    assert runs.find_run("a", tmp_path).title == "a"
    assert runs.find_run("scenarios/b.toml", tmp_path).title == "b"
    assert runs.find_run(None, tmp_path).title == "b"
    with pytest.raises(UsageError) as caught:
        runs.find_run("c", tmp_path)
    assert caught.value.problems[0].params["known"] == "a, open/b"


def test_a_table_of_a_draft_is_replaced_and_nothing_else(tmp_path):
    run = runs.write_run(tmp_path / "a", content())
    row = {"opinion_id": "YK-1", "commune_code": "06385", "opinion": "reject", "officer": "A", "opinion_state": "valid",
           "given_site_id": "s", "reason": "vì"}  # fmt: skip
    runs.replace_table(run, "opinions", pd.DataFrame([row]))
    again = Run(tmp_path / "a")
    assert again.opinions["reason"].tolist() == ["vì"]
    pd.testing.assert_frame_equal(pd.DataFrame(again.communes), pd.DataFrame(run.communes))
    raw = (tmp_path / "a" / "results.gpkg").read_bytes()
    assert again.manifest["files"]["results.gpkg"] == hashlib.sha256(raw).hexdigest()
    runs.replace_table(again, "opinions", again.opinions.iloc[:0])
    assert Run(tmp_path / "a").opinions.empty
    assert sorted(p.name for p in (tmp_path / "a").glob(".*")) == []
    frozen = runs.freeze(Run(tmp_path / "a"), "v1", dt.date(2026, 1, 1))
    with pytest.raises(UsageError):
        runs.replace_table(frozen, "opinions", pd.DataFrame([row]))
