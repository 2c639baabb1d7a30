"""What is packed comes out as it was, apart from what was put in, and from no file that stays."""

from __future__ import annotations

import stat
import sys
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siteplan.parcel import APART_BYTES, Parcel


@dataclass
class Held:
    small: np.ndarray
    large: np.ndarray
    turned: np.ndarray
    frame: gpd.GeoDataFrame


@pytest.fixture
def held():
    rng = np.random.default_rng(1)
    places = shapely.points(rng.uniform(0, 9, (5000, 2)))
    frame = gpd.GeoDataFrame({"name": [f"Ô {i}" for i in range(5000)], "n": np.arange(5000)}, geometry=places)
    return Held(np.arange(3), rng.normal(size=(300, 211)), np.asfortranarray(rng.normal(size=(400, 300))), frame)


def test_a_value_comes_out_as_it_was_and_is_ones_own(held, tmp_path):
    parcel = Parcel(tmp_path, held)
    one, other = parcel.opened(), parcel.opened()
    for out in (one, other):
        assert all(np.array_equal(getattr(out, name), getattr(held, name)) for name in ("small", "large", "turned"))
        assert out.turned.flags.f_contiguous
        assert out.frame.equals(held.frame)
    before = held.large[0, 0]
    one.large[0, 0] = before + 1  # what one changes, neither another nor the sender sees
    assert (other.large[0, 0], held.large[0, 0], parcel.opened().large[0, 0]) == (before, before, before)


def test_large_arrays_lie_in_the_file_and_nothing_travels_with_the_parcel(held, tmp_path):
    parcel = Parcel(tmp_path, held)
    assert parcel.path.stat().st_size > held.large.nbytes + held.turned.nbytes
    assert held.large.nbytes > APART_BYTES > held.small.nbytes
    assert all(start % 64 == 0 for start, _ in parcel._places)
    if sys.platform != "win32":
        assert stat.S_IMODE(parcel.path.stat().st_mode) == 0o600  # nobody else reads it


def test_the_value_outlives_the_file(held, tmp_path):
    parcel = Parcel(tmp_path, held)
    out = parcel.opened()
    if sys.platform != "win32":
        parcel.remove()
        assert list(tmp_path.iterdir()) == []
    parcel.remove()  # a second time, or where the file is held: no error
    assert np.array_equal(out.large, held.large)


def test_what_cannot_be_packed_leaves_no_file(tmp_path):
    with pytest.raises(Exception, match="pickle"):
        Parcel(tmp_path, lambda: 0)
    assert list(tmp_path.iterdir()) == []
