"""Norm sets by date: the crossing of 01/01/2027 is told, and what is missing is listed with file and row."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, problem_row, render, text
from siteplan.need.norm_sets import changes, norm_sets
from siteplan.need.standards import required_areas
from siteplan.norms import load_norms
from siteplan.scenario import NeedSettings
from siteplan.tables import INPUTS, empty

STANDARDS = Path(__file__).resolve().parents[2] / "layers" / "standards"
SETS = ("qcvn01-2021", "qcvn01-2026", "tcvn4601-2012", "nd152-2017", "de-xuat")
OLD, NEW = "QCVN 01:2021/BXD", "QCVN 01:2026/BXD"


def norms_on(day: str):
    return load_norms(STANDARDS, "nd155-2025", SETS, dt.date.fromisoformat(day))


def by_document(day: str):
    table = norm_sets(norms_on(day), [])
    return {row["document"].split(" (")[0]: row for row in table.to_dict("records") if row["standard"] != "de-xuat"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_day_decides_the_document_and_says_so(lang):
    # DOMAIN 10: from 01/01/2027 QCVN 01:2026/BXD replaces QCVN 01:2021
    before, after = by_document("2026-12-31"), by_document("2027-01-01")
    assert (before[OLD]["norm_state"], before[NEW]["norm_state"]) == ("in_force", "upcoming")
    assert (after[OLD]["norm_state"], after[NEW]["norm_state"]) == ("ended", "empty")
    told = {
        day: " ".join(text(k, lang, **p) for k, p in changes(norms_on(day))) for day in ("2026-12-31", "2027-01-01")
    }
    for words in told.values():
        assert OLD in words
        assert NEW in words
        assert "01/01/2027" in words
    assert told["2026-12-31"] != told["2027-01-01"]
    assert NEW in render(before[OLD]["notes"], lang)


def test_a_scenario_of_2027_lists_every_missing_value_with_file_row_and_document():
    with pytest.raises(InputError) as caught:
        required_areas(_no_communes(), empty(INPUTS["commune_staff"]), norms_on("2027-01-01"), NeedSettings())
    problems = caught.value.problems
    with (STANDARDS / "qcvn01-2026.csv").open(encoding="utf-8-sig", newline="") as handle:
        lines = list(csv.reader(handle))
    assert len(problems) > 3
    for problem in problems:
        assert Path(problem.file) == STANDARDS / "qcvn01-2026.csv"
        assert lines[int(problem.feature) - 1][0] == problem.column  # the row a person opens
        words = problem_row(problem)
        assert NEW in words["what"]
        assert problem.feature in words["remedy"]


def test_the_same_scenario_in_2026_computes():
    assert required_areas(
        _no_communes(), empty(INPUTS["commune_staff"]), norms_on("2026-12-31"), NeedSettings()
    ).communes.empty


def test_once_filled_the_new_code_is_used(tmp_path):
    for path in STANDARDS.glob("*.csv"):
        words = path.read_text("utf-8-sig")
        if path.stem == "qcvn01-2026":
            words = "".join(
                line.replace(",,", ",35,", 1) if line.startswith("land.density_percent,") else line
                for line in words.splitlines(keepends=True)
            )
        (tmp_path / path.name).write_text(words, "utf-8")
    norms = load_norms(tmp_path, "nd155-2025", SETS, dt.date(2027, 1, 1))
    assert norms["land.density_percent"].value == 35
    assert "QCVN 01:2026" in norms["land.density_percent"].document
    assert norms.former("land.density_percent").value == 40


def test_the_norm_of_an_old_building_is_the_one_that_ended():
    # NĐ 152/2017/NĐ-CP, annex: Bí thư 15 m²; replaced by NĐ 155/2025/NĐ-CP on 01/07/2025
    norms = norms_on("2026-01-01")
    assert norms["title.secretary_m2"].value == 30
    former = norms.former("title.secretary_m2")
    assert (former.value, former.document) == (15, "Nghị định 152/2017/NĐ-CP")
    assert norms.former("title.contract_m2") is None


def _no_communes():
    frame = empty(INPUTS["commune_facts"])
    return frame.iloc[0:0]
