import numpy as np
import pytest

from siteplan import crs
from siteplan.errors import InputError

PROVINCE = crs.Province("20", "X", "tỉnh", 9215, (380020, 2359400, 511531, 2484786))
HERE = (np.array([449262.0, 451000.0]), np.array([2417472.0, 2418000.0]))


@pytest.mark.parametrize("epsg", [9215, 4326, 3405, 5897, 3857])
def test_the_crs_a_layer_was_made_in_is_proposed(epsg):
    x, y = crs.transformer(9215, epsg).transform(*HERE)
    assert epsg in [g.epsg for g in crs.guess_crs(x, y, PROVINCE) if not g.swapped]


def test_swapped_axes_are_recognised():
    guesses = crs.guess_crs(HERE[1], HERE[0], PROVINCE)
    assert guesses[0] == crs.Guess(9215, swapped=True)


def test_nonsense_has_no_proposal():
    assert crs.guess_crs([1e9, 1e9 + 1], [5.0, 6.0], PROVINCE) == []


def test_province_file_without_bounds_is_a_problem(tmp_path):
    path = tmp_path / "province.toml"
    path.write_text('code = "20"\nname = "X"\nepsg = 9215\n', "utf-8")
    with pytest.raises(InputError) as caught:
        crs.Province.load(path)
    assert caught.value.problems[0].key == "province_unreadable"
    assert "bounds" in caught.value.problems[0].value


def test_central_meridian_of_the_zone():
    assert PROVINCE.central_meridian == pytest.approx(107.25)
