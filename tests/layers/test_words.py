"""Every problem this room can tell has its three texts, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import siteplan.layers
from siteplan import locale
from siteplan.layers.listing import named

ROOM = Path(siteplan.layers.__file__).parent
SUFFIXES = {
    "layer_crs_missing": ("", "_guess", "_swapped"),
    "layer_outside": ("", "_guess", "_swapped"),
    "raster_crs_missing": ("", "_guess"),
    "raster_outside": ("", "_guess"),
}


def _keys() -> set[str]:
    keys: set[str] = set()
    for path in ROOM.glob("*.py"):
        source = path.read_text("utf-8")
        for found in re.findall(r'(?:Problem|together|_problem|near_key)\(\s*f?"([a-z_0-9{}]+)"', source):
            stem = found.partition("{")[0].rstrip("_")
            if found.endswith("{suffix}"):
                keys |= {stem + suffix for suffix in SUFFIXES[stem]}
            else:
                keys.add(found)
        keys |= set(
            re.findall(
                r'"(layer_(?:number|integer|bool|date)_[a-z]+|layer_crs_(?:identified|wgs84_zone)|commune_(?:without_polygon|code_unknown))"',
                source,
            )
        )
        for near in re.findall(r'near_key\(\s*"([a-z_]+)"', source):
            keys.add(f"{near}_near")
    return keys


def test_keys_are_found():
    assert {"layer_crs_missing_guess", "layer_number_ambiguous", "role_unknown_near", "open_data_wrong"} <= _keys()
    assert len(_keys()) > 100


@pytest.mark.parametrize("lang", locale.LANGUAGES)
@pytest.mark.parametrize("part", ["what", "cause", "remedy"])
def test_every_problem_has_its_words(lang, part):
    missing = [key for key in sorted(_keys()) if not locale.has_text(f"problem.{key}.{part}", lang)]
    assert missing == []


def test_both_languages_take_the_same_parameters():
    vi, en = locale.catalogue("vi"), locale.catalogue("en")
    for key in _keys():
        for part in ("what", "cause", "remedy"):
            name = f"problem.{key}.{part}"
            used = [set(re.findall(r"\{([a-z_0-9]+)", text[name])) for text in (vi, en)]
            assert used[0] == used[1] or part != "what", name


def test_labels_of_several_lines_stay_on_one():
    assert named(["Đất\ntrồng  lúa", "ONT"]) == "Đất trồng lúa, ONT"
