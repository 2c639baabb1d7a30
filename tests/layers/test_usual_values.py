"""Values of classes: known words and customs of open maps are proposed, likeness of letters is not."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from siteplan.crs import Province
from siteplan.layers.add import inspect
from siteplan.layers.columns import meant_token, unknown_values
from siteplan.layers.usual_values import _OPEN, _PATTERNS, _WORDS, open_values, usual_values
from siteplan.locale import fold
from siteplan.tables import INPUTS

WEST, SOUTH = 440_000.0, 2_410_000.0
COLUMN = {
    name: INPUTS[role].column(name)
    for role, name in (
        ("roads", "road_class"),
        ("services", "service_class"),
        ("hazards", "level"),
        ("waterways", "waterway_class"),
    )
}


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("service_class", "bakery"),
        ("service_class", "bar"),
        ("service_class", "shop"),
        ("service_class", "waste_disposal"),
        ("road_class", "proposed"),
        ("road_class", "residenti"),
        ("level", "trung bình - cao"),
        ("level", "medium-high"),
        ("level", "thấp, cao"),
        ("level", "not high"),
        ("level", "không có nguy cơ cao"),
    ],
)
def test_words_of_another_or_of_two_meanings_are_left_to_a_person(column, word) -> None:
    assert meant_token(word, COLUMN[column]) == ("", False)


@pytest.mark.parametrize(
    ("column", "word", "token"),
    [
        ("road_class", "residential", "local"),
        ("road_class", "trunk", "national"),
        ("road_class", "motorway", "expressway"),
        ("road_class", "primary_link", "national"),
        ("road_class", "tertiary", "commune"),
        ("service_class", "clinic", "health"),
        ("service_class", "hospital", "health"),
        ("service_class", "post_office", "post"),
        ("service_class", "grave_yard", "cemetery"),
        ("waterway_class", "ditch", "canal"),
        ("level", "nguy cơ rất cao", "very_high"),
        ("service_class", "Trạm y tế Đồng Đăng", "health"),
    ],
)
def test_customs_of_open_maps_and_whole_words_are_proposed(column, word, token) -> None:
    assert meant_token(word, COLUMN[column]) == (token, False)


@pytest.mark.parametrize("word", ["provincal", "provinciall", "provnicial", "provencial"])
def test_one_letter_of_a_long_word_may_be_mistyped_and_that_is_a_guess(word) -> None:
    assert meant_token(word, COLUMN["road_class"]) == ("provincial", True)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            "road_class",
            ["Tỉnh lộ", "Cao tốc", "Đường huyện", "Đường xã", "ĐH", "ĐT", "QL1A", "QL.4B", "ĐT.242"],
        ),
        ("waterway_class", ["Kênh", "Mương"]),
        ("service_class", ["Trạm y tế", "cây xăng", "BÃI RÁC"]),
    ],
)
def test_usual_words_of_offices_are_read_as_they_stand(column, words) -> None:
    assert unknown_values(words, COLUMN[column]) == []


def test_words_of_open_maps_are_not_read_unasked() -> None:
    assert unknown_values(["trunk", "residential"], COLUMN["road_class"]) == ["residential", "trunk"]


def test_every_usual_word_says_one_token_of_its_column() -> None:
    tokens = {c.name: set(c.values) for table in INPUTS.values() for c in table.columns if c.values}
    for known in (_WORDS, _OPEN, {c: dict.fromkeys(p.values(), "") for c, p in _PATTERNS.items()}):
        for column, words in known.items():
            assert set(words) <= tokens[column], column
    for column in {*_WORDS, *_OPEN}:
        usual = [fold(word) for word in usual_values(column)]
        assert len(usual) == len(set(usual))
        assert not set(usual) & {fold(word) for word in open_values(column)}


def test_a_guess_is_told_in_the_entry(ground) -> None:
    province = Province.load(ground.folder / "province.toml")
    lines = [shapely.LineString([(WEST, SOUTH + i), (WEST + 9000, SOUTH + i)]) for i in range(4)]
    columns = {"highway": ["trunk", "track", "provincal", "raceway"]}
    path = ground.folder / "duong.gpkg"
    gpd.GeoDataFrame(columns, geometry=lines, crs=9215).to_file(path)
    entry = inspect(path, "roads", province)
    assert entry.entry["values"]["road_class"] == {"provincal": "provincial", "trunk": "national"}
    assert any("provincal = provincial" in remark for remark in entry.remarks)
    assert any("raceway" in remark and "trunk" not in remark for remark in entry.remarks)
