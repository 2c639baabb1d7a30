from __future__ import annotations

import os
from pathlib import Path

import pytest

from siteplan import locale
from siteplan.errors import InputError
from siteplan.outputs import pdf


@pytest.fixture
def papers(tmp_path):
    files = [tmp_path / "hồ sơ" / f"{name}.docx" for name in ("đề án", "phụ lục")]
    files[0].parent.mkdir()
    for file in files:
        file.write_bytes(b"word")
    return files


def program(tmp_path, *lines):
    """Write a program that stands for LibreOffice: it gets the same arguments."""
    path = tmp_path / "soffice"
    path.write_text("\n".join(["#!/bin/sh", *lines]), "utf-8")
    path.chmod(0o755)
    return str(path)


TURNS = ('out=""; for a in "$@"; do [ "$before" = --outdir ] && out="$a"; before="$a"; case "$a" in',
         '*.docx) n="${a##*/}"; echo "%PDF" > "$out/${n%.docx}.pdf";; esac; done')  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_every_file_is_turned_beside_itself(papers, tmp_path):
    files = pdf.to_pdf(papers, program(tmp_path, *TURNS))
    assert files == [file.with_suffix(".pdf") for file in papers]
    assert all(file.read_bytes().startswith(b"%PDF") for file in files)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize("lines", [("exit 0",), ("exit 77",), ("kill -9 $$",)])
def test_a_file_that_was_not_turned_is_told_and_an_old_one_does_not_pass_for_it(papers, tmp_path, lines):
    old = papers[0].with_suffix(".pdf")
    old.write_bytes(b"%PDF of yesterday")
    with pytest.raises(InputError) as refused:
        pdf.to_pdf(papers, program(tmp_path, *lines))
    assert [(p.key, p.file) for p in refused.value.problems] == [
        ("pdf_not_written", str(file.with_suffix(".pdf"))) for file in papers
    ]
    assert not old.exists()
    assert all(file.read_bytes() == b"word" for file in papers)
    row = locale.problem_row(refused.value.problems[0])
    assert all(row[part] and "{" not in row[part] for part in ("what", "cause", "remedy"))


def test_a_program_that_cannot_be_started_is_no_traceback(papers, tmp_path):
    with pytest.raises(InputError):
        pdf.to_pdf(papers, str(tmp_path / "nowhere"))


def test_a_program_that_hangs_is_ended(papers, tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("the stand-in is a shell script")
    monkeypatch.setattr(pdf, "SECONDS", 0.3)
    with pytest.raises(InputError):
        pdf.to_pdf(papers, program(tmp_path, "exec sleep 60"))


def test_libreoffice_is_found_on_the_path_and_among_windows_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    for name in ("ProgramFiles", "ProgramFiles(x86)"):
        monkeypatch.delenv(name, raising=False)
    assert pdf.office() is None
    installed = tmp_path / "LibreOffice" / "program" / "soffice.exe"
    monkeypatch.setenv("ProgramFiles(x86)", str(tmp_path))
    assert pdf.office() is None  # the folder alone is not enough
    installed.parent.mkdir(parents=True)
    installed.write_bytes(b"")
    assert Path(pdf.office()) == installed
    monkeypatch.setattr(pdf.shutil, "which", lambda name: "/usr/bin/soffice" if name == "soffice" else None)
    assert pdf.office() == "/usr/bin/soffice"
