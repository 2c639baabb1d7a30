import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from siteplan.errors import LockedError, UsageError
from siteplan.workspace import LOCK_NAME, Workspace, init_workspace, lock, open_workspace


@pytest.fixture
def place(tmp_path):
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "catalog.toml").write_text("", "utf-8")
    return Workspace(tmp_path)


def test_found_from_a_folder_below(place):
    below = place.root / "scenarios" / "x"
    below.mkdir(parents=True)
    assert open_workspace(below).root == place.root.resolve()


def test_none_is_told(tmp_path):
    with pytest.raises(UsageError):
        open_workspace(tmp_path)


def test_the_lock_names_its_holder(place):
    with lock(place):
        owner = json.loads((place.root / LOCK_NAME).read_text("utf-8"))
        assert owner["pid"] == str(os.getpid())
        with lock(place):  # the process that holds it may take it again
            pass
        assert (place.root / LOCK_NAME).exists()
    assert not (place.root / LOCK_NAME).exists()


def test_a_second_process_is_told_who_works(place):
    code = (
        "import sys, pathlib\n"
        "from siteplan.workspace import Workspace, lock\n"
        f"with lock(Workspace(pathlib.Path({str(place.root)!r}))):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(LockedError) as caught, lock(place):
        pass
    params = caught.value.problems[0].params
    assert (params["host"], params["pid"]) == (socket.gethostname(), str(process.pid))
    process.communicate()
    with lock(place):
        pass


def test_the_lock_is_released_after_an_error(place):
    with pytest.raises(ZeroDivisionError), lock(place):
        raise ZeroDivisionError
    with lock(place):
        pass


def test_the_lock_of_a_dead_process_is_broken(place):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    owner = {"host": socket.gethostname(), "pid": str(process.pid), "started": "0", "user": "x", "since": "x"}
    (place.root / LOCK_NAME).write_text(json.dumps(owner), "utf-8")
    with lock(place):
        assert json.loads((place.root / LOCK_NAME).read_text("utf-8"))["pid"] == str(os.getpid())


def test_a_pid_used_again_by_another_process_counts_as_dead(place):
    started = psutil.Process().create_time() - 1000
    owner = {"host": socket.gethostname(), "pid": str(os.getpid()), "started": str(started), "user": "x", "since": "x"}
    (place.root / LOCK_NAME).write_text(json.dumps(owner), "utf-8")
    with lock(place):
        pass


def test_the_lock_of_another_machine_is_never_broken(place):
    owner = {"host": "may-khac", "pid": "1", "started": "0", "user": "x", "since": "x"}
    (place.root / LOCK_NAME).write_text(json.dumps(owner), "utf-8")
    with pytest.raises(LockedError), lock(place):
        pass


def test_init_lays_out_a_workspace(tmp_path):
    made = init_workspace(tmp_path / "Đề án TTHC (bản cuối)")
    assert made.catalog.is_file()
    assert (made.scenarios / "phuong_an_1.toml").is_file()
    assert (made.maps / "style.toml").is_file()
    assert not (made.layers / "open").exists()
    with pytest.raises(UsageError):
        init_workspace(made.root)


def test_a_scenario_is_found_from_the_current_folder_from_the_workspace_and_by_name(tmp_path, monkeypatch):
    place = init_workspace(tmp_path / "tinh")
    monkeypatch.chdir(tmp_path)
    own = place.scenarios / "phuong_an_1.toml"
    assert place.scenario(Path("scenarios/phuong_an_1.toml")) == own
    assert place.scenario(Path("phuong_an_1.toml")) == own
    assert place.scenario(Path("tinh/scenarios/phuong_an_1.toml")).samefile(own)
    (tmp_path / "phuong_an_1.toml").write_text("", "utf-8")
    assert place.scenario(Path("phuong_an_1.toml")) == Path("phuong_an_1.toml")  # what lies here comes first
    assert place.scenario(Path("khong_co.toml")) == Path("khong_co.toml")
