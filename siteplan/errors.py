"""Errors and problems: what can be wrong, told so that a GIS officer can mend it.

A :class:`Problem` is one row of a problem list. It carries a message key and parameters, never finished text: the words
are made when it is shown (``locale/*/problems*.toml``, three texts for each key: ``what``, ``cause``, ``remedy``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "excluded", "warning"]

SEVERITIES: tuple[Severity, ...] = ("error", "excluded", "warning")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Parameters
    ----------
    key
        Message key below ``problem.`` in the catalogue of texts, e.g. ``crs_missing``.
    severity
        ``error`` stops the work, ``excluded`` leaves the feature out and lists it, ``warning`` only tells.
    file, layer, feature, column, value
        Where: path as the user wrote it, catalog entry, feature (id, name or row), column and offending value. Empty
        where it does not apply.
    params
        Further values for the three texts.
    """

    key: str
    severity: Severity = "error"
    file: str = ""
    layer: str = ""
    feature: str = ""
    column: str = ""
    value: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems stops the work."""
    return any(problem.severity == "error" for problem in problems)


class SiteplanError(Exception):
    """Root of all errors of this program that a user can cause or mend.

    Parameters
    ----------
    problems
        All that was found, in the order to show it.
    exit_code
        Exit code of the command line: 1 inputs have errors, 2 wrong usage, 3 no space or internal.
    """

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        self.problems: tuple[Problem, ...] = problems
        super().__init__("; ".join(f"{p.key}({p.file or p.layer}{' ' + p.value if p.value else ''})" for p in problems))

    def __reduce__(self) -> tuple[type[SiteplanError], tuple[Problem, ...]]:
        return type(self), self.problems


class InputError(SiteplanError):
    """The layers, rules or scenario have errors; all of them are listed."""


class UsageError(SiteplanError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class SchemaError(SiteplanError):
    """A stage was handed a table that does not follow its schema: a defect of the program, not of the data."""

    exit_code = 3


class NoSpaceError(SiteplanError):
    """The disk is full or a folder cannot be written."""

    exit_code = 3


class LockedError(SiteplanError):
    """Another process works in this workspace."""
