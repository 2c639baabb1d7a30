"""Asking agencies: who gets what, what is withheld stays so, answers come back from the very files that were sent."""

from __future__ import annotations

import shutil

import docx
import openpyxl
import pandas as pd
import pytest

from siteplan.layers.agencies import import_answers, read_agencies, read_answers, write_answers
from siteplan.locale import problem_row
from siteplan.outputs import requests as asking


@pytest.fixture
def agencies(repo_root):
    return read_agencies(repo_root / "layers")


@pytest.fixture
def run(small_run):
    """One proposed site a commune, one finding of each sort on the first of them."""
    sites, conflicts = small_run.tables["sites"], small_run.tables["conflicts"]
    sites["is_best"] = False
    first = sites["site_id"].iloc[0]
    sites.loc[sites["site_id"] == first, "is_best"] = True
    base = conflicts.iloc[[0]].assign(
        site_id=first, commune_code=sites["commune_code"].iloc[0], restricted=False, effect="conditional", severity=3,
        owner=None, decision_no="1/QĐ",
    )  # fmt: skip
    rows = [
        ("Z-DAT", "plan", "land_use", "LUC", "Sở Nông nghiệp và Môi trường", False),
        ("Z-CHUNG", "plan", "general", "DAT_O", None, False),
        ("Z-CHU", "plan", "general", "DAT_O", "Sở Công Thương", False),
        ("road_national:x", "corridor", None, "national", None, False),
        ("border_belt", "corridor", None, None, None, True),
        ("Z-LA", "plan", "kind_nobody_knows", "X", None, False),
    ]
    frames = [
        base.assign(zone_id=z, source=s, plan_kind=k, function=f, owner=o, restricted=r, title=f'=1+1 "{z}"')
        for z, s, k, f, o, r in rows
    ]
    quiet = base.assign(zone_id="Z-NHE", source="plan", plan_kind="general", severity=1, effect="information")
    small_run.tables["conflicts"] = pd.concat([*frames, quiet], ignore_index=True)
    return small_run


def test_each_finding_goes_to_the_one_who_answers_for_it(run, agencies):
    asked = {r.agency.agency_id: list(r.rows["zone_id"]) for r in asking.requests_of(run, agencies)}
    assert asked["so-nn-mt"] == ["Z-DAT"]
    assert asked["so-xay-dung"] == ["Z-CHUNG", "road_national:x"]
    assert asked["so-cong-thuong"] == ["Z-CHU"]  # the plan's owner comes before its kind
    assert asked["bo-chqs"] == asked["cong-an"] == ["*"]
    assert "so-vhttdl" not in asked
    assert asking.unasked(run, agencies)["zone_id"].tolist() == ["Z-LA"]


def test_border_guard_is_asked_of_border_communes_only(run, agencies):
    code = run.sites["commune_code"].iloc[0]
    for border in (True, False):
        run.tables["communes"].loc[run.tables["communes"]["code"] == code, "is_border"] = border
        ids = {r.agency.agency_id for r in asking.requests_of(run, agencies)}
        assert ("bdbp" in ids) is border


def _words_of(path):
    document = docx.Document(path)
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_letters_and_sheets_hold_coordinates_and_no_formula(run, agencies, tmp_path):
    files = asking.write_requests(run, asking.requests_of(run, agencies), tmp_path, "vi")
    assert {f.suffix for f in files} == {".docx", ".xlsx"}
    words = _words_of(tmp_path / "xin_y_kien_so-nn-mt.docx")
    site = run.sites[run.sites["is_best"].astype(bool)].iloc[0]
    assert "Kính gửi: Sở Nông nghiệp và Môi trường tỉnh Lạng Sơn" in words
    assert '=1+1 "Z-DAT"' in words
    for number, north, east in asking.corners(site.geometry, "vi"):
        assert north in words
        assert east in words
        assert number >= 1
    x, y = site.geometry.geoms[0].exterior.coords[0] if site.geometry.geom_type == "MultiPolygon" else (
        site.geometry.exterior.coords[0])  # fmt: skip
    first = asking.corners(site.geometry, "en")[0]
    assert first == (1, f"{y:,.2f}", f"{x:,.2f}")  # X is north, Y is east
    page = openpyxl.load_workbook(tmp_path / "xin_y_kien_so-nn-mt.xlsx")["Trả lời"]
    assert all(c.data_type != "f" for row in page.iter_rows() for c in row)


def test_what_is_withheld_is_asked_to_be_confirmed_without_telling_it(run, agencies, tmp_path):
    asking.write_requests(run, asking.requests_of(run, agencies), tmp_path, "vi")
    words = _words_of(tmp_path / "xin_y_kien_bo-chqs.docx")
    assert "xác nhận bằng văn bản" in words
    assert "không phải là xác nhận không ảnh hưởng" in words
    assert "Z-" not in words
    everything = "".join(_words_of(f) for f in tmp_path.glob("*.docx"))
    assert "border_belt" not in everything


def _fill(path, values):
    book = openpyxl.load_workbook(path)
    page = book["Trả lời"]
    names = {page.cell(5, n).value: n for n in range(1, page.max_column + 1)}
    for name, value in values.items():
        page.cell(7, names[name]).value = value
    book.save(path)
    return page.cell(7, names[next(iter(values))]).coordinate


@pytest.fixture
def sent(run, agencies, tmp_path):
    requests = asking.requests_of(run, agencies)
    asking.write_requests(run, requests, tmp_path, "vi")
    return tmp_path, asking.keys_of(requests)


def test_an_answer_comes_back_and_is_kept(sent, tmp_path_factory):
    folder, asked = sent
    _fill(folder / "xin_y_kien_so-nn-mt.xlsx", {"answer": "Đồng ý có điều kiện", "document_no": "+12/SNN",
          "document_date": "05/03/2026", "conditions": "chừa 10 m"})  # fmt: skip
    found, problems = import_answers(sorted(folder.glob("*.xlsx")), asked)
    assert problems == []
    (row,) = found.to_dict("records")
    assert (row["agency_id"], row["zone_id"], row["answer"], row["document_no"], row["document_date"]) == (
        "so-nn-mt", "Z-DAT", "agree_with_conditions", "+12/SNN", "2026-03-05",
    )  # fmt: skip
    layers = tmp_path_factory.mktemp("layers")
    path = write_answers(layers, found)
    assert "'+12/SNN" in path.read_text("utf-8-sig")
    assert read_answers(layers)["document_no"].tolist() == ["+12/SNN"]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"answer": "được", "document_no": "1", "document_date": "05/03/2026"}, "answer_not_understood"),
        ({"document_no": None, "answer": "đồng ý", "document_date": "05/03/2026"}, "answer_without_document"),
        ({"document_date": "tháng ba", "answer": "đồng ý", "document_no": "1"}, "answer_date_invalid"),
        ({"conditions": None, "answer": "đồng ý có điều kiện", "document_no": "1", "document_date": "2026-03-05"},
         "answer_without_conditions"),
        ({"site_id": "X", "answer": "đồng ý", "document_no": "1", "document_date": "2026-03-05"}, "answer_not_asked"),
    ],
)  # fmt: skip
def test_a_faulty_answer_is_told_by_file_sheet_and_cell_and_not_taken(sent, values, key):
    folder, asked = sent
    path = folder / "xin_y_kien_so-nn-mt.xlsx"
    cell = _fill(path, values)
    found, problems = import_answers([path], asked)
    assert len(found) == 0
    assert [(p.key, p.file, p.layer, p.feature) for p in problems] == [(key, path.name, "Trả lời", cell)]
    assert all(problem_row(problems[0])[part] for part in ("what", "cause", "remedy"))


def test_files_of_others_and_broken_ones_are_told(sent):
    folder, asked = sent
    (folder / "hong.xlsx").write_bytes(b"PK khong phai")
    other = openpyxl.Workbook()
    other.save(folder / "khac.xlsx")
    shutil.copy(folder / "xin_y_kien_bo-chqs.xlsx", folder / "ban_sao.xlsx")
    for name in ("xin_y_kien_bo-chqs.xlsx", "ban_sao.xlsx"):
        _fill(folder / name, {"answer": "đồng ý", "document_no": "7/BCH", "document_date": "2026-04-01"})
    files = [folder / n for n in ("hong.xlsx", "khac.xlsx", "ban_sao.xlsx", "xin_y_kien_bo-chqs.xlsx")]
    found, problems = import_answers(files, asked)
    assert {p.key for p in problems} == {"workbook_unreadable", "answer_file_other", "answer_twice"}
    assert set(found["zone_id"]) == {"*"}
