"""A state has one word: the legends of the maps say of a token what tables and papers say of it."""

from __future__ import annotations

import pytest

from siteplan import locale
from siteplan.outputs.style import load_style

WHERE = [
    ("themes", "check", "check_result"),
    ("layers", "sites", "check_result"),
    ("layers", "facilities", "treatment"),
]


@pytest.mark.parametrize(("part", "name", "column"), WHERE)
def test_legend_and_papers_use_the_same_words(repo_root, part, name, column):
    classes = getattr(load_style(repo_root / "maps" / "style.toml"), part)[name].classes
    told = {token: look.label.casefold() for token, look in classes.items() if token != "other"}
    assert told == {token: locale.value_text(column, token).casefold() for token in told}
    assert len(told) > 3


def test_no_two_ways_of_handling_a_facility_read_alike():
    words = [locale.value_text("treatment", token) for token in ("transfer", "other_body", "hand_over")]
    assert not [one for one in words for other in words if one != other and other.startswith(one)]


@pytest.mark.parametrize("token", ["clear", "clear_of_known_plans", "conditional", "blocked"])
@pytest.mark.parametrize("column", ["best_check_result", "check_result_then"])
def test_the_result_of_a_check_has_one_word(column, token):
    word = locale.value_text("check_result", token)
    assert locale.value_text(column, token) == word
    assert word.removeprefix("có ") in locale.text(f"dossier.counted.check.{token}", count="3")
