import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from siteplan.sites.pieces import large_pieces, painted, piece_sizes, runs

MASKS = arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(MASKS)
def test_pieces_are_those_that_scipy_finds_cell_by_cell(cells):
    labels, count = ndimage.label(cells)
    sizes = np.bincount(labels.ravel())[1:]
    assert sorted(piece_sizes(cells)) == sorted(sizes)
    for least in (0, 1, 2, 3.5, 100):
        kept = [number + 1 for number in range(count) if sizes[number] >= least]
        assert np.array_equal(large_pieces(cells, least), np.isin(labels, kept) & cells)


@given(MASKS)
def test_runs_paint_the_mask_again(cells):
    out = np.zeros_like(cells)
    for row, start, end in zip(*runs(cells), strict=True):
        assert end > start
        assert not out[row, start:end].any()
        out[row, start:end] = True
    assert np.array_equal(out, cells)


def test_pieces_that_meet_at_a_corner_stay_apart():
    # a run that ends where the next row's begins, and the last cell of a row beside the first of the next
    assert sorted(piece_sizes(np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool))) == [2, 2]
    assert sorted(piece_sizes(np.array([[0, 0, 1], [1, 0, 0]], dtype=bool))) == [1, 1]
    ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
    assert piece_sizes(ring).tolist() == [8]


@pytest.mark.parametrize(("steps", "held", "expected"), [([], [], [0, 0, 0, 0]), ([1, 3], [True, False], [0, 1, 1, 0]),
                                                         ([0], [True], [1, 1, 1, 1])])  # fmt: skip
def test_painted(steps, held, expected):
    mask = painted(np.array(steps, dtype=int), np.array(held, dtype=bool), (2, 2))
    assert mask.ravel().tolist() == expected
