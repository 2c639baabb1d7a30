"""What processes share, packed once into a file: all map the large arrays in it instead of copying them.

The file lives as long as the processes of one command need it, is readable by its owner alone, and is no cache.
"""

from __future__ import annotations

import contextlib
import mmap
import pickle  # noqa: TID251 - what multiprocessing itself sends; nothing is kept
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

APART_BYTES = 1 << 16  # smaller arrays are not worth a place of their own
_ALIGNED = 64


class Parcel:
    """A value on its way to other processes.

    Parameters
    ----------
    folder
        Where its file is made; the name is new each time.
    value
        Anything that can be pickled.
    """

    def __init__(self, folder: Path, value: Any) -> None:
        large: list[pickle.PickleBuffer] = []

        def inside(buffer: pickle.PickleBuffer) -> bool:
            if buffer.raw().nbytes < APART_BYTES:
                return True
            large.append(buffer)
            return False

        head = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=inside)
        self._places = [(0, len(head))]
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            self.path = Path(file.name)
            file.write(head)
            for buffer in large:
                start = file.seek(-file.tell() % _ALIGNED, 1)
                file.write(buffer.raw())
                self._places.append((start, file.tell()))

    def opened(self) -> Any:
        """Return the value, made anew: what this process changes in it, nobody else sees."""
        with self.path.open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        head, *large = [whole[start:end] for start, end in self._places]
        return pickle.loads(head, buffers=large)  # noqa: S301 - written by the process that this one serves

    def remove(self) -> None:
        """Take the file away, where the system lets one that is still mapped go."""
        with contextlib.suppress(OSError):
            self.path.unlink()
