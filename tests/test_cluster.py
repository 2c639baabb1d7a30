"""A scheduler and two worker processes on loopback: the same tables, also when one of them is killed on the way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra cluster is not installed")

from siteplan.cluster import cluster, unprotected
from siteplan.errors import InputError
from siteplan.report import Reporter
from siteplan.work import for_each
from siteplan.workspace import init_workspace

ROOT = Path(__file__).resolve().parent.parent


def start(module, folder, *arguments, path=ROOT):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(Path(__file__).parent)])}
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
    with (folder / f"{module}.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)


class Machines:
    """A scheduler, and workers that are started and killed; `options` are given to all of them."""

    def __init__(self, folder, *options, host="127.0.0.1"):
        self.folder, self.file, self.options = folder, folder / "scheduler.json", options
        where = ("--host", host, "--port", "0", "--scheduler-file", str(self.file))
        self.processes = [start("dask_scheduler", folder, *where, *options)]
        for _ in range(600):
            if self.file.is_file() and self.file.stat().st_size:
                break
            time.sleep(0.1)
        self.address = json.loads(self.file.read_text("utf-8"))["address"]

    def worker(self, path=ROOT):
        process = start(
            "dask_worker", self.folder, self.address, "--nthreads", "1", "--no-nanny", *self.options, path=path
        )
        self.processes.append(process)
        return process

    def wait(self, count):
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=120)

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path):
    made = Machines(tmp_path)
    yield made
    made.stop()


def work(shared, item):
    """Leave a mark of who worked, slowly."""
    folder, base = shared
    (Path(folder) / f"{os.getpid()}-{item}").touch()
    time.sleep(0.3)
    return base + item


def marks(folder):
    return {int(path.name.split("-")[0]) for path in folder.iterdir()}


class Killer(Reporter):
    """Kills a process when some calls are done."""

    def __init__(self, process, after):
        self.process, self.left = process, after

    def advance(self, steps=1):
        self.left -= steps
        if self.left == 0:
            self.process.kill()


# the functions of a test are sent by value: workers do not have the tests
def spread(machines, function, shared, items, reporter):
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        with cluster(machines.address) as found:
            return for_each(function, shared, items, executor=found, reporter=reporter)
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.mark.parametrize("killed", [False, True])
def test_results_come_in_order_from_both_workers_and_survive_one(machines, tmp_path, killed):
    seen = tmp_path / "seen"
    seen.mkdir()
    first = machines.worker()
    machines.worker()
    machines.wait(2)
    reporter = Killer(first, 4 if killed else -1)
    results = spread(machines, work, (str(seen), 100), range(16), reporter)
    assert results == list(range(100, 116))
    assert len(marks(seen)) == 2
    assert (first.poll() is not None) == killed


def fail(shared, item):
    if item == 3:
        raise ValueError(shared)
    return item


def test_an_error_of_a_call_reaches_the_caller(machines):
    machines.worker()
    with pytest.raises(ValueError, match="x"):
        spread(machines, fail, "x", range(6), Reporter())


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr("siteplan.cluster.CONNECT_SECONDS", 2)
    with pytest.raises(InputError) as caught, cluster("tcp://127.0.0.1:9"):
        pass
    assert [p.key for p in caught.value.problems] == ["cluster_unreachable"]


def test_a_scheduler_without_workers_is_told(machines, monkeypatch):
    monkeypatch.setattr("siteplan.cluster.CONNECT_SECONDS", 2)
    with pytest.raises(InputError) as caught, cluster(machines.address):
        pass
    assert [p.key for p in caught.value.problems] == ["cluster_without_workers"]


def test_a_worker_of_another_version_is_told(machines, tmp_path):
    other = tmp_path / "khac"
    shutil.copytree(ROOT / "siteplan", other / "siteplan", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "siteplan" / "crs.py").open("a", encoding="utf-8") as handle:
        handle.write("\n# another version\n")
    machines.worker(path=other)
    with pytest.raises(InputError) as caught, cluster(machines.address):
        pass
    (problem,) = caught.value.problems
    assert problem.key == "cluster_worker_version"
    assert problem.params["differs"].startswith("code ")


def test_where_every_worker_died_it_is_told_and_not_waited_for_ever(machines, tmp_path, monkeypatch):
    only = machines.worker()
    machines.wait(1)
    monkeypatch.setattr("siteplan.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(InputError) as caught:
        spread(machines, work, (str(tmp_path), 0), range(8), Killer(only, 2))
    (problem,) = caught.value.problems
    assert problem.key == "cluster_workers_lost"
    assert 0 < problem.params["count"] <= 6


def test_without_the_extra_it_is_told_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError) as caught, cluster("tcp://127.0.0.1:9"):
        pass
    assert [p.key for p in caught.value.problems] == ["cluster_driver_missing"]


def certificate(folder, name, authority=None):
    """Write a key and a certificate with openssl: of an authority, or signed by one."""
    key, request, made = (folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", f"/CN={name}"]
    if authority is None:
        subprocess.run([*new, "-x509", "-days", "2", "-out", made], check=True, capture_output=True)
        return key, made
    subprocess.run([*new, "-out", request], check=True, capture_output=True)
    by = ["-CA", authority[1], "-CAkey", authority[0], "-CAcreateserial", "-days", "2"]
    subprocess.run(
        ["openssl", "x509", "-req", "-in", request, *by, "-out", made], check=True, capture_output=True, cwd=folder
    )
    return key, made


def trusting(authority, own):
    """Dask's configuration for certificates, as a file or the environment would hold it."""
    import dask

    named = {f"{side}.{part}": str(path) for side in ("client", "scheduler", "worker") for part, path in
             zip(("key", "cert"), own, strict=True)}  # fmt: skip
    tls = {f"distributed.comm.tls.{name}": path for name, path in (named | {"ca-file": str(authority[1])}).items()}
    return dask.config.set({**tls, "distributed.comm.require-encryption": True})


@pytest.fixture
def certificates(tmp_path, require):
    require("openssl")
    authority = certificate(tmp_path, "so")
    return authority, certificate(tmp_path, "may", authority)


@pytest.fixture
def guarded(tmp_path, certificates):
    """A scheduler that speaks TLS alone, with a worker."""
    authority, (key, cert) = certificates
    options = ("--tls-ca-file", str(authority[1]), "--tls-cert", str(cert), "--tls-key", str(key))
    made = Machines(tmp_path, *options, "--protocol", "tls")
    made.worker()
    yield made
    made.stop()


def test_the_communes_travel_encrypted_with_the_certificates_of_dasks_configuration(guarded, certificates, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()
    assert guarded.address.startswith("tls://")
    with trusting(*certificates):
        assert spread(guarded, work, (str(seen), 100), range(4), Reporter()) == [100, 101, 102, 103]


def test_who_has_the_certificate_of_another_authority_is_refused(guarded, tmp_path, monkeypatch):
    monkeypatch.setattr("siteplan.cluster.CONNECT_SECONDS", 3)
    (tmp_path / "khac").mkdir()
    other = certificate(tmp_path / "khac", "la")
    own = certificate(tmp_path / "khac", "may", other)
    with trusting(other, own), pytest.raises(InputError) as caught, cluster(guarded.address):
        pass
    (problem,) = caught.value.problems
    assert problem.key == "cluster_unreachable_tls"
    assert "CERTIFICATE_VERIFY_FAILED" in problem.params["said"]


@pytest.mark.parametrize(("held", "key"), [({}, "cluster_tls_unset"), ({"ca-file": "/x.pem"}, "cluster_tls_unset"),
                                           ("absent", "cluster_tls_unreadable")])  # fmt: skip
def test_certificates_that_are_not_named_or_not_there_are_told(held, key, tmp_path):
    import dask

    if held == "absent":
        held = {name: str(tmp_path / "a") for name in ("ca-file", "client.cert", "client.key")}
    named = {f"distributed.comm.tls.{name}": path for name, path in held.items()}
    with dask.config.set(named), pytest.raises(InputError) as caught, cluster("tls://127.0.0.1:9"):
        pass
    (problem,) = caught.value.problems
    assert problem.key == key
    if key == "cluster_tls_unset":
        assert ("ca-file" in problem.params["absent"]) == (not held)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("tcp://192.0.2.7:8786", "192.0.2.7"),
        ("may-dieu-phoi:8786", "may-dieu-phoi"),
        ("tcp://[2001:db8::7]:8786", "2001:db8::7"),
        ("tls://192.0.2.7:8786", None),
        ("tcp://127.0.0.1:8786", None),
        ("127.3.2.1:8786", None),
        ("localhost:8786", None),
        ("tcp://[::1]:8786", None),
    ],
)
def test_a_scheduler_on_another_machine_without_encryption_is_warned_of(address, host):
    problem = unprotected(address)
    assert (problem and problem.params["host"]) == host
    if host:
        assert problem.severity == "warning"


def test_the_command_warns_in_vietnamese_before_it_connects(tmp_path, capsys, monkeypatch):
    from siteplan.cli.app import call

    monkeypatch.setattr("siteplan.cluster.CONNECT_SECONDS", 1)
    place = init_workspace(tmp_path / "ws")
    scenario = str(place.scenarios / "phuong_an_1.toml")
    assert call(["run", scenario, "--scheduler", "tcp://may-khong-co.invalid:8786"]) == 1
    words = " ".join(capsys.readouterr().err.split())
    assert "không mã hóa" in words
    assert words.index("không mã hóa") < words.index("Không tới được bộ điều phối")


def digests(run):
    names = (
        "results.gpkg",
        "background.gpkg",
        "problems.csv",
        *(f"rasters/{n}.tif" for n in ("eligible", "travel_time")),
    )
    return {name: hashlib.sha256((run.folder / name).read_bytes()).hexdigest() for name in names}


@pytest.mark.require("data")
@pytest.mark.timeout(1200)
def test_the_tables_of_a_run_are_the_same_on_the_cluster_with_a_worker_killed(
    machines, small_province, tmp_path, monkeypatch
):
    """One run in line, one on two workers of which one is killed after the first commune; each searches anew."""
    from siteplan.pipeline import run_scenario

    scenario = small_province.scenarios / "phuong_an_1.toml"
    monkeypatch.setenv("SITEPLAN_CACHE_DIR", str(tmp_path / "mot"))
    alone = digests(run_scenario(scenario, small_province, out=tmp_path / "a"))
    first = machines.worker()
    machines.worker()
    machines.wait(2)
    monkeypatch.setenv("SITEPLAN_CACHE_DIR", str(tmp_path / "hai"))
    with cluster(machines.address) as found:

        class AtSearch(Reporter):
            """Kills the first worker when the first commune of the search is done."""

            searching = False

            def start(self, key, total=None, **params):
                self.searching = self.searching or key == "progress.communes"

            def advance(self, steps=1):
                if self.searching and first.poll() is None:
                    first.kill()

        spread_out = digests(
            run_scenario(scenario, small_province, out=tmp_path / "b", cluster=found, reporter=AtSearch())
        )
    assert first.wait() != 0
    assert spread_out == alone
