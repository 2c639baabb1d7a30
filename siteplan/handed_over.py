"""What a command hands to its processes: packed once into a file, whose large arrays they map instead of copying them.

The file lives until each process has it, is readable by its owner alone, and is no cache.
"""

from __future__ import annotations

import contextlib
import mmap
import pickle  # noqa: TID251 - what multiprocessing itself sends; nothing is kept
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from siteplan.errors import NoSpaceError, Problem

APART_BYTES = 1 << 16  # smaller arrays are not worth a place of their own
_ALIGNED = 64


class HandedOver:
    """A value on its way to other processes; it is sent without its contents, which lie in its file.

    Parameters
    ----------
    folder
        Where its file is made; the name is new each time.
    value
        Anything that can be pickled.

    Raises
    ------
    NoSpaceError
        The file cannot be written.
    """

    def __init__(self, folder: Path, value: Any) -> None:
        large: list[pickle.PickleBuffer] = []

        def inside(buffer: pickle.PickleBuffer) -> bool:
            if buffer.raw().nbytes < APART_BYTES:
                return True
            large.append(buffer)
            return False

        head = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=inside)
        try:
            with NamedTemporaryFile(dir=folder, delete=False) as file:
                self.path = Path(file.name)
                self._places = _written(file, [memoryview(head), *(buffer.raw() for buffer in large)])
        except OSError as error:
            if hasattr(self, "path"):
                self.remove()
            raise NoSpaceError(Problem("temporary_not_writable", file=str(folder), value=str(error))) from None

    def opened(self) -> Any:
        """Return the value, made anew: what this process changes in it, nobody else sees."""
        with self.path.open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        head, *large = [whole[start:end] for start, end in self._places]
        return pickle.loads(head, buffers=large)  # noqa: S301 - written by the process that this one serves

    def remove(self) -> bool:
        """Take the file away; False where the system keeps it because a process still maps it (Windows)."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        return not self.path.exists()


def _written(file: Any, parts: Sequence[memoryview]) -> list[tuple[int, int]]:
    """Write parts one after another; where each begins and ends."""
    places = []
    for part in parts:
        start = file.seek(-file.tell() % _ALIGNED, 1)
        file.write(part)
        places.append((start, file.tell()))
    return places
