"""The reporter: stages tell it progress and log lines. Silent by default; the command line passes one that draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Reporter:
    """Takes message keys and parameters, shows nothing. Subclass it to show or to record."""

    def say(self, key: str, **params: Any) -> None:
        """Tell one line, by message key."""

    def start(self, key: str, total: int | None = None, **params: Any) -> None:
        """Begin a piece of work of `total` steps (None: unknown)."""

    def advance(self, steps: int = 1) -> None:
        """Tell that `steps` of the running piece are done."""

    def finish(self) -> None:
        """End the running piece of work."""

    @contextmanager
    def stage(self, key: str, total: int | None = None, **params: Any) -> Iterator[None]:
        """Frame a piece of work: start on entry, finish on exit, whatever happens."""
        self.start(key, total, **params)
        try:
            yield
        finally:
            self.finish()


class Recorder(Reporter):
    """Keeps what was told, with the order of the stages, and passes it on."""

    def __init__(self, inner: Reporter) -> None:
        self.inner = inner
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def say(self, key: str, **params: Any) -> None:
        """Keep and pass on."""
        self.lines.append((key, params))
        self.inner.say(key, **params)

    def start(self, key: str, total: int | None = None, **params: Any) -> None:
        """Keep and pass on."""
        self.lines.append((key, params))
        self.inner.start(key, total, **params)

    def advance(self, steps: int = 1) -> None:
        """Pass on."""
        self.inner.advance(steps)

    def finish(self) -> None:
        """Pass on."""
        self.inner.finish()


SILENT = Reporter()
