"""Answers of agencies in a run, its workbook and its dossier; who has not replied."""

from dataclasses import asdict

import docx
import openpyxl
import pandas as pd
import pytest

from siteplan.layers.agencies import ANSWERS_FILE, answers_of_run, read_agencies, write_answers
from siteplan.outputs import replies
from siteplan.outputs.dossier import write_dossier
from siteplan.outputs.workbook import write_workbook
from siteplan.tables import RESULTS, conform


@pytest.fixture
def run(small_run, repo_root):
    """One proposed site with one finding of the land-use plan; the defence command and the department answered."""
    sites, conflicts = small_run.tables["sites"], small_run.tables["conflicts"]
    sites["is_best"] = False
    first = sites["site_id"].iloc[0]
    sites.loc[sites["site_id"] == first, "is_best"] = True
    small_run.tables["conflicts"] = conflicts.iloc[[0]].assign(
        site_id=first, commune_code=sites["commune_code"].iloc[0], restricted=False, effect="conditional", severity=3,
        owner=None, decision_no="1/QĐ", zone_id="Z-DAT", source="plan", plan_kind="land_use", title="QH đất",
    )  # fmt: skip
    small_run.manifest["agencies"] = [asdict(a) for a in read_agencies(repo_root / "layers")]
    rows = [
        ("so-nn-mt", "Sở Nông nghiệp và Môi trường", first, "Z-DAT", "agree_with_conditions", "12/SNNMT", "=2+3"),
        ("so-nn-mt", "Sở Nông nghiệp và Môi trường", "06200-K-mat000", "Z-CU", "disagree", "9/SNNMT", ""),
    ]
    names = ["agency_id", "agency", "site_id", "zone_id", "answer", "document_no", "conditions"]
    table = pd.DataFrame(rows, columns=names).assign(
        commune_code=[first.split("-")[0], "06200"], document_date="2026-02-03", answer_state=["valid", "orphaned"]
    )
    small_run.tables["agency_answers"] = conform(table, RESULTS["agency_answers"])
    return small_run


def test_who_has_not_replied_is_told_letter_by_letter(run):
    found = {r.agency: r for r in replies.replies_of(run)}
    land = found["Sở Nông nghiệp và Môi trường"]
    assert (land.sites, land.requests, land.answered, land.against, land.state) == (1, 1, 1, 0, "all")
    silent = [r for r in found.values() if r.state == "none"]
    assert {r.kind for r in silent} == {"confirm"}  # defence and police: asked of every site, not answered
    assert len(silent) == len(found) - 1
    assert str(len(silent)) in replies.silent_line(list(found.values()), "vi")


def test_the_workbook_has_both_sheets_and_no_formula_of_an_answer(run, tmp_path):
    path = write_workbook([run], tmp_path / "so.xlsx")
    book = openpyxl.load_workbook(path)
    assert {"Tình hình trả lời", "Trả lời của cơ quan"} <= set(book.sheetnames)
    cells = [c for line in book["Trả lời của cơ quan"].iter_rows() for c in line if c.value is not None]
    words = [str(c.value) for c in cells]
    assert {"12/SNNMT", "đồng ý có điều kiện", "=2+3", "không còn vị trí"} <= set(words)
    assert all(c.data_type != "f" for c in cells)
    state = [str(c.value) for line in book["Tình hình trả lời"].iter_rows() for c in line if c.value is not None]
    assert "chưa trả lời" in state
    assert "agree_with_conditions" not in words


def test_the_dossier_tells_what_was_answered_on_the_proposed_sites(run, tmp_path):
    path = write_dossier([run], tmp_path / "de_an.docx")
    cells = {c.text for t in docx.Document(str(path)).tables for row in t.rows for c in row.cells}
    assert {"12/SNNMT", "Đồng ý có điều kiện", "Chưa trả lời"} <= cells
    assert "9/SNNMT" not in cells  # of a site that is not proposed


def test_answers_stand_beside_the_sites_of_a_run(tmp_path, repo_root):
    sites = pd.DataFrame({"site_id": ["06184-K-aaaaaa"]})
    empty, none, problems = answers_of_run(tmp_path, sites)
    assert (len(empty), none, problems) == (0, [], [])
    (tmp_path / "agencies.csv").write_bytes((repo_root / "layers" / "agencies.csv").read_bytes())
    given = pd.DataFrame(
        [
            ("so-nn-mt", "", "06184-K-aaaaaa", "Z1", "agree", "1/S", "2026-03-01", "", "a.xlsx"),
            ("bo-chqs", "", "06184-K-bbbbbb", "*", "disagree", "2/S", "2026-03-02", "", "b.xlsx"),
        ],
        columns=["agency_id", "commune_code", "site_id", "zone_id", "answer", "document_no", "document_date",
                 "conditions", "file"],
    )  # fmt: skip
    assert write_answers(tmp_path, given).name == ANSWERS_FILE
    found, agencies, problems = answers_of_run(tmp_path, sites)
    table = conform(found, RESULTS["agency_answers"])
    assert dict(zip(table["site_id"], table["answer_state"], strict=True)) == {
        "06184-K-aaaaaa": "valid", "06184-K-bbbbbb": "orphaned",
    }  # fmt: skip
    assert set(table["commune_code"]) == {"06184"}
    assert set(table["agency"]) <= {a.agency for a in agencies}
    assert not problems
    (tmp_path / "agencies.csv").write_text("agency_id\nx\n", "utf-8")
    _, _, problems = answers_of_run(tmp_path, sites)
    assert {p.severity for p in problems} == {"warning"}


@pytest.mark.parametrize(
    ("agency", "place", "words"),
    [("UBND xã", "phường Kỳ Lừa", "UBND phường Kỳ Lừa"), ("UBND xã", "xã Bắc Sơn", "UBND xã Bắc Sơn"),
     ("Trạm y tế", "xã Bắc Sơn", "Trạm y tế (xã Bắc Sơn)"), ("xã", "xã Bắc Sơn", "xã (xã Bắc Sơn)")],
)  # fmt: skip
def test_a_body_of_every_commune_is_called_by_the_name_of_its_place(agency, place, words):
    assert replies._addressed(agency, place) == words
