import datetime as dt

import pytest

from siteplan.errors import InputError
from siteplan.norms import load_norms

HEAD = "key,value,unit,document,article,effective_from,effective_to,certainty,note\n"


def _norms(tmp_path, rows, name="a"):
    (tmp_path / f"{name}.csv").write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


def test_the_version_in_force_applies(tmp_path):
    _norms(
        tmp_path, ["d,0.4,,QCVN 01:2021/BXD,2.6.3,2021-07-05,2026-12-31,V,", "d,0.5,,QCVN 01:2026/BXD,?,2027-01-01,,R,"]
    )
    before = load_norms(tmp_path, "a", (), dt.date(2026, 12, 31))["d"]
    after = load_norms(tmp_path, "a", (), dt.date(2027, 1, 1))["d"]
    assert (before.value, before.document, before.certainty) == (0.4, "QCVN 01:2021/BXD", "V")
    assert (after.value, after.document, after.certainty) == (0.5, "QCVN 01:2026/BXD", "R")


def test_the_first_set_prevails(tmp_path):
    _norms(tmp_path, ["d,1,,A,,,,V,"])
    _norms(tmp_path, ["d,2,,B,,,,P,", "e,3,,B,,,,P,"], "b")
    norms = load_norms(tmp_path, "a", ("b",), dt.date(2026, 1, 1))
    assert (norms.value("d"), norms.value("e")) == (1, 3)


def test_a_missing_norm_names_the_document(tmp_path):
    _norms(tmp_path, ["d,,,QCVN 01:2026/BXD,,2027-01-01,,R,chưa đọc"])
    with pytest.raises(InputError) as caught:
        load_norms(tmp_path, "a", (), dt.date(2027, 1, 1)).value("d")
    problem = caught.value.problems[0]
    assert problem.key == "norm_empty"
    assert (problem.file, problem.feature) == (str(tmp_path / "a.csv"), "2")
    assert "QCVN 01:2026/BXD" in problem.params["document"]


def test_all_wrong_rows_are_told_at_once(tmp_path):
    _norms(tmp_path, ["a,x,,A,,,,V,", "b,1.200,,A,,,,V,", "c,1,,A,,,,Z,", "d,1,,A,,,,V,", "d,2,,A,,,,V,"])
    with pytest.raises(InputError) as caught:
        load_norms(tmp_path, "a", ("absent",), dt.date(2026, 1, 1))
    keys = [p.key for p in caught.value.problems]
    assert keys == ["number_invalid", "number_ambiguous", "certainty_unknown", "norm_twice", "standard_missing"]
