"""Drainage: a tree that brings the water of every cell to a river, and the relief that such water would have cut.

The relief is that of a landscape in balance: the slope of a channel falls with the area it drains,
``slope = steepness * area ** -concavity`` (stream-power law, concavity 0.45; Whipple & Tucker 1999). Heights follow by
adding slopes up the tree. The tree is then turned to the steepest descent on that relief, and heights are made anew; a
few rounds give branching valleys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

Array = np.ndarray[Any, Any]

_CONCAVITY = 0.45
# below this many cells water has cut no channel: slopes stay those of the hillside
_HILLSIDE_CELLS = 4.0
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Drainage:
    """Where water goes.

    Parameters
    ----------
    receiver
        Flat index of the cell that each cell drains to; a root drains to itself.
    area
        Cells drained, itself included.
    relief_m
        Height above the root.
    """

    receiver: Array
    area: Array
    relief_m: Array


def lattice(cost: Array) -> csr_matrix:
    """Graph of a grid: eight neighbours, weight the mean cost of both ends times the step, each edge once."""
    rows, columns = cost.shape
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    heads, tails, weights = [], [], []
    for dr, dc in _STEPS:
        a = index[: rows - dr, max(0, -dc) : columns - max(0, dc)]
        b = index[dr:, max(0, dc) : columns + min(0, dc)]
        heads.append(a.ravel())
        tails.append(b.ravel())
        step = np.float32(np.hypot(dr, dc))
        weights.append((cost.ravel()[a.ravel()] + cost.ravel()[b.ravel()]) * step / 2)
    size = rows * columns
    edges = (np.concatenate(heads), np.concatenate(tails))
    return coo_matrix((np.concatenate(weights), edges), shape=(size, size)).tocsr()


def reach(cost: Array, roots: Array) -> tuple[Array, Array]:
    """Cheapest way of every cell to the nearest root.

    Parameters
    ----------
    cost
        Cost of crossing a cell.
    roots
        Flat indices.

    Returns
    -------
    tuple of arrays
        Next cell on the way (a root: itself) and cost of the way, both flat.
    """
    distance, before, _ = dijkstra(
        lattice(cost), directed=False, indices=roots, min_only=True, return_predecessors=True
    )
    following = np.where(before < 0, np.arange(before.size), before)
    return following.astype(np.int64), distance


def _levels(receiver: Array) -> list[Array]:
    """Cells grouped by their number of steps to the root, the root first."""
    depth = (receiver != np.arange(receiver.size)).astype(np.int32)
    ahead = receiver.copy()
    while True:
        gain = depth[ahead]
        if not gain.any():
            break
        depth += gain
        ahead = ahead[ahead]
    # small integers are sorted by counting
    depth = depth.astype(np.min_scalar_type(int(depth.max())))
    order = np.argsort(depth, kind="stable")
    cuts = np.flatnonzero(np.diff(depth[order])) + 1
    return np.split(order, cuts)


def _accumulate(receiver: Array, levels: list[Array]) -> Array:
    area = np.ones(receiver.size)
    for level in reversed(levels[1:]):
        np.add.at(area, receiver[level], area[level])
    return area


def _raise(receiver: Array, levels: list[Array], rise: Array) -> Array:
    height = np.zeros(receiver.size, dtype=np.float32)
    for level in levels[1:]:
        height[level] = height[receiver[level]] + rise[level]
    return height


def steepest(height: Array, fallback: Array) -> Array:
    """Return the neighbour to which each cell falls steepest; where none is lower, the cell's `fallback`."""
    rows, columns = height.shape
    padded = np.pad(height, 1, constant_values=np.inf)
    best = np.zeros(height.shape, dtype=height.dtype)
    receiver = fallback.reshape(height.shape).copy()
    index = np.arange(rows * columns).reshape(height.shape)
    for dr in (-1, 0, 1):
        for dc in (-1, 0, 1):
            if dr == 0 and dc == 0:
                continue
            drop = height - padded[1 + dr : 1 + dr + rows, 1 + dc : 1 + dc + columns]
            drop /= height.dtype.type(np.hypot(dr, dc))
            better = drop > best
            np.copyto(best, drop, where=better)
            np.copyto(receiver, index + (dr * columns + dc), where=better)
    return receiver.ravel()


def carve(cost: Array, roots: Array, steepness: Array, cell_m: float, rounds: int) -> Drainage:
    """Make the relief above a set of roots.

    Parameters
    ----------
    cost
        Resistance of the ground, drives the first tree.
    roots
        Flat indices of the cells of rivers and valley floors.
    steepness
        Slope (rise over run) of a cell that drains itself alone.
    cell_m
        Width of a cell.
    rounds
        How often the tree is turned to steepest descent.
    """
    receiver, _ = reach(cost, roots)
    shape = cost.shape
    is_root = np.zeros(cost.size, dtype=bool)
    is_root[roots] = True
    columns = shape[1]
    flat = np.arange(cost.size)
    relief = np.zeros(cost.size, dtype=np.float32)
    area = np.ones(cost.size)
    for turn in range(rounds + 1):
        if turn:
            receiver = steepest(relief.reshape(shape), receiver)
            receiver[is_root] = flat[is_root]
        levels = _levels(receiver)
        area = _accumulate(receiver, levels)
        diagonal = (np.abs(receiver - flat) != 1) & (np.abs(receiver - flat) != columns)
        run = np.where(diagonal, np.sqrt(2.0), 1.0) * cell_m
        rise = steepness.ravel() * ((area + _HILLSIDE_CELLS) / (1 + _HILLSIDE_CELLS)) ** -_CONCAVITY * run
        relief = _raise(receiver, levels, rise)
    return Drainage(receiver, area, relief.reshape(shape))
