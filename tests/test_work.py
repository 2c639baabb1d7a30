import contextlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from siteplan import work
from siteplan.report import Reporter
from siteplan.work import Workers, for_each


def add(shared, item):
    return shared + item, os.getpid()


def fail(shared, item):
    if item == 3:
        raise ValueError(shared)
    return item


class Counter(Reporter):
    def __init__(self):
        self.steps = self.finished = 0

    def advance(self, steps=1):
        self.steps += steps

    def finish(self):
        self.finished += 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs):
    counter = Counter()
    results = for_each(add, 100, range(7), jobs=jobs, reporter=counter)
    assert [r for r, _ in results] == list(range(100, 107))
    assert (counter.steps, counter.finished) == (7, 1)
    assert all((pid == os.getpid()) == (jobs == 1) for _, pid in results)


def test_any_executor_will_do():
    with ThreadPoolExecutor(3) as pool:
        assert [r for r, _ in for_each(add, 1, [5, 6], executor=pool)] == [6, 7]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_reaches_the_caller(jobs):
    counter = Counter()
    with pytest.raises(ValueError, match="x"):
        for_each(fail, "x", range(6), jobs=jobs, reporter=counter)
    assert counter.finished == 1


def total(shared, item):
    return sum(shared) + item


def test_workers_that_run_already_serve_one_thing_after_another():
    with Workers(2, ["json"]) as workers:
        assert for_each(total, [1, 2], range(3), executor=workers) == [3, 4, 5]
        assert for_each(total, [10], range(3), executor=workers) == [10, 11, 12]
        assert workers.submit(total, [1], 1).result() == 2


def times(shared, item):
    return shared.times + item


def held():
    return work._shared


class Sent:
    """Tells how often it was sent to another process."""

    def __init__(self):
        self.times = 0

    def __getstate__(self):
        self.times += 1
        return {"times": self.times}


def test_what_workers_hold_is_not_sent_again_until_they_forget_it():
    first, second = Sent(), Sent()
    with Workers(2) as workers:
        for_each(times, first, range(4), executor=workers)
        for_each(times, first, range(4), executor=workers)
        assert first.times == 1  # packed once for all processes
        for_each(times, second, range(4), executor=workers)
        assert (first.times, second.times) == (1, 1)
        for_each(times, first, range(4), executor=workers)
        assert first.times == 2
        workers.release()
        assert workers.submit(held).result() is None
        for_each(times, first, range(4), executor=workers)
        assert first.times == 3


def test_nothing_of_what_was_shared_stays_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Workers(2) as workers:
        assert for_each(total, [1, 2], range(3), executor=workers) == [3, 4, 5]
        if sys.platform != "win32":
            (folder,) = tmp_path.glob("siteplan-*")
            assert list(folder.iterdir()) == []  # gone as soon as each has it
    assert list(tmp_path.glob("siteplan-*")) == []


class Refused:
    """Cannot be received by the process that asks as the n-th; the others receive it."""

    def __init__(self, folder, which):
        self.folder, self.which = folder, which

    def __setstate__(self, state):
        self.__dict__.update(state)
        for n in range(2):
            with contextlib.suppress(FileExistsError):
                os.close(os.open(Path(self.folder) / str(n), os.O_CREAT | os.O_EXCL))
                break
        if n == self.which:
            raise MemoryError("no room here")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("which", [0, 1])
def test_what_one_worker_cannot_receive_is_an_error_and_the_next_thing_is_done(which, tmp_path):
    with Workers(2) as workers:
        with pytest.raises(MemoryError, match="no room here"):
            for_each(total, Refused(str(tmp_path), which), range(2), executor=workers)
        workers.release()
        assert workers.submit(held).result() is None
        assert for_each(total, [1, 2], range(3), executor=workers) == [3, 4, 5]


def test_threads_that_spread_at_once_do_not_take_each_others_part():
    with Workers(2) as workers, ThreadPoolExecutor(4) as threads:
        parts = [[n] for n in range(8)]
        asked = [threads.submit(for_each, total, part, range(6), executor=workers) for part in parts]
        assert [one.result() for one in asked] == [[n + i for i in range(6)] for n in range(8)]


_SERVED = """
import os, time
from siteplan.work import Workers

if __name__ == "__main__":
    with Workers(2) as workers:
        together = [workers.submit(time.sleep, 1) for _ in range(2)]
        print(*{workers.submit(os.getpid).result() for _ in range(20)}, flush=True)
        [one.result() for one in together]
        time.sleep(600)
"""


def test_workers_end_with_the_process_they_serve(tmp_path):
    script = tmp_path / "served.py"
    script.write_text(_SERVED, encoding="utf-8")
    main = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    workers = [psutil.Process(int(pid)) for pid in main.stdout.readline().split()]
    assert workers
    main.kill()
    main.communicate()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive


class Deadly:
    """Ends the first process that receives it; the others wait for that one."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __setstate__(self, state):
        self.__dict__.update(state)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
            time.sleep(1)
            os._exit(9)


_DYING = """
import sys
from siteplan.work import Workers, for_each
from tests.test_work import Deadly, total

if __name__ == "__main__":
    with Workers(2) as workers:
        for_each(total, Deadly(sys.argv[1]), range(2), executor=workers)
"""

_FAILING = """
import threading, time
from siteplan.work import Workers, for_each
from tests.test_work import total

if __name__ == "__main__":
    with Workers(2) as workers:
        for _ in range(2):
            workers.submit(time.sleep, 2)
        threading.Thread(target=for_each, args=(total, [1], range(2)), kwargs={"executor": workers}).start()
        time.sleep(0.5)
        raise RuntimeError("while something is being shared")
"""

_WAITING = """
import threading, time
from siteplan.work import Workers, for_each
from tests.test_work import slow

if __name__ == "__main__":
    with Workers(2) as workers:
        threading.Thread(target=for_each, args=(slow, [1], range(40)), kwargs={"executor": workers}).start()
        time.sleep(1)
        raise RuntimeError("while others wait for many calls")
"""


def test_a_failure_while_something_is_shared_ends_everything(tmp_path):
    assert "while something is being shared" in _error_of(_FAILING, tmp_path)


def slow(shared, item):
    time.sleep(0.3)
    return item


def test_a_failure_while_calls_wait_ends_everything(tmp_path):
    assert "while others wait for many calls" in _error_of(_WAITING, tmp_path)


def test_a_worker_that_dies_while_others_wait_for_it_ends_everything(tmp_path):
    assert "BrokenProcessPool" in _error_of(_DYING, tmp_path)


def _error_of(program, folder):
    script = folder / "program.py"
    script.write_text(program, encoding="utf-8")
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "mark")], capture_output=True, text=True, timeout=120, env=paths,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr


def test_after_a_share_that_failed_nothing_old_is_left():
    with Workers(2) as workers:
        assert for_each(total, [1], range(2), executor=workers) == [1, 2]
        with pytest.raises(Exception, match="pickle"):
            for_each(total, lambda: 0, range(2), executor=workers)
        workers.release()
        assert workers.submit(held).result() is None
