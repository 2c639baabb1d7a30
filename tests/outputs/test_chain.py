"""The chain in words: communes found by code or name, steps as the results hold them."""

from __future__ import annotations

import pandas as pd
import pytest

from siteplan.errors import UsageError
from siteplan.locale import encode
from siteplan.outputs.chain import find_commune, steps
from siteplan.tables import RESULTS, conform

COMMUNES = pd.DataFrame(
    {
        "code": ["06184", "06385", "06076", "06445", "06999"],
        "name": ["Đồng Đăng", "Hữu Lũng", "Quý Hòa", "Tân Thành", "Tân Thành"],
        "kind": ["xã", "xã", "xã", "xã", "phường"],
    }
)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("06184", "06184"),
        ("6184", "06184"),
        ("Hữu Lũng", "06385"),
        ("huu lung", "06385"),
        ("  XÃ HỮU  LŨNG ", "06385"),
        ("Quý Hoà", "06076"),
        ("phường tân thành", "06999"),
    ],
)
def test_by_code_or_name(asked, code):
    assert find_commune(COMMUNES, asked) == code


def test_an_unknown_one_is_told_with_near_names():
    with pytest.raises(UsageError) as caught:
        find_commune(COMMUNES, "Huu Lunk")
    problem = caught.value.problems[0]
    assert problem.key == "commune_unknown"
    assert "06385 Hữu Lũng" in problem.params["near"]
    with pytest.raises(UsageError) as caught:
        find_commune(COMMUNES, "06148")
    assert "06184 Đồng Đăng" in caught.value.problems[0].params["near"]


def test_a_name_of_two_asks_for_the_code():
    with pytest.raises(UsageError) as caught:
        find_commune(COMMUNES, "Tân Thành")
    assert caught.value.problems[0].key == "commune_named_twice"
    assert {"06445", "06999"} <= set(caught.value.problems[0].params["known"].replace(";", "").split())


def test_steps_carry_figure_article_and_what_decides():
    rows = [
        {
            "commune_code": "06184", "scope": "A", "step": n, "item": item, "formula": encode([]), "value": value,
            "unit": unit, "legal_basis": basis, "certainty": "V", "binding": item == "density",
        }
        for n, item, value, unit, basis in (
            (1, "population", 24_976.0, "người", None),
            (2, "density", 2424.74, "m²", "QCVN 01:2021/BXD, mục 2.6.3"),
            (3, "single_headquarters", None, "m²", None),
        )
    ]  # fmt: skip
    needs = conform(pd.DataFrame(rows), RESULTS["needs"])
    found = steps(needs, "06184", "A", "vi")
    assert [step["value"] for step in found] == ["24.976 người", "2.424,74 m²", ""]
    assert found[1]["basis"] == "QCVN 01:2021/BXD, mục 2.6.3"
    assert [bool(step["binding"]) for step in found] == [False, True, False]
    assert steps(needs, "06184", "A", "en")[1]["value"] == "2,424.74 m²"
    assert steps(needs, "06184", "B", "vi") == []
