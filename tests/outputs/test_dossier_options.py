"""Joint papers of options that propose different sites: each figure is said of the option it belongs to."""

from __future__ import annotations

import docx
import pytest
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from siteplan.outputs import dossier, dossier_end, dossier_pictures, replies, site_counts

NAMES = ("to_trinh", "de_an", "phu_luc", "trinh_ban_thuong_vu")
LETTERS = ("to_trinh", "trinh_ban_thuong_vu")
CODE = "06184"


def text_of(document):
    parts = [p.text for p in document.paragraphs]
    return "\n".join([*parts, *(cell.text for table in document.tables for row in table.rows for cell in row.cells)])


def papers_of(runs, folder, lang="vi"):
    files = dossier.write_papers(runs, folder, "a", lang)
    return {name: docx.Document(str(file)) for name, file in zip(NAMES, files, strict=True)}


def on_another_site(run, code=CODE, letter="T"):
    """Have an option build on another site of a commune."""
    site = f"{code}-{letter}-AAAAAA"
    sites, communes, programme = (run.tables[name] for name in ("sites", "communes", "programme"))
    own = sites["commune_code"] == code
    sites.loc[own, "is_best"] = sites.loc[own, "site_id"] == site
    sites.loc[sites["site_id"] == site, ["check_result", "label"]] = ["conditional", "T1 Bên cạnh"]
    communes.loc[communes["code"] == code, "best_site_id"] = site
    programme.loc[programme["commune_code"] == code, "site_id"] = site
    return run


@pytest.fixture
def differing(small_run_factory, tmp_path):
    first, second = (small_run_factory(tmp_path, name, early=name.endswith("1")) for name in (
        "phuong_an_1", "phuong_an_2"))  # fmt: skip
    first.manifest["scenario"]["title"], second.manifest["scenario"]["title"] = "Phương án 1: a", "Phương án 2: b"
    return [first, on_another_site(second)]


def sheets_of(document, name):
    """Text of each site sheet of a commune by the heading above it."""
    found = {}
    for table in document.tables:
        before = table._tbl.getprevious()
        heading = Paragraph(before, document).text if before is not None and before.tag == qn("w:p") else ""
        if heading.startswith(name):
            cells = [[cell.text for cell in row.cells] for row in table.rows]
            found[heading] = {row[at]: row[at + 1] for row in cells for at in (0, 2)}
    return found


def test_each_proposed_site_has_a_sheet_with_the_money_of_the_option_that_builds_on_it(differing, tmp_path):
    annexes = papers_of(differing, tmp_path)["phu_luc"]
    sheets = sheets_of(annexes, "Xã Hữu Lũng")
    assert list(sheets) == ["Xã Hữu Lũng – K1 Trung tâm (Phương án 1 đề xuất)",
                            "Xã Hữu Lũng – T1 Bên cạnh (Phương án 2 đề xuất)"]  # fmt: skip
    first, second = sheets.values()
    assert first["Phương án 1"].startswith("2028–2029, 18,000 tỷ đồng")
    assert first["Phương án 2"] == "Ở vị trí T1 Bên cạnh"
    assert second["Phương án 1"] == "Ở vị trí K1 Trung tâm"
    assert second["Phương án 2"].startswith("2026–2027, 18,000 tỷ đồng")
    (other,) = sheets_of(annexes, "Phường")
    assert "đề xuất" not in other
    assert "mỗi vị trí có một phiếu" in text_of(annexes)


def test_the_evidence_lists_each_proposed_site_with_its_option(differing, tmp_path):
    annexes = papers_of(differing, tmp_path)["phu_luc"]
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in annexes.tables]
    (sites,) = (t for t in tables if "Số nội dung vướng" in t[0])
    places = [row[1] for row in sites[1:]]
    assert places[2:] == ["Xã Hữu Lũng (Phương án 1)", "Xã Hữu Lũng (Phương án 2)"]
    at = sites[0].index("Số nội dung vướng")
    assert [row[at] for row in sites[1:]] == ["0", "0", "3", "0"]
    (findings,) = (t for t in tables if "Quy tắc áp dụng" in t[0])
    assert {row[0] for row in findings[1:]} == {"Xã Hữu Lũng (Phương án 1)"}
    assert any([row[0] for row in table[1:]] == places for table in tables if table is not sites)
    assert "từng vị trí được ghi kèm phương án đề xuất" in text_of(annexes)


def test_options_that_propose_the_same_sites_share_the_sheets(two_runs, tmp_path):
    annexes = papers_of(two_runs, tmp_path)["phu_luc"]
    assert len(sheets_of(annexes, "Xã Hữu Lũng")) == 1
    assert "(mỗi đơn vị một vị trí được đề xuất)" in text_of(annexes)
    assert all(proposal.alone and proposal.by == (0, 1) for proposal in site_counts.proposals(two_runs))


def test_a_site_is_drawn_from_the_option_that_proposes_it(differing):
    items = dossier_pictures._sites(differing)
    assert items == [(0, "05977"), (0, "06001"), (0, "06184"), (1, "06184")]
    assert dossier_pictures._names((1, CODE)) == [dossier_pictures.site_key(CODE, 1)] == ["site_06184_1"]


@pytest.mark.parametrize("name", [*LETTERS, "de_an"])
def test_counts_of_sites_are_said_of_the_option_whose_they_are(differing, tmp_path, name):
    text = text_of(papers_of(differing, tmp_path)[name])
    if name == "de_an":
        assert "Phương án 1: đề xuất vị trí cho 3/4 đơn vị, gồm" in text
        assert "Phương án 2: đề xuất vị trí cho 3/4 đơn vị, gồm" in text
    else:
        counts = text.split("(theo Phương án 1; Phương án 2: ")
        assert counts[0].rstrip().endswith("1 vị trí có điều kiện")
        assert "2 vị trí có điều kiện)" in counts[1][:200]
    assert "Phương án 1: tại 1 vị trí đề xuất có 3 nội dung vướng" in text
    assert "Phương án 2: tại" not in text  # nothing stands against its sites
    told = "khác nhau tại 1 đơn vị: xã Hữu Lũng (Phương án 1: K1 Trung tâm; Phương án 2: T1 Bên cạnh)."
    assert told in text
    assert "Phương án 1: thống nhất 3 vị trí" in text
    assert "Phương án 2: thống nhất 3 vị trí" in text


def test_counts_that_are_the_same_in_all_options_are_said_once(two_runs, tmp_path):
    for name in LETTERS:
        text = text_of(papers_of(two_runs, tmp_path / name)[name])
        assert "Tại 1 vị trí đề xuất có 3 nội dung vướng" in text
        assert "(theo " not in text.split("vị trí có điều kiện")[1][:3]
        assert "khác nhau tại" not in text


def test_conformity_of_another_option_is_told_where_it_differs(differing, tmp_path):
    rows = differing[1].tables["conformity"]
    rows.loc[(rows["site_id"] == "06184-T-AAAAAA") & (rows["plan_kind"] == "general"), "conformity"] = "not_in_plan"
    text = text_of(papers_of(differing, tmp_path)["de_an"])
    assert "Bảng trên và các danh sách sau là của Phương án 1. Số vị trí khác đi của Phương án 2: " in text
    assert "chưa có trong quy hoạch: 2 vị trí" in text


def breaking(run):
    """Let one site be too small, one lie where it may not, and one be both."""
    sites, rules = run.tables["sites"], ("needed_area", "plan_blocking", "hazard_flood; needed_area")
    for code, rule in zip(("06184", "05977", "06001"), rules, strict=True):
        sites.loc[sites["site_id"] == f"{code}-K-AAAAAA", ["eligible", "broken_rules"]] = [False, rule]
    return run


@pytest.mark.parametrize("name", [*LETTERS, "de_an"])
def test_papers_say_how_many_sites_break_a_rule_and_are_too_small(two_runs, tmp_path, name):
    for run in two_runs:
        breaking(run)
        sites = run.tables["sites"]
        sites.loc[sites["site_id"] == "06001-K-AAAAAA", "check_result"] = "blocked"
    text = text_of(papers_of(two_runs, tmp_path)[name])
    assert "3/3 vị trí đề xuất không đạt quy định về vị trí, trong đó 2 vị trí có diện tích nhỏ hơn" in text
    assert "Thống nhất 2 vị trí" in text
    assert "Trong đó 2 vị trí không đạt quy định về vị trí, gồm 1 vị trí có diện tích nhỏ hơn diện tích đất" in text


def test_sites_that_keep_all_rules_are_not_reserved(two_runs, tmp_path):
    assert site_counts.broken(site_counts.proposed_sites(two_runs[0])) == (0, 0)
    assert "không đạt quy định về vị trí" not in text_of(papers_of(two_runs, tmp_path)["to_trinh"])


def test_letters_to_agencies_are_counted_in_each_option_where_they_differ(differing, tmp_path, monkeypatch):
    def asked(run):
        sites = 5 if run is differing[0] else 6
        return [replies.Reply("Sở A", "opinion", sites, 9, 0, 0), replies.Reply("Sở B", "opinion", 2, 3, 0, 0)]

    monkeypatch.setattr(replies, "replies_of", asked)
    monkeypatch.setattr(dossier_end, "replies_of", asked)
    text = text_of(papers_of(differing, tmp_path)["de_an"])
    assert "Sở A có ý kiến bằng văn bản về 9 nội dung tại 5 (theo Phương án 1; Phương án 2: 6) vị trí" in text
    assert "Sở B có ý kiến bằng văn bản về 3 nội dung tại 2 vị trí" in text
    assert "Bảng trên là của Phương án 1. Số khác đi của Phương án 2: Sở A 9 nội dung tại 6 vị trí." in text
