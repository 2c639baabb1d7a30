"""The problems between layers are kept under what they depend on, and come back as they were."""

from types import SimpleNamespace

import pandas as pd
import pytest

from siteplan import cache, site_cache
from siteplan.errors import Problem

FOUND = [
    Problem("communes_gap_little", "warning", file="ranh giới.gpkg", layer="communes", feature="06184 Đoàn Kết",
            params={"count": 3, "area_m2": 0.1 + 0.2, "largest_m2": 1e-17}),
    Problem("commune_code_unknown", column="commune_code", value="99999", params={"rows": 2}),
]  # fmt: skip


def _layers(fingerprint="a", catalog="catalog.toml", province="Lạng Sơn"):
    return SimpleNamespace(
        fingerprint=fingerprint, province=province, catalog=SimpleNamespace(path=SimpleNamespace(name=catalog))
    )


def _rules(code="LUC"):
    return SimpleNamespace(land_use=pd.DataFrame({"code": [code]}))


@pytest.fixture
def asked(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    calls = []
    monkeypatch.setattr(site_cache, "check_between", lambda layers, rules: calls.append((layers, rules)) or FOUND)
    return calls


def test_problems_come_back_as_they_were_and_are_looked_for_once(asked):
    first, again = (site_cache.checked(_layers(), _rules()) for _ in range(2))
    assert first == again == FOUND
    assert len(asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        (_layers("b"), _rules()),
        (_layers(catalog="open.toml"), _rules()),
        (_layers(province="Cao Bằng"), _rules()),
        (_layers(), _rules("LUK")),
        (_layers(), None),
    ],
)
def test_what_they_depend_on_makes_them_looked_for_again(asked, other):
    site_cache.checked(_layers(), _rules())
    site_cache.checked(*other)
    assert len(asked) == 2
