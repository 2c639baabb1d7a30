"""What the user guide and the README say of the program is what it does."""

from __future__ import annotations

import re
import tomllib

import pytest

from siteplan import locale
from siteplan.cli.road import ROWS_SHOWN
from siteplan.layers.catalog import COVERED_ROLES

COLUMNS = ("rank", "commune", "points", "land", "site", "check", "year", "cost")


@pytest.fixture(scope="module")
def guide(repo_root):
    return (repo_root / "docs" / "huong-dan.md").read_text(encoding="utf-8")


def test_sections_are_numbered_in_order_and_not_counted_beforehand(guide):
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", guide, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert not re.search(r"(Mười|Hai mươi|\d+) việc thường làm", guide)


def test_the_first_section_names_the_columns_of_the_console(guide):
    section = " ".join(guide.split("## 1. ", 1)[1].split("## 2. ", 1)[0].split())
    listed = section.split("gồm các cột: ", 1)[1].split(". Cuối cùng", 1)[0]
    told = [re.sub(r" \((?!m²|tỷ).*?\)", "", part) for part in listed.split("; ")]
    assert told == [locale.text(f"cli.run.column.{name}") for name in COLUMNS]
    assert f"({ROWS_SHOWN} đơn vị đứng đầu)" in section


def test_commands_name_a_site_by_the_id_that_stays(guide):
    commands = [line for line in guide.splitlines() if line.startswith("    siteplan ")]
    named = [line for line in commands if re.search(r"\bsite show\b|--site\b", line)]
    assert len(named) > 1
    assert all(re.search(r"\b\d{5}-[A-Z]-[0-9a-z]{6}\b", line) for line in named)


def test_what_goes_before_a_rule_table_is_told_where_it_is_set(repo_root, guide):
    path = repo_root / "scenarios" / "co_so.toml"
    words = path.read_text(encoding="utf-8")
    before, _, _ = words.partition("# slope_max_percent =")
    assert tomllib.loads(words)["eligibility"] == {}  # one place for one figure
    assert "layers/rules/eligibility.csv" in before.rsplit("[eligibility]", 1)[1]
    for text in (guide, (repo_root / "README.md").read_text(encoding="utf-8")):
        for key in ("slope_max_percent", "minimum_area_m2", "switched_off", "reserve_percent"):
            assert key in text


def test_the_guide_names_the_roles_that_take_covers(guide):
    section = guide.split("## 5. ", 1)[1].split("## 6. ", 1)[0]
    listed = section.split("covers = ", 1)[1].split("Ở các xã đó", 1)[0]
    assert tuple(re.findall(r"\(`(\w+)`\)", listed)) == COVERED_ROLES
