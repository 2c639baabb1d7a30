"""Connected pieces of a mask, by its runs of cells: rows are joined where their runs touch, cells are never visited."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Array = np.ndarray[Any, Any]


def runs(cells: Array) -> tuple[Array, Array, Array]:
    """Row, first column and column after the last of each run of cells within a row, in order."""
    start, end, width = _runs(cells)
    row = start // width
    return row, start - row * width, end - row * width


def piece_sizes(cells: Array) -> Array:
    """Return the number of cells of each connected piece (by their sides)."""
    start, end, width = _runs(cells)
    return _sizes(start, end, _pieces(start, end, width))


def large_pieces(cells: Array, least: float) -> Array:
    """Cells of connected pieces (by their sides) of at least `least` cells."""
    start, end, width = _runs(cells)
    piece = _pieces(start, end, width)
    kept = (_sizes(start, end, piece) >= least)[piece]
    steps = np.column_stack([start[kept], end[kept]]).ravel()
    return painted(steps, np.arange(len(steps)) % 2 == 0, (len(cells), width))[:, :-1]


def painted(steps: Array, held: Array, shape: tuple[int, int]) -> Array:
    """Mask whose cells, row after row, are `held` from one of the `steps` on until the next; False before the first."""
    size = shape[0] * shape[1]
    return np.repeat(np.append(False, held), np.diff(steps, prepend=0, append=size)).reshape(shape)


def _runs(cells: Array) -> tuple[Array, Array, int]:
    """First cell of each run and the one after its last, numbered row after row with one more column; that width."""
    width = cells.shape[1] + 1
    flat = np.zeros(len(cells) * width + 1, dtype=bool)
    flat[1:].reshape(len(cells), width)[:, :-1] = cells
    steps = np.flatnonzero(flat[1:] != flat[:-1])
    return steps[::2], steps[1::2], width


def _pieces(start: Array, end: Array, width: int) -> Array:
    """Return the number of the piece that each run belongs to."""
    low = np.searchsorted(end, start + width, side="right")
    high = np.searchsorted(start, end + width, side="left")
    count = np.maximum(high - low, 0)
    pointer = np.concatenate([[0], np.cumsum(count)])
    below = np.arange(pointer[-1]) - np.repeat(pointer[:-1] - low, count)
    graph = csr_array((np.ones(len(below), dtype=np.int8), below, pointer), shape=(len(start), len(start)))
    return np.asarray(connected_components(graph, directed=False)[1])


def _sizes(start: Array, end: Array, piece: Array) -> Array:
    return np.bincount(piece, weights=end - start).astype(np.int64)
