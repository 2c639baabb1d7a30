"""A sum of money says on which prices it stands."""

from __future__ import annotations

from siteplan.locale import LANGUAGES
from siteplan.outputs import prices


def at(run, year):
    run.manifest["scenario"]["costs"] = {"price_year": year}
    return run


def test_the_price_year_is_named_where_it_is_known(small_run):
    assert prices.at_price_year("1,5 tỷ đồng", small_run, "vi") == "1,5 tỷ đồng (theo giá năm gốc)"
    assert prices.note([small_run], "vi") == ""
    known = at(small_run, 2025)
    assert prices.at_price_year("1,5 tỷ đồng", known, "vi") == "1,5 tỷ đồng (theo giá năm gốc 2025)"
    assert "2025" in prices.note([known, known], "vi")


def test_the_two_kinds_of_prices_read_differently(small_run):
    for lang in LANGUAGES:
        assert prices.as_paid("1", lang) != prices.at_price_year("1", small_run, lang)


def test_runs_of_two_price_years_are_told_apart(build_run):
    told = prices.note([at(build_run(), 2025), at(build_run("phuong_an_3"), 2020)], "vi")
    assert "2025" in told
    assert "2020" in told
    assert "không so sánh" in told
