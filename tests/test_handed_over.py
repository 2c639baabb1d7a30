"""What is packed comes out as it was, apart from what was put in, and from no file that stays."""

from __future__ import annotations

import mmap
import pickle  # noqa: TID251 - what is sent to a process is sent by it
import stat
import sys
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siteplan import handed_over
from siteplan.errors import NoSpaceError
from siteplan.handed_over import APART_BYTES, HandedOver


@dataclass
class Held:
    small: np.ndarray
    large: np.ndarray
    turned: np.ndarray
    frame: gpd.GeoDataFrame


def _mapping(array: np.ndarray) -> mmap.mmap | None:
    """The mapped file in which an array lies, if it does."""
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    while isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None


@pytest.fixture
def held():
    rng = np.random.default_rng(1)
    places = shapely.points(rng.uniform(0, 9, (5000, 2)))
    frame = gpd.GeoDataFrame({"name": [f"Ô {i}" for i in range(5000)], "n": np.arange(5000)}, geometry=places)
    return Held(np.arange(3), rng.normal(size=(300, 211)), np.asfortranarray(rng.normal(size=(400, 300))), frame)


def test_a_value_comes_out_as_it_was_and_is_ones_own(held, tmp_path):
    handed = HandedOver(tmp_path, held)
    one, other = handed.opened(), handed.opened()
    for out in (one, other):
        assert all(np.array_equal(getattr(out, name), getattr(held, name)) for name in ("small", "large", "turned"))
        assert out.turned.flags.f_contiguous
        assert out.frame.equals(held.frame)
    before = held.large[0, 0]
    one.large[0, 0] = before + 1  # what one changes, neither another nor the sender sees
    assert (other.large[0, 0], held.large[0, 0], handed.opened().large[0, 0]) == (before, before, before)


def test_large_arrays_are_mapped_where_they_lie_in_the_file_and_nothing_else_is_sent(held, tmp_path):
    handed = HandedOver(tmp_path, held)
    assert held.large.nbytes > APART_BYTES > held.small.nbytes
    starts = [start for start, _ in handed._places]
    assert len(starts) >= 3  # what is pickled, and at least the two large arrays
    assert all(start % 64 == 0 for start in starts)
    out = pickle.loads(pickle.dumps(handed)).opened()
    assert len(pickle.dumps(handed)) < 1000
    assert len(np.frombuffer(_mapping(out.large), dtype=np.uint8)) == handed.path.stat().st_size
    assert _mapping(out.large) is _mapping(out.turned)
    assert _mapping(out.small) is None
    if sys.platform != "win32":
        assert stat.S_IMODE(handed.path.stat().st_mode) == 0o600  # nobody else reads it


def test_the_value_outlives_the_file(held, tmp_path):
    handed = HandedOver(tmp_path, held)
    out = handed.opened()
    assert handed.remove() or sys.platform == "win32"  # which keeps what is mapped
    assert handed.remove() == (list(tmp_path.iterdir()) == [])
    assert np.array_equal(out.large, held.large)


def test_what_cannot_be_packed_leaves_no_file(tmp_path):
    with pytest.raises(Exception, match="pickle"):
        HandedOver(tmp_path, lambda: 0)
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_written_that_is_said_and_nothing_is_left(held, tmp_path, monkeypatch):
    with pytest.raises(NoSpaceError) as told:
        HandedOver(tmp_path / "gone", held)
    assert (told.value.problems[0].key, told.value.problems[0].file) == (
        "temporary_not_writable",
        str(tmp_path / "gone"),
    )

    def full(file, parts):
        file.write(parts[0][:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handed_over, "_written", full)
    with pytest.raises(NoSpaceError) as told:
        HandedOver(tmp_path, held)
    assert "No space left" in str(told.value.problems[0].value)
    assert list(tmp_path.iterdir()) == []
