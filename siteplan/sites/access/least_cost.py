"""Least cost over a graph, from each of some nodes or from the nearest of them, to the others (Dijkstra)."""

from __future__ import annotations

from typing import Any

import numpy as np
from edsger.commons import DTYPE_INF_PY as NO_WAY
from edsger.dijkstra import compute_sssp, compute_sssp_early_termination
from scipy.sparse import csr_array

Array = np.ndarray[Any, Any]

FEW = 256  # a search that ends early looks at all wanted nodes every few steps: with more it is quicker to its end


class LeastCost:
    """Searches over one graph; what one finds does not depend on the order in which equal costs are taken.

    Not for several threads at once.

    Parameters
    ----------
    graph
        Square; the entry in row i and column j is the cost of the edge from node i to node j, 0 or more. Of parallel
        edges the cheapest counts.

    Raises
    ------
    IndexError
        From a search, where a node is asked for that the graph does not have.
    """

    def __init__(self, graph: csr_array[Any]) -> None:
        self._count, self._edges = int(graph.shape[0]), len(graph.data)
        # one more node, from which the sources of a search are reached at no cost; no edge leads to it
        self._pointer = np.append(graph.indptr, self._edges).astype(np.uint32)
        room = np.zeros(self._count)
        self._head = np.concatenate([graph.indices, room], dtype=np.uint32, casting="unsafe")
        self._cost = np.concatenate([graph.data, room], dtype=np.float64)

    def from_each(self, sources: Array, wanted: Array | None = None) -> Array:
        """Cost from each of some nodes (rows) to every node, or to those `wanted` (columns); infinite without a way."""
        self._check(sources)
        out = np.empty((len(sources), self._count if wanted is None else len(wanted)))
        for row, source in enumerate(sources):
            out[row] = self._search(int(source), self._count, wanted)
        return out

    def from_nearest(self, sources: Array, wanted: Array | None = None) -> Array:
        """Cost from the nearest of some nodes to every node, or to those `wanted`."""
        self._check(sources)
        sources = np.unique(sources)
        self._pointer[-1] = self._edges + len(sources)
        self._head[self._edges : self._edges + len(sources)] = sources
        return self._search(self._count, self._count + 1, wanted)[: self._count if wanted is None else None]

    def _search(self, start: int, count: int, wanted: Array | None) -> Array:
        self._check(wanted)
        graph = self._pointer, self._head, self._cost
        if wanted is not None and 0 < len(wanted) <= FEW:
            cost = compute_sssp_early_termination(*graph, wanted.astype(np.uint32), start, count, count)
        else:
            cost = compute_sssp(*graph, start, count, count)
            cost = cost if wanted is None else cost[wanted]
        return np.where(cost == NO_WAY, np.inf, cost)

    def _check(self, nodes: Array | None) -> None:
        """Refuse what the library would not: it reads and writes wherever a number points to."""
        if nodes is not None and len(nodes) and not (nodes.min() >= 0 and nodes.max() < self._count):
            raise IndexError(f"nodes {nodes.min()} to {nodes.max()} of a graph of {self._count}")
