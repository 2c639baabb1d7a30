"""The command `siteplan dossier`: its options, what it refuses, what it says."""

from __future__ import annotations

import docx
import pytest

from siteplan.cli import views
from siteplan.cli.app import call
from siteplan.outputs import pdf

FORMS = ("", "_phu_luc", "_to_trinh", "_trinh_ban_thuong_vu")
FROZEN = {"version": "trình lần 2", "date": "2026-03-01"}


@pytest.fixture
def command(two_runs, repo_root, tmp_path, monkeypatch):
    """Call the command on two small runs; returns its exit code and the files in its folder."""

    def run(*words, found=two_runs):
        monkeypatch.setattr(views, "found_runs", lambda *_, **__: list(found))
        out = tmp_path / "ra"
        code = call(["dossier", "a", "b", "--workspace", str(repo_root), "--out", str(out), *words])
        return code, sorted(file.name for file in out.iterdir()) if out.is_dir() else []

    return run


def confirmed(run):
    run.manifest |= {"frozen": FROZEN, "illustrative_layers": []}
    run.tables["sources"]["illustrative"] = False
    run.tables["assumptions"] = run.tables["assumptions"].iloc[:0]
    return run


def test_four_papers_of_both_options_without_maps_and_pdf(command, capsys):
    code, files = command("--no-maps", "--no-pdf")
    assert code == 0
    assert files == sorted(f"phuong_an_1_phuong_an_2{form}.docx" for form in FORMS)
    said = capsys.readouterr().out.replace("\n", "")
    assert all(file in said for file in files)
    assert "LibreOffice" not in said


def test_pdf_is_asked_of_libreoffice_and_its_absence_is_said(command, capsys, monkeypatch):
    turned = []
    monkeypatch.setattr(pdf, "office", lambda: "soffice")
    monkeypatch.setattr(pdf, "to_pdf", lambda files, program: turned.extend(files) or [])
    assert command("--no-maps")[0] == 0
    assert [file.suffix for file in turned] == [".docx"] * 4
    monkeypatch.setattr(pdf, "office", lambda: None)
    assert command("--no-maps")[0] == 0
    assert "LibreOffice" in capsys.readouterr().out


def test_papers_stay_where_libreoffice_fails(command, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(pdf, "office", lambda: str(tmp_path / "no-such-program"))
    code, files = command("--no-maps")
    assert code == 1
    assert len(files) == 4
    assert "--no-pdf" in capsys.readouterr().err.replace("\n", " ")


def test_a_final_that_is_not_due_is_refused_with_all_that_is_missing(command, capsys):
    code, files = command("--final", "--no-maps", "--no-pdf")
    assert (code, files) == (1, [])
    said = " ".join(capsys.readouterr().err.split())
    for words in ("chưa được chốt", "lớp minh họa", "chưa kiểm chứng", "mới là đề xuất", "siteplan freeze"):
        assert words in said
    assert "Traceback" not in said


def test_a_final_that_is_due_is_written_and_secondary_bases_are_named(command, two_runs, capsys, tmp_path):
    runs = [confirmed(run) for run in two_runs]
    evidence = runs[0].tables["conflicts"]
    evidence["certainty"], evidence["legal_basis"] = "V2", "Nghị định 53/2024/NĐ-CP"
    code, files = command("--final", "--no-maps", "--no-pdf", found=runs)
    assert (code, len(files)) == (0, 4)
    assert "Nghị định 53/2024/NĐ-CP" in capsys.readouterr().out
    document = docx.Document(str(tmp_path / "ra" / "phuong_an_1_phuong_an_2.docx"))
    assert "DỰ THẢO" not in "".join(p.text for s in document.sections for p in s.header.paragraphs)


def test_english_papers(command, tmp_path):
    assert command("--no-maps", "--no-pdf", "--lang", "en")[0] == 0
    document = docx.Document(str(tmp_path / "ra" / "phuong_an_1_phuong_an_2.docx"))
    assert any("LEGAL BASIS" in p.text for p in document.paragraphs)
