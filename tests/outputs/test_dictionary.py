from __future__ import annotations

import re

import pytest

from siteplan.outputs import dictionary
from siteplan.tables import INPUTS, RESULTS


def test_the_page_for_people_is_equal_to_the_code(repo_root):
    page = (repo_root / "docs" / "data-dictionary.md").read_text("utf-8")
    assert page == dictionary.markdown(), "run: python -m siteplan.outputs.dictionary > docs/data-dictionary.md"


def test_every_column_of_every_table_is_listed_once(repo_root):
    page = (repo_root / "docs" / "data-dictionary.md").read_text("utf-8")
    columns = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", page, flags=re.MULTILINE)
    tables = [*RESULTS.values(), *INPUTS.values()]
    assert columns == [(c.name, c.dbf) for table in tables for c in table.columns]


@pytest.mark.parametrize("table", list(RESULTS.values()), ids=lambda t: t.name)
def test_labels_and_dbf_names_are_complete(table):
    for column in table.columns:
        assert column.label.strip()
        assert column.label_en.strip()
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,9}", column.dbf)
