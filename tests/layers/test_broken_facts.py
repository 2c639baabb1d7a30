"""Facts of the embedded data that were copied in part: told with file and row, never an error of the program."""

from __future__ import annotations

import shutil

import pytest

from siteplan.crs import Province
from siteplan.errors import InputError
from siteplan.layers.illustrative.facts import read_facts

PROVINCE = Province("20", "Lạng Sơn", "tỉnh", 9215, (380_020, 2_359_400, 511_531, 2_484_786))


@pytest.mark.parametrize(
    ("name", "keep", "keys"),
    [
        ("communes.csv", lambda text: text[: len(text) // 2], {"row_not_whole"}),
        ("communes.csv", lambda text: "".join(text.splitlines(keepends=True)[:33]), {"fact_names_none"}),
        ("former_units.csv", lambda text: "".join(text.splitlines(keepends=True)[:90]), {"fact_names_none"}),
        ("communes.csv", lambda text: text.replace(",106.771,", ",,"), {"fact_without_place"}),
        ("plans.csv", lambda text: text[: len(text) // 2], {"row_not_whole"}),
    ],
)
def test_a_table_of_facts_that_is_not_whole(repo_root, tmp_path, name, keep, keys):
    facts = tmp_path / "default"
    shutil.copytree(repo_root / "layers" / "default", facts)
    (facts / name).write_text(keep((facts / name).read_text("utf-8")), "utf-8")
    with pytest.raises(InputError) as told:
        read_facts(facts, PROVINCE)
    assert {p.key for p in told.value.problems} == keys
    assert all(p.file.endswith(".csv") and p.feature for p in told.value.problems)
