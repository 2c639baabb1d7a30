"""In which file each key of a scenario stands: the scenario's own, or one that it extends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Standing:
    """Where the keys of a scenario stood when it was read.

    Parameters
    ----------
    files
        The scenario's own file last, each one before it extended by the next.
    origins
        The scenario's tables with the file where it stands in place of every value.
    """

    files: tuple[str, ...]
    origins: Mapping[str, Any]

    def file_of(self, *location: str | int) -> str:
        """File in which the value at a place of the tables stands; the scenario's own for what stands nowhere.

        An entry of a list stands where the list does. A table may stand in several files: then its own is told.
        """
        found = self._at(location)
        return found if isinstance(found, str) else self.files[-1]

    def files_of(self, *location: str | int) -> tuple[str, ...]:
        """Return all files in which values of a table stand, extended ones first; its own where it stands nowhere."""
        held = set(_leaves(self._at(location)))
        return tuple(file for file in self.files if file in held) or (self.files[-1],)

    def _at(self, location: tuple[str | int, ...]) -> Any:
        found: Any = self.origins
        for step in location:
            if isinstance(found, str):
                break
            if step not in found:
                return None
            found = found[step]
        return found


def of_file(file: str, tables: Mapping[str, Any]) -> Standing:
    """Standing of what one file holds."""
    return Standing((file,), _origins(tables, file))


def _origins(tables: Mapping[str, Any], file: str) -> dict[str, Any]:
    return {key: _origins(value, file) if isinstance(value, Mapping) else file for key, value in tables.items()}


def _leaves(origins: Any) -> Iterator[str]:
    if isinstance(origins, Mapping):
        for value in origins.values():
            yield from _leaves(value)
    elif origins is not None:
        yield origins
