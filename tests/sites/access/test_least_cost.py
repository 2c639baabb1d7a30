"""Searches over a graph against another program (scipy), to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from siteplan.sites.access import least_cost
from siteplan.sites.access.least_cost import LeastCost

# costs of which many paths add up to the same, some of them 0, and some that no sum meets exactly
COSTS = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.7, 1.0, 1 / 3, 2.0])


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    nodes = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(nodes, nodes, COSTS), max_size=60))
    tail, head, cost = (np.array(part) for part in zip(*edges, strict=True)) if edges else (np.empty(0),) * 3
    # by rows, parallel edges kept beside one another
    order = np.argsort(tail, kind="stable")
    pointer = np.concatenate([[0], np.cumsum(np.bincount(tail.astype(int), minlength=count))])
    graph = csr_array((cost[order], head[order].astype(np.int32), pointer.astype(np.int32)), shape=(count, count))
    some = st.lists(nodes, min_size=1, max_size=count, unique=True).map(np.array)
    return graph, draw(some), draw(some)


def by_scipy(graph, sources):
    """What scipy finds on a graph in which of parallel edges only the cheapest is left."""
    full = coo_array(graph)
    cheapest: dict[tuple[int, int], float] = {}
    for tail, head, cost in zip(*full.coords, full.data, strict=True):
        cheapest[tail, head] = min(cost, cheapest.get((tail, head), np.inf))
    tail, head = np.array(list(cheapest), dtype=np.int32).reshape(-1, 2).T
    data = np.array(list(cheapest.values()))
    order = np.argsort(tail, kind="stable")
    pointer = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=graph.shape[0]))]).astype(np.int32)
    return dijkstra(csr_array((data[order], head[order], pointer), shape=graph.shape), indices=sources)


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_costs_are_those_of_another_program(made):
    graph, sources, wanted = made
    search, known = LeastCost(graph), by_scipy(graph, sources)
    assert np.array_equal(search.from_each(sources), known)
    assert np.array_equal(search.from_each(sources, wanted), known[:, wanted])
    assert np.array_equal(search.from_nearest(sources), known.min(axis=0))
    assert np.array_equal(search.from_nearest(sources, wanted), known.min(axis=0)[wanted])
    # one search leaves nothing behind for the next
    assert np.array_equal(search.from_nearest(sources[:1]), known[0])
    assert np.array_equal(search.from_each(sources), known)


def grid(side, rng):
    """A square of cells joined with their eight neighbours at random costs, dear between its halves."""
    number = np.arange(side * side).reshape(side, side)
    tail, head = [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = number[: side - down, max(0, -right) : side - max(0, right)]
        b = number[down:, max(0, right) : side - max(0, -right)]
        tail += [a.ravel(), b.ravel()]
        head += [b.ravel(), a.ravel()]
    tail, head = np.concatenate(tail), np.concatenate(head)
    cost = rng.uniform(0.1, 3.0, len(tail)) + 50.0 * ((tail % side < side // 2) != (head % side < side // 2))
    return csr_array(coo_array((cost, (tail, head)), shape=(side * side, side * side)))


@pytest.mark.parametrize("few", [0, 256])
def test_a_search_that_ends_early_finds_the_same(few, monkeypatch):
    monkeypatch.setattr(least_cost, "FEW", few)
    rng = np.random.default_rng(8)
    graph = grid(60, rng)
    sources, wanted = (rng.choice(3600, size, replace=False) for size in (9, 25))
    known = dijkstra(graph, indices=sources)
    search = LeastCost(graph)
    assert np.array_equal(search.from_each(sources, wanted), known[:, wanted])
    assert np.array_equal(search.from_nearest(sources, wanted), known.min(axis=0)[wanted])
    assert search.from_each(sources, wanted[:0]).shape == (9, 0)


def test_where_no_way_leads_the_cost_is_infinite():
    apart = LeastCost(csr_array((np.array([2.0]), np.array([1]), np.array([0, 1, 1, 1])), shape=(3, 3)))
    assert apart.from_each(np.array([0, 2])).tolist() == [[0.0, 2.0, np.inf], [np.inf, np.inf, 0.0]]
    assert apart.from_nearest(np.array([1]), np.array([0, 2])).tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("bad", [[-1], [0, 3], [10**9]])
def test_a_node_that_is_not_there_is_refused(bad):
    search = LeastCost(csr_array((np.array([2.0]), np.array([1]), np.array([0, 1, 1, 1])), shape=(3, 3)))
    good, bad = np.array([0, 1]), np.array(bad)
    for ask in (
        lambda: search.from_each(bad),
        lambda: search.from_nearest(bad),
        lambda: search.from_each(good, bad),
        lambda: search.from_nearest(good, bad),
    ):
        with pytest.raises(IndexError, match="of a graph of 3"):
            ask()
