"""What the papers say of known floods at the proposed sites, and of headquarters people travel much longer to."""

from __future__ import annotations

import docx
import pytest

from siteplan.locale import encode
from siteplan.outputs import dossier
from siteplan.tables import RESULTS, conform

SITE = "06184-K-AAAAAA"
LONGER = ("decide.place.longer", {"minutes": 55.5, "own": 93.9, "other": 38.4, "site": "L1", "least": 15.0})
RANKED = ("decide.place.ranked", {"why": "none", "rank": 14, "count": 14})


def papers_of(runs, folder, lang="vi"):
    files = dossier.write_papers(runs, folder, "a", lang)
    return [docx.Document(str(file)) for file in (files[1], files[2])]


def text_of(document):
    return "\n".join(p.text for p in document.paragraphs)


def flooded(run, state="raise"):
    """Have all proposed sites above the flood, one of them below it."""
    sites = run.tables["sites"]
    sites["flood_state"] = "above" if state else "not_assessed"
    names = ["flood_state", "platform_level_m", "flood_level_m", "flood_event", "raise_m", "fill_m3", "cut_m3"]
    own = sites["site_id"] == SITE
    sites.loc[own, names] = [state or "not_assessed", 198.09, 197.79, "Lũ năm 2008, 2008-09-26", 4.36, 14924.0, 0.0]
    programme = run.tables["programme"].set_index("commune_code")
    assert programme.loc["06184", "status"] == "planned"
    earth = {"commune_code": "06184", "build_type": programme.loc["06184", "build_type"], "component": "earthworks",
             "quantity": 14924.0, "low": 0.7e9, "middle": 1.19392e9, "high": 1.5e9,
             "notes": encode([("cost.note.earthworks_measured", {"cut": 0.0, "fill": 14924.0})])}  # fmt: skip
    rows = [*run.tables["costs"].to_dict("records"), earth]
    run.tables["costs"] = conform(type(run.tables["costs"])(rows), RESULTS["costs"])
    return run


def flood_table(document):
    found = [t for t in document.tables if any("tôn nền" in cell.text for cell in t.rows[0].cells)]
    return [[cell.text for cell in row.cells] for row in found[0].rows] if found else None


def test_a_site_below_a_known_flood_stands_in_the_dossier_with_its_raise_and_cost(small_run, tmp_path):
    paper, _ = papers_of([flooded(small_run)], tmp_path)
    head, *rows = flood_table(paper)
    assert head[2:] == ["Cao độ nền chưa tôn (m)", "Mực lũ (m)", "Trận lũ", "Cần tôn nền (m)", "Khối lượng đắp (m³)",
                        "Chi phí san nền (tỷ đồng, giá năm gốc)"]  # fmt: skip
    assert len(rows) == 1
    assert rows[0][0].startswith("Xã Hữu Lũng")
    assert rows[0][2:] == ["193,73", "197,79", "Lũ năm 2008, 26/09/2008", "4,36", "14.924", "1,194"]


def test_where_no_earthworks_are_priced_the_cost_is_said_not_to_be_reckoned(small_run, tmp_path):
    run = flooded(small_run)
    run.tables["costs"]["notes"] = None
    paper, _ = papers_of([run], tmp_path)
    assert flood_table(paper)[1][-1] == "chưa tính"


def test_sites_above_all_known_floods_are_said_to_be_and_unknown_ones_not(small_run_factory, tmp_path):
    paper, _ = papers_of([flooded(small_run_factory(tmp_path / "a"), "above")], tmp_path)
    assert flood_table(paper) is None
    assert "không vị trí nào được ghi nhận có nền thấp hơn mực lũ đã biết" in text_of(paper)
    paper, _ = papers_of([flooded(small_run_factory(tmp_path / "b"), None)], tmp_path)
    assert "Chưa đánh giá được cao độ nền" in text_of(paper)
    assert "không vị trí nào được ghi nhận" not in text_of(paper)


def test_sites_of_which_no_flood_is_known_are_counted_beside_the_table(small_run, tmp_path):
    run = flooded(small_run)
    sites = run.tables["sites"]
    sites.loc[sites["site_id"] != SITE, "flood_state"] = None
    paper, _ = papers_of([run], tmp_path)
    total = int(sites["is_best"].fillna(False).sum())
    assert f"Còn {total - 1}/{total} vị trí đề xuất chưa đánh giá được" in text_of(paper)


@pytest.mark.parametrize("status", ["planned", "not_needed"])
def test_units_people_travel_much_longer_to_are_named_where_the_province_is_asked(small_run, tmp_path, status):
    sites, programme = small_run.tables["sites"], small_run.tables["programme"]
    programme.loc[programme["commune_code"] == "06184", "status"] = status
    sites.loc[sites["site_id"] == SITE, "reasons"] = encode([RANKED, LONGER])
    paper, annexes = papers_of([small_run], tmp_path)
    asked = [p.text for p in paper.paragraphs if "Xem lại vị trí trước khi quyết định đối với 1 đơn vị" in p.text]
    assert len(asked) == 1
    assert "Hữu Lũng (bình quân 93,9 phút, lâu hơn L1 55,5 phút)" in asked[0]
    assert ("tiếp tục sử dụng trụ sở hiện có" in asked[0]) == (status == "not_needed")
    (row,) = [row for table in annexes.tables for row in table.rows if row.cells[0].text == "Vì sao chọn vị trí này"
              and "14 trong 14" in row.cells[1].text]  # fmt: skip
    assert "diện tích hiện có của cơ sở chính đáp ứng nhu cầu" in row.cells[1].text
    assert "Cảnh báo: người dân đi đến đây bình quân 93,9 phút" in row.cells[1].text


def test_english_papers_hold_the_table_too(small_run, tmp_path):
    paper, _ = papers_of([flooded(small_run)], tmp_path, "en")
    assert any("To be raised by (m)" in cell.text for table in paper.tables for cell in table.rows[0].cells)
