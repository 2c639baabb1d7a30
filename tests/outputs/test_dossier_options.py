"""Joint papers of options that propose different sites: each figure is said of the option it belongs to."""

from __future__ import annotations

import docx
import pytest
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from siteplan.outputs import dossier, dossier_pictures, summary

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


def test_options_that_propose_the_same_sites_share_the_sheets(two_runs, tmp_path):
    annexes = papers_of(two_runs, tmp_path)["phu_luc"]
    assert len(sheets_of(annexes, "Xã Hữu Lũng")) == 1
    assert "(mỗi đơn vị một vị trí được đề xuất)" in text_of(annexes)
    assert all(proposal.alone and proposal.by == (0, 1) for proposal in summary.proposals(two_runs))


def test_a_site_is_drawn_from_the_option_that_proposes_it(differing):
    items = dossier_pictures._sites(differing)
    assert items == [(0, "05977"), (0, "06001"), (0, "06184"), (1, "06184")]
    assert dossier_pictures._names((1, CODE)) == [dossier_pictures.site_key(CODE, 1)] == ["site_06184_1"]
