"""What the dossier says where extension and new floor do not add up to the floor that is missing."""

from __future__ import annotations

from types import SimpleNamespace

import docx
import pandas as pd
import pytest

from siteplan.locale import number, text
from siteplan.outputs import dossier
from siteplan.outputs.dossier_need import write_balance, write_commune_by_commune

ROWS = [
    # name, missing, extension, new, a person agreed on the figure
    ("An", 100.0, 0.0, 150.0, True),  # 50 above
    ("Bình", 100.0, 60.0, 0.0, True),  # 40 below
    ("Cao", 30.0, 0.0, 0.0, False),  # 30 missing and tolerated
    ("Duyên", 20.0, 45.0, None, False),  # 25 above
    ("Én", 80.0, 30.0, 50.0, True),  # adds up
    ("Phú", None, None, 7.5, False),  # nothing missing, 7.5 built
]


@pytest.fixture
def said():
    """Write the paragraph of some communes; what is said and listed, in Vietnamese."""

    def write(rows):
        names = ["name", "deficit_floor_area_m2", "extension_floor_area_m2", "new_floor_area_m2", "agreed"]
        communes = pd.DataFrame(rows, columns=names)
        communes["code"] = [f"{i:05d}" for i in range(len(communes))]
        figures = pd.DataFrame({"commune_code": communes["code"], "item": "new_floor", "agreed_m2": 1.0})
        figures.loc[~communes["agreed"], "agreed_m2"] = float("nan")
        other = figures.assign(item="staff", agreed_m2=1.0)  # what is agreed of something else is no agreed floor
        told: list[str] = []

        def words(key, **params):
            return text(f"dossier.{key}", "vi", **params)

        writer = SimpleNamespace(
            run=SimpleNamespace(communes=communes, figures=pd.concat([figures, other], ignore_index=True)),
            m2=lambda area: f"{area:g} m²",
            words=words,
            say=lambda key, **params: told.append(words(key, **params)),
            paper=SimpleNamespace(items=told.extend),
        )
        write_balance(writer)
        return told

    return write


def test_each_difference_stands_in_its_group_with_its_sum(said):
    lead, above, other, below, tolerated = said(ROWS)
    assert "12.5 m²" in lead  # 50 - 40 - 30 + 25 + 7.5
    assert "50 m²" in above
    assert "An 50 m²" in above
    assert "32.5 m²" in other
    assert "Duyên 25 m²; Phú 7.5 m²" in other
    assert "Bình 40 m²" in below
    assert "Cao 30 m²" in tolerated
    assert not [line for line in (lead, above, other, below, tolerated) if "Én" in line or "{" in line]
    assert [line.split(" ", 1)[0] for line in (above, other, below, tolerated)] == ["1", "2", "1", "1"]


def test_nothing_is_said_where_all_adds_up(said):
    assert said([row for row in ROWS if row[0] == "Én"]) == []


def test_rounding_below_a_hundredth_is_no_difference(said):
    assert said([("An", 100.0, 0.0, 100.004, False)]) == []
    assert len(said([("An", 100.0, 0.0, 100.01, False)])) == 2


def told_of(rows):
    """Say of communes (need, kept, missing) why the sums do not subtract, in Vietnamese."""
    names = ["required_floor_area_m2", "kept_floor_area_m2", "deficit_floor_area_m2"]
    told: list[str] = []
    writer = SimpleNamespace(
        run=SimpleNamespace(communes=pd.DataFrame(rows, columns=names)),
        number=str,
        m2=lambda area: f"{area:g} m²",
        say=lambda key, **params: told.append(text(f"dossier.{key}", "vi", **params)),
    )
    write_commune_by_commune(writer)
    return told


def test_what_one_commune_has_above_its_need_fills_no_other():
    # 300 needed, 290 kept: 10, yet 90 are missing, for two communes keep 80 above their need
    lead, closing = told_of([(100, 150, 0), (50, 80, 0), (150, 60, 90)])
    assert "2 đơn vị" in lead
    assert "80 m²" in lead
    assert [figure in closing for figure in ("10 m²", "80 m²", "90 m²")] == [True] * 3


def test_no_sum_is_claimed_that_does_not_close():
    # what is missing is less than need less kept, as where part of it was settled otherwise
    assert len(told_of([(100, 150, 0), (150, 60, 40)])) == 1


def test_where_none_keeps_more_than_it_needs_the_sums_subtract():
    assert told_of([(100, 40, 60), (100, 100, 0), (80, None, 80)]) == []


def test_floor_given_to_another_use_is_told_apart(build_run, tmp_path):
    run = build_run()
    facilities = run.tables["facilities"]
    facilities["floor_area_m2"] = [1000.0 * (n + 1) for n in range(len(facilities))]
    facilities["status"], facilities["decided_treatment"] = "in_use", None
    facilities.loc[facilities.index[1], ["status", "decided_treatment"]] = ["decided", "transfer"]
    everything = sum(1000 * (n + 1) for n in range(len(facilities)))
    words = "\n".join(p.text for p in docx.Document(str(dossier.write_dossier([run], tmp_path / "a.docx"))).paragraphs)
    assert "không tính 2.000,00 m² sàn của các cơ sở" in words
    assert f"danh mục cơ sở nhà, đất ({number(everything, 2)} m² sàn)" in words
    facilities["decided_treatment"] = "keep"
    words = "\n".join(p.text for p in docx.Document(str(dossier.write_dossier([run], tmp_path / "b.docx"))).paragraphs)
    assert "danh mục cơ sở nhà, đất (" not in words
