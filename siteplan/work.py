"""Doing one thing per commune: the only seam through which work is spread over processes.

The executor is a parameter: in line, a process pool, or a Dask cluster (:mod:`siteplan.cluster`). Results come back in
the order of the items, so they do not depend on how many workers there are.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_all_start_methods, get_context, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import psutil

from siteplan.errors import NoSpaceError, Problem
from siteplan.handed_over import HandedOver
from siteplan.report import SILENT, Reporter

Item = TypeVar("Item")
Result = TypeVar("Result")

_NICE = 5
_UNKNOWN = object()

# what the calls of one `for_each` share, and the barrier at which the workers meet to receive it; one each per process
_shared: Any = None
_meeting: Any = None


def collect_less() -> None:
    """Look for cycles of garbage less often in this process: tables and papers are many objects and no cycles."""
    gc.set_threshold(50_000)


def give_back() -> None:
    """Give freed memory of this process back to the system, where the C library (glibc) would keep it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _context(modules: Sequence[str]) -> Any:
    """Return how processes are started: not by forking this one, which has GDAL and threads open.

    Where the system can fork at all, a server that has none of these imports the modules once for all.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


def _prepare(meeting: Any, environment: Mapping[str, str]) -> None:
    global _meeting  # noqa: PLW0603
    _meeting = meeting
    os.environ.update(environment)  # the server's own may be older
    collect_less()
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    _go_second()


def _end_with(parent: Any) -> None:
    """End this process when the one it serves is gone: one that was killed can tell nobody to stop."""
    if parent is not None:
        parent.join()
        os._exit(1)


def _go_second() -> None:
    """Let the process that all wait for, and the programs of the person at the desk, have the processor first.

    What was started lower than that stays there.
    """
    process = psutil.Process()
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform != "win32":
            process.nice(max(process.nice(), _NICE))
        elif process.nice() != psutil.IDLE_PRIORITY_CLASS:  # Windows knows classes instead
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)


def _receive(handed: HandedOver | None) -> None:
    global _shared  # noqa: PLW0603
    _shared = None
    try:
        if handed is None:
            give_back()
        else:
            _shared = handed.opened()
    finally:
        _meeting.wait()  # no worker takes a second copy before each has one, or could not


def _call(function: Callable[[Any, Any], Result], item: Any) -> Result:
    return function(_shared, item)


def _import(names: tuple[str, ...]) -> None:
    for name in names:
        importlib.import_module(name)


class Workers:
    """Processes that start at once and serve one command: the search for sites, then the views.

    Parameters
    ----------
    count
        Number of processes.
    modules
        Modules they import while there is nothing else to do.
    """

    def __init__(self, count: int, modules: Iterable[str] = ()) -> None:
        self._count = count
        context = _context(tuple(modules))
        self._meeting = context.Barrier(count)
        arguments = (self._meeting, dict(os.environ))
        self._pool = ProcessPoolExecutor(count, context, initializer=_prepare, initargs=arguments)
        self._held: Any = None
        self._folder: TemporaryDirectory[str] | None = None
        self._files: list[HandedOver] = []
        self._spreading = threading.Lock()
        # the server answers when it has imported the modules: nobody waits for that here
        self._starter = ThreadPoolExecutor(1)
        self._started = self._starter.submit(self._start, tuple(modules))

    def _start(self, modules: tuple[str, ...]) -> None:
        for _ in range(self._count):
            self._pool.submit(_import, modules)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._starter.shutdown()
        # wakes who waits there for one that will not come any more; where a sleeper died itself, no answer comes
        threading.Thread(target=self._meeting.abort, daemon=True).start()
        self._pool.shutdown(cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    def submit(self, function: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Begin a call of a module-level function in one of the processes."""
        self._started.result()
        return self._pool.submit(function, *arguments)

    def share(self, value: Any) -> None:
        """Send each process what the calls that follow share; not again what they hold, which is not to be changed."""
        if value is self._held:
            return
        self._held = _UNKNOWN  # until each has it
        handed = None if value is None else self._handed(value)
        try:
            for received in [self.submit(_receive, handed) for _ in range(self._count)]:
                received.result()
        finally:
            # also those that the system did not let go while somebody mapped them
            self._files = [file for file in self._files if not file.remove()]
        self._held = value

    def _handed(self, value: Any) -> HandedOver:
        if self._folder is None:
            try:
                self._folder = TemporaryDirectory(prefix="siteplan-", ignore_cleanup_errors=True)
            except OSError as error:
                raise NoSpaceError(Problem("temporary_not_writable", file="TEMP", value=str(error))) from None
        self._files.append(HandedOver(Path(self._folder.name), value))
        return self._files[-1]

    def spread(
        self,
        function: Callable[[Any, Item], Result],
        shared: Any,
        items: Sequence[Item],
        advance: Callable[[], None],
    ) -> list[Result]:
        """Call ``function(shared, item)`` for each item; see :class:`Spreader`.

        One thread at a time: what the calls share must not change under those that wait.
        """
        with self._spreading:
            self.share(shared)
            return _gather([self.submit(_call, function, item) for item in items], advance)

    def release(self) -> None:
        """Let the processes forget what they share, when none of them needs it any more."""
        with self._spreading:
            self.share(None)


@runtime_checkable
class Spreader(Protocol):
    """Something that calls a function for many items and carries what they share once to where it is needed."""

    def spread(
        self,
        function: Callable[[Any, Item], Result],
        shared: Any,
        items: Sequence[Item],
        advance: Callable[[], None],
    ) -> list[Result]:
        """Return the results in the order of the items; `advance` is called as each is done."""
        ...


def for_each(
    function: Callable[[Any, Item], Result],
    shared: Any,
    items: Iterable[Item],
    *,
    jobs: int = 1,
    executor: Executor | Spreader | None = None,
    reporter: Reporter = SILENT,
    key: str = "progress.communes",
) -> list[Result]:
    """Call ``function(shared, item)`` for each item; return the results in the order of the items.

    Parameters
    ----------
    function
        A module-level function (it may be sent to another process).
    shared
        What all calls need; each worker reads it once, also where several calls in turn share the same object.
    items
        Small things, one per call, such as a commune's code.
    jobs
        Number of processes; 1 works in line. Ignored where `executor` is given.
    executor
        Processes that run already, a cluster, which takes `shared` once, or an executor of another make, with which
        `shared` travels with each call.
    """
    todo = list(items)
    with reporter.stage(key, total=len(todo)):
        if isinstance(executor, Spreader):
            return executor.spread(function, shared, todo, reporter.advance)
        if executor is not None:
            return _gather([executor.submit(function, shared, item) for item in todo], reporter.advance)
        if jobs > 1 and len(todo) > 1:
            with Workers(min(jobs, len(todo))) as workers:
                return workers.spread(function, shared, todo, reporter.advance)
        results = []
        for item in todo:
            results.append(function(shared, item))
            reporter.advance()
        return results


def _gather(futures: Sequence[Future[Any]], advance: Callable[[], None]) -> list[Any]:
    """Results in the order of the calls; where one fails, those that have not begun are taken back."""
    results = []
    try:
        # asked one after another: `as_completed` is never told of calls that a pool takes back when it closes
        for future in futures:
            results.append(future.result())
            advance()
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return results
