"""Doing one thing per commune: the only seam through which work is spread over processes.

The executor is a parameter: in line, a process pool, or that of a cluster client (``Client.get_executor()``). Results
come back in the order of the items, so they do not depend on how many workers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, TypeVar

from siteplan.report import SILENT, Reporter

Item = TypeVar("Item")
Result = TypeVar("Result")

_shared: Any = None


def _receive(shared: Any) -> None:
    global _shared  # noqa: PLW0603 - one value per worker process, set once by the pool's initializer
    _shared = shared


def _call(function: Callable[[Any, Any], Result], item: Any) -> Result:
    return function(_shared, item)


def for_each(
    function: Callable[[Any, Item], Result],
    shared: Any,
    items: Iterable[Item],
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    reporter: Reporter = SILENT,
    key: str = "progress.communes",
) -> list[Result]:
    """Call ``function(shared, item)`` for each item; return the results in the order of the items.

    Parameters
    ----------
    function
        A module-level function (it may be sent to another process).
    shared
        What all calls need; sent to each worker once.
    items
        Small things, one per call, such as a commune's code.
    jobs
        Number of processes; 1 works in line. Ignored where `executor` is given.
    executor
        An executor of another make; `shared` then travels with each call.
    """
    todo = list(items)
    with reporter.stage(key, total=len(todo)):
        if executor is not None:
            return _gather([executor.submit(function, shared, item) for item in todo], reporter)
        if jobs <= 1 or len(todo) <= 1:
            results = []
            for item in todo:
                results.append(function(shared, item))
                reporter.advance()
            return results
        # spawn on every system: forking a process that has GDAL and threads open is not safe
        context = get_context("spawn")
        with ProcessPoolExecutor(min(jobs, len(todo)), context, initializer=_receive, initargs=(shared,)) as pool:
            return _gather([pool.submit(_call, function, item) for item in todo], reporter)


def _gather(futures: list[Any], reporter: Reporter) -> list[Any]:
    try:
        for done in as_completed(futures):
            done.result()
            reporter.advance()
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return [future.result() for future in futures]
