"""Opinions in what people read: text stays text, zones of restricted layers are not named, nothing without any."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pyogrio
import pytest

from siteplan.locale import encode
from siteplan.outputs import opinions
from siteplan.outputs.spreadsheet import Book
from siteplan.outputs.webmap.content import run_content
from siteplan.tables import RESULTS, conform


@pytest.fixture
def spoken(small_run):
    site = small_run.sites["site_id"].iloc[0]
    row = {
        "opinion_id": "YK-1", "site_id": site, "commune_code": small_run.sites["commune_code"].iloc[0],
        "zone_id": "Z-MAT",
        "opinion": "reject", "officer": '=HYPERLINK("x")', "opinion_date": "2026-02-03", "reason": "<b>{{7*7}}</b>",
        "opinion_state": "stale", "state_reasons": encode([("opinions.why.plan_changed", {})]), "given_site_id": site,
        "restricted": True,
    }  # fmt: skip
    rows = [row, {**row, "opinion_id": "YK-2", "zone_id": "Z1", "restricted": False, "site_id": None,
                  "opinion_state": "orphaned"}]  # fmt: skip
    small_run.tables["opinions"] = conform(pd.DataFrame(rows), RESULTS["opinions"])
    return small_run


def test_sheet_holds_words_and_hides_what_is_withheld(spoken, tmp_path):
    with Book(tmp_path / "y.xlsx", [spoken], "vi", "x") as book:
        opinions.add_sheet(book, spoken, "vi", "")
    page = openpyxl.load_workbook(tmp_path / "y.xlsx")["Ý kiến rà soát"]
    cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
    values = [str(cell.value) for cell in cells]
    assert {"không đồng ý", "cần xem lại", "không còn vị trí", "03/02/2026"} <= set(values)
    assert "Z-MAT" not in values
    assert "Z1" in values
    assert all(cell.data_type == "s" for cell in cells if str(cell.value).startswith("="))


def test_kit_holds_a_plain_table_and_a_workbook(spoken, tmp_path):
    frame = spoken.sites[["site_id", "geometry"]]
    pyogrio.write_dataframe(frame, tmp_path / "k.gpkg", layer="sites")
    opinions.write_kit(tmp_path, "k.gpkg", spoken, "vi", include_restricted=False)
    table = pyogrio.read_dataframe(tmp_path / "k.gpkg", layer="opinions")
    assert table["opinion_id"].tolist() == ["YK-1", "YK-2"]
    assert "Z-MAT" not in set(table["zone_id"])
    assert (tmp_path / opinions.KIT_FILE).is_file()


def test_without_opinions_the_kit_has_none(small_run, tmp_path):
    opinions.write_kit(tmp_path, "k.gpkg", small_run, "vi", include_restricted=False)
    assert list(tmp_path.glob("*.xlsx")) == []


def test_the_map_shows_opinions_on_sites_there_are(spoken):
    content = run_content(spoken, "vi")["opinions"]
    rows = [dict(zip(content["names"], row, strict=True)) for row in content["rows"]]
    assert [(r["zone_id"], r["opinion"], r["state_reasons"]) for r in rows] == [
        (None, "reject", ["quy hoạch hoặc phiên bản quy hoạch đã thay đổi"])
    ]
