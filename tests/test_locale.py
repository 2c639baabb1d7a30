"""Texts: both languages hold the same keys, every problem has its three texts, parameters are never templates."""

import ast
import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan import locale
from siteplan.tables import INPUTS, RESULTS


def test_both_languages_hold_the_same_keys():
    assert set(locale.catalogue("vi")) == set(locale.catalogue("en"))


def _parameters(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", sorted(locale.catalogue("vi")))
def test_both_languages_take_the_same_parameters(key):
    # English may say less ("tỉnh" has no word there) and takes its own label where a parameter has two
    english = {name.removesuffix("_en") for name in _parameters(locale.catalogue("en")[key])}
    assert english <= _parameters(locale.catalogue("vi")[key])


def _problem_keys(root):
    """Collect every literal first argument of Problem(...) in the program."""
    for path in sorted((root / "siteplan").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Problem":
                key = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "key"), None)
                for part in ast.walk(key) if key is not None else ():
                    if (
                        isinstance(part, ast.Constant)
                        and isinstance(part.value, str)
                        and re.fullmatch(r"[a-z0-9_]+", part.value)
                    ):
                        yield part.value


def test_every_problem_is_told_in_three_texts(repo_root):
    keys = set(_problem_keys(repo_root))
    assert len(keys) > 40
    prefixes = {k for k in keys if k.endswith("_")}  # of a key that is put together
    known = {k.split(".")[1] for k in locale.catalogue("vi") if k.startswith("problem.")}
    assert all(any(k.startswith(prefix) for k in known) for prefix in prefixes)
    parts = ("what", "cause", "remedy")
    wanted = [f"{k}.{part}" for k in sorted(known | (keys - prefixes)) for part in parts]
    absent = [name for name in wanted if not locale.has_text(f"problem.{name}")]
    assert absent == []


TOKENS = {
    (column.name, value)
    for table in (*INPUTS.values(), *RESULTS.values())
    for column in table.columns
    if column.name not in ("kind", "scope", "certainty", "letter")
    for value in column.values
}


@pytest.mark.parametrize(("column", "token"), sorted(TOKENS))
def test_every_token_has_words(column, token):
    assert locale.has_text(f"value.{column}.{token}")
    assert locale.has_text(f"value.{column}.{token}", "en")


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (2159.6, 1, "2.159,6", "2,159.6"),
        (1234567, 0, "1.234.567", "1,234,567"),
        (-0.04, 1, "0,0", "0.0"),
        (float("nan"), 0, "–", "–"),
        # halves go away from zero, as in a spreadsheet, whatever binary numbers make of them
        (6.5625, 3, "6,563", "6.563"),
        (2.675, 2, "2,68", "2.68"),
        (-0.5, 0, "-1", "-1"),
        (0.125, 2, "0,13", "0.13"),
        (2.4999, 0, "2", "2"),
    ],
)
def test_numbers(value, decimals, vi, en):
    assert locale.number(value, decimals, "vi") == vi
    assert locale.number(value, decimals, "en") == en


@given(st.text(max_size=60))
def test_parameters_are_never_read_as_templates(hostile):
    shown = locale.text("cli.written", file=hostile)
    assert shown == "Đã ghi: " + hostile


def test_attributes_of_parameters_are_closed(monkeypatch):
    monkeypatch.setattr(locale, "catalogue", lambda lang="vi": {"x": "{a.__class__} {a[0]}"})
    assert "class" not in locale.text("x", a="secret")


@given(st.lists(st.tuples(st.text(min_size=1), st.dictionaries(st.text(min_size=1), st.integers() | st.text()))))
def test_messages_come_back(messages):
    assert locale.decode(locale.encode(messages)) == [(k, dict(p)) for k, p in messages]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Hữu Lũng", "HỮU LŨNG", "hữu  lũng", "huu lung"])
def test_fold(name, form):
    assert locale.fold(unicodedata.normalize(form, name)) == "huu lung"


def test_fold_of_two_tone_placements():
    assert locale.fold("Hoà Bình") == locale.fold("Hòa Bình") == "hoa binh"
    assert locale.fold("Đồng Đăng") == "dong dang"
