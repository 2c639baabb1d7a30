"""The fields of a ``.dbf`` cut to the widths that are used (dBase III+, as shapefiles have it).

GDAL does the same (option ``RESIZE``), but moves the whole file once for each field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 32
_FIELD_BYTES = 32
_WIDTH_AT = 16
_DECIMALS_AT = 17
_TYPE_AT = 11
_END = b"\r"
_END_OF_FILE = b"\x1a"
_BLANK = ord(" ")


def tighten(path: Path) -> None:
    """Narrow text and whole-number fields to their longest value, at least one byte; the values stay.

    Raises
    ------
    ValueError
        Where the file is no dBase table, or is cut short.
    """
    raw = path.read_bytes()
    count = int.from_bytes(raw[4:8], "little")
    head, width = (int.from_bytes(raw[at : at + 2], "little") for at in (8, 10))
    fields = [bytearray(raw[at : at + _FIELD_BYTES]) for at in range(_HEAD_BYTES, head - 1, _FIELD_BYTES)]
    widths = [field[_WIDTH_AT] for field in fields]
    if raw[head - 1 : head] != _END or 1 + sum(widths) != width or len(raw) < head + count * width:
        raise ValueError(f"{path.name}: not a dBase table")
    records = np.frombuffer(raw, "u1", count * width, head).reshape(count, width)
    kept = [records[:, :1]]  # whether a record is deleted
    at = 1
    for field, wide in zip(fields, widths, strict=True):
        cells = records[:, at : at + wide]
        at += wide
        used = (cells != _BLANK).any(axis=0)
        kind = chr(field[_TYPE_AT])
        if kind == "C":  # text stands left
            cells = cells[:, : max(1, int(np.flatnonzero(used)[-1]) + 1 if used.any() else 1)]
        elif kind == "N" and not field[_DECIMALS_AT]:  # numbers stand right
            cells = cells[:, min(wide - 1, int(np.flatnonzero(used)[0]) if used.any() else wide - 1) :]
        field[_WIDTH_AT] = cells.shape[1]
        kept.append(cells)
    table = np.concatenate(kept, axis=1)
    start = raw[:10] + table.shape[1].to_bytes(2, "little") + raw[12:_HEAD_BYTES]
    path.write_bytes(start + b"".join(fields) + _END + table.tobytes() + _END_OF_FILE)
