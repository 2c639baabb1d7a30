"""The communes of a run spread over a Dask cluster: any number of machines, one scheduler.

What the calls share is scattered to every worker once. A worker that dies takes its calls with it: they are made again
elsewhere, and where the shared part was lost with it, that is scattered again. Results stay in the order of the items.
"""

from __future__ import annotations

import ipaddress
import platform
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import metadata
from typing import Any, TypeVar

from siteplan.cache import code_fingerprint
from siteplan.errors import InputError, Problem

Item = TypeVar("Item")
Result = TypeVar("Result")

TLS = "tls://"
CONNECT_SECONDS = 10
RETRIES = 5  # of one call, on workers that die under it
ROUNDS = 5  # of calls whose shared part was lost


def mark() -> dict[str, str]:
    """Return what must be the same here and on every worker: program, Python, the libraries results depend on."""
    names = ("siteplan", "numpy", "pandas", "geopandas", "shapely", "pyproj", "rasterio", "scipy", "edsger")
    versions = {name: metadata.version(name) for name in names}
    return {**versions, "python": platform.python_version(), "code": code_fingerprint()[:12]}


def _marked() -> dict[str, str] | str:
    try:
        return mark()
    except Exception as error:  # noqa: BLE001 - a broken installation is what is asked about
        return f"{type(error).__name__}: {error}"


class Cluster:
    """A cluster that is connected; see :func:`cluster`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def spread(
        self,
        function: Callable[[Any, Item], Result],
        shared: Any,
        items: Sequence[Item],
        advance: Callable[[], None],
    ) -> list[Result]:
        """Call ``function(shared, item)`` for each item; see :class:`siteplan.work.Spreader`.

        Raises
        ------
        InputError
            Where workers died under the same calls again and again, or none is left.
        """
        from concurrent.futures import as_completed

        from distributed import KilledWorker

        executor = self._client.get_executor(pure=False, retries=RETRIES)
        results: dict[int, Result] = {}
        for _ in range(ROUNDS):
            # a worker that joins later fetches it from one that has it
            (sent,) = self._client.scatter([shared], broadcast=True, hash=False)
            waiting = {
                executor.submit(function, sent, item): number
                for number, item in enumerate(items)
                if number not in results
            }
            for future in as_completed(waiting):
                try:
                    results[waiting[future]] = future.result()
                except (CancelledError, KilledWorker):
                    continue
                except BaseException:
                    for other in waiting:
                        other.cancel()
                    raise
                advance()
            if len(results) == len(items):
                return [results[number] for number in range(len(items))]
            try:
                self._client.wait_for_workers(1, timeout=CONNECT_SECONDS * 6)
            except TimeoutError:
                break
        raise InputError(Problem("cluster_workers_lost", params={"count": len(items) - len(results)}))


def _host(address: str) -> str:
    """Host of ``scheme://host:port`` or ``host:port``."""
    rest = address.partition("://")[2] or address
    return rest[1:].partition("]")[0] if rest.startswith("[") else rest.partition(":")[0]


def unprotected(address: str) -> Problem | None:
    """Warn of a scheduler on another machine without TLS: who reaches its port reads the layers and runs programs."""
    if address.startswith((TLS, "inproc://")):
        return None
    host = _host(address)
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host.lower() == "localhost"
    return None if near else Problem("cluster_unprotected", "warning", value=address, params={"host": host})


def _security(address: str) -> Any:
    """Certificates as Dask's configuration names them: its files, ``DASK_DISTRIBUTED__COMM__TLS__...``."""
    from distributed import Security

    try:
        found = Security()
        if address.startswith(TLS):
            held = {part: getattr(found, f"tls_{part}") for part in ("ca_file", "client_cert", "client_key")}
            absent = [part.replace("_", "-") for part, value in held.items() if not value]
            if absent:
                params = {"absent": ", ".join(absent)}
                raise InputError(Problem("cluster_tls_unset", value=address, params=params))
            found.get_connection_args("client")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise InputError(Problem("cluster_tls_unreadable", value=address, params={"said": _words(error)})) from None
    return found


def _words(error: BaseException) -> str:
    """Return what was said, with the refusal of a certificate that may lie beneath."""
    beneath: BaseException | None = error
    while beneath is not None and not isinstance(beneath, ssl.SSLError):
        beneath = beneath.__cause__ or beneath.__context__
    return str(beneath or error)[:200]


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler of a cluster and make sure that its workers are of this version.

    Parameters
    ----------
    address
        ``tls://host:8786`` with the certificates of Dask's configuration, ``tcp://host:8786`` or ``host:8786``.

    Raises
    ------
    InputError
        Where the extra is not installed, certificates are missing or cannot be read, no scheduler answers, it has no
        workers, or a worker has another version of the program, of Python or of a library: results must not depend on
        who computed them.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError(Problem("cluster_driver_missing")) from None
    security = _security(address)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, security=security)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        key = "cluster_unreachable_tls" if address.startswith(TLS) else "cluster_unreachable"
        raise InputError(Problem(key, value=address, params={"said": _words(error)})) from None
    try:
        _check(client, address)
        yield Cluster(client)
    finally:
        client.close()


def _check(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise InputError(Problem("cluster_without_workers", value=address)) from None
    own = mark()
    problems = []
    for worker, found in sorted(client.run(_marked, on_error="return").items()):
        if found == own:
            continue
        if isinstance(found, dict):
            differs = ", ".join(
                f"{key} {found.get(key, '–')} / {own[key]}" for key in own if found.get(key) != own[key]
            )
        else:
            differs = str(found)[:200]
        problems.append(Problem("cluster_worker_version", value=worker, params={"differs": differs}))
    if problems:
        raise InputError(*problems)
