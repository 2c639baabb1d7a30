"""Cells, rows and words of a run as the page reads them: JSON, deflated."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from siteplan import locale

Content = dict[str, Any]

POOLED_FROM = 50  # rows; below that a pool saves nothing
_LEVEL = 5  # of deflating: the next takes more than twice as long for a twenty-fifth of the size


def plain(value: Any) -> Any:
    """Return a cell as JSON knows it: None for what is missing, whole floats as integers."""
    kind = type(value)
    if kind is str:
        return value
    if kind is float:
        return _number(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _number(float(value))
    return value if isinstance(value, str | list | dict) else str(value)


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _pooled(column: Sequence[Any]) -> tuple[list[Any], list[int | None]] | None:
    """Return the different texts of a column, and of each cell their number; None where few repeat, or for numbers."""
    numbers: dict[Any, int] = {}
    cells: list[int | None] = []
    for value in column:
        if value is None:
            cells.append(None)
        elif isinstance(value, str | list):
            cells.append(numbers.setdefault(tuple(value) if isinstance(value, list) else value, len(numbers)))
        else:
            return None
    if not numbers or 2 * len(numbers) > len(column):
        return None
    return [list(key) if isinstance(key, tuple) else key for key in numbers], cells


def rows_of(frame: pd.DataFrame, columns: Sequence[str], **more: Iterable[Any]) -> Content:
    """Return rows as the page reads them; `more` are further columns.

    Returns
    -------
    dict
        ``names``; ``rows``, a list of cells each; ``pools``: of a column whose texts repeat, the different ones, and
        the cells are their numbers.
    """
    there = [c for c in columns if c in frame.columns]
    cells = [[plain(v) for v in frame[c].astype(object).tolist()] for c in there] + [list(v) for v in more.values()]
    names = [*there, *more]
    pools: dict[str, list[Any]] = {}
    for at, (name, column) in enumerate(zip(names, cells, strict=True)):
        found = _pooled(column) if name != "shape" and len(column) > POOLED_FROM else None
        if found is not None:
            pools[name], cells[at] = found
    rows = [list(row) for row in zip(*cells, strict=True)] if len(frame) else []
    return {"names": names, "rows": rows, "pools": pools}


def flags(frame: pd.DataFrame, column: str) -> Any:
    """Return a yes/no column as numpy booleans; missing is no."""
    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[column].astype("Float64").fillna(0).to_numpy(dtype=float) > 0


def words_of(cells: Iterable[Any], lang: str) -> list[list[str]]:
    """Return the texts of each cell of messages, none where the cell is empty; equal cells are read once."""
    known: dict[Any, list[str]] = {None: []}
    out = []
    for cell in cells:
        at = cell if isinstance(cell, str) else None
        if at not in known:
            known[at] = [locale.text(key, lang, **params) for key, params in locale.decode(at)]
        out.append(known[at])
    return out


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _deflated(words: bytes) -> bytes:
    """Deflate words as a part of a stream (RFC 1951) that ends on a whole byte, so that others can stand beside it."""
    stream = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    return stream.compress(words) + stream.flush(zlib.Z_FULL_FLUSH)


@dataclass(frozen=True)
class Ready:
    """A part of the content as JSON, ``words``, and ``deflated``, so that it is written once for several pages."""

    words: bytes
    deflated: bytes

    @classmethod
    def of(cls, value: Any) -> Self:
        """Write a value."""
        words = _json(value).encode()
        return cls(words, _deflated(words))

    def write(self, path: Path) -> None:
        """Keep it in a file: the sum of checking of the words, and the words deflated."""
        path.write_bytes(zlib.adler32(self.words).to_bytes(4, "big") + self.deflated)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what :meth:`write` wrote; ValueError where it is broken."""
        content = path.read_bytes()
        stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        try:
            words = stream.decompress(content[4:]) + stream.flush()
        except zlib.error as error:
            raise ValueError(str(error)) from None
        if zlib.adler32(words).to_bytes(4, "big") != content[:4]:
            raise ValueError(path.name)
        return cls(words, content[4:])


def _parts(value: Any) -> Iterator[str | Ready]:
    """Write content piece by piece; what is ready stays as it is. Keys are texts."""
    if isinstance(value, Ready):
        yield value
    elif isinstance(value, dict):
        for n, (key, inner) in enumerate(value.items()):
            yield f"{',' if n else '{'}{_json(key)}:"
            yield from _parts(inner)
        yield "}" if value else "{}"
    elif isinstance(value, list) and any(isinstance(inner, Ready) for inner in value):
        for n, inner in enumerate(value):
            yield "," if n else "["
            yield from _parts(inner)
        yield "]"
    else:
        yield _json(value)


def packed(content: Mapping[str, Any]) -> str:
    """Write content as JSON, deflated (RFC 1950) and in base64: letters that cannot leave a script element."""
    stream, check = bytearray(b"\x78\x9c"), 1
    for ready, pieces in groupby(_parts(content), key=lambda piece: isinstance(piece, Ready)):
        plain = "" if ready else "".join(str(piece) for piece in pieces)
        for piece in pieces if ready else (Ready(plain.encode(), _deflated(plain.encode())),):
            assert isinstance(piece, Ready)
            stream += piece.deflated
            check = zlib.adler32(piece.words, check)
    stream += zlib.compressobj(wbits=-zlib.MAX_WBITS).flush() + check.to_bytes(4, "big")
    return base64.b64encode(stream).decode("ascii")


def unpacked(words: str) -> Any:
    """Read back what :func:`packed` wrote."""
    return json.loads(zlib.decompress(base64.b64decode(words)))
